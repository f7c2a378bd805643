//! The measures of a run that a sweep shows: their names, and how each is written.
//!
//! Not here: computing them (metric), all others (results.parquet has them).
use crate::report::format::{Numbers, Sign, UNDEFINED};

/// How a measure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Two decimals.
    Ratio,
    /// A fraction as percent with its sign.
    Change,
    /// A fraction as percent.
    Share,
    /// A whole number.
    Count,
    /// Dollars and cents.
    Dollars,
}

impl Form {
    /// A letter for the page's script.
    pub(super) const fn code(self) -> char {
        match self {
            Form::Ratio => 'r',
            Form::Change => 'c',
            Form::Share => 's',
            Form::Count => 'n',
            Form::Dollars => 'd',
        }
    }

    /// The page keeps values to one part in so many.
    pub(super) const fn scale(self) -> f64 {
        match self {
            Form::Ratio => 1e4,
            Form::Change | Form::Share => 1e5,
            Form::Count => 1.0,
            Form::Dollars => 100.0,
        }
    }

    /// `value` as people read it; what is absent is `n/a`.
    pub fn write(self, value: Option<f64>, numbers: Numbers) -> String {
        let Some(value) = value else { return UNDEFINED.to_owned() };
        match self {
            Form::Ratio => numbers.ratio(value),
            Form::Change => numbers.percent(value, 1, Sign::Always),
            Form::Share => numbers.percent(value, 1, Sign::Negative),
            Form::Count => numbers.count(value),
            Form::Dollars => numbers.dollars_cents(value, Sign::Negative),
        }
    }
}

/// A measure that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Its key in `metrics.json`.
    pub key: &'static str,
    /// Its name over a column.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
}

const fn shown(key: &'static str, name: &'static str, form: Form) -> Shown {
    Shown { key, name, form }
}

/// Those that are shown, in the order of the page's choosers. Every objective is among them.
pub const SHOWN: [Shown; 28] = [
    shown("sharpe", "Sharpe", Form::Ratio),
    shown("sortino", "Sortino", Form::Ratio),
    shown("calmar", "Calmar", Form::Ratio),
    shown("omega", "Omega", Form::Ratio),
    shown("cagr", "CAGR", Form::Change),
    shown("total_return", "Total return", Form::Change),
    shown("max_drawdown", "Max drawdown", Form::Change),
    shown("max_drawdown_days", "Longest fall, days", Form::Count),
    shown("annual_volatility", "Volatility", Form::Share),
    shown("value_at_risk_95", "1-day VaR 95%", Form::Change),
    shown("skew", "Skew", Form::Ratio),
    shown("exposure", "Mean exposure", Form::Share),
    shown("turnover", "Turnover", Form::Ratio),
    shown("trades", "Trades", Form::Count),
    shown("win_rate", "Won", Form::Share),
    shown("profit_factor", "Profit factor", Form::Ratio),
    shown("payoff_ratio", "Payoff ratio", Form::Ratio),
    shown("expectancy", "Mean profit of a trade", Form::Dollars),
    shown("sqn", "System quality", Form::Ratio),
    shown("avg_trade_days", "Days held", Form::Ratio),
    shown("largest_loss", "Largest loss", Form::Dollars),
    shown("final_equity", "Final equity", Form::Dollars),
    shown("commission", "Commission", Form::Dollars),
    shown("slippage", "Slippage", Form::Dollars),
    shown("beta", "Beta", Form::Ratio),
    shown("refusals", "Refused", Form::Count),
    shown("halts", "Halts", Form::Count),
    shown("probabilistic_sharpe", "Probabilistic Sharpe", Form::Share),
];

/// The measure called `key`, if it is shown.
pub fn find(key: &str) -> Option<&'static Shown> {
    SHOWN.iter().find(|shown| shown.key == key)
}
