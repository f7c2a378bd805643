//! Finer bars for `both_touched = "finer"`: read, checked, adjusted and shared out to the bars of the run.
//!
//! Not here: what fills on them (venue).
use std::path::Path;

use super::data::{MarketData, data_calendar, refused};
use super::share::{Share, adjustment, days_of};
use super::spec_data::DataSpec;
use super::{Diagnostic, LoadedScenario};
use crate::domain::{Bar, Timeframe, Timestamp};
use crate::market::{BarFile, CorporateAction, DataError, NameSpan, adjust_as, check_bars_after, load_detected};
use crate::venue::FinerBars;

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

impl MarketData {
    /// The finer bars of `share`, whose bars in the run are `coarse`, out of the files of its names; none
    /// where the scenario names no file.
    ///
    /// Errors: whatever the data gate refuses; bars that are not finer.
    pub(super) fn read_finer(
        &mut self,
        loaded: &LoadedScenario,
        share: &Share,
        coarse: &[Bar],
    ) -> Result<(), Box<Diagnostic>> {
        let data = &loaded.spec.data;
        if data.finer_path.is_none() {
            return Ok(());
        }
        let (first, last) = (data.first_time(), data.last_time());
        // `data.end` is the stamp of the last bar, whose finer bars come after it.
        let shown_until = coarse.last().map_or(Timestamp::MIN, |bar| end(data, bar.time).plus_ns(-1));
        let mut bars: Vec<Bar> = Vec::new();
        for name in share.names_between(first, last) {
            let previous = bars.last().copied();
            bars.extend(self.finer_bars_under(loaded, name, (previous, shown_until), &share.actions)?);
        }
        if let Some(adjustment) = adjustment(data) {
            // By the factors of the run's own bars, so that both stay on one scale.
            adjust_as(&mut bars, &share.raw, &share.actions, adjustment)
                .map_err(|error| loaded.diagnostic("data.finer_path", error.to_string()))?;
        }
        self.finer.push(FinerBars::new(coarse, bars, |time| begin(data, time), |time| end(data, time)));
        Ok(())
    }

    /// The finer bars of one name of a share, from the days on which it had it, up to the end of the last bar
    /// of the run.
    fn finer_bars_under(
        &mut self,
        loaded: &LoadedScenario,
        name: &NameSpan,
        (previous, shown_until): (Option<Bar>, Timestamp),
        actions: &[CorporateAction],
    ) -> Result<Vec<Bar>, Box<Diagnostic>> {
        let data = &loaded.spec.data;
        let Some((written, path)) = data.finer_path.as_ref().zip(loaded.finer_path_for(name.symbol)) else {
            return Ok(Vec::new());
        };
        let (timeframe, file) = load_detected(&path, None).map_err(|error| unclear(loaded, &path, error))?;
        if timeframe >= data.timeframe {
            return Err(not_finer(loaded, &path, timeframe));
        }
        self.hash(&written.replace("{symbol}", name.symbol.as_str()), &path)?;
        self.rows_read += file.bars.len() as u64;
        // A date of the run's is a whole day of these bars, too.
        let span = DataSpec { timeframe, ..data.clone() };
        let (from, until) = days_of(&span, name);
        let last = span.last_time().max(shown_until).min(until.plus_ns(-1));
        let first = span.first_time().max(from);
        let file = between(file, first, last);
        if file.bars.is_empty() {
            // Every bar that needs them says that they are missing.
            return Ok(Vec::new());
        }
        let checked =
            check_bars_after(previous, &path, file, timeframe, data_calendar(data), actions).map_err(refused)?;
        self.keep(&checked.warnings, first, last);
        Ok(checked.bars)
    }
}

/// The bars stamped `first` to `last`: a file of minutes may be much longer than the run.
fn between(file: BarFile, first: Timestamp, last: Timestamp) -> BarFile {
    let BarFile { mut bars, first_line } = file;
    bars.truncate(bars.partition_point(|bar| bar.time <= last));
    let before = bars.partition_point(|bar| bar.time < first);
    bars.drain(..before);
    BarFile { bars, first_line: first_line.map(|line| line + before as u64) }
}

/// The first moment of the bar stamped `time`.
fn begin(data: &DataSpec, time: Timestamp) -> Timestamp {
    match data.timeframe.is_daily() {
        true => data_calendar(data).session(time).map_or(time, |session| session.open),
        false => time,
    }
}

/// The first moment after the bar stamped `time`; of a day that the calendar does not know, its last in UTC.
fn end(data: &DataSpec, time: Timestamp) -> Timestamp {
    match data.timeframe.is_daily() {
        true => data_calendar(data).session(time).map_or(time.plus_ns(Timestamp::NS_PER_DAY), |session| session.close),
        false => time.plus_ns(data.timeframe.minutes() * NS_PER_MINUTE),
    }
}

fn not_finer(loaded: &LoadedScenario, path: &Path, timeframe: Timeframe) -> Box<Diagnostic> {
    let own = loaded.spec.data.timeframe;
    let what = format!("{} holds {timeframe} bars, which are not finer than data.timeframe {own}", path.display());
    let remedy = "name a file of shorter bars, or both_touched = \"stop_first\"";
    Box::new(loaded.diagnostic("data.finer_path", what).note(remedy))
}

/// A file that does not say its timeframe cannot be told to from the command line here.
fn unclear(loaded: &LoadedScenario, path: &Path, error: DataError) -> Box<Diagnostic> {
    match error {
        DataError::UnclearTimeframe { reason, .. } => {
            let what = format!("the timeframe of {} is not clear: {reason}", path.display());
            let remedy = "name a file of bars 1, 5, 15, 30 or 60 minutes apart";
            Box::new(loaded.diagnostic("data.finer_path", what).note(remedy))
        }
        other => refused(other),
    }
}
