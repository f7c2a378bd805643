//! How a session begins or goes on: journal, engine, desk, account, history; only then the streams.
//!
//! Not here: what happens afterwards (run, stepped).
//! Order: the journal makes engine and desk again; what was never written is settled in the journal; the account is read;
//! bars that were missed are shown; the desks connect, read everything and arm stops; strategies may enter after that.
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::actions::{ActionsFrom, VenueActions, splits_of};
use super::books::{read_pasts, refuse_another_account};
use super::clock::{Clock, VenueClock, follow};
use super::left_out::LeftOut;
use super::seat::{Opening, session_names};
use super::{Driver, DriverError, OnUnauthorised, People, Seat};
use crate::domain::{Symbol, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::history::HistoryClient;
use crate::execution::alpaca::{
    AccountSeen, AlpacaPort, AlpacaWire, ApiKeys, AskError, DataLine, EmergencyVenue, Encoding, Feed, ShutterBar,
    TradingMode, VenueReader,
};
use crate::live::event::SessionEvent;
use crate::live::journal::Journal;
use crate::live::kill::{Kill, KillOptions, last_session};
use crate::live::session::{Machine, SharedJournal, Terms};
use crate::live::snapshot::{HealthItem, Snapshot};
use crate::risk::LatchFile;
use crate::scenario::LoadedScenario;

/// A scenario that is to be traded.
#[derive(Debug)]
pub struct Prepared {
    /// As it was read.
    pub loaded: LoadedScenario,
    /// The scenario with every default: another text is another session.
    pub effective: String,
    /// Splits and dividends that positions must follow, in order of time.
    pub actions: Vec<(Timestamp, MarketAction)>,
}

/// Where time comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Venue {
    /// Alpaca: the clock on the wall.
    Alpaca,
    /// The built-in exchange, which runs by itself, so many times as fast as the wall's clock.
    Exchange {
        /// Its speed.
        speed: u32,
    },
    /// The built-in exchange, whose clock this session moves when nothing is on its way.
    Stepped,
}

/// Everything that a session is made of.
pub struct Setup<M> {
    /// The mode.
    pub mode: M,
    /// Keys of the account.
    pub keys: ApiKeys,
    /// Which tape bars come from.
    pub feed: Feed,
    /// Market data of the past.
    pub history: Arc<HistoryClient>,
    /// The journal of the account.
    pub journal: Arc<Mutex<Journal>>,
    /// The folder of the kill switch.
    pub state: PathBuf,
    /// What is traded.
    pub scenarios: Vec<Prepared>,
    /// Where time comes from.
    pub venue: Venue,
    /// Where splits and dividends come from.
    pub actions: ActionsFrom,
    /// The speed of a rehearsal, for people.
    pub speed_text: String,
    /// The account is a new one: nothing of the journal is at this venue.
    pub is_new_account: bool,
    /// What is done about what nobody of ours made.
    pub on_unauthorised: OnUnauthorised,
    /// The kill switch halts when the session has not moved for so long.
    pub dead_man: Option<Duration>,
    /// What else a page should know of, besides the session itself.
    pub health: Box<dyn Fn() -> Vec<HealthItem>>,
    /// Commands and sign-ins.
    pub people: People,
    /// Where pages look.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Hears every event.
    pub tell: Box<dyn FnMut(&SessionEvent)>,
}

/// A bar is awaited for so long after its end, on the wall's clock.
const PATIENCE_NS: i64 = 3 * Timestamp::NS_PER_SECOND;
/// The account is asked for this often before a session gives up, a second apart.
const TRIES_MAX: u32 = 30;
/// Looks at the shutter, two milliseconds apart, before a session begins all the same.
const FIRST_LOOKS_MAX: u32 = 250;

impl<M: TradingMode> Driver<M> {
    /// Opens the session inside the runtime that this is called from. `machine_of` builds the engine of a scenario.
    ///
    /// Errors: the journal does not lead to what it says; the venue cannot be read; a scenario was changed while its
    /// positions are open.
    pub async fn open(
        mut setup: Setup<M>,
        machine_of: impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<Driver<M>, DriverError> {
        let reader = Arc::new(VenueReader::new(&setup.mode, &setup.keys)?);
        let account = first_look(&reader).await?;
        if setup.actions == ActionsFrom::Venue {
            for prepared in &mut setup.scenarios {
                let splits = splits_of(&reader, prepared, account.time).await?;
                prepared.actions.extend(splits);
            }
        }
        let mut tasks = JoinSet::new();
        let clock = Clock::new(match setup.venue {
            Venue::Alpaca => VenueClock::Machine,
            Venue::Exchange { .. } | Venue::Stepped => {
                let last = Arc::new(AtomicI64::new(account.time.ns()));
                if setup.venue != Venue::Stepped {
                    follow(Arc::clone(&reader), Arc::clone(&last), &mut tasks);
                }
                VenueClock::Exchange(last)
            }
        });
        let mut keeper = SharedJournal(Arc::clone(&setup.journal));
        let mut pasts = read_pasts(&setup.journal)?;
        if !setup.is_new_account {
            let folder = setup.state.join(M::NAME);
            refuse_another_account(pasts.account(), &account.state.number, &folder)?;
        }
        // Until then an earlier process held its books against the account.
        let tied_at = pasts.last_written();
        let scenarios = setup.scenarios.iter().map(|prepared| &prepared.loaded.spec.scenario.name);
        let broken_off = scenarios.filter(|_| !setup.is_new_account).filter_map(|name| pasts.broken_off(name)).max();
        let names = session_names(&setup.scenarios, &pasts);
        let account_since = setup.is_new_account.then(super::wall);
        let opening = Opening { setup: &setup, account: &account, clock: &clock, names: &names, account_since };
        let course = |prepared| opening.course(prepared, &pasts, &machine_of);
        // All of them before the first book is touched.
        let courses = setup.scenarios.iter().map(course).collect::<Result<Vec<_>, _>>()?;
        let (mut seats, mut told) = (Vec::new(), Vec::new());
        for (prepared, course) in setup.scenarios.iter().zip(courses) {
            let (seat, events) = opening.seat(prepared, course, &mut pasts, &mut keeper, &machine_of).await?;
            seats.push(seat);
            told.extend(events);
        }
        let left_out = opening.left_out(&pasts, &machine_of);
        // Before the kill switch writes down that this one runs.
        let before = last_session(&setup.state);
        let mut driver = Driver::joined(setup, (seats, left_out), keeper, clock, (reader, account), tasks).await?;
        driver.tied_at = tied_at;
        // A clear document is written where there is none, so that one that is taken away is noticed.
        LatchFile::new(&driver.state).arm()?;
        driver.say_started(before, broken_off)?;
        told.into_iter().try_for_each(|event| driver.say(event))?;
        driver.begin_without_left_out()?;
        Ok(driver)
    }

    /// Everything in its place; the streams are not connected yet.
    async fn joined(
        setup: Setup<M>,
        (seats, left_out): (Vec<Seat>, Vec<LeftOut>),
        keeper: SharedJournal,
        clock: Clock,
        (reader, account): (Arc<VenueReader>, AccountSeen),
        tasks: JoinSet<()>,
    ) -> Result<Driver<M>, DriverError> {
        let mut symbols: Vec<Symbol> = Vec::new();
        for symbol in seats.iter().flat_map(|seat: &Seat| &seat.trader.terms().symbols) {
            if !symbols.contains(symbol) {
                symbols.push(*symbol);
            }
        }
        let began = seats.first().map(|seat| seat.began);
        let is_shared = |own: &_| left_out.is_empty() && seats.iter().all(|seat: &Seat| seat.began == *own);
        let cash_at_start = began.filter(is_shared).and_then(|(_, cash)| cash);
        let encoding = Encoding::MessagePack;
        let wire = AlpacaWire::open(setup.mode, &setup.keys, DataLine { feed: setup.feed, encoding })?;
        let shutter = wire.shutter();
        // Before anything leaves: nothing is traded without a kill switch.
        let kill = Kill::start(KillOptions {
            folder: setup.state.clone(),
            venue: EmergencyVenue::of(wire.mode()),
            keys: setup.keys,
            shutter: shutter.clone(),
            dead_man: setup.dead_man,
            closes_itself: Some(super::CLOSES_ITSELF),
            clock: clock.of_venue(),
        })?;
        // It holds openings back until it has found its folder clear, and the first bar must not come before. A halt that
        // stands holds them back as well, and is not waited for.
        for _ in 0..FIRST_LOOKS_MAX {
            if shutter.bar() == ShutterBar::Nothing {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let speed = if let Venue::Exchange { speed } = setup.venue { i64::from(speed) } else { 1 };
        Ok(Driver {
            port: AlpacaPort::new(wire, encoding, symbols),
            seats,
            left_out,
            keeper,
            clock,
            latch: LatchFile::new(&setup.state),
            on_unauthorised: setup.on_unauthorised,
            kill,
            kill_told: None,
            // The books are told again: a flatten may have come while no session ran, and one that was done does nothing.
            has_flattened: false,
            tied_at: Timestamp::MIN,
            is_unrecorded: false,
            limits_shown: None,
            began: super::wall(),
            halted_at: None,
            health: setup.health,
            patience_ns: PATIENCE_NS.saturating_mul(speed),
            is_daily_of_venue: setup.venue != Venue::Alpaca,
            venue_ends: setup.is_new_account,
            reader,
            account: Some(account),
            history: setup.history,
            people: setup.people,
            snapshots: setup.snapshots,
            tell: setup.tell,
            _tasks: tasks,
            jobs: JoinSet::new(),
            state: setup.state,
            speed: u32::try_from(speed).unwrap_or(1),
            speed_text: setup.speed_text,
            cash_at_start,
            heard: 0,
            stops_at: None,
            account_asked_ms: None,
            account_fills: 0,
            published_ms: 0,
            // What ends between the look at history and the first message is asked for as a gap is.
            is_data_lost: setup.venue != Venue::Stepped,
            losses: 0,
            was_ready: false,
            venue_actions: (setup.actions == ActionsFrom::Venue).then(VenueActions::default),
            recent: VecDeque::new(),
            noticed: BTreeSet::new(),
            version: 0,
        })
    }
}

async fn first_look(reader: &VenueReader) -> Result<AccountSeen, DriverError> {
    let mut tries = 0;
    loop {
        match reader.seen().await {
            Ok(account) => return Ok(account),
            // Asking again makes no keys right.
            Err(error) if tries >= TRIES_MAX || matches!(error, AskError::Unauthorized { .. }) => {
                return Err(error.into());
            }
            Err(error) => {
                if tries == 0 {
                    tracing::warn!("{error}; it is tried again for {TRIES_MAX} s");
                }
                tries += 1;
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
