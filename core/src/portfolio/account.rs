//! Cash and all positions, exactly.
use super::{Position, Unsettled};
use crate::domain::{Fill, Money, Price, Quantity, Ratio, SymbolIndex, Timestamp};

/// Why cash changed without a fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashReason {
    /// A dividend: credited to a long, owed by a short.
    Dividend,
    /// The fraction of a share a split left behind.
    CashInLieu,
    /// What the lender of a share that was sold short takes.
    BorrowFee,
    /// Interest on borrowed dollars.
    MarginInterest,
}

/// A change of cash without a fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CashEvent {
    /// The bar before whose open it happened.
    pub time: Timestamp,
    /// For which share.
    pub symbol: SymbolIndex,
    /// Why.
    pub reason: CashReason,
    /// Dollars; negative is paid.
    pub amount: Money,
}

/// Cash and positions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Portfolio {
    cash: Money,
    equity: Money,
    gross: Money,
    positions: Vec<Position>,
    unsettled: Unsettled,
}

impl Portfolio {
    /// `cash` dollars and no shares of any of `symbols`.
    pub fn with_cash(cash: Money, symbols: usize) -> Portfolio {
        let (positions, unsettled) = (vec![Position::default(); symbols], Unsettled::default());
        Portfolio { cash, equity: cash, gross: Money::ZERO, positions, unsettled }
    }

    /// Dollars not in shares.
    #[inline]
    pub fn cash(&self) -> Money {
        self.cash
    }

    /// Cash that can be spent: without what sales brought that is not settled yet.
    #[inline]
    pub fn settled_cash(&self) -> Money {
        self.cash - self.unsettled.total()
    }

    /// What sales brought that is not settled yet.
    pub fn unsettled(&self) -> &Unsettled {
        &self.unsettled
    }

    /// `amount` of a sale, in the cash already, settles on `date`.
    pub fn hold_back(&mut self, date: Timestamp, amount: Money) {
        self.unsettled.add(date, amount);
    }

    /// It is `now`: what settles up to then can be spent.
    pub fn settle(&mut self, now: Timestamp) {
        self.unsettled.settle(now);
    }

    /// Cash plus every position at its mark.
    #[inline]
    pub fn equity(&self) -> Money {
        self.equity
    }

    /// The position in `symbol`.
    #[inline]
    pub fn position(&self, symbol: SymbolIndex) -> &Position {
        &self.positions[symbol.get()]
    }

    /// All positions, in the scenario's order.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Σ |quantity × mark|.
    #[inline]
    pub fn gross_exposure(&self) -> Money {
        self.gross
    }

    /// Values `symbol` at `price`.
    #[inline]
    pub fn mark(&mut self, symbol: SymbolIndex, price: Price) {
        let position = &mut self.positions[symbol.get()];
        let change = position.mark_to(price);
        self.equity += change;
        self.gross += if position.quantity() < Quantity::ZERO { -change } else { change };
    }

    /// Takes an execution: cash pays or receives price × quantity and pays the fee.
    #[inline]
    pub fn apply(&mut self, fill: &Fill) {
        let paid = fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
        let position = &mut self.positions[fill.symbol.get()];
        let before = position.value();
        let value_change = position.trade(fill.side, fill.quantity, fill.price);
        self.gross += (before + value_change).abs() - before.abs();
        self.cash -= paid;
        self.equity += value_change - paid;
    }

    /// A dividend of `amount` a share: credited to a long, owed by a short.
    pub fn pay_dividend(&mut self, symbol: SymbolIndex, amount: Price, time: Timestamp) -> CashEvent {
        let paid = amount.notional(self.position(symbol).quantity());
        self.receive(CashEvent { time, symbol, reason: CashReason::Dividend, amount: paid })
    }

    /// A split into `ratio` new shares per old: quantity × ratio, average price and mark ÷ ratio.
    /// Unless `fractional`, the fraction of a share is paid in cash at the adjusted mark.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, fractional: bool, time: Timestamp) -> Option<CashEvent> {
        let position = &mut self.positions[symbol.get()];
        let before = position.value();
        let shares = split_quantity(position.quantity(), ratio);
        let mark = split_price(position.mark(), ratio);
        let kept = if fractional { shares } else { shares.whole() };
        position.restate(kept, split_price(position.average_price(), ratio), mark);
        self.equity += position.value() - before;
        self.gross += position.value().abs() - before.abs();
        let rest = shares - kept;
        let event = CashEvent { time, symbol, reason: CashReason::CashInLieu, amount: mark.notional(rest) };
        (!rest.is_zero()).then(|| self.receive(event))
    }

    /// Takes a change of cash without a fill, and gives it back for the record.
    pub fn receive(&mut self, event: CashEvent) -> CashEvent {
        self.cash += event.amount;
        self.equity += event.amount;
        event
    }

    /// Do the cached sums equal cash + Σ quantity × mark, and Σ |quantity × mark|? For assertions and tests.
    pub fn is_conserved(&self) -> bool {
        let values = || self.positions.iter().map(Position::value);
        self.cash + values().sum() == self.equity && values().map(Money::abs).sum::<Money>() == self.gross
    }
}

/// `quantity` × `ratio`, towards zero to a billionth of a share, held inside ±[`Quantity::MAX`]: an order
/// for more than there can be stays one. A position is tested by `fits_after_split` first.
pub fn split_quantity(quantity: Quantity, ratio: Ratio) -> Quantity {
    let most = i128::from(Quantity::MAX.units());
    Quantity::from_units(after_split(quantity, ratio).clamp(-most, most) as i64)
}

/// Can a position of `quantity` shares still be counted after a split?
pub(crate) fn fits_after_split(quantity: Quantity, ratio: Ratio) -> bool {
    after_split(quantity, ratio).abs() <= i128::from(Quantity::MAX.units())
}

fn after_split(quantity: Quantity, ratio: Ratio) -> i128 {
    i128::from(quantity.units()) * i128::from(ratio.units()) / i128::from(Ratio::ONE.units())
}

/// `price` ÷ `ratio`, to the nearest billionth of a dollar.
pub fn split_price(price: Price, ratio: Ratio) -> Price {
    price_after_split(price, ratio).unwrap_or(Price::MAX)
}

/// [`split_price`], or `None` above [`Price::MAX`]: a replay ends there, so no price is ever held back.
pub(crate) fn price_after_split(price: Price, ratio: Ratio) -> Option<Price> {
    i64::try_from(ratio.divide_nearest(price.units())).ok().and_then(Price::from_units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OrderId, OrderPurpose, Side};
    use proptest::prelude::*;

    const START: Money = Money::from_cents(10_000_000);

    fn any_fill() -> impl Strategy<Value = Fill> {
        (0u16..3, any::<bool>(), 1i64..5_000_000_000_000, 1i64..1_000_000_000_000, 0i64..100_000).prop_map(
            |(symbol, buys, quantity, price, fee)| {
                let price = Price::from_units(price).expect("price");
                Fill {
                    order: OrderId(1),
                    symbol: SymbolIndex(symbol),
                    side: if buys { Side::Buy } else { Side::Sell },
                    quantity: Quantity::from_units(quantity),
                    price,
                    reference: price,
                    fee: Money::from_cents(fee),
                    time: Timestamp::from_ns(0),
                    purpose: OrderPurpose::Entry,
                }
            },
        )
    }

    proptest! {
        /// Money is conserved: cash + Σ (fill value + fees) equals the start, whatever the fills, and
        /// equity is always cash plus positions at their marks.
        #[test]
        fn cash_is_conserved(fills in proptest::collection::vec((any_fill(), 1i64..2_000_000_000_000), 0..200)) {
            let mut portfolio = Portfolio::with_cash(START, 3);
            let mut paid = Money::ZERO;
            for (fill, mark) in &fills {
                portfolio.apply(fill);
                portfolio.mark(fill.symbol, Price::from_units(*mark).expect("price"));
                paid += fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
                prop_assert!(portfolio.is_conserved());
            }
            prop_assert_eq!(portfolio.cash() + paid, START);
        }

        /// A split changes no value but by rounding a price to a billionth.
        #[test]
        fn a_split_keeps_the_value(fill in any_fill(), ratio in 1i64..20_000_000_000) {
            let mut portfolio = Portfolio::with_cash(START, 3);
            portfolio.apply(&fill);
            portfolio.mark(fill.symbol, fill.price);
            // A replay ends at a split whose prices cannot be held.
            prop_assume!(price_after_split(fill.price, Ratio::from_units(ratio)).is_some());
            let before = portfolio.equity();
            portfolio.split(fill.symbol, Ratio::from_units(ratio), false, fill.time);
            prop_assert!(portfolio.is_conserved());
            let rounding = i128::from(portfolio.position(fill.symbol).quantity().units().abs()) + i128::from(Price::MAX.units());
            prop_assert!((portfolio.equity() - before).units().abs() <= rounding + 1_000_000_000);
        }
    }
}
