//! The venue as the image of another one: orders that were taken there, fills that were reported from there.
//!
//! Not here: whether an order may be sent, which order fills and at what price: the other venue says so.
//! Invariants: (1) what a fill does to legs, pairs and positions is done by the code that does it in a backtest, so the
//! answers are those of a backtest with the same fills; (2) an entry ends only when the other venue says so, since it may
//! still fill there: what a backtest cancels at once, the rest of an entry whose position is being left, stays.
use super::costs::Occasion;
use super::matching::Moment;
use super::order::VenueOrder;
use super::room::Room;
use super::simulated::{SimulatedVenue, Submission};
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, Fill, OrderId, OrderKind, OrderPurpose, OrderSize, Price, Quantity, RejectReason,
    Side, SymbolIndex, TimeInForce, Timestamp,
};

/// When in its bar a reported fill happened: decides from when its legs follow bars.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillMoment {
    /// At the open.
    Open,
    /// After it.
    Within,
    /// At the close.
    Close,
}

/// An execution at the other venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reported {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// Why the order was sent, for one that does not rest any more.
    pub purpose: OrderPurpose,
    /// The entry that the order protects.
    pub parent: Option<OrderId>,
    /// Dollars a share.
    pub price: Price,
    /// Price before slippage.
    pub reference: Price,
    /// Shares of this execution, above 0.
    pub quantity: Quantity,
    /// The bar it happened on, by its open time.
    pub time: Timestamp,
    /// When it traded, where that was on an earlier day than the bar's: its fees are those of its day.
    pub traded_at: Option<Timestamp>,
    /// When in that bar.
    pub moment: FillMoment,
    /// Nothing of the order is left.
    pub is_last: bool,
}

/// How a resting order stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Standing {
    /// Whose.
    pub order: OrderId,
    /// Bought or sold.
    pub side: Side,
    /// Shares it may still fill.
    pub remaining: Quantity,
    /// How it wants its price; a stop that has triggered is a market order, or a limit.
    pub kind: OrderKind,
    /// Where a stop stands now; zero for others.
    pub trigger: Price,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// The entry it protects.
    pub parent: Option<OrderId>,
    /// The other order of its pair.
    pub sibling: Option<OrderId>,
    /// It only shrinks the position.
    pub reduces: bool,
}

impl SimulatedVenue {
    /// The other venue has taken the order.
    pub fn take_over(&mut self, submission: &Submission<'_>) {
        self.mirrors = true;
        self.accept(submission, Room::None);
    }

    /// The other venue has filled an order, known here or not; an unknown one counts as filled whole.
    pub fn fill_reported(&mut self, report: &Reported) {
        let Reported { order: id, symbol, side, price, reference, quantity, time, .. } = *report;
        let found = self.books[symbol.get()].iter().position(|order| order.id == id);
        let before = found.map_or_else(|| unknown(report), |at| self.books[symbol.get()][at]);
        let purpose = before.purpose;
        let remaining = if report.is_last { Quantity::ZERO } else { rest_of(&before, price, quantity) };
        let occasion = Occasion { side, time: report.traded_at.unwrap_or(time) };
        let fee = self.fees.fee(id, occasion, price, quantity);
        self.fees.count(id, occasion, price, (quantity, remaining));
        // The other venue takes an entry with exits of its own only where it opens: if its fill seems to shrink what is
        // held, the fills of the exit that left before it have not been reported yet.
        let (closes, opens) = (self.account.reduces(symbol, side), before.legs.any());
        let reduces = closes && !opens;
        let fill = Fill { order: id, symbol, side, quantity, price, reference, fee, time, purpose };
        self.account.apply(&fill);
        self.events.push(ExecutionEvent::Filled { fill, remaining });
        if closes && opens && self.account.shares(symbol).closing_side() != Some(side) {
            self.cancel_where(symbol, |order| order.parent.is_some() && order.side == side);
        }
        let found = found.and_then(|_| self.books[symbol.get()].iter().position(|order| order.id == id));
        match found {
            Some(at) if remaining.is_zero() => drop(self.take(symbol, at)),
            Some(at) => {
                let tick = self.rules.tick;
                let resting = &mut self.books[symbol.get()][at];
                resting.remaining = remaining;
                resting.size = OrderSize::Shares(remaining);
                resting.wait_after(time, tick);
            }
            None => {}
        }
        let moment = match report.moment {
            FillMoment::Open => Moment::Open,
            FillMoment::Within => Moment::Within,
            FillMoment::Close => Moment::Close,
        };
        self.follow(symbol, &before, &fill, reduces, moment);
    }

    /// The other venue says that the time of an order has run out.
    pub fn expire_reported(&mut self, id: OrderId) {
        if let Some(symbol) = self.symbol_of(id) {
            self.expire_where(symbol, |order| order.id == id);
        }
    }

    /// The other venue has refused an order that it had taken.
    pub fn reject_reported(&mut self, id: OrderId, reason: RejectReason) {
        if let Some(symbol) = self.symbol_of(id)
            && let Some(at) = self.books[symbol.get()].iter().position(|order| order.id == id)
        {
            self.reject(symbol, at, reason);
        }
    }

    /// The other venue has ended the target of a pair, since its stop has come to its price. Where the stop has not filled
    /// whole it is a market order from here on, or a limit at its collar, and follows no bar any more.
    pub fn stop_reported(&mut self, target: OrderId) {
        if let Some(symbol) = self.symbol_of(target) {
            let tick = self.rules.tick;
            let stop = self.books[symbol.get()].iter_mut().find(|order| order.sibling == Some(target));
            match stop.map(|stop| (*stop, stop.come_to_price(tick))) {
                Some((stop, ())) => {
                    self.void_target(symbol, &stop);
                    self.refresh_band(symbol);
                }
                None => self.cancel_where(symbol, |order| order.id == target),
            }
        }
    }

    /// The other venue shows where a stop stands that has come to its price there: a bar that was heard before the first
    /// fill of the stop has moved it here alone. One that still waits for its price is left as it is.
    pub fn level_reported(&mut self, id: OrderId, level: Price, time: Timestamp) {
        let Some(symbol) = self.symbol_of(id) else { return };
        let tick = self.rules.tick;
        let Some(order) = self.books[symbol.get()].iter_mut().find(|order| order.id == id) else { return };
        match order.kind {
            OrderKind::Market => order.trigger = level,
            OrderKind::StopLimit { .. } if order.triggered => {
                // Its collar hangs on where it stood.
                (order.trigger, order.kind) = (level, OrderKind::Stop { stop: level });
                order.wait_after(order.filled_on, tick);
            }
            _ => return,
        }
        let parent = order.parent.unwrap_or(id);
        self.events.push(ExecutionEvent::LegLive { order: id, parent, symbol, level, time });
        self.refresh_band(symbol);
    }

    /// Nothing more is heard of the orders of which `is_gone` says so.
    pub fn forget(&mut self, is_gone: impl Fn(&OrderId) -> bool) {
        self.fees.forget(is_gone);
    }

    /// A bar of `symbol` has closed: trailing stops follow it. One that the bar has touched where it stood has come to its
    /// price, though nothing of it may have filled, and stays there.
    pub fn follow_bar(&mut self, symbol: SymbolIndex, bar: &Bar) {
        for at in 0..self.books[symbol.get()].len() {
            let order = &self.books[symbol.get()][at];
            let is_live = order.is_stop() && order.live_after < bar.time;
            if is_live && order.stop_touched(bar) && !self.is_suspended(symbol, order, bar) {
                let id = order.id;
                self.inside.hold(symbol, id);
            }
        }
        self.ratchet(symbol, bar, bar);
        self.inside.release(symbol);
    }

    /// Does an order of `symbol` follow bars?
    pub fn is_trailing(&self, symbol: SymbolIndex) -> bool {
        self.books[symbol.get()].iter().any(|order| matches!(order.kind, OrderKind::TrailingStop { .. }))
    }

    /// How an order stands; `None` when it does not rest.
    pub fn standing(&self, id: OrderId) -> Option<Standing> {
        self.books.iter().flatten().find(|order| order.id == id).map(standing)
    }

    /// How the orders of `symbol` stand, in the order in which they came to rest.
    pub fn standings(&self, symbol: SymbolIndex) -> impl DoubleEndedIterator<Item = Standing> + '_ {
        self.books[symbol.get()].iter().map(standing)
    }

    fn symbol_of(&self, id: OrderId) -> Option<SymbolIndex> {
        let at = self.books.iter().position(|book| book.iter().any(|order| order.id == id))?;
        Some(SymbolIndex(at as u16))
    }
}

fn standing(order: &VenueOrder) -> Standing {
    Standing {
        order: order.id,
        side: order.side,
        remaining: order.remaining,
        kind: order.kind,
        trigger: order.trigger,
        time_in_force: order.time_in_force,
        parent: order.parent,
        sibling: order.sibling,
        reduces: order.reduce_only,
    }
}

/// What a fill that is not the last leaves of an order.
fn rest_of(order: &VenueOrder, price: Price, quantity: Quantity) -> Quantity {
    let wanted = match order.size {
        OrderSize::Notional(amount) => Quantity::most_for(amount, price),
        OrderSize::Shares(_) | OrderSize::CashFraction { .. } => order.remaining,
    };
    wanted - quantity.min(wanted)
}

/// An order that is not in the books: it filled after it was taken out of them.
fn unknown(report: &Reported) -> VenueOrder {
    VenueOrder {
        id: report.order,
        side: report.side,
        remaining: report.quantity,
        size: OrderSize::Shares(report.quantity),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        purpose: report.purpose,
        legs: ExitLegs::NONE,
        parent: report.parent,
        reduce_only: false,
        sibling: None,
        sent: report.time,
        room: Room::None,
        live_after: report.time,
        trigger: Price::ZERO,
        best: report.price,
        triggered: false,
        armed: true,
        extended_hours: false,
        ends: Timestamp::MAX,
        filled_on: report.time,
    }
}
