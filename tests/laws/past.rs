//! The future does not reach back: no order, fill or mark depends on a bar that has not closed.
use alphaflow::domain::{Bar, OrderPurpose, Timestamp};
use alphaflow::engine::{Journal, OrderOutcome, OrderRecord};
use alphaflow::scenario::MarketData;

use super::world::{CASES, Case, SYMBOLS, market, series, times, truncated};

/// What of an order was known when it was decided: level and size of a leg, and any fate, come later; so
/// does the size of an order that is measured or trimmed at its fill, or of an exit that others shrink.
fn decided(case: &Case, record: &OrderRecord) -> OrderRecord {
    let mut record = *record;
    record.filled = alphaflow::domain::Quantity::ZERO;
    let is_entry = record.request.purpose == OrderPurpose::Entry;
    if !is_entry || case.sizing.contains("cash_fraction") || case.account.contains("\"fill\"") {
        record.quantity = alphaflow::domain::Quantity::ZERO;
    }
    if record.parent().is_some() {
        record.request.kind = alphaflow::domain::OrderKind::Market;
        record.quantity = alphaflow::domain::Quantity::ZERO;
    }
    if let OrderOutcome::Sent(status) = &mut record.outcome {
        *status = alphaflow::domain::OrderStatus::Submitted;
    }
    record
}

/// `long` up to the close of `until` is `short`, which ended there or went on elsewhere.
fn assert_same_past(case: &Case, long: (&MarketData, &Journal), short: (&MarketData, &Journal), until: Timestamp) {
    let context = || format!("{} until {until}", case.name);
    let curve = |(market, journal): (&MarketData, &Journal)| {
        let steps = times(market).iter().filter(|time| **time <= until).count();
        case.curve(market, journal)[..steps].to_vec()
    };
    assert_eq!(curve(long), curve(short), "{}: equity", context());
    let (long, short) = (long.1, short.1);
    let fills = |journal: &Journal| journal.fills.iter().filter(|fill| fill.time <= until).copied().collect::<Vec<_>>();
    assert_eq!(fills(long), fills(short), "{}: fills", context());
    let orders = |journal: &Journal| {
        let known = journal.orders.iter().filter(|order| order.decided_at <= until);
        known.map(|order| decided(case, order)).collect::<Vec<_>>()
    };
    assert_eq!(orders(long), orders(short), "{}: orders", context());
    let refusals = |journal: &Journal| {
        journal.refusals.iter().filter(|refusal| refusal.time <= until).copied().collect::<Vec<_>>()
    };
    assert_eq!(refusals(long), refusals(short), "{}: refusals", context());
}

/// Every bar of the daily cases, every fifth of the minutes.
fn cuts(case: &Case, market: &MarketData) -> Vec<(usize, Timestamp)> {
    let all = times(market).into_iter().enumerate();
    if case.is_daily() { all.step_by(3).collect() } else { all.step_by(37).collect() }
}

#[test]
fn truncating_the_data_changes_nothing_before_the_cut() {
    for case in CASES {
        let whole = case.market(7);
        let long = case.run(&whole);
        for (index, until) in cuts(case, &whole) {
            let part = truncated(&whole, until, case.is_daily());
            let short = case.run(&part);
            assert_same_past(case, (&whole, &long), (&part, &short), until);
            assert_eq!(short.equity.steps() as usize, index + 1, "{}", case.name);
            let open = |order: &OrderRecord| order.decided_at <= until;
            assert!(short.orders.iter().all(open), "{}: an order of the future", case.name);
        }
    }
}

/// The same for a share alone, whose quiet bars go another way.
#[test]
fn truncating_a_share_alone_changes_nothing_before_the_cut() {
    for case in CASES {
        let whole = market(case.market(9).bars.drain(..1).collect(), case.is_daily());
        let long = case.run(&whole);
        for (_, until) in cuts(case, &whole) {
            let part = truncated(&whole, until, case.is_daily());
            assert_same_past(case, (&whole, &long), (&part, &case.run(&part)), until);
        }
    }
}

#[test]
fn another_future_changes_nothing_before_it() {
    for case in CASES {
        let one = case.market(8);
        let long = case.run(&one);
        for (_, until) in cuts(case, &one).into_iter().step_by(4) {
            let other = grafted(case, &one, until);
            assert_same_past(case, (&one, &long), (&other, &case.run(&other)), until);
        }
    }
}

/// The bars of `one` up to `until`, then those of another seed at ten times the price.
fn grafted(case: &Case, one: &MarketData, until: Timestamp) -> MarketData {
    let tenfold = |bar: Bar| {
        let price = |price: alphaflow::domain::Price| alphaflow::domain::Price::from_units(price.units() * 10).unwrap();
        Bar { open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close), ..bar }
    };
    let graft = |(bars, symbol): (&Vec<Bar>, &&str)| {
        let past = bars.iter().filter(|bar| bar.time <= until).copied();
        let future = series(symbol, case.timeframe, 99).into_iter().filter(|bar| bar.time > until).map(tenfold);
        past.chain(future).collect()
    };
    market(one.bars.iter().zip(&SYMBOLS).map(graft).collect(), case.is_daily())
}

/// The law has teeth: a run on other bars is another run.
#[test]
fn another_past_is_another_run() {
    for case in CASES {
        assert_ne!(case.run(&case.market(7)).fills, case.run(&case.market(8)).fills, "{}", case.name);
    }
}
