//! Protective orders around exits: shares are freed for an exit, and armed again when it is refused or leaves some.
//!
//! Not here: moving a stop (settle). The venue lets one order hold a share: an exit for shares that legs hold is refused,
//! and legs that were taken back do not come back. So legs are taken back first, the exit follows, and what still rests in
//! our image is armed as orders of their own as soon as its shares are free.
use super::known::{Attempt, Line, Ticket, TicketPurpose, TicketState};
use super::{AlpacaDesk, Patience};
use crate::domain::{OrderId, OrderKind, Quantity, RejectReason, Side, SymbolIndex, TimeInForce};
use crate::execution::alpaca::client_id::Part;
use crate::execution::alpaca::entry::{Ending, Entry};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::translate::{Arming, Prices, arming_body};
use crate::venue::{Standing, refusal};

/// Since when shares have had no stop at the venue, and what was done about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bare {
    since_ms: u64,
    has_asked: bool,
    is_told: bool,
}

impl Bare {
    /// When something is to be done about it, if anything is left.
    pub(super) fn due_ms(&self, patience: &Patience) -> Option<u64> {
        match (self.has_asked, self.is_told) {
            (false, _) => Some(self.since_ms + patience.bare / 2),
            (true, false) => Some(self.since_ms + patience.bare + 1),
            (true, true) => None,
        }
    }
}

impl AlpacaDesk {
    /// Legs whose shares an exit needs are to be taken back.
    pub(super) fn free_shares(&mut self) {
        let waiting: Vec<(SymbolIndex, Side, Quantity)> = self
            .tickets
            .values()
            .filter(|ticket| ticket.purpose == TicketPurpose::Leaves && matches!(ticket.state, TicketState::Due(_)))
            .filter(|ticket| !self.waits_for_others(ticket))
            .map(|ticket| (ticket.symbol, ticket.side, ticket.quantity))
            .collect();
        self.keep_what_no_exit_needs();
        for (symbol, side, quantity) in waiting {
            if self.free(symbol, side) < quantity {
                self.free_legs(symbol, side);
            }
        }
        let now_ms = self.now.ms;
        let mut chosen: Vec<OrderId> = Vec::new();
        for (order, line) in self.lines.iter().filter(|(_, line)| line.freeing && line.open().is_some()) {
            // Taking one back takes its pair along; the pair is asked for, since that may be silent.
            let family = line.parent.unwrap_or(*order);
            match chosen.contains(&family) {
                true => continue,
                false => chosen.push(family),
            }
        }
        for family in chosen {
            self.take_back_family(family, now_ms);
        }
    }

    /// The exit is gone before its legs were taken back: they stay.
    fn keep_what_no_exit_needs(&mut self) {
        let leaving = self.tickets.values().filter(|ticket| ticket.purpose == TicketPurpose::Leaves);
        let leaving = leaving.filter(|ticket| !self.waits_for_others(ticket));
        let leaving: Vec<(SymbolIndex, Side)> = leaving.map(|ticket| (ticket.symbol, ticket.side)).collect();
        for line in self.lines.values_mut().filter(|line| line.freeing) {
            let is_begun = line.delete.is_some_and(|delete| delete.is_sent || delete.tries > 0);
            if !is_begun && line.open().is_some() && !leaving.contains(&(line.symbol, line.side)) {
                (line.freeing, line.delete) = (false, None);
            }
        }
    }

    fn take_back_family(&mut self, family: OrderId, now_ms: u64) {
        let of_family = |(order, line): &(&OrderId, &Line)| line.parent == Some(family) || **order == family;
        let legs: Vec<OrderId> = self
            .lines
            .iter()
            .filter(of_family)
            .filter(|(_, line)| line.freeing && line.open().is_some())
            .map(|(order, _)| *order)
            .collect();
        let is_begun = self.lines.iter().filter(of_family).any(|(_, line)| line.delete.is_some());
        // The target is the later number: it is live where the stop is held.
        match legs.as_slice() {
            [.., last] if !is_begun => {
                let was_asked = legs.len() == 1 && self.lines.get(last).is_some_and(|line| line.stale_looks == 0);
                let mate_gone = self.lines.iter().filter(of_family).any(|(order, line)| {
                    order != last && line.at_venue.is_some() && line.open().is_none() && line.parent.is_some()
                });
                let Some(line) = self.lines.get_mut(last) else { return };
                if was_asked && mate_gone {
                    line.stale_looks += 1;
                    line.ask = line.ask.or(Some(Attempt::at(now_ms)));
                } else if line.ask.is_none() {
                    line.delete = Some(Attempt::at(now_ms));
                }
            }
            _ => {}
        }
    }

    fn free_legs(&mut self, symbol: SymbolIndex, side: Side) {
        // The pair of an order of ours is no protection of an entry: it is counted as an exit and stays.
        let holds = |line: &&mut Line| line.parent.is_some() && line.symbol == symbol && line.side == side;
        for line in self.lines.values_mut().filter(holds).filter(|line| line.open().is_some() && line.was_live) {
            line.freeing = true;
            // A change of it is beside the point now, unless it may have arrived.
            line.patch = line.patch.take().filter(|patch| patch.state != super::known::PatchState::Due(patch.sent_ms));
        }
    }

    /// Shares of the position that no order at the venue holds.
    pub(super) fn free(&self, symbol: SymbolIndex, side: Side) -> Quantity {
        let held = self.ledger.mirror.shares(symbol);
        if held.closing_side() != Some(side) {
            return Quantity::ZERO;
        }
        let mut families: Vec<(OrderId, Quantity)> = Vec::new();
        let closes = |line: &Line| line.symbol == symbol && line.side == side && !line.opens;
        for (order, line) in self.lines.iter().filter(|(_, line)| closes(line) && line.open().is_some()) {
            let is_unborn = line.parent.is_some() && !line.was_live;
            // The stop of a pair is numbered next after its target, and both are for the same shares.
            let of_pair = OrderId(order.0 - u64::from(!line.is_own));
            let root = line.parent.unwrap_or(of_pair);
            let quantity = if is_unborn { Quantity::ZERO } else { line.open_quantity() };
            match families.iter_mut().find(|(known, _)| *known == root) {
                Some((_, most)) => *most = (*most).max(quantity),
                None => families.push((root, quantity)),
            }
        }
        families.iter().fold(held.abs(), |free, (_, quantity)| free - (*quantity).min(free))
    }

    /// May the exit leave, or do protective orders hold its shares still?
    pub(super) fn may_leave(&self, ticket: &Ticket) -> bool {
        // The stop of a pair of ours is an exit itself and does not make room: what the venue says of the exit counts.
        let holds = |line: &&Line| {
            line.parent.is_some() && line.symbol == ticket.symbol && line.side == ticket.side && line.was_live
        };
        let mut legs = self.lines.values().filter(holds);
        let is_held = legs.any(|line| line.open().is_some() || line.freeing && line.is_unsettled());
        let is_arming = self.tickets.values().any(|other| {
            other.purpose == TicketPurpose::Arms
                && other.symbol == ticket.symbol
                && other.state != TicketState::Due(0)
                && !matches!(other.state, TicketState::Due(_))
        });
        !is_arming && (!is_held || self.free(ticket.symbol, ticket.side) >= ticket.quantity)
    }

    /// Shares that protective orders may be for: those that no exit, on its way or resting, takes.
    pub(super) fn closable(&self, symbol: SymbolIndex, side: Side) -> Quantity {
        let held = self.ledger.mirror.shares(symbol);
        if held.closing_side() != Some(side) {
            return Quantity::ZERO;
        }
        let on_their_way = self.tickets.values().filter(|ticket| {
            let leaves = matches!(ticket.purpose, TicketPurpose::Leaves | TicketPurpose::Reduces);
            leaves && ticket.symbol == symbol && ticket.side == side && !self.waits_for_others(ticket)
        });
        let taken = on_their_way.fold(Quantity::ZERO, |sum, ticket| sum + ticket.quantity);
        let rest = self.lines.iter().filter(|(order, line)| {
            self.is_exit(**order, line) && line.symbol == symbol && line.side == side && line.open().is_some()
        });
        let resting = rest.filter_map(|(order, _)| self.ledger.mirror.standing(*order));
        let taken = resting.fold(taken, |sum, standing| sum + standing.remaining);
        held.abs() - taken.min(held.abs())
    }

    /// Is it an exit of its own, not the leg of an entry? The stop of a pair holds the shares of both once its target has
    /// gone.
    fn is_exit(&self, order: OrderId, line: &Line) -> bool {
        let target = || self.lines.get(&OrderId(order.0 - 1)).and_then(Line::open);
        !line.opens && line.parent.is_none() && (line.is_own || target().is_none())
    }

    /// Arms what rests in our image and nowhere else.
    pub(super) fn arm_all(&mut self) {
        self.forget_unarmed();
        let mut symbols: Vec<SymbolIndex> = self.lines.values().map(|line| line.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols.retain(|symbol| !self.is_splitting(*symbol));
        for symbol in symbols {
            self.arm(symbol);
        }
    }

    fn arm(&mut self, symbol: SymbolIndex) {
        let legs: Vec<Standing> =
            self.ledger.mirror.standings(symbol).filter(|standing| standing.parent.is_some()).collect();
        let Some(side) = legs.first().map(|leg| leg.side) else { return };
        let waits = |ticket: &Ticket| {
            let is_due = matches!(ticket.state, TicketState::Due(_));
            ticket.purpose == TicketPurpose::Leaves
                && is_due
                && ticket.symbol == symbol
                && !self.waits_for_others(ticket)
        };
        if self.tickets.values().any(waits) {
            // What is armed now would have to be taken back for the exit.
            return;
        }
        for (family, quantity) in self.shares_by_family(symbol, side) {
            let of_family: Vec<Standing> = legs.iter().filter(|other| other.parent == Some(family)).copied().collect();
            if !quantity.is_zero()
                && self.may_arm(family, &of_family)
                // The venue lets a pair stand beside anything.
                && (of_family.len() > 1 || !self.is_arming_in_vain(symbol, side))
            {
                self.write_arming(symbol, &of_family, quantity);
            }
        }
    }

    /// What the legs of each entry may be for at the venue: all of their shares, but for those that exits take. The
    /// newest entries' first: what was bought first leaves first.
    pub(super) fn shares_by_family(&self, symbol: SymbolIndex, side: Side) -> Vec<(OrderId, Quantity)> {
        let mut left = self.closable(symbol, side);
        let mut families: Vec<(OrderId, Quantity)> = Vec::new();
        for leg in self.ledger.mirror.standings(symbol).rev() {
            let Some(family) = leg.parent else { continue };
            if families.iter().any(|(known, _)| *known == family) {
                continue;
            }
            let of_family = self.ledger.mirror.standings(symbol).filter(|other| other.parent == Some(family));
            let remaining = of_family.map(|leg| leg.remaining).max().unwrap_or_default();
            let quantity = remaining.min(left);
            // The venue takes no parts of shares for legs.
            let quantity = if remaining.is_whole() { quantity.whole() } else { quantity };
            left = left - quantity;
            families.push((family, quantity));
        }
        families
    }

    /// Is nothing of the family at the venue, and nothing unknown of it or of the exits of its share?
    fn may_arm(&self, family: OrderId, of_family: &[Standing]) -> bool {
        let now_ms = self.now.ms;
        let mine = |order: &OrderId, line: &Line| line.parent == Some(family) || *order == family;
        let is_clear = self.lines.iter().filter(|(order, line)| mine(order, line)).all(|(order, line)| {
            let is_entry = *order == family;
            let is_done = is_entry || line.open().is_none();
            is_done && !line.is_unsettled() && line.arm_after_ms <= now_ms
        });
        let is_known = of_family.iter().all(|leg| self.lines.contains_key(&leg.order));
        let is_on_its_way =
            |ticket: &Ticket| of_family.iter().any(|leg| ticket.main == leg.order || ticket.mate == Some(leg.order));
        // Before the entry's answer has named its legs, they are not missing.
        let entry = self.lines.get(&family);
        let names_are_awaited = entry.is_some_and(|entry| entry.at_venue.is_none());
        is_clear
            && is_known
            && !names_are_awaited
            && !self.tickets.values().any(is_on_its_way)
            && of_family.iter().all(|leg| self.lines.get(&leg.order).is_some_and(|line| line.at_venue.is_some()))
    }

    /// May `order` have the prices of `kind` beside the other of its pair? One that crosses it could not be armed again.
    pub(super) fn keeps_pair(&self, order: OrderId, kind: OrderKind) -> Result<(), RejectReason> {
        let Some(standing) = self.ledger.mirror.standing(order) else { return Ok(()) };
        let Some(mate) = standing.sibling.and_then(|mate| self.ledger.mirror.standing(mate)) else { return Ok(()) };
        let (stop, target) = match (kind, mate.kind) {
            (OrderKind::Limit { limit }, _) => (mate.trigger, limit),
            (_, OrderKind::Limit { limit }) => (kind.stop().unwrap_or(standing.trigger), limit),
            _ => return Ok(()),
        };
        refusal::pair(standing.side, stop, target, self.config.rules.tick)
    }

    fn write_arming(&mut self, symbol: SymbolIndex, family: &[Standing], quantity: Quantity) {
        let is_target = |leg: &&Standing| matches!(leg.kind, OrderKind::Limit { .. });
        let stop = family.iter().find(|leg| !is_target(leg));
        let is_stop_at_market = stop.is_some_and(|stop| {
            stop.kind == OrderKind::Market || self.lines.get(&stop.order).is_some_and(|line| line.at_market)
        });
        let target = family.iter().find(is_target).filter(|_| !is_stop_at_market);
        // A pair that no venue takes leaves its shares to the stop.
        let reason_against =
            |target: &Standing| Some((target.order, self.keeps_pair(target.order, target.kind).err()?));
        let crossed = target.filter(|_| stop.is_some()).and_then(reason_against);
        let target = target.filter(|_| crossed.is_none());
        let Some(main) = target.or(stop) else { return };
        let prices = stop.filter(|_| !is_stop_at_market).map(|stop| Prices {
            stop: Some(stop.trigger),
            limit: if let OrderKind::StopLimit { limit, .. } = stop.kind { Some(limit) } else { None },
        });
        let target_price = target.and_then(|target| target.kind.limit());
        let mate = stop.filter(|stop| stop.order != main.order).map(|stop| stop.order);
        let ended_unasked =
            family.iter().any(|leg| self.lines.get(&leg.order).is_some_and(|line| line.ended_unasked > 0));
        let Some(line) = self.lines.get_mut(&main.order) else { return };
        line.armed += 1;
        let client_id = self.config.session.client_id(main.order, Part::Armed(line.armed));
        let body = arming_body(&Arming {
            symbol: self.config.symbols[symbol.get()],
            side: main.side,
            quantity,
            stop: prices,
            target: target_price,
            time_in_force: main.time_in_force,
            client_id: &client_id,
        });
        for leg in family {
            if let Some(line) = self.lines.get_mut(&leg.order) {
                (line.freeing, line.stale_looks, line.refused, line.looked_for) = (false, 0, None, None);
            }
        }
        if let Some((order, reason)) = crossed {
            self.find(Finding::NotArmed { order, reason: reason.to_string() });
        }
        if ended_unasked {
            self.find(Finding::StopEnded { order: stop.unwrap_or(main).order });
        }
        let ticket = self.arming_ticket(client_id, (main.order, mate), (symbol, main.side), quantity, body);
        self.tickets.insert(ticket.client_id.clone(), ticket);
    }

    fn arming_ticket(
        &self,
        client_id: String,
        (main, mate): (OrderId, Option<OrderId>),
        (symbol, side): (SymbolIndex, Side),
        quantity: Quantity,
        body: String,
    ) -> Ticket {
        Ticket {
            client_id,
            main,
            mate,
            symbol,
            side,
            quantity,
            purpose: TicketPurpose::Arms,
            body,
            state: TicketState::Due(self.now.ms),
            asked_ms: self.now.ms,
            sent_ms: self.now.ms,
            cancel_asked: false,
            refusals: 0,
            washes: 0,
        }
    }

    /// An arming of an earlier life may have arrived: it is looked up.
    pub(super) fn resume_arming(&mut self, order: OrderId, client_id: &str, body: &str) {
        let is_known = self.ledger.mirror.standing(order);
        let Some(standing) = is_known else { return };
        let Some(symbol) = self.lines.get(&order).map(|line| line.symbol) else { return };
        let is_pair = body.contains("\"oco\"");
        let mate = standing.sibling.filter(|_| is_pair);
        let (main, side) = ((order, mate), (symbol, standing.side));
        let mut ticket = self.arming_ticket(client_id.to_owned(), main, side, standing.remaining, body.to_owned());
        ticket.state = TicketState::Doubtful(Attempt::at(self.now.ms));
        self.tickets.retain(|_, other| other.purpose != TicketPurpose::Arms || other.main != order);
        self.tickets.insert(client_id.to_owned(), ticket);
    }

    /// A session has closed: legs for the day that rest in our image alone end there, since the venue cannot end them;
    /// those that are on their way are taken back when they have arrived.
    pub(super) fn expire_unarmed(&mut self) {
        let of_day = |standing: &Standing| standing.time_in_force == TimeInForce::Day;
        let symbols = (0..self.config.symbols.len()).map(|index| SymbolIndex(index as u16));
        let standings = symbols.flat_map(|symbol| self.ledger.mirror.standings(symbol));
        let legs: Vec<OrderId> = standings.filter(of_day).map(|standing| standing.order).collect();
        for order in legs {
            let Some(line) = self.lines.get_mut(&order).filter(|line| !line.is_own && line.open().is_none()) else {
                continue;
            };
            let ticket = self.tickets.values().find(|ticket| ticket.main == order || ticket.mate == Some(order));
            match ticket.map(|ticket| (ticket.client_id.clone(), ticket.state)) {
                None if line.is_unsettled() || line.at_venue.is_none() => {}
                Some((_, TicketState::Sent | TicketState::Doubtful(_))) => line.expire_asked = true,
                unsent => {
                    unsent.into_iter().for_each(|(client_id, _)| drop(self.tickets.remove(&client_id)));
                    self.ledger.record(Entry::Ended { order, ending: Ending::Expired });
                }
            }
        }
    }

    /// Tells a person when shares have no stop at the venue for too long. Before that their stops are asked for: one may
    /// have grown with its entry, of which the venue says nothing.
    pub(super) fn watch_bare(&mut self) {
        let (now_ms, most) = (self.now.ms, self.config.patience.bare);
        for index in 0..self.config.symbols.len() {
            let symbol = SymbolIndex(index as u16);
            if !self.is_bare(symbol) {
                self.bare.remove(&symbol);
                continue;
            }
            let mut bare =
                *self.bare.entry(symbol).or_insert(Bare { since_ms: now_ms, has_asked: false, is_told: false });
            let ms = now_ms.saturating_sub(bare.since_ms);
            if ms >= most / 2 && !bare.has_asked {
                bare.has_asked = true;
                let is_stop = |line: &&mut Line| !line.is_own && line.symbol == symbol && line.open().is_some();
                for line in self.lines.values_mut().filter(is_stop) {
                    line.ask = line.ask.or(Some(Attempt::at(now_ms)));
                }
            }
            if ms > most && !bare.is_told {
                bare.is_told = true;
                self.findings.push(Finding::Bare { symbol: self.config.symbols[index], ms });
            }
            self.bare.insert(symbol, bare);
        }
    }

    /// Have shares that a stop is to protect neither a stop nor an exit at the venue?
    fn is_bare(&self, symbol: SymbolIndex) -> bool {
        let is_stop = |leg: &Standing| leg.parent.is_some() && !matches!(leg.kind, OrderKind::Limit { .. });
        let stops = self.ledger.mirror.standings(symbol).filter(is_stop);
        let needed = stops.fold(Quantity::ZERO, |sum, stop| sum + stop.remaining);
        if needed.is_zero() {
            return false;
        }
        let protects = |order: OrderId, line: &Line| {
            let standing = self.ledger.mirror.standing(order);
            let is_there = |standing: Standing| is_stop(&standing) || self.is_exit(order, line);
            line.symbol == symbol && !line.opens && standing.is_some_and(is_there)
        };
        let lines = self.lines.iter().filter(|(order, line)| protects(**order, line));
        let covered = lines.fold(Quantity::ZERO, |sum, (_, line)| sum + line.open_quantity());
        covered < needed
    }

    /// What could not be armed is tried again, at the market where its stop lies beyond it.
    pub(super) fn arming_refused(&mut self, ticket: &Ticket, reason: String, is_beyond_market: bool, awaits_bar: bool) {
        if ticket.cancel_asked {
            return self.ledger.record(Entry::Ended { order: ticket.main, ending: Ending::Canceled });
        }
        let armed = self.lines.get(&ticket.main).map_or(0, |line| line.armed);
        let wait = self.backoff.wait_ms((2 + armed).min(5));
        let was_at_market = self.lines.get(&ticket.main).is_some_and(|line| line.at_market);
        let is_beyond_market = is_beyond_market && !was_at_market;
        for order in std::iter::once(ticket.main).chain(ticket.mate) {
            if let Some(line) = self.lines.get_mut(&order) {
                line.arm_after_ms = self.now.ms + if is_beyond_market { 0 } else { wait };
                line.at_market |= is_beyond_market;
                line.awaits_bar = awaits_bar;
            }
        }
        if !is_beyond_market {
            self.find(Finding::NotArmed { order: ticket.main, reason });
        }
    }

    /// Records that the venue has it, once.
    pub(super) fn link(&mut self, order: OrderId, venue_id: &str) {
        if self.ledger.linked(venue_id).is_none() {
            self.ledger.record(Entry::Linked { order, venue_id: venue_id.to_owned() });
        }
    }
}
