//! One order holds a share at Alpaca: legs against exits, on bars written by hand, through files.
//!
//! `order_rules.rs` holds what else is refused. Source: `alpaca.md` §11 (insufficient qty), §11.1, §12, §13. A row of a
//! script is `bar action id side qty type name=value …`, bars counted from 0.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, row, run_micro};

const DAYS: [&str; 4] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"];
const FLAT: &str = "60,61,59,60,1000000";
/// 50 shares that a stop protects.
const PROTECTED: &str = "0 submit E1 buy 50 market order_class=oto stop_loss=50";

fn play(bars: &[&str], script: &[&str], set: &[&str]) -> Outcome {
    let rows = DAYS.iter().zip(bars).map(|(day, bar)| format!("{day},{bar}")).collect::<Vec<_>>().join("\n");
    let script = script.iter().map(|text| row(&DAYS, "", text)).collect::<Vec<_>>().join("\n");
    let set = set.iter().map(ToString::to_string).collect();
    run_micro(&Micro { bars: &[("TST", rows)], script, set, ..Micro::default() }).unwrap()
}

fn order<'a>(outcome: &'a Outcome, id: &str) -> &'a str {
    let is_it = |order: &&String| order.split(' ').next() == Some(id);
    outcome.orders.iter().find(is_it).unwrap()
}

#[test]
fn an_exit_that_waits_finds_no_shares_beside_a_leg() {
    for exit in [
        "limit limit_price=65",
        "stop stop_price=55",
        "stop_limit stop_price=55 limit_price=54",
        "trailing_stop trail_price=2",
        "market time_in_force=opg",
        "- order_class=oco take_profit=65 stop_loss=55",
    ] {
        let outcome = play(&[FLAT; 4], &[PROTECTED, &format!("1 submit X1 sell 50 {exit}")], &[]);
        let none = "X1 rejected (insufficient qty available for order (requested: 50, available: 0))";
        assert_eq!(order(&outcome, "X1"), none, "{exit}");
        assert_eq!(order(&outcome, "E1.stop"), "E1.stop new", "{exit}");
    }
}

#[test]
fn shares_that_no_leg_holds_may_wait_for_their_price() {
    let script = [
        "0 submit E0 buy 20 market",
        PROTECTED,
        "1 submit X1 sell 20 limit limit_price=65",
        "1 submit X2 sell 1 limit limit_price=65",
    ];
    let outcome = play(&[FLAT, FLAT, "60,66,59,60,1000000", FLAT], &script, &[]);
    assert_eq!(outcome.fills[2..], ["X1 2024-01-04 sell 20 @ 65"]);
    assert_eq!(
        order(&outcome, "X2"),
        "X2 rejected (insufficient qty available for order (requested: 1, available: 0))"
    );
}

/// Without the venue's rules nothing is reserved: the limit fills, and the stop is void.
#[test]
fn where_no_venue_has_rules_both_may_wait() {
    let script = [PROTECTED, "1 submit X1 sell 50 limit limit_price=65"];
    let rising = [FLAT, FLAT, "60,66,59,60,1000000", FLAT];
    let outcome = play(&rising, &script, &["execution.venue_rules=none"]);
    assert_eq!(outcome.fills[1..], ["X1 2024-01-04 sell 50 @ 65"]);
    assert_eq!(order(&outcome, "E1.stop"), "E1.stop canceled");
}

/// The legs are taken back for it and sent again for what stays: 30 of 50 leave at 50.
#[test]
fn an_exit_at_the_market_has_the_shares_of_legs() {
    let outcome = play(&[FLAT, FLAT, FLAT, "60,60,45,50,1000000"], &[PROTECTED, "1 submit M1 sell 20 market"], &[]);
    let fills = ["E1 2024-01-03 buy 50 @ 60", "M1 2024-01-04 sell 20 @ 60", "E1.stop 2024-01-05 sell 30 @ 50"];
    assert_eq!(outcome.fills, fills);
}

/// Canceling a leg cancels its group, so what is left of the entry is gone before the exit could trade with it. An
/// exit that needs no leg's shares meets the entry, and is refused.
#[test]
fn an_exit_at_the_market_takes_the_rest_of_the_entry_with_its_legs() {
    let thin = [FLAT, "60,61,59,60,50", FLAT, FLAT];
    let entry = "0 submit E1 buy 100 market time_in_force=gtc";
    let legs = format!("{entry} order_class=oto stop_loss=50");
    let outcome = play(&thin, &[&legs, "1 submit M1 sell 50 market"], &["execution.participation=1"]);
    assert_eq!(outcome.fills, ["E1 2024-01-03 buy 50 @ 60", "M1 2024-01-04 sell 50 @ 60"]);
    assert_eq!(order(&outcome, "E1"), "E1 canceled");
    let alone = play(&thin, &[entry, "1 submit M1 sell 50 market"], &["execution.participation=1"]);
    assert_eq!(order(&alone, "M1"), "M1 rejected (potential wash trade detected. use complex orders)");
    assert_eq!(alone.fills.len(), 2);
}

/// A stop that is sent again alone is a simple order, which Alpaca refuses beside the bid at 40; a pair is exempt.
#[test]
fn an_opening_order_makes_way_for_a_stop_that_is_sent_again() {
    let bid = "0 submit L1 buy 10 limit limit_price=40";
    let pair = "0 submit E1 buy 50 market order_class=bracket take_profit=70 stop_loss=50";
    for (entry, becomes, stop) in [(PROTECTED, "L1 canceled", "E1.stop new"), (pair, "L1 new", "E1.stop held")] {
        let outcome = play(&[FLAT; 4], &[bid, entry, "1 submit M1 sell 20 market"], &[]);
        assert_eq!(order(&outcome, "M1"), "M1 rejected (potential wash trade detected. use complex orders)");
        assert_eq!(order(&outcome, "L1"), becomes);
        assert_eq!(order(&outcome, "E1.stop"), stop);
    }
}

/// On 01-04 ten shares of M1 leave and fifty wait, so forty of ninety are left to stops: those of E2, bought last. Ten
/// of them find volume at 51; E1's stand back though 50 is reached. On 01-05 the exit goes first, then the stop's rest.
#[test]
fn while_an_exit_waits_the_newest_legs_keep_their_shares() {
    let script = [
        PROTECTED,
        "0 submit E2 buy 50 market order_class=oto stop_loss=51",
        "1 submit M1 sell 60 market time_in_force=gtc",
    ];
    let outcome = play(&[FLAT, FLAT, "60,60,49,55,10", FLAT], &script, &["execution.participation=1"]);
    let fills = [
        "M1 2024-01-04 sell 10 @ 60",
        "E2.stop 2024-01-04 sell 10 @ 51",
        "M1 2024-01-05 sell 50 @ 60",
        "E2.stop 2024-01-05 sell 30 @ 60",
    ];
    assert_eq!(outcome.fills[2..], fills);
    assert_eq!(order(&outcome, "E1.stop"), "E1.stop canceled");
}
