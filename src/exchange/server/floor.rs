//! What all connections share: the exchange behind one lock, those who listen, and moving time.
//!
//! Not here: requests (answer, control), sockets, pace.
//! Invariants: (1) whoever has the turn has the exchange alone; what it published is told in that turn, in order;
//! (2) time moves moment by moment, and what one brings is out before the next.
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, watch};

use super::ServerOptions;
use super::hub::Hub;
use super::keys::Keys;
use super::outbox::Patience;
use super::pace::Pace;
use super::tell::Teller;
use crate::domain::Timestamp;
use crate::exchange::{Exchange, Moment, Tape};

/// The shared state of a server.
#[derive(Debug)]
pub(super) struct Floor {
    turn: Mutex<Turn>,
    /// Those who listen.
    pub(super) hub: Arc<Hub>,
    /// What clients must show.
    pub(super) keys: Keys,
    /// How the clock moves.
    pub(super) pace: Pace,
    /// The wall's clock.
    pub(super) wall: fn() -> Timestamp,
    has_client: watch::Sender<bool>,
    /// Turns true when the server is to end.
    pub(super) stop: watch::Receiver<bool>,
}

/// The exchange, held by whoever's turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    exchange: Exchange,
    /// A change of the exchange has begun and not ended.
    is_broken: bool,
    /// How events leave.
    pub(super) teller: Teller,
    /// How often it went back to the start.
    pub(super) resets: u64,
}

impl Floor {
    /// A server's state before its first client.
    pub(super) fn new(exchange: Exchange, options: ServerOptions, stop: watch::Receiver<bool>) -> Floor {
        let teller = Teller::new(options.faults);
        Floor {
            turn: Mutex::new(Turn { exchange, is_broken: false, teller, resets: 0 }),
            hub: Arc::new(Hub::new(options.drain_wait)),
            keys: options.keys,
            pace: options.pace,
            wall: options.wall,
            has_client: watch::Sender::new(false),
            stop,
        }
    }

    /// Waits for the exchange; in the order of asking.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().await
    }

    /// A client has sent a request or connected to a stream.
    pub(super) fn client_came(&self) {
        self.has_client.send_replace(true);
    }

    /// Waits for that.
    pub(super) async fn first_client(&self) {
        // The sender lives as long as we do, so this cannot fail.
        let _ = self.has_client.subscribe().wait_for(|has_client| *has_client).await;
    }
}

impl Turn {
    /// The data and their clock.
    pub(super) fn tape(&self) -> &Tape {
        self.exchange.tape()
    }

    /// Looks at the exchange.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        look(&self.exchange)
    }

    /// Everything at a glance.
    pub(super) fn state(&self) -> Value {
        self.exchange.state()
    }

    /// Changes the exchange. Should it fail one of its own checks in the middle, it never answers again: what it
    /// would say could be wrong.
    pub(super) fn whole<T>(&mut self, change: impl FnOnce(&mut Exchange) -> T) -> T {
        assert!(!self.is_broken, "the exchange has failed before; start it anew");
        self.is_broken = true;
        let result = change(&mut self.exchange);
        self.is_broken = false;
        result
    }

    /// Tells what has been published since.
    pub(super) fn publish(&mut self, floor: &Floor) {
        let published = self.whole(Exchange::take_published);
        self.teller.tell(&floor.hub, self.exchange.tape(), published);
    }

    /// Moves the clock to `until` and waits until every listener has what that brought.
    pub(super) async fn advance(&mut self, floor: &Floor, until: Timestamp, patience: Patience) {
        while let Some(next) = self.exchange.tape().next().map(moment_end).filter(|next| *next <= until) {
            self.whole(|exchange| exchange.advance(next));
            self.publish(floor);
            floor.hub.drained(patience).await;
        }
        self.whole(|exchange| exchange.advance(until));
        self.publish(floor);
        self.teller.release(&floor.hub);
        floor.hub.drained(patience).await;
    }
}

/// Where the clock must stand for this moment to have passed: bars that open at a time begin behind it.
pub(super) fn moment_end((time, moment): (Timestamp, Moment)) -> Timestamp {
    match moment {
        Moment::BarOpen(_) => time.plus_ns(1),
        _ => time,
    }
}
