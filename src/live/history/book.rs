//! One book: what the desk wrote of a scenario, and what follows from it.
//!
//! Not here: what follows from an entry (execution::alpaca), round trips as such (portfolio).
use std::path::Path;

use super::orders::Orders;
use super::trades::Trades;
use super::{FillLine, OrderLine, Trade};
use crate::domain::{ExecutionEvent, Price, Symbol, SymbolIndex, Timestamp};
use crate::execution::alpaca::{Entry, Heard};
use crate::scenario::{parse, venue_rules};

/// A scenario's book. It keeps what it lists; entries pass.
#[derive(Debug)]
pub(super) struct Book {
    strategy: String,
    symbols: Vec<Symbol>,
    heard: Heard,
    trades: Trades,
    orders: Orders,
}

/// What became of a book.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) closed: Vec<Trade>,
    pub(super) open: Vec<Trade>,
    pub(super) fills: Vec<FillLine>,
    pub(super) orders: Vec<OrderLine>,
}

impl Book {
    /// An empty one of the scenario `text`.
    pub(super) fn begin(name: &str, text: &str) -> Result<Book, String> {
        let loaded = parse(Path::new(name), text, &[])
            .map_err(|problems| format!("the scenario of a session cannot be read: {problems}"))?;
        let symbols = loaded.spec.data.symbols.clone();
        Ok(Book {
            strategy: name.to_owned(),
            heard: Heard::new(venue_rules(&loaded.spec), loaded.spec.account.cash, symbols.len()),
            trades: Trades::new(name, &symbols),
            orders: Orders::new(name, &symbols),
            symbols,
        })
    }

    /// The scenario.
    pub(super) fn strategy(&self) -> &str {
        &self.strategy
    }

    /// Its shares.
    pub(super) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The engine was given `count` answers. Entries are written before the answers that follow from them.
    ///
    /// Errors: the entries so far lead to fewer.
    pub(super) fn answers(&mut self, row: u64, time: Timestamp, count: usize) -> Result<(), String> {
        let ready = self.heard.ready();
        if count > ready {
            return Err(format!(
                "{count} answers were given, the desk's entries before it lead to {ready}; `alphaflow audit verify` says \
                 whether the journal is whole"
            ));
        }
        for answer in self.heard.give(count) {
            self.orders.answer(row, time, &answer);
            if let ExecutionEvent::Filled { fill, .. } = answer {
                self.trades.fill(row, time, fill);
            }
        }
        Ok(())
    }

    /// A dividend was paid.
    pub(super) fn dividend(&mut self, time: Timestamp, symbol: SymbolIndex, amount: Price) {
        self.trades.dividend(time, symbol, amount);
    }

    /// The desk wrote an entry.
    pub(super) fn entry(&mut self, row: u64, time: Timestamp, entry: &Entry) {
        match entry {
            Entry::Asked { order, asked } => self.orders.ask(row, time, *order, asked),
            Entry::Filled { order, price, quantity, .. } => self.trades.expect(row, time, (*order, *price, *quantity)),
            Entry::Split { symbol, ratio, kept, cash, .. } => self.trades.split(time, *symbol, *ratio, *kept, *cash),
            _ => {}
        }
        self.heard.take(entry);
    }

    /// What became of it.
    pub(super) fn finish(self) -> Played {
        let (closed, open, fills) = self.trades.finish();
        Played { closed, open, fills, orders: self.orders.finish() }
    }
}
