//! When a message that was not taken is tried again.
//!
//! Not here: clocks, draws; both are arguments.
use std::time::Duration;

/// The first wait. A server that asks to come back later is often ready in seconds.
const FIRST: Duration = Duration::from_secs(2);
/// The longest: a channel that was mended is found within a quarter of an hour.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A message older than this is given up: nobody acts on a day-old fill.
pub const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// A message that a server refuses for what it is gets so many tries; then the next has its turn.
pub const REFUSALS_MAX: u32 = 3;

/// How long to wait after `failures` in a row (≥ 1), doubled each time.
///
/// `draw`: a share in 0..1; it takes up to half off, so that channels and sessions do not come back together.
/// `asked`: what the server asked for; it is kept, up to the longest wait.
pub fn wait(failures: u32, draw: f64, asked: Option<Duration>) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let own = doubled.min(LONGEST).mul_f64(1.0 - draw.clamp(0.0, 1.0) / 2.0);
    asked.map_or(own, |asked| own.max(asked.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (1..=12).map(|failures| wait(failures, 0.0, None).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(wait(u32::MAX, 0.0, None), LONGEST);
        assert_eq!(wait(0, 0.0, None), FIRST);
    }

    #[test]
    fn a_draw_takes_up_to_half_off() {
        assert_eq!(wait(3, 1.0, None), Duration::from_secs(4));
        assert_eq!(wait(3, 0.5, None), Duration::from_secs(6));
        assert_eq!(wait(3, 7.0, None), Duration::from_secs(4), "a draw out of range is held at its end");
    }

    #[test]
    fn a_server_s_wish_is_kept_within_bounds() {
        assert_eq!(wait(1, 0.0, Some(Duration::from_secs(30))), Duration::from_secs(30));
        assert_eq!(wait(5, 0.0, Some(Duration::from_secs(1))), Duration::from_secs(32));
        assert_eq!(wait(1, 0.0, Some(Duration::MAX)), LONGEST);
    }
}
