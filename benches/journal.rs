//! Rows a second that the journal takes, buffered and flushed, beside a bare loop of write and fsync; and a history out of
//! 100,000 rows.
//!
//! Input: rows of a bar of one share, 200 bytes of JSON, as a session writes them at every step. Yardstick: the same bytes
//! appended to a file, with `fdatasync` where the journal flushes. A flush of the journal is one of the log and a write of
//! the head file. Wanted: 10,000 buffered appends a second, and flushes as the disk gives them.
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use alphaflow::domain::Timestamp;
use alphaflow::live::history::{Filter, History, Kinds};
use alphaflow::live::journal::{Durability, Journal, JournalReader, Row, RowKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

/// Rows of the journal whose history is read.
const ROWS: u64 = 100_000;

fn bars() -> Value {
    json!({
        "input": "bars", "time": "2026-09-01T13:30:00Z", "late_ns": 0, "warm_up": false,
        "bars": [{ "symbol": 0, "open": "179.14", "high": "179.2", "low": "179.01", "close": "179.15", "volume": "1200" }],
    })
}

fn event() -> Value {
    json!({
        "row": 0, "time": "2026-09-01T13:30:00Z", "kind": "order", "severity": "info", "strategy": "a", "symbol": "AAPL",
        "text": "At the venue: AAPL buy 300.",
    })
}

fn row(kind: RowKind, body: Value) -> Row {
    let time = Timestamp::from_ns(1_790_000_000_000_000_000);
    Row { time, wall: time, strategy: Some("a".to_owned()), kind, body }
}

fn opened(folder: &Path) -> Journal {
    Journal::open(&folder.join("journal.db")).expect("a journal in a new folder")
}

fn appends(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = opened(folder.path());
    let rows: Vec<Row> = (0..100).map(|_| row(RowKind::Input, bars())).collect();
    let bytes = bars().to_string().into_bytes();
    let mut file = File::create(folder.path().join("bare")).expect("a file");
    let mut group = c.benchmark_group("journal/append");
    group.sample_size(20);
    for (name, rows, durability) in [
        ("buffered/100_rows", &rows[..], Durability::Buffered),
        ("buffered/1_row", &rows[..1], Durability::Buffered),
        ("flushed/1_row", &rows[..1], Durability::Flushed),
    ] {
        group.throughput(Throughput::Elements(rows.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| journal.append(black_box(rows), durability).expect("room on the disk"))
        });
    }
    group.throughput(Throughput::Elements(1));
    group.bench_function("bare/write", |b| b.iter(|| file.write_all(black_box(&bytes)).expect("room on the disk")));
    group.bench_function("bare/write_and_fdatasync", |b| {
        b.iter(|| {
            file.write_all(black_box(&bytes)).expect("room on the disk");
            file.sync_data().expect("a disk");
        });
    });
    group.finish();
}

/// Six of ten rows are bars, as in a session that trades often; the others are events.
fn history(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = opened(folder.path());
    let ten: Vec<Row> =
        (0..10).map(|at| if at < 6 { row(RowKind::Input, bars()) } else { row(RowKind::Event, event()) }).collect();
    let thousand: Vec<Row> = ten.iter().cycle().take(1_000).cloned().collect();
    for _ in 0..ROWS / 1_000 {
        journal.append(&thousand, Durability::Buffered).expect("room on the disk");
    }
    let reader = JournalReader::open(&folder.path().join("journal.db")).expect("the journal");
    let mut group = c.benchmark_group("journal/history");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    let filter = Filter::default();
    for (name, kinds) in [("trades", Kinds::Books), ("events", Kinds::Events)] {
        group.bench_function(name, |b| {
            b.iter(|| History::read(&reader, kinds, black_box(&filter)).expect("whole rows"))
        });
    }
    group.finish();
}

criterion_group!(benches, appends, history);
criterion_main!(benches);
