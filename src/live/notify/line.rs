//! What one channel still owes, in order, and what to do next. No clock, no network, no journal: all are arguments.
//!
//! Not here: who drives it (worker), how long to wait (schedule).
//! Invariants: (1) messages leave in the order of their rows: the next one waits until the one before is settled;
//! (2) a row is taken in once; (3) a try is made neither before its time nor after the message's age.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::outbox::{Delivery, DeliveryOutcome};
use super::schedule::{self, AGE_MAX, REFUSALS_MAX};
use crate::domain::Timestamp;

/// Most messages that one channel owes: more than a day of one a second. Only their numbers are held here.
const OWED_MAX: usize = 100_000;
/// Rows that were settled and may come once more, because they were both told and read.
const SETTLED_MAX: usize = 10_000;

/// A channel's queue.
#[derive(Debug)]
pub struct Line {
    channel: &'static str,
    owed: BTreeMap<u64, Owed>,
    settled: BTreeSet<u64>,
    /// In a row, of any message.
    failures: u32,
    /// No try before this.
    not_before: Timestamp,
    last: Option<(Timestamp, Delivery)>,
    left_out: u64,
    draws: Xoshiro256PlusPlus,
}

/// A message that is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Owed {
    /// Written then, by the wall clock.
    since: Timestamp,
    attempts: u32,
    refusals: u32,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing is owed.
    Idle,
    /// Nothing before then.
    Wait(Timestamp),
    /// Try to deliver the message of this row.
    Send(u64),
    /// This row is too old: say so in the journal.
    GiveUp(u64),
}

/// What became of a try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The other side took it, and said this.
    Delivered(String),
    /// Not now.
    Later {
        /// Why.
        why: String,
        /// The other side asked to come back after this.
        after: Option<Duration>,
    },
    /// The other side does not want this very message.
    Refused(String),
}

/// How a channel does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineHealth {
    /// Its name.
    pub channel: &'static str,
    /// Messages that are owed.
    pub owed: usize,
    /// Tries in a row that failed.
    pub failures: u32,
    /// The last try and when it ended.
    pub last: Option<(Timestamp, Delivery)>,
    /// Messages beyond what is held; they are in the journal and were not told.
    pub left_out: u64,
    /// The journal could not be read or written.
    pub trouble: Option<String>,
}

impl Line {
    /// A queue that owes nothing. `seed`: of the draws that spread its waits.
    pub fn new(channel: &'static str, seed: u64) -> Line {
        Line {
            channel,
            owed: BTreeMap::new(),
            settled: BTreeSet::new(),
            failures: 0,
            not_before: Timestamp::MIN,
            last: None,
            left_out: 0,
            draws: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// Takes in the message of `row`, written at `since`.
    pub fn owe(&mut self, row: u64, since: Timestamp) {
        if self.settled.contains(&row) || self.owed.contains_key(&row) {
            return;
        }
        if self.owed.len() >= OWED_MAX {
            self.left_out += 1;
            return;
        }
        self.owed.insert(row, Owed { since, attempts: 0, refusals: 0 });
    }

    /// Takes in what the journal says of an earlier try; of other channels, nothing.
    pub fn remember(&mut self, delivery: &Delivery) {
        if delivery.channel != self.channel {
            return;
        }
        match delivery.outcome {
            DeliveryOutcome::Failed => {
                if let Some(owed) = self.owed.get_mut(&delivery.event) {
                    owed.attempts = owed.attempts.max(delivery.attempt);
                }
            }
            DeliveryOutcome::Delivered | DeliveryOutcome::Refused | DeliveryOutcome::GivenUp => {
                self.settle(delivery.event);
            }
        }
    }

    /// Nothing more is to be done for `row`.
    pub fn settle(&mut self, row: u64) {
        self.owed.remove(&row);
        self.settled.insert(row);
        if self.settled.len() > SETTLED_MAX {
            self.settled.pop_first();
        }
    }

    /// What to do at `now`, by the wall clock.
    pub fn next(&self, now: Timestamp) -> Step {
        let Some((&row, owed)) = self.owed.first_key_value() else { return Step::Idle };
        let age_max = i64::try_from(AGE_MAX.as_nanos()).expect("a day of nanoseconds");
        if now.ns().saturating_sub(owed.since.ns()) > age_max {
            Step::GiveUp(row)
        } else if now < self.not_before {
            Step::Wait(self.not_before)
        } else {
            Step::Send(row)
        }
    }

    /// Takes in what became of a try for `row` that ended at `now`, and says what the journal is to keep.
    pub fn tried(&mut self, row: u64, key: &str, outcome: Outcome, took: Duration, now: Timestamp) -> Delivery {
        let owed = self.owed.get_mut(&row).expect("only what is owed is tried");
        owed.attempts += 1;
        let attempt = owed.attempts;
        let is_refusal = matches!(outcome, Outcome::Refused(_));
        owed.refusals += u32::from(is_refusal);
        let (outcome, text, asked) = match outcome {
            Outcome::Delivered(said) => (DeliveryOutcome::Delivered, said, None),
            Outcome::Refused(why) if owed.refusals >= REFUSALS_MAX => (DeliveryOutcome::Refused, why, None),
            Outcome::Refused(why) => (DeliveryOutcome::Failed, why, None),
            Outcome::Later { why, after } => (DeliveryOutcome::Failed, why, after),
        };
        if outcome == DeliveryOutcome::Failed {
            self.failures = self.failures.saturating_add(1);
            let wait = schedule::wait(self.failures, self.draw(), asked);
            self.not_before = now.plus_ns(i64::try_from(wait.as_nanos()).expect("a quarter of an hour"));
        } else {
            self.failures = 0;
            self.settle(row);
        }
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.kept(
            now,
            Delivery { event: row, channel: String::new(), attempt, outcome, took_ms, text, key: key.to_owned() },
        )
    }

    /// Ends the tries for `row`, which is too old, and says what the journal is to keep.
    pub fn give_up(&mut self, row: u64, now: Timestamp) -> Delivery {
        let attempt = self.owed.get(&row).map_or(0, |owed| owed.attempts);
        self.settle(row);
        let text = format!("older than {} hours", AGE_MAX.as_secs() / 3_600);
        let outcome = DeliveryOutcome::GivenUp;
        self.kept(
            now,
            Delivery { event: row, channel: String::new(), attempt, outcome, took_ms: 0, text, key: String::new() },
        )
    }

    /// How it does.
    pub fn health(&self, trouble: Option<String>) -> LineHealth {
        let Line { channel, failures, left_out, .. } = *self;
        LineHealth { channel, owed: self.owed.len(), failures, last: self.last.clone(), left_out, trouble }
    }

    fn kept(&mut self, now: Timestamp, mut delivery: Delivery) -> Delivery {
        self.channel.clone_into(&mut delivery.channel);
        self.last = Some((now, delivery.clone()));
        delivery
    }

    /// A share in 0..1.
    fn draw(&mut self) -> f64 {
        (self.draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = Timestamp::NS_PER_SECOND;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ns(seconds * SECOND)
    }

    fn later() -> Outcome {
        Outcome::Later { why: "451".to_owned(), after: None }
    }

    fn line(rows: &[u64]) -> Line {
        let mut line = Line::new("email", 1);
        rows.iter().for_each(|row| line.owe(*row, at(0)));
        line
    }

    fn tried(line: &mut Line, row: u64, outcome: Outcome, seconds: i64) -> DeliveryOutcome {
        line.tried(row, "key", outcome, Duration::ZERO, at(seconds)).outcome
    }

    #[test]
    fn messages_leave_in_order_and_a_failed_one_holds_the_rest() {
        let mut line = line(&[9, 3, 5]);
        assert_eq!(line.next(at(1)), Step::Send(3));
        assert_eq!(tried(&mut line, 3, later(), 1), DeliveryOutcome::Failed);
        let Step::Wait(until) = line.next(at(1)) else { panic!("it waits") };
        assert!(until >= at(2) && until <= at(3), "{until}");
        assert_eq!(line.next(until), Step::Send(3));
        assert_eq!(tried(&mut line, 3, Outcome::Delivered("250".to_owned()), 4), DeliveryOutcome::Delivered);
        assert_eq!(line.next(until), Step::Send(5), "a success ends the waiting");
        assert_eq!(line.health(None).owed, 2);
    }

    #[test]
    fn failures_in_a_row_wait_longer_and_a_success_starts_anew() {
        let mut line = line(&[1, 2]);
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..11 {
            line.tried(1, "key", later(), Duration::ZERO, now);
            let Step::Wait(until) = line.next(now) else { panic!("it waits") };
            waits.push(until.ns() - now.ns());
            now = until;
        }
        for (wait, longest) in waits.iter().zip([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
            assert!(*wait <= longest * SECOND && *wait >= longest * SECOND / 2, "{waits:?}");
        }
        line.tried(1, "key", Outcome::Delivered(String::new()), Duration::ZERO, now);
        let attempts = line.tried(2, "key", later(), Duration::ZERO, now).attempt;
        assert_eq!((attempts, line.health(None).failures), (1, 1));
    }

    #[test]
    fn a_row_is_taken_in_once_whether_told_or_read() {
        let mut line = line(&[1, 1]);
        assert_eq!(line.health(None).owed, 1);
        tried(&mut line, 1, Outcome::Delivered(String::new()), 1);
        line.owe(1, at(0));
        assert_eq!(line.next(at(2)), Step::Idle);
    }

    #[test]
    fn a_message_that_is_refused_for_what_it_is_does_not_hold_the_rest_for_long() {
        let mut line = line(&[1, 2]);
        let refused = || Outcome::Refused("554".to_owned());
        assert_eq!(tried(&mut line, 1, refused(), 0), DeliveryOutcome::Failed);
        assert_eq!(tried(&mut line, 1, later(), 10), DeliveryOutcome::Failed);
        assert_eq!(tried(&mut line, 1, refused(), 20), DeliveryOutcome::Failed);
        assert_eq!(tried(&mut line, 1, refused(), 30), DeliveryOutcome::Refused);
        assert_eq!(line.next(at(100)), Step::Send(2));
    }

    #[test]
    fn a_message_older_than_a_day_is_given_up() {
        let mut line = line(&[1, 2]);
        let day = 86_400;
        assert_eq!(line.next(at(day)), Step::Send(1), "a day is not too old");
        tried(&mut line, 1, later(), day);
        assert_eq!(line.next(at(day + 1)), Step::GiveUp(1), "even while it waits");
        let delivery = line.give_up(1, at(day + 1));
        assert_eq!((delivery.outcome, delivery.attempt, delivery.event), (DeliveryOutcome::GivenUp, 1, 1));
        assert_eq!(line.next(at(day + 1)), Step::GiveUp(2));
    }

    #[test]
    fn what_the_journal_says_is_not_done_again() {
        let mut line = line(&[1, 2, 3, 4]);
        let delivery = |event, outcome, channel: &str| Delivery {
            event,
            channel: channel.to_owned(),
            attempt: 4,
            outcome,
            took_ms: 0,
            text: String::new(),
            key: String::new(),
        };
        line.remember(&delivery(1, DeliveryOutcome::Delivered, "email"));
        line.remember(&delivery(2, DeliveryOutcome::Delivered, "slack"));
        line.remember(&delivery(2, DeliveryOutcome::Failed, "email"));
        line.remember(&delivery(3, DeliveryOutcome::GivenUp, "email"));
        line.remember(&delivery(4, DeliveryOutcome::Refused, "email"));
        assert_eq!(line.next(at(1)), Step::Send(2));
        assert_eq!(line.tried(2, "key", Outcome::Delivered(String::new()), Duration::ZERO, at(1)).attempt, 5);
        assert_eq!(line.next(at(1)), Step::Idle);
    }

    #[test]
    fn more_than_can_be_held_is_counted() {
        let mut line = Line::new("email", 1);
        (1..=OWED_MAX as u64 + 3).for_each(|row| line.owe(row, at(0)));
        let health = line.health(None);
        assert_eq!((health.owed, health.left_out), (OWED_MAX, 3));
    }
}
