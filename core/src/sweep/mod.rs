//! Sweeps: many runs of one scenario, which there are and what they say together.
//!
//! Not here: one run (scenario), what a sweep looks like (report).
//! A [`Plan`] is the fixed list of runs: the values of every swept key, combined, filtered by `where`, sampled by
//! `sample`. Its runs are numbered, each can be derived on its own ([`Plan::scenario`]), has an id that follows from
//! its content alone ([`RunId`]), and falls into one shard ([`Shard`]); so threads and machines do not matter.
mod axis;
mod condition;
mod condition_parse;
mod condition_term;
mod condition_token;
mod course;
mod evidence;
mod folder;
mod fraction;
mod limits_held;
mod markets;
mod moot;
mod optimise;
mod part;
mod plan;
mod plan_check;
mod propose;
mod results;
mod row;
mod run_id;
mod runner;
mod sample;
mod search;
mod shard;
mod shock;
mod shock_overnight;
mod shock_reorder;
mod shock_window;
mod sobol;
mod stressed;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_condition;
#[cfg(test)]
mod tests_plan;
#[cfg(test)]
mod tests_sample;
#[cfg(test)]
mod tests_shock;
mod verdict;
mod walk_forward;
mod walk_forward_file;
mod walk_forward_results;
mod walk_forward_windows;
mod walk_forward_words;
mod workers;

pub use axis::{AXES_MAX, Axis};
pub use evidence::{Evidence, evidence, headline};
pub use folder::{Begin, FolderError, Identity, RESULTS, SweepFolder, merged};
pub use limits_held::{LimitHeld, ShockEffect, StressHeld, Worst};
pub use optimise::{Stopped, run_all};
pub use plan::{Invalid, Plan};
pub use results::{Luck, Results, in_words};
pub use row::{Row, RunStatus, measure_keys};
pub use run_id::RunId;
pub use runner::Runner;
pub use sample::RUNS_MAX;
pub use shard::{SHARDS_MAX, Shard, ShardError};
pub use shock_window::check_windows;
pub use verdict::{Conclusion, Known, Length, Verdict, VerdictNumbers, verdict};
pub use walk_forward::WalkPlan;
pub use walk_forward_results::{Drift, Efficiency, Hindsight, Line, LinePoint, Pick, TestedWindow, WalkForward};
pub use walk_forward_windows::{WINDOWS_MAX, Window};
