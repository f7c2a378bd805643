//! What is set aside for open orders: by approval, fill, change, cancel and split; which shares may still leave.
//!
//! Not here: whether an order passes (tests_gate, tests_measure).
use super::testing::*;
use super::*;
use crate::domain::{
    ExitLegs, LegLevel, Money, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, Side, Trail,
};

#[test]
fn a_fill_spends_its_part_and_a_cancel_returns_the_rest() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    let request = OrderRequest { kind: limit("120"), ..buy(10) };
    let (first, second) = (desk.pass(&request), desk.pass(&OrderRequest { symbol: B, ..buy(5) }));
    assert_eq!(desk.gate.reserved(), dollars(1_700));
    desk.gate.post(first, shares(4), shares(6));
    assert_eq!((desk.gate.reserved(), desk.gate.open()[0].open), (dollars(1_220), shares(6)));
    desk.gate.post(first, shares(3), shares(3));
    assert_eq!((desk.gate.reserved(), desk.gate.open()[0].open), (dollars(860), shares(3)));
    assert_eq!(desk.gate.open()[0].asked, shares(10));
    desk.gate.void(first);
    assert_eq!((desk.gate.reserved(), desk.gate.open().len()), (dollars(500), 1));
    desk.gate.post(second, shares(5), Quantity::ZERO);
    assert_eq!((desk.gate.reserved(), desk.gate.open().len()), (Money::ZERO, 0));
    // What is not open is nobody's.
    desk.gate.post(second, shares(5), shares(1));
    desk.gate.void(first);
    desk.gate.call_off(first);
    desk.gate.confirm_change(first);
    assert_eq!((desk.gate.reserved(), desk.gate.open().len()), (Money::ZERO, 0));
}

#[test]
fn what_is_asked_for_in_dollars_is_set_aside_in_dollars() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    desk.fee = dollars(3);
    for (size, reserve) in [
        (OrderSize::Shares(shares(2)), 203),
        (OrderSize::Notional(dollars(250)), 253),
        (OrderSize::CashFraction { fraction: ratio("0.01"), most: Money::ZERO }, 1_000),
    ] {
        let before = desk.gate.reserved();
        let order = desk.pass(&OrderRequest { size, ..buy(1) });
        assert_eq!(desk.gate.reserved() - before, dollars(reserve), "{size:?}");
        let open = desk.gate.open().last().expect("it is open");
        assert_eq!((open.order, open.reduces, open.is_called_off, open.change), (order, false, false, None));
    }
}

#[test]
fn a_fill_during_a_change_leaves_the_larger_of_both() {
    for (to, filled, left, open) in [(20, 4, 6, 16), (5, 4, 6, 6), (3, 4, 6, 6)] {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        let request = OrderRequest { kind: limit("90"), ..buy(10) };
        let order = desk.pass(&request);
        desk.pass_change(order, &request, (limit("90"), Some(shares(to))));
        desk.gate.post(order, shares(filled), shares(left));
        assert_eq!(desk.gate.open()[0].open, shares(open), "to {to}");
        desk.gate.confirm_change(order);
        assert_eq!(desk.gate.open()[0].open, shares((to - filled).max(0)), "to {to}");
        assert_eq!(desk.gate.open()[0].asked, shares(to), "to {to}");
    }
}

#[test]
fn what_is_asked_for_all_told_is_what_has_filled_and_what_is_left() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    let request = OrderRequest { kind: limit("90"), ..buy(10) };
    let order = desk.pass(&request);
    desk.fill(order, &request, shares(4), shares(6));
    for (left, asked) in [(8, 12), (5, 9)] {
        desk.pass_change(order, &request, (limit("89"), Some(shares(left))));
        let change = desk.gate.open()[0].change.expect("on its way");
        assert_eq!((desk.gate.open()[0].asked, change.asked), (shares(10), shares(asked)), "{left}");
    }
    desk.gate.confirm_change(order);
    assert_eq!((desk.gate.open()[0].asked, desk.gate.open()[0].open), (shares(9), shares(5)));
}

#[test]
fn a_refused_change_leaves_what_was() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    let request = OrderRequest { kind: limit("90"), ..buy(10) };
    let order = desk.pass(&request);
    let before = desk.gate.open()[0];
    for (kind, quantity) in [(limit("95"), Some(shares(20))), (limit("99"), None)] {
        desk.pass_change(order, &request, (kind, quantity));
    }
    assert!(desk.gate.open()[0].reserve > before.reserve && desk.gate.open()[0].open > before.open);
    desk.gate.refuse_change(order);
    assert_eq!(desk.gate.open()[0], before);
    desk.pass_change(order, &request, (limit("95"), Some(shares(20))));
    desk.fill(order, &request, shares(4), shares(6));
    desk.gate.refuse_change(order);
    let after = desk.gate.open()[0];
    assert_eq!((after.open, after.change), (shares(6), None));
    let mut without = Desk::new(Limits::WIDE, LONG_ONLY);
    let order = without.pass(&request);
    without.fill(order, &request, shares(4), shares(6));
    assert_eq!(after.reserve, without.gate.open()[0].reserve, "as if it had not been asked for");
    desk.gate.refuse_change(order);
    assert_eq!(desk.gate.open()[0], after, "there was no change on its way");
}

#[test]
fn the_venues_word_makes_a_change_whole() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    let legs = ExitLegs { stop: Some(LegLevel::At(price("110"))), ..ExitLegs::NONE };
    let request = OrderRequest { kind: limit("105"), legs, ..sell(10) };
    let order = desk.pass(&request);
    assert_eq!((desk.gate.open()[0].risk, desk.gate.open()[0].kind), (price("10"), limit("105")));
    desk.pass_change(order, &request, (limit("95"), None));
    assert_eq!((desk.gate.open()[0].risk, desk.gate.open()[0].kind), (price("15"), limit("105")));
    desk.pass_change(order, &request, (limit("101"), None));
    assert_eq!((desk.gate.open()[0].risk, desk.gate.open()[0].kind), (price("15"), limit("105")), "the larger");
    desk.gate.confirm_change(order);
    assert_eq!((desk.gate.open()[0].risk, desk.gate.open()[0].kind), (price("10"), limit("101")));
    assert_eq!((desk.gate.open()[0].change, desk.gate.open()[0].order), (None, order));
    let before = desk.gate.open().to_vec();
    desk.gate.confirm_change(order);
    assert_eq!(desk.gate.open(), before, "there was no change on its way");
}

#[test]
fn shares_leave_once() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    desk.hold(A, 10);
    desk.hold(B, 10);
    let first = desk.pass(&sell(6));
    let refusal = Refusal::ExceedsPosition { need: shares(5), have: shares(4) };
    assert_eq!(desk.refuse(&sell(5)), refusal);
    desk.pass(&OrderRequest { symbol: B, ..sell(10) });
    desk.pass(&buy(3));
    assert_eq!(desk.refuse(&sell(5)), refusal, "an entry frees nothing and takes nothing");
    desk.gate.call_off(first);
    assert!(desk.gate.open()[0].is_called_off);
    let again = desk.pass(&sell(10));
    assert_eq!(desk.refuse(&sell(1)), Refusal::ExceedsPosition { need: shares(1), have: Quantity::ZERO });
    // Six fill after all: the other is for four.
    desk.fill(first, &sell(6), shares(6), Quantity::ZERO);
    let open = |desk: &Desk, order| desk.gate.open().iter().find(|open| open.order == order).expect("open").open;
    assert_eq!(open(&desk, again), shares(4));
    let of_b = desk.gate.open().iter().find(|open| open.symbol == B).expect("open");
    assert_eq!(of_b.open, shares(10), "another share's exit is what it was");
    let entry = desk.gate.open().iter().find(|open| !open.reduces).expect("open");
    assert_eq!(entry.open, shares(3), "an entry too");
}

#[test]
fn an_exit_is_for_nothing_where_nothing_is_held_on_its_side() {
    for (held, exit) in [(10, sell(10)), (-10, buy(10))] {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        desk.hold(A, held);
        desk.pass(&exit);
        desk.gate.set_held(A, shares(held + held.signum()));
        assert_eq!(desk.gate.open()[0].open, shares(10), "more is held than leaves");
        desk.gate.set_held(A, shares(held.signum() * 7));
        assert_eq!(desk.gate.open()[0].open, shares(7));
        desk.gate.set_held(A, shares(-held));
        assert_eq!(desk.gate.open()[0].open, Quantity::ZERO);
    }
}

#[test]
fn a_split_restates_shares_prices_and_risk_and_no_dollars() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    let stop = Some(LegLevel::FromFill { distance_units: 1_000_000_001 });
    let request = OrderRequest { kind: limit("90"), legs: ExitLegs { stop, ..ExitLegs::NONE }, ..buy(10) };
    let order = desk.pass(&request);
    let other = desk.pass(&OrderRequest { symbol: B, ..buy(10) });
    desk.pass_change(order, &request, (limit("80"), Some(shares(8))));
    let reserved = desk.gate.reserved();
    let twice = |quantity: Quantity| Quantity::from_units(quantity.units() * 2);
    desk.gate.split(A, ratio("2"), twice);
    let [of_a, of_b] =
        [order, other].map(|order| *desk.gate.open().iter().find(|open| open.order == order).expect("open"));
    assert_eq!((of_a.open, of_a.asked, of_a.kind), (shares(20), shares(20), limit("45")));
    // Half of a billionth is a whole one: what a share risks is never made less.
    assert_eq!(of_a.risk, price("0.500000001"));
    let change = of_a.change.expect("on its way");
    assert_eq!((change.open, change.kind, change.risk), (shares(16), limit("40"), price("0.500000001")));
    assert_eq!((of_b.open, of_b.asked, of_b.risk), (shares(10), shares(10), price("100")));
    assert_eq!(desk.gate.reserved(), reserved);
    // One for ten makes the risk ten times as much, and no more than a price can be.
    desk.gate.split(A, ratio("0.1"), |quantity| Quantity::from_units(quantity.units() / 10));
    assert_eq!(desk.gate.open()[0].risk, price("5.00000001"));
    desk.gate.split(A, ratio("0.000000001"), |quantity| quantity);
    desk.gate.split(A, ratio("0.000000001"), |quantity| quantity);
    assert_eq!(desk.gate.open()[0].risk, Price::MAX);
}

#[test]
fn a_purchase_is_set_aside_for_at_the_dearest_price_it_names() {
    let of = |kind| reserve_price(kind, price("100")).to_string();
    let trail = |trail| OrderKind::TrailingStop { trail };
    for (kind, dearest) in [
        (OrderKind::Market, "100"),
        (limit("99"), "100"),
        (limit("101"), "101"),
        (OrderKind::Stop { stop: price("99") }, "100"),
        (OrderKind::Stop { stop: price("101") }, "101"),
        (OrderKind::StopLimit { stop: price("101"), limit: price("102") }, "102"),
        (OrderKind::StopLimit { stop: price("102"), limit: price("101") }, "102"),
        (trail(Trail::Price(price("7"))), "107"),
        (trail(Trail::Fraction(ratio("0.07"))), "107"),
    ] {
        assert_eq!(of(kind), dearest, "{kind:?}");
    }
}

#[test]
fn an_exit_risks_nothing_and_sets_nothing_aside() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    desk.hold(A, 10);
    desk.pass(&OrderRequest { kind: limit("120"), ..order(Side::Sell, shares(4)) });
    let exit = desk.gate.open()[0];
    assert_eq!((exit.order, exit.reduces, exit.risk, exit.reserve), (OrderId(1), true, Price::ZERO, Money::ZERO));
    assert_eq!((exit.asked, exit.open, exit.side, exit.symbol), (shares(4), shares(4), Side::Sell, A));
}
