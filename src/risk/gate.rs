//! The risk gate: the only place an [`OrderRequest`] becomes an [`ApprovedOrder`].
//!
//! Not here: sizing (engine), sending (execution), the arithmetic of the limits (measure), what is set aside
//! (reserves), at stake (exposure) and lost (losses), what the account may do by law (standing).
//! Invariants: (1) halted ⇒ only reducing orders pass; (2) an approval is a value that is used up by sending it.
//! Keep this file a leaf: a child module could build approvals.
use super::exposure::{Exposure, Leaving, ProtectiveStop};
use super::measure::{Entry, Measure};
use super::open_approval::{Change, OpenApproval, is_nearer, reserve_price, risk_a_share, shares_at};
use super::order_rate::OrderRate;
use super::reserves::Reserves;
use super::{CashCheck, Correlations, KillSwitch, Limits, Margin, Refusal, Standing, SymbolRules, Watch};
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Ratio, Side,
    SymbolIndex, Timestamp,
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
    symbols: SymbolRules,
    watch: Watch,
    kill_switch: KillSwitch,
    rate: OrderRate,
    reserves: Reserves,
    exposure: Exposure,
    correlations: Correlations,
    priced_at: Vec<Timestamp>,
    sequence: u64,
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
    /// A gate over `symbols` symbols with nothing open, for an account worth `equity`.
    pub fn new(limits: Limits, margin: Margin, symbols: usize, equity: Money) -> Gate {
        let leaving = match margin.cash_check {
            CashCheck::Approval => Leaving::Counts,
            CashCheck::Fill => Leaving::IsGone,
        };
        Gate {
            limits,
            margin,
            standing: Standing::plain(&margin),
            symbols: SymbolRules::default(),
            watch: Watch::new(&limits, equity),
            kill_switch: KillSwitch::None,
            rate: OrderRate::default(),
            reserves: Reserves::none(),
            exposure: Exposure::none(symbols, leaving),
            correlations: Correlations::new(symbols),
            priced_at: vec![Timestamp::MIN; symbols],
            sequence: 0,
        }
    }

    /// The kill switch of a session that trades: asked at each approval of what may increase exposure.
    pub fn arm(&mut self, switch: KillSwitch) {
        self.kill_switch = switch;
    }

    /// What the account may do from now on.
    pub fn set_standing(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// What the account may do at present.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Which shares may be bought or sold short.
    pub fn set_symbol_rules(&mut self, rules: SymbolRules) {
        self.symbols = rules;
    }

    /// Must `side` of `symbol` be in whole shares, since they would have to be borrowed?
    pub fn borrows_whole(&self, symbol: SymbolIndex, side: Side, portfolio: &Portfolio) -> bool {
        let held = portfolio.position(symbol).quantity();
        self.symbols.whole_shares && side == Side::Sell && held <= Quantity::ZERO
    }

    /// The account as an entry finds it now.
    #[inline]
    fn measure<'a>(&'a mut self, portfolio: &'a Portfolio) -> Measure<'a> {
        self.exposure.refresh(portfolio, self.reserves.open(), self.standing.maintenance);
        Measure {
            limits: &self.limits,
            margin: &self.margin,
            standing: &self.standing,
            symbols: &self.symbols,
            reserves: &self.reserves,
            exposure: &self.exposure,
            correlations: &self.correlations,
            portfolio,
        }
    }

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
        let held = portfolio.position(request.symbol).quantity();
        let pending = self.reserves.pending(request.symbol, held);
        // It only shrinks the position, even after every exit already on its way.
        let reserve = if held.closing_side() == Some(request.side) && quantity <= pending.can_leave {
            if matches!(request.class, OrderClass::Bracket | OrderClass::Oto) {
                return Err(Refusal::EntryClass { class: request.class.name() });
            }
            None
        } else if request.class == OrderClass::Oco {
            return Err(Refusal::ExitClass);
        } else {
            self.check_moment(request.symbol, now)?;
            self.check_repeated(request, quantity)?;
            Some(self.measure(portfolio).check(&Entry { request, quantity, price, fee: fee(), pending })?)
        };
        let mut request = *request;
        if let OrderSize::CashFraction { fraction, .. } = request.size {
            // A sale before it adds to the cash, not to the limits.
            let most = if reserve.is_some() { self.measure(portfolio).room(&request) } else { Money::ZERO };
            request.size = OrderSize::CashFraction { fraction, most };
        }
        self.reserves.add(OpenApproval::new(id, &request, quantity, price, reserve));
        self.exposure.touch(request.symbol);
        self.rate.add(now);
        self.sequence += 1;
        let (reduces, reference, approved_at, sequence) = (reserve.is_none(), price, now, self.sequence);
        Ok(ApprovedOrder { id, request, quantity, reference, approved_at, sequence, reduces })
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
    /// More shares, a dearer or nearer price or more at risk are measured like a new order; the rest passes, even halted.
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
        let approved = ApprovedChange { order: id, quantity, kind, approved_at: now };
        let Some(at) = self.reserves.position_of(id) else {
            return if quantity.is_none() { Ok(approved) } else { Err(Refusal::NotOpen) };
        };
        let old = self.reserves.open()[at];
        let open = quantity.unwrap_or(old.open);
        let mark = portfolio.position(old.symbol).mark();
        let mut change = Change { open, reserve: Money::ZERO, risk: Price::ZERO, kind };
        if old.reduces {
            let held = portfolio.position(old.symbol).quantity();
            let have = self.reserves.may_become(at, held);
            if open > old.open && open > have {
                return Err(Refusal::ExceedsPosition { need: open, have });
            }
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
        self.reserves.set(at, OpenApproval { open: most, reserve, risk, change: Some(change), ..old });
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
    ) -> Result<Money, Refusal> {
        let (old, position) = (self.reserves.open()[at], portfolio.position(request.symbol));
        self.reserves.set(at, OpenApproval { open: Quantity::ZERO, reserve: Money::ZERO, ..old });
        self.exposure.touch(old.symbol);
        let pending = self.reserves.pending(old.symbol, position.quantity());
        let entry = Entry { request, quantity, price: position.mark(), fee, pending };
        let outcome = self.measure(portfolio).check(&entry);
        self.reserves.set(at, old);
        self.exposure.touch(old.symbol);
        outcome
    }

    /// The most shares of `request`, whatever its size, that pass the limits on sizes, sums and funds: its symbol,
    /// side, prices and stop decide. `affordable` says how many a budget pays for at a price, fees included.
    pub fn max_order(
        &mut self,
        request: &OrderRequest,
        affordable: impl Fn(Money, Price) -> Quantity,
        portfolio: &Portfolio,
    ) -> Quantity {
        self.measure(portfolio).most(request, affordable)
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub fn confirm_change(&mut self, order: OrderId) {
        self.reserves.confirm_change(order).into_iter().for_each(|symbol| self.exposure.touch(symbol));
    }

    /// The cancel of `order` goes to the venue: an exit sent after it may be for the same shares.
    pub fn call_off(&mut self, order: OrderId) {
        self.reserves.call_off(order).into_iter().for_each(|symbol| self.exposure.touch(symbol));
    }

    /// A fill of `quantity` shares that leaves `remaining` to fill: its part of the reserve is spent. The
    /// position it makes is told by [`Gate::set_held`].
    #[inline]
    pub fn post(&mut self, order: OrderId, quantity: Quantity, remaining: Quantity) {
        self.reserves.post(order, quantity, remaining);
    }

    /// The order was canceled, rejected or expired: what is left of its reserve returns.
    #[inline]
    pub fn void(&mut self, order: OrderId) {
        self.reserves.void(order).into_iter().for_each(|symbol| self.exposure.touch(symbol));
    }

    /// The position in `symbol` is `held` shares now: no exit is for more, as at the venue.
    pub fn set_held(&mut self, symbol: SymbolIndex, held: Quantity) {
        self.reserves.shrink_exits(symbol, held);
        self.exposure.touch(symbol);
    }

    /// `symbol` has a price of `now`.
    #[inline]
    pub fn mark(&mut self, symbol: SymbolIndex, now: Timestamp) {
        self.priced_at[symbol.get()] = now;
        self.exposure.mark(symbol);
    }

    /// A stop that protects the position in `symbol` rests, or has changed.
    pub fn set_stop(&mut self, symbol: SymbolIndex, stop: ProtectiveStop) {
        self.exposure.set_stop(symbol, stop);
    }

    /// The stop `order` protects no longer.
    pub fn remove_stop(&mut self, symbol: SymbolIndex, order: OrderId) {
        self.exposure.remove_stop(symbol, order);
    }

    /// The stops that protect the position in `symbol`.
    pub fn stops(&self, symbol: SymbolIndex) -> &[ProtectiveStop] {
        self.exposure.stops(symbol)
    }

    /// Restates what is open of `symbol` for a split into `ratio` new shares per old; reserves keep their dollars.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        self.reserves.split(symbol, ratio, &restate);
        self.exposure.split(symbol, ratio, restate);
        self.correlations.split(symbol, ratio);
    }

    /// A session has closed with `equity`; `closes` by symbol, `None` without a bar in it.
    #[inline]
    pub fn close_session(&mut self, equity: Money, closes: impl IntoIterator<Item = Option<Price>>) {
        self.watch.close_session(equity);
        self.correlations.close_session(closes);
    }

    /// Halts, and how much may still be lost.
    #[inline]
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The same, to halt and to resume.
    #[inline]
    pub fn watch_mut(&mut self) -> &mut Watch {
        &mut self.watch
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
