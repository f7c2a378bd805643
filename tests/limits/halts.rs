//! Daily loss, drawdown and halts by hand: when they begin, what they forbid and let pass, what lifts them.
use super::{FLAT, MINUTES, STILL, play, play_on};

/// 500 shares at 100 are half of the account.
const HALF: &str = "0 submit A buy 500 market";
const DAILY: &str = "risk.max_daily_loss=0.02";

/// Bars of TST, beside a share that never moves.
fn beside_still<'a>(bars: &'a [&'a str]) -> [(&'a str, &'a [&'a str]); 2] {
    [("TST", bars), ("BBB", &[FLAT; 6])]
}

/// A buy of the share that never moves at the close of each bar but the first: which are refused, and the halts.
fn probe(times: &[&str], bars: &[&str], script: &[&str], set: &[&str]) -> (Vec<String>, Vec<String>) {
    let probes: Vec<String> =
        (1..bars.len()).map(|bar| format!("{bar} submit X{bar} buy 1 market symbol=BBB")).collect();
    // Rows of one bar run in the order of the file: a probe comes last.
    let mut rows: Vec<&str> = script.iter().copied().chain(probes.iter().map(String::as_str)).collect();
    rows.sort_by_key(|row| row.split(' ').next().unwrap().parse::<usize>().unwrap());
    let outcome = play_on(times, &beside_still(bars), &rows, set);
    (outcome.refusals, outcome.halts)
}

#[test]
fn a_daily_loss_is_reached_at_its_limit_and_ends_with_its_session() {
    // 500 × 4 = 2,000 = 2 % of 100,000. The bar after it opens the next session, whose loss counts from 98,000.
    let at = [FLAT, "100 101 95 96", "96 97 95 96", "96 97 95 96"];
    let lost = "daily_loss 2024-01-03 to 2024-01-04 lost 2000 of 100000";
    let (refused, halts) = probe(&super::DAYS, &at, &[HALF], &[DAILY]);
    assert_eq!((refused, halts), (vec!["X1 daily_loss".to_owned()], vec![lost.to_owned()]));
    // A cent and a billionth of a dollar less.
    for close in ["96.01", "96.000000001"] {
        let day = format!("100 101 95 {close}");
        let (refused, halts) = probe(&super::DAYS, &[FLAT, &day, at[2], at[3]], &[HALF], &[DAILY]);
        assert_eq!((refused.len(), halts.len()), (0, 0), "{close}");
    }
    // A cent more.
    let (_, halts) = probe(&super::DAYS, &[FLAT, "100 101 95 95.99", at[2], at[3]], &[HALF], &[DAILY]);
    assert_eq!(halts, ["daily_loss 2024-01-03 to 2024-01-04 lost 2005 of 100000"]);
    // A short that rises loses the same.
    let (_, halts) =
        probe(&super::DAYS, &[FLAT, "100 105 99 104", "104 105 103 104"], &["0 submit A sell 500 market"], &[DAILY]);
    assert_eq!(halts, [lost]);
    // A fee is a loss: 1,500 by the price, 500 by a dollar a share.
    let fee = "execution.commission={ kind = \"per_share\", value = \"1\" }";
    let (_, halts) = probe(&super::DAYS, &[FLAT, "100 101 96 97", "97 98 96 97"], &[HALF], &[DAILY, fee]);
    assert_eq!(halts, [lost]);
    let (_, halts) = probe(&super::DAYS, &[FLAT, "100 101 96 97.01", "97 98 96 97.01"], &[HALF], &[DAILY, fee]);
    assert!(halts.is_empty(), "{halts:?}");
}

#[test]
fn the_baseline_is_the_close_before() {
    // Day 1 loses 1,500 and closes at 98,500; 2 % of that is 1,970: 93.06 on day 2, not 93 as from 100,000 less
    // 1,500 less 2,000, and not 93.07.
    for (close, halts) in [("93.06", 1), ("93.07", 0)] {
        let day = format!("97 98 92 {close}");
        let (_, found) = probe(&super::DAYS, &[FLAT, "100 101 96 97", &day], &[HALF], &[DAILY]);
        assert_eq!(found.len(), halts, "{close}: {found:?}");
        assert!(found.iter().all(|halt| halt == "daily_loss 2024-01-04 to 2024-01-05 lost 1970 of 98500"), "{found:?}");
    }
    // A gain raises it: from 105,000, 2 % is 2,100 and 110 becomes 105.8.
    for (close, halts) in [("105.8", 1), ("105.81", 0)] {
        let day = format!("110 111 105 {close}");
        let (_, found) = probe(&super::DAYS, &[FLAT, "100 111 99 110", &day], &[HALF], &[DAILY]);
        assert_eq!(found.len(), halts, "{close}: {found:?}");
    }
}

#[test]
fn a_session_of_minutes_is_one_day() {
    // Two sessions of three minutes. The loss adds up over minutes: 97 loses 1,500, 96 the rest. It holds to the end
    // of the session, though the price comes back, and is lifted at the open of the next: a buy at its first close
    // passes.
    let bars = [FLAT, "100 101 95 96", "96 105 95 104", "104 105 103 104", "104 105 103 104", "104 105 103 104"];
    let (refused, halts) = probe(&MINUTES, &bars, &[HALF], &[DAILY]);
    assert_eq!(refused, ["X1 daily_loss", "X2 daily_loss"]);
    assert_eq!(halts, ["daily_loss 2024-01-02T14:31:00Z to 2024-01-03T14:30:00Z lost 2000 of 100000"]);
    // The baseline of the second is the close of the first, 102,000, of which 2 % are 2,040: 99.92.
    for (close, count) in [("99.92", 1), ("99.93", 0)] {
        let last = format!("104 105 99 {close}");
        let bars = [FLAT, "100 103 99 102", "102 105 101 104", "104 105 103 104", &last, "100 101 99 100"];
        let (refused, halts) = probe(&MINUTES, &bars, &[HALF], &[DAILY]);
        assert_eq!((refused.len(), halts.len()), (2 * count, count), "{close}: {halts:?}");
    }
}

#[test]
fn a_gap_jumps_over_the_limit_and_the_record_says_how_far() {
    // From 100 to 92.6 on 500 shares: 3,700 lost with 2,000 allowed.
    let days = [FLAT, FLAT, "92.6 93 92 92.6", "92 93 91 92", "92 93 91 92"];
    let minutes = [FLAT, FLAT, FLAT, "92.6 93 92 92.6", "92 93 91 92", "92 93 91 92"];
    let halted = play(&beside_still(&days), &[HALF, "2 submit X buy 1 market symbol=BBB"], &[DAILY]);
    assert_eq!(halted.halts, ["daily_loss 2024-01-04 to 2024-01-05 lost 3700 of 100000"]);
    assert_eq!((halted.refusals, halted.fills.len()), (vec!["X daily_loss".to_owned()], 1));
    // Flatten: the whole position leaves at the next open, 92, and BBB with it; both are named so.
    let flatten = &[DAILY, "risk.on_daily_loss=\"flatten\""];
    let script = [HALF, "0 submit B buy 10 market symbol=BBB", "0 submit C buy 5 limit symbol=BBB limit_price=95"];
    let flat = play(&beside_still(&days), &script, flatten);
    assert_eq!(flat.halts, ["daily_loss 2024-01-04 to 2024-01-05 lost 3700 of 100000"]);
    assert_eq!(flat.fills.len(), 4, "{flat:#?}");
    assert!(flat.fills[2].ends_with("2024-01-05 sell 500 @ 92") && flat.fills[3].ends_with("2024-01-05 sell 10 @ 100"));
    assert_eq!(flat.exits, ["risk_halt", "risk_halt"]);
    assert!(flat.orders.contains(&"C canceled".to_owned()), "{:?}", flat.orders);
    // Minutes, over night: the loss is found at the close of the first minute, the position leaves at the open of
    // the second, and the rest of the session is refused.
    let script = [HALF, "3 submit X buy 1 market symbol=BBB", "5 submit Y buy 1 market symbol=BBB"];
    let flat = play_on(&MINUTES, &beside_still(&minutes), &script, flatten);
    assert_eq!(flat.halts, ["daily_loss 2024-01-03T14:30:00Z to - lost 3700 of 100000"]);
    assert!(flat.fills[1].ends_with("2024-01-03T14:31:00Z sell 500 @ 92"), "{:?}", flat.fills);
    assert_eq!(flat.refusals, ["X daily_loss", "Y daily_loss"]);
}

#[test]
fn a_drawdown_stays_until_a_resume_that_measures_from_there() {
    let set = &["risk.max_drawdown=0.05"];
    // From the peak of 105,000 the limit is 5,250: 99.5. Five sessions later it stands.
    let bars = [FLAT, "100 111 99 110", "110 111 99 99.5", "99 100 98 99.5", "99 100 98 99.5", "99 100 98 99.5"];
    let (refused, halts) = probe(&super::DAYS, &bars, &[HALF], set);
    assert_eq!(refused, ["X2 drawdown", "X3 drawdown", "X4 drawdown", "X5 drawdown"]);
    assert_eq!(halts, ["drawdown 2024-01-04 to - lost 5250 of 105000"]);
    let (refused, _) = probe(&super::DAYS, &[FLAT, bars[1], "110 111 99 99.51", FLAT], &[HALF], set);
    assert!(refused.is_empty(), "{refused:?}");
    // Resumed at 99,750; 5 % of that is 4,987.5, so 89.525 halts again and 89.53 does not.
    for (close, count) in [("89.525", 2), ("89.53", 1)] {
        let day = format!("99 100 89 {close}");
        let (refused, halts) = probe(&super::DAYS, &[FLAT, bars[1], bars[2], bars[3], &day], &[HALF, "3 resume"], set);
        assert_eq!(halts.len(), count, "{close}: {halts:?}");
        assert_eq!(halts[0], "drawdown 2024-01-04 to 2024-01-05 lost 5250 of 105000");
        assert_eq!(refused.len(), count, "{refused:?}");
        assert!(halts.get(1).is_none_or(|halt| halt == "drawdown 2024-01-08 to - lost 4987.5 of 99750"), "{halts:?}");
    }
}

#[test]
fn halts_nest_and_none_lifts_another() {
    let set = &[DAILY, "risk.max_drawdown=0.05"];
    // 5,000 lost on day 1: both limits, and somebody halts as well.
    let bars = [FLAT, "100 101 89 90", "90 91 89 90", "90 91 89 90", "90 91 89 90"];
    let (refused, halts) = probe(&super::DAYS, &bars, &[HALF, "1 halt"], set);
    assert_eq!(refused, ["X1 halted", "X2 halted", "X3 halted", "X4 halted"]);
    let three = [
        "daily_loss 2024-01-03 to 2024-01-04 lost 5000 of 100000",
        "drawdown 2024-01-03 to - lost 5000 of 100000",
        "manual 2024-01-03 to -",
    ];
    assert_eq!(halts, three, "the session lifts the daily loss only");
    // A resume in the session of the loss lifts the other two: the loss is named then.
    let (refused, halts) = probe(&super::DAYS, &bars, &[HALF, "1 halt", "1 resume"], set);
    assert_eq!(refused, ["X1 daily_loss"]);
    assert!(halts[1].contains("drawdown 2024-01-03 to 2024-01-03") && halts[2] == "manual 2024-01-03 to 2024-01-03");
    // A resume that lifts no drawdown leaves the peak: 96 loses 2,000 of 100,000, 90 loses 5,000 of it.
    let slow = [FLAT, "100 101 95 96", "96 97 89 90"];
    let (_, halts) = probe(&super::DAYS, &slow, &[HALF, "1 halt", "1 resume"], &["risk.max_drawdown=0.05"]);
    assert_eq!(halts, ["manual 2024-01-03 to 2024-01-03", "drawdown 2024-01-04 to - lost 5000 of 100000"]);
}

#[test]
fn every_kind_of_exit_passes_while_halted() {
    for (row, fill) in [
        ("2 submit X sell 500 market", "X 2024-01-05 sell 500 @ 100"),
        ("2 submit X sell 200 market", "X 2024-01-05 sell 200 @ 100"),
        ("2 submit X sell 500 limit limit_price=104", "X 2024-01-05 sell 500 @ 104"),
        ("2 submit X sell 500 stop stop_price=96", "X 2024-01-05 sell 500 @ 96"),
        ("2 submit X sell 500 stop_limit stop_price=96 limit_price=95", "X 2024-01-05 sell 500 @ 96"),
        ("2 submit X sell 500 trailing_stop trail_price=4", "X 2024-01-05 sell 500 @ 96"),
        ("2 submit X sell 500 limit order_class=oco take_profit=104 stop_loss=90", "X 2024-01-05 sell 500 @ 104"),
        ("2 flatten X", "X.TST 2024-01-05 sell 500 @ 100"),
    ] {
        // Halted by hand on day 1 and by the loss of day 2 as well: 5 × 500 = 2,500.
        let bars = ["105 106 104 105", "105 106 104 105", "105 106 99 100", "100 105 95 100"];
        let outcome = play(&beside_still(&bars), &[HALF, "1 halt", row], &[DAILY]);
        assert!(outcome.refusals.is_empty(), "{row}: {outcome:#?}");
        assert!(outcome.halts[0].starts_with("manual 2024-01-03 to -"), "{row}: {:?}", outcome.halts);
        assert!(outcome.halts[1].starts_with("daily_loss 2024-01-04 "), "{row}: {:?}", outcome.halts);
        assert_eq!(outcome.fills.last().unwrap(), fill, "{row}");
    }
}

#[test]
fn what_rests_at_a_halt_goes_and_what_protects_stays() {
    let script = [
        "0 submit A buy 100 market order_class=oto stop_loss=95",
        // An entry below the price with a leg of its own, one on another share.
        "1 submit L buy 50 limit limit_price=90 order_class=oto stop_loss=85",
        "1 submit M buy 50 stop symbol=BBB stop_price=120",
    ];
    let bars = [FLAT, FLAT, FLAT, "100 101 88 94", FLAT];
    for (halt, set) in [("2 halt", &[][..]), ("", &["risk.max_daily_loss=0.0001"])] {
        // The second halts by itself: a loss of 10 is the limit, 0.1 × 100.
        let bars = if halt.is_empty() { [FLAT, FLAT, "100 101 99 99.9", bars[3], FLAT] } else { bars };
        let rows: Vec<&str> = script.into_iter().chain((!halt.is_empty()).then_some(halt)).collect();
        let outcome = play(&beside_still(&bars), &rows, set);
        let wanted = ["A filled", "A.stop filled", "L canceled", "L.stop canceled", "M canceled"];
        assert_eq!(outcome.orders, wanted, "{halt}");
        assert_eq!(outcome.fills[1], "A.stop 2024-01-05 sell 100 @ 95", "{halt}: the stop works while halted");
        assert_eq!(outcome.fills.len(), 2);
    }
    // Without a halt they would have filled.
    let outcome = play(&beside_still(&bars), &script, &[]);
    assert_eq!(outcome.fills[1].split(' ').next(), Some("A.stop"));
    assert!(outcome.fills.iter().any(|fill| fill.starts_with("L ")), "{:?}", outcome.fills);
}

/// At the close of a halt, before its cancels are answered, an entry may still shrink but not grow.
#[test]
fn a_halt_refuses_what_an_order_already_there_would_grow_to() {
    let rows = ["0 submit A buy 100 market", "1 submit L buy 50 limit limit_price=95", "2 halt"];
    for (change, refused) in [
        ("2 replace L - 51", Some("L halted")),
        ("2 replace L - - - limit_price=100.01", Some("L halted")),
        ("2 replace L - - - limit_price=100", Some("L halted")),
        ("2 replace L - - - limit_price=95.01", Some("L halted")),
        ("2 replace L - 49", None),
        ("2 replace L - - - limit_price=94", None),
        // The exit of a position may grow to all of it.
        ("2 replace S - 100", None),
    ] {
        let exit = "1 submit S sell 50 limit limit_price=110";
        let entry = if change.contains(" L ") { rows[1] } else { exit };
        let outcome = play(STILL, &[rows[0], entry, rows[2], change], &[]);
        assert_eq!(outcome.refusals.first().map(String::as_str), refused, "{change}: {outcome:#?}");
        assert_eq!(outcome.fills.len(), 1, "{change}");
    }
}

#[test]
fn a_loss_closes_positions_at_the_close_where_markets_fill_there_and_while_halted() {
    let set = &[DAILY, "risk.on_daily_loss=\"flatten\"", "execution.market_fill=\"close\""];
    let bars = [FLAT, FLAT, "100 101 95 96", "96 97 95 96"];
    let outcome = play(&beside_still(&bars), &[HALF, "1 halt"], set);
    assert_eq!((outcome.fills.len(), &*outcome.fills[0]), (2, "A 2024-01-02 buy 500 @ 100"));
    assert!(outcome.fills[1].ends_with("2024-01-04 sell 500 @ 96"), "{:?}", outcome.fills);
    assert_eq!(outcome.halts, ["manual 2024-01-03 to -", "daily_loss 2024-01-04 to 2024-01-05 lost 2000 of 100000"]);
    // A drawdown closes nothing.
    let set = &["risk.max_drawdown=0.02", "risk.on_daily_loss=\"flatten\""];
    let outcome = play(&beside_still(&bars), &[HALF], set);
    assert_eq!((outcome.fills.len(), outcome.halts.len()), (1, 1));
}

#[test]
fn a_short_is_closed_and_a_stop_beside_it_voided() {
    // 500 short from 100 to 104 lose 2,000; the stop at 110 goes, the position leaves at the next open.
    let set = &[DAILY, "risk.on_daily_loss=\"flatten\""];
    let bars = [FLAT, "100 105 99 104", "105 111 104 105", "105 111 104 105"];
    let outcome = play(&beside_still(&bars), &["0 submit A sell 500 market order_class=oto stop_loss=110"], set);
    assert_eq!(outcome.orders[..2], ["A filled", "A.stop canceled"]);
    assert_eq!(outcome.fills.len(), 2, "{outcome:#?}");
    assert!(outcome.fills[1].ends_with("2024-01-04 buy 500 @ 105"), "{:?}", outcome.fills);
}
