//! The engine: decides, asks the gate, keeps the books.
//!
//! Not here: the order of calls (replay, pump), sending (execution).
//! Invariants: (1) nothing leaves but an [`ApprovedOrder`]; (2) the gate's reserves are those of open
//! orders; (3) a strategy sees every symbol of a time before any order of that time.
use super::account::Desk;
use super::atr::{AtrColumn, AtrSource, BarAtr};
use super::journal::{Journal, SplitRecord};
use super::orders::Orders;
use super::script::Flattening;
use super::sizing::{Sizing, SizingKind};
use super::time_stop::TimeStop;
use super::volatility::SessionVolatility;
use crate::domain::{
    Bar, ExecutionEvent, Money, OrderId, OrderPurpose, Price, Quantity, Ratio, SymbolIndex, Timestamp,
};
use crate::portfolio::{CashEvent, CashReason, Portfolio, split_quantity};
use crate::risk::{ApprovedChange, ApprovedOrder, Gate, Limits, Margin, StopRule};
use crate::strategy::{Intent, Intents, Strategy, SymbolBook, View};
use crate::venue::Commission;

/// What the engine wants done at the venue.
#[derive(Debug)]
pub enum Effect {
    /// Send this.
    Submit(ApprovedOrder),
    /// Take this back.
    Cancel(OrderId),
    /// Change this.
    Replace(ApprovedChange),
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
}

/// The core of a run.
#[derive(Debug)]
pub struct Engine<S> {
    pub(super) strategy: S,
    pub(super) portfolio: Portfolio,
    pub(super) gate: Gate,
    pub(super) orders: Orders,
    pub(super) config: EngineConfig,
    pub(super) books: Vec<SymbolBook>,
    pub(super) atrs: Vec<AtrSource>,
    pub(super) volatilities: Vec<SessionVolatility>,
    /// Bars seen when the last session closed.
    pub(super) bars_before_session: Vec<u64>,
    pub(super) intents: Intents,
    pub(super) effects: Vec<Effect>,
    /// Memory for answers while they are read.
    pub(super) answers: Vec<ExecutionEvent>,
    pub(super) labels: Vec<OrderId>,
    /// Symbols whose orders are being voided before they are closed.
    pub(super) flattening: Vec<Flattening>,
    pub(super) journal: Journal,
    /// Settlement, margin and financing; `None` in a run that uses none of it.
    pub(super) account: Option<Box<Desk>>,
    /// How long positions are held; `None` in a run without a time stop.
    pub(super) time_stop: Option<Box<TimeStop>>,
    /// The first moment at which a night is to be paid or a sale settles.
    pub(super) account_due: Timestamp,
    /// What is wanted before this moment is dropped.
    pub(super) trade_from: Timestamp,
    /// The session in which a daily loss that is found now is lost: the one at hand, or outside sessions the next.
    pub(super) awaited_session: Timestamp,
    /// Open time of the bars whose answers are being taken.
    pub(super) now: Timestamp,
}

impl<S: Strategy> Engine<S> {
    /// An engine with cash and nothing else.
    pub fn new(strategy: S, config: EngineConfig) -> Engine<S> {
        Engine::recycling(Journal::new(config.cash), strategy, config)
    }

    /// The same in the memory of a finished run's record.
    pub fn recycling(journal: Journal, strategy: S, config: EngineConfig) -> Engine<S> {
        let mut journal = journal.emptied(config.cash);
        let needs_volatility = matches!(config.sizing.kind, SizingKind::VolatilityTarget(_));
        let volatilities = if needs_volatility { config.symbols } else { 0 };
        Engine {
            strategy,
            portfolio: Portfolio::with_cash(config.cash, config.symbols),
            gate: Gate::new(config.limits, config.margin, config.symbols, config.cash),
            orders: Orders::within(std::mem::take(&mut journal.orders)),
            books: vec![SymbolBook::default(); config.symbols],
            atrs: (0..config.symbols).filter_map(|_| BarAtr::for_stop(config.stop.kind)).map(AtrSource::Own).collect(),
            volatilities: vec![SessionVolatility::default(); volatilities],
            bars_before_session: vec![0; config.symbols],
            intents: Intents::for_symbols(config.symbols),
            effects: Vec::with_capacity(16),
            answers: Vec::with_capacity(64),
            labels: Vec::new(),
            flattening: Vec::new(),
            journal,
            account: None,
            time_stop: None,
            account_due: Timestamp::MAX,
            trade_from: Timestamp::MIN,
            awaited_session: Timestamp::MIN,
            now: Timestamp::MIN,
            config,
        }
    }

    /// The same, deaf to the strategy on bars that open before `moment`: it is shown them, as stops and limits
    /// are, so that all know the market when trading begins; what it wants there is dropped.
    #[must_use]
    pub fn trading_from(self, moment: Timestamp) -> Engine<S> {
        Engine { trade_from: moment, ..self }
    }

    /// The same with ATRs that were computed before, one a symbol, of its bars and for its stop; an empty list leaves
    /// them to the run.
    pub fn with_atr_columns(mut self, columns: &[AtrColumn]) -> Engine<S> {
        if columns.len() == self.atrs.len() {
            self.atrs = columns.iter().map(|column| AtrSource::Shared { column: column.clone(), seen: 0 }).collect();
        }
        self
    }

    /// A bar of `symbol` has closed: its position is worth its close now.
    #[inline]
    pub fn mark(&mut self, symbol: SymbolIndex, bar: &Bar) {
        self.portfolio.mark(symbol, bar.close);
        self.gate.mark(symbol, bar.time);
        self.books[symbol.get()].bars_seen += 1;
        if let Some(atr) = self.atrs.get_mut(symbol.get()) {
            atr.update(bar);
        }
    }

    /// Every bar of a time has been marked and its orders sent: equity and drawdown are taken.
    #[inline]
    pub fn record(&mut self) {
        self.journal.equity.push(self.portfolio.equity());
    }

    /// Shows a closed bar to the strategy.
    #[inline]
    pub fn decide(&mut self, symbol: SymbolIndex, bar: &Bar) {
        let view = View::new(bar.time, &self.portfolio, &self.books);
        self.strategy.on_bar(symbol, bar, &view, &mut self.intents);
    }

    /// Every bar of `time` has been shown.
    #[inline]
    pub fn decide_step(&mut self, time: Timestamp) {
        let view = View::new(time, &self.portfolio, &self.books);
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
        if now < self.trade_from {
            return self.intents.clear();
        }
        // Taken out while they are read: an intent with a whole order in it is not worth a copy.
        let mut intents = std::mem::take(&mut self.intents);
        for intent in intents.iter() {
            match *intent {
                Intent::Enter { symbol, side, weight } => self.enter(symbol, side, weight, now),
                Intent::Exit { symbol } => self.exit(symbol, OrderPurpose::Signal, None, now),
                Intent::Submit(ref order) => self.submit_script(order, now),
                Intent::Cancel { target } => self.cancel_script(target, now),
                Intent::Replace { target, quantity, prices } => self.replace_script(target, quantity, prices, now),
                Intent::Halt => self.halt(now),
                Intent::Resume => self.resume(now),
                Intent::Flatten { symbol, label } => self.flatten(symbol, OrderPurpose::KillSwitch, label, now),
            }
        }
        intents.clear();
        self.intents = intents;
        self.leave_on_time(now);
    }

    /// Is there nothing to be done at the venue?
    #[inline]
    pub fn wants_nothing(&self) -> bool {
        self.effects.is_empty()
    }

    /// What is to be done at the venue, in order.
    #[inline]
    pub fn effects(&mut self) -> impl Iterator<Item = Effect> + use<'_, S> {
        self.effects.drain(..)
    }

    /// The session has closed: the next one's loss counts from here, daily statistics take its last marks.
    #[inline]
    pub fn end_session(&mut self) {
        let marked = self.portfolio.positions().iter().zip(&self.books).zip(&mut self.bars_before_session);
        let closes = marked.map(|((position, book), before)| {
            let had_bars = std::mem::replace(before, book.bars_seen) != book.bars_seen;
            had_bars.then(|| position.mark())
        });
        self.gate.close_session(self.portfolio.equity(), closes);
        let symbols = self.portfolio.positions().iter().zip(&self.books);
        for ((position, book), volatility) in symbols.zip(&mut self.volatilities) {
            volatility.push(position.mark(), book.bars_seen);
        }
    }

    /// A split before the open of `time`; returns what the venue must know: shares kept, mark, cash paid.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, time: Timestamp) -> (Quantity, Price, Money) {
        let event = self.portfolio.split(symbol, ratio, self.config.sizing.fractional, time);
        let fractional = self.config.sizing.fractional;
        let restate = |quantity: Quantity| {
            let shares = split_quantity(quantity, ratio);
            if fractional { shares } else { shares.whole() }
        };
        self.strategy.on_split(symbol, ratio);
        self.gate.split(symbol, ratio, restate);
        self.orders.split(symbol, ratio, restate);
        self.atrs.get_mut(symbol.get()).into_iter().for_each(|atr| atr.split(ratio));
        self.volatilities.get_mut(symbol.get()).into_iter().for_each(|volatility| volatility.split(ratio));
        let position = self.portfolio.position(symbol);
        let (kept, mark) = (position.quantity(), position.mark());
        let before = std::mem::replace(&mut self.books[symbol.get()].quantity, kept);
        self.time_position(symbol, before);
        self.journal.splits.push(SplitRecord { time, symbol, ratio, kept });
        self.journal.cash_events.extend(event);
        self.plan_account(time);
        (kept, mark, event.map_or(Money::ZERO, |event| event.amount))
    }

    /// A dividend that the venue says it has paid, in dollars of this book.
    pub fn receive_dividend(&mut self, symbol: SymbolIndex, amount: Money, time: Timestamp) {
        let event = CashEvent { time, symbol, reason: CashReason::Dividend, amount };
        self.journal.cash_events.push(self.portfolio.receive(event));
        self.plan_account(time);
    }

    /// A dividend before the open of `time`; returns what was paid.
    pub fn dividend(&mut self, symbol: SymbolIndex, amount: Price, time: Timestamp) -> Money {
        let event = self.portfolio.pay_dividend(symbol, amount, time);
        if event.amount != Money::ZERO {
            self.journal.cash_events.push(event);
        }
        self.plan_account(time);
        event.amount
    }

    /// Cash and positions.
    pub fn portfolio(&self) -> &Portfolio {
        &self.portfolio
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
