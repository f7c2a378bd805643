//! The walk-forward of `alphaflow sweep`.
//!
//! Not here: which windows and picks (sweep), the rest of the command (`sweep`).
use super::Failure;
use super::screen::Counter;
use crate::strategy::Catalog;
use crate::sweep::{Results, Runner, SweepFolder, WalkForward, WalkPlan};

/// Walks, where the scenario says so, with the objective and the best run of `results`; training is kept in `folder`.
pub(super) fn walked<C: Catalog + Sync>(
    runner: &Runner<'_, C>,
    walk: Option<&WalkPlan>,
    results: &Results,
    folder: Option<&SweepFolder>,
) -> Result<Option<WalkForward>, Failure> {
    let Some(walk) = walk else { return Ok(None) };
    let counter = Counter::begin("walking forward", 0, walk.trainings() as u64);
    let best = results.winner().map(|row| row.position as usize);
    let done = |runs: usize| counter.add(runs as u64);
    Ok(Some(WalkForward::of((runner, walk), results.objective, best, folder, &done)?))
}

/// The paragraph, and a line a window: dates of the test, the pick, its objective in training and test, its return.
pub(super) fn in_text(walked: &WalkForward) -> String {
    let mut text = format!("{}\n\n", walked.in_words());
    for window in &walked.windows {
        let (from, to) = &window.test;
        let line = match &window.pick {
            Ok(pick) => {
                let values: Vec<String> =
                    walked.axes.iter().zip(&pick.values).map(|(key, value)| format!("{key}={value}")).collect();
                let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
                let made = match &pick.test_return {
                    Ok(made) => format!("{:.1}%", made * 100.0),
                    Err(reason) => reason.clone(),
                };
                let (train, test) = (number(pick.train_value), number(pick.test_value));
                format!("{train} then {test}  {made}  {}", values.join(" "))
            }
            Err(reason) => reason.clone(),
        };
        text.push_str(&format!("{from} to {to}  {line}\n"));
    }
    text + "\n"
}
