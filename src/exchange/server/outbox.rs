//! What waits to be written to one websocket, and how far its writer has come.
//!
//! Not here: the socket (socket), what is written (the protocols, hub).
//! Invariants: (1) items leave in the order in which they were put; (2) progress never goes back; (3) behind a
//! cut or a close nothing is taken in any more.
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Message;
use tokio::sync::{Notify, watch};

/// One thing for the writer to do.
#[derive(Debug)]
pub(super) enum Item {
    /// Send a frame.
    Frame(Message),
    /// Wait so long.
    Pause(Duration),
    /// Send what came before, then cut the connection.
    Cut,
    /// Send what came before, then close the connection as the protocol asks.
    Close,
}

/// Items on their way to one websocket.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
    too_slow: Notify,
    progress: watch::Sender<Progress>,
    /// What a listener that does not keep up is told last, if anything.
    farewell: Option<Message>,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    put: u64,
    /// The pauses that have not been waited for yet, and the number of the last of them.
    pauses: Duration,
    last_pause: u64,
    is_ended: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    written: u64,
    is_gone: bool,
}

/// How long somebody waits for what has been put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// Through pauses that faults have asked for.
    ThroughPauses,
    /// Not where such a pause is on: the event is to come late.
    WithoutPauses,
}

impl Outbox {
    /// Empty.
    pub(super) fn new(farewell: Option<Message>) -> Outbox {
        Outbox {
            queue: Mutex::default(),
            filled: Notify::new(),
            too_slow: Notify::new(),
            progress: watch::Sender::new(Progress::default()),
            farewell,
        }
    }

    /// Puts one more at the end.
    pub(super) fn put(&self, item: Item) {
        let mut queue = self.queue();
        if queue.is_ended {
            return;
        }
        queue.put += 1;
        match item {
            Item::Pause(wait) => (queue.pauses, queue.last_pause) = (queue.pauses + wait, queue.put),
            Item::Cut | Item::Close => queue.is_ended = true,
            Item::Frame(_) => {}
        }
        queue.items.push_back(item);
        drop(queue);
        self.filled.notify_one();
    }

    /// Is nothing taken in any more?
    pub(super) fn is_ended(&self) -> bool {
        self.queue().is_ended
    }

    /// Waits until there is something to take.
    pub(super) async fn filled(&self) {
        while self.queue().items.is_empty() {
            self.filled.notified().await;
        }
    }

    /// Takes all there is, and the number to report when it is written.
    pub(super) fn take(&self) -> (VecDeque<Item>, u64) {
        let mut queue = self.queue();
        (std::mem::take(&mut queue.items), queue.put)
    }

    /// A pause has been waited for.
    pub(super) fn paused(&self, wait: Duration) {
        let mut queue = self.queue();
        queue.pauses = queue.pauses.saturating_sub(wait);
    }

    /// Everything up to this number is written and flushed.
    pub(super) fn written(&self, number: u64) {
        self.progress.send_modify(|progress| progress.written = number);
    }

    /// The connection is gone.
    pub(super) fn gone(&self) {
        self.queue().is_ended = true;
        self.progress.send_modify(|progress| progress.is_gone = true);
    }

    /// Waits until all that has been put so far is written or the connection is gone; a connection that needs more
    /// than `wait` for it, pauses apart, is told so and ended.
    pub(super) async fn drained(&self, wait: Duration, patience: Patience) {
        let mut progress = self.progress.subscribe();
        let written = progress.borrow().written;
        let (goal, pauses) = {
            let queue = self.queue();
            if patience == Patience::WithoutPauses && written < queue.last_pause {
                return;
            }
            (queue.put, queue.pauses)
        };
        let is_done = |progress: &Progress| progress.is_gone || progress.written >= goal;
        let drained = tokio::time::timeout(wait + pauses, progress.wait_for(is_done)).await;
        if drained.is_err() {
            self.queue().is_ended = true;
            // One permit is kept, so the writer learns of it wherever it stands.
            self.too_slow.notify_one();
            self.progress.send_modify(|progress| progress.is_gone = true);
        }
    }

    /// Waits until the connection has been found too slow; gives the last words.
    pub(super) async fn too_slow(&self) -> Option<Message> {
        self.too_slow.notified().await;
        self.farewell.clone()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing can fail while the lock is held, so what a lost thread left is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn whoever_waits_is_woken_when_all_is_written() {
        let outbox = Outbox::new(None);
        outbox.drained(WAIT, Patience::ThroughPauses).await;
        outbox.put(Item::Frame(Message::text("a")));
        outbox.put(Item::Frame(Message::text("b")));
        let write = async {
            outbox.filled().await;
            let (items, number) = outbox.take();
            assert_eq!((items.len(), number), (2, 2));
            outbox.written(number);
        };
        tokio::join!(write, outbox.drained(WAIT, Patience::WithoutPauses));
        assert!(!outbox.is_ended());
    }

    #[tokio::test]
    async fn one_that_does_not_write_is_told_and_ended() {
        let outbox = Outbox::new(Some(Message::text("too slow")));
        outbox.put(Item::Frame(Message::text("a")));
        outbox.drained(WAIT, Patience::WithoutPauses).await;
        assert!(outbox.is_ended());
        assert_eq!(outbox.too_slow().await, Some(Message::text("too slow")));
        outbox.drained(WAIT, Patience::ThroughPauses).await;
    }

    #[tokio::test]
    async fn a_pause_is_waited_through_or_not_at_all() {
        let outbox = Outbox::new(None);
        let pause = 4 * WAIT;
        outbox.put(Item::Pause(pause));
        outbox.put(Item::Frame(Message::text("late")));
        outbox.drained(WAIT, Patience::WithoutPauses).await;
        let write = async {
            let (_, number) = outbox.take();
            tokio::time::sleep(pause).await;
            outbox.paused(pause);
            outbox.written(number);
        };
        tokio::join!(write, outbox.drained(WAIT, Patience::ThroughPauses));
        assert!(!outbox.is_ended(), "the pause does not count as slowness");
    }

    #[test]
    fn behind_a_cut_nothing_is_taken_in() {
        let outbox = Outbox::new(None);
        outbox.put(Item::Cut);
        outbox.put(Item::Frame(Message::text("a")));
        assert!(outbox.is_ended());
        assert_eq!(outbox.take().0.len(), 1);
    }
}
