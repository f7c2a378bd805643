//! Named cases: what other engines were measured at, every rule where they agree or differ, and more of the
//! kinds of the golden micro-cases (corporate actions, the kill switch, caps, partial fills, bad input).
//!
//! Not here: random cases (oracle), running the other engines (`oracle/run_peers.py`, on the same
//! `oracle/peer_cases.json`). Days are the XNYS sessions of January 2024; a bar is `open high low close
//! [volume]`, a million shares unless it says so; a row of a script is `bar action id …`, bars counted from 0.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, row, run_micro};
use serde_json::Value;

const CASES: &str = include_str!("oracle/peer_cases.json");

const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

fn bars(bars: &[&str]) -> String {
    let row = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    assert!(bars.len() <= DAYS.len());
    DAYS.iter().zip(bars).map(row).collect::<Vec<_>>().join("\n")
}

fn play(days: &[&str], script: &[&str], set: &[&str], actions: &str) -> Outcome {
    let script = script.iter().map(|text| row(&DAYS, "", text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    let bars = [("TST", bars(days))];
    run_micro(&Micro { bars: &bars, script, actions, set, ..Micro::default() }).unwrap()
}

/// Fills with the day as its number: `E1 3 buy 10 @ 103`.
fn numbered(outcome: &Outcome) -> Vec<String> {
    let number = |fill: &String| {
        let day = DAYS.iter().position(|day| fill.contains(day)).unwrap();
        fill.replace(DAYS[day], &day.to_string())
    };
    outcome.fills.iter().map(number).collect()
}

fn texts<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key].as_array().map(|texts| texts.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

/// The matrix of `peers.md` and its rules, one case each.
#[test]
fn every_case_of_the_matrix() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let outcome = play(&texts(case, "bars"), &texts(case, "script"), &texts(case, "set"), "");
        let (fills, wanted) = (numbered(&outcome), texts(case, "fills"));
        let missing: Vec<&str> = texts(case, "orders")
            .into_iter()
            .filter(|order| !outcome.orders.iter().any(|ours| ours.starts_with(order)))
            .collect();
        if fills != wanted || !missing.is_empty() {
            let (name, rule) = (&case["name"], &case["rule"]);
            wrong.push(format!(
                "{name} ({rule})\n  wanted {wanted:?} {missing:?}\n  got {fills:?} {:?}",
                outcome.orders
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A case by hand: its derivation stands above it.
#[derive(Default)]
struct Case<'a> {
    name: &'a str,
    days: &'a [&'a str],
    script: &'a [&'a str],
    set: &'a [&'a str],
    actions: &'a str,
    fills: &'a [&'a str],
    /// Starts of rows that `orders.csv` must have, as `E1 filled`.
    orders: &'a [&'a str],
    /// At the end; not asked where empty.
    cash: &'a str,
}

fn check(cases: &[Case<'_>]) {
    for case in cases {
        let outcome = play(case.days, case.script, case.set, case.actions);
        assert_eq!(numbered(&outcome), case.fills, "{}: {outcome:#?}", case.name);
        for wanted in case.orders {
            let has = outcome.orders.iter().any(|order| order.starts_with(wanted));
            assert!(has, "{}: {wanted} is not among {:?}", case.name, outcome.orders);
        }
        assert!(case.cash.is_empty() || outcome.cash == case.cash, "{}: cash {}", case.name, outcome.cash);
    }
}

const FLAT: &str = "60 61 59 60";
const BUY: &str = "0 submit E1 buy 10 market";
const SPLIT_2: &str = "TST,2024-01-05,split,2";

#[test]
fn a_split_with_orders_at_rest() {
    check(&[
        Case {
            // 57 becomes 28.5 and is for 20.
            name: "a stop",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30", "30 30 28 29"],
            script: &[BUY, "1 submit S1 sell 10 stop stop_price=57"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "S1 4 sell 20 @ 28.5"],
            cash: "99970",
            ..Case::default()
        },
        Case {
            // 57 ÷ 56 becomes 28.5 ÷ 28; the open 28.2 of day 4 is between.
            name: "a stop-limit",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30", "28.2 28.4 28 28.3"],
            script: &[BUY, "1 submit S1 sell 10 stop_limit stop_price=57 limit_price=56"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "S1 4 sell 20 @ 28.2"],
            ..Case::default()
        },
        Case {
            // Trails by 3 from 60, then from the high 62: 59. Split: 31, 29.5, by 1.5. The high 33 of day 3 lifts
            // it to 31.5.
            name: "a trailing stop by price",
            days: &[FLAT, FLAT, "60 62 60 62", "31 33 30 32", "32 32 31 31"],
            script: &[BUY, "1 submit T1 sell 10 trailing_stop trail_price=3"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "T1 4 sell 20 @ 31.5"],
            ..Case::default()
        },
        Case {
            // 5 % below the high 61 is 57.95, halved 28.975: day 3's low 29 does not reach it; its high 31 moves it
            // to 29.45.
            name: "a trailing stop by percent",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30", "30 30 29 29"],
            script: &[BUY, "1 submit T1 sell 10 trailing_stop trail_percent=5"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "T1 4 sell 20 @ 29.45"],
            ..Case::default()
        },
        Case {
            name: "the legs of a bracket",
            days: &[FLAT, FLAT, FLAT, "30 33 30 32"],
            script: &["0 submit E1 buy 10 market order_class=bracket stop_loss=57 take_profit=66"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "E1.take_profit 3 sell 20 @ 33"],
            orders: &["E1.stop canceled"],
            ..Case::default()
        },
        Case {
            // 50 with legs 45 and 60 becomes 25 with 22.5 and 30, for 20.
            name: "a bracket whose entry still waits",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30", "26 27 24 25", "24 25 22 23"],
            script: &["0 submit E1 buy 10 limit limit_price=50 order_class=bracket stop_loss=45 take_profit=60"],
            actions: SPLIT_2,
            fills: &["E1 4 buy 20 @ 25", "E1.stop 5 sell 20 @ 22.5"],
            ..Case::default()
        },
        Case {
            // The pair 63 ÷ 57 becomes 31.5 ÷ 28.5, both in day 4: the stop, once.
            name: "a pair",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30", "30 32 28 30", "30 32 28 30"],
            script: &[BUY, "1 submit X1 sell 10 order_class=oco take_profit=63 stop_loss=57"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 10 @ 60", "X1.stop 4 sell 20 @ 28.5"],
            ..Case::default()
        },
        Case {
            // 100 of 250 filled; the other 150 become 300, of which day 3 gives 100.
            name: "an entry that has filled in part",
            days: &[FLAT, "60 61 59 60 1000", "60 61 59 60 0", "30 31 29 30 1000", "30 31 29 30 5000"],
            script: &["0 submit E1 buy 250 market"],
            set: &["execution.participation=0.1"],
            actions: SPLIT_2,
            fills: &["E1 1 buy 100 @ 60", "E1 3 buy 100 @ 30", "E1 4 buy 200 @ 30"],
            orders: &["E1 filled"],
            ..Case::default()
        },
    ]);
}

#[test]
fn a_reverse_split() {
    const ONE_FOR_FOUR: &str = "TST,2024-01-05,split,0.25";
    check(&[
        Case {
            // 10 become 2.5: 2 stay, half a share is paid at 60 × 4. The stop 57 becomes 228 and is for 2.
            // 100,000 − 600 + 120 + 2 × 228
            name: "a long with a stop: the fraction is paid in cash",
            days: &[FLAT, FLAT, FLAT, "240 244 236 240", "230 232 226 228"],
            script: &[BUY, "1 submit S1 sell 10 stop stop_price=57"],
            actions: ONE_FOR_FOUR,
            fills: &["E1 1 buy 10 @ 60", "S1 4 sell 2 @ 228"],
            cash: "99976",
            ..Case::default()
        },
        Case {
            // −2.5: half a share is bought back at 240. 100,000 + 600 − 120
            name: "a short: the fraction is paid by us",
            days: &[FLAT, FLAT, FLAT, "240 244 236 240"],
            script: &["0 submit E1 sell 10 market"],
            actions: ONE_FOR_FOUR,
            fills: &["E1 1 sell 10 @ 60"],
            cash: "100480",
            ..Case::default()
        },
        Case {
            // Three quarters of a share are no order and no position: 180 in cash. 100,000 − 180 + 180
            name: "nothing whole is left",
            days: &[FLAT, FLAT, FLAT, "240 244 236 240", "200 201 199 200"],
            script: &[
                "0 submit E1 buy 3 market order_class=oto stop_loss=57",
                "1 submit L1 buy 3 limit limit_price=55",
            ],
            set: &["execution.venue_rules=none"],
            actions: ONE_FOR_FOUR,
            fills: &["E1 1 buy 3 @ 60"],
            orders: &["E1.stop canceled", "L1 canceled"],
            cash: "100000",
        },
        Case {
            // 1 a share for the ten old shares, then the split. 100,000 − 600 + 10
            name: "a dividend of the same day is for the old shares",
            days: &[FLAT, FLAT, FLAT, "30 31 29 30"],
            script: &[BUY],
            actions: "TST,2024-01-05,split,2\nTST,2024-01-05,dividend,1",
            fills: &["E1 1 buy 10 @ 60"],
            cash: "99410",
            ..Case::default()
        },
    ]);
}

#[test]
fn who_gets_a_dividend() {
    const TWO: &str = "TST,2024-01-05,dividend,2";
    check(&[
        Case {
            name: "not who buys at the open of the ex-date",
            days: &[FLAT, FLAT, FLAT, FLAT, FLAT],
            script: &["2 submit E1 buy 10 market"],
            actions: TWO,
            fills: &["E1 3 buy 10 @ 60"],
            cash: "99400",
            ..Case::default()
        },
        Case {
            name: "who sells at the open of the ex-date",
            days: &[FLAT, FLAT, FLAT, FLAT, FLAT],
            script: &[BUY, "2 submit X1 sell 10 market"],
            actions: TWO,
            fills: &["E1 1 buy 10 @ 60", "X1 3 sell 10 @ 60"],
            cash: "100020",
            ..Case::default()
        },
        Case {
            // The stop stays at 58.5 though the price falls by the dividend to 58: it is hit at the open.
            name: "no order moves",
            days: &[FLAT, FLAT, FLAT, "58 59 57 58"],
            script: &[BUY, "1 submit S1 sell 10 stop stop_price=58.5"],
            actions: TWO,
            fills: &["E1 1 buy 10 @ 60", "S1 3 sell 10 @ 58"],
            cash: "100000",
            ..Case::default()
        },
        Case {
            // 2 × 10 are owed. 100,000 + 600 − 20 − 580
            name: "a short owes it",
            days: &[FLAT, FLAT, FLAT, FLAT, "58 59 57 58"],
            script: &["0 submit E1 sell 10 market", "3 submit X1 buy 10 market"],
            actions: TWO,
            fills: &["E1 1 sell 10 @ 60", "X1 4 buy 10 @ 58"],
            cash: "100000",
            ..Case::default()
        },
    ]);
}

#[test]
fn the_kill_switch() {
    let kill = ["2 halt", "2 flatten F1"];
    check(&[
        Case {
            // Canceled at the close of day 2, closed at the open of day 3, wherever that is.
            name: "a long with a bracket, over a gap",
            days: &[FLAT, FLAT, FLAT, "50 51 49 50", FLAT, FLAT],
            script: &[
                "0 submit E1 buy 10 market order_class=bracket stop_loss=55 take_profit=66",
                kill[0],
                kill[1],
                "3 submit E2 buy 10 market",
            ],
            fills: &["E1 1 buy 10 @ 60", "F1 3 sell 10 @ 50"],
            orders: &["E1.stop canceled", "E1.take_profit canceled", "F1 filled", "E2 refused (halted)"],
            ..Case::default()
        },
        Case {
            name: "a short with a pair",
            days: &[FLAT, FLAT, FLAT, "62 63 61 62", FLAT],
            script: &[
                "0 submit E1 sell 10 market",
                "1 submit X1 buy 10 order_class=oco take_profit=55 stop_loss=65",
                kill[0],
                kill[1],
            ],
            fills: &["E1 1 sell 10 @ 60", "F1 3 buy 10 @ 62"],
            orders: &["X1 canceled", "X1.stop canceled"],
            ..Case::default()
        },
        Case {
            // 100 and 100 filled; the last 50 are taken back; the exit needs two bars of volume.
            name: "an entry that has filled in part",
            days: &[FLAT, "60 61 59 60 1000", "60 61 59 60 1000", "60 61 59 60 1500", "61 62 60 61 1500"],
            script: &["0 submit E1 buy 250 market", kill[0], kill[1]],
            set: &["execution.participation=0.1"],
            fills: &["E1 1 buy 100 @ 60", "E1 2 buy 100 @ 60", "F1 3 sell 150 @ 60", "F1 4 sell 50 @ 61"],
            orders: &["E1 canceled", "F1 filled"],
            ..Case::default()
        },
        Case {
            name: "nothing held: resting orders end, nothing is sold",
            days: &[FLAT, FLAT, FLAT, "50 51 49 50", FLAT],
            script: &[
                "0 submit L1 buy 10 limit limit_price=55",
                kill[0],
                kill[1],
                "3 resume",
                "3 submit E2 buy 10 market",
            ],
            fills: &["E2 4 buy 10 @ 60"],
            orders: &["L1 canceled"],
            ..Case::default()
        },
        Case {
            // Found by the oracle: S2 is refused by the venue after the flatten was asked for, so it takes no
            // shares away from its exit.
            name: "an exit sent after it that the venue refuses",
            days: &[FLAT, FLAT, FLAT, FLAT],
            script: &[
                BUY,
                "1 submit S1 sell 4 stop stop_price=50",
                "2 flatten F1",
                "2 submit S2 sell 6 stop stop_price=50 time_in_force=fok",
            ],
            fills: &["E1 1 buy 10 @ 60", "F1 3 sell 10 @ 60"],
            orders: &["S1 canceled", "S2 rejected", "F1 filled"],
            ..Case::default()
        },
    ]);
}

#[test]
fn caps() {
    let trim = &["risk.max_position_size=0.1", "risk.on_breach=trim"];
    let refuse = &["risk.max_position_size=0.1"];
    check(&[
        Case {
            // floor(10,000 ÷ 60) = 166; then 40 dollars are left for a share of 60.
            name: "an order over the cap is trimmed to it, the next finds no room",
            days: &[FLAT; 4],
            script: &["0 submit E1 buy 500 market", "1 submit E2 buy 10 market"],
            set: trim,
            fills: &["E1 1 buy 166 @ 60"],
            orders: &["E2 refused (position_size)"],
            ..Case::default()
        },
        Case {
            name: "a short is capped alike",
            days: &[FLAT; 4],
            script: &["0 submit E1 sell 500 market"],
            set: trim,
            fills: &["E1 1 sell 166 @ 60"],
            ..Case::default()
        },
        Case {
            // What rests counts as filled: 100 leave 66.
            name: "a resting order counts",
            days: &[FLAT; 4],
            script: &["0 submit L1 buy 100 limit limit_price=50", "1 submit E2 buy max market"],
            set: refuse,
            fills: &["E2 2 buy 66 @ 60"],
            ..Case::default()
        },
        Case {
            // 166 × 61.2 is over a tenth of what is there then: the cap is asked of orders, not of prices.
            name: "a position grows past its cap and is left alone",
            days: &[FLAT, FLAT, "61 62 60 61.2", "61.2 62 61 61.2", "61.2 62 61 61.2"],
            script: &["0 submit E1 buy max market", "2 submit E2 buy 1 market", "2 submit X1 sell 1 market"],
            set: refuse,
            fills: &["E1 1 buy 166 @ 60", "X1 3 sell 1 @ 61.2"],
            orders: &["E2 refused (position_size)"],
            ..Case::default()
        },
        Case {
            // Reserves: 60,000 of 100,000 are set aside, 40,000 pay for 666 at 60.
            name: "what is set aside cannot be spent",
            days: &[FLAT; 4],
            script: &[
                "0 submit L1 buy 1000 limit limit_price=50",
                "1 submit E2 buy 667 market",
                "1 submit E3 buy 666 market",
            ],
            set: &["risk.max_position_size=2"],
            fills: &["E3 2 buy 666 @ 60"],
            orders: &["E2 refused (buying_power)"],
            ..Case::default()
        },
    ]);
}

#[test]
fn parts() {
    const THIN: &str = "60 61 59 60 1000";
    let tenth = &["execution.participation=0.1"];
    check(&[
        Case {
            // Touched at 59 on day 1; at the better open 58 on day 2; 59 again.
            name: "a limit over three bars, each at its own price",
            days: &[FLAT, THIN, "58 59 57 58 1000", THIN],
            script: &["0 submit E1 buy 250 limit limit_price=59"],
            set: tenth,
            fills: &["E1 1 buy 100 @ 59", "E1 2 buy 100 @ 58", "E1 3 buy 50 @ 59"],
            orders: &["E1 filled"],
            ..Case::default()
        },
        Case {
            // 100 at the stop; the rest is a market order: the opens.
            name: "a stop over three bars: once triggered, a market order",
            days: &[FLAT, FLAT, "58 58 56 57 1000", "55 56 54 55 1000", "59 60 58 59 1000"],
            script: &["0 submit E1 buy 250 market", "1 submit S1 sell 250 stop stop_price=57"],
            set: &["execution.participation=0.1"],
            fills: &["E1 1 buy 250 @ 60", "S1 2 sell 100 @ 57", "S1 3 sell 100 @ 55", "S1 4 sell 50 @ 59"],
            ..Case::default()
        },
        Case {
            // A limit from there on: 56 or better. Day 3 stays below.
            name: "a stop-limit over three bars: once triggered, a limit order",
            days: &[FLAT, FLAT, "58 58 56 57 1000", "55 55.5 54 55 1000", "59 60 58 59 5000"],
            script: &["0 submit E1 buy 250 market", "1 submit S1 sell 250 stop_limit stop_price=57 limit_price=56"],
            set: tenth,
            fills: &["E1 1 buy 250 @ 60", "S1 2 sell 100 @ 57", "S1 4 sell 150 @ 59"],
            ..Case::default()
        },
        Case {
            // 100 of 150 bought at the open and stopped out on the same bar; the exit has begun, so the rest ends.
            name: "a part-filled entry is protected for what has filled",
            days: &[FLAT, "60 61 56 57 1000", "56 57 55 56"],
            script: &["0 submit E1 buy 150 market time_in_force=day order_class=oto stop_loss=57"],
            set: tenth,
            fills: &["E1 1 buy 100 @ 60", "E1.stop 1 sell 100 @ 57"],
            orders: &["E1 canceled"],
            ..Case::default()
        },
        Case {
            // The target takes 100 of 150 on day 2; the stop, then for 50, takes them on day 3.
            name: "a part-filled target leaves its stop the rest",
            days: &[FLAT, FLAT, "62 64 61 62 1000", "60 61 56 57 1000"],
            script: &["0 submit E1 buy 150 market order_class=bracket stop_loss=57 take_profit=63"],
            set: tenth,
            fills: &["E1 1 buy 150 @ 60", "E1.take_profit 2 sell 100 @ 63", "E1.stop 3 sell 50 @ 57"],
            orders: &["E1.stop filled", "E1.take_profit canceled"],
            ..Case::default()
        },
        Case {
            // A tenth of 9 shares is none.
            name: "too little volume for one share: the order waits",
            days: &[FLAT, "60 61 59 60 9", "61 62 60 61 100"],
            script: &[BUY],
            set: tenth,
            fills: &["E1 2 buy 10 @ 61"],
            ..Case::default()
        },
        Case {
            name: "a stop touched where no share could be had is a market order after that",
            days: &[FLAT, FLAT, "58 58 56 58 9", "59 60 58 59"],
            script: &[BUY, "1 submit S1 sell 10 stop stop_price=57"],
            set: tenth,
            fills: &["E1 1 buy 10 @ 60", "S1 3 sell 10 @ 59"],
            ..Case::default()
        },
    ]);
}

#[test]
fn more_stops_and_lifetimes() {
    check(&[
        Case {
            name: "a day stop-limit that triggered out of reach expires",
            days: &[FLAT, FLAT, "54 55 53 54", "57 58 56 57"],
            script: &[BUY, "1 submit S1 sell 10 stop_limit stop_price=57 limit_price=56 time_in_force=day"],
            fills: &["E1 1 buy 10 @ 60"],
            orders: &["S1 expired"],
            ..Case::default()
        },
        Case {
            name: "a day pair expires together",
            days: &[FLAT, FLAT, FLAT, "70 71 69 70"],
            script: &[BUY, "1 submit X1 sell 10 order_class=oco take_profit=63 stop_loss=57 time_in_force=day"],
            fills: &["E1 1 buy 10 @ 60"],
            orders: &["X1 expired", "X1.stop expired"],
            ..Case::default()
        },
        Case {
            // From 60: 66. The low 50 moves it to 55; the high 56 of the same bar is tested first, against 66.
            name: "a trailing buy stop tests the high before the low moves it",
            days: &[FLAT, FLAT, "56 56 50 51", "51 55 50.5 54"],
            script: &["0 submit E1 sell 10 market", "1 submit T1 buy 10 trailing_stop trail_percent=10"],
            fills: &["E1 1 sell 10 @ 60", "T1 3 buy 10 @ 55"],
            ..Case::default()
        },
        Case {
            // 5 % of 60.03 is 3.0015; 57.0285 is on the grid 57.02, away from the market.
            name: "a trailing level rests on the grid away from the market",
            days: &[FLAT, "60 61 59 60.03", "60 60.03 57.02 58"],
            script: &[BUY, "1 submit T1 sell 10 trailing_stop trail_percent=5"],
            fills: &["E1 1 buy 10 @ 60", "T1 2 sell 10 @ 57.02"],
            ..Case::default()
        },
        Case {
            // Two entries with stops at 57 and 58; the sale of 15 takes the shares of the older first: its stop ends,
            // the other is for the 5 that are left.
            name: "legs of two entries never exceed the position",
            days: &[FLAT, FLAT, FLAT, "60 60 56 57"],
            script: &[
                "0 submit E1 buy 10 market order_class=oto stop_loss=57",
                "0 submit E2 buy 10 market order_class=oto stop_loss=58",
                "1 submit X1 sell 15 market",
            ],
            fills: &["E1 1 buy 10 @ 60", "E2 1 buy 10 @ 60", "X1 2 sell 15 @ 60", "E2.stop 3 sell 5 @ 58"],
            orders: &["E1.stop canceled"],
            ..Case::default()
        },
        Case {
            name: "the collar of a stop below fifty dollars is 4 %",
            days: &["40 41 39 40", "40 41 39 40", "44 45 43 44", "44 44 43 43.5"],
            script: &["0 submit E1 sell 10 market", "1 submit S1 buy 10 stop stop_price=42"],
            fills: &["E1 1 sell 10 @ 40", "S1 3 buy 10 @ 43.68"],
            ..Case::default()
        },
    ]);
}

/// Found by the oracle: an opening order that waited for the next session was canceled by any other order sent at
/// the session's last close, where markets fill at the close.
#[test]
fn an_opening_order_outlives_other_orders_of_its_close() {
    let times = ["2024-01-02T14:30:00Z", "2024-01-02T20:30:00Z", "2024-01-03T14:30:00Z", "2024-01-03T20:30:00Z"];
    let bars = [("TST", times.map(|time| format!("{time},60,61,59,60,1000000")).join("\n"))];
    let order = |time: &str, id: &str, tif: &str| format!("{time},submit,{id},TST,buy,10,market,,,,,{tif},,,");
    let script = [order(times[0], "O1", "opg"), order(times[1], "E1", "gtc")].join("\n");
    let set = vec!["execution.market_fill=close".to_owned()];
    let outcome = run_micro(&Micro { bars: &bars, script, timeframe: "1h", set, ..Micro::default() }).unwrap();
    assert_eq!(outcome.fills, ["E1 2024-01-02T20:30:00Z buy 10 @ 60", "O1 2024-01-03T14:30:00Z buy 10 @ 60"]);
}

/// Where markets fill at the close that sends them, the close of a bar of extended hours is not the moment of an
/// immediate order: it waits for the core session.
#[test]
fn an_immediate_order_of_extended_hours_waits_for_the_core_session() {
    let times = ["2024-01-02T13:00:00Z", "2024-01-02T14:30:00Z", "2024-01-02T15:30:00Z"];
    let closes = [60, 61, 62];
    let row = |at: usize| format!("{},60,63,59,{},1000000", times[at], closes[at]);
    let bars = [("TST", [0, 1, 2].map(row).join("\n"))];
    let script = format!("{},submit,E1,TST,buy,10,market,,,,,ioc,,,", times[0]);
    let set = ["execution.market_fill=close", "data.hours=extended"].map(str::to_owned).to_vec();
    let outcome = run_micro(&Micro { bars: &bars, script, timeframe: "1h", set, ..Micro::default() }).unwrap();
    assert_eq!(outcome.fills, ["E1 2024-01-02T14:30:00Z buy 10 @ 61"], "{outcome:?}");
}

/// Files that nobody may trade on: refused, with the row's date or line and what is wrong with it.
#[test]
fn bad_files_are_refused() {
    let good = ["2024-01-02,60,61,59,60,1000", "2024-01-03,60,61,59,60,1000", "2024-01-04,60,61,59,60,1000"];
    let with = |row: &'static str| [good[0], row, good[2]].join("\n");
    let cases = [
        ("the same time twice", with("2024-01-02,60,61,59,60,1000"), ["2024-01-02", "duplicate"]),
        ("out of order", with("2024-01-05,60,61,59,60,1000"), ["2024-01-04", "order"]),
        ("high below low", with("2024-01-03,60,59,61,60,1000"), ["high", "low"]),
        ("open above high", with("2024-01-03,62,61,59,60,1000"), ["open", "62"]),
        ("close below low", with("2024-01-03,60,61,59,58,1000"), ["close", "58"]),
        ("a negative price", with("2024-01-03,60,61,-1,60,1000"), ["low", "-1"]),
        ("a price of zero", with("2024-01-03,60,61,0,60,1000"), ["low", "0"]),
        ("no number", with("2024-01-03,60,61,nan,60,1000"), ["low", "nan"]),
        ("infinity", with("2024-01-03,60,inf,59,60,1000"), ["high", "inf"]),
        ("negative volume", with("2024-01-03,60,61,59,60,-1"), ["volume", "-1"]),
        ("a day that does not exist", with("2024-02-30,60,61,59,60,1000"), ["2024-02-30", "3"]),
        ("a field too few", with("2024-01-03,60,61,59,60"), ["3", "field"]),
    ];
    for (name, bars, words) in cases {
        let bars = [("TST", bars)];
        let outcome =
            run_micro(&Micro { bars: &bars, script: row(&DAYS, "", "0 submit E1 buy 10 market"), ..Micro::default() });
        let message = outcome.expect_err(name);
        for word in words {
            assert!(message.contains(word), "{name}: {word} is not in: {message}");
        }
    }
}
