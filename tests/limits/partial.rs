//! What fills in parts, at one close, or between two reviews: nothing is counted twice or forgotten.
use super::{FLAT, STILL, play};

/// A tenth of 600 shares a bar: of 100, 60 on the first and 40 on the next.
const THIN: &str = "100 101 99 100 600";

#[test]
fn a_reserve_becomes_position_without_being_counted_twice() {
    let set = &["execution.participation=0.1"];
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, THIN, THIN, FLAT]), ("BBB", &[FLAT; 4])];
    let limits: [(&[&str], &str, &str, &str); 6] = [
        (
            &["risk.max_position_size=0.15"],
            "1 submit X buy 50 market",
            "1 submit X buy 51 market",
            "position_size 15100 15000",
        ),
        (
            &["risk.max_gross_exposure=0.15"],
            "1 submit X buy 50 market symbol=BBB",
            "1 submit X buy 51 market symbol=BBB",
            "gross_exposure 15100 15000",
        ),
        (
            &["risk.max_correlated_exposure=0.15"],
            "1 submit X buy 50 market symbol=BBB",
            "1 submit X buy 51 market symbol=BBB",
            "correlated_exposure 15100 15000",
        ),
        (
            &["risk.max_portfolio_heat=0.15"],
            "1 submit X buy 50 market symbol=BBB",
            "1 submit X buy 51 market symbol=BBB",
            "portfolio_heat 15100 15000",
        ),
        (
            &["risk.max_open_positions=1"],
            "1 submit X buy 1 market",
            "1 submit X buy 1 market symbol=BBB",
            "open_positions 2 1",
        ),
        (
            &["risk.max_position_size=10"],
            "1 submit X buy 900 market symbol=BBB",
            "1 submit X buy 901 market symbol=BBB",
            "buying_power 90100 90000",
        ),
    ];
    for (limit, passes, over, refusal) in limits {
        let limit = [set, limit].concat();
        let with = |row| play(bars, &["0 submit A buy 100 market", row], &limit);
        let outcome = with(over);
        assert_eq!(outcome.fills[0], "A 2024-01-03 buy 60 @ 100", "60 held, 40 pending");
        assert_eq!(outcome.refusals, [format!("X {refusal}")]);
        assert!(with(passes).refusals.is_empty(), "{passes}: {:?}", with(passes).refusals);
    }
}

#[test]
fn what_is_taken_back_is_free_and_what_has_filled_is_not() {
    // 60 of 100 filled, the other 40 taken back at the next close: 40 are free at the close after.
    let set = &["execution.participation=0.1", "risk.max_position_size=0.1"];
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, THIN, "100 101 99 100 0", FLAT, FLAT])];
    let rows = ["0 submit A buy 100 market", "1 cancel A"];
    for (row, refused) in [
        ("1 submit X buy 1 market", Some("X position_size 10100 10000")),
        ("2 submit X buy 40 market", None),
        ("2 submit X buy 41 market", Some("X position_size 10100 10000")),
    ] {
        let outcome = play(bars, &[rows[0], rows[1], row], set);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{row}: {outcome:#?}");
    }
}

#[test]
fn a_stop_covers_what_has_filled_and_the_rest_is_pending_at_its_risk() {
    // 60 × 5 at the stop, 40 × 5 pending: 500 of 1,000 either way.
    let set = &["execution.participation=0.1", "risk.max_portfolio_heat=0.01"];
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, THIN, THIN, FLAT]), ("BBB", &[FLAT; 4])];
    let entry = "0 submit A buy 100 market order_class=oto stop_loss=95";
    for bar in 0..3 {
        let at = format!("{bar} submit X buy 100 market symbol=BBB order_class=oto stop_loss=95");
        assert!(play(bars, &[entry, &at], set).refusals.is_empty(), "{bar}");
        let over = format!("{bar} submit X buy 101 market symbol=BBB order_class=oto stop_loss=95");
        assert_eq!(play(bars, &[entry, &over], set).refusals, ["X portfolio_heat 1005 1000"], "{bar}");
    }
}

#[test]
fn a_fill_at_the_deciding_close_is_seen_by_the_next_and_not_by_its_neighbours() {
    // Both rows are reviewed before either fills: the first counts as pending for the second.
    let set = &["execution.market_fill=\"close\"", "risk.max_position_size=0.1"];
    for (row, refused) in [
        ("0 submit X buy 40 market", None),
        ("0 submit X buy 41 market", Some("X position_size 10100 10000")),
        ("1 submit X buy 40 market", None),
        ("1 submit X buy 41 market", Some("X position_size 10100 10000")),
    ] {
        let outcome = play(STILL, &["0 submit A buy 60 market", row], set);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{row}");
        assert_eq!(outcome.fills[0], "A 2024-01-02 buy 60 @ 100");
    }
}

#[test]
fn what_a_fill_at_a_close_costs_counts_in_the_session_after_it() {
    // A dollar a share on 1,000 shares, filled at the close that decided them: the session's close was 100,000
    // before it, so the loss is found at once, ends with the session, and is the next one's as well.
    let set = &[
        "execution.market_fill=\"close\"",
        "risk.max_daily_loss=0.01",
        "execution.commission={ kind = \"per_share\", value = \"1\" }",
        "risk.max_position_size=10",
        "account.leverage=2",
    ];
    let rows =
        ["0 submit A buy 1000 market", "1 submit B buy 1 market symbol=BBB", "2 submit C buy 1 market symbol=BBB"];
    let outcome = play(STILL, &rows, set);
    assert_eq!(outcome.refusals, ["B daily_loss"]);
    let halts = [
        "daily_loss 2024-01-02 to 2024-01-03 lost 1000 of 100000",
        "daily_loss 2024-01-03 to 2024-01-04 lost 1000 of 100000",
    ];
    assert_eq!(outcome.halts, halts);
}

#[test]
fn a_halt_takes_back_the_rest_and_leaves_the_stop_of_what_has_filled() {
    let set = &["execution.participation=0.1"];
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, THIN, "100 101 99 100", "100 101 94 96", FLAT])];
    let entry = "0 submit A buy 100 market order_class=oto stop_loss=95";
    let outcome = play(bars, &[entry, "1 halt"], set);
    assert_eq!(outcome.orders, ["A canceled", "A.stop filled"]);
    assert_eq!(outcome.fills, ["A 2024-01-03 buy 60 @ 100", "A.stop 2024-01-05 sell 60 @ 95"]);
}

#[test]
fn a_stop_is_for_what_is_left_after_an_exit() {
    // Half of 100 leave: 50 × 5 = 250 at stake, so 750 ÷ 5 = 150 more.
    let set = &["risk.max_portfolio_heat=0.01"];
    let rows = ["0 submit A buy 100 market order_class=oto stop_loss=95", "1 submit S sell 50 market"];
    for (shares, refused) in [(150, None), (151, Some("X portfolio_heat 1005 1000"))] {
        let x = format!("2 submit X buy {shares} market symbol=BBB order_class=oto stop_loss=95");
        let outcome = play(STILL, &[rows[0], rows[1], &x], set);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{outcome:#?}");
    }
}

#[test]
fn an_exit_in_dollars_takes_no_more_than_is_held_however_cheap_the_share_opens() {
    // 4,000 dollars are 40 of 50 shares at the close and 80 at the open: the exit ends at 50.
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, FLAT, "50 51 49 50", "50 51 49 50"])];
    let rows = ["0 submit A buy 50 market", "1 submit X sell - market notional=4000 time_in_force=day"];
    let outcome = play(bars, &rows, &["sizing.fractional=true"]);
    assert!(outcome.refusals.is_empty(), "{outcome:#?}");
    assert_eq!(outcome.fills, ["A 2024-01-03 buy 50 @ 100", "X 2024-01-04 sell 50 @ 50"]);
}

#[test]
fn an_entry_that_waits_risks_what_it_would_now() {
    // 100 × 5 at its approval, 100 × 15 at 110: 3,500 of 5,000 are left, 350 × 10.
    let dry = "110 111 109 110 0";
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, dry, dry, dry]), ("BBB", &[FLAT; 4])];
    let wait = "0 submit A buy 100 market order_class=oto stop_loss=95";
    for (shares, refused) in [(350, None), (351, Some("X portfolio_heat 5010 5000"))] {
        let x = format!("1 submit X buy {shares} market symbol=BBB order_class=oto stop_loss=90");
        let outcome = play(bars, &[wait, &x], &["risk.max_portfolio_heat=0.05"]);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{outcome:#?}");
    }
}

#[test]
fn a_stop_behind_the_price_of_its_entry_is_none() {
    let set = &["risk.max_portfolio_heat=0.01"];
    for (order, refusal) in [
        ("buy 11 market order_class=oto stop_loss=100.01", "portfolio_heat 1100 1000"),
        ("sell 11 market order_class=oto stop_loss=99.99", "portfolio_heat 1100 1000"),
        // Below its stop from the start: at 98 it fills beyond it.
        ("buy 11 limit limit_price=98 order_class=oto stop_loss=99", "portfolio_heat 1100 1000"),
    ] {
        assert_eq!(play(STILL, &[&format!("0 submit X {order}")], set).refusals, [format!("X {refusal}")], "{order}");
    }
}
