//! The real binary in a folder of its own.
//!
//! Not here: what it should say; each test file says that of its commands.
#![allow(dead_code, reason = "each test file uses a part")]
use std::path::Path;
use std::process::{Command, Output};

/// What a call left behind.
pub struct Call {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs `alphaflow` with `arguments` in `folder`, plain and piped.
pub fn alphaflow(folder: &Path, arguments: &[&str]) -> Call {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_alphaflow"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        // Whoever runs the tests may have an account; no test goes there.
        .env_remove("ALPACA_API_KEY")
        .env_remove("ALPACA_SECRET_KEY")
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Call { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The same, which must succeed; gives standard output.
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let call = alphaflow(folder, arguments);
    assert_eq!(call.code, Some(0), "{arguments:?}: {}", call.err);
    assert_eq!(call.err, "", "{arguments:?}");
    call.out
}

/// The same, which must end with `code`; gives standard error.
pub fn fails(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let call = alphaflow(folder, arguments);
    assert_eq!(call.code, Some(code), "{arguments:?}: {}{}", call.out, call.err);
    assert!(!call.err.contains("panicked"), "{}", call.err);
    call.err
}

/// Makes the folder of a kill switch with which a session has once run.
pub fn has_traded(state: &Path) {
    std::fs::create_dir_all(state.join("paper")).expect("folder");
    let session = "{\"mode\":\"paper\",\"pid\":1,\"started\":\"2026-09-01T13:30:00Z\"}";
    std::fs::write(state.join("paper/session.json"), session).expect("write");
}

/// A copy of the scenarios and the data of the repository, where reports may be written.
pub fn copy_of_repository() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("folder");
    for name in ["scenarios", "data"] {
        std::fs::create_dir(copy.path().join(name)).expect("folder");
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("folder") {
            let entry = entry.expect("entry");
            // Scenarios may have folders of their own; none of the examples needs them.
            if entry.path().is_file() {
                std::fs::copy(entry.path(), copy.path().join(name).join(entry.file_name())).expect("copy");
            }
        }
    }
    std::fs::create_dir(copy.path().join("reports")).expect("folder");
    copy
}

/// A small scenario of one made-up share: `scenarios/small.toml`, its data in `data/`.
pub fn small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["scenarios", "data"] {
        std::fs::create_dir(folder.path().join(name)).expect("folder");
    }
    let arguments = ["data", "synthesize", "--symbol", "TEST", "--sessions", "300", "--out", "data/TEST.csv"];
    done(folder.path(), &arguments);
    std::fs::write(folder.path().join("scenarios/small.toml"), SMALL).expect("write");
    folder
}

const SMALL: &str = r#"[scenario]
name = "small"
seed = 1

[data]
timeframe = "1d"
path = "../data/{symbol}.csv"
symbols = ["TEST"]

[account]
cash = "100000"

[strategy]
name = "ma_crossover"
params = { fast_period = 3, slow_period = 8 }

[sizing]
kind = "equity_fraction"
value = "0.5"

[execution]
slippage = { kind = "bps", value = "1" }

[stop]
kind = "atr"
multiple = "2"

[risk]
max_daily_loss = "0.02"
max_position_size = "0.6"
max_portfolio_heat = "0.25"
max_correlated_exposure = "0.9"
max_drawdown = "0.30"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "100000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#;
