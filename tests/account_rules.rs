//! What the account itself may do, by date: bars written by hand, each case derives its numbers in a comment.
//!
//! A bar is `time open high low close`, ten million shares; a row of a script is `time action id …`.
#![allow(clippy::unwrap_used)]
mod micro;

use alphaflow::domain::{
    ExitLegs, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Side, SymbolIndex,
    TimeInForce,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::report::gather::{Finished, gather};
use alphaflow::risk::{CashCheck, Gate, Limits, Margin};
use alphaflow::scenario::{account_rows, compute_metrics, efficacy, load, load_market, round_trips, run};
use micro::{Micro, Outcome, run_micro};

fn bars(rows: &[&str]) -> String {
    let row = |text: &&str| format!("{},10000000", text.split_whitespace().collect::<Vec<_>>().join(","));
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// `2024-01-02 submit S1 AAA sell 50 stop stop_price=57` as a row of the file.
fn row(text: &str) -> String {
    let names: Vec<&str> = micro::HEADER.split(',').collect();
    let mut fields = vec![""; names.len()];
    let mut place = |name: &str, value| fields[names.iter().position(|known| *known == name).unwrap()] = value;
    let (named, plain): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.contains('='));
    for (name, value) in ["time", "action", "id", "symbol", "side", "qty", "type"].into_iter().zip(plain) {
        place(name, value);
    }
    for word in named {
        let (name, value) = word.split_once('=').unwrap();
        place(name, value);
    }
    fields.join(",")
}

#[derive(Default)]
struct Case<'a> {
    bars: &'a [(&'a str, &'a [&'a str])],
    script: &'a [&'a str],
    set: &'a [&'a str],
    actions: &'a str,
    timeframe: &'a str,
}

impl Case<'_> {
    fn play(&self) -> Outcome {
        self.try_play().unwrap()
    }

    fn try_play(&self) -> Result<Outcome, String> {
        let bars: Vec<(&str, String)> = self.bars.iter().map(|(symbol, rows)| (*symbol, bars(rows))).collect();
        let script = self.script.iter().map(|text| row(text)).collect::<Vec<_>>().join("\n");
        let set = self.set.iter().map(ToString::to_string).collect();
        let (actions, timeframe) = (self.actions, self.timeframe);
        run_micro(&Micro { bars: &bars, script, actions, timeframe, set, ..Micro::default() })
    }
}

const CASH_ACCOUNT: [&str; 2] = ["account.allow_short=false", "account.settlement=dated"];

/// Buys with everything, sells, and asks for ten shares at every close from then on: the first that passes says
/// when the sale settled. `days`: the fill of the buy is on the second, that of the sale on the third.
fn first_purchase(days: &[&str], cash_check: &str) -> (Vec<String>, Vec<String>) {
    let rows: Vec<String> = days.iter().map(|day| format!("{day} 100 100 100 100")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut script = vec![format!("{} submit E1 AAA buy 1000 market time_in_force=day", days[0])];
    script.push(format!("{} submit X1 AAA sell 1000 market time_in_force=day", days[1]));
    let from = if cash_check == "fill" { 1 } else { 2 };
    for day in &days[from..days.len() - 1] {
        script.push(format!("{day} submit B{} AAA buy 10 market time_in_force=day", &day[5..]));
    }
    let script: Vec<&str> = script.iter().map(String::as_str).collect();
    let check = format!("account.cash_check={cash_check}");
    // A sale and a purchase of one share at one open are a wash trade to Alpaca.
    let set = [&CASH_ACCOUNT[..], &[&check, "risk.max_position_size=4", "execution.venue_rules=none"]].concat();
    let outcome = Case { bars: &[("AAA", &rows)], script: &script, set: &set, ..Case::default() }.play();
    let refused = if cash_check == "fill" { outcome.orders.clone() } else { outcome.refusals.clone() };
    let refused = refused.into_iter().filter(|text| text.starts_with('B') && !text.ends_with("filled")).collect();
    (outcome.fills.into_iter().filter(|fill| fill.starts_with('B')).collect(), refused)
}

#[test]
fn a_sale_is_spent_when_it_settles() {
    for (days, refused, filled) in [
        (
            // Sold on Friday 2017-09-01, three sessions: Thursday 09-07, over Labor Day.
            &["2017-08-30", "2017-08-31", "2017-09-01", "2017-09-05", "2017-09-06", "2017-09-07", "2017-09-08"],
            &["B09-01", "B09-05", "B09-06"][..],
            "B09-07 2017-09-08 buy 10 @ 100",
        ),
        (
            // Sold on Tuesday 2017-09-05, the first trade date of two sessions: Thursday 09-07 as well.
            &["2017-08-31", "2017-09-01", "2017-09-05", "2017-09-06", "2017-09-07", "2017-09-08", "2017-09-11"],
            &["B09-05", "B09-06"],
            "B09-07 2017-09-08 buy 10 @ 100",
        ),
        (
            // Sold on Friday 2024-05-24, two sessions over Memorial Day: Wednesday 05-29.
            &["2024-05-22", "2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30", "2024-05-31"],
            &["B05-24", "B05-28"],
            "B05-29 2024-05-30 buy 10 @ 100",
        ),
        (
            // Sold on Tuesday 2024-05-28, the first trade date of one session: Wednesday 05-29 as well.
            &["2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30", "2024-05-31", "2024-06-03"],
            &["B05-28"],
            "B05-29 2024-05-30 buy 10 @ 100",
        ),
    ] {
        let (fills, refusals) = first_purchase(days, "approval");
        let wanted: Vec<String> = refused.iter().map(|id| format!("{id} buying_power 1000 0")).collect();
        assert_eq!((fills[0].as_str(), refusals), (filled, wanted), "{days:?}");
    }
}

#[test]
fn at_the_fill_the_venue_counts_settled_cash_too() {
    let days = ["2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30"];
    let (fills, rejected) = first_purchase(&days, "fill");
    // B05-24 is due at the open of the sale itself and finds nothing settled; B05-28 is due a session later.
    assert_eq!(fills, ["B05-28 2024-05-29 buy 10 @ 100", "B05-29 2024-05-30 buy 10 @ 100"]);
    assert_eq!(rejected, ["B05-24 rejected (insufficient buying power)"]);
}

#[test]
fn the_most_that_is_bought_is_what_has_settled() {
    // Half of 100,000 buys 500; the sale of them on 05-24 settles on 05-29. On 05-28 the other half buys 500.
    let days = ["2024-05-22", "2024-05-23", "2024-05-24", "2024-05-28"];
    let rows: Vec<String> = days.iter().map(|day| format!("{day} 100 100 100 100")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let script = [
        "2024-05-22 submit E1 AAA buy 500 market time_in_force=day",
        "2024-05-23 submit X1 AAA sell 500 market time_in_force=day",
        "2024-05-24 submit E2 AAA buy max market time_in_force=day",
    ];
    let outcome = Case { bars: &[("AAA", &rows)], script: &script, set: &CASH_ACCOUNT, ..Case::default() }.play();
    assert_eq!(outcome.fills[2], "E2 2024-05-28 buy 500 @ 100");
    // Total cash is what equity.csv shows: 100,000 − 50,000, + 50,000, − 50,000.
    assert_eq!(outcome.cash_rows, ["100000", "50000", "100000", "50000"]);
}

#[test]
fn a_share_of_the_cash_is_one_of_what_has_settled() {
    // 40,000 of 100,000 have not settled: half of the rest is 30,000.
    let mut portfolio = Portfolio::with_cash("100000".parse().unwrap(), 1);
    let (symbol, now) = (SymbolIndex(0), "2024-05-28".parse().unwrap());
    portfolio.mark(symbol, "100".parse().unwrap());
    portfolio.hold_back("2024-05-29".parse().unwrap(), "40000".parse().unwrap());
    let margin = Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval };
    let limits = Limits { position_size_max: "1".parse().unwrap(), ..Limits::WIDE };
    let half = OrderSize::CashFraction { fraction: "0.5".parse().unwrap(), most: Money::ZERO };
    let reserved = |portfolio: &Portfolio| {
        let mut gate = Gate::new(limits, margin, 1, portfolio.equity());
        let request = OrderRequest {
            symbol,
            side: Side::Buy,
            size: half,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            class: OrderClass::Simple,
            purpose: OrderPurpose::Entry,
            legs: ExitLegs::NONE,
            extended_hours: false,
        };
        let approved = gate.review(OrderId(1), &request, || Money::ZERO, portfolio, now).unwrap();
        assert!(!approved.reduces());
        gate.reserved().to_string()
    };
    assert_eq!(reserved(&portfolio), "30000");
    portfolio.settle("2024-05-29".parse().unwrap());
    assert_eq!(reserved(&portfolio), "50000");
}

#[test]
fn dated_settlement_is_for_cash_accounts() {
    for set in [
        &["account.settlement=dated"][..],
        &["account.settlement=dated", "account.allow_short=false", "account.leverage=2"],
    ] {
        let refused = Case { bars: &[("AAA", &["2024-01-02 1 1 1 1"])], set, ..Case::default() }.try_play();
        assert!(refused.unwrap_err().contains("is for cash accounts: leverage = 1 and allow_short = false"));
    }
}

#[test]
fn interest_is_paid_for_every_night() {
    let days = [
        "2024-01-03 100 100 100 100",
        "2024-01-04 100 100 100 100",
        "2024-01-05 100 100 100 100",
        "2024-01-08 100 100 100 100",
        "2024-01-09 100 100 100 100",
    ];
    let script = [
        "2024-01-03 submit E1 AAA buy 150 market time_in_force=day",
        "2024-01-08 submit X1 AAA sell 150 market time_in_force=day",
    ];
    let set = ["account.cash=10000", "account.leverage=2", "account.margin_rate=0.072", "risk.max_position_size=4"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    // A debit of 5,000 at 7.2 % costs a dollar a night: one to Friday, then on 5,001 three to Monday, one to
    // Tuesday, before the exit of its open. 5,001 × 0.072 ÷ 360 × 3 = 3.0006; (5,004.0006) × 0.0002 = 1.00080012.
    assert_eq!(outcome.cash_rows, ["10000", "-5000", "-5001", "-5004.0006", "9994.99859988"]);
    assert_eq!(outcome.pnl, ["-5.00140012"]);
    assert!((outcome.metrics["margin_interest"].as_f64().unwrap() - 5.00140012).abs() < 1e-12);
}

#[test]
fn a_lender_is_paid_for_every_night() {
    let days = ["2024-01-03 50 50 50 50", "2024-01-04 50 50 50 50", "2024-01-05 50 60 50 60", "2024-01-08 60 60 60 60"];
    let script = ["2024-01-03 submit E1 AAA sell 100 market time_in_force=day"];
    let set = ["account.borrow_rate=0.36"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    // 5,000 × 0.001 a night to Friday; then 6,000 at Friday's close, three nights. Interest: none, no debit.
    assert_eq!(outcome.cash_rows, ["100000", "105000", "104995", "104977"]);
    assert_eq!(
        (outcome.metrics["borrow_fees"].as_f64(), outcome.metrics["margin_interest"].as_f64()),
        (Some(23.0), Some(0.0))
    );
    assert_eq!(outcome.pnl, ["-1023"]);
}

#[test]
fn what_shorts_brought_is_no_cash_to_lend() {
    // 130/30: bought for 13,000, sold short for 3,000, cash 0. The lender holds the 3,000: the debit is 3,000,
    // 10,000 × 0.072 ÷ 360 = 2, so 0.60 a night; the lender of the shares takes 3,000 × 0.036 ÷ 360 = 0.30.
    let flat = ["2024-01-03 100 100 100 100", "2024-01-04 100 100 100 100", "2024-01-05 100 100 100 100"];
    let script = [
        "2024-01-03 submit L1 AAA buy 130 market time_in_force=day",
        "2024-01-03 submit S1 BBB sell 30 market time_in_force=day",
    ];
    let set = [
        "account.cash=10000",
        "account.leverage=2",
        "account.margin_rate=0.072",
        "account.borrow_rate=0.036",
        "risk.max_position_size=4",
    ];
    let outcome =
        Case { bars: &[("AAA", &flat), ("BBB", &flat)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.cash_rows, ["10000", "0", "-0.9"]);
    // Interest is part of what it paid for, the fee of what was lent.
    assert_eq!(outcome.pnl, ["-0.6", "-0.3"]);
}

#[test]
fn a_short_owes_its_dividend_also_on_the_day_of_a_split() {
    // A dollar on each of 100 old shares, then two for one: 200 shares at 29.5.
    let days = [
        "2024-01-03 60 60 60 60",
        "2024-01-04 60 60 60 60",
        "2024-01-05 29.5 29.5 29.5 29.5",
        "2024-01-08 29.5 29.5 29.5 29.5",
    ];
    let script = [
        "2024-01-03 submit E1 AAA sell 100 market time_in_force=day",
        "2024-01-05 submit X1 AAA buy 200 market time_in_force=day",
    ];
    let actions = "AAA,2024-01-05,split,2\nAAA,2024-01-05,dividend,1";
    let outcome = Case { bars: &[("AAA", &days)], script: &script, actions, ..Case::default() }.play();
    assert_eq!(outcome.cash_rows, ["100000", "106000", "105900", "100000"]);
    assert_eq!((outcome.metrics["dividends"].as_f64(), outcome.pnl), (Some(-100.0), vec!["0".to_owned()]));
}

/// Half-hour bars of a session of January 2024 from its open on, at one price a bar: `open=close` unless `a>b`.
fn half_hours(day: &str, moves: &[&str]) -> Vec<String> {
    let bar = |(at, text): (usize, &&str)| {
        let (open, close) = text.split_once('>').unwrap_or((text, text));
        let (low, high) =
            if open.parse::<f64>().unwrap() < close.parse().unwrap() { (open, close) } else { (close, open) };
        let minutes = 14 * 60 + 30 + 30 * at;
        format!("{day}T{:02}:{:02}:00Z {open} {high} {low} {close}", minutes / 60, minutes % 60)
    };
    moves.iter().enumerate().map(bar).collect()
}

fn texts(rows: &[String]) -> Vec<&str> {
    rows.iter().map(String::as_str).collect()
}

const INTRADAY: [&str; 2] = ["account.leverage=4", "risk.max_position_size=4"];

#[test]
fn a_crash_at_four_times_is_sold_at_the_next_open() {
    // 3,500 at 100: a quarter of 350,000 is 87,500. At 95 equity is 82,500, a quarter of 332,500 is 83,125.
    let rows = half_hours("2024-01-03", &["100", "100", "100>96", "96>95", "94>93", "93"]);
    let script = [
        "2024-01-03T14:30:00Z submit E1 AAA buy 3500 market time_in_force=day",
        "2024-01-03T15:00:00Z submit S1 AAA sell 3500 stop stop_price=80 time_in_force=gtc",
        "2024-01-03T15:30:00Z submit B1 BBB buy 10 limit limit_price=50 time_in_force=gtc",
    ];
    let other = half_hours("2024-01-03", &["100", "100", "100", "100", "100", "100"]);
    let bars = [("AAA", &texts(&rows)[..]), ("BBB", &texts(&other)[..])];
    let outcome = Case { bars: &bars, script: &script, set: &INTRADAY, timeframe: "30m", ..Case::default() }.play();
    assert_eq!(outcome.fills[1..].to_vec(), ["margin_call.4 2024-01-03T16:30:00Z sell 3500 @ 94"]);
    assert_eq!(outcome.exits, ["risk_halt"]);
    assert_eq!(outcome.metrics["margin_calls"], 1);
    assert_eq!(outcome.cash, "79000");
    assert!(outcome.orders.contains(&"S1 canceled".to_owned()) && outcome.orders.contains(&"B1 canceled".to_owned()));
}

#[test]
fn no_more_than_twice_is_held_over_a_close() {
    // 300,000 on equity of 100,000 within the session; at its close the whole position is called.
    let rows = [half_hours("2024-01-03", &["100"; 13]), half_hours("2024-01-04", &["100", "100"])].concat();
    let script = ["2024-01-03T14:30:00Z submit E1 AAA buy 3000 market time_in_force=day"];
    let bars = [("AAA", &texts(&rows)[..])];
    let outcome = Case { bars: &bars, script: &script, set: &INTRADAY, timeframe: "30m", ..Case::default() }.play();
    assert_eq!(outcome.fills[1], "margin_call.2 2024-01-04T14:30:00Z sell 3000 @ 100");
    // Twice is kept.
    let script = ["2024-01-03T14:30:00Z submit E1 AAA buy 2000 market time_in_force=day"];
    let outcome = Case { bars: &bars, script: &script, set: &INTRADAY, timeframe: "30m", ..Case::default() }.play();
    assert_eq!((outcome.fills.len(), outcome.metrics["margin_calls"].as_u64()), (1, Some(0)));
    // A session whose last bar is missing is looked at when the next has its first.
    let rows = [half_hours("2024-01-03", &["100"; 12]), half_hours("2024-01-04", &["100", "100"])].concat();
    let script = ["2024-01-03T14:30:00Z submit E1 AAA buy 3000 market time_in_force=day"];
    let bars = [("AAA", &texts(&rows)[..])];
    let outcome = Case { bars: &bars, script: &script, set: &INTRADAY, timeframe: "30m", ..Case::default() }.play();
    assert_eq!(outcome.fills[1], "margin_call.2 2024-01-04T15:00:00Z sell 3000 @ 100");
}

#[test]
fn four_times_needs_the_equity_of_its_date() {
    // Summer time: sessions open at 13:30 UTC.
    let bar = |day: &str, at: &str| format!("2026-06-{day}T{at}:00Z 100 100 100 100");
    let rows: Vec<String> =
        ["03", "04"].iter().flat_map(|day| ["13:30", "14:00", "14:30"].map(|at| bar(day, at))).collect();
    let script = [
        "2026-06-03T13:30:00Z submit E1 AAA buy 600 market time_in_force=day",
        "2026-06-04T13:30:00Z submit E2 AAA buy 600 market time_in_force=day",
    ];
    let set = [&INTRADAY[..], &["account.cash=20000"]].concat();
    let bars = [("AAA", &texts(&rows)[..])];
    let outcome = Case { bars: &bars, script: &script, set: &set, timeframe: "30m", ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["E1 buying_power 60000 40000"]);
    assert_eq!(outcome.fills, ["E2 2026-06-04T14:00:00Z buy 600 @ 100"]);
    // On daily bars four is two, whatever the equity.
    let days = ["2026-06-04 100 100 100 100", "2026-06-05 100 100 100 100"];
    let script = ["2026-06-04 submit E1 AAA buy 2001 market time_in_force=day"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &INTRADAY, ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["E1 buying_power 200100 200000"]);
}

#[test]
fn a_squeezed_short_is_bought_back() {
    // Sold at 60, cash 160,000. At 120 equity is 40,000 and 30 % of 120,000 is 36,000; at 125 it is 35,000
    // against 37,500.
    let days = [
        "2024-01-03 60 60 60 60",
        "2024-01-04 60 60 60 60",
        "2024-01-05 60 120 60 120",
        "2024-01-08 120 125 120 125",
        "2024-01-09 130 130 130 130",
    ];
    let script = ["2024-01-03 submit E1 AAA sell 1000 market time_in_force=day", "2024-01-08 halt"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, ..Case::default() }.play();
    assert_eq!(outcome.fills, ["E1 2024-01-04 sell 1000 @ 60", "margin_call.2 2024-01-09 buy 1000 @ 130"]);
    assert_eq!((outcome.exits, outcome.cash), (vec!["risk_halt".to_owned()], "30000".to_owned()));
    // Without a venue's rules nobody calls.
    let free = ["execution.venue_rules=none"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &free, ..Case::default() }.play();
    assert_eq!((outcome.fills.len(), outcome.metrics["margin_calls"].as_u64()), (1, Some(0)));
}

#[test]
fn an_exit_that_fills_in_parts_is_not_called_again() {
    // 0.0002 of ten million shares is 2,000 a bar, for the entry and for the exit. At 94 equity is 79,000, a
    // quarter of 329,000 is 82,250.
    let rows = half_hours("2024-01-03", &["100", "100", "100>94", "94>93", "93"]);
    let script = ["2024-01-03T14:30:00Z submit E1 AAA buy 3500 market time_in_force=day"];
    let bars = [("AAA", &texts(&rows)[..])];
    let set = [&INTRADAY[..], &["execution.participation=0.0002"]].concat();
    let outcome = Case { bars: &bars, script: &script, set: &set, timeframe: "30m", ..Case::default() }.play();
    let wanted = [
        "E1 2024-01-03T15:00:00Z buy 2000 @ 100",
        "E1 2024-01-03T15:30:00Z buy 1500 @ 100",
        "margin_call.2 2024-01-03T16:00:00Z sell 2000 @ 94",
        "margin_call.2 2024-01-03T16:30:00Z sell 1500 @ 93",
    ];
    assert_eq!(outcome.fills, wanted);
    assert_eq!(outcome.metrics["margin_calls"], 1);
}

#[test]
fn the_largest_requirement_leaves_first_and_alone_if_that_is_enough() {
    // Bought 120,000 of A and 70,000 of B with 100,000. At A 50 and B 90: equity 33,000; 30 % of 123,000 is
    // 36,900, of B alone 18,900.
    let a = [
        "2024-01-03 100 100 100 100",
        "2024-01-04 100 100 100 100",
        "2024-01-05 60 60 50 50",
        "2024-01-08 50 50 50 50",
    ];
    let b = [
        "2024-01-03 100 100 100 100",
        "2024-01-04 100 100 100 100",
        "2024-01-05 100 100 90 90",
        "2024-01-08 90 90 90 90",
    ];
    let script = [
        "2024-01-03 submit A1 AAA buy 1200 market time_in_force=day",
        "2024-01-03 submit B1 BBB buy 700 market time_in_force=day",
    ];
    let set = ["account.leverage=2", "risk.max_position_size=4"];
    let outcome = Case { bars: &[("AAA", &a), ("BBB", &b)], script: &script, set: &set, ..Case::default() }.play();
    // 1,200 × 50 = 60,000 needs 18,000, 700 × 90 = 63,000 needs 18,900: B is the larger, and A alone is kept.
    assert_eq!(outcome.fills[2..].to_vec(), ["margin_call.3 2024-01-08 sell 700 @ 90"]);
    assert_eq!(outcome.metrics["margin_calls"], 1);
    // An exit that is on its way counts as gone: the script sells A at the same close as the fall.
    let script = [&script[..], &["2024-01-04 submit X1 AAA sell 1200 market time_in_force=cls"]].concat();
    let outcome = Case { bars: &[("AAA", &a), ("BBB", &b)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.metrics["margin_calls"], 0, "{outcome:#?}");
}

#[test]
fn a_small_margin_account_neither_borrows_nor_sells_short() {
    let days = ["2024-01-03 10 10 10 10", "2024-01-04 10 10 10 10"];
    let script = [
        "2024-01-03 submit L1 AAA buy 151 market time_in_force=day",
        "2024-01-03 submit S1 AAA sell 10 market time_in_force=day",
    ];
    let set = ["account.leverage=2", "account.cash=1500", "risk.max_position_size=4"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["L1 buying_power 1510 1500", "S1 margin_equity 2000 1500"]);
}

#[test]
fn what_could_not_be_kept_is_not_opened() {
    // A share below $2.50 sold short needs $2.50: 1,000 of them 2,500.
    let days = ["2024-01-03 2 2 2 2", "2024-01-04 2 2 2 2"];
    let script = ["2024-01-03 submit S1 AAA sell 1000 market time_in_force=day"];
    let set = ["account.cash=2400"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["S1 maintenance_margin 2500 2400"]);
}

#[test]
fn a_fourth_day_trade_is_refused_until_the_rule_went() {
    // Each entry at 100 leaves by its stop at 95 on the same bar: 50 dollars, three times.
    let days: Vec<String> = ["05-28", "05-29", "06-01", "06-02", "06-03", "06-04", "06-05"]
        .iter()
        .map(|day| format!("2026-{day} 100 101 94 100"))
        .collect();
    let enter = |day: &str, id: &str| {
        format!("2026-{day} submit {id} AAA buy 10 market time_in_force=day order_class=oto stop_loss=95")
    };
    let mut script = vec![enter("05-28", "E1"), enter("05-29", "E2"), enter("06-01", "E3")];
    script.extend([enter("06-02", "E4"), enter("06-03", "E5")]);
    let set = ["account.leverage=2", "account.cash=20000"];
    let bars = [("AAA", &texts(&days)[..])];
    let outcome = Case { bars: &bars, script: &texts(&script), set: &set, ..Case::default() }.play();
    // The order of 06-02 would trade on 06-03, the last day of the rule; that of 06-03 trades after it.
    assert_eq!(outcome.refusals, ["E4 pattern_day_trader 25000 19850"]);
    assert_eq!(outcome.fills.iter().filter(|fill| fill.contains("buy")).count(), 4);
    // With the equity there is no limit, and a cash account has none either.
    for set in [["account.leverage=2", "account.cash=30000"], ["account.leverage=1", "account.cash=20000"]] {
        let outcome = Case { bars: &bars, script: &texts(&script), set: &set, ..Case::default() }.play();
        assert_eq!(outcome.refusals, Vec::<String>::new());
    }
}

#[test]
fn day_trades_are_forgotten_after_five_sessions_and_exits_pass() {
    let all = ["01-02", "01-03", "01-04", "01-05", "01-08", "01-09", "01-10", "01-11"];
    let days: Vec<String> = all.iter().map(|day| format!("2024-{day} 100 101 94 100")).collect();
    let enter = |day: &str, id: &str, stop: &str| {
        format!("2024-{day} submit {id} AAA buy 10 market time_in_force=day order_class=oto stop_loss={stop}")
    };
    let mut script = vec!["2024-01-02 submit H1 BBB buy 10 market time_in_force=day".to_owned()];
    script.extend([enter("01-02", "E1", "95"), enter("01-03", "E2", "95"), enter("01-04", "E3", "95")]);
    // Day trades of 01-03, 01-04, 01-05. At the close of 01-08 the order is for 01-09: five sessions from 01-03.
    script.push(enter("01-08", "E4", "90"));
    script.push("2024-01-08 submit X1 BBB sell 10 market time_in_force=day".to_owned());
    // At that of 01-09 it is for 01-10, and 01-03 is the sixth.
    script.push(enter("01-09", "E5", "90"));
    let set = ["account.leverage=2", "account.cash=20000"];
    let bars = [("AAA", &texts(&days)[..]), ("BBB", &texts(&days)[..])];
    let outcome = Case { bars: &bars, script: &texts(&script), set: &set, ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["E4 pattern_day_trader 25000 19850"]);
    assert!(outcome.fills.contains(&"X1 2024-01-09 sell 10 @ 100".to_owned()), "{outcome:#?}");
    assert!(outcome.fills.contains(&"E5 2024-01-10 buy 10 @ 100".to_owned()), "{outcome:#?}");
}

#[test]
fn what_nobody_lends_is_not_sold_short() {
    let days = ["2024-01-03 10 10 10 10", "2024-01-04 10 10 10 10", "2024-01-05 10 10 10 10"];
    let script = [
        "2024-01-03 submit S1 GME sell 10 market time_in_force=day",
        "2024-01-03 submit L1 GME buy 10 market time_in_force=day",
        "2024-01-04 submit X1 GME sell 10 market time_in_force=day",
    ];
    let set = ["account.hard_to_borrow=[\"GME\"]"];
    let outcome = Case { bars: &[("GME", &days)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!((outcome.refusals, outcome.fills.len()), (vec!["S1 hard_to_borrow".to_owned()], 2));
    assert_eq!(outcome.metrics["refusals"]["hard_to_borrow"], 1);
}

#[test]
fn only_whole_shares_are_sold_short() {
    let days = ["2024-01-03 10 10 10 10", "2024-01-04 10 10 10 10"];
    let script = [
        "2024-01-03 submit S1 AAA sell 1.5 market time_in_force=day",
        "2024-01-03 submit S2 AAA sell 2 market time_in_force=day",
    ];
    let set = ["sizing.fractional=true"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.refusals, ["S1 fractional_short 1.5 1"]);
    let set = ["sizing.fractional=true", "execution.venue_rules=none"];
    let outcome = Case { bars: &[("AAA", &days)], script: &script, set: &set, ..Case::default() }.play();
    assert_eq!(outcome.fills.len(), 2);
}

/// The notes that a report would carry.
fn account_notes(days: &[&str], direction: &str) -> [Option<String>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("AAA.csv", &format!("timestamp,open,high,low,close,volume\n{}\n", bars(days)));
    put(
        "orders.csv",
        &format!("{}\n{}\n", micro::HEADER, row(&format!("2024-01-03 submit E1 AAA {direction} 1900 market"))),
    );
    put(
        "notes.toml",
        "[scenario]\nname = \"notes\"\n[data]\ntimeframe = \"1d\"\npath = \"{symbol}.csv\"\nsymbols = [\"AAA\"]\n\
         [account]\ncash = \"100000\"\nleverage = 4\nallow_short = true\n\
         [strategy]\nname = \"order_script\"\nparams = { file = \"orders.csv\" }\n[sizing]\nkind = \"fixed_shares\"\nvalue = 1\n\
         [execution]\nparticipation = \"1\"\n[risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"4\"\n\
         max_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
         max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\nprice_collar = \"1\"\n\
         on_daily_loss = \"halt\"\non_breach = \"reject\"\n",
    );
    let loaded = load(&folder.path().join("notes.toml"), &[]).unwrap();
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    let (loaded, market, journal, rows, trips) = (&loaded, &market, &journal, &rows, &trips);
    let lines = vec![Vec::new()];
    let efficacy = efficacy(loaded, market, journal, rows);
    let (metrics, lines, efficacy) = (&metrics, &lines, &efficacy);
    let run = Finished { loaded, market, journal, rows, trips, metrics, lines, efficacy };
    let model = gather(run);
    [model.forced, model.multiplier_cut]
}

#[test]
fn a_report_says_what_was_forced() {
    let days = [
        "2024-01-03 100 100 100 100",
        "2024-01-04 100 100 100 100",
        "2024-01-05 60 60 60 60",
        "2024-01-08 60 60 60 60",
    ];
    // 190,000 bought with 100,000; at 60 equity is 24,000, 30 % of 114,000 is 34,200.
    let cut = Some("Daily bars are held overnight: leverage 4 is 2 here.".to_owned());
    let forced =
        "1 margin call forced 1 exit; the first, on 5 Jan 2024, found $24,000 of equity where $34,200 was required.";
    assert_eq!(account_notes(&days, "buy"), [Some(forced.to_owned()), cut.clone()]);
    assert_eq!(account_notes(&days, "sell"), [None, cut]);
}
