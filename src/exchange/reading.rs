//! What the exchange shows that has nothing to do with orders.
//!
//! Not here: orders, positions, the account.
use super::assets::Assets;
use super::configurations::Configurations;
use super::{Answer, Request, Tape};
use crate::domain::Timestamp;
use crate::engine::MarketAction;

/// What is known beside the tape.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// What can be traded.
    pub(super) assets: Assets,
    /// What the holder of the account has set.
    pub(super) configurations: Configurations,
}

impl Reading {
    /// For the scenario of this name and the assets of its tape. `actions` is what positions live through; their
    /// symbols are places on the tape.
    pub(super) fn new(scenario: &str, tape: &Tape, _actions: &[(Timestamp, MarketAction)]) -> Reading {
        Reading { assets: Assets::new(scenario, tape), configurations: Configurations::default() }
    }
}

/// The answer to a request that only reads; `None` where it is none of those.
pub(super) fn answer(_tape: &Tape, _reading: &mut Reading, _request: &Request<'_>) -> Option<Answer> {
    None
}
