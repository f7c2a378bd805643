//! How a session ends: by signals in good order, or early; an emergency that is under way is finished first.
//!
//! Not here: the session (trade), what an early end says (live::driver).
use std::fs;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::Failure;
use super::trade_screen::{Shown, Terminal};
use crate::execution::alpaca::TradingMode;
use crate::live::driver::{Commanded, Driver, DriverError};
use crate::live::{Asked, Command, SessionEvent};

/// An orderly end waits so long for an emergency; whoever ends a session wants it to end.
const ORDERLY_WAIT: Duration = Duration::from_secs(30);

/// Why a session did not end in good order.
pub(super) enum Ended {
    /// Before anything was traded.
    Before(DriverError),
    /// In the middle.
    Early {
        /// What people were told; the row is 0 where the journal could not take it.
        event: SessionEvent,
        /// The last that the kill switch did, if it did anything.
        emergency: Option<String>,
    },
}

impl Ended {
    /// The last line on the terminal: what happened, and what to do.
    pub(super) fn failure(self, mode: &str) -> Failure {
        let (event, emergency) = match self {
            Ended::Before(error) => return Failure::Machine(format!("error {error}")),
            Ended::Early { event, emergency } => (event, emergency),
        };
        let emergency = emergency.map(|text| format!("\n      the kill switch: {text}")).unwrap_or_default();
        let next = match mode {
            "rehearsal" => "mend the cause and start it again".to_owned(),
            mode => format!(
                "mend the cause and start it again; `alphaflow halt --mode {mode} --flatten` closes everything without a \
                 session"
            ),
        };
        Failure::Machine(format!("error {}{emergency}\n      {next}", event.sentence()))
    }
}

/// What a session comes to once its driver has returned: an early end is told, and then an emergency that is under way is
/// finished, or another signal ends it. In a market that waits for its session (`is_moving` is false) there is none to finish.
pub(super) async fn ended<M: TradingMode>(
    mut driver: Driver<M>,
    ran: Result<(), DriverError>,
    is_moving: bool,
    mut signals: watch::Receiver<()>,
    terminal: &Terminal,
) -> Result<Vec<(String, usize, String)>, Ended> {
    let early = ran.err().map(|error| driver.ended_early(&error));
    let limit = if early.is_some() { Duration::MAX } else { ORDERLY_WAIT };
    signals.mark_unchanged();
    if is_moving && driver.is_in_emergency() {
        let text = "The kill switch is still at work and is waited for; another signal (Ctrl-C) ends it unfinished.";
        terminal.show(Shown::Line(text.to_owned()));
    }
    if is_moving {
        tokio::select! {
            () = driver.finish_emergency() => {}
            _ = signals.changed() => {}
            () = tokio::time::sleep(limit) => {}
        }
    }
    driver.show_ended();
    match early {
        None => Ok(driver.fingerprints()),
        Some(event) => Err(Ended::Early { event, emergency: driver.kill().steps().pop().map(|step| step.text) }),
    }
}

/// SIGINT, SIGTERM and a terminal that is closed are commands to end in good order; the receiver hears of each, for a session
/// that cannot hear commands yet, or not any more.
pub(super) fn end_on_signals(
    commander: mpsc::Sender<Commanded>,
) -> Result<(JoinHandle<()>, watch::Receiver<()>), Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
    let (heard, ends) = watch::channel(());
    let task = tokio::spawn(async move {
        loop {
            let by = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
                () = received(hangup.as_mut()) => "SIGHUP",
            };
            heard.send_replace(());
            let (answer, _nobody) = oneshot::channel();
            let asked = Asked { command: Command::Stop, by: by.to_owned() };
            let commander = commander.clone();
            // A session that takes no more has ended, and must not hold up the next signal.
            tokio::spawn(async move { commander.send((asked, answer)).await });
        }
    });
    Ok((task, ends))
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Was this program started so that the end of its terminal does not end it (`nohup`)? Known on Linux.
fn is_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
