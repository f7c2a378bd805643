//! Every order of a run and where it is in its life.
//!
//! Not here: why an order was refused (journal).
//! Invariants: (1) numbers have no gaps; (2) a run keeps every record, a session forgets those that are over: of what is
//! numbered up to `gone` only `kept` is left.
use std::collections::BTreeMap;

use crate::domain::{
    ExitLegs, IllegalTransition, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, OrderStatus,
    OrderUpdate, Quantity, Ratio, Side, SymbolIndex, TimeInForce, Timestamp,
};
use crate::venue::split_kind;

/// How an order stands, or that it was never sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderOutcome {
    /// It was sent; the venue says so.
    Sent(OrderStatus),
    /// Our gate said no; the journal's refusals say why.
    Refused,
}

/// What is kept of an [`OrderRequest`]: all but its size, which the record has, and its legs, which are
/// orders of their own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wanted {
    /// Which share.
    pub symbol: SymbolIndex,
    /// Buy or sell.
    pub side: Side,
    /// How it wants its price.
    pub kind: OrderKind,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// How it hangs together with others.
    pub class: OrderClass,
    /// Why it is sent.
    pub purpose: OrderPurpose,
    /// It may fill outside the core session.
    pub extended_hours: bool,
    /// It was sent for dollars; the record's shares are what they come to.
    pub in_dollars: bool,
}

/// One order. A long run keeps many, so it holds no more than files and reports need.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OrderRecord {
    /// Our number.
    pub id: OrderId,
    /// A script's number for it.
    pub label: Option<u32>,
    /// What was asked for.
    pub request: Wanted,
    /// Shares.
    pub quantity: Quantity,
    /// Shares filled so far.
    pub filled: Quantity,
    /// How it stands.
    pub outcome: OrderOutcome,
    /// Open time of the bar whose close decided it.
    pub decided_at: Timestamp,
    /// 0, or for a leg its place behind the entry it protects: legs are numbered next after it.
    pub leg: u8,
}

impl OrderRecord {
    /// The entry it protects.
    pub fn parent(&self) -> Option<OrderId> {
        (self.leg > 0).then(|| OrderId(self.id.0 - u64::from(self.leg)))
    }

    /// Shares it may still fill.
    pub fn remaining(&self) -> Quantity {
        self.quantity - self.filled.min(self.quantity)
    }

    /// Is it at the venue, so that it can fill and be changed? A leg is once its entry has filled.
    pub fn rests(&self) -> bool {
        matches!(self.outcome, OrderOutcome::Sent(status) if status.is_open() && status != OrderStatus::Held)
    }
}

impl Wanted {
    pub(super) fn of(request: &OrderRequest) -> Wanted {
        let OrderRequest { symbol, side, kind, time_in_force, class, purpose, extended_hours, .. } = *request;
        let in_dollars = matches!(request.size, OrderSize::Notional(_));
        Wanted { symbol, side, kind, time_in_force, class, purpose, extended_hours, in_dollars }
    }

    /// The same wish for `quantity` shares; legs are orders of their own by now.
    pub(super) fn for_shares(self, quantity: Quantity) -> OrderRequest {
        let Wanted { symbol, side, kind, time_in_force, class, purpose, extended_hours, .. } = self;
        let (size, legs) = (OrderSize::Shares(quantity), ExitLegs::NONE);
        OrderRequest { symbol, side, size, kind, time_in_force, class, purpose, legs, extended_hours }
    }
}

/// All orders, by number.
#[derive(Debug, Default)]
pub struct Orders {
    records: Vec<OrderRecord>,
    /// The record of number `gone` + 1 is the first of `records`.
    gone: u64,
    /// Of those before it, the ones that are not over.
    kept: BTreeMap<OrderId, OrderRecord>,
}

impl Orders {
    /// None yet, in the memory of `records`.
    pub(super) fn within(mut records: Vec<OrderRecord>) -> Orders {
        records.clear();
        records.reserve(1024);
        Orders { records, gone: 0, kept: BTreeMap::new() }
    }

    /// The number the next order gets.
    #[inline]
    pub fn next_id(&self) -> OrderId {
        OrderId(self.gone + self.records.len() as u64 + 1)
    }

    /// Adds an order; its number must be [`Orders::next_id`].
    #[inline]
    pub fn push(&mut self, record: OrderRecord) {
        assert_eq!(record.id, self.next_id(), "orders are numbered without gaps");
        self.records.push(record);
    }

    /// The order `id`.
    ///
    /// Panics: it was forgotten, or there is none.
    #[inline]
    pub fn get(&self, id: OrderId) -> &OrderRecord {
        match id.0.checked_sub(self.gone + 1) {
            Some(at) => &self.records[at as usize],
            None => &self.kept[&id],
        }
    }

    /// The order `id`, unless it was forgotten.
    pub fn find(&self, id: OrderId) -> Option<&OrderRecord> {
        match id.0.checked_sub(self.gone + 1) {
            Some(at) => self.records.get(at as usize),
            None => self.kept.get(&id),
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: OrderId) -> &mut OrderRecord {
        match id.0.checked_sub(self.gone + 1) {
            Some(at) => &mut self.records[at as usize],
            None => self.kept.get_mut(&id).expect("only orders that are over are forgotten"),
        }
    }

    /// The legs of `entry`, which are numbered next after it.
    pub(super) fn legs(&self, entry: OrderId) -> impl Iterator<Item = &OrderRecord> + '_ {
        [1, 2].into_iter().filter_map(move |place| self.find(OrderId(entry.0 + place))).take_while(|leg| leg.leg > 0)
    }

    /// `quantity` more of `entry` has filled: that much more its legs protect.
    #[inline]
    pub(super) fn cover(&mut self, entry: OrderId, quantity: Quantity) {
        match (entry.0 + 1).checked_sub(self.gone + 1) {
            Some(at) => {
                let legs = self.records.iter_mut().skip(at as usize).take_while(|record| record.leg > 0);
                legs.for_each(|leg| leg.quantity += quantity);
            }
            None => {
                let legs = self.kept.range_mut(OrderId(entry.0 + 1)..).map(|(_, record)| record);
                legs.take_while(|leg| leg.parent() == Some(entry)).for_each(|leg| leg.quantity += quantity);
            }
        }
    }

    /// Orders in the order of their numbers, all but those that were forgotten.
    pub fn records(&self) -> impl Iterator<Item = &OrderRecord> + '_ {
        self.kept.values().chain(&self.records)
    }

    /// The order with the highest number.
    pub(super) fn last(&self) -> Option<&OrderRecord> {
        self.records.last()
    }

    /// Forgets the orders below `before` that are over, but for those of `but` and their families.
    pub(super) fn forget(&mut self, before: OrderId, but: &[OrderId]) {
        let count = (before.0.saturating_sub(self.gone + 1) as usize).min(self.records.len());
        let old = self.records.drain(..count).map(|record| (record.id, record));
        self.kept.extend(old);
        self.gone += count as u64;
        let is_open = |record: &OrderRecord| matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open());
        let first = |record: &OrderRecord| record.parent().unwrap_or(record.id);
        let needed: Vec<OrderId> = self.kept.values().filter(|record| is_open(record)).map(first).collect();
        self.kept.retain(|_, record| {
            let family = first(record);
            needed.binary_search(&family).is_ok() || but.contains(&family)
        });
    }

    /// Restates the open orders of `symbol` for a split, as the venue does.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        let all = self.kept.values_mut().chain(&mut self.records);
        for record in all.filter(|record| record.request.symbol == symbol) {
            if matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()) {
                // What is left is rounded by itself, as at the venue, so that it can fill whole.
                let left = restate(record.remaining());
                record.filled = restate(record.filled);
                record.quantity = record.filled + left;
                record.request.kind = split_kind(record.request.kind, ratio);
            }
        }
    }

    /// Gives the orders of a run away.
    pub fn into_records(self) -> Vec<OrderRecord> {
        assert_eq!(self.gone, 0, "a run keeps every order");
        self.records
    }

    /// Moves order `id` along its life.
    #[inline]
    pub fn update(&mut self, id: OrderId, update: OrderUpdate) -> Result<(), IllegalTransition> {
        let record = self.get_mut(id);
        if let OrderOutcome::Sent(status) = record.outcome {
            record.outcome = OrderOutcome::Sent(status.after(update)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(ids: &[(u8, OrderOutcome)]) -> Orders {
        let mut orders = Orders::default();
        for (leg, outcome) in ids {
            let request = Wanted {
                symbol: SymbolIndex(0),
                side: Side::Buy,
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                class: OrderClass::Simple,
                purpose: OrderPurpose::Entry,
                extended_hours: false,
                in_dollars: false,
            };
            orders.push(OrderRecord {
                id: orders.next_id(),
                label: None,
                request,
                quantity: Quantity::ZERO,
                filled: Quantity::ZERO,
                outcome: *outcome,
                decided_at: Timestamp::MIN,
                leg: *leg,
            });
        }
        orders
    }

    fn ids(orders: &Orders) -> Vec<u64> {
        orders.records().map(|record| record.id.0).collect()
    }

    #[test]
    fn what_is_over_is_forgotten_and_numbers_go_on() {
        let (over, open) = (OrderOutcome::Sent(OrderStatus::Filled), OrderOutcome::Sent(OrderStatus::Accepted));
        let refused = OrderOutcome::Refused;
        // 2 is filled, and its stop, 3, rests; 6 is named; 8 is too young.
        let mut orders =
            with(&[(0, over), (0, over), (1, open), (0, refused), (0, open), (0, over), (0, over), (0, over)]);
        orders.forget(OrderId(8), &[OrderId(6)]);
        assert_eq!(ids(&orders), [2, 3, 5, 6, 8]);
        assert_eq!(orders.next_id(), OrderId(9));
        assert_eq!(orders.get(OrderId(3)).parent(), Some(OrderId(2)));
        assert_eq!(orders.find(OrderId(7)), None);
        assert_eq!(orders.legs(OrderId(2)).map(|leg| leg.id.0).collect::<Vec<_>>(), [3]);
        orders.cover(OrderId(2), Quantity::from_shares(4).unwrap());
        assert_eq!(orders.get(OrderId(3)).quantity, Quantity::from_shares(4).unwrap());
        orders.cover(OrderId(6), Quantity::from_shares(1).unwrap());
        assert_eq!(orders.get(OrderId(8)).quantity, Quantity::ZERO, "it is no leg");
        orders.update(OrderId(3), OrderUpdate::Filled).unwrap();
        orders.update(OrderId(5), OrderUpdate::Canceled).unwrap();
        orders.forget(OrderId(9), &[]);
        assert_eq!((ids(&orders), orders.next_id()), (vec![], OrderId(9)));
    }
}
