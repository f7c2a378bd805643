//! What an exit at the market does to the legs whose shares it needs: they are taken back first, and stand again.
//!
//! Not here: what legs may fill while an exit waits (legs), whether an order is taken (admission). Alpaca lets one
//! order hold a share, so whoever trades there takes legs back before such an exit leaves, and sends what is left of
//! them again as orders of their own (`alpaca.md` §11.1, §13). In our books the legs stay where they are; what changes
//! for others is done here: with a leg goes the rest of its entry, and beside a leg that is sent again no opening
//! order stays that could trade with it. Pairs are exempt from that rule.
use super::order::VenueOrder;
use super::rules::DueExit;
use super::simulated::{SimulatedVenue, Submission};
use crate::domain::{OrderClass, OrderKind, Quantity, Side, SymbolIndex, Tick, TimeInForce};

impl SimulatedVenue {
    /// Does the order leave at the market with shares that legs hold?
    pub(super) fn needs_legs(&self, submission: &Submission<'_>) -> bool {
        let request = submission.request;
        let book = &self.books[request.symbol.get()];
        if !submission.reduce_only || request.kind != OrderKind::Market || book.is_empty() {
            return false;
        }
        let has_rules = self.rules.tick != Tick::None && self.rules.due_exit != DueExit::StopFirst;
        let is_for_auction = matches!(request.time_in_force, TimeInForce::Opg | TimeInForce::Cls);
        if !has_rules || is_for_auction || request.class != OrderClass::Simple {
            return false;
        }
        let legs = self.held_by_legs_of(request.symbol, request.side);
        !legs.is_zero() && self.without_exits(request.symbol) < legs + submission.quantity
    }

    /// Takes back what is left of the entries whose legs an exit on `side` needs.
    #[cold]
    pub(super) fn take_legs_back(&mut self, symbol: SymbolIndex, side: Side) {
        let book = &self.books[symbol.get()];
        let entries = || book.iter().filter(|order| order.side == side).filter_map(|order| order.parent);
        // Most entries have filled whole: nothing is left of them, and nothing is to be remembered.
        if !entries().any(|entry| book.iter().any(|order| order.id == entry)) {
            return;
        }
        let entries: Vec<_> = entries().collect();
        self.cancel_where(symbol, |order| entries.contains(&order.id));
    }

    /// The legs for what exits leave are sent again: opening orders that could trade with one are taken back.
    #[cold]
    pub(super) fn send_legs_again(&mut self, symbol: SymbolIndex) {
        let book = &self.books[symbol.get()];
        let (mut left, mut family, mut alone) = (self.without_exits(symbol), None, Vec::new());
        for leg in book.iter().rev().filter(|order| order.parent.is_some()) {
            if leg.parent == family {
                continue;
            }
            family = leg.parent;
            let shares = self.shares_of_legs(symbol, family).min(left);
            left = left - shares;
            let is_pair = leg.sibling.is_some_and(|pair| book.iter().any(|order| order.id == pair));
            if !shares.is_zero() && !is_pair {
                alone.push(*leg);
            }
        }
        self.cancel_where(symbol, |order| !order.reduce_only && alone.iter().any(|leg| could_trade(leg, order)));
    }

    /// Shares held that no exit of ours takes, at the market or at a price.
    fn without_exits(&self, symbol: SymbolIndex) -> Quantity {
        let exits = self.books[symbol.get()]
            .iter()
            .filter(|order| order.reduce_only && order.is_approved() && !self.is_being_canceled(order.id));
        exits.fold(self.account.shares(symbol).abs(), |left, exit| left - exit.remaining.min(left))
    }

    /// Shares that the legs on `side` are for, those of a pair once.
    pub(super) fn held_by_legs_of(&self, symbol: SymbolIndex, side: Side) -> Quantity {
        let legs = self.books[symbol.get()].iter().filter(|order| order.side == side && order.parent.is_some());
        let (mut sum, mut family) = (Quantity::ZERO, None);
        // Both legs of an entry stand together.
        for leg in legs.filter(|order| !self.is_being_canceled(order.id)) {
            if leg.parent != family {
                sum += self.shares_of_legs(symbol, leg.parent);
            }
            family = leg.parent;
        }
        sum
    }
}

/// Does Alpaca refuse `leg`, sent as an order of its own, beside the opening order `other`?
fn could_trade(leg: &VenueOrder, other: &VenueOrder) -> bool {
    let crosses = match (leg.kind.limit(), other.kind.limit(), leg.side) {
        (Some(ask), Some(bid), Side::Sell) | (Some(bid), Some(ask), Side::Buy) => bid >= ask,
        _ => true,
    };
    crosses && other.side != leg.side
}
