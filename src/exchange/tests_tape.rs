//! The tape: which moments pass, in which order, and what is known at each.
use proptest::prelude::*;

use super::testing::{World, bar, days_of, scenario, sessions_of, time, wandering};
use super::{Moment, Tape};
use crate::domain::{Bar, Timestamp};
use crate::scenario::{LoadedScenario, MarketData};

const MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

fn tape(loaded: &LoadedScenario, bars: Vec<Vec<Bar>>) -> Tape {
    Tape::new(loaded, &MarketData { bars, ..MarketData::default() })
}

fn moments(tape: &mut Tape, until: &str) -> Vec<(String, Moment)> {
    let until = time(until);
    std::iter::from_fn(|| tape.pass(until).map(|moment| (tape.now().to_string(), moment))).collect()
}

fn at(time: &str, moment: Moment) -> (String, Moment) {
    (time.to_owned(), moment)
}

#[test]
fn a_daily_bar_lasts_a_session() {
    let mut tape = tape(&scenario("1d", "", r#""AAPL""#), vec![days_of("2013-11-27", "2013-11-29")]);
    assert_eq!(tape.now(), time("2013-11-27T05:00:00Z"));
    assert_eq!(tape.after_bars(1), Some(time("2013-11-27T21:00:00Z")));
    assert_eq!(tape.after_bars(2), Some(time("2013-11-29T18:00:00Z")));
    assert_eq!(tape.after_bars(3), tape.after_bars(2));
    assert_eq!(tape.after_bars(0), None);
    let passed = moments(&mut tape, "2013-11-27T21:00:00Z");
    let wanted = [
        at("2013-11-27T05:00:00Z", Moment::Day(0)),
        at("2013-11-27T14:30:00Z", Moment::SessionOpen(0)),
        at("2013-11-27T14:30:00Z", Moment::BarOpen(0)),
        at("2013-11-27T21:00:00Z", Moment::BarClose(0)),
        at("2013-11-27T21:00:00Z", Moment::SessionClose(0)),
    ];
    assert_eq!(passed, wanted);
    assert_eq!(tape.closed(0).len(), 1);
    assert!(tape.step(0).ends_session && tape.step(0).is_core);
    // Hours around the session end after it, on the half day at 17:00; Thanksgiving is no day.
    let passed = moments(&mut tape, "2013-12-05T00:00:00Z");
    let wanted = [
        at("2013-11-28T01:00:00Z", Moment::ExtendedClose(0)),
        at("2013-11-29T05:00:00Z", Moment::Day(1)),
        at("2013-11-29T14:30:00Z", Moment::SessionOpen(1)),
        at("2013-11-29T14:30:00Z", Moment::BarOpen(1)),
        at("2013-11-29T18:00:00Z", Moment::BarClose(1)),
        at("2013-11-29T18:00:00Z", Moment::SessionClose(1)),
        at("2013-11-29T22:00:00Z", Moment::ExtendedClose(1)),
    ];
    assert_eq!(passed, wanted);
    assert_eq!((tape.is_done(), tape.after_bars(1), tape.now()), (true, None, time("2013-12-05")));
}

#[test]
fn a_bar_that_opens_at_the_clock_has_not_begun() {
    let mut tape = tape(&scenario("1m", "", r#""AAPL""#), vec![sessions_of("2013-10-07", "2013-10-08", 1)]);
    moments(&mut tape, "2013-10-07T13:30:00Z");
    assert!(tape.is_open());
    assert_eq!((tape.begun(0), tape.last_price(0), tape.closed(0).len()), (None, None, 0));
    moments(&mut tape, "2013-10-07T13:30:00.000000001Z");
    let open = tape.bars_of(0).next().expect("a bar").1.open;
    assert_eq!(tape.begun(0), Some((time("2013-10-07T13:30:00Z"), open)));
    assert_eq!((tape.last_price(0), tape.closed(0).len()), (Some(open), 0));
    // A step from within a bar ends that bar.
    assert_eq!(tape.after_bars(1), Some(time("2013-10-07T13:31:00Z")));
    moments(&mut tape, "2013-10-07T13:31:00Z");
    assert_eq!((tape.begun(0), tape.closed(0).len()), (None, 1));
    assert_eq!(tape.last_price(0), Some(tape.closed(0)[0].close));
    // The last minute ends with the session, and the next bar is tomorrow's first.
    moments(&mut tape, "2013-10-07T20:00:00Z");
    assert!(!tape.is_open());
    assert_eq!((tape.closed(0).len(), tape.after_bars(1)), (390, Some(time("2013-10-08T13:31:00Z"))));
    assert!(tape.step(389).ends_session && !tape.step(388).ends_session);
    assert_eq!(tape.bars_of(390).count(), 0);
}

#[test]
fn the_last_hour_of_a_session_is_half_an_hour() {
    let mut tape = tape(&scenario("1h", "", r#""AAPL""#), vec![sessions_of("2013-10-07", "2013-10-07", 60)]);
    moments(&mut tape, "2013-10-07T21:00:00Z");
    let last = tape.step(6);
    assert_eq!((last.opens, last.closes), (time("2013-10-07T19:30:00Z"), time("2013-10-07T20:00:00Z")));
    assert!(last.ends_session);
    assert_eq!(tape.span_of(last.stamp), Some((last.opens, last.closes)));
    assert_eq!((tape.span_of(time("2013-10-07T19:45:00Z")), tape.step_at(last.stamp)), (None, Some(6)));
}

#[test]
fn a_step_is_over_when_the_next_begins() {
    // The first hour of a session cut short, and a share whose bars begin at other minutes.
    let hours = |clocks: &[&str]| -> Vec<Bar> {
        clocks.iter().map(|clock| wandering(time(&format!("2013-10-07T{clock}:00Z")), 1)).collect()
    };
    let (cut, other) = (hours(&["13:30", "14:00", "15:00"]), hours(&["13:45", "14:45"]));
    let mut tape = tape(&scenario("1h", "", r#""AAPL", "MSFT""#), vec![cut, other]);
    let passed = moments(&mut tape, "2013-10-07T20:00:00Z");
    let bars: Vec<&(String, Moment)> =
        passed.iter().filter(|(_, moment)| matches!(moment, Moment::BarOpen(_) | Moment::BarClose(_))).collect();
    let wanted = [
        at("2013-10-07T13:30:00Z", Moment::BarOpen(0)),
        at("2013-10-07T13:45:00Z", Moment::BarClose(0)),
        at("2013-10-07T13:45:00Z", Moment::BarOpen(1)),
        at("2013-10-07T14:00:00Z", Moment::BarClose(1)),
        at("2013-10-07T14:00:00Z", Moment::BarOpen(2)),
        at("2013-10-07T14:45:00Z", Moment::BarClose(2)),
        at("2013-10-07T14:45:00Z", Moment::BarOpen(3)),
        at("2013-10-07T15:00:00Z", Moment::BarClose(3)),
        at("2013-10-07T15:00:00Z", Moment::BarOpen(4)),
        at("2013-10-07T16:00:00Z", Moment::BarClose(4)),
    ];
    assert_eq!(bars, wanted.iter().collect::<Vec<_>>());
}

#[test]
fn a_share_without_a_bar_is_left_out_of_the_step() {
    let all = sessions_of("2013-10-07", "2013-10-07", 1);
    let some: Vec<Bar> = all.iter().step_by(2).copied().collect();
    let mut tape = tape(&scenario("1m", "", r#""AAPL", "MSFT""#), vec![all, some]);
    moments(&mut tape, "2013-10-07T13:31:30Z");
    assert!(tape.begun(0).is_some() && tape.begun(1).is_none());
    assert_eq!((tape.closed(0).len(), tape.closed(1).len()), (1, 1));
    assert_eq!(tape.bars_of(1).map(|(asset, _)| asset).collect::<Vec<_>>(), [0]);
    moments(&mut tape, "2013-10-07T20:00:00Z");
    assert_eq!((tape.closed(0).len(), tape.closed(1).len(), tape.is_done()), (390, 195, true));
}

#[test]
fn bars_of_the_hours_around_are_not_of_the_core() {
    let stamps = ["08:00", "13:29", "13:30", "19:59", "20:00", "23:59"];
    let bars = stamps.map(|clock| wandering(time(&format!("2013-10-07T{clock}:00Z")), 1)).to_vec();
    let mut tape = tape(&scenario("1m", "hours = \"extended\"", r#""AAPL""#), vec![bars]);
    let passed = moments(&mut tape, "2013-10-08T12:00:00Z");
    let steps: Vec<(bool, bool)> = (0..6).map(|step| (tape.step(step).is_core, tape.step(step).ends_session)).collect();
    let (around, core, last) = ((false, false), (true, false), (true, true));
    assert_eq!(steps, [around, around, core, last, around, around]);
    let order: Vec<Moment> = passed.into_iter().map(|(_, moment)| moment).collect();
    let wanted = [
        Moment::Day(0),
        Moment::BarOpen(0),
        Moment::BarClose(0),
        Moment::BarOpen(1),
        Moment::BarClose(1),
        Moment::SessionOpen(0),
        Moment::BarOpen(2),
        Moment::BarClose(2),
        Moment::BarOpen(3),
        Moment::BarClose(3),
        Moment::SessionClose(0),
        Moment::BarOpen(4),
        Moment::BarClose(4),
        Moment::BarOpen(5),
        Moment::BarClose(5),
        Moment::ExtendedClose(0),
    ];
    assert_eq!(order, wanted);
}

#[test]
fn the_hours_after_a_winter_session_end_on_the_next_day_of_utc() {
    let bars = vec![wandering(time("2014-01-08T00:59:00Z"), 1), wandering(time("2014-01-08T14:30:00Z"), 2)];
    let mut tape = tape(&scenario("1m", "hours = \"extended\"", r#""AAPL""#), vec![bars]);
    assert_eq!(tape.now(), time("2014-01-07T05:00:00Z"));
    let passed = moments(&mut tape, "2014-01-08T14:31:00Z");
    let close = passed.iter().position(|(_, moment)| *moment == Moment::BarClose(0)).expect("closed");
    assert_eq!(passed[close + 1], at("2014-01-08T01:00:00Z", Moment::ExtendedClose(0)));
    assert_eq!(passed[close + 2], at("2014-01-08T05:00:00Z", Moment::Day(1)));
    assert_eq!(tape.session_now().map(|session| session.date), Some(time("2014-01-08")));
}

#[test]
fn round_the_clock_one_day_ends_when_the_next_begins() {
    let bars: Vec<Bar> = (0..3).map(|day| wandering(time("2024-01-06").plus_ns(day * 1_440 * MINUTE), day)).collect();
    let mut tape = tape(&scenario("1d", "calendar = \"24/7\"", r#""BTC/USD""#), vec![bars]);
    assert_eq!(tape.now(), time("2024-01-06"));
    let passed = moments(&mut tape, "2024-01-07T00:00:00Z");
    let order: Vec<Moment> = passed.into_iter().map(|(_, moment)| moment).collect();
    let wanted = [
        Moment::Day(0),
        Moment::SessionOpen(0),
        Moment::BarOpen(0),
        Moment::BarClose(0),
        Moment::SessionClose(0),
        Moment::ExtendedClose(0),
        Moment::Day(1),
        Moment::SessionOpen(1),
    ];
    assert_eq!(order, wanted);
    assert!(tape.is_open() && tape.begun(0).is_none());
}

#[test]
fn the_benchmark_is_an_asset_behind_the_symbols() {
    let loaded = scenario("1d", "benchmark = \"SPY\"", r#""AAPL""#);
    let (own, benchmark) = (days_of("2013-10-07", "2013-10-08"), days_of("2013-10-08", "2013-10-09"));
    let market = MarketData { bars: vec![own], benchmark: Some(benchmark), ..MarketData::default() };
    let mut tape = Tape::new(&loaded, &market);
    assert_eq!((tape.index_of("AAPL"), tape.index_of("SPY"), tape.index_of("spy")), (Some(0), Some(1), None));
    moments(&mut tape, "2013-10-10T00:00:00Z");
    assert_eq!((tape.closed(0).len(), tape.closed(1).len()), (2, 2));
    // One that is a symbol anyway is not there twice.
    let loaded = scenario("1d", "benchmark = \"AAPL\"", r#""AAPL""#);
    let market = MarketData { benchmark: Some(market.bars[0].clone()), ..market };
    assert_eq!(Tape::new(&loaded, &market).names().len(), 1);
}

#[test]
fn a_bar_of_no_session_is_left_out() {
    // A Saturday.
    let bars = vec![wandering(time("2013-10-05"), 1), wandering(time("2013-10-07"), 2)];
    let mut tape = tape(&scenario("1d", "", r#""AAPL""#), vec![bars]);
    moments(&mut tape, "2013-10-08T00:00:00Z");
    assert_eq!(tape.closed(0).iter().map(|bar| bar.time).collect::<Vec<_>>(), [time("2013-10-07")]);
}

#[test]
fn dates_before_the_calendar_have_the_sessions_of_the_data() {
    let bars: Vec<Bar> = ["14:45", "15:00", "20:30"]
        .map(|clock| bar(time(&format!("1985-03-04T{clock}:00Z")), [100, 100, 100, 100], 10))
        .to_vec();
    let mut tape = tape(&scenario("15m", "", r#""AAPL""#), vec![bars]);
    let session = tape.session(0);
    assert_eq!((session.open, session.close), (time("1985-03-04T14:45:00Z"), time("1985-03-04T20:45:00Z")));
    assert_eq!(tape.now(), time("1985-03-04T05:00:00Z"));
    let passed = moments(&mut tape, "1985-03-05T00:00:00Z");
    assert_eq!(passed[passed.len() - 2], at("1985-03-04T20:45:00Z", Moment::SessionClose(0)));
    assert!(tape.step(2).ends_session);
}

proptest! {
    // Every case is two tapes of hundreds of bars.
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However time passes, the moments are the same, in order, and nothing is known too early or too late.
    #[test]
    fn moments_do_not_depend_on_the_stops(stops in prop::collection::vec(0i64..3_000, 0..20), minutes in prop::sample::select(vec![1, 5, 30, 60])) {
        let name = match minutes { 60 => "1h".to_owned(), other => format!("{other}m") };
        let loaded = scenario(&name, "", r#""AAPL""#);
        let make = || World::new(&loaded, vec![sessions_of("2013-11-29", "2013-12-02", minutes)], Vec::new());
        let (mut whole, mut parts) = (make(), make());
        let start = whole.tape.now();
        let mut stops: Vec<i64> = stops.into_iter().map(|minute| minute * 2).collect();
        stops.sort_unstable();
        let mut passed = Vec::new();
        for stop in stops {
            let until = start.plus_ns(stop * MINUTE);
            passed.extend(parts.until(&until.to_string()));
            let (tape, now) = (&parts.tape, parts.tape.now());
            prop_assert_eq!(now, until);
            let closes = |bar: &Bar| tape.step_of(bar.time).closes;
            prop_assert!(tape.closed(0).last().is_none_or(|bar| closes(bar) <= now));
            if let Some((stamp, _)) = tape.begun(0) {
                let step = tape.step_of(stamp);
                prop_assert!(step.opens < now && now < step.closes);
            }
            prop_assert_eq!(tape.is_open(), tape.session_now().is_some_and(|session| session.open <= now && now < session.close));
        }
        passed.extend(parts.until("2013-12-10"));
        prop_assert_eq!(passed, whole.until("2013-12-10"));
        prop_assert!(whole.tape.is_done());
    }
}
