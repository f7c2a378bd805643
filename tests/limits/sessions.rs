//! What crosses a boundary: extended hours, a split, an open at which one exit pays for another entry.
use super::{DAYS, FLAT, Micro, play, play_on, row, run_micro};

#[test]
fn extended_hours_belong_to_no_session_of_their_own() {
    // The core session of 01-02 ends at 21:00 UTC, the next opens at 14:30. A loss in the session holds through the
    // evening and the next morning, and ends at the open.
    let times = [
        "2024-01-02T14:30:00Z",
        "2024-01-02T14:31:00Z",
        "2024-01-02T20:59:00Z",
        "2024-01-02T22:00:00Z",
        "2024-01-03T13:00:00Z",
        "2024-01-03T14:30:00Z",
        "2024-01-03T14:31:00Z",
    ];
    let fallen = "96 97 95 96";
    let bars: &[(&str, &[&str])] =
        &[("TST", &[FLAT, "100 101 95 96", fallen, fallen, fallen, fallen, fallen]), ("BBB", &[FLAT; 7])];
    let probes: Vec<String> = (1..7).map(|bar| format!("{bar} submit X{bar} buy 1 market symbol=BBB")).collect();
    let rows: Vec<&str> =
        std::iter::once("0 submit A buy 500 market").chain(probes.iter().map(String::as_str)).collect();
    let set = &["data.hours=\"extended\"", "risk.max_daily_loss=0.02"];
    let outcome = play_on(&times, bars, &rows, set);
    let refused = ["X1 daily_loss", "X2 daily_loss", "X3 daily_loss", "X4 daily_loss"];
    assert_eq!(outcome.refusals, refused);
    assert_eq!(outcome.halts, ["daily_loss 2024-01-02T14:31:00Z to 2024-01-03T14:30:00Z lost 2000 of 100000"]);
    // What falls after the core close counts from that close: it is lost in the session that opens next, and one halt,
    // also where the price has come back by then.
    let bars: &[(&str, &[&str])] =
        &[("TST", &[FLAT, FLAT, FLAT, "96 97 95 96", fallen, fallen, fallen]), ("BBB", &[FLAT; 7])];
    let outcome = play_on(&times, bars, &rows, set);
    let refused = ["X3 daily_loss", "X4 daily_loss", "X5 daily_loss", "X6 daily_loss"];
    assert_eq!(outcome.refusals, refused);
    assert_eq!(outcome.halts, ["daily_loss 2024-01-02T22:00:00Z to - lost 2000 of 100000"]);
    let back: &[(&str, &[&str])] =
        &[("TST", &[FLAT, FLAT, FLAT, "96 97 95 96", fallen, FLAT, FLAT]), ("BBB", &[FLAT; 7])];
    assert_eq!(play_on(&times, back, &rows, set).refusals, refused);
    // Before a session's open it is the same; the open after it lifts it.
    let early = [times[0], times[1], times[4], times[5], times[6], "2024-01-04T14:30:00Z"];
    let bars: &[(&str, &[&str])] =
        &[("TST", &[FLAT, FLAT, "96 97 95 96", fallen, fallen, fallen]), ("BBB", &[FLAT; 6])];
    let probes = &rows[..6];
    let outcome = play_on(&early, bars, probes, set);
    assert_eq!(outcome.refusals, ["X2 daily_loss", "X3 daily_loss", "X4 daily_loss"]);
    assert_eq!(outcome.halts, ["daily_loss 2024-01-03T13:00:00Z to 2024-01-04T14:30:00Z lost 2000 of 100000"]);
}

#[test]
fn what_a_delisting_after_the_last_bar_costs_is_a_loss() {
    // 500 shares at 100 are paid 60 each.
    let line = |time: &&str| format!("{time},100,101,99,100,1000000");
    let bars = [("TST", DAYS[..4].iter().map(line).collect::<Vec<_>>().join("\n"))];
    for (set, halts) in [
        ("risk.max_daily_loss=0.2", &["daily_loss 2024-01-09 to - lost 20000 of 100000"][..]),
        ("risk.max_drawdown=0.2", &["drawdown 2024-01-09 to - lost 20000 of 100000"]),
        ("risk.max_drawdown=0.21", &[]),
    ] {
        let (script, actions) = (row(&DAYS, "", "0 submit A buy 500 market"), "TST,2024-01-09,delisting,60");
        let set = vec![set.to_owned()];
        let outcome = run_micro(&Micro { bars: &bars, script, actions, set, ..Micro::default() }).unwrap();
        assert_eq!(outcome.halts, halts);
        assert_eq!(outcome.equity.last().unwrap().1, "80000");
    }
}

#[test]
fn a_split_is_no_loss_and_moves_no_limit() {
    // 60 shares at 100 with a stop at 95, and 20 more pending below: 120 at 50 with a stop at 47.5, and 40.
    let split = "TST,2024-01-04,split,2";
    let after = "50 50.5 49.5 50";
    let with = |row_of_x: &str, set: &[&str]| {
        let line = |(time, bar): (&&str, &&str)| format!("{time},{},1000000", bar.replace(' ', ","));
        let bars = DAYS.iter().zip(&[FLAT, FLAT, after, after]).map(line).collect::<Vec<_>>().join("\n");
        let rows = [
            "0 submit A buy 60 market order_class=oto stop_loss=95",
            "1 submit L buy 20 limit limit_price=90 order_class=oto stop_loss=85",
            row_of_x,
        ];
        let script = rows.map(|text| row(&DAYS, ",notional", text)).join("\n");
        let set = set.iter().map(ToString::to_string).collect();
        let bars = [("TST", bars)];
        run_micro(&Micro { bars: &bars, script, columns: ",notional", actions: split, set, ..Micro::default() })
            .unwrap()
    };
    let tight = ["risk.max_daily_loss=0.0001", "risk.max_drawdown=0.0001"];
    for (limit, passes, over, refusal) in [
        // 160 of 200 shares at 50.
        ("risk.max_position_size=0.1", "40 market", "41 market", "position_size 10050 10000"),
        ("risk.max_gross_exposure=0.1", "40 market", "41 market", "gross_exposure 10050 10000"),
        // 120 × 2.5 at the stop; what a pending share risks was 15 from the close, and is 7.5: 300 more. 8 × 50 in full.
        ("risk.max_portfolio_heat=0.01", "8 market", "9 market", "portfolio_heat 1050 1000"),
    ] {
        let set = [&tight[..], &[limit]].concat();
        let outcome = with(&format!("2 submit X buy {passes}"), &set);
        assert!(outcome.refusals.is_empty() && outcome.halts.is_empty(), "{limit}: {outcome:#?}");
        let outcome = with(&format!("2 submit X buy {over}"), &set);
        assert_eq!(outcome.refusals, [format!("X {refusal}")], "{limit}");
    }
}

#[test]
fn where_buys_are_tested_at_their_open_exits_make_room_in_every_sum() {
    let bars: &[(&str, &[&str])] = &[("TST", &[FLAT; 4]), ("BBB", &[FLAT; 4]), ("CCC", &[FLAT; 4])];
    let swap = ["0 submit A buy 100 market symbol=BBB", "1 submit S sell 100 market symbol=BBB"];
    for (limit, over) in [
        ("risk.max_gross_exposure=0.1", "gross_exposure 10100 10000"),
        ("risk.max_portfolio_heat=0.1", "portfolio_heat 10100 10000"),
    ] {
        let with = |check: &str, shares: i32| {
            let x = format!("1 submit X buy {shares} market");
            play(bars, &[swap[0], swap[1], &x], &[limit, &format!("account.cash_check=\"{check}\"")])
        };
        let outcome = with("fill", 100);
        assert!(outcome.refusals.is_empty(), "{limit}: {:?}", outcome.refusals);
        assert_eq!(outcome.fills.len(), 3, "{limit}");
        assert_eq!(with("fill", 101).refusals, [format!("X {over}")]);
        assert_eq!(with("approval", 1).refusals, [format!("X {over}")], "{limit}");
    }
    // Without its exit the position is still a group with the other share.
    let correlated = |x: &str, check: &str| {
        let check = format!("account.cash_check=\"{check}\"");
        play(bars, &[swap[0], swap[1], x], &["risk.max_correlated_exposure=0.1", &check]).refusals
    };
    assert!(correlated("1 submit X buy 100 market", "fill").is_empty());
    assert_eq!(correlated("1 submit X buy 1 market", "approval"), ["X correlated_exposure 10100 10000"]);
}
