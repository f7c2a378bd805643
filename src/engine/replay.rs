//! The driver of a backtest: a loop over bars and nothing else.
//!
//! Per step: corporate actions, fills at the open, fills inside the bar, mark, decide, review, send,
//! record. Orders go out after the bar has matched, so none can fill on the bar that caused it.
use super::core::Engine;
use super::pump::pump;
use super::quiet::BLOCK_BARS;
use crate::domain::{Bar, IllegalTransition, Money, Price, Quantity, Ratio, SymbolIndex, Timestamp};
use crate::execution::ReplayBackend;
use crate::portfolio::fits_after_split;
use crate::risk::Gate;
use crate::strategy::Strategy;
use crate::venue::{MarketFill, SimulatedVenue};

/// One session of the data's calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionSpan {
    /// Bars from this moment on belong to it.
    pub start: Timestamp,
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
}

/// What a replay runs over.
#[derive(Clone, Copy, Debug)]
pub struct ReplayInput<'a> {
    /// Bars by symbol, each in order of time.
    pub bars: &'a [&'a [Bar]],
    /// Sessions in order; empty when every bar time is a session of its own (daily bars).
    pub sessions: &'a [SessionSpan],
    /// Corporate actions in order of the moment from which they hold.
    pub actions: &'a [(Timestamp, MarketAction)],
    /// When market orders fill.
    pub market_fill: MarketFill,
}

/// Why a replay ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError {
    /// An answer of the venue that contradicts an order's status: a defect, not bad input.
    #[error(transparent)]
    Venue(#[from] IllegalTransition),
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
}

/// Where the replay is among sessions and actions.
struct Clock<'a> {
    sessions: &'a [SessionSpan],
    daily: bool,
    /// First moment of the session after this one.
    next_start: Timestamp,
    last_bar: Timestamp,
    ended: bool,
    actions: &'a [(Timestamp, MarketAction)],
    next_action: Timestamp,
}

/// Replays every bar.
///
/// Errors: [`ReplayError`].
pub fn replay<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    input: &ReplayInput<'_>,
) -> Result<(), ReplayError> {
    let mut clock = Clock::new(input);
    match input.bars {
        [only] => replay_one(engine, backend, only, &mut clock, input.market_fill),
        many => replay_many(engine, backend, many, &mut clock, input.market_fill),
    }
}

fn replay_one<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    bars: &[Bar],
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<(), ReplayError> {
    const ONLY: SymbolIndex = SymbolIndex(0);
    let mut bars = bars;
    while !bars.is_empty() {
        let (block, _) = bars.split_at(bars.len().min(BLOCK_BARS));
        let wanting = engine.pass_quiet(ONLY, block);
        let (mut quiet, mut rest) = block.split_at(wanting);
        while !quiet.is_empty() {
            // As many as possible the short way, then one the long way.
            let until = clock.next_stop(engine.counts_sessions() || backend.venue().has_session_orders());
            quiet = &quiet[engine.mark_quiet(ONLY, quiet, backend.quiet_band(ONLY), until)..];
            if let [bar, later @ ..] = quiet {
                close_one(engine, backend, ONLY, bar, clock, market_fill)?;
                engine.record();
                quiet = later;
            }
        }
        if let [bar, later @ ..] = rest {
            let last = close_one(engine, backend, ONLY, bar, clock, market_fill)?;
            engine.decide(ONLY, bar);
            engine.decide_step(bar.time);
            if engine.wants() {
                send(engine, backend, &[(ONLY, *bar)], bar.time, !last, market_fill)?;
            }
            // Last, since a fill at this very close (`market_fill = "close"`) belongs to its equity.
            engine.record();
            rest = later;
        }
        bars = &bars[block.len() - rest.len()..];
    }
    Ok(())
}

/// One bar of the only symbol up to its close; says whether it was the last of its session.
#[inline]
fn close_one<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    symbol: SymbolIndex,
    bar: &Bar,
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<bool, ReplayError> {
    clock.advance(bar.time, engine, backend)?;
    if !backend.is_quiet(symbol, bar) {
        trade(engine, backend, &[(symbol, *bar)], bar.time, market_fill, clock.is_last(bar.time))?;
    }
    engine.mark(symbol, bar);
    let last = clock.end_of_session(bar.time);
    if last {
        end_session(engine, backend, bar.time)?;
    }
    Ok(last)
}

fn replay_many<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    series: &[&[Bar]],
    clock: &mut Clock<'_>,
    market_fill: MarketFill,
) -> Result<(), ReplayError> {
    let mut next = vec![0usize; series.len()];
    let mut step: Vec<(SymbolIndex, Bar)> = Vec::with_capacity(series.len());
    loop {
        let upcoming = series.iter().zip(&next).filter_map(|(bars, &at)| bars.get(at));
        let Some(time) = upcoming.map(|bar| bar.time).min() else { return Ok(()) };
        step.clear();
        for (index, (bars, at)) in series.iter().zip(&mut next).enumerate() {
            if let Some(bar) = bars.get(*at).filter(|bar| bar.time == time) {
                step.push((SymbolIndex(index as u16), *bar));
                *at += 1;
            }
        }
        clock.advance(time, engine, backend)?;
        if step.iter().any(|(symbol, bar)| !backend.is_quiet(*symbol, bar)) {
            trade(engine, backend, &step, time, market_fill, clock.is_last(time))?;
        }
        for (symbol, bar) in &step {
            engine.mark(*symbol, bar);
        }
        // A share without a bar at the next open still counts with its last close there.
        backend.venue_mut().mark(&step);
        let last = clock.end_of_session(time);
        if last {
            end_session(engine, backend, time)?;
        }
        for (symbol, bar) in &step {
            engine.decide(*symbol, bar);
        }
        engine.decide_step(time);
        if engine.wants() {
            send(engine, backend, &step, time, !last, market_fill)?;
        }
        engine.record();
    }
}

/// Something may fill on these bars.
#[cold]
fn trade<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    step: &[(SymbolIndex, Bar)],
    time: Timestamp,
    market_fill: MarketFill,
    ends_session: bool,
) -> Result<(), IllegalTransition> {
    backend.venue_mut().open(step);
    for (symbol, bar) in step {
        backend.venue_mut().within(*symbol, bar);
    }
    // With `market_fill = "close"`: what did not fill whole at the close that sent it.
    if market_fill != MarketFill::NextOpen {
        backend.venue_mut().close(step);
    }
    if ends_session {
        backend.venue_mut().closing_auction(step);
    }
    backend.venue_mut().end_moment(step);
    settle(engine, backend, time)
}

/// The strategy wants something: it is reviewed and sent at this close.
#[cold]
fn send<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    step: &[(SymbolIndex, Bar)],
    time: Timestamp,
    in_session: bool,
    market_fill: MarketFill,
) -> Result<(), IllegalTransition> {
    engine.review(time);
    backend.at_close(time, in_session);
    settle(engine, backend, time)?;
    if market_fill == MarketFill::Close {
        backend.venue_mut().close(step);
        backend.venue_mut().end_moment(step);
        settle(engine, backend, time)?;
    }
    Ok(())
}

/// Lets engine and venue answer each other; then the gate must set aside what the venue may still fill.
fn settle<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    now: Timestamp,
) -> Result<(), IllegalTransition> {
    pump(engine, backend, now)?;
    debug_assert!(ties(engine.gate(), backend.venue()), "{:?} {:?}", engine.gate(), backend.venue());
    Ok(())
}

/// Is every open order approved for the shares it may still fill, and nothing else set aside?
fn ties(gate: &Gate, venue: &SimulatedVenue) -> bool {
    let open = gate.open();
    let as_approved = |(order, remaining)| {
        let mut approvals = open.iter().filter(|approval| approval.order == order);
        approvals.next().is_some_and(|approval| approval.open == remaining)
    };
    let total: Money = open.iter().map(|approval| approval.reserve).sum();
    let free = open.iter().all(|approval| !approval.reduces || approval.reserve == Money::ZERO);
    gate.reserved() == total && free && venue.approved().count() == open.len() && venue.approved().all(as_approved)
}

#[inline]
fn end_session<S: Strategy>(
    engine: &mut Engine<S>,
    backend: &mut ReplayBackend,
    now: Timestamp,
) -> Result<(), IllegalTransition> {
    engine.end_session();
    if backend.venue().has_session_orders() {
        backend.venue_mut().end_session();
        settle(engine, backend, now)?;
    }
    Ok(())
}

impl<'a> Clock<'a> {
    fn new(input: &ReplayInput<'a>) -> Clock<'a> {
        let next_action = input.actions.first().map_or(Timestamp::MAX, |(time, _)| *time);
        Clock {
            sessions: input.sessions,
            daily: input.sessions.is_empty(),
            next_start: input.sessions.first().map_or(Timestamp::MAX, |session| session.start),
            last_bar: Timestamp::MAX,
            ended: true,
            actions: input.actions,
            next_action,
        }
    }

    /// The first moment at which a bar must go the long way even if nothing can fill on it; for daily
    /// bars every bar is one while `sessions_matter`.
    fn next_stop(&self, sessions_matter: bool) -> Timestamp {
        let session = match (self.daily, sessions_matter, self.ended) {
            (true, true, _) => Timestamp::MIN,
            (true, false, _) => Timestamp::MAX,
            (false, _, true) => self.next_start,
            (false, _, false) => self.next_start.min(self.last_bar),
        };
        session.min(self.next_action)
    }

    /// Moves to `time`: rolls the session, applies corporate actions that hold from now on.
    #[inline]
    fn advance<S: Strategy>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut ReplayBackend,
    ) -> Result<(), ReplayError> {
        if time >= self.next_start {
            self.roll(time, engine, backend)?;
        }
        if time >= self.next_action {
            self.act(time, engine, backend)?;
            settle(engine, backend, time)?;
        }
        Ok(())
    }

    #[cold]
    fn roll<S: Strategy>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut ReplayBackend,
    ) -> Result<(), IllegalTransition> {
        if !self.ended {
            // The session's last minute had no bar: its end is noticed only now.
            end_session(engine, backend, time)?;
        }
        while let [session, rest @ ..] = self.sessions
            && session.start <= time
        {
            self.last_bar = session.last_bar;
            self.sessions = rest;
        }
        self.next_start = self.sessions.first().map_or(Timestamp::MAX, |session| session.start);
        self.ended = false;
        Ok(())
    }

    #[cold]
    fn act<S: Strategy>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut ReplayBackend,
    ) -> Result<(), ReplayError> {
        while let [(from, action), rest @ ..] = self.actions
            && *from <= time
        {
            match *action {
                MarketAction::Split { symbol, ratio } => {
                    let held = engine.portfolio().position(symbol).quantity();
                    if !fits_after_split(held, ratio) {
                        return Err(ReplayError::SplitTooLarge { symbol, ratio, held });
                    }
                    let (kept, mark, cash) = engine.split(symbol, ratio, time);
                    backend.venue_mut().split(symbol, ratio, (kept, mark, cash), time);
                }
                MarketAction::Dividend { symbol, amount } => {
                    let paid = engine.dividend(symbol, amount, time);
                    backend.venue_mut().receive(paid);
                }
            }
            self.actions = rest;
        }
        self.next_action = self.actions.first().map_or(Timestamp::MAX, |(time, _)| *time);
        Ok(())
    }

    /// Is the bar at `time` the last of its session?
    #[inline]
    fn is_last(&self, time: Timestamp) -> bool {
        self.daily || (time >= self.last_bar && !self.ended)
    }

    /// Ends the session with its last bar; is the bar at `time` that one?
    #[inline]
    fn end_of_session(&mut self, time: Timestamp) -> bool {
        let last = self.is_last(time);
        self.ended |= last;
        last
    }
}
