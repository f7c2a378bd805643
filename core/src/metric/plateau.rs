//! Does the winner stand on a plateau or on a needle: its value against those of its neighbours in the parameters.
//!
//! Not here: which metric is maximised, which parameters were varied; a point is its places on the axes, a value a
//! number of which more is better.
use super::MetricError;
use super::check::{finite, require};

/// The winner and its surroundings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// Place of the winner among the points, from 0; the first of equals.
    pub winner: usize,
    /// Its value.
    pub best: f64,
    /// Neighbours with a value.
    pub neighbours: usize,
    /// Neighbours without one, as of a run that failed or made no trade.
    pub unknown: usize,
    /// Mean of the neighbours' values.
    pub mean: f64,
    /// The lowest of them.
    pub worst: f64,
}

impl Plateau {
    /// Mean of the neighbours ÷ the winner's own: 1 is a flat plateau, 0 or less a needle.
    ///
    /// Errors: [`MetricError::OutOfRange`] unless the winner's value is above 0; [`MetricError::Overflow`].
    pub fn score(&self) -> Result<f64, MetricError> {
        self.over_best(self.mean)
    }

    /// The worst neighbour ÷ the winner's own. Errors: as [`Plateau::score`].
    pub fn worst_score(&self) -> Result<f64, MetricError> {
        self.over_best(self.worst)
    }

    fn over_best(&self, value: f64) -> Result<f64, MetricError> {
        if self.best <= 0.0 {
            return Err(MetricError::OutOfRange { name: "the best value", value: self.best, valid: "above 0" });
        }
        finite(value / self.best)
    }
}

/// The plateau of a full grid: neighbours are at most one step away on every axis (Chebyshev distance 1).
///
/// `points`: for each run its place on each axis, counted from 0. `values`: for each run its value, `None` where it has
/// none. Points that `where` left out are no neighbours.
/// Errors: [`MetricError::LengthMismatch`] between points, axes and values; [`MetricError::NotFinite`];
/// [`MetricError::NoNeighbours`], also where nothing has a value.
pub fn plateau_on_grid(points: &[Vec<usize>], values: &[Option<f64>]) -> Result<Plateau, MetricError> {
    same_axes(points, values)?;
    let winner = winner(values)?;
    let distance = |point: &Vec<usize>| point.iter().zip(&points[winner]).map(|(a, b)| a.abs_diff(*b)).max();
    let near = points.iter().zip(values).filter(|(point, _)| distance(point) == Some(1)).map(|(_, value)| *value);
    around(winner, values, near)
}

/// The plateau of scattered points: neighbours are the `nearest` points with the least Euclidean distance.
///
/// `points`: for each run its place on each axis; every axis is scaled to its own range, so units do not matter (give
/// the logarithm where steps are multiples). Of equal distances the earlier point counts. A point at the winner's own
/// place counts too. Errors: as [`plateau_on_grid`]; [`MetricError::OutOfRange`] for `nearest` = 0.
pub fn plateau_of_sample(points: &[Vec<f64>], values: &[Option<f64>], nearest: usize) -> Result<Plateau, MetricError> {
    if nearest == 0 {
        return Err(MetricError::OutOfRange { name: "the number of neighbours", value: 0.0, valid: "at least 1" });
    }
    same_axes(points, values)?;
    points.iter().try_for_each(|point| require(point, 0))?;
    let winner = winner(values)?;
    let ranges: Vec<f64> = (0..points[winner].len()).map(|axis| range(points, axis)).collect();
    let distance = |point: &Vec<f64>| {
        let steps = point.iter().zip(&points[winner]).zip(&ranges).filter(|(_, range)| **range > 0.0);
        steps.map(|((a, b), range)| ((a - b) / range).powi(2)).sum::<f64>()
    };
    let mut others: Vec<(f64, usize)> =
        (0..points.len()).filter(|place| *place != winner).map(|place| (distance(&points[place]), place)).collect();
    others.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    around(winner, values, others.iter().take(nearest).map(|(_, place)| values[*place]))
}

/// Points and values run side by side, and every point has the same axes.
fn same_axes<T>(points: &[Vec<T>], values: &[Option<f64>]) -> Result<(), MetricError> {
    if points.len() != values.len() {
        return Err(MetricError::LengthMismatch { left: points.len(), right: values.len() });
    }
    let axes = points.first().map_or(0, Vec::len);
    match points.iter().find(|point| point.len() != axes) {
        Some(odd) => Err(MetricError::LengthMismatch { left: axes, right: odd.len() }),
        None => Ok(()),
    }
}

/// The first of the largest values.
fn winner(values: &[Option<f64>]) -> Result<usize, MetricError> {
    let mut best: Option<(usize, f64)> = None;
    for (index, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        if !value.is_finite() {
            return Err(MetricError::NotFinite { index });
        }
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((index, value));
        }
    }
    best.map(|(index, _)| index).ok_or(MetricError::NoNeighbours)
}

/// Length of an axis.
fn range(points: &[Vec<f64>], axis: usize) -> f64 {
    let ends = points
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), point| (low.min(point[axis]), high.max(point[axis])));
    ends.1 - ends.0
}

fn around(
    winner: usize,
    values: &[Option<f64>],
    near: impl Iterator<Item = Option<f64>>,
) -> Result<Plateau, MetricError> {
    let (mut sum, mut worst, mut neighbours, mut unknown) = (0.0, f64::INFINITY, 0, 0);
    for value in near {
        match value {
            Some(value) => {
                sum += value;
                worst = value.min(worst);
                neighbours += 1;
            }
            None => unknown += 1,
        }
    }
    let best = values[winner].ok_or(MetricError::NoNeighbours)?;
    if neighbours == 0 {
        return Err(MetricError::NoNeighbours);
    }
    Ok(Plateau { winner, best, neighbours, unknown, mean: finite(sum / neighbours as f64)?, worst })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A grid of `width` × `height`, row by row.
    fn grid(width: usize, height: usize) -> Vec<Vec<usize>> {
        (0..height).flat_map(|y| (0..width).map(move |x| vec![x, y])).collect()
    }

    #[test]
    fn neighbours_touch_the_winner_corners_too() {
        // Winner in the middle of 3 × 3, in the corner of 3 × 3, on the edge of a row.
        let middle = [1.0, 2.0, 3.0, 4.0, 10.0, 5.0, 6.0, 7.0, 8.0].map(Some);
        let plateau = plateau_on_grid(&grid(3, 3), &middle).expect("defined");
        let expected = Plateau { winner: 4, best: 10.0, neighbours: 8, unknown: 0, mean: 4.5, worst: 1.0 };
        assert_eq!(plateau, expected);
        assert_eq!((plateau.score(), plateau.worst_score()), (Ok(0.45), Ok(0.1)));
        let corner = [10.0, 2.0, 9.0, 4.0, 6.0, 9.0, 9.0, 9.0, 9.0].map(Some);
        let plateau = plateau_on_grid(&grid(3, 3), &corner).expect("defined");
        assert_eq!((plateau.neighbours, plateau.mean, plateau.worst), (3, 4.0, 2.0));
    }

    #[test]
    fn what_has_no_value_is_counted_and_not_averaged() {
        let values = [Some(1.0), None, Some(3.0), Some(2.0), Some(3.0)];
        let plateau = plateau_on_grid(&grid(5, 1), &values).expect("defined");
        assert_eq!((plateau.winner, plateau.neighbours, plateau.unknown, plateau.mean), (2, 1, 1, 2.0));
        let lonely = plateau_on_grid(&grid(2, 1), &[Some(1.0), None]);
        assert_eq!(lonely, Err(MetricError::NoNeighbours));
        assert_eq!(plateau_on_grid(&grid(2, 1), &[None, None]), Err(MetricError::NoNeighbours));
    }

    #[test]
    fn a_sample_takes_the_nearest_in_scaled_axes() {
        // The second axis runs over thousands, the first over one: scaled, both count the same; the third is still.
        let points =
            [[0.5, 5_000.0, 1.0], [0.6, 5_000.0, 1.0], [0.5, 5_900.0, 1.0], [0.0, 0.0, 1.0], [1.0, 10_000.0, 1.0]];
        let points: Vec<Vec<f64>> = points.iter().map(|point| point.to_vec()).collect();
        let values = [9.0, 6.0, 3.0, -5.0, -6.0].map(Some);
        let plateau = plateau_of_sample(&points, &values, 2).expect("defined");
        assert_eq!((plateau.winner, plateau.neighbours, plateau.mean, plateau.worst), (0, 2, 4.5, 3.0));
        let all = plateau_of_sample(&points, &values, 99).expect("defined");
        assert_eq!((all.neighbours, all.worst), (4, -6.0));
    }

    #[test]
    fn refusals() {
        assert_eq!(plateau_on_grid(&grid(2, 1), &[Some(1.0)]), Err(MetricError::LengthMismatch { left: 2, right: 1 }));
        assert_eq!(
            plateau_on_grid(&[vec![0, 1], vec![1]], &[Some(1.0), None]),
            Err(MetricError::LengthMismatch { left: 2, right: 1 })
        );
        assert_eq!(
            plateau_on_grid(&grid(2, 1), &[Some(1.0), Some(f64::NAN)]),
            Err(MetricError::NotFinite { index: 1 })
        );
        let points = [vec![0.0], vec![f64::NAN]];
        assert_eq!(plateau_of_sample(&points, &[Some(1.0), None], 1), Err(MetricError::NotFinite { index: 0 }));
        assert!(matches!(plateau_of_sample(&points, &[Some(1.0), None], 0), Err(MetricError::OutOfRange { .. })));
        let lost = Plateau { winner: 0, best: 0.0, neighbours: 1, unknown: 0, mean: -1.0, worst: -1.0 };
        assert!(matches!(lost.score(), Err(MetricError::OutOfRange { .. })));
    }

    proptest! {
        /// The winner is never below its neighbours, the worst never above their mean; order does not matter.
        #[test]
        fn bounds(values in prop::collection::vec(-5.0..5.0f64, 12)) {
            let wrapped: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
            let plateau = plateau_on_grid(&grid(4, 3), &wrapped).expect("defined");
            prop_assert!(plateau.worst <= plateau.mean && plateau.mean <= plateau.best);
            let floats: Vec<Vec<f64>> =
                grid(4, 3).iter().map(|point| point.iter().map(|place| *place as f64).collect()).collect();
            let sample = plateau_of_sample(&floats, &wrapped, 11).expect("defined");
            prop_assert_eq!((sample.winner, sample.neighbours), (plateau.winner, 11));
            let (mut points, mut turned) = (grid(4, 3), wrapped);
            points.reverse();
            turned.reverse();
            let turned = plateau_on_grid(&points, &turned).expect("defined");
            prop_assert!((turned.mean - plateau.mean).abs() < 1e-12);
        }
    }
}
