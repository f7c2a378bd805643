//! One queue of events in simulated milliseconds: exchange, network, session, crashes.
//!
//! Not here: what a fault does to a call (network), what must hold (checks).
use std::collections::{BTreeMap, VecDeque};

use alphaflow::domain::{ExecutionEvent, Fill};
use alphaflow::exchange::{Exchange, Published, rehearsal_desk};
use alphaflow::execution::alpaca::{
    Call, DeskConfig, Finding, Instant, Outcome, StreamCommand, StreamKind, StreamSignal, Urgency,
};
use alphaflow::venue::FillMoment;

use crate::checks::{self, Cover, Rate};
use crate::driver::{Disk, Driver, Input};
use crate::faults::{Fate, Weather};
use crate::market::{Chance, Setting};
use crate::network::{Connection, TIMEOUT_MS, carry};

/// Events that are remembered for the report of a failure.
const TRACE_LINES: usize = 120;
/// After the faults have ended, everything is at rest within this.
const REST_MS: u64 = 600_000;
/// Waking the desk in a row without anything else happening: more is a loop.
const WAKES_MAX: u32 = 3_000;
/// After a fault, the session needs this long to know what it cost: a lookup believes that an order is absent after
/// five seconds.
const AFTERMATH_MS: u64 = 6_500;
/// A message that never came is made up for by the next reading of open orders.
const READING_MS: u64 = 38_000;

enum Event {
    /// The clock of the exchange leaps, or a bar begins or ends there.
    Tick,
    Opens(usize),
    Goes(usize),
    Closes(usize),
    Arrives {
        call: Call,
        fate: Fate,
    },
    Outcome {
        life: u32,
        id: u64,
        outcome: Outcome,
    },
    Opened {
        connection: u64,
    },
    Hears {
        connection: u64,
        says: Says,
    },
    Signal {
        connection: u64,
        signal: StreamSignal,
    },
    Breaks,
    Crash,
    Restart,
}

#[derive(Clone, Copy)]
enum Says {
    Who,
    Listen,
}

pub struct World {
    pub setting: Setting,
    pub exchange: Exchange,
    pub driver: Option<Driver>,
    pub disk: Disk,
    pub fills: Vec<Fill>,
    /// What the desk told a person, in all of its lives.
    pub findings: Vec<Finding>,
    pub now_ms: u64,
    seed: u64,
    weather: Weather,
    chance: Chance,
    lost: Option<Driver>,
    life: u32,
    queue: BTreeMap<(u64, u64), Event>,
    events: u64,
    connection: Connection,
    rate: Rate,
    cover: Cover,
    limited: u32,
    last_step: usize,
    missed: Vec<usize>,
    /// It crashes as soon as the engine has asked for something, before that is written.
    crashes_unwritten: bool,
    trace: Option<VecDeque<String>>,
    prints: bool,
}

/// What failed, and what came before it.
pub struct Failure {
    pub what: String,
    pub trace: Vec<String>,
}

impl World {
    pub fn new(seed: u64, traces: bool, prints: bool) -> World {
        let setting = Setting::new(seed);
        let exchange = Exchange::new(&setting.loaded, &setting.market).unwrap();
        let last = setting.steps[setting.steps.len() - 1];
        let mut chance = Chance::new(seed, 4);
        let weather = Weather::new(seed, last.closes_ms);
        let mut world = World {
            exchange,
            driver: None,
            disk: Disk::default(),
            fills: Vec::new(),
            findings: Vec::new(),
            now_ms: 0,
            seed,
            lost: None,
            life: 0,
            queue: BTreeMap::new(),
            events: 0,
            connection: Connection::default(),
            rate: Rate::default(),
            cover: Cover::default(),
            limited: 0,
            last_step: setting.steps.len() - 1,
            missed: Vec::new(),
            crashes_unwritten: false,
            trace: traces.then(VecDeque::new),
            prints,
            setting,
            weather,
            chance: Chance::new(seed, 5),
        };
        world.driver = Some(Driver::new(seed, &world.setting, world.config(), world.instant()));
        world.plan(&mut chance);
        world
    }

    /// What is known before it begins: bars, leaps, outages, crashes.
    fn plan(&mut self, chance: &mut Chance) {
        for step in 0..self.setting.steps.len() {
            let at = self.setting.steps[step];
            self.at(at.opens_ms + 1, Event::Opens(step));
            self.at(at.opens_ms + 5_000, Event::Goes(step));
            self.at(at.closes_ms, Event::Tick);
            self.at(at.closes_ms + 1 + chance.below(1_500), Event::Closes(step));
        }
        let leaps: Vec<u64> = self.setting.leaps_ms().collect();
        leaps.into_iter().for_each(|ms| self.at(ms, Event::Tick));
        let outages: Vec<(u64, u64)> = self.weather.outages().to_vec();
        outages.into_iter().for_each(|(from, _)| self.at(from, Event::Breaks));
        let crashes = chance.of(&[0, 0, 1, 2, 4]);
        for _ in 0..crashes {
            let ms = chance.below(self.weather.calm_from_ms);
            self.at(ms, Event::Crash);
        }
    }

    fn config(&self) -> DeskConfig {
        let config = rehearsal_desk(&self.setting.loaded, false);
        DeskConfig { calls_a_minute: 200, seed: self.seed, started_at: self.setting.time(0), ..config }
    }

    pub fn instant(&self) -> Instant {
        Instant { ms: self.now_ms, wall_ms: self.setting.wall_ms(self.now_ms) }
    }

    fn at(&mut self, ms: u64, event: Event) {
        self.events += 1;
        self.queue.insert((ms.max(self.now_ms), self.events), event);
    }

    fn later(&mut self, event: Event) {
        let ms = self.now_ms + self.latency();
        self.at(ms, event);
    }

    /// How long what leaves now is under way. Longer than ordinarily is a fault until it arrives: a round trip that takes
    /// most of what a stop may be missing is no fault of the desk's.
    fn latency(&mut self) -> u64 {
        let ms = self.weather.latency(&mut self.chance);
        if ms > self.weather.ordinary_latency_ms() {
            self.cover.disturb(self.now_ms + ms);
        }
        ms
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let line = format!("{:>9} {}", self.now_ms, line());
            if self.prints {
                eprintln!("{line:.1200}");
            }
            trace.push_back(line);
            if trace.len() > TRACE_LINES {
                trace.pop_front();
            }
        }
    }

    /// Runs until all is at rest after the last fault, and holds everything against everything.
    pub fn run(mut self) -> Result<(), Failure> {
        let outcome = self.run_to_rest().and_then(|()| checks::at_rest(&mut self));
        let trace = self.trace.unwrap_or_default().into();
        outcome.map_err(|what| Failure { what, trace })
    }

    fn run_to_rest(&mut self) -> Result<(), String> {
        let mut wakes = 0;
        self.turn()?;
        loop {
            let is_over = self.now_ms > self.weather.calm_from_ms + 2_000;
            let rests =
                |driver: &Driver| driver.desk.is_quiet() && driver.desk.is_ready() && driver.engine.wants_nothing();
            if is_over && self.is_silent() && self.driver.as_ref().is_some_and(rests) {
                return Ok(());
            }
            if self.now_ms > self.weather.calm_from_ms + REST_MS {
                return Err("the session does not come to rest".to_owned());
            }
            let wake = self.driver.as_mut().and_then(|driver| driver.desk.wake_at());
            let wake_ms = wake.map(|ms| ms.max(self.now_ms + 1));
            let next = self.queue.first_key_value().map(|((ms, _), _)| *ms);
            match (next, wake_ms) {
                (None, None) => return Err("nothing is left to happen, and nothing rests".to_owned()),
                (Some(next), wake) if wake.is_none_or(|wake| next <= wake) => {
                    wakes = 0;
                    self.pass_to(next)?;
                    let ((_, _), event) = self.queue.pop_first().expect("it is there");
                    self.happen(event)?;
                }
                (_, wake) => {
                    wakes += 1;
                    if wakes > WAKES_MAX {
                        return Err("the desk is woken again and again, and nothing happens".to_owned());
                    }
                    self.pass_to(wake.unwrap_or(self.now_ms))?;
                    let now = self.instant();
                    if let Some(driver) = &mut self.driver {
                        driver.desk.on_time(now);
                    }
                }
            }
            self.turn()?;
        }
    }

    /// Is nothing on its way?
    fn is_silent(&self) -> bool {
        self.queue.is_empty()
    }

    fn pass_to(&mut self, ms: u64) -> Result<(), String> {
        let is_calm = self.driver.is_some() && self.connection.listens;
        self.cover.pass(self.now_ms, ms, is_calm)?;
        self.now_ms = ms;
        self.exchange.advance(self.setting.time(ms));
        self.hear_exchange();
        Ok(())
    }

    /// What the exchange has published goes out to who listens.
    fn hear_exchange(&mut self) {
        for published in self.exchange.take_published() {
            if let Published::Update(data) = published {
                self.cover.is_stale = true;
                self.note(|| {
                    let order = &data["order"];
                    format!(
                        "exchange: {} {} {} {} {}/{}",
                        data["event"],
                        order["client_order_id"],
                        order["id"],
                        order["status"],
                        order["filled_qty"],
                        order["qty"]
                    )
                });
                let message = serde_json::json!({ "stream": "trade_updates", "data": data });
                if self.connection.listens {
                    self.deliver(message.to_string());
                }
            }
        }
    }

    fn deliver(&mut self, text: String) {
        if !self.connection.is_open {
            return;
        }
        let delivery = self.weather.message(self.now_ms, &mut self.chance);
        if delivery.breaks {
            return self.break_stream();
        }
        if delivery.stalls && !self.connection.is_stalled {
            self.note(|| "fault: the stream stalls".to_owned());
            self.connection.is_stalled = true;
        }
        if self.connection.is_stalled || delivery.is_missing {
            self.note(|| format!("fault: a message is lost: {text:.200}"));
            return self.cover.disturb(self.now_ms + READING_MS);
        }
        let mut ms = self.now_ms + self.latency();
        if delivery.is_late {
            ms += self.chance.below(8_000);
            self.cover.disturb(ms + AFTERMATH_MS);
        } else {
            ms = ms.max(self.connection.last_arrival_ms);
            self.connection.last_arrival_ms = ms;
        }
        let connection = self.connection.number;
        let signal = StreamSignal::Message(text.into_bytes());
        if delivery.is_twice {
            let again = ms + self.chance.below(3_000);
            self.at(again, Event::Signal { connection, signal: signal.clone() });
        }
        self.at(ms, Event::Signal { connection, signal });
    }

    /// The connection breaks; what is under way on it is lost.
    fn break_stream(&mut self) {
        self.note(|| "fault: the stream breaks".to_owned());
        let connection = self.connection.next();
        self.cover.disturb(self.now_ms + AFTERMATH_MS);
        self.later(Event::Signal { connection, signal: StreamSignal::Lost("the connection broke".to_owned()) });
    }

    /// Calls and commands that may leave do; engine and desk answer each other until nothing moves.
    fn turn(&mut self) -> Result<(), String> {
        let Some(mut driver) = self.driver.take() else { return Ok(()) };
        let outcome = self.turn_of(&mut driver);
        for finding in driver.desk.take_findings() {
            self.note(|| format!("found: {finding}"));
            self.cover.hear(&finding, self.now_ms)?;
            self.findings.push(finding);
        }
        self.driver = Some(driver);
        if outcome? {
            self.crashes_unwritten = false;
            self.crash();
        }
        self.cover.look(&mut checks::Sight {
            exchange: &self.exchange,
            driver: self.driver.as_ref(),
            disk: &self.disk,
            now_ms: self.now_ms,
        });
        Ok(())
    }

    /// Says whether it crashes.
    fn turn_of(&mut self, driver: &mut Driver) -> Result<bool, String> {
        loop {
            let known = self.disk.inputs.len();
            let has_asked = driver.pump(&mut self.disk, &mut self.fills)?;
            if let Some(Input::Pump { rounds, .. }) = self.disk.inputs.get(known) {
                let answers: Vec<ExecutionEvent> = rounds.iter().flatten().copied().collect();
                self.cover.is_stale = true;
                answers.iter().for_each(|answer| self.note(|| format!("engine: {answer:?}")));
            }
            if has_asked && self.crashes_unwritten {
                return Ok(true);
            }
            let commands: Vec<StreamCommand> = driver.desk.take_commands().collect();
            let was_ready = driver.desk.is_ready();
            let call = driver.desk.next_call();
            driver.write(&mut self.disk);
            if commands.is_empty() && call.is_none() {
                return Ok(false);
            }
            commands.into_iter().for_each(|command| self.obey(command));
            if let Some(call) = call {
                if call.urgency == Urgency::Opening
                    && call.verb == alphaflow::execution::alpaca::Verb::Post
                    && !was_ready
                {
                    return Err(format!("an opening order leaves before all is ready: {call:?}"));
                }
                self.send(call)?;
            }
        }
    }

    fn obey(&mut self, command: StreamCommand) {
        self.note(|| format!("desk: {command:?}"));
        match command {
            StreamCommand::Connect(_) => {
                let connection = self.connection.next();
                let refused = self.weather.fate(self.now_ms, &mut self.chance) == Fate::Refused;
                if refused {
                    self.cover.disturb(self.now_ms + AFTERMATH_MS);
                    let signal = StreamSignal::Lost("refused".to_owned());
                    return self.later(Event::Signal { connection, signal });
                }
                self.later(Event::Opened { connection });
            }
            StreamCommand::Authenticate(_) => {
                self.later(Event::Hears { connection: self.connection.number, says: Says::Who });
            }
            StreamCommand::Say(..) => {
                self.later(Event::Hears { connection: self.connection.number, says: Says::Listen });
            }
            StreamCommand::Close(_) => {
                self.connection.next();
            }
        }
    }

    fn send(&mut self, call: Call) -> Result<(), String> {
        self.rate.take(self.now_ms)?;
        let fate = self.weather.fate(self.now_ms, &mut self.chance);
        self.note(|| format!("desk: {} {} {} {:?} {fate:?}", call.id, call.verb.name(), call.path, call.body));
        if fate != Fate::Answered {
            // Until when, is known when it comes back.
            self.cover.disturb(self.now_ms + TIMEOUT_MS + AFTERMATH_MS);
        }
        if fate == Fate::Refused {
            let (life, id) = (self.life, call.id);
            let outcome = Outcome::NotSent("refused".to_owned());
            self.later(Event::Outcome { life, id, outcome });
            return Ok(());
        }
        self.later(Event::Arrives { call, fate });
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        let now = self.instant();
        match event {
            Event::Tick => {}
            Event::Opens(step) => {
                let stamp = self.setting.steps[step].stamp;
                self.note(|| format!("bars of {stamp} begin"));
                if let Some(driver) = &mut self.driver {
                    driver.begin(stamp, FillMoment::Open);
                }
            }
            Event::Goes(step) => {
                let stamp = self.setting.steps[step].stamp;
                self.driver.iter_mut().for_each(|driver| driver.begin(stamp, FillMoment::Within));
            }
            Event::Closes(step) => self.close(step),
            Event::Arrives { call, fate } => self.arrive(&call, fate),
            Event::Outcome { life, id, outcome } => {
                if life != self.life {
                    return Ok(());
                }
                self.note(|| match &outcome {
                    Outcome::Answered { status, body, .. } => {
                        format!("answer {id}: {status} {:.500}", String::from_utf8_lossy(body))
                    }
                    other => format!("answer {id}: {other:?}"),
                });
                if let Some(driver) = &mut self.driver {
                    driver.desk.on_outcome(id, outcome, now);
                }
            }
            Event::Opened { connection } => {
                if connection == self.connection.number {
                    self.connection.is_open = true;
                    self.signal(StreamSignal::Connected);
                }
            }
            Event::Hears { connection, says } => {
                if connection == self.connection.number {
                    self.answer_stream(says);
                }
            }
            Event::Signal { connection, signal } => {
                if connection == self.connection.number {
                    self.signal(signal);
                }
            }
            Event::Breaks => {
                if self.connection.is_open && self.chance.below(2) == 0 {
                    self.break_stream();
                } else {
                    self.connection.is_stalled = true;
                }
            }
            Event::Crash if self.chance.below(2) == 0 => self.crashes_unwritten = self.driver.is_some(),
            Event::Crash => self.crash(),
            Event::Restart => self.restart()?,
        }
        Ok(())
    }

    fn close(&mut self, step: usize) {
        self.note(|| format!("bars {step} close"));
        let is_last = step >= self.last_step;
        match &mut self.driver {
            Some(driver) => driver.close(&self.setting, &mut self.disk, step, is_last),
            None => self.missed.push(step),
        }
    }

    fn arrive(&mut self, call: &Call, fate: Fate) {
        let outcome = carry(&mut self.exchange, call, fate, &mut self.chance);
        self.cover.is_stale = true;
        self.hear_exchange();
        let (life, id) = (self.life, call.id);
        let Some(outcome) = outcome else {
            let ms = self.now_ms + TIMEOUT_MS;
            self.cover.disturb(ms + AFTERMATH_MS);
            return self.at(ms, Event::Outcome { life, id, outcome: Outcome::Unknown("no answer".to_owned()) });
        };
        if fate == Fate::Limited {
            self.cover.disturb(self.now_ms + 8_000 + (1_000 << self.limited.min(6)) + AFTERMATH_MS);
            self.limited += 1;
        } else {
            self.limited = 0;
        }
        self.later(Event::Outcome { life, id, outcome });
    }

    fn signal(&mut self, signal: StreamSignal) {
        self.note(|| match &signal {
            StreamSignal::Message(bytes) => format!("stream: {:.260}", String::from_utf8_lossy(bytes)),
            other => format!("stream: {other:?}"),
        });
        let now = self.instant();
        if let Some(driver) = &mut self.driver {
            driver.desk.on_signal(StreamKind::Trading, signal, now);
        }
    }

    fn answer_stream(&mut self, says: Says) {
        match says {
            Says::Who => self.deliver(
                r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#.to_owned(),
            ),
            Says::Listen => {
                self.connection.listens = true;
                self.cover.disturb(self.now_ms + AFTERMATH_MS);
                self.deliver(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#.to_owned());
            }
        }
    }

    /// Desk, engine and all that was in memory are gone.
    fn crash(&mut self) {
        let Some(driver) = self.driver.take() else { return };
        self.note(|| "crash".to_owned());
        self.lost = Some(driver);
        self.life += 1;
        self.connection.next();
        let pause = self.chance.of(&[500, 5_000, 30_000, 200_000]);
        let ms = (self.now_ms + 1 + self.chance.below(pause)).min(self.weather.calm_from_ms);
        self.at(ms, Event::Restart);
    }

    fn restart(&mut self) -> Result<(), String> {
        let Some(lost) = self.lost.take() else { return Ok(()) };
        self.note(|| "restart".to_owned());
        let (config, now) = (self.config(), self.instant());
        let mut driver = self.disk.restart(self.seed, &self.setting, config, now, &lost.engine)?;
        for step in std::mem::take(&mut self.missed) {
            driver.close(&self.setting, &mut self.disk, step, true);
        }
        let begun = self.setting.steps.iter().rev().find(|step| step.opens_ms < self.now_ms);
        if let Some(step) = begun {
            driver.begin(step.stamp, FillMoment::Within);
        }
        self.cover.disturb(self.now_ms + AFTERMATH_MS);
        self.driver = Some(driver);
        Ok(())
    }
}
