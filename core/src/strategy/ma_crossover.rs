//! `ma_crossover`: the fast average crosses the slow one.
//!
//! Not here: averages as numbers (indicator).
//! Averages of integer prices are compared exactly, as sums of integers, so a tie is a tie.
use super::window::price_after_split;
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, Ratio, SymbolIndex};
use crate::indicator::Sma;

/// What counts as a cross.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrossRule {
    /// Below on the bar before, above on this one.
    Adjacent,
    /// Bars where the averages are equal are skipped: the sign compared is the last one not zero.
    NonZero,
}

/// Long when the mean of the last `fast` closes crosses above that of the last `slow`; out on the mirror.
#[derive(Debug)]
pub struct MaCrossover {
    periods: Periods,
    cross_rule: CrossRule,
    signal: SignalRule,
    symbols: Vec<State>,
}

/// Lengths of the two means, and what follows from them.
#[derive(Debug, Clone, Copy)]
struct Periods {
    fast: usize,
    slow: usize,
    /// The highest close, in billionths of a dollar, with which slow × Σ fast closes, fast × Σ slow closes and
    /// each step of their difference stay inside 64 bits.
    narrow_close_max: i64,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    /// The last `slow` closes, in billionths of a dollar.
    closes: Box<[i64]>,
    next: usize,
    seen: usize,
    /// slow × Σ fast closes − fast × Σ slow closes: its sign is that of fast mean − slow mean.
    difference: i128,
    /// A close has been too high for 64 bits.
    wide: bool,
    /// Sign of the difference the next bar is compared with.
    sign: i8,
    signal: SignalState,
}

impl MaCrossover {
    /// Periods in bars, `fast` < `slow`, in the range of the parameters.
    pub fn new(fast: usize, slow: usize, cross_rule: CrossRule, signal: SignalRule, symbols: usize) -> MaCrossover {
        let periods = Periods::new(fast, slow);
        let state = State {
            closes: vec![0; slow].into(),
            next: 0,
            seen: 0,
            difference: 0,
            wide: false,
            sign: 0,
            signal: SignalState::default(),
        };
        MaCrossover { periods, cross_rule, signal, symbols: vec![state; symbols] }
    }
}

impl Periods {
    fn new(fast: usize, slow: usize) -> Periods {
        assert!(0 < fast && fast < slow, "checked parameters");
        Periods { fast, slow, narrow_close_max: i64::MAX / (4 * fast as i64 * slow as i64) }
    }

    /// Where the oldest close of the fast mean is in a ring of `slow` closes whose oldest is at `next`.
    #[inline]
    fn fast_at(&self, next: usize) -> usize {
        if next >= self.fast { next - self.fast } else { next + self.slow - self.fast }
    }
}

impl State {
    /// Takes a close and says whether the averages crossed up or down on it.
    #[inline]
    fn update(&mut self, close: i64, periods: &Periods, rule: CrossRule) -> (bool, bool) {
        let (fast, slow) = (periods.fast, periods.slow);
        let closes = &mut self.closes[..slow];
        // Before `fast` (or `slow`) closes the ring holds zeros, which add nothing.
        let leaves_fast = closes[periods.fast_at(self.next)];
        let leaves_slow = std::mem::replace(&mut closes[self.next], close);
        self.next = if self.next + 1 == slow { 0 } else { self.next + 1 };
        self.wide |= close > periods.narrow_close_max;
        let (joins_fast, joins_slow) = (close - leaves_fast, close - leaves_slow);
        let sign = if self.wide {
            self.difference += i128::from(joins_fast) * slow as i128 - i128::from(joins_slow) * fast as i128;
            self.difference.signum() as i8
        } else {
            let narrow = self.difference as i64 + joins_fast * slow as i64 - joins_slow * fast as i64;
            self.difference = i128::from(narrow);
            narrow.signum() as i8
        };
        if self.seen + 1 < slow {
            self.seen += 1;
            return (false, false);
        }
        let crossed = (self.sign < 0 && sign > 0, self.sign > 0 && sign < 0);
        if sign != 0 || rule == CrossRule::Adjacent {
            self.sign = sign;
        }
        crossed
    }

    /// Takes bars up to the next one on which the sign of the difference may change, as `update` does,
    /// with the state in registers and in 64 bits where every close so far is small enough for that.
    fn pass_quiet(&mut self, bars: &[Bar], periods: &Periods, mut follow: impl FnMut(&Bar) -> bool) -> usize {
        let &Periods { fast, slow, narrow_close_max } = periods;
        let warming = bars.len().min((slow - 1).saturating_sub(self.seen));
        for (at, bar) in bars[..warming].iter().enumerate() {
            if !follow(bar) {
                return at;
            }
            // No cross before the slow average exists, so the rule for one does not matter.
            self.update(bar.close.units(), periods, CrossRule::NonZero);
        }
        if self.sign == 0 || self.wide {
            return warming;
        }
        // Seen from the side it is on, the difference stays above zero until the averages meet.
        let side = i64::from(self.sign);
        let (fast_weight, slow_weight) = (slow as i64 * side, fast as i64 * side);
        let (mut difference, mut newest) = (self.difference as i64 * side, self.next);
        let mut fast_at = periods.fast_at(newest);
        let closes = &mut self.closes[..slow];
        let mut passed = warming;
        for bar in &bars[warming..] {
            let close = bar.close.units();
            if close > narrow_close_max {
                break;
            }
            let after = difference + (close - closes[fast_at]) * fast_weight - (close - closes[newest]) * slow_weight;
            if after <= 0 || !follow(bar) {
                break;
            }
            difference = after;
            closes[newest] = close;
            newest = if newest + 1 == slow { 0 } else { newest + 1 };
            fast_at = if fast_at + 1 == slow { 0 } else { fast_at + 1 };
            passed += 1;
        }
        (self.difference, self.next) = (i128::from(difference * side), newest);
        passed
    }

    /// Closes in dollars of the new share; the sign of the last difference stays.
    fn split(&mut self, ratio: Ratio, periods: &Periods) {
        let &Periods { fast, slow, narrow_close_max } = periods;
        self.closes.iter_mut().for_each(|close| *close = price_after_split(*close, ratio));
        self.wide |= self.closes.iter().any(|close| *close > narrow_close_max);
        let sum = |count: usize| -> i128 {
            (1..=count).map(|ago| i128::from(self.closes[(self.next + slow - ago) % slow])).sum()
        };
        self.difference = sum(fast) * slow as i128 - sum(slow) * fast as i128;
    }
}

impl Listed for MaCrossover {
    const INFO: StrategyInfo = StrategyInfo {
        id: "ma_crossover",
        rule: "long when the mean of the last fast_period closes crosses above that of slow_period; out on the mirror",
        params: &[
            ParamInfo::whole("fast_period", 10, 1, LOOKBACK_BARS_MAX, "bars of the fast mean"),
            ParamInfo::whole("slow_period", 30, 2, LOOKBACK_BARS_MAX, "bars of the slow mean, more than fast_period"),
            ParamInfo::word(
                "cross_rule",
                &["nonzero", "adjacent"],
                "whether bars where both means are equal are skipped",
            ),
        ],
        signals: true,
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let (fast, slow) = (params.whole("fast_period"), params.whole("slow_period"));
        if fast >= slow {
            let what = format!("fast_period {fast} must be less than slow_period {slow}");
            return Err(ParamError::value("fast_period", what));
        }
        let rule = if params.word("cross_rule") == "adjacent" { CrossRule::Adjacent } else { CrossRule::NonZero };
        Ok(MaCrossover::new(fast, slow, rule, params.signal_rule(), setup.symbols))
    }

    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let line = |name: &str| {
            let period = params.whole(name);
            let mut sma = Sma::new(period).expect("a checked parameter");
            ChartLine::each(format!("SMA {period}"), bars, move |bar| sma.update(bar.close.to_f64()))
        };
        vec![line("fast_period"), line("slow_period")]
    }
}

impl Strategy for MaCrossover {
    #[inline]
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let state = &mut self.symbols[symbol.get()];
        let (up, down) = state.update(bar.close.units(), &self.periods, self.cross_rule);
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }

    fn pass_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], follow: impl FnMut(&Bar) -> bool) -> usize {
        if self.signal.looks_at_every_bar() {
            return 0;
        }
        self.symbols[symbol.get()].pass_quiet(bars, &self.periods, follow)
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].split(ratio, &self.periods);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Timestamp, Volume};
    use proptest::prelude::*;

    fn crosses(closes: &[i64], fast: usize, slow: usize, rule: CrossRule) -> Vec<(usize, bool)> {
        let mut state = MaCrossover::new(fast, slow, rule, SignalRule::DEFAULT, 1).symbols.remove(0);
        let updates =
            closes.iter().enumerate().map(|(bar, &close)| (bar, state.update(close, &Periods::new(fast, slow), rule)));
        updates.filter(|(_, crossed)| crossed.0 || crossed.1).map(|(bar, crossed)| (bar, crossed.0)).collect()
    }

    #[test]
    fn a_tie_between_is_a_cross_only_under_nonzero() {
        let closes = [3, 2, 1, 1, 1, 1, 2];
        assert_eq!(crosses(&closes, 1, 2, CrossRule::NonZero), [(6, true)]);
        assert_eq!(crosses(&closes, 1, 2, CrossRule::Adjacent), []);
    }

    proptest! {
        /// Passing quiet bars leaves the state as updates do and stops no later than the next cross.
        #[test]
        fn passing_is_updating(
            closes in proptest::collection::vec(prop_oneof![1i64..50, Just(i64::MAX / 2_000)], 0..200),
            slow in 2usize..9,
            adjacent: bool,
        ) {
            let rule = if adjacent { CrossRule::Adjacent } else { CrossRule::NonZero };
            let bar = |close: &i64| {
                let price = Price::from_units(*close).expect("price");
                let (time, volume) = (Timestamp::MIN, Volume::ZERO);
                Bar { time, open: price, high: price, low: price, close: price, volume }
            };
            let bars: Vec<Bar> = closes.iter().map(bar).collect();
            let new = || MaCrossover::new(1, slow, rule, SignalRule::DEFAULT, 1).symbols.remove(0);
            let periods = Periods::new(1, slow);
            let (mut passing, mut updating, mut rest) = (new(), new(), &bars[..]);
            while !rest.is_empty() {
                let passed = passing.pass_quiet(rest, &periods, |_| true);
                for bar in &rest[..passed] {
                    prop_assert_eq!(updating.update(bar.close.units(), &periods, rule), (false, false));
                }
                prop_assert_eq!(&passing, &updating);
                rest = &rest[passed..];
                if let [bar, later @ ..] = rest {
                    let close = bar.close.units();
                    prop_assert_eq!(passing.update(close, &periods, rule), updating.update(close, &periods, rule));
                    rest = later;
                }
            }
        }

        /// A split in whole billionths changes the unit of the state and no cross.
        #[test]
        fn a_split_is_another_unit(
            closes in proptest::collection::vec(1i64..40, 1..120),
            fast in 1usize..5,
            more in 1usize..6,
            at in 0usize..120,
            adjacent: bool,
        ) {
            let (slow, ratio) = (fast + more, "7".parse().expect("ratio"));
            let rule = if adjacent { CrossRule::Adjacent } else { CrossRule::NonZero };
            let new = || MaCrossover::new(fast, slow, rule, SignalRule::DEFAULT, 1).symbols.remove(0);
            let periods = Periods::new(fast, slow);
            let (mut raw, mut restated) = (new(), new());
            for (bar, close) in closes.into_iter().enumerate() {
                if bar == at {
                    raw.split(ratio, &periods);
                }
                let unit = if bar < at { 7 } else { 1 };
                let crossed = restated.update(close, &periods, rule);
                prop_assert_eq!(raw.update(close * unit, &periods, rule), crossed);
                prop_assert!(bar < at || raw == restated, "{:?} is not {:?}", raw, restated);
            }
        }

        /// The running difference crosses where the plain means do, under both rules.
        #[test]
        fn streaming_is_naive(
            closes in proptest::collection::vec(1i64..12, 0..200),
            fast in 1usize..6,
            more in 1usize..9,
            skips_ties in any::<bool>(),
        ) {
            let slow = fast + more;
            let rule = if skips_ties { CrossRule::NonZero } else { CrossRule::Adjacent };
            let sign = |end: usize| {
                let sum = |n: usize| closes[end - n..end].iter().sum::<i64>();
                (sum(fast) * slow as i64 - sum(slow) * fast as i64).signum()
            };
            let mut expected = Vec::new();
            for end in slow + 1..=closes.len() {
                let before = (slow..end).rev().map(sign).find(|before| *before != 0 || !skips_ties).unwrap_or(0);
                match (before, sign(end)) {
                    (-1, 1) => expected.push((end - 1, true)),
                    (1, -1) => expected.push((end - 1, false)),
                    _ => {}
                }
            }
            prop_assert_eq!(crosses(&closes, fast, slow, rule), expected);
        }
    }
}
