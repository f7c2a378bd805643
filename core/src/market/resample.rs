//! Closed bars of a longer span out of closed bars of a shorter one, as they come.
//!
//! Not here: files, and the bar that is still growing: nobody sees it.
//! Within a session buckets start at its open (09:30, 10:30 …; the last may be shorter); a day is a
//! session; weeks run Monday to Sunday, months by the calendar. A gathered bar is stamped by its open:
//! the start of its bucket, from a day up midnight UTC of the first date with a bar.
//! Invariant: a bar comes out with the input bar that closes it by the calendar, or, if that one is
//! missing in the data, with the first bar after it; never before it is complete.
use super::adjust::bar_after_split;
use super::calendar::{Calendar, Session, SessionCursor, week};
use super::civil::civil_from_days;
use super::span::Span;
use crate::domain::{Bar, Ratio, Timeframe, Timestamp, Volume};

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// A span that cannot be made from a timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{span} bars cannot be made from {timeframe} bars; use {timeframe} or a longer span")]
pub struct ResampleError {
    /// The timeframe of the data.
    pub timeframe: Timeframe,
    /// The span asked for.
    pub span: Span,
}

/// Gathers bars; nothing is allocated.
#[derive(Debug, Clone)]
pub struct Resampler {
    timeframe: Timeframe,
    span: Span,
    calendar: Calendar,
    cursor: SessionCursor,
    /// First bar of the newest date that the calendar does not know: its sessions are the data's own.
    unknown_open: Timestamp,
    growing: Option<Growing>,
    /// The bucket closed last. A bar that still starts in it, because vendors cut the first bar of a
    /// session short, belongs to no bucket: the closed bar is out and cannot be taken back.
    done: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Growing {
    id: i64,
    bar: Bar,
}

/// Which bucket a bar belongs to.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Tells buckets of one resampler apart.
    id: i64,
    /// The stamp of its bar, if this bar is its first.
    start: Timestamp,
    /// Does this bar close it?
    closes: bool,
}

impl Resampler {
    /// A resampler from a timeframe to a span that is as long or longer.
    pub fn new(timeframe: Timeframe, span: Span, calendar: Calendar) -> Result<Resampler, ResampleError> {
        if span < Span::from(timeframe) {
            return Err(ResampleError { timeframe, span });
        }
        let (cursor, unknown_open) = (calendar.cursor(), Timestamp::MIN);
        Ok(Resampler { timeframe, span, calendar, cursor, unknown_open, growing: None, done: None })
    }

    /// Takes the next bar, which has just closed; answers the gathered bars that are closed with it,
    /// oldest first. The first of the two is one whose last bars were missing.
    #[inline]
    pub fn push(&mut self, bar: &Bar) -> [Option<Bar>; 2] {
        let bucket = self.bucket(bar.time);
        if self.done == Some(bucket.id) {
            return [None, None];
        }
        let (late, gathered) = match self.growing.take() {
            Some(growing) if growing.id == bucket.id => (None, joined(growing.bar, bar)),
            other => (other.map(|growing| growing.bar), Bar { time: bucket.start, ..*bar }),
        };
        if bucket.closes {
            self.done = Some(bucket.id);
            return [late, Some(gathered)];
        }
        self.growing = Some(Growing { id: bucket.id, bar: gathered });
        [late, None]
    }

    /// The share splits into `ratio` new ones per old before the next bar: the bar in the making is in the new
    /// unit from here on.
    pub fn split(&mut self, ratio: Ratio) {
        if let Some(growing) = &mut self.growing {
            growing.bar = bar_after_split(&growing.bar, ratio);
        }
    }

    fn bucket(&mut self, time: Timestamp) -> Bucket {
        if self.span == Span::from(self.timeframe) {
            return Bucket { id: time.ns(), start: time, closes: true };
        }
        match self.span.minutes() {
            Some(minutes) => self.within_session(time, minutes * NS_PER_MINUTE),
            None => self.of_sessions(time),
        }
    }

    fn within_session(&mut self, time: Timestamp, length_ns: i64) -> Bucket {
        let session = self.cursor.session_of(time);
        let open = session.map_or_else(|| self.data_open(time), |session| session.open);
        let start = open.plus_ns((time.ns() - open.ns()) / length_ns * length_ns);
        let end = start.plus_ns(length_ns);
        let end = session.map_or(end, |session| end.min(session.close));
        Bucket { id: start.ns(), start, closes: self.bar_end(time) >= end }
    }

    fn of_sessions(&mut self, time: Timestamp) -> Bucket {
        let session = match self.timeframe {
            Timeframe::Day1 => self.calendar.session(time),
            _ => self.cursor.session_of(time),
        };
        let date = session.map_or(time, |session| session.date).days();
        let start = Timestamp::from_ns(i64::from(date) * Timestamp::NS_PER_DAY);
        let id = match self.span {
            Span::Week1 => i64::from(week(date)),
            Span::Month1 => {
                let (year, month, _) = civil_from_days(date);
                i64::from(year) * 12 + i64::from(month)
            }
            _ => i64::from(date),
        };
        let closes = session.is_some_and(|session| self.ends_session(time, session) && self.ends_span(session.date));
        Bucket { id, start, closes }
    }

    fn ends_session(&self, time: Timestamp, session: Session) -> bool {
        self.timeframe.is_daily() || self.bar_end(time) >= session.close
    }

    fn ends_span(&self, date: Timestamp) -> bool {
        match self.span {
            Span::Week1 => self.calendar.is_last_session_of_week(date),
            Span::Month1 => self.calendar.is_last_session_of_month(date),
            _ => true,
        }
    }

    fn bar_end(&self, time: Timestamp) -> Timestamp {
        time.plus_ns(self.timeframe.minutes() * NS_PER_MINUTE)
    }

    fn data_open(&mut self, time: Timestamp) -> Timestamp {
        if self.unknown_open.days() != time.days() {
            self.unknown_open = time;
        }
        self.unknown_open
    }
}

/// `first` and the bar after it as one.
#[inline]
fn joined(first: Bar, next: &Bar) -> Bar {
    Bar {
        time: first.time,
        open: first.open,
        high: first.high.max(next.high),
        low: first.low.min(next.low),
        close: next.close,
        // A sum beyond the largest volume stays there: it is an estimate long before.
        volume: Volume::from_units(first.volume.units().saturating_add(next.volume.units())).unwrap_or(first.volume),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Price;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("time")
    }

    fn bar(at: Timestamp, cents: i64) -> Bar {
        let price = |cents: i64| Price::from_units(cents * 10_000_000).expect("price");
        let volume = Volume::from_shares(10).expect("volume");
        Bar {
            time: at,
            open: price(cents),
            high: price(cents + 2),
            low: price(cents - 2),
            close: price(cents + 1),
            volume,
        }
    }

    /// Every bar of a session of a timeframe.
    fn session_bars(date: &str, timeframe: Timeframe) -> Vec<Bar> {
        let session = Calendar::xnys().session(time(date)).expect("session");
        let step = timeframe.minutes() * NS_PER_MINUTE;
        let count = (session.close.ns() - session.open.ns() + step - 1) / step;
        (0..count).map(|index| bar(session.open.plus_ns(index * step), 1_000 + index)).collect()
    }

    /// What comes out: the stamp, the shares, and the input bar that brought it.
    fn run(bars: &[Bar], timeframe: Timeframe, span: Span) -> Vec<(String, i64, usize)> {
        let mut resampler = Resampler::new(timeframe, span, Calendar::xnys()).expect("longer");
        let mut out = Vec::new();
        for (index, bar) in bars.iter().enumerate() {
            for closed in resampler.push(bar).into_iter().flatten() {
                out.push((closed.time.to_string(), closed.volume.units() / Volume::UNITS_PER_SHARE, index));
            }
        }
        out
    }

    #[test]
    fn hours_start_at_the_open_and_close_on_their_last_minute() {
        let bars = session_bars("2013-10-07", Timeframe::Minute1);
        let hours = run(&bars, Timeframe::Minute1, Span::Hour1);
        assert_eq!(hours.len(), 7);
        assert_eq!(hours[0], ("2013-10-07T13:30:00Z".into(), 600, 59));
        assert_eq!(hours[6], ("2013-10-07T19:30:00Z".into(), 300, 389));
        let half_day = session_bars("2013-11-29", Timeframe::Minute1);
        assert_eq!(run(&half_day, Timeframe::Minute1, Span::Hour1)[3], ("2013-11-29T17:30:00Z".into(), 300, 209));
    }

    #[test]
    fn a_missing_last_minute_delays_to_the_next_bar() {
        let mut bars = session_bars("2013-10-07", Timeframe::Minute1);
        bars.remove(4);
        let out = run(&bars, Timeframe::Minute1, Span::Minute5);
        assert_eq!(out[0], ("2013-10-07T13:30:00Z".into(), 40, 4));
        assert_eq!(out[1], ("2013-10-07T13:35:00Z".into(), 50, 8));
        assert_eq!(out.len(), 78);
    }

    #[test]
    fn prices_are_those_of_the_whole_bucket() {
        let bars = session_bars("2013-10-07", Timeframe::Minute1);
        let mut resampler = Resampler::new(Timeframe::Minute1, Span::Minute5, Calendar::xnys()).expect("longer");
        let out = bars.iter().flat_map(|bar| resampler.push(bar)).flatten().next().expect("a bar");
        let cents = |price: Price| price.units() / 10_000_000;
        assert_eq!([out.open, out.high, out.low, out.close].map(cents), [1_000, 1_006, 998, 1_005]);
    }

    #[test]
    fn days_weeks_and_months_close_by_the_calendar() {
        let calendar = Calendar::xnys();
        let days: Vec<Bar> =
            calendar.sessions(time("2013-03-25"), time("2013-04-30")).map(|session| bar(session.date, 1_000)).collect();
        let weeks = run(&days, Timeframe::Day1, Span::Week1);
        // Good Friday: the week closes with Thursday's bar.
        assert_eq!(weeks[0], ("2013-03-25T00:00:00Z".into(), 40, 3));
        assert_eq!(weeks[1], ("2013-04-01T00:00:00Z".into(), 50, 8));
        let months = run(&days, Timeframe::Day1, Span::Month1);
        assert_eq!(months, [("2013-03-25T00:00:00Z".into(), 40, 3), ("2013-04-01T00:00:00Z".into(), 220, 25)]);
        let minutes = session_bars("2013-03-28", Timeframe::Minute30);
        for span in [Span::Day1, Span::Week1, Span::Month1] {
            assert_eq!(run(&minutes, Timeframe::Minute30, span), [("2013-03-28T00:00:00Z".into(), 130, 12)]);
        }
    }

    #[test]
    fn short_first_bars_as_lean_cuts_them_make_no_second_bucket() {
        let bars: Vec<Bar> = ["13:30", "14:00", "15:00", "16:00", "17:00", "18:00", "19:00"]
            .map(|clock| bar(time(&format!("2013-10-07T{clock}:00Z")), 1_000))
            .to_vec();
        assert_eq!(run(&bars, Timeframe::Hour1, Span::Day1), [("2013-10-07T00:00:00Z".into(), 70, 6)]);
        assert_eq!(run(&bars, Timeframe::Hour1, Span::Hour1).len(), 7);
    }

    #[test]
    fn dates_beyond_the_calendar_go_by_the_data() {
        let bars: Vec<Bar> =
            (0..12).map(|minute| bar(time("2040-01-03T14:31:00Z").plus_ns(minute * NS_PER_MINUTE), 1_000)).collect();
        let out = run(&bars, Timeframe::Minute1, Span::Minute5);
        assert_eq!(out[0], ("2040-01-03T14:31:00Z".into(), 50, 4));
        let days: Vec<Bar> = (3..14).map(|day| bar(time(&format!("2040-01-{day:02}")), 1_000)).collect();
        assert_eq!(run(&days, Timeframe::Day1, Span::Week1), [("2040-01-03T00:00:00Z".into(), 60, 6),]);
        assert!(Resampler::new(Timeframe::Day1, Span::Hour1, Calendar::xnys()).is_err());
    }

    /// What came out never depends on what comes later.
    #[test]
    fn the_future_changes_nothing() {
        let bars =
            [session_bars("2013-10-07", Timeframe::Minute1), session_bars("2013-10-08", Timeframe::Minute1)].concat();
        for span in [Span::Minute15, Span::Hour1, Span::Day1, Span::Week1] {
            let whole = run(&bars, Timeframe::Minute1, span);
            for cut in [1, 59, 60, 61, 389, 390, 391, 500] {
                let part = run(&bars[..cut], Timeframe::Minute1, span);
                let wanted: Vec<_> = whole.iter().filter(|closed| closed.2 < cut).cloned().collect();
                assert_eq!(part, wanted, "{span} cut at {cut}");
            }
        }
    }
}
