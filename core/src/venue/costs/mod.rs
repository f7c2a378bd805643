//! What a fill costs: worse prices, the broker's commission, the regulators' fees.
//!
//! Not here: which fills happen (matching, within), what the money does to the account (account).
mod commission;
mod fee_meter;
mod regulatory;
mod slippage;
mod spreads;

pub use commission::{Commission, Occasion};
pub(super) use fee_meter::FeeMeter;
pub use fee_meter::{RegulatoryFees, regulatory_fees};
pub use regulatory::TradeDate;
pub use slippage::{CostScope, Depth, Slippage};
pub use spreads::{Spread, SpreadSource, Spreads};
pub(super) use spreads::{SpreadAt, SpreadTape};
