//! What a run cost: rows, time, rate. On the terminal only, never in the run folder.
//!
//! Not here: reading the clock (cli).
use std::time::Duration;

use super::screen::{Ink, Screen};
use super::{LABEL, N};
use crate::report::format::counted;

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Files of bars read.
    pub files: usize,
    /// Rows read from them.
    pub rows: u64,
    /// Bars replayed.
    pub bars: u64,
    /// Reading and checking the data.
    pub load: Duration,
    /// The loop over the bars.
    pub replay: Duration,
    /// Measures, files, page and pictures.
    pub report: Duration,
}

/// One line a phase, its time at the right edge.
pub(super) fn lines(spent: &Spent, screen: &Screen) -> String {
    let rows = format!(
        "{} from {}",
        counted(usize::try_from(spent.rows).unwrap_or(usize::MAX), "row", "rows"),
        counted(spent.files, "file", "files")
    );
    let seconds = spent.replay.as_secs_f64();
    let mut bars = counted(usize::try_from(spent.bars).unwrap_or(usize::MAX), "bar", "bars");
    if seconds > 0.0 {
        bars.push_str(&format!(", {} bars/s", N.count(three_digits(spent.bars as f64 / seconds))));
    }
    let phases = [
        ("reading", rows, spent.load),
        ("replaying", bars, spent.replay),
        ("reporting", "measures, files, charts".to_owned(), spent.report),
    ];
    let line = |(name, what, time): &(&str, String, Duration)| {
        let (left, right) = (format!("{name:<LABEL$}{what}"), duration(*time));
        // A column is kept free, where some terminals wrap.
        let gap = (screen.width() - 1).saturating_sub(left.chars().count() + right.chars().count()).max(2);
        format!("{left}{}{}\n", " ".repeat(gap), screen.set(Ink::Dim, &right))
    };
    phases.iter().map(line).collect()
}

/// A rate is measured once: more digits than three would be noise.
pub(super) fn three_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf((rate.log10().floor() - 2.0).max(0.0));
    (rate / unit).round() * unit
}

/// `0.3 ms`, `4 ms`, `0.3 s`, `41 s`, `12 min`.
pub(super) fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.000_95 => format!("{:.1} ms", seconds * 1e3),
        seconds if seconds < 0.0995 => format!("{:.0} ms", seconds * 1e3),
        seconds if seconds < 9.95 => format!("{seconds:.1} s"),
        seconds if seconds < 119.5 => format!("{seconds:.0} s"),
        seconds => format!("{:.0} min", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_form() {
        let text = |ms| duration(Duration::from_millis(ms));
        assert_eq!(duration(Duration::from_micros(344)), "0.3 ms");
        assert_eq!([text(1), text(4), text(99), text(300)], ["1 ms", "4 ms", "99 ms", "0.3 s"]);
        assert_eq!([text(9_940), text(41_000), text(720_000)], ["9.9 s", "41 s", "12 min"]);
    }

    #[test]
    fn each_phase_ends_at_the_same_column() {
        let time = Duration::from_millis(40);
        assert_eq!(three_digits(23_879_556.0), 23_900_000.0);
        let spent = Spent { files: 1, rows: 1, bars: 2_000, load: time, replay: time, report: time };
        let text = lines(&spent, &Screen::PIPE);
        assert!(text.starts_with("reading         1 row from 1 file   "), "{text}");
        assert!(text.contains("2,000 bars, 50,000 bars/s"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() == 79), "{text}");
    }
}
