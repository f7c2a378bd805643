//! The server of the exchange: REST, both websockets and control calls on one port of the loopback interface.
//!
//! Not here: what a request means and what an order does (exchange). This is transport: keys, faults, rate headers,
//! frames, and the pace of the clock. The wall's clock is an argument.
//! Invariants: (1) each request has the exchange alone, and what it caused is told before it is answered; (2) nothing
//! but loopback is listened on; (3) sizes and waits are bounded.
mod answer;
mod connection;
mod control;
mod data;
mod draws;
mod fakepaca;
mod faults;
mod feed;
mod floor;
mod hub;
mod keys;
mod line;
mod msgpack;
mod outbox;
mod pace;
mod reply;
mod routes;
mod silent;
mod socket;
mod tell;
mod trading;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::domain::Timestamp;
use crate::exchange::Exchange;

pub use faults::FaultPlan;
pub use keys::Keys;
pub use pace::Pace;

/// What the kernel holds for a client that does not read: a listener that is behind is noticed, not buffered.
const SEND_BUFFER_BYTES: u32 = 256 << 10;
/// Connections that wait to be taken.
const BACKLOG: u32 = 128;

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// What clients must show.
    pub keys: Keys,
    /// How the data's clock moves.
    pub pace: Pace,
    /// Faults from the start on.
    pub faults: FaultPlan,
    /// The wall's clock, for rate headers and the test feed.
    pub wall: fn() -> Timestamp,
    /// How long a websocket may take to read what was sent to it before it is cut.
    pub drain_wait: Duration,
}

/// A running server; it ends with [`Server::stop`] or when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    floor: Arc<floor::Floor>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Why a server does not start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Only this machine may connect: the exchange has one pair of keys that everybody knows.
    #[error("{0} is no loopback address; listen on 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The machine refuses the address.
    #[error("{0} cannot be listened on: {1}; choose another port, or 0 for a free one")]
    Bind(SocketAddr, io::Error),
}

impl ServerOptions {
    /// A listener may be busy for this long before it is cut.
    pub const DRAIN_WAIT: Duration = Duration::from_secs(5);
}

impl Server {
    /// Starts a server on `listen` (port 0: a free one) inside the current tokio runtime.
    ///
    /// Errors: an address that is not loopback, or that cannot be listened on.
    pub async fn start(exchange: Exchange, listen: SocketAddr, options: ServerOptions) -> Result<Server, ServerError> {
        if !listen.ip().is_loopback() {
            return Err(ServerError::NotLoopback(listen));
        }
        let bind = |error| ServerError::Bind(listen, error);
        let listener = bind_to(listen).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let (stop, stopped) = watch::channel(false);
        let floor = Arc::new(floor::Floor::new(exchange, options, stopped));
        let mut tasks = JoinSet::new();
        tasks.spawn(connection::serve(Arc::clone(&floor), listener, connection::CONNECTIONS_MAX));
        tasks.spawn(pace::run(Arc::clone(&floor)));
        tasks.spawn(fakepaca::run(Arc::clone(&floor)));
        Ok(Server { address, floor, stop, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Looks at the exchange, between two requests.
    pub async fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.floor.turn().await.look(look)
    }

    /// Cuts every connection and gives the port back.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.tasks.shutdown().await;
    }
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port whose last connections have just ended may be used again.
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
