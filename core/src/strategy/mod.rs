//! Strategies: opinions about bars that have closed.
//!
//! Not here: sizes, stops and limits (risk, engine), sending (execution). A strategy never sees a
//! bar before it has closed, nor anything of the future.
mod buy_and_hold;
mod catalog;
mod chart_line;
mod cross_sectional_momentum;
mod donchian_breakout;
mod intents;
mod ma_crossover;
mod macd_trend;
mod mean_reversion;
mod momentum;
mod multi_timeframe;
mod order_script;
mod order_script_read;
mod order_script_row;
mod param;
mod registry;
mod rsi_mean_reversion;
mod signal;
#[cfg(test)]
mod testing;
mod view;
mod volatility_breakout;
mod window;

pub use buy_and_hold::BuyAndHold;
pub use catalog::{And, Catalog, Choice, Listed, ListedVisitor, Setup, StrategyInfo};
pub use chart_line::ChartLine;
pub use cross_sectional_momentum::CrossSectionalMomentum;
pub use donchian_breakout::DonchianBreakout;
pub use intents::{Intent, Intents, ScriptOrder, ScriptPart, ScriptSize, ScriptTarget};
pub use ma_crossover::{CrossRule, MaCrossover};
pub use macd_trend::MacdTrend;
pub use mean_reversion::MeanReversion;
pub use momentum::{Momentum, QuickTest};
pub use multi_timeframe::MultiTimeframe;
pub use order_script::{OrderScript, Script};
pub use order_script_read::{ScriptContext, ScriptError, read_script};
pub use param::{ParamError, ParamInfo, ParamKind, Params, SIGNAL_PARAMS};
pub use registry::BuiltIn;
pub use rsi_mean_reversion::RsiMeanReversion;
pub use signal::{Direction, Reenter, SignalRule, SignalState};
pub use view::{Holding, LastExit, SymbolBook, View};
pub use volatility_breakout::{Confirmation, VolatilityBreakout};

use crate::domain::{Bar, Ratio, SymbolIndex};

/// Longest look-back of a built-in strategy, in bars: 40 years of days.
pub const LOOKBACK_BARS_MAX: i64 = 10_000;

/// A trading rule. One value serves all symbols of a run; state per symbol is its own business.
pub trait Strategy {
    /// A bar of `symbol` has closed. Runs once per symbol and bar, in the order of the scenario's
    /// symbols; everyone sees the same equity, before any order of this close.
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents);

    /// Takes as many of `bars`, the next bars of `symbol`, as surely want nothing and as `follow` takes too,
    /// and says how many: its state must be as if `on_bar` and `on_step` had seen them. Each bar is shown to
    /// `follow` in order, once, after the strategy found that it can pass; where `follow` says false, neither
    /// takes it and the stretch ends. 0 is always right: then `on_bar` is asked bar by bar.
    ///
    /// For rules that look at nothing but bars: a run of quiet bars costs a fraction of as many calls. With
    /// the strategy's state and that of `follow`, the account's, in one loop both stay in registers.
    fn pass_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], follow: impl FnMut(&Bar) -> bool) -> usize {
        let _ = (symbol, bars, follow);
        0
    }

    /// A share splits into `ratio` new ones per old before the open of its next bar: what the strategy
    /// remembers of it must be in the new unit from here on. Prices ÷ ratio ([`Ratio::divide_nearest`] for
    /// whole numbers, `rescale(1.0 / ratio.to_f64())` for an indicator), volumes × ratio; ratios of prices stay.
    ///
    /// Called where prices are raw (`data.adjust = "none"`) and `data.corporate_actions` has the split. It
    /// tells nothing of the future: the split holds from this open on. By default nothing happens, which is right
    /// for a strategy that remembers no price and no volume; others see a fall that nobody suffered.
    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        let _ = (symbol, ratio);
    }

    /// Every bar of this time has been shown: the place for decisions across symbols.
    fn on_step(&mut self, view: &View<'_>, intents: &mut Intents) {
        let _ = (view, intents);
    }
}
