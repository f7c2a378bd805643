//! Help of every command: it is there, and every example in it works as printed.
mod cli_binary;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use cli_binary::{copy_of_repository, done, fails, small};

/// Every command as words, `data check` among them, found by walking the help.
fn commands(folder: &std::path::Path, above: &[String]) -> Vec<Vec<String>> {
    let mut arguments: Vec<&str> = above.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = done(folder, &arguments);
    let mut found = vec![above.to_vec()];
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A name stands two blanks in; a description that goes on stands further.
    let names = list.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        found.extend(commands(folder, &[above, &[name.to_owned()]].concat()));
    }
    found
}

/// The words of an example; quotes hold words together.
fn words(example: &str) -> Vec<String> {
    let parts = example.split('"').enumerate();
    parts
        .flat_map(|(number, part)| match number % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        })
        .collect()
}

#[test]
fn every_example_in_help_works() {
    let copy = copy_of_repository();
    // What sessions leave behind.
    drop(alphaflow::live::journal::Journal::open(&copy.path().join("state/rehearsal/journal.db")).expect("journal"));
    let mut examples: Vec<String> = Vec::new();
    for command in commands(copy.path(), &[]) {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = done(copy.path(), &arguments);
        // Help wraps at words; a line that goes on is put together again.
        let text = help.split("\n\n").filter(|part| part.starts_with("Example: ")).collect::<Vec<_>>().join("\n");
        let own: Vec<String> =
            text.split("Example: alphaflow ").skip(1).map(|example| example.replace('\n', " ")).collect();
        assert!(!own.is_empty(), "{command:?} has no example in its help:\n{help}");
        examples.extend(own);
    }
    examples.sort_unstable();
    examples.dedup();
    // Reports and metrics of a run come after the run, shards are joined when they are there, and a session is compared when
    // it has traded.
    let rank = |example: &String| match example.as_str() {
        first if first.starts_with("backtest") => 0,
        last if last.starts_with("sweep merge") || last.contains("--against state/") => 2,
        _ => 1,
    };
    examples.sort_by_key(rank);
    for example in &examples {
        let words = words(example);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[0] {
            "exchange" => serves_until_told_to_end(copy.path(), &words),
            // All of it is understood; what is missing is an account.
            "data" if words[1] == "fetch" => {
                assert!(fails(copy.path(), 2, &words).starts_with("error ALPACA_API_KEY is not set"), "{example}");
            }
            // Likewise; what is missing is somebody to tell.
            "notify" => {
                let text = fails(copy.path(), 2, &words);
                assert!(text.contains("sets up no channel"), "{example}: {text}");
            }
            // Likewise; a preflight says it item by item.
            "preflight" => assert_eq!(fails(copy.path(), 3, &words), "error the preflight did not pass\n", "{example}"),
            _ => drop(done(copy.path(), &words)),
        }
    }
}

/// Of a command that does not end by itself.
fn serves_until_told_to_end(folder: &std::path::Path, words: &[&str]) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    let mut server = server.args(words).current_dir(folder).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{words:?}: {line}");
    assert!(Command::new("kill").arg(server.id().to_string()).status().expect("kill").success());
    assert_eq!(server.wait().expect("it ends").code(), Some(0), "{words:?}");
}

#[test]
fn wrong_words_get_a_suggestion_and_exit_2() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(fails(folder.path(), 2, &["backtst"]).contains("'backtest'"));
    assert!(fails(folder.path(), 2, &["metrics", "x.csv", "--benchmrk", "y.csv"]).contains("'--benchmark'"));
    assert!(fails(folder.path(), 2, &["data", "chek", "x.csv"]).contains("'check'"));
    assert!(fails(folder.path(), 2, &["metrics", "x.csv", "--format", "jsn"]).contains("'json'"));
    assert!(fails(folder.path(), 2, &["backtest", "none.toml"]).starts_with("error none.toml: no such file"));
}

/// `| head -1`: the reader goes, and that is no failure.
#[test]
fn a_closed_pipe_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .args(["indicators"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_file_in_the_way_of_the_run_folder_is_named() {
    let folder = small();
    std::fs::write(folder.path().join("reports"), "a file").expect("write");
    let error = fails(folder.path(), 2, &["backtest", "scenarios/small.toml"]);
    assert_eq!(error, "error reports/small: a file is in the way; choose another --out\n");
}

#[test]
fn what_the_machine_refuses_is_exit_1() {
    let folder = tempfile::tempdir().expect("folder");
    let target = "no/such/folder/bars.csv";
    let error = fails(folder.path(), 1, &["data", "synthesize", "--sessions", "2", "--out", target]);
    assert!(error.starts_with("error no/such/folder/bars.csv: cannot be written: "), "{error}");
}
