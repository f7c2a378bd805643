//! Responses: a status, a body, and the headers that the venue always sends.
//!
//! Not here: what is answered (answer, control).
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::Timestamp;
use crate::exchange::Answer;

/// Calls a minute that the venue allows; none are counted here.
const RATE_LIMIT: i64 = 200;
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What the edge of the venue says to a request without any keys.
const NO_KEYS: &str = "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 \
                       Authorization Required</h1></center>\r\n</body>\r\n</html>\r\n";

/// An answer as a response; `wall` is the wall's time. Of a 429 nothing remains until the next second, of all else
/// the whole quota.
pub(super) fn of_answer(answer: Answer, wall: Timestamp) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=UTF-8");
    match answer.body {
        Some(body) => response(answer.status, Some(kind), Body::from(body), wall),
        None => response(answer.status, None, Body::empty(), wall),
    }
}

/// 401 of a request without keys: a page, as the venue's edge sends it.
pub(super) fn no_keys(wall: Timestamp) -> Response {
    response(401, Some(HeaderValue::from_static("text/html")), Body::from(NO_KEYS), wall)
}

/// 401 of wrong keys, which has no code.
pub(super) fn unauthorized() -> Answer {
    Answer { status: 401, body: Some(json!({"message": "unauthorized."}).to_string()) }
}

/// An error with the commonest code of its status: 42910000 of 429.
pub(super) fn error(status: u16, message: &str) -> Answer {
    let code = u32::from(status) * 100_000 + 10_000;
    Answer { status, body: Some(json!({"code": code, "message": message}).to_string()) }
}

/// The error of a status that a fault asks for.
pub(super) fn fault(status: u16) -> Answer {
    let words = match status {
        429 => "rate limit exceeded",
        500 => "internal server error",
        504 => "request timed out",
        _ => StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("fault"),
    };
    error(status, &words.to_lowercase())
}

/// 200.
pub(super) fn ok(body: &Value) -> Answer {
    Answer { status: 200, body: Some(body.to_string()) }
}

fn response(status: u16, kind: Option<HeaderValue>, body: Body, wall: Timestamp) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let seconds = wall.ns() / Timestamp::NS_PER_SECOND;
    let (remaining, reset) = if status == 429 { (0, seconds + 1) } else { (RATE_LIMIT, seconds) };
    let headers = response.headers_mut();
    headers.extend([(LIMIT, RATE_LIMIT), (REMAINING, remaining), (RESET, reset)].map(|(name, n)| (name, n.into())));
    headers.extend(kind.map(|kind| (header::CONTENT_TYPE, kind)));
    response
}
