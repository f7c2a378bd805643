//! The report as a file: self-contained, safe, small, the same each time, and right in its words.
//!
//! Set `ALPHAFLOW_REPORT_OUT` to a folder to get the pages for looking at them in a browser.
// The fixture serves the PNG tests too and has more than this file needs.
#[allow(dead_code)]
mod report_fixture;

use std::time::Instant;

use alphaflow::domain::{OrderPurpose, Timeframe, Timestamp};
use alphaflow::report::html;
use alphaflow::report::model::{
    Line, Measure, Range, RefusalRow, RejectionRow, ReportModel, WarningRow, WarningSource,
};
use alphaflow::risk::{HaltCause, Loss};
use alphaflow::scenario::{Efficacy, HaltUse, LimitKind, LimitUse, Reached};
use report_fixture::{CROSSOVER, Market, Rules, bokeh, minutes, run};

/// The four stocks with everything a report can hold.
fn full(market: &Market) -> ReportModel<'_> {
    let mut model = run(market, Timeframe::Day1, CROSSOVER);
    model.benchmark = Some(benchmark(&model));
    dress(&mut model);
    model.refusals = (0..42).map(|row| refusal(&model, row)).collect();
    model.warnings = vec![WarningRow {
        source: WarningSource::File,
        file: "data/bokeh_AAPL_daily.csv".to_owned(),
        line: Some(1_240),
        message: "close 85.47 is 48.1% below the close before, with no corporate action".to_owned(),
    }];
    model.efficacy = limits_of(&model);
    model
}

/// Measures, files and a scenario for any run.
fn dress(model: &mut ReportModel) {
    let value = |key: &str, model: &ReportModel| model.measure(key).unwrap_or(0.0);
    let fall = -value("max_drawdown", model).abs();
    let total = model.final_equity() / model.initial_equity - 1.0;
    model.measures.retain(|(key, _)| *key != "max_drawdown" && *key != "total_return");
    let closed: Vec<f64> = model.closed_trades().map(|trade| trade.pnl).collect();
    let mean = |kept: &dyn Fn(f64) -> bool| {
        let kept: Vec<f64> = closed.iter().copied().filter(|pnl| kept(*pnl)).collect();
        if kept.is_empty() {
            Measure::Undefined("no closed trade".to_owned())
        } else {
            Measure::Value(kept.iter().sum::<f64>() / kept.len() as f64)
        }
    };
    let more = [
        ("total_return", Measure::Value(total)),
        ("max_drawdown", Measure::Value(fall)),
        ("annual_return", Measure::Value(0.0846)),
        ("omega", Measure::Value(1.2)),
        ("skew", Measure::Value(0.06)),
        ("kurtosis", Measure::Value(4.81)),
        ("sortino", Measure::Value(1.35)),
        ("calmar", Measure::Value(0.45)),
        ("max_drawdown_days", Measure::Value(468.0)),
        ("ulcer_index", Measure::Value(0.061)),
        ("value_at_risk_95", Measure::Value(-0.0096)),
        ("conditional_var_95", Measure::Value(-0.0142)),
        ("turnover", Measure::Value(5.9)),
        ("avg_win", mean(&|pnl| pnl > 0.0)),
        ("avg_loss", mean(&|pnl| pnl < 0.0)),
        ("expectancy", mean(&|_| true)),
        ("payoff_ratio", Measure::Value(3.1)),
        ("avg_trade_days", Measure::Value(24.3)),
        ("max_consecutive_losses", Measure::Value(8.0)),
        ("probabilistic_sharpe", Measure::Value(0.995)),
        ("min_track_record_days", Measure::Value(825.0)),
        ("sessions", Measure::Value(model.session_ends.len() as f64)),
        ("alpha", Measure::Value(0.076)),
        ("beta", Measure::Value(0.2)),
        ("information_ratio", Measure::Undefined("the benchmark never differs".to_owned())),
        ("stability", Measure::Value(0.87)),
        ("sqn", Measure::Value(1.9)),
    ];
    model.measures.extend(more);
    model.benchmark_measures = vec![
        ("total_return", Measure::Value(0.251)),
        ("sharpe", Measure::Value(0.24)),
        ("annual_volatility", Measure::Value(0.214)),
        ("beta", Measure::Value(1.0)),
        ("skew", Measure::Value(-0.02)),
        ("value_at_risk_95", Measure::Value(-0.0209)),
    ];
    model.intervals = vec![
        ("cagr", Range { low: 0.012, high: 0.164 }),
        ("sharpe", Range { low: 0.19, high: 1.63 }),
        ("max_drawdown", Range { low: -0.38, high: -0.11 }),
    ];
    model.traded_value = model.trades.iter().map(|trade| 2.0 * trade.quantity * trade.entry_price).sum();
    for trade in &mut model.trades {
        let gain = trade.exit_price.map_or(0.01, |exit| exit / trade.entry_price - 1.0);
        (trade.worst, trade.best) = (gain.min(0.0) - 0.012, gain.max(0.0) + 0.009);
    }
    model.scenario_toml = "[scenario]\nname = \"ma_crossover_tech4\"\nseed = 1\n\n[data]\ntimeframe = \"1d\"\nstart = \"2005-01-03\"\npath = \"../data/bokeh_{symbol}_daily.csv\"\nsymbols = [\"AAPL\", \"GOOG\", \"IBM\", \"MSFT\"]\n\n[account]\ncash = \"100000\"\n\n[strategy]\nname = \"ma_crossover\"\nparams = { fast_period = 10, slow_period = 30 }\n\n[sizing]\nkind = \"equity_fraction\"\nvalue = \"0.25\"\n\n[execution]\nmarket_fill = \"next_open\"\nslippage = { kind = \"bps\", value = \"1\", applies_to = \"both\" }\ncommission = { kind = \"alpaca\" }\n\n[stop]\nkind = \"atr\"\nperiod = 14\nmultiple = \"2\"\n\n[risk]\nmax_portfolio_heat = \"0.06\"\nmax_correlated_exposure = \"0.55\"\n".to_owned();
    model.files = model
        .symbols
        .iter()
        .map(|symbol| {
            (
                format!("../data/bokeh_{symbol}_daily.csv"),
                "d7bf7a2d03983780db3e35d17a4a9add98506dfdfbf61665cbf240cb91ddc71c".to_owned(),
            )
        })
        .collect();
}

/// Two limits that bit, one that never came near, and a gap over the daily loss.
fn limits_of(model: &ReportModel) -> Efficacy {
    let reached = |amount, step| Some(Reached { amount, time: model.steps[step] });
    let limit = |kind, allowed, most, refused, largest| LimitUse {
        kind,
        allowed,
        most,
        refused,
        trimmed: 0,
        first: (refused > 0).then(|| model.steps[40]),
        last: (refused > 0).then(|| model.steps[90]),
        largest,
    };
    let usd = |text: &str| text.parse().expect("money");
    let loss = Loss { lost: usd("3700"), of: usd("100000"), limit: "0.02".parse().expect("ratio") };
    Efficacy {
        limits: vec![
            limit(LimitKind::DailyLoss, 0.02, reached(0.037, 100), 1, None),
            limit(LimitKind::PortfolioHeat, 0.06, reached(0.0584, 60), 26, reached(0.089, 80)),
            limit(LimitKind::GrossExposure, 1.0, reached(0.31, 60), 0, None),
            limit(LimitKind::PriceCollar, 0.1, None, 0, None),
        ],
        halts: vec![HaltUse {
            cause: HaltCause::DailyLoss,
            from: model.steps[100],
            until: Some(model.steps[101]),
            loss: Some(loss),
            at_open: Some(0.031),
            refused: 1,
            steps: 1,
            sessions: 1,
            close_cost: None,
        }],
        steps: (model.steps.len(), 1),
        sessions: (model.session_ends.len(), 1),
        other: vec![("buying_power", 8)],
        trimmed_otherwise: 0,
    }
}

/// A line that stands in for an index: half of what holding the stocks would have made.
fn benchmark(model: &ReportModel) -> Line {
    let values = model.hold.values.iter().map(|held| model.initial_equity * (held / model.initial_equity).powf(0.45));
    Line { name: "SPY".to_owned(), values: values.collect() }
}

fn refusal(model: &ReportModel, row: usize) -> RefusalRow {
    let reason = ["portfolio_heat", "portfolio_heat", "portfolio_heat", "correlated_exposure", "buying_power"][row % 5];
    RefusalRow {
        time: model.steps[(40 + row * 45) % model.steps.len()],
        order: format!("{} buy {}", model.symbols[row % 4], 82 + row * 37),
        reason: reason.to_owned(),
        need: format!("{}.{}%", 6 + row % 3, row % 10),
        have: "6.0%".to_owned(),
    }
}

fn save(name: &str, page: &str) {
    if let Ok(folder) = std::env::var("ALPHAFLOW_REPORT_OUT") {
        std::fs::write(format!("{folder}/{name}.html"), page).expect("the folder for looking");
    }
}

/// The part of the page a reader sees without scripts.
fn visible(page: &str) -> &str {
    let from = page.find("<body>").expect("a body");
    &page[from..page.find("<script type=\"application/json\"").expect("data")]
}

/// The data of the page, read back.
fn data(page: &str) -> serde_json::Value {
    let from = page.find("id=\"data\">").expect("data") + "id=\"data\">".len();
    let to = from + page[from..].find("</script>").expect("end of data");
    serde_json::from_str(&page[from..to]).expect("JSON")
}

#[test]
fn the_page_is_whole_without_scripts_and_asks_nobody() {
    let market = bokeh("2005-01-03");
    let page = html::render(&full(&market));
    save("full", &page);
    for outside in ["http://", "https://", "src=", "@import", "<link", "<img", "<iframe", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(outside), "{outside} reaches out of the page");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(data:font/ttf;base64,").count());
    let body = visible(&page);
    for part in [
        "Before you trust this",
        "Returns by",
        "Refused entries",
        "Data warnings",
        "fast_period = 10",
        "equity.png",
        "drawdown.png",
        "price.png",
        "trades.csv",
        // A phone shows no header row to sort by.
        "id=\"sort\"",
        "What the limits did",
        "risk.png",
        "Deepest falls",
        "d7bf7a2d",
    ] {
        assert!(body.contains(part), "{part} is missing");
    }
    assert_eq!(body.matches("<dt>").count(), 7 + 4, "seven figures and four files");
    assert!(!body.contains(" style=\"") && !body.contains("onclick="), "the policy forbids inline styles and handlers");
    assert!(!body.contains("NaN") && !body.contains("inf") && !body.contains("−0.0%") && !body.contains("$-"));
    assert!(page.len() <= 1_000_000, "{} bytes", page.len());
}

#[test]
fn the_policy_names_the_script_and_the_style_by_hash() {
    use sha2::Digest;
    let market = bokeh("2012-01-03");
    let page = html::render(&full(&market));
    for (open, close, directive) in [("<script>", "</script>", "script-src"), ("<style>", "</style>", "style-src")] {
        let from = page.find(open).expect("element") + open.len();
        let text = &page[from..from + page[from..].find(close).expect("end")];
        let policy = &page[page.find(directive).expect("directive")..];
        let coded = policy.split('\'').nth(1).and_then(|source| source.strip_prefix("sha256-")).expect("hash");
        assert_eq!(decode_base64(coded), sha2::Sha256::digest(text.as_bytes()).to_vec());
    }
    assert_eq!(page.matches("<script").count(), 2, "one script and the data");
}

fn decode_base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<bool> = text
        .chars()
        .filter_map(|c| DIGITS.find(c))
        .flat_map(|d| (0..6).rev().map(move |bit| d >> bit & 1 == 1))
        .collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect()
}

#[test]
fn what_users_wrote_stays_text() {
    let market = bokeh("2012-06-01");
    let mut model = full(&market);
    model.name = "</script><script>alert(1)</script>".to_owned();
    model.refusals[0].order = "MSFT <b>buy</b> \"300\" & 'more'".to_owned();
    model.refusals[0].need = "<img x>".to_owned();
    model.warnings[0].message = "close <em>0</em>".to_owned();
    model.scenario_toml = "name = \"<u>\"\n".to_owned();
    model.prices[0].indicators.to_mut()[0].label = "</script>SMA".to_owned();
    let page = html::render(&model);
    for tag in ["<b>buy", "<img", "<em>", "<u>", "<script>alert"] {
        assert!(!page.contains(tag), "{tag} became markup");
    }
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert_eq!(data(&page)["name"], model.name);
    assert_eq!(data(&page)["prices"][0]["ind"][0], "</script>SMA");
}

#[test]
fn the_sentence_says_what_happened() {
    let market = bokeh("2005-01-03");
    let mut model = full(&market);
    model.equity = vec![100_000.0, 81_300.0, 194_705.0];
    model.measures.push(("cagr", Measure::Value(0.0851)));
    model.measures.retain(|(key, measure)| !matches!((*key, measure), ("cagr", Measure::Value(v)) if *v != 0.0851));
    for (key, measure) in &mut model.measures {
        match *key {
            "total_return" => *measure = Measure::Value(0.94705),
            "max_drawdown" => *measure = Measure::Value(-0.187),
            _ => {}
        }
    }
    model.benchmark = Some(Line { name: "SPY".to_owned(), values: vec![100_000.0, 43_500.0, 125_132.0] });
    model.hold.values = vec![100_000.0, 42_300.0, 511_700.0];
    let text = |model: &ReportModel| {
        alphaflow::report::sentence::sentence_text(model, alphaflow::report::format::Numbers::TYPOGRAPHIC)
    };
    assert_eq!(
        text(&model),
        "$100,000 became $194,705: +94.7%, or +8.5% a year, with a worst fall of −18.7%. SPY made +25.1% with a worst fall of \
         −56.5%; holding the same four stocks, +411.7% with −57.7%."
    );
    model.benchmark = None;
    model.symbols = vec!["AAPL".to_owned()];
    // Half a year: a rate a year would be an extrapolation.
    model.session_ends.truncate(126);
    assert_eq!(
        text(&model),
        "$100,000 became $194,705: +94.7%, with a worst fall of −18.7%. Holding AAPL made +411.7% with a worst fall of −57.7%."
    );
    assert_eq!(
        alphaflow::report::sentence::subtitle(&model),
        "ma_crossover, fast 10, slow 30, stop 2 ATR. AAPL, daily, 3 Jan 2005 to 1 Mar 2013."
    );
    // Both falls go by session closes: the low of 42,300 lies inside a session here.
    model.session_ends = vec![0, 2];
    assert!(text(&model).ends_with("Holding AAPL made +411.7% with a worst fall of 0.0%."), "{}", text(&model));
    model.trades.clear();
    assert_eq!(text(&model), "No trade was made. All 42 entries were refused, 26 by portfolio heat.");
    model.refusals.clear();
    assert_eq!(text(&model), "No trade was made. The strategy gave no signal that became an order.");
}

#[test]
fn notes_are_at_most_six_and_worst_first() {
    use alphaflow::report::{format::Numbers, notes::notes};
    let market = bokeh("2005-01-03");
    let mut model = full(&market);
    let all = notes(&model, Numbers::TYPOGRAPHIC);
    assert!(all.len() <= 6 && all[1].text.starts_with("The daily loss limit of 2.00% lost 3.70% on "), "{all:?}");
    assert!(all.iter().any(|note| note.text == "42 entries refused, 26 of them by portfolio heat."), "{all:?}");
    model.trades.truncate(3);
    model.intervals = vec![("sharpe", Range { low: -0.4, high: 1.2 })];
    model.costs_are_none = true;
    let all = notes(&model, Numbers::TYPOGRAPHIC);
    assert_eq!(all[3].text, "3 closed trades are too few to tell skill from luck; 30 is the least.");
    assert_eq!(all[4].text, "The Sharpe ratio could be zero or less: 95% interval −0.40 to 1.20.");
    assert_eq!(all.len(), 6);
}

/// What the account was forced to, what the bars leave open and what the data lack come before every estimate.
#[test]
fn what_a_user_must_know_first_is_the_first_note() {
    use alphaflow::report::{format::Numbers, notes::notes};
    let market = bokeh("2005-01-03");
    let mut model = full(&market);
    model.trades.truncate(3);
    model.costs_are_none = true;
    model.forced = Some("1 margin call forced 2 exits.".to_owned());
    model.warnings.push(WarningRow {
        source: WarningSource::Hole,
        file: "q.csv".to_owned(),
        line: None,
        message: "5 of 9 fills had no quote of their bar".to_owned(),
    });
    model.measures.retain(|(key, _)| !["ambiguous_bars", "final_equity_low", "final_equity_high"].contains(key));
    let band = [("ambiguous_bars", 2.0), ("final_equity_low", 90_000.0), ("final_equity_high", 90_500.0)];
    model.measures.extend(band.map(|(key, value)| (key, Measure::Value(value))));
    let said = |model: &ReportModel| notes(model, Numbers::PLAIN).into_iter().map(|note| note.text).collect::<Vec<_>>();
    let all = said(&model);
    assert_eq!(all[0], "1 margin call forced 2 exits.");
    assert_eq!(
        all[1],
        "2 bars held both the stop and the target; read the other ways, $100,000 becomes $90,000 to $90,500."
    );
    assert_eq!(all[2], "5 of 9 fills had no quote of their bar.");
    assert_eq!(all[3], "1 value in the data looks suspicious, the first in data/bokeh_AAPL_daily.csv.");
    assert_eq!(all.len(), 6);
    // Where nothing hangs on the reading, it is the least of doubts.
    model.measures.retain(|(key, _)| *key != "final_equity_high");
    model.measures.push(("final_equity_high", Measure::Value(90_000.0)));
    assert!(said(&model).iter().all(|text| !text.contains("2 bars held both")), "{:?}", said(&model));
}

/// The page's script has a word and a mark for every reason to leave, the last of them "daily loss".
#[test]
fn every_reason_to_leave_has_its_mark_in_the_page() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    dress(&mut model);
    let page = html::render(&model);
    let list = |name: &str, end: &str| {
        let after = page.split(name).nth(1).unwrap_or_else(|| panic!("{name}"));
        after.split(end).next().expect("a list").to_owned()
    };
    let words = list("const WHY = [", "]];").matches("['").count();
    let kinds = list("const kindOf = why => [", "]");
    let kinds: Vec<&str> = kinds.split(", ").map(|kind| kind.trim_matches('\'')).collect();
    assert_eq!((words, kinds.len()), (10, 10));
    let legend = list("const LEGEND = {", "};");
    for kind in kinds {
        assert!(legend.contains(&format!("{kind}: ['")), "{kind} in {legend}");
    }
}

/// "−" at the end of a line and "$23,255" on the next would be a gain.
#[test]
fn a_note_does_not_break_behind_a_minus() {
    let market = bokeh("2005-01-03");
    let mut model = full(&market);
    model.forced = Some("Without it the trades made −$23,255.".to_owned());
    assert!(html::render(&model).contains("Without it the trades made −\u{2060}$23,255."));
}

#[test]
fn what_the_venue_rejected_is_said_in_its_words() {
    use alphaflow::report::{format::Numbers, notes::notes, sentence::sentence_text};
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, CROSSOVER);
    dress(&mut model);
    model.rejections = vec![RejectionRow {
        time: model.steps[4],
        order: "AAPL buy 10.5".to_owned(),
        reason: "fractional orders must be DAY orders".to_owned(),
    }];
    let words = "1 order rejected by the venue: fractional orders must be DAY orders.";
    assert!(notes(&model, Numbers::PLAIN).iter().any(|note| note.text == words && note.anchor == "rejections"));
    let page = html::render(&model);
    let page = visible(&page);
    assert!(page.contains("<section id=\"rejections\">") && page.contains("<b>AAPL</b> buy 10.5"));
    model.trades.clear();
    let why = "No trade was made. The only order was rejected by the venue: fractional orders must be DAY orders.";
    assert_eq!(sentence_text(&model, Numbers::PLAIN), why);
}

#[test]
fn an_empty_run_says_so_and_leaves_flat_charts_out() {
    let market = bokeh("2011-01-03");
    let mut model = run(&market, Timeframe::Day1, Rules { trades_max: 0, ..CROSSOVER });
    dress(&mut model);
    model.refusals = (0..9).map(|row| refusal(&model, row)).collect();
    let page = html::render(&model);
    save("empty", &page);
    let body = visible(&page);
    assert!(body.contains("<strong>No trade was made.</strong> All 9 entries were refused, 6 by portfolio heat."));
    assert!(!body.contains("id=\"equity\"") && !body.contains("id=\"months\"") && !body.contains("id=\"trades\""));
    assert!(body.contains("id=\"price\"") && body.contains("id=\"refusals\""));
}

#[test]
fn one_trade_and_no_bars_at_all_still_make_a_page() {
    let market = bokeh("2012-01-03");
    let mut model = run(&market, Timeframe::Day1, Rules { trades_max: 1, ..CROSSOVER });
    dress(&mut model);
    model.trades[0].r_multiple = None;
    save("one", &html::render(&model));
    assert!(visible(&html::render(&model)).contains("No closed trade had a stop"));
    model.steps.clear();
    model.session_ends.clear();
    model.equity.clear();
    model.drawdown.clear();
    model.exposure.clear();
    model.hold.values.clear();
    model.prices.clear();
    let page = html::render(&model);
    assert_eq!(data(&page)["curve"]["n"], 0);
}

#[test]
fn two_renderings_are_the_same_bytes() {
    let market = bokeh("2010-01-04");
    assert_eq!(html::render(&full(&market)), html::render(&full(&market)));
}

#[test]
fn twenty_thousand_trades_and_a_million_bars_stay_within_the_budget() {
    // Debug builds are slow: a fifth of the bars there, all of them where speed is looked at.
    let bars = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    let market = minutes(bars, 80.0);
    let mut model = run(
        &market,
        Timeframe::Minute1,
        Rules { fast: 10, slow: 30, stop_ranges: 3.0, trail: false, trades_max: 20_000 },
    );
    dress(&mut model);
    let started = Instant::now();
    let page = html::render(&model);
    eprintln!("{} bars, {} trades: {} bytes, {:?}", bars, model.trades.len(), page.len(), started.elapsed());
    save("large", &page);
    assert!(page.len() <= 6_000_000, "{} bytes", page.len());
    let panel = &data(&page)["prices"][0];
    assert_eq!(panel["n"], bars);
    let started = Instant::now();
    let daily = bokeh("2003-03-31");
    let model = full(&daily);
    eprintln!("model {:?}", started.elapsed());
    let started = Instant::now();
    eprintln!("daily: {} bytes, {:?}", html::render(&model).len(), started.elapsed());
}

#[test]
fn every_kind_of_exit_and_a_short_sale_can_be_shown() {
    let market = bokeh("2009-01-02");
    let mut model = full(&market);
    let reasons = [
        OrderPurpose::Signal,
        OrderPurpose::Stop,
        OrderPurpose::TakeProfit,
        OrderPurpose::Trail,
        OrderPurpose::RiskHalt,
        OrderPurpose::KillSwitch,
        OrderPurpose::Manual,
        OrderPurpose::TimeStop,
    ];
    for (row, trade) in model.trades.iter_mut().enumerate().filter(|(_, trade)| trade.exit_time.is_some()) {
        trade.exit_reason = Some(reasons[row % reasons.len()]);
        if row % 5 == 0 {
            trade.side = alphaflow::domain::Side::Sell;
        }
    }
    model.name = "a_name_of_thirty_letters_and_more_that_has_to_wrap_somewhere".to_owned();
    model.equity.iter_mut().for_each(|value| *value *= 1234.56789);
    model.hold.values.iter_mut().for_each(|value| *value *= 1234.56789);
    model.initial_equity *= 1234.56789;
    model.benchmark = None;
    let page = html::render(&model);
    save("odd", &page);
    assert!(page.contains("$123,456,789"));
    let first: Timestamp = model.steps[0];
    assert!(visible(&page).contains(&alphaflow::report::format::date_in_prose(first)));
}
