//! From what has happened to what each listener gets, faults of streams included.
//!
//! Not here: drawing faults (draws), the order in which struck events leave (line), sockets.
//! Invariants: (1) listeners of one stream get the same events in the same order; (2) a rule is asked only for an
//! event that somebody is about to get; (3) what is held back leaves at the end of the request at the latest.
use serde_json::Value;

use super::draws::{Draws, RequestFate};
use super::faults::{FaultPlan, Stream};
use super::feed::Feed;
use super::hub::Hub;
use super::line::{Delivery, Line};
use super::outbox::Item;
use crate::exchange::data::{self, DataMessage};
use crate::exchange::{Method, Published, Tape};

/// Tells listeners what happens.
#[derive(Debug)]
pub(super) struct Teller {
    draws: Draws,
    trading: Line<Value>,
    data: [Line<DataMessage>; Feed::ALL.len()],
}

impl Teller {
    /// Nothing is held, the plan is at its beginning.
    pub(super) fn new(plan: FaultPlan) -> Teller {
        Teller { draws: Draws::new(plan), trading: Line::default(), data: Default::default() }
    }

    /// Another plan, from its beginning.
    pub(super) fn set_faults(&mut self, plan: FaultPlan) {
        self.draws = Draws::new(plan);
    }

    /// What becomes of a request.
    pub(super) fn fate(&mut self, method: Method, path: &str) -> RequestFate {
        self.draws.request(method, path)
    }

    /// Tells what has been published, in order.
    pub(super) fn tell(&mut self, hub: &Hub, tape: &Tape, published: Vec<Published>) {
        for one in published {
            match one {
                Published::Update(event) => self.tell_trading(hub, event),
                Published::Opened(step) => self.tell_feeds(hub, || data::opened(tape, step)),
                Published::Closed(step) => self.tell_feeds(hub, || data::closed(tape, step)),
            }
        }
    }

    /// The end of a request: nothing stays held back.
    pub(super) fn release(&mut self, hub: &Hub) {
        if let Some(event) = self.trading.release() {
            hub.trading().iter().for_each(|session| session.tell(&event));
        }
        for feed in Feed::ALL {
            let held = self.data[feed as usize].release();
            if let (Some(message), Some(session)) = (held, hub.data(feed)) {
                session.tell(&[message]);
            }
        }
    }

    /// Tells one feed its data.
    pub(super) fn tell_feed(&mut self, hub: &Hub, feed: Feed, all: &[DataMessage]) {
        let Some(session) = hub.data(feed) else { return };
        let line = &mut self.data[feed as usize];
        let mut batch = Vec::new();
        for message in session.wanted(all) {
            let fate = self.draws.event(Stream::Data(feed), line.is_free());
            for delivery in line.pass(message.clone(), fate) {
                match delivery {
                    Delivery::Event(message) => batch.push(message),
                    Delivery::Pause(wait) => {
                        session.tell(&std::mem::take(&mut batch));
                        session.outbox.put(Item::Pause(wait));
                    }
                    Delivery::Cut => {
                        session.tell(&batch);
                        return session.outbox.put(Item::Cut);
                    }
                }
            }
        }
        session.tell(&batch);
    }

    fn tell_feeds(&mut self, hub: &Hub, all: impl FnOnce() -> Vec<DataMessage>) {
        let of_tape = [Feed::Iex, Feed::Sip, Feed::DelayedSip];
        if of_tape.iter().all(|feed| hub.data(*feed).is_none()) {
            return;
        }
        let all = all();
        of_tape.iter().for_each(|feed| self.tell_feed(hub, *feed, &all));
    }

    fn tell_trading(&mut self, hub: &Hub, event: Value) {
        let sessions = hub.trading();
        if sessions.is_empty() {
            return;
        }
        let fate = self.draws.event(Stream::Trading, self.trading.is_free());
        for delivery in self.trading.pass(event, fate) {
            for session in &sessions {
                match &delivery {
                    Delivery::Event(event) => session.tell(event),
                    Delivery::Pause(wait) => session.outbox.put(Item::Pause(*wait)),
                    Delivery::Cut => session.outbox.put(Item::Cut),
                }
            }
        }
    }
}
