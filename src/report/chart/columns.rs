//! Long series made short: first, least, greatest and last value of every pixel column.
//!
//! Not here: drawing. Law: the least and the greatest of the whole series survive, in their order.

/// The points of a line over `values` on at most `columns` columns, as (index, value); values that
/// are not finite leave a gap, so the line comes in pieces.
pub fn line(values: &[f64], columns: usize) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = vec![Vec::new()];
    let bucket = values.len().div_ceil(columns.max(1)).max(1);
    for (number, bucket_values) in values.chunks(bucket).enumerate() {
        if let Some(points) = extremes(bucket_values) {
            let first = number * bucket;
            let piece: &mut Vec<(f64, f64)> = pieces.last_mut().expect("never empty");
            piece.extend(points.iter().map(|i| ((first + i) as f64, bucket_values[*i])));
        } else if pieces.last().is_some_and(|piece| !piece.is_empty()) {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Indices of the first, least, greatest and last finite value in order, each once.
fn extremes(values: &[f64]) -> Option<Vec<usize>> {
    let first = values.iter().position(|v| v.is_finite())?;
    let (mut least, mut greatest, mut last) = (first, first, first);
    for (index, value) in values.iter().enumerate().skip(first).filter(|(_, v)| v.is_finite()) {
        if *value < values[least] {
            least = index;
        }
        if *value > values[greatest] {
            greatest = index;
        }
        last = index;
    }
    let mut found = vec![first, least, greatest, last];
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_series_stay_whole_and_gaps_stay_gaps() {
        assert_eq!(line(&[1.0, 3.0, 2.0], 10), [vec![(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]]);
        assert_eq!(line(&[f64::NAN, 1.0, f64::NAN, 2.0], 10), [vec![(1.0, 1.0)], vec![(3.0, 2.0)]]);
        assert!(line(&[], 10).is_empty());
    }

    proptest! {
        /// A spike of one value in a million is drawn; points stay in order and are true.
        #[test]
        fn nothing_extreme_is_lost(values in prop::collection::vec(-1e6f64..1e6, 1..3_000), columns in 1usize..200) {
            let points: Vec<(f64, f64)> = line(&values, columns).concat();
            let least = values.iter().copied().fold(f64::MAX, f64::min);
            let greatest = values.iter().copied().fold(f64::MIN, f64::max);
            prop_assert!(points.iter().any(|p| p.1 == least) && points.iter().any(|p| p.1 == greatest));
            prop_assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(points.iter().all(|p| values[p.0 as usize] == p.1));
            prop_assert!(points.len() <= 4 * columns.min(values.len()).max(1));
            prop_assert_eq!(points[0].0, 0.0);
            prop_assert_eq!(points[points.len() - 1].0, (values.len() - 1) as f64);
        }
    }
}
