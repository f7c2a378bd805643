//! Orders and fills: never before their time, never outside the bar, never more than was approved.
use std::collections::BTreeMap;

use alphaflow::domain::{Bar, Fill, Money, OrderKind, Price, Quantity, Side};
use alphaflow::engine::{Journal, OrderOutcome, OrderRecord};
use alphaflow::scenario::MarketData;
use alphaflow::scenario::spec::SlippageRule;

use super::harness::Harness;
use super::world::{CASES, Case, SYMBOLS, times, truncated};

fn bar<'a>(market: &'a MarketData, fill: &Fill) -> &'a Bar {
    let bars = &market.bars[fill.symbol.get()];
    &bars[bars.binary_search_by_key(&fill.time, |bar| bar.time).unwrap()]
}

fn record<'a>(journal: &'a Journal, fill: &Fill) -> &'a OrderRecord {
    &journal.orders[fill.order.0 as usize - 1]
}

fn each_run(look: impl Fn(&Case, &MarketData, &Journal)) {
    for case in CASES {
        for seed in 20..24 {
            let market = case.market(seed);
            look(case, &market, &case.run(&market));
        }
    }
}

#[test]
fn an_order_fills_after_the_bar_that_decided_it() {
    each_run(|case, _, journal| {
        for fill in &journal.fills {
            let order = record(journal, fill);
            let at_once = case.fills_at_once() && order.request.kind == OrderKind::Market;
            let in_time = if at_once { fill.time >= order.decided_at } else { fill.time > order.decided_at };
            assert!(in_time, "{}: {fill:?} of {order:?}", case.name);
            assert_eq!((fill.symbol, fill.side), (order.request.symbol, order.request.side), "{}", case.name);
        }
    });
}

#[test]
fn orders_of_the_last_bar_do_not_fill() {
    each_run(|case, market, journal| {
        let last = *times(market).last().unwrap();
        let late = |fill: &&Fill| record(journal, fill).decided_at >= last;
        assert!(case.fills_at_once() || journal.fills.iter().find(late).is_none(), "{}", case.name);
    });
}

#[test]
fn no_fill_lies_outside_its_bar_but_by_slippage() {
    each_run(|case, market, journal| {
        let slippage = case.load(&["SYN"]).spec.execution.slippage.rule;
        for fill in &journal.fills {
            let bar = bar(market, fill);
            assert!(bar.low <= fill.reference && fill.reference <= bar.high, "{}: {fill:?} on {bar:?}", case.name);
            assert!(!bar.volume.is_zero(), "{}: {fill:?} on a bar without volume", case.name);
            // A limit waits for its price; everything else takes what there is, a buy stop up to its collar.
            let kind = record(journal, fill).request.kind;
            let takes = !matches!(kind, OrderKind::Limit { .. });
            let collared = matches!(kind, OrderKind::Stop { .. }) && fill.side == Side::Buy;
            let distance = match slippage {
                SlippageRule::Bps(share) if takes => fill.reference.scaled(share).units(),
                SlippageRule::PerShare(price) if takes => price.units(),
                _ => 0,
            };
            let worse = match fill.side {
                Side::Buy => fill.price.units() - fill.reference.units(),
                Side::Sell => fill.reference.units() - fill.price.units(),
            };
            let pays = if collared { (0..=distance + 1).contains(&worse) } else { (worse - distance).abs() <= 1 };
            assert!(pays, "{}: {fill:?} pays {worse}, not {distance}", case.name);
            assert!(fill.fee >= Money::ZERO && fill.quantity > Quantity::ZERO && fill.price > Price::ZERO);
        }
    });
}

#[test]
fn an_order_takes_its_part_of_a_bars_volume_at_most() {
    let mut partly = 0;
    for case in CASES {
        let participation = case.load(&["SYN"]).spec.execution.participation;
        let market = case.market(20);
        let journal = case.run(&market);
        let mut taken: BTreeMap<(u64, i64), Quantity> = BTreeMap::new();
        for fill in &journal.fills {
            let sum = taken.entry((fill.order.0, fill.time.ns())).or_default();
            *sum += fill.quantity;
            let most = bar(&market, fill).volume.share(participation);
            assert!(*sum <= most, "{}: {sum} of {most} for {fill:?}", case.name);
        }
        let bars_of = |order: u64| taken.keys().filter(|(of, _)| *of == order).count();
        partly += journal.orders.iter().filter(|order| bars_of(order.id.0) > 1).count();
    }
    assert!(partly > 0, "some order of the thin case is filled over several bars");
}

#[test]
fn refused_orders_never_fill_and_no_order_fills_beyond_its_approval() {
    let mut refused = 0;
    for case in CASES {
        for seed in 20..24 {
            let journal = case.run(&case.market(seed));
            let mut filled = vec![Quantity::ZERO; journal.orders.len()];
            for fill in &journal.fills {
                filled[fill.order.0 as usize - 1] += fill.quantity;
            }
            for (order, filled) in journal.orders.iter().zip(filled) {
                assert_eq!(order.filled, filled, "{}: {order:?}", case.name);
                if matches!(order.outcome, OrderOutcome::Refused) {
                    refused += 1;
                    assert_eq!(filled, Quantity::ZERO, "{}: {order:?}", case.name);
                }
                // A share of cash is approved in dollars; legs are sized to what their entry has filled.
                let in_shares = !case.sizing.contains("cash_fraction") && order.parent().is_none();
                assert!(!in_shares || filled <= order.quantity, "{}: {order:?}", case.name);
                if let Some(parent) = order.parent() {
                    let entered = journal.orders[parent.0 as usize - 1].filled;
                    assert!(filled <= entered, "{}: a leg beyond its entry: {order:?}", case.name);
                }
            }
            let listed = journal.refusals.iter().map(|refusal| refusal.order);
            let marked = journal.orders.iter().filter(|order| matches!(order.outcome, OrderOutcome::Refused));
            assert!(listed.eq(marked.map(|order| order.id)), "{}", case.name);
        }
    }
    assert!(refused > 0, "some order is refused");
}

/// Exits shrink and never flip; without shorts no position is ever below zero.
#[test]
fn positions_go_to_zero_and_not_through_it() {
    each_run(|case, _, journal| {
        let shorts = case.account.contains("allow_short = true");
        let mut held = [Quantity::ZERO; SYMBOLS.len()];
        for fill in &journal.fills {
            let before = held[fill.symbol.get()];
            let after = before + fill.quantity.signed(fill.side);
            held[fill.symbol.get()] = after;
            assert!(shorts || after >= Quantity::ZERO, "{}: {fill:?} leaves {after}", case.name);
            let flips = before.units().signum() * after.units().signum() < 0;
            assert!(!flips, "{}: {fill:?} turns {before} into {after}", case.name);
        }
    });
}

/// Reserves are those of open approvals at every length of a run, and nothing when nothing is open.
#[test]
fn reserves_are_those_of_open_orders() {
    let (mut empty, mut waiting) = (0, 0);
    let case = CASES.iter().find(|case| !case.is_daily()).unwrap();
    let whole = case.market(30);
    for until in times(&whole).into_iter().step_by(5) {
        let part = truncated(&whole, until, case.is_daily());
        let bars: Vec<&[Bar]> = part.bars.iter().map(Vec::as_slice).collect();
        let mut harness = Harness::new(bars.len());
        harness.replay(&bars, &part.sessions);
        let gate = harness.engine.gate();
        let sum: Money = gate.open().iter().map(|open| open.reserve).sum();
        assert_eq!(gate.reserved(), sum);
        if gate.open().iter().all(|open| open.reduces) {
            assert_eq!(gate.reserved(), Money::ZERO);
            empty += 1;
        } else {
            waiting += 1;
        }
        let open: Vec<u64> = gate.open().iter().map(|open| open.order.0).collect();
        let journal = harness.engine.finish();
        for order in open {
            let record = journal.orders[order as usize - 1];
            assert!(matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open()), "{record:?}");
        }
    }
    assert!(empty > 0 && waiting > 0, "{empty} {waiting}");
}
