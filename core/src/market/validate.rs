//! The data gate: what is malformed is refused, what is suspicious is warned about and counted.
//!
//! Not here: whether a warning ends the run (`--strict` is the caller's); mending anything.
//! Suspicious are sessions of the calendar without a bar, bars outside every session (set aside: they
//! leave the series), and a price that jumps by more than 40 % without a corporate action. Dates that
//! the calendar does not know go by the data's own sessions: there nothing is missing or outside.
use std::fmt;
use std::path::{Path, PathBuf};

use super::calendar::Calendar;
use super::corporate_actions::{ActionKind, CorporateAction};
use super::error::{DataError, Fault, Place};
use super::series::{BarFile, in_order, malformed_row};
use crate::domain::{Bar, Price, Timeframe, Timestamp};

/// Warnings of each kind that are kept with their text; all are counted.
pub const WARNINGS_KEPT_PER_KIND: usize = 20;

/// What looks wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WarningKind {
    /// Sessions without a bar.
    MissingSessions,
    /// A bar outside every session; it is set aside.
    OutsideSession,
    /// A jump of more than 40 % without a corporate action.
    PriceJump,
    /// A corporate action under a name that the share did not have on that day.
    OtherShare,
}

/// Something suspicious in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataWarning {
    /// The file.
    pub path: PathBuf,
    /// The line, where it is known.
    pub line: Option<u64>,
    /// The time of the bar at which it shows.
    pub time: Timestamp,
    /// What looks wrong.
    pub kind: WarningKind,
    /// It in words, with values, without file and line.
    pub message: String,
}

/// The warnings of one file: the first of each kind, and the number of all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Warnings {
    kept: Vec<DataWarning>,
    counts: [u64; 4],
}

/// A series that passed the gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckedBars {
    /// The bars inside sessions; never empty.
    pub bars: Vec<Bar>,
    /// What looked wrong.
    pub warnings: Warnings,
    /// Bars that were set aside.
    pub set_aside: u64,
}

impl WarningKind {
    /// Every kind, in the order of reports.
    pub const ALL: [WarningKind; 4] = [Self::MissingSessions, Self::OutsideSession, Self::PriceJump, Self::OtherShare];

    /// The name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingSessions => "missing_sessions",
            Self::OutsideSession => "outside_session",
            Self::PriceJump => "price_jump",
            Self::OtherShare => "other_share",
        }
    }
}

impl fmt::Display for DataWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.line {
            Some(line) => write!(f, "{path}:{line}: {}", self.message),
            None => write!(f, "{path}: {}", self.message),
        }
    }
}

impl Warnings {
    /// The first [`WARNINGS_KEPT_PER_KIND`] of each kind, in order of the file.
    pub fn kept(&self) -> &[DataWarning] {
        &self.kept
    }

    /// How many there are of a kind, kept or not.
    pub fn count(&self, kind: WarningKind) -> u64 {
        self.counts[kind as usize]
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    fn add(&mut self, kind: WarningKind, warning: impl FnOnce() -> DataWarning) {
        let count = &mut self.counts[kind as usize];
        *count += 1;
        if *count <= WARNINGS_KEPT_PER_KIND as u64 {
            self.kept.push(warning());
        }
    }
}

/// Puts a series through the gate. `actions`: those of its symbol, in order of date.
///
/// Errors: a malformed bar, should the series not come from a file of this room; a bar of a share that was
/// delisted before; no bar in a session.
pub fn check_bars(
    path: &Path,
    file: BarFile,
    timeframe: Timeframe,
    calendar: Calendar,
    actions: &[CorporateAction],
) -> Result<CheckedBars, DataError> {
    check_bars_after(None, path, file, timeframe, calendar, actions)
}

/// [`check_bars`] of a series that goes on where another file ended: `previous` is the last bar there.
pub fn check_bars_after(
    previous: Option<Bar>,
    path: &Path,
    file: BarFile,
    timeframe: Timeframe,
    calendar: Calendar,
    actions: &[CorporateAction],
) -> Result<CheckedBars, DataError> {
    let BarFile { mut bars, first_line } = file;
    let mut gate = Gate {
        path,
        first_line,
        timeframe,
        calendar,
        actions,
        warnings: Warnings::default(),
        previous,
        session_date: previous
            .map_or(Timestamp::MIN, |bar| calendar.session_of(bar.time).map_or(bar.time, |session| session.date)),
        session_end: Timestamp::MIN,
    };
    refuse_malformed(path, &bars, timeframe)?;
    refuse_delisted(path, &bars, first_line, (timeframe, calendar), actions)?;
    let loaded = bars.len();
    let mut index = 0;
    bars.retain(|bar| {
        let inside = gate.look(index, bar);
        index += 1;
        inside
    });
    if bars.is_empty() {
        return Err(DataError::NoBarInSession { path: path.to_owned(), calendar: calendar.name() });
    }
    let set_aside = (loaded - bars.len()) as u64;
    Ok(CheckedBars { bars, warnings: gate.warnings, set_aside })
}

fn refuse_malformed(path: &Path, bars: &[Bar], timeframe: Timeframe) -> Result<(), DataError> {
    let mut previous = None;
    for (index, bar) in bars.iter().enumerate() {
        let ordered = previous.map_or(Ok(()), |previous| in_order(previous, bar.time, timeframe));
        let checked = ordered.and_then(|()| Ok(bar.checked()?));
        let checked = checked.and_then(|_| match timeframe {
            Timeframe::Day1 if bar.time.ns() % Timestamp::NS_PER_DAY != 0 => {
                Err(Fault::NotMidnight { value: bar.time.to_string() })
            }
            _ => Ok(()),
        });
        checked.map_err(|fault| malformed_row(path, index, fault))?;
        previous = Some(bar.time);
    }
    Ok(())
}

/// A bar from the ex-date of a delisting on is of no share that there is.
fn refuse_delisted(
    path: &Path,
    bars: &[Bar],
    first_line: Option<u64>,
    (timeframe, calendar): (Timeframe, Calendar),
    actions: &[CorporateAction],
) -> Result<(), DataError> {
    let delisting = actions.iter().find(|action| matches!(action.kind, ActionKind::Delisting { .. }));
    let Some(action) = delisting else { return Ok(()) };
    let end = if timeframe.is_daily() { action.ex_date } else { calendar.start_of_day(action.ex_date) };
    let index = bars.partition_point(|bar| bar.time < end);
    let Some(bar) = bars.get(index) else { return Ok(()) };
    let fault = Fault::BarAfterDelisting {
        time: bar.time.text(timeframe),
        symbol: action.symbol,
        gone: action.ex_date,
        line: action.line,
    };
    let row = index as u64;
    let place = first_line.map_or(Place::Row(row + 1), |first| Place::Line(first + row));
    Err(DataError::Malformed { path: path.to_owned(), place, fault })
}

struct Gate<'a> {
    path: &'a Path,
    first_line: Option<u64>,
    timeframe: Timeframe,
    calendar: Calendar,
    actions: &'a [CorporateAction],
    warnings: Warnings,
    /// The last bar inside a session.
    previous: Option<Bar>,
    /// The date of the session of that bar.
    session_date: Timestamp,
    /// The end of the session of that bar: bars before it need no lookup.
    session_end: Timestamp,
}

impl Gate<'_> {
    /// Looks at the next bar; answers whether it stays in the series.
    fn look(&mut self, index: usize, bar: &Bar) -> bool {
        if bar.time >= self.session_end && !self.enter_session(index, bar) {
            return false;
        }
        if let Some(previous) = self.previous {
            self.look_for_jump(index, &previous, bar);
        }
        self.previous = Some(*bar);
        true
    }

    /// A bar after the session of the one before: is it in another, and is one between them missing?
    fn enter_session(&mut self, index: usize, bar: &Bar) -> bool {
        let session = match self.timeframe {
            Timeframe::Day1 => self.calendar.session(bar.time),
            _ => self.calendar.session_of(bar.time),
        };
        match session {
            Some(session) => self.session_end = session.close,
            None if self.calendar.covers(bar.time) => {
                self.warn_outside(index, bar);
                return false;
            }
            None => {}
        }
        let date = session.map_or(bar.time, |session| session.date);
        let previous_date = std::mem::replace(&mut self.session_date, date);
        if self.previous.is_some() {
            let missing = self.calendar.sessions_between(previous_date, date);
            if missing > 0 {
                self.warn_missing(index, previous_date, bar, missing);
            }
        }
        true
    }

    fn look_for_jump(&mut self, index: usize, previous: &Bar, bar: &Bar) {
        let from = previous.close;
        let Some((name, to)) = [("open", bar.open), ("close", bar.close)].into_iter().find(|(_, to)| jumps(from, *to))
        else {
            return;
        };
        let explained = self.actions.iter().any(|action| {
            let day = action.ex_date.days();
            // An ex-date within a hole of the data shows at the first bar after it.
            let is_between = (day > previous.time.days() || day == bar.time.days()) && day <= bar.time.days();
            action.kind.moves_price() && is_between
        });
        if explained {
            return;
        }
        let percent = (to.to_f64() / from.to_f64() - 1.0) * 100.0;
        let time = bar.time.text(self.timeframe);
        self.warn(index, bar, WarningKind::PriceJump, || {
            format!(
                "price jump of {percent:+.1}% on {time}: {name} {to} after close {from}, and no corporate action; \
                 add the split to the corporate actions or check the vendor's row"
            )
        });
    }

    fn warn_outside(&mut self, index: usize, bar: &Bar) {
        let (time, calendar) = (bar.time.text(self.timeframe), self.calendar.name());
        self.warn(index, bar, WarningKind::OutsideSession, || {
            format!("the bar of {time} lies outside the sessions of {calendar} and is set aside")
        });
    }

    fn warn_missing(&mut self, index: usize, previous: Timestamp, bar: &Bar, missing: u32) {
        let first = self.calendar.next_session(previous).map_or(previous, |session| session.date);
        let last = self.calendar.previous_session(self.session_date).map_or(bar.time, |session| session.date);
        let calendar = self.calendar.name();
        let (first, last) = (first.text(Timeframe::Day1), last.text(Timeframe::Day1));
        self.warn(index, bar, WarningKind::MissingSessions, || match missing {
            1 => format!("1 session of {calendar} has no bar: {first}"),
            _ => format!("{missing} sessions of {calendar} have no bar: {first} to {last}"),
        });
    }

    fn warn(&mut self, index: usize, bar: &Bar, kind: WarningKind, message: impl FnOnce() -> String) {
        let (path, first_line) = (self.path, self.first_line);
        self.warnings.add(kind, || DataWarning {
            path: path.to_owned(),
            line: first_line.map(|first| first + index as u64),
            time: bar.time,
            kind,
            message: message(),
        });
    }
}

/// More than 40 % up or down, exactly.
fn jumps(from: Price, to: Price) -> bool {
    i128::from(to.units().abs_diff(from.units())) * 10 > i128::from(from.units()) * 4
}
