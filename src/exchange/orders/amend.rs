//! Changes of an order: another takes its place, under an id of its own.
//!
//! Not here: what may be changed (venue::refusal::change). What has filled stays with the order that is replaced:
//! `qty` of the new one is what it may still fill, and what was left where the change names none.
use super::read::Body;
use super::record::{Record, Status, Times};
use super::update::More;
use crate::domain::{
    ExitLegs, LegLevel, Money, NewPrices, OrderClass, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price,
    Quantity, RejectReason, SymbolIndex, TimeInForce, Trail,
};
use crate::exchange::Answer;
use crate::exchange::core::Exchange;
use crate::exchange::ids;
use crate::exchange::refusal::Refused;
use crate::exchange::reply::ok;
use crate::venue::refusal::{Change, Changing, Terms, change, form, pair};

/// What a change comes to.
struct Amended {
    client_id: Option<String>,
    kind: OrderKind,
    /// Shares it may fill from here on, where the change names them.
    quantity: Option<Quantity>,
    time_in_force: TimeInForce,
}

impl Exchange {
    /// `PATCH /v2/orders/{id}`.
    pub(in crate::exchange) fn patch_order(&mut self, id: &str, body: &[u8]) -> Answer {
        let amended = self.find_order(id).and_then(|at| Ok((at, self.read_change(at, body)?)));
        match amended {
            Ok((at, amended)) => {
                let new = self.amend(at, amended);
                ok(&self.shown(new, true))
            }
            Err(refused) => refused.answer(),
        }
    }

    /// The order of this id. Errors: there is none.
    pub(super) fn find_order(&self, id: &str) -> Result<usize, Refused> {
        let id = ids::canonical(id).ok_or_else(|| Refused::plain(&RejectReason::OrderIdMissing))?;
        self.book.by_id(&id).ok_or_else(|| Refused::not_found(format!("order not found for {id}")))
    }

    fn read_change(&self, at: usize, body: &[u8]) -> Result<Amended, Refused> {
        let order = self.book.get(at);
        let refused = |reason: RejectReason| self.refused(&reason, order.asset);
        let ended = RejectReason::AlreadyIn { state: order.status.name() };
        let Some(status) = order.status.as_rule() else { return Err(refused(ended)) };
        let body = Body::read(body)?;
        let client_id = body.client_id()?;
        self.check_client_id(client_id.as_deref())?;
        let trail = match order.kind {
            OrderKind::TrailingStop { trail: Trail::Fraction(_) } => body.percent("trail")?.map(Trail::Fraction),
            _ => body.price("trail", "trail")?.map(Trail::Price),
        };
        let prices = NewPrices {
            limit: body.price("limit_price", "limit_price")?,
            stop: body.price("stop_price", "stop_price")?,
            trail,
        };
        let asked = Change { quantity: body.qty()?, prices, time_in_force: body.time_in_force()? };
        let changing = Changing {
            status,
            kind: order.kind,
            quantity: order.remaining(),
            time_in_force: order.time_in_force,
            in_dollars: order.notional.is_some(),
        };
        change(&changing, &asked, self.setup.rules.tick).map_err(refused)?;
        let quantity = asked.quantity.filter(|quantity| *quantity != order.remaining());
        let time_in_force = asked.time_in_force.unwrap_or(order.time_in_force);
        if order.waits_for_entry() && (quantity.is_some() || time_in_force != order.time_in_force) {
            // It is for what its entry fills, and lives as that does.
            return Err(refused(RejectReason::NotOpen));
        }
        let kind = order.kind.with(prices);
        self.check_form(order, kind, time_in_force).map_err(refused)?;
        self.check_pair(at, kind).map_err(refused)?;
        self.admit_change(at, quantity.unwrap_or(order.remaining()), kind).map_err(refused)?;
        Ok(Amended { client_id, kind, quantity, time_in_force })
    }

    /// Is the changed order still one that the venue takes? A leg is looked at as an order of its own. A price that a
    /// split has left between two ticks is not the change's doing, nor is a part of a share that it has left of an order
    /// until canceled; the change's own prices and shares were looked at before.
    fn check_form(&self, order: &Record, kind: OrderKind, time_in_force: TimeInForce) -> Result<(), RejectReason> {
        let class = if order.leg_of.is_some() { OrderClass::Simple } else { order.class };
        let on_grid = |kind: OrderKind| {
            let floor = |price: Option<Price>| price.map(|price| price.floor_to(self.setup.rules.tick));
            kind.with(NewPrices { limit: floor(kind.limit()), stop: floor(kind.stop()), trail: None })
        };
        let is_as_long = time_in_force == order.time_in_force;
        let shares = if is_as_long { order.remaining().whole() } else { order.remaining() };
        let mut legs = ExitLegs { time_in_force, ..ExitLegs::NONE };
        for leg in order.legs.iter().map(|leg| self.book.get(*leg)) {
            match on_grid(leg.kind) {
                OrderKind::Limit { limit } => legs.take_profit = Some(LegLevel::At(limit)),
                OrderKind::Stop { stop } => legs.stop = Some(LegLevel::At(stop)),
                OrderKind::StopLimit { stop, limit } => {
                    (legs.stop, legs.stop_limit) = (Some(LegLevel::At(stop)), Some(limit));
                }
                OrderKind::Market | OrderKind::TrailingStop { .. } => {}
            }
        }
        let request = OrderRequest {
            symbol: SymbolIndex(order.asset as u16),
            side: order.side,
            size: OrderSize::Shares(shares),
            kind: on_grid(kind),
            time_in_force,
            class,
            purpose: OrderPurpose::Manual,
            legs,
            extended_hours: order.extended_hours,
        };
        form(&request, &Terms { tick: self.setup.rules.tick, extended_hours: true, new_york_minute: None })
    }

    /// Do stop and target of a pair stay on their own sides of each other? The target of a pair that was sent as one is
    /// looked at with its form.
    fn check_pair(&self, at: usize, kind: OrderKind) -> Result<(), RejectReason> {
        let order = self.book.get(at);
        let mate = if order.is_stop() { self.target_of(at) } else { self.stop_of(at) };
        let Some(mate) = mate.map(|mate| self.book.get(mate)).filter(|mate| mate.status.is_open()) else {
            return Ok(());
        };
        let (stop, target) =
            if order.is_stop() { (kind.stop(), mate.kind.limit()) } else { (mate.kind.stop(), kind.limit()) };
        let Some((stop, target)) = stop.zip(target) else { return Ok(()) };
        pair(order.side, stop, target, self.setup.rules.tick)
    }

    /// Puts a new order in the place of the one at `at`.
    fn amend(&mut self, at: usize, amended: Amended) -> usize {
        let time = self.event_time(self.tape().now());
        let old = self.book.get(at).clone();
        let (symbol, number) = (SymbolIndex(old.asset as u16), old.at_venue);
        let Amended { client_id, kind, quantity, time_in_force } = amended;
        let expires = self.expires(time_in_force, old.extended_hours);
        let mut new = Record {
            id: self.order_id(),
            client_id: client_id.unwrap_or_else(|| self.made_up_client_id()),
            kind,
            time_in_force,
            status: if old.status == Status::PartiallyFilled { Status::New } else { old.status },
            qty: quantity.unwrap_or(old.remaining()),
            filled: Quantity::ZERO,
            value: Money::ZERO,
            replaces: Some(at),
            replaced_by: None,
            times: Times::of(time, expires),
            ..old.clone()
        };
        if let Some(price) = self.last_price(old.asset).or(kind.limit()) {
            new.price_by(price, self.price_to_reserve(new.side, kind, price));
        }
        let is_told = new.status != Status::Held;
        let waits = new.waits_for_entry();
        let place = self.book.add(new);
        self.hand_on(at, place);
        self.end_replaced(at, place, time);
        if waits {
            let entry = old.leg_of.map(|entry| self.book.get(entry).at_venue);
            entry.into_iter().for_each(|entry| self.venue.move_waiting_leg(symbol, entry, kind));
        } else {
            self.venue.replace(number, quantity, kind, self.moment());
        }
        if time_in_force != old.time_in_force {
            self.venue.change_time_in_force(symbol, number, time_in_force, self.moment());
        }
        self.collect(self.tape().now());
        self.see_trails();
        match is_told {
            true => self.take_up(place, self.tape().now()),
            false => {
                let time = self.event_time(self.tape().now());
                self.tell(place, "held", time, More::default());
            }
        }
        place
    }

    /// Legs of the old order are those of the new, and it is a leg of what the old one was.
    fn hand_on(&mut self, old: usize, new: usize) {
        let legs = std::mem::take(&mut self.book.get_mut(old).legs);
        for leg in &legs {
            self.book.get_mut(*leg).leg_of = Some(new);
        }
        if let Some(entry) = self.book.get(old).leg_of {
            for leg in self.book.get_mut(entry).legs.iter_mut().filter(|leg| **leg == old) {
                *leg = new;
            }
        }
    }

    fn end_replaced(&mut self, old: usize, new: usize, time: crate::domain::Timestamp) {
        let order = self.book.get_mut(old);
        (order.status, order.times.replaced, order.times.updated) = (Status::Replaced, Some(time), time);
        order.replaced_by = Some(new);
        self.book.close(old);
        self.tell(old, "replaced", time, More::default());
    }
}
