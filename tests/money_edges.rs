//! Edges at which money was once invented, lost or shown in the wrong place: each case names its sum.
//!
//! Days are the XNYS sessions of January 2024, starting cash is 100,000.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, run_micro};

const DAYS: [&str; 8] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"];

/// `open high low close [volume]` a day; `-` is a day without a bar.
fn bars(days: &[&str]) -> String {
    let row = |(time, bar): (&&str, &&str)| {
        let mut fields: Vec<&str> = bar.split_whitespace().collect();
        if fields.len() == 4 {
            fields.push("1000000");
        }
        format!("{time},{}", fields.join(","))
    };
    DAYS.iter().zip(days).filter(|(_, bar)| **bar != "-").map(row).collect::<Vec<_>>().join("\n")
}

/// A run of `script`, each row `bar rest of the line`.
fn play(series: &[(&str, &[&str])], script: &[&str], actions: &str, set: &[&str]) -> Outcome {
    let bars: Vec<(&str, String)> = series.iter().map(|(symbol, days)| (*symbol, bars(days))).collect();
    let row = |text: &&str| {
        let (day, rest) = text.split_once(' ').unwrap();
        format!("{},{rest}", DAYS[day.parse::<usize>().unwrap()])
    };
    let script = script.iter().map(row).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    run_micro(&Micro { bars: &bars, script, actions, set, ..Micro::default() }).unwrap()
}

fn heat(outcome: &Outcome) -> Vec<&str> {
    outcome.heat.iter().map(String::as_str).collect()
}

const FLAT: &str = "60 61 59 60";

/// An exit may never fill, or be taken back: it frees neither buying power nor position size for more.
#[test]
fn a_waiting_exit_makes_no_room_for_more() {
    let entry = "0 submit,B0,TST,buy,1000,market,,,,,gtc,,,";
    let far = [entry, "1 submit,X0,TST,sell,1000,limit,200,,,,gtc,,,", "2 submit,B1,TST,buy,1000,market,,,,,gtc,,,"];
    let taken_back = [
        entry,
        "2 submit,X0,TST,sell,1000,market,,,,,gtc,,,",
        "2 submit,B1,TST,buy,1000,market,,,,,gtc,,,",
        "2 cancel,X0,,,,,,,,,,,,",
        "3 submit,B2,TST,buy,max,market,,,,,gtc,,,",
    ];
    for script in [&far[..], &taken_back[..]] {
        let tight = play(&[("TST", &[FLAT; 8])], script, "", &["risk.max_position_size=0.6"]);
        assert_eq!(tight.fills, ["B0 2024-01-03 buy 1000 @ 60"]);
        // 2000 × 60 and 0.6 × 100,000.
        assert_eq!(tight.refusals[0], "B1 position_size 120000 60000");
        let wide = play(&[("TST", &[FLAT; 8])], script, "", &["risk.max_position_size=4"]);
        // 100,000 − 60,000.
        assert_eq!(wide.refusals, ["B1 buying_power 60000 40000"]);
    }
    let wide = play(&[("TST", &[FLAT; 8])], &taken_back, "", &["risk.max_position_size=4"]);
    // floor(40,000 ÷ 60): `max` asks for what passes.
    assert_eq!(wide.fills[1..], ["B2 2024-01-08 buy 666 @ 60"]);
}

/// An entry on the other side only shrinks the position if the exit before it does not fill, so both pass.
#[test]
fn an_exit_makes_room_to_turn_round() {
    let script = [
        "0 submit,B0,TST,buy,1000,market,,,,,gtc,,,",
        "1 submit,X0,TST,sell,1000,market,,,,,gtc,,,",
        "1 submit,S1,TST,sell,1000,market,,,,,gtc,,,",
    ];
    let outcome = play(&[("TST", &[FLAT; 8])], &script, "", &["risk.max_position_size=0.6"]);
    assert_eq!(outcome.fills[1..], ["X0 2024-01-04 sell 1000 @ 60", "S1 2024-01-04 sell 1000 @ 60"]);
}

/// With `market_fill = "close"` what a close cannot fill whole fills at the next ones.
#[test]
fn what_is_left_at_a_close_fills_at_later_closes() {
    let thin = "60 61 59 60 100";
    let set = ["execution.market_fill=close", "execution.participation=0.5"];
    let script = ["0 submit,B1,TST,buy,90,market,,,,,gtc,,,", "3 submit,S1,TST,sell,90,market,,,,,gtc,,,"];
    let outcome = play(&[("TST", &[thin; 8])], &script, "", &set);
    let fills = [
        "B1 2024-01-02 buy 50 @ 60",
        "B1 2024-01-03 buy 40 @ 60",
        "S1 2024-01-05 sell 50 @ 60",
        "S1 2024-01-08 sell 40 @ 60",
    ];
    assert_eq!(outcome.fills, fills);
    // A bar without volume fills nothing; the exit waits for one that has some.
    let dry: Vec<&str> = (0..8).map(|day| if day == 3 { "60 61 59 60 0" } else { thin }).collect();
    let outcome = play(&[("TST", &dry)], &script, "", &set);
    assert_eq!(outcome.fills[2..], ["S1 2024-01-08 sell 50 @ 60", "S1 2024-01-09 sell 40 @ 60"]);
}

/// A stop that a thin bar fills in part is a market order for the rest.
#[test]
fn the_rest_of_a_stop_fills_at_the_next_close() {
    let days = [FLAT, FLAT, "60 60 50 52 50", "52 52 40 45", FLAT, FLAT, FLAT, FLAT];
    let script = ["0 submit,B1,TST,buy,90,market,,,,,gtc,,,", "1 submit,S1,TST,sell,90,stop,,55,,,gtc,,,"];
    let outcome = play(&[("TST", &days)], &script, "", &["execution.market_fill=close"]);
    assert_eq!(outcome.fills[1..], ["S1 2024-01-04 sell 50 @ 55", "S1 2024-01-05 sell 40 @ 45"]);
}

/// A share that splits on a day without a bar of its own is worth its last close ÷ ratio that day.
#[test]
fn a_split_on_a_day_without_a_bar_keeps_the_value() {
    let split = [FLAT, FLAT, FLAT, FLAT, "-", "30 31 29 30", "30 31 29 30", "30 31 29 30"];
    let script = ["0 submit,B1,TST,buy,90,market,,,,,gtc,,,"];
    let outcome = play(&[("TST", &split), ("OTH", &[FLAT; 8])], &script, "TST,2024-01-08,split,2", &[]);
    assert!(outcome.equity.iter().all(|(_, equity)| equity == "100000"), "{:?}", outcome.equity);
    // Nor does the open trade gain by it when no bar of the share follows.
    let outcome = play(&[("TST", &split[..5]), ("OTH", &[FLAT; 8])], &script, "TST,2024-01-08,split,2", &[]);
    assert_eq!(outcome.pnl, ["0"]);
}

/// Nine shares at 60, one for ten: nothing is left and 9/10 of a share at 600 is paid, so nothing is lost.
#[test]
fn a_split_that_ends_a_position_pays_for_it() {
    let days = [FLAT, FLAT, FLAT, FLAT, "600 601 599 600", "600 601 599 600"];
    let script = ["0 submit,B1,TST,buy,9,market,,,,,gtc,,,"];
    let outcome = play(&[("TST", &days)], &script, "TST,2024-01-08,split,0.1", &[]);
    assert_eq!((outcome.cash.as_str(), outcome.pnl.as_slice()), ("100000", &["0".to_owned()][..]));
}

/// A dollar a share on the day of a split of two for one is for the 100 shares of before it.
#[test]
fn a_dividend_on_the_day_of_a_split_is_for_the_old_shares() {
    let days = [FLAT, FLAT, FLAT, FLAT, "30 31 29 30", "30 31 29 30"];
    let script = ["0 submit,B1,TST,buy,100,market,,,,,gtc,,,"];
    let actions = "TST,2024-01-08,split,2\nTST,2024-01-08,dividend,1";
    let outcome = play(&[("TST", &days)], &script, actions, &[]);
    // 100,000 − 100 × 60 + 100 × 1.
    assert_eq!(outcome.cash, "94100");
}

/// Ninety shares of 60 with a stop at 50 risk 900 of 100,000: over a split, and until the stop is canceled.
#[test]
fn heat_follows_a_stop_over_a_split_and_to_its_end() {
    let entry = "0 submit,B1,TST,buy,90,market,,,,,gtc,,,";
    let stop = "1 submit,S1,TST,sell,90,stop,,50,,,gtc,,,";
    let days = [FLAT, FLAT, FLAT, FLAT, "30 31 29 30", "30 31 29 30"];
    let split = play(&[("TST", &days)], &[entry, stop], "TST,2024-01-08,split,2", &[]);
    assert_eq!(heat(&split), ["0", "0.009", "0.009", "0.009", "0.009", "0.009"]);
    let canceled = play(&[("TST", &[FLAT; 6])], &[entry, stop, "4 cancel,S1,,,,,,,,,,,,"], "", &[]);
    assert_eq!(heat(&canceled), ["0", "0.009", "0.009", "0.009", "0.054", "0.054"]);
}

/// Two changes of one order at one time are both made.
#[test]
fn a_second_change_keeps_the_first() {
    let script =
        ["0 submit,B1,TST,buy,90,limit,50,,,,gtc,,,", "1 replace,B1,,,40,,,,,,,,,", "1 replace,B1,,,,,60,,,,,,,"];
    let outcome = play(&[("TST", &[FLAT; 4])], &script, "", &[]);
    assert_eq!(outcome.fills, ["B1 2024-01-04 buy 40 @ 60"]);
}

/// What a short sale brings in is not the seller's to spend: three shorts of a third come to the whole.
#[test]
fn shorts_of_a_share_of_cash_stay_inside_the_limits() {
    let days: &[&str] = &["100 100 100 100", "99 99 97 97", "97 97 97 97", "97 97 97 97"];
    let set = [
        "strategy.name=quick_test",
        "strategy.params={ threshold = 0.01, direction = \"long_short\" }",
        "sizing.kind=cash_fraction",
        "sizing.value=0.33",
        "risk.max_position_size=0.33",
    ];
    let outcome = play(&[("AAA", days), ("BBB", days), ("CCC", days)], &[], "", &set);
    // floor(33,000 ÷ 97) each.
    let fills: Vec<&str> = outcome.fills.iter().map(|fill| fill.split_once(' ').unwrap().1).collect();
    assert_eq!(fills, ["2024-01-04 sell 340 @ 97"; 3]);
}

/// Two orders of nine billion shares are more than a position can count: the second is refused, not summed up.
#[test]
fn more_shares_than_can_be_counted_are_refused() {
    let days: &[&str] = &["0.0001 0.0002 0.0001 0.0002 9000000000"; 4];
    let script =
        ["0 submit,B1,TST,sell,9000000000,market,,,,,gtc,,,", "1 submit,B2,TST,sell,9000000000,market,,,,,gtc,,,"];
    let outcome = play(&[("TST", days)], &script, "", &["account.cash=1000000000000"]);
    assert_eq!(outcome.fills, ["B1 2024-01-03 sell 9000000000 @ 0.0001"]);
    assert!(outcome.refusals[0].starts_with("B2 position_size"), "{:?}", outcome.refusals);
}

/// The stop of a short that fills beyond its collar (51 × 1.025 = 52.27) rests as a limit there: at 60 nobody
/// sells at 52.27.
#[test]
fn a_leg_whose_collar_is_passed_at_its_entry_does_not_fill_outside_the_bar() {
    let script = ["0 submit,E0,TST,sell,100,limit,50,,,,gtc,bracket,49,51"];
    // Sent at 50, where the stop is beyond the market; the open at 60 has passed it.
    let days: &[&str] = &["50 50 50 50", "60 60 60 60", "60 60 60 60", "60 60 60 60"];
    let outcome = play(&[("TST", days)], &script, "", &[]);
    assert_eq!(outcome.fills, ["E0 2024-01-03 sell 100 @ 60"]);
}
