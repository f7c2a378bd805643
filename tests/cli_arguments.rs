//! Arguments that say too much or what cannot be: refused before anything is done, but for a halt, which is not.
mod cli_binary;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use cli_binary::{done, fails, has_traded, small};

#[test]
fn what_would_be_ignored_is_refused() {
    let folder = small();
    let at = folder.path();
    let numbers = ["overfit", "--sharpe", "0.1", "--observations", "100", "--skew", "0", "--kurtosis", "3"];
    let blocks = [&numbers[..], &["--blocks", "4"]].concat();
    let cases: [(&[&str], &str); 5] = [
        (&["sweep", "scenarios/small.toml", "--threads", "0"], "0 is not in 1..=256"),
        (&["sweep", "scenarios/small.toml", "--threads", "100000"], "--threads <N>"),
        (&["rehearse", "scenarios/small.toml", "--paths-from", "."], "cannot be used with '--paths-from <DIR>'"),
        (&["rehearse", "--paths-from", "."], "--against <RUN>"),
        (&blocks, "cannot be used with '--blocks <S>'"),
    ];
    for (arguments, reason) in cases {
        let error = fails(at, 2, arguments);
        assert!(error.contains(reason), "{arguments:?}: {error}");
    }
    assert!(!at.join("reports").exists(), "nothing has been done");
    done(at, &numbers);
}

/// Whoever stops trading may have pasted anything; the halt holds, and says of the reason what can be said.
#[test]
fn no_reason_keeps_a_halt_away() {
    let long = "é".repeat(20_000);
    let kept_of_long = format!(": {}; a resume", "é".repeat(500));
    let cases: [(&[u8], &str); 5] = [
        (b"", "; a resume"),
        (b" \n\t", "; a resume"),
        (b"odd\nfills \x07", ": odd fills; a resume"),
        (b"\xff\xfe fills", ": \u{fffd}\u{fffd} fills; a resume"),
        (long.as_bytes(), &kept_of_long),
    ];
    for (reason, shown) in cases {
        let folder = tempfile::tempdir().expect("folder");
        has_traded(&folder.path().join("state"));
        let halt = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
            .args([OsStr::new("halt"), OsStr::new("--reason"), OsStr::from_bytes(reason)])
            .current_dir(folder.path())
            .output()
            .expect("the binary starts");
        assert_eq!(halt.status.code(), Some(0), "{}", String::from_utf8_lossy(&halt.stderr));
        let status = done(folder.path(), &["status"]);
        assert!(status.starts_with("Halted") && status.contains(shown), "{reason:?}: {status}");
    }
}

/// Every program of the machine can read the arguments of another.
#[test]
fn a_secret_among_the_arguments_is_refused_before_it_is_used() {
    use std::os::unix::fs::PermissionsExt;
    const SECRET: &str = "vFk8TQ2mWzR5xL0aJdY7pHs3";
    let folder = small();
    let (at, env) = (folder.path(), folder.path().join(".env"));
    std::fs::write(&env, format!("ALPACA_API_KEY=PKTEST0000000000\nALPACA_SECRET_KEY={SECRET}\n")).expect("write");
    std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    for mode in ["paper", "live"] {
        let error = fails(at, 2, &["trade", "scenarios/small.toml", "--mode", mode, "--state", SECRET]);
        assert!(error.starts_with("error argument 6 of the command line holds a secret"), "{mode}: {error}");
        assert!(!error.contains(SECRET), "{error}");
        assert!(!at.join(SECRET).exists(), "nothing has been done");
    }
    // A halt is not kept away by what stands beside it; the secret is not kept.
    has_traded(&at.join("state"));
    for secret in [SECRET, "PKTEST0000000000"] {
        let said = done(at, &["halt", "--reason", &format!("leaked {secret}")]);
        assert!(said.contains("! argument 3 of the command line holds a secret") && !said.contains(secret), "{said}");
        let record = std::fs::read_to_string(at.join("state/kill_switch.json")).expect("record");
        assert!(record.contains("\"reason\": \"not kept: ") && !record.contains(secret), "{record}");
        done(at, &["resume", "--reason", "tried"]);
    }
    let error = fails(at, 2, &["halt", "PKTEST0000000000"]);
    assert!(
        error.starts_with("error argument 2 of the command line holds a secret") && !error.contains("PKT"),
        "{error}"
    );
}

/// A resume is kept as well, and errors repeat what they do not understand.
#[test]
fn a_secret_of_env_is_found_in_any_argument_of_any_command_that_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    const SECRET: &str = "vFk8TQ2mWzR5xL0aJdY7pHs3";
    let folder = small();
    let (at, env) = (folder.path(), folder.path().join(".env"));
    std::fs::write(&env, format!("ALPACA_API_KEY=PKTEST0000000000\nALPACA_SECRET_KEY={SECRET}\n")).expect("write");
    std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    let (set, words) = (format!("ALPACA_SECRET_KEY={SECRET}"), format!("key {SECRET} pasted"));
    for arguments in [
        &["resume", "--reason", &words][..],
        &["trade", "scenarios/small.toml", "--set", &set],
        &["preflight", "scenarios/small.toml", "--set", &set],
        &["trade", &set],
        &["history", "--strategy", SECRET],
        &[SECRET],
    ] {
        let error = fails(at, 2, arguments);
        assert!(error.contains(" of the command line holds a secret") && !error.contains(SECRET), "{error}");
    }
    assert!(!at.join("state").exists(), "nothing has been done");
}

/// A flag that does nothing is an order that was not understood.
#[test]
fn flags_of_a_rehearsal_are_refused_where_money_or_an_account_is() {
    let folder = small();
    for mode in ["paper", "live"] {
        for (flag, value) in [("--exchange", "127.0.0.1:8765"), ("--speed", "max")] {
            let error = fails(folder.path(), 2, &["trade", "scenarios/small.toml", "--mode", mode, flag, value]);
            let wanted =
                format!("error {flag} goes with --mode rehearsal, not with --mode {mode}; leave one of both out\n");
            assert_eq!(error, wanted);
        }
    }
    let error = fails(folder.path(), 2, &["drill", "--symbol", "AAPL"]);
    assert_eq!(error, "error --symbol goes with --mode paper; leave one of both out\n");
}

/// What says which account is meant is read as it stands, or not at all.
#[test]
fn a_flag_of_paper_that_is_not_true_is_refused_on_paper() {
    use std::os::unix::fs::PermissionsExt;
    let folder = small();
    let (at, env) = (folder.path(), folder.path().join(".env"));
    for flag in ["maybe", "false", "True"] {
        let text = format!(
            "ALPACA_API_KEY=PKTEST0000000000\nALPACA_SECRET_KEY=vFk8TQ2mWzR5xL0aJdY7pHs3\nALPACA_PAPER={flag}\n"
        );
        std::fs::write(&env, text).expect("write");
        std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        let error = fails(at, 2, &["trade", "scenarios/small.toml", "--mode", "paper"]);
        assert!(
            error.starts_with("error .env:3: ALPACA_PAPER is not true; --mode paper needs ALPACA_PAPER=true"),
            "{error}"
        );
        assert!(!error.contains(flag) || flag == "True", "{error}");
    }
}
