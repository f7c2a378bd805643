//! Halts and the kill switch, explored exhaustively: every order of steps, every stop between two of them.
//!
//! The machines drive the code of the program, not a copy of it; only the folder is made up. Whether the check can
//! fail is checked too: with one promise of the folder or one rule of the steps broken, it finds the way to the harm.
mod disk;
mod explore;
mod halts;
mod latch;

use explore::explore;
use halts::{Session, Slip};
use latch::{Budget, ENTRY_WHILE_HALTED, FLATTEN_LOST, Fault, RESUME_UNDONE, Sight, Switch};

/// Most states of one machine: what a test may take.
const STATES_MAX: usize = 1_000_000;

/// A kill somewhere in the course of events as well: four times the states, for builds that are fast.
const KILLS: u8 = if cfg!(debug_assertions) { 0 } else { 1 };

fn none_is_wrong(budget: Budget) -> Vec<Sight> {
    let switch = Switch::new(Fault::None, None, budget);
    let found = explore(&switch, STATES_MAX);
    println!("{budget:?}: {} states", found.states);
    assert_eq!(found.wrong, None, "after {} states", found.states);
    switch.sights()
}

#[test]
fn no_loss_of_power_and_no_kill_loses_a_halt() {
    none_is_wrong(Budget { halts: 1, resumes: 1, kills: 1, power_losses: 1 });
    none_is_wrong(Budget { halts: 2, resumes: 0, kills: 0, power_losses: 1 });
    none_is_wrong(Budget { halts: 1, resumes: 2, kills: KILLS, power_losses: KILLS });
}

#[test]
fn no_other_command_loses_a_halt() {
    let sights = none_is_wrong(Budget { halts: 2, resumes: 1, kills: KILLS, power_losses: 0 });
    assert_eq!(sights, Sight::ALL);
}

#[test]
fn every_broken_promise_is_noticed() {
    let power = Budget { halts: 1, resumes: 1, kills: 0, power_losses: 1 };
    let many = Budget { halts: 2, resumes: 1, kills: 0, power_losses: 0 };
    for (fault, budget, harm) in [
        (Fault::NoFolderSync, power, ENTRY_WHILE_HALTED),
        (Fault::NoFileSync, power, RESUME_UNDONE),
        (Fault::NoLock, many, ENTRY_WHILE_HALTED),
        (Fault::NoLock, many, FLATTEN_LOST),
        (Fault::LateRename, many, ENTRY_WHILE_HALTED),
        (Fault::BlindResume, many, ENTRY_WHILE_HALTED),
    ] {
        let found = explore(&Switch::new(fault, Some(harm), budget), STATES_MAX);
        let (_, way) = found.wrong.unwrap_or_else(|| panic!("{fault:?} is not noticed in {} states", found.states));
        println!("{fault:?}: {harm}, after {} states\n    {}", found.states, way.join("\n    "));
    }
}

#[test]
fn halts_nest_and_end_by_what_lifts_them() {
    let found = explore(&Session::new(Slip::None), STATES_MAX);
    println!("{} states", found.states);
    assert_eq!(found.wrong, None, "after {} states", found.states);
}

#[test]
fn every_slip_of_a_session_is_noticed() {
    for (slip, harm) in [
        (Slip::Forgets, halts::WRONG_CAUSE),
        (Slip::SkipsADay, halts::WRONG_CAUSE),
        (Slip::Unarmed, halts::ENTRY_WHILE_HALTED),
    ] {
        let (what, way) = explore(&Session::new(slip), STATES_MAX).wrong.expect("it is noticed");
        assert_eq!(what, harm, "{slip:?}: {way:#?}");
    }
}
