//! Splits and dividends as the venue tells them, for a session whose days are still to come.
//!
//! Not here: those of a scenario's file, which a rehearsal lives through, the calls (execution::alpaca), what a split does to
//! a book (session, engine).
//! A split is announced days ahead. It is booked when its day has begun and the account shows it, or just before the open,
//! since bars are in new shares from then on. A dividend is booked when the account has been paid, to the books that hold
//! the share; so a book follows its account, on paper too, where none is paid.
//! Invariants: (1) each split and each payment is booked once, also after a restart; (2) what cannot be read is told and
//! asked for again, and a session does not begin without it.
use std::sync::Arc;

use super::jobs::Job;
use super::open::Prepared;
use super::{Driver, DriverError, Seat};
use crate::domain::{Money, Quantity, Ratio, Symbol, SymbolIndex, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::{AskError, PaymentSeen, SplitSeen, TradingMode, VenueReader};
use crate::live::event::{EventKind, Severity};
use crate::live::session::{ActedOn, Input, Terms, Trader};
use crate::market::new_york_date;
use crate::portfolio::split_quantity;
use crate::scenario::spec::Adjust;

/// Where splits and dividends come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActionsFrom {
    /// The scenario's file: a rehearsal lives through days that are known.
    Scenario,
    /// The venue.
    Venue,
}

/// Both lists are read so often, and whenever the account holds other shares than the books.
const EVERY_MS: u64 = 600_000;
/// But not more often than this.
const PAUSE_MS: u64 = 20_000;
/// While a split of today waits for the account to show it, the account is looked at so often.
pub(super) const WAITING_MS: u64 = 3_000;
/// Splits are asked for so many days back, as far as a warm-up reaches, and so many ahead.
const DAYS_BACK: i64 = 800;
const DAYS_AHEAD: i64 = 7;
/// A split that the account does not show is booked so long before the open.
const BEFORE_OPEN_NS: i64 = 10 * 60 * Timestamp::NS_PER_SECOND;

/// What has been read of it.
#[derive(Debug, Default)]
pub(super) struct VenueActions {
    /// When both lists are read again, on the desk's clock.
    due_ms: u64,
    read_ms: u64,
    is_asked: bool,
}

/// What a job has read.
#[derive(Debug)]
pub(super) struct ActionsRead {
    splits: Vec<SplitSeen>,
    payments: Vec<PaymentSeen>,
}

/// Splits of all shares of a scenario, as its file would say them.
///
/// Errors: the venue does not say them.
pub(super) async fn splits_of(
    reader: &VenueReader,
    prepared: &Prepared,
    now: Timestamp,
) -> Result<Vec<(Timestamp, MarketAction)>, DriverError> {
    let symbols = &prepared.loaded.spec.data.symbols;
    let splits = reader.splits(symbols, days(now)).await?;
    let index = |symbol: Symbol| symbols.iter().position(|own| *own == symbol).and_then(|at| u16::try_from(at).ok());
    let action = |split: &SplitSeen| {
        let symbol = SymbolIndex(index(split.symbol)?);
        Some((split.ex_date, MarketAction::Split { symbol, ratio: split.ratio }))
    };
    Ok(splits.iter().filter_map(action).collect())
}

/// The span that is asked for.
fn days(now: Timestamp) -> (Timestamp, Timestamp) {
    let today = new_york_date(now);
    (today.plus_ns(-DAYS_BACK * Timestamp::NS_PER_DAY), today.plus_ns(DAYS_AHEAD * Timestamp::NS_PER_DAY))
}

/// Does the warm-up need splits? Prices that are adjusted for them are in new shares from the first bar on.
pub(super) fn warm_up_needs_splits(prepared: &Prepared) -> bool {
    prepared.loaded.spec.data.adjust == Adjust::None
}

/// Has this book lived through it?
pub(super) fn is_booked(trader: &Trader, from: Timestamp, action: &MarketAction) -> bool {
    let kind = match action {
        MarketAction::Split { .. } => ActedOn::Split,
        MarketAction::Dividend { .. } => ActedOn::Dividend,
        MarketAction::Delisting { .. } => return false,
    };
    let last = trader.machine().last_action(action.symbol(), kind);
    last.is_some_and(|last| new_york_date_of(trader.terms(), last) >= from)
}

/// The day of a bar, as a date in files.
fn new_york_date_of(terms: &Terms, stamp: Timestamp) -> Timestamp {
    if terms.timeframe.is_daily() { stamp } else { new_york_date(stamp) }
}

impl<M: TradingMode> Driver<M> {
    /// Begins to read both lists when that is due.
    pub(super) fn ask_actions(&mut self) {
        let now_ms = self.clock.instant().ms;
        let Some(actions) = &mut self.venue_actions else { return };
        if actions.is_asked || now_ms < actions.due_ms {
            return;
        }
        (actions.is_asked, actions.read_ms) = (true, now_ms);
        actions.due_ms = now_ms + EVERY_MS / u64::from(self.speed.max(1));
        let (reader, symbols, now) = (Arc::clone(&self.reader), self.port.symbols().to_vec(), self.clock.time());
        let since = self.seats.iter().map(|seat| seat.began.0).min().unwrap_or(now);
        self.jobs.spawn(async move { Job::Actions(read(&reader, &symbols, since, now).await) });
    }

    /// Reads both lists at once, where the market waits for that.
    pub(super) async fn read_actions(&mut self) -> Result<(), DriverError> {
        if self.venue_actions.is_none() {
            return Ok(());
        }
        let now = self.clock.time();
        let since = self.seats.iter().map(|seat| seat.began.0).min().unwrap_or(now);
        let found = read(&self.reader, self.port.symbols(), since, now).await;
        self.actions_read(found)
    }

    /// The account holds other shares than the books: a split may be the reason.
    pub(super) fn ask_actions_soon(&mut self) {
        if let Some(actions) = &mut self.venue_actions {
            actions.due_ms = actions.due_ms.min(actions.read_ms + PAUSE_MS);
        }
    }

    /// Takes in both lists.
    pub(super) fn actions_read(&mut self, read: Result<ActionsRead, AskError>) -> Result<(), DriverError> {
        if let Some(actions) = &mut self.venue_actions {
            actions.is_asked = false;
        }
        match read {
            Err(error) => {
                let text = format!("Splits and dividends could not be read: {error}");
                self.notice(EventKind::Health, Severity::Warning, &text)
            }
            Ok(ActionsRead { splits, payments }) => {
                splits.iter().for_each(|split| self.seats.iter_mut().for_each(|seat| expect(seat, split)));
                payments.iter().try_for_each(|payment| self.book(payment))
            }
        }
    }

    /// Books a dividend; other money that has moved is told.
    fn book(&mut self, payment: &PaymentSeen) -> Result<(), DriverError> {
        let symbol = payment.symbol.as_deref().and_then(|name| name.parse::<Symbol>().ok());
        let (held, all) = symbol.map_or((Vec::new(), Quantity::ZERO), |symbol| self.holders(symbol));
        let is_ours = payment.is_dividend() && payment.is_executed && payment.amount != Money::ZERO && !held.is_empty();
        if !is_ours {
            return self.tell_payment(payment);
        }
        let mut left = payment.amount;
        let mut rest = all;
        for (at, index, shares) in held {
            // What is left goes by what is left, so that all of it goes to somebody.
            let part = part_of(left, shares, rest);
            (left, rest) = (left - part, rest - shares);
            if !self.seats[at].trader.machine().was_paid(&payment.id) {
                let time = self.seats[at].trader.terms().stamp_at(self.clock.time());
                let id = payment.id.clone();
                self.give(at, Input::Paid { symbol: index, amount: part, id, time })?;
            }
        }
        Ok(())
    }

    /// The books that hold a share now, with how many; where none does, the first that trades it.
    fn holders(&self, symbol: Symbol) -> (Vec<(usize, SymbolIndex, Quantity)>, Quantity) {
        let of = |(at, seat): (usize, &Seat)| {
            let index = seat.trader.terms().index_of(symbol)?;
            Some((at, index, seat.trader.machine().portfolio().position(index).quantity().abs()))
        };
        let trades: Vec<_> = self.seats.iter().enumerate().filter_map(of).collect();
        let holds: Vec<_> = trades.iter().copied().filter(|(_, _, shares)| !shares.is_zero()).collect();
        match (holds.is_empty(), trades.first()) {
            (true, Some((at, index, _))) => (vec![(*at, *index, Quantity::ONE)], Quantity::ONE),
            _ => {
                let all = holds.iter().fold(Quantity::ZERO, |sum, (_, _, shares)| sum + *shares);
                (holds, all)
            }
        }
    }

    fn tell_payment(&mut self, payment: &PaymentSeen) -> Result<(), DriverError> {
        // The journals know it, also after a restart.
        let was_told = self.seats.iter().any(|seat| seat.trader.machine().was_told(&payment.id));
        if was_told || payment.amount == Money::ZERO {
            return Ok(());
        }
        self.give_all(&Input::Told { id: payment.id.clone() })?;
        let of = payment.symbol.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
        let stands = if payment.is_executed { "" } else { " (a correction)" };
        let text =
            format!("The account's cash moved by ${}: {}{of}{stands}. It is in no book.", payment.amount, payment.kind);
        self.notice(EventKind::Cash, Severity::Notice, &text)
    }

    /// May this split be booked now? In a rehearsal whenever its bar comes; else when the account shows it, or none is held,
    /// or the open is near.
    pub(super) fn is_shown(&self, seat: usize, action: &MarketAction, stamp: Timestamp) -> bool {
        let (Some(_), MarketAction::Split { symbol, ratio }) = (&self.venue_actions, action) else { return true };
        let terms = self.seats[seat].trader.terms();
        let name = terms.symbols[symbol.get()];
        if self.clock.time() >= terms.span_of(stamp).0.plus_ns(-BEFORE_OPEN_NS) {
            return true;
        }
        let before = self.before_split(name, *ratio);
        let positions = self.account.as_ref().map(|account| account.positions.as_slice()).unwrap_or_default();
        let there =
            positions.iter().find(|(symbol, _)| *symbol == name.as_str()).map_or(Quantity::ZERO, |(_, held)| *held);
        let (old, new) = before;
        // A part of a share is paid in cash there and here.
        old.is_zero() || (there != old && (there - new).abs() < Quantity::ONE)
    }

    /// Shares of all books in old and in new ones; those that were split already count as new.
    fn before_split(&self, name: Symbol, ratio: Ratio) -> (Quantity, Quantity) {
        let (mut old, mut new) = (Quantity::ZERO, Quantity::ZERO);
        for seat in &self.seats {
            let Some(index) = seat.trader.terms().index_of(name) else { continue };
            let held = seat.trader.machine().portfolio().position(index).quantity();
            let waits = seat
                .actions
                .first()
                .is_some_and(|(_, action)| matches!(action, MarketAction::Split { symbol, .. } if *symbol == index));
            old += held;
            new += if waits { split_quantity(held, ratio) } else { held };
        }
        (old, new)
    }

    /// Tells the desks which shares the venue counts anew from today on while the books do not.
    pub(super) fn await_splits(&mut self) {
        if self.venue_actions.is_none() {
            return;
        }
        let now = self.clock.time();
        for seat in &mut self.seats {
            let terms = seat.trader.terms();
            let stamp = terms.stamp_at(now);
            let has_begun = terms.calendar.start_of_day(stamp) <= now;
            let due = seat.actions.iter().filter(|(from, _)| has_begun && *from <= stamp);
            let splits = due.filter(|(_, action)| matches!(action, MarketAction::Split { .. }));
            let symbols = splits.map(|(_, action)| action.symbol()).collect();
            seat.trader.desk().await_splits(symbols);
        }
    }

    /// Does a split of today wait for the account to show it?
    pub(super) fn awaits_split(&self) -> bool {
        let now = self.clock.time();
        self.venue_actions.is_some()
            && self.seats.iter().any(|seat| {
                let stamp = seat.trader.terms().stamp_at(now);
                seat.actions.first().is_some_and(|(from, _)| *from <= stamp)
            })
    }
}

/// `money` × `shares` ÷ `all`, towards zero; all of it to the last.
fn part_of(money: Money, shares: Quantity, all: Quantity) -> Money {
    let product = money.units().checked_mul(i128::from(shares.units()));
    match product {
        Some(product) if shares < all => Money::from_units(product / i128::from(all.units())),
        _ => money,
    }
}

async fn read(
    reader: &VenueReader,
    symbols: &[Symbol],
    since: Timestamp,
    now: Timestamp,
) -> Result<ActionsRead, AskError> {
    Ok(ActionsRead { splits: reader.splits(symbols, days(now)).await?, payments: reader.payments(since).await? })
}

/// A split is still to come for this book, unless it knows of it.
fn expect(seat: &mut Seat, split: &SplitSeen) {
    let terms = seat.trader.terms();
    let Some(symbol) = terms.index_of(split.symbol) else { return };
    let action = MarketAction::Split { symbol, ratio: split.ratio };
    let began = new_york_date_of(terms, terms.stamp_at(seat.began.0));
    let shown = new_york_date_of(terms, seat.trader.machine().stamp());
    let is_known = seat.actions.contains(&(split.ex_date, action));
    // What came before the book began, and between bars that it has seen, is in its prices.
    if is_known || split.ex_date <= began || split.ex_date < shown || is_booked(&seat.trader, split.ex_date, &action) {
        return;
    }
    seat.actions.push((split.ex_date, action));
    seat.actions.sort_by_key(|(from, action)| (*from, action.order()));
}
