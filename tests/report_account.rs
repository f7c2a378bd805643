//! What a report says of margin calls, of a multiplier cut, and of what nights cost.
#[allow(dead_code)] // other reports use more of it
mod report_fixture;

use std::time::Duration;

use alphaflow::domain::Timeframe;
use alphaflow::report::format::Numbers;
use alphaflow::report::html;
use alphaflow::report::model::Measure;
use alphaflow::report::notes::notes;
use alphaflow::report::terminal::{Colours, Screen, Spent, summary};
use report_fixture::{CROSSOVER, bokeh, run};

#[test]
fn what_nights_cost_stands_beside_the_costs() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    let spent = Spent {
        files: 4,
        rows: 8_216,
        bars: 8_216,
        load: Duration::ZERO,
        replay: Duration::from_millis(4),
        report: Duration::ZERO,
    };
    let screen = Screen { columns: Some(120), colours: Colours::None, unicode: true };
    let mut pages = |costs: [f64; 2]| {
        let keys = ["borrow_fees", "margin_interest"];
        model.measures.retain(|(key, _)| !keys.contains(key));
        model.measures.extend(keys.into_iter().zip(costs.map(Measure::Value)));
        let text = summary(&model, ("report", "reports/x/report.html"), &spent, &screen);
        // Words of one fact may stand on two lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (text, html::render(&model))
    };
    let (text, page) = pages([23.0, 0.0]);
    assert!(text.contains("; borrow fees $23"), "{text}");
    assert!(page.contains("; borrow fees $23.00") && !page.contains("margin interest $"), "the page");
    let (text, _) = pages([23.0, 5.4]);
    assert!(text.contains("; borrow fees $23.00, margin interest $5.40"), "{text}");
    let (text, page) = pages([0.0, 0.0]);
    assert!(!text.contains("borrow fees") && !page.contains("; borrow fees"), "{text}");
}

#[test]
fn a_margin_call_is_the_first_note() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    let said = |model: &_| notes(model, Numbers::PLAIN).into_iter().map(|note| note.text).collect::<Vec<_>>();
    let before = said(&model);
    model.forced = Some("1 margin call forced 1 exit.".to_owned());
    let after = said(&model);
    assert_eq!(after[0], "1 margin call forced 1 exit.");
    assert_eq!(after[1], before[0]);
}
