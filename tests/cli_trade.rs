//! `alphaflow trade` as a process: at full speed it trades as a backtest does, alone and side by side.
mod cli_binary;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use cli_binary::{copy_of_repository, done, fails};

/// Where answers reach the engine before it decides, as in a replay, a session has the same fills. It cannot hold where a
/// limit on losses voids resting orders at the very close at which the strategy looks at them.
#[test]
fn a_rehearsal_at_full_speed_has_the_fills_of_the_backtest() {
    let copy = copy_of_repository();
    let overrides = ["--set", "data.end=2024-01-09"];
    let scenario = "scenarios/intraday_minutes.toml";
    let wanted = {
        let mut arguments = vec!["backtest", scenario, "--out", "reports/run"];
        arguments.extend(overrides);
        done(copy.path(), &arguments);
        let run = std::fs::read_to_string(copy.path().join("reports/run/run.json")).expect("run.json");
        let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
        run["fingerprint"].as_str().expect("text").to_owned()
    };
    let mut arguments = vec!["trade", scenario, "--speed", "max", "--state", "state"];
    arguments.extend(overrides);
    let out = done(copy.path(), &arguments);
    assert!(out.contains("has ended in good order"), "{out}");
    assert!(out.trim_end().ends_with(&wanted), "{wanted}: {out}");
    // The next session on the same journal is another one: its exchange is new.
    let again = done(copy.path(), &arguments);
    assert!(again.trim_end().ends_with(&wanted), "{again}");
}

/// The strategy that was tested is the strategy that trades: every scenario of `scenarios/` has in a session the fills of
/// its backtest, or the session says which setting no venue has.
#[test]
fn every_scenario_of_this_project_trades_as_it_was_tested() {
    let copy = copy_of_repository();
    let mut traded = 0;
    let mut names: Vec<String> = fs::read_dir(copy.path().join("scenarios"))
        .expect("folder")
        .map(|file| file.expect("file").file_name().into_string().expect("text"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    for name in names {
        let scenario = format!("scenarios/{name}");
        let text = fs::read_to_string(copy.path().join(&scenario)).expect("scenario");
        if ["[sweep]", "[stress]", "[walk_forward]"].iter().any(|section| text.contains(section)) {
            continue;
        }
        let setting = match name.as_str() {
            "cross_sectional_momentum_tech5.toml" => Some("set cash_check = \"approval\""),
            "intraday_path_latency.toml" => Some("set latency_ms = 0"),
            "margin_long_short_tech4.toml" => Some("set borrow_rate = 0"),
            _ => None,
        };
        let arguments = ["trade", &scenario, "--speed", "max", "--state", &format!("state/{name}")];
        if let Some(setting) = setting {
            let error = fails(copy.path(), 2, &arguments);
            assert!(error.contains(setting), "{name}: {error}");
            continue;
        }
        done(copy.path(), &["backtest", &scenario, "--out", "reports/run"]);
        let run = fs::read_to_string(copy.path().join("reports/run/run.json")).expect("run.json");
        let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
        let session = done(copy.path(), &arguments);
        assert!(session.trim_end().ends_with(run["fingerprint"].as_str().expect("text")), "{name}: {session}");
        traded += 1;
    }
    assert!(traded >= 12, "{traded} traded");
}

/// Two scenarios on one account keep their books apart: each has the fills that it has alone.
#[test]
fn scenarios_side_by_side_trade_as_each_does_alone() {
    let copy = copy_of_repository();
    let overrides = ["--set", "data.start=2003-03-03", "--set", "data.end=2005-12-30"];
    let scenarios = ["scenarios/rsi_mean_reversion_ibm_msft.toml", "scenarios/mean_reversion_msft.toml"];
    let mut arguments = vec!["trade", scenarios[0], scenarios[1], "--speed", "max", "--state", "state"];
    arguments.extend(overrides);
    let both = done(copy.path(), &arguments);
    assert!(!both.contains("unauthorised") && !both.contains("reconciliation"), "{both}");
    let last: Vec<&str> = both.lines().rev().take(2).collect();
    for (scenario, line) in scenarios.iter().rev().zip(last) {
        let mut arguments = vec!["trade", scenario, "--speed", "max", "--state", "alone"];
        arguments.extend(overrides);
        let alone = done(copy.path(), &arguments);
        assert_eq!(alone.lines().next_back(), Some(line));
    }
}

/// A scenario of minutes whose orders are the rows of a script.
fn write_scripted(folder: &Path, name: &str, rows: &[&str]) {
    let minutes = fs::read_to_string(folder.join("scenarios/intraday_minutes.toml")).expect("scenario");
    let section =
        |title: &str| format!("[{}", minutes.split("\n[").find(|part| part.starts_with(title)).expect("section"));
    let scenario = format!(
        "[scenario]\nname = \"{name}\"\nseed = 1\n{}\n{}\n[strategy]\nname = \"order_script\"\n\
         params = {{ file = \"{name}.csv\" }}\n{}\n{}\n[stop]\nkind = \"none\"\n{}\n",
        section("data]"),
        section("account]"),
        section("sizing]"),
        section("execution]"),
        section("risk]"),
    );
    fs::write(folder.join(format!("scenarios/{name}.toml")), scenario).expect("scenario");
    let head = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,time_in_force,\
                order_class,take_profit,stop_loss";
    fs::write(folder.join(format!("scenarios/{name}.csv")), format!("{head}\n{}\n", rows.join("\n"))).expect("script");
}

/// The venue takes no order that could trade with another of the account. Where one scenario leaves what another enters,
/// both get through whichever is named first, an entry that rests gives way, and each position keeps its stop.
#[test]
fn scenarios_that_trade_the_same_share_both_ways_get_through() {
    let copy = copy_of_repository();
    let leaves = [
        "2024-01-02T14:31:00Z,submit,a1,SYN,buy,100,market,,,,,day,oto,,95",
        "2024-01-02T14:40:00Z,submit,a2,SYN,sell,100,market,,,,,day,simple,,",
    ];
    write_scripted(copy.path(), "leaves", &leaves);
    write_scripted(copy.path(), "enters", &["2024-01-02T14:40:00Z,submit,b1,SYN,buy,50,market,,,,,day,oto,,95"]);
    write_scripted(copy.path(), "rests", &["2024-01-02T14:35:00Z,submit,c1,SYN,buy,50,limit,95,,,,day,oto,,92"]);
    for names in [["leaves", "enters"], ["enters", "leaves"], ["leaves", "rests"]] {
        let [one, other] = names.map(|name| format!("scenarios/{name}.toml"));
        let state = format!("state/{}", names.concat());
        let overrides = ["--set", "data.end=2024-01-03"];
        let mut arguments = vec!["trade", &one, &other, "--speed", "max", "--state", &state];
        arguments.extend(overrides);
        let out = done(copy.path(), &arguments);
        assert!(out.contains("has ended in good order"), "{out}");
        assert!(!out.contains("reconciliation") && !out.contains("unauthorised"), "{out}");
        assert!(!out.contains("wash trade"), "{out}");
        assert!(out.contains("leaves: Sold 100 SYN"), "{out}");
        let entry_gave_way = out.contains("rests: Entry 1 was taken back");
        assert_eq!(entry_gave_way, names.contains(&"rests"), "{out}");
        assert_eq!(out.contains("enters: Stop of SYN stands at 95.00"), names.contains(&"enters"), "{out}");
        if entry_gave_way {
            continue;
        }
        // Each has the fills that it has alone.
        for scenario in [&one, &other] {
            let mut arguments = vec!["trade", scenario, "--speed", "max", "--state", "alone"];
            arguments.extend(overrides);
            let alone = done(copy.path(), &arguments);
            let last = alone.lines().next_back().expect("a line");
            assert!(out.lines().any(|line| line == last), "{last}: {out}");
        }
    }
}

#[test]
fn what_cannot_be_traded_is_refused_before_anything_is_sent() {
    let copy = copy_of_repository();
    let script = fails(copy.path(), 2, &["trade", "scenarios/order_script_aapl.toml", "--mode", "paper"]);
    assert!(script.contains("order script"), "{script}");
    let twice = ["trade", "scenarios/intraday_minutes.toml", "scenarios/intraday_minutes.toml"];
    assert!(fails(copy.path(), 2, &twice).contains("the name of two scenarios"));
    let no_keys = fails(copy.path(), 2, &["trade", "scenarios/intraday_minutes.toml", "--mode", "paper"]);
    assert!(no_keys.contains(".env"), "{no_keys}");
    let step = fails(copy.path(), 2, &["trade", "scenarios/intraday_minutes.toml", "--speed", "step"]);
    assert!(step.contains("`step` is no speed; use a whole number from 1 on, or `max`"), "{step}");
}

/// What a session needs besides the market is had first: a refusal leaves no journal, and names what to change.
#[test]
fn a_session_that_cannot_have_its_port_or_its_settings_leaves_no_journal() {
    let copy = copy_of_repository();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("address").port().to_string();
    let trade = ["trade", "scenarios/intraday_minutes.toml", "--speed", "max"];
    let error = fails(copy.path(), 1, &[&trade[..], &["--port", &port]].concat());
    assert!(error.contains(&port) && error.contains("choose another port with --port"), "{error}");
    let env = copy.path().join("own.env");
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::write(&env, text).expect("write");
        fs::set_permissions(&env, fs::Permissions::from_mode(0o600)).expect("chmod");
    };
    for (text, wanted) in [
        ("# mine\nLOG_LEVEL=loud\n", "error own.env:2: LOG_LEVEL = `loud` is none of"),
        ("DASHBOARD_TOKEN=short\n", "error own.env:1: DASHBOARD_TOKEN has 5 characters"),
        ("\n\nSLACK_WEBHOOK_URL=http://example.com/x\n", "error own.env:3: SLACK_WEBHOOK_URL begins with http://"),
    ] {
        write(text);
        let error = fails(copy.path(), 2, &[&trade[..], &["--env", "own.env"]].concat());
        assert!(error.starts_with(wanted), "{error}");
    }
    // A limit that nobody holds anything to, where an account is.
    let keys = "ALPACA_API_KEY=PKTEST00000000000000\nALPACA_SECRET_KEY=vFk8TQ2mWzR5xL0aJdY7pHs3\n";
    write(&format!("{keys}MAX_DAILY_LOS=0.01\n"));
    let paper = ["trade", "scenarios/intraday_minutes.toml", "--mode", "paper", "--env", "own.env"];
    let error = fails(copy.path(), 2, &paper);
    let wanted = "error own.env:3: MAX_DAILY_LOS is no setting, so it limits nothing; did you mean MAX_DAILY_LOSS?\n";
    assert_eq!(error, wanted);
    assert!(!copy.path().join("state/rehearsal/journal.db").exists(), "nothing began");
}

/// Every row is looked at before a session goes on, however far back it is.
#[test]
fn a_journal_that_was_changed_is_not_traded_on() {
    let copy = copy_of_repository();
    let trade = ["trade", "scenarios/intraday_minutes.toml", "--speed", "max", "--set", "data.end=2024-01-09"];
    done(copy.path(), &trade);
    let path = copy.path().join("state/rehearsal/journal.db");
    let journal = rusqlite::Connection::open(&path).expect("a journal");
    let last: i64 = journal.query_row("SELECT max(row) FROM journal", [], |row| row.get(0)).expect("a row");
    assert!(last > 1_200, "{last} rows");
    let change = "UPDATE journal SET wall = wall + 1 WHERE row = 40";
    let trigger: String = journal
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'journal_update'", [], |row| row.get(0))
        .expect("sql");
    journal.execute_batch(&format!("DROP TRIGGER journal_update; {change}; {trigger};")).expect("changed");
    let error = fails(copy.path(), 1, &trade);
    let wanted = "error state/rehearsal/journal.db: the journal does not hold: row 40 was changed or moved: its hash does not \
                  follow from the row before; nothing is traded on it. Keep a copy as it is, `alphaflow audit verify --journal \
                  state/rehearsal/journal.db` names all of it";
    assert!(error.contains(wanted), "{error}");
    let rows: i64 = journal.query_row("SELECT max(row) FROM journal", [], |row| row.get(0)).expect("a row");
    assert_eq!(rows, last, "nothing is written on it");
}

/// What scripts show to the dashboard.
const TOKEN: &str = "af_script_0123456789abcdefghijklmnopqrstuv";

/// A session that goes on by itself, its lines in a file.
struct Running(Child);

impl Running {
    fn start(folder: &Path) -> Running {
        Running::with(folder, &[])
    }

    fn with(folder: &Path, more: &[&str]) -> Running {
        let lines = File::create(folder.join("lines.txt")).expect("file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.args(["trade", "scenarios/intraday_minutes.toml", "--speed", "600", "--port", "0"]);
        command.args(more).current_dir(folder).env_remove("ALPACA_API_KEY").env_remove("ALPACA_SECRET_KEY");
        command.env("ALPHAFLOW_TOKEN", TOKEN);
        Running(command.stdout(lines).spawn().expect("the binary starts"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the session has printed, as soon as that is enough.
fn lines_with(folder: &Path, is_enough: impl Fn(&str) -> bool) -> String {
    for _ in 0..1_200 {
        let lines = fs::read_to_string(folder.join("lines.txt")).expect("lines");
        if is_enough(&lines) {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("within a minute: {}", fs::read_to_string(folder.join("lines.txt")).expect("lines"));
}

/// First a halt, then on second thoughts a flatten: the books close what they hold, and say who did it.
#[test]
fn a_flatten_after_a_halt_leaves_books_that_tie() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let _session = Running::start(folder);
    lines_with(folder, |lines| lines.contains("Bought"));
    done(folder, &["halt", "--reason", "a test"]);
    lines_with(folder, |lines| lines.contains("Halted with the kill switch"));
    let halted = done(folder, &["halt", "--flatten", "--reason", "a test"]);
    assert!(halted.contains("the venue shows no order and no position"), "{halted}");
    let lines = lines_with(folder, |lines| {
        lines.contains("The kill switch has done its work: the venue shows no order and no position.")
    });
    // Its stop may have been quicker.
    assert!(lines.contains("(closed by the kill switch)") || lines.contains("(stop)"), "{lines}");
    assert!(!lines.contains("reconciliation") && !lines.contains("unauthorised"), "{lines}");
}

/// The session closes its positions itself, so that its books know of it; the kill switch sees that nothing is left.
#[test]
fn a_flatten_from_another_terminal_leaves_books_that_tie() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let _session = Running::start(folder);
    lines_with(folder, |lines| lines.contains("Bought"));
    let halted = done(folder, &["halt", "--flatten", "--reason", "a test"]);
    assert!(halted.contains("the venue shows no order and no position"), "{halted}");
    let lines = lines_with(folder, |lines| lines.contains("Sold"));
    assert!(!lines.contains("reconciliation") && !lines.contains("unauthorised"), "{lines}");
    assert!(done(folder, &["history"]).contains("kill_switch"));
    let bought = lines.matches("Bought").count();
    done(folder, &["resume", "--reason", "a test"]);
    let lines = lines_with(folder, |lines| lines.matches("Bought").count() > bought);
    assert!(!lines.contains("reconciliation") && !lines.contains("unauthorised"), "{lines}");
    assert!(done(folder, &["audit", "verify"]).contains("row"));
}

/// Status and text of what the dashboard of a running session answers to a script.
fn asked(address: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let body: serde_json::Value = serde_json::from_str(body).expect(&answer);
    let text = body["text"].as_str().expect(&answer);
    (head.split(' ').nth(1).expect("a status").to_owned(), text.to_owned())
}

/// One press is one halt in the record, and what did nothing is not said to be done.
#[test]
fn what_a_script_asks_of_the_dashboard_is_said_as_it_was() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let _session = Running::start(folder);
    let lines = lines_with(folder, |lines| lines.contains("Bought") && lines.contains("(token: "));
    let address = lines.split("dashboard: http://").nth(1).expect("an address").split(' ').next().expect("an address");
    let (status, _) = asked(address, "/api/v1/halt", "{\"flatten\": true, \"reason\": \"a test\"}");
    assert_eq!(status, "200");
    lines_with(folder, |lines| lines.contains("The kill switch has done its work"));
    let refused = |text: &str| ("409".to_owned(), text.to_owned());
    let flattened = asked(address, "/api/v1/flatten", "{}");
    assert_eq!(flattened, refused("Nothing to close: no position is open and no entry rests."));
    // The session has answered after the press, so it has heard of it, too.
    let halted = done(folder, &["status"]);
    assert_eq!(halted.matches(" halt by script").count(), 1, "{halted}");
    let resume = "{\"reason\": \"tested\"}";
    assert_eq!(
        asked(address, "/api/v1/resume", resume),
        ("200".to_owned(), "Resumed. Lifted: the kill switch.".to_owned())
    );
    assert_eq!(asked(address, "/api/v1/resume", resume), refused("Nothing is halted, so nothing was resumed."));
    // A file that would halt again at once is no way to trade on.
    fs::write(folder.join("state/STOP"), "").expect("write");
    lines_with(folder, |lines| lines.contains("the file STOP"));
    let (status, text) = asked(address, "/api/v1/resume", resume);
    assert!(status == "409" && text.contains("STOP is there and would halt again at once"), "{status}: {text}");
    fs::remove_file(folder.join("state/STOP")).expect("remove");
    assert_eq!(
        asked(address, "/api/v1/resume", resume),
        ("200".to_owned(), "Resumed. Lifted: the kill switch.".to_owned())
    );
}

/// A halt by a limit is the session's own: another terminal sees it, and lifts what a person may lift.
#[test]
fn a_halt_by_drawdown_is_seen_and_lifted_from_another_terminal() {
    let copy = copy_of_repository();
    let folder = copy.path();
    let _session = Running::with(folder, &["--set", "risk.max_drawdown=0.0005"]);
    lines_with(folder, |lines| lines.contains("drawdown"));
    // What the session shows is written a moment after the event.
    std::thread::sleep(Duration::from_millis(500));
    let status = done(folder, &["status"]);
    let limited = "In the rehearsal session intraday_minutes is halted by drawdown since ";
    assert!(
        status.starts_with("Halted by a limit; the kill switch is clear.\n") && status.contains(limited),
        "{status}"
    );
    let json: serde_json::Value = serde_json::from_str(&done(folder, &["status", "--format", "json"])).expect("JSON");
    let limits = json["limits"].as_array().expect("a list");
    assert_eq!(json["state"], "halted");
    assert!(
        limits.iter().any(|limit| limit["halt"]["cause"] == "drawdown" && limit["mode"] == "rehearsal"),
        "{json:#}"
    );
    let resumed = done(folder, &["resume", "--reason", "checked by hand"]);
    assert!(resumed.starts_with("Resumed at ") && resumed.contains(&format!("before: {limited}")), "{resumed}");
    let lines = lines_with(folder, |lines| lines.contains("Resumed by"));
    assert!(lines.contains(": checked by hand. Lifted: drawdown."), "{lines}");
    let export = ["audit", "export", "--out", "rows.jsonl"];
    done(folder, &export);
    let rows = fs::read_to_string(folder.join("rows.jsonl")).expect("rows");
    assert!(rows.contains("Lifted: drawdown of intraday_minutes."), "the command is in the journal with its answer");
    assert!(!folder.join("state/rehearsal/resume.json").exists(), "it was taken once");
}

/// Logs, states and journals are nobody else's business.
#[cfg(unix)]
#[test]
fn what_a_session_leaves_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let copy = copy_of_repository();
    let folder = copy.path();
    let session = Running::start(folder);
    lines_with(folder, |lines| lines.contains("Bought"));
    done(folder, &["halt", "--reason", "a test"]);
    drop(session);
    done(folder, &["drill"]);
    let mut seen = 0;
    let mut waiting = vec![folder.join("state"), folder.join("logs")];
    while let Some(path) = waiting.pop() {
        let mode = fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("folder").map(|entry| entry.expect("entry").path()));
        }
        seen += 1;
    }
    assert!(seen > 12, "{seen} files and folders");
}
