//! Where a replay is among sessions and corporate actions.
//!
//! Not here: bars and fills (replay), what an action does to positions (core) and orders (venue).
use super::core::Engine;
use super::replay::{MarketAction, ReplayError, ReplayInput, SessionSpan, end_session, settle};
use crate::domain::{Bar, IllegalTransition, Ratio, SymbolIndex, Timestamp};
use crate::execution::ReplayBackend;
use crate::portfolio::{fits_after_split, price_after_split};
use crate::strategy::Strategy;

/// Where the replay is among sessions and actions.
pub(super) struct Clock<'a> {
    sessions: &'a [SessionSpan],
    daily: bool,
    /// First moment of the session after this one.
    next_start: Timestamp,
    last_bar: Timestamp,
    ended: bool,
    actions: &'a [(Timestamp, MarketAction)],
    next_action: Timestamp,
}

impl<'a> Clock<'a> {
    pub(super) fn new(input: &ReplayInput<'a>) -> Clock<'a> {
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
    pub(super) fn next_stop(&self, sessions_matter: bool) -> Timestamp {
        let session = match (self.daily, sessions_matter, self.ended) {
            (true, true, _) => Timestamp::MIN,
            (true, false, _) => Timestamp::MAX,
            (false, _, true) => self.next_start,
            (false, _, false) => self.next_start.min(self.last_bar),
        };
        session.min(self.next_action)
    }

    /// `bars` up to the next corporate action, and the rest.
    pub(super) fn before_next_action<'b>(&self, bars: &'b [Bar]) -> (&'b [Bar], &'b [Bar]) {
        bars.split_at(bars.partition_point(|bar| bar.time < self.next_action))
    }

    /// Moves to `time`: rolls the session, applies corporate actions that hold from now on.
    #[inline]
    pub(super) fn advance<S: Strategy>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut ReplayBackend,
    ) -> Result<(), ReplayError> {
        if time >= self.next_start {
            self.roll(time, engine, backend)?;
        }
        if time >= engine.account_due {
            engine.roll_account(time, backend.venue_mut());
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
        engine.begin_session(time);
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
                    refuse_too_large(engine, backend, symbol, ratio)?;
                    let (kept, mark, cash) = engine.split(symbol, ratio, time);
                    backend.venue_mut().split(symbol, ratio, (kept, mark, cash), time);
                }
                MarketAction::Dividend { symbol, amount } => {
                    let paid = engine.dividend(symbol, amount, time);
                    backend.venue_mut().receive(paid);
                }
                MarketAction::Delisting { symbol, name, amount } => {
                    let paid = engine.delist(symbol, amount, time);
                    backend.venue_mut().delist(symbol, name, paid);
                }
            }
            self.actions = rest;
        }
        self.next_action = self.actions.first().map_or(Timestamp::MAX, |(time, _)| *time);
        Ok(())
    }

    /// The last bar has passed: shares that are delisted after it are still paid for, in steps of their own.
    #[cold]
    pub(super) fn finish<S: Strategy>(
        &mut self,
        engine: &mut Engine<S>,
        backend: &mut ReplayBackend,
    ) -> Result<(), ReplayError> {
        while self.actions.iter().any(|(_, action)| action.is_delisting()) {
            let time = self.next_action;
            if time >= engine.account_due {
                engine.roll_account(time, backend.venue_mut());
            }
            self.act(time, engine, backend)?;
            settle(engine, backend, time)?;
            engine.record_late(time);
        }
        Ok(())
    }

    /// Is the bar at `time` the last of its session?
    #[inline]
    pub(super) fn is_last(&self, time: Timestamp) -> bool {
        self.daily || (time >= self.last_bar && !self.ended)
    }

    /// Ends the session with its last bar; is the bar at `time` that one?
    #[inline]
    pub(super) fn end_of_session(&mut self, time: Timestamp) -> bool {
        let last = self.is_last(time);
        self.ended |= last;
        last
    }
}

/// Does a split leave more shares than can be counted, or a price that is larger than prices can be?
fn refuse_too_large<S: Strategy>(
    engine: &Engine<S>,
    backend: &ReplayBackend,
    symbol: SymbolIndex,
    ratio: Ratio,
) -> Result<(), ReplayError> {
    let position = engine.portfolio().position(symbol);
    let held = position.quantity();
    if !fits_after_split(held, ratio) {
        return Err(ReplayError::SplitTooLarge { symbol, ratio, held });
    }
    let price = position.mark().max(position.average_price()).max(backend.venue().dearest_level(symbol));
    match price_after_split(price, ratio) {
        Some(_) => Ok(()),
        None => Err(ReplayError::SplitTooDear { symbol, ratio, price }),
    }
}
