//! How fast the data's clock runs, and running it.
//!
//! Not here: what happens at a moment (exchange), steps on request (control).
//! Invariants: (1) moments pass one by one, and before the next every listener has what the last one brought, so a
//! listener that is behind holds the clock back for a bounded time at most; (2) with the data at an end the clock
//! stands and the server stays.
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::feed::Feed;
use super::floor::{Floor, moment_end};
use super::outbox::Patience;
use crate::domain::Timestamp;
use crate::exchange::Tape;

/// How fast the data's clock runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// It stands, and moves by control calls only.
    Step,
    /// So many times as fast as the wall's while a session is on; what lies between sessions passes within a second.
    Times(u32),
    /// As fast as listeners keep up: from the first subscription to market data on, or, where the first client has
    /// none within two seconds, from then on.
    Max,
}

/// The clock is moved this often: fine enough for a client that asks for the time.
const TICK: Duration = Duration::from_millis(10);
/// From one moment outside sessions to the next: three lie between a close and the next open (the end of the hours
/// around the session, midnight, the open), so closed hours take three quarters of a second.
const CLOSED_GAP_MAX: Duration = Duration::from_millis(250);

/// How long data that could pass in a moment wait for the first client to subscribe to them.
const SUBSCRIPTION_WAIT: Duration = Duration::from_secs(2);

/// A stretch of the data's time up to the next moment, laid on the wall's.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    resets: u64,
    began: Instant,
    lasts: Duration,
    from: Timestamp,
    until: Timestamp,
}

/// Runs the clock for as long as the server lives.
pub(super) async fn run(floor: Arc<Floor>) {
    match floor.pace {
        Pace::Step => {}
        Pace::Times(times) => run_by_wall(&floor, times).await,
        Pace::Max => {
            floor.first_client().await;
            // One that has subscribed gets every bar; who wants none does not wait for ever.
            let _ = timeout(SUBSCRIPTION_WAIT, first_subscription(&floor)).await;
            run_freely(&floor).await;
        }
    }
}

async fn first_subscription(floor: &Floor) {
    while Feed::ALL.into_iter().all(|feed| floor.hub.data(feed).is_none()) {
        tokio::time::sleep(TICK).await;
    }
}

async fn run_freely(floor: &Floor) {
    loop {
        let mut turn = floor.turn().await;
        match turn.tape().next() {
            Some(next) => turn.advance(floor, moment_end(next), Patience::ThroughPauses).await,
            None => {
                drop(turn);
                // At the end of the data only a reset brings more.
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn run_by_wall(floor: &Floor, times: u32) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stretch: Option<Stretch> = None;
    loop {
        let now = ticks.tick().await;
        loop {
            let mut turn = floor.turn().await;
            let own = stretch.filter(|stretch| stretch.resets == turn.resets);
            let Some(own) = own.or_else(|| Stretch::new(turn.tape(), times, now, turn.resets)) else { break };
            stretch = Some(own);
            let passed = now.saturating_duration_since(own.began);
            if passed < own.lasts {
                turn.advance(floor, own.at(passed), Patience::ThroughPauses).await;
                break;
            }
            turn.advance(floor, own.until, Patience::ThroughPauses).await;
            // The next stretch begins where this one ended, not at this tick, so no time is lost.
            stretch = Stretch::new(turn.tape(), times, own.began + own.lasts, own.resets);
        }
    }
}

impl Stretch {
    /// From the clock to the next moment; `None` where none is left.
    fn new(tape: &Tape, times: u32, began: Instant, resets: u64) -> Option<Stretch> {
        let until = moment_end(tape.next()?);
        let from = tape.now();
        let at_pace = Duration::from_nanos(ns_between(from, until) / u64::from(times));
        let is_on = tape.is_open() || (0..tape.names().len()).any(|asset| tape.begun(asset).is_some());
        let lasts = if is_on { at_pace } else { at_pace.min(CLOSED_GAP_MAX) };
        Some(Stretch { resets, began, lasts, from, until })
    }

    /// The data's time when so much of the wall's has passed.
    fn at(&self, passed: Duration) -> Timestamp {
        let share = passed.as_nanos() * u128::from(ns_between(self.from, self.until)) / self.lasts.as_nanos().max(1);
        let ns = i64::try_from(share).unwrap_or(i64::MAX);
        // The end belongs to the moment that waits there.
        self.from.plus_ns(ns).min(self.until.plus_ns(-1)).max(self.from)
    }
}

fn ns_between(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.ns().saturating_sub(from.ns())).unwrap_or(0)
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Pace, String> {
        match text {
            "step" => Ok(Pace::Step),
            "max" => Ok(Pace::Max),
            _ => match text.parse::<u32>() {
                Ok(times) if times > 0 => Ok(Pace::Times(times)),
                _ => Err(format!("`{text}` is no speed; use a whole number from 1 on, `max` or `step`")),
            },
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Step => f.write_str("step"),
            Pace::Max => f.write_str("max"),
            Pace::Times(times) => times.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_as_they_are_printed() {
        for (text, pace) in [("1", Pace::Times(1)), ("60", Pace::Times(60)), ("max", Pace::Max), ("step", Pace::Step)] {
            assert_eq!(text.parse(), Ok(pace));
            assert_eq!(pace.to_string(), text);
        }
        for text in ["0", "-1", "1.5", "fast", "", "5000000000"] {
            assert!(text.parse::<Pace>().unwrap_err().contains("is no speed"), "{text}");
        }
    }

    #[tokio::test]
    async fn the_clock_never_reaches_the_moment_before_its_time() {
        let mut ticks = interval(TICK);
        let (from, until) = (Timestamp::from_ns(1_000), Timestamp::from_ns(7_000));
        let lasts = Duration::from_nanos(100);
        let stretch = Stretch { resets: 0, began: ticks.tick().await, lasts, from, until };
        assert_eq!(stretch.at(Duration::ZERO), from);
        assert_eq!(stretch.at(lasts / 2), Timestamp::from_ns(4_000));
        assert_eq!(stretch.at(lasts), Timestamp::from_ns(6_999));
    }
}
