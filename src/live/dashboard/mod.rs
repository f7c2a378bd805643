//! The dashboard: what a session shows to its owner in a browser, and what the owner may ask of it.
//!
//! Not here: what is shown (live::snapshot), what comes of a command (session), stopping itself (kill). No order can be
//! entered here, and no limit changed.
//! Invariants: (1) nothing but loopback is listened on; (2) all but sign-in, `/health` and `/metrics` needs a session or
//! the scripts' token; (3) a halt goes to the kill switch first and waits for nobody else; (4) sizes, waits, connections
//! and requests a second are bounded; (5) every text of a snapshot leaves as JSON, none as HTML.
mod access;
mod act;
mod api;
mod body;
mod bucket;
mod connection;
mod equity_line;
mod guard;
mod house;
mod page;
mod patient;
mod probe;
mod random;
mod reply;
mod router;
mod stream;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::redact::Redactor;
use super::{Asked, Done, Severity, Snapshot};
use crate::domain::Timestamp;
use crate::risk::HaltOrder;

pub use tokens::{TokenError, TokenPlace, Tokens};

/// The wall's clock: when a sign-in ends and how often something may be tried.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Presses the kill switch: latches before it returns, whatever the session does. It may block for a few seconds.
pub type Stop = Arc<dyn Fn(HaltOrder) -> Done + Send + Sync>;
/// What a command travels with: who asked, and where the answer goes.
pub type Question = (Asked, oneshot::Sender<Done>);

/// Connections that wait to be taken.
const BACKLOG: u32 = 64;

/// Somebody signed in, tried to, or left: for the journal and the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginNotice {
    /// How much it matters.
    pub severity: Severity,
    /// One plain sentence without any secret.
    pub text: String,
}

/// How a dashboard behaves.
#[derive(Clone)]
pub struct DashboardOptions {
    /// Who may come in.
    pub tokens: Tokens,
    /// What must not be kept: a reason is a text that somebody may have pasted anything into.
    pub redactor: Arc<Redactor>,
    /// The wall's clock.
    pub clock: WallClock,
    /// Told of every sign-in, of wrong tokens up to the fifth and of the wait after it, of a wrong token of scripts once
    /// a minute, and of every sign-out. It must not block.
    pub on_login: Arc<dyn Fn(LoginNotice) + Send + Sync>,
}

/// A port of this machine that is held, so that a session need not begin to find out that it is taken. Whoever connects
/// waits for [`Dashboard::start`].
#[derive(Debug)]
pub struct DashboardPort {
    listener: TcpListener,
    address: SocketAddr,
}

impl DashboardPort {
    /// Where a dashboard listens if nobody says otherwise.
    pub const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8000);

    /// Takes `listen` inside the current tokio runtime; port 0 is a free one.
    ///
    /// Errors: an address that is not loopback, or that cannot be listened on.
    pub fn bind(listen: SocketAddr) -> Result<DashboardPort, DashboardError> {
        if !listen.ip().is_loopback() {
            return Err(DashboardError::NotLoopback(listen));
        }
        let bind = |error| DashboardError::Bind(listen, error);
        let listener = bind_to(listen).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(DashboardPort { listener, address })
    }
}

/// What a dashboard is joined to.
#[derive(Clone)]
pub struct DashboardLinks {
    /// The session's state. A session publishes at least once a second, changed or not: after five seconds without, the
    /// page says that the engine does not answer.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Where commands go.
    pub commands: mpsc::Sender<Question>,
    /// The kill switch.
    pub stop: Stop,
}

/// A running dashboard; it ends with [`Dashboard::stop`] or when this is dropped.
pub struct Dashboard {
    house: Arc<house::House>,
    tasks: JoinSet<()>,
}

/// Why a dashboard does not start.
#[derive(Debug, Error)]
pub enum DashboardError {
    /// It has one token and no encryption: only this machine may connect.
    #[error(
        "{0} is no loopback address, and the dashboard has no encryption; listen on 127.0.0.1 or [::1], and reach it \
         from elsewhere through `ssh -L {port}:127.0.0.1:{port}`", port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// The machine refuses the address.
    #[error("{0} cannot be listened on: {1}; choose another port with --port, or 0 for a free one")]
    Bind(SocketAddr, io::Error),
}

impl Dashboard {
    /// Starts a dashboard inside the current tokio runtime.
    pub fn start(port: DashboardPort, options: DashboardOptions, links: DashboardLinks) -> Dashboard {
        let DashboardPort { listener, address } = port;
        let house = Arc::new(house::House::new(options, links, address));
        let mut tasks = JoinSet::new();
        tasks.spawn(house::watch(Arc::clone(&house)));
        tasks.spawn(connection::serve(router::router(Arc::clone(&house)), listener));
        Dashboard { house, tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.house.address
    }

    /// Cuts every connection and gives the port back. A page hears first that its session has ended, if it has.
    pub async fn stop(mut self) {
        self.house.say_last_word().await;
        self.tasks.shutdown().await;
    }
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port whose last connections have just ended may be used again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
