//! Every order of a run and where it is in its life.
use crate::domain::{
    IllegalTransition, OrderId, OrderRequest, OrderStatus, OrderUpdate, Quantity, Ratio, RejectReason, SymbolIndex,
    Timestamp,
};
use crate::risk::Refusal;
use crate::venue::split_kind;

/// How an order stands, or why it was never sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderOutcome {
    /// It was sent; the venue says so.
    Sent(OrderStatus),
    /// Our gate said no.
    Refused(Refusal),
}

/// One order.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OrderRecord {
    /// Our number.
    pub id: OrderId,
    /// A script's number for it.
    pub label: Option<u32>,
    /// What was asked for.
    pub request: OrderRequest,
    /// Shares.
    pub quantity: Quantity,
    /// Shares filled so far.
    pub filled: Quantity,
    /// How it stands.
    pub outcome: OrderOutcome,
    /// Why the venue refused it.
    pub rejected: Option<RejectReason>,
    /// Open time of the bar whose close decided it.
    pub decided_at: Timestamp,
    /// The entry it protects.
    pub parent: Option<OrderId>,
}

/// All orders, by number.
#[derive(Debug, Default)]
pub struct Orders {
    records: Vec<OrderRecord>,
}

impl Orders {
    /// None yet, with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Orders {
        Orders { records: Vec::with_capacity(capacity) }
    }

    /// The number the next order gets.
    pub fn next_id(&self) -> OrderId {
        OrderId(self.records.len() as u64 + 1)
    }

    /// Adds an order; its number must be [`Orders::next_id`].
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

    /// All orders in the order of their numbers.
    pub fn records(&self) -> &[OrderRecord] {
        &self.records
    }

    /// Restates the open orders of `symbol` for a split, as the venue does.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        for record in self.records.iter_mut().filter(|record| record.request.symbol == symbol) {
            if matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()) {
                record.quantity = restate(record.quantity);
                record.filled = restate(record.filled);
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
