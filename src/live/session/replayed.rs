//! All sessions of a journal made again, one after another: the audit that a whole journal also makes sense.
//!
//! Not here: whether rows were changed (journal::verify). A chain that somebody made anew over changed rows holds; what the
//! engine wants on changed inputs is not what its desk was asked, and that is found here.
//! One session of each scenario is in memory at a time.
use std::collections::BTreeMap;

use super::past::{Began, Past, PastReader, SessionRow};
use super::proof::prove_session;
use super::trader::SessionError;
use crate::execution::alpaca::Entry;
use crate::live::journal::{JournalError, JournalReader, RowKind};
use crate::scenario::{Style, parse};
use crate::strategy::{Catalog, Script};

/// The version of this program, which decides what a session wants.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A session of a journal that was made again, or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// The scenario.
    pub strategy: String,
    /// How many sessions of it there had been, with this one.
    pub number: u32,
    /// The first and the last row of it in the journal.
    pub rows: (u64, u64),
    /// Versions of the program that wrote it, each once, in order.
    pub versions: Vec<String>,
    /// Inputs that the engine was given.
    pub inputs: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of making a session again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The same to the byte.
    Same {
        /// Orders that its desk was asked for.
        orders: usize,
        /// Fills.
        fills: u64,
        /// The hash over them that a backtest prints.
        fingerprint: String,
    },
    /// Something else came out.
    Differs {
        /// What differs first.
        what: String,
    },
    /// It cannot be told: another version decides by its own rules, and a script's orders are in no journal.
    Unknown {
        /// Why.
        why: String,
    },
}

/// Makes every session again and gives each to `found`, in the order in which they end.
///
/// Errors: the journal cannot be read; a row of a session in no form that this program knows.
pub fn replay_sessions<C: Catalog>(
    catalog: &C,
    journal: &JournalReader,
    mut found: impl FnMut(Replayed),
) -> Result<(), JournalError> {
    let mut open: BTreeMap<String, Recorded> = BTreeMap::new();
    journal.read_raw(1, |row| {
        let number = row.number;
        let Some(strategy) = row.strategy.filter(|_| is_of_session(row.kind)) else { return Ok(()) };
        let strange = |what: String| JournalError::Row { row: number, what };
        let body = (row.kind == RowKind::Session).then(|| serde_json::from_str(row.body)).transpose();
        match body.map_err(|error| strange(format!("its body is none of a session: {error}")))? {
            Some(SessionRow::Began(began)) => {
                let new = Recorded::begin(number, began);
                if let Some(ended) = open.insert(strategy.to_owned(), new) {
                    found(ended.replay(catalog, strategy));
                }
            }
            Some(SessionRow::WentOn { version, .. }) => {
                if let Some(own) = open.get_mut(strategy).filter(|own| !own.versions.contains(&version)) {
                    own.versions.push(version);
                }
            }
            _ => {}
        }
        let own =
            open.get_mut(strategy).ok_or_else(|| strange(format!("no session of `{strategy}` began before it")))?;
        own.last = number;
        own.reader.take(row).map_err(|error| strange(error.to_string()))
    })?;
    open.into_iter().for_each(|(strategy, own)| found(own.replay(catalog, &strategy)));
    Ok(())
}

fn is_of_session(kind: RowKind) -> bool {
    matches!(kind, RowKind::Session | RowKind::Input | RowKind::Desk)
}

/// A session while its rows are read.
struct Recorded {
    reader: PastReader,
    first: u64,
    last: u64,
    number: u32,
    versions: Vec<String>,
}

impl Recorded {
    fn begin(row: u64, began: Began) -> Recorded {
        let Began { number, version, .. } = began;
        Recorded { reader: PastReader::default(), first: row, last: row, number, versions: vec![version] }
    }

    fn replay<C: Catalog>(mut self, catalog: &C, strategy: &str) -> Replayed {
        let past = self.reader.session(strategy);
        let inputs = past.as_ref().map_or(0, |past| past.inputs.len());
        let outcome = match past {
            Some(past) => outcome(catalog, strategy, &past, &self.versions),
            None => Outcome::Unknown { why: "nothing of it is in the journal".to_owned() },
        };
        let Recorded { first, last, number, versions, .. } = self;
        Replayed { strategy: strategy.to_owned(), number, rows: (first, last), versions, inputs, outcome }
    }
}

fn outcome<C: Catalog>(catalog: &C, strategy: &str, past: &Past, versions: &[String]) -> Outcome {
    let loaded = match parse(std::path::Path::new(strategy), &past.began.scenario, &[]) {
        Ok(loaded) => loaded,
        Err(error) => return failed(error.render(&Style::PLAIN), versions),
    };
    if loaded.spec.strategy.name == Script::STRATEGY {
        return Outcome::Unknown { why: "it sends the orders of a file, which no journal holds".to_owned() };
    }
    match prove_session(catalog, strategy, past) {
        Ok(machine) => {
            let (fills, fingerprint) = machine.fills();
            let orders = past.log.iter().filter(|entry| matches!(entry, Entry::Asked { .. })).count();
            Outcome::Same { orders, fills, fingerprint }
        }
        Err(SessionError::Journal(what)) => failed(what, versions),
        Err(other) => failed(other.to_string(), versions),
    }
}

/// Of a session that another version wrote, a difference proves nothing against it.
fn failed(what: String, versions: &[String]) -> Outcome {
    match versions.iter().find(|version| *version != VERSION) {
        None => Outcome::Differs { what },
        Some(version) => {
            let why =
                format!("version {version} wrote it and this is {VERSION}, which makes another session of it: {what}");
            Outcome::Unknown { why }
        }
    }
}
