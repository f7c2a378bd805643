//! Annualised volatility of the last 20 sessions, for `volatility_target`.
use crate::domain::{Price, Ratio};

/// Sessions looked back.
const SESSIONS: usize = 20;
/// Sessions in a year, as everywhere in the metrics.
const SESSIONS_PER_YEAR: f64 = 252.0;

/// Daily closes of one symbol, newest last.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionVolatility {
    /// The last 21 closes, in dollars.
    closes: std::collections::VecDeque<f64>,
    /// Bars seen when the last of them was taken.
    bars_seen: u64,
}

impl SessionVolatility {
    /// Takes the last close of a session, `bars_seen` bars having closed so far. A session without a bar
    /// has no return: a zero would make the symbol look calmer than it is.
    pub(super) fn push(&mut self, close: Price, bars_seen: u64) {
        if bars_seen == self.bars_seen {
            return;
        }
        self.bars_seen = bars_seen;
        if self.closes.len() > SESSIONS {
            self.closes.pop_front();
        }
        self.closes.push_back(close.to_f64());
    }

    /// A split into `ratio` new shares per old: it is no return.
    pub(super) fn split(&mut self, ratio: Ratio) {
        self.closes.iter_mut().for_each(|close| *close /= ratio.to_f64());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty moves of 1 % up and down, of which some sessions have no bar, with a split in between.
    fn annualised(halts: bool, split_at: Option<usize>) -> f64 {
        let mut volatility = SessionVolatility::default();
        let mut scale = 1.0;
        for at in 0..=SESSIONS {
            if split_at == Some(at) {
                volatility.split("2".parse().expect("ratio"));
                scale = 0.5;
            }
            let close = Price::from_f64(scale * if at % 2 == 0 { 100.0 } else { 101.0 }).expect("price");
            volatility.push(close, at as u64 + 1);
            if halts {
                volatility.push(close, at as u64 + 1);
            }
        }
        volatility.annualised().expect("twenty returns")
    }

    #[test]
    fn neither_a_split_nor_a_session_without_a_bar_is_a_return() {
        let plain = annualised(false, None);
        assert_eq!(annualised(true, None), plain);
        assert!((annualised(false, Some(7)) - plain).abs() < 1e-12);
    }
}
