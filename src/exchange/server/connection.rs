//! Connections: taken one by one, each served until it ends or a fault cuts it.
//!
//! Not here: what is answered (answer). This is hyper's own loop instead of a router, because a fault must be able
//! to cut the connection where an answer would be.
//! Invariant: heads, headers, connections and the time for a head are bounded here; bodies in answer.
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::answer;
use super::floor::Floor;

/// Connections at a time, websockets included: far more than the clients of one account open.
const CONNECTIONS_MAX: usize = 512;
/// The longest head of a request; hundreds of symbols in a query fit.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// How long a head may take, and how long a connection may be idle.
const HEAD_WAIT: Duration = Duration::from_secs(120);
/// After the machine has refused a connection (no file handles): until some have ended.
const REFUSED_WAIT: Duration = Duration::from_millis(50);

/// Serves until the server is to end.
pub(super) async fn serve(floor: Arc<Floor>, listener: TcpListener) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(Arc::clone(&floor), stream, permit))),
                Err(_) => tokio::time::sleep(REFUSED_WAIT).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(floor: Arc<Floor>, stream: TcpStream, permit: OwnedSemaphorePermit) {
    // Small answers must not wait for more to send; where that cannot be had they are late, not wrong.
    let _ = stream.set_nodelay(true);
    // A websocket outlives this task and keeps the permit.
    let permit = Arc::new(permit);
    let service = service_fn(move |request| answer::answer(Arc::clone(&floor), request, Arc::clone(&permit)));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    // An error is a client that went away, sent no HTTP, or was cut by a fault: nobody is left to tell.
    let _ = builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}
