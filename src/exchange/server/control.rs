//! `/_control`: moving time, looking in, faults, and back to the start.
//!
//! Not here: what the exchange does when time moves. These calls are ours, the venue has nothing like them.
//! Invariant: a call that is refused changes nothing.
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::faults::FaultPlan;
use super::floor::Floor;
use super::outbox::Patience;
use super::pace::Pace;
use super::reply;
use super::tell::Teller;
use crate::domain::Timestamp;
use crate::exchange::{Answer, Method, Tape};

/// Where control calls are.
pub(super) const PREFIX: &str = "/_control";
/// More bars than any data have: a step of more is one of so many.
const BARS_MAX: usize = 100_000_000;

/// Answers a control call of a client whose keys are right.
pub(super) async fn answer(floor: &Floor, method: Method, path: &str, body: &[u8]) -> Answer {
    match (path.strip_prefix(PREFIX).unwrap_or_default(), method) {
        ("/step", Method::Post) => step(floor, body).await,
        ("/state", Method::Get) => reply::ok(&floor.turn().await.state()),
        ("/faults", Method::Post) => faults(floor, body).await,
        ("/reset", Method::Post) => reset(floor).await,
        ("/step" | "/state" | "/faults" | "/reset", _) => reply::error(405, "method not allowed."),
        _ => reply::error(404, "endpoint not found."),
    }
}

async fn step(floor: &Floor, body: &[u8]) -> Answer {
    if floor.pace != Pace::Step {
        let what = format!("the clock runs at speed {}; only `--speed step` takes steps", floor.pace);
        return reply::error(409, &what);
    }
    let mut turn = floor.turn().await;
    match target(turn.tape(), body) {
        Err(answer) => return answer,
        Ok(None) => {}
        Ok(Some(until)) => turn.advance(floor, until, Patience::ThroughPauses).await,
    }
    reply::ok(&standing(turn.tape()))
}

/// Where a step ends; `None` where no bar is left.
fn target(tape: &Tape, body: &[u8]) -> Result<Option<Timestamp>, Answer> {
    let bad = |why: &str| {
        reply::error(400, &format!("{why}; send {{\"bars\": 1}} or {{\"until\": \"2013-10-07T14:00:00Z\"}}"))
    };
    let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| bad("the body is no JSON object"))?;
    let (Some((key, value)), 1) = (body.iter().next(), body.len()) else {
        return Err(bad("a step has `bars` or `until`, and nothing else"));
    };
    match (key.as_str(), value) {
        ("bars", Value::Number(count)) => {
            let count = count.as_u64().filter(|count| *count > 0);
            let count = count.ok_or_else(|| bad(&format!("`bars` is {value}, which is no whole number ≥ 1")))?;
            Ok(tape.after_bars(usize::try_from(count).map_or(BARS_MAX, |count| count.min(BARS_MAX))))
        }
        ("until", Value::String(text)) => {
            // A date alone would leave open whose midnight is meant.
            let until = Some(text).filter(|text| text.contains('T')).and_then(|text| Timestamp::from_str(text).ok());
            let until = until.ok_or_else(|| bad(&format!("`until` is {value}, which is no RFC 3339 time")))?;
            if until < tape.now() {
                return Err(reply::error(422, &format!("`until` is {until}, and the clock stands at {}", tape.now())));
            }
            Ok(Some(until))
        }
        ("bars" | "until", _) => Err(bad(&format!("`{key}` is {value}"))),
        _ => Err(bad(&format!("unknown key `{key}`"))),
    }
}

async fn faults(floor: &Floor, body: &[u8]) -> Answer {
    match FaultPlan::parse(body) {
        Err(error) => reply::error(422, &error),
        Ok(plan) => {
            let told = json!({"seed": plan.seed, "rules": plan.rules.len()});
            floor.turn().await.teller.set_faults(plan);
            reply::ok(&told)
        }
    }
}

async fn reset(floor: &Floor) -> Answer {
    let mut turn = floor.turn().await;
    turn.whole(|exchange| {
        exchange.reset();
        // What the old run has published and nobody has heard is of no use in the new one.
        exchange.take_published();
    });
    turn.teller = Teller::new(FaultPlan::none());
    turn.resets += 1;
    reply::ok(&standing(turn.tape()))
}

fn standing(tape: &Tape) -> Value {
    json!({"time": tape.now().to_string(), "is_open": tape.is_open(), "done": tape.is_done()})
}
