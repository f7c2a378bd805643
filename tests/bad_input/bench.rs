//! A folder with a good scenario and good bars, to be spoiled; and the binary run on it.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A scenario that runs and trades on [`Bench::rows`].
pub const SCENARIO: &str = r#"[scenario]
name = "spoiled"
seed = 1
[data]
timeframe = "1d"
calendar = "24/7"
path = "{symbol}.csv"
symbols = ["SYN"]
[account]
cash = "100000"
leverage = 1
[strategy]
name = "momentum"
params = { lookback_period = 3, momentum_threshold = 0.01 }
[sizing]
kind = "equity_fraction"
value = "0.5"
[stop]
kind = "percent"
value = "0.05"
[risk]
max_daily_loss = "0.5"
max_position_size = "1.0"
max_portfolio_heat = "1.0"
max_correlated_exposure = "1.0"
max_drawdown = "0.9"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "1000000"
price_collar = "0.5"
on_daily_loss = "halt"
on_breach = "reject"
"#;

pub const HEADER: &str = "timestamp,open,high,low,close,volume";

/// A scratch folder with `scenario.toml`, `SYN.csv` and, after a good run, `out/`.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// What the binary did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        bench.write("scenario.toml", SCENARIO);
        bench.write("SYN.csv", Bench::csv(&Bench::rows()));
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// 60 days of a price that swings by a fifth: row `i` is line `i + 2`.
    pub fn rows() -> Vec<String> {
        let swing = |day: i64| 100 + (day % 20 - 10).abs() * 2;
        let date = |day: i64| format!("2010-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        let row = |day| {
            let (open, close) = (swing(day), swing(day + 1));
            let (high, low) = (open.max(close) + 1, open.min(close) - 1);
            format!("{},{open}.00,{high}.00,{low}.00,{close}.00,100000", date(day))
        };
        (0..60).map(row).collect()
    }

    pub fn csv(rows: &[String]) -> String {
        format!("{HEADER}\n{}\n", rows.join("\n"))
    }

    /// `alphaflow backtest scenario.toml --out out` and more arguments.
    pub fn backtest(&self, more: &[&str]) -> Ran {
        let out = self.path("out");
        let mut arguments = vec!["--out", out.to_str().unwrap()];
        arguments.extend(more);
        self.backtest_bare(&arguments)
    }

    /// `alphaflow backtest scenario.toml` and arguments.
    pub fn backtest_bare(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    /// The command, for a test that needs its own standard output.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphaflow"));
        command.arg("backtest").arg(self.path("scenario.toml")).args(arguments);
        command.current_dir(self.folder.path()).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        command
    }

    /// Everything in the scratch folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Runs and asserts a refusal: exit code 2, every needle on standard error, nothing left behind.
    pub fn assert_refused(&self, case: &str, more: &[&str], needles: &[&str]) {
        let before = self.names();
        let ran = self.backtest(more);
        ran.assert_failed(case, 2, needles);
        assert_eq!(self.names(), before, "{case}: something was left behind");
    }
}

impl Ran {
    /// A one-word check that nothing went wrong inside.
    pub fn assert_no_panic(&self, case: &str) {
        for word in ["panicked", "RUST_BACKTRACE", "internal error", "src/"] {
            assert!(!self.stderr.contains(word), "{case}: a panic reached the user:\n{}", self.stderr);
        }
    }

    pub fn assert_failed(&self, case: &str, code: i32, needles: &[&str]) {
        self.assert_no_panic(case);
        assert_eq!(self.code, code, "{case}: exit code; standard error:\n{}", self.stderr);
        assert_eq!(self.stdout, "", "{case}: a failed run prints no result");
        assert!(self.stderr.starts_with("error "), "{case}:\n{}", self.stderr);
        for needle in needles {
            assert!(self.stderr.contains(needle), "{case}: no `{needle}` in:\n{}", self.stderr);
        }
    }
}

pub fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // A process ended by a signal has no code; -1 is none of ours.
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
