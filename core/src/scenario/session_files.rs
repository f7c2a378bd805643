//! What a session did, as the very bytes of its files: made of a record in memory, or read from a run folder.
//!
//! Not here: what the rows say and whether two sessions agree (report::parity).
//! Invariant: of a record, the bytes are those that `write_folder` would write.
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::folder::{EQUITY_FILE, FILLS_FILE, ORDERS_FILE, REFUSALS_FILE, equity, fills, orders, refusals};
use super::order_names::OrderNames;
use super::{AccountRow, Diagnostic, LoadedScenario, MarketData};
use crate::engine::Journal;

/// Longest file that is read: twelve million rows of equity.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// The file that names the halts of a run.
const LIMITS_FILE: &str = "limits.json";

/// Files of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFiles {
    /// `orders.csv`.
    pub orders: Vec<u8>,
    /// `fills.csv`.
    pub fills: Vec<u8>,
    /// `refusals.csv`.
    pub refusals: Vec<u8>,
    /// `equity.csv`.
    pub equity: Vec<u8>,
    /// When entries were halted, in order; `None` where the folder does not say.
    pub halts: Option<Vec<HaltSpan>>,
}

/// One halt, as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltSpan {
    /// `daily_loss`, `drawdown`, `manual` or `kill_switch`.
    pub cause: String,
    /// The bar at whose close it began.
    pub from: String,
    /// The step that lifted it; `None` where it stood at the end.
    pub until: Option<String>,
}

impl SessionFiles {
    /// Those of a record. `rows`: the account at each step.
    ///
    /// Errors: those of writing into memory.
    pub fn of(
        loaded: &LoadedScenario,
        market: &MarketData,
        journal: &Journal,
        rows: &[AccountRow],
    ) -> io::Result<SessionFiles> {
        let (symbols, timeframe) = (&loaded.spec.data.symbols[..], loaded.spec.data.timeframe);
        let names = OrderNames { journal, script: market.script.as_ref(), symbols };
        let mut account = Vec::new();
        equity(&mut account, rows, timeframe)?;
        let span = |halt: &crate::engine::HaltRecord| HaltSpan {
            cause: halt.cause.name().to_owned(),
            from: halt.from.text(timeframe),
            until: halt.until.map(|until| until.text(timeframe)),
        };
        Ok(SessionFiles {
            orders: orders(&names, timeframe)?,
            fills: fills(&names, timeframe)?,
            refusals: refusals(&names, timeframe)?,
            equity: account,
            halts: Some(journal.halts.iter().map(span).collect()),
        })
    }

    /// Those in a run folder.
    ///
    /// Errors: a file that is missing, cannot be read or is too long, with its name; a damaged `limits.json`.
    pub fn read(folder: &Path) -> Result<SessionFiles, Box<Diagnostic>> {
        let file = |name: &str| bytes(&folder.join(name));
        Ok(SessionFiles {
            orders: file(ORDERS_FILE)?,
            fills: file(FILLS_FILE)?,
            refusals: file(REFUSALS_FILE)?,
            equity: file(EQUITY_FILE)?,
            halts: halts(&folder.join(LIMITS_FILE))?,
        })
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    let fail = |what: String| {
        let rule = "name a run folder that holds a whole run, like reports/ma_crossover_tech4";
        Box::new(Diagnostic::of_file(path, what).note(rule))
    };
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => fail("there is no such file".to_owned()),
        _ => fail(format!("cannot be read: {error}")),
    };
    let size = fs::metadata(path).map_err(unread)?.len();
    if size > FILE_BYTES_MAX {
        return Err(fail(format!("{size} bytes, allowed is {FILE_BYTES_MAX}")));
    }
    fs::read(path).map_err(unread)
}

/// The halts in `limits.json`; an older run has no such file.
fn halts(path: &Path) -> Result<Option<Vec<HaltSpan>>, Box<Diagnostic>> {
    if !path.exists() {
        return Ok(None);
    }
    let fail = |what: String| {
        Box::new(Diagnostic::of_file(path, what).note("bring the file back as the run wrote it, or run again"))
    };
    let whole: Value = serde_json::from_slice(&bytes(path)?).map_err(|error| fail(format!("not JSON: {error}")))?;
    let list = whole.get("halts").and_then(Value::as_array).ok_or_else(|| fail("no list under `halts`".to_owned()))?;
    let span = |(place, halt): (usize, &Value)| {
        let text = |key: &str| halt.get(key).and_then(Value::as_str).map(str::to_owned);
        let wanted = |key: &str| text(key).ok_or_else(|| fail(format!("halt {}: no text under `{key}`", place + 1)));
        Ok(HaltSpan { cause: wanted("cause")?, from: wanted("from")?, until: text("until") })
    };
    list.iter().enumerate().map(span).collect::<Result<_, _>>().map(Some)
}
