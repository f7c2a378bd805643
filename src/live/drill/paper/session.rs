//! The session of a drill on paper: strategy, gate, desk and wire of every session, on a thread of its own.
//!
//! Not here: what is tried and when (mod), the kill switch beside it. The strategy is a script of single shares; its bars
//! are given by the drill, so it decides when it is told to. It listens to no halt: what stops it is the shutter.
//! Invariants: (1) an order leaves only as an approval of the gate; (2) the session ends with this value.
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::orders::DrillOrders;
use crate::domain::{OrderStatus, SymbolIndex, Timestamp};
use crate::engine::OrderOutcome;
use crate::execution::alpaca::{
    AlpacaDesk, AlpacaPort, AlpacaWire, ApiKeys, DataLine, DeskConfig, Encoding, Feed, Instant, Patience, Shutter,
    TradingMode,
};
use crate::live::drill::{DrillError, wall};
use crate::live::event::{SessionEvent, Severity};
use crate::live::journal::{Durability, Row};
use crate::live::session::{Input, KeepError, Keeper, Moment, ShownBar, Terms, Trader, desk_rows, machine_of};
use crate::strategy::BuiltIn;
use crate::venue::FillMoment;

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_millis(20);
/// Calls a minute of the desk; what the drill itself reads and the kill switch calls come beside it.
const CALLS_A_MINUTE: u32 = 80;
/// Both the stream and everything at the venue are read within this.
const READY_TIME: Duration = Duration::from_secs(60);

/// A session that runs.
pub(super) struct PaperSession {
    pub(super) shutter: Shutter,
    told: Sender<Told>,
    shown: Arc<Mutex<Shown>>,
    thread: Option<JoinHandle<()>>,
}

/// What its thread is told.
enum Told {
    /// The bar of this number closes.
    Bar(usize),
    End,
}

/// What it shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// The stream listens, and everything at the venue has been read.
    pub(super) is_ready: bool,
    /// Orders that the gate approved and that never rested or filled.
    pub(super) rejected: usize,
    /// The last that it had to say that was no matter of course.
    pub(super) warning: Option<String>,
    /// Why it broke off.
    pub(super) problem: Option<String>,
}

impl PaperSession {
    /// Starts it and waits until orders may open. Errors: no wire; the venue does not answer.
    pub(super) fn start<M: TradingMode>(
        mode: M,
        keys: ApiKeys,
        orders: DrillOrders,
        number: u32,
    ) -> Result<PaperSession, DrillError> {
        let (told, tells) = channel();
        let (opened, open) = channel();
        let shown = Arc::new(Mutex::new(Shown::default()));
        let showing = Arc::clone(&shown);
        let thread = std::thread::spawn(move || {
            let ran = Running::open(mode, &keys, orders, number).and_then(|(runtime, mut running)| {
                // Nobody waits for it any more where this fails.
                let _ = opened.send(running.port.shutter());
                runtime.block_on(running.run(&tells, &showing))
            });
            if let Err(error) = ran {
                lock(&showing).problem = Some(error);
            }
        });
        let shutter = open.recv_timeout(READY_TIME).ok();
        let Some(shutter) = shutter else {
            let problem = lock(&shown).problem.take().unwrap_or_else(|| "it does not start".to_owned());
            return Err(DrillError::Session(problem));
        };
        let session = PaperSession { shutter, told, shown, thread: Some(thread) };
        let began = std::time::Instant::now();
        while !session.shown()?.is_ready {
            if began.elapsed() > READY_TIME {
                let what = "the account's orders and stream are not ready after a minute";
                return Err(DrillError::Session(what.to_owned()));
            }
            std::thread::sleep(LOOK);
        }
        Ok(session)
    }

    /// How it stands. Errors: it has broken off.
    pub(super) fn shown(&self) -> Result<Shown, DrillError> {
        let shown = lock(&self.shown).clone();
        match shown.problem {
            Some(problem) => Err(DrillError::Session(problem)),
            None => Ok(shown),
        }
    }

    /// Lets it decide on the bar of this number, counted from 1.
    pub(super) fn decide(&self, bar: usize) {
        // A session that has ended says so when it is looked at.
        let _ = self.told.send(Told::Bar(bar));
    }
}

impl Drop for PaperSession {
    fn drop(&mut self) {
        let _ = self.told.send(Told::End);
        if let Some(thread) = self.thread.take() {
            // One that has panicked has said so itself.
            let _ = thread.join();
        }
    }
}

fn lock(shown: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The session on its thread.
struct Running<M: TradingMode> {
    port: AlpacaPort<M>,
    trader: Trader,
    orders: DrillOrders,
    began: std::time::Instant,
    kept: Nowhere,
    warning: Option<String>,
}

impl<M: TradingMode> Running<M> {
    fn open(mode: M, keys: &ApiKeys, orders: DrillOrders, number: u32) -> Result<(Runtime, Running<M>), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let encoding = Encoding::Json;
        let wire = {
            let _inside = runtime.enter();
            AlpacaWire::open(mode, keys, DataLine { feed: Feed::Iex, encoding })
        };
        let wire = wire.map_err(|error| error.to_string())?;
        let began = std::time::Instant::now();
        let terms = Arc::new(Terms::of(&orders.loaded, number).map_err(|error| error.to_string())?);
        let machine = machine_of(&BuiltIn, &orders.loaded, Some(orders.script), &terms)?;
        let config = terms.desk(CALLS_A_MINUTE, wall(), Patience::default(), Vec::new());
        // Prices come from the drill, so the one connection to market data stays free for a session.
        let config = DeskConfig { listens_to_bars: false, ..config };
        let desk = AlpacaDesk::new(config, instant(began));
        let trader = Trader::new(machine, desk, Arc::clone(&terms));
        let port = AlpacaPort::new(wire, encoding, terms.symbols.clone());
        Ok((runtime, Running { port, trader, orders, began, kept: Nowhere(0), warning: None }))
    }

    async fn run(&mut self, tells: &Receiver<Told>, shown: &Mutex<Shown>) -> Result<(), String> {
        self.begin_bar(0);
        loop {
            while let Ok(told) = tells.try_recv() {
                match told {
                    Told::Bar(number) => self.decide(number)?,
                    Told::End => return Ok(()),
                }
            }
            self.turn()?;
            let orders = self.trader.machine().orders().records();
            let rejected = orders.filter(|order| order.outcome == OrderOutcome::Sent(OrderStatus::Rejected)).count();
            let (is_ready, warning) = (self.trader.desk_ref().is_ready(), self.warning.clone());
            *lock(shown) = Shown { is_ready, rejected, warning, problem: None };
            let now = instant(self.began);
            tokio::select! {
                event = self.port.next() => self.port.take(&mut [self.trader.desk()], event, now),
                () = tokio::time::sleep(LOOK) => {}
            }
            self.trader.desk().on_time(instant(self.began));
        }
    }

    fn decide(&mut self, number: usize) -> Result<(), String> {
        let (time, bar) = self.orders.bar(number);
        let bars = vec![ShownBar::of(SymbolIndex(0), &bar)];
        let input = Input::Bars { time, bars, late_ns: 0, warm_up: false };
        let told = self.trader.give(input, moment(), &mut self.kept).map_err(|error| error.to_string())?;
        self.heed(&told);
        self.begin_bar(number);
        Ok(())
    }

    /// Fills from here on come on the bar after this one.
    fn begin_bar(&mut self, number: usize) {
        let (time, _) = self.orders.bar(number + 1);
        self.trader.begin_bar(time, FillMoment::Within);
    }

    fn turn(&mut self) -> Result<(), String> {
        let at = moment();
        let told = self.trader.answer(at, &mut self.kept).map_err(|error| error.to_string())?;
        self.heed(&told);
        let Running { port, trader, kept, .. } = self;
        let name = trader.terms().name.clone();
        let sent = port.send(&mut [trader.desk()], |_, log| {
            let rows = desk_rows(&name, log, at);
            kept.append(&rows, Durability::Buffered).map(drop).map_err(|error| std::io::Error::other(error.to_string()))
        });
        sent.map_err(|error| error.to_string())?;
        let told = self.trader.take_findings(at, &mut self.kept).map_err(|error| error.to_string())?;
        self.heed(&told);
        Ok(())
    }

    fn heed(&mut self, told: &[SessionEvent]) {
        let warns = |event: &&SessionEvent| event.severity >= Severity::Warning;
        if let Some(event) = told.iter().rfind(warns) {
            self.warning = Some(event.text.clone());
        }
    }
}

fn moment() -> Moment {
    let now: Timestamp = wall();
    Moment { time: now, wall: now }
}

fn instant(began: std::time::Instant) -> Instant {
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Instant { ms, wall_ms: wall().ns() / 1_000_000 }
}

/// A drill keeps no journal: what it leaves is its report.
struct Nowhere(u64);

impl Keeper for Nowhere {
    fn append(&mut self, rows: &[Row], _: Durability) -> Result<u64, KeepError> {
        self.0 += rows.len() as u64;
        Ok(self.0)
    }
}
