//! What drawn scenarios (`realism_laws`) brought to light, each as a case by hand.
#![allow(clippy::unwrap_used)]
mod micro;

use micro::{Micro, Outcome, run_micro};

const DAYS: [&str; 6] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"];

/// `60 61 59 60 1000` a day; nothing where a day is empty.
fn bars(days: &[&str]) -> String {
    let row = |(day, bar): (&&str, &&str)| {
        (!bar.is_empty()).then(|| format!("{day},{}", bar.split(' ').collect::<Vec<_>>().join(",")))
    };
    DAYS.iter().zip(days).filter_map(row).collect::<Vec<_>>().join("\n")
}

const FLAT: &str = "60 61 59 60 1000000";

fn play(bars: &[(&str, String)], script: &str, actions: &str, set: &[&str]) -> Outcome {
    let set = set.iter().map(ToString::to_string).collect();
    run_micro(&Micro { bars, script: script.to_owned(), actions, set, ..Micro::default() }).unwrap()
}

/// What a delisting pays for is not sold on a market: no fee, in the fill and in the sums by kind.
#[test]
fn a_delisting_owes_no_regulator() {
    let script = "2024-01-02,submit,E0,AAA,buy,100,market,,,,,gtc,,,";
    let actions = "AAA,2024-01-05,delisting,50";
    let set = ["execution.commission.kind=alpaca"];
    let outcome = play(&[("AAA", bars(&[FLAT; 3])), ("BBB", bars(&[FLAT; 6]))], script, actions, &set);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 100 @ 60", "delisted.AAA 2024-01-05 sell 100 @ 50"]);
    assert_eq!((outcome.metrics["sec_fee"].as_f64(), outcome.metrics["taf_fee"].as_f64()), (Some(0.0), Some(0.0)));
}

/// A night's interest belongs to trades to its last part: what a division leaves over, too.
#[test]
fn interest_is_carried_by_trades_whole() {
    let script =
        "2024-01-02,submit,E0,BBB,buy,1000,market,,,,,gtc,,,\n2024-01-02,submit,E1,CCC,buy,1700,market,,,,,gtc,,,";
    let set =
        ["account.leverage=2", "account.allow_short=false", "account.margin_rate=0.07", "risk.max_position_size=2"];
    let series = ["AAA", "BBB", "CCC"].map(|symbol| (symbol, bars(&[FLAT; 6])));
    let outcome = play(&series, script, "", &set);
    assert_eq!(outcome.fills.len(), 2);
    let units = |text: &String| text.parse::<alphaflow::domain::Money>().unwrap();
    let made: alphaflow::domain::Money = outcome.pnl.iter().map(units).sum();
    let equity = units(&outcome.equity.last().unwrap().1);
    assert!(equity < "100000".parse().unwrap(), "interest was paid");
    assert_eq!("100000".parse::<alphaflow::domain::Money>().unwrap() + made, equity);
}

/// AAA has no bar on 01-03, so what was for that session's open, or for its first moment, has missed it.
#[test]
fn an_order_of_a_moment_ends_with_its_session() {
    for force in ["opg", "ioc", "fok", "day", "cls"] {
        let script = format!("2024-01-02,submit,E0,AAA,buy,100,limit,70,,,,{force},,,");
        let set = ["execution.venue_rules=none"];
        let series = [("AAA", bars(&[FLAT, "", FLAT, FLAT])), ("BBB", bars(&[FLAT; 4]))];
        let outcome = play(&series, &script, "", &set);
        assert!(outcome.fills.is_empty(), "{force}: {:?}", outcome.fills);
        let status = if force == "day" { "E0 expired" } else { "E0 canceled" };
        assert_eq!(outcome.orders, [status], "{force}");
    }
}

/// On 01-04 the stop is reached and the bar has no share for it: it is a market order for the close of the
/// next bar, and the rest of the entry, which the open of that bar would fill, has ended.
#[test]
fn a_stop_without_shares_ends_its_entry_in_every_class() {
    for (class, target) in [("oto", ""), ("bracket", "70")] {
        let script = format!("2024-01-02,submit,E0,AAA,buy,100,limit,60,,,,gtc,{class},{target},57");
        let set = ["execution.participation=0.1", "execution.market_fill=next_close"];
        let days = [FLAT, "60 61 59 60 300", "59 59 56 57 5", "58 59 57 58 10000", FLAT];
        let outcome = play(&[("AAA", bars(&days))], &script, "", &set);
        assert_eq!(outcome.fills, ["E0 2024-01-03 buy 30 @ 60", "E0.stop 2024-01-05 sell 30 @ 58"], "{class}");
    }
}

/// Quotes of a share are in the file of the name that it had.
#[test]
fn quotes_follow_a_rename() {
    let quotes = |spread: &str| {
        let row = |day: &&str| format!("{day},60,{spread},60,{spread}");
        let rows = DAYS.iter().map(row).collect::<Vec<_>>().join("\n");
        format!("timestamp,bid_open,ask_open,bid_close,ask_close\n{rows}\n")
    };
    let files = [("OLD_quotes.csv", quotes("60.10")), ("NEW_quotes.csv", quotes("60.40"))];
    let series = [("NEW", bars(&["", "", "", FLAT, FLAT, FLAT])), ("OLD", bars(&[FLAT, FLAT, FLAT]))];
    let script = "2024-01-02,submit,E0,NEW,buy,10,market,,,,,gtc,,,\n2024-01-05,submit,E1,NEW,buy,10,market,,,,,gtc,,,";
    let quotes = r#"execution.slippage={ kind = "spread", value = "0.5", quotes = "{symbol}_quotes.csv" }"#;
    let set = vec![quotes.to_owned(), r#"data.symbols=["NEW"]"#.to_owned()];
    let actions = "OLD,2024-01-05,rename,NEW";
    let micro = Micro { bars: &series, script: script.to_owned(), actions, files: &files, set, ..Micro::default() };
    let outcome = run_micro(&micro).unwrap();
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 10 @ 60.05", "E1 2024-01-08 buy 10 @ 60.2"]);
    let read: Vec<&str> = outcome.files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(read.contains(&"OLD_quotes.csv") && read.contains(&"NEW_quotes.csv"), "{read:?}");
}

/// Hours of 01-02 whose second half holds the low: the stop is reached in it, also where the run ends there.
#[test]
fn the_last_bar_of_a_run_is_read_through_all_its_finer_bars() {
    let hours = ["15:00", "16:00", "17:00"].map(|hour| format!("2024-01-02T{hour}:00Z,60,61,55,60,2000"));
    let halves = ["15:00", "15:30", "16:00", "16:30", "17:00", "17:30"].map(|half| match half.ends_with("30") {
        true => format!("2024-01-02T{half}:00Z,60,60,55,60,1000"),
        false => format!("2024-01-02T{half}:00Z,60,61,60,60,1000"),
    });
    let files = [("AAA_half.csv", format!("timestamp,open,high,low,close,volume\n{}\n", halves.join("\n")))];
    let run = |end: &str| {
        let script = "2024-01-02T15:00:00Z,submit,E0,AAA,buy,10,market,,,,,gtc,bracket,61,57".to_owned();
        let set = ["execution.both_touched=finer", "data.finer_path={symbol}_half.csv"].map(str::to_owned);
        let set = set.into_iter().chain((!end.is_empty()).then(|| format!("data.end={end}"))).collect();
        let bars = [("AAA", hours.join("\n"))];
        run_micro(&Micro { bars: &bars, script, files: &files, timeframe: "1h", set, ..Micro::default() }).unwrap()
    };
    let (whole, cut) = (run(""), run("2024-01-02T16:00:00Z"));
    let target = "E0.take_profit 2024-01-02T16:00:00Z sell 10 @ 61";
    assert_eq!(whole.fills, ["E0 2024-01-02T16:00:00Z buy 10 @ 60", target]);
    assert_eq!((cut.fills, cut.unread_bars), (whole.fills, (0, None)));
}

/// One share is sold for $60 less $100 of commission. The $40 are gone at once: until it settles there are
/// 99,260 to spend, not 99,300, and 1,653 shares with their commission need 99,280.
#[test]
fn a_sale_that_costs_more_than_it_brings_lends_nothing() {
    let script = "2024-01-02,submit,E0,AAA,buy,10,market,,,,,gtc,,,\n\
                  2024-01-03,submit,S0,AAA,sell,1,market,,,,,gtc,,,\n\
                  2024-01-04,submit,E1,BBB,buy,1653,market,,,,,gtc,,,";
    let commission = r#"execution.commission={ kind = "per_share", value = "0", min = "100" }"#;
    let set = ["account.allow_short=false", "account.settlement=dated", "account.cash_check=fill", commission];
    let series = ["AAA", "BBB"].map(|symbol| (symbol, bars(&[FLAT; 6])));
    let outcome = play(&series, script, "", &set);
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 10 @ 60 fee 100", "S0 2024-01-04 sell 1 @ 60 fee 100"]);
    assert_eq!(outcome.cash, "99260");
}
