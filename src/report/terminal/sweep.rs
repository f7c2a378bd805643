//! The summary that `sweep` prints: the verdict, the best runs, what did not run, where to look, what it cost.
//!
//! Not here: asking what the terminal can show (cli), any number that is not in the model.
//! Invariant: the verdict stands before the best run, so that no one sees the winner without it.
use std::time::Duration;

use super::screen::{Ink, Screen};
use super::spent::{duration, three_digits};
use super::{LABEL, N, fact, headed, warning};
use crate::report::format::counted;
use crate::report::sweep::measure::{Form, find};
use crate::report::sweep::model::{RunView, SweepModel};

/// Columns of a measure and the blank before it.
const MEASURE: usize = 8;
/// Least columns of a swept value: a name cut shorter tells nothing.
const VALUE_LEAST: usize = 8;

/// What a sweep cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepSpent {
    /// Runs made now.
    pub runs: usize,
    /// Runs that were there before.
    pub kept: usize,
    /// Making them.
    pub sweep: Duration,
    /// Training and tests of the walk-forward.
    pub walk: Duration,
    /// Statistics, files, page and picture.
    pub report: Duration,
}

/// The summary of a sweep, ends with a line break. `top`: how many of the best; `places`: what to open, and its path.
pub fn sweep_summary(
    model: &SweepModel,
    top: usize,
    places: &[(&str, String)],
    spent: &SweepSpent,
    screen: &Screen,
) -> String {
    let name = format!("{}, {}", model.name, counted(model.all.runs, "run", "runs"));
    let verdict =
        [(Ink::Strong, model.verdict.headline.as_str()), (Ink::Plain, " "), (Ink::Plain, &model.verdict.text)];
    let places: String =
        places.iter().map(|(name, path)| format!("{name:<LABEL$}{}\n", screen.set(Ink::Plain, path))).collect();
    let mut parts = vec![
        headed(&name, &model.scope, screen),
        format!("{}\n", screen.wrap(&verdict, 0, 0)),
        table(model, top, screen),
        walk_forward(model, screen),
        doubts(model, screen),
        places,
        cost(model, spent, screen),
    ];
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// One column of the table: its head, its cells.
struct Column {
    head: String,
    cells: Vec<String>,
}

impl Column {
    /// Of a swept key, no wider than `most` where the values allow.
    fn fit(&mut self, most: usize, ellipsis: &str) {
        if self.head.chars().count() > most {
            let kept = most.saturating_sub(ellipsis.chars().count());
            self.head = self.head.chars().take(kept).collect::<String>() + ellipsis;
        }
    }

    fn cells_width(&self) -> usize {
        self.cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn width(&self) -> usize {
        self.cells_width().max(self.head.chars().count())
    }
}

/// The best runs: rank, measures, swept values.
fn table(model: &SweepModel, top: usize, screen: &Screen) -> String {
    let runs: Vec<&RunView> = model.ranked().take(top).collect();
    if runs.is_empty() {
        return String::new();
    }
    let mut measures =
        vec![Column { head: "#".to_owned(), cells: (1..=runs.len()).map(|rank| N.count(rank as f64)).collect() }];
    let column = |key: &str, head: &str| {
        let form = find(key).map_or(Form::Ratio, |shown| shown.form);
        let cells = runs.iter().map(|run| form.write(model.measure(run, key), N)).collect();
        Column { head: head.to_owned(), cells }
    };
    if model.objective != "sharpe" {
        measures.push(column(&model.objective, find(&model.objective).map_or(&model.objective, |shown| shown.name)));
    }
    measures.push(column("sharpe", "Sharpe"));
    if model.objective != "cagr" {
        measures.push(column("cagr", "CAGR"));
    }
    measures.push(column("max_drawdown", "Max DD"));
    measures.push(column("trades", "Trades"));
    let deflated = runs.iter().map(|run| Form::Share.write(run.deflated_sharpe, N)).collect();
    measures.push(Column { head: "Deflated".to_owned(), cells: deflated });
    let mut swept: Vec<Column> = model
        .axes
        .iter()
        .enumerate()
        .map(|(at, axis)| Column {
            head: axis.short().to_owned(),
            cells: runs.iter().map(|run| model.value(run, at).to_owned()).collect(),
        })
        .collect();
    let widths: Vec<usize> = measures.iter().enumerate().map(|(at, column)| measure_width(at, column)).collect();
    let room = screen.width().saturating_sub(widths.iter().sum());
    let left_out = squeeze(&mut swept, room, if screen.unicode { "…" } else { "~" });
    let widths: Vec<usize> = widths.into_iter().chain(swept.iter().map(|column| column.width() + 2)).collect();
    let columns: Vec<&Column> = measures.iter().chain(&swept).collect();
    let line = |cell: &dyn Fn(&Column) -> String| {
        let cells = columns.iter().zip(&widths).map(|(column, width)| format!("{:>width$}", cell(column)));
        cells.collect::<String>()
    };
    let mut text = format!("{}\n", screen.set(Ink::Dim, &line(&|column| column.head.clone())));
    for row in 0..runs.len() {
        text.push_str(&format!("{}\n", screen.set(Ink::Plain, &line(&|column| column.cells[row].clone()))));
    }
    if left_out > 0 {
        text.push_str(&format!("{} in the page\n", counted(left_out, "more key", "more keys")));
    }
    text
}

/// The rank is narrow; measures are alike.
fn measure_width(at: usize, column: &Column) -> usize {
    if at == 0 { column.width().max(2) } else { (column.width() + 2).max(MEASURE) }
}

/// Shortens heads, the longest first, until the columns fit `room`; leaves out the last where that is not enough.
/// How many were left out.
fn squeeze(swept: &mut Vec<Column>, room: usize, ellipsis: &str) -> usize {
    let taken = |swept: &[Column]| swept.iter().map(|column| column.width() + 2).sum::<usize>();
    let all = swept.len();
    loop {
        if taken(swept) <= room {
            return all - swept.len();
        }
        // A head can be cut as far as the values under it reach.
        let can_shrink = |column: &&mut Column| column.width() > column.cells_width().max(VALUE_LEAST);
        match swept.iter_mut().filter(can_shrink).max_by_key(|column| column.width()) {
            Some(widest) => {
                let most = widest.width() - 1;
                widest.fit(most, ellipsis);
            }
            None => {
                swept.pop();
            }
        }
    }
}

fn walk_forward(model: &SweepModel, screen: &Screen) -> String {
    model.walk_forward.as_ref().map_or_else(String::new, |walk| fact(screen, "Walk-forward", &walk.text))
}

/// Runs that did not end, and limits that a shock broke through.
fn doubts(model: &SweepModel, screen: &Screen) -> String {
    let all = &model.all;
    let mut text = String::new();
    for (count, what) in [(all.invalid, "invalid"), (all.failed, "failed")] {
        if count > 0 {
            text.push_str(&warning(&format!("{} {what}", counted(count, "run is", "runs are")), screen));
        }
    }
    for (reason, count) in &all.reasons {
        text.push_str(&format!(
            "  {}\n",
            screen.wrap(&[(Ink::Plain, &format!("{}: {reason}", counted(*count, "run", "runs")))], 2, 4)
        ));
    }
    if let Some(stress) = &model.stress {
        match stress.limits.iter().any(|limit| limit.overshoot > 0.0) {
            true => text.push_str(&warning(&stress.text, screen)),
            false => text.push_str(&format!("{}\n", screen.wrap(&[(Ink::Plain, &stress.text)], 0, 0))),
        }
    }
    text
}

/// One line a phase, its time at the right edge.
fn cost(model: &SweepModel, spent: &SweepSpent, screen: &Screen) -> String {
    let seconds = spent.sweep.as_secs_f64();
    let mut runs = counted(spent.runs, "run", "runs");
    if spent.runs > 0 && seconds > 0.0 {
        runs.push_str(&format!(", {} runs/s", N.count(three_digits(spent.runs as f64 / seconds))));
    }
    if spent.kept > 0 {
        runs.push_str(&format!("; {} were there before", N.count(spent.kept as f64)));
    }
    let line = |name: &str, what: &str, time: Duration| {
        let (left, right) = (format!("{name:<LABEL$}{what}"), duration(time));
        // A column is kept free, where some terminals wrap.
        let gap = (screen.width() - 1).saturating_sub(left.chars().count() + right.chars().count()).max(2);
        format!("{left}{}{}\n", " ".repeat(gap), screen.set(Ink::Dim, &right))
    };
    let windows = model.walk_forward.as_ref().map(|walk| counted(walk.windows.len(), "window", "windows"));
    let walk = windows.map_or_else(String::new, |windows| line("walking forward", &windows, spent.walk));
    line("sweeping", &runs, spent.sweep) + &walk + &line("reporting", "statistics, files, page, picture", spent.report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::testing::small;
    use crate::report::terminal::Colours;

    const SPENT: SweepSpent = SweepSpent {
        runs: 12,
        kept: 0,
        sweep: Duration::from_millis(400),
        walk: Duration::from_millis(250),
        report: Duration::from_millis(90),
    };

    fn places() -> [(&'static str, String); 2] {
        [("report", "reports/small/sweep.html".to_owned()), ("results", "reports/small/results.parquet".to_owned())]
    }

    #[test]
    fn the_summary_of_a_small_sweep_on_a_pipe() {
        let text = sweep_summary(&small(), 3, &places(), &SPENT, &Screen::PIPE);
        let golden = "\
sweep_small, 12 runs   AAPL, daily, 3 Jan 2005 to 1 Mar 2013

Do not pick the winner. Of 10 tries (about 3 independent) the best made a Sharpe
ratio of 1.30. It is not distinguishable from luck: the probability of
overfitting is 58.7%, not under 50%.

 #  Sharpe    CAGR  Max DD  Trades  Deflated  fast_period  slow_period  multiple
 1    1.30  +13.0%  -12.5%   1,114     65.0%           10           20         2
 2    1.10  +11.0%  -12.5%   1,114     55.0%           10           20       1.5
 3    0.90   +9.0%  -12.5%   1,114     45.0%            5           40       1.5

! 2 runs are invalid
  2 runs: fast_period 30 must be less than slow_period 20

report          reports/small/sweep.html
results         reports/small/results.parquet

sweeping        12 runs, 30 runs/s                                        0.4 s
reporting       statistics, files, page, picture                          90 ms
";
        assert_eq!(text, golden, "\n{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_screen_however_many_keys() {
        let mut model = small();
        let long = crate::report::sweep::testing::axis("risk.a_rather_long_name_of_a_limit", &["0.10", "0.20"]);
        for _ in 0..6 {
            model.axes.push(long.clone());
            model.runs.iter_mut().for_each(|run| run.point.push(1));
        }
        for columns in [60, 80, 120] {
            let screen = Screen { columns: Some(columns), colours: Colours::None, unicode: true };
            let text = sweep_summary(&model, 5, &places(), &SPENT, &screen);
            let widest = text.lines().max_by_key(|line| line.chars().count()).expect("lines");
            assert!(widest.chars().count() <= columns, "{columns}: {widest}");
            assert!(columns > 80 || text.contains(" in the page\n"), "{text}");
        }
    }
}
