//! What is known of a comparison besides the rows: what was run, where, and what was noticed on the way.
//!
//! Not here: noticing (cli, live), judging (cause). No durations and no clock: the same session gives the same bytes.
use crate::domain::{Timeframe, Timestamp};
use crate::scenario::{LoadedScenario, MarketData, scenario_sha256};

/// What was noticed while the other session ran or was prepared for comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FindingKind {
    /// A bar that the session saw is not the one that was replayed.
    BarDiffers,
    /// An event came after the bar it belongs to.
    LateEvent,
    /// A stream was lost and came back.
    Reconnect,
    /// The venue refused an order, with its code and words.
    VenueRefused,
    /// The venue refused to move a stop.
    StopChangeRefused,
    /// A fill that no stream told was found by asking.
    FillRecovered,
    /// The clocks differ by more than is allowed.
    ClockSkew,
    /// Somebody, or the session itself, halted; with an order: an entry that rested then and was taken back.
    Halt,
    /// Somebody ended a halt.
    Resume,
    /// Somebody closed a position or took an order back.
    ByHand,
    /// A bar was shown so late that nothing opens on its price.
    LateBar,
    /// The process ended and another went on; with an order: an entry that the first took back.
    Restart,
    /// The venue showed orders or shares that no order of the session accounts for.
    Foreign,
    /// Anything else worth reading.
    Other,
}

impl FindingKind {
    /// Its word in `parity.json`.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::BarDiffers => "bar_differs",
            FindingKind::LateEvent => "late_event",
            FindingKind::Reconnect => "reconnect",
            FindingKind::VenueRefused => "venue_refused",
            FindingKind::StopChangeRefused => "stop_change_refused",
            FindingKind::FillRecovered => "fill_recovered",
            FindingKind::ClockSkew => "clock_skew",
            FindingKind::Halt => "halt",
            FindingKind::Resume => "resume",
            FindingKind::ByHand => "by_hand",
            FindingKind::LateBar => "late_bar",
            FindingKind::Restart => "restart",
            FindingKind::Foreign => "foreign",
            FindingKind::Other => "other",
        }
    }
}

/// One thing that was noticed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The bar it belongs to, by its open time.
    pub time: Timestamp,
    /// What it is.
    pub kind: FindingKind,
    /// The order it is about, as `orders.csv` calls it; `None` where it is about none.
    pub order: Option<String>,
    /// The share it is about; `None` where it is about none.
    pub symbol: Option<String>,
    /// A sentence with its numbers.
    pub text: String,
}

/// What is known besides the rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// The scenario's name.
    pub scenario: String,
    /// SHA-256 of the whole effective scenario.
    pub scenario_sha256: String,
    /// Its shares.
    pub symbols: Vec<String>,
    /// Its bars.
    pub timeframe: Timeframe,
    /// Its seed.
    pub seed: u64,
    /// The program and its version.
    pub program: String,
    /// Files read: path as in the scenario, sha256.
    pub files: Vec<(String, String)>,
    /// What the other session is: `rehearsal`, `paper session`, `live session`.
    pub other: String,
    /// Where it traded: `the built-in exchange`, `Alpaca paper`.
    pub venue: String,
    /// REST calls it made; `None` where nobody counted.
    pub calls: Option<u64>,
    /// Events it received; `None` where nobody counted.
    pub events: Option<u64>,
    /// Bars it saw that were compared with the replayed ones; `None` where nobody did. Each that differs is a finding
    /// of kind [`FindingKind::BarDiffers`].
    pub bars_compared: Option<u64>,
    /// What was noticed, in order of time.
    pub findings: Vec<Finding>,
}

impl Context {
    /// Of a scenario and its data; nothing counted, nothing noticed yet. `other`, `venue`: as the fields.
    pub fn of(loaded: &LoadedScenario, market: &MarketData, other: &str, venue: &str) -> Context {
        let spec = &loaded.spec;
        Context {
            scenario: spec.scenario.name.clone(),
            scenario_sha256: scenario_sha256(spec),
            symbols: spec.data.symbols.iter().map(ToString::to_string).collect(),
            timeframe: spec.data.timeframe,
            seed: spec.scenario.seed,
            program: concat!("alphaflow ", env!("CARGO_PKG_VERSION")).to_owned(),
            files: market.files.clone(),
            other: other.to_owned(),
            venue: venue.to_owned(),
            calls: None,
            events: None,
            bars_compared: None,
            findings: Vec::new(),
        }
    }

    /// Findings of `kind` about this order.
    pub(super) fn of_order<'a>(&'a self, kind: FindingKind, order: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |found| found.kind == kind && found.order.as_deref() == Some(order))
    }

    /// The finding that the bar of `symbol` at `time` differs.
    pub(super) fn bar_differs(&self, symbol: &str, time: Timestamp) -> Option<&Finding> {
        let is_it = |found: &&Finding| {
            found.kind == FindingKind::BarDiffers && found.time == time && found.symbol.as_deref() == Some(symbol)
        };
        self.findings.iter().find(is_it)
    }
}
