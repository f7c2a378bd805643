//! Typed reads out of the flat map: each gives the value, or leaves an error and gives `None`.
//!
//! Not here: which reads make a section (`parse_sections`, `parse_rules`, `parse_study`).
//! A key that is absent gives `None` without an error: `Flat::report_missing` has spoken already.
use std::str::FromStr;

use super::parse_flat::{Flat, Problems};
use super::parse_nearest::nearest_word;
use super::parse_source::{Place, Source};
use super::parse_value::{Item, Value, quoted};
use super::spec_choice::Choice;
use super::spec_keys::{Bound, Bounds, KeyKind, known_key};
use crate::domain::{Money, ParseNumberError, Price, Quantity, Ratio, Symbol};

/// Digits of a number that `rust_decimal` keeps; it would round a longer one.
const DIGITS_MAX: usize = 28;

/// A number held as a count of small units.
pub(super) trait Exact: FromStr<Err = ParseNumberError> + std::fmt::Display {
    const UNITS_PER_ONE: i128;
    fn count(&self) -> i128;
}
macro_rules! exact {
    ($($type:ty = $per_one:expr),+) => { $(impl Exact for $type {
        const UNITS_PER_ONE: i128 = $per_one as i128;
        fn count(&self) -> i128 { i128::from(self.units()) }
    })+ };
}
exact!(
    Ratio = Ratio::ONE.units(),
    Money = Money::UNITS_PER_USD,
    Price = Price::UNITS_PER_USD,
    Quantity = Quantity::UNITS_PER_SHARE
);

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'s> {
    pub(super) source: &'s Source,
    pub(super) flat: &'s Flat,
    /// Values in the place of the file's, when one run of a sweep is read; `None`: the file as it stands.
    pub(super) run: Option<&'s [(String, Item)]>,
    pub(super) problems: Problems,
}

impl<'s> Reader<'s> {
    /// The value at `path`, if it stands anywhere.
    pub(super) fn item(&self, path: &str) -> Option<&'s Item> {
        set_in(self.run.unwrap_or_default(), path).or_else(|| self.flat.items.get(path))
    }

    /// Where the value at `path` stands.
    pub(super) fn place(&self, path: &str) -> Place {
        self.item(path).map_or(Place::Default, |item| item.place.clone())
    }

    /// Does the run of a sweep set `path`?
    pub(super) fn is_set(&self, path: &str) -> bool {
        set_in(self.run.unwrap_or_default(), path).is_some()
    }

    /// Was `path` written, in the file, by an override or by a sweep?
    pub(super) fn is_written(&self, path: &str) -> bool {
        self.is_set(path) || self.place(path) != Place::Default
    }

    /// Leaves an error about `path` at `place`.
    pub(super) fn fail(&mut self, place: &Place, path: &str, what: impl Into<String>, notes: &[&str]) {
        let mut diagnostic = self.source.diagnostic(place, what).about(path);
        diagnostic.notes.extend(notes.iter().map(|note| (*note).to_owned()));
        self.problems.push(place, diagnostic);
    }

    fn wrong_type(&mut self, path: &str, item: &Item, expected: &str, notes: &[&str]) {
        let what = format!("{path} must be {expected}, found {}", item.value.describe());
        self.fail(&item.place, path, what, notes);
    }

    /// Text that is not empty.
    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        let item = self.item(path)?;
        match &item.value {
            Value::Text(text) if text.is_empty() => {
                self.fail(&item.place, path, format!("{path} is empty"), &[]);
                None
            }
            Value::Text(text) => Some(text.clone()),
            _ => {
                self.wrong_type(path, item, "text in quotes", &[]);
                None
            }
        }
    }

    /// A date or time, bare or in quotes.
    pub(super) fn time_text(&mut self, path: &str) -> Option<String> {
        let item = self.item(path)?;
        match &item.value {
            Value::Text(text) | Value::Time(text) => Some(text.clone()),
            _ => {
                self.wrong_type(path, item, "a date like \"2013-10-07\"", &[]);
                None
            }
        }
    }

    /// One of the words of the key.
    pub(super) fn word(&mut self, path: &str) -> Option<&'s str> {
        let Some(KeyKind::Word(words)) = known_key(path).map(|info| info.kind) else { return None };
        let item = self.item(path)?;
        self.word_in(path, item, words)
    }

    /// The one of `words` that `item` holds.
    pub(super) fn word_in<'i>(&mut self, path: &str, item: &'i Item, words: &[&str]) -> Option<&'i str> {
        let valid = || format!("valid: {}", words.join(", "));
        let Value::Text(text) = &item.value else {
            self.wrong_type(path, item, "one of its words", &[&valid()]);
            return None;
        };
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        let what = format!("{path} cannot be {}", quoted(text));
        let mut diagnostic = self.source.diagnostic(&item.place, what).about(path).note(valid());
        if let Some(nearest) = nearest_word(text, words) {
            diagnostic = diagnostic.nearest("valid value", format!("\"{nearest}\""));
        }
        self.problems.push(&item.place, diagnostic);
        None
    }

    /// The choice a word stands for.
    pub(super) fn choice<C: Choice>(&mut self, path: &str) -> Option<C> {
        let word = self.word(path)?;
        C::ALL.iter().copied().find(|choice| choice.name() == word)
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, path: &str) -> Option<bool> {
        let item = self.item(path)?;
        if let Value::Bool(value) = item.value {
            return Some(value);
        }
        self.wrong_type(path, item, "true or false", &[]);
        None
    }

    /// A whole number within the key's range.
    pub(super) fn whole(&mut self, path: &str) -> Option<i64> {
        let item = self.item(path)?;
        self.whole_in(path, item)
    }

    /// The whole number in `item`, within the range of the key at `path`.
    pub(super) fn whole_in(&mut self, path: &str, item: &Item) -> Option<i64> {
        let Value::Integer(text) = &item.value else {
            let note: &[&str] = if matches!(item.value, Value::Text(_)) { &["leave out the quotes"] } else { &[] };
            self.wrong_type(path, item, "a whole number", note);
            return None;
        };
        let number = text.parse::<i64>().ok();
        match (known_key(path)?.kind, number) {
            (KeyKind::Whole(bounds) | KeyKind::Wholes(bounds), Some(number)) if bounds.hold(i128::from(number), 1) => {
                Some(number)
            }
            (KeyKind::Whole(bounds) | KeyKind::Wholes(bounds), _) => {
                self.out_of_range(path, item, text, &bounds);
                None
            }
            (KeyKind::OneOf(valid), Some(number)) if valid.contains(&number) => Some(number),
            (KeyKind::OneOf(valid), _) => {
                let valid: Vec<String> = valid.iter().map(i64::to_string).collect();
                let note = format!("valid: {}", valid.join(", "));
                self.fail(&item.place, path, format!("{path} cannot be {text}"), &[&note]);
                None
            }
            _ => None,
        }
    }

    /// A whole number within the key's range, as `u32`; the key table keeps such ranges small.
    pub(super) fn count(&mut self, path: &str) -> Option<u32> {
        self.whole(path).and_then(|number| u32::try_from(number).ok())
    }

    /// A number within the range the key table gives.
    pub(super) fn number<T: Exact>(&mut self, path: &str) -> Option<T> {
        match known_key(path)?.kind {
            KeyKind::Fraction(bounds) | KeyKind::Dollars(bounds) => self.number_within(path, &bounds),
            _ => None,
        }
    }

    /// A number within `bounds`.
    pub(super) fn number_within<T: Exact>(&mut self, path: &str, bounds: &Bounds) -> Option<T> {
        let item = self.item(path)?;
        self.number_in(path, item, bounds)
    }

    /// Each number of a list within the key's range.
    pub(super) fn fractions(&mut self, path: &str) -> Option<Vec<Ratio>> {
        let KeyKind::Fractions(bounds) = known_key(path)?.kind else { return None };
        let items = self.list(path, "a list of numbers, like [\"0.01\", \"0.02\"]")?;
        let read: Vec<Option<Ratio>> = items.iter().map(|item| self.number_in(path, item, &bounds)).collect();
        read.into_iter().collect()
    }

    /// Each whole number of a list within the key's range, which ends below what `u32` holds.
    pub(super) fn wholes(&mut self, path: &str) -> Option<Vec<u32>> {
        let items = self.list(path, "a list of whole numbers, like [5, 20]")?;
        let read: Vec<Option<i64>> = items.iter().map(|item| self.whole_in(path, item)).collect();
        read.into_iter().map(|number| number.and_then(|number| u32::try_from(number).ok())).collect()
    }

    /// The number in `item`, within `bounds`.
    pub(super) fn number_in<T: Exact>(&mut self, path: &str, item: &Item, bounds: &Bounds) -> Option<T> {
        let Some(text) = item.value.number_text() else {
            self.wrong_type(path, item, "a number, like \"0.10\"", &[]);
            return None;
        };
        let parsed = text.parse::<T>();
        if let Ok(number) = &parsed
            && bounds.hold(number.count(), T::UNITS_PER_ONE)
        {
            return parsed.ok();
        }
        let shown = quoted(&text).trim_matches('"').to_owned();
        match parsed {
            Ok(number) => self.out_of_range(path, item, &number.to_string(), bounds),
            Err(ParseNumberError::NotANumber { .. } | ParseNumberError::OutOfRange { .. })
                if digits(&text) > DIGITS_MAX && text.contains('.') =>
            {
                let what = format!("{path} is {shown}, more than {DIGITS_MAX} digits");
                self.fail(&item.place, path, what, &["round it"]);
            }
            Err(ParseNumberError::TooPrecise { decimals_max, .. }) => {
                let what = format!("{path} is {shown}, finer than {decimals_max} decimals");
                self.fail(&item.place, path, what, &["round it"]);
            }
            Err(ParseNumberError::OutOfRange { .. }) => self.out_of_range(path, item, &shown, bounds),
            // A number, but too long for exact arithmetic.
            Err(ParseNumberError::NotANumber { .. }) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
                self.out_of_range(path, item, &shown, bounds);
            }
            Err(ParseNumberError::NotANumber { .. }) => {
                self.wrong_type(path, item, "a number, like \"0.10\"", &[]);
            }
        }
        None
    }

    fn out_of_range(&mut self, path: &str, item: &Item, number: &str, bounds: &Bounds) {
        let what = format!("{path} is {number}, allowed is {bounds}");
        self.fail(&item.place, path, what, &[bounds.why]);
    }

    /// The items of a list.
    pub(super) fn list(&mut self, path: &str, expected: &str) -> Option<&'s [Item]> {
        let item = self.item(path)?;
        match &item.value {
            Value::List(items) => Some(items),
            _ => {
                self.wrong_type(path, item, expected, &[]);
                None
            }
        }
    }

    /// One ticker.
    pub(super) fn ticker(&mut self, path: &str) -> Option<Symbol> {
        let item = self.item(path)?;
        self.ticker_in(path, item)
    }

    /// A list of tickers, none twice; `None` also when only one of them is wrong.
    pub(super) fn tickers(&mut self, path: &str) -> Option<Vec<Symbol>> {
        let items = self.list(path, "a list, like [\"AAPL\", \"MSFT\"]")?;
        let mut seen = std::collections::BTreeSet::new();
        let mut symbols = Vec::with_capacity(items.len());
        for item in items {
            let Some(symbol) = self.ticker_in(path, item) else { continue };
            if seen.insert(symbol) {
                symbols.push(symbol);
            } else {
                self.fail(&item.place, path, format!("{path} names {symbol} twice"), &["name each symbol once"]);
            }
        }
        (symbols.len() == items.len()).then_some(symbols)
    }

    fn ticker_in(&mut self, path: &str, item: &Item) -> Option<Symbol> {
        let Value::Text(text) = &item.value else {
            self.wrong_type(path, item, "a symbol in quotes, like \"AAPL\"", &[]);
            return None;
        };
        let symbol = text.parse().ok();
        if symbol.is_none() {
            let what = format!("{path}: {} is not a symbol", quoted(text));
            self.fail(&item.place, path, what, &["use 1 to 12 of A-Z, 0-9, `.`, `-`, `/`, like \"BRK.B\""]);
        }
        symbol
    }
}

/// The value that a run sets at `path`.
pub(super) fn set_in<'i>(run: &'i [(String, Item)], path: &str) -> Option<&'i Item> {
    run.iter().find(|(key, _)| key == path).map(|(_, item)| item)
}

/// Digits that count: without zeros in front.
fn digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.chars().filter(char::is_ascii_digit);
    digits.skip_while(|digit| *digit == '0').count()
}

impl Bounds {
    /// Is `count`, in units of which `per_one` make one, inside?
    fn hold(&self, count: i128, per_one: i128) -> bool {
        let above = match self.low {
            Bound::Including(low) => count >= i128::from(low) * per_one,
            Bound::Excluding(low) => count > i128::from(low) * per_one,
        };
        let below = match self.high {
            Bound::Including(high) => count <= i128::from(high) * per_one,
            Bound::Excluding(high) => count < i128::from(high) * per_one,
        };
        above && below
    }
}
