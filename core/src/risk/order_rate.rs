//! How many orders a minute: a window that slides with the orders themselves.
//!
//! Not here: the limit (limits), pacing calls to a venue (execution).
//! Invariant: it holds the approvals of the last 60 seconds before the latest look, and no more than the
//! limit and the exits beyond it.
use std::collections::VecDeque;

use crate::domain::Timestamp;

/// The window of the limit.
const WINDOW_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// Moments of approvals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct OrderRate {
    /// In order of time.
    sent: VecDeque<Timestamp>,
}

impl OrderRate {
    /// Of approvals at these moments.
    pub(super) fn of(mut moments: Vec<Timestamp>) -> OrderRate {
        moments.sort_unstable();
        OrderRate { sent: moments.into() }
    }

    /// Moments of approvals that may still count.
    pub(super) fn moments(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.sent.iter().copied()
    }

    /// Approvals in the 60 seconds that end with `now`; one exactly 60 seconds ago has left.
    #[inline]
    pub(super) fn count(&mut self, now: Timestamp) -> usize {
        while let Some(first) = self.sent.front()
            && first.plus_ns(WINDOW_NS) <= now
        {
            self.sent.pop_front();
        }
        self.sent.len()
    }

    /// Something was approved at `now`.
    #[inline]
    pub(super) fn add(&mut self, now: Timestamp) {
        self.count(now);
        self.sent.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_minute_old_has_left() {
        let at = |seconds: i64| Timestamp::from_seconds(seconds).expect("time");
        let mut rate = OrderRate::default();
        for seconds in [0, 0, 30] {
            rate.add(at(seconds));
        }
        assert_eq!(rate.count(at(59)), 3);
        assert_eq!(rate.count(at(60)), 1);
        assert_eq!(rate.count(at(89)), 1);
        assert_eq!(rate.count(at(90)), 0);
    }
}
