//! Scenarios: the TOML file that decides a run, as a checked value with its errors placed in the file.
//!
//! Not here: bars and calendars (market), what strategies exist (strategy), the limits at work (risk).
//! A [`ScenarioSpec`] is read from text and `--set` overrides ([`load`], [`parse`]), and written back
//! with every default ([`effective_toml`]). `[sweep]`, `[walk_forward]` and `[stress]` are read and
//! checked with the rest; a single backtest refuses them. [`LoadedScenario::with_values`] is one run of a sweep.
mod account_rows;
mod band;
mod cut;
mod data;
mod data_error;
pub mod diagnostic;
mod effective;
mod efficacy;
mod efficacy_file;
mod efficacy_halts;
mod efficacy_peaks;
mod finer;
mod fingerprint;
mod folder;
mod forced;
mod holding;
mod live_engine;
mod load;
mod marks;
mod metrics;
mod night;
mod order_names;
mod overrides;
mod parse;
mod parse_check;
mod parse_flat;
mod parse_nearest;
mod parse_reader;
mod parse_rules;
mod parse_sections;
mod parse_source;
mod parse_study;
mod parse_value;
mod prove;
mod prove_earlier;
mod prove_events;
mod prove_futures;
mod prove_runs;
mod prove_witness;
mod rehearsable;
mod run;
mod run_folder;
mod script;
mod seen;
mod series;
mod series_metrics;
mod session_files;
mod share;
mod span_metrics;
pub mod spec;
mod spec_choice;
mod spec_data;
pub mod spec_keys;
mod spec_study;
mod spec_windows;
mod split_lines;
mod spreads;
#[cfg(test)]
mod tests_errors;
#[cfg(test)]
mod tests_laws;
#[cfg(test)]
mod tests_values;
#[cfg(test)]
mod tests_vary;
mod together;
mod trials;
mod vary;
mod with_strategy;

pub use account_rows::{AccountRow, account_rows, round_trips, tied_account_rows};
pub use data::{MarketData, data_calendar, load_market};
pub use data_error::data_diagnostic;
pub use diagnostic::{Diagnostic, Diagnostics, Style};
pub use effective::effective_toml;
pub use efficacy::{Efficacy, LimitKind, LimitUnit, LimitUse, Reached, efficacy, reached_since};
pub use efficacy_file::write_limits;
pub use efficacy_halts::HaltUse;
pub use fingerprint::{FillsHash, fingerprint, scenario_sha256};
pub use folder::{
    EQUITY_COLUMNS, EQUITY_FILE, FILL_COLUMNS, FILLS_FILE, ORDER_COLUMNS, ORDERS_FILE, REFUSAL_COLUMNS, REFUSALS_FILE,
    exit_reason, write_folder,
};
pub use forced::Forced;
pub use holding::{benchmark_held, held_equally};
pub use live_engine::{Building, EngineVisitor, live_engine};
pub use load::{LoadedScenario, load, parse};
pub use marks::{Marks, SessionEnds};
pub use metrics::{MEASURES, Metrics, Yardsticks, compute_metrics, measure_run, measures_of_line, session_ends};
pub use night::{Night, largest_night};
pub use parse_study::NO_WINDOW;
pub use prove::{Change, Earlier, Proof, Rerun, WarmUp, prove};
pub use prove_earlier::load_earlier;
pub use prove_events::{Event, Moment, Tally};
pub use prove_futures::Future;
pub use rehearsable::check_rehearsable;
pub use run::{atr_columns, capped, run, run_again, run_from, run_on, run_with, venue_rules};
pub use run_folder::RunFolder;
pub use series::{Series, SeriesKind, SeriesRow, read_series};
pub use series_metrics::series_metrics;
pub use session_files::{HaltSpan, SessionFiles};
pub use span_metrics::measure_span;
pub use spec::ScenarioSpec;
pub use together::{GroupRun, run_together};
pub use trials::{Trials, read_trials};
pub use with_strategy::{chart_lines, check_run, check_strategy};
