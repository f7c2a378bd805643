//! Where a replay is among sessions and corporate actions.
//!
//! Not here: bars and fills (replay), what an action does to positions (core) and orders (venue).
use super::core::Engine;
use super::hours::Hours;
use super::replay::{MarketAction, ReplayError, ReplayInput, SessionSpan, end_session, settle};
use crate::domain::{IllegalTransition, Ratio, SymbolIndex, Timestamp};
use crate::execution::ReplayMarket;
use crate::portfolio::{fits_after_split, price_after_split};
use crate::strategy::Strategy;

/// Where the replay is among sessions and actions.
#[derive(Debug)]
pub(super) struct Clock<'a> {
    sessions: &'a [SessionSpan],
    daily: bool,
    /// First moment of the session after this one, or at which extended hours change if that is sooner.
    next_start: Timestamp,
    hours: Hours<'a>,
    last_bar: Timestamp,
    ended: bool,
    actions: &'a [(Timestamp, MarketAction)],
    next_action: Timestamp,
}

impl<'a> Clock<'a> {
    pub(super) fn new(input: &ReplayInput<'a>) -> Clock<'a> {
        let next_action = input.actions.first().map_or(Timestamp::MAX, |(time, _)| *time);
        let hours = Hours::new(input.extended);
        let first = input.sessions.first().map_or(Timestamp::MAX, |session| session.start);
        Clock {
            sessions: input.sessions,
            daily: input.sessions.is_empty(),
            next_start: first.min(hours.next()),
            hours,
            last_bar: Timestamp::MAX,
            ended: true,
            actions: input.actions,
            next_action,
        }
    }

    /// The first moment at which a bar must go the long way even if nothing can fill on it; for daily
    /// bars every bar is one while `sessions_matter`.
    #[inline]
    pub(super) fn next_stop(&self, sessions_matter: bool) -> Timestamp {
        let session = match (self.daily, sessions_matter, self.ended) {
            (true, true, _) => Timestamp::MIN,
            (true, false, _) => Timestamp::MAX,
            (false, _, true) => self.next_start,
            (false, _, false) => self.next_start.min(self.last_bar),
        };
        session.min(self.next_action)
    }

    /// Is every bar a session?
    #[inline]
    pub(super) fn is_daily(&self) -> bool {
        self.daily
    }

    /// Where every bar is a session, the one that opens at `time` lifts what the last one's loss forbade.
    #[inline]
    pub(super) fn begin_daily<S: Strategy>(&self, time: Timestamp, engine: &mut Engine<S>) {
        if self.daily {
            engine.begin_trading(time, time);
        }
    }

    /// Moves to `time`: rolls the session, applies corporate actions that hold from now on.
    #[inline]
    pub(super) fn advance<S: Strategy, B: ReplayMarket>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), ReplayError> {
        let quiet_until = self.next_start.min(self.next_action).min(engine.account_due);
        if time < quiet_until.min(backend.next_expiry()) {
            return Ok(());
        }
        self.catch_up(time, engine, backend)
    }

    #[cold]
    fn catch_up<S: Strategy, B: ReplayMarket>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), ReplayError> {
        if time >= self.next_start {
            self.roll(time, engine, backend)?;
        }
        if time >= engine.account_due {
            engine.roll_account(time, backend);
        }
        if time >= backend.next_expiry() {
            backend.expire(time);
            settle(engine, backend, time)?;
        }
        if time >= self.next_action {
            self.act(time, engine, backend)?;
            settle(engine, backend, time)?;
        }
        Ok(())
    }

    #[cold]
    fn roll<S: Strategy, B: ReplayMarket>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), IllegalTransition> {
        loop {
            let (session, change) = (self.next_session(), self.hours.next());
            if change <= time && change <= session {
                self.change_hours(time, engine, backend)?;
            } else if session <= time {
                self.begin_session(time.min(change), engine, backend)?;
            } else {
                self.next_start = session.min(change);
                return Ok(());
            }
        }
    }

    fn next_session(&self) -> Timestamp {
        self.sessions.first().map_or(Timestamp::MAX, |session| session.start)
    }

    /// The last session that has begun by `until` begins.
    fn begin_session<S: Strategy, B: ReplayMarket>(
        &mut self,
        until: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), IllegalTransition> {
        if !self.ended {
            // The session's last minute had no bar: its end is noticed only now.
            end_session(engine, backend, until, self.last_bar)?;
        }
        let mut start = until;
        while let [session, rest @ ..] = self.sessions
            && session.start <= until
        {
            (start, self.last_bar) = (session.start, session.last_bar);
            self.sessions = rest;
        }
        engine.begin_session(start, until);
        self.ended = false;
        backend.set_core(true);
        Ok(())
    }

    /// Extended hours begin, or go on after the core session.
    fn change_hours<S: Strategy, B: ReplayMarket>(
        &mut self,
        now: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), IllegalTransition> {
        if !std::mem::replace(&mut self.ended, true) {
            end_session(engine, backend, now, self.last_bar)?;
        }
        backend.set_core(false);
        engine.await_session(self.next_session());
        if let Some(last_bar) = self.hours.pass() {
            backend.end_extended_hours(last_bar);
            settle(engine, backend, now)?;
        }
        Ok(())
    }

    /// May another bar of the session follow the one that has just closed, `last` if it was its last?
    #[inline]
    pub(super) fn in_session(&self, last: bool) -> bool {
        !last && (self.hours.is_empty() || !self.ended)
    }

    #[cold]
    fn act<S: Strategy, B: ReplayMarket>(
        &mut self,
        time: Timestamp,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), ReplayError> {
        while let [(from, action), rest @ ..] = self.actions
            && *from <= time
        {
            match *action {
                MarketAction::Split { symbol, ratio } => {
                    refuse_too_large(engine, backend, symbol, ratio)?;
                    let (kept, mark, cash) = engine.split(symbol, ratio, time);
                    backend.split(symbol, ratio, (kept, mark, cash), time);
                }
                MarketAction::Dividend { symbol, amount } => {
                    let paid = engine.dividend(symbol, amount, time);
                    backend.receive(paid);
                }
                MarketAction::Delisting { symbol, name, amount } => {
                    let paid = engine.delist(symbol, amount, time);
                    backend.delist(symbol, name, paid);
                }
            }
            self.actions = rest;
        }
        self.next_action = self.actions.first().map_or(Timestamp::MAX, |(time, _)| *time);
        Ok(())
    }

    /// The last bar has passed: shares that are delisted after it are still paid for, in steps of their own.
    #[cold]
    pub(super) fn finish<S: Strategy, B: ReplayMarket>(
        &mut self,
        engine: &mut Engine<S>,
        backend: &mut B,
    ) -> Result<(), ReplayError> {
        while self.actions.iter().any(|(_, action)| action.is_delisting()) {
            let time = self.next_action;
            let ends = |action: &MarketAction| {
                action.is_delisting() && !engine.portfolio().position(action.symbol()).quantity().is_zero()
            };
            if time >= engine.account_due && self.actions.iter().any(|(_, action)| ends(action)) {
                // It was held until then, with all that costs.
                engine.roll_account(time, backend);
            }
            self.act(time, engine, backend)?;
            settle(engine, backend, time)?;
            // What was paid may be a loss; nothing fills any more, but what rests is canceled and the halt is on record.
            if engine.close_late(time) {
                settle(engine, backend, time)?;
            }
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
fn refuse_too_large<S: Strategy, B: ReplayMarket>(
    engine: &Engine<S>,
    backend: &B,
    symbol: SymbolIndex,
    ratio: Ratio,
) -> Result<(), ReplayError> {
    let position = engine.portfolio().position(symbol);
    let held = position.quantity();
    if !fits_after_split(held, ratio) {
        return Err(ReplayError::SplitTooLarge { symbol, ratio, held });
    }
    let price = position.mark().max(position.average_price()).max(backend.dearest_level(symbol));
    match price_after_split(price, ratio) {
        Some(_) => Ok(()),
        None => Err(ReplayError::SplitTooDear { symbol, ratio, price }),
    }
}
