//! Days of minute bars for 20 shares at full speed: a session in a process of its own, on an exchange in another, with
//! delays, refusals, lost connections, lost, doubled and reordered messages all along.
//!
//! Not here: kills of the session (crash), faults by seed and step (alpaca_simulation). What must hold: the memory of the
//! session and its distance from the exchange's clock do not grow with the days, the journal is whole and makes the session
//! again, and the books are the exchange's. `ALPHAFLOW_SOAK_DAYS` says how many sessions are played, two without it;
//! `ALPHAFLOW_SOAK_SPEED` how many times as fast as the wall's clock.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]
mod books;
mod data;
mod processes;
mod record;

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use alphaflow::live::session::{Machine, prove_session};
use alphaflow::strategy::BuiltIn;

use books::check_books;
use data::Soak;
use processes::Processes;
use record::{Record, Sample};

/// Two show everything but the growth.
const DAYS: usize = 2;
/// A session of six and a half hours takes seven seconds; without optimization the program is too slow for that.
const SPEED: usize = if cfg!(debug_assertions) { 3_000 } else { 3_600 };
/// The days before this one fill caches and two sessions' worth of orders.
const SETTLED_AFTER: usize = 5;
/// From then to the end the line through the samples may rise so much, KiB: a tenth of what one day's orders take.
const GROWTH_KIB_MAX: f64 = 4_096.0;
/// The line through the days' median distances may rise so much, in seconds on the wall's clock.
const LAG_GROWTH_MAX: f64 = 0.25;
/// A swallowed fill is found by the next look at open orders, half a minute later.
const LOOK: Duration = Duration::from_secs(32);

fn number(name: &str, default: usize) -> usize {
    let given = env::var(name).ok();
    given.map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

#[test]
fn a_session_that_goes_on_for_weeks_stays_as_it_was() {
    let days = number("ALPHAFLOW_SOAK_DAYS", DAYS);
    let speed = number("ALPHAFLOW_SOAK_SPEED", SPEED) as u32;
    let soak = Soak::write(days);
    let mut all = Processes::start(&soak, speed);
    all.begin_session();
    let mut samples: Vec<Sample> = Vec::new();
    while all.time() < soak.end() {
        samples.push(all.sample());
        std::thread::sleep(Duration::from_millis(100));
    }
    all.end_faults();
    std::thread::sleep(LOOK);
    let at_rest = all.rest();
    let before = Record::read(&soak);
    eprintln!("{}", summary(&all, &before, &samples, days));
    check_books(prove_session(&BuiltIn, "soak", &before.past).unwrap().as_ref(), &before.past, &at_rest);
    all.end_session();
    let (record, state) = (Record::read(&soak), all.state());
    assert!(record.bars == soak.minutes(), "{} of {} minutes were shown; {}", record.bars, soak.minutes(), all.log());
    assert!(record.orders > 20 * days, "{} orders", record.orders);
    assert!(record.forgotten + 1 >= days, "what is over leaves memory at each session's begin: {}", record.forgotten);
    all.verify_journal();
    let machine = prove_session(&BuiltIn, "soak", &record.past).unwrap();
    check_books(machine.as_ref(), &record.past, &state);
    if days > SETTLED_AFTER {
        check_lag(&record, &samples, speed);
        check_memory(&soak, &samples, days);
        check_restart(&mut all, &soak, machine.as_ref());
    }
}

/// What was seen, for whoever reads the log of the test.
fn summary(all: &Processes, record: &Record, samples: &[Sample], days: usize) -> String {
    let peak = samples.iter().map(|sample| sample.session_kib).max().unwrap_or_default();
    let exchange = samples.iter().map(|sample| sample.exchange_kib).max().unwrap_or_default();
    format!(
        "{days} days, {} orders, {} fills, {} rows of the journal, {} bytes; peak of the session {peak} KiB, of the \
         exchange {exchange} KiB; faults met: {}",
        record.orders,
        record.fills,
        record.rows,
        all.journal_bytes(),
        record.connections_lost
    )
}

/// The distance between the exchange's clock and the last bar that was shown, day by day.
fn check_lag(record: &Record, samples: &[Sample], speed: u32) {
    let medians = record.lag_by_day(samples, speed);
    eprintln!("median lag by day, seconds on the wall's clock: {medians:.3?}");
    let points: Vec<(f64, f64)> = medians.iter().enumerate().map(|(day, lag)| (day as f64, *lag)).collect();
    let growth = record::slope(&points) * points.len() as f64;
    assert!(
        growth < LAG_GROWTH_MAX,
        "the session falls behind by {growth:.3} s in {} days: {medians:.3?}",
        points.len()
    );
}

/// The line through the samples of memory, once the first days are over.
fn check_memory(soak: &Soak, samples: &[Sample], days: usize) {
    let settled = samples.iter().filter(|sample| soak.day_of(sample.time) >= SETTLED_AFTER as f64);
    let points: Vec<(f64, f64)> = settled.map(|sample| (soak.day_of(sample.time), sample.session_kib as f64)).collect();
    let growth = record::slope(&points) * (days - SETTLED_AFTER) as f64;
    let by_day = record::by_day(&points);
    eprintln!("memory by day, KiB: {by_day:.0?}; the line rises by {growth:.0} KiB from day {SETTLED_AFTER} on");
    assert!(growth < GROWTH_KIB_MAX, "{growth:.0} KiB from day {SETTLED_AFTER} to {days}: {by_day:.0?}");
}

/// It begins anew from a journal of all these days, and has the same books, which are still those of the exchange.
fn check_restart(all: &mut Processes, soak: &Soak, machine: &dyn Machine) {
    let begun = Instant::now();
    all.begin_session();
    all.await_ready();
    eprintln!("begun anew from the journal in {:.1} s", begun.elapsed().as_secs_f64());
    all.end_session();
    let past = Record::read(soak).past;
    let again = prove_session(&BuiltIn, "soak", &past).unwrap();
    assert_eq!(again.fills(), machine.fills());
    check_books(again.as_ref(), &past, &all.state());
}

/// Runs a command of the program in the folder of the soak and gives what it prints.
fn command(soak: &Soak, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_alphaflow")).current_dir(soak.folder()).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
