//! Who is connected to the streams, and waiting until all of them have what was put for them.
//!
//! Not here: what is said (trading, data), faults (tell).
//! Invariant: a feed has one connection with keys at a time.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::data::DataSession;
use super::feed::Feed;
use super::outbox::{Outbox, Patience};
use super::trading::TradingSession;

/// Every websocket of the server.
#[derive(Debug)]
pub(super) struct Hub {
    members: Mutex<Members>,
    drain_wait: Duration,
}

#[derive(Debug, Default)]
struct Members {
    trading: Vec<Arc<TradingSession>>,
    data: Vec<Arc<DataSession>>,
    /// Whose the feeds are.
    owners: [Option<Arc<Outbox>>; Feed::ALL.len()],
}

impl Hub {
    /// Nobody; a listener may take `drain_wait` to read what was put for it.
    pub(super) fn new(drain_wait: Duration) -> Hub {
        Hub { members: Mutex::default(), drain_wait }
    }

    /// One more on `/stream`.
    pub(super) fn join_trading(&self, session: &Arc<TradingSession>) {
        self.members().trading.push(Arc::clone(session));
    }

    /// One more on a feed.
    pub(super) fn join_data(&self, session: &Arc<DataSession>) {
        self.members().data.push(Arc::clone(session));
    }

    /// This connection is gone; what was its feed is free.
    pub(super) fn leave(&self, outbox: &Arc<Outbox>) {
        let mut members = self.members();
        members.trading.retain(|session| !Arc::ptr_eq(&session.outbox, outbox));
        members.data.retain(|session| !Arc::ptr_eq(&session.outbox, outbox));
        for owner in &mut members.owners {
            owner.take_if(|owner| Arc::ptr_eq(owner, outbox));
        }
    }

    /// Makes the feed this connection's, unless it is another's.
    pub(super) fn claim(&self, feed: Feed, outbox: &Arc<Outbox>) -> bool {
        let mut members = self.members();
        let owner = &mut members.owners[feed as usize];
        let is_free = owner.is_none();
        if is_free {
            *owner = Some(Arc::clone(outbox));
        }
        is_free
    }

    /// Those on `/stream` who get events.
    pub(super) fn trading(&self) -> Vec<Arc<TradingSession>> {
        self.members().trading.iter().filter(|session| session.listens()).cloned().collect()
    }

    /// Who gets this feed's data, if anybody does.
    pub(super) fn data(&self, feed: Feed) -> Option<Arc<DataSession>> {
        self.members().data.iter().find(|session| session.feed == feed && session.listens()).cloned()
    }

    /// Waits until every websocket has written what was put for it. One that does not read is cut after a while.
    pub(super) async fn drained(&self, patience: Patience) {
        let outboxes: Vec<Arc<Outbox>> = {
            let members = self.members();
            let trading = members.trading.iter().map(|session| Arc::clone(&session.outbox));
            trading.chain(members.data.iter().map(|session| Arc::clone(&session.outbox))).collect()
        };
        join_all(outboxes.iter().map(|outbox| outbox.drained(self.drain_wait, patience))).await;
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
