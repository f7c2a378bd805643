//! Notifications from a program of your own: each line of standard input becomes an event in a journal and is told on
//! the channels of a `.env`. What cannot be delivered before the end is told by the next run on the same journal.
//!
//! `echo "Disk is nearly full." | cargo run --example tell -- .env state/own/journal.db`
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use alphaflow::domain::Timestamp;
use alphaflow::execution::alpaca::EnvFile;
use alphaflow::live::journal::{Durability, Journal, Row, RowKind};
use alphaflow::live::notify::{Banner, NAMES, NotifyConfig, start};
use alphaflow::live::{EventKind, SessionEvent, Severity};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(env), Some(journal)) = (arguments.next(), arguments.next()) else {
        return Err("give a .env and a journal: tell .env state/own/journal.db".into());
    };
    let env = EnvFile::read(&env)?.with_environment(&NAMES, |name| std::env::var(name).ok())?;
    let config = NotifyConfig::from_env(&env, Banner::Rehearsal, "own")?;
    let journal = Arc::new(Mutex::new(Journal::open(&journal)?));
    let notifier = start(config, journal.clone())?;
    for line in std::io::stdin().lock().lines() {
        let now = Timestamp::from_ns(i64::try_from(jiff::Timestamp::now().as_nanosecond())?);
        let (kind, severity, text) = (EventKind::Health, Severity::Warning, line?);
        let mut event =
            SessionEvent { row: 0, time: now, kind, severity, strategy: None, symbol: None, text, refused: None };
        let body = serde_json::to_value(&event)?;
        let row = Row { time: now, wall: now, strategy: None, kind: RowKind::Event, body };
        let rows = journal.lock().map_err(|_| "the journal broke")?.append(&[row], Durability::Flushed)?;
        event.row = rows.start;
        notifier.tell(&event);
        println!("{}", event.row);
    }
    notifier.stop().await;
    Ok(())
}
