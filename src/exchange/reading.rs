//! What the exchange shows that has nothing to do with orders.
//!
//! Not here: orders, positions, the account.
use super::assets::Assets;
use super::configurations::Configurations;
use super::{Answer, Request, Tape};

/// What is known beside the tape.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// What can be traded.
    pub(super) assets: Assets,
    /// What the holder of the account has set.
    pub(super) configurations: Configurations,
}

impl Reading {
    /// As an exchange begins that replays `tape` for the scenario of this name.
    pub(super) fn new(scenario: &str, tape: &Tape) -> Reading {
        Reading { assets: Assets::new(scenario, tape), configurations: Configurations::default() }
    }
}

/// The answer to a request that only reads; `None` where it is none of those.
pub(super) fn answer(_tape: &Tape, _reading: &mut Reading, _request: &Request<'_>) -> Option<Answer> {
    None
}
