//! One fill: at what price, for how many shares, or why not.
//!
//! Not here: which order fills (matching, within), what becomes of its pair and legs (legs).
use super::CostScope;
use super::matching::Moment;
use super::order::VenueOrder;
use super::simulated::SimulatedVenue;
use crate::domain::{
    Bar, ExecutionEvent, Fill, OrderKind, OrderSize, Price, Quantity, RejectReason, SymbolIndex, TimeInForce,
};

impl SimulatedVenue {
    /// Fills the order at `at` as far as volume, position and cash allow.
    pub(super) fn execute(&mut self, symbol: SymbolIndex, at: usize, reference: Price, bar: &Bar, moment: Moment) {
        let order = self.books[symbol.get()][at];
        let reduces = self.account.reduces(symbol, order.side);
        let price = self.fill_price(&order, reference, reduces);
        let wanted = match self.wanted(symbol, &order, price, reduces) {
            Ok(wanted) => wanted,
            Err(reason) => return self.reject(symbol, at, reason),
        };
        let quantity = wanted.min(bar.volume.share(self.rules.participation));
        if quantity.is_zero() || (order.time_in_force == TimeInForce::Fok && quantity < wanted) {
            // Not enough volume for it: it waits for the next bar, if it may.
            let tick = self.rules.tick;
            self.books[symbol.get()][at].wait_after(bar, tick);
            self.refresh_band(symbol);
            return;
        }
        let done = quantity == wanted;
        let fee = self.rules.commission.fee(price, quantity);
        let (time, purpose, side) = (bar.time, order.purpose, order.side);
        let fill = Fill { order: order.id, symbol, side, quantity, price, reference, fee, time, purpose };
        self.account.apply(&fill);
        self.events.push_back(ExecutionEvent::Filled { fill, remaining: wanted - quantity });
        if done {
            self.take(symbol, at);
        } else {
            let tick = self.rules.tick;
            let resting = &mut self.books[symbol.get()][at];
            resting.remaining = wanted - quantity;
            // Sized now; the rest is a plain number of shares.
            resting.size = OrderSize::Shares(resting.remaining);
            resting.wait_after(bar, tick);
        }
        if reduces {
            self.shrink_legs(symbol, &order, quantity);
        } else if order.legs.any() {
            self.protect(symbol, &order, &fill, moment);
        }
        self.refresh_band(symbol);
    }

    fn fill_price(&self, order: &VenueOrder, reference: Price, reduces: bool) -> Price {
        let takes = matches!(order.kind, OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. });
        let pays = takes && (self.rules.slippage_on == CostScope::Both || !reduces);
        let price = if pays { self.rules.slippage.applied(order.side, reference) } else { reference };
        order.collar(self.rules.tick).map_or(price, |collar| price.min(collar))
    }

    /// How many shares the order is for, now that its price is known.
    fn wanted(
        &self,
        symbol: SymbolIndex,
        order: &VenueOrder,
        price: Price,
        reduces: bool,
    ) -> Result<Quantity, RejectReason> {
        let wanted = match order.size {
            OrderSize::Shares(_) => order.remaining,
            OrderSize::CashFraction { fraction, most } => {
                let mut budget = self.account.cash().share(fraction).min(most);
                if !reduces {
                    // Sold short, cash grows while the account has less to spend.
                    budget = budget.min(self.account.buying_power());
                }
                self.grid(self.rules.commission.affordable(budget, price))
            }
        };
        if reduces {
            let held = self.account.shares(symbol).abs();
            return match order.reduce_only {
                true => Ok(wanted.min(held)),
                false if wanted > held => Err(RejectReason::Flips { need: wanted, have: held }),
                // It was sent to open a position with exits of its own, and the old one has not left yet.
                false if order.legs.any() => Err(RejectReason::Flips { need: wanted, have: Quantity::ZERO }),
                false => Ok(wanted),
            };
        }
        if wanted.is_zero() {
            return Err(RejectReason::NoShares { price });
        }
        if !self.rules.cash_check_at_fill {
            return Ok(wanted);
        }
        let have = self.account.buying_power();
        let need = price.notional(wanted) + self.rules.commission.fee(price, wanted);
        if need <= have {
            return Ok(wanted);
        }
        let affordable = self.grid(self.rules.commission.affordable(have, price));
        if self.rules.trim_to_cash && !affordable.is_zero() {
            return Ok(affordable);
        }
        Err(RejectReason::BuyingPower { need, have })
    }

    fn grid(&self, quantity: Quantity) -> Quantity {
        if self.rules.fractional { quantity } else { quantity.whole() }
    }

    fn reject(&mut self, symbol: SymbolIndex, at: usize, reason: RejectReason) {
        let order = self.take(symbol, at);
        self.events.push_back(ExecutionEvent::Rejected { order: order.id, reason });
        self.refresh_band(symbol);
    }
}
