//! The run folder: every number of a run as files (spec §3).
//!
//! Not here: pictures and pages (report). Same run, same bytes.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;

use super::metrics::direction;
use super::order_names::OrderNames;
use super::{AccountRow, LoadedScenario, MarketData, Metrics, effective_toml, fingerprint};
use crate::domain::{
    Fill, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderStatus, Price, Quantity, Ratio, RejectReason,
    Symbol, Timeframe, Trail,
};
use crate::engine::{Journal, OrderOutcome, OrderRecord};
use crate::portfolio::RoundTrip;

/// The file of every order.
pub const ORDERS_FILE: &str = "orders.csv";
/// The file of every execution.
pub const FILLS_FILE: &str = "fills.csv";
/// The file of what the gate refused.
pub const REFUSALS_FILE: &str = "refusals.csv";
/// The file of the account at every step.
pub const EQUITY_FILE: &str = "equity.csv";
/// Columns of [`ORDERS_FILE`].
pub const ORDER_COLUMNS: [&str; 18] = [
    "id",
    "status",
    "reason",
    "time",
    "symbol",
    "side",
    "qty",
    "filled_qty",
    "type",
    "limit_price",
    "stop_price",
    "time_in_force",
    "order_class",
    "purpose",
    "parent",
    "trail_price",
    "trail_percent",
    "extended_hours",
];
/// Columns of [`FILLS_FILE`].
pub const FILL_COLUMNS: [&str; 7] = ["order", "time", "symbol", "side", "qty", "price", "fee"];
/// Columns of [`REFUSALS_FILE`].
pub const REFUSAL_COLUMNS: [&str; 5] = ["time", "order", "reason", "need", "have"];
/// Columns of [`EQUITY_FILE`].
pub const EQUITY_COLUMNS: [&str; 6] = ["timestamp", "equity", "cash", "gross_exposure", "heat", "drawdown"];

/// Writes the files of numbers into `folder`, which must exist.
///
/// Errors: whatever the file system says, with the file's name.
pub fn write_folder(
    folder: &Path,
    loaded: &LoadedScenario,
    market: &MarketData,
    journal: &Journal,
    rows: &[AccountRow],
    trips: &(Vec<RoundTrip>, Vec<RoundTrip>),
    metrics: &Metrics,
) -> io::Result<()> {
    let data = &loaded.spec.data;
    let (symbols, timeframe) = (&data.symbols[..], data.timeframe);
    let run = json!({
        "program": concat!("alphaflow ", env!("CARGO_PKG_VERSION")),
        "scenario": loaded.spec.scenario.name,
        "seed": loaded.spec.scenario.seed,
        "fingerprint": fingerprint(journal, symbols, timeframe),
        "files": market.files.iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect::<Vec<_>>(),
        "effective_scenario": effective_toml(&loaded.spec),
    });
    save(folder, "run.json", &pretty(&run)?)?;
    save(folder, "metrics.json", &pretty(&metrics.to_json())?)?;
    save(folder, "trades.csv", &trades(trips, market, symbols, timeframe)?)?;
    let names = OrderNames { journal, script: market.script.as_ref(), symbols };
    save(folder, ORDERS_FILE, &orders(&names, timeframe)?)?;
    save(folder, FILLS_FILE, &fills(&names, timeframe)?)?;
    save_with(folder, EQUITY_FILE, |out| equity(out, rows, timeframe))?;
    save(folder, REFUSALS_FILE, &refusals(&names, timeframe)?)
}

pub(super) fn save(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    save_with(folder, name, |out| out.write_all(bytes))
}

/// Writes a file piece by piece.
fn save_with(folder: &Path, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let path = folder.join(name);
    let written = File::create(&path).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        write(&mut out)?;
        // Dropping it would swallow what the disk says of the last piece.
        out.flush()
    });
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

pub(super) fn pretty(value: &serde_json::Value) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// A CSV of `header` and rows of text.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn trades(
    trips: &(Vec<RoundTrip>, Vec<RoundTrip>),
    market: &MarketData,
    symbols: &[Symbol],
    timeframe: Timeframe,
) -> io::Result<Vec<u8>> {
    let header = [
        "symbol",
        "side",
        "qty",
        "entry_time",
        "entry_price",
        "exit_time",
        "exit_price",
        "pnl",
        "fees",
        "exit_reason",
        "income",
    ];
    let row = |trip: &RoundTrip| {
        let last = market.last_price(trip.symbol);
        let unrealised = match trip.side {
            crate::domain::Side::Buy => last.notional(trip.held()),
            crate::domain::Side::Sell => -last.notional(trip.held()),
        };
        let exit = trip.exit_time;
        [
            symbols[trip.symbol.get()].to_string(),
            direction(trip.side).to_owned(),
            trip.quantity.to_string(),
            trip.entry_time.text(timeframe),
            mean_price(trip.entry_notional, trip.quantity),
            exit.map_or(String::new(), |time| time.text(timeframe)),
            if exit.is_some() { mean_price(trip.exit_notional, trip.exited) } else { String::new() },
            (trip.realised() + unrealised).to_string(),
            trip.fees.to_string(),
            trip.exit_purpose.map_or(String::new(), |purpose| exit_reason(purpose).to_owned()),
            trip.income.to_string(),
        ]
    };
    table(header, trips.0.iter().chain(&trips.1).map(row))
}

/// Average price to a billionth of a dollar.
fn mean_price(notional: Money, quantity: Quantity) -> String {
    let units = i128::from(quantity.units());
    let nearest = if units == 0 { 0 } else { (notional.units() + units / 2) / units };
    i64::try_from(nearest).ok().and_then(Price::from_units).map_or(String::new(), |price| price.to_string())
}

/// The word of `trades.csv` for why a trade ended.
pub fn exit_reason(purpose: OrderPurpose) -> &'static str {
    match purpose {
        OrderPurpose::Entry | OrderPurpose::Signal | OrderPurpose::Manual => "signal",
        // The list of reasons is fixed; orders.csv says that it was time.
        OrderPurpose::TimeStop => OrderPurpose::Stop.name(),
        other => other.name(),
    }
}

pub(super) fn orders(names: &OrderNames<'_>, timeframe: Timeframe) -> io::Result<Vec<u8>> {
    let rejected: BTreeMap<OrderId, RejectReason> = names.journal.rejections.iter().copied().collect();
    // The first refusal of an order is its own; later ones are of changes to it.
    let reasons = names.journal.refusals.iter().rev().map(|record| (record.order, record.refusal.code()));
    let refused: BTreeMap<OrderId, &str> = reasons.collect();
    let row = |record: &OrderRecord| {
        let request = &record.request;
        let (status, reason) = match record.outcome {
            OrderOutcome::Sent(status) => {
                (status_name(record, status), rejected.get(&record.id).map(ToString::to_string))
            }
            OrderOutcome::Refused => ("refused", refused.get(&record.id).map(|reason| (*reason).to_owned())),
        };
        let (limit, stop) = match request.kind {
            OrderKind::Limit { limit } => (Some(limit), None),
            OrderKind::Stop { stop } => (None, Some(stop)),
            OrderKind::StopLimit { stop, limit } => (Some(limit), Some(stop)),
            OrderKind::Market | OrderKind::TrailingStop { .. } => (None, None),
        };
        let (trail_price, trail_percent) = match request.kind {
            OrderKind::TrailingStop { trail: Trail::Price(dollars) } => (dollars.to_string(), String::new()),
            OrderKind::TrailingStop { trail: Trail::Fraction(share) } => (String::new(), in_percent(share)),
            _ => (String::new(), String::new()),
        };
        // A leg measured from a fill that never came stands nowhere.
        let known = |price: &Price| *price != Price::ZERO;
        let price = |price: Option<Price>| price.filter(known).map_or(String::new(), |price| price.to_string());
        [
            names.of(record),
            status.to_owned(),
            reason.unwrap_or_default(),
            record.decided_at.text(timeframe),
            names.symbols[request.symbol.get()].to_string(),
            request.side.name().to_owned(),
            if record.quantity.is_zero() { record.filled.to_string() } else { record.quantity.to_string() },
            record.filled.to_string(),
            request.kind.name().to_owned(),
            price(limit),
            price(stop),
            request.time_in_force.name().to_owned(),
            request.class.name().to_owned(),
            request.purpose.name().to_owned(),
            record.parent().map_or(String::new(), |parent| names.of_id(parent)),
            trail_price,
            trail_percent,
            request.extended_hours.to_string(),
        ]
    };
    table(ORDER_COLUMNS, names.journal.orders.iter().map(row))
}

/// Alpaca's word for how an order stands. It holds the stop of a pair back until it triggers.
fn status_name(record: &OrderRecord, status: OrderStatus) -> &'static str {
    let of_pair = matches!(record.request.class, OrderClass::Bracket | OrderClass::Oco) && record.leg > 0;
    let is_stop = record.request.purpose.protects();
    match status {
        OrderStatus::Accepted if of_pair && is_stop => OrderStatus::Held.name(),
        other => other.name(),
    }
}

/// A share as a script writes it: 0.05 is `5`.
fn in_percent(share: Ratio) -> String {
    Ratio::from_units(share.units().saturating_mul(100)).to_string()
}

pub(super) fn fills(names: &OrderNames<'_>, timeframe: Timeframe) -> io::Result<Vec<u8>> {
    let row = |fill: &Fill| {
        [
            names.of_id(fill.order),
            fill.time.text(timeframe),
            names.symbols[fill.symbol.get()].to_string(),
            fill.side.name().to_owned(),
            fill.quantity.to_string(),
            fill.price.to_string(),
            fill.fee.to_string(),
        ]
    };
    table(FILL_COLUMNS, names.journal.fills.iter().map(row))
}

/// A row a bar: by far the longest table of a run, so it is written as it is made. Numbers need no quotes.
pub(super) fn equity(out: &mut impl Write, rows: &[AccountRow], timeframe: Timeframe) -> io::Result<()> {
    writeln!(out, "{}", EQUITY_COLUMNS.join(","))?;
    for row in rows {
        match timeframe.is_daily() {
            true => write!(out, "{}", row.time.utc_date())?,
            false => write!(out, "{}", row.time)?,
        }
        write!(out, ",{},{},{},", row.equity, row.cash, row.gross_exposure)?;
        if let Some(heat) = row.heat {
            write!(out, "{heat}")?;
        }
        writeln!(out, ",{}", row.drawdown)?;
    }
    Ok(())
}

pub(super) fn refusals(names: &OrderNames<'_>, timeframe: Timeframe) -> io::Result<Vec<u8>> {
    let rows = names.journal.refusals.iter().map(|record| {
        [
            record.time.text(timeframe),
            names.of_id(record.order),
            record.refusal.code().to_owned(),
            record.refusal.need().unwrap_or_default(),
            record.refusal.have().unwrap_or_default(),
        ]
    });
    table(REFUSAL_COLUMNS, rows)
}
