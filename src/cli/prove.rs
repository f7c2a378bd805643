//! `alphaflow backtest --prove`: the proof of a strategy, printed; a run folder only where one is asked for.
//!
//! Not here: the reruns (scenario), the words (report::proof). Exit code 3 where an order changed.
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::Failure;
use super::backtest::{Format, unwritable};
use super::finish::{Run, input};
use super::screen::{Progress, screen};
use crate::report::format::counted;
use crate::report::proof::Proved;
use crate::report::terminal;
use crate::scenario::{LoadedScenario, MarketData, Proof, RunFolder, load_earlier, prove, run_with};
use crate::strategy::Catalog;

/// What is wanted of a proof besides itself.
pub(super) struct Wanted<'a> {
    /// Where to leave the run and the proof.
    pub(super) folder: Option<&'a Path>,
    /// With page and pictures?
    pub(super) drawn: bool,
    /// What to print.
    pub(super) format: Format,
}

/// Proves, prints, and fails where the proof does not hold.
pub(super) fn run<C: Catalog>(
    catalog: &C,
    loaded: LoadedScenario,
    market: MarketData,
    wanted: &Wanted<'_>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let unfinished = match wanted.folder {
        Some(folder) => Some(RunFolder::open(folder).map_err(|error| unwritable(folder, &error))?),
        None => None,
    };
    let started = Instant::now();
    let progress = Progress::begin("proving", &counted(market.bars.iter().map(Vec::len).sum(), "bar", "bars"));
    let earlier = load_earlier(&loaded).map_err(input)?;
    let proof = prove(catalog, &loaded, &market, earlier.as_ref()).map_err(input)?;
    drop(progress);
    let spent = started.elapsed();
    let proved = Proved { spec: &loaded.spec, proof: &proof };
    let mut object = proved.to_json();
    let text = match wanted.format {
        Format::Text => terminal::proof(&proved, spent, &screen()),
        Format::Json => {
            let kept = object.clone();
            object["prove_seconds"] = spent.as_secs_f64().into();
            let text = format!("{object:#}\n");
            object = kept;
            text
        }
    };
    let outcome = verdict(&loaded, &proof);
    if let Some(unfinished) = unfinished {
        let journal = run_with(catalog, &loaded, &market).map_err(input)?;
        let run = Run::new(catalog, loaded, market, journal)?;
        match wanted.drawn {
            true => run.write(unfinished.aside(), &run.model())?,
            false => run.write_numbers(unfinished.aside())?,
        }
        fs::write(unfinished.aside().join("prove.json"), format!("{object:#}\n"))?;
        unfinished.keep()?;
    }
    out.write_all(text.as_bytes())?;
    outcome
}

fn verdict(loaded: &LoadedScenario, proof: &Proof) -> Result<(), Failure> {
    if proof.holds() {
        return Ok(());
    }
    let changes = counted(proof.changes.len(), "kind of rerun", "kinds of rerun");
    let path = loaded.path().display();
    Err(Failure::Check(format!("error {path}: orders changed in {changes}; the proof says which and why")))
}
