//! The measures of the line a run is held against, by the same functions as the run's own.
//!
//! Not here: which line (model), measures of trades. A held line is invested all the time.
use super::model::{Line, Measure};
use crate::domain::Timestamp;
use crate::scenario::{Metrics, measures_of_line};

/// Every measure of `line` that needs no trade, and its exposure.
///
/// `start`: dollars before the first step. `session_ends`: step of the last mark of each session.
pub fn measures(line: &Line, start: f64, steps: &[Timestamp], session_ends: &[usize]) -> Vec<(&'static str, Measure)> {
    let mut found = named(&measures_of_line(start, &line.values, steps, session_ends));
    found.push(("exposure", Measure::Value(1.0)));
    found
}

/// Measures as a report has them: in the order of `metrics.json`, a value or why there is none.
pub fn named(metrics: &Metrics) -> Vec<(&'static str, Measure)> {
    let measure = |value: Result<f64, String>| value.map_or_else(Measure::Undefined, Measure::Value);
    metrics.measures().map(|(key, value)| (key, measure(value))).collect()
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
        assert_eq!(value("max_drawdown_days"), Some(364.0));
        assert_eq!(value("exposure"), Some(1.0));
        assert_eq!(measures(&line, 100.0, &[], &[])[0].1.value(), None);
    }
}
