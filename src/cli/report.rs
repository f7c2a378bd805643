//! `alphaflow report`: the page and the pictures of a finished run, made again.
//!
//! Not here: new numbers. The run is replayed from the scenario in `run.json` on the same data files
//! (each must have its recorded sha256) and must come out at the recorded fingerprint and metrics; only
//! then is the report written. `run.json` holds paths as the scenario wrote them and not the folder they
//! start from, so that the same run gives the same bytes anywhere; the folder is found again by the files.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::Failure;
use super::finish::{Run, draw, input};
use super::screen::{Progress, error_style};
use crate::market::sha256_of_file;
use crate::scenario::{Diagnostic, LoadedScenario, data_diagnostic, load_market, parse, run_with};
use crate::strategy::Catalog;

/// Longest run.json: the longest scenario, a thousand files, room to spare.
const RUN_BYTES_MAX: u64 = 4 << 20;
/// Where scenarios usually lie, below a folder above the run.
const SCENARIO_FOLDERS: [&str; 2] = ["scenarios", ""];

/// Arguments of `alphaflow report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow report reports/ma_crossover_tech4\n\nThe run is replayed and must come out as recorded; exit code 3 if it does not."
)]
pub(super) struct ReportArgs {
    /// Run folder, as `backtest` wrote it
    run: PathBuf,
    /// The folder that the scenario's relative paths start from; without it, the folders above the run
    /// and above the current one are searched, and `scenarios/` in each
    #[arg(long, value_name = "DIR")]
    paths_from: Option<PathBuf>,
}

/// What `run.json` says of a run.
pub(super) struct Record {
    path: PathBuf,
    pub(super) scenario: String,
    pub(super) name: String,
    fingerprint: String,
    /// Path as in the scenario, sha256.
    files: Vec<(String, String)>,
}

/// Rebuilds the report.
pub(super) fn run<C: Catalog>(args: &ReportArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let (record, loaded) = Record::loaded(&args.run, args.paths_from.as_deref())?;
    let run = {
        let _progress = Progress::begin("replaying", &record.name);
        let market = load_market(&loaded).map_err(input)?;
        let journal = run_with(catalog, &loaded, &market).map_err(input)?;
        Run::new(catalog, loaded, market, journal)?
    };
    let model = run.model();
    if model.fingerprint != record.fingerprint {
        let what = format!("replayed to fingerprint {}, but {} was recorded", model.fingerprint, record.fingerprint);
        let rule = "the program has changed how it fills; run the scenario again";
        return Err(Failure::Check(Diagnostic::of_file(&record.path, what).note(rule).render(&error_style())));
    }
    verify_metrics(&args.run, &run)?;
    draw(&args.run, &model)?;
    let page = args.run.join("report.html");
    Ok(writeln!(out, "{:<16}{}\n{:<16}{}", "report", page.display(), "fingerprint", &model.fingerprint[..16])?)
}

impl Record {
    /// What a run folder says of its run, and its scenario, whose data files are as they were.
    pub(super) fn loaded(folder: &Path, paths_from: Option<&Path>) -> Result<(Record, LoadedScenario), Failure> {
        let record = Record::read(folder)?;
        let base = match paths_from {
            Some(folder) => folder.to_owned(),
            None => find_base(folder, &record)?,
        };
        record.verify_files(&base)?;
        // The scenario as if it lay there; no file of this name is read.
        let file = base.join(format!("{}.toml", record.name));
        let loaded = parse(&file, &record.scenario, &[]).map_err(|all| Failure::Input(all.render(&error_style())))?;
        Ok((record, loaded))
    }

    fn read(folder: &Path) -> Result<Record, Failure> {
        let path = folder.join("run.json");
        let fail = |what: &str| {
            let rule = "name a run folder, like reports/ma_crossover_tech4";
            Failure::Input(Diagnostic::of_file(&path, what).note(rule).render(&error_style()))
        };
        let size = fs::metadata(&path).map_err(|_| fail("there is no such file"))?.len();
        if size > RUN_BYTES_MAX {
            return Err(fail(&format!("{size} bytes, allowed is {RUN_BYTES_MAX}")));
        }
        let text = fs::read_to_string(&path).map_err(|error| fail(&format!("cannot be read: {error}")))?;
        let run: Value = serde_json::from_str(&text).map_err(|error| fail(&format!("not JSON: {error}")))?;
        let text_of = |value: &Value, key: &str| {
            let found = value.get(key).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| fail(&format!("no text under `{key}`")))
        };
        let listed = run.get("files").and_then(Value::as_array).ok_or_else(|| fail("no list under `files`"))?;
        let files = listed.iter().map(|file| Ok((text_of(file, "path")?, text_of(file, "sha256")?)));
        let name = text_of(&run, "scenario")?;
        if Path::new(&name).components().count() != 1 {
            return Err(fail("`scenario` is no name"));
        }
        Ok(Record {
            scenario: text_of(&run, "effective_scenario")?,
            name,
            fingerprint: text_of(&run, "fingerprint")?,
            files: files.collect::<Result<_, Failure>>()?,
            path,
        })
    }

    /// How many data files are there below `base`: as recorded, and at all.
    fn files_at(&self, base: &Path) -> (usize, usize) {
        let present = self.files.iter().map(|(name, recorded)| (base.join(name), recorded));
        let present: Vec<(PathBuf, &String)> = present.filter(|(path, _)| path.is_file()).collect();
        let unchanged =
            present.iter().filter(|(path, recorded)| sha256_of_file(path).is_ok_and(|hash| hash == **recorded));
        (unchanged.count(), present.len())
    }

    /// Every data file must be the one that was read. Errors: the first that is missing or changed.
    fn verify_files(&self, base: &Path) -> Result<(), Failure> {
        for (name, recorded) in &self.files {
            let path = base.join(name);
            let found = sha256_of_file(&path).map_err(|error| {
                let rule = "the scenario's relative paths start there; name another folder with --paths-from";
                input(data_diagnostic(&error).note(rule))
            })?;
            if found != *recorded {
                let what = format!("has changed since the run: its sha256 is {found}, recorded is {recorded}");
                let rule = "bring the file back, or run the scenario again";
                return Err(input(Diagnostic::of_file(&path, what).note(rule)));
            }
        }
        Ok(())
    }
}

/// The folder that the paths of the run start from: the one with most of its files, unchanged ones first.
fn find_base(folder: &Path, record: &Record) -> Result<PathBuf, Failure> {
    let mut best: (usize, usize, PathBuf) = (0, 0, PathBuf::new());
    for start in [folder.to_owned(), PathBuf::from(".")] {
        let real = start.canonicalize();
        let real = real.map_err(|error| Failure::Machine(format!("error {}: {error}", start.display())))?;
        for above in real.ancestors() {
            for base in SCENARIO_FOLDERS.iter().map(|below| above.join(below)) {
                let (unchanged, present) = record.files_at(&base);
                if (unchanged, present) > (best.0, best.1) {
                    best = (unchanged, present, base);
                }
                if best.0 == record.files.len() {
                    return Ok(best.2);
                }
            }
        }
    }
    if best.1 > 0 {
        return Ok(best.2);
    }
    let first = record.files.first().map_or("", |(name, _)| name.as_str());
    let what = format!("data file {first} is not above the run or the current folder");
    let rule = "name the folder of the scenario with --paths-from; relative paths start there";
    Err(input(Diagnostic::of_file(&record.path, what).note(rule)))
}

/// The recorded measures must be those of the replay, or page and file would differ.
fn verify_metrics(folder: &Path, run: &Run) -> Result<(), Failure> {
    let path = folder.join("metrics.json");
    let check = |what: String| {
        let rule = "the file or the program has changed; run the scenario again";
        Failure::Check(Diagnostic::of_file(&path, what).note(rule).render(&error_style()))
    };
    let text = fs::read_to_string(&path).map_err(|error| check(format!("cannot be read: {error}")))?;
    let recorded: Value = serde_json::from_str(&text).map_err(|error| check(format!("not JSON: {error}")))?;
    // Through text, so that both sides are numbers as a file holds them.
    let replayed: Value = serde_json::from_str(&run.metrics.to_json().to_string())
        .map_err(|error| check(format!("cannot be written: {error}")))?;
    if recorded == replayed {
        return Ok(());
    }
    let keys = replayed.as_object().into_iter().flat_map(|all| all.keys());
    let differing = keys.into_iter().find(|key| recorded.get(key.as_str()) != replayed.get(key.as_str()));
    Err(check(match differing {
        Some(key) => {
            let recorded = recorded.get(key).map_or("missing".to_owned(), Value::to_string);
            format!("`{key}` is {recorded}, but the replay gives {}", replayed[key.as_str()])
        }
        None => "holds keys that the replay does not give".to_owned(),
    }))
}
