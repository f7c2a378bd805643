//! `ma_crossover`: the fast average crosses the slow one.
//!
//! Not here: averages as numbers (indicator).
//! Averages of integer prices are compared exactly, as sums of integers, so a tie is a tie.
use super::{
    ChartLine, Intents, LOOKBACK_BARS_MAX, Listed, ParamError, ParamInfo, Params, Setup, SignalRule, SignalState,
    Strategy, StrategyInfo, View,
};
use crate::domain::{Bar, SymbolIndex};
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
    fast: usize,
    slow: usize,
    cross_rule: CrossRule,
    signal: SignalRule,
    symbols: Vec<State>,
}

#[derive(Debug, Clone)]
struct State {
    /// The last `slow` closes, in billionths of a dollar.
    closes: Box<[i64]>,
    next: usize,
    seen: usize,
    /// slow × Σ fast closes − fast × Σ slow closes: its sign is that of fast mean − slow mean.
    difference: i128,
    /// Sign of the difference the next bar is compared with.
    sign: i8,
    signal: SignalState,
}

impl MaCrossover {
    /// Periods in bars, `fast` < `slow`, in the range of the parameters.
    pub fn new(fast: usize, slow: usize, cross_rule: CrossRule, signal: SignalRule, symbols: usize) -> MaCrossover {
        assert!(0 < fast && fast < slow, "checked parameters");
        let state = State {
            closes: vec![0; slow].into(),
            next: 0,
            seen: 0,
            difference: 0,
            sign: 0,
            signal: SignalState::default(),
        };
        MaCrossover { fast, slow, cross_rule, signal, symbols: vec![state; symbols] }
    }
}

impl State {
    /// Takes a close and says whether the averages crossed up or down on it.
    #[inline]
    fn update(&mut self, close: i64, fast: usize, slow: usize, rule: CrossRule) -> (bool, bool) {
        // Before `fast` (or `slow`) closes the ring holds zeros, which add nothing.
        let fast_at = if self.next >= fast { self.next - fast } else { self.next + slow - fast };
        let (leaves_fast, leaves_slow) = (self.closes[fast_at], self.closes[self.next]);
        self.difference +=
            i128::from(close - leaves_fast) * slow as i128 - i128::from(close - leaves_slow) * fast as i128;
        self.closes[self.next] = close;
        self.next = if self.next + 1 == slow { 0 } else { self.next + 1 };
        if self.seen + 1 < slow {
            self.seen += 1;
            return (false, false);
        }
        let sign = (self.difference > 0) as i8 - (self.difference < 0) as i8;
        let crossed = (self.sign < 0 && sign > 0, self.sign > 0 && sign < 0);
        if sign != 0 || rule == CrossRule::Adjacent {
            self.sign = sign;
        }
        crossed
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
        let (up, down) = state.update(bar.close.units(), self.fast, self.slow, self.cross_rule);
        self.signal.apply(&mut state.signal, symbol, up, down, view, intents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn crosses(closes: &[i64], fast: usize, slow: usize, rule: CrossRule) -> Vec<(usize, bool)> {
        let mut state = MaCrossover::new(fast, slow, rule, SignalRule::DEFAULT, 1).symbols.remove(0);
        let updates = closes.iter().enumerate().map(|(bar, &close)| (bar, state.update(close, fast, slow, rule)));
        updates.filter(|(_, crossed)| crossed.0 || crossed.1).map(|(bar, crossed)| (bar, crossed.0)).collect()
    }

    #[test]
    fn a_tie_between_is_a_cross_only_under_nonzero() {
        let closes = [3, 2, 1, 1, 1, 1, 2];
        assert_eq!(crosses(&closes, 1, 2, CrossRule::NonZero), [(6, true)]);
        assert_eq!(crosses(&closes, 1, 2, CrossRule::Adjacent), []);
    }

    proptest! {
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
