//! The end of a session that an earlier life has seen, brought to the mind of a desk that was restored.
//!
//! Not here: the end of a session as it happens ([`AlpacaDesk::on_session_close`]).
use super::AlpacaDesk;
use super::known::TicketPurpose;
use crate::domain::Timestamp;
use crate::execution::alpaca::translate::is_sent_for_longer;

impl AlpacaDesk {
    /// The session of the bar `last` has closed, in this life or an earlier one: orders for the day that were decided
    /// before that bar closed, and were sent until canceled for the sake of their legs, are taken back.
    pub fn on_restored_close(&mut self, last: Timestamp) {
        let (mirror, ledger) = (&self.ledger.mirror, &self.ledger);
        let is_older = |order| ledger.asked(order).is_some_and(|asked| asked.time < last);
        for (order, line) in &mut self.lines {
            if line.lives_a_day && mirror.standing(*order).is_some() && is_older(*order) {
                line.expire_asked = true;
            }
        }
        for ticket in self.tickets.values_mut().filter(|ticket| ticket.purpose == TicketPurpose::Opens) {
            let is_for_the_day =
                ledger.asked(ticket.main).is_some_and(|asked| asked.time < last && is_sent_for_longer(&asked.request));
            ticket.cancel_asked |= is_for_the_day;
        }
        self.settle();
    }
}
