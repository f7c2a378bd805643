//! What the journal of a soak says, and lines through what was seen of it.
//!
//! Not here: processes, what must hold (main).
use std::collections::BTreeMap;

use alphaflow::domain::Timestamp;
use alphaflow::execution::alpaca::Entry;
use alphaflow::live::journal::{JournalReader, RowKind};
use alphaflow::live::session::{Input, Past, PastReader};
use alphaflow::live::{EventKind, SessionEvent};

use super::data::Soak;

const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// One look at both processes.
pub struct Sample {
    /// On the wall's clock.
    pub wall: Timestamp,
    /// On the exchange's.
    pub time: Timestamp,
    /// Memory of the session.
    pub session_kib: u64,
    /// Memory of the exchange, which keeps everything, as a venue does.
    pub exchange_kib: u64,
}

/// A journal that was read.
pub struct Record {
    /// The session.
    pub past: Past,
    /// Minutes that were shown.
    pub bars: usize,
    /// Orders that the desk was asked for.
    pub orders: usize,
    /// Executions that it counted.
    pub fills: usize,
    /// How often something left memory.
    pub forgotten: usize,
    /// Rows of the journal.
    pub rows: u64,
    /// Streams that were lost.
    pub connections_lost: usize,
    /// When on the wall's clock the minute of a stamp was shown.
    shown: Vec<(Timestamp, Timestamp)>,
}

impl Record {
    pub fn read(soak: &Soak) -> Record {
        let journal = JournalReader::open(&soak.path("state/rehearsal/journal.db")).unwrap();
        let (mut reader, mut rows, mut connections_lost, mut shown) = (PastReader::default(), 0, 0, Vec::new());
        journal
            .read_raw(1, |row| {
                rows = row.number;
                match row.kind {
                    RowKind::Input => {
                        let input: Input = serde_json::from_str(row.body).unwrap();
                        if let Input::Bars { time, .. } = input {
                            shown.push((row.wall, time));
                        }
                    }
                    RowKind::Event => {
                        let event: SessionEvent = serde_json::from_str(row.body).unwrap();
                        connections_lost += usize::from(event.kind == EventKind::Connection);
                    }
                    _ => {}
                }
                reader.take(row).unwrap();
                Ok(())
            })
            .unwrap();
        let past = reader.session("soak").unwrap();
        let count = |is_meant: fn(&Entry) -> bool| past.log.iter().filter(|entry| is_meant(entry)).count();
        Record {
            bars: shown.len(),
            orders: count(|entry| matches!(entry, Entry::Asked { .. })),
            fills: count(|entry| matches!(entry, Entry::Filled { .. })),
            forgotten: past.inputs.iter().filter(|input| matches!(input, Input::Forgotten { .. })).count(),
            rows,
            connections_lost,
            shown,
            past,
        }
    }

    /// Of each day the median distance between the exchange's clock and the end of the last minute that was shown, in
    /// seconds on the wall's clock.
    pub fn lag_by_day(&self, samples: &[Sample], speed: u32) -> Vec<f64> {
        let mut days: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for sample in samples {
            let until = self.shown.partition_point(|(wall, _)| *wall <= sample.wall);
            let Some((_, stamp)) = until.checked_sub(1).map(|last| self.shown[last]) else { continue };
            let lag = sample.time.ns() - stamp.ns() - MINUTE_NS;
            // Between two sessions no minute is to come.
            if self.is_on(sample.time) && i64::from(stamp.days()) == i64::from(sample.time.days()) {
                days.entry(i64::from(sample.time.days())).or_default().push(lag);
            }
        }
        let median = |mut lags: Vec<i64>| {
            lags.sort_unstable();
            lags[lags.len() / 2] as f64 / 1e9 / f64::from(speed)
        };
        days.into_values().map(median).collect()
    }

    /// Is a minute of the data on at `time`?
    fn is_on(&self, time: Timestamp) -> bool {
        self.shown.iter().any(|(_, stamp)| *stamp <= time && time < stamp.plus_ns(MINUTE_NS))
    }
}

/// The slope of the least-squares line through points.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut both, mut own) = (0.0, 0.0);
    for (x, y) in points {
        both += (x - mean_x) * (y - mean_y);
        own += (x - mean_x) * (x - mean_x);
    }
    if own > 0.0 { both / own } else { 0.0 }
}

/// The mean of each whole day.
pub fn by_day(points: &[(f64, f64)]) -> Vec<f64> {
    let mut days: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (day, value) in points {
        let (sum, count) = days.entry(*day as i64).or_default();
        *sum += value;
        *count += 1.0;
    }
    days.into_values().map(|(sum, count)| sum / count).collect()
}
