//! Money is conserved: what the account shows is the start, the fills and nothing else.
use alphaflow::domain::{Bar, Money, Price, Quantity, SymbolIndex, Timestamp, Volume};
use alphaflow::engine::{Journal, MarketAction};
use alphaflow::scenario::{AccountRow, MarketData, Marks, SessionEnds, account_rows, round_trips, session_ends};

use super::world::{CASES, Case, times};

/// Cash and shares after every step, from the record alone, in plain integers.
fn recomputed(case: &Case, market: &MarketData, journal: &Journal) -> Vec<(i128, i128)> {
    let start = case.load(&["SYN"]).spec.account.cash.units();
    let mut cash = start;
    let mut shares = vec![0i128; market.bars.len()];
    let (mut fills, mut events, mut splits) = (journal.fills.iter(), journal.cash_events.iter(), journal.splits.iter());
    let (mut fill, mut event, mut split) = (fills.next(), events.next(), splits.next());
    let mut steps = Vec::new();
    for time in times(market) {
        while let Some(done) = split.filter(|split| split.time <= time) {
            shares[done.symbol.get()] = done.kept.units().into();
            split = splits.next();
        }
        while let Some(change) = event.filter(|change| change.time <= time) {
            cash += change.amount.units();
            event = events.next();
        }
        while let Some(execution) = fill.filter(|execution| execution.time <= time) {
            let signed = i128::from(execution.quantity.signed(execution.side).units());
            cash -= i128::from(execution.price.units()) * signed + execution.fee.units();
            shares[execution.symbol.get()] += signed;
            fill = fills.next();
        }
        let close = |bars: &Vec<Bar>| {
            let known = bars.partition_point(|bar| bar.time <= time);
            known.checked_sub(1).map_or(0, |last| i128::from(bars[last].close.units()))
        };
        let held: i128 = shares.iter().zip(&market.bars).map(|(held, bars)| held * close(bars)).sum();
        steps.push((cash, cash + held));
    }
    steps
}

#[test]
fn cash_and_positions_are_conserved_at_every_step() {
    for case in CASES {
        for seed in [1, 2, 3] {
            let market = case.market(seed);
            let journal = case.run(&market);
            assert!(journal.fills.len() > 10, "{}: {} fills", case.name, journal.fills.len());
            let steps = recomputed(case, &market, &journal);
            let equity: Vec<i128> = case.curve(&market, &journal).iter().map(|equity| equity.units()).collect();
            assert_eq!(equity, steps.iter().map(|(_, equity)| *equity).collect::<Vec<_>>(), "{}", case.name);
            let start = case.load(&["SYN"]).spec.account.cash;
            let rows = account_rows(&market, &journal, start);
            marks_are_rows(case, &market, &journal, &rows);
            let cash: Vec<i128> = rows.iter().map(|row| row.cash.units()).collect();
            assert_eq!(cash, steps.iter().map(|(cash, _)| *cash).collect::<Vec<_>>(), "{}", case.name);
        }
    }
}

/// What measures are made of without a row a step is what the rows say.
fn marks_are_rows(case: &Case, market: &MarketData, journal: &Journal, rows: &[AccountRow]) {
    let start = case.load(&["SYN"]).spec.account.cash;
    let marks = Marks::of(market, &SessionEnds::of(market), journal, start);
    let ends = session_ends(rows, market);
    let wanted: Vec<_> = ends.iter().map(|end| (rows[*end].time, rows[*end].equity)).collect();
    let found: Vec<_> = marks.times.iter().copied().zip(marks.equity.iter().copied()).collect();
    assert_eq!(found, wanted, "{}", case.name);
    assert_eq!(marks.first, rows.first().map(|row| row.time), "{}", case.name);
    let shares = rows.iter().filter_map(|row| row.gross_exposure.fraction_of(row.equity));
    let exposure = shares.sum::<f64>() / rows.len() as f64;
    assert!((marks.exposure - exposure).abs() < 1e-12, "{}: {} is not {exposure}", case.name, marks.exposure);
}

/// The profit of all round trips, closed and open, is the change of equity.
#[test]
fn round_trips_add_up_to_the_change_of_equity() {
    for case in CASES {
        let market = case.market(4);
        let journal = case.run(&market);
        let (closed, open) = round_trips(&market, &journal);
        let realised: Money = closed.iter().chain(&open).map(|trip| trip.realised()).sum();
        let held: Money = open
            .iter()
            .map(|trip| market.bars[trip.symbol.get()].last().unwrap().close.notional(trip.held().signed(trip.side)))
            .sum();
        let start = case.load(&["SYN"]).spec.account.cash;
        assert_eq!(start + realised + held, journal.equity.last(), "{}", case.name);
    }
}

/// A split of 2 for 1 and a dividend in the middle of every run change no law.
#[test]
fn money_is_conserved_over_splits_and_dividends() {
    let one = SymbolIndex(0);
    for case in CASES {
        let mut market = case.market(5);
        let all = times(&market);
        let (split, dividend) = (all[all.len() / 3], all[all.len() / 2]);
        market.bars[0].iter_mut().filter(|bar| bar.time >= split).for_each(halve);
        market.actions = vec![
            (split, MarketAction::Split { symbol: one, ratio: "2".parse().unwrap() }),
            (dividend, MarketAction::Dividend { symbol: one, amount: "0.37".parse().unwrap() }),
        ];
        let journal = case.run(&market);
        let equity: Vec<i128> = case.curve(&market, &journal).iter().map(|equity| equity.units()).collect();
        marks_are_rows(
            case,
            &market,
            &journal,
            &account_rows(&market, &journal, case.load(&["SYN"]).spec.account.cash),
        );
        let steps = recomputed(case, &market, &journal);
        assert_eq!(equity, steps.iter().map(|(_, equity)| *equity).collect::<Vec<_>>(), "{}", case.name);
        assert_eq!(journal.splits.len(), 1, "{}", case.name);
    }
}

fn halve(bar: &mut Bar) {
    let half = |price: Price| Price::from_units(price.units() / 2).unwrap();
    (bar.open, bar.high, bar.low, bar.close) = (half(bar.open), half(bar.high), half(bar.low), half(bar.close));
    bar.volume = Volume::from_units(bar.volume.units() * 2).unwrap();
}

/// A dividend is paid on the shares held at its open, to the cent.
#[test]
fn a_dividend_is_shares_times_amount() {
    let case = &CASES[0];
    let mut market = case.market(5);
    let journal = case.run(&market);
    let held_over = |time: Timestamp| {
        let before = journal.fills.iter().filter(|fill| fill.time < time && fill.symbol.get() == 0);
        before.fold(Quantity::ZERO, |held, fill| held + fill.quantity.signed(fill.side))
    };
    let all = times(&market);
    let time = all.iter().copied().find(|time| !held_over(*time).is_zero()).unwrap();
    let amount: Price = "0.37".parse().unwrap();
    market.actions = vec![(time, MarketAction::Dividend { symbol: SymbolIndex(0), amount })];
    let paid: Vec<Money> = case.run(&market).cash_events.iter().map(|event| event.amount).collect();
    assert_eq!(paid, [amount.notional(held_over(time))]);
}
