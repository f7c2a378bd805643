//! The real thing: a case through files, loader, gate and venue, as the program runs it.
//!
//! Not here: files of results; what is compared is the journal they are written from.
use std::fs;
use std::path::Path;

use alphaflow::domain::{OrderPurpose, Timeframe};
use alphaflow::engine::{Journal, OrderOutcome, OrderRecord};
use alphaflow::scenario::{load_market, parse, run};

use super::case::{Case, Filled, Outcome, Row, SYMBOLS};

/// Runs the case in `folder`. The error is the message of a refused input.
pub fn replay(case: &Case, folder: &Path) -> Result<Outcome, String> {
    let put = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    for (symbol, name) in SYMBOLS[..case.bars.len()].iter().enumerate() {
        put(&format!("{name}.csv"), case.bars_text(symbol));
    }
    put("orders.csv", case.script_text());
    put("actions.csv", case.events_text());
    let loaded = parse(&folder.join("micro.toml"), &case.scenario_text(), &[]).map_err(|error| error.to_string())?;
    let market = load_market(&loaded).map_err(|error| error.to_string())?;
    let journal = run(&loaded, &market).map_err(|error| error.to_string())?;
    Ok(outcome(case, &journal))
}

fn outcome(case: &Case, journal: &Journal) -> Outcome {
    let ids: Vec<&str> = case
        .rows
        .iter()
        .filter_map(|(_, row)| match row {
            Row::Submit(ticket) => Some(ticket.id.as_str()),
            Row::Flatten { id, .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let name = |record: &OrderRecord| name(case, journal, &ids, record);
    let named = |id: alphaflow::domain::OrderId| name(&journal.orders[id.0 as usize - 1]);
    let timeframe = if case.hourly { Timeframe::Hour1 } else { Timeframe::Day1 };
    let fills = journal.fills.iter().map(|fill| Filled {
        order: named(fill.order),
        time: fill.time.text(timeframe),
        side: fill.side.name(),
        shares: fill.quantity.units() / 1_000_000_000,
        price: fill.price.units(),
        fee: fill.fee.units(),
    });
    let status = |record: &OrderRecord| match record.outcome {
        OrderOutcome::Sent(status) => status.name().to_owned(),
        OrderOutcome::Refused => "refused".to_owned(),
    };
    let mut orders: Vec<(String, String)> =
        journal.orders.iter().map(|record| (name(record), status(record))).collect();
    orders.sort();
    let flows = journal.fills.iter().map(|fill| fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee);
    let spent: i128 = flows.map(|money| money.units()).sum();
    let received: i128 = journal.cash_events.iter().map(|event| event.amount.units()).sum();
    Outcome {
        fills: fills.collect(),
        orders,
        refusals: journal.refusals.iter().map(|row| (named(row.order), row.refusal.code().to_owned())).collect(),
        cash: received - spent,
        ambiguous_bars: journal.ambiguous_bars,
    }
}

/// As files name it: `E1`, `E1.stop`, `E1.take_profit`, `F1`, or `F1.AAA` where there are several symbols.
fn name(case: &Case, journal: &Journal, ids: &[&str], record: &OrderRecord) -> String {
    if let Some(parent) = record.parent() {
        let leg = if record.request.purpose == OrderPurpose::TakeProfit { "take_profit" } else { "stop" };
        return format!("{}.{leg}", name(case, journal, ids, &journal.orders[parent.0 as usize - 1]));
    }
    let id = ids[record.label.expect("every row has an id") as usize];
    match record.request.purpose {
        OrderPurpose::KillSwitch if case.bars.len() > 1 => format!("{id}.{}", SYMBOLS[record.request.symbol.get()]),
        _ => id.to_owned(),
    }
}
