//! Money of sales that are not settled yet.
//!
//! Not here: which date that is (market::settlement), who asks (risk, venue).
//! Invariants: (1) the total is the sum of the amounts; (2) amounts are in order of their dates.
use std::collections::VecDeque;

use crate::domain::{Money, Timestamp};

/// Amounts that are ours and cannot be spent before their date.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unsettled {
    amounts: VecDeque<(Timestamp, Money)>,
    total: Money,
}

impl Unsettled {
    /// All of it.
    #[inline]
    pub fn total(&self) -> Money {
        self.total
    }

    /// When the next amount settles; `None` when everything has.
    pub fn next_date(&self) -> Option<Timestamp> {
        self.amounts.front().map(|(date, _)| *date)
    }

    /// `amount` settles on `date`: nearly always the last so far. In June 1995, when five days became three,
    /// later sales settled earlier. A sale that cost more than it brought keeps nothing back: its cost is paid.
    pub fn add(&mut self, date: Timestamp, amount: Money) {
        let amount = amount.max(Money::ZERO);
        self.total += amount;
        let at = self.amounts.partition_point(|(settles, _)| *settles < date);
        match self.amounts.get_mut(at) {
            Some((settles, sum)) if *settles == date => *sum += amount,
            _ => self.amounts.insert(at, (date, amount)),
        }
    }

    /// It is `now`: what settles on a date up to then is settled.
    pub fn settle(&mut self, now: Timestamp) {
        while let Some((date, amount)) = self.amounts.front().copied()
            && date <= now
        {
            self.total -= amount;
            self.amounts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What has not reached its date is the total, whatever the steps.
        #[test]
        fn the_total_is_what_is_not_due(sales in proptest::collection::vec((0i32..200, 1i64..1_000_000), 0..40), now in 0i32..200) {
            let day = |days| Timestamp::from_days(days).expect("day");
            let (mut unsettled, mut owed) = (Unsettled::default(), Money::ZERO);
            for (date, cents) in sales {
                unsettled.add(day(date), Money::from_cents(cents));
                if date > now {
                    owed += Money::from_cents(cents);
                }
            }
            unsettled.settle(day(now));
            prop_assert_eq!(unsettled.total(), owed);
            prop_assert_eq!(unsettled.next_date().is_some(), owed != Money::ZERO);
            prop_assert!(unsettled.next_date().is_none_or(|next| next > day(now)));
        }
    }
}
