//! A share that is listed no more: paid for, and traded no more.
use std::fs;

use super::cli_binary::done;
use super::micro::Micro;
use super::{FLAT, equity, flat_then, play, try_play};

const ENTRY: &str = "0 submit,E0,TST,buy,100,market,,,,,gtc,oto,,20";

#[test]
fn a_position_is_paid_for_and_its_orders_are_canceled() {
    let script = [
        ENTRY,
        "2 submit,L0,TST,buy,5,limit,40,,,,gtc,oto,,20",
        "6 submit,L1,TST,buy,5,market,,,,,gtc,,,",
        "6 submit,O1,OTH,buy,5,market,,,,,gtc,,,",
    ];
    let series: [(&str, &[&str]); 2] = [("TST", &[FLAT; 5]), ("OTH", &[FLAT; 8])];
    for (amount, price, cash) in [("12.5", "12.5", "94950"), ("0", "0", "93700"), ("", "60", "99700")] {
        let outcome = play(&series, &script, &format!("TST,2024-01-09,delisting,{amount}"), &[]);
        assert_eq!(outcome.fills[1], format!("delisted.TST 2024-01-09 sell 100 @ {price}"));
        assert_eq!(
            outcome.orders,
            [
                "E0 filled",
                "E0.stop canceled",
                "L0 canceled",
                "L0.stop canceled",
                "delisted.TST filled",
                "L1 rejected (asset \"TST\" is not active)",
                "O1 filled"
            ]
        );
        assert_eq!(outcome.exits, ["delisted", ""]);
        assert_eq!(outcome.cash, cash);
    }
}

/// On a day without a session it holds from the next one on; the last close is still the price.
#[test]
fn it_holds_from_the_first_bar_of_any_share_on() {
    let series: [(&str, &[&str]); 2] = [("TST", &[FLAT; 3]), ("OTH", &[FLAT; 8])];
    let outcome = play(&series, &[ENTRY], "TST,2024-01-06,delisting,", &[]);
    assert_eq!(outcome.fills[1], "delisted.TST 2024-01-08 sell 100 @ 60");
}

#[test]
fn a_short_is_bought_back_at_what_is_paid() {
    let series: [(&str, &[&str]); 2] = [("TST", &[FLAT; 5]), ("OTH", &[FLAT; 8])];
    let outcome = play(&series, &["0 submit,E0,TST,sell,100,market,,,,,gtc,,,"], "TST,2024-01-09,delisting,0", &[]);
    assert_eq!(outcome.fills[1], "delisted.TST 2024-01-09 buy 100 @ 0");
    assert_eq!((outcome.pnl[0].as_str(), outcome.cash.as_str()), ("6000", "106000"));
}

/// After the last bar of the run: what is paid makes a step of its own, dividends before it too.
#[test]
fn after_the_last_bar_it_is_a_step_of_its_own() {
    let alone: [(&str, &[&str]); 1] = [("TST", &[FLAT; 5])];
    let outcome = play(&alone, &[ENTRY], "TST,2024-01-09,delisting,50", &[]);
    assert_eq!(equity(&outcome), ["100000", "100000", "100000", "100000", "100000", "99000"]);
    assert_eq!(outcome.equity[5].0, "2024-01-09");
    assert_eq!((outcome.cash.as_str(), &outcome.exits[..]), ("99000", &["delisted".to_owned()][..]));
    let actions = "TST,2024-01-09,dividend,2\nTST,2024-01-10,delisting,50";
    let outcome = play(&alone, &[ENTRY], actions, &[]);
    assert_eq!(equity(&outcome)[5..], ["100200", "99200"]);
    // Nothing is held, or the run ends before: nothing to show.
    assert_eq!(play(&alone, &[], "TST,2024-01-09,delisting,50", &[]).equity.len(), 5);
    let before = play(&alone, &[ENTRY], "TST,2024-01-09,delisting,50", &["data.end=2024-01-08"]);
    assert_eq!((before.equity.len(), &before.exits[..]), (5, &[String::new()][..]));
}

#[test]
fn a_split_before_it_and_one_position_each() {
    let series: [(&str, &[&str]); 2] = [("TST", &flat_then(3, &["30 31 29 30"])), ("OTH", &[FLAT; 8])];
    let outcome = play(&series, &[ENTRY], "TST,2024-01-05,split,2\nTST,2024-01-08,delisting,31", &[]);
    assert_eq!(outcome.fills[1], "delisted.TST 2024-01-08 sell 200 @ 31");
    // The amount is for the shares of the end, which adjusted prices are in, too.
    let adjusted: [(&str, &[&str]); 2] = [("TST", &flat_then(3, &["30 31 29 30"])), ("OTH", &[FLAT; 8])];
    let actions = "TST,2024-01-05,split,2\nTST,2024-01-08,delisting,31";
    let outcome = play(&adjusted, &[ENTRY.replace(",20", ",10").as_str()], actions, &["data.adjust=splits"]);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 100 @ 30", "delisted.TST 2024-01-08 sell 100 @ 31"]);
}

/// Half past seven in the evening of New York is the next day of UTC: such a bar is of the day before.
#[test]
fn trades_after_hours_are_of_their_own_day() {
    let bar = |time: &str| format!("{time},60,61,59,60,1000000");
    let times = ["2024-01-02T15:00:00Z", "2024-01-02T15:30:00Z", "2024-01-03T00:30:00Z"];
    let bars = times.map(bar).join("\n");
    let meta = [bar("2024-01-03T01:00:00Z"), bar("2024-01-03T14:30:00Z")].join("\n");
    let script = "2024-01-02T15:00:00Z,submit,E0,FB,buy,100,market,,,,,gtc,,,".to_owned();
    let run = |actions: &'static str| {
        let set = vec!["data.symbols=[\"FB\"]".to_owned()];
        let bars = [("FB", bars.clone()), ("META", meta.clone())];
        super::run_micro(&Micro {
            bars: &bars,
            script: script.clone(),
            actions,
            timeframe: "30m",
            set,
            ..Micro::default()
        })
        .unwrap()
    };
    let gone = run("FB,2024-01-03,delisting,50");
    assert_eq!(gone.fills[1], "delisted.FB 2024-01-03T14:30:00Z sell 100 @ 50");
    let renamed = run("FB,2024-01-03,rename,META\nMETA,2024-01-03,dividend,1");
    let times: Vec<&str> = renamed.equity.iter().map(|(time, _)| time.as_str()).collect();
    assert_eq!(times, ["2024-01-02T15:00:00Z", "2024-01-02T15:30:00Z", "2024-01-03T14:30:00Z"]);
    assert_eq!(renamed.cash, "94100");
}

/// Six thousand dollars short at 36 % a year: six a night, up to the day of the delisting.
#[test]
fn what_is_held_is_paid_for_until_it_ends() {
    let alone: [(&str, &[&str]); 1] = [("TST", &[FLAT; 5])];
    let set = ["account.borrow_rate=0.36"];
    let outcome = play(&alone, &["0 submit,E0,TST,sell,100,market,,,,,gtc,,,"], "TST,2024-01-10,delisting,0", &set);
    assert_eq!((outcome.equity[5].0.as_str(), outcome.cash.as_str()), ("2024-01-10", "105958")); // seven nights
}

/// Two for one after the last bar, then 31 for each of the 200: prices of either kind show none of it.
#[test]
fn a_split_that_no_bar_shows_counts_before_it() {
    let actions = "TST,2024-01-09,split,2\nTST,2024-01-10,delisting,31";
    for series in [&[("TST", &[FLAT; 5][..])][..], &[("TST", &[FLAT; 5]), ("OTH", &[FLAT; 8])]] {
        for adjust in ["none", "splits", "all"] {
            let outcome = play(series, &[ENTRY], actions, &[&format!("data.adjust={adjust}")]);
            assert_eq!(outcome.fills[1], "delisted.TST 2024-01-10 sell 200 @ 31", "{adjust}");
            assert_eq!(outcome.cash, "100200");
        }
    }
}

#[test]
fn bars_of_a_share_that_is_gone_are_refused() {
    let series: [(&str, &[&str]); 1] = [("TST", &[FLAT; 8])];
    let error = try_play(&series, &[ENTRY], "TST,2024-01-09,delisting,50", &[]).unwrap_err();
    let wanted = "TST.csv:7: a bar of 2024-01-09, but TST was delisted on 2024-01-09 (line 2 of the corporate actions)";
    assert!(error.contains(wanted), "{error}");
}

/// A share whose bars end while the run goes on, and nobody says that it is gone: the run says so.
#[test]
fn a_position_whose_bars_end_is_named_with_the_row_to_add() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let header = "timestamp,open,high,low,close,volume\n";
    put("TST.csv", &format!("{header}{}\n", super::bars(&[FLAT; 5])));
    put("OTH.csv", &format!("{header}{}\n", super::bars(&[FLAT; 8])));
    put("none.csv", "symbol,ex_date,kind,ratio_or_amount\n");
    put("gone.csv", "symbol,ex_date,kind,ratio_or_amount\nTST,2024-01-09,delisting,\n");
    put("early.toml", &super::lookback::scenario("buy_and_hold", "", "\"TST\", \"OTH\"", "none.csv", ""));
    let text = done(folder.path(), &["backtest", "early.toml", "--out", "run"]);
    let note = "The bars of TST end on 2024-01-08, the run on 2024-01-11: its open position stays at the last close.";
    assert!(text.replace("\n  ", " ").contains("The bars of TST end on 2024-01-08"), "{text}");
    let page = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains(note), "{note}");
    assert!(page.contains("add the row TST,2024-01-09,delisting, to data.corporate_actions"));
    // With the row there is nothing to say, and the trade is closed.
    let set = ["backtest", "early.toml", "--out", "closed", "--set", "data.corporate_actions=gone.csv"];
    let text = done(folder.path(), &set);
    assert!(!text.contains("bars of TST end"), "{text}");
    let read = |name: &str| fs::read_to_string(folder.path().join("closed").join(name)).unwrap();
    let (trades, orders, fills) = (read("trades.csv"), read("orders.csv"), read("fills.csv"));
    let closed = trades.lines().find(|row| row.starts_with("TST,")).unwrap();
    assert!(closed.contains(",2024-01-09,60,0,0,delisted,"), "{closed}");
    assert!(orders.lines().any(|row| row.contains("filled") && row.contains(",delisted,")), "{orders}");
    assert!(fills.lines().any(|row| row.contains(",2024-01-09,TST,sell,")), "{fills}");
    let page = fs::read_to_string(folder.path().join("closed/report.html")).unwrap();
    assert!(!page.contains("add the row TST"));
}
