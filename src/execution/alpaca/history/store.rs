//! Files of a fetch: its parts while it runs, the bars with their provenance when it is done.
//!
//! Not here: what is in them. Every file is written aside and renamed.
//! Invariant: a part counts only with the record of exactly this request beside it and the hash that it names.
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::error::FetchError;
use super::pull::Fetched;
use super::request::{Adjustment, BarsRequest};
use crate::domain::{Bar, Timestamp};
use crate::market::{load_bars, sha256_of_file, write_parquet};

/// A month of bars.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) bars: Vec<Bar>,
    /// Bars that came outside of what was asked for.
    pub(super) outside: usize,
}

/// The files of one fetch.
pub(super) struct Store {
    path: PathBuf,
    parts: PathBuf,
    source: String,
    day: Timestamp,
}

impl Store {
    /// Files around `path`, which is to hold the bars. `source`: who is asked for them; `day`: the date there.
    pub(super) fn new(path: &Path, source: &str, day: Timestamp) -> Store {
        Store { path: path.to_owned(), parts: hidden(path, "parts"), source: source.to_owned(), day }
    }

    /// What is recorded of a request. A split restates the whole past, so months that were restated on different days
    /// do not fit together.
    fn request(&self, request: &BarsRequest) -> Value {
        let is_raw = request.adjustment == Adjustment::Raw;
        let restated_on = if is_raw { None } else { Some(self.day.utc_date().to_string()) };
        json!({
            "source": self.source,
            "symbol": request.symbol,
            "timeframe": request.timeframe.name(),
            "feed": request.feed.name(),
            "adjustment": request.adjustment.name(),
            "restated_on": restated_on,
            "start": request.start.to_string(),
            "end": request.end.to_string(),
        })
    }

    /// The part that an earlier fetch of the same request has left; `None` without a whole one.
    pub(super) fn kept(&self, request: &BarsRequest) -> Result<Option<Part>, FetchError> {
        let (bars_path, record_path) = self.part_paths(request.start);
        let Ok(text) = fs::read(&record_path) else { return Ok(None) };
        let record: Value = serde_json::from_slice(&text).unwrap_or_default();
        let (rows, outside) = (record["rows"].as_u64(), record["outside"].as_u64());
        let (Some(rows), Some(outside)) = (rows, outside.and_then(|outside| usize::try_from(outside).ok())) else {
            return Ok(None);
        };
        if record["request"] != self.request(request) {
            return Ok(None);
        }
        if rows == 0 {
            return Ok(Some(Part { bars: Vec::new(), outside }));
        }
        match sha256_of_file(&bars_path) {
            Ok(sha256) if record["sha256"] == sha256.as_str() => {
                Ok(Some(Part { bars: load_bars(&bars_path, request.timeframe)?, outside }))
            }
            // What is not whole is fetched again.
            _ => Ok(None),
        }
    }

    /// Keeps a part; its record comes last.
    pub(super) fn keep(&self, request: &BarsRequest, part: &Part) -> Result<(), FetchError> {
        let (bars_path, record_path) = self.part_paths(request.start);
        fs::create_dir_all(&self.parts).map_err(|source| FetchError::Write { path: self.parts.clone(), source })?;
        let sha256 = if part.bars.is_empty() { None } else { Some(written(&bars_path, request, &part.bars)?) };
        let record = json!({
            "request": self.request(request),
            "rows": part.bars.len(),
            "outside": part.outside,
            "sha256": sha256,
        });
        write_whole(&record_path, &record)
    }

    /// Writes the bars and their provenance, and takes the parts away. Gives the hash of the file.
    pub(super) fn finish(&self, request: &BarsRequest, bars: &[Bar], fetched: &Fetched) -> Result<String, FetchError> {
        let unchecked = hidden(&self.path, "unchecked.parquet");
        let sha256 = written(&unchecked, request, bars)?;
        let provenance = json!({
            "program": concat!("alphaflow ", env!("CARGO_PKG_VERSION")),
            "file": self.path.file_name().map(|name| name.to_string_lossy()),
            "sha256": sha256,
            "rows": fetched.rows,
            "first": fetched.first,
            "last": fetched.last,
            "outside": fetched.outside,
            "request": self.request(request),
        });
        File::open(&unchecked).and_then(|file| file.sync_all()).map_err(|source| self.failed(source))?;
        // The provenance first: bars without one would look like those of nobody.
        write_whole(&self.path.with_extension("provenance.json"), &provenance)?;
        fs::rename(&unchecked, &self.path).map_err(|source| self.failed(source))?;
        self.discard()?;
        Ok(sha256)
    }

    /// Takes the parts away.
    pub(super) fn discard(&self) -> Result<(), FetchError> {
        fs::remove_dir_all(&self.parts).map_err(|source| FetchError::Write { path: self.parts.clone(), source })
    }

    fn part_paths(&self, start: Timestamp) -> (PathBuf, PathBuf) {
        let date = start.utc_date();
        (self.parts.join(format!("{date}.parquet")), self.parts.join(format!("{date}.json")))
    }

    fn failed(&self, source: std::io::Error) -> FetchError {
        FetchError::Write { path: self.path.clone(), source }
    }
}

/// `.AAPL_1d.parts` beside `AAPL_1d.parquet`.
fn hidden(path: &Path, ending: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{stem}.{ending}"))
}

/// Writes bars, reads them back and compares; gives the hash of the file.
fn written(path: &Path, request: &BarsRequest, bars: &[Bar]) -> Result<String, FetchError> {
    write_parquet(path, request.timeframe, bars)?;
    let back = load_bars(path, request.timeframe)?;
    if back != bars {
        let lost = back.iter().zip(bars).position(|(back, bar)| back != bar).unwrap_or(back.len());
        // The first error is the one to report; a leftover that cannot be removed is not worse.
        let _ = fs::remove_file(path);
        return Err(FetchError::Lost { path: path.to_owned(), row: lost + 1 });
    }
    Ok(sha256_of_file(path)?)
}

fn write_whole(path: &Path, value: &Value) -> Result<(), FetchError> {
    let partial = hidden(path, "partial");
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(format!("{value:#}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| FetchError::Write { path: path.to_owned(), source })
}
