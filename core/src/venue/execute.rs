//! One fill: at what price, for how many shares, or why not.
//!
//! Not here: which order fills (matching, within), what becomes of its pair and legs (legs).
use super::costs::{CostScope, Depth, Occasion, Slippage, SpreadAt};
use super::matching::Moment;
use super::order::VenueOrder;
use super::room::Room;
use super::rules::VenueRules;
use super::simulated::SimulatedVenue;
use crate::domain::{
    Bar, ExecutionEvent, Fill, OrderKind, OrderSize, Price, Quantity, Ratio, RejectReason, Side, SymbolIndex, Tick,
    TimeInForce, Volume,
};

/// What a fill of an order would be at, whatever its size.
struct Pricing {
    occasion: Occasion,
    reference: Price,
    slippage: Slippage,
    volume: Volume,
    spread: Price,
    /// The spread should have been a quote's and is the model's.
    lacks_quote: bool,
    collar: Option<Price>,
    /// The part of the volume that is there for the order.
    participation: Ratio,
    /// Shares are counted in parts, too.
    fractional: bool,
}

impl Pricing {
    /// What a fill of `order` at `reference` would be at, where it shrinks the position or not; `spread` says
    /// the spread at a price, and whether it lacks a quote.
    #[inline]
    fn of(
        order: &VenueOrder,
        (reference, reduces): (Price, bool),
        rules: &VenueRules,
        bar: &Bar,
        spread: impl FnOnce(Price) -> (Price, bool),
    ) -> Pricing {
        let takes = matches!(order.kind, OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. });
        let pays = takes && (rules.slippage_on == CostScope::Both || !reduces);
        let slippage = if pays { rules.slippage } else { Slippage::None };
        let (spread, lacks_quote) = match slippage {
            Slippage::Spread(_) => spread(reference),
            _ => (Price::ZERO, false),
        };
        Pricing {
            occasion: Occasion { side: order.side, time: bar.time },
            reference,
            slippage,
            volume: bar.volume,
            spread,
            lacks_quote,
            collar: order.collar(rules.tick),
            participation: rules.participation,
            fractional: rules.fractional,
        }
    }

    /// Most shares the bar has for the order.
    fn most(&self) -> Quantity {
        if self.fractional { self.volume.portion(self.participation) } else { self.volume.share(self.participation) }
    }

    /// `wanted` shares, or as many as the bar has for the order.
    #[inline]
    fn limited(&self, wanted: Quantity) -> Quantity {
        if self.volume.has(self.participation, wanted) {
            return wanted;
        }
        // What was sent in whole shares trades in whole shares.
        let most = if wanted.is_whole() { self.volume.share(self.participation) } else { self.most() };
        wanted.min(most)
    }

    /// Dollars a share for `quantity` shares.
    #[inline]
    fn at(&self, quantity: Quantity) -> Price {
        let depth = Depth { quantity, volume: self.volume, spread: self.spread };
        let price = self.slippage.applied(self.occasion.side, self.reference, depth);
        self.collar.map_or(price, |collar| price.min(collar))
    }

    /// The price to size an order at for which `shares` says how many it is for at a price: where more shares
    /// are dearer ones, that of the most it could be.
    fn dearest(&self, shares: impl Fn(Price) -> Quantity) -> Price {
        let bound = match self.slippage.is_by_quantity() {
            true => shares(self.reference).min(self.most()),
            false => Quantity::ZERO,
        };
        self.at(bound)
    }
}

impl SimulatedVenue {
    /// Fills the order at `at` as far as volume, position and cash allow.
    pub(super) fn execute(&mut self, symbol: SymbolIndex, at: usize, reference: Price, bar: &Bar, moment: Moment) {
        if self.books[symbol.get()][at].room == Room::Needs && !self.has_room(symbol, at) {
            return;
        }
        let order = &self.books[symbol.get()][at];
        let reduces = self.account.reduces(symbol, order.side);
        let pricing = Pricing::of(order, (reference, reduces), &self.rules, bar, |reference| {
            let at = match moment {
                Moment::Open if reference == bar.open => SpreadAt::Open,
                Moment::Close => SpreadAt::Close,
                // An exit due at the open that leaves at its stop's price is somewhere inside.
                Moment::Open | Moment::Within => SpreadAt::Within,
            };
            self.spreads.at(symbol, bar.time, at, reference)
        });
        let wanted = match self.wanted(symbol, order, &pricing, reduces) {
            Ok(wanted) => wanted,
            Err(reason) => return self.reject(symbol, at, reason),
        };
        let wanted = if order.waits_as_leg() { wanted.min(self.left_to_leg(symbol, order, bar)) } else { wanted };
        let quantity = pricing.limited(wanted);
        if quantity.is_zero() || (order.time_in_force == TimeInForce::Fok && quantity < wanted) {
            return self.lacks_volume(symbol, at, bar);
        }
        let done = quantity == wanted;
        let price = pricing.at(quantity);
        let fee = self.fees.fee(order.id, pricing.occasion, price, quantity);
        self.fees.count(order.id, pricing.occasion, price, (quantity, wanted - quantity));
        self.quotes_missing += u64::from(pricing.lacks_quote);
        let (id, time, purpose, side) = (order.id, bar.time, order.purpose, order.side);
        let fill = Fill { order: id, symbol, side, quantity, price, reference, fee, time, purpose };
        self.account.apply(&fill);
        self.events.push(ExecutionEvent::Filled { fill, remaining: wanted - quantity });
        if !self.transit.is_empty() {
            self.count_in_transit(id, quantity);
        }
        let order = self.books[symbol.get()][at];
        if done {
            self.take(symbol, at);
        } else {
            self.keep_rest(symbol, at, wanted - quantity, bar);
        }
        self.follow(symbol, &order, &fill, reduces, moment);
    }

    /// What the fill of `order`, as it was before, does to the orders around it.
    #[inline]
    pub(super) fn follow(
        &mut self,
        symbol: SymbolIndex,
        order: &VenueOrder,
        fill: &Fill,
        reduces: bool,
        moment: Moment,
    ) {
        if reduces {
            self.shrink_legs(symbol, order, fill.quantity);
            self.void_target(symbol, order);
        } else if order.legs.any() {
            self.protect(symbol, order, fill, moment);
        }
        self.refresh_band(symbol);
    }

    /// There is not enough volume for the order at `at`: it waits for the next bar, if it may.
    #[cold]
    fn lacks_volume(&mut self, symbol: SymbolIndex, at: usize, bar: &Bar) {
        let order = self.books[symbol.get()][at];
        self.books[symbol.get()][at].wait_after(bar.time, self.rules.tick);
        self.void_target(symbol, &order);
        self.refresh_band(symbol);
    }

    /// `rest` shares of the order at `at` are left to fill.
    #[cold]
    fn keep_rest(&mut self, symbol: SymbolIndex, at: usize, rest: Quantity, bar: &Bar) {
        let resting = &mut self.books[symbol.get()][at];
        resting.remaining = rest;
        // Sized now; the rest is a plain number of shares.
        resting.size = OrderSize::Shares(rest);
        resting.wait_after(bar.time, self.rules.tick);
    }

    /// How many shares the order is for, now that it is known what they cost.
    fn wanted(
        &self,
        symbol: SymbolIndex,
        order: &VenueOrder,
        pricing: &Pricing,
        reduces: bool,
    ) -> Result<Quantity, RejectReason> {
        let affordable = |budget, price| self.grid(self.rules.commission.affordable(pricing.occasion, budget, price));
        let wanted = match order.size {
            OrderSize::Shares(_) => order.remaining,
            OrderSize::Notional(amount) => {
                let shares = |price| Quantity::most_for(amount, price);
                shares(pricing.dearest(shares))
            }
            OrderSize::CashFraction { fraction, most } => {
                let mut budget = self.account.settled_cash().share(fraction).min(most);
                if !reduces {
                    // Sold short, cash grows while the account has less to spend.
                    budget = budget.min(self.account.buying_power());
                }
                let shares = |price| affordable(budget, price);
                let fits = shares(pricing.dearest(shares));
                // Only whole shares are lent.
                let borrows = !reduces && order.side == Side::Sell && self.rules.tick == Tick::UsEquity;
                if borrows { fits.whole() } else { fits }
            }
        };
        if reduces {
            let held = self.account.shares(symbol).abs();
            return match order.reduce_only {
                true => Ok(wanted.min(held)),
                false if wanted > held => Err(insufficient(wanted, held, held)),
                // It was sent to open a position with exits of its own, and the old one has not left yet.
                false if order.legs.any() => Err(insufficient(wanted, Quantity::ZERO, held)),
                false => Ok(wanted),
            };
        }
        if wanted.is_zero() {
            return Err(RejectReason::NoShares { price: pricing.at(Quantity::ZERO) });
        }
        if !self.rules.cash_check_at_fill {
            return Ok(wanted);
        }
        let price = pricing.at(pricing.limited(wanted));
        let have = self.account.buying_power();
        let need = price.notional(wanted) + self.fees.fee(order.id, pricing.occasion, price, wanted);
        if need <= have {
            return Ok(wanted);
        }
        let fits = affordable(have, price);
        if self.rules.trim_to_cash && !fits.is_zero() {
            return Ok(fits);
        }
        Err(RejectReason::BuyingPower { need, have })
    }

    fn grid(&self, quantity: Quantity) -> Quantity {
        if self.rules.fractional { quantity } else { quantity.whole() }
    }

    pub(super) fn reject(&mut self, symbol: SymbolIndex, at: usize, reason: RejectReason) {
        let order = self.take(symbol, at);
        self.events.push(ExecutionEvent::Rejected { order: order.id, reason });
        self.refresh_band(symbol);
    }
}

/// `available` of `held` shares are too few for an order of `requested`.
fn insufficient(requested: Quantity, available: Quantity, held: Quantity) -> RejectReason {
    RejectReason::InsufficientQty { requested, available, existing_qty: held, held_for_orders: held - available }
}
