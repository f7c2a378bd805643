//! Margin calls: at a close the account must meet its requirement, or positions are closed until it does.
//!
//! Not here: the requirement (risk::maintenance), what may be opened (gate). Whole positions leave by market
//! exits through the gate, the largest requirement first; what a market exit already takes counts as gone.
//! Resting entries are canceled first. It works while halted, since it only reduces.
use super::core::{Effect, Engine};
use super::journal::MarginCall;
use super::replay::deliver;
use crate::domain::{Bar, IllegalTransition, Money, OrderKind, OrderPurpose, Quantity, SymbolIndex, Timestamp};
use crate::execution::ReplayMarket;
use crate::risk::MaintenanceRate;
use crate::strategy::Strategy;
use crate::venue::{Band, MarketFill};

/// The bars of `time` have closed: calls what the account cannot keep.
pub(super) fn call_margin<S: Strategy, B: ReplayMarket>(
    engine: &mut Engine<S>,
    backend: &mut B,
    step: &[(SymbolIndex, &Bar)],
    time: Timestamp,
    in_session: bool,
    market_fill: MarketFill,
) -> Result<(), IllegalTransition> {
    if engine.liquidates(time) {
        deliver(engine, backend, step, time, in_session, market_fill)?;
    }
    Ok(())
}

/// What one position adds, once market exits on their way are gone.
struct Staying {
    symbol: SymbolIndex,
    requirement: Money,
    gross: Money,
}

impl<S: Strategy> Engine<S> {
    /// Sends exits if the account does not meet its requirement; says whether it sent any.
    pub(super) fn liquidates(&mut self, now: Timestamp) -> bool {
        let Some(desk) = self.account.as_deref_mut().filter(|desk| desk.is_margin) else { return false };
        let (rate, halves) = (desk.rate(self.gate.standing()), desk.at_close && desk.halves);
        desk.at_close = false;
        let equity = self.portfolio.equity();
        let is_kept = |requirement: Money, gross: Money| {
            let twice = Money::from_units(equity.units().saturating_mul(2));
            requirement <= equity && (!halves || gross <= twice)
        };
        let positions = self.portfolio.positions().iter().filter(|position| !position.quantity().is_zero());
        let (mut requirement, mut gross) = positions.fold((Money::ZERO, Money::ZERO), |(need, gross), position| {
            (need + rate.requirement(position.quantity(), position.mark()), gross + position.value().abs())
        });
        if is_kept(requirement, gross) {
            return false;
        }
        let mut staying: Vec<Staying> = (0..self.books.len() as u16)
            .map(SymbolIndex)
            .map(|symbol| {
                let (quantity, mark) = (self.staying(symbol), self.portfolio.position(symbol).mark());
                let requirement = rate.requirement(quantity, mark);
                Staying { symbol, requirement, gross: mark.notional(quantity.abs()) }
            })
            .filter(|position| position.gross != Money::ZERO)
            .collect();
        (requirement, gross) = staying.iter().fold((Money::ZERO, Money::ZERO), |(need, gross), position| {
            (need + position.requirement, gross + position.gross)
        });
        if is_kept(requirement, gross) || staying.is_empty() {
            return false;
        }
        self.journal.margin_calls.push(MarginCall { time: now, need: requirement, have: equity });
        let entries = self.gate.open().iter().filter(|approval| !approval.reduces);
        self.effects.extend(entries.map(|approval| Effect::Cancel(approval.order)));
        // Stable: equal requirements leave in the order of symbols.
        staying.sort_by_key(|position| std::cmp::Reverse(position.requirement));
        for position in staying {
            if is_kept(requirement, gross) {
                break;
            }
            requirement -= position.requirement;
            gross -= position.gross;
            self.flatten(Some(position.symbol), OrderPurpose::RiskHalt, None, now);
        }
        true
    }

    /// Shares of the position that no market exit on its way takes, nor one that waits for cancels on theirs.
    fn staying(&self, symbol: SymbolIndex) -> Quantity {
        if self.is_flattening(symbol) {
            return Quantity::ZERO;
        }
        let held = self.portfolio.position(symbol).quantity();
        let is_leaving = |order| self.orders.get(order).request.kind == OrderKind::Market;
        let leaving = self.gate.open().iter().filter(|open| open.symbol == symbol && open.reduces);
        leaving.filter(|open| is_leaving(open.order)).fold(held, |held, open| held + open.open.signed(open.side))
    }

    /// `band`, and the prices of its only `symbol` between which the account meets its requirement.
    #[inline]
    pub(super) fn within_margin(&self, symbol: SymbolIndex, band: Band) -> Band {
        match self.account.as_deref().filter(|desk| desk.is_margin) {
            Some(desk) => band.joined(self.margin_band(symbol, desk.rate(self.gate.standing()))),
            None => band,
        }
    }

    #[cold]
    fn margin_band(&self, symbol: SymbolIndex, rate: MaintenanceRate) -> Band {
        let (low, high) = rate.safe_prices(self.portfolio.cash(), self.portfolio.position(symbol).quantity());
        Band::between(low, high)
    }
}
