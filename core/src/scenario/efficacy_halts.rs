//! The halts of a run: how far the loss was beyond its limit when it was noticed, how long entries were refused,
//! and what closing cost.
//!
//! Not here: when a limit is reached (risk::watch).
use std::ops::Range;

use super::efficacy_peaks::{Peaks, share};
use super::{AccountRow, Forced, MarketData};
use crate::domain::{Fill, Money, Side, Timestamp};
use crate::engine::{HaltRecord, Journal};
use crate::portfolio::split_price;
use crate::risk::{HaltCause, Loss, Refusal};

/// One halt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HaltUse {
    /// What it came from.
    pub cause: HaltCause,
    /// Open time of the bars at whose close it began.
    pub from: Timestamp,
    /// The step that lifted it; `None` where it stood at the end.
    pub until: Option<Timestamp>,
    /// The loss when it was noticed; `None` for a halt that somebody asked for.
    pub loss: Option<Loss>,
    /// The loss at the open of that bar, of what was held before it, as a fraction.
    pub at_open: Option<f64>,
    /// Orders refused for it.
    pub refused: usize,
    /// Closes at which it stood.
    pub steps: usize,
    /// Sessions with such a close.
    pub sessions: usize,
    /// Where it closed the positions: dollars that this took beyond what they were worth when the loss was
    /// noticed, fees included; negative where prices had come back. `None` where nothing was closed.
    pub close_cost: Option<Money>,
}

impl HaltUse {
    /// The loss when it was noticed, as a fraction; `None` where there was nothing left to lose a share of.
    pub fn lost(&self) -> Option<f64> {
        self.loss.and_then(|loss| share(loss.lost, loss.of))
    }

    /// How much of it was beyond the limit, as a fraction; 0 or more.
    pub fn beyond(&self) -> Option<f64> {
        let Loss { lost, of, limit } = self.loss?;
        share((lost - of.share(limit)).max(Money::ZERO), of)
    }

    /// Had the open of the bar already reached the limit?
    pub fn jumped(&self) -> bool {
        self.at_open.zip(self.loss).is_some_and(|(at_open, loss)| at_open >= loss.limit.to_f64())
    }
}

/// The rows at whose close `halt` forbids an entry.
pub(super) fn rows_of(halt: &HaltRecord, rows: &[AccountRow]) -> Range<usize> {
    let at = |time: Timestamp| rows.partition_point(|row| row.time < time);
    let (from, to) = (at(halt.from), halt.until.map_or(rows.len(), at));
    from..to.max(from)
}

/// Every halt, in order of time.
pub(super) fn halt_uses(market: &MarketData, journal: &Journal, rows: &[AccountRow], peaks: &Peaks) -> Vec<HaltUse> {
    let one = |halt: &HaltRecord| {
        let Range { start: from, end: to } = rows_of(halt, rows);
        let session_of = |row: usize| peaks.session_ends.partition_point(|end| *end < row);
        let is_own = |refusal: &Refusal| matches!(refusal, Refusal::Halted { cause, since } if *cause == halt.cause && *since == halt.from);
        let at_open = halt.loss.zip(peaks.at_open.get(&halt.from));
        HaltUse {
            cause: halt.cause,
            from: halt.from,
            until: halt.until,
            loss: halt.loss,
            at_open: at_open.and_then(|(loss, worth)| share(loss.of - *worth, loss.of)),
            refused: journal.refusals.iter().filter(|record| is_own(&record.refusal)).count(),
            steps: to - from,
            sessions: if to > from { session_of(to - 1) + 1 - session_of(from) } else { 0 },
            close_cost: close_cost(market, journal, halt),
        }
    };
    let mut halts: Vec<HaltUse> = journal.halts.iter().map(one).collect();
    halts.sort_by_key(|halt| halt.from);
    halts
}

/// What closing took beyond the marks at the notice.
fn close_cost(market: &MarketData, journal: &Journal, halt: &HaltRecord) -> Option<Money> {
    if !halt.flattens {
        return None;
    }
    let later = journal.halts.iter().filter(|other| other.flattens && other.from > halt.from).map(|other| other.from);
    let next = later.min().unwrap_or(Timestamp::MAX);
    let is_own = |fill: &&Fill| {
        let order = &journal.orders[fill.order.0 as usize - 1];
        (halt.from..next).contains(&order.decided_at) && Forced::of(journal, order) == Some(Forced::DailyLoss)
    };
    let costs = journal.fills.iter().filter(is_own).map(|fill| {
        let bars = &market.bars[fill.symbol.get()];
        let mark = bars[..bars.partition_point(|bar| bar.time <= halt.from)].last().map(|bar| bar.close);
        let splits = journal
            .splits
            .iter()
            .filter(|split| split.symbol == fill.symbol && halt.from < split.time && split.time <= fill.time);
        let mark = splits.fold(mark.unwrap_or(fill.price), |mark, split| split_price(mark, split.ratio));
        let lost = mark.notional(fill.quantity) - fill.notional();
        fill.fee + if fill.side == Side::Sell { lost } else { -lost }
    });
    costs.reduce(|sum, cost| sum + cost)
}
