//! Conditions of `sweep.where`: which combinations of values run.
//!
//! Not here: the language (`condition_parse`), which combinations are asked (`sample`).
//! Exact: `5 * a < 2 * b` is decided in fractions, and a number that does not fit is an error, not a guess.
use std::ops::Range;

use super::axis::Axis;
use super::condition_parse::parse;
use super::condition_term::{Term, Test};
use crate::scenario::spec_keys::{STUDIES, known_key};
use crate::scenario::{Diagnostic, LoadedScenario};

/// Most conditions: a screenful.
const CONDITIONS_MAX: usize = 100;

/// What is wrong with a condition, and at which bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) span: Range<usize>,
    pub(super) what: String,
    pub(super) nearest: Option<String>,
    pub(super) note: Option<String>,
}

impl Trouble {
    pub(super) fn new(span: Range<usize>, what: impl Into<String>) -> Trouble {
        Trouble { span, what: what.into(), nearest: None, note: None }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Trouble {
        Trouble { note: Some(note.into()), ..self }
    }

    /// As an error of the condition with this number.
    fn placed(self, loaded: &LoadedScenario, number: usize) -> Diagnostic {
        let mut diagnostic = loaded.condition_diagnostic(number, self.span, format!("sweep.where: {}", self.what));
        if let Some(nearest) = self.nearest {
            diagnostic = diagnostic.nearest("known key", nearest);
        }
        match self.note {
            Some(note) => diagnostic.note(note),
            None => diagnostic,
        }
    }
}

/// What the keys of a condition stand for.
pub(super) struct Scope<'a> {
    loaded: &'a LoadedScenario,
    axes: &'a [Axis],
    /// The axes as terms, made once: a condition may name an axis of ten thousand values often.
    swept: Vec<Term>,
}

impl<'a> Scope<'a> {
    fn new(loaded: &'a LoadedScenario, axes: &'a [Axis]) -> Scope<'a> {
        let swept = axes.iter().enumerate().map(|(number, axis)| Term::swept(number, axis)).collect();
        Scope { loaded, axes, swept }
    }

    /// The swept key, or what the scenario says where it is not swept.
    pub(super) fn find(&self, key: &str, span: &Range<usize>) -> Result<Term, Trouble> {
        if let Some(number) = self.axes.iter().position(|axis| axis.key() == key) {
            return Ok(self.swept[number].clone());
        }
        let is_study = STUDIES.iter().any(|study| key.strip_prefix(study).is_some_and(|rest| rest.starts_with('.')));
        if let Some(value) = self.loaded.value_at(key).filter(|_| !is_study) {
            return Ok(Term::fixed(key, value));
        }
        if known_key(key).is_some() {
            let trouble = Trouble::new(span.clone(), format!("{key} has no value to compare"));
            return Err(trouble.note("sweep it, or give it a value in the scenario"));
        }
        let swept: Vec<String> = self.axes.iter().map(|axis| axis.key().to_owned()).collect();
        let mut trouble = Trouble::new(span.clone(), format!("unknown key {key}"));
        trouble.nearest = Some(self.loaded.nearest_key(key, &swept));
        Err(match key.starts_with("strategy.params.") {
            true => trouble.note("a parameter is known here when it is swept or written in the scenario"),
            false => trouble,
        })
    }
}

/// The conditions of a sweep; all must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conditions {
    /// Each with its number in the file.
    tests: Vec<Test>,
}

impl Conditions {
    /// Reads the conditions of `loaded`. Errors: every one that cannot be read, at its place.
    pub(super) fn read(loaded: &LoadedScenario, axes: &[Axis]) -> Result<Conditions, Vec<Diagnostic>> {
        let texts = loaded.spec.sweep.as_ref().map_or(&[][..], |sweep| &sweep.conditions);
        if texts.len() > CONDITIONS_MAX {
            let what = format!("sweep.where has {} conditions, allowed is {CONDITIONS_MAX}", texts.len());
            return Err(vec![loaded.condition_diagnostic(CONDITIONS_MAX, 0..0, what)]);
        }
        let scope = Scope::new(loaded, axes);
        let (mut tests, mut errors) = (Vec::with_capacity(texts.len()), Vec::new());
        for (number, text) in texts.iter().enumerate() {
            match parse(text, &scope) {
                Ok(test) => tests.push(test),
                Err(trouble) => errors.push(trouble.placed(loaded, number)),
            }
        }
        if errors.is_empty() { Ok(Conditions { tests }) } else { Err(errors) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Do all hold at `point`? Errors: the condition that cannot be computed there, and where.
    pub(super) fn hold(&self, point: &[u16], loaded: &LoadedScenario, axes: &[Axis]) -> Result<bool, Box<Diagnostic>> {
        for (number, test) in self.tests.iter().enumerate() {
            match test.holds(point) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(inexact) => {
                    let at = axes.iter().zip(point).map(|(axis, index)| {
                        let key = axis.key().rsplit('.').next().unwrap_or(axis.key());
                        format!("{key} = {}", axis.texts()[usize::from(*index)])
                    });
                    let at = at.collect::<Vec<_>>().join(", ");
                    let text = &loaded.spec.sweep.as_ref().expect("has conditions").conditions[number];
                    let trouble = Trouble::new(0..text.len(), format!("{inexact}, at {at}"));
                    return Err(Box::new(trouble.placed(loaded, number)));
                }
            }
        }
        Ok(true)
    }
}
