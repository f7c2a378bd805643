//! What no order script can show: the same wish twice, a price that is too old, the gate asked directly.
use alphaflow::domain::{
    ExitLegs, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Quantity, Side,
    SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{CashCheck, Gate, Limits, Margin, Refusal};

const TST: SymbolIndex = SymbolIndex(0);

/// A share at 100 in an account with 100,000.
fn desk(limits: Limits) -> (Gate, Portfolio) {
    let cash: Money = "100000".parse().unwrap();
    let margin = Margin { leverage: 1, allow_short: true, cash_check: CashCheck::Approval };
    let (mut gate, mut portfolio) = (Gate::new(limits, margin, 1, cash), Portfolio::with_cash(cash, 1));
    portfolio.mark(TST, "100".parse().unwrap());
    gate.mark(TST, at(0));
    (gate, portfolio)
}

fn at(ns: i64) -> Timestamp {
    Timestamp::from_ns(1_704_205_800_000_000_000 + ns)
}

fn wish(side: Side, shares: i64, kind: OrderKind, purpose: OrderPurpose) -> OrderRequest {
    OrderRequest {
        symbol: TST,
        side,
        size: OrderSize::Shares(Quantity::from_shares(shares).unwrap()),
        kind,
        time_in_force: TimeInForce::Day,
        class: OrderClass::Simple,
        purpose,
        legs: ExitLegs::NONE,
        extended_hours: false,
    }
}

fn review(desk: &mut (Gate, Portfolio), id: u64, request: &OrderRequest, now: Timestamp) -> Option<Refusal> {
    desk.0.review(OrderId(id), request, || Money::ZERO, &desk.1, now).err()
}

#[test]
fn a_price_is_too_old_a_nanosecond_after_its_age() {
    let second = 1_000_000_000;
    let limits = Limits { stale_after_ns: Some(5 * second), ..Limits::WIDE };
    let buy = wish(Side::Buy, 1, OrderKind::Market, OrderPurpose::Entry);
    let mut fresh = desk(limits);
    assert_eq!(review(&mut fresh, 1, &buy, at(5 * second)), None);
    let mut old = desk(limits);
    let refusal = review(&mut old, 1, &buy, at(5 * second + 1)).unwrap();
    assert_eq!(refusal, Refusal::StalePrice { age_ns: 5 * second + 1, allowed_ns: 5 * second });
    // A replay's last close has no age.
    assert_eq!(review(&mut desk(Limits::WIDE), 1, &buy, at(i64::from(i32::MAX) * second)), None);
    // A new price, and it passes.
    old.0.mark(TST, at(5 * second));
    assert_eq!(review(&mut old, 1, &buy, at(10 * second)), None);
}

#[test]
fn a_price_that_never_was_is_none() {
    let mut gate = Gate::new(
        Limits::WIDE,
        Margin { leverage: 1, allow_short: true, cash_check: CashCheck::Approval },
        1,
        Money::from_cents(100),
    );
    let portfolio = Portfolio::with_cash(Money::from_cents(100), 1);
    let buy = wish(Side::Buy, 1, OrderKind::Market, OrderPurpose::Entry);
    let refusal = gate.review(OrderId(1), &buy, || Money::ZERO, &portfolio, at(0)).err();
    assert_eq!(refusal, Some(Refusal::NoPrice));
}

#[test]
fn the_same_wish_twice_is_refused_until_the_first_is_closed() {
    let limit = OrderKind::Limit { limit: "99".parse().unwrap() };
    let buy = wish(Side::Buy, 10, limit, OrderPurpose::Entry);
    let mut desk = desk(Limits::WIDE);
    assert_eq!(review(&mut desk, 1, &buy, at(0)), None);
    assert_eq!(review(&mut desk, 2, &buy, at(1)), Some(Refusal::Duplicate { order: OrderId(1) }));
    // One share, a cent or another life away it is another order; a person who names each sends the same twice.
    let dearer = OrderKind::Limit { limit: "99.01".parse().unwrap() };
    let others = [
        wish(Side::Buy, 11, limit, OrderPurpose::Entry),
        wish(Side::Buy, 10, dearer, OrderPurpose::Entry),
        OrderRequest { time_in_force: TimeInForce::Gtc, ..buy },
        wish(Side::Buy, 10, limit, OrderPurpose::Manual),
    ];
    for (id, other) in (3..).zip(&others) {
        assert_eq!(review(&mut desk, id, other, at(2)), None, "{id}");
    }
    // On the way out it is not open any more, nor when it is gone.
    desk.0.void(OrderId(6));
    desk.0.call_off(OrderId(1));
    assert_eq!(review(&mut desk, 7, &buy, at(3)), None);
    desk.0.void(OrderId(7));
    desk.0.void(OrderId(1));
    assert_eq!(review(&mut desk, 8, &buy, at(4)), None);
    assert_eq!(review(&mut desk, 9, &buy, at(4)), Some(Refusal::Duplicate { order: OrderId(8) }));
}

#[test]
fn sixty_seconds_to_the_nanosecond() {
    let minute = 60_000_000_000;
    let buy = |shares| wish(Side::Buy, shares, OrderKind::Market, OrderPurpose::Manual);
    for (now, refused) in [(minute - 1, Some(Refusal::OrderRate { need: 3, have: 2 })), (minute, None)] {
        let mut desk = desk(Limits { orders_per_minute_max: 2, ..Limits::WIDE });
        assert_eq!(review(&mut desk, 1, &buy(1), at(0)), None);
        assert_eq!(review(&mut desk, 2, &buy(2), at(1)), None);
        // What is refused does not count.
        assert!(review(&mut desk, 3, &buy(3), at(2)).is_some());
        assert_eq!(review(&mut desk, 4, &buy(3), at(now)), refused);
    }
}
