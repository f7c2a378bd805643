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
    let whole = World::new(None).run();
    assert!(whole.fills > 4, "the scenario trades: {} fills", whole.fills);
    assert_eq!((whole.restarts, whole.too_late), (0, 0));
    for at in 0..whole.appends {
        for keeps in [false, true] {
            let crashed = World::new(Some((at, keeps))).run();
            assert_eq!(crashed.restarts, 1, "append {at}");
            // An entry that was decided and never written is refused as too late: then the rest may differ, and only then.
            if crashed.too_late == 0 {
                assert_eq!(crashed.book, whole.book, "append {at}, kept: {keeps}");
            }
        }
    }
}

/// What the journal holds makes the session again, also when that is asked twice.
#[test]
fn the_journal_proves_the_session() {
    let mut world = World::new(None);
    world.play();
    world.prove();
    world.prove();
}

/// A journal in which an input was changed does not make the session that was.
#[test]
fn a_changed_input_is_found() {
    let mut world = World::new(None);
    world.play();
    let error = world.prove_changed().unwrap_err();
    assert!(error.to_string().contains("does not make the session again"), "{error}");
}
