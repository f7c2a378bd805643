//! A journal makes its sessions again: the proof that what is written is all that happened.
//!
//! Not here: whether rows were changed, lost or reordered since (journal), what a session traded (history).
use std::path::Path;
use std::sync::Arc;

use super::input::Input;
use super::machine::{Machine, MachineOf};
use super::noticed::{Noticed, late_fill, of_input};
use super::past::Past;
use super::record::{Recorder, SessionRecord};
use super::terms::Terms;
use super::trader::SessionError;
use crate::domain::Timestamp;
use crate::execution::alpaca::{DeskConfig, Patience};
use crate::report::parity::Finding;
use crate::risk::Limits;
use crate::scenario::{LoadedScenario, Style, live_engine, parse};
use crate::strategy::{Catalog, Script};

/// Builds the engine of a scenario's session; prices age by the pace of its market.
///
/// Errors: in words, placed in the scenario.
pub fn machine_of<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    script: Option<&'static Script>,
    terms: &Arc<Terms>,
) -> Result<Box<dyn Machine>, String> {
    let pace = i64::from(terms.pace);
    let tighten = |limits: &mut Limits| {
        limits.stale_after_ns = limits.stale_after_ns.map(|ns| ns.saturating_mul(pace));
    };
    live_engine(catalog, loaded, script, tighten, MachineOf(Arc::clone(terms)))
        .map_err(|error| error.render(&Style::PLAIN))
}

/// Gives everything that the session of scenario `name` was given to a new engine: what it wants must be what the desk was
/// asked, byte for byte. Gives that engine.
///
/// Errors: what differs first; a session of `order_script`, whose orders are in a file of their own.
pub fn prove_session<C: Catalog>(catalog: &C, name: &str, past: &Past) -> Result<Box<dyn Machine>, SessionError> {
    let loaded = parse(Path::new(name), &past.began.scenario, &[]);
    let loaded = loaded.map_err(|error| SessionError::Journal(error.render(&Style::PLAIN)))?;
    if loaded.spec.strategy.name == Script::STRATEGY {
        return Err(SessionError::Journal(format!("{name} sends the orders of a file, which no journal holds")));
    }
    let terms = Arc::new(past.terms(&loaded)?);
    let machine = machine_of(catalog, &loaded, None, &terms).map_err(SessionError::Journal)?;
    past.prove(machine, &desk(&terms, past))
}

/// Proves the session of a scenario that is loaded, with its `script` where it has one, and takes its record on the way.
/// What was `noticed` in its rows and what its inputs say is given with it, in order of time, none before its first bar.
///
/// Errors: what differs first.
pub fn record_session<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    script: Option<&'static Script>,
    past: &Past,
    noticed: Vec<Noticed>,
) -> Result<(SessionRecord, Vec<Finding>), SessionError> {
    let terms = Arc::new(past.terms(loaded)?);
    let machine = machine_of(catalog, loaded, script, &terms).map_err(SessionError::Journal)?;
    let mut recorder = Recorder::new(terms.symbols.len());
    let mut findings: Vec<Finding> = noticed.into_iter().map(|noticed| noticed.finding(&terms)).collect();
    let mut of_ending = Vec::new();
    let machine = past.prove_before(machine, &desk(&terms, past), |input, answers, machine| {
        if recorder.before(input, answers, machine) {
            findings.append(&mut of_ending);
        }
        let noticed = of_input(input, machine, &terms);
        match input {
            // Of a session that ends with it, nothing is told that happened after.
            Input::TakeEntriesBack => of_ending = noticed,
            _ => findings.extend(noticed),
        }
    })?;
    findings.extend(recorder.late().iter().map(|fill| late_fill(fill, &terms)));
    let record = recorder.finish(machine.as_ref());
    let from = record.from.unwrap_or(Timestamp::MIN);
    findings.iter_mut().for_each(|finding| finding.time = finding.time.max(from));
    findings.sort_by_key(|finding| finding.time);
    Ok((record, findings))
}

fn desk(terms: &Terms, past: &Past) -> DeskConfig {
    terms.desk(CALLS_A_MINUTE, past.began.started_at, Patience::default(), Vec::new())
}

/// Nothing is called.
const CALLS_A_MINUTE: u32 = 200;
