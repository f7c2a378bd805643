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

use std::collections::BTreeMap;

use bodies::{InputBody, SessionBody};
use book::Book;

use super::event::SessionEvent;
use super::journal::{JournalError, JournalReader, Row, RowKind};
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
}

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

impl History {
    /// Reads the whole journal.
    ///
    /// Errors: a row that is no row of a session, with its number.
    pub fn read(journal: &JournalReader) -> Result<History, JournalError> {
        let mut books = Books::default();
        let mut history = History::default();
        journal.read(1, |number, row| {
            let error = |what: String| JournalError::Row { row: number, what };
            match row.kind {
                RowKind::Session => books.session(&row).map_err(error)?,
                RowKind::Input => books.input(number, &row).map_err(error)?,
                RowKind::Desk => books.desk(number, &row).map_err(error)?,
                RowKind::Event | RowKind::Login => history.events.push(event(number, row).map_err(error)?),
                RowKind::Command | RowKind::Delivery | RowKind::Setting => {}
            }
            Ok(())
        })?;
        let mut open = Vec::new();
        for book in books.ended.into_iter().chain(books.open.into_values()) {
            let played = book.play();
            history.trades.extend(played.closed);
            open.extend(played.open);
            history.fills.extend(played.fills);
            history.orders.extend(played.orders);
        }
        history.trades.sort_by_key(|trade| trade.exit_row);
        history.trades.extend(open);
        history.fills.sort_by_key(|fill| fill.row);
        history.orders.sort_by_key(|order| (order.row, order.order));
        Ok(history)
    }

    /// What passes `filter`. A round trip counts at its exit, an open one at its entry.
    pub fn only(mut self, filter: &Filter) -> History {
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
    /// Those that are gone on with, by scenario.
    open: BTreeMap<String, Book>,
    /// Those that a new one of the same scenario has ended.
    ended: Vec<Book>,
}

impl Books {
    fn session(&mut self, row: &Row) -> Result<(), String> {
        let SessionBody::Began { scenario } = bodies::read(row)? else { return Ok(()) };
        let name = row.strategy.as_deref().ok_or(NO_NAME)?;
        let book = Book::begin(name, &scenario)?;
        self.ended.extend(self.open.insert(name.to_owned(), book));
        Ok(())
    }

    fn input(&mut self, number: u64, row: &Row) -> Result<(), String> {
        match bodies::read(row)? {
            InputBody::Answers { count } => self.book(row)?.answers(number, row.time, count),
            InputBody::Dividend { symbol, amount } => self.book(row)?.dividend(number, row.time, symbol, amount),
            InputBody::Other => {}
        }
        Ok(())
    }

    fn desk(&mut self, number: u64, row: &Row) -> Result<(), String> {
        let entry: Entry = bodies::read(row)?;
        self.book(row)?.entry(number, row.time, entry);
        Ok(())
    }

    fn book(&mut self, row: &Row) -> Result<&mut Book, String> {
        let name = row.strategy.as_deref().ok_or(NO_NAME)?;
        self.open.get_mut(name).ok_or_else(|| format!("no session has begun with scenario `{name}` before it"))
    }
}

fn event(number: u64, row: Row) -> Result<SessionEvent, String> {
    let event: SessionEvent = bodies::read(&row)?;
    Ok(SessionEvent { row: number, ..event })
}
