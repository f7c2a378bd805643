//! The time stop: out after so many bars, with every kind of stop, for one share and for many.
use super::desk::{Desk, Want, Wish, at};
use super::{DAYS, play};

const FLAT: &str = "100 101 99 100";

fn days<const N: usize>(bars: [&str; N]) -> [String; N] {
    bars.map(String::from)
}

fn fills(bars: &[String], wishes: &[Wish], set: &[&str]) -> Vec<String> {
    Desk { bars: &[bars], wishes, shares: 100, set, ..Desk::default() }.run().fills()
}

/// In at the open of bar 4; held for as many bars as it says; out at the open after them.
#[test]
fn a_position_is_held_for_so_many_bars() {
    let bars = days([FLAT; 12]);
    for stop in
        [&[][..], &["stop.kind=atr", "stop.period=2", "stop.multiple=9"], &["stop.kind=percent", "stop.value=0.5"]]
    {
        for count in 1..8 {
            let count_set = format!("stop.exit_after_bars={count}");
            let set = [stop, &[count_set.as_str()]].concat();
            for (what, side, exit) in [(Want::Buy, "buy", "sell"), (Want::Short, "sell", "buy")] {
                let mut wanted = vec![format!("4 {side} 100 @ 100 entry")];
                wanted.extend((4 + count < 12).then(|| format!("{} {exit} 100 @ 100 time_stop", 4 + count)));
                assert_eq!(fills(&bars, &[at(3, what)], &set), wanted, "{set:?}");
            }
        }
        let never = [stop, &["stop.exit_after_bars=0"]].concat();
        assert_eq!(fills(&bars, &[at(3, Want::Buy)], &never).len(), 1);
    }
}

/// Whenever markets fill, a position is held for the same number of bars, from fill to fill.
#[test]
fn it_is_held_as_long_whenever_markets_fill() {
    let bars = days([FLAT; 12]);
    for (market_fill, entry) in [("next_open", 3), ("next_close", 3), ("close", 2)] {
        for count in 1..5 {
            let set = [format!("execution.market_fill={market_fill}"), format!("stop.exit_after_bars={count}")];
            let set = set.each_ref().map(String::as_str);
            let wanted =
                [format!("{entry} buy 100 @ 100 entry"), format!("{} sell 100 @ 100 time_stop", entry + count)];
            assert_eq!(fills(&bars, &[at(2, Want::Buy)], &set), wanted, "{set:?}");
        }
    }
}

/// A stop or a target that comes first ends the count; the next entry starts its own.
#[test]
fn every_entry_counts_from_its_own_first_bar() {
    let mut bars = days([FLAT; 12]);
    bars[4] = "100 101 94 100".to_owned();
    let set = ["stop.kind=percent", "stop.value=0.05", "stop.exit_after_bars=3"];
    let wishes = [at(2, Want::Buy), at(5, Want::Buy), at(10, Want::Buy)];
    assert_eq!(
        fills(&bars, &wishes, &set),
        [
            "3 buy 100 @ 100 entry",
            "4 sell 100 @ 95 stop",
            "6 buy 100 @ 100 entry",
            "9 sell 100 @ 100 time_stop",
            "11 buy 100 @ 100 entry"
        ]
    );
}

/// Turned at one open from long to short: the short starts to count there.
#[test]
fn a_position_that_turns_starts_again() {
    let wishes = [at(1, Want::Buy), at(4, Want::Leave), at(4, Want::Short)];
    assert_eq!(
        fills(&days([FLAT; 12]), &wishes, &["stop.exit_after_bars=4"]),
        ["2 buy 100 @ 100 entry", "5 sell 100 @ 100 signal", "5 sell 100 @ 100 entry", "9 buy 100 @ 100 time_stop"]
    );
}

/// What the strategy wants at the same close comes first, and nothing is sent twice.
#[test]
fn a_signal_at_the_same_close_takes_the_position() {
    let wishes = [at(1, Want::Buy), at(4, Want::Leave)];
    let wanted = ["2 buy 100 @ 100 entry", "5 sell 100 @ 100 signal"];
    assert_eq!(fills(&days([FLAT; 12]), &wishes, &["stop.exit_after_bars=3"]), wanted);
}

/// Adding to a position does not put its end off: it counts from the first entry.
#[test]
fn a_second_entry_does_not_put_it_off() {
    let wishes = [at(1, Want::Buy), at(3, Want::Buy)];
    assert_eq!(
        fills(&days([FLAT; 12]), &wishes, &["stop.exit_after_bars=4", "stop.kind=percent", "stop.value=0.5"]),
        ["2 buy 100 @ 100 entry", "4 buy 100 @ 100 entry", "6 sell 200 @ 100 time_stop"]
    );
}

/// An entry that fills in parts counts from the first, and what is still to fill when time is up is canceled;
/// the exit waits over a bar without volume and leaves in parts, and only once.
#[test]
fn parts_count_from_the_first_and_leave_once() {
    let thin = "100 101 99 100 1000";
    let bars = days([thin, thin, thin, thin, "100 100 100 100 0", thin, thin, thin, thin]);
    let set = ["stop.exit_after_bars=2", "stop.kind=percent", "stop.value=0.5"];
    let wishes = [at(1, Want::Buy)];
    let desk = Desk { bars: &[&bars], wishes: &wishes, shares: 500, set: &set, minutes: true, ..Desk::default() };
    let run = desk.run();
    assert_eq!(
        run.fills(),
        ["2 buy 100 @ 100 entry", "3 buy 100 @ 100 entry", "5 sell 100 @ 100 time_stop", "6 sell 100 @ 100 time_stop"]
    );
    let status: Vec<String> =
        run.orders().iter().map(|order| format!("{} {:?}", order.quantity, order.outcome)).collect();
    // The leg was for what was left when the exit took the rest.
    assert_eq!(status, ["500 Sent(Canceled)", "100 Sent(Canceled)", "200 Sent(Filled)"]);
    assert_eq!(run.exits(), ["time_stop"]);
}

/// A stop that the open has not jumped over, on the bar of the exit: the exit is due first, or leaves at the
/// stop where `due_exit` says so.
#[test]
fn a_stop_touched_on_the_bar_of_the_exit() {
    let mut bars = days([FLAT; 12]);
    bars[5] = "100 101 94 100".to_owned();
    for (due_exit, price) in [("exit_first", "100"), ("stop_first", "95")] {
        let due_exit = format!("stop.due_exit={due_exit}");
        let set = ["stop.kind=percent", "stop.value=0.05", "stop.exit_after_bars=3", &due_exit];
        let wanted = ["2 buy 100 @ 100 entry".to_owned(), format!("5 sell 100 @ {price} time_stop")];
        assert_eq!(fills(&bars, &[at(1, Want::Buy)], &set), wanted);
    }
}

/// Bars are the share's own: a day on which only others trade does not count, and beside others it leaves when it
/// would alone.
#[test]
fn bars_are_those_of_the_share() {
    let with_gaps = days([FLAT, FLAT, "-", FLAT, "-", FLAT, FLAT, FLAT, FLAT, FLAT]);
    let full = days([FLAT; 10]);
    let set = ["stop.exit_after_bars=3"];
    let of = |bar, symbol, what| Wish { bar, symbol, what };
    // Its bars are days 0, 1, 3, 5, 6 …: in on day 1, out after 1, 3 and 5.
    let (a, b) = (of(0, 0, Want::Buy), of(2, 1, Want::Short));
    let both = Desk { bars: &[&with_gaps, &full], wishes: &[a, b], shares: 100, set: &set, ..Desk::default() }.run();
    let own = ["1 buy 100 @ 100 entry", "6 sell 100 @ 100 time_stop"];
    let others = ["3 sell 100 @ 100 entry", "6 buy 100 @ 100 time_stop"];
    assert_eq!(both.fills(), [own[0], others[0], own[1], others[1]]);
    let alone = Desk { bars: &[&with_gaps], wishes: &[a], shares: 100, set: &set, ..Desk::default() }.run();
    assert_eq!(alone.fills(), own);
}

/// Splits are no bars, and a position that a reverse split pays out has nothing left to leave.
#[test]
fn a_split_neither_restarts_nor_leaves_it() {
    let mut bars = days([FLAT; 10]);
    bars[4..].fill("50 51 49 50".to_owned());
    let split = format!("A,{},split,2", DAYS[4]);
    let set = ["stop.exit_after_bars=4"];
    let wishes = [at(1, Want::Buy)];
    let desk = Desk { bars: &[&bars], wishes: &wishes, shares: 100, actions: &split, set: &set, ..Desk::default() };
    assert_eq!(desk.run().fills(), ["2 buy 100 @ 100 entry", "6 sell 200 @ 50 time_stop"]);
    bars[4..].fill("200 202 198 200".to_owned());
    let reverse = format!("A,{},split,0.5", DAYS[4]);
    let wishes = [at(1, Want::Buy), at(5, Want::Buy)];
    let set = ["stop.exit_after_bars=4", "sizing.value=1"];
    let desk = Desk { bars: &[&bars], wishes: &wishes, shares: 1, actions: &reverse, set: &set, ..Desk::default() };
    // The half is paid out on day 4; the second entry counts from day 6.
    assert_eq!(desk.run().fills(), ["2 buy 1 @ 100 entry", "6 buy 1 @ 200 entry"]);
}

/// Through files: it passes while halted, voids an exit that waits for its price, has a name of its own in
/// orders.csv, and ends the trade as a stop.
#[test]
fn a_script_leaves_on_time_while_halted() {
    let set = ["stop.exit_after_bars=3"];
    let script = ["0 submit E0 buy 10 market", "1 submit T0 sell 4 limit limit_price=120", "2 halt"];
    let outcome = play(&[FLAT; 7], &script, "", &set);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 10 @ 100", "time_stop.3 2024-01-08 sell 10 @ 100"]);
    assert_eq!(outcome.orders, ["E0 filled", "T0 canceled", "time_stop.3 filled"]);
    assert_eq!(outcome.purposes, ["manual", "manual", "time_stop"]);
    assert_eq!(outcome.exits, ["stop"]);
}

/// A bracket keeps its legs until the exit has filled; a pair that waits for its price goes with its target.
#[test]
fn legs_stay_until_the_exit_has_filled() {
    let set = ["stop.exit_after_bars=2"];
    let dry = "100 100 100 100 0";
    let bracket = ["0 submit E0 buy 10 market order_class=bracket take_profit=120 stop_loss=90"];
    let outcome = play(&[FLAT, FLAT, FLAT, dry, "85 86 84 85", FLAT], &bracket, "", &set);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 10 @ 100", "time_stop.4 2024-01-08 sell 10 @ 85"]);
    assert_eq!(outcome.orders, ["E0 filled", "E0.stop canceled", "E0.take_profit canceled", "time_stop.4 filled"]);
    // It rests over the dry bar and protects: ten dollars a share, not all of them.
    assert_eq!(outcome.heat[3], outcome.heat[2]);
    let pair = ["0 submit E0 buy 10 market", "1 submit P0 sell 10 limit order_class=oco take_profit=120 stop_loss=90"];
    let outcome = play(&[FLAT; 6], &pair, "", &set);
    assert_eq!(outcome.orders, ["E0 filled", "P0 canceled", "P0.stop canceled", "time_stop.4 filled"]);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 10 @ 100", "time_stop.4 2024-01-05 sell 10 @ 100"]);
}

/// Parts of shares leave by a day order; what a session does not fill is sent again at its close.
#[test]
fn parts_of_shares_are_sent_again() {
    let dry = "100 100 100 100 0";
    let set = ["stop.exit_after_bars=2", "sizing.fractional=true"];
    let script = ["0 submit E0 buy 1.5 market time_in_force=day"];
    let outcome = play(&[FLAT, FLAT, FLAT, dry, dry, FLAT], &script, "", &set);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 1.5 @ 100", "time_stop.4 2024-01-09 sell 1.5 @ 100"]);
    let sent = ["E0 filled", "time_stop.2 expired", "time_stop.3 expired", "time_stop.4 filled"];
    assert_eq!(outcome.orders, sent);
}
