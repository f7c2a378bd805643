//! What a run did, as one list in order of time, and the first place where two lists part.
//!
//! Not here: the runs (prove), words about events (report).
//! Invariant: an event holds only what was known when it happened, so that a run that ended then, or went on
//! elsewhere, has the same. Of an order that leaves out its fate, the level and size of a leg, and sizes that
//! are measured or changed later.
use super::LoadedScenario;
use super::prove_witness::Log;
use super::spec::{CashCheck, ShortOfCash, SizingRule};
use crate::domain::{Fill, OrderKind, OrderPurpose, OrderStatus, Quantity, SymbolIndex, Timestamp};
use crate::engine::{Journal, MarketAction, OrderOutcome, OrderRecord, StopChange};
use crate::risk::Refusal;
use crate::strategy::Intent;

/// One thing that happened in a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// The strategy wanted something.
    Wish(Intent),
    /// An order was decided, sent or refused.
    Order(OrderRecord),
    /// The gate said no.
    Refused(Refusal),
    /// An execution.
    Filled(Fill),
    /// A protective stop appeared, moved, or went.
    StopMoved(StopChange),
}

/// An event and when it happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Open time of its bar.
    pub time: Timestamp,
    /// Which share; `None` for a wish about all of them.
    pub symbol: Option<SymbolIndex>,
    /// What happened.
    pub event: Event,
}

/// How many of each kind were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Wishes of the strategy.
    pub wishes: usize,
    /// Orders, legs and refused ones included.
    pub orders: usize,
    /// Refusals of the gate.
    pub refusals: usize,
    /// Executions.
    pub fills: usize,
    /// Changes of protective stops.
    pub stop_changes: usize,
}

/// Which sizes are known when an order is decided.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    at_fill: bool,
    /// By symbol: does a split restate its open orders?
    splits: Vec<bool>,
}

impl Sizes {
    pub(super) fn of(loaded: &LoadedScenario, actions: &[(Timestamp, MarketAction)]) -> Sizes {
        let spec = &loaded.spec;
        let at_fill = matches!(spec.sizing.rule, SizingRule::CashFraction(_))
            || spec.account.cash_check == CashCheck::Fill
            || spec.sizing.if_short_of_cash == ShortOfCash::Trim;
        let mut splits = vec![false; spec.data.symbols.len()];
        for (_, action) in actions.iter().filter(|(_, action)| matches!(action, MarketAction::Split { .. })) {
            splits[action.symbol().get()] = true;
        }
        Sizes { at_fill, splits }
    }

    /// The same where every share splits.
    pub(super) fn over_splits(&self) -> Sizes {
        Sizes { splits: vec![true; self.splits.len()], ..*self }
    }

    /// What of an order was known when it was decided.
    fn decided(&self, record: &OrderRecord) -> OrderRecord {
        let mut record = *record;
        record.filled = Quantity::ZERO;
        // A leg stands where its entry fills; an order of a script may be changed, and a split restates it.
        let moves = record.leg > 0 || record.label.is_some() || self.splits[record.request.symbol.get()];
        if moves || self.at_fill || record.request.purpose != OrderPurpose::Entry {
            record.quantity = Quantity::ZERO;
        }
        if moves {
            record.request.kind = OrderKind::Market;
        }
        if let OrderOutcome::Sent(status) = &mut record.outcome {
            *status = OrderStatus::Submitted;
        }
        record
    }
}

/// Everything a run did up to the bar of `until`, in order of time; of one moment wishes first, then what
/// came of them.
pub(super) fn moments(log: &Log, journal: &Journal, sizes: &Sizes, until: Timestamp) -> Vec<Moment> {
    let mut all: Vec<Moment> = Vec::with_capacity(log.wishes.len() * 2 + journal.orders.len() + journal.fills.len());
    let moment = |time, symbol, event| Moment { time, symbol, event };
    all.extend(log.wishes.iter().map(|(time, intent)| moment(*time, symbol_of(intent), Event::Wish(*intent))));
    all.extend(
        journal
            .orders
            .iter()
            .map(|record| moment(record.decided_at, Some(record.request.symbol), Event::Order(sizes.decided(record)))),
    );
    all.extend(journal.refusals.iter().map(|refused| {
        let symbol = journal.orders[refused.order.0 as usize - 1].request.symbol;
        moment(refused.time, Some(symbol), Event::Refused(refused.refusal))
    }));
    all.extend(journal.fills.iter().map(|fill| moment(fill.time, Some(fill.symbol), Event::Filled(*fill))));
    all.extend(journal.stops.iter().map(|stop| moment(stop.time, Some(stop.symbol), Event::StopMoved(*stop))));
    all.retain(|moment| moment.time <= until);
    all.sort_by_key(|moment| moment.time);
    all
}

pub(super) fn symbol_of(intent: &Intent) -> Option<SymbolIndex> {
    match intent {
        Intent::Enter { symbol, .. } | Intent::Exit { symbol } => Some(*symbol),
        Intent::Submit(order) => Some(order.request.symbol),
        Intent::Flatten { symbol, .. } => *symbol,
        Intent::Cancel { .. } | Intent::Replace { .. } | Intent::Halt | Intent::Resume => None,
    }
}

/// What the first list has where they part first, and what the other has there.
pub(super) type Parting = (Option<Moment>, Option<Moment>);

/// Where two lists in order of time part first; `None` where they are the same.
pub(super) fn parting(one: &[Moment], other: &[Moment]) -> Option<Parting> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (was, became) = (one.get(same).copied(), other.get(same).copied());
    match (was, became) {
        (None, None) => None,
        // What comes later on one side is not what the earlier became: that is missing there.
        (Some(was), Some(became)) if was.time < became.time => Some((Some(was), None)),
        (Some(was), Some(became)) if became.time < was.time => Some((None, Some(became))),
        parting => Some(parting),
    }
}

/// When it is.
pub(super) fn time_of(parting: &Parting) -> Timestamp {
    let time = |moment: &Option<Moment>| moment.map_or(Timestamp::MAX, |moment| moment.time);
    time(&parting.0).min(time(&parting.1))
}

pub(super) fn tally(moments: &[Moment]) -> Tally {
    let mut tally = Tally::default();
    for moment in moments {
        *match moment.event {
            Event::Wish(_) => &mut tally.wishes,
            Event::Order(_) => &mut tally.orders,
            Event::Refused(_) => &mut tally.refusals,
            Event::Filled(_) => &mut tally.fills,
            Event::StopMoved(_) => &mut tally.stop_changes,
        } += 1;
    }
    tally
}

/// The prefix of `moments` up to the bar of `until`.
pub(super) fn up_to(moments: &[Moment], until: Timestamp) -> &[Moment] {
    &moments[..moments.partition_point(|moment| moment.time <= until)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Side;

    fn wish(day: i32, side: Side) -> Moment {
        let symbol = SymbolIndex(0);
        let event = Event::Wish(Intent::Enter { symbol, side, weight: None });
        Moment { time: Timestamp::from_days(day).expect("day"), symbol: Some(symbol), event }
    }

    #[test]
    fn lists_part_where_the_first_differs_and_what_comes_later_is_not_what_it_became() {
        let (one, two, three) = (wish(1, Side::Buy), wish(2, Side::Buy), wish(3, Side::Buy));
        let other = wish(2, Side::Sell);
        assert_eq!(parting(&[one, two], &[one, two]), None);
        assert_eq!(parting(&[one, two], &[one, other]), Some((Some(two), Some(other))));
        assert_eq!(parting(&[one, two, three], &[one, three]), Some((Some(two), None)));
        assert_eq!(parting(&[one, three], &[one, two, three]), Some((None, Some(two))));
        assert_eq!(parting(&[one], &[]), Some((Some(one), None)));
        assert_eq!(time_of(&(None, Some(two))), two.time);
        assert_eq!(up_to(&[one, two, three], two.time).len(), 2);
    }
}
