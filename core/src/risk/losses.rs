//! How much may be lost: since the previous session's close, and from the peak.
//!
//! Not here: what a reached limit does (halts, engine), the report of it.
//! Invariants: exact; a limit is reached at it, not only beyond it; a peak never falls but by a resume.
use serde::{Deserialize, Serialize};

use super::Limits;
use crate::domain::{Money, Ratio};

/// Equity beside what it is measured against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LossWatch {
    daily_loss_max: Ratio,
    drawdown_max: Ratio,
    marks: LossMarks,
    daily_floor: Money,
    drawdown_floor: Money,
}

/// What losses are measured against: all that a restart must bring back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossMarks {
    /// Equity at the previous session's close; on the first day what the account started with.
    pub baseline: Money,
    /// Highest equity since the start, or since the last resume.
    pub peak: Money,
}

/// A loss that has reached its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Dollars lost: at least `limit` × `of`, more where the price jumped over it.
    pub lost: Money,
    /// Dollars they are measured against.
    pub of: Money,
    /// The share of them that may be lost.
    pub limit: Ratio,
}

/// Equity at and below which `share` of `whole` is lost, rounded to lose no less: `whole` − ⌈`share` × `whole`⌉.
fn floor_of(whole: Money, share: Ratio) -> Money {
    whole - whole.max(Money::ZERO).share_up(share)
}

impl LossWatch {
    /// Nothing lost yet of `equity`.
    pub fn new(limits: &Limits, equity: Money) -> LossWatch {
        LossWatch::restored(limits, LossMarks { baseline: equity, peak: equity })
    }

    /// The watch of a session that goes on.
    pub fn restored(limits: &Limits, marks: LossMarks) -> LossWatch {
        let Limits { daily_loss_max, drawdown_max, .. } = *limits;
        LossWatch {
            daily_loss_max,
            drawdown_max,
            marks,
            daily_floor: floor_of(marks.baseline, daily_loss_max),
            drawdown_floor: floor_of(marks.peak, drawdown_max),
        }
    }

    /// What losses are measured against.
    pub fn marks(&self) -> LossMarks {
        self.marks
    }

    /// Is `equity` above both floors and not above the peak?
    #[inline]
    pub fn is_quiet(&self, equity: Money) -> bool {
        equity > self.daily_floor && equity > self.drawdown_floor && equity <= self.marks.peak
    }

    /// Equity at and below which the daily loss is reached.
    pub fn daily_floor(&self) -> Money {
        self.daily_floor
    }

    /// Equity at and below which the drawdown is reached, while the peak is what it is.
    pub fn drawdown_floor(&self) -> Money {
        self.drawdown_floor
    }

    /// Can an account that is never worth less than `least` come to no limit, however high its peak and its
    /// baselines will be? Limits of everything or more are at no more than nothing.
    #[inline]
    pub fn is_out_of_reach(&self, least: Money) -> bool {
        least > Money::ZERO && self.daily_loss_max.min(self.drawdown_max) >= Ratio::ONE
    }

    /// The share of a session's baseline that may be lost.
    pub fn daily_loss_max(&self) -> Ratio {
        self.daily_loss_max
    }

    /// The account has been worth `equity`.
    #[inline]
    pub fn raise_peak(&mut self, equity: Money) {
        if equity > self.marks.peak {
            self.rebase_peak(equity);
        }
    }

    /// The loss of the session, where `equity` reaches its limit.
    pub fn daily_loss(&self, equity: Money) -> Option<Loss> {
        let (of, limit) = (self.marks.baseline, self.daily_loss_max);
        (equity <= self.daily_floor).then(|| Loss { lost: of - equity, of, limit })
    }

    /// The fall from the peak, where `equity` reaches its limit.
    pub fn drawdown(&self, equity: Money) -> Option<Loss> {
        let (of, limit) = (self.marks.peak, self.drawdown_max);
        (equity <= self.drawdown_floor).then(|| Loss { lost: of - equity, of, limit })
    }

    /// A session has closed with `equity`: the next one's loss counts from there.
    #[inline]
    pub fn close_session(&mut self, equity: Money) {
        if equity != self.marks.baseline {
            self.marks.baseline = equity;
            self.daily_floor = floor_of(equity, self.daily_loss_max);
        }
    }

    /// The fall counts from `equity` on: somebody has looked and resumed.
    pub fn rebase_peak(&mut self, equity: Money) {
        self.marks.peak = equity;
        self.drawdown_floor = floor_of(equity, self.drawdown_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn watch(daily: &str, drawdown: &str, equity: Money) -> LossWatch {
        let (daily_loss_max, drawdown_max) = (daily.parse().expect("ratio"), drawdown.parse().expect("ratio"));
        LossWatch::new(&Limits { daily_loss_max, drawdown_max, ..Limits::WIDE }, equity)
    }

    fn cents(cents: i64) -> Money {
        Money::from_cents(cents)
    }

    #[test]
    fn a_limit_is_reached_at_it() {
        let watch = watch("0.02", "0.15", cents(10_000_000));
        assert_eq!(watch.daily_loss(cents(9_800_001)), None);
        let loss = watch.daily_loss(cents(9_800_000)).expect("2 % of 100,000 is 2,000");
        assert_eq!((loss.lost, loss.of), (cents(200_000), cents(10_000_000)));
        assert_eq!(watch.daily_loss(cents(9_630_000)).map(|loss| loss.lost), Some(cents(370_000)));
        assert_eq!(watch.drawdown(cents(8_500_001)), None);
        assert!(watch.drawdown(cents(8_500_000)).is_some());
    }

    #[test]
    fn the_baseline_is_a_close_and_the_peak_the_best_there_was() {
        let mut watch = watch("0.02", "0.05", cents(10_000_000));
        watch.raise_peak(cents(11_000_000));
        assert!(watch.drawdown(cents(10_450_000)).is_some());
        assert_eq!(watch.daily_loss(cents(10_450_000)), None, "the day began at 100,000");
        watch.close_session(cents(10_900_000));
        assert!(watch.daily_loss(cents(10_682_000)).is_some());
        watch.raise_peak(cents(10_900_000));
        assert_eq!(watch.marks().peak, cents(11_000_000));
        watch.rebase_peak(cents(10_400_000));
        assert_eq!(watch.drawdown(cents(9_880_001)), None);
    }

    #[test]
    fn quiet_is_above_both_floors_and_not_above_the_peak() {
        for (daily, drawdown, quiet) in [("0.02", "0.5", 9_800_001), ("0.5", "0.02", 9_800_001)] {
            let mut watch = watch(daily, drawdown, cents(10_000_000));
            for (equity, is_quiet) in [(quiet, true), (quiet - 1, false), (10_000_000, true), (10_000_001, false)] {
                assert_eq!(watch.is_quiet(cents(equity)), is_quiet, "{equity} within {daily}, {drawdown}");
            }
            let floors = (watch.daily_floor(), watch.drawdown_floor());
            let wanted = if daily == "0.02" { (9_800_000, 5_000_000) } else { (5_000_000, 9_800_000) };
            assert_eq!(floors, (cents(wanted.0), cents(wanted.1)));
            assert_eq!(watch.daily_loss_max(), daily.parse().expect("ratio"));
            watch.raise_peak(cents(10_000_001));
            assert!(watch.is_quiet(cents(10_000_001)));
        }
    }

    #[test]
    fn an_account_worth_nothing_has_lost_it_all() {
        let watch = watch("0.5", "0.5", Money::ZERO);
        assert!(watch.daily_loss(Money::ZERO).is_some() && watch.drawdown(Money::ZERO).is_some());
        assert!(watch.daily_loss(cents(-1)).is_some());
    }

    #[test]
    fn limits_of_everything_are_out_of_reach_while_something_is_left() {
        let all = watch("1", "1.5", cents(100));
        assert!(all.is_out_of_reach(cents(1)) && !all.is_out_of_reach(Money::ZERO));
        assert!(all.is_quiet(cents(1)) && !all.is_quiet(Money::ZERO));
        assert!(!watch("0.999999999", "1", cents(100)).is_out_of_reach(cents(1)));
        assert!(!watch("1", "0.999999999", cents(100)).is_out_of_reach(cents(1)));
    }

    proptest! {
        /// (baseline − equity) ÷ baseline ≥ limit, without rounding.
        #[test]
        fn floors_do_not_round(baseline in 1i128..1_000_000_000_000, equity in -1_000i128..1_000_000_000_000, limit in 1i64..2_000_000_000) {
            let of = |units: i128| Money::from_units(units);
            let watch = LossWatch::new(&Limits { daily_loss_max: Ratio::from_units(limit), drawdown_max: Ratio::from_units(limit), ..Limits::WIDE }, of(baseline));
            let reached = (baseline - equity) * i128::from(Ratio::ONE.units()) >= baseline * i128::from(limit);
            prop_assert_eq!(watch.daily_loss(of(equity)).is_some(), reached);
            prop_assert_eq!(watch.drawdown(of(equity)).is_some(), reached);
            prop_assert!(!watch.is_quiet(of(equity)) || !reached);
        }
    }
}
