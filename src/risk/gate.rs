//! The risk gate: the only place an [`OrderRequest`] becomes an [`ApprovedOrder`].
//!
//! Not here: sizing (engine), sending (execution), what became of an order (engine::orders).
//! Invariants: (1) reserved = Σ reserve of open approvals; (2) halted ⇒ only reducing orders pass;
//! (3) an approval is a value that is used up by sending it.
//! Keep this file a leaf: a child module could build approvals.
use super::{CashCheck, Limits, Margin, Refusal};
use crate::domain::{Money, OrderId, OrderRequest, OrderSize, Price, Quantity, Ratio, Side, SymbolIndex, Timestamp};
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
    approved_at: Timestamp,
    sequence: u64,
}

/// What the gate remembers of an approval until it is filled or voided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenApproval {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// It can only shrink the position.
    pub reduces: bool,
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
    /// The moment of the approval; a backend refuses one that is too old.
    pub fn approved_at(&self) -> Timestamp {
        self.approved_at
    }
    /// Counts approvals of this gate from 1.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Gate {
    /// A gate with nothing open.
    pub fn new(limits: Limits, margin: Margin) -> Gate {
        Gate { limits, margin, halted: false, sequence: 0, open: Vec::with_capacity(64), reserved: Money::ZERO }
    }

    /// Approves `request` as order `id`, or says why not. `fee` is what its fill would cost in fees.
    ///
    /// Measured at the symbol's mark, with every open order counted as if it had filled.
    pub fn review(
        &mut self,
        id: OrderId,
        request: &OrderRequest,
        fee: Money,
        portfolio: &Portfolio,
        now: Timestamp,
    ) -> Result<ApprovedOrder, Refusal> {
        let price = portfolio.position(request.symbol).mark();
        if price == Price::ZERO {
            return Err(Refusal::NoPrice);
        }
        let quantity = match request.size {
            OrderSize::Shares(quantity) => quantity,
            OrderSize::CashFraction { fraction, .. } => {
                Quantity::affordable(portfolio.cash().share(fraction), price).unwrap_or(Quantity::MAX)
            }
        };
        if quantity <= Quantity::ZERO {
            return Err(Refusal::TooSmall { need: Money::ZERO, have: price.notional(one_share()) });
        }
        let reserve = if self.reduces(request, quantity, portfolio) {
            None
        } else {
            Some(self.check_entry(request, quantity, price, fee, portfolio)?)
        };
        self.open.push(OpenApproval {
            order: id,
            symbol: request.symbol,
            side: request.side,
            open: quantity,
            reserve: reserve.unwrap_or(Money::ZERO),
            reduces: reserve.is_none(),
        });
        self.reserved += reserve.unwrap_or(Money::ZERO);
        self.sequence += 1;
        Ok(ApprovedOrder { id, request: *request, quantity, approved_at: now, sequence: self.sequence })
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
        let projected = self.projected(request.symbol, held);
        let after = projected.checked_add(quantity.signed(request.side)).unwrap_or(Quantity::MAX);
        if after < Quantity::ZERO && !self.margin.allow_short {
            return Err(match held.closing_side() == Some(request.side) {
                true => Refusal::ExceedsPosition { need: quantity, have: self.can_leave(request.symbol, held) },
                false => Refusal::ShortBan { need: after },
            });
        }
        let (need, have) = (price.notional(after.abs()), portfolio.equity().share(self.limits.position_size_max));
        if need > have {
            return Err(Refusal::PositionSize { need, have });
        }
        let reserve = match request.size {
            // The whole fraction is set aside; the fee comes out of it.
            OrderSize::CashFraction { fraction, .. } => portfolio.cash().share(fraction),
            OrderSize::Shares(_) => price.notional(quantity) + fee,
        };
        let have = self.buying_power(request.symbol, portfolio);
        if self.margin.cash_check == CashCheck::Approval && reserve > have {
            return Err(Refusal::BuyingPower { need: reserve, have });
        }
        Ok(reserve)
    }

    /// Position plus every open order of `symbol`, as if filled.
    fn projected(&self, symbol: SymbolIndex, held: Quantity) -> Quantity {
        let of_symbol = self.open.iter().filter(|open| open.symbol == symbol);
        of_symbol.fold(held, |sum, open| sum + open.open.signed(open.side))
    }

    /// Dollars an entry in `symbol` may spend now: leverage × equity − gross exposure − reserves, where
    /// shares of `symbol` itself that are already leaving no longer count as exposure.
    pub fn buying_power(&self, symbol: SymbolIndex, portfolio: &Portfolio) -> Money {
        let position = portfolio.position(symbol);
        let leaving = position.quantity().abs() - self.can_leave(symbol, position.quantity());
        let equity = portfolio.equity().units().saturating_mul(i128::from(self.margin.leverage));
        Money::from_units(equity) - portfolio.gross_exposure() - self.reserved + position.mark().notional(leaving)
    }

    /// The most shares that `review` would pass for an entry, when each share costs `fee_rate` of its
    /// price in fees; a billionth of a share is the step.
    pub fn quantity_max(&self, symbol: SymbolIndex, side: Side, fee_rate: Ratio, portfolio: &Portfolio) -> Quantity {
        let position = portfolio.position(symbol);
        let projected = self.projected(symbol, position.quantity()).signed(side);
        let within_size =
            Quantity::affordable(portfolio.equity().share(self.limits.position_size_max), position.mark())
                .map_or(Quantity::ZERO, |most| most - projected);
        let within_cash = match self.margin.cash_check {
            CashCheck::Fill => Quantity::MAX,
            CashCheck::Approval => Quantity::affordable(
                self.buying_power(symbol, portfolio).max(Money::ZERO),
                position.mark().scaled(fee_rate.one_plus()),
            )
            .unwrap_or(Quantity::ZERO),
        };
        let shorts = if self.margin.allow_short || side == Side::Buy { Quantity::MAX } else { -projected.signed(side) };
        within_size.min(within_cash).min(shorts.max(Quantity::ZERO)).max(Quantity::ZERO)
    }

    /// A fill of `quantity` shares: its part of the reserve is spent.
    pub fn post(&mut self, order: OrderId, quantity: Quantity, done: bool) {
        let Some(at) = self.position_of(order) else { return };
        let approval = &mut self.open[at];
        if done || quantity >= approval.open {
            self.remove(at);
            return;
        }
        let part = i128::from(quantity.units()) * i128::from(Ratio::ONE.units()) / i128::from(approval.open.units());
        let spent = approval.reserve.share(Ratio::from_units(part as i64));
        approval.open = approval.open - quantity;
        approval.reserve -= spent;
        self.reserved -= spent;
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    pub fn void(&mut self, order: OrderId) {
        if let Some(at) = self.position_of(order) {
            self.remove(at);
        }
    }

    /// Restates open orders of `symbol` for a split; reserves keep their dollars.
    pub fn split(&mut self, symbol: SymbolIndex, restate: impl Fn(Quantity) -> Quantity) {
        for approval in self.open.iter_mut().filter(|approval| approval.symbol == symbol) {
            approval.open = restate(approval.open);
        }
    }

    /// Refuses entries from now on.
    pub fn halt(&mut self) {
        self.halted = true;
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

fn one_share() -> Quantity {
    Quantity::from_units(Quantity::UNITS_PER_SHARE)
}
