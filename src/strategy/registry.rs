//! Which strategies exist, their parameters, and how one is built from text.
//!
//! Not here: the rules themselves. A strategy is matched once a run and handed to the visitor as its
//! concrete type, so the loop over bars calls it statically.
use super::{
    BuyAndHold, CrossRule, Direction, DonchianBreakout, MaCrossover, Momentum, Reenter, RsiMeanReversion, Script,
    SignalRule, Strategy,
};
use crate::domain::Ratio;

/// One parameter of a strategy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamInfo {
    /// Its name in `params`.
    pub name: &'static str,
    /// Its type, range and default.
    pub kind: ParamKind,
    /// What it means.
    pub doc: &'static str,
}

/// Type, range and default of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamKind {
    /// A whole number from `low` to `high`.
    Whole {
        /// Used when absent.
        default: i64,
        /// Smallest.
        low: i64,
        /// Largest.
        high: i64,
    },
    /// An exact decimal from `low` to `high`, in billionths.
    Number {
        /// Used when absent.
        default: Ratio,
        /// Smallest.
        low: Ratio,
        /// Largest.
        high: Ratio,
    },
    /// One of these words; the first is the default.
    Word(&'static [&'static str]),
    /// A file, relative to the scenario; it has no default.
    File,
}

/// A strategy as `alphaflow strategies` lists it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrategyInfo {
    /// Its name in `[strategy]`.
    pub id: &'static str,
    /// When it enters and leaves.
    pub rule: &'static str,
    /// Its own parameters; [`SIGNAL_PARAMS`] come on top where `signals`.
    pub params: &'static [ParamInfo],
    /// Takes `direction`, `reenter` and `cooldown_bars` too?
    pub signals: bool,
}

/// A parameter that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ParamError {
    /// Which one; `None` for the strategy's name itself.
    pub param: Option<String>,
    /// The name is unknown (else the value is wrong).
    pub unknown: bool,
    /// What is wrong.
    pub what: String,
    /// The nearest valid name.
    pub nearest: Option<String>,
    /// What is valid.
    pub rule: String,
}

/// Takes the strategy as its own type.
pub trait StrategyVisitor {
    /// What the visit makes.
    type Output;
    /// Uses the strategy.
    fn visit<S: Strategy>(self, strategy: S) -> Self::Output;
}

const fn whole(name: &'static str, default: i64, low: i64, high: i64, doc: &'static str) -> ParamInfo {
    ParamInfo { name, kind: ParamKind::Whole { default, low, high }, doc }
}
const fn number(name: &'static str, default: i64, low: i64, high: i64, doc: &'static str) -> ParamInfo {
    let kind = ParamKind::Number {
        default: Ratio::from_units(default),
        low: Ratio::from_units(low),
        high: Ratio::from_units(high),
    };
    ParamInfo { name, kind, doc }
}
const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> ParamInfo {
    ParamInfo { name, kind: ParamKind::Word(words), doc }
}

/// Longest look-back, in bars: 40 years of days.
const BARS_MAX: i64 = MaCrossover::PERIOD_MAX as i64;
const ONE: i64 = Ratio::ONE.units();

/// The parameters every signal strategy has.
pub const SIGNAL_PARAMS: &[ParamInfo] = &[
    word("direction", &["long_only", "long_short"], "whether the exit of a long opens a short"),
    word("reenter", &["level", "fresh"], "what an entry needs after a stop: that the rule holds, or holds anew"),
    whole("cooldown_bars", 0, 0, 100_000, "bars to wait after a stop"),
];

const REGISTRY: &[StrategyInfo] = &[
    StrategyInfo {
        id: "ma_crossover",
        rule: "long when the mean of the last fast_period closes crosses above that of slow_period; out on the mirror",
        params: &[
            whole("fast_period", 10, 1, BARS_MAX, "bars of the fast mean"),
            whole("slow_period", 30, 2, BARS_MAX, "bars of the slow mean, more than fast_period"),
            word("cross_rule", &["nonzero", "adjacent"], "whether bars where both means are equal are skipped"),
        ],
        signals: true,
    },
    StrategyInfo {
        id: "rsi_mean_reversion",
        rule: "long when RSI (Wilder) is below oversold; out when it is above overbought",
        params: &[
            whole("rsi_period", 14, 1, BARS_MAX, "bars of the RSI"),
            number("oversold", 30 * ONE, 0, 100 * ONE, "enter below this"),
            number("overbought", 70 * ONE, 0, 100 * ONE, "leave above this"),
        ],
        signals: true,
    },
    StrategyInfo {
        id: "momentum",
        rule: "long when close ÷ close lookback_period bars ago − 1 is above momentum_threshold; out below its negative",
        params: &[
            whole("lookback_period", 20, 1, BARS_MAX, "bars looked back"),
            number("momentum_threshold", ONE / 50, 0, 100 * ONE, "a fraction: 0.02 is 2 %"),
        ],
        signals: true,
    },
    StrategyInfo {
        id: "quick_test",
        rule: "long when the one-bar return is above threshold; out below its negative",
        params: &[number("threshold", ONE / 1_000, 0, 100 * ONE, "a fraction: 0.001 is 0.1 %")],
        signals: true,
    },
    StrategyInfo {
        id: "donchian_breakout",
        rule: "long when the close is above the highest high of the entry_lookback bars before; out below the lowest low of exit_lookback",
        params: &[
            whole("entry_lookback", 20, 1, BARS_MAX, "bars of the high"),
            whole("exit_lookback", 10, 1, BARS_MAX, "bars of the low"),
        ],
        signals: true,
    },
    StrategyInfo {
        id: Script::STRATEGY,
        rule: "sends exactly the orders of a CSV file at the close of the named bars",
        params: &[ParamInfo { name: Script::FILE_PARAM, kind: ParamKind::File, doc: "the CSV file" }],
        signals: false,
    },
    StrategyInfo { id: "buy_and_hold", rule: "long at the first bar, never out", params: &[], signals: false },
];

/// Every strategy, in the order it is listed.
pub fn registry() -> &'static [StrategyInfo] {
    REGISTRY
}

/// Builds strategy `id` for `symbols` symbols from `params` (name and text) and hands it to `visitor`.
///
/// Errors: unknown strategy or parameter, a value of the wrong type or out of range.
pub fn build<V: StrategyVisitor>(
    id: &str,
    params: &[(String, String)],
    symbols: usize,
    visitor: V,
) -> Result<V::Output, ParamError> {
    let info = find(id)?;
    let values = Values::read(info, params)?;
    Ok(match id {
        "ma_crossover" => {
            let (fast, slow) = (values.whole("fast_period"), values.whole("slow_period"));
            if fast >= slow {
                return Err(wrong(
                    "fast_period",
                    format!("fast_period {fast} must be less than slow_period {slow}"),
                    "",
                ));
            }
            let rule = if values.word("cross_rule") == "adjacent" { CrossRule::Adjacent } else { CrossRule::NonZero };
            visitor.visit(MaCrossover::new(fast, slow, rule, values.signal_rule(), symbols))
        }
        "rsi_mean_reversion" => {
            let (low, high) = (values.number("oversold"), values.number("overbought"));
            let period = values.whole("rsi_period");
            visitor.visit(RsiMeanReversion::new(period, low.to_f64(), high.to_f64(), values.signal_rule(), symbols))
        }
        "momentum" => {
            let (lookback, threshold) = (values.whole("lookback_period"), values.number("momentum_threshold"));
            visitor.visit(Momentum::new(lookback, threshold, values.signal_rule(), symbols))
        }
        "quick_test" => visitor.visit(Momentum::new(1, values.number("threshold"), values.signal_rule(), symbols)),
        "donchian_breakout" => {
            let (entry, exit) = (values.whole("entry_lookback"), values.whole("exit_lookback"));
            visitor.visit(DonchianBreakout::new(entry, exit, values.signal_rule(), symbols))
        }
        Script::STRATEGY => {
            // Its rows are checked against the bars of the run, which a parameter does not know.
            let what = "order_script is built from its file when the bars are loaded".to_owned();
            return Err(wrong(Script::FILE_PARAM, what, "load the scenario's bars first"));
        }
        _ => visitor.visit(BuyAndHold::new(symbols)),
    })
}

fn find(id: &str) -> Result<&'static StrategyInfo, ParamError> {
    REGISTRY.iter().find(|info| info.id == id).ok_or_else(|| ParamError {
        param: None,
        unknown: true,
        what: format!("unknown strategy {id}"),
        nearest: nearest(id, REGISTRY.iter().map(|info| info.id)),
        rule: format!("strategies: {}", REGISTRY.iter().map(|info| info.id).collect::<Vec<_>>().join(" ")),
    })
}

fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Option<String> {
    let scored = names.map(|known| (strsim::damerau_levenshtein(name, known), known));
    scored.filter(|(distance, _)| *distance <= 4).min_by_key(|(distance, _)| *distance).map(|(_, known)| known.into())
}

fn wrong(param: &str, what: String, rule: &str) -> ParamError {
    ParamError { param: Some(param.into()), unknown: false, what, nearest: None, rule: rule.into() }
}

/// Checked values of one strategy.
struct Values {
    whole: Vec<(&'static str, i64)>,
    number: Vec<(&'static str, Ratio)>,
    word: Vec<(&'static str, String)>,
}

impl Values {
    fn read(info: &StrategyInfo, params: &[(String, String)]) -> Result<Values, ParamError> {
        let shared = if info.signals { SIGNAL_PARAMS } else { &[] };
        let known: Vec<&ParamInfo> = info.params.iter().chain(shared).collect();
        for (name, _) in params {
            if !known.iter().any(|param| param.name == name) {
                let names: Vec<&str> = known.iter().map(|param| param.name).collect();
                return Err(ParamError {
                    param: Some(name.clone()),
                    unknown: true,
                    what: format!("{} has no parameter {name}", info.id),
                    nearest: nearest(name, known.iter().map(|param| param.name)),
                    rule: format!("parameters of {}: {}", info.id, names.join(" ")),
                });
            }
        }
        let mut values = Values { whole: Vec::new(), number: Vec::new(), word: Vec::new() };
        for param in known {
            let text = params.iter().find(|(name, _)| name == param.name).map(|(_, text)| text.as_str());
            values.take(param, text)?;
        }
        Ok(values)
    }

    fn take(&mut self, param: &ParamInfo, text: Option<&str>) -> Result<(), ParamError> {
        match param.kind {
            ParamKind::Whole { default, low, high } => {
                let value =
                    text.map_or(Some(default), |text| text.parse().ok()).filter(|value| (low..=high).contains(value));
                let value = value.ok_or_else(|| range_error(param.name, text, "a whole number", &low, &high))?;
                self.whole.push((param.name, value));
            }
            ParamKind::Number { default, low, high } => {
                let value =
                    text.map_or(Some(default), |text| text.parse().ok()).filter(|value| (low..=high).contains(value));
                let value = value.ok_or_else(|| range_error(param.name, text, "a number", &low, &high))?;
                self.number.push((param.name, value));
            }
            ParamKind::Word(words) => {
                let word = text.unwrap_or(words[0]);
                if !words.contains(&word) {
                    let what = format!("{} = \"{word}\" is not one of {}", param.name, words.join(" "));
                    return Err(ParamError {
                        nearest: nearest(word, words.iter().copied()),
                        ..wrong(param.name, what, "")
                    });
                }
                self.word.push((param.name, word.to_owned()));
            }
            ParamKind::File => {}
        }
        Ok(())
    }

    fn whole(&self, name: &str) -> usize {
        let found = self.whole.iter().find(|(known, _)| *known == name);
        usize::try_from(found.expect("the registry lists it").1).expect("its range is not negative")
    }
    fn number(&self, name: &str) -> Ratio {
        self.number.iter().find(|(known, _)| *known == name).expect("the registry lists it").1
    }
    fn word(&self, name: &str) -> &str {
        &self.word.iter().find(|(known, _)| *known == name).expect("the registry lists it").1
    }
    fn signal_rule(&self) -> SignalRule {
        SignalRule {
            direction: if self.word("direction") == "long_short" { Direction::LongShort } else { Direction::LongOnly },
            reenter: if self.word("reenter") == "fresh" { Reenter::Fresh } else { Reenter::Level },
            cooldown_bars: self.whole("cooldown_bars") as u64,
        }
    }
}

fn range_error(
    name: &str,
    text: Option<&str>,
    kind: &str,
    low: &dyn std::fmt::Display,
    high: &dyn std::fmt::Display,
) -> ParamError {
    let what = format!("{name} = {} is not {kind} from {low} to {high}", text.unwrap_or_default());
    wrong(name, what, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Built;
    impl StrategyVisitor for Built {
        type Output = ();
        fn visit<S: Strategy>(self, _strategy: S) {}
    }

    fn error(id: &str, params: &[(&str, &str)]) -> ParamError {
        let params: Vec<_> = params.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        build(id, &params, 1, Built).unwrap_err()
    }

    #[test]
    fn every_strategy_builds_with_its_defaults() {
        for info in registry().iter().filter(|info| info.id != Script::STRATEGY) {
            assert!(build(info.id, &[], 2, Built).is_ok(), "{}", info.id);
        }
    }

    #[test]
    fn wrong_names_and_values_say_what_is_valid() {
        assert_eq!(error("ma_crosover", &[]).nearest.as_deref(), Some("ma_crossover"));
        assert_eq!(error("momentum", &[("lookback", "3")]).rule.split(": ").next(), Some("parameters of momentum"));
        let range = error("ma_crossover", &[("fast_period", "0")]).what;
        assert_eq!(range, "fast_period = 0 is not a whole number from 1 to 10000");
        let order = error("ma_crossover", &[("fast_period", "30")]).what;
        assert_eq!(order, "fast_period 30 must be less than slow_period 30");
        assert_eq!(error("momentum", &[("direction", "long_shrt")]).nearest.as_deref(), Some("long_short"));
    }
}
