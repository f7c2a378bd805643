//! Differences between orders, fills and refusals, each told once and placed on its bar.
//!
//! Not here: the account (equity), causes (cause). `orders.csv` dates the decision of an order and not its end: a
//! difference in how an order ended stands without a time unless its fills date it.
use std::collections::{BTreeMap, BTreeSet};

use super::Side;
use super::align::Pair;
use super::compare::{Draft, Rank};
use super::difference::{FieldDifference, Nature, Place};
use super::model::{Pairs, Subject};
use super::table::Table;
use crate::domain::Timestamp;

/// Columns of an order that say what became of it.
const BECAME: [&str; 3] = ["status", "reason", "filled_qty"];
/// The same of a leg: it is for what its entry filled, and its prices follow the fill and the market.
const LEG_BECAME: [&str; 6] = ["status", "reason", "filled_qty", "qty", "limit_price", "stop_price"];

/// The entry that this order protects, as either side names it.
pub(super) fn parent<'a>(replay: &'a Side, other: &'a Side, pair: &Pair) -> &'a str {
    let named = |side: &'a Side, row: Option<usize>| row.map_or("", |row| side.orders.get(row, "parent"));
    match named(replay, pair.replay) {
        "" => named(other, pair.other),
        parent => parent,
    }
}

fn mask(table: &Table, columns: &[&str]) -> u32 {
    let bit = |(place, name): (usize, &&str)| if columns.contains(name) { 1 << place } else { 0 };
    table.columns().iter().enumerate().map(bit).sum()
}

/// The orders that are no legs, as far as they were decided.
pub(super) fn signal_pairs(replay: &Side, other: &Side, orders: &[Pair]) -> Vec<Pair> {
    let became = mask(&replay.orders, &BECAME);
    let signals = orders.iter().filter(|pair| parent(replay, other, pair).is_empty());
    signals.map(|pair| Pair { differing: pair.differing & !became, ..*pair }).collect()
}

/// What differs between two rows, as `names` call the columns of `left`.
pub(super) fn nature(left: &Table, right: &Table, pair: &Pair) -> Nature {
    match (pair.replay, pair.other) {
        (Some(replay), Some(other)) => {
            let unlike = left.columns().iter().enumerate().filter(|(column, _)| pair.differs(*column));
            let field = |(column, name): (usize, &&'static str)| FieldDifference {
                name,
                replay: left.cell(replay, column).to_owned(),
                other: right.cell(other, column).to_owned(),
            };
            Nature::Fields(unlike.map(field).collect())
        }
        (Some(_), None) => Nature::OnlyReplay,
        _ => Nature::OnlyOther,
    }
}

/// The earlier of both rows' times.
fn time(left: &Table, right: &Table, pair: &Pair) -> Option<Timestamp> {
    let times = [pair.replay.map(|row| left.time(row, "time")), pair.other.map(|row| right.time(row, "time"))];
    times.into_iter().flatten().min()
}

/// All of orders, fills and refusals.
pub(super) fn drafts(replay: &Side, other: &Side, pairs: &Pairs) -> Vec<Draft> {
    let mut fills = firsts(replay, other, (&replay.fills, &other.fills), &pairs.fills, Subject::Fills);
    let mut refusals = firsts(replay, other, (&replay.refusals, &other.refusals), &pairs.refusals, Subject::Refusals);
    let mut orders = BTreeMap::new();
    for pair in pairs.orders.iter().filter(|pair| !pair.is_same()) {
        let draft = order_draft(replay, other, pair);
        let id = draft.order.clone().unwrap_or_default();
        if draft.rank == Rank::Outcome && (fills.contains_key(&id) || refusals.contains_key(&id)) {
            // Its fills or its refusal say the same, and when.
            continue;
        }
        orders.insert(id, (draft, parent(replay, other, pair).to_owned()));
    }
    // What only one side decided, or only one sent, it alone has filled, refused and protected.
    let told: BTreeSet<String> =
        orders.iter().filter(|(_, (draft, _))| draft.rank != Rank::Outcome).map(|(id, _)| id.clone()).collect();
    for id in &told {
        fills.remove(id);
        refusals.remove(id);
    }
    let is_alone = |draft: &Draft| !matches!(draft.nature, Nature::Fields(_));
    let kept = orders.into_values().filter(|(draft, parent)| !(is_alone(draft) && told.contains(parent)));
    kept.map(|(draft, _)| draft).chain(fills.into_values()).chain(refusals.into_values()).collect()
}

/// The number of an order: its row, the lower of both sides.
fn number(replay: &Side, other: &Side, id: &str) -> usize {
    [replay.order(id), other.order(id)].into_iter().flatten().min().unwrap_or(usize::MAX)
}

fn order_draft(replay: &Side, other: &Side, pair: &Pair) -> Draft {
    let row = |side: &Side, at: Option<usize>, column: &str| at.map(|row| side.orders.get(row, column).to_owned());
    let id = row(replay, pair.replay, "id").or_else(|| row(other, pair.other, "id")).unwrap_or_default();
    let is_leg = !parent(replay, other, pair).is_empty();
    let became = mask(&replay.orders, if is_leg { &LEG_BECAME } else { &BECAME });
    let statuses = [row(replay, pair.replay, "status"), row(other, pair.other, "status")];
    let one_is = |word: &str| {
        statuses.iter().filter(|status| status.as_deref() == Some(word)).count() == 1 && statuses[0] != statuses[1]
    };
    let decided = Draft {
        subject: Subject::Orders,
        ordinal: 0,
        time: time(&replay.orders, &other.orders, pair),
        rank: Rank::Decision,
        rows: 1,
        nature: nature(&replay.orders, &other.orders, pair),
        at: Place { replay: pair.replay, other: pair.other },
        number: number(replay, other, &id),
        order: Some(id),
    };
    let is_alone = pair.replay.is_none() || pair.other.is_none();
    match is_alone || pair.differing & !became != 0 || one_is("refused") {
        true => decided,
        false if one_is("rejected") => Draft { rank: Rank::Answer, ..decided },
        false => Draft { rank: Rank::Outcome, time: None, ..decided },
    }
}

/// The first differing row of each order, and how many there are.
fn firsts(
    replay: &Side,
    other: &Side,
    (left, right): (&Table, &Table),
    pairs: &[Pair],
    subject: Subject,
) -> BTreeMap<String, Draft> {
    let mut ordinals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: BTreeMap<String, Draft> = BTreeMap::new();
    for pair in pairs {
        let id = match (pair.replay, pair.other) {
            (Some(row), _) => left.get(row, "order"),
            (None, Some(row)) => right.get(row, "order"),
            (None, None) => continue,
        };
        let ordinal = ordinals.entry(id).or_insert(0);
        *ordinal += 1;
        if pair.is_same() {
            continue;
        }
        if let Some(first) = found.get_mut(id) {
            first.rows += 1;
            continue;
        }
        let draft = Draft {
            subject,
            order: Some(id.to_owned()),
            ordinal: *ordinal,
            time: time(left, right, pair),
            rank: if subject == Subject::Fills { fill_rank(replay, other, pair) } else { Rank::Answer },
            rows: 1,
            nature: nature(left, right, pair),
            at: Place { replay: pair.replay, other: pair.other },
            number: number(replay, other, id),
        };
        found.insert(id.to_owned(), draft);
    }
    found
}

/// Bars at whose very close something filled otherwise on the two sides.
pub(super) fn late_fills(replay: &Side, other: &Side, fills: &[Pair]) -> BTreeSet<Timestamp> {
    let unlike = fills.iter().filter(|pair| !pair.is_same() && fill_rank(replay, other, pair) == Rank::FillAtClose);
    unlike.filter_map(|pair| time(&replay.fills, &other.fills, pair)).collect()
}

/// A fill on the bar that decided its order came at that bar's close.
fn fill_rank(replay: &Side, other: &Side, pair: &Pair) -> Rank {
    let at_close = |side: &Side, row: Option<usize>| {
        row.is_some_and(|row| {
            let order = side.order(side.fills.get(row, "order"));
            // A leg carries the time of its entry's decision and fills when prices come to it.
            let is_own = |order: &usize| side.orders.get(*order, "parent").is_empty();
            order.filter(is_own).is_some_and(|order| side.orders.get(order, "time") == side.fills.get(row, "time"))
        })
    };
    if at_close(replay, pair.replay) || at_close(other, pair.other) { Rank::FillAtClose } else { Rank::Fill }
}
