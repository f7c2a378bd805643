//! Many refusals within a minute: told once, with their reasons.
//!
//! Not here: single refusals (tell). One refusal is a limit at work; many at once are a strategy that runs against a wall.
use std::collections::{BTreeMap, VecDeque};

use crate::domain::Timestamp;
use crate::report::format::code_in_words;

/// So many are a burst.
const BURST: usize = 5;
/// Within this, by the venue's clock; a burst has ended when so long has passed without a refusal.
const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The refusals of the last minute.
#[derive(Debug, Default)]
pub struct Burst {
    recent: VecDeque<(Timestamp, &'static str)>,
    is_told: bool,
}

impl Burst {
    /// One more, with the code of its reason; the sentence where it makes a burst that nobody was told of.
    pub fn add(&mut self, reason: &'static str, time: Timestamp) -> Option<String> {
        let is_quiet = |last: Timestamp| time.ns().saturating_sub(last.ns()) >= MINUTE_NS;
        if self.recent.back().is_none_or(|(last, _)| is_quiet(*last)) {
            self.is_told = false;
        }
        while self.recent.front().is_some_and(|(first, _)| is_quiet(*first)) {
            self.recent.pop_front();
        }
        self.recent.push_back((time, reason));
        if self.is_told || self.recent.len() < BURST {
            return None;
        }
        self.is_told = true;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.recent.iter().for_each(|(_, reason)| *counts.entry(reason).or_default() += 1);
        let counts: Vec<String> =
            counts.iter().map(|(reason, count)| format!("{count} by {}", code_in_words(reason))).collect();
        Some(format!(
            "{} orders were refused within a minute, {}; more are not told before a minute without one.",
            self.recent.len(),
            counts.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ns(seconds * Timestamp::NS_PER_SECOND)
    }

    #[test]
    fn a_burst_is_told_once_and_again_after_a_quiet_minute() {
        let mut burst = Burst::default();
        let mut told = Vec::new();
        for second in [0, 1, 2, 3, 61, 62, 63, 64, 65, 100, 159, 219, 220, 221, 222, 223] {
            let reason = if second % 2 == 0 { "portfolio_heat" } else { "the venue" };
            told.extend(burst.add(reason, at(second)).map(|text| (second, text)));
        }
        let words = "5 orders were refused within a minute, 2 by portfolio heat, 3 by the venue; more are not told before \
                     a minute without one.";
        // Of 61 to 65, and after 159 a minute passes.
        let seconds: Vec<i64> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [65, 223], "{told:?}");
        assert_eq!(told[1].1, words);
    }
}
