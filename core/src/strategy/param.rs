//! Parameters of strategies: what they are, their ranges, and checked values out of text.
//!
//! Not here: which strategies exist (registry), where a wrong value stands in a file (scenario).
use super::{Direction, Reenter, Setup, SignalRule, StrategyInfo};
use crate::domain::Ratio;
use crate::market::Span;

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
        /// Smallest, not negative.
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
    /// `true` or `false`.
    Switch {
        /// Used when absent.
        default: bool,
    },
    /// One of these words; the first is the default.
    Word(&'static [&'static str]),
    /// So many different spans, shortest first, none shorter than the data's own timeframe.
    /// Default: the data's own and the next longer ones.
    Timeframes {
        /// How many.
        count: usize,
    },
    /// A file, relative to the scenario; it has no default. The scenario reads it, not the strategy.
    File,
}

impl ParamInfo {
    /// A whole number from `low` (not negative) to `high`.
    pub const fn whole(name: &'static str, default: i64, low: i64, high: i64, doc: &'static str) -> ParamInfo {
        ParamInfo { name, kind: ParamKind::Whole { default, low, high }, doc }
    }

    /// A decimal from `low` to `high`; each is taken to the nearest billionth.
    pub const fn number(name: &'static str, default: f64, low: f64, high: f64, doc: &'static str) -> ParamInfo {
        let kind = ParamKind::Number { default: nearest(default), low: nearest(low), high: nearest(high) };
        ParamInfo { name, kind, doc }
    }

    /// `true` or `false`.
    pub const fn switch(name: &'static str, default: bool, doc: &'static str) -> ParamInfo {
        ParamInfo { name, kind: ParamKind::Switch { default }, doc }
    }

    /// One of `words`; the first is the default.
    pub const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> ParamInfo {
        ParamInfo { name, kind: ParamKind::Word(words), doc }
    }
}

const fn nearest(value: f64) -> Ratio {
    let half = if value < 0.0 { -0.5 } else { 0.5 };
    Ratio::from_units((value * Ratio::ONE.units() as f64 + half) as i64)
}

/// The parameters every signal strategy has.
pub const SIGNAL_PARAMS: &[ParamInfo] = &[
    ParamInfo::word("direction", &["long_only", "long_short"], "whether the exit of a long opens a short"),
    ParamInfo::word(
        "reenter",
        &["level", "fresh"],
        "what an entry needs after a stop: that the rule holds, or holds anew",
    ),
    ParamInfo::whole("cooldown_bars", 0, 0, 100_000, "bars to wait after a stop"),
];

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

impl ParamError {
    /// The value of `param` is wrong; `what` names it, its value and what is valid.
    pub fn value(param: &str, what: impl Into<String>) -> ParamError {
        ParamError { param: Some(param.into()), unknown: false, what: what.into(), nearest: None, rule: String::new() }
    }

    /// No strategy of `known` is called `id`.
    pub(super) fn no_strategy(id: &str, known: &[StrategyInfo]) -> ParamError {
        ParamError {
            param: None,
            unknown: true,
            what: format!("unknown strategy {id}"),
            nearest: nearest_name(id, known.iter().map(|info| info.id)),
            rule: format!("strategies: {}", known.iter().map(|info| info.id).collect::<Vec<_>>().join(" ")),
        }
    }

    fn no_param(info: &StrategyInfo, name: &str) -> ParamError {
        let names: Vec<&str> = info.all_params().map(|param| param.name).collect();
        ParamError {
            param: Some(name.into()),
            unknown: true,
            what: format!("{} has no parameter {name}", info.id),
            nearest: nearest_name(name, names.iter().copied()),
            rule: match names.is_empty() {
                true => format!("{} has no parameters", info.id),
                false => format!("parameters of {}: {}", info.id, names.join(" ")),
            },
        }
    }
}

fn nearest_name<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = names.map(|known| (strsim::damerau_levenshtein(name, known), known));
    scored.filter(|(distance, _)| *distance <= 4).min_by_key(|(distance, _)| *distance).map(|(_, known)| known.into())
}

/// The parameters of one strategy: checked, defaults filled in.
///
/// Asking for a name or a type that the strategy does not declare panics: it is a defect of the strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    values: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Whole(i64),
    Number(Ratio),
    Switch(bool),
    Word(&'static str),
    Timeframes(Vec<Span>),
    File,
}

impl Params {
    /// The parameters of the strategy `info` from `given` (name and text).
    ///
    /// Errors: an unknown name, a value of the wrong type or out of range.
    pub fn read(info: &StrategyInfo, given: &[(String, String)], setup: &Setup) -> Result<Params, ParamError> {
        if let Some((name, _)) = given.iter().find(|(name, _)| !info.all_params().any(|param| param.name == name)) {
            return Err(ParamError::no_param(info, name));
        }
        let value = |param: &ParamInfo| {
            let text = given.iter().find(|(name, _)| name == param.name).map(|(_, text)| text.as_str());
            Ok((param.name, read(param, text, setup)?))
        };
        Ok(Params { values: info.all_params().map(value).collect::<Result<_, _>>()? })
    }

    /// A whole number.
    pub fn whole(&self, name: &str) -> usize {
        match self.find(name) {
            Value::Whole(value) => usize::try_from(*value).expect("a declared range is not negative"),
            other => panic!("parameter {name} is no whole number but {other:?}"),
        }
    }

    /// A decimal.
    pub fn number(&self, name: &str) -> Ratio {
        match self.find(name) {
            Value::Number(value) => *value,
            other => panic!("parameter {name} is no decimal but {other:?}"),
        }
    }

    /// A switch.
    pub fn switch(&self, name: &str) -> bool {
        match self.find(name) {
            Value::Switch(value) => *value,
            other => panic!("parameter {name} is no switch but {other:?}"),
        }
    }

    /// A word.
    pub fn word(&self, name: &str) -> &'static str {
        match self.find(name) {
            Value::Word(value) => value,
            other => panic!("parameter {name} is no word but {other:?}"),
        }
    }

    /// A list of spans, shortest first.
    pub fn timeframes(&self, name: &str) -> &[Span] {
        match self.find(name) {
            Value::Timeframes(value) => value,
            other => panic!("parameter {name} is no list of timeframes but {other:?}"),
        }
    }

    /// The parameters of [`SIGNAL_PARAMS`], for a strategy that declares `signals`.
    pub fn signal_rule(&self) -> SignalRule {
        SignalRule {
            direction: if self.word("direction") == "long_short" { Direction::LongShort } else { Direction::LongOnly },
            reenter: if self.word("reenter") == "fresh" { Reenter::Fresh } else { Reenter::Level },
            cooldown_bars: self.whole("cooldown_bars") as u64,
        }
    }

    fn find(&self, name: &str) -> &Value {
        let found = self.values.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("the strategy declares no parameter {name}")).1
    }
}

fn read(param: &ParamInfo, text: Option<&str>, setup: &Setup) -> Result<Value, ParamError> {
    let fail = |valid: String| {
        Err(ParamError::value(param.name, format!("{} = {} is not {valid}", param.name, text.unwrap_or_default())))
    };
    match param.kind {
        ParamKind::Whole { default, low, high } => {
            match text.map_or(Some(default), |text| text.parse().ok()).filter(|value| (low..=high).contains(value)) {
                Some(value) => Ok(Value::Whole(value)),
                None => fail(format!("a whole number from {low} to {high}")),
            }
        }
        ParamKind::Number { default, low, high } => {
            match text.map_or(Some(default), |text| text.parse().ok()).filter(|value| (low..=high).contains(value)) {
                Some(value) => Ok(Value::Number(value)),
                None => fail(format!("a number from {low} to {high}")),
            }
        }
        ParamKind::Switch { default } => match text {
            None => Ok(Value::Switch(default)),
            Some("true") => Ok(Value::Switch(true)),
            Some("false") => Ok(Value::Switch(false)),
            Some(_) => fail("true or false".to_owned()),
        },
        ParamKind::Word(words) => {
            let text = text.unwrap_or(words[0]);
            let Some(word) = words.iter().find(|word| **word == text) else {
                let what = format!("{} = \"{text}\" is not one of {}", param.name, words.join(" "));
                let nearest = nearest_name(text, words.iter().copied());
                return Err(ParamError { nearest, ..ParamError::value(param.name, what) });
            };
            Ok(Value::Word(word))
        }
        ParamKind::Timeframes { count } => timeframes(param.name, count, text, setup),
        ParamKind::File if text.is_some_and(|text| !text.is_empty()) => Ok(Value::File),
        ParamKind::File => {
            let example = format!("like params = {{ {} = \"orders.csv\" }}, relative to the scenario", param.name);
            let what = format!("the parameter {} is needed", param.name);
            Err(ParamError { rule: example, ..ParamError::value(param.name, what) })
        }
    }
}

fn timeframes(name: &str, count: usize, text: Option<&str>, setup: &Setup) -> Result<Value, ParamError> {
    let own = Span::from(setup.timeframe);
    let from_own = Span::ALL.into_iter().filter(|span| *span >= own);
    let Some(text) = text else { return Ok(Value::Timeframes(from_own.take(count).collect())) };
    let valid: Vec<&str> = from_own.map(Span::name).collect();
    let fail = |what: String| {
        let rule = format!("valid for {} bars: {}, shortest first, none twice", setup.timeframe, valid.join(" "));
        Err(ParamError { rule, ..ParamError::value(name, what) })
    };
    let mut spans: Vec<Span> = Vec::new();
    for word in text.split(',').map(str::trim) {
        match word.parse::<Span>() {
            Ok(span) if span < own => {
                return fail(format!("{name} has {span}, shorter than the {} bars of the data", setup.timeframe));
            }
            Ok(span) => spans.push(span),
            Err(_) => return fail(format!("{name} has \"{word}\", which is no timeframe")),
        }
    }
    if spans.len() != count || !spans.is_sorted_by(|a, b| a < b) {
        return fail(format!("{name} = {text} is not {count} timeframes, shortest first"));
    }
    Ok(Value::Timeframes(spans))
}
