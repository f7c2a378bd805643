//! The books follow the account where shares have left it by no order of theirs.
//!
//! Not here: what proves it (the desk), what a book makes of it (session). The venue is right about what is held: a book
//! that goes on with shares that are gone protects, counts and sells what is not there.
//! Invariants: (1) what an order of others has filled is booked once, over all books; (2) no book comes to fewer shares
//! than the account holds.
use super::{Driver, DriverError, Seat};
use crate::domain::{Price, Quantity, Side, Symbol, SymbolIndex, Timestamp};
use crate::execution::alpaca::{LeftOutside, Lost, OutsideFill, TradingMode};
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::session::words;
use crate::risk::{HaltOrder, LatchEvent};

impl<M: TradingMode> Driver<M> {
    /// Takes shares that are gone out of the books.
    pub(super) fn follow_venue(&mut self) -> Result<(), DriverError> {
        let lost: Vec<Lost> = self.seats.iter_mut().flat_map(|seat| seat.trader.desk().take_lost()).collect();
        // Every desk proves it; after the first, the books tie.
        lost.into_iter().try_for_each(|Lost { symbol, venue }| self.follow_share(symbol, venue))
    }

    fn follow_share(&mut self, symbol: Symbol, venue: Quantity) -> Result<(), DriverError> {
        let ours: Quantity =
            self.seats.iter().map(|seat| held(seat, symbol).1).fold(Quantity::ZERO, |sum, own| sum + own);
        let Some(side) = ours.closing_side() else { return Ok(()) };
        if !venue.is_zero() && venue.closing_side() != Some(side) {
            return Ok(());
        }
        let mut left = (ours.abs() - venue.abs()).max(Quantity::ZERO);
        let by_kill_switch = self.was_flattened();
        for at in 0..self.seats.len() {
            let (Some(index), own) = held(&self.seats[at], symbol) else { continue };
            let mut own = if own.closing_side() == Some(side) { own.abs() } else { Quantity::ZERO };
            while !own.is_zero() && !left.is_zero() {
                let piece = self.piece(at, (symbol, index), side, own.min(left));
                (own, left) = (own - piece.quantity, left - piece.quantity);
                self.take_out(at, symbol, &piece, by_kill_switch)?;
            }
        }
        Ok(())
    }

    /// At most `most` shares and what they were sold or bought back at: by the latest order of others that has filled and is
    /// not booked, else at the last mark.
    fn piece(&self, at: usize, (symbol, index): (Symbol, SymbolIndex), side: Side, most: Quantity) -> LeftOutside {
        let desk = self.seats[at].trader.desk_ref();
        let known = desk.outside_fills(symbol, side).into_iter().find_map(|fill| self.unbooked(&fill));
        let mark = self.seats[at].trader.machine().portfolio().position(index).mark();
        let (venue_id, quantity, price) = known.unwrap_or((String::new(), most, mark));
        LeftOutside { symbol: index, side, quantity: quantity.min(most), price, venue_id }
    }

    /// What is left of an order of others when all that the books have of it is taken off, with its average price.
    fn unbooked(&self, fill: &OutsideFill) -> Option<(String, Quantity, Price)> {
        let taken = self.seats.iter().map(|seat| seat.trader.desk_ref().taken_outside(&fill.venue_id));
        let (shares, dollars) = taken.fold(Default::default(), |(a, b), (shares, dollars)| (a + shares, b + dollars));
        let left = fill.filled - shares;
        if left <= Quantity::ZERO {
            return None;
        }
        let units = (fill.average.notional(fill.filled) - dollars).units() / i128::from(left.units());
        let price = i64::try_from(units).ok().and_then(Price::from_units).unwrap_or(fill.average);
        Some((fill.venue_id.clone(), left, price))
    }

    fn take_out(
        &mut self,
        at: usize,
        symbol: Symbol,
        piece: &LeftOutside,
        by_kill_switch: bool,
    ) -> Result<(), DriverError> {
        let moment = self.clock.moment();
        let strategy = self.seats[at].trader.terms().name.clone();
        let (shares, price) = (words::shares(piece.quantity), words::price(piece.price));
        let done = if piece.side == Side::Sell { "sold" } else { "bought back" };
        let (kind, severity, text) = match (by_kill_switch, piece.venue_id.as_str()) {
            (true, "") => (
                EventKind::Kill,
                Severity::Warning,
                format!(
                    "{shares} {symbol} left with the kill switch, and the venue shows no order; booked at {price}."
                ),
            ),
            (true, _) => {
                (EventKind::Kill, Severity::Notice, format!("The kill switch has {done} {shares} {symbol} at {price}."))
            }
            (false, "") => (
                EventKind::Unauthorised,
                Severity::Critical,
                format!(
                    "{shares} {symbol} are no longer on the account, and the venue shows no order that took them; they leave \
                     the book at the last price, {price}. Look at the account's activities."
                ),
            ),
            (false, id) => (
                EventKind::Unauthorised,
                Severity::Critical,
                format!(
                    "{shares} {symbol} were {done} at {price} by order {id}, which this program did not send; they leave the \
                     book. If it was not you, halt and change the keys."
                ),
            ),
        };
        let time = moment.time;
        let (strategy, symbol) = (Some(strategy), Some(symbol.to_string()));
        self.say(SessionEvent { row: 0, time, kind, severity, strategy, symbol, text, refused: None })?;
        let told = self.seats[at].trader.take_out(piece, by_kill_switch, moment, &mut self.keeper)?;
        self.tell_siblings();
        self.told(told)
    }

    /// Has the kill switch closed positions since the books and the account last tied?
    fn was_flattened(&self) -> bool {
        let since = self.tied_at;
        let is_flatten =
            |event: &LatchEvent| matches!(event, LatchEvent::Halt(HaltOrder { at, flatten: true, .. }) if *at >= since);
        self.latch.read(super::wall()).is_ok_and(|latch| {
            latch.latched().is_some_and(|halt| halt.flatten) || latch.history().iter().any(is_flatten)
        })
    }
}

/// A book's number for a share, and how many of it it holds, signed.
fn held(seat: &Seat, symbol: Symbol) -> (Option<SymbolIndex>, Quantity) {
    let index = seat.trader.terms().index_of(symbol);
    (index, index.map_or(Quantity::ZERO, |index| seat.trader.desk_ref().shares(index)))
}

/// When the journal was last written, by the machine's clock: until then an earlier process held its books against the
/// account.
pub(super) fn last_written(journal: &crate::live::journal::Journal) -> Timestamp {
    let mut last = Timestamp::MIN;
    let (row, _) = journal.head();
    // A journal that cannot be read is found out by whoever reads it whole.
    let _ = journal.read_raw(row.max(1), |row| {
        last = row.wall;
        Ok(())
    });
    last
}
