//! The journal from outside: a killed writer loses nothing it was told is on the disk, somebody else's tool verifies the
//! chain, and the command line says what was traded and what does not hold.
mod cli_binary;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use alphaflow::domain::Timestamp;
use alphaflow::live::journal::{Durability, Journal, JournalReader, Row, RowKind};
use cli_binary::{done, fails};
use serde_json::{Value, json};

/// Names the journal to the child of [`a_killed_writer_loses_nothing_that_was_acknowledged`].
const CHILD: &str = "ALPHAFLOW_TEST_JOURNAL";

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

/// What the writer that is killed puts into row `number`.
fn numbered(number: u64) -> Row {
    let time = Timestamp::from_ns(number as i64);
    let text = "x".repeat((number % 700) as usize);
    Row { time, wall: time, strategy: None, kind: RowKind::Desk, body: json!({ "number": number, "text": text }) }
}

/// Appends until it is killed; prints the number of the last row after every flush.
#[test]
#[ignore = "the child of another test"]
fn child_appends() {
    let path = PathBuf::from(std::env::var_os(CHILD).expect("a journal"));
    let mut journal = Journal::open(&path).expect("journal");
    for turn in 0u64.. {
        let from = journal.head().0 + 1;
        let rows: Vec<Row> = (from..from + 1 + turn % 5).map(numbered).collect();
        let durability = if turn % 3 == 0 { Durability::Buffered } else { Durability::Flushed };
        let numbers = journal.append(&rows, durability).expect("append");
        if durability == Durability::Flushed {
            println!("on the disk: {}", numbers.end - 1);
        }
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.db");
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let mut acknowledged = 0;
    for turn in 0..60 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["child_appends", "--exact", "--ignored", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let number = |line: &str| line.rsplit_once("on the disk: ").and_then(|(_, number)| number.parse::<u64>().ok());
        let first = lines.by_ref().map_while(Result::ok).find_map(|line| number(&line));
        acknowledged = first.expect("it appends");
        let reader = thread::spawn(move || lines.map_while(Result::ok).filter_map(|line| number(&line)).last());
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_micros(chance >> 51));
        child.kill().expect("killed");
        child.wait().expect("ended");
        acknowledged = reader.join().expect("read").unwrap_or(acknowledged);

        let journal = JournalReader::open(&path).expect("journal");
        let audit = journal.audit(None).expect("audit");
        assert!(audit.holds(), "turn {turn}: {:?}", audit.findings);
        assert!(audit.rows >= acknowledged, "turn {turn}: {} rows, {acknowledged} acknowledged", audit.rows);
        let (mut rows, every_row) = (0, audit.rows);
        let check = |number: u64, row: Row| {
            rows += 1;
            assert_eq!(row, numbered(number), "turn {turn}");
            Ok(())
        };
        journal.read(1, check).expect("rows");
        assert_eq!(rows, every_row);
    }
    assert!(acknowledged > 300, "{acknowledged} rows: was it killed before it did anything?");
}

/// The definition of the chain in another language, from `src/live/journal/chain.rs` alone.
const PYTHON: &str = r#"
import hashlib, sqlite3, struct, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
db.text_factory = bytes
chain, schema, made, id = db.execute("SELECT chain, schema, made, id FROM identity").fetchone()
text = f"alphaflow journal\nchain {chain}\nschema {schema}\nmade {made}\nid {id.decode()}\n"
previous = hashlib.sha256(text.encode()).digest()
count = 0
for row, time, wall, strategy, kind, body, digest in db.execute(
        "SELECT row, time, wall, strategy, kind, body, hash FROM journal ORDER BY row"):
    count += 1
    assert row == count, row
    data = previous + struct.pack(">Qqq", row, time, wall)
    data += b"\0" if strategy is None else b"\1" + struct.pack(">I", len(strategy)) + strategy
    for part in (kind, body):
        data += struct.pack(">I", len(part)) + part
    previous = hashlib.sha256(data).digest()
    assert previous == digest, row
print(f"{count}:{previous.hex()}")
"#;

#[test]
fn python_verifies_the_chain() {
    let folder = tempfile::tempdir().expect("folder");
    let path = traded(folder.path());
    let ran = Command::new("python3").args(["-c", PYTHON]).arg(&path).output().expect("python3 runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let audit = JournalReader::open(&path).expect("journal").audit(None).expect("audit");
    assert!(audit.rows > 20 && audit.holds());
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), audit.head.to_string());
}

/// A scenario as a session keeps it.
fn scenario(symbols: &str) -> String {
    format!(
        r#"[scenario]
name = "x"
[data]
timeframe = "1m"
path = "{{symbol}}.csv"
symbols = {symbols}
[account]
cash = "100000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "100"
[execution]
commission = {{ kind = "bps", value = "1" }}
[risk]
max_daily_loss = "0.02"
max_position_size = "0.9"
max_portfolio_heat = "0.9"
max_correlated_exposure = "0.9"
max_drawdown = "0.5"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "90000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#
    )
}

/// Writes what a session writes.
struct Writer {
    journal: Journal,
    strategy: &'static str,
    time: Timestamp,
}

impl Writer {
    fn put(&mut self, kind: RowKind, body: Value) {
        let strategy = Some(self.strategy.to_owned());
        let row = Row { time: self.time, wall: self.time, strategy, kind, body };
        self.journal.append(&[row], Durability::Buffered).expect("append");
        self.time = self.time.plus_ns(Timestamp::NS_PER_SECOND);
    }

    fn begin(&mut self, symbols: &str) {
        let body = json!({
            "session": "began", "number": 1, "mode": "paper", "version": "0.1.0", "venue_cash": "100000",
            "scenario": scenario(symbols), "started_at": self.time,
        });
        self.put(RowKind::Session, body);
    }

    /// An order of the desk; `stop`: how far from its fill a stop protects it.
    fn ask(&mut self, order: u64, symbol: u16, side: &str, quantity: &str, purpose: &str, stop: Option<i64>) {
        let legs = json!({
            "stop": stop.map(|distance| json!({ "from_fill": { "distance_units": distance * 1_000_000_000 } })),
            "trailing": false, "stop_limit": null, "take_profit": null, "activation": "EntryBar", "time_in_force": "gtc",
        });
        let request = json!({
            "symbol": symbol, "side": side, "size": { "Shares": quantity }, "kind": "market", "time_in_force": "day",
            "class": if stop.is_some() { "oto" } else { "simple" }, "purpose": purpose, "legs": legs, "extended_hours": false,
        });
        let asked = json!({
            "request": request, "quantity": quantity, "reference": "100", "reduces": purpose != "entry", "time": self.time,
        });
        self.put(RowKind::Desk, json!({ "entry": "asked", "order": order, "asked": asked }));
        self.put(RowKind::Desk, json!({ "entry": "taken", "order": order }));
        self.answers(1);
    }

    fn fill(&mut self, order: u64, quantity: &str, price: &str, is_last: bool, answers: usize) {
        let body = json!({
            "entry": "filled", "order": order, "venue_id": format!("v{order}"), "execution_id": format!("x{order}{price}"),
            "price": price, "reference": price, "quantity": quantity, "time": self.time, "moment": "open",
            "is_last": is_last,
        });
        self.put(RowKind::Desk, body);
        self.answers(answers);
    }

    fn answers(&mut self, count: usize) {
        let now = self.time;
        self.put(RowKind::Input, json!({ "input": "answers", "count": count, "now": now }));
    }

    fn event(&mut self, kind: &str, text: &str) {
        self.put(RowKind::Event, self.told(kind, text));
    }

    fn refusal(&mut self, text: &str, refused: Value) {
        let mut body = self.told("refusal", text);
        body["refused"] = refused;
        self.put(RowKind::Event, body);
    }

    fn told(&self, kind: &str, text: &str) -> Value {
        json!({
            "row": 0, "time": self.time, "kind": kind, "severity": "info", "strategy": self.strategy, "symbol": "AAPL",
            "text": text,
        })
    }
}

/// A journal under `folder/state/paper`: two scenarios; five round trips, one of them open.
fn traded(folder: &Path) -> PathBuf {
    let path = folder.join("state/paper/journal.db");
    let journal = Journal::open(&path).expect("journal");
    let mut writer = Writer { journal, strategy: "trend", time: time("2026-08-31T13:30:00Z") };
    writer.begin(r#"["AAPL", "MSFT"]"#);
    writer.put(RowKind::Session, json!({ "session": "went_on", "version": "0.1.0" }));
    writer.put(
        RowKind::Input,
        json!({ "input": "bars", "time": writer.time, "bars": [], "late_ns": 0, "warm_up": true }),
    );
    // Bought in two pieces at 100 and 102, a dividend of 0.50 a share, sold at 103.
    writer.ask(1, 0, "buy", "100", "entry", None);
    writer.fill(1, "40", "100", false, 1);
    writer.fill(1, "60", "102", true, 1);
    writer.event("fill", "Bought 100 AAPL, \u{2212}$2.04.");
    writer.put(RowKind::Input, json!({ "input": "dividend", "symbol": 0, "amount": "0.5", "time": writer.time }));
    writer.ask(2, 0, "sell", "100", "signal", None);
    writer.fill(2, "100", "103", true, 1);
    let refused = json!({ "order": 3, "reason": "order_notional", "need": "1000000", "have": "90000" });
    writer.refusal("MSFT buy 5000: order may come to 1000000, allowed 90000.", refused);
    // Stopped out in the month after.
    writer.time = time("2026-09-01T14:00:00Z");
    writer.ask(3, 1, "buy", "10", "entry", Some(10));
    writer.fill(3, "10", "200", true, 2);
    writer.fill(4, "10", "190", true, 1);
    // Open.
    writer.ask(5, 0, "buy", "5", "entry", None);
    writer.fill(5, "5", "110", true, 1);
    writer.event("login", "Somebody <b>'; DROP TABLE journal; --</b>\u{1b}[2J\nsigned in.");
    // Its own book, and one win in it.
    writer.strategy = "other, \"one\"";
    writer.begin(r#"["SPY"]"#);
    writer.ask(1, 0, "buy", "1", "entry", None);
    writer.fill(1, "1", "400", true, 1);
    writer.ask(2, 0, "sell", "1", "kill_switch", None);
    writer.fill(2, "1", "400.5", true, 1);
    writer.journal.append(&[], Durability::Flushed).expect("flush");
    path
}

fn json_of(folder: &Path, arguments: &[&str]) -> Value {
    let arguments = [&["history", "--mode", "paper", "--format", "json"], arguments].concat();
    serde_json::from_str(&done(folder, &arguments)).expect("JSON")
}

#[test]
fn history_says_what_was_traded() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    traded(at);
    let trades = done(at, &["history", "--mode", "paper", "--format", "csv"]);
    assert_eq!(
        trades.lines().collect::<Vec<_>>(),
        [
            "symbol,side,qty,entry_time,entry_price,exit_time,exit_price,pnl,fees,exit_reason,strategy,entry_row,exit_row",
            "AAPL,long,100,2026-08-31T13:30:06Z,101.2,2026-08-31T13:30:15Z,103,227.958,2.042,signal,trend,7,16",
            "MSFT,long,10,2026-09-01T14:00:03Z,200,2026-09-01T14:00:05Z,190,-100.39,0.39,stop,trend,22,24",
            "SPY,long,1,2026-09-01T14:00:17Z,400,2026-09-01T14:00:22Z,400.5,0.41995,0.08005,kill_switch,\"other, \"\"one\"\"\",36,41",
            "AAPL,long,5,2026-09-01T14:00:10Z,110,,,,0.055,,trend,29,",
        ]
    );
    let shown = done(at, &["history", "--mode", "paper"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "left (UTC)        symbol  shares   entry    exit       P&L   fees  why          strategy");
    assert_eq!(lines[1], "2026-08-31 13:30  AAPL       100  101.20  103.00  +$227.96  $2.04  signal       trend");
    assert_eq!(lines[4], "open              AAPL         5  110.00     n/a       n/a  $0.06               trend");
    assert_eq!(lines[6], "3 trades ended, 2 won, P&L +$127.99, fees $2.51.");
    assert_eq!(lines[7], "1 trade open; the journal has no price of now for its P&L.");
    let shown = done(at, &["history", "--mode", "paper", "--strategy", "trend"]);
    assert!(shown.lines().next().expect("header").ends_with("fees  why"), "one scenario needs no column: {shown}");
}

#[test]
fn history_filters_and_groups() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    traded(at);
    let count = |arguments: &[&str]| json_of(at, arguments)["trades"].as_array().expect("list").len();
    assert_eq!(count(&["--strategy", "trend"]), 3);
    assert_eq!(count(&["--symbol", "aapl"]), 2);
    assert_eq!(count(&["--until", "2026-08-31"]), 1);
    assert_eq!(count(&["--since", "2026-09-01", "--until", "2026-09-01T14:00:05Z"]), 1);
    assert_eq!(count(&["--since", "2026-09-01T14:00:06Z"]), 2);
    // A word that the journal does not know is a slip, a time without trades is an answer.
    assert_eq!(
        fails(at, 2, &["history", "--mode", "paper", "--symbol", "GE"]),
        "error --symbol GE: state/paper/journal.db has no such share; it has AAPL, MSFT, SPY\n"
    );
    assert_eq!(
        done(at, &["history", "--mode", "paper", "--until", "2020-01-01"]),
        "No trades match; leave out a filter.\n"
    );
    assert!(
        fails(at, 2, &["history", "--mode", "paper", "--since", "soon"])
            .starts_with("error --since: `soon` is not a time")
    );

    let by = json_of(at, &["--by", "symbol"]);
    let aapl = json!({
        "symbol": "AAPL", "trades": 1, "wins": 1, "losses": 0, "win_rate": 1.0, "profit_factor": null, "pnl": "227.958",
        "fees": "2.042",
    });
    assert_eq!(by["groups"][0], aapl);
    assert_eq!((&by["all"]["trades"], &by["all"]["pnl"]), (&json!(3), &json!("127.98795")));
    let factor = by["all"]["profit_factor"].as_f64().expect("number");
    assert!((factor - 228.37795 / 100.39).abs() < 1e-9, "{factor}");
    let shown = done(at, &["history", "--mode", "paper", "--by", "month"]);
    assert_eq!(
        shown.lines().collect::<Vec<_>>(),
        [
            "month    trades  won  win rate  profit factor       P&L   fees",
            "2026-08       1    1    100.0%            n/a  +$227.96  $2.04",
            "2026-09       2    1     50.0%           0.00   -$99.97  $0.47",
            "all           3    2     66.7%           2.27  +$127.99  $2.51",
            "",
            "n/a: no trade was lost, or none won, so there is no such ratio.",
        ]
    );
    let by = done(at, &["history", "--mode", "paper", "--by", "strategy", "--format", "csv"]);
    assert!(by.lines().any(|line| line.starts_with("\"other, \"\"one\"\"\",1,1,0,1.0,,0.41995,")), "{by}");
    let error = fails(at, 2, &["history", "--mode", "paper", "--by", "month", "--kind", "fills"]);
    assert_eq!(error, "error --by: only trades come in groups; leave --kind out\n");
}

#[test]
fn history_lists_fills_orders_refusals_and_events() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    traded(at);
    let fills = json_of(at, &["--kind", "fills"]);
    let fills = fills["fills"].as_array().expect("list");
    assert_eq!(fills.len(), 8);
    let second = json!({
        "order": 1, "time": "2026-08-31T13:30:08Z", "symbol": "AAPL", "side": "buy", "qty": "60", "price": "102",
        "fee": "0.612", "purpose": "entry", "strategy": "trend", "row": 9,
    });
    assert_eq!(fills[1], second);

    let orders = json_of(at, &["--kind", "orders", "--strategy", "trend"]);
    let orders = orders["orders"].as_array().expect("list");
    let brief: Vec<String> = orders
        .iter()
        .map(|order| {
            let text = |key: &str| order[key].as_str().unwrap_or("-").to_owned();
            let (kind, status) = (text("type"), text("status"));
            format!("{} {kind} {status} {} at {}", order["id"], text("filled_qty"), text("filled_avg_price"))
        })
        .collect();
    assert_eq!(
        brief,
        [
            "1 market filled 100 at 101.2",
            "2 market filled 100 at 103",
            "3 market filled 10 at 200",
            "4 stop filled 10 at 190",
            "5 market filled 5 at 110",
        ]
    );
    assert_eq!((&orders[3]["stop_price"], &orders[3]["qty"]), (&json!("190"), &json!("10")));

    let refusals = done(at, &["history", "--mode", "paper", "--kind", "refusals"]);
    let told = "      3  trend: MSFT buy 5000: order may come to 1000000, allowed 90000.";
    assert!(refusals.lines().count() == 2 && refusals.contains(told), "{refusals}");
    let refusals = done(at, &["history", "--mode", "paper", "--kind", "refusals", "--format", "csv"]);
    assert_eq!(
        refusals.lines().collect::<Vec<_>>(),
        [
            "time,order,reason,need,have,symbol,strategy,text,row",
            "2026-08-31T13:30:17Z,3,order_notional,1000000,90000,AAPL,trend,\"MSFT buy 5000: order may come to 1000000, allowed 90000.\",18",
        ]
    );
    let events = done(at, &["history", "--mode", "paper", "--kind", "events"]);
    assert_eq!(events.lines().count(), 4, "a text of two lines is one line: {events}");
    assert!(!events.contains('\u{1b}'));
    assert!(events.contains("Bought 100 AAPL, -$2.04."), "the minus that can be typed: {events}");
    for format in ["csv", "json"] {
        let events = done(at, &["history", "--mode", "paper", "--kind", "events", "--format", format]);
        assert!(events.contains(", -$2.04.") && !events.contains('\u{2212}'), "{events}");
    }
    let events = json_of(at, &["--kind", "events"]);
    assert!(events["events"][2]["text"].as_str().expect("text").contains("'; DROP TABLE journal; --</b>\u{1b}[2J\n"));
}

/// Whoever does not say which journal is not shown another one than that of the incident.
#[test]
fn without_a_mode_every_journal_is_verified_and_none_is_guessed() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    traded(at);
    let only = done(at, &["history", "--format", "json"]);
    assert_eq!(only, done(at, &["history", "--mode", "paper", "--format", "json"]));
    fs::create_dir(at.join("state/live")).expect("folder");
    fs::write(at.join("state/live/journal.db"), "junk that is no journal at all").expect("write");
    for command in [&["history"][..], &["audit", "replay"], &["audit", "export", "--out", "all.jsonl"]] {
        let error = fails(at, 2, command);
        let wanted =
            "error --mode: which journal? There are state/paper/journal.db, state/live/journal.db; say --mode\n";
        assert_eq!(error, wanted, "{command:?}");
    }
    assert!(!at.join("all.jsonl").exists());
    let error = fails(at, 3, &["audit", "verify"]);
    assert!(error.starts_with("error the journal does not hold: state/live/journal.db: "), "{error}");
    let said = Command::new(env!("CARGO_BIN_EXE_alphaflow")).args(["audit", "verify"]).current_dir(at).output();
    let said = String::from_utf8(said.expect("the binary runs").stdout).expect("text");
    assert!(said.starts_with("The journal state/paper/journal.db holds.\n"), "{said}");
    let head = said.lines().last().expect("head");
    assert!(fails(at, 2, &["audit", "verify", "--head", head]).contains("say --mode"));
}

#[test]
fn audit_says_what_holds() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    let missing = fails(at, 2, &["audit", "verify"]);
    assert!(missing.starts_with("error --state state: there is no journal of any mode; "), "{missing}");
    assert!(!at.join("state").exists(), "looking leaves no trace");
    let path = traded(at);
    let said = done(at, &["audit", "verify"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "The journal state/paper/journal.db holds.");
    let mut times = lines[1].split(' ').filter(|word| word.starts_with("20"));
    assert!(times.all(|time| !time.contains('.')), "people need no nanoseconds: {}", lines[1]);
    assert_eq!(lines[2], "The end is proved by the head file.");
    let noted = lines.last().expect("head").to_string();
    assert_eq!(fs::read_to_string(path.with_extension("head")).expect("head"), format!("{noted}\n"));
    let said = done(at, &["audit", "verify", "--mode", "paper", "--head", &noted]);
    assert!(said.contains("The end is proved by --head."), "{said}");

    done(at, &["audit", "export", "--mode", "paper", "--out", "all.jsonl"]);
    let export = fs::read_to_string(at.join("all.jsonl")).expect("export");
    assert_eq!(format!("{}:", export.lines().count() - 1), noted[..noted.find(':').expect("colon") + 1]);
    let error = fails(at, 2, &["audit", "export", "--mode", "paper", "--out", "all.jsonl"]);
    assert!(error.starts_with("error all.jsonl: it cannot be made (") && error.ends_with("choose another --out\n"));

    // A fill is made better, by somebody who knows SQL.
    let change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                  sql = db.execute(\"SELECT sql FROM sqlite_schema WHERE name = 'journal_update'\").fetchone()[0]; \
                  db.execute('DROP TRIGGER journal_update'); \
                  db.execute(\"UPDATE journal SET body = replace(body, '\\\"103\\\"', '\\\"203\\\"') WHERE row = 16\"); \
                  db.execute(sql); db.commit()";
    assert!(Command::new("python3").args(["-c", change]).arg(&path).status().expect("python3 runs").success());
    let ran = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .args(["audit", "verify", "--mode", "paper", "--format", "json"])
        .current_dir(at)
        .output()
        .expect("the binary runs");
    assert_eq!(ran.status.code(), Some(3));
    let object: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let finding = json!([{
        "finding": "changed",
        "text": "row 16 was changed or moved: its hash does not follow from the row before",
    }]);
    assert_eq!((&object["holds"], &object["findings"], &object["head"]), (&json!(false), &finding, &json!(noted)));
    let error = fails(at, 3, &["audit", "verify", "--mode", "paper"]);
    assert_eq!(error, "error state/paper/journal.db: the journal does not hold: 1 finding; keep a copy as it is\n");
    let copy = fails(at, 3, &["audit", "export", "--journal", "state/paper/journal.db", "--out", "changed.jsonl"]);
    assert_eq!(copy, error);
    assert_eq!(fs::read_to_string(at.join("changed.jsonl")).expect("export").lines().count(), export.lines().count());
}
