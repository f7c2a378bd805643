//! What each exit of a session makes, so that the exits of a trade come to the trade's profit.
//!
//! Not here: trades as such (portfolio::RoundTrips), sentences (tell).
//! Invariant: the results of a trade's exits add up to its profit net of all fees, dividends included, as `history` has it.
use crate::domain::{Fill, Money, Quantity, Side, SymbolIndex};
use crate::portfolio::{CashEvent, share};

/// Follows the shares of a book fill by fill.
#[derive(Debug, Default)]
pub struct Results {
    shares: Vec<Carried>,
}

/// One share's open trade.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    /// Shares held; negative is short.
    held: Quantity,
    /// What entering the shares that are held has moved, fees and income included; negative is paid.
    basis: Money,
    /// What the trade has moved so far.
    flows: Money,
}

impl Results {
    /// Nothing is held, of `symbols` shares.
    pub fn for_symbols(symbols: usize) -> Results {
        Results { shares: vec![Carried::default(); symbols] }
    }

    /// Takes the next fill. Dollars that it made: its price against the entries of the shares that left, less its fee and
    /// their part of the entries' fees, with their part of what was paid for them; `None` for an entry.
    pub fn fill(&mut self, fill: &Fill) -> Option<Money> {
        let own = self.shares.get_mut(fill.symbol.get())?;
        let signed = if fill.side == Side::Buy { fill.quantity } else { -fill.quantity };
        let held = own.held.abs();
        let enters = own.held.is_zero() || (own.held > Quantity::ZERO) == (fill.side == Side::Buy);
        own.held += signed;
        if enters {
            own.take(moved(fill, fill.quantity) - fill.fee);
            return None;
        }
        let leaving = held.min(fill.quantity);
        let rest = fill.quantity - leaving;
        let fee = if rest.is_zero() { fill.fee } else { share(fill.fee, leaving, fill.quantity) };
        let entered = if leaving == held { own.basis } else { share(own.basis, leaving, held) };
        let left = moved(fill, leaving) - fee;
        own.basis -= entered;
        own.flows += left;
        if leaving == held {
            // Flat, or turned round: the next trade begins with the rest.
            (own.basis, own.flows) = (Money::ZERO, Money::ZERO);
            own.take(moved(fill, rest) - (fill.fee - fee));
        }
        Some(entered + left)
    }

    /// Takes what was paid for the shares that are held.
    pub fn cash(&mut self, event: &CashEvent) {
        if let Some(own) = self.shares.get_mut(event.symbol.get()).filter(|own| !own.held.is_zero()) {
            own.take(event.amount);
        }
    }

    /// A split has left so many shares.
    pub fn split(&mut self, symbol: SymbolIndex, kept: Quantity) {
        if let Some(own) = self.shares.get_mut(symbol.get()) {
            *own = if kept.is_zero() { Carried::default() } else { Carried { held: kept, ..*own } };
        }
    }

    /// Money that the open trade of a share has moved so far; negative is paid.
    pub fn flows(&self, symbol: SymbolIndex) -> Money {
        self.shares.get(symbol.get()).map_or(Money::ZERO, |own| own.flows)
    }
}

impl Carried {
    fn take(&mut self, money: Money) {
        self.basis += money;
        self.flows += money;
    }
}

/// What `quantity` of a fill moves, without its fee.
fn moved(fill: &Fill, quantity: Quantity) -> Money {
    let value = fill.price.notional(quantity);
    if fill.side == Side::Buy { -value } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{OrderId, OrderPurpose, Price, Ratio, Timestamp};
    use crate::portfolio::{CashReason, RoundTrips};

    const SHARE: SymbolIndex = SymbolIndex(0);

    fn fill(side: Side, shares: i64, cents: i64, fee_cents: i64) -> Fill {
        let price = Price::from_units(cents * 10_000_000).expect("a price");
        let quantity = Quantity::from_shares(shares).expect("a quantity");
        let (order, purpose, time) = (OrderId(1), OrderPurpose::Signal, Timestamp::from_ns(1));
        let fee = Money::from_cents(fee_cents);
        Fill { order, symbol: SHARE, side, quantity, price, reference: price, fee, time, purpose }
    }

    #[test]
    fn an_exit_counts_the_fee_of_its_entry() {
        let mut results = Results::for_symbols(1);
        assert_eq!(results.fill(&fill(Side::Buy, 100, 1_000, 100)), None);
        assert_eq!(results.flows(SHARE), Money::from_cents(-100_100));
        assert_eq!(results.fill(&fill(Side::Sell, 25, 1_200, 10)), Some(Money::from_cents(25 * 200 - 25 - 10)));
        assert_eq!(results.fill(&fill(Side::Sell, 75, 900, 30)), Some(Money::from_cents(-75 * 100 - 75 - 30)));
        assert_eq!(results.flows(SHARE), Money::ZERO);
    }

    proptest! {
        /// Whatever happens to a share, what its exits were said to make is what the trade made.
        #[test]
        fn results_of_exits_add_up_to_the_trade(
            steps in prop::collection::vec((0_u8..8, 1_i64..50, 100_i64..5_000, 0_i64..40), 1..60),
        ) {
            let mut results = Results::for_symbols(1);
            let mut trips = RoundTrips::for_symbols(1);
            let (mut told, mut held) = (Money::ZERO, Quantity::ZERO);
            for (kind, shares, cents, fee) in steps {
                match kind {
                    0 => {
                        let time = Timestamp::from_ns(1);
                        let amount = Money::from_cents(fee - 20);
                        let event = CashEvent { time, symbol: SHARE, reason: CashReason::Dividend, amount };
                        results.cash(&event);
                        trips.receive(&event);
                    }
                    1 if !held.is_zero() => {
                        held += held;
                        results.split(SHARE, held);
                        trips.split(SHARE, Ratio::from_units(2_000_000_000), held, Timestamp::from_ns(1));
                    }
                    _ => {
                        let side = if kind < 5 { Side::Buy } else { Side::Sell };
                        let fill = fill(side, shares, cents, fee);
                        held += if side == Side::Buy { fill.quantity } else { -fill.quantity };
                        told += results.fill(&fill).unwrap_or(Money::ZERO);
                        trips.apply(&fill);
                        let closed: Vec<Money> = trips.take_closed().iter().map(|trip| trip.realised()).collect();
                        prop_assert!(closed.len() <= 1);
                        if let [made] = closed[..] {
                            prop_assert_eq!(told, made);
                            told = Money::ZERO;
                        }
                    }
                }
            }
        }
    }
}
