//! What is kept of one run of a sweep.
//!
//! Not here: files (`part`), the columns that need the other runs (`results`).
use super::run_id::RunId;
use crate::engine::Journal;
use crate::metric::{BlockSum, BlockSums, daily_returns};
use crate::scenario::{LoadedScenario, MEASURES, MarketData, Marks, Metrics, fingerprint};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// To its last bar.
    Done,
    /// Not begun: its values do not go together.
    Invalid,
    /// Broken off: its data or its orders cannot be.
    Failed,
}

impl RunStatus {
    /// `done`, `invalid` or `failed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    /// The status called `name`.
    pub fn named(name: &str) -> Option<RunStatus> {
        [Self::Done, Self::Invalid, Self::Failed].into_iter().find(|status| status.name() == name)
    }
}

/// The measures of a row, in order: those of `metrics.json` but the profit band of undecided bars, which would
/// take two more runs each, then the number of refusals.
pub fn measure_keys() -> impl Iterator<Item = &'static str> {
    let band = ["final_equity_low", "final_equity_high"];
    MEASURES.iter().copied().filter(move |key| !band.contains(key)).chain(["refusals"])
}

/// One row of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the plan, from 0.
    pub position: u32,
    /// The name of its content; empty where the run is invalid.
    pub id: String,
    /// How it ended.
    pub status: RunStatus,
    /// Why it did not run to its last bar, in one line; of a finished run what there is to say of its shock, or
    /// nothing.
    pub reason: String,
    /// The value of each axis, as text.
    pub values: Vec<String>,
    /// First and last step, as the run folder writes them; empty without one.
    pub span: (String, String),
    /// By [`measure_keys`]; `None`: undefined.
    pub measures: Vec<Option<f64>>,
    /// sha256 of its fills; empty unless done.
    pub fingerprint: String,
    /// Sums of its daily returns over at most 60 blocks of about equal length; empty where there are none.
    pub blocks: Vec<BlockSum>,
    /// The most it reached of each limit, in the order of [`crate::scenario::LimitKind::ALL`], where the sweep has
    /// `[stress]` and the run is done; else empty. `None`: it had nothing to measure.
    pub reached: Vec<Option<f64>>,
}

/// Most blocks that the returns of a run are kept in: of ten years, two months each. A hundred thousand runs are
/// then 96 MB, where their returns would be two gigabytes.
const BLOCKS_MAX: usize = 60;

/// Blocks come in such multiples: as many as the splits of [`crate::metric::pbo`] are made of.
pub(super) const BLOCKS_STEP: usize = 10;

/// The blocks of runs over so many sessions, without a run; `None` for fewer than ten sessions.
pub(super) fn empty_blocks(sessions: usize) -> Option<BlockSums> {
    let blocks = (sessions / BLOCKS_STEP * BLOCKS_STEP).min(BLOCKS_MAX);
    BlockSums::new(sessions, blocks).ok()
}

impl Row {
    /// A run that did not get to its last bar.
    pub fn unfinished(position: usize, status: RunStatus, reason: &str, values: Vec<String>) -> Row {
        Row {
            position: position as u32,
            id: String::new(),
            status,
            reason: reason.lines().next().unwrap_or_default().to_owned(),
            values,
            span: Default::default(),
            measures: vec![None; measure_keys().count()],
            fingerprint: String::new(),
            blocks: Vec::new(),
            reached: Vec::new(),
        }
    }

    /// A finished run.
    pub fn done(
        position: usize,
        values: Vec<String>,
        (loaded, market): (&LoadedScenario, &MarketData),
        journal: &Journal,
        (metrics, marks): &(Metrics, Marks),
    ) -> Row {
        let data = &loaded.spec.data;
        let start = metrics.number("initial_equity").unwrap_or(loaded.spec.account.cash.to_f64());
        let refusals = journal.refusals.len() as f64;
        // A run that is measured over a part of it has counted those of the part.
        let measure = |key: &'static str| metrics.number(key).or((key == "refusals").then_some(refusals));
        let dollars: Vec<f64> = marks.equity.iter().map(|equity| equity.to_f64()).collect();
        // Returns that are undefined, as after a ruin, leave no sums: such a run is no rival of the others.
        let returns = daily_returns(start, &dollars).unwrap_or_default();
        let blocks = empty_blocks(returns.len()).and_then(|blocks| blocks.sum_up(&returns).ok()).unwrap_or_default();
        Row {
            position: position as u32,
            id: RunId::of(&loaded.spec, &market.files).to_string(),
            status: RunStatus::Done,
            reason: String::new(),
            values,
            span: (metrics.text("start"), metrics.text("end")),
            measures: measure_keys().map(measure).collect(),
            fingerprint: fingerprint(journal, &data.symbols, data.timeframe),
            blocks,
            reached: Vec::new(),
        }
    }

    /// Its place in the plan.
    pub(super) fn place(&self) -> usize {
        self.position as usize
    }

    /// The measure called `key`.
    pub fn measure(&self, key: &str) -> Option<f64> {
        measure_keys().position(|known| known == key).and_then(|at| self.measures[at])
    }
}
