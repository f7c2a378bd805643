//! The kill switch of a running session: a thread of its own that nothing else can hold up.
//!
//! Not here: the latch (risk), what is canceled and closed (execution::alpaca::Emergency), signals and pages (they
//! call [`KillHandle::press`]). The thread has a runtime, an HTTP client and keys of its own, so a busy strategy, a full
//! channel or a stuck journal does not delay it. It looks at the folder of the latch every [`LOOK_TIME`], so a halt of any
//! process counts as if it had been pressed here, and so does the file [`STOP_FILE`].
//! Invariants: (1) the shutter of the wire is closed before anything is written or sent; (2) a halt is carried out while it
//! is written down, and also where that fails; (3) a press is acknowledged when no order that it forbids is on its way, and says
//! so where that is not known; (4) an earlier life's halt is worked through to its end.
mod alone;
mod limits;
mod record;
mod watch;
mod worker;

pub use alone::{EmergencyOutcome, run_emergency};
pub use limits::{LimitHalt, answer_resume, ask_to_resume, limits, show_limits, take_resume};
pub use record::{Acknowledgement, HaltProgress, SessionRecord, is_used, last_session, sessions, wait_for};
pub use watch::{STOP_FILE, stop_file};

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::record::Claim;
use self::watch::Watch;
use super::{Done, HaltStep, ItemOutcome};
use crate::domain::Timestamp;
use crate::execution::alpaca::{
    ApiKeys, EmergencyLine, EmergencyOrder, EmergencyVenue, Shutter, ShutterBar, WireError,
};
use crate::report::format::to_the_second;
use crate::risk::{HaltOrder, HaltRecord, LatchError, LatchFile};

/// Between two looks at the folder.
pub const LOOK_TIME: Duration = Duration::from_millis(2);
/// A press waits so long for orders that are on their way; a venue that has not answered by then may not answer at all.
pub const CLEAR_TIME: Duration = Duration::from_secs(2);

/// A session that has moved within this is alive.
const ALIVE_MS: u64 = 2_000;

/// What a kill switch needs of its session.
pub struct KillOptions {
    /// The folder of the latch, which every process of the account shares.
    pub folder: PathBuf,
    /// Where to cancel and close.
    pub venue: EmergencyVenue,
    /// Keys for it.
    pub keys: ApiKeys,
    /// Of the session's wire.
    pub shutter: Shutter,
    /// Halt when [`KillHandle::beat`] was not called for so long, from its first call on.
    pub dead_man: Option<Duration>,
    /// The session closes its positions itself when it sees a flatten, so that its books know of it: while it is alive
    /// the kill switch gives it so long, and closes what is left then.
    pub closes_itself: Option<Duration>,
    /// The venue's clock, for the times of steps.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The kill switch of a session; dropping it ends its thread and leaves the latch as it is.
#[derive(Debug)]
pub struct Kill {
    handle: KillHandle,
    thread: Option<JoinHandle<()>>,
}

/// What may be asked of it, from any thread.
#[derive(Clone, Debug)]
pub struct KillHandle(Arc<Shared>);

/// Why there is no kill switch, and so no session.
#[derive(Debug, thiserror::Error)]
pub enum KillError {
    /// The latch cannot be armed.
    #[error(transparent)]
    Latch(#[from] LatchError),
    /// The session's own folder cannot be written.
    #[error("{}: {source}; give the folder of the session to the user that trades", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// In the words of the system.
        source: std::io::Error,
    },
    /// There is one already.
    #[error("another {mode} session runs with the folder {}; end it first, or use another --state", path.display())]
    Running {
        /// Its mode.
        mode: &'static str,
        /// The folder of the latch.
        path: PathBuf,
    },
    /// No client for the venue.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// No thread.
    #[error("no thread for the kill switch: {0}")]
    Thread(std::io::Error),
}

/// What all handles and the thread share.
struct Shared {
    latch: LatchFile,
    shutter: Shutter,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Since which everything here is counted.
    base: Instant,
    /// Milliseconds after `base`; 0: never.
    beat_ms: AtomicU64,
    closes_itself: Option<Duration>,
    is_ended: AtomicBool,
    wake: Notify,
    seen: Mutex<Seen>,
}

/// What the thread shows of its work.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// A halt that is not on the disk yet, or could not be written down; it holds as long as this process.
    unrecorded: Option<HaltOrder>,
    /// Why it could not be; nothing while that is being tried for the first time.
    why_unrecorded: Option<String>,
    /// Presses that have closed the shutter and not written the halt down yet.
    pressing: u32,
    /// Presses that were ever begun.
    presses: u64,
    /// What happened here about the halt that stands.
    here: Vec<HaltStep>,
    /// What happened at the venue, an item each and how far it is on the whole.
    there: Vec<HaltStep>,
    progress: Option<HaltProgress>,
    /// An earlier session did all of it.
    is_done_before: bool,
}

impl Kill {
    /// Claims the session's folder, arms the latch and starts the thread. A halt that stands already is worked through,
    /// unless an earlier session has finished it.
    ///
    /// Errors: see [`KillError`]; without a kill switch nothing may be traded.
    pub fn start(options: KillOptions) -> Result<Kill, KillError> {
        let KillOptions { folder, venue, keys, shutter, dead_man, closes_itself, clock } = options;
        let mode = venue.mode();
        let in_folder = |source| KillError::Folder { path: folder.join(mode), source };
        let claim = Claim::take(&folder, mode, wall()).map_err(in_folder)?;
        let claim = claim.ok_or_else(|| KillError::Running { mode, path: folder.clone() })?;
        let watch = Watch::new(&folder)?;
        // Before anything can be sent: the thread looks a moment later.
        shutter.close(ShutterBar::Openings);
        let line = EmergencyLine::new(&venue, &keys)?;
        let shared = Arc::new(Shared {
            latch: LatchFile::new(&folder),
            shutter,
            clock,
            base: Instant::now(),
            beat_ms: AtomicU64::new(0),
            closes_itself,
            is_ended: AtomicBool::new(false),
            wake: Notify::new(),
            seen: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(KillError::Thread)?;
        let worker = worker::Worker::new(Arc::clone(&shared), watch, claim, line, venue, dead_man);
        let thread = std::thread::Builder::new().name("kill switch".to_owned());
        let thread = thread.spawn(move || runtime.block_on(worker.run())).map_err(KillError::Thread)?;
        Ok(Kill { handle: KillHandle(shared), thread: Some(thread) })
    }

    /// What may be asked of it, from any thread.
    pub fn handle(&self) -> KillHandle {
        self.handle.clone()
    }

    /// See [`KillHandle::press`].
    pub fn press(&self, order: HaltOrder) -> Done {
        self.handle.press(order)
    }

    /// See [`KillHandle::steps`].
    pub fn steps(&self) -> Vec<HaltStep> {
        self.handle.steps()
    }

    /// Is what the steps say the work of an earlier session, which had finished it? Then nothing is asked of the venue.
    pub fn is_done_before(&self) -> bool {
        self.handle.0.seen().is_done_before
    }
}

impl Drop for Kill {
    fn drop(&mut self) {
        self.handle.0.is_ended.store(true, Ordering::Release);
        self.handle.0.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl KillHandle {
    /// Halts, and returns when no order that increases exposure is on its way any more, or after [`CLEAR_TIME`] with the
    /// words that this is not known. Blocks: call it from a thread that may wait. Canceling and closing go on in the
    /// thread of the kill switch; [`KillHandle::steps`] shows how far they are.
    pub fn press(&self, order: HaltOrder) -> Done {
        let shared = &self.0;
        let bar = shared.begin_press(&order);
        let recorded = shared.write_down(&order);
        let is_clear = shared.shutter.wait_clear(bar, CLEAR_TIME);
        let (is_recorded, record) = record_words(&recorded, &order);
        let clear = if is_clear { CLEAR.to_owned() } else { not_clear() };
        let mut items = vec![
            ItemOutcome { item: "kill switch".to_owned(), done: is_recorded, text: record.clone() },
            ItemOutcome { item: "orders on their way".to_owned(), done: is_clear, text: clear },
        ];
        let next = match order.flatten {
            true => EmergencyOrder::Flatten,
            false => EmergencyOrder::Cancel,
        };
        items.push(ItemOutcome {
            item: "venue".to_owned(),
            done: false,
            text: format!("it is asked to {next}; each item is reported as it is done"),
        });
        Done { taken: true, text: record, items }
    }

    /// As [`KillHandle::press`], for the session itself: does not wait for orders that are on their way. Where the halt
    /// cannot be written down it is kept in memory, see [`KillHandle::unrecorded`], and that is tried again.
    pub fn hold(&self, order: &HaltOrder) {
        self.0.begin_press(order);
        // Why it failed is kept with it.
        let _ = self.0.write_down(order);
    }

    /// A halt that is not on the disk: it is being written down, or could not be. To be read before the folder is: what
    /// was written down in between shows there.
    pub fn unrecorded(&self) -> Option<HaltOrder> {
        self.0.seen().unrecorded.clone()
    }

    /// Why the last halt could not be written down, as long as it is not.
    pub fn why_unrecorded(&self) -> Option<String> {
        self.0.seen().why_unrecorded.clone()
    }

    /// What the standing halt did so far, in order; empty without one.
    pub fn steps(&self) -> Vec<HaltStep> {
        self.0.seen().steps()
    }

    /// How far the standing halt's work is; nothing without one.
    pub fn progress(&self) -> Option<HaltProgress> {
        self.0.seen().progress
    }

    /// The session's strategies are alive. See [`KillOptions::dead_man`].
    pub fn beat(&self) {
        self.0.beat_ms.store(self.0.now_ms().max(1), Ordering::Release);
    }
}

impl Seen {
    /// An order that is not on the disk. Of several one is enough, the first that asks for most.
    fn keep(&mut self, order: &HaltOrder) {
        if self.unrecorded.as_ref().is_none_or(|kept| order.flatten && !kept.flatten) {
            self.unrecorded = Some(order.clone());
        }
    }

    fn steps(&self) -> Vec<HaltStep> {
        self.here.iter().chain(&self.there).cloned().collect()
    }
}

impl Shared {
    /// What a halt forbids at once: of a flatten every order, unless the session is to close its positions itself.
    fn bar_of(&self, flatten: bool) -> ShutterBar {
        if flatten && self.time_to_close().is_none() { ShutterBar::Orders } else { ShutterBar::Openings }
    }

    /// How long the session has for closing its positions itself; a session that does not move has none.
    fn time_to_close(&self) -> Option<Duration> {
        let beat_ms = self.beat_ms.load(Ordering::Acquire);
        let is_alive = beat_ms == 0 || self.now_ms().saturating_sub(beat_ms) < ALIVE_MS;
        self.closes_itself.filter(|_| is_alive)
    }

    /// Closes the shutter and sends the thread to the venue; gives what is held back. From here to [`Shared::write_down`]
    /// nobody opens it, though the folder says that it is clear.
    fn begin_press(&self, order: &HaltOrder) -> ShutterBar {
        let bar = self.bar_of(order.flatten);
        let mut seen = self.seen();
        seen.pressing += 1;
        seen.presses += 1;
        self.shutter.close(bar);
        seen.keep(order);
        drop(seen);
        self.wake.notify_one();
        bar
    }

    /// Writes the halt of a press into the folder; where that does not work, it is kept in memory.
    fn write_down(&self, order: &HaltOrder) -> Result<HaltRecord, LatchError> {
        let recorded = self.latch.halt(order);
        let mut seen = self.seen();
        seen.pressing -= 1;
        match &recorded {
            Ok(_) if seen.unrecorded.as_ref() == Some(order) => {
                (seen.unrecorded, seen.why_unrecorded) = (None, None);
            }
            Ok(_) => {}
            Err(error) => {
                seen.keep(order);
                seen.why_unrecorded = Some(error.to_string());
            }
        }
        drop(seen);
        self.wake.notify_one();
        recorded
    }

    /// Opens the shutter for a folder that was found clear, unless somebody presses or has pressed since `presses` were
    /// counted: what was found is then not news any more.
    fn open_after(&self, presses: Option<u64>) -> bool {
        let seen = self.seen();
        let is_news = seen.pressing == 0 && presses == Some(seen.presses) && seen.unrecorded.is_none();
        if is_news {
            self.shutter.open();
        }
        is_news
    }

    /// How many presses there were, if none is under way.
    fn presses(&self) -> Option<u64> {
        let seen = self.seen();
        (seen.pressing == 0).then_some(seen.presses)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("latch", &self.latch).field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl fmt::Debug for KillOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KillOptions");
        debug.field("folder", &self.folder).field("venue", &self.venue).field("dead_man", &self.dead_man);
        debug.field("closes_itself", &self.closes_itself);
        debug.finish_non_exhaustive()
    }
}

const CLEAR: &str = "no order that the halt forbids is on its way";

fn not_clear() -> String {
    format!(
        "an order that left before the halt has had no answer for {CLEAR_TIME:?}; it may still arrive, and is taken back \
         when it is seen"
    )
}

/// Is it on the disk, and one sentence about it.
fn record_words(recorded: &Result<HaltRecord, LatchError>, order: &HaltOrder) -> (bool, String) {
    match recorded {
        Ok(HaltRecord::Document { latched, is_new: true }) => {
            (true, format!("Halted at {}.", to_the_second(latched.since)))
        }
        Ok(HaltRecord::Document { latched, is_new: false }) => {
            let since = to_the_second(latched.since);
            (true, format!("Halted already, by {} since {since}; this halt is added.", latched.by))
        }
        Ok(HaltRecord::Note { path, .. }) => {
            (true, format!("Halted at {}, by the note {}.", to_the_second(order.at), path.display()))
        }
        Err(error) => {
            let text = format!("Halted, but not on the disk ({error}); it holds as long as this session runs.");
            (false, text)
        }
    }
}

/// The moment by the wall's clock.
pub(crate) fn wall() -> Timestamp {
    let now = jiff::Timestamp::now().as_nanosecond();
    Timestamp::from_ns(i64::try_from(now).unwrap_or(i64::MAX))
}
