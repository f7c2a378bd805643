//! What may become of the stop that protects a position: it is held to what an entry that risks as much is held to.
use super::{FLAT, STILL, play};

/// 100 × 5 of 1,000 at risk.
const HELD: &str = "0 submit A buy 100 market order_class=bracket stop_loss=95 take_profit=150";
const HEAT: &[&str] = &["risk.max_portfolio_heat=0.01"];

fn refusals(rows: &[&str], set: &[&str]) -> Vec<String> {
    play(STILL, rows, set).refusals
}

#[test]
fn a_stop_moves_away_as_far_as_the_limit_on_heat() {
    for (change, refused) in [
        ("1 replace A.stop - - - stop_price=90", None),
        ("1 replace A.stop - - - stop_price=89.99", Some("A.stop portfolio_heat 1001 1000")),
        ("1 replace A.stop - - - stop_price=99", None),
    ] {
        assert_eq!(refusals(&[HELD, change], HEAT).first().map(String::as_str), refused, "{change}");
    }
    // A short's; and one that somebody wrote.
    let short = "0 submit A sell 100 market order_class=oto stop_loss=105";
    assert!(refusals(&[short, "1 replace A.stop - - - stop_price=110"], HEAT).is_empty());
    let over = refusals(&[short, "1 replace A.stop - - - stop_price=110.01"], HEAT);
    assert_eq!(over, ["A.stop portfolio_heat 1001 1000"]);
    let own = ["0 submit A buy 10 market", "1 submit S sell 10 stop stop_price=95"];
    let away = [&own[..], &["2 replace S - - - stop_price=20"]].concat();
    assert!(refusals(&away, HEAT).is_empty());
    let bought = "2 submit B buy 80 market symbol=BBB order_class=oto stop_loss=95";
    let away = [&own[..], &[bought, "3 replace S - - - stop_price=20"]].concat();
    assert_eq!(refusals(&away, HEAT), ["S portfolio_heat 1200 1000"]);
}

#[test]
fn a_trail_widens_as_far_as_the_limit_on_heat() {
    let own = ["0 submit A buy 100 market", "1 submit S sell 100 trailing_stop trail_price=5"];
    let set = &["risk.max_portfolio_heat=0.1"];
    for (change, refused) in [
        ("3 replace S - - - trail_price=4", None),
        ("3 replace S - - - trail_price=50", None),
        ("3 replace S - - - trail_price=60", Some("S portfolio_heat 11000 10000")),
    ] {
        let other = "2 submit B buy 50 market symbol=BBB";
        let outcome = play(STILL, &[own[0], own[1], other, change], set);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{change}: {outcome:#?}");
    }
}

#[test]
fn a_stop_is_not_taken_away_over_the_limit_on_heat() {
    let wide = &["risk.max_portfolio_heat=0.1"];
    for cancel in ["1 cancel A.stop", "1 cancel A.take_profit"] {
        // Bare, the position counts in full: 100 × 100.
        let of = &cancel[9..];
        assert_eq!(refusals(&[HELD, cancel], HEAT), [format!("{of} portfolio_heat 10000 1000")]);
        let outcome = play(STILL, &[HELD, cancel], wide);
        assert!(outcome.refusals.is_empty(), "{outcome:#?}");
        assert_eq!(outcome.heat.last().map(String::as_str), Some("0.1"));
    }
    // A pair that somebody wrote: for fewer shares it covers fewer, and it goes whole.
    let pair = ["0 submit A buy 10 market", "1 submit P sell 10 limit order_class=oco take_profit=150 stop_loss=95"];
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 5]), ("BBB", &[FLAT; 5])];
    // 50 of 1,000 at risk, and 90 × 5 = 450 more.
    let more = "2 submit B buy 90 market symbol=BBB order_class=oto stop_loss=95";
    for (row, refused) in [
        ("3 replace P - 5", None),
        ("3 replace P - 4", Some("P portfolio_heat 1070 1000")),
        ("3 cancel P", Some("P portfolio_heat 1450 1000")),
    ] {
        let outcome = play(bars, &[&pair[..], &[more, row]].concat(), HEAT);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{row}: {outcome:#?}");
    }
}

#[test]
fn a_halt_neither_forbids_nor_allows_it() {
    for (row, refused) in [
        ("2 replace A.stop - - - stop_price=96", None),
        ("2 replace A.stop - - - stop_price=90", None),
        ("2 replace A.stop - - - stop_price=89.99", Some("A.stop portfolio_heat 1001 1000")),
        ("2 cancel A.stop", Some("A.stop portfolio_heat 10000 1000")),
    ] {
        assert_eq!(refusals(&[HELD, "1 halt", row], HEAT).first().map(String::as_str), refused, "{row}");
    }
    // What leaves takes the legs with it.
    let out = play(STILL, &[HELD, "1 halt", "2 submit X sell 100 market"], HEAT);
    assert!(out.orders.contains(&"X filled".to_owned()) && out.refusals.is_empty(), "{out:#?}");
}

#[test]
fn legs_of_a_day_leave_the_position_bare_and_entries_meet_that() {
    let day = "0 submit A buy 10 market order_class=oto stop_loss=95 time_in_force=day";
    for (bar, shares, refused) in [
        // Sent at the close of day 0 for day 1, at whose close the stop expires: 10 × 100 of 1,000.
        (0, 190, None),
        (0, 191, Some("X portfolio_heat 1005 1000")),
        (1, 1, Some("X portfolio_heat 1005 1000")),
    ] {
        let x = format!("{bar} submit X buy {shares} market symbol=BBB order_class=oto stop_loss=95");
        let outcome = play(STILL, &[day, &x], HEAT);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{x}: {outcome:#?}");
        assert!(outcome.orders.contains(&"A.stop expired".to_owned()), "{outcome:#?}");
    }
}

#[test]
fn an_account_that_has_nothing_left_has_no_heat() {
    // 900 sold short at 100; at 250 the account is worth 190,000 − 225,000.
    let up = "250 250 250 250";
    let outcome = play(&[("TST", &[FLAT, FLAT, up, up])], &["0 submit A sell 900 market"], &[]);
    assert_eq!(outcome.heat, ["0", "0.9", "", ""]);
}
