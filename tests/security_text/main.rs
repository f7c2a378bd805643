//! SECURITY.md against the repository: every test it names exists, and every item of the standard is answered once.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const TEXT: &str = include_str!("../../SECURITY.md");
/// The items of OWASP ASVS 5.0.0 that are of level 1 or 2, in the order of the standard.
const ITEMS: &str = include_str!("asvs_5_0_level_2.txt");

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// `file` and `test` of `tests/file.rs::test`.
fn as_test(word: &str) -> Option<(&str, Option<&str>)> {
    let is_path = (word.starts_with("tests/") || word.starts_with("src/")) && !word.contains(' ');
    is_path.then(|| word.split_once("::").map_or((word, None), |(file, test)| (file, Some(test))))
}

/// What is wrong with the places that a text names, below `root`.
fn faults(text: &str, root: &Path) -> Vec<String> {
    let named = quoted(text).into_iter().filter_map(as_test);
    let judge = |(file, test): (&str, Option<&str>)| {
        let path = root.join(file);
        let Some(test) = test else { return (!path.exists()).then(|| format!("{file} is not there")) };
        let source = fs::read_to_string(&path).unwrap_or_default();
        let has = source
            .match_indices("fn ")
            .any(|(at, _)| source[at + 3..].strip_prefix(test).is_some_and(|rest| rest.starts_with('(')));
        (!has).then(|| format!("{file} has no test {test}"))
    };
    named.filter_map(judge).collect()
}

/// Items as the tables name them: `V1.2.3` alone or in a list.
fn answered(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.') {
        let number = word.strip_prefix('V').map(|number| number.trim_end_matches('.'));
        if let Some(number) = number.filter(|number| number.split('.').count() == 3) {
            *found.entry(number.to_owned()).or_insert(0) += 1;
        }
    }
    found
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = quoted(TEXT).into_iter().filter_map(as_test).filter(|(_, test)| test.is_some()).count();
    assert!(named > 60, "{named} tests are named");
    assert_eq!(faults(TEXT, root), Vec::<String>::new());
}

#[test]
fn a_name_that_is_wrong_is_noticed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = faults("`tests/none.rs` `tests/tidy.rs::the_source` `tests/tidy.rs::the_source_keeps_the_rules`", root);
    assert_eq!(found, ["tests/none.rs is not there", "tests/tidy.rs has no test the_source"]);
}

#[test]
fn every_item_of_level_2_is_answered_once() {
    let found = answered(TEXT);
    let wrong: Vec<&str> = ITEMS.lines().filter(|item| found.get(*item) != Some(&1)).collect();
    assert_eq!(wrong, Vec::<&str>::new(), "not answered, or more than once");
    let unknown: Vec<&String> = found.keys().filter(|item| !ITEMS.lines().any(|known| known == *item)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "no items of level 1 or 2");
    assert_eq!(ITEMS.lines().count(), 253);
}
