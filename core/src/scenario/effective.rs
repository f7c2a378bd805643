//! A scenario as TOML text with every default written out: what a run really used.
//!
//! Not here: how it was read. Invariant: the text is the same for the same scenario on every
//! machine, and reading it gives the same scenario again.
use std::fmt::Write;

use super::spec::*;
use crate::domain::{Money, Ratio};

/// The whole scenario, in the order of the documentation. Numbers with a point are quoted, so they
/// are exact; paths are as written.
pub fn effective_toml(spec: &ScenarioSpec) -> String {
    let mut out = Writer::default();
    head(&mut out, spec);
    data(&mut out, &spec.data);
    account(&mut out, spec);
    out.table("sizing");
    sizing(&mut out, &spec.sizing);
    out.table("execution");
    execution(&mut out, &spec.execution);
    out.table("stop");
    stop(&mut out, &spec.stop);
    out.table("take_profit");
    take_profit(&mut out, spec.take_profit);
    out.table("risk");
    risk(&mut out, &spec.risk);
    studies(&mut out, spec);
    out.text
}

/// Lines of TOML.
#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn table(&mut self, name: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.text, "{gap}[{name}]"); // writing to a String cannot fail
    }

    /// A value that is TOML already: a number, a switch, a list.
    fn raw(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    /// A value as quoted text.
    fn text(&mut self, key: &str, value: impl std::fmt::Display) {
        self.raw(key, quote(&value.to_string()));
    }

    fn optional(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }
}

fn head(out: &mut Writer, spec: &ScenarioSpec) {
    out.table("scenario");
    out.text("name", &spec.scenario.name);
    out.raw("seed", spec.scenario.seed);
}

fn data(out: &mut Writer, data: &DataSpec) {
    out.table("data");
    out.text("timeframe", data.timeframe);
    out.optional("start", data.start);
    out.optional("end", data.end);
    out.text("calendar", data.calendar);
    out.text("hours", data.hours);
    out.text("adjust", data.adjust);
    out.optional("corporate_actions", data.corporate_actions.as_ref());
    out.text("path", &data.path);
    out.raw("symbols", texts(&data.symbols));
    out.optional("benchmark", data.benchmark);
    out.optional("finer_path", data.finer_path.as_ref());
}

fn account(out: &mut Writer, spec: &ScenarioSpec) {
    out.table("account");
    out.text("cash", spec.account.cash);
    out.raw("leverage", spec.account.leverage);
    out.text("cash_check", spec.account.cash_check);
    out.raw("allow_short", spec.account.allow_short);
    out.text("settlement", spec.account.settlement);
    out.text("borrow_rate", spec.account.borrow_rate);
    out.text("margin_rate", spec.account.margin_rate);
    out.raw("hard_to_borrow", texts(&spec.account.hard_to_borrow));
    out.table("strategy");
    out.text("name", &spec.strategy.name);
    let params = spec.strategy.params.iter().map(|param| format!("{} = {}", bare(&param.name), value(&param.value)));
    out.raw("params", inline(params.collect()));
}

fn sizing(out: &mut Writer, sizing: &SizingSpec) {
    let (kind, value) = match sizing.rule {
        SizingRule::EquityFraction(share) => ("equity_fraction", share.to_string()),
        SizingRule::CashFraction(share) => ("cash_fraction", share.to_string()),
        SizingRule::FixedShares(shares) => ("fixed_shares", shares.to_string()),
        SizingRule::Notional(dollars) => ("notional", dollars.to_string()),
        SizingRule::RiskFraction(share) => ("risk_fraction", share.to_string()),
        SizingRule::VolatilityTarget(share) => ("volatility_target", share.to_string()),
    };
    out.text("kind", kind);
    out.text("value", value);
    out.raw("fractional", sizing.fractional);
    out.text("if_short_of_cash", sizing.if_short_of_cash);
}

fn execution(out: &mut Writer, execution: &ExecutionSpec) {
    out.text("market_fill", execution.market_fill);
    out.text("limit_fill", execution.limit_fill);
    out.text("both_touched", execution.both_touched);
    out.raw("slippage", slippage(&execution.slippage));
    out.raw("commission", commission(execution.commission));
    out.text("participation", execution.participation);
    out.raw("latency_ms", execution.latency_ms);
    out.text("venue_rules", execution.venue_rules);
}

fn slippage(slippage: &SlippageSpec) -> String {
    let (kind, value) = match slippage.rule {
        SlippageRule::None => ("none", None),
        SlippageRule::Bps(share) => ("bps", Some(bps(share))),
        SlippageRule::PerShare(dollars) => ("per_share", Some(dollars.to_string())),
        SlippageRule::VolumeShare(share) => ("volume_share", Some(share.to_string())),
        SlippageRule::Spread(share) => ("spread", Some(share.to_string())),
    };
    let mut parts = vec![pair("kind", kind)];
    parts.extend(value.map(|value| pair("value", &value)));
    parts.extend(slippage.quotes.as_ref().map(|quotes| pair("quotes", quotes)));
    parts.push(pair("applies_to", slippage.applies_to.name()));
    inline(parts)
}

fn commission(commission: CommissionSpec) -> String {
    inline(match commission {
        CommissionSpec::None => vec![pair("kind", "none")],
        CommissionSpec::Alpaca => vec![pair("kind", "alpaca")],
        CommissionSpec::Bps(share) => vec![pair("kind", "bps"), pair("value", &bps(share))],
        CommissionSpec::PerShare { value, min, cap } => {
            let mut parts = vec![pair("kind", "per_share"), pair("value", &value.to_string())];
            parts.push(pair("min", &min.to_string()));
            parts.extend(cap.map(|cap| pair("cap_bps", &bps(cap))));
            parts
        }
    })
}

fn stop(out: &mut Writer, stop: &StopSpec) {
    match stop.rule {
        StopRule::None => out.text("kind", "none"),
        StopRule::Atr { period, multiple, smoothing } => {
            out.text("kind", "atr");
            out.raw("period", period);
            out.text("multiple", multiple);
            out.text("smoothing", smoothing);
        }
        StopRule::Percent(share) => {
            out.text("kind", "percent");
            out.text("value", share);
        }
    }
    out.text("anchor", stop.anchor);
    out.text("active_from", stop.active_from);
    out.text("due_exit", stop.due_exit);
    out.raw("trail", stop.trail);
    out.raw("exit_after_bars", stop.exit_after_bars);
}

fn take_profit(out: &mut Writer, take_profit: TakeProfitSpec) {
    let (kind, value) = match take_profit {
        TakeProfitSpec::None => ("none", None),
        TakeProfitSpec::Percent(share) => ("percent", Some(share)),
        TakeProfitSpec::RMultiple(multiple) => ("r_multiple", Some(multiple)),
    };
    out.text("kind", kind);
    out.optional("value", value);
}

fn risk(out: &mut Writer, risk: &RiskSpec) {
    out.text("max_daily_loss", risk.max_daily_loss);
    out.text("max_position_size", risk.max_position_size);
    out.text("max_portfolio_heat", risk.max_portfolio_heat);
    out.text("max_correlated_exposure", risk.max_correlated_exposure);
    out.text("max_drawdown", risk.max_drawdown);
    out.text("max_gross_exposure", risk.max_gross_exposure);
    out.raw("max_open_positions", risk.max_open_positions);
    out.raw("max_orders_per_minute", risk.max_orders_per_minute);
    out.text("max_order_notional", risk.max_order_notional);
    out.text("price_collar", risk.price_collar);
    out.text("on_daily_loss", risk.on_daily_loss);
    out.text("on_breach", risk.on_breach);
    let (count, unit) = match risk.stale_after_ms {
        ms if ms % 1_000 == 0 => (ms / 1_000, "s"),
        ms => (ms, "ms"),
    };
    out.text("stale_after", format!("{count}{unit}"));
    out.raw("restricted_symbols", texts(&risk.restricted_symbols));
}

fn studies(out: &mut Writer, spec: &ScenarioSpec) {
    if let Some(sweep) = &spec.sweep {
        out.table("sweep");
        for axis in &sweep.axes {
            let values = match &axis.values {
                AxisValues::List(values) => list(values.iter().map(value).collect()),
                AxisValues::Range { from, to, step } => inline(vec![
                    pair("from", &from.to_string()),
                    pair("to", &to.to_string()),
                    pair("step", &step.to_string()),
                ]),
            };
            out.raw(&quote(&axis.key), values);
        }
        out.raw("where", texts(&sweep.conditions));
        if let Some(sample) = sweep.sample {
            out.raw("sample", self::sample(sample));
        }
    }
    if let Some(walk) = &spec.walk_forward {
        out.table("walk_forward");
        out.text("train", walk.train);
        out.text("test", walk.test);
        out.raw("anchored", walk.anchored);
        out.text("objective", walk.objective);
    }
    if let Some(stress) = &spec.stress {
        out.table("stress");
        out.raw("gap", texts(&stress.gap));
        out.raw("slippage_times", texts(&stress.slippage_times));
        out.raw("missing_bars", texts(&stress.missing_bars));
        out.raw("windows", texts(&stress.windows));
        out.raw("frozen", list(stress.frozen.iter().map(u32::to_string).collect()));
        out.raw("reorder", stress.reorder);
    }
}

fn sample(sample: SampleSpec) -> String {
    match sample.method {
        SampleMethod::Random => sample.count.to_string(),
        method => inline(vec![format!("count = {}", sample.count), pair("method", method.name())]),
    }
}

/// A fraction in basis points: exact, since 1e-9 is 0.00001 bps.
fn bps(share: Ratio) -> String {
    let billionths = i128::from(share.units()) * 10_000;
    Money::from_units(billionths * (Money::UNITS_PER_USD / i128::from(Ratio::ONE.units()))).to_string()
}

fn value(value: &ParamValue) -> String {
    match value {
        ParamValue::Int(number) => number.to_string(),
        ParamValue::Float(text) => text.clone(),
        ParamValue::Bool(switch) => switch.to_string(),
        ParamValue::Text(text) => quote(text),
        ParamValue::List(values) => list(values.iter().map(self::value).collect()),
    }
}

fn pair(key: &str, value: &str) -> String {
    format!("{key} = {}", quote(value))
}

fn texts(values: &[impl std::fmt::Display]) -> String {
    list(values.iter().map(|value| quote(&value.to_string())).collect())
}

fn list(values: Vec<String>) -> String {
    format!("[{}]", values.join(", "))
}

fn inline(pairs: Vec<String>) -> String {
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

/// A key, quoted where TOML wants it.
fn bare(key: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(is_plain) { key.to_owned() } else { quote(key) }
}

/// Text as a TOML basic string on one line.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
