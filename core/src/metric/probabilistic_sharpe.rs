//! The probabilistic Sharpe ratio: how sure a track record makes us that skill is above a benchmark.
//!
//! Not here: correction for how many strategies were tried; see `deflated_sharpe`.
use super::MetricError;
use super::check::finite;
use super::kurtosis::kurtosis;
use super::moments::central_moment;
use super::normal::normal_cdf;
use super::sharpe::sharpe_per_day;
use super::skew::skew;

/// What the Sharpe papers need to know of a track record. Everything is per observation, nothing is annualised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharpeEvidence {
    /// Sharpe ratio per observation: mean ÷ deviation.
    pub sharpe: f64,
    /// Skewness of the returns.
    pub skew: f64,
    /// Kurtosis of the returns, *not* excess: 3 for a normal distribution.
    pub kurtosis: f64,
}

impl SharpeEvidence {
    /// The evidence in daily returns: sample deviation, bias-corrected moments, as quantstats.
    ///
    /// `returns`: fractions, length ≥ 4. Errors: [`MetricError::TooShort`], [`MetricError::ZeroVariance`].
    pub fn of(returns: &[f64]) -> Result<Self, MetricError> {
        let kurtosis = kurtosis(returns)? + 3.0;
        Ok(Self { sharpe: sharpe_per_day(returns)?, skew: skew(returns)?, kurtosis })
    }

    /// The evidence in `returns`: sample deviation, population skew m₃ ÷ m₂^1.5 and kurtosis m₄ ÷ m₂².
    ///
    /// These are the moments of the papers; [`SharpeEvidence::of`] corrects them for bias.
    /// `returns`: fractions, length ≥ 2. Errors: [`MetricError::TooShort`], [`MetricError::ZeroVariance`].
    pub fn of_population(returns: &[f64]) -> Result<Self, MetricError> {
        let sharpe = sharpe_per_day(returns)?;
        let second = central_moment(returns, 2);
        let skew = finite(central_moment(returns, 3) / second.powf(1.5))?;
        Ok(Self { sharpe, skew, kurtosis: finite(central_moment(returns, 4) / (second * second))? })
    }

    /// Variance of the estimated Sharpe ratio times (n − 1): 1 − γ₃ SR + (γ₄ − 1)/4 SR².
    ///
    /// Errors: [`MetricError::ImpossibleMoments`] unless it is above zero; [`MetricError::Overflow`].
    pub(super) fn variance(&self) -> Result<f64, MetricError> {
        let Self { sharpe, skew, kurtosis } = *self;
        let variance = finite(1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe)?;
        if variance > 0.0 { Ok(variance) } else { Err(MetricError::ImpossibleMoments) }
    }
}

/// Probability that the true Sharpe ratio is above `benchmark`: Φ((SR − SR*) √(n − 1) ÷ √(1 − γ₃ SR + (γ₄ − 1)/4 SR²)).
///
/// `observations`: length of the track record, ≥ 2. `benchmark`: SR*, per observation; 0 asks for any skill at all.
/// Errors: [`MetricError::TooShort`], [`MetricError::ImpossibleMoments`]; [`MetricError::Overflow`] on infinite input.
/// Source: Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2), eq. 7.
pub fn probabilistic_sharpe(evidence: SharpeEvidence, observations: usize, benchmark: f64) -> Result<f64, MetricError> {
    if observations < 2 {
        return Err(MetricError::TooShort { need: 2, have: observations });
    }
    let scale = ((observations - 1) as f64 / evidence.variance()?).sqrt();
    Ok(normal_cdf(finite((evidence.sharpe - benchmark) * scale)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn at_the_benchmark_it_is_a_coin_toss() {
        let evidence = SharpeEvidence { sharpe: 0.1, skew: -0.5, kurtosis: 6.0 };
        assert_eq!(probabilistic_sharpe(evidence, 250, 0.1), Ok(0.5));
        // Normal returns: variance 1 + SR²/2.
        let normal = SharpeEvidence { sharpe: 0.1, skew: 0.0, kurtosis: 3.0 };
        assert_close(probabilistic_sharpe(normal, 101, 0.0), normal_cdf(1.0 / 1.005_f64.sqrt()), 1e-14);
    }

    #[test]
    fn moments_of_the_papers() {
        // By hand: m2 = 12.5, m3 = 45, m4 = 348.5 of (1, 2, 3, 10), in hundredths; mean 4, deviation √(50/3).
        let evidence = SharpeEvidence::of_population(&[0.01, 0.02, 0.03, 0.10]).expect("defined");
        assert_close(Ok(evidence.sharpe), 4.0 / (50.0_f64 / 3.0).sqrt(), 1e-12);
        assert_close(Ok(evidence.skew), 45.0 / 12.5_f64.powf(1.5), 1e-12);
        assert_close(Ok(evidence.kurtosis), 348.5 / 12.5_f64.powi(2), 1e-12);
        assert_eq!(SharpeEvidence::of_population(&[0.1; 9]), Err(MetricError::ZeroVariance));
    }

    #[test]
    fn refusals() {
        let impossible = SharpeEvidence { sharpe: 1.0, skew: 3.0, kurtosis: 3.0 };
        assert_eq!(probabilistic_sharpe(impossible, 9, 0.0), Err(MetricError::ImpossibleMoments));
        let evidence = SharpeEvidence { sharpe: 0.1, skew: 0.0, kurtosis: 3.0 };
        assert_eq!(probabilistic_sharpe(evidence, 1, 0.0), Err(MetricError::TooShort { need: 2, have: 1 }));
        assert_eq!(probabilistic_sharpe(evidence, 9, f64::NAN), Err(MetricError::Overflow));
        assert_eq!(SharpeEvidence::of(&[0.1; 9]), Err(MetricError::ZeroVariance));
        assert_eq!(SharpeEvidence::of(&[0.1]), Err(MetricError::TooShort { need: 4, have: 1 }));
    }

    proptest! {
        /// A longer record, or a lower bar, never makes a positive record less sure.
        #[test]
        fn more_evidence_is_more_sure(sharpe in 0.01..0.5f64, skew in -1.0..1.0f64, n in 2usize..5000, bar in -0.2..0.01f64) {
            let evidence = SharpeEvidence { sharpe, skew, kurtosis: 6.0 };
            let sure = probabilistic_sharpe(evidence, n, 0.0).expect("defined");
            prop_assert!((0.0..=1.0).contains(&sure));
            prop_assert!(probabilistic_sharpe(evidence, 2 * n, 0.0).expect("defined") >= sure);
            prop_assert!(probabilistic_sharpe(evidence, n, bar.min(0.0)).expect("defined") >= sure);
        }
    }
}
