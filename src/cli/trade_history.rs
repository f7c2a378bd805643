//! Where a mode's market data of the past come from.
//!
//! Not here: asking for them (live::driver).
use super::Failure;
use crate::execution::alpaca::history::HistoryClient;
use crate::execution::alpaca::{ApiKeys, Live, Paper, PaperStandIn, Rehearsal};
use crate::live::driver::wall;

/// Modes whose market data of the past can be read.
pub(super) trait HasHistory {
    /// Errors: keys of another mode; no certificates.
    fn history(&self, keys: &ApiKeys) -> Result<HistoryClient, Failure>;
}

impl HasHistory for Rehearsal {
    fn history(&self, keys: &ApiKeys) -> Result<HistoryClient, Failure> {
        HistoryClient::rehearsal(Rehearsal(self.0), keys, wall)
            .map_err(|error| Failure::Input(format!("error {error}")))
    }
}

impl HasHistory for Paper {
    fn history(&self, keys: &ApiKeys) -> Result<HistoryClient, Failure> {
        HistoryClient::alpaca(keys, wall).map_err(|error| Failure::Machine(format!("error {error}")))
    }
}

impl HasHistory for PaperStandIn {
    fn history(&self, keys: &ApiKeys) -> Result<HistoryClient, Failure> {
        HistoryClient::stand_in(*self, keys, wall).map_err(|error| Failure::Input(format!("error {error}")))
    }
}

impl HasHistory for Live {
    fn history(&self, keys: &ApiKeys) -> Result<HistoryClient, Failure> {
        Paper.history(keys)
    }
}
