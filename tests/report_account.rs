//! What a report says of margin calls, of a multiplier cut, and of what nights cost.
#[allow(dead_code)] // other reports use more of it
mod report_fixture;

use std::time::Duration;

use alphaflow::domain::Timeframe;
use alphaflow::report::format::{Numbers, Sign};
use alphaflow::report::html;
use alphaflow::report::model::Measure;
use alphaflow::report::notes::notes;
use alphaflow::report::terminal::{Colours, Screen, Spent, summary};
use report_fixture::{CROSSOVER, bokeh, run};

#[test]
fn what_nights_cost_stands_beside_the_costs() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    model.traded_value = 1_000_000.0;
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
    assert!(text.contains(", borrow fees $23") && text.contains("; fees and slippage "), "{text}");
    assert!(page.contains("; borrow fees $23.00") && !page.contains("margin interest $"), "the page");
    let (text, _) = pages([23.0, 5.4]);
    assert!(text.contains(", borrow fees $23.00, margin interest $5.40; fees and slippage "), "{text}");
    // The sum is of all that was paid: what nights cost is no footnote.
    let sum = |text: &str| -> f64 {
        let after = text.split("Costs $").nth(1).and_then(|rest| rest.split(':').next());
        after.and_then(|sum| sum.replace(',', "").parse().ok()).unwrap_or_else(|| panic!("{text}"))
    };
    let (more, page) = pages([9_000.0, 5.4]);
    let (text, less) = pages([0.0, 0.0]);
    assert!((sum(&more) - sum(&text) - 9_005.4).abs() <= 1.0, "{more} {text}");
    let whole = Numbers::TYPOGRAPHIC.dollars_whole(sum(&more), Sign::Negative);
    assert!(page.contains(&format!(">{whole}<")), "{whole}");
    assert!(!text.contains("borrow fees") && !less.contains("; borrow fees"), "{text}");
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

/// The regulators' fees stand by kind where there are any: a day on which nothing was sold owes none.
#[test]
fn fees_are_said_by_kind_where_they_are_not_zero() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    let mut page = |sec: f64, taf: f64| {
        model.measures.retain(|(key, _)| !["sec_fee", "taf_fee"].contains(key));
        model.measures.extend([("sec_fee", Measure::Value(sec)), ("taf_fee", Measure::Value(taf))]);
        html::render(&model)
    };
    assert!(page(3.21, 0.4).contains("SEC $3.21, TAF $0.40"));
    assert!(!page(0.0, 0.0).contains("SEC $"));
}
