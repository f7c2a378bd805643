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
        // A rehearsal may begin anew: then the clock goes back, and so does the line. A clock that is set goes back less.
        let is_back = self.points.last().is_some_and(|(time, _)| snapshot.time.plus_ns(NS_PER_MINUTE) < *time);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Aged, Figures, MarketView, ModeView, StateView};

    fn snapshot(time: &str, cents: Option<i64>) -> Snapshot {
        let time: Timestamp = time.parse().unwrap();
        let unknown = Aged { value: None, at: time };
        let figures = Figures {
            equity: Aged { value: cents.map(Money::from_cents), at: time },
            baseline: None,
            is_baseline_start: true,
            today: unknown,
            until_halt: None,
            open_pnl: unknown,
            at_stops: unknown,
            gross: unknown,
            buying_power: unknown,
            is_power_behind: false,
            reserved: Money::ZERO,
        };
        Snapshot {
            version: 1,
            time,
            mode: ModeView { mode: "paper".into(), venue: String::new(), account_tail: None, speed: None, pace: 1 },
            state: StateView::Trading,
            market: MarketView { is_open: true, next_open: None, next_close: None },
            figures,
            positions: Vec::new(),
            closed: Vec::new(),
            orders: Vec::new(),
            refusals: Vec::new(),
            limits: Vec::new(),
            strategies: Vec::new(),
            events: Vec::new(),
            health: Vec::new(),
            charts: Vec::new(),
        }
    }

    fn cents(line: &EquityLine) -> Vec<i128> {
        line.points().iter().map(|(_, equity)| equity.units() / Money::from_cents(1).units()).collect()
    }

    #[test]
    fn a_point_a_minute_of_one_exchange_day() {
        let mut line = EquityLine::default();
        let day = [
            ("2013-10-08T13:30:00Z", Some(1)),
            ("2013-10-08T13:30:59Z", Some(2)),
            ("2013-10-08T13:31:00Z", Some(3)),
            ("2013-10-08T13:32:00Z", None),
            ("2013-10-08T13:33:10Z", Some(5)),
            ("2013-10-08T13:32:40Z", Some(6)),
        ];
        day.iter().for_each(|(time, equity)| line.note(&snapshot(time, *equity)));
        assert_eq!(cents(&line), [1, 3, 5], "one a minute, nothing that is unknown, nothing that goes back a little");
        // 23:59 in New York is the next day of UTC and the same of the exchange.
        line.note(&snapshot("2013-10-09T03:59:00Z", Some(7)));
        assert_eq!(cents(&line), [1, 3, 5, 7]);
        line.note(&snapshot("2013-10-09T04:00:00Z", Some(8)));
        assert_eq!(cents(&line), [8]);
        line.note(&snapshot("2013-10-07T13:30:00Z", Some(9)));
        assert_eq!(cents(&line), [9], "a rehearsal that begins anew");
    }
}
