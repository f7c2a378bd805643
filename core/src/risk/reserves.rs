//! The book of open approvals: what may still fill, and the dollars set aside for it.
//!
//! Not here: making approvals, and whether an order may be sent (gate).
//! Invariant: reserved = Σ reserve of open approvals, each for what the venue may still fill of it.
use super::exposure::Exposure;
use super::open_approval::{Change, Former, OpenApproval, held_without};
use crate::domain::{Money, OrderId, OrderRequest, Quantity, Ratio, Side, SymbolIndex};

/// Approvals not filled or voided yet.
#[derive(Debug)]
pub(super) struct Reserves {
    open: Vec<OpenApproval>,
    reserved: Money,
}

/// What is open in one symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pending {
    /// Shares held that no open exit already takes. One that is being canceled gives its shares to the next:
    /// both only shrink the position, whichever fills.
    pub(super) can_leave: Quantity,
    /// Shares with the open entries filled: first without the open exits, which may never fill or be taken
    /// back, then with them.
    pub(super) shares: [Quantity; 2],
    /// The side of the open entries, which is one.
    pub(super) entry: Option<Side>,
}

impl Reserves {
    pub(super) fn none() -> Reserves {
        Reserves { open: Vec::with_capacity(64), reserved: Money::ZERO }
    }

    /// The book of these approvals.
    pub(super) fn of(open: Vec<OpenApproval>) -> Reserves {
        let reserved = open.iter().map(|approval| approval.reserve).sum();
        Reserves { open, reserved }
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
    #[inline]
    pub(super) fn position_of(&self, order: OrderId) -> Option<usize> {
        self.open.iter().position(|approval| approval.order == order)
    }

    /// Puts `approval` in the place of the one at `at`.
    pub(super) fn set(&mut self, at: usize, approval: OpenApproval) {
        self.reserved += approval.reserve - self.open[at].reserve;
        self.open[at] = approval;
    }

    /// Is there an exit that what is approved beside it may rely on?
    #[inline]
    pub(super) fn makes_room(&self) -> bool {
        self.open.iter().any(OpenApproval::makes_room_now)
    }

    /// Its moment has passed: no exit makes room any more.
    pub(super) fn end_room(&mut self, exposure: &mut Exposure) {
        for approval in self.open.iter_mut().filter(|approval| approval.makes_room) {
            approval.makes_room = false;
            exposure.touch(approval.symbol);
        }
    }

    /// The entry that is open and just like `request` for `quantity` shares.
    pub(super) fn same_as(&self, request: &OrderRequest, quantity: Quantity) -> Option<OrderId> {
        let is_same = |open: &&OpenApproval| {
            let wanted = (request.symbol, request.side, request.kind, request.time_in_force, quantity);
            let found = (open.symbol, open.side, open.kind, open.time_in_force, open.asked);
            found == wanted && !open.reduces && !open.is_called_off && !open.open.is_zero()
        };
        self.open.iter().find(is_same).map(|open| open.order)
    }

    /// The cancel of `order` is on its way. Like all below, says whose approval has changed.
    pub(super) fn call_off(&mut self, order: OrderId) -> Option<SymbolIndex> {
        let at = self.position_of(order)?;
        self.open[at].is_called_off = true;
        Some(self.open[at].symbol)
    }

    /// What is open in `symbol`, of which `held` shares are held.
    #[inline]
    pub(super) fn pending(&self, symbol: SymbolIndex, held: Quantity) -> Pending {
        let (mut entering, mut entry) = (Quantity::ZERO, None);
        let (mut leaving, mut called_off) = (Quantity::ZERO, Quantity::ZERO);
        for open in self.open.iter().filter(|open| open.symbol == symbol && !open.open.is_zero()) {
            if !open.reduces {
                entering += open.open.signed(open.side);
                entry = Some(open.side);
            } else if open.is_called_off {
                called_off += open.open;
            } else {
                leaving += open.open;
            }
        }
        Pending {
            can_leave: (held.abs() - leaving).max(Quantity::ZERO),
            shares: [held + entering, held_without(held, leaving + called_off) + entering],
            entry,
        }
    }

    /// The most shares that the exit at `at` may be changed to of a position of `held`: what no other takes, and
    /// what it has already.
    pub(super) fn may_become(&self, at: usize, held: Quantity) -> Quantity {
        let exit = &self.open[at];
        // One that is being canceled has given its shares back.
        let own = if exit.is_called_off { Quantity::ZERO } else { exit.open.min(held.abs()) };
        self.pending(exit.symbol, held).can_leave + own
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub(super) fn confirm_change(&mut self, order: OrderId) -> Option<SymbolIndex> {
        let at = self.position_of(order)?;
        let mut approval = self.open[at];
        let Change { asked, open, reserve, risk, kind, .. } = approval.change.take()?;
        self.set(at, OpenApproval { asked, open, reserve, risk, kind, ..approval });
        Some(approval.symbol)
    }

    /// The venue has refused the change: what it asked for beyond the order as it was returns.
    pub(super) fn refuse_change(&mut self, order: OrderId) -> Option<SymbolIndex> {
        let at = self.position_of(order)?;
        let mut approval = self.open[at];
        let Former { open, reserve, risk } = approval.change.take()?.former;
        self.set(at, OpenApproval { open, reserve, risk, ..approval });
        Some(approval.symbol)
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
        if let Some(change) = &mut approval.change {
            change.open = change.open - quantity.min(change.open);
            change.reserve -= spent(change.reserve, quantity, change.open);
            let former = &mut change.former;
            former.open = former.open - quantity.min(former.open);
            former.reserve -= spent(former.reserve, quantity, former.open);
        }
        approval.open = approval.change.map_or(remaining, |change| remaining.max(change.open));
        let spent = spent(approval.reserve, quantity, approval.open);
        approval.reserve -= spent;
        self.reserved -= spent;
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    #[inline]
    pub(super) fn void(&mut self, order: OrderId) -> Option<SymbolIndex> {
        let at = self.position_of(order)?;
        let symbol = self.open[at].symbol;
        self.remove(at);
        Some(symbol)
    }

    /// The position in `symbol` is `held` shares now: no exit is for more, as at the venue.
    #[inline]
    pub(super) fn shrink_exits(&mut self, symbol: SymbolIndex, held: Quantity) {
        for exit in self.open.iter_mut().filter(|open| open.symbol == symbol && open.reduces) {
            let most = if held.closing_side() == Some(exit.side) { held.abs() } else { Quantity::ZERO };
            exit.open = exit.open.min(most);
            if let Some(change) = &mut exit.change {
                change.open = change.open.min(most);
                change.former.open = change.former.open.min(most);
            }
        }
    }

    /// Restates open orders of `symbol` for a split into `ratio` new shares per old; reserves keep their dollars.
    pub(super) fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        let of_symbol = self.open.iter_mut().filter(|approval| approval.symbol == symbol);
        of_symbol.for_each(|approval| approval.split(ratio, &restate));
    }

    fn remove(&mut self, at: usize) {
        self.reserved -= self.open.swap_remove(at).reserve;
        debug_assert_eq!(self.reserved, self.open.iter().map(|approval| approval.reserve).sum());
    }
}

/// The part of `reserve` that a fill of `quantity` shares spends, `open` shares left: by billionths of it, rounded
/// down.
#[inline]
fn spent(reserve: Money, quantity: Quantity, open: Quantity) -> Money {
    let whole = i128::from(quantity.units()) + i128::from(open.units());
    let part = i128::from(quantity.units()) * i128::from(Ratio::ONE.units()) / whole;
    reserve.share(Ratio::from_units(part as i64))
}
