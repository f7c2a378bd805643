//! Statistics of a run: pure functions from a series of numbers to one number or the reason there is none.
//!
//! Not here: where the series comes from (engine, portfolio), which statistics a report shows and how it rounds them.
//!
//! # Definitions, once for the room
//!
//! - A *return* is a simple daily return, a fraction (0.01 is 1 %), one per session, oldest first, the first from the
//!   starting cash: [`daily_returns`].
//! - A year has 252 sessions ([`SESSIONS_PER_YEAR`]) where sessions are counted, 365.25 days ([`DAYS_PER_YEAR`]) where
//!   the calendar is.
//! - Deviations are sample deviations (divisor n − 1); skew and kurtosis are bias-corrected; kurtosis is excess, except
//!   in [`SharpeEvidence`].
//! - The risk-free rate is zero.
//! - A *path* is the starting capital followed by one equity mark per session ([`wealth`] makes one from returns).
//! - Drawdown, value at risk, its conditional mean and losing trades are negative.
//! - Percentiles run in a straight line between order statistics, as numpy's default: [`percentile`].
//!
//! Invariants: (1) no function returns NaN, infinity or a stand-in number: undefined is a [`MetricError`], whose text
//! stands beside `null`; (2) no function panics, whatever the input; (3) the only randomness is drawn by [`bootstrap_intervals`] and [`Resamples`] from their seeds.
mod alpha;
mod best_trial;
mod beta;
mod block_sums;
mod bootstrap;
mod calmar;
mod capture;
mod check;
mod correlation;
mod deflated_sharpe;
mod drawdown;
mod effective_trials;
mod error;
mod growth;
mod information_ratio;
mod kurtosis;
#[cfg(test)]
mod laws;
mod line;
mod min_backtest_length;
mod min_track_record;
mod moments;
mod normal;
mod omega;
mod pbo;
mod percentile;
mod plateau;
mod probabilistic_sharpe;
mod reality_check;
mod returns;
mod sharpe;
mod skew;
mod sortino;
mod stability;
mod tail_ratio;
#[cfg(test)]
mod testing;
mod trade;
mod value_at_risk;
mod volatility;

pub use alpha::alpha;
pub use best_trial::{BestTrial, best_of, best_trial};
pub use beta::beta;
pub use block_sums::{BlockSum, BlockSums, sharpe_of_blocks};
pub use bootstrap::{Interval, Intervals, RESAMPLES, SESSIONS_MIN, bootstrap_intervals, mean_block_length};
pub use calmar::calmar;
pub use capture::{down_capture, up_capture};
pub use correlation::correlation;
pub use deflated_sharpe::{deflated_sharpe, expected_max_sharpe};
pub use drawdown::{Drawdown, avg_drawdown, deepest, drawdowns, max_drawdown, max_drawdown_days, ulcer_index};
pub use effective_trials::{
    TrialCorrelation, average_correlation, average_correlation_of_blocks, independent_trials, whole_trials,
};
pub use error::MetricError;
pub use growth::{DAYS_PER_YEAR, annual_return, cagr};
pub use information_ratio::information_ratio;
pub use kurtosis::kurtosis;
pub use line::Line;
pub use min_backtest_length::min_backtest_years;
pub use min_track_record::{CONFIDENCE, min_track_record};
pub use omega::{gain_to_pain, omega};
pub use pbo::{BLOCKS_MAX, Overfitting, Split, pbo, pbo_of_blocks};
pub use percentile::{percentile, percentile_of_sorted};
pub use plateau::{Plateau, plateau_of_sample, plateau_on_grid};
pub use probabilistic_sharpe::{SharpeEvidence, probabilistic_sharpe};
pub use reality_check::{
    LuckPValues, RESAMPLED_BLOCKS_MIN, RealityCheck, Resamples, reality_check, reality_check_of_blocks,
};
pub use returns::{daily_returns, total_return, wealth};
pub use sharpe::{sharpe, sharpe_per_day};
pub use skew::skew;
pub use sortino::{downside_risk, sortino};
pub use stability::stability;
pub use tail_ratio::tail_ratio;
pub use trade::{
    avg_loss, avg_trade_days, avg_win, expectancy, kelly, largest_loss, largest_win, max_consecutive_losses,
    payoff_ratio, profit_factor, sqn, win_rate,
};
pub use value_at_risk::{conditional_var_95, value_at_risk_95};
pub use volatility::annual_volatility;

/// Trading sessions in a year, by the convention of the field.
pub const SESSIONS_PER_YEAR: f64 = 252.0;
