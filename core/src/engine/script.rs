//! What an order script may ask beyond entering and leaving: its own orders, changes, halt, flatten.
//!
//! Not here: reading the script (strategy::order_script), whether it may be (risk::gate).
//! Invariant: a flatten sends its exit only when no other order of the symbol is left at the venue, so
//! the exit is for the whole position and nothing else can still take shares away.
use super::core::{Effect, Engine};
use super::journal::RefusalRecord;
use super::orders::{OrderOutcome, OrderRecord};
use crate::domain::{
    ExitLegs, LegLevel, NewPrices, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price,
    Quantity, RejectReason, SymbolIndex, Timestamp,
};
use crate::risk::{OpenApproval, ProtectiveStop, Refusal};
use crate::strategy::{ScriptOrder, ScriptPart, ScriptSize, ScriptTarget, Strategy};
use crate::venue::refusal::{self, Change, Changing};

/// A symbol whose orders are being voided; its exit follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flattening {
    symbol: SymbolIndex,
    /// Why.
    purpose: OrderPurpose,
    label: Option<u32>,
    asked_at: Timestamp,
    /// Orders numbered from here on came after it and stay.
    until: OrderId,
}

impl<S: Strategy> Engine<S> {
    pub(super) fn submit_script(&mut self, order: &ScriptOrder, now: Timestamp) {
        let request = OrderRequest { purpose: self.purpose(&order.request), ..order.request };
        let size = match order.size {
            ScriptSize::Shares(quantity) => OrderSize::Shares(quantity),
            ScriptSize::Notional(amount) => OrderSize::Notional(amount),
            ScriptSize::Max => OrderSize::Shares(self.max_order(&request, now)),
        };
        self.send(OrderRequest { size, ..request }, Some(order.label), now);
    }

    /// A stop against the position protects it, whoever wrote it; it names the exit in `trades.csv`.
    fn purpose(&self, request: &OrderRequest) -> OrderPurpose {
        let held = self.portfolio.position(request.symbol).quantity();
        let closes = held.closing_side() == Some(request.side);
        match request.kind {
            _ if !closes => OrderPurpose::Manual,
            OrderKind::Limit { .. } if request.class == OrderClass::Oco => OrderPurpose::TakeProfit,
            OrderKind::Stop { .. } | OrderKind::StopLimit { .. } => OrderPurpose::Stop,
            OrderKind::TrailingStop { .. } => OrderPurpose::Trail,
            OrderKind::Market | OrderKind::Limit { .. } => OrderPurpose::Manual,
        }
    }

    pub(super) fn cancel_script(&mut self, target: ScriptTarget, now: Timestamp) {
        let Some(record) = self.target(target) else { return };
        let of = (record.id, record.request.symbol);
        let outcome = match record.rests() {
            true => self.gate.review_cancel(of, ends_with(&record), &self.portfolio),
            false => Err(Refusal::NotOpen),
        };
        match outcome {
            Ok(()) => {
                self.gate.call_off(record.id);
                self.effects.push(Effect::Cancel(record.id));
            }
            Err(refusal) => self.refuse_change(record.id, refusal, now),
        }
    }

    pub(super) fn replace_script(
        &mut self,
        target: ScriptTarget,
        quantity: Option<Quantity>,
        prices: NewPrices,
        now: Timestamp,
    ) {
        let Some(record) = self.target(target) else { return };
        let OrderRecord { id, filled, .. } = record;
        let OrderOutcome::Sent(status) = record.outcome else {
            return self.refuse_change(id, Refusal::NotOpen, now);
        };
        if !record.rests() {
            return self.refuse_change(id, Refusal::NotOpen, now);
        }
        if let Some(need) = quantity.filter(|total| *total <= filled) {
            return self.refuse_change(id, Refusal::BelowFilled { need, have: filled }, now);
        }
        // A change of the same moment has not reached the record yet; this one comes on top of it.
        let earlier = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Replace(change) if change.order() == id => Some(change),
            _ => None,
        });
        let wanted = record.request;
        let standing = Changing {
            status,
            kind: earlier.map_or(wanted.kind, |change| change.kind()),
            quantity: earlier.and_then(|change| change.quantity()).map_or(record.quantity, |left| filled + left),
            time_in_force: wanted.time_in_force,
            in_dollars: wanted.in_dollars,
        };
        let asked = Change { quantity, prices, time_in_force: None };
        let rules = refusal::change(&standing, &asked, self.config.stop.tick);
        let kind = standing.kind.with(prices);
        let keeps = || self.keeps_pair(&record, kind).and_then(|()| self.keeps_legs(&record, kind));
        if let Err(reason) = rules.and_then(|()| keeps()) {
            return self.refuse_change(id, reason.into(), now);
        }
        let changing = |open: &OpenApproval| open.order == id && open.change.is_some();
        if earlier.is_none() && self.gate.open().iter().any(changing) {
            // One is on its way and not answered: what this one would change is not known.
            return self.refuse_change(id, Refusal::ChangePending, now);
        }
        let remaining = quantity.map(|total| total - filled).or(earlier.and_then(|change| change.quantity()));
        let left = remaining.unwrap_or(record.remaining());
        let request = OrderRequest { legs: self.stop_leg(id), ..record.request.for_shares(left) };
        let fee = self.fee(&OrderRequest { kind, ..request }, now)(left);
        match self.gate.review_change(id, &request, (kind, remaining), fee, &self.portfolio, now) {
            Ok(change) => self.effects.push(Effect::Replace(change)),
            Err(refusal) => self.refuse_change(id, refusal, now),
        }
    }

    /// May `record` have the prices of `kind` beside the other of its pair, as that stands and as it will stand by a
    /// change of the same moment?
    fn keeps_pair(&self, record: &OrderRecord, kind: OrderKind) -> Result<(), RejectReason> {
        let Some(mate) = self.mate(record) else { return Ok(()) };
        let changed = self.effects.iter().filter_map(|effect| match effect {
            Effect::Replace(change) if change.order() == mate.id => Some(change.kind()),
            _ => None,
        });
        for other in std::iter::once(mate.request.kind).chain(changed) {
            let (stop, target) = match kind {
                OrderKind::Limit { limit } => (other.stop(), Some(limit)),
                _ => (kind.stop(), other.limit()),
            };
            if let Some((stop, target)) = stop.zip(target) {
                refusal::pair(record.request.side, stop, target, self.config.stop.tick)?;
            }
        }
        Ok(())
    }

    /// May the entry `record` have the prices of `kind` beside the exits that it brings, whether they rest or wait for it?
    fn keeps_legs(&self, record: &OrderRecord, kind: OrderKind) -> Result<(), RejectReason> {
        if record.leg > 0 || !matches!(record.request.class, OrderClass::Bracket | OrderClass::Oto) {
            return Ok(());
        }
        let entry = OrderRequest { kind, ..record.request.for_shares(record.remaining()) };
        let own = |leg: &OrderRecord| leg.request.kind;
        let changed = |leg: &OrderRecord| {
            let of_leg = |effect: &Effect| match effect {
                Effect::Replace(change) if change.order() == leg.id => Some(change.kind()),
                _ => None,
            };
            self.effects.iter().rev().find_map(of_leg).unwrap_or(leg.request.kind)
        };
        // A level that is measured from the fill is not known yet.
        let is_known = |leg: &&OrderRecord| leg.request.kind.stop().or(leg.request.kind.limit()) > Some(Price::ZERO);
        let (legs, tick) = (|| self.orders.legs(record.id).filter(is_known), self.config.stop.tick);
        refusal::beside_legs(&entry, legs().map(own), tick)?;
        refusal::beside_legs(&entry, legs().map(changed), tick)
    }

    /// The other of the pair that `record` belongs to, where it rests: a stop's target, a target's stop.
    fn mate(&self, record: &OrderRecord) -> Option<&OrderRecord> {
        let first = record.parent().unwrap_or(record.id);
        let is_pair = |order: &OrderRecord| order.leg > 0 || order.request.class == OrderClass::Oco;
        let mut family = self.orders.find(first).into_iter().chain(self.orders.legs(first));
        let is_mate = |other: &&OrderRecord| {
            let is_family = other.id == first || other.parent() == Some(first);
            is_family && is_pair(other) && other.id != record.id && other.rests()
        };
        family.find(is_mate).filter(|_| is_pair(record))
    }

    /// The stop that entry `order` brings, which says what a share of it risks; where its level is not known, none.
    fn stop_leg(&self, order: OrderId) -> ExitLegs {
        let mut legs = self.orders.legs(order);
        let level = legs.find(|leg| leg.request.purpose.protects()).and_then(|leg| leg.request.kind.stop());
        let stop = level.filter(|level| *level > Price::ZERO).map(LegLevel::At);
        ExitLegs { stop, ..ExitLegs::NONE }
    }

    pub(super) fn refuse_change(&mut self, order: OrderId, refusal: Refusal, now: Timestamp) {
        self.journal.refusals.push(RefusalRecord { time: now, order, refusal });
    }

    /// The order that a script means.
    fn target(&self, target: ScriptTarget) -> Option<OrderRecord> {
        let order = self.labels.get(target.label as usize).copied().filter(|order| order.0 > 0)?;
        let is_meant = |record: &OrderRecord| match target.part {
            ScriptPart::Whole => record.id == order,
            ScriptPart::Stop => record.parent() == Some(order) && record.request.purpose.protects(),
            ScriptPart::TakeProfit => {
                record.parent() == Some(order) && record.request.purpose == OrderPurpose::TakeProfit
            }
        };
        // A refused order has no legs.
        let own = self.orders.get(order);
        Some(*std::iter::once(own).chain(self.orders.legs(order)).find(|record| is_meant(record)).unwrap_or(own))
    }

    /// Voids every order of `only` (of every symbol) and closes its position.
    pub(super) fn flatten(
        &mut self,
        only: Option<SymbolIndex>,
        purpose: OrderPurpose,
        label: Option<u32>,
        now: Timestamp,
    ) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            if only.is_none_or(|wanted| wanted == symbol) {
                let until = self.orders.next_id();
                let open: Vec<OrderId> = self.voidable(symbol, until).collect();
                self.effects.extend(open.into_iter().map(Effect::Cancel));
                match self.flattening.iter_mut().find(|pending| pending.symbol == symbol) {
                    Some(pending) => pending.until = until,
                    None => self.flattening.push(Flattening { symbol, purpose, label, asked_at: now, until }),
                }
                self.close_flattened(symbol);
            }
        }
    }

    /// The venue has answered: symbols that wait to be closed are looked at again. Not sooner, since an exit
    /// sent after the flatten counts as leaving until the venue has refused it.
    pub(super) fn close_all_flattened(&mut self) {
        let mut at = 0;
        while let Some(pending) = self.flattening.get(at) {
            let before = self.flattening.len();
            self.close_flattened(pending.symbol);
            at += usize::from(self.flattening.len() == before);
        }
    }

    /// Sends the exit of a flatten once everything else of the symbol is gone.
    fn close_flattened(&mut self, symbol: SymbolIndex) {
        let Some(at) = self.flattening.iter().position(|pending| pending.symbol == symbol) else { return };
        let Flattening { purpose, label, asked_at, until, .. } = self.flattening[at];
        if self.voidable(symbol, until).next().is_none() {
            self.flattening.remove(at);
            // When cancels take time, the last of them may be answered on a later bar.
            self.exit(symbol, purpose, label, self.now.max(asked_at));
        }
    }

    /// Orders of `symbol` at the venue, numbered below `until`, that a flatten voids: all but exits on their
    /// way, which do the same work. Legs that wait for their entry end with it.
    fn voidable(&self, symbol: SymbolIndex, until: OrderId) -> impl Iterator<Item = OrderId> + '_ {
        let before = self.orders.records().take_while(move |record| record.id < until);
        let of_symbol = before.filter(move |record| record.request.symbol == symbol);
        of_symbol.filter(move |record| record.rests() && !record.request.purpose.leaves()).map(|record| record.id)
    }

    /// Is the position to be closed as soon as its other orders are gone?
    pub(super) fn is_flattening(&self, symbol: SymbolIndex) -> bool {
        self.flattening.iter().any(|pending| pending.symbol == symbol)
    }

    /// A leg has gone live: if its entry filled while its cancel was on its way, the leg is voided in its place.
    pub(super) fn void_late_leg(&mut self, leg: OrderId, symbol: SymbolIndex) {
        if self.flattening.iter().any(|pending| pending.symbol == symbol && leg < pending.until) {
            self.effects.push(Effect::Cancel(leg));
        }
    }
}

/// Says of a stop whether it ends when `order` is canceled: it is the order, or its pair.
fn ends_with(order: &OrderRecord) -> impl Fn(&ProtectiveStop) -> bool {
    let (id, parent) = (order.id, order.parent());
    let is_pair = order.request.class == OrderClass::Oco;
    move |stop| stop.order == id || parent.is_some() && stop.entry == parent || is_pair && stop.entry == Some(id)
}
