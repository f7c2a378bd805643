//! Prices and cash in another unit are the same run: a power of two times everything, exactly.
//!
//! Exact where nothing is rounded to a fixed step: no ticks, percent stops on whole cents, costs that
//! are fractions. An ATR stop is rounded to a billionth of a dollar and so scales only to that.
use alphaflow::domain::{Fill, Money, Price};
use alphaflow::engine::Journal;
use alphaflow::scenario::run;

use super::world::{Case, SYMBOLS, scaled};

const SCALABLE: Case = Case {
    name: "scale",
    timeframe: "1d",
    account: "",
    strategy: "",
    sizing: "",
    execution: "venue_rules = \"none\"\ncommission = { kind = \"bps\", value = \"1\" }",
    stop: "[stop]\nkind = \"percent\"\nvalue = \"0.03\"",
    breach: "reject",
};

const STRATEGIES: &[&str] = &[
    "name = \"ma_crossover\"\nparams = { fast_period = 3, slow_period = 8 }",
    "name = \"rsi_mean_reversion\"\nparams = { rsi_period = 3, oversold = 35, overbought = 65 }",
    "name = \"momentum\"\nparams = { lookback_period = 4, momentum_threshold = 0.01 }",
    "name = \"donchian_breakout\"\nparams = { entry_lookback = 6, exit_lookback = 3 }",
    "name = \"buy_and_hold\"",
];

/// The journal of one strategy with one sizing at `factor` times every dollar.
fn play(strategy: &'static str, sizing: &dyn Fn(i64) -> &'static str, factor: i64) -> (Journal, Vec<Money>) {
    let account = match factor {
        1 => "cash = \"64000\"",
        8 => "cash = \"512000\"",
        _ => "cash = \"65536000\"",
    };
    let case = Case { account, strategy, sizing: sizing(factor), ..SCALABLE };
    let market = scaled(&SCALABLE.market(11), factor);
    let journal = run(&case.load(&SYMBOLS), &market).unwrap();
    let curve = case.curve(&market, &journal);
    (journal, curve)
}

fn assert_scales(strategy: &'static str, sizing: &dyn Fn(i64) -> &'static str) {
    let (plain, curve) = play(strategy, sizing, 1);
    assert!(plain.fills.len() >= 2, "{strategy}: {} fills", plain.fills.len());
    for factor in [8, 1024] {
        let (times, times_curve) = play(strategy, sizing, factor);
        let price = |price: Price| Price::from_units(price.units() * factor).unwrap();
        let money = |money: Money| Money::from_units(money.units() * i128::from(factor));
        let fill = |fill: &Fill| Fill {
            price: price(fill.price),
            reference: price(fill.reference),
            fee: money(fill.fee),
            ..*fill
        };
        assert_eq!(times.fills, plain.fills.iter().map(fill).collect::<Vec<_>>(), "{strategy} times {factor}");
        assert_eq!(times_curve, curve.iter().map(|equity| money(*equity)).collect::<Vec<_>>());
        assert_eq!(times.orders.len(), plain.orders.len());
        assert_eq!(times.refusals.len(), plain.refusals.len());
    }
}

#[test]
fn a_share_of_equity_scales() {
    for strategy in STRATEGIES {
        assert_scales(strategy, &|_| "kind = \"equity_fraction\"\nvalue = \"0.30\"");
        assert_scales(strategy, &|_| "kind = \"risk_fraction\"\nvalue = \"0.01\"");
        assert_scales(strategy, &|_| "kind = \"fixed_shares\"\nvalue = 100");
    }
}

#[test]
fn dollars_scale_with_their_unit() {
    for strategy in STRATEGIES {
        assert_scales(strategy, &|factor| match factor {
            1 => "kind = \"notional\"\nvalue = \"20000\"",
            8 => "kind = \"notional\"\nvalue = \"160000\"",
            _ => "kind = \"notional\"\nvalue = \"20480000\"",
        });
    }
}
