//! Books of the account whose scenarios do not run now: what they hold is theirs, and nobody here manages it.
//!
//! Not here: books that run (jobs compares those with the account).
//! What they hold is known as of when they ran: their orders rest at the venue, and what fills since is told to nobody.
use std::collections::BTreeSet;

use super::{Driver, DriverError};
use crate::domain::{Quantity, Symbol};
use crate::execution::alpaca::TradingMode;
use crate::live::event::{EventKind, Severity};
use crate::live::session::{Machine, Terms};

/// A book that does not run.
#[derive(Debug)]
pub(super) struct LeftOut {
    name: String,
    /// Shares that it trades, with what it holds of each; `None` where it cannot be made again.
    shares: Vec<(Symbol, Option<Quantity>)>,
    /// Orders of it that rest.
    orders: usize,
}

/// What books that do not run have of a share.
pub(super) struct Absent<'a> {
    /// Their names.
    pub(super) names: Vec<&'a str>,
    /// Their shares together; `None` where that is not known.
    pub(super) shares: Option<Quantity>,
}

impl LeftOut {
    /// A book as its engine was left.
    pub(super) fn of(machine: &dyn Machine, terms: &Terms) -> LeftOut {
        let held = machine.portfolio().positions().iter().map(|position| Some(position.quantity()));
        let shares = terms.symbols.iter().copied().zip(held).collect();
        LeftOut { name: terms.name.clone(), shares, orders: machine.gate().open().len() }
    }

    /// A book that cannot be made again: another version wrote it, or it sends the orders of a file.
    pub(super) fn unknown(name: &str, symbols: Vec<Symbol>) -> LeftOut {
        LeftOut { name: name.to_owned(), shares: symbols.into_iter().map(|symbol| (symbol, None)).collect(), orders: 0 }
    }

    /// Its shares that are known.
    pub(super) fn holdings(&self) -> impl Iterator<Item = (Symbol, Quantity)> + '_ {
        self.shares.iter().filter_map(|(symbol, held)| held.map(|held| (*symbol, held)))
    }

    /// What it may have of a share; its orders may fill while it does not run.
    fn has(&self, symbol: Symbol) -> Option<Option<Quantity>> {
        let (_, held) = self.shares.iter().find(|(own, _)| *own == symbol)?;
        let may = self.orders > 0 || held.is_none_or(|held| !held.is_zero());
        may.then_some(*held)
    }

    /// What people must know of it; `None` where nothing of it is open.
    fn words(&self) -> Option<String> {
        let held = self.holdings().filter(|(_, held)| !held.is_zero());
        let held: Vec<String> = held.map(|(symbol, held)| format!("{held} shares of {symbol}")).collect();
        let name = &self.name;
        let what = match (self.shares.iter().any(|(_, held)| held.is_none()), held.is_empty(), self.orders) {
            (true, _, _) => "may hold shares: this program cannot make its book again".to_owned(),
            (false, false, _) => format!("holds {}, and its orders rest at the venue", held.join(", ")),
            (false, true, 1..) => "holds nothing, and its orders rest at the venue".to_owned(),
            (false, true, 0) => return None,
        };
        let next = "Nobody manages them now; name its scenario beside the others to go on with it";
        Some(format!("Scenario {name}, which is not running, {what}. {next}."))
    }
}

impl Absent<'_> {
    /// The account holds `venue` shares of `name`, all books come to `books`.
    pub(super) fn words(&self, name: &str, venue: Quantity, books: Option<Quantity>) -> String {
        let who = self.names.join(" and ");
        match books {
            Some(books) => format!(
                "The account holds {venue} shares of {name}, and the books come to {books} with those of {who}, which is not \
                 running: its orders may have filled since."
            ),
            None => format!(
                "The account holds {venue} shares of {name}, which may be those of {who}: that is not running, and its book \
                 cannot be made again."
            ),
        }
    }
}

impl<M: TradingMode> Driver<M> {
    /// Says which books of the account do not run, and has no desk judge what may be theirs alone.
    pub(super) fn begin_without_left_out(&mut self) -> Result<(), DriverError> {
        let symbols = self.beyond_judgement();
        for seat in &mut self.seats {
            seat.trader.desk().set_beyond_judgement(symbols.clone());
        }
        let texts: Vec<String> = self.left_out.iter().filter_map(LeftOut::words).collect();
        texts.into_iter().try_for_each(|text| self.say_of_all(EventKind::Reconciliation, Severity::Warning, text))
    }

    /// What books that do not run may have of a share, by the venue's name; `None` where none has any.
    pub(super) fn absent(&self, name: &str) -> Option<Absent<'_>> {
        let symbol: Symbol = name.parse().ok()?;
        let have = self.left_out.iter().filter_map(|book| book.has(symbol).map(|held| (book.name.as_str(), held)));
        let (names, held): (Vec<&str>, Vec<Option<Quantity>>) = have.unzip();
        let shares = held.into_iter().try_fold(Quantity::ZERO, |sum, held| Some(sum + held?));
        (!names.is_empty()).then_some(Absent { names, shares })
    }

    /// Shares that no desk can judge: of books that do not run alone, or of those that nobody knows.
    fn beyond_judgement(&self) -> BTreeSet<Symbol> {
        let trades = |symbol: Symbol| self.seats.iter().any(|seat| seat.trader.terms().index_of(symbol).is_some());
        let all = self.left_out.iter().flat_map(|book| book.shares.iter().map(|(symbol, _)| *symbol));
        all.filter(|symbol| {
            self.absent(symbol.as_str()).is_some_and(|absent| absent.shares.is_none() || !trades(*symbol))
        })
        .collect()
    }
}
