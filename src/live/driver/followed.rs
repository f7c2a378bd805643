//! The books follow the account where shares have left it by no order of theirs.
//!
//! Not here: what proves it (the desk), what a book makes of it (session). The venue is right about what is held: a book
//! that goes on with shares that are gone protects, counts and sells what is not there.
//! Invariants: (1) what an order of others has filled is booked once, over all books; (2) no book comes to fewer shares
//! than the account holds.
use super::{Driver, DriverError, Seat};
use crate::domain::{Price, Quantity, Side, Symbol, SymbolIndex};
use crate::execution::alpaca::{LeftOutside, OutsideFill, TradingMode};
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::session::words;
use crate::risk::{HaltOrder, LatchEvent};

impl<M: TradingMode> Driver<M> {
    /// Takes shares that are gone out of the books, as far as orders of others show who took them.
    pub(super) fn follow_venue(&mut self) -> Result<(), DriverError> {
        for at in 0..self.seats.len() {
            for lost in self.seats[at].trader.desk().take_lost() {
                if !self.follow_share(lost.symbol, lost.venue)? {
                    self.seats[at].trader.desk().tell_lost(lost);
                }
            }
        }
        Ok(())
    }

    /// Do the books tie now? Every desk proves a difference for itself; after the first there is none.
    fn follow_share(&mut self, symbol: Symbol, venue: Quantity) -> Result<bool, DriverError> {
        let ours = self.seats.iter().fold(Quantity::ZERO, |sum, seat| sum + held(seat, symbol).1);
        // A book that is not running may have sold them itself.
        if self.absent(symbol.as_str()).is_some() {
            return Ok(false);
        }
        let Some(side) = ours.closing_side() else { return Ok(ours == venue) };
        if !venue.is_zero() && venue.closing_side() != Some(side) {
            return Ok(false);
        }
        let mut left = (ours.abs() - venue.abs()).max(Quantity::ZERO);
        let by_kill_switch = self.was_flattened();
        for at in 0..self.seats.len() {
            let (Some(index), own) = held(&self.seats[at], symbol) else { continue };
            let mut own = if own.closing_side() == Some(side) { own.abs() } else { Quantity::ZERO };
            while !own.is_zero() && !left.is_zero() {
                let fills = self.seats[at].trader.desk_ref().outside_fills(symbol, side);
                let Some((venue_id, unbooked, price)) = fills.iter().find_map(|fill| self.unbooked(fill)) else {
                    break;
                };
                let quantity = unbooked.min(own).min(left);
                (own, left) = (own - quantity, left - quantity);
                let piece = LeftOutside { symbol: index, side, quantity, price, venue_id };
                self.take_out(at, symbol, &piece, by_kill_switch)?;
            }
        }
        Ok(left.is_zero())
    }

    /// What is left of an order of others when all that the books have of it is taken off, with its average price.
    fn unbooked(&self, fill: &OutsideFill) -> Option<(String, Quantity, Price)> {
        if self.seats.iter().any(|seat| seat.trader.desk_ref().knows(&fill.venue_id)) {
            return None;
        }
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
        let (kind, severity, text) = match by_kill_switch {
            true => {
                (EventKind::Kill, Severity::Notice, format!("The kill switch has {done} {shares} {symbol} at {price}."))
            }
            false => (
                EventKind::Unauthorised,
                Severity::Critical,
                format!(
                    "{shares} {symbol} were {done} at {price} by order {}, which this program did not send; they leave the \
                     book. If it was not you, halt and change the keys.",
                    piece.venue_id
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
