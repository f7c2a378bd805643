//! The data of the exchange and its clock: which bars have opened and closed by now, which session is on.
//!
//! Not here: orders, money, what is published. Nothing can be read here that lies after the clock.
//! Invariants: (1) at time T the bars that close at T have closed and those that open at T have not begun;
//! (2) moments pass in order of time, closes before opens; (3) the clock never goes back.
use std::collections::BTreeMap;

use super::local_time::midnight;
use crate::domain::{Bar, Price, Symbol, Timeframe, Timestamp};
use crate::market::Calendar;
use crate::scenario::{LoadedScenario, MarketData, data_calendar};

/// Bars of all symbols that share a stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarStep {
    /// The stamp of the bars: the open of intraday bars, midnight UTC of the date of daily ones.
    pub stamp: Timestamp,
    /// When they begin.
    pub opens: Timestamp,
    /// When they are complete.
    pub closes: Timestamp,
    /// They lie in the core session, not in the hours around it.
    pub is_core: bool,
    /// No later bar belongs to their core session.
    pub ends_session: bool,
}

/// The hours of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimes {
    /// Its date: midnight UTC.
    pub date: Timestamp,
    /// Midnight of that date where the exchange is.
    pub midnight: Timestamp,
    /// The first moment of the core session.
    pub open: Timestamp,
    /// The moment after its last.
    pub close: Timestamp,
    /// The first moment of the hours before it.
    pub extended_open: Timestamp,
    /// The moment after the last of the hours after it.
    pub extended_close: Timestamp,
}

/// Something that happens at a time, in the order in which moments of one time pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Moment {
    /// The bars of this step are complete.
    BarClose(usize),
    /// The core session of this index is over.
    SessionClose(usize),
    /// The hours around the session of this index are over.
    ExtendedClose(usize),
    /// The date of the session of this index begins.
    Day(usize),
    /// The core session of this index begins.
    SessionOpen(usize),
    /// The bars of this step begin: of each its open is known, and nothing else.
    BarOpen(usize),
}

/// The bars of a scenario and how far the clock has come.
#[derive(Clone, Debug)]
pub struct Tape {
    timeframe: Timeframe,
    calendar: Calendar,
    names: Vec<Symbol>,
    bars: Vec<Vec<Bar>>,
    steps: Vec<BarStep>,
    sessions: Vec<SessionTimes>,
    now: Timestamp,
    /// Steps that have opened, steps that have closed.
    opened: usize,
    closed: usize,
    /// Sessions whose day has begun, that have opened, that have closed, whose extended hours are over.
    days_begun: usize,
    sessions_opened: usize,
    sessions_closed: usize,
    extended_closed: usize,
    /// By symbol: bars that have begun, bars that are complete.
    bars_begun: Vec<usize>,
    bars_closed: Vec<usize>,
}

impl Tape {
    /// The bars of the scenario's symbols and, behind them, of its benchmark where that is none of them; the clock
    /// stands at 00:00 New York of the first session.
    pub fn new(loaded: &LoadedScenario, market: &MarketData) -> Tape {
        let data = &loaded.spec.data;
        let (mut names, mut bars) = (data.symbols.clone(), market.bars.clone());
        if let (Some(name), Some(own)) = (data.benchmark, &market.benchmark)
            && !names.contains(&name)
        {
            names.push(name);
            bars.push(own.clone());
        }
        let calendar = data_calendar(data);
        let sessions = sessions(calendar, data.timeframe, &bars);
        let steps = steps(data.timeframe, &bars, &sessions);
        // The data gate has set aside bars of no session; what it left belongs to a step.
        for own in &mut bars {
            own.retain(|bar| steps.binary_search_by_key(&bar.time, |step| step.stamp).is_ok());
        }
        let now = sessions.first().map_or(Timestamp::MIN, |session| session.midnight);
        Tape {
            timeframe: data.timeframe,
            calendar,
            bars_begun: vec![0; names.len()],
            bars_closed: vec![0; names.len()],
            names,
            bars,
            steps,
            sessions,
            now,
            opened: 0,
            closed: 0,
            days_begun: 0,
            sessions_opened: 0,
            sessions_closed: 0,
            extended_closed: 0,
        }
    }

    /// Back to where it began: nothing has opened or closed.
    pub fn rewind(&mut self) {
        self.now = self.sessions.first().map_or(Timestamp::MIN, |session| session.midnight);
        (self.opened, self.closed, self.days_begun) = (0, 0, 0);
        (self.sessions_opened, self.sessions_closed, self.extended_closed) = (0, 0, 0);
        self.bars_begun.fill(0);
        self.bars_closed.fill(0);
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The distance of bars.
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// Whose sessions count.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// Every asset.
    pub fn names(&self) -> &[Symbol] {
        &self.names
    }

    /// The place of an asset.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.as_str() == name)
    }

    /// The bars of an asset that are complete, oldest first.
    pub fn closed(&self, asset: usize) -> &[Bar] {
        &self.bars[asset][..self.bars_closed[asset]]
    }

    /// The stamp and the open of the bar that is going on; no more of it is known.
    pub fn begun(&self, asset: usize) -> Option<(Timestamp, Price)> {
        let is_open = self.bars_closed[asset] < self.bars_begun[asset];
        is_open.then(|| &self.bars[asset][self.bars_closed[asset]]).map(|bar| (bar.time, bar.open))
    }

    /// The last price: the open of the bar that is going on, else the last close.
    pub fn last_price(&self, asset: usize) -> Option<Price> {
        let open = self.begun(asset).map(|(_, open)| open);
        open.or_else(|| self.closed(asset).last().map(|bar| bar.close))
    }

    /// When a bar of this stamp begins and is complete.
    pub fn span_of(&self, stamp: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let at = self.steps.binary_search_by_key(&stamp, |step| step.stamp).ok()?;
        Some((self.steps[at].opens, self.steps[at].closes))
    }

    /// Which step has this stamp.
    pub fn step_at(&self, stamp: Timestamp) -> Option<usize> {
        self.steps.binary_search_by_key(&stamp, |step| step.stamp).ok()
    }

    /// The step of a bar of the tape.
    pub fn step_of(&self, stamp: Timestamp) -> BarStep {
        self.steps[self.step_at(stamp).expect("every bar of the tape belongs to a step")]
    }

    /// A step, to be asked about bars that have begun.
    pub fn step(&self, step: usize) -> BarStep {
        self.steps[step]
    }

    /// Every session between the first bar and the last.
    pub fn sessions(&self) -> &[SessionTimes] {
        &self.sessions
    }

    /// A session by its index.
    pub fn session(&self, session: usize) -> SessionTimes {
        self.sessions[session]
    }

    /// The bars of the step that has just opened or closed, by asset; of a step that has only opened nothing but
    /// the open may be used.
    pub fn bars_of(&self, step: usize) -> impl Iterator<Item = (usize, &Bar)> {
        let stamp = self.steps[step].stamp;
        self.bars.iter().enumerate().filter_map(move |(asset, bars)| {
            let at = bars.binary_search_by_key(&stamp, |bar| bar.time).ok()?;
            (at < self.bars_begun[asset]).then(|| (asset, &bars[at]))
        })
    }

    /// Is the core session on? At its close it is over.
    pub fn is_open(&self) -> bool {
        self.sessions_closed < self.sessions_opened
    }

    /// The session that is on, or whose hours around it are.
    pub fn session_now(&self) -> Option<SessionTimes> {
        let at = self.sessions.partition_point(|session| session.extended_open <= self.now).checked_sub(1)?;
        Some(self.sessions[at]).filter(|session| self.now < session.extended_close)
    }

    /// The last session whose day has begun.
    pub fn day(&self) -> Option<SessionTimes> {
        self.days_begun.checked_sub(1).map(|at| self.sessions[at])
    }

    /// The first session whose day has not begun: its hours are known from the calendar.
    pub fn next_session(&self) -> Option<SessionTimes> {
        self.sessions.get(self.days_begun).copied()
    }

    /// Is no bar left that has not closed?
    pub fn is_done(&self) -> bool {
        self.closed == self.steps.len()
    }

    /// Where the clock stands once `count` more bar times have closed; fewer where fewer are left. `None` where none
    /// is left.
    pub fn after_bars(&self, count: usize) -> Option<Timestamp> {
        let last = (self.closed + count).min(self.steps.len()).checked_sub(1)?;
        (last >= self.closed && count > 0).then(|| self.steps[last].closes.max(self.now))
    }

    /// Moves the clock to the next moment that has come by `until` and says which; with none left, the clock stands
    /// at `until`. Bars that open at `until` do not begin.
    pub fn pass(&mut self, until: Timestamp) -> Option<Moment> {
        let Some((time, moment)) = self.next().filter(|(time, moment)| match moment {
            Moment::BarOpen(_) => *time < until,
            _ => *time <= until,
        }) else {
            self.now = self.now.max(until);
            return None;
        };
        self.now = self.now.max(time);
        match moment {
            Moment::BarClose(step) => {
                self.closed += 1;
                count(&self.bars, &mut self.bars_closed, self.steps[step].stamp);
            }
            Moment::BarOpen(step) => {
                self.opened += 1;
                count(&self.bars, &mut self.bars_begun, self.steps[step].stamp);
            }
            Moment::SessionClose(_) => self.sessions_closed += 1,
            Moment::ExtendedClose(_) => self.extended_closed += 1,
            Moment::Day(_) => self.days_begun += 1,
            Moment::SessionOpen(_) => self.sessions_opened += 1,
        }
        Some(moment)
    }

    /// When something happens, if it does at all.
    pub fn next(&self) -> Option<(Timestamp, Moment)> {
        let of_session = |at: usize, time: fn(&SessionTimes) -> Timestamp| self.sessions.get(at).map(time);
        let close =
            (self.closed < self.opened).then(|| (self.steps[self.closed].closes, Moment::BarClose(self.closed)));
        let open = self.steps.get(self.opened).map(|step| (step.opens, Moment::BarOpen(self.opened)));
        let at = |time: Option<Timestamp>, moment: Moment| time.map(|time| (time, moment));
        let session_close = (self.sessions_closed < self.sessions_opened)
            .then(|| (self.sessions[self.sessions_closed].close, Moment::SessionClose(self.sessions_closed)));
        let extended_close = (self.extended_closed < self.sessions_closed)
            .then(|| (self.sessions[self.extended_closed].extended_close, Moment::ExtendedClose(self.extended_closed)));
        let day = at(of_session(self.days_begun, |session| session.midnight), Moment::Day(self.days_begun));
        let session_open =
            at(of_session(self.sessions_opened, |session| session.open), Moment::SessionOpen(self.sessions_opened));
        [close, session_close, extended_close, day, session_open, open].into_iter().flatten().min()
    }
}

/// One more of each series whose next bar has this stamp.
fn count(bars: &[Vec<Bar>], counts: &mut [usize], stamp: Timestamp) {
    for (bars, count) in bars.iter().zip(counts) {
        *count += usize::from(bars.get(*count).is_some_and(|bar| bar.time == stamp));
    }
}

/// Sessions from the first bar to the last: the calendar's, and the data's own where it knows none.
fn sessions(calendar: Calendar, timeframe: Timeframe, bars: &[Vec<Bar>]) -> Vec<SessionTimes> {
    const HOUR: i64 = 3_600 * Timestamp::NS_PER_SECOND;
    let stamps = || bars.iter().flatten().map(|bar| bar.time);
    let (Some(first), Some(last)) = (stamps().min(), stamps().max()) else { return Vec::new() };
    let date = |moment: Timestamp| Timestamp::from_days(moment.days()).unwrap_or(moment);
    // In winter the last of the extended hours lies in the next day of UTC.
    let from = if timeframe.is_daily() { first } else { first.plus_ns(-8 * HOUR) };
    let of_calendar = calendar.sessions(date(from), date(last)).map(|session| {
        let around = session.extended();
        let is_new_york = calendar.name() == Calendar::xnys().name();
        SessionTimes {
            date: session.date,
            midnight: midnight(calendar, session.date),
            open: session.open,
            close: session.close,
            extended_open: if is_new_york { around.open } else { session.open },
            extended_close: if is_new_york { around.close } else { session.close },
        }
    });
    let mut sessions: BTreeMap<i32, SessionTimes> = of_calendar
        .filter(|session| session.extended_close > first)
        .map(|session| (session.date.days(), session))
        .collect();
    let bar_ns = timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    for stamp in stamps().filter(|stamp| !calendar.covers(*stamp)) {
        // 09:30 to 16:00 in the winter of New York, of daily bars.
        let (open, close) = match timeframe.is_daily() {
            true => (stamp.plus_ns(14 * HOUR + HOUR / 2), stamp.plus_ns(21 * HOUR)),
            false => (stamp, stamp.plus_ns(bar_ns)),
        };
        let date = date(stamp);
        let midnight = midnight(calendar, date);
        let own = SessionTimes { date, midnight, open, close, extended_open: open, extended_close: close };
        let session = sessions.entry(stamp.days()).or_insert(own);
        (session.open, session.close) = (session.open.min(open), session.close.max(close));
        (session.extended_open, session.extended_close) = (session.open, session.close);
        session.midnight = session.midnight.min(session.open);
    }
    sessions.into_values().collect()
}

fn steps(timeframe: Timeframe, bars: &[Vec<Bar>], sessions: &[SessionTimes]) -> Vec<BarStep> {
    let bar_ns = timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    let mut stamps: Vec<Timestamp> = bars.iter().flatten().map(|bar| bar.time).collect();
    stamps.sort_unstable();
    stamps.dedup();
    let step = |stamp: Timestamp| {
        if timeframe.is_daily() {
            let at = sessions.partition_point(|session| session.date < stamp);
            let session = sessions.get(at).filter(|session| session.date == stamp)?;
            let (opens, closes) = (session.open, session.close);
            return Some(BarStep { stamp, opens, closes, is_core: true, ends_session: true });
        }
        let at = sessions.partition_point(|session| session.extended_open <= stamp).checked_sub(1)?;
        let session = sessions[at];
        let is_core = session.open <= stamp && stamp < session.close;
        let end = if is_core { session.close } else { Timestamp::MAX };
        let closes = stamp.plus_ns(bar_ns).min(end);
        // As in a replay: a bar from which no whole one fits before the close is the last.
        let ends_session = is_core && stamp >= session.close.plus_ns(-bar_ns);
        Some(BarStep { stamp, opens: stamp, closes, is_core, ends_session })
    };
    let mut steps: Vec<BarStep> = stamps.into_iter().filter_map(step).collect();
    // Bars of different symbols may begin at different minutes, and a vendor may cut the first bar of a session
    // short: as in a replay, one step is over when the next begins.
    for at in 1..steps.len() {
        steps[at - 1].closes = steps[at - 1].closes.min(steps[at].opens);
    }
    steps
}
