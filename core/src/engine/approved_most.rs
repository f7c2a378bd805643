//! How close approved entries came to the limits that are about one order: its dollars, its limit price.
//!
//! Not here: the limits (risk), orders that only shrink a position, which are held to neither.
//! The price an order was measured at is nowhere else in the record, and a split restates an order later.
use crate::domain::{Money, OrderSize, Ratio, Timestamp};
use crate::risk::{ApprovedOrder, reserve_price};

/// The largest of what was approved, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ApprovedMost {
    /// Dearest price × shares of one entry, fees aside.
    pub notional: Option<(Money, Timestamp)>,
    /// Distance of a limit from the reference price, as a share of it, rounded to a billionth.
    pub collar: Option<(Ratio, Timestamp)>,
}

impl ApprovedMost {
    /// `order` has been approved.
    pub(super) fn see(&mut self, order: &ApprovedOrder) {
        if order.reduces() {
            return;
        }
        let (kind, reference, at) = (order.request().kind, order.reference(), order.approved_at());
        let notional = match order.request().size {
            OrderSize::Notional(amount) => amount,
            OrderSize::Shares(_) | OrderSize::CashFraction { .. } => {
                reserve_price(kind, reference).notional(order.quantity())
            }
        };
        if self.notional.is_none_or(|(most, _)| notional > most) {
            self.notional = Some((notional, at));
        }
        let Some(limit) = kind.limit() else { return };
        let far = (limit.to_f64() / reference.to_f64() - 1.0).abs();
        let far = Ratio::from_units((far * Ratio::ONE.units() as f64).round() as i64);
        if self.collar.is_none_or(|(most, _)| far > most) {
            self.collar = Some((far, at));
        }
    }
}
