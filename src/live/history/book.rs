//! One book: what the desk wrote of a scenario, and what follows from it.
//!
//! Not here: what follows from an entry (execution::alpaca), round trips as such (portfolio).
use std::path::Path;

use super::orders::Orders;
use super::trades::Trades;
use super::{FillLine, OrderLine, Trade};
use crate::domain::{ExecutionEvent, Money, OrderId, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp};
use crate::execution::ExecutionBackend;
use crate::execution::alpaca::{AlpacaDesk, Asked, DeskConfig, Entry, Instant, Patience, SessionName};
use crate::scenario::{parse, venue_rules};

/// A scenario's book.
#[derive(Debug)]
pub(super) struct Book {
    strategy: String,
    config: DeskConfig,
    entries: Vec<Entry>,
    script: Vec<Step>,
}

/// Something that happened to it.
#[derive(Clone, Copy, Debug)]
struct Step {
    row: u64,
    time: Timestamp,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Asked { order: OrderId, asked: Asked },
    Filled { order: OrderId, price: Price, quantity: Quantity },
    Split { symbol: SymbolIndex, ratio: Ratio, kept: Quantity, cash: Money },
    Answers { count: usize },
    Dividend { symbol: SymbolIndex, amount: Price },
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
        let config = DeskConfig {
            session: SessionName::new("history").map_err(|error| error.to_string())?,
            rules: venue_rules(&loaded.spec),
            symbols: loaded.spec.data.symbols.clone(),
            cash: loaded.spec.account.cash,
            // It sends nothing, so the rest decides nothing.
            calls_a_minute: 200,
            seed: 1,
            listens_to_bars: false,
            started_at: Timestamp::MIN,
            patience: Patience::default(),
            siblings: Vec::new(),
        };
        Ok(Book { strategy: name.to_owned(), config, entries: Vec::new(), script: Vec::new() })
    }

    /// The scenario.
    pub(super) fn strategy(&self) -> &str {
        &self.strategy
    }

    /// Its shares.
    pub(super) fn symbols(&self) -> &[Symbol] {
        &self.config.symbols
    }

    /// The engine was given `count` answers.
    pub(super) fn answers(&mut self, row: u64, time: Timestamp, count: usize) {
        self.script.push(Step { row, time, what: What::Answers { count } });
    }

    /// A dividend was paid.
    pub(super) fn dividend(&mut self, row: u64, time: Timestamp, symbol: SymbolIndex, amount: Price) {
        self.script.push(Step { row, time, what: What::Dividend { symbol, amount } });
    }

    /// The desk wrote an entry.
    pub(super) fn entry(&mut self, row: u64, time: Timestamp, entry: Entry) {
        let what = match &entry {
            Entry::Asked { order, asked } => Some(What::Asked { order: *order, asked: *asked }),
            Entry::Filled { order, price, quantity, .. } => {
                Some(What::Filled { order: *order, price: *price, quantity: *quantity })
            }
            Entry::Split { symbol, ratio, kept, cash, .. } => {
                Some(What::Split { symbol: *symbol, ratio: *ratio, kept: *kept, cash: *cash })
            }
            _ => None,
        };
        self.script.extend(what.map(|what| Step { row, time, what }));
        self.entries.push(entry);
    }

    /// What became of it.
    pub(super) fn play(self) -> Played {
        let answers = self.all_answers();
        let mut answers = answers.into_iter();
        let mut trades = Trades::new(&self.strategy, &self.config.symbols);
        let mut orders = Orders::new(&self.strategy, &self.config.symbols);
        for Step { row, time, what } in self.script {
            match what {
                What::Asked { order, asked } => orders.ask(row, time, order, &asked),
                What::Filled { order, price, quantity } => trades.expect(row, time, (order, price, quantity)),
                What::Split { symbol, ratio, kept, cash } => trades.split(time, symbol, ratio, kept, cash),
                What::Dividend { symbol, amount } => trades.dividend(time, symbol, amount),
                What::Answers { count } => {
                    for answer in answers.by_ref().take(count) {
                        orders.answer(row, time, &answer);
                        if let ExecutionEvent::Filled { fill, .. } = answer {
                            trades.fill(row, time, fill);
                        }
                    }
                }
            }
        }
        let (closed, open, fills) = trades.finish();
        Played { closed, open, fills, orders: orders.finish() }
    }

    /// The answers that follow from the entries. What a desk that comes up again would add is after those that the
    /// engine was given, and is not counted by anybody.
    fn all_answers(&self) -> Vec<ExecutionEvent> {
        let mut desk = AlpacaDesk::restore(self.config.clone(), Instant { ms: 0, wall_ms: 0 }, &self.entries, 0);
        let mut answers = Vec::new();
        desk.poll(&mut answers);
        answers
    }
}
