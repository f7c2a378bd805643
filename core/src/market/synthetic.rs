//! Bars made up from a seed: for benches, tests and trying things out. No real share is meant.
//!
//! Not here: writing them. A geometric random walk in cents: a gap overnight, then a session whose
//! volatility and volume are high at both ends; sessions by the calendar.
//! Invariants: (1) the same options give the same bars on every platform: integers from the seed, and
//! of floats only + − × ÷ √, which IEEE 754 fixes; (2) every series passes the data gate.
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::calendar::{Calendar, Session};
use crate::domain::{Bar, Price, Symbol, Timeframe, Timestamp, Volume};

/// Sessions in a year, for the annual figures.
const SESSIONS_PER_YEAR: f64 = 252.0;
/// Share of a day's variance that falls between close and open: about a fifth for large US shares.
const OVERNIGHT_VARIANCE: f64 = 0.2;
/// Farthest move of one gap and of one session: together below the 40 % that the gate asks about.
const MOVE_MAX: f64 = 0.15;
/// Lowest and highest dollar of a path: a cent stays small against the price, sums stay exact.
const PRICE_MIN_USD: f64 = 1.0;
const PRICE_MAX_USD: f64 = 1_000_000.0;
/// Mean shares a session.
const SESSION_VOLUME: f64 = 4_000_000.0;
/// Largest series: 100 million bars are 4.8 GB.
const BARS_MAX: u64 = 100_000_000;

/// What to make up.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticSpec {
    /// The name; other names with the same seed give other bars.
    pub symbol: Symbol,
    /// The seed.
    pub seed: u64,
    /// The timeframe.
    pub timeframe: Timeframe,
    /// The first date; the first session is on it or after.
    pub from: Timestamp,
    /// How much.
    pub length: Length,
    /// The price before the first gap, $1 to $1,000,000.
    pub start_price: Price,
    /// Mean return of a year as a fraction, −1 to 1.
    pub annual_drift: f64,
    /// Deviation of a year's return as a fraction, 0 to 2.
    pub annual_volatility: f64,
    /// When the market is open.
    pub calendar: Calendar,
}

/// How many bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Whole sessions.
    Sessions(u64),
    /// Bars; the last session may be cut.
    Bars(u64),
}

/// Options that cannot be met.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SynthesisError {
    /// A number outside its range.
    #[error("{option} is {value}; use {range}")]
    OutOfRange {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
    /// More sessions than the calendar has.
    #[error(
        "{calendar} ends before there are enough sessions: only {bars} bars fit; ask for less, start earlier, or use calendar 24/7"
    )]
    CalendarEnds {
        /// The calendar.
        calendar: &'static str,
        /// Bars up to its end.
        bars: usize,
    },
}

/// Makes a series: strictly ordered, every bar checked and inside a session, all prices whole cents.
pub fn synthesize(spec: &SyntheticSpec) -> Result<Vec<Bar>, SynthesisError> {
    check(spec)?;
    let (sessions, bars_max) = match spec.length {
        Length::Sessions(sessions) => (sessions, BARS_MAX as usize),
        Length::Bars(bars) => (bars, bars as usize), // a session has at least one bar
    };
    let mut bars = Vec::with_capacity(bars_max.min(estimated_bars(spec)));
    let mut walk = Walk::new(spec);
    let mut next = spec.calendar.sessions(spec.from, Timestamp::MAX);
    for _ in 0..sessions {
        if bars.len() >= bars_max {
            break;
        }
        let Some(session) = next.next() else {
            return Err(SynthesisError::CalendarEnds { calendar: spec.calendar.name(), bars: bars.len() });
        };
        walk.session(&session, spec.timeframe, bars_max, &mut bars);
    }
    Ok(bars)
}

fn estimated_bars(spec: &SyntheticSpec) -> usize {
    let per_session = if spec.timeframe.is_daily() { 1 } else { 1_440 / spec.timeframe.minutes() as u64 };
    match spec.length {
        Length::Sessions(sessions) => (sessions * per_session) as usize,
        Length::Bars(bars) => bars as usize,
    }
}

fn check(spec: &SyntheticSpec) -> Result<(), SynthesisError> {
    let refuse = |option, value: String, range| Err(SynthesisError::OutOfRange { option, value, range });
    let (Length::Sessions(count) | Length::Bars(count)) = spec.length;
    let bars = match spec.length {
        Length::Sessions(sessions) if !spec.timeframe.is_daily() => {
            sessions.saturating_mul(1_440 / spec.timeframe.minutes() as u64)
        }
        _ => count,
    };
    if !(1..=BARS_MAX).contains(&bars) {
        return refuse("length", count.to_string(), "at least 1 and at most 100 million bars");
    }
    let usd = spec.start_price.to_f64();
    if !(PRICE_MIN_USD..=PRICE_MAX_USD).contains(&usd) {
        return refuse("start_price", spec.start_price.to_string(), "1 to 1,000,000 dollars");
    }
    if !(-1.0..=1.0).contains(&spec.annual_drift) {
        return refuse("annual_drift", spec.annual_drift.to_string(), "-1 to 1 (0.08 is 8 % a year)");
    }
    if !(0.0..=2.0).contains(&spec.annual_volatility) {
        return refuse("annual_volatility", spec.annual_volatility.to_string(), "0 to 2 (0.25 is 25 % a year)");
    }
    Ok(())
}

/// The walk from session to session.
struct Walk {
    draws: Xoshiro256PlusPlus,
    /// The price before rounding to cents, in dollars.
    usd: f64,
    drift: f64,
    gap_deviation: f64,
    session_variance: f64,
}

impl Walk {
    fn new(spec: &SyntheticSpec) -> Walk {
        let variance = spec.annual_volatility * spec.annual_volatility / SESSIONS_PER_YEAR;
        Walk {
            draws: Xoshiro256PlusPlus::seed_from_u64(spec.seed ^ symbol_hash(spec.symbol)),
            usd: spec.start_price.to_f64(),
            drift: spec.annual_drift / SESSIONS_PER_YEAR,
            gap_deviation: (variance * OVERNIGHT_VARIANCE).sqrt(),
            session_variance: variance * (1.0 - OVERNIGHT_VARIANCE),
        }
    }

    fn session(&mut self, session: &Session, timeframe: Timeframe, bars_max: usize, bars: &mut Vec<Bar>) {
        let gap = self.drift + self.gap_deviation * self.normal();
        self.usd = held(self.usd * (1.0 + gap.clamp(-MOVE_MAX, MOVE_MAX)));
        // Where the whole session may go, so that gap and session together stay below the gate's question.
        let range = (self.usd * (1.0 - MOVE_MAX), self.usd * (1.0 + MOVE_MAX));
        let step_ns = timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
        let length_ns = session.close.ns() - session.open.ns();
        let count = if timeframe.is_daily() { 1 } else { (length_ns + step_ns - 1) / step_ns };
        let count_inverse = 1.0 / count as f64;
        let deviation = (self.session_variance * count_inverse).sqrt();
        for index in 0..count {
            if bars.len() >= bars_max {
                return;
            }
            let time = if timeframe.is_daily() { session.date } else { session.open.plus_ns(index * step_ns) };
            // 1 on average over the session, 1.8 at its ends, 0.6 in the middle.
            let from_middle = (2 * index + 1) as f64 * count_inverse - 1.0;
            let activity = if count == 1 { 1.0 } else { 0.6 + 1.2 * from_middle * from_middle };
            let shares = SESSION_VOLUME * count_inverse * activity;
            bars.push(self.bar(time, deviation * activity, shares, range));
        }
    }

    fn bar(&mut self, time: Timestamp, deviation: f64, shares: f64, (lowest, highest): (f64, f64)) -> Bar {
        let open = self.usd;
        let close = held((open * (1.0 + deviation * self.normal())).clamp(lowest, highest));
        let reach = deviation * open * 0.5;
        let high = (open.max(close) + reach * self.normal().abs()).min(highest);
        let low = (open.min(close) - reach * self.normal().abs()).max(lowest);
        self.usd = close;
        let (open, close) = (cents(open), cents(close));
        // Rounding to cents may carry the ends across open or close by one.
        let (high, low) = (cents(high).max(open).max(close), cents(low).min(open).min(close));
        // From a third to five thirds of the mean.
        let volume = shares * (0.33 + 1.34 * self.uniform());
        let price = |cents: i64| Price::from_units(cents * 10_000_000).expect("the walk stays below $1,000,000");
        Bar {
            time,
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Volume::from_shares(volume as i64 + 1).expect("a session's volume is in range"),
        }
    }

    /// 0 to 1, from 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.draws.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// About normal, deviation 1, within ±3.5: the sum of four uniforms (Irwin–Hall), which needs no
    /// logarithm and so no library of the platform.
    fn normal(&mut self) -> f64 {
        let bits = self.draws.next_u64();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        (sum as f64 * (1.0 / 65_535.0) - 2.0) * 1.732_050_807_568_877_2
    }
}

fn held(usd: f64) -> f64 {
    usd.clamp(PRICE_MIN_USD, PRICE_MAX_USD)
}

fn cents(usd: f64) -> i64 {
    (usd * 100.0 + 0.5) as i64
}

/// FNV-1a of the name, so that symbols of one seed walk apart.
fn symbol_hash(symbol: Symbol) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    symbol.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}
