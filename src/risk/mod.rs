//! What may be sent: limits, refusals, the gate, protective levels.
//!
//! Not here: what is wanted (strategy), how many shares that is (engine), sending (execution).
mod gate;
mod halts;
mod heat;
mod kill_switch;
mod latch;
mod latch_steps;
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
pub use kill_switch::{ArmedLatch, KillSwitch, LatchFile};
pub use latch::{
    HaltOrder, LATCH_HISTORY_MAX, LATCH_VERSION, Latch, LatchEvent, LatchFlaw, LatchState, Latched, ResumeOrder,
};
pub use latch_steps::{Disk, HaltRecord, LATCH_DOCUMENT, LatchError, Presence, halt_on, read_on, resume_on};
pub use limits::{BreachRule, CashCheck, Limits, Margin};
pub use maintenance::MaintenanceRate;
pub use open_approval::{OpenApproval, reserve_price};
pub use refusal::Refusal;
pub use standing::{Holding, ShortRules, Standing};
pub use stops::{AtrSmoothing, StopAnchor, StopKind, StopRule, TakeProfit};
pub use words::{Words, WordsError};
