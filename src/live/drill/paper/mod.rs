//! The drill on the paper account: halt, cancel and flatten proved there, with single shares of one cheap stock.
//!
//! Not here: what may be sent (orders), how it leaves (session), the drill on the built-in exchange. The account must be free:
//! a market that is open, no position, no open order, no session. What the drill has bought it has sold when it ends, whatever
//! held and whatever broke off.
//! Invariants: (1) every order goes through the gate; (2) nothing that somebody else made is canceled or closed, since there
//! is nothing when it begins; (3) the latch of sessions is not touched.
mod orders;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use self::orders::DrillOrders;
use self::session::PaperSession;
use super::stage::{Commands, Said};
use super::{
    DrillError, DrillReport, DrillStep, acknowledgement, clear_folder, gate_words, is_latched, last_step, ms, seen,
    since,
};
use crate::domain::{Quantity, Symbol, Timestamp};
use crate::execution::alpaca::{ApiKeys, EmergencyOrder, EmergencyVenue, ShutterBar, TradingMode, VenueReader};
use crate::live::kill::{HaltProgress, Kill, KillError, KillOptions, run_emergency, sessions, wall};
use crate::report::format::to_the_second;
use crate::risk::LatchFile;

/// The account's lists lag by seconds, and a flatten looks twice.
const PATIENCE: Duration = Duration::from_secs(45);
/// Between two looks at the account, whose calls are counted.
const LOOK_PAUSE: Duration = Duration::from_millis(700);
/// Between two looks at the session of this process.
const LOOK: Duration = Duration::from_millis(20);
/// A drill takes about a minute, and none begins with the close so near.
const BEFORE_CLOSE_NS: i64 = 10 * 60 * Timestamp::NS_PER_SECOND;
/// Orders of the drill are asked for from so long before its start, in case the clocks differ.
const ORDERS_FROM_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// What a drill on paper needs.
pub struct PaperDrill<'a, M> {
    /// Alpaca paper, or what stands in for it.
    pub mode: M,
    /// Keys of the account.
    pub keys: ApiKeys,
    /// The share that is traded.
    pub symbol: Symbol,
    /// The folder of the kill switch.
    pub state: &'a Path,
    /// This program, to be started as another process.
    pub program: PathBuf,
    /// What `alphaflow halt` of another process must be told to work at this venue itself.
    pub halt_arguments: Vec<String>,
}

/// Runs it and writes `drill_paper.json`. `tell`: hears of every step as it ends.
///
/// Errors: the account is not free for a drill, cannot be looked at, or the session broke off; nothing is written then, and
/// what the drill had bought is sold.
pub fn run_paper_drill<M: TradingMode + Clone>(
    drill: PaperDrill<'_, M>,
    tell: impl FnMut(&DrillStep),
) -> Result<DrillReport, DrillError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| DrillError::Session(error.to_string()))?;
    let reader = VenueReader::new(&drill.mode, &drill.keys)?;
    let look = Look { runtime, reader, from: wall().plus_ns(-ORDERS_FROM_NS) };
    let orders = look.free_account(&drill)?;
    let commands = Commands { program: drill.program.clone(), folder: clear_folder(drill.state)? };
    let mut steps = Steps { drill: &drill, look, commands, orders, steps: Vec::new(), tell };
    let tried = steps.with_session().and_then(|()| steps.without_session());
    let left = steps.leave();
    tried.and(left)?;
    let report = DrillReport::of(M::NAME, steps.steps);
    report.write(drill.state)?;
    Ok(report)
}

/// Looks at the account.
struct Look {
    runtime: Runtime,
    reader: VenueReader,
    from: Timestamp,
}

/// What the account shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seen {
    shares: Quantity,
    buys: usize,
    sells: usize,
    /// Orders and legs that were ever sent by the drill.
    sent: usize,
}

impl Seen {
    fn is_flat(&self) -> bool {
        self.shares == Quantity::ZERO && self.buys + self.sells == 0
    }

    fn words(&self) -> String {
        format!("{} shares, {} orders to buy, {} to sell", self.shares, self.buys, self.sells)
    }
}

impl Look {
    fn seen(&self) -> Result<Seen, DrillError> {
        let (orders, positions) = self.runtime.block_on(async {
            let orders = self.reader.orders_since(self.from).await?;
            Ok::<_, DrillError>((orders, self.reader.positions().await?))
        })?;
        let open = |buys: bool| orders.iter().filter(|order| order.is_open && order.buys == buys).count();
        let shares = positions.iter().fold(Quantity::ZERO, |sum, (_, shares)| sum + shares.abs());
        Ok(Seen { shares, buys: open(true), sells: open(false), sent: orders.len() })
    }

    /// Nothing may be there that the drill could touch. Errors: what is there, and what to do.
    fn free_account<M: TradingMode>(&self, drill: &PaperDrill<'_, M>) -> Result<DrillOrders, DrillError> {
        let refuse = |what: String| Err(DrillError::Refused(what));
        if sessions(drill.state).iter().any(|session| session.mode == M::NAME) {
            return refuse(
                "a paper session runs with this folder; end it first, since a drill closes positions".to_owned(),
            );
        }
        let latch = LatchFile::new(drill.state).read(wall()).map_err(KillError::from)?;
        if let Some(latched) = latch.latched() {
            return refuse(format!(
                "trading is halted since {}; `alphaflow resume` comes first",
                to_the_second(latched.since)
            ));
        }
        let (account, clock, positions, orders, asset) = self.runtime.block_on(async {
            let (account, clock) = (self.reader.account().await?, self.reader.clock().await?);
            let (positions, orders) = (self.reader.positions().await?, self.reader.open_orders().await?);
            Ok::<_, DrillError>((account, clock, positions, orders, self.reader.asset(drill.symbol).await?))
        })?;
        if account.status != "ACTIVE" || !account.blocks.is_empty() {
            return refuse(format!(
                "the account is {} ({}); ask the broker",
                account.status,
                account.blocks.join(", ")
            ));
        }
        if !clock.is_open {
            return refuse(format!("the market is closed; it opens at {}", clock.next_open));
        }
        if clock.next_close.ns() - clock.at.ns() < BEFORE_CLOSE_NS {
            return refuse(format!(
                "the market closes at {}, too soon for a drill; it opens at {}",
                clock.next_close, clock.next_open
            ));
        }
        if let Some((symbol, shares)) = positions.first() {
            return refuse(format!(
                "the account holds {shares} shares of {symbol}, which a drill did not buy and would sell; close it, or drill with \
                 another paper account"
            ));
        }
        if let Some(order) = orders.first() {
            return refuse(format!(
                "an order for {} is open, which a drill did not send and would cancel; cancel it, or drill with another paper account",
                order.symbol
            ));
        }
        if !asset.is_some_and(|asset| asset.is_tradable) {
            return refuse(format!("{} is not tradable at the venue; name another share with --symbol", drill.symbol));
        }
        let price = self.runtime.block_on(self.reader.last_price(drill.symbol))?;
        DrillOrders::new(drill.symbol, price, wall())
    }

    /// Looks until it is so, for as long as the patience. The last look, and was it?
    fn until(&self, is_so: impl Fn(&Seen) -> bool) -> Result<(Seen, bool), DrillError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let is_last = Instant::now() >= end;
            match self.seen() {
                Ok(seen) if is_last || is_so(&seen) => return Ok((seen, is_so(&seen))),
                Err(error) if is_last => return Err(error),
                // A call that fails is asked again; a lost answer is no verdict.
                Ok(_) | Err(_) => std::thread::sleep(LOOK_PAUSE),
            }
        }
    }
}

struct Steps<'a, M, T> {
    drill: &'a PaperDrill<'a, M>,
    look: Look,
    commands: Commands,
    orders: DrillOrders,
    steps: Vec<DrillStep>,
    tell: T,
}

impl<M: TradingMode + Clone, T: FnMut(&DrillStep)> Steps<'_, M, T> {
    fn step(&mut self, claim: &str, held: bool, seen: impl Into<String>, ms: Option<f64>) {
        let step = DrillStep { claim: claim.to_owned(), held, seen: seen.into(), ms };
        (self.tell)(&step);
        self.steps.push(step);
    }

    fn session(&self) -> Result<PaperSession, DrillError> {
        // Names of orders are never used again at the venue: every session has the second it began in.
        let number = u32::try_from(wall().ns() / Timestamp::NS_PER_SECOND).unwrap_or(u32::MAX);
        PaperSession::start(self.drill.mode.clone(), self.drill.keys.duplicate(), self.orders.clone(), number)
    }

    fn kill_switch(&self, session: &PaperSession) -> Result<Kill, DrillError> {
        Ok(Kill::start(KillOptions {
            folder: self.commands.folder.clone(),
            venue: EmergencyVenue::of(&self.drill.mode),
            keys: self.drill.keys.duplicate(),
            shutter: session.shutter.clone(),
            dead_man: None,
            closes_itself: None,
            clock: Arc::new(wall),
        })?)
    }

    fn with_session(&mut self) -> Result<(), DrillError> {
        let session = self.session()?;
        let kill = self.kill_switch(&session)?;
        // It holds openings back until it has found its folder clear.
        wait_open(&session);
        self.trade(&session)?;
        self.halt(&session, &kill)?;
        self.resume(&session)?;
        self.flatten(&kill)
    }

    /// What there is to halt: a share with its stop, and an entry that rests.
    fn trade(&mut self, session: &PaperSession) -> Result<(), DrillError> {
        session.decide(1);
        let (seen, held) = self.look.until(|seen| seen.shares == Quantity::ONE && seen.sells == 1)?;
        let claim = format!("one share of {} is bought, and its stop is at the venue", self.drill.symbol);
        let why = session.shown()?.warning.filter(|_| !held).map(|text| format!("; {text}")).unwrap_or_default();
        self.step(&claim, held, seen.words() + &why, None);
        session.decide(2);
        let (seen, held) = self.look.until(|seen| seen.buys == 1)?;
        self.step("an entry rests far below the market", held, seen.words(), None);
        Ok(())
    }

    /// A halt by another process; an order that is decided after it stays here.
    fn halt(&mut self, session: &PaperSession, kill: &Kill) -> Result<(), DrillError> {
        let armed = LatchFile::new(&self.commands.folder).arm().map_err(KillError::from)?;
        let said = self.commands.give(&["halt", "--reason", "drill", "--wait", "0"])?;
        self.step("`halt` of another process latches", is_latched(&said), seen(&said), ms(&said, "latched_us"));
        let is_clear = said.json["session"][0]["is_clear"] == true;
        let text = acknowledgement(&said);
        self.step("the session acknowledges that nothing is on its way", is_clear, text, ms(&said, "acknowledged_us"));
        self.step("the gate refuses what would open", armed.check(wall()).is_err(), gate_words(&armed), None);
        let (before, rejected) = (self.look.seen()?, session.shown()?.rejected);
        session.decide(3);
        let end = Instant::now() + PATIENCE;
        while session.shown()?.rejected == rejected && Instant::now() < end {
            std::thread::sleep(LOOK_PAUSE);
        }
        let (after, is_held_back) = (self.look.seen()?, session.shown()?.rejected > rejected);
        let text = format!("1 tried since, {} arrived", after.sent.saturating_sub(before.sent));
        self.step("no order follows the acknowledgement", is_held_back && after.sent == before.sent, text, None);
        let began = Instant::now();
        let (seen, gone) = self.look.until(|seen| seen.buys == 0)?;
        self.step("the resting entry is taken back", gone, seen.words(), Some(since(began)));
        let kept = seen.shares == Quantity::ONE && seen.sells == 1;
        self.step("the position and its stop stay", kept, seen.words(), None);
        let is_done = finished(kill);
        self.step("the session reports that it is done", is_done, last_step(&kill.steps()), None);
        Ok(())
    }

    /// Only a resume with a reason ends a halt.
    fn resume(&mut self, session: &PaperSession) -> Result<(), DrillError> {
        let said = self.commands.give(&["resume", "--reason", " "])?;
        let latch = LatchFile::new(&self.commands.folder);
        let is_latched = latch.read(wall()).is_ok_and(|latch| latch.latched().is_some());
        self.step("a resume without a reason ends nothing", said.code == Some(2) && is_latched, said.error, None);
        let said = self.commands.give(&["resume", "--reason", "the drill goes on"])?;
        wait_open(session);
        session.decide(4);
        let (seen, passes) = self.look.until(|seen| seen.buys == 1)?;
        let text = format!("an order passes again: {}", seen.words());
        self.step("a resume with a reason does", said.code == Some(0) && passes, text, None);
        Ok(())
    }

    /// Everything is canceled and closed by the session.
    fn flatten(&mut self, kill: &Kill) -> Result<(), DrillError> {
        let began = Instant::now();
        let said = self.commands.give(&["halt", "--flatten", "--wait", "0"])?;
        self.step("`halt --flatten` latches", is_latched(&said), seen(&said), ms(&said, "latched_us"));
        let (seen, is_flat) = self.look.until(Seen::is_flat)?;
        self.step("every order is canceled and the position closed", is_flat, seen.words(), Some(since(began)));
        let is_done = finished(kill);
        self.step("the session reports that nothing is left", is_done, last_step(&kill.steps()), None);
        Ok(())
    }

    /// With no session at all, the command does the work itself.
    fn without_session(&mut self) -> Result<(), DrillError> {
        self.commands.give(&["resume", "--reason", "the drill goes on"])?;
        {
            let session = self.session()?;
            session.decide(1);
            let (seen, held) = self.look.until(|seen| seen.shares == Quantity::ONE && seen.sells == 1)?;
            self.step("a second share is bought, and the session ends", held, seen.words(), None);
        }
        let began = Instant::now();
        let wait = PATIENCE.as_secs().to_string();
        let mut arguments = vec!["halt", "--flatten", "--wait", &wait];
        arguments.extend(self.drill.halt_arguments.iter().map(String::as_str));
        let said: Said = self.commands.give(&arguments)?;
        let (seen, is_flat) = self.look.until(Seen::is_flat)?;
        let is_done = said.code == Some(0) && said.json["venue"]["progress"] == "done";
        let text =
            if is_done { seen.words() } else { format!("{}; exit code {:?}: {}", seen.words(), said.code, said.error) };
        self.step("without a session `halt` does it itself", is_flat && is_done, text, Some(since(began)));
        Ok(())
    }

    /// The account is left as it was found, whatever happened.
    fn leave(&mut self) -> Result<(), DrillError> {
        let venue = EmergencyVenue::of(&self.drill.mode);
        if !self.look.seen().is_ok_and(|seen| seen.is_flat()) {
            let cleared = run_emergency(&venue, &self.drill.keys, EmergencyOrder::Flatten, PATIENCE);
            cleared.map_err(|error| DrillError::Session(format!("the account is not as it was: {error}")))?;
        }
        let (seen, is_flat) = self.look.until(Seen::is_flat)?;
        self.step("the account is left without positions and orders", is_flat, seen.words(), None);
        Ok(())
    }
}

/// Waits until the wire takes openings; one that stays shut shows in the step that sends one.
fn wait_open(session: &PaperSession) {
    let end = Instant::now() + PATIENCE;
    while session.shutter.bar() != ShutterBar::Nothing && Instant::now() < end {
        std::thread::sleep(LOOK);
    }
}

/// Waits for the kill switch's own word.
fn finished(kill: &Kill) -> bool {
    let end = Instant::now() + PATIENCE;
    while kill.handle().progress() != Some(HaltProgress::Done) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(LOOK_PAUSE);
    }
    true
}
