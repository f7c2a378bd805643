//! Every order of a run and where it is in its life.
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
}

impl Orders {
    /// None yet, in the memory of `records`.
    pub(super) fn within(mut records: Vec<OrderRecord>) -> Orders {
        records.clear();
        records.reserve(1024);
        Orders { records }
    }

    /// The number the next order gets.
    #[inline]
    pub fn next_id(&self) -> OrderId {
        OrderId(self.records.len() as u64 + 1)
    }

    /// Adds an order; its number must be [`Orders::next_id`].
    #[inline]
    pub fn push(&mut self, record: OrderRecord) {
        assert_eq!(record.id, self.next_id(), "orders are numbered without gaps");
        self.records.push(record);
    }

    /// The order `id`.
    #[inline]
    pub fn get(&self, id: OrderId) -> &OrderRecord {
        &self.records[id.0 as usize - 1]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: OrderId) -> &mut OrderRecord {
        &mut self.records[id.0 as usize - 1]
    }

    /// `quantity` more of `entry` has filled: that much more its legs protect.
    #[inline]
    pub(super) fn cover(&mut self, entry: OrderId, quantity: Quantity) {
        let legs = self.records.iter_mut().skip(entry.0 as usize).take_while(|record| record.leg > 0);
        legs.for_each(|leg| leg.quantity += quantity);
    }

    /// All orders in the order of their numbers.
    pub fn records(&self) -> &[OrderRecord] {
        &self.records
    }

    /// Restates the open orders of `symbol` for a split, as the venue does.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        for record in self.records.iter_mut().filter(|record| record.request.symbol == symbol) {
            if matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()) {
                // What is left is rounded by itself, as at the venue, so that it can fill whole.
                let left = restate(record.remaining());
                record.filled = restate(record.filled);
                record.quantity = record.filled + left;
                record.request.kind = split_kind(record.request.kind, ratio);
            }
        }
    }

    /// Gives all orders away.
    pub fn into_records(self) -> Vec<OrderRecord> {
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
