//! Does the account allow the order? Permission, position, resting orders, market, funds.
//!
//! Not here: the form of the order (form). Source: `alpaca.md` §5, §11, §11.1, §13.
use super::ensure;
use super::form::{CENT, fixed, protects_long};
use crate::domain::{
    Money, OrderClass, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, RejectReason, Side, Symbol, Tick,
};

/// May the account trade?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trading {
    /// Yes.
    Open,
    /// Its user has suspended it.
    Suspended,
    /// It is blocked.
    Blocked,
}

/// What an order needs, and what there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Funds {
    /// Dollars the order would take.
    pub cost_basis: Money,
    /// Dollars that may be spent.
    pub buying_power: Money,
}

/// An order of the same share that is at the market: not a leg that is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    /// Which.
    pub id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Its type and prices now.
    pub kind: OrderKind,
    /// It opens a position or adds to one; else it closes.
    pub opens: bool,
}

/// What the account knows of the order's share.
#[derive(Clone, Copy, Debug)]
pub struct Standing<I> {
    /// May it trade?
    pub trading: Trading,
    /// Shares held; negative is short.
    pub position: Quantity,
    /// Shares of the position that open orders already take.
    pub held_for_orders: Quantity,
    /// May the position be negative?
    pub may_short: bool,
    /// Where the share stands in the market.
    pub market: Price,
    /// The grid of prices; `Tick::None` leaves out all that only Alpaca refuses.
    pub tick: Tick,
    /// What the order needs and there is; `None` where someone else has looked.
    pub funds: Option<Funds>,
    /// Orders of the share at the market.
    pub resting: I,
}

/// Is the share traded?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssetStatus {
    /// No such share.
    Unknown,
    /// No longer.
    Inactive,
    /// Not there.
    NotTradable,
    /// Yes.
    Tradable {
        /// Parts of it, too.
        fractionable: bool,
        /// It can be borrowed.
        shortable: bool,
    },
}

/// Checks that `symbol`, of which `status` is known, can be bought or sold as `request` says; `opens_short`
/// when it would have to be borrowed.
///
/// Errors: the first rule it breaks.
pub fn asset(
    symbol: Symbol,
    status: AssetStatus,
    request: &OrderRequest,
    opens_short: bool,
) -> Result<(), RejectReason> {
    match status {
        AssetStatus::Unknown => Err(RejectReason::AssetNotFound { symbol }),
        AssetStatus::Inactive => Err(RejectReason::AssetNotActive { symbol }),
        AssetStatus::NotTradable => Err(RejectReason::AssetNotTradable { symbol }),
        AssetStatus::Tradable { fractionable, shortable } => {
            ensure(fractionable || !has_parts(request), RejectReason::NotFractionable { symbol })?;
            ensure(shortable || !opens_short, RejectReason::NotShortable { symbol })
        }
    }
}

fn has_parts(request: &OrderRequest) -> bool {
    match request.size {
        OrderSize::Shares(quantity) => !quantity.is_whole(),
        OrderSize::Notional(_) => true,
        OrderSize::CashFraction { .. } => false,
    }
}

/// Checks `request` for `quantity` shares against the account.
///
/// Errors: the first rule it breaks.
pub fn account(
    request: &OrderRequest,
    quantity: Quantity,
    standing: &Standing<impl Iterator<Item = Resting> + Clone>,
) -> Result<(), RejectReason> {
    match standing.trading {
        Trading::Open => {}
        Trading::Suspended => return Err(RejectReason::Suspended),
        Trading::Blocked => return Err(RejectReason::NotAuthorized),
    }
    let closes = standing.position.closing_side() == Some(request.side);
    class(request.class, closes)?;
    if closes {
        let existing_qty = standing.position.abs();
        let available = existing_qty - standing.held_for_orders;
        let held_for_orders = standing.held_for_orders;
        let reason = RejectReason::InsufficientQty { requested: quantity, available, existing_qty, held_for_orders };
        ensure(quantity <= available, reason)?;
    } else {
        opening(request, standing)?;
    }
    if standing.tick != Tick::None {
        base_price(request, standing.market)?;
        wash_trade(request, standing.resting.clone())?;
    }
    match standing.funds.filter(|_| !closes) {
        Some(Funds { cost_basis: need, buying_power: have }) => {
            ensure(need <= have, RejectReason::BuyingPower { need, have })
        }
        None => Ok(()),
    }
}

/// Legs come with an entry, pairs end a position.
fn class(class: OrderClass, closes: bool) -> Result<(), RejectReason> {
    match class {
        OrderClass::Bracket => ensure(!closes, RejectReason::BracketIsExit),
        OrderClass::Oto => ensure(!closes, RejectReason::OtoIsExit),
        OrderClass::Oco => ensure(closes, RejectReason::OcoIsEntry),
        OrderClass::Simple => Ok(()),
    }
}

fn opening(
    request: &OrderRequest,
    standing: &Standing<impl Iterator<Item = Resting> + Clone>,
) -> Result<(), RejectReason> {
    if request.side == Side::Sell {
        ensure(standing.may_short, RejectReason::ShortNotAllowed)?;
        ensure(standing.tick == Tick::None || !has_parts(request), RejectReason::FractionalShort)?;
    }
    let mut resting = standing.resting.clone();
    if resting.any(|other| other.opens && other.side != request.side) {
        return Err(match request.side {
            Side::Buy => RejectReason::ShortIsOpen,
            Side::Sell => RejectReason::BuyIsOpen,
        });
    }
    let in_dollars = matches!(request.size, OrderSize::Notional(_)) && standing.tick != Tick::None;
    ensure(!in_dollars || standing.resting.clone().all(|other| other.opens), RejectReason::ClosingIsOpen)
}

/// A stop leg stands a cent beyond the market. (Its distance from the entry's limit is a matter of form.)
fn base_price(request: &OrderRequest, market: Price) -> Result<(), RejectReason> {
    let Some(stop) = fixed(request.legs.stop).filter(|_| request.class != OrderClass::Simple) else { return Ok(()) };
    match protects_long(request) {
        true => ensure(market.units() - stop.units() >= CENT, RejectReason::StopAboveBase),
        false => ensure(stop.units() - market.units() >= CENT, RejectReason::StopBelowBase),
    }
}

/// A simple order must not be able to trade with one of our own. New orders of a class, and new trailing
/// stops, are exempt.
fn wash_trade(request: &OrderRequest, resting: impl Iterator<Item = Resting>) -> Result<(), RejectReason> {
    if request.class != OrderClass::Simple || matches!(request.kind, OrderKind::TrailingStop { .. }) {
        return Ok(());
    }
    for other in resting.filter(|other| other.side != request.side) {
        let reject_reason = match (other.kind.limit(), request.kind.limit()) {
            (None, _) => "opposite side market/stop order exists",
            (Some(_), None) => "opposite side limit order exists",
            (Some(theirs), Some(ours)) => {
                let (bid, ask) = if request.side == Side::Buy { (ours, theirs) } else { (theirs, ours) };
                if bid < ask {
                    continue;
                }
                "opposite side limit order exists"
            }
        };
        return Err(RejectReason::WashTrade { existing: other.id, reject_reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{limit, order, price, shares, stop, with_legs};
    use super::*;
    use crate::domain::Trail;

    const NOTHING: Standing<std::iter::Empty<Resting>> = Standing {
        trading: Trading::Open,
        position: Quantity::ZERO,
        held_for_orders: Quantity::ZERO,
        may_short: true,
        market: Price::ZERO,
        tick: Tick::UsEquity,
        funds: None,
        resting: std::iter::empty(),
    };

    fn refused(request: &OrderRequest, position: &str, held: &str, resting: &[Resting]) -> Option<RejectReason> {
        let quantity = match request.size {
            OrderSize::Shares(quantity) => quantity,
            _ => shares("1"),
        };
        let (position, held_for_orders) = (shares(position), shares(held));
        let (trading, market) = (Trading::Open, price("60"));
        let standing = Standing {
            trading,
            position,
            held_for_orders,
            may_short: true,
            market,
            tick: Tick::UsEquity,
            funds: None,
            resting: resting.iter().copied(),
        };
        account(request, quantity, &standing).err()
    }

    fn rests(side: Side, kind: OrderKind, opens: bool) -> [Resting; 1] {
        [Resting { id: OrderId(7), side, kind, opens }]
    }

    #[test]
    fn who_may_not_trade_may_not_trade() {
        let buy = order(Side::Buy, OrderKind::Market);
        let with = |trading| account(&buy, shares("10"), &Standing { trading, ..NOTHING });
        assert_eq!(with(Trading::Open), Ok(()));
        assert_eq!(with(Trading::Suspended), Err(RejectReason::Suspended));
        assert_eq!(with(Trading::Blocked), Err(RejectReason::NotAuthorized));
    }

    #[test]
    fn classes_open_or_close() {
        let bracket = with_legs(order(Side::Buy, OrderKind::Market), OrderClass::Bracket, "63", "57");
        let oto = with_legs(order(Side::Buy, OrderKind::Market), OrderClass::Oto, "", "57");
        let pair = with_legs(order(Side::Sell, limit("63")), OrderClass::Oco, "", "57");
        assert_eq!(refused(&bracket, "0", "0", &[]), None);
        assert_eq!(refused(&bracket, "-10", "0", &[]), Some(RejectReason::BracketIsExit));
        assert_eq!(refused(&oto, "-10", "0", &[]), Some(RejectReason::OtoIsExit));
        assert_eq!(refused(&pair, "10", "0", &[]), None);
        assert_eq!(refused(&pair, "0", "0", &[]), Some(RejectReason::OcoIsEntry));
    }

    #[test]
    fn shares_leave_once() {
        let sell = order(Side::Sell, OrderKind::Market);
        assert_eq!(refused(&sell, "10", "0", &[]), None);
        let reason = RejectReason::InsufficientQty {
            requested: shares("10"),
            available: shares("8"),
            existing_qty: shares("12"),
            held_for_orders: shares("4"),
        };
        assert_eq!(refused(&sell, "12", "4", &[]), Some(reason));
    }

    #[test]
    fn shorts_are_allowed_whole_and_borrowed() {
        let sell = order(Side::Sell, OrderKind::Market);
        let none = account(&sell, shares("10"), &Standing { may_short: false, ..NOTHING });
        assert_eq!(none, Err(RejectReason::ShortNotAllowed));
        let part = OrderRequest { size: OrderSize::Shares(shares("1.5")), ..sell };
        assert_eq!(refused(&part, "0", "0", &[]), Some(RejectReason::FractionalShort));
        assert_eq!(refused(&part, "2", "0", &[]), None);
        let dollars = OrderRequest { size: OrderSize::Notional(Money::from_cents(500)), ..sell };
        assert_eq!(refused(&dollars, "0", "0", &[]), Some(RejectReason::FractionalShort));
    }

    #[test]
    fn two_openings_do_not_meet() {
        let (buy, sell) = (order(Side::Buy, limit("50")), order(Side::Sell, limit("70")));
        let (bid, ask) = (rests(Side::Buy, limit("50"), true), rests(Side::Sell, limit("70"), true));
        assert_eq!(refused(&sell, "0", "0", &bid), Some(RejectReason::BuyIsOpen));
        assert_eq!(refused(&buy, "0", "0", &ask), Some(RejectReason::ShortIsOpen));
        assert_eq!(refused(&sell, "10", "0", &bid), None);
        let dollars = OrderRequest { size: OrderSize::Notional(Money::from_cents(500)), ..buy };
        let closing = rests(Side::Sell, limit("70"), false);
        assert_eq!(refused(&dollars, "10", "0", &closing), Some(RejectReason::ClosingIsOpen));
        assert_eq!(refused(&dollars, "0", "0", &bid), None);
    }

    #[test]
    fn a_stop_leg_is_beyond_the_market() {
        let oto = |side, guard| with_legs(order(side, OrderKind::Market), OrderClass::Oto, "", guard);
        assert_eq!(refused(&oto(Side::Buy, "59.99"), "0", "0", &[]), None);
        assert_eq!(refused(&oto(Side::Buy, "60"), "0", "0", &[]), Some(RejectReason::StopAboveBase));
        assert_eq!(refused(&oto(Side::Sell, "60.01"), "0", "0", &[]), None);
        assert_eq!(refused(&oto(Side::Sell, "60"), "0", "0", &[]), Some(RejectReason::StopBelowBase));
        let pair = with_legs(order(Side::Sell, limit("63")), OrderClass::Oco, "", "61");
        assert_eq!(refused(&pair, "10", "0", &[]), Some(RejectReason::StopAboveBase));
    }

    /// `alpaca.md` §11.1, row by row; a position of 10 is closed by the sale.
    #[test]
    fn wash_trades() {
        let trail = OrderKind::TrailingStop { trail: Trail::Price(price("1")) };
        let stop_limit = |stop, limit| OrderKind::StopLimit { stop: price(stop), limit: price(limit) };
        let wash = |new: OrderKind, resting: OrderKind| {
            refused(&order(Side::Sell, new), "10", "0", &rests(Side::Buy, resting, true)).is_some()
        };
        for new in [OrderKind::Market, limit("70"), stop("50"), stop_limit("50", "70")] {
            assert!(wash(new, OrderKind::Market) && wash(new, stop("70")) && wash(new, trail), "{new:?}");
        }
        for new in [OrderKind::Market, stop("50")] {
            assert!(wash(new, limit("50")) && wash(new, stop_limit("70", "71")), "{new:?}");
        }
        assert!(wash(limit("60"), limit("60")) && wash(limit("59"), limit("60")));
        assert!(!wash(limit("61"), limit("60")));
        assert!(wash(stop_limit("61", "60"), limit("60")) && !wash(stop_limit("61", "60.01"), limit("60")));
        // New trailing stops and classes are exempt, and so is what stands on the same side.
        assert!(!wash(trail, OrderKind::Market));
        let pair = with_legs(order(Side::Sell, limit("63")), OrderClass::Oco, "", "57");
        assert_eq!(refused(&pair, "10", "0", &rests(Side::Buy, OrderKind::Market, true)), None);
        let same_side = rests(Side::Sell, OrderKind::Market, false);
        assert_eq!(refused(&order(Side::Sell, limit("1")), "10", "0", &same_side), None);
        let found = refused(&order(Side::Sell, OrderKind::Market), "10", "0", &rests(Side::Buy, limit("5"), true));
        let reject_reason = "opposite side limit order exists";
        assert_eq!(found, Some(RejectReason::WashTrade { existing: OrderId(7), reject_reason }));
    }

    #[test]
    fn only_openings_are_paid() {
        let funds =
            |need, have| Some(Funds { cost_basis: Money::from_cents(need), buying_power: Money::from_cents(have) });
        let buy = order(Side::Buy, OrderKind::Market);
        let with = |funds, position| account(&buy, shares("10"), &Standing { funds, position, ..NOTHING });
        assert_eq!(with(funds(100, 100), Quantity::ZERO), Ok(()));
        let (need, have) = (Money::from_cents(101), Money::from_cents(100));
        assert_eq!(with(funds(101, 100), Quantity::ZERO), Err(RejectReason::BuyingPower { need, have }));
        assert_eq!(with(funds(101, 100), shares("-10")), Ok(()));
    }

    #[test]
    fn shares_are_known_traded_divided_and_borrowed() {
        let symbol: Symbol = "X".parse().expect("symbol");
        let part = OrderRequest { size: OrderSize::Shares(shares("1.5")), ..order(Side::Sell, OrderKind::Market) };
        let with = |status| asset(symbol, status, &part, true).err();
        let tradable = |fractionable, shortable| AssetStatus::Tradable { fractionable, shortable };
        assert_eq!(with(AssetStatus::Unknown), Some(RejectReason::AssetNotFound { symbol }));
        assert_eq!(with(AssetStatus::Inactive), Some(RejectReason::AssetNotActive { symbol }));
        assert_eq!(with(AssetStatus::NotTradable), Some(RejectReason::AssetNotTradable { symbol }));
        assert_eq!(with(tradable(false, true)), Some(RejectReason::NotFractionable { symbol }));
        assert_eq!(with(tradable(true, false)), Some(RejectReason::NotShortable { symbol }));
        assert_eq!(with(tradable(true, true)), None);
    }
}
