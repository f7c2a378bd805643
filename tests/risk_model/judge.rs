//! What the rules say to an order, one function a limit, in the order in which a refusal names them.
//!
//! Written from the specification and from what `Limits`, `Refusal` and `Gate` promise, not from their code:
//! every number is worked out from the account as it is, nothing is remembered.
use alphaflow::domain::{
    LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Ratio,
    Side, TimeInForce, Timestamp, Trail,
};
use alphaflow::risk::{CashCheck, HaltCause, Limits, MaintenanceRate, Margin, Refusal, SymbolRules};

use super::history::{ONE, Order, SHARES_MAX, Situation, Stop, dearest, risk_a_share, risk_to, share, signed};

/// What an account is held to.
#[derive(Clone, Debug)]
pub struct Rules {
    pub limits: Limits,
    pub margin: Margin,
    pub symbols: SymbolRules,
}

/// An order that has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    pub shares: i128,
    pub reduces: bool,
    /// Dollars a share of the cash may come to at its fill.
    pub most: i128,
    /// Only because of the exits that leave beside it.
    pub relies: bool,
}

/// An order that would increase exposure, and all there is to say about it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub now: &'a Situation,
    pub rules: &'a Rules,
    pub request: &'a OrderRequest,
    pub shares: i128,
    pub fee: i128,
    pub at: i64,
    /// As if the exits that make room for it had filled.
    pub lets_go: bool,
}

fn dollars(units: i128) -> Money {
    Money::from_units(units)
}

fn quantity(units: i128) -> Quantity {
    Quantity::from_units(units as i64)
}

fn price(units: i128) -> Price {
    Price::from_units(units as i64).unwrap()
}

type Rule = fn(&Asked<'_>) -> Option<Refusal>;

/// May anything be opened at this moment?
const OF_THE_MOMENT: [Rule; 3] = [halted, stale, too_many_a_minute];
/// What an order must be, and what goes with what is held and open.
const OF_THE_ORDER: [Rule; 8] =
    [restricted, collar, notional, turns_round, opposite, standing, too_many_shares, below_zero];
/// What it would make of the account.
const OF_THE_ACCOUNT: [Rule; 8] =
    [unborrowable, position_size, open_positions, gross, heat, correlated, buying_power, maintenance];

/// What the gate must answer to `request`.
pub fn review(asked: &Asked<'_>) -> Result<Passed, Refusal> {
    let Asked { now, request, .. } = *asked;
    let mark = now.marks[request.symbol.get()];
    if mark == 0 {
        return Err(Refusal::NoPrice);
    }
    let shares = now.shares_of(request);
    if shares <= 0 {
        return Err(Refusal::TooSmall { need: Money::ZERO, have: dollars(mark * ONE) });
    }
    let asked = Asked { shares, ..*asked };
    if asked.closes() && shares <= asked.can_leave() {
        return match request.class {
            OrderClass::Bracket | OrderClass::Oto => Err(Refusal::EntryClass { class: request.class.name() }),
            OrderClass::Simple | OrderClass::Oco => Ok(Passed { shares, reduces: true, most: 0, relies: false }),
        };
    }
    if request.class == OrderClass::Oco {
        return Err(Refusal::ExitClass);
    }
    let alone = asked.enter();
    let has_room = now.orders.iter().any(|order| asked.makes_room(order) && order.counts.left > 0);
    let is_counted = !matches!(request.size, OrderSize::CashFraction { .. });
    if !has_room || alone.is_ok() && is_counted {
        return alone;
    }
    // What leaves at the same open is gone by then; if that matters, the order relies on it.
    match (alone, Asked { lets_go: true, ..asked }.enter()) {
        (Ok(alone), Ok(beside)) if alone.most == beside.most => Ok(alone),
        (_, beside) => beside.map(|passed| Passed { relies: true, ..passed }),
    }
}

/// What the gate must answer to a change of order `id`, of kind `was`, into `asked.request` for `left` shares still to
/// fill (`None`: as many as now); `Ok` says whether it had to be measured.
pub fn review_change(asked: &Asked<'_>, id: u64, was: OrderKind, left: Option<i128>) -> Result<bool, Refusal> {
    let Some(old) = asked.now.order(id) else {
        return match left {
            None => asked.weaken(&stops_after(asked, id, was, None)).map_or(Ok(false), Err),
            Some(_) => Err(Refusal::NotOpen),
        };
    };
    let shares = left.unwrap_or(old.counts.left);
    if old.reduces {
        let held = asked.now.held[old.symbol].abs();
        let is_other = |exit: &&Order| exit.symbol == old.symbol && exit.reduces && !exit.called_off && exit.id != id;
        let others: i128 = asked.now.orders.iter().filter(is_other).map(|exit| exit.counts.left).sum();
        // It may keep what it has.
        let own = if old.called_off { 0 } else { old.counts.left };
        let have = (held - others).max(own).max(0);
        let is_too_much = shares > old.counts.left && shares > have;
        return match is_too_much {
            true => Err(Refusal::ExceedsPosition { need: quantity(shares), have: quantity(have) }),
            false => asked.weaken(&stops_after(asked, id, was, left)).map_or(Ok(false), Err),
        };
    }
    let mark = asked.now.marks[old.symbol];
    let is_dearer = dearest(asked.request.kind, mark) > dearest(old.kind, mark);
    let is_riskier = risk_a_share(asked.request, mark) > old.counts.risk;
    if shares <= old.counts.left && !is_dearer && !is_riskier && !is_sooner(old.side, old.kind, asked.request.kind) {
        return Ok(false);
    }
    // Measured as if the order were not there.
    let mut without = asked.now.clone();
    without.orders.retain(|order| order.id != id);
    let request = OrderRequest { size: OrderSize::Shares(quantity(shares)), ..*asked.request };
    let instead = Asked { now: &without, request: &request, shares, ..*asked };
    let mut rules = OF_THE_MOMENT.iter().chain(&OF_THE_ORDER).chain(&OF_THE_ACCOUNT);
    rules.find_map(|rule| rule(&instead)).map_or(Ok(true), Err)
}

/// What the stops of the symbol become by a change of order `id` from kind `was`: itself, and the other of a pair.
pub fn stops_after(asked: &Asked<'_>, id: u64, was: OrderKind, left: Option<i128>) -> Vec<Stop> {
    let (mark, sells) = (asked.mark(), asked.request.side == Side::Sell);
    let away = |far: i128| if sells { (mark - far).max(0) } else { (mark + far).min(10_000_000 * ONE) };
    let level = |level: i128| {
        let farther = |to: i128| if sells { level.min(to) } else { level.max(to) };
        match (was, asked.request.kind) {
            (_, OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. }) => stop.units().into(),
            (
                OrderKind::TrailingStop { trail: Trail::Price(old) },
                OrderKind::TrailingStop { trail: Trail::Price(new) },
            ) if new <= old => level,
            (
                OrderKind::TrailingStop { trail: Trail::Fraction(old) },
                OrderKind::TrailingStop { trail: Trail::Fraction(new) },
            ) if new <= old => level,
            (_, OrderKind::TrailingStop { trail: Trail::Price(far) }) => farther(away(far.units().into())),
            (_, OrderKind::TrailingStop { trail: Trail::Fraction(far) }) => {
                farther(away(super::history::nearest_share(mark, far)))
            }
            (_, OrderKind::Market | OrderKind::Limit { .. }) => level,
        }
    };
    let of_symbol = asked.now.stops.iter().filter(|stop| stop.symbol == asked.symbol());
    let changed = of_symbol.filter(|stop| stop.order == id || left.is_some() && stop.entry == Some(id));
    let after = |stop: &Stop| Stop {
        level: if stop.order == id { level(stop.level) } else { stop.level },
        shares: left.unwrap_or(stop.shares),
        ..*stop
    };
    changed.map(after).collect()
}

/// What the gate must answer to a cancel with which `gone` end.
pub fn review_cancel(asked: &Asked<'_>, gone: &[Stop]) -> Option<Refusal> {
    asked.weaken(gone)
}

/// Does the order wait for less with its new prices?
fn is_sooner(side: Side, old: OrderKind, new: OrderKind) -> bool {
    let up = |price: i64| if side == Side::Buy { price } else { -price };
    match (old, new) {
        (OrderKind::Limit { limit: old }, OrderKind::Limit { limit: new }) => up(new.units()) > up(old.units()),
        (OrderKind::Stop { stop: old }, OrderKind::Stop { stop: new }) => up(new.units()) < up(old.units()),
        (OrderKind::StopLimit { stop, limit }, OrderKind::StopLimit { stop: new_stop, limit: new_limit }) => {
            up(new_limit.units()) > up(limit.units()) || up(new_stop.units()) < up(stop.units())
        }
        (
            OrderKind::TrailingStop { trail: Trail::Price(old) },
            OrderKind::TrailingStop { trail: Trail::Price(new) },
        ) => new < old,
        (
            OrderKind::TrailingStop { trail: Trail::Fraction(old) },
            OrderKind::TrailingStop { trail: Trail::Fraction(new) },
        ) => new < old,
        (OrderKind::Market, OrderKind::Market) => false,
        // Another type, or another way to trail: nobody knows which comes first.
        _ => true,
    }
}

/// The most shares of `asked.request` that would pass, `fee` a share; found by trying.
pub fn max_order(asked: &Asked<'_>, fee_a_share: i128) -> i128 {
    let asked = &Asked { lets_go: true, ..*asked };
    if asked.closes() && asked.can_leave() > 0 {
        return asked.can_leave();
    }
    if opposite(asked).is_some() {
        return 0;
    }
    let most = asked.most_of(&OF_SIZES).min(asked.greatest(below_zero, 0));
    let dearest = dearest(asked.request.kind, asked.now.marks[asked.request.symbol.get()]);
    let funds = match asked.rules.margin.cash_check {
        CashCheck::Fill => SHARES_MAX,
        CashCheck::Approval => greatest(0, |shares| shares * (dearest + fee_a_share) <= asked.buying_power().max(0)),
    };
    asked.passing(most.min(funds), &OF_SIZES)
}

/// The open entries that are just like the order.
pub fn twins(asked: &Asked<'_>) -> Vec<OrderId> {
    let Asked { now, request, shares, .. } = *asked;
    let is_twin = |order: &&Order| {
        !order.reduces
            && !order.called_off
            && order.counts.left > 0
            && order.symbol == request.symbol.get()
            && order.side == request.side
            && order.kind == request.kind
            && order.time_in_force == request.time_in_force
            && order.asked == shares
    };
    now.orders.iter().filter(is_twin).map(|order| OrderId(order.id)).collect()
}

fn halted(asked: &Asked<'_>) -> Option<Refusal> {
    let causes = [HaltCause::KillSwitch, HaltCause::Manual, HaltCause::Drawdown, HaltCause::DailyLoss];
    causes.into_iter().find_map(|cause| {
        let since = Timestamp::from_ns(asked.now.halts[cause as usize]?);
        Some(Refusal::Halted { cause, since })
    })
}

fn stale(asked: &Asked<'_>) -> Option<Refusal> {
    let allowed_ns = asked.rules.limits.stale_after_ns?;
    let age_ns = asked.at - asked.now.marked_at[asked.request.symbol.get()];
    (age_ns > allowed_ns).then_some(Refusal::StalePrice { age_ns, allowed_ns })
}

fn too_many_a_minute(asked: &Asked<'_>) -> Option<Refusal> {
    let minute_ago = asked.at - 60 * 1_000_000_000;
    let need = asked.now.approvals.iter().filter(|at| **at > minute_ago).count() + 1;
    let have = asked.rules.limits.orders_per_minute_max;
    (need > have).then_some(Refusal::OrderRate { need, have })
}

/// Of what a strategy wants; who names orders one by one may want the same twice.
fn duplicate(asked: &Asked<'_>) -> Option<Refusal> {
    if asked.request.purpose != OrderPurpose::Entry {
        return None;
    }
    twins(asked).first().map(|order| Refusal::Duplicate { order: *order })
}

fn restricted(asked: &Asked<'_>) -> Option<Refusal> {
    let list = &asked.rules.symbols.restricted;
    let found = list.iter().find(|(symbol, _)| *symbol == asked.request.symbol);
    found.map(|(_, symbol)| Refusal::Restricted { symbol: *symbol })
}

fn collar(asked: &Asked<'_>) -> Option<Refusal> {
    let limit = i128::from(asked.request.kind.limit()?.units());
    let mark = asked.mark();
    // The widest step of a price on either side, to the nearest billionth of a dollar.
    let far = share(mark, asked.rules.limits.price_collar);
    let exact = mark * i128::from(asked.rules.limits.price_collar.units());
    let far = if exact - far * ONE >= ONE / 2 { far + 1 } else { far };
    let [low, high] = [mark - far, mark + far].map(|edge| edge.clamp(0, 10_000_000 * ONE));
    let beyond = if limit < low { low } else { high };
    (limit < low || high < limit).then(|| Refusal::PriceCollar { need: price(limit), have: price(beyond) })
}

fn notional(asked: &Asked<'_>) -> Option<Refusal> {
    let need = dollars(asked.now.dollars_of(asked.request, asked.shares, 0));
    let have = asked.rules.limits.order_notional_max;
    (need > have).then_some(Refusal::OrderNotional { need, have })
}

fn turns_round(asked: &Asked<'_>) -> Option<Refusal> {
    let have = asked.can_leave();
    // With everything leaving it opens the other side, if it may.
    let opens = have == 0 && (asked.rules.margin.allow_short || asked.request.side == Side::Buy);
    (asked.closes() && asked.shares > have && !opens)
        .then(|| Refusal::ExceedsPosition { need: quantity(asked.shares), have: quantity(have) })
}

fn opposite(asked: &Asked<'_>) -> Option<Refusal> {
    let side = asked.request.side;
    asked.entries(asked.symbol()).any(|order| order.side != side).then_some(Refusal::OppositeEntry { side })
}

fn standing(asked: &Asked<'_>) -> Option<Refusal> {
    asked.now.standing.entries
}

fn too_many_shares(asked: &Asked<'_>) -> Option<Refusal> {
    let have = asked.of_equity(asked.rules.limits.position_size_max);
    let [kept, left] = asked.worst(asked.symbol()).map(|shares| asked.filled(shares).abs());
    let shares = kept.max(left);
    // No limit is wider than what can be counted.
    let price = asked.own_price();
    let (need, have) = (dollars(price * shares), have.min(dollars(price * SHARES_MAX)));
    (shares > SHARES_MAX).then_some(Refusal::PositionSize { need, have })
}

fn below_zero(asked: &Asked<'_>) -> Option<Refusal> {
    let [_, after] = asked.worst(asked.symbol()).map(|shares| asked.filled(shares));
    if after >= 0 || asked.rules.margin.allow_short || asked.request.side == Side::Buy {
        return None;
    }
    Some(Refusal::ShortBan { need: quantity(after) })
}

fn unborrowable(asked: &Asked<'_>) -> Option<Refusal> {
    let [_, after] = asked.worst(asked.symbol()).map(|shares| asked.filled(shares));
    if after >= 0 || asked.request.side == Side::Buy {
        return None;
    }
    let rules = &asked.rules.symbols;
    let hard = rules.hard_to_borrow.iter().find(|(symbol, _)| *symbol == asked.request.symbol);
    let parts = asked.shares % ONE;
    let is_counted = matches!(asked.request.size, OrderSize::Shares(_));
    let in_parts = rules.whole_shares && is_counted && parts != 0;
    let (need, have) = (quantity(asked.shares), quantity(asked.shares - parts));
    asked
        .now
        .standing
        .shorts
        .or(hard.map(|(_, symbol)| Refusal::HardToBorrow { symbol: *symbol }))
        .or(in_parts.then_some(Refusal::FractionalShort { need, have }))
}

fn position_size(asked: &Asked<'_>) -> Option<Refusal> {
    let [kept, left] = asked.worst(asked.symbol()).map(|shares| asked.filled(shares).abs());
    let need = dollars(asked.own_price() * kept.max(left).min(SHARES_MAX));
    let have = asked.of_equity(asked.rules.limits.position_size_max);
    (need > have).then_some(Refusal::PositionSize { need, have })
}

fn open_positions(asked: &Asked<'_>) -> Option<Refusal> {
    let exposed = (0..asked.now.held.len()).filter(|symbol| asked.is_exposed(*symbol)).count();
    let (need, have) = (exposed + 1, asked.rules.limits.open_positions_max);
    (!asked.is_exposed(asked.symbol()) && need > have).then_some(Refusal::OpenPositions { need, have })
}

fn gross(asked: &Asked<'_>) -> Option<Refusal> {
    let others = (0..asked.now.held.len()).filter(|symbol| *symbol != asked.symbol());
    let need = dollars(others.map(|symbol| asked.value(symbol)).sum::<i128>() + asked.own_value());
    let have = asked.of_equity(asked.rules.limits.gross_exposure_max);
    (need > have).then_some(Refusal::GrossExposure { need, have })
}

fn heat(asked: &Asked<'_>) -> Option<Refusal> {
    let own = risk_a_share(asked.request, asked.mark()) * asked.shares;
    let (need, have) = (dollars(asked.at_risk() + own), asked.of_equity(asked.rules.limits.portfolio_heat_max));
    (need > have).then_some(Refusal::PortfolioHeat { need, have })
}

fn correlated(asked: &Asked<'_>) -> Option<Refusal> {
    let have = asked.of_equity(asked.rules.limits.correlated_exposure_max);
    let group = asked.group();
    // One share alone is no group.
    let others = group.iter().filter(|symbol| **symbol != asked.symbol());
    let need = dollars(others.map(|symbol| asked.value(*symbol)).sum::<i128>() + asked.own_value());
    (group.len() > 1 && need > have).then_some(Refusal::CorrelatedExposure { need, have })
}

fn buying_power(asked: &Asked<'_>) -> Option<Refusal> {
    if asked.rules.margin.cash_check == CashCheck::Fill {
        return None;
    }
    let need = dollars(asked.now.dollars_of(asked.request, asked.shares, asked.fee));
    let have = dollars(asked.buying_power());
    (need > have).then_some(Refusal::BuyingPower { need, have })
}

fn maintenance(asked: &Asked<'_>) -> Option<Refusal> {
    let rate = asked.now.standing.maintenance?;
    let now = asked.now;
    let keeps = |symbol: usize, shares: i128| to_keep(rate, shares, now.marks[symbol]);
    // A position that the order turns round is gone when it fills.
    let stays = (0..now.held.len()).filter(|symbol| !(asked.closes() && *symbol == asked.symbol()));
    let held = |symbol: usize| asked.held_without(symbol, |order| asked.is_gone(order));
    let positions: i128 = stays.map(|symbol| keeps(symbol, held(symbol))).sum();
    let entries = now.orders.iter().filter(|order| !order.reduces);
    let pending: i128 = entries.map(|order| keeps(order.symbol, signed(order.counts.left, order.side))).sum();
    let own = keeps(asked.symbol(), signed(asked.shares, asked.request.side));
    let (need, have) = (dollars(positions + pending + own), dollars(now.equity()));
    (need > have).then_some(Refusal::MaintenanceMargin { need, have })
}

/// FINRA Rule 4210(c) and Alpaca's house requirements.
fn to_keep(rate: MaintenanceRate, shares: i128, mark: i128) -> i128 {
    let part = Ratio::from_units(if rate == MaintenanceRate::Carried { 300_000_000 } else { 250_000_000 });
    let value = shares.abs() * mark;
    if shares >= 0 {
        return if mark < ONE * 5 / 2 { value } else { share(value, part) };
    }
    match mark < 5 * ONE {
        true => value.max(shares.abs() * (ONE * 5 / 2)),
        false => share(value, part).max(shares.abs() * 5 * ONE),
    }
}

/// Limits on sizes and sums, each with the least number of shares at which it could pass.
type Sized = (Rule, fn(&Asked<'_>) -> i128);

const OF_SIZES: [Sized; 7] = [
    (position_size, |asked| asked.smallest(asked.worst(asked.symbol()))),
    (open_positions, |_| 0),
    (gross, |asked| asked.smallest(asked.summed(asked.symbol()))),
    (heat, |_| 0),
    (correlated, |asked| asked.smallest(asked.summed(asked.symbol()))),
    (notional, |_| 0),
    (maintenance, |_| 0),
];

/// The greatest number that holds, of numbers that hold from `from` on up to some point; 0 if `from` does not.
fn greatest(from: i128, holds: impl Fn(i128) -> bool) -> i128 {
    if !holds(from) {
        return 0;
    }
    if holds(SHARES_MAX) {
        return SHARES_MAX;
    }
    let (mut good, mut bad) = (from, SHARES_MAX);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if holds(middle) { good = middle } else { bad = middle }
    }
    good
}

impl<'a> Asked<'a> {
    /// What the gate must answer to an order that does not only shrink its position.
    fn enter(&self) -> Result<Passed, Refusal> {
        let first = [turns_round as Rule];
        let rules = first.iter().chain(&OF_THE_MOMENT).chain(&[duplicate as Rule]);
        let mut rules = rules.chain(&OF_THE_ORDER).chain(&OF_THE_ACCOUNT);
        if let Some(refusal) = rules.find_map(|rule| rule(self)) {
            return Err(refusal);
        }
        let most = match self.request.size {
            OrderSize::CashFraction { .. } => self.mark() * self.most_of(&OF_SIZES),
            _ => 0,
        };
        Ok(Passed { shares: self.shares, reduces: false, most, relies: false })
    }

    /// Does the exit leave at the next open, for good, where its sale pays for a purchase there?
    fn makes_room(&self, exit: &Order) -> bool {
        self.rules.margin.cash_check == CashCheck::Fill
            && exit.reduces
            && exit.kind == OrderKind::Market
            && matches!(exit.time_in_force, TimeInForce::Day | TimeInForce::Gtc)
            && exit.approved_at == self.at
            && !exit.called_off
            && !exit.was_changed
    }

    fn symbol(&self) -> usize {
        self.request.symbol.get()
    }

    fn mark(&self) -> i128 {
        self.now.marks[self.symbol()]
    }

    fn of_equity(&self, part: Ratio) -> Money {
        dollars(share(self.now.equity(), part))
    }

    /// Is the order on the side that shrinks the position?
    fn closes(&self) -> bool {
        signed(self.now.held[self.symbol()], self.request.side) < 0
    }

    fn of_symbol(&self, symbol: usize) -> impl Iterator<Item = &'a Order> {
        self.now.orders.iter().filter(move |order| order.symbol == symbol && order.counts.left > 0)
    }

    fn entries(&self, symbol: usize) -> impl Iterator<Item = &'a Order> {
        self.of_symbol(symbol).filter(|order| !order.reduces)
    }

    /// Shares that no exit takes already; one that is being canceled leaves its shares to the next.
    fn can_leave(&self) -> i128 {
        let exits = self.of_symbol(self.symbol()).filter(|order| order.reduces && !order.called_off);
        (self.now.held[self.symbol()].abs() - exits.map(|order| order.counts.left).sum::<i128>()).max(0)
    }

    /// Shares of `symbol` once those exits have filled for which `leaves`: all of them together close the
    /// position at most.
    fn held_without(&self, symbol: usize, leaves: impl Fn(&Order) -> bool) -> i128 {
        let held = self.now.held[symbol];
        let exits = self.of_symbol(symbol).filter(|order| order.reduces && leaves(order));
        held.signum() * (held.abs() - exits.map(|order| order.counts.left).sum::<i128>()).max(0)
    }

    fn entering(&self, symbol: usize) -> i128 {
        self.entries(symbol).map(|order| signed(order.counts.left, order.side)).sum()
    }

    /// Entries counted as if filled: with no exit filled, and with all of them.
    fn worst(&self, symbol: usize) -> [i128; 2] {
        let entering = self.entering(symbol);
        [self.now.held[symbol] + entering, self.held_without(symbol, |_| true) + entering]
    }

    fn is_gone(&self, order: &Order) -> bool {
        self.lets_go && self.makes_room(order)
    }

    /// The same as it counts in sums over all symbols.
    fn summed(&self, symbol: usize) -> [i128; 2] {
        let [_, left] = self.worst(symbol);
        [self.held_without(symbol, |order| self.is_gone(order)) + self.entering(symbol), left]
    }

    fn filled(&self, shares: i128) -> i128 {
        shares + signed(self.shares, self.request.side)
    }

    fn value(&self, symbol: usize) -> i128 {
        let [kept, left] = self.summed(symbol).map(i128::abs);
        self.worst_price(symbol) * kept.max(left)
    }

    /// Where a share stands when the dearest of its open entries fills.
    fn worst_price(&self, symbol: usize) -> i128 {
        let mark = self.now.marks[symbol];
        let kinds = |order: &'a Order| std::iter::once(order.kind).chain(order.change.map(|(kind, _)| kind));
        self.entries(symbol).flat_map(kinds).map(|kind| dearest(kind, mark)).fold(mark, i128::max)
    }

    /// The same once the order is open, too.
    fn own_price(&self) -> i128 {
        self.worst_price(self.symbol()).max(dearest(self.request.kind, self.mark()))
    }

    fn own_value(&self) -> i128 {
        let [kept, left] = self.summed(self.symbol()).map(|shares| self.filled(shares).abs().min(SHARES_MAX));
        self.own_price() * kept.max(left)
    }

    fn is_exposed(&self, symbol: usize) -> bool {
        self.now.held[symbol] != 0 || self.entries(symbol).next().is_some()
    }

    /// What the position loses if its stops fill where they stand, share by share: the farthest stops first,
    /// and what no stop covers in full.
    fn position_heat(&self, symbol: usize) -> i128 {
        let (held, mark) = (self.held_without(symbol, |order| self.is_gone(order)), self.now.marks[symbol]);
        let loss = |level: i128| if held < 0 { level - mark } else { mark - level };
        let mut stops: Vec<(i128, i128)> = self
            .now
            .stops
            .iter()
            .filter(|stop| stop.symbol == symbol)
            .map(|stop| self.counted(stop, held < 0))
            .map(|(level, shares)| (loss(level), shares))
            // One that the price has passed protects nothing any more.
            .filter(|(loss, _)| *loss >= 0)
            .collect();
        stops.sort_unstable();
        let (mut bare, mut heat) = (held.abs(), 0);
        for (loss, shares) in stops.into_iter().rev() {
            let covered = shares.min(bare);
            heat += loss * covered;
            bare -= covered;
        }
        heat + bare * mark
    }

    /// What positions and open entries have at risk.
    fn at_risk(&self) -> i128 {
        let positions: i128 = (0..self.now.held.len()).map(|symbol| self.position_heat(symbol)).sum();
        let pending = self.now.orders.iter().filter(|order| !order.reduces);
        positions + pending.map(|order| self.risk_now(order) * order.counts.left).sum::<i128>()
    }

    /// Level and shares of a stop: the worse of what stands and what is asked for.
    fn counted(&self, stop: &Stop, is_short: bool) -> (i128, i128) {
        let asked = self.now.asked_of_stops.iter().map(|(_, asked)| asked).find(|asked| asked.order == stop.order);
        let asked = asked.unwrap_or(stop);
        let level = if is_short { stop.level.max(asked.level) } else { stop.level.min(asked.level) };
        (level, stop.shares.min(asked.shares))
    }

    /// Stops are to become `changed`: if that leaves more at risk, it must be no more than entries may leave.
    fn weaken(&self, changed: &[Stop]) -> Option<Refusal> {
        let mut after = self.now.clone();
        after.asked_of_stops.retain(|(_, known)| changed.iter().all(|stop| stop.order != known.order));
        after.asked_of_stops.extend(changed.iter().map(|stop| (0, *stop)));
        let need = Asked { now: &after, ..*self }.at_risk();
        if need <= self.at_risk() {
            return None;
        }
        let (need, have) = (dollars(need), self.of_equity(self.rules.limits.portfolio_heat_max));
        (need > have).then_some(Refusal::PortfolioHeat { need, have })
    }

    /// What a share of an open entry risks: what it did when it was approved or changed, or what it does now, to the
    /// stop of what has filled of it or else the stop it brings.
    fn risk_now(&self, order: &Order) -> i128 {
        let mark = self.now.marks[order.symbol];
        let leg = self.now.stops.iter().find(|stop| stop.symbol == order.symbol && stop.entry == Some(order.id));
        let level = leg.map(|leg| self.counted(leg, order.side == Side::Sell).0);
        let stop = level.map(|level| LegLevel::At(price(level))).or(order.stop);
        let kinds = std::iter::once(order.kind).chain(order.change.map(|(kind, _)| kind));
        kinds.map(|kind| risk_to(order.side, kind, stop, mark)).fold(order.counts.risk, i128::max)
    }

    /// The symbols with exposure that are tied to this one by correlation, over others too; itself among them.
    fn group(&self) -> Vec<usize> {
        let mut group = vec![self.symbol()];
        let mut left: Vec<usize> =
            (0..self.now.held.len()).filter(|symbol| *symbol != self.symbol() && self.is_exposed(*symbol)).collect();
        let mut at = 0;
        while at < group.len() {
            let (tied, apart) = left.into_iter().partition(|other| self.now.are_correlated(group[at], *other));
            group.extend::<Vec<usize>>(tied);
            left = apart;
            at += 1;
        }
        group
    }

    /// Leverage × equity − Σ |value| − reserves − what is not settled. A position that the order turns round is
    /// leaving already, and no exposure.
    fn buying_power(&self) -> i128 {
        let now = self.now;
        let gross: i128 = now.held.iter().zip(&now.marks).map(|(held, mark)| held.abs() * mark).sum();
        let reserved: i128 = now.orders.iter().map(|order| order.counts.reserve).sum();
        let leaving = if self.closes() { self.mark() * (now.held[self.symbol()].abs() - self.can_leave()) } else { 0 };
        now.equity() * i128::from(now.standing.leverage) - gross - reserved - now.unsettled() + leaving
    }

    /// The number of shares that leaves the least of `shares`.
    fn smallest(&self, shares: [i128; 2]) -> i128 {
        (-signed(shares[0] + shares[1], self.request.side) / 2).max(0)
    }

    fn greatest(&self, rule: Rule, from: i128) -> i128 {
        greatest(from, |shares| self.of_shares(shares, rule).is_none())
    }

    fn of_shares(&self, shares: i128, rule: Rule) -> Option<Refusal> {
        let request = OrderRequest { size: OrderSize::Shares(quantity(shares)), ..*self.request };
        rule(&Asked { request: &request, shares, ..*self })
    }

    /// The most shares that pass all of `limits`; 0 where there is no such number.
    fn most_of(&self, limits: &[Sized]) -> i128 {
        let most = limits.iter().map(|(rule, from)| self.greatest(*rule, from(self))).min().unwrap();
        self.passing(most, limits)
    }

    /// `most` if it passes; else 0: it is too little for a position that must first come back from the other
    /// side, and less would be, too.
    fn passing(&self, most: i128, limits: &[Sized]) -> i128 {
        let passes = limits.iter().all(|(rule, _)| self.of_shares(most, *rule).is_none());
        if passes { most } else { 0 }
    }
}
