//! `alphaflow exchange` as a process: its first line, its end, and what it refuses.
mod cli_binary;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cli_binary::{done, fails, small};

/// A running exchange and the address that its first line names.
fn started(folder: &Path, arguments: &[&str], keys: &[(&str, &str)]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .arg("exchange")
        .args(arguments)
        .current_dir(folder)
        .envs(keys.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('\n'));
    let address = address.unwrap_or_else(|| panic!("the first line is {line:?}")).to_owned();
    (child, address)
}

/// Sends a signal and gives exit code and standard error.
fn ended(mut child: Child, name: &str) -> (Option<i32>, String) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let code = child.wait().expect("it ends").code();
    let mut error = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut error).expect("UTF-8");
    (code, error)
}

/// The status line of a request with these keys.
fn status(address: &str, request: &str, key: &str, secret: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAPCA-API-KEY-ID: {key}\r\nAPCA-API-SECRET-KEY: {secret}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("an answer");
    answer
}

#[test]
fn it_says_where_it_listens_serves_and_ends_on_a_signal() {
    let folder = small();
    for (signal, keys, key, secret) in [
        ("TERM", &[][..], "rehearsal", "rehearsal"),
        ("INT", &[("ALPHAFLOW_EXCHANGE_KEY", "mine"), ("ALPHAFLOW_EXCHANGE_SECRET", "own")][..], "mine", "own"),
    ] {
        let arguments = ["scenarios/small.toml", "--listen", "127.0.0.1:0", "--speed", "step"];
        let (child, address) = started(folder.path(), &arguments, keys);
        assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");
        assert_eq!(status(&address, "GET /v2/clock", key, secret), "HTTP/1.1 200 OK\r\n");
        assert_eq!(status(&address, "GET /v2/clock", key, "wrong"), "HTTP/1.1 401 Unauthorized\r\n");
        assert_eq!(ended(child, signal), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn an_open_connection_does_not_keep_it_alive() {
    let folder = small();
    let (child, address) = started(folder.path(), &["scenarios/small.toml", "--listen", "localhost:0"], &[]);
    let _open = TcpStream::connect(&address).expect("it listens");
    assert_eq!(ended(child, "TERM"), (Some(0), String::new()));
}

#[test]
fn faults_from_a_file_strike() {
    let folder = small();
    let rule = r#"{"rules": [{"route": "GET /v2/clock", "kind": "status", "status": 503, "count": 1}]}"#;
    std::fs::write(folder.path().join("faults.json"), rule).expect("write");
    let arguments = [
        "scenarios/small.toml",
        "--listen",
        "[::1]:0",
        "--speed",
        "step",
        "--faults",
        "faults.json",
        "--set",
        "account.cash=5",
    ];
    let (child, address) = started(folder.path(), &arguments, &[]);
    assert!(address.starts_with("[::1]:"), "{address}");
    assert_eq!(status(&address, "GET /v2/clock", "rehearsal", "rehearsal"), "HTTP/1.1 503 Service Unavailable\r\n");
    assert_eq!(status(&address, "GET /v2/clock", "rehearsal", "rehearsal"), "HTTP/1.1 200 OK\r\n");
    assert_eq!(ended(child, "TERM").0, Some(0));
}

#[test]
fn bad_input_is_exit_2_and_says_what_to_do() {
    let folder = small();
    let error = |arguments: &[&str]| fails(folder.path(), 2, &[&["exchange"], arguments].concat());
    let open = error(&["scenarios/small.toml", "--listen", "0.0.0.0:8765"]);
    assert_eq!(
        open,
        "error --listen 0.0.0.0:8765: 0.0.0.0:8765 is no loopback address; listen on 127.0.0.1 or [::1]\n"
    );
    let none = error(&["scenarios/small.toml", "--listen", "8765"]);
    assert_eq!(none, "error --listen 8765: no address with a port; write it as 127.0.0.1:8765\n");
    assert!(error(&["scenarios/none.toml"]).starts_with("error scenarios/none.toml: no such file"));
    assert!(error(&["scenarios/small.toml", "--set", "account.cahs=1"]).contains("account.cash"));
    assert!(error(&["scenarios/small.toml", "--set", "strategy.name=dance"]).contains("dance"));
    assert!(error(&["scenarios/small.toml", "--set", "data.path=../data/none.csv"]).contains("none.csv"));
    assert!(error(&["scenarios/small.toml", "--speed", "0"]).contains("`0` is no speed"));
    assert!(error(&["scenarios/small.toml", "--faults", "none.json"]).starts_with("error none.json: cannot be read: "));
    std::fs::write(folder.path().join("bad.json"), r#"[{"route": "/stream", "kind": "melt", "count": 1}]"#)
        .expect("write");
    let bad = error(&["scenarios/small.toml", "--faults", "bad.json"]);
    assert!(bad.starts_with("error bad.json: rule 1: `kind` is \"melt\""), "{bad}");
}

#[test]
fn a_port_in_use_is_exit_1() {
    let folder = small();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let error = fails(folder.path(), 1, &["exchange", "scenarios/small.toml", "--listen", &address]);
    assert!(error.contains("cannot be listened on") && error.contains("choose another port"), "{error}");
    assert!(done(folder.path(), &["exchange", "--help"]).contains("Example: alphaflow exchange "));
}
