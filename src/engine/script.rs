//! What an order script may ask beyond entering and leaving: its own orders, changes, flatten.
//!
//! Not here: reading the script (strategy::order_script).
use super::core::{Effect, Engine};
use super::orders::OrderOutcome;
use crate::domain::{OrderId, OrderPurpose, OrderRequest, OrderSize, SymbolIndex, Timestamp};
use crate::strategy::{ScriptOrder, ScriptSize, Strategy};

impl<S: Strategy> Engine<S> {
    pub(super) fn submit_script(&mut self, order: &ScriptOrder, now: Timestamp) {
        let symbol = order.request.symbol;
        let size = match order.size {
            ScriptSize::Shares(quantity) => quantity,
            ScriptSize::Max => {
                let fees = self.config.commission.rate();
                let most = self.gate.quantity_max(symbol, order.request.side, fees, &self.portfolio);
                if self.config.sizing.fractional { most } else { most.whole() }
            }
        };
        let request = OrderRequest { size: OrderSize::Shares(size), ..order.request };
        self.send(request, Some(order.label), now);
    }

    /// Cancels or changes a script's order.
    pub(super) fn change(&mut self, label: u32, now: Timestamp, effect: impl Fn(OrderId) -> Effect) {
        let _ = now;
        let Some(&order) = self.labels.get(label as usize).filter(|order| order.0 > 0) else { return };
        if matches!(self.orders.get(order).outcome, OrderOutcome::Sent(status) if status.is_open()) {
            self.effects.push(effect(order));
        }
    }

    pub(super) fn flatten(&mut self, only: Option<SymbolIndex>, now: Timestamp) {
        for index in 0..self.books.len() {
            let symbol = SymbolIndex(index as u16);
            if only.is_some_and(|wanted| wanted != symbol) {
                continue;
            }
            // Exits already on their way do the same work; everything else is voided first.
            let open: Vec<OrderId> = self.open_orders(symbol).collect();
            self.effects.extend(open.into_iter().map(Effect::Cancel));
            self.exit(symbol, OrderPurpose::KillSwitch, now);
        }
    }

    pub(super) fn open_orders(&self, symbol: SymbolIndex) -> impl Iterator<Item = OrderId> + '_ {
        let of_symbol = self.orders.records().iter().filter(move |record| record.request.symbol == symbol);
        let open = of_symbol.filter(|record| matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()));
        open.filter(|record| record.request.purpose != OrderPurpose::Signal).map(|record| record.id)
    }
}
