//! What the desk lets go of: orders of which nothing is open, on its way or awaited, here or at the venue.
//!
//! Not here: when (whoever runs the session), what an entry of it means (ledger).
//! Invariants: (1) a family, an order with its legs, stays or goes whole; (2) one that ended since something was last
//! forgotten stays, since the venue may repeat or add something; (3) what the venue says of a forgotten order is treated as
//! of a stranger: it counts nothing, and has open orders and positions read.
use super::AlpacaDesk;
use crate::domain::OrderId;
use crate::execution::alpaca::entry::Entry;
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::ledger::legs;

impl AlpacaDesk {
    /// Forgets the orders below `before` that are over. Gives those below it that stay; `None`, with nothing forgotten,
    /// while the engine has not had every answer.
    pub fn forget(&mut self, before: OrderId) -> Option<Vec<OrderId>> {
        if self.ledger.has_answers() || !self.early.is_empty() || !self.reached.is_empty() {
            return None;
        }
        let but = self.not_over(before);
        self.ledger.record(Entry::Forgotten { before, but: but.clone() });
        let doubted = &self.doubted;
        // Each thing is told once, and again in a later session if it is still so.
        self.told.retain(|finding| match finding {
            Finding::ForeignOrder { .. } => true,
            Finding::Position { symbol, .. } => doubted.contains_key(symbol),
            other => other.order().is_some_and(|order| order >= before || but.binary_search(&order).is_ok()),
        });
        Some(but)
    }

    /// Orders and legs below `before` that are not over, in order.
    fn not_over(&self, before: OrderId) -> Vec<OrderId> {
        let mut stay = Vec::new();
        for (order, asked) in self.ledger.asked_orders().take_while(|(order, _)| *order < before) {
            let of_legs = legs(&asked.request, order).into_iter().flatten().map(|leg| leg.order);
            let family: Vec<OrderId> = std::iter::once(order).chain(of_legs).collect();
            if !self.ledger.is_long_closed(order) || family.iter().any(|member| self.is_of_interest(*member)) {
                stay.extend(family);
            }
        }
        stay
    }

    fn is_of_interest(&self, order: OrderId) -> bool {
        let is_named = || self.tickets.values().any(|ticket| ticket.main == order || ticket.mate == Some(order));
        self.lines.contains_key(&order)
            || self.ledger.is_lately_closed(order)
            || self.ledger.mirror.standing(order).is_some()
            || is_named()
    }
}
