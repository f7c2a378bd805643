//! `buy_and_hold`: in at the first bar, never out.
//!
//! Not here: a second try. An entry that is refused or not filled stays the only one.
use super::{Intent, Intents, Listed, ParamError, Params, Setup, Strategy, StrategyInfo, View};
use crate::domain::{Bar, Side, SymbolIndex};

/// Enters every symbol at its first bar.
#[derive(Debug)]
pub struct BuyAndHold {
    entered: Vec<bool>,
}

impl BuyAndHold {
    /// For `symbols` symbols.
    pub fn new(symbols: usize) -> BuyAndHold {
        BuyAndHold { entered: vec![false; symbols] }
    }
}

impl Listed for BuyAndHold {
    const INFO: StrategyInfo =
        StrategyInfo { id: "buy_and_hold", rule: "long at the first bar, never out", params: &[], signals: false };

    fn build(_params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        Ok(BuyAndHold::new(setup.symbols))
    }
}

impl Strategy for BuyAndHold {
    fn on_bar(&mut self, symbol: SymbolIndex, _bar: &Bar, _view: &View<'_>, intents: &mut Intents) {
        if !std::mem::replace(&mut self.entered[symbol.get()], true) {
            intents.push(Intent::Enter { symbol, side: Side::Buy, weight: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Event, bars, trade, trade_together};
    use super::*;

    #[test]
    fn enters_each_symbol_once_at_its_own_first_bar() {
        assert_eq!(trade(BuyAndHold::new(1), &bars(&[5, 4, 3, 9])), [(0, Event::Buy)]);
        let later = bars(&[7, 7, 7])[1..].to_vec();
        let events = trade_together(BuyAndHold::new(2), &[bars(&[5, 4, 3]), later]);
        assert_eq!(events, [(0, 0, Event::Buy), (1, 1, Event::Buy)]);
    }
}
