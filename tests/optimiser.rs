//! A sweep whose runs are proposed: the same on any number of threads and after being stopped, and honest about luck.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SETS: [&str; 4] = [
    "sweep.sample={ count = 72, method = \"tpe\" }",
    "data.symbols=[\"IBM\"]",
    "data.end=\"2007-12-31\"",
    "risk.max_drawdown=\"0.9\"",
];

fn sweep(out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
    command.arg("sweep").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweep_ma_tech4.toml"));
    for set in SETS {
        command.args(["--set", set]);
    }
    command.arg("--out").arg(out).args(more).output().unwrap()
}

fn swept(out: &Path, more: &[&str]) -> (Vec<u8>, String) {
    let output = sweep(out, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (fs::read(out.join("results.parquet")).unwrap(), fs::read_to_string(out.join("verdict.json")).unwrap())
}

fn parts(out: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = fs::read_dir(out.join("parts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.sort();
    parts
}

#[test]
fn proposals_follow_from_the_rows_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let whole = swept(&one, &["--threads", "1"]);
    assert!(whole.1.contains("\"runs\": 72"), "every try is counted: {}", whole.1);
    assert_eq!(whole, swept(&two, &["--threads", "2"]));
    assert_eq!(parts(&one).len(), 36, "two runs a part, 32 drawn and 40 proposed");
    // Stopped in the middle of the second batch: what was proposed later is proposed again from what is left.
    for part in parts(&two).iter().skip(26) {
        fs::remove_file(part).unwrap();
    }
    fs::remove_file(&parts(&two)[18]).unwrap();
    fs::remove_file(two.join("results.parquet")).unwrap();
    assert_eq!(whole, swept(&two, &["--threads", "2", "--resume"]));
    // Another objective proposes other runs, so that it is another sweep.
    let other = sweep(&two, &["--resume", "--objective", "calmar"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("its objective differs"), "{other:?}");
}

#[test]
fn what_an_optimiser_cannot_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |more: &[&str]| {
        let output = sweep(folder.path(), more);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(&["--shard", "1/2"]);
    assert!(error.contains("proposes runs from all runs before; it has no shards"), "{error}");
    let error = refused(&["--set", "walk_forward.train=\"1y\"", "--set", "walk_forward.test=\"1y\""]);
    assert!(error.contains("an optimiser has looked at the sessions that [walk_forward] is to test"), "{error}");
    let error = refused(&["--set", "stress.slippage_times=[\"1\", \"5\"]"]);
    assert!(error.contains("would choose among the shocks"), "{error}");
    let error = refused(&["--set", "sweep.sample={ count = 20000, method = \"tpe\" }"]);
    assert!(error.contains("count = 20000, allowed is 10000"), "{error}");
}
