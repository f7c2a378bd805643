//! Reads `sma(10),atr(14),macd(12,26,9)` into checked indicator specifications.
//!
//! Not here: what exists (registry), computing it (compute).

use super::compute::runner;
use super::error::IndicatorError;
use super::registry::{IndicatorInfo, ParameterInfo, ParameterKind, registry};

/// Most indicators in one compute string: over 1,000,000 bars their columns then need at most 3 GB.
pub const INDICATORS_MAX: usize = 64;

/// One indicator with its arguments. Invariant: it can be built; every argument is in range.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorSpec {
    info: &'static IndicatorInfo,
    arguments: Vec<f64>,
}

impl IndicatorSpec {
    /// The indicator `id` with `arguments`; missing ones take their defaults.
    ///
    /// Errors: every [`IndicatorError`] but `Syntax`, `Duplicate` and `TooMany`.
    pub fn new(id: &str, arguments: &[f64]) -> Result<Self, IndicatorError> {
        let info = find(id)?;
        check_count(info, arguments.len())?;
        let given = arguments.iter().copied().map(Some).chain(std::iter::repeat(None));
        let arguments = info.parameters.iter().zip(given).map(|(parameter, value)| {
            let value = value.unwrap_or(parameter.default);
            check_argument(info.id, parameter, value).map(|()| value)
        });
        let spec = Self { info, arguments: arguments.collect::<Result<_, _>>()? };
        let _ = runner(&spec)?; // what holds between arguments (fast < slow) is known only to the indicator
        Ok(spec)
    }

    /// Its entry in the registry.
    pub fn info(&self) -> &'static IndicatorInfo {
        self.info
    }

    /// All arguments, defaults filled in, in the order of the registry's parameters.
    pub fn arguments(&self) -> &[f64] {
        &self.arguments
    }

    /// The name with all arguments, as `macd_12_26_9`; the whole column name if there is only one.
    pub fn name(&self) -> String {
        self.arguments.iter().fold(self.info.id.to_owned(), |name, value| format!("{name}_{value}"))
    }

    /// The names of its columns, as `bollinger_20_2_upper`.
    pub fn column_names(&self) -> Vec<String> {
        let full = |ending: &&str| match *ending {
            "" => self.name(),
            ending => format!("{}_{ending}", self.name()),
        };
        self.info.outputs.iter().map(full).collect()
    }
}

/// Reads a list such as `sma(10),atr(14),macd`; blanks do not matter, nor does case.
///
/// Errors: any [`IndicatorError`]; the message names the part and what is valid.
pub fn parse_indicators(text: &str) -> Result<Vec<IndicatorSpec>, IndicatorError> {
    let mut specs: Vec<IndicatorSpec> = Vec::new();
    for item in split_outside_brackets(text)? {
        if specs.len() == INDICATORS_MAX {
            return Err(IndicatorError::TooMany { max: INDICATORS_MAX });
        }
        let spec = parse_one(item)?;
        if specs.contains(&spec) {
            return Err(IndicatorError::Duplicate { name: spec.name() });
        }
        specs.push(spec);
    }
    Ok(specs)
}

/// The parts between commas that are in no bracket.
fn split_outside_brackets(text: &str) -> Result<Vec<&str>, IndicatorError> {
    let (mut parts, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' if inside => return Err(syntax(&text[start..], "a bracket inside a bracket")),
            ')' if !inside => return Err(syntax(&text[start..=at], "a `)` without its `(`")),
            '(' | ')' => inside = c == '(',
            ',' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(syntax(&text[start..], "a `(` without its `)`"));
    }
    parts.push(&text[start..]);
    Ok(parts)
}

fn parse_one(item: &str) -> Result<IndicatorSpec, IndicatorError> {
    let item = item.trim();
    let (id, inside) = match item.split_once('(') {
        None => (item, ""),
        Some((id, rest)) => match rest.split_once(')') {
            Some((inside, "")) => (id.trim_end(), inside.trim()),
            _ => return Err(syntax(item, "something after the `)`")),
        },
    };
    if id.is_empty() {
        return Err(syntax(item, "an indicator's name is missing"));
    }
    let info = find(id)?;
    let texts: Vec<&str> = if inside.is_empty() { Vec::new() } else { inside.split(',').collect() };
    check_count(info, texts.len())?;
    let arguments = texts.iter().zip(info.parameters).map(|(text, parameter)| {
        let not_a_number = |_| IndicatorError::NotANumber {
            indicator: info.id,
            parameter: parameter.name,
            text: text.trim().to_owned(),
        };
        text.trim().parse::<f64>().map_err(not_a_number)
    });
    IndicatorSpec::new(id, &arguments.collect::<Result<Vec<_>, _>>()?)
}

fn syntax(text: &str, problem: &'static str) -> IndicatorError {
    IndicatorError::Syntax { text: text.trim().to_owned(), problem }
}

fn find(id: &str) -> Result<&'static IndicatorInfo, IndicatorError> {
    let wanted = id.to_ascii_lowercase();
    if let Some(info) = registry().iter().find(|info| info.id == wanted) {
        return Ok(info);
    }
    let ids: Vec<&'static str> = registry().iter().map(|info| info.id).collect();
    let distance = |id: &&&'static str| strsim::osa_distance(&wanted, id);
    let nearest = ids.iter().min_by_key(distance).copied().unwrap_or_default();
    Err(IndicatorError::Unknown { name: id.to_owned(), nearest, valid: ids.join(" ") })
}

fn check_count(info: &'static IndicatorInfo, given: usize) -> Result<(), IndicatorError> {
    let max = info.parameters.len();
    if given <= max {
        return Ok(());
    }
    Err(IndicatorError::TooManyArguments { indicator: info.id, given, max, usage: info.usage() })
}

fn check_argument(indicator: &'static str, info: &'static ParameterInfo, value: f64) -> Result<(), IndicatorError> {
    let (parameter, min, max) = (info.name, info.min, info.max);
    if !(min..=max).contains(&value) {
        return Err(IndicatorError::OutOfRange { indicator, parameter, value, min, max });
    }
    if info.kind == ParameterKind::Bars && value.fract() != 0.0 {
        let rounded = value.round();
        return Err(IndicatorError::NotWhole { indicator, parameter, value, rounded });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        parse_indicators(text).unwrap().iter().flat_map(IndicatorSpec::column_names).collect()
    }

    fn message(text: &str) -> String {
        parse_indicators(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_are_named_after_all_arguments() {
        assert_eq!(names("sma(10),atr(14),obv"), ["sma_10", "atr_14", "obv"]);
        assert_eq!(names("macd"), ["macd_12_26_9", "macd_12_26_9_signal", "macd_12_26_9_histogram"]);
        let bands = ["bollinger_20_2.5_upper", "bollinger_20_2.5_middle", "bollinger_20_2.5_lower"];
        assert_eq!(names(" Bollinger ( 20 , 2.5 ) "), bands);
        assert_eq!(names("bollinger(20)")[0], "bollinger_20_2_upper");
        assert_eq!(names("stochastic()"), ["stochastic_14_3_3_k", "stochastic_14_3_3_d"]);
        assert_eq!(names("donchian,plus_di"), ["donchian_20_high", "donchian_20_low", "plus_di_14"]);
        assert_eq!(
            names("sma,rsi,roc,adx,minus_di,natr"),
            ["sma_20", "rsi_14", "roc_10", "adx_14", "minus_di_14", "natr_14"]
        );
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_and_all() {
        let text = message("sma(10),bolinger(20)");
        assert!(text.contains("unknown indicator `bolinger`; the nearest is `bollinger`"), "{text}");
        assert!(registry().iter().all(|info| text.contains(info.id)), "{text}");
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (text, expected) in [
            ("sma(0)", "sma: period must be from 1 to 100000, but it is 0"),
            ("sma(100001)", "sma: period must be from 1 to 100000, but it is 100001"),
            ("sma(-5)", "sma: period must be from 1 to 100000, but it is -5"),
            ("sma(nan)", "sma: period must be from 1 to 100000, but it is NaN"),
            ("sma(2.5)", "sma: period must be a whole number, but it is 2.5; write 3 instead"),
            ("sma(ten)", "sma: period must be a number, but it is `ten`"),
            ("sma(1,2)", "sma: too many arguments (2 given, at most 1 allowed); write sma(period)"),
            ("obv(3)", "obv: too many arguments (1 given, at most 0 allowed); write obv"),
            ("macd(12,,9)", "macd: slow_period must be a number, but it is ``"),
            ("macd(26,12,9)", "macd: fast_period 26 must be below slow_period 12; give the smaller one first"),
            ("bollinger(20,101)", "bollinger: multiplier must be from 0 to 100, but it is 101"),
            ("sma,sma(20)", "`sma_20` is asked for twice; remove one of them"),
        ] {
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn broken_text_is_refused() {
        for text in ["", " ", "sma,", ",sma", "sma(10", "sma 10)", "sma((10))", "sma(10)x", "(10)", "sma(1)(2)"] {
            assert!(matches!(parse_indicators(text), Err(IndicatorError::Syntax { .. })), "{text:?}");
        }
        let many: Vec<String> = (1..=INDICATORS_MAX + 1).map(|n| format!("sma({n})")).collect();
        assert_eq!(parse_indicators(&many.join(",")), Err(IndicatorError::TooMany { max: INDICATORS_MAX }));
    }

    /// The registry's ranges are those of the constructors: the limits build, a step beyond does not.
    #[test]
    fn registry_and_constructors_agree_on_ranges() {
        for info in registry() {
            let defaults: Vec<f64> = info.parameters.iter().map(|p| p.default).collect();
            for (i, parameter) in info.parameters.iter().enumerate() {
                let at = |value: f64| {
                    let mut arguments = defaults.clone();
                    arguments[i] = value;
                    runner(&IndicatorSpec { info, arguments }).map(|_| ())
                };
                for (inside, outside) in [(parameter.min, -1.0), (parameter.max, 1.0)] {
                    let refused = matches!(at(inside), Err(IndicatorError::OutOfRange { .. }));
                    assert!(!refused, "{} {}", info.id, parameter.name);
                    // Period −1 below 0 saturates to 0 bars, which every indicator refuses as well.
                    match at(inside + outside) {
                        Err(IndicatorError::OutOfRange { indicator, parameter: p, min, max, .. }) => {
                            assert_eq!(
                                (indicator, p, min, max),
                                (info.id, parameter.name, parameter.min, parameter.max)
                            );
                        }
                        other => panic!("{} {}: {other:?}", info.id, parameter.name),
                    }
                }
            }
        }
    }
}
