//! The book of open approvals: what may still fill, and the dollars set aside for it.
//!
//! Not here: making approvals, and whether an order may be sent (gate).
//! Invariant: reserved = Σ reserve of open approvals, each for what the venue may still fill of it.
use super::open_approval::OpenApproval;
use crate::domain::{Money, OrderId, Quantity, Ratio, SymbolIndex};

/// Approvals not filled or voided yet.
#[derive(Debug)]
pub(super) struct Reserves {
    open: Vec<OpenApproval>,
    reserved: Money,
}

impl Reserves {
    pub(super) fn none() -> Reserves {
        Reserves { open: Vec::with_capacity(64), reserved: Money::ZERO }
    }

    pub(super) fn open(&self) -> &[OpenApproval] {
        &self.open
    }

    pub(super) fn reserved(&self) -> Money {
        self.reserved
    }

    #[inline]
    pub(super) fn add(&mut self, approval: OpenApproval) {
        self.reserved += approval.reserve;
        self.open.push(approval);
    }

    /// Where the approval of `order` is.
    pub(super) fn position_of(&self, order: OrderId) -> Option<usize> {
        self.open.iter().position(|approval| approval.order == order)
    }

    /// Puts `approval` in the place of the one at `at`.
    pub(super) fn set(&mut self, at: usize, approval: OpenApproval) {
        self.reserved += approval.reserve - self.open[at].reserve;
        self.open[at] = approval;
    }

    /// The cancel of `order` is on its way.
    pub(super) fn call_off(&mut self, order: OrderId) {
        if let Some(at) = self.position_of(order) {
            self.open[at].is_called_off = true;
        }
    }

    /// Shares of `held` that no open exit already takes. One that is being canceled gives its shares to the
    /// next: both only shrink the position, whichever fills.
    pub(super) fn can_leave(&self, symbol: SymbolIndex, held: Quantity) -> Quantity {
        let takes = |open: &&OpenApproval| open.symbol == symbol && open.reduces && !open.is_called_off;
        let leaving = self.open.iter().filter(takes);
        leaving.fold(held.abs(), |left, open| left - open.open).max(Quantity::ZERO)
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub(super) fn confirm_change(&mut self, order: OrderId) {
        let Some(at) = self.position_of(order) else { return };
        let mut approval = self.open[at];
        if let Some((open, reserve)) = approval.change.take() {
            self.set(at, OpenApproval { open, reserve, ..approval });
        }
    }

    /// A fill of `quantity` shares that leaves `remaining` to fill: its part of the reserve is spent.
    #[inline]
    pub(super) fn post(&mut self, order: OrderId, quantity: Quantity, remaining: Quantity) {
        let Some(at) = self.position_of(order) else { return };
        if remaining.is_zero() {
            self.remove(at);
            return;
        }
        let approval = &mut self.open[at];
        // A change on its way counts what is still to fill; the larger of both stays set aside.
        approval.change = approval.change.map(|(open, reserve)| (open - quantity.min(open), reserve));
        approval.open = approval.change.map_or(remaining, |(open, _)| remaining.max(open));
        let whole = i128::from(quantity.units()) + i128::from(approval.open.units());
        let part = i128::from(quantity.units()) * i128::from(Ratio::ONE.units()) / whole;
        let spent = approval.reserve.share(Ratio::from_units(part as i64));
        approval.reserve -= spent;
        self.reserved -= spent;
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    #[inline]
    pub(super) fn void(&mut self, order: OrderId) {
        if let Some(at) = self.position_of(order) {
            self.remove(at);
        }
    }

    /// The position in `symbol` is `held` shares now: no exit is for more, as at the venue.
    pub(super) fn shrink_exits(&mut self, symbol: SymbolIndex, held: Quantity) {
        for exit in self.open.iter_mut().filter(|open| open.symbol == symbol && open.reduces) {
            let most = if held.closing_side() == Some(exit.side) { held.abs() } else { Quantity::ZERO };
            exit.open = exit.open.min(most);
        }
    }

    /// Restates open orders of `symbol` for a split; reserves keep their dollars.
    pub(super) fn split(&mut self, symbol: SymbolIndex, restate: impl Fn(Quantity) -> Quantity) {
        for approval in self.open.iter_mut().filter(|approval| approval.symbol == symbol) {
            approval.open = restate(approval.open);
            approval.change = approval.change.map(|(open, reserve)| (restate(open), reserve));
        }
    }

    fn remove(&mut self, at: usize) {
        self.reserved -= self.open.swap_remove(at).reserve;
        debug_assert_eq!(self.reserved, self.open.iter().map(|approval| approval.reserve).sum());
    }
}
