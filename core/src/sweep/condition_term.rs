//! The parts of a condition, typed, with their values at a point.
//!
//! Not here: reading them out of text (`condition_parse`).
//! Invariant: types are settled when a term is made, so at a point only arithmetic can fail.
use std::cmp::Ordering;
use std::sync::Arc;

use super::axis::Axis;
use super::fraction::{Fraction, Inexact};
use crate::domain::Timestamp;
use crate::scenario::spec::ParamValue;
use crate::scenario::spec_keys::{KeyKind, known_key};

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Number(Number),
    /// A date or time, in nanoseconds.
    Time(Number),
    Text(Text),
    Test(Test),
}

/// Something exact to count with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Fixed(Fraction),
    /// What the axis with this number has at a point.
    Swept(usize, Arc<[Fraction]>),
    Negative(Box<Number>),
    Sum(Box<Number>, Box<Number>),
    Difference(Box<Number>, Box<Number>),
    Product(Box<Number>, Box<Number>),
    Quotient(Box<Number>, Box<Number>),
}

/// Something to be equal to or not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Fixed(String),
    Swept(usize, Arc<[String]>),
}

/// Something that holds or does not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Fixed(bool),
    Swept(usize, Arc<[bool]>),
    Order(Number, Comparison, Number),
    /// The texts are equal, or, with `false`, are not.
    SameText(Text, Text, bool),
    /// Both hold or both do not; with `false`, one of the two.
    Alike(Box<Test>, Box<Test>, bool),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

/// `<`, `<=` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    Unequal,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Below => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Above => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
        }
    }
}

impl Term {
    /// A swept key; copies share its values.
    pub(super) fn swept(number: usize, axis: &Axis) -> Term {
        match Column::of(axis.key(), axis.values()) {
            Column::Numbers(values) => Term::Number(Number::Swept(number, values.into())),
            Column::Times(values) => Term::Time(Number::Swept(number, values.into())),
            Column::Flags(values) => Term::Test(Test::Swept(number, values.into())),
            Column::Texts(values) => Term::Text(Text::Swept(number, values.into())),
        }
    }

    /// A key of the scenario that is not swept.
    pub(super) fn fixed(key: &str, value: ParamValue) -> Term {
        match Column::of(key, &[value]) {
            Column::Numbers(values) => Term::Number(Number::Fixed(values[0])),
            Column::Times(values) => Term::Time(Number::Fixed(values[0])),
            Column::Flags(values) => Term::Test(Test::Fixed(values[0])),
            Column::Texts(mut values) => Term::Text(Text::Fixed(values.swap_remove(0))),
        }
    }

    /// What kind of thing it is, for errors.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Term::Number(_) => "a number",
            Term::Time(_) => "a date",
            Term::Text(_) => "text",
            Term::Test(_) => "true or false",
        }
    }
}

/// The values of one key, all of one type. Values of different types are texts.
enum Column {
    Numbers(Vec<Fraction>),
    Times(Vec<Fraction>),
    Flags(Vec<bool>),
    Texts(Vec<String>),
}

impl Column {
    fn of(key: &str, values: &[ParamValue]) -> Column {
        let is_time = matches!(known_key(key).map(|info| info.kind), Some(KeyKind::Time));
        let texts = || values.iter().map(ToString::to_string);
        let flag = |value: &ParamValue| if let ParamValue::Bool(flag) = value { Some(*flag) } else { None };
        if let Some(flags) = values.iter().map(flag).collect::<Option<Vec<_>>>() {
            return Column::Flags(flags);
        }
        if is_time && let Some(times) = texts().map(|text| time(&text)).collect::<Option<Vec<_>>>() {
            return Column::Times(times);
        }
        match texts().map(|text| Fraction::parse(&text)).collect::<Option<Vec<_>>>() {
            Some(numbers) => Column::Numbers(numbers),
            None => Column::Texts(texts().collect()),
        }
    }
}

/// A date or time in nanoseconds.
pub(super) fn time(text: &str) -> Option<Fraction> {
    text.parse::<Timestamp>().ok().map(|moment| Fraction::whole(moment.ns()))
}

impl Number {
    fn at(&self, point: &[u16]) -> Result<Fraction, Inexact> {
        match self {
            Number::Fixed(value) => Ok(*value),
            Number::Swept(axis, values) => Ok(values[usize::from(point[*axis])]),
            Number::Negative(value) => value.at(point)?.negate(),
            Number::Sum(left, right) => left.at(point)?.add(right.at(point)?),
            Number::Difference(left, right) => left.at(point)?.subtract(right.at(point)?),
            Number::Product(left, right) => left.at(point)?.multiply(right.at(point)?),
            Number::Quotient(left, right) => left.at(point)?.divide(right.at(point)?),
        }
    }
}

impl Text {
    fn at(&self, point: &[u16]) -> &str {
        match self {
            Text::Fixed(text) => text,
            Text::Swept(axis, texts) => &texts[usize::from(point[*axis])],
        }
    }
}

impl Test {
    /// Does it hold at `point`, the index of a value per axis? Parts that cannot change the answer are not computed.
    pub(super) fn holds(&self, point: &[u16]) -> Result<bool, Inexact> {
        match self {
            Test::Fixed(flag) => Ok(*flag),
            Test::Swept(axis, flags) => Ok(flags[usize::from(point[*axis])]),
            Test::Order(left, comparison, right) => Ok(comparison.holds(left.at(point)?.compare(right.at(point)?))),
            Test::SameText(left, right, wanted) => Ok((left.at(point) == right.at(point)) == *wanted),
            Test::Alike(left, right, wanted) => Ok((left.holds(point)? == right.holds(point)?) == *wanted),
            Test::All(tests) => all(tests, point, true),
            Test::Any(tests) => all(tests, point, false).map(|none| !none),
            Test::Not(test) => Ok(!test.holds(point)?),
        }
    }
}

/// Is each of `tests` as `wanted`?
fn all(tests: &[Test], point: &[u16], wanted: bool) -> Result<bool, Inexact> {
    for test in tests {
        if test.holds(point)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}
