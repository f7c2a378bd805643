//! Today's equity, a point a minute, for the line beside the first figure.
//!
//! Not here: equity itself (session). Kept from what this dashboard has seen, so after a restart the line begins anew.
//! Invariant: points are of one exchange day, in the order of time, at most one a minute.
use jiff::civil::Date;

use crate::domain::{Money, Timestamp};
use crate::live::Snapshot;

/// Points of a day from 04:00 to 20:00 New York.
const POINTS_MAX: usize = 960;
const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The line.
#[derive(Default)]
pub(super) struct EquityLine {
    day: Option<Date>,
    points: Vec<(Timestamp, Money)>,
}

impl EquityLine {
    /// Takes in what a snapshot says, if it says anything new.
    pub(super) fn note(&mut self, snapshot: &Snapshot) {
        let Some(equity) = snapshot.figures.equity.value else { return };
        let day = new_york_date(snapshot.time);
        // A rehearsal may begin anew: then the clock goes back, and so does the line.
        let is_back = self.points.last().is_some_and(|(time, _)| snapshot.time < *time);
        if self.day != day || is_back {
            (self.day, self.points) = (day, Vec::new());
        }
        let minute = snapshot.time.ns().div_euclid(NS_PER_MINUTE);
        let is_new = self.points.last().is_none_or(|(time, _)| time.ns().div_euclid(NS_PER_MINUTE) < minute);
        if is_new && self.points.len() < POINTS_MAX {
            self.points.push((snapshot.time, equity));
        }
    }

    /// The points, oldest first.
    pub(super) fn points(&self) -> &[(Timestamp, Money)] {
        &self.points
    }
}

/// The exchange's date; `None` only if its time zone is missing from the program.
fn new_york_date(time: Timestamp) -> Option<Date> {
    time.to_jiff().in_tz("America/New_York").ok().map(|zoned| zoned.date())
}
