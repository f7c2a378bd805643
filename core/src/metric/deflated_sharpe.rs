//! The deflated Sharpe ratio: the probabilistic one against the best that luck alone gives.
//!
//! Not here: estimating how many of the trials were independent; the caller says how many count.
use super::MetricError;
use super::check::finite;
use super::normal::normal_quantile;
use super::probabilistic_sharpe::{SharpeEvidence, probabilistic_sharpe};
use std::f64::consts::E;

/// Euler–Mascheroni constant γ.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// Sharpe ratio the best of `trials` skill-less strategies is expected to show: √V ((1 − γ) Z(1 − 1/N) + γ Z(1 − 1/(N e))).
///
/// `trials`: independent strategies tried, ≥ 2. `sharpe_variance`: variance of their Sharpe ratios, per observation.
/// Errors: [`MetricError::TooFewTrials`]; [`MetricError::OutOfRange`] for a negative variance.
/// Source: Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", J. of Portfolio Management 40(5), eq. 1.
pub fn expected_max_sharpe(trials: usize, sharpe_variance: f64) -> Result<f64, MetricError> {
    if trials < 2 {
        return Err(MetricError::TooFewTrials { need: 2, have: trials });
    }
    if !(sharpe_variance >= 0.0 && sharpe_variance.is_finite()) {
        let valid = "zero or more, and finite";
        return Err(MetricError::OutOfRange {
            name: "variance of the trials' Sharpe ratios",
            value: sharpe_variance,
            valid,
        });
    }
    let n = trials as f64;
    let typical = normal_quantile(1.0 - 1.0 / n)?;
    let spread = normal_quantile(1.0 - 1.0 / (n * E))?;
    finite(sharpe_variance.sqrt() * ((1.0 - EULER_GAMMA) * typical + EULER_GAMMA * spread))
}

/// Probability that the true Sharpe ratio of the best of `trials` is above what luck alone gives.
///
/// [`probabilistic_sharpe`] with [`expected_max_sharpe`] as its benchmark. Errors: as those two.
/// Source: Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", J. of Portfolio Management 40(5), eq. 2.
pub fn deflated_sharpe(
    evidence: SharpeEvidence,
    observations: usize,
    trials: usize,
    sharpe_variance: f64,
) -> Result<f64, MetricError> {
    probabilistic_sharpe(evidence, observations, expected_max_sharpe(trials, sharpe_variance)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;
    use proptest::prelude::*;

    #[test]
    fn first_values_and_refusals() {
        // Two trials: Z(1/2) = 0, so only the second quantile is left.
        let expected = EULER_GAMMA * normal_quantile(1.0 - 1.0 / (2.0 * E)).expect("inside");
        assert_close(expected_max_sharpe(2, 1.0), expected, 1e-14);
        assert_eq!(expected_max_sharpe(1, 1.0), Err(MetricError::TooFewTrials { need: 2, have: 1 }));
        for variance in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(expected_max_sharpe(9, variance), Err(MetricError::OutOfRange { .. })));
        }
    }

    proptest! {
        /// More trials, or more varied ones, raise the bar and so lower the verdict.
        #[test]
        fn trying_more_costs(trials in 2usize..100_000, variance in 1e-6..0.01f64) {
            let bar = expected_max_sharpe(trials, variance).expect("defined");
            prop_assert!(expected_max_sharpe(trials + 1, variance).expect("defined") >= bar);
            prop_assert!(expected_max_sharpe(trials, variance * 2.0).expect("defined") > bar);
            let evidence = SharpeEvidence { sharpe: 0.1, skew: -0.5, kurtosis: 5.0 };
            let few = deflated_sharpe(evidence, 500, trials, variance).expect("defined");
            let many = deflated_sharpe(evidence, 500, trials * 10, variance).expect("defined");
            prop_assert!(many <= few);
        }
    }
}
