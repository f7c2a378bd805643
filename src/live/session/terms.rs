//! What a session must know of its scenario and its hours.
//!
//! Not here: what the strategy does (machine), orders (desk).
use crate::domain::{Money, Symbol, SymbolIndex, Timeframe, Timestamp};
use crate::execution::alpaca::{DeskConfig, Instant, Patience, SessionName, SessionNameError};
use crate::market::{Calendar, Session};
use crate::scenario::spec::RiskSpec;
use crate::scenario::{LoadedScenario, data_calendar, venue_rules};
use crate::venue::VenueRules;

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// One scenario of a session.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The scenario's name.
    pub name: String,
    /// Names its orders at the venue.
    pub session: SessionName,
    /// Its shares, in its order.
    pub symbols: Vec<Symbol>,
    /// When its market is open.
    pub calendar: Calendar,
    /// The span of its bars.
    pub timeframe: Timeframe,
    /// How the venue fills, charges and refuses.
    pub rules: VenueRules,
    /// Cash of its book at the start.
    pub cash: Money,
    /// Its rule with parameters, for people.
    pub rule: String,
    /// Its limits.
    pub risk: RiskSpec,
    /// Of the chance in waits.
    pub seed: u64,
    /// Its market runs so many times as fast as the clock on the wall, and its prices age by that market's clock.
    pub pace: u32,
}

impl Terms {
    /// Those of a scenario; `number`: how many sessions of it there have been on this account, with this one.
    ///
    /// Errors: a name that names no session; no letter or digit in it, or too long.
    pub fn of(loaded: &LoadedScenario, number: u32) -> Result<Terms, SessionNameError> {
        let spec = &loaded.spec;
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
        let name: String = spec.scenario.name.chars().map(plain).collect();
        let params = spec.strategy.params.iter().map(|param| format!("{} {}", param.name, param.value));
        let params: Vec<String> = params.collect();
        let rule = match params.is_empty() {
            true => spec.strategy.name.clone(),
            false => format!("{} ({})", spec.strategy.name, params.join(", ")),
        };
        Ok(Terms {
            name: spec.scenario.name.clone(),
            session: SessionName::new(&format!("{name}_{number}"))?,
            symbols: spec.data.symbols.clone(),
            calendar: data_calendar(&spec.data),
            timeframe: spec.data.timeframe,
            rules: venue_rules(spec),
            cash: spec.account.cash,
            rule,
            risk: spec.risk.clone(),
            seed: spec.scenario.seed,
            pace: 1,
        })
    }

    /// What its desk must know. `calls_a_minute`: its share of what the venue allows; `siblings`: the names of all other
    /// sessions of this program on the account, also of those that have ended.
    pub fn desk(
        &self,
        calls_a_minute: u32,
        started_at: Timestamp,
        patience: Patience,
        siblings: Vec<SessionName>,
    ) -> DeskConfig {
        DeskConfig {
            session: self.session.clone(),
            symbols: self.symbols.clone(),
            rules: self.rules,
            cash: self.cash,
            calls_a_minute,
            seed: self.seed,
            listens_to_bars: true,
            started_at,
            patience,
            siblings,
        }
    }

    /// The place of a share.
    pub fn index_of(&self, symbol: Symbol) -> Option<SymbolIndex> {
        let at = self.symbols.iter().position(|own| *own == symbol)?;
        u16::try_from(at).ok().map(SymbolIndex)
    }

    /// How long a bar lasts at most.
    pub fn bar_ns(&self) -> i64 {
        self.timeframe.minutes() * NS_PER_MINUTE
    }

    /// The session that a bar belongs to.
    pub fn session_of(&self, stamp: Timestamp) -> Option<Session> {
        if self.timeframe.is_daily() { self.calendar.session(stamp) } else { self.calendar.session_of(stamp) }
    }

    /// When a bar begins and when it is complete.
    pub fn span_of(&self, stamp: Timestamp) -> (Timestamp, Timestamp) {
        match (self.session_of(stamp), self.timeframe.is_daily()) {
            (Some(session), true) => (session.open, session.close),
            (Some(session), false) => (stamp, stamp.plus_ns(self.bar_ns()).min(session.close)),
            (None, _) => (stamp, stamp.plus_ns(self.bar_ns())),
        }
    }

    /// Does no later bar belong to its session?
    pub fn ends_session(&self, stamp: Timestamp) -> bool {
        self.timeframe.is_daily()
            || self.session_of(stamp).is_some_and(|session| stamp.plus_ns(self.bar_ns()) >= session.close)
    }

    /// The stamp of the bar after this one.
    pub fn next_stamp(&self, stamp: Timestamp) -> Timestamp {
        let next = stamp.plus_ns(self.bar_ns());
        let next_session = || self.calendar.next_session(stamp);
        match (self.timeframe.is_daily(), self.session_of(stamp)) {
            (true, _) => next_session().map_or(next, |session| session.date),
            (false, Some(session)) if next < session.close => next,
            (false, _) => next_session().map_or(next, |session| session.open),
        }
    }

    /// The stamp of the bar that is in the making at `now`; outside sessions of the next one.
    pub fn stamp_at(&self, now: Timestamp) -> Timestamp {
        let today = self.calendar.session(now).filter(|session| now < session.close);
        let Some(session) = today.or_else(|| self.calendar.next_session(now)) else { return now };
        if self.timeframe.is_daily() {
            return session.date;
        }
        let passed = (now.ns() - session.open.ns()).max(0) / self.bar_ns();
        session.open.plus_ns(passed * self.bar_ns())
    }

    /// How late a bar may be shown without being too old to open anything on: `stale_after` at the pace of its market.
    pub fn allowed_late_ns(&self) -> i64 {
        let ns = self.risk.stale_after_ms.saturating_mul(1_000_000).saturating_mul(u64::from(self.pace));
        i64::try_from(ns).unwrap_or(i64::MAX)
    }

    /// When the bar after this one should be there. A price is old once that is past by more than
    /// [`Terms::allowed_late_ns`]: what could be decided then would be decided on a bar that the gate refuses.
    pub fn next_due(&self, stamp: Timestamp) -> Timestamp {
        self.span_of(self.next_stamp(stamp)).1
    }

    /// How much too late a bar is shown at `now`. A daily bar is in time until the next session opens, since its orders
    /// are for that open.
    pub fn lateness_ns(&self, stamp: Timestamp, now: Timestamp) -> i64 {
        let due = match self.timeframe.is_daily() {
            true => self.calendar.next_session(stamp).map_or(Timestamp::MAX, |session| session.open),
            false => self.span_of(stamp).1,
        };
        now.ns().saturating_sub(due.ns()).max(0)
    }
}

/// The moment at hand on the venue's clock.
pub fn venue_time(now: Instant) -> Timestamp {
    Timestamp::from_ns(now.wall_ms.saturating_mul(1_000_000))
}
