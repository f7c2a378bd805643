//! One numbering for both sides: an order that only one session sent shifts the numbers of all that come after it.
//!
//! Not here: pairing rows (align). Orders that were decided on the same bar for the same share, side, type and purpose
//! are the same order, whatever their number; what is left goes by number. Where numbers agree, nothing is renamed.
use std::collections::{BTreeMap, VecDeque};

use super::{Context, Side};

/// What a decision is known by.
type Decision<'a> = [&'a str; 5];

fn decision(side: &Side, row: usize) -> Decision<'_> {
    ["time", "symbol", "side", "type", "purpose"].map(|column| side.orders.get(row, column))
}

/// The other side's ids that are to be read as others, and as which. `name`: what the other session is.
pub(super) fn renames(replay: &Side, other: &Side, name: &str) -> BTreeMap<String, String> {
    let id = |side: &Side, row: usize| side.orders.get(row, "id").to_owned();
    // The same number for the same decision: the rule.
    let twin = |row: usize| {
        let found = other.order(replay.orders.get(row, "id"))?;
        (decision(replay, row) == decision(other, found)).then_some(found)
    };
    let twins: Vec<Option<usize>> = (0..replay.orders.len()).map(twin).collect();
    let mut free = vec![true; other.orders.len()];
    twins.iter().flatten().for_each(|row| free[*row] = false);
    let mut waiting: BTreeMap<Decision<'_>, VecDeque<usize>> = BTreeMap::new();
    for row in (0..free.len()).filter(|row| free[*row]) {
        waiting.entry(decision(other, row)).or_default().push_back(row);
    }
    let mut renames = BTreeMap::new();
    for row in (0..twins.len()).filter(|row| twins[*row].is_none()) {
        if let Some(found) = waiting.get_mut(&decision(replay, row)).and_then(VecDeque::pop_front) {
            renames.insert(id(other, found), id(replay, row));
            free[found] = false;
        }
    }
    // Who is left alone and whose number is somebody else's by now says whose it is.
    let given: Vec<String> = renames.values().cloned().collect();
    for row in (0..free.len()).filter(|row| free[*row]) {
        let id = id(other, row);
        if given.contains(&id) {
            renames.insert(id.clone(), format!("{id} ({name})"));
        }
    }
    renames
}

/// The context with its findings about orders under their new names.
pub(super) fn context(context: &Context, renames: &BTreeMap<String, String>) -> Context {
    let mut context = context.clone();
    for finding in &mut context.findings {
        if let Some(new) = finding.order.as_ref().and_then(|id| renames.get(id)) {
            finding.order = Some(new.clone());
        }
    }
    context
}
