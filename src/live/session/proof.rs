//! A journal makes its sessions again: the proof that what is written is all that happened.
//!
//! Not here: whether rows were changed, lost or reordered since (journal), what a session traded (history).
use std::path::Path;
use std::sync::Arc;

use super::machine::{Machine, MachineOf};
use super::past::Past;
use super::terms::Terms;
use super::trader::SessionError;
use crate::execution::alpaca::Patience;
use crate::risk::Limits;
use crate::scenario::{Style, live_engine, parse};
use crate::strategy::{Catalog, Script};

/// Builds the engine of a scenario's session; prices age by the pace of its market.
///
/// Errors: in words, placed in the scenario.
pub fn machine_of<C: Catalog>(
    catalog: &C,
    loaded: &crate::scenario::LoadedScenario,
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
    let terms = Terms::of(&loaded, past.began.number).map_err(|error| SessionError::Journal(error.to_string()))?;
    let terms = Arc::new(Terms { pace: past.began.pace, ..terms });
    let machine = machine_of(catalog, &loaded, None, &terms).map_err(SessionError::Journal)?;
    let config = terms.desk(CALLS_A_MINUTE, past.began.started_at, Patience::default(), Vec::new());
    past.prove(machine, &config)
}

/// Nothing is called.
const CALLS_A_MINUTE: u32 = 200;
