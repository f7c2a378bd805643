//! The same scenario, data and version: the same bytes, alone or beside others, on any thread.
use std::path::Path;
use std::thread;

use alphaflow::report::chart::{drawdown_png, equity_png, price_png, risk_png};
use alphaflow::report::gather::{Finished, gather};
use alphaflow::report::html;
use alphaflow::scenario::{
    account_rows, chart_lines, compute_metrics, efficacy, load, load_market, round_trips, run, write_folder,
    write_limits,
};
use alphaflow::strategy::BuiltIn;

/// Every file of the run folder of a scenario of this repository.
fn folder(scenario: &str, overrides: &[String]) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    let loaded = load(&path, overrides).unwrap();
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    let out = tempfile::tempdir().unwrap();
    let efficacy = efficacy(&loaded, &market, &journal, &rows);
    write_limits(out.path(), &efficacy, loaded.spec.data.timeframe).unwrap();
    write_folder(out.path(), &loaded, &market, &journal, &rows, &trips, &metrics).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    let lines = chart_lines(&BuiltIn, &loaded, &market).unwrap();
    let model = gather(Finished {
        loaded: &loaded,
        market: &market,
        journal: &journal,
        rows: &rows,
        trips: &trips,
        metrics: &metrics,
        lines: &lines,
        efficacy: &efficacy,
    });
    files.push(("report.html".to_owned(), html::render(&model).into_bytes()));
    files.push(("equity.png".to_owned(), equity_png(&model).unwrap()));
    files.push(("drawdown.png".to_owned(), drawdown_png(&model).unwrap()));
    files.push(("price.png".to_owned(), price_png(&model).unwrap()));
    files.push(("risk.png".to_owned(), risk_png(&model).unwrap()));
    files
}

fn assert_same(one: &[(String, Vec<u8>)], other: &[(String, Vec<u8>)]) {
    for ((name, bytes), (other_name, other_bytes)) in one.iter().zip(other) {
        assert_eq!(name, other_name);
        assert!(bytes == other_bytes, "{name} differs");
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn two_runs_give_the_same_bytes_and_so_do_runs_at_the_same_time() {
    const SCENARIO: &str = "ma_crossover_tech4.toml";
    let alone = folder(SCENARIO, &[]);
    assert_eq!(alone.len(), 13);
    assert_same(&alone, &folder(SCENARIO, &[]));
    // Others run beside, some of them with another stop, so that shared state would show.
    let crowd: Vec<_> = thread::scope(|scope| {
        let one = |at: usize| {
            scope.spawn(move || {
                let overrides =
                    if at.is_multiple_of(2) { Vec::new() } else { vec![format!("stop.multiple={}", at + 2)] };
                (at, folder(SCENARIO, &overrides))
            })
        };
        let handles: Vec<_> = (0..4).map(one).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    for (at, files) in crowd {
        if at.is_multiple_of(2) {
            assert_same(&alone, &files);
        } else {
            assert!(alone.iter().zip(&files).any(|(one, other)| one != other), "another stop is another run");
        }
    }
}
