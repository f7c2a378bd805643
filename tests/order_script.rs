//! Orders on bars written by hand: each case derives its fills in a comment, and runs through files.
//!
//! Days are the XNYS sessions of January 2024. A bar is `open high low close [volume]`, a million shares
//! unless it says so. A row of a script is `bar action id …`, bars counted from 0.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, row, run_micro};

const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

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

struct Case<'a> {
    name: &'a str,
    days: &'a [&'a str],
    script: &'a [&'a str],
    set: &'a [&'a str],
    fills: &'a [&'a str],
}

fn play(days: &[&str], script: &[&str], set: &[&str], actions: &str) -> Outcome {
    let rows = script.iter().map(|text| row(&DAYS, "", text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    let bars = [("TST", bars(&DAYS, days))];
    run_micro(&Micro { bars: &bars, script: rows, actions, set, ..Micro::default() }).unwrap()
}

fn check(cases: &[Case<'_>]) {
    for case in cases {
        let outcome = play(case.days, case.script, case.set, "");
        // `1-03` in a case stands for 2024-01-03.
        let fills: Vec<String> = outcome.fills.iter().map(|fill| fill.replace(" 2024-0", " ")).collect();
        assert_eq!(fills, case.fills, "{}: {outcome:#?}", case.name);
    }
}

const FLAT: &str = "60 61 59 60";

#[test]
fn stops() {
    check(&[
        Case {
            // 01-04 stays above 57; 01-05 opens at 54, below it: the open.
            name: "a long stop gapped through fills at the open",
            days: &[FLAT, FLAT, "60 60 58 58", "54 55 53 54"],
            script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop stop_price=57"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "S1 1-05 sell 50 @ 54"],
        },
        Case {
            // 01-04 opens at 65, above 63: the open.
            name: "a short stop gapped through fills at the open",
            days: &[FLAT, FLAT, "65 66 64 65"],
            script: &["0 submit E1 sell 50 market", "1 submit S1 buy 50 stop stop_price=63"],
            set: &["execution.venue_rules=none"],
            fills: &["E1 1-03 sell 50 @ 60", "S1 1-04 buy 50 @ 65"],
        },
        Case {
            // The collar of 63 is 63 × 1.025 = 64.575, on the grid 64.57. 01-04 opens above: a limit from
            // 01-05 on, whose low 64.5 is good enough.
            name: "a buy stop gapped through its collar waits as a limit",
            days: &[FLAT, FLAT, "65 66 64 65", "65 66 64.5 65"],
            script: &["0 submit E1 sell 50 market", "1 submit S1 buy 50 stop stop_price=63"],
            set: &[],
            fills: &["E1 1-03 sell 50 @ 60", "S1 1-05 buy 50 @ 64.57"],
        },
        Case {
            // The open 64.5 is within; 5 % of slippage would be 67.725, the collar keeps it at 64.57.
            name: "a buy stop pays its collar at most",
            days: &[FLAT, FLAT, "64.5 66 64 65"],
            script: &["0 submit E1 sell 50 market", "1 submit S1 buy 50 stop stop_price=63"],
            set: &["execution.slippage={ kind = \"bps\", value = \"500\" }"],
            fills: &["E1 1-03 sell 50 @ 57", "S1 1-04 buy 50 @ 64.57"],
        },
        Case {
            // The low is the stop: touched.
            name: "an exact touch triggers a stop",
            days: &[FLAT, FLAT, "60 60 57 58"],
            script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop stop_price=57"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "S1 1-04 sell 50 @ 57"],
        },
        Case {
            // 01-04 opens at 54, beyond stop 57 and limit 56: triggered, not filled, though 56 comes back.
            // 01-05 opens at 55, below 56, and reaches 56.5: the limit.
            name: "a stop-limit gapped beyond its limit does not fill on that bar",
            days: &[FLAT, FLAT, "54 56.5 53 55", "55 56.5 54 55"],
            script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop_limit stop_price=57 limit_price=56"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "S1 1-05 sell 50 @ 56"],
        },
        Case {
            // 01-04 falls through 57, where 56 or better is to be had: 57.
            name: "a stop-limit that is good at its stop fills there",
            days: &[FLAT, FLAT, "59 59 55 56"],
            script: &["0 submit E1 buy 50 market", "1 submit S1 sell 50 stop_limit stop_price=57 limit_price=56"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "S1 1-04 sell 50 @ 57"],
        },
        Case {
            // 01-03 rises to 61, the limit 60.5 lies behind: not on that bar. 01-04 comes down to it.
            name: "a stop-limit with its limit on the far side waits a bar",
            days: &[FLAT, "60 62 60 61.5", "61 61 60 61"],
            script: &["0 submit E1 buy 50 stop_limit stop_price=61 limit_price=60.5"],
            set: &[],
            fills: &["E1 1-04 buy 50 @ 60.5"],
        },
        Case {
            // From the close 60: trigger 58. 01-04 low 59 does not touch; its high 64 lifts it to 62.
            // 01-05 opens at 63 and falls through 62.
            name: "a trailing stop tests its old level, then moves",
            days: &[FLAT, FLAT, "60 64 59 63", "63 63 61 61"],
            script: &["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=2"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "T1 1-05 sell 50 @ 62"],
        },
        Case {
            // 10 % above the close 60: 66. 01-04 low 50 brings it to 55; 01-05 opens at 56, beyond: the open.
            name: "a trailing buy stop follows down, by percent, and gaps",
            days: &[FLAT, FLAT, "60 61 50 51", "56 57 55 56"],
            script: &["0 submit E1 sell 50 market", "1 submit T1 buy 50 trailing_stop trail_percent=10"],
            set: &[],
            fills: &["E1 1-03 sell 50 @ 60", "T1 1-05 buy 50 @ 56"],
        },
        Case {
            // Without volume no one traded at 64: the stop stays at 58 and 01-05 touches it.
            name: "a bar without volume does not move a trailing stop",
            days: &[FLAT, FLAT, "60 64 59 60 0", "60 61 58 59"],
            script: &["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=2"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "T1 1-05 sell 50 @ 58"],
        },
    ]);
}

#[test]
fn limits_and_markets() {
    check(&[
        Case {
            name: "a limit fills at the open where that is better",
            days: &[FLAT, "58 60 57 59"],
            script: &["0 submit E1 buy 50 limit limit_price=59"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 58"],
        },
        Case {
            name: "an exact touch fills a limit",
            days: &[FLAT, "60 61 59 60"],
            script: &["0 submit E1 buy 50 limit limit_price=59"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 59"],
        },
        Case {
            // 01-03 touches 59 only; 01-04 goes through it.
            name: "through the limit, where a touch is not enough",
            days: &[FLAT, "60 61 59 60", "60 61 58 60"],
            script: &["0 submit E1 buy 50 limit limit_price=59"],
            set: &["execution.limit_fill=through"],
            fills: &["E1 1-04 buy 50 @ 59"],
        },
        Case {
            name: "a gtc market order waits over a bar without volume",
            days: &[FLAT, "60 61 59 60 0", "61 62 60 61"],
            script: &["0 submit E1 buy 50 market"],
            set: &[],
            fills: &["E1 1-04 buy 50 @ 61"],
        },
        Case {
            name: "an order of the last bar never fills",
            days: &[FLAT, FLAT],
            script: &["1 submit E1 buy 50 market"],
            set: &[],
            fills: &[],
        },
        Case {
            // 10 % of 1,000 is 100 a bar.
            name: "an order takes its share of the volume and rests for more",
            days: &[FLAT, "60 61 59 60 1000", "61 62 60 61 1000", "62 63 61 62 1000"],
            script: &["0 submit E1 buy 250 market"],
            set: &["execution.participation=0.1"],
            fills: &["E1 1-03 buy 100 @ 60", "E1 1-04 buy 100 @ 61", "E1 1-05 buy 50 @ 62"],
        },
        Case {
            // The gate passes floor(100,000 ÷ 60) = 1,666; to sell, all that is held.
            name: "max is what the gate would pass",
            days: &[FLAT, FLAT, FLAT],
            script: &["0 submit E1 buy max market", "1 submit E2 sell max market"],
            set: &[],
            fills: &["E1 1-03 buy 1666 @ 60", "E2 1-04 sell 1666 @ 60"],
        },
        Case {
            // A limit of 80 may cost 80: floor(100,000 ÷ 80) = 1,250, though it fills at the open.
            name: "max of a dear limit counts the limit",
            days: &[FLAT, FLAT],
            script: &["0 submit E1 buy max limit limit_price=80"],
            set: &[],
            fills: &["E1 1-03 buy 1250 @ 60"],
        },
        Case {
            // 60 × 1.0005; the fee is 1 bp of 3,001.5.
            name: "slippage and fees are those of the scenario",
            days: &[FLAT, FLAT],
            script: &["0 submit E1 buy 50 market"],
            set: &[
                "execution.slippage={ kind = \"bps\", value = \"5\" }",
                "execution.commission={ kind = \"bps\", value = \"1\" }",
            ],
            fills: &["E1 1-03 buy 50 @ 60.03 fee 0.30015"],
        },
    ]);
}

#[test]
fn pairs_and_brackets() {
    check(&[
        Case {
            // 01-04 holds 57 and 63: the stop.
            name: "stop and target in one bar: the stop, long",
            days: &[FLAT, FLAT, "60 64 56 60", FLAT],
            script: &["0 submit E1 buy 50 market", "1 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "X1.stop 1-04 sell 50 @ 57"],
        },
        Case {
            name: "stop and target in one bar: the stop, short",
            days: &[FLAT, FLAT, "60 64 56 60", FLAT],
            script: &["0 submit E1 sell 50 market", "1 submit X1 buy 50 order_class=oco take_profit=57 stop_loss=63"],
            set: &[],
            fills: &["E1 1-03 sell 50 @ 60", "X1.stop 1-04 buy 50 @ 63"],
        },
        Case {
            name: "the target, where the scenario says so",
            days: &[FLAT, FLAT, "60 64 56 60", FLAT],
            script: &["0 submit E1 buy 50 market", "1 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57"],
            set: &["execution.both_touched=target_first"],
            fills: &["E1 1-03 buy 50 @ 60", "X1 1-04 sell 50 @ 63"],
        },
        Case {
            // 01-04: 100 of 150 at the target; the stop is then for 50, on 01-05.
            name: "a part of the target filled leaves the stop the rest",
            days: &[FLAT, "60 61 59 60 1500", "62 64 61 62 1000", "60 61 56 57 1000", FLAT],
            script: &["0 submit E1 buy 150 market", "1 submit X1 sell 150 order_class=oco take_profit=63 stop_loss=57"],
            set: &["execution.participation=0.1"],
            fills: &["E1 1-03 buy 150 @ 60", "X1 1-04 sell 100 @ 63", "X1.stop 1-05 sell 50 @ 57"],
        },
        Case {
            // Bought at the open 60 of 01-03, whose low 57.5 touches 58: live on the entry's bar.
            name: "an oto stop protects from the entry's open on",
            days: &[FLAT, "60 61 57.5 58", FLAT],
            script: &["0 submit E1 buy 50 market order_class=oto stop_loss=58"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "E1.stop 1-03 sell 50 @ 58"],
        },
        Case {
            // Bought inside 01-03, so its low proves nothing; 01-04 touches 58.
            name: "legs of an entry that filled inside its bar are live on the next",
            days: &[FLAT, "60 61 57 59", "58.5 59 57.5 58"],
            script: &["0 submit E1 buy 50 limit limit_price=59 order_class=bracket stop_loss=58 take_profit=63"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 59", "E1.stop 1-04 sell 50 @ 58"],
        },
        Case {
            // 63 on 01-04; the stop is gone when 01-05 falls.
            name: "a bracket's target voids its stop, short",
            days: &[FLAT, FLAT, "60 61 56 57", "60 70 59 65"],
            script: &["0 submit E1 sell 50 market order_class=bracket stop_loss=64 take_profit=57"],
            set: &[],
            fills: &["E1 1-03 sell 50 @ 60", "E1.take_profit 1-04 buy 50 @ 57"],
        },
        Case {
            // 01-03 fills 100 of 250. 01-04 fills 100 more at its open and then falls through 55: the stop is
            // for 200, the volume gives 100. Triggered, it is a market order: 100 more at the open of 01-05.
            // The exit has begun, so the last 50 of the entry are canceled.
            name: "a partly filled entry is protected for what has filled",
            days: &[FLAT, "60 61 59 60 1000", "60 61 54 56 1000", "56 57 55.5 56 1000", "56 57 55.5 56 1000"],
            script: &["0 submit E1 buy 250 market order_class=oto stop_loss=55"],
            set: &["execution.participation=0.1"],
            fills: &[
                "E1 1-03 buy 100 @ 60",
                "E1 1-04 buy 100 @ 60",
                "E1.stop 1-04 sell 100 @ 55",
                "E1.stop 1-05 sell 100 @ 56",
            ],
        },
        Case {
            // The stop is canceled with its target: 01-05 leaves the position alone.
            name: "cancel of one of a pair cancels both",
            days: &[FLAT, FLAT, FLAT, "60 70 50 60"],
            script: &[
                "0 submit E1 buy 50 market",
                "1 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57",
                "2 cancel X1.stop",
            ],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60"],
        },
        Case {
            name: "cancel of a bracket's leg cancels the other",
            days: &[FLAT, FLAT, FLAT, "60 70 50 60"],
            script: &[
                "0 submit E1 buy 50 market order_class=bracket take_profit=63 stop_loss=57",
                "2 cancel E1.take_profit",
            ],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60"],
        },
        Case {
            // The stop moves from 57 to 59.5 and is touched on 01-05.
            name: "a leg's price can be replaced",
            days: &[FLAT, FLAT, "60 61 59.8 60", "60 61 59 60"],
            script: &["0 submit E1 buy 50 market order_class=oto stop_loss=57", "2 replace E1.stop stop_price=59.5"],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60", "E1.stop 1-05 sell 50 @ 59.5"],
        },
    ]);
    let both = play(
        &[FLAT, FLAT, "60 64 56 60", FLAT],
        &["0 submit E1 buy 50 market", "1 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57"],
        &[],
        "",
    );
    assert_eq!(both.ambiguous_bars, 1);
    assert_eq!(both.orders, ["E1 filled", "X1 canceled", "X1.stop filled"]);
    assert_eq!(both.exits, ["stop"]);
}

#[test]
fn lifetimes() {
    const THIN: &str = "60 61 59 60 1000";
    let share = &["execution.participation=0.1"];
    check(&[
        Case {
            // Sent after the close of 01-02, so for the session of 01-03 only: the low 59 of 01-04 is too late.
            name: "a day order lives for the next session",
            days: &[FLAT, "61 62 60 61", FLAT],
            script: &["0 submit E1 buy 50 limit limit_price=59 time_in_force=day"],
            set: &[],
            fills: &[],
        },
        Case {
            name: "ioc takes what there is and cancels the rest",
            days: &[FLAT, THIN, THIN],
            script: &["0 submit E1 buy 150 market time_in_force=ioc"],
            set: share,
            fills: &["E1 1-03 buy 100 @ 60"],
        },
        Case {
            // The open 60 is above 59; the low comes later.
            name: "an ioc limit that the open does not meet is canceled",
            days: &[FLAT, FLAT, "58 59 57 58"],
            script: &["0 submit E1 buy 50 limit limit_price=59 time_in_force=ioc"],
            set: &[],
            fills: &[],
        },
        Case {
            name: "ioc on a bar without volume is canceled",
            days: &[FLAT, "60 61 59 60 0", FLAT],
            script: &["0 submit E1 buy 50 market time_in_force=ioc"],
            set: &[],
            fills: &[],
        },
        Case {
            // 101 is more than a bar's 100; 100 is not.
            name: "fok is all or nothing",
            days: &[FLAT, THIN, THIN],
            script: &["0 submit E1 buy 101 market time_in_force=fok", "0 submit E2 buy 100 market time_in_force=fok"],
            set: share,
            fills: &["E2 1-03 buy 100 @ 60"],
        },
        Case {
            name: "ioc with fills at closes has its moment at the close",
            days: &[FLAT, THIN, THIN, THIN],
            script: &["1 submit E1 buy 150 market time_in_force=ioc"],
            set: &["execution.participation=0.1", "execution.market_fill=close"],
            fills: &["E1 1-03 buy 100 @ 60"],
        },
        Case {
            // E1 at the open 61; E2 wants 60 at the open only.
            name: "opg fills at the open of a session, or not at all",
            days: &[FLAT, "61 62 59 60", "59 60 58 59"],
            script: &[
                "0 submit E1 buy 50 market time_in_force=opg",
                "0 submit E2 buy 50 limit limit_price=60 time_in_force=opg",
            ],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 61"],
        },
        Case {
            // E1 at the close 60.5 of 01-03; E2 wants 60 or less at that close.
            name: "cls fills at the close of a session, or not at all",
            days: &[FLAT, "60 61 59 60.5", "59 60 58 59"],
            script: &[
                "0 submit E1 buy 50 market time_in_force=cls",
                "0 submit E2 buy 50 limit limit_price=60 time_in_force=cls",
            ],
            set: &[],
            fills: &["E1 1-03 buy 50 @ 60.5"],
        },
    ]);
    let ends = |time_in_force: &str, kind: &str| {
        let submit = format!("0 submit E1 buy 150 {kind} time_in_force={time_in_force}");
        play(&[FLAT, THIN, THIN], &[&submit], share, "").orders[0].clone()
    };
    assert_eq!(ends("day", "market"), "E1 expired");
    assert_eq!(ends("ioc", "market"), "E1 canceled");
    assert_eq!(ends("fok", "market"), "E1 canceled");
    assert_eq!(ends("opg", "market"), "E1 canceled");
    assert_eq!(ends("cls", "market"), "E1 canceled");
    assert_eq!(ends("gtc", "market"), "E1 filled");
    assert_eq!(ends("ioc", "stop stop_price=61"), "E1 rejected (stop orders do not take time in force ioc)");
}

/// Two sessions of hourly bars at 09:30, 10:30 and 15:30 New York.
#[test]
fn auctions_inside_a_day() {
    let times = [
        "2024-01-02T14:30:00Z",
        "2024-01-02T15:30:00Z",
        "2024-01-02T20:30:00Z",
        "2024-01-03T14:30:00Z",
        "2024-01-03T15:30:00Z",
        "2024-01-03T20:30:00Z",
    ];
    let bars = [("TST", bars(&times, &[FLAT, FLAT, "60 61 59 60.5", "62 63 61 62", "63 64 62 63", "63 64 62 63.5"]))];
    let run = |script: &[&str]| {
        let script = script.iter().map(|text| row(&times, "", text)).collect::<Vec<_>>().join("\n");
        run_micro(&Micro { bars: &bars, script, timeframe: "1h", ..Micro::default() }).unwrap()
    };
    // Sent inside 01-02: the close 60.5 of its last bar; the open 62 of the next session.
    let inside = run(&[
        "0 submit C1 buy 10 market time_in_force=cls",
        "0 submit O1 buy 10 market time_in_force=opg",
        "0 submit D1 buy 10 limit limit_price=50 time_in_force=day",
    ]);
    let fills = ["C1 2024-01-02T20:30:00Z buy 10 @ 60.5", "O1 2024-01-03T14:30:00Z buy 10 @ 62"];
    assert_eq!(inside.fills, fills);
    assert_eq!(inside.orders, ["C1 filled", "O1 filled", "D1 expired"]);
    // Sent after the close of 01-02: the session of 01-03.
    let after = run(&["2 submit C1 buy 10 market time_in_force=cls", "2 submit O1 buy 10 market time_in_force=opg"]);
    let fills = ["O1 2024-01-03T14:30:00Z buy 10 @ 62", "C1 2024-01-03T20:30:00Z buy 10 @ 63.5"];
    assert_eq!(after.fills, fills);
}

#[test]
fn halt_resume_flatten() {
    // Halted on 01-03: the resting buy L1 is taken back, the buy E2 refused, the sale of 20 passes; after the
    // resume E3 passes.
    let halted = play(
        &[FLAT; 6],
        &[
            "0 submit E1 buy 50 market",
            "0 submit L1 buy 50 limit limit_price=50",
            "1 halt",
            "1 submit E2 buy 10 market",
            "1 submit R1 sell 20 market",
            "2 submit E4 sell 31 market",
            "3 resume",
            "3 submit E3 buy 10 market",
        ],
        &[],
        "",
    );
    let fills = ["E1 2024-01-03 buy 50 @ 60", "R1 2024-01-04 sell 20 @ 60", "E3 2024-01-08 buy 10 @ 60"];
    assert_eq!(halted.fills, fills);
    assert_eq!(halted.refusals, ["E2 halted", "E4 exceeds_position 31 30"]);
    let orders =
        ["E1 filled", "L1 canceled", "E2 refused (halted)", "R1 filled", "E4 refused (exceeds_position)", "E3 filled"];
    assert_eq!(halted.orders, orders);

    // Flatten with exits resting for all of it: they are voided, the exit is for all 100, also while halted,
    // and the next entry passes without a resume where nothing was halted. The stop holds 50 and X1 the other 50, so
    // there is none left for X2.
    for halt in [&["1 halt"][..], &[]] {
        let script = [
            &[
                "0 submit E0 buy 50 market",
                "0 submit E1 buy 50 market order_class=oto stop_loss=50",
                "1 submit X1 sell 50 limit limit_price=70",
                "1 submit X2 sell 50 limit limit_price=70",
            ],
            halt,
            &["1 flatten F1", "2 submit E2 buy 10 market"],
        ]
        .concat();
        let flat = play(&[FLAT, FLAT, "61 75 45 61", FLAT, FLAT], &script, &[], "");
        let fills = ["E0 2024-01-03 buy 50 @ 60", "E1 2024-01-03 buy 50 @ 60", "F1 2024-01-04 sell 100 @ 61"];
        assert_eq!(flat.fills[..3], fills);
        assert_eq!(flat.exits[0], "kill_switch");
        let none_left = "X2 rejected (insufficient qty available for order (requested: 50, available: 0))";
        let orders = ["E0 filled", "E1 filled", "E1.stop canceled", "X1 canceled", none_left, "F1 filled"];
        assert_eq!(flat.orders[..6], orders);
        assert_eq!(flat.refusals.is_empty(), halt.is_empty(), "{:?}", flat.refusals);
    }

    // A flatten sent before its own entry has filled takes the entry back; what comes after it stays.
    let before = play(
        &[FLAT; 4],
        &["0 submit E1 buy 50 market", "0 flatten F1 symbol=TST", "0 submit E2 buy 10 market"],
        &[],
        "",
    );
    assert_eq!(before.orders, ["E1 canceled", "E2 filled"]);
    // Twice changes nothing, and over bars without volume the exit waits.
    let twice = play(
        &[FLAT, FLAT, "60 61 59 60 0", "62 62 62 62"],
        &["0 submit E1 sell 50 market", "1 flatten", "2 flatten"],
        &[],
        "",
    );
    assert_eq!(twice.fills, ["E1 2024-01-03 sell 50 @ 60", "flatten.2 2024-01-05 buy 50 @ 62"]);
}

#[test]
fn changes_go_through_the_gate() {
    let limit_10_percent = &["risk.max_position_size=0.1"];
    // 10,000 ÷ 60 = 166 shares are the limit.
    let more = play(
        &[FLAT, "60 61 59.5 60", "60 61 59.5 60", FLAT],
        &["0 submit L1 buy 100 limit limit_price=59", "1 replace L1 qty=167", "2 replace L1 qty=166"],
        limit_10_percent,
        "",
    );
    assert_eq!(more.refusals, ["L1 position_size 10020 10000"]);
    assert_eq!(more.fills, ["L1 2024-01-05 buy 166 @ 59"]);
    // What is set aside follows: 1,000 × 60 leaves 40,000; 500 × 60 leaves 70,000 for E2 at 1,166 shares.
    let less = play(
        &[FLAT, FLAT, FLAT, FLAT],
        &["0 submit L1 buy 1000 limit limit_price=50", "1 replace L1 qty=500", "2 submit E2 buy max market"],
        &[],
        "",
    );
    assert_eq!(less.fills, ["E2 2024-01-05 buy 1166 @ 60"]);
    let unchanged = play(
        &[FLAT, FLAT, FLAT, FLAT],
        &["0 submit L1 buy 1000 limit limit_price=50", "2 submit E2 buy max market"],
        &[],
        "",
    );
    assert_eq!(unchanged.fills, ["E2 2024-01-05 buy 666 @ 60"]);
    // At a dearer limit the position would be 1,000 × 101 of 100,000; a cheaper one passes, while halted too.
    let dearer = play(
        &[FLAT, FLAT, FLAT, FLAT],
        &["0 submit L1 buy 1000 limit limit_price=50", "1 replace L1 limit_price=101"],
        &[],
        "",
    );
    assert_eq!(dearer.refusals, ["L1 position_size 101000 100000"]);
    assert_eq!(dearer.orders, ["L1 new"]);
    // Halted before it was sent, an entry is gone; a reducing order may be moved but not enlarged past the position.
    let reducing = play(
        &[FLAT, FLAT, "60 61 59.5 60", "60 61 58 59"],
        &[
            "0 submit E1 buy 50 market",
            "1 submit S1 sell 20 stop stop_price=55",
            "1 halt",
            "2 replace S1 qty=51",
            "2 replace S1 qty=50 stop_price=58",
        ],
        &[],
        "",
    );
    assert_eq!(reducing.refusals, ["S1 exceeds_position 51 50"]);
    assert_eq!(reducing.fills[1..], ["S1 2024-01-05 sell 50 @ 58"]);
    // What is closed cannot be changed or canceled, nor become less than has filled.
    let closed = play(
        &[FLAT, "60 61 59 60 1000", "60 61 59 60 0", FLAT, FLAT],
        &[
            "0 submit E1 buy 150 market",
            "1 replace E1 qty=100",
            "1 replace E1 qty=120",
            "3 replace E1 qty=200",
            "3 cancel E1",
        ],
        &["execution.participation=0.1"],
        "",
    );
    assert_eq!(closed.fills, ["E1 2024-01-03 buy 100 @ 60", "E1 2024-01-05 buy 20 @ 60"]);
    assert_eq!(closed.refusals, ["E1 below_filled 100 100", "E1 not_open", "E1 not_open"]);
}

#[test]
fn what_is_refused() {
    let refused = |script: &[&str], set: &[&str]| play(&[FLAT, FLAT, FLAT, FLAT], script, set, "").refusals;
    // floor(10,000 ÷ 60) = 166 pass; with five more it would be 171 × 60 = 10,260.
    let cap = refused(&["0 submit E1 buy max market", "1 submit E2 buy 5 market"], &["risk.max_position_size=0.1"]);
    assert_eq!(cap, ["E2 position_size 10260 10000"]);
    assert_eq!(refused(&["0 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57"], &[]), ["X1 exit_class"]);
    let bracket = "1 submit B1 sell 20 market order_class=bracket take_profit=57 stop_loss=63";
    assert_eq!(refused(&["0 submit E1 buy 50 market", bracket], &[]), ["B1 entry_class"]);
    let flip = refused(&["0 submit E1 buy 50 market", "1 submit E2 sell 60 market"], &[]);
    assert_eq!(flip, ["E2 exceeds_position 60 50"]);
    let opposite = refused(&["0 submit E1 buy 50 limit limit_price=50", "1 submit E2 sell 10 market"], &[]);
    assert_eq!(opposite, ["E2 opposite_entry"]);
    // The sale R1 of all 50 rests far away, so the gate measures E2 as a short of 80. Alpaca has no share for it;
    // without its rules the order waits for its open, where 50 are still held.
    for (rules, available) in [("alpaca", 0), ("none", 50)] {
        let rests = play(
            &[FLAT; 4],
            &["0 submit E1 buy 50 market", "1 submit R1 sell 50 limit limit_price=70", "1 submit E2 sell 80 market"],
            &[&format!("execution.venue_rules={rules}")],
            "",
        );
        let reason = format!("insufficient qty available for order (requested: 80, available: {available})");
        assert_eq!(rests.orders[2], format!("E2 rejected ({reason})"));
    }
    assert_eq!(refused(&["0 submit E1 sell 50 market"], &["account.allow_short=false"]), ["E1 short_ban -50 0"]);
    let twice = refused(
        &[
            "0 submit E1 buy 50 market",
            "1 submit S1 sell 50 stop stop_price=50",
            "1 submit L1 sell 50 limit limit_price=70",
        ],
        &["account.allow_short=false"],
    );
    assert_eq!(twice, ["L1 exceeds_position 50 0"]);
    let penny =
        |set: &[&str]| play(&[FLAT, FLAT], &["0 submit E1 buy 50 limit limit_price=60.005"], set, "").orders[0].clone();
    let reason = "invalid limit_price 60.005. sub-penny increment does not fulfill minimum pricing criteria";
    assert_eq!(penny(&[]), format!("E1 rejected ({reason})"));
    assert_eq!(penny(&["execution.venue_rules=none"]), "E1 filled");
}

#[test]
fn corporate_actions() {
    // 3 for 2 on 01-05: 101 shares at 60 become 151.5 at 40, of which 151 stay and half a share is paid at
    // the adjusted close 40: 20 dollars. The stop goes from 57 to 38 and is for 151, the limit from 45 to 30
    // and from 10 to 15 shares.
    let split = play(
        &[FLAT, FLAT, FLAT, "40 41 39 40", "40 41 37 38", "30 31 29 30"],
        &["0 submit E1 buy 101 market order_class=oto stop_loss=57", "0 submit L1 buy 10 limit limit_price=45"],
        &[],
        "TST,2024-01-05,split,1.5",
    );
    assert_eq!(
        split.fills,
        ["E1 2024-01-03 buy 101 @ 60", "E1.stop 2024-01-08 sell 151 @ 38", "L1 2024-01-09 buy 15 @ 30"]
    );
    // 100,000 − 101 × 60 + 20 + 151 × 38 − 15 × 30
    assert_eq!(split.cash, "99248");
    // 2 a share on 01-05: 100 to a long, from a short; no order moves.
    for (side, cash, equity) in [("buy", "97100", "100100"), ("sell", "102900", "99900")] {
        let submit = format!("0 submit E1 {side} 50 market");
        let paid = play(
            &[FLAT, FLAT, FLAT, FLAT],
            &[&submit, "1 submit L1 buy 10 limit limit_price=50"],
            &[],
            "TST,2024-01-05,dividend,2",
        );
        assert_eq!((paid.cash.as_str(), paid.equity[3].1.as_str()), (cash, equity), "{side}");
        assert_eq!(paid.equity[2].1, "100000", "{side}: not before the ex-date");
        assert_eq!(paid.orders[1], "L1 new");
    }
}

#[test]
fn several_symbols_and_rows_out_of_order() {
    let days = [FLAT; 4];
    let series = [("AAA", bars(&DAYS, &days)), ("BBB", bars(&DAYS, &days[..3]))];
    let rows = [
        row(&DAYS, "", "2 flatten F1"),
        row(&DAYS, "", "0 submit A1 buy 10 market symbol=AAA"),
        row(&DAYS, "", "0 submit B1 sell 20 market symbol=BBB"),
    ];
    let outcome = run_micro(&Micro { bars: &series, script: rows.join("\n"), ..Micro::default() }).unwrap();
    // BBB has no bar after 01-04: its exit waits.
    assert_eq!(
        outcome.fills,
        ["A1 2024-01-03 buy 10 @ 60", "B1 2024-01-03 sell 20 @ 60", "F1.AAA 2024-01-05 sell 10 @ 60"]
    );
    assert_eq!(outcome.orders, ["A1 filled", "B1 filled", "F1.AAA filled", "F1.BBB new"]);
    // The script is one of the files that the run was made of.
    let names = ["actions.csv", "AAA.csv", "BBB.csv", "orders.csv"].map(|name| (name.to_owned(), 64));
    assert_eq!(outcome.files, names);
}

#[test]
fn a_script_that_cannot_run_is_placed_in_its_file() {
    let bars = [("TST", bars(&DAYS, &[FLAT, FLAT]))];
    let wrong = |text: &str, set: &[&str]| {
        let set = set.iter().map(ToString::to_string).collect();
        run_micro(&Micro { bars: &bars, script: row(&DAYS, "", text), set, ..Micro::default() }).unwrap_err()
    };
    let message = wrong("0 submit E1 buy 50 limt limit_price=59", &[]);
    assert!(message.contains("orders.csv:2: type `limt` is not known"), "{message}");
    assert!(message.contains("nearest valid value: limit"), "{message}");
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines[1].find("limt"), lines[2].find("^^^^"), "{message}");
    let missing = wrong("0 halt", &["strategy.params.file=nowhere.csv"]);
    assert!(missing.contains("nowhere.csv"), "{missing}");
    let number = wrong("0 halt", &["strategy.params.file=1"]);
    assert!(number.contains("file = 1 is no path"), "{number}");
    let other = wrong("0 halt", &["strategy.params.files=a.csv"]);
    assert!(other.contains("order_script has no parameter files"), "{other}");
}
