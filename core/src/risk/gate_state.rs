//! What the gate knows between two orders: limits, halts, what is open, what is at stake, and how it is told.
//!
//! Not here: approving anything (gate), the arithmetic of the limits (measure).
//! Invariants: (1) what is open is what the venue may still fill; (2) sums over symbols are kept as they change.
use super::exposure::{Exposure, Leaving, ProtectiveStop};
use super::measure::{Entry, Measure, Passed};
use super::order_rate::OrderRate;
use super::reserves::Reserves;
use super::{CashCheck, Correlations, KillSwitch, Limits, Margin, OpenApproval, Refusal, Standing, SymbolRules, Watch};
use crate::domain::{Money, OrderId, OrderRequest, OrderSize, Price, Quantity, Ratio, Side, SymbolIndex, Timestamp};
use crate::portfolio::Portfolio;

/// Reviews every order of a run, from whatever source.
#[derive(Debug)]
pub struct Gate {
    pub(super) limits: Limits,
    pub(super) margin: Margin,
    pub(super) standing: Standing,
    pub(super) symbols: SymbolRules,
    pub(super) watch: Watch,
    pub(super) kill_switch: KillSwitch,
    pub(super) rate: OrderRate,
    pub(super) reserves: Reserves,
    pub(super) exposure: Exposure,
    pub(super) correlations: Correlations,
    pub(super) priced_at: Vec<Timestamp>,
    /// The moment of the latest review.
    pub(super) moment: Timestamp,
    pub(super) sequence: u64,
}

impl Gate {
    /// A gate over `symbols` symbols with nothing open, for an account worth `equity`.
    pub fn new(limits: Limits, margin: Margin, symbols: usize, equity: Money) -> Gate {
        Gate {
            limits,
            margin,
            standing: Standing::plain(&margin),
            symbols: SymbolRules::default(),
            watch: Watch::new(&limits, equity),
            kill_switch: KillSwitch::None,
            rate: OrderRate::default(),
            reserves: Reserves::none(),
            exposure: Exposure::none(symbols),
            correlations: Correlations::new(symbols),
            priced_at: vec![Timestamp::MIN; symbols],
            moment: Timestamp::MIN,
            sequence: 0,
        }
    }

    /// The kill switch of a session that trades: asked at each approval of what may increase exposure.
    pub fn arm(&mut self, switch: KillSwitch) {
        self.kill_switch = switch;
    }

    /// The limits that count.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limits that count from now on. Halts stand, and losses count from where they did.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.watch.set_limits(&limits);
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

    /// A review at `now` begins: what earlier moments approved makes no room any more.
    #[inline]
    pub(super) fn begin_moment(&mut self, now: Timestamp) {
        if self.moment != now {
            self.moment = now;
            self.reserves.end_room(&mut self.exposure);
        }
    }

    /// The account as an entry finds it now.
    #[inline]
    pub(super) fn measure<'a>(&'a mut self, portfolio: &'a Portfolio, leaving: Leaving) -> Measure<'a> {
        self.exposure.set_leaving(leaving, self.reserves.open());
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

    /// Dollars that stops leave at risk, pending entries included.
    pub(super) fn heat(&mut self, portfolio: &Portfolio) -> Money {
        self.measure(portfolio, Leaving::Counts);
        self.exposure.total().heat
    }

    /// Holds `entry` against every limit; where sales pay for purchases of the same open, once more as if the exits
    /// of this moment had filled. One that passes only then, or may come to more then, relies on them.
    pub(super) fn pass(&mut self, entry: &Entry<'_>, portfolio: &Portfolio) -> Result<Passed, Refusal> {
        let alone = self.measure(portfolio, Leaving::Counts).pass(entry);
        let is_sized_later = matches!(entry.request.size, OrderSize::CashFraction { .. });
        let is_enough = alone.is_ok() && !is_sized_later || self.margin.cash_check == CashCheck::Approval;
        if is_enough || !self.reserves.makes_room() {
            return alone;
        }
        let beside = self.measure(portfolio, Leaving::IsGone).pass(entry);
        match (alone, beside) {
            (Ok(alone), Ok(beside)) if beside.room <= alone.room => Ok(alone),
            (_, beside) => beside.map(|passed| Passed { relies_on_exits: true, ..passed }),
        }
    }

    /// The most shares of `request`, whatever its size, that pass at `now` the limits on sizes, sums and funds: its
    /// symbol, side, prices and stop decide. `affordable` says how many a budget pays for at a price, fees included.
    pub fn max_order(
        &mut self,
        request: &OrderRequest,
        affordable: impl Fn(Money, Price) -> Quantity,
        portfolio: &Portfolio,
        now: Timestamp,
    ) -> Quantity {
        self.begin_moment(now);
        // Exits that leave beside it only ever make room.
        let leaving = if self.reserves.makes_room() { Leaving::IsGone } else { Leaving::Counts };
        self.measure(portfolio, leaving).most(request, affordable)
    }

    /// The venue has changed the order: only what it may still come to is set aside.
    pub fn confirm_change(&mut self, order: OrderId) {
        self.reserves.confirm_change(order).into_iter().for_each(|symbol| self.exposure.touch(symbol));
        self.exposure.answered(order);
    }

    /// The venue has refused a change of the order, which stays as it was: so does what is set aside for it.
    pub fn refuse_change(&mut self, order: OrderId) {
        self.reserves.refuse_change(order).into_iter().for_each(|symbol| self.exposure.touch(symbol));
        self.exposure.answered(order);
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
