//! Which exits make room for an entry of the same moment (`cash_check = "fill"`), and what becomes of the entry where
//! they do not leave.
use super::{FLAT, STILL, play};

const FILL: &str = "account.cash_check=\"fill\"";
/// A bar on which nothing trades.
const DRY: &str = "100 101 99 100 0";
const REJECTED: &str = "B rejected (an exit that was to make room for the order has not filled)";
/// Half of the account is in TST; the other share is to take its place.
const HELD: &str = "0 submit A buy 500 market";
const BUY: &str = "1 submit B buy 500 market symbol=BBB";

/// How `B` ended under a limit of half the account on `limit`, and the refusals; it never went beyond that.
fn swap(bars: &[(&str, &[&str])], rows: &[&str]) -> (Option<String>, Vec<String>) {
    let half = &["risk.max_gross_exposure=0.5", "risk.max_portfolio_heat=0.5", FILL];
    let outcome = play(bars, &[&[HELD], rows].concat(), half);
    let most = outcome.heat.iter().map(|heat| heat.parse::<f64>().unwrap()).fold(0.0, f64::max);
    assert!(most <= 0.5, "{rows:?}: {outcome:#?}");
    (outcome.orders.iter().find(|order| order.starts_with("B ")).cloned(), outcome.refusals)
}

fn ended(bars: &[(&str, &[&str])], rows: &[&str], wanted: &str) {
    assert_eq!(swap(bars, rows), (Some(wanted.to_owned()), vec![]), "{rows:?}");
}

fn refused(rows: &[&str]) {
    let (_, refusals) = swap(STILL, rows);
    assert_eq!(refusals, ["B gross_exposure 100000 50000"], "{rows:?}");
}

#[test]
fn an_exit_at_the_market_of_the_same_moment_makes_room() {
    for exit in ["1 submit S sell 500 market", "1 submit S sell 500 market time_in_force=day", "1 flatten F symbol=TST"]
    {
        ended(STILL, &[exit, BUY], "B filled");
    }
    // Not before it is there, nor an exit that may fill later, at another moment, or for a price.
    refused(&[BUY, "1 submit S sell 500 market"]);
    for exit in ["cls", "opg", "ioc", "fok"] {
        refused(&[&format!("1 submit S sell 500 market time_in_force={exit}"), BUY]);
    }
    refused(&["1 submit S sell 500 limit limit_price=99", BUY]);
    refused(&["1 submit S sell 500 market", "1 cancel S", BUY]);
}

#[test]
fn an_exit_of_an_earlier_moment_makes_none() {
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT, FLAT, DRY, FLAT, FLAT]), ("BBB", &[FLAT; 5])];
    let (order, refusals) = swap(bars, &["1 submit S sell 500 market", "2 submit B buy 500 market symbol=BBB"]);
    assert_eq!(refusals, ["B gross_exposure 100000 50000"], "{order:?}");
}

#[test]
fn what_relies_on_an_exit_that_does_not_fill_is_rejected() {
    let of = |second: &'static str| [FLAT, FLAT, second, FLAT, FLAT];
    for (bar, exit) in [
        (DRY, "1 submit S sell 500 market"),
        (DRY, "1 flatten F symbol=TST"),
        // Of 500 shares 499 leave.
        ("100 101 99 100 499", "1 submit S sell 500 market"),
    ] {
        ended(&[("TST", &of(bar)), ("BBB", &[FLAT; 5])], &[exit, BUY], REJECTED);
    }
    // It waits for its price, not for the exit.
    let low = "1 submit B buy 500 limit limit_price=95 symbol=BBB";
    let fallen = [FLAT, FLAT, "100 101 94 95", FLAT, FLAT];
    ended(&[("TST", &of(DRY)), ("BBB", &fallen)], &["1 submit S sell 500 market", low], REJECTED);
    ended(&[("TST", &of(FLAT)), ("BBB", &fallen)], &["1 submit S sell 500 market", low], "B filled");
    let later = [FLAT, FLAT, FLAT, "100 101 94 95", FLAT];
    ended(&[("TST", &of(DRY)), ("BBB", &later)], &["1 submit S sell 500 market", low], "B filled");
}

#[test]
fn what_relies_on_an_exit_that_is_taken_back_is_rejected() {
    let dry: &[(&str, &[&str])] = &[("TST", &[FLAT, FLAT, DRY, FLAT, FLAT]), ("BBB", &[FLAT; 5])];
    let (sell, low) = ("1 submit S sell 500 market", "1 submit B buy 500 limit limit_price=95 symbol=BBB");
    ended(STILL, &[sell, BUY, "1 cancel S"], REJECTED);
    ended(STILL, &[sell, BUY, "1 flatten F symbol=TST"], REJECTED);
    // Days later, and for a part of it, and by the end of its day.
    ended(dry, &[sell, low, "2 cancel S"], REJECTED);
    ended(dry, &[sell, low, "2 replace S - 100"], REJECTED);
    ended(dry, &[&format!("{sell} time_in_force=day"), low], REJECTED);
}

#[test]
fn what_does_not_need_the_room_does_not_wait_for_it() {
    let dry: &[(&str, &[&str])] = &[("TST", &[FLAT, FLAT, DRY, FLAT, FLAT]), ("BBB", &[FLAT; 5])];
    let outcome = play(dry, &[HELD, "1 submit S sell 500 market", BUY, "1 cancel S"], &[FILL]);
    assert!(outcome.orders.contains(&"B filled".to_owned()), "{outcome:#?}");
}

#[test]
fn the_most_beside_an_exit_relies_on_it() {
    let half = &["risk.max_gross_exposure=0.5", FILL];
    let rows = [HELD, "1 submit S sell 500 market", "1 submit B buy max market symbol=BBB"];
    assert!(play(STILL, &rows, half).quantities.contains(&"B 500 of 500".to_owned()));
    let back = [&rows[..], &["1 cancel S"]].concat();
    assert!(play(STILL, &back, half).orders.contains(&REJECTED.to_owned()));
}

#[test]
fn what_leaves_keeps_no_margin() {
    // 200,000 at twice the equity, swapped whole: 60,000 to keep before and after, 120,000 were both held.
    let wide = &["account.leverage=2", "risk.max_position_size=10", FILL];
    let rows = ["0 submit A buy 1999 market", "1 submit S sell 1999 market", "1 submit B buy 1999 market symbol=BBB"];
    let outcome = play(STILL, &rows, wide);
    assert!(outcome.orders.contains(&"B filled".to_owned()), "{outcome:#?}");
    let alone = play(STILL, &[rows[0], rows[2]], wide);
    assert_eq!(alone.refusals, ["B maintenance_margin 119940 100000"]);
}
