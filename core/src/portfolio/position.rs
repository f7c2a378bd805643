//! One symbol's shares.
use crate::domain::{Money, Price, Quantity, Side};

/// Shares of one symbol, what they cost on average, and what they are worth now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    quantity: Quantity,
    average_price: Price,
    mark: Price,
}

impl Position {
    /// Shares; negative is short.
    #[inline]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Average price of the shares held, rounded to a billionth; zero when flat.
    pub fn average_price(&self) -> Price {
        self.average_price
    }

    /// The last price it was valued at.
    #[inline]
    pub fn mark(&self) -> Price {
        self.mark
    }

    /// Quantity × mark; negative for a short.
    #[inline]
    pub fn value(&self) -> Money {
        self.mark.notional(self.quantity)
    }

    /// Values it at `price`; returns by how much its value changed.
    #[inline]
    pub(super) fn mark_to(&mut self, price: Price) -> Money {
        let change = i128::from(price.units() - self.mark.units()) * i128::from(self.quantity.units());
        self.mark = price;
        Money::from_units(change)
    }

    /// Takes an execution; returns by how much its value at the mark changed.
    #[inline]
    pub(super) fn trade(&mut self, side: Side, quantity: Quantity, price: Price) -> Money {
        let signed = quantity.signed(side);
        let after = self.quantity + signed;
        let same_way = self.quantity.units().signum() * signed.units().signum() >= 0;
        if same_way {
            self.average_price = blended(self.quantity, self.average_price, quantity, price);
        } else if after.is_zero() {
            self.average_price = Price::ZERO;
        } else if after.units().signum() != self.quantity.units().signum() {
            self.average_price = price;
        }
        self.quantity = after;
        self.mark.notional(signed)
    }

    /// Replaces quantity, average price and mark, for a split.
    pub(super) fn restate(&mut self, quantity: Quantity, average_price: Price, mark: Price) {
        (self.quantity, self.average_price, self.mark) = (quantity, average_price, mark);
    }
}

/// Mean price of two lots, to the nearest billionth.
fn blended(held: Quantity, held_price: Price, added: Quantity, price: Price) -> Price {
    if held.is_zero() {
        return price;
    }
    let shares = i128::from(held.units().unsigned_abs()) + i128::from(added.units());
    let cost = held_price.notional(held.abs()).units() + price.notional(added).units();
    let nearest = (cost + shares / 2) / shares;
    i64::try_from(nearest).ok().and_then(Price::from_units).expect("a mean of prices is a price")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }
    fn shares(count: i64) -> Quantity {
        Quantity::from_shares(count).expect("quantity")
    }

    #[test]
    fn average_price_follows_buys_not_sells_and_restarts_on_a_flip() {
        let mut position = Position::default();
        position.trade(Side::Buy, shares(100), price("10"));
        position.trade(Side::Buy, shares(100), price("12"));
        assert_eq!(position.average_price(), price("11"));
        position.trade(Side::Sell, shares(50), price("20"));
        assert_eq!((position.average_price(), position.quantity()), (price("11"), shares(150)));
        position.trade(Side::Sell, shares(200), price("9"));
        assert_eq!((position.average_price(), position.quantity()), (price("9"), shares(-50)));
        position.trade(Side::Buy, shares(50), price("8"));
        assert_eq!((position.average_price(), position.quantity()), (Price::ZERO, Quantity::ZERO));
    }
}
