//! What a session shows on its terminal: the lines of events, and two lines below them that say where it stands.
//!
//! Not here: the words of an event (trade_line), figures (live::Snapshot).
//! Invariants: (1) the two lines are drawn only where standard output is a terminal that can move its cursor; (2) a terminal
//! that has gone ends nothing: the session goes on without it.
use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::screen::{can_redraw, screen};
use super::trade_line::{day, in_new_york, on_screen, plain, shown};
use crate::domain::Timestamp;
use crate::live::{SessionEvent, Snapshot, StateView};
use crate::report::format::{Numbers, Sign, code_in_words, counted};
use crate::report::terminal::{Colours, Screen};

/// Between two drawings.
pub(super) const REDRAW: Duration = Duration::from_millis(250);
/// An engine that has shown nothing new for so long is said to be silent.
const SILENT: Duration = Duration::from_secs(5);
/// Prices older than this are said to be old while the market is open, as on the dashboard.
const OLD_NS: i64 = 90 * Timestamp::NS_PER_SECOND;
/// Between two pieces of a line.
const GAP: &str = "  ";

/// Prints a session on standard output.
pub(super) struct Printer<'a, W: Write> {
    out: &'a mut W,
    screen: Screen,
    /// More than one scenario trades.
    names_strategy: bool,
    /// The two lines may be drawn, and stand there.
    can_redraw: bool,
    is_drawn: bool,
    /// Nobody reads any more.
    is_gone: bool,
    day: String,
    last: Option<SessionEvent>,
    /// The version of the last snapshot, and since when it is known.
    seen: (u64, Instant),
}

impl<'a, W: Write> Printer<'a, W> {
    /// Prints to `out`, which is standard output.
    pub(super) fn new(out: &'a mut W, names_strategy: bool) -> Printer<'a, W> {
        let seen = (0, Instant::now());
        let (screen, can_redraw) = (screen(), can_redraw());
        Printer {
            out,
            screen,
            names_strategy,
            can_redraw,
            is_drawn: false,
            is_gone: false,
            day: String::new(),
            last: None,
            seen,
        }
    }

    /// Prints a line above the two.
    pub(super) fn say(&mut self, text: &str) {
        self.with(|own| {
            own.clear()?;
            writeln!(own.out, "{text}")?;
            own.out.flush()
        });
    }

    /// Prints an event.
    pub(super) fn event(&mut self, event: &SessionEvent) {
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
    pub(super) fn draw(&mut self, snapshot: &Snapshot) {
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

/// How a piece of a line is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Strong,
    Reverse,
    Gain,
    Loss,
}

/// The two lines, each shorter than the terminal is wide.
fn lines(snapshot: &Snapshot, last: Option<&SessionEvent>, silent: Option<Duration>, screen: &Screen) -> [String; 2] {
    let first = [Some(mode(snapshot, screen)), clock(snapshot), Some(state(snapshot, silent)), market(snapshot)];
    let first = first.into_iter().chain([Some(connection(snapshot)), last.map(last_event)]);
    let second = [equity(snapshot), today(snapshot), old_prices(snapshot)];
    let counts = [
        (Ink::Plain, counted(snapshot.positions.len(), "position", "positions")),
        (Ink::Plain, counted(snapshot.orders.len(), "open order", "open orders")),
    ];
    let refused = snapshot.refusals.len();
    let refused = (refused > 0).then(|| (Ink::Plain, format!("{refused} refused today")));
    let second = second.into_iter().chain(counts.map(Some)).chain([refused]);
    [joined(first.flatten(), screen), joined(second.flatten(), screen)]
}

/// Pieces side by side, as many as fit.
fn joined(pieces: impl Iterator<Item = (Ink, String)>, screen: &Screen) -> String {
    let width = screen.columns.unwrap_or(80).saturating_sub(1);
    let (mut out, mut taken) = (String::new(), 0);
    for (ink, text) in pieces {
        let text = if screen.unicode { text } else { text.replace('×', "x").replace('·', ".") };
        let gap = if taken == 0 { 0 } else { GAP.len() };
        let length = text.chars().count();
        if taken + gap + length > width {
            continue;
        }
        out.push_str(&GAP[..gap]);
        out.push_str(&set(&text, ink, screen.colours));
        taken += gap + length;
    }
    out
}

fn set(text: &str, ink: Ink, colours: Colours) -> String {
    let code = match (colours, ink) {
        (Colours::None, _) | (_, Ink::Plain) => return text.to_owned(),
        (_, Ink::Strong) => "1",
        (_, Ink::Reverse) => "1;7",
        (_, Ink::Gain) => "94",
        (Colours::TwoHundredFiftySix, Ink::Loss) => "38;5;215",
        (_, Ink::Loss) => "33",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// `LIVE ····4417`, `REHEARSAL 60×`.
fn mode(snapshot: &Snapshot, screen: &Screen) -> (Ink, String) {
    let view = &snapshot.mode;
    let word = view.mode.to_uppercase();
    let place = match (&view.account_tail, &view.speed) {
        (_, Some(speed)) if !speed.is_empty() => format!(" {}", shown(speed)),
        (Some(tail), _) => format!(" ····{}", shown(tail)),
        _ => String::new(),
    };
    let is_live = view.mode == "live" && screen.colours != Colours::None;
    (if is_live { Ink::Reverse } else { Ink::Strong }, format!("{word}{place}"))
}

fn clock(snapshot: &Snapshot) -> Option<(Ink, String)> {
    let known = snapshot.time > Timestamp::MIN;
    known.then(|| (Ink::Plain, format!("{} ET", in_new_york(snapshot.time, "%a %H:%M:%S"))))
}

fn state(snapshot: &Snapshot, silent: Option<Duration>) -> (Ink, String) {
    if let Some(silent) = silent.filter(|_| snapshot.state != StateView::Stopped) {
        return (Ink::Strong, format!("! no answer from the engine for {} s", silent.as_secs()));
    }
    match &snapshot.state {
        StateView::Starting { .. } => (Ink::Plain, "Starting".to_owned()),
        StateView::Trading => (Ink::Plain, "Trading".to_owned()),
        StateView::PricesOld { .. } => (Ink::Strong, "! Prices old".to_owned()),
        StateView::Halted(halt) => (Ink::Strong, format!("! Halted by {}", code_in_words(&halt.cause))),
        StateView::Stopped => (Ink::Plain, "Stopped".to_owned()),
    }
}

fn market(snapshot: &Snapshot) -> Option<(Ink, String)> {
    let view = &snapshot.market;
    let next = view.next_open.filter(|_| !view.is_open)?;
    Some((Ink::Plain, format!("closed until {}", in_new_york(next, "%a %H:%M"))))
}

/// The worst of the streams, then of the rest of the health strip.
fn connection(snapshot: &Snapshot) -> (Ink, String) {
    let is_stream = |name: &str| name == "trading_stream" || name == "data_stream";
    let mut lost = snapshot.health.iter().filter(|item| !item.is_well);
    match lost.clone().find(|item| is_stream(&item.name)).or_else(|| lost.next()) {
        Some(item) if is_stream(&item.name) => {
            (Ink::Strong, format!("! {} {}", code_in_words(&item.name), shown(&item.text)))
        }
        Some(item) => (Ink::Strong, format!("! {}", code_in_words(&item.name))),
        None if snapshot.health.is_empty() => (Ink::Plain, "connecting".to_owned()),
        None => (Ink::Plain, "connected".to_owned()),
    }
}

/// `last: fill 09:30:02`.
fn last_event(event: &SessionEvent) -> (Ink, String) {
    let kind = serde_json::to_value(event.kind).ok().and_then(|value| value.as_str().map(code_in_words));
    let time = in_new_york(event.time, "%H:%M:%S");
    (Ink::Plain, format!("last: {} {time}", kind.unwrap_or_default()))
}

fn equity(snapshot: &Snapshot) -> Option<(Ink, String)> {
    let text = match snapshot.figures.equity.value {
        Some(equity) => format!("equity {}", Numbers::PLAIN.dollars_cents(equity.to_f64(), Sign::Negative)),
        None => "equity unknown".to_owned(),
    };
    Some((Ink::Plain, text))
}

fn today(snapshot: &Snapshot) -> Option<(Ink, String)> {
    let figures = &snapshot.figures;
    let today = figures.today.value?;
    let share = figures.baseline.and_then(|baseline| today.fraction_of(baseline));
    let share = share.map(|share| format!(" ({})", Numbers::PLAIN.percent(share, 2, Sign::Always)));
    let dollars = Numbers::PLAIN.dollars_cents(today.to_f64(), Sign::Always);
    let ink = match dollars.chars().next() {
        Some('+') => Ink::Gain,
        Some('-') => Ink::Loss,
        _ => Ink::Plain,
    };
    Some((ink, format!("today {dollars}{}", share.unwrap_or_default())))
}

/// While the market is open and something is held at prices that are not of now.
fn old_prices(snapshot: &Snapshot) -> Option<(Ink, String)> {
    let at = snapshot.figures.equity.at;
    let is_old = snapshot.market.is_open
        && !snapshot.positions.is_empty()
        && snapshot.time.ns().saturating_sub(at.ns()) > OLD_NS;
    is_old.then(|| (Ink::Strong, format!("! at prices of {}", in_new_york(at, "%a %H:%M"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Aged, EventKind, HaltView, HealthItem, MarketView, ModeView, Severity};

    const SCREEN: Screen = Screen { columns: Some(80), colours: Colours::None, unicode: true };

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn snapshot() -> Snapshot {
        let at = time("2026-11-24T19:47:32Z");
        let mut view = Snapshot::before("paper");
        view.version = 1;
        view.time = at;
        view.mode = ModeView { account_tail: Some("4417".to_owned()), ..view.mode };
        view.state = StateView::Trading;
        view.market = MarketView { is_open: true, next_open: None, next_close: None };
        view.figures.equity = Aged { value: "99383.69".parse().ok(), at };
        view.figures.today = Aged { value: "-616.31".parse().ok(), at };
        view.figures.baseline = "100000".parse().ok();
        view.health = vec![HealthItem { name: "data_stream".to_owned(), is_well: true, text: String::new(), at: None }];
        view
    }

    fn fill() -> SessionEvent {
        let (kind, severity, time) = (EventKind::TakeProfit, Severity::Notice, time("2026-11-24T19:47:30Z"));
        SessionEvent { row: 1, time, kind, severity, strategy: None, symbol: None, text: String::new() }
    }

    #[test]
    fn two_lines_say_where_the_session_stands() {
        let [first, second] = lines(&snapshot(), Some(&fill()), None, &SCREEN);
        assert_eq!(first, "PAPER ····4417  Tue 14:47:32 ET  Trading  connected  last: take profit 14:47:30");
        assert_eq!(second, "equity $99,383.69  today -$616.31 (-0.62%)  0 positions  0 open orders");
        let pipe = Screen { columns: Some(60), unicode: false, ..SCREEN };
        let [first, _] = lines(&snapshot(), Some(&fill()), None, &pipe);
        assert_eq!(first, "PAPER ....4417  Tue 14:47:32 ET  Trading  connected", "what does not fit is left out whole");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let mut view = snapshot();
        view.health.push(HealthItem {
            name: "trading_stream".into(),
            is_well: false,
            text: "not connected".into(),
            at: None,
        });
        let since = view.time;
        let (by, cause) = ("kat".to_owned(), "kill_switch".to_owned());
        view.state = StateView::Halted(HaltView { cause, by, since, reason: None, clears: None, steps: Vec::new() });
        view.market = MarketView { is_open: false, next_open: Some(time("2026-11-25T14:30:00Z")), next_close: None };
        let wide = Screen { columns: Some(140), ..SCREEN };
        let [first, _] = lines(&view, None, None, &wide);
        let words = "PAPER ····4417  Tue 14:47:32 ET  ! Halted by kill switch  closed until Wed 09:30  ! trading stream not \
                     connected";
        assert_eq!(first, words);
        let [first, _] = lines(&view, None, Some(Duration::from_secs(12)), &wide);
        assert!(first.contains("! no answer from the engine for 12 s") && !first.contains("Halted"), "{first}");
    }

    #[test]
    fn colours_are_those_of_a_sign_and_of_real_money() {
        let mut view = snapshot();
        let screen = Screen { colours: Colours::TwoHundredFiftySix, ..SCREEN };
        let [first, second] = lines(&view, None, None, &screen);
        assert!(first.starts_with("\u{1b}[1mPAPER ····4417\u{1b}[0m"), "{first:?}");
        assert!(second.contains("\u{1b}[38;5;215mtoday -$616.31 (-0.62%)\u{1b}[0m"), "{second:?}");
        view.mode.mode = "live".to_owned();
        view.figures.today.value = "0.001".parse().ok();
        let [first, second] = lines(&view, None, None, &screen);
        assert!(first.starts_with("\u{1b}[1;7mLIVE ····4417\u{1b}[0m"), "{first:?}");
        assert!(second.contains("  today $0.00 (0.00%)  "), "zero has no sign and no colour: {second:?}");
    }

    #[test]
    fn unknown_equity_is_not_zero() {
        let [first, second] = lines(&Snapshot::before("rehearsal"), None, None, &SCREEN);
        assert_eq!(first, "REHEARSAL  Starting  connecting");
        assert_eq!(second, "equity unknown  0 positions  0 open orders");
    }

    /// Whoever closes the pipe does not end the session.
    #[test]
    fn a_reader_that_has_gone_ends_nothing() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut gone = Gone;
        let mut printer = Printer::new(&mut gone, false);
        printer.event(&fill());
        assert!(printer.is_gone);
        printer.say("more");
    }
}
