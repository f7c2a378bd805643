//! What this session knows to have happened: a list of entries, and the image of the venue that follows from it.
//!
//! Not here: the words of the entries (entry), what is on its way (the desk), disks (whoever keeps the list).
//! Invariants: (1) every answer to the engine follows from an entry, so the same list gives the same answers; (2) an
//! intent is in the list before its call leaves.
use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Asked, Ending, Entry, LeftOutside};
use crate::domain::{
    Bar, ExecutionEvent, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, Quantity, Side,
    SymbolIndex, Timestamp, Volume,
};
use crate::venue::{FillMoment, Reported, SimulatedVenue, Submission, VenueRules};

/// What is known of one of our numbers, be it an order or a leg.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Facts {
    pub(super) symbol: SymbolIndex,
    pub(super) side: Side,
    pub(super) purpose: OrderPurpose,
    /// The entry it protects, for a leg of an entry.
    pub(super) parent: Option<OrderId>,
}

/// The list and its image.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) mirror: SimulatedVenue,
    asked: BTreeMap<OrderId, Asked>,
    taken: BTreeSet<OrderId>,
    closed: BTreeSet<OrderId>,
    /// Of these the engine can hear no more: what fills of them now is counted, and told to a person.
    over: BTreeSet<OrderId>,
    /// Executions that were counted, and whose.
    executions: BTreeMap<String, OrderId>,
    /// Shares counted as filled and their dollars, by the venue's name for the order.
    counted: BTreeMap<String, (Quantity, Money)>,
    /// The same of orders that are not ours and took shares of ours.
    counted_outside: BTreeMap<String, (Quantity, Money)>,
    linked: BTreeMap<String, OrderId>,
    cancels: BTreeSet<OrderId>,
    changes: BTreeMap<OrderId, (Option<Quantity>, OrderKind)>,
    /// Orders and legs that were there when the last session closed.
    at_close: BTreeSet<OrderId>,
    /// What has ended since something was last forgotten: the venue may still say something of it.
    closed_lately: BTreeSet<OrderId>,
    /// The moment of the oldest approval that is remembered, where something was forgotten.
    remembers_from: Option<Timestamp>,
    /// Entries that nobody has taken to the disk yet.
    fresh: Vec<Entry>,
    events: Vec<ExecutionEvent>,
}

impl Ledger {
    pub(super) fn new(rules: VenueRules, cash: Money, symbols: usize) -> Ledger {
        Ledger {
            mirror: SimulatedVenue::new(rules, cash, symbols),
            asked: BTreeMap::new(),
            taken: BTreeSet::new(),
            closed: BTreeSet::new(),
            over: BTreeSet::new(),
            executions: BTreeMap::new(),
            counted: BTreeMap::new(),
            counted_outside: BTreeMap::new(),
            linked: BTreeMap::new(),
            cancels: BTreeSet::new(),
            changes: BTreeMap::new(),
            at_close: BTreeSet::new(),
            closed_lately: BTreeSet::new(),
            remembers_from: None,
            fresh: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Writes an entry and draws what follows.
    pub(super) fn record(&mut self, entry: Entry) {
        self.apply(&entry);
        self.fresh.push(entry);
    }

    /// Draws what follows from an entry of an earlier life.
    pub(super) fn apply(&mut self, entry: &Entry) {
        let from = self.events.len();
        match entry {
            Entry::Asked { order, asked } => drop(self.asked.insert(*order, *asked)),
            Entry::Intent { .. } => {}
            Entry::Linked { order, venue_id } => drop(self.linked.insert(venue_id.clone(), *order)),
            Entry::Taken { order } => self.take(*order),
            Entry::Refused { order, answer } => {
                self.closed.insert(*order);
                self.closed_lately.insert(*order);
                self.events.push(ExecutionEvent::Rejected { order: *order, reason: answer.reason() });
            }
            Entry::Filled { .. } => self.fill(entry),
            Entry::Ended { order, ending } => self.end(*order, ending),
            Entry::Changed { order, quantity, kind, time } => {
                self.changes.remove(order);
                self.mirror.replace(*order, *quantity, *kind, *time);
            }
            Entry::CancelAsked { order } => drop(self.cancels.insert(*order)),
            Entry::ChangeAsked { order, quantity, kind } => drop(self.changes.insert(*order, (*quantity, *kind))),
            Entry::ChangeRefused { order, answer } => {
                self.changes.remove(order);
                self.events.push(ExecutionEvent::ChangeRefused { order: *order, reason: answer.reason() });
            }
            Entry::SessionClosed => self.note_close(),
            Entry::StopReached { target } => self.mirror.stop_reported(*target),
            Entry::StopStood { order, level, time } => self.mirror.level_reported(*order, *level, *time),
            Entry::Bar { symbol, time, high, low } => {
                let volume = Volume::from_shares(1).unwrap_or_default();
                let bar = Bar { time: *time, open: *low, high: *high, low: *low, close: *high, volume };
                self.mirror.follow_bar(*symbol, &bar);
            }
            Entry::Split { symbol, ratio, kept, mark, cash, time } => {
                self.mirror.split(*symbol, *ratio, (*kept, *mark, *cash), *time);
            }
            Entry::LeftOutside { order, left, time } => self.leave(*order, left, *time),
            Entry::Forgotten { before, but } => self.forget(*before, but),
        }
        self.draw();
        self.drop_revived(from);
        self.closed.extend(self.events[from..].iter().filter_map(closes));
        self.closed_lately.extend(self.events[from..].iter().filter_map(closes));
        // A fill can overtake a cancel: of what was canceled, one is still heard.
        let is_over = |event: &&ExecutionEvent| !matches!(event, ExecutionEvent::Canceled { .. });
        self.over.extend(self.events[from..].iter().filter(is_over).filter_map(closes));
    }

    /// Of the orders below `before` only those of `but` stay.
    fn forget(&mut self, before: OrderId, but: &[OrderId]) {
        let stays = |order: &OrderId| *order >= before || but.binary_search(order).is_ok();
        let last_gone = self.asked.iter().rev().find(|(order, _)| !stays(order)).map(|(_, asked)| asked.time);
        self.asked.retain(|order, _| stays(order));
        let oldest = self.asked.values().next().map(|asked| asked.time);
        self.remembers_from = oldest.or(last_gone).or(self.remembers_from);
        self.taken.retain(stays);
        self.closed.retain(stays);
        self.over.retain(stays);
        self.executions.retain(|_, order| stays(order));
        self.linked.retain(|_, order| stays(order));
        let linked = &self.linked;
        self.counted.retain(|venue_id, _| linked.contains_key(venue_id));
        self.cancels.retain(stays);
        self.changes.retain(|order, _| stays(order));
        self.at_close.retain(stays);
        self.closed_lately.clear();
        self.mirror.forget(|order| !stays(order));
    }

    /// Has it ended, and before something was last forgotten?
    pub(super) fn is_long_closed(&self, order: OrderId) -> bool {
        self.is_closed(order) && !self.closed_lately.contains(&order)
    }

    /// Has it ended a short time ago?
    pub(super) fn is_lately_closed(&self, order: OrderId) -> bool {
        self.closed_lately.contains(&order)
    }

    /// Nothing that is remembered was approved before; `None` where nothing was forgotten.
    pub(super) fn remembers_from(&self) -> Option<Timestamp> {
        self.remembers_from
    }

    /// Is there an answer that the engine has not had?
    pub(super) fn has_answers(&self) -> bool {
        !self.events.is_empty()
    }

    fn note_close(&mut self) {
        let resting = |order: &OrderId| self.mirror.standing(*order).is_some();
        let family = |(order, asked): (&OrderId, &Asked)| {
            let of = legs(&asked.request, *order).into_iter().flatten().map(|leg| leg.order);
            std::iter::once(*order).chain(of).collect::<Vec<_>>()
        };
        let waits = |order: &OrderId| self.asked.contains_key(order) && !self.closed.contains(order);
        let all = self.asked.iter().flat_map(family);
        self.at_close = all.filter(|order| resting(order) || waits(order)).collect();
    }

    fn draw(&mut self) {
        let mut answers = std::mem::take(&mut self.events);
        self.mirror.poll(&mut answers);
        self.events = answers;
    }

    /// Legs that have ended for the engine do not come back with a fill of their entry that is heard of later.
    fn drop_revived(&mut self, from: usize) {
        let closed = &self.closed;
        let revived = |event: &ExecutionEvent| match event {
            ExecutionEvent::LegLive { order, .. } if closed.contains(order) => Some(*order),
            _ => None,
        };
        let legs: Vec<OrderId> = self.events[from..].iter().filter_map(revived).collect();
        if legs.is_empty() {
            return;
        }
        legs.into_iter().for_each(|leg| self.mirror.cancel(leg));
        self.draw();
        let closed = &self.closed;
        let is_over = |event: &ExecutionEvent| match event {
            ExecutionEvent::LegLive { order, .. } | ExecutionEvent::Canceled { order } => closed.contains(order),
            _ => false,
        };
        let mut at = 0;
        self.events.retain(|event| {
            at += 1;
            at <= from || !is_over(event)
        });
    }

    fn take(&mut self, order: OrderId) {
        let Some(asked) = self.asked.get(&order) else { return };
        self.taken.insert(order);
        self.mirror.take_over(&Submission {
            id: order,
            request: &asked.request,
            quantity: asked.quantity,
            reduce_only: asked.reduces,
            relies_on_exits: false,
            last: asked.reference,
            now: asked.time,
            live_after: asked.time,
            in_session: true,
        });
    }

    fn fill(&mut self, entry: &Entry) {
        let Entry::Filled {
            order,
            venue_id,
            execution_id,
            price,
            reference,
            quantity,
            time,
            traded_at,
            moment,
            is_last,
        } = entry
        else {
            return;
        };
        let Some(Facts { symbol, side, purpose, parent }) = self.facts(*order) else { return };
        if !execution_id.is_empty() {
            self.executions.insert(execution_id.clone(), *order);
        }
        let (shares, dollars) = self.counted.entry(venue_id.clone()).or_default();
        *shares += *quantity;
        *dollars += price.notional(*quantity);
        if self.is_over(*order) {
            return;
        }
        self.mirror.fill_reported(&Reported {
            order: *order,
            symbol,
            side,
            purpose,
            parent,
            price: *price,
            reference: *reference,
            quantity: *quantity,
            time: *time,
            traded_at: *traded_at,
            moment: *moment,
            is_last: *is_last,
        });
    }

    /// The mirror takes an order that it does not know as filled whole.
    fn leave(&mut self, order: OrderId, left: &LeftOutside, time: Timestamp) {
        let LeftOutside { symbol, side, quantity, price, ref venue_id } = *left;
        let (shares, dollars) = self.counted_outside.entry(venue_id.clone()).or_default();
        *shares += quantity;
        *dollars += price.notional(quantity);
        self.mirror.fill_reported(&Reported {
            order,
            symbol,
            side,
            purpose: OrderPurpose::KillSwitch,
            parent: None,
            price,
            reference: price,
            quantity,
            time,
            traded_at: None,
            moment: FillMoment::Within,
            is_last: true,
        });
    }

    fn end(&mut self, order: OrderId, ending: &Ending) {
        if self.mirror.standing(order).is_some() {
            match ending {
                Ending::Canceled => self.mirror.cancel(order),
                Ending::Expired => self.mirror.expire_reported(order),
                Ending::Rejected(answer) => self.mirror.reject_reported(order, answer.reason()),
            }
        } else if !self.taken.contains(&order) && self.asked.contains_key(&order) && self.closed.insert(order) {
            // It never left: nothing of it rests anywhere.
            self.events.push(match ending {
                Ending::Canceled => ExecutionEvent::Canceled { order },
                Ending::Expired => ExecutionEvent::Expired { order },
                Ending::Rejected(answer) => ExecutionEvent::Rejected { order, reason: answer.reason() },
            });
        }
    }

    /// What the number stands for.
    pub(super) fn facts(&self, id: OrderId) -> Option<Facts> {
        if let Some(asked) = self.asked.get(&id) {
            let request = &asked.request;
            let is_pair = request.class == OrderClass::Oco && known_stop(request);
            let purpose = if is_pair { OrderPurpose::TakeProfit } else { request.purpose };
            return Some(Facts { symbol: request.symbol, side: request.side, purpose, parent: None });
        }
        // Legs are numbered next after their entry, the stop first.
        [1u64, 2].into_iter().find_map(|place| {
            let parent = OrderId(id.0.checked_sub(place)?);
            let request = &self.asked.get(&parent)?.request;
            let leg = legs(request, parent).into_iter().flatten().find(|leg| leg.order == id)?;
            let (side, of) = match request.class {
                OrderClass::Oco => (request.side, None),
                _ => (request.side.opposite(), Some(parent)),
            };
            Some(Facts { symbol: request.symbol, side, purpose: leg.purpose, parent: of })
        })
    }

    pub(super) fn asked(&self, order: OrderId) -> Option<&Asked> {
        self.asked.get(&order)
    }

    pub(super) fn asked_orders(&self) -> impl Iterator<Item = (OrderId, &Asked)> + '_ {
        self.asked.iter().map(|(order, asked)| (*order, asked))
    }

    pub(super) fn is_taken(&self, order: OrderId) -> bool {
        self.taken.contains(&order)
    }

    /// Has the engine been told that it is over?
    pub(super) fn is_closed(&self, order: OrderId) -> bool {
        self.closed.contains(&order)
    }

    /// Can the engine hear of no fill of it any more?
    pub(super) fn is_over(&self, order: OrderId) -> bool {
        self.over.contains(&order) && self.mirror.standing(order).is_none()
    }

    /// What the engine wants back and is not over.
    pub(super) fn cancels_asked(&self) -> Vec<OrderId> {
        self.cancels.iter().copied().filter(|order| !self.closed.contains(order)).collect()
    }

    /// Changes that the engine waits for, of what rests.
    pub(super) fn changes_asked(&self) -> Vec<(OrderId, Option<Quantity>, OrderKind)> {
        let open = self.changes.iter().filter(|(order, _)| !self.closed.contains(order));
        open.map(|(order, (quantity, kind))| (*order, *quantity, *kind)).collect()
    }

    /// Was the order, or the leg, there when the last session closed?
    pub(super) fn was_there_at_close(&self, order: OrderId) -> bool {
        self.at_close.contains(&order)
    }

    pub(super) fn has_execution(&self, id: &str) -> bool {
        self.executions.contains_key(id)
    }

    pub(super) fn counted(&self, venue_id: &str) -> Quantity {
        self.counted_for(venue_id).0
    }

    /// Shares counted as filled, and what they came to.
    pub(super) fn counted_for(&self, venue_id: &str) -> (Quantity, Money) {
        self.counted.get(venue_id).copied().unwrap_or_default()
    }

    /// Shares that an order which is not ours has taken of ours, and what they came to.
    pub(super) fn counted_outside(&self, venue_id: &str) -> (Quantity, Money) {
        self.counted_outside.get(venue_id).copied().unwrap_or_default()
    }

    pub(super) fn linked(&self, venue_id: &str) -> Option<OrderId> {
        self.linked.get(venue_id).copied()
    }

    pub(super) fn take_fresh(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.fresh)
    }

    /// Moves the events to the end of `answers`.
    pub(super) fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        answers.append(&mut self.events);
    }

    /// The first `count` events were given out in an earlier life.
    pub(super) fn forget_events(&mut self, count: usize) {
        self.events.drain(..count.min(self.events.len()));
    }
}

/// A leg of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LegOf {
    pub(super) order: OrderId,
    pub(super) purpose: OrderPurpose,
}

/// Stop and target of the request that is order `parent`; of a pair, the target is the order itself.
pub(super) fn legs(request: &OrderRequest, parent: OrderId) -> [Option<LegOf>; 2] {
    let is_pair = request.class == OrderClass::Oco;
    let stop_purpose = if request.legs.trailing { OrderPurpose::Trail } else { OrderPurpose::Stop };
    let has_stop = if is_pair { known_stop(request) } else { request.legs.stop.is_some() };
    let stop = has_stop.then(|| LegOf { order: OrderId(parent.0 + 1), purpose: stop_purpose });
    let has_target = request.legs.take_profit.is_some() && !is_pair;
    let place = 1 + u64::from(request.legs.stop.is_some());
    let target = has_target.then(|| LegOf { order: OrderId(parent.0 + place), purpose: OrderPurpose::TakeProfit });
    [stop, target]
}

fn known_stop(request: &OrderRequest) -> bool {
    matches!(request.legs.stop, Some(crate::domain::LegLevel::At(_)))
}

/// The order that the event ends.
fn closes(event: &ExecutionEvent) -> Option<OrderId> {
    match event {
        ExecutionEvent::Filled { fill, remaining } if remaining.is_zero() => Some(fill.order),
        ExecutionEvent::Canceled { order }
        | ExecutionEvent::Expired { order }
        | ExecutionEvent::Rejected { order, .. } => Some(*order),
        _ => None,
    }
}
