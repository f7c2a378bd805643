//! From a wish to a reviewed order: size, legs, review, trim, number.
//!
//! Not here: what a strategy wants (strategy), the limits (risk), what the venue answers (answers).
use super::atr::AtrSource;
use super::core::{Effect, Engine};
use super::journal::RefusalRecord;
use super::orders::{OrderOutcome, OrderRecord, Wanted};
use super::sizing::SizingInputs;
use super::volatility::SessionVolatility;
use crate::domain::{
    ExitLegs, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, OrderStatus,
    Price, Quantity, Ratio, Side, SymbolIndex, Tick, TimeInForce, Timestamp,
};
use crate::risk::{ApprovedOrder, BreachRule, Refusal, StopKind, reserve_price};
use crate::strategy::Strategy;
use crate::venue::Occasion;

impl<S: Strategy> Engine<S> {
    pub(super) fn enter(&mut self, symbol: SymbolIndex, side: Side, weight: Option<Ratio>, now: Timestamp) {
        let close = self.portfolio.position(symbol).mark();
        let atr = self.atrs.get(symbol.get()).and_then(AtrSource::value);
        let stop_distance_units = self.config.stop.distance_units(close, atr);
        let inputs = SizingInputs {
            equity: self.portfolio.equity(),
            close,
            stop_distance_units,
            volatility: self.volatilities.get(symbol.get()).and_then(SessionVolatility::annualised),
        };
        let legs = self.config.stop.legs(side, close, stop_distance_units);
        let request = |size: OrderSize| OrderRequest {
            symbol,
            side,
            size,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            class: match (legs.stop, legs.take_profit) {
                (None, None) => OrderClass::Simple,
                (Some(_), Some(_)) => OrderClass::Bracket,
                _ => OrderClass::Oto,
            },
            purpose: OrderPurpose::Entry,
            legs,
            extended_hours: false,
        };
        // A scenario with a stop opens no position without one: neither before its ATR is known nor where it would
        // stand at zero or below.
        let stands = stop_distance_units.is_some_and(|units| side == Side::Sell || units < close.units());
        let is_bare = self.config.stop.kind != StopKind::None && !stands;
        let size = if is_bare { Err(Refusal::NoStop) } else { self.config.sizing.size(inputs, weight) };
        match size {
            Ok(OrderSize::Shares(shares)) if self.gate.borrows_whole(symbol, side, &self.portfolio) => {
                self.send(request(OrderSize::Shares(shares.whole())), None, now);
            }
            Ok(size) => self.send(request(size), None, now),
            Err(refusal) => {
                self.refuse(request(OrderSize::Shares(Quantity::ZERO)), Quantity::ZERO, None, refusal, now);
            }
        }
    }

    pub(super) fn exit(&mut self, symbol: SymbolIndex, purpose: OrderPurpose, label: Option<u32>, now: Timestamp) {
        let held = self.portfolio.position(symbol).quantity();
        let Some(side) = held.closing_side() else { return };
        let leaving =
            self.gate.open().iter().filter(|open| open.symbol == symbol && open.reduces && !open.is_called_off);
        let rest = leaving.fold(held.abs(), |rest, open| rest - open.open);
        let rest = rest - self.leaving_by_stops(symbol);
        if rest <= Quantity::ZERO {
            return;
        }
        // What is left of an entry could trade with the exit, which Alpaca refuses, and would be bought in vain.
        let entries =
            self.gate.open().iter().filter(|open| open.symbol == symbol && !open.reduces && open.side != side);
        self.effects.extend(entries.map(|open| Effect::Cancel(open.order)));
        let request = OrderRequest {
            symbol,
            side,
            size: OrderSize::Shares(rest),
            kind: OrderKind::Market,
            time_in_force: self.exit_time_in_force(rest),
            class: OrderClass::Simple,
            purpose,
            legs: ExitLegs::NONE,
            extended_hours: false,
        };
        self.send(request, label, now);
    }

    /// Shares that stops are selling already: one that has filled in part is a market order for the rest, and a venue
    /// takes no second order for the same shares.
    fn leaving_by_stops(&self, symbol: SymbolIndex) -> Quantity {
        let is_selling = |order: OrderId| {
            let record = self.orders.get(order);
            let has_triggered = record.outcome == OrderOutcome::Sent(OrderStatus::PartiallyFilled);
            has_triggered && !matches!(record.request.kind, OrderKind::StopLimit { .. })
        };
        let stops = self.gate.stops(symbol).iter().filter(|stop| is_selling(stop.order));
        stops.fold(Quantity::ZERO, |sum, stop| sum + stop.shares)
    }

    /// Good until canceled: an exit waits over bars without volume. Alpaca takes parts of shares for a day
    /// only; what has not filled then is sent again.
    fn exit_time_in_force(&self, quantity: Quantity) -> TimeInForce {
        let is_whole = self.config.stop.tick == Tick::None || quantity.is_whole();
        if is_whole { TimeInForce::Gtc } else { TimeInForce::Day }
    }

    /// Asks the gate and queues what it approves.
    pub(super) fn send(&mut self, request: OrderRequest, label: Option<u32>, now: Timestamp) {
        let quantity = match request.size {
            OrderSize::Shares(quantity) => quantity,
            OrderSize::Notional(amount) => {
                let mark = self.portfolio.position(request.symbol).mark();
                Quantity::most_for(amount, mark)
            }
            OrderSize::CashFraction { .. } => Quantity::ZERO,
        };
        let fee = self.fee(&request, now);
        match self.gate.review(self.orders.next_id(), &request, || fee(quantity), &self.portfolio, now) {
            Ok(approved) => self.approved(approved, label, now),
            Err(refusal) => self.trim_or_refuse(request, quantity, label, refusal, now),
        }
    }

    fn trim_or_refuse(
        &mut self,
        request: OrderRequest,
        quantity: Quantity,
        label: Option<u32>,
        refusal: Refusal,
        now: Timestamp,
    ) {
        let trims = match refusal {
            Refusal::BuyingPower { .. } => self.config.trim_to_cash || self.config.limits.on_breach == BreachRule::Trim,
            Refusal::PositionSize { .. }
            | Refusal::OrderNotional { .. }
            | Refusal::GrossExposure { .. }
            | Refusal::PortfolioHeat { .. }
            | Refusal::CorrelatedExposure { .. }
            | Refusal::MaintenanceMargin { .. } => self.config.limits.on_breach == BreachRule::Trim,
            _ => false,
        };
        if trims {
            let most = self.max_order(&request, now);
            let fee = self.fee(&request, now);
            let size = request.size;
            let request = OrderRequest { size: OrderSize::Shares(most), ..request };
            // A share of cash is no number of shares yet.
            let asked = if matches!(size, OrderSize::Shares(_)) { quantity } else { Quantity::MAX };
            let fits = Quantity::ZERO < most && most < asked;
            let id = self.orders.next_id();
            if fits && let Ok(approved) = self.gate.review(id, &request, || fee(most), &self.portfolio, now) {
                self.journal.trims.push(RefusalRecord { time: now, order: id, refusal });
                return self.approved(approved, label, now);
            }
        }
        self.refuse(request, quantity, label, refusal, now);
    }

    /// The most shares of `request` that the gate would pass now.
    pub(super) fn max_order(&mut self, request: &OrderRequest, now: Timestamp) -> Quantity {
        let commission = self.config.commission;
        let occasion = Occasion { side: request.side, time: now };
        let affordable = |budget, price| commission.affordable(occasion, budget, price);
        let most = self.gate.max_order(request, affordable, &self.portfolio, now);
        let keeps =
            self.config.sizing.fractional && !self.gate.borrows_whole(request.symbol, request.side, &self.portfolio);
        if keeps { most } else { most.whole() }
    }

    /// What tells the dollars of fees to set aside for a number of shares of `request`, as if it filled at
    /// `now`, whole and alone of its day.
    pub(super) fn fee(&self, request: &OrderRequest, now: Timestamp) -> impl Fn(Quantity) -> Money + use<S> {
        let price = reserve_price(request.kind, self.portfolio.position(request.symbol).mark());
        let commission = self.config.commission;
        let occasion = Occasion { side: request.side, time: now };
        move |quantity| commission.fee(occasion, price, quantity)
    }

    fn approved(&mut self, approved: ApprovedOrder, label: Option<u32>, now: Timestamp) {
        self.journal.approved_most.see(&approved);
        let request = approved.request();
        let wanted = Wanted::of(request);
        let legs = request.legs;
        self.name(label);
        self.track(wanted, approved.quantity(), label, OrderOutcome::Sent(OrderStatus::Submitted), 0, now);
        let book = &mut self.books[wanted.symbol.get()];
        match wanted.purpose {
            OrderPurpose::Entry => book.entries_pending += 1,
            purpose if purpose.leaves() => book.exits_pending += 1,
            _ => {}
        }
        let mut leg = 0;
        // A level measured from the fill is not known before.
        let level = |level: LegLevel| match level {
            LegLevel::At(price) => price,
            LegLevel::FromFill { .. } | LegLevel::FractionFromFill(_) => Price::ZERO,
        };
        if let Some(stop) = legs.stop.map(level) {
            leg += 1;
            let purpose = if legs.trailing { OrderPurpose::Trail } else { OrderPurpose::Stop };
            self.track_leg(wanted, (purpose, legs.time_in_force), OrderKind::Stop { stop }, leg, now);
        }
        // The target of a one-cancels-other pair is the order itself.
        if let Some(limit) = legs.take_profit.map(level).filter(|_| wanted.class != OrderClass::Oco) {
            leg += 1;
            let exit = (OrderPurpose::TakeProfit, legs.time_in_force);
            self.track_leg(wanted, exit, OrderKind::Limit { limit }, leg, now);
        }
        self.effects.push(Effect::Submit(approved));
    }

    /// Remembers that the next order is the script's `label`.
    fn name(&mut self, label: Option<u32>) {
        if let Some(label) = label {
            let wanted = label as usize + 1;
            self.labels.resize(self.labels.len().max(wanted), OrderId(0));
            self.labels[label as usize] = self.orders.next_id();
        }
    }

    fn track(
        &mut self,
        request: Wanted,
        quantity: Quantity,
        label: Option<u32>,
        outcome: OrderOutcome,
        leg: u8,
        now: Timestamp,
    ) {
        let (id, filled) = (self.orders.next_id(), Quantity::ZERO);
        self.orders.push(OrderRecord { id, label, request, quantity, filled, outcome, decided_at: now, leg });
    }

    /// Gives a leg its number: the venue makes it live when the entry fills.
    fn track_leg(
        &mut self,
        entry: Wanted,
        (purpose, time_in_force): (OrderPurpose, TimeInForce),
        kind: OrderKind,
        leg: u8,
        now: Timestamp,
    ) {
        let (side, time_in_force) = match entry.class {
            OrderClass::Oco => (entry.side, entry.time_in_force),
            _ => (entry.side.opposite(), time_in_force),
        };
        let request = Wanted { side, kind, time_in_force, purpose, in_dollars: false, ..entry };
        // The stop of a pair rests from the start; other legs grow as their entry fills.
        let pair = self.orders.last().filter(|_| entry.class == OrderClass::Oco);
        let quantity = pair.map_or(Quantity::ZERO, |target| target.quantity);
        self.track(request, quantity, None, OrderOutcome::Sent(OrderStatus::Held), leg, now);
    }

    fn refuse(
        &mut self,
        request: OrderRequest,
        quantity: Quantity,
        label: Option<u32>,
        refusal: Refusal,
        now: Timestamp,
    ) {
        let id = self.orders.next_id();
        self.name(label);
        self.track(Wanted::of(&request), quantity, label, OrderOutcome::Refused, 0, now);
        self.journal.refusals.push(RefusalRecord { time: now, order: id, refusal });
    }
}
