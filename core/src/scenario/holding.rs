//! What buying at the first close and never selling would have made: the symbols, or the benchmark.
//!
//! Not here: the strategy's positions (engine), measures (metrics). No costs. The growth from one
//! close to the next is that of an owner, whatever `data.adjust` says: a split multiplies the shares,
//! a dividend buys more of them at the close before its ex-date less the dividend. That is the factor
//! of `market::adjust`, so raw and adjusted prices give one line. A share that has no bar yet counts
//! as the cash set aside for it.
use super::MarketData;
use crate::domain::{Bar, Timestamp};
use crate::engine::MarketAction;

/// Dollars at each of `times`, in order, when `start` is spread equally over the scenario's symbols.
pub fn held_equally(market: &MarketData, times: &[Timestamp], start: f64) -> Vec<f64> {
    spread(&market.bars, &market.actions, times, start)
}

fn spread(series: &[Vec<Bar>], actions: &[(Timestamp, MarketAction)], times: &[Timestamp], start: f64) -> Vec<f64> {
    let each = start / series.len().max(1) as f64;
    let mut values = vec![0.0; times.len()];
    for (index, bars) in series.iter().enumerate() {
        let mut holding = Holding::new(bars, actions_on(actions, index));
        for (value, time) in values.iter_mut().zip(times) {
            *value += each * holding.growth_until(*time);
        }
    }
    values
}

/// Dollars at each of `times`, in order, when `start` is put into the benchmark; `None` without one.
pub fn benchmark_held(market: &MarketData, times: &[Timestamp], start: f64) -> Option<Vec<f64>> {
    let bars = market.benchmark.as_ref()?;
    let mut holding = Holding::new(bars, market.benchmark_actions.iter().map(|(time, action)| (*time, *action)));
    Some(times.iter().map(|time| start * holding.growth_until(*time)).collect())
}

/// The actions of one symbol.
fn actions_on(
    actions: &[(Timestamp, MarketAction)],
    index: usize,
) -> impl Iterator<Item = (Timestamp, MarketAction)> + '_ {
    actions.iter().copied().filter(move |(_, action)| action.symbol().get() == index)
}

/// One share bought at the first close, read in order of time.
struct Holding<'a, I: Iterator<Item = (Timestamp, MarketAction)>> {
    bars: &'a [Bar],
    actions: std::iter::Peekable<I>,
    /// Bars already behind us.
    seen: usize,
    /// Shares that the first one has become.
    shares: f64,
    /// The last close, in dollars of the share as it is now.
    close: f64,
}

impl<'a, I: Iterator<Item = (Timestamp, MarketAction)>> Holding<'a, I> {
    fn new(bars: &'a [Bar], actions: I) -> Self {
        Holding { bars, actions: actions.peekable(), seen: 0, shares: 1.0, close: 0.0 }
    }

    /// Value ÷ price paid at the last close up to `time`; 1 before the first bar.
    fn growth_until(&mut self, time: Timestamp) -> f64 {
        while let Some(bar) = self.bars.get(self.seen).filter(|bar| bar.time <= time) {
            self.live_through(bar.time);
            self.close = bar.close.to_f64();
            self.seen += 1;
        }
        if self.seen == self.bars.len() {
            // No bar will show what happens from here on.
            self.live_through(time);
        }
        match self.seen {
            0 => 1.0,
            _ => self.shares * self.close / self.bars[0].close.to_f64(),
        }
    }

    /// What happened up to `time`. Up to the first bar it is in its price.
    fn live_through(&mut self, time: Timestamp) {
        while let Some((_, action)) = self.actions.next_if(|(at, _)| *at <= time) {
            if self.seen > 0 {
                self.shares *= shares_for_each(action, self.close);
                self.close = close_after(action, self.close);
            }
        }
    }
}

/// How many shares each becomes, the share having closed at `close` dollars before.
fn shares_for_each(action: MarketAction, close: f64) -> f64 {
    match action {
        MarketAction::Split { ratio, .. } => ratio.to_f64(),
        MarketAction::Dividend { amount, .. } => {
            let amount = amount.to_f64();
            // A dividend as large as the price leaves nothing to buy more of: it counts as cash.
            if amount < close { close / (close - amount) } else { 1.0 + amount / close }
        }
        MarketAction::Delisting { .. } => 1.0,
    }
}

/// What a share that closed at `close` dollars is worth until its next bar; for good, if there is none.
fn close_after(action: MarketAction, close: f64) -> f64 {
    match action {
        MarketAction::Split { ratio, .. } => close / ratio.to_f64(),
        // As a position: until a bar says otherwise a share is worth its last close.
        MarketAction::Dividend { .. } => close,
        MarketAction::Delisting { amount, .. } => amount.map_or(close, |amount| amount.to_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, SymbolIndex, Volume};

    fn bars(closes: &[(&str, &str)]) -> Vec<Bar> {
        let bar = |(date, close): &(&str, &str)| {
            let close: Price = close.parse().expect("price");
            Bar { time: date.parse().expect("date"), open: close, high: close, low: close, close, volume: Volume::ZERO }
        };
        closes.iter().map(bar).collect()
    }

    fn split(date: &str, ratio: &str) -> (Timestamp, MarketAction) {
        let ratio = ratio.parse().expect("ratio");
        (date.parse().expect("date"), MarketAction::Split { symbol: SymbolIndex(0), ratio })
    }

    fn dividend(date: &str, amount: &str) -> (Timestamp, MarketAction) {
        let amount = amount.parse().expect("amount");
        (date.parse().expect("date"), MarketAction::Dividend { symbol: SymbolIndex(0), amount })
    }

    #[test]
    fn actions_between_bars_are_in_the_share_of_their_day() {
        // 100 splits into two on a day without a bar; a dollar of the new share at 50 is one in fifty.
        let series = bars(&[("2014-06-05", "100"), ("2014-06-09", "49")]);
        let actions = vec![split("2014-06-06", "2"), dividend("2014-06-09", "1")];
        near(&spread(&[series], &actions, &times(&["2014-06-05", "2014-06-09"]), 1.0), &[1.0, 1.0]);
    }

    #[test]
    fn a_delisted_share_is_cash_at_what_was_paid() {
        let delisting = |amount: Option<&str>| {
            let amount = amount.map(|text| text.parse().expect("amount"));
            let name = "AAA".parse().expect("symbol");
            ("2014-06-10".parse().expect("date"), MarketAction::Delisting { symbol: SymbolIndex(0), name, amount })
        };
        let days = times(&["2014-06-05", "2014-06-06", "2014-06-09", "2014-06-10", "2014-06-11"]);
        let made = |amount| {
            let (gone, other) = (bars(&[("2014-06-05", "10"), ("2014-06-06", "8")]), bars(&[("2014-06-11", "7")]));
            spread(&[gone, other], &[delisting(amount)], &days, 2.0)
        };
        near(&made(Some("5")), &[2.0, 1.8, 1.8, 1.5, 1.5]);
        near(&made(Some("0")), &[2.0, 1.8, 1.8, 1.0, 1.0]);
        near(&made(None), &[2.0, 1.8, 1.8, 1.8, 1.8]);
    }

    fn times(dates: &[&str]) -> Vec<Timestamp> {
        dates.iter().map(|date| date.parse().expect("date")).collect()
    }

    fn near(found: &[f64], wanted: &[f64]) {
        let close = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(found.len() == wanted.len() && close, "{found:?} is not {wanted:?}");
    }

    #[test]
    fn a_split_is_no_loss_and_a_dividend_is_a_gain() {
        let series = bars(&[("2014-06-05", "700"), ("2014-06-06", "630"), ("2014-06-09", "93"), ("2014-06-10", "99")]);
        let actions = vec![split("2014-06-01", "3"), dividend("2014-06-06", "70"), split("2014-06-09", "7")];
        let days = times(&["2014-06-05", "2014-06-06", "2014-06-09", "2014-06-10"]);
        // 700 ex 70 is 630: holding lost nothing. Then 7 × 93 ÷ 630, and 99 ÷ 93.
        near(&spread(&[series], &actions, &days, 100.0), &[100.0, 100.0, 100.0 * 651.0 / 630.0, 110.0]);
    }

    #[test]
    fn a_share_without_a_bar_yet_waits_as_cash() {
        let early = bars(&[("2014-06-05", "10"), ("2014-06-06", "20")]);
        let late = bars(&[("2014-06-06", "50"), ("2014-06-09", "25")]);
        let days = times(&["2014-06-05", "2014-06-06", "2014-06-09"]);
        near(&spread(&[early, late], &[], &days, 100.0), &[100.0, 150.0, 125.0]);
    }
}
