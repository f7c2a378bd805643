//! What can be traded: the symbols of the scenario and its benchmark.
//!
//! Not here: whether an order for one is taken. Ids depend on the scenario only.
use super::Tape;
use super::ids;

/// Where every asset is listed: the data do not say.
pub(super) const EXCHANGE: &str = "NASDAQ";
/// What every asset is.
pub(super) const CLASS: &str = "us_equity";

/// The assets of a scenario, in the order of the tape.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    ids: Vec<String>,
}

impl Assets {
    /// Those of the tape.
    pub(super) fn new(scenario: &str, tape: &Tape) -> Assets {
        Assets { ids: tape.names().iter().map(|name| ids::uuid(&[scenario, "asset", name.as_str()])).collect() }
    }

    /// The id of an asset by its place on the tape.
    pub(super) fn id(&self, asset: usize) -> &str {
        &self.ids[asset]
    }

    /// The place of what a request calls `AAPL`, `AAPL:NASDAQ`, `AAPL:NASDAQ:us_equity`, or by its id.
    pub(super) fn find(&self, tape: &Tape, text: &str) -> Option<usize> {
        let mut parts = text.split(':');
        let symbol = parts.next().unwrap_or_default();
        let (exchange, class) = (parts.next().unwrap_or(EXCHANGE), parts.next().unwrap_or(CLASS));
        if exchange != EXCHANGE || class != CLASS || parts.next().is_some() {
            return None;
        }
        tape.index_of(symbol).or_else(|| self.ids.iter().position(|id| id.eq_ignore_ascii_case(text)))
    }
}
