//! An entry held against every limit, and the most of it that would pass: one arithmetic for both.
//!
//! Not here: approving (gate), halts, orders a minute, duplicates (gate). Orders that only shrink a position
//! are not measured: they always pass.
//! Invariant: what [`Measure::most`] says passes [`Measure::check`], and a billionth of a share more does not.
use super::exposure::Exposure;
use super::open_approval::{reserve_for, reserve_price, risk_a_share};
use super::reserves::{Pending, Reserves};
use super::{CashCheck, Correlations, Limits, Margin, Refusal, Standing, SymbolRules};
use crate::domain::{Money, OrderRequest, OrderSize, Price, Quantity, Side, SymbolIndex};
use crate::portfolio::Portfolio;

/// The account as an entry finds it. `exposure` is up to date.
#[derive(Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) limits: &'a Limits,
    pub(super) margin: &'a Margin,
    pub(super) standing: &'a Standing,
    pub(super) symbols: &'a SymbolRules,
    pub(super) reserves: &'a Reserves,
    pub(super) exposure: &'a Exposure,
    pub(super) correlations: &'a Correlations,
    pub(super) portfolio: &'a Portfolio,
}

/// An entry that has passed every limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Passed {
    /// Dollars to set aside.
    pub(super) reserve: Money,
    /// Dollars at the reference price that it may come to if it is sized at its fill.
    pub(super) room: Money,
    /// It passes, or may come to so much, only with the exits of its moment gone.
    pub(super) relies_on_exits: bool,
}

/// An order that increases exposure.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) request: &'a OrderRequest,
    pub(super) quantity: Quantity,
    /// Reference price: the mark.
    pub(super) price: Price,
    /// What its fill would cost in fees.
    pub(super) fee: Money,
    /// What is open in its symbol.
    pub(super) pending: Pending,
}

impl Measure<'_> {
    /// What `entry` may do, or the first limit it would pass.
    pub(super) fn pass(&self, entry: &Entry<'_>) -> Result<Passed, Refusal> {
        let reserve = self.check(entry)?;
        let room = match entry.request.size {
            OrderSize::CashFraction { .. } => self.room(entry),
            OrderSize::Shares(_) | OrderSize::Notional(_) => Money::ZERO,
        };
        Ok(Passed { reserve, room, relies_on_exits: false })
    }

    /// Dollars to set aside for `entry`, or the first limit it would pass.
    fn check(&self, entry: &Entry<'_>) -> Result<Money, Refusal> {
        let amount = self.check_terms(entry)?;
        let shares = self.check_side(entry)?;
        self.check_size(entry, shares)?;
        self.check_sums(entry)?;
        self.check_funds(entry, amount)
    }

    /// May the symbol be bought at all, at such a price, in such an order? Says how many dollars it may come to,
    /// fees aside.
    fn check_terms(&self, entry: &Entry<'_>) -> Result<Money, Refusal> {
        let Entry { request, quantity, price, .. } = *entry;
        if let Some(symbol) = self.symbols.restricted(request.symbol) {
            return Err(Refusal::Restricted { symbol });
        }
        if let Some(limit) = request.kind.limit() {
            let far = price.scaled(self.limits.price_collar);
            let (low, high) = (price.saturating_offset(-far.units()), price.saturating_offset(far.units()));
            if limit < low || high < limit {
                return Err(Refusal::PriceCollar { need: limit, have: if limit < low { low } else { high } });
            }
        }
        let need = reserve_for(request, quantity, price, self.portfolio.settled_cash());
        let have = self.limits.order_notional_max;
        if need > have { Err(Refusal::OrderNotional { need, have }) } else { Ok(need) }
    }

    /// Does it go with what is held and pending? Says what the symbol comes to, as [`Pending::shares`] does.
    fn check_side(&self, entry: &Entry<'_>) -> Result<[Quantity; 2], Refusal> {
        let Entry { request, quantity, ref pending, .. } = *entry;
        let Pending { shares, entry, .. } = *pending;
        let held = self.portfolio.position(request.symbol).quantity();
        check_closing(self.margin, request, quantity, held, pending)?;
        if entry.is_some_and(|side| side != request.side) {
            return Err(Refusal::OppositeEntry { side: request.side });
        }
        if let Some(refusal) = self.standing.entries {
            return Err(refusal);
        }
        let filled = |shares: Quantity| shares.checked_add(quantity.signed(request.side));
        let [Some(kept), Some(after)] = shares.map(filled) else {
            // More shares than can be counted, however wide the limit: what can be is the limit.
            let price = self.worst_price(request);
            let own = i128::from(quantity.signed(request.side).units());
            let [one, other] = shares.map(|shares| (i128::from(shares.units()) + own).abs());
            let need = Money::from_units(i128::from(price.units()) * one.max(other));
            let have = self.portfolio.equity().share(self.limits.position_size_max);
            return Err(Refusal::PositionSize { need, have: have.min(price.notional(Quantity::MAX)) });
        };
        // A purchase that leaves a short takes some of it away, and so does a sale of what is held.
        let is_short = after < Quantity::ZERO && request.side == Side::Sell;
        if is_short && !self.margin.allow_short {
            return Err(Refusal::ShortBan { need: after });
        }
        let short_ban = self.standing.shorts.or_else(|| self.symbols.short_refusal(request, quantity));
        match short_ban.filter(|_| is_short) {
            Some(refusal) => Err(refusal),
            None => Ok([kept, after]),
        }
    }

    /// What a share of the symbol may stand at when `request` and what is pending fill: the dearest price they name,
    /// or the mark.
    fn worst_price(&self, request: &OrderRequest) -> Price {
        let mark = self.portfolio.position(request.symbol).mark();
        self.exposure.dearest(request.symbol).max(reserve_price(request.kind, mark))
    }

    /// Is the position of this symbol small enough?
    fn check_size(&self, entry: &Entry<'_>, [kept, after]: [Quantity; 2]) -> Result<(), Refusal> {
        let need = self.worst_price(entry.request).notional(kept.abs().max(after.abs()));
        let have = self.portfolio.equity().share(self.limits.position_size_max);
        if need > have { Err(Refusal::PositionSize { need, have }) } else { Ok(()) }
    }

    /// Are all positions together few and small enough, and their stops near enough?
    fn check_sums(&self, entry: &Entry<'_>) -> Result<(), Refusal> {
        let (limits, symbol) = (self.limits, entry.request.symbol);
        if !self.exposure.is_exposed(symbol) && self.exposure.exposed_count() >= limits.open_positions_max {
            let (need, have) = (self.exposure.exposed_count() + 1, limits.open_positions_max);
            return Err(Refusal::OpenPositions { need, have });
        }
        let equity = self.portfolio.equity();
        let [kept, left] = self.exposure.shares(symbol).map(|shares| {
            let filled = shares.checked_add(entry.quantity.signed(entry.request.side));
            filled.map_or(Quantity::MAX, Quantity::abs)
        });
        let own = self.worst_price(entry.request).notional(kept.max(left));
        let all = self.exposure.total().value - self.exposure.of(symbol).value + own;
        let have = equity.share(limits.gross_exposure_max);
        if all > have {
            return Err(Refusal::GrossExposure { need: all, have });
        }
        let risk = risk_a_share(entry.request, entry.price).notional(entry.quantity);
        let (need, have) = (self.exposure.total().heat + risk, equity.share(limits.portfolio_heat_max));
        if need > have {
            return Err(Refusal::PortfolioHeat { need, have });
        }
        let have = equity.share(limits.correlated_exposure_max);
        // A group is worth no more than everything.
        let others = if all > have { self.others_of_group(symbol) } else { None };
        match others.map(|others| others + own).filter(|need| *need > have) {
            Some(need) => Err(Refusal::CorrelatedExposure { need, have }),
            None => Ok(()),
        }
    }

    /// Value of the symbols with exposure that move with `symbol`; `None` where there is no other.
    fn others_of_group(&self, symbol: SymbolIndex) -> Option<Money> {
        let mut others = Money::ZERO;
        let members = self.correlations.group(symbol, self.exposure.exposed(), |member| {
            if member != symbol {
                others += self.exposure.of(member).value;
            }
        });
        (members > 1).then_some(others)
    }

    /// Is it paid for, and would the account keep its margin?
    fn check_funds(&self, entry: &Entry<'_>, amount: Money) -> Result<Money, Refusal> {
        let Entry { request, fee, ref pending, .. } = *entry;
        // Of a fraction of the cash the fee is a part.
        let reserve = if matches!(request.size, OrderSize::CashFraction { .. }) { amount } else { amount + fee };
        let have = self.buying_power(request.symbol, request.side, pending);
        // Tested at the fill there, after the sales of the same open; what the account must keep is not.
        if self.margin.cash_check == CashCheck::Approval && reserve > have {
            return Err(Refusal::BuyingPower { need: reserve, have });
        }
        let (need, have) = (self.margin_after(request, entry.quantity), self.portfolio.equity());
        if need > have { Err(Refusal::MaintenanceMargin { need, have }) } else { Ok(reserve) }
    }

    /// Maintenance margin of all positions, of open entries and of `quantity` shares of `request`, at marks; nothing
    /// where no rule asks for it. What is leaving counts, but for an order that turns the position round.
    fn margin_after(&self, request: &OrderRequest, quantity: Quantity) -> Money {
        let Some(rate) = self.standing.maintenance else { return Money::ZERO };
        let position = self.portfolio.position(request.symbol);
        let turns = position.quantity().closing_side() == Some(request.side);
        let leaving = if turns { self.exposure.margin_of_position(request.symbol) } else { Money::ZERO };
        self.exposure.total().margin - leaving + rate.requirement(quantity.signed(request.side), position.mark())
    }

    /// Of 0 to `most` shares of `request` as many as leave the account its margin; −1 where it lacks some already.
    fn within_margin(&self, request: &OrderRequest, most: i128) -> i128 {
        let keeps = |units: i128| {
            let quantity = Quantity::from_units(units as i64);
            self.margin_after(request, quantity) <= self.portfolio.equity()
        };
        let (mut good, mut bad) = (-1, most.clamp(0, Quantity::MAX.units().into()) + 1);
        if keeps(bad - 1) {
            return most;
        }
        // More shares never need less: the refusal's own arithmetic, halved until it turns.
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if keeps(middle) { good = middle } else { bad = middle }
        }
        good
    }

    /// Dollars an entry in `symbol` on `side` may spend now: leverage × equity − gross exposure − reserves −
    /// what is not settled. If it turns the position round, leaving shares are no exposure: should they stay,
    /// it only shrinks them.
    fn buying_power(&self, symbol: SymbolIndex, side: Side, pending: &Pending) -> Money {
        let position = self.portfolio.position(symbol);
        let turns = position.quantity().closing_side() == Some(side);
        let stays = if turns { pending.can_leave } else { position.quantity().abs() };
        let equity = self.portfolio.equity().units().saturating_mul(i128::from(self.standing.leverage));
        Money::from_units(equity)
            - self.portfolio.gross_exposure()
            - self.reserves.reserved()
            - self.portfolio.unsettled().total()
            + position.mark().notional(position.quantity().abs() - stays)
    }

    /// From how many to how many shares of `request`, whatever its size, pass every limit but funds; a billionth
    /// is the step. Where none do, the first number is the larger.
    fn within_limits(&self, request: &OrderRequest, pending: &Pending) -> [i128; 2] {
        let (limits, equity) = (self.limits, self.portfolio.equity());
        let (symbol, price) = (request.symbol, self.portfolio.position(request.symbol).mark());
        if !self.exposure.is_exposed(symbol) && self.exposure.exposed_count() >= limits.open_positions_max {
            return [0; 2];
        }
        let worst = self.worst_price(request);
        let grown = |dollars, shares: [Quantity; 2]| grown(shares_for(dollars, worst), shares, request.side);
        let of_position = grown(equity.share(limits.position_size_max), pending.shares);
        let others = self.exposure.total().value - self.exposure.of(symbol).value;
        let of_gross = grown(equity.share(limits.gross_exposure_max) - others, self.exposure.shares(symbol));
        let heat_left = equity.share(limits.portfolio_heat_max) - self.exposure.total().heat;
        let of_heat = [0, shares_for(heat_left, risk_a_share(request, price))];
        let of_group = self.others_of_group(symbol).map_or(of_gross, |others| {
            grown(equity.share(limits.correlated_exposure_max) - others, self.exposure.shares(symbol))
        });
        let of_notional = [0, shares_for(limits.order_notional_max, reserve_price(request.kind, price))];
        let all = [of_position, of_gross, of_heat, of_group, of_notional];
        let join = |[least, most]: [i128; 2], [low, high]: [i128; 2]| [least.max(low), most.min(high)];
        let [least, most] = all.into_iter().reduce(join).unwrap_or([0; 2]);
        [least, self.within_margin(request, most)]
    }

    /// Dollars at the reference price that `entry` may come to when it is sized at its fill.
    fn room(&self, entry: &Entry<'_>) -> Money {
        entry.price.notional(most_of(self.within_limits(entry.request, &entry.pending)))
    }

    /// The most shares of `request`, whatever its size, that would pass; a billionth of a share is the step.
    /// `affordable` says how many shares a budget pays for at a price, fees included.
    pub(super) fn most(&self, request: &OrderRequest, affordable: impl Fn(Money, Price) -> Quantity) -> Quantity {
        let (symbol, side) = (request.symbol, request.side);
        let position = self.portfolio.position(symbol);
        let pending = self.reserves.pending(symbol, position.quantity());
        if position.quantity().closing_side() == Some(side) && pending.can_leave > Quantity::ZERO {
            return pending.can_leave;
        }
        // Whatever is held has left by now, or is short.
        let is_banned = side == Side::Sell && !self.margin.allow_short;
        if is_banned || pending.entry.is_some_and(|entry| entry != side) {
            return Quantity::ZERO;
        }
        let within_funds = match self.margin.cash_check {
            CashCheck::Fill => Quantity::MAX,
            CashCheck::Approval => {
                let price = reserve_price(request.kind, position.mark());
                affordable(self.buying_power(symbol, side, &pending).max(Money::ZERO), price)
            }
        };
        let [least, most] = self.within_limits(request, &pending);
        most_of([least, most.min(within_funds.units().into())])
    }
}

/// An order on the side that closes a position of `held` shares is for no more than can still leave: one order does
/// not flip it. Where all of it is leaving already the order opens the other side, if that is allowed.
pub(super) fn check_closing(
    margin: &Margin,
    request: &OrderRequest,
    quantity: Quantity,
    held: Quantity,
    pending: &Pending,
) -> Result<(), Refusal> {
    let closes = held.closing_side() == Some(request.side);
    let opens = pending.can_leave.is_zero() && (margin.allow_short || request.side == Side::Buy);
    if closes && !opens && quantity > pending.can_leave {
        return Err(Refusal::ExceedsPosition { need: quantity, have: pending.can_leave });
    }
    Ok(())
}

/// The greatest number of shares of a range; 0 where there is none.
fn most_of([least, most]: [i128; 2]) -> Quantity {
    let most = if most < least { 0 } else { most.clamp(0, Quantity::MAX.units().into()) };
    Quantity::from_units(most as i64)
}

/// The most shares that `dollars` buy at `price`, −1 for less than nothing; all there can be where they would
/// buy more.
fn shares_for(dollars: Money, price: Price) -> i128 {
    match dollars < Money::ZERO {
        true => -1,
        false => Quantity::affordable(dollars, price).unwrap_or(Quantity::MAX).units().into(),
    }
}

/// From how many to how many shares may be traded on `side` so that both of `shares` stay within ±`most`.
fn grown(most: i128, shares: [Quantity; 2], side: Side) -> [i128; 2] {
    let [one, other] = shares.map(|shares| i128::from(shares.signed(side).units()));
    // From the other side of zero a small order may leave too much there.
    [-most - one.min(other), most - one.max(other)]
}
