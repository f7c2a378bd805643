//! A split changes the unit of prices and nothing else: `rescale` over every indicator.
//!
//! Not here: who calls it (strategy).
use proptest::prelude::*;

use super::testing::{bars_around, walk};
use super::*;

/// Feeds `bars` to two of a kind: one sees all prices in the new unit, the other in the old one until `at`.
macro_rules! agree {
    ($make:expr, $bars:expr, $at:expr, $factor:expr, |$indicator:ident, $high:ident, $low:ident, $close:ident| $update:expr) => {{
        let (mut all_new, mut restated) = ($make, $make);
        for (index, (high, low, close)) in $bars.iter().enumerate() {
            if index == $at {
                restated.rescale($factor);
                let values = (format!("{:?}", all_new.value()), format!("{:?}", restated.value()));
                prop_assert_eq!(values.0, values.1, "{} just restated", stringify!($make));
            }
            let unit = if index < $at { 1.0 } else { $factor };
            let value = {
                let ($indicator, $high, $low, $close) = (&mut all_new, high * $factor, low * $factor, close * $factor);
                format!("{:?}", $update)
            };
            let after = {
                let ($indicator, $high, $low, $close) = (&mut restated, high * unit, low * unit, close * unit);
                format!("{:?}", $update)
            };
            if index >= $at {
                prop_assert_eq!(value, after, "{} at bar {}", stringify!($make), index);
            }
        }
    }};
}

proptest! {
    /// After a split into a power of two the values are those of prices that were always in new shares, to
    /// the last bit: multiplying by a power of two never rounds.
    #[test]
    fn a_power_of_two_is_exact((period, closes) in walk(), at in 0usize..300, doublings in -4i32..5) {
        let (bars, factor) = (bars_around(&closes), 2f64.powi(doublings));
        macro_rules! of_closes {
            ($($make:expr),+ $(,)?) => {$(agree!($make, bars, at, factor, |x, _high, _low, close| x.update(close));)+};
        }
        macro_rules! of_bars {
            ($($make:expr),+ $(,)?) => {$(agree!($make, bars, at, factor, |x, high, low, close| x.update(high, low, close));)+};
        }
        of_closes!(
            Sma::new(period).unwrap(), Ema::new(period).unwrap(), Wma::new(period).unwrap(), Rsi::new(period).unwrap(),
            Macd::new(period, period + 3, 4).unwrap(), RollingMax::new(period).unwrap(), RollingMin::new(period).unwrap(),
            ZScore::new(period).unwrap(), StdDev::sample(period).unwrap(), Bollinger::new(period, 2.0).unwrap(),
            Roc::new(period).unwrap(), Momentum::new(period).unwrap(), LinearRegressionSlope::new(period).unwrap(),
        );
        of_bars!(
            Atr::new(period).unwrap(), Atr::simple(period).unwrap(), Natr::new(period).unwrap(), Cci::new(period).unwrap(),
            Keltner::new(period, period, 1.5).unwrap(), Directional::new(period).unwrap(), Adx::new(period).unwrap(),
            WilliamsR::new(period).unwrap(), Stochastic::new(period, 2, 3).unwrap(),
        );
        agree!(Donchian::new(period).unwrap(), bars, at, factor, |x, high, low, _close| x.update(high, low));
    }
}

#[test]
fn volume_on_balance_is_counted_in_new_shares() {
    let (mut all_new, mut restated) = (Obv::new(), Obv::new());
    for (index, (close, volume)) in [(10.0, 100.0), (12.0, 50.0), (11.0, 30.0), (11.0, 70.0)].into_iter().enumerate() {
        if index == 2 {
            restated.split(2.0);
        }
        let (price, shares) = if index < 2 { (close, volume) } else { (close / 2.0, volume * 2.0) };
        let (new, after) = (all_new.update(close / 2.0, volume * 2.0), restated.update(price, shares));
        assert!(index < 2 || new == after, "{new:?} is not {after:?}");
    }
    assert_eq!(restated.value(), Some(240.0));
}
