//! The average true range behind ATR stops, fed with exact true ranges.
//!
//! Wilder (1978), seeded as TA-Lib does: the first true range needs a previous close, the first value
//! is the mean of `period` of them. `simple` is the plain mean of the last `period`.
use std::sync::Arc;

use crate::domain::{Bar, Ratio};
use crate::risk::{AtrSmoothing, StopKind};

/// Wilder's average past its seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wilder {
    keep: f64,
    weight: f64,
    average: f64,
    previous_close: i64,
}

impl Wilder {
    /// Takes a closed bar, exactly as [`BarAtr::update`] does.
    #[inline]
    pub(super) fn update(&mut self, bar: &Bar) {
        let range = bar.high.units().max(self.previous_close) - bar.low.units().min(self.previous_close);
        self.previous_close = bar.close.units();
        self.average = self.average * self.keep + range as f64 * self.weight;
    }
}

/// The ATR at each bar of a series, made once for the many runs that need the same.
#[derive(Debug, Clone)]
pub struct AtrColumn {
    /// Dollars after each bar; NaN before the first.
    values: Arc<[f64]>,
}

impl AtrColumn {
    /// That of `bars`, in which no share splits, for the stop of `kind`; `None` if it needs none.
    pub fn of(bars: &[Bar], kind: StopKind) -> Option<AtrColumn> {
        let mut atr = BarAtr::for_stop(kind)?;
        let after = |bar: &Bar| {
            atr.update(bar);
            atr.value().unwrap_or(f64::NAN)
        };
        Some(AtrColumn { values: bars.iter().map(after).collect() })
    }
}

/// Where a run has the ATR of one symbol from.
#[derive(Debug, Clone)]
pub(super) enum AtrSource {
    /// It computes it.
    Own(BarAtr),
    /// It looks it up. `seen`: bars so far.
    Shared { column: AtrColumn, seen: usize },
}

impl AtrSource {
    /// Takes a closed bar.
    #[inline]
    pub(super) fn update(&mut self, bar: &Bar) {
        match self {
            Self::Own(atr) => atr.update(bar),
            Self::Shared { seen, .. } => *seen += 1,
        }
    }

    /// The ATR in dollars, once it is known.
    #[inline]
    pub(super) fn value(&self) -> Option<f64> {
        match self {
            Self::Own(atr) => atr.value(),
            Self::Shared { column, seen } => {
                let at = seen.checked_sub(1)?;
                column.values.get(at).copied().filter(|value| !value.is_nan())
            }
        }
    }

    /// A split into `ratio` new shares per old. A column is only shared where nothing splits.
    pub(super) fn split(&mut self, ratio: Ratio) {
        match self {
            Self::Own(atr) => atr.split(ratio),
            Self::Shared { .. } => unreachable!("a column of a share that splits"),
        }
    }
}

/// One symbol's ATR, in dollars.
#[derive(Debug, Clone)]
pub(super) struct BarAtr {
    smoothing: AtrSmoothing,
    weight: f64,
    period: usize,
    seen: usize,
    previous_close: i64,
    /// Wilder: the average so far (a sum while seeding). Billionths of a dollar.
    average: f64,
    /// Simple: the last `period` true ranges and their exact sum, in billionths of a dollar; a thousand
    /// of the widest outgrow 64 bits.
    ring: Box<[i64]>,
    at: usize,
    sum: i128,
}

impl BarAtr {
    /// The ATR that `kind` asks for, if it does.
    pub(super) fn for_stop(kind: StopKind) -> Option<BarAtr> {
        let StopKind::Atr { period, smoothing, .. } = kind else { return None };
        Some(BarAtr {
            smoothing,
            weight: 1.0 / period as f64,
            period,
            seen: 0,
            previous_close: 0,
            average: 0.0,
            ring: vec![0; if smoothing == AtrSmoothing::Simple { period } else { 0 }].into(),
            at: 0,
            sum: 0,
        })
    }

    /// Takes a closed bar.
    #[inline]
    pub(super) fn update(&mut self, bar: &Bar) {
        match self.steady() {
            Some(mut wilder) => {
                wilder.update(bar);
                self.put(wilder);
            }
            None => self.update_slowly(bar),
        }
    }

    /// The plain mean, or Wilder's up to the end of its seed.
    fn update_slowly(&mut self, bar: &Bar) {
        let (high, low) = (bar.high.units(), bar.low.units());
        let range = high.max(self.previous_close) - low.min(self.previous_close);
        self.previous_close = bar.close.units();
        let is_first = self.seen == 0;
        self.seen += usize::from(self.seen <= self.period);
        match self.smoothing {
            _ if is_first => {}
            AtrSmoothing::Wilder => {
                // The seed is a sum of exact integers, divided once.
                self.sum += i128::from(range);
                self.average = self.sum as f64 * self.weight;
            }
            AtrSmoothing::Simple => {
                self.sum += i128::from(range - self.ring[self.at]);
                self.ring[self.at] = range;
                self.at = if self.at + 1 == self.period { 0 } else { self.at + 1 };
            }
        }
    }

    /// Wilder's average past its seed, small enough for registers; [`BarAtr::put`] brings it back.
    #[inline]
    pub(super) fn steady(&self) -> Option<Wilder> {
        let steady = self.smoothing == AtrSmoothing::Wilder && self.seen > self.period;
        steady.then_some(Wilder {
            keep: 1.0 - self.weight,
            weight: self.weight,
            average: self.average,
            previous_close: self.previous_close,
        })
    }

    /// Brings back what [`BarAtr::steady`] gave.
    #[inline]
    pub(super) fn put(&mut self, wilder: Wilder) {
        (self.average, self.previous_close) = (wilder.average, wilder.previous_close);
    }

    /// A split into `ratio` new shares per old: the ranges seen so far in dollars of the new share, or the
    /// fall of the price would count as one.
    pub(super) fn split(&mut self, ratio: Ratio) {
        // Rounded as prices are. A range of long ago may be wider than any price by now.
        let restated = |units: i64| i64::try_from(ratio.divide_nearest(units)).unwrap_or(i64::MAX);
        self.average /= ratio.to_f64();
        self.previous_close = restated(self.previous_close);
        self.ring.iter_mut().for_each(|range| *range = restated(*range));
        self.sum = match self.ring.is_empty() {
            true => self.sum * i128::from(Ratio::ONE.units()) / i128::from(ratio.units()),
            false => self.ring.iter().copied().map(i128::from).sum(),
        };
    }

    /// The ATR in dollars, once `period` true ranges are known.
    #[inline]
    pub(super) fn value(&self) -> Option<f64> {
        if self.seen <= self.period {
            return None;
        }
        Some(match self.smoothing {
            AtrSmoothing::Wilder => self.average * 1e-9,
            AtrSmoothing::Simple => self.sum as f64 * self.weight * 1e-9,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Timestamp, Volume};

    /// Bars two dollars wide around 100, in dollars of the share after `split_at` bars: half of it.
    fn value(smoothing: AtrSmoothing, split_at: usize) -> f64 {
        let kind = StopKind::Atr { period: 4, multiple: Ratio::ONE, smoothing };
        let mut atr = BarAtr::for_stop(kind).expect("an ATR");
        for at in 0..9 {
            if at == split_at {
                atr.split("2".parse().expect("ratio"));
            }
            let dollar = if at < split_at { Price::UNITS_PER_USD } else { Price::UNITS_PER_USD / 2 };
            let price = |usd: i64| Price::from_units(usd * dollar).expect("price");
            let (time, volume) = (Timestamp::MIN, Volume::ZERO);
            atr.update(&Bar { time, open: price(100), high: price(101), low: price(99), close: price(100), volume });
        }
        atr.value().expect("past its seed")
    }

    #[test]
    fn a_split_is_no_range() {
        for smoothing in [AtrSmoothing::Wilder, AtrSmoothing::Simple] {
            for split_at in 0..9 {
                assert!((value(smoothing, split_at) - 1.0).abs() < 1e-9, "{smoothing:?} at {split_at}");
            }
        }
    }
}
