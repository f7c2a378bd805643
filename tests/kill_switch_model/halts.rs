//! A session under losses, halts and resumes, over three days, ended and begun again at any moment, beside a kill
//! switch that others press.
//!
//! Not here: how the switch gets onto the disk (latch); here it changes at once. Gate, watch, halts and document are
//! the program's. What is true is kept in whole dollars and a table of causes.
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::fs;

use alphaflow::domain::{
    ExitLegs, Fill, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity,
    Side, SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{
    CashCheck, Gate, Halt, HaltCause, HaltOrder, HaltedBy, Latch, LatchFile, Limits, Margin, Refusal, ResumeOrder,
    TradingState, Watch, Words,
};
use tempfile::TempDir;

use crate::explore::Machine;

/// What is broken on purpose, to see that the check notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slip {
    None,
    /// A session that begins again knows nothing of its halts.
    Forgets,
    /// A session that begins again takes the day for the next one.
    SkipsADay,
    /// The gate does not ask the kill switch.
    Unarmed,
}

pub const ENTRY_WHILE_HALTED: &str = "what increases exposure was approved while a halt stands";
pub const HALT_AFTER_ITS_END: &str = "what increases exposure was refused for a halt though none stands";
pub const EXIT_REFUSED: &str = "what shrinks a position was refused";
pub const WRONG_CAUSE: &str = "a halt ended without what lifts it, or stands without its cause";

/// Dollars of equity that the session may be worth. The first is what it starts with.
const WORTH: [i64; 3] = [100_000, 97_000, 94_000];
/// In percent.
const DAILY_LOSS_MAX: i64 = 2;
const DRAWDOWN_MAX: i64 = 5;
const LAST_DAY: u8 = 2;
/// How often the switch may be pressed, and be released: twice where the build is fast.
const PRESSES: u8 = if cfg!(debug_assertions) { 1 } else { 2 };

pub struct Session {
    slip: Slip,
    /// A folder for every document, so that each is written once.
    folders: RefCell<HashMap<Vec<u8>, TempDir>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// What the session would leave behind if it ended now, as text.
    watch: String,
    document: Vec<u8>,
    is_up: bool,
    day: u8,
    pressed: u8,
    released: u8,
    truth: Truth,
}

/// What is so, by the rules in plain numbers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Truth {
    equity: i64,
    baseline: i64,
    peak: i64,
    /// By cause, in the order of `HaltCause::ALL`: the day of the halt.
    halts: [Option<u8>; 4],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Worth(i64),
    NextDay,
    End,
    Begin,
    Halt,
    Resume(&'static str),
    Press,
    Release(&'static str),
}

fn dollars(dollars: i64) -> Money {
    Money::from_cents(dollars * 100)
}

fn limits() -> Limits {
    let percent = |percent: i64| format!("0.0{percent}").parse().expect("a share");
    Limits { daily_loss_max: percent(DAILY_LOSS_MAX), drawdown_max: percent(DRAWDOWN_MAX), ..Limits::WIDE }
}

fn opens(day: u8) -> Timestamp {
    Timestamp::from_days(i32::from(day) + 1).expect("a date")
}

fn noon(day: u8) -> Timestamp {
    opens(day).plus_ns(Timestamp::NS_PER_DAY / 2)
}

fn ann() -> HaltedBy {
    HaltedBy::Person(Words::fixed("ann"))
}

fn text(watch: &Watch) -> String {
    serde_json::to_string(&watch.state()).expect("JSON")
}

fn watch(text: &str) -> Watch {
    Watch::restored(&limits(), serde_json::from_str(text).expect("its own text"))
}

fn request(symbol: u16, side: Side, shares: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        symbol: SymbolIndex(symbol),
        side,
        size: OrderSize::Shares(Quantity::from_shares(shares).expect("shares")),
        kind,
        time_in_force: TimeInForce::Day,
        class: OrderClass::Simple,
        purpose: OrderPurpose::Entry,
        legs: ExitLegs::NONE,
        extended_hours: false,
    }
}

/// Ten shares of one symbol at $100, none of another.
fn portfolio() -> Portfolio {
    let mut portfolio = Portfolio::with_cash(dollars(WORTH[0]), 2);
    let price: Price = "100".parse().expect("price");
    let quantity = Quantity::from_shares(10).expect("shares");
    let (order, symbol, side, fee, time) = (OrderId(1), SymbolIndex(0), Side::Buy, Money::ZERO, noon(0));
    let purpose = OrderPurpose::Entry;
    portfolio.apply(&Fill { order, symbol, side, quantity, price, reference: price, fee, time, purpose });
    portfolio.mark(SymbolIndex(0), price);
    portfolio.mark(SymbolIndex(1), price);
    portfolio
}

impl Session {
    pub fn new(slip: Slip) -> Session {
        Session { slip, folders: RefCell::default() }
    }

    /// A gate in `state`, with order 2 for one share open since before any halt.
    fn gate(&self, state: &State, portfolio: &Portfolio) -> Gate {
        let margin = Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval };
        let mut gate = Gate::new(limits(), margin, 2, dollars(WORTH[0]));
        gate.set_held(SymbolIndex(0), portfolio.position(SymbolIndex(0)).quantity());
        let limit = "90".parse().expect("price");
        let open = request(1, Side::Buy, 1, OrderKind::Limit { limit });
        drop(
            gate.review(OrderId(2), &open, || Money::ZERO, portfolio, noon(state.day)).expect("nothing is halted yet"),
        );
        if self.slip != Slip::Unarmed {
            let mut folders = self.folders.borrow_mut();
            let folder = folders.entry(state.document.clone()).or_insert_with(|| {
                let folder = tempfile::tempdir().expect("folder");
                fs::write(LatchFile::new(folder.path()).path(), &state.document).expect("write");
                folder
            });
            gate.arm(LatchFile::new(folder.path()).arm().expect("a document is there"));
        }
        *gate.watch_mut() = watch(&state.watch);
        gate
    }

    /// What the gate says, and whether it should.
    fn verdict(&self, state: &State) -> Option<&'static str> {
        let portfolio = portfolio();
        let mut gate = self.gate(state, &portfolio);
        let halts = gate.watch().halts();
        let known = HaltCause::ALL.map(|cause| halts.get(cause).is_some());
        let truth = state.truth.halts.map(|day| day.is_some());
        if known[..3] != truth[..3] || known[3] {
            // The kill switch is the document's, not the session's.
            return Some(WRONG_CAUSE);
        }
        let session_state = HaltCause::ALL[..3].iter().zip(truth).filter(|(_, is)| *is).map(|(cause, _)| cause.state());
        if halts.state() != session_state.max().unwrap_or(TradingState::Active) {
            return Some(WRONG_CAUSE);
        }
        let strongest = HaltCause::ALL.into_iter().zip(truth).rev().find(|(_, is)| *is).map(|(cause, _)| cause);
        let (kind, now) = (OrderKind::Market, noon(state.day).plus_ns(1));
        let shares = |shares| Some(Quantity::from_shares(shares).expect("shares"));
        let limit = OrderKind::Limit { limit: "90".parse().expect("price") };
        let open = request(1, Side::Buy, 1, limit);
        let growth = gate.review_change(OrderId(2), &open, (limit, shares(3)), Money::ZERO, &portfolio, now).err();
        let entry = gate.review(OrderId(3), &request(1, Side::Buy, 2, kind), || Money::ZERO, &portfolio, now).err();
        for refusal in [growth, entry] {
            match (refusal, strongest) {
                (None, None) => {}
                (Some(Refusal::Halted { cause, .. }), Some(named)) if cause == named => {}
                (None, Some(_)) => return Some(ENTRY_WHILE_HALTED),
                _ => return Some(HALT_AFTER_ITS_END),
            }
        }
        let exit = gate.review(OrderId(4), &request(0, Side::Sell, 4, kind), || Money::ZERO, &portfolio, now);
        let rest = gate.review(OrderId(5), &request(0, Side::Sell, 6, kind), || Money::ZERO, &portfolio, now);
        let less = gate.review_change(
            OrderId(4),
            &request(0, Side::Sell, 4, kind),
            (kind, shares(1)),
            Money::ZERO,
            &portfolio,
            now,
        );
        let refused = exit.is_err() || rest.is_err() || less.is_err();
        refused.then_some(EXIT_REFUSED)
    }
}

impl Truth {
    fn halt(&mut self, cause: HaltCause, day: u8) {
        self.halts[cause as usize].get_or_insert(day);
    }

    fn is_worth(&mut self, equity: i64, day: u8) {
        self.equity = equity;
        self.peak = self.peak.max(equity);
        if (self.baseline - equity) * 100 >= DAILY_LOSS_MAX * self.baseline {
            self.halt(HaltCause::DailyLoss, day);
        }
        if (self.peak - equity) * 100 >= DRAWDOWN_MAX * self.peak {
            self.halt(HaltCause::Drawdown, day);
        }
    }

    /// A session of `day` goes on.
    fn goes_on(&mut self, day: u8) {
        let loss = &mut self.halts[HaltCause::DailyLoss as usize];
        *loss = loss.filter(|since| *since == day);
    }

    fn resume(&mut self) {
        self.halts[HaltCause::Manual as usize] = None;
        if self.halts[HaltCause::Drawdown as usize].take().is_some() {
            self.peak = self.equity;
        }
    }
}

impl State {
    fn with_watch(&self, change: impl FnOnce(&mut Watch)) -> State {
        let mut watch = watch(&self.watch);
        change(&mut watch);
        State { watch: text(&watch), ..self.clone() }
    }

    fn with_latch(&self, change: impl FnOnce(&mut Latch)) -> State {
        let mut latch = Latch::decode(&self.document).expect("its own text");
        change(&mut latch);
        State { document: latch.encode(), ..self.clone() }
    }

    fn after(&self, action: Action, slip: Slip) -> State {
        let (day, now) = (self.day, noon(self.day));
        match action {
            Action::Worth(equity) => {
                let mut next = self.with_watch(|watch| {
                    watch.look(dollars(equity), now);
                });
                next.truth.is_worth(equity, day);
                next
            }
            Action::NextDay if self.is_up => {
                let mut next = self.with_watch(|watch| {
                    watch.close_session(dollars(self.truth.equity));
                    watch.begin_session(opens(day + 1));
                });
                next.day += 1;
                next.truth.baseline = next.truth.equity;
                next.truth.goes_on(day + 1);
                next
            }
            Action::NextDay => State { day: day + 1, ..self.clone() },
            Action::End => State { is_up: false, ..self.clone() },
            Action::Begin => {
                let named = if slip == Slip::SkipsADay { day + 1 } else { day };
                let mut next = self.with_watch(|watch| {
                    if slip == Slip::Forgets {
                        *watch = Watch::new(&limits(), dollars(self.truth.equity));
                    }
                    watch.begin_session(opens(named));
                });
                next.is_up = true;
                next.truth.goes_on(day);
                next
            }
            Action::Halt => {
                let halt = Halt { cause: HaltCause::Manual, since: now, by: ann(), reason: None };
                let mut next = self.with_watch(|watch| {
                    watch.halt(halt);
                });
                next.truth.halt(HaltCause::Manual, day);
                next
            }
            Action::Resume(reason) => {
                // Without a reason there is no value to resume with.
                let Ok(reason) = Words::new(reason) else { return self.clone() };
                let mut next = self.with_watch(|watch| {
                    watch.resume(ann(), reason, dollars(self.truth.equity), now);
                });
                next.truth.resume();
                next
            }
            Action::Press => {
                let order = HaltOrder { at: now, by: ann(), reason: None, flatten: false };
                let mut next = self.with_latch(|latch| {
                    latch.halt(order);
                });
                next.pressed += 1;
                next.truth.halt(HaltCause::KillSwitch, day);
                next
            }
            Action::Release(reason) => {
                let Ok(reason) = Words::new(reason) else { return self.clone() };
                let mut next = self.with_latch(|latch| {
                    latch.resume(ResumeOrder { at: now, by: ann(), reason });
                });
                next.released += 1;
                next.truth.halts[HaltCause::KillSwitch as usize] = None;
                next
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Machine for Session {
    type State = State;
    type Action = Action;

    fn starts(&self) -> Vec<State> {
        let mut watch = Watch::new(&limits(), dollars(WORTH[0]));
        watch.begin_session(opens(0));
        let truth = Truth { equity: WORTH[0], baseline: WORTH[0], peak: WORTH[0], halts: [None; 4] };
        let (watch, document) = (text(&watch), Latch::new().encode());
        vec![State { watch, document, is_up: true, day: 0, pressed: 0, released: 0, truth }]
    }

    fn steps(&self, state: &State) -> Vec<(Action, State)> {
        let mut actions = Vec::new();
        if state.is_up {
            actions.extend(WORTH.map(Action::Worth));
            actions.extend([Action::Halt, Action::Resume(" "), Action::Resume("why"), Action::End]);
        } else {
            actions.push(Action::Begin);
        }
        actions.extend((state.day < LAST_DAY).then_some(Action::NextDay));
        actions.extend((state.pressed < PRESSES).then_some(Action::Press));
        if state.released < PRESSES {
            actions.extend([Action::Release(" "), Action::Release("why")]);
        }
        actions.into_iter().map(|action| (action, state.after(action, self.slip))).collect()
    }

    fn wrong(&self, state: &State) -> Option<&'static str> {
        if state.is_up { self.verdict(state) } else { None }
    }
}
