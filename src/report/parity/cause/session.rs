//! Why a session that traded differs from its replay where nobody made a mistake: a halt, a hand, a late bar, a break,
//! what others did at the venue.
//!
//! Not here: what fills, refusals and prices show by themselves (order, fill), noticing (live).
//! Only the session's side is explained by these: a replay has no people and no venue.
use super::super::compare::Draft;
use super::super::difference::Nature;
use super::super::words::moment;
use super::super::{Finding, FindingKind, Side};
use super::{Cause, Rule, Scene, cause};
use crate::domain::Timestamp;
use crate::report::format::code_in_words;
use crate::scenario::HaltSpan;

/// Halts of a limit on losses.
const BY_LOSS: [&str; 2] = ["daily_loss", "drawdown"];
/// Purposes of exits that such a halt or a strategy wants.
const EXITS: [&str; 2] = ["risk_halt", "signal"];
/// Refusals of a halt that somebody asked for. One by a limit on losses has its cause in the account.
const BY_HALT: [&str; 2] = ["kill_switch", "halted"];

pub(super) fn explain(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let order = draft.order.as_deref()?;
    let text = |column: &str| scene.other.order(order).map_or("", |row| scene.other.orders.get(row, column));
    let replayed = scene.replay.order(order).map_or("", |row| scene.replay.orders.get(row, "status"));
    let found = match text("status") {
        status if status == replayed => None,
        "refused" => refused(scene, draft, order, text("reason")),
        "canceled" => taken_back(scene, order),
        "rejected" => rejected(scene, draft, order, text("symbol")),
        _ => None,
    };
    let is_asked = matches!(draft.nature, Nature::OnlyOther) && text("purpose") == "kill_switch";
    found
        .or_else(|| is_asked.then(|| closed(scene, draft, text("symbol"))).flatten())
        .or_else(|| at_loss_halt(scene, draft, order))
}

/// Exits at a close at which a limit on losses halts on both sides: the halt takes orders back, and whether the venue has
/// answered by the time the strategy decides says who sends the exit.
fn at_loss_halt(scene: &Scene<'_>, draft: &Draft, order: &str) -> Option<Cause> {
    let time = draft.time?;
    let cause_at = |side: &Side| {
        let is_it = |halt: &&HaltSpan| BY_LOSS.contains(&halt.cause.as_str()) && halt.from.parse() == Ok(time);
        side.halts.as_ref()?.iter().find(is_it).map(|halt| halt.cause.clone())
    };
    let (mine, theirs) = (cause_at(scene.replay)?, cause_at(scene.other)?);
    let purpose = |side: &Side| side.order(order).map(|row| side.orders.get(row, "purpose").to_owned());
    let all = [purpose(scene.replay), purpose(scene.other)];
    let is_exit = all.iter().flatten().all(|purpose| EXITS.contains(&purpose.as_str()));
    let is_unlike = !matches!(draft.nature, Nature::Fields(_)) || draft.nature.field("purpose").is_some();
    (mine == theirs && is_exit && is_unlike).then(|| {
        let text = format!(
            "A limit on losses halted at the close that decided order {order}. In a replay what it takes back is answered \
             before the strategy decides, in a session after that."
        );
        let evidence = format!("halts: {} from {} on, on both sides", code_in_words(&mine), moment(scene.context, time));
        cause(Rule::HaltAnswered, text, vec![evidence])
    })
}

/// The gate refused in the session what it sent in the replay.
fn refused(scene: &Scene<'_>, draft: &Draft, order: &str, reason: &str) -> Option<Cause> {
    let other = &scene.context.other;
    if BY_HALT.contains(&reason) {
        let halt = standing(scene, draft.time?)?;
        let text = format!("Entries were halted in the {other}, so order {order} was refused there.");
        return Some(cause(Rule::Halted, text, vec![halt.text.clone()]));
    }
    let late = scene
        .context
        .findings
        .iter()
        .find(|found| found.kind == FindingKind::LateBar && Some(found.time) == draft.time);
    let text = format!("The {other} was shown the bar that decided order {order} too late to open anything on it.");
    late.filter(|_| reason == "stale_price").map(|late| cause(Rule::LateBar, text, vec![late.text.clone()]))
}

/// The last halt that somebody asked for up to `time`, unless it was ended since.
fn standing<'a>(scene: &Scene<'a>, time: Timestamp) -> Option<&'a Finding> {
    let matters =
        |found: &&Finding| matches!(found.kind, FindingKind::Halt | FindingKind::Resume) && found.time <= time;
    let last = scene.context.findings.iter().rev().find(matters)?;
    (last.kind == FindingKind::Halt).then_some(last)
}

/// A resting order that people or the end of a process took back.
fn taken_back(scene: &Scene<'_>, order: &str) -> Option<Cause> {
    let other = &scene.context.other;
    [
        (FindingKind::Halt, Rule::Halted, format!("A halt took order {order} back in the {other}.")),
        (FindingKind::ByHand, Rule::ByHand, format!("Somebody took order {order} back in the {other}.")),
        (FindingKind::Restart, Rule::Restarted, format!("The {other} took order {order} back before its break.")),
    ]
    .into_iter()
    .find_map(|(kind, rule, text)| scene.found(kind, order, rule, &text))
}

/// The venue refused, and it held what others had sent.
fn rejected(scene: &Scene<'_>, draft: &Draft, order: &str, symbol: &str) -> Option<Cause> {
    let of_share = |found: &&Finding| {
        let is_of_it = found.symbol.as_deref() == Some(symbol);
        found.kind == FindingKind::Foreign && is_of_it && draft.time.is_none_or(|time| found.time <= time)
    };
    let evidence: Vec<String> =
        scene.context.findings.iter().filter(of_share).map(|found| found.text.clone()).collect();
    let other = &scene.context.other;
    let text = format!(
        "The venue refused order {order} in the {other}, and it held orders or shares of {symbol} that no order of the \
         {other} accounts for."
    );
    (!evidence.is_empty()).then(|| cause(Rule::Foreign, text, evidence))
}

/// An exit that no strategy, stop or limit wanted.
fn closed(scene: &Scene<'_>, draft: &Draft, symbol: &str) -> Option<Cause> {
    let is_it = |found: &&Finding| {
        let asks = matches!(found.kind, FindingKind::ByHand | FindingKind::Halt) && found.order.is_none();
        let is_of_it = found.symbol.as_deref().is_none_or(|of| of == symbol);
        asks && is_of_it && draft.time.is_some_and(|time| found.time <= time)
    };
    let found = scene.context.findings.iter().rev().find(is_it)?;
    let other = &scene.context.other;
    let (rule, text) = match found.kind {
        FindingKind::Halt => (Rule::Halted, format!("A halt closed the position in {symbol} in the {other}.")),
        _ => (Rule::ByHand, format!("Somebody closed the position in {symbol} in the {other}.")),
    };
    Some(cause(rule, text, vec![found.text.clone()]))
}

/// A halt that only the session knows, or that was ended there.
pub(super) fn halt(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let halts = scene.other.halts.as_ref()?;
    let own = halts.get(draft.at.other?)?;
    if !["kill_switch", "manual"].contains(&own.cause.as_str()) || matches!(draft.nature, Nature::OnlyReplay) {
        return None;
    }
    let time: Timestamp = own.from.parse().ok()?;
    let found = scene.context.findings.iter().find(|found| found.kind == FindingKind::Halt && found.time == time)?;
    let text = format!("It was asked for in the {}, and a replay has nobody who asks.", scene.context.other);
    Some(cause(Rule::Halted, text, vec![found.text.clone()]))
}
