//! What a request brings, as what it should be: a body that is JSON of one shape, a name in its path.
//!
//! Not here: what is done with it (act, page). Invariants: (1) only `application/json` is read, which a form of another
//! page cannot send; (2) a field that is not known, or that comes twice, refuses the whole.
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::reply::Refused;

/// What a body that is refused for its size is told.
pub(super) const TOO_LARGE: &str = "the body is larger than 16 KiB, or did not come whole";

/// What a request has brought. `T` denies unknown fields.
pub(super) struct Given<T>(pub(super) T);

/// Nothing but the will: `{}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Given<T>, Refused> {
        if !is_json(request.headers()) {
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json"));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE))?;
        let read = serde_json::from_slice(&bytes).map(Given);
        read.map_err(|error| Refused::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}")))
    }
}

/// The last part of a path.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named, Refused> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        name.map(|Path(name)| Named(name))
            .map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "the path holds bytes that are no UTF-8"))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let name = kind.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("application/json") && kinds.next().is_none()
}
