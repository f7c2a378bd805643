//! Strategies: opinions about bars that have closed.
//!
//! Not here: sizes, stops and limits (risk, engine), sending (execution). A strategy never sees a
//! bar before it has closed, nor anything of the future.
mod buy_and_hold;
mod donchian_breakout;
mod intents;
mod ma_crossover;
mod momentum;
mod order_script;
mod order_script_read;
mod order_script_row;
mod registry;
mod rsi_mean_reversion;
mod signal;
mod view;

pub use buy_and_hold::BuyAndHold;
pub use donchian_breakout::DonchianBreakout;
pub use intents::{Intent, Intents, ScriptOrder, ScriptPart, ScriptSize, ScriptTarget};
pub use ma_crossover::{CrossRule, MaCrossover};
pub use momentum::Momentum;
pub use order_script::{OrderScript, Script};
pub use order_script_read::{ScriptContext, ScriptError, read_script};
pub use registry::{ParamError, ParamInfo, ParamKind, SIGNAL_PARAMS, StrategyInfo, StrategyVisitor, build, registry};
pub use rsi_mean_reversion::RsiMeanReversion;
pub use signal::{Direction, Reenter, SignalRule, SignalState};
pub use view::{Holding, LastExit, SymbolBook, View};

use crate::domain::{Bar, SymbolIndex};

/// A trading rule. One value serves all symbols of a run; state per symbol is its own business.
pub trait Strategy {
    /// A bar of `symbol` has closed. Runs once per symbol and bar, in the order of the scenario's
    /// symbols; everyone sees the same equity, before any order of this close.
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents);

    /// Every bar of this time has been shown: the place for decisions across symbols.
    fn on_step(&mut self, view: &View<'_>, intents: &mut Intents) {
        let _ = (view, intents);
    }
}
