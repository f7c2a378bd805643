//! The PNG charts: real prices and odd shapes; set ALPHAFLOW_PICTURES to a folder to look at them.
mod report_fixture;

use std::time::Instant;

use alphaflow::domain::{OrderPurpose, Timeframe};
use alphaflow::report::chart::{ChartError, drawdown_png, equity_png, price_png, risk_png};
use alphaflow::report::model::{Line, ReportModel};
use alphaflow::strategy::ChartLine;
use report_fixture::{CROSSOVER, Rules, bokeh, drawdown, minutes, run};

type Chart = fn(&ReportModel<'_>) -> Result<Vec<u8>, ChartError>;
const CHARTS: [(&str, Chart); 4] =
    [("equity", equity_png), ("drawdown", drawdown_png), ("price", price_png), ("risk", risk_png)];

/// Draws all four twice: a PNG of the right size, small, the same bytes both times.
fn draw(name: &str, model: &ReportModel<'_>) {
    for (chart, png) in CHARTS {
        let start = Instant::now();
        let bytes = png(model).expect(chart);
        eprintln!("{name} {chart}: {} bytes, {:?}", bytes.len(), start.elapsed());
        if let Ok(folder) = std::env::var("ALPHAFLOW_PICTURES") {
            std::fs::write(format!("{folder}/{name}-{chart}.png"), &bytes).expect("picture");
        }
        let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG file");
        assert_eq!((reader.info().width, reader.info().height), (1_600, 900));
        assert!(bytes.len() <= 200_000, "{name} {chart} has {} bytes", bytes.len());
        assert_eq!(png(model).expect(chart), bytes, "{name} {chart} differs the second time");
    }
}

/// A share that was worth nothing at its end keeps the scale of its bars: the mark stands over the last of them.
#[test]
fn what_a_delisting_paid_does_not_make_the_scale() {
    let market = bokeh("2012-02-01");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    let symbol = model.prices[0].symbol.clone();
    let at = model.trades.iter().position(|trade| trade.symbol == symbol && trade.exit_price.is_some());
    let at = at.expect("a closed trade");
    model.trades[at].exit_reason = Some(OrderPurpose::Delisted);
    let paid = price_png(&model).expect("price");
    model.trades[at].exit_price = Some(0.0);
    assert!(price_png(&model).expect("price") == paid);
}

#[test]
fn real_prices() {
    draw("real", &run(&bokeh("2005-01-03"), Timeframe::Day1, CROSSOVER));
}

#[test]
fn a_benchmark_and_a_trailing_stop_over_one_year() {
    let market = bokeh("2012-02-01");
    let mut model = run(&market, Timeframe::Day1, Rules { trail: true, stop_ranges: 3.0, ..CROSSOVER });
    let values = model.hold.values.iter().enumerate().map(|(i, v)| v * (1.0 - i as f64 / 900.0)).collect();
    model.benchmark = Some(Line { name: "SPY".to_owned(), values });
    draw("year", &model);
}

#[test]
fn no_trade_and_one_trade() {
    let market = bokeh("2010-01-04");
    draw("none", &run(&market, Timeframe::Day1, Rules { trades_max: 0, ..CROSSOVER }));
    draw("one", &run(&market, Timeframe::Day1, Rules { trades_max: 1, ..CROSSOVER }));
}

#[test]
fn huge_and_tiny_values_and_long_names() {
    let market = bokeh("2009-01-02");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    for (scale, name) in [(1_234.567_89, "huge"), (4e-8, "tiny")] {
        let scaled = |values: &[f64]| values.iter().map(|v| v * scale).collect::<Vec<f64>>();
        let mut odd = model.clone();
        odd.equity = scaled(&model.equity);
        odd.hold = Line { name: "equal-weight-hold-of-four-tech".to_owned(), values: scaled(&model.hold.values) };
        odd.initial_equity *= scale;
        draw(name, &odd);
    }
    model.name = "a_scenario_with_thirty_letters".to_owned();
    model.symbols = (0..40).map(|i| format!("SYM{i}")).collect();
    model.parameters = (0..12).map(|i| (format!("parameter_{i}"), format!("value {i}"))).collect();
    let long = "AVERYLONGSYMBOLNAMEOFTHIRTYCHR".to_owned();
    let short = std::mem::replace(&mut model.prices[0].symbol, long.clone());
    model.prices[0].indicators.to_mut()[0].label = "An indicator of thirty letters".to_owned();
    model.trades.iter_mut().filter(|trade| trade.symbol == short).for_each(|trade| trade.symbol = long.clone());
    draw("long", &model);
}

#[test]
fn a_penny_stock() {
    draw("penny", &run(&minutes(3_000, 0.004), Timeframe::Minute1, CROSSOVER));
}

#[test]
fn one_session_of_minutes_and_one_bar() {
    draw("session", &run(&minutes(390, 150.0), Timeframe::Minute1, CROSSOVER));
    draw("bar", &run(&minutes(1, 150.0), Timeframe::Minute1, CROSSOVER));
}

/// Prices make the scale; a line that leaves it must not run through titles and dates.
#[test]
fn a_line_far_from_the_prices_is_not_drawn() {
    let market = bokeh("2012-01-03");
    let model = run(&market, Timeframe::Day1, CROSSOVER);
    let with = |change: fn(f64) -> Option<f64>| {
        let mut model = model.clone();
        for ChartLine { values, .. } in model.prices.iter_mut().flat_map(|panel| panel.indicators.to_mut()) {
            values.iter_mut().for_each(|value| *value = value.and_then(change));
        }
        price_png(&model).expect("price")
    };
    let none = with(|_| None);
    assert_eq!(with(|value| Some(value * 100.0)), none);
    assert_eq!(with(|value| Some(-value)), none);
    assert_ne!(with(Some), none);
}

#[test]
fn a_flat_line() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, Rules { trades_max: 0, ..CROSSOVER });
    model.hold.values.iter_mut().for_each(|v| *v = 100_000.0);
    model.drawdown = drawdown(&model.equity);
    draw("flat", &model);
}

#[test]
fn a_million_bars() {
    let market = minutes(1_000_000, 120.0);
    draw(
        "million",
        &run(&market, Timeframe::Minute1, Rules { fast: 2_000, slow: 9_000, stop_ranges: 60.0, ..CROSSOVER }),
    );
}

#[test]
fn no_bar_at_all_is_said() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    (model.steps, model.equity, model.drawdown) = (Vec::new(), Vec::new(), Vec::new());
    model.prices.iter_mut().for_each(|panel| panel.bars = &[]);
    for (chart, png) in CHARTS {
        assert!(matches!(png(&model), Err(ChartError::Empty)), "{chart}");
    }
}
