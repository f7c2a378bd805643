//! `[execution]` of a scenario, as the venue reads it.
use super::{Commission, CostScope, Slippage};
use crate::domain::{Ratio, Tick};

/// When a market order fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketFill {
    /// At the open of the next bar.
    NextOpen,
    /// At the close of the bar that decided it.
    Close,
    /// At the close of the next bar.
    NextClose,
}

/// What a limit order needs to fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitFill {
    /// The price touches the limit.
    Touch,
    /// The price goes through the limit.
    Through,
}

/// Which fills when a bar holds both a stop and a target and cannot tell which came first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BothTouched {
    /// The stop: the cruel reading.
    StopFirst,
    /// The target: the kind reading.
    TargetFirst,
    /// What comes first on a path guessed from the shape of the bar.
    Ohlc,
    /// What came first in the finer bars, stops before targets inside each of them.
    Finer,
}

/// What happens when a signal exit is due at the open of a bar that also touches the stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DueExit {
    /// The exit fills at the open and voids the stop.
    ExitFirst,
    /// The exit fills at the stop's price, the worse of open and stop (as vectorbt does).
    StopFirst,
}

/// How the simulated market fills, charges and refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueRules {
    /// When a market order fills.
    pub market_fill: MarketFill,
    /// What a limit order needs.
    pub limit_fill: LimitFill,
    /// Stop and target in one bar.
    pub both_touched: BothTouched,
    /// Exit due and stop touched in one bar.
    pub due_exit: DueExit,
    /// How much worse than the reference a market order fills.
    pub slippage: Slippage,
    /// Which fills pay it.
    pub slippage_on: CostScope,
    /// The broker's charge.
    pub commission: Commission,
    /// Most of a bar's volume one order may take.
    pub participation: Ratio,
    /// The grid of protective levels measured from a fill.
    pub tick: Tick,
    /// Keep nine decimals of a share instead of whole shares.
    pub fractional: bool,
    /// Test a buy against the account when it comes to its fill.
    pub cash_check_at_fill: bool,
    /// An entry that cannot be paid whole is trimmed instead of rejected.
    pub trim_to_cash: bool,
    /// Bars outside the core session are shown.
    pub extended_hours: bool,
    /// Buying power ÷ equity.
    pub leverage: i64,
}
