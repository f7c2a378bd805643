//! Amounts in whole cents that add up to what they are the parts of.
//!
//! Not here: which amounts (summary), how they are written (report::format).
use crate::domain::Money;

/// Units of [`Money`] in a cent.
const CENT: i128 = Money::from_cents(1).units();

/// Whole cents, the nearest; a half goes away from zero.
pub(super) fn cents(amount: Money) -> i128 {
    let half = if amount < Money::ZERO { -CENT / 2 } else { CENT / 2 };
    (amount.units() + half) / CENT
}

/// So many cents as money.
pub(super) fn money(cents: i128) -> Money {
    Money::from_units(cents * CENT)
}

/// `parts` in whole cents whose sum is `total` cents: each is rounded down, and what that leaves goes cent by cent to those
/// that it cut most, of equal ones to the earlier (the method of the largest remainder). A part of whole cents stays as it
/// is. Where the parts are a cent or more from the total in truth, something else is in it: then each is rounded by itself
/// and the gap stays to be seen.
pub(super) fn tied(parts: &[Money], total: i128) -> Vec<Money> {
    let sum: i128 = parts.iter().map(|part| part.units()).sum();
    if (sum - total * CENT).abs() >= CENT {
        return parts.iter().map(|part| money(cents(*part))).collect();
    }
    let mut shown: Vec<i128> = parts.iter().map(|part| part.units().div_euclid(CENT)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(parts[*at].units().rem_euclid(CENT)));
    // Less than a cent above the sum, so no more than there are parts that were cut.
    let missing = total - shown.iter().sum::<i128>();
    for at in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shown[at] += 1;
    }
    shown.into_iter().map(money).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Money {
        text.parse().expect(text)
    }

    #[test]
    fn the_part_that_was_cut_most_takes_the_cent() {
        let shown = tied(&[usd("-566.044"), usd("-24.024")], -59007);
        assert_eq!(shown, [usd("-566.04"), usd("-24.03")]);
        assert_eq!(tied(&[usd("1.005"), usd("1.005")], 201), [usd("1.01"), usd("1")]);
        assert_eq!(tied(&[usd("1"), usd("2.001")], 301), [usd("1"), usd("2.01")], "whole cents stay");
        assert_eq!(tied(&[usd("1.005")], 900), [usd("1.01")], "a dividend of $8 is not hidden in a row");
        assert_eq!(tied(&[], 0), []);
    }

    proptest! {
        /// Whatever is summed up, the rows tie, and no row moves by as much as a cent.
        #[test]
        fn rows_tie_to_the_cent(
            parts in vec(-10_000_000_000_i64..10_000_000_000, 1..40),
            before in 0_i64..100_000_000_000,
        ) {
            let exact = |units: i64| Money::from_units(i128::from(units) * CENT / 1000);
            let parts: Vec<Money> = parts.into_iter().map(exact).collect();
            let before = exact(before);
            let after = before + parts.iter().copied().sum::<Money>();
            let total = cents(after) - cents(before);
            let shown = tied(&parts, total);
            prop_assert_eq!(shown.iter().copied().sum::<Money>(), money(total));
            for (shown, part) in shown.iter().zip(&parts) {
                prop_assert!((*shown - *part).abs() < money(1), "{} as {}", part, shown);
            }
        }
    }
}
