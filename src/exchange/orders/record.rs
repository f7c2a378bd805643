//! One order as its client knows it.
//!
//! Not here: how it is shown (shown), what changes it (events, amend).
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderStatus, Price, Quantity, Side, TimeInForce, Timestamp,
};

/// Where an order is in its life, in Alpaca's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) enum Status {
    /// It waits for its hours.
    Accepted,
    /// It is at the market.
    New,
    /// Some of it has filled.
    PartiallyFilled,
    /// A leg that waits for its entry, or the stop of a pair until it triggers.
    Held,
    /// All of it has filled.
    Filled,
    /// Taken back.
    Canceled,
    /// Its time ran out.
    Expired,
    /// Another stands in its place.
    Replaced,
    /// The venue could not take it in the end.
    Rejected,
}

/// When things happened to an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) struct Times {
    pub(in crate::exchange) submitted: Timestamp,
    pub(in crate::exchange) updated: Timestamp,
    pub(in crate::exchange) filled: Option<Timestamp>,
    pub(in crate::exchange) expired: Option<Timestamp>,
    pub(in crate::exchange) canceled: Option<Timestamp>,
    pub(in crate::exchange) failed: Option<Timestamp>,
    pub(in crate::exchange) replaced: Option<Timestamp>,
    /// When it will end, if nothing ends it before.
    pub(in crate::exchange) expires: Option<Timestamp>,
}

/// An order.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) struct Record {
    pub(in crate::exchange) id: String,
    pub(in crate::exchange) client_id: String,
    /// Its number at the venue, which all that replace it share.
    pub(in crate::exchange) at_venue: OrderId,
    /// Its place on the tape.
    pub(in crate::exchange) asset: usize,
    pub(in crate::exchange) side: Side,
    pub(in crate::exchange) kind: OrderKind,
    /// Dollars, of an order that was sent for dollars.
    pub(in crate::exchange) notional: Option<Money>,
    pub(in crate::exchange) time_in_force: TimeInForce,
    pub(in crate::exchange) class: OrderClass,
    pub(in crate::exchange) extended_hours: bool,
    /// It opens a position or adds to one; else it closes.
    pub(in crate::exchange) opens: bool,
    pub(in crate::exchange) status: Status,
    /// Shares in all: what has filled and what is left. Of one in dollars, an estimate until it fills.
    pub(in crate::exchange) qty: Quantity,
    pub(in crate::exchange) filled: Quantity,
    /// Σ price × shares of its fills.
    pub(in crate::exchange) value: Money,
    /// The order it is a leg of.
    pub(in crate::exchange) leg_of: Option<usize>,
    /// Its legs, the target first.
    pub(in crate::exchange) legs: Vec<usize>,
    /// A leg that rests at the venue: its entry has filled, or it never waited for one.
    pub(in crate::exchange) is_live: bool,
    pub(in crate::exchange) replaces: Option<usize>,
    pub(in crate::exchange) replaced_by: Option<usize>,
    pub(in crate::exchange) times: Times,
    /// Dollars a share that are set aside; nothing for what closes.
    pub(in crate::exchange) reserve: Price,
    /// Nobody knew a price when it was sent: it is tested at the first one.
    pub(in crate::exchange) is_unpriced: bool,
    /// The stamp of the bar before it was sent: the date of its fee.
    pub(in crate::exchange) sent: Timestamp,
    /// Where a trailing stop stands, and the best price so far.
    pub(in crate::exchange) trail: Option<(Price, Price)>,
}

impl Status {
    /// Alpaca's word.
    pub(in crate::exchange) const fn name(self) -> &'static str {
        match self {
            Status::Accepted => "accepted",
            Status::New => "new",
            Status::PartiallyFilled => "partially_filled",
            Status::Held => "held",
            Status::Filled => "filled",
            Status::Canceled => "canceled",
            Status::Expired => "expired",
            Status::Replaced => "replaced",
            Status::Rejected => "rejected",
        }
    }

    /// May anything still become of it?
    pub(in crate::exchange) const fn is_open(self) -> bool {
        matches!(self, Status::Accepted | Status::New | Status::PartiallyFilled | Status::Held)
    }

    /// The same in the words of the venue's rules; of one that was replaced there is none.
    pub(in crate::exchange) const fn as_rule(self) -> Option<OrderStatus> {
        Some(match self {
            Status::Accepted => OrderStatus::Submitted,
            Status::New => OrderStatus::Accepted,
            Status::PartiallyFilled => OrderStatus::PartiallyFilled,
            Status::Held => OrderStatus::Held,
            Status::Filled => OrderStatus::Filled,
            Status::Canceled => OrderStatus::Canceled,
            Status::Expired => OrderStatus::Expired,
            Status::Rejected => OrderStatus::Rejected,
            Status::Replaced => return None,
        })
    }
}

impl Times {
    /// Sent at `submitted`, and nothing since.
    pub(in crate::exchange) fn of(submitted: Timestamp, expires: Option<Timestamp>) -> Times {
        Times {
            submitted,
            updated: submitted,
            filled: None,
            expired: None,
            canceled: None,
            failed: None,
            replaced: None,
            expires,
        }
    }
}

impl Record {
    /// Shares it may still fill.
    pub(in crate::exchange) fn remaining(&self) -> Quantity {
        self.qty - self.filled
    }

    /// The mean price of its fills, to the nearest billionth.
    pub(in crate::exchange) fn average_price(&self) -> Option<Price> {
        let shares = i128::from(self.filled.units());
        let mean = (self.value.units() + shares / 2).checked_div(shares)?;
        i64::try_from(mean).ok().and_then(Price::from_units)
    }

    /// Is it a stop of any kind?
    pub(in crate::exchange) fn is_stop(&self) -> bool {
        matches!(self.kind, OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. })
    }

    /// Does it wait for its entry to fill?
    pub(in crate::exchange) fn waits_for_entry(&self) -> bool {
        self.leg_of.is_some() && !self.is_live
    }

    /// Sets aside `reserve` a share, which stands at `price`.
    pub(in crate::exchange) fn price_by(&mut self, price: Price, reserve: Price) {
        self.reserve = if self.opens { reserve } else { Price::ZERO };
        self.is_unpriced = false;
        if let (Some(amount), true) = (self.notional, self.filled.is_zero()) {
            self.qty = Quantity::most_for(amount, self.reserve.max(price)).max(Quantity::from_units(1));
        }
    }
}
