//! Annualised volatility of the last 20 sessions, for `volatility_target`.
use crate::domain::Price;

/// Sessions looked back.
const SESSIONS: usize = 20;
/// Sessions in a year, as everywhere in the metrics.
const SESSIONS_PER_YEAR: f64 = 252.0;

/// Daily closes of one symbol, newest last.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionVolatility {
    /// The last 21 closes, in dollars.
    closes: std::collections::VecDeque<f64>,
}

impl SessionVolatility {
    /// Takes the last close of a session.
    pub(super) fn push(&mut self, close: Price) {
        if self.closes.len() > SESSIONS {
            self.closes.pop_front();
        }
        self.closes.push_back(close.to_f64());
    }

    /// Sample deviation of the last 20 simple daily returns × √252; `None` with fewer.
    pub(super) fn annualised(&self) -> Option<f64> {
        if self.closes.len() <= SESSIONS {
            return None;
        }
        let returns = || self.closes.iter().zip(self.closes.iter().skip(1)).map(|(before, after)| after / before - 1.0);
        let mean = returns().sum::<f64>() / SESSIONS as f64;
        let variance = returns().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (SESSIONS - 1) as f64;
        Some((variance * SESSIONS_PER_YEAR).sqrt())
    }
}
