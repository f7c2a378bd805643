//! What each moment of the tape does to the market: fills, expiries, the beginning of days and sessions.
//!
//! Not here: how an order fills (venue), what a venue's answer means for a client (orders).
//! Invariant: for the same orders, the calls of a bar are those of `engine::replay::trade`, in its order, so that
//! the fills are those of a replay.
use super::core::Exchange;
use super::history::Mark;
use super::orders::Status;
use super::{Moment, Published};
use crate::domain::{Bar, RejectReason, SymbolIndex, Timestamp};
use crate::venue::{ClosingOrders, MarketFill};

/// Auctions at a close happen so long before it.
const BEFORE_CLOSE_NS: i64 = 1_000_000;

impl Exchange {
    /// The moment has come.
    pub(super) fn pass(&mut self, moment: Moment) {
        match moment {
            Moment::Day(session) => self.begin_day(session),
            Moment::SessionOpen(_) => self.open_orders(|_| true),
            Moment::BarOpen(step) => self.open_bars(step),
            Moment::BarClose(step) => self.close_bars(step),
            Moment::SessionClose(session) => self.close_session(session),
            Moment::ExtendedClose(_) => {
                // All that was sent so far belongs to the hours that are over.
                self.venue.end_extended_hours(Timestamp::MAX);
                self.collect(self.tape.now());
            }
        }
        self.assert_agrees();
    }

    fn begin_day(&mut self, session: usize) {
        let date = self.tape.session(session).date;
        if date >= self.venue.next_expiry() {
            self.venue.expire(date);
            self.collect(self.tape.now());
        }
        self.act_on(date);
        self.day.begin(&self.ledger);
        self.session_has_bars = false;
    }

    /// Orders that waited for their hours are at the market.
    fn open_orders(&mut self, is_meant: impl Fn(bool) -> bool) {
        for at in self.book.open().collect::<Vec<_>>() {
            let order = self.book.get(at);
            if order.status == Status::Accepted && is_meant(order.extended_hours) {
                self.take_up(at, self.tape.now());
            }
        }
    }

    fn open_bars(&mut self, step: usize) {
        let bar_step = self.tape.step(step);
        let bars = self.bars_of(step);
        self.last_stamp = bar_step.stamp;
        self.session_has_bars |= bar_step.is_core;
        self.venue.set_core(bar_step.is_core);
        self.published.push(Published::Opened(step));
        if !bar_step.is_core {
            self.open_orders(|extended_hours| extended_hours);
        }
        for (symbol, bar) in &bars {
            self.ledger.mark(*symbol, bar.open);
        }
        self.price_unpriced(&bars);
        self.venue.open(&borrowed(&bars));
        self.collect(bar_step.opens.plus_ns(1_000));
    }

    fn close_bars(&mut self, step: usize) {
        let bar_step = self.tape.step(step);
        let bars = self.bars_of(step);
        for (symbol, bar) in &bars {
            self.venue.within(*symbol, bar);
        }
        // What fills inside the bar is told with the level that it came to there.
        self.see_trails();
        let half_ns = (bar_step.closes.ns() - bar_step.opens.ns()) / 2;
        self.collect(bar_step.opens.plus_ns(half_ns));
        let borrowed = borrowed(&bars);
        if self.setup.rules.market_fill == MarketFill::NextClose {
            self.venue.close(&borrowed);
        }
        if bar_step.ends_session {
            self.venue.closing_auction(&borrowed, ClosingOrders::OfDuringTheBarToo);
        }
        self.venue.end_moment(&borrowed);
        self.collect(bar_step.closes.plus_ns(-BEFORE_CLOSE_NS));
        for (symbol, bar) in &bars {
            self.ledger.mark(*symbol, bar.close);
        }
        self.venue.mark(&borrowed);
        self.see_trails();
        self.marks.push(Mark { time: bar_step.closes, equity: self.ledger.equity(), is_core: bar_step.is_core });
        self.published.push(Published::Closed(step));
    }

    /// A session without a bar of any asset is none: orders for the day wait for the next, as in a replay.
    fn close_session(&mut self, session: usize) {
        if self.session_has_bars && self.venue.has_session_orders() {
            self.venue.end_session(Timestamp::MAX, Timestamp::MAX);
            self.collect(self.tape.now());
        }
        self.day.close(&self.ledger, self.tape.session(session).date);
    }

    fn bars_of(&self, step: usize) -> Vec<(SymbolIndex, Bar)> {
        self.tape.bars_of(step).map(|(asset, bar)| (SymbolIndex(asset as u16), *bar)).collect()
    }

    /// Orders that were taken when nobody knew a price are tested at their first: can they be paid?
    fn price_unpriced(&mut self, bars: &[(SymbolIndex, Bar)]) {
        for at in self.book.open().collect::<Vec<_>>() {
            let order = self.book.get(at);
            let asset = order.asset;
            if !order.is_unpriced || bars.iter().all(|(symbol, _)| symbol.get() != asset) {
                continue;
            }
            let have = self.buying_power();
            let (side, kind) = (order.side, order.kind);
            let price = self.ledger.position(SymbolIndex(asset as u16)).mark();
            let reserve = self.price_to_reserve(side, kind, price);
            self.book.get_mut(at).price_by(price, reserve);
            let need = self.reserve_of(at);
            if need > have && !self.setup.rules.cash_check_at_fill {
                let number = self.book.get(at).at_venue;
                self.reject(at, RejectReason::BuyingPower { need, have }, self.tape.now());
                self.venue.cancel(number);
            }
        }
    }
}

fn borrowed(bars: &[(SymbolIndex, Bar)]) -> Vec<(SymbolIndex, &Bar)> {
    bars.iter().map(|(symbol, bar)| (*symbol, bar)).collect()
}
