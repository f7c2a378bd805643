//! Commands and a session at one kill switch, stopped, killed and cut off from power between any two steps.
//!
//! Not here: the steps, which are those of the program (`halt_on`, `resume_on`, `read_on`), and the folder (disk).
//! What is true is kept beside the machine and never read by it: which halts were acknowledged, and which resumes
//! were given since.
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use alphaflow::domain::Timestamp;
use alphaflow::risk::{
    HaltOrder, HaltRecord, HaltedBy, LATCH_DOCUMENT, Latch, LatchError, Presence, ResumeOrder, Words, halt_on, read_on,
    resume_on,
};

use crate::disk::{Answer, Ask, Folder, Id, Playback, Table};
use crate::explore::Machine;

/// What is broken on purpose, to see that the check notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    None,
    /// `sync` of the folder does nothing.
    NoFolderSync,
    /// The content of a new file is not synced.
    NoFileSync,
    /// Everyone gets the lock.
    NoLock,
    /// A rename is answered before it is done, so that a halt is acknowledged before its document is there.
    LateRename,
    /// A resume takes what it finds under the lock for what it was given for.
    BlindResume,
}

/// How much may happen in one course of events.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub halts: u8,
    pub resumes: u8,
    pub kills: u8,
    pub power_losses: u8,
}

pub struct Switch {
    table: Table,
    fault: Fault,
    budget: Budget,
    /// The only harm that is looked for.
    harm: Option<&'static str>,
    empty: Id,
    document: Id,
    draft: Id,
    /// The next question of a command by what it was answered.
    turns: RefCell<HashMap<(Task, Vec<Answer>), Turn>>,
    sights: RefCell<BTreeSet<Sight>>,
}

/// A place worth knowing to have been reached: a check that never gets there checks nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sight {
    HaltInDocument,
    HaltBesideTheLock,
    Resume,
    RefusedResume,
    NothingToResume,
    EntryApproved,
    EntryRefused,
}

impl Sight {
    pub const ALL: [Sight; 7] = [
        Sight::HaltInDocument,
        Sight::HaltBesideTheLock,
        Sight::Resume,
        Sight::RefusedResume,
        Sight::NothingToResume,
        Sight::EntryApproved,
        Sight::EntryRefused,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Task {
    Halt(u8),
    Resume(u8),
    Check,
}

/// Where a command stands after some answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Turn {
    Asks(Ask),
    Acknowledged(Place),
    Failed,
    Lifted,
    NothingToLift,
    Refused,
    Found { is_clear: bool, flatten: bool },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    Document,
    Note,
}

/// A command under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Command {
    task: Task,
    answers: Vec<Answer>,
    /// How far a new file is: 1 entered, 2 written.
    stage: u8,
    /// Of a resume: no halt was under way since it was given.
    is_alone: bool,
}

/// A halt, in truth.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Truth {
    halt: u8,
    /// Its command has said that it holds.
    is_acknowledged: bool,
    /// Somebody could see it.
    is_visible: bool,
    /// Resumes given since it last showed itself, by bit, and not refused.
    resumes: u8,
}

/// A look at the switch under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Look {
    answers: Vec<Answer>,
    /// Halts acknowledged when it began and not resumed, by bit.
    bound: u8,
    /// A resume had returned when it began, and nobody had halted since.
    was_cleared: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    folder: Folder,
    lock: Option<u8>,
    commands: Vec<Command>,
    look: Option<Look>,
    /// A rename that was answered and not done.
    late: Option<(Id, Id)>,
    left: [u8; 4],
    next: u8,
    truths: Vec<Truth>,
    is_cleared: bool,
    wrong: Option<&'static str>,
}

pub enum Action {
    Give(Task),
    Step(Task, String),
    LockIsBusy(Task),
    Kill(Task),
    PowerLoss,
    LateRename,
    Look,
}

const HALTS: usize = 0;
const RESUMES: usize = 1;
const KILLS: usize = 2;
const POWER: usize = 3;
/// The one file that nobody but the owner of the lock touches.
const DRAFT: &[u8] = b"kill_switch.draft";
/// A halt that stood before the first step.
const BEFORE: u8 = 0;

pub const ENTRY_WHILE_HALTED: &str = "an order that increases exposure was approved after an acknowledged halt";
pub const RESUME_UNDONE: &str = "an acknowledged resume was undone though nobody halted";
pub const FLATTEN_LOST: &str = "an acknowledged halt wanted to close all positions, and that is lost";
pub const HALT_FAILED: &str = "a halt failed on a folder that works";

impl Task {
    fn number(self) -> u8 {
        match self {
            Task::Halt(number) | Task::Resume(number) => number,
            Task::Check => u8::MAX,
        }
    }
}

/// The second of two commands wants to flatten, so that there are halts with and without.
fn wants_flatten(number: u8) -> bool {
    number.is_multiple_of(2) && number != BEFORE
}

fn order(number: u8) -> HaltOrder {
    let by = HaltedBy::Person(Words::fixed("ann"));
    HaltOrder { at: Timestamp::from_ns(i64::from(number)), by, reason: None, flatten: wants_flatten(number) }
}

fn resume_order(number: u8) -> ResumeOrder {
    let by = HaltedBy::Person(Words::fixed("bob"));
    ResumeOrder { at: Timestamp::from_ns(i64::from(number)), by, reason: Words::fixed("why") }
}

impl Switch {
    pub fn new(fault: Fault, harm: Option<&'static str>, budget: Budget) -> Switch {
        let table = Table::default();
        let (empty, document, draft) = (table.id(b""), table.id(LATCH_DOCUMENT.as_bytes()), table.id(DRAFT));
        Switch {
            table,
            fault,
            budget,
            harm,
            empty,
            document,
            draft,
            turns: RefCell::default(),
            sights: RefCell::default(),
        }
    }

    fn start(&self, document: &[u8], truths: Vec<Truth>) -> State {
        let mut folder = Folder::default();
        folder.enter(self.document, self.table.id(document));
        folder.sync_file(self.document);
        folder.sync();
        let Budget { halts, resumes, kills, power_losses } = self.budget;
        State {
            folder,
            lock: None,
            commands: Vec::new(),
            look: None,
            late: None,
            left: [halts, resumes, kills, power_losses],
            next: BEFORE + 1,
            truths,
            is_cleared: false,
            wrong: None,
        }
    }

    /// What has been reached so far.
    pub fn sights(&self) -> Vec<Sight> {
        self.sights.borrow().iter().copied().collect()
    }

    fn see(&self, sight: Sight) {
        self.sights.borrow_mut().insert(sight);
    }

    /// Runs the program's own steps as far as the answers go.
    fn turn(&self, task: Task, answers: &[Answer]) -> Turn {
        let key = (task, answers.to_vec());
        if let Some(turn) = self.turns.borrow().get(&key) {
            return turn.clone();
        }
        let disk = Playback::new(&self.table, answers);
        let end = match task {
            Task::Halt(number) => match halt_on(&disk, &order(number), u32::from(number)) {
                Ok(HaltRecord::Document { .. }) => Turn::Acknowledged(Place::Document),
                Ok(HaltRecord::Note { .. }) => Turn::Acknowledged(Place::Note),
                Err(_) => Turn::Failed,
            },
            Task::Resume(number) => match resume_on(&disk, resume_order(number)) {
                Ok(Some(_)) => Turn::Lifted,
                Ok(None) => Turn::NothingToLift,
                Err(_) => Turn::Refused,
            },
            Task::Check => match read_on(&disk, Presence::Required, Timestamp::MIN) {
                Ok(latch) => {
                    let flatten = latch.latched().is_some_and(|latched| latched.flatten);
                    Turn::Found { is_clear: latch.latched().is_none(), flatten }
                }
                // What cannot be read says nothing about flatten; a person has to look.
                Err(LatchError::Damaged { .. } | LatchError::Vanished { .. } | LatchError::Io { .. }) => {
                    Turn::Found { is_clear: false, flatten: true }
                }
                Err(other) => panic!("{other}"),
            },
        };
        let turn = disk.open().map_or(end, Turn::Asks);
        self.turns.borrow_mut().insert(key, turn.clone());
        turn
    }

    fn is_note(&self, name: Id) -> bool {
        self.table.name(name).starts_with("kill_switch.halt-")
    }

    /// What a list shows, less what all steps pass over: states that differ in nothing else are one.
    fn notes(&self, folder: &Folder) -> Vec<Id> {
        folder.list(|name| self.is_note(name))
    }

    /// What the command at `at` does that nobody else can notice, or be noticed in by it: its draft; and under the
    /// lock the document, which changes under the lock only, and notes that are finished. A stop between two of
    /// these leaves at most a draft behind, which the next owner of the lock removes unseen.
    fn go_on(&self, state: &mut State, at: usize) {
        loop {
            let Command { task, answers, .. } = &state.commands[at];
            let owns = state.lock == Some(task.number()) && self.fault != Fault::NoLock && state.late.is_none();
            let answer = match self.turn(*task, answers) {
                Turn::Asks(Ask::Remove(name)) if name == self.draft => {
                    state.folder.forget(name);
                    Answer::Done
                }
                Turn::Asks(Ask::Create(name, content)) if name == self.draft => {
                    assert!(state.folder.enter(name, self.empty), "it was removed before");
                    state.folder.write(name, content);
                    if self.fault != Fault::NoFileSync {
                        state.folder.sync_file(name);
                    }
                    Answer::Done
                }
                Turn::Asks(Ask::Read(name))
                    if owns && (name == self.document || state.folder.is_whole(name, self.empty)) =>
                {
                    Answer::Content(state.folder.read(name))
                }
                _ => return,
            };
            state.commands[at].answers.push(answer);
        }
    }

    /// One step of the command at `at`; `None` where it has to wait.
    fn step(&self, state: &State, at: usize) -> Option<(Action, State)> {
        let mut state = state.clone();
        let Command { task, answers, stage, .. } = state.commands[at].clone();
        let Turn::Asks(ask) = self.turn(task, &answers) else { panic!("an ended command is taken away at once") };
        // With its second answer a resume has looked: from now on it is given, for what it saw.
        if matches!(task, Task::Resume(_)) && answers.len() == 1 {
            state.give_resume(task.number());
        }
        let action = Action::Step(task, self.table.words(&ask));
        let answer = match ask {
            Ask::List => Answer::Names(self.notes(&state.folder)),
            Ask::Read(name) => Answer::Content(state.folder.read(name)),
            Ask::Create(name, content) => match stage {
                0 if !state.folder.enter(name, self.empty) => Answer::Taken,
                0 => {
                    if self.is_note(name) {
                        state.show(task.number());
                    }
                    state.commands[at].stage = 1;
                    return Some((action, state));
                }
                1 => {
                    state.folder.write(name, content);
                    state.commands[at].stage = 2;
                    return Some((action, state));
                }
                _ => {
                    if self.fault != Fault::NoFileSync {
                        state.folder.sync_file(name);
                    }
                    state.commands[at].stage = 0;
                    Answer::Done
                }
            },
            Ask::Rename(from, to) => {
                state.do_late_rename();
                match self.fault {
                    Fault::LateRename => state.late = Some((from, to)),
                    _ => state.folder.rename(from, to),
                }
                if matches!(task, Task::Halt(_)) {
                    state.show(task.number());
                }
                Answer::Done
            }
            Ask::Remove(name) => {
                state.folder.remove(name);
                Answer::Done
            }
            Ask::Sync => {
                if self.fault != Fault::NoFolderSync {
                    state.folder.sync();
                }
                Answer::Done
            }
            Ask::Lock if state.lock.is_some() && self.fault != Fault::NoLock => return None,
            Ask::Lock => {
                state.lock = Some(task.number());
                if let (Fault::BlindResume, Task::Resume(_)) = (self.fault, task) {
                    let document = state.folder.read(self.document);
                    let seen = [Answer::Names(self.notes(&state.folder)), Answer::Content(document)];
                    state.commands[at].answers[..2].clone_from_slice(&seen);
                }
                Answer::Locked
            }
        };
        state.commands[at].answers.push(answer);
        self.go_on(&mut state, at);
        self.finish(&mut state, at);
        Some((action, state))
    }

    /// Takes the command away if it has ended, and notes what it said.
    fn finish(&self, state: &mut State, at: usize) {
        let Command { task, answers, is_alone, .. } = state.commands[at].clone();
        let turn = self.turn(task, &answers);
        if let Turn::Asks(_) = turn {
            return;
        }
        state.take_away(at);
        match turn {
            Turn::Acknowledged(place) => {
                state.truth(task.number()).is_acknowledged = true;
                self.see(match place {
                    Place::Document => Sight::HaltInDocument,
                    Place::Note => Sight::HaltBesideTheLock,
                });
            }
            Turn::Failed => state.wrong = Some(HALT_FAILED),
            Turn::Lifted => {
                state.is_cleared = is_alone;
                state.settle(task);
                self.see(Sight::Resume);
            }
            Turn::NothingToLift => {
                state.settle(task);
                self.see(Sight::NothingToResume);
            }
            Turn::Refused => {
                // What it was given for stands.
                state.truths.iter_mut().for_each(|truth| truth.resumes &= !(1 << task.number()));
                self.see(Sight::RefusedResume);
            }
            Turn::Asks(_) | Turn::Found { .. } => panic!("{turn:?} of a command"),
        }
    }

    /// Begins a look, or goes on with it.
    fn look(&self, state: &State) -> State {
        let mut state = state.clone();
        let mut look = state.look.take().unwrap_or_else(|| Look {
            answers: Vec::new(),
            bound: state.bound(),
            was_cleared: state.is_cleared,
        });
        // Between the list and the document anything may happen; notes are then read in one go.
        let end = loop {
            match self.turn(Task::Check, &look.answers) {
                Turn::Asks(Ask::List) => look.answers.push(Answer::Names(self.notes(&state.folder))),
                Turn::Asks(Ask::Read(name)) => look.answers.push(Answer::Content(state.folder.read(name))),
                other => panic!("a look changes nothing and was not at its end: {other:?}"),
            }
            match self.turn(Task::Check, &look.answers) {
                Turn::Asks(Ask::Read(name)) if name != self.document => {}
                end => break end,
            }
        };
        let Turn::Found { is_clear, flatten } = end else {
            state.look = Some(look);
            return state;
        };
        let bound = look.bound & state.bound();
        if is_clear && bound != 0 {
            state.wrong = Some(ENTRY_WHILE_HALTED);
        } else if !is_clear && look.was_cleared && state.is_cleared {
            state.wrong = Some(RESUME_UNDONE);
        } else if !flatten && (0..8).any(|halt| bound & (1 << halt) != 0 && wants_flatten(halt)) {
            state.wrong = Some(FLATTEN_LOST);
        }
        self.see(if is_clear { Sight::EntryApproved } else { Sight::EntryRefused });
        state
    }
}

impl State {
    fn truth(&mut self, halt: u8) -> &mut Truth {
        self.truths.iter_mut().find(|truth| truth.halt == halt).expect("a halt that was given")
    }

    /// Halts acknowledged and not resumed since, by bit.
    fn bound(&self) -> u8 {
        let bound = self.truths.iter().filter(|truth| truth.is_acknowledged && truth.resumes == 0);
        bound.fold(0, |bits, truth| bits | 1 << truth.halt)
    }

    /// Halt `halt` shows itself: resumes that were given before know nothing of it.
    fn show(&mut self, halt: u8) {
        let truth = self.truth(halt);
        (truth.is_visible, truth.resumes) = (true, 0);
    }

    fn give_resume(&mut self, number: u8) {
        self.truths.iter_mut().filter(|truth| truth.is_visible).for_each(|truth| truth.resumes |= 1 << number);
    }

    fn take_away(&mut self, at: usize) -> Command {
        let command = self.commands.remove(at);
        if self.lock == Some(command.task.number()) {
            self.lock = None;
        }
        command
    }

    fn do_late_rename(&mut self) {
        if let Some((from, to)) = self.late.take() {
            self.folder.rename(from, to);
        }
    }

    /// Nobody was told anything of a halt whose command has died; a resume that has died may have got through.
    fn forget(&mut self, task: Task) {
        match task {
            Task::Halt(number) => self.truths.retain(|truth| truth.halt != number),
            Task::Resume(_) => self.settle(task),
            Task::Check => {}
        }
    }

    /// A resume that cannot be refused any more: halts that it was given for bind nobody, whatever comes.
    fn settle(&mut self, task: Task) {
        self.truths.retain(|truth| !truth.is_acknowledged || truth.resumes & (1 << task.number()) == 0);
    }

    /// Two commands at most, and what may still happen.
    fn give(&self, task: Task, kind: usize) -> State {
        let mut state = self.clone();
        state.left[kind] -= 1;
        state.next += 1;
        if let Task::Halt(halt) = task {
            state.truths.push(Truth { halt, is_acknowledged: false, is_visible: false, resumes: 0 });
            state.is_cleared = false;
            state.commands.iter_mut().for_each(|command| command.is_alone &= matches!(command.task, Task::Halt(_)));
        }
        let is_halt = |task| matches!(task, Task::Halt(_));
        let is_alone = is_halt(task) || !state.commands.iter().any(|command| is_halt(command.task));
        state.commands.push(Command { task, answers: Vec::new(), stage: 0, is_alone });
        state
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Give(task) => write!(f, "{task:?} is given and begins"),
            Action::Step(task, step) => write!(f, "{task:?}: {step}"),
            Action::LockIsBusy(task) => write!(f, "{task:?} does not get the lock"),
            Action::Kill(task) => write!(f, "{task:?} is killed"),
            Action::PowerLoss => f.write_str("the power goes"),
            Action::LateRename => f.write_str("the rename is done"),
            Action::Look => f.write_str("the session looks"),
        }
    }
}

impl Machine for Switch {
    type State = State;
    type Action = Action;

    /// Clear, latched, and damaged.
    fn starts(&self) -> Vec<State> {
        let before = Truth { halt: BEFORE, is_acknowledged: true, is_visible: true, resumes: 0 };
        let mut latched = Latch::new();
        latched.halt(order(BEFORE));
        let text = latched.encode();
        vec![
            self.start(&Latch::new().encode(), Vec::new()),
            self.start(&text, vec![before.clone()]),
            self.start(&text[..text.len() / 2], vec![before]),
        ]
    }

    fn steps(&self, state: &State) -> Vec<(Action, State)> {
        let mut steps = Vec::new();
        // A look that can find nothing wrong is none.
        if state.bound() != 0 || state.is_cleared {
            steps.push((Action::Look, self.look(state)));
        }
        for (task, kind) in [(Task::Halt(state.next), HALTS), (Task::Resume(state.next), RESUMES)] {
            if state.commands.len() < 2 && state.left[kind] > 0 {
                // Given and begun at once: until its first step a command is as good as not given.
                let given = state.give(task, kind);
                let (_, begun) = self.step(&given, state.commands.len()).expect("it does not begin with the lock");
                steps.push((Action::Give(task), begun));
            }
        }
        for (at, command) in state.commands.iter().enumerate() {
            let task = command.task;
            match self.step(state, at) {
                Some(step) => steps.push(step),
                None => {
                    let mut busy = state.clone();
                    busy.commands[at].answers.push(Answer::Busy);
                    self.go_on(&mut busy, at);
                    self.finish(&mut busy, at);
                    steps.push((Action::LockIsBusy(task), busy));
                }
            }
            if state.left[KILLS] > 0 {
                let mut killed = state.clone();
                killed.left[KILLS] -= 1;
                let command = killed.take_away(at);
                killed.forget(command.task);
                steps.push((Action::Kill(task), killed));
            }
        }
        if state.late.is_some() {
            let mut done = state.clone();
            done.do_late_rename();
            steps.push((Action::LateRename, done));
        }
        if state.left[POWER] > 0 {
            let mut dark = state.clone();
            dark.left[POWER] -= 1;
            (dark.lock, dark.look, dark.late) = (None, None, None);
            std::mem::take(&mut dark.commands).into_iter().for_each(|command| dark.forget(command.task));
            for folder in state.folder.after_power_loss(self.empty) {
                steps.push((Action::PowerLoss, State { folder, ..dark.clone() }));
            }
        }
        steps
    }

    fn wrong(&self, state: &State) -> Option<&'static str> {
        state.wrong.filter(|wrong| self.harm.is_none_or(|harm| harm == *wrong))
    }
}
