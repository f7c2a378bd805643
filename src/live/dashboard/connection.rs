//! Connections: taken one by one, bounded in number, in the size of a head, and in the time for it and for reading.
//!
//! Not here: what is answered (router), how long an answer may take (guard).
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

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

/// Whose a connection is: known once a request on it came with a token, a stranger's until then.
#[derive(Clone, Default)]
pub(super) struct Holder(Arc<AtomicBool>);

impl Holder {
    /// It is the owner's.
    pub(super) fn is_known_now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_stranger(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Serves until the task is ended. Where all places are taken the oldest connection of a stranger ends: whoever opens
/// many and says nothing does not keep the owner from stopping.
pub(super) async fn serve(router: Router, listener: TcpListener) {
    let mut connections = JoinSet::new();
    let mut held: VecDeque<(Holder, AbortHandle)> = VecDeque::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match has_room(&mut held) {
                    true => {
                        let holder = Holder::default();
                        let router = router.clone().layer(Extension(holder.clone()));
                        held.push_back((holder, connections.spawn(connection(router, stream))));
                    }
                    false => refuse(stream).await,
                },
                Err(_) => tokio::time::sleep(REFUSED_WAIT).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Makes room for one more, if there is any.
fn has_room(held: &mut VecDeque<(Holder, AbortHandle)>) -> bool {
    held.retain(|(_, task)| !task.is_finished());
    if held.len() < CONNECTIONS_MAX {
        return true;
    }
    let oldest = held.iter().position(|(holder, _)| holder.is_stranger());
    let ended = oldest.and_then(|at| held.remove(at));
    ended.is_some_and(|(_, task)| {
        task.abort();
        true
    })
}

async fn connection(router: Router, stream: TcpStream) {
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
