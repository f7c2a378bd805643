//! The stage of a drill: the built-in exchange on a port of this machine, a session's wire that never rests, and halts
//! given by another process.
//!
//! Not here: what is tried, and what must come of it (mod).
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::DrillError;
use crate::domain::{Quantity, Symbol};
use crate::exchange::Exchange;
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use crate::execution::alpaca::{ApiKeys, DrillCount, DrillWire, EmergencyVenue, LoopbackAddr, Shutter};
use crate::live::kill::{Kill, KillOptions, wall};
use crate::scenario::{LoadedScenario, MarketData};

/// Of an exchange that lives as long as the drill.
const KEY: &str = "rehearsal";
/// Nothing on this machine takes so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at what is waited for.
const LOOK_PAUSE: Duration = Duration::from_millis(1);
/// Bars before the first order: prices are known then, and the session is on.
const BARS_BEFORE: u64 = 30;

/// The exchange of a drill and what is asked of it.
pub(super) struct Stage {
    pub(super) symbols: Vec<Symbol>,
    server: Option<Server>,
    client: reqwest::Client,
    runtime: Runtime,
    address: SocketAddr,
}

impl Stage {
    /// Errors: no port, no thread; data without a bar in a session.
    pub(super) fn set(loaded: &LoadedScenario, market: &MarketData) -> Result<Stage, DrillError> {
        let stage = |what: String| DrillError::Stage(what);
        let exchange = Exchange::new(loaded, market).map_err(|diagnostic| stage(format!("{diagnostic:?}")))?;
        crate::execution::alpaca::provide_cryptography();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| stage(error.to_string()))?;
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace: Pace::Step,
            faults: FaultPlan::default(),
            wall,
            drain_wait: ServerOptions::DRAIN_WAIT,
        };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime.block_on(Server::start(exchange, listen, options));
        let server = server.map_err(|error| stage(error.to_string()))?;
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(PATIENCE).build();
        let client = client.map_err(|error| stage(error.to_string()))?;
        let address = server.address();
        let symbols = loaded.spec.data.symbols.iter().take(3).copied().collect();
        let stage = Stage { symbols, server: Some(server), client, runtime, address };
        stage.step(BARS_BEFORE)?;
        Ok(stage)
    }

    pub(super) fn address(&self) -> LoopbackAddr {
        LoopbackAddr::new(self.address).expect("a server listens on loopback only")
    }

    fn call(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Value, DrillError> {
        let failed = |why: String| DrillError::Stage(format!("{method} {path}: {why}"));
        let call = self.client.request(method.clone(), format!("http://{}{path}", self.address));
        let mut call = call.header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        if let Some(body) = body {
            call = call.body(body.to_string());
        }
        let answer = self.runtime.block_on(async {
            let answer = call.send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
        });
        let (status, text) = answer.map_err(|error| failed(error.to_string()))?;
        if !status.is_success() {
            return Err(failed(format!("{status} {text}")));
        }
        serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
    }

    /// Lets bars pass.
    pub(super) fn step(&self, bars: u64) -> Result<(), DrillError> {
        self.call(reqwest::Method::POST, "/_control/step", Some(&json!({ "bars": bars }))).map(|_| ())
    }

    /// From now on calls about orders and positions are cut before they are booked; or no longer.
    pub(super) fn cut(&self, is_cut: bool) -> Result<(), DrillError> {
        let routes = [
            "GET /v2/orders",
            "DELETE /v2/orders",
            "DELETE /v2/orders/{id}",
            "GET /v2/positions",
            "DELETE /v2/positions/{id}",
        ];
        let rule = |route: &&str| json!({ "route": route, "kind": "drop_before", "probability": 1 });
        let rules: Vec<Value> = if is_cut { routes.iter().map(rule).collect() } else { Vec::new() };
        let plan = json!({ "seed": 1, "rules": rules });
        self.call(reqwest::Method::POST, "/_control/faults", Some(&plan)).map(|_| ())
    }

    /// Buys at the market and lets it fill: with a stop that rests, or bare.
    pub(super) fn buy(&self, symbol: Symbol, shares: i64, stop: Option<&str>) -> Result<(), DrillError> {
        let mut order = json!({ "symbol": symbol.as_str(), "side": "buy", "qty": shares.to_string(), "type": "market",
            "time_in_force": "day" });
        if let Some(stop) = stop {
            order["order_class"] = "oto".into();
            order["time_in_force"] = "gtc".into();
            order["stop_loss"] = json!({ "stop_price": stop });
        }
        self.call(reqwest::Method::POST, "/v2/orders", Some(&order))?;
        self.step(1)
    }

    /// Half of the last price, in cents: far from the market.
    pub(super) fn half_price(&self, symbol: Symbol) -> Result<String, DrillError> {
        let state = self.call(reqwest::Method::GET, "/_control/state", None)?;
        let price =
            state["prices"][symbol.as_str()].as_str().and_then(|text| text.parse::<rust_decimal::Decimal>().ok());
        let price = price.ok_or_else(|| DrillError::Stage(format!("{symbol} has no price yet")))?;
        Ok((price / rust_decimal::Decimal::TWO).round_dp(2).to_string())
    }

    /// Orders that are open: those that buy, those that sell.
    pub(super) fn open(&self) -> Result<(usize, usize), DrillError> {
        let orders = self.call(reqwest::Method::GET, "/v2/orders?status=open&limit=500", None)?;
        let orders = orders.as_array().map_or(&[][..], Vec::as_slice);
        let buys = orders.iter().filter(|order| order["side"] == "buy").count();
        Ok((buys, orders.len() - buys))
    }

    /// Orders that were ever taken.
    pub(super) fn orders(&self) -> Result<u64, DrillError> {
        let state = self.call(reqwest::Method::GET, "/_control/state", None)?;
        state["counters"]["orders"].as_u64().ok_or_else(|| DrillError::Stage("it counts no orders".to_owned()))
    }

    /// Shares held, of all symbols together.
    pub(super) fn shares(&self) -> Quantity {
        let Some(server) = &self.server else { return Quantity::ZERO };
        let all =
            self.runtime.block_on(server.look(|exchange| {
                (0..self.symbols.len()).map(|share| exchange.shares(share).abs()).collect::<Vec<_>>()
            }));
        all.into_iter().fold(Quantity::ZERO, |sum, shares| sum + shares)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}

/// Keys of the exchange.
pub(super) fn keys() -> ApiKeys {
    ApiKeys::new(KEY.to_owned(), KEY.to_owned()).expect("plain letters")
}

/// The kill switch of a session, as every session starts it.
pub(super) fn kill_switch(folder: &Path, stage: &Stage, shutter: &Shutter) -> Result<Kill, DrillError> {
    Ok(Kill::start(KillOptions {
        folder: folder.to_owned(),
        venue: EmergencyVenue::rehearsal(stage.address()),
        keys: keys(),
        shutter: shutter.clone(),
        dead_man: None,
        closes_itself: None,
        clock: Arc::new(wall),
    })?)
}

/// A strategy that asks for orders without end and listens to nobody, with a wire of its own, on a thread of its own.
pub(super) struct Busy {
    pub(super) shutter: Shutter,
    pub(super) count: DrillCount,
    is_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Busy {
    pub(super) fn start(stage: &Stage, name: &str) -> Result<Busy, DrillError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| DrillError::Stage(error.to_string()))?;
        let wire = {
            let _inside = runtime.enter();
            DrillWire::open(stage.address(), &keys(), stage.symbols.clone(), name)
        };
        let mut wire = wire.map_err(|error| DrillError::Stage(error.to_string()))?;
        let (shutter, count, is_ended) = (wire.shutter(), wire.count(), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&is_ended);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                while !ended.load(Ordering::Acquire) {
                    wire.step().await;
                }
            });
        });
        Ok(Busy { shutter, count, is_ended, thread: Some(thread) })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // One that has panicked has said so itself, and the drill sees that nothing moves.
            let _ = thread.join();
        }
    }
}

/// Commands of the program, given by another process.
pub(super) struct Commands {
    pub(super) program: PathBuf,
    /// The drill's own folder of the kill switch.
    pub(super) folder: PathBuf,
}

/// What a command answered.
pub(super) struct Said {
    pub(super) code: Option<i32>,
    /// What it printed as JSON; null where that is none.
    pub(super) json: Value,
    pub(super) error: String,
}

impl Commands {
    /// Gives `arguments` with the drill's folder, in JSON.
    pub(super) fn give(&self, arguments: &[&str]) -> Result<Said, DrillError> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--state").arg(&self.folder).args(["--format", "json"]);
        for name in ["ALPHAFLOW_EXCHANGE_KEY", "ALPHAFLOW_EXCHANGE_SECRET"] {
            command.env_remove(name);
        }
        let output = command.output().map_err(|source| DrillError::Program { path: self.program.clone(), source })?;
        let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(Said { code: output.status.code(), json: serde_json::from_slice(&output.stdout).unwrap_or_default(), error })
    }
}

/// Waits until it is so; was it, within [`PATIENCE`]?
pub(super) fn wait(mut is_so: impl FnMut() -> Result<bool, DrillError>) -> Result<bool, DrillError> {
    let end = Instant::now() + PATIENCE;
    loop {
        if is_so()? {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
        std::thread::sleep(LOOK_PAUSE);
    }
}
