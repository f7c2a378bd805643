//! The terminal summary on screens of its own: widths, colours, odd runs.
mod report_fixture;

use std::time::Duration;

use alphaflow::domain::Timeframe;
use alphaflow::report::model::{Line, Measure, ReportModel};
use alphaflow::report::terminal::{Colours, Screen, Spent, summary};
use report_fixture::{CROSSOVER, bokeh, minutes, run};

const SPENT: Spent = Spent {
    files: 4,
    rows: 8_216,
    bars: 8_216,
    load: Duration::from_millis(12),
    replay: Duration::from_millis(4),
    report: Duration::from_millis(310),
};

fn plain(columns: usize) -> Screen {
    Screen { columns: Some(columns), colours: Colours::None, unicode: true }
}

fn text(model: &ReportModel<'_>, screen: &Screen) -> String {
    summary(model, ("report", "reports/x/report.html"), &SPENT, screen)
}

/// Nothing wraps by itself on a terminal of 80, 100 or 120 columns.
#[test]
fn no_line_is_wider_than_the_screen() {
    let market = bokeh("2005-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    for name in ["", "SPY", "FOURTEENCHARACTERS"] {
        model.benchmark = (!name.is_empty())
            .then(|| Line { name: name.to_owned(), values: model.hold.values.iter().map(|v| v * 0.8).collect() });
        for columns in [80, 100, 120] {
            let text = text(&model, &plain(columns));
            let widest = text.lines().max_by_key(|line| line.chars().count()).expect("lines");
            assert!(widest.chars().count() <= columns, "{columns}: {widest}");
            assert!(text.contains("strategy $") || text.contains("strategy "), "{text}");
            assert!(text.chars().any(|character| ('\u{2800}'..'\u{2900}').contains(&character)), "{text}");
        }
    }
}

#[test]
fn the_chart_needs_eighty_columns_and_unicode() {
    let market = bokeh("2012-01-03");
    let model = run(&market, Timeframe::Day1, CROSSOVER);
    for screen in [plain(79), Screen { unicode: false, ..plain(100) }, Screen::PIPE] {
        assert!(text(&model, &screen).is_ascii(), "{screen:?}");
    }
}

#[test]
fn colours_are_those_of_the_palette() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    let total = model.measures.iter_mut().find(|(key, _)| *key == "total_return").expect("measure");
    total.1 = Measure::Value(-0.187);
    let rich = text(&model, &Screen { colours: Colours::TwoHundredFiftySix, ..plain(80) });
    assert!(rich.contains("\x1b[1;38;5;215m-18.7%\x1b[0m"), "loss is orange");
    assert!(rich.contains("\x1b[33m!\x1b[0m "), "doubts are yellow");
    let poor = text(&model, &Screen { colours: Colours::Sixteen, ..plain(80) });
    assert!(!poor.contains("38;5"), "sixteen colours have no palette");
    assert!(!rich.contains("\x1b[31m") && !rich.contains("\x1b[1;31m"), "red is for errors");
    assert!(!text(&model, &plain(80)).contains('\x1b'));
}

/// A chart of two sessions has no year to name: it names its days.
#[test]
fn a_short_run_names_its_days() {
    let market = minutes(780, 50.0);
    let model = run(&market, Timeframe::Minute1, CROSSOVER);
    let text = text(&model, &plain(80));
    assert!(text.contains(", 1-minute, 2003-01-06 to 2003-01-07\n"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("2003-01-06 ") && line.ends_with(" 2003-01-07")), "{text}");
}

/// $0.004 and $123,456,789, a long name, a name that would drive the terminal.
#[test]
fn odd_runs_stay_in_shape() {
    let market = bokeh("2012-01-03");
    for factor in [0.004 / 100_000.0, 1_234.567_89, 1e9] {
        let mut model = run(&market, Timeframe::Day1, CROSSOVER);
        model.initial_equity *= factor;
        model.equity.iter_mut().chain(&mut model.hold.values).for_each(|value| *value *= factor);
        model.trades.iter_mut().for_each(|trade| trade.pnl *= factor);
        model.name = format!("{}\x1b[31m", "long_".repeat(14));
        let text = text(&model, &plain(80));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\x1b') && !text.contains("NaN") && !text.contains("-$0.00"), "{text}");
    }
}

#[test]
fn without_a_trade_there_is_a_reason_and_no_figure() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    model.trades.clear();
    model.refusals.clear();
    let text = text(&model, &plain(80));
    assert!(text.contains("\nNo trade was made. The strategy gave no signal that became an order.\n"), "{text}");
    assert!(!text.contains("Sharpe ") && !text.contains('\u{2800}'), "{text}");
}
