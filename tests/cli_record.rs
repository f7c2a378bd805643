//! What a session leaves behind, as commands say it: trades and events tell the same numbers, and the journal makes its
//! sessions again.
#![allow(clippy::unwrap_used)]
mod cli_binary;

use std::path::Path;

use alphaflow::live::journal::{Durability, Journal, JournalReader, Row};
use cli_binary::{alphaflow, copy_of_repository, done, fails};
use serde_json::Value;
use tempfile::TempDir;

const JOURNAL: &str = "state/rehearsal/journal.db";

/// A rehearsal of some days that has ended.
fn traded(scenario: &str, end: &str) -> TempDir {
    let copy = copy_of_repository();
    done(copy.path(), &["trade", scenario, "--speed", "max", "--set", &format!("data.end={end}")]);
    copy
}

fn listed(folder: &Path, kind: &str) -> Vec<Value> {
    let object: Value = serde_json::from_str(&done(folder, &["history", "--kind", kind, "--format", "json"])).unwrap();
    object[kind].as_array().unwrap().clone()
}

/// `-1234.567` as the history has it in sentences: `-$1,234.57`.
fn in_a_sentence(pnl: &str) -> String {
    let cents = format!("{:.2}", pnl.parse::<f64>().unwrap().abs());
    let (whole, cents) = cents.split_once('.').unwrap();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}${grouped}.{cents}", if pnl.starts_with('-') { "-" } else { "+" })
}

/// What an order has filled is never more than it was for, and all of it where it is filled.
fn no_order_fills_more_than_it_was_for(orders: &[Value]) {
    let shares = |order: &Value, key: &str| order[key].as_str().unwrap().parse::<f64>().unwrap();
    assert!(orders.len() > 10, "{}", orders.len());
    for order in orders {
        assert!(shares(order, "filled_qty") <= shares(order, "qty"), "{order}");
        if order["status"] == "filled" {
            assert_eq!(order["filled_qty"], order["qty"], "{order}");
        }
    }
}

/// The row of the exit's event follows that of the fill.
#[test]
fn an_exit_is_told_with_the_profit_that_history_has() {
    let copy = traded("scenarios/intraday_minutes.toml", "2024-01-05");
    let (trades, events) = (listed(copy.path(), "trades"), listed(copy.path(), "events"));
    let ended: Vec<&Value> = trades.iter().filter(|trade| !trade["exit_row"].is_null()).collect();
    assert!(ended.len() > 5, "{}", ended.len());
    let fills = listed(copy.path(), "fills");
    no_order_fills_more_than_it_was_for(&listed(copy.path(), "orders"));
    let mut exits_at_once = 0;
    for trade in ended {
        // A trade that left in parts is told in parts.
        let (entry, exit) = (trade["entry_row"].as_u64().unwrap(), trade["exit_row"].as_u64().unwrap());
        let is_exit = |fill: &&Value| fill["purpose"] != "entry" && fill["row"].as_u64() > Some(entry);
        let parts = fills.iter().filter(is_exit).filter(|fill| fill["row"].as_u64() <= Some(exit)).count();
        if parts > 1 {
            continue;
        }
        exits_at_once += 1;
        let told = events.iter().find(|event| {
            let kind = event["kind"].as_str().unwrap();
            event["row"].as_u64().unwrap() > exit && (kind == "fill" || kind == "stop" || kind == "take_profit")
        });
        let (text, pnl) = (told.unwrap()["text"].as_str().unwrap(), trade["pnl"].as_str().unwrap());
        assert!(text.contains(&format!(", {}", in_a_sentence(pnl))), "{text}: {pnl}");
    }
    assert!(exits_at_once > 3, "{exits_at_once}");
    // The day's table ties: what was closed and what is open make the day.
    let days: Vec<&str> = events
        .iter()
        .filter(|event| event["kind"] == "daily_summary")
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert!(days.len() >= 3, "{events:?}");
    for day in days {
        let (sentence, table) = day.split_once('\n').unwrap();
        let cents = |text: &str| -> i64 {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let size: i64 = digits.parse().unwrap();
            if text.starts_with('-') { -size } else { size }
        };
        let today = cents(sentence.split(": ").nth(1).unwrap().split(' ').next().unwrap());
        let rows = table.lines().skip(2).filter(|row| !row.starts_with("Refused") && !row.starts_with("Halt"));
        let sum: i64 = rows.map(|row| cents(row.rsplit(' ').next().unwrap())).sum();
        assert_eq!(sum, today, "{day}");
    }
}

/// Each traded the same on an account of its own: the history is of the last, and of both where that is asked for.
fn the_accounts_of_two_rehearsals_are_not_added_up(at: &Path) {
    for kind in ["trades", "fills", "orders"] {
        let last = listed(at, kind);
        let both = done(at, &["history", "--kind", kind, "--all-accounts", "--format", "json"]);
        let both: Value = serde_json::from_str(&both).unwrap();
        assert_eq!((last.is_empty(), both[kind].as_array().unwrap().len()), (false, 2 * last.len()), "{kind}");
    }
    let months = done(at, &["history", "--by", "month"]);
    let first = months.lines().next().unwrap();
    assert!(
        first.starts_with("Of the account that began at 20") && first.ends_with("Z; --all-accounts adds 1 other."),
        "{months}"
    );
    assert!(done(at, &["history", "--all-accounts"]).starts_with("left (UTC)"));
    let named = done(at, &["history", "--strategy", "intraday_minutes"]);
    assert!(named.starts_with("Of the account that began at "), "{named}");
    assert_eq!(
        done(at, &["history", "--by", "month", "--since", "2030-01-01"]).lines().last(),
        Some("No trades that have ended match; leave out a filter.")
    );
    let error = fails(at, 2, &["history", "--journal", "nope.db"]);
    assert!(
        error.starts_with("error --journal nope.db: there is no journal; ") && !error.contains("--mode"),
        "{error}"
    );
}

/// The journal with every row passed through `change`, chained anew: its audit holds, whatever was changed.
fn rewritten(folder: &Path, name: &str, mut change: impl FnMut(&mut Row)) -> String {
    let path = format!("{name}/journal.db");
    let mut copy = Journal::open(&folder.join(&path)).unwrap();
    let mut rows = Vec::new();
    let journal = JournalReader::open(&folder.join(JOURNAL)).unwrap();
    journal
        .read(1, |_, mut row| {
            change(&mut row);
            rows.push(row);
            Ok(())
        })
        .unwrap();
    copy.append(&rows, Durability::Flushed).unwrap();
    path
}

#[test]
fn a_journal_makes_its_sessions_again_and_a_made_up_one_does_not() {
    let copy = traded("scenarios/intraday_minutes.toml", "2024-01-03");
    let at = copy.path();
    let again = ["trade", "scenarios/intraday_minutes.toml", "--speed", "max", "--set", "data.end=2024-01-03"];
    let last = done(at, &again);
    let fingerprint = last.trim_end().rsplit(' ').next().unwrap().to_owned();
    the_accounts_of_two_rehearsals_are_not_added_up(at);
    let out = done(at, &["audit", "replay"]);
    assert!(out.starts_with("The journal state/rehearsal/journal.db holds.\n"), "{out}");
    let sessions: Vec<&str> = out.lines().skip(1).collect();
    assert_eq!(sessions.len(), 2, "{out}");
    for (number, line) in (1..).zip(sessions) {
        assert!(line.starts_with(&format!("intraday_minutes, session {number}, rows ")), "{line}");
        assert!(line.contains(": the same to the byte; ") && line.ends_with(&format!("{fingerprint}.")), "{line}");
    }
    let object: Value = serde_json::from_str(&done(at, &["audit", "replay", "--format", "json"])).unwrap();
    assert_eq!((object["holds"].as_bool(), object["sessions"][1]["outcome"].as_str()), (Some(true), Some("same")));
    let unknown = fails(at, 2, &["audit", "replay", "--strategy", "intradya"]);
    assert!(unknown.contains("--strategy intradya") && unknown.contains("it has `intraday_minutes`"), "{unknown}");

    // Somebody who can write the file chains rows of his own: only what follows from them tells.
    let closes = |row: &mut Row| {
        if row.body["input"] == "bars" && row.body["warm_up"] == false {
            let low = row.body["bars"][0]["low"].clone();
            row.body["bars"][0]["close"] = low;
        }
    };
    let forged = rewritten(at, "forged", closes);
    assert!(done(at, &["audit", "verify", "--journal", &forged]).contains("holds."));
    let call = alphaflow(at, &["audit", "replay", "--journal", &forged]);
    assert_eq!(call.code, Some(3), "{}{}", call.out, call.err);
    assert!(call.out.contains("! intraday_minutes, session 1, ") && call.out.contains("another session comes out"));
    assert!(call.err.contains("another session comes out of 2 sessions"), "{}", call.err);

    // What another version wrote may come out the same; where it does not, nobody is accused.
    let old = |row: &mut Row| {
        if row.body["session"] == "began" {
            row.body["version"] = "0.0.1".into();
        }
    };
    let earlier = rewritten(at, "earlier", old);
    assert!(done(at, &["audit", "replay", "--journal", &earlier]).contains("the same to the byte"));
    let other = rewritten(at, "other", |row| {
        old(row);
        closes(row);
    });
    let call = alphaflow(at, &["audit", "replay", "--journal", &other]);
    assert_eq!(call.code, Some(3), "{}", call.err);
    assert!(call.out.contains("it cannot be made again: version 0.0.1 wrote it"), "{}", call.out);
    assert!(call.err.contains("2 sessions cannot be made again"), "{}", call.err);
}

#[test]
fn a_changed_row_and_a_script_are_not_proved() {
    let copy = traded("scenarios/order_script_aapl.toml", "2010-03-31");
    let at = copy.path();
    let call = alphaflow(at, &["audit", "replay"]);
    assert_eq!(call.code, Some(3), "{}", call.err);
    assert!(call.out.contains("it sends the orders of a file, which no journal holds"), "{}", call.out);
    let journal = rusqlite::Connection::open(at.join(JOURNAL)).unwrap();
    journal.execute_batch("DROP TRIGGER journal_update; UPDATE journal SET time = time + 1 WHERE row = 4").unwrap();
    let call = alphaflow(at, &["audit", "replay"]);
    assert_eq!(call.code, Some(3), "{}", call.err);
    assert!(call.out.contains("does not hold; `alphaflow audit verify` says where"), "{}", call.out);
    assert!(call.err.contains("keep a copy as it is"), "{}", call.err);
}
