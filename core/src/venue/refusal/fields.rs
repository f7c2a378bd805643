//! Are the fields of a request an order? Prices by type, one size, legs by class.
//!
//! Not here: whether the venue takes that order (form, account), text and JSON (whoever reads them).
use super::ensure;
use crate::domain::{
    ExitLegs, LegLevel, Money, OrderClass, OrderKind, OrderSize, Price, Quantity, Ratio, RejectReason, TimeInForce,
    Trail,
};

/// The type of an order, without its prices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderType {
    /// `market`
    Market,
    /// `limit`
    Limit,
    /// `stop`
    Stop,
    /// `stop_limit`
    StopLimit,
    /// `trailing_stop`
    TrailingStop,
}

/// The fields of a request, each read, or absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderFields {
    /// Shares.
    pub qty: Option<Quantity>,
    /// Dollars.
    pub notional: Option<Money>,
    /// The type.
    pub order_type: OrderType,
    /// How long it lives, and its legs with it.
    pub time_in_force: TimeInForce,
    /// The limit.
    pub limit_price: Option<Price>,
    /// The stop.
    pub stop_price: Option<Price>,
    /// The trail in dollars.
    pub trail_price: Option<Price>,
    /// The trail as a fraction (0.05 is Alpaca's `5`).
    pub trail_percent: Option<Ratio>,
    /// How it hangs together with others.
    pub class: OrderClass,
    /// `take_profit.limit_price`
    pub take_profit: Option<Price>,
    /// `stop_loss.stop_price`
    pub stop_loss: Option<Price>,
    /// `stop_loss.limit_price`
    pub stop_loss_limit: Option<Price>,
}

/// What the fields come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Read {
    /// How many.
    pub size: OrderSize,
    /// The type with its prices; of a pair, the limit of its target.
    pub kind: OrderKind,
    /// The legs; of a pair, its stop.
    pub legs: ExitLegs,
}

/// Reads the fields as an order.
///
/// Errors: what is missing or too much, as Alpaca says it (`alpaca.md` §11).
pub fn fields(fields: &OrderFields) -> Result<Read, RejectReason> {
    let size = size(fields)?;
    let legs = legs(fields)?;
    let kind = match (fields.class, fields.take_profit) {
        // A pair is a limit order whose limit stands under take_profit.
        (OrderClass::Oco, Some(limit)) => OrderKind::Limit { limit },
        _ => kind(fields)?,
    };
    Ok(Read { size, kind, legs })
}

fn size(fields: &OrderFields) -> Result<OrderSize, RejectReason> {
    match (fields.qty, fields.notional) {
        (None, None) => Err(RejectReason::NoSize),
        (Some(_), Some(_)) => Err(RejectReason::TwoSizes),
        (Some(qty), None) => {
            ensure(qty > Quantity::ZERO, RejectReason::QtyNotPositive).map(|()| OrderSize::Shares(qty))
        }
        (None, Some(notional)) => Ok(OrderSize::Notional(notional)),
    }
}

fn kind(fields: &OrderFields) -> Result<OrderKind, RejectReason> {
    let trails = fields.trail_price.is_some() || fields.trail_percent.is_some();
    if trails && fields.order_type != OrderType::TrailingStop {
        return Err(RejectReason::TrailOneOf);
    }
    match (fields.order_type, fields.limit_price, fields.stop_price) {
        (OrderType::Market, None, None) => Ok(OrderKind::Market),
        (OrderType::Market, ..) => Err(RejectReason::MarketPrices),
        (OrderType::Limit, None, _) => Err(RejectReason::LimitPriceMissing),
        (OrderType::Limit, _, Some(_)) => Err(RejectReason::LimitWithStop),
        (OrderType::Limit, Some(limit), None) => Ok(OrderKind::Limit { limit }),
        (OrderType::Stop, None, Some(stop)) => Ok(OrderKind::Stop { stop }),
        (OrderType::Stop, ..) => Err(RejectReason::StopPriceMissing),
        (OrderType::StopLimit, Some(limit), Some(stop)) => Ok(OrderKind::StopLimit { stop, limit }),
        (OrderType::StopLimit, ..) => Err(RejectReason::StopLimitPrices),
        (OrderType::TrailingStop, ..) => match (fields.trail_price, fields.trail_percent) {
            (Some(price), None) => Ok(OrderKind::TrailingStop { trail: Trail::Price(price) }),
            (None, Some(fraction)) => Ok(OrderKind::TrailingStop { trail: Trail::Fraction(fraction) }),
            _ => Err(RejectReason::TrailOneOf),
        },
    }
}

fn legs(fields: &OrderFields) -> Result<ExitLegs, RejectReason> {
    let (target, stop) = (fields.take_profit, fields.stop_loss);
    match fields.class {
        OrderClass::Simple => ensure(target.is_none() && stop.is_none(), RejectReason::SimpleLegs)?,
        OrderClass::Bracket => {
            ensure(target.is_some(), RejectReason::BracketTargetMissing)?;
            ensure(stop.is_some(), RejectReason::BracketStopMissing)?;
        }
        OrderClass::Oto => ensure(target.is_some() != stop.is_some(), RejectReason::OtoOneLeg)?,
        OrderClass::Oco => ensure(target.is_some() && stop.is_some(), RejectReason::OcoLegsMissing)?,
    }
    Ok(ExitLegs {
        stop: stop.map(LegLevel::At),
        stop_limit: fields.stop_loss_limit.filter(|_| stop.is_some()),
        take_profit: target.map(LegLevel::At).filter(|_| fields.class != OrderClass::Oco),
        time_in_force: fields.time_in_force,
        ..ExitLegs::NONE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: OrderFields = OrderFields {
        qty: None,
        notional: None,
        order_type: OrderType::Market,
        time_in_force: TimeInForce::Day,
        limit_price: None,
        stop_price: None,
        trail_price: None,
        trail_percent: None,
        class: OrderClass::Simple,
        take_profit: None,
        stop_loss: None,
        stop_loss_limit: None,
    };

    fn price(text: &str) -> Option<Price> {
        Some(text.parse().expect("price"))
    }

    #[test]
    fn a_size_is_one_of_two() {
        let (qty, notional) = (Quantity::from_shares(1), "5".parse().ok());
        let read = |qty, notional| fields(&OrderFields { qty, notional, ..NONE }).map(|read| read.size);
        assert_eq!(read(None, None), Err(RejectReason::NoSize));
        assert_eq!(read(qty, notional), Err(RejectReason::TwoSizes));
        assert_eq!(read(Some(Quantity::ZERO), None), Err(RejectReason::QtyNotPositive));
        assert_eq!(read(qty, None), Ok(OrderSize::Shares(Quantity::from_shares(1).expect("shares"))));
        assert_eq!(read(None, notional), Ok(OrderSize::Notional("5".parse().expect("money"))));
    }

    #[test]
    fn each_type_has_its_prices_and_no_others() {
        use OrderType::{Limit, Market, Stop, StopLimit, TrailingStop};
        let (p, percent) = (price("60"), "0.05".parse().ok());
        let one = OrderFields { qty: Quantity::from_shares(1), ..NONE };
        for (order_type, limit_price, stop_price, trail_price, trail_percent, refused) in [
            (Market, None, None, None, None, None),
            (Market, p, None, None, None, Some(RejectReason::MarketPrices)),
            (Market, None, p, None, None, Some(RejectReason::MarketPrices)),
            (Market, None, None, p, None, Some(RejectReason::TrailOneOf)),
            (Limit, p, None, None, None, None),
            (Limit, None, None, None, None, Some(RejectReason::LimitPriceMissing)),
            (Limit, p, p, None, None, Some(RejectReason::LimitWithStop)),
            (Stop, None, p, None, None, None),
            (Stop, None, None, None, None, Some(RejectReason::StopPriceMissing)),
            (StopLimit, p, p, None, None, None),
            (StopLimit, p, None, None, None, Some(RejectReason::StopLimitPrices)),
            (StopLimit, None, p, None, None, Some(RejectReason::StopLimitPrices)),
            (TrailingStop, None, None, p, None, None),
            (TrailingStop, None, None, None, percent, None),
            (TrailingStop, None, None, None, None, Some(RejectReason::TrailOneOf)),
            (TrailingStop, None, None, p, percent, Some(RejectReason::TrailOneOf)),
        ] {
            let request = OrderFields { order_type, limit_price, stop_price, trail_price, trail_percent, ..one };
            assert_eq!(fields(&request).err(), refused, "{request:?}");
        }
    }

    #[test]
    fn each_class_has_its_legs_and_no_others() {
        let (target, guard) = (price("63"), price("57"));
        let one = OrderFields { qty: Quantity::from_shares(1), ..NONE };
        for (class, take_profit, stop_loss, refused) in [
            (OrderClass::Simple, None, None, None),
            (OrderClass::Simple, target, None, Some(RejectReason::SimpleLegs)),
            (OrderClass::Bracket, target, guard, None),
            (OrderClass::Bracket, None, guard, Some(RejectReason::BracketTargetMissing)),
            (OrderClass::Bracket, target, None, Some(RejectReason::BracketStopMissing)),
            (OrderClass::Oto, None, guard, None),
            (OrderClass::Oto, target, None, None),
            (OrderClass::Oto, target, guard, Some(RejectReason::OtoOneLeg)),
            (OrderClass::Oto, None, None, Some(RejectReason::OtoOneLeg)),
            (OrderClass::Oco, target, guard, None),
            (OrderClass::Oco, target, None, Some(RejectReason::OcoLegsMissing)),
        ] {
            let request = OrderFields { class, take_profit, stop_loss, ..one };
            assert_eq!(fields(&request).err(), refused, "{request:?}");
        }
        let pair = OrderFields { class: OrderClass::Oco, take_profit: target, stop_loss: guard, ..one };
        let read = fields(&pair).expect("a pair");
        assert_eq!(read.kind.limit(), target);
        assert_eq!((read.legs.stop, read.legs.take_profit), (guard.map(LegLevel::At), None));
        assert_eq!(read.legs.time_in_force, TimeInForce::Day);
    }
}
