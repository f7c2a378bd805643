//! The tree of a file as a flat map from known paths to values; unknown keys are found on the way.
//!
//! Not here: what the values mean (`parse_reader`), overrides (`overrides`).
use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::parse_nearest::{nearest_key, nearest_table};
use super::parse_source::{Place, Source};
use super::parse_value::{Item, Table, Value, quoted};
use super::spec_keys::{KEYS, Presence, STUDIES, TABLES, known_key};

/// Errors kept in full; beyond that a file is no scenario and the rest is only counted.
const PROBLEMS_MAX: usize = 200;

/// The line every error about a key of `[risk]` ends in.
const RISK_RULE: &str = "every limit in [risk] is required; there is no off switch";

/// Errors found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<((u8, usize), Diagnostic)>,
    omitted: usize,
}

impl Problems {
    pub(super) fn push(&mut self, place: &Place, diagnostic: Diagnostic) {
        if self.is_full() {
            self.omitted += 1;
        } else {
            self.found.push((place.order(), diagnostic));
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_MAX
    }

    /// The errors in the order of the file; `None` when there are none.
    pub(super) fn finish(mut self) -> Option<Diagnostics> {
        self.found.sort_by_key(|(order, _)| *order);
        let mut all = Diagnostics::new(self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect());
        all.omitted += self.omitted;
        (!all.shown.is_empty()).then_some(all)
    }
}

/// The values of a scenario by path.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// Known keys.
    pub(super) items: BTreeMap<String, Item>,
    /// `strategy.params`, in file order.
    pub(super) params: Table,
    /// Swept keys, in file order.
    pub(super) axes: Table,
    /// Tables that stand in the file, with the place of their name.
    pub(super) tables: BTreeMap<String, Place>,
    /// Keys and tables that an unknown name was probably meant to be: not reported missing too.
    meant: BTreeSet<String>,
}

impl Flat {
    /// Adds what stands in `table`, whose own path is `path` ("" at the top).
    pub(super) fn add(&mut self, path: &str, table: Table, source: &Source, problems: &mut Problems) {
        for (name, item) in table {
            let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let is_plain = !name.contains('.'); // a quoted name with dots is no path
            if path == "strategy.params" {
                self.params.push((name, item));
            } else if path == "sweep" && known_key(&full).is_none() {
                self.add_axis(name, item);
            } else if is_plain && TABLES.contains(&full.as_str()) {
                self.add_table(&full, item, source, problems);
            } else if is_plain && known_key(&full).is_some() {
                self.items.insert(full, item);
            } else {
                self.report_unknown(&full, &item, source, problems);
            }
        }
    }

    fn add_table(&mut self, full: &str, item: Item, source: &Source, problems: &mut Problems) {
        let takes_bare_kind = matches!(full, "execution.slippage" | "execution.commission");
        match item.value {
            Value::Table(inner) => {
                self.tables.insert(full.to_owned(), item.key_place);
                self.add(full, inner, source, problems);
            }
            Value::Text(_) if takes_bare_kind => {
                self.items.insert(format!("{full}.kind"), item);
            }
            _ => {
                let what = format!("{full} must be a table, found {}", item.value.describe());
                let diagnostic = source.diagnostic(&item.place, what).about(full);
                self.meant.insert(full.to_owned());
                problems.push(&item.place, diagnostic);
            }
        }
    }

    /// `"stop.multiple" = [...]`, or the same unquoted, which TOML reads as nested tables.
    pub(super) fn add_axis(&mut self, name: String, item: Item) {
        match item.value {
            Value::Table(inner) if !inner.iter().any(|(key, _)| matches!(key.as_str(), "from" | "to" | "step")) => {
                for (key, item) in inner {
                    self.add_axis(format!("{name}.{key}"), item);
                }
            }
            _ => self.axes.push((name, item)),
        }
    }

    /// Reports a key or a table that does not exist.
    pub(super) fn report_unknown(&mut self, full: &str, item: &Item, source: &Source, problems: &mut Problems) {
        let place = item.key_place.clone();
        if problems.is_full() {
            problems.push(&place, source.diagnostic(&place, ""));
            return;
        }
        let shown = quoted(full).trim_matches('"').to_owned();
        let diagnostic = if matches!(item.value, Value::Table(_)) {
            let nearest = nearest_table(full);
            self.meant.insert(nearest.to_owned());
            source
                .diagnostic(&place, format!("unknown table [{shown}]"))
                .about(format!("[{shown}]"))
                .nearest("known table", format!("[{nearest}]"))
        } else {
            let params: Vec<String> = self.params.iter().map(|(name, _)| format!("strategy.params.{name}")).collect();
            let nearest = nearest_key(full, &params);
            self.meant.insert(nearest.clone());
            source.diagnostic(&place, format!("unknown key {shown}")).about(shown.clone()).nearest("known key", nearest)
        };
        let diagnostic = match full.split('.').next() {
            Some("risk") => diagnostic.note(RISK_RULE),
            Some("strategy") => diagnostic.note("parameters of the strategy stand in params = { fast_period = 10 }"),
            _ => diagnostic,
        };
        problems.push(&place, diagnostic);
    }

    /// Does anything stand in the file under this table?
    fn is_present(&self, table: &str) -> bool {
        let inside = |path: &str| path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
        let has_items = self.tables.contains_key(table) || self.items.keys().any(|path| inside(path));
        has_items || (table == "sweep" && !self.axes.is_empty()) || (table == "strategy" && !self.params.is_empty())
    }

    /// Is the optional table `study` used?
    pub(super) fn has_study(&self, study: &str) -> bool {
        self.is_present(study)
    }

    /// The place of a key, a parameter or a table; of a value `of` says which side.
    pub(super) fn place_of(&self, path: &str, of: impl Fn(&Item) -> &Place) -> Option<&Place> {
        let param = |name: &str| self.params.iter().find(|(known, _)| known == name).map(|(_, item)| item);
        let item = path.strip_prefix("strategy.params.").and_then(param).or_else(|| self.items.get(path));
        item.map(of).or_else(|| self.tables.get(path))
    }

    /// Reports required keys that are absent; a whole absent table is one error.
    pub(super) fn report_missing(&self, source: &Source, problems: &mut Problems) {
        let mut absent_table = "";
        for info in KEYS {
            let Presence::Required(example) = info.presence else { continue };
            let table = info.table();
            if self.items.contains_key(info.path) || self.meant.contains(info.path) || self.meant.contains(table) {
                continue;
            }
            if self.is_present(table) {
                let place = self.tables.get(table).cloned().unwrap_or(Place::Default);
                let rule = if table == "risk" { RISK_RULE.to_owned() } else { format!("add {example} to [{table}]") };
                let what = format!("missing key {}", info.path);
                problems.push(&place, source.diagnostic(&place, what).about(info.path).note(rule));
            } else if absent_table != table && !STUDIES.contains(&table) {
                absent_table = table;
                let diagnostic = source.diagnostic(&Place::Default, format!("missing table [{table}]"));
                let diagnostic = diagnostic.about(format!("[{table}]")).note(format!("it needs {}", needs(table)));
                let diagnostic = if table == "risk" { diagnostic.note(RISK_RULE) } else { diagnostic };
                problems.push(&Place::Default, diagnostic);
            }
        }
    }

    /// Puts the default of every absent key in its place.
    pub(super) fn fill_defaults(&mut self) {
        for info in KEYS {
            let Presence::Default(text) = info.presence else { continue };
            let table = info.table();
            if self.items.contains_key(info.path) || (STUDIES.contains(&table) && !self.has_study(table)) {
                continue;
            }
            let parsed = toml::de::DeValue::parse(text).expect("the key table holds TOML");
            let item = super::parse_value::item(&parsed, &|_| Place::Default);
            self.items.insert(info.path.to_owned(), item);
        }
    }
}

/// The required keys of a table, for the error that says it is absent.
fn needs(table: &str) -> String {
    let required = KEYS.iter().filter(|info| info.table() == table && matches!(info.presence, Presence::Required(_)));
    let names: Vec<&str> = required.map(|info| &info.path[table.len() + 1..]).collect();
    names.join(", ")
}
