//! The limits a run is held to. There is no "off", only a wide number.
use crate::domain::Ratio;

/// Limits the gate enforces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// |position + pending + order| × price ≤ this × equity.
    pub position_size_max: Ratio,
    /// What an order over a limit becomes.
    pub on_breach: BreachRule,
}

/// What an order over a limit becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreachRule {
    /// Nothing; it is refused.
    Reject,
    /// The largest order that passes, in whole shares unless the scenario trades fractions.
    Trim,
}

/// When an entry must be paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashCheck {
    /// At approval, at the reference price.
    Approval,
    /// At its fill, after the sells of the same open; the venue rejects it whole.
    Fill,
}

/// What the account may borrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Margin {
    /// Buying power ÷ equity: 1, 2 or 4.
    pub leverage: i64,
    /// May a position be negative?
    pub allow_short: bool,
    /// When an entry must be paid for.
    pub cash_check: CashCheck,
}
