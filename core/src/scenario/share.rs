//! One share of a scenario: the files of all its names read as one series, and its corporate actions.
//!
//! Not here: which names a share had (market), what its actions do to positions (engine).
use std::path::Path;

use super::data::{data_calendar, refused};
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Bar, Symbol, Timeframe, Timestamp};
use crate::market::{
    Adjustment, BarFile, CorporateAction, DataError, DataWarning, NameSpan, WarningKind, Warnings, actions_of_others,
    actions_of_share, adjust, check_bars_after, load_series, names_of, timeframe_of,
};
use crate::scenario::spec::{Adjust, DataSpec};

/// A share: its names in order of time and what happened to it.
pub(super) struct Share {
    pub(super) names: Vec<NameSpan>,
    /// In order of date, without renames.
    pub(super) actions: Vec<CorporateAction>,
    /// The time of its last bar in its files, in the run or after it: adjusted prices show the actions up to
    /// then. Known once they have been read.
    pub(super) shown_until: Timestamp,
    /// Its bars as they were traded, in the run and outside of it; kept only where finer bars must be adjusted
    /// by what they show.
    pub(super) raw: Vec<Bar>,
}

impl Share {
    /// The share that a scenario means by `symbol`.
    pub(super) fn of(all: &[CorporateAction], symbol: Symbol) -> Share {
        let names = names_of(all, symbol);
        let actions = actions_of_share(all, &names);
        Share { names, actions, shown_until: Timestamp::MIN, raw: Vec::new() }
    }

    /// Its names of the days from `first` to `last`, in order.
    pub(super) fn names_between(&self, first: Timestamp, last: Timestamp) -> impl Iterator<Item = &NameSpan> {
        self.names.iter().filter(move |name| name.from <= last && first < name.until)
    }

    /// Errors: two symbols of the scenario that are names of one share: it would be traded twice.
    pub(super) fn refuse_twins(loaded: &LoadedScenario, shares: &[Share]) -> Result<(), Box<Diagnostic>> {
        for (index, share) in shares.iter().enumerate() {
            if let Some(other) = shares[..index].iter().position(|other| other.names == share.names) {
                let symbols = &loaded.spec.data.symbols;
                let what = format!("{} and {} are two names of one share", symbols[other], symbols[index]);
                let rows: Vec<String> =
                    share.names[1..].iter().filter_map(|name| name.row).map(|row| row.line.to_string()).collect();
                let remedy = format!("name one of them; the corporate actions say so in line {}", rows.join(", "));
                return Err(Box::new(loaded.diagnostic("data.symbols", what).note(remedy)));
            }
        }
        Ok(())
    }
}

impl MarketData {
    /// The bars of a share inside the run's dates, out of the files of its names, checked and adjusted.
    ///
    /// Of each file only the bars from the days of its name are looked at, and no file is needed for a name
    /// that the share had outside the run's dates.
    pub(super) fn series(
        &mut self,
        loaded: &LoadedScenario,
        share: &mut Share,
        all: &[CorporateAction],
    ) -> Result<Vec<Bar>, Box<Diagnostic>> {
        let data = &loaded.spec.data;
        let (first, last) = (data.first_time(), data.last_time());
        let mut bars: Vec<Bar> = Vec::new();
        for name in share.names_between(first, last) {
            bars.extend(self.bars_under(loaded, name, bars.last().copied(), &share.actions)?);
        }
        let newest =
            share.names.iter().rfind(|name| name.from <= last).map_or(share.names[0].symbol, |name| name.symbol);
        let path = loaded.path_for(newest);
        share.shown_until = bars.last().map_or(Timestamp::MIN, |bar| bar.time);
        self.warn_of_others(loaded, share, all);
        self.warn_of_hole_before_delisting(loaded, &path, &bars, &share.actions);
        if let Some(adjustment) = adjustment(data) {
            if data.finer_path.is_some() {
                share.raw.clone_from(&bars);
            }
            adjust(&mut bars, &share.actions, adjustment)
                .map_err(|error| Box::new(Diagnostic::of_file(&path, error.to_string())))?;
        }
        bars.retain(|bar| first <= bar.time && bar.time <= last);
        Ok(bars)
    }

    /// The bars of one name of a share, from the days on which it had it.
    fn bars_under(
        &mut self,
        loaded: &LoadedScenario,
        name: &NameSpan,
        previous: Option<Bar>,
        actions: &[CorporateAction],
    ) -> Result<Vec<Bar>, Box<Diagnostic>> {
        let data = &loaded.spec.data;
        let path = loaded.path_for(name.symbol);
        let BarFile { bars, first_line } =
            load_series(&path, data.timeframe).map_err(|error| missing(loaded, name, error))?;
        refuse_shorter(loaded, &path, &bars)?;
        self.hash(&data.path.replace("{symbol}", name.symbol.as_str()), &path)?;
        self.rows_read += bars.len() as u64;
        let (from, until) = days_of(data, name);
        let start = bars.partition_point(|bar| bar.time < from);
        let end = bars.partition_point(|bar| bar.time < until);
        if start == end {
            return Ok(Vec::new());
        }
        let own = BarFile {
            bars: if start == 0 && end == bars.len() { bars } else { bars[start..end].to_vec() },
            first_line: first_line.map(|line| line + start as u64),
        };
        let checked =
            check_bars_after(previous, &path, own, data.timeframe, data_calendar(data), actions).map_err(refused)?;
        self.keep(&checked.warnings, data.first_time(), data.last_time());
        Ok(checked.bars)
    }

    /// Keeps the warnings of a file. What stands outside the run's dates says nothing about the run.
    pub(super) fn keep(&mut self, warnings: &Warnings, first: Timestamp, last: Timestamp) {
        let (inside, outside): (Vec<&DataWarning>, Vec<&DataWarning>) =
            warnings.kept().iter().partition(|warning| first <= warning.time && warning.time <= last);
        self.warnings_total += warnings.total() - outside.len() as u64;
        self.warnings.extend(inside.into_iter().cloned());
    }

    fn warn(&mut self, path: &Path, line: Option<u64>, time: Timestamp, kind: WarningKind, message: String) {
        self.warnings_total += 1;
        self.warnings.push(DataWarning { path: path.to_owned(), line, time, kind, message });
    }

    /// Corporate actions under a name of the share from days on which another share had it, if any did.
    fn warn_of_others(&mut self, loaded: &LoadedScenario, share: &Share, all: &[CorporateAction]) {
        let (first, last) = (loaded.spec.data.first_time(), loaded.spec.data.last_time());
        let Some(path) = loaded.corporate_actions_path() else { return };
        for row in actions_of_others(all, &share.names) {
            let Some(name) = share.names.iter().find(|name| name.holds(row.ex_date)) else { continue };
            if first <= row.ex_date && row.ex_date <= last {
                let message = format!(
                    "{row} is not counted: on that day the share was called {}; write {} if it is the share's own",
                    name.symbol, name.symbol
                );
                self.warn(&path, Some(row.line), row.ex_date, WarningKind::OtherShare, message);
            }
        }
    }

    /// Sessions without a bar between the last bar and the delisting.
    fn warn_of_hole_before_delisting(
        &mut self,
        loaded: &LoadedScenario,
        path: &Path,
        bars: &[Bar],
        actions: &[CorporateAction],
    ) {
        let data = &loaded.spec.data;
        let delisting =
            actions.iter().find(|action| matches!(action.kind, crate::market::ActionKind::Delisting { .. }));
        let (Some(action), Some(bar)) = (delisting, bars.last()) else { return };
        let missing = data_calendar(data).sessions_between(bar.time, action.ex_date);
        if missing > 0 && action.ex_date <= data.last_time() {
            let message = format!(
                "{missing} sessions before the {action} have no bar: the last is of {}",
                bar.time.text(Timeframe::Day1)
            );
            self.warn(path, None, bar.time, WarningKind::MissingSessions, message);
        }
    }
}

/// What corporate actions do to prices before the run.
pub(super) fn adjustment(data: &DataSpec) -> Option<Adjustment> {
    match data.adjust {
        Adjust::None => None,
        Adjust::Splits => Some(Adjustment::Splits),
        Adjust::All => Some(Adjustment::All),
    }
}

/// The first moment of a name, and the first after it, for the bars of the scenario.
pub(super) fn days_of(data: &DataSpec, name: &NameSpan) -> (Timestamp, Timestamp) {
    let day = |date: Timestamp| match data.timeframe.is_daily() || date == Timestamp::MIN || date == Timestamp::MAX {
        true => date,
        false => data_calendar(data).start_of_day(date),
    };
    (day(name.from), day(name.until))
}

/// A file that cannot be read; if a rename asks for it, the error says which.
pub(super) fn missing(loaded: &LoadedScenario, name: &NameSpan, error: DataError) -> Box<Diagnostic> {
    let (is_missing, diagnostic) = (matches!(error, DataError::Missing { .. }), refused(error));
    match (name.row, loaded.spec.data.corporate_actions.as_deref()) {
        (Some(row), Some(file)) if is_missing => {
            let note = format!(
                "line {} of {file}, `{row}`, asks for it: add the file, or remove the row if one file holds all bars",
                row.line
            );
            Box::new(diagnostic.note(note))
        }
        _ => diagnostic,
    }
}

/// Bars that lie closer together than the scenario's are no bars of its timeframe: every rule that counts in
/// bars, and everything that ends with one, would be off by the ratio. A minute has nothing shorter.
fn refuse_shorter(loaded: &LoadedScenario, path: &Path, bars: &[Bar]) -> Result<(), Box<Diagnostic>> {
    let own = loaded.spec.data.timeframe;
    if own.is_daily() || own == Timeframe::Minute1 {
        return Ok(());
    }
    match timeframe_of(bars) {
        Ok(found) if found < own => {
            let what = format!("{} holds {found} bars, and data.timeframe is {own}", path.display());
            let remedy = format!("set timeframe = \"{found}\", or name a file of {own} bars");
            Err(Box::new(loaded.diagnostic("data.timeframe", what).note(remedy)))
        }
        // Longer distances may be minutes in which nobody traded.
        _ => Ok(()),
    }
}
