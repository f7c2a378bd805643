//! Trade messages a second that the decoder of Alpaca's market data holds on one core, in both notations.
//!
//! Input: batches of 100 trades of 100 shares, as Alpaca sends them in a busy second: two conditions each, nanoseconds.
//! Yardsticks, on the same JSON: serde_json into its own tree, and into a struct of floats and Strings. Neither checks a
//! symbol, makes prices exact or reads the time. Wanted: 500,000 messages a second.
//! After that, or alone with `--wire`: from a closed bar to its order on the wire, and from socket to decoded trades.
#[path = "alpaca/venue.rs"]
mod venue;
#[path = "alpaca/wire.rs"]
mod wire;

use std::hint::black_box;

use alphaflow::execution::alpaca::{Decoder, Encoding, MarketMessage};
use criterion::{Criterion, Throughput, criterion_group};
use serde::Deserialize;
use serde_json::Value;

const TRADES: u64 = 100;
/// 2024-01-02 14:30 UTC.
const SECONDS: u64 = 1_704_205_800;

/// A trade as a generic reader takes it.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read is the work; nobody looks at it")]
struct Plain {
    #[serde(rename = "T")]
    kind: String,
    #[serde(rename = "S")]
    symbol: String,
    i: u64,
    x: String,
    p: f64,
    s: u64,
    t: String,
    c: Vec<String>,
    z: String,
}

fn symbol(trade: u64) -> String {
    format!("S{trade:02}X")
}

fn price(trade: u64) -> f64 {
    (10_000 + 137 * trade) as f64 / 100.0
}

fn nanoseconds(trade: u64) -> u64 {
    123_456_789 + 1_000_003 * trade
}

fn json() -> Vec<u8> {
    let trade = |trade: u64| {
        format!(
            r#"{{"T":"t","S":"{}","i":{},"x":"D","p":{},"s":100,"t":"2024-01-02T14:30:00.{}Z","c":["@","I"],"z":"C"}}"#,
            symbol(trade),
            52_983_525_033_527 + trade,
            price(trade),
            nanoseconds(trade)
        )
    };
    format!("[{}]", (0..TRADES).map(trade).collect::<Vec<_>>().join(",")).into_bytes()
}

fn msgpack() -> Vec<u8> {
    use rmp::encode::{write_array_len, write_ext_meta, write_f64, write_map_len, write_str, write_uint};
    let mut bytes = Vec::new();
    write_array_len(&mut bytes, TRADES as u32).expect("written");
    for trade in 0..TRADES {
        write_map_len(&mut bytes, 9).expect("written");
        for (key, text) in [("T", "t"), ("S", &symbol(trade)), ("x", "D"), ("z", "C")] {
            write_str(&mut bytes, key).expect("written");
            write_str(&mut bytes, text).expect("written");
        }
        for (key, number) in [("i", 52_983_525_033_527 + trade), ("s", 100)] {
            write_str(&mut bytes, key).expect("written");
            write_uint(&mut bytes, number).expect("written");
        }
        write_str(&mut bytes, "p").expect("written");
        write_f64(&mut bytes, price(trade)).expect("written");
        write_str(&mut bytes, "t").expect("written");
        write_ext_meta(&mut bytes, 8, -1).expect("written");
        bytes.extend((nanoseconds(trade) << 34 | SECONDS).to_be_bytes());
        write_str(&mut bytes, "c").expect("written");
        write_array_len(&mut bytes, 2).expect("written");
        write_str(&mut bytes, "@").expect("written");
        write_str(&mut bytes, "I").expect("written");
    }
    bytes
}

/// Decodes a batch and adds the prices up, so that every message is looked at.
fn sum(decoder: &mut Decoder, batch: &[u8]) -> i64 {
    let (mut sum, mut trades) = (0, 0);
    let each = |message: MarketMessage<'_>| {
        if let MarketMessage::Trade(trade) = message {
            sum += trade.price.units();
            trades += 1;
        }
    };
    decoder.decode(batch, each).expect("a batch");
    assert_eq!(trades, TRADES, "every message is a trade");
    sum
}

fn bench(criterion: &mut Criterion) {
    let (json, msgpack) = (json(), msgpack());
    let mut group = criterion.benchmark_group("alpaca_decode");
    group.throughput(Throughput::Elements(TRADES));
    for (name, encoding, batch) in
        [("trades/msgpack", Encoding::MessagePack, &msgpack), ("trades/json", Encoding::Json, &json)]
    {
        let mut decoder = Decoder::new(encoding);
        group.bench_function(name, |bencher| bencher.iter(|| sum(&mut decoder, black_box(batch))));
    }
    group.bench_function("yardstick/json_tree", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Vec<Value>>(black_box(&json)).expect("JSON").len());
    });
    group.bench_function("yardstick/json_struct", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Vec<Plain>>(black_box(&json)).expect("JSON").len());
    });
    group.finish();
}

criterion_group!(benches, bench);

fn main() {
    if !std::env::args().any(|argument| argument == "--wire") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    wire::run(msgpack(), TRADES, sum);
}
