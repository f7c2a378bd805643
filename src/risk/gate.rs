//! The risk gate: the only place an [`OrderRequest`] becomes an [`ApprovedOrder`].
//!
//! Not here: sizing (engine), sending (execution), what became of an order (engine::orders), the book of
//! what is set aside (reserves), what the account may do by law (standing).
//! Invariants: (1) halted ⇒ only reducing orders pass; (2) an approval is a value that is used up by sending it.
//! Keep this file a leaf: a child module could build approvals.
use super::open_approval::{OpenApproval, projected, reserve_for, reserve_price, shares_at};
use super::reserves::Reserves;
use super::{CashCheck, Limits, Margin, Refusal, ShortRules, Standing};
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, Side, SymbolIndex, Timestamp,
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
    standing: Standing,
    short_rules: ShortRules,
    halted: bool,
    sequence: u64,
    reserves: Reserves,
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
        let (standing, short_rules) = (Standing::plain(&margin), ShortRules::default());
        Gate { limits, margin, standing, short_rules, halted: false, sequence: 0, reserves: Reserves::none() }
    }

    /// What the account may do from now on.
    pub fn set_standing(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// What the account may do at present.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Must `side` of `symbol` be in whole shares, since they would have to be borrowed?
    pub fn borrows_whole(&self, symbol: SymbolIndex, side: Side, portfolio: &Portfolio) -> bool {
        let held = portfolio.position(symbol).quantity();
        self.short_rules.whole_shares && side == Side::Sell && held <= Quantity::ZERO
    }

    /// Which shares may be sold short.
    pub fn set_short_rules(&mut self, rules: ShortRules) {
        self.short_rules = rules;
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
        let quantity = shares_at(request.size, price, portfolio.settled_cash());
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
        self.reserves.add(OpenApproval::new(id, &request, quantity, reserve));
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
        let Some(at) = self.reserves.position_of(id) else {
            return if quantity.is_none() { Ok(change) } else { Err(Refusal::NotOpen) };
        };
        let old = self.reserves.open()[at];
        let open = quantity.unwrap_or(old.open);
        let (position, mut reserve) = (portfolio.position(old.symbol), Money::ZERO);
        if old.reduces {
            let have =
                self.reserves.can_leave(old.symbol, position.quantity()) + old.open.min(position.quantity().abs());
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
        let (most, change_to) = (old.open.max(open), Some((open, reserve)));
        let reserve = old.reserve.max(reserve);
        self.reserves.set(at, OpenApproval { open: most, reserve, change: change_to, ..old });
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
        let (old, price) = (self.reserves.open()[at], portfolio.position(request.symbol).mark());
        self.reserves.set(at, OpenApproval { open: Quantity::ZERO, reserve: Money::ZERO, ..old });
        let outcome = self.check_entry(request, quantity, price, fee, portfolio);
        self.reserves.set(at, old);
        outcome
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub fn confirm_change(&mut self, order: OrderId) {
        self.reserves.confirm_change(order);
    }

    /// The cancel of `order` goes to the venue: an exit sent after it may be for the same shares.
    pub fn call_off(&mut self, order: OrderId) {
        self.reserves.call_off(order);
    }

    /// Does the order only shrink the position, even after every exit already on its way?
    fn reduces(&self, request: &OrderRequest, quantity: Quantity, portfolio: &Portfolio) -> bool {
        let held = portfolio.position(request.symbol).quantity();
        held.closing_side() == Some(request.side) && quantity <= self.reserves.can_leave(request.symbol, held)
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
        let can_leave = self.reserves.can_leave(request.symbol, held);
        if held.closing_side() == Some(request.side) && can_leave > Quantity::ZERO {
            // Part of it would close and the rest open the other way: one order does not flip a position.
            return Err(Refusal::ExceedsPosition { need: quantity, have: can_leave });
        }
        if self.reserves.open().iter().any(|open| {
            open.symbol == request.symbol && !open.reduces && open.side != request.side && !open.open.is_zero()
        }) {
            return Err(Refusal::OppositeEntry { side: request.side });
        }
        if let Some(refusal) = self.standing.entries {
            return Err(refusal);
        }
        let have = portfolio.equity().share(self.limits.position_size_max);
        let filled = |shares: Quantity| shares.checked_add(quantity.signed(request.side));
        let [Some(kept), Some(after)] = projected(self.reserves.open(), request.symbol, held).map(filled) else {
            // More shares than can be counted, whatever they cost.
            return Err(Refusal::PositionSize { need: price.notional(Quantity::MAX), have });
        };
        if after < Quantity::ZERO && !self.margin.allow_short {
            return Err(match held.closing_side() == Some(request.side) {
                true => Refusal::ExceedsPosition { need: quantity, have: can_leave },
                false => Refusal::ShortBan { need: after },
            });
        }
        let is_short = after < Quantity::ZERO && request.side == Side::Sell;
        let short_ban = self.standing.shorts.or_else(|| self.short_rules.refusal(request, quantity));
        if let Some(refusal) = short_ban.filter(|_| is_short) {
            return Err(refusal);
        }
        let need = price.notional(kept.abs().max(after.abs()));
        if need > have {
            return Err(Refusal::PositionSize { need, have });
        }
        let reserve = reserve_for(request, quantity, price, fee, portfolio.settled_cash());
        let have = self.buying_power(request.symbol, request.side, portfolio);
        if self.margin.cash_check == CashCheck::Approval && reserve > have {
            return Err(Refusal::BuyingPower { need: reserve, have });
        }
        let need = self.standing.maintenance_after(self.reserves.open(), request, quantity, portfolio);
        let have = portfolio.equity();
        if self.margin.cash_check == CashCheck::Approval && need > have {
            return Err(Refusal::MaintenanceMargin { need, have });
        }
        Ok(reserve)
    }

    /// Dollars an entry in `symbol` on `side` may spend now: leverage × equity − gross exposure − reserves −
    /// what is not settled. If it turns the position round, leaving shares are no exposure: should they stay, it only shrinks them.
    pub fn buying_power(&self, symbol: SymbolIndex, side: Side, portfolio: &Portfolio) -> Money {
        let position = portfolio.position(symbol);
        let turns = position.quantity().closing_side() == Some(side);
        let stays =
            if turns { self.reserves.can_leave(symbol, position.quantity()) } else { position.quantity().abs() };
        let equity = portfolio.equity().units().saturating_mul(i128::from(self.standing.leverage));
        Money::from_units(equity)
            - portfolio.gross_exposure()
            - self.reserves.reserved()
            - portfolio.unsettled().total()
            + position.mark().notional(position.quantity().abs() - stays)
    }

    /// Dollars that the position size leaves for `request`; negative where it is passed.
    fn room(&self, request: &OrderRequest, portfolio: &Portfolio) -> Money {
        let position = portfolio.position(request.symbol);
        let used =
            projected(self.reserves.open(), request.symbol, position.quantity()).map(|held| held.signed(request.side));
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
        let can_leave = self.reserves.can_leave(symbol, position.quantity());
        if position.quantity().closing_side() == Some(side) && can_leave > Quantity::ZERO {
            return can_leave;
        }
        let [_, after] = projected(self.reserves.open(), symbol, position.quantity());
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
        self.reserves.post(order, quantity, remaining);
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    #[inline]
    pub fn void(&mut self, order: OrderId) {
        self.reserves.void(order);
    }

    /// The position in `symbol` is `held` shares now: no exit is for more, as at the venue.
    pub fn shrink_exits(&mut self, symbol: SymbolIndex, held: Quantity) {
        self.reserves.shrink_exits(symbol, held);
    }

    /// Restates open orders of `symbol` for a split; reserves keep their dollars.
    pub fn split(&mut self, symbol: SymbolIndex, restate: impl Fn(Quantity) -> Quantity) {
        self.reserves.split(symbol, restate);
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
        self.reserves.reserved()
    }

    /// Approvals not filled or voided yet.
    pub fn open(&self) -> &[OpenApproval] {
        self.reserves.open()
    }
}
