//! `limits.json`: what the limits of `[risk]` did, for programs. Shares are fractions, money is dollars.
//!
//! Not here: the figures (efficacy), the words (report).
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::efficacy::{Efficacy, LimitUnit, LimitUse, Reached};
use super::efficacy_halts::HaltUse;
use super::folder::{pretty, save};
use crate::domain::{Timeframe, Timestamp};

/// Writes the file into `folder`, which must exist.
///
/// Errors: whatever the file system says, with the file's name.
pub fn write_limits(folder: &Path, efficacy: &Efficacy, timeframe: Timeframe) -> io::Result<()> {
    let whole = json!({
        "limits": efficacy.limits.iter().map(|limit| limit_json(limit, timeframe)).collect::<Vec<_>>(),
        "halts": efficacy.halts.iter().map(|halt| halt_json(halt, timeframe)).collect::<Vec<_>>(),
        "closes": efficacy.steps.0,
        "closes_halted": efficacy.steps.1,
        "sessions": efficacy.sessions.0,
        "sessions_halted": efficacy.sessions.1,
        "trimmed_otherwise": efficacy.trimmed_otherwise,
        "refused_otherwise": efficacy.other.iter().map(|(code, count)| ((*code).to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
    });
    save(folder, "limits.json", &pretty(&whole)?)
}

fn limit_json(limit: &LimitUse, timeframe: Timeframe) -> Value {
    let text = |time: Timestamp| time.text(timeframe);
    let reached = |reached: Option<Reached>| {
        reached.map_or(Value::Null, |Reached { amount, time }| json!({ "value": amount, "time": text(time) }))
    };
    json!({
        "limit": limit.kind.key(),
        "unit": match limit.kind.unit() {
            LimitUnit::Share => "share",
            LimitUnit::Dollars => "dollars",
            LimitUnit::Count => "count",
        },
        "allowed": limit.allowed,
        "most_used": reached(limit.most),
        "refused": limit.refused,
        "trimmed": limit.trimmed,
        "first": limit.first.map(text),
        "last": limit.last.map(text),
        "largest_refused": reached(limit.largest),
    })
}

fn halt_json(halt: &HaltUse, timeframe: Timeframe) -> Value {
    json!({
        "cause": halt.cause.name(),
        "from": halt.from.text(timeframe),
        "until": halt.until.map(|until| until.text(timeframe)),
        "limit": halt.loss.map(|loss| loss.limit.to_f64()),
        "lost": halt.lost(),
        "lost_at_open": halt.at_open,
        "beyond_limit": halt.beyond(),
        "lost_dollars": halt.loss.map(|loss| loss.lost.to_string()),
        "of_dollars": halt.loss.map(|loss| loss.of.to_string()),
        "refused": halt.refused,
        "closes": halt.steps,
        "sessions": halt.sessions,
        "close_cost_dollars": halt.close_cost.map(|cost| cost.to_string()),
    })
}
