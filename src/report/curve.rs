//! What a line of dollars says over time: its return, falls, months and years.
//!
//! Not here: the measures of `metrics.json` (metric). Falls and years look at every step, so an
//! intraday low counts; months and years end with the last session that starts in them (UTC dates).
use crate::domain::Timestamp;

/// One time below a peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    /// Step of the peak.
    pub from: usize,
    /// Step of the lowest point.
    pub bottom: usize,
    /// Step at which the peak was reached again; `None` when not yet.
    pub recovered: Option<usize>,
    /// Depth as a negative fraction of the peak.
    pub depth: f64,
}

/// Return over the whole line against `start`; `None` for an empty line or a start of zero.
pub fn total_return(start: f64, values: &[f64]) -> Option<f64> {
    let last = values.last()?;
    (start > 0.0).then(|| last / start - 1.0)
}

/// Fall from the running peak at each step, 0 or negative; the peak begins at `start`.
pub fn drawdowns(start: f64, values: &[f64]) -> Vec<f64> {
    let mut peak = start;
    let fall = |value: &f64| {
        peak = peak.max(*value);
        if peak > 0.0 { value / peak - 1.0 } else { 0.0 }
    };
    values.iter().map(fall).collect()
}

/// The deepest fall, 0 or negative.
pub fn max_drawdown(start: f64, values: &[f64]) -> f64 {
    drawdowns(start, values).into_iter().fold(0.0, f64::min)
}

/// The values at the ends of sessions. `session_ends`: step of the last mark of each session.
pub fn closes(session_ends: &[usize], values: &[f64]) -> Vec<f64> {
    session_ends.iter().filter_map(|end| values.get(*end).copied()).collect()
}

/// Every fall, in order of time. A fall from `start` itself counts from step 0.
pub fn falls(start: f64, values: &[f64]) -> Vec<Fall> {
    let mut found = Vec::new();
    let (mut peak, mut peak_step) = (start, 0);
    let mut open: Option<Fall> = None;
    for (step, value) in values.iter().copied().enumerate() {
        if value >= peak {
            if let Some(fall) = open.take() {
                found.push(Fall { recovered: Some(step), ..fall });
            }
            (peak, peak_step) = (value, step);
            continue;
        }
        let depth = value / peak - 1.0;
        match &mut open {
            Some(fall) if depth < fall.depth => (fall.depth, fall.bottom) = (depth, step),
            Some(_) => {}
            None => open = Some(Fall { from: peak_step, bottom: step, recovered: None, depth }),
        }
    }
    found.extend(open);
    found
}

/// One calendar year of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Year {
    /// The year.
    pub year: i16,
    /// Return of each month; `None` when it holds no session.
    pub months: [Option<f64>; 12],
    /// Return of the year, or of the part the record covers.
    pub total: f64,
    /// Deepest fall from a peak inside the year, the year's start included; 0 or negative.
    pub max_drawdown: f64,
    /// Dollars gained.
    pub gain: f64,
}

/// The years of a line, oldest first. `session_ends`: step of the last mark of each session.
pub fn years(start: f64, steps: &[Timestamp], session_ends: &[usize], values: &[f64]) -> Vec<Year> {
    let mut found: Vec<Year> = Vec::new();
    let (mut month_start, mut year_start, mut previous) = (start, start, start);
    let (mut month_now, mut peak, mut step) = (0, start, 0);
    for end in session_ends.iter().copied() {
        let (Some(time), Some(close)) = (steps.get(end), values.get(end).copied()) else { continue };
        let date = time.utc_date();
        if found.last().is_none_or(|year| year.year != date.year()) {
            (year_start, month_start, month_now, peak) = (previous, previous, date.month(), previous);
            found.push(Year { year: date.year(), months: [None; 12], total: 0.0, max_drawdown: 0.0, gain: 0.0 });
        } else if month_now != date.month() {
            (month_start, month_now) = (previous, date.month());
        }
        let Some(year) = found.last_mut() else { continue };
        for value in &values[step.min(end)..=end] {
            peak = peak.max(*value);
            year.max_drawdown = year.max_drawdown.min(value / peak - 1.0);
        }
        step = end + 1;
        year.months[usize::from(date.month().unsigned_abs()) - 1] = Some(close / month_start - 1.0);
        (year.total, year.gain) = (close / year_start - 1.0, close - year_start);
        previous = close;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn falls_open_and_close() {
        let found = falls(100.0, &[90.0, 100.0, 110.0, 99.0, 104.5, 121.0, 120.0]);
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].from, found[0].bottom, found[0].recovered), (0, 0, Some(1)));
        assert_eq!((found[1].from, found[1].bottom, found[1].recovered), (2, 3, Some(5)));
        assert!((found[1].depth + 0.1).abs() < 1e-12);
        assert_eq!(found[2].recovered, None);
        assert!((max_drawdown(100.0, &[90.0, 80.0]) + 0.2).abs() < 1e-12);
    }

    #[test]
    fn months_and_years_chain() {
        let steps: Vec<Timestamp> = ["2012-11-30", "2012-12-31", "2013-01-02", "2013-01-31"]
            .iter()
            .map(|text| text.parse().expect("time"))
            .collect();
        let found = years(100.0, &steps, &[0, 1, 2, 3], &[110.0, 99.0, 118.8, 108.9]);
        assert_eq!(found.len(), 2);
        assert!((found[0].months[10].expect("november") - 0.1).abs() < 1e-12);
        assert!((found[0].months[11].expect("december") + 0.1).abs() < 1e-12);
        assert!((found[0].total + 0.01).abs() < 1e-12);
        assert!((found[1].total - 0.1).abs() < 1e-12);
        assert!((found[1].max_drawdown - (108.9 / 118.8 - 1.0)).abs() < 1e-12);
        assert_eq!(found[1].months[1], None);
    }

    proptest! {
        /// Months compound to years, years to the whole, and the deepest fall is among the falls.
        #[test]
        fn parts_compound_to_the_whole(changes in prop::collection::vec(-0.2_f64..0.25, 1..400)) {
            let mut value = 1000.0;
            let values: Vec<f64> = changes.iter().map(|change| { value *= 1.0 + change; value }).collect();
            let steps: Vec<Timestamp> =
                (0..values.len()).map(|day| Timestamp::from_days(15_000 + 3 * day as i32).expect("day")).collect();
            let ends: Vec<usize> = (0..values.len()).collect();
            let rows = years(1000.0, &steps, &ends, &values);
            let whole = total_return(1000.0, &values).expect("return");
            let by_year = rows.iter().fold(1.0, |product, year| product * (1.0 + year.total)) - 1.0;
            let by_month = rows.iter().flat_map(|year| year.months.iter().flatten()).fold(1.0, |p, m| p * (1.0 + m)) - 1.0;
            prop_assert!((by_year - whole).abs() < 1e-9 * (1.0 + whole.abs()));
            prop_assert!((by_month - whole).abs() < 1e-9 * (1.0 + whole.abs()));
            let deepest = falls(1000.0, &values).iter().map(|fall| fall.depth).fold(0.0, f64::min);
            prop_assert!((deepest - max_drawdown(1000.0, &values)).abs() < 1e-12);
        }
    }
}
