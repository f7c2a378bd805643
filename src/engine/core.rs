//! The engine: decides, asks the gate, keeps the books.
//!
//! Not here: the order of calls (replay, pump), sending (execution).
//! Invariants: (1) nothing leaves but an [`ApprovedOrder`]; (2) the gate's reserves are those of open
//! orders; (3) a strategy sees every symbol of a time before any order of that time.
use super::atr::BarAtr;
use super::journal::{Journal, RefusalRecord, StopChange};
use super::orders::{OrderOutcome, OrderRecord, Orders};
use super::sizing::{Sizing, SizingInputs, SizingKind};
use super::volatility::SessionVolatility;
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, Fill, IllegalTransition, Money, OrderClass, OrderId, OrderKind, OrderPurpose,
    OrderRequest, OrderSize, OrderStatus, OrderUpdate, Price, Quantity, Ratio, Side, SymbolIndex, TimeInForce,
    Timestamp,
};
use crate::portfolio::{Portfolio, split_quantity};
use crate::risk::{ApprovedOrder, BreachRule, Gate, Limits, Margin, Refusal, StopRule};
use crate::strategy::{Intent, Intents, LastExit, ScriptOrder, ScriptSize, Strategy, SymbolBook, View};
use crate::venue::Commission;

/// What the engine wants done at the venue.
#[derive(Debug)]
pub enum Effect {
    /// Send this.
    Submit(ApprovedOrder),
    /// Take this back.
    Cancel(OrderId),
    /// Change this.
    Replace {
        /// Whose.
        order: OrderId,
        /// New quantity.
        quantity: Option<Quantity>,
        /// New limit.
        limit: Option<Price>,
        /// New stop.
        stop: Option<Price>,
    },
}

/// How a run sizes, protects and limits.
#[derive(Debug, Clone, Copy)]
pub struct EngineConfig {
    /// Starting cash.
    pub cash: Money,
    /// How many symbols.
    pub symbols: usize,
    /// `[sizing]`.
    pub sizing: Sizing,
    /// `[stop]` and `[take_profit]`.
    pub stop: StopRule,
    /// `[risk]`.
    pub limits: Limits,
    /// `[account]`.
    pub margin: Margin,
    /// What a fill will cost, for reserves.
    pub commission: Commission,
    /// Trim an entry that cannot be paid whole.
    pub trim_to_cash: bool,
    /// Steps of the run, to make room once.
    pub steps: usize,
}

/// The core of a run.
#[derive(Debug)]
pub struct Engine<S> {
    strategy: S,
    portfolio: Portfolio,
    gate: Gate,
    orders: Orders,
    config: EngineConfig,
    books: Vec<SymbolBook>,
    atrs: Vec<BarAtr>,
    volatilities: Vec<SessionVolatility>,
    intents: Intents,
    effects: Vec<Effect>,
    labels: Vec<OrderId>,
    journal: Journal,
    peak: Money,
    drawdown_max: Money,
}

impl<S: Strategy> Engine<S> {
    /// An engine with cash and nothing else.
    pub fn new(strategy: S, config: EngineConfig) -> Engine<S> {
        let needs_volatility = matches!(config.sizing.kind, SizingKind::VolatilityTarget(_));
        let volatilities = if needs_volatility { config.symbols } else { 0 };
        Engine {
            strategy,
            portfolio: Portfolio::with_cash(config.cash, config.symbols),
            gate: Gate::new(config.limits, config.margin),
            orders: Orders::with_capacity(1024),
            books: vec![SymbolBook::default(); config.symbols],
            atrs: (0..config.symbols).filter_map(|_| BarAtr::for_stop(config.stop.kind)).collect(),
            volatilities: vec![SessionVolatility::default(); volatilities],
            intents: Intents::for_symbols(config.symbols),
            effects: Vec::with_capacity(16),
            labels: Vec::new(),
            journal: Journal {
                equity: Vec::with_capacity(config.steps),
                fills: Vec::with_capacity(1024),
                stops: Vec::with_capacity(1024),
                ..Journal::default()
            },
            peak: config.cash,
            drawdown_max: Money::ZERO,
            config,
        }
    }

    /// A bar of `symbol` has closed: its position is worth its close now.
    #[inline]
    pub fn mark(&mut self, symbol: SymbolIndex, bar: &Bar) {
        self.portfolio.mark(symbol, bar.close);
        self.books[symbol.get()].bars_seen += 1;
        if let Some(atr) = self.atrs.get_mut(symbol.get()) {
            atr.update(bar);
        }
    }

    /// Every bar of a time has been marked: equity and drawdown are taken.
    #[inline]
    pub fn record(&mut self) {
        let equity = self.portfolio.equity();
        self.journal.equity.push(equity);
        if equity > self.peak {
            self.peak = equity;
        }
        self.drawdown_max = self.drawdown_max.max(self.peak - equity);
    }

    /// Shows a closed bar to the strategy.
    #[inline]
    pub fn decide(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let view =
            View { time: bar.time, equity: self.portfolio.equity(), cash: self.portfolio.cash(), books: &self.books };
        self.strategy.on_bar(symbol, bar, &view, &mut self.intents);
    }

    /// Every bar of `time` has been shown.
    #[inline]
    pub fn decide_step(&mut self, time: Timestamp) {
        let (equity, cash) = (self.portfolio.equity(), self.portfolio.cash());
        let view = View { time, equity, cash, books: &self.books };
        self.strategy.on_step(&view, &mut self.intents);
    }

    /// Does the strategy want anything?
    #[inline]
    pub fn wants(&self) -> bool {
        !self.intents.is_empty()
    }

    /// Turns wishes into reviewed orders.
    #[cold]
    pub fn review(&mut self, now: Timestamp) {
        for index in 0..self.intents.len() {
            let Some(intent) = self.intents.get(index) else { break };
            match intent {
                Intent::Enter { symbol, side, weight } => self.enter(symbol, side, weight, now),
                Intent::Exit { symbol } => self.exit(symbol, OrderPurpose::Signal, now),
                Intent::Submit(order) => self.submit_script(&order, now),
                Intent::Cancel { label } => self.change(label, now, Effect::Cancel),
                Intent::Replace { label, quantity, limit, stop } => {
                    self.change(label, now, |order| Effect::Replace { order, quantity, limit, stop });
                }
                Intent::Halt => {
                    self.gate.halt();
                    self.journal.halts += 1;
                }
                Intent::Resume => self.gate.resume(),
                Intent::Flatten { symbol } => self.flatten(symbol, now),
            }
        }
        self.intents.clear();
    }

    /// What is to be done at the venue, in order.
    #[inline]
    pub fn effects(&mut self) -> impl Iterator<Item = Effect> + use<'_, S> {
        self.effects.drain(..)
    }

    fn enter(&mut self, symbol: SymbolIndex, side: Side, weight: Option<Ratio>, now: Timestamp) {
        let close = self.portfolio.position(symbol).mark();
        let atr = self.atrs.get(symbol.get()).and_then(BarAtr::value);
        let inputs = SizingInputs {
            equity: self.portfolio.equity(),
            close,
            stop_distance_units: self.config.stop.distance_units(close, atr),
            volatility: self.volatilities.get(symbol.get()).and_then(SessionVolatility::annualised),
        };
        let mut request = OrderRequest {
            symbol,
            side,
            size: OrderSize::Shares(Quantity::ZERO),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            class: OrderClass::Simple,
            purpose: OrderPurpose::Entry,
            legs: self.config.stop.legs(side, close, atr),
        };
        request.class = match (request.legs.stop, request.legs.take_profit) {
            (None, None) => OrderClass::Simple,
            (Some(_), Some(_)) => OrderClass::Bracket,
            _ => OrderClass::Oto,
        };
        match self.config.sizing.size(inputs, weight) {
            Ok(size) => self.send(OrderRequest { size, ..request }, None, now),
            Err(refusal) => self.refuse(request, Quantity::ZERO, None, refusal, now),
        }
    }

    fn exit(&mut self, symbol: SymbolIndex, purpose: OrderPurpose, now: Timestamp) {
        let held = self.portfolio.position(symbol).quantity();
        let Some(side) = held.closing_side() else { return };
        let leaving = self.gate.open().iter().filter(|open| open.symbol == symbol && open.reduces);
        let rest = leaving.fold(held.abs(), |rest, open| rest - open.open);
        if rest <= Quantity::ZERO {
            return;
        }
        // Good until canceled: an exit waits over bars without volume.
        let request = OrderRequest {
            symbol,
            side,
            size: OrderSize::Shares(rest),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Gtc,
            class: OrderClass::Simple,
            purpose,
            legs: ExitLegs::NONE,
        };
        self.send(request, None, now);
    }

    fn submit_script(&mut self, order: &ScriptOrder, now: Timestamp) {
        let symbol = order.request.symbol;
        let size = match order.size {
            ScriptSize::Shares(quantity) => quantity,
            ScriptSize::Max => {
                let fees = self.config.commission.rate();
                let most = self.gate.quantity_max(symbol, order.request.side, fees, &self.portfolio);
                if self.config.sizing.fractional { most } else { most.whole() }
            }
        };
        let request = OrderRequest { size: OrderSize::Shares(size), ..order.request };
        self.send(request, Some(order.label), now);
    }

    /// Cancels or changes a script's order.
    fn change(&mut self, label: u32, now: Timestamp, effect: impl Fn(OrderId) -> Effect) {
        let _ = now;
        let Some(&order) = self.labels.get(label as usize).filter(|order| order.0 > 0) else { return };
        if matches!(self.orders.get(order).outcome, OrderOutcome::Sent(status) if status.is_open()) {
            self.effects.push(effect(order));
        }
    }

    fn flatten(&mut self, only: Option<SymbolIndex>, now: Timestamp) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            if only.is_some_and(|wanted| wanted != symbol) {
                continue;
            }
            // Exits already on their way do the same work; everything else is voided first.
            let open: Vec<OrderId> = self.open_orders(symbol).collect();
            self.effects.extend(open.into_iter().map(Effect::Cancel));
            self.exit(symbol, OrderPurpose::KillSwitch, now);
        }
    }

    fn open_orders(&self, symbol: SymbolIndex) -> impl Iterator<Item = OrderId> + '_ {
        let of_symbol = self.orders.records().iter().filter(move |record| record.request.symbol == symbol);
        let open = of_symbol.filter(|record| matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()));
        open.filter(|record| record.request.purpose != OrderPurpose::Signal).map(|record| record.id)
    }

    /// Asks the gate and queues what it approves.
    fn send(&mut self, request: OrderRequest, label: Option<u32>, now: Timestamp) {
        let quantity = match request.size {
            OrderSize::Shares(quantity) => quantity,
            OrderSize::CashFraction { .. } => Quantity::ZERO,
        };
        let fee = self.config.commission.fee(self.portfolio.position(request.symbol).mark(), quantity);
        match self.gate.review(self.orders.next_id(), &request, fee, &self.portfolio, now) {
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
            Refusal::PositionSize { .. } => self.config.limits.on_breach == BreachRule::Trim,
            Refusal::BuyingPower { .. } => self.config.trim_to_cash || self.config.limits.on_breach == BreachRule::Trim,
            _ => false,
        };
        if trims {
            let fees = self.config.commission.rate();
            let most = self.gate.quantity_max(request.symbol, request.side, fees, &self.portfolio);
            let most = if self.config.sizing.fractional { most } else { most.whole() };
            let fee = self.config.commission.fee(self.portfolio.position(request.symbol).mark(), most);
            let request = OrderRequest { size: OrderSize::Shares(most), ..request };
            let fits = Quantity::ZERO < most && most < quantity;
            if fits && let Ok(approved) = self.gate.review(self.orders.next_id(), &request, fee, &self.portfolio, now) {
                return self.approved(approved, label, now);
            }
        }
        self.refuse(request, quantity, label, refusal, now);
    }

    fn approved(&mut self, approved: ApprovedOrder, label: Option<u32>, now: Timestamp) {
        let (id, request) = (approved.id(), *approved.request());
        self.track(id, request, approved.quantity(), label, None, now);
        let book = &mut self.books[request.symbol.get()];
        match request.purpose {
            OrderPurpose::Entry => book.entries_pending += 1,
            OrderPurpose::Signal | OrderPurpose::KillSwitch => book.exits_pending += 1,
            _ => {}
        }
        let legs = usize::from(request.legs.stop.is_some())
            + usize::from(request.legs.take_profit.is_some() && request.class != OrderClass::Oco);
        for leg in 0..legs {
            self.track_leg(&request, id, leg, now);
        }
        self.effects.push(Effect::Submit(approved));
    }

    fn track(
        &mut self,
        id: OrderId,
        request: OrderRequest,
        quantity: Quantity,
        label: Option<u32>,
        parent: Option<OrderId>,
        now: Timestamp,
    ) {
        if let Some(label) = label.filter(|_| parent.is_none()) {
            let wanted = label as usize + 1;
            self.labels.resize(self.labels.len().max(wanted), OrderId(0));
            self.labels[label as usize] = id;
        }
        let status = if parent.is_some() { OrderStatus::Held } else { OrderStatus::Submitted };
        self.orders.push(OrderRecord {
            id,
            label,
            request,
            quantity,
            filled: Quantity::ZERO,
            outcome: OrderOutcome::Sent(status),
            rejected: None,
            decided_at: now,
            parent,
        });
    }

    /// Gives a leg its number: the venue makes it live when the entry fills.
    fn track_leg(&mut self, entry: &OrderRequest, parent: OrderId, leg: usize, now: Timestamp) {
        let is_stop = leg == 0 && entry.legs.stop.is_some();
        let purpose = match (is_stop, entry.legs.trailing) {
            (true, true) => OrderPurpose::Trail,
            (true, false) => OrderPurpose::Stop,
            (false, _) => OrderPurpose::TakeProfit,
        };
        let kind =
            if is_stop { OrderKind::Stop { stop: Price::ZERO } } else { OrderKind::Limit { limit: Price::ZERO } };
        let side = if entry.class == OrderClass::Oco { entry.side } else { entry.side.opposite() };
        let (time_in_force, legs) = (TimeInForce::Gtc, ExitLegs::NONE);
        let request = OrderRequest { side, kind, time_in_force, purpose, legs, ..*entry };
        let id = self.orders.next_id();
        self.track(id, request, Quantity::ZERO, None, Some(parent), now);
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
        self.track(id, request, quantity, label, None, now);
        self.orders.get_mut(id).outcome = OrderOutcome::Refused(refusal);
        self.journal.refusals.push(RefusalRecord { time: now, order: id, refusal });
    }

    /// Takes an answer of the venue.
    ///
    /// Errors: an answer that cannot follow from the order's status.
    pub fn on_execution(&mut self, event: &ExecutionEvent) -> Result<(), IllegalTransition> {
        match *event {
            ExecutionEvent::Accepted { order } => self.orders.update(order, OrderUpdate::Acknowledged),
            ExecutionEvent::Filled { fill, done } => self.filled(&fill, done),
            ExecutionEvent::Canceled { order } => self.closed(order, OrderUpdate::Canceled),
            ExecutionEvent::Expired { order } => self.closed(order, OrderUpdate::Expired),
            ExecutionEvent::Rejected { order, reason } => {
                self.orders.get_mut(order).rejected = Some(reason);
                self.closed(order, OrderUpdate::Rejected)
            }
            ExecutionEvent::LegLive { order, parent: _, symbol, level, time } => {
                self.leg_live(order, symbol, level, time)
            }
        }
    }

    fn filled(&mut self, fill: &Fill, done: bool) -> Result<(), IllegalTransition> {
        let record = self.orders.get_mut(fill.order);
        assert!(fill.time > record.decided_at || record.request.kind == OrderKind::Market, "a fill before its order");
        record.filled += fill.quantity;
        let (purpose, parent) = (record.request.purpose, record.parent);
        self.orders.update(fill.order, if done { OrderUpdate::Filled } else { OrderUpdate::PartFilled })?;
        self.gate.post(fill.order, fill.quantity, done);
        self.portfolio.apply(fill);
        self.journal.fills.push(*fill);
        let book = &mut self.books[fill.symbol.get()];
        book.quantity = self.portfolio.position(fill.symbol).quantity();
        if book.quantity.is_zero() {
            book.last_exit = Some(LastExit { bars_seen: book.bars_seen + 1, purpose: fill.purpose });
        }
        if done {
            Self::settle(book, purpose);
            if parent.is_some() {
                self.stop_gone(fill.order, fill.symbol, fill.time);
            }
        }
        Ok(())
    }

    fn settle(book: &mut SymbolBook, purpose: OrderPurpose) {
        match purpose {
            OrderPurpose::Entry => book.entries_pending -= 1,
            OrderPurpose::Signal | OrderPurpose::KillSwitch => book.exits_pending -= 1,
            _ => {}
        }
    }

    fn closed(&mut self, order: OrderId, update: OrderUpdate) -> Result<(), IllegalTransition> {
        self.orders.update(order, update)?;
        self.gate.void(order);
        let OrderRecord { request, parent, .. } = *self.orders.get(order);
        Self::settle(&mut self.books[request.symbol.get()], request.purpose);
        if parent.is_some() {
            let time = self.journal.fills.last().map_or(Timestamp::MIN, |fill| fill.time);
            self.stop_gone(order, request.symbol, time);
        } else if request.legs.any() {
            self.close_held_legs(order);
        }
        Ok(())
    }

    /// An entry ended without a fill: its legs end with it.
    fn close_held_legs(&mut self, parent: OrderId) {
        for leg in [OrderId(parent.0 + 1), OrderId(parent.0 + 2)] {
            if leg.0 >= self.orders.next_id().0 {
                break;
            }
            let record = self.orders.get_mut(leg);
            if record.parent == Some(parent) && record.outcome == OrderOutcome::Sent(OrderStatus::Held) {
                record.outcome = OrderOutcome::Sent(OrderStatus::Canceled);
            }
        }
    }

    fn stop_gone(&mut self, order: OrderId, symbol: SymbolIndex, time: Timestamp) {
        if matches!(self.orders.get(order).request.purpose, OrderPurpose::Stop | OrderPurpose::Trail) {
            self.journal.stops.push(StopChange { time, symbol, order, level: None });
        }
    }

    fn leg_live(
        &mut self,
        order: OrderId,
        symbol: SymbolIndex,
        level: Price,
        time: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let record = self.orders.get_mut(order);
        if record.outcome == OrderOutcome::Sent(OrderStatus::Held) {
            self.orders.update(order, OrderUpdate::Acknowledged)?;
        }
        let record = self.orders.get_mut(order);
        match &mut record.request.kind {
            OrderKind::Stop { stop } => *stop = level,
            OrderKind::Limit { limit } => *limit = level,
            _ => {}
        }
        if matches!(record.request.purpose, OrderPurpose::Stop | OrderPurpose::Trail) {
            self.journal.stops.push(StopChange { time, symbol, order, level: Some(level) });
        }
        Ok(())
    }

    /// The session has closed: daily statistics take its last marks.
    #[inline]
    pub fn end_session(&mut self) {
        for (position, volatility) in self.portfolio.positions().iter().zip(&mut self.volatilities) {
            if position.mark() != Price::ZERO {
                volatility.push(position.mark());
            }
        }
    }

    /// A split before the open of `time`; returns what the venue must know: shares kept, mark, cash paid.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, time: Timestamp) -> (Quantity, Price, Money) {
        let event = self.portfolio.split(symbol, ratio, self.config.sizing.fractional, time);
        self.gate.split(symbol, |quantity| split_quantity(quantity, ratio));
        let position = self.portfolio.position(symbol);
        let (kept, mark) = (position.quantity(), position.mark());
        self.books[symbol.get()].quantity = kept;
        self.journal.splits.push((time, symbol, kept));
        self.journal.cash_events.extend(event);
        (kept, mark, event.map_or(Money::ZERO, |event| event.amount))
    }

    /// A dividend before the open of `time`; returns what was paid.
    pub fn dividend(&mut self, symbol: SymbolIndex, amount: Price, time: Timestamp) -> Money {
        let event = self.portfolio.pay_dividend(symbol, amount, time);
        if event.amount != Money::ZERO {
            self.journal.cash_events.push(event);
        }
        event.amount
    }

    /// Cash and positions.
    pub fn portfolio(&self) -> &Portfolio {
        &self.portfolio
    }

    /// The largest fall from a peak so far, in dollars.
    pub fn drawdown_max(&self) -> Money {
        self.drawdown_max
    }

    /// The gate, to look at.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Ends the run and gives its record away.
    pub fn finish(mut self) -> Journal {
        self.journal.orders = self.orders.into_records();
        self.journal
    }
}
