//! Where stops and targets stand, at, just inside and just outside: every kind, anchor and side, worked out here
//! from the rules alone, in billionths of a dollar.
use alphaflow::domain::Price;

use super::desk::{Desk, Want, at};

const DOLLAR: i64 = 1_000_000_000;
const CENT: i64 = DOLLAR / 100;

/// A position whose stop is looked at. Prices of a short are those of a long, mirrored at 100.
#[derive(Clone, Copy, Debug)]
struct Case {
    long: bool,
    atr: bool,
    from_fill: bool,
    trail: bool,
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        let bit = |number: u8, bit: u8| number >> bit & 1 == 1;
        (0..16).map(move |n| Case { long: bit(n, 0), atr: bit(n, 1), from_fill: bit(n, 2), trail: bit(n, 3) })
    }

    /// `price` as this side sees it.
    fn seen(self, price: i64) -> i64 {
        if self.long { price } else { 200 * DOLLAR - price }
    }

    /// A bar of a long, `open high low close` in billionths, as this side sees it.
    fn bar(self, [open, high, low, close]: [i64; 4]) -> String {
        let (high, low) = if self.long { (high, low) } else { (low, high) };
        [open, high, low, close].map(|price| text(self.seen(price))).join(" ")
    }

    /// `from` less `distance` for a long, plus it for a short, to the cent away from `from`.
    fn beyond(self, from: i64, distance: i64) -> i64 {
        if self.long {
            (from - distance).div_euclid(CENT) * CENT
        } else {
            -(-(from + distance)).div_euclid(CENT) * CENT
        }
    }

    /// `from` plus `distance` for a long, less it for a short, to the cent away from `from`.
    fn above(self, from: i64, distance: i64) -> i64 {
        Case { long: !self.long, ..self }.beyond(from, distance)
    }

    /// The ATR is 2, of bars two wide that close where they opened.
    fn distance(self, anchor: i64) -> i64 {
        if self.atr { 2 * DOLLAR * 13_333 / 10_000 } else { anchor * 333 / 10_000 }
    }

    /// The first level of the stop: the signal's close is 100, the fill 101 (99 for a short).
    fn first_level(self) -> i64 {
        let anchor = if self.from_fill { self.seen(101 * DOLLAR) } else { 100 * DOLLAR };
        self.beyond(anchor, self.distance(anchor))
    }

    /// The level once the best price has been `best`, as a long sees it.
    fn level(self, best: i64) -> i64 {
        if !self.trail {
            return self.first_level();
        }
        let best = self.seen(best);
        let is_share = !self.atr && self.from_fill;
        let behind = (self.seen(101 * DOLLAR) - self.first_level()).abs();
        self.beyond(best, if is_share { self.distance(best) } else { behind })
    }

    fn settings(self) -> Vec<&'static str> {
        let mut set = if self.atr {
            vec!["stop.kind=atr", "stop.period=2", "stop.smoothing=simple", "stop.multiple=1.3333"]
        } else {
            vec!["stop.kind=percent", "stop.value=0.0333"]
        };
        set.extend((!self.from_fill).then_some("stop.anchor=signal_close"));
        set.extend(self.trail.then_some("stop.trail=true"));
        set
    }

    /// The run over `days` after four that signal and one on which the entry fills.
    fn run(self, days: &[[i64; 4]], more: &[&str]) -> super::desk::Record {
        let flat = [100, 101, 99, 100].map(|price| price * DOLLAR);
        let entry = [101 * DOLLAR, 101 * DOLLAR + 50 * CENT, 100 * DOLLAR + 50 * CENT, 101 * DOLLAR];
        let days: Vec<String> = [flat; 4].iter().chain([&entry]).chain(days).map(|bar| self.bar(*bar)).collect();
        let what = if self.long { Want::Buy } else { Want::Short };
        let set = [&self.settings()[..], more].concat();
        Desk { bars: &[&days], wishes: &[at(3, what)], shares: 100, set: &set, ..Desk::default() }.run()
    }

    /// "sell" of a long.
    fn exit(self) -> &'static str {
        if self.long { "sell" } else { "buy" }
    }

    fn purpose(self) -> &'static str {
        if self.trail { "trail" } else { "stop" }
    }
}

fn text(price: i64) -> String {
    Price::from_units(price).unwrap().to_string()
}

/// A bar from 101 to 101 whose low is `low`, as a long sees it.
fn down_to(low: i64) -> [i64; 4] {
    [101 * DOLLAR, 101 * DOLLAR + 20 * CENT, low, 101 * DOLLAR]
}

#[test]
fn a_stop_fills_at_its_level_and_not_a_cent_before() {
    for case in Case::all() {
        // The entry's own bar went to 101.5, which a trailing stop has followed.
        let level = case.level(101 * DOLLAR + 50 * CENT);
        let seen = case.seen(level);
        for (low, hit) in [(seen + CENT, false), (seen, true), (seen - CENT, true)] {
            let run = case.run(&[down_to(low)], &[]);
            let wanted = format!("5 {} 100 @ {} {}", case.exit(), text(level), case.purpose());
            assert_eq!(run.fills().get(1), hit.then_some(&wanted), "{case:?} at {}", text(low));
            assert_eq!(run.levels().last().unwrap().split_once(' ').unwrap().1, text(level), "{case:?}");
        }
        // Opened beyond it: at the open, never better.
        let open = seen - DOLLAR;
        let run = case.run(&[[open, open + CENT, open - CENT, open]], &[]);
        let wanted = format!("5 {} 100 @ {} {}", case.exit(), text(case.seen(open)), case.purpose());
        assert_eq!(run.fills()[1], wanted, "{case:?}");
    }
}

#[test]
fn a_trailing_stop_is_tested_before_it_moves_and_then_at_its_new_level() {
    for case in Case::all().filter(|case| case.trail) {
        let (old, new) = (case.level(101 * DOLLAR + 50 * CENT), case.level(105 * DOLLAR));
        // The bar of the new best goes below where the stop will stand, and not to where it stands.
        let rise = [101 * DOLLAR, 105 * DOLLAR, case.seen(old) + CENT, 104 * DOLLAR + 50 * CENT];
        for (low, hit) in [(CENT, false), (0, true), (-CENT, true)] {
            let fall =
                [104 * DOLLAR + 50 * CENT, 104 * DOLLAR + 60 * CENT, case.seen(new) + low, 104 * DOLLAR + 40 * CENT];
            let run = case.run(&[rise, fall], &[]);
            let wanted = format!("6 {} 100 @ {} trail", case.exit(), text(new));
            assert_eq!(run.fills().get(1), hit.then_some(&wanted), "{case:?}");
        }
        let through = [101 * DOLLAR, 105 * DOLLAR, case.seen(old), 104 * DOLLAR];
        let wanted = format!("5 {} 100 @ {} trail", case.exit(), text(old));
        assert_eq!(case.run(&[through], &[]).fills()[1], wanted, "{case:?}");
    }
}

#[test]
fn a_fixed_stop_stays_where_it_was() {
    for case in Case::all().filter(|case| !case.trail) {
        let rise = [101 * DOLLAR, 105 * DOLLAR, 101 * DOLLAR, 104 * DOLLAR];
        assert_eq!(case.run(&[rise, rise], &[]).levels(), [format!("4 {}", text(case.first_level()))], "{case:?}");
    }
}

#[test]
fn a_target_fills_at_its_level_and_not_a_cent_before() {
    for case in Case::all() {
        let fill = case.seen(101 * DOLLAR);
        // Twice the distance to the stop, from the fill; of a stop that is a share of the fill, twice that share.
        let risked = case.distance(if case.from_fill { fill } else { 100 * DOLLAR });
        for (set, distance) in [
            (["take_profit.kind=r_multiple", "take_profit.value=2"], 2 * risked),
            (["take_profit.kind=percent", "take_profit.value=0.0555"], fill * 555 / 10_000),
        ] {
            let level = case.above(fill, distance);
            for (high, hit) in [(-CENT, false), (0, true), (CENT, true)] {
                let high = case.seen(level) + high;
                let run = case.run(&[[101 * DOLLAR, high, 101 * DOLLAR, 101 * DOLLAR]], &set);
                let wanted = format!("5 {} 100 @ {} take_profit", case.exit(), text(level));
                assert_eq!(run.fills().get(1), hit.then_some(&wanted), "{case:?} {set:?}");
            }
        }
    }
}

/// A target needs no stop unless it is counted in multiples of one.
#[test]
fn a_target_without_a_stop() {
    let days = ["100 101 99 100", "101 101 100 101", "101 107 100 106"].map(String::from);
    let mut desk = Desk { bars: &[&days], wishes: &[at(0, Want::Buy)], shares: 100, ..Desk::default() };
    desk.set = &["take_profit.kind=percent", "take_profit.value=0.05"];
    assert_eq!(desk.run().fills(), ["1 buy 100 @ 101 entry", "2 sell 100 @ 106.05 take_profit"]);
}

/// The open jumps over the level of a stop that was measured from the signal's close: it is touched on the bar
/// of the entry and fills there, at the open it was beyond, as a stop sent beyond the market triggers at once.
#[test]
fn a_fill_beyond_its_own_stop_leaves_at_once() {
    for case in Case::all().filter(|case| !case.from_fill) {
        let flat = [100, 101, 99, 100].map(|price| price * DOLLAR);
        let jump = [95, 96, 94, 95].map(|price| price * DOLLAR);
        let days: Vec<String> = [flat, flat, flat, flat, jump, jump].iter().map(|bar| case.bar(*bar)).collect();
        let (what, side) = if case.long { (Want::Buy, "buy") } else { (Want::Short, "sell") };
        let set = case.settings();
        let run = Desk { bars: &[&days], wishes: &[at(3, what)], shares: 100, set: &set, ..Desk::default() }.run();
        let open = text(case.seen(95 * DOLLAR));
        let (exit, purpose) = (case.exit(), case.purpose());
        assert_eq!(
            run.fills(),
            [format!("4 {side} 100 @ {open} entry"), format!("4 {exit} 100 @ {open} {purpose}")],
            "{case:?}"
        );
    }
}

/// Two true ranges make an ATR of two bars: the third bar's close is the first that can enter.
#[test]
fn without_an_atr_nothing_is_opened() {
    let days = ["100 101 99 100"; 6].map(String::from);
    let wishes = [at(0, Want::Buy), at(1, Want::Short), at(2, Want::Buy)];
    let set = ["stop.kind=atr", "stop.period=2"];
    let run = Desk { bars: &[&days], wishes: &wishes, shares: 100, set: &set, ..Desk::default() }.run();
    assert_eq!(run.refusals(), ["no_stop", "no_stop"]);
    assert_eq!(run.fills(), ["3 buy 100 @ 100 entry"]);
}

/// Bars that never move have an ATR of zero: a stop at the fill is none.
#[test]
fn an_atr_of_zero_opens_nothing() {
    let days = ["100 100 100 100"; 6].map(String::from);
    let set = ["stop.kind=atr", "stop.period=2"];
    let desk = Desk { bars: &[&days], wishes: &[at(3, Want::Buy)], shares: 100, set: &set, ..Desk::default() };
    assert_eq!(desk.run().refusals(), ["no_stop"]);
}

/// A stop of a long farther away than the price is high stands nowhere; that of a short can.
#[test]
fn a_stop_below_zero_opens_nothing() {
    let days = ["100 101 99 100"; 6].map(String::from);
    for (multiple, opens) in [("49.9", true), ("50", false), ("50.1", false)] {
        let set = ["stop.kind=atr", "stop.period=2", &format!("stop.multiple={multiple}")];
        let desk = Desk { bars: &[&days], wishes: &[at(3, Want::Buy)], shares: 100, set: &set, ..Desk::default() };
        let run = desk.run();
        assert_eq!((run.fills().len() == 1, run.refusals().is_empty()), (opens, opens), "{multiple}");
        let run = Desk { wishes: &[at(3, Want::Short)], ..desk }.run();
        assert_eq!(run.fills(), ["4 sell 100 @ 100 entry"], "{multiple}");
    }
}
