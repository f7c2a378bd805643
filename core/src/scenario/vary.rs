//! One run of a sweep: the scenario with other values at some keys, without reading its text again.
//!
//! Not here: which values there are and which go together (sweep).
//! Invariant: what comes out has been checked as a file with these values would be. It holds no `[sweep]` and no
//! `[walk_forward]`; `[stress]` is the shock of this run. Errors point at the values where they stand in the file.
use std::ops::Range;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::load::LoadedScenario;
use super::parse::read_run;
use super::parse_nearest::{nearest_key, nearest_word};
use super::parse_reader::set_in;
use super::parse_source::Place;
use super::parse_value::{Item, Value};
use super::spec::ParamValue;
use super::spec_keys::{KeyKind, known_key};

impl LoadedScenario {
    /// The scenario of one run: each key of `values` takes its value, the rest is as it was. Of a run it makes
    /// another one, which keeps the values that it does not change.
    ///
    /// Keys: those a sweep may vary, and those of `[stress]`, each with a single value. Symbols are a list, or
    /// one of them. Errors: those of reading the scenario, each placed at the swept key.
    pub fn with_values(&self, values: &[(&str, &ParamValue)]) -> Result<LoadedScenario, Diagnostics> {
        let mut run = self.run.clone();
        for (key, value) in values {
            let place = self.axis(key).map_or(Place::Default, |item| item.place.clone());
            let (key, item) = self.set(key, value, &place)?;
            match run.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = item,
                None => run.push((key, item)),
            }
        }
        self.run(run)
    }

    /// Can the scenario be read with only this value set? `number`: which of the values of the axis it is, from 0.
    ///
    /// Errors: as [`Self::with_values`], placed at the value in `[sweep]`, or at its range.
    pub fn with_axis_value(&self, key: &str, number: usize, value: &ParamValue) -> Result<LoadedScenario, Diagnostics> {
        let place = self.axis_place(key, Some(number));
        self.run(vec![self.set(key, value, &place)?])
    }

    /// An error about an axis, placed at its value with this number (from 0), or at the whole of it.
    pub fn axis_diagnostic(&self, key: &str, number: Option<usize>, what: impl Into<String>) -> Diagnostic {
        self.source.diagnostic(&self.axis_place(key, number), what).about(key)
    }

    /// An error about the condition of `sweep.where` with this number, from 0; `span`: bytes of its text.
    pub fn condition_diagnostic(&self, number: usize, span: Range<usize>, what: impl Into<String>) -> Diagnostic {
        let item = self.flat.items.get("sweep.where").and_then(|item| match &item.value {
            Value::List(items) => items.get(number),
            _ => Some(item),
        });
        let place = match item {
            Some(Item { value: Value::Text(text), place: Place::File(whole), .. }) => {
                // One mark or three around it; where the text has escapes, its bytes are not those of the file.
                let inside =
                    |marks: &usize| self.source.text.get(whole.start + marks..whole.end.saturating_sub(*marks));
                Place::File(match [1, 3].into_iter().find(|marks| inside(marks) == Some(text)) {
                    Some(marks) => whole.start + marks + span.start..whole.start + marks + span.end,
                    None => whole.clone(),
                })
            }
            Some(item) => item.place.clone(),
            None => Place::Default,
        };
        self.source.diagnostic(&place, what)
    }

    /// What the scenario has at `key`; `None` when nothing stands there, not even a default.
    pub fn value_at(&self, key: &str) -> Option<ParamValue> {
        let params = &self.flat.params;
        let param =
            key.strip_prefix("strategy.params.").and_then(|name| params.iter().find(|(known, _)| known == name));
        let written = param.map(|(_, item)| item).or_else(|| self.flat.items.get(key));
        set_in(&self.run, key).or(written).and_then(|item| param_of(&item.value))
    }

    /// The known key, or the one of `others`, nearest to a mistyped one.
    pub fn nearest_key(&self, typed: &str, others: &[String]) -> String {
        let params = self.flat.params.iter().map(|(name, _)| format!("strategy.params.{name}"));
        let known: Vec<String> = params.chain(others.iter().cloned()).collect();
        let of_strategy = |key: &&str| key.starts_with("strategy.params.");
        let params: Vec<&str> = known.iter().map(String::as_str).filter(of_strategy).collect();
        match nearest_word(typed, &params) {
            // Whoever names a parameter means one of them, however far off the name is.
            Some(param) if of_strategy(&typed) => param.to_owned(),
            _ => nearest_key(typed, &known),
        }
    }

    fn run(&self, run: Vec<(String, Item)>) -> Result<LoadedScenario, Diagnostics> {
        let spec = read_run(&self.source, &self.flat, &run)?;
        Ok(LoadedScenario { spec, source: self.source.clone(), flat: self.flat.clone(), run })
    }

    fn set(&self, key: &str, value: &ParamValue, place: &Place) -> Result<(String, Item), Diagnostics> {
        let info = known_key(key);
        let is_param = key.strip_prefix("strategy.params.").is_some_and(|name| !name.is_empty());
        let is_shock = key.starts_with("stress.") && info.is_some();
        if !is_param && !is_shock && !info.is_some_and(|info| info.can_vary()) {
            return Err(self.source.diagnostic(place, format!("no run can set {key}")).about(key).into());
        }
        let kind = info.map(|info| info.kind);
        let is_list =
            matches!(kind, Some(KeyKind::Tickers | KeyKind::Fractions(_) | KeyKind::Wholes(_) | KeyKind::Words(_)));
        let mut item = item_of(value, place);
        if is_list && !matches!(item.value, Value::List(_)) {
            item = Item { value: Value::List(vec![item]), key_place: place.clone(), place: place.clone() };
        }
        if let Some(axis) = self.axis(key) {
            item.key_place = axis.key_place.clone();
        }
        Ok((key.to_owned(), item))
    }

    fn axis(&self, key: &str) -> Option<&Item> {
        let axis = self.flat.axes.iter().find(|(known, _)| known == key).map(|(_, item)| item);
        axis.or_else(|| self.flat.items.get(key).filter(|_| key.starts_with("stress.")))
    }

    fn axis_place(&self, key: &str, number: Option<usize>) -> Place {
        let Some(axis) = self.axis(key) else { return Place::Default };
        match (&axis.value, number) {
            (Value::List(items), Some(number)) => items.get(number).map_or(&axis.place, |item| &item.place).clone(),
            _ => axis.place.clone(),
        }
    }
}

fn item_of(value: &ParamValue, place: &Place) -> Item {
    let value = match value {
        ParamValue::Int(number) => Value::Integer(number.to_string()),
        ParamValue::Float(text) => Value::Float(text.clone()),
        ParamValue::Bool(switch) => Value::Bool(*switch),
        ParamValue::Text(text) => Value::Text(text.clone()),
        ParamValue::List(values) => Value::List(values.iter().map(|value| item_of(value, place)).collect()),
    };
    Item { value, key_place: place.clone(), place: place.clone() }
}

fn param_of(value: &Value) -> Option<ParamValue> {
    Some(match value {
        Value::Text(text) | Value::Time(text) => ParamValue::Text(text.clone()),
        Value::Integer(text) => ParamValue::Int(text.parse().ok()?),
        Value::Float(text) => ParamValue::Float(text.clone()),
        Value::Bool(switch) => ParamValue::Bool(*switch),
        Value::List(items) => {
            ParamValue::List(items.iter().map(|item| param_of(&item.value)).collect::<Option<Vec<_>>>()?)
        }
        Value::Table(_) => return None,
    })
}
