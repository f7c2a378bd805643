//! The page "What our fills mean": every picture and every fill on it comes out of the engine.
//!
//! A rule that changes changes the page, or this test fails. `UPDATE_GOLDEN=1` writes page and pictures.
#![allow(clippy::unwrap_used)]
#[path = "../micro/mod.rs"]
mod micro;

mod account;
mod cases;
mod draw;
mod overview;
mod readings;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cases::{Case, SECTIONS};
use draw::{Level, Mark, picture};
use micro::{Micro, Outcome, row, run_micro};

/// The days of the bars.
const DAYS: [&str; 7] =
    ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"];

const HEAD: &str = "# What our fills mean\n\n\
A backtest is only as honest as its fills. Here is every rule by which a bar fills an order, in a sentence, with a picture \
of the bar and what other engines do. The pictures and the fills under them come out of the engine: `tests/fills_page` draws \
them again on every change and fails when they differ.\n\n\
How to read a picture: a bar is a line from its low to its high, a tick to the left at the open, to the right at the close. \
Dashed lines are orders. ▲ is a buy, ▼ a sell. Orders are decided at the close of a bar and act from the next bar on.\n\n\
The other engines, as of autumn 2026, with their defaults: backtesting.py 0.6.6, backtrader 1.9.78, vectorbt 1, \
NautilusTrader 1.231, LEAN, zipline-reloaded, freqtrade. Under a rule, an engine that is not named does as ours does, has no such order, or was not looked at; zipline goes \
by closes only.\n";

fn numbers(bar: &str) -> [f64; 5] {
    let mut fields: Vec<f64> = bar.split_whitespace().map(|field| field.parse().unwrap()).collect();
    fields.resize(5, 1_000_000.0);
    fields.try_into().unwrap()
}

fn times(case: &Case) -> Vec<String> {
    let minute = |at: usize| format!("2024-01-02T14:{:02}:00Z", 30 + at);
    let day = |at: usize| DAYS[at].to_owned();
    (0..case.bars.len()).map(|at| if case.minutes { minute(at) } else { day(at) }).collect()
}

fn play(case: &Case, times: &[String]) -> Outcome {
    let line = |(time, bar): (&String, &&str)| {
        let [open, high, low, close, volume] = numbers(bar);
        format!("{time},{open},{high},{low},{close},{volume}")
    };
    let bars = times.iter().zip(case.bars).map(line).collect::<Vec<_>>().join("\n");
    let script = case.script.iter().map(|text| row(times, "", text)).collect::<Vec<_>>().join("\n");
    let set = case.set.iter().map(ToString::to_string).collect();
    let timeframe = if case.minutes { "1m" } else { "1d" };
    let bars = [("TST", bars)];
    run_micro(&Micro { bars: &bars, script, actions: case.actions, timeframe, set, ..Micro::default() }).unwrap()
}

/// The dashed lines: every price that a row of the script names, until its order is done.
fn levels(case: &Case, marks: &[Mark]) -> Vec<Level> {
    const NAMES: [(&str, &str); 4] =
        [("limit_price", "limit"), ("stop_price", "stop"), ("take_profit", "target"), ("stop_loss", "stop")];
    let mut levels: Vec<Level> = case
        .lines
        .iter()
        .map(|(name, price, from, until)| Level { name, price: *price, from: *from, until: *until, moves: true })
        .collect();
    if !levels.is_empty() {
        return levels;
    }
    for text in case.script {
        let from: usize = text.split_whitespace().next().unwrap().parse().unwrap();
        for word in text.split_whitespace().filter_map(|word| word.split_once('=')) {
            let Some((_, name)) = NAMES.into_iter().find(|(key, _)| *key == word.0) else { continue };
            let until = marks.iter().map(|mark| mark.at).max().unwrap_or(case.bars.len() - 1).max(from + 1);
            levels.push(Level {
                name,
                price: word.1.parse().unwrap(),
                from,
                until: until.min(case.bars.len() - 1),
                moves: false,
            });
        }
    }
    levels
}

fn marks(outcome: &Outcome, times: &[String]) -> Vec<Mark> {
    let mark = |fill: &String| {
        let words: Vec<&str> = fill.split_whitespace().collect();
        let at = times.iter().position(|time| time == words[1]).unwrap();
        let fee = words.get(7).map_or(String::new(), |fee| format!(", fee {fee}"));
        let text = format!("{} {} at {}{fee}", words[2], words[3], words[5]);
        Mark { at, buys: words[2] == "buy", price: words[5].parse().unwrap(), text }
    };
    outcome.fills.iter().map(mark).collect()
}

/// Page and pictures, by path under `docs`.
fn page() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut text = HEAD.to_owned() + &overview::table();
    for section in SECTIONS {
        writeln!(text, "\n## {}\n\n{}", section.title, section.text).unwrap();
        for case in section.cases {
            let times = times(case);
            let outcome = play(case, &times);
            let marks = marks(&outcome, &times);
            let named: Vec<String> = marks.iter().map(|mark| format!("bar {}: {}", mark.at + 1, mark.text)).collect();
            let fills = if named.is_empty() { "no fill".to_owned() } else { named.join("; ") };
            let settings = case.set.iter().map(|set| format!(" `{}`", set.replace('|', "\\|"))).collect::<String>();
            let with = if settings.is_empty() { String::new() } else { format!(" With{settings}.") };
            let name = format!("fills/{}.svg", case.id);
            writeln!(text, "\n### {}\n\n{}{with}\n\n![{fills}]({name})\n\n{fills}.", case.title, case.rule).unwrap();
            if !case.others.is_empty() {
                writeln!(text, "\n*Elsewhere:* {}", case.others).unwrap();
            }
            let bars: Vec<[f64; 5]> = case.bars.iter().map(|bar| numbers(bar)).collect();
            files.push((name, picture(case.title, &bars, &levels(case, &marks), &marks)));
        }
    }
    files.push(("what-our-fills-mean.md".to_owned(), text));
    files
}

#[test]
fn the_page_shows_what_the_engine_does() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, text) in page() {
        let path = docs.join(&name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "docs/{name} is not what the engine does; UPDATE_GOLDEN=1 writes it again");
    }
    let shown = page().len();
    let kept = fs::read_dir(docs.join("fills")).unwrap().count();
    assert_eq!(kept + 1, shown, "docs/fills holds a picture that the page does not show");
}
