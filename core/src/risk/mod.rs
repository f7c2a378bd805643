//! What may be sent: limits, refusals, the gate, protective levels.
//!
//! Not here: what is wanted (strategy), how many shares that is (engine), sending (execution).
mod caps;
mod correlation;
mod exposure;
mod gate;
mod gate_restore;
mod gate_state;
mod gate_view;
mod halts;
mod heat;
mod kill_switch;
mod latch;
mod latch_steps;
mod limits;
mod losses;
mod maintenance;
mod measure;
mod open_approval;
mod order_rate;
mod protection;
mod refusal;
mod reserves;
mod standing;
mod stops;
mod symbol_set;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_exposure;
#[cfg(test)]
mod tests_gate;
#[cfg(test)]
mod tests_latch;
#[cfg(test)]
mod tests_measure;
#[cfg(test)]
mod tests_protection;
#[cfg(test)]
mod tests_reserves;
#[cfg(test)]
mod tests_room;
mod watch;
mod words;

pub use caps::LimitCaps;
pub use correlation::Correlations;
pub use exposure::{ExpectedStop, ProtectiveStop};
pub use gate::{ApprovedChange, ApprovedOrder};
pub use gate_restore::{GateState, RestoreError};
pub use gate_state::Gate;
pub use gate_view::{Group, Used};
pub use halts::{Halt, HaltCause, HaltedBy, Halts, Resumed, TradingState};
pub use heat::at_risk;
pub use kill_switch::{ArmedLatch, KillSwitch, LatchFile};
pub use latch::{
    HaltOrder, LATCH_HISTORY_MAX, LATCH_VERSION, Latch, LatchEvent, LatchFlaw, LatchState, Latched, ResumeOrder,
};
pub use latch_steps::{
    Disk, HaltRecord, LATCH_DOCUMENT, LatchError, Noted, Presence, halt_on, note_on, read_on, resume_on, take_in_on,
};
pub use limits::{BreachRule, CashCheck, Limits, LossRule, Margin};
pub use losses::{Loss, LossMarks, LossWatch};
pub use maintenance::MaintenanceRate;
pub use open_approval::{Change, Former, OpenApproval, reserve_price};
pub use refusal::Refusal;
pub use standing::{Holding, Standing, SymbolRules};
pub use stops::{AtrSmoothing, StopAnchor, StopKind, StopRule, TakeProfit};
pub use symbol_set::SymbolSet;
pub use watch::{LossHalt, Watch, WatchState};
pub use words::{Words, WordsError};
