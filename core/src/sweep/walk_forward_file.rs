//! `walk_forward.json` and `walk_forward.csv`.
//!
//! Not here: what is in them (`walk_forward_results`). Floats are written in their shortest exact form, so that the
//! same walk gives the same bytes.
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::folder::replace;
use super::walk_forward_results::{Line, Pick, TestedWindow, WalkForward};

/// The numbers of a walk-forward.
const JSON: &str = "walk_forward.json";
/// The line of all tests.
const CSV: &str = "walk_forward.csv";

impl WalkForward {
    /// Writes both files into the folder of the sweep.
    ///
    /// Errors: whatever the file system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = format!("{:#}\n", self.to_json());
        replace(&folder.join(JSON), |file| file.write_all(text.as_bytes()))?;
        replace(&folder.join(CSV), |file| file.write_all(self.csv().as_bytes()))
    }

    /// `walk_forward.csv`: a row a tested session, windows numbered from 1, dollars as floats.
    pub fn csv(&self) -> String {
        let mut text = "date,window,equity\n".to_owned();
        for point in &self.line.points {
            let (date, window) = (point.time.utc_date(), point.window + 1);
            text.push_str(&format!("{date},{window},{}\n", point.equity));
        }
        text
    }

    /// `walk_forward.json`. A number that is not known is null, with its reason beside it.
    pub fn to_json(&self) -> Value {
        let efficiency = self.efficiency.as_ref();
        let (gained, tested) = self.gained();
        let drift = self.drift.iter().map(|drift| {
            json!({
                "key": drift.key,
                "values": drift.values,
                "picked": drift.picked,
                "moves": drift.moves,
                "mean_step": drift.mean_step,
                "first": drift.spread.as_ref().map(|spread| &spread.0),
                "last": drift.spread.as_ref().map(|spread| &spread.1),
            })
        });
        let windows = self.windows.iter().enumerate().map(|(at, window)| self.window(at, window));
        json!({
            "objective": self.objective.to_string(),
            "train": self.spans.0.to_string(),
            "test": self.spans.1.to_string(),
            "anchored": self.anchored,
            "candidates": self.candidates,
            "summary": self.in_words(),
            "efficiency": efficiency.ok().map(|all| all.ratio),
            "efficiency_undefined": efficiency.err(),
            "in_sample_annual_return": efficiency.ok().map(|all| all.in_sample),
            "out_of_sample_annual_return": efficiency.ok().map(|all| all.out_of_sample),
            "tests_gained": gained,
            "tests": tested,
            "out_of_sample": measures(&self.line),
            "best_in_hindsight": self.hindsight.as_ref().map(|hindsight| json!({
                "run": hindsight.position,
                "values": self.values(&hindsight.values),
                "out_of_sample": measures(&hindsight.line),
            })),
            "holding": measures(&self.holding),
            "drift": drift.collect::<Vec<Value>>(),
            "windows": windows.collect::<Vec<Value>>(),
        })
    }

    fn window(&self, at: usize, window: &TestedWindow) -> Value {
        let train = window.train.as_ref();
        let mut json = json!({
            "window": at + 1,
            "train_start": train.map(|dates| &dates.0),
            "train_end": train.map(|dates| &dates.1),
            "train_sessions": window.sessions.0,
            "test_start": window.test.0,
            "test_end": window.test.1,
            "test_sessions": window.sessions.1,
            "test_is_short": window.is_short,
        });
        match &window.pick {
            Ok(Pick { position, values, train_value, test_value, train_return, test_return, test_trades }) => {
                json["run"] = (*position).into();
                json["values"] = self.values(values);
                json["train_objective"] = (*train_value).into();
                json["test_objective"] = (*test_value).into();
                json["train_return"] = (*train_return).into();
                json["test_return"] = test_return.as_ref().ok().copied().into();
                json["test_return_undefined"] = test_return.as_ref().err().cloned().into();
                json["test_trades"] = (*test_trades).into();
            }
            Err(reason) => json["no_pick"] = reason.as_str().into(),
        }
        json
    }

    fn values(&self, values: &[String]) -> Value {
        let pairs = self.axes.iter().cloned().zip(values.iter().map(|value| value.as_str().into()));
        Value::Object(pairs.collect::<Map<String, Value>>())
    }
}

/// Final dollars and every measure of a line.
fn measures(line: &Line) -> Value {
    let mut json = line.metrics.to_json();
    json["sessions"] = line.points.len().into();
    json["final_equity"] = line.points.last().map(|point| point.equity).into();
    json
}
