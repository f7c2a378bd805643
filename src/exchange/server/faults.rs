//! Rules of faults, as a file or a control call states them.
//!
//! Not here: when a rule fires (draws), what then happens (answer, hub).
//! Invariants: (1) a rule fires by count or by probability, never by both; (2) a request has only faults of
//! requests, a stream only those of streams.
use std::time::Duration;

use serde_json::{Map, Value};

use super::feed::Feed;
use super::routes;
use crate::exchange::Method;

/// Rules of one plan: far more than a test needs, few enough to ask at every message.
const RULES_MAX: usize = 100;
/// The longest delay: a client has given up long before.
const LATENCY_MS_MAX: u64 = 600_000;
/// Keys of a rule.
const FIELDS: [&str; 6] = ["route", "kind", "value", "status", "count", "probability"];
/// Kinds for requests.
const OF_REQUESTS: &str = "latency_ms, status, drop_before, drop_after";
/// Kinds for streams.
const OF_STREAMS: &str = "latency_ms, duplicate, reorder, disconnect, halt_stream";

/// Faults to come: rules in the order in which they are asked, and the seed of their draws.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultPlan {
    /// Of every draw.
    pub(super) seed: u64,
    /// In order.
    pub(super) rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Rule {
    /// What it does, and to what.
    pub(super) what: What,
    /// How often.
    pub(super) often: Often,
}

/// A fault and where it strikes.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum What {
    /// A request of this method whose path looks like this.
    Request(Method, Vec<Segment>, RequestFault),
    /// An event on this stream.
    Event(Stream, EventFault),
}

/// One part of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Segment {
    /// This text.
    Is(String),
    /// Any one part: `{id}`.
    Any,
}

/// A stream that faults can strike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    /// `/stream`
    Trading,
    /// `/v2/iex` and the other feeds.
    Data(Feed),
}

/// What may become of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RequestFault {
    /// It waits before it is looked at.
    Latency(Duration),
    /// It gets this status and is not looked at.
    Status(u16),
    /// The connection is cut, nothing is booked.
    DropBefore,
    /// It is booked, then the connection is cut.
    DropAfter,
}

/// What may become of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EventFault {
    /// It and what follows wait.
    Latency(Duration),
    /// It is sent twice.
    Duplicate,
    /// It is held until after the next.
    Reorder,
    /// The connection is cut instead.
    Disconnect,
    /// It is swallowed.
    HaltStream,
}

/// How often a rule fires.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Often {
    /// The first so many times it is asked.
    Count(u64),
    /// Each time with this probability, 0 to 1.
    Probability(f64),
}

impl FaultPlan {
    /// No faults.
    pub const fn none() -> FaultPlan {
        FaultPlan { seed: 0, rules: Vec::new() }
    }

    /// Reads `{"seed": 1, "rules": [..]}`, or the list of rules alone; the seed is 1 where none is given.
    ///
    /// Errors: text that names the rule (counted from 1) and the field, and says what is allowed.
    pub fn parse(text: &[u8]) -> Result<FaultPlan, String> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|error| format!("faults are no JSON: {error}; send {{\"seed\": 1, \"rules\": []}}"))?;
        let (seed, rules) = match &value {
            Value::Array(rules) => (1, rules),
            Value::Object(object) => {
                if let Some(key) = object.keys().find(|key| !["seed", "rules"].contains(&key.as_str())) {
                    return Err(format!("faults: unknown key `{key}`; allowed are seed, rules"));
                }
                let seed = match object.get("seed") {
                    None => 1,
                    Some(seed) => seed.as_u64().ok_or(format!("faults: `seed` is {seed}; give a whole number ≥ 0"))?,
                };
                let rules = object.get("rules").and_then(Value::as_array);
                (seed, rules.ok_or("faults: `rules` must be a list; `[]` clears all")?)
            }
            _ => return Err("faults must be an object with `seed` and `rules`".to_owned()),
        };
        if rules.len() > RULES_MAX {
            return Err(format!("faults: {} rules, allowed are {RULES_MAX}", rules.len()));
        }
        let rule = |(at, value): (usize, &Value)| rule(value).map_err(|error| format!("rule {}: {error}", at + 1));
        Ok(FaultPlan { seed, rules: rules.iter().enumerate().map(rule).collect::<Result<_, _>>()? })
    }
}

impl Default for FaultPlan {
    fn default() -> FaultPlan {
        FaultPlan::none()
    }
}

fn rule(value: &Value) -> Result<Rule, String> {
    let fields = value.as_object().ok_or("a rule is an object with `route`, `kind` and `count` or `probability`")?;
    if let Some(key) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("unknown field `{key}`; allowed are {}", FIELDS.join(", ")));
    }
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(other) => Err(format!("`{name}` is {other}; give a text")),
        None => Err(format!("`{name}` is missing")),
    };
    let (route, kind) = (text("route")?, text("kind")?);
    for (field, owner) in [("value", "latency_ms"), ("status", "status")] {
        if fields.contains_key(field) && kind != owner {
            return Err(format!("`{field}` belongs to kind `{owner}`, not to `{kind}`"));
        }
    }
    let what = match stream(route) {
        Some(stream) => What::Event(stream, event_fault(kind, fields)?),
        None => {
            let (method, path) = request(route)?;
            What::Request(method, path, request_fault(kind, fields)?)
        }
    };
    Ok(Rule { what, often: often(fields)? })
}

fn stream(route: &str) -> Option<Stream> {
    match route {
        "/stream" => Some(Stream::Trading),
        path => Feed::of_path(path).map(Stream::Data),
    }
}

fn request(route: &str) -> Result<(Method, Vec<Segment>), String> {
    let wrong = |why: &str| {
        format!("`route` is {route:?}: {why}; write METHOD PATH as in \"POST /v2/orders\", \"/stream\" or \"/v2/iex\"")
    };
    let (method, path) = route.split_once(' ').ok_or_else(|| wrong("no such stream"))?;
    let methods = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    let method = methods.into_iter().find(|own| own.name() == method).ok_or_else(|| wrong("no such method"))?;
    let path = path.strip_prefix('/').ok_or_else(|| wrong("the path does not begin with /"))?;
    if path.contains([' ', '?', '#']) {
        return Err(wrong("the path holds more than a path"));
    }
    if path.split('/').next() == Some("_control") {
        return Err(wrong("control calls have no faults"));
    }
    let segment = |part: &str| match part.starts_with('{') && part.ends_with('}') {
        true => Segment::Any,
        false => Segment::Is(part.to_owned()),
    };
    let segments: Vec<Segment> = path.split('/').map(segment).collect();
    let unknown =
        |own: String| wrong(&format!("no request with {} has this path; those that exist are {own}", method.name()));
    routes::check(method, &segments).map_err(unknown)?;
    Ok((method, segments))
}

fn request_fault(kind: &str, fields: &Map<String, Value>) -> Result<RequestFault, String> {
    Ok(match kind {
        "latency_ms" => RequestFault::Latency(latency(fields)?),
        "status" => RequestFault::Status(status(fields)?),
        "drop_before" => RequestFault::DropBefore,
        "drop_after" => RequestFault::DropAfter,
        other => return Err(format!("`kind` is {other:?}; a request may have {OF_REQUESTS}")),
    })
}

fn event_fault(kind: &str, fields: &Map<String, Value>) -> Result<EventFault, String> {
    Ok(match kind {
        "latency_ms" => EventFault::Latency(latency(fields)?),
        "duplicate" => EventFault::Duplicate,
        "reorder" => EventFault::Reorder,
        "disconnect" => EventFault::Disconnect,
        "halt_stream" => EventFault::HaltStream,
        other => return Err(format!("`kind` is {other:?}; a stream may have {OF_STREAMS}")),
    })
}

fn latency(fields: &Map<String, Value>) -> Result<Duration, String> {
    let value = fields.get("value").ok_or("`value` is missing; kind `latency_ms` needs milliseconds there")?;
    let ms = value.as_u64().filter(|ms| *ms <= LATENCY_MS_MAX);
    let ms = ms.ok_or(format!("`value` is {value}; give whole milliseconds from 0 to {LATENCY_MS_MAX}"))?;
    Ok(Duration::from_millis(ms))
}

fn status(fields: &Map<String, Value>) -> Result<u16, String> {
    let value = fields.get("status").ok_or("`status` is missing; kind `status` needs an HTTP status there")?;
    let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
    status
        .filter(|status| (400..600).contains(status))
        .ok_or(format!("`status` is {value}; give a whole number from 400 to 599"))
}

fn often(fields: &Map<String, Value>) -> Result<Often, String> {
    match (fields.get("count"), fields.get("probability")) {
        (Some(count), None) => {
            let given = count.as_u64().filter(|count| *count > 0);
            given.map(Often::Count).ok_or(format!("`count` is {count}; give a whole number ≥ 1"))
        }
        (None, Some(probability)) => {
            let given = probability.as_f64().filter(|share| (0.0..=1.0).contains(share));
            given.map(Often::Probability).ok_or(format!("`probability` is {probability}; give a number from 0 to 1"))
        }
        (Some(_), Some(_)) => Err("`count` and `probability` are both given; keep one".to_owned()),
        (None, None) => Err("neither `count` nor `probability` is given; add one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(rule: &str) -> String {
        FaultPlan::parse(format!("{{\"rules\": [{rule}]}}").as_bytes()).unwrap_err()
    }

    #[test]
    fn a_plan_is_read() {
        let text = br#"{"seed": 7, "rules": [
            {"route": "POST /v2/orders", "kind": "status", "status": 429, "count": 2},
            {"route": "DELETE /v2/orders/{id}", "kind": "drop_after", "probability": 0.5},
            {"route": "/stream", "kind": "reorder", "count": 1},
            {"route": "/v2/iex", "kind": "latency_ms", "value": 20, "probability": 1}]}"#;
        let plan = FaultPlan::parse(text).unwrap();
        assert_eq!(plan.seed, 7);
        let path = vec![Segment::Is("v2".to_owned()), Segment::Is("orders".to_owned())];
        assert_eq!(plan.rules[0].what, What::Request(Method::Post, path, RequestFault::Status(429)));
        assert_eq!(plan.rules[0].often, Often::Count(2));
        assert!(matches!(&plan.rules[1].what, What::Request(Method::Delete, path, _) if path[2] == Segment::Any));
        assert_eq!(plan.rules[2].what, What::Event(Stream::Trading, EventFault::Reorder));
        let late = EventFault::Latency(Duration::from_millis(20));
        assert_eq!(plan.rules[3].what, What::Event(Stream::Data(Feed::Iex), late));
        assert_eq!(FaultPlan::parse(b"[]").unwrap().rules, []);
        assert_eq!(FaultPlan::parse(b"{\"rules\": []}").unwrap().seed, 1);
    }

    #[test]
    fn a_bad_rule_is_named_with_its_field() {
        let cases = [
            (r#"{"kind": "status", "status": 429, "count": 1}"#, "rule 1: `route` is missing"),
            (r#"{"route": "/stream", "count": 1}"#, "rule 1: `kind` is missing"),
            (r#"{"route": "/stream", "kind": "status", "status": 500, "count": 1}"#, "rule 1: `kind` is \"status\""),
            (r#"{"route": "GET /v2/clock", "kind": "reorder", "count": 1}"#, "rule 1: `kind` is \"reorder\""),
            (r#"{"route": "GET /v2/clock", "kind": "status", "count": 1}"#, "rule 1: `status` is missing"),
            (r#"{"route": "GET /v2/clock", "kind": "status", "status": 200, "count": 1}"#, "rule 1: `status` is 200"),
            (
                r#"{"route": "GET /v2/clock", "kind": "status", "status": 1e3, "count": 1}"#,
                "rule 1: `status` is 1000.0",
            ),
            (r#"{"route": "/stream", "kind": "latency_ms", "count": 1}"#, "rule 1: `value` is missing"),
            (r#"{"route": "/stream", "kind": "latency_ms", "value": -1, "count": 1}"#, "rule 1: `value` is -1"),
            (r#"{"route": "/stream", "kind": "reorder", "value": 1, "count": 1}"#, "rule 1: `value` belongs to"),
            (r#"{"route": "/stream", "kind": "reorder"}"#, "rule 1: neither `count` nor"),
            (r#"{"route": "/stream", "kind": "reorder", "count": 1, "probability": 1}"#, "rule 1: `count` and"),
            (r#"{"route": "/stream", "kind": "reorder", "count": 0}"#, "rule 1: `count` is 0"),
            (r#"{"route": "/stream", "kind": "reorder", "probability": 1.5}"#, "rule 1: `probability` is 1.5"),
            (r#"{"route": "/stream", "kind": "reorder", "often": 1}"#, "rule 1: unknown field `often`"),
            (r#"{"route": "/orders", "kind": "status", "status": 500, "count": 1}"#, "rule 1: `route` is"),
            (r#"{"route": "FETCH /v2/clock", "kind": "status", "status": 500, "count": 1}"#, "rule 1: `route` is"),
            (r#"{"route": "POST /_control/step", "kind": "drop_after", "count": 1}"#, "rule 1: `route` is"),
            (
                r#"{"route": "GET /v2/x", "kind": "status", "status": 500, "count": 1}"#,
                "rule 1: `route` is \"GET /v2/x\": no",
            ),
            ("7", "rule 1: a rule is an object"),
        ];
        for (rule, start) in cases {
            assert!(error(rule).starts_with(start), "{rule}: {}", error(rule));
        }
        let second = r#"{"route": "/stream", "kind": "reorder", "count": 1}, {"route": 5}"#;
        assert!(error(second).starts_with("rule 2: `route` is 5"), "{}", error(second));
        assert!(FaultPlan::parse(b"{").unwrap_err().starts_with("faults are no JSON: "));
        assert!(FaultPlan::parse(b"{\"seed\": -1, \"rules\": []}").unwrap_err().contains("`seed` is -1"));
        assert!(FaultPlan::parse(b"{}").unwrap_err().contains("`rules`"));
    }
}
