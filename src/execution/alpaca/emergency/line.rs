//! An emergency's own way to the venue: a client and keys that nothing else uses.
//!
//! Not here: what to call (the procedure).
//! Invariants: (1) it reads, cancels and closes; a call that sends or changes an order does not pass; (2) the host
//! follows from the mode, and keys of another mode are refused.
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Client;

use super::{Emergency, EmergencyPatience, EmergencyState};
#[cfg(feature = "live")]
use crate::execution::alpaca::authorization::exit_host;
use crate::execution::alpaca::bucket::Instant;
use crate::execution::alpaca::call::{Call, Outcome, Verb};
use crate::execution::alpaca::carrier::WireError;
use crate::execution::alpaca::http::{ClientError, builder, carry, words};
use crate::execution::alpaca::keys::{ApiKeys, KeyError, KeyKind};
use crate::execution::alpaca::mode::{LoopbackAddr, Paper, PaperStandIn, Rehearsal, TradingMode};

/// A cancel may be repeated, so it need not be waited for as long as an order.
const CALL_TIME: Duration = Duration::from_secs(5);
/// Connections that are kept between calls: each may have died unseen, and then costs one [`CALL_TIME`].
const IDLE_MAX: usize = 2;
/// Alpaca's lists lag behind its orders by 1 to 5 seconds, and it counts calls; the built-in exchange does neither.
const ALPACA: EmergencyPatience = EmergencyPatience { settle_ms: 5_000, calls_a_minute: 200 };
const REHEARSAL: EmergencyPatience = EmergencyPatience { settle_ms: 100, calls_a_minute: 60_000 };

/// Where an emergency calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmergencyVenue {
    mode: &'static str,
    base: String,
}

impl EmergencyVenue {
    /// The built-in exchange on this machine.
    pub fn rehearsal(address: LoopbackAddr) -> EmergencyVenue {
        EmergencyVenue::of(&Rehearsal(address))
    }

    /// Alpaca paper.
    pub fn paper() -> EmergencyVenue {
        EmergencyVenue::of(&Paper)
    }

    /// What stands in for paper on this machine.
    pub fn stand_in(address: LoopbackAddr) -> EmergencyVenue {
        EmergencyVenue::of(&PaperStandIn(address))
    }

    /// The venue of a session.
    pub fn of<M: TradingMode>(mode: &M) -> EmergencyVenue {
        EmergencyVenue { mode: M::NAME, base: mode.addresses().trading }
    }

    /// Alpaca live, without an authorization: nothing that goes there from here can open a position, and who must stop
    /// has no time to prove that he may begin. `None`: this program was built without live trading.
    pub fn live() -> Option<EmergencyVenue> {
        #[cfg(feature = "live")]
        return Some(EmergencyVenue { mode: "live", base: exit_host().to_owned() });
        #[cfg(not(feature = "live"))]
        return None;
    }

    /// `rehearsal`, `paper` or `live`.
    pub fn mode(&self) -> &'static str {
        self.mode
    }

    /// How long its lists lag, and how often it may be called.
    pub fn patience(&self) -> EmergencyPatience {
        if self.mode == Rehearsal::NAME { REHEARSAL } else { ALPACA }
    }

    fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError> {
        if self.mode == Paper::NAME && self.base != EmergencyVenue::paper().base {
            return if keys.are_of_stand_in() { Ok(()) } else { Err(KeyError::NotOfStandIn) };
        }
        let wanted = match self.mode {
            "paper" => KeyKind::Paper,
            "live" => KeyKind::Live,
            _ => KeyKind::Other,
        };
        let kind = keys.kind();
        if kind == wanted { Ok(()) } else { Err(KeyError::WrongKind { mode: self.mode, kind }) }
    }
}

/// A client of its own for one account.
#[derive(Debug)]
pub struct EmergencyLine {
    client: Client,
    base: String,
}

impl EmergencyLine {
    /// Nothing is connected yet. Errors: keys of another mode; no certificates to verify the venue with.
    pub fn new(venue: &EmergencyVenue, keys: &ApiKeys) -> Result<EmergencyLine, WireError> {
        venue.admits(keys)?;
        let client = builder(&venue.base, keys, CALL_TIME)?.pool_max_idle_per_host(IDLE_MAX).build();
        let client = client.map_err(|error| ClientError { reason: words(&error) })?;
        Ok(EmergencyLine { client, base: venue.base.clone() })
    }

    async fn carry(&self, call: Call) -> (u64, Outcome) {
        assert!(matches!(call.verb, Verb::Get | Verb::Delete), "an emergency never sends an order");
        (call.id, carry(&self.client, &self.base, &call).await)
    }

    /// Runs it to its end, however long the venue does not answer. `clock`: the moment at hand. `tell`: hears of every
    /// step. Dropping this ends it at any point; another one goes on from what the venue then shows.
    pub async fn run(&self, mut emergency: Emergency, clock: impl Fn() -> Instant, mut tell: impl FnMut(&Emergency)) {
        let mut on_their_way = FuturesUnordered::new();
        loop {
            while let Some(call) = emergency.next_call(clock()) {
                on_their_way.push(self.carry(call));
            }
            tell(&emergency);
            if emergency.state() == EmergencyState::Done {
                return;
            }
            let now = clock();
            let wake_ms = emergency.wake_at(now).map_or(u64::MAX, |wake_ms| wake_ms.saturating_sub(now.ms));
            tokio::select! {
                Some((id, outcome)) = on_their_way.next(), if !on_their_way.is_empty() => {
                    emergency.on_outcome(id, outcome, clock());
                }
                () = tokio::time::sleep(Duration::from_millis(wake_ms)), if wake_ms < u64::MAX => {}
            }
        }
    }
}
