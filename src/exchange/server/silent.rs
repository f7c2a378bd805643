//! Connections that have sent no whole request head yet.
//!
//! Not here: taking and serving connections (connection). They cost a client nothing and take a place that another could
//! use, so they give way: after a few seconds, and at once, the oldest first, where a client finds no place.
//! Invariant: a connection that has sent a head is never among them again, and is not ended from here.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long the first head of a connection may take: a client that has something to ask sends it at once.
const FIRST_HEAD_WAIT: Duration = Duration::from_secs(10);

/// Those that are silent, by the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Silent {
    all: Mutex<BTreeMap<u64, oneshot::Sender<()>>>,
}

impl Silent {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, oneshot::Sender<()>>> {
        // The map is whole between two calls, whoever failed in between.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of this number came; higher numbers are later. What is returned is told when it has to go.
    pub(super) fn came(&self, number: u64) -> oneshot::Receiver<()> {
        let (go, told) = oneshot::channel();
        self.all().insert(number, go);
        told
    }

    /// It is silent no more. Was it until now?
    pub(super) fn left(&self, number: u64) -> bool {
        self.all().remove(&number).is_some()
    }

    /// Ends the one that has been silent for longest, if any is.
    pub(super) fn end_oldest(&self) {
        if let Some((_, go)) = self.all().pop_first() {
            // One that has ended meanwhile has given its place back.
            let _ = go.send(());
        }
    }

    /// Returns when the connection has to go; never, once it has sent a head.
    pub(super) async fn gives_way(&self, number: u64, told: oneshot::Receiver<()>) {
        let has_to_go = match tokio::time::timeout(FIRST_HEAD_WAIT, told).await {
            Ok(told) => told.is_ok(),
            Err(_) => self.left(number),
        };
        if !has_to_go {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_silent_one_ends_and_one_that_spoke_does_not() {
        let silent = Silent::default();
        let [mut first, mut second, mut third] = [1, 2, 3].map(|number| silent.came(number));
        assert!(silent.left(1), "it has sent a head");
        silent.end_oldest();
        assert_eq!(second.try_recv(), Ok(()));
        assert_eq!(first.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(third.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        assert!(!silent.left(2), "it is on its way out already");
        silent.end_oldest();
        silent.end_oldest();
        assert_eq!(third.try_recv(), Ok(()));
    }
}
