//! `/v2/account/configurations`: what the holder of the account has set.
//!
//! Not here: what a setting does to orders.

/// The settings; as Alpaca has them for a new account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Configurations {
    /// Orders for parts of a share are taken.
    pub(super) fractional_trading: bool,
    /// Buying power is at most so many times equity.
    pub(super) max_margin_multiplier: u32,
    /// No order may open a short position.
    pub(super) no_shorting: bool,
    /// No order is taken.
    pub(super) suspend_trade: bool,
}

impl Default for Configurations {
    fn default() -> Self {
        Configurations { fractional_trading: true, max_margin_multiplier: 4, no_shorting: false, suspend_trade: false }
    }
}
