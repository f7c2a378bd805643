//! Speed and memory of reading bars: ours beside pandas' C parser (CSV) and polars' reader (Parquet).
//!
//! Input: 10,000,000 made-up minute bars, one file of each kind, written by us, in the page cache.
//! `--paired`: every reader in a process of its own, in turn, so that a slow minute of the machine slows
//! all; rows per second and the peak memory of each process, bars held. Without it: a million rows, ours
//! only. pandas is asked of `python3`; where it is not installed, that is said.
use std::fs::File;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use alphaflow::domain::{Bar, Timeframe};
use alphaflow::market::{
    Calendar, Length, SyntheticSpec, load_bars, read_csv, read_parquet, synthesize, write_csv, write_parquet,
};
use criterion::{Criterion, Throughput, criterion_group};
use polars::prelude::{ParquetReader, SerReader};

const ROWS: u64 = 10_000_000;
const ROWS_QUICK: u64 = 1_000_000;
/// Each reader runs so often; the first round only warms the page cache.
const ROUNDS: usize = 8;
/// Six columns of eight bytes: what the rows must take at least.
const COLUMN_BYTES: f64 = 48.0 * ROWS as f64;

/// pandas with its times as the index, as the engines that use it hold bars.
const PANDAS: &str = r#"
import sys, time, resource, pandas
start = time.perf_counter()
frame = pandas.read_csv(sys.argv[1], engine="c", parse_dates=["timestamp"], index_col="timestamp")
seconds = time.perf_counter() - start
print(len(frame), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"#;

/// What one process reported.
#[derive(Clone, Copy)]
struct Reading {
    rows: u64,
    seconds: f64,
    peak_bytes: f64,
}

fn bars(rows: u64) -> Vec<Bar> {
    let spec = SyntheticSpec {
        symbol: "BENCH".parse().expect("symbol"),
        seed: 20_261_123,
        timeframe: Timeframe::Minute1,
        from: "2000-01-03".parse().expect("date"),
        length: Length::Bars(rows),
        start_price: "100".parse().expect("price"),
        annual_drift: 0.05,
        annual_volatility: 0.25,
        calendar: Calendar::always_open(),
    };
    synthesize(&spec).expect("bars")
}

/// The files of `rows` bars, made once.
fn files(rows: u64) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let paths = ["csv", "parquet"].map(|kind| folder.join(format!("bars_{rows}.{kind}")));
    if !paths.iter().all(|path| path.exists()) {
        let bars = bars(rows);
        write_csv(&paths[0], Timeframe::Minute1, &bars).expect("write");
        write_parquet(&paths[1], Timeframe::Minute1, &bars).expect("write");
    }
    paths
}

/// Reads in this process and prints rows, seconds, peak bytes.
fn child(reader: &str, path: &Path) {
    let start = Instant::now();
    let rows = if reader == "polars" {
        let frame = ParquetReader::new(File::open(path).expect("open")).finish().expect("read");
        black_box(&frame).height()
    } else {
        black_box(load_bars(path, Timeframe::Minute1).expect("read")).len()
    };
    let seconds = start.elapsed().as_secs_f64();
    println!("{rows} {seconds} {}", peak_bytes());
}

/// The most memory this process has held: Linux says; elsewhere it is not measured.
fn peak_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0)
}

fn ours(reader: &str, path: &Path) -> Option<Reading> {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    reading(command.args(["--child", reader]).arg(path))
}

fn pandas(path: &Path) -> Option<Reading> {
    reading(Command::new("python3").args(["-c", PANDAS]).arg(path))
}

fn reading(command: &mut Command) -> Option<Reading> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let mut number = || words.next()?.parse::<f64>().ok();
    Some(Reading { rows: number()? as u64, seconds: number()?, peak_bytes: number()? })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn print_reader(name: &str, readings: &[Reading]) {
    let best = readings.iter().map(|reading| reading.seconds).fold(f64::MAX, f64::min);
    let middle = median(readings.iter().map(|reading| reading.seconds).collect());
    let peak = median(readings.iter().map(|reading| reading.peak_bytes).collect());
    println!(
        "{name:<18} {:>6.2} M rows/s (median; best {:.2}), peak {:.0} MB, {:.2} times the columns",
        ROWS as f64 / middle / 1e6,
        ROWS as f64 / best / 1e6,
        peak / 1e6,
        peak / COLUMN_BYTES
    );
}

fn print_ratio(name: &str, ours: &[Reading], theirs: &[Reading]) {
    let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| theirs.seconds / ours.seconds);
    println!("{name}: {:.2} times as fast (median of {} pairs)", median(ratios.collect()), ours.len());
}

/// Every reader in turn.
fn paired() {
    let [csv, parquet] = files(ROWS);
    let [mut our_csv, mut their_csv, mut our_parquet, mut their_parquet] = [const { Vec::new() }; 4];
    for round in 0..ROUNDS {
        let all = [ours("csv", &csv), pandas(&csv), ours("parquet", &parquet), ours("polars", &parquet)];
        if round == 0 {
            continue;
        }
        for (list, reading) in [&mut our_csv, &mut their_csv, &mut our_parquet, &mut their_parquet].into_iter().zip(all)
        {
            assert!(reading.is_none_or(|reading| reading.rows == ROWS), "every reader finds every row");
            list.extend(reading);
        }
    }
    print_reader("CSV, ours", &our_csv);
    if their_csv.len() == our_csv.len() {
        print_reader("CSV, pandas", &their_csv);
        print_ratio("CSV against pandas", &our_csv, &their_csv);
    } else {
        println!("CSV: not compared, `python3 -c \"import pandas\"` does not work here");
    }
    print_reader("Parquet, ours", &our_parquet);
    print_reader("Parquet, polars", &their_parquet);
    print_ratio("Parquet against polars", &our_parquet, &their_parquet);
}

fn bench(criterion: &mut Criterion) {
    let [csv, parquet] = files(ROWS_QUICK);
    let mut group = criterion.benchmark_group("data");
    group.throughput(Throughput::Elements(ROWS_QUICK)).sample_size(10);
    group.bench_function("csv/1M_minutes", |b| b.iter(|| read_csv(&csv, Timeframe::Minute1).expect("read")));
    group
        .bench_function("parquet/1M_minutes", |b| b.iter(|| read_parquet(&parquet, Timeframe::Minute1).expect("read")));
    group.finish();
}

criterion_group!(benches, bench);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--child") {
        Some(at) => child(&arguments[at + 1], Path::new(&arguments[at + 2])),
        None if arguments.iter().any(|argument| argument == "--paired") => paired(),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
