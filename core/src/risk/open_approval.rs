//! What the gate remembers of an approval until it is filled or voided.
//!
//! Not here: making approvals (gate).
use serde::{Deserialize, Serialize};

use crate::domain::{
    LegLevel, Money, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, Ratio, Side, SymbolIndex,
    TimeInForce, Trail,
};
use crate::portfolio::split_price;
use crate::venue::split_kind;

/// An approval that may still fill: what it claims of the account. Nothing can be sent with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenApproval {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// How it wants its price.
    pub kind: OrderKind,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Shares asked for, all told.
    pub asked: Quantity,
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars each of them risks if it fills, as measured at its approval; the present mark may ask for more.
    pub risk: Price,
    /// The stop it brings.
    pub stop: Option<LegLevel>,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// It can only shrink the position.
    pub reduces: bool,
    /// What is approved at the same moment may rely on it: an exit at the market that leaves at the next open, in an
    /// account in which a sale pays for a purchase of the same open.
    pub makes_room: bool,
    /// What it becomes by a change that is on its way; until the venue answers, the larger of both counts.
    pub change: Option<Change>,
    /// Its cancel is on its way: should it fill first, what it takes is gone for every other exit.
    pub is_called_off: bool,
}

/// What an approval becomes when the venue has taken a change of its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Shares asked for, all told, what has filled included.
    pub asked: Quantity,
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// Dollars each of them risks.
    pub risk: Price,
    /// Its prices.
    pub kind: OrderKind,
    /// What the approval claimed before: that again, should the venue refuse the change.
    pub former: Former,
}

/// What an approval claimed before a change of it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// Dollars each of them risks.
    pub risk: Price,
}

impl OpenApproval {
    /// Order `order` for `quantity` shares of `request` at the reference price `reference`; an exit sets
    /// nothing aside.
    pub(super) fn new(
        order: OrderId,
        request: &OrderRequest,
        quantity: Quantity,
        reference: Price,
        reserve: Option<Money>,
    ) -> OpenApproval {
        OpenApproval {
            order,
            symbol: request.symbol,
            side: request.side,
            kind: request.kind,
            time_in_force: request.time_in_force,
            asked: quantity,
            open: quantity,
            risk: if reserve.is_some() { risk_a_share(request, reference) } else { Price::ZERO },
            stop: request.legs.stop,
            reserve: reserve.unwrap_or(Money::ZERO),
            reduces: reserve.is_none(),
            makes_room: false,
            change: None,
            is_called_off: false,
        }
    }

    /// Does it leave with what is sent beside it, and has nobody taken it back?
    #[inline]
    pub(super) fn makes_room_now(&self) -> bool {
        self.makes_room && !self.is_called_off && !self.open.is_zero()
    }

    /// Shares asked for, all told, once `open` are to be left of it.
    pub(super) fn asked_with(&self, open: Quantity) -> Quantity {
        let (asked, left) = self.change.map_or((self.asked, self.open), |change| (change.asked, change.open));
        (asked - left.min(asked)).checked_add(open).unwrap_or(Quantity::MAX)
    }

    /// What it claims without the change that may be on its way.
    pub(super) fn former(&self) -> Former {
        let Self { open, reserve, risk, .. } = *self;
        self.change.map_or(Former { open, reserve, risk }, |change| change.former)
    }

    /// Its prices, and those a change that is on its way would give it.
    fn kinds(&self) -> impl Iterator<Item = OrderKind> {
        std::iter::once(self.kind).chain(self.change.map(|change| change.kind))
    }

    /// The dearest price at which it may fill with the market at `mark`.
    #[inline]
    pub(super) fn dearest(&self, mark: Price) -> Price {
        self.kinds().fold(mark, |dearest, kind| dearest.max(reserve_price(kind, mark)))
    }

    /// Dollars a share of the entry risks with the market at `mark`, and at least what it risked at its approval.
    /// `level` is where the stop of what has filled stands: it will protect the rest as well.
    #[inline]
    pub(super) fn risk_now(&self, level: Option<Price>, mark: Price) -> Price {
        let stop = level.map(LegLevel::At).or(self.stop);
        self.kinds().fold(self.risk, |most, kind| most.max(risk_of(self.side, kind, stop, mark)))
    }

    /// Restates it for a split into `ratio` new shares per old; what is risked is rounded up.
    pub(super) fn split(&mut self, ratio: Ratio, restate: impl Fn(Quantity) -> Quantity) {
        let up = |price: i64| {
            let units = i128::from(price) * i128::from(Ratio::ONE.units());
            let whole = (units + i128::from(ratio.units()) - 1) / i128::from(ratio.units());
            i64::try_from(whole).ok().and_then(Price::from_units).unwrap_or(Price::MAX)
        };
        self.open = restate(self.open);
        self.asked = restate(self.asked);
        self.kind = split_kind(self.kind, ratio);
        self.risk = up(self.risk.units());
        self.stop = self.stop.map(|stop| match stop {
            LegLevel::At(level) => LegLevel::At(split_price(level, ratio)),
            LegLevel::FromFill { distance_units } => LegLevel::FromFill { distance_units: up(distance_units).units() },
            LegLevel::FractionFromFill(_) => stop,
        });
        if let Some(change) = &mut self.change {
            change.asked = restate(change.asked);
            change.open = restate(change.open);
            change.kind = split_kind(change.kind, ratio);
            change.risk = up(change.risk.units());
            change.former.open = restate(change.former.open);
            change.former.risk = up(change.former.risk.units());
        }
    }
}

/// What exits for `leaving` shares leave of a position of `held`: nothing is the least. One that is being
/// canceled and the one in its place may be for the same shares.
pub(super) fn held_without(held: Quantity, leaving: Quantity) -> Quantity {
    let left = held.abs() - leaving.min(held.abs());
    if held < Quantity::ZERO { -left } else { left }
}

/// The shares an order comes to at `price`, with `cash` dollars in the account; of one in dollars, to nine
/// decimals.
pub(super) fn shares_at(size: OrderSize, price: Price, cash: Money) -> Quantity {
    match size {
        OrderSize::Shares(quantity) => quantity,
        OrderSize::Notional(amount) => Quantity::most_for(amount, price),
        OrderSize::CashFraction { fraction, .. } => Quantity::most_for(cash.share(fraction), price),
    }
}

/// The dollars an entry of `quantity` shares may come to, fees aside, with `cash` in the account.
pub(super) fn reserve_for(request: &OrderRequest, quantity: Quantity, price: Price, cash: Money) -> Money {
    match request.size {
        OrderSize::Shares(_) => reserve_price(request.kind, price).notional(quantity),
        // The price does not matter: it buys fewer shares when they are dearer.
        OrderSize::Notional(amount) => amount,
        // The whole fraction is set aside.
        OrderSize::CashFraction { fraction, .. } => cash.share(fraction),
    }
}

/// Dollars a share of the entry `request` risks with the market at `reference`.
pub(super) fn risk_a_share(request: &OrderRequest, reference: Price) -> Price {
    risk_of(request.side, request.kind, request.legs.stop, reference)
}

/// From the worst price at which the entry may fill to its stop; all of the dearest without one, and where the price
/// it would fill at has passed the stop already, which is no protection then.
fn risk_of(side: Side, kind: OrderKind, stop: Option<LegLevel>, reference: Price) -> Price {
    let dearest = reserve_price(kind, reference);
    let worst = match side {
        Side::Buy => dearest,
        Side::Sell => cheapest(kind, reference),
    };
    match stop {
        None => dearest,
        Some(LegLevel::FromFill { distance_units }) => Price::ZERO.saturating_offset(distance_units),
        Some(LegLevel::FractionFromFill(fraction)) => worst.scaled(fraction),
        Some(LegLevel::At(level)) => {
            let fill = soonest(side, kind, reference);
            let (is_passed, far) = match side {
                Side::Buy => (level > fill, worst.units() - level.units()),
                Side::Sell => (level < fill, level.units() - worst.units()),
            };
            if is_passed { dearest } else { Price::ZERO.saturating_offset(far) }
        }
    }
}

/// The price an order would fill at if the market stood still, or came to it and no farther.
fn soonest(side: Side, kind: OrderKind, reference: Price) -> Price {
    match (kind, side) {
        (OrderKind::Market | OrderKind::TrailingStop { .. }, _) => reference,
        (OrderKind::Limit { limit }, Side::Buy) => limit.min(reference),
        (OrderKind::Limit { limit }, Side::Sell) => limit.max(reference),
        (OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. }, Side::Buy) => stop.max(reference),
        (OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. }, Side::Sell) => stop.min(reference),
    }
}

/// Would an order on `side` fill sooner with the prices of `new` than with those of `old`?
pub(super) fn is_nearer(side: Side, old: OrderKind, new: OrderKind) -> bool {
    let rises = |from: Option<Price>, to: Option<Price>| to > from;
    match (old, new) {
        (
            OrderKind::TrailingStop { trail: Trail::Price(old) },
            OrderKind::TrailingStop { trail: Trail::Price(new) },
        ) => new < old,
        (
            OrderKind::TrailingStop { trail: Trail::Fraction(old) },
            OrderKind::TrailingStop { trail: Trail::Fraction(new) },
        ) => new < old,
        // Another type, or another way to trail: nobody knows which comes first.
        (OrderKind::TrailingStop { .. }, _) => true,
        _ if std::mem::discriminant(&old) != std::mem::discriminant(&new) => true,
        _ => match side {
            Side::Buy => rises(old.limit(), new.limit()) || rises(new.stop(), old.stop()),
            Side::Sell => rises(new.limit(), old.limit()) || rises(old.stop(), new.stop()),
        },
    }
}

/// The cheapest of the reference price and the prices an order names.
fn cheapest(kind: OrderKind, reference: Price) -> Price {
    let trailed = match kind {
        OrderKind::TrailingStop { trail: Trail::Price(price) } => reference.saturating_offset(-price.units()),
        OrderKind::TrailingStop { trail: Trail::Fraction(fraction) } => reference.scaled(fraction.one_minus()),
        _ => reference,
    };
    trailed.min(kind.limit().unwrap_or(reference)).min(kind.stop().unwrap_or(reference))
}

/// Does an exit with these terms leave at the next open, if anything trades there?
pub(super) fn leaves_at_open(request: &OrderRequest) -> bool {
    request.kind == OrderKind::Market && matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc)
}

/// The dearest of the reference price and the prices an order names: what a share may come to cost. A
/// trailing stop names the one it starts from, which for a purchase is the dearest it can be.
#[inline]
pub fn reserve_price(kind: OrderKind, reference: Price) -> Price {
    if kind == OrderKind::Market {
        return reference;
    }
    let trailed = match kind {
        OrderKind::TrailingStop { trail: Trail::Price(price) } => reference.saturating_offset(price.units()),
        OrderKind::TrailingStop { trail: Trail::Fraction(fraction) } => reference.scaled(fraction.one_plus()),
        _ => reference,
    };
    trailed.max(kind.limit().unwrap_or(reference)).max(kind.stop().unwrap_or(reference))
}
