//! What an order is called in the files of a run: the script's id where a script wrote it, else our number.
//!
//! Not here: the files (folder).
use super::Forced;
use crate::domain::{OrderId, OrderPurpose, Symbol};
use crate::engine::{Journal, OrderRecord};
use crate::strategy::Script;

/// Names of the orders of one run.
#[derive(Clone, Copy)]
pub(super) struct OrderNames<'a> {
    pub(super) journal: &'a Journal,
    pub(super) script: Option<&'a Script>,
    pub(super) symbols: &'a [Symbol],
}

impl OrderNames<'_> {
    pub(super) fn of_id(&self, id: OrderId) -> String {
        self.of(&self.journal.orders[id.0 as usize - 1])
    }

    /// `E1`; its legs `E1.stop` and `E1.take_profit`; the exits of a flatten without an id `flatten.7` by
    /// our number, those of `F1` over several symbols `F1.AAPL`; what a delisting took `delisted.AAPL`, what a
    /// margin call closed `margin_call.7`, what the daily loss did `daily_loss.7`, what left because its time was up `time_stop.7`.
    pub(super) fn of(&self, record: &OrderRecord) -> String {
        let Some(script) = self.script else { return record.id.0.to_string() };
        if let Some(parent) = record.parent() {
            let part = match record.request.purpose {
                OrderPurpose::TakeProfit => "take_profit",
                _ => "stop",
            };
            return format!("{}.{part}", self.of_id(parent));
        }
        match record.label.and_then(|label| script.id(label)) {
            Some(id) if record.request.purpose == OrderPurpose::KillSwitch && self.symbols.len() > 1 => {
                format!("{id}.{}", self.symbols[record.request.symbol.get()])
            }
            Some(id) => id.to_owned(),
            None if record.request.purpose == OrderPurpose::Delisted => {
                format!("delisted.{}", self.symbols[record.request.symbol.get()])
            }
            None if let Some(forced) = Forced::of(self.journal, record) => format!("{}.{}", forced.name(), record.id.0),
            None if record.request.purpose == OrderPurpose::TimeStop => format!("time_stop.{}", record.id.0),
            None => format!("flatten.{}", record.id.0),
        }
    }
}
