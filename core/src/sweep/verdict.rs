//! The verdict on a sweep: one paragraph in plain words out of the numbers about luck.
//!
//! Not here: the numbers (metric), how a surface sets the text (report, cli).
//! Invariants: (1) "is distinguishable from luck" is said only when every test that applies is known and passed;
//! (2) an unknown number is named with its reason, never left out; (3) the same numbers give the same words.
use crate::metric::Plateau;

/// A number, or why there is none.
pub type Known = Result<f64, String>;

/// Probability that the deflated Sharpe ratio must reach: the confidence of its authors.
pub(super) const SURE: f64 = 0.95;
/// Largest p-value of the test of all tries that still speaks for skill: the other side of [`SURE`].
pub(super) const P_MAX: f64 = 0.05;
/// From this probability of overfitting on, picking the best was no better than picking by a coin.
pub(super) const COIN: f64 = 0.5;
/// Neighbours that keep this share of the best on average make a plateau: a small change of parameters costs little.
pub(super) const PLATEAU_FROM: f64 = 0.75;
/// Neighbours that keep less than this make a needle: more than half of the result hangs on the exact parameters.
const NEEDLE_UNDER: f64 = 0.5;

/// A length that is needed, against the length there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Length {
    /// What is needed.
    pub needed: Known,
    /// What there is, in the same unit.
    pub have: f64,
    /// The unit in the plural: "sessions", "observations", "years". Years are written with a decimal.
    pub unit: &'static str,
}

/// What is known of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictNumbers {
    /// Runs that were tried, each one counted, whoever proposed it.
    pub trials: usize,
    /// How many of them were independent, estimated.
    pub independent_trials: Known,
    /// What the best is best in, such as "Sharpe ratio".
    pub metric: &'static str,
    /// The best's value of it.
    pub best: Known,
    /// Confidence that the best's Sharpe ratio is above zero, as if it had been the only try.
    pub probabilistic_sharpe: Known,
    /// The same against the best that luck gives in as many tries as there were.
    pub deflated_sharpe: Known,
    /// The same against the best of the independent tries only.
    pub deflated_sharpe_independent: Known,
    /// Probability of backtest overfitting.
    pub pbo: Known,
    /// p-value of Hansen's test, consistent, over all tries.
    pub spa: Known,
    /// Record that proves the best's Sharpe ratio with 95 % confidence, as if it had been the only try.
    pub track_record: Length,
    /// Backtest in which the best of so many tries, had all been independent, shows this Sharpe ratio by luck.
    pub backtest: Length,
    /// The best among its neighbours in the parameters; `None` where the tries have no parameters to be neighbours in.
    pub plateau: Option<Result<Plateau, String>>,
}

/// What the tests come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every test that applies is known and passed.
    Distinguishable,
    /// A test failed.
    NotDistinguishable,
    /// None failed, but one that applies is unknown.
    Unknown,
}

impl Conclusion {
    /// A word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Conclusion::Distinguishable => "distinguishable",
            Conclusion::NotDistinguishable => "not_distinguishable",
            Conclusion::Unknown => "unknown",
        }
    }
}

/// The conclusion and the paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the tests come to.
    pub conclusion: Conclusion,
    /// One paragraph.
    pub text: String,
}

/// Puts `numbers` into words.
///
/// Tests: the deflated Sharpe ratio of all tries is 95 % or more; Hansen's p-value is 0.05 or less; the probability of
/// overfitting is under one half. With a single try nothing was picked: its probabilistic Sharpe ratio takes the place
/// of the deflated one, and overfitting is not asked. Plateau and lengths are told, and decide nothing.
pub fn verdict(numbers: &VerdictNumbers) -> Verdict {
    let tests = tests(numbers);
    let conclusion = conclude(&tests);
    let mut sentences = vec![opening(numbers), decision(conclusion, &tests)];
    if numbers.trials > 1 {
        sentences.push(deflation(numbers));
        sentences.push(picking(&numbers.pbo));
    }
    sentences.push(record(&numbers.track_record));
    if numbers.trials > 1 {
        sentences.push(by_luck(&numbers.backtest));
        sentences.extend(numbers.plateau.as_ref().map(surroundings));
    }
    Verdict { conclusion, text: sentences.join(" ") }
}

/// One test: what it found, in words.
enum Test {
    Passed(String),
    Failed(String),
    Unknown(String),
}

fn tests(numbers: &VerdictNumbers) -> Vec<Test> {
    let test = |name: &str, value: &Known, passes: fn(f64) -> bool, words: &dyn Fn(f64) -> String| match value {
        Ok(value) if passes(*value) => Test::Passed(words(*value)),
        Ok(value) => Test::Failed(words(*value)),
        Err(reason) => Test::Unknown(format!("{name} is unknown ({reason})")),
    };
    let sure = |name: &'static str| {
        move |value: f64| {
            let side = if value >= SURE { "not under" } else { "under" };
            format!("{name} is {}%, {side} 95%", beside(100.0 * value, 100.0 * SURE, 1))
        }
    };
    let spa = |value: f64| {
        let side = if value <= P_MAX { "not above" } else { "above" };
        format!("the p-value of the best among all tries (SPA) is {}, {side} 0.05", beside(value, P_MAX, 3))
    };
    let spa = test("the p-value of the best among all tries (SPA)", &numbers.spa, |p| p <= P_MAX, &spa);
    if numbers.trials <= 1 {
        let name = "the probabilistic Sharpe ratio";
        return vec![test(name, &numbers.probabilistic_sharpe, |value| value >= SURE, &sure(name)), spa];
    }
    let name = "the deflated Sharpe ratio";
    let coin = |value: f64| {
        let side = if value < COIN { "under" } else { "not under" };
        format!("the probability of overfitting is {}%, {side} 50%", beside(100.0 * value, 100.0 * COIN, 1))
    };
    vec![
        test(name, &numbers.deflated_sharpe, |value| value >= SURE, &sure(name)),
        spa,
        test("the probability of overfitting", &numbers.pbo, |value| value < COIN, &coin),
    ]
}

fn conclude(tests: &[Test]) -> Conclusion {
    if tests.iter().any(|test| matches!(test, Test::Failed(_))) {
        Conclusion::NotDistinguishable
    } else if tests.iter().any(|test| matches!(test, Test::Unknown(_))) {
        Conclusion::Unknown
    } else {
        Conclusion::Distinguishable
    }
}

/// "Of 500 tries (about 37 independent) the best made a Sharpe ratio of 1.31."
fn opening(numbers: &VerdictNumbers) -> String {
    let made = match &numbers.best {
        Ok(best) => format!("made a {} of {}", numbers.metric, ratio(*best)),
        Err(reason) => format!("has no {} ({reason})", numbers.metric),
    };
    if numbers.trials <= 1 {
        return format!("The only try {made}; nothing was picked.");
    }
    let independent = match &numbers.independent_trials {
        Ok(count) => format!("about {} independent", grouped(*count)),
        Err(reason) => format!("how many were independent is unknown: {reason}"),
    };
    format!("Of {} tries ({independent}) the best {made}.", grouped(numbers.trials as f64))
}

/// "It is not distinguishable from luck: …, and …."
fn decision(conclusion: Conclusion, tests: &[Test]) -> String {
    let words = |wanted: fn(&Test) -> Option<&String>| {
        let found: Vec<&str> = tests.iter().filter_map(wanted).map(String::as_str).collect();
        found.join(", and ")
    };
    match conclusion {
        Conclusion::Distinguishable => {
            let all = words(|test| if let Test::Passed(words) = test { Some(words) } else { None });
            format!("It is distinguishable from luck: {all}.")
        }
        Conclusion::NotDistinguishable => {
            let failed = words(|test| if let Test::Failed(words) = test { Some(words) } else { None });
            format!("It is not distinguishable from luck: {failed}.{}", still_unknown(tests))
        }
        Conclusion::Unknown => {
            let unknown = words(|test| if let Test::Unknown(words) = test { Some(words) } else { None });
            format!("Whether it is distinguishable from luck is unknown: {unknown}.")
        }
    }
}

/// What is unknown beside a test that failed.
fn still_unknown(tests: &[Test]) -> String {
    let unknown = |test: &Test| if let Test::Unknown(words) = test { Some(words.clone()) } else { None };
    let unknown: Vec<String> = tests.iter().filter_map(unknown).collect();
    if unknown.is_empty() { String::new() } else { format!(" Besides, {}.", unknown.join(", and ")) }
}

/// "Its Sharpe ratio is above zero with a confidence of 99.1% taken as the only try, above the best luck of …"
fn deflation(numbers: &VerdictNumbers) -> String {
    let part = |value: &Known| match value {
        Ok(value) => percent(*value),
        Err(reason) => format!("unknown ({reason})"),
    };
    format!(
        "Its Sharpe ratio is above zero with a confidence of {} taken as the only try, above the best luck of all \
         tries with {} and above that of the independent ones with {}.",
        part(&numbers.probabilistic_sharpe),
        part(&numbers.deflated_sharpe),
        part(&numbers.deflated_sharpe_independent)
    )
}

fn picking(pbo: &Known) -> String {
    match pbo {
        Ok(share) => format!(
            "In {} of the ways to halve the data, the best of one half was no better than the median in the other.",
            percent(*share)
        ),
        Err(reason) => format!("How the best of one half of the data does in the other is unknown: {reason}."),
    }
}

fn record(length: &Length) -> String {
    let have = measured(length.have, length.unit);
    match &length.needed {
        Ok(needed) if *needed <= length.have => format!(
            "Its record of {have} is long enough: {} would show a Sharpe ratio above zero with 95% confidence, had \
             it been the only try.",
            measured(*needed, length.unit)
        ),
        Ok(needed) => format!(
            "Its record of {have} is too short: {} are needed to show a Sharpe ratio above zero with 95% confidence, \
             even had it been the only try.",
            measured(*needed, length.unit)
        ),
        Err(reason) => format!("How long a record would have to be is unknown: {reason}."),
    }
}

fn by_luck(length: &Length) -> String {
    let have = measured(length.have, length.unit);
    match &length.needed {
        Ok(needed) if *needed < length.have => format!(
            "Had all tries been independent, the best of them would be expected to look like this by luck alone in {} \
             of data; there are {have}.",
            measured(*needed, length.unit)
        ),
        Ok(needed) => format!(
            "The data are too short for so many tries: had all been independent, the best of them would be expected \
             to look like this by luck alone in {}, and there are {have}.",
            measured(*needed, length.unit)
        ),
        Err(reason) => format!("How long a backtest so many tries need is unknown: {reason}."),
    }
}

/// "Its 8 neighbours in the parameters keep 82.0% of it on average and 60.0% at worst: a plateau."
fn surroundings(plateau: &Result<Plateau, String>) -> String {
    let unknown = |reason: &str| format!("How the neighbours of the best do is unknown: {reason}.");
    let plateau = match plateau {
        Ok(plateau) => plateau,
        Err(reason) => return unknown(reason),
    };
    let (mean, worst) = match (plateau.score(), plateau.worst_score()) {
        (Ok(mean), Ok(worst)) => (mean, worst),
        (Err(reason), _) | (_, Err(reason)) => return unknown(&reason.to_string()),
    };
    let kind = match mean {
        mean if mean >= PLATEAU_FROM => "a plateau",
        mean if mean >= NEEDLE_UNDER => "a slope",
        _ => "a needle, which a small change of parameters breaks",
    };
    let untold = match plateau.unknown {
        0 => String::new(),
        1 => "; one more has no value".to_owned(),
        more => format!("; {} more have no value", grouped(more as f64)),
    };
    match plateau.neighbours {
        1 => format!("Its only neighbour in the parameters keeps {} of it: {kind}{untold}.", percent(mean)),
        count => format!(
            "Its {} neighbours in the parameters keep {} of it on average and {} at worst: {kind}{untold}.",
            grouped(count as f64),
            percent(mean),
            percent(worst)
        ),
    }
}

/// A length with its unit: years with a decimal, everything else rounded up to whole ones.
fn measured(length: f64, unit: &str) -> String {
    if unit == "years" { format!("{length:.1} years") } else { format!("{} {unit}", grouped(length.ceil())) }
}

/// `value` with `decimals`, or three more where it would read as the `bar` that it is not.
pub(super) fn beside(value: f64, bar: f64, decimals: usize) -> String {
    let short = format!("{value:.decimals$}");
    let reads_as_bar = short == format!("{bar:.decimals$}") && value != bar;
    if reads_as_bar { format!("{value:.*}", decimals + 3) } else { short }
}

pub(super) fn percent(fraction: f64) -> String {
    // Adding zero turns a negative zero into the plain one.
    format!("{:.1}%", (fraction * 1000.0).round() / 10.0 + 0.0)
}

/// Two decimals; small ratios, as those per observation, keep two digits that say something.
pub(super) fn ratio(value: f64) -> String {
    if value.abs() < 0.1 && value != 0.0 { format!("{value:.4}") } else { format!("{value:.2}") }
}

/// A whole number with commas between thousands.
pub(super) fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::with_capacity(digits.len() + 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> VerdictNumbers {
        VerdictNumbers {
            trials: 1_500,
            independent_trials: Ok(36.7),
            metric: "Sharpe ratio",
            best: Ok(1.314),
            probabilistic_sharpe: Ok(0.9991),
            deflated_sharpe: Ok(0.961),
            deflated_sharpe_independent: Ok(0.982),
            pbo: Ok(0.12),
            spa: Ok(0.013),
            track_record: Length { needed: Ok(421.2), have: 2_514.0, unit: "sessions" },
            backtest: Length { needed: Ok(4.91), have: 9.98, unit: "years" },
            plateau: Some(Ok(Plateau { winner: 3, best: 2.0, neighbours: 8, unknown: 0, mean: 1.64, worst: 1.2 })),
        }
    }

    fn said(change: impl FnOnce(&mut VerdictNumbers)) -> Verdict {
        let mut numbers = good();
        change(&mut numbers);
        verdict(&numbers)
    }

    #[test]
    fn all_passed() {
        let verdict = verdict(&good());
        assert_eq!((verdict.conclusion, verdict.conclusion.code()), (Conclusion::Distinguishable, "distinguishable"));
        assert_eq!(
            verdict.text,
            "Of 1,500 tries (about 37 independent) the best made a Sharpe ratio of 1.31. It is distinguishable from \
             luck: the deflated Sharpe ratio is 96.1%, not under 95%, and the p-value of the best among all tries \
             (SPA) is 0.013, not above 0.05, and the probability of overfitting is 12.0%, under 50%. Its Sharpe ratio \
             is above zero with a confidence of 99.9% taken as the only try, above the best luck of all tries with \
             96.1% and above that of the independent ones with 98.2%. In 12.0% of the ways to halve the data, the best of one half was \
             no better than the median in the other. Its record of 2,514 sessions is long enough: 422 sessions would \
             show a Sharpe ratio above zero with 95% confidence, had it been the only try. Had all tries been \
             independent, the best of them would be expected to look like this by luck alone in 4.9 years of data; \
             there are 10.0 years. Its 8 neighbours in the parameters keep 82.0% of it on average and 60.0% at worst: a plateau."
        );
    }

    #[test]
    fn each_test_can_fail_and_is_named() {
        for (change, words) in [
            (
                (|numbers| numbers.deflated_sharpe = Ok(0.9499)) as fn(&mut VerdictNumbers),
                "the deflated Sharpe ratio is 94.9900%, under 95%.",
            ),
            (|numbers| numbers.spa = Ok(0.0501), "(SPA) is 0.050100, above 0.05."),
            (|numbers| numbers.pbo = Ok(0.5), "the probability of overfitting is 50.0%, not under 50%."),
        ] {
            let verdict = said(change);
            assert_eq!(verdict.conclusion, Conclusion::NotDistinguishable);
            let expected = "It is not distinguishable from luck: the ";
            assert!(verdict.text.contains(expected) && verdict.text.contains(words), "{}", verdict.text);
        }
        // The bars themselves pass.
        let edge = said(|numbers| (numbers.deflated_sharpe, numbers.spa) = (Ok(0.95), Ok(0.05)));
        assert_eq!(edge.conclusion, Conclusion::Distinguishable);
    }

    #[test]
    fn two_failures_stand_in_one_sentence() {
        let text = said(|numbers| (numbers.deflated_sharpe, numbers.pbo) = (Ok(0.7), Ok(0.61))).text;
        let sentence = "It is not distinguishable from luck: the deflated Sharpe ratio is 70.0%, under 95%, and the \
                        probability of overfitting is 61.0%, not under 50%. Its Sharpe";
        assert!(text.contains(sentence), "{text}");
    }

    #[test]
    fn unknown_is_neither_luck_nor_skill() {
        let reason = || Err("too few sessions".to_owned());
        let unknown = said(|numbers| numbers.spa = reason());
        assert_eq!((unknown.conclusion, unknown.conclusion.code()), (Conclusion::Unknown, "unknown"));
        let sentence = "Whether it is distinguishable from luck is unknown: the p-value of the best among all tries \
                        (SPA) is unknown (too few sessions).";
        assert!(unknown.text.contains(sentence), "{}", unknown.text);
        let failed = said(|numbers| (numbers.spa, numbers.pbo) = (reason(), Ok(0.9)));
        assert_eq!(failed.conclusion, Conclusion::NotDistinguishable);
        let sentence = "not under 50%. Besides, the p-value of the best among all tries (SPA) is unknown";
        assert!(failed.text.contains(sentence), "{}", failed.text);
    }

    #[test]
    fn every_unknown_number_says_why() {
        let because = |number: usize| Err(format!("reason {number}"));
        let text = said(|numbers| {
            (numbers.independent_trials, numbers.best) = (because(1), because(2));
            (numbers.probabilistic_sharpe, numbers.deflated_sharpe) = (because(3), because(4));
            (numbers.deflated_sharpe_independent, numbers.pbo) = (because(5), because(6));
            (numbers.spa, numbers.track_record.needed) = (because(7), because(8));
            (numbers.backtest.needed, numbers.plateau) = (because(9), Some(Err("reason 10".to_owned())));
        })
        .text;
        for number in 1..=10 {
            assert!(text.contains(&format!("reason {number}")), "{number}: {text}");
        }
        let opening = "Of 1,500 tries (how many were independent is unknown: reason 1) the best has no Sharpe ratio \
                       (reason 2). ";
        assert!(text.starts_with(opening), "{text}");
    }

    #[test]
    fn lengths_too_short_are_said_so() {
        let text = said(|numbers| {
            numbers.track_record.needed = Ok(2_514.5);
            numbers.backtest.needed = Ok(12.0);
        })
        .text;
        assert!(text.contains("Its record of 2,514 sessions is too short: 2,515 sessions are needed"), "{text}");
        let short = "The data are too short for so many tries: had all been independent, the best of them would be \
                     expected to look like this by luck alone in 12.0 years, and there are 10.0 years.";
        assert!(text.contains(short), "{text}");
    }

    #[test]
    fn one_try_is_judged_as_one() {
        let alone = |sure: f64| {
            said(|numbers| {
                (numbers.trials, numbers.probabilistic_sharpe) = (1, Ok(sure));
                (numbers.deflated_sharpe, numbers.pbo) = (Err("one".into()), Err("one".into()));
            })
        };
        let skill = alone(0.97);
        assert_eq!(skill.conclusion, Conclusion::Distinguishable);
        assert!(skill.text.starts_with("The only try made a Sharpe ratio of 1.31; nothing was picked. It is"));
        assert!(!skill.text.contains("neighbours") && !skill.text.contains("unknown"), "{}", skill.text);
        let luck = alone(0.5);
        assert_eq!(luck.conclusion, Conclusion::NotDistinguishable);
        assert!(luck.text.contains("the probabilistic Sharpe ratio is 50.0%, under 95%."), "{}", luck.text);
    }

    #[test]
    fn neighbours() {
        let with = |neighbours, unknown, mean, best| {
            let plateau = Plateau { winner: 0, best, neighbours, unknown, mean, worst: -0.5 };
            said(|numbers| numbers.plateau = Some(Ok(plateau))).text
        };
        assert!(
            with(8, 1, 1.2, 2.0)
                .ends_with("60.0% of it on average and -25.0% at worst: a slope; one more has no value.")
        );
        assert!(
            with(8, 2, 0.8, 2.0)
                .ends_with(": a needle, which a small change of parameters breaks; 2 more have no value.")
        );
        assert!(with(1, 0, 1.5, 2.0).ends_with("Its only neighbour in the parameters keeps 75.0% of it: a plateau."));
        assert!(said(|numbers| numbers.plateau = None).text.ends_with("there are 10.0 years."));
        assert!(with(8, 0, -1.0, -0.4).ends_with("is unknown: the best value is -0.4 but must be above 0."));
    }

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!((percent(-0.0001), percent(0.12345)), ("0.0%".to_owned(), "12.3%".to_owned()));
        assert_eq!((ratio(0.0712), ratio(-0.71), ratio(0.0)), ("0.0712".into(), "-0.71".into(), "0.00".into()));
        assert_eq!((grouped(999.0), grouped(1_234_567.0)), ("999".to_owned(), "1,234,567".to_owned()));
    }
}
