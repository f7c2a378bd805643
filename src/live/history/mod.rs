//! What a journal says was traded: round trips, fills, orders, and what people were told.
//!
//! Not here: whether the journal holds (journal::verify), printing (cli).
//! Fills are not written down twice: they follow from the desk's entries by the code that told the engine of them, so
//! what stands here is what the session knew. Their times are those of the rows, by the venue's clock.
mod analytics;
mod bodies;
mod book;
mod orders;
mod trades;

pub use analytics::{Group, GroupBy, group};
pub use orders::OrderLine;
pub use trades::{FillLine, Trade, average};

use std::collections::{BTreeMap, BTreeSet};

use bodies::{InputSeen, SessionBody};
use book::Book;

use super::event::SessionEvent;
use super::journal::{JournalError, JournalReader, RawRow, RowKind};
use crate::domain::Timestamp;
use crate::execution::alpaca::Entry;

/// What was traded, in the order of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// Round trips in the order they ended, then those that are open.
    pub trades: Vec<Trade>,
    /// Executions.
    pub fills: Vec<FillLine>,
    /// Orders and their legs.
    pub orders: Vec<OrderLine>,
    /// What people were told, sign-ins at the dashboard included; `row` is the number of its row.
    pub events: Vec<SessionEvent>,
}

/// Which of it is wanted; everything without a condition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Of this scenario.
    pub strategy: Option<String>,
    /// Of this share.
    pub symbol: Option<String>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Trades, fills and orders of this account.
    pub account: Option<Account>,
}

/// An account that sessions traded on: the moment a process began it as a new one, by the clock on the wall; none of those
/// that were there before, which are one. An exchange inside the program is a new account each time.
pub type Account = Option<Timestamp>;

impl Filter {
    /// Does something of this scenario, share and moment pass?
    fn admits(&self, strategy: Option<&str>, symbol: Option<&str>, time: Timestamp) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| found == Some(wanted.as_str()))
        };
        is(&self.strategy, strategy)
            && is(&self.symbol, symbol)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
    }
}

/// What is read of a journal: what is not asked for costs little.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kinds {
    /// Trades, fills and orders.
    Books,
    /// What people were told.
    Events,
}

impl Kinds {
    fn rows(self) -> &'static [RowKind] {
        match self {
            Kinds::Books => &[RowKind::Session, RowKind::Input, RowKind::Desk],
            Kinds::Events => &[RowKind::Event, RowKind::Login],
        }
    }
}

/// What a journal can be asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Scenarios that had a session.
    pub strategies: BTreeSet<String>,
    /// Shares that they may trade.
    pub symbols: BTreeSet<String>,
    /// Accounts that they traded on.
    pub accounts: BTreeSet<Account>,
    /// The one of the session that began last or went on last.
    pub account: Option<Account>,
}

impl Known {
    /// Reads the sessions of a journal.
    ///
    /// Errors: a row that is no row of a session, with its number.
    pub fn read(journal: &JournalReader) -> Result<Known, JournalError> {
        let mut known = Known::default();
        let mut of: BTreeMap<String, Account> = BTreeMap::new();
        journal.read_of(&[RowKind::Session], None, |row| {
            known.take(&row, &mut of).map_err(|what| JournalError::Row { row: row.number, what })
        })?;
        Ok(known)
    }

    /// `of`: the account of the last session of each scenario.
    fn take(&mut self, row: &RawRow<'_>, of: &mut BTreeMap<String, Account>) -> Result<(), String> {
        let name = row.strategy.ok_or(NO_NAME)?;
        match bodies::read(row)? {
            SessionBody::Began { scenario, account_since } => {
                let book = Book::begin(name, &scenario)?;
                self.strategies.insert(book.strategy().to_owned());
                self.symbols.extend(book.symbols().iter().map(ToString::to_string));
                self.accounts.insert(account_since);
                self.account = Some(account_since);
                of.insert(name.to_owned(), account_since);
            }
            SessionBody::WentOn => self.account = of.get(name).copied().or(self.account),
            SessionBody::Other => {}
        }
        Ok(())
    }
}

impl History {
    /// Reads what `filter` admits. Books are played from their beginning, since what a fill means follows from what was
    /// before; of a journal with several scenarios only the rows of the wanted one are read.
    ///
    /// Errors: a row that is no row of a session, with its number.
    pub fn read(journal: &JournalReader, kinds: Kinds, filter: &Filter) -> Result<History, JournalError> {
        let mut books = Books { account: filter.account, ..Books::default() };
        let mut history = History::default();
        journal.read_of(kinds.rows(), filter.strategy.as_deref(), |row| {
            let taken = match row.kind {
                RowKind::Session => books.session(&row),
                RowKind::Input => books.input(&row),
                RowKind::Desk => books.desk(&row),
                RowKind::Event | RowKind::Login => event(&row).map(|event| history.events.push(event)),
                RowKind::Command | RowKind::Delivery | RowKind::Setting => Ok(()),
            };
            taken.map_err(|what| JournalError::Row { row: row.number, what })
        })?;
        let mut open = Vec::new();
        for book in books.ended.into_iter().chain(books.open.into_values().flatten()) {
            let played = book.finish();
            history.trades.extend(played.closed);
            open.extend(played.open);
            history.fills.extend(played.fills);
            history.orders.extend(played.orders);
        }
        history.trades.sort_by_key(|trade| trade.exit_row);
        history.trades.extend(open);
        history.fills.sort_by_key(|fill| fill.row);
        history.orders.sort_by_key(|order| (order.row, order.order));
        Ok(history.only(filter))
    }

    /// What passes `filter`. A round trip counts at its exit, an open one at its entry.
    fn only(mut self, filter: &Filter) -> History {
        let admits = |strategy: &str, symbol: &str, time| filter.admits(Some(strategy), Some(symbol), time);
        self.trades.retain(|trade| admits(&trade.strategy, &trade.symbol, trade.exit_time.unwrap_or(trade.entry_time)));
        self.fills.retain(|fill| admits(&fill.strategy, &fill.symbol, fill.time));
        self.orders.retain(|order| admits(&order.strategy, &order.symbol, order.time));
        self.events.retain(|event| filter.admits(event.strategy.as_deref(), event.symbol.as_deref(), event.time));
        self
    }
}

const NO_NAME: &str = "it names no scenario";

/// The books of a journal while it is read.
#[derive(Default)]
struct Books {
    /// The account whose books are wanted; none: all.
    account: Option<Account>,
    /// Those that are gone on with, by scenario; none where it is of another account.
    open: BTreeMap<String, Option<Book>>,
    /// Those that a new one of the same scenario has ended.
    ended: Vec<Book>,
}

impl Books {
    fn session(&mut self, row: &RawRow<'_>) -> Result<(), String> {
        let SessionBody::Began { scenario, account_since } = bodies::read(row)? else { return Ok(()) };
        let name = row.strategy.ok_or(NO_NAME)?;
        let is_wanted = self.account.is_none_or(|account| account == account_since);
        let book = is_wanted.then(|| Book::begin(name, &scenario)).transpose()?;
        self.ended.extend(self.open.insert(name.to_owned(), book).flatten());
        Ok(())
    }

    fn input(&mut self, row: &RawRow<'_>) -> Result<(), String> {
        let Some(book) = self.book(row)? else { return Ok(()) };
        match bodies::input(row)? {
            InputSeen::Answers { count } => book.answers(row.number, row.time, count)?,
            InputSeen::Dividend { symbol, amount } => book.dividend(row.time, symbol, amount),
            InputSeen::Other => {}
        }
        Ok(())
    }

    fn desk(&mut self, row: &RawRow<'_>) -> Result<(), String> {
        let Some(book) = self.book(row)? else { return Ok(()) };
        let entry: Entry = bodies::read(row)?;
        book.entry(row.number, row.time, &entry);
        Ok(())
    }

    /// The book that a row belongs to; none where it is of an account that is not wanted.
    fn book(&mut self, row: &RawRow<'_>) -> Result<Option<&mut Book>, String> {
        let name = row.strategy.ok_or(NO_NAME)?;
        let book = self.open.get_mut(name);
        let book = book.ok_or_else(|| format!("no session has begun with scenario `{name}` before it"))?;
        Ok(book.as_mut())
    }
}

fn event(row: &RawRow<'_>) -> Result<SessionEvent, String> {
    let event: SessionEvent = bodies::read(row)?;
    Ok(SessionEvent { row: row.number, ..event })
}
