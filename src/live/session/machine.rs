//! The engine of one scenario behind a face without its strategy's type: inputs in, effects out. No sockets, no clock.
//!
//! Not here: the desk that carries effects (trader), the journal (keeper), words (tell).
//! Invariants: (1) what comes out follows from the inputs alone; (2) answers are inputs of their own, so that no input
//! waits for a venue.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::input::{AfterSplit, Input};
use super::terms::Terms;
use crate::domain::{Bar, ExecutionEvent, IllegalTransition, SymbolIndex, Timestamp};
use crate::engine::{Effect, Engine, Journal, Orders, Wishes};
use crate::portfolio::Portfolio;
use crate::risk::{Gate, Holding, Limits, Resumed};
use crate::scenario::{Building, EngineVisitor, FillsHash};
use crate::strategy::{Choice, OrderScript, ParamError, Strategy};

/// What an input led to.
#[derive(Debug, Default)]
pub struct Acted {
    /// What is wanted at the venue, in order.
    pub effects: Vec<Effect>,
    /// A session of trading has ended with it, before the last of the effects were decided.
    pub session_ended: bool,
    /// Of a split.
    pub after_split: Option<AfterSplit>,
    /// What a resume lifted.
    pub resumed: Option<Resumed>,
}

/// What a share did that positions follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ActedOn {
    /// It was split.
    Split,
    /// It paid a dividend.
    Dividend,
}

/// An engine at work.
pub trait Machine {
    /// Gives it an input. `events`: those of [`Input::Answers`].
    ///
    /// Errors: an answer that cannot follow from the order's status; the session cannot go on.
    fn act(&mut self, input: &Input, events: &[ExecutionEvent]) -> Result<Acted, IllegalTransition>;

    /// Cash and positions.
    fn portfolio(&self) -> &Portfolio;

    /// The gate.
    fn gate(&self) -> &Gate;

    /// Orders.
    fn orders(&self) -> &Orders;

    /// What has happened since it was last let go of.
    fn journal(&self) -> &Journal;

    /// Fills since the book began, and the hash over them that a backtest prints.
    fn fills(&self) -> (u64, String);

    /// The last bar that was shown.
    fn stamp(&self) -> Timestamp;

    /// Has this payment of the venue been booked?
    fn was_paid(&self, id: &str) -> bool;

    /// Was a person told of this payment of the venue, which is in no book?
    fn was_told(&self, id: &str) -> bool;

    /// The bar before whose open a share was last split, or paid a dividend of the scenario's file.
    fn last_action(&self, symbol: SymbolIndex, kind: ActedOn) -> Option<Timestamp>;

    /// The open of the session at hand, unless it has ended.
    fn session(&self) -> Option<Timestamp>;
}

/// A machine with its strategy.
struct Running<S> {
    engine: Engine<S>,
    terms: Arc<Terms>,
    stamp: Timestamp,
    /// The open of the last session that began, and whether it has ended.
    session: Option<(Timestamp, bool)>,
    /// Of fills that were let go of.
    fills: (u64, FillsHash),
    /// Payments of the venue that are in the book.
    paid: BTreeSet<String>,
    /// Those that are in no book, and were told of.
    told: BTreeSet<String>,
    /// The last bar that each share was split before, and the last before which it paid.
    actions: BTreeMap<(SymbolIndex, ActedOn), Timestamp>,
}

/// Makes a machine of an engine.
#[derive(Debug)]
pub struct MachineOf(pub Arc<Terms>);

impl EngineVisitor for MachineOf {
    type Output = Box<dyn Machine>;

    fn take<S: Strategy + 'static>(self, engine: Engine<S>) -> Box<dyn Machine> {
        let fills = (0, FillsHash::new(self.0.timeframe));
        Box::new(Running {
            engine,
            terms: self.0,
            stamp: Timestamp::MIN,
            session: None,
            fills,
            paid: BTreeSet::new(),
            told: BTreeSet::new(),
            actions: BTreeMap::new(),
        })
    }

    fn take_built_in(
        building: Building<'_, Self>,
        choice: &Choice<'_>,
    ) -> Option<Result<Box<dyn Machine>, ParamError>> {
        choice.take_built_in(building)
    }

    fn take_script(self, engine: Engine<OrderScript<'static>>) -> Box<dyn Machine> {
        self.take(engine)
    }
}

impl<S: Strategy> Running<S> {
    fn show(&mut self, time: Timestamp, step: &[(SymbolIndex, &Bar)], late_ns: i64, wishes: Wishes) -> bool {
        let mut session_ended = self.begin_session(time);
        self.stamp = time;
        self.engine.close_bars(step, time, late_ns);
        if self.terms.ends_session(time) {
            session_ended |= self.end_session(time);
        }
        self.engine.call_margin(time);
        self.engine.decide_bars(step, time, wishes);
        self.engine.record();
        session_ended
    }

    /// Did the session before this one end only now, unnoticed?
    fn begin_session(&mut self, time: Timestamp) -> bool {
        if self.session.is_none() {
            let holding = if self.terms.timeframe.is_daily() { Holding::Overnight } else { Holding::WithinSessions };
            self.engine.begin_live(time, holding);
        }
        let start = match self.terms.timeframe.is_daily() {
            true => time,
            false => self.terms.session_of(time).map_or(time, |session| session.open),
        };
        if self.session.is_some_and(|(current, _)| current >= start) {
            return false;
        }
        let late = self.end_session(time);
        self.engine.open_session(start, time);
        self.session = Some((start, false));
        late
    }

    fn end_session(&mut self, now: Timestamp) -> bool {
        match &mut self.session {
            Some((_, ended @ false)) => {
                *ended = true;
                self.engine.close_session(now);
                true
            }
            _ => false,
        }
    }
}

impl<S: Strategy> Machine for Running<S> {
    fn act(&mut self, input: &Input, events: &[ExecutionEvent]) -> Result<Acted, IllegalTransition> {
        let mut acted = Acted::default();
        let now = self.stamp;
        match input {
            Input::Bars { time, bars, late_ns, warm_up } => {
                let all: Vec<(SymbolIndex, Bar)> = bars.iter().map(|bar| (bar.symbol, bar.at(*time))).collect();
                let step: Vec<(SymbolIndex, &Bar)> = all.iter().map(|(symbol, bar)| (*symbol, bar)).collect();
                let wishes = if *warm_up { Wishes::Dropped } else { Wishes::Reviewed };
                acted.session_ended = self.show(*time, &step, *late_ns, wishes) && !warm_up;
            }
            Input::Answers { now, .. } => self.engine.answer(events, *now)?,
            Input::SessionEnds { start } => {
                if self.session == Some((*start, false)) {
                    acted.session_ended = self.end_session(now);
                }
            }
            Input::Split { symbol, ratio, time } => {
                acted.after_split = Some(self.engine.split(*symbol, *ratio, *time));
                self.actions.insert((*symbol, ActedOn::Split), *time);
            }
            Input::Dividend { symbol, amount, time } => {
                self.engine.dividend(*symbol, *amount, *time);
                self.actions.insert((*symbol, ActedOn::Dividend), *time);
            }
            Input::Paid { symbol, amount, id, time } => {
                self.engine.receive_dividend(*symbol, *amount, *time);
                self.paid.insert(id.clone());
            }
            Input::Told { id } => drop(self.told.insert(id.clone())),
            Input::Halt { halt, flatten } => {
                self.engine.halt_by(halt.clone(), now);
                if *flatten {
                    self.engine.leave(None, now);
                }
            }
            Input::Resume { by, reason } => {
                acted.resumed = Some(self.engine.resume_by(by.clone(), reason.clone(), now));
            }
            Input::LeftOutside { symbol, side, quantity, now, .. } => {
                self.engine.left_outside(*symbol, *side, *quantity, *now);
            }
            Input::Limits { daily_loss, position_size, portfolio_heat } => {
                self.engine.set_limits(Limits {
                    daily_loss_max: *daily_loss,
                    position_size_max: *position_size,
                    portfolio_heat_max: *portfolio_heat,
                    ..*self.engine.gate().limits()
                });
            }
            Input::Leave { only } => self.engine.leave(*only, now),
            Input::TakeBack { order } => {
                self.engine.take_back(*order);
            }
            Input::TakeEntriesBack => self.engine.take_entries_back(),
            Input::Forgotten { before, but } => {
                let fills = &self.engine.journal().fills;
                self.fills.0 += fills.len() as u64;
                self.fills.1.take(fills, &self.terms.symbols);
                self.engine.forget(*before, but);
            }
        }
        acted.effects = self.engine.effects().collect();
        Ok(acted)
    }

    fn portfolio(&self) -> &Portfolio {
        self.engine.portfolio()
    }

    fn gate(&self) -> &Gate {
        self.engine.gate()
    }

    fn orders(&self) -> &Orders {
        self.engine.orders()
    }

    fn journal(&self) -> &Journal {
        self.engine.journal()
    }

    fn fills(&self) -> (u64, String) {
        let (count, mut hash) = self.fills.clone();
        let fills = &self.engine.journal().fills;
        hash.take(fills, &self.terms.symbols);
        (count + fills.len() as u64, hash.finish())
    }

    fn stamp(&self) -> Timestamp {
        self.stamp
    }

    fn was_paid(&self, id: &str) -> bool {
        self.paid.contains(id)
    }

    fn was_told(&self, id: &str) -> bool {
        self.told.contains(id)
    }

    fn last_action(&self, symbol: SymbolIndex, kind: ActedOn) -> Option<Timestamp> {
        self.actions.get(&(symbol, kind)).copied()
    }

    fn session(&self) -> Option<Timestamp> {
        self.session.filter(|(_, ended)| !ended).map(|(start, _)| start)
    }
}
