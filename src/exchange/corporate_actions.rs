//! `/v1/corporate-actions`: splits, dividends and delistings that have happened.
//!
//! Not here: what they do to prices (data) and positions (core). What prices of the scenario's files are adjusted
//! for already is no action here: the shares of the scenario never lived through it.
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::asset_actions::Action;
use super::ids;
use super::local_time::date_at;
use super::page_token;
use super::parameters::Parameters;
use super::reply::{bad_request, ok};
use super::{Answer, Tape};
use crate::domain::{Ratio, Timeframe, Timestamp};
use crate::market::ActionKind;

/// Every type Alpaca knows.
const TYPES: [&str; 15] = [
    "reverse_split",
    "forward_split",
    "unit_split",
    "cash_dividend",
    "stock_dividend",
    "spin_off",
    "cash_merger",
    "stock_merger",
    "stock_and_cash_merger",
    "redemption",
    "name_change",
    "worthless_removal",
    "rights_distribution",
    "partial_call",
    "reorganization",
];
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// An action as it is told.
struct Told {
    date: Timestamp,
    symbol: String,
    kind: &'static str,
    id: String,
    fields: Value,
}

/// `GET /v1/corporate-actions`.
pub(super) fn list(tape: &Tape, scenario: &str, actions: &[Action], query: &Parameters) -> Answer {
    page(tape, scenario, actions, query).unwrap_or_else(|refused| refused)
}

fn page(tape: &Tape, scenario: &str, actions: &[Action], query: &Parameters) -> Result<Answer, Answer> {
    let today = date_at(tape.calendar(), tape.now());
    let ids = query.list("ids");
    let others = ["symbols", "cusips", "types", "start", "end"];
    if let Some(other) = others.into_iter().find(|name| !ids.is_empty() && query.get(name).is_some()) {
        return Err(bad_request(format!("ids cannot be used together with {other}")));
    }
    let date = |name: &str| match query.get(name) {
        Some(text) => text.parse().map_err(|_| bad_request(format!("invalid {name}: {text}"))),
        None => Ok(today),
    };
    let (start, end): (Timestamp, Timestamp) = (date("start")?, date("end")?);
    if end < start {
        return Err(bad_request("end should not be before start"));
    }
    let (types, symbols) = (query.list("types"), query.list("symbols"));
    if let Some(unknown) = types.iter().find(|kind| !TYPES.contains(kind)) {
        return Err(bad_request(format!("invalid types: {unknown}")));
    }
    if let Some(region) = query.get("region").filter(|region| !["us", "non-us", "ca"].contains(region)) {
        return Err(bad_request(format!("invalid region: {region}")));
    }
    // The shares of a scenario are American and have no CUSIP.
    let is_empty = query.get("region").is_some_and(|region| region != "us") || !query.list("cusips").is_empty();
    let happened = actions.iter().filter(|action| !is_empty && action.has_happened(tape));
    let told = happened.map(|action| told(tape, scenario, action));
    let is_wanted = |told: &Told| match ids.is_empty() {
        false => ids.contains(&told.id.as_str()),
        true => {
            let in_range = start <= told.date && told.date <= end;
            let is_type = types.is_empty() || types.contains(&told.kind);
            in_range && is_type && (symbols.is_empty() || symbols.contains(&told.symbol.as_str()))
        }
    };
    let mut wanted: Vec<Told> = told.filter(is_wanted).collect();
    match query.get("sort") {
        None | Some("asc") => {}
        Some("desc") => wanted.reverse(),
        Some(other) => return Err(bad_request(format!("invalid sort: {other}"))),
    }
    cut(wanted, query)
}

/// The page that is asked for, by type.
fn cut(wanted: Vec<Told>, query: &Parameters) -> Result<Answer, Answer> {
    let limit = limit(query, LIMIT_DEFAULT, LIMIT_MAX)?;
    let begin = match query.get("page_token") {
        None => 0,
        Some(token) => {
            let last = page_token::read(token).and_then(|id| wanted.iter().position(|told| told.id == id));
            last.ok_or_else(|| bad_request("invalid page_token"))? + 1
        }
    };
    let end = (begin + limit).min(wanted.len());
    let next = (end < wanted.len()).then(|| page_token::token(&wanted[end - 1].id));
    let mut by_type: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for told in &wanted[begin..end] {
        by_type.entry(told.kind).or_default().push(told.fields.clone());
    }
    let shown: Map<String, Value> =
        by_type.into_iter().map(|(kind, told)| (format!("{kind}s"), Value::Array(told))).collect();
    Ok(ok(&json!({ "corporate_actions": shown, "next_page_token": next })))
}

/// `limit` of a query: 1 to `max`.
pub(super) fn limit(query: &Parameters, default: usize, max: usize) -> Result<usize, Answer> {
    let Some(text) = query.get("limit") else { return Ok(default) };
    match text.parse::<usize>() {
        Ok(limit) if limit > max => {
            Err(bad_request(format!("invalid limit: larger than the allowed maximum of {max}")))
        }
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(bad_request(format!("invalid limit: {text}"))),
    }
}

/// The id of an action.
pub(super) fn id(tape: &Tape, scenario: &str, action: &Action) -> String {
    let (symbol, date) = (tape.names()[action.asset], action.date.text(Timeframe::Day1));
    ids::uuid(&[scenario, "corporate action", symbol.as_str(), &date, action.kind.name()])
}

fn told(tape: &Tape, scenario: &str, action: &Action) -> Told {
    let name = tape.names()[action.asset];
    let (date, symbol) = (action.date.text(Timeframe::Day1), name.as_str().to_owned());
    let id = id(tape, scenario, action);
    let (kind, fields) = match action.kind {
        ActionKind::Split { ratio } => {
            let (new, old) = rates(ratio);
            let common = json!({
                "id": id, "symbol": symbol, "new_rate": new, "old_rate": old, "process_date": date, "ex_date": date,
                "record_date": date, "payable_date": date,
            });
            match ratio < Ratio::ONE {
                true => ("reverse_split", with(common, json!({ "old_cusip": "", "new_cusip": "" }))),
                false => ("forward_split", with(common, json!({ "cusip": "", "due_bill_redemption_date": date }))),
            }
        }
        ActionKind::Dividend { amount } => (
            "cash_dividend",
            json!({
                "id": id, "symbol": symbol, "cusip": "", "rate": amount.to_f64(), "special": false, "foreign": false,
                "process_date": date, "ex_date": date, "record_date": date, "payable_date": date,
            }),
        ),
        ActionKind::Delisting { amount: Some(amount) } if amount.units() == 0 => {
            ("worthless_removal", json!({ "id": id, "symbol": symbol, "cusip": "", "process_date": date }))
        }
        ActionKind::Delisting { amount } => {
            let rate = amount.or_else(|| tape.closed(action.asset).last().map(|bar| bar.close));
            let fields = json!({
                "id": id, "acquiree_symbol": symbol, "acquiree_cusip": "", "rate": rate.map(|rate| rate.to_f64()),
                "process_date": date, "effective_date": date, "payable_date": date,
            });
            ("cash_merger", fields)
        }
        ActionKind::Rename { to } => {
            let fields = json!({
                "id": id, "old_symbol": symbol, "old_cusip": "", "new_symbol": to.as_str(), "new_cusip": "",
                "process_date": date,
            });
            ("name_change", fields)
        }
    };
    Told { date: action.date, symbol, kind, id, fields }
}

/// New shares for old ones, in whole numbers where small ones say it: 1 for 20 instead of 0.05 for 1.
pub(super) fn rates(ratio: Ratio) -> (f64, f64) {
    let small = |old: &i64| {
        let new = ratio.units() * old;
        (new % Ratio::ONE.units() == 0).then(|| ((new / Ratio::ONE.units()) as f64, *old as f64))
    };
    (1..=1_000).find_map(|old| small(&old)).unwrap_or((ratio.to_f64(), 1.0))
}

fn with(mut common: Value, more: Value) -> Value {
    if let (Some(own), Value::Object(more)) = (common.as_object_mut(), more) {
        own.extend(more);
    }
    common
}
