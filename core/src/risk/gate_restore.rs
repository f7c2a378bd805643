//! What a restart must bring back of the gate, and how the gate takes it back.
//!
//! Not here: limits, rules of the account, prices, holdings and closes, which whoever starts a session tells again; the
//! kill switch, which has its own folder. What is brought back is what counts, never an order that could be sent.
//! Invariant: all of it or an error: a gate that forgot an open order would approve too much.
use serde::{Deserialize, Serialize};

use super::exposure::{ExpectedStop, ProtectiveStop};
use super::order_rate::OrderRate;
use super::reserves::Reserves;
use super::{Gate, OpenApproval, Watch, WatchState};
use crate::domain::{Money, OrderId, Quantity, SymbolIndex, Timestamp};

/// All that a gate remembers of what it has approved. Symbols are numbered as in the scenario that recorded it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateState {
    /// Halts, and what losses are measured against.
    pub watch: WatchState,
    /// Approvals not filled or voided yet.
    pub open: Vec<OpenApproval>,
    /// Stops that protect positions.
    pub stops: Vec<(SymbolIndex, ProtectiveStop)>,
    /// What some of them are to become by requests that are not answered yet.
    pub expected: Vec<ExpectedStop>,
    /// Moments of the approvals of the last minute.
    pub approved_at: Vec<Timestamp>,
    /// The moment of the latest review.
    pub moment: Timestamp,
    /// Approvals so far.
    pub sequence: u64,
}

/// Why a recorded state is none of this gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RestoreError {
    /// An order or a stop of a symbol that is not there.
    #[error(
        "order {} is of symbol number {symbol}, but there are {symbols}: start with the scenario that recorded it",
        order.0
    )]
    UnknownSymbol {
        /// The order.
        order: OrderId,
        /// Its symbol, counted from 0.
        symbol: usize,
        /// How many the gate has.
        symbols: usize,
    },
    /// The same order twice.
    #[error("order {} is recorded twice: the record is damaged; close what is open at the venue and start without it", order.0)]
    Twice {
        /// The order.
        order: OrderId,
    },
    /// Shares or dollars below zero, or an exit with dollars set aside.
    #[error(
        "order {} is recorded with {open} shares open and {reserve} dollars set aside, which no approval has: the record \
         is damaged; close what is open at the venue and start without it",
        order.0
    )]
    NoApproval {
        /// The order.
        order: OrderId,
        /// Shares still to fill.
        open: Quantity,
        /// Dollars set aside.
        reserve: Money,
    },
}

impl Gate {
    /// All that a restart must bring back.
    pub fn state(&self) -> GateState {
        GateState {
            watch: self.watch.state(),
            open: self.reserves.open().to_vec(),
            stops: self.exposure.all_stops().collect(),
            expected: self.exposure.expected().to_vec(),
            approved_at: self.rate.moments().collect(),
            moment: self.moment,
            sequence: self.sequence,
        }
    }

    /// Takes `state` back in the place of all that this gate has been told of orders, stops, halts and losses: what was
    /// open counts again.
    ///
    /// Errors: [`RestoreError`]; the gate is as it was then.
    pub fn restore(&mut self, state: GateState) -> Result<(), RestoreError> {
        state.check(self.priced_at.len())?;
        let GateState { watch, open, stops, expected, approved_at, moment, sequence } = state;
        self.watch = Watch::restored(&self.limits, watch);
        self.reserves = Reserves::of(open);
        self.exposure.restore(stops, expected);
        self.rate = OrderRate::of(approved_at);
        (self.moment, self.sequence) = (moment, sequence);
        Ok(())
    }
}

impl GateState {
    fn check(&self, symbols: usize) -> Result<(), RestoreError> {
        let orders = self.open.iter().map(|open| (open.order, open.symbol));
        let stops = self.stops.iter().map(|(symbol, stop)| (stop.order, *symbol));
        let expected = self.expected.iter().map(|expected| (expected.of, expected.symbol));
        for (order, symbol) in orders.chain(stops).chain(expected) {
            if symbol.get() >= symbols {
                return Err(RestoreError::UnknownSymbol { order, symbol: symbol.get(), symbols });
            }
        }
        for (at, approval) in self.open.iter().enumerate() {
            let OpenApproval { order, open, reserve, .. } = *approval;
            if self.open[..at].iter().any(|earlier| earlier.order == order) {
                return Err(RestoreError::Twice { order });
            }
            let is_negative = open < Quantity::ZERO || reserve < Money::ZERO;
            if is_negative || approval.reduces && reserve != Money::ZERO {
                return Err(RestoreError::NoApproval { order, open, reserve });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::domain::OrderRequest;
    use crate::risk::{Halt, HaltCause, HaltedBy, Limits, Refusal, TradingState};

    /// A desk with an order in part, a change and a cancel on their way, a stop that is being canceled.
    fn desk() -> Desk {
        let mut desk = Desk::new(Limits { gross_exposure_max: ratio("0.1"), ..Limits::WIDE }, LONG_ONLY);
        desk.hold(B, 30);
        let request = OrderRequest { kind: limit("90"), ..buy(40) };
        let order = desk.pass(&request);
        desk.fill(order, &request, shares(10), shares(30));
        desk.pass_change(order, &request, (limit("90"), Some(shares(20))));
        let exit = desk.pass(&OrderRequest { symbol: B, ..sell(5) });
        desk.gate.call_off(exit);
        let stop = ProtectiveStop { order: OrderId(7), level: price("95"), shares: shares(30), entry: None };
        desk.gate.set_stop(B, stop);
        let canceled = desk.gate.review_cancel((OrderId(7), B), |_| true, &desk.portfolio);
        assert_eq!(canceled, Ok(()));
        desk
    }

    #[test]
    fn what_was_open_counts_after_a_restart() {
        let mut before = desk();
        let text = serde_json::to_string(&before.gate.state()).expect("text");
        let mut after = Desk::new(Limits { gross_exposure_max: ratio("0.1"), ..Limits::WIDE }, LONG_ONLY);
        after.hold(B, 30);
        after.hold(A, 10);
        // Without it 60 shares of A would pass; with what is open 30.
        assert_eq!(after.most(&buy(1)), shares(60));
        after.gate.restore(serde_json::from_str(&text).expect("state")).expect("the same symbols");
        assert_eq!(after.gate.state(), before.gate.state());
        assert_eq!((after.gate.reserved(), after.gate.open()), (before.gate.reserved(), before.gate.open()));
        for request in [buy(1), OrderRequest { symbol: B, ..sell(1) }, OrderRequest { symbol: C, ..buy(1) }] {
            assert_eq!(after.most(&request), before.most(&request), "{request:?}");
        }
        assert_eq!(after.most(&buy(1)), shares(30));
        let exit = OrderRequest { symbol: B, ..sell(30) };
        let sequence = |desk: &mut Desk| desk.ask(&exit).expect("it only shrinks the position").sequence();
        assert_eq!(sequence(&mut after), sequence(&mut before));
    }

    #[test]
    fn a_halt_and_the_orders_of_the_minute_come_back() {
        let mut before = Desk::new(Limits { orders_per_minute_max: 2, ..Limits::WIDE }, LONG_ONLY);
        for shares in [1, 2] {
            before.pass(&buy(shares));
        }
        let mut after = Desk::new(Limits { orders_per_minute_max: 2, ..Limits::WIDE }, LONG_ONLY);
        after.gate.restore(before.gate.state()).expect("the same symbols");
        assert_eq!(after.refuse(&buy(3)), Refusal::OrderRate { need: 3, have: 2 });
        let manual = Halt { cause: HaltCause::Manual, since: at(1), by: HaltedBy::Script, reason: None };
        before.gate.watch_mut().halt(manual);
        after.gate.restore(before.gate.state()).expect("the same symbols");
        assert_eq!(after.gate.watch().halts().state(), TradingState::Halted);
    }

    #[test]
    fn an_exit_of_what_is_held_no_more_comes_back_for_nothing() {
        let mut before = Desk::new(Limits::WIDE, LONG_ONLY);
        before.hold(A, 5);
        before.pass(&sell(5));
        before.hold(A, -5);
        let mut after = Desk::new(Limits::WIDE, LONG_ONLY);
        assert_eq!(after.gate.restore(before.gate.state()), Ok(()));
        assert_eq!(after.gate.open().iter().map(|open| open.open).collect::<Vec<_>>(), [Quantity::ZERO]);
    }

    #[test]
    fn a_state_of_something_else_is_refused_and_changes_nothing() {
        let whole = desk().gate.state();
        let text = serde_json::to_string(&whole).expect("text");
        for cut in 0..text.len() {
            assert!(serde_json::from_str::<GateState>(&text[..cut]).is_err());
        }
        assert!(serde_json::from_str::<GateState>(&text.replacen("sequence", "count", 1)).is_err());
        let open = whole.open[0];
        let order = open.order;
        let with = |open: Vec<OpenApproval>| GateState { open, ..whole.clone() };
        let far = SymbolIndex(3);
        let unknown = RestoreError::UnknownSymbol { order, symbol: 3, symbols: 3 };
        let below = shares(-1);
        for (state, error) in [
            (with(vec![OpenApproval { symbol: far, ..open }]), unknown),
            (with(vec![open, open]), RestoreError::Twice { order }),
            (
                with(vec![OpenApproval { open: below, ..open }]),
                RestoreError::NoApproval { order, open: below, reserve: open.reserve },
            ),
            (
                with(vec![OpenApproval { reduces: true, ..open }]),
                RestoreError::NoApproval { order, open: open.open, reserve: open.reserve },
            ),
            (
                with(vec![OpenApproval { reserve: dollars(-1), ..open }]),
                RestoreError::NoApproval { order, open: open.open, reserve: dollars(-1) },
            ),
            (
                GateState { stops: vec![(far, whole.stops[0].1)], ..whole.clone() },
                RestoreError::UnknownSymbol { order: OrderId(7), symbol: 3, symbols: 3 },
            ),
            (
                GateState { expected: vec![ExpectedStop { symbol: far, ..whole.expected[0] }], ..whole.clone() },
                RestoreError::UnknownSymbol { order: OrderId(7), symbol: 3, symbols: 3 },
            ),
        ] {
            let mut desk = desk();
            assert_eq!(desk.gate.restore(state), Err(error));
            assert_eq!(desk.gate.state(), whole);
        }
    }
}
