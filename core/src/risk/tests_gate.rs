//! What the gate asks before it measures, what it lets go whatever the limits say, and changes of resting orders.
//!
//! Not here: the limits on sizes, sums and funds (tests_measure), what is at stake (tests_exposure).
use super::testing::*;
use super::*;
use crate::domain::{
    ExitLegs, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Quantity, Side,
    TimeInForce, Trail,
};

fn manual() -> Halt {
    Halt { cause: HaltCause::Manual, since: at(1), by: HaltedBy::Script, reason: None }
}

#[test]
fn an_approval_says_what_was_approved_when_and_as_what() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.now = at(40);
    let request = OrderRequest { size: OrderSize::Notional(dollars(250)), ..buy(1) };
    let first = desk.ask(&request).expect("an entry");
    assert_eq!((first.id(), *first.request()), (OrderId(1), request));
    assert_eq!((first.quantity().to_string(), first.reference()), ("2.5".to_owned(), price("100")));
    assert_eq!((first.approved_at(), first.reduces(), first.sequence()), (at(40), false, 1));
    assert_eq!(desk.gate.open().len(), 1);
    desk.hold(B, 3);
    let exit = desk.ask(&OrderRequest { symbol: B, ..sell(3) }).expect("an exit");
    assert_eq!((exit.id(), exit.reduces(), exit.sequence()), (OrderId(2), true, 2));
    assert_eq!(desk.gate.reserved(), dollars(250), "an exit sets nothing aside");
}

#[test]
fn nothing_passes_without_a_price_or_without_shares() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    for few in [Quantity::ZERO, -BILLIONTH] {
        let (need, have) = (Money::ZERO, price("100").notional(Quantity::ONE));
        assert_eq!(desk.refuse(&order(Side::Buy, few)), Refusal::TooSmall { need, have });
    }
    desk.pass(&order(Side::Buy, BILLIONTH));
    desk.portfolio.mark(A, price("0"));
    assert_eq!(desk.refuse(&buy(1)), Refusal::NoPrice);
    assert_eq!(desk.gate.open().len(), 1);
}

#[test]
fn an_exit_has_no_legs_of_its_own_and_an_entry_is_no_pair_of_exits() {
    for (class, may_exit, may_enter) in [
        (OrderClass::Simple, true, true),
        (OrderClass::Bracket, false, true),
        (OrderClass::Oto, false, true),
        (OrderClass::Oco, true, false),
    ] {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        desk.hold(A, 10);
        let refusal = desk.ask(&OrderRequest { class, ..sell(1) }).err();
        assert_eq!(refusal, (!may_exit).then_some(Refusal::EntryClass { class: class.name() }), "{class:?}");
        let refusal = desk.ask(&OrderRequest { class, ..buy(1) }).err();
        assert_eq!(refusal, (!may_enter).then_some(Refusal::ExitClass), "{class:?}");
    }
}

#[test]
fn only_whole_shares_are_borrowed() {
    for (whole_shares, held, side, wanted) in [
        (true, 0, Side::Sell, true),
        (true, -5, Side::Sell, true),
        (true, 5, Side::Sell, false),
        (true, 0, Side::Buy, false),
        (true, -5, Side::Buy, false),
        (false, 0, Side::Sell, false),
        (false, -5, Side::Sell, false),
    ] {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        desk.gate.set_symbol_rules(SymbolRules { whole_shares, ..SymbolRules::default() });
        if held != 0 {
            desk.hold(A, held);
        }
        assert_eq!(desk.gate.borrows_whole(A, side, &desk.portfolio), wanted, "{whole_shares}, {held}, {side:?}");
    }
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.gate.set_symbol_rules(SymbolRules { whole_shares: true, ..SymbolRules::default() });
    desk.pass(&sell(2));
    let (need, have) = (shares(2) + BILLIONTH, shares(2));
    assert_eq!(desk.refuse(&order(Side::Sell, need)), Refusal::FractionalShort { need, have });
    // A share of the cash is rounded at its fill.
    let size = OrderSize::CashFraction { fraction: ratio("0.00555"), most: Money::ZERO };
    desk.pass(&OrderRequest { size, ..sell(1) });
}

#[test]
fn an_entry_that_is_open_is_not_sent_again() {
    let entry = OrderRequest { purpose: OrderPurpose::Entry, kind: limit("90"), ..buy(5) };
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    let first = desk.pass(&entry);
    assert_eq!(desk.refuse(&entry), Refusal::Duplicate { order: first });
    for other in [
        OrderRequest { symbol: B, ..entry },
        OrderRequest { size: OrderSize::Shares(shares(5) + BILLIONTH), ..entry },
        OrderRequest { kind: limit("90.000000001"), ..entry },
        OrderRequest { time_in_force: TimeInForce::Gtc, ..entry },
        OrderRequest { symbol: C, side: Side::Sell, kind: limit("110"), ..entry },
        // A person who names orders one by one names as many as they want.
        OrderRequest { purpose: OrderPurpose::Manual, ..entry },
    ] {
        desk.pass(&other);
    }
    // What a part of it has filled, it is the same order still.
    desk.fill(first, &entry, shares(2), shares(3));
    assert_eq!(desk.refuse(&entry), Refusal::Duplicate { order: first });
    let of_b = OrderRequest { symbol: B, ..entry };
    let second = desk.gate.open().iter().find(|open| open.symbol == B).expect("open").order;
    assert_eq!(desk.refuse(&of_b), Refusal::Duplicate { order: second });
    desk.gate.call_off(second);
    desk.pass(&of_b);
}

#[test]
fn exits_may_be_alike_and_an_entry_may_be_like_an_exit() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.hold(A, 10);
    let exit = OrderRequest { purpose: OrderPurpose::Entry, ..sell(5) };
    desk.pass(&exit);
    desk.pass(&exit);
    assert!(!desk.ask(&exit).expect("all ten are leaving, so it opens the other way").reduces());
}

#[test]
fn a_price_that_is_too_old_opens_nothing() {
    let mut desk = Desk::new(Limits { stale_after_ns: Some(5_000_000_000), ..Limits::WIDE }, LONG_ONLY);
    desk.hold(A, 5);
    desk.now = at(5);
    desk.pass(&buy(1));
    desk.now = desk.now.plus_ns(1);
    let refusal = Refusal::StalePrice { age_ns: 5_000_000_001, allowed_ns: 5_000_000_000 };
    assert_eq!(desk.refuse(&buy(2)), refusal);
    desk.pass(&sell(5));
    desk.mark(B, "100");
    assert_eq!(desk.refuse(&buy(2)), refusal, "a price of another share");
    desk.mark(A, "100");
    desk.pass(&buy(2));
    // In a replay the last close is the price, however long ago.
    let mut replay = Desk::new(Limits::WIDE, LONG_ONLY);
    replay.now = at(1_000_000_000);
    replay.pass(&buy(1));
}

#[test]
fn orders_within_a_minute_are_as_many_as_the_limit() {
    let mut desk = Desk::new(Limits { orders_per_minute_max: 3, ..Limits::WIDE }, LONG_ONLY);
    desk.hold(A, 5);
    let resting = OrderRequest { kind: limit("110"), ..buy(10) };
    let first = desk.pass(&resting);
    desk.now = at(10);
    desk.pass_change(first, &resting, (limit("105"), None));
    // An exit passes whatever the rate, and counts.
    desk.pass(&sell(5));
    assert_eq!(desk.refuse(&buy(1)), Refusal::OrderRate { need: 4, have: 3 });
    desk.now = at(59);
    assert_eq!(desk.refuse(&buy(1)), Refusal::OrderRate { need: 4, have: 3 });
    let refusal = desk.change(first, &resting, (limit("111"), None)).err();
    assert_eq!(refusal, Some(Refusal::OrderRate { need: 4, have: 3 }));
    desk.now = at(60);
    desk.pass(&buy(1));
    assert_eq!(desk.refuse(&buy(2)), Refusal::OrderRate { need: 4, have: 3 }, "what is refused does not count");
}

#[test]
fn a_halt_lets_out_and_nothing_in() {
    let mut desk = Desk::new(Limits::WIDE, SHORTS);
    desk.hold(A, 10);
    desk.hold(B, -10);
    desk.gate.watch_mut().halt(manual());
    let halted = Refusal::Halted { cause: HaltCause::Manual, since: at(1) };
    // What closes too much is called that, halted or not: it is no entry.
    let exceeds = Refusal::ExceedsPosition { need: shares(11), have: shares(10) };
    for (symbol, bought, sold) in [(A, halted, exceeds), (B, exceeds, halted), (C, halted, halted)] {
        assert_eq!(desk.refuse(&OrderRequest { symbol, ..buy(11) }), bought);
        assert_eq!(desk.refuse(&OrderRequest { symbol, ..sell(11) }), sold);
    }
    desk.pass(&sell(10));
    desk.pass(&OrderRequest { symbol: B, ..buy(10) });
    assert_eq!(desk.refuse(&sell(1)), halted, "all of it is leaving");
    assert!(desk.gate.watch().is_reached(HaltCause::Manual));
    desk.gate.watch_mut().resume(HaltedBy::Script, Words::fixed("looked"), dollars(100_000), at(2));
    desk.pass(&OrderRequest { symbol: C, ..buy(1) });
}

#[test]
fn an_armed_kill_switch_is_asked_at_every_approval() {
    let folder = tempfile::tempdir().expect("folder");
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    desk.hold(A, 5);
    desk.gate.arm(LatchFile::new(folder.path()).arm().expect("armed"));
    let resting = OrderRequest { kind: limit("110"), ..buy(10) };
    let first = desk.pass(&resting);
    let latch = LatchFile::new(folder.path());
    latch.halt(&HaltOrder { at: at(3), by: HaltedBy::Script, reason: None, flatten: false }).expect("halted");
    let halted = Refusal::Halted { cause: HaltCause::KillSwitch, since: at(3) };
    assert_eq!(desk.refuse(&buy(1)), halted);
    assert_eq!(desk.change(first, &resting, (limit("111"), None)).err(), Some(halted));
    desk.pass(&sell(5));
    latch.resume(ResumeOrder { at: at(4), by: HaltedBy::Script, reason: Words::fixed("looked") }).expect("clear");
    desk.pass(&buy(1));
}

#[test]
fn a_share_of_the_cash_comes_to_what_the_limits_leave() {
    let limits = Limits { position_size_max: ratio("0.1"), ..Limits::WIDE };
    let size = OrderSize::CashFraction { fraction: ratio("0.05"), most: Money::ZERO };
    let most_of = |order: &ApprovedOrder| match order.request().size {
        OrderSize::CashFraction { most, .. } => most,
        size => panic!("{size:?}"),
    };
    let mut desk = Desk::new(limits, AT_FILL);
    let entry = desk.ask(&OrderRequest { size, ..buy(1) }).expect("fifty shares");
    assert_eq!((entry.quantity(), most_of(&entry)), (shares(50), dollars(10_000)));
    desk.hold(B, 60);
    let exit = desk.ask(&OrderRequest { size, symbol: B, ..sell(1) }).expect("an exit");
    assert_eq!((exit.reduces(), most_of(&exit)), (true, Money::ZERO));
}

#[test]
fn a_change_says_what_was_asked() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    let request = OrderRequest { kind: limit("90"), ..buy(10) };
    let order = desk.pass(&request);
    desk.now = at(30);
    let change = desk.change(order, &request, (limit("80"), Some(shares(20)))).expect("a change");
    assert_eq!((change.order(), change.quantity()), (order, Some(shares(20))));
    assert_eq!((change.kind(), change.approved_at()), (limit("80"), at(30)));
    // A leg has no approval: its prices change, its shares do not.
    let leg = OrderId(77);
    assert!(desk.change(leg, &request, (limit("80"), None)).is_ok());
    assert_eq!(desk.change(leg, &request, (limit("80"), Some(shares(1)))).err(), Some(Refusal::NotOpen));
}

#[test]
fn a_change_counts_as_the_larger_of_both_until_the_venue_has_made_it() {
    let open_after = |to: i64, fee: i64| {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        let request = OrderRequest { kind: limit("90"), ..buy(10) };
        let order = desk.pass(&request);
        desk.fee = dollars(fee);
        desk.pass_change(order, &request, (limit("89"), Some(shares(to))));
        let (before, reserved) = (desk.gate.open()[0].open, desk.gate.reserved());
        desk.gate.confirm_change(order);
        [(before, reserved), (desk.gate.open()[0].open, desk.gate.reserved())]
    };
    // Ten shares at up to $100, the mark, as before; no more is set aside than was.
    assert_eq!(open_after(20, 7), [(shares(20), dollars(2_007)); 2]);
    assert_eq!(open_after(5, 0), [(shares(10), dollars(1_000)), (shares(5), dollars(500))]);
    assert_eq!(open_after(10, 7), [(shares(10), dollars(1_000)); 2]);
}

#[test]
fn a_change_to_more_a_dearer_or_nearer_price_or_more_at_risk_is_an_entry() {
    let legs = ExitLegs { stop: Some(LegLevel::At(price("85"))), ..ExitLegs::NONE };
    let stop = |text: &str| OrderKind::Stop { stop: price(text) };
    let trail = |text: &str| OrderKind::TrailingStop { trail: Trail::Price(price(text)) };
    let share = |text: &str| OrderKind::TrailingStop { trail: Trail::Fraction(ratio(text)) };
    let halted = Some(Refusal::Halted { cause: HaltCause::Manual, since: at(1) });
    for (side, kind, to, left, grows) in [
        (Side::Buy, limit("110"), limit("110"), None, false),
        (Side::Buy, limit("110"), limit("110"), Some(shares(10)), false),
        (Side::Buy, limit("110"), limit("110"), Some(shares(9)), false),
        (Side::Buy, limit("110"), limit("110"), Some(shares(10) + BILLIONTH), true),
        (Side::Buy, limit("110"), limit("109"), None, false),
        (Side::Buy, limit("110"), limit("110.000000001"), None, true),
        // Below the mark a limit is no dearer than the mark, but it fills sooner.
        (Side::Buy, limit("90"), limit("90.000000001"), None, true),
        (Side::Buy, limit("90"), limit("89"), None, false),
        // At its stop it still has one; below it the stop is passed the moment it fills.
        (Side::Buy, limit("90"), limit("85"), None, false),
        (Side::Buy, limit("90"), limit("84.999999999"), None, true),
        (Side::Sell, limit("120"), limit("119.999999999"), None, true),
        (Side::Buy, stop("120"), stop("119.999999999"), None, true),
        (Side::Sell, stop("80"), stop("80.000000001"), None, true),
        (Side::Sell, stop("80"), stop("80"), Some(shares(9)), false),
        (Side::Buy, trail("5"), trail("4.999999999"), None, true),
        (Side::Buy, trail("5"), trail("5"), Some(shares(9)), false),
        (Side::Buy, share("0.05"), share("0.049999999"), None, true),
        (Side::Buy, share("0.05"), share("0.05"), Some(shares(9)), false),
        // Another way to trail, and another type, at prices no dearer.
        (Side::Buy, share("0.05"), trail("5"), None, true),
        (Side::Buy, trail("5"), stop("105"), None, true),
        (Side::Buy, limit("110"), stop("110"), None, true),
        (Side::Buy, stop("110"), limit("110"), None, true),
        // A short at a lower price has farther to its stop.
        (Side::Sell, limit("95"), limit("96"), None, false),
        (Side::Sell, limit("95"), limit("94.999999999"), None, true),
    ] {
        let mut desk = Desk::new(Limits::WIDE, SHORTS);
        let stop = if side == Side::Sell { Some(LegLevel::At(price("120"))) } else { legs.stop };
        let request = OrderRequest { kind, legs: ExitLegs { stop, ..legs }, ..order(side, shares(10)) };
        let order = desk.pass(&request);
        desk.gate.watch_mut().halt(manual());
        let refusal = desk.change(order, &request, (to, left)).err();
        assert_eq!(refusal, halted.filter(|_| grows), "{side:?} {kind:?} to {to:?}, {left:?}");
    }
}

#[test]
fn a_change_is_measured_in_the_place_of_its_order() {
    let mut desk = Desk::new(Limits { position_size_max: ratio("0.1"), ..Limits::WIDE }, LONG_ONLY);
    let request = OrderRequest { kind: limit("90"), ..buy(60) };
    let order = desk.pass(&request);
    desk.pass(&buy(10));
    let before = (desk.gate.open().to_vec(), desk.gate.reserved());
    let (need, have) = (dollars(10_100), dollars(10_000));
    let refusal = desk.change(order, &request, (limit("90"), Some(shares(91)))).err();
    assert_eq!(refusal, Some(Refusal::PositionSize { need, have }));
    assert_eq!((desk.gate.open().to_vec(), desk.gate.reserved()), before, "what is refused changes nothing");
    desk.allows(&OrderRequest { kind: limit("80"), ..buy(1) }, "30", "position_size");
    desk.gate.void(OrderId(4));
    assert!(desk.gate.open().len() < 3, "the thirty are gone");
    desk.pass_change(order, &request, (limit("90"), Some(shares(90))));
    desk.allows(&OrderRequest { kind: limit("80"), ..buy(1) }, "0", "position_size");
}

#[test]
fn a_change_pays_for_its_shares_once() {
    let mut desk = Desk::new(Limits { order_notional_max: dollars(95_000), ..Limits::WIDE }, LONG_ONLY);
    let request = OrderRequest { kind: limit("90"), size: OrderSize::Notional(dollars(60_000)), ..buy(1) };
    let order = desk.pass(&request);
    desk.pass_change(order, &request, (limit("90"), Some(shares(900))));
    let (need, have) = (dollars(95_100), dollars(95_000));
    let refusal = desk.change(order, &request, (limit("90"), Some(shares(951)))).err();
    assert_eq!(refusal, Some(Refusal::OrderNotional { need, have }));
}

#[test]
fn an_exit_is_changed_to_what_no_other_takes() {
    for (held, exit) in [(10, sell(4)), (-10, buy(4))] {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        desk.hold(A, held);
        let order = desk.pass(&exit);
        desk.pass(&OrderRequest { size: OrderSize::Shares(shares(3)), ..exit });
        let (need, have) = (shares(7) + BILLIONTH, shares(7));
        let refusal = desk.change(order, &exit, (OrderKind::Market, Some(need))).err();
        assert_eq!(refusal, Some(Refusal::ExceedsPosition { need, have }));
        desk.gate.watch_mut().halt(manual());
        desk.pass_change(order, &exit, (OrderKind::Market, Some(have)));
        assert_eq!(desk.gate.open()[0].open, shares(7));
        assert_eq!(desk.gate.reserved(), Money::ZERO);
        // The position has shrunk under both: fewer shares pass, and as many as it has.
        desk.pass_change(order, &exit, (OrderKind::Market, Some(shares(2))));
        desk.pass_change(order, &exit, (limit("100"), None));
    }
}

#[test]
fn an_exit_that_gave_its_shares_away_still_changes_its_price() {
    let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
    desk.hold(A, 10);
    let first = desk.pass(&sell(10));
    desk.gate.call_off(first);
    desk.pass(&sell(10));
    desk.pass_change(first, &sell(10), (limit("100"), None));
    let refusal = desk.change(first, &sell(10), (limit("100"), Some(shares(10) + BILLIONTH))).err();
    assert_eq!(refusal.map(|refusal| refusal.code()), Some("exceeds_position"));
}

#[test]
fn a_session_that_closes_is_the_next_ones_measure() {
    let limits = Limits { daily_loss_max: ratio("0.02"), correlated_exposure_max: ratio("0.1"), ..Limits::WIDE };
    let mut desk = Desk::new(limits, LONG_ONLY);
    desk.gate.close_session(dollars(90_000), [None; 3]);
    assert_eq!(desk.gate.watch().losses().marks().baseline, dollars(90_000));
    // Sixty sessions in which A goes up and down by turns and B by pairs: they are two risks.
    let closes = |session: u32| {
        let of_a = if session.is_multiple_of(2) { "100" } else { "110" };
        let of_b = if session % 4 < 2 { "100" } else { "110" };
        [Some(price(of_a)), Some(price(of_b)), None]
    };
    desk.hold(B, 80);
    assert_eq!(desk.refuse(&buy(50)).code(), "correlated_exposure");
    for session in 0..61 {
        desk.gate.close_session(dollars(100_000), closes(session));
    }
    desk.pass(&buy(50));
    assert_eq!(desk.refuse(&OrderRequest { symbol: C, ..buy(50) }).code(), "correlated_exposure");
}

#[test]
fn a_group_at_its_limit_passes_beside_a_share_apart_from_it() {
    let mut desk = Desk::new(Limits { correlated_exposure_max: ratio("0.1"), ..Limits::WIDE }, LONG_ONLY);
    for session in 0..61u32 {
        let turns = Some(price(if session.is_multiple_of(2) { "100" } else { "110" }));
        let pairs = Some(price(if session % 4 < 2 { "100" } else { "110" }));
        desk.gate.close_session(dollars(100_000), [turns, turns, pairs]);
    }
    desk.hold(B, 50);
    desk.hold(C, 60);
    desk.allows(&buy(1), "50", "correlated_exposure");
}
