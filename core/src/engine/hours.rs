//! The moments at which bars of extended hours begin, and come after the core session.
//!
//! Not here: the core session itself (clock), what fills when (venue). Without extended hours there is no
//! such moment.
use super::replay::ExtendedDay;
use crate::domain::Timestamp;

/// Where the replay is among extended hours.
#[derive(Debug)]
pub(super) struct Hours<'a> {
    /// Days that have not passed; the first may have begun.
    days: &'a [ExtendedDay],
    /// The first of `days` has begun.
    begun: bool,
    /// The last bar of the day before, until its end has been noticed.
    before: Option<Timestamp>,
    is_empty: bool,
}

impl<'a> Hours<'a> {
    pub(super) fn new(days: &'a [ExtendedDay]) -> Hours<'a> {
        Hours { days, begun: false, before: None, is_empty: days.is_empty() }
    }

    /// Are only core sessions shown?
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The moment of the next change.
    pub(super) fn next(&self) -> Timestamp {
        self.days.first().map_or(Timestamp::MAX, |day| if self.begun { day.core_close } else { day.start })
    }

    /// Passes the next change. At the start of a day: the last bar of the day before, whose end that shows.
    pub(super) fn pass(&mut self) -> Option<Timestamp> {
        let [day, rest @ ..] = self.days else { return None };
        self.begun = !self.begun;
        if self.begun {
            return self.before.take();
        }
        self.before = Some(day.last_bar);
        self.days = rest;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_goes_on_after_its_core_and_ends_when_the_next_begins() {
        let at = |minute: i64| Timestamp::from_seconds(minute * 60).expect("time");
        let day = |start: i64| ExtendedDay { start: at(start), core_close: at(start + 5), last_bar: at(start + 8) };
        let days = [day(10), day(30)];
        let mut hours = Hours::new(&days);
        let mut changes = Vec::new();
        while hours.next() < Timestamp::MAX {
            changes.push((hours.next(), hours.pass()));
        }
        let wanted = [(at(10), None), (at(15), None), (at(30), Some(at(18))), (at(35), None)];
        assert_eq!(changes, wanted);
        assert!(!hours.is_empty() && Hours::new(&[]).is_empty());
    }
}
