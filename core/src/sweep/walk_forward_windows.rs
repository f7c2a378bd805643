//! The windows of a walk-forward: which sessions train, which test.
//!
//! Not here: what is done in them (`walk_forward`). A window is counted in calendar spans from the first session of
//! the data on, so that a span is as long as it says whatever holidays and gaps there are.
//! Invariants: the tests are in order and touch no session twice; a window's test begins where its training ends.
use std::ops::Range;

use jiff::Span;
use jiff::civil::Date;

use crate::domain::Timestamp;
use crate::market::Calendar;
use crate::scenario::spec::{CalendarKind, Period, PeriodUnit, WalkForwardSpec};
use crate::scenario::{Diagnostic, LoadedScenario};

/// Most windows: of weekly tests, nineteen years.
pub const WINDOWS_MAX: usize = 1_000;

/// Places of sessions in the list of those that have a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Sessions of the training span; none where the data have a hole that long.
    pub train: Range<usize>,
    /// Sessions of the test; at least one.
    pub test: Range<usize>,
    /// Do the data end before the test does?
    pub is_short: bool,
}

/// The windows of `loaded`, which has `[walk_forward]`, over the sessions that begin at `starts`, in order.
///
/// Errors: the data end before the first test begins; more than [`WINDOWS_MAX`] windows.
pub(super) fn windows(
    loaded: &LoadedScenario,
    spec: &WalkForwardSpec,
    starts: &[Timestamp],
) -> Result<Vec<Window>, Box<Diagnostic>> {
    let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Ok(Vec::new()) };
    let calendar = match loaded.spec.data.calendar {
        CalendarKind::Xnys => Calendar::xnys(),
        CalendarKind::AlwaysOpen => Calendar::always_open(),
    };
    let opening = first.utc_date();
    let trained = later(opening, spec.train, 1);
    let place = |date: Option<Date>| starts.partition_point(|start| *start < moment(date));
    let mut windows = Vec::new();
    for step in 0.. {
        let ends = trained.and_then(|date| later(date, spec.test, step + 1));
        let test = place(trained.and_then(|date| later(date, spec.test, step)))..place(ends);
        if test.start == starts.len() {
            break;
        }
        if test.is_empty() {
            continue; // a hole in the data, or a test of days over a weekend
        }
        if windows.len() == WINDOWS_MAX {
            return Err(too_many(loaded, spec));
        }
        let train = if spec.anchored { 0 } else { place(later(opening, spec.test, step)) }..test.start;
        let is_short = test.end == starts.len() && has_more(calendar, *last, moment(ends));
        windows.push(Window { train, test, is_short });
    }
    if windows.is_empty() { Err(too_short(loaded, spec, (*first, *last))) } else { Ok(windows) }
}

/// `times` spans after `date`; `None` where no date is that late.
fn later(date: Date, period: Period, times: u32) -> Option<Date> {
    let count = i64::from(period.count) * i64::from(times);
    let span = match period.unit {
        PeriodUnit::Years => Span::new().try_years(count),
        PeriodUnit::Months => Span::new().try_months(count),
        PeriodUnit::Weeks => Span::new().try_weeks(count),
        PeriodUnit::Days => Span::new().try_days(count),
    };
    date.checked_add(span.ok()?).ok()
}

/// The first moment of a date; after every real one for none.
fn moment(date: Option<Date>) -> Timestamp {
    date.and_then(Timestamp::from_date).unwrap_or(Timestamp::MAX)
}

/// Is there a session after `last` and before `end`? Where the calendar does not know, every day is one.
fn has_more(calendar: Calendar, last: Timestamp, end: Timestamp) -> bool {
    match calendar.next_session(last) {
        Some(next) => next.open < end,
        None => last.days() + 1 < end.days(),
    }
}

fn too_short(
    loaded: &LoadedScenario,
    spec: &WalkForwardSpec,
    (first, last): (Timestamp, Timestamp),
) -> Box<Diagnostic> {
    let what = format!(
        "the data reach from {} to {}, which leaves no session to test after walk_forward.train = {}",
        first.utc_date(),
        last.utc_date(),
        spec.train
    );
    Box::new(loaded.diagnostic("walk_forward.train", what).note("shorten train, or take data over a longer time"))
}

fn too_many(loaded: &LoadedScenario, spec: &WalkForwardSpec) -> Box<Diagnostic> {
    let what = format!("walk_forward.test = {} makes more than {WINDOWS_MAX} windows, the most allowed", spec.test);
    Box::new(loaded.diagnostic("walk_forward.test", what).note("lengthen test, or take a shorter time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing::scenario;

    /// Every session of New York from 2005 to the end of 2008.
    fn sessions() -> Vec<Timestamp> {
        let day = |text: &str| text.parse().expect("date");
        let all = Calendar::xnys().sessions(day("2005-01-03"), day("2008-12-31"));
        all.map(|session| Timestamp::from_days(session.open.days()).expect("day")).collect()
    }

    /// First and last dates of training and test of each window, and `short`.
    fn spans(study: &str, starts: &[Timestamp]) -> Result<Vec<String>, String> {
        let loaded = scenario(&format!("[walk_forward]\n{study}\n"));
        let spec = loaded.spec.walk_forward.clone().expect("a walk-forward");
        let text = |range: &Range<usize>| {
            let date = |at: usize| starts[at].utc_date();
            if range.is_empty() { "none".to_owned() } else { format!("{}..{}", date(range.start), date(range.end - 1)) }
        };
        let line = |window: &Window| {
            let short = if window.is_short { " short" } else { "" };
            format!("{} {}{short}", text(&window.train), text(&window.test))
        };
        let windows = windows(&loaded, &spec, starts).map_err(|error| error.to_string())?;
        Ok(windows.iter().map(line).collect())
    }

    #[test]
    fn rolling_windows_keep_their_length_and_the_last_test_may_be_shorter() {
        let found = spans("train = \"2y\"\ntest = \"9m\"", &sessions()).expect("windows");
        // 2005-01-03 plus two years; Saturdays and holidays lie between the spans.
        let wanted = [
            "2005-01-03..2006-12-29 2007-01-03..2007-10-02",
            "2005-10-03..2007-10-02 2007-10-03..2008-07-02",
            "2006-07-03..2008-07-02 2008-07-03..2008-12-31 short",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn anchored_windows_begin_where_the_data_do() {
        let found = spans("train = \"24m\"\ntest = \"1y\"\nanchored = true", &sessions()).expect("windows");
        let wanted = [
            "2005-01-03..2006-12-29 2007-01-03..2008-01-02",
            // The test ends on 2009-01-02, a session that the data lack.
            "2005-01-03..2008-01-02 2008-01-03..2008-12-31 short",
        ];
        assert_eq!(found, wanted);
        let whole = spans("train = \"730d\"\ntest = \"104w\"", &sessions()).expect("windows");
        // 728 days later than the first session is a Monday without one, and the next day without one, too.
        let wanted =
            ["2005-01-03..2006-12-29 2007-01-03..2008-12-30", "2007-01-03..2008-12-30 2008-12-31..2008-12-31 short"];
        assert_eq!(whole, wanted);
    }

    #[test]
    fn holes_make_no_windows_and_no_training() {
        let mut holed = sessions();
        holed.retain(|start| start.utc_date().year() != 2006);
        let found = spans("train = \"6m\"\ntest = \"6m\"", &holed).expect("windows");
        assert_eq!(found[0], "2005-01-03..2005-07-01 2005-07-05..2005-12-30");
        assert_eq!(found[1], "none 2007-01-03..2007-07-02");
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn what_cannot_be_cut_says_what_to_change() {
        let error = spans("train = \"4y\"\ntest = \"1y\"", &sessions()).expect_err("too short");
        assert!(error.contains("the data reach from 2005-01-03 to 2008-12-31"), "{error}");
        assert!(error.contains("walk_forward.train = 4y"), "{error}");
        let error = spans("train = \"3d\"\ntest = \"1d\"", &sessions()).expect_err("too many");
        assert!(error.contains("walk_forward.test = 1d makes more than 1000 windows"), "{error}");
        let eternal = spans("train = \"9999y\"\ntest = \"9999y\"", &sessions()).expect_err("too short");
        assert!(eternal.contains("train = 9999y"), "{eternal}");
    }
}
