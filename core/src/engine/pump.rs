//! The single place that fixes the order of things between engine and backend.
use super::core::{Effect, Engine};
use crate::domain::{IllegalTransition, Timestamp};
use crate::execution::ExecutionBackend;
use crate::strategy::Strategy;

/// Rounds of effects and answers before a run is declared broken: an entry, its legs, their
/// cancellation and an answer to it make four; sixteen leaves room.
const ROUNDS_MAX: usize = 16;

/// Sends what the engine wants and hands it the answers, until both are quiet; `now` is the open time of
/// the bars at hand.
///
/// Errors: an answer that cannot follow from the order's status.
pub fn pump<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut impl ExecutionBackend,
    now: Timestamp,
) -> Result<(), IllegalTransition> {
    engine.now = now;
    for _ in 0..ROUNDS_MAX {
        if !engine.wants_nothing() {
            for effect in engine.effects() {
                match effect {
                    Effect::Submit(order) => backend.submit(order),
                    Effect::Cancel(order) => backend.cancel(order),
                    Effect::Replace(change) => backend.replace(change),
                }
            }
        }
        // Read where they are: an answer is not worth a copy.
        let mut answers = std::mem::take(&mut engine.answers);
        backend.poll(&mut answers);
        answers.iter().try_for_each(|event| engine.on_execution(event))?;
        answers.clear();
        engine.answers = answers;
        engine.close_all_flattened();
        if engine.wants_nothing() {
            return Ok(());
        }
    }
    unreachable!("engine and venue answer each other for more than {ROUNDS_MAX} rounds")
}
