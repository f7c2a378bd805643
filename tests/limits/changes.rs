//! A change of a resting order is held to the limits the order was held to.
use super::{STILL, play};

/// At the close of bar 1 order `A`, resting since bar 0, is changed: what passes, and what is refused why.
fn check(set: &[&str], order: &str, passes: &[&str], refused: &[(&str, &str)]) {
    let with = |change: &str| play(STILL, &[&format!("0 submit A {order}"), &format!("1 replace A {change}")], set);
    for change in passes {
        let outcome = with(change);
        assert!(outcome.refusals.is_empty(), "{set:?} {order} to {change}: {outcome:#?}");
    }
    for (change, refusal) in refused {
        assert_eq!(with(change).refusals, [format!("A {refusal}")], "{set:?} {order} to {change}");
    }
}

#[test]
fn an_order_cannot_grow_over_a_limit() {
    let resting = "buy 50 limit limit_price=95";
    for (set, need) in [
        ("risk.max_position_size=0.1", "position_size"),
        ("risk.max_order_notional=10000", "order_notional"),
        ("risk.max_gross_exposure=0.1", "gross_exposure"),
        ("risk.max_portfolio_heat=0.1", "portfolio_heat"),
    ] {
        check(
            &[set],
            resting,
            &["- 100", "- 49", "- - - limit_price=96"],
            &[("- 101", &format!("{need} 10100 10000"))],
        );
    }
    let wide = "risk.max_position_size=10";
    check(&[wide], resting, &["- 1000"], &[("- 1001", "buying_power 100100 100000")]);
    let collar = &["risk.price_collar=0.1"];
    let dear = ("- - - limit_price=110.01", "price_collar 110.01 110");
    check(collar, resting, &["- - - limit_price=110", "- - - limit_price=90"], &[dear]);
    // One that becomes cheaper is not measured, however far it goes: it asks for less.
    check(collar, resting, &["- - - limit_price=80"], &[]);
}

#[test]
fn a_change_of_an_entry_with_a_stop_is_measured_by_what_it_risks() {
    // 3 from the limit, 5 from the close to the stop: 100 × 5 = 500 of 1,000.
    let order = "buy 100 limit limit_price=98 order_class=oto stop_loss=95";
    let set = &["risk.max_portfolio_heat=0.01"];
    check(set, order, &["- 50", "- 200", "- - - limit_price=97"], &[("- 201", "portfolio_heat 1005 1000")]);
}

#[test]
fn what_a_change_has_become_is_what_counts() {
    let set = &["risk.max_portfolio_heat=0.01"];
    let order = "0 submit A buy 100 limit limit_price=98 order_class=oto stop_loss=95";
    let held = "0 submit A buy 100 market order_class=oto stop_loss=95";
    for (before, change, passes, over) in [
        // Half as many: 50 × 5, so 150 more.
        (order, "1 replace A - 50", 150, 151),
        // Twice as many: nothing is left.
        (order, "1 replace A - 200", 0, 1),
        // The stop of a position nearer: 100 × 3, so 140 more; farther: 100 × 8, so 40 more.
        (held, "1 replace A.stop - - - stop_price=97", 140, 141),
        (held, "1 replace A.stop - - - stop_price=92", 40, 41),
    ] {
        let with = |shares: i32| {
            let x = format!("2 submit X buy {shares} market symbol=BBB order_class=oto stop_loss=95");
            let rows = [before, change, &x];
            play(STILL, &rows[..if shares > 0 { 3 } else { 2 }], set)
        };
        let outcome = with(passes);
        assert!(outcome.refusals.is_empty(), "{change}, {passes}: {outcome:#?}");
        assert_eq!(with(over).refusals, ["X portfolio_heat 1005 1000"], "{change}, {over}");
    }
}
