//! The measures in four groups, the reference beside them in grey; each name opens its formula.
//!
//! Not here: computing them (metric). A measure the run does not have is left out.
use super::text::escape;
use crate::report::curve;
use crate::report::format::{Numbers, Sign, UNDEFINED};
use crate::report::model::{Measure, ReportModel};

const N: Numbers = Numbers::TYPOGRAPHIC;

/// How a measure is written.
#[derive(Clone, Copy)]
enum Form {
    /// Signed percent, so many decimals.
    Change(usize),
    /// Unsigned percent, so many decimals.
    Share(usize),
    /// Two decimals.
    Ratio,
    /// Whole number.
    Count,
    /// Whole number of days.
    Days,
    /// One decimal, days.
    Length,
    /// Signed whole dollars.
    Dollars,
}

/// Key in `metrics.json`, label, form, formula.
type Row = (&'static str, &'static str, Form, &'static str);

const RETURN: [Row; 8] = [
    ("total_return", "Total return", Form::Change(1), "Final equity ÷ starting cash − 1."),
    ("cagr", "CAGR, calendar", Form::Change(2), "(Final ÷ starting equity) ^ (365.25 ÷ calendar days) − 1."),
    ("annual_return", "Annual, by session", Form::Change(2), "Product of (1 + daily return) ^ (252 ÷ sessions) − 1."),
    ("best_year", "Best year", Form::Change(1), "Largest return of a calendar year, begun years included."),
    ("worst_year", "Worst year", Form::Change(1), "Smallest return of a calendar year, begun years included."),
    ("omega", "Omega", Form::Ratio, "Sum of daily gains ÷ sum of daily losses."),
    (
        "skew",
        "Skew",
        Form::Ratio,
        "Third standardised moment of daily returns, corrected for bias. Below 0: rare large losses.",
    ),
    (
        "kurtosis",
        "Excess kurtosis",
        Form::Ratio,
        "Fourth standardised moment of daily returns − 3, corrected for bias. Above 0: more extremes than a normal curve.",
    ),
];

const RISK: [Row; 8] = [
    ("annual_volatility", "Volatility, a year", Form::Share(1), "Sample deviation of daily returns × √252."),
    (
        "sharpe",
        "Sharpe",
        Form::Ratio,
        "Mean ÷ sample deviation of daily returns × √252; risk-free rate zero unless given.",
    ),
    ("sortino", "Sortino", Form::Ratio, "Mean daily return ÷ root mean square of the losses over all days × √252."),
    ("calmar", "Calmar", Form::Ratio, "Annual return by session ÷ |max drawdown|."),
    (
        "max_drawdown_days",
        "Longest fall",
        Form::Days,
        "Longest time from a peak until it is reached again, or until the end.",
    ),
    ("ulcer_index", "Ulcer index", Form::Share(1), "Root of the summed squared drawdowns ÷ (sessions − 1)."),
    (
        "value_at_risk_95",
        "1-day VaR 95%",
        Form::Change(2),
        "5th percentile of daily returns: one day in twenty was worse.",
    ),
    ("conditional_var_95", "1-day CVaR 95%", Form::Change(2), "Mean of the worst twentieth of daily returns."),
];

const TRADES: [Row; 8] = [
    ("trades", "Trades", Form::Count, "Closed round trips, from flat to flat. Open positions do not count."),
    ("win_rate", "Won", Form::Share(1), "Closed trades with a net profit ÷ closed trades."),
    ("avg_win", "Average win", Form::Dollars, "Mean net profit of the trades that won."),
    ("avg_loss", "Average loss", Form::Dollars, "Mean net loss of the trades that lost."),
    ("expectancy", "Expectancy", Form::Dollars, "Mean net result of a closed trade."),
    ("payoff_ratio", "Payoff ratio", Form::Ratio, "Average win ÷ |average loss|."),
    ("avg_trade_days", "Average length", Form::Length, "Mean calendar time from entry to exit of closed trades."),
    ("max_consecutive_losses", "Longest losing run", Form::Count, "Most losing trades in a row, in order of exit."),
];

const CONFIDENCE: [Row; 8] = [
    (
        "probabilistic_sharpe",
        "P(Sharpe > 0)",
        Form::Share(1),
        "Chance that the true Sharpe ratio is above zero, given length, skew and kurtosis (Bailey and López de Prado 2012).",
    ),
    ("min_track_record_days", "Sessions needed", Form::Count, "Sessions after which that chance would reach 95%."),
    ("sessions", "Sessions here", Form::Count, "Sessions in the record."),
    ("alpha", "Alpha, a year", Form::Change(1), "(1 + mean of (return − beta × benchmark return)) ^ 252 − 1."),
    ("beta", "Beta", Form::Ratio, "Covariance with the benchmark's daily returns ÷ their variance."),
    (
        "information_ratio",
        "Information ratio",
        Form::Ratio,
        "Mean ÷ deviation of the daily difference from the benchmark × √252.",
    ),
    (
        "stability",
        "Stability",
        Form::Ratio,
        "R² of a straight line through cumulative log returns: 1 is a steady climb.",
    ),
    ("sqn", "System quality", Form::Ratio, "√trades × mean ÷ deviation of the trade results (Tharp)."),
];

/// The section.
pub(super) fn section(model: &ReportModel) -> String {
    let groups = [("Return", RETURN), ("Risk", RISK), ("Trades", TRADES), ("Confidence", CONFIDENCE)];
    let groups: String = groups.iter().map(|(name, rows)| group(model, name, rows)).collect();
    format!(
        "<section id=\"measures\"><div class=\"head\"><h2>Measures</h2><p class=\"aside\">strategy, then {} in grey; \
         each name opens its formula</p></div><div class=\"groups\">{groups}</div></section>\n",
        escape(&model.reference().name)
    )
}

fn group(model: &ReportModel, name: &str, rows: &[Row]) -> String {
    let rows: String = rows.iter().filter_map(|row| measure(model, row)).collect();
    format!("<div class=\"group\"><h3>{name}</h3>{rows}</div>")
}

fn measure(model: &ReportModel, (key, label, form, formula): &Row) -> Option<String> {
    let own = value_of(model, key)?;
    let (value, reason) = match &own {
        Measure::Value(value) => (write(*value, *form), String::new()),
        Measure::Undefined(reason) => (
            format!("<span class=\"none\" title=\"{}\">{UNDEFINED}</span>", escape(reason)),
            format!(" Here n/a: {}.", escape(reason)),
        ),
    };
    // On paper nothing unfolds: the reason stands under the row.
    let why = match &own {
        Measure::Value(_) => String::new(),
        Measure::Undefined(reason) => format!("<small class=\"print-only\">{}</small>", escape(reason)),
    };
    let reference = reference_of(model, key).map_or_else(String::new, |value| write(value, *form));
    Some(format!(
        "<details><summary><span>{label}</span><b>{value}</b><i>{reference}</i>{why}</summary><p>{formula}{reason}</p></details>"
    ))
}

/// The measure `key`; best and worst year are read off the equity line.
fn value_of(model: &ReportModel, key: &str) -> Option<Measure> {
    match key {
        "best_year" | "worst_year" => year_of(model, key, &model.equity).map(Measure::Value),
        _ => model.measures.iter().find(|(name, _)| *name == key).map(|(_, measure)| measure.clone()),
    }
}

/// The same of the line beside ours.
fn reference_of(model: &ReportModel, key: &str) -> Option<f64> {
    match key {
        "best_year" | "worst_year" => year_of(model, key, &model.reference().values),
        _ => model.benchmark_measure(key),
    }
}

fn year_of(model: &ReportModel, key: &str, values: &[f64]) -> Option<f64> {
    let years = curve::years(model.initial_equity, &model.steps, &model.session_ends, values);
    let totals = years.iter().map(|year| year.total);
    if key == "best_year" { totals.reduce(f64::max) } else { totals.reduce(f64::min) }
}

fn write(value: f64, form: Form) -> String {
    match form {
        Form::Change(decimals) => N.percent(value, decimals, Sign::Always),
        Form::Share(decimals) => N.percent(value, decimals, Sign::Negative),
        Form::Ratio => N.ratio(value),
        Form::Count => N.count(value.ceil()),
        Form::Days => format!("{} days", N.count(value)),
        Form::Length => format!("{value:.1} days"),
        Form::Dollars => N.dollars_whole(value, Sign::Always),
    }
}
