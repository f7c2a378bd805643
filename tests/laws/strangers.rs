//! What must not matter does not: a share that is never traded, and the order of the symbols.
use alphaflow::domain::{Bar, Fill, Money, Volume};
use alphaflow::scenario::run;

use super::world::{CASES, Case, SYMBOLS, market};

/// A share that never moves, on the same times: no rule of the cases ever enters it.
fn still(like: &[Bar]) -> Vec<Bar> {
    let price = "50".parse().unwrap();
    let bar = |bar: &Bar| Bar {
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Volume::from_shares(1_000_000).unwrap(),
        time: bar.time,
    };
    like.iter().map(bar).collect()
}

#[test]
fn a_share_that_never_trades_changes_nothing() {
    // `rsi` of a price without change is defined by its library and may signal; a choice among all
    // symbols may fall on any.
    let indifferent = |case: &&Case| !case.strategy.contains("rsi") && !case.strategy.contains("cross_sectional");
    for case in CASES.iter().filter(indifferent) {
        let alone = case.market(40);
        let mut bars = alone.bars.clone();
        bars.push(still(&bars[0]));
        let with = market(bars, case.is_daily());
        let loaded = case.load(&[SYMBOLS[0], SYMBOLS[1], SYMBOLS[2], "DULL"]);
        let (one, other) = (case.run(&alone), run(&loaded, &with).unwrap());
        assert_eq!(one.fills, other.fills, "{}", case.name);
        assert_eq!(one.equity, other.equity, "{}", case.name);
        assert_eq!(one.refusals, other.refusals, "{}", case.name);
    }
}

/// A share alone goes the short way over quiet bars; beside one that never trades it goes the long way.
#[test]
fn a_share_alone_is_traded_as_beside_a_stranger() {
    let indifferent = |case: &&Case| !case.strategy.contains("rsi") && !case.strategy.contains("cross_sectional");
    for case in CASES.iter().filter(indifferent) {
        for seed in 42..46 {
            let bars = case.market(seed).bars.swap_remove(0);
            let beside = market(vec![bars.clone(), still(&bars)], case.is_daily());
            let alone = market(vec![bars], case.is_daily());
            let loaded = case.load(&[SYMBOLS[0], "DULL"]);
            let (one, other) = (case.run(&alone), run(&loaded, &beside).unwrap());
            assert_eq!(one.fills, other.fills, "{}", case.name);
            assert_eq!(one.equity, other.equity, "{}", case.name);
            assert_eq!(one.orders, other.orders, "{}", case.name);
            assert_eq!(one.stops, other.stops, "{}", case.name);
        }
    }
}

/// With money for everyone, each share is traded as if it were alone, wherever it stands in the list.
#[test]
fn the_order_of_symbols_does_not_matter_when_money_does_not_bind() {
    // A choice among all symbols buys shares of all equity, so money always binds.
    for case in CASES.iter().filter(|case| !case.strategy.contains("cross_sectional")) {
        let rich = Case {
            account: "cash = \"100000000\"\nleverage = 1\nallow_short = true",
            sizing: "kind = \"fixed_shares\"\nvalue = 10",
            ..*case
        };
        let forward = rich.market(41);
        let mut bars = forward.bars.clone();
        bars.reverse();
        let backward = market(bars, case.is_daily());
        let (one, other) = (rich.run(&forward), rich.run(&backward));
        for symbol in 0..SYMBOLS.len() {
            // Numbers of orders count all symbols together, so they differ.
            let of = |fills: &[Fill], at: usize| -> Vec<(i64, i64, i64, Money)> {
                let of_symbol = fills.iter().filter(|fill| fill.symbol.get() == at);
                of_symbol
                    .map(|fill| (fill.time.ns(), fill.quantity.signed(fill.side).units(), fill.price.units(), fill.fee))
                    .collect()
            };
            let there = SYMBOLS.len() - 1 - symbol;
            assert_eq!(of(&one.fills, symbol), of(&other.fills, there), "{}", case.name);
        }
        assert_eq!(one.equity, other.equity, "{}", case.name);
    }
}
