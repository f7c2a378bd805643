//! The risk gate: the only place an [`OrderRequest`] becomes an [`ApprovedOrder`].
//!
//! Not here: sizing (engine), sending (execution), what became of an order (engine::orders).
//! Invariants: (1) reserved = Σ reserve of open approvals, each for what the venue may still fill of it;
//! (2) halted ⇒ only reducing orders pass; (3) an approval is a value that is used up by sending it.
//! Keep this file a leaf: a child module could build approvals.
use super::open_approval::{OpenApproval, projected, reserve_for, reserve_price, shares_at};
use super::{CashCheck, Limits, Margin, Refusal};
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, Ratio, Side, SymbolIndex,
    Timestamp,
};
use crate::portfolio::Portfolio;

/// An order that has passed every limit. A venue takes nothing else, and takes it by value.
///
/// It cannot be written out by hand:
/// ```compile_fail,E0451
/// use alphaflow::risk::ApprovedOrder;
/// fn forge(honest: ApprovedOrder) -> ApprovedOrder {
///     ApprovedOrder { quantity: alphaflow::domain::Quantity::MAX, ..honest }
/// }
/// ```
/// The same lines without the forging compile:
/// ```
/// use alphaflow::risk::ApprovedOrder;
/// fn pass(honest: ApprovedOrder) -> ApprovedOrder {
///     honest
/// }
/// ```
/// It cannot be copied or cloned:
/// ```compile_fail,E0599
/// use alphaflow::risk::ApprovedOrder;
/// fn twice(order: &ApprovedOrder) -> ApprovedOrder {
///     order.clone()
/// }
/// ```
/// ```
/// use alphaflow::risk::ApprovedOrder;
/// fn once(order: &ApprovedOrder) -> &ApprovedOrder {
///     order
/// }
/// ```
/// It cannot come out of a file:
/// ```compile_fail,E0277
/// fn read(text: &str) -> alphaflow::risk::ApprovedOrder {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// ```
/// fn read(text: &str) -> alphaflow::domain::Price {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// It cannot be sent twice:
/// ```compile_fail,E0382
/// use alphaflow::{execution::ExecutionBackend, risk::ApprovedOrder};
/// fn send(backend: &mut impl ExecutionBackend, order: ApprovedOrder) {
///     backend.submit(order);
///     backend.submit(order);
/// }
/// ```
/// ```
/// use alphaflow::{execution::ExecutionBackend, risk::ApprovedOrder};
/// fn send(backend: &mut impl ExecutionBackend, order: ApprovedOrder) {
///     backend.submit(order);
/// }
/// ```
/// It has no default:
/// ```compile_fail,E0277
/// fn need<T: Default>() {}
/// need::<alphaflow::risk::ApprovedOrder>();
/// ```
/// ```
/// fn need<T: Default>() {}
/// need::<alphaflow::domain::Price>();
/// ```
#[must_use = "an approval reserves buying power; send it or void it"]
#[derive(Debug)]
pub struct ApprovedOrder {
    id: OrderId,
    request: OrderRequest,
    quantity: Quantity,
    reference: Price,
    approved_at: Timestamp,
    sequence: u64,
    reduces: bool,
}

/// A change of a resting order that has passed every limit the order itself had to pass.
///
/// A venue changes nothing else. Like an approval it is used up by sending it:
/// ```compile_fail,E0382
/// use alphaflow::{execution::ExecutionBackend, risk::ApprovedChange};
/// fn send(backend: &mut impl ExecutionBackend, change: ApprovedChange) {
///     backend.replace(change);
///     backend.replace(change);
/// }
/// ```
/// ```
/// use alphaflow::{execution::ExecutionBackend, risk::ApprovedChange};
/// fn send(backend: &mut impl ExecutionBackend, change: ApprovedChange) {
///     backend.replace(change);
/// }
/// ```
/// and cannot be written out by hand:
/// ```compile_fail,E0451
/// use alphaflow::risk::ApprovedChange;
/// fn forge(honest: ApprovedChange) -> ApprovedChange {
///     ApprovedChange { quantity: None, ..honest }
/// }
/// ```
/// ```
/// use alphaflow::risk::ApprovedChange;
/// fn pass(honest: ApprovedChange) -> ApprovedChange {
///     honest
/// }
/// ```
#[must_use = "a change reserves buying power; send it"]
#[derive(Debug)]
pub struct ApprovedChange {
    order: OrderId,
    quantity: Option<Quantity>,
    kind: OrderKind,
    approved_at: Timestamp,
}

/// Reviews every order of a run, from whatever source.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    margin: Margin,
    halted: bool,
    sequence: u64,
    open: Vec<OpenApproval>,
    reserved: Money,
}

impl ApprovedOrder {
    /// Our number for it.
    pub fn id(&self) -> OrderId {
        self.id
    }
    /// What was asked for.
    pub fn request(&self) -> &OrderRequest {
        &self.request
    }
    /// Shares approved; the most it may come to when it is sized at its fill.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }
    /// The price it was measured at: the last close of its symbol in replay.
    pub fn reference(&self) -> Price {
        self.reference
    }
    /// The moment of the approval; a backend refuses one that is too old.
    pub fn approved_at(&self) -> Timestamp {
        self.approved_at
    }
    /// It was proved to shrink the position and not to flip it.
    pub fn reduces(&self) -> bool {
        self.reduces
    }
    /// Counts approvals of this gate from 1.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl ApprovedChange {
    /// The order to change.
    pub fn order(&self) -> OrderId {
        self.order
    }
    /// Shares it may still fill; `None` leaves them as they are.
    pub fn quantity(&self) -> Option<Quantity> {
        self.quantity
    }
    /// Its prices from now on.
    pub fn kind(&self) -> OrderKind {
        self.kind
    }
    /// The moment of the approval; a backend refuses one that is too old.
    pub fn approved_at(&self) -> Timestamp {
        self.approved_at
    }
}

impl Gate {
    /// A gate with nothing open.
    pub fn new(limits: Limits, margin: Margin) -> Gate {
        Gate { limits, margin, halted: false, sequence: 0, open: Vec::with_capacity(64), reserved: Money::ZERO }
    }

    /// Approves `request` as order `id`, or says why not. `fee` says what its fill would cost in fees.
    ///
    /// Measured at the symbol's mark, with every open entry counted as if it had filled. Open exits make no
    /// room for an entry on the side of the position: they may never fill, or be taken back.
    pub fn review(
        &mut self,
        id: OrderId,
        request: &OrderRequest,
        fee: impl FnOnce() -> Money,
        portfolio: &Portfolio,
        now: Timestamp,
    ) -> Result<ApprovedOrder, Refusal> {
        let price = portfolio.position(request.symbol).mark();
        if price == Price::ZERO {
            return Err(Refusal::NoPrice);
        }
        let quantity = shares_at(request.size, price, portfolio.cash());
        if quantity <= Quantity::ZERO {
            let one = Quantity::from_units(Quantity::UNITS_PER_SHARE);
            return Err(Refusal::TooSmall { need: Money::ZERO, have: price.notional(one) });
        }
        let reserve = if self.reduces(request, quantity, portfolio) {
            if matches!(request.class, OrderClass::Bracket | OrderClass::Oto) {
                return Err(Refusal::EntryClass { class: request.class.name() });
            }
            None
        } else if request.class == OrderClass::Oco {
            return Err(Refusal::ExitClass);
        } else {
            Some(self.check_entry(request, quantity, price, fee(), portfolio)?)
        };
        let mut request = *request;
        if let OrderSize::CashFraction { fraction, .. } = request.size {
            // A sale before it adds to the cash, not to the limit.
            request.size = OrderSize::CashFraction { fraction, most: self.room(&request, portfolio) };
        }
        self.open.push(OpenApproval::new(id, &request, quantity, reserve));
        self.reserved += reserve.unwrap_or(Money::ZERO);
        self.sequence += 1;
        let (reduces, reference, approved_at, sequence) = (reserve.is_none(), price, now, self.sequence);
        Ok(ApprovedOrder { id, request, quantity, reference, approved_at, sequence, reduces })
    }

    /// Approves a change of order `id`, which is `request` now, to the prices of `kind` and, unless `None`,
    /// to `quantity` shares still to fill; or says why not. `fee` is what its fill would cost in fees.
    ///
    /// More shares or a dearer price are measured like a new order; all else passes, also while halted.
    /// A leg has no approval of its own: it protects what has filled, so only its prices change.
    pub fn review_change(
        &mut self,
        id: OrderId,
        request: &OrderRequest,
        (kind, quantity): (OrderKind, Option<Quantity>),
        fee: Money,
        portfolio: &Portfolio,
        now: Timestamp,
    ) -> Result<ApprovedChange, Refusal> {
        let change = ApprovedChange { order: id, quantity, kind, approved_at: now };
        let Some(at) = self.position_of(id) else {
            return if quantity.is_none() { Ok(change) } else { Err(Refusal::NotOpen) };
        };
        let old = self.open[at];
        let open = quantity.unwrap_or(old.open);
        let (position, mut reserve) = (portfolio.position(old.symbol), Money::ZERO);
        if old.reduces {
            let have = self.can_leave(old.symbol, position.quantity()) + old.open.min(position.quantity().abs());
            if open > old.open && open > have {
                return Err(Refusal::ExceedsPosition { need: open, have });
            }
        } else {
            let price = reserve_price(kind, position.mark());
            reserve = price.notional(open) + fee;
            if open > old.open || price > reserve_price(request.kind, position.mark()) {
                self.check_instead(at, &OrderRequest { kind, ..*request }, open, fee, portfolio)?;
            } else {
                reserve = reserve.min(old.reserve);
            }
        }
        let approval = &mut self.open[at];
        approval.change = Some((open, reserve));
        approval.open = old.open.max(open);
        approval.reserve = old.reserve.max(reserve);
        self.reserved += approval.reserve - old.reserve;
        Ok(change)
    }

    /// Measures the order as if the open approval at `at` were not there.
    fn check_instead(
        &mut self,
        at: usize,
        request: &OrderRequest,
        quantity: Quantity,
        fee: Money,
        portfolio: &Portfolio,
    ) -> Result<Money, Refusal> {
        let (old, price) = (self.open[at], portfolio.position(request.symbol).mark());
        self.open[at] = OpenApproval { open: Quantity::ZERO, reserve: Money::ZERO, ..old };
        self.reserved -= old.reserve;
        let outcome = self.check_entry(request, quantity, price, fee, portfolio);
        self.open[at] = old;
        self.reserved += old.reserve;
        outcome
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub fn confirm_change(&mut self, order: OrderId) {
        let Some(at) = self.position_of(order) else { return };
        let approval = &mut self.open[at];
        if let Some((open, reserve)) = approval.change.take() {
            self.reserved += reserve - approval.reserve;
            (approval.open, approval.reserve) = (open, reserve);
        }
    }

    /// Does the order only shrink the position, even after every exit already on its way?
    fn reduces(&self, request: &OrderRequest, quantity: Quantity, portfolio: &Portfolio) -> bool {
        let held = portfolio.position(request.symbol).quantity();
        held.closing_side() == Some(request.side) && quantity <= self.can_leave(request.symbol, held)
    }

    /// Shares of `held` that no open exit already takes.
    fn can_leave(&self, symbol: SymbolIndex, held: Quantity) -> Quantity {
        let leaving = self.open.iter().filter(|open| open.symbol == symbol && open.reduces);
        leaving.fold(held.abs(), |left, open| left - open.open).max(Quantity::ZERO)
    }

    fn check_entry(
        &self,
        request: &OrderRequest,
        quantity: Quantity,
        price: Price,
        fee: Money,
        portfolio: &Portfolio,
    ) -> Result<Money, Refusal> {
        if self.halted {
            return Err(Refusal::Halted);
        }
        let held = portfolio.position(request.symbol).quantity();
        let can_leave = self.can_leave(request.symbol, held);
        if held.closing_side() == Some(request.side) && can_leave > Quantity::ZERO {
            // Part of it would close and the rest open the other way: one order does not flip a position.
            return Err(Refusal::ExceedsPosition { need: quantity, have: can_leave });
        }
        if self.open.iter().any(|open| {
            open.symbol == request.symbol && !open.reduces && open.side != request.side && !open.open.is_zero()
        }) {
            return Err(Refusal::OppositeEntry { side: request.side });
        }
        let have = portfolio.equity().share(self.limits.position_size_max);
        let filled = |shares: Quantity| shares.checked_add(quantity.signed(request.side));
        let [Some(kept), Some(after)] = projected(&self.open, request.symbol, held).map(filled) else {
            // More shares than can be counted, whatever they cost.
            return Err(Refusal::PositionSize { need: price.notional(Quantity::MAX), have });
        };
        if after < Quantity::ZERO && !self.margin.allow_short {
            return Err(match held.closing_side() == Some(request.side) {
                true => Refusal::ExceedsPosition { need: quantity, have: can_leave },
                false => Refusal::ShortBan { need: after },
            });
        }
        let need = price.notional(kept.abs().max(after.abs()));
        if need > have {
            return Err(Refusal::PositionSize { need, have });
        }
        let reserve = reserve_for(request, quantity, price, fee, portfolio.cash());
        let have = self.buying_power(request.symbol, request.side, portfolio);
        if self.margin.cash_check == CashCheck::Approval && reserve > have {
            return Err(Refusal::BuyingPower { need: reserve, have });
        }
        Ok(reserve)
    }

    /// Dollars an entry in `symbol` on `side` may spend now: leverage × equity − gross exposure − reserves. If
    /// it turns the position round, leaving shares are no exposure: should they stay, it only shrinks them.
    pub fn buying_power(&self, symbol: SymbolIndex, side: Side, portfolio: &Portfolio) -> Money {
        let position = portfolio.position(symbol);
        let turns = position.quantity().closing_side() == Some(side);
        let stays = if turns { self.can_leave(symbol, position.quantity()) } else { position.quantity().abs() };
        let equity = portfolio.equity().units().saturating_mul(i128::from(self.margin.leverage));
        Money::from_units(equity) - portfolio.gross_exposure() - self.reserved
            + position.mark().notional(position.quantity().abs() - stays)
    }

    /// Dollars that the position size leaves for `request`; negative where it is passed.
    fn room(&self, request: &OrderRequest, portfolio: &Portfolio) -> Money {
        let position = portfolio.position(request.symbol);
        let used = projected(&self.open, request.symbol, position.quantity()).map(|held| held.signed(request.side));
        let used = position.mark().notional(used[0].max(used[1]));
        portfolio.equity().share(self.limits.position_size_max) - used
    }

    /// The most shares that `review` would pass for `request`, whatever its size; a billionth of a share
    /// is the step. `affordable` says how many shares a budget pays for at a price, fees included.
    pub fn quantity_max(
        &self,
        request: &OrderRequest,
        affordable: impl Fn(Money, Price) -> Quantity,
        portfolio: &Portfolio,
    ) -> Quantity {
        let (symbol, side) = (request.symbol, request.side);
        let position = portfolio.position(symbol);
        let can_leave = self.can_leave(symbol, position.quantity());
        if position.quantity().closing_side() == Some(side) && can_leave > Quantity::ZERO {
            return can_leave;
        }
        let [_, after] = projected(&self.open, symbol, position.quantity());
        let room = self.room(request, portfolio);
        let within_size = Quantity::affordable(room, position.mark()).unwrap_or(Quantity::ZERO);
        let within_cash = match self.margin.cash_check {
            CashCheck::Fill => Quantity::MAX,
            CashCheck::Approval => {
                let price = reserve_price(request.kind, position.mark());
                affordable(self.buying_power(symbol, side, portfolio).max(Money::ZERO), price)
            }
        };
        // Without shorts a sale may take away what is there and not yet leaving.
        let shorts = if self.margin.allow_short || side == Side::Buy { Quantity::MAX } else { after };
        within_size.min(within_cash).min(shorts.max(Quantity::ZERO)).max(Quantity::ZERO)
    }

    /// A fill of `quantity` shares that leaves `remaining` to fill: its part of the reserve is spent.
    #[inline]
    pub fn post(&mut self, order: OrderId, quantity: Quantity, remaining: Quantity) {
        let Some(at) = self.position_of(order) else { return };
        let approval = &mut self.open[at];
        if remaining.is_zero() {
            self.remove(at);
            return;
        }
        let whole = i128::from(quantity.units()) + i128::from(remaining.units());
        let part = i128::from(quantity.units()) * i128::from(Ratio::ONE.units()) / whole;
        let spent = approval.reserve.share(Ratio::from_units(part as i64));
        approval.open = remaining;
        approval.reserve -= spent;
        self.reserved -= spent;
        // A change on its way counts what is still to fill.
        approval.change = approval.change.map(|(open, reserve)| (open - quantity.min(open), reserve));
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    #[inline]
    pub fn void(&mut self, order: OrderId) {
        if let Some(at) = self.position_of(order) {
            self.remove(at);
        }
    }

    /// The position in `symbol` is `held` shares now: no exit is for more, as at the venue.
    pub fn shrink_exits(&mut self, symbol: SymbolIndex, held: Quantity) {
        for exit in self.open.iter_mut().filter(|open| open.symbol == symbol && open.reduces) {
            let most = if held.closing_side() == Some(exit.side) { held.abs() } else { Quantity::ZERO };
            exit.open = exit.open.min(most);
        }
    }

    /// Restates open orders of `symbol` for a split; reserves keep their dollars.
    pub fn split(&mut self, symbol: SymbolIndex, restate: impl Fn(Quantity) -> Quantity) {
        for approval in self.open.iter_mut().filter(|approval| approval.symbol == symbol) {
            approval.open = restate(approval.open);
            approval.change = approval.change.map(|(open, reserve)| (restate(open), reserve));
        }
    }

    /// Refuses entries from now on.
    pub fn halt(&mut self) {
        self.halted = true;
    }

    /// Are entries refused?
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// Lifts [`Gate::halt`].
    pub fn resume(&mut self) {
        self.halted = false;
    }

    /// Dollars set aside for open orders.
    pub fn reserved(&self) -> Money {
        self.reserved
    }

    /// Approvals not filled or voided yet.
    pub fn open(&self) -> &[OpenApproval] {
        &self.open
    }

    fn position_of(&self, order: OrderId) -> Option<usize> {
        self.open.iter().position(|approval| approval.order == order)
    }

    fn remove(&mut self, at: usize) {
        self.reserved -= self.open.swap_remove(at).reserve;
        debug_assert_eq!(self.reserved, self.open.iter().map(|approval| approval.reserve).sum());
    }
}
