//! What has changed the account: executions and payments, in order.
//!
//! Not here: how a client asks for them (activities).
use super::core::Exchange;
use super::orders::Status;
use crate::domain::{Fill, Money, Price, Quantity, Ratio, SymbolIndex, Timestamp};

/// One execution of an order.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Execution {
    /// Its id.
    pub(super) id: String,
    /// Whose: a place in the book.
    pub(super) order: usize,
    /// What happened.
    pub(super) fill: Fill,
    /// When.
    pub(super) time: Timestamp,
    /// Shares of the order that have filled by then, and that were left.
    pub(super) filled: Quantity,
    pub(super) left: Quantity,
    /// The order's status by then.
    pub(super) status: Status,
    /// It sold shares that were not held.
    pub(super) is_short_sale: bool,
}

/// Why cash or shares changed without an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PaymentKind {
    /// Cash for every share; a short owes it.
    Dividend {
        /// Dollars a share.
        a_share: Price,
    },
    /// New shares for old, and cash for what is no whole share.
    Split {
        /// New shares per old.
        ratio: Ratio,
    },
    /// The share is listed no more and was paid for.
    Delisting {
        /// Dollars a share.
        a_share: Price,
    },
}

/// A change of cash or shares without an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Payment {
    /// Why.
    pub(super) kind: PaymentKind,
    /// Of which share.
    pub(super) symbol: SymbolIndex,
    /// Shares it was for, or that are held after it; negative is short, or leaving.
    pub(super) shares: Quantity,
    /// Dollars; negative is paid.
    pub(super) amount: Money,
    /// The date from which it holds.
    pub(super) date: Timestamp,
    /// When.
    pub(super) time: Timestamp,
}

/// Executions and payments as they happened.
#[derive(Clone, Default, Debug)]
pub(super) struct Statement {
    pub(super) executions: Vec<Execution>,
    pub(super) payments: Vec<Payment>,
}

impl Exchange {
    /// Takes a payment down, at a time of its own.
    pub(super) fn pay(&mut self, payment: Payment) {
        let time = self.event_time(payment.time);
        self.statement.payments.push(Payment { time, ..payment });
    }
}
