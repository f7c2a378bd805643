//! The minimum track record length: how many days prove a Sharpe ratio.
//!
//! Not here: turning days into a date.
use super::MetricError;
use super::check::finite;
use super::normal::normal_quantile;
use super::probabilistic_sharpe::SharpeEvidence;

/// Confidence of `min_track_record_days` in `metrics.json`.
pub const CONFIDENCE: f64 = 0.95;

/// Observations needed to be `confidence` sure of a Sharpe ratio above `benchmark`:
/// 1 + (1 − γ₃ SR + (γ₄ − 1)/4 SR²) (Z(confidence) ÷ (SR − SR*))².
///
/// `benchmark`: SR*, per observation. `confidence`: above ½ and below 1. The result counts observations (days for
/// daily returns) and is not rounded.
/// Errors: [`MetricError::NotAboveBenchmark`]; [`MetricError::OutOfRange`]; [`MetricError::ImpossibleMoments`].
/// Source: Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2), eq. 11.
pub fn min_track_record(evidence: SharpeEvidence, benchmark: f64, confidence: f64) -> Result<f64, MetricError> {
    if !(confidence > 0.5 && confidence < 1.0) {
        return Err(MetricError::OutOfRange { name: "confidence", value: confidence, valid: "above 0.5 and below 1" });
    }
    let variance = evidence.variance()?;
    let distance = finite(evidence.sharpe - benchmark)?;
    if distance <= 0.0 {
        return Err(MetricError::NotAboveBenchmark);
    }
    finite(1.0 + variance * (normal_quantile(confidence)? / distance).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::probabilistic_sharpe::probabilistic_sharpe;
    use proptest::prelude::*;

    const EVIDENCE: SharpeEvidence = SharpeEvidence { sharpe: 0.1, skew: -0.3, kurtosis: 4.0 };

    #[test]
    fn refusals() {
        assert_eq!(min_track_record(EVIDENCE, 0.1, CONFIDENCE), Err(MetricError::NotAboveBenchmark));
        for confidence in [0.5, 1.0, f64::NAN] {
            assert!(matches!(min_track_record(EVIDENCE, 0.0, confidence), Err(MetricError::OutOfRange { .. })));
        }
        assert_eq!(min_track_record(EVIDENCE, f64::NAN, CONFIDENCE), Err(MetricError::Overflow));
    }

    proptest! {
        /// It is the length at which the probabilistic Sharpe ratio reaches the confidence.
        #[test]
        fn inverse_of_the_probabilistic_sharpe(sharpe in 0.01..0.3f64, confidence in 0.6..0.999f64) {
            let evidence = SharpeEvidence { sharpe, ..EVIDENCE };
            let days = min_track_record(evidence, 0.0, confidence).expect("defined");
            let enough = days.ceil() as usize + 1;
            prop_assert!(probabilistic_sharpe(evidence, enough, 0.0).expect("defined") >= confidence);
            let short = (days.floor() as usize).saturating_sub(1);
            prop_assert!(short < 2 || probabilistic_sharpe(evidence, short, 0.0).expect("defined") <= confidence);
        }
    }
}
