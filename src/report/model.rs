//! The facts a report shows, gathered once and drawn three times (HTML, PNG, terminal).
//!
//! Not here: drawing, and text longer than a label. Invariants: every per-step column has the
//! length of `steps`; fractions are fractions (0.02 is 2 %), money is dollars.
use std::borrow::Cow;

use crate::domain::{Bar, OrderPurpose, Side, Timeframe, Timestamp};
use crate::scenario::{Efficacy, Forced};
use crate::strategy::ChartLine;

/// A number that may be undefined, and then says why.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// The value.
    Value(f64),
    /// Why there is none.
    Undefined(String),
}

impl Measure {
    /// The value, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self {
            Measure::Value(value) => Some(*value),
            Measure::Undefined(_) => None,
        }
    }
}

/// A 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// Everything a report shows.
#[derive(Debug, Clone)]
pub struct ReportModel<'a> {
    /// The scenario's name.
    pub name: String,
    /// `alphaflow 0.1.0`.
    pub program: String,
    /// sha256 over all fills, hexadecimal.
    pub fingerprint: String,
    /// The scenario's seed.
    pub seed: u64,
    /// Strategy id.
    pub strategy: String,
    /// Its parameters as written, e.g. ("fast_period", "10").
    pub parameters: Vec<(String, String)>,
    /// The stop in words, e.g. "stop 2 ATR"; `None` without one.
    pub stop: Option<String>,
    /// Symbols in the scenario's order.
    pub symbols: Vec<String>,
    /// Span of a bar.
    pub timeframe: Timeframe,
    /// One entry per distinct bar time.
    pub steps: Vec<Timestamp>,
    /// Equity at each step's close, dollars.
    pub equity: Vec<f64>,
    /// Fall from the running peak at each step, 0 or negative fraction.
    pub drawdown: Vec<f64>,
    /// Gross exposure ÷ equity at each step.
    pub exposure: Vec<f64>,
    /// What is lost if every stop is hit ÷ equity at each step; NaN where equity is not above zero.
    pub heat: Vec<f64>,
    /// Starting cash, dollars.
    pub initial_equity: f64,
    /// Index into `steps` of the last step of each session (daily bars: every step).
    pub session_ends: Vec<usize>,
    /// The benchmark, if the scenario names one: name and dollars at each step (same start as us).
    pub benchmark: Option<Line>,
    /// The scenario's symbols held at equal weight from the first bar: dollars at each step.
    pub hold: Line,
    /// `metrics.json` in its order: key and value.
    pub measures: Vec<(&'static str, Measure)>,
    /// The same measures of the benchmark where they make sense; else of `hold`.
    pub benchmark_measures: Vec<(&'static str, Measure)>,
    /// Bootstrap intervals by key (`sharpe`, `cagr`, `max_drawdown`).
    pub intervals: Vec<(&'static str, Range)>,
    /// Prices by symbol, most profitable symbol first; those without a trade last.
    pub prices: Vec<PricePanel<'a>>,
    /// Round trips in order of entry; open ones have no exit.
    pub trades: Vec<TradeRow>,
    /// Orders the gate refused.
    pub refusals: Vec<RefusalRow>,
    /// Orders that the gate let through and the venue did not take.
    pub rejections: Vec<RejectionRow>,
    /// What the data gate found suspicious, the first of each kind and file.
    pub warnings: Vec<WarningRow>,
    /// How many findings there are in all.
    pub warnings_total: usize,
    /// Σ |quantity × price| over all fills, dollars: what the costs are set against.
    pub traded_value: f64,
    /// Slippage and commission are both `none` in the scenario.
    pub costs_are_none: bool,
    /// The benchmark's line includes its dividends (false also without a benchmark).
    pub benchmark_has_dividends: bool,
    /// What margin calls forced, in a sentence.
    pub forced: Option<String>,
    /// A multiplier that the rules cut whatever the account is worth, in a sentence.
    pub multiplier_cut: Option<String>,
    /// What the limits of `[risk]` did.
    pub efficacy: Efficacy,
    /// The whole effective scenario as TOML.
    pub scenario_toml: String,
    /// Data files: path as in the scenario, and sha256 in hexadecimal.
    pub files: Vec<(String, String)>,
}

impl ReportModel<'_> {
    /// The measure `key`, if the run has a value for it.
    pub fn measure(&self, key: &str) -> Option<f64> {
        self.measures.iter().find(|(name, _)| *name == key).and_then(|(_, measure)| measure.value())
    }

    /// The benchmark's (or, without one, the held symbols') measure `key`.
    pub fn benchmark_measure(&self, key: &str) -> Option<f64> {
        self.benchmark_measures.iter().find(|(name, _)| *name == key).and_then(|(_, measure)| measure.value())
    }

    /// The bootstrap interval of `key`.
    pub fn interval(&self, key: &str) -> Option<Range> {
        self.intervals.iter().find(|(name, _)| *name == key).map(|(_, range)| *range)
    }

    /// What the data gate found in all, listed or not.
    pub fn findings(&self) -> usize {
        self.warnings_total.max(self.warnings.len())
    }

    /// The line drawn in grey beside ours: the benchmark, or the symbols held.
    pub fn reference(&self) -> &Line {
        self.benchmark.as_ref().unwrap_or(&self.hold)
    }

    /// Round trips that have ended.
    pub fn closed_trades(&self) -> impl Iterator<Item = &TradeRow> {
        self.trades.iter().filter(|trade| trade.exit_time.is_some())
    }

    /// Equity after the last step; the starting equity when there was none.
    pub fn final_equity(&self) -> f64 {
        self.equity.last().copied().unwrap_or(self.initial_equity)
    }
}

/// A named line in dollars, one value per step.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name, as at the line's end.
    pub name: String,
    /// Dollars at each step.
    pub values: Vec<f64>,
}

/// The price chart of one symbol.
#[derive(Debug, Clone)]
pub struct PricePanel<'a> {
    /// The symbol.
    pub symbol: String,
    /// Its bars, as replayed.
    pub bars: &'a [Bar],
    /// The strategy's own lines, e.g. "SMA 10": one value per bar, `None` in warm-up.
    pub indicators: Cow<'a, [ChartLine]>,
    /// Levels of protective stops: (from, to, price), by bar time.
    pub stops: Vec<StopSpan>,
    /// Net profit of its closed trades, dollars.
    pub profit: f64,
}

/// How long a stop rested at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopSpan {
    /// First bar it was live on.
    pub from: Timestamp,
    /// Last bar it was live on.
    pub to: Timestamp,
    /// Where it stood, dollars a share.
    pub price: f64,
}

/// One flat-to-flat round trip.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeRow {
    /// The symbol.
    pub symbol: String,
    /// Bought first (long) or sold first (short).
    pub side: Side,
    /// Most shares held.
    pub quantity: f64,
    /// Bar of the first fill.
    pub entry_time: Timestamp,
    /// Average entry price.
    pub entry_price: f64,
    /// Bar of the last fill; `None` while open.
    pub exit_time: Option<Timestamp>,
    /// Average exit price; `None` while open.
    pub exit_price: Option<f64>,
    /// Net of fees; unrealised while open.
    pub pnl: f64,
    /// Fees.
    pub fees: f64,
    /// Why it ended; `None` while open.
    pub exit_reason: Option<OrderPurpose>,
    /// What forced an exit of purpose `risk_halt`.
    pub forced: Option<Forced>,
    /// Sessions from entry to exit (same session: 0), counted in steps' sessions.
    pub sessions: usize,
    /// pnl ÷ what the first stop risked; `None` without a stop.
    pub r_multiple: Option<f64>,
    /// Worst and best move against the entry price while held, fractions.
    pub worst: f64,
    /// See `worst`.
    pub best: f64,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalRow {
    /// Bar whose close decided the order.
    pub time: Timestamp,
    /// The order in words, e.g. "MSFT buy 1,742".
    pub order: String,
    /// Code, e.g. "position_size".
    pub reason: String,
    /// What it would have been, as text with its unit.
    pub need: String,
    /// What is allowed.
    pub have: String,
}

/// One order that the venue rejected.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectionRow {
    /// Bar whose close decided the order.
    pub time: Timestamp,
    /// The order in words, e.g. "MSFT buy 1,742".
    pub order: String,
    /// The venue's words.
    pub reason: String,
}

/// Where a warning comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningSource {
    /// A value of a file looks suspicious.
    File,
    /// The bars of a share that is held end before the run.
    EndedEarly,
    /// What the run looked for in a file was not there; the message is a sentence.
    Hole,
}

/// One finding of the data gate, or of the run about its data.
#[derive(Debug, Clone, PartialEq)]
pub struct WarningRow {
    /// Where it comes from.
    pub source: WarningSource,
    /// File, as in the scenario.
    pub file: String,
    /// Line, if one can be named.
    pub line: Option<u64>,
    /// What is odd, with the value.
    pub message: String,
}
