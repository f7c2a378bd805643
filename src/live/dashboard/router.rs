//! Which path is what, and what it needs.
//!
//! Not here: what happens there. Everything that is not named as open here needs a session or the scripts' token, a
//! path that does not exist included.
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::guard::{BODY_BYTES_MAX, Who, guard, signed_in};
use super::house::House;
use super::reply::Refused;
use super::{act, api, page, probe, stream};

/// The whole of the dashboard as a service.
pub(super) fn router(house: Arc<House>) -> Router {
    let open = Router::new()
        .route("/", get(page::dashboard))
        .route("/login", get(page::login).post(page::sign_in))
        .route("/assets/{name}", get(page::asset))
        .route("/health", get(probe::health))
        .route("/metrics", get(probe::metrics));
    let inside = Router::new()
        .route("/logout", post(page::sign_out))
        .nest("/api/v1", readings().merge(actions()))
        .route_layer(from_fn(signed_in));
    open.merge(inside)
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&house), guard))
        .with_state(house)
}

fn readings() -> Router<Arc<House>> {
    Router::new()
        .route("/session", get(api::session))
        .route("/snapshot", get(api::snapshot))
        .route("/state", get(api::state))
        .route("/figures", get(api::figures))
        .route("/positions", get(api::positions))
        .route("/orders", get(api::orders))
        .route("/refusals", get(api::refusals))
        .route("/limits", get(api::limits))
        .route("/strategies", get(api::strategies))
        .route("/events", get(api::events))
        .route("/health", get(api::health))
        .route("/chart/{symbol}", get(api::chart))
        .route("/stream", get(stream::follow))
}

fn actions() -> Router<Arc<House>> {
    Router::new()
        .route("/halt", post(act::halt))
        .route("/resume", post(act::resume))
        .route("/flatten", post(act::flatten))
        .route("/close", post(act::close))
        .route("/cancel", post(act::cancel))
        .route("/reconnect", post(act::reconnect))
}

async fn nothing(who: Option<Extension<Who>>) -> Refused {
    match who {
        Some(_) => Refused::new(
            StatusCode::NOT_FOUND,
            "there is nothing here; the pages are / and /login, data is under /api/v1",
        ),
        None => {
            Refused::new(StatusCode::UNAUTHORIZED, "sign in at /login, or send the scripts' token as a bearer token")
        }
    }
}

async fn wrong_method() -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this path takes another method: GET to read, POST to act")
}
