//! What stands beside a session: notifications, the dashboard, the log, and the settings they have in common.
//!
//! Not here: the session (trade), what each of them does (live).
use std::env;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, watch};

use super::Failure;
use super::screen::can_redraw;
use super::trade_screen::Terminal;
use crate::domain::Timestamp;
use crate::execution::alpaca::EnvFile;
use crate::live::dashboard::{
    Dashboard, DashboardError, DashboardLinks, DashboardOptions, DashboardPort, LoginNotice, TokenPlace, Tokens,
};
use crate::live::driver::{Commanded, wall};
use crate::live::journal::Journal;
use crate::live::kill::KillHandle;
use crate::live::log::{self, Log, LogFormat, LogOptions};
use crate::live::notify::{self, Banner, Notifier, NotifyConfig, TestedChannel};
use crate::live::redact::Redactor;
use crate::live::{SessionEvent, Severity, Snapshot};

/// Settings that may come from the environment as well.
const SHARED: [&str; 10] = [
    "ALPACA_API_KEY",
    "ALPACA_SECRET_KEY",
    "ALPACA_PAPER",
    "DASHBOARD_TOKEN",
    "ALPHAFLOW_TOKEN",
    "MAX_DAILY_LOSS",
    "MAX_POSITION_SIZE",
    "MAX_PORTFOLIO_HEAT",
    "LIVE_MAX_CAPITAL",
    "LOG_LEVEL",
];

/// Where the dashboard is to listen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Port {
    /// The usual one; where it is taken, a rehearsal or a paper session goes on without a page.
    Usual,
    /// This one or none.
    Only(u16),
}

/// The settings of a session. Errors: a `.env` that others can read, that git tracks, or that cannot be right.
pub(super) fn settings(path: &Path) -> Result<EnvFile, Failure> {
    let variable = |name: &str| env::var(name).ok();
    let file = EnvFile::read(path).and_then(|file| file.with_environment(&SHARED, variable));
    file.and_then(|file| file.with_environment(&notify::NAMES, variable)).map_err(wrong)
}

/// What a session needs besides the market. All of it is had before a journal is made, so that what cannot be had leaves
/// nothing behind.
pub(super) struct Beside {
    pub(super) messages: NotifyConfig,
    /// The port of the page, or why there is no page.
    pub(super) port: Result<DashboardPort, String>,
    pub(super) log: Log,
}

/// Checks the settings, takes the port and begins the log; where the session draws over lines of its terminal, those of
/// the log go the same way. Errors: a setting that cannot be used; a port or a folder that cannot be had.
pub(super) fn beside(
    settings: &EnvFile,
    folder: &Path,
    (session, mode): (&str, &str),
    port: Port,
    terminal: &Terminal,
) -> Result<Beside, Failure> {
    let banner = Banner::of_mode(mode).unwrap_or(Banner::Live);
    let messages = NotifyConfig::from_env(settings, banner, session).map_err(wrong)?;
    let level = log::level(settings).map_err(wrong)?;
    Tokens::check(settings).map_err(wrong)?;
    let listen = match port {
        Port::Usual => DashboardPort::USUAL,
        Port::Only(port) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
    };
    let port = match DashboardPort::bind(listen) {
        Err(error @ DashboardError::Bind(..)) if port == Port::Usual => Err(format!("no dashboard: {error}")),
        bound => Ok(bound.map_err(machine)?),
    };
    let redactor = Arc::new(Redactor::new(settings));
    let options = LogOptions { folder, format: LogFormat::Text, session, mode, level, redactor };
    let log = if can_redraw() { log::start(options, terminal.clone()) } else { log::start(options, io::stderr()) };
    Ok(Beside { messages, port, log: log.map_err(machine)? })
}

/// Messages of a session go out from here on; `None` where no channel is set up.
pub(super) fn notifier(config: NotifyConfig, journal: &Arc<Mutex<Journal>>) -> Result<Option<Notifier>, Failure> {
    if config.channels().next().is_none() {
        return Ok(None);
    }
    Ok(Some(notify::start(config, Arc::clone(journal))?))
}

/// Tells an event that the journal could not take, on every channel; what came of it is in the log.
pub(super) async fn tell_directly(settings: &EnvFile, (session, mode): (&str, &str), event: &SessionEvent) {
    let banner = Banner::of_mode(mode).unwrap_or(Banner::Live);
    // They were right when the session began.
    let Ok(config) = NotifyConfig::from_env(settings, banner, session) else { return };
    for told in notify::tell_directly(config, event, wall()).await {
        let TestedChannel { channel, delivered, text, .. } = told;
        match delivered {
            true => tracing::info!(channel, "told without the journal: {text}"),
            false => tracing::warn!(channel, "not told: {text}"),
        }
    }
}

/// One line of the log; `trade` prints the event itself.
pub(super) fn write(event: &SessionEvent) {
    let kind = serde_json::to_value(event.kind).ok().and_then(|value| value.as_str().map(str::to_owned));
    let kind = kind.unwrap_or_default();
    let (strategy, symbol) = (event.strategy.as_deref().unwrap_or(""), event.symbol.as_deref().unwrap_or(""));
    let (row, text) = (event.row, &event.text);
    match event.severity {
        Severity::Info | Severity::Notice => {
            tracing::info!(target: log::EVENTS, row, kind, strategy, symbol, "{text}");
        }
        Severity::Warning => tracing::warn!(target: log::EVENTS, row, kind, strategy, symbol, "{text}"),
        Severity::Critical => tracing::error!(target: log::EVENTS, row, kind, strategy, symbol, "{text}"),
    }
}

/// The page of a session: where it is and where its token stands, in one line; `None` with the reason where there is none.
pub(super) fn dashboard(
    settings: &EnvFile,
    folder: &Path,
    port: Result<DashboardPort, String>,
    (snapshots, commands, signer): (watch::Receiver<Arc<Snapshot>>, mpsc::Sender<Commanded>, mpsc::Sender<LoginNotice>),
    kill: KillHandle,
) -> Result<(Option<Dashboard>, String), Failure> {
    let port = match port {
        Ok(port) => port,
        Err(why) => return Ok((None, why)),
    };
    let tokens = Tokens::read(settings, folder).map_err(wrong)?;
    let place = match tokens.place() {
        TokenPlace::Env => "DASHBOARD_TOKEN in .env".to_owned(),
        TokenPlace::File(path) => path.display().to_string(),
    };
    let options = DashboardOptions {
        redactor: Arc::new(Redactor::new(settings)),
        tokens,
        clock: Arc::new(|| -> Timestamp { wall() }),
        // The session writes it into the journal and tells it; one that takes no more is said to have missed it.
        on_login: Arc::new(move |notice| {
            if let Err(error) = signer.try_send(notice) {
                tracing::warn!("not in the journal: {}", error.into_inner().text);
            }
        }),
    };
    let links = DashboardLinks { snapshots, commands, stop: Arc::new(move |order| kill.press(order)) };
    let dashboard = Dashboard::start(port, options, links);
    let text = format!("dashboard: http://{} (token: {place})", dashboard.address());
    Ok((Some(dashboard), text))
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("error {error}"))
}

fn machine(error: impl std::fmt::Display) -> Failure {
    Failure::Machine(format!("error {error}"))
}
