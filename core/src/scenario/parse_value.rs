//! Values of a TOML file with the place of each: an owned copy of the `toml` crate's tree.
//!
//! Not here: which keys exist (`spec_keys`) and what their values mean (`parse_reader`).
//! Numbers stay text until a typed reader knows what they count.
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::parse_source::Place;

/// A value as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// Decimal digits, perhaps more than any integer type holds.
    Integer(String),
    /// As written, without underscores.
    Float(String),
    Bool(bool),
    /// A bare TOML date or time.
    Time(String),
    List(Vec<Item>),
    Table(Table),
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) value: Value,
    /// The key; the value itself inside a list.
    pub(super) key_place: Place,
    pub(super) place: Place,
}

/// Keys and values, in the order of the text.
pub(super) type Table = Vec<(String, Item)>;

impl Value {
    /// The kind of value, for "found …".
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Text(text) => format!("the text {}", quoted(text)),
            Value::Integer(text) | Value::Float(text) => format!("the number {}", shortened(text)),
            Value::Bool(value) => format!("{value}"),
            Value::Time(text) => format!("the date {text}"),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// The text of a number or of text that may hold one; `None` for other kinds.
    ///
    /// A float gives its shortest decimal form: what the writer meant, not the binary tail.
    pub(super) fn number_text(&self) -> Option<String> {
        match self {
            Value::Text(text) | Value::Integer(text) => Some(text.clone()),
            Value::Float(text) => Some(text.parse::<f64>().map_or_else(|_| text.clone(), |value| value.to_string())),
            _ => None,
        }
    }
}

/// `"text"`, escaped and cut so that an error stays one line.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Copies a parsed table, in the order of the text. `place` says where a span lies.
pub(super) fn table(parsed: &DeTable<'_>, place: &impl Fn(Range<usize>) -> Place) -> Table {
    let mut entries: Vec<(usize, (String, Item))> = parsed
        .iter()
        .map(|(key, value)| {
            let mut item = item(value, place);
            item.key_place = place(key.span());
            (key.span().start, (key.get_ref().to_string(), item))
        })
        .collect();
    entries.sort_by_key(|(start, _)| *start);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Copies a parsed value.
pub(super) fn item(parsed: &Spanned<DeValue<'_>>, place: &impl Fn(Range<usize>) -> Place) -> Item {
    let value = match parsed.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => Value::Integer(decimal(integer)),
        DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(moment) => Value::Time(moment.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|value| item(value, place)).collect()),
        DeValue::Table(entries) => Value::Table(table(entries, place)),
    };
    let place = place(parsed.span());
    Item { value, key_place: place.clone(), place }
}

fn decimal(integer: &DeInteger<'_>) -> String {
    match i128::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(value) => value.to_string(),
        Err(_) => integer.to_string(),
    }
}
