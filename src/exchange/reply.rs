//! Answers as Alpaca shapes them: JSON, and errors of a code and a message.
//!
//! Not here: which rule was broken.
use serde_json::{Value, json};

use super::Answer;

/// A request cannot be understood.
pub(super) const SYNTAX: u32 = 40_010_001;
/// What a request names does not exist.
pub(super) const NOT_FOUND: u32 = 40_410_000;
/// A request is understood and cannot be done.
pub(super) const UNPROCESSABLE: u32 = 42_210_000;

/// 200 with this body.
pub(super) fn ok(body: &Value) -> Answer {
    Answer { status: 200, body: Some(body.to_string()) }
}

/// 204.
pub(super) fn done() -> Answer {
    Answer { status: 204, body: None }
}

/// An error.
pub(super) fn refuse(status: u16, code: u32, message: impl Into<String>) -> Answer {
    Answer { status, body: Some(json!({ "code": code, "message": message.into() }).to_string()) }
}

/// 400: a parameter that cannot be read.
pub(super) fn bad_request(message: impl Into<String>) -> Answer {
    refuse(400, SYNTAX, message)
}
