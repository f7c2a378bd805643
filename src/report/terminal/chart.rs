//! Two lines over time in braille: the strategy, and what it is held against in grey.
//!
//! Not here: which lines. A cell is two columns and four rows of dots; a column shows the span between
//! the least and the greatest of its values, so a spike survives. Log scale when the range spans more
//! than five times, as in the report.
use super::screen::{Ink, Screen};
use crate::domain::Timestamp;
use crate::report::format::{Numbers, Sign, month_name};

/// Rows of text.
const ROWS: usize = 7;
/// Columns of dots in a cell.
const DOTS_WIDE: usize = 2;
/// Rows of dots in a cell.
const DOTS_HIGH: usize = 4;
/// From this ratio of greatest to least on, equal steps are equal factors.
const LOG_FROM: f64 = 5.0;
/// The bit of each dot of a braille character, by row, then column (Unicode 2800).
const DOT_BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A line of the chart.
pub(super) struct Curve<'a> {
    /// Its name, at its end.
    pub(super) name: &'a str,
    /// Dollars at each step.
    pub(super) values: Vec<f64>,
    /// How it is set.
    pub(super) ink: Ink,
}

/// The chart, the first curve over the second; empty when there are fewer than two steps.
pub(super) fn chart(screen: &Screen, steps: &[Timestamp], curves: &[Curve<'_>]) -> String {
    let finite = || curves.iter().flat_map(|curve| curve.values.iter().copied()).filter(|value| value.is_finite());
    let (least, greatest) = (finite().fold(f64::MAX, f64::min), finite().fold(f64::MIN, f64::max));
    if steps.len() < 2 || least > greatest {
        return String::new();
    }
    let names = curves.iter().map(|curve| curve.name.chars().count()).max().unwrap_or(0);
    let ends: Vec<String> = curves.iter().map(|curve| end_value(&curve.values)).collect();
    let label = names + 1 + ends.iter().map(String::len).max().unwrap_or(0);
    let cells = screen.width().saturating_sub(label + 2).max(20);
    let scale = Scale::new(least, greatest);
    let grids: Vec<Grid> = curves.iter().map(|curve| Grid::draw(&curve.values, cells, scale)).collect();
    let labels = label_rows(&grids);
    let mut out = String::new();
    for row in 0..ROWS {
        let mut text = line(screen, &grids, curves, row, cells);
        if let Some(at) = labels.iter().position(|label| *label == row) {
            let (name, value) = (curves[at].name, &ends[at]);
            let ink = curves[at].ink;
            text.push_str("  ");
            text.push_str(&screen.set(ink, &format!("{name:<names$}")));
            text.push_str(&screen.set(if ink == Ink::Strong { Ink::Plain } else { ink }, &format!(" {value}")));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out.push_str(&screen.set(Ink::Dim, axis(steps, cells).trim_end()));
    out.push('\n');
    out
}

fn end_value(values: &[f64]) -> String {
    Numbers::PLAIN.dollars(values.last().copied().unwrap_or(f64::NAN), Sign::Negative)
}

/// From dollars to rows of dots.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn new(low: f64, high: f64) -> Scale {
        let log = low > 0.0 && high / low > LOG_FROM;
        if log { Scale { low: low.ln(), high: high.ln(), log } } else { Scale { low, high, log } }
    }

    /// The row of dots, from the top.
    fn row(self, value: f64) -> usize {
        let value = if self.log { value.ln() } else { value };
        let range = self.high - self.low;
        let height = (ROWS * DOTS_HIGH - 1) as f64;
        // A flat line lies in the middle.
        let from_low = if range > 0.0 { (value - self.low) / range } else { 0.5 };
        ((1.0 - from_low.clamp(0.0, 1.0)) * height).round() as usize
    }
}

/// Dots of one curve.
struct Grid {
    cells: Vec<[u8; ROWS]>,
    /// Row of text at its end.
    end: usize,
}

impl Grid {
    fn draw(values: &[f64], cells: usize, scale: Scale) -> Grid {
        let columns = cells * DOTS_WIDE;
        let mut grid = Grid { cells: vec![[0; ROWS]; cells], end: 0 };
        let mut previous: Option<usize> = None;
        for column in 0..columns {
            // Every value belongs to a column, and where there are fewer, a value to several columns.
            let from = column * values.len() / columns;
            let to = ((column + 1) * values.len() / columns).max(from + 1).min(values.len());
            let rows = || values[from..to].iter().filter(|value| value.is_finite()).map(|value| scale.row(*value));
            let (Some(top), Some(bottom), Some(last)) = (rows().min(), rows().max(), rows().next_back()) else {
                previous = None;
                continue;
            };
            // Joined to the column before, so that a jump is no gap.
            let top = previous.map_or(top, |row| top.min(row + 1));
            let bottom = previous.map_or(bottom, |row| bottom.max(row.saturating_sub(1)));
            (top..=bottom).for_each(|row| grid.dot(column, row));
            previous = Some(last);
            grid.end = last / DOTS_HIGH;
        }
        grid
    }

    fn dot(&mut self, column: usize, row: usize) {
        if let Some(cell) = self.cells.get_mut(column / DOTS_WIDE) {
            cell[row / DOTS_HIGH] |= DOT_BITS[row % DOTS_HIGH][column % DOTS_WIDE];
        }
    }
}

/// The rows of the names: each at its line's end, a row apart.
fn label_rows(grids: &[Grid]) -> Vec<usize> {
    let mut rows: Vec<usize> = grids.iter().map(|grid| grid.end).collect();
    if let [first, second] = rows[..]
        && first == second
    {
        rows[1] = if second + 1 < ROWS { second + 1 } else { second - 1 };
    }
    rows
}

/// One row of cells; where both curves have dots the first one's ink counts.
fn line(screen: &Screen, grids: &[Grid], curves: &[Curve<'_>], row: usize, cells: usize) -> String {
    let mut runs: Vec<(Ink, String)> = Vec::new();
    for cell in 0..cells {
        let bits = grids.iter().fold(0, |bits, grid| bits | grid.cells[cell][row]);
        let owner = grids.iter().position(|grid| grid.cells[cell][row] != 0);
        let ink = owner.map_or(Ink::Plain, |at| curves[at].ink);
        let character = if bits == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ') };
        match runs.last_mut() {
            Some((last, text)) if *last == ink => text.push(character),
            _ => runs.push((ink, character.to_string())),
        }
    }
    runs.iter().map(|(ink, text)| screen.set(*ink, text)).collect()
}

/// Years, else months, else the first and the last day, each under its first step.
fn axis(steps: &[Timestamp], cells: usize) -> String {
    let dates: Vec<jiff::civil::Date> = steps.iter().map(|step| step.utc_date()).collect();
    let begins = |same: fn(jiff::civil::Date, jiff::civil::Date) -> bool| {
        (1..dates.len()).filter(|at| !same(dates[at - 1], dates[*at])).collect::<Vec<usize>>()
    };
    let years = begins(|a, b| a.year() == b.year());
    let months = begins(|a, b| (a.year(), a.month()) == (b.year(), b.month()));
    let mut text = vec![' '; cells];
    let place = |at: usize| at * cells / steps.len();
    if years.len() >= 2 {
        put_every(&mut text, years.iter().map(|at| (place(*at), dates[*at].year().to_string())).collect());
    } else if months.len() >= 2 {
        let name = |at: &usize| format!("{} {}", month_name(dates[*at].month()), dates[*at].year());
        put_every(&mut text, months.iter().map(|at| (place(*at), name(at))).collect());
    } else {
        let (first, last) = (dates[0].to_string(), dates[dates.len() - 1].to_string());
        put(&mut text, 0, &first);
        put(&mut text, cells.saturating_sub(last.len()), &last);
    }
    text.into_iter().collect()
}

/// As many of the labels as fit: every one, every second, every fifth, ...
fn put_every(text: &mut [char], labels: Vec<(usize, String)>) {
    let fits = |step: usize| {
        let shown: Vec<&(usize, String)> = labels.iter().step_by(step).collect();
        shown.windows(2).all(|pair| pair[0].0 + pair[0].1.len() + 2 <= pair[1].0)
    };
    let step = [1, 2, 5, 10, 20, 50].into_iter().find(|step| fits(*step)).unwrap_or(100);
    labels.iter().step_by(step).for_each(|(at, label)| put(text, *at, label));
}

/// Writes `label` at `at` if it fits.
fn put(text: &mut [char], at: usize, label: &str) {
    if at + label.len() <= text.len() {
        text.iter_mut().skip(at).zip(label.chars()).for_each(|(slot, character)| *slot = character);
    }
}

#[cfg(test)]
mod tests {
    use super::super::screen::Colours;
    use super::*;

    const SCREEN: Screen = Screen { columns: Some(80), colours: Colours::None, unicode: true };

    fn days(count: i32) -> Vec<Timestamp> {
        (0..count).map(|day| Timestamp::from_days(15_000 + day).expect("day")).collect()
    }

    fn drawn(values: Vec<f64>, other: Vec<f64>) -> String {
        let steps = days(values.len() as i32);
        let curves =
            [Curve { name: "strategy", values, ink: Ink::Strong }, Curve { name: "SPY", values: other, ink: Ink::Dim }];
        chart(&SCREEN, &steps, &curves)
    }

    #[test]
    fn every_line_fits_and_names_stand_at_the_ends() {
        let rising: Vec<f64> = (0..2000).map(|step| 100_000.0 + f64::from(step) * 50.0).collect();
        let text = drawn(rising, vec![100_000.0; 2000]);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.ends_with("strategy $199,950")), "{text}");
        assert!(text.lines().nth(ROWS - 1).is_some_and(|line| line.ends_with("SPY      $100,000")), "{text}");
        assert!(text.contains("2012") && text.contains("2013"), "{text}");
    }

    /// One day in ten thousand is drawn.
    #[test]
    fn a_spike_survives() {
        let mut values = vec![100.0; 10_000];
        values[5_003] = 300.0;
        let text = drawn(values, vec![100.0; 10_000]);
        assert!(text.lines().next().is_some_and(|line| line.chars().any(|c| c > '\u{2800}')), "{text}");
    }

    #[test]
    fn odd_series_stay_in_shape() {
        assert_eq!(drawn(vec![1.0], vec![1.0]), "");
        assert_eq!(drawn(vec![f64::NAN; 3], vec![f64::NAN; 3]), "");
        for text in [drawn(vec![5.0, 5.0], vec![5.0, 5.0]), drawn(vec![0.004, 123_456_789.0], vec![0.0, -1.0])] {
            assert!(text.lines().count() == ROWS + 1 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
