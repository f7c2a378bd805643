//! `metrics.json`: every measure of spec §6, in its order, with a reason where there is none.
use serde_json::{Map, Value, json};

use super::marks::{Marks, SessionEnds};
use super::run::trade_date;
use super::spec::CommissionSpec;
use super::{AccountRow, LoadedScenario, MarketData, benchmark_held, held_equally, round_trips};
use crate::domain::{Money, Side, Timestamp};
use crate::engine::Journal;
use crate::metric as m;
use crate::metric::MetricError;
use crate::portfolio::{CashReason, RoundTrip};
use crate::venue::regulatory_fees;

/// Measures by key, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    values: Map<String, Value>,
    reasons: Map<String, Value>,
}

impl Metrics {
    /// The number under `key`, if it is defined.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.values.get(key).and_then(Value::as_f64)
    }

    /// The text under `key`, as `start` and `end` have one; empty without.
    pub fn text(&self, key: &str) -> String {
        self.values.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Measures in the order of the file: a number, or why there is none.
    pub fn measures(&self) -> impl Iterator<Item = (&'static str, Result<f64, String>)> + '_ {
        let reason = |key: &str| self.reasons.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        MEASURES.iter().filter_map(move |key| {
            let value = self.values.get(*key)?;
            Some((*key, value.as_f64().ok_or_else(|| reason(key))))
        })
    }

    /// 95 % bootstrap intervals.
    pub fn intervals(&self) -> impl Iterator<Item = (&'static str, (f64, f64))> + '_ {
        ["sharpe", "cagr", "max_drawdown"].into_iter().filter_map(|key| {
            let pair = self.values.get("intervals_95")?.get(key)?;
            Some((key, (pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?)))
        })
    }

    /// The whole file: values, and under `undefined` why a value is null.
    pub fn to_json(&self) -> Value {
        let mut all = self.values.clone();
        all.insert("undefined".into(), Value::Object(self.reasons.clone()));
        Value::Object(all)
    }

    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.values.insert(key.into(), value.into());
    }

    pub(super) fn measure(&mut self, key: &str, value: Result<f64, MetricError>) {
        match value {
            // An empty sum of floats is −0; adding zero makes it the plain one.
            Ok(value) => self.put(key, value + 0.0),
            Err(reason) => self.undefined(key, &reason.to_string()),
        }
    }

    pub(super) fn undefined(&mut self, key: &str, reason: &str) {
        self.values.insert(key.into(), Value::Null);
        self.reasons.insert(key.into(), reason.into());
    }
}

/// The keys of `metrics.json` that are numbers, in its order.
pub const MEASURES: &[&str] = &[
    "sessions",
    "bars",
    "initial_equity",
    "final_equity",
    "total_return",
    "cagr",
    "annual_return",
    "annual_volatility",
    "sharpe",
    "sortino",
    "calmar",
    "omega",
    "max_drawdown",
    "max_drawdown_days",
    "avg_drawdown",
    "ulcer_index",
    "tail_ratio",
    "value_at_risk_95",
    "conditional_var_95",
    "skew",
    "kurtosis",
    "stability",
    "exposure",
    "turnover",
    "trades",
    "win_rate",
    "profit_factor",
    "payoff_ratio",
    "expectancy",
    "avg_win",
    "avg_loss",
    "largest_win",
    "largest_loss",
    "avg_trade_days",
    "sqn",
    "kelly",
    "max_consecutive_losses",
    "commission",
    "sec_fee",
    "taf_fee",
    "slippage",
    "borrow_fees",
    "margin_interest",
    "dividends",
    "alpha",
    "beta",
    "information_ratio",
    "buy_and_hold_return",
    "ambiguous_bars",
    "unclear_entry_bars",
    "finer_unread_bars",
    "final_equity_low",
    "final_equity_high",
    "halts",
    "margin_calls",
    "open_positions",
    "probabilistic_sharpe",
    "min_track_record_days",
];

/// What the measures of returns are made of.
pub(super) struct Inputs {
    /// One a session.
    pub(super) returns: Result<Vec<f64>, MetricError>,
    /// Starting capital, then one mark a session.
    pub(super) path: Vec<f64>,
    /// Day of each entry of `path`, since 1970.
    pub(super) days: Vec<i64>,
    /// Time from the first bar to the last, in days.
    pub(super) calendar_days: f64,
}

impl Inputs {
    /// `marks`: dollars at the session ends, which are at `times`; `start` dollars before them. `span`:
    /// nanoseconds from the first step to the last.
    pub(super) fn new(start: f64, marks: &[f64], times: &[Timestamp], span: i64) -> Inputs {
        let mut path = vec![start];
        path.extend(marks);
        let mut days: Vec<i64> = times.iter().map(|time| i64::from(time.days())).collect();
        days.insert(0, days.first().copied().unwrap_or(0));
        let calendar_days = span as f64 / Timestamp::NS_PER_DAY as f64;
        Inputs { returns: m::daily_returns(start, marks), path, days, calendar_days }
    }
}

/// The measures of a line of dollars beside the account, such as the benchmark held: those that need
/// no trade, taken as the account's own are. `line`: dollars at each of `steps`, `start` before them.
pub fn measures_of_line(start: f64, line: &[f64], steps: &[Timestamp], ends: &[usize]) -> Metrics {
    let at = |end: &usize| Some((line.get(*end).copied()?, steps.get(*end).copied()?));
    let (marks, times): (Vec<f64>, Vec<Timestamp>) = ends.iter().filter_map(at).unzip();
    let span = steps.first().zip(steps.last()).map_or(0, |(first, last)| last.ns() - first.ns());
    let inputs = Inputs::new(start, &marks, &times, span);
    let mut out = Metrics::default();
    of_returns(&mut out, &inputs);
    track_record(&mut out, &inputs);
    out
}

/// What the measures of every run on one market need besides the run.
#[derive(Debug)]
pub struct Yardsticks {
    ends: SessionEnds,
    /// Growth of the symbols held equally, a fraction.
    hold_return: f64,
    /// Returns of the benchmark from the second session on, or why there are none.
    benchmark: Result<Vec<f64>, &'static str>,
}

impl Yardsticks {
    /// Those of `market`.
    pub fn of(market: &MarketData) -> Yardsticks {
        let ends = SessionEnds::of(market);
        let benchmark = benchmark_returns(market, ends.times());
        Yardsticks { ends, hold_return: hold_return(market), benchmark }
    }
}

/// Computes every measure of a finished run, with bootstrap intervals.
pub fn compute_metrics(
    loaded: &LoadedScenario,
    market: &MarketData,
    journal: &Journal,
    trips: &(Vec<RoundTrip>, Vec<RoundTrip>),
) -> Metrics {
    let yardsticks = Yardsticks::of(market);
    let marks = Marks::of(market, &yardsticks.ends, journal, loaded.spec.account.cash);
    let (mut out, inputs) = measure(loaded, market, &yardsticks, (journal, &marks, trips));
    intervals(&mut out, &inputs, loaded.spec.scenario.seed);
    out
}

/// Computes what a sweep keeps of a run: every measure, without bootstrap intervals, and the account at its
/// session ends.
pub fn measure_run(
    loaded: &LoadedScenario,
    market: &MarketData,
    yardsticks: &Yardsticks,
    journal: &Journal,
) -> (Metrics, Marks) {
    let marks = Marks::of(market, &yardsticks.ends, journal, loaded.spec.account.cash);
    let trips = round_trips(market, journal);
    let (out, _) = measure(loaded, market, yardsticks, (journal, &marks, &trips));
    (out, marks)
}

fn measure(
    loaded: &LoadedScenario,
    market: &MarketData,
    yardsticks: &Yardsticks,
    (journal, marks, trips): (&Journal, &Marks, &(Vec<RoundTrip>, Vec<RoundTrip>)),
) -> (Metrics, Inputs) {
    let ends = &yardsticks.ends;
    let daily = loaded.spec.data.timeframe;
    let start = loaded.spec.account.cash;
    let dollars: Vec<f64> = marks.equity.iter().map(|equity| equity.to_f64()).collect();
    let (first, last) = (marks.first, marks.times.last().copied());
    let span = last.zip(first).map_or(0, |(last, first)| last.ns() - first.ns());
    let inputs = Inputs::new(start.to_f64(), &dollars, &marks.times, span);
    let mut out = Metrics::default();
    out.put("start", first.map_or(Value::Null, |time| time.text(daily).into()));
    out.put("end", last.map_or(Value::Null, |time| time.text(daily).into()));
    out.put("sessions", marks.times.len());
    out.put("bars", market.bars.iter().map(Vec::len).sum::<usize>());
    out.put("initial_equity", start.to_f64());
    out.put("final_equity", marks.last(start).to_f64());
    of_returns(&mut out, &inputs);
    of_account(&mut out, journal, marks, start);
    of_trades(&mut out, &trips.0);
    of_fees(&mut out, loaded, journal);
    out.put("slippage", journal.fills.iter().map(crate::domain::Fill::slippage).sum::<Money>().to_f64());
    let paid = |reason| cash_of(journal, reason);
    out.put("borrow_fees", -paid(CashReason::BorrowFee) + 0.0);
    out.put("margin_interest", -paid(CashReason::MarginInterest) + 0.0);
    out.put("dividends", paid(CashReason::Dividend));
    if ends.times() == &marks.times[..] {
        against_benchmark(&mut out, &inputs, &yardsticks.benchmark);
    } else {
        against_benchmark(&mut out, &inputs, &benchmark_returns(market, &marks.times));
    }
    out.put("buy_and_hold_return", yardsticks.hold_return);
    out.put("ambiguous_bars", journal.ambiguous_bars);
    out.put("unclear_entry_bars", journal.unclear_entry_bars);
    out.put("finer_unread_bars", journal.unread_bars.0);
    let own = marks.last(start);
    let (low, high) = journal.final_equity_band.unwrap_or((own, own));
    out.put("final_equity_low", low.to_f64());
    out.put("final_equity_high", high.to_f64());
    out.put("refusals", counts(journal.refusals.iter().map(|record| record.refusal.code())));
    out.put("rejections", counts(journal.rejections.iter().map(|(_, reason)| reason.rule())));
    out.put("halts", journal.halts.len());
    out.put("margin_calls", journal.margin_calls.len());
    out.put("open_positions", trips.1.len());
    track_record(&mut out, &inputs);
    (out, inputs)
}

/// Index of the last row of each session.
pub fn session_ends(rows: &[AccountRow], market: &MarketData) -> Vec<usize> {
    if market.sessions.is_empty() {
        return (0..rows.len()).collect();
    }
    let session = |row: &AccountRow| market.session_index(row.time);
    let is_last = |at: &usize| rows.get(at + 1).is_none_or(|next| session(next) != session(&rows[*at]));
    (0..rows.len()).filter(is_last).collect()
}

pub(super) fn of_returns(out: &mut Metrics, inputs: &Inputs) {
    let of =
        |measure: fn(&[f64]) -> Result<f64, MetricError>| inputs.returns.as_deref().map_err(|e| *e).and_then(measure);
    let path = &inputs.path[..];
    let (first, last) = (path[0], path[path.len() - 1]);
    out.measure("total_return", of(m::total_return));
    out.measure("cagr", m::cagr(first, last, inputs.calendar_days));
    for (key, measure) in [
        ("annual_return", m::annual_return as fn(&[f64]) -> Result<f64, MetricError>),
        ("annual_volatility", m::annual_volatility),
        ("sharpe", m::sharpe),
        ("sortino", m::sortino),
        ("calmar", m::calmar),
        ("omega", m::omega),
    ] {
        out.measure(key, of(measure));
    }
    out.measure("max_drawdown", m::max_drawdown(path));
    out.measure("max_drawdown_days", m::max_drawdown_days(path, &inputs.days));
    out.measure("avg_drawdown", m::avg_drawdown(path));
    out.measure("ulcer_index", m::ulcer_index(path));
    for (key, measure) in [
        ("tail_ratio", m::tail_ratio as fn(&[f64]) -> Result<f64, MetricError>),
        ("value_at_risk_95", m::value_at_risk_95),
        ("conditional_var_95", m::conditional_var_95),
        ("skew", m::skew),
        ("kurtosis", m::kurtosis),
        ("stability", m::stability),
    ] {
        out.measure(key, of(measure));
    }
}

/// `exposure`: mean gross exposure ÷ equity over steps. `turnover`: traded value ÷ mean equity at session ends
/// over the whole run; a year's is left to the report.
fn of_account(out: &mut Metrics, journal: &Journal, marks: &Marks, start: Money) {
    let traded = journal.fills.iter().map(crate::domain::Fill::notional).sum::<Money>().to_f64();
    let sum = marks.equity.iter().map(|equity| equity.to_f64()).sum::<f64>();
    let mean_equity = sum / marks.equity.len().max(1) as f64;
    out.put("exposure", marks.exposure);
    out.put("turnover", if mean_equity > 0.0 { traded / mean_equity } else { traded / start.to_f64() });
}

/// What brokers and regulators took; by kind where the scenario's commission is Alpaca's.
fn of_fees(out: &mut Metrics, loaded: &LoadedScenario, journal: &Journal) {
    let paid = journal.fills.iter().map(|fill| fill.fee).sum::<Money>();
    out.put("commission", paid.to_f64());
    if loaded.spec.execution.commission == CommissionSpec::Alpaca {
        let fees = regulatory_fees(trade_date(&loaded.spec), &journal.fills);
        assert_eq!(fees.sum(), paid, "the fees of fills sum to those of their days");
        out.put("sec_fee", fees.sec.to_f64());
        out.put("taf_fee", fees.taf.to_f64());
    }
}

fn of_trades(out: &mut Metrics, closed: &[RoundTrip]) {
    let pnl: Vec<f64> = closed.iter().map(|trip| trip.realised().to_f64()).collect();
    let days: Vec<f64> = closed
        .iter()
        .filter_map(|trip| {
            trip.exit_time.map(|exit| (exit.ns() - trip.entry_time.ns()) as f64 / Timestamp::NS_PER_DAY as f64)
        })
        .collect();
    out.put("trades", closed.len());
    for (key, measure) in [
        ("win_rate", m::win_rate as fn(&[f64]) -> Result<f64, MetricError>),
        ("profit_factor", m::profit_factor),
        ("payoff_ratio", m::payoff_ratio),
        ("expectancy", m::expectancy),
        ("avg_win", m::avg_win),
        ("avg_loss", m::avg_loss),
        ("largest_win", m::largest_win),
        ("largest_loss", m::largest_loss),
    ] {
        out.measure(key, measure(&pnl));
    }
    out.measure("avg_trade_days", m::avg_trade_days(&days));
    out.measure("sqn", m::sqn(&pnl));
    out.measure("kelly", m::kelly(&pnl));
    out.measure("max_consecutive_losses", m::max_consecutive_losses(&pnl));
}

/// Returns of the benchmark between the sessions that end at `times`.
fn benchmark_returns(market: &MarketData, times: &[Timestamp]) -> Result<Vec<f64>, &'static str> {
    let (Some(bars), Some(values)) = (&market.benchmark, benchmark_held(market, times, 1.0)) else {
        return Err("the scenario names no benchmark (data.benchmark)");
    };
    let from_the_start = bars.first().zip(times.first()).is_some_and(|(bar, time)| bar.time <= *time);
    match from_the_start {
        true => Ok(values.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()),
        false => Err(NO_FIRST_PRICE),
    }
}

const NO_FIRST_PRICE: &str = "the benchmark has no price at the first session";

fn against_benchmark(out: &mut Metrics, inputs: &Inputs, theirs: &Result<Vec<f64>, &'static str>) {
    let ours = inputs.returns.as_deref().ok().filter(|returns| returns.len() > 1);
    match (theirs, ours) {
        (Err(reason), _) => without_benchmark(out, reason),
        (_, None) => without_benchmark(out, NO_FIRST_PRICE),
        // Our first return is from cash to the first close; the benchmark's begins with its second close.
        (Ok(theirs), Some(ours)) => beside_benchmark(out, &ours[1..], theirs),
    }
}

/// The measures of `ours` against `theirs`: returns of the same sessions.
pub(super) fn beside_benchmark(out: &mut Metrics, ours: &[f64], theirs: &[f64]) {
    out.measure("alpha", m::alpha(ours, theirs));
    out.measure("beta", m::beta(ours, theirs));
    out.measure("information_ratio", m::information_ratio(ours, theirs));
}

/// The same measures where there is nothing to hold against.
pub(super) fn without_benchmark(out: &mut Metrics, reason: &str) {
    ["alpha", "beta", "information_ratio"].iter().for_each(|key| out.undefined(key, reason));
}

/// Dollars that came for one reason, without fills; negative is paid.
fn cash_of(journal: &Journal, reason: CashReason) -> f64 {
    let of_reason = journal.cash_events.iter().filter(|event| event.reason == reason);
    of_reason.map(|event| event.amount).sum::<Money>().to_f64()
}

/// Equal weights from the first close to the last; splits and dividends count, costs do not.
fn hold_return(market: &MarketData) -> f64 {
    held_equally(market, &[Timestamp::MAX], 1.0).first().map_or(0.0, |worth| worth - 1.0)
}

/// How often each name comes, by name.
fn counts(names: impl Iterator<Item = &'static str>) -> Value {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    json!(counts)
}

/// How sure the Sharpe ratio is, from the length and shape of the record.
pub(super) fn track_record(out: &mut Metrics, inputs: &Inputs) {
    let returns = inputs.returns.as_deref().map_err(|error| *error);
    let evidence = returns.and_then(|returns| m::SharpeEvidence::of(returns).map(|evidence| (evidence, returns.len())));
    out.measure("probabilistic_sharpe", evidence.and_then(|(evidence, n)| m::probabilistic_sharpe(evidence, n, 0.0)));
    out.measure(
        "min_track_record_days",
        evidence.and_then(|(evidence, _)| m::min_track_record(evidence, 0.0, m::CONFIDENCE)),
    );
}

pub(super) fn confidence(out: &mut Metrics, inputs: &Inputs, seed: u64) {
    track_record(out, inputs);
    intervals(out, inputs, seed);
}

fn intervals(out: &mut Metrics, inputs: &Inputs, seed: u64) {
    let returns = inputs.returns.as_deref().map_err(|error| *error);
    let intervals = returns.and_then(|returns| m::bootstrap_intervals(returns, inputs.calendar_days, seed));
    let pick = |of: fn(&m::Intervals) -> Result<m::Interval, MetricError>| match intervals
        .as_ref()
        .map_err(|e| *e)
        .and_then(of)
    {
        Ok(interval) => json!([interval.low, interval.high]),
        Err(_) => Value::Null,
    };
    out.put(
        "intervals_95",
        json!({
            "sharpe": pick(|all| all.sharpe),
            "cagr": pick(|all| all.cagr),
            "max_drawdown": pick(|all| all.max_drawdown),
        }),
    );
}

/// `long` or `short`.
pub(super) const fn direction(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}
