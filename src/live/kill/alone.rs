//! An emergency without a session: for a command that finds none, and the words for what any of them did.
//!
//! Not here: the latch, which the command has closed before.
use std::cell::RefCell;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::record::HaltProgress;
use super::wall;
use crate::execution::alpaca::{
    ApiKeys, Begin, Emergency, EmergencyLine, EmergencyOrder, EmergencyState, EmergencyVenue, WireError,
};
use crate::live::ItemOutcome;

/// What an emergency came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmergencyOutcome {
    /// How far it is.
    pub progress: HaltProgress,
    /// Item by item, and at the end how far it is on the whole.
    pub items: Vec<ItemOutcome>,
}

impl From<EmergencyState> for HaltProgress {
    fn from(state: EmergencyState) -> HaltProgress {
        match state {
            EmergencyState::Working => HaltProgress::Working,
            EmergencyState::WaitsForOpen => HaltProgress::WaitsForOpen,
            EmergencyState::Done => HaltProgress::Done,
        }
    }
}

/// Works until nothing is left, or all that is left waits for the open, or `limit` is over.
///
/// Errors: keys of another mode; no certificates; no runtime.
pub fn run_emergency(
    venue: &EmergencyVenue,
    keys: &ApiKeys,
    order: EmergencyOrder,
    limit: Duration,
) -> Result<EmergencyOutcome, WireError> {
    let line = EmergencyLine::new(venue, keys)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| WireError::Client(error.into()))?;
    let seed = u64::try_from(wall().ns()).unwrap_or_default();
    let emergency = Emergency::new(order, Begin::Now, venue.patience(), seed);
    let shown = RefCell::new(EmergencyOutcome { progress: HaltProgress::Working, items: Vec::new() });
    let (rests, began) = (Notify::new(), Instant::now());
    let now = || crate::execution::alpaca::Instant {
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        wall_ms: wall().ns() / 1_000_000,
    };
    let tell = |emergency: &Emergency| {
        let items = describe(emergency).into_iter().map(|(done, text)| {
            let (item, _) = text.split_once(": ").unwrap_or(("venue", ""));
            ItemOutcome { item: item.to_owned(), done, text }
        });
        *shown.borrow_mut() = EmergencyOutcome { progress: emergency.state().into(), items: items.collect() };
        if emergency.state() == EmergencyState::WaitsForOpen {
            rests.notify_one();
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = line.run(emergency, now, tell) => {}
            () = rests.notified() => {}
            () = tokio::time::sleep(limit) => {}
        }
    });
    Ok(shown.into_inner())
}

/// An item a line, and then how far it is on the whole; is it done?
pub(super) fn describe(emergency: &Emergency) -> Vec<(bool, String)> {
    let mut lines: Vec<(bool, String)> =
        emergency.items().iter().map(|item| (item.is_done(), item.to_string())).collect();
    let (state, is_flatten) = (emergency.state(), emergency.order() == EmergencyOrder::Flatten);
    let whole = match (state, emergency.problem()) {
        (EmergencyState::Done, _) if is_flatten => "the venue shows no order and no position".to_owned(),
        (EmergencyState::Done, _) => "the venue shows no order that could open or add".to_owned(),
        (_, Some(problem)) => format!("{problem}; it is tried again until it works"),
        (EmergencyState::WaitsForOpen, None) => "exits wait at the venue for the next open".to_owned(),
        (EmergencyState::Working, None) => format!("the venue is asked to {}", emergency.order()),
    };
    lines.push((state == EmergencyState::Done, whole));
    lines
}
