//! Answers of the REST face that are not orders: fills, positions, the clock, refusals.
//!
//! Not here: orders (order), what an answer does (the desk).
use serde::Deserialize;

use super::read::Text;

/// A row of `activities/FILL`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(in super::super) struct WireFill {
    /// `time::execution`.
    #[serde(default)]
    pub(in super::super) id: Text,
    #[serde(default)]
    pub(in super::super) order_id: Text,
    #[serde(default)]
    pub(in super::super) price: Text,
    #[serde(default)]
    pub(in super::super) qty: Text,
    #[serde(default)]
    pub(in super::super) transaction_time: Text,
    /// Shares of the order filled with it.
    #[serde(default)]
    pub(in super::super) cum_qty: Text,
}

impl WireFill {
    /// The execution, as the stream names it.
    pub(in super::super) fn execution_id(&self) -> &str {
        self.id.as_str().rsplit("::").next().unwrap_or("")
    }
}

/// A position.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(in super::super) struct WirePosition {
    #[serde(default)]
    pub(in super::super) symbol: Text,
    /// Signed.
    #[serde(default)]
    pub(in super::super) qty: Text,
}

/// The venue's clock.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(in super::super) struct WireClock {
    #[serde(default)]
    pub(in super::super) timestamp: Text,
    #[serde(default)]
    pub(in super::super) is_open: bool,
    #[serde(default)]
    pub(in super::super) next_open: Text,
}

/// Why a request was refused.
#[derive(Clone, PartialEq, Debug, Deserialize, Default)]
pub(in super::super) struct WireProblem {
    #[serde(default)]
    pub(in super::super) code: Option<u32>,
    #[serde(default)]
    pub(in super::super) message: Text,
    #[serde(default)]
    pub(in super::super) buying_power: Text,
    #[serde(default)]
    pub(in super::super) cost_basis: Text,
    #[serde(default)]
    pub(in super::super) available: Text,
    #[serde(default)]
    pub(in super::super) existing_qty: Text,
    #[serde(default)]
    pub(in super::super) held_for_orders: Text,
    #[serde(default)]
    pub(in super::super) existing_order_id: Text,
    #[serde(default)]
    pub(in super::super) reject_reason: Text,
}

impl WireProblem {
    /// Reads a body; what cannot be read has no code and its first 200 characters for a message.
    pub(in super::super) fn read(body: &[u8]) -> WireProblem {
        serde_json::from_slice(body).unwrap_or_else(|_| {
            let text: String = String::from_utf8_lossy(body).chars().take(200).collect();
            WireProblem { message: Text((!text.is_empty()).then_some(text)), ..WireProblem::default() }
        })
    }
}
