//! The terminal of a session: lines of events, and two lines below them that are drawn anew.
//!
//! Not here: the words of an event (trade_line), the two lines (trade_status).
//! Invariants: (1) the session never waits for its terminal, whether that stands still (Ctrl-S), is slow, or has gone: what
//! does not fit is counted and left out; (2) the two lines are drawn only where the cursor can be moved.
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Failure;
use super::screen::{can_redraw, screen};
use super::trade_line::{day, on_screen, plain};
use super::trade_status::lines;
use crate::live::{SessionEvent, Snapshot};
use crate::report::format::counted;
use crate::report::terminal::{Colours, Screen};

/// Lines that wait for a terminal: an hour of a busy session.
const WAITING_MAX: usize = 1 << 16;
/// Between two drawings of the two lines.
const REDRAW: Duration = Duration::from_millis(250);
/// An engine that has shown nothing new for so long is said to be silent.
const SILENT: Duration = Duration::from_secs(5);

/// Something to show.
pub(super) enum Shown {
    /// A line as it is.
    Line(String),
    /// An event.
    Event(SessionEvent),
    /// From here on the two lines are drawn from these.
    Standing(watch::Receiver<Arc<Snapshot>>),
    /// Nothing more comes.
    End,
}

/// The session's end of its terminal.
#[derive(Clone)]
pub(super) struct Terminal {
    lines: SyncSender<Shown>,
    missed: Arc<AtomicU64>,
}

impl Terminal {
    /// Shows it when the terminal has time; never waits.
    pub(super) fn show(&self, what: Shown) {
        if self.lines.try_send(what).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Lines of the log.
impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.show(Shown::Line(String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says that nothing more comes, however the session ends.
struct EndOnDrop(Terminal);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        // Waits for room only: whoever reads takes it sooner or later, or has gone.
        let _ = self.0.lines.send(Shown::End);
    }
}

/// Runs `session` on a thread of its own and shows on `out`, which is standard output, what it says.
///
/// `names_strategy`: more than one scenario trades.
pub(super) fn shown<T: Send>(
    out: &mut impl Write,
    names_strategy: bool,
    session: impl FnOnce(&Terminal) -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let (lines, waiting) = sync_channel(WAITING_MAX);
    let terminal = Terminal { lines, missed: Arc::default() };
    let missed = Arc::clone(&terminal.missed);
    thread::scope(|scope| {
        let session = scope.spawn(move || {
            let end = EndOnDrop(terminal);
            session(&end.0)
        });
        let mut printer = Printer::new(out, names_strategy);
        printer.follow(&waiting);
        let missed = missed.load(Ordering::Relaxed);
        if missed > 0 {
            let lines = counted(missed as usize, "line", "lines");
            printer.say(&format!(
                "{lines} came faster than this terminal; `alphaflow history --kind events` has all events"
            ));
        }
        drop(printer);
        session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Prints a session on standard output.
struct Printer<'a, W: Write> {
    out: &'a mut W,
    screen: Screen,
    /// More than one scenario trades.
    names_strategy: bool,
    /// The two lines may be drawn, and stand there.
    can_redraw: bool,
    is_drawn: bool,
    drawn_at: Instant,
    /// Nobody reads any more.
    is_gone: bool,
    day: String,
    last: Option<SessionEvent>,
    standing: Option<watch::Receiver<Arc<Snapshot>>>,
    /// The version of the last snapshot, and since when it is known.
    seen: (u64, Instant),
}

impl<'a, W: Write> Printer<'a, W> {
    /// Prints to `out`, which is standard output.
    fn new(out: &'a mut W, names_strategy: bool) -> Printer<'a, W> {
        let seen = (0, Instant::now());
        let (screen, can_redraw) = (screen(), can_redraw());
        Printer {
            out,
            screen,
            names_strategy,
            can_redraw,
            is_drawn: false,
            drawn_at: Instant::now(),
            is_gone: false,
            day: String::new(),
            last: None,
            standing: None,
            seen,
        }
    }

    /// Prints what comes until nothing more does.
    fn follow(&mut self, waiting: &Receiver<Shown>) {
        loop {
            match waiting.recv_timeout(REDRAW) {
                Ok(Shown::Line(text)) => self.say(&text),
                Ok(Shown::Event(event)) => self.event(&event),
                Ok(Shown::Standing(standing)) => self.standing = Some(standing),
                Ok(Shown::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.drawn_at.elapsed() >= REDRAW {
                self.drawn_at = Instant::now();
                let snapshot = self.standing.as_ref().map(|standing| Arc::clone(&standing.borrow()));
                snapshot.iter().for_each(|snapshot| self.draw(snapshot));
            }
        }
    }

    /// Prints a line above the two.
    fn say(&mut self, text: &str) {
        self.with(|own| {
            own.clear()?;
            writeln!(own.out, "{text}")?;
            own.out.flush()
        });
    }

    /// Prints an event.
    fn event(&mut self, event: &SessionEvent) {
        if self.screen.columns.is_none() {
            return self.say(&plain(event));
        }
        let day = day(event.time);
        if day != self.day {
            let text =
                if self.screen.colours == Colours::None { day.clone() } else { format!("\u{1b}[2m{day}\u{1b}[0m") };
            self.say(&text);
            self.day = day;
        }
        self.say(&on_screen(event, &self.screen, self.names_strategy));
        self.last = Some(event.clone());
    }

    /// Draws the two lines anew.
    fn draw(&mut self, snapshot: &Snapshot) {
        if !self.can_redraw {
            return;
        }
        if self.seen.0 != snapshot.version {
            self.seen = (snapshot.version, Instant::now());
        }
        // A terminal may have another width by now.
        self.screen.columns = screen().columns.or(self.screen.columns);
        let silent = Some(self.seen.1.elapsed()).filter(|silent| *silent >= SILENT);
        let [first, second] = lines(snapshot, self.last.as_ref(), silent, &self.screen);
        self.with(|own| {
            own.clear()?;
            own.is_drawn = true;
            write!(own.out, "{first}\n{second}")?;
            own.out.flush()
        });
    }

    fn clear(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_drawn) {
            write!(self.out, "\r\u{1b}[2K\u{1b}[1A\u{1b}[2K")?;
        }
        Ok(())
    }

    fn with(&mut self, print: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.is_gone {
            return;
        }
        if let Err(error) = print(self) {
            self.is_gone = true;
            tracing::warn!(
                "standard output cannot be written ({error}); the session goes on, its events are in the journal"
            );
        }
    }
}

impl<W: Write> Drop for Printer<'_, W> {
    /// Takes the two lines away, so that what is printed next stands for itself.
    fn drop(&mut self) {
        self.with(|own| {
            own.clear()?;
            own.out.flush()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::live::{EventKind, Severity};

    fn event(text: &str) -> SessionEvent {
        let (kind, severity, time) = (EventKind::Fill, Severity::Notice, Timestamp::from_ns(0));
        SessionEvent {
            row: 1,
            time,
            kind,
            severity,
            strategy: None,
            symbol: None,
            text: text.to_owned(),
            refused: None,
        }
    }

    /// A reader that has gone, or takes nothing until it is let.
    struct Reader(Option<Receiver<()>>);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.take() {
                None => Err(io::ErrorKind::BrokenPipe.into()),
                Some(let_go) => {
                    let _ = let_go.recv();
                    Ok(bytes.len())
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_session_in_a_pipe_prints_a_line_an_event_and_ends_with_its_outcome() {
        let mut out = Vec::new();
        let outcome = shown(&mut out, true, |terminal| {
            terminal.show(Shown::Event(event("Bought.")));
            terminal.clone().write_all(b"WARN a line of the log\n").expect("it takes all");
            Err::<(), _>(Failure::Check("no".to_owned()))
        });
        assert!(matches!(outcome, Err(Failure::Check(_))));
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "1970-01-01T00:00:00Z    fill           Bought.\nWARN a line of the log\n");
    }

    /// Whoever closes the pipe, or stops reading, does not end or hold the session.
    #[test]
    fn a_terminal_that_has_gone_or_stands_still_holds_nothing() {
        let gone = shown(&mut Reader(None), false, |terminal| {
            (0..3).for_each(|_| terminal.show(Shown::Event(event("Bought."))));
            Ok(1)
        });
        assert!(matches!(gone, Ok(1)));
        let (let_go, wait) = sync_channel(1);
        let still = shown(&mut Reader(Some(wait)), false, move |terminal| {
            (0..WAITING_MAX + 9).for_each(|_| terminal.show(Shown::Event(event("Bought."))));
            let missed = terminal.missed.load(Ordering::Relaxed);
            let_go.send(()).expect("it waits");
            Ok(missed)
        });
        assert!(matches!(still, Ok(missed) if missed > 0));
    }
}
