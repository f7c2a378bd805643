//! Comparison of floating results in this room's unit tests.
//!
//! Not here: anything a release contains.
use super::MetricError;

/// Fails unless `actual` is within `relative` of `expected`.
pub(super) fn assert_close(actual: Result<f64, MetricError>, expected: f64, relative: f64) {
    let actual = actual.expect("the statistic is defined");
    let distance = (actual - expected).abs();
    assert!(
        distance <= relative * expected.abs().max(f64::MIN_POSITIVE),
        "{actual} is not {expected}: off by {distance:e}"
    );
}
