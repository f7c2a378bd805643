//! The core: one bar in, decisions out, fills back, everything accounted for.
//!
//! Not here: files, time, threads, `async`; which backend it runs on. The same core runs under the
//! replay loop and under the live driver.
mod account;
mod answers;
mod approved_most;
mod atr;
mod clock;
mod core;
mod delist;
mod equity_tape;
mod financing;
mod hours;
mod journal;
mod live;
mod loss_guard;
mod losses;
mod margin;
mod orders;
mod protection;
mod pump;
mod quiet;
mod replay;
mod script;
mod sizing;
mod submission;
mod time_stop;
mod volatility;

pub use self::core::{Effect, Engine, EngineConfig};
pub use account::{AccountRules, MarginRules, Settlement};
pub use approved_most::ApprovedMost;
pub use atr::AtrColumn;
pub use equity_tape::EquityTape;
pub use journal::{HaltRecord, Journal, MarginCall, RefusalRecord, SplitRecord, StopChange};
pub use live::Wishes;
pub use orders::{OrderOutcome, OrderRecord, Orders, Wanted};
pub use pump::pump;
pub use replay::{ExtendedDay, MarketAction, ReplayError, ReplayInput, SessionSpan, SteppedReplay, replay};
pub use sizing::{Sizing, SizingKind};
