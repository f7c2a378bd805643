//! The exchange, one trader, and what lies between them in one process: every call is answered at once.
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use alphaflow::domain::{Bar, Money, Price, Quantity, SymbolIndex, Timestamp, Volume};
use alphaflow::exchange::{Exchange, Moment as Step, Published, answered};
use alphaflow::execution::alpaca::{
    AlpacaDesk, DeskConfig, Instant, Patience, StreamCommand, StreamKind, StreamSignal,
};
use alphaflow::live::journal::{Durability, RawRow, Row, RowKind};
use alphaflow::live::session::{
    Began, Input, Keeper, Machine, MachineOf, Moment, Past, PastReader, SessionError, SessionRow, ShownBar, Terms,
    Trader, book_view, desk_rows, prove_session, record_session,
};
use alphaflow::market::Calendar;
use alphaflow::risk::Refusal;
use alphaflow::scenario::{LoadedScenario, MarketData, Style, live_engine, parse};
use alphaflow::strategy::BuiltIn;
use alphaflow::venue::FillMoment;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::disk::{Crash, Disk};

const SYMBOLS: usize = 2;
const MINUTES: i64 = 9;
const CENT: i64 = Price::UNITS_PER_USD / 100;
/// More waits in a row than this are a defect.
const WAITS_MAX: usize = 10_000;

const SCENARIO: &str = r#"
[scenario]
name = "killed"
seed = 1
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAA", "BBB"]
[account]
cash = "100000"
[strategy]
name = "ma_crossover"
params = { fast_period = 2, slow_period = 4 }
[sizing]
kind = "equity_fraction"
value = "0.2"
[execution]
participation = "1"
slippage = { kind = "bps", value = "1" }
[stop]
kind = "percent"
value = "0.004"
[risk]
max_daily_loss = "1"
max_position_size = "1"
max_portfolio_heat = "1"
max_correlated_exposure = "1"
max_drawdown = "1"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 1000
max_order_notional = "1000000"
price_collar = "1"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// What is left of a session.
pub struct Outcome {
    pub fills: usize,
    pub restarts: u32,
    /// Entries that were refused as too late.
    pub too_late: usize,
    pub appends: usize,
    /// Appends before and after every restart, until the session was at rest again.
    pub recoveries: Vec<[usize; 2]>,
    /// Fills, cash and shares.
    pub book: String,
}

impl Outcome {
    /// An entry that was decided and never written is refused as too late: then the rest may differ from the `whole`
    /// session, and only then.
    pub fn check_book(&self, whole: &Outcome, what: &str) {
        if self.too_late == 0 {
            assert_eq!(self.book, whole.book, "{what}");
        }
    }
}

pub struct World {
    loaded: LoadedScenario,
    exchange: Exchange,
    terms: Arc<Terms>,
    trader: Option<Trader>,
    disk: Disk,
    listens: bool,
    now: Instant,
    restarts: u32,
    /// Appends before and after every restart, until the session was at rest again.
    recoveries: Vec<[usize; 2]>,
    /// Appends before the restart from which it is not at rest yet.
    recovering: Option<usize>,
    /// The bar at hand, which a clock would say after a restart.
    bar: Option<(Timestamp, FillMoment)>,
    /// How often a day's result was seen while the market was shut.
    pub closes_seen: usize,
}

fn setting() -> (LoadedScenario, MarketData) {
    let loaded = parse(Path::new("killed.toml"), SCENARIO, &[]);
    let loaded = loaded.unwrap_or_else(|errors| panic!("{}", errors.render(&Style::PLAIN)));
    let day = |text: &str| text.parse::<Timestamp>().unwrap();
    let sessions = Calendar::xnys().sessions(day("2024-03-05T00:00:00Z"), day("2024-03-06T00:00:00Z"));
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(7);
    let times: Vec<Timestamp> = sessions
        .flat_map(|session| {
            // The first minutes of a session and its last one, at which day orders end.
            (0..MINUTES).chain([session.minutes() - 1]).map(move |minute| session.open.plus_ns(minute * 60_000_000_000))
        })
        .collect();
    let bars = (0..SYMBOLS).map(|_| walk(&times, &mut chance)).collect();
    (loaded, MarketData { bars, ..MarketData::default() })
}

fn walk(times: &[Timestamp], chance: &mut Xoshiro256PlusPlus) -> Vec<Bar> {
    let mut close: i64 = 10_000;
    let mut below = |end: u64| (chance.next_u64() % end) as i64;
    let price = |cents: i64| Price::from_units(cents * CENT).unwrap();
    let mut bars = Vec::new();
    for &time in times {
        let open = close + below(21) - 10;
        close = open + below(81) - 40;
        let (high, low) = (open.max(close) + below(15), open.min(close) - below(15));
        let volume = Volume::from_shares(5_000).unwrap();
        bars.push(Bar { time, open: price(open), high: price(high), low: price(low), close: price(close), volume });
    }
    bars
}

impl World {
    pub fn new(crashes: Vec<Crash>) -> World {
        let (loaded, market) = setting();
        let exchange = Exchange::new(&loaded, &market).unwrap();
        let terms = Arc::new(Terms::of(&loaded, 1).unwrap());
        let now = Instant { ms: 0, wall_ms: exchange.tape().now().ns() / 1_000_000 };
        let mut world = World {
            loaded,
            exchange,
            terms,
            trader: None,
            disk: Disk::default(),
            listens: false,
            now,
            restarts: 0,
            recoveries: Vec::new(),
            recovering: None,
            bar: None,
            closes_seen: 0,
        };
        let began = world.began();
        world.disk.rows.push(world.row(RowKind::Session, serde_json::to_value(SessionRow::Began(began)).unwrap()));
        world.disk.crashes = crashes;
        let desk = AlpacaDesk::new(world.config(), now);
        world.trader = Some(Trader::new(world.machine(), desk, Arc::clone(&world.terms)));
        world
    }

    fn began(&self) -> Began {
        Began {
            number: 1,
            name: self.terms.session.text().to_owned(),
            mode: "rehearsal".to_owned(),
            version: "test".to_owned(),
            scenario: SCENARIO.to_owned(),
            pace: 1,
            account_since: None,
            account: None,
            venue_cash: None,
            started_at: Timestamp::MIN,
        }
    }

    fn row(&self, kind: RowKind, body: serde_json::Value) -> Row {
        let Moment { time, wall } = self.moment();
        Row { time, wall, strategy: Some(self.terms.name.clone()), kind, body }
    }

    fn config(&self) -> DeskConfig {
        let patience = Patience { skew: u64::MAX, ..Patience::default() };
        let config = self.terms.desk(60_000_000, Timestamp::MIN, patience, Vec::new());
        DeskConfig { listens_to_bars: false, ..config }
    }

    fn machine(&self) -> Box<dyn Machine> {
        live_engine(&BuiltIn, &self.loaded, None, |_| {}, MachineOf(Arc::clone(&self.terms))).unwrap()
    }

    fn moment(&self) -> Moment {
        let time = self.exchange.tape().now();
        Moment { time, wall: time }
    }

    /// Plays all bars and says what is left.
    pub fn run(mut self) -> Outcome {
        self.play();
        self.prove();
        self.record();
        self.outcome()
    }

    pub fn play(&mut self) {
        self.surviving(World::settle);
        while let Some((time, moment)) = self.exchange.tape().next() {
            match moment {
                Step::BarOpen(step) => {
                    let stamp = self.exchange.tape().step(step).stamp;
                    self.begin(stamp, FillMoment::Open);
                    self.advance(time);
                    self.advance(time.plus_ns(1_000));
                    self.begin(stamp, FillMoment::Within);
                }
                Step::BarClose(step) => {
                    let stamp = self.exchange.tape().step(step).stamp;
                    self.advance(time);
                    self.surviving(|world| world.show(stamp));
                    self.surviving(World::settle);
                    self.check_sums();
                    self.check_stops();
                }
                _ => {
                    self.advance(time);
                    self.check_sums();
                }
            }
        }
    }

    /// Does something; where that kills the session, it goes on from its journal and does it again.
    fn surviving(&mut self, mut what: impl FnMut(&mut World) -> Result<(), SessionError>) {
        while let Err(error) = what(self) {
            assert!(matches!(error, SessionError::Keep(_)), "{error}");
            self.restart();
        }
    }

    fn begin(&mut self, stamp: Timestamp, moment: FillMoment) {
        self.bar = Some((stamp, moment));
        self.trader.as_mut().unwrap().begin_bar(stamp, moment);
    }

    fn advance(&mut self, until: Timestamp) {
        self.exchange.advance(until);
        self.now.wall_ms = until.ns() / 1_000_000;
        let now = self.now;
        self.trader.as_mut().unwrap().desk().on_time(now);
        self.surviving(World::settle);
    }

    /// The bars of a step go to the engine, unless its journal has them already.
    fn show(&mut self, stamp: Timestamp) -> Result<(), SessionError> {
        let trader = self.trader.as_mut().unwrap();
        if trader.machine().stamp() >= stamp {
            return Ok(());
        }
        let tape = self.exchange.tape();
        let step = tape.step_at(stamp).unwrap();
        let bars = tape.bars_of(step).map(|(at, bar)| ShownBar::of(SymbolIndex(at as u16), bar)).collect();
        let at = Moment { time: tape.now(), wall: tape.now() };
        let input = Input::Bars { time: stamp, bars, late_ns: 0, warm_up: false };
        trader.give(input, at, &mut self.disk).map(drop)
    }

    /// The session goes on from its journal, however often that is cut short.
    fn restart(&mut self) {
        self.recovering.get_or_insert(self.disk.appends);
        loop {
            self.restarts += 1;
            self.trader = None;
            self.listens = false;
            self.exchange.take_published();
            match self.go_on() {
                Ok(()) => break,
                Err(error) => assert!(matches!(error, SessionError::Keep(_)), "{error}"),
            }
        }
    }

    /// What the driver does at a start, in its order.
    fn go_on(&mut self) -> Result<(), SessionError> {
        let at = self.moment();
        let row = SessionRow::WentOn { version: "test".to_owned(), account: None };
        let row = self.row(RowKind::Session, serde_json::to_value(row).unwrap());
        let past = self.past();
        self.disk.append(&[row], Durability::Flushed)?;
        let (trader, late) = past.go_on(self.machine(), Arc::clone(&self.terms), self.config(), self.now)?;
        self.disk.append(&desk_rows(&self.terms.name, &late, at), Durability::Flushed)?;
        self.trader = Some(trader);
        if let Some((stamp, moment)) = self.bar {
            self.begin(stamp, moment);
        }
        Ok(())
    }

    fn past(&self) -> Past {
        let mut reader = PastReader::default();
        for (number, row) in (1..).zip(&self.disk.rows) {
            let Row { time, wall, strategy, kind, body } = row;
            let (strategy, body) = (strategy.as_deref(), body.to_string());
            reader.take(RawRow { number, time: *time, wall: *wall, strategy, kind: *kind, body: &body }).unwrap();
        }
        reader.session(&self.terms.name).unwrap()
    }

    /// A person is told of a payment that is in no book, and the session goes on from its journal.
    pub fn tell_and_restart(&mut self, id: &str) {
        let at = self.moment();
        let told = Input::Told { id: id.to_owned() };
        self.trader.as_mut().unwrap().give(told, at, &mut self.disk).unwrap();
        self.restart();
    }

    /// Was a person told of this payment?
    pub fn was_told(&self, id: &str) -> bool {
        self.trader.as_ref().unwrap().machine().was_told(id)
    }

    /// The journal makes the engine again that is there.
    pub fn prove(&self) {
        let again = prove_session(&BuiltIn, &self.terms.name, &self.past()).unwrap();
        let trader = self.trader.as_ref().unwrap();
        assert_eq!(format!("{:?}", again.portfolio()), format!("{:?}", trader.machine().portfolio()));
        assert_eq!(format!("{:?}", again.gate()), format!("{:?}", trader.machine().gate()));
        assert!(again.orders().records().eq(trader.machine().orders().records()));
    }

    /// What a comparison takes out of the journal is what the engine has: its fills, its orders, and books that tie at every
    /// step, wherever the session broke off.
    pub fn record(&self) {
        let (mut record, _) = record_session(&BuiltIn, &self.loaded, None, &self.past(), Vec::new()).unwrap();
        let (bars, actions) = (record.bars.clone(), record.actions.clone());
        let market = MarketData::of_session(&self.loaded, bars, actions).unwrap();
        let rows = record.account_rows(&market, self.terms.cash).expect("the books tie at every step");
        let machine = self.trader.as_ref().unwrap().machine();
        assert_eq!(rows.last().unwrap().equity, machine.portfolio().equity());
        assert_eq!(record.journal.fills.len() as u64, machine.fills().0);
        assert_eq!(record.journal.orders.len() as u64 + 1, machine.orders().next_id().0, "numbers have no gaps");
        assert!(machine.orders().records().all(|order| record.journal.orders[order.id.0 as usize - 1] == *order));
    }

    /// The same with a close changed that somebody decided on.
    pub fn prove_changed(&self) -> Result<(), SessionError> {
        let mut past = self.past();
        for input in past.inputs.iter_mut().take(20) {
            if let Input::Bars { bars, .. } = input {
                bars.iter_mut().for_each(|bar| bar.close = bar.low);
            }
        }
        past.prove(self.machine(), &self.config()).map(drop)
    }

    /// Carries calls and messages until all is at rest.
    fn settle(&mut self) -> Result<(), SessionError> {
        for _ in 0..WAITS_MAX {
            if self.turn()? {
                continue;
            }
            let desk = self.trader.as_mut().unwrap().desk();
            if desk.is_quiet() && desk.is_ready() {
                let recovered = self.recovering.take().map(|before| [before, self.disk.appends]);
                self.recoveries.extend(recovered);
                return Ok(());
            }
            self.now.ms = desk.wake_at().unwrap_or(self.now.ms).max(self.now.ms + 1);
            desk.on_time(self.now);
        }
        panic!("the desk does not come to rest");
    }

    fn turn(&mut self) -> Result<bool, SessionError> {
        let mut has_moved = self.hear();
        let (at, now) = (self.moment(), self.now);
        let trader = self.trader.as_mut().unwrap();
        trader.answer(at, &mut self.disk)?;
        for command in trader.desk().take_commands().collect::<Vec<_>>() {
            self.obey(command);
            has_moved = true;
        }
        let trader = self.trader.as_mut().unwrap();
        let call = trader.desk().next_call();
        let log = trader.desk().take_log();
        if !log.is_empty() {
            self.disk.append(&desk_rows(&self.terms.name, &log, at), Durability::Flushed)?;
        }
        if let Some(call) = call {
            let outcome = answered(&mut self.exchange, &call);
            self.hear();
            self.trader.as_mut().unwrap().desk().on_outcome(call.id, outcome, now);
            has_moved = true;
        }
        Ok(has_moved)
    }

    fn hear(&mut self) -> bool {
        let mut has_heard = false;
        for published in self.exchange.take_published() {
            if let (Published::Update(data), true) = (published, self.listens) {
                let message = serde_json::json!({ "stream": "trade_updates", "data": data });
                self.signal(StreamSignal::Message(message.to_string().into_bytes()));
                has_heard = true;
            }
        }
        has_heard
    }

    fn signal(&mut self, signal: StreamSignal) {
        let now = self.now;
        self.trader.as_mut().unwrap().desk().on_signal(StreamKind::Trading, signal, now);
    }

    fn obey(&mut self, command: StreamCommand) {
        let message = |text: &str| StreamSignal::Message(text.as_bytes().to_vec());
        match command {
            StreamCommand::Connect(StreamKind::Trading) => self.signal(StreamSignal::Connected),
            StreamCommand::Authenticate(StreamKind::Trading) => self.signal(message(
                r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#,
            )),
            StreamCommand::Say(StreamKind::Trading, _) => {
                self.listens = true;
                self.signal(message(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#));
            }
            StreamCommand::Close(StreamKind::Trading) => self.listens = false,
            _ => {}
        }
    }

    /// Whatever the session knows, every share that the exchange holds has an order of its own there that sells it.
    fn check_stops(&self) {
        let state = self.exchange.state();
        let orders = state["orders"].as_array().unwrap();
        for (at, symbol) in self.terms.symbols.iter().enumerate() {
            let held = self.exchange.shares(at);
            let is_open = |order: &serde_json::Value| {
                let status = order["status"].as_str().unwrap_or_default();
                order["symbol"] == symbol.as_str()
                    && order["side"] == "sell"
                    && matches!(status, "new" | "accepted" | "held" | "pending_new" | "partially_filled")
            };
            let left = |order: &serde_json::Value| {
                let number = |name: &str| order[name].as_str().unwrap_or("0").parse::<Quantity>().unwrap();
                number("qty") - number("filled_qty")
            };
            let covered: Quantity =
                orders.iter().filter(|order| is_open(order)).map(left).fold(Quantity::ZERO, |sum, one| sum + one);
            assert!(covered >= held, "{symbol}: {held} held, {covered} covered at {}", self.exchange.tape().now());
        }
    }

    /// On a page, what was made of positions and of what was closed is today's result: by day, over the close, and by
    /// night.
    fn check_sums(&mut self) {
        let time = self.exchange.tape().now();
        let view = book_view(self.trader.as_ref().unwrap(), time);
        let open: Money = view.positions.iter().filter_map(|position| position.today).sum();
        let closed: Money = view.closed.iter().map(|closed| closed.today).sum();
        assert_eq!(open + closed, view.today, "at {time}");
        assert_eq!(view.today, view.equity - view.baseline, "at {time}");
        let is_first = view.charts.iter().all(|chart| chart.opens < "2024-03-06T00:00:00Z".parse().ok());
        assert_eq!(view.is_baseline_start, is_first, "at {time}");
        let is_shut = !Calendar::xnys().session(time).is_some_and(|session| session.contains(time));
        self.closes_seen += usize::from(is_shut && view.today != Money::ZERO);
    }

    fn outcome(self) -> Outcome {
        let trader = self.trader.unwrap();
        let machine = trader.machine();
        let portfolio = machine.portfolio();
        let cash: Money = self.exchange.cash();
        assert_eq!(portfolio.cash(), cash, "cash in the books and at the exchange");
        for at in 0..SYMBOLS {
            let ours = portfolio.position(SymbolIndex(at as u16)).quantity();
            assert_eq!(ours, self.exchange.shares(at), "shares in the books and at the exchange");
        }
        let state = self.exchange.state();
        let mut names = BTreeSet::new();
        for order in state["orders"].as_array().unwrap() {
            let name = order["client_order_id"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} twice");
        }
        let rejections = &machine.journal().rejections;
        let too_late =
            rejections.iter().filter(|(_, reason)| *reason == alphaflow::domain::RejectReason::TooLate).count();
        let is_stale = |refusal: &Refusal| matches!(refusal, Refusal::StalePrice { .. });
        assert!(!machine.journal().refusals.iter().any(|record| is_stale(&record.refusal)), "no price is old here");
        Outcome {
            fills: machine.journal().fills.len(),
            restarts: self.restarts,
            too_late,
            appends: self.disk.appends,
            recoveries: self.recoveries,
            book: format!("{:?} {:?}", machine.journal().fills, portfolio),
        }
    }
}
