//! Bars as a client asks for them: gathered from the data's own, adjusted for what has happened by now.
//!
//! Not here: parameters and pages. Only bars that are complete are gathered, so the newest gathered bar holds what
//! has closed of it. Invariant: an adjusted price knows no action that has not happened.
use super::prints::Totals;
use super::timeframe::{BarSpan, Buckets};
use crate::domain::{Bar, Price, Timestamp, Volume};
use crate::exchange::Tape;
use crate::exchange::asset_actions::Action;
use crate::exchange::local_time::date_at;
use crate::market::{ActionKind, AdjustError, Adjustment, CorporateAction, adjust};

/// A bar with what its trades come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) struct DataBar {
    /// Its stamp: the moment it begins, from a day up midnight where the exchange is.
    pub(in crate::exchange) time: Timestamp,
    /// First price.
    pub(in crate::exchange) open: Price,
    /// Highest price.
    pub(in crate::exchange) high: Price,
    /// Lowest price.
    pub(in crate::exchange) low: Price,
    /// Last price.
    pub(in crate::exchange) close: Price,
    /// Shares traded.
    pub(in crate::exchange) volume: Volume,
    /// What its trades come to.
    pub(in crate::exchange) totals: Totals,
}

/// Which actions prices are adjusted for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Adjusting {
    pub(super) splits: bool,
    pub(super) dividends: bool,
}

/// Which bars are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) span: BarSpan,
    pub(super) adjusting: Adjusting,
    /// First and last stamp.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Most bars, counted from `from`; from `to` where the newest come first.
    pub(super) most: usize,
    pub(super) newest_first: bool,
}

impl DataBar {
    /// A bar of the data under this stamp.
    pub(super) fn of(bar: &Bar, stamp: Timestamp) -> DataBar {
        let Bar { open, high, low, close, volume, .. } = *bar;
        DataBar { time: stamp, open, high, low, close, volume, totals: Totals::of_bar(bar) }
    }

    /// Takes the next bar of the same bucket in.
    fn join(&mut self, next: &DataBar) {
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        let volume = self.volume.units().saturating_add(next.volume.units());
        self.volume = Volume::from_units(volume).unwrap_or(self.volume);
        self.totals = self.totals.plus(next.totals);
    }

    /// The mean price of its trades, weighted by size, rounded down to a billionth; the close without a trade.
    pub(in crate::exchange) fn mean_price(&self) -> Price {
        let mean = self.totals.value.checked_div(self.totals.shares);
        mean.and_then(|units| i64::try_from(units).ok()).and_then(Price::from_units).unwrap_or(self.close)
    }
}

/// The date that a bar of the tape belongs to.
pub(super) fn date_of(tape: &Tape, stamp: Timestamp) -> Timestamp {
    if tape.timeframe().is_daily() { stamp } else { date_at(tape.calendar(), stamp) }
}

/// The bars of an asset that are wanted, in the order that is wanted.
///
/// Errors: a dividend that is not below the price before it, or a price that adjusting carries out of its range.
pub(super) fn gathered(
    tape: &Tape,
    actions: &[Action],
    asset: usize,
    wanted: Wanted,
) -> Result<Vec<DataBar>, AdjustError> {
    if wanted.span.is_finer_than(tape.timeframe()) {
        return Ok(Vec::new());
    }
    let adjusted = adjusted(tape, actions, asset, wanted.adjusting)?;
    let bars = adjusted.as_deref().unwrap_or_else(|| tape.closed(asset));
    // A daily bar is stamped midnight UTC, which is before midnight in New York.
    let begin = wanted.from.plus_ns(-Timestamp::NS_PER_DAY);
    let end = wanted.to.plus_ns(wanted.span.longest_ns());
    let begin = bars.partition_point(|bar| bar.time < begin);
    let end = bars.partition_point(|bar| bar.time <= end);
    let most = if wanted.newest_first { usize::MAX } else { wanted.most };
    let mut found = joined(tape, bars.get(begin..end).unwrap_or_default(), wanted, most);
    if wanted.newest_first {
        found.reverse();
        found.truncate(wanted.most);
    }
    Ok(found)
}

/// The first `most` bars with a stamp that is wanted.
fn joined(tape: &Tape, bars: &[Bar], wanted: Wanted, most: usize) -> Vec<DataBar> {
    let mut buckets = Buckets::new(wanted.span, tape.calendar(), tape.timeframe());
    let mut found: Vec<DataBar> = Vec::new();
    for bar in bars {
        let stamp = buckets.stamp(date_of(tape, bar.time), bar.time);
        if stamp < wanted.from {
            continue;
        }
        let is_full = found.len() == most;
        match found.last_mut() {
            Some(last) if last.time == stamp => last.join(&DataBar::of(bar, stamp)),
            _ if stamp > wanted.to || is_full => break,
            _ => found.push(DataBar::of(bar, stamp)),
        }
    }
    found
}

/// The bars of an asset in today's shares; `None` where they are that already.
fn adjusted(
    tape: &Tape,
    actions: &[Action],
    asset: usize,
    adjusting: Adjusting,
) -> Result<Option<Vec<Bar>>, AdjustError> {
    let counts = |kind: ActionKind| match kind {
        ActionKind::Split { .. } => adjusting.splits,
        ActionKind::Dividend { .. } => adjusting.dividends,
        ActionKind::Delisting { .. } | ActionKind::Rename { .. } => false,
    };
    let own = actions.iter().filter(|action| action.asset == asset && action.has_happened(tape));
    let counted: Vec<CorporateAction> =
        own.filter(|action| counts(action.kind)).map(|action| action.of_market(tape)).collect();
    let Some(last) = tape.closed(asset).last().filter(|_| !counted.is_empty()) else { return Ok(None) };
    let mut bars = tape.closed(asset).to_vec();
    // What has happened holds from its day on, also while no bar of that day is complete.
    bars.push(Bar { time: Timestamp::MAX, ..*last });
    adjust(&mut bars, &counted, Adjustment::All)?;
    bars.pop();
    Ok(Some(bars))
}

/// The newest day of an asset with a complete bar, as far as it has come, and the one before it.
pub(super) fn days(tape: &Tape, asset: usize) -> [Option<DataBar>; 2] {
    let (newest, rest) = last_day(tape, tape.closed(asset));
    [newest, day_of_last(tape, rest)]
}

/// The day of the last of these bars.
pub(super) fn day_of_last(tape: &Tape, bars: &[Bar]) -> Option<DataBar> {
    last_day(tape, bars).0
}

/// The day of the last of these bars, and the bars before it.
fn last_day<'a>(tape: &Tape, bars: &'a [Bar]) -> (Option<DataBar>, &'a [Bar]) {
    let Some(last) = bars.last() else { return (None, bars) };
    let date = date_of(tape, last.time);
    let begin = bars.iter().rposition(|bar| date_of(tape, bar.time) != date).map_or(0, |before| before + 1);
    let every = Wanted {
        span: BarSpan::DAY,
        adjusting: Adjusting::default(),
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        most: 1,
        newest_first: false,
    };
    (joined(tape, &bars[begin..], every, 1).pop(), &bars[..begin])
}

/// A bar of the tape as a message tells it.
pub(super) fn own(tape: &Tape, bar: &Bar) -> DataBar {
    let stamp = match tape.timeframe().is_daily() {
        true => crate::exchange::local_time::midnight(tape.calendar(), bar.time),
        false => bar.time,
    };
    DataBar::of(bar, stamp)
}
