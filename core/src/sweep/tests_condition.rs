//! What conditions mean, what they refuse, and that no text breaks them.
use proptest::prelude::*;

use super::plan::Plan;
use super::testing::scenario;

const AXES: &str = r#"[sweep]
"strategy.params.fast_period" = [5, 10, 20]
"strategy.params.slow_period" = [10, 20, 40]
"stop.multiple" = ["0.1", "0.3", "1.5"]
"risk.on_daily_loss" = ["halt", "flatten"]
"stop.trail" = [true, false]
"data.end" = ["2010-12-31", "2015-12-31"]
"#;

fn plan(conditions: &[&str]) -> Result<Plan, String> {
    let texts: Vec<String> = conditions.iter().map(|text| format!("'''{text}'''")).collect();
    let loaded = scenario(&format!("{AXES}where = [{}]\n", texts.join(", ")));
    Plan::new(&loaded).map_err(|errors| errors.to_string())
}

/// How many of the 216 combinations a condition leaves.
fn left(condition: &str) -> usize {
    plan(&[condition]).unwrap_or_else(|errors| panic!("{condition}: {errors}")).len()
}

fn error(condition: &str) -> String {
    plan(&[condition]).expect_err(condition)
}

#[test]
fn comparisons_arithmetic_and_words() {
    let (fast, slow) = ("strategy.params.fast_period", "strategy.params.slow_period");
    for (condition, share) in [
        (format!("{fast} < {slow}"), 216 * 6 / 9),
        (format!("{fast} <= {slow}"), 216 * 8 / 9),
        (format!("{fast} == {slow}"), 216 * 2 / 9),
        (format!("{fast} != {slow}"), 216 * 7 / 9),
        (format!("not {fast} < {slow}"), 216 * 3 / 9),
        (format!("{fast} * 2 > {slow} - 1 and {slow} >= 20"), 216 * 3 / 9),
        (format!("{fast} × 2 ≥ {slow} ÷ 1 and not ({slow} < 20 or {slow} > 20)"), 216 * 2 / 9),
        ("stop.multiple * 3 == 0.3".to_owned(), 72),
        ("stop.multiple - 0.1 == 0.2".to_owned(), 72),
        ("stop.multiple / 3 == 0.1".to_owned(), 72),
        ("-stop.multiple < -(1 + 1e-1)".to_owned(), 72),
        ("risk.on_daily_loss == 'halt'".to_owned(), 108),
        ("risk.on_daily_loss != \"halt\"".to_owned(), 108),
        ("stop.trail".to_owned(), 108),
        ("stop.trail == false".to_owned(), 108),
        ("not stop.trail == (stop.multiple > 1)".to_owned(), 108),
        ("data.end > '2012-01-01'".to_owned(), 108),
        ("'2012-01-01' >= data.end".to_owned(), 108),
        ("stop.trail or stop.multiple > 1 and risk.on_daily_loss == 'halt'".to_owned(), 108 + 18),
        ("stop.multiple != 0.1 and 1 / (stop.multiple - 0.1) > 1".to_owned(), 72),
    ] {
        assert_eq!(left(&condition), share, "{condition}");
    }
}

#[test]
fn keys_that_are_not_swept_have_the_value_of_the_scenario() {
    assert_eq!(left("account.leverage == 1 and stop.period == 14 and data.start < data.end"), 216);
    assert_eq!(left("strategy.params.fast_period < stop.period"), 144);
    assert!(error("stop.period > 20").contains("sweep.where leaves none of 216 combinations"));
}

#[test]
fn all_conditions_must_hold() {
    let both = plan(&["stop.trail", "stop.multiple < 1"]).expect("plan");
    assert_eq!(both.len(), 72);
}

#[test]
fn errors_point_into_the_condition() {
    assert_eq!(
        error("strategy.params.fast < 5"),
        "error swept.toml:39: sweep.where: unknown key strategy.params.fast\n   \
            39 | where = ['''strategy.params.fast < 5''']\n      \
               |             ^^^^^^^^^^^^^^^^^^^^\n      \
         nearest known key: strategy.params.fast_period\n      \
         a parameter is known here when it is swept or written in the scenario"
    );
    for (condition, expected) in [
        ("risk.on_daily_loss < 'halt'", "text has no order"),
        ("risk.on_daily_loss == 1", "text cannot be compared with a number"),
        ("stop.trail > true", "true or false has no order"),
        ("stop.multiple", "the condition is a number, not a comparison"),
        ("stop.multiple and stop.trail", "a part of `and` is a number, not a comparison"),
        ("stop.trail + 1 > 2", "true or false takes no +"),
        ("1 < stop.multiple < 2", "comparisons do not chain"),
        ("stop.multiple <", "the condition ends where a key or a number is due"),
        ("", "the condition ends where a key or a number is due"),
        ("(stop.multiple < 1", "the condition ends where `)` is due"),
        ("stop.multiple < 1 stop.trail", "and, or, or the end is due, found stop.trail"),
        ("stop.multiple = 1", "`=` has no meaning in a condition"),
        ("stop.trail && stop.trail", "`&` has no meaning in a condition"),
        ("risk.on_daily_loss == 'halt", "a text does not end"),
        ("data.end > 'soon'", "this is no date"),
        ("data.end > 5", "a date cannot be compared with a number"),
        ("data.benchmark == 'SPY'", "data.benchmark has no value to compare"),
        ("stop.multiple < 1.", "1. cannot be read as a number"),
        (
            "stop.multiple / (stop.multiple - 0.3) > 1",
            "division by 0, at fast_period = 5, slow_period = 10, multiple = 0.3",
        ),
        ("stop.multiple * 1e37 * 100 > 1", "a number is too large for exact arithmetic"),
    ] {
        assert!(error(condition).contains(expected), "{condition}: {}", error(condition));
    }
    assert!(error("stop.multipel > 1").contains("nearest known key: stop.multiple"));
}

/// Where the text is escaped in the file, its bytes are elsewhere; the whole of it is marked.
#[test]
fn an_escaped_condition_is_marked_whole() {
    let loaded = scenario(&format!("{AXES}where = [\"stop.trail\", \"risk.on_daily_loss > \\\"halt\\\"\"]\n"));
    let text = Plan::new(&loaded).expect_err("no order").to_string();
    let marked = "where = [\"stop.trail\", \"risk.on_daily_loss > \\\"halt\\\"\"]\n      |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n";
    assert!(text.contains(marked), "{text}");
}

#[test]
fn hostile_lengths_and_depths_are_refused() {
    assert!(error(&"(".repeat(990)).contains("nests deeper than 32"));
    assert!(error(&"not ".repeat(200)).contains("nests deeper than 32"));
    assert!(error(&format!("{}1 > 0", "-".repeat(500))).contains("nests deeper than 32"));
    assert!(error(&" ".repeat(1_001)).contains("a condition has 1001 bytes, allowed is 1000"));
    assert_eq!(left(&format!("0{} == 0", "+0".repeat(490))), 216);
    let many: Vec<&str> = vec!["stop.trail"; 101];
    assert!(plan(&many).expect_err("too many").contains("has 101 conditions, allowed is 100"));
}

proptest! {
    /// Any text is a condition or an error with a place, never a panic.
    #[test]
    fn arbitrary_conditions_never_panic(text in any::<String>()) {
        let quoted = toml_text(&text);
        let loaded = scenario(&format!("[sweep]\n\"stop.trail\" = [true, false]\nwhere = [{quoted}]\n"));
        if let Err(errors) = Plan::new(&loaded) {
            prop_assert!(errors.to_string().starts_with("error "));
        }
    }

    /// So is any sequence of the language's own words, where most of the parser is reached.
    #[test]
    fn words_in_any_order_never_panic(words in proptest::collection::vec(word(), 0..24)) {
        let text = words.join(" ");
        let loaded = scenario(&format!("{AXES}where = [{}]\n", toml_text(&text)));
        if let Err(errors) = Plan::new(&loaded) {
            prop_assert!(errors.to_string().starts_with("error "), "{text}");
        }
    }

    /// A condition leaves the points where its tree holds, however it is nested.
    #[test]
    fn a_condition_means_its_tree(tree in tests()) {
        let periods = [(5, 10), (5, 20), (5, 40), (10, 10), (10, 20), (10, 40), (20, 10), (20, 20), (20, 40)];
        let holding: Vec<_> = periods.into_iter().filter(|(fast, slow)| value(&tree, *fast, *slow) == 1).collect();
        let text = written(&tree);
        match plan(&[&text]) {
            Err(errors) => prop_assert!(holding.is_empty() && errors.contains("leaves none of 216"), "{text}: {errors}"),
            Ok(plan) => {
                let number = |(_, text): (&str, &str)| text.parse::<i128>().unwrap_or_default();
                let mut left: Vec<_> = (0..plan.len())
                    .map(|at| { let values: Vec<_> = plan.values(at).map(number).collect(); (values[0], values[1]) })
                    .collect();
                left.dedup();
                prop_assert_eq!(left, holding, "{}", text);
            }
        }
    }

    /// A condition on numbers is the comparison of these numbers.
    #[test]
    fn a_comparison_is_exact(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, decimals in 0usize..9) {
        let text = |number: i64| format!("({number}e-{decimals})");
        let condition = format!("{} < {} + stop.multiple * 0", text(a), text(b));
        prop_assert_eq!(plan(&[&condition]).is_ok(), a < b);
    }
}

/// A condition as a tree, to be written with no more parentheses than it needs.
#[derive(Debug, Clone)]
enum Tree {
    Key(&'static str),
    Number(u8),
    Pair(Box<Tree>, &'static str, Box<Tree>),
    Not(Box<Tree>),
}

fn numbers() -> impl Strategy<Value = Tree> {
    let keys = proptest::sample::select(&["fast_period", "slow_period"][..]).prop_map(Tree::Key);
    let leaf = prop_oneof![keys, any::<u8>().prop_map(Tree::Number)];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let sign = proptest::sample::select(&["+", "-", "*"][..]);
        (inner.clone(), sign, inner).prop_map(|(left, sign, right)| Tree::Pair(left.into(), sign, right.into()))
    })
}

fn tests() -> impl Strategy<Value = Tree> {
    let sign = proptest::sample::select(&["<", "<=", ">", ">=", "==", "!="][..]);
    let leaf = (numbers(), sign, numbers());
    let leaf = leaf.prop_map(|(left, sign, right)| Tree::Pair(left.into(), sign, right.into()));
    leaf.prop_recursive(3, 8, 2, |inner| {
        let word = proptest::sample::select(&["and", "or"][..]);
        let pair = (inner.clone(), word, inner.clone());
        prop_oneof![
            pair.prop_map(|(left, word, right)| Tree::Pair(left.into(), word, right.into())),
            inner.prop_map(|inner| Tree::Not(inner.into())),
        ]
    })
}

fn rank(tree: &Tree) -> u8 {
    match tree {
        Tree::Key(_) | Tree::Number(_) => 6,
        Tree::Pair(_, "*", _) => 5,
        Tree::Pair(_, "+" | "-", _) => 4,
        Tree::Pair(_, "and", _) => 1,
        Tree::Pair(_, "or", _) => 0,
        Tree::Pair(..) => 3,
        Tree::Not(_) => 2,
    }
}

fn written(tree: &Tree) -> String {
    let at_least = |inner: &Tree, least: u8| {
        if rank(inner) >= least { written(inner) } else { format!("({})", written(inner)) }
    };
    match tree {
        Tree::Key(name) => format!("strategy.params.{name}"),
        Tree::Number(number) => number.to_string(),
        Tree::Pair(left, sign, right) => {
            format!("{} {sign} {}", at_least(left, rank(tree)), at_least(right, rank(tree) + 1))
        }
        Tree::Not(inner) => format!("not {}", at_least(inner, 2)),
    }
}

/// A number, or 1 and 0 for true and false.
fn value(tree: &Tree, fast: i128, slow: i128) -> i128 {
    match tree {
        Tree::Key("fast_period") => fast,
        Tree::Key(_) => slow,
        Tree::Number(number) => i128::from(*number),
        Tree::Not(inner) => 1 - value(inner, fast, slow),
        Tree::Pair(left, sign, right) => {
            let (left, right) = (value(left, fast, slow), value(right, fast, slow));
            match *sign {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                "<" => i128::from(left < right),
                "<=" => i128::from(left <= right),
                ">" => i128::from(left > right),
                ">=" => i128::from(left >= right),
                "==" => i128::from(left == right),
                "!=" => i128::from(left != right),
                "and" => left.min(right),
                _ => left.max(right),
            }
        }
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "stop.multiple",
        "stop.trail",
        "risk.on_daily_loss",
        "data.end",
        "account.cash",
        "and",
        "or",
        "not",
        "true",
        "(",
        ")",
        "<",
        "<=",
        "==",
        "!=",
        "+",
        "-",
        "*",
        "/",
        "0",
        "1.5",
        "1e30",
        "'halt'",
        "'2012-01-01'",
        "stop.x",
    ])
}

fn toml_text(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        character if character.is_control() => format!("\\u{:04X}", u32::from(character)),
        character => character.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
