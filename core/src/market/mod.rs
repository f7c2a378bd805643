//! Where bars come from: files, calendars, corporate actions, and bars made up from a seed.
//!
//! Not here: anything that decides on a bar; the report of a warning; reading a scenario.
//! Invariants: (1) a series that left this room is strictly ordered and every bar of it is
//! [`checked`](crate::domain::Bar::checked); (2) a file is refused whole or read whole.
mod adjust;
mod calendar;
mod civil;
mod corporate_actions;
mod csv;
mod csv_header;
mod csv_row;
mod csv_write;
mod detect;
mod error;
mod file;
mod file_hash;
mod holidays;
mod margin_dates;
mod merge;
mod names;
mod new_york;
mod number;
mod parquet;
mod parquet_column;
mod parquet_write;
mod quotes;
mod resample;
mod series;
mod settlement;
mod span;
mod special;
mod synthetic;
mod validate;

pub use adjust::{AdjustError, Adjustment, adjust, adjust_as, bar_after_split};
pub use calendar::{Calendar, Session, SessionCursor, Sessions};
pub use corporate_actions::{ActionKind, CorporateAction, actions_of, read_corporate_actions};
pub use csv::{read_csv, read_csv_on};
pub use csv_write::{ExtraColumn, csv_text, write_csv, write_csv_with};
pub use detect::{load_detected, timeframe_of};
pub use error::{DataError, Fault, Place};
pub use file_hash::sha256_of_file;
pub use margin_dates::{
    DAY_TRADE_SESSIONS, DAY_TRADES_MAX, MARGIN_EQUITY_MIN, day_trader_equity_min, four_times_equity_min,
};
pub use merge::Merge;
pub use names::{NameSpan, actions_of_others, actions_of_share, names_of};
pub use new_york::new_york_date;
pub use parquet::read_parquet;
pub use parquet_write::{write_parquet, write_parquet_with};
pub use quotes::{QuoteBar, read_quotes};
pub use resample::{ResampleError, Resampler};
pub use series::{BarFile, load_bars, load_series};
pub use settlement::{next_session_date, settlement_date, settlement_sessions};
pub use span::Span;
pub use synthetic::{Length, SynthesisError, SyntheticSpec, synthesize};
pub use validate::{
    CheckedBars, DataWarning, WARNINGS_KEPT_PER_KIND, WarningKind, Warnings, check_bars, check_bars_after,
};
