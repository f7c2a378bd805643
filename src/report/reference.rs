//! The measures of the line a run is held against, by the same functions as the run's own.
//!
//! Not here: which line (model), measures of trades. A held line is invested all the time.
use super::model::{Line, Measure};
use crate::domain::Timestamp;
use crate::metric::{self, MetricError};

/// Total return, growth, Sharpe ratio, deepest fall, volatility and exposure of `line`.
///
/// `start`: dollars before the first step. `session_ends`: step of the last mark of each session.
pub fn measures(line: &Line, start: f64, steps: &[Timestamp], session_ends: &[usize]) -> Vec<(&'static str, Measure)> {
    let marks: Vec<f64> = session_ends.iter().filter_map(|end| line.values.get(*end).copied()).collect();
    let returns = metric::daily_returns(start, &marks);
    let of = |measure: fn(&[f64]) -> Result<f64, MetricError>| returns.as_deref().map_err(|e| *e).and_then(measure);
    let path: Vec<f64> = std::iter::once(start).chain(marks.iter().copied()).collect();
    let span = steps.first().zip(steps.last()).map_or(0, |(first, last)| last.ns() - first.ns());
    let days = span as f64 / Timestamp::NS_PER_DAY as f64;
    let growth = metric::cagr(start, marks.last().copied().unwrap_or(start), days);
    let found = [
        ("total_return", of(metric::total_return)),
        ("cagr", growth),
        ("sharpe", of(metric::sharpe)),
        ("max_drawdown", metric::max_drawdown(&path)),
        ("annual_volatility", of(metric::annual_volatility)),
        ("exposure", Ok(1.0)),
    ];
    let written = |value: Result<f64, MetricError>| {
        value.map_or_else(|reason| Measure::Undefined(reason.to_string()), Measure::Value)
    };
    found.into_iter().map(|(key, value)| (key, written(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_doubles_and_halves() {
        let steps: Vec<Timestamp> = [0, 1, 2, 365].map(|day| Timestamp::from_days(day).expect("day")).to_vec();
        let line = Line { name: "SPY".to_owned(), values: vec![100.0, 200.0, 100.0, 150.0] };
        let found = measures(&line, 100.0, &steps, &[0, 1, 2, 3]);
        let value = |key: &str| found.iter().find(|(name, _)| *name == key).and_then(|(_, measure)| measure.value());
        assert_eq!(value("total_return"), Some(0.5));
        assert_eq!(value("max_drawdown"), Some(-0.5));
        assert_eq!(measures(&line, 100.0, &[], &[])[0].1.value(), None);
    }
}
