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
    /// May parts of shares be held?
    is_fractional: bool,
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
            is_fractional: loaded.spec.sizing.fractional,
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
            Entry::LeftOutside { order, left, .. } => {
                self.orders.left_outside(row, time, *order, left);
                self.trades.expect(row, time, (*order, left.price, left.quantity));
            }
            Entry::Split { symbol, ratio, kept, cash, .. } => {
                self.trades.split(time, *symbol, *ratio, *kept, *cash);
                self.orders.split(*symbol, *ratio, self.is_fractional);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrderId;
    use crate::execution::alpaca::{Answer, Asked};

    const SCENARIO: &str = include_str!("../../../scenarios/ma_crossover_tech4.toml");

    fn asked() -> Asked {
        let text = r#"{"request": {"symbol": 0, "side": "buy", "size": {"Shares": "1"}, "kind": "market",
            "time_in_force": "day", "class": "simple", "purpose": "entry", "legs": {"stop": null, "trailing": false,
            "stop_limit": null, "take_profit": null, "activation": "EntryBar", "time_in_force": "gtc"},
            "extended_hours": false}, "quantity": "1", "reference": "100", "reduces": false,
            "time": "2024-01-02T14:31:00Z"}"#;
        serde_json::from_str(text).expect("an order")
    }

    #[test]
    fn answers_that_no_entry_leads_to_are_an_error() {
        let mut book = Book::begin("a", SCENARIO).expect("a book");
        let order = OrderId(1);
        book.entry(2, Timestamp::MIN, &Entry::Asked { order, asked: asked() });
        book.entry(3, Timestamp::MIN, &Entry::Refused { order, answer: Answer::TooLate });
        book.answers(4, Timestamp::MIN, 1).expect("its refusal");
        let error = book.answers(5, Timestamp::MIN, 1).expect_err("nothing else has happened");
        assert!(error.contains("1 answers were given, the desk's entries before it lead to 0"), "{error}");
        assert_eq!(book.finish().orders.iter().map(|order| order.status).collect::<Vec<_>>(), ["rejected"]);
    }
}
