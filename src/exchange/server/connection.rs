//! Connections: taken one by one, each served until it ends or a fault cuts it.
//!
//! Not here: what is answered (answer). This is hyper's own loop instead of a router, because a fault must be able
//! to cut the connection where an answer would be.
//! Invariants: (1) heads, headers, connections and the time for a head are bounded here; bodies in answer; (2) where all
//! places are taken, a connection that has sent nothing gives its own to the next client.
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use super::answer;
use super::floor::Floor;
use super::silent::Silent;

/// Connections at a time, websockets included: far more than the clients of one account open.
pub(super) const CONNECTIONS_MAX: usize = 512;
/// The longest head of a request; hundreds of symbols in a query fit.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// How long a head may take, and how long a connection may be idle between two requests.
const HEAD_WAIT: Duration = Duration::from_secs(120);
/// After the machine has refused a connection (no file handles): until some have ended.
const REFUSED_WAIT: Duration = Duration::from_millis(50);

/// Serves until the server is to end, so many connections at a time.
pub(super) async fn serve(floor: Arc<Floor>, listener: TcpListener, places: usize) {
    let permits = Arc::new(Semaphore::new(places));
    let silent = Arc::new(Silent::default());
    let (mut connections, mut number) = (JoinSet::new(), 0);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if permits.available_permits() == 0 {
                        silent.end_oldest();
                    }
                    let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
                    number += 1;
                    let told = silent.came(number);
                    let guest = Guest { number, permit, told, silent: Arc::clone(&silent) };
                    connections.spawn(connection(Arc::clone(&floor), stream, guest));
                }
                Err(_) => tokio::time::sleep(REFUSED_WAIT).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What a connection holds of the server.
struct Guest {
    /// Connections are counted from 1.
    number: u64,
    /// Its place.
    permit: OwnedSemaphorePermit,
    /// Tells it to go.
    told: oneshot::Receiver<()>,
    /// Where it stands until it has sent a head.
    silent: Arc<Silent>,
}

async fn connection(floor: Arc<Floor>, stream: TcpStream, guest: Guest) {
    // Small answers must not wait for more to send; where that cannot be had they are late, not wrong.
    let _ = stream.set_nodelay(true);
    let Guest { number, permit, told, silent } = guest;
    // A websocket outlives this task and keeps the permit.
    let (permit, heard) = (Arc::new(permit), Arc::clone(&silent));
    let service = service_fn(move |request| {
        heard.left(number);
        answer::answer(Arc::clone(&floor), request, Arc::clone(&permit))
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    tokio::select! {
        // An error is a client that went away, sent no HTTP, or was cut by a fault: nobody is left to tell.
        _ = builder.serve_connection(TokioIo::new(stream), service).with_upgrades() => {}
        () = silent.gives_way(number, told) => {}
    }
    silent.left(number);
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::watch;

    use super::super::{FaultPlan, Keys, Pace, ServerOptions};
    use super::*;
    use crate::domain::Timestamp;
    use crate::exchange::Exchange;
    use crate::exchange::testing::{days_of, scenario};
    use crate::scenario::MarketData;

    fn floor(stopped: watch::Receiver<bool>) -> Floor {
        let market = MarketData { bars: vec![days_of("2013-10-07", "2013-10-09")], ..MarketData::default() };
        let exchange = Exchange::new(&scenario("1d", "", r#""AAPL""#), &market).expect("an exchange");
        let options = ServerOptions {
            keys: Keys::new("key", "secret"),
            pace: Pace::Step,
            faults: FaultPlan::none(),
            wall: || Timestamp::from_ns(0),
            drain_wait: ServerOptions::DRAIN_WAIT,
        };
        Floor::new(exchange, options, stopped)
    }

    /// Asks without keys; the status line.
    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(b"GET /v2/clock HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        String::from_utf8(answer).expect("text")
    }

    #[tokio::test]
    async fn where_all_places_are_taken_the_oldest_silent_client_goes() {
        let (_stop, stopped) = watch::channel(false);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(serve(Arc::new(floor(stopped)), listener, 3));
        let connect = || async { TcpStream::connect(address).await.expect("a connection") };
        let mut spoke = connect().await;
        assert_eq!(ask(&mut spoke).await, "HTTP/1.1 401");
        let (mut oldest, mut other) = (connect().await, connect().await);
        // The third place and the second are taken when the fourth client comes.
        let mut late = connect().await;
        assert_eq!(ask(&mut late).await, "HTTP/1.1 401");
        assert_eq!(oldest.read(&mut [0]).await.expect("an end"), 0, "it gave way");
        assert_eq!(ask(&mut other).await, "HTTP/1.1 401");
        server.abort();
    }
}
