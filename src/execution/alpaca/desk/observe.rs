//! What an order that the venue shows tells us, whoever shows it: an answer, a list, the stream.
//!
//! Not here: what follows from it (settle).
//! Invariants: (1) an order that has ended stays ended; (2) what the venue counts as filled never shrinks; (3) every
//! execution counts once, and an order's end is believed when all its fills are here.
use super::AlpacaDesk;
use super::known::{AtVenue, Attempt, Life, Line};
use crate::domain::{OrderClass, OrderId, OrderPurpose, Price, Quantity, Timestamp};
use crate::execution::alpaca::client_id::Part;
use crate::execution::alpaca::entry::{Answer, Entry};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::ledger::legs;
use crate::execution::alpaca::translate::Prices;
use crate::execution::alpaca::wire::{Strange, WireFill, WireOrder, WireUpdate};
use crate::venue::Commission;

/// Fills that wait for their entry's.
const EARLY_MAX: usize = 1_000;

impl AlpacaDesk {
    /// Is it an order of this session?
    pub(super) fn is_ours(&self, order: &WireOrder) -> bool {
        self.owner(order).is_some()
    }

    fn owner(&self, order: &WireOrder) -> Option<(OrderId, Option<Part>)> {
        if let Some(known) = self.ledger.linked(order.id.as_str()) {
            return Some((known, None));
        }
        let named = self.config.session.read(order.client_order_id.as_str());
        if let Some((id, part)) = named.filter(|(id, _)| self.ledger.facts(*id).is_some()) {
            return Some((id, Some(part)));
        }
        let before = self.ledger.linked(order.replaces.as_str())?;
        Some((before, None))
    }

    /// Takes an order as the venue shows it.
    pub(super) fn observe(&mut self, order: &WireOrder) {
        self.note_strange(order.strange());
        let Some((id, part)) = self.owner(order) else { return };
        self.meet(id, part, order);
        // The order in a target's place may be the stop beside it: who is who is known before any of them is looked at.
        let legs = self.link_legs(id, order);
        self.update_line(id, order);
        for (member, leg) in legs {
            self.update_line(member, leg);
        }
    }

    fn note_strange(&mut self, strange: Strange) {
        for what in strange.0 {
            self.find(Finding::Strange(what));
        }
    }

    /// The first sight of an order: its number, that it is taken, the end of its ticket.
    fn meet(&mut self, id: OrderId, part: Option<Part>, order: &WireOrder) {
        let venue_id = order.id.as_str();
        self.link(id, venue_id);
        let is_refused = order.life() == Life::Rejected && order.filled_qty.quantity().unwrap_or_default().is_zero();
        let is_own = self.ledger.asked(id).is_some();
        if is_own && !self.ledger.is_taken(id) && !self.ledger.is_closed(id) && !is_refused {
            self.ledger.record(Entry::Taken { order: id });
        }
        if let Some(ticket) = self.tickets.remove(order.client_order_id.as_str()) {
            let arms = part.is_some_and(|part| matches!(part, Part::Armed(_)));
            for member in std::iter::once(ticket.main).chain(ticket.mate) {
                if let Some(line) = self.lines.get_mut(&member) {
                    line.cancel_asked |= ticket.cancel_asked && member == ticket.main;
                    if arms {
                        (line.freeing, line.stale_looks) = (false, 0);
                    }
                }
            }
        }
        if is_own && is_refused && !self.ledger.is_taken(id) && !self.ledger.is_closed(id) {
            let body = serde_json::json!({ "message": "the order was rejected" }).to_string();
            self.ledger.record(Entry::Refused { order: id, answer: Answer::Venue { status: 0, body, existing: None } });
        }
    }

    fn update_line(&mut self, id: OrderId, order: &WireOrder) {
        if !self.lines.contains_key(&id) {
            // It was forgotten since nothing was left of it; a fill of it would be news.
            let counted = self.ledger.counted(order.id.as_str());
            let has_news =
                order.life() == Life::Open || order.filled_qty.quantity().is_some_and(|filled| filled > counted);
            let Some(line) = self.new_line(id).filter(|_| has_news) else { return };
            let was_live = true;
            self.lines.insert(id, Line { was_live, ..line });
        }
        let venue_id = order.id.as_str();
        let has_fills = order.filled_qty.quantity().is_some_and(|filled| filled > self.ledger.counted(venue_id));
        let Some(line) = self.lines.get_mut(&id) else { return };
        let is_known = line.named(venue_id).is_some();
        if !is_known && !has_fills && line.ended.iter().any(|ended| ended == venue_id) {
            return;
        }
        if !is_known {
            let is_in_its_place =
                |at: &AtVenue| order.replaces.as_str() == at.id || at.replaced_by.as_deref() == Some(venue_id);
            let is_present = line
                .at_venue
                .as_ref()
                .is_none_or(|at| is_in_its_place(at) || at.life != Life::Open && at.replaced_by.is_none());
            let shown = AtVenue::unseen(venue_id.to_owned());
            if is_present {
                let mut before = line.at_venue.replace(shown);
                for before in before.iter_mut().filter(|before| before.life == Life::Open) {
                    before.doubted_since_ms = Some(self.now.ms);
                    before.replaced_by = Some(venue_id.to_owned());
                }
                line.former.extend(before);
                (line.delete, line.cancels_answered) = (None, 0);
                (line.looked_for, line.refused) = (None, None);
                // What was asked about the order before it is answered.
                line.ask = line.ask.filter(|ask| ask.is_sent);
            } else {
                line.former.push(shown);
            }
        }
        self.complete_patch(id, order);
        self.write_shown(id, order);
    }

    fn complete_patch(&mut self, id: OrderId, order: &WireOrder) {
        let time = self.bar;
        let Some(line) = self.lines.get_mut(&id) else { return };
        let is_result = line.patch.as_ref().is_some_and(|patch| {
            patch.client_id == order.client_order_id.as_str() || order.replaces.as_str() == patch.venue_id
        });
        if !is_result {
            return;
        }
        let Some(patch) = line.patch.take() else { return };
        if let Some(change) = patch.change {
            if line.change == Some(change) {
                line.change = None;
            }
            if order.life() != Life::Rejected && self.ledger.mirror.standing(id).is_some() {
                self.ledger.record(Entry::Changed { order: id, quantity: change.quantity, kind: change.kind, time });
            }
        }
    }

    fn write_shown(&mut self, id: OrderId, order: &WireOrder) {
        let counted = self.ledger.counted(order.id.as_str());
        let now_ms = self.now.ms;
        // What stands in a target's place when its stop fires is that stop, which is known by itself.
        let is_mate = self.ledger.linked(order.replaced_by.as_str()).is_some_and(|other| other != id);
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Some(at) = line.named(order.id.as_str()) else { return };
        at.filled = at.filled.max(order.filled_qty.quantity().unwrap_or_default());
        if order.filled_avg_price.0.is_some() {
            at.average = order.filled_avg_price.as_str().to_owned();
        }
        if at.submitted_at.is_empty() {
            at.submitted_at = order.submitted_at.as_str().to_owned();
        }
        if at.life == Life::Open {
            at.life = order.life();
            at.quantity = order.qty.quantity().or(at.quantity);
            at.status = order.status.as_str().to_owned();
            at.prices = Prices { limit: order.limit_price.price(), stop: order.stop_price.price() };
            at.replaces = order.replaces.as_str().to_owned();
        }
        if order.replaced_by.0.is_some() && !is_mate {
            at.replaced_by = Some(order.replaced_by.as_str().to_owned());
        }
        at.doubted_since_ms = at.doubted_since_ms.filter(|_| at.life == Life::Open);
        at.gap_since_ms = (at.filled > counted).then(|| at.gap_since_ms.unwrap_or(now_ms));
        let has_ended = at.life != Life::Open && at.gap_since_ms.is_none() && at.replaced_by.is_none();
        let is_kept =
            |former: &AtVenue| former.gap_since_ms.is_some() || former.life == Life::Open || former.is_settled;
        let ended = line.former.extract_if(.., |former| !is_kept(former)).map(|former| former.id);
        line.ended.extend(ended);
        if has_ended && line.at_venue.as_ref().is_some_and(|at| at.id == order.id.as_str()) {
            // Nothing is left to ask; an answer that is on its way brings nothing new.
            line.ask = None;
        }
        self.follow_known_successor(id);
    }

    /// The order in its place may have been seen before.
    fn follow_known_successor(&mut self, id: OrderId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Some(successor) = line.at_venue.as_ref().and_then(|at| at.replaced_by.clone()) else { return };
        if let Some(place) = line.former.iter().position(|former| former.id == successor) {
            let next = line.former.remove(place);
            line.former.extend(line.at_venue.replace(next));
            (line.delete, line.cancels_answered, line.ask) = (None, 0, line.ask.filter(|ask| ask.is_sent));
        }
    }

    /// The orders that hang on it are those of our numbers behind it.
    fn link_legs<'a>(&mut self, id: OrderId, order: &'a WireOrder) -> Vec<(OrderId, &'a WireOrder)> {
        let Some(shown) = &order.legs else { return Vec::new() };
        let asked = self.ledger.asked(id).map(|asked| asked.request);
        let members: Vec<(OrderId, bool)> = match asked {
            Some(request) => {
                let of = legs(&request, id);
                let is_pair = request.class == OrderClass::Oco;
                [(of[0], false), (of[1], !is_pair)]
                    .into_iter()
                    .filter_map(|(leg, is_target)| Some((leg?.order, is_target)))
                    .collect()
            }
            // A pair that was armed again: its target is the order itself.
            None => self
                .ledger
                .mirror
                .standing(id)
                .and_then(|leg| leg.sibling)
                .map(|mate| (mate, false))
                .into_iter()
                .collect(),
        };
        let mut legs = Vec::new();
        for leg in shown {
            self.note_strange(leg.strange());
            let known = self.ledger.linked(leg.id.as_str());
            let by_kind =
                members.iter().find(|(_, is_target)| *is_target == leg.is_target()).map(|(member, _)| *member);
            if let Some(member) = known.or(by_kind) {
                self.link(member, leg.id.as_str());
                legs.push((member, leg));
            }
        }
        legs
    }

    /// Takes a message of the stream.
    pub(super) fn on_update(&mut self, update: WireUpdate) {
        self.note_strange(update.strange());
        let Some((id, part)) = self.owner(&update.order) else { return self.meet_stranger(&update.order) };
        self.meet(id, part, &update.order);
        match update.event.as_str() {
            "fill" | "partial_fill" => self.take_execution(id, &update),
            "trade_bust" | "trade_correct" => {
                let named = update.previous_execution_id.0.as_ref().unwrap_or(&String::new()).clone();
                let execution = if named.is_empty() { update.execution_id.as_str().to_owned() } else { named };
                self.find(Finding::Busted { order: id, execution });
            }
            "order_replace_rejected" => {
                let reason = update.reason.as_str();
                let body = serde_json::json!({ "message": reason }).to_string();
                self.patch_refused(id, 0, reason, body);
            }
            "order_cancel_rejected" => self.ask_soon(id),
            _ => {}
        }
        self.observe(&update.order);
        if update.reason.0.is_some()
            && let Some(at) = self.lines.get_mut(&id).and_then(|line| line.named(update.order.id.as_str()))
        {
            at.reason = update.reason.as_str().to_owned();
        }
        self.take_early();
    }

    fn ask_soon(&mut self, id: OrderId) {
        let now_ms = self.now.ms;
        if let Some(line) = self.lines.get_mut(&id) {
            line.ask = line.ask.or(Some(Attempt::at(now_ms)));
        }
    }

    fn take_execution(&mut self, id: OrderId, update: &WireUpdate) {
        let is_new = !self.ledger.has_execution(update.execution_id.as_str());
        if is_new && self.is_early(id, update.qty.quantity().unwrap_or_default()) {
            if let Some(parent) = self.ledger.facts(id).and_then(|facts| facts.parent) {
                self.ask_soon(parent);
                self.doom_entries(id);
            }
            if self.early.len() < EARLY_MAX {
                self.early.push(update.clone());
            }
            return;
        }
        let (Some(price), Some(quantity)) = (update.price.price(), update.qty.quantity()) else { return };
        let order = &update.order;
        let venue = (order.filled_qty.quantity().unwrap_or(quantity), order.life() == Life::Filled);
        let execution = (update.execution_id.as_str(), update.timestamp.as_str());
        self.count(id, order.id.as_str(), execution, (price, quantity), venue);
    }

    /// A leg cannot fill for us before its entry has, nor whole while more of its entry may have filled.
    fn is_early(&self, id: OrderId, quantity: Quantity) -> bool {
        let Some(parent) = self.ledger.facts(id).and_then(|facts| facts.parent) else { return false };
        match self.ledger.mirror.standing(id) {
            None => self.lines.get(&id).is_some_and(|line| !line.was_live),
            Some(leg) => quantity >= leg.remaining && self.ledger.mirror.standing(parent).is_some(),
        }
    }

    /// Fills that waited for their entry's may have it now.
    pub(super) fn take_early(&mut self) {
        if self.early.is_empty() {
            return;
        }
        for update in std::mem::take(&mut self.early) {
            let Some((id, _)) = self.owner(&update.order) else { continue };
            if self.is_early(id, update.qty.quantity().unwrap_or_default()) {
                self.early.push(update);
            } else {
                self.take_execution(id, &update);
                self.observe(&update.order);
            }
        }
    }

    /// A row of the list of fills.
    pub(super) fn take_row(&mut self, row: &WireFill) {
        let Some(id) = self.ledger.linked(row.order_id.as_str()) else { return };
        let (Some(price), Some(quantity)) = (row.price.price(), row.qty.quantity()) else { return };
        let at = self.lines.get_mut(&id).and_then(|line| line.named(row.order_id.as_str()));
        // An order of which nothing is left has no missing fill.
        let Some(at) = at else { return };
        // The row may know more of it than its last sight.
        at.filled = at.filled.max(row.cum_qty.quantity().unwrap_or_default());
        let venue = (at.filled, at.life == Life::Filled);
        if self.is_early(id, quantity) {
            self.ask_soon(id);
            self.doom_entries(id);
            return;
        }
        let execution = (row.execution_id(), row.transaction_time.as_str());
        self.count(id, row.order_id.as_str(), execution, (price, quantity), venue);
        self.take_early();
    }

    /// When an execution traded, where that was on an earlier day than the bar at hand: it is heard of late.
    pub(super) fn earlier_day(&self, when: &str) -> Option<Timestamp> {
        let Commission::Alpaca(dates) = self.config.rules.commission else { return None };
        let traded_at = when.parse().ok()?;
        (dates.of(traded_at) < dates.of(self.bar)).then_some(traded_at)
    }

    /// Counts an execution of `venue_id`, of which the venue counts `filled` shares as filled, all of it or not.
    fn count(
        &mut self,
        id: OrderId,
        venue_id: &str,
        (execution_id, when): (&str, &str),
        (price, quantity): (Price, Quantity),
        (filled, is_whole): (Quantity, bool),
    ) {
        let known = self.lines.get_mut(&id).and_then(|line| line.named(venue_id)).map(|at| (at.filled, at.life));
        let filled = known.map_or(filled, |(known, _)| known.max(filled));
        let is_whole = is_whole || known.is_some_and(|(_, life)| life == Life::Filled);
        let counted = self.ledger.counted(venue_id);
        let is_new = quantity > Quantity::ZERO && (execution_id.is_empty() || !self.ledger.has_execution(execution_id));
        if !is_new || counted + quantity > filled {
            return;
        }
        if self.ledger.is_over(id) {
            self.find(Finding::LateFill { order: id, quantity });
        }
        let counts_for_all = counted + quantity == filled && is_whole;
        let is_last = self.is_last(id, venue_id, quantity, counts_for_all);
        self.doom_entries(id);
        let traded_at = self.earlier_day(when);
        self.ledger.record(Entry::Filled {
            order: id,
            venue_id: venue_id.to_owned(),
            execution_id: execution_id.to_owned(),
            price,
            reference: price,
            quantity,
            time: self.bar,
            traded_at,
            moment: self.moment,
            is_last,
        });
        let is_stop_reached = self.reached.iter().any(|target| {
            self.lines
                .get(target)
                .is_some_and(|other| self.lines.get(&id).is_some_and(|line| line.parent == other.parent))
        });
        if let Some(line) = self.lines.get_mut(&id) {
            line.was_live = true;
            // The stream has told what it was to be asked for.
            let is_told = is_stop_reached && line.patch.is_none();
            line.ask = line.ask.filter(|ask| ask.is_sent || !is_told);
            if let Some(at) = line.named(venue_id) {
                at.gap_since_ms = at.gap_since_ms.filter(|_| at.filled > counted + quantity);
            }
        }
        self.mark_births();
    }

    /// The position is being left: what is left of its entries would open it again.
    fn doom_entries(&mut self, id: OrderId) {
        let Some(facts) = self.ledger.facts(id) else { return };
        if self.ledger.mirror.shares(facts.symbol).closing_side() != Some(facts.side) {
            return;
        }
        let ledger = &self.ledger;
        let reopens = |order: &OrderId, line: &Line| {
            let is_entry = ledger.asked(*order).is_some_and(|asked| asked.request.purpose == OrderPurpose::Entry);
            let is_own_entry = facts.parent == Some(*order);
            line.opens && line.symbol == facts.symbol && (is_own_entry || is_entry && line.side != facts.side)
        };
        for (_, line) in self.lines.iter_mut().filter(|(order, line)| reopens(order, line)) {
            line.doomed = true;
        }
    }

    /// Is nothing of our order left after this fill of `quantity`? A leg may be at the venue for fewer shares than it
    /// protects; of an approved order the venue's last fill is the last, unless another stands in its place.
    fn is_last(&self, id: OrderId, venue_id: &str, quantity: Quantity, is_venues_last: bool) -> bool {
        let Some(standing) = self.ledger.mirror.standing(id) else { return true };
        if standing.parent.is_some() {
            return quantity >= standing.remaining;
        }
        let at = self.lines.get(&id).and_then(|line| line.at_venue.as_ref());
        is_venues_last && at.is_none_or(|at| at.id == venue_id)
    }

    fn mark_births(&mut self) {
        for (order, line) in &mut self.lines {
            line.was_live |= self.ledger.mirror.standing(*order).is_some();
        }
    }

    /// Fills that the venue counts and does not show are taken at its average price.
    pub(super) fn work_out_gaps(&mut self) {
        let mut missing: Vec<(OrderId, String, Price, Quantity, bool)> = Vec::new();
        for (id, line) in &self.lines {
            for at in line.at_venue.iter().chain(&line.former).filter(|at| at.gap_since_ms.is_some()) {
                let (counted, dollars) = self.ledger.counted_for(&at.id);
                let quantity = at.filled - counted.min(at.filled);
                if self.is_early(*id, quantity) {
                    continue;
                }
                let Some(average) = at.average.parse::<Price>().ok() else { continue };
                let units = (average.notional(at.filled) - dollars).units() / i128::from(quantity.units().max(1));
                let price = i64::try_from(units).ok().and_then(Price::from_units).unwrap_or(average);
                missing.push((*id, at.id.clone(), price, quantity, at.life == Life::Filled));
            }
        }
        for (id, venue_id, price, quantity, is_whole) in missing {
            let filled = self.ledger.counted(&venue_id) + quantity;
            self.find(Finding::MissingFill { order: id, quantity });
            self.count(id, &venue_id, ("", ""), (price, quantity), (filled, is_whole));
        }
    }
}
