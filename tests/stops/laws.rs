//! Laws of protection over random bars, wishes, volumes and splits.
use proptest::prelude::*;

use super::covers::STOPS;
use super::desk::{Desk, Want, Wish};

/// Bars of cents that gap, turn and spread, some of them thin or dry.
fn bars(moves: &[(i64, i64, i64, u32)]) -> Vec<String> {
    let mut close = 10_000;
    let dollars = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let bar = |&(gap, turn, wide, volume): &(i64, i64, i64, u32)| {
        let open = (close + gap).max(1_000);
        close = (open + turn).max(1_000);
        let (high, low) = (open.max(close) + wide, open.min(close) - wide);
        format!("{} {} {} {} {volume}", dollars(open), dollars(high), dollars(low), dollars(close))
    };
    moves.iter().map(bar).collect()
}

fn any_bars(count: usize) -> impl Strategy<Value = Vec<String>> {
    let volume = prop_oneof![Just(0u32), 1u32..3_000, Just(1_000_000)];
    proptest::collection::vec((-300i64..300, -600i64..600, 0i64..200, volume), count).prop_map(|moves| bars(&moves))
}

fn any_wishes(symbols: u16, bars: usize) -> impl Strategy<Value = Vec<Wish>> {
    let what = prop_oneof![3 => Just(Want::Buy), 2 => Just(Want::Short), 1 => Just(Want::Leave)];
    let wish = (0..bars, 0..symbols, what).prop_map(|(bar, symbol, what)| Wish { bar, symbol, what });
    proptest::collection::vec(wish, 1..10)
}

fn any_stop() -> impl Strategy<Value = Vec<String>> {
    let flags = (0..STOPS.len(), any::<bool>(), any::<bool>(), 0u32..6);
    flags.prop_map(|(kind, has_target, next_bar, count)| {
        let mut set: Vec<String> = STOPS[kind].iter().map(ToString::to_string).collect();
        if has_target {
            set.extend(["take_profit.kind=percent", "take_profit.value=0.04"].map(String::from));
        }
        set.extend(next_bar.then(|| "stop.active_from=next_bar".to_owned()));
        set.push(format!("stop.exit_after_bars={count}"));
        set
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// At every close the stops of a share are for exactly the shares that are held, however they came and went.
    #[test]
    fn stops_are_for_what_is_held(
        bars in any_bars(12),
        wishes in any_wishes(1, 11),
        set in any_stop(),
        minutes in any::<bool>(),
        split in proptest::option::of((1usize..11, prop_oneof![Just("2"), Just("0.5"), Just("1.5"), Just("0.3")])),
    ) {
        let actions = split.map_or(String::new(), |(day, ratio)| format!("A,{},split,{ratio}", super::DAYS[day]));
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let desk = Desk { bars: &[&bars], wishes: &wishes, shares: 100, actions: &actions, set: &set, minutes };
        let run = desk.run();
        for bar in 0..bars.len() {
            let (held, covered) = run.held_and_covered(0, bar);
            prop_assert_eq!(held.abs(), covered, "bar {}: {:?} {:#?}", bar, run.fills(), run.journal.stops);
        }
    }

    /// No position outlives its time but for want of volume, and beside others a share does what it does alone.
    #[test]
    fn time_is_the_shares_own(
        (one, other) in (any_bars(12), any_bars(12)),
        wishes in any_wishes(2, 11),
        set in any_stop(),
    ) {
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let both = Desk { bars: &[&one, &other], wishes: &wishes, shares: 10, set: &set, ..Desk::default() }.run();
        for (symbol, bars) in [(0, &one), (1, &other)] {
            let own: Vec<Wish> =
                wishes.iter().filter(|wish| wish.symbol == symbol).map(|wish| Wish { symbol: 0, ..*wish }).collect();
            let alone = Desk { bars: &[bars], wishes: &own, shares: 10, set: &set, ..Desk::default() }.run();
            prop_assert_eq!(both.fills_of(symbol), alone.fills_of(0));
        }
    }
}
