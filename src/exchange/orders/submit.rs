//! A new order: admitted, given to the venue, written down, published.
//!
//! Not here: reading it (read), the rules (admit), what becomes of it later (events).
use super::admit::{Admission, stand_in};
use super::read::Wanted;
use super::record::{Record, Status, Times};
use crate::domain::{
    ExecutionEvent, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity,
    RejectReason, TimeInForce, Timestamp,
};
use crate::exchange::Answer;
use crate::exchange::core::Exchange;
use crate::exchange::ids;
use crate::exchange::refusal::Refused;
use crate::exchange::reply::ok;
use crate::venue::Submission;

/// Alpaca takes back what is good until canceled after so many days, at 16:15 in New York.
const GTC_DAYS: i64 = 90;
const GTC_END_MINUTE: i64 = 16 * 60 + 15;

impl Exchange {
    /// `POST /v2/orders`.
    pub(in crate::exchange) fn post_order(&mut self, body: &[u8]) -> Answer {
        match self.read_order(body).and_then(|wanted| self.place(wanted)) {
            Ok(at) => ok(&self.shown_as_sent(at)),
            Err(refused) => refused.answer(),
        }
    }

    /// Takes an order; its place in the book. Errors: why it is refused, and then nothing has changed.
    pub(in crate::exchange) fn place(&mut self, wanted: Wanted) -> Result<usize, Refused> {
        self.check_client_id(wanted.client_id.as_deref())?;
        let admission = self.admit(&wanted)?;
        let number = self.book.next_number(numbers_of(&wanted.request));
        self.hand_over(number, &wanted, &admission)?;
        let at = self.write_down(number, wanted, &admission);
        self.see_trails();
        self.announce(at);
        Ok(at)
    }

    /// Errors: the name was used before.
    pub(super) fn check_client_id(&self, id: Option<&str>) -> Result<(), Refused> {
        match id.and_then(|id| self.book.by_client_id(id)) {
            Some(_) => Err(Refused::plain(&RejectReason::ClientOrderIdTaken)),
            None => Ok(()),
        }
    }

    /// Gives the order to the venue. Errors: the venue has a rule of its own against it.
    fn hand_over(&mut self, number: OrderId, wanted: &Wanted, admission: &Admission) -> Result<(), Refused> {
        let now = self.moment();
        self.venue.submit(&Submission {
            id: number,
            request: &wanted.request,
            quantity: admission.quantity,
            reduce_only: !admission.opens,
            relies_on_exits: admission.relies_on_exits,
            last: admission.price.unwrap_or_else(|| stand_in(&wanted.request)),
            now,
            live_after: self.last_stamp,
            in_session: self.tape.is_open(),
        });
        let mut answers = Vec::new();
        self.venue.poll(&mut answers);
        let reason = answers.iter().find_map(|event| match event {
            ExecutionEvent::Rejected { reason, .. } => Some(*reason),
            _ => None,
        });
        reason.map_or(Ok(()), |reason| Err(self.refused(&reason, wanted.asset)))
    }

    /// The stamp of the bars that have opened last; before all of them, the clock.
    pub(super) fn moment(&self) -> Timestamp {
        if self.last_stamp == Timestamp::MIN { self.tape.now() } else { self.last_stamp }
    }

    fn write_down(&mut self, number: OrderId, wanted: Wanted, admission: &Admission) -> usize {
        let Wanted { client_id, asset, request, .. } = wanted;
        let submitted = self.event_time(self.tape.now());
        let expires = self.expires(request.time_in_force, request.extended_hours);
        let status = if self.is_in_hours(request.extended_hours) { Status::New } else { Status::Accepted };
        let mut record = Record {
            id: self.order_id(),
            client_id: client_id.unwrap_or_else(|| self.made_up_client_id()),
            at_venue: number,
            asset,
            side: request.side,
            kind: request.kind,
            notional: if let OrderSize::Notional(amount) = request.size { Some(amount) } else { None },
            time_in_force: request.time_in_force,
            class: request.class,
            extended_hours: request.extended_hours,
            opens: admission.opens,
            status,
            qty: admission.quantity,
            filled: Quantity::ZERO,
            value: Money::ZERO,
            leg_of: None,
            legs: Vec::new(),
            is_live: true,
            replaces: None,
            replaced_by: None,
            times: Times::of(submitted, expires),
            reserve: Price::ZERO,
            is_unpriced: false,
            sent: self.moment(),
            trail: None,
        };
        match admission.price.or(request.kind.limit()) {
            Some(price) => record.price_by(price, self.price_to_reserve(record.side, record.kind, price)),
            None => record.is_unpriced = admission.opens,
        }
        let at = self.book.add(record.clone());
        for (number, kind) in legs_of(number, &request) {
            let leg = self.leg(at, &record, number, kind);
            let leg = self.book.add(leg);
            self.book.get_mut(at).legs.push(leg);
        }
        at
    }

    /// A leg of `entry`, which stands at `at`: of a pair it is at the venue from the start.
    fn leg(&self, at: usize, entry: &Record, number: OrderId, kind: OrderKind) -> Record {
        Record {
            id: self.order_id(),
            client_id: self.made_up_client_id(),
            at_venue: number,
            side: if entry.class == OrderClass::Oco { entry.side } else { entry.side.opposite() },
            kind,
            opens: false,
            status: Status::Held,
            leg_of: Some(at),
            is_live: entry.class == OrderClass::Oco,
            reserve: Price::ZERO,
            is_unpriced: false,
            ..entry.clone()
        }
    }

    /// The id of the next order.
    pub(super) fn order_id(&self) -> String {
        ids::uuid(&[&self.setup.name, "order", &self.book.all().len().to_string()])
    }

    /// A name for the next order where its client gave none.
    pub(super) fn made_up_client_id(&self) -> String {
        ids::uuid(&[&self.setup.name, "client order", &self.book.all().len().to_string()])
    }

    /// Are the hours on in which such an order can fill?
    pub(super) fn is_in_hours(&self, extended_hours: bool) -> bool {
        self.tape.is_open() || extended_hours && self.tape.session_now().is_some()
    }

    /// When an order that is sent now ends by itself; `None` where the sessions of the data end before.
    pub(super) fn expires(&self, time_in_force: TimeInForce, extended_hours: bool) -> Option<Timestamp> {
        const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;
        if time_in_force == TimeInForce::Gtc {
            let last = self.tape.day()?.date.plus_ns(GTC_DAYS * Timestamp::NS_PER_DAY);
            return Some(self.tape.calendar().start_of_day(last).plus_ns(GTC_END_MINUTE * MINUTE_NS));
        }
        let end = |session: crate::exchange::SessionTimes| {
            if extended_hours { session.extended_close } else { session.close }
        };
        let today = self.tape.day().map(end).filter(|end| self.tape.now() < *end);
        today.or_else(|| self.tape.next_session().map(end))
    }
}

/// How many numbers the venue takes for an order: one, and one for each leg.
fn numbers_of(request: &OrderRequest) -> u64 {
    1 + u64::from(request.legs.stop.is_some()) + u64::from(request.legs.take_profit.is_some())
}

/// Legs with their numbers at the venue, the target first.
fn legs_of(entry: OrderId, request: &OrderRequest) -> Vec<(OrderId, OrderKind)> {
    let legs = &request.legs;
    let has_stop = u64::from(legs.stop.is_some());
    let mut all = Vec::new();
    if let Some(LegLevel::At(limit)) = legs.take_profit {
        all.push((OrderId(entry.0 + 1 + has_stop), OrderKind::Limit { limit }));
    }
    if let Some(LegLevel::At(stop)) = legs.stop {
        let kind = match legs.stop_limit {
            Some(limit) => OrderKind::StopLimit { stop, limit },
            None => OrderKind::Stop { stop },
        };
        all.push((OrderId(entry.0 + 1), kind));
    }
    all
}
