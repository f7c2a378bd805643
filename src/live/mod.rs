//! A session that trades: what drives engine, desk and wire by the clock, what is kept of it, and who is told.
//!
//! Not here: what may be sent (risk), what to say to the venue (execution::alpaca), command lines (cli).
mod account;
mod command;
pub mod dashboard;
pub mod drill;
pub mod driver;
mod event;
pub mod history;
pub mod journal;
pub mod kill;
pub mod log;
mod log_files;
pub mod notify;
pub mod preflight;
mod private;
pub mod redact;
pub mod session;
mod snapshot;

pub use account::AccountMark;
pub use command::{Asked, Command, Done, ItemOutcome};
pub use event::{EventKind, RefusedOrder, SessionEvent, Severity};
pub use snapshot::{
    Aged, ChartBar, ChartFill, ChartView, ClosedView, Figures, HaltStep, HaltView, HealthItem, LimitView, MarketView,
    ModeView, OrderRole, OrderView, PositionView, RefusalView, Snapshot, StateView, StrategyView,
};
