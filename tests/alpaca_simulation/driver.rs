//! A small live session: an engine, a desk, and the disk from which both are built anew after a crash.
//!
//! Not here: the network (network), the order of things (world). The disk has two lists. The desk's is written before
//! a call leaves; the inputs of the engine are written before they are applied, and its answers after the desk's list
//! has what they follow from.
use std::collections::VecDeque;

use alphaflow::domain::{Bar, ExecutionEvent, Fill, OrderId, SymbolIndex, Timestamp};
use alphaflow::engine::{Engine, pump};
use alphaflow::execution::ExecutionBackend;
use alphaflow::execution::alpaca::{AlpacaDesk, Asked, DeskConfig, Entry, Instant};
use alphaflow::risk::{ApprovedChange, ApprovedOrder};

use crate::market::Setting;
use crate::strategy::Wild;

/// Something that the engine was given.
#[derive(Clone, Debug)]
pub enum Input {
    /// The bars of a step; those missed while nothing ran are not traded on.
    Bars { step: usize, is_missed: bool },
    /// Orders and answers, round by round.
    Pump { now: Timestamp, rounds: Vec<Vec<ExecutionEvent>> },
}

/// What outlives a crash.
#[derive(Default)]
pub struct Disk {
    pub log: Vec<Entry>,
    pub inputs: Vec<Input>,
    /// The first number of the session at hand.
    horizon: Option<OrderId>,
}

/// A session that runs.
pub struct Driver {
    pub engine: Engine<Wild>,
    pub desk: AlpacaDesk,
    stamp: Timestamp,
}

/// The desk as the engine's backend, with the disk between them.
struct Written<'a> {
    desk: &'a mut AlpacaDesk,
    disk: &'a mut Disk,
    fills: &'a mut Vec<Fill>,
    rounds: Vec<Vec<ExecutionEvent>>,
    has_sent: bool,
}

impl ExecutionBackend for Written<'_> {
    fn submit(&mut self, order: ApprovedOrder) {
        self.has_sent = true;
        self.desk.submit(order);
    }

    fn cancel(&mut self, order: OrderId) {
        self.has_sent = true;
        self.desk.cancel(order);
    }

    fn replace(&mut self, change: ApprovedChange) {
        self.has_sent = true;
        self.desk.replace(change);
    }

    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        let from = answers.len();
        self.desk.poll(answers);
        let given = &answers[from..];
        if !given.is_empty() {
            self.disk.log.extend(self.desk.take_log());
        }
        self.fills.extend(given.iter().filter_map(|event| match event {
            ExecutionEvent::Filled { fill, .. } => Some(*fill),
            _ => None,
        }));
        self.rounds.push(given.to_vec());
    }
}

/// The disk as the engine's backend: the same answers as before, and what the engine wants is kept.
#[derive(Default)]
struct Again {
    rounds: VecDeque<Vec<ExecutionEvent>>,
    orders: Vec<ApprovedOrder>,
    cancels: Vec<OrderId>,
    changes: Vec<ApprovedChange>,
}

impl ExecutionBackend for Again {
    fn submit(&mut self, order: ApprovedOrder) {
        self.orders.push(order);
    }

    fn cancel(&mut self, order: OrderId) {
        self.cancels.push(order);
    }

    fn replace(&mut self, change: ApprovedChange) {
        self.changes.push(change);
    }

    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        answers.extend(self.rounds.pop_front().expect("as many rounds as before"));
    }
}

fn new_engine(seed: u64, setting: &Setting) -> Engine<Wild> {
    Engine::new(Wild::new(seed), setting.config)
}

/// The bars of a step, and what the strategy wants on them.
fn show(engine: &mut Engine<Wild>, setting: &Setting, step: usize, is_missed: bool) {
    let at = setting.steps[step];
    let bars: Vec<(SymbolIndex, Bar)> =
        setting.bars_of(step).map(|(index, bar)| (SymbolIndex(index as u16), *bar)).collect();
    bars.iter().for_each(|(symbol, bar)| engine.mark(*symbol, bar));
    if at.ends_session {
        engine.end_session();
    }
    if !is_missed {
        bars.iter().for_each(|(symbol, bar)| engine.decide(*symbol, bar));
        engine.decide_step(at.stamp);
        if engine.wants() {
            engine.review(at.stamp);
        }
    }
    engine.record();
}

impl Driver {
    pub fn new(seed: u64, setting: &Setting, config: DeskConfig, now: Instant) -> Driver {
        let stamp = setting.steps[0].stamp;
        Driver { engine: new_engine(seed, setting), desk: AlpacaDesk::new(config, now), stamp }
    }

    /// The bars that have begun.
    pub fn begin(&mut self, stamp: Timestamp, moment: alphaflow::venue::FillMoment) {
        self.desk.at_bar(stamp, moment);
    }

    /// The bars of a step have closed.
    pub fn close(&mut self, setting: &Setting, disk: &mut Disk, step: usize, is_missed: bool) {
        disk.inputs.push(Input::Bars { step, is_missed });
        self.stamp = setting.steps[step].stamp;
        if step > 0 && setting.steps[step - 1].ends_session {
            // As a session does; the engine here keeps everything, so that all of it can be compared.
            let next = self.engine.orders().next_id();
            if let Some(before) = disk.horizon.replace(next) {
                self.desk.forget(before);
            }
        }
        let bars: Vec<(SymbolIndex, &Bar)> =
            setting.bars_of(step).map(|(index, bar)| (SymbolIndex(index as u16), bar)).collect();
        self.desk.on_bars(&bars);
        if setting.steps[step].ends_session {
            self.desk.on_session_close();
        }
        show(&mut self.engine, setting, step, is_missed);
    }

    /// Lets engine and desk answer each other; did the engine ask for something?
    pub fn pump(&mut self, disk: &mut Disk, fills: &mut Vec<Fill>) -> Result<bool, String> {
        let Driver { engine, desk, stamp } = self;
        let mut backend = Written { desk, disk, fills, rounds: Vec::new(), has_sent: false };
        let outcome = pump(engine, &mut backend, *stamp);
        if let Err(error) = outcome {
            return Err(format!("an event after the end: {error}: {:?}", backend.rounds));
        }
        let Written { rounds, has_sent, .. } = backend;
        if has_sent || rounds.iter().any(|round| !round.is_empty()) {
            disk.inputs.push(Input::Pump { now: *stamp, rounds });
        }
        Ok(has_sent)
    }

    /// What must be on the disk before a call leaves.
    pub fn write(&mut self, disk: &mut Disk) {
        disk.log.extend(self.desk.take_log());
    }
}

impl Disk {
    /// A session that goes on where the disk says it was; `before` is the engine that was lost.
    pub fn restart(
        &mut self,
        seed: u64,
        setting: &Setting,
        config: DeskConfig,
        now: Instant,
        before: &Engine<Wild>,
    ) -> Result<Driver, String> {
        let mut engine = new_engine(seed, setting);
        let mut again = Again::default();
        let (mut stamp, mut given) = (setting.steps[0].stamp, 0);
        for input in &self.inputs {
            match input {
                Input::Bars { step, is_missed } => {
                    stamp = setting.steps[*step].stamp;
                    show(&mut engine, setting, *step, *is_missed);
                }
                Input::Pump { now, rounds } => {
                    given += rounds.iter().map(Vec::len).sum::<usize>();
                    again.rounds.extend(rounds.iter().cloned());
                    pump(&mut engine, &mut again, *now).map_err(|error| format!("the same answers again: {error}"))?;
                    if !again.rounds.is_empty() {
                        return Err("the engine took fewer answers than before".to_owned());
                    }
                }
            }
        }
        let same = format!("{:?}", engine.portfolio()) == format!("{:?}", before.portfolio())
            && format!("{:?}", engine.gate()) == format!("{:?}", before.gate());
        if !same {
            return Err("the same inputs made another engine".to_owned());
        }
        let late = self.settle_unwritten(&mut again);
        let mut desk = AlpacaDesk::restore(config, now, &self.log, given);
        desk.at_bar(stamp, alphaflow::venue::FillMoment::Within);
        self.ask_unwritten(&mut desk, setting, late, again);
        Ok(Driver { engine, desk, stamp })
    }

    /// What was asked of the desk and never written is asked again.
    fn ask_unwritten(&self, desk: &mut AlpacaDesk, setting: &Setting, late: Vec<ApprovedOrder>, again: Again) {
        let count = |is_meant: fn(&Entry) -> bool| self.log.iter().filter(|entry| is_meant(entry)).count();
        let ends = |input: &&Input| matches!(input, Input::Bars { step, .. } if setting.steps[*step].ends_session);
        let ended = self.inputs.iter().filter(ends).count();
        (count(|entry| matches!(entry, Entry::SessionClosed))..ended).for_each(|_| desk.on_session_close());
        late.into_iter().for_each(|order| desk.submit(order));
        let cancels = count(|entry| matches!(entry, Entry::CancelAsked { .. }));
        again.cancels.into_iter().skip(cancels).for_each(|order| desk.cancel(order));
        let changes = count(|entry| matches!(entry, Entry::ChangeAsked { .. }));
        again.changes.into_iter().skip(changes).for_each(|change| desk.replace(change));
    }

    /// Orders that the engine approved and the desk never wrote: what shrinks is sent after all, what opens is written
    /// as asked for, so that it is refused as too late.
    fn settle_unwritten(&mut self, again: &mut Again) -> Vec<ApprovedOrder> {
        let is_written =
            |id: OrderId| self.log.iter().any(|entry| matches!(entry, Entry::Asked { order, .. } if *order == id));
        let unwritten: Vec<ApprovedOrder> =
            std::mem::take(&mut again.orders).into_iter().filter(|order| !is_written(order.id())).collect();
        let (late, opening): (Vec<_>, Vec<_>) = unwritten.into_iter().partition(ApprovedOrder::reduces);
        self.log.extend(opening.iter().map(|order| Entry::Asked {
            order: order.id(),
            asked: Asked {
                request: *order.request(),
                quantity: order.quantity(),
                reference: order.reference(),
                reduces: order.reduces(),
                time: order.approved_at(),
            },
        }));
        late
    }
}
