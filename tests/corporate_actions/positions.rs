//! Splits and dividends on positions, cost, and orders that rest.
use super::{FLAT, equity, flat_then, play, try_play};

const BRACKET: &str = "0 submit,E0,TST,buy,90,market,,,,,gtc,bracket,90,30";

/// Ninety shares of 60 with a target at 90, over four ratios: what they become, and that nothing is lost.
#[test]
fn a_position_and_its_target_follow_every_ratio() {
    let cases = [
        // 180 shares with a target of 45.
        ("2", ["30 31 29 30", "44 46 43 45"], "180 @ 45", "2700"),
        // 630 with 90 ÷ 7.
        ("7", ["8.5 8.6 8.4 8.5", "12.5 13 12.4 12.9"], "630 @ 12.857142857", "2699.99999991"),
        // 135 with 60.
        ("1.5", ["40 41 39 40", "58 61 57 60"], "135 @ 60", "2700"),
        // Four and a half with 1,800: the half is paid at 60 ÷ 0.05, the adjusted close before.
        ("0.05", ["1200 1220 1180 1200", "1700 1810 1690 1800"], "4 @ 1800", "2400"),
    ];
    for (ratio, days, exit, profit) in cases {
        for (day, ex_date) in [(2, "2024-01-04"), (4, "2024-01-08")] {
            let series = flat_then(day, &days);
            let outcome = play(&[("TST", &series)], &[BRACKET], &format!("TST,{ex_date},split,{ratio}"), &[]);
            let [entry, left] = &outcome.fills[..] else { panic!("{ratio}: {:?}", outcome.fills) };
            assert_eq!(entry, "E0 2024-01-03 buy 90 @ 60");
            assert!(left.starts_with("E0.take_profit ") && left.ends_with(&format!("sell {exit}")), "{ratio}: {left}");
            assert_eq!(outcome.pnl, [profit], "{ratio}");
            assert_eq!(outcome.orders, ["E0 filled", "E0.stop canceled", "E0.take_profit filled"]);
        }
    }
}

/// Fractions stay where they may be held: four and a half shares at 1,800.
#[test]
fn a_fraction_is_kept_where_fractions_are_held() {
    let series = flat_then(3, &["1200 1220 1180 1200", "1700 1810 1690 1800"]);
    let outcome = play(&[("TST", &series)], &[BRACKET], "TST,2024-01-05,split,0.05", &["sizing.fractional=true"]);
    assert_eq!(outcome.fills[1], "E0.take_profit 2024-01-08 sell 4.5 @ 1800");
    assert_eq!(outcome.pnl, ["2700"]);
}

/// On the last bar: the position is worth what it was, and nothing is left to be done.
#[test]
fn a_split_on_the_last_bar_changes_no_value() {
    let series = flat_then(3, &["40 41 39 40"]);
    let outcome = play(&[("TST", &series)], &[BRACKET], "TST,2024-01-05,split,1.5", &[]);
    assert_eq!(equity(&outcome), ["100000"; 4]);
    assert_eq!(outcome.orders, ["E0 filled", "E0.stop held", "E0.take_profit new"]);
    assert_eq!(outcome.pnl, ["0"]);
}

/// Sent at the close before the ex-date, in old shares: it fills in new ones.
#[test]
fn an_order_on_its_way_over_the_ex_date_is_restated() {
    let series = flat_then(2, &["30 31 29 30", "30 31 29 30"]);
    let outcome = play(
        &[("TST", &series)],
        &["1 submit,E0,TST,buy,90,market,,,,,gtc,oto,,50", "1 submit,E1,TST,buy,7,limit,59,,,,gtc,,,"],
        "TST,2024-01-04,split,2",
        &[],
    );
    assert_eq!(outcome.fills, ["E0 2024-01-04 buy 180 @ 30", "E1 2024-01-04 buy 14 @ 29.5"]);
}

/// An order of 150 has 100 when three for two comes: 150 and 75 to go. The stop grows to 225.
#[test]
fn a_partly_filled_order_goes_on_in_new_shares() {
    let series = [FLAT, "60 61 59 60 1000", "40 41 39 40 1000", "40 41 33 34 10000", "34 35 33 34 10000"];
    let entry = "0 submit,E0,TST,buy,150,market,,,,,gtc,oto,,50";
    let outcome = play(&[("TST", &series)], &[entry], "TST,2024-01-04,split,1.5", &["execution.participation=0.1"]);
    assert_eq!(
        outcome.fills,
        ["E0 2024-01-03 buy 100 @ 60", "E0 2024-01-04 buy 75 @ 40", "E0.stop 2024-01-05 sell 225 @ 33.333333333"]
    );
    assert_eq!(outcome.orders, ["E0 filled", "E0.stop filled"]);
    // One of four, then one and four, each rounded by itself as it is at the venue; half a share is paid.
    let thin = [FLAT, "60 61 59 60 10", "40 41 39 40 1000", "40 41 39 40"];
    let entry = "0 submit,E0,TST,buy,4,market,,,,,gtc,,,";
    let outcome = play(&[("TST", &thin)], &[entry], "TST,2024-01-04,split,1.5", &["execution.participation=0.1"]);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 1 @ 60", "E0 2024-01-04 buy 4 @ 40"]);
    assert_eq!(outcome.orders, ["E0 filled"]);
    assert_eq!(outcome.cash, "99800"); // 100,000 − 60 + 20 − 160
}

/// A pair, a trailing stop by dollars and one by percent: each in dollars of the new share.
#[test]
fn exits_of_every_kind_are_restated() {
    let entry = "0 submit,E0,TST,buy,90,market,,,,,gtc,,,";
    let series = flat_then(3, &["30 31 29 30", "30 31 24 25"]);
    for (exit, level) in [
        ("1 submit,X0,TST,sell,90,limit,,,,,gtc,oco,90,50", "25"),
        ("1 submit,X0,TST,sell,90,trailing_stop,,,10,,gtc,,,", "26"), // five below 31, the best by then
        ("1 submit,X0,TST,sell,90,trailing_stop,,,,10,gtc,,,", "27.9"), // a tenth below it
        ("1 submit,X0,TST,sell,90,stop_limit,49,50,,,gtc,,,", "25"),
    ] {
        let outcome = play(&[("TST", &series)], &[entry, exit], "TST,2024-01-05,split,2", &[]);
        let left = &outcome.fills[1];
        assert!(left.ends_with(&format!("2024-01-08 sell 180 @ {level}")), "{exit}: {left}");
    }
}

/// Three shares short at 60: four and a half owed, of which half a share is bought back at 40; then a dividend.
#[test]
fn a_short_owes_its_fraction_and_its_dividend() {
    let series = flat_then(2, &["40 41 39 40", "39 40 38 39", "39 40 38 39"]);
    let entry = "0 submit,E0,TST,sell,3,market,,,,,gtc,,,";
    let outcome = play(&[("TST", &series)], &[entry], "TST,2024-01-04,split,1.5\nTST,2024-01-05,dividend,1", &[]);
    // The price falls by the dividend that is owed.
    assert_eq!(equity(&outcome), ["100000"; 5]);
    assert_eq!(outcome.cash, "100156"); // + 180 − 20 − 4
}

/// A dividend in new shares, after a split on a day without a bar: 180 shares, a dollar each.
#[test]
fn a_dividend_after_an_unseen_split_is_for_the_new_shares() {
    let series = flat_then(2, &["-", "29 30 28 29", "29 30 28 29"]);
    let entry = "0 submit,E0,TST,buy,90,market,,,,,gtc,,,";
    let outcome = play(
        &[("TST", &series), ("OTH", &[FLAT; 5])],
        &[entry],
        "TST,2024-01-04,split,2\nTST,2024-01-05,dividend,1",
        &[],
    );
    assert_eq!(equity(&outcome), ["100000"; 5]);
    // The same run on prices without the dividend, all of it in today's shares: no jump either.
    for adjust in ["splits", "all"] {
        let series = flat_then(2, &["-", "29 30 28 29", "29 30 28 29"]);
        let outcome = play(
            &[("TST", &series), ("OTH", &[FLAT; 5])],
            &[entry],
            "TST,2024-01-04,split,2\nTST,2024-01-05,dividend,1",
            &[&format!("data.adjust={adjust}")],
        );
        assert_eq!(equity(&outcome), ["100000"; 5], "{adjust}");
    }
}

/// A level that outgrows what a price can be ends the run and says which split did it.
#[test]
fn a_price_that_outgrows_all_prices_is_an_error() {
    let script = ["0 submit,E0,TST,buy,90,market,,,,,gtc,,,", "1 submit,X0,TST,sell,90,limit,9000000,,,,gtc,,,"];
    let series = flat_then(3, &["120 121 119 120"]);
    let error = try_play(&[("TST", &series)], &script, "TST,2024-01-05,split,0.5", &[]).unwrap_err();
    let wanted =
        "TST: a split into 0.5 new shares per old makes $9000000 a share more than a price can be, $10,000,000";
    assert!(error.contains(wanted), "{error}");
    assert!(error.contains("corporate_actions"), "{error}");
    let error = try_play(&[("TST", &series)], &script[..1], "TST,2024-01-05,split,0.000005", &[]).unwrap_err();
    assert!(error.contains("TST: a split into 0.000005 new shares per old makes $60 a share more"), "{error}");
}

/// Adjusted prices show what a bar of the file shows: a split after the last one divides no dividend of before.
#[test]
fn a_split_that_no_bar_shows_divides_nothing() {
    let series = flat_then(2, &["59 60 58 59", "59 60 58 59"]);
    let entry = "0 submit,E0,TST,buy,90,market,,,,,gtc,,,";
    let actions = "TST,2024-01-04,dividend,1\nTST,2024-02-01,split,2";
    for adjust in ["none", "splits"] {
        let outcome = play(&[("TST", &series)], &[entry], actions, &[&format!("data.adjust={adjust}")]);
        assert_eq!(equity(&outcome), ["100000"; 4], "{adjust}");
        assert_eq!(outcome.cash, "94690"); // − 5,400 + 90
    }
}
