//! Why a statistic has no value: the text that stands beside `null` in `metrics.json`.
//!
//! Not here: the statistics. Every message is a reason a person can read, never a number in disguise.
use thiserror::Error;

/// Why a statistic is undefined for the series it was asked of.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum MetricError {
    /// Fewer values than the formula divides by.
    #[error("needs at least {need} daily values, has {have}")]
    TooShort {
        /// Fewest values the formula is defined for.
        need: usize,
        /// Values given.
        have: usize,
    },
    /// No round trip was closed.
    #[error("no trade was closed")]
    NoTrades,
    /// Too few round trips for a deviation.
    #[error("needs at least {need} closed trades, has {have}")]
    TooFewTrades {
        /// Fewest trades the formula is defined for.
        need: usize,
        /// Trades given.
        have: usize,
    },
    /// Too few strategies were tried for a maximum over trials to mean anything.
    #[error("needs at least {need} trials, has {have}")]
    TooFewTrials {
        /// Fewest trials the formula is defined for.
        need: usize,
        /// Trials given.
        have: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index} (counted from 0) is not a finite number")]
    NotFinite {
        /// Its place in the series.
        index: usize,
    },
    /// Two series that must run side by side do not.
    #[error("the two series differ in length: {left} and {right} values")]
    LengthMismatch {
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// The series does not vary, so nothing can be divided by its deviation.
    #[error("the values do not vary")]
    ZeroVariance,
    /// The benchmark does not vary.
    #[error("the benchmark does not vary")]
    ConstantBenchmark,
    /// No trade won.
    #[error("no trade won")]
    NoWins,
    /// No trade lost.
    #[error("no trade lost")]
    NoLosses,
    /// No daily return was negative.
    #[error("no day was negative")]
    NoDownside,
    /// The equity never stood below an earlier peak.
    #[error("the equity never fell below its peak")]
    NoDrawdown,
    /// The 5th percentile of the returns is zero.
    #[error("the 5th percentile of daily returns is zero")]
    NoLeftTail,
    /// The benchmark had no day in the direction asked for.
    #[error("the benchmark has no such day")]
    NoBenchmarkDays,
    /// The benchmark's own annualised return over the days asked for is zero.
    #[error("the benchmark earned nothing on those days")]
    NoBenchmarkReturn,
    /// A return of −100 % or less: nothing is left to compound.
    #[error("daily return {index} (counted from 0) is {value}: a loss of 100 % or more leaves nothing to compound")]
    TotalLoss {
        /// Its place in the series.
        index: usize,
        /// The return, a fraction.
        value: f64,
    },
    /// Equity of zero or less: a return on it has no meaning.
    #[error(
        "equity mark {index} (0 is the start) is {equity} dollars; returns need equity above zero, \
         so shorten the period or lower the leverage"
    )]
    NonPositiveEquity {
        /// 0 for the starting cash, k for the k-th session.
        index: usize,
        /// The mark, dollars.
        equity: f64,
    },
    /// Fewer than one calendar day between start and end.
    #[error("start and end are not a calendar day apart")]
    NoTime,
    /// An input lies outside what the formula admits.
    #[error("{name} is {value} but must be {valid}")]
    OutOfRange {
        /// The input.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is admitted, in words.
        valid: &'static str,
    },
    /// Skew and kurtosis that no series can have together with this Sharpe ratio.
    #[error("skew and kurtosis give the Sharpe ratio no positive variance")]
    ImpossibleMoments,
    /// The Sharpe ratio is not above the one it is measured against.
    #[error("the Sharpe ratio does not exceed the benchmark's, so no track record is long enough")]
    NotAboveBenchmark,
    /// Nothing beside the best point of a parameter space has a value.
    #[error("the winner has no neighbour with a value")]
    NoNeighbours,
    /// Maxima over different resamples have nothing to do with each other.
    #[error("the two parts stand on different resamples; draw them with the same blocks, number and seed")]
    OtherResamples,
    /// Too many resamples of the bootstrap have no value.
    #[error("only {defined} of {resamples} bootstrap resamples have a value")]
    SparseResamples {
        /// Resamples with a value.
        defined: usize,
        /// Resamples drawn.
        resamples: usize,
    },
    /// The result does not fit a double.
    #[error("the result is too large to print")]
    Overflow,
}
