//! The table of figures beside the reference, and trades, exits and costs in words.
//!
//! Not here: the figures themselves (metrics, `reference`).
use super::screen::{Ink, Screen};
use super::{LABEL, N, fact};
use crate::domain::OrderPurpose;
use crate::report::account;
use crate::report::format::{Sign, UNDEFINED};
use crate::report::model::{ReportModel, TradeRow};
use crate::report::sentence::{Tone, tone_of};
use crate::scenario::Forced;

/// Width of a column of values.
const VALUE: usize = 12;
/// Room for an interval and the gap before it.
const RANGE: usize = 24;
/// Open positions that are named; more are counted.
const OPEN_NAMED_MAX: usize = 3;
/// Below this sum cents matter.
const CENTS_BELOW: f64 = 999.5;

/// How a figure is written.
#[derive(Clone, Copy)]
enum Form {
    /// Percent with a sign.
    Change,
    /// Percent without.
    Share,
    /// Two decimals.
    Ratio,
}

/// Key, label, form, coloured by its sign.
const ROWS: [(&str, &str, Form, bool); 6] = [
    ("total_return", "Total return", Form::Change, true),
    ("cagr", "CAGR", Form::Change, false),
    ("sharpe", "Sharpe", Form::Ratio, false),
    ("max_drawdown", "Max drawdown", Form::Change, true),
    ("annual_volatility", "Volatility", Form::Share, false),
    ("exposure", "Mean exposure", Form::Share, false),
];

/// Figures of the strategy, of the reference, and the 95 % interval.
pub(super) fn table(model: &ReportModel<'_>, screen: &Screen) -> String {
    let reference = model.reference();
    let wide = VALUE.max(reference.name.chars().count() + 2);
    // A terminal too narrow for the intervals goes without; the report has them.
    let has_range = screen.width() >= LABEL + VALUE + wide + RANGE;
    let range_head = if has_range { "    95% range" } else { "" };
    let heads = format!("{:>VALUE$}{:>wide$}{range_head}", "strategy", reference.name);
    let mut out = format!("{:LABEL$}{}\n", "", screen.set(Ink::Dim, &heads));
    for (key, label, form, coloured) in ROWS {
        let own = model.measure(key);
        let text = own.map_or(UNDEFINED.to_owned(), |value| write(value, form));
        let own_ink = match own.map(tone_of) {
            Some(Tone::Gain) if coloured => Ink::Gain,
            Some(Tone::Loss) if coloured => Ink::Loss,
            _ => Ink::Plain,
        };
        let theirs = model.benchmark_measure(key).map_or(UNDEFINED.to_owned(), |value| write(value, form));
        let range = model.interval(key).filter(|_| has_range).map(|range| {
            let decimals = if key == "max_drawdown" { 0 } else { 1 };
            let bound = |value: f64| match form {
                Form::Ratio => N.ratio(value),
                Form::Change | Form::Share => N.percent(value, decimals, Sign::Negative),
            };
            format!("    {} to {}", bound(range.low), bound(range.high))
        });
        out.push_str(&format!(
            "{label:<LABEL$}{}{}{}\n",
            screen.set(own_ink, &format!("{text:>VALUE$}")),
            screen.set(Ink::Dim, &format!("{theirs:>wide$}")),
            range.unwrap_or_default()
        ));
    }
    out
}

fn write(value: f64, form: Form) -> String {
    match form {
        Form::Change => N.percent(value, 1, Sign::Always),
        Form::Share => N.percent(value, 1, Sign::Negative),
        Form::Ratio => N.ratio(value),
    }
}

/// How many trades and how good, why they ended, what they cost.
pub(super) fn trades(model: &ReportModel<'_>, screen: &Screen) -> String {
    let closed: Vec<&TradeRow> = model.closed_trades().collect();
    let mut quality = N.count(closed.len() as f64);
    if let Some(won) = model.measure("win_rate") {
        quality.push_str(&format!(": {} won", N.percent(won, 1, Sign::Negative)));
        let factor = model.measure("profit_factor").map_or(UNDEFINED.to_owned(), |value| N.ratio(value));
        quality.push_str(&format!(", profit factor {factor}"));
    }
    let multiples: Vec<f64> = closed.iter().filter_map(|trade| trade.r_multiple).collect();
    if !multiples.is_empty() {
        let mean = multiples.iter().sum::<f64>() / multiples.len() as f64;
        quality.push_str(&format!(", mean {} R", N.multiple(mean)));
    }
    fact(screen, "Trades", &quality)
        + &fact(screen, "Left by", &exits(model, &closed))
        + &fact(screen, "Costs", &costs(model))
}

/// "signal 54, stop 41; still open: GOOG 68 shares, +$7,556"
fn exits(model: &ReportModel<'_>, closed: &[&TradeRow]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for trade in closed {
        let reason = match trade.exit_reason {
            Some(OrderPurpose::Entry | OrderPurpose::Manual) | None => OrderPurpose::Signal.name(),
            Some(OrderPurpose::RiskHalt) => trade.forced.map_or("forced out", Forced::words),
            Some(purpose) => purpose.name(),
        };
        match counts.iter_mut().find(|(name, _)| *name == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let left: Vec<String> =
        counts.iter().map(|(name, count)| format!("{} {}", name.replace('_', " "), N.count(*count as f64))).collect();
    let open: Vec<&TradeRow> = model.trades.iter().filter(|trade| trade.exit_time.is_none()).collect();
    let left = if left.is_empty() { "no exit yet".to_owned() } else { left.join(", ") };
    if open.is_empty() {
        return left;
    }
    let named: Vec<String> = open
        .iter()
        .take(OPEN_NAMED_MAX)
        .map(|trade| {
            let shares = if trade.quantity == 1.0 { "share" } else { "shares" };
            format!(
                "{} {} {shares}, {}",
                trade.symbol,
                N.shares(trade.quantity),
                dollars(trade.pnl, trade.pnl.abs() < CENTS_BELOW, Sign::Always)
            )
        })
        .collect();
    let more = open.len().saturating_sub(OPEN_NAMED_MAX);
    let more = if more > 0 { format!("; and {} more", N.count(more as f64)) } else { String::new() };
    format!("{left}; still open: {}{more}", named.join("; "))
}

/// "$817: fees $82, slippage $735; 1.1 bps of traded value", with the fees by kind, "fees $82 (SEC $60,
/// TAF $22)", where they are the regulators', and with what nights cost, "margin interest $5", where it is not
/// zero; the parts make the sum as printed, and the sum is the one in the report: what rounding leaves goes
/// to the largest part.
fn costs(model: &ReportModel<'_>) -> String {
    let (Some(fees), Some(slippage)) = (model.measure("commission"), model.measure("slippage")) else {
        return UNDEFINED.to_owned();
    };
    let nights = account::nights(model);
    let mut parts = vec![("fees", fees), ("slippage", slippage)];
    parts.extend(&nights);
    let sum: f64 = parts.iter().map(|(_, paid)| paid).sum();
    let cents = sum.abs() < CENTS_BELOW;
    let rounded = |usd: f64| if cents { (usd * 100.0).round() / 100.0 } else { usd.round() };
    let text = |usd: f64| dollars(usd, cents, Sign::Negative);
    parts.iter_mut().for_each(|(_, paid)| *paid = rounded(*paid));
    let left = rounded(sum) - parts.iter().map(|(_, paid)| paid).sum::<f64>();
    if let Some((_, largest)) = parts.iter_mut().max_by(|a, b| a.1.total_cmp(&b.1)) {
        *largest += left;
    }
    let by_kind = match (model.measure("sec_fee"), model.measure("taf_fee")) {
        (Some(sec), Some(taf)) if sec + taf > 0.0 => {
            format!(" (SEC {}, TAF {})", text(sec), text(parts[0].1 - rounded(sec)))
        }
        _ => String::new(),
    };
    let of_what = if nights.is_empty() { "" } else { "fees and slippage " };
    let share = match model.traded_value {
        traded if traded > 0.0 => {
            format!("; {of_what}{} of traded value", N.basis_points((fees + slippage) / traded))
        }
        _ => String::new(),
    };
    let named = |(name, paid): &(&str, f64)| match *name {
        "fees" => format!("fees {}{by_kind}", text(*paid)),
        name => format!("{name} {}", text(*paid)),
    };
    let parts: Vec<String> = parts.iter().map(named).collect();
    format!("{}: {}{share}", text(rounded(sum)), parts.join(", "))
}

fn dollars(usd: f64, cents: bool, sign: Sign) -> String {
    if cents { N.dollars_cents(usd, sign) } else { N.dollars_whole(usd, sign) }
}
