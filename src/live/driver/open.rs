//! How a session begins or goes on: journal, engine, desk, account, history; only then the streams.
//!
//! Not here: what happens afterwards (run, stepped).
//! Order: the journal makes engine and desk again; what was never written is settled in the journal; the account is read;
//! bars that were missed are shown; the desks connect, read everything and arm stops; strategies may enter after that.
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::actions::{ActionsFrom, VenueActions, is_booked, splits_of, warm_up_needs_splits};
use super::clock::{Clock, VenueClock, follow};
use super::past_bars::{request, warm_up_from};
use super::{Driver, DriverError, OnUnauthorised, People, Seat};
use crate::domain::{Bar, Money, Symbol, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::history::{HistoryClient, read_bars};
use crate::execution::alpaca::{
    AccountSeen, AlpacaDesk, AlpacaPort, AlpacaWire, ApiKeys, AskError, DataLine, EmergencyVenue, Encoding, Feed,
    Patience, SessionName, ShutterBar, TradingMode, VenueReader,
};
use crate::live::event::SessionEvent;
use crate::live::journal::{Durability, Journal, Row, RowKind};
use crate::live::kill::{Kill, KillOptions, last_session};
use crate::live::session::{
    Assembler, Began, Input, Keeper, Machine, Past, PastReader, SessionError, SessionRow, SharedJournal, ShownBar,
    Terms, Trader, desk_rows,
};
use crate::live::snapshot::{HealthItem, Snapshot};
use crate::risk::LatchFile;
use crate::scenario::{LoadedScenario, Style, parse};

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

/// Calls a minute that Alpaca allows, less what is read around the desks.
const CALLS_A_MINUTE: u32 = 190;
/// The built-in exchange enforces no limit.
const CALLS_WITHOUT_LIMIT: u32 = 60_000_000;
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
        let mut seats = Vec::new();
        let names = session_names(&setup.scenarios, &pasts);
        let account_since = setup.is_new_account.then(super::wall);
        for prepared in setup.scenarios.iter() {
            let opening = Opening { setup: &setup, account: &account, clock: &clock, names: &names, account_since };
            seats.push(opening.seat(prepared, &mut pasts, &mut keeper, &machine_of).await?);
        }
        // Before the kill switch writes down that this one runs.
        let before = last_session(&setup.state);
        let mut driver = Driver::joined(setup, seats, keeper, clock, (reader, account), tasks).await?;
        // A clear document is written where there is none, so that one that is taken away is noticed.
        LatchFile::new(&driver.state).arm()?;
        driver.say_started(before)?;
        Ok(driver)
    }

    /// Everything in its place; the streams are not connected yet.
    async fn joined(
        setup: Setup<M>,
        seats: Vec<Seat>,
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
        let cash_at_start = began.filter(|own| seats.iter().all(|seat| seat.began == *own)).and_then(|(_, cash)| cash);
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
            keeper,
            clock,
            latch: LatchFile::new(&setup.state),
            on_unauthorised: setup.on_unauthorised,
            kill,
            kill_told: None,
            began: super::wall(),
            halted_at: None,
            // What an earlier process was told it has told its books.
            has_flattened: LatchFile::new(&setup.state)
                .read(super::wall())
                .is_ok_and(|latch| latch.latched().is_some_and(|halt| halt.flatten)),
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

/// The names of all sessions that the journal knows, and of those that may begin now.
fn session_names(scenarios: &[Prepared], pasts: &PastReader) -> Vec<SessionName> {
    let known = pasts.names();
    let new = scenarios.iter().flat_map(|prepared| {
        let so_far = pasts.sessions_so_far(&prepared.loaded.spec.scenario.name);
        (1..=so_far + 1).filter_map(move |number| Terms::of(&prepared.loaded, number).ok())
    });
    let mut names: Vec<SessionName> = known.cloned().collect();
    for terms in new {
        if !names.contains(&terms.session) {
            names.push(terms.session);
        }
    }
    names
}

fn read_pasts(journal: &Mutex<Journal>) -> Result<PastReader, DriverError> {
    let mut pasts = PastReader::default();
    let journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    let mut strange = None;
    let read = journal.read_raw(1, |row| {
        strange = strange.take().or(pasts.take(row).err());
        Ok(())
    });
    read.map_err(|error| SessionError::Journal(error.to_string()))?;
    strange.map_or(Ok(pasts), |error| Err(error.into()))
}

/// What one scenario needs to take its seat.
struct Opening<'a, M> {
    setup: &'a Setup<M>,
    account: &'a AccountSeen,
    clock: &'a Clock,
    /// Every session of this program on the account so far, and those that may begin now.
    names: &'a [SessionName],
    /// When this process began a new account, if it did.
    account_since: Option<Timestamp>,
}

impl<M: TradingMode> Opening<'_, M> {
    async fn seat(
        &self,
        prepared: &Prepared,
        pasts: &mut PastReader,
        keeper: &mut SharedJournal,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<Seat, DriverError> {
        let name = prepared.loaded.spec.scenario.name.clone();
        let so_far = pasts.sessions_so_far(&name);
        let past = pasts.session(&name).filter(|_| !self.setup.is_new_account);
        let now = (self.account.time, Some(self.account.state.cash));
        let number = past.as_ref().map_or(so_far + 1, |past| past.began.number);
        let speed = if let Venue::Exchange { speed } = self.setup.venue { speed } else { 1 };
        let named = |number, pace| {
            let terms = Terms::of(&prepared.loaded, number).map_err(|error| DriverError::Venue(error.to_string()))?;
            Ok::<_, DriverError>(Arc::new(Terms { pace, ..terms }))
        };
        let terms = named(number, past.as_ref().map_or(speed, |past| past.began.pace))?;
        let machine = machine_of(prepared, Arc::clone(&terms)).map_err(DriverError::Venue)?;
        let (trader, began, is_new) = match past {
            Some(past) if past.began.scenario == prepared.effective => {
                let began = (past.began.started_at, past.began.venue_cash);
                (self.go_on(past, machine, terms, keeper)?, began, false)
            }
            Some(past) => {
                self.refuse_if_open(&past, prepared, &terms, machine_of)?;
                let terms = named(number + 1, speed)?;
                let machine = machine_of(prepared, Arc::clone(&terms)).map_err(DriverError::Venue)?;
                (self.begin(prepared, machine, terms, number + 1, keeper)?, now, true)
            }
            None => (self.begin(prepared, machine, terms, number, keeper)?, now, true),
        };
        self.show_past(prepared, trader, (began, is_new), keeper).await
    }

    fn begin(
        &self,
        prepared: &Prepared,
        machine: Box<dyn Machine>,
        terms: Arc<Terms>,
        number: u32,
        keeper: &mut SharedJournal,
    ) -> Result<Trader, DriverError> {
        let started_at = self.account.time;
        let began = Began {
            number,
            name: terms.session.text().to_owned(),
            mode: M::NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: prepared.effective.clone(),
            pace: terms.pace,
            account_since: self.account_since,
            venue_cash: Some(self.account.state.cash),
            started_at,
        };
        self.keep_session(&terms, &SessionRow::Began(began), keeper)?;
        let desk = AlpacaDesk::new(self.desk(&terms, started_at), self.clock.instant());
        Ok(Trader::new(machine, desk, terms))
    }

    fn go_on(
        &self,
        past: Past,
        machine: Box<dyn Machine>,
        terms: Arc<Terms>,
        keeper: &mut SharedJournal,
    ) -> Result<Trader, DriverError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.keep_session(&terms, &SessionRow::WentOn { version }, keeper)?;
        let config = self.desk(&terms, past.began.started_at);
        let (trader, late) = past.go_on(machine, Arc::clone(&terms), config, self.clock.instant())?;
        let rows = desk_rows(&terms.name, &late, self.clock.moment());
        keeper.append(&rows, Durability::Flushed)?;
        Ok(trader)
    }

    fn keep_session(&self, terms: &Terms, row: &SessionRow, keeper: &mut SharedJournal) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let body = serde_json::to_value(row).map_err(|error| DriverError::Venue(error.to_string()))?;
        let (strategy, kind) = (Some(terms.name.clone()), RowKind::Session);
        keeper.append(&[Row { time: at.time, wall: at.wall, strategy, kind, body }], Durability::Flushed)?;
        Ok(())
    }

    /// A scenario may change only while nothing of it is open: its orders mean what the old text said.
    fn refuse_if_open(
        &self,
        past: &Past,
        prepared: &Prepared,
        terms: &Arc<Terms>,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<(), DriverError> {
        let loaded = parse(prepared.loaded.path(), &past.began.scenario, &[]);
        let loaded = loaded.map_err(|error| DriverError::Venue(error.render(&Style::PLAIN)))?;
        let old_terms = Terms::of(&loaded, past.began.number).map_err(|error| DriverError::Venue(error.to_string()))?;
        let old_terms = Terms { pace: past.began.pace, ..old_terms };
        let old = Prepared { loaded, effective: past.began.scenario.clone(), actions: Vec::new() };
        let machine = machine_of(&old, Arc::new(old_terms.clone())).map_err(DriverError::Venue)?;
        let machine = past.prove(machine, &self.desk(&old_terms, past.began.started_at))?;
        let is_held = machine.portfolio().positions().iter().any(|position| !position.quantity().is_zero());
        if !is_held && machine.gate().open().is_empty() {
            return Ok(());
        }
        Err(DriverError::Venue(format!(
            "{}: the scenario was changed while a position or an order of its session is open; start it as it was and \
             flatten it first",
            terms.name
        )))
    }

    fn desk(&self, terms: &Terms, started_at: Timestamp) -> crate::execution::alpaca::DeskConfig {
        let seats = u32::try_from(self.setup.scenarios.len().max(1)).unwrap_or(u32::MAX);
        let (calls, patience) = match self.setup.venue {
            Venue::Alpaca => (CALLS_A_MINUTE / seats, Patience::default()),
            // The clock of the data has its own pace.
            _ => (CALLS_WITHOUT_LIMIT, Patience { skew: u64::MAX, ..Patience::default() }),
        };
        terms.desk(calls, started_at, patience, self.siblings(terms))
    }

    /// All other sessions of this program on the account, those before it included.
    fn siblings(&self, terms: &Terms) -> Vec<SessionName> {
        self.names.iter().filter(|name| **name != terms.session).cloned().collect()
    }

    /// Shows what the scenario has missed: before its first session the warm-up, after a restart the gap.
    async fn show_past(
        &self,
        prepared: &Prepared,
        mut trader: Trader,
        (began, is_new): ((Timestamp, Option<Money>), bool),
        keeper: &mut SharedJournal,
    ) -> Result<Seat, DriverError> {
        let terms = Arc::new(trader.terms().clone());
        let unit_ns = match self.setup.venue {
            Venue::Alpaca => 60 * Timestamp::NS_PER_SECOND,
            _ => terms.bar_ns(),
        };
        let now = self.account.time;
        let shown = trader.machine().stamp();
        let from = if is_new { warm_up_from(&terms, now) } else { terms.next_stamp(shown) };
        let mut assembler = Assembler::new(Arc::clone(&terms), unit_ns, shown);
        for (symbol, bar) in self.past_bars(prepared, &terms, from, now).await? {
            if terms.span_of(bar.time).1 <= now {
                assembler.take(symbol, bar);
            }
        }
        let at = self.clock.moment();
        let last_due = terms.span_of(terms.stamp_at(now)).0;
        let mut actions = prepared.actions.iter().copied().peekable();
        while is_new && let Some(step) = assembler.ready(last_due, 0) {
            while warm_up_needs_splits(prepared) && actions.peek().is_some_and(|(from, _)| *from <= step.time) {
                if let Some((_, MarketAction::Split { symbol, ratio })) = actions.next()
                    && trader.machine().stamp() > Timestamp::MIN
                {
                    trader.give(Input::Split { symbol, ratio, time: step.time }, at, keeper)?;
                }
            }
            let bars = step.bars.iter().map(|(symbol, bar)| ShownBar::of(*symbol, bar)).collect();
            let input = Input::Bars { time: step.time, bars, late_ns: 0, warm_up: true };
            trader.give(input, at, keeper)?;
        }
        assembler.hold(self.setup.venue != Venue::Stepped);
        let shown = trader.machine().stamp();
        // What came before the first bar of a book is in its prices.
        let known = if shown == Timestamp::MIN { began.0.plus_ns(-Timestamp::NS_PER_DAY) } else { shown };
        let is_open = |(from, action): &&(Timestamp, MarketAction)| *from > known && !is_booked(&trader, *from, action);
        let actions = prepared.actions.iter().filter(is_open).copied().collect();
        let request =
            |symbol: &Symbol| request(prepared, &terms, self.setup.venue, self.setup.feed, *symbol, (now, now));
        let requests = terms.symbols.iter().map(request).collect();
        Ok(Seat { trader, assembler, actions, requests, asked_for: Timestamp::MIN, began })
    }

    async fn past_bars(
        &self,
        prepared: &Prepared,
        terms: &Terms,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(Symbol, Bar)>, DriverError> {
        let mut all = Vec::new();
        if now <= from {
            return Ok(all);
        }
        for symbol in &terms.symbols {
            let request = request(prepared, terms, self.setup.venue, self.setup.feed, *symbol, (from, now));
            let bars = read_bars(&self.setup.history, &request).await;
            let bars = bars.map_err(|error| DriverError::Venue(error.to_string()))?;
            all.extend(bars.into_iter().map(|bar| (*symbol, bar)));
        }
        Ok(all)
    }
}
