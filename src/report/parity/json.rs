//! `parity.json`: the comparison for programs. Keys are stable; new ones may be added.
//!
//! Not here: words for people beyond those of causes. Money, prices and shares are decimal text, exact, as in the CSV
//! files; times are bar stamps as in the files; what is not known is `null`.
//!
//! | Key | Holds |
//! |---|---|
//! | `identical` | true: the four files have the same bytes on both sides, and the halts are the same |
//! | `headline` `explanation` | the answer in words |
//! | `session` | `scenario scenario_sha256 symbols timeframe seed program other venue calls events bars_compared files` (`path`, `sha256`) |
//! | `checks` | a list, one a subject (`signals orders refusals fills equity halts`): `subject replay other same differ only_replay only_other`; `halts` is left out where a side does not name them |
//! | `renumbered_from` | the first order of the replay that has another number on the other side, or `null`; differences and findings call orders as the replay does, one that the other side sent alone by its own number, with the side where the number is taken |
//! | `files` | a list: `name replay other same`, the sha256 of both sides |
//! | `totals` | `equity cash fees`, each `replay other difference` (other − replay); `prices`: what the other side's prices cost over the `fills` that both have, for the replay's shares, `cost` dollars of `traded`, `share` a fraction |
//! | `first_difference` | the first of `differences`, or `null` |
//! | `differences_total` | how many there are; `differences` lists the first 1,000 |
//! | `differences` | a list in order of time: `subject order ordinal time rows nature row fields text cause`; `nature` is `fields only_replay only_other row_order numbers form`, `fields` a list of `name replay other`, `row` the first row of `row_order`, `cause` is `rule text evidence noticed` |
//! | `findings` | a list: `time kind order symbol text` |
use serde_json::{Value, json};

use super::difference::{Difference, Nature};
use super::model::ParityReport;
use super::words::{describe, headline, paragraph};
use crate::domain::{Money, Timestamp};

/// The comparison as JSON text with a final line break. Deterministic.
pub fn json(report: &ParityReport<'_>) -> String {
    let context = report.context;
    let time = |time: Timestamp| time.text(context.timeframe);
    let differences: Vec<Value> =
        report.differences.iter().map(|difference| difference_json(report, difference)).collect();
    let counts = report.counts.iter().map(|counts| {
        json!({
            "subject": counts.subject.name(),
            "replay": counts.replay,
            "other": counts.other,
            "same": counts.same,
            "differ": counts.differ,
            "only_replay": counts.only_replay,
            "only_other": counts.only_other,
        })
    });
    let file = |file: &super::FileCheck| json!({"name": file.name, "replay": file.replay, "other": file.other, "same": file.is_same()});
    let finding = |finding: &super::Finding| {
        json!({
            "time": time(finding.time),
            "kind": finding.kind.name(),
            "order": finding.order,
            "symbol": finding.symbol,
            "text": finding.text,
        })
    };
    let whole = json!({
        "identical": report.identical,
        "headline": headline(report),
        "explanation": paragraph(report),
        "session": {
            "scenario": context.scenario,
            "scenario_sha256": context.scenario_sha256,
            "symbols": context.symbols,
            "timeframe": context.timeframe.name(),
            "seed": context.seed,
            "program": context.program,
            "other": context.other,
            "venue": context.venue,
            "calls": context.calls,
            "events": context.events,
            "bars_compared": context.bars_compared,
            "files": context.files.iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect::<Vec<_>>(),
        },
        "checks": counts.collect::<Vec<_>>(),
        "renumbered_from": report.renumbered_from,
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
        "totals": totals(report),
        "first_difference": differences.first(),
        "differences_total": report.differences_total,
        "differences": differences,
        "findings": context.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}

fn totals(report: &ParityReport<'_>) -> Value {
    let (replay, other) = &report.totals;
    let text = |amount: Option<Money>| amount.map(|amount| amount.to_string());
    let sums = |mine: Option<Money>, theirs: Option<Money>| {
        let difference = mine.zip(theirs).map(|(mine, theirs)| (theirs - mine).to_string());
        json!({"replay": text(mine), "other": text(theirs), "difference": difference})
    };
    json!({
        "equity": sums(replay.equity, other.equity),
        "cash": sums(replay.cash, other.cash),
        "fees": sums(Some(replay.fees), Some(other.fees)),
        "prices": {
            "fills": report.price_cost.fills,
            "cost": report.price_cost.cost.to_string(),
            "traded": report.price_cost.traded.to_string(),
            "share": report.price_cost.share(),
        },
    })
}

fn difference_json(report: &ParityReport<'_>, difference: &Difference) -> Value {
    let field =
        |field: &super::FieldDifference| json!({"name": field.name, "replay": field.replay, "other": field.other});
    let row = if let Nature::RowOrder(row) = difference.nature { Some(row) } else { None };
    let cause = &difference.cause;
    json!({
        "subject": difference.subject.name(),
        "order": difference.order,
        "ordinal": difference.ordinal,
        "time": difference.time.map(|time| time.text(report.context.timeframe)),
        "rows": difference.rows,
        "nature": difference.nature.name(),
        "row": row,
        "fields": difference.nature.fields().iter().map(field).collect::<Vec<_>>(),
        "text": describe(report, difference),
        "cause": {
            "rule": cause.rule.name(),
            "text": cause.text,
            "evidence": cause.evidence,
            "noticed": cause.noticed,
        },
    })
}
