//! The best of many trials by its Sharpe ratio, and how the ratios of all are spread.
//!
//! Not here: whether the best is more than luck; see `deflated_sharpe`, `pbo`, `reality_check`.
use super::check::require;
use super::moments::sample_deviation;
use super::probabilistic_sharpe::SharpeEvidence;
use super::{MetricError, sharpe_per_day};

/// The winner and the field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestTrial {
    /// Its place among the trials, from 0; the first of equals.
    pub index: usize,
    /// Its Sharpe ratio per observation.
    pub sharpe: f64,
    /// Sample variance (n − 1) of the Sharpe ratios per observation of all trials.
    pub sharpe_variance: f64,
}

/// Finds the best of `sharpes`, the ratios of all trials, per observation.
///
/// Errors: [`MetricError::TooFewTrials`] under two; [`MetricError::NotFinite`]; [`MetricError::Overflow`].
pub fn best_of(sharpes: &[f64]) -> Result<BestTrial, MetricError> {
    if sharpes.len() < 2 {
        return Err(MetricError::TooFewTrials { need: 2, have: sharpes.len() });
    }
    require(sharpes, 2)?;
    let index = (1..sharpes.len()).fold(0, |best, trial| if sharpes[trial] > sharpes[best] { trial } else { best });
    Ok(BestTrial { index, sharpe: sharpes[index], sharpe_variance: sample_deviation(sharpes)?.powi(2) })
}

/// Finds the best of `trials`, one series of returns each, and measures it.
///
/// The evidence has the ratio with its sample deviation, and population skew and kurtosis
/// ([`SharpeEvidence::of_population`]). A trial that never moved scores 0.
/// Errors: as [`best_of`]; [`MetricError::TooShort`] under two returns; [`MetricError::ZeroVariance`] for a trial with
/// the same gain every day, or if the best never moved.
pub fn best_trial(trials: &[Vec<f64>]) -> Result<(BestTrial, SharpeEvidence), MetricError> {
    let score = |returns: &Vec<f64>| match sharpe_per_day(returns) {
        Err(MetricError::ZeroVariance) if returns.iter().all(|value| *value == 0.0) => Ok(0.0),
        other => other,
    };
    let best = best_of(&trials.iter().map(score).collect::<Result<Vec<f64>, _>>()?)?;
    Ok((best, SharpeEvidence::of_population(&trials[best.index])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins() {
        let best = best_of(&[0.1, 0.3, -0.1, 0.3]).expect("defined");
        assert_eq!((best.index, best.sharpe), (1, 0.3));
        // Mean 0.15, deviations −0.05 0.15 −0.25 0.15, divided by three.
        assert!((best.sharpe_variance - 0.11 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_trial_that_never_moved_scores_nothing() {
        let (best, evidence) = best_trial(&[vec![0.0; 4], vec![0.02, -0.01, 0.01, 0.0]]).expect("defined");
        assert_eq!((best.index, best.sharpe), (1, evidence.sharpe));
        assert_eq!(best_trial(&[vec![0.0; 4], vec![-0.02, 0.01, -0.01, 0.0]]), Err(MetricError::ZeroVariance));
    }

    #[test]
    fn refusals() {
        assert_eq!(best_of(&[0.1]), Err(MetricError::TooFewTrials { need: 2, have: 1 }));
        assert_eq!(best_of(&[0.1, f64::NAN]), Err(MetricError::NotFinite { index: 1 }));
        assert_eq!(best_trial(&[vec![0.1; 4], vec![0.1, 0.2, 0.1, 0.0]]), Err(MetricError::ZeroVariance));
        assert_eq!(best_trial(&[vec![0.1], vec![0.1]]), Err(MetricError::TooShort { need: 2, have: 1 }));
    }
}
