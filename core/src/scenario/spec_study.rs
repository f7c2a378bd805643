//! `[sweep]`, `[walk_forward]`, `[stress]`: many runs from one scenario.
//!
//! Not here: which runs they make (sweep), running them. `backtest` refuses a scenario with one of these tables.
use std::fmt;
use std::str::FromStr;

use super::spec::ParamValue;
use super::spec_choice::{Objective, SampleMethod};
use super::spec_windows::StressWindow;
use crate::domain::Ratio;

/// `[sweep]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepSpec {
    /// One per swept key, in the order of the file.
    pub axes: Vec<SweepAxis>,
    /// Conditions between swept keys, as written.
    pub conditions: Vec<String>,
    /// Which of the combinations run; `None`: every one.
    pub sample: Option<SampleSpec>,
}

/// `sweep.sample`: a seeded subset of the combinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSpec {
    /// Combinations wanted, 1 to 1,000,000.
    pub count: u32,
    /// How they are drawn.
    pub method: SampleMethod,
}

/// One key and the values it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepAxis {
    /// A key of the scenario, like `stop.multiple`.
    pub key: String,
    /// What it takes.
    pub values: AxisValues,
}

/// The values of one swept key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AxisValues {
    /// These, as written; 1 to 10,000.
    List(Vec<ParamValue>),
    /// `from`, `from + step`, … up to and including `to`; at most 10,000 values.
    Range {
        /// First value.
        from: Ratio,
        /// Upper end, at least `from`.
        to: Ratio,
        /// Above 0.
        step: Ratio,
    },
}

/// `[walk_forward]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkForwardSpec {
    /// Length of a training span.
    pub train: Period,
    /// Length of the span tested after it.
    pub test: Period,
    /// Does training always start at the beginning?
    pub anchored: bool,
    /// What training maximises.
    pub objective: Objective,
}

/// `[stress]`: each key multiplies the runs; an empty list is no shock. In a single run each list holds one value at
/// most, and none that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StressSpec {
    /// Overnight gaps of what is held, as a share of the price: −0.2 costs a long and a short 20 %. Above −1, below 1.
    pub gap: Vec<Ratio>,
    /// Factors on slippage.
    pub slippage_times: Vec<Ratio>,
    /// Shares of bars left out.
    pub missing_bars: Vec<Ratio>,
    /// Spans of the past, each a run of its own.
    pub windows: Vec<StressWindow>,
    /// Sessions for which the price of what is held stands still, 0 to 1,000.
    pub frozen: Vec<u32>,
    /// How many runs on reordered days, 0 to 1,000; in a single run which of them it is, from 1, or 0 for none.
    pub reorder: u32,
}

/// A calendar span: `3y`, `6m`, `8w`, `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How many, 1 to 9,999.
    pub count: u32,
    /// Of what.
    pub unit: PeriodUnit,
}

/// The unit of a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodUnit {
    /// Calendar years.
    Years,
    /// Calendar months.
    Months,
    /// Weeks.
    Weeks,
    /// Calendar days.
    Days,
}

impl FromStr for Period {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = match text.chars().last() {
            Some('y') => PeriodUnit::Years,
            Some('m') => PeriodUnit::Months,
            Some('w') => PeriodUnit::Weeks,
            Some('d') => PeriodUnit::Days,
            _ => return Err(()),
        };
        let digits = &text[..text.len() - 1];
        let count = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        match count {
            Some(count @ 1..=9_999) => Ok(Period { count, unit }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            PeriodUnit::Years => 'y',
            PeriodUnit::Months => 'm',
            PeriodUnit::Weeks => 'w',
            PeriodUnit::Days => 'd',
        };
        write!(f, "{}{unit}", self.count)
    }
}
