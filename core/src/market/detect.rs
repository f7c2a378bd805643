//! A file of bars whose timeframe nobody named: read off the times of its bars.
//!
//! Not here: reading the file (`series`). Dates are daily bars; else the timeframe is the commonest
//! distance between neighbours, so a gap, a night or a half day does not mislead.
use std::collections::BTreeMap;
use std::path::Path;

use super::error::{DataError, Fault, Place};
use super::series::{BarFile, load_series};
use crate::domain::{Bar, Timeframe, Timestamp};

const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The bars of a file with their timeframe: `named`, or what the times say.
///
/// Errors: those of [`load_series`]; [`DataError::UnclearTimeframe`] where the times do not say it.
pub fn load_detected(path: &Path, named: Option<Timeframe>) -> Result<(Timeframe, BarFile), DataError> {
    if let Some(timeframe) = named {
        return Ok((timeframe, load_series(path, timeframe)?));
    }
    // Minutes read every time of day; only a date they do not.
    let file = match load_series(path, Timeframe::Minute1) {
        Ok(file) => file,
        Err(error) if is_date_in_first_row(&error) => {
            return Ok((Timeframe::Day1, load_series(path, Timeframe::Day1)?));
        }
        Err(error) => return Err(error),
    };
    let timeframe =
        timeframe_of(&file.bars).map_err(|reason| DataError::UnclearTimeframe { path: path.to_owned(), reason })?;
    Ok((timeframe, file))
}

/// A date further down is a mistake in a file of times.
fn is_date_in_first_row(error: &DataError) -> bool {
    matches!(error, DataError::Malformed { place: Place::Line(2) | Place::Row(1), fault: Fault::DateOnly { .. }, .. })
}

/// The timeframe that the times of `bars` say.
///
/// Errors: a single bar, or a distance that is no timeframe, in words.
pub fn timeframe_of(bars: &[Bar]) -> Result<Timeframe, String> {
    let midnight = |bar: &Bar| bar.time.ns() % Timestamp::NS_PER_DAY == 0;
    if bars.iter().all(midnight) {
        return Ok(Timeframe::Day1);
    }
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in bars.windows(2) {
        *counts.entry(pair[1].time.ns() - pair[0].time.ns()).or_default() += 1;
    }
    // Of equally common distances the shorter: a longer one may be a gap.
    let commonest = counts.iter().max_by_key(|(distance, count)| (**count, -**distance)).map(|(distance, _)| *distance);
    let Some(distance) = commonest else { return Err("it has a single bar".to_owned()) };
    let intraday = Timeframe::ALL.into_iter().filter(|timeframe| !timeframe.is_daily());
    let fits = |timeframe: &Timeframe| timeframe.minutes() * NS_PER_MINUTE == distance;
    intraday
        .into_iter()
        .find(fits)
        .ok_or_else(|| format!("most bars are {} minutes apart", distance as f64 / NS_PER_MINUTE as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(times: &[&str]) -> Result<Timeframe, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("bars.csv");
        let rows: String = times.iter().map(|time| format!("{time},1,1,1,1,1\n")).collect();
        std::fs::write(&path, format!("timestamp,open,high,low,close,volume\n{rows}")).expect("write");
        let read = load_detected(&path, None).map(|(timeframe, _)| timeframe);
        read.map_err(|error| error.to_string().rsplit_once("bars.csv").expect("path").1.to_owned())
    }

    #[test]
    fn times_say_the_timeframe() {
        assert_eq!(detect(&["2013-10-07", "2013-10-08"]), Ok(Timeframe::Day1));
        assert_eq!(detect(&["2013-10-07T00:00:00Z", "2013-10-08T00:00:00Z"]), Ok(Timeframe::Day1));
        let hourly = ["2013-10-07T13:30:00Z", "2013-10-07T14:30:00Z", "2013-10-07T15:30:00Z", "2013-10-08T13:30:00Z"];
        assert_eq!(detect(&hourly), Ok(Timeframe::Hour1));
        assert_eq!(detect(&["2013-10-07 13:30:00", "2013-10-07 13:35:00"]), Ok(Timeframe::Minute5));
    }

    #[test]
    fn what_they_do_not_say_is_asked_for() {
        let single = detect(&["2013-10-07T13:30:00Z"]).expect_err("single");
        assert_eq!(single, ": the timeframe is not clear: it has a single bar; name it with --timeframe");
        let odd = detect(&["2013-10-07T13:30:00Z", "2013-10-07T13:32:00Z"]).expect_err("odd");
        assert!(odd.contains("most bars are 2 minutes apart"), "{odd}");
        let mixed = detect(&["2013-10-07T13:30:00Z", "2013-10-08"]).expect_err("mixed");
        assert!(mixed.starts_with(":3: "), "{mixed}");
    }
}
