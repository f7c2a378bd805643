//! Splits, dividends, delistings and renames, out of a CSV file.
//!
//! Not here: what they do to prices (`adjust`) and positions (engine); a share through its names (`names`).
use std::fmt;
use std::path::Path;

use super::csv_row::{exact_time, split_fields};
use super::error::{DataError, Fault, Place};
use super::file;
use super::names::check_names;
use super::number::{NumberKind, parse_any};
use crate::domain::{Price, Ratio, Symbol, Timeframe, Timestamp};

/// The header that the file needs; order and case do not matter.
const WANTED: &str = "symbol,ex_date,kind,ratio_or_amount";
const COLUMNS: [&str; 4] = ["symbol", "ex_date", "kind", "ratio_or_amount"];

/// Something a company did to its shares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CorporateAction {
    /// The share.
    pub symbol: Symbol,
    /// The first day on which a buyer no longer gets it: midnight UTC of the date.
    pub ex_date: Timestamp,
    /// What was done.
    pub kind: ActionKind,
    /// Where it stands in its file.
    pub line: u64,
}

/// What was done, and how much of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActionKind {
    /// New shares for each old one: 7 in a 7-for-1 split, 0.05 in a 1-for-20 reverse split.
    Split {
        /// New shares per old share, above 0, to 1e-9.
        ratio: Ratio,
    },
    /// Cash for each share held at the close before the ex-date, in the shares of before any split of
    /// that day.
    Dividend {
        /// Dollars a share, above 0.
        amount: Price,
    },
    /// The share is listed no more: who held it at the close before is paid.
    Delisting {
        /// Dollars a share, 0 for a worthless one; the last close where the file does not say.
        amount: Option<Price>,
    },
    /// From the ex-date on the same share trades under another name.
    Rename {
        /// The new name.
        to: Symbol,
    },
}

impl ActionKind {
    /// The name used in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Split { .. } => "split",
            Self::Dividend { .. } => "dividend",
            Self::Delisting { .. } => "delisting",
            Self::Rename { .. } => "rename",
        }
    }

    /// The place among actions of one symbol and day.
    const fn order(&self) -> u8 {
        match self {
            Self::Split { .. } => 0,
            Self::Dividend { .. } => 1,
            Self::Rename { .. } => 2,
            Self::Delisting { .. } => 3,
        }
    }

    /// Does it make the price jump?
    pub const fn moves_price(&self) -> bool {
        matches!(self, Self::Split { .. } | Self::Dividend { .. })
    }
}

impl fmt::Display for CorporateAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.ex_date.text(Timeframe::Day1);
        match self.kind {
            ActionKind::Split { ratio } => write!(f, "{} split of {ratio} for 1 on {date}", self.symbol),
            ActionKind::Dividend { amount } => write!(f, "{} dividend of ${amount} on {date}", self.symbol),
            ActionKind::Delisting { amount: Some(amount) } => {
                write!(f, "{} delisting at ${amount} on {date}", self.symbol)
            }
            ActionKind::Delisting { amount: None } => {
                write!(f, "{} delisting at its last close on {date}", self.symbol)
            }
            ActionKind::Rename { to } => write!(f, "{} rename to {to} on {date}", self.symbol),
        }
    }
}

/// The actions of one symbol, in order of date.
pub fn actions_of(actions: &[CorporateAction], symbol: Symbol) -> Vec<CorporateAction> {
    actions.iter().filter(|action| action.symbol == symbol).copied().collect()
}

/// Every action of a file `symbol,ex_date,kind,ratio_or_amount`, by symbol, date and kind (splits
/// first). A file with a header and no rows is a company that did nothing. The value of a delisting is the
/// amount paid a share (empty: its last close), that of a rename the new name.
///
/// Errors: [`DataError`] with line, value and remedy; the same action twice, an action of a share that is gone
/// and renames that contradict each other among them.
pub fn read_corporate_actions(path: &Path) -> Result<Vec<CorporateAction>, DataError> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file::open(path)?, &mut text)
        .map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return Err(DataError::Empty { path: path.to_owned(), wanted: WANTED });
    };
    let columns = columns(path, header)?;
    let mut actions = Vec::new();
    for (index, line) in lines {
        let line_number = index as u64 + 1;
        actions.push(action(line, line_number, &columns).map_err(|fault| malformed(path, line_number, fault))?);
    }
    // The line breaks ties, so a duplicate is reported where it stands second.
    actions.sort_by_key(|action| (action.symbol, action.ex_date, action.kind.order(), action.line));
    check_pairs(&actions).and_then(|()| check_names(&actions)).map_err(|(line, fault)| malformed(path, line, fault))?;
    Ok(actions)
}

/// Actions of one symbol that cannot both be: the same one twice, or one of a share that is gone.
fn check_pairs(actions: &[CorporateAction]) -> Result<(), (u64, Fault)> {
    for pair in actions.windows(2) {
        let [first, second] = [pair[0], pair[1]];
        if first.symbol != second.symbol {
            continue;
        }
        if first.ex_date == second.ex_date && first.kind.order() == second.kind.order() {
            let (symbol, kind) = (second.symbol.to_string(), second.kind.name());
            let ex_date = second.ex_date.text(Timeframe::Day1);
            return Err((second.line, Fault::DuplicateAction { symbol, ex_date, kind }));
        }
        // On the day itself a delisting is sorted last.
        let (gone, other) = match (first.kind, second.kind) {
            (ActionKind::Delisting { .. }, _) => (first, second),
            (_, ActionKind::Delisting { .. }) if first.ex_date == second.ex_date => (second, first),
            _ => continue,
        };
        let CorporateAction { symbol, ex_date, kind, .. } = other;
        let fault = Fault::AfterDelisting { symbol, kind: kind.name(), ex_date, gone: gone.ex_date };
        return Err((other.line, fault));
    }
    Ok(())
}

fn malformed(path: &Path, line: u64, fault: Fault) -> DataError {
    DataError::Malformed { path: path.to_owned(), place: Place::Line(line), fault }
}

/// Where each of [`COLUMNS`] stands, and how many columns there are.
fn columns(path: &Path, header: &str) -> Result<([usize; 4], usize), DataError> {
    let names = split_fields(header).ok_or_else(|| malformed(path, 1, Fault::Quote))?;
    let place = |column: &str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(column));
    let missing: Vec<String> =
        COLUMNS.iter().filter(|column| place(column).is_none()).map(|&column| column.to_owned()).collect();
    if !missing.is_empty() {
        let found = names.iter().map(|name| name.trim().to_owned()).collect();
        return Err(DataError::Header { path: path.to_owned(), missing, found, wanted: WANTED });
    }
    Ok((COLUMNS.map(|column| place(column).unwrap_or_default()), names.len()))
}

fn action(line: &str, number: u64, (places, wanted): &([usize; 4], usize)) -> Result<CorporateAction, Fault> {
    let fields = split_fields(line).ok_or(Fault::Quote)?;
    if fields.len() != *wanted {
        return Err(Fault::FieldCount { found: fields.len(), wanted: *wanted });
    }
    let [symbol, ex_date, kind, value] = places.map(|place| fields[place].trim());
    let symbol = symbol.parse()?;
    let ex_date = Timestamp::from_ns(exact_time(ex_date, Timeframe::Day1)?);
    let units = |column| match parse_any(value, column, NumberKind::Price)? {
        0 => Err(Fault::NotPositive { column, value: value.to_owned() }),
        units => Ok(units),
    };
    let price = |units| Price::from_units(units).expect("parse_any holds a price to its range");
    let kind = match kind.to_ascii_lowercase().as_str() {
        "split" => ActionKind::Split { ratio: Ratio::from_units(units("split ratio")?) },
        "dividend" => ActionKind::Dividend { amount: price(units("dividend amount")?) },
        "delisting" if value.is_empty() => ActionKind::Delisting { amount: None },
        // Nothing is an amount here: a share can be worthless.
        "delisting" => {
            let amount = price(parse_any(value, "delisting amount", NumberKind::Price)?);
            ActionKind::Delisting { amount: Some(amount) }
        }
        "rename" => ActionKind::Rename { to: value.parse()? },
        _ => return Err(Fault::UnknownKind { value: kind.to_owned() }),
    };
    Ok(CorporateAction { symbol, ex_date, kind, line: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<CorporateAction>, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("actions.csv");
        std::fs::write(&path, text).expect("write");
        read_corporate_actions(&path).map_err(|error| {
            let message = error.to_string();
            message.rsplit_once("actions.csv").map_or(message.clone(), |(_, rest)| rest.to_owned())
        })
    }

    #[test]
    fn rows_are_read_and_sorted() {
        let text = "\u{feff}kind,Symbol,ratio_or_amount,ex_date\r\nsplit,AAPL,7,2014-06-09\r\n\r\n\
                    Dividend,AAPL,2.6499,2012-08-09\r\nsplit,AIG,0.05,2009-07-01\r\n";
        let actions = read(text).expect("good");
        let text: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let wanted = [
            "AAPL dividend of $2.6499 on 2012-08-09",
            "AAPL split of 7 for 1 on 2014-06-09",
            "AIG split of 0.05 for 1 on 2009-07-01",
        ];
        assert_eq!(text, wanted);
        assert_eq!(actions_of(&actions, "AIG".parse().expect("symbol")).len(), 1);
    }

    #[test]
    fn each_refusal_names_line_value_and_remedy() {
        let refusal = |row: &str| read(&format!("{WANTED}\nAAPL,2012-08-09,dividend,1\n{row}\n")).expect_err(row);
        assert!(
            refusal("AAPL,2014-06-09,merger,7").starts_with(":3: kind `merger` is not known; use split, dividend,")
        );
        assert!(refusal("AAPL,2014-06-09,split,0").starts_with(":3: split ratio `0` is zero"));
        assert!(refusal("AAPL,2014-06-09,split,-2").contains("split ratio `-2` is negative"));
        assert!(refusal("AAPL,2014-06-31,split,2").contains("impossible"));
        assert!(refusal("aapl,2014-06-09,split,2").contains("`aapl` is not a symbol"));
        assert!(refusal("AAPL,2014-06-09,split").contains("3 fields, but the header has 4"));
        assert!(refusal("AAPL,2012-08-09,dividend,2").starts_with(":3: duplicate dividend of AAPL on 2012-08-09"));
        let worthless =
            read(&format!("{WANTED}\nAAA,2020-01-13,delisting,0\nBBB,2020-01-13,delisting,\n")).expect("good");
        assert_eq!(worthless[0].to_string(), "AAA delisting at $0 on 2020-01-13");
        assert_eq!(worthless[1].to_string(), "BBB delisting at its last close on 2020-01-13");
        assert!(refusal("AAPL,2014-06-09,delisting,-1").contains("delisting amount `-1` is negative"));
        assert!(refusal("AAPL,2014-06-09,delisting,all").contains("delisting amount `all` is not a number"));
        assert!(refusal("AAPL,2014-06-09,rename,apple inc").contains("`apple inc` is not a symbol"));
        assert!(refusal("AAPL,2014-06-09,rename,").contains("`` is not a symbol"));
        let gone = "AAPL,2014-06-09,delisting,5\nAAPL,2014-06-10,split,2";
        assert!(refusal(gone).starts_with(":4: split of AAPL on 2014-06-10, but it was delisted on 2014-06-09; "));
        // What is paid on the day itself belongs to the amount, wherever the row stands.
        let both = "AAPL,2014-06-09,delisting,5\nAAPL,2014-06-09,dividend,1";
        assert!(refusal(both).starts_with(":4: dividend of AAPL on 2014-06-09, but it was delisted on 2014-06-09; "));
        let twice = "AAPL,2014-06-09,delisting,5\nAAPL,2015-06-09,delisting,5";
        assert!(refusal(twice).starts_with(":4: delisting of AAPL on 2015-06-09, but it was delisted on"));
        assert!(read("").expect_err("empty").contains("empty"));
        assert!(read("symbol,date,kind,ratio\n").expect_err("header").contains("no column `ex_date`"));
        assert_eq!(read(WANTED), Ok(vec![]));
    }
}
