//! What Alpaca refuses, and how long orders live: orders on bars written by hand, through files.
//!
//! `order_script.rs` holds what fills at which price. A row of a script is `bar action id side qty type
//! name=value …`, bars counted from 0; `-` leaves a field empty.
#![allow(clippy::unwrap_used)]
mod micro;

use std::path::PathBuf;

use alphaflow::domain::TimeInForce;
use alphaflow::scenario::{check_strategy, load, load_market, run};
use alphaflow::strategy::BuiltIn;
use micro::{Micro, Outcome, row, run_micro};

const DAYS: [&str; 5] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"];
const FLAT: &str = "60 61 59 60";
const COLUMNS: &str = ",notional,extended_hours";

/// `open high low close [volume]`, a million shares unless it says so.
fn bars(times: &[&str], bars: &[&str]) -> String {
    let row = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    times.iter().zip(bars).map(row).collect::<Vec<_>>().join("\n")
}

fn over(times: &[&str], timeframe: &str, prices: &[&str], script: &[&str], set: &[&str]) -> Outcome {
    let script = script.iter().map(|text| row(times, COLUMNS, text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    let bars = [("TST", bars(times, prices))];
    run_micro(&Micro { bars: &bars, script, columns: COLUMNS, timeframe, set, ..Micro::default() }).unwrap()
}

fn play(prices: &[&str], script: &[&str], set: &[&str]) -> Outcome {
    over(&DAYS, "1d", prices, script, set)
}

/// What becomes of the last order of the script, whose bars never move.
fn last(script: &[&str], set: &[&str]) -> String {
    play(&[FLAT; 4], script, set).orders.pop().unwrap()
}

#[test]
fn alpaca_refuses_in_its_words() {
    let parts = &["sizing.fractional=true"];
    let none: &[&str] = &[];
    for (script, set, reason) in [
        (
            &["0 submit E1 buy 50 limit limit_price=60.005"][..],
            none,
            "invalid limit_price 60.005. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        (
            &["0 submit E1 buy 50 stop stop_price=61 time_in_force=fok"],
            none,
            "stop orders do not take time in force fok",
        ),
        (
            &["0 submit E1 buy 50 market extended_hours=true"],
            none,
            "extended hours order must be DAY or GTC limit orders",
        ),
        (
            &["0 submit E1 buy 50 limit limit_price=60 extended_hours=true"],
            none,
            "extended hours orders need bars of extended hours: set data.hours = \"extended\"",
        ),
        (
            &["0 submit E1 buy 50 stop stop_price=61 order_class=oto stop_loss=57"],
            none,
            "oto orders must be market or limit orders, not stop",
        ),
        (
            &["0 submit E1 buy 50 market order_class=bracket take_profit=57 stop_loss=63"],
            none,
            "take_profit.limit_price must be > stop_loss.stop_price",
        ),
        (
            &["0 submit E1 sell 50 market order_class=bracket take_profit=63 stop_loss=57"],
            none,
            "take_profit.limit_price must be < stop_loss.stop_price",
        ),
        (
            &["0 submit E1 buy 50 market order_class=oto stop_loss=60"],
            none,
            "stop price must not be greater than base price / 1.001",
        ),
        (
            &["0 submit E1 buy 50 limit limit_price=57 order_class=oto stop_loss=57"],
            none,
            "stop price must not be greater than base price / 1.001",
        ),
        (&["0 submit E1 buy - market notional=500"], none, "fractional orders must be DAY orders"),
        (&["0 submit E1 buy - market notional=0.50 time_in_force=day"], none, "notional must be >= 1.00"),
        (&["0 submit E1 sell - market notional=500 time_in_force=day"], none, "fractional orders cannot be sold short"),
        (&["0 submit E1 buy 1.5 market"], parts, "fractional orders must be DAY orders"),
        (
            &["0 submit E1 buy 1.5 market time_in_force=day order_class=oto stop_loss=57"],
            parts,
            "fractional orders must be simple orders",
        ),
        (
            &["0 submit E1 buy 1.5 trailing_stop trail_price=1 time_in_force=day"],
            parts,
            "fractional orders must be market, limit, stop, or stop_limit orders",
        ),
        // A resting purchase below, and a sale at the market.
        (
            &["0 submit E1 buy 50 market", "1 submit L1 buy 10 limit limit_price=50", "1 submit S1 sell 10 market"],
            none,
            "potential wash trade detected. use complex orders",
        ),
        // A leg that rests, and a plain purchase more.
        (
            &["0 submit E1 buy 50 market order_class=oto stop_loss=57", "2 submit E2 buy 10 market"],
            none,
            "potential wash trade detected. use complex orders",
        ),
        (
            &[
                "0 submit E1 buy 50 market",
                "1 submit L1 sell 10 limit limit_price=70",
                "2 submit E2 buy - limit limit_price=50 notional=500 time_in_force=day",
            ],
            none,
            "unable to open new notional orders while having open closing position orders",
        ),
    ] {
        let outcome = play(&[FLAT; 4], script, set);
        let rejected = outcome.orders.iter().find(|order| order.contains(" rejected ")).cloned();
        assert!(
            rejected.clone().is_some_and(|order| order.ends_with(&format!("({reason})"))),
            "{script:?}: {outcome:#?}"
        );
        let id = rejected.unwrap().split(' ').next().unwrap().to_owned();
        assert!(outcome.fills.iter().all(|fill| !fill.starts_with(&format!("{id} "))), "{script:?}");
    }
}

/// An exit that waits for its price may never fill: a second one for its shares is no entry on the other side.
#[test]
fn two_exits_for_the_same_shares_do_not_turn_the_position_round() {
    let both = [FLAT, FLAT, "60 66 55 61", FLAT];
    let (stop, limit) = ("1 submit S1 sell 50 stop stop_price=57", "1 submit L1 sell 50 limit limit_price=65");
    for (first, second, fill) in [
        (stop, limit, "S1 2024-01-04 sell 50 @ 57"),
        (limit, stop, "L1 2024-01-04 sell 50 @ 65"),
        (limit, "1 submit X1 sell 50 market", "L1 2024-01-04 sell 50 @ 65"),
    ] {
        let outcome = play(&both, &["0 submit E1 buy 50 market", first, second], &[]);
        assert_eq!(outcome.fills, ["E1 2024-01-03 buy 50 @ 60", fill]);
        let words = "(insufficient qty available for order (requested: 50, available: 0))";
        assert!(outcome.orders.iter().any(|order| order.ends_with(words)), "{outcome:#?}");
    }
    // Half and half is all there is; a sale at the market that goes first makes room for the other side.
    let halves =
        ["0 submit E1 buy 50 market", "1 submit L1 sell 25 limit limit_price=65", "1 submit X1 sell 25 market"];
    assert_eq!(play(&both, &halves, &[]).fills.len(), 3);
    let round = ["0 submit E1 buy 50 market", "1 submit X1 sell 50 market", "1 submit E2 sell 50 market"];
    assert_eq!(play(&both, &round, &[]).fills[1..], ["X1 2024-01-04 sell 50 @ 60", "E2 2024-01-04 sell 50 @ 60"]);
}

/// Rows of one time run in the order of the file.
#[test]
fn an_exit_follows_the_cancel_of_the_one_before() {
    let stopped = ["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop stop_price=57", "2 cancel S1"];
    for (set, order, status) in [
        (&["account.allow_short=false"][..], "2 submit X1 sell 50 market", "X1 filled"),
        (&["account.allow_short=false"], "2 submit X1 sell 50 stop stop_price=58", "X1 new"),
        (&[], "2 submit X1 sell 50 - order_class=oco take_profit=70 stop_loss=55", "X1 new"),
    ] {
        let outcome = play(&[FLAT; 5], &[&stopped[..], &[order]].concat(), set);
        assert_eq!(outcome.orders[1], "S1 canceled", "{order}");
        assert!(outcome.orders.contains(&status.to_owned()), "{order}: {outcome:#?}");
    }
    // The cancel arrives while 57 is touched: the stop fills, and the sale after it finds nothing to sell.
    let minutes = ["30", "31", "32", "33", "34", "35"].map(|minute| format!("2024-01-02T14:{minute}:00Z"));
    let lost = over(
        &minutes.each_ref().map(String::as_str),
        "1m",
        &[FLAT, FLAT, FLAT, FLAT, "60 61 56 57", FLAT],
        &[
            "0 submit E1 buy 50 market",
            "2 submit S1 sell 50 stop stop_price=57",
            "3 cancel S1",
            "3 submit X1 sell 50 market",
        ],
        &["execution.latency_ms=250", "account.allow_short=false"],
    );
    let fills = ["E1 2024-01-02T14:32:00Z buy 50 @ 60", "S1 2024-01-02T14:34:00Z sell 50 @ 57"];
    assert_eq!((&lost.fills[..], &lost.orders[2][..]), (&fills.map(str::to_owned)[..], "X1 canceled"));
}

#[test]
fn what_is_exempt_or_has_no_rules_passes() {
    let two = ["0 submit E1 buy 50 market", "1 submit L1 buy 10 limit limit_price=50"];
    // A limit that the resting one cannot meet, a trailing stop, a pair.
    for order in [
        "1 submit S1 sell 10 limit limit_price=70",
        "1 submit S1 sell 10 trailing_stop trail_price=5",
        "1 submit S1 sell 10 order_class=oco take_profit=70 stop_loss=55",
    ] {
        let script = [&two[..], &[order]].concat();
        assert!(play(&[FLAT; 4], &script, &[]).orders.iter().any(|order| order == "S1 new"), "{order}");
    }
    let free = &["execution.venue_rules=none", "sizing.fractional=true"];
    let sale = [&two[..], &["1 submit S1 sell 10 market"]].concat();
    assert_eq!(last(&sale, free), "S1 filled");
    assert_eq!(last(&["0 submit E1 buy - market notional=0.50"], free), "E1 filled");
    assert_eq!(last(&["0 submit E1 buy 1.5 market"], free), "E1 filled");
    // What makes no sense is refused there, too.
    let wrong = play(&[FLAT; 4], &["0 submit E1 buy 50 market order_class=bracket take_profit=57 stop_loss=63"], free);
    assert_eq!(wrong.orders[0], "E1 rejected (take_profit.limit_price must be > stop_loss.stop_price)");
}

#[test]
fn dollars_buy_parts_of_shares_at_the_fill() {
    // 1,000 ÷ 64 = 15.625 at the open of 01-03, not at the close before; 1,000 ÷ 70 = 14.285714285, rounded
    // down. Without slippage; then 600 ÷ 60 = 10 of them are sold.
    let bought = play(
        &[FLAT, "64 65 63 64", "70 71 69 70", FLAT, FLAT],
        &[
            "0 submit E1 buy - market notional=1000 time_in_force=day",
            "1 submit E2 buy - market notional=1000 time_in_force=day",
            "2 submit E3 sell - market notional=600 time_in_force=day",
        ],
        &[],
    );
    let fills = ["E1 2024-01-03 buy 15.625 @ 64", "E2 2024-01-04 buy 14.285714285 @ 70", "E3 2024-01-05 sell 10 @ 60"];
    assert_eq!(bought.fills, fills);
    assert_eq!(bought.quantities, ["E1 15.625 of 15.625", "E2 14.285714285 of 14.285714285", "E3 10 of 10"]);
    // The dollars are set aside: 60,000 leave 40,000, and 666 shares at 60.
    let reserved = play(
        &[FLAT; 3],
        &["0 submit E1 buy - limit limit_price=50 notional=60000 time_in_force=day", "0 submit E2 buy max market"],
        &[],
    );
    assert_eq!(reserved.fills, ["E2 2024-01-03 buy 666 @ 60"]);
    // What is left is closed by an order for the day; without volume it runs out and is sent again.
    let flat = play(
        &[FLAT, FLAT, "60 61 59 60 0", "62 63 61 62"],
        &["0 submit E1 buy - market notional=1000 time_in_force=day", "1 flatten F1"],
        &[],
    );
    assert_eq!(flat.orders, ["E1 filled", "F1 expired", "F1 filled"]);
    assert_eq!(flat.fills[1], "F1 2024-01-05 sell 16.666666666 @ 62");
}

#[test]
fn changes() {
    // The best price so far is 62; two dollars behind it 60, one dollar 61, which 01-05 touches.
    let trail = |by: &str| {
        play(
            &[FLAT, FLAT, "60 62 59.5 61", "61.5 61.6 60.8 61"],
            &[
                "0 submit E1 buy 50 market",
                "1 submit T1 sell 50 trailing_stop trail_price=2",
                &format!("2 replace T1 {by}"),
            ],
            &[],
        )
    };
    assert_eq!(trail("trail_price=1").fills[1..], ["T1 2024-01-05 sell 50 @ 61"]);
    let swapped = trail("trail_percent=1");
    assert_eq!((swapped.fills.len(), &swapped.refusals[..]), (1, &["T1 trail_kind".to_owned()][..]));
    assert_eq!(trail("trail_price=2").refusals, ["T1 not_changed"]);
    // A change asks for something, after the venue has the order.
    let rested = play(
        &[FLAT; 4],
        &[
            "0 submit L1 buy 50 limit limit_price=50",
            "0 replace L1 limit_price=51",
            "1 replace L1 limit_price=50",
            "1 replace L1 limit_price=50.001",
            "1 replace L1 qty=60",
        ],
        &[],
    );
    assert_eq!(rested.refusals, ["L1 not_sent_yet", "L1 not_changed", "L1 sub_penny"]);
    assert_eq!(rested.quantities, ["L1 0 of 60"]);
    // An entry is not moved across the exits that wait for it.
    let across = play(
        &[FLAT; 4],
        &[
            "0 submit L1 buy 50 limit limit_price=55 order_class=bracket take_profit=58 stop_loss=52",
            "1 replace L1 limit_price=52",
            "1 replace L1 limit_price=58",
            "1 replace L1 limit_price=53",
        ],
        &[],
    );
    assert_eq!(across.refusals, ["L1 stop_above_base", "L1 target_below_base"]);
}

#[test]
fn legs_live_as_long_as_their_entry() {
    let bracket = |time_in_force: &str| {
        let submit = format!(
            "0 submit E1 buy 50 market order_class=bracket take_profit=70 stop_loss=50 time_in_force={time_in_force}"
        );
        play(&[FLAT; 3], &[&submit], &[]).orders
    };
    assert_eq!(bracket("day"), ["E1 filled", "E1.stop expired", "E1.take_profit expired"]);
    assert_eq!(bracket("gtc"), ["E1 filled", "E1.stop held", "E1.take_profit new"]);
}

#[test]
fn a_stop_that_triggers_ends_its_target() {
    // 01-04 gives 50 of 100 at 57. The rest is a market order, for the open of 01-05, though 63 comes first.
    let thin = play(
        &[FLAT, "60 61 59 60 1000", "60 61 56 57 500", "58 70 57 65 1000"],
        &["0 submit E1 buy 100 market order_class=bracket take_profit=63 stop_loss=57"],
        &["execution.participation=0.1"],
    );
    assert_eq!(thin.fills[1..], ["E1.stop 2024-01-04 sell 50 @ 57", "E1.stop 2024-01-05 sell 50 @ 58"]);
    assert_eq!(thin.orders, ["E1 filled", "E1.stop filled", "E1.take_profit canceled"]);
}

#[test]
fn the_record_says_what_an_order_became() {
    // 100 of 150 at the target leave the stop 50.
    let pair = play(
        &[FLAT, "60 61 59 60 1500", "62 64 61 62 1000", "60 61 56 57 1000"],
        &["0 submit E1 buy 150 market", "1 submit X1 sell 150 - order_class=oco take_profit=63 stop_loss=57"],
        &["execution.participation=0.1"],
    );
    assert_eq!(pair.quantities, ["E1 150 of 150", "X1 100 of 150", "X1.stop 50 of 50"]);
    // 100,000 pay for 1,666 at 60.
    let trimmed = play(
        &[FLAT; 3],
        &["0 submit E1 buy 2000 market"],
        &["account.cash_check=fill", "sizing.if_short_of_cash=trim", "risk.max_position_size=10"],
    );
    assert_eq!(trimmed.quantities, ["E1 1666 of 1666"]);
    assert_eq!(trimmed.orders, ["E1 filled"]);
}

/// Sent on 2024-01-02; 90 days later is 2024-04-01.
#[test]
fn good_until_canceled_is_ninety_days() {
    let times = ["2024-01-02", "2024-04-01", "2024-04-02"];
    let run = |prices: [&str; 3], class: &str, set: &[&str]| {
        let submit = format!("0 submit L1 buy 10 limit limit_price=50 {class}");
        over(&times, "1d", &prices, &[&submit], set)
    };
    let (late, early) = ([FLAT, FLAT, "51 52 45 50"], [FLAT, "51 52 45 50", FLAT]);
    assert_eq!(run(early, "", &[]).fills, ["L1 2024-04-01 buy 10 @ 50"]);
    assert_eq!(run(late, "", &[]).orders, ["L1 expired"]);
    assert_eq!(run(late, "", &["execution.venue_rules=none"]).fills, ["L1 2024-04-02 buy 10 @ 50"]);
    // Legs were sent with their entry.
    let legs = run(["60 61 59 60", "51 52 49.5 51", "51 52 40 41"], "order_class=oto stop_loss=45", &[]);
    assert_eq!(legs.orders, ["L1 filled", "L1.stop expired"]);
}

/// Minutes of 2024-01-03 and 04 in New York's winter: 08:00 08:01 09:29 | 09:30 15:59 | 16:00 19:59, then
/// 04:00 | 09:30.
const MINUTES: [&str; 9] = [
    "2024-01-03T13:00:00Z",
    "2024-01-03T13:01:00Z",
    "2024-01-03T14:29:00Z",
    "2024-01-03T14:30:00Z",
    "2024-01-03T20:59:00Z",
    "2024-01-03T21:00:00Z",
    "2024-01-04T00:59:00Z",
    "2024-01-04T09:00:00Z",
    "2024-01-04T14:30:00Z",
];
const PRICES: [&str; 9] = [
    "60 61 59.5 60",
    "60 61 59 60",
    "60 61 59 60",
    "61 62 60 61",
    "61 62 60 61.5",
    "50 51 49 50",
    "50 51 49 50",
    "41 42 39 41",
    "45 46 44 45",
];

fn extended(script: &[&str]) -> Outcome {
    over(&MINUTES, "1m", &PRICES, script, &["data.hours=extended"])
}

#[test]
fn extended_hours_are_shown_where_the_scenario_says_so() {
    assert_eq!(extended(&["3 halt"]).equity.len(), 9);
    let regular = over(&MINUTES, "1m", &PRICES, &["3 halt"], &[]);
    assert_eq!(regular.equity.len(), 3);
    for (set, wanted) in
        [("data.timeframe=1d", "needs bars shorter than a day"), ("data.calendar=24/7", "needs calendar")]
    {
        let set = vec!["data.hours=extended".to_owned(), set.to_owned()];
        let bars = [("TST", bars(&DAYS, &[FLAT]))];
        let message = run_micro(&Micro { bars: &bars, set, timeframe: "1m", ..Micro::default() }).unwrap_err();
        assert!(message.contains(&format!("data.hours = \"extended\" {wanted}")), "{message}");
    }
}

#[test]
fn only_limits_of_extended_hours_fill_in_them() {
    let fill = |script: &[&str]| {
        let outcome = extended(script);
        (outcome.fills.last().cloned().unwrap_or_default(), outcome.orders.last().cloned().unwrap())
    };
    let limit = |at: usize, price: &str, time_in_force: &str, hours: &str| {
        let submit = format!(
            "{at} submit X buy 10 limit limit_price={price} time_in_force={time_in_force} extended_hours={hours}"
        );
        fill(&[&submit])
    };
    let filled = |fill: &str| (fill.to_owned(), "X filled".to_owned());
    let gone = |order: &str| (String::new(), order.to_owned());
    // Before the open: at 08:01 with the flag, at 09:30 without.
    assert_eq!(limit(0, "60", "day", "true"), filled("X 2024-01-03T13:01:00Z buy 10 @ 60"));
    assert_eq!(limit(0, "60", "day", "false"), filled("X 2024-01-03T14:30:00Z buy 10 @ 60"));
    // After the close: at 16:00 with the flag; without, a day order has expired then.
    assert_eq!(limit(3, "50", "day", "true"), filled("X 2024-01-03T21:00:00Z buy 10 @ 50"));
    assert_eq!(limit(3, "50", "day", "false"), gone("X expired"));
    assert_eq!(limit(3, "50", "gtc", "false"), filled("X 2024-01-04T14:30:00Z buy 10 @ 45"));
    // The next morning: a day order of extended hours has expired at 20:00, unless it was sent at that close.
    assert_eq!(limit(3, "40", "day", "true"), gone("X expired"));
    assert_eq!(limit(5, "40", "day", "true"), gone("X expired"));
    assert_eq!(limit(6, "40", "day", "true"), filled("X 2024-01-04T09:00:00Z buy 10 @ 40"));
    assert_eq!(limit(3, "40", "gtc", "true"), filled("X 2024-01-04T09:00:00Z buy 10 @ 40"));
    // Everything else waits for the core session: markets, auctions, orders of a moment.
    assert_eq!(fill(&["0 submit X buy 10 market"]), filled("X 2024-01-03T14:30:00Z buy 10 @ 61"));
    assert_eq!(fill(&["0 submit X buy 10 market time_in_force=ioc"]), filled("X 2024-01-03T14:30:00Z buy 10 @ 61"));
    assert_eq!(fill(&["0 submit X buy 10 market time_in_force=opg"]), filled("X 2024-01-03T14:30:00Z buy 10 @ 61"));
    assert_eq!(fill(&["5 submit X buy 10 market time_in_force=opg"]), filled("X 2024-01-04T14:30:00Z buy 10 @ 45"));
    assert_eq!(fill(&["3 submit X buy 10 market time_in_force=cls"]), filled("X 2024-01-03T20:59:00Z buy 10 @ 61.5"));
}

#[test]
fn stops_act_in_the_core_session() {
    // 16:00 trades at 49, below 55 and below the trail; the next open at 45 is where they act.
    for stop in ["stop stop_price=55", "trailing_stop trail_price=5"] {
        let outcome = extended(&["0 submit E1 buy 10 market", &format!("3 submit S1 sell 10 {stop}")]);
        assert_eq!(outcome.fills[1..], ["S1 2024-01-04T14:30:00Z sell 10 @ 45"], "{stop}");
    }
}

/// A closing minute without a bar: the session ends at its close all the same, not with the bar after it.
#[test]
fn a_session_ends_at_its_close_though_its_last_minute_has_no_bar() {
    let (mut times, mut prices) = (MINUTES.to_vec(), PRICES.to_vec());
    times.remove(4);
    prices.remove(4);
    let script =
        ["3 submit C buy 10 market time_in_force=cls", "3 submit D buy 10 limit limit_price=50 time_in_force=day"];
    let outcome = over(&times, "1m", &prices, &script, &["data.hours=extended"]);
    assert_eq!(outcome.orders, ["C canceled", "D expired"]);
    assert!(outcome.fills.is_empty());
}

/// Minutes of AAPL around three sessions, where the file is there.
#[test]
fn extended_hours_of_real_minutes() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("ALPHAFLOW_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("data/lean_AAPL_minute_ext.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let times: Vec<&str> = rows.iter().map(|row| row.split(',').next().unwrap()).collect();
    let script =
        ["0 submit X buy 10 limit limit_price=700 time_in_force=day extended_hours=true", "0 submit M buy 5 market"];
    let script = script.iter().map(|text| row(&times, COLUMNS, text)).collect::<Vec<_>>().join("\n");
    let run = |hours: &str, script: String| {
        let bars = [("TST", rows.join("\n"))];
        let set = vec![format!("data.hours={hours}")];
        run_micro(&Micro { bars: &bars, script, columns: COLUMNS, timeframe: "1m", set, ..Micro::default() }).unwrap()
    };
    let outcome = run("extended", script);
    // 04:15 sends both: the next trade is at 04:44, the session opens at 09:30.
    assert_eq!(outcome.fills[0], "X 2014-06-05T08:44:00Z buy 10 @ 645.5");
    assert!(outcome.fills[1].starts_with("M 2014-06-05T13:30:00Z buy 5 @ "), "{:?}", outcome.fills);
    assert_eq!(outcome.equity.len(), rows.len());
    let regular = run("regular", String::new());
    assert!(regular.equity.len() < rows.len());
    assert!(regular.equity.iter().all(|(time, _)| (13..20).contains(&time[11..13].parse::<u32>().unwrap())));
}

/// `quick_test` with parts of shares, half its equity in each position.
const PARTS: &str = "[scenario]\nname = \"parts\"\n[data]\ntimeframe = \"1d\"\npath = \"TST.csv\"\nsymbols = [\"TST\"]\n\
    [account]\ncash = \"1000\"\n[strategy]\nname = \"quick_test\"\n[sizing]\nkind = \"equity_fraction\"\nvalue = \"0.5\"\n\
    fractional = true\n[execution]\nparticipation = \"1\"\n[risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"1\"\n\
    max_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
    max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\nprice_collar = \"1\"\n\
    on_daily_loss = \"halt\"\non_breach = \"reject\"\n";

/// Alpaca takes parts of shares for a day only, and without legs.
#[test]
fn a_strategy_in_parts_of_shares_leaves_by_day_orders_and_has_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parts.toml");
    let prices = [FLAT, "60 66 60 66", "66 67 65 66", "66 66 60 60", "60 61 59 60 0"];
    // The first day after those of the other cases, with volume again.
    let more =
        format!("timestamp,open,high,low,close,volume\n{}\n2024-01-09,62,63,61,62,1000000\n", bars(&DAYS, &prices));
    std::fs::write(folder.path().join("TST.csv"), more).unwrap();
    std::fs::write(&path, PARTS).unwrap();
    let loaded = load(&path, &[]).unwrap();
    check_strategy(&BuiltIn, &loaded).unwrap();
    let journal = run(&loaded, &load_market(&loaded).unwrap()).unwrap();
    // In at 66 on 01-04 for 500 ÷ 66 shares; out is due on 01-08, which has no volume, and again on 01-09.
    let orders: Vec<String> = journal
        .orders
        .iter()
        .map(|order| format!("{} {} {:?}", order.request.side.name(), order.quantity, order.outcome))
        .collect();
    assert_eq!(orders[..2], ["buy 7.575757575 Sent(Filled)", "sell 7.575757575 Sent(Expired)"], "{orders:?}");
    assert_eq!(orders[2], "sell 7.575757575 Sent(Filled)");
    assert!(journal.orders.iter().all(|order| order.request.time_in_force == TimeInForce::Day));
    assert_eq!(journal.fills[1].price.to_string(), "62");
    // With a stop it could not trade at all: the scenario says so before any data are read.
    let stopped = ["stop.kind=percent".to_owned(), "stop.value=0.05".to_owned()];
    let message = check_strategy(&BuiltIn, &load(&path, &stopped).unwrap()).unwrap_err().to_string();
    assert!(message.contains("sizing.fractional = true does not go with [stop]"), "{message}");
    assert!(message.contains("fractional orders must be simple orders"), "{message}");
    let free = [&stopped[..], &["execution.venue_rules=none".to_owned()]].concat();
    check_strategy(&BuiltIn, &load(&path, &free).unwrap()).unwrap();
}
