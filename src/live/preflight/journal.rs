//! What the journals say: is that of the mode whole, and has each scenario been on paper for long enough?
//!
//! Not here: journals (live::journal), results on paper (asked of the person, who sees `history`).
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Item, Preflight, PreflightMode};
use crate::domain::Timestamp;
use crate::live::journal::{JournalError, JournalReader, RawRow};
use crate::scenario::LoadedScenario;

/// The checklist's two weeks on paper.
const PAPER_DAYS: i64 = 14;

/// The items of the journals.
pub(super) fn examine(flight: &Preflight<'_>) -> Vec<Item> {
    let mut items = vec![Item::of("journal", whole(&path(flight.state, flight.mode.name())))];
    if flight.mode == PreflightMode::Live && !flight.scenarios.is_empty() {
        items.push(Item::of("paper_days", on_paper(&path(flight.state, "paper"), flight.scenarios)));
    }
    items
}

fn path(state: &Path, mode: &str) -> PathBuf {
    state.join(mode).join("journal.db")
}

fn whole(path: &Path) -> Result<String, String> {
    let reader = match JournalReader::open(path) {
        Ok(reader) => reader,
        Err(JournalError::Absent { .. }) => {
            return Ok(format!("there is no {} yet; the first session makes it", path.display()));
        }
        Err(error) => return Err(error.to_string()),
    };
    let audit = reader.audit(None).map_err(|error| error.to_string())?;
    match audit.findings.first() {
        None => Ok(format!("{} is whole: {} rows", path.display(), audit.rows)),
        Some(first) => {
            let all = audit.findings.len() as u64 + audit.more;
            Err(format!(
                "{}: {first} ({all} findings); run `alphaflow audit verify` and see SECURITY.md",
                path.display()
            ))
        }
    }
}

/// Every scenario must have rows in the journal of paper that are two weeks apart.
fn on_paper(path: &Path, scenarios: &[LoadedScenario]) -> Result<String, String> {
    let mut spans: BTreeMap<String, (Timestamp, Timestamp)> = BTreeMap::new();
    match JournalReader::open(path) {
        Err(JournalError::Absent { .. }) => {}
        Err(error) => return Err(error.to_string()),
        Ok(reader) => {
            let span = |row: RawRow<'_>| {
                if let Some(strategy) = row.strategy {
                    let (first, last) = spans.entry(strategy.to_owned()).or_insert((row.time, row.time));
                    (*first, *last) = ((*first).min(row.time), (*last).max(row.time));
                }
                Ok(())
            };
            reader.read_raw(1, span).map_err(|error| error.to_string())?;
        }
    }
    let days = |loaded: &LoadedScenario| {
        let span = spans.get(&loaded.spec.scenario.name);
        span.map_or(0, |(first, last)| last.ns().saturating_sub(first.ns()) / Timestamp::NS_PER_DAY)
    };
    let said = |loaded: &LoadedScenario| format!("{} {} days", loaded.spec.scenario.name, days(loaded));
    let all = scenarios.iter().map(said).collect::<Vec<_>>().join(", ");
    match scenarios.iter().all(|loaded| days(loaded) >= PAPER_DAYS) {
        true => Ok(format!("on paper: {all}")),
        false => Err(format!("on paper: {all}; trade each scenario for {PAPER_DAYS} days with --mode paper first")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, World};
    use super::*;
    use crate::live::journal::{Durability, Journal, Row, RowKind};

    fn row(strategy: &str, days: i64) -> Row {
        Row {
            time: NOW.plus_ns(days * Timestamp::NS_PER_DAY),
            wall: NOW,
            strategy: Some(strategy.to_owned()),
            kind: RowKind::Event,
            body: serde_json::json!({"text": "a row"}),
        }
    }

    #[test]
    fn each_scenario_needs_its_own_two_weeks() {
        let mut world = World::new();
        let path = path(&world.state(), "paper");
        assert!(on_paper(&path, &world.scenarios).expect_err("no journal").contains("one 0 days"));
        let mut journal = Journal::open(&path).expect("journal");
        journal.append(&[row("one", 0), row("one", 13)], Durability::Flushed).expect("rows");
        assert!(on_paper(&path, &world.scenarios).expect_err("too short").contains("one 13 days"));
        journal.append(&[row("one", 14)], Durability::Flushed).expect("rows");
        assert_eq!(on_paper(&path, &world.scenarios).as_deref(), Ok("on paper: one 14 days"));
        world.add("two");
        assert!(on_paper(&path, &world.scenarios).expect_err("the other was not there").contains("two 0 days"));
    }

    #[test]
    fn a_journal_that_was_changed_fails() {
        let world = World::new();
        let path = path(&world.state(), "rehearsal");
        assert!(whole(&path).expect("none is fine").contains("the first session makes it"));
        let mut journal = Journal::open(&path).expect("journal");
        journal.append(&[row("one", 0), row("one", 1)], Durability::Flushed).expect("rows");
        drop(journal);
        assert!(whole(&path).expect("whole").contains("2 rows"));
        std::fs::write(&path, "no database").expect("write");
        assert!(whole(&path).is_err());
    }
}
