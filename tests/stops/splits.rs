//! Corporate actions and what protects a position: levels, trails and shares in the new share, before its open.
use super::desk::{Desk, Record, Want, at};
use super::play;

const FLAT: &str = "100 101 99 100";
const ATR: &[&str] = &["stop.kind=atr", "stop.period=2", "stop.smoothing=simple", "stop.multiple=1.5"];
const PERCENT: &[&str] = &["stop.kind=percent", "stop.value=0.03"];

/// Enters at the open of bar 4 at 100, then `days` after an action.
fn run(action: &str, days: &[&str], set: &[&[&str]], shares: u32, what: Want) -> Record {
    let days: Vec<String> = [FLAT; 5].iter().chain(days).map(ToString::to_string).collect();
    let action = format!("A,2024-01-09,{action}");
    let set = set.concat();
    let desk = Desk { bars: &[&days], wishes: &[at(3, what)], shares, actions: &action, set: &set, ..Desk::default() };
    desk.run()
}

/// Two for one, and one for two with half a share over: 3 dollars or 3 % below 100, in the new share.
#[test]
fn a_fixed_stop_stands_at_its_level_in_the_new_share() {
    for rule in [ATR, PERCENT] {
        for (action, shares, day, level, left) in [
            ("split,2", 100, ["50 51 LOW 50"], "48.5", 200),
            ("split,0.5", 101, ["200 202 LOW 200"], "194", 50),
            ("split,7", 100, ["14.3 14.4 LOW 14.3"], "13.857142857", 700),
        ] {
            let cent: f64 = 0.01;
            for (off, hit) in [(cent, false), (0.0, true), (-cent, true)] {
                let low = format!("{:.9}", level.parse::<f64>().unwrap() + off);
                let days = day.map(|day| day.replace("LOW", &low));
                let run = run(action, &[&days[0]], &[rule], shares, Want::Buy);
                let wanted = format!("5 sell {left} @ {level} stop");
                assert_eq!(run.fills().get(1), hit.then_some(&wanted), "{rule:?} {action} {low}");
                assert_eq!(run.levels(), ["4 97".to_owned(), format!("5 {level}")]);
            }
        }
    }
}

/// A trail of dollars is of the new share, one of a percentage stays; the best price before is the new share's.
#[test]
fn a_trailing_stop_trails_in_the_new_share() {
    let trail: &[&str] = &["stop.trail=true"];
    // The best before is 101. After: the high of the first new bar, then the next falls to the level.
    for (rule, action, days, levels) in [
        (ATR, "split,2", ["50 52 50 51", "51 51 50.5 51"], ["4 98", "5 49", "5 50.5"]),
        (ATR, "split,0.5", ["200 208 200 205", "205 205 202 205"], ["4 98", "5 196", "5 202"]),
        // 101 less 3 %, restated to 48.985: off the grid until it moves. 52 and 208 less 3 %.
        (PERCENT, "split,2", ["50 52 50 51", "51 51 50.44 51"], ["4 97.97", "5 48.985", "5 50.44"]),
        (PERCENT, "split,0.5", ["200 208 200 205", "205 205 201.76 205"], ["4 97.97", "5 195.94", "5 201.76"]),
    ] {
        let run = run(action, &days, &[rule, trail], 100, Want::Buy);
        let left = if action == "split,2" { 200 } else { 50 };
        let level = levels[2].split_once(' ').unwrap().1;
        // The entry's own bar moved it once.
        assert_eq!(run.levels()[1..], levels, "{rule:?} {action}");
        assert_eq!(run.fills()[1], format!("6 sell {left} @ {level} trail"), "{rule:?} {action}");
    }
}

/// The mirror image: a short owes twice the shares and its stop above it is halved.
#[test]
fn a_short_is_covered_at_its_level_in_the_new_share() {
    for (trail, purpose, day, level) in [
        ("stop.trail=false", "stop", "50 51.5 49 50", "51.5"),
        // The best price, 99, and three dollars.
        ("stop.trail=true", "trail", "50 51 49.5 50", "51"),
    ] {
        let run = run("split,2", &[day], &[ATR, &[trail]], 100, Want::Short);
        assert_eq!(run.fills(), ["4 sell 100 @ 100 entry".to_owned(), format!("5 buy 200 @ {level} {purpose}")]);
    }
}

/// Sent at the close before the ex-date, filled at its open: a distance in dollars is of the new share, a share of
/// the fill is one of the new fill, and so is the target.
#[test]
fn an_entry_on_the_day_of_a_split_is_protected_in_the_new_share() {
    let signal_close: &[&str] = &["stop.anchor=signal_close"];
    let target: &[&str] = &["take_profit.kind=r_multiple", "take_profit.value=2"];
    for (rule, anchor, level, goal) in [
        (ATR, &[][..], "49", "53.5"),
        (PERCENT, &[], "48.98", "53.53"),
        (ATR, signal_close, "48.5", "53.5"),
        (PERCENT, signal_close, "48.5", "53.5"),
    ] {
        for (day, exit) in [
            (format!("50.5 51 {level} 50.5"), format!("5 sell 200 @ {level} stop")),
            (format!("50.5 {goal} 50 50.5"), format!("5 sell 200 @ {goal} take_profit")),
        ] {
            let days: Vec<String> = [FLAT; 5].iter().map(ToString::to_string).chain([day]).collect();
            let set = [rule, anchor, target].concat();
            let actions = "A,2024-01-09,split,2";
            let wishes = [at(4, Want::Buy)];
            let run =
                Desk { bars: &[&days], wishes: &wishes, shares: 100, actions, set: &set, ..Desk::default() }.run();
            assert_eq!(run.fills(), ["5 buy 200 @ 50.5 entry".to_owned(), exit], "{rule:?} {anchor:?}");
        }
    }
}

/// A dividend is paid and moves no stop, though the price falls by it.
#[test]
fn a_dividend_moves_no_stop() {
    for (low, hit) in [("97.01", false), ("97", true)] {
        let day = format!("98 99 {low} 98");
        let run = run("dividend,2", &[&day], &[ATR], 100, Want::Buy);
        assert_eq!(run.levels(), ["4 97"]);
        assert_eq!(run.fills().get(1).is_some(), hit, "{low}");
        assert_eq!(run.journal.cash_events[0].amount.to_string(), "200");
    }
}

/// Three entries of five shares make seven and a half of one for two, of which seven are held: their legs are for
/// seven, and the half that one of them loses goes to the next.
#[test]
fn legs_of_several_entries_cover_every_whole_share() {
    let (flat, double, fall) = ("60 61 59 60", "120 122 118 120", "120 120 90 95");
    for (shares, ratio, legs) in [("5", "0.5", [2, 3, 2]), ("1", "0.5", [0, 1, 0]), ("90", "0.05", [4, 5, 4])] {
        let script: Vec<String> =
            [("E0", "bracket take_profit=8000"), ("E1", "oto"), ("E2", "bracket take_profit=9000")]
                .iter()
                .zip(0..)
                .map(|((id, class), day)| {
                    format!("{day} submit {id} buy {shares} market stop_loss=50 order_class={class}")
                })
                .collect();
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let action = format!("TST,2024-01-08,split,{ratio}");
        let scaled = |bar: &str| {
            let times = if ratio == "0.05" { 10.0 } else { 1.0 };
            let prices = bar.split(' ').map(|price| (price.parse::<f64>().unwrap() * times).to_string());
            prices.collect::<Vec<_>>().join(" ")
        };
        let flat = flat.to_owned();
        let days = [flat.clone(), flat.clone(), flat.clone(), flat, scaled(double), scaled(double), scaled(fall)];
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        let outcome = play(&days, &script, &action, &[]);
        let stops: Vec<&str> =
            outcome.quantities.iter().map(String::as_str).filter(|line| line.contains(".stop")).collect();
        let wanted = [0, 1, 2].map(|at| format!("E{at}.stop {0} of {0}", legs[at]));
        assert_eq!(stops, wanted, "{shares} {ratio}");
        // Targets are for the same shares until their stops fill.
        for (at, leg) in legs.iter().enumerate().filter(|(at, _)| *at != 1) {
            assert!(outcome.quantities.contains(&format!("E{at}.take_profit 0 of {leg}")), "{:?}", outcome.quantities);
        }
        assert_eq!(outcome.exits.len(), 1);
        assert!(outcome.heat.last().unwrap() == "0");
    }
}

/// One for two of five shares: two and a half, of which a half is paid out at the adjusted close. The trade is of
/// two and a half shares at twice the price, and its rows add up without any income.
#[test]
fn a_fraction_that_is_paid_out_is_an_exit_of_its_trade() {
    let days = ["60 61 59 60", "60 61 59 60", "120 122 118 120", "120 131 118 130", "130 131 129 130"];
    for (side, out, pnl) in [("buy", "sell", "20"), ("sell", "buy", "-20")] {
        let script = [format!("0 submit E0 {side} 5 market"), format!("3 submit X0 {out} 2 market")];
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let outcome = play(&days, &script, "TST,2024-01-04,split,0.5", &[]);
        // (2 × 130 + 0.5 × 120) ÷ 2.5 = 128 against 120.
        assert_eq!(outcome.trades, [format!("2.5 120 128 {pnl} 0 signal")]);
        assert_eq!(outcome.quantities, ["E0 5 of 5", "X0 2 of 2"], "each in the shares of its time");
    }
}

/// One share in two: the half is paid out and nothing is left to protect.
#[test]
fn a_position_that_a_split_pays_out_leaves_no_stop() {
    let days = ["60 61 59 60", "60 61 59 60", "120 122 90 120", "120 122 90 120"];
    let script = ["0 submit E0 buy 1 market order_class=bracket stop_loss=50 take_profit=80"];
    let outcome = play(&days, &script, "TST,2024-01-04,split,0.5", &[]);
    assert_eq!(outcome.orders, ["E0 filled", "E0.stop canceled", "E0.take_profit canceled"]);
    assert_eq!(outcome.trades, ["0.5 120 120 0 0 signal"]);
    assert_eq!(outcome.fills.len(), 1);
    assert_eq!(outcome.cash, "100000");
}
