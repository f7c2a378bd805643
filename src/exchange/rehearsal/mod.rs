//! A rehearsal: the driver of a replay on the exchange, reached through the same desk that trades at Alpaca.
//!
//! Not here: the driver (engine::replay), what the desk asks and understands (execution::alpaca), the comparison with
//! a replay (report::parity). Each bar passes in two steps of the exchange's clock, so that what follows from a fill
//! at the open is at the venue before the rest of the bar happens.
//! Invariants: (1) the engine hears of a bar's answers when a replay would tell it of them; (2) before the clock moves,
//! nothing is on its way.
mod memory;
mod sockets;

pub use memory::{MemoryReach, answered};
pub use sockets::SocketReach;

use std::fmt::Debug;

use super::Tape;
use crate::domain::{
    Bar, ExecutionEvent, Fill, Money, OrderId, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp,
};
use crate::execution::alpaca::{AlpacaDesk, DeskConfig, Finding, Patience, SessionName};
use crate::execution::{BackendFailure, ExecutionBackend, ReplayMarket};
use crate::market::Calendar;
use crate::risk::{ApprovedChange, ApprovedOrder, Gate};
use crate::scenario::{LoadedScenario, venue_rules};
use crate::venue::{Band, FillMoment, MarketFill};

/// A desk, the exchange, and the way between them.
pub trait Reach: Debug {
    /// The desk.
    fn desk(&mut self) -> &mut AlpacaDesk;

    /// Carries calls and messages until nothing is on its way.
    ///
    /// Errors: the exchange does not answer.
    fn settle(&mut self) -> Result<(), BackendFailure>;

    /// Moves the exchange's clock, and takes in what that brings.
    ///
    /// Errors: the exchange does not answer.
    fn advance(&mut self, until: Timestamp) -> Result<(), BackendFailure>;

    /// The bars of a step as they came over the stream of market data; none where there is no such stream.
    ///
    /// Errors: one does not come.
    fn bars(&mut self, step: &[(SymbolIndex, &Bar)]) -> Result<Vec<BarSeen>, BackendFailure>;
}

/// A bar as it came, beside the one of the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarSeen {
    /// Which share.
    pub symbol: SymbolIndex,
    /// As the data have it.
    pub replayed: Bar,
    /// As it came.
    pub seen: Bar,
}

/// The backend of a rehearsal.
#[derive(Debug)]
pub struct Rehearsal<R> {
    reach: R,
    /// When bars begin and end; its clock is not used.
    tape: Tape,
    /// Answers that a replay would give only when the session ends.
    held: Vec<ExecutionEvent>,
    /// Orders that were taken back while their end was held.
    withdrawn: Vec<ExecutionEvent>,
    /// The bars of a session that has not ended for the engine have traded.
    holds: bool,
    /// Bars that came, and those of them that were not the data's.
    bars_compared: u64,
    bars_differing: Vec<BarSeen>,
    /// What the desk has noticed, by the bar of the time.
    findings: Vec<(Timestamp, Finding)>,
    /// The bars at hand.
    time: Timestamp,
    /// Where the exchange's clock stands.
    clock: Timestamp,
    failure: Option<BackendFailure>,
}

/// The exchange enforces no limit of calls, and its clock stands while they are made.
const CALLS_A_MINUTE: u32 = 60_000_000;

/// What the desk of a rehearsal of this scenario knows. `listens_to_bars`: they come over the data stream.
pub fn rehearsal_desk(loaded: &LoadedScenario, listens_to_bars: bool) -> DeskConfig {
    let spec = &loaded.spec;
    DeskConfig {
        session: SessionName::new("rehearsal").expect("letters"),
        symbols: spec.data.symbols.clone(),
        rules: venue_rules(spec),
        cash: spec.account.cash,
        calls_a_minute: CALLS_A_MINUTE,
        seed: spec.scenario.seed,
        listens_to_bars,
        siblings: Vec::new(),
        started_at: Timestamp::MIN,
        patience: Patience::default(),
    }
}

/// A bar's open has passed this much later.
const JUST_AFTER_NS: i64 = 1_000;

impl<R: Reach> Rehearsal<R> {
    /// Nothing has happened; `tape` is that of the exchange's scenario.
    pub fn new(reach: R, tape: Tape) -> Rehearsal<R> {
        Rehearsal {
            reach,
            clock: tape.now(),
            tape,
            held: Vec::new(),
            withdrawn: Vec::new(),
            holds: false,
            bars_compared: 0,
            bars_differing: Vec::new(),
            findings: Vec::new(),
            time: Timestamp::MIN,
            failure: None,
        }
    }

    /// How many bars came over the stream, and those that were not the data's.
    pub fn bars(&self) -> (u64, &[BarSeen]) {
        (self.bars_compared, &self.bars_differing)
    }

    /// What the desk has noticed, with the bar of the time.
    pub fn findings(&self) -> &[(Timestamp, Finding)] {
        &self.findings
    }

    /// The way to the exchange, when the run is over.
    pub fn into_reach(self) -> R {
        self.reach
    }

    /// Does this unless the exchange has failed already.
    fn attempt(&mut self, step: impl FnOnce(&mut R) -> Result<(), BackendFailure>) {
        if self.failure.is_none() {
            self.failure = step(&mut self.reach).err();
        }
    }

    fn advance(&mut self, until: Timestamp) {
        self.pass(until);
        self.attempt(R::settle);
    }

    /// Moves the exchange's clock, unless it is there already.
    fn pass(&mut self, until: Timestamp) {
        if until > self.clock {
            self.clock = until;
            self.attempt(|reach| reach.advance(until));
        }
    }

    /// Are the bars that came those of the data?
    fn compare(&mut self, step: &[(SymbolIndex, &Bar)]) {
        let mut bars = Vec::new();
        self.attempt(|reach| {
            bars = reach.bars(step)?;
            Ok(())
        });
        self.bars_compared += bars.len() as u64;
        self.bars_differing.extend(bars.iter().filter(|bar| bar.seen != bar.replayed));
    }

    /// When the day of this bar begins at the exchange.
    fn day_of(&self, stamp: Timestamp) -> Timestamp {
        let (opens, _) = self.span(stamp);
        let sessions = self.tape.sessions();
        let begun = sessions.partition_point(|session| session.midnight <= opens);
        begun.checked_sub(1).and_then(|at| sessions.get(at)).map_or(opens, |session| session.midnight)
    }

    fn span(&self, stamp: Timestamp) -> (Timestamp, Timestamp) {
        self.tape.span_of(stamp).unwrap_or((stamp, stamp))
    }
}

impl<R: Reach> ExecutionBackend for Rehearsal<R> {
    fn submit(&mut self, order: ApprovedOrder) {
        self.reach.desk().submit(order);
        self.attempt(R::settle);
    }

    fn cancel(&mut self, order: OrderId) {
        let is_it =
            |event: &mut ExecutionEvent| matches!(event, ExecutionEvent::Expired { order: id, .. } if *id == order);
        if self.held.extract_if(.., is_it).next().is_some() {
            // Its session has ended at the exchange and not yet for the engine, which takes it back before.
            return self.withdrawn.push(ExecutionEvent::Canceled { order });
        }
        self.reach.desk().cancel(order);
        self.attempt(R::settle);
    }

    fn replace(&mut self, change: ApprovedChange) {
        self.reach.desk().replace(change);
        self.attempt(R::settle);
    }

    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        self.attempt(R::settle);
        answers.append(&mut self.withdrawn);
        let from = answers.len();
        self.reach.desk().poll(answers);
        // What the desk makes of its own answers may go out at once.
        self.attempt(R::settle);
        if self.holds {
            let is_of_the_end = |event: &mut ExecutionEvent| matches!(event, ExecutionEvent::Expired { .. });
            self.held.extend(answers.extract_if(from.., is_of_the_end));
        } else {
            answers.splice(from..from, self.held.drain(..));
        }
    }
}

impl<R: Reach> ReplayMarket for Rehearsal<R> {
    fn quiet_band(&self, _symbol: SymbolIndex) -> Band {
        // Every bar passes at the exchange.
        Band::between(Price::MAX, Price::MAX)
    }

    fn is_quiet(&self, _symbol: SymbolIndex, _bar: &Bar) -> bool {
        false
    }

    fn next_expiry(&self) -> Timestamp {
        Timestamp::MIN
    }

    fn has_session_orders(&self) -> bool {
        true
    }

    fn dearest_level(&self, _symbol: SymbolIndex) -> Price {
        // The exchange looks at its own orders.
        Price::ZERO
    }

    fn check(&mut self) -> Result<(), BackendFailure> {
        let (time, found) = (self.time, self.reach.desk().take_findings());
        self.findings.extend(found.into_iter().map(|finding| (time, finding)));
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn begin(&mut self, time: Timestamp) {
        self.time = time;
        self.reach.desk().at_bar(time, FillMoment::Open);
        // The day before is over. What the exchange tells from midnight on it tells of new shares, so it comes behind the
        // split of the day.
        self.advance(self.day_of(time).plus_ns(-1));
    }

    fn expire(&mut self, _now: Timestamp) {}

    fn set_core(&mut self, _core: bool) {}

    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, kept: (Quantity, Price, Money), time: Timestamp) {
        let day = self.day_of(self.time);
        self.pass(day);
        self.reach.desk().on_split(symbol, ratio, kept, time);
        self.attempt(R::settle);
    }

    fn receive(&mut self, _amount: Money) {}

    fn delist(&mut self, symbol: SymbolIndex, name: Symbol, _paid: Option<Fill>) {
        // Refused before the run: no order of ours makes it happen, so no answer tells of it.
        self.failure = Some(BackendFailure(format!("{name} ({symbol:?}) is delisted in the middle of the rehearsal")));
    }

    fn deliver(&mut self, _now: Timestamp) -> bool {
        false
    }

    fn trade(&mut self, step: &[(SymbolIndex, &Bar)], _market_fill: MarketFill, _ends_session: bool) {
        let Some((_, first)) = step.first() else { return };
        let (opens, closes) = self.span(first.time);
        self.reach.desk().at_bar(first.time, FillMoment::Open);
        self.advance(opens);
        self.advance(opens.plus_ns(JUST_AFTER_NS));
        self.reach.desk().at_bar(first.time, FillMoment::Within);
        self.advance(closes);
        self.compare(step);
        self.reach.desk().on_bars(step);
        self.attempt(R::settle);
        self.holds = true;
    }

    fn mark(&mut self, _step: &[(SymbolIndex, &Bar)]) {}

    fn at_close(&mut self, _now: Timestamp, _in_session: bool) {}

    fn at_answers(&mut self, _now: Timestamp) {}

    fn fill_at_this_close(&mut self, _step: &[(SymbolIndex, &Bar)]) {}

    fn end_session(&mut self, _last_bar: Timestamp) {
        self.holds = false;
        self.reach.desk().on_session_close();
        self.attempt(R::settle);
    }

    fn end_extended_hours(&mut self, _last_bar: Timestamp) {}

    fn set_leverage(&mut self, _leverage: i64) {}

    fn settle_by(&mut self, _calendar: Calendar) {}

    fn settle(&mut self, _now: Timestamp) {}

    fn ties(&self, _gate: &Gate) -> bool {
        // What the exchange holds is compared when the run is over, and by the desk whenever it reconciles.
        true
    }
}
