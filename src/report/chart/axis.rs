//! Where ticks stand: dollars and percent on 1-2-5 steps, sessions by year, month, day or hour.
//!
//! Not here: drawing them, and the text of a number (report::chart::label).
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::label;
use crate::domain::{Timeframe, Timestamp};

/// The range of values a chart shows, and how it is spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Lowest value shown.
    pub low: f64,
    /// Highest value shown.
    pub high: f64,
    /// Equal ratios take equal heights.
    pub log: bool,
}

/// Values that span more than this many times their least are shown on a log scale.
const LOG_FROM: f64 = 5.0;

impl Scale {
    /// A scale over `values` (finite ones) with a little room, log when they span more than 5×.
    pub fn dollars(values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) = values.filter(|v| v.is_finite()).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Scale { low: 0.0, high: 1.0, log: false };
        }
        let log = low > 0.0 && high / low > LOG_FROM;
        if log {
            let room = (high / low).powf(0.03);
            return Scale { low: low / room, high: high * room, log };
        }
        // A flat line gets a range of a tenth of its level, so that it lies in the middle.
        let span = if high - low > high.abs() * 1e-9 { high - low } else { (high.abs() * 0.1).max(1e-6) };
        let room = if high - low < span { span / 2.0 } else { span * 0.03 };
        Scale { low: low - room, high: high + room, log }
    }

    /// The same scale with shares of its height added below and above, for text and marks.
    pub fn with_room(self, below: f64, above: f64) -> Scale {
        if self.log {
            let height = self.high / self.low;
            return Scale { low: self.low / height.powf(below), high: self.high * height.powf(above), ..self };
        }
        let height = self.high - self.low;
        Scale { low: self.low - height * below, high: self.high + height * above, ..self }
    }

    /// Where `value` stands, in the unit of the plotted axis.
    pub fn place(&self, value: f64) -> f64 {
        if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value }
    }

    /// Tick values and the step between the closest two.
    pub fn ticks(&self) -> (Vec<f64>, f64) {
        if !self.log {
            return linear_ticks(self.low, self.high);
        }
        let candidates: [&[f64]; 5] = [
            &[1.0, 2.0, 5.0],
            &[1.0, 3.0],
            &[1.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
        ];
        let ticks =
            candidates.iter().map(|steps| self.decade_ticks(steps)).find(|ticks| (4..=7).contains(&ticks.len()));
        ticks.map_or_else(
            || linear_ticks(self.low, self.high),
            |ticks| {
                let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::MAX, f64::min);
                (ticks, step)
            },
        )
    }

    fn decade_ticks(&self, steps: &[f64]) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let all = decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
        all.filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }
}

/// 4 to 7 round values within `low..=high`, and their step.
fn linear_ticks(low: f64, high: f64) -> (Vec<f64>, f64) {
    let power = 10f64.powf(((high - low).max(f64::MIN_POSITIVE) / 5.0).log10().floor());
    // 2.5 comes last: it is taken only where no step of 1, 2 or 5 gives 4 to 7 ticks.
    let steps = [1.0, 2.0, 5.0, 10.0, 2.5].map(|step| step * power);
    let ticks = |step: f64| {
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        (first..=last.min(first + 20)).map(|n| n as f64 * step).collect::<Vec<f64>>()
    };
    let fitting = steps.into_iter().find(|step| (4..=7).contains(&ticks(*step).len()));
    let step = fitting.unwrap_or(2.0 * power);
    (ticks(step), step)
}

/// A tick of the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeTick {
    /// Index of the step it stands at.
    pub step: usize,
    /// Its label.
    pub text: String,
    /// Does it begin a year (or a session, among hours)?
    pub major: bool,
}

/// What ticks of an axis have in common: they stand where this number changes to a multiple.
#[derive(Clone, Copy)]
enum Every {
    Years(i16),
    Months(i16),
    Days(i16),
    Minutes(i16),
}

/// Coarse to fine; the first that gives enough ticks is used.
const LEVELS: [Every; 16] = [
    Every::Years(20),
    Every::Years(10),
    Every::Years(5),
    Every::Years(2),
    Every::Years(1),
    Every::Months(6),
    Every::Months(3),
    Every::Months(2),
    Every::Months(1),
    Every::Days(10),
    Every::Days(5),
    Every::Days(2),
    Every::Days(1),
    Every::Minutes(120),
    Every::Minutes(60),
    Every::Minutes(30),
];

/// With so many ticks a finer level is not tried.
const ENOUGH: usize = 6;

/// Ticks for `steps`, at most `most` of them.
pub fn time_ticks(steps: &[Timestamp], timeframe: Timeframe, most: usize) -> Vec<TimeTick> {
    let changes = changes(steps, timeframe);
    let mut best: Vec<TimeTick> = Vec::new();
    for level in LEVELS {
        let ticks = level.ticks(&changes);
        if ticks.len() > most {
            break;
        }
        if ticks.len() > best.len() {
            best = ticks;
        }
        if best.len() >= ENOUGH {
            break;
        }
    }
    if best.is_empty() {
        best.extend(steps.first().map(|first| TimeTick { step: 0, text: label::prose_date(*first), major: false }));
    }
    best
}

/// Steps that begin a new date, with their time; every step of an intraday run of a few sessions.
/// Calendar arithmetic is slow, so a long intraday run pays for its dates only.
fn changes(steps: &[Timestamp], timeframe: Timeframe) -> Vec<(usize, DateTime)> {
    const STEPS_WITH_HOURS: usize = 2_500;
    let hours = !timeframe.is_daily() && steps.len() <= STEPS_WITH_HOURS;
    let zone = if hours { TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC) } else { TimeZone::UTC };
    let mut found = Vec::new();
    let mut day = None;
    for (index, time) in steps.iter().enumerate() {
        if hours || day != Some(time.days()) {
            day = Some(time.days());
            found.push((index, time.to_jiff().to_zoned_datetime(zone.clone()).datetime()));
        }
    }
    found
}

impl Every {
    fn ticks(self, changes: &[(usize, DateTime)]) -> Vec<TimeTick> {
        changes
            .windows(2)
            .filter(|pair| self.bucket(pair[0].1) != self.bucket(pair[1].1))
            .map(|pair| self.tick(pair[0].1, pair[1]))
            .collect()
    }

    /// The stretch a moment lies in; a tick stands where a new stretch begins.
    fn bucket(self, at: DateTime) -> (i16, i16, i16) {
        let month = i16::from(at.month()) - 1;
        match self {
            Every::Years(n) => (at.year().div_euclid(n), 0, 0),
            Every::Months(n) => (at.year(), month / n, 0),
            // Day 31 belongs to the last stretch of its month.
            Every::Days(n) => (at.year(), month, (i16::from(at.day()) - 1).min(29) / n),
            Every::Minutes(n) => (i16::from(at.day()), month, (i16::from(at.hour()) * 60 + i16::from(at.minute())) / n),
        }
    }

    fn tick(self, before: DateTime, (step, at): (usize, DateTime)) -> TimeTick {
        let new_year = before.year() != at.year();
        let month = label::month(at.date());
        let (text, major) = match self {
            Every::Years(_) => (at.year().to_string(), false),
            Every::Months(_) if new_year => (format!("{month} {}", at.year()), true),
            Every::Months(_) => (month.to_owned(), false),
            Every::Days(_) => (format!("{} {month}", at.day()), new_year),
            Every::Minutes(_) if before.date() != at.date() => (format!("{} {month}", at.day()), true),
            Every::Minutes(_) => (format!("{:02}:{:02}", at.hour(), at.minute()), false),
        };
        TimeTick { step, text, major }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(from: &str, count: i64) -> Vec<Timestamp> {
        let first: Timestamp = from.parse().expect("date");
        (0..count).map(|day| first.plus_ns(day * Timestamp::NS_PER_DAY)).collect()
    }

    fn texts(steps: &[Timestamp], timeframe: Timeframe) -> Vec<String> {
        time_ticks(steps, timeframe, 12).into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn years_months_days_and_hours_by_length() {
        assert_eq!(
            texts(&days("2005-01-03", 2_980), Timeframe::Day1),
            ["2006", "2007", "2008", "2009", "2010", "2011", "2012", "2013"]
        );
        assert_eq!(texts(&days("2007-03-05", 365), Timeframe::Day1), ["May", "Jul", "Sep", "Nov", "Jan 2008", "Mar"]);
        assert_eq!(texts(&days("2013-10-07", 6), Timeframe::Day1), ["8 Oct", "9 Oct", "10 Oct", "11 Oct", "12 Oct"]);
        assert_eq!(texts(&days("2013-10-07", 1), Timeframe::Day1), ["7 Oct 2013"]);
        let open: Timestamp = "2013-10-07T13:30:00Z".parse().expect("time");
        let minutes: Vec<Timestamp> = (0..390).map(|m| open.plus_ns(m * 60 * Timestamp::NS_PER_SECOND)).collect();
        assert_eq!(texts(&minutes, Timeframe::Minute1), ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]);
    }

    #[test]
    fn money_ticks_are_round() {
        let scale = Scale { low: 62_000.0, high: 205_000.0, log: false };
        assert_eq!(scale.ticks().0, [80_000.0, 100_000.0, 120_000.0, 140_000.0, 160_000.0, 180_000.0, 200_000.0]);
        let log = Scale { low: 10.0, high: 700.0, log: true };
        assert_eq!(log.ticks().0, [10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
    }

    #[test]
    fn a_flat_line_lies_in_the_middle() {
        let scale = Scale::dollars([100_000.0; 5].into_iter());
        assert!((scale.low + scale.high - 200_000.0).abs() < 1e-6 && scale.high > scale.low);
    }

    proptest! {
        /// Whatever the values, there are 3 to 8 ticks and all lie inside the scale.
        #[test]
        fn ticks_fit_any_range(low in 0.001f64..1e9, times in 1.0f64..1e4) {
            let scale = Scale::dollars([low, low * times].into_iter());
            let (ticks, step) = scale.ticks();
            prop_assert!((3..=8).contains(&ticks.len()), "{:?} for {:?}", ticks, scale);
            prop_assert!(step > 0.0 && ticks.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(ticks.iter().all(|tick| (scale.low..=scale.high).contains(tick)));
        }
    }
}
