//! A sweep as the binary leaves it: the page, the picture, the summary, and the command that repeats a run.
mod cli_binary;

use std::fs;
use std::path::Path;

use cli_binary::{copy_of_repository, done};
use serde_json::Value;

/// Four runs of the example on real prices.
fn four(folder: &Path) -> Vec<&'static str> {
    let path = folder.join("scenarios/sweep_ma_tech4.toml");
    let text = fs::read_to_string(&path).expect("scenario");
    let small: String = text
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("\"strategy.params.fast_period\"", _)) => "\"strategy.params.fast_period\" = [10, 15]\n".to_owned(),
            Some(("\"strategy.params.slow_period\"", _)) => "\"strategy.params.slow_period\" = [40]\n".to_owned(),
            Some(("\"stop.multiple\"", _)) => "\"stop.multiple\" = [\"2\", \"3\"]\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(&path, small).expect("write");
    vec!["sweep", "scenarios/sweep_ma_tech4.toml"]
}

fn data_of(page: &str) -> Value {
    let start = page.find("id=\"data\">").expect("data") + 10;
    let end = start + page[start..].find("</script>").expect("end");
    serde_json::from_str(&page[start..end]).expect("JSON")
}

#[test]
fn the_command_of_the_best_run_makes_it_again() {
    let folder = copy_of_repository();
    let text = done(folder.path(), &four(folder.path()));
    assert!(
        text.starts_with("sweep_ma_tech4, 4 runs   AAPL, GOOG, IBM, MSFT, daily, 3 Jan 2005 to 1 Mar 2013\n\n"),
        "{text}"
    );
    let headline = text.lines().nth(2).expect("verdict");
    assert!(text.contains("\nreport          reports/sweep_ma_tech4/sweep.html\n"), "{text}");
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");

    let out = folder.path().join("reports/sweep_ma_tech4");
    assert!(fs::read(out.join("heatmap.png")).expect("picture").starts_with(b"\x89PNG"));
    let page = fs::read_to_string(out.join("sweep.html")).expect("page");
    let data = data_of(&page);
    assert!(headline.starts_with(data["headline"].as_str().expect("headline")), "{headline}");
    let verdict: Value =
        serde_json::from_str(&fs::read_to_string(out.join("verdict.json")).expect("verdict")).expect("JSON");

    let mut sets: Vec<String> =
        data["without"].as_array().expect("list").iter().filter_map(|set| set.as_str().map(str::to_owned)).collect();
    assert_eq!(sets, ["sweep={}"]);
    for (key, value) in verdict["best"]["values"].as_object().expect("values") {
        sets.push(format!("{key}={}", value.as_str().expect("text")));
    }
    let mut arguments = vec!["backtest", data["file"].as_str().expect("file"), "--no-report", "--format", "json"];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set.as_str()]));
    let metrics: Value = serde_json::from_str(&done(folder.path(), &arguments)).expect("JSON");
    assert_eq!(metrics["sharpe"], verdict["best_value"], "the same run");
}

/// Threads change nothing on the page.
#[test]
fn the_page_of_a_sweep_is_the_same_each_time() {
    let folder = copy_of_repository();
    let mut call = four(folder.path());
    done(folder.path(), &call);
    let read = || fs::read(folder.path().join("reports/sweep_ma_tech4/sweep.html")).expect("page");
    let first = read();
    call.extend(["--fresh", "--threads", "1"]);
    done(folder.path(), &call);
    assert!(first == read(), "another number of threads, the same page");
}
