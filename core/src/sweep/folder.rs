//! The folder of a sweep: what it is (`sweep.json`) and the rows that are done, in parts.
//!
//! Not here: making rows (`runner`), what is made of all of them (`results`).
//! Invariants: (1) a part appears whole, on disk, or not at all, so a sweep that is killed loses at most the runs
//! its workers were at; (2) which runs a part holds follows from the plan alone, so an unbroken sweep, a resumed one
//! and merged shards leave the same bytes.
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::part;
use super::plan::Plan;
use super::propose::{BATCH, STARTUP};
use super::row::Row;
use super::shard::Shard;
use crate::scenario::{MarketData, effective_toml};

/// What says that a folder holds a sweep.
const IDENTITY: &str = "sweep.json";
/// Where the parts stand.
const PARTS: &str = "parts";
/// Most runs of a part: a row is under two kilobytes, and a worker that is killed loses a part.
const PART_RUNS_MAX: usize = 250;
/// Runs of a part of an optimiser's sweep, where one batch at a time is shared out to the workers.
const PROPOSED_PART_RUNS: usize = 2;
const _: () = assert!(
    BATCH.is_multiple_of(PROPOSED_PART_RUNS) && STARTUP.is_multiple_of(PROPOSED_PART_RUNS),
    "of one batch each"
);
/// Parts that even a small sweep is cut into, so that many workers have something to do.
const PARTS_WANTED: usize = 16;
/// What a finished sweep has beside its parts.
pub const RESULTS: &str = "results.parquet";
/// What a finished stress test has, too.
pub(super) const STRESS: &str = "stress.csv";
/// What [`SweepFolder::begin_anew`] takes away; anything else is not the sweep's.
const FILES: [&str; 8] =
    [IDENTITY, RESULTS, "verdict.json", STRESS, "sweep.html", "heatmap.png", "walk_forward.json", "walk_forward.csv"];

/// What a sweep is: two folders of the same identity hold rows of the same sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    json: Value,
}

impl Identity {
    /// That of `plan`, whose base scenario reads `market`.
    pub fn of(plan: &Plan, market: &MarketData) -> Identity {
        let spec = &plan.base().spec;
        let files: Vec<Value> =
            market.files.iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect();
        let axes: Vec<Value> =
            plan.axes().iter().map(|axis| json!({"key": axis.key(), "values": axis.texts()})).collect();
        let mut points = Sha256::new();
        for position in 0..plan.len() {
            plan.point(position).iter().for_each(|index| points.update(index.to_le_bytes()));
        }
        let points: String = points.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut json = json!({
            "program": concat!("alphaflow ", env!("CARGO_PKG_VERSION")),
            "scenario": spec.scenario.name,
            "runs": plan.wanted(),
            "combinations": plan.combinations().to_string(),
            "axes": axes,
            "points_sha256": points,
            "files": files,
            "effective_scenario": effective_toml(spec),
        });
        if let Some(objective) = plan.optimises() {
            // It decides which runs there are.
            json["objective"] = objective.to_string().into();
        }
        let id: String = Sha256::digest(json.to_string()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        json["id"] = id.into();
        Identity { json }
    }

    /// 16 hexadecimal digits over everything else.
    pub fn id(&self) -> &str {
        self.json["id"].as_str().unwrap_or_default()
    }

    /// The first thing in which `other` is another sweep, by its name in the file.
    fn difference(&self, other: &Value) -> Option<&str> {
        let keys = self.json.as_object()?.keys().filter(|key| *key != "id");
        keys.into_iter().find(|key| self.json[*key] != other[*key]).map(String::as_str)
    }
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Rows of the same sweep are there.
    #[error("{} holds this sweep, {done} of {runs} runs done; go on with --resume, or begin anew with --fresh", path.display())]
    Begun {
        /// The folder.
        path: PathBuf,
        /// Runs done.
        done: usize,
        /// Runs of the shard.
        runs: usize,
    },
    /// Rows of another sweep are there.
    #[error("{} holds another sweep (its {difference} differs); choose another --out, or begin anew with --fresh", path.display())]
    Other {
        /// The folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The shard is another.
    #[error("{} holds shard {found} of this sweep, not {wanted}; choose another --out", path.display())]
    Shard {
        /// The folder.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// No sweep is there.
    #[error("{} holds no sweep: it has no readable {IDENTITY}", path.display())]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// Not all runs are there.
    #[error("{} has {done} of {runs} runs; {remedy}", path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// Runs there are.
        done: usize,
        /// Runs of the sweep.
        runs: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// The file system or a file would not.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// How to treat what is in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// There must be no sweep.
    New,
    /// Go on where it stopped, if it is the same one.
    Resume,
    /// Take away what is there of a sweep.
    Fresh,
}

/// An open folder.
#[derive(Debug)]
pub struct SweepFolder {
    path: PathBuf,
    positions: Vec<usize>,
    part_runs: usize,
    runs: usize,
}

impl SweepFolder {
    /// Opens the folder for shard `shard` of the sweep.
    ///
    /// Errors: [`FolderError`].
    pub fn open(path: &Path, identity: &Identity, shard: Shard, begin: Begin) -> Result<SweepFolder, FolderError> {
        let runs = identity.json["runs"].as_u64().unwrap_or_default() as usize;
        let part_runs = match identity.json.get("objective") {
            Some(_) => PROPOSED_PART_RUNS,
            None => (runs / PARTS_WANTED).clamp(1, PART_RUNS_MAX),
        };
        let folder = SweepFolder { path: path.to_owned(), positions: shard.positions(runs).collect(), part_runs, runs };
        match (folder.identity(), begin) {
            (None, _) => {}
            (Some(_), Begin::Fresh) => folder.begin_anew()?,
            (Some(found), _) => {
                if let Some(difference) = identity.difference(&found) {
                    return Err(FolderError::Other { path: path.to_owned(), difference: difference.to_owned() });
                }
                let there = found["shard"].as_str().unwrap_or_default();
                if there != shard.to_string() {
                    let (found, wanted) = (there.to_owned(), shard.to_string());
                    return Err(FolderError::Shard { path: path.to_owned(), found, wanted });
                }
                if begin == Begin::New {
                    let (done, runs) = (folder.done(), folder.positions.len());
                    return Err(FolderError::Begun { path: path.to_owned(), done, runs });
                }
                return Ok(folder);
            }
        }
        fs::create_dir_all(folder.path.join(PARTS)).map_err(|error| named(&folder.path, &error))?;
        let mut text = identity.json.clone();
        text["shard"] = shard.to_string().into();
        let bytes = format!("{text:#}\n");
        replace(&folder.path.join(IDENTITY), |file| file.write_all(bytes.as_bytes()))?;
        Ok(folder)
    }

    fn identity(&self) -> Option<Value> {
        read_identity(&self.path)
    }

    fn begin_anew(&self) -> io::Result<()> {
        // The identity first: a folder half emptied must not look like a sweep.
        for name in FILES {
            remove(&self.path.join(name), fs::remove_file)?;
        }
        remove(&self.path.join(PARTS), fs::remove_dir_all)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs of the shard.
    pub fn runs(&self) -> usize {
        self.positions.len()
    }

    /// Is the shard the whole sweep?
    pub fn is_whole(&self) -> bool {
        self.positions.len() == self.runs
    }

    /// The runs of each part, by position in the plan.
    pub fn parts(&self) -> impl Iterator<Item = &[usize]> {
        self.positions.chunks(self.part_runs)
    }

    /// The parts that are not done.
    pub fn missing(&self) -> Vec<&[usize]> {
        self.parts().filter(|part| !self.part_path(part).exists()).collect()
    }

    /// Runs done.
    pub fn done(&self) -> usize {
        self.runs() - self.missing().iter().map(|part| part.len()).sum::<usize>()
    }

    fn part_path(&self, part: &[usize]) -> PathBuf {
        let first = part.first().copied().unwrap_or_default();
        self.path.join(PARTS).join(format!("part-{first:07}.parquet"))
    }

    /// Puts the rows of a part on disk.
    ///
    /// Errors: whatever the file system says, with the file's name.
    pub fn keep(&self, part: &[usize], axes: &[&str], rows: &[Row]) -> io::Result<()> {
        replace(&self.part_path(part), |file| part::write(file, axes, rows))
    }

    /// All rows of the shard, by position.
    ///
    /// Errors: parts are missing, damaged, or of another sweep.
    pub fn rows(&self, axes: &[&str]) -> Result<Vec<Row>, FolderError> {
        if !self.missing().is_empty() {
            let (path, remedy) = (self.path.clone(), "go on with --resume");
            return Err(FolderError::Incomplete { path, done: self.done(), runs: self.runs(), remedy });
        }
        self.rows_between(0..self.runs, axes)
    }

    /// The rows of the parts that begin within `positions`.
    ///
    /// Errors: a part is missing, damaged, or of another sweep.
    pub fn rows_between(&self, positions: Range<usize>, axes: &[&str]) -> Result<Vec<Row>, FolderError> {
        let mut rows = Vec::new();
        for part in self.parts().filter(|part| part.first().is_some_and(|first| positions.contains(first))) {
            rows.extend(read_part(&self.part_path(part), part, axes)?);
        }
        Ok(rows)
    }

    fn trained_path(&self, window: usize, piece: &[usize]) -> PathBuf {
        let first = piece.first().copied().unwrap_or_default();
        self.path.join(PARTS).join(format!("window-{window:04}-{first:07}.parquet"))
    }

    /// Puts the training rows of some runs in a window of the walk-forward on disk.
    ///
    /// Errors: whatever the file system says, with the file's name.
    pub fn keep_trained(&self, window: usize, piece: &[usize], axes: &[&str], rows: &[Row]) -> io::Result<()> {
        replace(&self.trained_path(window, piece), |file| part::write(file, axes, rows))
    }

    /// The rows that [`Self::keep_trained`] has put there, if it has.
    ///
    /// Errors: the file is damaged or of another sweep.
    pub fn trained(&self, window: usize, piece: &[usize], axes: &[&str]) -> io::Result<Option<Vec<Row>>> {
        let path = self.trained_path(window, piece);
        if path.exists() { read_part(&path, piece, axes).map(Some) } else { Ok(None) }
    }
}

/// The rows of a part, which are those of the runs `part`.
fn read_part(path: &Path, part: &[usize], axes: &[&str]) -> io::Result<Vec<Row>> {
    let found = part::read(path, axes)?;
    if found.iter().map(|row| row.position as usize).eq(part.iter().copied()) {
        return Ok(found);
    }
    let what = "holds other runs than its name says; remove it and go on with --resume";
    Err(named(path, &io::Error::new(io::ErrorKind::InvalidData, what)))
}

/// Joins the shards of a sweep: all rows, by position.
///
/// Errors: a folder holds no sweep or another one; runs are missing or there twice.
pub fn merged(identity: &Identity, axes: &[&str], shards: &[PathBuf]) -> Result<Vec<Row>, FolderError> {
    let runs = identity.json["runs"].as_u64().unwrap_or_default() as usize;
    let mut rows: Vec<Option<Row>> = vec![None; runs];
    for path in shards {
        let found = read_identity(path).ok_or_else(|| FolderError::None { path: path.clone() })?;
        if let Some(difference) = identity.difference(&found) {
            return Err(FolderError::Other { path: path.clone(), difference: difference.to_owned() });
        }
        let shard = found["shard"].as_str().unwrap_or_default().parse();
        let shard: Shard = shard.map_err(|_| FolderError::None { path: path.clone() })?;
        let folder = SweepFolder::open(path, identity, shard, Begin::Resume)?;
        for row in folder.rows(axes)? {
            let at = row.position as usize;
            rows[at] = Some(row);
        }
    }
    let done = rows.iter().flatten().count();
    match rows.into_iter().collect::<Option<Vec<Row>>>() {
        Some(rows) => Ok(rows),
        None => {
            let (path, remedy) = (shards.first().cloned().unwrap_or_default(), "name the folder of every shard");
            Err(FolderError::Incomplete { path, done, runs, remedy })
        }
    }
}

fn read_identity(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path.join(IDENTITY)).ok()?).ok()
}

/// Writes `path` through a neighbour that is on disk before it takes the name.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let written = File::create(&partial).and_then(|mut file| {
        fill(&mut file)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).map_err(|error| {
        // The first error is the one to report; a leftover that cannot be removed is not worse.
        let _ = fs::remove_file(&partial);
        named(path, &error)
    })
}

fn remove(path: &Path, with: impl Fn(PathBuf) -> io::Result<()>) -> io::Result<()> {
    match with(path.to_owned()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(path, &error)),
        _ => Ok(()),
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
