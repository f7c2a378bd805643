//! One bucket of calls for everything we ask of the venue, and the waits between attempts.
//!
//! Not here: which call goes first (the desk).
//! Invariants: (1) in any minute no more calls leave than the mode allows; (2) what the venue says about its own count
//! is honoured where it is stricter; (3) the last calls of the bucket are kept for what shrinks, protects or asks.
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::{RateHeaders, Urgency};

/// Longest wait for a limit of calls that does not say how long.
const RATE_WAIT_MAX_MS: u64 = 60_000;
/// First wait after a 429 that does not say how long.
const RATE_WAIT_FIRST_MS: u64 = 1_000;
/// A millisecond's share of a token is counted in these.
const PARTS: u64 = 60_000;

/// The moment at hand on two clocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Instant {
    /// Milliseconds of a clock that never goes back.
    pub ms: u64,
    /// Milliseconds since 1970 by the clock on the wall.
    pub wall_ms: i64,
}

/// Calls that may leave now.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// Tokens, in parts, when it is full: a fifth of a minute's calls.
    capacity: u64,
    /// Parts that come back in a millisecond: the other four fifths, so that no minute sees more than all.
    refill: u64,
    tokens: u64,
    filled_at_ms: u64,
    /// Nothing leaves before this.
    blocked_until_ms: u64,
    /// Answers in a row that said 429.
    refusals: u32,
}

impl Bucket {
    /// A full one for so many calls a minute, at least 5.
    pub(super) fn new(calls_a_minute: u32) -> Bucket {
        let calls = u64::from(calls_a_minute.max(5));
        let burst = calls / 5;
        let capacity = burst * PARTS;
        Bucket { capacity, refill: calls - burst, tokens: capacity, filled_at_ms: 0, blocked_until_ms: 0, refusals: 0 }
    }

    /// An empty one at `now_ms`, for a desk that goes on where another has ended: what that one has called in the minute
    /// before counts at the venue, too, and nobody has written down how much it was.
    pub(super) fn emptied(calls_a_minute: u32, now_ms: u64) -> Bucket {
        Bucket { tokens: 0, filled_at_ms: now_ms, ..Bucket::new(calls_a_minute) }
    }

    /// When a call of this urgency may leave; `now` or earlier means at once.
    pub(super) fn free_at(&mut self, urgency: Urgency, now_ms: u64) -> u64 {
        self.fill(now_ms);
        let needed = PARTS + if urgency >= Urgency::Opening { self.capacity / 4 } else { 0 };
        let wait = needed.min(self.capacity).saturating_sub(self.tokens).div_ceil(self.refill);
        (now_ms + wait).max(self.blocked_until_ms)
    }

    /// A call leaves.
    pub(super) fn take(&mut self, now_ms: u64) {
        self.fill(now_ms);
        self.tokens = self.tokens.saturating_sub(PARTS);
    }

    fn fill(&mut self, now_ms: u64) {
        let passed = now_ms.saturating_sub(self.filled_at_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        self.tokens = self.tokens.saturating_add(passed.saturating_mul(self.refill)).min(self.capacity);
    }

    /// What an answer of `status` says of the venue's own count.
    pub(super) fn heed(&mut self, status: u16, rate: &RateHeaders, now: Instant, backoff: &mut Backoff) {
        let until_reset = rate.reset_seconds.map(|seconds| {
            let wait = seconds.saturating_mul(1_000).saturating_sub(now.wall_ms).max(0);
            u64::try_from(wait).unwrap_or(0).min(RATE_WAIT_MAX_MS)
        });
        if status != 429 {
            self.refusals = 0;
            if let (Some(0), Some(wait)) = (rate.remaining, until_reset) {
                self.block(now.ms + wait);
            }
            return;
        }
        let stated = rate.retry_after_seconds.map(|seconds| u64::from(seconds) * 1_000).or(until_reset);
        let doubled = RATE_WAIT_FIRST_MS << self.refusals.min(6);
        let wait = stated.unwrap_or_else(|| backoff.jittered(doubled.min(RATE_WAIT_MAX_MS)));
        self.refusals += 1;
        self.block(now.ms + wait.clamp(1, RATE_WAIT_MAX_MS));
    }

    fn block(&mut self, until_ms: u64) {
        self.blocked_until_ms = self.blocked_until_ms.max(until_ms);
    }
}

/// Waits that double, with chance in them from a seed, so that many clients do not come back at once.
#[derive(Clone, Debug)]
pub(super) struct Backoff(Xoshiro256PlusPlus);

impl Backoff {
    pub(super) fn new(seed: u64) -> Backoff {
        Backoff(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// The wait before attempt `tries` + 1: 150 ms doubled each time, at most 30 s.
    pub(super) fn wait_ms(&mut self, tries: u32) -> u64 {
        self.jittered((150u64 << tries.min(8)).min(30_000))
    }

    /// Between half of `ms` and all of it.
    fn jittered(&mut self, ms: u64) -> u64 {
        let half = ms / 2;
        half + self.0.next_u64() % (half + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> Instant {
        Instant { ms, wall_ms: ms as i64 }
    }

    proptest! {
        /// However eagerly it is asked, no minute sees more calls than allowed.
        #[test]
        fn no_minute_sees_more(calls in 5u32..400, steps in prop::collection::vec(0u64..3_000, 1..600)) {
            let (mut bucket, mut now, mut sent) = (Bucket::new(calls), 0, Vec::new());
            for step in steps {
                now += step;
                while bucket.free_at(Urgency::Reducing, now) <= now {
                    bucket.take(now);
                    sent.push(now);
                }
            }
            for (first, start) in sent.iter().enumerate() {
                let within = sent[first..].iter().take_while(|time| **time < start + 60_000).count();
                prop_assert!(within <= calls as usize, "{within} calls in a minute from {start}");
            }
        }
    }

    /// Nor does one in which a desk goes on where another has ended, however often that happens.
    #[test]
    fn no_minute_sees_more_across_restarts() {
        let (mut bucket, mut sent) = (Bucket::new(200), Vec::new());
        for now in (0..180_000u64).step_by(25) {
            if now % 7_000 == 3_500 {
                bucket = Bucket::emptied(200, now);
            }
            while bucket.free_at(Urgency::Reducing, now) <= now {
                bucket.take(now);
                sent.push(now);
            }
        }
        let in_a_minute = |start: &u64| sent.iter().filter(|time| (*start..*start + 60_000).contains(*time)).count();
        let most = sent.iter().map(in_a_minute).max();
        assert!(most.is_some_and(|most| (150..=200).contains(&most)), "{most:?} calls in a minute");
    }

    #[test]
    fn the_last_calls_are_kept_for_what_shrinks() {
        let mut bucket = Bucket::new(200);
        (0..31).for_each(|_| bucket.take(0));
        assert!(bucket.free_at(Urgency::Opening, 0) > 0);
        assert_eq!(bucket.free_at(Urgency::Reducing, 0), 0);
    }

    #[test]
    fn the_venue_s_count_is_honoured() {
        let mut backoff = Backoff::new(1);
        let mut bucket = Bucket::new(200);
        let spent = RateHeaders { remaining: Some(0), reset_seconds: Some(12), ..RateHeaders::default() };
        bucket.heed(200, &spent, at(10_000), &mut backoff);
        assert_eq!(bucket.free_at(Urgency::Reducing, 10_000), 12_000);
        let later = RateHeaders { retry_after_seconds: Some(7), ..RateHeaders::default() };
        bucket.heed(429, &later, at(13_000), &mut backoff);
        assert_eq!(bucket.free_at(Urgency::Reducing, 13_000), 20_000);
    }

    #[test]
    fn unstated_waits_double_and_end() {
        let (mut backoff, mut bucket) = (Backoff::new(3), Bucket::new(200));
        let mut now = 0;
        for tries in 0..9 {
            bucket.heed(429, &RateHeaders::default(), at(now), &mut backoff);
            let free = bucket.free_at(Urgency::Reducing, now);
            let most = (1_000u64 << tries).min(RATE_WAIT_MAX_MS);
            assert!(free - now <= most && free - now >= most / 2, "{tries}: {}", free - now);
            now = free;
        }
        assert!((0..20).all(|tries| (75..=30_000).contains(&backoff.wait_ms(tries))));
    }
}
