//! The kill switch from the command line: what it says, and that a killed command leaves it whole.
mod cli_binary;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use alphaflow::domain::Timestamp;
use alphaflow::risk::{Latch, LatchEvent, LatchFile};
use cli_binary::{alphaflow, done, fails, has_traded};
use serde_json::Value;

fn status(folder: &Path) -> Value {
    serde_json::from_str(&done(folder, &["status", "--format", "json"])).expect("JSON")
}

fn lines(text: &str) -> Vec<String> {
    // Times differ from run to run.
    let is_time = |word: &str| word.starts_with("20") && word.contains('T');
    let word = |word: &str| match word.split_once('Z') {
        Some((time, rest)) if is_time(time) => format!("TIME{rest}"),
        _ => word.to_owned(),
    };
    let words = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect()
}

#[test]
fn a_halt_stands_until_a_resume_with_a_reason() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    assert_eq!(
        lines(&done(at, &["status"])),
        ["Active: the kill switch is clear.", "No session is running; the next one starts active."]
    );
    assert!(!at.join("state").exists(), "looking leaves no trace");
    assert_eq!(lines(&done(at, &["resume", "--reason", "x"])), ["Nothing to resume: the kill switch is clear."]);

    has_traded(&at.join("state"));
    let halted = done(at, &["halt", "--reason", "prices look wrong"]);
    let whole_second = "Halted at 2026-11-26T17:30:05Z.".len();
    assert_eq!(halted.lines().next().map(str::len), Some(whole_second), "people need no nanoseconds: {halted}");
    let halted = lines(&halted);
    assert_eq!(
        halted[1..],
        [
            "No session is running; the next one starts halted, and one with real money does not start.",
            "What is at a venue stays as it is: `alphaflow halt --mode paper` works there, with real money `--mode live`.",
            "`alphaflow resume --reason TEXT` ends the halt."
        ]
    );
    let again = lines(&done(at, &["halt", "--flatten"]));
    assert!(again[0].starts_with("Halted already, by "), "{again:?}");
    assert!(again[0].ends_with(" since TIME. This halt is added to the history."), "{again:?}");
    let closing = "Closing all positions is recorded: a session in a rehearsal or on paper does it when it runs; with real \
                   money only `alphaflow halt --mode live --flatten` does.";
    assert_eq!(again[1], closing);
    let shown = lines(&done(at, &["status"]));
    assert!(shown[0].ends_with(": prices look wrong; a resume with a reason lifts it."), "{}", shown[0]);
    assert_eq!(shown[1..3], [again[1].clone(), halted[1].clone()]);
    assert!(shown[5].contains("  halt by ") && shown[5].ends_with(", close all positions"), "{shown:?}");
    assert!(shown[6].contains("  halt by ") && shown[6].ends_with(": prices look wrong"), "{shown:?}");
    let json = status(at);
    assert_eq!(
        (&json["state"], &json["halt"]["flatten"], &json["session"]),
        (&"halted".into(), &true.into(), &Value::Null)
    );

    for blank in ["", "  ", "\t"] {
        let error = fails(at, 2, &["resume", "--reason", blank]);
        assert_eq!(error, "error --reason: it is blank; say in a few words why\n", "{blank:?}");
    }
    assert!(fails(at, 2, &["resume"]).contains("--reason <TEXT>"));
    assert_eq!(status(at), json, "nothing has changed");

    let resumed = lines(&done(at, &["resume", "--reason", "checked"]));
    assert!(resumed[0].ends_with(": checked."), "{resumed:?}");
    assert!(resumed[1].starts_with("This ends the halt by ") && resumed[1].ends_with(": prices look wrong."));
    assert_eq!(resumed[2], "Closing all positions is no longer wanted.");
    let json = status(at);
    assert_eq!((&json["state"], &json["halt"]), (&"active".into(), &Value::Null));
    assert_eq!(json["history"].as_array().expect("list").len(), 3);
}

/// A halt in a wrong folder holds nobody back who trades elsewhere, and that is the first word of it.
#[test]
fn a_halt_where_no_session_has_ever_run_says_so_first() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path().canonicalize().expect("a folder");
    // The second time the folder is there, and still of no session.
    for _ in 0..2 {
        let out = done(&at, &["halt", "--flatten"]);
        let state = at.join("state");
        let first = format!("! No session has ever run with the folder {}: one that runs", state.display());
        assert!(out.starts_with(&first) && out.contains("\nHalted"), "{out}");
        assert_eq!(status(&at)["state"], "halted", "it is latched all the same");
    }
    let json: Value = serde_json::from_str(&done(&at, &["halt", "--format", "json"])).expect("JSON");
    assert!(json["problem"].as_str().is_some_and(|text| text.starts_with("No session has ever run")), "{json}");
    has_traded(&at.join("state"));
    let json: Value = serde_json::from_str(&done(&at, &["halt", "--format", "json"])).expect("JSON");
    assert_eq!(json["problem"], Value::Null);
}

/// A service has no USER; what is kept then says whose process it was.
#[test]
#[cfg(target_os = "linux")]
fn without_a_name_the_user_has_a_number() {
    let folder = tempfile::tempdir().expect("folder");
    has_traded(&folder.path().join("state"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    let nameless = ["LOGNAME", "USER", "USERNAME"].iter().fold(&mut command, |command, name| command.env_remove(name));
    let run = nameless.args(["halt"]).current_dir(folder.path()).output().expect("the binary starts");
    assert!(run.status.success(), "{run:?}");
    let by = status(folder.path())["halt"]["by"]["person"].as_str().expect("a name").to_owned();
    assert!(by.strip_prefix("uid ").is_some_and(|id| id.parse::<u32>().is_ok()), "{by}");
}

#[test]
fn json_says_what_text_says() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    has_traded(&at.join("a/b"));
    let halted: Value = serde_json::from_str(&done(at, &["halt", "--state", "a/b", "--format", "json"])).expect("JSON");
    assert_eq!(
        (&halted["state"], &halted["new"], &halted["file"]),
        (&"halted".into(), &true.into(), &"a/b/kill_switch.json".into())
    );
    let again: Value = serde_json::from_str(&done(at, &["halt", "--state", "a/b", "--format", "json"])).expect("JSON");
    assert_eq!((&again["new"], &again["halt"]), (&false.into(), &halted["halt"]));
    let resume = ["resume", "--state", "a/b", "--reason", "why", "--format", "json"];
    let ended: Value = serde_json::from_str(&done(at, &resume)).expect("JSON");
    assert_eq!(
        (&ended["state"], &ended["ended"], &ended["resume"]["reason"]),
        (&"active".into(), &halted["halt"], &"why".into())
    );
}

/// The file halts whoever begins, so nobody is told otherwise, and a resume beside it would hold for a moment.
#[test]
fn the_file_stop_is_a_halt_for_every_command() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    fs::create_dir(at.join("state")).expect("folder");
    fs::write(at.join("state/STOP"), "").expect("file");
    let shown = done(at, &["status"]);
    assert!(shown.starts_with("Halted by the file state/STOP: take it away, then resume.\n"), "{shown}");
    assert!(shown.contains("the next one starts halted"), "{shown}");
    assert_eq!(status(at)["state"], "halted");
    let error = fails(at, 1, &["resume", "--reason", "go on"]);
    assert_eq!(
        error,
        "error not resumed: state/STOP is there and would halt again at once; take it away, then resume\n"
    );
    fs::remove_file(at.join("state/STOP")).expect("file");
    assert_eq!(status(at)["state"], "active");
}

#[test]
fn what_cannot_be_read_is_halted_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    has_traded(&at.join("state"));
    done(at, &["halt"]);
    let file = at.join("state/kill_switch.json");
    let whole = fs::read(&file).expect("document");
    fs::write(&file, &whole[..whole.len() / 2]).expect("write");
    let shown = done(at, &["status"]);
    assert!(
        shown.starts_with("Halted: the kill switch cannot be read.\nstate/kill_switch.json: it is not a whole record")
    );
    assert!(shown.contains("`alphaflow resume --reason TEXT`"));
    assert_eq!(status(at)["state"], "halted");
    done(at, &["resume", "--reason", "the disk was full"]);
    assert_eq!(status(at)["state"], "active");

    fs::remove_dir_all(at.join("state")).expect("remove");
    fs::write(at.join("state"), "a file").expect("write");
    let error = fails(at, 1, &["halt"]);
    assert!(error.starts_with("error halt not confirmed: state/kill_switch.halt-"), "{error}");
    let next = "; make room or give the folder to this user, then give the command again; `alphaflow halt --mode paper` works \
                at the venue without it; `alphaflow status` says what holds\n";
    assert!(error.ends_with(next), "{error}");
    assert_eq!(status(at)["state"], "halted");
}

/// Numbers that look random and are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A command that is killed at some moment; was it done before?
fn is_done_before_it_is_killed(folder: &Path, arguments: &[&str], after: Duration) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    let mut child = command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    thread::sleep(after);
    // SIGKILL; where it has ended by itself, its own code is kept.
    child.kill().expect("our child");
    child.wait().expect("it ends").success()
}

/// Whatever moment a command is killed at, the document stays whole, and no acknowledged halt is lost: not to the
/// kill, and not to what the killed command left behind.
#[test]
fn a_killed_command_loses_no_halt() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    has_traded(&at.join("state"));
    let begun = Instant::now();
    done(at, &["halt"]);
    let whole = begun.elapsed().max(Duration::from_millis(4)).as_micros() as u64;
    let latch = LatchFile::new(&at.join("state"));
    let session = LatchFile::new(&at.join("state")).arm().expect("armed");
    let mut draws = Draws(0x9E37_79B9_7F4A_7C15);
    // Halted for certain; clear for certain; or, since a killed command may have got that far, either.
    let mut known = Some(true);
    for round in 0..120 {
        let halts = draws.below(2) == 0;
        let arguments: &[&str] = if halts { &["halt", "--flatten"] } else { &["resume", "--reason", "why"] };
        let is_done = match draws.below(4) {
            0 => alphaflow(at, arguments).code == Some(0),
            _ => is_done_before_it_is_killed(at, arguments, Duration::from_micros(draws.below(whole * 5 / 4))),
        };
        known = match (is_done, known) {
            (true, _) => Some(halts),
            (false, Some(is_halted)) if is_halted == halts => Some(halts),
            (false, _) => None,
        };
        let is_halted = session.check(Timestamp::MIN).is_err();
        assert!(known.is_none_or(|known| known == is_halted), "round {round}: {arguments:?}, known {known:?}");
        let document = fs::read(latch.path()).expect("the document is always there");
        Latch::decode(&document).unwrap_or_else(|flaw| panic!("round {round}: {flaw}"));
    }
    done(at, &["halt"]);
    assert!(session.check(Timestamp::MIN).is_err());
    done(at, &["resume", "--reason", "the end"]);
    assert!(session.check(Timestamp::MIN).is_ok());
}

/// Halts and resumes of many processes at once: each halt is in the history, and the last acknowledged one holds.
#[test]
fn commands_at_once_lose_no_halt() {
    const EACH: usize = 6;
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    has_traded(&at.join("state"));
    done(at, &["halt"]);
    for round in 0..3 {
        thread::scope(|scope| {
            for _ in 0..EACH {
                scope.spawn(|| done(at, &["halt"]));
                // It may find that a halt came meanwhile, and then ends nothing.
                scope.spawn(|| alphaflow(at, &["resume", "--reason", "why"]));
            }
        });
        done(at, &["halt"]);
        let latch = LatchFile::new(&at.join("state")).read(Timestamp::MIN).expect("whole");
        assert!(latch.latched().is_some());
        let halts = latch.history().iter().filter(|event| matches!(event, LatchEvent::Halt(_))).count();
        assert!(halts > (round + 1) * (EACH + 1), "{halts} halts in the history of round {round}");
    }
}
