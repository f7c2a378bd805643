//! Keys with their values or the reasons why there are none, as JSON and as text.
//!
//! Not here: computing them. The order of the keys is the order in which they were put.
use serde_json::{Map, Value};

use crate::cli::strategies::wrapped;
use crate::metric::MetricError;
use crate::report::format::{Numbers, Sign, UNDEFINED};

/// Width of the verdict on a terminal.
const WIDTH: usize = 80;
const N: Numbers = Numbers::PLAIN;

/// What `overfit` prints.
#[derive(Debug, Default)]
pub(super) struct Table {
    values: Map<String, Value>,
    reasons: Map<String, Value>,
    /// Keys for programs that the text says otherwise.
    unprinted: Vec<&'static str>,
    /// The paragraph above the text.
    verdict: String,
}

impl Table {
    /// A key with its number, or why it has none.
    pub(super) fn measure(&mut self, key: &'static str, value: Result<f64, MetricError>) {
        match value {
            // An empty sum of floats is −0; adding zero makes it the plain one.
            Ok(value) => self.put(key, value + 0.0),
            Err(reason) => self.undefined(key, reason.to_string()),
        }
    }

    /// A key with a value that is always there.
    pub(super) fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        self.values.insert(key.into(), value.into());
    }

    /// A key without a value.
    pub(super) fn undefined(&mut self, key: &'static str, reason: String) {
        self.values.insert(key.into(), Value::Null);
        self.reasons.insert(key.into(), reason.into());
    }

    /// A key that stands in JSON only.
    pub(super) fn put_for_programs(&mut self, key: &'static str, value: impl Into<Value>) {
        self.unprinted.push(key);
        self.put(key, value);
    }

    /// The paragraph, for people and programs.
    pub(super) fn verdict(&mut self, text: &str) {
        text.clone_into(&mut self.verdict);
        self.put_for_programs("verdict", text);
    }

    /// All keys, and under `undefined` why a value is null.
    pub(super) fn to_json(&self) -> Value {
        let mut all = self.values.clone();
        all.insert("undefined".into(), Value::Object(self.reasons.clone()));
        Value::Object(all)
    }

    /// The verdict, then one key a line; what is undefined says why.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        if !self.verdict.is_empty() {
            wrapped(&self.verdict, WIDTH).iter().for_each(|line| out.push_str(&format!("{line}\n")));
            out.push('\n');
        }
        for (key, value) in self.values.iter().filter(|(key, _)| !self.unprinted.contains(&key.as_str())) {
            let line = match (self.reasons.get(key).and_then(Value::as_str), value) {
                (Some(reason), _) => format!("{key:<28}{UNDEFINED:>14}   {reason}"),
                (None, Value::String(text)) => format!("{key:<28}{text:>14}"),
                (None, value) => format!("{key:<28}{:>14}", write(key, value.as_f64().unwrap_or(f64::NAN))),
            };
            out.push_str(&format!("{line}\n"));
        }
        out
    }
}

/// The value as people read it.
fn write(key: &str, value: f64) -> String {
    match key {
        "pbo" | "prob_oos_loss" | "probabilistic_sharpe" | "deflated_sharpe" | "deflated_sharpe_independent" => {
            N.percent(value, 2, Sign::Negative)
        }
        "combinations" | "trials" | "observations" | "blocks" => N.count(value),
        "min_track_record" | "min_backtest_observations" => N.count(value.ceil()),
        "independent_trials" | "min_backtest_years" => format!("{value:.1}"),
        "sharpe_variance" => format!("{value:.6}"),
        _ => format!("{value:.4}"),
    }
}
