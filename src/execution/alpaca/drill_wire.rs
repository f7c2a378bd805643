//! Orders that nobody approved, as fast as the wire carries them: to the built-in exchange, for a drill of the kill switch.
//!
//! Not here: what the drill is. It takes a loopback address and no other, so what skips the gate here can reach nothing
//! but a simulation on this machine. The carrier and its shutter are those of every session.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::call::{Call, Outcome, Urgency, Verb};
use super::carrier::{AlpacaWire, DataLine, WireError, WireEvent};
use super::decode::Encoding;
use super::keys::ApiKeys;
use super::mode::{Feed, LoopbackAddr, Rehearsal};
use super::shutter::Shutter;
use crate::domain::Symbol;

/// Orders handed over and not answered; the wire has room for more.
const WAITING_MAX: usize = 24;
const HELD_BACK_PAUSE: Duration = Duration::from_micros(200);

/// A wire to the built-in exchange, and how much has gone over it.
#[derive(Debug)]
pub struct DrillWire {
    wire: AlpacaWire<Rehearsal>,
    symbols: Vec<Symbol>,
    count: DrillCount,
    sent: u64,
    waiting: usize,
    /// Tells the names of its orders from those of other wires.
    name: String,
}

/// What became of its orders; clones are the same count.
#[derive(Clone, Debug, Default)]
pub struct DrillCount(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    held_back: AtomicU64,
    failed: AtomicU64,
}

impl DrillWire {
    /// Starts the wire on the runtime that this is called from. Errors: as [`AlpacaWire::open`].
    pub fn open(
        address: LoopbackAddr,
        keys: &ApiKeys,
        symbols: Vec<Symbol>,
        name: &str,
    ) -> Result<DrillWire, WireError> {
        let line = DataLine { feed: Feed::Iex, encoding: Encoding::Json };
        let wire = AlpacaWire::open(Rehearsal(address), keys, line)?;
        Ok(DrillWire { wire, symbols, count: DrillCount::default(), sent: 0, waiting: 0, name: name.to_owned() })
    }

    /// Of this wire.
    pub fn shutter(&self) -> Shutter {
        self.wire.shutter()
    }

    /// How much has gone over it.
    pub fn count(&self) -> DrillCount {
        self.count.clone()
    }

    /// Hands over as many orders as the wire takes, and waits for the next answer. Each buys one share far below the
    /// market, so that it rests.
    pub async fn step(&mut self) {
        while self.waiting < WAITING_MAX {
            self.sent += 1;
            let symbol = &self.symbols[self.sent as usize % self.symbols.len()];
            let body = json!({ "symbol": symbol.as_str(), "side": "buy", "qty": "1", "type": "limit",
                "limit_price": "1", "time_in_force": "day", "client_order_id": format!("{}-{}", self.name, self.sent) });
            let (path, body) = ("/v2/orders".to_owned(), Some(body.to_string()));
            let call = Call { id: self.sent, verb: Verb::Post, path, body, urgency: Urgency::Opening };
            if self.wire.send(call).is_err() {
                break;
            }
            self.waiting += 1;
        }
        if let WireEvent::Outcome { outcome, .. } = self.wire.next().await {
            self.waiting -= 1;
            self.count.enter(&outcome);
            if outcome == Outcome::HeldBack {
                // As a desk, it does not ask again at once.
                tokio::time::sleep(HELD_BACK_PAUSE).await;
            }
        }
    }
}

impl DrillCount {
    fn enter(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Answered { status: 200, .. } => &self.0.taken,
            Outcome::HeldBack => &self.0.held_back,
            Outcome::Answered { .. } | Outcome::NotSent(_) | Outcome::Unknown(_) => &self.0.failed,
        };
        counter.fetch_add(1, Ordering::AcqRel);
    }

    /// The exchange took them.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Acquire)
    }

    /// The shutter held them back.
    pub fn held_back(&self) -> u64 {
        self.0.held_back.load(Ordering::Acquire)
    }

    /// Refused, or without an answer.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Acquire)
    }
}
