//! What the measures of an account need of its steps, rebuilt from the record of a run without a row a step.
//!
//! Not here: rows of every step with heat and drawdown (`account_rows`). Thousands of runs are measured this
//! way, so what does not depend on the run, where sessions end, is found once a market ([`SessionEnds`]).
//! Invariant: the marks are the equity of the rows of `account_rows` at the session ends, to the last digit.
use std::borrow::Cow;

use super::MarketData;
use super::account_rows::{Books, Held};
use crate::domain::{Bar, Money, Price, Timestamp};
use crate::engine::Journal;
use crate::market::Merge;

/// The last step of each session of some market.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEnds {
    times: Vec<Timestamp>,
    steps: u64,
    first: Timestamp,
    /// Of the only symbol of a market: the time of each bar and its close in dollars, side by side for the sums over
    /// every bar that each run makes, and which bar each session ends with.
    only: Option<Columns>,
}

#[derive(Debug, Clone, PartialEq)]
struct Columns {
    times: Vec<Timestamp>,
    closes: Vec<f64>,
    /// The last bar of each session and its close.
    ends: Vec<(usize, Price)>,
}

impl SessionEnds {
    /// Those of `market`, which has a bar.
    pub fn of(market: &MarketData) -> SessionEnds {
        let mut ends = SessionEnds { times: Vec::new(), steps: 0, first: Timestamp::MAX, only: None };
        let mut session = usize::MAX;
        let mut take = |time: Timestamp| {
            ends.first = ends.first.min(time);
            ends.steps += 1;
            let of_step = if market.sessions.is_empty() { ends.steps as usize } else { market.session_index(time) };
            match ends.times.last_mut().filter(|_| of_step == session) {
                Some(last) => *last = time,
                None => ends.times.push(time),
            }
            session = of_step;
        };
        if let [only] = &market.bars[..] {
            only.iter().for_each(|bar| take(bar.time));
            let (times, closes) = only.iter().map(|bar| (bar.time, bar.close.to_f64())).unzip();
            let mut last = ends.times.iter().peekable();
            let is_end = |(at, bar): (usize, &Bar)| last.next_if_eq(&&bar.time).map(|_| (at, bar.close));
            let at_ends = only.iter().enumerate().filter_map(is_end).collect();
            ends.only = Some(Columns { times, closes, ends: at_ends });
        } else {
            let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
            let (mut merge, mut step) = (Merge::new(&bars), Vec::new());
            while let Some(time) = merge.next_step(&mut step) {
                take(time);
            }
        }
        ends
    }

    /// The last step of each session.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// With the steps after the last bar at which a share was still paid for.
    fn with_late_steps(&self, market: &MarketData, journal: &Journal) -> Cow<'_, SessionEnds> {
        if journal.late_steps.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut ends = self.clone();
        for &time in &journal.late_steps {
            ends.steps += 1;
            let session = |time: &Timestamp| market.session_index(*time);
            let is_same = |last: &Timestamp| !market.sessions.is_empty() && session(last) == session(&time);
            match ends.times.last_mut().filter(|last| is_same(last)) {
                Some(last) => *last = time,
                None => ends.times.push(time),
            }
        }
        Cow::Owned(ends)
    }
}

/// The account at its session ends, and how much of it was in the market at each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The last step of each session.
    pub times: Vec<Timestamp>,
    /// Equity there.
    pub equity: Vec<Money>,
    /// The first step.
    pub first: Option<Timestamp>,
    /// Mean of gross exposure ÷ equity over all steps, a fraction; those with no equity count as nothing.
    pub exposure: f64,
}

impl Marks {
    /// Those of a run on `market` that began with `start`.
    pub fn of(market: &MarketData, ends: &SessionEnds, journal: &Journal, start: Money) -> Marks {
        let ends = ends.with_late_steps(market, journal);
        let mut books = Books::new(market.bars.len(), journal, start);
        let mut marks = Marks {
            times: ends.times.clone(),
            equity: Vec::with_capacity(ends.times.len()),
            first: (ends.steps > 0).then_some(ends.first),
            exposure: 0.0,
        };
        let mut exposed = match (&market.bars[..], &ends.only) {
            ([only], Some(columns)) => marks.walk_one(&mut books, only, columns),
            (many, _) => marks.walk_many(&mut books, many),
        };
        for &time in &journal.late_steps {
            books.open(time);
            books.trade(time);
            exposed += exposure(&books);
            marks.mark_if_due(time, &books);
        }
        marks.exposure = exposed / ends.steps.max(1) as f64;
        marks
    }

    /// Equity at the last step; `start` where there is none.
    pub fn last(&self, start: Money) -> Money {
        self.equity.last().copied().unwrap_or(start)
    }

    /// Notes the equity if a session ends at `time`.
    #[inline]
    fn mark_if_due(&mut self, time: Timestamp, books: &Books<'_>) {
        if self.times.get(self.equity.len()) == Some(&time) {
            self.equity.push(equity(books));
        }
    }

    /// Every step of a run with one symbol; the sum of gross exposure ÷ equity. Between two fills cash and
    /// shares stay as they are.
    fn walk_one(&mut self, books: &mut Books<'_>, bars: &[Bar], columns: &Columns) -> f64 {
        let (mut exposed, mut at, mut ends) = (0.0, 0, columns.ends.iter().peekable());
        while let Some(time) = columns.times.get(at) {
            books.open(*time);
            books.trade(*time);
            let until = books.next_time();
            let passed = 1 + columns.times[at + 1..].iter().take_while(|time| **time < until).count();
            let shares = books.held[0].quantity.to_f64();
            if shares != 0.0 {
                let cash = books.cash.to_f64();
                let closes = &columns.closes[at..at + passed];
                exposed += summed(closes, |close| share_of(shares * close, cash));
            }
            at += passed;
            while let Some((end, close)) = ends.next_if(|(end, _)| *end < at) {
                books.held[0].close = *close;
                // The last session may end with a step after its last bar.
                self.mark_if_due(columns.times[*end], books);
            }
            if books.has_splits() {
                // What is left over a split needs the last close.
                books.held[0].close = bars[at - 1].close;
            }
        }
        if let Some(bar) = bars.last() {
            books.held[0].close = bar.close;
        }
        exposed
    }

    /// The same for many symbols.
    fn walk_many(&mut self, books: &mut Books<'_>, series: &[Vec<Bar>]) -> f64 {
        let bars: Vec<&[Bar]> = series.iter().map(Vec::as_slice).collect();
        let (mut merge, mut step) = (Merge::new(&bars), Vec::new());
        let mut exposed = 0.0;
        while let Some(time) = merge.next_step(&mut step) {
            books.open(time);
            books.trade(time);
            for (symbol, index) in &step {
                books.held[symbol.get()].close = bars[symbol.get()][*index].close;
            }
            exposed += exposure(books);
            self.mark_if_due(time, books);
        }
        exposed
    }
}

/// Σ `of` over `closes` in four sums side by side: one alone would wait for each addition.
#[inline]
fn summed(closes: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (fours, rest) = closes.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        for (sum, close) in sums.iter_mut().zip(four) {
            *sum += of(*close);
        }
    }
    let rest: f64 = rest.iter().map(|close| of(*close)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

fn equity(books: &Books<'_>) -> Money {
    books.cash + books.held.iter().map(Held::value).sum()
}

/// Gross exposure ÷ equity at the last closes; nothing where that is no number.
fn exposure(books: &Books<'_>) -> f64 {
    let (mut gross, mut net) = (0.0, books.cash.to_f64());
    for held in books.held.iter().filter(|held| !held.quantity.is_zero()) {
        let value = held.quantity.to_f64() * held.close.to_f64();
        gross += value.abs();
        net += value;
    }
    if gross > 0.0 && net != 0.0 { gross / net } else { 0.0 }
}

/// |value| ÷ (value + cash); nothing where that is no number.
#[inline]
fn share_of(value: f64, cash: f64) -> f64 {
    let equity = value + cash;
    if equity == 0.0 { 0.0 } else { value.abs() / equity }
}
