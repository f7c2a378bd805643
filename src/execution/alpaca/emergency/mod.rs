//! The emergency: takes orders back and closes positions at the venue until the venue itself shows that nothing is left.
//!
//! Not here: the latch (risk), when it begins (the kill switch of a session), our own books: it looks at the account as
//! the venue has it, so orders and positions that nobody here made are included. No sockets (line), no clock.
//!
//! It works in rounds: ask for orders and positions, do what follows (plan), ask again. Two views with nothing to do,
//! [`EmergencyPatience::settle_ms`] apart, end it, because the venue's lists may lag behind its orders.
//! Invariants: (1) it reads, cancels and closes; no call of it can open; (2) whatever an answer was, what is left is
//! asked for again, so it may be begun anew at any point, by anybody, also while another one runs; (3) it ends only on
//! whole answers.
mod item;
mod line;
mod plan;
#[cfg(test)]
mod tests;

pub use item::{EmergencyItem, Fate, Subject};
pub use line::{EmergencyLine, EmergencyVenue};

use std::collections::{BTreeMap, VecDeque};

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::item::Items;
use self::plan::{Cover, plan};
use super::bucket::{Backoff, Bucket, Instant};
use super::call::{Call, Outcome, Urgency, Verb};
use super::desk::encoded;
use super::wire::{WireClock, WireOrder, WirePosition, WireProblem};
use crate::domain::Quantity;

/// Calls on their way at once.
const ON_THEIR_WAY_MAX: usize = 8;
/// Longest list of orders that the venue gives: a full one may not be all.
const ORDERS_MAX: usize = 500;
/// Longest wait for a venue that does not answer, or for a cancel to take effect.
const PAUSE_MS_MAX: u64 = 5_000;
/// While exits wait for the open, the account is looked at so often.
const CLOSED_PAUSE_MS: u64 = 30_000;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmergencyOrder {
    /// Take back every order but those that can only close what is held.
    Cancel,
    /// Take back every order and close every position.
    Flatten,
}

/// Where it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// With the cancels, at once.
    Now,
    /// With a look: an earlier one may have left exits at the venue that wait for the open.
    Look,
}

/// How long it waits for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmergencyPatience {
    /// Between two views with nothing left: longer than the venue's lists lag.
    pub settle_ms: u64,
    /// Calls a minute that the venue allows.
    pub calls_a_minute: u32,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmergencyState {
    /// Something is left to do, or is not confirmed.
    Working,
    /// Exits for all that is left are at the venue and wait for the market to open.
    WaitsForOpen,
    /// Nothing is left, as two views of the venue show.
    Done,
}

/// One run of the procedure.
#[derive(Debug)]
pub struct Emergency {
    order: EmergencyOrder,
    patience: EmergencyPatience,
    state: EmergencyState,
    items: Items,
    problem: Option<String>,
    queue: VecDeque<Doing>,
    on_their_way: BTreeMap<u64, Doing>,
    calls_made: u64,
    /// Nothing leaves before this.
    due_ms: u64,
    view: View,
    /// A call of this round has failed.
    has_failed: bool,
    /// What the last whole view showed, to see whether anything moves.
    last_seen: String,
    /// Rounds in a row in which nothing has moved, or calls failed.
    still: u32,
    /// When a view had nothing to do for the first time since something had.
    clean_since_ms: Option<u64>,
    /// Positions for which an exit may be on its way unseen: not closed again before this.
    not_before: BTreeMap<String, u64>,
    bucket: Bucket,
    backoff: Backoff,
}

/// A call and what it is for.
#[derive(Clone, PartialEq, Debug)]
enum Doing {
    CancelAll,
    Orders,
    /// Orders that have ended, for the words about them.
    Ended,
    Positions,
    Clock,
    Cancel(String),
    Close(String, Option<Quantity>),
}

/// Answers of one round.
#[derive(Debug, Default)]
struct View {
    orders: Option<Vec<WireOrder>>,
    positions: Option<Vec<WirePosition>>,
    clock: Option<WireClock>,
}

impl Emergency {
    /// Ready to begin. `seed`: of the chance in waits.
    pub fn new(order: EmergencyOrder, begin: Begin, patience: EmergencyPatience, seed: u64) -> Emergency {
        let mut emergency = Emergency {
            order,
            patience,
            state: EmergencyState::Working,
            items: Items::default(),
            problem: None,
            queue: VecDeque::new(),
            on_their_way: BTreeMap::new(),
            calls_made: 0,
            due_ms: 0,
            view: View::default(),
            has_failed: false,
            last_seen: String::new(),
            still: 0,
            clean_since_ms: None,
            not_before: BTreeMap::new(),
            bucket: Bucket::new(patience.calls_a_minute),
            backoff: Backoff::new(seed),
        };
        match (order, begin) {
            // Everything goes, so nothing need be known first.
            (EmergencyOrder::Flatten, Begin::Now) => emergency.queue.push_back(Doing::CancelAll),
            _ => emergency.look(0),
        }
        emergency
    }

    /// What is to be done.
    pub fn order(&self) -> EmergencyOrder {
        self.order
    }

    /// How far it is.
    pub fn state(&self) -> EmergencyState {
        self.state
    }

    /// What became of what, in the order in which it was met.
    pub fn items(&self) -> &[EmergencyItem] {
        self.items.all()
    }

    /// Why the last round could not be finished, if it could not.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The next call that may leave.
    pub fn next_call(&mut self, now: Instant) -> Option<Call> {
        let is_free = now.ms >= self.due_ms && self.on_their_way.len() < ON_THEIR_WAY_MAX;
        // Positions are asked for after orders are here: what fills in between is then seen in one of both.
        let must_wait = !self.on_their_way.is_empty() && self.queue.front().is_some_and(Doing::reads);
        if !is_free || must_wait || self.queue.is_empty() {
            return None;
        }
        if self.bucket.free_at(Urgency::Reducing, now.ms) > now.ms {
            return None;
        }
        let doing = self.queue.pop_front()?;
        self.bucket.take(now.ms);
        self.calls_made += 1;
        let (verb, path) = doing.call();
        self.on_their_way.insert(self.calls_made, doing);
        Some(Call { id: self.calls_made, verb, path, body: None, urgency: Urgency::Reducing })
    }

    /// When something is due that waits for time alone.
    pub fn wake_at(&mut self, now: Instant) -> Option<u64> {
        let waits = !self.queue.is_empty() && self.on_their_way.is_empty();
        waits.then(|| self.due_ms.max(self.bucket.free_at(Urgency::Reducing, now.ms)))
    }

    /// Takes what became of a call.
    pub fn on_outcome(&mut self, id: u64, outcome: Outcome, now: Instant) {
        let Some(doing) = self.on_their_way.remove(&id) else { return };
        let answer = self.judge(outcome, now);
        match doing {
            Doing::CancelAll => self.canceled_all(answer),
            Doing::Orders => {
                self.view.orders = self.whole(answer, "orders");
                self.again_without(self.view.orders.is_some(), doing, now);
            }
            Doing::Positions => {
                self.view.positions = self.whole(answer, "positions");
                self.again_without(self.view.positions.is_some(), doing, now);
            }
            // It tells only what to say about exits that wait.
            Doing::Clock => {
                let Answer::Done(body) = answer else { return self.turn_if_quiet(now) };
                self.view.clock = serde_json::from_slice(&body).ok();
            }
            Doing::Ended => self.name_ended(answer),
            Doing::Cancel(order) => match answer {
                // It may have ended meanwhile; the next view shows it.
                Answer::Done(_) | Answer::NotFound => self.items.order(&order, None, Fate::Asked),
                Answer::Refused(words) => self.items.order(&order, None, Fate::Refused(words)),
                Answer::Unknown(why) => self.fail(why),
            },
            Doing::Close(symbol, _) => {
                let is_refused = matches!(answer, Answer::Refused(_));
                if !is_refused {
                    self.not_before.insert(symbol.clone(), now.ms + self.patience.settle_ms);
                }
                match answer {
                    Answer::Done(_) | Answer::NotFound => self.items.position(&symbol, None, Fate::Asked),
                    Answer::Refused(words) => self.items.position(&symbol, None, Fate::Refused(words)),
                    Answer::Unknown(why) => self.fail(why),
                }
            }
        }
        self.turn_if_quiet(now);
    }

    fn turn_if_quiet(&mut self, now: Instant) {
        if self.queue.is_empty() && self.on_their_way.is_empty() {
            self.turn(now);
        }
    }

    /// What a view cannot do without is asked for until it is here. Orders stay the older of both.
    fn again_without(&mut self, is_here: bool, doing: Doing, now: Instant) {
        if !is_here {
            self.queue.push_front(doing);
            self.due_ms = now.ms + self.wait();
        }
    }

    fn judge(&mut self, outcome: Outcome, now: Instant) -> Answer {
        match outcome {
            Outcome::NotSent(why) | Outcome::Unknown(why) => {
                Answer::Unknown(format!("the venue does not answer: {why}"))
            }
            Outcome::HeldBack => Answer::Unknown("the wire held a cancel back".to_owned()),
            Outcome::Answered { status, body, rate } => {
                self.bucket.heed(status, &rate, now, &mut self.backoff);
                let words = || {
                    let message = WireProblem::read(&body).message;
                    if message.as_str().is_empty() { format!("status {status}") } else { message.as_str().to_owned() }
                };
                match status {
                    200..=299 => Answer::Done(body),
                    404 => Answer::NotFound,
                    401 => Answer::Unknown(format!("the venue does not accept the keys: {}", words())),
                    408 | 425 | 429 | 500..=599 => Answer::Unknown(format!("the venue answers {status}: {}", words())),
                    _ => Answer::Refused(words()),
                }
            }
        }
    }

    /// A cancel or an exit may have been done, or not.
    fn fail(&mut self, why: String) {
        self.problem = Some(why);
        self.has_failed = true;
    }

    /// A list that must be whole to be believed.
    fn whole<T: DeserializeOwned>(&mut self, answer: Answer, what: &str) -> Option<T> {
        let why = match answer {
            Answer::Done(body) => match serde_json::from_slice(&body) {
                Ok(value) => return Some(value),
                Err(error) => format!("its {what} cannot be read: {error}"),
            },
            Answer::NotFound => format!("it has no {what} to show (404)"),
            Answer::Refused(words) => format!("it does not show {what}: {words}"),
            Answer::Unknown(why) => why,
        };
        self.problem = Some(why);
        None
    }

    /// An item for every order that was open.
    fn canceled_all(&mut self, answer: Answer) {
        match answer {
            Answer::Done(body) => {
                let items: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
                for item in &items {
                    let Some(id) = item["id"].as_str() else { continue };
                    let fate = match item["status"].as_u64() {
                        Some(200..=299) => Fate::Asked,
                        status => Fate::Refused(
                            item["body"]["message"]
                                .as_str()
                                .map_or_else(|| format!("status {}", status.unwrap_or_default()), str::to_owned),
                        ),
                    };
                    self.items.order(id, None, fate);
                }
            }
            // The orders one by one say more.
            Answer::NotFound | Answer::Refused(_) => {}
            Answer::Unknown(why) => self.problem = Some(why),
        }
    }

    fn name_ended(&mut self, answer: Answer) {
        // Words only: nothing hangs on this answer.
        let Answer::Done(body) = answer else { return };
        for order in serde_json::from_slice::<Vec<WireOrder>>(&body).unwrap_or_default() {
            self.items.ended(order.id.as_str(), words(&order), order.status.as_str());
        }
    }

    /// Asks for the account anew, not before `due_ms`.
    fn look(&mut self, due_ms: u64) {
        self.due_ms = due_ms;
        self.view = View::default();
        self.queue.extend([Doing::Orders, Doing::Positions]);
        if self.order == EmergencyOrder::Flatten {
            self.queue.push_back(Doing::Clock);
        }
        if self.items.has_nameless() {
            self.queue.push_back(Doing::Ended);
        }
    }

    /// Nothing is on its way: what now? Both lists are there, or none: a round that asks does nothing else.
    fn turn(&mut self, now: Instant) {
        let (Some(orders), Some(positions)) = (self.view.orders.take(), self.view.positions.take()) else {
            // Everything has been done: what has come of it?
            let wait = if std::mem::take(&mut self.has_failed) { self.wait() } else { 0 };
            return self.look(now.ms + wait);
        };
        self.problem = None;
        let seen = signature(&orders, &positions);
        self.still = if seen == self.last_seen { self.still } else { 0 };
        self.last_seen = seen;
        let plan = plan(&orders, &positions, self.order == EmergencyOrder::Flatten);
        let listed: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        let held: Vec<&str> = plan.covers.iter().map(|cover| cover.symbol.as_str()).collect();
        self.items.gone_but(&listed, &held);
        let is_open = self.view.clock.as_ref().is_none_or(|clock| clock.is_open);
        let next_open = self.view.clock.as_ref().and_then(|clock| clock.next_open.0.clone());
        let leaving = if is_open { Fate::Asked } else { Fate::AtOpen(next_open) };
        plan.keeps.iter().for_each(|at| self.keep(&orders[*at], &leaving));
        plan.covers.iter().for_each(|cover| self.stand(cover, &leaving));
        for at in &plan.cancels {
            self.want_gone(&orders[*at]);
        }
        for (symbol, part) in &plan.closes {
            self.want_closed(symbol, *part, now.ms);
        }
        let is_clean = plan.cancels.is_empty() && (self.order == EmergencyOrder::Cancel || plan.covers.is_empty());
        self.conclude(is_clean && orders.len() < ORDERS_MAX, is_open, now);
    }

    fn keep(&mut self, order: &WireOrder, leaving: &Fate) {
        let fate = match self.order {
            EmergencyOrder::Cancel => Fate::Kept,
            EmergencyOrder::Flatten => leaving.clone(),
        };
        self.items.order(order.id.as_str(), Some(words(order)), fate);
    }

    /// What the view says of a position. `leaving`: what an exit at the venue means for it.
    fn stand(&mut self, cover: &Cover, leaving: &Fate) {
        let is_covered = cover.shares.is_some_and(|shares| shares.abs() == cover.covered);
        let fate = match self.order {
            EmergencyOrder::Cancel => Fate::Stays(cover.covered),
            EmergencyOrder::Flatten if is_covered => leaving.clone(),
            EmergencyOrder::Flatten if self.items.is_refused(&cover.symbol) => return,
            EmergencyOrder::Flatten => Fate::Wanted,
        };
        self.items.position(&cover.symbol, cover.shares, fate);
    }

    fn want_gone(&mut self, order: &WireOrder) {
        let id = order.id.as_str();
        let is_pending = order.status.as_str() == "pending_cancel";
        if !self.items.is_refused(id) || is_pending {
            let fate = if is_pending { Fate::Asked } else { Fate::Wanted };
            self.items.order(id, Some(words(order)), fate);
        }
        // Off hours a cancel waits for the open; asking again and again does not hasten it.
        if !is_pending || self.still == 0 || self.still.is_multiple_of(8) {
            self.queue.push_back(Doing::Cancel(id.to_owned()));
        }
    }

    fn want_closed(&mut self, symbol: &str, part: Option<Quantity>, now_ms: u64) {
        if self.not_before.get(symbol).is_none_or(|not_before| *not_before <= now_ms) {
            self.queue.push_back(Doing::Close(symbol.to_owned(), part));
        }
    }

    /// Is it over, or when does it go on?
    fn conclude(&mut self, is_clean: bool, is_open: bool, now: Instant) {
        self.state = EmergencyState::Working;
        if is_clean {
            let since_ms = *self.clean_since_ms.get_or_insert(now.ms);
            if now.ms >= since_ms + self.patience.settle_ms {
                self.state = EmergencyState::Done;
                return;
            }
            return self.look((since_ms + self.patience.settle_ms).max(now.ms));
        }
        self.clean_since_ms = None;
        if !self.queue.is_empty() {
            self.view = View::default();
            // Where nothing moves, the same calls are not repeated at once.
            self.due_ms = if self.still == 0 { now.ms } else { now.ms + self.wait() };
            self.still += 1;
            return;
        }
        if !is_open && self.items.only_waits() {
            self.state = EmergencyState::WaitsForOpen;
            return self.look(now.ms + CLOSED_PAUSE_MS);
        }
        let wait = self.wait();
        self.look(now.ms + wait);
    }

    /// Longer each time that nothing has moved.
    fn wait(&mut self) -> u64 {
        let wait = self.backoff.wait_ms(self.still);
        self.still += 1;
        wait.min(PAUSE_MS_MAX)
    }
}

/// An outcome as what it says about the request.
enum Answer {
    Done(Vec<u8>),
    NotFound,
    Refused(String),
    Unknown(String),
}

impl Doing {
    fn reads(&self) -> bool {
        matches!(self, Doing::Orders | Doing::Positions | Doing::Clock | Doing::Ended)
    }

    fn call(&self) -> (Verb, String) {
        match self {
            Doing::CancelAll => (Verb::Delete, "/v2/orders".to_owned()),
            Doing::Orders => (Verb::Get, format!("/v2/orders?status=open&limit={ORDERS_MAX}")),
            Doing::Ended => (Verb::Get, format!("/v2/orders?status=closed&limit={ORDERS_MAX}")),
            Doing::Positions => (Verb::Get, "/v2/positions".to_owned()),
            Doing::Clock => (Verb::Get, "/v2/clock".to_owned()),
            Doing::Cancel(order) => (Verb::Delete, format!("/v2/orders/{}", encoded(order))),
            Doing::Close(symbol, part) => {
                let part = part.map_or(String::new(), |part| format!("?qty={part}"));
                (Verb::Delete, format!("/v2/positions/{}{part}", encoded(symbol)))
            }
        }
    }
}

/// `buy 10 AAPL limit`.
fn words(order: &WireOrder) -> String {
    let quantity = order.qty.0.as_deref().unwrap_or("for dollars");
    format!("{} {quantity} {}, {}", order.side.as_str(), order.symbol.as_str(), order.kind.as_str())
}

/// The part of a view that moves.
fn signature(orders: &[WireOrder], positions: &[WirePosition]) -> String {
    let orders = orders
        .iter()
        .map(|order| format!("{} {} {};", order.id.as_str(), order.status.as_str(), order.filled_qty.as_str()));
    let positions = positions.iter().map(|position| format!("{} {};", position.symbol.as_str(), position.qty.as_str()));
    orders.chain(positions).collect()
}
