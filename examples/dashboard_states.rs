//! Serves the dashboard with scripted states instead of a session, for looking at it and for browser tests.
//!
//! ```text
//! cargo run --example dashboard_states -- [PORT]
//! ```
//! The first line on standard output is the address; the token is [`TOKEN`]. Lines on standard input change what is
//! shown: `show STATE MODE`, `silence on|off` (the engine says nothing), `session on|off` (it answers no command).
//! Every command and every press of the kill switch is printed as a line of JSON.
#![allow(clippy::unwrap_used)]
#[path = "../tests/dashboard/states.rs"]
mod states;

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alphaflow::domain::{Money, Timestamp};
use alphaflow::live::dashboard::{Dashboard, DashboardLinks, DashboardOptions, DashboardPort, Question, Tokens};
use alphaflow::live::redact::Redactor;
use alphaflow::live::{Command, Done, HaltView, ItemOutcome, Snapshot, StateView};
use tokio::sync::{mpsc, watch};

/// What signs in. The states are invented, so it guards nothing.
const TOKEN: &str = "states-0123456789abcdef-states-token";

/// What is shown at the moment.
struct Scene {
    page: Snapshot,
    since: Instant,
    is_silent: bool,
    answers: bool,
}

type Stage = Arc<Mutex<Scene>>;

fn main() {
    let port = std::env::args().nth(1).map_or(0, |port| port.parse().expect("a port"));
    let page = states::named("trading", "paper").expect("a state");
    let stage = Arc::new(Mutex::new(Scene { page, since: Instant::now(), is_silent: false, answers: true }));
    let reader = Arc::clone(&stage);
    std::thread::spawn(move || read(&reader));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(serve(stage, port));
}

async fn serve(stage: Stage, port: u16) {
    let first = Arc::new(stage.lock().unwrap().page.clone());
    let (publish, snapshots) = watch::channel(first);
    let (commands, asked) = mpsc::channel(16);
    let pressed = Arc::clone(&stage);
    let stop = Arc::new(move |order: alphaflow::risk::HaltOrder| {
        say(&serde_json::json!({ "stop": order }));
        let item = |item: &str, text: &str| ItemOutcome { item: item.into(), done: true, text: text.into() };
        let mut scene = pressed.lock().unwrap();
        scene.page.state = halted(&scene, order.reason.map(|words| words.as_str().to_owned()));
        let items = vec![item("latch", "Latched on disk, entries refused."), item("MSFT", "MSFT entry canceled.")];
        Done { taken: true, text: "Halted. Only a resume with a reason ends it.".into(), items }
    });
    let options = DashboardOptions {
        redactor: Arc::new(Redactor::of([])),
        tokens: Tokens::of(TOKEN, Some("scripts-0123456789abcdef-scripts-token")).expect("tokens"),
        clock: Arc::new(wall),
        on_login: Arc::new(|notice| say(&serde_json::json!({ "login": notice.text }))),
    };
    let port = DashboardPort::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).expect("a port");
    let dashboard = Dashboard::start(port, options, DashboardLinks { snapshots, commands, stop });
    morning(&stage, &publish).await;
    println!("listening on http://{}", dashboard.address());
    tokio::join!(play(Arc::clone(&stage), publish), answer(stage, asked));
}

/// What the dashboard would have seen since the open, in quick motion: today's line comes from it.
async fn morning(stage: &Stage, publish: &watch::Sender<Arc<Snapshot>>) {
    const MINUTES: i64 = 310;
    let last = stage.lock().unwrap().page.clone();
    let (Some(base), Some(end)) = (last.figures.baseline, last.figures.equity.value) else { return };
    let mut wave = 0;
    for minute in 0..MINUTES {
        let mut page = last.clone();
        page.time = page.time.plus_ns((minute - MINUTES) * 60_000_000_000);
        // A walk that is the same every time and ends near where it began.
        wave += (minute * 7919 % 13 - 6) * 300 + (minute * 31 % 7 - 3) * 500 - wave / 12;
        let gone = Money::from_units((end - base).units() / i128::from(MINUTES) * i128::from(minute));
        page.figures.equity.value = Some(base + gone + Money::from_cents(wave));
        publish.send_replace(Arc::new(page));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_ns(i64::try_from(since.as_nanos()).expect("a clock before 2262"))
}

fn say(value: &serde_json::Value) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stdout().lock(), "{value}");
}

fn halted(scene: &Scene, reason: Option<String>) -> StateView {
    let halt = HaltView {
        cause: "kill_switch".into(),
        by: "dashboard".into(),
        since: scene.page.time,
        stood_before: false,
        reason,
        clears: None,
        steps: Vec::new(),
        done_before: false,
    };
    StateView::Halted(halt)
}

/// The scene goes on by the wall's clock, ages staying what they were.
async fn play(stage: Stage, publish: watch::Sender<Arc<Snapshot>>) {
    let mut version = 1;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let scene = stage.lock().unwrap();
        if scene.is_silent {
            continue;
        }
        version += 1;
        let mut page = scene.page.clone();
        let passed = i64::try_from(scene.since.elapsed().as_nanos()).unwrap_or(0);
        page.version = version;
        page.time = page.time.plus_ns(passed);
        if matches!(page.state, StateView::Trading | StateView::Halted(_)) && page.market.is_open {
            let f = &mut page.figures;
            for at in [
                &mut f.equity.at,
                &mut f.today.at,
                &mut f.open_pnl.at,
                &mut f.at_stops.at,
                &mut f.gross.at,
                &mut f.buying_power.at,
            ] {
                *at = at.plus_ns(passed);
            }
            for position in &mut page.positions {
                position.last.at = position.last.at.plus_ns(passed);
                position.old_from = position.old_from.plus_ns(passed);
            }
            page.health.iter_mut().for_each(|item| item.at = item.at.map(|at| at.plus_ns(passed)));
        }
        publish.send_replace(Arc::new(page));
    }
}

async fn answer(stage: Stage, mut asked: mpsc::Receiver<Question>) {
    let mut held = Vec::new();
    while let Some((asked, answer)) = asked.recv().await {
        say(&serde_json::json!({ "asked": asked }));
        if !stage.lock().unwrap().answers {
            // Kept, so that whoever asks waits as if the session were busy.
            held.push(answer);
            continue;
        }
        let text = match &asked.command {
            Command::Resume { .. } => {
                stage.lock().unwrap().page.state = StateView::Trading;
                "Trading goes on.".to_owned()
            }
            Command::Close { symbol, .. } => format!("{symbol} leaves at market."),
            Command::Cancel { order, .. } => format!("Order {} is being canceled.", order.0),
            other => format!("Taken: {other:?}."),
        };
        // Whoever asked may have gone.
        let _ = answer.send(Done { taken: true, text, items: Vec::new() });
    }
}

fn read(stage: &Stage) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut scene = stage.lock().unwrap();
        match words[..] {
            ["show", state, mode] => {
                scene.page = states::named(state, mode).expect("a state and a mode of tests/dashboard/states.rs");
                scene.since = Instant::now();
            }
            ["silence", how] => scene.is_silent = how == "on",
            ["session", how] => scene.answers = how == "on",
            _ => say(&serde_json::json!({ "unknown": line, "states": states::STATES, "modes": states::MODES })),
        }
        drop(scene);
        say(&serde_json::json!({ "done": line }));
    }
    std::process::exit(0);
}
