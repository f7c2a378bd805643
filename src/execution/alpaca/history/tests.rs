//! Bounds, months, pages and paths of a fetch; whole fetches are tested with the program, in `tests/data_fetch.rs`.
use proptest::prelude::*;

use super::page;
use super::parts::{Bound, DayEnd, ended_by, months};
use super::request::{Adjustment, BarsRequest};
use crate::domain::{Timeframe, Timestamp};
use crate::execution::alpaca::Feed;

fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn bound(text: &str) -> Bound {
    text.parse().expect(text)
}

#[test]
fn dates_are_days_in_new_york() {
    assert_eq!(bound("2024-01-02").first(), time("2024-01-02T05:00:00Z"));
    assert_eq!(bound("2024-07-02").first(), time("2024-07-02T04:00:00Z"));
    assert_eq!(bound("2024-07-02").last(), time("2024-07-03T03:59:59.999999999Z"));
    // The day on which summer time begins has 23 hours.
    assert_eq!(bound("2024-03-10").first(), time("2024-03-10T05:00:00Z"));
    assert_eq!(bound("2024-03-10").last(), time("2024-03-11T03:59:59.999999999Z"));
    let moment = bound("2024-01-02T14:30:00Z");
    assert_eq!((moment.first(), moment.last()), (time("2024-01-02T14:30:00Z"), time("2024-01-02T14:30:00Z")));
    assert!("2024-02-30".parse::<Bound>().is_err() && "yesterday".parse::<Bound>().is_err());
}

#[test]
fn only_what_has_ended_is_asked_for() {
    let ended = |now: &str, timeframe: Timeframe, day_end: DayEnd| ended_by(time(now), timeframe, day_end).to_string();
    let now = "2024-01-03T14:35:20Z";
    assert_eq!(ended(now, Timeframe::Minute1, DayEnd::Midnight), "2024-01-03T14:34:20Z");
    assert_eq!(ended(now, Timeframe::Hour1, DayEnd::Close), "2024-01-03T13:35:20Z");
    // The second of January ends at five in the morning of UTC, the third at four in the afternoon at the earliest.
    let (second, third) = ("2024-01-03T04:59:59.999999999Z", "2024-01-04T04:59:59.999999999Z");
    for (now, day_end, last) in [
        ("2024-01-03T05:00:00Z", DayEnd::Midnight, second),
        ("2024-01-03T20:59:59Z", DayEnd::Close, second),
        ("2024-01-03T21:00:00Z", DayEnd::Close, third),
        ("2024-01-03T21:00:00Z", DayEnd::Midnight, second),
        ("2024-01-04T03:00:00Z", DayEnd::Midnight, second),
        ("2024-01-04T05:00:00Z", DayEnd::Midnight, third),
    ] {
        assert_eq!(ended(now, Timeframe::Day1, day_end), last, "{now}");
    }
}

#[test]
fn a_request_spells_everything_out() {
    let request = BarsRequest {
        symbol: "BRK.B".parse().expect("symbol"),
        timeframe: Timeframe::Minute15,
        start: time("2024-01-02T05:00:00Z"),
        end: time("2024-02-01T04:59:59.999999999Z"),
        feed: Feed::Sip,
        adjustment: Adjustment::Split,
    };
    assert_eq!(
        request.path(Some("QQ==|1+/x")),
        "/v2/stocks/bars?symbols=BRK.B&timeframe=15Min&start=2024-01-02T05:00:00Z&end=2024-02-01T04:59:59.999999999Z\
         &limit=10000&adjustment=split&feed=sip&sort=asc&page_token=QQ%3D%3D%7C1%2B%2Fx"
    );
}

#[test]
fn a_page_is_read_exactly_or_refused() {
    let symbol = "AAPL".parse().expect("symbol");
    let read = |text: &str| page::read(text.as_bytes(), symbol);
    let bar =
        r#"{"t":"2024-01-02T14:30:00Z","o":187.15,"h":187.44,"l":187.1,"c":187.3901,"v":1234567,"n":9,"vw":187.2}"#;
    let page =
        read(&format!(r#"{{"bars":{{"AAPL":[{bar}]}},"next_page_token":"x=","currency":"USD"}}"#)).expect("page");
    assert_eq!(page.next.as_deref(), Some("x="));
    assert_eq!(
        (page.bars[0].close.to_string(), page.bars[0].volume.to_string()),
        ("187.3901".into(), "1234567".into())
    );
    for empty in [r#"{"bars":{},"next_page_token":null}"#, r#"{"bars":null}"#, r#"{"bars":{"AAPL":null}}"#] {
        let page = read(empty).expect(empty);
        assert!(page.bars.is_empty() && page.next.is_none());
    }
    for (text, word) in [
        ("<html>", "no JSON"),
        (r#"{"bars":{"AAPL":["#, "no JSON"),
        (r#"{"message":"hello"}"#, "no map of bars"),
        (r#"{"bars":[]}"#, "no map of bars"),
        (r#"{"bars":{"MSFT":[]}}"#, "bars of MSFT"),
        (r#"{"bars":{"AAPL":{}}}"#, "no list"),
        (r#"{"bars":{},"next_page_token":5}"#, "no text"),
        (
            r#"{"bars":{"AAPL":[{"t":"2024-01-02T14:30:00Z","o":1,"h":1,"l":1,"c":1}]}}"#,
            "at 2024-01-02T14:30:00Z, has a wrong v",
        ),
        (
            r#"{"bars":{"AAPL":[{"t":"2024-01-02T14:30:00Z","o":1,"h":0.5,"l":1,"c":1,"v":1}]}}"#,
            "o, h, l and c together",
        ),
    ] {
        let refused = read(text).expect_err(text);
        assert!(refused.contains(word), "{text}: {refused}");
    }
}

proptest! {
    /// The parts of a span touch, cover all of it and end with its months.
    #[test]
    fn months_cover_every_moment_once(start in 0i64..2_000_000_000, length in 0i64..200_000_000, ns in 0i64..1_000_000_000) {
        let (start, end) = (Timestamp::from_ns(start * 1_000_000_000 + ns), Timestamp::from_ns((start + length) * 1_000_000_000 + ns));
        let parts = months(start, end);
        prop_assert_eq!((parts[0].0, parts[parts.len() - 1].1), (start, end));
        for pair in parts.windows(2) {
            prop_assert_eq!(pair[0].1.plus_ns(1), pair[1].0);
            prop_assert_eq!(pair[1].0.utc_date().day(), 1);
        }
        for (first, last) in parts {
            prop_assert!(first <= last && first.utc_date().first_of_month() == last.utc_date().first_of_month());
        }
    }

    #[test]
    fn garbage_is_no_page(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = page::read(&bytes, "AAPL".parse().expect("symbol"));
    }
}
