//! `drawdown.png`: how far below its highest close the run fell, and for how long.
//!
//! Not here: the measure itself (metric); the falls are read off the model's column.
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Scale, time_ticks};
use super::equity::TIME_LABELS;
use super::frame::{Frame, Head, Type, measure};
use super::label;
use super::theme::{BENCHMARK_LINE, INK3, LOSS, MARGIN, PLOT_BOTTOM, PLOT_TOP, TEXT};
use super::{ChartError, columns};
use crate::report::font::Weight;
use crate::report::model::ReportModel;
use crate::report::reading;

/// A stretch below the highest close so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fall {
    /// Step of the highest close before it.
    from: usize,
    /// Deepest step.
    deepest: usize,
    /// Step of the new high; `None` while there is none.
    to: Option<usize>,
    /// Depth at the deepest step, negative fraction.
    depth: f64,
}

/// The drawdown of the run and of what it is held against as a PNG file, 1600×900 pixels.
///
/// Errors: [`ChartError::Empty`] without a bar; otherwise only what plotters or the encoder say.
pub fn drawdown_png(model: &ReportModel<'_>) -> Result<Vec<u8>, ChartError> {
    if model.steps.is_empty() || model.drawdown.is_empty() {
        return Err(ChartError::Empty);
    }
    let reference = reading::reference(model);
    let theirs = drawdown_of(&reference.values);
    let falls = falls(&model.drawdown);
    let their_falls = self::falls(&theirs);
    let deepest = model.drawdown.iter().chain(&theirs).copied().fold(0.0, f64::min);
    // Even a run that never fell gets an axis to show it on.
    let scale = Scale { low: (deepest * 1.06).min(-0.01), high: 0.0, log: false };
    let (ticks, step) = scale.ticks();
    let ticks: Vec<(f64, String)> = ticks.iter().map(|t| (*t, label::axis_percent(*t, step))).collect();
    let mut widest = 110.0f32;
    for (_, text) in &ticks {
        widest = widest.max(measure(text, Weight::Regular)?);
    }
    let frame = Frame::new(0.0..(model.steps.len() - 1).max(1) as f64, scale, widest);
    let times = time_ticks(&model.steps, model.timeframe, TIME_LABELS);
    let values: Vec<f64> = ticks.iter().map(|t| t.0).collect();
    frame.grid(&values, &times, Some(0.0))?;
    frame.time_labels(&times)?;
    frame.value_labels(&ticks, &[])?;
    let mut occupied = Occupied::new(&frame);
    let their_lines = columns::line(&theirs, frame.columns());
    let our_lines = columns::line(&model.drawdown, frame.columns());
    for piece in &their_lines {
        frame.line(piece, INK3, BENCHMARK_LINE)?;
        occupied.line(&frame, piece, false);
    }
    for piece in &our_lines {
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
        let closed: Vec<(f64, f64)> =
            [(first.0, 0.0)].into_iter().chain(piece.iter().copied()).chain([(last.0, 0.0)]).collect();
        frame.area(&closed, LOSS, 0.22)?;
        frame.line(piece, LOSS, 2.5)?;
        occupied.line(&frame, piece, true);
    }
    label_falls(model, &frame, &mut occupied, &falls, &their_falls)?;
    frame.head(model, &head(model, &falls, &their_falls))?;
    frame.png()
}

/// The deepest fall, the open one if it is another, and the reference's deepest.
fn label_falls(
    model: &ReportModel<'_>,
    frame: &Frame,
    occupied: &mut Occupied,
    falls: &[Fall],
    theirs: &[Fall],
) -> Result<(), ChartError> {
    let date = |step: usize| model.steps.get(step).map(|time| label::prose_date(*time)).unwrap_or_default();
    let worst = deepest(falls);
    // The open fall is named beside the worst one unless it is small against it.
    let floor = worst.map_or(0.0, |fall| fall.depth / 3.0);
    let open = falls.last().filter(|fall| fall.to.is_none() && Some(**fall) != worst && fall.depth < floor);
    for fall in worst.iter().chain(open) {
        let end = if fall.to.is_none() { ", not yet recovered" } else { "" };
        let text = format!("{}, {}{end}", label::percent(fall.depth, 1, false), date(fall.deepest));
        let at = frame.pixel((fall.deepest as f64, fall.depth));
        // A fall too small to see needs no name.
        if at.1 > PLOT_TOP + 12.0 {
            occupied.label(frame, at, &text, LOSS, Weight::SemiBold)?;
        }
    }
    if let Some(fall) = deepest(theirs) {
        let name = &reading::reference(model).name;
        let text = format!("{name} {}, {}", label::percent(fall.depth, 1, false), date(fall.deepest));
        occupied.label(frame, frame.pixel((fall.deepest as f64, fall.depth)), &text, INK3, Weight::Regular)?;
    }
    Ok(())
}

fn head(model: &ReportModel<'_>, falls: &[Fall], theirs: &[Fall]) -> Head {
    // Sessions, not steps: an intraday run has many steps in one.
    let session_of = |step: usize| model.session_ends.partition_point(|end| *end < step);
    let title = match deepest(falls) {
        None if model.trades.is_empty() => "No trade was made, so equity never fell".to_owned(),
        None => "No close was below the one before it".to_owned(),
        Some(fall) => {
            let depth = label::percent(fall.depth, 1, false);
            let length = |to: usize| {
                let sessions = session_of(to).saturating_sub(session_of(fall.from));
                if sessions == 0 {
                    "within one session".to_owned()
                } else {
                    label::plural(sessions, "session", "sessions")
                }
            };
            match fall.to {
                Some(to) => format!("Worst fall {depth}, {} until a new high", length(to)),
                None => format!("Worst fall {depth}, not yet recovered after {}", length(model.steps.len() - 1)),
            }
        }
    };
    let name = &reading::reference(model).name;
    let theirs = deepest(theirs).map_or_else(|| "0.0%".to_owned(), |fall| label::percent(fall.depth, 1, false));
    Head {
        title,
        // The sentence goes by session closes; say why this may be deeper.
        subtitle: match model.timeframe.is_daily() {
            true => format!("Drawdown from the highest close so far; {name} in grey, {theirs}"),
            false => format!("Drawdown bar by bar, lows inside sessions count; {name} in grey, {theirs}"),
        },
        note: format!("after costs, {}", reading::marks(model)),
        reserved: (0.0, 0.0),
    }
}

/// Fall from the running peak at each value, 0 or a negative fraction.
fn drawdown_of(values: &[f64]) -> Vec<f64> {
    let mut peak = f64::MIN;
    values
        .iter()
        .map(|value| {
            peak = peak.max(*value);
            if peak > 0.0 { value / peak - 1.0 } else { 0.0 }
        })
        .collect()
}

/// Every stretch below zero.
fn falls(drawdown: &[f64]) -> Vec<Fall> {
    let mut falls: Vec<Fall> = Vec::new();
    let mut open: Option<Fall> = None;
    for (step, depth) in drawdown.iter().copied().enumerate() {
        if depth < 0.0 {
            let fall = open.get_or_insert(Fall { from: step.saturating_sub(1), deepest: step, to: None, depth });
            if depth < fall.depth {
                (fall.deepest, fall.depth) = (step, depth);
            }
        } else if let Some(fall) = open.take() {
            falls.push(Fall { to: Some(step), ..fall });
        }
    }
    falls.extend(open);
    falls
}

fn deepest(falls: &[Fall]) -> Option<Fall> {
    falls.iter().copied().min_by(|a, b| a.depth.total_cmp(&b.depth))
}

/// What the lines cover, by pixel column, so that a label can keep clear of them.
struct Occupied {
    columns: Vec<Vec<(f32, f32)>>,
    /// Boxes of the labels placed so far.
    labels: Vec<Region>,
}

/// Left, top, right, bottom, pixels.
type Region = (f32, f32, f32, f32);

impl Occupied {
    fn new(frame: &Frame) -> Occupied {
        Occupied { columns: vec![Vec::new(); frame.columns() + 2], labels: Vec::new() }
    }

    /// Adds a line, and when `filled` everything above it.
    fn line(&mut self, frame: &Frame, points: &[(f64, f64)], filled: bool) {
        for pair in points.windows(2) {
            let (from, to) = (frame.pixel(pair[0]), frame.pixel(pair[1]));
            let top = if filled { PLOT_TOP } else { from.1.min(to.1) };
            let (first, last) = ((from.0 - MARGIN).max(0.0) as usize, (to.0 - MARGIN).max(0.0) as usize);
            for column in self.columns.iter_mut().take(last + 1).skip(first) {
                column.push((top, from.1.max(to.1)));
            }
        }
    }

    /// How many columns of a box (left, top, right, bottom) are covered.
    fn cover(&self, (left, top, right, bottom): Region) -> usize {
        let (first, last) = ((left - MARGIN).max(0.0) as usize, (right - MARGIN).max(0.0) as usize);
        let columns = self.columns.iter().take(last + 1).skip(first);
        columns.filter(|spans| spans.iter().any(|(low, high)| *low < bottom && *high > top)).count()
    }

    /// Would a label here run into another?
    fn meets_label(&self, (left, top, right, bottom): Region) -> bool {
        self.labels.iter().any(|label| label.0 < right && label.2 > left && label.1 < bottom && label.3 > top)
    }

    /// How many pixels of a leader lie on a line.
    fn crossed(&self, from: (f32, f32), to: (f32, f32)) -> usize {
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1.0);
        let on_line = |pixel: &usize| {
            let share = *pixel as f32 / length;
            let (x, y) = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            self.cover((x, y - 1.0, x, y + 1.0)) > 0
        };
        (8..length as usize).filter(on_line).count()
    }

    /// A dot at `at` and its text beside it, or away from it with a leader where beside is not free.
    fn label(
        &mut self,
        frame: &Frame,
        at: (f32, f32),
        text: &str,
        colour: RGBColor,
        weight: Weight,
    ) -> Result<(), ChartError> {
        const AWAY: f32 = 16.0;
        const HALF: f32 = 15.0;
        let style = Type { size: TEXT, weight, colour };
        let width = frame.width(text, style);
        let (lowest, rightmost) = (PLOT_BOTTOM - HALF - 4.0, frame.right - width - 6.0);
        let beside = [0.0, 20.0, 34.0]
            .into_iter()
            .flat_map(|down| [(at.0 + AWAY, at.1 + down, None), (at.0 - AWAY - width, at.1 + down, None)]);
        // Below first: a fall points down, and above it lies the filled area.
        let away = (2..32).flat_map(|step| [1.0, -1.0].map(|way| (way, 20.0 * step as f32))).flat_map(|(way, far)| {
            let y = at.1 + way * far;
            let near = y - way * (HALF + 6.0);
            let below = [0.5, 0.85, 0.15].map(|share| (at.0 - width * share, y, Some((at.0, near))));
            let right = [50.0, 90.0, 140.0, 200.0].map(|x| (at.0 + x, y, Some((at.0 + x - 8.0, y))));
            let left = [50.0, 90.0, 140.0, 200.0].map(|x| (at.0 - x - width, y, Some((at.0 - x + 8.0, y))));
            below.into_iter().chain(right).chain(left)
        });
        let highest = PLOT_TOP + HALF + 4.0;
        let inside = |x: f32, y: f32| x >= MARGIN + 4.0 && x <= rightmost && y >= highest.min(at.1) && y <= lowest;
        let places = beside.chain(away).filter(|(x, y, _)| inside(*x, *y));
        // Two texts in one place cannot be read; hiding a line is next; a long leader and one that crosses
        // lines are bad.
        let cost = |(x, y, leader): &(f32, f32, Option<(f32, f32)>)| {
            let region = (x - 8.0, y - HALF, x + width + 8.0, y + HALF);
            let unreadable = if self.meets_label(region) { 1_000_000 } else { 0 };
            unreadable
                + 20 * self.cover(region)
                + leader.map_or(0, |end| {
                    4 + ((y - at.1).abs() + (end.0 - at.0).abs()) as usize / 8 + self.crossed(at, end) / 2
                })
        };
        let Some((x, y, leader)) = places.min_by_key(cost) else { return Ok(()) };
        if let Some(end) = leader {
            frame.stroke(&[at, end], colour, 1.5)?;
        }
        frame.dot(at, 6.0, colour)?;
        frame.text_over(text, (x, y), style, HPos::Left, VPos::Center)?;
        self.labels.push((x, y - HALF, x + width, y + HALF));
        let (first, last) = ((x - MARGIN).max(0.0) as usize, (x + width - MARGIN).max(0.0) as usize);
        for column in self.columns.iter_mut().take(last + 1).skip(first) {
            column.push((y - HALF, y + HALF));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_are_told_apart_and_the_last_may_be_open() {
        let falls = falls(&[0.0, -0.1, -0.3, 0.0, 0.0, -0.2]);
        assert_eq!(falls[0], Fall { from: 0, deepest: 2, to: Some(3), depth: -0.3 });
        assert_eq!(falls[1], Fall { from: 4, deepest: 5, to: None, depth: -0.2 });
        assert_eq!(deepest(&falls), Some(falls[0]));
        assert_eq!(deepest(&self::falls(&[0.0, 0.0])), None);
    }

    /// Two falls that end in one place, at the foot of the plot and over a filled area.
    #[test]
    fn no_label_runs_into_another() {
        let frame = Frame::new(0.0..100.0, Scale { low: -0.2, high: 0.0, log: false }, 110.0);
        for at in [(96.0, -0.198), (90.0, -0.05), (3.0, -0.1)] {
            let mut occupied = Occupied::new(&frame);
            occupied.line(&frame, &[(0.0, -0.01), (96.0, -0.198), (100.0, -0.1)], true);
            for text in ["−19.8%, 22 May 2023, not yet recovered", "SPY −19.8%, 11 May 2023", "a third"] {
                occupied.label(&frame, frame.pixel(at), text, LOSS, Weight::SemiBold).expect("label");
            }
            let apart = |a: &Region, b: &Region| a.2 < b.0 || b.2 < a.0 || a.3 < b.1 || b.3 < a.1;
            let labels = &occupied.labels;
            assert_eq!(labels.len(), 3);
            assert!(apart(&labels[0], &labels[1]) && apart(&labels[1], &labels[2]) && apart(&labels[0], &labels[2]));
        }
    }

    #[test]
    fn drawdown_is_measured_from_the_running_peak() {
        assert_eq!(drawdown_of(&[100.0, 200.0, 100.0, 300.0]), [0.0, 0.0, -0.5, 0.0]);
    }
}
