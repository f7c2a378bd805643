//! The numbers behind a verdict as rows of a table, and a headline of a few words.
//!
//! Not here: the paragraph and what decides (`verdict`). Invariant: the headline never says more than the verdict.
use super::results::{Luck, Results};
use super::row::Row;
use super::verdict::{COIN, Conclusion, Known, P_MAX, PLATEAU_FROM, SURE, beside, grouped, ratio};
use crate::metric::{self as m, SESSIONS_PER_YEAR};

/// One number of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub name: String,
    /// Its value as text, with the plain minus; or why it is unknown.
    pub here: Result<String, String>,
    /// What it has to be; empty where nothing is asked.
    pub wanted: String,
    /// Does it hold? `None` where nothing is asked, or it is unknown.
    pub holds: Option<bool>,
}

impl Evidence {
    fn told(name: impl Into<String>, here: Result<String, String>, beside: impl Into<String>) -> Evidence {
        Evidence { name: name.into(), here, wanted: beside.into(), holds: None }
    }

    fn asked(
        name: impl Into<String>,
        (value, text): (&Known, &dyn Fn(f64) -> String),
        (wanted, holds): (String, &dyn Fn(f64) -> bool),
    ) -> Evidence {
        let here = value.as_ref().map(|value| text(*value)).map_err(Clone::clone);
        Evidence { name: name.into(), here, wanted, holds: value.as_ref().ok().map(|value| holds(*value)) }
    }
}

/// The rows, in the order in which the paragraph goes through them.
pub fn evidence(results: &Results) -> Vec<Evidence> {
    let luck = &results.luck;
    let unknown = || "no run has a value of the objective".to_owned();
    let of_winner = |key: &str| results.winner().and_then(|row| row.measure(key)).ok_or_else(unknown);
    let sessions = of_winner("sessions");
    let percent = |bar: f64| move |value: f64| format!("{}%", beside(100.0 * value, 100.0 * bar, 1));
    let sure = (format!("≥ {:.0}%", 100.0 * SURE), &(|value: f64| value >= SURE) as &dyn Fn(f64) -> bool);
    let mut rows = Vec::new();
    if luck.trials > 1 {
        let deflated = results.ranking.first().and_then(|at| results.deflated[*at]).ok_or_else(unknown);
        rows.push(Evidence::asked(
            format!("Deflated Sharpe, {} tries", grouped(luck.trials as f64)),
            (&deflated, &percent(SURE)),
            sure,
        ));
    } else {
        rows.push(Evidence::asked(
            "Probabilistic Sharpe, 1 try",
            (&of_winner("probabilistic_sharpe"), &percent(SURE)),
            sure,
        ));
    }
    let spa = luck.p_values.as_ref().map(|all| all.spa).map_err(Clone::clone);
    let p_value = |value: f64| beside(value, P_MAX, 3);
    rows.push(Evidence::asked(
        "p-value of the best of all (SPA)",
        (&spa, &p_value),
        (format!("≤ {P_MAX}"), &|value| value <= P_MAX),
    ));
    if luck.trials > 1 {
        let pbo = luck.overfitting.as_ref().map(|all| all.pbo).map_err(Clone::clone);
        let wanted = (format!("< {:.0}%", 100.0 * COIN), &(|value: f64| value < COIN) as &dyn Fn(f64) -> bool);
        rows.push(Evidence::asked("Probability of overfitting (PBO)", (&pbo, &percent(COIN)), wanted));
        rows.push(Evidence::told("First half to second half, correlation", halves_agree(&results.rows).map(ratio), ""));
        let score =
            luck.plateau.as_ref().map_err(Clone::clone).and_then(|all| all.score().map_err(|why| why.to_string()));
        let wanted =
            (format!("≥ {:.0}%", 100.0 * PLATEAU_FROM), &(|value: f64| value >= PLATEAU_FROM) as &dyn Fn(f64) -> bool);
        rows.push(Evidence::asked("Plateau: neighbours ÷ winner", (&score, &percent(PLATEAU_FROM)), wanted));
    }
    rows.extend(lengths(luck, sessions, of_winner("min_track_record_days")));
    if luck.trials > 1 {
        let of_all = format!("of {}", grouped(luck.trials as f64));
        rows.push(Evidence::told("Independent tries, estimated", luck.independent.clone().map(grouped), of_all));
    }
    rows
}

/// What there is of data, against what such a Sharpe ratio and so many tries need.
fn lengths(luck: &Luck, sessions: Known, needed: Known) -> Vec<Evidence> {
    let row = |name: &str, have: &Known, needed: &Known, text: &dyn Fn(f64) -> String| match (have, needed) {
        (Ok(have), Ok(needed)) => {
            let wanted = (format!("≥ {}", text(*needed)), &(|have: f64| have >= *needed) as &dyn Fn(f64) -> bool);
            Evidence::asked(name, (&Ok(*have), text), wanted)
        }
        (Err(why), _) | (_, Err(why)) => Evidence::told(name, Err(why.clone()), ""),
    };
    let whole = |value: f64| grouped(value.ceil());
    let years = |value: f64| format!("{value:.1}");
    let mut rows = vec![row("Sessions, one try", &sessions, &needed, &whole)];
    if luck.trials > 1 {
        let have = sessions.map(|sessions| sessions / SESSIONS_PER_YEAR);
        rows.push(row("Years, so many tries", &have, &luck.min_backtest_years, &years));
    }
    rows
}

/// Correlation over all runs of the Sharpe ratio in the first half with that in the second.
fn halves_agree(rows: &[Row]) -> Known {
    let (first, second): (Vec<f64>, Vec<f64>) = rows.iter().filter_map(Row::halves).unzip();
    m::correlation(&first, &second).map_err(|why| why.to_string())
}

/// A few words with a full stop. The verdict decides; only when it does, the rest may dampen it.
pub fn headline(results: &Results) -> &'static str {
    let rows = evidence(results);
    let fails = |name: &str| rows.iter().any(|row| row.name.starts_with(name) && row.holds == Some(false));
    let sharpe_fails = fails("Deflated") || fails("Probabilistic");
    match results.verdict.conclusion {
        Conclusion::Distinguishable if rows.iter().any(|row| row.holds == Some(false)) => {
            "More than luck, with doubts."
        }
        Conclusion::Distinguishable => "The edge holds up.",
        Conclusion::NotDistinguishable if fails("Sessions") => "Too little data to say.",
        Conclusion::NotDistinguishable if sharpe_fails || fails("p-value") => "Not distinguishable from luck.",
        Conclusion::NotDistinguishable => "Do not pick the winner.",
        Conclusion::Unknown => "Skill or luck is not known.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{LuckPValues, MetricError, Overfitting, Plateau};
    use crate::scenario::spec::Objective;
    use crate::sweep::{RunStatus, Verdict, measure_keys};

    fn row(position: usize, sharpe: f64) -> Row {
        let mut row = Row::unfinished(position, RunStatus::Done, "", Vec::new());
        let values = [
            ("sharpe", sharpe),
            ("sessions", 2_520.0),
            ("probabilistic_sharpe", 0.99),
            ("min_track_record_days", 400.2),
        ];
        for (key, value) in values {
            let at = measure_keys().position(|known| known == key).expect("key");
            row.measures[at] = Some(value);
        }
        row
    }

    fn results(conclusion: Conclusion, (deflated, spa, pbo): (f64, f64, f64)) -> Results {
        let plateau = Plateau { winner: 0, best: 2.0, neighbours: 3, unknown: 0, mean: 1.6, worst: 1.0 };
        let overfitting = Overfitting {
            pbo,
            mean_logit: 0.0,
            median_logit: 0.0,
            prob_oos_loss: 0.0,
            degradation: Err(MetricError::ZeroVariance),
            splits: Vec::new(),
        };
        Results {
            axes: Vec::new(),
            rows: vec![row(0, 1.2), row(1, 0.5)],
            objective: Objective::Sharpe,
            ranking: vec![0, 1],
            deflated: vec![Some(deflated), None],
            luck: Luck {
                trials: 1_234,
                independent: Ok(36.7),
                sharpe_variance: Ok(0.01),
                expected_max_sharpe: Ok(0.5),
                overfitting: Ok(overfitting),
                p_values: Ok(LuckPValues { reality_check: 0.1, spa_lower: spa, spa, spa_upper: spa }),
                plateau: Ok(plateau),
                min_backtest_years: Ok(4.8),
            },
            verdict: Verdict { conclusion, text: String::new() },
            stress: None,
        }
    }

    #[test]
    fn each_number_stands_beside_what_it_has_to_be() {
        let rows = evidence(&results(Conclusion::NotDistinguishable, (0.949_99, 0.05, 0.587)));
        let told = |at: usize| {
            (rows[at].name.as_str(), rows[at].here.as_deref().unwrap_or("?"), rows[at].wanted.as_str(), rows[at].holds)
        };
        assert_eq!(
            told(0),
            ("Deflated Sharpe, 1,234 tries", "94.9990%", "≥ 95%", Some(false)),
            "not the 95.0% it would round to"
        );
        assert_eq!(told(1), ("p-value of the best of all (SPA)", "0.050", "≤ 0.05", Some(true)));
        assert_eq!(told(2), ("Probability of overfitting (PBO)", "58.7%", "< 50%", Some(false)));
        assert_eq!(rows[3].here, Err(MetricError::TooShort { need: 2, have: 0 }.to_string()), "no run has halves");
        assert_eq!(told(4), ("Plateau: neighbours ÷ winner", "80.0%", "≥ 75%", Some(true)));
        assert_eq!(told(5), ("Sessions, one try", "2,520", "≥ 401", Some(true)));
        assert_eq!(told(6), ("Years, so many tries", "10.0", "≥ 4.8", Some(true)));
        assert_eq!(told(7), ("Independent tries, estimated", "37", "of 1,234", None));
    }

    #[test]
    fn a_single_try_is_asked_less() {
        let mut one = results(Conclusion::Distinguishable, (0.9, 0.01, 0.1));
        one.luck.trials = 1;
        let names: Vec<String> = evidence(&one).into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["Probabilistic Sharpe, 1 try", "p-value of the best of all (SPA)", "Sessions, one try"]);
    }

    #[test]
    fn the_headline_follows_the_verdict() {
        use Conclusion::{Distinguishable, NotDistinguishable, Unknown};
        let of = |conclusion, numbers| headline(&results(conclusion, numbers));
        assert_eq!(of(Distinguishable, (0.99, 0.01, 0.1)), "The edge holds up.");
        assert_eq!(of(NotDistinguishable, (0.99, 0.01, 0.6)), "Do not pick the winner.");
        assert_eq!(of(NotDistinguishable, (0.90, 0.01, 0.1)), "Not distinguishable from luck.");
        assert_eq!(of(NotDistinguishable, (0.99, 0.20, 0.6)), "Not distinguishable from luck.");
        assert_eq!(of(Unknown, (0.99, 0.01, 0.1)), "Skill or luck is not known.");
        let mut needle = results(Distinguishable, (0.99, 0.01, 0.1));
        needle.luck.plateau = Err("unknown".to_owned());
        assert_eq!(headline(&needle), "The edge holds up.", "what is unknown and decides nothing dampens nothing");
        needle.luck.min_backtest_years = Ok(20.0);
        assert_eq!(headline(&needle), "More than luck, with doubts.");
        let mut short = results(NotDistinguishable, (0.90, 0.20, 0.6));
        short.rows[0].measures[measure_keys().position(|key| key == "sessions").expect("key")] = Some(100.0);
        assert_eq!(headline(&short), "Too little data to say.");
    }
}
