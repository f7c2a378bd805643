//! Bars of the past: how a share's are asked for, and how far back a warm-up reaches.
//!
//! Not here: reading them (execution::alpaca::history), showing them (open, jobs).
use super::open::{Prepared, Venue};
use crate::domain::{Symbol, Timeframe, Timestamp};
use crate::execution::alpaca::Feed;
use crate::execution::alpaca::history::{Adjustment, BarsRequest};
use crate::live::session::Terms;
use crate::scenario::spec::Adjust;

/// Bars that a strategy is shown before it may trade: more than any built-in parameter needs by default.
const WARM_UP_DAYS: u32 = 500;
const WARM_UP_BARS: i64 = 2_000;

/// What is asked of history for a share: minutes at Alpaca, whose longer bars begin at other times than ours.
pub(super) fn request(
    prepared: &Prepared,
    terms: &Terms,
    venue: Venue,
    feed: Feed,
    symbol: Symbol,
    (start, end): (Timestamp, Timestamp),
) -> BarsRequest {
    let timeframe = match (venue, terms.timeframe) {
        (Venue::Alpaca, timeframe) if !timeframe.is_daily() => Timeframe::Minute1,
        (_, timeframe) => timeframe,
    };
    let adjustment = match prepared.loaded.spec.data.adjust {
        Adjust::None => Adjustment::Raw,
        Adjust::Splits => Adjustment::Split,
        Adjust::All => Adjustment::All,
    };
    BarsRequest { symbol, timeframe, start, end, feed, adjustment }
}

/// The first moment of the warm-up.
pub(super) fn warm_up_from(terms: &Terms, now: Timestamp) -> Timestamp {
    let minutes = terms.timeframe.minutes();
    let a_session = if terms.timeframe.is_daily() { 1 } else { (390 / minutes).max(1) };
    let sessions = match terms.timeframe.is_daily() {
        true => WARM_UP_DAYS,
        false => u32::try_from(WARM_UP_BARS / a_session + 1).unwrap_or(u32::MAX),
    };
    let mut from = now;
    for _ in 0..sessions {
        match terms.calendar.previous_session(from) {
            Some(session) => from = session.date,
            None => break,
        }
    }
    from
}
