//! `alphaflow preflight` as a user runs it: against a running exchange, with its files and exit codes.
mod cli_binary;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cli_binary::{alphaflow, done, fails, has_traded, small};
use serde_json::{Value, json};

/// A running exchange and its address.
fn exchange(folder: &Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .args(["exchange", "scenarios/small.toml", "--listen", "127.0.0.1:0", "--speed", "step"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
    (child, address)
}

fn write_env(folder: &Path, text: &str) {
    let path = folder.join(".env");
    std::fs::write(&path, text).expect("write");
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
}

fn items(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// The item of this name.
fn item<'a>(whole: &'a Value, name: &str) -> &'a Value {
    let all = whole["items"].as_array().expect("items");
    all.iter().find(|item| item["item"] == name).unwrap_or_else(|| panic!("{name}: {whole:#}"))
}

#[test]
fn a_preflight_on_the_exchange_passes_once_its_proofs_are_there() {
    let folder = small();
    let (mut child, address) = exchange(folder.path());
    let arguments = ["preflight", "scenarios/small.toml", "--rehearsal", &address, "--format", "json"];
    let first = alphaflow(folder.path(), &arguments);
    assert_eq!((first.code, first.err.as_str()), (Some(3), "error the preflight did not pass\n"), "{}", first.out);
    let found = items(&first.out);
    assert_eq!(item(&found, "backtest")["verdict"], "fails");
    assert_eq!(item(&found, "parity")["verdict"], "fails");
    assert_eq!(item(&found, "account")["verdict"], "holds", "{found:#}");

    done(folder.path(), &["backtest", "scenarios/small.toml", "--no-report"]);
    done(folder.path(), &["rehearse", "scenarios/small.toml"]);
    let second = items(&done(folder.path(), &arguments));
    assert_eq!((&second["passed"], &second["mode"]), (&json!(true), &json!("rehearsal")), "{second:#}");
    assert_eq!(item(&second, "drill")["verdict"], "warns");
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("state/preflight.json")).expect("record"))
            .expect("JSON");
    assert_eq!(record["rehearsal"]["has_passed"], true);
    assert_eq!(record["rehearsal"]["scenarios"][0]["name"], "small");

    // The scenario has changed since.
    let path = folder.path().join("scenarios/small.toml");
    let text = std::fs::read_to_string(&path).expect("read").replace("multiple = \"2\"", "multiple = \"3\"");
    std::fs::write(&path, text).expect("write");
    let third = alphaflow(folder.path(), &arguments);
    assert_eq!(third.code, Some(3));
    let found = items(&third.out);
    assert!(item(&found, "parity")["text"].as_str().expect("text").contains("has changed since its parity report"));

    // For people, with the switch pressed.
    has_traded(&folder.path().join("state"));
    done(folder.path(), &["halt"]);
    let text = alphaflow(folder.path(), &["preflight", "--rehearsal", &address]);
    assert_eq!(text.code, Some(3));
    assert!(text.out.contains("FAILS  kill_switch"), "{}", text.out);
    assert!(text.out.contains("The preflight for rehearsal did not pass: 1 of "), "{}", text.out);
    child.kill().expect("it ends");
    child.wait().expect("it ends");
}

#[test]
fn keys_of_the_wrong_kind_never_leave_this_machine() {
    let folder = small();
    write_env(folder.path(), "ALPACA_API_KEY=AKABCDEFGHIJKLMNOPQR\nALPACA_SECRET_KEY=s3cr3tText0123456789\n");
    let call = alphaflow(folder.path(), &["preflight", "--mode", "paper", "--format", "json"]);
    assert_eq!(call.code, Some(3));
    let found = items(&call.out);
    assert!(item(&found, "keys")["text"].as_str().expect("text").contains("they are keys of a live account"));
    assert!(item(&found, "account")["text"].as_str().expect("text").starts_with("not asked: "), "{found:#}");
    assert!(!call.out.contains("AKABCDEFGHIJKLMNOPQR") && !call.out.contains("s3cr3t"), "{}", call.out);
    // The other way round as well: keys of a paper account are not shown to the live host.
    write_env(folder.path(), "ALPACA_API_KEY=PKABCDEFGHIJKLMNOPQR\nALPACA_SECRET_KEY=s3cr3tText0123456789\n");
    let live = alphaflow(folder.path(), &["preflight", "--mode", "live", "--format", "json"]);
    assert_eq!(live.code, Some(3));
    let found = items(&live.out);
    assert!(item(&found, "keys")["text"].as_str().expect("text").contains("they are keys of a paper account"));
    assert_eq!(item(&found, "account")["verdict"], "fails");
}

#[test]
fn what_a_person_confirms_is_kept_with_name_and_date() {
    let folder = small();
    write_env(folder.path(), "ALPACA_PAPER=true\n");
    let live = |more: &[&str]| {
        let arguments = [&["preflight", "--mode", "live", "--format", "json"], more].concat();
        items(&alphaflow(folder.path(), &arguments).out)
    };
    let first = live(&["--yes", "firewall", "--yes", "money"]);
    assert_eq!(item(&first, "firewall")["verdict"], "holds");
    assert!(item(&first, "firewall")["text"].as_str().expect("text").contains("Confirmed by "));
    assert_eq!(item(&first, "watching")["verdict"], "fails");
    assert_eq!(item(&first, "paper_flag")["verdict"], "fails");
    let second = live(&[]);
    assert_eq!(item(&second, "money")["verdict"], "holds", "it is remembered");
    assert_eq!(item(&second, "watching")["verdict"], "fails");
}

#[test]
fn bad_input_is_exit_2_and_says_what_to_do() {
    let folder = small();
    let error = |arguments: &[&str]| fails(folder.path(), 2, &[&["preflight"], arguments].concat());
    assert!(error(&[]).contains("--mode"));
    assert!(error(&["--mode", "real"]).contains("paper"));
    assert!(error(&["--mode", "paper", "scenarios/none.toml"]).starts_with("error scenarios/none.toml: no such file"));
    let checked = error(&["--mode", "live", "--yes", "account"]);
    assert!(checked.contains("what the program checks cannot be confirmed; they are broker_password, "), "{checked}");
    let twice = error(&["--mode", "paper", "scenarios/small.toml", "scenarios/small.toml"]);
    assert!(twice.contains("its name `small` is that of"), "{twice}");
    assert!(error(&["--rehearsal", "192.0.2.1:80"]).contains("no loopback address"));
    std::fs::create_dir(folder.path().join("state")).expect("folder");
    std::fs::write(folder.path().join("state/answers.json"), "{").expect("write");
    assert!(error(&["--mode", "live"]).contains("answers.json: it is not JSON"));
}
