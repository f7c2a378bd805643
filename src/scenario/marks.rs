//! What the measures of an account need of its steps, rebuilt from the record of a run without a row a step.
//!
//! Not here: rows of every step with heat and drawdown (`account_rows`). Thousands of runs are measured this
//! way, so what does not depend on the run, where sessions end, is found once a market ([`SessionEnds`]).
//! Invariant: the marks are the equity of the rows of `account_rows` at the session ends, to the last digit.
use std::borrow::Cow;

use super::MarketData;
use super::account_rows::{Books, Held};
use crate::domain::{Bar, Money, Timestamp};
use crate::engine::Journal;
use crate::market::Merge;

/// The last step of each session of some market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnds {
    times: Vec<Timestamp>,
    steps: u64,
    first: Timestamp,
}

impl SessionEnds {
    /// Those of `market`, which has a bar.
    pub fn of(market: &MarketData) -> SessionEnds {
        let mut ends = SessionEnds { times: Vec::new(), steps: 0, first: Timestamp::MAX };
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
        let exposed = match &market.bars[..] {
            [only] => marks.walk_one(&mut books, only),
            many => marks.walk_many(&mut books, many),
        };
        for &time in &journal.late_steps {
            books.open(time);
            books.trade(time);
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
    fn walk_one(&mut self, books: &mut Books<'_>, bars: &[Bar]) -> f64 {
        let mut exposed = 0.0;
        let mut rest = bars;
        while let Some(first) = rest.first() {
            books.open(first.time);
            books.trade(first.time);
            let until = books.next_time();
            let (cash, shares) = (books.cash.to_f64(), books.held[0].quantity.to_f64());
            let mut passed = 0;
            for bar in rest {
                if bar.time >= until && passed > 0 {
                    break;
                }
                passed += 1;
                if shares != 0.0 {
                    exposed += share_of(shares * bar.close.to_f64(), cash);
                }
                if self.times.get(self.equity.len()) == Some(&bar.time) {
                    books.held[0].close = bar.close;
                    self.equity.push(equity(books));
                }
            }
            // What is left over a split needs the last close.
            books.held[0].close = rest[passed - 1].close;
            rest = &rest[passed..];
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
            let (mut gross, mut net) = (0.0, books.cash.to_f64());
            for held in books.held.iter().filter(|held| !held.quantity.is_zero()) {
                let value = held.quantity.to_f64() * held.close.to_f64();
                gross += value.abs();
                net += value;
            }
            exposed += if gross > 0.0 && net != 0.0 { gross / net } else { 0.0 };
            self.mark_if_due(time, books);
        }
        exposed
    }
}

fn equity(books: &Books<'_>) -> Money {
    books.cash + books.held.iter().map(Held::value).sum()
}

/// |value| ÷ (value + cash); nothing where that is no number.
#[inline]
fn share_of(value: f64, cash: f64) -> f64 {
    let equity = value + cash;
    if equity == 0.0 { 0.0 } else { value.abs() / equity }
}
