//! Heat: what a position loses if its resting stops fill where they stand.
//!
//! Not here: which orders protect a position (engine), the share of equity it may come to (limits), pending
//! entries, which the caller gives as if they had filled.
//! Invariants: exact; nothing is allocated; the order of the stops does not matter; a share that no stop
//! covers counts in full.
use crate::domain::{Money, Price, Quantity};

/// Dollars lost at `price` if every resting stop of a position of `quantity` shares (negative is short)
/// fills at its level: over the covered shares Σ (price − level) × signed shares, over the rest price × shares.
///
/// `stops`: the level and the shares still open of every resting order that closes the position when the
/// market moves against it. One whose level the price has passed protects nothing at that level any more: its
/// shares count as if it were not there; at the level itself it still stands. Where the stops name more shares than are held, the farthest count first, which is the most
/// the position can lose: a venue sets shares aside for an order, so this is a moment between a fill and
/// the shrinking of the stops, and which of them gives way is not known yet.
///
/// Source: portfolio heat after Van Tharp, "Trade Your Way to Financial Freedom"; the rule for parts of a
/// position is ours.
pub fn at_risk(quantity: Quantity, price: Price, stops: impl Iterator<Item = (Price, Quantity)> + Clone) -> Money {
    let held = i128::from(quantity.abs().units());
    let is_short = quantity < Quantity::ZERO;
    let loss_a_share = move |level: Price| {
        let fall = if is_short { level.units() - price.units() } else { price.units() - level.units() };
        (fall >= 0).then_some(i128::from(fall))
    };
    let stops = stops.filter_map(|(level, shares)| Some((loss_a_share(level)?, i128::from(shares.units().max(0)))));
    let (mut loss, mut covered) = (0, 0);
    for (each, shares) in stops.clone() {
        loss += each * shares;
        covered += shares;
    }
    if covered > held {
        return Money::from_units(farthest_first(held, stops));
    }
    Money::from_units(loss + (held - covered) * i128::from(price.units()))
}

/// Loss of `held` shares of which the dearest stops take theirs first.
#[cold]
fn farthest_first(held: i128, stops: impl Iterator<Item = (i128, i128)> + Clone) -> i128 {
    let (mut loss, mut left, mut last) = (0, held, i128::MAX);
    while left > 0
        && let Some(next) = stops.clone().map(|(each, _)| each).filter(|each| *each < last).max()
    {
        let shares = stops.clone().filter(|(each, _)| *each == next).map(|(_, shares)| shares).sum::<i128>().min(left);
        (loss, left, last) = (loss + next * shares, left - shares, next);
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heat(shares: &str, price: &str, stops: &[(&str, &str)]) -> Money {
        let stops =
            stops.iter().map(|(level, shares)| (level.parse().expect("level"), shares.parse().expect("shares")));
        at_risk(shares.parse().expect("shares"), price.parse().expect("price"), stops)
    }

    #[test]
    fn by_hand() {
        for (shares, price, stops, dollars) in [
            // Nothing held, whatever rests.
            ("0", "100", &[("90", "5")][..], "0"),
            // No stop: in full, long and short.
            ("10", "100", &[], "1000"),
            ("-10", "100", &[], "1000"),
            // All covered; at the level, a billionth inside and beyond it.
            ("10", "100", &[("95", "10")], "50"),
            ("10", "100", &[("100", "10")], "0"),
            ("10", "100", &[("99.999999999", "10")], "0.00000001"),
            ("10", "100", &[("100.000000001", "10")], "1000"),
            ("-10", "100", &[("105", "10")], "50"),
            ("-10", "100", &[("100", "10")], "0"),
            ("-10", "100", &[("100.000000001", "10")], "0.00000001"),
            ("-10", "100", &[("99.999999999", "10")], "1000"),
            // A stop for one share of ten protects one.
            ("10", "100", &[("95", "1")], "905"),
            ("-10", "100", &[("105", "1")], "905"),
            ("2.5", "100", &[("95", "2")], "60"),
            // Several stops, each for its shares; the shares of one that the price has passed are bare.
            ("10", "100", &[("95", "4"), ("90", "6")], "80"),
            ("10", "100", &[("105", "4"), ("90", "6")], "460"),
            ("10", "100", &[("95", "4"), ("90", "5")], "170"),
            // More than is held: the farthest first.
            ("10", "100", &[("95", "10"), ("90", "10")], "100"),
            ("10", "100", &[("95", "10"), ("90", "4")], "70"),
            ("10", "100", &[("90", "4"), ("95", "10")], "70"),
            ("10", "100", &[("95", "3"), ("95", "3"), ("90", "2"), ("99", "9")], "52"),
            ("-10", "100", &[("105", "10"), ("110", "4")], "70"),
            ("10", "100", &[("105", "10"), ("110", "4")], "1000"),
            ("10", "100", &[("105", "10"), ("90", "10")], "100"),
            ("10", "100", &[("95", "20")], "50"),
            // An order with nothing left to fill protects nothing.
            ("10", "100", &[("95", "0")], "1000"),
            // A short's stop may stand farther than the price is high: it counts as it stands.
            ("-10", "100", &[("250", "10")], "1500"),
        ] {
            assert_eq!(heat(shares, price, stops).to_string(), dollars, "{shares} at {price}, {stops:?}");
        }
    }

    #[test]
    fn the_largest_numbers_fit() {
        let most = (Price::MAX, Quantity::MAX);
        let full = at_risk(Quantity::MAX, Price::MAX, std::iter::empty());
        assert_eq!(full, Price::MAX.notional(Quantity::MAX));
        let short = at_risk(-Quantity::MAX, Price::ZERO, [most, most, most].into_iter());
        assert_eq!(short, full);
    }

    /// One billionth of a share after the other, each under the farthest stop that has one left.
    fn share_by_share(held: i64, price: i64, stops: &[(i64, i64)]) -> i128 {
        let mut losses: Vec<i64> = stops
            .iter()
            .map(|&(level, shares)| (if held < 0 { level - price } else { price - level }, shares))
            .filter(|(loss, _)| *loss >= 0)
            .flat_map(|(loss, shares)| std::iter::repeat_n(loss, shares as usize))
            .collect();
        losses.sort_unstable_by_key(|loss| std::cmp::Reverse(*loss));
        losses.resize(losses.len().max(held.unsigned_abs() as usize), price);
        losses.iter().take(held.unsigned_abs() as usize).map(|loss| i128::from(*loss)).sum()
    }

    fn of_units(held: i64, price: i64, stops: &[(i64, i64)]) -> i128 {
        let stops = stops
            .iter()
            .map(|&(level, shares)| (Price::from_units(level).expect("level"), Quantity::from_units(shares)));
        at_risk(Quantity::from_units(held), Price::from_units(price).expect("price"), stops).units()
    }

    proptest! {
        /// The sum is the one that counts every unit by itself, whatever the order of the stops.
        #[test]
        fn counting_every_unit_agrees(
            held in -40i64..40,
            price in 1i64..60,
            stops in proptest::collection::vec((0i64..120, 0i64..25), 0..6),
        ) {
            let found = of_units(held, price, &stops);
            prop_assert_eq!(found, share_by_share(held, price, &stops));
            let reversed: Vec<(i64, i64)> = stops.iter().rev().copied().collect();
            prop_assert_eq!(found, of_units(held, price, &reversed));
        }
        /// A stop takes heat away from a long, never adds it, and never more than its shares are worth.
        #[test]
        fn a_stop_for_what_is_bare_only_protects(
            held in 1i64..40,
            price in 1i64..60,
            level in 0i64..60,
            shares in 0i64..40,
        ) {
            let (bare, covered) = (of_units(held, price, &[]), of_units(held, price, &[(level, shares)]));
            prop_assert!(covered <= bare);
            prop_assert!(bare - covered <= i128::from(shares.min(held)) * i128::from(price));
        }
        /// Mirrored at the price, a short risks what the long does, as far as stops cover it.
        #[test]
        fn long_and_short_are_mirror_images(held in 1i64..40, distances in proptest::collection::vec((0i64..50, 0i64..25), 0..5)) {
            let at = |side: i64| distances.iter().map(|&(far, shares)| (50 - side * far, shares)).collect::<Vec<_>>();
            prop_assert_eq!(of_units(held, 50, &at(1)), of_units(-held, 50, &at(-1)));
        }
    }
}
