//! Limits from outside a scenario, and the stricter of both.
//!
//! Not here: where they are written (the environment), the limits themselves (limits).
//! Invariant: what comes out is never wider than what went in.
use super::limits::Limits;
use crate::domain::Ratio;

/// Limits that the environment sets for every scenario of an account; `None`: it sets none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LimitCaps {
    /// `MAX_DAILY_LOSS`, a fraction of equity.
    pub daily_loss_max: Option<Ratio>,
    /// `MAX_POSITION_SIZE`, likewise.
    pub position_size_max: Option<Ratio>,
    /// `MAX_PORTFOLIO_HEAT`, likewise.
    pub portfolio_heat_max: Option<Ratio>,
}

impl Limits {
    /// These limits, each no wider than `caps` allow: the smaller number counts.
    pub fn stricter(self, caps: LimitCaps) -> Limits {
        let smaller = |own: Ratio, cap: Option<Ratio>| cap.map_or(own, |cap| own.min(cap));
        Limits {
            daily_loss_max: smaller(self.daily_loss_max, caps.daily_loss_max),
            position_size_max: smaller(self.position_size_max, caps.position_size_max),
            portfolio_heat_max: smaller(self.portfolio_heat_max, caps.portfolio_heat_max),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().expect("ratio")
    }

    #[test]
    fn the_smaller_number_counts_on_either_side() {
        let own = Limits { daily_loss_max: ratio("0.02"), position_size_max: ratio("0.5"), ..Limits::WIDE };
        let caps = LimitCaps {
            daily_loss_max: Some(ratio("0.03")),
            position_size_max: Some(ratio("0.1")),
            portfolio_heat_max: Some(ratio("0.25")),
        };
        let both = own.stricter(caps);
        assert_eq!(both.daily_loss_max, ratio("0.02"), "the scenario's is stricter");
        assert_eq!(both.position_size_max, ratio("0.1"), "the environment's is stricter");
        assert_eq!(both.portfolio_heat_max, ratio("0.25"));
        assert_eq!(Limits { portfolio_heat_max: own.portfolio_heat_max, position_size_max: ratio("0.5"), ..both }, own);
        assert_eq!(own.stricter(LimitCaps::default()), own, "an environment without limits changes nothing");
    }

    proptest! {
        /// No cap widens a limit, and applying caps twice is applying them once.
        #[test]
        fn never_wider(own in prop::array::uniform3(1i64..2_000_000_000), caps in prop::array::uniform3(prop::option::of(1i64..2_000_000_000))) {
            let [daily_loss_max, position_size_max, portfolio_heat_max] = own.map(Ratio::from_units);
            let own = Limits { daily_loss_max, position_size_max, portfolio_heat_max, ..Limits::WIDE };
            let [daily_loss_max, position_size_max, portfolio_heat_max] = caps.map(|cap| cap.map(Ratio::from_units));
            let caps = LimitCaps { daily_loss_max, position_size_max, portfolio_heat_max };
            let both = own.stricter(caps);
            for (both, own, cap) in [
                (both.daily_loss_max, own.daily_loss_max, caps.daily_loss_max),
                (both.position_size_max, own.position_size_max, caps.position_size_max),
                (both.portfolio_heat_max, own.portfolio_heat_max, caps.portfolio_heat_max),
            ] {
                prop_assert!(both <= own && cap.is_none_or(|cap| both <= cap));
                prop_assert!(both == own || Some(both) == cap);
            }
            prop_assert_eq!(both.stricter(caps), both);
        }
    }
}
