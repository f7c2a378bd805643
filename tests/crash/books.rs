//! What the journal makes of the session again, held against what the exchange has: cash, shares, orders, fills.
//!
//! Not here: what happened on the way (watcher).
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alphaflow::domain::{Fill, Money, OrderKind, OrderPurpose, Price, Quantity, SymbolIndex};
use alphaflow::engine::{OrderOutcome, OrderRecord};
use alphaflow::live::journal::JournalReader;
use alphaflow::live::session::{Machine, PastReader, prove_session};
use alphaflow::scenario::{Style, effective_toml, load};
use alphaflow::strategy::BuiltIn;
use serde_json::Value;

use crate::market::{NAME, SYMBOLS};

/// Symbol, side, stop and limit of an order that is open.
type Place = (String, String, Option<Price>, Option<Price>);

/// Symbol, side, shares and price of a fill.
type Trade = (String, String, Quantity, Price);

fn quantity(value: &Value, name: &str) -> Quantity {
    value[name].as_str().unwrap_or("0").parse().unwrap()
}

fn open_orders(state: &Value) -> impl Iterator<Item = &Value> {
    let is_open = |order: &&Value| {
        let status = order["status"].as_str().unwrap();
        matches!(status, "new" | "accepted" | "held" | "pending_new" | "partially_filled")
    };
    state["orders"].as_array().unwrap().iter().filter(is_open)
}

/// Shares held of a symbol at the exchange, and those that its open orders would sell whatever the price.
pub fn cover(state: &Value, symbol: &str) -> (Quantity, Quantity) {
    let held = state["positions"].as_array().unwrap().iter().find(|position| position["symbol"] == symbol);
    let sells = |order: &&Value| order["symbol"] == symbol && order["side"] == "sell" && order["type"] != "limit";
    let left = |order: &Value| quantity(order, "qty") - quantity(order, "filled_qty");
    let covered = open_orders(state).filter(sells).fold(Quantity::ZERO, |sum, order| sum + left(order));
    (held.map_or(Quantity::ZERO, |position| quantity(position, "qty")), covered)
}

/// Open orders that sell at the exchange: symbol, kind and id.
pub fn open_sales(state: &Value) -> BTreeSet<[&str; 3]> {
    let sales = open_orders(state).filter(|order| order["side"] == "sell");
    sales.map(|order| ["symbol", "type", "id"].map(|name| order[name].as_str().unwrap())).collect()
}

/// The journal is whole, makes the session again, and its book is what the exchange holds.
pub fn check_books(folder: &Path, scenario: &Path, state: &Value) {
    let loaded = load(scenario, &[]).unwrap_or_else(|error| panic!("{}", error.render(&Style::PLAIN)));
    let journal = || JournalReader::open(&folder.join("state/rehearsal/journal.db")).unwrap();
    let audit = journal().audit(None).unwrap();
    assert!(audit.findings.is_empty(), "{:?}", audit.findings);
    let mut reader = PastReader::default();
    journal()
        .read_raw(1, |row| {
            reader.take(row).unwrap();
            Ok(())
        })
        .unwrap();
    assert_eq!(reader.sessions_so_far(NAME), 1, "every life went on with the same book");
    let past = reader.session(NAME).unwrap();
    assert_eq!(past.began.scenario, effective_toml(&loaded.spec));
    let machine = prove_session(&BuiltIn, NAME, &past).unwrap();
    let cash: Money = state["cash"].as_str().unwrap().parse().unwrap();
    assert_eq!(machine.portfolio().cash(), cash, "cash");
    for (at, symbol) in (0..).zip(SYMBOLS) {
        let ours = machine.portfolio().position(SymbolIndex(at)).quantity();
        assert_eq!(ours, cover(state, symbol).0, "shares of {symbol}");
    }
    assert_eq!(our_orders(machine.as_ref()), their_orders(state), "open orders");
    // A session remembers the fills of the market's session at hand.
    let (ours, theirs) = (our_fills(machine.as_ref()), state["fills"].as_array().unwrap());
    let mut last: Vec<Trade> = theirs[theirs.len() - ours.len()..].iter().map(trade).collect();
    last.sort_unstable();
    assert_eq!(ours, last, "fills, each once");
    let mut names = BTreeSet::new();
    for order in state["orders"].as_array().unwrap() {
        let name = order["client_order_id"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
    }
}

fn our_fills(machine: &dyn Machine) -> Vec<Trade> {
    let named = |fill: &Fill| SYMBOLS[fill.symbol.get()].to_owned();
    let fills = machine.journal().fills.iter();
    let mut all: Vec<Trade> =
        fills.map(|fill| (named(fill), fill.side.name().to_owned(), fill.quantity, fill.price)).collect();
    all.sort_unstable();
    all
}

fn trade(fill: &Value) -> Trade {
    let text = |name: &str| fill[name].as_str().unwrap().to_owned();
    (text("symbol"), text("side"), quantity(fill, "qty"), text("price").parse().unwrap())
}

/// One order holds a share at the venue: where an exit is on its way, its legs are gone there, and stand in the books until
/// it has filled.
fn our_orders(machine: &dyn Machine) -> BTreeMap<Place, Quantity> {
    let is_open = |record: &&OrderRecord| matches!(record.outcome, OrderOutcome::Sent(status) if status.is_open());
    let open: Vec<&OrderRecord> = machine.orders().records().filter(is_open).collect();
    let leaves: BTreeSet<SymbolIndex> = open
        .iter()
        .filter(|record| record.request.purpose != OrderPurpose::Entry && record.request.kind == OrderKind::Market)
        .map(|record| record.request.symbol)
        .collect();
    let mut all = BTreeMap::new();
    for record in open {
        if record.leg > 0 && leaves.contains(&record.request.symbol) {
            continue;
        }
        let symbol = SYMBOLS[record.request.symbol.get()].to_owned();
        let side = record.request.side.name();
        let kind = record.request.kind;
        *all.entry((symbol, side.to_owned(), kind.stop(), kind.limit())).or_default() += record.remaining();
    }
    all
}

fn their_orders(state: &Value) -> BTreeMap<Place, Quantity> {
    let mut all = BTreeMap::new();
    for order in open_orders(state) {
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        let price = |name: &str| order[name].as_str().map(|text| text.parse::<Price>().unwrap());
        let left = quantity(order, "qty") - quantity(order, "filled_qty");
        *all.entry((text("symbol"), text("side"), price("stop_price"), price("limit_price"))).or_default() += left;
    }
    all
}
