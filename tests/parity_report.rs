//! The parity report of real runs: the folder and the record in memory are one, and the page is self-contained, safe,
//! whole without a script and the same each time.
//!
//! Set `ALPHAFLOW_REPORT_OUT` to a folder to get the pages for looking at them in a browser.
use std::fs;
use std::path::{Path, PathBuf};

use alphaflow::domain::{Money, Price, Quantity};
use alphaflow::report::parity::{Context, Finding, FindingKind, ParityReport, Side, json, page};
use alphaflow::report::terminal::{Colours, Screen, parity_summary};
use alphaflow::scenario::{
    account_rows, compute_metrics, efficacy, load, load_market, round_trips, run, write_folder, write_limits,
};

/// Text that a stranger may have put into a scenario, a script or an answer.
const HOSTILE: &str = "</script><script>alert(1)</script><b>\"'&";

/// A scenario, run and written: what is in memory and what is on disk.
struct Ran {
    side: Side,
    context: Context,
    folder: tempfile::TempDir,
}

fn ran(scenario: &str, overrides: &[&str]) -> Ran {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let loaded = load(&file, &overrides).expect("scenario");
    let market = load_market(&loaded).expect("market");
    let journal = run(&loaded, &market).expect("run");
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    let folder = tempfile::tempdir().expect("folder");
    write_folder(folder.path(), &loaded, &market, &journal, &rows, &trips, &metrics).expect("files");
    let efficacy = efficacy(&loaded, &market, &journal, &rows);
    write_limits(folder.path(), &efficacy, loaded.spec.data.timeframe).expect("limits");
    let side = Side::of_run(&loaded, &market, &journal, &rows).expect("rows");
    Ran { side, context: Context::of(&loaded, &market, "rehearsal", "the built-in exchange"), folder }
}

fn save(name: &str, page: &str) {
    if let Ok(folder) = std::env::var("ALPHAFLOW_REPORT_OUT") {
        fs::write(format!("{folder}/parity-{name}.html"), page).expect("the folder for looking");
    }
}

/// The part of the page a reader sees without scripts.
fn visible(page: &str) -> &str {
    let from = page.find("<body>").expect("a body");
    &page[from..page.find("<script type=\"application/json\"").expect("data")]
}

/// The data of the page, read back.
fn data(page: &str) -> serde_json::Value {
    let from = page.find("id=\"data\">").expect("data") + "id=\"data\">".len();
    let to = from + page[from..].find("</script>").expect("end of data");
    serde_json::from_str(&page[from..to]).expect("JSON")
}

/// A folder like `ran`'s in which one text of a file is another.
fn changed(ran: &Ran, changes: &[(&str, &str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let copy = tempfile::tempdir().expect("folder");
    for entry in fs::read_dir(ran.folder.path()).expect("folder") {
        let path = entry.expect("entry").path();
        fs::copy(&path, copy.path().join(path.file_name().expect("name"))).expect("copy");
    }
    for (file, from, to) in changes {
        let path = copy.path().join(file);
        let text = fs::read_to_string(&path).expect("file");
        assert!(text.contains(from), "{from} in {file}");
        fs::write(&path, text.replacen(from, to, 1)).expect("file");
    }
    let path = copy.path().to_owned();
    (copy, path)
}

/// What `rehearse --against` rests on: a folder holds the rows of the record that wrote it, to the byte, halts too.
#[test]
fn a_folder_and_the_record_that_wrote_it_are_identical() {
    for (scenario, overrides) in [
        ("ma_crossover_tech4.toml", &["data.start=2009-01-02"][..]),
        ("limits_2008.toml", &[]),
        ("intraday_minutes.toml", &[]),
        ("order_script_aapl.toml", &[]),
        ("margin_long_short_tech4.toml", &["data.start=2011-01-03"]),
    ] {
        let ran = ran(scenario, overrides);
        let folder = Side::of_folder(ran.folder.path()).expect("a whole folder");
        let report = ParityReport::of(&ran.side, &folder, &ran.context);
        assert!(report.identical, "{scenario}: {:?}", report.first());
        assert!(report.counts.iter().any(|counts| counts.subject.name() == "halts"), "{scenario} names its halts");
        assert!(report.counts.iter().all(|counts| counts.replay == counts.same), "{scenario}");
        let whole: serde_json::Value = serde_json::from_str(&json(&report)).expect("JSON");
        assert_eq!((&whole["identical"], &whole["first_difference"]), (&true.into(), &serde_json::Value::Null));
        let hash = alphaflow::market::sha256_of_file(&ran.folder.path().join("fills.csv")).expect("hash");
        assert_eq!(whole["files"][1]["other"], hash, "{scenario}: the hash is that of the file on disk");
    }
}

#[test]
fn a_folder_that_is_not_whole_is_refused_with_file_and_line() {
    let ran = ran("ma_crossover_tech4.toml", &["data.start=2012-01-03"]);
    let error = |folder: &Path| Side::of_folder(folder).expect_err("refused").to_string();
    let (_copy, missing) = changed(&ran, &[]);
    fs::remove_file(missing.join("fills.csv")).expect("removed");
    assert!(error(&missing).contains("fills.csv: there is no such file"), "{}", error(&missing));
    let (_copy, damaged) = changed(&ran, &[("fills.csv", ",buy,", ",buy,x")]);
    let text = error(&damaged);
    assert!(text.contains("fills.csv:2: qty is `x") && text.contains("no number of shares"), "{text}");
    let (_copy, other) = changed(&ran, &[("orders.csv", "id,status", "number,status")]);
    assert!(error(&other).contains("orders.csv:1: the columns are number,status"), "{}", error(&other));
    let (_copy, halts) = changed(&ran, &[("limits.json", "\"halts\"", "\"stops\"")]);
    assert!(error(&halts).contains("limits.json: no list under `halts`"), "{}", error(&halts));
}

#[test]
fn the_page_of_the_same_is_whole_without_scripts_and_asks_nobody() {
    let ran = ran("ma_crossover_tech4.toml", &["data.start=2005-01-03"]);
    let report = ParityReport::of(&ran.side, &ran.side, &ran.context);
    let page = page(&report);
    save("same", &page);
    let body = visible(&page);
    assert!(body.contains("<h2>Rehearsal and replay are the same, order by order.</h2>"));
    assert!(!body.contains("id=\"differences\"") && !body.contains("▲"));
    for section in ["verdict", "sums", "files", "equity", "orders", "fills", "refusals", "account", "session"] {
        assert!(body.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    for reference in ["http://", "https://", " src=", "@import", "<link", "<iframe", "url(http"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.contains("default-src 'none'"));
    let curve = &data(&page)["curve"];
    assert!(curve["n"].as_u64().is_some_and(|points| points > 1_000), "{}", curve["n"]);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert_eq!(page, alphaflow::report::parity::page(&ParityReport::of(&ran.side, &ran.side, &ran.context)));
    assert!(!body.contains("NaN") && !body.contains("undefined") && !body.contains("−0.00"));
}

/// A rehearsal in which a fill was dearer, a stop was not taken and the money went on from there.
fn apart(ran: &Ran) -> (tempfile::TempDir, Side) {
    let fills = fs::read_to_string(ran.folder.path().join("fills.csv")).expect("fills");
    let third = fills.lines().nth(3).expect("a third fill").to_owned();
    let mut cells: Vec<String> = third.split(',').map(str::to_owned).collect();
    // 3 bps dearer, and the cash is less by that from there on.
    let price: f64 = cells[5].parse().expect("price");
    let exact = |cell: &str| cell.parse::<Price>().expect("price");
    let (cheaper, shares) = (exact(&cells[5]), cells[4].parse::<Quantity>().expect("shares"));
    cells[5] = format!("{:.4}", price * 1.0003);
    let lost = exact(&cells[5]).notional(shares) - cheaper.notional(shares);
    let last = fills.lines().last().expect("a last fill").to_owned();
    let orders = fs::read_to_string(ran.folder.path().join("orders.csv")).expect("orders");
    let held = last.split(',').next().expect("order");
    let order = orders.lines().find(|line| line.starts_with(&format!("{held},"))).expect("its order");
    let mut ended: Vec<&str> = order.split(',').collect();
    (ended[1], ended[2], ended[7]) = ("canceled", "by user <b>", "0");
    let ended = ended.join(",");
    let (copy, path) = changed(
        ran,
        &[
            ("fills.csv", &third, &cells.join(",")),
            ("fills.csv", &format!("{last}\n"), ""),
            ("orders.csv", order, &ended),
        ],
    );
    let account = fs::read_to_string(path.join("equity.csv")).expect("equity");
    let since = &cells[1];
    let moved = account.lines().map(|line| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if cells[0].as_str() < since.as_str() || cells[0] == "timestamp" {
            return line.to_owned();
        }
        for cell in &mut cells[1..3] {
            *cell = (cell.parse::<Money>().expect("money") - lost).to_string();
        }
        cells.join(",")
    });
    fs::write(path.join("equity.csv"), moved.collect::<Vec<_>>().join("\n") + "\n").expect("equity");
    let side = Side::of_folder(&path).expect("side");
    (copy, side)
}

fn noticed(ran: &Ran) -> Context {
    let finding = |time: &str, kind, order: Option<&str>, text: &str| Finding {
        time: time.parse().expect("time"),
        kind,
        order: order.map(str::to_owned),
        symbol: Some("IBM".to_owned()),
        text: text.to_owned(),
    };
    Context {
        calls: Some(1_204),
        events: Some(2_310),
        bars_compared: Some(8_216),
        scenario: format!("ma_crossover_{HOSTILE}"),
        findings: vec![
            finding("2005-02-18", FindingKind::Reconnect, None, "trade updates came back after one message"),
            finding("2006-05-02", FindingKind::StopChangeRefused, Some("12"), &format!("PATCH answered 422 {HOSTILE}")),
        ],
        ..ran.context.clone()
    }
}

#[test]
fn the_page_of_a_difference_says_from_when_in_what_and_why() {
    let ran = ran("ma_crossover_tech4.toml", &["data.start=2005-01-03"]);
    let (_copy, other) = apart(&ran);
    let context = noticed(&ran);
    let report = ParityReport::of(&ran.side, &other, &context);
    let page = page(&report);
    save("apart", &page);
    let body = visible(&page);
    assert!(body.contains("<h2>They differ from "), "{}", &body[..2_000]);
    assert!(!page.contains("<b>\"'&") && !body.contains("<script>alert"), "text of strangers is text");
    assert!(body.contains("Different: 2<span") && body.contains("only replay"));
    assert!(body.contains("bps") && body.contains("Venue price"));
    let rules: Vec<&str> = report.differences.iter().map(|difference| difference.cause.rule.name()).collect();
    assert_eq!(rules, ["venue_price", "fills_differ", "ended_unfilled"]);
    let whole: serde_json::Value = serde_json::from_str(&json(&report)).expect("JSON");
    assert_eq!((&whole["identical"], &whole["differences_total"]), (&false.into(), &3.into()));
    assert_eq!(whole["first_difference"], whole["differences"][0]);
    assert_eq!(whole["first_difference"]["fields"][0]["name"], "price");
    assert_eq!(whole["totals"]["equity"]["difference"], "-7.440768");
    let keys: Vec<&String> = whole.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        [
            "identical",
            "headline",
            "explanation",
            "session",
            "checks",
            "renumbered_from",
            "files",
            "totals",
            "first_difference",
            "differences_total",
            "differences",
            "findings"
        ]
    );
    assert_eq!(json(&report), json(&report));
}

/// A session at other costs goes its own way: sizes, stops and numbers drift, and each difference is still told by order.
#[test]
fn a_session_at_other_costs_is_told_order_by_order() {
    let replay = ran("ma_crossover_tech4.toml", &["data.start=2005-01-03"]);
    let other = ran("ma_crossover_tech4.toml", &["data.start=2005-01-03", "execution.slippage.value=25"]);
    let context = Context {
        other: "paper session".to_owned(),
        venue: "Alpaca paper".to_owned(),
        bars_compared: Some(8_216),
        ..replay.context.clone()
    };
    let report = ParityReport::of(&replay.side, &other.side, &context);
    let first = report.first().expect("a difference");
    assert_eq!((first.subject.name(), first.cause.rule.name()), ("fills", "venue_price"));
    assert!(first.cause.text.starts_with("The paper session filled 24.0 bps worse."), "{}", first.cause.text);
    let share = report.price_cost.share().expect("traded");
    assert!((0.0010..0.0025).contains(&share), "24 bps, less where stops follow their entries: {share}");
    // Hundreds of orders drift apart; those of one decision still stand side by side.
    let orders = report.counts.iter().find(|counts| counts.subject.name() == "orders").expect("orders");
    assert!(orders.only_replay * 4 < orders.replay && orders.only_other * 4 < orders.other, "{orders:?}");
    let page = page(&report);
    save("drifting", &page);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(!visible(&page).contains("NaN") && !visible(&page).contains("−0.00"));
}

/// Nothing wraps by itself on a terminal, whatever differs.
#[test]
fn no_line_of_the_summary_is_wider_than_the_screen() {
    let ran = ran("ma_crossover_tech4.toml", &["data.start=2005-01-03"]);
    let (_copy, other) = apart(&ran);
    let context = noticed(&ran);
    for report in [ParityReport::of(&ran.side, &other, &context), ParityReport::of(&other, &other, &context)] {
        for columns in [80, 100, 120] {
            let screen = Screen { columns: Some(columns), colours: Colours::None, unicode: true };
            let text = parity_summary(&report, &[("report", "reports/x/parity.html".to_owned())], &screen);
            let widest = text.lines().max_by_key(|line| line.chars().count()).expect("lines");
            assert!(widest.chars().count() <= columns, "{columns}: {widest}");
        }
    }
}

/// Minutes of a week, and a session that ended early: the page of a long session stays small.
#[test]
fn a_session_that_ended_early_says_so() {
    let ran = ran("intraday_minutes.toml", &[]);
    let account = fs::read_to_string(ran.folder.path().join("equity.csv")).expect("equity");
    let kept: Vec<&str> = account.lines().take(account.lines().count() - 30).collect();
    let (_copy, path) = changed(&ran, &[]);
    fs::write(path.join("equity.csv"), kept.join("\n") + "\n").expect("equity");
    let other = Side::of_folder(&path).expect("side");
    let context =
        Context { other: "paper session".to_owned(), venue: "Alpaca paper".to_owned(), ..ran.context.clone() };
    let report = ParityReport::of(&ran.side, &other, &context);
    let first = report.first().expect("a difference");
    assert_eq!((first.rows, first.cause.rule.name(), report.differences_total), (30, "no_bar", 1));
    assert!(
        first.cause.text.starts_with("The last bar of the paper session is that of 2024-01-30 20:29 UTC; "),
        "{}",
        first.cause.text
    );
    let page = page(&report);
    save("early", &page);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}
