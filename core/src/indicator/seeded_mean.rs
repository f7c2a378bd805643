//! The recursive average under EMA, RSI and ATR: seeded with a plain mean, then exponential.
//!
//! Not here: which inputs are averaged, and when the seed starts.

/// mean ← mean + α·(x − mean), seeded with the plain mean of the first `period` inputs.
///
/// This form has exact fixed points: once mean = x it stays x, to the last bit. α = 2/(n + 1) makes
/// an EMA, α = 1/n Wilder's average ((n − 1)·mean + x)/n.
#[derive(Debug, Clone)]
pub(super) struct SeededMean {
    alpha: f64,
    /// The mean; the plain sum while `missing` > 0.
    mean: f64,
    missing: usize,
    period: f64,
}

impl SeededMean {
    /// The average with α = 2/(period + 1).
    pub(super) fn exponential(period: usize) -> Self {
        Self::with_alpha(period, 2.0 / (period as f64 + 1.0))
    }

    /// The average with α = 1/period.
    pub(super) fn wilder(period: usize) -> Self {
        Self::with_alpha(period, 1.0 / period as f64)
    }

    fn with_alpha(period: usize, alpha: f64) -> Self {
        Self { alpha, mean: 0.0, missing: period, period: period as f64 }
    }

    /// Takes one input; `None` until `period` inputs were seen.
    #[inline]
    pub(super) fn update(&mut self, x: f64) -> Option<f64> {
        if self.missing == 0 {
            self.mean += self.alpha * (x - self.mean);
            return Some(self.mean);
        }
        self.seed(x)
    }

    #[cold]
    fn seed(&mut self, x: f64) -> Option<f64> {
        self.mean += x;
        self.missing -= 1;
        if self.missing == 0 {
            self.mean /= self.period;
        }
        self.value()
    }

    /// The average after the last update.
    #[inline]
    pub(super) fn value(&self) -> Option<f64> {
        (self.missing == 0).then_some(self.mean)
    }

    /// Multiplies the average, or the sum it is still made of, by `factor`.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.mean *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_with_the_plain_mean_then_recurs() {
        let mut mean = SeededMean::wilder(4);
        assert_eq!([1.0, 2.0, 3.0].map(|x| mean.update(x)), [None; 3]);
        assert_eq!(mean.update(6.0), Some(3.0));
        assert_eq!(mean.update(7.0), Some(4.0));
        assert_eq!(mean.value(), Some(4.0));
        let mut mean = SeededMean::exponential(3);
        assert_eq!([1.0, 2.0, 3.0, 6.0].map(|x| mean.update(x)), [None, None, Some(2.0), Some(4.0)]);
    }

    #[test]
    fn a_constant_is_a_fixed_point() {
        let mut mean = SeededMean::wilder(2);
        (0..1000).for_each(|_| assert!(mean.update(0.25).is_none_or(|m| m == 0.25)));
    }
}
