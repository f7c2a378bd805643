//! Does the venue take an order of this form? Type × time in force × class × hours, prices, parts of shares.
//!
//! Not here: what the account has to do with it (account). Source: `alpaca.md` §10, §11, §13.
use super::ensure;
use crate::domain::{
    LegLevel, Money, OrderClass, OrderKind, OrderRequest, OrderSize, Price, RejectReason, Side, Tick, TimeInForce,
};

/// What the venue is like at the moment of the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Its grid of prices; `Tick::None` leaves out all that only Alpaca refuses.
    pub tick: Tick,
    /// It has prices outside the core session.
    pub extended_hours: bool,
    /// The minute of the day in New York, where the hour of a request matters.
    pub new_york_minute: Option<u16>,
}

/// 09:28, 15:50 and 19:00 in New York, in minutes after midnight.
const OPG_CLOSED_FROM: u16 = 9 * 60 + 28;
const CLS_CLOSED_FROM: u16 = 15 * 60 + 50;
const AUCTIONS_OPEN_FROM: u16 = 19 * 60;

/// Checks the form of `request`.
///
/// Errors: the first rule it breaks.
pub fn form(request: &OrderRequest, terms: &Terms) -> Result<(), RejectReason> {
    hours(request, terms)?;
    time_in_force(request)?;
    legs(request, terms.tick)?;
    if terms.tick == Tick::None {
        return Ok(());
    }
    let (class, kind) = (request.class, request.kind);
    let is_plain = matches!(kind, OrderKind::Market | OrderKind::Limit { .. });
    ensure(
        class == OrderClass::Simple || is_plain,
        RejectReason::ClassType { class: class.name(), kind: kind.name() },
    )?;
    parts_of_shares(request)?;
    on_grid(request, terms.tick)?;
    auction_hours(request.time_in_force, terms.new_york_minute)
}

/// Outside the core session only simple limit orders for the day or until canceled.
fn hours(request: &OrderRequest, terms: &Terms) -> Result<(), RejectReason> {
    if !request.extended_hours {
        return Ok(());
    }
    let rests = matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc);
    ensure(rests && matches!(request.kind, OrderKind::Limit { .. }), RejectReason::ExtendedHours)?;
    let class = request.class;
    ensure(class == OrderClass::Simple, RejectReason::ExtendedHoursClass { class: class.name() })?;
    ensure(terms.extended_hours, RejectReason::NoExtendedHours)
}

/// `ioc`, `fok`, `opg` and `cls` are for simple market and limit orders.
fn time_in_force(request: &OrderRequest) -> Result<(), RejectReason> {
    let (kind, class) = (request.kind, request.class);
    if matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc) {
        return Ok(());
    }
    let is_plain = matches!(kind, OrderKind::Market | OrderKind::Limit { .. });
    let kind = if class == OrderClass::Simple { kind.name() } else { class.name() };
    let reason = RejectReason::TimeInForce { kind, time_in_force: request.time_in_force.name() };
    ensure(is_plain && class == OrderClass::Simple, reason)
}

/// The price of a leg that is known before.
pub(super) const fn fixed(level: Option<LegLevel>) -> Option<Price> {
    match level {
        Some(LegLevel::At(price)) => Some(price),
        _ => None,
    }
}

/// Is the position a long that the legs of `request` close? A pair is an exit itself.
pub(super) fn protects_long(request: &OrderRequest) -> bool {
    (request.side == Side::Buy) != (request.class == OrderClass::Oco)
}

/// A cent, by which legs stand apart where Alpaca looks.
pub(super) const CENT: i64 = Price::UNITS_PER_USD / 100;

/// Stop, entry and target of a long stand in this order, those of a short in the other.
pub(super) fn legs(request: &OrderRequest, tick: Tick) -> Result<(), RejectReason> {
    let long = protects_long(request);
    let (entry, target) = match request.class {
        OrderClass::Simple => return Ok(()),
        OrderClass::Oco => (None, request.kind.limit()),
        OrderClass::Bracket | OrderClass::Oto => (request.kind.limit(), fixed(request.legs.take_profit)),
    };
    let stop = fixed(request.legs.stop);
    if stop.is_none() && target.is_none() {
        return Ok(());
    }
    let apart = |low: Price, high: Price| if long { high.units() - low.units() } else { low.units() - high.units() };
    let least = if tick == Tick::None { 1 } else { CENT };
    let holds = |pair: Option<(Price, Price)>, least: i64| pair.is_none_or(|(low, high)| apart(low, high) >= least);
    let pick = |of_long, of_short| if long { of_long } else { of_short };
    let order = pick(RejectReason::TargetBelowStop, RejectReason::TargetAboveStop);
    ensure(holds(stop.zip(target), 1), order)?;
    let stop_base = pick(RejectReason::StopAboveBase, RejectReason::StopBelowBase);
    ensure(holds(stop.zip(entry), least) && holds(stop.zip(target), least), stop_base)?;
    let target_base = pick(RejectReason::TargetBelowBase, RejectReason::TargetAboveBase);
    ensure(holds(entry.zip(target), least), target_base)
}

/// Parts of shares, and orders in dollars: for the day, simple, no trailing stop; a dollar at least.
fn parts_of_shares(request: &OrderRequest) -> Result<(), RejectReason> {
    match request.size {
        OrderSize::Shares(quantity) if quantity.is_whole() => return Ok(()),
        // Sized by the scenario at the fill, in whole shares unless it trades parts of them.
        OrderSize::CashFraction { .. } => return Ok(()),
        OrderSize::Notional(amount) => ensure(amount >= Money::from_cents(100), RejectReason::NotionalMin)?,
        OrderSize::Shares(_) => {}
    }
    ensure(request.class == OrderClass::Simple && !request.legs.any(), RejectReason::FractionalSimple)?;
    ensure(!matches!(request.kind, OrderKind::TrailingStop { .. }), RejectReason::FractionalType)?;
    ensure(request.time_in_force == TimeInForce::Day, RejectReason::FractionalDay)
}

/// The names of a limit and a stop in a request, and in an order of this class.
pub(super) fn on_grid(request: &OrderRequest, tick: Tick) -> Result<(), RejectReason> {
    let legs = request.legs;
    // The target of a pair is the order itself.
    let limit = if request.class == OrderClass::Oco { "take_profit.limit_price" } else { "limit_price" };
    let prices = [
        (limit, request.kind.limit()),
        ("stop_price", request.kind.stop()),
        ("take_profit.limit_price", fixed(legs.take_profit)),
        ("stop_loss.stop_price", fixed(legs.stop)),
        ("stop_loss.limit_price", legs.stop_limit),
    ];
    for (field, price) in prices {
        if let Some(price) = price.filter(|price| price.floor_to(tick) != *price) {
            return Err(RejectReason::SubPenny { field, price });
        }
    }
    Ok(())
}

/// Are orders of this kind for an auction taken at this minute of the day in New York? `None` where nobody keeps hours.
///
/// Errors: they are not.
pub fn auction_hours(time_in_force: TimeInForce, new_york_minute: Option<u16>) -> Result<(), RejectReason> {
    let (from, reason) = match time_in_force {
        TimeInForce::Opg => (OPG_CLOSED_FROM, RejectReason::OpgHours),
        TimeInForce::Cls => (CLS_CLOSED_FROM, RejectReason::ClsHours),
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => return Ok(()),
    };
    let is_closed = |minute: u16| (from..AUCTIONS_OPEN_FROM).contains(&minute);
    ensure(!new_york_minute.is_some_and(is_closed), reason)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{limit, order, price, shares, stop, with_legs};
    use super::*;
    use crate::domain::{Quantity, Trail};

    const ALPACA: Terms = Terms { tick: Tick::UsEquity, extended_hours: true, new_york_minute: None };
    const NO_RULES: Terms = Terms { tick: Tick::None, ..ALPACA };

    fn refused(request: OrderRequest) -> Option<RejectReason> {
        form(&request, &ALPACA).err()
    }

    #[test]
    fn type_by_time_in_force() {
        use TimeInForce::{Cls, Day, Fok, Gtc, Ioc, Opg};
        let trail = OrderKind::TrailingStop { trail: Trail::Price(price("1")) };
        let stop_limit = OrderKind::StopLimit { stop: price("61"), limit: price("62") };
        for (kind, takes) in [
            (OrderKind::Market, &[Day, Gtc, Ioc, Fok, Opg, Cls][..]),
            (limit("60"), &[Day, Gtc, Ioc, Fok, Opg, Cls]),
            (stop("61"), &[Day, Gtc]),
            (stop_limit, &[Day, Gtc]),
            (trail, &[Day, Gtc]),
        ] {
            for time_in_force in [Day, Gtc, Ioc, Fok, Opg, Cls] {
                let reason = RejectReason::TimeInForce { kind: kind.name(), time_in_force: time_in_force.name() };
                let wanted = (!takes.contains(&time_in_force)).then_some(reason);
                assert_eq!(refused(OrderRequest { time_in_force, ..order(Side::Buy, kind) }), wanted);
            }
        }
        let bracket = with_legs(order(Side::Buy, OrderKind::Market), OrderClass::Bracket, "63", "57");
        let reason = RejectReason::TimeInForce { kind: "bracket", time_in_force: "ioc" };
        assert_eq!(refused(OrderRequest { time_in_force: Ioc, ..bracket }), Some(reason));
    }

    #[test]
    fn extended_hours_are_for_simple_limits_that_rest() {
        let ext = |request| OrderRequest { extended_hours: true, ..request };
        assert_eq!(refused(ext(order(Side::Buy, limit("60")))), None);
        let gtc = OrderRequest { time_in_force: TimeInForce::Gtc, ..order(Side::Buy, limit("60")) };
        assert_eq!(refused(ext(gtc)), None);
        let ioc = OrderRequest { time_in_force: TimeInForce::Ioc, ..order(Side::Buy, limit("60")) };
        for request in [order(Side::Buy, OrderKind::Market), order(Side::Buy, stop("61")), ioc] {
            assert_eq!(refused(ext(request)), Some(RejectReason::ExtendedHours));
        }
        let bracket = with_legs(order(Side::Buy, limit("60")), OrderClass::Bracket, "63", "57");
        assert_eq!(refused(ext(bracket)), Some(RejectReason::ExtendedHoursClass { class: "bracket" }));
        let regular = Terms { extended_hours: false, ..ALPACA };
        let refused = form(&ext(order(Side::Buy, limit("60"))), &regular);
        assert_eq!(refused, Err(RejectReason::NoExtendedHours));
    }

    #[test]
    fn legs_stand_on_their_sides() {
        let bracket = |side, kind, target, guard| with_legs(order(side, kind), OrderClass::Bracket, target, guard);
        for (request, wanted) in [
            (bracket(Side::Buy, OrderKind::Market, "63", "57"), None),
            (bracket(Side::Buy, OrderKind::Market, "57", "63"), Some(RejectReason::TargetBelowStop)),
            (bracket(Side::Buy, OrderKind::Market, "57", "57"), Some(RejectReason::TargetBelowStop)),
            (bracket(Side::Sell, OrderKind::Market, "63", "57"), Some(RejectReason::TargetAboveStop)),
            (bracket(Side::Sell, OrderKind::Market, "57", "63"), None),
            (bracket(Side::Buy, limit("60"), "63", "60"), Some(RejectReason::StopAboveBase)),
            (bracket(Side::Buy, limit("60"), "63", "59.99"), None),
            (bracket(Side::Sell, limit("60"), "57", "60"), Some(RejectReason::StopBelowBase)),
            (bracket(Side::Buy, limit("60"), "60", "57"), Some(RejectReason::TargetBelowBase)),
            (bracket(Side::Sell, limit("60"), "60", "63"), Some(RejectReason::TargetAboveBase)),
            (with_legs(order(Side::Sell, limit("63")), OrderClass::Oco, "", "57"), None),
            (with_legs(order(Side::Sell, limit("57")), OrderClass::Oco, "", "63"), Some(RejectReason::TargetBelowStop)),
            (
                with_legs(order(Side::Sell, limit("0.505")), OrderClass::Oco, "", "0.5"),
                Some(RejectReason::StopAboveBase),
            ),
            (with_legs(order(Side::Buy, limit("63")), OrderClass::Oco, "", "57"), Some(RejectReason::TargetAboveStop)),
        ] {
            assert_eq!(refused(request), wanted, "{request:?}");
        }
        // Without Alpaca's rules a tenth of a cent is apart; the wrong side makes no sense there either.
        let near = bracket(Side::Buy, limit("60"), "63", "59.999");
        assert_eq!(form(&near, &NO_RULES), Ok(()));
        let wrong = bracket(Side::Buy, OrderKind::Market, "57", "63");
        assert_eq!(form(&wrong, &NO_RULES), Err(RejectReason::TargetBelowStop));
    }

    #[test]
    fn legs_come_with_market_and_limit_entries() {
        let oto = with_legs(order(Side::Buy, stop("61")), OrderClass::Oto, "", "57");
        assert_eq!(refused(oto), Some(RejectReason::ClassType { class: "oto", kind: "stop" }));
        assert_eq!(form(&oto, &NO_RULES), Ok(()));
    }

    #[test]
    fn parts_of_shares_are_simple_and_for_the_day() {
        let part = |request| OrderRequest { size: OrderSize::Shares(shares("1.5")), ..request };
        let dollars =
            |text: &str, request| OrderRequest { size: OrderSize::Notional(text.parse().expect("money")), ..request };
        let market = order(Side::Buy, OrderKind::Market);
        for sized in [part(market), dollars("1", market), part(order(Side::Buy, stop("61")))] {
            assert_eq!(refused(sized), None);
            let gtc = OrderRequest { time_in_force: TimeInForce::Gtc, ..sized };
            assert_eq!(refused(gtc), Some(RejectReason::FractionalDay));
            assert_eq!(form(&gtc, &NO_RULES), Ok(()));
            let trail = OrderKind::TrailingStop { trail: Trail::Price(price("1")) };
            assert_eq!(refused(OrderRequest { kind: trail, ..sized }), Some(RejectReason::FractionalType));
        }
        let bracket = with_legs(market, OrderClass::Bracket, "63", "57");
        assert_eq!(refused(part(bracket)), Some(RejectReason::FractionalSimple));
        assert_eq!(refused(dollars("0.99", market)), Some(RejectReason::NotionalMin));
        assert_eq!(refused(OrderRequest { size: OrderSize::Shares(Quantity::ZERO), ..market }), None);
    }

    #[test]
    fn prices_are_on_the_grid_by_the_name_of_their_field() {
        let penny = |field, text: &str| Some(RejectReason::SubPenny { field, price: price(text) });
        let market = order(Side::Buy, OrderKind::Market);
        assert_eq!(refused(order(Side::Buy, limit("290.123"))), penny("limit_price", "290.123"));
        assert_eq!(refused(order(Side::Buy, limit("0.1234"))), None);
        assert_eq!(refused(order(Side::Buy, limit("0.12345"))), penny("limit_price", "0.12345"));
        assert_eq!(refused(order(Side::Buy, stop("61.001"))), penny("stop_price", "61.001"));
        let bracket = |target, guard| with_legs(market, OrderClass::Bracket, target, guard);
        assert_eq!(refused(bracket("63.001", "57")), penny("take_profit.limit_price", "63.001"));
        assert_eq!(refused(bracket("63", "57.001")), penny("stop_loss.stop_price", "57.001"));
        let pair = with_legs(order(Side::Sell, limit("63.001")), OrderClass::Oco, "", "57");
        assert_eq!(refused(pair), penny("take_profit.limit_price", "63.001"));
        let mut guarded = bracket("63", "57");
        guarded.legs.stop_limit = Some(price("56.999"));
        assert_eq!(refused(guarded), penny("stop_loss.limit_price", "56.999"));
        assert_eq!(form(&order(Side::Buy, limit("290.123")), &NO_RULES), Ok(()));
    }

    #[test]
    fn auctions_have_their_hours() {
        let at = |time_in_force, minute| {
            let terms = Terms { new_york_minute: Some(minute), ..ALPACA };
            form(&OrderRequest { time_in_force, ..order(Side::Buy, OrderKind::Market) }, &terms)
        };
        assert_eq!(at(TimeInForce::Opg, 9 * 60 + 27), Ok(()));
        assert_eq!(at(TimeInForce::Opg, 9 * 60 + 28), Err(RejectReason::OpgHours));
        assert_eq!(at(TimeInForce::Opg, 19 * 60), Ok(()));
        assert_eq!(at(TimeInForce::Cls, 15 * 60 + 49), Ok(()));
        assert_eq!(at(TimeInForce::Cls, 15 * 60 + 50), Err(RejectReason::ClsHours));
        assert_eq!(at(TimeInForce::Day, 12 * 60), Ok(()));
    }
}
