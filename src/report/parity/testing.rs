//! Two small sessions by hand, for the tests of this room and of the terminal's.
//!
//! Not here: anything that ships.
use std::path::Path;

use super::{Context, Finding, FindingKind, Side};
use crate::domain::Timeframe;
use crate::scenario::{EQUITY_COLUMNS, FILL_COLUMNS, ORDER_COLUMNS, REFUSAL_COLUMNS, SessionFiles};

/// Rows of one session as text, one line a row.
#[derive(Clone)]
pub(crate) struct Rows {
    pub(crate) orders: Vec<String>,
    pub(crate) fills: Vec<String>,
    pub(crate) refusals: Vec<String>,
    pub(crate) equity: Vec<String>,
}

fn owned(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

/// A bracket that fills, an exit, an entry that is refused, and what is left resting.
pub(crate) fn rows() -> Rows {
    Rows {
        orders: owned(&[
            "1,filled,,2013-10-07T13:30:00Z,AAPL,buy,100,100,market,,,day,oto,entry,,,,false",
            "2,canceled,,2013-10-07T13:30:00Z,AAPL,sell,100,0,stop,,95,gtc,oto,stop,1,,,false",
            "3,filled,,2013-10-07T13:32:00Z,AAPL,sell,100,100,market,,,gtc,simple,signal,,,,false",
            "4,refused,position_size,2013-10-07T13:33:00Z,MSFT,buy,50,0,market,,,day,simple,entry,,,,false",
            "5,filled,,2013-10-07T13:33:00Z,MSFT,buy,40,40,limit,33.5,,day,oto,entry,,,,false",
            "6,accepted,,2013-10-07T13:33:00Z,MSFT,sell,40,0,stop,,32,gtc,oto,stop,5,,,false",
        ]),
        fills: owned(&[
            "1,2013-10-07T13:31:00Z,AAPL,buy,100,100.1,0",
            "3,2013-10-07T13:33:00Z,AAPL,sell,100,100.6,0.02",
            "5,2013-10-07T13:34:00Z,MSFT,buy,40,33.5,0",
        ]),
        refusals: owned(&["2013-10-07T13:33:00Z,4,position_size,1700,1500"]),
        equity: owned(&[
            "2013-10-07T13:30:00Z,10000,10000,0,0,0",
            "2013-10-07T13:31:00Z,10010,-10,10020,0.052,0",
            "2013-10-07T13:32:00Z,10040,-10,10050,0.055,0",
            "2013-10-07T13:33:00Z,10049.98,10049.98,0,0,0",
            "2013-10-07T13:34:00Z,10051.98,8709.98,1342,0.006,0",
            "2013-10-07T13:35:00Z,10053.98,8709.98,1344,0.0062,0",
        ]),
    }
}

fn file(columns: &[&str], rows: &[String]) -> Vec<u8> {
    let mut text = columns.join(",");
    rows.iter().for_each(|row| text.push_str(&format!("\n{row}")));
    text.push('\n');
    text.into_bytes()
}

impl Rows {
    pub(crate) fn files(&self) -> SessionFiles {
        SessionFiles {
            orders: file(&ORDER_COLUMNS, &self.orders),
            fills: file(&FILL_COLUMNS, &self.fills),
            refusals: file(&REFUSAL_COLUMNS, &self.refusals),
            equity: file(&EQUITY_COLUMNS, &self.equity),
            halts: Some(Vec::new()),
        }
    }

    /// The session, without payments.
    pub(crate) fn side(&self) -> Side {
        Side::of_files(Path::new("run"), self.files(), Some(Vec::new())).expect("whole rows")
    }

    /// The same with `from` in the place of `to` in one row.
    pub(crate) fn with(&self, of: impl FnOnce(&mut Rows) -> &mut Vec<String>, from: &str, to: &str) -> Rows {
        let mut changed = self.clone();
        let list = of(&mut changed);
        let row = list.iter_mut().find(|row| row.contains(from)).unwrap_or_else(|| panic!("{from} in a row"));
        *row = row.replacen(from, to, 1);
        changed
    }
}

/// Nothing noticed, every bar compared.
pub(crate) fn context() -> Context {
    Context {
        scenario: "two_shares".to_owned(),
        scenario_sha256: "cd".repeat(32),
        symbols: vec!["AAPL".to_owned(), "MSFT".to_owned()],
        timeframe: Timeframe::Minute1,
        seed: 7,
        program: "alphaflow 0.1.0".to_owned(),
        files: vec![("../data/bars.csv".to_owned(), "ab".repeat(32))],
        other: "rehearsal".to_owned(),
        venue: "the built-in exchange".to_owned(),
        calls: Some(21),
        events: Some(34),
        bars_compared: Some(12),
        findings: Vec::new(),
    }
}

/// Something noticed.
pub(crate) fn finding(time: &str, kind: FindingKind, order: Option<&str>, symbol: Option<&str>, text: &str) -> Finding {
    Finding {
        time: time.parse().expect("time"),
        kind,
        order: order.map(str::to_owned),
        symbol: symbol.map(str::to_owned),
        text: text.to_owned(),
    }
}
