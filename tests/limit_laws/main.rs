//! Laws of whole runs under tight limits, from their fills, orders and bars alone: halts begin and end where the
//! equity curve says, nothing is opened while halted, and no approval went over a limit.
//!
//! Each seed is a scenario written as files and run as the program runs it. `ALPHAFLOW_LIMIT_CASES` says how many
//! of each kind, `ALPHAFLOW_LIMIT_SEED` from which seed on; a failure names its seed, and `ALPHAFLOW_LIMIT_KEEP`
//! names a folder for its files.
#![allow(clippy::unwrap_used)]
mod cases;
#[path = "../realism_laws/draw.rs"]
#[allow(dead_code, reason = "its damaged scenarios are not for here")]
mod draw;
mod laws;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use laws::Tally;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} = {text} is no number")))
}

fn all(case: impl Fn(u64) -> cases::Files, default: u64) -> Tally {
    let (first, count) = (number("ALPHAFLOW_LIMIT_SEED", 0), number("ALPHAFLOW_LIMIT_CASES", default));
    let (mut tally, mut broken) = (Tally::new(), Vec::new());
    for seed in first..first + count {
        match catch_unwind(AssertUnwindSafe(|| laws::check(&case(seed), &mut tally))) {
            Ok(Ok(())) => {}
            Ok(Err(what)) => broken.push(format!("seed {seed}: {what}")),
            Err(_) => broken.push(format!("seed {seed}: a panic")),
        }
    }
    eprintln!("{tally:#?}");
    assert!(broken.is_empty(), "{} of {count}:\n{}", broken.len(), broken.join("\n"));
    let ran = tally.get("runs").copied().unwrap_or(0);
    assert!(ran * 10 >= count * 9, "{ran} of {count} ran");
    tally
}

fn each_was_seen(tally: &Tally, names: &[&str]) {
    let never: Vec<_> = names.iter().filter(|name| !tally.contains_key(**name)).collect();
    assert!(never.is_empty(), "never seen: {never:?}");
}

#[test]
fn limits_hold_whatever_is_drawn() {
    let tally = all(cases::drawn, if cfg!(debug_assertions) { 150 } else { 600 });
    each_was_seen(
        &tally,
        &[
            "approvals",
            "buying_power",
            "correlated_exposure",
            "daily loss, lifted",
            "daily_loss",
            "drawdown",
            "drawdown at the end",
            "drawdown, resumed",
            "exits while halted",
            "gross_exposure",
            "halted",
            "open_positions",
            "order_notional",
            "orders_per_minute",
            "portfolio_heat",
            "position_size",
            "price_collar",
        ],
    );
}

#[test]
fn limits_hold_where_quiet_bars_pass_together() {
    let tally = all(cases::quiet, if cfg!(debug_assertions) { 40 } else { 200 });
    let seen =
        ["approvals", "daily loss, lifted", "daily_loss", "drawdown", "drawdown at the end", "exits while halted"];
    each_was_seen(&tally, &seen);
}
