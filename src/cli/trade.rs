//! `alphaflow trade`: the session, in a rehearsal on the built-in exchange, on paper, or live.
//!
//! Not here: what a session does (live), what may be sent (risk). One line an event; the exit code says how it ended.
use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

use super::finish::input;
use super::screen::{Progress, error_style};
use super::stand_in::StandInArgs;
use super::trade_end::{Ended, end_on_signals, ended};
use super::trade_history::HasHistory;
use super::trade_joined::{joined, refuse_twins};
use super::trade_links::{self as links, Beside, Port};
use super::trade_screen::{Shown, Terminal, shown};
use super::{ALPACA_KEYS, Failure, no_secret_on_command_line};
use crate::domain::Money;
use crate::exchange::Exchange;
use crate::exchange::server::Pace;
use crate::execution::alpaca::{
    ApiKeys, EnvFile, Feed, KeyError, KeyKind, Live, LoopbackAddr, Paper, PaperStandIn, Rehearsal, TradingMode,
};
use crate::live::Snapshot;
use crate::live::dashboard::Dashboard;
use crate::live::driver::{
    ActionsFrom, Driver, DriverError, Embedded, OnUnauthorised, People, Prepared, Setup, Venue, wall,
};
use crate::live::journal::Journal;
use crate::live::preflight::{LiveRequest, ask_account_number, authorize, limit_caps};
use crate::live::session::{Machine, Terms, machine_of};
use crate::report::format::counted;
use crate::scenario::{
    LoadedScenario, MarketData, capped, check_rehearsable, check_strategy, effective_toml, load, load_market,
};
use crate::strategy::{Catalog, Script};

/// Keys of a built-in exchange in another process, and what they are where nobody sets them.
const EXCHANGE_KEYS: [&str; 2] = ["ALPHAFLOW_EXCHANGE_KEY", "ALPHAFLOW_EXCHANGE_SECRET"];
const EXCHANGE_KEY: &str = "rehearsal";
/// Commands that wait, and sign-ins.
const COMMANDS_MAX: usize = 64;

/// Where to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The built-in exchange: no account, no money
    Rehearsal,
    /// Alpaca's paper account: simulated money
    Paper,
    /// Real money
    Live,
}

/// Arguments of `alphaflow trade`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow trade scenarios/intraday_minutes.toml --mode rehearsal --speed max\n\nThe keys of Alpaca are read from .env (chmod 600), never from the command line. SIGINT, SIGTERM or a terminal that is closed (SIGHUP) ends the session in good order: entries are taken back, positions and their stops stay at the venue."
)]
pub(super) struct TradeArgs {
    /// Scenario files; several trade side by side on one account, each with its own books
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// Where to trade
    #[arg(long, value_enum, default_value_t = Mode::Rehearsal)]
    mode: Mode,
    /// Folder of the kill switch and, by mode, of the journal
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// In a rehearsal: N times the wall's clock, or `max`, where the market waits for the session [default: 1]
    #[arg(long, value_name = "N|max", value_parser = pace)]
    speed: Option<Pace>,
    /// In a rehearsal: trade on the exchange of another process, started by `alphaflow exchange` with this speed
    #[arg(long, value_name = "127.0.0.1:PORT")]
    exchange: Option<LoopbackAddr>,
    #[command(flatten)]
    stand_in: StandInArgs,
    /// Where the keys of Alpaca are
    #[arg(long, value_name = "FILE", default_value = ".env")]
    env: PathBuf,
    /// Where the dashboard listens on this machine: 8000 unless given; 0 takes a free port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Halt when the session has not moved for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=3600))]
    dead_man: Option<u64>,
    /// Folder of the log files
    #[arg(long, value_name = "DIR", default_value = "logs")]
    logs: PathBuf,
    /// Folder of the parity reports, which a live session asks for
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// What to do about orders and positions at the venue that this program did not make
    #[arg(long, value_enum, default_value_t = Unauthorised::Report)]
    on_unauthorised: Unauthorised,
    /// Change a key of every scenario, e.g. `account.cash=50000`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// What is done about what nobody of ours made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unauthorised {
    /// Report it
    Report,
    /// Report it, and halt
    Halt,
}

/// A session moves the market's clock itself, so there is nobody to step it.
fn pace(text: &str) -> Result<Pace, String> {
    match text.parse() {
        Ok(Pace::Step) | Err(_) => Err(format!("`{text}` is no speed; use a whole number from 1 on, or `max`")),
        Ok(pace) => Ok(pace),
    }
}

/// Trades until it is told to end, or the data of a rehearsal do.
pub(super) fn run<C: Catalog + Sync>(args: &TradeArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let mut all = Vec::new();
    for path in &args.scenarios {
        let loaded = load(path, &args.overrides).map_err(|all| Failure::Input(all.render(&error_style())))?;
        check_strategy(catalog, &loaded).map_err(input)?;
        all.push(loaded);
    }
    refuse_twins(&all)?;
    let (trade, several) = (Trade { args, catalog }, all.len() > 1);
    trade.stand_in()?;
    trade.refuse_unused()?;
    let last = match args.mode {
        Mode::Rehearsal => shown(out, several, |terminal| trade.rehearse(all, terminal)),
        Mode::Paper => shown(out, several, |terminal| trade.on_paper(all, terminal)),
        Mode::Live => {
            let cash: Money = all.iter().map(|loaded| loaded.spec.account.cash).sum();
            let scenarios = trade.of_days_to_come(all)?;
            let settings = trade.settings()?;
            let keys = alpaca_keys(&settings)?;
            if keys.kind() != KeyKind::Live {
                let wrong = KeyError::WrongKind { mode: "live", kind: keys.kind() };
                return Err(Failure::Input(format!("error {wrong}")));
            }
            let typed = ask_account_number(cash, &mut std::io::stdin().lock(), out)?;
            shown(out, several, |terminal| trade.live(scenarios, (settings, keys), typed, terminal))
        }
    };
    last?.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}

struct Trade<'a, C> {
    args: &'a TradeArgs,
    catalog: &'a C,
}

/// A scenario with the market it was loaded with, if it was.
pub(super) struct Scenario {
    pub(super) loaded: LoadedScenario,
    pub(super) market: MarketData,
}

impl<C: Catalog> Trade<'_, C> {
    fn rehearse(&self, all: Vec<LoadedScenario>, terminal: &Terminal) -> Result<Vec<String>, Failure> {
        let mut scenarios = Vec::new();
        for loaded in all {
            let _progress = Progress::begin("reading", &counted(loaded.spec.data.symbols.len(), "symbol", "symbols"));
            let market = load_market(&loaded).map_err(input)?;
            check_rehearsable(&loaded, &market).map_err(input)?;
            scenarios.push(Scenario { loaded, market });
        }
        let runtime = runtime()?;
        match self.args.exchange {
            Some(address) => {
                let [id, secret] = EXCHANGE_KEYS.map(|name| env::var(name).unwrap_or_else(|_| EXCHANGE_KEY.to_owned()));
                let keys = ApiKeys::new(id, secret).map_err(|error| Failure::Input(format!("error {error}")))?;
                let Pace::Times(speed) = self.speed() else {
                    let what = "an exchange of another process does not wait; say its speed as a number";
                    return Err(Failure::Input(format!("error --speed {}: {what}", self.speed())));
                };
                let (speed_text, venue) = (format!("{speed}×"), Venue::Exchange { speed });
                let terms = Place { speed_text, venue, actions: ActionsFrom::Scenario, is_new: false };
                runtime.block_on(self.trade(Rehearsal(address), keys, scenarios, terms, None, terminal))
            }
            None => {
                let (loaded, market) = joined(&scenarios)?;
                let exchange = Exchange::new(&loaded, &market).map_err(input)?;
                let (pace, venue, speed_text) = match self.speed() {
                    Pace::Max | Pace::Step => (Pace::Step, Venue::Stepped, "as fast as it goes".to_owned()),
                    Pace::Times(speed) => (Pace::Times(speed), Venue::Exchange { speed }, format!("{speed}×")),
                };
                runtime.block_on(async {
                    let embedded = Embedded::start(exchange, pace).await.map_err(failed)?;
                    let mode = embedded.mode().map_err(failed)?;
                    let keys = ApiKeys::new(Embedded::key().to_owned(), Embedded::key().to_owned());
                    let keys = keys.map_err(|error| Failure::Input(format!("error {error}")))?;
                    let place = Place { speed_text, venue, actions: ActionsFrom::Scenario, is_new: true };
                    self.trade(mode, keys, scenarios, place, Some(&embedded), terminal).await
                })
            }
        }
    }

    fn on_paper(&self, all: Vec<LoadedScenario>, terminal: &Terminal) -> Result<Vec<String>, Failure> {
        let scenarios = self.of_days_to_come(all)?;
        let settings = self.settings()?;
        let keys = alpaca_keys(&settings)?;
        // What is not set means paper: the safe side. A value may be a secret in the wrong line, so it is not shown.
        if !matches!(settings.get("ALPACA_PAPER"), None | Some("" | "true")) {
            let place = settings.place("ALPACA_PAPER");
            let what = format!("error {place}: ALPACA_PAPER is not true; --mode paper needs ALPACA_PAPER=true");
            return Err(Failure::Input(what));
        }
        let (runtime, place) = (runtime()?, Place::alpaca());
        match self.stand_in()? {
            Some(address) => {
                runtime.block_on(self.trade(PaperStandIn(address), keys, scenarios, place, None, terminal))
            }
            None => runtime.block_on(self.trade(Paper, keys, scenarios, place, None, terminal)),
        }
    }

    /// Real money: only with everything that [`authorize`] asks for.
    fn live(
        &self,
        scenarios: Vec<Scenario>,
        (settings, keys): (EnvFile, ApiKeys),
        typed: Option<String>,
        terminal: &Terminal,
    ) -> Result<Vec<String>, Failure> {
        let loaded: Vec<LoadedScenario> = scenarios.iter().map(|scenario| scenario.loaded.clone()).collect();
        let request = LiveRequest {
            mode: "live",
            env: &settings,
            state: &self.args.state,
            reports: &self.args.reports,
            scenarios: &loaded,
            now: wall(),
        };
        runtime()?.block_on(async {
            let authorized = authorize(&request, &keys, typed.as_deref()).await;
            let mode = Live::new(authorized.map_err(|refusal| Failure::Check(format!("error {refusal}")))?);
            self.trade(mode, keys, scenarios, Place::alpaca(), None, terminal).await
        })
    }

    /// A flag that does nothing is an order that was not understood.
    fn refuse_unused(&self) -> Result<(), Failure> {
        let mode = match self.args.mode {
            Mode::Rehearsal => return Ok(()),
            Mode::Paper => "paper",
            Mode::Live => "live",
        };
        let flag = match (self.args.exchange, self.args.speed) {
            (Some(_), _) => "--exchange",
            (None, Some(_)) => "--speed",
            (None, None) => return Ok(()),
        };
        let what = format!("error {flag} goes with --mode rehearsal, not with --mode {mode}; leave one of both out");
        Err(Failure::Input(what))
    }

    /// The pace of a rehearsal, unless said otherwise that of the wall's clock.
    fn speed(&self) -> Pace {
        self.args.speed.unwrap_or(Pace::Times(1))
    }

    fn stand_in(&self) -> Result<Option<LoopbackAddr>, Failure> {
        let found = self.args.stand_in.address(self.args.mode == Mode::Paper, &self.args.state);
        found.map_err(|what| Failure::Input(format!("error {what}")))
    }

    fn settings(&self) -> Result<EnvFile, Failure> {
        links::settings(&self.args.env)
    }

    /// Scenarios whose bars are still to come.
    fn of_days_to_come(&self, all: Vec<LoadedScenario>) -> Result<Vec<Scenario>, Failure> {
        let mut scenarios = Vec::new();
        for loaded in all {
            if loaded.spec.strategy.name == Script::STRATEGY {
                let what = "an order script names bars of the past, and a session trades those to come";
                return Err(input(loaded.diagnostic("strategy.name", what).note("rehearse it in place of trading it")));
            }
            let market = MarketData::default();
            check_rehearsable(&loaded, &market).map_err(input)?;
            scenarios.push(Scenario { loaded, market });
        }
        Ok(scenarios)
    }

    async fn trade<M: TradingMode + HasHistory>(
        &self,
        mode: M,
        keys: ApiKeys,
        mut scenarios: Vec<Scenario>,
        place: Place,
        embedded: Option<&Embedded>,
        terminal: &Terminal,
    ) -> Result<Vec<String>, Failure> {
        let folder = self.args.state.join(M::NAME);
        let settings = self.settings()?;
        if place.venue == Venue::Alpaca {
            // The stricter of both counts, and the journal holds what counted.
            let caps = limit_caps(&settings).map_err(|error| Failure::Input(format!("error {error}")))?;
            for Scenario { loaded, .. } in &mut scenarios {
                loaded.spec.risk = capped(&loaded.spec.risk, caps);
            }
        }
        let history = mode.history(&keys)?;
        let names: Vec<String> = scenarios.iter().map(|scenario| scenario.loaded.spec.scenario.name.clone()).collect();
        let title = names.join(", ");
        let port = self.args.port.map_or(if M::NAME == "live" { Port::Only(8000) } else { Port::Usual }, Port::Only);
        let beside = links::beside(&settings, &self.args.logs, (&title, M::NAME), port, terminal)?;
        let Beside { messages, port, log: _log } = beside;
        let journal = Journal::open(&folder.join("journal.db"));
        let journal = Arc::new(Mutex::new(journal.map_err(|error| Failure::Machine(format!("error {error}")))?));
        let (commander, commands) = mpsc::channel(COMMANDS_MAX);
        let (signer, logins) = mpsc::channel(COMMANDS_MAX);
        let (snapshots, pages) = watch::channel(Arc::new(Snapshot::before(M::NAME)));
        let scripts: Vec<Option<&'static Script>> = scenarios
            .iter()
            // A session lives as long as the program, and so does its script.
            .map(|scenario| scenario.market.script.clone().map(|script| &*Box::leak(Box::new(script))))
            .collect();
        let notifier = links::notifier(messages, &journal)?.map(Arc::new);
        let (told, healthy, events) = (notifier.clone(), notifier.clone(), terminal.clone());
        let build = |prepared: &Prepared, terms: Arc<Terms>| -> Result<Box<dyn Machine>, String> {
            let at = names.iter().position(|name| *name == prepared.loaded.spec.scenario.name);
            let script = at.and_then(|at| scripts[at]);
            machine_of(self.catalog, &prepared.loaded, script, &terms)
        };
        let setup = Setup {
            mode,
            keys,
            feed: Feed::Iex,
            history: Arc::new(history),
            journal,
            state: self.args.state.clone(),
            scenarios: scenarios.into_iter().map(prepared).collect(),
            venue: place.venue,
            actions: place.actions,
            speed_text: place.speed_text,
            is_new_account: place.is_new,
            on_unauthorised: match self.args.on_unauthorised {
                Unauthorised::Report => OnUnauthorised::Report,
                Unauthorised::Halt => OnUnauthorised::Halt,
            },
            dead_man: self.args.dead_man.map(Duration::from_secs),
            health: Box::new(move || healthy.iter().map(|notifier| notifier.health()).collect()),
            people: People { commands, logins },
            snapshots,
            tell: Box::new(move |event| {
                links::write(event);
                // What the journal could not take is not told out of it.
                told.iter().filter(|_| event.row > 0).for_each(|notifier| notifier.tell(event));
                events.show(Shown::Event(event.clone()));
            }),
        };
        terminal.show(Shown::Standing(pages.clone()));
        let (signals, mut ends) = end_on_signals(commander.clone())?;
        let (paged, page) = oneshot::channel();
        let session = async {
            // Whoever ends it while it comes up does not wait for a venue that does not answer.
            let mut driver = tokio::select! {
                biased;
                opened = Driver::open(setup, build) => opened.map_err(Ended::Before)?,
                _ = ends.changed() => {
                    terminal.show(Shown::Line("Ended before the session began; nothing was sent.".to_owned()));
                    return Ok(Vec::new());
                }
            };
            let _ = paged.send(driver.kill());
            let ran = match (place.venue, embedded) {
                (Venue::Stepped, Some(exchange)) => driver.run_stepped(exchange).await,
                (_, embedded) => driver.run(embedded).await,
            };
            ended(driver, ran, place.venue != Venue::Stepped, ends, terminal).await
        };
        let beside = async {
            let Ok(kill) = page.await else { return Ok(None) };
            links::dashboard(&settings, &folder, port, (pages, commander, signer), kill).map(Some)
        };
        let outcome = with_page(session, beside, terminal).await;
        signals.abort();
        if let Some(notifier) = notifier.and_then(Arc::into_inner) {
            notifier.stop().await;
        }
        if let Ok(Err(Ended::Early { event, .. })) = &outcome
            && event.row == 0
        {
            links::tell_directly(&settings, (&title, M::NAME), event).await;
        }
        let line = |(name, fills, fingerprint): (String, usize, String)| {
            format!("{name}: {}, fingerprint {fingerprint}", counted(fills, "fill", "fills"))
        };
        Ok(outcome?.map_err(|ended| ended.failure(M::NAME))?.into_iter().map(line).collect())
    }
}

/// Runs the session with its page beside it.
async fn with_page<T>(
    session: impl Future<Output = T>,
    beside: impl Future<Output = Result<Option<(Option<Dashboard>, String)>, Failure>>,
    terminal: &Terminal,
) -> Result<T, Failure> {
    let mut page = None;
    tokio::pin!(session, beside);
    let outcome = loop {
        tokio::select! {
            opened = &mut beside, if page.is_none() => {
                let opened = opened?;
                if let Some((_, text)) = &opened {
                    terminal.show(Shown::Line(text.clone()));
                }
                page = Some(opened.and_then(|(dashboard, _)| dashboard));
            }
            outcome = &mut session => break outcome,
        }
    };
    if let Some(Some(dashboard)) = page {
        dashboard.stop().await;
    }
    Ok(outcome)
}

/// Where a session trades, beyond its mode.
struct Place {
    speed_text: String,
    venue: Venue,
    actions: ActionsFrom,
    is_new: bool,
}

impl Place {
    fn alpaca() -> Place {
        Place { speed_text: String::new(), venue: Venue::Alpaca, actions: ActionsFrom::Venue, is_new: false }
    }
}

fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn failed(error: DriverError) -> Failure {
    Failure::Machine(format!("error {error}"))
}

fn prepared(Scenario { loaded, market }: Scenario) -> Prepared {
    Prepared { effective: effective_toml(&loaded.spec), loaded, actions: market.actions }
}

fn alpaca_keys(settings: &EnvFile) -> Result<ApiKeys, Failure> {
    let [id, secret] = ALPACA_KEYS;
    let wrong = |error: KeyError| Failure::Input(format!("error {error}"));
    let next = "keys are made at https://app.alpaca.markets; copy .env.example to .env, `chmod 600 .env`, and put them \
                there. A rehearsal needs none: leave --mode out";
    let keys = settings.keys(id, secret);
    let keys = keys.map_err(|error| Failure::Input(format!("error {error}\n      {next}")))?;
    no_secret_on_command_line(Some(&keys)).map_err(wrong)?;
    Ok(keys)
}
