//! Run folders that cannot be written: an error, and never a folder that looks finished.
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::bench::{Bench, names, ran};

/// What a run leaves behind, sorted.
const FILES: [&str; 13] = [
    "drawdown.png",
    "equity.csv",
    "equity.png",
    "fills.csv",
    "limits.json",
    "metrics.json",
    "orders.csv",
    "price.png",
    "refusals.csv",
    "report.html",
    "risk.png",
    "run.json",
    "trades.csv",
];

#[test]
fn a_good_run_leaves_its_files_and_no_other() {
    let bench = Bench::new();
    let run = bench.backtest(&[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(names(&bench.path("out")), FILES);
    assert_eq!(bench.names(), ["SYN.csv", "out", "scenario.toml"]);
}

#[test]
fn out_must_be_a_folder() {
    let bench = Bench::new();
    bench.write("file", "mine");
    for out in ["file", "file/below", "file/far/below"] {
        let run = bench.backtest_bare(&["--out", out]);
        run.assert_failed(out, 2, &[out, "a file is in the way", "choose another --out"]);
    }
    assert_eq!(fs::read_to_string(bench.path("file")).unwrap(), "mine");
    assert_eq!(bench.names(), ["SYN.csv", "file", "scenario.toml"]);
}

#[test]
#[cfg(target_os = "linux")]
fn out_that_nobody_may_write_is_the_machines_fault() {
    // Not even root makes folders there.
    let run = Bench::new().backtest_bare(&["--out", "/proc/alphaflow"]);
    run.assert_failed("read-only", 1, &["/proc/alphaflow", "choose another --out"]);
}

/// A file system of 64 KiB, unmounted at the end; `None` where mounting is not allowed.
struct SmallDisk<'a>(&'a Path);

impl SmallDisk<'_> {
    fn mount(path: &Path) -> Option<SmallDisk<'_>> {
        fs::create_dir(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(path).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        mounted.then_some(SmallDisk(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0).status().unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_nothing_that_looks_finished() {
    let bench = Bench::new();
    let path = bench.path("disk");
    let Some(disk) = SmallDisk::mount(&path) else {
        eprintln!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let run = bench.backtest_bare(&["--out", "disk/run"]);
    run.assert_failed("full disk", 1, &["disk/run", "No space left"]);
    assert_eq!(names(&path), Vec::<String>::new(), "the folder is gone again");
    // An older run in the same folder stays as it was.
    fs::create_dir(path.join("run")).unwrap();
    for name in ["run.json", "fills.csv"] {
        fs::write(path.join("run").join(name), "older").unwrap();
    }
    let run = bench.backtest_bare(&["--out", "disk/run"]);
    run.assert_failed("full disk", 1, &["No space left"]);
    assert_eq!(names(&path.join("run")), ["fills.csv", "run.json"]);
    assert_eq!(fs::read_to_string(path.join("run/run.json")).unwrap(), "older");
    drop(disk);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_standard_output_is_an_error_and_the_folder_is_whole() {
    let bench = Bench::new();
    for format in ["text", "json"] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = bench.command(&["--out", "out", "--format", format]);
        let run = ran(command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap());
        run.assert_failed(format, 1, &["No space left"]);
        assert_eq!(names(&bench.path("out")), FILES);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let bench = Bench::new();
    let mut child = bench.command(&["--out", "out"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = ran(child.wait_with_output().unwrap());
    run.assert_no_panic("closed pipe");
    assert_eq!(names(&bench.path("out")), FILES);
}

/// A run over an older one replaces it whole.
#[test]
fn a_second_run_replaces_the_first() {
    let bench = Bench::new();
    assert_eq!(bench.backtest(&[]).code, 0);
    let first = fs::read(bench.path("out/run.json")).unwrap();
    assert_eq!(bench.backtest(&["--set", "stop.value=0.06"]).code, 0);
    assert_eq!(names(&bench.path("out")), FILES);
    assert_ne!(fs::read(bench.path("out/run.json")).unwrap(), first);
    assert_eq!(bench.backtest(&[]).code, 0);
    assert_eq!(fs::read(bench.path("out/run.json")).unwrap(), first);
}
