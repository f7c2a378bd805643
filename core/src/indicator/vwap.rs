//! Volume-weighted average price of a session.
//!
//! Not here: when a session starts; the caller knows the calendar.

use super::typical_price;

/// Σ typical price × volume / Σ volume since the session began, tp = (high + low + close)/3; exists from
/// the session's first bar with volume. Source: Berkowitz, Logue and Noser (1988), J. Finance 43(1), over
/// bars instead of single trades.
#[derive(Debug, Clone, Default)]
pub struct Vwap {
    value_traded: f64,
    volume: f64,
}

impl Vwap {
    /// Starts with an empty session; there is nothing to choose.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what was traded; call it before the first bar of each session.
    pub fn start_session(&mut self) {
        *self = Self::default();
    }

    /// Takes one bar and returns the price, `None` while nothing was traded.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64, volume: f64) -> Option<f64> {
        self.value_traded += typical_price(high, low, close) * volume;
        self.volume += volume;
        self.value()
    }

    /// The price after the last update.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (self.volume > 0.0).then(|| self.value_traded / self.volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_over_two_sessions() {
        let mut vwap = Vwap::new();
        assert_eq!(vwap.update(9.0, 9.0, 9.0, 0.0), None);
        assert_eq!(vwap.update(12.0, 6.0, 9.0, 100.0), Some(9.0));
        assert_eq!(vwap.update(13.0, 13.0, 13.0, 300.0), Some(12.0));
        vwap.start_session();
        assert_eq!(vwap.value(), None);
        assert_eq!(vwap.update(5.0, 5.0, 5.0, 1.0), Some(5.0));
    }
}
