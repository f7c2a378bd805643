//! Where a protective order stands.
//!
//! Not here: when it fills (venue). Levels round to the tick away from the market, so a stop is
//! never nearer than asked.
use crate::domain::{ExitLegs, LegActivation, LegLevel, Price, Ratio, Side, Tick, TimeInForce};

/// How the average true range is smoothed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtrSmoothing {
    /// Wilder's, seeded with the mean of the first `period` true ranges, as TA-Lib.
    Wilder,
    /// The plain mean of the last `period` true ranges.
    Simple,
}

/// What measures the distance of a stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopKind {
    /// No stop.
    None,
    /// `multiple` × ATR(`period`) of the signal bar; no ATR yet, no stop.
    Atr {
        /// Bars.
        period: usize,
        /// How many ATRs.
        multiple: Ratio,
        /// How the ATR is smoothed.
        smoothing: AtrSmoothing,
    },
    /// A share of the anchor.
    Percent {
        /// The share.
        share: Ratio,
    },
}

/// What the distance is measured from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopAnchor {
    /// The entry's fill price.
    Fill,
    /// The close of the bar that decided the entry.
    SignalClose,
}

/// The profit target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TakeProfit {
    /// None.
    None,
    /// A share of the fill price.
    Percent(Ratio),
    /// So many times the distance from the stop to its anchor, from the fill price.
    RMultiple(Ratio),
}

/// `[stop]` and `[take_profit]` of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopRule {
    /// What measures the distance.
    pub kind: StopKind,
    /// What it is measured from.
    pub anchor: StopAnchor,
    /// From when it can fill.
    pub activation: LegActivation,
    /// It follows the best price at its first distance.
    pub trailing: bool,
    /// The grid its level is rounded to.
    pub tick: Tick,
    /// The target.
    pub take_profit: TakeProfit,
}

impl StopRule {
    /// No stop and no target.
    pub const NONE: StopRule = StopRule {
        kind: StopKind::None,
        anchor: StopAnchor::Fill,
        activation: LegActivation::EntryBar,
        trailing: false,
        tick: Tick::None,
        take_profit: TakeProfit::None,
    };

    /// Dollars (in billionths a share) between the anchor, taken as `close`, and the stop;
    /// `None` without a stop or before the ATR is known.
    #[inline]
    pub fn distance_units(&self, close: Price, atr: Option<f64>) -> Option<i64> {
        let units = match self.kind {
            StopKind::None => return None,
            StopKind::Atr { multiple, .. } => (atr? * multiple.to_f64() * Price::UNITS_PER_USD as f64).round() as i64,
            StopKind::Percent { share } => close.scaled(share).units(),
        };
        (units > 0).then_some(units)
    }

    /// The legs of an entry on `side` decided at `close`, its stop at a `distance` from the anchor as
    /// [`StopRule::distance_units`] says.
    #[inline]
    pub fn legs(&self, side: Side, close: Price, distance: Option<i64>) -> ExitLegs {
        ExitLegs {
            stop: distance.map(|units| self.stop_level(side, close, units)),
            trailing: self.trailing,
            stop_limit: None,
            take_profit: self.target_level(distance),
            activation: self.activation,
            // A position keeps its stop.
            time_in_force: TimeInForce::Gtc,
        }
    }

    #[inline]
    fn stop_level(&self, side: Side, close: Price, distance_units: i64) -> LegLevel {
        match (self.anchor, self.kind) {
            (StopAnchor::Fill, StopKind::Percent { share }) => LegLevel::FractionFromFill(share),
            (StopAnchor::Fill, _) => LegLevel::FromFill { distance_units },
            (StopAnchor::SignalClose, _) => LegLevel::At(match side {
                Side::Buy => close.saturating_offset(-distance_units).floor_to(self.tick),
                Side::Sell => close.saturating_offset(distance_units).ceil_to(self.tick),
            }),
        }
    }

    #[inline]
    fn target_level(&self, distance: Option<i64>) -> Option<LegLevel> {
        match self.take_profit {
            TakeProfit::None => None,
            TakeProfit::Percent(share) => Some(LegLevel::FractionFromFill(share)),
            TakeProfit::RMultiple(multiple) => {
                if let (StopKind::Percent { share }, StopAnchor::Fill) = (self.kind, self.anchor) {
                    // The stop is a share of the fill, and so is what it risks.
                    let times = i64::try_from(multiple.multiply_nearest(share.units())).unwrap_or(i64::MAX);
                    return Some(LegLevel::FractionFromFill(Ratio::from_units(times)));
                }
                let units = i128::from(distance?) * i128::from(multiple.units()) / i128::from(Ratio::ONE.units());
                Some(LegLevel::FromFill { distance_units: i64::try_from(units).unwrap_or(i64::MAX) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }
    fn ratio(text: &str) -> Ratio {
        text.parse().expect("ratio")
    }

    #[test]
    fn an_atr_stop_needs_an_atr() {
        let kind = StopKind::Atr { period: 14, multiple: ratio("2"), smoothing: AtrSmoothing::Wilder };
        let rule = StopRule { kind, ..StopRule::NONE };
        let legs = |atr| rule.legs(Side::Buy, price("100"), rule.distance_units(price("100"), atr));
        assert_eq!(legs(None).stop, None);
        let legs = legs(Some(1.5));
        assert_eq!(legs.stop, Some(LegLevel::FromFill { distance_units: 3_000_000_000 }));
    }

    #[test]
    fn a_stop_without_a_distance_is_none() {
        for (share, units) in [("0", None), ("0.000000001", Some(100)), ("0.05", Some(5_000_000_000))] {
            let share = ratio(share);
            let rule = StopRule { kind: StopKind::Percent { share }, ..StopRule::NONE };
            assert_eq!(rule.distance_units(price("100"), None), units, "{share}");
        }
        assert_eq!(StopRule::NONE.distance_units(price("100"), Some(1.0)), None);
        let kind = StopKind::Atr { period: 14, multiple: ratio("1.5"), smoothing: AtrSmoothing::Simple };
        let rule = StopRule { kind, ..StopRule::NONE };
        for (atr, units) in [(0.0, None), (1e-10, None), (1e-9, Some(2)), (0.5, Some(750_000_000))] {
            assert_eq!(rule.distance_units(price("100"), Some(atr)), units, "{atr}");
        }
    }

    #[test]
    fn a_target_of_so_many_risks_needs_a_risk() {
        let kind = StopKind::Atr { period: 14, multiple: ratio("2"), smoothing: AtrSmoothing::Wilder };
        let take_profit = TakeProfit::RMultiple(ratio("1.5"));
        let rule = StopRule { kind, take_profit, trailing: true, ..StopRule::NONE };
        let target = |distance| rule.legs(Side::Sell, price("100"), distance).take_profit;
        assert_eq!(target(None), None);
        assert_eq!(target(Some(4_000_000_000)), Some(LegLevel::FromFill { distance_units: 6_000_000_000 }));
        let percent = StopRule { take_profit: TakeProfit::Percent(ratio("0.1")), ..rule };
        let legs = percent.legs(Side::Buy, price("100"), None);
        assert_eq!((legs.take_profit, legs.stop), (Some(LegLevel::FractionFromFill(ratio("0.1"))), None));
        assert!(legs.trailing);
    }

    #[test]
    fn a_level_rounds_away_from_the_market() {
        let rule = StopRule {
            kind: StopKind::Percent { share: ratio("0.0333") },
            anchor: StopAnchor::SignalClose,
            tick: Tick::UsEquity,
            take_profit: TakeProfit::RMultiple(ratio("2")),
            ..StopRule::NONE
        };
        let distance = rule.distance_units(price("100"), None);
        let level = |side| rule.legs(side, price("100"), distance).stop;
        assert_eq!(level(Side::Buy), Some(LegLevel::At(price("96.67"))));
        assert_eq!(level(Side::Sell), Some(LegLevel::At(price("103.33"))));
        let target = rule.legs(Side::Buy, price("100"), distance).take_profit;
        assert_eq!(target, Some(LegLevel::FromFill { distance_units: 6_660_000_000 }));
        // Measured from the fill, both are shares of it.
        let legs = StopRule { anchor: StopAnchor::Fill, ..rule }.legs(Side::Buy, price("100"), distance);
        assert_eq!(legs.stop, Some(LegLevel::FractionFromFill(ratio("0.0333"))));
        assert_eq!(legs.take_profit, Some(LegLevel::FractionFromFill(ratio("0.0666"))));
    }
}
