//! What may become of a stop: canceled, moved, made smaller, made to trail; and what counts until the venue answers.
//!
//! Not here: what stops leave at risk (heat), orders that open something (tests_gate, tests_measure).
//! $1,000 may be at risk: 1 % of the account. A share risks all of its $100 without a stop.
use super::testing::*;
use super::*;
use crate::domain::{ExitLegs, LegLevel, OrderId, OrderKind, OrderRequest, Quantity, Side, SymbolIndex, Trail};

const STOP: OrderId = OrderId(50);
const OTHER: OrderId = OrderId(51);

fn desk(heat: &str) -> Desk {
    Desk::new(Limits { portfolio_heat_max: ratio(heat), ..Limits::WIDE }, SHORTS)
}

/// `held` shares of A under one stop for all of them.
fn protected(held: i64, level: &str) -> Desk {
    let mut desk = desk("0.01");
    desk.hold(A, held);
    desk.gate.set_stop(A, stop(STOP, level, held.abs()));
    desk
}

fn stop(order: OrderId, level: &str, covered: i64) -> ProtectiveStop {
    ProtectiveStop { order, level: price(level), shares: shares(covered), entry: None }
}
fn at_level(text: &str) -> OrderKind {
    OrderKind::Stop { stop: price(text) }
}
fn behind(text: &str) -> OrderKind {
    OrderKind::TrailingStop { trail: Trail::Price(price(text)) }
}
fn behind_by(text: &str) -> OrderKind {
    OrderKind::TrailingStop { trail: Trail::Fraction(ratio(text)) }
}

fn cancel(desk: &mut Desk, of: OrderId, symbol: SymbolIndex) -> Result<(), Refusal> {
    desk.gate.review_cancel((of, symbol), |stop| stop.order == of, &desk.portfolio)
}

/// Moves the leg `STOP` of A from `kind` to `to`.
fn moved(desk: &mut Desk, side: Side, kind: OrderKind, to: OrderKind) -> Result<(), Refusal> {
    let leg = OrderRequest { kind, ..order(side, shares(1)) };
    desk.change(STOP, &leg, (to, None)).map(|_| ())
}

fn heat_of(need: &str) -> Result<(), Refusal> {
    Err(Refusal::PortfolioHeat { need: price(need).notional(Quantity::ONE), have: dollars(1_000) })
}

/// Shares of C that heat leaves room for.
fn room(desk: &mut Desk) -> String {
    desk.most(&OrderRequest { symbol: C, ..buy(1) }).to_string()
}

#[test]
fn a_cancel_leaves_no_more_at_risk_than_an_entry_may() {
    for (held, level) in [(10, "95"), (-10, "105")] {
        let mut at_limit = protected(held, level);
        assert_eq!(room(&mut at_limit), "9.5");
        assert_eq!(cancel(&mut at_limit, STOP, A), Ok(()), "all of $1,000 may be at risk");
        assert_eq!(room(&mut at_limit), "0", "it may be gone already");
        let mut over = protected(held + held.signum(), level);
        assert_eq!(cancel(&mut over, STOP, A), heat_of("1100"));
        assert_eq!(room(&mut over), "9.45", "what is refused changes nothing");
        over.gate.watch_mut().halt(Halt { cause: HaltCause::Manual, since: at(1), by: HaltedBy::Script, reason: None });
        assert_eq!(cancel(&mut over, STOP, A), heat_of("1100"), "halted or not");
    }
}

#[test]
fn a_cancel_that_leaves_no_more_at_risk_passes_where_too_much_is() {
    // The price has passed the stop: it protects nothing, and $2,000 are at risk with it or without.
    let mut desk = protected(20, "105");
    assert_eq!(cancel(&mut desk, STOP, A), Ok(()));
    // An order that ends no stop asks for nothing.
    let mut hot = protected(20, "40");
    assert_eq!(cancel(&mut hot, OTHER, A), Ok(()));
    assert_eq!(cancel(&mut hot, STOP, A), heat_of("2000"));
}

#[test]
fn a_stop_moves_away_as_far_as_heat_allows_and_nearer_always() {
    for (held, side, from, to, wanted) in [
        (100, Side::Sell, "95", "90", Ok(())),
        (100, Side::Sell, "95", "89.999999999", heat_of("1000.0000001")),
        (100, Side::Sell, "95", "99", Ok(())),
        (-100, Side::Buy, "105", "110", Ok(())),
        (-100, Side::Buy, "105", "110.000000001", heat_of("1000.0000001")),
        (-100, Side::Buy, "105", "101", Ok(())),
        // Where more is at risk than may be, a stop stands still or comes nearer.
        (300, Side::Sell, "95", "95", Ok(())),
        (300, Side::Sell, "95", "95.000000001", Ok(())),
        (300, Side::Sell, "95", "94.999999999", heat_of("1500.0000003")),
        (-300, Side::Buy, "105", "104.999999999", Ok(())),
        (-300, Side::Buy, "105", "105.000000001", heat_of("1500.0000003")),
    ] {
        let mut desk = protected(held, from);
        let before = room(&mut desk);
        assert_eq!(moved(&mut desk, side, at_level(from), at_level(to)), wanted, "{held}, {from} to {to}");
        if wanted.is_err() {
            assert_eq!(room(&mut desk), before, "what is refused changes nothing");
        }
    }
}

#[test]
fn the_worse_of_what_stands_and_what_is_asked_for_counts_until_the_venue_answers() {
    let mut desk = protected(100, "95");
    assert_eq!(room(&mut desk), "5");
    assert_eq!(moved(&mut desk, Side::Sell, at_level("95"), at_level("99")), Ok(()));
    assert_eq!(room(&mut desk), "5", "it stands at 95 still");
    assert_eq!(moved(&mut desk, Side::Sell, at_level("95"), at_level("92")), Ok(()));
    assert_eq!(room(&mut desk), "2", "it may stand at 92");
    assert_eq!(moved(&mut desk, Side::Sell, at_level("95"), at_level("80")), heat_of("2000"));
    assert_eq!(room(&mut desk), "2", "what was asked for before stays");
    // Two stops of other shares: an answer is for the order that was asked of.
    desk.hold(B, -1);
    desk.gate.set_stop(B, stop(OTHER, "102", 1));
    assert_eq!(room(&mut desk), "1.98");
    assert_eq!(cancel(&mut desk, OTHER, B), Ok(()));
    assert_eq!(room(&mut desk), "1");
    assert_eq!(desk.gate.state().expected.len(), 2);
    desk.gate.confirm_change(OrderId(52));
    assert_eq!(room(&mut desk), "1", "nothing was asked of it");
    desk.gate.confirm_change(STOP);
    assert_eq!(room(&mut desk), "4", "and so it stands at 95");
    desk.gate.remove_stop(A, STOP);
    assert_eq!(desk.gate.state().expected.len(), 1, "the cancel of the other is not answered");
    desk.gate.remove_stop(B, OTHER);
    assert_eq!(desk.gate.state().expected, []);
}

#[test]
fn what_is_asked_of_a_stop_is_restated_in_a_split_of_its_share() {
    let mut desk = protected(100, "95");
    desk.hold(B, 1);
    desk.gate.set_stop(B, stop(OTHER, "98", 1));
    assert_eq!(moved(&mut desk, Side::Sell, at_level("95"), at_level("94")), Ok(()));
    let leg = OrderRequest { symbol: B, kind: at_level("98"), ..sell(1) };
    desk.pass_change(OTHER, &leg, (at_level("96"), None));
    desk.portfolio.split(A, ratio("2"), true, desk.now);
    desk.gate.split(A, ratio("2"), |quantity| Quantity::from_units(quantity.units() * 2));
    let expected = [(STOP, A, stop(STOP, "47", 200)), (OTHER, B, stop(OTHER, "96", 1))];
    assert_eq!(desk.gate.state().expected, expected.map(|(of, symbol, stop)| ExpectedStop { of, symbol, stop }));
    // Of 200 shares at $50 under a stop at $47, and of one at $100 under $96.
    assert_eq!(room(&mut desk), "3.96");
}

#[test]
fn a_stop_for_fewer_shares_leaves_the_rest_bare() {
    for (held, exit, level) in [(100, sell(100), "99.9"), (-100, buy(100), "100.1")] {
        let mut desk = desk("0.01");
        desk.hold(A, held);
        let exit = OrderRequest { kind: at_level(level), ..exit };
        let order = desk.pass(&exit);
        desk.gate.set_stop(A, stop(order, level, 100));
        assert_eq!(room(&mut desk), "9.9");
        // 90 × $0.1 + 10 × $100.
        let refusal = desk.change(order, &exit, (exit.kind, Some(shares(90)))).err();
        assert_eq!(refusal, heat_of("1009").err());
        assert_eq!(desk.gate.open()[0].change, None);
        desk.pass_change(order, &exit, (exit.kind, Some(shares(91))));
        assert_eq!(room(&mut desk), "0.909", "91 × $0.1 + 9 × $100");
    }
}

#[test]
fn of_a_pair_both_are_for_as_many() {
    let mut desk = desk("0.01");
    desk.hold(A, 100);
    let exit = OrderRequest { kind: limit("110"), ..sell(90) };
    let head = desk.pass(&exit);
    desk.gate.set_stop(A, ProtectiveStop { entry: Some(head), ..stop(STOP, "99", 90) });
    desk.gate.set_stop(A, stop(OTHER, "99.5", 10));
    // 90 × $1 + 10 × $0.5.
    assert_eq!(room(&mut desk), "9.05");
    // Its price alone says nothing of the stop, however much is at risk.
    desk.pass_change(head, &exit, (limit("120"), None));
    assert_eq!(room(&mut desk), "9.05");
    // 81 × $1 + 10 × $0.5 + 9 × $100: the stop that is no pair of it stays for ten.
    desk.pass_change(head, &exit, (limit("120"), Some(shares(81))));
    assert_eq!(room(&mut desk), "0.14");
    let refusal = desk.change(head, &exit, (limit("120"), Some(shares(80)))).err();
    assert_eq!(refusal, heat_of("1085").err());
    let asked: Vec<ExpectedStop> = desk.gate.state().expected;
    let stop = ProtectiveStop { entry: Some(head), ..stop(STOP, "99", 81) };
    assert_eq!(asked, [ExpectedStop { of: head, symbol: A, stop }]);
}

#[test]
fn a_stop_that_trails_from_farther_is_taken_from_the_mark() {
    for (held, side, level, from, to, left) in [
        // As near or nearer: its best price is what it was, so it stands where it stood.
        (100, Side::Sell, "97", behind("5"), behind("5"), "7"),
        (100, Side::Sell, "97", behind("5"), behind("4"), "7"),
        (100, Side::Sell, "97", behind_by("0.05"), behind_by("0.05"), "7"),
        (100, Side::Sell, "97", behind_by("0.05"), behind_by("0.04"), "7"),
        (-100, Side::Buy, "103", behind("5"), behind("4"), "7"),
        (-100, Side::Buy, "103", behind_by("0.05"), behind_by("0.04"), "7"),
        // Farther, by a billionth and by all there is.
        (100, Side::Sell, "97", behind("5"), behind("5.00000001"), "4.99999999"),
        (100, Side::Sell, "97", behind("5"), behind("10"), "0"),
        (100, Side::Sell, "97", behind_by("0.05"), behind_by("0.06"), "4"),
        (-100, Side::Buy, "103", behind("5"), behind("6"), "4"),
        (-100, Side::Buy, "103", behind_by("0.05"), behind_by("0.06"), "4"),
        // Another way to trail, or none before.
        (100, Side::Sell, "97", behind("5"), behind_by("0.04"), "6"),
        (100, Side::Sell, "97", behind_by("0.05"), behind("4"), "6"),
        (-100, Side::Buy, "103", at_level("103"), behind("4"), "6"),
        // From the mark it stands better: what it stood at counts until the venue has answered.
        (100, Side::Sell, "97", at_level("97"), behind("2"), "7"),
        (-100, Side::Buy, "103", at_level("103"), behind("2"), "7"),
        // It trails no more.
        (100, Side::Sell, "97", behind("5"), at_level("96"), "6"),
    ] {
        let mut desk = protected(held, level);
        assert_eq!(moved(&mut desk, side, from, to), Ok(()), "{from:?} to {to:?}");
        assert_eq!(room(&mut desk), left, "{held} at {level}: {from:?} to {to:?}");
    }
    let mut far = protected(100, "97");
    let too_far = moved(&mut far, Side::Sell, behind("5"), behind("10.000000001"));
    assert_eq!(too_far, heat_of("1000.0000001"));
}

#[test]
fn what_is_left_of_an_entry_counts_with_the_stop_of_what_has_filled() {
    for (side, level, far) in [(Side::Buy, "95", "90"), (Side::Sell, "105", "110")] {
        let mut desk = desk("0.01");
        let legs = ExitLegs { stop: Some(LegLevel::At(price(level))), ..ExitLegs::NONE };
        let request = OrderRequest { legs, ..order(side, shares(60)) };
        let entry = desk.pass(&request);
        assert_eq!(room(&mut desk), "7", "sixty shares risk five dollars each");
        desk.fill(entry, &request, shares(20), shares(40));
        desk.gate.set_stop(A, ProtectiveStop { entry: Some(entry), ..stop(STOP, level, 20) });
        assert_eq!(room(&mut desk), "7", "filled or pending");
        let closing = if side == Side::Buy { Side::Sell } else { Side::Buy };
        assert_eq!(moved(&mut desk, closing, at_level(level), at_level(far)), Ok(()));
        assert_eq!(room(&mut desk), "4", "{side:?}: ten each, of the forty as well");
    }
}
