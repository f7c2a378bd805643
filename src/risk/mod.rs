//! What may be sent: limits, refusals, the gate, protective levels.
//!
//! Not here: what is wanted (strategy), how many shares that is (engine), sending (execution).
mod correlation;
mod gate;
mod limits;
mod maintenance;
mod open_approval;
mod refusal;
mod reserves;
mod standing;
mod stops;
mod symbol_set;

pub use correlation::Correlations;
pub use gate::{ApprovedChange, ApprovedOrder, Gate};
pub use limits::{BreachRule, CashCheck, Limits, Margin};
pub use maintenance::MaintenanceRate;
pub use open_approval::{OpenApproval, reserve_price};
pub use refusal::Refusal;
pub use standing::{Holding, ShortRules, Standing};
pub use stops::{AtrSmoothing, StopAnchor, StopKind, StopRule, TakeProfit};
pub use symbol_set::SymbolSet;
