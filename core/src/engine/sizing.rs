//! How many shares an entry is for.
use crate::domain::{Money, OrderSize, Price, Quantity, Ratio};
use crate::risk::Refusal;

/// What `[sizing]` measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizingKind {
    /// floor(value × equity ÷ close), both at the signal's close, fixed then.
    EquityFraction(Ratio),
    /// floor(value × cash ÷ (open × (1 + commission rate))) at the fill.
    CashFraction(Ratio),
    /// So many shares.
    FixedShares(Quantity),
    /// floor(dollars ÷ close).
    Notional(Money),
    /// floor(value × equity ÷ distance to the stop).
    RiskFraction(Ratio),
    /// value ÷ annualised 20-session volatility, times equity, ÷ close.
    VolatilityTarget(Ratio),
}

/// `[sizing]` of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizing {
    /// What it measures.
    pub kind: SizingKind,
    /// Keep nine decimals of a share instead of whole shares.
    pub fractional: bool,
}

/// What a size is measured with.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizingInputs {
    pub(super) equity: Money,
    pub(super) close: Price,
    /// Dollars a share (in billionths) between close and stop.
    pub(super) stop_distance_units: Option<i64>,
    /// Annualised, a fraction.
    pub(super) volatility: Option<f64>,
}

impl Sizing {
    /// The size of an entry, or why it comes to nothing.
    pub(super) fn size(&self, inputs: SizingInputs, weight: Option<Ratio>) -> Result<OrderSize, Refusal> {
        let by_value = |budget: Money| self.shares(budget, inputs.close);
        if let Some(weight) = weight {
            // A strategy shares out the account; what the scenario allows one position still holds.
            let cap = match self.kind {
                SizingKind::EquityFraction(value) => value,
                _ => Ratio::ONE,
            };
            return by_value(inputs.equity.share(weight.min(cap)));
        }
        match self.kind {
            SizingKind::EquityFraction(value) => by_value(inputs.equity.share(value)),
            SizingKind::CashFraction(fraction) => Ok(OrderSize::CashFraction { fraction, most: Money::ZERO }),
            SizingKind::FixedShares(quantity) => Ok(OrderSize::Shares(quantity)),
            SizingKind::Notional(budget) => by_value(budget),
            SizingKind::RiskFraction(value) => {
                let distance = inputs.stop_distance_units.and_then(Price::from_units).ok_or(Refusal::NoStop)?;
                self.shares(inputs.equity.share(value), distance)
            }
            SizingKind::VolatilityTarget(value) => {
                let volatility = inputs.volatility.filter(|sigma| *sigma > 0.0).ok_or(Refusal::NoVolatility)?;
                let leverage = Ratio::from_units((value.to_f64() / volatility * 1e9).round().min(1e12) as i64);
                by_value(inputs.equity.share(leverage))
            }
        }
    }

    fn shares(&self, budget: Money, price: Price) -> Result<OrderSize, Refusal> {
        let exact = Quantity::most_for(budget.max(Money::ZERO), price);
        let quantity = if self.fractional { exact } else { exact.whole() };
        if quantity.is_zero() {
            return Err(Refusal::TooSmall { need: budget, have: price.notional(one_share()) });
        }
        Ok(OrderSize::Shares(quantity))
    }
}

fn one_share() -> Quantity {
    Quantity::from_units(Quantity::UNITS_PER_SHARE)
}
