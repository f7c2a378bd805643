//! Shares traded in a bar.
use std::str::FromStr;

use super::fixed::{ParseNumberError, div_rem_billion, parse_exact, text_face};
use super::{Quantity, Ratio};

/// Shares traded, in millionths (1 unit = 1e-6 share): adjusted volumes have fractions, and a day of
/// an index fund has more shares than [`Quantity`] can hold. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Volume(i64);

impl Volume {
    /// Millionths in a share.
    pub const UNITS_PER_SHARE: i64 = 1_000_000;
    /// Nothing traded.
    pub const ZERO: Volume = Volume(0);

    /// A volume of `units` millionths of a share; `None` when negative.
    pub const fn from_units(units: i64) -> Option<Volume> {
        if units < 0 { None } else { Some(Volume(units)) }
    }

    /// Whole shares; `None` when negative or beyond 9.2e12.
    pub const fn from_shares(shares: i64) -> Option<Volume> {
        match shares.checked_mul(Self::UNITS_PER_SHARE) {
            Some(units) => Self::from_units(units),
            None => None,
        }
    }

    /// The volume in millionths of a share.
    #[inline]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The volume as a float, in shares.
    #[inline]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Nothing traded?
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `ratio` of the volume in whole shares, rounded down, at most [`Quantity::MAX`].
    pub fn share(self, ratio: Ratio) -> Quantity {
        self.portion(ratio).whole()
    }

    /// Are `quantity` shares surely no more than [`Volume::share`] of `ratio`? Whole shares only: others are not
    /// told, and `false` says nothing. One product instead of two divisions.
    #[inline]
    pub fn has(self, ratio: Ratio, quantity: Quantity) -> bool {
        let part = i128::from(self.0) * i128::from(ratio.units()) * 1_000;
        quantity.is_whole() && i128::from(quantity.units()) * i128::from(Ratio::ONE.units()) <= part
    }

    /// `ratio` of the volume, rounded down to a billionth of a share, at most [`Quantity::MAX`].
    pub fn portion(self, ratio: Ratio) -> Quantity {
        let billionths = div_rem_billion(i128::from(self.0) * i128::from(ratio.units()) * 1_000).0;
        Quantity::from_units(i64::try_from(billionths).unwrap_or(i64::MAX))
    }
}

impl FromStr for Volume {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RANGE: &str = "0 to 9.2e12 shares";
        i64::try_from(parse_exact(text, 6, RANGE)?)
            .ok()
            .and_then(Volume::from_units)
            .ok_or_else(|| ParseNumberError::OutOfRange { text: text.to_owned(), range: RANGE })
    }
}

text_face!(Volume, 6, "shares traded, like 120000");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_volume_is_whole_and_never_more() {
        let tenth = "0.1".parse().expect("ratio");
        assert_eq!(Volume::from_shares(1_009).expect("volume").share(tenth).to_string(), "100");
        assert_eq!(Volume::from_shares(1_009).expect("volume").portion(tenth).to_string(), "100.9");
        assert_eq!(Volume::from_units(3).expect("volume").portion(tenth).to_string(), "0.0000003");
        assert_eq!(Volume::ZERO.share(tenth), Quantity::ZERO);
        assert_eq!(Volume::from_shares(-1), None);
    }
}
