//! Shared by the unit tests of this room: bars by hand, and a market in which every wish comes true.
//!
//! Not here: the naive rules; each test states its own.
use proptest::prelude::*;

use super::{Holding, Intent, Intents, Listed, Params, Setup, Strategy as Rule, SymbolBook, View};
use crate::domain::{Bar, Money, Price, Quantity, Side, SymbolIndex, Timeframe, Timestamp, Volume};
use crate::market::Calendar;
use crate::portfolio::Portfolio;

/// What a strategy did at a close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    Buy,
    Sell,
    Exit,
}

pub(super) fn usd(dollars: i64) -> Price {
    Price::from_units(dollars * Price::UNITS_PER_USD).expect("price")
}

/// The sessions from 2013-01-02 on.
pub(super) fn dates() -> impl Iterator<Item = Timestamp> {
    let from: Timestamp = "2013-01-02".parse().expect("date");
    let to = "2035-12-31".parse().expect("date");
    Calendar::xnys().sessions(from, to).map(|session| session.date)
}

/// Daily bars with these closes in whole dollars, each a dollar wide on both sides, 100 shares.
pub(super) fn bars(closes: &[i64]) -> Vec<Bar> {
    let volume = Volume::from_shares(100).expect("volume");
    let bar = |(time, close): (Timestamp, &i64)| Bar {
        time,
        open: usd(*close),
        high: usd(close + 1),
        low: usd(close - 1),
        close: usd(*close),
        volume,
    };
    dates().zip(closes).map(bar).collect()
}

/// Daily bars in whole dollars of few values, so that ties are common; some sessions are missing.
pub(super) fn any_bars() -> impl Strategy<Value = Vec<Bar>> {
    prop::collection::vec((3i64..16, 0i64..3, 0i64..3, 0i64..9, 0..5u8), 0..120).prop_map(|rows| {
        let rows = dates().zip(rows).filter(|(_, row)| row.4 > 0);
        rows.map(|(time, (close, up, down, shares, _))| Bar {
            time,
            open: usd(close),
            high: usd(close + up),
            low: usd(close - down),
            close: usd(close),
            volume: Volume::from_shares(shares).expect("volume"),
        })
        .collect()
    })
}

/// The checked parameters of `S` on daily bars of one symbol.
pub(super) fn params<S: Listed>(given: &[(&str, &str)]) -> (Params, Setup) {
    let setup = Setup { symbols: 1, timeframe: Timeframe::Day1, calendar: Calendar::xnys() };
    let given: Vec<_> = given.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    (Params::read(&S::INFO, &given, &setup).expect("valid parameters"), setup)
}

/// Every wish at each step when all are filled before the next.
pub(super) fn wishes<S: Rule>(mut strategy: S, series: &[Vec<Bar>]) -> Vec<(usize, Intent)> {
    let mut times: Vec<Timestamp> = series.iter().flatten().map(|bar| bar.time).collect();
    times.sort_unstable();
    times.dedup();
    let mut books = vec![SymbolBook::default(); series.len()];
    let mut intents = Intents::for_symbols(series.len());
    let mut out = Vec::new();
    for (step, time) in times.into_iter().enumerate() {
        let at_time = |bars: &Vec<Bar>| bars.binary_search_by_key(&time, |bar| bar.time).ok().map(|index| bars[index]);
        let step_bars: Vec<Option<Bar>> = series.iter().map(at_time).collect();
        for (book, bar) in books.iter_mut().zip(&step_bars) {
            book.bars_seen += u64::from(bar.is_some());
        }
        let portfolio = Portfolio::with_cash(Money::ZERO, books.len());
        let view = View::new(time, &portfolio, &books);
        for (index, bar) in step_bars.iter().enumerate() {
            if let Some(bar) = bar {
                strategy.on_bar(SymbolIndex(index as u16), bar, &view, &mut intents);
            }
        }
        strategy.on_step(&view, &mut intents);
        for intent in intents.iter() {
            out.push((step, *intent));
            let one = Quantity::from_shares(1).expect("one");
            match *intent {
                Intent::Enter { symbol, side, .. } => books[symbol.get()].quantity = one.signed(side),
                Intent::Exit { symbol } => books[symbol.get()].quantity = Quantity::ZERO,
                other => panic!("no rule asks for {other:?}"),
            }
        }
        intents.clear();
    }
    out
}

/// [`wishes`] as step, symbol and event.
pub(super) fn trade_together<S: Rule>(strategy: S, series: &[Vec<Bar>]) -> Vec<(usize, u16, Event)> {
    let event = |(step, intent)| match intent {
        Intent::Enter { symbol, side: Side::Buy, .. } => (step, symbol.0, Event::Buy),
        Intent::Enter { symbol, side: Side::Sell, .. } => (step, symbol.0, Event::Sell),
        Intent::Exit { symbol } => (step, symbol.0, Event::Exit),
        other => panic!("no rule asks for {other:?}"),
    };
    wishes(strategy, series).into_iter().map(event).collect()
}

/// [`wishes`] for one symbol as bar and event.
pub(super) fn trade<S: Rule>(strategy: S, bars: &[Bar]) -> Vec<(usize, Event)> {
    trade_together(strategy, &[bars.to_vec()]).into_iter().map(|(bar, _, event)| (bar, event)).collect()
}

/// What a long-only rule does that forms its opinion (in, out) from the whole history at every bar.
pub(super) fn traded(bars: &[Bar], opinion: impl Fn(&[Bar]) -> (bool, bool)) -> Vec<(usize, Event)> {
    let mut holding = Holding::Flat;
    let mut events = Vec::new();
    for bar in 0..bars.len() {
        match (opinion(&bars[..=bar]), holding) {
            ((true, _), Holding::Flat) => {
                holding = Holding::Long;
                events.push((bar, Event::Buy));
            }
            ((false, true), Holding::Long) => {
                holding = Holding::Flat;
                events.push((bar, Event::Exit));
            }
            _ => {}
        }
    }
    events
}
