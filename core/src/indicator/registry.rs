//! What indicators exist: names, parameters, formulas and columns, for people and for the parser.
//!
//! Not here: reading `sma(10)` (spec), computing it (compute), the ranges' enforcement by each `new`.

use super::error::{MULTIPLIER_MAX, PERIOD_MAX};

/// One indicator as `alphaflow indicators` prints it.
#[derive(Debug, PartialEq)]
pub struct IndicatorInfo {
    /// The name in a compute string.
    pub id: &'static str,
    /// Which indicator it is, for code.
    pub kind: IndicatorKind,
    /// In the order of the arguments; a missing argument takes its default.
    pub parameters: &'static [ParameterInfo],
    /// Which columns of a bar it reads.
    pub inputs: &'static str,
    /// Formula, first value and where both come from, in one line.
    pub formula: &'static str,
    /// Endings of its columns after `id_arguments`; a single empty one for a single plain column.
    pub outputs: &'static [&'static str],
}

/// One parameter of an indicator.
#[derive(Debug, PartialEq)]
pub struct ParameterInfo {
    /// Name in messages.
    pub name: &'static str,
    /// Whole bars or a real factor.
    pub kind: ParameterKind,
    /// Taken when the argument is missing.
    pub default: f64,
    /// Smallest allowed.
    pub min: f64,
    /// Largest allowed.
    pub max: f64,
}

/// What numbers a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number of bars.
    Bars,
    /// Any number in range.
    Factor,
}

/// The indicators by name, for exhaustive matches.
#[allow(missing_docs, reason = "each is documented by its entry in the registry and by its struct")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndicatorKind {
    Sma,
    Ema,
    Wma,
    Rsi,
    Atr,
    AtrSimple,
    Natr,
    Macd,
    Bollinger,
    PlusDi,
    MinusDi,
    Adx,
    Stochastic,
    Roc,
    Momentum,
    Cci,
    WilliamsR,
    Obv,
    Vwap,
    Donchian,
    Keltner,
    ZScore,
    StdDev,
    StdDevSample,
    LinearRegressionSlope,
    Correlation,
    RollingMax,
    RollingMin,
}

/// Every indicator of this room, in the order to print them.
pub fn registry() -> &'static [IndicatorInfo] {
    REGISTRY
}

/// A window of `default` bars, at least `min`.
const fn bars(name: &'static str, default: usize, min: usize) -> ParameterInfo {
    let kind = ParameterKind::Bars;
    ParameterInfo { name, kind, default: default as f64, min: min as f64, max: PERIOD_MAX as f64 }
}

/// A band's half width.
const fn multiplier(default: f64) -> ParameterInfo {
    let kind = ParameterKind::Factor;
    ParameterInfo { name: "multiplier", kind, default, min: 0.0, max: MULTIPLIER_MAX }
}

const fn info(
    id: &'static str,
    kind: IndicatorKind,
    parameters: &'static [ParameterInfo],
    inputs: &'static str,
    formula: &'static str,
) -> IndicatorInfo {
    IndicatorInfo { id, kind, parameters, inputs, formula, outputs: &[""] }
}

impl IndicatorInfo {
    const fn with_outputs(mut self, outputs: &'static [&'static str]) -> Self {
        self.outputs = outputs;
        self
    }

    /// The full form, as `macd(fast_period, slow_period, signal_period)`.
    pub fn usage(&self) -> String {
        if self.parameters.is_empty() {
            return self.id.to_owned();
        }
        let names: Vec<&str> = self.parameters.iter().map(|p| p.name).collect();
        format!("{}({})", self.id, names.join(", "))
    }
}

use IndicatorKind as K;

const REGISTRY: &[IndicatorInfo] = &[
    info("sma", K::Sma, &[bars("period", 20, 1)], "close", "mean of the last n closes; from index n-1 (TA-Lib SMA)"),
    info(
        "ema",
        K::Ema,
        &[bars("period", 20, 1)],
        "close",
        "ema + 2/(n+1)*(close - ema), seeded with the mean of the first n; from index n-1 (TA-Lib EMA)",
    ),
    info(
        "wma",
        K::Wma,
        &[bars("period", 20, 1)],
        "close",
        "mean of the last n closes weighted 1 (oldest) to n; from index n-1 (TA-Lib WMA)",
    ),
    info(
        "rsi",
        K::Rsi,
        &[bars("period", 14, 1)],
        "close",
        "100*G/(G+L), Wilder averages of gains and losses, 0 if both are 0; from index n (TA-Lib RSI)",
    ),
    info(
        "atr",
        K::Atr,
        &[bars("period", 14, 1)],
        "high low close",
        "Wilder average of the true range, which starts with the second bar; from index n (TA-Lib ATR)",
    ),
    info(
        "atr_simple",
        K::AtrSimple,
        &[bars("period", 14, 1)],
        "high low close",
        "mean of the last n true ranges, which start with the second bar; from index n",
    ),
    info("natr", K::Natr, &[bars("period", 14, 1)], "high low close", "100*atr/close; from index n (TA-Lib NATR)"),
    info(
        "macd",
        K::Macd,
        &[bars("fast_period", 12, 1), bars("slow_period", 26, 1), bars("signal_period", 9, 1)],
        "close",
        "EMA(fast) - EMA(slow), both seeds ending at index slow-1; signal: its EMA; histogram: macd - signal; \
         fast < slow; all from index slow+signal-2 (TA-Lib MACD)",
    )
    .with_outputs(&["", "signal", "histogram"]),
    info(
        "bollinger",
        K::Bollinger,
        &[bars("period", 20, 2), multiplier(2.0)],
        "close",
        "SMA(n) +/- multiplier * population deviation; from index n-1 (TA-Lib BBANDS)",
    )
    .with_outputs(&["upper", "middle", "lower"]),
    info(
        "plus_di",
        K::PlusDi,
        &[bars("period", 14, 2)],
        "high low close",
        "100 * smoothed +DM / smoothed true range; from index n (Wilder 1978, TA-Lib PLUS_DI)",
    ),
    info(
        "minus_di",
        K::MinusDi,
        &[bars("period", 14, 2)],
        "high low close",
        "100 * smoothed -DM / smoothed true range; from index n (Wilder 1978, TA-Lib MINUS_DI)",
    ),
    info(
        "adx",
        K::Adx,
        &[bars("period", 14, 2)],
        "high low close",
        "Wilder average of 100*|+DI - -DI|/(+DI + -DI); from index 2n-1 (Wilder 1978, TA-Lib ADX)",
    ),
    info(
        "stochastic",
        K::Stochastic,
        &[bars("k_period", 14, 1), bars("k_smoothing", 3, 1), bars("d_period", 3, 1)],
        "high low close",
        "k: mean over k_smoothing of 100*(close - lowest)/(highest - lowest), 0 without range; d: mean of k; \
         both from index k_period+k_smoothing+d_period-3 (TA-Lib STOCH)",
    )
    .with_outputs(&["k", "d"]),
    info(
        "roc",
        K::Roc,
        &[bars("period", 10, 1)],
        "close",
        "100*(close/close n bars ago - 1); from index n (TA-Lib ROC)",
    ),
    info(
        "momentum",
        K::Momentum,
        &[bars("period", 10, 1)],
        "close",
        "close - close n bars ago; from index n (TA-Lib MOM)",
    ),
    info(
        "cci",
        K::Cci,
        &[bars("period", 20, 2)],
        "high low close",
        "(tp - mean)/(0.015 * mean absolute deviation), tp = (h+l+c)/3, 0 without deviation; O(n) a bar; \
         from index n-1 (Lambert 1980, TA-Lib CCI)",
    ),
    info(
        "williams_r",
        K::WilliamsR,
        &[bars("period", 14, 2)],
        "high low close",
        "-100*(highest - close)/(highest - lowest), 0 without range; from index n-1 (TA-Lib WILLR)",
    ),
    info(
        "obv",
        K::Obv,
        &[],
        "close volume",
        "running volume, added on a rise, taken away on a fall; from index 0 (TA-Lib OBV)",
    ),
    info(
        "vwap",
        K::Vwap,
        &[],
        "high low close volume",
        "sum of (h+l+c)/3*volume over sum of volume since the session began; empty while volume is 0",
    ),
    info(
        "donchian",
        K::Donchian,
        &[bars("period", 20, 1)],
        "high low",
        "highest high and lowest low of the last n bars, this one included; from index n-1",
    )
    .with_outputs(&["high", "low"]),
    info(
        "keltner",
        K::Keltner,
        &[bars("period", 20, 1), bars("atr_period", 10, 1), multiplier(2.0)],
        "high low close",
        "EMA(period) +/- multiplier * Wilder ATR(atr_period); from index max(period-1, atr_period)",
    )
    .with_outputs(&["upper", "middle", "lower"]),
    info(
        "zscore",
        K::ZScore,
        &[bars("period", 20, 2)],
        "close",
        "(close - mean)/sample deviation of the last n closes; empty without deviation; from index n-1",
    ),
    info(
        "stddev",
        K::StdDev,
        &[bars("period", 20, 2)],
        "close",
        "population deviation of the last n closes; from index n-1 (TA-Lib STDDEV)",
    ),
    info(
        "stddev_sample",
        K::StdDevSample,
        &[bars("period", 20, 2)],
        "close",
        "sample deviation (n-1) of the last n closes; from index n-1",
    ),
    info(
        "linreg_slope",
        K::LinearRegressionSlope,
        &[bars("period", 14, 2)],
        "close",
        "least-squares slope of the last n closes, dollars a bar; from index n-1 (TA-Lib LINEARREG_SLOPE)",
    ),
    info(
        "correlation",
        K::Correlation,
        &[bars("period", 20, 2)],
        "close volume",
        "Pearson correlation of close and volume over n bars; empty without deviation (TA-Lib CORREL says 0); \
         from index n-1",
    ),
    info(
        "rolling_max",
        K::RollingMax,
        &[bars("period", 20, 1)],
        "close",
        "largest of the last n closes; from index n-1 (TA-Lib MAX)",
    ),
    info(
        "rolling_min",
        K::RollingMin,
        &[bars("period", 20, 1)],
        "close",
        "smallest of the last n closes; from index n-1 (TA-Lib MIN)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_defaults_are_in_range() {
        for (i, info) in registry().iter().enumerate() {
            assert!(registry()[..i].iter().all(|other| other.id != info.id && other.kind != info.kind), "{}", info.id);
            assert!(!info.outputs.is_empty() && !info.formula.is_empty());
            for p in info.parameters {
                assert!((p.min..=p.max).contains(&p.default), "{} {}", info.id, p.name);
            }
        }
    }

    #[test]
    fn usage_names_every_parameter() {
        let usage = |id| registry().iter().find(|i| i.id == id).map(IndicatorInfo::usage);
        assert_eq!(usage("macd").unwrap(), "macd(fast_period, slow_period, signal_period)");
        assert_eq!(usage("obv").unwrap(), "obv");
    }
}
