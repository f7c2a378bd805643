//! `alphaflow exchange`: the built-in exchange on a port of this machine.
//!
//! Not here: the exchange and its server (exchange). It runs until it is interrupted or told to end.
use std::env;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use super::finish::input;
use super::screen::{Progress, error_style};
use crate::domain::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerError, ServerOptions};
use crate::report::format::counted;
use crate::scenario::{check_strategy, load, load_market};
use crate::strategy::Catalog;

/// Where the key and the secret of the account are read from, and what they are without.
pub(super) const KEY: (&str, &str) = ("ALPHAFLOW_EXCHANGE_KEY", "rehearsal");
pub(super) const SECRET: (&str, &str) = ("ALPHAFLOW_EXCHANGE_SECRET", "rehearsal");

/// Arguments of `alphaflow exchange`.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys: ALPHAFLOW_EXCHANGE_KEY and ALPHAFLOW_EXCHANGE_SECRET, `rehearsal` and `rehearsal` where they are not set.\n\nExample: alphaflow exchange scenarios/ma_crossover_tech4.toml --listen 127.0.0.1:0 --speed step"
)]
pub(super) struct ExchangeArgs {
    /// Scenario file: the data, the account and how orders fill
    scenario: PathBuf,
    /// Loopback address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8765")]
    listen: String,
    /// How fast the data's clock runs: N times the wall's while a session is on (closed hours pass within a second);
    /// `max`, as fast as listeners keep up, from the first request or stream on; `step`, by control calls only
    #[arg(long, value_name = "N|max|step", default_value = "1")]
    speed: Pace,
    /// Faults from the start on: a JSON file, as `POST /_control/faults` takes them
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Change a key of the scenario, e.g. `account.cash=50000`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Serves until SIGINT or SIGTERM.
pub(super) fn run<C: Catalog>(args: &ExchangeArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let listen = address(&args.listen)?;
    let faults = args.faults.as_deref().map(read_faults).transpose()?.unwrap_or_default();
    let keys = Keys::new(variable(KEY), variable(SECRET));
    let loaded = load(&args.scenario, &args.overrides).map_err(|all| Failure::Input(all.render(&error_style())))?;
    check_strategy(catalog, &loaded).map_err(input)?;
    let market = {
        let _progress = Progress::begin("reading", &counted(loaded.spec.data.symbols.len(), "symbol", "symbols"));
        load_market(&loaded).map_err(input)?
    };
    let exchange = Exchange::new(&loaded, &market).map_err(input)?;
    drop(market);
    let drain_wait = ServerOptions::DRAIN_WAIT;
    let options = ServerOptions { keys, pace: args.speed, faults, wall, drain_wait };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(exchange, listen, options, out))
}

async fn serve(
    exchange: Exchange,
    listen: SocketAddr,
    options: ServerOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    // Before the first line is out: whoever reads it may end us at once.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let server = Server::start(exchange, listen, options).await.map_err(|error| match error {
        ServerError::NotLoopback(_) => Failure::Input(format!("error --listen {listen}: {error}")),
        ServerError::Bind(..) => Failure::Machine(format!("error --listen {listen}: {error}")),
    })?;
    writeln!(out, "listening on http://{}", server.address())?;
    out.flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    server.stop().await;
    Ok(())
}

/// `localhost:PORT` is the usual name of 127.0.0.1; other names are not looked up.
fn address(text: &str) -> Result<SocketAddr, Failure> {
    let numbers = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numbers.as_deref().unwrap_or(text).parse().map_err(|_| {
        Failure::Input(format!("error --listen {text}: no address with a port; write it as 127.0.0.1:8765"))
    })
}

fn read_faults(path: &Path) -> Result<FaultPlan, Failure> {
    let wrong = |why: String| Failure::Input(format!("error {}: {why}", path.display()));
    let text = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    FaultPlan::parse(&text).map_err(wrong)
}

pub(super) fn variable((name, default): (&str, &str)) -> String {
    env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
}

pub(super) fn wall() -> Timestamp {
    // The range of nanoseconds in 64 bits ends in 2262.
    Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}
