//! Values that the scenario knows and the program cannot do yet: an error, never silence.
//!
//! Not here: values that are wrong (`spec_keys`). Remove a row when its room can do it.
use super::parse_reader::Reader;
use super::parse_value::Value;

/// When a value is not available.
enum When {
    /// It is this word.
    Is(&'static str),
    /// It is a whole number above this.
    Above(i64),
}
use When::{Above, Is};

/// Key, value, what to use until then.
const UNSUPPORTED: &[(&str, When, &str)] = &[
    ("execution.both_touched", Is("ohlc"), "use \"stop_first\" or \"target_first\""),
    ("execution.both_touched", Is("finer"), "use \"stop_first\" or \"target_first\""),
    ("execution.latency_ms", Above(0), "use 0"),
];

impl Reader<'_> {
    /// Reports every value of the table.
    pub(super) fn report_unsupported(&mut self) {
        for (path, when, remedy) in UNSUPPORTED {
            let Some(item) = self.item(path) else { continue };
            let is_it = match (&item.value, when) {
                (Value::Text(text), Is(word)) => text == word,
                (Value::Integer(text), Above(limit)) => text.parse::<i64>().is_ok_and(|number| number > *limit),
                _ => false,
            };
            if is_it {
                let what = match when {
                    Is(word) => format!("{path} = \"{word}\" is not available yet"),
                    Above(limit) => format!("{path} above {limit} is not available yet"),
                };
                self.fail(&item.place, path, what, &[remedy]);
            }
        }
    }
}
