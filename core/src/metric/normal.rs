//! The standard normal distribution: its cumulative probability and the inverse.
//!
//! Not here: any statistic of returns.
use super::MetricError;
use std::f64::consts::PI;

/// Beyond this distance the tail is computed directly: the sum from the middle would cancel there.
const TAIL_FROM: f64 = 2.0;

/// Terms of the tail's continued fraction; 120 reach the last digit of a double at [`TAIL_FROM`], farther out fewer do.
const TAIL_TERMS: u32 = 120;

/// Probability that a standard normal value is at most `z`; relative error about 1e-14 on both sides.
///
/// Middle: ½ + φ(z)(z + z³/3 + z⁵/(3·5) + …), every term of one sign. Tail: φ(z) ÷ (z + 1/(z + 2/(z + 3/(z + …)))).
/// Source: Marsaglia (2004), "Evaluating the Normal Distribution", J. of Statistical Software 11(4), for the series;
/// Laplace's continued fraction, Abramowitz & Stegun (1964) 26.2.14, for the tail.
pub fn normal_cdf(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
    if z < -TAIL_FROM {
        return density / tail_fraction(-z);
    }
    if z > TAIL_FROM {
        return 1.0 - density / tail_fraction(z);
    }
    let (mut sum, mut term, mut odd) = (z, z, 1.0);
    while term.abs() > f64::EPSILON * 1e-2 * sum.abs() {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    0.5 + density * sum
}

/// z + 1/(z + 2/(z + 3/(z + …))), from the inside out.
fn tail_fraction(z: f64) -> f64 {
    (1..=TAIL_TERMS).rev().fold(z, |inner, term| z + f64::from(term) / inner)
}

/// The value that a standard normal stays below with `probability`; relative error about 1e-15.
///
/// Errors: [`MetricError::OutOfRange`] unless 0 < probability < 1.
/// Source: Wichura (1988), "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics
/// 37(3), routine PPND16; the coefficients below are its tables.
pub fn normal_quantile(probability: f64) -> Result<f64, MetricError> {
    if !(probability > 0.0 && probability < 1.0) {
        return Err(MetricError::OutOfRange { name: "probability", value: probability, valid: "above 0 and below 1" });
    }
    let from_middle = probability - 0.5;
    if from_middle.abs() <= 0.425 {
        return Ok(from_middle * ratio(&MIDDLE, 0.180_625 - from_middle * from_middle));
    }
    let tail = if from_middle < 0.0 { probability } else { 1.0 - probability };
    let root = (-tail.ln()).sqrt();
    let distance = if root <= 5.0 { ratio(&TAIL, root - 1.6) } else { ratio(&FAR_TAIL, root - 5.0) };
    Ok(distance.copysign(from_middle))
}

/// Numerator and denominator, lowest power first.
type Rational = ([f64; 8], [f64; 8]);

/// A rational function at `x`, by Horner's rule.
fn ratio((above, below): &Rational, x: f64) -> f64 {
    let polynomial = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
    polynomial(above) / polynomial(below)
}

/// For |p − ½| ≤ 0.425.
const MIDDLE: Rational = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

/// For tails down to e⁻²⁵.
const TAIL: Rational = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        0.000_774_545_014_278_341_4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-9,
    ],
);

/// For tails beyond e⁻²⁵.
const FAR_TAIL: Rational = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    /// Reference values by mpmath at 40 digits.
    #[test]
    fn cumulative_probability() {
        let table = [
            (-8.0, 6.220_960_574_271_784e-16),
            (-5.0, 2.866_515_718_791_939e-7),
            (-3.3, 0.000_483_424_142_383_777_5),
            (-2.0, 0.022_750_131_948_179_21),
            (-1.9, 0.028_716_559_816_001_806),
            (-0.7, 0.241_963_652_223_073_03),
            (0.3, 0.617_911_422_188_952_6),
            (2.1, 0.982_135_579_437_183_4),
            (4.5, 0.999_996_602_326_875_3),
        ];
        for (z, expected) in table {
            assert_close(Ok(normal_cdf(z)), expected, 2e-14);
        }
        assert_eq!((normal_cdf(0.0), normal_cdf(-1e9), normal_cdf(1e9)), (0.5, 0.0, 1.0));
    }

    /// Reference values by mpmath at 40 digits.
    #[test]
    fn quantiles() {
        let table = [
            (1e-20, -9.262_340_089_798_408),
            (1e-12, -7.034_483_825_301_132),
            (1e-5, -4.264_890_793_922_825),
            (0.05, -1.644_853_626_951_472_7),
            (0.0749, -1.440_238_267_527_963_7),
            (0.0751, -1.438_825_392_752_54),
            (0.3, -0.524_400_512_708_040_9),
            (0.95, 1.644_853_626_951_472_2),
            (0.99, 2.326_347_874_040_840_8),
            (0.999999, 4.753_424_308_817_088),
        ];
        for (probability, expected) in table {
            assert_close(normal_quantile(probability), expected, 4e-15);
        }
        assert_eq!(normal_quantile(0.5), Ok(0.0));
    }

    #[test]
    fn no_quantile_outside_the_open_interval() {
        for probability in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(matches!(normal_quantile(probability), Err(MetricError::OutOfRange { .. })));
        }
    }

    proptest! {
        /// The two functions, written from different papers, undo each other.
        #[test]
        fn inverse_of_each_other(probability in 1e-12..0.999_999f64) {
            let back = normal_cdf(normal_quantile(probability).expect("inside"));
            prop_assert!((back - probability).abs() < 3e-14 * probability);
        }

        /// Symmetric and rising.
        #[test]
        fn symmetric_and_rising(z in -9.0..9.0f64, step in 1e-6..1.0f64) {
            prop_assert!((normal_cdf(z) + normal_cdf(-z) - 1.0).abs() < 1e-15);
            prop_assert!(normal_cdf(z) <= normal_cdf(z + step));
        }
    }
}
