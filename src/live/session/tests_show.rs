//! When a price of a session is old: once the next bar is later than the scenario allows.
use std::sync::Arc;

use super::show::newest;
use super::terms::Terms;
use super::tests_assemble::terms;
use crate::domain::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_next_bar_is_due_when_it_closes_also_over_night() {
    let minutes = terms("1m");
    assert_eq!(minutes.next_due(at("2024-03-05T14:30:00Z")), at("2024-03-05T14:32:00Z"));
    assert_eq!(minutes.next_due(at("2024-03-05T20:59:00Z")), at("2024-03-06T14:31:00Z"), "the next session's first");
    assert_eq!(
        minutes.next_due(at("2024-03-08T20:59:00Z")),
        at("2024-03-11T13:31:00Z"),
        "over a weekend, and the hour"
    );
    let days = terms("1d");
    assert_eq!(
        days.next_due(at("2024-03-05T00:00:00Z")),
        at("2024-03-06T21:00:00Z"),
        "a day's bar is there at its close"
    );
}

#[test]
fn a_price_is_old_once_the_next_is_later_than_allowed() {
    let minutes = terms("1m");
    let shown = newest(at("2024-03-05T14:30:00Z"), &minutes, at("2024-03-05T14:31:30Z"));
    assert_eq!(shown.at, Some(at("2024-03-05T14:31:00Z")));
    assert!(!shown.is_old(at("2024-03-05T14:32:05Z")), "five seconds late is allowed");
    assert!(shown.is_old(at("2024-03-05T14:32:05.000000001Z")));
    let none = newest(Timestamp::MIN, &minutes, at("2024-03-05T14:30:10Z"));
    assert_eq!((none.at, none.due), (None, at("2024-03-05T14:31:00Z")), "before the first bar of all");
}

#[test]
fn prices_age_at_the_pace_of_their_market() {
    let fast = Arc::new(Terms { pace: 60, ..(*terms("1m")).clone() });
    let shown = newest(at("2024-03-05T14:30:00Z"), &fast, at("2024-03-05T14:31:30Z"));
    assert_eq!(shown.allowed_ns, 300 * Timestamp::NS_PER_SECOND);
    assert!(!shown.is_old(at("2024-03-05T14:37:00Z")) && shown.is_old(at("2024-03-05T14:37:01Z")));
}
