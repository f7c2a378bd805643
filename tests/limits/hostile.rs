//! What walked round the limits once: each test is one way, found by a hostile reader, and says what holds instead.
use super::{STILL, play};

const FILL: &str = "account.cash_check=\"fill\"";

/// The most heat there was; without a stop and at $100 a share it is gross exposure.
fn hottest(heat: &[String]) -> f64 {
    heat.iter().map(|heat| heat.parse::<f64>().unwrap()).fold(0.0, f64::max)
}

#[test]
fn an_exit_that_is_taken_back_makes_no_room() {
    let half = &["risk.max_gross_exposure=0.5", "risk.max_portfolio_heat=0.5", FILL];
    let rows = [
        "0 submit A buy 500 market",
        "1 submit S sell 500 market",
        "1 submit B buy 500 market symbol=BBB",
        "1 cancel S",
    ];
    let heat = play(STILL, &rows, half).heat;
    assert!(hottest(&heat) <= 0.5, "{heat:?}");
}

#[test]
fn an_exit_at_the_close_makes_no_room_at_the_open() {
    let half = &["risk.max_gross_exposure=0.5", FILL];
    let rows = [
        "0 submit A buy 500 market",
        "1 submit S sell 500 market time_in_force=cls",
        "1 submit B buy 500 market symbol=BBB",
    ];
    let outcome = play(STILL, &rows, half);
    assert_eq!(outcome.refusals, ["B gross_exposure 100000 50000"], "{:?}", outcome.fills);
}

#[test]
fn an_exit_without_volume_makes_no_room() {
    let half = &["risk.max_gross_exposure=0.5", FILL];
    let dry = ["100 101 99 100", "100 101 99 100", "100 101 99 100 0", "100 101 99 100 0"];
    let rows = ["0 submit A buy 500 market", "1 submit S sell 500 market", "1 submit B buy 500 market symbol=BBB"];
    let heat = play(&[("TST", &dry), STILL[1]], &rows, half).heat;
    assert!(hottest(&heat) <= 0.5, "{heat:?}");
}

#[test]
fn a_limit_is_not_raised_to_the_market_while_halted() {
    let rows = ["1 submit L buy 50 limit limit_price=95", "2 halt", "2 replace L - - - limit_price=100"];
    assert_eq!(play(STILL, &rows, &[]).refusals, ["L halted"]);
}

#[test]
fn a_change_keeps_within_the_collar_on_both_sides() {
    let rows = ["0 submit L sell 100 limit limit_price=101.5", "1 replace L - - - limit_price=0.01"];
    assert_eq!(play(STILL, &rows, &["risk.price_collar=0.02"]).refusals, ["L price_collar 0.01 98"]);
}

#[test]
fn what_is_left_of_an_entry_risks_as_much_as_its_stop_says_now() {
    let bars = ["100 101 99 100", "100 101 99 100 1000", "100 101 99 100 0", "100 101 99 100"];
    let rows = [
        "0 submit A buy 500 market order_class=oto stop_loss=98",
        "1 replace A.stop - - - stop_price=80",
        "2 submit X buy 220 market symbol=BBB order_class=oto stop_loss=90",
    ];
    let set = &["risk.max_portfolio_heat=0.12", "execution.participation=0.1"];
    // 500 × 20 + 220 × 10.
    let outcome = play(&[("TST", &bars), STILL[1]], &rows, set);
    assert_eq!(outcome.refusals, ["X portfolio_heat 12200 12000"], "{:?}", outcome.heat);
}

#[test]
fn a_stop_that_the_price_has_passed_protects_nothing() {
    let bars = ["100 101 99 100", "100 101 99 100", "150 150 150 150", "150 150 150 150"];
    let rows = [
        "0 submit A sell 300 market order_class=oto stop_loss=105",
        "2 submit X buy 400 market symbol=BBB order_class=oto stop_loss=90",
    ];
    let outcome = play(&[("TST", &bars), STILL[1]], &rows, &["risk.max_portfolio_heat=0.05"]);
    assert_eq!(outcome.refusals, ["X portfolio_heat 49000 4250"], "{:?}", outcome.heat);
}

#[test]
fn the_most_passes_with_margin() {
    let cheap = ["2 2 2 2"; 4];
    let set = &["account.leverage=2", "risk.max_position_size=10"];
    let outcome = play(&[("TST", &cheap)], &["0 submit A buy max market"], set);
    assert!(outcome.refusals.is_empty(), "{:?}", outcome.refusals);
    let trim = &[set[0], set[1], "risk.on_breach=\"trim\"", "risk.max_order_notional=150000"];
    let outcome = play(&[("TST", &cheap)], &["0 submit A buy 100000 market"], trim);
    assert!(outcome.refusals.is_empty(), "{:?}", outcome.refusals);
}

#[test]
fn margin_holds_where_buys_are_tested_at_their_open() {
    let cheap = ["2 2 2 2"; 4];
    let set = &["account.leverage=2", "risk.max_position_size=10", FILL];
    let outcome = play(&[("TST", &cheap)], &["0 submit A buy 100000 market"], set);
    assert!(outcome.fills.len() < 2, "{:?}", outcome.fills);
}

#[test]
fn the_most_of_a_cheap_share_is_not_nothing() {
    let cheap = ["0.0001 0.0001 0.0001 0.0001 9000000000000"; 4];
    let set = &[
        "account.cash=1000000",
        "execution.venue_rules=\"none\"",
        "risk.on_breach=\"trim\"",
        "risk.max_position_size=0.1",
    ];
    for row in ["0 submit A buy max market", "0 submit A buy 5000000000 market"] {
        let outcome = play(&[("TST", &cheap)], &[row], set);
        assert!(outcome.refusals.is_empty(), "{row}: {:?}", outcome.refusals);
    }
}
