//! What may be sent: limits, refusals, the gate, protective levels.
//!
//! Not here: what is wanted (strategy), how many shares that is (engine), sending (execution).
mod gate;
mod halts;
mod heat;
mod limits;
mod maintenance;
mod open_approval;
mod refusal;
mod reserves;
mod standing;
mod stops;
mod words;

pub use gate::{ApprovedChange, ApprovedOrder, Gate};
pub use halts::{Halt, HaltCause, HaltedBy, Halts, Resumed, TradingState};
pub use heat::at_risk;
pub use limits::{BreachRule, CashCheck, Limits, Margin};
pub use maintenance::MaintenanceRate;
pub use open_approval::{OpenApproval, reserve_price};
pub use refusal::Refusal;
pub use standing::{Holding, ShortRules, Standing};
pub use stops::{AtrSmoothing, StopAnchor, StopKind, StopRule, TakeProfit};
pub use words::{Words, WordsError};
