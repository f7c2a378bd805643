//! Which orders are old enough to be forgotten: those of the sessions before the last one.
//!
//! Not here: which of them are over (desk), what else leaves memory with them (machine).
//! Invariants: (1) it follows from the inputs alone, so a restart forgets what the process before it would have; (2) an
//! order is remembered for the whole session after its own, so that what the venue says of it late finds it.
use super::input::Input;
use super::machine::Machine;
use super::terms::Terms;
use crate::domain::{OrderId, Timestamp};

/// The session at hand, and where its orders begin.
#[derive(Debug, Default)]
pub struct Horizon {
    session: Option<(Timestamp, OrderId)>,
}

impl Horizon {
    /// Takes note of an input before it is applied.
    pub fn before(&mut self, input: &Input, machine: &dyn Machine, terms: &Terms) {
        let Input::Bars { time, .. } = input else { return };
        let Some(session) = terms.session_of(*time) else { return };
        if self.session.is_none_or(|(current, _)| session.open > current) {
            self.session = Some((session.open, machine.orders().next_id()));
        }
    }

    /// If the bars of `stamp` begin a session: the number below which orders are of sessions before the one that ends.
    pub fn passed(&self, stamp: Timestamp, terms: &Terms) -> Option<OrderId> {
        let next = terms.session_of(stamp)?;
        self.session.filter(|(current, _)| next.open > *current).map(|(_, first)| first)
    }
}
