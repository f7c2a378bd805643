//! The bid-ask spread estimated from highs and lows.
//!
//! Not here: quotes (market), who pays it (venue). It is no column of `alphaflow indicators`: one value is an
//! estimate of two bars, and only the mean says anything.
use super::error::{IndicatorError, check_period};
use super::ring::Ring;

/// Corwin-Schultz spread, a fraction of the price: the mean over each two neighbours of the last `period`
/// bars, an estimate below zero counting as zero; first value at index 1.
///
/// S = 2(e^α − 1) ÷ (1 + e^α), α = (√(2β) − √β) ÷ (3 − 2√2) − √(γ ÷ (3 − 2√2)), where β is the sum of the
/// squared log ranges of both bars and γ the squared log range of both together. A second bar that lies
/// wholly above or below the first one's close is moved to it, by its ratio: so a split in raw prices does
/// not count as volatility (the paper moves it by dollars). Source: Corwin and Schultz (2012), "A Simple Way
/// to Estimate Bid-Ask Spreads from Daily High and Low Prices", J. Finance 67(2), equations 14 and 18.
#[derive(Debug, Clone)]
pub struct CorwinSchultz {
    estimates: Ring,
    count: usize,
    previous: Option<Range>,
}

/// A bar as far as the next one needs it.
#[derive(Debug, Clone, Copy)]
struct Range {
    high: f64,
    low: f64,
    close: f64,
    /// Its squared log range.
    square: f64,
}

/// 3 − 2√2.
const THREE_LESS_TWO_ROOTS: f64 = 3.0 - 2.0 * std::f64::consts::SQRT_2;

impl CorwinSchultz {
    /// `period`: bars, 2 to [`PERIOD_MAX`](super::PERIOD_MAX).
    ///
    /// Errors: [`IndicatorError::OutOfRange`].
    pub fn new(period: usize) -> Result<Self, IndicatorError> {
        let pairs = check_period("corwin_schultz", "period", period, 2)? - 1;
        Ok(Self { estimates: Ring::new(pairs), count: 0, previous: None })
    }

    /// Takes one bar, prices above 0, and returns the spread, `None` at the first.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let square = (high / low).ln().powi(2);
        if let Some(before) = self.previous {
            let moved = moved_to(before.close, high, low);
            let both = before.high.max(high * moved) / before.low.min(low * moved);
            self.estimates.push(estimate(before.square + square, both.ln().powi(2)));
            self.count = (self.count + 1).min(self.estimates.period());
        }
        self.previous = Some(Range { high, low, close, square });
        self.value()
    }

    /// What the last `update` returned.
    pub fn value(&self) -> Option<f64> {
        // Slots that are not written yet are 0.
        (self.count > 0).then(|| self.estimates.slots().iter().sum::<f64>() / self.count as f64)
    }
}

/// What a bar that lies wholly on one side of the close before it is multiplied with.
fn moved_to(close: f64, high: f64, low: f64) -> f64 {
    if low > close {
        close / low
    } else if high < close {
        close / high
    } else {
        1.0
    }
}

fn estimate(beta: f64, gamma: f64) -> f64 {
    let root = beta.sqrt();
    let alpha = (std::f64::consts::SQRT_2 * root - root) / THREE_LESS_TWO_ROOTS - (gamma / THREE_LESS_TWO_ROOTS).sqrt();
    // 2(e^α − 1) ÷ (1 + e^α).
    (2.0 * (alpha / 2.0).tanh()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bars: &[(f64, f64, f64)], period: usize) -> Option<f64> {
        let mut spread = CorwinSchultz::new(period).unwrap();
        bars.iter().fold(None, |_, (high, low, close)| spread.update(*high, *low, *close))
    }

    /// A price that stands still and trades at bid and ask: the range of every bar is the spread.
    #[test]
    fn a_still_price_shows_its_spread() {
        let bars = [(100.5, 99.5, 100.5); 25];
        let spread = of(&bars, 20).unwrap();
        assert!((spread - 0.01).abs() < 1e-6, "{spread}");
        assert_eq!(of(&bars[..1], 20), None);
    }

    /// Worked out step by step with the equations as printed.
    #[test]
    fn two_bars_by_hand() {
        let (first, second) = ((102.0f64, 100.0f64, 101.0), (103.0f64, 100.5f64, 102.0));
        let beta = (first.0 / first.1).ln().powi(2) + (second.0 / second.1).ln().powi(2);
        let gamma = (103.0f64 / 100.0).ln().powi(2);
        let k = 3.0 - 2.0 * 2f64.sqrt();
        let alpha = ((2.0 * beta).sqrt() - beta.sqrt()) / k - (gamma / k).sqrt();
        let by_hand = 2.0 * (alpha.exp() - 1.0) / (1.0 + alpha.exp());
        assert!(by_hand > 0.0 && (of(&[first, second], 2).unwrap() - by_hand).abs() < 1e-12);
    }

    #[test]
    fn a_trend_shows_no_spread_and_a_gap_is_no_range() {
        assert_eq!(of(&[(101.0, 100.0, 101.0), (102.0, 101.0, 102.0)], 20), Some(0.0));
        // Seven new shares for one old between two bars that are otherwise alike.
        let plain = of(&[(100.5, 99.5, 100.0), (100.5, 99.5, 100.0)], 20).unwrap();
        let split = of(&[(700.0 * 1.005, 700.0 * 0.995, 700.0 * 1.005), (100.5, 99.5, 100.0)], 20).unwrap();
        assert!((plain - split).abs() < 1e-4, "{plain} {split}");
    }

    proptest! {
        /// Only the last `period` bars count, and the scale of prices does not.
        #[test]
        fn the_window_and_the_scale(
            bars in proptest::collection::vec((50.0f64..150.0, 0.0f64..5.0, 0.0f64..1.0), 21..60),
            scale in 0.01f64..100.0,
        ) {
            let at = |scale: f64| -> Vec<(f64, f64, f64)> {
                bars.iter().map(|(low, range, part)| (scale * (low + range), scale * low, scale * (low + range * part))).collect()
            };
            let (plain, scaled) = (at(1.0), at(scale));
            let whole = of(&plain, 20).unwrap();
            prop_assert!((whole - of(&plain[plain.len() - 20..], 20).unwrap()).abs() < 1e-12);
            prop_assert!((whole - of(&scaled, 20).unwrap()).abs() < 1e-9);
            prop_assert!((0.0..2.0).contains(&whole));
        }
    }
}
