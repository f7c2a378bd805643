//! What the venue does not take, asked with what its books and its account know.
//!
//! Not here: the rules (refusal), what becomes of an order that is taken (simulated).
use super::order::VenueOrder;
use super::refusal::{Resting, Standing, Terms, Trading, account, form};
use super::simulated::{SimulatedVenue, Submission};
use crate::domain::{Quantity, RejectReason, SymbolIndex};

impl SimulatedVenue {
    /// Why the venue refuses the order, if it does.
    ///
    /// Whether shorts are allowed and what can be paid is the gate's to say: it has reserves of its own. Shares
    /// that are leaving count as gone, so that an entry may turn the position round at one open.
    pub(super) fn admit(&self, submission: &Submission<'_>) -> Result<(), RejectReason> {
        let (request, tick) = (submission.request, self.rules.tick);
        if let Some(symbol) = self.inactive(request.symbol) {
            return Err(RejectReason::AssetNotActive { symbol });
        }
        let terms = Terms { tick, extended_hours: self.rules.extended_hours, new_york_minute: None };
        form(request, &terms)?;
        let book = &self.books[request.symbol.get()];
        let standing = Standing {
            trading: Trading::Open,
            position: self.staying(request.symbol),
            held_for_orders: Quantity::ZERO,
            may_short: true,
            market: submission.last,
            tick,
            funds: None,
            resting: book
                .iter()
                .filter(|order| !is_held(order) && !self.is_being_canceled(order.id))
                .map(|order| Resting { id: order.id, side: order.side, kind: order.kind, opens: !order.reduce_only }),
        };
        account(request, submission.quantity, &standing)
    }

    /// The position without the shares that open exits take.
    fn staying(&self, symbol: SymbolIndex) -> Quantity {
        let held = self.account.shares(symbol);
        let exits = self.books[symbol.get()]
            .iter()
            .filter(|order| order.reduce_only && order.is_approved() && !self.is_being_canceled(order.id));
        let leaving = exits.fold(Quantity::ZERO, |sum, order| sum + order.remaining.min(held.abs() - sum));
        match held.closing_side() {
            Some(side) => held + leaving.signed(side),
            None => held,
        }
    }
}

/// Does it wait for its pair to go? Alpaca keeps the stop of a pair until it triggers.
fn is_held(order: &VenueOrder) -> bool {
    order.is_stop() && order.sibling.is_some()
}
