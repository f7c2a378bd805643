//! Faults at work: which rule fires for this request and for this event.
//!
//! Not here: what rules say (faults), what a fault does (answer, hub).
//! Invariant: each rule draws from a generator of its own, so the same plan gives the same outcomes for the same
//! requests and events, and one rule does not disturb another.
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::faults::{EventFault, FaultPlan, Often, RequestFault, Rule, Segment, Stream, What};
use crate::exchange::Method;

/// The rules of a plan and what is left of them.
#[derive(Debug)]
pub(super) struct Draws {
    rules: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    fired: u64,
    generator: Xoshiro256PlusPlus,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RequestFate {
    /// How long it waits first.
    pub(super) wait: Duration,
    /// What strikes it then.
    pub(super) strike: Option<RequestFault>,
}

/// What becomes of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct EventFate {
    /// How long it waits first.
    pub(super) wait: Duration,
    /// What strikes it then.
    pub(super) strike: Option<EventFault>,
}

impl Draws {
    /// A plan from its beginning.
    pub(super) fn new(plan: FaultPlan) -> Draws {
        let seed = plan.seed;
        let active = |(at, rule)| {
            // Neighbouring seeds of this generator give unrelated streams: it is seeded through SplitMix64.
            let generator = Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(at as u64));
            Active { rule, fired: 0, generator }
        };
        Draws { rules: plan.rules.into_iter().enumerate().map(active).collect() }
    }

    /// What becomes of this request. Delays add up; of the others the first that fires counts, and those behind
    /// it are not asked.
    pub(super) fn request(&mut self, method: Method, path: &str) -> RequestFate {
        let mut fate = RequestFate::default();
        for active in &mut self.rules {
            let What::Request(of, segments, fault) = &active.rule.what else { continue };
            let fault = *fault;
            if *of != method || !fits(segments, path) {
                continue;
            }
            match fault {
                RequestFault::Latency(wait) if active.fires() => fate.wait += wait,
                RequestFault::Latency(_) => {}
                _ if fate.strike.is_none() && active.fires() => fate.strike = Some(fault),
                _ => {}
            }
        }
        fate
    }

    /// What becomes of the next event on a stream; while one is held (`may_reorder` false), none is held beside it.
    pub(super) fn event(&mut self, stream: Stream, may_reorder: bool) -> EventFate {
        let mut fate = EventFate::default();
        for active in &mut self.rules {
            let What::Event(of, fault) = active.rule.what else { continue };
            if of != stream || (fault == EventFault::Reorder && !may_reorder) {
                continue;
            }
            match fault {
                EventFault::Latency(wait) if active.fires() => fate.wait += wait,
                EventFault::Latency(_) => {}
                fault if fate.strike.is_none() && active.fires() => fate.strike = Some(fault),
                _ => {}
            }
        }
        fate
    }
}

impl Active {
    fn fires(&mut self) -> bool {
        /// Units of the last place of an `f64` in [0, 1).
        const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
        let fires = match self.rule.often {
            Often::Count(count) => self.fired < count,
            Often::Probability(share) => ((self.generator.next_u64() >> 11) as f64 * UNIT) < share,
        };
        self.fired += u64::from(fires);
        fires
    }
}

fn fits(segments: &[Segment], path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let all = segments.iter().all(|segment| match (segment, parts.next()) {
        (Segment::Is(text), Some(part)) => text == part,
        (Segment::Any, Some(part)) => !part.is_empty(),
        (_, None) => false,
    });
    all && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(rules: &str) -> Draws {
        Draws::new(FaultPlan::parse(format!("{{\"seed\": 3, \"rules\": [{rules}]}}").as_bytes()).unwrap())
    }

    #[test]
    fn a_count_is_used_up_by_its_own_route_only() {
        let mut draws = draws(r#"{"route": "DELETE /v2/orders/{id}", "kind": "status", "status": 500, "count": 2}"#);
        let none = RequestFate::default();
        for (method, path) in [(Method::Delete, "/v2/orders"), (Method::Get, "/v2/orders/a"), (Method::Delete, "/v2")] {
            assert_eq!(draws.request(method, path), none, "{path}");
        }
        assert_eq!(draws.request(Method::Delete, "/v2/orders/a/b"), none);
        for _ in 0..2 {
            assert_eq!(draws.request(Method::Delete, "/v2/orders/a").strike, Some(RequestFault::Status(500)));
        }
        assert_eq!(draws.request(Method::Delete, "/v2/orders/a"), none);
    }

    #[test]
    fn delays_add_up_and_the_first_strike_counts() {
        let mut draws = draws(
            r#"{"route": "GET /v2/clock", "kind": "latency_ms", "value": 5, "count": 9},
               {"route": "GET /v2/clock", "kind": "drop_before", "count": 1},
               {"route": "GET /v2/clock", "kind": "drop_after", "count": 1},
               {"route": "GET /v2/clock", "kind": "latency_ms", "value": 7, "count": 9}"#,
        );
        let wait = Duration::from_millis(12);
        for strike in [Some(RequestFault::DropBefore), Some(RequestFault::DropAfter), None] {
            assert_eq!(draws.request(Method::Get, "/v2/clock"), RequestFate { wait, strike });
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_outcomes_at_about_the_rate_asked_for() {
        let rule = r#"{"route": "/stream", "kind": "duplicate", "probability": 0.25}"#;
        let run = |seed: u64| -> Vec<bool> {
            let plan = FaultPlan::parse(format!("{{\"seed\": {seed}, \"rules\": [{rule}]}}").as_bytes()).unwrap();
            let mut draws = Draws::new(plan);
            (0..2_000).map(|_| draws.event(Stream::Trading, true).strike.is_some()).collect()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let fired = run(1).iter().filter(|fired| **fired).count();
        assert!((400..600).contains(&fired), "{fired}");
    }

    #[test]
    fn nothing_is_held_beside_what_is_held() {
        let mut draws = draws(r#"{"route": "/stream", "kind": "reorder", "count": 2}"#);
        assert_eq!(draws.event(Stream::Trading, true).strike, Some(EventFault::Reorder));
        assert_eq!(draws.event(Stream::Trading, false).strike, None);
        assert_eq!(draws.event(Stream::Trading, true).strike, Some(EventFault::Reorder));
    }
}
