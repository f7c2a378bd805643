//! One request: keys, faults, the exchange, and the events before the answer.
//!
//! Not here: what the exchange answers, control calls (control), what is said on websockets (trading, data).
//! Invariants: (1) faults strike only requests whose keys are right; (2) an answer leaves after what the request
//! caused has been written to every websocket, but for events that a fault delays.
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{Method as HttpMethod, header};
use axum::response::Response;
use futures_util::StreamExt;
use hyper::body::Incoming;
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;

use super::data::DataSession;
use super::faults::RequestFault;
use super::feed::Feed;
use super::floor::Floor;
use super::keys::Shown;
use super::outbox::Patience;
use super::socket::{Encoding, MESSAGE_BYTES_MAX, hold};
use super::trading::TradingSession;
use super::{control, reply};
use crate::exchange::{Answer, Method, Request};

/// The largest body: far more than an order or a watchlist.
const BODY_BYTES_MAX: usize = 1 << 20;
/// A larger one is read up to here and thrown away.
const DISCARDED_BYTES_MAX: usize = 8 << 20;
/// How long a body may take to arrive.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// The connection ends without an answer.
#[derive(Clone, Copy, Debug, Error)]
#[error("the connection is cut")]
pub(super) struct Cut;

/// Answers a request, or has its connection cut.
pub(super) async fn answer(
    floor: Arc<Floor>,
    request: hyper::Request<Incoming>,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response, Cut> {
    let (parts, body) = request.into_parts();
    let is_upgrade = parts.method == HttpMethod::GET && parts.headers.contains_key(header::UPGRADE);
    let stream = StreamPath::of(parts.uri.path());
    if let (true, Some(stream)) = (is_upgrade, stream) {
        return websocket(floor, stream, parts, permit).await;
    }
    let is_control = parts.uri.path().starts_with(control::PREFIX);
    let wall = floor.wall;
    // Also where it is of no use: an unread body would end the connection under the client's next request.
    let body = body_of(body).await;
    match floor.keys.shown(&parts.headers) {
        Shown::Right => {}
        Shown::Nothing if !is_control => return Ok(reply::no_keys(wall())),
        Shown::Nothing | Shown::Wrong => return Ok(reply::of_answer(reply::unauthorized(), wall())),
    }
    let answer = match (method(&parts.method), body) {
        (_, Err(answer)) => answer,
        (None, _) => reply::error(405, "method not allowed."),
        // A client that goes away in the middle must not leave time half moved, so this runs to its end.
        (Some(method), Ok(body)) if is_control => {
            let call = async move { control::answer(&floor, method, parts.uri.path(), &body).await };
            tokio::spawn(call).await.unwrap_or_else(|_| reply::fault(500))
        }
        (Some(method), Ok(body)) => of_exchange(&floor, method, &parts, &body).await?,
    };
    Ok(reply::of_answer(answer, wall()))
}

async fn of_exchange(floor: &Floor, method: Method, parts: &Parts, body: &Bytes) -> Result<Answer, Cut> {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    floor.client_came();
    let mut turn = floor.turn().await;
    let fate = turn.teller.fate(method, path);
    if !fate.wait.is_zero() {
        drop(turn);
        tokio::time::sleep(fate.wait).await;
        turn = floor.turn().await;
    }
    match fate.strike {
        Some(RequestFault::DropBefore) => return Err(Cut),
        Some(RequestFault::Status(status)) => return Ok(reply::fault(status)),
        Some(RequestFault::DropAfter | RequestFault::Latency(_)) | None => {}
    }
    let answer = turn.whole(|exchange| exchange.answer(&Request { method, path, query, body }));
    turn.publish(floor);
    turn.teller.release(&floor.hub);
    floor.hub.drained(Patience::WithoutPauses).await;
    match fate.strike {
        Some(RequestFault::DropAfter) => Err(Cut),
        _ => Ok(answer),
    }
}

/// Paths of websockets.
#[derive(Clone, Copy)]
enum StreamPath {
    Trading,
    Data(Feed),
}

impl StreamPath {
    fn of(path: &str) -> Option<StreamPath> {
        // Alpaca's older library for Python ends the path with a slash.
        match path.strip_suffix('/').unwrap_or(path) {
            "/stream" => Some(StreamPath::Trading),
            path => Feed::of_path(path).map(StreamPath::Data),
        }
    }
}

async fn websocket(
    floor: Arc<Floor>,
    stream: StreamPath,
    mut parts: Parts,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response, Cut> {
    floor.client_came();
    let fate = floor.turn().await.teller.fate(Method::Get, parts.uri.path());
    tokio::time::sleep(fate.wait).await;
    match fate.strike {
        Some(RequestFault::DropBefore | RequestFault::DropAfter) => return Err(Cut),
        Some(RequestFault::Status(status)) => return Ok(reply::of_answer(reply::fault(status), (floor.wall)())),
        Some(RequestFault::Latency(_)) | None => {}
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX),
        Err(error) => {
            return Ok(reply::of_answer(reply::error(400, &error.body_text()), (floor.wall)()));
        }
    };
    let (encoding, shown) = (Encoding::asked_for(&parts.headers), floor.keys.shown(&parts.headers));
    Ok(upgrade.on_upgrade(async move |socket| {
        let _permit = permit;
        let (hub, stop) = (&floor.hub, floor.stop.clone());
        match stream {
            StreamPath::Trading => {
                let session = Arc::new(TradingSession::new(floor.keys.clone(), encoding));
                hub.join_trading(&session);
                hold(socket, &*session, encoding, (&session.outbox, hub), stop).await;
            }
            StreamPath::Data(feed) => {
                let session = DataSession::new(feed, Arc::clone(hub), floor.keys.clone(), encoding);
                let session = Arc::new(session);
                hub.join_data(&session);
                session.greet(shown);
                hold(socket, &*session, encoding, (&session.outbox, hub), stop).await;
            }
        }
    }))
}

fn method(method: &HttpMethod) -> Option<Method> {
    let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|own| own.name() == method.as_str())
}

/// The whole body, within its bounds. One that is too large is read on for a while, so that the client has sent it
/// when it is told.
async fn body_of(body: Incoming) -> Result<Bytes, Answer> {
    let mut chunks = Body::new(body).into_data_stream();
    let read = async {
        let (mut bytes, mut length) = (Vec::new(), 0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| reply::error(400, &format!("the body breaks off: {error}")))?;
            length += chunk.len();
            if length <= BODY_BYTES_MAX {
                bytes.extend_from_slice(&chunk);
            } else if length > DISCARDED_BYTES_MAX {
                break;
            }
        }
        let is_whole = length <= BODY_BYTES_MAX;
        let too_large = || reply::error(413, &format!("the body is larger than {BODY_BYTES_MAX} bytes"));
        is_whole.then(|| bytes.into()).ok_or_else(too_large)
    };
    let late = || reply::error(408, &format!("the body took longer than {} seconds", BODY_WAIT.as_secs()));
    tokio::time::timeout(BODY_WAIT, read).await.unwrap_or_else(|_| Err(late()))
}
