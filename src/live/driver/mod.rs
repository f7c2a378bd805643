//! The driver of a session: what happens when, by the venue's clock and over the wire.
//!
//! Not here: what an input leads to (session), what to say to the venue (execution::alpaca), command lines (cli).
//! Invariants: (1) what must be on the disk is there before any call leaves; (2) answers come before commands, and both
//! before bars; (3) nothing opens before every desk has read how the venue has everything.
mod actions;
mod books;
mod clock;
mod commands;
mod early;
mod followed;
mod jobs;
mod left_out;
mod limits;
mod open;
mod past_bars;
mod people;
mod publish;
mod run;
mod say;
mod seat;
mod stepped;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use self::clock::Clock;
use self::left_out::LeftOut;
use super::command::{Asked, Done};
use super::event::SessionEvent;
use super::kill::{HaltProgress, Kill, KillError, KillHandle, LimitHalt};
use super::session::{Assembler, KeepError, Keeper, SessionError, SharedJournal, Trader, keep_events};
use super::snapshot::{HealthItem, Snapshot};
use crate::domain::{Money, Quantity, Symbol, SymbolIndex, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::history::{BarsRequest, HistoryClient};
use crate::execution::alpaca::{AccountSeen, AlpacaDesk, AlpacaPort, AskError, TradingMode, VenueReader, WireError};
use crate::live::journal::Durability;
use crate::risk::{LatchError, LatchFile};

pub use actions::ActionsFrom;
pub use clock::wall;
pub use open::{Prepared, Setup, Venue};
pub use people::People;
pub use stepped::Embedded;

/// A flatten goes through the gate, so that the books know of it; what is left after this is closed around them.
const CLOSES_ITSELF: Duration = Duration::from_secs(5);

/// Events that a page shows; the rest is in the journal.
const RECENT_MAX: usize = 200;

/// What is done about orders and positions that nobody of ours made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnUnauthorised {
    /// It is reported.
    Report,
    /// It is reported, and trading halts until somebody resumes it.
    Halt,
}

/// Why a session ended early.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// It must not go on.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// There is no wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The account cannot be looked at.
    #[error(transparent)]
    Reader(#[from] AskError),
    /// The kill switch cannot be read or written.
    #[error("the kill switch: {0}")]
    Latch(#[from] LatchError),
    /// There is no kill switch, and nothing is traded without one.
    #[error(transparent)]
    Kill(#[from] KillError),
    /// The venue, or the machine, in words.
    #[error("{0}")]
    Venue(String),
}

impl From<KeepError> for DriverError {
    fn from(error: KeepError) -> DriverError {
        DriverError::Session(error.into())
    }
}

/// A command and where its answer goes.
pub type Commanded = (Asked, oneshot::Sender<Done>);

/// A scenario and what the driver keeps for it.
struct Seat {
    trader: Trader,
    assembler: Assembler,
    /// Splits and dividends that are still to come, in order of time.
    actions: Vec<(Timestamp, MarketAction)>,
    /// How its bars of the past are asked for, a share each; the span is filled in.
    requests: Vec<BarsRequest>,
    /// The last moment at which history was asked for the day's bar.
    asked_for: Timestamp,
    /// Where its book began, with the account's cash of then.
    began: (Timestamp, Option<Money>),
}

/// A session in mode `M`.
pub struct Driver<M: TradingMode> {
    port: AlpacaPort<M>,
    seats: Vec<Seat>,
    /// Books of the account that do not run now.
    left_out: Vec<LeftOut>,
    keeper: SharedJournal,
    clock: Clock,
    latch: LatchFile,
    on_unauthorised: OnUnauthorised,
    /// A thread of its own; it ends with the session, and the latch stays as it is.
    kill: Kill,
    /// How far its work was when people were last told.
    kill_told: Option<HaltProgress>,
    /// People were told of a halt that is not on the disk.
    is_unrecorded: bool,
    /// The halts by limits that commands of other processes see.
    limits_shown: Option<Vec<LimitHalt>>,
    /// When this session began, by the wall's clock, and when it saw the halt that stands, by the venue's.
    began: Timestamp,
    halted_at: Option<Timestamp>,
    /// The books were told to close what they hold by the halt that stands.
    has_flattened: bool,
    /// When books and account were last seen to tie, by the machine's clock.
    tied_at: Timestamp,
    /// Of what stands beside the session.
    health: Box<dyn Fn() -> Vec<HealthItem>>,
    /// Of bars that are awaited, on the venue's clock.
    patience_ns: i64,
    is_daily_of_venue: bool,
    /// The venue lives in this process, and what is open there ends with it.
    venue_ends: bool,
    /// The venue's clock runs so many times as fast as the wall's.
    speed: u32,
    /// The same, for people.
    speed_text: String,
    /// Cash of the account when all books began, if they began together.
    cash_at_start: Option<Money>,
    reader: Arc<VenueReader>,
    history: Arc<HistoryClient>,
    account: Option<AccountSeen>,
    people: People,
    snapshots: watch::Sender<Arc<Snapshot>>,
    tell: Box<dyn FnMut(&SessionEvent)>,
    /// They end with the session.
    _tasks: JoinSet<()>,
    /// What is being read.
    jobs: JoinSet<jobs::Job>,
    state: PathBuf,
    /// Updates of orders that have come.
    heard: u64,
    /// It ends in good order once entries are taken back, and at this millisecond at the latest.
    stops_at: Option<u64>,
    /// When the account was last asked for, and how many fills the books had when the last answer was.
    account_asked_ms: Option<u64>,
    account_fills: u64,
    /// When a snapshot was last shown.
    published_ms: u64,
    is_data_lost: bool,
    /// How often the data stream was lost.
    losses: u64,
    was_ready: bool,
    /// Splits and dividends of a venue that tells them.
    venue_actions: Option<actions::VenueActions>,
    /// The latest events, newest first.
    recent: VecDeque<SessionEvent>,
    /// What has been told once, and whether it is an open difference between books and account.
    noticed: BTreeSet<(bool, String)>,
    version: u64,
}

impl<M: TradingMode> Driver<M> {
    /// The session's kill switch, for whoever may press it.
    pub fn kill(&self) -> KillHandle {
        self.kill.handle()
    }

    /// Everything that can happen now does: answers, calls, findings.
    fn turn(&mut self) -> Result<(), DriverError> {
        self.kill.handle().beat();
        let at = self.clock.moment();
        let mut told = Vec::new();
        for seat in &mut self.seats {
            told.extend(seat.trader.answer(at, &mut self.keeper)?);
        }
        self.tell_siblings();
        self.send()?;
        for seat in &mut self.seats {
            told.extend(seat.trader.take_findings(at, &mut self.keeper)?);
        }
        self.told(told)?;
        self.follow_venue()
    }

    /// Each desk knows what the others hold, so that all together are held against the account.
    fn tell_siblings(&mut self) {
        if self.seats.len() < 2 && self.left_out.is_empty() {
            return;
        }
        for own in 0..self.seats.len() {
            let mut shares: BTreeMap<Symbol, Quantity> = BTreeMap::new();
            for (_, other) in self.seats.iter().enumerate().filter(|(at, _)| *at != own) {
                let terms = other.trader.terms();
                for (symbol, index) in terms.symbols.iter().zip(0u16..) {
                    *shares.entry(*symbol).or_default() += other.trader.desk_ref().shares(SymbolIndex(index));
                }
            }
            for (symbol, held) in self.left_out.iter().flat_map(LeftOut::holdings) {
                *shares.entry(symbol).or_default() += held;
            }
            let desk = self.seats[own].trader.desk();
            shares.into_iter().for_each(|(symbol, held)| desk.set_siblings_shares(symbol, held));
        }
    }

    /// Calls leave, after what must be on the disk is.
    fn send(&mut self) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let Driver { port, seats, keeper, .. } = self;
        let names: Vec<String> = seats.iter().map(|seat| seat.trader.terms().name.clone()).collect();
        let mut desks: Vec<&mut AlpacaDesk> = seats.iter_mut().map(|seat| seat.trader.desk()).collect();
        let mut failed = None;
        let sent = port.send(&mut desks, |desk, log| {
            let rows = super::session::desk_rows(names[desk].as_str(), log, at);
            keeper.append(&rows, Durability::Flushed).map(drop).map_err(|error| {
                let text = error.to_string();
                failed = Some(error);
                std::io::Error::other(text)
            })
        });
        match (sent, failed) {
            (_, Some(error)) => Err(error.into()),
            (Err(error), None) => Err(DriverError::Venue(error.to_string())),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Whoever listens hears of it.
    fn told(&mut self, events: Vec<SessionEvent>) -> Result<(), DriverError> {
        for event in &events {
            (self.tell)(event);
            // A page shows one sentence; the table of a day is in the journal.
            self.recent.push_front(SessionEvent { text: event.sentence().to_owned(), ..event.clone() });
        }
        self.recent.truncate(RECENT_MAX);
        let is_foreign = events.iter().any(super::session::is_unauthorised);
        if is_foreign && self.on_unauthorised == OnUnauthorised::Halt {
            self.halt_for("an order or position at the venue that this program did not make")?;
        }
        Ok(())
    }

    /// Says something of the whole session.
    fn say(&mut self, event: SessionEvent) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let told = keep_events(vec![event], at, &mut self.keeper)?;
        self.told(told)
    }

    /// Of each scenario: its name, how many fills it has had, and the hash over them that a backtest prints.
    pub fn fingerprints(&self) -> Vec<(String, usize, String)> {
        let of = |seat: &Seat| {
            let (fills, hash) = seat.trader.machine().fills();
            (seat.trader.terms().name.clone(), fills as usize, hash)
        };
        self.seats.iter().map(of).collect()
    }

    fn is_ready(&self) -> bool {
        self.seats.iter().all(|seat| seat.trader.desk_ref().is_ready())
    }

    fn is_quiet(&self) -> bool {
        !self.port.is_awaiting()
            && self.seats.iter().all(|seat| {
                let desk = seat.trader.desk_ref();
                desk.is_quiet() && desk.is_ready() && !desk.is_connecting()
            })
    }
}
