//! `alphaflow data fetch` against a server of the test's own: pages, refusals, cut lines, a kill in the middle.
mod cli_binary;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alphaflow::domain::{Bar, Timeframe, Timestamp};
use alphaflow::market::{load_bars, sha256_of_file};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cli_binary::{alphaflow, done, fails, small};
use serde_json::{Value, json};

/// Longer than anything here takes; a test that hangs ends with it.
const PATIENCE: Duration = Duration::from_secs(60);
/// After every bar of these tests.
const NOW: &str = "2030-01-01T00:00:00-05:00";

/// What the server does instead of answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Too many calls.
    TooMany,
    /// Its own failure.
    Internal,
    /// An answer that is cut off.
    Cut,
    /// No answer, ever.
    Hang,
    /// Elsewhere.
    Redirect,
    /// A page that is none.
    Nonsense,
    /// The same page token again and again.
    Circle,
    /// The plan of the account does not allow it.
    Plan,
}

/// Bars of shares, stamped as Alpaca stamps them, and what goes wrong.
#[derive(Default)]
struct Venue {
    bars: BTreeMap<String, Vec<(Timestamp, Bar)>>,
    /// Bars of a page; 0 is as many as asked for.
    page: usize,
    now: String,
    /// By the number of the request for bars, from 1.
    faults: HashMap<usize, Fault>,
    requests: Vec<HashMap<String, String>>,
    heard: Option<Sender<usize>>,
}

type Shared = Arc<Mutex<Venue>>;

struct Server {
    venue: Shared,
    address: String,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn new(bars: Vec<(&str, Vec<(Timestamp, Bar)>)>, page: usize) -> Server {
        let bars = bars.into_iter().map(|(symbol, bars)| (symbol.to_owned(), bars)).collect();
        let venue = Arc::new(Mutex::new(Venue { bars, page, now: NOW.to_owned(), ..Venue::default() }));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("address").to_string();
        let app = Router::new().route("/v2/clock", get(clock)).route("/v2/stocks/bars", get(answer));
        let app = app.with_state(venue.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Server { venue, address, _runtime: runtime }
    }

    fn venue(&self) -> std::sync::MutexGuard<'_, Venue> {
        self.venue.lock().expect("lock")
    }

    fn fault(&self, request: usize, fault: Fault) {
        self.venue().faults.insert(request, fault);
    }

    /// Forgets requests and faults.
    fn clear(&self) {
        let mut venue = self.venue();
        venue.requests.clear();
        venue.faults.clear();
    }

    /// The months that were asked for, in order, once a request.
    fn months(&self) -> Vec<String> {
        self.venue().requests.iter().map(|query| query["start"][..7].to_owned()).collect()
    }

    /// Numbers of requests, as they come.
    fn listen(&self) -> Receiver<usize> {
        let (heard, numbers) = channel();
        self.venue().heard = Some(heard);
        numbers
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["data", "fetch", "--rehearsal", &self.address][..], more].concat()
    }
}

async fn clock(State(venue): State<Shared>) -> Response {
    json!({ "timestamp": venue.lock().expect("lock").now }).to_string().into_response()
}

async fn answer(State(venue): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let query: HashMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), plain(value))).collect();
    let (fault, page) = {
        let mut venue = venue.lock().expect("lock");
        venue.requests.push(query.clone());
        let number = venue.requests.len();
        if let Some(heard) = &venue.heard {
            // The test may have stopped listening.
            let _ = heard.send(number);
        }
        let fault = venue.faults.get(&number).copied();
        (fault, if fault == Some(Fault::Circle) { Value::Null } else { page(&venue, &query) })
    };
    let key = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()) == Some("rehearsal");
    if !key("apca-api-key-id") || !key("apca-api-secret-key") {
        return (StatusCode::UNAUTHORIZED, r#"{"message":"unauthorized."}"#).into_response();
    }
    match fault {
        None => page.to_string().into_response(),
        Some(Fault::TooMany) => {
            let words = r#"{"message":"too many requests."}"#;
            (StatusCode::TOO_MANY_REQUESTS, [("Retry-After", "0")], words).into_response()
        }
        Some(Fault::Internal) => (StatusCode::INTERNAL_SERVER_ERROR, "<html>").into_response(),
        Some(Fault::Cut) => {
            let text = page.to_string();
            let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
            let parts = [Ok(half), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures_util::stream::iter(parts)).into_response()
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Redirect) => (StatusCode::FOUND, [("Location", "https://example.com/")]).into_response(),
        Some(Fault::Nonsense) => "{}".into_response(),
        Some(Fault::Circle) => json!({"bars": {}, "next_page_token": "again"}).to_string().into_response(),
        Some(Fault::Plan) => {
            let words = r#"{"message":"subscription does not permit querying recent SIP data"}"#;
            (StatusCode::FORBIDDEN, words).into_response()
        }
    }
}

/// Text without its percent-encoding.
fn plain(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push(char::from(u8::from_str_radix(&part[..2], 16).expect("two digits")));
        out.push_str(&part[2..]);
    }
    out
}

/// A page of what was asked for. Its token has letters that a query must not hold as they are.
fn page(venue: &Venue, query: &HashMap<String, String>) -> Value {
    let time = |key: &str| query[key].parse::<Timestamp>().expect("a time");
    let (start, end, symbol) = (time("start"), time("end"), &query["symbols"]);
    let from = query.get("page_token").map_or(0, |token| match token.strip_prefix("+/=&") {
        Some(number) => number.parse::<usize>().expect("a number"),
        None => panic!("{token} is no token of this server"),
    });
    let limit =
        query["limit"].parse::<usize>().expect("a limit").min(if venue.page == 0 { usize::MAX } else { venue.page });
    let Some(bars) = venue.bars.get(symbol) else { return json!({"bars": {}, "next_page_token": null}) };
    let all: Vec<&(Timestamp, Bar)> = bars.iter().filter(|(stamp, _)| (start..=end).contains(stamp)).collect();
    let number = |text: String| text.parse::<serde_json::Number>().expect("a number");
    let shown: Vec<Value> = all
        .iter()
        .skip(from)
        .take(limit)
        .map(|(stamp, bar)| {
            json!({
                "t": stamp.to_string(), "o": number(bar.open.to_string()), "h": number(bar.high.to_string()),
                "l": number(bar.low.to_string()), "c": number(bar.close.to_string()),
                "v": number(bar.volume.to_string()), "n": 3, "vw": 1.5,
            })
        })
        .collect();
    let next = from + shown.len();
    let token = (next < all.len()).then(|| format!("+/=&{next}"));
    json!({ "bars": { symbol.as_str(): shown }, "next_page_token": token })
}

/// Minutes of the sessions from 2024-01-29 to 2024-02-02, made up.
fn minutes(folder: &Path) -> Vec<(Timestamp, Bar)> {
    let made =
        ["data", "synthesize", "--timeframe", "1m", "--start", "2024-01-29", "--sessions", "5", "--out", "made.csv"];
    done(folder, &made);
    let bars = load_bars(&folder.join("made.csv"), Timeframe::Minute1).expect("bars");
    bars.into_iter().map(|bar| (bar.time, bar)).collect()
}

fn bars_of(stamped: &[(Timestamp, Bar)]) -> Vec<Bar> {
    stamped.iter().map(|(_, bar)| *bar).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("folder")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const SPAN: [&str; 6] = ["--timeframe", "1m", "--start", "2024-01-29", "--end", "2024-02-02"];

#[test]
fn pages_and_months_join_to_exactly_the_bars() {
    let folder = folder();
    let made = minutes(folder.path());
    let server = Server::new(vec![("AAPL", made.clone()), ("BRK.B", made[3..900].to_vec())], 97);
    let arguments = server.arguments(&[&["--symbols", "AAPL,BRK.B", "--out", "."], &SPAN[..]].concat());
    let text = done(folder.path(), &arguments);
    let first = "./AAPL_1m.parquet   AAPL: 1,950 rows, 1-minute, 2024-01-29T14:30:00Z to 2024-02-02T20:59:00Z\n";
    assert!(text.starts_with(first), "{text}");
    let load = |name: &str| load_bars(&folder.path().join(name), Timeframe::Minute1).expect(name);
    assert_eq!(load("AAPL_1m.parquet"), bars_of(&made));
    assert_eq!(load("BRK.B_1m.parquet"), bars_of(&made[3..900]));
    let provenance = ["AAPL_1m", "BRK.B_1m"].map(|name| format!("{name}.provenance.json"));
    let files = ["AAPL_1m.parquet", &provenance[0], "BRK.B_1m.parquet", &provenance[1], "made.csv"];
    let mut files = files.map(str::to_owned);
    files.sort();
    assert_eq!(names(folder.path()), files, "nothing else is left");
    let query = server.venue().requests[0].clone();
    for (key, value) in [
        ("symbols", "AAPL"),
        ("timeframe", "1Min"),
        ("feed", "iex"),
        ("adjustment", "raw"),
        ("sort", "asc"),
        ("limit", "10000"),
    ] {
        assert_eq!(query[key], value, "{key}");
    }
    assert_eq!(
        (query["start"].as_str(), query["end"].as_str()),
        ("2024-01-29T05:00:00Z", "2024-01-31T23:59:59.999999999Z")
    );
    let text = fs::read_to_string(folder.path().join(&provenance[0])).expect("provenance");
    let recorded: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(recorded["sha256"], sha256_of_file(&folder.path().join("AAPL_1m.parquet")).expect("hash").as_str());
    assert_eq!((recorded["rows"].as_u64(), recorded["file"].as_str()), (Some(1_950), Some("AAPL_1m.parquet")));
    assert_eq!(recorded["program"], concat!("alphaflow ", env!("CARGO_PKG_VERSION")));
    assert_eq!(
        recorded["request"],
        json!({
            "source": format!("http://{}", server.address), "symbol": "AAPL", "timeframe": "1m", "feed": "iex",
            "adjustment": "raw", "restated_on": null, "start": "2024-01-29T05:00:00Z", "end": "2024-02-03T04:59:59.999999999Z",
        })
    );
    let refused = fails(folder.path(), 2, &arguments);
    assert_eq!(refused, "error ./AAPL_1m.parquet: is there already; choose another name, or --overwrite\n");
}

#[test]
fn refusals_and_cut_lines_cost_no_bar() {
    let folder = folder();
    let made = minutes(folder.path());
    let server = Server::new(vec![("AAPL", made.clone())], 500);
    for (number, fault) in [(1, Fault::TooMany), (3, Fault::Cut), (5, Fault::Internal), (6, Fault::Cut)] {
        server.fault(number, fault);
    }
    let out = ["--symbols", "AAPL", "--out", "a.parquet", "--format", "json", "--feed", "sip", "--adjustment", "all"];
    let text = done(folder.path(), &server.arguments(&[&out[..], &SPAN[..]].concat()));
    let said: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(said["files"][0]["rows"], 1_950);
    assert_eq!(said["files"][0]["first"], "2024-01-29T14:30:00Z");
    assert_eq!(load_bars(&folder.path().join("a.parquet"), Timeframe::Minute1).expect("bars"), bars_of(&made));
    // Three pages of January, two of February, four of them asked for again.
    assert_eq!(server.venue().requests.len(), 9);
    assert_eq!(server.venue().requests[8]["feed"], "sip");
}

#[test]
fn a_fetch_that_was_killed_goes_on_and_gives_the_same_bytes() {
    let folder = folder();
    let made = minutes(folder.path());
    let server = Server::new(vec![("AAPL", made)], 500);
    let whole = server.arguments(&[&["--symbols", "AAPL", "--out", "whole.parquet"], &SPAN[..]].concat());
    done(folder.path(), &whole);
    server.clear();
    let numbers = server.listen();
    server.fault(4, Fault::Hang);
    let arguments = server.arguments(&[&["--symbols", "AAPL", "--out", "killed.parquet"], &SPAN[..]].concat());
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .args(&arguments)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    while numbers.recv_timeout(PATIENCE).expect("a request") < 4 {}
    child.kill().expect("killed");
    child.wait().expect("it ends");
    assert!(!folder.path().join("killed.parquet").exists(), "half a file is no file");
    let parts = folder.path().join(".killed.parts");
    assert_eq!(names(&parts), ["2024-01-29.json", "2024-01-29.parquet"]);
    server.clear();
    let text = done(folder.path(), &arguments);
    assert!(text.ends_with("; 1 month of an earlier fetch\n"), "{text}");
    assert_eq!(server.months(), ["2024-02", "2024-02"], "January is not asked for again");
    let bytes = |name: &str| fs::read(folder.path().join(name)).expect(name);
    assert_eq!(bytes("killed.parquet"), bytes("whole.parquet"));
    assert!(!parts.exists());
    // What is damaged does not count, nor what is left of another request, nor what was restated on another day.
    let split = [&arguments[..], &["--overwrite", "--adjustment", "split"]].concat();
    let raw = [&arguments[..], &["--overwrite"]].concat();
    for (first, then, damage) in [(&raw, &raw, "torn"), (&raw, &split, "none"), (&split, &split, "next day")] {
        server.clear();
        server.fault(4, Fault::Nonsense);
        fails(folder.path(), 1, first);
        match damage {
            "torn" => fs::write(parts.join("2024-01-29.parquet"), damage).expect("write"),
            "next day" => server.venue().now = "2030-01-02T00:00:00-05:00".to_owned(),
            _ => {}
        }
        server.clear();
        done(folder.path(), then);
        assert_eq!(server.months(), ["2024-01", "2024-01", "2024-01", "2024-02", "2024-02"], "{damage}");
        assert_eq!(bytes("killed.parquet"), bytes("whole.parquet"));
    }
}

#[test]
fn daily_bars_become_dates_and_are_the_data_of_a_scenario() {
    let folder = small();
    let made = load_bars(&folder.path().join("data/TEST.csv"), Timeframe::Day1).expect("bars");
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("zone");
    let stamped = made.iter().map(|bar| {
        let midnight = bar.time.utc_date().to_zoned_datetime(zone.clone()).expect("a date").timestamp();
        (Timestamp::from_seconds(midnight.as_second()).expect("a time"), *bar)
    });
    let server = Server::new(vec![("TEST", stamped.collect())], 0);
    let span = ["--timeframe", "1d", "--start", "2020-01-02", "--end", "2029-01-01"];
    let out = ["--symbols", "TEST", "--out", "data/{symbol}.parquet"];
    let text = done(folder.path(), &server.arguments(&[&out[..], &span[..]].concat()));
    assert!(text.starts_with("data/TEST.parquet   TEST: 300 rows, daily, 2020-01-02 to "), "{text}");
    assert_eq!(load_bars(&folder.path().join("data/TEST.parquet"), Timeframe::Day1).expect("bars"), made);
    let fingerprint = |out: &str| {
        done(folder.path(), &["backtest", "scenarios/small.toml", "--out", out]);
        let run: Value =
            serde_json::from_slice(&fs::read(folder.path().join(out).join("run.json")).expect("run")).expect("JSON");
        run["fingerprint"].as_str().expect("a fingerprint").to_owned()
    };
    let of_csv = fingerprint("csv");
    let scenario = folder.path().join("scenarios/small.toml");
    let text = fs::read_to_string(&scenario).expect("scenario");
    fs::write(&scenario, text.replace("{symbol}.csv", "{symbol}.parquet")).expect("write");
    assert_eq!(fingerprint("parquet"), of_csv);
}

#[test]
fn a_bar_that_has_not_ended_is_left_out() {
    let folder = folder();
    let made = minutes(folder.path());
    let server = Server::new(vec![("AAPL", made.clone())], 0);
    server.venue().now = "2024-01-31T09:35:30-05:00".to_owned();
    let out = ["--symbols", "AAPL", "--out", "a.parquet"];
    done(folder.path(), &server.arguments(&[&out[..], &SPAN[..]].concat()));
    let last = load_bars(&folder.path().join("a.parquet"), Timeframe::Minute1).expect("bars").pop().expect("a bar");
    assert_eq!(last.time.to_string(), "2024-01-31T14:34:00Z");
    server.venue().now = "2024-01-29T00:00:30-05:00".to_owned();
    let later = ["--symbols", "AAPL", "--out", "b.parquet"];
    let refused = fails(folder.path(), 2, &server.arguments(&[&later[..], &SPAN[..]].concat()));
    assert!(refused.starts_with("error AAPL: no bar between 2024-01-29T05:00:00Z and"), "{refused}");
}

#[test]
fn what_cannot_be_used_is_refused_and_leaves_no_file() {
    let folder = folder();
    let mut made = minutes(folder.path());
    let server = Server::new(vec![("AAPL", made.clone())], 0);
    let out = ["--symbols", "AAPL", "--out", "a.parquet"];
    let arguments = server.arguments(&[&out[..], &SPAN[..]].concat());
    for (fault, code, words) in [
        (Fault::Redirect, 1, "it redirects (302), which is not followed"),
        (Fault::Nonsense, 1, "it has no map of bars"),
        (Fault::Plan, 2, "use --feed iex, or an --end at least 15 minutes ago"),
    ] {
        server.clear();
        server.fault(1, fault);
        let refused = fails(folder.path(), code, &arguments);
        assert!(refused.contains(words), "{refused}");
    }
    server.clear();
    server.fault(1, Fault::Circle);
    server.fault(2, Fault::Circle);
    assert!(fails(folder.path(), 1, &arguments).contains("the page token again comes a second time"));
    made.swap(3, 4);
    let disordered = Server::new(vec![("AAPL", made.clone())], 0);
    let arguments = disordered.arguments(&[&out[..], &SPAN[..]].concat());
    assert!(fails(folder.path(), 1, &arguments).contains("a bar of 2024-01-29T14:33:00Z comes after one of"));
    made.swap(3, 4);
    made.insert(5, made[4]);
    let doubled = Server::new(vec![("AAPL", made.clone())], 0);
    let text = done(folder.path(), &doubled.arguments(&[&out[..], &SPAN[..]].concat()));
    assert!(text.contains("AAPL: 1,950 rows"), "the same bar twice is one: {text}");
    made[5].1.volume = "1".parse().expect("volume");
    let contradicting = Server::new(vec![("AAPL", made)], 0);
    let other = ["--symbols", "AAPL", "--out", "b.parquet"];
    let refused = fails(folder.path(), 1, &contradicting.arguments(&[&other[..], &SPAN[..]].concat()));
    assert!(refused.contains("two different bars are stamped 2024-01-29T14:34:00Z"), "{refused}");
    assert_eq!(names(folder.path()), ["a.parquet", "a.provenance.json", "made.csv"]);
}

#[test]
fn wrong_words_are_refused_before_anything_is_asked() {
    let folder = folder();
    let server = Server::new(Vec::new(), 0);
    let with = |more: &[&str], code: i32| fails(folder.path(), code, &server.arguments(&[more, &SPAN[..]].concat()));
    assert!(with(&["--symbols", "aapl", "--out", "."], 2).contains("`aapl` is not a symbol"));
    assert!(with(&["--symbols", "A,A", "--out", "."], 2).contains("A is there twice"));
    assert!(with(&["--symbols", "A,B", "--out", "x.parquet"], 2).contains("put {symbol} into its name"));
    assert!(with(&["--symbols", "BTC/USD", "--out", "."], 2).contains("only shares"));
    assert!(with(&["--symbols", "A", "--out", "none"], 2).contains("mkdir -p none"));
    assert!(with(&["--symbols", "A", "--out", "x.csv"], 2).contains("fetched as Parquet"));
    assert!(server.venue().requests.is_empty());
    assert!(with(&["--symbols", "A", "--out", "."], 2).contains("has no bars from 2024-01-29T05:00:00Z"));
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let backwards =
        ["--symbols", "A", "--out", ".", "--timeframe", "1d", "--start", "2024-01-02", "--end", "2024-01-01"];
    assert!(fails(folder.path(), 2, &server.arguments(&backwards)).contains("lies before --start"));
    let elsewhere = ["data", "fetch", "--symbols", "A", "--out", ".", "--rehearsal", "192.0.2.1:80"];
    assert!(fails(folder.path(), 2, &[&elsewhere[..], &SPAN[..]].concat()).contains("no loopback address"));
}

#[test]
fn keys_are_asked_for_by_name_and_never_shown() {
    let folder = folder();
    let arguments = [&["data", "fetch", "--symbols", "A", "--out", "."], &SPAN[..]].concat();
    let missing = fails(folder.path(), 2, &arguments);
    assert_eq!(missing, "error ALPACA_API_KEY is not set; put `ALPACA_API_KEY=…` into .env\n");
    let id = "PKABCDEFGHIJKLMNOPQR";
    // In any command, whether it would be understood or not.
    for arguments in [vec!["data", "fetch", "--api-key", id], vec!["status", "--state", id], vec!["data", "check", id]]
    {
        let refused = fails(folder.path(), 2, &arguments);
        assert!(refused.contains(" of the command line holds a secret") && !refused.contains(id), "{refused}");
    }
    let env = folder.path().join(".env");
    fs::write(&env, format!("ALPACA_API_KEY={id}\nALPACA_SECRET_KEY=hidden\n")).expect("write");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&env, fs::Permissions::from_mode(0o644)).expect("permissions");
        let refused = fails(folder.path(), 2, &arguments);
        assert!(refused.contains("chmod 600 .env") && !refused.contains("hidden"), "{refused}");
    }
    // The exchange has keys of its own; others are refused by it, and Alpaca's never get there.
    let server = Server::new(Vec::new(), 0);
    let call = |id: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args(server.arguments(&[&["--symbols", "A", "--out", "."], &SPAN[..]].concat()))
            .current_dir(folder.path())
            .env("ALPHAFLOW_EXCHANGE_KEY", id)
            .output()
            .expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = call("another");
    assert!(code == Some(2) && text.contains("refuses the keys (401 unauthorized.)"), "{text}");
    let asked = server.venue().requests.len();
    let (code, text) = call(id);
    assert!(code == Some(2) && text.contains("keys of a paper account") && !text.contains(id), "{text}");
    assert_eq!(server.venue().requests.len(), asked);
    assert_eq!(alphaflow(folder.path(), &["data", "fetch", "--help"]).code, Some(0));
}
