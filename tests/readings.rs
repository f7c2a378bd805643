//! What a bar hides: the readings of `both_touched`, what is counted, the band between them.
//!
//! Bars are `open high low close [volume]`, a million shares unless they say so; each case derives its fills
//! in a comment. Orders run through files, as the program does.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, run_micro};

const DAYS: [&str; 6] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"];
const FLAT: &str = "60 61 59 60";

fn rows(times: &[String], bars: &[&str]) -> String {
    assert!(times.len() >= bars.len(), "a time for each bar");
    let row = |(time, bar): (&String, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    times.iter().zip(bars).map(row).collect::<Vec<_>>().join("\n")
}

/// `1 submit S1 sell 50 stop stop_price=57` as a row of the file.
fn script_row(times: &[String], text: &str) -> String {
    let names: Vec<&str> = micro::HEADER.split(',').collect();
    let mut fields = vec![""; names.len()];
    let mut place = |name: &str, value| fields[names.iter().position(|known| *known == name).unwrap()] = value;
    let (named, plain): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.contains('='));
    place("time", times[plain[0].parse::<usize>().unwrap()].as_str());
    place("symbol", if plain[1] == "submit" { "TST" } else { "" });
    for (name, value) in ["action", "id", "side", "qty", "type"].into_iter().zip(&plain[1..]) {
        place(name, value);
    }
    for word in named {
        let (name, value) = word.split_once('=').unwrap();
        place(name, value);
    }
    fields.join(",")
}

/// A run: bars at `times`, a script, changes of the scenario, finer bars at their own times.
struct World<'a> {
    timeframe: &'a str,
    times: Vec<String>,
    bars: &'a [&'a str],
    script: &'a [&'a str],
    set: &'a [&'a str],
    finer: &'a [(&'a str, &'a str)],
}

impl World<'_> {
    fn run(&self) -> Result<Outcome, String> {
        let script = self.script.iter().map(|text| script_row(&self.times, text)).collect::<Vec<_>>().join("\n");
        let mut set: Vec<String> = self.set.iter().map(ToString::to_string).collect();
        let mut files = Vec::new();
        if !self.finer.is_empty() {
            let (times, bars): (Vec<String>, Vec<&str>) =
                self.finer.iter().map(|(time, bar)| ((*time).to_owned(), *bar)).unzip();
            files.push(("fine.csv", format!("timestamp,open,high,low,close,volume\n{}\n", rows(&times, &bars))));
            set.extend(["execution.both_touched=finer".to_owned(), "data.finer_path=fine.csv".to_owned()]);
        }
        let bars = [("TST", rows(&self.times, self.bars))];
        run_micro(&Micro { bars: &bars, script, timeframe: self.timeframe, set, files: &files, ..Micro::default() })
    }

    /// The fills, `1-03` for 2024-01-03.
    fn fills(&self) -> Vec<String> {
        self.run().unwrap().fills.iter().map(|fill| fill.replace(" 2024-0", " ")).collect()
    }
}

fn daily<'a>(bars: &'a [&'a str], script: &'a [&'a str], set: &'a [&'a str]) -> World<'a> {
    World { timeframe: "1d", times: DAYS.map(str::to_owned).to_vec(), bars, script, set, finer: &[] }
}

const OHLC: &[&str] = &["execution.both_touched=ohlc"];
/// Long 50 from the open of the second day, with a stop at 57 and a target at 63 from the third on.
const PAIR: &[&str] = &["0 submit E1 buy 50 market", "1 submit X1 sell 50 order_class=oco take_profit=63 stop_loss=57"];

/// An entry inside the third day at 58, with a target at 64 and a stop at 56.
const BRACKET: &[&str] = &["1 submit E1 buy 50 limit limit_price=58 order_class=bracket take_profit=64 stop_loss=56"];

#[test]
fn a_path_goes_to_the_nearer_extreme_first() {
    for (bar, fill) in [
        // The high 64 is 3 above the open 61, the low 56 is 5 below it: up first, the target.
        ("61 64 56 60", "X1 1-04 sell 50 @ 63"),
        // The low is nearer: down first, the stop.
        ("59 64 56 60", "X1.stop 1-04 sell 50 @ 57"),
        // Equally near, closes at or above its open: down first.
        ("60 64 56 60", "X1.stop 1-04 sell 50 @ 57"),
        ("60 64 56 61", "X1.stop 1-04 sell 50 @ 57"),
        // Equally near, closes below its open: up first.
        ("60 64 56 59.9", "X1 1-04 sell 50 @ 63"),
    ] {
        let bars = [FLAT, FLAT, bar];
        let world = daily(&bars, PAIR, OHLC);
        assert_eq!(world.fills(), ["E1 1-03 buy 50 @ 60", fill], "{bar}");
        // A guess tells nothing: the bar is counted whichever way it is read.
        assert_eq!(world.run().unwrap().ambiguous_bars, 1, "{bar}");
    }
}

#[test]
fn legs_live_for_the_rest_of_the_path() {
    // 60 → 57 → 66 → 65: bought at 58 on the way down, sold at the target 64 on the way up.
    let up = [FLAT, FLAT, "60 66 57 65"];
    assert_eq!(daily(&up, BRACKET, OHLC).fills(), ["E1 1-04 buy 50 @ 58", "E1.take_profit 1-04 sell 50 @ 64"]);
    // 60 → 61 → 55 → 56: bought at 58 on the way down, sold at the stop 56 farther down.
    let down = [FLAT, FLAT, "60 61 55 56"];
    assert_eq!(daily(&down, BRACKET, OHLC).fills(), ["E1 1-04 buy 50 @ 58", "E1.stop 1-04 sell 50 @ 56"]);
    // 60 → 65 → 57 → 58: the target lies before the entry on the path.
    let before = [FLAT, FLAT, "60 65 51 58"];
    assert_eq!(daily(&before, BRACKET, OHLC).fills(), ["E1 1-04 buy 50 @ 58", "E1.stop 1-04 sell 50 @ 56"]);
    // Read as a whole, the legs wait for the next bar, and the bar is counted.
    let whole = daily(&up, BRACKET, &[]).run().unwrap();
    assert_eq!((whole.fills.len(), whole.ambiguous_bars, whole.unclear_entry_bars), (1, 0, 1));
}

#[test]
fn a_trailing_stop_follows_the_path() {
    // Bought at 60 on 01-03; the stop trails by 3 from 60: 57. On 01-04 60 → 59 → 66 → 61: it rises to 63 with
    // the high and is hit on the way back.
    let script = ["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=3"];
    let bars = [FLAT, FLAT, "60 66 59 61", "61 61 60 60"];
    assert_eq!(daily(&bars, &script, OHLC).fills()[1], "T1 1-04 sell 50 @ 63");
    // Read as a whole: the old level is tested, then it moves to 63; the next open 61 is beyond it.
    assert_eq!(daily(&bars, &script, &[]).fills()[1], "T1 1-05 sell 50 @ 61");
}

#[test]
fn a_stop_limit_rests_as_a_limit_for_the_rest_of_the_path() {
    // 60 → 59 → 64 → 61: triggered at 62 on the way up, beyond its limit 61.5, which is met on the way back.
    let script = ["1 submit E1 buy 50 stop_limit stop_price=62 limit_price=61.5"];
    let bars = [FLAT, FLAT, "60 64 59 61", FLAT];
    assert_eq!(daily(&bars, &script, OHLC).fills(), ["E1 1-04 buy 50 @ 61.5"]);
    assert_eq!(daily(&bars, &script, &[]).fills(), ["E1 1-05 buy 50 @ 60"]);
    // Triggered by the open 63, beyond the limit 62: 63 → 64 → 60 → 61 meets it on the way down.
    let script = ["1 submit E1 buy 50 stop_limit stop_price=61.5 limit_price=62"];
    let bars = [FLAT, FLAT, "63 64 60 61", FLAT];
    assert_eq!(daily(&bars, &script, OHLC).fills(), ["E1 1-04 buy 50 @ 62"]);
    assert_eq!(daily(&bars, &script, &[]).fills(), ["E1 1-05 buy 50 @ 60"]);
}

#[test]
fn the_band_is_that_of_the_other_readings() {
    // Both in one bar: 50 × (57 − 60) = −150 with the stop, 50 × (63 − 60) = +150 with the target.
    let bars = [FLAT, FLAT, "60 64 56 60"];
    let run = daily(&bars, PAIR, &[]).run().unwrap();
    assert_eq!(run.band, ["99850", "99850", "100150"]);
    let kind = daily(&bars, PAIR, &["execution.both_touched=target_first"]).run().unwrap();
    assert_eq!(kind.band, ["99850", "100150", "100150"]);
    // An entry inside the bar: bought at 58, and by the close 57.5 the rule holds 50 shares, −25. The kindest
    // sells at 64, +300; the cruellest at 56, −100.
    let bars = [FLAT, FLAT, "60 65 55 57.5"];
    let run = daily(&bars, BRACKET, &[]).run().unwrap();
    assert_eq!((run.ambiguous_bars, run.unclear_entry_bars), (0, 1));
    assert_eq!(run.band, ["99900", "99975", "100300"]);
    // Nothing was undecided: no other reading is asked.
    let bars = [FLAT, FLAT, "60 64 58 60"];
    assert_eq!(daily(&bars, PAIR, &[]).run().unwrap().band, ["100150", "100150", "100150"]);
}

/// Minutes of 2024-01-04 from the open at 09:30 New York on.
fn minutes<'a>(bars: &'a [&'a str]) -> Vec<(String, &'a str)> {
    bars.iter().enumerate().map(|(minute, bar)| (format!("2024-01-04T14:{:02}:00Z", 30 + minute), *bar)).collect()
}

fn through(bar: &str, script: &[&str], parts: &[&str]) -> Outcome {
    let (bars, parts) = ([FLAT, FLAT, bar, FLAT], minutes(parts));
    let finer: Vec<(&str, &str)> = parts.iter().map(|(time, bar)| (time.as_str(), *bar)).collect();
    World { finer: &finer, ..daily(&bars, script, &[]) }.run().unwrap()
}

#[test]
fn finer_bars_tell_what_came_first() {
    let run = through("60 64 56 60", PAIR, &["60 64 59 62", "62 62 56 60"]);
    assert_eq!(run.fills[1], "X1 2024-01-04 sell 50 @ 63");
    let run = through("60 64 56 60", PAIR, &["60 61 56 58", "58 64 58 60"]);
    assert_eq!(run.fills[1], "X1.stop 2024-01-04 sell 50 @ 57");
    // Told: nothing is counted, and there is no band.
    assert_eq!((run.ambiguous_bars, run.unread_bars.0), (0, 0));
    assert_eq!(run.band[0], run.band[2]);
    // One minute holds both: the stop, and it is counted.
    let run = through("60 64 56 60", PAIR, &["60 61 59 60", "60 64 56 60"]);
    assert_eq!((run.fills[1].as_str(), run.ambiguous_bars), ("X1.stop 2024-01-04 sell 50 @ 57", 1));
    assert_eq!(run.band, ["99850", "99850", "100150"]);
    // A minute that opens beyond the stop: the worse of the two.
    let run = through("60 64 55 60", PAIR, &["60 61 59 60", "56 64 55 60"]);
    assert_eq!(run.fills[1], "X1.stop 2024-01-04 sell 50 @ 56");
}

#[test]
fn legs_of_an_entry_inside_live_from_the_next_finer_bar() {
    // Bought at 58 in the first minute, whose high 65 was before; sold at 64 in the third.
    let run = through("60 65 57 64", BRACKET, &["60 65 57.5 58", "58 63 57 63", "63 65 63 64"]);
    assert_eq!(run.fills, ["E1 2024-01-04 buy 50 @ 58", "E1.take_profit 2024-01-04 sell 50 @ 64"]);
    assert_eq!(run.unclear_entry_bars, 1);
    let run = through("60 65 57 64", BRACKET, &["60 63 57.5 58", "58 63 57 63", "63 65 63 64"]);
    assert_eq!(run.unclear_entry_bars, 0);
}

#[test]
fn finer_bars_that_do_not_agree_are_not_read() {
    for (parts, why) in [
        (&["60 64.01 59 62", "62 62 56 60"][..], "a finer high above the high"),
        (&["60 64 59 62", "62 62 55.99 60"], "a finer low below the low"),
        (&["60 64 59 62 0", "62 62 56 60 0"], "nothing was traded in them"),
        // The day went to 56, the minutes only to 58: they miss what touched the stop.
        (&["60 64 59 62", "62 62 58 60"], "finer bars that miss what the bar reached"),
    ] {
        let run = through("60 64 56 60", PAIR, parts);
        assert_eq!(run.fills[1], "X1.stop 2024-01-04 sell 50 @ 57", "{why}");
        assert_eq!(run.unread_bars, (1, Some("2024-01-04T00:00:00Z".to_owned())), "{why}");
        assert_eq!(run.ambiguous_bars, 1, "{why}");
    }
    // A bar that fills nothing inside needs no finer bars.
    let run = through("60 62 58 60", PAIR, &["60 70 59 62", "62 62 58 60"]);
    assert_eq!((run.fills.len(), run.unread_bars.0), (1, 0));
}

#[test]
fn a_trailing_stop_moves_with_each_finer_bar() {
    let script = ["0 submit E1 buy 50 market", "1 submit T1 sell 50 trailing_stop trail_price=3"];
    let run = through("60 66 59 61", &script, &["60 66 60 66", "66 66 64 64", "64 64 59 61"]);
    assert_eq!(run.fills[1], "T1 2024-01-04 sell 50 @ 63");
}

#[test]
fn an_order_takes_its_share_of_the_bar_once() {
    let set = ["execution.participation=0.1"];
    let parts = minutes(&["60 64 60 62 100000", "62 64 60 62 100000"]);
    let finer: Vec<(&str, &str)> = parts.iter().map(|(time, bar)| (time.as_str(), *bar)).collect();
    let bars = [FLAT, FLAT, "60 64 60 62 400", "62 64 60 62"];
    let run = World { finer: &finer, ..daily(&bars, PAIR, &set) }.run().unwrap();
    // A tenth of the day's 400 shares, though two minutes reach the target; the rest the day after.
    let wanted = ["X1 2024-01-04 sell 40 @ 63", "X1 2024-01-05 sell 10 @ 63"];
    assert_eq!(run.fills[1..], wanted);
}

#[test]
fn finer_files_are_checked_and_named() {
    let world = |finer| World { finer, ..daily(&[FLAT, FLAT, FLAT], PAIR, &[]) };
    let refused = |finer| world(finer).run().unwrap_err();
    let daily_bars = refused(&[("2024-01-02", FLAT), ("2024-01-03", FLAT)]);
    assert!(daily_bars.contains("holds 1d bars, which are not finer than data.timeframe 1d"), "{daily_bars}");
    let odd = refused(&[("2024-01-02T14:30:00Z", FLAT), ("2024-01-02T14:37:00Z", FLAT)]);
    assert!(odd.contains("most bars are 7 minutes apart"), "{odd}");
    let broken = refused(&[("2024-01-02T14:30:00Z", "60 50 59 60"), ("2024-01-02T14:31:00Z", FLAT)]);
    assert!(broken.contains("fine.csv:2: high 50 is below low 59"), "{broken}");
    let run = world(&[("2024-01-02T14:30:00Z", FLAT), ("2024-01-02T14:31:00Z", FLAT)]).run().unwrap();
    assert!(run.files.contains(&("fine.csv".to_owned(), 64)), "{:?}", run.files);
}

/// Minutes of two sessions: the last three of 2024-01-02, the first of 2024-01-03.
fn two_sessions() -> Vec<String> {
    let last = ["20:57", "20:58", "20:59"].map(|time| format!("2024-01-02T{time}:00Z"));
    let first = (0..5).map(|minute| format!("2024-01-03T14:{}:00Z", 30 + minute));
    last.into_iter().chain(first).collect()
}

fn after(latency_ms: u32, bars: &[&str], script: &[&str]) -> Outcome {
    let set = [format!("execution.latency_ms={latency_ms}")];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let world = World { timeframe: "1m", times: two_sessions(), bars, script, set: &set, finer: &[] };
    let mut run = world.run().unwrap();
    for fill in &mut run.fills {
        *fill = fill.replace("2024-01-0", "").replace(":00Z", "");
    }
    run
}

#[test]
fn an_order_fills_on_the_first_bar_that_opens_at_or_after_its_arrival() {
    let bars = [FLAT, "61 61 61 61", "62 62 62 62", "63 63 63 63", "64 64 64 64", "65 65 65 65", FLAT, FLAT];
    let script = ["0 submit E1 buy 50 market", "2 submit E2 buy 5 market", "3 submit E3 buy 5 market"];
    let fills = |latency_ms| after(latency_ms, &bars, &script).fills;
    assert_eq!(fills(0), ["E1 2T20:58 buy 50 @ 61", "E2 3T14:30 buy 5 @ 63", "E3 3T14:31 buy 5 @ 64"], "no way at all");
    // 250 ms after 20:58:00 the open of 20:58 is past; the order of 20:59's close has the night; that of 14:30's
    // close misses the open of 14:31.
    assert_eq!(fills(250), ["E1 2T20:59 buy 50 @ 62", "E2 3T14:30 buy 5 @ 63", "E3 3T14:32 buy 5 @ 65"]);
    // A whole minute: it arrives with an open, in time for it.
    assert_eq!(fills(60_000), fills(250));
    assert_eq!(fills(60_001)[0], "E1 3T14:30 buy 50 @ 63");
    assert_eq!(fills(60_001)[1..], ["E2 3T14:30 buy 5 @ 63", "E3 3T14:33 buy 5 @ 60"]);
}

#[test]
fn a_day_order_that_arrives_after_the_close_is_for_the_next_session() {
    let bars = [FLAT, FLAT, FLAT, "60 61 58 60", FLAT];
    // Decided at 20:58's close, 20:59: 30 s later it is there in the session and ends with it; a minute and a
    // half later the session is over.
    let script = ["1 submit E1 buy 50 limit limit_price=58.5 time_in_force=day"];
    let run = after(30_000, &bars, &script);
    assert_eq!((run.fills.len(), run.orders[0].as_str()), (0, "E1 expired"));
    assert_eq!(after(90_000, &bars, &script).fills, ["E1 3T14:30 buy 50 @ 58.5"]);
}

#[test]
fn until_a_cancel_arrives_the_order_can_fill() {
    let script = ["3 submit E1 buy 50 limit limit_price=58", "4 cancel E1"];
    // Decided at 14:31's close: at 14:32 the order is still there.
    let touched = [FLAT, FLAT, FLAT, FLAT, FLAT, "60 61 57 60", FLAT, FLAT];
    assert_eq!(after(0, &touched, &script).fills.len(), 0);
    assert_eq!(after(250, &touched, &script).fills, ["E1 3T14:32 buy 50 @ 58"]);
    assert_eq!(after(250, &touched, &script).orders, ["E1 filled"]);
    // Before the open of 14:33 it is gone.
    let later = [FLAT, FLAT, FLAT, FLAT, FLAT, FLAT, "57 61 57 60", FLAT];
    let run = after(250, &later, &script);
    assert_eq!((run.fills.len(), run.orders[0].as_str()), (0, "E1 canceled"));
}

#[test]
fn until_a_change_arrives_the_order_is_as_it_was() {
    let script = ["3 submit E1 buy 50 limit limit_price=58", "4 replace E1 limit_price=59.5", "5 replace E1 qty=60"];
    let bars = [FLAT, FLAT, FLAT, FLAT, "60 61 60 60", "60 61 59.4 60", "60 61 59.4 60", FLAT];
    assert_eq!(after(0, &bars, &script).fills, ["E1 3T14:32 buy 50 @ 59.5"]);
    let run = after(250, &bars, &script);
    assert_eq!(run.fills, ["E1 3T14:33 buy 50 @ 59.5"]);
    // The second change is asked for while the first is on its way.
    assert_eq!(run.refusals, ["E1 change_pending"]);
}

#[test]
fn a_change_counts_what_fills_on_its_way() {
    // 400 shares a minute from 14:31 on, of which 40 are ours. The change to 60 arrives when 40 have filled:
    // 20 are left. One to 40 or less finds nothing left to do.
    let bars = [
        "60 61 60 60",
        "60 61 60 60",
        "60 61 60 60",
        "60 61 60 60",
        "60 61 60 60 400",
        "60 61 59 60 400",
        "60 61 59 60 400",
        "60 61 59 60 400",
    ];
    let play = |latency_ms: u32, qty: u32| {
        let change = format!("4 replace E1 qty={qty}");
        let script = ["3 submit E1 buy 100 limit limit_price=59", change.as_str()];
        let set = [format!("execution.latency_ms={latency_ms}"), "execution.participation=0.1".to_owned()];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let world =
            World { timeframe: "1m", times: two_sessions(), bars: &bars, script: &script, set: &set, finer: &[] };
        let run = world.run().unwrap();
        (
            run.fills.iter().map(|fill| fill.split(' ').nth(3).unwrap().to_owned()).collect::<Vec<_>>(),
            run.orders[0].clone(),
        )
    };
    assert_eq!(play(0, 60), (vec!["40".to_owned(), "20".to_owned()], "E1 filled".to_owned()));
    assert_eq!(play(250, 60), (vec!["40".to_owned(), "20".to_owned()], "E1 filled".to_owned()));
    assert_eq!(play(250, 40), (vec!["40".to_owned()], "E1 canceled".to_owned()));
    assert_eq!(play(250, 120).0, ["40", "40", "40"]);
}

#[test]
fn a_change_of_a_pair_finds_nothing_once_its_stop_has_come_to_its_price() {
    // Bought 100; the pair is for 100 and is to be for 60. Before that arrives, its stop sells 40 of the 400
    // shares of 14:32, which ends its target; the rest of the stop goes at the open of 14:33.
    let script = [
        "0 submit E1 buy 100 market",
        "3 submit X1 sell 100 order_class=oco take_profit=70 stop_loss=57",
        "4 replace X1 qty=60",
    ];
    let bars = [FLAT, FLAT, FLAT, FLAT, FLAT, "60 61 56 58 400", "58 58 58 58", FLAT];
    let set = ["execution.latency_ms=250", "execution.participation=0.1"];
    let world = World { timeframe: "1m", times: two_sessions(), bars: &bars, script: &script, set: &set, finer: &[] };
    let run = world.run().unwrap();
    let wanted = ["X1.stop 2024-01-03T14:32:00Z sell 40 @ 57", "X1.stop 2024-01-03T14:33:00Z sell 60 @ 58"];
    assert_eq!(run.fills[1..], wanted);
}

#[test]
fn a_flatten_sends_its_exit_when_its_cancels_have_arrived() {
    let script = ["0 submit E1 buy 50 market", "3 submit S1 sell 50 stop stop_price=50", "4 flatten F1"];
    let bars = [FLAT, FLAT, FLAT, FLAT, FLAT, "62 62 62 62", "63 63 63 63", "64 64 64 64"];
    // Asked at 14:31's close; at once without a way.
    assert_eq!(after(0, &bars, &script).fills[1], "F1 3T14:32 sell 50 @ 62");
    // The cancel of the stop is there by the open of 14:33; its exit, sent then, by that of 14:34.
    assert_eq!(after(250, &bars, &script).fills[1], "F1 3T14:34 sell 50 @ 64");
}

#[test]
fn legs_have_no_way_to_go() {
    let script = ["3 submit E1 buy 50 market order_class=bracket take_profit=70 stop_loss=57"];
    let bars = [FLAT, FLAT, FLAT, FLAT, FLAT, "60 61 56 60", FLAT];
    // In at the open of 14:32, out at the stop in the same minute.
    assert_eq!(after(250, &bars, &script).fills, ["E1 3T14:32 buy 50 @ 60", "E1.stop 3T14:32 sell 50 @ 57"]);
}
