//! Which strategies are built in.
//!
//! Not here: their rules and parameters (a file each), choosing one (catalog).
use super::*;

/// The strategies that come with the program.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn;

macro_rules! built_in {
    ($($strategy:ident)*) => {
        impl Catalog for BuiltIn {
            fn infos(&self) -> Vec<StrategyInfo> {
                vec![$($strategy::INFO),*]
            }

            fn find<V: ListedVisitor>(&self, choice: &Choice<'_>, visitor: V) -> Option<Result<V::Output, ParamError>> {
                visitor.visit_built_in(choice)
            }
        }

        impl Choice<'_> {
            /// Lets `visitor` use the built-in strategy that is wanted; `None` when there is none of that id.
            pub fn take_built_in<V: ListedVisitor>(&self, visitor: V) -> Option<Result<V::Output, ParamError>> {
                $(if self.id == $strategy::INFO.id {
                    return Some(self.take::<$strategy, V>(visitor));
                })*
                None
            }
        }
    };
}

// In the order they are listed.
built_in! {
    MaCrossover
    RsiMeanReversion
    Momentum
    MeanReversion
    MultiTimeframe
    VolatilityBreakout
    QuickTest
    DonchianBreakout
    MacdTrend
    BuyAndHold
    CrossSectionalMomentum
    OrderScript
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timeframe;
    use crate::market::Calendar;

    const DAILY: Setup = Setup { symbols: 2, timeframe: Timeframe::Day1, calendar: Calendar::xnys() };

    /// Builds and gives the parameters back.
    struct Build;
    impl ListedVisitor for Build {
        type Output = Params;
        fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Params, ParamError> {
            S::build(params, setup).map(|_| params.clone())
        }
    }

    fn build(id: &str, params: &[(&str, &str)], setup: Setup) -> Result<Params, ParamError> {
        let params: Vec<_> = params.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        BuiltIn.visit(&Choice { id, params: &params, setup }, Build)
    }

    fn error(id: &str, params: &[(&str, &str)]) -> ParamError {
        build(id, params, DAILY).unwrap_err()
    }

    #[test]
    fn every_strategy_builds_with_its_defaults_on_every_timeframe() {
        for timeframe in Timeframe::ALL {
            for info in BuiltIn.infos() {
                let has_file = info.params.iter().any(|param| param.kind == ParamKind::File);
                let params: &[(&str, &str)] = if has_file { &[("file", "orders.csv")] } else { &[] };
                assert!(build(info.id, params, Setup { timeframe, ..DAILY }).is_ok(), "{} {timeframe}", info.id);
            }
        }
    }

    #[test]
    fn ids_are_unique_and_defaults_in_range() {
        let infos = BuiltIn.infos();
        for (at, info) in infos.iter().enumerate() {
            assert!(infos[..at].iter().all(|other| other.id != info.id), "{}", info.id);
            for param in info.all_params() {
                match param.kind {
                    ParamKind::Whole { default, low, high } => assert!((low..=high).contains(&default) && low >= 0),
                    ParamKind::Number { default, low, high } => assert!((low..=high).contains(&default)),
                    ParamKind::Word(words) => assert!(words.len() > 1),
                    ParamKind::Switch { .. } | ParamKind::Timeframes { .. } | ParamKind::File => {}
                }
            }
        }
    }

    #[test]
    fn wrong_names_and_values_say_what_is_valid() {
        assert_eq!(error("ma_crosover", &[]).nearest.as_deref(), Some("ma_crossover"));
        assert_eq!(error("momentum", &[("lookback", "3")]).rule.split(": ").next(), Some("parameters of momentum"));
        assert_eq!(error("buy_and_hold", &[("lookback", "3")]).rule, "buy_and_hold has no parameters");
        let range = error("ma_crossover", &[("fast_period", "0")]).what;
        assert_eq!(range, "fast_period = 0 is not a whole number from 1 to 10000");
        let order = error("ma_crossover", &[("fast_period", "30")]).what;
        assert_eq!(order, "fast_period 30 must be less than slow_period 30");
        let order = error("rsi_mean_reversion", &[("oversold", "71")]).what;
        assert_eq!(order, "oversold 71 must not be above overbought 70");
        let order = error("macd_trend", &[("fast_period", "26")]).what;
        assert_eq!(order, "fast_period 26 must be less than slow_period 26");
        assert_eq!(error("momentum", &[("direction", "long_shrt")]).nearest.as_deref(), Some("long_short"));
        assert_eq!(error("order_script", &[]).what, "the parameter file is needed");
        let switch = error("volatility_breakout", &[("volume_confirmation", "yes")]).what;
        assert_eq!(switch, "volume_confirmation = yes is not true or false");
    }

    #[test]
    fn timeframes_start_at_the_datas_own() {
        let names = |params: &[(&str, &str)], timeframe| {
            let params = build("multi_timeframe", params, Setup { timeframe, ..DAILY }).unwrap();
            params.timeframes("timeframes").iter().map(|span| span.name()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[], Timeframe::Day1), "1d 1w 1mo");
        assert_eq!(names(&[], Timeframe::Minute30), "30m 1h 1d");
        assert_eq!(names(&[("timeframes", "5m, 1h,1w")], Timeframe::Minute1), "5m 1h 1w");
        let what = |text| error("multi_timeframe", &[("timeframes", text)]);
        assert_eq!(what("1h,1d,1w").what, "timeframes has 1h, shorter than the 1d bars of the data");
        assert_eq!(what("1h,1d,1w").rule, "valid for 1d bars: 1d 1w 1mo, shortest first, none twice");
        assert_eq!(what("1d,2w,1mo").what, "timeframes has \"2w\", which is no timeframe");
        for wrong in ["1d,1w", "1d,1mo,1w", "1d,1d,1w"] {
            assert_eq!(what(wrong).what, format!("timeframes = {wrong} is not 3 timeframes, shortest first"));
        }
    }

    #[test]
    #[should_panic(expected = "momentum is listed already")]
    fn an_id_is_given_once() {
        let _ = BuiltIn.and::<Momentum>();
    }
}
