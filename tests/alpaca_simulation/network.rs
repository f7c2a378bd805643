//! The network between desk and exchange: what a fault does to a call, and the stream of trade updates.
//!
//! Not here: how often faults come (faults), the queue (world).
use alphaflow::exchange::{Exchange, answered};
use alphaflow::execution::alpaca::{Call, Outcome, RateHeaders};

use crate::faults::Fate;
use crate::market::Chance;

/// A call gives up after this long without an answer.
pub const TIMEOUT_MS: u64 = 5_000;

/// The stream of trade updates as the exchange has it.
#[derive(Default, Debug)]
pub struct Connection {
    /// Counts connections: what is under way for an earlier one is lost.
    pub number: u64,
    pub is_open: bool,
    pub listens: bool,
    /// It says nothing any more, and does not break.
    pub is_stalled: bool,
    /// Messages arrive in order unless they are late.
    pub last_arrival_ms: u64,
}

impl Connection {
    /// Another connection, or none; what is under way is lost.
    pub fn next(&mut self) -> u64 {
        *self = Connection { number: self.number + 1, ..Connection::default() };
        self.number
    }
}

/// What the exchange makes of a call, and what of that comes back; `None` when the caller waits in vain.
pub fn carry(exchange: &mut Exchange, call: &Call, fate: Fate, chance: &mut Chance) -> Option<Outcome> {
    match fate {
        Fate::Answered => Some(answered(exchange, call)),
        Fate::LostAfter => {
            answered(exchange, call);
            None
        }
        Fate::LostBefore | Fate::Refused => None,
        Fate::Limited => Some(limited(chance)),
        Fate::FailedBefore => Some(failed(chance)),
        Fate::FailedAfter => {
            answered(exchange, call);
            Some(failed(chance))
        }
    }
}

fn limited(chance: &mut Chance) -> Outcome {
    let retry_after_seconds = (chance.below(2) == 0).then(|| chance.below(5) as u32);
    let body = br#"{"code":42910000,"message":"rate limit exceeded"}"#.to_vec();
    Outcome::Answered { status: 429, body, rate: RateHeaders { retry_after_seconds, ..RateHeaders::default() } }
}

fn failed(chance: &mut Chance) -> Outcome {
    let (status, body) = chance.of(&[
        (500, r#"{"code":50010000,"message":"internal server error"}"#),
        (502, "<html>bad gateway</html>"),
        (504, r#"{"code":50410000,"message":"request timed out"}"#),
    ]);
    Outcome::Answered { status, body: body.as_bytes().to_vec(), rate: RateHeaders::default() }
}
