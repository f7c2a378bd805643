//! Connections: taken one by one, bounded in number, in the size of a head, and in the time for it and for reading.
//!
//! Not here: what is answered (router), how long an answer may take (guard).
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::patient::Patient;

/// Connections at a time: a browser opens six, and a few browsers and scripts may be there.
const CONNECTIONS_MAX: usize = 64;
/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Headers of a request; browsers send twenty.
const HEADERS_MAX: usize = 64;
/// How long a head may take, and how long a connection may be idle between two requests.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// How long a client may take nothing of an answer.
const WRITE_WAIT: Duration = Duration::from_secs(10);
/// After the machine has refused a connection (no file handles): until some have ended.
const REFUSED_WAIT: Duration = Duration::from_millis(50);
/// What one connection too many gets.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\
Connection: close\r\nContent-Length: 61\r\n\r\n{\"error\":\"64 connections are open; close some and try again\"}";

/// Serves until the task is ended.
pub(super) async fn serve(router: Router, listener: TcpListener) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match Arc::clone(&permits).try_acquire_owned() {
                    Ok(permit) => drop(connections.spawn(connection(router.clone(), stream, permit))),
                    Err(_) => refuse(stream).await,
                },
                Err(_) => tokio::time::sleep(REFUSED_WAIT).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(router: Router, stream: TcpStream, _permit: OwnedSemaphorePermit) {
    // Small answers must not wait for more to send; where that cannot be had they are late, not wrong.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    // An error is a client that went away, was too slow, or sent no HTTP: nobody is left to tell.
    let stream = TokioIo::new(Patient::new(stream, WRITE_WAIT));
    let _ = builder.serve_connection(stream, TowerToHyperService::new(router)).await;
}

/// The kernel takes these few bytes at once; a client for which it does not is cut.
async fn refuse(mut stream: TcpStream) {
    let _ = tokio::time::timeout(REFUSED_WAIT, stream.write_all(FULL)).await;
}
