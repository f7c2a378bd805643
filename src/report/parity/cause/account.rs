//! Why the account differs: fills, payments, marks, stops, a missing bar. By arithmetic, to the last digit.
//!
//! Not here: why the fills differ; that is told with them.
use super::super::align::Pair;
use super::super::compare::Draft;
use super::super::equity::cash_apart;
use super::super::words::moment;
use super::super::{FindingKind, Side};
use super::{Cause, Rule, Scene, both, cause};
use crate::domain::{Money, Timestamp};
use crate::report::format::{Numbers, Sign};

pub(super) fn explain(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let time = draft.time?;
    if let Some((has, lacks)) = scene.alone(&draft.nature) {
        let last = lacks.side.equity.len().checked_sub(1).map(|row| lacks.side.equity.time(row, "timestamp"));
        let text = match last.filter(|last| *last < time).map(|last| moment(scene.context, last)) {
            Some(last) => {
                format!("The last bar of the {} is that of {last}; the {} has later ones.", lacks.name, has.name)
            }
            None => format!("No bar closed at that moment in the {}; one did in the {}.", lacks.name, has.name),
        };
        let evidence = format!("equity.csv of the {} has no row of that moment", lacks.name);
        return Some(cause(Rule::NoBar, text, vec![evidence]));
    }
    both(draft.at)?;
    let differs = |column: &str| draft.nature.field(column).is_some();
    if differs("cash") {
        return balance(scene, draft, time);
    }
    if differs("equity") {
        return mark(scene, time);
    }
    (differs("heat") && !differs("gross_exposure")).then(|| stops(scene, time))
}

/// By how much the distance between the balances grew with this row, and the row before.
fn growth(scene: &Scene<'_>, draft: &Draft) -> Option<(Money, Option<Timestamp>)> {
    let pairs = &scene.pairs.equity;
    let place = draft.number;
    let now = cash_apart(scene.replay, scene.other, pairs.get(place)?)?;
    let before: Option<&Pair> = place.checked_sub(1).and_then(|before| pairs.get(before));
    let apart = match before {
        Some(pair) => cash_apart(scene.replay, scene.other, pair)?,
        None => Money::ZERO,
    };
    let since = before.and_then(|pair| pair.replay).map(|row| scene.replay.equity.time(row, "timestamp"));
    Some((now - apart, since))
}

/// Cash that the fills of one bar brought.
fn flow(side: &Side, time: Timestamp) -> Money {
    let rows = (0..side.fills.len()).filter(|row| side.fills.time(*row, "time") == time);
    rows.map(|row| {
        let fills = &side.fills;
        let value = fills.price(row, "price").notional(fills.shares(row, "qty"));
        let paid = if fills.get(row, "side") == "buy" { -value } else { value };
        paid - fills.dollars(row, "fee")
    })
    .sum()
}

/// Payments after `since` up to the open of `time`, and whether all of them are dividends; `None` where the side does
/// not name them.
fn paid(side: &Side, since: Option<Timestamp>, time: Timestamp) -> Option<(Money, bool)> {
    let all = side.cash_changes.as_ref()?;
    let of_bar = all.iter().filter(|change| change.time <= time && since.is_none_or(|since| change.time > since));
    let (mut sum, mut dividends) = (Money::ZERO, true);
    for change in of_bar {
        sum += change.amount;
        dividends &= change.is_dividend;
    }
    Some((sum, dividends))
}

fn balance(scene: &Scene<'_>, draft: &Draft, time: Timestamp) -> Option<Cause> {
    let (grown, since) = growth(scene, draft)?;
    let dollars = |amount: Money| Numbers::PLAIN.dollars_cents(amount.to_f64(), Sign::Always);
    let other = &scene.context.other;
    let (mine, theirs) = (flow(scene.replay, time), flow(scene.other, time));
    if grown == theirs - mine && grown != Money::ZERO {
        let text = format!("The fills of this bar differ by exactly {}.", dollars(grown));
        let evidence = format!("fills.csv: cash changed by {mine} in the replay, by {theirs} in the {other}");
        return Some(cause(Rule::FillsDiffer, text, vec![evidence]));
    }
    let (replay, others) = (paid(scene.replay, since, time), paid(scene.other, since, time));
    let (amount, known) = (replay.map_or(Money::ZERO, |(sum, _)| sum), others.map_or(Money::ZERO, |(sum, _)| sum));
    if grown != known - amount || grown == Money::ZERO {
        return told_late(scene, time);
    }
    let dividends = replay.is_none_or(|(_, all)| all) && others.is_none_or(|(_, all)| all);
    let what = if dividends { "Dividends" } else { "Payments without a fill" };
    let said = match others {
        Some(_) => format!("{} in the {other}", dollars(known)),
        None => format!("none of it shows in the {other}"),
    };
    let text = format!("{what} make the difference: {} in the replay, {said}.", dollars(amount));
    let evidence = format!("the balances of cash moved apart by exactly {grown}");
    Some(cause(Rule::Payment, text, vec![evidence]))
}

/// A fill that the session heard of after the bar counts with the next one there.
fn told_late(scene: &Scene<'_>, time: Timestamp) -> Option<Cause> {
    let of_bar = |found: &&super::super::Finding| found.kind == FindingKind::LateEvent && found.time == time;
    let evidence: Vec<String> = scene.context.findings.iter().filter(of_bar).map(|found| found.text.clone()).collect();
    let text =
        format!("The {} heard of fills of this bar after it, and its account counts them later.", scene.context.other);
    (!evidence.is_empty()).then(|| cause(Rule::LateEvent, text, evidence))
}

/// Cash agrees, so what is held was worth something else.
fn mark(scene: &Scene<'_>, time: Timestamp) -> Option<Cause> {
    let of_bar = |found: &&super::super::Finding| found.kind == FindingKind::BarDiffers && found.time == time;
    let evidence: Vec<String> = scene.context.findings.iter().filter(of_bar).map(|found| found.text.clone()).collect();
    if !evidence.is_empty() {
        let text = format!("The {} saw another bar than the one that was replayed.", scene.context.other);
        return Some(cause(Rule::BarDiffers, text, evidence));
    }
    // With other fills before, other shares may be held.
    if scene.first_order.is_some_and(|first| first <= time) {
        return None;
    }
    let text = "Cash and every fill up to here are the same, so something that is held was marked at another price.";
    Some(cause(Rule::Mark, text.to_owned(), vec!["equity.csv: cash is the same".to_owned()]))
}

fn stops(scene: &Scene<'_>, time: Timestamp) -> Cause {
    let of_bar = |found: &&super::super::Finding| found.kind == FindingKind::StopChangeRefused && found.time == time;
    let refused: Vec<String> = scene.context.findings.iter().filter(of_bar).map(|found| found.text.clone()).collect();
    if !refused.is_empty() {
        let text = format!("The venue refused to move a stop in the {}.", scene.context.other);
        return cause(Rule::StopNotMoved, text, refused);
    }
    let text = "Equity and cash are the same and heat is not: a stop stands elsewhere, or for other shares.";
    cause(Rule::StopDiffers, text.to_owned(), vec!["equity.csv: equity and cash are the same".to_owned()])
}

/// A halt hangs on the account at the close that decided it.
pub(super) fn halt(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let time = draft.time?;
    let at = |pair: &&Pair| pair.replay.is_some_and(|row| scene.replay.equity.time(row, "timestamp") == time);
    let pair = scene.pairs.equity.iter().find(at)?;
    let (left, right) = pair.replay.zip(pair.other)?;
    let equity = |side: &Side, row: usize| side.equity.get(row, "equity").to_owned();
    let (mine, theirs) = (equity(scene.replay, left), equity(scene.other, right));
    (mine != theirs).then(|| {
        let text = "Equity at that close is not the same, and losses are measured there.".to_owned();
        let evidence = format!("equity.csv: {mine} in the replay, {theirs} in the {}", scene.context.other);
        cause(Rule::AccountDiffers, text, vec![evidence])
    })
}
