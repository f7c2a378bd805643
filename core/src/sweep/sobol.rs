//! The Sobol sequence: points that fill a cube evenly, however many are taken.
//!
//! Not here: what the points mean (`sample`).
//! Invariant: of the first 2^k points, each of the 2^k equal parts of every axis holds one; a shift keeps that.
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Bits of a coordinate, and so of the longest sequence.
const BITS: usize = 32;

/// Most dimensions: those of [`TABLE`] and the first, which needs no entry.
pub(super) const DIMENSIONS_MAX: usize = TABLE.len() + 1;

/// A primitive polynomial, its inner coefficients as bits, and the first direction numbers, as many as its degree.
type Entry = (u32, &'static [u32]);

/// Dimensions 2 to 32 of `new-joe-kuo-6.21201`.
///
/// Source: Joe & Kuo (2008), "Constructing Sobol sequences with better two-dimensional projections", SIAM J.
/// Scientific Computing 30(5), <https://web.maths.unsw.edu.au/~fkuo/sobol/>.
const TABLE: [Entry; 31] = [
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, &[1, 1, 3, 13, 7, 35, 63]),
    (8, &[1, 3, 5, 9, 1, 25, 53]),
    (14, &[1, 3, 1, 13, 9, 35, 107]),
    (19, &[1, 3, 1, 5, 27, 61, 31]),
    (21, &[1, 1, 5, 11, 19, 41, 61]),
    (28, &[1, 3, 5, 3, 3, 13, 69]),
    (31, &[1, 1, 7, 13, 1, 19, 1]),
    (32, &[1, 3, 7, 5, 13, 19, 59]),
    (37, &[1, 1, 3, 9, 25, 29, 41]),
    (41, &[1, 3, 5, 13, 23, 1, 55]),
    (42, &[1, 3, 7, 3, 13, 59, 17]),
];

/// A Sobol sequence in progress.
pub(super) struct Sobol {
    directions: Vec<[u32; BITS]>,
    /// The current point before the shift.
    state: Vec<u32>,
    shifts: Vec<u32>,
    /// Points taken so far.
    taken: u32,
}

impl Sobol {
    /// The sequence in `dimensions` dimensions, at most [`DIMENSIONS_MAX`], not shifted: it begins at the origin.
    pub(super) fn plain(dimensions: usize) -> Sobol {
        let directions: Vec<_> = (0..dimensions).map(directions).collect();
        Sobol { directions, state: vec![0; dimensions], shifts: vec![0; dimensions], taken: 0 }
    }

    /// The sequence after a random digital shift: every coordinate is exclusive-ored with a draw of its own, which
    /// keeps its evenness and makes each point uniform.
    ///
    /// Source: Owen (2003), "Quasi-Monte Carlo Sampling", SIGGRAPH course notes, on digital shifts.
    pub(super) fn shifted(dimensions: usize, random: &mut Xoshiro256PlusPlus) -> Sobol {
        let shifts = (0..dimensions).map(|_| (random.next_u64() >> 32) as u32).collect();
        Sobol { shifts, ..Sobol::plain(dimensions) }
    }

    /// The next point, its coordinates in units of 2^−32 of the axis.
    pub(super) fn next(&mut self) -> impl Iterator<Item = u32> {
        if self.taken > 0 {
            // The Gray code of n differs from that of n − 1 in the lowest bit set of n.
            let bit = self.taken.trailing_zeros() as usize;
            for (state, directions) in self.state.iter_mut().zip(&self.directions) {
                *state ^= directions[bit];
            }
        }
        // A sequence of four billion points begins anew; nothing draws so many.
        self.taken = self.taken.wrapping_add(1);
        self.state.iter().zip(&self.shifts).map(|(state, shift)| state ^ shift)
    }
}

/// The direction numbers of a dimension, counted from 0.
fn directions(dimension: usize) -> [u32; BITS] {
    let mut numbers = [0; BITS];
    let Some(entry) = dimension.checked_sub(1) else {
        numbers.iter_mut().enumerate().for_each(|(bit, number)| *number = 1 << (BITS - 1 - bit));
        return numbers;
    };
    let (coefficients, first) = TABLE[entry];
    let degree = first.len();
    for bit in 0..BITS {
        numbers[bit] = match first.get(bit) {
            Some(number) => number << (BITS - 1 - bit),
            None => {
                let oldest = numbers[bit - degree];
                let inner = (1..degree).filter(|back| coefficients >> (degree - 1 - back) & 1 == 1);
                inner.fold(oldest ^ oldest >> degree, |number, back| number ^ numbers[bit - back])
            }
        };
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    fn points(mut sobol: Sobol, count: usize) -> Vec<Vec<u32>> {
        (0..count).map(|_| sobol.next().collect()).collect()
    }

    /// The ten points that Joe and Kuo print beside their table.
    #[test]
    fn the_first_points_are_the_published_ones() {
        let published = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
            [0.625, 0.125, 0.875],
            [0.125, 0.625, 0.375],
            [0.1875, 0.3125, 0.9375],
            [0.6875, 0.8125, 0.4375],
        ];
        for (ours, theirs) in points(Sobol::plain(3), 10).iter().zip(published) {
            let ours: Vec<f64> = ours.iter().map(|bits| f64::from(*bits) / 2f64.powi(32)).collect();
            assert_eq!(ours, theirs);
        }
    }

    /// An entry that was copied wrongly would most likely break one of these: the first numbers are odd and fit their
    /// bits, the polynomials are primitive and differ.
    #[test]
    fn the_table_holds_what_the_construction_needs() {
        let mut seen = std::collections::BTreeSet::new();
        for (coefficients, first) in TABLE {
            let degree = first.len() as u32;
            let polynomial = 1 << degree | coefficients << 1 | 1;
            assert!(first.iter().enumerate().all(|(bit, number)| number % 2 == 1 && *number < 2 << bit), "{first:?}");
            let mut power: u32 = 1;
            let order = (1..).find(|_| {
                power <<= 1;
                power ^= if power >> degree & 1 == 1 { polynomial } else { 0 };
                power == 1
            });
            assert_eq!(order, Some((1 << degree) - 1), "{polynomial:b} is primitive");
            assert!(seen.insert(polynomial), "{polynomial:b} stands there once");
        }
    }

    #[test]
    fn every_part_of_every_axis_holds_one_point() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        for sobol in [Sobol::plain(DIMENSIONS_MAX), Sobol::shifted(DIMENSIONS_MAX, &mut random)] {
            let points = points(sobol, 1 << 8);
            for dimension in 0..DIMENSIONS_MAX {
                let mut parts: Vec<u32> = points.iter().map(|point| point[dimension] >> 24).collect();
                parts.sort_unstable();
                assert_eq!(parts, (0..1 << 8).collect::<Vec<_>>(), "dimension {dimension}");
            }
        }
    }
}
