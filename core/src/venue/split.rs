//! What a split does to resting orders.
//!
//! Not here: what it does to our own books (portfolio, engine).
use super::order::VenueOrder;
use super::simulated::SimulatedVenue;
use crate::domain::{
    ExecutionEvent, ExitLegs, LegLevel, Money, OrderId, OrderKind, Price, Quantity, Ratio, SymbolIndex, Timestamp,
    Trail,
};
use crate::portfolio::{split_price, split_quantity};

impl SimulatedVenue {
    /// A split into `ratio` new shares per old, before the open: shares, levels and quantities of
    /// resting orders. `kept` is what our own books hold afterwards, `cash_change` what was paid for a
    /// fraction of a share.
    pub fn split(
        &mut self,
        symbol: SymbolIndex,
        ratio: Ratio,
        (kept, mark, cash_change): (Quantity, Price, Money),
        time: Timestamp,
    ) {
        self.account.restate(symbol, kept, mark, cash_change);
        let fractional = self.rules.fractional;
        let whole = |quantity: Quantity| {
            let shares = split_quantity(quantity, ratio);
            if fractional { shares } else { shares.whole() }
        };
        let legs = if fractional { Vec::new() } else { self.whole_legs(symbol, ratio) };
        for order in &mut self.books[symbol.get()] {
            let alone = whole(order.remaining);
            let of_all = legs.iter().find(|leg| Some(leg.parent) == order.parent);
            order.remaining = of_all.map_or(alone, |leg| leg.shares);
            if order.remaining != alone {
                let (order, remaining) = (order.id, order.remaining);
                self.events.push(ExecutionEvent::Resized { order, remaining });
            }
            order.trigger = split_price(order.trigger, ratio);
            order.best = split_price(order.best, ratio);
            order.kind = split_kind(order.kind, ratio);
            order.legs = split_legs(order.legs, ratio);
            if order.reduce_only && order.purpose.protects() {
                // One that has triggered and waits for volume is for other shares, too.
                let (order, parent, level) = (order.id, order.parent.unwrap_or(order.id), order.trigger);
                self.events.push(ExecutionEvent::LegLive { order, parent, symbol, level, time });
            }
        }
        self.split_in_transit(symbol, ratio, whole);
        self.cancel_emptied(symbol);
        self.refresh_band(symbol);
    }

    /// What the legs of each entry are for after a split, in whole shares. Rounded down one by one they would
    /// leave whole shares of the position bare, so what one entry's legs lose goes to the next that makes it a
    /// share: together they are for all whole shares that their entries hold.
    fn whole_legs(&self, symbol: SymbolIndex, ratio: Ratio) -> Vec<WholeLegs> {
        let mut legs: Vec<WholeLegs> = Vec::new();
        let mut exact = Quantity::ZERO;
        for order in &self.books[symbol.get()] {
            if let Some(parent) = order.parent.filter(|parent| legs.iter().all(|leg| leg.parent != *parent)) {
                let before = exact.whole();
                exact += split_quantity(order.remaining, ratio);
                legs.push(WholeLegs { parent, shares: exact.whole() - before });
            }
        }
        legs
    }

    /// The highest price among those of the resting orders of `symbol`: none may outgrow what a price can be.
    pub fn dearest_level(&self, symbol: SymbolIndex) -> Price {
        let own = |order: &VenueOrder| {
            let limit = order.kind.limit().unwrap_or(Price::ZERO);
            let legs = [order.legs.stop, order.legs.take_profit].into_iter().flatten().map(|level| match level {
                LegLevel::At(price) => price,
                LegLevel::FromFill { .. } | LegLevel::FractionFromFill(_) => Price::ZERO,
            });
            let legs = legs.chain(order.legs.stop_limit).max().unwrap_or(Price::ZERO);
            order.trigger.max(order.best).max(limit).max(legs)
        };
        self.books[symbol.get()].iter().map(own).max().unwrap_or(Price::ZERO)
    }
}

/// Stop and target of one entry.
struct WholeLegs {
    parent: OrderId,
    shares: Quantity,
}

/// The prices of an order after a split into `ratio` new shares per old.
pub fn split_kind(kind: OrderKind, ratio: Ratio) -> OrderKind {
    match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: split_price(limit, ratio) },
        OrderKind::Stop { stop } => OrderKind::Stop { stop: split_price(stop, ratio) },
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: split_price(stop, ratio), limit: split_price(limit, ratio) }
        }
        OrderKind::TrailingStop { trail: Trail::Price(price) } => {
            OrderKind::TrailingStop { trail: Trail::Price(split_price(price, ratio)) }
        }
        OrderKind::TrailingStop { trail } => OrderKind::TrailingStop { trail },
    }
}

fn split_legs(mut legs: ExitLegs, ratio: Ratio) -> ExitLegs {
    let level = |level: LegLevel| match level {
        LegLevel::At(price) => LegLevel::At(split_price(price, ratio)),
        LegLevel::FromFill { distance_units } => LegLevel::FromFill {
            distance_units: split_price(Price::ZERO.saturating_offset(distance_units), ratio).units(),
        },
        LegLevel::FractionFromFill(fraction) => LegLevel::FractionFromFill(fraction),
    };
    legs.stop = legs.stop.map(level);
    legs.take_profit = legs.take_profit.map(level);
    legs.stop_limit = legs.stop_limit.map(|price| split_price(price, ratio));
    legs
}
