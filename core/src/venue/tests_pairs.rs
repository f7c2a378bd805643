//! Stop and target of one entry, where one comes to belong across the other, and stops that have come to their price.
use super::*;
use crate::domain::{
    Bar, ExecutionEvent, ExitLegs, LegActivation, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose,
    OrderRequest, OrderSize, Price, Quantity, Ratio, Side, SymbolIndex, Tick, TimeInForce, Timestamp, Volume,
};

const ONLY: SymbolIndex = SymbolIndex(0);
const ENTRY: OrderId = OrderId(1);
const STOP: OrderId = OrderId(2);
const TARGET: OrderId = OrderId(3);

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("a ratio")
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_ns(number * Timestamp::NS_PER_DAY)
}

/// `open high low close` of a day, with so much volume.
fn bar(number: i64, prices: &str, shares: i64) -> Bar {
    let [open, high, low, close] = *prices.split(' ').map(price).collect::<Vec<_>>() else { panic!("{prices}") };
    Bar { time: day(number), open, high, low, close, volume: Volume::from_shares(shares).expect("volume") }
}

fn venue(participation: &str) -> SimulatedVenue {
    let rules = VenueRules {
        market_fill: MarketFill::NextOpen,
        limit_fill: LimitFill::Touch,
        both_touched: BothTouched::StopFirst,
        due_exit: DueExit::ExitFirst,
        slippage: Slippage::None,
        slippage_on: CostScope::Both,
        commission: Commission::None,
        participation: ratio(participation),
        tick: Tick::UsEquity,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        extended_hours: false,
        leverage: 1,
    };
    SimulatedVenue::new(rules, Money::from_cents(10_000_000), 1)
}

/// A market entry of ten shares with a fixed stop and a target 2 % from its fill.
fn bracket(side: Side, stop: &str, trailing: bool) -> OrderRequest {
    let legs = ExitLegs {
        stop: Some(LegLevel::At(price(stop))),
        take_profit: Some(LegLevel::FractionFromFill(ratio("0.02"))),
        trailing,
        activation: LegActivation::NextBar,
        time_in_force: TimeInForce::Gtc,
        ..ExitLegs::NONE
    };
    OrderRequest {
        symbol: ONLY,
        side,
        size: OrderSize::Shares(shares()),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        class: OrderClass::Bracket,
        purpose: OrderPurpose::Entry,
        legs,
        extended_hours: false,
    }
}

fn shares() -> Quantity {
    Quantity::from_shares(10).expect("shares")
}

fn submission<'a>(request: &'a OrderRequest, last: &str) -> Submission<'a> {
    Submission {
        id: ENTRY,
        request,
        quantity: shares(),
        reduce_only: false,
        relies_on_exits: false,
        last: price(last),
        now: day(0),
        live_after: day(0),
        in_session: false,
    }
}

fn pass(venue: &mut SimulatedVenue, bar: &Bar) -> Vec<ExecutionEvent> {
    venue.open(&[(ONLY, bar)]);
    venue.after_open(&[(ONLY, bar)], MarketFill::NextOpen, true);
    let mut answers = Vec::new();
    venue.poll(&mut answers);
    answers
}

fn standing(venue: &SimulatedVenue, order: OrderId) -> (OrderKind, Price) {
    let standing = venue.standing(order).expect("it rests");
    (standing.kind, standing.trigger)
}

#[test]
fn a_target_that_its_fill_puts_across_the_stop_stays_where_it_was_sent() {
    // The close that decides is 100, the stop belongs to that close, and the open jumps over it.
    let mut venue = venue("1");
    venue.submit(&submission(&bracket(Side::Buy, "98", false), "100"));
    pass(&mut venue, &bar(1, "95 96 94 95", 1_000));
    assert_eq!(standing(&venue, STOP).1, price("98"));
    assert_eq!(standing(&venue, TARGET).0, OrderKind::Limit { limit: price("102") }, "not 96.90");
    // On its own side of the stop it is measured from the fill, as ever.
    let mut venue = self::venue("1");
    venue.submit(&submission(&bracket(Side::Buy, "90", false), "100"));
    pass(&mut venue, &bar(1, "95 96 94 95", 1_000));
    assert_eq!(standing(&venue, TARGET).0, OrderKind::Limit { limit: price("96.90") });
}

#[test]
fn a_trailing_stop_does_not_pass_its_target() {
    // A share a bar: the target is reached and waits for volume while the stop could trail beyond it.
    let mut venue = venue("0.01");
    venue.submit(&submission(&bracket(Side::Buy, "99", true), "100"));
    pass(&mut venue, &bar(1, "100 100.5 99.5 100", 1_000));
    assert_eq!(standing(&venue, TARGET).0, OrderKind::Limit { limit: price("102") });
    pass(&mut venue, &bar(2, "101 101.5 100.6 101", 200));
    assert_eq!(standing(&venue, STOP).1, price("100.5"), "it trails by a dollar");
    pass(&mut venue, &bar(3, "103 106 103 105", 200));
    assert_eq!(standing(&venue, STOP).1, price("100.5"), "105 would stand above the target's 102");
}

/// A short of ten whose trailing stop at 34.10 was jumped over; the other venue has told nothing of it but its fill.
fn gapped_short() -> SimulatedVenue {
    let mut venue = venue("1");
    venue.take_over(&submission(&bracket(Side::Sell, "34.10", true), "33.43"));
    venue.fill_reported(&Reported {
        order: ENTRY,
        symbol: ONLY,
        side: Side::Sell,
        purpose: OrderPurpose::Entry,
        parent: None,
        price: price("35.32"),
        reference: price("35.32"),
        quantity: shares(),
        time: day(1),
        traded_at: None,
        moment: FillMoment::Open,
        is_last: true,
    });
    assert_eq!(standing(&venue, STOP).1, price("34.10"));
    venue
}

#[test]
fn a_stop_that_a_bar_has_touched_does_not_follow_it() {
    let mut venue = gapped_short();
    venue.follow_bar(ONLY, &bar(2, "35.61 37.16 34.58 34.58", 1_000));
    assert_eq!(standing(&venue, STOP).1, price("34.10"), "it has come to its price and waits at its collar");
    // Untouched it trails by what lay between level and fill, and never backwards.
    venue.follow_bar(ONLY, &bar(3, "33.50 34 33 33.50", 1_000));
    assert_eq!(standing(&venue, STOP).1, price("34.10"), "33 + 1.22 would be farther");
    venue.follow_bar(ONLY, &bar(4, "33 33.50 32 33", 1_000));
    assert_eq!(standing(&venue, STOP).1, price("33.22"));
}

#[test]
fn a_stop_whose_target_has_ended_for_it_is_a_limit_at_its_collar_for_good() {
    let mut venue = gapped_short();
    venue.stop_reported(TARGET);
    assert_eq!(venue.standing(TARGET), None);
    let collared = OrderKind::StopLimit { stop: price("34.10"), limit: price("35.46") };
    assert_eq!(standing(&venue, STOP), (collared, price("34.10")));
    venue.follow_bar(ONLY, &bar(3, "33.50 34 33 33.50", 1_000));
    assert_eq!(standing(&venue, STOP), (collared, price("34.10")));
}
