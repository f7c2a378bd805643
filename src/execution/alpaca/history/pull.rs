//! A fetch of one share: its parts one after another, joined into one file.
//!
//! Not here: one call (client), files (store).
use std::collections::BTreeSet;
use std::path::Path;

use super::client::HistoryClient;
use super::error::FetchError;
use super::page;
use super::parts::{ended_by, midnight, months};
use super::request::BarsRequest;
use super::store::{Part, Store};
use crate::domain::{Bar, Timestamp};
use crate::market::new_york_date;

/// What a fetch has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Bars in the file.
    pub rows: usize,
    /// The first bar's stamp, as files print it.
    pub first: String,
    /// The last bar's.
    pub last: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Parts that an earlier, unfinished fetch had left.
    pub parts_kept: usize,
    /// Bars that the venue sent outside the span that was asked for; they are left out.
    pub outside: usize,
}

/// Fetches what of `request` has ended into `path`. `on_parts` hears how many parts are done, and of how many.
///
/// Parts lie beside the file until it is whole; a fetch of the same request finds them.
pub async fn fetch_bars(
    client: &HistoryClient,
    request: &BarsRequest,
    path: &Path,
    on_parts: &mut dyn FnMut(usize, usize),
) -> Result<Fetched, FetchError> {
    let now = client.venue_time().await?;
    let until = request.end.min(ended_by(now, request.timeframe, client.day_end()));
    if until < request.start {
        let (start, end) = (request.start.to_string(), until.to_string());
        return Err(FetchError::NothingEnded { about: request.symbol.to_string(), start, end });
    }
    let store = Store::new(path, client.source(), new_york_date(now));
    let months = months(request.start, until);
    let (mut bars, mut parts_kept, mut outside) = (Vec::<Bar>::new(), 0, 0);
    on_parts(0, months.len());
    for (done, (start, end)) in months.iter().enumerate() {
        let request = BarsRequest { start: *start, end: *end, ..*request };
        let part = match store.kept(&request)? {
            Some(part) => {
                parts_kept += 1;
                part
            }
            None => {
                let part = pull(client, &request).await?;
                store.keep(&request, &part)?;
                part
            }
        };
        outside += part.outside;
        bars.extend(part.bars);
        on_parts(done + 1, months.len());
    }
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        store.discard()?;
        return Err(FetchError::NoBars {
            about: request.symbol.to_string(),
            source_name: client.source().to_owned(),
            start: request.start.to_string(),
            end: until.to_string(),
        });
    };
    let (first, last) = (first.time.text(request.timeframe), last.time.text(request.timeframe));
    let fetched = Fetched { rows: bars.len(), first, last, sha256: String::new(), parts_kept, outside };
    let sha256 = store.finish(&BarsRequest { end: until, ..*request }, &bars, &fetched)?;
    Ok(Fetched { sha256, ..fetched })
}

/// All bars of `request`, those included that have not ended; nothing is written.
pub async fn read_bars(client: &HistoryClient, request: &BarsRequest) -> Result<Vec<Bar>, FetchError> {
    Ok(pull(client, request).await?.bars)
}

/// All pages of one part.
async fn pull(client: &HistoryClient, request: &BarsRequest) -> Result<Part, FetchError> {
    let mut part = Part { bars: Vec::new(), outside: 0 };
    let (mut token, mut seen) = (None::<String>, BTreeSet::new());
    loop {
        let body = client.get(request.symbol.as_str(), &request.path(token.as_deref())).await?;
        let unusable = |what: String| client.unusable(request.symbol.as_str(), what);
        let page = page::read(&body, request.symbol).map_err(unusable)?;
        for bar in page.bars {
            append(&mut part, bar, request).map_err(unusable)?;
        }
        let Some(next) = page.next else { return Ok(part) };
        // Pages that lead in a circle would never end.
        if !seen.insert(next.clone()) {
            return Err(unusable(format!("the page token {next} comes a second time")));
        }
        token = Some(next);
    }
}

/// Adds a bar that came next. The same bar again is left out; another order or another value is an error.
fn append(part: &mut Part, bar: Bar, request: &BarsRequest) -> Result<(), String> {
    if bar.time < request.start || bar.time > request.end {
        part.outside += 1;
        return Ok(());
    }
    let bar = if request.timeframe.is_daily() { dated(bar)? } else { bar };
    match part.bars.last() {
        Some(last) if bar.time == last.time && bar == *last => Ok(()),
        Some(last) if bar.time == last.time => Err(format!("two different bars are stamped {}", bar.time)),
        Some(last) if bar.time < last.time => Err(format!("a bar of {} comes after one of {}", bar.time, last.time)),
        _ => {
            part.bars.push(bar);
            Ok(())
        }
    }
}

/// A daily bar, which comes stamped midnight New York, under the date of its session.
fn dated(bar: Bar) -> Result<Bar, String> {
    let date: Timestamp = new_york_date(bar.time);
    if midnight(date.utc_date()) != bar.time {
        return Err(format!("a daily bar is stamped {}, which is not midnight in New York", bar.time));
    }
    Ok(Bar { time: date, ..bar })
}
