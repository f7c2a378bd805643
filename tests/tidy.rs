//! The rules of the house, read off the source: floors, rooms of dependencies, banned calls, headers.
//!
//! Each rule is a function from files to complaints, run twice: over the source, where it must find
//! nothing, and over a file made to break it, where it must.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and their floors. A file imports rooms of lower floors and its own, nothing else.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("market", 1),
    ("indicator", 1),
    ("metric", 1),
    ("portfolio", 1),
    ("strategy", 2),
    ("venue", 2),
    ("risk", 3),
    ("execution", 4),
    ("engine", 5),
    ("scenario", 6),
    ("sweep", 7),
    ("report", 7),
    ("exchange", 7),
    ("live", 8),
    ("cli", 9),
];

/// Crates and the only folders that may name them.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("tokio", ASYNC_ROOMS),
    ("reqwest", ASYNC_ROOMS),
    ("axum", ASYNC_ROOMS),
    ("polars", &["market/", "sweep/", "report/"]),
    ("rayon", &["sweep/"]),
    ("plotters", &["report/"]),
    ("plotters_backend", &["report/"]),
];

/// Where something may wait for the network.
const ASYNC_ROOMS: &[&str] = &["execution/alpaca/", "exchange/", "live/", "cli/"];

/// Calls that read the machine's clock or its randomness: a run that makes one cannot be repeated.
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"];
const RANDOMNESS: &[&str] = &["thread_rng", "from_entropy", "from_os_rng", "getrandom", "RandomState"];
/// The session is driven by the real clock, and a command may time itself; below, `now` is an argument.
const CLOCK_FLOOR: u8 = 8;
/// Floors whose answer must not depend on the order in which a hash map gives its entries.
const DETERMINISTIC_FLOOR_MAX: u8 = 6;

/// Longest file, without its tests.
const LINES_MAX: usize = 500;

/// A file of the source.
struct Source {
    /// Where its crate is: `src` or `core/src`.
    root: &'static str,
    /// From there on, with `/`.
    path: String,
    /// As it stands.
    text: String,
    /// Comments and the insides of text and characters are blank; the modules of tests too.
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Source {
        Source::under("src", path, text)
    }

    fn under(root: &'static str, path: &str, text: &str) -> Source {
        let code = without_tests(&blank(text));
        Source { root, path: path.to_owned(), text: text.to_owned(), code }
    }

    fn shown(&self) -> String {
        format!("{}/{}", self.root, self.path)
    }

    /// `risk` of `risk/gate.rs`; nothing for `lib.rs` and `main.rs`.
    fn room(&self) -> Option<&str> {
        self.path.split_once('/').map(|(room, _)| room)
    }

    fn floor(&self) -> Option<u8> {
        self.room().and_then(floor)
    }

    fn complain(&self, at: usize, what: impl std::fmt::Display) -> String {
        let line = self.code[..at].matches('\n').count() + 1;
        format!("{}:{line}: {what}", self.shown())
    }

    /// Places of `word` in the code, as a whole word.
    fn words(&self, word: &str) -> Vec<usize> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let whole = |at: &usize| {
            !self.code[..*at].chars().next_back().is_some_and(is_part)
                && !self.code[at + word.len()..].chars().next().is_some_and(is_part)
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(whole).collect()
    }
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The text with comments and the insides of literals blank, every other character in its place.
fn blank(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = characters.clone();
    let mut at = 0;
    while at < characters.len() {
        let end = match skipped(&characters[at..]) {
            0 => {
                at += 1;
                continue;
            }
            length => (at + length).min(characters.len()),
        };
        for slot in &mut out[at..end] {
            if *slot != '\n' {
                *slot = ' ';
            }
        }
        at = end;
    }
    // One byte a character, so that places in it are places of lines and columns.
    out.iter().map(|character| if character.is_ascii() { *character } else { '_' }).collect()
}

/// Length of the comment or literal that begins here; 0 when none does.
fn skipped(rest: &[char]) -> usize {
    let starts = |text: &str| text.chars().enumerate().all(|(at, wanted)| rest.get(at) == Some(&wanted));
    let until = |end: &str, from: usize| {
        let end: Vec<char> = end.chars().collect();
        let found = (from..rest.len()).find(|at| rest[*at..].starts_with(&end));
        found.map_or(rest.len(), |at| at + end.len())
    };
    match rest[0] {
        '/' if starts("//") => rest.iter().position(|character| *character == '\n').unwrap_or(rest.len()),
        '/' if starts("/*") => until("*/", 2),
        'r' if starts("r\"") => until("\"", 2),
        'r' if starts("r#\"") => until("\"#", 3),
        '"' => {
            let mut at = 1;
            while at < rest.len() && rest[at] != '"' {
                at += if rest[at] == '\\' { 2 } else { 1 };
            }
            at + 1
        }
        '\'' if rest.get(1) == Some(&'\\') => until("'", 3),
        '\'' if rest.get(2) == Some(&'\'') => 3,
        _ => 0,
    }
}

/// `code` (blanked) with every `#[cfg(test)]` module of it blank.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(found) = out[from..].find("#[cfg(test)]") {
        let start = from + found;
        let body = out[start..].find(['{', ';']).map_or(out.len(), |length| start + length);
        let end = if out[body..].starts_with('{') { closing(&out, body) } else { body + 1 };
        let blanked: String =
            out[start..end.min(out.len())].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end.min(out.len()), &blanked);
        from = start;
    }
    out
}

/// The place after the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

/// The rooms that the code names through `crate::`, the name of a crate or a climb of `super::`.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate::", "alphaflow::", "alphaflow_core::", "super::super::"] {
        for at in source.code.match_indices(root).map(|(at, _)| at) {
            let rest = source.code[at + root.len()..].trim_start();
            let names = match rest.strip_prefix('{') {
                Some(_) => first_names(&rest[..closing(rest, 0)]),
                None => vec![name(rest)],
            };
            // A climb may stay inside the room; what it finds counts only when it is a room.
            let counts = |name: &String| root != "super::super::" || floor(name).is_some();
            found.extend(names.into_iter().filter(counts).map(|name| (at, name)));
        }
    }
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// `a` and `b` of `{a::{c, d}, b::e}`.
fn first_names(group: &str) -> Vec<String> {
    let (mut names, mut depth) = (Vec::new(), 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 1 && (character == '{' || character == ',') {
            names.push(name(group[at + 1..].trim_start()));
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn floors(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(own) = floor(room) else {
        return vec![source.complain(0, format!("the room `{room}` is not on the floor plan of ARCHITECTURE.md"))];
    };
    // Names that are not rooms are items of `lib.rs`: the compiler knows them.
    let higher = imports(source).into_iter().filter_map(|(at, other)| Some((at, floor(&other)?, other)));
    let wrong = higher.filter(|(_, floor, other)| other != room && *floor >= own);
    wrong
        .map(|(at, floor, other)| {
            let what = format!("`{room}` (floor {own}) imports `{other}` (floor {floor}); a floor imports lower ones");
            source.complain(at, what)
        })
        .collect()
}

fn dependencies(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (dependency, rooms) in DEPENDENCIES {
        if rooms.iter().any(|room| source.path.starts_with(room)) {
            continue;
        }
        for at in source.words(dependency) {
            complaints.push(source.complain(at, format!("`{dependency}` belongs into {} only", rooms.join(", "))));
        }
    }
    complaints
}

fn clocks(source: &Source) -> Vec<String> {
    if source.floor().is_none_or(|floor| floor >= CLOCK_FLOOR) {
        return Vec::new();
    }
    let clocks = CLOCKS.iter().map(|call| (call, "time is an argument below `live`"));
    let draws = RANDOMNESS.iter().map(|call| (call, "randomness comes from the scenario's seed"));
    let hits =
        clocks.chain(draws).flat_map(|(call, why)| source.words(call).into_iter().map(move |at| (at, call, why)));
    hits.map(|(at, call, why)| source.complain(at, format!("`{call}`: {why}"))).collect()
}

fn unwraps(source: &Source) -> Vec<String> {
    let hits = source.code.match_indices(".unwrap()");
    hits.map(|(at, _)| source.complain(at, "`.unwrap()`: say with `expect` why it holds, or return the error"))
        .collect()
}

fn hash_order(source: &Source) -> Vec<String> {
    if source.floor().is_none_or(|floor| floor > DETERMINISTIC_FLOOR_MAX) {
        return Vec::new();
    }
    let hits = ["HashMap", "HashSet"].iter().flat_map(|name| source.words(name).into_iter().map(move |at| (at, name)));
    hits.map(|(at, name)| source.complain(at, format!("`{name}` has an order of its own; use a BTreeMap or a Vec")))
        .collect()
}

fn floats_in_the_ledger(source: &Source) -> Vec<String> {
    if source.room() != Some("portfolio") {
        return Vec::new();
    }
    let hits = ["f64", "f32"].iter().flat_map(|name| source.words(name));
    hits.map(|at| source.complain(at, "a float in the ledger; use Money, Price or Quantity")).collect()
}

fn waits(source: &Source) -> Vec<String> {
    if ASYNC_ROOMS.iter().any(|room| source.path.starts_with(room)) || source.room().is_none() {
        return Vec::new();
    }
    let hits = source.words("async");
    hits.into_iter()
        .map(|at| source.complain(at, format!("`async` belongs into {} only", ASYNC_ROOMS.join(", "))))
        .collect()
}

/// The live host: whoever can spell it can trade real money. One file may, under the feature `live`.
fn live_host(source: &Source) -> Vec<String> {
    let host = ["api", "alpaca", "markets"].join(".");
    let is_home = source.path == "execution/alpaca/authorization.rs";
    let wrong =
        if is_home { "without `#[cfg(feature = \"live\")]` on the line above" } else { "outside authorization.rs" };
    let live = |(at, _): &(usize, &str)| {
        let above = source.text[..*at].lines().rev().nth(1).map(str::trim);
        let is_allowed = is_home && above == Some("#[cfg(feature = \"live\")]");
        !source.text[..*at].ends_with("paper-") && !is_allowed
    };
    let line = |at: usize| source.text[..at].matches('\n').count() + 1;
    let hits = source.text.match_indices(&host).filter(live);
    hits.map(|(at, _)| format!("{}:{}: the live host {wrong}", source.shown(), line(at))).collect()
}

fn lengths(source: &Source) -> Vec<String> {
    // A line that is blank in the code and not in the text is a comment or a test: comments count.
    let tests = without_tests(&blank(&source.text));
    let is_test = |(code, (blanked, text)): &(&str, (&str, &str))| {
        code.trim().is_empty() && !blanked.trim().is_empty() && !text.trim().is_empty()
    };
    let blanked = blank(&source.text);
    let pairs = tests.lines().zip(blanked.lines().zip(source.text.lines()));
    let lines = source.text.lines().count() - pairs.filter(is_test).count();
    if lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines without tests, allowed are {LINES_MAX}; split the file", source.shown())]
}

fn headers(source: &Source) -> Vec<String> {
    match source.text.lines().next() {
        Some(line) if line.starts_with("//! ") && line.len() > "//! ".len() => Vec::new(),
        _ => vec![format!("{}:1: the first line says what the file is for: `//! ...`", source.shown())],
    }
}

fn machine_paths(source: &Source) -> Vec<String> {
    let folders = ["work", "root", "tmp", "home"].map(|folder| format!("/{folder}/"));
    let mut complaints = Vec::new();
    for folder in folders {
        for (at, _) in source.text.match_indices(&folder) {
            let line = source.text[..at].matches('\n').count() + 1;
            complaints.push(format!("{}:{line}: `{folder}` is a path of one machine", source.shown()));
        }
    }
    complaints
}

type Rule = fn(&Source) -> Vec<String>;
/// Path and text of a made-up file.
type Example = (&'static str, &'static str);

/// Every rule, with a file that breaks it and its twin that does not.
const RULES: &[(&str, Rule, Example, Example)] = &[
    (
        "floors",
        floors,
        ("risk/a.rs", "//! A.\nuse crate::{domain::Bar, engine::{Engine, pump}};"),
        ("engine/a.rs", "//! A.\nuse crate::{domain::Bar, risk::{Gate, Limits}, engine::pump};"),
    ),
    (
        "a floor beside",
        floors,
        ("venue/a.rs", "//! A.\nfn f() -> crate::strategy::View { todo!() }"),
        ("venue/a.rs", "//! A. See crate::strategy.\nfn f(text: &str) { text == \"crate::engine::x\" }"),
    ),
    (
        "a climb",
        floors,
        ("risk/a.rs", "//! A.\nuse super::super::scenario::run;"),
        ("scenario/a.rs", "//! A.\nuse super::super::risk::Gate;"),
    ),
    ("an unknown room", floors, ("cellar/a.rs", "//! A."), ("domain/a.rs", "//! A.")),
    (
        "tests may climb",
        floors,
        ("domain/a.rs", "//! A.\nfn f() { crate::market::x() }"),
        ("domain/a.rs", "//! A.\n#[cfg(test)]\nmod tests {\n    use crate::market::x;\n    fn f() { \"}\" }\n}"),
    ),
    (
        "dependencies",
        dependencies,
        ("engine/a.rs", "//! A.\nuse polars::prelude::DataFrame;"),
        ("market/a.rs", "//! A.\nuse polars::prelude::DataFrame;"),
    ),
    (
        "the network",
        dependencies,
        ("execution/replay.rs", "//! A.\nfn f() { tokio::spawn(x) }"),
        ("execution/alpaca/http.rs", "//! A.\nfn f() { tokio::spawn(x) }"),
    ),
    (
        "clocks",
        clocks,
        ("scenario/a.rs", "//! A.\nfn f() { std::time::Instant::now(); }"),
        ("cli/a.rs", "//! A.\nfn f() { std::time::Instant::now(); }"),
    ),
    (
        "randomness",
        clocks,
        ("venue/a.rs", "//! A.\nfn f() { rand::thread_rng(); }"),
        ("venue/a.rs", "//! A.\nfn f() { seed_from_u64(1); }"),
    ),
    (
        "unwraps",
        unwraps,
        ("cli/a.rs", "//! A.\nfn f() { x.unwrap() }"),
        (
            "cli/a.rs",
            "//! A.\nfn f() { x.unwrap_or(1) /* .unwrap() */ }\n#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }",
        ),
    ),
    (
        "hash order",
        hash_order,
        ("strategy/a.rs", "//! A.\nuse std::collections::HashMap;"),
        ("strategy/a.rs", "//! A.\nuse std::collections::BTreeMap;"),
    ),
    (
        "floats in the ledger",
        floats_in_the_ledger,
        ("portfolio/a.rs", "//! A.\nfn f(x: f64) {}"),
        ("portfolio/a.rs", "//! A. No f64.\nfn f(x: Money) {}\n#[cfg(test)]\nmod tests { const X: f64 = 1.0; }"),
    ),
    ("waits", waits, ("engine/a.rs", "//! A.\nasync fn f() {}"), ("live/a.rs", "//! A.\nasync fn f() {}")),
    (
        "the live host",
        live_host,
        ("execution/alpaca/mode.rs", concat!("//! A.\nconst HOST: &str = \"https://api.al", "paca.markets\";")),
        ("execution/alpaca/mode.rs", concat!("//! A.\nconst HOST: &str = \"https://paper-api.al", "paca.markets\";")),
    ),
    (
        "the live host under its feature",
        live_host,
        (
            "execution/alpaca/authorization.rs",
            concat!("//! A.\n/// Live.\nconst HOST: &str = \"https://api.al", "paca.markets\";"),
        ),
        (
            "execution/alpaca/authorization.rs",
            concat!("//! A.\n#[cfg(feature = \"live\")]\nconst HOST: &str = \"https://api.al", "paca.markets\";"),
        ),
    ),
    ("headers", headers, ("domain/a.rs", "use std::fmt;"), ("domain/a.rs", "//! A price.\nuse std::fmt;")),
    (
        "machine paths",
        machine_paths,
        ("market/a.rs", concat!("//! A.\nconst X: &str = \"/wo", "rk/data\";")),
        ("market/a.rs", "//! A.\nconst X: &str = \"data/network/x\";"),
    ),
];

/// Every file of both crates, but those that a `#[cfg(test)] mod name;` declares.
fn sources() -> Vec<Source> {
    ["src", "core/src"].into_iter().flat_map(sources_under).collect()
}

fn sources_under(folder: &'static str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let mut tests = BTreeSet::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        for after in text.split("#[cfg(test)]").skip(1) {
            if let Some((module, _)) =
                after.trim_start().strip_prefix("mod ").and_then(|rest| rest.split_once([';', '{']))
                && after.trim_start().starts_with(&format!("mod {module};"))
            {
                tests.insert(path.with_file_name(format!("{module}.rs")));
            }
        }
    }
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    let kept = paths.iter().filter(|path| !tests.contains(*path));
    kept.map(|path| Source::under(folder, &relative(path), &fs::read_to_string(path).unwrap())).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

#[test]
fn the_source_keeps_the_rules() {
    let sources = sources();
    assert!(sources.len() > 150, "{} files; is this the source?", sources.len());
    let rules: Vec<Rule> = RULES.iter().map(|(_, rule, ..)| *rule).chain([lengths as Rule]).collect();
    let mut complaints: Vec<String> =
        sources.iter().flat_map(|source| rules.iter().flat_map(|rule| rule(source))).collect();
    complaints.sort();
    complaints.dedup();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_rule_can_fail() {
    for (name, rule, (path, broken), (twin_path, twin)) in RULES {
        assert_eq!(rule(&Source::new(path, broken)).len(), 1, "{name}: {broken}");
        assert_eq!(rule(&Source::new(twin_path, twin)), Vec::<String>::new(), "{name}: {twin}");
    }
    let long = format!("//! A.\n{}", "fn f() {}\n".repeat(LINES_MAX));
    assert_eq!(lengths(&Source::new("cli/a.rs", &long)).len(), 1);
    let tested = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn f() {}\n".repeat(LINES_MAX));
    assert_eq!(lengths(&Source::new("cli/a.rs", &tested)), Vec::<String>::new());
}

#[test]
fn a_complaint_names_the_line() {
    let source = Source::new("risk/a.rs", "//! A.\n\nfn f() { x.unwrap() }\n");
    assert!(unwraps(&source)[0].starts_with("src/risk/a.rs:3: "), "{:?}", unwraps(&source));
}

#[test]
fn literals_and_comments_are_no_code() {
    let text = "let a = 'x'; let b: &'a str = r#\"y \" z\"#; let c = \"q\\\"w\"; // v\nlet d = '\\''; /* u */ e";
    let code = blank(text);
    assert_eq!(code.len(), text.len());
    for hidden in ["x", "y", "z", "q", "w", "v", "u"] {
        assert!(!code.contains(hidden), "{hidden}: {code}");
    }
    assert!(code.contains("&'a str") && code.ends_with('e') && code.contains("let d"), "{code}");
}
