//! A small sweep by hand, for the tests of this room and of the terminal's.
//!
//! Not here: anything that ships.
use super::measure::SHOWN;
use super::model::{AllRuns, AxisView, Fan, RunEnd, RunView, SweepModel, TestView, VerdictView};

/// An axis with these values.
pub(crate) fn axis(key: &str, values: &[&str]) -> AxisView {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    AxisView { key: key.to_owned(), typed: values.clone(), values, own: Some(1) }
}

fn run(place: u32, point: [u16; 3], sharpe: Option<f64>) -> RunView {
    let measure = |key: &str| {
        let sharpe = sharpe?;
        Some(match key {
            "sharpe" => sharpe,
            "cagr" => sharpe / 10.0,
            "max_drawdown" => -0.125,
            "trades" => 1_114.0,
            "win_rate" => 0.51,
            "profit_factor" => 2.44,
            _ => return None,
        })
    };
    RunView {
        run: place,
        end: if sharpe.is_some() { RunEnd::Done } else { RunEnd::Invalid },
        reason: if sharpe.is_some() {
            String::new()
        } else {
            "fast_period 30 must be less than slow_period 20".to_owned()
        },
        point: point.to_vec(),
        measures: SHOWN.iter().map(|shown| measure(shown.key)).collect(),
        deflated_sharpe: sharpe.map(|sharpe| sharpe / 2.0),
        halves: sharpe.map(|sharpe| (sharpe + 0.2, sharpe - 0.2)),
        growth: sharpe.map(|sharpe| vec![1.1, 1.0 + sharpe]).unwrap_or_default(),
    }
}

/// Twelve runs over three axes, two of them invalid.
pub(crate) fn small() -> SweepModel {
    let sharpes = [0.4, 0.5, 0.9, 0.8, 1.1, 1.3, 0.7, 0.6, f64::NAN, f64::NAN, -0.2, -0.3];
    let all: Vec<RunView> = (0..12_u16)
        .map(|at| {
            run(
                u32::from(at),
                [at / 4, at / 2 % 2, at % 2],
                Some(sharpes[usize::from(at)]).filter(|value| !value.is_nan()),
            )
        })
        .collect();
    let value = |run: &RunView| run.measures[0];
    let mut runs = all.clone();
    runs.sort_by(|a, b| value(b).unwrap_or(f64::MIN).total_cmp(&value(a).unwrap_or(f64::MIN)));
    let test = |name: &str, here: &str, wanted: &str, holds: Option<bool>| TestView {
        name: name.to_owned(),
        here: Ok(here.to_owned()),
        wanted: wanted.to_owned(),
        holds,
    };
    SweepModel {
        name: "sweep_small".to_owned(),
        scenario_file: "scenarios/sweep small.toml".to_owned(),
        without_studies: vec!["sweep={}".to_owned()],
        scope: "AAPL, daily, 3 Jan 2005 to 1 Mar 2013".to_owned(),
        program: "alphaflow 0.1.0".to_owned(),
        seed: 1,
        axes: vec![
            axis("strategy.params.fast_period", &["5", "10", "30"]),
            axis("strategy.params.slow_period", &["20", "40"]),
            axis("stop.multiple", &["1.5", "2"]),
        ],
        conditions: vec!["strategy.params.fast_period < 60".to_owned()],
        combinations: "12".to_owned(),
        sample: None,
        objective: "sharpe".to_owned(),
        objective_words: "Sharpe ratio".to_owned(),
        cash: 100_000.0,
        measure_keys: SHOWN.iter().map(|shown| shown.key).collect(),
        all: AllRuns {
            runs: 12,
            done: 10,
            invalid: 2,
            failed: 0,
            reasons: vec![("fast_period 30 must be less than slow_period 20".to_owned(), 2)],
            objective: all.iter().map(value).collect(),
            points: all.iter().flat_map(|run| run.point.clone()).collect(),
        },
        runs,
        block_dates: ["2005-01-03", "2009-01-30", "2013-03-01"].map(str::to_owned).to_vec(),
        fan: Some(Fan {
            runs: 10,
            growth: [0.9, 1.0, 1.1, 1.3, 1.6].map(|end| vec![1.1, end]),
            falls: [-0.2, -0.1, -0.05, 0.0, 0.0].map(|end| vec![0.0, end]),
        }),
        verdict: VerdictView {
            headline: "Do not pick the winner.".to_owned(),
            text: "Of 10 tries (about 3 independent) the best made a Sharpe ratio of 1.30. It is not distinguishable from luck: \
                   the probability of overfitting is 58.7%, not under 50%."
                .to_owned(),
            tests: vec![
                test("Deflated Sharpe, 10 tries", "98.7%", "≥ 95%", Some(true)),
                test("Probability of overfitting (PBO)", "58.7%", "< 50%", Some(false)),
                TestView { name: "Plateau".to_owned(), here: Err("the best is <0>".to_owned()), wanted: "≥ 75%".to_owned(), holds: None },
            ],
            luck: Ok(0.54),
        },
        walk_forward: None,
        stress: None,
    }
}
