//! How much worse than its reference a fill is.
//!
//! Not here: which orders pay it (execute), the spreads of a symbol (spreads).
//! Invariants: (1) slippage is never for us; (2) it may carry a price beyond the bar: the reference lies
//! inside, and what it costs to take is added to it.
use crate::domain::{Price, Quantity, Ratio, Side, Volume};

/// How much worse than the reference a market or stop order fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slippage {
    /// Not at all.
    None,
    /// By this fraction of the price (5 bps is 0.0005).
    Fraction(Ratio),
    /// By this many dollars a share.
    PerShare(Price),
    /// By this fraction of the price × (the fill's share of the bar's volume)².
    ///
    /// Source: zipline, `VolumeShareSlippage` (`price_impact` × `volume_share`² × price); there the share is
    /// that of all fills of the bar so far, here it is that of the one fill.
    VolumeShare(Ratio),
    /// By this fraction of the whole spread: 0.5 goes from the middle to the far side.
    Spread(Ratio),
}

/// Which fills pay a cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CostScope {
    /// Entries and exits.
    Both,
    /// Entries only.
    Entry,
}

/// What a fill meets in the market: what its slippage may depend on besides the price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Depth {
    /// Shares of the fill.
    pub quantity: Quantity,
    /// Shares the bar traded, the fill not among them.
    pub volume: Volume,
    /// The whole spread, dollars a share.
    pub spread: Price,
}

/// One whole in units of 1e-18.
const ONE: i128 = 1_000_000_000_000_000_000;

impl Slippage {
    /// The price after slippage, held inside `0..=Price::MAX`.
    ///
    /// A fraction gives the nearest billionth; a share of volume or spread rounds against us.
    #[inline]
    pub fn applied(self, side: Side, reference: Price, depth: Depth) -> Price {
        match (self, side) {
            (Slippage::None, _) => reference,
            (Slippage::Fraction(fraction), Side::Buy) => reference.scaled(fraction.one_plus()),
            (Slippage::Fraction(fraction), Side::Sell) => reference.scaled(fraction.one_minus()),
            _ => {
                let units = self.units(reference, depth);
                reference.saturating_offset(if side == Side::Buy { units } else { -units })
            }
        }
    }

    /// Billionths of a dollar a share, where it is not a fraction of the price.
    #[cold]
    fn units(self, reference: Price, depth: Depth) -> i64 {
        match self {
            Slippage::None | Slippage::Fraction(_) => 0,
            Slippage::PerShare(price) => price.units(),
            Slippage::VolumeShare(value) => impact_units(value, reference, depth),
            Slippage::Spread(share) => {
                round_up(i128::from(depth.spread.units()) * i128::from(share.units()), Ratio::ONE.units().into())
            }
        }
    }

    /// Does the price depend on how many shares fill?
    #[inline]
    pub fn is_by_quantity(self) -> bool {
        matches!(self, Slippage::VolumeShare(_))
    }
}

/// Billionths of a dollar of reference × value × (quantity ÷ volume)², every step rounded up: at most two
/// billionths above the exact product.
fn impact_units(value: Ratio, reference: Price, depth: Depth) -> i64 {
    // A share is a billion units of quantity, and a million of volume.
    let volume = i128::from(depth.volume.units()) * 1_000;
    if volume == 0 {
        return 0;
    }
    let share = div_up(i128::from(depth.quantity.units()) * ONE, volume).min(ONE);
    let squared = div_up(share * share, ONE);
    let fraction = div_up(squared * i128::from(value.units()), i128::from(Ratio::ONE.units()));
    round_up(i128::from(reference.units()) * fraction, ONE)
}

/// `dividend` ÷ `divisor`, both above or at zero, rounded up.
const fn div_up(dividend: i128, divisor: i128) -> i128 {
    (dividend + divisor - 1) / divisor
}

fn round_up(dividend: i128, divisor: i128) -> i64 {
    i64::try_from(div_up(dividend, divisor)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }
    fn ratio(text: &str) -> Ratio {
        text.parse().expect("ratio")
    }
    fn depth(shares: i64, volume: i64, spread: &str) -> Depth {
        Depth {
            quantity: Quantity::from_shares(shares).expect("quantity"),
            volume: Volume::from_shares(volume).expect("volume"),
            spread: price(spread),
        }
    }

    #[test]
    fn slippage_is_against_us() {
        let none = depth(100, 1_000, "0");
        let five_bps = Slippage::Fraction(ratio("0.0005"));
        assert_eq!(five_bps.applied(Side::Buy, price("100"), none), price("100.05"));
        assert_eq!(five_bps.applied(Side::Sell, price("100"), none), price("99.95"));
        assert_eq!(Slippage::PerShare(price("0.01")).applied(Side::Sell, price("100"), none), price("99.99"));
    }

    /// zipline's own figures: 2.5 % of the volume at an impact of 0.1 cost 0.1 × 0.025² of the price.
    #[test]
    fn impact_grows_with_the_square_of_the_share() {
        let impact = Slippage::VolumeShare(ratio("0.1"));
        assert_eq!(impact.applied(Side::Buy, price("100"), depth(25, 1_000, "0")), price("100.00625"));
        assert_eq!(impact.applied(Side::Sell, price("100"), depth(50, 1_000, "0")), price("99.975"));
        assert_eq!(impact.applied(Side::Buy, price("100"), depth(1_000, 1_000, "0")), price("110"));
        assert_eq!(impact.applied(Side::Buy, price("100"), depth(0, 1_000, "0")), price("100"));
        // A third of the volume: 0.1 × (1/3)² × 100 = 1.11…, against us.
        assert_eq!(impact.applied(Side::Buy, price("100"), depth(1, 3, "0")), price("101.111111112"));
        assert_eq!(impact.applied(Side::Sell, price("100"), depth(1, 3, "0")), price("98.888888888"));
    }

    #[test]
    fn half_a_spread_is_the_far_side() {
        let half = Slippage::Spread(ratio("0.5"));
        assert_eq!(half.applied(Side::Buy, price("167.76"), depth(1, 1, "0.02")), price("167.77"));
        assert_eq!(half.applied(Side::Sell, price("167.76"), depth(1, 1, "0.02")), price("167.75"));
        assert_eq!(half.applied(Side::Buy, price("1"), depth(1, 1, "0.000000001")), price("1.000000001"));
        assert_eq!(half.applied(Side::Sell, price("0.01"), depth(1, 1, "5")), Price::ZERO);
    }

    proptest! {
        /// The impact is the exact product, or up to two billionths more, whatever the sizes.
        #[test]
        fn impact_is_exact_and_against_us(
            reference in 1i64..=Price::MAX.units(),
            value in 0i64..=1_000_000_000,
            volume in 1i64..=9_000_000_000_000_000,
            part in 0.0f64..=1.0,
        ) {
            let quantity = Quantity::from_units((volume.min(9_000_000_000_000) as f64 * part) as i64 * 1_000);
            let at = Depth { quantity, volume: Volume::from_units(volume).expect("volume"), spread: Price::ZERO };
            let reference = Price::from_units(reference).expect("price");
            let ours = Slippage::VolumeShare(Ratio::from_units(value)).applied(Side::Buy, reference, at);
            let share = quantity.units() as f64 / (volume as f64 * 1_000.0);
            let exact = reference.units() as f64 * (value as f64 / 1e9) * share * share;
            let paid = (ours.units() - reference.units()) as f64;
            let capped = exact.min((Price::MAX.units() - reference.units()) as f64);
            prop_assert!(paid >= capped * (1.0 - 1e-12) - 1e-6 && paid <= capped * (1.0 + 1e-12) + 3.0, "{paid} {exact}");
        }

        /// More shares never fill at a better price.
        #[test]
        fn more_is_never_cheaper(units in 1i64..1_000_000_000_000, few in 0i64..10_000, more in 0i64..10_000) {
            let reference = Price::from_units(units).expect("price");
            let at = |shares: i64| Slippage::VolumeShare(ratio("0.3")).applied(Side::Buy, reference, depth(shares, 20_000, "0"));
            prop_assert!(at(few) <= at(few + more));
        }
    }
}
