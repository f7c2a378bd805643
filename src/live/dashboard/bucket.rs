//! How often something may be asked: a bucket of permits that fills up again with time.
//!
//! Not here: who asks (house). Invariant: a clock that goes back gives no permits and takes none away.
use crate::domain::Timestamp;

/// Permits for requests.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: f64,
    most: f64,
    left: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket of `most` permits that gets `per_second` back.
    pub(super) fn new(most: u32, per_second: u32, now: Timestamp) -> Bucket {
        Bucket { per_second: per_second.into(), most: most.into(), left: most.into(), at: now }
    }

    /// Takes a permit; `false` where there is none.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let passed = now.ns().saturating_sub(self.at.ns()).max(0) as f64 / Timestamp::NS_PER_SECOND as f64;
        self.left = (self.left + passed * self.per_second).min(self.most);
        self.at = now;
        let has = self.left >= 1.0;
        if has {
            self.left -= 1.0;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ns(ms * 1_000_000)
    }

    #[test]
    fn it_gives_what_it_holds_and_then_what_comes_back() {
        let mut bucket = Bucket::new(3, 2, at(0));
        assert_eq!([0; 4].map(|_| bucket.take(at(0))), [true, true, true, false]);
        assert!(!bucket.take(at(499)));
        assert!(bucket.take(at(500)) && !bucket.take(at(500)));
        assert!(!bucket.take(at(100)), "a clock that goes back gives nothing");
        assert_eq!([0; 4].map(|_| bucket.take(at(60_000))), [true, true, true, false]);
    }
}
