//! Where the day of the account began: what today's changes are measured from.
//!
//! Not here: equity over time (history).
use crate::domain::{Money, Price, Quantity, Timestamp};
use crate::portfolio::Portfolio;

/// Equity at the last close of a session, and positions at the beginning of the day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DayStart {
    /// Equity at the last close of a session; the cash to begin with before the first.
    pub(super) last_equity: Money,
    /// Gross exposure then.
    pub(super) last_gross: Money,
    /// The date of that session; `None` before the first.
    pub(super) asof: Option<Timestamp>,
    /// By asset: shares held when the day began.
    pub(super) shares: Vec<Quantity>,
    /// By asset: the last price then, in today's shares; zero where there was none.
    pub(super) prices: Vec<Price>,
}

impl DayStart {
    /// The first day of an account with `cash` and nothing else.
    pub(super) fn first(cash: Money, symbols: usize) -> DayStart {
        DayStart {
            last_equity: cash,
            last_gross: Money::ZERO,
            asof: None,
            shares: vec![Quantity::ZERO; symbols],
            prices: vec![Price::ZERO; symbols],
        }
    }

    /// A day begins, after its splits.
    pub(super) fn begin(&mut self, ledger: &Portfolio) {
        for (position, (shares, price)) in ledger.positions().iter().zip(self.shares.iter_mut().zip(&mut self.prices)) {
            (*shares, *price) = (position.quantity(), position.mark());
        }
    }

    /// The session of this date has closed.
    pub(super) fn close(&mut self, ledger: &Portfolio, date: Timestamp) {
        (self.last_equity, self.last_gross, self.asof) = (ledger.equity(), ledger.gross_exposure(), Some(date));
    }
}
