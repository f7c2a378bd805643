//! How a session of `alphaflow trade` ends: on a full disk, with its terminal, killed; and who is told of it.
//!
//! A full disk is a process whose files may not grow any more (`prlimit --fsize=0`): every write fails, as there.
#![cfg(target_os = "linux")]
mod cli_binary;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cli_binary::{alphaflow, copy_of_repository, done};

const TOKEN: &str = "af_script_0123456789abcdefghijklmnopqrstuv";
const SCENARIO: &str = "scenarios/intraday_minutes.toml";

/// A process whose lines are read as they come, from a pipe: a file of them would be on the full disk.
struct Running {
    child: Child,
    lines: Arc<Mutex<String>>,
}

impl Running {
    /// `ignored`: signals that it is started to ignore.
    fn start(folder: &Path, ignored: &str, arguments: &[&str]) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap '' {ignored}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_alphaflow")]);
        command.args(arguments).current_dir(folder).env("ALPHAFLOW_TOKEN", TOKEN).env("NO_COLOR", "1");
        command.env_remove("ALPACA_API_KEY").env_remove("ALPACA_SECRET_KEY");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = Arc::new(Mutex::new(String::new()));
        let pipes: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for pipe in pipes {
            let lines = Arc::clone(&lines);
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    *lines.lock().expect("lines") += &(line + "\n");
                }
            });
        }
        Running { child, lines }
    }

    fn trade(folder: &Path, ignored: &str, arguments: &[&str]) -> Running {
        Running::start(folder, ignored, &[&["trade", SCENARIO, "--port", "0"], arguments].concat())
    }

    /// What it has printed, as soon as that has `text`.
    fn with(&self, text: &str) -> String {
        for _ in 0..1_200 {
            let lines = self.lines.lock().expect("lines").clone();
            if lines.contains(text) {
                return lines;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no `{text}` within a minute: {}", self.lines.lock().expect("lines"));
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill").success());
    }

    /// No file of it may grow from here on.
    fn fill_the_disk(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("prlimit").args(["--fsize=0", "--pid", &pid]).status().expect("prlimit").success());
    }

    /// Its exit code and all that it has printed.
    fn end(mut self) -> (Option<i32>, String) {
        for _ in 0..1_200 {
            if let Some(status) = self.child.try_wait().expect("our child") {
                // The readers of its pipes have read to the end.
                thread::sleep(Duration::from_millis(200));
                return (status.code(), self.lines.lock().expect("lines").clone());
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("it does not end: {}", self.lines.lock().expect("lines"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A webhook on this machine: what it was told.
fn webhook(folder: &Path) -> Arc<Mutex<String>> {
    use std::os::unix::fs::PermissionsExt;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let env = folder.join("own.env");
    fs::write(&env, format!("WEBHOOK_URL=http://{address}/\nWEBHOOK_SECRET=0123456789abcdef\n")).expect("write");
    fs::set_permissions(&env, fs::Permissions::from_mode(0o600)).expect("chmod");
    let told = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&told);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let heard = Arc::clone(&heard);
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    let header = line.to_ascii_lowercase();
                    length = header
                        .strip_prefix("content-length: ")
                        .map_or(length, |text| text.trim().parse().expect("a number"));
                    line.clear();
                }
                let mut body = vec![0; length];
                if length > 0 && reader.read_exact(&mut body).is_ok() {
                    *heard.lock().expect("told") += &String::from_utf8_lossy(&body);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                }
            });
        }
    });
    told
}

/// What the dashboard answers to a press of its emergency stop.
fn press(lines: &str) -> String {
    let address = lines.split("dashboard: http://").nth(1).and_then(|rest| rest.split(' ').next()).expect("an address");
    let body = "{\"flatten\": true, \"reason\": \"the disk is full\"}";
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "POST /api/v1/halt HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

/// Neither the latch nor the journal can be written: everything is closed at the venue before the program ends, and people
/// are told without the journal.
#[test]
fn an_emergency_stop_on_a_full_disk_closes_everything() {
    let copy = copy_of_repository();
    let told = webhook(copy.path());
    let session = Running::trade(copy.path(), "XFSZ", &["--speed", "600", "--env", "own.env"]);
    session.with("dashboard: http://");
    let lines = session.with("Bought");
    session.fill_the_disk();
    let answer = press(&lines);
    assert!(answer.contains("Halted, but not on the disk"), "{answer}");
    let (code, lines) = session.end();
    assert_eq!(code, Some(1), "{lines}");
    let last = lines.rsplit_once("error The session ended early: ").expect(&lines).1;
    assert!(last.contains("the journal cannot be written"), "{lines}");
    assert!(last.contains("the kill switch: the venue shows no order and no position\n"), "{lines}");
    assert!(last.contains("mend the cause and start it again"), "{lines}");
    let told = told.lock().expect("told").clone();
    assert!(told.contains("The session ended early: the journal cannot be written"), "{told}");
}

/// Only the latch cannot be written: the session goes on, halted in memory, closes everything itself and says what is wrong.
#[test]
fn a_latch_that_cannot_be_written_does_not_end_the_session() {
    let copy = copy_of_repository();
    let state = copy.path().join("state");
    let session = Running::trade(copy.path(), "XFSZ", &["--speed", "600"]);
    session.with("dashboard: http://");
    let lines = session.with("Bought");
    // The journal is open; a file in the place of its folder is no folder for the latch.
    fs::rename(&state, copy.path().join("moved")).expect("moved");
    fs::write(&state, "a file").expect("written");
    let answer = press(&lines);
    assert!(answer.contains("Halted, but not on the disk"), "{answer}");
    let lines = session.with("The kill switch has done its work: the venue shows no order and no position.");
    assert!(
        lines.contains("Halted with the kill switch by script: the disk is full; all positions are being"),
        "{lines}"
    );
    assert!(lines.contains("!! kill           The halt is not on the disk ("), "{lines}");
    // What is mended is seen, and the halt gets there.
    fs::remove_file(&state).expect("removed");
    fs::rename(copy.path().join("moved"), &state).expect("moved");
    session.with("The halt is on the disk now.");
    let status = done(copy.path(), &["status"]);
    assert!(
        status.starts_with("Halted by the kill switch (script)") && status.contains("the disk is full"),
        "{status}"
    );
    session.signal("TERM");
    let (code, lines) = session.end();
    assert_eq!((code, lines.contains("has ended in good order")), (Some(0), true), "{lines}");
}

/// A terminal that is closed ends the session as Ctrl-C does, unless the session was started to outlive it.
#[test]
fn the_end_of_a_terminal_is_an_orderly_end() {
    let copy = copy_of_repository();
    let session = Running::trade(copy.path(), "XFSZ", &["--speed", "60"]);
    session.with("Both streams are ready");
    session.signal("HUP");
    let (code, lines) = session.end();
    assert_eq!((code, lines.contains("has ended in good order")), (Some(0), true), "{lines}");
    let nohup = Running::trade(copy.path(), "HUP", &["--speed", "60"]);
    nohup.with("Both streams are ready");
    nohup.signal("HUP");
    thread::sleep(Duration::from_millis(500));
    assert!(!nohup.lines.lock().expect("lines").contains("has ended"), "it was to outlive its terminal");
    nohup.signal("TERM");
    assert_eq!(nohup.end().0, Some(0));
}

/// Whoever halts a session that hangs is told what works without it.
#[test]
fn a_session_that_hangs_is_no_dead_end() {
    let copy = copy_of_repository();
    let session = Running::trade(copy.path(), "XFSZ", &["--speed", "60"]);
    session.with("Both streams are ready");
    session.signal("STOP");
    let call = alphaflow(copy.path(), &["halt", "--flatten"]);
    assert_eq!(call.code, Some(1), "{}", call.out);
    let next = "end its process; its exchange ends with it, or give --exchange ADDRESS";
    assert!(call.out.contains(&format!("The rehearsal session has not answered within 4s: {next}.\n")), "{}", call.out);
    assert_eq!(call.err, format!("error halted, but the rehearsal session does not answer; {next}\n"));
    session.signal("CONT");
    session.with("The kill switch has done its work");
}

/// The next session says that the one before was broken off, and says nothing after an orderly end.
#[test]
fn a_session_after_one_that_was_killed_says_so() {
    let copy = copy_of_repository();
    let at = copy.path();
    let exchange = Running::start(at, "XFSZ", &["exchange", SCENARIO, "--listen", "127.0.0.1:0", "--speed", "60"]);
    let lines = exchange.with("listening on http://");
    let address =
        lines.split("listening on http://").nth(1).expect("an address").lines().next().expect("a line").to_owned();
    let arguments = ["--exchange", &address, "--speed", "60"];
    let mut killed = Running::trade(at, "XFSZ", &arguments);
    killed.with("Both streams are ready");
    killed.child.kill().expect("our child");
    killed.child.wait().expect("it ends");
    let next = Running::trade(at, "XFSZ", &arguments);
    let lines = next.with("Both streams are ready");
    assert!(lines.contains("!  started        The session before had no orderly end"), "{lines}");
    next.signal("INT");
    assert_eq!(next.end().0, Some(0));
    let last = Running::trade(at, "XFSZ", &arguments);
    let lines = last.with("Both streams are ready");
    assert!(!lines.contains("no orderly end"), "{lines}");
}
