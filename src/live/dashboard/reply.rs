//! Answers of the dashboard: JSON, and refusals as JSON with one sentence.
//!
//! Not here: the headers that every answer carries (guard).
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// A refusal: what is wrong and what to do, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The status of HTTP.
    pub(super) status: StatusCode,
    /// The sentence.
    pub(super) text: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Refused {
        Refused { status, text: text.into() }
    }
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        json(self.status, &serde_json::json!({ "error": self.text }))
    }
}

/// `value` as JSON.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    // The values of this program all have a JSON form; one that has none is a mistake of ours, told as such.
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type(status, "application/json", bytes.into()),
        Err(_) => with_type(
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/json",
            Body::from(r#"{"error":"the answer has no JSON form; report this with the log"}"#),
        ),
    }
}

/// `body` as what it is.
pub(super) fn with_type(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
