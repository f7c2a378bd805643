//! On-balance volume.
//!
//! Not here: prices weighed by volume (vwap).

/// Running sum of volume, added when the close rises, taken away when it falls; the first value is the
/// first bar's volume. Source: Granville (1963); TA-Lib `OBV`.
#[derive(Debug, Clone, Default)]
pub struct Obv {
    previous_close: Option<f64>,
    total: f64,
}

impl Obv {
    /// Starts empty; there is nothing to choose.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one bar and returns the sum in shares; it exists from the first bar on.
    #[inline]
    pub fn update(&mut self, close: f64, volume: f64) -> Option<f64> {
        match self.previous_close.replace(close) {
            Some(previous) if close < previous => self.total -= volume,
            Some(previous) if close == previous => {}
            _ => self.total += volume,
        }
        Some(self.total)
    }

    /// The sum after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.previous_close.map(|_| self.total)
    }

    /// A split into `ratio` new shares per old: what is remembered in dollars ÷ ratio, in shares × ratio.
    pub fn split(&mut self, ratio: f64) {
        self.previous_close = self.previous_close.map(|close| close / ratio);
        self.total *= ratio;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed() {
        let mut obv = Obv::new();
        assert_eq!(obv.value(), None);
        let bars = [(10.0, 100.0), (11.0, 50.0), (11.0, 70.0), (9.0, 200.0)];
        let out = bars.map(|(close, volume)| obv.update(close, volume));
        assert_eq!(out, [Some(100.0), Some(150.0), Some(150.0), Some(-50.0)]);
        assert_eq!(obv.value(), Some(-50.0));
    }
}
