//! What the report says of the limits, against figures worked out by hand: use, refusals, halts, overshoot, closing.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::Path;

use alphaflow::report::format::Numbers;
use alphaflow::report::gather::{Finished, gather};
use alphaflow::report::html;
use alphaflow::report::limits;
use alphaflow::report::model::ReportModel;
use alphaflow::report::notes::notes;
use alphaflow::scenario::{
    Efficacy, Forced, LimitKind, LimitUse, account_rows, compute_metrics, efficacy, load, load_market, round_trips,
    run, write_folder, write_limits,
};
use serde_json::Value;

/// Rows of an order script: time, action, id, symbol, side, quantity, type, limit, stop.
type Order = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// A date, and open, high, low and close.
type Day = (&'static str, [f64; 4]);

struct Case<'a> {
    /// By symbol.
    bars: &'a [(&'a str, &'a [Day])],
    script: &'a [Order],
    /// `[risk]` keys over wide ones.
    set: &'a [&'a str],
}

struct Seen {
    efficacy: Efficacy,
    notes: Vec<String>,
    page: String,
    limits: Value,
    metrics: Value,
    orders: String,
    forced: Vec<Option<Forced>>,
}

impl Case<'_> {
    fn play(&self) -> Seen {
        let folder = tempfile::tempdir().unwrap();
        for (symbol, bars) in self.bars {
            let rows: Vec<String> =
                bars.iter().map(|(day, [o, h, l, c])| format!("{day},{o},{h},{l},{c},1000000")).collect();
            let text = format!("timestamp,open,high,low,close,volume\n{}\n", rows.join("\n"));
            fs::write(folder.path().join(format!("{symbol}.csv")), text).unwrap();
        }
        let rows: Vec<String> = self
            .script
            .iter()
            .map(|(time, action, id, symbol, side, qty, kind)| {
                let (kind, limit) = kind.split_once(' ').unwrap_or((kind, ""));
                format!("{time},{action},{id},{symbol},{side},{qty},{kind},{limit},,,,,,,")
            })
            .collect();
        let head = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,\
                    time_in_force,order_class,take_profit,stop_loss";
        fs::write(folder.path().join("orders.csv"), format!("{head}\n{}\n", rows.join("\n"))).unwrap();
        fs::write(folder.path().join("case.toml"), self.scenario()).unwrap();
        let set: Vec<String> = self.set.iter().map(|set| format!("risk.{set}")).collect();
        see(&folder.path().join("case.toml"), &set)
    }

    fn scenario(&self) -> String {
        let symbols: Vec<String> = self.bars.iter().map(|(symbol, _)| format!("\"{symbol}\"")).collect();
        format!(
            "[scenario]\nname = \"case\"\n[data]\ntimeframe = \"1d\"\npath = \"{{symbol}}.csv\"\nsymbols = [{}]\n\
             [account]\ncash = \"100000\"\n[strategy]\nname = \"order_script\"\nparams = {{ file = \"orders.csv\" }}\n\
             [sizing]\nkind = \"fixed_shares\"\nvalue = 1\n[execution]\nparticipation = \"1\"\n\
             [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"4\"\nmax_portfolio_heat = \"10\"\n\
             max_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\nmax_open_positions = 100\n\
             max_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\nprice_collar = \"1\"\n\
             on_daily_loss = \"halt\"\non_breach = \"reject\"\n",
            symbols.join(", ")
        )
    }
}

fn see(scenario: &Path, set: &[String]) -> Seen {
    let loaded = load(scenario, set).unwrap();
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    let efficacy = efficacy(&loaded, &market, &journal, &rows);
    let out = tempfile::tempdir().unwrap();
    write_folder(out.path(), &loaded, &market, &journal, &rows, &trips, &metrics).unwrap();
    write_limits(out.path(), &efficacy, loaded.spec.data.timeframe).unwrap();
    let read = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
    let lines = vec![Vec::new(); market.bars.len()];
    let model: ReportModel<'_> = gather(Finished {
        loaded: &loaded,
        market: &market,
        journal: &journal,
        rows: &rows,
        trips: &trips,
        metrics: &metrics,
        lines: &lines,
        efficacy: &efficacy,
    });
    Seen {
        notes: notes(&model, Numbers::PLAIN).into_iter().map(|note| note.text).collect(),
        page: html::render(&model),
        limits: serde_json::from_str(&read("limits.json")).unwrap(),
        metrics: serde_json::from_str(&read("metrics.json")).unwrap(),
        orders: read("orders.csv"),
        forced: model.trades.iter().map(|trade| trade.forced).collect(),
        efficacy,
    }
}

impl Seen {
    fn of(&self, kind: LimitKind) -> &LimitUse {
        self.efficacy.limits.iter().find(|limit| limit.kind == kind).unwrap()
    }

    fn words(&self, kind: LimitKind) -> String {
        limits::in_words(self.of(kind), &self.efficacy, Numbers::PLAIN)
    }

    fn most(&self, kind: LimitKind) -> Option<(f64, String)> {
        self.of(kind).most.map(|most| (most.amount, most.time.utc_date().to_string()))
    }
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

/// 900 shares at 100; the next open is 96.
const GAP: [Day; 5] = [
    ("2024-01-03", [100.0, 100.0, 100.0, 100.0]),
    ("2024-01-04", [100.0, 100.0, 100.0, 100.0]),
    ("2024-01-05", [96.0, 97.0, 95.0, 95.0]),
    ("2024-01-08", [94.0, 94.0, 94.0, 94.0]),
    ("2024-01-09", [94.0, 94.0, 94.0, 94.0]),
];
const BUY: Order = ("2024-01-03", "submit", "E1", "AAA", "buy", "900", "market");
/// Asked for at the close that has lost 4.5 %, and a session later.
const MORE: [Order; 2] = [
    ("2024-01-05", "submit", "E2", "AAA", "buy", "10", "market"),
    ("2024-01-08", "submit", "E3", "AAA", "buy", "10", "market"),
];

#[test]
fn a_gap_over_the_daily_loss_is_said_with_its_size() {
    let seen = Case { bars: &[("AAA", &GAP)], script: &[BUY, MORE[0], MORE[1]], set: &["max_daily_loss=0.02"] }.play();
    // Close of 5 Jan: 900 × 5 = 4,500 of 100,000. Its open: 900 × 4.
    let [halt] = seen.efficacy.halts[..] else { panic!("{:?}", seen.efficacy.halts) };
    assert!(close(halt.lost().unwrap(), 0.045) && close(halt.beyond().unwrap(), 0.025));
    assert!(close(halt.at_open.unwrap(), 0.036) && halt.jumped());
    assert_eq!((halt.refused, halt.steps, halt.sessions, halt.close_cost), (1, 1, 1, None));
    assert_eq!((seen.efficacy.steps, seen.efficacy.sessions), ((5, 1), (5, 1)));
    let use_ = seen.of(LimitKind::DailyLoss);
    assert_eq!((use_.refused, use_.first, use_.last), (1, Some(halt.from), Some(halt.from)));
    assert_eq!(
        seen.words(LimitKind::DailyLoss),
        "Halted entries once. Lost 4.50% on 5 Jan 2024, 2.50% beyond the limit: the open had jumped over it, to 3.60%. \
         1 entry refused meanwhile."
    );
    assert_eq!(
        seen.notes[..2],
        [
            "The daily loss limit of 2.00% lost 4.50% on 5 Jan 2024, 2.50% beyond the limit: the open had jumped over \
             it, to 3.60%.",
            "Entries were halted once by daily loss, in 1 of 5 sessions; 1 entry refused meanwhile."
        ]
    );
    assert_eq!(seen.metrics["refusals"]["daily_loss"], 1);
    let halt = &seen.limits["halts"][0];
    assert_eq!((halt["from"].as_str(), halt["until"].as_str()), (Some("2024-01-05"), Some("2024-01-08")));
    assert_eq!((halt["lost_dollars"].as_str(), halt["of_dollars"].as_str()), (Some("4500"), Some("100000")));
    assert!(seen.page.contains("The open had jumped over the limit, to 3.60%."));
}

#[test]
fn what_closing_cost_beyond_the_notice_is_counted() {
    let set = ["max_daily_loss=0.02", "on_daily_loss=flatten"];
    let seen = Case { bars: &[("AAA", &GAP)], script: &[BUY], set: &set }.play();
    // Noticed at 95, sold at 94: 900 dollars.
    let [halt] = seen.efficacy.halts[..] else { panic!("{:?}", seen.efficacy.halts) };
    assert_eq!(halt.close_cost.unwrap().to_string(), "900");
    assert_eq!(seen.forced, [Some(Forced::DailyLoss)]);
    assert!(seen.orders.contains("\ndaily_loss.2,filled,"), "{}", seen.orders);
    assert!(seen.words(LimitKind::DailyLoss).ends_with("Closing the positions cost another $900.00."));
    assert!(!seen.notes.iter().any(|note| note.contains("margin call")), "{:?}", seen.notes);
}

#[test]
fn a_loss_inside_the_bar_is_no_jump() {
    let mut bars = GAP;
    bars[2].1 = [99.0, 99.0, 95.0, 95.0];
    let seen = Case { bars: &[("AAA", &bars)], script: &[BUY], set: &["max_daily_loss=0.02"] }.play();
    assert!(!seen.efficacy.halts[0].jumped());
    assert!(
        seen.notes[0].ends_with("prices passed it inside the bar, whose close is the first look."),
        "{:?}",
        seen.notes
    );
    // Exactly at the limit: nothing beyond it, and no note of it.
    bars[2].1 = [100.0, 100.0, 98.0, 98.0];
    bars[3].1 = [98.0; 4];
    bars[4].1 = [98.0; 4];
    let script = [("2024-01-03", "submit", "E1", "AAA", "buy", "1000", "market")];
    let seen = Case { bars: &[("AAA", &bars)], script: &script, set: &["max_daily_loss=0.02"] }.play();
    assert_eq!(seen.efficacy.halts[0].beyond(), Some(0.0));
    assert!(seen.notes[0].starts_with("Entries were halted once by daily loss"), "{:?}", seen.notes);
    assert_eq!(
        seen.words(LimitKind::DailyLoss),
        "Halted entries once. Lost 2.00% on 5 Jan 2024, no more than the limit."
    );
}

#[test]
fn a_drawdown_stands_until_a_resume_and_then_counts_anew() {
    let script = [BUY, MORE[1], ("2024-01-08", "resume", "", "", "", "", "")];
    let seen = Case { bars: &[("AAA", &GAP)], script: &script, set: &["max_drawdown=0.04"] }.play();
    // 4.5 % at the close of 5 Jan; 5.4 % on the 8th, whose orders are refused before its resume.
    let [halt] = seen.efficacy.halts[..] else { panic!("{:?}", seen.efficacy.halts) };
    assert_eq!((halt.until.unwrap().utc_date().to_string(), halt.steps, halt.refused), ("2024-01-08".to_owned(), 1, 1));
    let (most, on) = seen.most(LimitKind::Drawdown).unwrap();
    assert!(close(most, 0.054) && on == "2024-01-08");
    assert!(seen.words(LimitKind::Drawdown).contains(" It went on to 5.40% by 8 Jan 2024."));
    assert_eq!(seen.efficacy.sessions, (5, 1));
    let stands = Case { bars: &[("AAA", &GAP)], script: &[BUY], set: &["max_drawdown=0.04"] }.play();
    assert_eq!((stands.efficacy.halts[0].until, stands.efficacy.sessions), (None, (5, 3)));
    assert!(stands.page.contains("It stood at the end: a resume with a reason lifts it."));
}

#[test]
fn each_limit_says_what_was_used_of_it_and_what_it_refused() {
    let flat = |price: f64| [price; 4];
    let days = ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"];
    let aaa: Vec<Day> = days.iter().zip([100.0, 100.0, 110.0, 100.0]).map(|(d, p)| (*d, flat(p))).collect();
    let bbb: Vec<Day> = days.iter().map(|day| (*day, flat(50.0))).collect();
    let script = [
        // 20,000 and 10,000 dollars; a limit 5 % below the price; 300 × 100 is 30 % of equity.
        ("2024-01-03", "submit", "A1", "AAA", "buy", "200", "market"),
        ("2024-01-03", "submit", "B1", "BBB", "buy", "200", "limit 52.5"),
        ("2024-01-03", "submit", "A2", "AAA", "buy", "100", "market"),
        ("2024-01-04", "submit", "B2", "BBB", "buy", "100", "limit 44"),
    ];
    let set = ["max_position_size=0.25", "price_collar=0.1"];
    let seen = Case { bars: &[("AAA", &aaa), ("BBB", &bbb)], script: &script, set: &set }.play();
    // On 5 Jan: equity 102,000, AAA 22,000, BBB 10,000; unknown correlation counts as one group; no stop.
    for (kind, part) in [
        (LimitKind::PositionSize, 22.0),
        (LimitKind::GrossExposure, 32.0),
        (LimitKind::CorrelatedExposure, 32.0),
        (LimitKind::PortfolioHeat, 32.0),
    ] {
        let (most, on) = seen.most(kind).unwrap();
        assert!(close(most, part / 102.0) && on == "2024-01-05", "{kind:?} {most} {on}");
    }
    assert_eq!(seen.most(LimitKind::OpenPositions), Some((2.0, "2024-01-04".to_owned())));
    assert_eq!(seen.most(LimitKind::OrdersPerMinute), Some((2.0, "2024-01-03".to_owned())));
    assert_eq!(seen.most(LimitKind::OrderNotional), Some((20_000.0, "2024-01-03".to_owned())));
    assert_eq!(seen.most(LimitKind::PriceCollar), Some((0.05, "2024-01-03".to_owned())));
    // From 102,000 down to 100,000.
    assert!(close(seen.most(LimitKind::DailyLoss).unwrap().0, 2.0 / 102.0));
    assert_eq!(seen.words(LimitKind::PositionSize), "1 entry refused; it would have come to 30.00%. On 3 Jan 2024.");
    assert_eq!(seen.words(LimitKind::PriceCollar), "1 entry refused; it would have come to 12.00%. On 4 Jan 2024.");
    assert_eq!(seen.words(LimitKind::GrossExposure), "Never above 31.37% of 1,000.00%: it did not matter in this run.");
    assert_eq!(seen.words(LimitKind::Drawdown), "Never above 1.96% of 100.00%: it did not matter in this run.");
    assert!(close(seen.limits["limits"][4]["largest_refused"]["value"].as_f64().unwrap(), 0.3));
}

#[test]
fn prices_carry_a_position_past_its_limit_and_a_trim_is_a_bite() {
    let flat = |price: f64| [price; 4];
    let bars = [("2024-01-03", flat(100.0)), ("2024-01-04", flat(100.0)), ("2024-01-05", flat(200.0))];
    let script = [("2024-01-03", "submit", "A1", "AAA", "buy", "400", "market")];
    let set = ["max_position_size=0.25", "on_breach=trim"];
    let seen = Case { bars: &[("AAA", &bars)], script: &script, set: &set }.play();
    let size = seen.of(LimitKind::PositionSize);
    assert_eq!((size.refused, size.trimmed, size.largest.map(|largest| largest.amount)), (0, 1, Some(0.4)));
    // 250 × 200 of 125,000.
    assert_eq!(
        seen.words(LimitKind::PositionSize),
        "1 entry made smaller; it would have come to 40.00%. On 3 Jan 2024. What was held came to 40.00% on 5 Jan 2024: \
         the limit holds entries, not what prices make of them."
    );
}

#[test]
fn what_nothing_measured_is_never_zero() {
    let seen = Case { bars: &[("AAA", &GAP)], script: &[BUY], set: &[] }.play();
    for kind in [LimitKind::CorrelatedExposure, LimitKind::PriceCollar] {
        assert_eq!(seen.of(kind).most, None);
        assert_eq!(limits::used(seen.of(kind)), None);
    }
    assert!(seen.limits["limits"][5]["most_used"].is_null());
    assert!(seen.page.contains("none of them refused an entry or halted"));
    assert_eq!(seen.words(LimitKind::PriceCollar), "No entry with a limit price was approved.");
}

#[test]
fn the_venue_is_counted_beside_the_gate() {
    // Alpaca takes no sell short of a share it does not lend; a limit beyond two decimals is the venue's to refuse.
    let script = [("2024-01-03", "submit", "E1", "AAA", "buy", "1", "limit 100.001")];
    let seen = Case { bars: &[("AAA", &GAP)], script: &script, set: &[] }.play();
    assert_eq!(seen.metrics["refusals"], serde_json::json!({}));
    let rejections = seen.metrics["rejections"].as_object().unwrap();
    assert_eq!(rejections.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 1, "{rejections:?}");
}
