//! The shutter of the wire: what stops orders between the desk and the socket, at once and for every thread.
//!
//! Not here: who closes it and why (the kill switch of a session), what a held-back order becomes (the desk).
//! Invariants: (1) a call that changes or sends an order leaves only with a pass, and keeps it until its outcome is
//! known; (2) once `close` has returned, no pass of the kind it forbids is given until `open`; (3) therefore, once
//! `wait_clear` has said yes after that, no such call is on its way.
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::call::{Call, Urgency, Verb};

/// The shutter of one wire; clones are the same shutter.
#[derive(Clone, Debug, Default)]
pub struct Shutter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    /// Something that had a pass has ended.
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bar: Bar,
    /// Calls with a pass, by their [`Kind`].
    openings: usize,
    others: usize,
}

/// What a shutter holds back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Bar {
    /// Nothing.
    #[default]
    Nothing,
    /// Orders that open or add, and changes of them.
    Openings,
    /// Every order and every change: somebody else closes all positions, and each order here would be in its way.
    Orders,
}

/// What a call is to the shutter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Opening,
    Order,
}

/// Leave for one call. It counts as on its way until this is let go.
#[derive(Debug)]
#[must_use = "the call is on its way for as long as its pass lives"]
pub struct Pass {
    inner: Arc<Inner>,
    kind: Option<Kind>,
}

impl Shutter {
    /// An open one.
    pub fn new() -> Shutter {
        Shutter::default()
    }

    /// Holds back what `bar` says, and never less than before, from now until [`Shutter::open`].
    pub fn close(&self, bar: Bar) {
        let mut state = self.0.state();
        state.bar = state.bar.max(bar);
    }

    /// Lets everything pass again, after a resume.
    pub fn open(&self) {
        self.0.state().bar = Bar::Nothing;
    }

    /// What it holds back.
    pub fn bar(&self) -> Bar {
        self.0.state().bar
    }

    /// Is no call on its way that `bar` forbids?
    pub fn is_clear(&self, bar: Bar) -> bool {
        self.0.state().on_their_way(bar) == 0
    }

    /// Waits until that is so, `limit` at most; is it so?
    pub fn wait_clear(&self, bar: Bar, limit: Duration) -> bool {
        let state = self.0.state();
        let waited = self.0.freed.wait_timeout_while(state, limit, |state| state.on_their_way(bar) > 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.on_their_way(bar) == 0
    }

    /// Asked directly before a call is written to the socket. `None`: it is held back.
    pub(super) fn pass(&self, call: &Call) -> Option<Pass> {
        let kind = Kind::of(call);
        let mut state = self.0.state();
        match kind {
            Some(Kind::Opening) if state.bar >= Bar::Openings => return None,
            Some(Kind::Order) if state.bar >= Bar::Orders => return None,
            Some(Kind::Opening) => state.openings += 1,
            Some(Kind::Order) => state.others += 1,
            None => {}
        }
        Some(Pass { inner: Arc::clone(&self.0), kind })
    }
}

impl Kind {
    /// Reading and taking back need no leave.
    fn of(call: &Call) -> Option<Kind> {
        match call.verb {
            Verb::Get | Verb::Delete => None,
            Verb::Post | Verb::Patch if call.urgency == Urgency::Opening => Some(Kind::Opening),
            Verb::Post | Verb::Patch => Some(Kind::Order),
        }
    }
}

impl Inner {
    /// Counters stay right wherever a thread that held them ended, so its end changes nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn on_their_way(&self, bar: Bar) -> usize {
        match bar {
            Bar::Nothing => 0,
            Bar::Openings => self.openings,
            Bar::Orders => self.openings + self.others,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        match self.kind {
            Some(Kind::Opening) => state.openings -= 1,
            Some(Kind::Order) => state.others -= 1,
            None => return,
        }
        drop(state);
        self.inner.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(verb: Verb, urgency: Urgency) -> Call {
        Call { id: 1, verb, path: "/v2/orders".to_owned(), body: None, urgency }
    }
    fn passes(shutter: &Shutter, verb: Verb, urgency: Urgency) -> bool {
        shutter.pass(&call(verb, urgency)).is_some()
    }

    #[test]
    fn each_bar_holds_back_its_own() {
        let shutter = Shutter::new();
        let all = |shutter: &Shutter| {
            [
                (Verb::Post, Urgency::Opening),
                (Verb::Patch, Urgency::Opening),
                (Verb::Post, Urgency::Protecting),
                (Verb::Post, Urgency::Reducing),
                (Verb::Patch, Urgency::Protecting),
                (Verb::Delete, Urgency::Reducing),
                (Verb::Get, Urgency::Asking),
            ]
            .map(|(verb, urgency)| passes(shutter, verb, urgency))
        };
        assert_eq!(all(&shutter), [true; 7]);
        shutter.close(Bar::Openings);
        assert_eq!(all(&shutter), [false, false, true, true, true, true, true]);
        shutter.close(Bar::Orders);
        assert_eq!(all(&shutter), [false, false, false, false, false, true, true]);
        shutter.close(Bar::Openings);
        assert_eq!(shutter.bar(), Bar::Orders, "a halt that asks for less takes nothing away");
        shutter.open();
        assert_eq!(all(&shutter), [true; 7]);
    }

    #[test]
    fn it_is_clear_when_every_pass_has_come_back() {
        let shutter = Shutter::new();
        let opening = shutter.pass(&call(Verb::Post, Urgency::Opening)).expect("open");
        let exit = shutter.pass(&call(Verb::Post, Urgency::Reducing)).expect("open");
        shutter.close(Bar::Openings);
        assert!(!shutter.wait_clear(Bar::Openings, Duration::from_millis(1)));
        let waiting = shutter.clone();
        let thread = std::thread::spawn(move || waiting.wait_clear(Bar::Openings, Duration::from_secs(30)));
        drop(opening);
        assert!(thread.join().expect("it ends"), "an exit on its way does not count");
        assert!(!shutter.is_clear(Bar::Orders));
        drop(exit);
        assert!(shutter.is_clear(Bar::Orders));
    }
}
