//! Every limit on sizes, sums and funds: at it passes, a billionth of a share over it does not, and headroom names
//! that very number.
//!
//! Not here: halts, rates, duplicates and changes (tests_gate), what stops and exits make of the sums
//! (tests_exposure).
use super::testing::*;
use super::*;
use crate::domain::{ExitLegs, LegLevel, Money, OrderKind, OrderRequest, OrderSize, Quantity, Side, Symbol, Trail};

fn stop_at(text: &str) -> ExitLegs {
    ExitLegs { stop: Some(LegLevel::At(price(text))), ..ExitLegs::NONE }
}

#[test]
fn one_order_comes_to_its_limit_and_no_dollar_more() {
    let limits = Limits { order_notional_max: dollars(1_000), ..Limits::WIDE };
    for (kind, most) in [
        (OrderKind::Market, "10"),
        (limit("125"), "8"),
        (limit("80"), "10"),
        (OrderKind::Stop { stop: price("200") }, "5"),
        (OrderKind::StopLimit { stop: price("200"), limit: price("250") }, "4"),
        (OrderKind::TrailingStop { trail: Trail::Price(price("25")) }, "8"),
        (OrderKind::TrailingStop { trail: Trail::Fraction(ratio("0.25")) }, "8"),
    ] {
        for side in [Side::Buy, Side::Sell] {
            let mut desk = Desk::new(limits, SHORTS);
            desk.fee = dollars(7);
            desk.allows(&OrderRequest { kind, ..order(side, shares(1)) }, most, "order_notional");
        }
    }
    for (size, passes) in [
        (OrderSize::Notional(dollars(1_000)), true),
        (OrderSize::Notional(dollars(1_000) + Money::from_units(1)), false),
        (OrderSize::CashFraction { fraction: ratio("0.01"), most: Money::ZERO }, true),
        (OrderSize::CashFraction { fraction: ratio("0.010000001"), most: Money::ZERO }, false),
    ] {
        let found = Desk::new(limits, LONG_ONLY).ask(&OrderRequest { size, ..buy(1) }).map(|order| order.quantity());
        assert_eq!(found.is_ok(), passes, "{size:?}: {found:?}");
    }
    let need = dollars(1_001);
    let refusal = Desk::new(limits, LONG_ONLY).refuse(&OrderRequest { size: OrderSize::Notional(need), ..buy(1) });
    assert_eq!(refusal, Refusal::OrderNotional { need, have: dollars(1_000) });
}

#[test]
fn the_widest_limits_are_a_million_times_the_equity() {
    let million = ratio("1000000");
    let Limits { daily_loss_max, drawdown_max, position_size_max, gross_exposure_max, .. } = Limits::WIDE;
    assert_eq!([daily_loss_max, drawdown_max, position_size_max, gross_exposure_max], [million; 4]);
    assert_eq!(Limits::WIDE.order_notional_max.to_string(), "1000000000000000");
}

#[test]
fn a_limit_price_stands_within_the_collar() {
    for (text, edge) in [
        ("95", None),
        ("94.999999999", Some("95")),
        ("105", None),
        ("105.000000001", Some("105")),
        ("100", None),
        ("1", Some("95")),
        ("1000", Some("105")),
    ] {
        for (kind, side) in [
            (limit(text), Side::Buy),
            (limit(text), Side::Sell),
            (OrderKind::StopLimit { stop: price("100"), limit: price(text) }, Side::Buy),
        ] {
            let mut desk = Desk::new(Limits { price_collar: ratio("0.05"), ..Limits::WIDE }, SHORTS);
            let found = desk.ask(&OrderRequest { kind, ..order(side, shares(1)) }).map(|_| ());
            let wanted = edge.map(|edge| Refusal::PriceCollar { need: price(text), have: price(edge) });
            assert_eq!(found.err(), wanted, "{kind:?} {side:?}");
        }
    }
}

#[test]
fn a_share_on_the_list_is_not_opened_but_may_be_left() {
    let name: Symbol = "AAA".parse().expect("symbol");
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.gate.set_symbol_rules(SymbolRules { restricted: vec![(A, name)], ..SymbolRules::default() });
    assert_eq!(desk.refuse(&buy(1)), Refusal::Restricted { symbol: name });
    assert_eq!(desk.refuse(&sell(1)), Refusal::Restricted { symbol: name });
    desk.pass(&OrderRequest { symbol: B, ..buy(1) });
    desk.hold(A, 5);
    desk.pass(&sell(5));
}

#[test]
fn nothing_is_sold_short_where_shorts_are_not_allowed() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    assert_eq!(desk.refuse(&sell(5)), Refusal::ShortBan { need: -shares(5) });
    assert_eq!(desk.most(&sell(5)), Quantity::ZERO);
    desk.hold(A, 10);
    assert_eq!(desk.most(&sell(5)), shares(10));
    assert_eq!(desk.refuse(&sell(11)), Refusal::ExceedsPosition { need: shares(11), have: shares(10) });
    desk.pass(&sell(10));
    assert_eq!(desk.refuse(&sell(1)), Refusal::ExceedsPosition { need: shares(1), have: Quantity::ZERO });
    assert_eq!(desk.most(&sell(1)), Quantity::ZERO);
}

#[test]
fn one_order_does_not_turn_a_position_round_and_the_next_may() {
    for (held, more) in [(10, sell(11)), (-10, buy(11))] {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        desk.hold(A, held);
        assert_eq!(desk.refuse(&more), Refusal::ExceedsPosition { need: shares(11), have: shares(10) });
        let out = OrderRequest { size: OrderSize::Shares(shares(10)), ..more };
        assert_eq!(desk.most(&more), shares(10), "all that is held");
        assert!(desk.ask(&out).expect("an exit").reduces());
        assert!(!desk.ask(&more).expect("an entry").reduces());
    }
}

#[test]
fn entries_of_one_share_are_on_one_side() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    let bought = desk.pass(&buy(5));
    assert_eq!(desk.refuse(&sell(5)), Refusal::OppositeEntry { side: Side::Sell });
    assert_eq!(desk.most(&sell(5)), Quantity::ZERO);
    assert_eq!(desk.most(&buy(5)), shares(995));
    desk.pass(&buy(6));
    let other = desk.pass(&OrderRequest { symbol: B, ..sell(5) });
    assert_eq!(desk.refuse(&OrderRequest { symbol: B, ..buy(5) }), Refusal::OppositeEntry { side: Side::Buy });
    desk.gate.void(other);
    desk.pass(&OrderRequest { symbol: B, ..buy(5) });
    desk.fill(bought, &buy(5), shares(5), Quantity::ZERO);
    // An exit is no entry.
    desk.pass(&sell(5));
    desk.pass(&buy(7));
}

#[test]
fn what_the_account_may_not_do_is_refused_and_no_more() {
    let (need, have) = (dollars(2_000), dollars(1_999));
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.hold(B, 5);
    let plain = *desk.gate.standing();
    desk.gate.set_standing(Standing { entries: Some(Refusal::PatternDayTrader { need, have }), ..plain });
    assert_eq!(desk.refuse(&buy(1)), Refusal::PatternDayTrader { need, have });
    assert_eq!(desk.refuse(&sell(1)), Refusal::PatternDayTrader { need, have });
    desk.pass(&OrderRequest { symbol: B, ..sell(5) });
    desk.gate.set_standing(Standing { shorts: Some(Refusal::MarginEquity { need, have }), ..plain });
    assert_eq!(desk.refuse(&sell(1)), Refusal::MarginEquity { need, have });
    desk.pass(&buy(1));
    desk.gate.set_standing(plain);
    let name: Symbol = "CCC".parse().expect("symbol");
    desk.gate.set_symbol_rules(SymbolRules { hard_to_borrow: vec![(C, name)], ..SymbolRules::default() });
    assert_eq!(desk.refuse(&OrderRequest { symbol: C, ..sell(1) }), Refusal::HardToBorrow { symbol: name });
    desk.pass(&OrderRequest { symbol: C, ..buy(1) });
}

#[test]
fn a_position_is_as_large_as_its_limit() {
    let limits = Limits { position_size_max: ratio("0.1"), ..Limits::WIDE };
    let desk = || Desk::new(limits, SHORTS);
    desk().allows(&buy(1), "100", "position_size");
    desk().allows(&sell(1), "100", "position_size");
    let mut pending = desk();
    pending.pass(&buy(60));
    pending.allows(&buy(1), "40", "position_size");
    pending.allows(&OrderRequest { symbol: B, ..buy(1) }, "100", "position_size");
    let mut short = desk();
    short.pass(&sell(60));
    short.allows(&sell(1), "40", "position_size");
    // An exit on its way makes no room on the side of the position.
    let mut leaving = desk();
    leaving.hold(A, 70);
    leaving.pass(&sell(70));
    leaving.allows(&buy(1), "30", "position_size");
    // To the other side of it there is as much room as from nothing.
    let mut turning = desk();
    turning.hold(A, 70);
    turning.pass(&sell(70));
    turning.allows(&sell(1), "100", "position_size");
    turning.allows(&sell(1), "0", "position_size");
    // With an entry, and an exit that is being canceled.
    let mut both = desk();
    both.hold(A, 70);
    both.pass(&sell(70));
    both.pass(&buy(20));
    both.allows(&buy(1), "10", "position_size");
    let mut again = desk();
    again.hold(A, 70);
    let first = again.pass(&sell(70));
    again.gate.call_off(first);
    again.pass(&sell(70));
    again.allows(&sell(1), "100", "position_size");
    // Numbers, and more shares than can be counted.
    let mut held = desk();
    held.hold(A, 1);
    let (need, have) = (dollars(10_100), dollars(10_000));
    assert_eq!(held.refuse(&buy(100)), Refusal::PositionSize { need, have });
    let need = price("100").notional(Quantity::MAX) + dollars(100);
    assert_eq!(held.refuse(&order(Side::Buy, Quantity::MAX)), Refusal::PositionSize { need, have });
    // No limit is wider than what can be counted.
    let mut wide = Desk::new(Limits { position_size_max: ratio("9000000000"), ..Limits::WIDE }, AT_FILL);
    wide.hold(A, 1);
    let have = price("100").notional(Quantity::MAX);
    assert_eq!(wide.refuse(&order(Side::Buy, Quantity::MAX)), Refusal::PositionSize { need, have });
}

#[test]
fn a_position_over_its_limit_grows_no_more() {
    let mut desk = Desk::new(Limits { position_size_max: ratio("0.1"), ..Limits::WIDE }, SHORTS);
    desk.hold(A, 150);
    desk.allows(&buy(1), "0", "position_size");
}

#[test]
fn positions_and_pending_entries_are_as_many_as_the_limit() {
    let mut desk = Desk::new(Limits { open_positions_max: 2, ..Limits::WIDE }, LONG_ONLY);
    desk.hold(A, 1);
    let pending = desk.pass(&OrderRequest { symbol: B, ..buy(1) });
    let third = OrderRequest { symbol: C, ..buy(1) };
    assert_eq!(desk.refuse(&third), Refusal::OpenPositions { need: 3, have: 2 });
    assert_eq!(desk.most(&third), Quantity::ZERO);
    desk.pass(&buy(1));
    desk.pass(&OrderRequest { symbol: B, ..buy(2) });
    desk.gate.void(pending);
    assert!(desk.ask(&third).is_err(), "another entry of B is open");
    let out = sell(1);
    let order = desk.pass(&out);
    assert!(desk.ask(&third).is_err(), "A has an entry open, and its exit has not filled");
    desk.fill(order, &out, shares(1), Quantity::ZERO);
    assert!(desk.ask(&third).is_err(), "its entry is open still");
    let mut fewer = Desk::new(Limits { open_positions_max: 2, ..Limits::WIDE }, LONG_ONLY);
    fewer.hold(A, 1);
    fewer.hold(B, 1);
    assert!(fewer.ask(&third).is_err());
    let order = fewer.pass(&out);
    fewer.fill(order, &out, shares(1), Quantity::ZERO);
    fewer.pass(&third);
}

#[test]
fn all_positions_are_worth_the_gross_limit_at_most() {
    let desk = || Desk::new(Limits { gross_exposure_max: ratio("0.2"), ..Limits::WIDE }, SHORTS);
    desk().allows(&buy(1), "200", "gross_exposure");
    let mut held = desk();
    held.hold(A, 20);
    held.hold(B, -50);
    held.pass(&OrderRequest { symbol: C, ..buy(30) });
    held.allows(&buy(1), "100", "gross_exposure");
    let mut leaving = desk();
    leaving.hold(A, 70);
    leaving.pass(&sell(70));
    leaving.allows(&OrderRequest { symbol: B, ..buy(1) }, "130", "gross_exposure");
    let mut turning = desk();
    turning.hold(A, 70);
    turning.pass(&sell(70));
    turning.pass(&sell(50));
    turning.allows(&sell(1), "150", "gross_exposure");
    let refusal = desk().refuse(&buy(201));
    assert_eq!(refusal, Refusal::GrossExposure { need: dollars(20_100), have: dollars(20_000) });
}

#[test]
fn stops_leave_no_more_at_risk_than_heat_allows() {
    let desk = || Desk::new(Limits { portfolio_heat_max: ratio("0.01"), ..Limits::WIDE }, SHORTS);
    for (side, legs, most) in [
        (Side::Buy, ExitLegs::NONE, "10"),
        (Side::Sell, ExitLegs::NONE, "10"),
        (Side::Buy, stop_at("95"), "200"),
        (Side::Sell, stop_at("105"), "200"),
        (
            Side::Buy,
            ExitLegs { stop: Some(LegLevel::FromFill { distance_units: 4_000_000_000 }), ..ExitLegs::NONE },
            "250",
        ),
        (Side::Sell, ExitLegs { stop: Some(LegLevel::FractionFromFill(ratio("0.1"))), ..ExitLegs::NONE }, "100"),
    ] {
        desk().allows(&OrderRequest { legs, ..order(side, shares(1)) }, most, "portfolio_heat");
        // Six hundred dollars are at risk already: in a position, in an entry that is open.
        let (mut held, mut pending) = (desk(), desk());
        held.hold(B, 6);
        pending.pass(&OrderRequest { symbol: B, ..buy(6) });
        for mut desk in [held, pending] {
            let most = Quantity::from_units(most.parse::<Quantity>().expect("shares").units() / 10 * 4);
            desk.allows(&OrderRequest { legs, ..order(side, shares(1)) }, &most.to_string(), "portfolio_heat");
        }
    }
    let refusal = desk().refuse(&buy(11));
    assert_eq!(refusal, Refusal::PortfolioHeat { need: dollars(1_100), have: dollars(1_000) });
    // Even what risks nothing waits while heat is over its limit.
    let mut hot = desk();
    hot.hold(B, 10);
    hot.pass(&OrderRequest { legs: stop_at("100"), ..buy(300) });
    assert!(hot.most(&OrderRequest { legs: stop_at("100"), ..buy(1) }) > Quantity::ZERO, "heat is at its limit");
    hot.mark(B, "100.000000001");
    assert_eq!(hot.refuse(&OrderRequest { legs: stop_at("100"), ..buy(1) }).code(), "portfolio_heat");
}

#[test]
fn a_stop_counts_from_the_worst_price_the_entry_may_get() {
    let desk = || Desk::new(Limits { portfolio_heat_max: ratio("0.01"), ..Limits::WIDE }, SHORTS);
    let trail = |trail| OrderKind::TrailingStop { trail };
    for (side, kind, level, most) in [
        // Bought at up to $110 with a stop at $90: $20 a share.
        (Side::Buy, limit("110"), "90", "50"),
        (Side::Buy, limit("90"), "80", "50"),
        (Side::Buy, OrderKind::Stop { stop: price("110") }, "90", "50"),
        (Side::Buy, OrderKind::StopLimit { stop: price("105"), limit: price("110") }, "90", "50"),
        (Side::Buy, trail(Trail::Price(price("10"))), "90", "50"),
        (Side::Buy, trail(Trail::Fraction(ratio("0.1"))), "90", "50"),
        // Filled at its stop it still has one, and at the mark it has farther to it; beyond it there is none.
        (Side::Buy, limit("90"), "90", "100"),
        (Side::Buy, limit("90"), "90.000000001", "10"),
        // Sold at down to $90 with a stop at $110.
        (Side::Sell, limit("90"), "110", "50"),
        (Side::Sell, limit("110"), "120", "50"),
        (Side::Sell, OrderKind::Stop { stop: price("90") }, "110", "50"),
        (Side::Sell, OrderKind::StopLimit { stop: price("95"), limit: price("90") }, "110", "50"),
        (Side::Sell, trail(Trail::Price(price("10"))), "110", "50"),
        (Side::Sell, trail(Trail::Fraction(ratio("0.1"))), "110", "50"),
        (Side::Sell, limit("125"), "125", "40"),
        (Side::Sell, limit("125"), "124.999999999", "8"),
    ] {
        let request = OrderRequest { kind, legs: stop_at(level), ..order(side, shares(1)) };
        desk().allows(&request, most, "portfolio_heat");
    }
}

#[test]
fn a_group_is_worth_its_limit_at_most_and_a_share_alone_is_no_group() {
    let desk = || Desk::new(Limits { correlated_exposure_max: ratio("0.1"), ..Limits::WIDE }, LONG_ONLY);
    let mut alone = desk();
    alone.pass(&buy(150));
    // What has no history counts as correlated with everything; a member counts once.
    let mut group = desk();
    group.hold(A, 20);
    group.hold(B, 30);
    group.pass(&OrderRequest { symbol: C, ..buy(10) });
    group.allows(&buy(1), "40", "correlated_exposure");
    let mut full = desk();
    full.hold(B, 100);
    let refusal = full.refuse(&buy(1));
    assert_eq!(refusal, Refusal::CorrelatedExposure { need: dollars(10_100), have: dollars(10_000) });
}

#[test]
fn an_entry_is_paid_for() {
    let desk = || Desk::new(Limits::WIDE, SHORTS);
    let power = "buying_power";
    desk().allows(&buy(1), "1000", power);
    desk().allows(&sell(1), "1000", power);
    desk().allows(&OrderRequest { kind: limit("125"), ..buy(1) }, "800", power);
    // Positions, reserves and what is not settled are spent.
    let mut spent = desk();
    spent.hold(A, 100);
    spent.hold(B, -200);
    spent.pass(&OrderRequest { symbol: C, ..buy(50) });
    spent.portfolio.hold_back(at(86_400), dollars(2_500));
    spent.allows(&buy(1), "625", power);
    // Exits on their way give nothing back, but to who turns the position round.
    for (side, most) in [(Side::Buy, "900"), (Side::Sell, "1000")] {
        let mut leaving = desk();
        leaving.hold(A, 100);
        leaving.pass(&sell(100));
        leaving.allows(&order(side, shares(1)), most, power);
    }
    // The fee is part of it, and of what is set aside.
    let mut fee = desk();
    fee.fee = dollars(100);
    let (need, have) = (dollars(100_100), dollars(100_000));
    assert_eq!(fee.refuse(&buy(1_000)), Refusal::BuyingPower { need, have });
    fee.pass(&buy(999));
    assert_eq!(fee.gate.reserved(), dollars(100_000));
    // Twice and four times the equity.
    for (leverage, most) in [(2, "2000"), (4, "4000")] {
        let mut borrowed = desk();
        let plain = *borrowed.gate.standing();
        borrowed.gate.set_standing(Standing { leverage, ..plain });
        borrowed.allows(&buy(1), most, power);
    }
}

#[test]
fn what_is_paid_for_at_its_fill_is_not_asked_for_money_before() {
    let mut desk = Desk::new(Limits { order_notional_max: dollars(500_000), ..Limits::WIDE }, AT_FILL);
    desk.allows(&buy(1), "5000", "order_notional");
    assert_eq!(desk.gate.reserved(), dollars(500_000));
}

#[test]
fn the_account_keeps_its_maintenance_margin() {
    let desk = || {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        let maintenance = Some(MaintenanceRate::Carried);
        desk.gate.set_standing(Standing { leverage: 4, maintenance, ..*desk.gate.standing() });
        desk
    };
    // 25 % of 4,000 shares at $100 are all there is.
    let mut within = desk();
    let maintenance = Some(MaintenanceRate::WithinSession);
    within.gate.set_standing(Standing { maintenance, ..*within.gate.standing() });
    within.pass(&buy(4_000));
    let need = |shares: i64| dollars(30 * shares);
    let have = dollars(100_000);
    // 30 % of 3,333 shares at $100 are $99,990.
    for side in [Side::Buy, Side::Sell] {
        let mut plain = desk();
        let refusal = plain.refuse(&order(side, shares(3_334)));
        assert_eq!(refusal, Refusal::MaintenanceMargin { need: need(3_334), have });
        plain.pass(&order(side, shares(3_333)));
    }
    // Positions and pending entries need theirs.
    let mut held = desk();
    held.hold(B, -500);
    held.pass(&OrderRequest { symbol: C, ..buy(500) });
    assert_eq!(held.refuse(&buy(2_334)), Refusal::MaintenanceMargin { need: need(3_334), have });
    held.pass(&buy(2_333));
    // What is leaving needs it too, but for who turns the position round.
    for (side, most) in [(Side::Buy, 2_333), (Side::Sell, 3_333)] {
        let mut leaving = desk();
        leaving.hold(A, 1_000);
        leaving.pass(&sell(1_000));
        let refusal = leaving.refuse(&order(side, shares(most + 1)));
        assert_eq!(refusal, Refusal::MaintenanceMargin { need: need(3_334), have }, "{side:?}");
        leaving.pass(&order(side, shares(most)));
    }
}

#[test]
fn headroom_leaves_the_account_its_margin_to_the_billionth() {
    let margin = "maintenance_margin";
    let desk = |notional: Money, held: i64, maintenance: MaintenanceRate| {
        let mut desk = Desk::new(Limits { order_notional_max: notional, ..Limits::WIDE }, SHORTS);
        desk.gate.set_standing(Standing { leverage: 4, maintenance: Some(maintenance), ..*desk.gate.standing() });
        if held != 0 {
            desk.hold(B, held);
        }
        desk
    };
    let (wide, carried) = (Limits::WIDE.order_notional_max, MaintenanceRate::Carried);
    for side in [Side::Buy, Side::Sell] {
        let one = order(side, shares(1));
        // $30 a share of $100,000.
        desk(wide, 0, carried).allows(&one, "3333.333333333", margin);
        // Where another limit leaves a billionth more, and as many.
        let of = |most: &str| price("100").notional(most.parse().expect("shares"));
        desk(of("3333.333333334"), 0, carried).allows(&one, "3333.333333333", margin);
        desk(of("3333.333333333"), 0, carried).allows(&one, "3333.333333333", "order_notional");
        desk(of("3333.333333332"), 0, carried).allows(&one, "3333.333333332", "order_notional");
        // All of it is needed already, and more than there is.
        desk(wide, 3_333, carried).allows(&one, "0.333333333", margin);
        desk(wide, 4_000, MaintenanceRate::WithinSession).allows(&one, "0", "buying_power");
        desk(wide, 3_334, carried).allows(&one, "0", margin);
    }
}

#[test]
fn a_change_of_an_entry_that_only_closes_by_now_is_for_what_can_leave() {
    for (held, out, kind) in [(10, sell(10), limit("110")), (-10, buy(10), limit("90"))] {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        desk.hold(A, held);
        let exit = desk.pass(&out);
        let request = OrderRequest { kind, size: OrderSize::Shares(shares(5)), ..out };
        let entry = desk.pass(&request);
        desk.gate.void(exit);
        // It sells nothing short, whatever the account may do.
        let shorts = Some(Refusal::MarginEquity { need: dollars(2_000), have: dollars(1_999) });
        desk.gate.set_standing(Standing { shorts, ..*desk.gate.standing() });
        desk.pass_change(entry, &request, (kind, Some(shares(6))));
        desk.pass_change(entry, &request, (kind, Some(shares(10))));
        let need = shares(10) + BILLIONTH;
        let refusal = desk.change(entry, &request, (kind, Some(need))).err();
        assert_eq!(refusal, Some(Refusal::ExceedsPosition { need, have: shares(10) }));
    }
}
