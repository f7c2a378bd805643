//! The thread of the kill switch: sees a halt, closes the shutter, works it through, keeps the record.
//!
//! Not here: what a press answers (mod), how the folder is looked at (watch), the procedure (execution::alpaca).
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::alone::describe;
use super::record::{Acknowledgement, Claim, HaltProgress};
use super::watch::{STOP_FILE, Sight, Watch};
use super::{CLEAR, CLEAR_TIME, LOOK_TIME, Seen, Shared, not_clear, wall};
use crate::domain::Timestamp;
use crate::execution::alpaca::{Begin, Emergency, EmergencyLine, EmergencyOrder, EmergencyVenue, Instant, ShutterBar};
use crate::live::HaltStep;
use crate::risk::{HaltOrder, HaltedBy, Latched, Words};

/// The file [`STOP_FILE`] is looked for, and beats are counted, at every so manieth look.
const SLOW_LOOKS: u64 = 10;
/// A halt that could not be written down is tried again after so many looks, and then after twice as many each time, up to
/// the second number: a try on a full disk leaves an empty note, which halts and must be read at every look.
const TRY_LOOKS: [u64; 2] = [500, 64 * 500];

/// The thread's own.
pub(super) struct Worker {
    shared: Arc<Shared>,
    watch: Watch,
    claim: Claim,
    line: Arc<EmergencyLine>,
    venue: EmergencyVenue,
    dead_man: Option<Duration>,
    standing: Option<Standing>,
    /// What was written down last.
    written: Option<Acknowledgement>,
    /// The beat for whose absence it has halted.
    missed_beat_ms: u64,
    /// A halt is being written down.
    writing: Option<JoinHandle<()>>,
    /// The look at which one that could not be is tried again, and how long the wait before was.
    next_try: (u64, u64),
}

/// A halt that is worked on.
struct Standing {
    halt: Latched,
    /// What it forbids at once.
    bar: ShutterBar,
    began_ms: u64,
    is_clear: Option<bool>,
    /// Of the emergency; nothing where an earlier life has finished it.
    task: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        watch: Watch,
        claim: Claim,
        line: EmergencyLine,
        venue: EmergencyVenue,
        dead_man: Option<Duration>,
    ) -> Worker {
        let line = Arc::new(line);
        let (standing, written, writing) = (None, None, None);
        Worker {
            shared,
            watch,
            claim,
            line,
            venue,
            dead_man,
            standing,
            written,
            missed_beat_ms: 0,
            writing,
            next_try: (0, 0),
        }
    }

    /// Works until the session lets it go.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(LOOK_TIME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (shared, mut looks) = (Arc::clone(&self.shared), 0u64);
        while !shared.is_ended.load(Ordering::Acquire) {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shared.wake.notified() => {}
            }
            if looks.is_multiple_of(SLOW_LOOKS) {
                self.press_by_itself(looks);
            }
            let presses = shared.presses();
            match self.watch.look(wall()) {
                Sight::Halted(halt) => self.see(halt, true, looks == 0),
                Sight::Clear => self.clear(presses),
                Sight::Same => {}
            }
            let unrecorded = shared.seen().unrecorded.clone();
            if let Some(HaltOrder { at, by, reason, flatten }) = unrecorded {
                self.see(Latched { since: at, by, reason, flatten }, false, false);
            }
            if self.standing.is_some() {
                // What was begun goes to the venue first, then to the disk.
                tokio::task::yield_now().await;
            }
            self.acknowledge();
            looks += 1;
        }
        self.acknowledge();
    }

    /// The file that halts, and the dead-man timer.
    fn press_by_itself(&mut self, looks: u64) {
        if self.writing.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let beat_ms = self.shared.beat_ms.load(Ordering::Acquire);
        let silent_ms = self.shared.now_ms().saturating_sub(beat_ms);
        let is_dead = beat_ms > 0
            && beat_ms != self.missed_beat_ms
            && self.dead_man.is_some_and(|limit| u128::from(silent_ms) > limit.as_millis());
        if is_dead {
            self.missed_beat_ms = beat_ms;
            let reason = format!("the session's strategies have not answered for {silent_ms} ms");
            return self.press("the dead-man timer", &reason);
        }
        let Seen { unrecorded, pressing, .. } = self.shared.seen().clone();
        if let Some(order) = unrecorded {
            let [first, longest] = TRY_LOOKS;
            let (at, waited) = self.next_try;
            if waited == 0 {
                self.next_try = (looks + first, first);
            } else if pressing == 0 && looks >= at {
                let wait = (2 * waited).min(longest);
                self.next_try = (looks + wait, wait);
                self.write_down(order);
            }
            return;
        }
        self.next_try = (0, 0);
        // One that stands and is not kept any more is on the disk, seen there or not.
        if self.standing.is_none() && self.watch.has_stop_file() {
            let reason = format!("the file {STOP_FILE} is in the folder of the kill switch; take it away, then resume");
            self.press("the file STOP", &reason);
        }
    }

    /// As [`super::KillHandle::press`], without waiting: another command may hold the lock of the folder.
    fn press(&mut self, by: &str, reason: &str) {
        let by = HaltedBy::Person(Words::new(by).expect("a few words"));
        let order = HaltOrder { at: wall(), by, reason: Words::new(reason).ok(), flatten: false };
        self.write_down(order);
    }

    /// In the folder, or, where that does not work, in memory until it does.
    fn write_down(&mut self, order: HaltOrder) {
        self.shared.begin_press(&order);
        let shared = Arc::clone(&self.shared);
        // Where it fails, it is kept, and this is tried again.
        self.writing = Some(tokio::task::spawn_blocking(move || drop(shared.write_down(&order))));
    }

    /// A halt stands, as the folder has it or as it will be there. What is new about it is begun.
    fn see(&mut self, halt: Latched, is_recorded: bool, is_first_look: bool) {
        if let Some(standing) = &mut self.standing {
            let adds_flatten = halt.flatten && !standing.halt.flatten;
            if !adds_flatten {
                if is_recorded {
                    // A flatten that could not be written down is not in the folder, and is worked on all the same.
                    let kept = self.shared.seen().unrecorded.as_ref().is_some_and(|order| order.flatten);
                    let flatten = halt.flatten || kept && standing.halt.flatten;
                    standing.halt = Latched { flatten, ..halt };
                }
                return;
            }
        }
        let begun = self.standing.take();
        begun.as_ref().and_then(|standing| standing.task.as_ref()).into_iter().for_each(JoinHandle::abort);
        let bar = self.shared.bar_of(halt.flatten);
        self.shared.shutter.close(bar);
        let earlier = self.claim.acknowledgement().filter(|earlier| is_first_look && earlier.is_of(&halt));
        let is_finished = earlier.as_ref().is_some_and(|earlier| earlier.progress == HaltProgress::Done);
        // What stands already may be the work of an earlier life, exits that wait for the open among it.
        let begin = if is_first_look { Begin::Look } else { Begin::Now };
        self.show(&halt, earlier.as_ref());
        let task = (!is_finished).then(|| self::begin(&self.shared, &self.line, &self.venue, halt.flatten, begin));
        let began_ms = self.shared.now_ms();
        self.standing = Some(Standing { halt, bar, began_ms, is_clear: None, task });
    }

    /// The first step, or all those of an earlier life.
    fn show(&self, halt: &Latched, earlier: Option<&Acknowledgement>) {
        let mut seen = self.shared.seen();
        let flatten = if halt.flatten { "; all positions are to be closed" } else { "" };
        let first =
            HaltStep { time: (self.shared.clock)(), done: true, text: format!("halted by {}{flatten}", halt.by) };
        let finished = earlier.filter(|earlier| earlier.progress == HaltProgress::Done);
        seen.here = finished.map_or_else(|| vec![first], |earlier| earlier.steps.clone());
        seen.there.clear();
        seen.is_done_before = finished.is_some();
        seen.progress = Some(finished.map_or(HaltProgress::Working, |earlier| earlier.progress));
    }

    /// The folder is clear: a resume has ended the halt. One that is not in the folder cannot be ended there.
    fn clear(&mut self, presses: Option<u64>) {
        if !self.shared.open_after(presses) {
            return self.watch.look_again();
        }
        let Some(standing) = self.standing.take() else { return };
        standing.task.iter().for_each(JoinHandle::abort);
        let mut seen = self.shared.seen();
        (seen.here, seen.there, seen.progress, seen.is_done_before) = (Vec::new(), Vec::new(), None, false);
        drop(seen);
        self.written = None;
        // Left there, it is about a halt that no longer stands.
        let _ = self.claim.forget();
    }

    /// Writes down what has come of the halt, where that is new.
    fn acknowledge(&mut self) {
        let Some(standing) = &mut self.standing else { return };
        let bar = standing.bar;
        let limit_ms = u64::try_from(CLEAR_TIME.as_millis()).unwrap_or(u64::MAX);
        if standing.is_clear != Some(true) {
            let is_late = self.shared.now_ms().saturating_sub(standing.began_ms) > limit_ms;
            let is_clear = self.shared.shutter.is_clear(bar);
            if is_clear || is_late && standing.is_clear.is_none() {
                let was_late = standing.is_clear.replace(is_clear) == Some(false);
                if standing.task.is_some() {
                    let text = if is_clear { CLEAR.to_owned() } else { not_clear() };
                    keep(&mut self.shared.seen().here, 1, (self.shared.clock)(), is_clear, &text);
                }
                if was_late {
                    // It may have come after the last look at the venue.
                    standing.task.iter().for_each(JoinHandle::abort);
                    standing.task =
                        Some(begin(&self.shared, &self.line, &self.venue, standing.halt.flatten, Begin::Look));
                }
            }
        }
        let seen = self.shared.seen().clone();
        let done = Acknowledgement {
            mode: self.venue.mode().to_owned(),
            pid: std::process::id(),
            since: standing.halt.since,
            by: standing.halt.by.to_string(),
            flatten: standing.halt.flatten,
            is_clear: standing.is_clear,
            progress: seen.progress.unwrap_or(HaltProgress::Working),
            steps: seen.steps(),
        };
        // Where the folder cannot be written, the steps still show in the session.
        if self.written.as_ref() != Some(&done) && self.claim.acknowledge(&done).is_ok() {
            self.written = Some(done);
        }
    }
}

/// Starts the work at the venue.
fn begin(
    shared: &Arc<Shared>,
    line: &Arc<EmergencyLine>,
    venue: &EmergencyVenue,
    flatten: bool,
    begin: Begin,
) -> JoinHandle<()> {
    let patience = venue.patience();
    let emergency = move |order, begin| {
        let seed = u64::try_from(wall().ns()).unwrap_or_default();
        Emergency::new(order, begin, patience, seed)
    };
    let time_to_close = shared.time_to_close().filter(|_| flatten);
    let (line, shared) = (Arc::clone(line), Arc::clone(shared));
    tokio::spawn(async move {
        let clock = Arc::clone(&shared);
        let now = move || Instant { ms: clock.now_ms(), wall_ms: wall().ns() / 1_000_000 };
        let mut first = begin;
        if let Some(time) = time_to_close {
            // What opens is taken back meanwhile; then nothing but the kill switch closes anything.
            let opens = emergency(EmergencyOrder::Cancel, begin);
            let taken_back = async {
                line.run(opens, now.clone(), |emergency| tell_opens(&shared, emergency)).await;
                std::future::pending::<()>().await;
            };
            let _ = tokio::time::timeout(time, taken_back).await;
            shared.shutter.close(ShutterBar::Orders);
            // The session's exits may wait for the open, or fill slowly: they close what they are for, and its books know
            // them.
            first = Begin::Look;
        }
        let order = if flatten { EmergencyOrder::Flatten } else { EmergencyOrder::Cancel };
        line.run(emergency(order, first), now, |emergency| tell(&shared, emergency)).await;
    })
}

/// Shows what is taken back while the session closes its positions; that is not the end.
fn tell_opens(shared: &Shared, emergency: &Emergency) {
    tell(shared, emergency);
    shared.seen().progress = Some(HaltProgress::Working);
}

/// Shows how far the work at the venue is.
fn tell(shared: &Shared, emergency: &Emergency) {
    let now = (shared.clock)();
    let mut seen = shared.seen();
    let lines = describe(emergency);
    for (at, (is_done, text)) in lines.iter().enumerate() {
        keep(&mut seen.there, at, now, *is_done, text);
    }
    seen.there.truncate(lines.len());
    seen.progress = Some(emergency.state().into());
}

/// The step at this place; its time changes with its words.
fn keep(steps: &mut Vec<HaltStep>, at: usize, time: Timestamp, done: bool, text: &str) {
    let step = HaltStep { time, done, text: text.to_owned() };
    match steps.get_mut(at) {
        Some(old) if old.text == step.text && old.done == step.done => {}
        Some(old) => *old = step,
        None => steps.push(step),
    }
}
