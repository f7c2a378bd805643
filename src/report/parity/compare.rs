//! Two sides in, one report out.
//!
//! Not here: what single rows say (outcome, equity) and why (cause). Laws: the same sides are identical; a changed
//! cell is found; exchanging the sides exchanges them in the report.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::align::{Pair, by_key, by_time, ordinals};
use super::cause::{Scene, explain};
use super::difference::{Difference, FieldDifference, Nature, Place};
use super::model::{Counts, DIFFERENCES_MAX, FileCheck, Pairs, ParityReport, PriceCost, Subject, Totals};
use super::outcome::{self, signal_pairs};
use super::side::FILES;
use super::table::Table;
use super::{Context, Side, equity, renumber};
use crate::domain::Timestamp;
use crate::scenario::HaltSpan;

/// A difference before its cause is known.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) subject: Subject,
    pub(super) order: Option<String>,
    pub(super) ordinal: usize,
    pub(super) time: Option<Timestamp>,
    pub(super) rank: Rank,
    pub(super) rows: usize,
    pub(super) nature: Nature,
    pub(super) at: Place,
    /// Row of its order, so that of one moment the lower number comes first.
    pub(super) number: usize,
}

/// What comes first within a bar: what fills at its open or inside it, the account and halts at its close, what is
/// decided there, and what is sent at once and fills at that very close, after which the account is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rank {
    Fill,
    Outcome,
    Account,
    Halt,
    Decision,
    Answer,
    FillAtClose,
    AccountAfter,
}

impl<'a> ParityReport<'a> {
    /// Holds `other` against `replay`.
    pub fn of(replay: &'a Side, other: &'a Side, context: &'a Context) -> ParityReport<'a> {
        let renames = renumber::renames(replay, other, &context.other);
        let other = if renames.is_empty() { Cow::Borrowed(other) } else { Cow::Owned(other.renamed(&renames)) };
        let noticed = renumber::context(context, &renames);
        let pairs = pairs(replay, &other);
        let mut counts = vec![
            Counts::of(Subject::Signals, &signal_pairs(replay, &other, &pairs.orders)),
            Counts::of(Subject::Orders, &pairs.orders),
            Counts::of(Subject::Refusals, &pairs.refusals),
            Counts::of(Subject::Fills, &pairs.fills),
            Counts::of(Subject::Equity, &pairs.equity),
        ];
        counts.extend(pairs.halts.as_ref().map(|halts| Counts::of(Subject::Halts, halts)));
        let hashes = FILES.into_iter().zip(replay.hashes.iter().zip(&other.hashes));
        let file = |(name, (replay, other)): (&'static str, (&String, &String))| FileCheck {
            name,
            replay: replay.clone(),
            other: other.clone(),
        };
        let files: Vec<FileCheck> = hashes.map(file).collect();
        let drafts = drafts(replay, &other, &pairs, &counts, &files, &renames);
        let scene = Scene::new(replay, &other, &noticed, &pairs, &drafts);
        let differences_total = drafts.len();
        let named = drafts.iter().take(DIFFERENCES_MAX).enumerate();
        let differences: Vec<Difference> = named.map(|(place, draft)| finished(&scene, draft, place == 0)).collect();
        let halts_same = pairs.halts.iter().flatten().all(Pair::is_same);
        let identical = files.iter().all(FileCheck::is_same) && halts_same;
        assert_eq!(identical, differences_total == 0, "what is not the same has a difference");
        let totals = (Totals::of(replay), Totals::of(&other));
        let price_cost = PriceCost::of(replay, &other, &pairs.fills);
        let given = renames.values().filter_map(|id| replay.order(id)).min();
        let renumbered_from = given.map(|row| replay.orders.get(row, "id").to_owned());
        ParityReport {
            replay,
            other,
            context,
            identical,
            counts,
            renumbered_from,
            files,
            totals,
            price_cost,
            differences,
            differences_total,
            pairs,
        }
    }
}

fn finished(scene: &Scene<'_>, draft: &Draft, is_first: bool) -> Difference {
    let cause = explain(scene, draft, is_first);
    let Draft { subject, order, ordinal, time, rows, nature, at, .. } = draft.clone();
    Difference { subject, order, ordinal, time, rows, nature, cause, at }
}

fn pairs(replay: &Side, other: &Side) -> Pairs {
    let ids = |side: &Side| (0..side.orders.len()).map(|row| side.orders.get(row, "id").to_owned()).collect::<Vec<_>>();
    let counted =
        |left: &Table, right: &Table| by_key((left, &ordinals(left, "order")), (right, &ordinals(right, "order")));
    Pairs {
        orders: by_key((&replay.orders, &ids(replay)), (&other.orders, &ids(other))),
        refusals: counted(&replay.refusals, &other.refusals),
        fills: counted(&replay.fills, &other.fills),
        equity: by_time(&replay.equity, &other.equity),
        halts: replay.halts.as_ref().zip(other.halts.as_ref()).map(|(left, right)| halts(left, right)),
    }
}

/// Halts are few: the first of one side belongs to the first of the other.
fn halts(replay: &[HaltSpan], other: &[HaltSpan]) -> Vec<Pair> {
    let pair = |place: usize| {
        let (left, right) = (replay.get(place), other.get(place));
        let mut differing = 0;
        if let (Some(left), Some(right)) = (left, right) {
            let unlike = [left.cause != right.cause, left.from != right.from, left.until != right.until];
            differing = unlike.iter().enumerate().map(|(column, unlike)| u32::from(*unlike) << column).sum();
        }
        Pair { replay: left.map(|_| place), other: right.map(|_| place), differing }
    };
    (0..replay.len().max(other.len())).map(pair).collect()
}

/// Every difference, in the order in which they came; what the rows do not date comes last.
fn drafts(
    replay: &Side,
    other: &Side,
    pairs: &Pairs,
    counts: &[Counts],
    files: &[FileCheck],
    renames: &BTreeMap<String, String>,
) -> Vec<Draft> {
    let mut drafts = outcome::drafts(replay, other, pairs);
    let late = outcome::late_fills(replay, other, &pairs.fills);
    drafts.extend(equity::drafts(replay, other, &pairs.equity, &late));
    for (number, pair) in pairs.halts.iter().flatten().enumerate().filter(|(_, pair)| !pair.is_same()) {
        let from = |side: &Side, place: Option<usize>| {
            side.halts.as_ref().zip(place).and_then(|(halts, place)| halts[place].from.parse::<Timestamp>().ok())
        };
        let times = [from(replay, pair.replay), from(other, pair.other)];
        drafts.push(Draft {
            subject: Subject::Halts,
            order: None,
            ordinal: number + 1,
            time: times.into_iter().flatten().min(),
            rank: Rank::Halt,
            rows: 1,
            nature: halt_nature(replay, other, pair),
            at: Place { replay: pair.replay, other: pair.other },
            number,
        });
    }
    drafts.extend(unordered(replay, other, counts, files, renames));
    drafts.sort_by_key(|draft| (draft.time.is_none(), draft.time, draft.rank, draft.number, draft.ordinal));
    drafts
}

fn halt_nature(replay: &Side, other: &Side, pair: &Pair) -> Nature {
    let span = |side: &'_ Side, place: Option<usize>| {
        side.halts.as_ref().zip(place).map(|(halts, place)| {
            let HaltSpan { cause, from, until } = halts[place].clone();
            [cause, from, until.unwrap_or_default()]
        })
    };
    match (span(replay, pair.replay), span(other, pair.other)) {
        (Some(left), Some(right)) => {
            let both = ["cause", "from", "until"].into_iter().zip(left.into_iter().zip(right)).enumerate();
            let unlike = both.filter(|(column, _)| pair.differs(*column));
            Nature::Fields(unlike.map(|(_, (name, (replay, other)))| FieldDifference { name, replay, other }).collect())
        }
        (Some(_), None) => Nature::OnlyReplay,
        _ => Nature::OnlyOther,
    }
}

/// Files whose rows all agree and whose bytes do not.
fn unordered(
    replay: &Side,
    other: &Side,
    counts: &[Counts],
    files: &[FileCheck],
    renames: &BTreeMap<String, String>,
) -> Vec<Draft> {
    let subjects = [Subject::Orders, Subject::Fills, Subject::Refusals, Subject::Equity];
    let agrees = |subject: Subject| counts.iter().all(|counts| counts.subject != subject || counts.is_same());
    let odd = subjects.into_iter().zip(files).filter(|(subject, file)| !file.is_same() && agrees(*subject));
    odd.filter_map(|(subject, _)| {
        let (left, right, time) = match subject {
            Subject::Orders => (&replay.orders, &other.orders, "time"),
            Subject::Fills => (&replay.fills, &other.fills, "time"),
            Subject::Refusals => (&replay.refusals, &other.refusals, "time"),
            _ => (&replay.equity, &other.equity, "timestamp"),
        };
        let unlike = |row: &usize| (0..left.columns().len()).any(|at| left.cell(*row, at) != right.cell(*row, at));
        let row = (0..left.len()).find(unlike);
        let nature = match row {
            Some(row) => Nature::RowOrder(row + 1),
            None if renames.is_empty() => Nature::Form,
            None if subject == Subject::Orders => Nature::Numbers,
            // Told with the orders that carry the numbers.
            None => return None,
        };
        Some(Draft {
            subject,
            order: None,
            ordinal: 0,
            time: row.map(|row| left.time(row, time).min(right.time(row, time))),
            rank: if subject == Subject::Fills { Rank::Fill } else { Rank::Answer },
            rows: 1,
            nature,
            at: Place { replay: row, other: row },
            number: 0,
        })
    })
    .collect()
}
