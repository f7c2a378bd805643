//! What all requests share: the session's state, the way to it, who is signed in, and counters.
//!
//! Not here: what a request gets (api, act, stream, page). Invariant: no lock is held while something waits.
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::access::{Access, Pass};
use super::bucket::Bucket;
use super::equity_line::EquityLine;
use super::{DashboardLinks, DashboardOptions, LoginNotice};
use crate::domain::Timestamp;
use crate::live::{Severity, Snapshot, StateView};

/// Without a word from the session for so long, nothing shown is current.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Pages that listen at a time.
const STREAMS_MAX: u32 = 16;
/// How long pages have for the last word of a session; they are up to a quarter of a second behind it.
const LAST_WORD_WAIT: Duration = Duration::from_secs(1);
/// Requests of those who are not signed in: at once, and a second. A sign-in page needs six.
const STRANGERS: (u32, u32) = (100, 20);
/// Requests of those who are: a page asks twenty times as it opens, and once or twice a second after.
const OWNERS: (u32, u32) = (300, 60);

/// Between two words about wrong bearer tokens.
const BEARER_TOLD_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The shared state.
pub(super) struct House {
    pub(super) options: DashboardOptions,
    pub(super) links: DashboardLinks,
    pub(super) address: SocketAddr,
    pub(super) access: Mutex<Access>,
    pub(super) strangers: Mutex<Bucket>,
    pub(super) owners: Mutex<Bucket>,
    pub(super) streams: Arc<Semaphore>,
    pub(super) line: Mutex<EquityLine>,
    pub(super) counters: Counters,
    heard: Mutex<Instant>,
    /// When a wrong bearer token was last told of.
    bearer_told: Mutex<Option<Timestamp>>,
}

/// What `/metrics` tells of the dashboard itself.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) wrong_tokens: AtomicU64,
    pub(super) halts: AtomicU64,
}

impl House {
    pub(super) fn new(options: DashboardOptions, links: DashboardLinks, address: SocketAddr) -> House {
        let now = (options.clock)();
        let mut line = EquityLine::default();
        line.note(&links.snapshots.borrow());
        House {
            options,
            links,
            address,
            access: Mutex::default(),
            strangers: Mutex::new(Bucket::new(STRANGERS.0, STRANGERS.1, now)),
            owners: Mutex::new(Bucket::new(OWNERS.0, OWNERS.1, now)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX as usize)),
            line: Mutex::new(line),
            counters: Counters::default(),
            heard: Mutex::new(Instant::now()),
            bearer_told: Mutex::default(),
        }
    }

    /// The wall's clock.
    pub(super) fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// The session as it last said.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.links.snapshots.borrow())
    }

    /// How long the session has said nothing.
    pub(super) fn silence(&self) -> Duration {
        locked(&self.heard).elapsed()
    }

    /// A session that has ended in good order is seen to have: waits until every page has its last word and has been
    /// let go, or for [`LAST_WORD_WAIT`].
    pub(super) async fn say_last_word(&self) {
        if self.snapshot().state == StateView::Stopped {
            // Each page holds one of them; whoever has not taken the word by then does not read.
            let all = self.streams.acquire_many(STREAMS_MAX);
            let _ = tokio::time::timeout(LAST_WORD_WAIT, all).await;
        }
    }

    /// Tells whoever keeps the journal.
    pub(super) fn notice(&self, severity: Severity, text: impl Into<String>) {
        (self.options.on_login)(LoginNotice { severity, text: text.into() });
    }

    /// The session of a cookie, if it holds; one that time has ended is told of.
    pub(super) fn pass(&self, cookie: &str) -> Option<Pass> {
        let (pass, ended) = {
            let mut access = locked(&self.access);
            (access.check(cookie, self.now()), access.take_ended())
        };
        if let Some(why) = ended {
            self.notice(Severity::Info, format!("Signed out of the dashboard {why}."));
        }
        pass
    }

    /// Counts a wrong bearer token, and tells of it once a minute: whoever tries many must not fill the journal.
    pub(super) fn wrong_bearer(&self) {
        count(&self.counters.wrong_tokens);
        let now = self.now();
        let mut told = locked(&self.bearer_told);
        if told.is_none_or(|told| now < told || now >= told.plus_ns(BEARER_TOLD_NS)) {
            *told = Some(now);
            drop(told);
            self.notice(Severity::Warning, "A wrong script token at the dashboard; this is said once a minute.");
        }
    }

    /// The name of the cookie. Cookies do not know ports, and two sessions of one machine have two dashboards.
    pub(super) fn cookie_name(&self) -> String {
        format!("alphaflow_{}", self.address.port())
    }
}

/// What a mutex holds. After a panic elsewhere it still holds whole values: each is changed by one call.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Follows the session until it has ended.
pub(super) async fn watch(house: Arc<House>) {
    let mut snapshots = house.links.snapshots.clone();
    while snapshots.changed().await.is_ok() {
        *locked(&house.heard) = Instant::now();
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        locked(&house.line).note(&snapshot);
    }
}
