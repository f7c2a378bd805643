//! May an order be changed, or taken back? By its status, and by what the change asks.
//!
//! Not here: whether our own gate lets the change pass (risk). Source: `alpaca.md` §11, §12.
use super::{ensure, form};
use crate::domain::{
    ExitLegs, LegLevel, NewPrices, OrderKind, OrderRequest, OrderStatus, Price, Quantity, RejectReason, Side, Tick,
    TimeInForce, Trail,
};

/// The order that is to be changed, as it stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Changing {
    /// How it stands.
    pub status: OrderStatus,
    /// Its type and prices.
    pub kind: OrderKind,
    /// Its shares, what has filled included.
    pub quantity: Quantity,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// It was sent for dollars.
    pub in_dollars: bool,
}

/// What a change asks for; `None` leaves a thing as it is.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Change {
    /// Shares of the new order in all.
    pub quantity: Option<Quantity>,
    /// Prices.
    pub prices: NewPrices,
    /// How long it lives.
    pub time_in_force: Option<TimeInForce>,
}

/// May an order in `status` be taken back?
///
/// Errors: it has ended.
pub fn cancel(status: OrderStatus) -> Result<(), RejectReason> {
    ensure(status.is_open(), RejectReason::AlreadyIn { state: status.name() })
}

/// May `order` be changed so? `tick` is the grid of prices; with `Tick::None` parts of shares may be changed.
///
/// Errors: the first rule it breaks.
pub fn change(order: &Changing, change: &Change, tick: Tick) -> Result<(), RejectReason> {
    cancel(order.status)?;
    match order.status {
        OrderStatus::Approved | OrderStatus::Submitted => return Err(RejectReason::NotSentYet),
        OrderStatus::PendingCancel => return Err(RejectReason::NotOpen),
        _ => {}
    }
    // Its shares are known when it fills: until then no change could be held to a size.
    ensure(!order.in_dollars, RejectReason::NotionalFixed)?;
    if let Some(quantity) = change.quantity {
        ensure(quantity > Quantity::ZERO, RejectReason::QtyNotPositive)?;
        if tick != Tick::None {
            let is_fixed = !order.quantity.is_whole() && quantity != order.quantity;
            ensure(!is_fixed, RejectReason::FractionalQtyFixed)?;
            ensure(quantity.is_whole() || !order.quantity.is_whole(), RejectReason::QtyNotWhole)?;
        }
    }
    prices(order.kind, &change.prices, tick)?;
    let is_same = order.kind.with(change.prices) == order.kind
        && change.quantity.is_none_or(|quantity| quantity == order.quantity)
        && change.time_in_force.is_none_or(|time| time == order.time_in_force);
    ensure(!is_same, RejectReason::NotChanged)
}

/// May a stop and a target of `side` protect the same shares? They stand on their own sides of the market, a cent apart
/// at least: any other pair no venue takes, be it sent so or sent again.
///
/// Errors: the rule that the pair breaks.
pub fn pair(side: Side, stop: Price, target: Price, tick: Tick) -> Result<(), RejectReason> {
    let least = if tick == Tick::None { 1 } else { Price::UNITS_PER_USD / 100 };
    let (apart, crossed, close) = match side {
        Side::Sell => (target.units() - stop.units(), RejectReason::TargetBelowStop, RejectReason::StopAboveBase),
        Side::Buy => (stop.units() - target.units(), RejectReason::TargetAboveStop, RejectReason::StopBelowBase),
    };
    ensure(apart >= 1, crossed)?;
    ensure(apart >= least, close)
}

/// May `entry`, an entry as it is to be, stand beside the exits that it brings, which rest or wait as `legs` say? A price
/// that a split has left between two ticks counts as the tick below.
///
/// Errors: the rule that they break together.
pub fn beside_legs(
    entry: &OrderRequest,
    legs: impl Iterator<Item = OrderKind>,
    tick: Tick,
) -> Result<(), RejectReason> {
    let floor = |price: Option<Price>| price.map(|price| price.floor_to(tick));
    let on_grid =
        |kind: OrderKind| kind.with(NewPrices { limit: floor(kind.limit()), stop: floor(kind.stop()), trail: None });
    let mut own = ExitLegs { time_in_force: entry.time_in_force, ..ExitLegs::NONE };
    for kind in legs.map(on_grid) {
        match kind {
            OrderKind::Limit { limit } => own.take_profit = Some(LegLevel::At(limit)),
            OrderKind::Stop { stop } => own.stop = Some(LegLevel::At(stop)),
            OrderKind::StopLimit { stop, limit } => {
                (own.stop, own.stop_limit) = (Some(LegLevel::At(stop)), Some(limit));
            }
            OrderKind::Market | OrderKind::TrailingStop { .. } => {}
        }
    }
    form::legs(&OrderRequest { kind: on_grid(entry.kind), legs: own, ..*entry }, tick)
}

fn prices(kind: OrderKind, new: &NewPrices, tick: Tick) -> Result<(), RejectReason> {
    for (field, price, has) in
        [("limit_price", new.limit, kind.limit().is_some()), ("stop_price", new.stop, kind.stop().is_some())]
    {
        ensure(price.is_none() || has, RejectReason::NoSuchPrice { field })?;
        let off_grid = |price: &Price| price.floor_to(tick) != *price;
        if let Some(price) = price.filter(off_grid) {
            return Err(RejectReason::SubPenny { field, price });
        }
    }
    match (kind, new.trail) {
        (_, None) => Ok(()),
        (OrderKind::TrailingStop { trail: Trail::Price(_) }, Some(Trail::Price(_)))
        | (OrderKind::TrailingStop { trail: Trail::Fraction(_) }, Some(Trail::Fraction(_))) => Ok(()),
        (OrderKind::TrailingStop { .. }, Some(_)) => Err(RejectReason::TrailKind),
        (_, Some(_)) => Err(RejectReason::NoSuchPrice { field: "trail" }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{limit, order, price, shares, stop};
    use super::*;
    use crate::domain::OrderClass;

    #[test]
    fn a_pair_stands_on_its_own_sides() {
        let of = |side, guard: &str, target: &str| pair(side, price(guard), price(target), Tick::UsEquity);
        assert_eq!(of(Side::Sell, "9.99", "10"), Ok(()));
        assert_eq!(of(Side::Sell, "10", "10"), Err(RejectReason::TargetBelowStop));
        assert_eq!(of(Side::Sell, "0.9999", "1"), Err(RejectReason::StopAboveBase));
        assert_eq!(of(Side::Buy, "10", "9.99"), Ok(()));
        assert_eq!(of(Side::Buy, "10", "10.5"), Err(RejectReason::TargetAboveStop));
        assert_eq!(of(Side::Buy, "1", "0.9999"), Err(RejectReason::StopBelowBase));
        assert_eq!(pair(Side::Sell, price("0.9999"), price("1"), Tick::None), Ok(()));
    }

    #[test]
    fn an_entry_is_not_moved_across_its_exits() {
        let of = |side, limit_price: &str, legs: &[OrderKind]| {
            let entry = OrderRequest { class: OrderClass::Bracket, ..order(side, limit(limit_price)) };
            beside_legs(&entry, legs.iter().copied(), Tick::UsEquity)
        };
        let long = [stop("30.36"), limit("33")];
        assert_eq!(of(Side::Buy, "31.79", &long), Ok(()));
        assert_eq!(of(Side::Buy, "6.09", &long), Err(RejectReason::StopAboveBase));
        assert_eq!(of(Side::Buy, "33", &long), Err(RejectReason::TargetBelowBase));
        assert_eq!(of(Side::Sell, "72.28", &[stop("64.99"), limit("64.24")]), Err(RejectReason::StopBelowBase));
        // A split has left the stop between two ticks.
        assert_eq!(of(Side::Buy, "30.37", &[stop("30.365")]), Ok(()));
        assert_eq!(of(Side::Buy, "30.36", &[]), Ok(()));
    }

    fn resting(kind: OrderKind) -> Changing {
        Changing {
            status: OrderStatus::Accepted,
            kind,
            quantity: shares("10"),
            time_in_force: TimeInForce::Gtc,
            in_dollars: false,
        }
    }

    fn to(quantity: Option<&str>, new_limit: Option<&str>, new_stop: Option<&str>) -> Change {
        let prices = NewPrices { limit: new_limit.map(price), stop: new_stop.map(price), trail: None };
        Change { quantity: quantity.map(shares), prices, time_in_force: None }
    }

    #[test]
    fn what_has_ended_stays() {
        let dearer = to(None, Some("61"), None);
        for (status, state) in [
            (OrderStatus::Filled, "filled"),
            (OrderStatus::Canceled, "canceled"),
            (OrderStatus::Expired, "expired"),
            (OrderStatus::Rejected, "rejected"),
        ] {
            let ended = Err(RejectReason::AlreadyIn { state });
            assert_eq!(cancel(status), ended);
            assert_eq!(change(&Changing { status, ..resting(limit("60")) }, &dearer, Tick::UsEquity), ended);
        }
        for (status, wanted) in [
            (OrderStatus::Submitted, Err(RejectReason::NotSentYet)),
            (OrderStatus::PendingCancel, Err(RejectReason::NotOpen)),
            (OrderStatus::PartiallyFilled, Ok(())),
            (OrderStatus::Held, Ok(())),
        ] {
            assert_eq!(cancel(status), Ok(()));
            assert_eq!(change(&Changing { status, ..resting(limit("60")) }, &dearer, Tick::UsEquity), wanted);
        }
    }

    #[test]
    fn a_change_changes_something_that_is_there() {
        let of_limit = |asked: Change| change(&resting(limit("60")), &asked, Tick::UsEquity).err();
        assert_eq!(of_limit(to(None, None, None)), Some(RejectReason::NotChanged));
        assert_eq!(of_limit(to(Some("10"), Some("60"), None)), Some(RejectReason::NotChanged));
        assert_eq!(of_limit(to(Some("11"), None, None)), None);
        assert_eq!(of_limit(to(Some("0"), None, None)), Some(RejectReason::QtyNotPositive));
        assert_eq!(of_limit(to(Some("1.5"), None, None)), Some(RejectReason::QtyNotWhole));
        assert_eq!(of_limit(to(None, None, Some("59"))), Some(RejectReason::NoSuchPrice { field: "stop_price" }));
        let penny = RejectReason::SubPenny { field: "limit_price", price: price("60.001") };
        assert_eq!(of_limit(to(None, Some("60.001"), None)), Some(penny));
        let of_stop = change(&resting(stop("57")), &to(None, Some("60"), None), Tick::UsEquity);
        assert_eq!(of_stop, Err(RejectReason::NoSuchPrice { field: "limit_price" }));
        let day = Change { time_in_force: Some(TimeInForce::Day), ..Change::default() };
        assert_eq!(of_limit(day), None);
    }

    #[test]
    fn parts_and_dollars_keep_their_size() {
        let part = Changing { quantity: shares("1.5"), ..resting(limit("60")) };
        let more = to(Some("2"), None, None);
        assert_eq!(change(&part, &more, Tick::UsEquity), Err(RejectReason::FractionalQtyFixed));
        assert_eq!(change(&part, &more, Tick::None), Ok(()));
        assert_eq!(change(&part, &to(None, Some("61"), None), Tick::UsEquity), Ok(()));
        let dollars = Changing { in_dollars: true, ..part };
        let dearer = to(None, Some("61"), None);
        for tick in [Tick::UsEquity, Tick::None] {
            assert_eq!(change(&dollars, &dearer, tick), Err(RejectReason::NotionalFixed));
        }
    }

    #[test]
    fn a_trail_keeps_its_unit() {
        let by = |trail| OrderKind::TrailingStop { trail };
        let asked =
            |trail| Change { prices: NewPrices { trail: Some(trail), ..NewPrices::default() }, ..Change::default() };
        let (dollars, percent) = (Trail::Price(price("2")), Trail::Fraction("0.05".parse().expect("ratio")));
        let two = resting(by(dollars));
        assert_eq!(change(&two, &asked(Trail::Price(price("3"))), Tick::UsEquity), Ok(()));
        assert_eq!(change(&two, &asked(dollars), Tick::UsEquity), Err(RejectReason::NotChanged));
        assert_eq!(change(&two, &asked(percent), Tick::UsEquity), Err(RejectReason::TrailKind));
        let none = change(&resting(limit("60")), &asked(dollars), Tick::UsEquity);
        assert_eq!(none, Err(RejectReason::NoSuchPrice { field: "trail" }));
    }
}
