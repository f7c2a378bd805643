//! The way between a desk and the exchange over real sockets of this machine: HTTP and both websockets.
//!
//! Not here: the wire (execution::alpaca), the server. Nothing is waited for by time: the exchange says how many events
//! it has sent, and each call has its outcome.
//! Invariant: the desk's clock moves only when nothing is on its way, so a slow machine changes nothing.
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;

use super::{BarSeen, Reach};
use crate::domain::{Bar, Symbol, SymbolIndex, Timestamp};
use crate::exchange::Exchange;
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use crate::execution::BackendFailure;
use crate::execution::alpaca::{
    AlpacaBackend, AlpacaDesk, AlpacaWire, ApiKeys, BarKind, DataLine, Encoding, Feed, Instant, LoopbackAddr,
    Rehearsal as RehearsalMode, Traffic, provide_cryptography,
};
use crate::market::new_york_date;

const NS_PER_MS: i64 = 1_000_000;
/// Waits of the desk in a row that bring nothing: more are a defect.
const WAITS_MAX: usize = 10_000;
/// Nothing on this machine takes so long.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// The keys of an exchange that lives as long as one rehearsal.
const KEY: &str = "rehearsal";

/// A desk, its wire, and an exchange that serves on a port of its own.
#[derive(Debug)]
pub struct SocketReach {
    backend: AlpacaBackend<RehearsalMode>,
    server: Server,
    control: reqwest::Client,
    symbols: Vec<Symbol>,
    is_daily: bool,
    now: Instant,
    /// Updates that have come.
    heard: u64,
    bars: Vec<(Symbol, Bar)>,
    /// Last: what runs on it goes first.
    runtime: Runtime,
}

fn failed(what: &str) -> impl Fn(String) -> BackendFailure {
    move |why| BackendFailure(format!("{what}: {why}"))
}

impl SocketReach {
    /// Starts the exchange on a free port and a wire to it. `wall`: the wall's clock, for the exchange's test feed.
    ///
    /// Errors: no port, no thread, no memory.
    pub fn start(
        desk: AlpacaDesk,
        exchange: Exchange,
        symbols: Vec<Symbol>,
        wall: fn() -> Timestamp,
    ) -> Result<SocketReach, BackendFailure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| failed("no threads for the exchange")(error.to_string()))?;
        let is_daily = exchange.tape().timeframe().is_daily();
        let now = Instant { ms: 0, wall_ms: exchange.tape().now().ns() / NS_PER_MS };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace: Pace::Step,
            faults: FaultPlan::default(),
            wall,
            drain_wait: ServerOptions::DRAIN_WAIT,
        };
        let server = runtime.block_on(Server::start(exchange, listen, options));
        let server = server.map_err(|error| failed("the exchange does not start")(error.to_string()))?;
        let mode = RehearsalMode(
            LoopbackAddr::new(server.address()).map_err(|error| failed("no loopback")(error.to_string()))?,
        );
        let keys = ApiKeys::new(KEY.to_owned(), KEY.to_owned()).expect("plain letters");
        let encoding = Encoding::MessagePack;
        let wire = {
            let _inside = runtime.enter();
            AlpacaWire::open(mode, &keys, DataLine { feed: Feed::Iex, encoding })
        };
        let wire = wire.map_err(|error| failed("no wire to the exchange")(error.to_string()))?;
        provide_cryptography();
        let control = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIME).build();
        let control = control.map_err(|error| failed("no client for the exchange")(error.to_string()))?;
        Ok(SocketReach {
            backend: AlpacaBackend::new(desk, wire, encoding),
            server,
            control,
            symbols,
            is_daily,
            now,
            heard: 0,
            bars: Vec::new(),
            runtime,
        })
    }

    /// What has gone over the wire.
    pub fn traffic(&self) -> Traffic {
        self.backend.traffic()
    }

    /// Looks at the exchange.
    pub fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.runtime.block_on(self.server.look(look))
    }

    /// Updates that the exchange has sent and that have not come yet.
    fn is_owed(&self) -> bool {
        self.backend.desk_ref().is_listening() && self.heard < self.look(Exchange::updates)
    }

    /// Waits for what comes next.
    fn wait(&mut self) -> Result<(), BackendFailure> {
        let backend = &mut self.backend;
        let next = self.runtime.block_on(async { tokio::time::timeout(ANSWER_TIME, backend.next()).await });
        let event = next.map_err(|_| BackendFailure(format!("the exchange is silent for {ANSWER_TIME:?}")))?;
        self.heard += u64::from(event.is_update());
        self.backend.take(event, self.now);
        let is_daily = self.is_daily;
        let stamped = self.backend.take_bars().into_iter().filter(|bar| bar.kind == BarKind::Ended).map(|bar| {
            let time = if is_daily { new_york_date(bar.bar.time) } else { bar.bar.time };
            (bar.symbol, Bar { time, ..bar.bar })
        });
        self.bars.extend(stamped);
        Ok(())
    }

    fn send(&mut self) {
        // Nobody reads it again: a rehearsal that is cut off begins anew.
        let kept = self.backend.send(|_| Ok(()));
        debug_assert!(kept.is_ok(), "nothing is kept");
    }
}

impl Reach for SocketReach {
    fn desk(&mut self) -> &mut AlpacaDesk {
        self.backend.desk()
    }

    fn settle(&mut self) -> Result<(), BackendFailure> {
        for _ in 0..WAITS_MAX {
            self.send();
            while self.backend.is_awaiting() || self.is_owed() {
                self.wait()?;
                self.send();
            }
            if self.backend.desk().is_quiet() && self.backend.desk().is_ready() {
                return Ok(());
            }
            let wake_ms = self.backend.desk().wake_at().unwrap_or(self.now.ms).max(self.now.ms + 1);
            self.now = Instant { ms: wake_ms, wall_ms: self.now.wall_ms };
            self.backend.desk().on_time(self.now);
        }
        Err(BackendFailure(
            "the desk does not come to rest at the exchange; this is a defect of the program".to_owned(),
        ))
    }

    fn advance(&mut self, until: Timestamp) -> Result<(), BackendFailure> {
        let url = format!("http://{}/_control/step", self.server.address());
        let call = self.control.post(url).header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        let call = call.body(json!({ "until": until.to_string() }).to_string());
        let answer = self.runtime.block_on(async { call.send().await?.error_for_status() });
        answer.map_err(|error| failed("the exchange takes no step")(error.to_string()))?;
        self.now.wall_ms = until.ns() / NS_PER_MS;
        self.backend.desk().on_time(self.now);
        Ok(())
    }

    fn bars(&mut self, step: &[(SymbolIndex, &Bar)]) -> Result<Vec<BarSeen>, BackendFailure> {
        let mut seen = Vec::new();
        for &(symbol, bar) in step {
            let name = self.symbols[symbol.get()];
            let is_it = |(of, other): &(Symbol, Bar)| *of == name && other.time == bar.time;
            loop {
                if let Some(at) = self.bars.iter().position(is_it) {
                    seen.push(BarSeen { symbol, replayed: *bar, seen: self.bars.swap_remove(at).1 });
                    break;
                }
                self.wait()?;
            }
        }
        Ok(seen)
    }
}
