//! A share that changes its name: one series, one position, one look-back.
use std::fs;

use super::cli_binary::{done, fails};
use super::micro::Outcome;
use super::{FLAT, flat_then, play, try_play};

const WRONG: &str = "5 6 4 5";

fn script(symbol: &str) -> Vec<String> {
    vec![
        format!("0 submit,E0,{symbol},buy,90,market,,,,,gtc,oto,,25"),
        format!("6 submit,X0,{symbol},sell,max,market,,,,,gtc,,,"),
    ]
}

/// FB until 01-05, META from 01-08; each file also has bars of days on which the name was another's.
fn renamed(name: &str, actions: &str) -> Result<Outcome, String> {
    let fb = flat_then(4, &[WRONG; 4]);
    let meta = [&[WRONG; 4][..], &[FLAT, "30 31 29 30", "30 31 29 30", "32 33 31 32"]].concat();
    let script = script(name);
    let script: Vec<&str> = script.iter().map(String::as_str).collect();
    try_play(&[("FB", &fb), ("META", &meta)], &script, actions, &[&format!("data.symbols=[\"{name}\"]")])
}

#[test]
fn either_name_means_the_whole_share() {
    let actions = "FB,2024-01-08,rename,META\nMETA,2024-01-09,split,2\nFB,2024-01-04,dividend,1";
    let outcome = renamed("FB", actions).unwrap();
    assert_eq!(outcome.fills, ["E0 2024-01-03 buy 90 @ 60", "X0 2024-01-11 sell 180 @ 32"]);
    assert_eq!(outcome.orders, ["E0 filled", "E0.stop canceled", "X0 filled"]);
    assert_eq!(outcome.cash, "100450"); // − 5,400 + 90 + 5,760
    let files: Vec<&str> = outcome.files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(files.contains(&"FB.csv") && files.contains(&"META.csv"), "{files:?}");
    assert_eq!(renamed("META", actions).unwrap(), outcome);
}

/// NationsBank had become BankAmerica's BAC: three files, the oldest name last in the list.
#[test]
fn a_chain_of_names_is_one_series() {
    let (one, two, three) = ([FLAT, FLAT], [WRONG, WRONG, FLAT, FLAT], flat_then(4, &["66 67 65 66"; 4]));
    let series: [(&str, &[&str]); 3] = [("BAC", &three), ("NB", &two), ("NCNB", &one)];
    let actions = "NB,2024-01-08,rename,BAC\nNCNB,2024-01-04,rename,NB";
    for name in ["BAC", "NB", "NCNB"] {
        let script = script(name);
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let outcome = play(&series, &script, actions, &[&format!("data.symbols=[\"{name}\"]")]);
        assert_eq!(outcome.fills, ["E0 2024-01-03 buy 90 @ 60", "X0 2024-01-11 sell 90 @ 66"]);
        assert_eq!(outcome.equity.len(), 8);
        assert_eq!(outcome.files.len(), 5); // three of bars, the actions, the script
    }
    // A run inside the days of one name needs no other file, even if it is not there.
    let meta = flat_then(4, &[FLAT; 4]);
    let set = ["data.symbols=[\"META\"]", "data.start=2024-01-08"];
    let outcome = play(&[("META", &meta)], &[], "FB,2024-01-08,rename,META", &set);
    assert_eq!((outcome.equity.len(), outcome.files.len()), (4, 3));
}

#[test]
fn a_delisting_under_the_last_name_ends_the_share() {
    let meta = flat_then(4, &[FLAT]);
    let script = script("FB");
    let actions = "FB,2024-01-05,rename,META\nMETA,2024-01-09,delisting,70";
    let outcome = play(&[("FB", &[FLAT; 4]), ("META", &meta)], &[&script[0]], actions, &["data.symbols=[\"FB\"]"]);
    assert_eq!(outcome.fills[1], "delisted.FB 2024-01-09 sell 90 @ 70");
}

#[test]
fn what_does_not_fit_is_refused_by_row() {
    let error = try_play(&[("FB", &[FLAT; 8])], &[], "FB,2024-01-08,rename,META", &[]).unwrap_err();
    assert!(error.contains("META.csv") && error.contains("there is no such file"), "{error}");
    assert!(error.contains("line 2 of actions.csv, `FB rename to META on 2024-01-08`, asks for it"), "{error}");
    let both: [(&str, &[&str]); 2] = [("FB", &[FLAT; 8]), ("META", &[FLAT; 8])];
    let error = try_play(&both, &[], "FB,2024-01-08,rename,META", &[]).unwrap_err();
    assert!(error.contains("FB and META are two names of one share"), "{error}");
    assert!(error.contains("the corporate actions say so in line 2"), "{error}");
    let error = renamed("FB", "FB,2024-01-08,rename,META\nFB,2024-01-09,rename,MVRS").unwrap_err();
    assert!(
        error.contains("actions.csv:3: rename of FB on 2024-01-09, but no share has that name any more"),
        "{error}"
    );
    let error = renamed("FB", "FB,2024-01-08,rename,meta").unwrap_err();
    assert!(error.contains("actions.csv:2: `meta` is not a symbol"), "{error}");
}

/// A row under a name that the share did not have that day is not counted, and the run says so.
#[test]
fn a_row_of_another_share_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let header = "timestamp,open,high,low,close,volume\n";
    put("FB.csv", &format!("{header}{}\n", super::bars(&[FLAT; 4])));
    put("META.csv", &format!("{header}{}\n", super::bars(&flat_then(4, &[FLAT; 4]))));
    put("actions.csv", "symbol,ex_date,kind,ratio_or_amount\nFB,2024-01-08,rename,META\nMETA,2024-01-04,dividend,1\n");
    put("run.toml", &super::lookback::scenario("buy_and_hold", "", "\"FB\"", "actions.csv", ""));
    let error = fails(folder.path(), 2, &["backtest", "run.toml", "--out", "run", "--strict"]);
    let wanted = "actions.csv:3: META dividend of $1 on 2024-01-04 is not counted: on that day the share was called FB";
    assert!(error.contains(wanted), "{error}");
    // Without --strict it runs, and its report can be made anew from both files.
    done(folder.path(), &["backtest", "run.toml", "--out", "run"]);
    let record = fs::read_to_string(folder.path().join("run/run.json")).unwrap();
    assert!(["\"FB.csv\"", "\"META.csv\"", "\"actions.csv\""].iter().all(|file| record.contains(file)), "{record}");
    fs::remove_file(folder.path().join("run/report.html")).unwrap();
    done(folder.path(), &["report", "run"]);
    let page = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("is not counted: on that day the share was called FB"));
}
