//! One world: an exchange, a session that is killed in every phase of its life, and what must be so at the end.
//!
//! Not here: the watch over every event (watcher), the comparison of books (books).
use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use alphaflow::domain::Quantity;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use tokio::runtime::Handle;

use crate::books::{check_books, cover, open_sales};
use crate::life::Lives;
use crate::market::{self, SYMBOLS};
use crate::venue::Venue;

/// Minutes of the market after the last kill: the session trades again before it is ended.
const LAST_MINUTES: u64 = 30;
/// Longest wait between two of them. Some are over before the session has done what they led to.
const MINUTE_MS: u64 = 25;
/// No event for so long: the session has done everything that it wants to do now.
const QUIET: Duration = Duration::from_millis(800);
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was done and seen.
#[derive(Default, Clone, Debug)]
pub struct Report {
    /// Kills while a session came up, traded, ended.
    pub killed: [u64; 3],
    /// At the exchange, each once in the books.
    pub fills: u64,
    /// Events of orders, after each of which every share was looked at.
    pub events: u64,
    /// Times that what was seen by events equalled what the exchange has.
    pub compared: u64,
    /// Exits that took a stop back, and those of them that one life began and another sent.
    pub exits: [u64; 2],
}

impl Report {
    /// In all.
    pub fn kills(&self) -> u64 {
        self.killed.iter().sum()
    }

    /// Takes another world's in.
    pub fn add(&mut self, other: &Report) {
        let Report { killed, fills, events, compared, exits } = other;
        self.killed.iter_mut().zip(killed).for_each(|(sum, one)| *sum += one);
        self.exits.iter_mut().zip(exits).for_each(|(sum, one)| *sum += one);
        self.fills += fills;
        self.events += events;
        self.compared += compared;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { killed: [starting, trading, ending], fills, events, compared, exits: [exits, of_two] } = self;
        write!(
            f,
            "{} kills ({starting} while it came up, {trading} while it traded, {ending} while it ended), {fills} fills, \
             {events} events watched, {compared} comparisons; {exits} exits took a stop back, {of_two} of them were sent \
             by the next life",
            self.kills()
        )
    }
}

struct World {
    venue: Venue,
    lives: Lives,
    chance: Xoshiro256PlusPlus,
    report: Report,
    /// How long the last session took to come up.
    rise: Duration,
}

/// Plays a world of `kills` kills to its end.
pub fn play(seed: u64, kills: u64, runtime: &Handle) -> Report {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let scenario = market::write(folder.path(), seed, &mut chance);
    let venue = Venue::start(&scenario, runtime);
    let lives = Lives::new(folder.path(), venue.address());
    let mut world = World { venue, lives, chance, report: Report::default(), rise: Duration::ZERO };
    world.venue.step();
    world.begin();
    world.rise = world.lives.wait_up();
    while world.report.kills() < kills {
        world.live_and_die();
        for _ in 0..world.below(3) {
            world.venue.step();
        }
        world.begin();
    }
    world.rise = world.lives.wait_up();
    world.trade(LAST_MINUTES);
    world.rest();
    world.lives.end();
    world.compare();
    let state = world.venue.look(|exchange| exchange.state());
    check_books(folder.path(), &scenario, &state);
    world.report(&state)
}

impl World {
    fn below(&mut self, end: u64) -> u64 {
        self.chance.next_u64() % end
    }

    fn begin(&mut self) {
        self.venue.watcher.lock().unwrap().lives += 1;
        self.lives.begin();
    }

    /// Another life, from wherever the session is to its end by SIGKILL.
    fn live_and_die(&mut self) {
        match self.below(100) {
            0..40 => {
                let rise_us = u64::try_from(self.rise.as_micros()).unwrap();
                let until_us = self.below(rise_us * 5 / 4);
                let half = Duration::from_micros(until_us / 2);
                sleep(half);
                if self.below(3) == 0 {
                    // The market moves while it reads how everything is.
                    self.venue.step();
                }
                sleep(half);
                self.lives.kill();
                self.report.killed[0] += 1;
            }
            40..85 => {
                self.come_up_and_trade(12);
                // In the middle of whatever the last minute led to.
                self.venue.step();
                let pause_us = self.below(1_000 * MINUTE_MS);
                sleep(Duration::from_micros(pause_us));
                self.lives.kill();
                self.report.killed[1] += 1;
            }
            _ => {
                self.come_up_and_trade(4);
                self.lives.ask_to_end();
                let pause_us = self.below(40_000);
                sleep(Duration::from_micros(pause_us));
                self.report.killed[2] += u64::from(self.lives.kill_while_it_ends());
            }
        }
        self.check_watch();
    }

    fn come_up_and_trade(&mut self, minutes_max: u64) {
        self.rise = self.lives.wait_up();
        let minutes = self.below(minutes_max);
        self.trade(minutes);
        self.compare();
    }

    fn trade(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.venue.step();
            let pause_us = self.below(1_000 * MINUTE_MS);
            sleep(Duration::from_micros(pause_us));
        }
    }

    fn check_watch(&self) {
        let watcher = self.venue.watcher.lock().unwrap();
        assert!(watcher.wrong.is_empty(), "{:#?}\n{}", watcher.wrong, self.lives.last_words());
    }

    /// Does what events have told equal what the exchange has? Where something is on its way, nothing is compared.
    fn compare(&mut self) {
        let (updates, state) = self.venue.look(|exchange| (exchange.updates(), exchange.open_state()));
        let watcher = self.venue.watcher.lock().unwrap();
        if watcher.seen != updates {
            return;
        }
        // A stop that is seen and is not there would cover shares that nothing covers, and hide that from the watch.
        assert_eq!(watcher.open_sales(), open_sales(&state), "open sales as seen, and as they are: {state:#}");
        for symbol in SYMBOLS {
            // A leg that waits for its entry shrinks without a word to what has filled, so more is seen than is held.
            let within = |(held, covered): (Quantity, Quantity)| (held, covered.min(held));
            let (seen, is) = (within(watcher.cover(symbol)), within(cover(&state, symbol)));
            assert_eq!(seen, is, "{symbol}: {state:#}");
        }
        drop(watcher);
        self.report.compared += 1;
    }

    /// Waits until nothing has happened to an order for a while.
    fn rest(&self) {
        let end = Instant::now() + PATIENCE;
        let mut last = (self.venue.look(|exchange| exchange.updates()), Instant::now());
        while last.1.elapsed() < QUIET {
            assert!(Instant::now() < end, "it does not come to rest: {}", self.lives.last_words());
            sleep(Duration::from_millis(20));
            let updates = self.venue.look(|exchange| exchange.updates());
            last = if updates == last.0 { last } else { (updates, Instant::now()) };
        }
    }

    fn report(mut self, state: &serde_json::Value) -> Report {
        self.check_watch();
        let watcher = self.venue.watcher.lock().unwrap();
        let updates = state["counters"]["updates"].as_u64().unwrap();
        assert_eq!(watcher.seen, updates, "every event was watched");
        assert_eq!(watcher.open_gaps(), [""; 0], "an exit was begun and never sent: {}", self.lives.last_words());
        self.report.exits = [watcher.exits, watcher.exits_of_two_lives];
        self.report.events = watcher.seen;
        drop(watcher);
        self.report.fills = state["counters"]["fills"].as_u64().unwrap();
        self.report
    }
}
