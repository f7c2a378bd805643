//! What the terminal of this process can show, and a bar for work that takes longer than a second.
//!
//! Not here: drawing (report::terminal). Colours are off under `NO_COLOR`, `TERM=dumb` and in pipes.
use std::env;
use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::history_rows::broken;
use crate::report::terminal::{Colours, Screen};
use crate::scenario::Style;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// Redrawn at most so often a second.
const REDRAWS_PER_SECOND: u8 = 10;

/// What standard output can show.
pub(super) fn screen() -> Screen {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return Screen::PIPE;
    }
    let columns = terminal_size::terminal_size_of(&stdout).map_or(80, |(width, _)| usize::from(width.0));
    let colours = match env::var("TERM") {
        _ if wants_no_colour() => Colours::None,
        Ok(term) if term.contains("256color") => Colours::TwoHundredFiftySix,
        _ if env::var_os("COLORTERM").is_some() => Colours::TwoHundredFiftySix,
        _ => Colours::Sixteen,
    };
    Screen { columns: Some(columns), colours, unicode: speaks_unicode() }
}

/// May a line of standard output be drawn over?
pub(super) fn can_redraw() -> bool {
    io::stdout().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// `text` after `first`, broken between words for a terminal of so many `columns` and set below itself; below `first` where
/// that leaves too little room. A pipe gets one line.
pub(super) fn wrapped(first: &str, text: &str, columns: Option<usize>) -> String {
    /// Room that a text needs beside what stands before it.
    const ROOM_MIN: usize = 30;
    const INDENT: usize = 4;
    let Some(columns) = columns else { return format!("{first}{text}") };
    let taken = first.chars().count();
    let is_beside = columns >= taken + ROOM_MIN;
    let indent = if is_beside { taken } else { INDENT };
    let mut parts = broken(text, columns.saturating_sub(indent).max(ROOM_MIN)).into_iter();
    let mut out =
        if is_beside { first.to_owned() + &parts.next().unwrap_or_default() } else { first.trim_end().to_owned() };
    parts.filter(|part| !part.is_empty()).for_each(|part| out.push_str(&format!("\n{:indent$}{part}", "")));
    out
}

/// Colours for errors, if standard error can show them.
pub(super) fn error_style() -> Style {
    if wants_no_colour() || !io::stderr().is_terminal() { Style::PLAIN } else { Style::ANSI }
}

fn wants_no_colour() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The first of the variables that is set decides, as in the C library.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| env::var(name).ok());
    let decisive = locale.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_lowercase();
    decisive.contains("utf-8") || decisive.contains("utf8")
}

/// A line on standard error that says what is being done, once it has taken a second.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Dropping it tells the thread that the work is done.
    done: Option<mpsc::Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins a phase, such as "replaying", over `what`, such as "8,216 bars".
    ///
    /// Silent unless standard error is a terminal.
    pub(super) fn begin(phase: &'static str, what: &str) -> Progress {
        let bar = ProgressBar::hidden();
        if !io::stderr().is_terminal() {
            return Progress { bar, done: None, watcher: None };
        }
        let template = format!("{phase:<16}{{spinner}} {{msg}}  {{elapsed}}");
        // A template that indicatif cannot read would only cost its looks.
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let ticks: &[&str] = if speaks_unicode() {
                &["━  ", " ━ ", "  ━", "━━━"]
            } else {
                &["-  ", " - ", "  -", "---"]
            };
            bar.set_style(style.tick_strings(ticks));
        }
        bar.set_message(what.to_owned());
        let (done, wait) = mpsc::channel::<()>();
        let late = bar.clone();
        let watcher = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                late.set_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND));
                late.enable_steady_tick(Duration::from_millis(1000 / u64::from(REDRAWS_PER_SECOND)));
            }
        });
        Progress { bar, done: Some(done), watcher: Some(watcher) }
    }
}

impl Drop for Progress {
    /// Takes the line away.
    fn drop(&mut self) {
        self.done = None;
        if let Some(watcher) = self.watcher.take() {
            // It holds no lock and cannot fail; were it to, the line is of no further use.
            let _ = watcher.join();
        }
        self.bar.finish_and_clear();
    }
}

/// A bar on standard error that counts what is done, with its rate and the time that is left.
pub(super) struct Counter {
    bar: ProgressBar,
}

impl Counter {
    /// Begins a phase, such as "sweeping", of `all` pieces of which `done` were there before.
    ///
    /// Silent unless standard error is a terminal.
    pub(super) fn begin(phase: &'static str, done: u64, all: u64) -> Counter {
        if !io::stderr().is_terminal() {
            return Counter { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND))
            .with_position(done);
        let template = format!("{phase:<16}{{bar:24}} {{human_pos}} of {{human_len}}  {{per_sec}}  {{eta}} left");
        // A template that indicatif cannot read would only cost its looks.
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars(if speaks_unicode() { "━━─" } else { "##-" }));
        }
        bar.reset_eta();
        Counter { bar }
    }

    /// So many more are done; any thread may say so.
    pub(super) fn add(&self, done: u64) {
        self.bar.inc(done);
    }
}

impl Drop for Counter {
    /// Takes the line away.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_below_themselves_and_a_pipe_gets_one_line() {
        let text = "one two three four five six seven eight nine ten eleven";
        assert_eq!(wrapped("holds  x   ", text, None), format!("holds  x   {text}"));
        let beside = "holds  x   one two three four five six\n           seven eight nine ten eleven";
        assert_eq!(wrapped("holds  x   ", text, Some(42)), beside);
        let below = "holds  x\n    one two three four five six seven\n    eight nine ten eleven";
        assert_eq!(wrapped("holds  x   ", text, Some(39)), below);
        assert_eq!(wrapped("holds  x   ", "", Some(39)), "holds  x");
    }
}
