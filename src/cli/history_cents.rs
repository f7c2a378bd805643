//! Dollars of a column that add up to the cent to what stands under it.
//!
//! Not here: how dollars are written (report::format). Fills have four decimals and tables two: rounded one by one, two
//! trades of -2.915 and -153.845 would stand over a total of another cent.
use crate::domain::Money;

/// `parts` in whole cents that make their rounded sum: each is rounded down, and the cents that are then missing go to
/// those that lost most. What is in whole cents already stays.
pub(super) fn tied(parts: &[Money]) -> Vec<Money> {
    let cent = Money::from_cents(1).units();
    let sum: i128 = parts.iter().map(|part| part.units()).sum();
    // Half a cent goes away from zero, as everywhere.
    let whole = (sum.abs() + cent / 2) / cent * sum.signum();
    let mut cents: Vec<i128> = parts.iter().map(|part| part.units().div_euclid(cent)).collect();
    let missing = whole - cents.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| -parts[*at].units().rem_euclid(cent));
    order.iter().take(usize::try_from(missing).unwrap_or(0)).for_each(|at| cents[*at] += 1);
    cents.into_iter().map(|cents| Money::from_units(cents * cent)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tied_texts(parts: &[&str]) -> Vec<String> {
        let parts: Vec<Money> = parts.iter().map(|text| text.parse().unwrap()).collect();
        tied(&parts).iter().map(Money::to_string).collect()
    }

    #[test]
    fn parts_make_their_rounded_sum() {
        assert_eq!(tied_texts(&["-2.9152", "-153.8449"]), ["-2.92", "-153.84"]);
        assert_eq!(tied_texts(&["-2.9246", "-153.8432"]), ["-2.93", "-153.84"], "one by one they would make -156.76");
        assert_eq!(tied_texts(&["0.004", "0.004", "0.004"]), ["0.01", "0", "0"]);
        assert_eq!(tied_texts(&["-0.004", "-0.004", "1", "-0.004"]), ["0", "0", "1", "-0.01"]);
        assert_eq!(tied_texts(&["12.5", "-7.25"]), ["12.5", "-7.25"]);
        assert!(tied_texts(&[]).is_empty());
    }

    #[test]
    fn no_part_moves_by_a_cent_and_the_sum_is_the_rounded_one() {
        let mut seed: i64 = 7;
        for count in 1..60usize {
            let mut draw = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                Money::from_units(i128::from(seed >> 20) * 100_000_000_000)
            };
            let parts: Vec<Money> = (0..count).map(|_| draw()).collect();
            let (cent, tied) = (Money::from_cents(1), tied(&parts));
            assert!(parts.iter().zip(&tied).all(|(part, tied)| (*part - *tied).abs() < cent));
            let (sum, shown): (Money, Money) = (parts.iter().copied().sum(), tied.iter().copied().sum());
            assert!((sum - shown).abs().units() * 2 <= cent.units(), "{sum} is not shown as {shown}");
        }
    }
}
