//! Telling people what happens: e-mail, Slack and a signed webhook, out of the journal.
//!
//! Not here: what happens (session), how the journal keeps it (journal), who shows it on a page (dashboard).
//! Invariants: (1) telling never waits, whatever a server does: a thread of its own delivers; (2) an event that is in the
//! journal is told at least once on each channel that was set up then, in order, unless it is a day old; told twice only
//! if the program died between the delivery and the row about it, and then under the same key; (3) no secret leaves.
mod channel;
mod config;
mod email;
mod escape;
mod http;
mod line;
mod of_journal;
mod outbox;
mod record;
mod rules;
mod schedule;
mod signature;
mod summary;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_worker;
mod text;
mod tie;
mod trial;
mod worker;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

pub use config::{ConfigError, ConfigFault, NAMES, NotifyConfig};
pub(super) use escape::spelled;
pub use line::{LineHealth, Outcome};
pub use outbox::{Channels, Delivery, DeliveryOutcome, Entry, Note, Outbox};
pub use record::{RecordError, TestRecord, TestedChannel};
pub use rules::is_told;
pub use schedule::AGE_MAX;
pub use summary::{DaySummary, SummaryPosition};
pub use text::{Banner, Message};
pub use trial::{tell_directly, test_channels};

use super::{HealthItem, SessionEvent};
use crate::report::format::counted;
use worker::{Common, STOP_TIME, Shared, Worker, wall};

/// Events that wait to be looked at; beyond them the journal is read.
const ROWS_MAX: usize = 1_024;

/// The thread that tells people, and the way to it.
pub struct Notifier {
    lines: Vec<LineEnd>,
    stop: watch::Sender<bool>,
    finished: oneshot::Receiver<()>,
    thread: thread::JoinHandle<()>,
}

/// Our end of a channel's task.
struct LineEnd {
    rows: mpsc::Sender<u64>,
    shared: Arc<Shared>,
}

/// Starts telling: first what an earlier session left, then what [`Notifier::tell`] names.
///
/// The channels are noted in the journal. Errors: no thread, or the journal cannot be written.
pub fn start<O: Outbox>(config: NotifyConfig, outbox: Arc<Mutex<O>>) -> io::Result<Notifier> {
    let NotifyConfig { banner, session, channels, redactor, .. } = config;
    let names = channels.iter().map(|channel| channel.name().to_owned()).collect();
    {
        let mut outbox = outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let note = Note::Channels(Channels::new(names));
        outbox.note(wall(), wall(), &note).map_err(io::Error::other)?;
    }
    let common = Arc::new(Common { banner, session, redactor, outbox });
    let (stop, stopping) = watch::channel(false);
    let (mut lines, mut workers) = (Vec::new(), Vec::new());
    for (number, channel) in channels.into_iter().enumerate() {
        let (rows, rows_end) = mpsc::channel(ROWS_MAX);
        let shared = Arc::new(Shared::new(channel.name()));
        // The moment of the start is draw enough: waits of channels and sessions only have to differ.
        let seed = wall().ns().unsigned_abs() ^ (number as u64) << 56;
        workers.push(Worker::new(common.clone(), channel, shared.clone(), rows_end, stopping.clone(), seed));
        lines.push(LineEnd { rows, shared });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ended, finished) = oneshot::channel();
    let work = move || {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for worker in workers {
                tasks.spawn(worker.run());
            }
            while tasks.join_next().await.is_some() {}
        });
        // A name that is still being looked up holds nobody.
        runtime.shutdown_background();
        let _ = ended.send(());
    };
    let thread = thread::Builder::new().name("notify".to_owned()).spawn(work)?;
    Ok(Notifier { lines, stop, finished, thread })
}

impl Notifier {
    /// Tells people of `event`, if it is one that is told. Its `row` must be that of the journal. Never waits.
    pub fn tell(&self, event: &SessionEvent) {
        if !is_told(event) {
            return;
        }
        for LineEnd { rows, shared } in &self.lines {
            if rows.try_send(event.row).is_err() {
                shared.miss(event.row);
            }
        }
    }

    /// How it does, for the health strip.
    pub fn health(&self) -> HealthItem {
        let health: Vec<LineHealth> = self.lines.iter().map(|line| line.shared.health()).collect();
        health_item(&health, self.thread.is_finished())
    }

    /// How each channel does.
    pub fn lines(&self) -> Vec<LineHealth> {
        self.lines.iter().map(|line| line.shared.health()).collect()
    }

    /// Ends the thread when all is told, after ten seconds at the latest; the next start tells the rest.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        // A thread that is busy with the journal ends when it can; nobody waits for that.
        let _ = tokio::time::timeout(2 * STOP_TIME, self.finished).await;
    }
}

fn health_item(lines: &[LineHealth], has_ended: bool) -> HealthItem {
    let is_well = |line: &LineHealth| line.failures == 0 && line.left_out == 0 && line.trouble.is_none();
    let words: Vec<String> = lines.iter().map(line_in_words).collect();
    let text = match (lines.is_empty(), has_ended) {
        (true, _) => "off: no channel is set up in .env".to_owned(),
        (false, true) => format!("ended: nobody is told any more; {}", words.join("; ")),
        (false, false) => words.join("; "),
    };
    HealthItem {
        name: "notifications".to_owned(),
        is_well: lines.is_empty() || (lines.iter().all(is_well) && !has_ended),
        text,
        at: lines.iter().filter_map(|line| line.last.as_ref().map(|(at, _)| *at)).max(),
    }
}

fn line_in_words(line: &LineHealth) -> String {
    let LineHealth { channel, owed, failures, last, left_out, trouble } = line;
    if let Some(trouble) = trouble {
        return format!("{channel}: {trouble}");
    }
    let waiting = counted(*owed, "message waits", "messages wait");
    match last {
        _ if *left_out > 0 => {
            format!("{channel}: {} left out, {waiting}", counted(*left_out as usize, "message", "messages"))
        }
        Some((_, delivery)) if *failures > 0 => {
            format!("{channel}: {waiting} after {}: {}", counted(*failures as usize, "try", "tries"), delivery.text)
        }
        _ if *owed > 0 => format!("{channel}: {waiting}"),
        Some(_) => format!("{channel}: all told"),
        None => format!("{channel}: ready"),
    }
}
