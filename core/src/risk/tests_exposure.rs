//! What stops, exits, marks, splits and rates make of the sums over all symbols, seen through what passes.
//!
//! Not here: the limits themselves (tests_measure). Every look at the sums compares them with the sums made anew,
//! where debug assertions are on.
use super::testing::*;
use super::*;
use crate::domain::{OrderId, OrderKind, OrderRequest, OrderSize, Quantity, Side};

const STOP: OrderId = OrderId(50);

fn stop(order: OrderId, level: &str, covered: i64) -> ProtectiveStop {
    ProtectiveStop { order, level: price(level), shares: shares(covered), entry: None }
}

/// Shares of C that heat leaves room for; without a stop each of them risks all of its $100.
fn room(desk: &mut Desk) -> Quantity {
    desk.most(&OrderRequest { symbol: C, ..buy(1) })
}

#[test]
fn heat_follows_stops_marks_fills_and_splits() {
    let mut desk = Desk::new(Limits { portfolio_heat_max: ratio("0.1"), ..Limits::WIDE }, SHORTS);
    assert_eq!(room(&mut desk), shares(100));
    desk.hold(A, 40);
    assert_eq!(room(&mut desk), shares(60), "no stop: all of it");
    desk.gate.set_stop(A, stop(STOP, "90", 40));
    assert_eq!(room(&mut desk), shares(96), "ten dollars of forty shares");
    desk.gate.set_stop(A, stop(STOP, "95", 40));
    assert_eq!(room(&mut desk), shares(98), "what is known of the order is replaced");
    assert_eq!(desk.gate.stops(A), [stop(STOP, "95", 40)]);
    assert_eq!(desk.gate.stops(B), []);
    desk.gate.set_stop(A, stop(OrderId(51), "90", 0));
    assert_eq!(desk.gate.stops(A).len(), 2);
    desk.gate.remove_stop(A, OrderId(51));
    assert_eq!(desk.gate.stops(A), [stop(STOP, "95", 40)], "the other stays");
    desk.mark(A, "96");
    // 0.1 × (100,000 − 160) − 40 × 1, at $100 a share.
    assert_eq!(room(&mut desk).to_string(), "99.44");
    desk.mark(A, "100");
    desk.hold(A, -10);
    assert_eq!(room(&mut desk).to_string(), "98.5", "a stop for more than is held");
    desk.gate.set_stop(A, stop(STOP, "95", 20));
    assert_eq!(room(&mut desk), shares(89), "twenty with a stop and ten without");
    desk.portfolio.split(A, ratio("2"), true, desk.now);
    desk.gate.split(A, ratio("2"), |quantity| shares(quantity.units() / 1_000_000_000 * 2));
    assert_eq!(desk.gate.stops(A), [stop(STOP, "47.5", 40)]);
    assert_eq!(room(&mut desk), shares(89));
    desk.gate.remove_stop(A, STOP);
    assert_eq!(room(&mut desk), shares(70));
    // A short's stop stands above.
    desk.hold(B, -30);
    desk.gate.set_stop(B, stop(STOP, "102", 30));
    assert_eq!(room(&mut desk).to_string(), "69.4");
}

#[test]
fn value_follows_marks_entries_and_exits() {
    let mut desk = Desk::new(Limits { gross_exposure_max: ratio("0.5"), ..Limits::WIDE }, SHORTS);
    desk.hold(A, 100);
    assert_eq!(room(&mut desk), shares(400));
    desk.mark(A, "120");
    // 0.5 × 102,000 − 12,000.
    assert_eq!(room(&mut desk), shares(390));
    desk.mark(A, "100");
    let entry = desk.pass(&buy(50));
    assert_eq!(room(&mut desk), shares(350));
    desk.fill(entry, &buy(50), shares(20), shares(30));
    assert_eq!(room(&mut desk), shares(350), "filled or pending");
    desk.gate.void(entry);
    assert_eq!(room(&mut desk), shares(380));
    let exit = desk.pass(&sell(120));
    assert_eq!(room(&mut desk), shares(380), "it may be taken back");
    desk.fill(exit, &sell(120), shares(50), shares(70));
    assert_eq!(room(&mut desk), shares(430));
    desk.fill(exit, &sell(120), shares(70), Quantity::ZERO);
    assert_eq!(room(&mut desk), shares(500));
    // A short counts as what it is worth, and so does an entry that turns the position round.
    desk.hold(A, 100);
    desk.pass(&sell(100));
    desk.pass(&sell(150));
    assert_eq!(room(&mut desk), shares(350));
}

#[test]
fn a_pending_entry_counts_at_the_dearest_price_it_names() {
    for side in [Side::Buy, Side::Sell] {
        let mut desk = Desk::new(Limits { gross_exposure_max: ratio("0.1"), ..Limits::WIDE }, SHORTS);
        let request = OrderRequest { kind: limit("110"), ..order(side, shares(50)) };
        let entry = desk.pass(&request);
        assert_eq!(room(&mut desk), shares(45), "{side:?}: 50 × $110");
        desk.pass_change(entry, &request, (limit("120"), None));
        assert_eq!(room(&mut desk), shares(40), "{side:?}: it may be changed already");
        desk.gate.confirm_change(entry);
        desk.pass_change(entry, &request, (limit("90"), None));
        assert_eq!(room(&mut desk), shares(40), "{side:?}: it may not be changed yet");
        desk.gate.confirm_change(entry);
        assert_eq!(room(&mut desk), shares(50), "{side:?}: at the mark");
    }
    // What is asked for beside it counts at that price, too.
    for (limits, code) in [
        (Limits { position_size_max: ratio("0.1"), ..Limits::WIDE }, "position_size"),
        (Limits { gross_exposure_max: ratio("0.1"), ..Limits::WIDE }, "gross_exposure"),
    ] {
        let mut desk = Desk::new(limits, SHORTS);
        desk.pass(&OrderRequest { kind: limit("110"), ..buy(50) });
        // Of 10,000 ÷ 110.
        desk.allows(&buy(1), "40.909090909", code);
    }
}

#[test]
fn exits_at_the_market_make_room_where_a_sale_pays_for_a_purchase() {
    let (value, heat) = (
        Limits { gross_exposure_max: ratio("0.1"), ..Limits::WIDE },
        Limits { portfolio_heat_max: ratio("0.1"), ..Limits::WIDE },
    );
    let called_off = true;
    for (margin, kind, is_called_off, most) in [
        (AT_FILL, OrderKind::Market, !called_off, 60),
        (AT_FILL, OrderKind::Market, called_off, 0),
        (AT_FILL, limit("100"), !called_off, 0),
        (LONG_ONLY, OrderKind::Market, !called_off, 0),
    ] {
        for limits in [value, heat] {
            let mut desk = Desk::new(limits, margin);
            desk.hold(A, 100);
            assert_eq!(room(&mut desk), Quantity::ZERO);
            let exit = desk.pass(&OrderRequest { kind, ..sell(60) });
            if is_called_off {
                desk.gate.call_off(exit);
            }
            assert_eq!(room(&mut desk), shares(most), "{margin:?} {kind:?} {is_called_off} {limits:?}");
        }
    }
    // A stop over what stays protects no more than that.
    let mut desk = Desk::new(heat, AT_FILL);
    desk.hold(A, 100);
    desk.gate.set_stop(A, stop(STOP, "90", 100));
    assert_eq!(room(&mut desk), shares(90));
    desk.pass(&sell(60));
    assert_eq!(room(&mut desk), shares(96));
}

#[test]
fn margin_follows_the_rate_of_the_moment() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.hold(B, 1_000);
    let entry = OrderRequest { size: OrderSize::Shares(shares(2_500)), ..buy(1) };
    let plain = Standing { leverage: 4, ..*desk.gate.standing() };
    for (maintenance, need) in [
        (Some(MaintenanceRate::Carried), Some(105_000)),
        (Some(MaintenanceRate::WithinSession), None),
        (Some(MaintenanceRate::Carried), Some(105_000)),
        (None, None),
    ] {
        desk.gate.set_standing(Standing { maintenance, ..plain });
        let found = desk.ask(&entry).map(|order| order.id());
        let wanted = need.map(|need| Refusal::MaintenanceMargin { need: dollars(need), have: dollars(100_000) });
        assert_eq!(found.err(), wanted, "{maintenance:?}");
        found.into_iter().for_each(|order| desk.gate.void(order));
    }
    // The rate also follows the mark: a share below $2.50 needs all of its value.
    let mut cheap = Desk::new(Limits::WIDE, SHORTS);
    cheap.mark(A, "2.49");
    cheap.gate.set_standing(Standing { maintenance: Some(MaintenanceRate::Carried), ..plain });
    cheap.pass(&order(Side::Buy, shares(40_160)));
    let refusal = cheap.refuse(&order(Side::Buy, shares(2)));
    assert_eq!(refusal.code(), "maintenance_margin");
}
