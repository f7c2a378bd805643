//! A session of two sessions of the market, without sockets and clocks: it is killed at every write of its journal, goes
//! on from what was written, and must come to what the exchange holds.
//!
//! Not here: real processes (crash), faults of the network (alpaca_simulation).
#![allow(clippy::unwrap_used)]
mod disk;
mod world;

use world::World;

/// Every write of the uncrashed session, with the rows of that write lost, or kept and nothing after them.
#[test]
fn a_session_that_is_killed_at_any_write_goes_on_from_it() {
    let whole = World::new(Vec::new()).run();
    assert!(whole.fills > 4, "the scenario trades: {} fills", whole.fills);
    assert_eq!((whole.restarts, whole.too_late), (0, 0));
    for at in 0..whole.appends {
        for keeps in [false, true] {
            let crashed = World::new(vec![(at, keeps)]).run();
            assert_eq!(crashed.restarts, 1, "append {at}");
            crashed.check_book(&whole, &format!("append {at}, kept: {keeps}"));
        }
    }
}

/// Every so manieth write of the uncrashed session is where the double crashes begin: all of them in a build that is fast.
const EVERY: usize = if cfg!(debug_assertions) { 4 } else { 1 };

/// The same, killed once more at each write with which it goes on, until it is at rest again.
#[test]
fn a_session_that_is_killed_while_it_goes_on_goes_on_from_that() {
    let whole = World::new(Vec::new()).run();
    let mut in_recovery = 0;
    for at in (0..whole.appends).step_by(EVERY) {
        for keeps in [false, true] {
            let [[before, after]] = World::new(vec![(at, keeps)]).run().recoveries[..] else { panic!("one crash") };
            assert_eq!(before, at + 1, "the write that failed counts");
            for second in before..after {
                // Which rows are kept is drawn from the numbers: each combination comes often.
                let second = (second, (at + second) % 2 == 0);
                let crashed = World::new(vec![(at, keeps), second]).run();
                assert_eq!(crashed.restarts, 2, "append {at}, then {second:?}");
                crashed.check_book(&whole, &format!("append {at}, kept: {keeps}; then {second:?}"));
                in_recovery += 1;
            }
        }
    }
    println!("{} writes, {in_recovery} crashes while going on", whole.appends);
    assert!(in_recovery > 4 * whole.appends / EVERY, "{in_recovery}: it writes when it begins, and when it is late");
}

/// From the close on the page goes on showing the day that was, and its sums tie; each step of it is checked.
#[test]
fn the_day_is_shown_until_the_next_begins() {
    let mut world = World::new(Vec::new());
    world.play();
    assert!(world.closes_seen > 0, "a result was made, and seen after the close");
}

/// What the journal holds makes the session again, also when that is asked twice.
#[test]
fn the_journal_proves_the_session() {
    let mut world = World::new(Vec::new());
    world.play();
    world.prove();
    world.prove();
}

/// A journal in which an input was changed does not make the session that was.
#[test]
fn a_changed_input_is_found() {
    let mut world = World::new(Vec::new());
    world.play();
    let error = world.prove_changed().unwrap_err();
    assert!(error.to_string().contains("does not make the session again"), "{error}");
}

/// Money that is in no book is told of once: a restart knows it.
#[test]
fn a_payment_that_was_told_of_is_known_after_a_restart() {
    let mut world = World::new(Vec::new());
    world.play();
    world.tell_and_restart("20240306::fee");
    assert!(world.was_told("20240306::fee") && !world.was_told("20240307::fee"));
    world.prove();
}
