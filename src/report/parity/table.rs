//! The rows of one CSV file of a session, as text, checked column by column at the door.
//!
//! Not here: which files there are (side), comparing them (compare). Invariants: (1) every row has every column;
//! (2) what a column holds reads as its kind, so later reading cannot fail.
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use crate::domain::{Money, Price, Quantity, Timestamp};
use crate::scenario::Diagnostic;

/// Most dollars of one cell: the sum over every row of the longest file stays in range.
const DOLLARS_MAX: Money = Money::from_units(1_000_000_000_000 * Money::UNITS_PER_USD);

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// Text that is there.
    Name,
    /// A bar's stamp.
    Time,
    /// Shares.
    Shares,
    /// Dollars a share.
    Price,
    /// Dollars.
    Dollars,
    /// A number that is only shown; may be empty.
    Number,
}

/// Rows of one file. All cells stand one after the other in one text, so a million rows are two allocations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Table {
    columns: &'static [&'static str],
    text: String,
    ends: Vec<usize>,
}

impl Table {
    /// Reads `bytes`, which came from `path` and must have these `columns` of these `kinds`.
    ///
    /// Errors: the first row that is damaged, with its line.
    pub(super) fn read(
        path: &Path,
        bytes: &[u8],
        columns: &'static [&'static str],
        kinds: &[Kind],
    ) -> Result<Table, Box<Diagnostic>> {
        assert_eq!(columns.len(), kinds.len(), "every column has its kind");
        let fail = |line: u64, what: String| {
            let rule = "bring the file back as the run wrote it, or run again";
            let origin = format!("{}:{line}", path.display());
            Box::new(Diagnostic::new(origin, what).note(rule))
        };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut table = Table { columns, text: String::with_capacity(bytes.len()), ends: Vec::new() };
        let mut record = csv::StringRecord::new();
        let mut is_head = true;
        loop {
            let line = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => return Err(fail(line, format!("damaged: {error}"))),
            }
            let line = record.position().map_or(line, csv::Position::line);
            if is_head {
                is_head = false;
                if !record.iter().eq(columns.iter().copied()) {
                    let found = record.iter().collect::<Vec<_>>().join(",");
                    return Err(fail(line, format!("the columns are {found}, expected {}", columns.join(","))));
                }
                continue;
            }
            if record.len() != columns.len() {
                let found = record.len();
                return Err(fail(line, format!("{found} values, expected are {}", columns.len())));
            }
            for ((cell, column), kind) in record.iter().zip(columns).zip(kinds) {
                check(cell, *kind)
                    .map_err(|wanted| fail(line, format!("{column} is `{cell}`, which is no {wanted}")))?;
                table.text.push_str(cell);
                table.ends.push(table.text.len());
            }
        }
        if is_head {
            return Err(fail(1, format!("empty, expected are the columns {}", columns.join(","))));
        }
        Ok(table)
    }

    /// The same rows with other names under `columns`, where `renames` has one.
    pub(super) fn renamed(&self, columns: &[&str], renames: &BTreeMap<String, String>) -> Table {
        let mut table = Table { columns: self.columns, text: String::with_capacity(self.text.len()), ends: Vec::new() };
        for row in 0..self.len() {
            for (column, name) in self.columns.iter().enumerate() {
                let cell = self.cell(row, column);
                let new = columns.contains(name).then(|| renames.get(cell)).flatten();
                table.text.push_str(new.map_or(cell, String::as_str));
                table.ends.push(table.text.len());
            }
        }
        table
    }

    /// Rows without the head.
    pub(super) fn len(&self) -> usize {
        self.ends.len() / self.columns.len()
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        self.columns
    }

    /// The text in row `row`, column number `column`.
    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        let at = row * self.columns.len() + column;
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[from..self.ends[at]]
    }

    /// The text of row `row` under `column`, which must be one of the file's.
    pub(super) fn get(&self, row: usize, column: &str) -> &str {
        let place = self.columns.iter().position(|name| *name == column);
        self.cell(row, place.expect("a column of this file"))
    }

    /// The moment under `column`.
    pub(super) fn time(&self, row: usize, column: &str) -> Timestamp {
        read(self.get(row, column))
    }

    /// The dollars under `column`.
    pub(super) fn dollars(&self, row: usize, column: &str) -> Money {
        read(self.get(row, column))
    }

    /// The dollars a share under `column`.
    pub(super) fn price(&self, row: usize, column: &str) -> Price {
        read(self.get(row, column))
    }

    /// The shares under `column`.
    pub(super) fn shares(&self, row: usize, column: &str) -> Quantity {
        read(self.get(row, column))
    }
}

/// What was checked at the door.
fn read<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| unreachable!("`{text}` was checked when its file was read"))
}

/// Errors: what it should be.
fn check(text: &str, kind: Kind) -> Result<(), &'static str> {
    let holds = |good: bool, wanted: &'static str| if good { Ok(()) } else { Err(wanted) };
    match kind {
        Kind::Text => Ok(()),
        Kind::Name => holds(!text.is_empty(), "name"),
        Kind::Time => holds(text.parse::<Timestamp>().is_ok(), "time"),
        Kind::Shares => holds(text.parse::<Quantity>().is_ok(), "number of shares"),
        Kind::Price => holds(text.parse::<Price>().is_ok(), "price"),
        Kind::Dollars => {
            let fits = |dollars: Money| dollars.abs() <= DOLLARS_MAX;
            holds(text.parse::<Money>().is_ok_and(fits), "amount in dollars up to a trillion")
        }
        Kind::Number => holds(text.is_empty() || text.parse::<f64>().is_ok_and(f64::is_finite), "number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["order", "time", "price"];
    const KINDS: [Kind; 3] = [Kind::Name, Kind::Time, Kind::Price];

    fn table(text: &str) -> Result<Table, String> {
        Table::read(Path::new("run/fills.csv"), text.as_bytes(), &COLUMNS, &KINDS).map_err(|error| error.to_string())
    }

    #[test]
    fn cells_read_back_quotes_and_all() {
        let table = table("order,time,price\n\"a, b\",2013-10-07,1.5\n7,2013-10-07T13:30:00Z,0\n").expect("table");
        assert_eq!((table.len(), table.cell(0, 0), table.get(1, "order")), (2, "a, b", "7"));
        assert_eq!(table.price(0, "price").to_string(), "1.5");
        assert_eq!(table.time(1, "time").to_string(), "2013-10-07T13:30:00Z");
    }

    #[test]
    fn every_damage_names_file_line_and_value() {
        for (text, wanted) in [
            ("", "error run/fills.csv:1: empty, expected are the columns order,time,price"),
            ("order,time\n1,2013-10-07\n", "error run/fills.csv:1: the columns are order,time, expected order,time,pr"),
            ("order,time,price\n1,2013-10-07,1\n2,2013-10-08\n", "error run/fills.csv:3: 2 values, expected are 3"),
            ("order,time,price\n,2013-10-07,1\n", "error run/fills.csv:2: order is ``, which is no name"),
            ("order,time,price\n1,2013-13-07,1\n", "error run/fills.csv:2: time is `2013-13-07`, which is no time"),
            ("order,time,price\n1,2013-10-07,1e\n", "error run/fills.csv:2: price is `1e`, which is no price"),
        ] {
            let error = table(text).expect_err(text);
            assert!(error.starts_with(wanted), "{error}");
            assert!(error.ends_with("bring the file back as the run wrote it, or run again"), "{error}");
        }
        let bytes = b"order,time,price\n1,2013-10-07,1\n\xff,2013-10-08,1\n";
        let error = Table::read(Path::new("fills.csv"), bytes, &COLUMNS, &KINDS).expect_err("no text");
        assert!(error.to_string().starts_with("error fills.csv:3: damaged: "), "{error}");
    }
}
