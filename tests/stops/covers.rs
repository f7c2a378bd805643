//! What a leg is for: exactly the shares that have filled and not left, at every close.
use super::desk::{Desk, Want, at};

const THIN: &str = "100 101 99 100 1000";
const SHARES: i64 = 1_000_000_000;

/// Every stop there is.
pub const STOPS: [&[&str]; 8] = [
    &["stop.kind=percent", "stop.value=0.1"],
    &["stop.kind=percent", "stop.value=0.1", "stop.trail=true"],
    &["stop.kind=percent", "stop.value=0.1", "stop.anchor=signal_close"],
    &["stop.kind=percent", "stop.value=0.1", "stop.anchor=signal_close", "stop.trail=true"],
    &["stop.kind=atr", "stop.period=1", "stop.multiple=5"],
    &["stop.kind=atr", "stop.period=1", "stop.multiple=5", "stop.trail=true"],
    &["stop.kind=atr", "stop.period=1", "stop.multiple=5", "stop.anchor=signal_close"],
    &["stop.kind=atr", "stop.period=1", "stop.multiple=5", "stop.anchor=signal_close", "stop.trail=true"],
];

/// What is held and what is covered at every close.
fn covered(desk: &Desk<'_>) -> Vec<(i64, i64)> {
    let run = desk.run();
    let whole = |(held, covered): (i64, i64)| (held / SHARES, covered / SHARES);
    (0..desk.bars[0].len()).map(|bar| whole(run.held_and_covered(0, bar))).collect()
}

/// 300 shares of which a bar has 100: in over three bars, out over three, and halfway a bar without volume.
#[test]
fn a_leg_grows_and_shrinks_with_what_is_held() {
    let days = [THIN, THIN, THIN, THIN, THIN, "100 100 100 100 0", THIN, THIN, THIN, THIN].map(String::from);
    for stop in STOPS {
        for (what, sign) in [(Want::Buy, 1), (Want::Short, -1)] {
            let wishes = [at(2, what), at(5, Want::Leave)];
            let desk =
                Desk { bars: &[&days], wishes: &wishes, shares: 300, set: stop, minutes: true, ..Desk::default() };
            let held = [0, 0, 0, 100, 200, 200, 100, 0, 0, 0].map(|shares| (sign * shares, shares));
            assert_eq!(covered(&desk), held, "{stop:?} {what:?}");
            let desk = Desk { wishes: &[at(2, what), at(6, Want::Leave)], ..desk };
            let held = [0, 0, 0, 100, 200, 200, 300, 200, 100, 0].map(|shares| (sign * shares, shares));
            assert_eq!(covered(&desk), held, "{stop:?} {what:?}");
        }
    }
}

/// The stop stands where the first part of the entry put it, at whatever the others filled.
#[test]
fn later_parts_of_an_entry_do_not_move_its_stop() {
    let days = [THIN, THIN, "101 102 100 101 1000", "102 103 101 102 1000", "103 104 102 103 1000", THIN];
    let days = days.map(String::from);
    let set = ["stop.kind=percent", "stop.value=0.1"];
    let desk = Desk { bars: &[&days], wishes: &[at(1, Want::Buy)], shares: 300, set: &set, ..Desk::default() };
    let run = Desk { minutes: true, ..desk }.run();
    assert_eq!(run.fills(), ["2 buy 100 @ 101 entry", "3 buy 100 @ 102 entry", "4 buy 100 @ 103 entry"]);
    assert_eq!(run.levels(), ["2 90.9"]);
}

/// Hit on the bar of the second part: the stop takes both parts, that of this bar's open included, and what is
/// left of the entry ends with it.
#[test]
fn a_stop_hit_while_its_entry_fills_takes_what_has_filled() {
    let days = [THIN, THIN, THIN, "100 101 89 90 2000", THIN, THIN].map(String::from);
    for (wish, mirrored, side, exit) in [(Want::Buy, false, "buy", "sell"), (Want::Short, true, "sell", "buy")] {
        let rise = "100 111 99 110 2000".to_owned();
        let mut days = days.clone();
        if mirrored {
            days[3] = rise;
        }
        let set = ["stop.kind=percent", "stop.value=0.1", "execution.venue_rules=none"];
        let desk = Desk { bars: &[&days], wishes: &[at(1, wish)], shares: 500, set: &set, ..Desk::default() };
        let run = Desk { minutes: true, ..desk }.run();
        let level = if mirrored { 110 } else { 90 };
        assert_eq!(
            run.fills(),
            [
                format!("2 {side} 100 @ 100 entry"),
                format!("3 {side} 200 @ 100 entry"),
                format!("3 {exit} 200 @ {level} stop"),
                format!("4 {exit} 100 @ 100 stop"),
            ]
        );
        assert_eq!(run.held_and_covered(0, 3), (if mirrored { -100 } else { 100 } * SHARES, 100 * SHARES));
        assert_eq!(run.held_and_covered(0, 4), (0, 0));
    }
}

/// A day order for 300 gets 100 and expires: its leg stays for the 100.
#[test]
fn what_never_filled_is_not_protected() {
    for stop in STOPS {
        let days = [THIN; 6].map(String::from);
        let desk = Desk { bars: &[&days], wishes: &[at(2, Want::Buy)], shares: 300, set: stop, ..Desk::default() };
        assert_eq!(covered(&desk), [(0, 0), (0, 0), (0, 0), (100, 100), (100, 100), (100, 100)], "{stop:?}");
    }
}
