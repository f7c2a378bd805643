//! Values and vocabulary: the types every other room speaks in.
//!
//! Not here: any rule of the market, of risk or of a strategy; any file or clock.
//! Invariants: (1) prices, quantities and money are integers, so sums are exact;
//! (2) arithmetic that would overflow is an error or a panic, never a wrapped number;
//! (3) text becomes a value once, at the door, and is not checked again.
mod bar;
mod event;
mod fill;
mod fixed;
mod money;
mod order;
mod order_status;
mod price;
mod quantity;
mod ratio;
mod reject;
mod symbol;
mod timeframe;
mod timestamp;
mod volume;
mod word;

pub use bar::{Bar, BarError};
pub use event::ExecutionEvent;
pub use fill::Fill;
pub use fixed::ParseNumberError;
pub use money::Money;
pub use order::{
    ExitLegs, LegActivation, LegLevel, NewPrices, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest,
    OrderSize, Side, TimeInForce, Trail,
};
pub use order_status::{IllegalTransition, OrderStatus, OrderUpdate};
pub use price::{Price, Tick};
pub use quantity::Quantity;
pub use ratio::Ratio;
pub use reject::RejectReason;
pub use symbol::{Symbol, SymbolError, SymbolIndex};
pub use timeframe::Timeframe;
pub use timestamp::{ParseTimeError, Timestamp};
pub use volume::Volume;
