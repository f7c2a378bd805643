//! The limits a run is held to. There is no "off", only a wide number.
//!
//! Not here: what an order would do to the account (measure), when a loss is reached (losses).
use crate::domain::{Money, Ratio};

/// `[risk]`: the limits the gate holds every order to that increases exposure, from whatever source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Loss since the previous session's close ÷ equity then, at which entries end for the session.
    pub daily_loss_max: Ratio,
    /// |position + pending + order| × price ≤ this × equity.
    pub position_size_max: Ratio,
    /// What stops leave at risk ≤ this × equity.
    pub portfolio_heat_max: Ratio,
    /// Value of a group of correlated symbols ≤ this × equity.
    pub correlated_exposure_max: Ratio,
    /// Fall from the running peak ÷ peak, at which entries end until a resume.
    pub drawdown_max: Ratio,
    /// Σ |position + pending| × price ≤ this × equity.
    pub gross_exposure_max: Ratio,
    /// Symbols with a position or a pending entry.
    pub open_positions_max: usize,
    /// Approvals in any 60 seconds.
    pub orders_per_minute_max: usize,
    /// Dollars one order may come to, fees aside.
    pub order_notional_max: Money,
    /// Farthest a limit may stand from the reference price, as a share of it.
    pub price_collar: Ratio,
    /// Age at which a reference price is too old, in nanoseconds; `None` in a replay, whose reference is the
    /// last close, however long ago.
    pub stale_after_ns: Option<i64>,
    /// What the daily loss does beyond refusing entries.
    pub on_daily_loss: LossRule,
    /// What an order over a limit becomes.
    pub on_breach: BreachRule,
}

/// What reaching `max_daily_loss` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LossRule {
    /// Resting entries are canceled and new ones refused; what protects a position stays.
    Halt,
    /// The same, and every position is closed through the gate.
    Flatten,
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

impl Limits {
    /// The widest limits a scenario can write: a million times equity and orders.
    pub const WIDE: Limits = {
        let wide = Ratio::from_units(1_000_000 * Ratio::ONE.units());
        Limits {
            daily_loss_max: wide,
            position_size_max: wide,
            portfolio_heat_max: wide,
            correlated_exposure_max: wide,
            drawdown_max: wide,
            gross_exposure_max: wide,
            open_positions_max: 1_000_000,
            orders_per_minute_max: 1_000_000,
            order_notional_max: Money::from_units(1_000_000_000_000_000 * Money::UNITS_PER_USD),
            price_collar: wide,
            stale_after_ns: None,
            on_daily_loss: LossRule::Halt,
            on_breach: BreachRule::Reject,
        }
    };
}
