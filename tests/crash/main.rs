//! Sessions in processes of their own are killed with SIGKILL at random moments, on exchanges that outlive them.
//!
//! Not here: a kill at every write of the journal (session). `ALPHAFLOW_KILLS` says how often; a failing run names the seed
//! of its world, `ALPHAFLOW_SEED` plays it again as far as the machine's timing lets it.
#![allow(clippy::unwrap_used)]
mod books;
mod life;
mod market;
mod venue;
mod watcher;
mod world;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use world::{Report, play};

/// Kills where nobody says how many: some seconds of a release build.
const KILLS: u64 = 24;
/// Kills of one world; a journal that is read again at every start should not grow for long.
const KILLS_OF_A_WORLD: u64 = 50;
/// Worlds at once: most of a life is waiting.
const AT_ONCE: u64 = 4;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn a_session_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let (kills, first) = (number("ALPHAFLOW_KILLS", KILLS), number("ALPHAFLOW_SEED", 1));
    let worlds = kills.div_ceil(KILLS_OF_A_WORLD).max(AT_ONCE.min(kills));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (next, all) = (AtomicU64::new(0), Mutex::new(Report::default()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(worlds) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= worlds {
                        return;
                    }
                    let own = kills * (at + 1) / worlds - kills * at / worlds;
                    let played = catch_unwind(AssertUnwindSafe(|| play(first + at, own, runtime.handle())));
                    let report = played.unwrap_or_else(|why| {
                        eprintln!("a world failed: ALPHAFLOW_SEED={}", first + at);
                        resume_unwind(why)
                    });
                    all.lock().unwrap().add(&report);
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    println!("{all}");
    assert_eq!(all.kills(), kills);
    assert!(all.compared > 0 && all.fills > kills / 2, "too little is traded: {all}");
}
