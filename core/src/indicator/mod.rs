//! Technical indicators: one streaming struct per file, fed one bar at a time.
//!
//! Not here: prices as exact numbers (domain), decisions (strategy), statistics of returns (metric).
//! Invariants: (1) `update` allocates nothing; every ring is made by `new`. (2) `update` costs O(1),
//! amortised; the one exception is [`Cci`], whose mean deviation has to look at its whole window.
//! (3) The first value comes at the index where TA-Lib gives its first. (4) Inputs are finite; a NaN
//! never panics, but makes values NaN until it has left the window (for good in a recursive average).
//!
//! Every struct has a fallible `new`, `update` (one bar in, `None` while warming up) and `value` (what
//! the last `update` returned). What remembers prices has `rescale`, for splits; [`Vwap`] starts anew with
//! each session instead, [`CorwinSchultz`] undoes a jump by its ratio, and [`Correlation`] is of numbers without a unit.

// Only the test build is let off; the library build of the same files still refuses `unwrap`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adx;
mod atr;
mod bollinger;
mod cci;
mod compute;
mod correlation;
mod corwin_schultz;
mod directional;
mod donchian;
mod ema;
mod error;
mod keltner;
mod linreg_slope;
mod macd;
mod moments;
mod momentum;
mod natr;
mod obv;
mod registry;
mod ring;
mod roc;
mod rolling_max;
mod rolling_min;
mod rsi;
mod seeded_mean;
mod sma;
mod spec;
mod stddev;
mod stochastic;
mod vwap;
mod williams_r;
mod wma;
mod zscore;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_rescale;

pub use adx::Adx;
pub use atr::Atr;
pub use bollinger::{Bollinger, BollingerBands};
pub use cci::Cci;
pub use compute::{IndicatorColumn, IndicatorRow, compute};
pub use correlation::Correlation;
pub use corwin_schultz::CorwinSchultz;
pub use directional::{Directional, DirectionalIndex};
pub use donchian::{Donchian, DonchianChannel};
pub use ema::Ema;
pub use error::{IndicatorError, MULTIPLIER_MAX, PERIOD_MAX};
pub use keltner::{Keltner, KeltnerChannel};
pub use linreg_slope::LinearRegressionSlope;
pub use macd::{Macd, MacdValue};
pub use momentum::Momentum;
pub use natr::Natr;
pub use obv::Obv;
pub use registry::{IndicatorInfo, IndicatorKind, ParameterInfo, ParameterKind, registry};
pub use roc::Roc;
pub use rolling_max::RollingMax;
pub use rolling_min::RollingMin;
pub use rsi::Rsi;
pub use sma::Sma;
pub use spec::{INDICATORS_MAX, IndicatorSpec, parse_indicators};
pub use stddev::StdDev;
pub use stochastic::{Stochastic, StochasticValue};
pub use vwap::Vwap;
pub use williams_r::WilliamsR;
pub use wma::Wma;
pub use zscore::ZScore;

/// One bar as estimates: prices in dollars per share, volume in shares.
///
/// No invariant is kept: the market room has checked the bars it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ohlcv {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
}

/// The price a bar stands for in [`Cci`] and [`Vwap`]: the mean of high, low and close.
fn typical_price(high: f64, low: f64, close: f64) -> f64 {
    (high + low + close) / 3.0
}
