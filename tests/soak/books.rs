//! What the journal makes of the session again, held against what the exchange has at the same moment: cash, shares, fills,
//! and order by order what is open.
//!
//! Not here: processes, what memory and lag must do (main).
use std::collections::{BTreeMap, BTreeSet};

use alphaflow::domain::{Money, OrderId, OrderKind, OrderPurpose, OrderStatus, Price, Quantity, SymbolIndex};
use alphaflow::engine::{OrderOutcome, OrderRecord};
use alphaflow::execution::alpaca::Entry;
use alphaflow::live::session::{Machine, Past};
use serde_json::Value;

use super::data::{SHARES, symbol};

/// Shares, cash, fills and open orders are those of the exchange, each fill and each name once.
pub fn check_books(machine: &dyn Machine, past: &Past, state: &Value) {
    let cash: Money = state["cash"].as_str().unwrap().parse().unwrap();
    assert_eq!(machine.portfolio().cash(), cash, "cash");
    for share in 0..SHARES {
        let ours = machine.portfolio().position(SymbolIndex(share as u16)).quantity();
        assert_eq!(ours, held(state, &symbol(share)), "shares of {}", symbol(share));
    }
    assert_eq!(machine.fills().0, list(state, "fills").len() as u64, "fills, each once");
    let wrong = differences(machine, past, state);
    assert!(wrong.is_empty(), "{} open orders differ:\n{}", wrong.len(), wrong.join("\n"));
    is_noticed(machine, past, state);
    let mut names = BTreeSet::new();
    for order in list(state, "orders") {
        let name = text(order, "client_order_id");
        assert!(names.insert(name), "{name} twice");
    }
}

/// The comparison names each open order of the exchange that is taken from it, and each that is for a share less.
fn is_noticed(machine: &dyn Machine, past: &Past, state: &Value) {
    let is_there = |at: &usize| is_open(text(&list(state, "orders")[*at], "status"));
    let rest: Vec<usize> = (0..list(state, "orders").len()).filter(is_there).collect();
    let in_books = machine.orders().records().filter(|record| is_ours_open(record)).count();
    eprintln!("{} orders rest at the exchange, {in_books} in the books", rest.len());
    assert!(!rest.is_empty(), "nothing is open, so nothing was compared");
    for at in rest {
        let mut other = state.clone();
        let order = &mut other["orders"][at];
        let name = shown(order);
        order["status"] = "canceled".into();
        assert!(!differences(machine, past, &other).is_empty(), "{name} is gone, and nobody notices");
        let order = &mut other["orders"][at];
        // Of a leg that is held by an order that has not filled, nobody says for how many shares.
        if text(&list(state, "orders")[at], "status") == "held" {
            continue;
        }
        order["status"] = "new".into();
        order["qty"] = (shares(order, "qty") - Quantity::from_shares(1).unwrap()).to_string().into();
        assert!(!differences(machine, past, &other).is_empty(), "{name} is for a share less, and nobody notices");
    }
}

/// Open orders at the exchange by our number; the journal says which number a name of the exchange is.
fn theirs<'a>(past: &Past, state: &'a Value, wrong: &mut Vec<String>) -> BTreeMap<OrderId, &'a Value> {
    let linked: BTreeMap<&str, OrderId> = past
        .log
        .iter()
        .filter_map(|entry| match entry {
            Entry::Linked { order, venue_id } => Some((venue_id.as_str(), *order)),
            _ => None,
        })
        .collect();
    let mut all = BTreeMap::new();
    for order in list(state, "orders").iter().filter(|order| is_open(text(order, "status"))) {
        let Some(number) = linked.get(text(order, "id")) else {
            wrong.push(format!("{} rests at the exchange and no entry of the desk names it", shown(order)));
            continue;
        };
        if let Some(other) = all.insert(*number, order) {
            wrong.push(format!(
                "{} and {} both rest at the exchange for order {}",
                shown(order),
                shown(other),
                number.0
            ));
        }
    }
    all
}

/// One line for each open order that is not the same on both sides.
///
/// One order holds a share at the venue: an exit at the market takes legs back, and they stand in the books until it has
/// filled. So a leg may be missing at the exchange, or be for fewer shares, where such an exit rests there; and then what the
/// legs of a share lack is what its exits take, to the share.
fn differences(machine: &dyn Machine, past: &Past, state: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let theirs = theirs(past, state, &mut wrong);
    let ours: Vec<&OrderRecord> = machine.orders().records().filter(|record| is_ours_open(record)).collect();
    let exits: BTreeMap<SymbolIndex, Quantity> =
        ours.iter().filter(|record| leaves_now(record)).fold(BTreeMap::new(), |mut sums, record| {
            *sums.entry(record.request.symbol).or_default() += record.remaining();
            sums
        });
    let mut lacking: BTreeMap<SymbolIndex, Quantity> = BTreeMap::new();
    for record in &ours {
        let (share, left) = (record.request.symbol, record.remaining());
        let may_lack = record.leg > 0 && exits.contains_key(&share);
        let Some(order) = theirs.get(&record.id) else {
            match may_lack {
                true => *lacking.entry(share).or_default() += left,
                false => wrong.push(format!("{} rests in the books and not at the exchange", told(record))),
            }
            continue;
        };
        // Until its entry fills, a leg of the books is for nothing yet, at no price.
        let is_held = record.outcome == OrderOutcome::Sent(OrderStatus::Held) && text(order, "status") == "held";
        let (here, there) = (terms_of(record), terms(order));
        let is_same = if is_held { (here.0, here.1) == (there.0, there.1) } else { here == there };
        if !is_same {
            wrong.push(format!("{} is {} at the exchange", told(record), shown(order)));
        }
        if is_held {
            continue;
        }
        let there = shares(order, "qty") - shares(order, "filled_qty");
        match may_lack && there < left {
            true => *lacking.entry(share).or_default() += left - there,
            false if there != left => wrong.push(format!("{} is for {there} shares at the exchange", told(record))),
            false => {}
        }
    }
    for (share, lacks) in lacking.iter().filter(|(share, lacks)| exits.get(share) != Some(lacks)) {
        let name = symbol(share.get());
        wrong
            .push(format!("legs of {name} lack {lacks} shares at the exchange, and its exits take {:?}", exits[share]));
    }
    let known: BTreeSet<OrderId> = ours.iter().map(|record| record.id).collect();
    for (number, order) in theirs.iter().filter(|(number, _)| !known.contains(number)) {
        let record = machine.orders().find(*number).map(told);
        wrong.push(format!("{} rests at the exchange; in the books: {record:?}", shown(order)));
    }
    wrong
}

/// Symbol, side, stop and limit.
type Terms = (String, String, Option<Price>, Option<Price>);

fn terms(order: &Value) -> Terms {
    let price = |name: &str| order[name].as_str().map(|text| text.parse::<Price>().unwrap());
    (text(order, "symbol").to_owned(), text(order, "side").to_owned(), price("stop_price"), price("limit_price"))
}

fn terms_of(record: &OrderRecord) -> Terms {
    let request = &record.request;
    (symbol(request.symbol.get()), request.side.name().to_owned(), request.kind.stop(), request.kind.limit())
}

fn is_ours_open(record: &OrderRecord) -> bool {
    matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open())
}

/// Is it an exit at the market?
fn leaves_now(record: &OrderRecord) -> bool {
    record.leg == 0 && record.request.purpose != OrderPurpose::Entry && record.request.kind == OrderKind::Market
}

fn is_open(status: &str) -> bool {
    matches!(status, "new" | "accepted" | "held" | "pending_new" | "partially_filled")
}

/// An order of the books for whoever reads the failure.
fn told(record: &OrderRecord) -> String {
    let (name, request) = (symbol(record.request.symbol.get()), &record.request);
    let (side, shares) = (request.side.name(), record.remaining());
    let leg = record.parent().map(|entry| format!(", a leg of {}", entry.0)).unwrap_or_default();
    let (outcome, purpose, at) = (record.outcome, request.purpose, record.decided_at);
    format!(
        "order {}{leg} ({side} {shares} {name}, {:?}, {purpose:?}, decided at {at}, {outcome:?})",
        record.id.0, request.kind
    )
}

/// An order of the exchange for whoever reads the failure.
fn shown(order: &Value) -> String {
    let fields =
        ["client_order_id", "symbol", "side", "type", "qty", "filled_qty", "stop_price", "status", "submitted_at"];
    fields.map(|name| order[name].as_str().unwrap_or("-")).join(" ")
}

fn held(state: &Value, name: &str) -> Quantity {
    let position = list(state, "positions").iter().find(|position| text(position, "symbol") == name);
    position.map_or(Quantity::ZERO, |position| shares(position, "qty"))
}

fn list<'a>(state: &'a Value, name: &str) -> &'a [Value] {
    state[name].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn shares(value: &Value, name: &str) -> Quantity {
    value[name].as_str().unwrap().parse().unwrap()
}
