//! The market that a session has seen, for a replay of it: its own bars, splits and dividends in the place of files.
//!
//! Not here: what a session saw (live::session), files of bars (data). Bars, splits and dividends come as they were shown,
//! so nothing is checked, adjusted or cut. Quotes and finer bars were never shown to a session and come from the
//! scenario's files.
use super::data::{refused, sessions};
use super::share::Share;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Bar, Timestamp};
use crate::engine::MarketAction;
use crate::market::read_corporate_actions;

impl MarketData {
    /// A market of `bars` by symbol, in the scenario's order, and of `actions`, each with the first bar after it; both in
    /// order of time.
    ///
    /// Errors: whatever is wrong with a file of quotes or of finer bars.
    pub fn of_session(
        loaded: &LoadedScenario,
        bars: Vec<Vec<Bar>>,
        actions: Vec<(Timestamp, MarketAction)>,
    ) -> Result<MarketData, Box<Diagnostic>> {
        let data = &loaded.spec.data;
        let mut market = MarketData { actions, ..MarketData::default() };
        let needs_names = data.finer_path.is_some() || loaded.spec.execution.slippage.quotes.is_some();
        let known = match loaded.corporate_actions_path().filter(|_| needs_names) {
            Some(path) => read_corporate_actions(&path).map_err(refused)?,
            None => Vec::new(),
        };
        let shares: Vec<Share> = data.symbols.iter().map(|symbol| Share::of(&known, *symbol)).collect();
        for (share, bars) in shares.iter().zip(&bars) {
            market.read_finer(loaded, share, bars)?;
        }
        if !data.timeframe.is_daily() {
            market.sessions = sessions(data, &bars);
        }
        market.bars = bars;
        market.load_spreads(loaded, &shares)?;
        Ok(market)
    }
}
