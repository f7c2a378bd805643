//! The risk gate: the only place an [`OrderRequest`] becomes an [`ApprovedOrder`].
//!
//! Not here: what the gate knows and how it is told (gate_state), sizing (engine), sending (execution), the arithmetic
//! of the limits (measure), what the account may do by law (standing).
//! Invariants: (1) halted ⇒ only reducing orders pass; (2) an approval is a value that is used up by sending it.
//! Keep this file a leaf: a child module could build approvals.
use super::exposure::Leaving;
use super::measure::{Entry, check_closing};
use super::open_approval::{Change, OpenApproval, is_nearer, leaves_at_open, reserve_price, risk_a_share, shares_at};
use super::{CashCheck, Gate, Refusal};
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, SymbolIndex,
    Timestamp,
};
use crate::portfolio::Portfolio;

/// An order that has passed every limit. A venue takes nothing else, and takes it by value.
///
/// It cannot be written out by hand:
/// ```compile_fail,E0451
/// use alphaflow_core::risk::ApprovedOrder;
/// fn forge(honest: ApprovedOrder) -> ApprovedOrder {
///     ApprovedOrder { quantity: alphaflow_core::domain::Quantity::MAX, ..honest }
/// }
/// ```
/// The same lines without the forging compile:
/// ```
/// use alphaflow_core::risk::ApprovedOrder;
/// fn pass(honest: ApprovedOrder) -> ApprovedOrder {
///     honest
/// }
/// ```
/// It cannot be copied or cloned:
/// ```compile_fail,E0599
/// use alphaflow_core::risk::ApprovedOrder;
/// fn twice(order: &ApprovedOrder) -> ApprovedOrder {
///     order.clone()
/// }
/// ```
/// ```
/// use alphaflow_core::risk::ApprovedOrder;
/// fn once(order: &ApprovedOrder) -> &ApprovedOrder {
///     order
/// }
/// ```
/// It cannot come out of a file:
/// ```compile_fail,E0277
/// fn read(text: &str) -> alphaflow_core::risk::ApprovedOrder {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// ```
/// fn read(text: &str) -> alphaflow_core::domain::Price {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// It cannot be sent twice:
/// ```compile_fail,E0382
/// use alphaflow_core::{execution::ExecutionBackend, risk::ApprovedOrder};
/// fn send(backend: &mut impl ExecutionBackend, order: ApprovedOrder) {
///     backend.submit(order);
///     backend.submit(order);
/// }
/// ```
/// ```
/// use alphaflow_core::{execution::ExecutionBackend, risk::ApprovedOrder};
/// fn send(backend: &mut impl ExecutionBackend, order: ApprovedOrder) {
///     backend.submit(order);
/// }
/// ```
/// It has no default:
/// ```compile_fail,E0277
/// fn need<T: Default>() {}
/// need::<alphaflow_core::risk::ApprovedOrder>();
/// ```
/// ```
/// fn need<T: Default>() {}
/// need::<alphaflow_core::domain::Price>();
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
    relies_on_exits: bool,
}

/// A change of a resting order that has passed every limit the order itself had to pass.
///
/// A venue changes nothing else. Like an approval it is used up by sending it:
/// ```compile_fail,E0382
/// use alphaflow_core::{execution::ExecutionBackend, risk::ApprovedChange};
/// fn send(backend: &mut impl ExecutionBackend, change: ApprovedChange) {
///     backend.replace(change);
///     backend.replace(change);
/// }
/// ```
/// ```
/// use alphaflow_core::{execution::ExecutionBackend, risk::ApprovedChange};
/// fn send(backend: &mut impl ExecutionBackend, change: ApprovedChange) {
///     backend.replace(change);
/// }
/// ```
/// and cannot be written out by hand:
/// ```compile_fail,E0451
/// use alphaflow_core::risk::ApprovedChange;
/// fn forge(honest: ApprovedChange) -> ApprovedChange {
///     ApprovedChange { quantity: None, ..honest }
/// }
/// ```
/// ```
/// use alphaflow_core::risk::ApprovedChange;
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
    /// It passed only because market exits approved at the same moment leave first: it must fill after all of them
    /// have filled, or not at all. A backend that cannot see to that must not send it.
    pub fn relies_on_exits(&self) -> bool {
        self.relies_on_exits
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
    /// Approves `request` as order `id`, or says why not. `fee` says what its fill would cost in fees.
    ///
    /// An order that only shrinks its position passes whatever the limits and halts say. All others are
    /// measured at the symbol's mark, with every open entry counted as if it had filled. Open exits make no
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
            return Err(Refusal::TooSmall { need: Money::ZERO, have: price.notional(Quantity::ONE) });
        }
        self.begin_moment(now);
        let held = portfolio.position(request.symbol).quantity();
        let pending = self.reserves.pending(request.symbol, held);
        // It only shrinks the position, even after every exit already on its way.
        let passed = if held.closing_side() == Some(request.side) && quantity <= pending.can_leave {
            if matches!(request.class, OrderClass::Bracket | OrderClass::Oto) {
                return Err(Refusal::EntryClass { class: request.class.name() });
            }
            None
        } else if request.class == OrderClass::Oco {
            return Err(Refusal::ExitClass);
        } else {
            check_closing(&self.margin, request, quantity, held, &pending)?;
            self.check_moment(request.symbol, now)?;
            self.check_repeated(request, quantity)?;
            Some(self.pass(&Entry { request, quantity, price, fee: fee(), pending }, portfolio)?)
        };
        let mut request = *request;
        if let OrderSize::CashFraction { fraction, .. } = request.size {
            // A sale before it adds to the cash, not to the limits.
            let most = passed.map_or(Money::ZERO, |passed| passed.room);
            request.size = OrderSize::CashFraction { fraction, most };
        }
        let reduces = passed.is_none();
        let makes_room = reduces && self.margin.cash_check == CashCheck::Fill && leaves_at_open(&request);
        let open = OpenApproval::new(id, &request, quantity, price, passed.map(|passed| passed.reserve));
        self.reserves.add(OpenApproval { makes_room, ..open });
        self.exposure.touch(request.symbol);
        self.rate.add(now);
        self.sequence += 1;
        let (reference, approved_at, sequence) = (price, now, self.sequence);
        let relies_on_exits = passed.is_some_and(|passed| passed.relies_on_exits);
        Ok(ApprovedOrder { id, request, quantity, reference, approved_at, sequence, reduces, relies_on_exits })
    }

    /// Is it not open already? Orders that somebody names one by one are as many as names; a strategy gives none.
    fn check_repeated(&self, request: &OrderRequest, quantity: Quantity) -> Result<(), Refusal> {
        let same = if request.purpose == OrderPurpose::Entry { self.reserves.same_as(request, quantity) } else { None };
        same.map_or(Ok(()), |order| Err(Refusal::Duplicate { order }))
    }

    /// May anything be opened at this moment?
    fn check_moment(&mut self, symbol: SymbolIndex, now: Timestamp) -> Result<(), Refusal> {
        self.kill_switch.check(now).map_err(|halt| Refusal::from(&halt))?;
        self.watch.halts().strongest().map_or(Ok(()), |halt| Err(Refusal::from(halt)))?;
        if let Some(allowed_ns) = self.limits.stale_after_ns {
            let age_ns = now.ns().saturating_sub(self.priced_at[symbol.get()].ns());
            if age_ns > allowed_ns {
                return Err(Refusal::StalePrice { age_ns, allowed_ns });
            }
        }
        let (need, have) = (self.rate.count(now) + 1, self.limits.orders_per_minute_max);
        if need > have { Err(Refusal::OrderRate { need, have }) } else { Ok(()) }
    }

    /// Approves a change of order `id`, which is `request` now, to the prices of `kind` and, unless `None`,
    /// to `quantity` shares still to fill; or says why not. `fee` is what its fill would cost in fees.
    ///
    /// More shares, a dearer or nearer price or more at risk are measured like a new order; the rest passes, even halted,
    /// but for a stop that would leave more at risk than entries may. A leg has no approval of its own: it protects what
    /// has filled, so only its prices change.
    pub fn review_change(
        &mut self,
        id: OrderId,
        request: &OrderRequest,
        (kind, quantity): (OrderKind, Option<Quantity>),
        fee: Money,
        portfolio: &Portfolio,
        now: Timestamp,
    ) -> Result<ApprovedChange, Refusal> {
        self.begin_moment(now);
        let approved = ApprovedChange { order: id, quantity, kind, approved_at: now };
        let Some(at) = self.reserves.position_of(id) else {
            if quantity.is_some() {
                return Err(Refusal::NotOpen);
            }
            self.check_stop_change((id, request.symbol, request.side), (request.kind, kind, None), portfolio)?;
            return Ok(approved);
        };
        let old = self.reserves.open()[at];
        let open = quantity.unwrap_or(old.open);
        let mark = portfolio.position(old.symbol).mark();
        let asked = old.asked_with(open);
        let former = old.former();
        let mut change = Change { asked, open, reserve: Money::ZERO, risk: Price::ZERO, kind, former };
        if old.reduces {
            let held = portfolio.position(old.symbol).quantity();
            let have = self.reserves.may_become(at, held);
            if open > old.open && open > have {
                return Err(Refusal::ExceedsPosition { need: open, have });
            }
            self.check_stop_change((id, old.symbol, old.side), (old.kind, kind, quantity), portfolio)?;
        } else {
            let request = OrderRequest { kind, size: OrderSize::Shares(open), ..*request };
            let price = reserve_price(kind, mark);
            change.reserve = price.notional(open) + fee;
            change.risk = risk_a_share(&request, mark);
            let is_dearer = price > reserve_price(old.kind, mark) || change.risk > old.risk;
            if open > old.open || is_dearer || is_nearer(old.side, old.kind, kind) {
                self.check_moment(old.symbol, now)?;
                self.check_instead(at, &request, open, fee, portfolio)?;
            } else {
                change.reserve = change.reserve.min(old.reserve);
            }
        }
        let (most, reserve, risk) = (old.open.max(open), old.reserve.max(change.reserve), old.risk.max(change.risk));
        self.reserves
            .set(at, OpenApproval { open: most, reserve, risk, change: Some(change), makes_room: false, ..old });
        self.exposure.touch(old.symbol);
        self.rate.add(now);
        Ok(approved)
    }

    /// Measures the order as if the open approval at `at` were not there.
    fn check_instead(
        &mut self,
        at: usize,
        request: &OrderRequest,
        quantity: Quantity,
        fee: Money,
        portfolio: &Portfolio,
    ) -> Result<(), Refusal> {
        let (old, position) = (self.reserves.open()[at], portfolio.position(request.symbol));
        self.reserves.set(at, OpenApproval { open: Quantity::ZERO, reserve: Money::ZERO, ..old });
        self.exposure.touch(old.symbol);
        let pending = self.reserves.pending(old.symbol, position.quantity());
        let entry = Entry { request, quantity, price: position.mark(), fee, pending };
        // A change says nothing of exits it relies on.
        let outcome = self.measure(portfolio, Leaving::Counts).pass(&entry).map(|_| ());
        self.reserves.set(at, old);
        self.exposure.touch(old.symbol);
        outcome
    }
}
