//! "Before you trust this": what speaks against a result, worst first, at most six.
//!
//! Not here: drawing. The same notes stand in the report and under the terminal's summary.
use super::format::{self, Numbers, Sign, counted};
use super::model::{ReportModel, WarningRow, WarningSource};
use super::sentence::refusals_by_reason;
use super::{curve, ended, limits, refused};

/// More would not be read.
const NOTES_MAX: usize = 6;
/// Fewer trades say little about an edge.
const TRADES_ENOUGH: usize = 30;

/// One reason for doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A plain sentence.
    pub text: String,
    /// Section of the report that holds the evidence.
    pub anchor: &'static str,
}

/// The notes of a run, worst first. Empty when nothing speaks against it.
pub fn notes(model: &ReportModel, numbers: Numbers) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut add = |anchor: &'static str, text: Option<String>| notes.extend(text.map(|text| Note { text, anchor }));
    // First what the account was forced to, what the bars leave open and what the data lack: a figure that
    // hangs on those is no estimate. Then how far the figures carry.
    add("trades", model.forced.clone());
    let (stakes, harmless) = undecided(model, numbers);
    add("scenario", stakes);
    add("warnings", ended::note(model));
    of_source(model, WarningSource::Hole).for_each(|hole| add("warnings", Some(format!("{}.", hole.message))));
    add("warnings", warnings(model));
    add("limits", limits::overshoot(model, numbers));
    add("limits", limits::halted(&model.efficacy));
    add("trades", too_few_trades(model));
    add("measures", luck(model, numbers));
    add("measures", too_short(model));
    add(
        "scenario",
        model.costs_are_none.then(|| "Slippage and commission are set to none; real fills cost money.".to_owned()),
    );
    add("trades", one_symbol(model, numbers));
    add("trades", one_trade(model));
    add("months", one_year(model));
    add("scenario", model.multiplier_cut.clone());
    add("rejections", rejections(model));
    add("refusals", refusals(model));
    add("trades", open_positions(model, numbers));
    add("equity", benchmark_without_dividends(model));
    add("scenario", harmless);
    notes.truncate(NOTES_MAX);
    notes
}

/// Fewer than 30 closed trades.
fn too_few_trades(model: &ReportModel) -> Option<String> {
    let closed = model.closed_trades().count();
    (closed < TRADES_ENOUGH && !model.trades.is_empty()).then(|| {
        let verb = if closed == 1 { "is" } else { "are" };
        format!(
            "{} {verb} too few to tell skill from luck; {TRADES_ENOUGH} is the least.",
            counted(closed, "closed trade", "closed trades")
        )
    })
}

/// The Sharpe interval spans zero.
fn luck(model: &ReportModel, numbers: Numbers) -> Option<String> {
    let range = model.interval("sharpe")?;
    (range.low < 0.0 && range.high > 0.0 && !model.trades.is_empty()).then(|| {
        format!(
            "The Sharpe ratio could be zero or less: 95% interval {} to {}.",
            numbers.ratio(range.low),
            numbers.ratio(range.high)
        )
    })
}

/// The record is shorter than its Sharpe ratio needs.
fn too_short(model: &ReportModel) -> Option<String> {
    let needed = model.measure("min_track_record_days")?;
    let here = model.session_ends.len();
    (needed > here as f64).then(|| {
        format!(
            "The record has {}; its Sharpe ratio needs {} to be told from zero.",
            counted(here, "session", "sessions"),
            Numbers::PLAIN.count(needed.ceil())
        )
    })
}

/// One of several symbols made more than half of what the closed trades made.
fn one_symbol(model: &ReportModel, numbers: Numbers) -> Option<String> {
    let total: f64 = model.closed_trades().map(|trade| trade.pnl).sum();
    let best = model.prices.iter().max_by(|a, b| a.profit.total_cmp(&b.profit))?;
    (model.prices.len() > 1 && total > 0.0 && best.profit > total / 2.0).then(|| {
        let rest = numbers.dollars_whole(total - best.profit, Sign::Always);
        if best.profit > total {
            return format!(
                "{} earned more than the whole trade profit; without it the trades made {rest}.",
                best.symbol
            );
        }
        let share = numbers.percent(best.profit / total, 0, Sign::Negative);
        format!("{} earned {share} of the trade profit; without it the trades made {rest}.", best.symbol)
    })
}

/// One trade made more than a quarter of what all closed trades made.
fn one_trade(model: &ReportModel) -> Option<String> {
    let total: f64 = model.closed_trades().map(|trade| trade.pnl).sum();
    let best = model.closed_trades().max_by(|a, b| a.pnl.total_cmp(&b.pnl))?;
    (model.closed_trades().count() > 1 && total > 0.0 && best.pnl > total / 4.0).then(|| {
        let date = format::date_in_prose(best.entry_time);
        format!("One trade, {} of {date}, made {} of the trade profit.", best.symbol, share_in_words(best.pnl / total))
    })
}

/// One of several years made more than half of the gain.
fn one_year(model: &ReportModel) -> Option<String> {
    let years = curve::years(model.initial_equity, &model.steps, &model.session_ends, &model.equity);
    let total: f64 = years.iter().map(|year| year.gain).sum();
    let best = years.iter().max_by(|a, b| a.gain.total_cmp(&b.gain))?;
    (years.len() > 2 && total > 0.0 && best.gain > total / 2.0)
        .then(|| format!("{} made {} of the gain.", best.year, share_in_words(best.gain / total)))
}

/// A share in percent; beyond the whole, words.
fn share_in_words(share: f64) -> String {
    if share > 1.0 { "more than all".to_owned() } else { Numbers::PLAIN.percent(share, 0, Sign::Negative) }
}

/// Bars that decided something without telling how, and what the other ways of reading them come to: with
/// money at stake, or without.
fn undecided(model: &ReportModel, numbers: Numbers) -> (Option<String>, Option<String>) {
    let bars =
        |key: &str| model.measure(key).filter(|bars| *bars > 0.0).map(|bars| counted(bars as usize, "bar", "bars"));
    let what = match (bars("ambiguous_bars"), bars("unclear_entry_bars")) {
        (None, None) => return (None, None),
        (Some(both), None) => format!("{both} held both the stop and the target"),
        (None, Some(entry)) => format!("{entry} held an entry and its own exit"),
        (Some(both), Some(entry)) => {
            format!("{both} held both the stop and the target, {entry} an entry and its own exit")
        }
    };
    let Some((low, high)) = model.measure("final_equity_low").zip(model.measure("final_equity_high")) else {
        return (None, None);
    };
    let dollars = |usd: f64| numbers.dollars(usd, Sign::Negative);
    let (start, low, high) = (dollars(model.initial_equity), dollars(low), dollars(high));
    match low == high {
        true => (None, Some(format!("{what}; read the other ways, the result stays the same."))),
        false => (Some(format!("{what}; read the other ways, {start} becomes {low} to {high}.")), None),
    }
}

fn refusals(model: &ReportModel) -> Option<String> {
    let by_reason = refusals_by_reason(model);
    let (reason, most) = by_reason.first()?;
    let all = model.refusals.len();
    let entries = counted(all, "entry", "entries");
    let cause = refused::cause(reason);
    Some(if *most == all {
        format!("{entries} refused {cause}.")
    } else {
        format!("{entries} refused, {} of them {cause}.", Numbers::PLAIN.count(*most as f64))
    })
}

fn open_positions(model: &ReportModel, numbers: Numbers) -> Option<String> {
    let open: Vec<_> = model.trades.iter().filter(|trade| trade.exit_time.is_none()).collect();
    let total = numbers.dollars_whole(open.iter().map(|trade| trade.pnl).sum(), Sign::Always);
    match open.as_slice() {
        [] => None,
        [only] => Some(format!("1 position is still open: {}, {total} not counted as a trade.", only.symbol)),
        many => Some(format!("{} positions are still open: {total} not counted as trades.", many.len())),
    }
}

fn of_source<'m>(model: &'m ReportModel<'_>, source: WarningSource) -> impl Iterator<Item = &'m WarningRow> {
    model.warnings.iter().filter(move |row| row.source == source)
}

/// What looks suspicious in the files; what the run itself missed has a note of its own.
fn warnings(model: &ReportModel) -> Option<String> {
    let first = of_source(model, WarningSource::File).next()?;
    let of_run = model.warnings.iter().filter(|row| row.source != WarningSource::File).count();
    let count = model.findings() - of_run;
    let verb = if count == 1 { "looks" } else { "look" };
    Some(format!("{} in the data {verb} suspicious, the first in {}.", counted(count, "value", "values"), first.file))
}

/// Orders that the venue did not take.
fn rejections(model: &ReportModel) -> Option<String> {
    let first = model.rejections.first()?;
    let count = model.rejections.len();
    let which = if count == 1 { "" } else { ", the first" };
    Some(format!("{} rejected by the venue{which}: {}.", counted(count, "order", "orders"), first.reason))
}

fn benchmark_without_dividends(model: &ReportModel) -> Option<String> {
    let line = model.benchmark.as_ref().filter(|_| !model.benchmark_has_dividends)?;
    // The fund's dividend yield since 2005 lies between 1.2 and 3.1 percent.
    let size = if line.name == "SPY" { " (about 2% a year)" } else { "" };
    Some(format!("{} is shown without its dividends{size}.", line.name))
}
