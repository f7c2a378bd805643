//! Shares that leave the account by no order of ours: the kill switch closes a position, or a person does at the broker.
//!
//! Not here: what proves that they are gone (strangers), what the books make of it (live).
//! Invariants: (1) nothing is taken out of a book before the venue's own list of positions has shown it twice, and without
//! an order of others that has filled: a split that is not known yet takes shares, too; (2) what such an order has filled is
//! counted once, over every session of the account.
use super::AlpacaDesk;
use crate::domain::{Money, OrderId, Price, Quantity, Side, Symbol};
use crate::execution::alpaca::entry::{Entry, LeftOutside};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::wire::WireOrder;

/// Orders of others that are remembered, the latest; a flatten makes one a position.
const EXITS_MAX: usize = 1_000;

/// A position of which the venue holds fewer shares than all sessions together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Which share.
    pub symbol: Symbol,
    /// What the sessions held when it was proved, signed.
    pub ours: Quantity,
    /// What the venue holds, signed.
    pub venue: Quantity,
}

/// An order of others that has filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutsideFill {
    /// The venue's name for it.
    pub venue_id: String,
    /// Shares that it has filled.
    pub filled: Quantity,
    /// Their average price.
    pub average: Price,
    symbol: Symbol,
    side: Side,
    submitted_at: String,
}

impl AlpacaDesk {
    /// Positions that have shrunk by no order of ours, each as often as it is proved.
    pub fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.lost)
    }

    /// No order of others explains it: people are told.
    pub fn tell_lost(&mut self, lost: Lost) {
        let Lost { symbol, ours, venue } = lost;
        self.find(Finding::Position { symbol, ours, venue });
    }

    /// Orders of others that have filled on this side, the latest first.
    pub fn outside_fills(&self, symbol: Symbol, side: Side) -> Vec<OutsideFill> {
        let is_meant = |fill: &&OutsideFill| fill.symbol == symbol && fill.side == side;
        let mut fills: Vec<OutsideFill> = self.outside_fills.iter().filter(is_meant).cloned().collect();
        fills.sort_by(|a, b| b.submitted_at.cmp(&a.submitted_at));
        fills
    }

    /// Is the order this session's own? A leg may have filled before it was known for one.
    pub fn knows(&self, venue_id: &str) -> bool {
        self.ledger.linked(venue_id).is_some()
    }

    /// What an order of others has taken of this session's shares so far: shares and dollars.
    pub fn taken_outside(&self, venue_id: &str) -> (Quantity, Money) {
        self.ledger.counted_outside(venue_id)
    }

    /// Shares leave the book under the number `order`.
    pub fn left_outside(&mut self, order: OrderId, left: &LeftOutside) {
        self.ledger.record(Entry::LeftOutside { order, left: left.clone(), time: self.bar });
        self.settle();
        self.read_soon(super::reading::Page::Positions);
    }

    /// While the kill switch closes every position, its orders are nobody else's.
    pub fn expect_closings(&mut self, are_expected: bool) {
        self.expects_closings = are_expected;
    }

    /// An order of others, wherever it is shown.
    pub(super) fn note_outside(&mut self, order: &WireOrder) {
        let side = [Side::Buy, Side::Sell].into_iter().find(|side| side.name() == order.side.as_str());
        let (Some(side), Ok(symbol)) = (side, order.symbol.as_str().parse::<Symbol>()) else { return };
        let filled = order.filled_qty.quantity().filter(|filled| !filled.is_zero());
        let (Some(filled), Some(average)) = (filled, order.filled_avg_price.price()) else { return };
        let venue_id = order.id.as_str().to_owned();
        if self.outside_fills.iter().any(|known| known.venue_id == venue_id && known.filled == filled) {
            return;
        }
        self.doubt_again(symbol);
        self.outside_fills.retain(|known| known.venue_id != venue_id);
        if self.outside_fills.len() >= EXITS_MAX {
            self.outside_fills.remove(0);
        }
        let submitted_at = order.submitted_at.as_str().to_owned();
        self.outside_fills.push(OutsideFill { venue_id, filled, average, symbol, side, submitted_at });
    }
}
