//! Two lines that say where a session stands: mode, clock, state, connection, last event; equity, today, what is open.
//!
//! Not here: when they are drawn (trade_screen), figures (live::Snapshot). A piece that does not fit is left out whole.
use std::time::Duration;

use super::trade_line::{in_new_york, shown};
use crate::domain::Timestamp;
use crate::live::{SessionEvent, Snapshot, StateView};
use crate::report::format::{Numbers, Sign, code_in_words, counted};
use crate::report::terminal::{Colours, Screen};

/// Prices older than this are said to be old while the market is open, as on the dashboard.
const OLD_NS: i64 = 90 * Timestamp::NS_PER_SECOND;
/// Between two pieces of a line.
const GAP: &str = "  ";

/// How a piece of a line is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Strong,
    Reverse,
    Gain,
    Loss,
}

/// The two lines, each shorter than the terminal is wide. `last`: the last event; `silent`: for how long the engine has shown
/// nothing, where that is too long.
pub(super) fn lines(
    snapshot: &Snapshot,
    last: Option<&SessionEvent>,
    silent: Option<Duration>,
    screen: &Screen,
) -> [String; 2] {
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
        SessionEvent { row: 1, time, kind, severity, strategy: None, symbol: None, text: String::new(), refused: None }
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
        view.state = StateView::Halted(HaltView {
            cause,
            by,
            since,
            stood_before: false,
            reason: None,
            clears: None,
            steps: Vec::new(),
            done_before: false,
        });
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
}
