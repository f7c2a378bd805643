//! The Calmar ratio.
//!
//! Not here: its parts; see `growth` and `drawdown`.
use super::MetricError;
use super::check::finite;
use super::drawdown::max_drawdown;
use super::growth::annual_return;
use super::returns::wealth;

/// Annualised return by sessions ÷ |maximum drawdown|.
///
/// `returns`: fractions, length ≥ 1. Errors: [`MetricError::NoDrawdown`]; as [`annual_return`] and [`wealth`].
/// Source: Young (1991), "Calmar Ratio: A Smoother Tool", Futures 20(1), over the whole series; as empyrical.
pub fn calmar(returns: &[f64]) -> Result<f64, MetricError> {
    let deepest = max_drawdown(&wealth(returns)?)?.abs();
    if deepest == 0.0 {
        return Err(MetricError::NoDrawdown);
    }
    finite(annual_return(returns)? / deepest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::testing::assert_close;

    #[test]
    fn first_value_and_refusals() {
        let year: Vec<f64> = std::iter::once(-0.5).chain(std::iter::repeat_n(0.004, 251)).collect();
        assert_close(calmar(&year), (0.5 * 1.004_f64.powi(251) - 1.0) / 0.5, 1e-12);
        assert_eq!(calmar(&[0.1]), Err(MetricError::NoDrawdown));
        assert_eq!(calmar(&[]), Err(MetricError::TooShort { need: 1, have: 0 }));
    }
}
