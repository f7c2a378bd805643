//! Laws that every statistic of the room obeys.
//!
//! Not here: laws of one statistic; those stand in its file.
use super::*;
use proptest::prelude::*;

type OfOne = fn(&[f64]) -> Result<f64, MetricError>;
type OfTwo = fn(&[f64], &[f64]) -> Result<f64, MetricError>;

const OF_ONE: [(&str, OfOne); 32] = [
    ("total_return", total_return),
    ("annual_return", annual_return),
    ("annual_volatility", annual_volatility),
    ("downside_risk", downside_risk),
    ("sharpe", sharpe),
    ("sharpe_per_day", sharpe_per_day),
    ("sortino", sortino),
    ("calmar", calmar),
    ("omega", omega),
    ("gain_to_pain", gain_to_pain),
    ("tail_ratio", tail_ratio),
    ("value_at_risk_95", value_at_risk_95),
    ("conditional_var_95", conditional_var_95),
    ("skew", skew),
    ("kurtosis", kurtosis),
    ("stability", stability),
    ("max_drawdown", max_drawdown),
    ("avg_drawdown", avg_drawdown),
    ("ulcer_index", ulcer_index),
    ("win_rate", win_rate),
    ("profit_factor", profit_factor),
    ("payoff_ratio", payoff_ratio),
    ("expectancy", expectancy),
    ("avg_win", avg_win),
    ("avg_loss", avg_loss),
    ("largest_win", largest_win),
    ("largest_loss", largest_loss),
    ("avg_trade_days", avg_trade_days),
    ("sqn", sqn),
    ("kelly", kelly),
    ("max_consecutive_losses", max_consecutive_losses),
    ("percentile", |values| percentile(values, 0.3)),
];

const OF_TWO: [(&str, OfTwo); 5] = [
    ("beta", beta),
    ("alpha", alpha),
    ("information_ratio", information_ratio),
    ("up_capture", up_capture),
    ("down_capture", down_capture),
];

/// Any double at all, ordinary returns, and the values where formulas divide by nothing.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![prop::num::f64::ANY, -0.1..0.1f64, Just(0.0), Just(-1.0), Just(f64::MAX), Just(f64::MIN_POSITIVE)]
}

fn any_series() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec(any_value(), 0..30),
        prop::collection::vec(-0.1..0.1f64, 0..30),
        prop::collection::vec(prop::num::f64::NORMAL, 0..30),
        prop::collection::vec(prop::num::f64::POSITIVE, 0..30),
        (any_value(), 0usize..30).prop_map(|(value, length)| vec![value; length]),
    ]
}

fn check(name: &str, result: Result<f64, MetricError>) -> Result<(), TestCaseError> {
    match result {
        Ok(value) => prop_assert!(value.is_finite(), "{name} is {value}"),
        Err(reason) => prop_assert!(reason.to_string().len() > 10, "{name} does not say why"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A number or a reason: never NaN, never infinite, never a panic, whatever the series.
    #[test]
    fn a_number_or_a_reason(series in any_series(), other in any_series()) {
        for (name, statistic) in OF_ONE {
            check(name, statistic(&series))?;
        }
        let both = series.len().min(other.len());
        for (name, statistic) in OF_TWO {
            check(name, statistic(&series[..both], &other[..both]))?;
            check(name, statistic(&series, &other))?;
        }
    }

    /// The same for the statistics about Sharpe ratios.
    #[test]
    fn a_number_or_a_reason_about_sharpe(
        (sharpe, skew, kurtosis) in (any_value(), any_value(), any_value()), benchmark in any_value(), trials in 0usize..9,
    ) {
        let evidence = SharpeEvidence { sharpe, skew, kurtosis };
        check("probabilistic_sharpe", probabilistic_sharpe(evidence, trials, benchmark))?;
        check("deflated_sharpe", deflated_sharpe(evidence, 99, trials, benchmark))?;
        check("expected_max_sharpe", expected_max_sharpe(trials, benchmark))?;
        check("min_backtest_years", min_backtest_years(trials, sharpe))?;
        check("independent_trials", independent_trials(trials, benchmark))?;
        check("min_track_record", min_track_record(evidence, benchmark, CONFIDENCE))?;
        check("cagr", cagr(sharpe, skew, kurtosis))?;
    }

    /// The same for overfitting.
    #[test]
    fn a_number_or_a_reason_about_overfitting(first in any_series(), second in any_series(), blocks in 0usize..7) {
        let both = first.len().min(second.len());
        if let Ok(verdict) = pbo(&[first[..both].to_vec(), second[..both].to_vec()], blocks) {
            for value in [verdict.pbo, verdict.mean_logit, verdict.median_logit, verdict.prob_oos_loss] {
                check("pbo", Ok(value))?;
            }
            check("degradation", verdict.degradation.map(|line| line.slope + line.intercept))?;
            for split in verdict.splits {
                check("split", Ok(split.sharpe_in_sample + split.sharpe_out_of_sample + split.logit))?;
            }
        }
    }

    /// The same for what is said of many trials together.
    #[test]
    fn a_number_or_a_reason_about_trials(first in any_series(), second in any_series(), blocks in 0usize..12) {
        let both = first.len().min(second.len());
        let trials = [first[..both].to_vec(), second[..both].to_vec()];
        check("average_correlation", average_correlation(&trials))?;
        if let Ok((best, evidence)) = best_trial(&trials) {
            check("best_trial", Ok(best.sharpe + best.sharpe_variance + evidence.skew + evidence.kurtosis))?;
        }
        let values: Vec<Option<f64>> = first.iter().copied().map(Some).collect();
        let points: Vec<Vec<usize>> = (0..first.len()).map(|place| vec![place % 5, place / 5]).collect();
        let places: Vec<Vec<f64>> = first.iter().map(|value| vec![*value]).collect();
        for plateau in [plateau_on_grid(&points, &values), plateau_of_sample(&places, &values, 3)] {
            check("plateau", plateau.map(|plateau| plateau.mean))?;
            check("score", plateau.and_then(|plateau| plateau.score()))?;
        }
        let Ok(mut sums) = BlockSums::new(both, blocks) else { return Ok(()) };
        if trials.iter().try_for_each(|trial| sums.add_returns(trial)).is_err() {
            return Ok(());
        }
        check("correlation of blocks", average_correlation_of_blocks(&sums))?;
        check("sharpes", sums.sharpes().map(|sharpes| sharpes.iter().sum()))?;
        check("pbo_of_blocks", pbo_of_blocks(&sums, blocks).map(|found| found.mean_logit))?;
        if let Ok(resamples) = Resamples::draw(sums.lengths(), 100, 1) {
            let mut tests = RealityCheck::new(&resamples);
            // A trial that is refused leaves the others as they were.
            for trial in sums.iter() {
                check("added", tests.add(trial).map(|()| 0.0))?;
            }
            check("p_values", tests.p_values().map(|p| p.reality_check + p.spa + p.spa_lower + p.spa_upper))?;
        }
    }

    /// The same for the intervals.
    #[test]
    fn a_number_or_a_reason_about_intervals(series in any_series(), days in any_value()) {
        if let Ok(intervals) = bootstrap_intervals(&series, days, 1) {
            for interval in [intervals.sharpe, intervals.cagr, intervals.max_drawdown] {
                check("low", interval.map(|ends| ends.low))?;
                check("high", interval.map(|ends| ends.high))?;
            }
        }
    }
}
