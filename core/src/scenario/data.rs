//! A scenario's bars: read, checked, adjusted, cut to its dates.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::script::{load_script, script_file};
use super::share::Share;
use super::spec_data::DataSpec;
use super::{Diagnostic, LoadedScenario, data_diagnostic};
use crate::domain::{Bar, Price, Symbol, SymbolIndex, Timestamp};
use crate::engine::{ExtendedDay, MarketAction, SessionSpan};
use crate::market::{ActionKind, Calendar, CorporateAction, DataWarning, read_corporate_actions, sha256_of_file};
use crate::portfolio::split_price;
use crate::scenario::spec::{Adjust, CalendarKind, Hours};
use crate::strategy::Script;
use crate::venue::{FinerBars, Spreads};

/// Everything a run reads from files.
#[derive(Debug, Clone, Default)]
pub struct MarketData {
    /// Bars by symbol, in the scenario's order.
    pub bars: Vec<Vec<Bar>>,
    /// The benchmark's bars; never empty.
    pub benchmark: Option<Vec<Bar>>,
    /// Splits and dividends of the benchmark, as `actions` has those of the symbols.
    pub benchmark_actions: Vec<(Timestamp, MarketAction)>,
    /// Sessions over the bars; empty for daily bars.
    pub sessions: Vec<SessionSpan>,
    /// The hours around each of `sessions` in which bars are shown; empty unless `data.hours = "extended"`.
    pub extended: Vec<ExtendedDay>,
    /// Splits and dividends that positions must follow, in order of time.
    pub actions: Vec<(Timestamp, MarketAction)>,
    /// What the data gate found suspicious, the first of each kind and file.
    pub warnings: Vec<DataWarning>,
    /// How many findings there were in all.
    pub warnings_total: u64,
    /// The spread of every bar, where the scenario's slippage is a spread.
    pub spreads: Option<Arc<Spreads>>,
    /// Finer bars by symbol, for `both_touched = "finer"`; copies share their memory.
    pub finer: Vec<FinerBars>,
    /// The orders of `order_script`.
    pub script: Option<Script>,
    /// Rows read from bar files, before any were set aside or cut off by `start` and `end`.
    pub rows_read: u64,
    /// Files read: path as in the scenario, sha256.
    pub files: Vec<(String, String)>,
}

/// Reads what the scenario names.
///
/// Errors: whatever the data gate refuses; no bar between `start` and `end`; a script that cannot be run.
pub fn load_market(loaded: &LoadedScenario) -> Result<MarketData, Box<Diagnostic>> {
    let data = &loaded.spec.data;
    let mut market = MarketData::default();
    let actions = match loaded.corporate_actions_path() {
        Some(path) => {
            market.hash(data.corporate_actions.as_deref().unwrap_or_default(), &path)?;
            read_corporate_actions(&path).map_err(refused)?
        }
        None => Vec::new(),
    };
    let mut shares: Vec<Share> = data.symbols.iter().map(|symbol| Share::of(&actions, *symbol)).collect();
    Share::refuse_twins(loaded, &shares)?;
    for (index, (symbol, share)) in data.symbols.iter().zip(&mut shares).enumerate() {
        let bars = market.series(loaded, share, &actions)?;
        if bars.is_empty() {
            return Err(no_bars(loaded, *symbol));
        }
        market.read_finer(loaded, share, &bars)?;
        market.actions.extend(to_follow((SymbolIndex(index as u16), *symbol), share, data, &bars));
        market.bars.push(bars);
    }
    // A dividend is for the shares of before a split of the same day.
    market.actions.sort_by_key(|(time, action)| (*time, action.order()));
    market.forget_later_actions();
    if let Some(benchmark) = data.benchmark {
        let mut own = Share::of(&actions, benchmark);
        let at = shares.iter().position(|other| other.names == own.names);
        let (share, bars) = match at {
            Some(at) => (&shares[at], market.bars[at].clone()),
            None => {
                let bars = market.series(loaded, &mut own, &actions)?;
                (&own, bars)
            }
        };
        if bars.is_empty() {
            return Err(no_bars(loaded, benchmark));
        }
        // It is never traded, so no position has its index.
        market.benchmark_actions = to_follow((SymbolIndex(u16::MAX), benchmark), share, data, &bars);
        market.benchmark = Some(bars);
    }
    if !data.timeframe.is_daily() {
        market.sessions = sessions(data, &market.bars);
        market.extended = extended_days(data, &market.bars);
    }
    market.load_spreads(loaded, &shares)?;
    if loaded.spec.strategy.name == Script::STRATEGY {
        let (file, path) = script_file(loaded)?;
        market.hash(&file, &path)?;
        market.script = Some(load_script(loaded, &path, &market.bars)?);
    }
    Ok(market)
}

impl MarketData {
    /// Tells sessions apart: equal for bars of one session, extended hours included. Of intraday bars only.
    pub fn session_index(&self, time: Timestamp) -> usize {
        match self.extended.is_empty() {
            true => self.sessions.partition_point(|session| session.start <= time),
            false => self.extended.partition_point(|day| day.start <= time),
        }
    }

    /// What a share of `symbol` is worth at the end of the run: its last close, ÷ the ratios of the splits
    /// that came after it while other symbols went on. Zero without a bar.
    pub fn last_price(&self, symbol: SymbolIndex) -> Price {
        let end = self.bars.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max();
        let Some((last, end)) = self.bars[symbol.get()].last().zip(end) else { return Price::ZERO };
        let later = self.actions.iter().filter(|(from, _)| last.time < *from && *from <= end);
        later.fold(last.close, |price, (_, action)| match action {
            MarketAction::Split { symbol: of, ratio } if *of == symbol => split_price(price, *ratio),
            _ => price,
        })
    }

    /// Leaves out what nobody sees: actions after the last bar of the run, but for those of a share that is
    /// delisted after it, up to that day. Each of their times is a step of the run.
    fn forget_later_actions(&mut self) {
        let Some(end) = self.bars.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max() else { return };
        let gone: Vec<SymbolIndex> = self
            .actions
            .iter()
            .filter(|(_, action)| action.is_delisting())
            .map(|(_, action)| action.symbol())
            .collect();
        self.actions.retain(|(from, action)| *from <= end || gone.contains(&action.symbol()));
    }

    pub(super) fn hash(&mut self, name: &str, path: &std::path::Path) -> Result<(), Box<Diagnostic>> {
        self.files.push((name.to_owned(), sha256_of_file(path).map_err(refused)?));
        Ok(())
    }
}

/// What the owner of a share lives through that its prices do not show: splits where prices are raw,
/// dividends, in today's shares, where they are not taken off.
fn to_follow(
    (symbol, name): (SymbolIndex, Symbol),
    share: &Share,
    data: &DataSpec,
    bars: &[Bar],
) -> Vec<(Timestamp, MarketAction)> {
    let first = bars.first().map_or(Timestamp::MAX, |bar| bar.time);
    let follow = |action: &CorporateAction| {
        let from = match data.timeframe.is_daily() {
            true => action.ex_date,
            false => data_calendar(data).session(action.ex_date).map_or(action.ex_date, |session| match data.hours {
                Hours::Regular => session.open,
                Hours::Extended => session.extended().open,
            }),
        };
        // No bar shows it, so no price is adjusted for it.
        let unseen = action.ex_date > share.shown_until;
        match action.kind {
            ActionKind::Split { ratio } => {
                (data.adjust == Adjust::None || unseen).then_some((from, MarketAction::Split { symbol, ratio }))
            }
            ActionKind::Dividend { amount } => {
                let amount = in_todays_shares(amount, action, share, data);
                (data.adjust != Adjust::All || unseen).then_some((from, MarketAction::Dividend { symbol, amount }))
            }
            // Nothing splits after it, so its dollars are for the shares that are held by then.
            ActionKind::Delisting { amount } => Some((from, MarketAction::Delisting { symbol, name, amount })),
            ActionKind::Rename { .. } => None,
        }
    };
    let (end, in_time) = (data.last_time(), |action: &&CorporateAction| action.ex_date > first);
    share.actions.iter().filter(in_time).filter_map(follow).filter(|(from, _)| *from <= end).collect()
}

/// A dividend of split-adjusted shares: the amount ÷ every split from its ex-date on that prices are adjusted for.
fn in_todays_shares(amount: Price, dividend: &CorporateAction, share: &Share, data: &DataSpec) -> Price {
    if data.adjust == Adjust::None {
        return amount;
    }
    let is_seen = |action: &&CorporateAction| dividend.ex_date <= action.ex_date && action.ex_date <= share.shown_until;
    let later = share.actions.iter().filter(is_seen);
    later.fold(amount, |amount, action| match action.kind {
        ActionKind::Split { ratio } => split_price(amount, ratio),
        ActionKind::Dividend { .. } | ActionKind::Delisting { .. } | ActionKind::Rename { .. } => amount,
    })
}

/// The scenario's calendar.
pub fn data_calendar(data: &DataSpec) -> Calendar {
    let calendar = match data.calendar {
        CalendarKind::Xnys => Calendar::xnys(),
        CalendarKind::AlwaysOpen => Calendar::always_open(),
    };
    match data.hours {
        Hours::Regular => calendar,
        Hours::Extended => calendar.with_extended_hours(),
    }
}

/// The sessions over some bars.
pub(super) fn sessions(data: &DataSpec, series: &[Vec<Bar>]) -> Vec<SessionSpan> {
    let Some((first, last)) = dates(data, series) else { return Vec::new() };
    let bar_ns = data.timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    let span =
        |session: crate::market::Session| SessionSpan { start: session.open, last_bar: session.close.plus_ns(-bar_ns) };
    let calendar = data_calendar(data);
    let mut spans: Vec<SessionSpan> = calendar.sessions(first, last).map(span).collect();
    spans.extend(own_sessions(calendar, series));
    spans.sort_unstable_by_key(|span| span.start);
    spans
}

/// The dates between which sessions may have bars.
fn dates(data: &DataSpec, series: &[Vec<Bar>]) -> Option<(Timestamp, Timestamp)> {
    let first = series.iter().filter_map(|bars| bars.first()).map(|bar| bar.time).min()?;
    let last = series.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max()?;
    // In winter the last of the extended hours lies in the next day of UTC.
    let first = if data.hours == Hours::Extended { first.plus_ns(-Timestamp::NS_PER_DAY) } else { first };
    let day = |moment: Timestamp| Timestamp::from_days(moment.days()).unwrap_or(moment);
    Some((day(first), day(last)))
}

fn extended_days(data: &DataSpec, series: &[Vec<Bar>]) -> Vec<ExtendedDay> {
    let Some((first, last)) = dates(data, series).filter(|_| data.hours == Hours::Extended) else { return Vec::new() };
    let bar_ns = data.timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    let day = |session: crate::market::Session| {
        let around = session.extended();
        ExtendedDay { start: around.open, core_close: session.close, last_bar: around.close.plus_ns(-bar_ns) }
    };
    data_calendar(data).sessions(first, last).map(day).collect()
}

/// The data's own sessions on dates the calendar does not know: from the first bar of a day to its last.
fn own_sessions(calendar: Calendar, series: &[Vec<Bar>]) -> impl Iterator<Item = SessionSpan> + use<> {
    let mut days: BTreeMap<i32, SessionSpan> = BTreeMap::new();
    let is_unknown = |bar: &&Bar| !calendar.covers(bar.time);
    // What a calendar covers has no holes, so only the ends of a series can lie outside.
    for bars in series {
        for bar in bars.iter().take_while(is_unknown).chain(bars.iter().rev().take_while(is_unknown)) {
            let own = SessionSpan { start: bar.time, last_bar: bar.time };
            let span = days.entry(bar.time.days()).or_insert(own);
            (span.start, span.last_bar) = (span.start.min(bar.time), span.last_bar.max(bar.time));
        }
    }
    days.into_values()
}

pub(super) fn refused(error: crate::market::DataError) -> Box<Diagnostic> {
    let diagnostic = *data_diagnostic(&error);
    Box::new(match error {
        crate::market::DataError::Missing { .. } => {
            diagnostic.note("paths in a scenario are relative to the scenario file")
        }
        _ => diagnostic,
    })
}

fn no_bars(loaded: &LoadedScenario, symbol: Symbol) -> Box<Diagnostic> {
    let data = &loaded.spec.data;
    let bound = |bound: Option<String>, open: &str| bound.unwrap_or_else(|| open.to_owned());
    let (start, end) = (data.start.map(|time| time.to_string()), data.end.map(|time| time.to_string()));
    let what = format!(
        "{} has no bars from {} to {}",
        loaded.path_for(symbol).display(),
        bound(start, "its first bar"),
        bound(end, "its last bar")
    );
    Box::new(loaded.diagnostic("data.start", what).note("change start and end, or the file"))
}
