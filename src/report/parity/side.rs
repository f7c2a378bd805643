//! One side of a comparison: the rows of what a session did, wherever they came from.
//!
//! Not here: comparing. Both makers read the same bytes the same way, a record in memory those that its files would
//! hold, so that "identical" means the very bytes of the files.
//! Invariants: (1) an order's id stands once; (2) every fill and refusal is of an order that is there; (3) equity rows
//! are in order of time, one a moment; (4) the values of all fills add up.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::table::{Kind, Table};
use crate::domain::{Money, Timestamp};
use crate::engine::Journal;
use crate::portfolio::CashReason;
use crate::scenario::{
    AccountRow, Diagnostic, EQUITY_COLUMNS, EQUITY_FILE, FILL_COLUMNS, FILLS_FILE, HaltSpan, LoadedScenario,
    MarketData, ORDER_COLUMNS, ORDERS_FILE, REFUSAL_COLUMNS, REFUSALS_FILE, SessionFiles,
};

/// The files that are compared, byte by byte.
pub(super) const FILES: [&str; 4] = [ORDERS_FILE, FILLS_FILE, REFUSALS_FILE, EQUITY_FILE];

const ORDER_KINDS: [Kind; 18] = [
    Kind::Name,
    Kind::Name,
    Kind::Text,
    Kind::Time,
    Kind::Name,
    Kind::Name,
    Kind::Shares,
    Kind::Shares,
    Kind::Name,
    Kind::Number,
    Kind::Number,
    Kind::Name,
    Kind::Name,
    Kind::Name,
    Kind::Text,
    Kind::Number,
    Kind::Number,
    Kind::Name,
];
const FILL_KINDS: [Kind; 7] =
    [Kind::Name, Kind::Time, Kind::Name, Kind::Name, Kind::Shares, Kind::Price, Kind::Dollars];
const REFUSAL_KINDS: [Kind; 5] = [Kind::Time, Kind::Name, Kind::Name, Kind::Text, Kind::Text];
const EQUITY_KINDS: [Kind; 6] = [Kind::Time, Kind::Dollars, Kind::Dollars, Kind::Dollars, Kind::Number, Kind::Number];

/// A change of cash without a fill, which the files do not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CashChange {
    /// The bar before whose open it happened.
    pub time: Timestamp,
    /// Dollars; negative is paid.
    pub amount: Money,
    /// Is it a dividend?
    pub is_dividend: bool,
}

/// What one session did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    pub(super) orders: Table,
    pub(super) fills: Table,
    pub(super) refusals: Table,
    pub(super) equity: Table,
    /// SHA-256 of [`FILES`], lower-case hexadecimal.
    pub(super) hashes: [String; 4],
    pub(super) halts: Option<Vec<HaltSpan>>,
    /// `None` where only files are known.
    pub(super) cash_changes: Option<Vec<CashChange>>,
    /// Row of each order by its id.
    pub(super) order_rows: BTreeMap<String, usize>,
}

impl Side {
    /// A session whose record is in memory. `rows`: the account at each step (`scenario::account_rows`).
    ///
    /// Errors: none that a whole record could cause.
    pub fn of_run(
        loaded: &LoadedScenario,
        market: &MarketData,
        journal: &Journal,
        rows: &[AccountRow],
    ) -> Result<Side, Box<Diagnostic>> {
        let name = &loaded.spec.scenario.name;
        let files = SessionFiles::of(loaded, market, journal, rows);
        let files =
            files.map_err(|error| Box::new(Diagnostic::new(name, format!("no memory for its rows: {error}"))))?;
        let change = |event: &crate::portfolio::CashEvent| CashChange {
            time: event.time,
            amount: event.amount,
            is_dividend: event.reason == CashReason::Dividend,
        };
        let changes = journal.cash_events.iter().map(change).collect();
        Side::of_files(Path::new(name), files, Some(changes))
    }

    /// A session whose run folder is on disk.
    ///
    /// Errors: a missing file; a damaged row, with its line; rows that do not belong together.
    pub fn of_folder(folder: &Path) -> Result<Side, Box<Diagnostic>> {
        Side::of_files(folder, SessionFiles::read(folder)?, None)
    }

    /// A session whose files are in memory. `folder`: what an error is about.
    ///
    /// Errors: as [`Side::of_folder`].
    pub fn of_files(
        folder: &Path,
        files: SessionFiles,
        cash_changes: Option<Vec<CashChange>>,
    ) -> Result<Side, Box<Diagnostic>> {
        let place = |name: &str| folder.join(name);
        let hash = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let hashes = [hash(&files.orders), hash(&files.fills), hash(&files.refusals), hash(&files.equity)];
        let orders = Table::read(&place(ORDERS_FILE), &files.orders, &ORDER_COLUMNS, &ORDER_KINDS)?;
        let mut order_rows = BTreeMap::new();
        for row in 0..orders.len() {
            if order_rows.insert(orders.get(row, "id").to_owned(), row).is_some() {
                let what = format!("order {} stands there twice", orders.get(row, "id"));
                return Err(damaged(place(ORDERS_FILE), row, what));
            }
        }
        let side = Side {
            fills: Table::read(&place(FILLS_FILE), &files.fills, &FILL_COLUMNS, &FILL_KINDS)?,
            refusals: Table::read(&place(REFUSALS_FILE), &files.refusals, &REFUSAL_COLUMNS, &REFUSAL_KINDS)?,
            equity: Table::read(&place(EQUITY_FILE), &files.equity, &EQUITY_COLUMNS, &EQUITY_KINDS)?,
            orders,
            hashes,
            halts: files.halts,
            cash_changes,
            order_rows,
        };
        side.check(place)?;
        Ok(side)
    }

    /// The invariants between rows.
    fn check(&self, place: impl Fn(&str) -> PathBuf) -> Result<(), Box<Diagnostic>> {
        for (name, table) in [(FILLS_FILE, &self.fills), (REFUSALS_FILE, &self.refusals)] {
            let orphan = (0..table.len()).find(|row| !self.order_rows.contains_key(table.get(*row, "order")));
            if let Some(row) = orphan {
                let what = format!("order {} is not in {ORDERS_FILE}", table.get(row, "order"));
                return Err(damaged(place(name), row, what));
            }
        }
        let mut traded = Money::ZERO;
        for row in 0..self.fills.len() {
            let value = self.fills.price(row, "price").notional(self.fills.shares(row, "qty")).abs();
            let sum = traded.checked_add(value);
            traded = sum.ok_or_else(|| damaged(place(FILLS_FILE), row, "more dollars than can be added".to_owned()))?;
        }
        let mut before = None;
        for row in 0..self.equity.len() {
            let now = self.equity.time(row, "timestamp");
            if before.is_some_and(|before| before >= now) {
                let what = format!("{} does not come after the row before", self.equity.cell(row, 0));
                return Err(damaged(place(EQUITY_FILE), row, what));
            }
            before = Some(now);
        }
        let halts = self.halts.iter().flatten();
        let times = halts.flat_map(|halt| [Some(&halt.from), halt.until.as_ref()]).flatten();
        match times.into_iter().find(|time| time.parse::<Timestamp>().is_err()) {
            Some(time) => {
                let what = format!("`{time}` under `halts` is no time");
                Err(Box::new(Diagnostic::of_file(&place("limits.json"), what).note("run again")))
            }
            None => Ok(()),
        }
    }

    /// The same session with other names for its orders; its hashes stay those of its files.
    pub(super) fn renamed(&self, renames: &BTreeMap<String, String>) -> Side {
        let orders = self.orders.renamed(&["id", "parent"], renames);
        let order_rows = (0..orders.len()).map(|row| (orders.get(row, "id").to_owned(), row)).collect();
        let side = Side {
            orders,
            order_rows,
            fills: self.fills.renamed(&["order"], renames),
            refusals: self.refusals.renamed(&["order"], renames),
            ..self.clone()
        };
        assert_eq!(side.order_rows.len(), side.orders.len(), "no two orders are given one name");
        side
    }

    /// The row of the order called `id`.
    pub(super) fn order(&self, id: &str) -> Option<usize> {
        self.order_rows.get(id).copied()
    }

    /// Σ of the fees.
    pub(super) fn fees(&self) -> Money {
        (0..self.fills.len()).map(|row| self.fills.dollars(row, "fee")).sum()
    }

    /// Equity and cash at the last step; `None` without a step.
    pub(super) fn last(&self) -> Option<(Money, Money)> {
        let row = self.equity.len().checked_sub(1)?;
        Some((self.equity.dollars(row, "equity"), self.equity.dollars(row, "cash")))
    }
}

/// A row, from 0, that reads but cannot be. A row is a line where no text holds a line break, as in ours.
fn damaged(path: PathBuf, row: usize, what: String) -> Box<Diagnostic> {
    let origin = format!("{}:{}", path.display(), row + 2);
    Box::new(Diagnostic::new(origin, what).note("bring the file back as the run wrote it, or run again"))
}
