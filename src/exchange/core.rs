//! The exchange: a tape, a simulated market, an account and the orders of its clients.
//!
//! Not here: sockets, keys, faults and pace (the server), what only reads the tape (reading).
//! Invariants: (1) the account here equals the venue's after every moment and every request; (2) a bar passes in
//! two parts, its open and the rest, and between them requests are answered; (3) the same requests at the same
//! times of the tape give the same answers, ids included.
use std::sync::Arc;

use serde_json::Value;

use super::day::DayStart;
use super::history::Mark;
use super::orders::Book;
use super::parameters::{Parameters, segments};
use super::reading::{self, Reading};
use super::reply::{NOT_FOUND, refuse};
use super::statement::Statement;
use super::{Answer, Method, Published, Request, Tape};
use crate::domain::{LegActivation, Money, Quantity, SymbolIndex, Timestamp};
use crate::engine::MarketAction;
use crate::portfolio::Portfolio;
use crate::scenario::spec::ActiveFrom;
use crate::scenario::{Diagnostic, LoadedScenario, MarketData, venue_rules};
use crate::strategy::Script;
use crate::venue::{FinerBars, MarketFill, SimulatedVenue, Spreads, VenueRules};

/// What a scenario says that stays as it is.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// The scenario's name: ids come from it.
    pub(super) name: String,
    /// Cash to begin with.
    pub(super) cash: Money,
    /// May positions be negative?
    pub(super) allow_short: bool,
    /// How the market fills, charges and refuses.
    pub(super) rules: VenueRules,
    /// From when legs can fill.
    pub(super) activation: LegActivation,
    /// Splits, dividends and delistings of every asset, in order of time.
    pub(super) actions: Vec<(Timestamp, MarketAction)>,
    spreads: Option<Arc<Spreads>>,
    finer: Vec<FinerBars>,
}

/// An Alpaca-compatible exchange whose time is that of its data.
#[derive(Debug)]
pub struct Exchange {
    pub(super) setup: Setup,
    pub(super) tape: Tape,
    pub(super) venue: SimulatedVenue,
    pub(super) ledger: Portfolio,
    pub(super) book: Book,
    pub(super) reading: Reading,
    /// What was published and not taken yet, in order.
    pub(super) published: Vec<Published>,
    /// Updates of orders since the start.
    pub(super) updates: u64,
    /// The last moment at which something happened to an order.
    pub(super) last_event: Timestamp,
    /// The stamp of the bars that have opened last; before all bars of the first.
    pub(super) last_stamp: Timestamp,
    /// A bar of the core session that is on, or was last, has opened.
    pub(super) session_has_bars: bool,
    /// Corporate actions that have happened.
    pub(super) actions_done: usize,
    /// Where the day began.
    pub(super) day: DayStart,
    /// Executions and payments.
    pub(super) statement: Statement,
    /// Equity after every bar.
    pub(super) marks: Vec<Mark>,
}

impl Setup {
    fn of(loaded: &LoadedScenario, market: &MarketData, tape: &Tape) -> Setup {
        let spec = &loaded.spec;
        let rules = venue_rules(spec);
        // An order that arrives after a close cannot fill at it.
        let market_fill = if rules.market_fill == MarketFill::Close { MarketFill::NextOpen } else { rules.market_fill };
        let is_next_bar = spec.stop.active_from == ActiveFrom::NextBar && spec.strategy.name != Script::STRATEGY;
        let mut actions = market.actions.clone();
        if tape.names().len() > spec.data.symbols.len() {
            let benchmark = SymbolIndex(spec.data.symbols.len() as u16);
            actions.extend(market.benchmark_actions.iter().map(|(from, action)| (*from, action.of(benchmark))));
        }
        actions.sort_by_key(|(from, action)| (*from, action.order()));
        Setup {
            name: spec.scenario.name.clone(),
            cash: spec.account.cash,
            allow_short: spec.account.allow_short,
            // Alpaca always has hours around its sessions, whether bars show them or not.
            rules: VenueRules { market_fill, extended_hours: true, ..rules },
            activation: if is_next_bar { LegActivation::NextBar } else { LegActivation::EntryBar },
            actions,
            spreads: market.spreads.clone(),
            finer: market.finer.clone(),
        }
    }

    fn venue(&self, symbols: usize) -> SimulatedVenue {
        let mut venue = SimulatedVenue::new(self.rules, self.cash, symbols);
        if let Some(spreads) = &self.spreads {
            venue.set_spreads(spreads.clone());
        }
        venue.take_finer(self.finer.clone());
        venue
    }
}

impl Exchange {
    /// The exchange of a scenario, before its first session.
    ///
    /// Financing, dated settlement and latency of the scenario are not modelled; `market_fill = "close"` is taken as
    /// `next_open`. Errors: no bar of the data lies in a session.
    pub fn new(loaded: &LoadedScenario, market: &MarketData) -> Result<Exchange, Box<Diagnostic>> {
        let tape = Tape::new(loaded, market);
        if tape.is_done() {
            let what = "no bar lies in a session of the calendar, so there is nothing to replay";
            return Err(Box::new(loaded.diagnostic("data.path", what).note("check data.calendar and the bars' times")));
        }
        let setup = Setup::of(loaded, market, &tape);
        Ok(Exchange::at_the_start(setup, tape))
    }

    fn at_the_start(setup: Setup, tape: Tape) -> Exchange {
        let symbols = tape.names().len();
        let mut exchange = Exchange {
            venue: setup.venue(symbols),
            ledger: Portfolio::with_cash(setup.cash, symbols),
            book: Book::default(),
            reading: Reading::new(&setup.name, &tape, &setup.actions),
            published: Vec::new(),
            updates: 0,
            last_event: Timestamp::MIN,
            last_stamp: Timestamp::MIN,
            session_has_bars: false,
            actions_done: 0,
            day: DayStart::first(setup.cash, symbols),
            statement: Statement::default(),
            marks: Vec::new(),
            setup,
            tape,
        };
        // The first day begins with the clock.
        exchange.advance(exchange.tape.now());
        exchange
    }

    /// Back to the start: orders, positions, cash, activities, settings and client order ids are forgotten.
    pub fn reset(&mut self) {
        let mut tape = self.tape.clone();
        tape.rewind();
        *self = Exchange::at_the_start(self.setup.clone(), tape);
    }

    /// Updates of orders that were published since the start.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Cash, to the last digit.
    pub fn cash(&self) -> Money {
        self.ledger.cash()
    }

    /// Shares held of the asset at this place of the tape.
    pub fn shares(&self, asset: usize) -> Quantity {
        self.ledger.position(SymbolIndex(asset as u16)).quantity()
    }

    /// The clock and the data up to it.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// What was published since this was last asked, in the order in which it happened.
    pub fn take_published(&mut self) -> Vec<Published> {
        std::mem::take(&mut self.published)
    }

    /// Lets every moment up to `until` pass; a time that is past changes nothing.
    pub fn advance(&mut self, until: Timestamp) {
        while let Some(moment) = self.tape.pass(until) {
            self.pass(moment);
        }
    }

    /// Lets time pass until `bars` more bar times are complete, or all that are left.
    pub fn step(&mut self, bars: usize) {
        if let Some(until) = self.tape.after_bars(bars) {
            self.advance(until);
        }
    }

    /// Answers a request of the REST face.
    pub fn answer(&mut self, request: &Request<'_>) -> Answer {
        let path = segments(request.path);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let query = Parameters::new(request.query);
        match (request.method, path.as_slice()) {
            (Method::Get, ["v2", "account"]) => self.show_account(),
            (Method::Get, ["v2", "account", "activities"]) => self.list_activities(None, &query),
            (Method::Get, ["v2", "account", "activities", kind]) => self.list_activities(Some(kind), &query),
            (Method::Get, ["v2", "account", "portfolio", "history"]) => self.portfolio_history(&query),
            (Method::Post, ["v2", "orders"]) => self.post_order(request.body),
            (Method::Get, ["v2", "orders"]) => self.list_orders(&query),
            (Method::Delete, ["v2", "orders"]) => self.cancel_all(),
            (Method::Get, ["v2", "orders:by_client_order_id"]) => self.order_by_client_id(&query),
            (Method::Get, ["v2", "orders", id]) => self.order_by_id(id, &query),
            (Method::Patch, ["v2", "orders", id]) => self.patch_order(id, request.body),
            (Method::Delete, ["v2", "orders", id]) => self.delete_order(id),
            (Method::Get, ["v2", "positions"]) => self.list_positions(),
            (Method::Delete, ["v2", "positions"]) => self.close_all(&query),
            (Method::Get, ["v2", "positions", name]) => self.position(name),
            (Method::Delete, ["v2", "positions", name]) => self.close_position(name, &query),
            _ => reading::answer(&self.tape, &mut self.reading, request)
                .unwrap_or_else(|| refuse(404, NOT_FOUND, "endpoint not found")),
        }
    }

    /// Everything at a glance, for the control face: `time prices orders fills positions cash counters`.
    pub fn state(&self) -> Value {
        self.shown_state()
    }

    /// A moment for the next event to an order: `at`, and at least a microsecond after the one before.
    pub(super) fn event_time(&mut self, at: Timestamp) -> Timestamp {
        const MICROSECOND: i64 = 1_000;
        self.last_event = at.max(self.last_event.plus_ns(MICROSECOND));
        self.last_event
    }

    /// The account here and the venue's must be one, and so must open orders.
    pub(super) fn assert_agrees(&self) {
        assert_eq!(self.ledger.cash(), self.venue.cash(), "our cash and the venue's");
        let symbols = (0..self.tape.names().len()).map(|index| SymbolIndex(index as u16));
        for symbol in symbols {
            assert_eq!(self.ledger.position(symbol).quantity(), self.venue.shares(symbol), "shares of {symbol:?}");
        }
        debug_assert!(self.ledger.is_conserved(), "equity is cash and positions");
        debug_assert!(self.book.open().all(|at| self.is_at_venue(at)), "open orders rest at the venue");
    }

    /// Does the venue have this open order for as many shares? Of one in dollars they are known when it fills.
    fn is_at_venue(&self, at: usize) -> bool {
        let order = self.book.get(at);
        let resting = self.venue.resting(SymbolIndex(order.asset as u16), order.at_venue);
        let is_estimate = order.notional.is_some() && order.filled.is_zero();
        match resting {
            None => order.waits_for_entry(),
            Some(resting) => is_estimate || resting.remaining == order.remaining(),
        }
    }
}
