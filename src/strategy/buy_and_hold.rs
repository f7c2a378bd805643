//! `buy_and_hold`: in at the first bar, never out.
use super::{Intent, Intents, Strategy, View};
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

impl Strategy for BuyAndHold {
    fn on_bar(&mut self, symbol: SymbolIndex, _bar: &Bar, _view: &View<'_>, intents: &mut Intents) {
        if !std::mem::replace(&mut self.entered[symbol.get()], true) {
            intents.push(Intent::Enter { symbol, side: Side::Buy, weight: None });
        }
    }
}
