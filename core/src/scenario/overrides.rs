//! `--set key=value`: changes to a scenario from the command line, before anything is checked.
//!
//! Not here: checking the values; they take the way of the file's own (`parse_reader`).
use toml::de::DeValue;

use super::parse_flat::{Flat, Problems};
use super::parse_source::{Place, Source};
use super::parse_value::{Item, Value, item};
use super::spec_keys::{KeyKind, STUDIES, TABLES, known_key};

/// Applies every override of `source` to `flat`, in order; a later one wins.
///
/// The key is a dotted path. The value is read as TOML; what is no TOML is text, so quotes may be
/// left out; a list of symbols may be `AAPL,MSFT`. An empty table (`sweep={}`) takes a study out. A table (`execution.slippage={ kind = "bps", value = "2" }`) replaces the whole table.
pub(super) fn apply(flat: &mut Flat, source: &Source, problems: &mut Problems) {
    for (number, typed) in source.overrides.iter().enumerate() {
        let place = Place::Override(number);
        match typed.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                set(flat, key.trim(), read(key.trim(), value.trim(), place), source, problems);
            }
            _ => {
                let diagnostic = source.diagnostic(&place, "no key and value");
                problems.push(&place, diagnostic.note("write --set key=value, like --set stop.multiple=3"));
            }
        }
    }
}

fn read(key: &str, text: &str, place: Place) -> Item {
    let as_text = Item { value: Value::Text(text.to_owned()), key_place: place.clone(), place: place.clone() };
    let Ok(parsed) = DeValue::parse(text) else {
        let is_tickers = matches!(known_key(key).map(|info| info.kind), Some(KeyKind::Tickers));
        return if is_tickers { tickers(text, &place) } else { as_text };
    };
    let parsed = item(&parsed, &|_| place.clone());
    // A name like 123 or a day like 2013-10-07 is text where text is wanted.
    let is_bare = !matches!(parsed.value, Value::Text(_) | Value::List(_) | Value::Table(_));
    if is_bare && known_key(key).is_some_and(|info| info.is_text()) { as_text } else { parsed }
}

/// `AAPL,MSFT` for `["AAPL", "MSFT"]`, whose quotes a shell eats.
fn tickers(text: &str, place: &Place) -> Item {
    let ticker = |text: &str| Item {
        value: Value::Text(text.trim().to_owned()),
        key_place: place.clone(),
        place: place.clone(),
    };
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let value = Value::List(text.split(',').map(ticker).collect());
    Item { value, key_place: place.clone(), place: place.clone() }
}

fn set(flat: &mut Flat, key: &str, item: Item, source: &Source, problems: &mut Problems) {
    if known_key(key).is_some() {
        flat.items.insert(key.to_owned(), item);
    } else if TABLES.contains(&key) {
        clear(flat, key);
        if STUDIES.contains(&key) && matches!(&item.value, Value::Table(items) if items.is_empty()) {
            flat.tables.remove(key);
            return;
        }
        let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
        flat.add(parent, vec![(name.to_owned(), item)], source, problems);
    } else if let Some(name) = key.strip_prefix("strategy.params.") {
        replace(&mut flat.params, name, item);
    } else if let Some(name) = key.strip_prefix("sweep.") {
        replace(&mut flat.axes, name, item);
    } else {
        flat.report_unknown(key, &item, source, problems);
    }
}

/// Puts a value in the place of the old one, or at the end.
fn replace(table: &mut Vec<(String, Item)>, name: &str, item: Item) {
    match table.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = item,
        None => table.push((name.to_owned(), item)),
    }
}

/// Forgets everything under a table.
fn clear(flat: &mut Flat, table: &str) {
    let prefix = format!("{table}.");
    flat.items.retain(|path, _| !path.starts_with(&prefix));
    if matches!(table, "strategy" | "strategy.params") {
        flat.params.clear();
    }
    if table == "sweep" {
        flat.axes.clear();
    }
}
