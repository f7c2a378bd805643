//! Exact fractions: limits, rates, shares of something.
use std::str::FromStr;

use super::fixed::{ParseNumberError, parse_exact, text_face};

/// A fraction in billionths (1 unit = 1e-9; 0.02 is 2 %). Signed; a rate of 1 bps is 0.0001.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ratio(i64);

impl Ratio {
    /// One whole.
    pub const ONE: Ratio = Ratio(1_000_000_000);
    /// Nothing.
    pub const ZERO: Ratio = Ratio(0);

    /// A fraction of `units` billionths.
    pub const fn from_units(units: i64) -> Ratio {
        Ratio(units)
    }

    /// The fraction in billionths.
    #[inline]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The fraction as a float.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// One plus this.
    pub const fn one_plus(self) -> Ratio {
        Ratio(Self::ONE.0.saturating_add(self.0))
    }

    /// One minus this.
    pub const fn one_minus(self) -> Ratio {
        Ratio(Self::ONE.0.saturating_sub(self.0))
    }

    /// `units` ÷ this ratio, which is above 0, to the nearest whole unit (half up): what a price of that many
    /// units is after a split into so many new shares per old.
    pub fn divide_nearest(self, units: i64) -> i128 {
        let ratio = i128::from(self.0);
        (i128::from(units) * i128::from(Self::ONE.0) + ratio / 2) / ratio
    }

    /// `units` × this ratio, to the nearest whole unit (half up): what a volume is after a split.
    pub fn multiply_nearest(self, units: i64) -> i128 {
        (i128::from(units) * i128::from(self.0) + i128::from(Self::ONE.0) / 2) / i128::from(Self::ONE.0)
    }

    /// `bps` basis points as a fraction: 5 bps is 0.0005. `None` when finer than a billionth.
    pub fn from_bps(bps: Ratio) -> Option<Ratio> {
        (bps.0 % 10_000 == 0).then_some(Ratio(bps.0 / 10_000))
    }
}

impl FromStr for Ratio {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RANGE: &str = "±9.2 billion";
        i64::try_from(parse_exact(text, 9, RANGE)?)
            .map(Ratio)
            .map_err(|_| ParseNumberError::OutOfRange { text: text.to_owned(), range: RANGE })
    }
}

text_face!(Ratio, 9, "a fraction, like \"0.02\" for 2 %");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basis_points_are_exact_or_refused() {
        let bps = |text: &str| Ratio::from_bps(text.parse().expect("bps"));
        assert_eq!(bps("5"), Some("0.0005".parse().expect("ratio")));
        assert_eq!(bps("0.00001"), Some(Ratio(1)));
        assert_eq!(bps("0.000001"), None);
    }
}
