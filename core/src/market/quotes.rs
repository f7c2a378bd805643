//! Bid and ask by bar, out of a CSV file.
//!
//! Not here: who pays the spread (venue), a bar without a quote (scenario).
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::csv_row::{exact_time, split_fields};
use super::error::{DataError, Fault, Place};
use super::file;
use super::number::{NumberKind, parse_any};
use super::series::in_order;
use crate::domain::{Price, Timeframe, Timestamp};

/// The header that the file needs; order and case do not matter, other columns are ignored.
const WANTED: &str = "timestamp,bid_open,ask_open,bid_close,ask_close";
const COLUMNS: [&str; 5] = ["timestamp", "bid_open", "ask_open", "bid_close", "ask_close"];

/// Best bid and ask at both ends of a bar. A bid is above 0 and never above its ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuoteBar {
    /// The bar's open time.
    pub time: Timestamp,
    /// Ask less bid at the open, dollars a share.
    pub open_spread: Price,
    /// Ask less bid at the close.
    pub close_spread: Price,
}

/// Every quote of a file with the columns `timestamp,bid_open,ask_open,bid_close,ask_close` (and more, such
/// as highs, lows and sizes), in order of time.
///
/// Errors: [`DataError`] with line, value and remedy.
pub fn read_quotes(path: &Path, timeframe: Timeframe) -> Result<Vec<QuoteBar>, DataError> {
    let mut lines = BufReader::new(file::open(path)?).lines();
    let mut quotes: Vec<QuoteBar> = Vec::new();
    let mut columns = None;
    let mut line_number = 0u64;
    while let Some(line) =
        lines.next().transpose().map_err(|source| DataError::Read { path: path.to_owned(), source })?
    {
        line_number += 1;
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.trim().is_empty() {
            continue;
        }
        let malformed = |fault| DataError::Malformed { path: path.to_owned(), place: Place::Line(line_number), fault };
        let Some(columns) = &columns else {
            columns = Some(header(path, line)?);
            continue;
        };
        let quote = quote(line, columns, timeframe).map_err(malformed)?;
        if let Some(last) = quotes.last() {
            in_order(last.time, quote.time, timeframe).map_err(malformed)?;
        }
        quotes.push(quote);
    }
    match columns {
        None => Err(DataError::Empty { path: path.to_owned(), wanted: WANTED }),
        Some(_) if quotes.is_empty() => Err(DataError::NoRows { path: path.to_owned() }),
        Some(_) => Ok(quotes),
    }
}

/// Where each of [`COLUMNS`] stands, and how many columns there are.
fn header(path: &Path, header: &str) -> Result<([usize; 5], usize), DataError> {
    let quote = |fault| DataError::Malformed { path: path.to_owned(), place: Place::Line(1), fault };
    let names = split_fields(header).ok_or_else(|| quote(Fault::Quote))?;
    let place = |column: &str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(column));
    let missing: Vec<String> =
        COLUMNS.iter().filter(|column| place(column).is_none()).map(|&column| column.to_owned()).collect();
    if !missing.is_empty() {
        let found = names.iter().map(|name| name.trim().to_owned()).collect();
        return Err(DataError::Header { path: path.to_owned(), missing, found, wanted: WANTED });
    }
    Ok((COLUMNS.map(|column| place(column).unwrap_or_default()), names.len()))
}

fn quote(line: &str, (places, wanted): &([usize; 5], usize), timeframe: Timeframe) -> Result<QuoteBar, Fault> {
    let fields = split_fields(line).ok_or(Fault::Quote)?;
    if fields.len() != *wanted {
        return Err(Fault::FieldCount { found: fields.len(), wanted: *wanted });
    }
    let texts = places.map(|place| fields[place].trim());
    let time = Timestamp::from_ns(exact_time(texts[0], timeframe)?);
    let price = |at: usize| match parse_any(texts[at], COLUMNS[at], NumberKind::Price)? {
        0 => Err(Fault::NotPositive { column: COLUMNS[at], value: texts[at].to_owned() }),
        units => Ok(units),
    };
    let spread = |bid: usize, ask: usize| {
        let (bid_units, ask_units) = (price(bid)?, price(ask)?);
        Price::from_units(ask_units - bid_units).ok_or_else(|| Fault::CrossedQuote {
            columns: (COLUMNS[bid], COLUMNS[ask]),
            bid: texts[bid].to_owned(),
            ask: texts[ask].to_owned(),
        })
    };
    Ok(QuoteBar { time, open_spread: spread(1, 2)?, close_spread: spread(3, 4)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<QuoteBar>, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("quotes.csv");
        std::fs::write(&path, text).expect("write");
        read_quotes(&path, Timeframe::Minute1).map_err(|error| {
            let message = error.to_string();
            message.rsplit_once("quotes.csv").map_or(message.clone(), |(_, rest)| rest.to_owned())
        })
    }

    /// The columns of LEAN's quote bars.
    const LEAN: &str =
        "timestamp,bid_open,bid_high,bid_low,bid_close,bid_size,ask_open,ask_high,ask_low,ask_close,ask_size";

    #[test]
    fn columns_go_by_their_names() {
        let rows = "2013-10-04T13:30:00Z,167.75,167.82,167.67,167.76,5200,167.77,167.83,167.68,167.77,2500\r\n\n\
                    2013-10-04T13:31:00Z,167.76,167.82,167.72,167.75,9200,167.77,167.83,167.73,167.75,10000\n";
        let quotes = read(&format!("\u{feff}{LEAN}\n{rows}")).expect("good");
        let text: Vec<String> =
            quotes.iter().map(|quote| format!("{} {} {}", quote.time, quote.open_spread, quote.close_spread)).collect();
        assert_eq!(text, ["2013-10-04T13:30:00Z 0.02 0.01", "2013-10-04T13:31:00Z 0.01 0"]);
        let other =
            read("ASK_CLOSE,bid_close,ask_open,bid_open,Timestamp\n2,1,4,2,2013-10-04T13:30:00Z").expect("good");
        assert_eq!((other[0].open_spread.to_string(), other[0].close_spread.to_string()), ("2".into(), "1".into()));
    }

    #[test]
    fn each_refusal_names_line_value_and_remedy() {
        let good = "2013-10-04T13:31:00Z,10,11,10,11";
        let refusal = |row: &str| read(&format!("{WANTED}\n{good}\n{row}\n")).expect_err(row);
        assert_eq!(
            refusal("2013-10-04T13:32:00Z,10.02,10.01,10,11"),
            ":3: bid_open `10.02` is above ask_open `10.01`; mend the row or remove it"
        );
        assert!(refusal("2013-10-04T13:32:00Z,10,11,11.5,11").starts_with(":3: bid_close `11.5` is above ask_close"));
        assert!(refusal("2013-10-04T13:32:00Z,0,11,10,11").starts_with(":3: bid_open `0` is zero"));
        assert!(refusal("2013-10-04T13:32:00Z,10,-11,10,11").starts_with(":3: ask_open `-11` is negative"));
        assert!(refusal("2013-10-04T13:32:00Z,10,NaN,10,11").starts_with(":3: ask_open `NaN` is not finite"));
        assert!(refusal("2013-10-04T13:32:00Z,10,,10,11").starts_with(":3: ask_open is empty"));
        assert!(refusal("2013-10-04T13:32:00Z,10,11,10").contains("4 fields, but the header has 5"));
        assert!(refusal(good).starts_with(":3: duplicate timestamp 2013-10-04T13:31:00Z"));
        assert!(refusal("2013-10-04T13:30:00Z,10,11,10,11").starts_with(":3: bars must be in time order"));
        assert!(refusal("2013-10-04,10,11,10,11").contains("`2013-10-04` is a date, but 1m bars need a time of day"));
        assert!(read("").expect_err("empty").contains("the file is empty; it needs the header `timestamp,bid_open"));
        assert!(read(WANTED).expect_err("rows").contains("no rows"));
        assert!(read("timestamp,bid,ask\n").expect_err("header").contains("no column `bid_open`, `ask_open`"));
    }
}
