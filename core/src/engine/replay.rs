//! The driver of a backtest: a loop over bars and nothing else.
//!
//! Per step: corporate actions, fills at the open, fills inside the bar, mark, decide, review, send,
//! record. Orders go out after the bar has matched, so none can fill on the bar that caused it.
use super::clock::Clock;
use super::core::Engine;
use super::margin::call_margin;
use super::pump::pump;
use crate::domain::{Bar, IllegalTransition, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp};
use crate::execution::{BackendFailure, ReplayBackend, ReplayMarket};
use crate::strategy::Strategy;
use crate::venue::MarketFill;

/// One session of the data's calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionSpan {
    /// Bars from this moment on belong to it.
    pub start: Timestamp,
    /// A bar that opens at or after this moment is its last.
    pub last_bar: Timestamp,
}

/// The hours around one session in which bars are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExtendedDay {
    /// Bars from this moment on belong to it.
    pub start: Timestamp,
    /// Bars from this moment on come after the core session.
    pub core_close: Timestamp,
    /// A bar that opens at or after this moment is its last.
    pub last_bar: Timestamp,
}

/// A corporate action that positions must follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketAction {
    /// New shares per old.
    Split {
        /// Which share.
        symbol: SymbolIndex,
        /// New shares per old.
        ratio: Ratio,
    },
    /// Cash a share.
    Dividend {
        /// Which share.
        symbol: SymbolIndex,
        /// Dollars a share.
        amount: Price,
    },
    /// The share is listed no more: its orders are canceled and its position is paid for.
    Delisting {
        /// Which share.
        symbol: SymbolIndex,
        /// Its name, for refusals of later orders.
        name: Symbol,
        /// Dollars a share; the last close where nobody says.
        amount: Option<Price>,
    },
}

impl MarketAction {
    /// Whose it is.
    pub const fn symbol(&self) -> SymbolIndex {
        match self {
            Self::Split { symbol, .. } | Self::Dividend { symbol, .. } | Self::Delisting { symbol, .. } => *symbol,
        }
    }

    /// The same action of another share.
    pub const fn of(self, symbol: SymbolIndex) -> MarketAction {
        match self {
            Self::Split { ratio, .. } => Self::Split { symbol, ratio },
            Self::Dividend { amount, .. } => Self::Dividend { symbol, amount },
            Self::Delisting { name, amount, .. } => Self::Delisting { symbol, name, amount },
        }
    }

    /// The place among actions of one moment: a dividend is for the shares of before a split.
    pub const fn order(&self) -> u8 {
        match self {
            Self::Dividend { .. } => 0,
            Self::Split { .. } => 1,
            Self::Delisting { .. } => 2,
        }
    }

    /// Does the share end with it?
    pub const fn is_delisting(&self) -> bool {
        matches!(self, Self::Delisting { .. })
    }
}

/// What a replay runs over.
#[derive(Clone, Copy, Debug)]
pub struct ReplayInput<'a> {
    /// Bars by symbol, each in order of time.
    pub bars: &'a [&'a [Bar]],
    /// Sessions in order; empty when every bar time is a session of its own (daily bars).
    pub sessions: &'a [SessionSpan],
    /// The hours around sessions, in order, where their bars are shown; each holds one of `sessions`.
    pub extended: &'a [ExtendedDay],
    /// Corporate actions in order of the moment from which they hold. Those after the last bar do nothing,
    /// but up to the last delisting among them each moment is a step of its own.
    pub actions: &'a [(Timestamp, MarketAction)],
    /// When market orders fill.
    pub market_fill: MarketFill,
}

/// Why a replay ended early.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError {
    /// An answer of the venue that contradicts an order's status: a defect, not bad input.
    #[error(transparent)]
    Venue(#[from] IllegalTransition),
    /// The backend cannot go on.
    #[error(transparent)]
    Backend(#[from] BackendFailure),
    /// A split that leaves more shares than can be counted.
    #[error("a split into {ratio} new shares per old makes {held} shares more than a position can hold, 9.2 billion")]
    SplitTooLarge {
        /// Which share.
        symbol: SymbolIndex,
        /// New shares per old.
        ratio: Ratio,
        /// Shares before it.
        held: Quantity,
    },
    /// A split that makes a price larger than prices can be.
    #[error("a split into {ratio} new shares per old makes ${price} a share more than a price can be, $10,000,000")]
    SplitTooDear {
        /// Which share.
        symbol: SymbolIndex,
        /// New shares per old.
        ratio: Ratio,
        /// The dearest of last close, average price and levels of open orders before it.
        price: Price,
    },
}

/// Replays every bar.
///
/// Errors: [`ReplayError`].
pub fn replay<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    input: &ReplayInput<'_>,
) -> Result<(), ReplayError> {
    let mut clock = Clock::new(input);
    engine.open_account(input, backend);
    match input.bars {
        [only] => replay_one(engine, backend, only, &mut clock, input.market_fill)?,
        many => replay_many(engine, backend, many, &mut clock, input.market_fill)?,
    }
    clock.finish(engine, backend)
}

const ONLY: SymbolIndex = SymbolIndex(0);

/// A replay of one symbol that goes on when it is told to, so that many runs can go over the same few bars while
/// these are near. What comes out is that of [`replay`].
#[derive(Debug)]
pub struct SteppedReplay<'a, S> {
    engine: Engine<S>,
    backend: ReplayBackend,
    clock: Clock<'a>,
    rest: &'a [Bar],
    market_fill: MarketFill,
}

impl<'a, S: Strategy> SteppedReplay<'a, S> {
    /// Before the first bar of `input`, which must have one symbol.
    pub fn begin(engine: Engine<S>, backend: ReplayBackend, input: &ReplayInput<'a>) -> SteppedReplay<'a, S> {
        let [rest] = *input.bars else { panic!("{} symbols, one can be replayed in steps", input.bars.len()) };
        let (clock, market_fill) = (Clock::new(input), input.market_fill);
        let mut replay = SteppedReplay { engine, backend, clock, rest, market_fill };
        replay.engine.open_account(input, &mut replay.backend);
        replay
    }

    /// Replays the next bars, at most so many; says whether some are left.
    ///
    /// Errors: [`ReplayError`].
    pub fn advance(&mut self, bars: usize) -> Result<bool, ReplayError> {
        let (next, later) = self.rest.split_at(bars.min(self.rest.len()));
        self.rest = later;
        replay_one(&mut self.engine, &mut self.backend, next, &mut self.clock, self.market_fill)?;
        Ok(!later.is_empty())
    }

    /// What comes after the last bar; the engine and the venue as they are then.
    ///
    /// Errors: [`ReplayError`].
    pub fn finish(mut self) -> Result<(Engine<S>, ReplayBackend), ReplayError> {
        while self.advance(usize::MAX)? {}
        self.clock.finish(&mut self.engine, &mut self.backend)?;
        Ok((self.engine, self.backend))
    }
}

fn replay_one<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    bars: &[Bar],
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<(), ReplayError> {
    let mut bars = bars;
    while let Some(first) = bars.first() {
        let band = backend.quiet_band(ONLY);
        if band.is_quiet(first) {
            // As many as possible the short way, then one the long way.
            let sessions_matter = engine.counts_sessions() || backend.has_session_orders();
            let until = clock.next_stop(sessions_matter);
            let until = until.min(engine.account_due).min(backend.next_expiry());
            let before_time = &bars[..engine.bars_before_time(ONLY).min(bars.len())];
            bars = &bars[engine.pass_quiet(ONLY, before_time, (band, until), clock.is_daily())..];
        }
        let [bar, later @ ..] = bars else { return Ok(()) };
        let last = close_one(engine, backend, ONLY, bar, clock, market_fill)?;
        engine.decide(ONLY, bar);
        engine.decide_step(bar.time);
        let time_is_up = engine.time_is_up(&[(ONLY, bar)]);
        if time_is_up || engine.wants() {
            send(engine, backend, &[(ONLY, bar)], bar.time, clock.in_session(last), market_fill)?;
        }
        // Last, since a fill at this very close (`market_fill = "close"`) belongs to its equity.
        engine.record();
        backend.check()?;
        bars = later;
    }
    Ok(())
}

/// One bar of the only symbol up to its close; says whether it was the last of its session.
#[inline]
fn close_one<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    symbol: SymbolIndex,
    bar: &Bar,
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<bool, ReplayError> {
    backend.begin(bar.time);
    clock.begin_daily(bar.time, engine);
    clock.advance(bar.time, engine, backend)?;
    if !backend.is_quiet(symbol, bar) {
        trade(engine, backend, &[(symbol, bar)], bar.time, market_fill, clock.is_last(bar.time))?;
    }
    engine.mark(symbol, bar);
    if engine.watch_losses(bar.time) {
        let in_session = clock.in_session(clock.is_last(bar.time));
        deliver(engine, backend, &[(symbol, bar)], bar.time, in_session, market_fill)?;
    }
    let last = clock.end_of_session(bar.time);
    if last {
        end_session(engine, backend, bar.time, bar.time)?;
    }
    if engine.has_account() {
        call_margin(engine, backend, &[(symbol, bar)], bar.time, !last, market_fill)?;
    }
    Ok(last)
}

fn replay_many<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    series: &[&[Bar]],
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<(), ReplayError> {
    let mut next = vec![0usize; series.len()];
    let mut step: Vec<(SymbolIndex, &Bar)> = Vec::with_capacity(series.len());
    loop {
        let upcoming = series.iter().zip(&next).filter_map(|(bars, &at)| bars.get(at));
        let Some(time) = upcoming.map(|bar| bar.time).min() else { return Ok(()) };
        step.clear();
        for (index, (bars, at)) in series.iter().zip(&mut next).enumerate() {
            if let Some(bar) = bars.get(*at).filter(|bar| bar.time == time) {
                step.push((SymbolIndex(index as u16), bar));
                *at += 1;
            }
        }
        backend.begin(time);
        clock.begin_daily(time, engine);
        clock.advance(time, engine, backend)?;
        if step.iter().any(|(symbol, bar)| !backend.is_quiet(*symbol, bar)) {
            trade(engine, backend, &step, time, market_fill, clock.is_last(time))?;
        }
        for &(symbol, bar) in &step {
            engine.mark(symbol, bar);
        }
        // A share without a bar at the next open still counts with its last close there.
        backend.mark(&step);
        if engine.watch_losses(time) {
            deliver(engine, backend, &step, time, clock.in_session(clock.is_last(time)), market_fill)?;
        }
        let last = clock.end_of_session(time);
        if last {
            end_session(engine, backend, time, time)?;
        }
        if engine.has_account() {
            call_margin(engine, backend, &step, time, !last, market_fill)?;
        }
        for &(symbol, bar) in &step {
            engine.decide(symbol, bar);
        }
        engine.decide_step(time);
        let time_is_up = engine.time_is_up(&step);
        if time_is_up || engine.wants() {
            send(engine, backend, &step, time, clock.in_session(last), market_fill)?;
        }
        engine.record();
        backend.check()?;
    }
}

/// Something may fill on these bars.
#[cold]
fn trade<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    step: &[(SymbolIndex, &Bar)],
    time: Timestamp,
    market_fill: MarketFill,
    ends_session: bool,
) -> Result<(), IllegalTransition> {
    if backend.deliver(time) {
        settle(engine, backend, time)?;
    }
    backend.trade(step, market_fill, ends_session);
    backend.at_close(time, !ends_session);
    settle(engine, backend, time)
}

/// The strategy wants something: it is reviewed and sent at this close.
#[cold]
fn send<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    step: &[(SymbolIndex, &Bar)],
    time: Timestamp,
    in_session: bool,
    market_fill: MarketFill,
) -> Result<(), IllegalTransition> {
    engine.review(time);
    deliver(engine, backend, step, time, in_session, market_fill)
}

/// Sends what the engine wants at the close of these bars.
pub(super) fn deliver<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    step: &[(SymbolIndex, &Bar)],
    time: Timestamp,
    in_session: bool,
    market_fill: MarketFill,
) -> Result<(), IllegalTransition> {
    backend.at_close(time, in_session);
    settle(engine, backend, time)?;
    if market_fill == MarketFill::Close {
        backend.fill_at_this_close(step);
        settle(engine, backend, time)?;
        // What filled at this very close has cost something.
        if engine.watch_losses(time) {
            settle(engine, backend, time)?;
        }
    }
    Ok(())
}

/// Lets engine and venue answer each other; then the gate must set aside what the venue may still fill.
pub(super) fn settle<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    now: Timestamp,
) -> Result<(), IllegalTransition> {
    backend.at_answers(now);
    pump(engine, backend, now)?;
    debug_assert!(backend.ties(engine.gate()), "{:?} {:?}", engine.gate(), backend);
    Ok(())
}

/// The session whose last bar opens at `last_bar` is over; noticed at `now`.
#[inline]
pub(super) fn end_session<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    now: Timestamp,
    last_bar: Timestamp,
) -> Result<(), IllegalTransition> {
    engine.end_session();
    engine.close_account(now, backend);
    if backend.has_session_orders() {
        backend.end_session(last_bar);
        settle(engine, backend, now)?;
    }
    Ok(())
}
