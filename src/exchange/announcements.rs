//! `/v2/corporate_actions/announcements`: the older face of corporate actions, which clients still ask.
//!
//! Not here: the newer one (`corporate_actions`). Both tell the same actions under the same ids, from their day on.
use serde_json::{Value, json};

use super::asset_actions::Action;
use super::corporate_actions::{id, rates};
use super::parameters::Parameters;
use super::reply::{NOT_FOUND, SYNTAX, ok, refuse};
use super::{Answer, Tape};
use crate::domain::{Ratio, Timeframe, Timestamp};
use crate::market::ActionKind;

/// Alpaca's types of announcements.
const TYPES: [&str; 4] = ["dividend", "merger", "spinoff", "split"];
const DATE_TYPES: [&str; 4] = ["declaration_date", "ex_date", "record_date", "payable_date"];
/// Alpaca answers for so many days at most.
const DAYS_MAX: i32 = 90;

/// `GET /v2/corporate_actions/announcements`.
pub(super) fn list(tape: &Tape, scenario: &str, actions: &[Action], query: &Parameters) -> Answer {
    listed(tape, scenario, actions, query).unwrap_or_else(|refused| refused)
}

/// `GET /v2/corporate_actions/announcements/{id}`.
pub(super) fn one(tape: &Tape, scenario: &str, actions: &[Action], wanted: &str) -> Answer {
    let own = actions.iter().find(|action| action.has_happened(tape) && id(tape, scenario, action) == wanted);
    own.map_or_else(
        || refuse(404, NOT_FOUND, format!("announcement not found for {wanted}")),
        |action| ok(&shown(tape, scenario, action).1),
    )
}

fn listed(tape: &Tape, scenario: &str, actions: &[Action], query: &Parameters) -> Result<Answer, Answer> {
    let invalid = |message: String| refuse(422, SYNTAX, message);
    let types: Vec<String> = query.list("ca_types").into_iter().map(str::to_lowercase).collect();
    if types.is_empty() {
        return Err(invalid("ca_types is required".to_owned()));
    }
    if let Some(unknown) = types.iter().find(|kind| !TYPES.contains(&kind.as_str())) {
        return Err(invalid(format!("invalid ca_types: {unknown}")));
    }
    let date = |name: &str| {
        let text = query.get(name).ok_or_else(|| invalid(format!("{name} is required")))?;
        text.parse::<Timestamp>().map_err(|_| invalid(format!("invalid {name}: {text}")))
    };
    let (since, until) = (date("since")?, date("until")?);
    if until < since || until.days() - since.days() > DAYS_MAX {
        return Err(invalid(format!("until must be 0 to {DAYS_MAX} days after since")));
    }
    // All dates of an action are one here.
    if let Some(unknown) = query.get("date_type").filter(|kind| !DATE_TYPES.contains(kind)) {
        return Err(invalid(format!("invalid date_type: {unknown}")));
    }
    let is_wanted = |action: &&Action| {
        let symbol = tape.names()[action.asset];
        let in_range = since <= action.date && action.date <= until && action.has_happened(tape);
        in_range && query.get("symbol").is_none_or(|wanted| wanted == symbol.as_str()) && query.get("cusip").is_none()
    };
    let all = actions.iter().filter(is_wanted).map(|action| shown(tape, scenario, action));
    Ok(ok(&all.filter(|(kind, _)| types.iter().any(|wanted| wanted == kind)).map(|(_, shown)| shown).collect()))
}

/// The type of an announcement, and what it says.
fn shown(tape: &Tape, scenario: &str, action: &Action) -> (&'static str, Value) {
    let (kind, sub_type, cash, (new, old)) = match action.kind {
        ActionKind::Split { ratio } if ratio < Ratio::ONE => ("split", "reverse_split", None, rates(ratio)),
        ActionKind::Split { ratio } => ("split", "stock_split", None, rates(ratio)),
        ActionKind::Dividend { amount } => ("dividend", "cash", Some(amount), (1.0, 1.0)),
        ActionKind::Delisting { amount } => {
            let last = || tape.closed(action.asset).last().map(|bar| bar.close);
            ("merger", "merger_completion", amount.or_else(last), (0.0, 1.0))
        }
        ActionKind::Rename { .. } => ("merger", "merger_update", None, (1.0, 1.0)),
    };
    let (id, date) = (id(tape, scenario, action), action.date.text(Timeframe::Day1));
    let symbol = tape.names()[action.asset].as_str();
    let said = json!({
        "id": id, "corporate_action_id": id, "ca_type": kind, "ca_sub_type": sub_type, "initiating_symbol": symbol,
        "initiating_original_cusip": "", "target_symbol": symbol, "target_original_cusip": "",
        "declaration_date": null, "ex_date": date, "record_date": date, "payable_date": date,
        "cash": cash.map_or_else(|| "0".to_owned(), |cash| cash.to_string()), "old_rate": old.to_string(),
        "new_rate": new.to_string(),
    });
    (kind, said)
}
