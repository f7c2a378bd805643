//! Why an order or a refusal differs: who refused it, which bar decided it, what its entry did.
//!
//! Not here: fills.
use super::super::FindingKind;
use super::super::compare::Draft;
use super::super::model::Subject;
use super::{Cause, Named, Rule, Scene, both, cause, fills_of};
use crate::domain::{Price, Timestamp};

/// How far a leg's price may be from its entry's difference: rounding to a tick on either side.
const TICK: i64 = 10_000_000;

pub(super) fn explain(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let order = draft.order.as_deref()?;
    if draft.subject == Subject::Refusals {
        return decided_on(scene, draft, order);
    }
    if scene.alone(&draft.nature).is_some() {
        return decided_on(scene, draft, order);
    }
    let [replay, other] = scene.sides();
    let refused = |refuses: Named<'_>, sends: Named<'_>| {
        gate_refused(order, refuses, sends).or_else(|| venue_refused(scene, order, refuses, sends))
    };
    refused(replay, other)
        .or_else(|| refused(other, replay))
        .or_else(|| stop_not_moved(scene, order))
        .or_else(|| entry_fill(scene, draft, order))
        .or_else(|| decided_on(scene, draft, order))
}

/// Another bar of the share at the decision.
fn decided_on(scene: &Scene<'_>, draft: &Draft, order: &str) -> Option<Cause> {
    let [replay, other] = scene.sides();
    let symbol = |named: Named<'_>| named.side.order(order).map(|row| named.side.orders.get(row, "symbol").to_owned());
    let (symbol, time): (String, Timestamp) = (symbol(replay).or_else(|| symbol(other))?, draft.time?);
    scene.bar(&symbol, time)
}

/// How the order stands on one side; `None` where the side lacks it.
fn status<'a>(named: Named<'a>, order: &str) -> Option<&'a str> {
    named.side.order(order).map(|row| named.side.orders.get(row, "status"))
}

fn gate_refused(order: &str, refuses: Named<'_>, sends: Named<'_>) -> Option<Cause> {
    if status(refuses, order) != Some("refused") || status(sends, order) == Some("refused") {
        return None;
    }
    let table = &refuses.side.refusals;
    let row = (0..table.len()).find(|row| table.get(*row, "order") == order);
    let said = row.map_or_else(
        || format!("orders.csv of the {}: order {order} is refused", refuses.name),
        |row| {
            let [reason, need, have] = ["reason", "need", "have"].map(|column| table.get(row, column));
            let numbers = if need.is_empty() { String::new() } else { format!(", need {need}, have {have}") };
            format!("refusals.csv of the {}: {reason}{numbers}", refuses.name)
        },
    );
    let text = format!("Our gate refused order {order} in the {} and sent it in the {}.", refuses.name, sends.name);
    Some(cause(Rule::GateRefused, text, vec![said]))
}

fn venue_refused(scene: &Scene<'_>, order: &str, refuses: Named<'_>, sends: Named<'_>) -> Option<Cause> {
    let text = |named: Named<'_>, column: &str| {
        named.side.order(order).map_or_else(String::new, |row| named.side.orders.get(row, column).to_owned())
    };
    if text(refuses, "status") != "rejected" || text(sends, "status") == "rejected" {
        return None;
    }
    let reason = text(refuses, "reason");
    let mut evidence = vec![format!("orders.csv of the {}: order {order} is rejected", refuses.name)];
    if !refuses.is_replay {
        evidence.extend(scene.context.of_order(FindingKind::VenueRefused, order).map(|found| found.text.clone()));
    }
    let words = if reason.is_empty() { "without a reason".to_owned() } else { format!("with the words \"{reason}\"") };
    let text =
        format!("The venue refused order {order} in the {} {words}, and took it in the {}.", refuses.name, sends.name);
    Some(cause(Rule::VenueRefused, text, evidence))
}

fn stop_not_moved(scene: &Scene<'_>, order: &str) -> Option<Cause> {
    let text = format!("The venue refused to move order {order} in the {}.", scene.context.other);
    scene.found(FindingKind::StopChangeRefused, order, Rule::StopNotMoved, &text)
}

/// A leg whose entry filled at another price stands as far away; one whose entry filled for other shares is for those.
fn entry_fill(scene: &Scene<'_>, draft: &Draft, order: &str) -> Option<Cause> {
    let (left, right) = both(draft.at)?;
    let parent = scene.replay.orders.get(left, "parent");
    if parent.is_empty() || parent != scene.other.orders.get(right, "parent") {
        return None;
    }
    let first = |named: Named<'_>| {
        let row = *fills_of(named.side, parent).first()?;
        Some(named.side.fills.price(row, "price"))
    };
    let [replay, other] = scene.sides();
    let filled = |named: Named<'_>| Some(named.side.orders.get(named.side.order(parent)?, "filled_qty").to_owned());
    let (mine, theirs) = (first(replay)?, first(other)?);
    let (shares, their_shares) = (filled(replay)?, filled(other)?);
    let follows_price = |text: &str, other_text: &str| {
        let level = |text: &str| text.parse::<Price>().ok().map(|price| i128::from(price.units()));
        let (Some(level), Some(their_level)) = (level(text), level(other_text)) else { return false };
        let (legs, entries) = (their_level - level, i128::from(theirs.units()) - i128::from(mine.units()));
        mine != theirs && (legs - entries).abs() <= i128::from(TICK)
    };
    let fields = draft.nature.fields();
    let explained = fields.iter().filter(|field| !["status", "reason", "filled_qty"].contains(&field.name));
    let holds = explained.clone().count() > 0
        && explained.into_iter().all(|field| match field.name {
            "qty" => shares != their_shares,
            "stop_price" | "limit_price" => follows_price(&field.replay, &field.other),
            _ => false,
        });
    holds.then(|| {
        let text =
            format!("Order {order} follows its entry, order {parent}, which filled otherwise in the {}.", other.name);
        let evidence = format!(
            "fills.csv: order {parent} at {mine} in the replay, {theirs} in the {}; shares {shares} and {their_shares}",
            other.name
        );
        cause(Rule::EntryFill, text, vec![evidence])
    })
}
