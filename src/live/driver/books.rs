//! The books of the journal beside the scenarios that are to trade now: which goes on, which is another one, which is left
//! out.
//!
//! Not here: how a book begins and goes on (seat).
//! Invariant: what is refused here is refused before a row is written and before anything is sent.
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{DriverError, Prepared};
use crate::domain::Timestamp;
use crate::live::AccountMark;
use crate::live::journal::Journal;
use crate::live::session::{Machine, Past, PastReader, Terms};
use crate::risk::{Halt, HaltCause};
use crate::scenario::{LoadedScenario, Style, effective_toml, parse};

/// Keys that an error or an event names; the rest is counted.
const KEYS_MAX: usize = 8;

/// The sessions of the journal, which must hold.
pub(super) fn read_pasts(journal: &Mutex<Journal>) -> Result<PastReader, DriverError> {
    let mut pasts = PastReader::default();
    let journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    let mut strange = None;
    let read = journal.read_whole(|row| strange = strange.take().or(pasts.take(row).err()));
    read.map_err(|error| DriverError::Venue(error.to_string()))?;
    strange.map_or(Ok(pasts), |error| Err(error.into()))
}

/// Orders and shares of a book are on the account that it was begun on, and on no other.
pub(super) fn refuse_another_account(of: Option<&AccountMark>, keys: &str, folder: &Path) -> Result<(), DriverError> {
    let keys = AccountMark::of(keys);
    match of {
        Some(of) if *of != keys => Err(DriverError::Venue(format!(
            "{}: this journal belongs to the account that ends in {}, and the keys are those of one that ends in {}; a paper \
             account that was reset is another one. Trade this account with another --state folder, or put the keys of the \
             journal's account back",
            folder.display(),
            of.tail,
            keys.tail
        ))),
        _ => Ok(()),
    }
}

/// What becomes of a scenario.
pub(super) enum Course {
    /// The book that it has goes on.
    GoesOn {
        /// The scenario with the limits that the book began with.
        then: Box<Prepared>,
    },
    /// A book begins.
    Begins {
        /// By what the scenario differs from that of the book before, if there was one.
        instead: Option<String>,
    },
}

/// A scenario as its book began with it.
pub(super) fn as_it_began(past: &Past, path: &Path) -> Result<Prepared, DriverError> {
    let loaded = parse(path, &past.began.scenario, &[]);
    let loaded = loaded.map_err(|error| DriverError::Venue(error.render(&Style::PLAIN)))?;
    Ok(Prepared { loaded, effective: past.began.scenario.clone(), actions: Vec::new() })
}

/// What a book was begun with and what is to trade now, as far as it says which book that is: the limits that `.env` may
/// cap are no part of it, and may change while it goes on.
fn compared(then: &LoadedScenario, now: &LoadedScenario) -> (String, String) {
    let mut spec = then.spec.clone();
    spec.risk.max_daily_loss = now.spec.risk.max_daily_loss;
    spec.risk.max_position_size = now.spec.risk.max_position_size;
    spec.risk.max_portfolio_heat = now.spec.risk.max_portfolio_heat;
    (effective_toml(&spec), effective_toml(&now.spec))
}

/// Does the book of `then` go on with `now`?
pub(super) fn is_same_book(then: &LoadedScenario, now: &LoadedScenario) -> bool {
    let (then, now) = compared(then, now);
    then == now
}

/// By which keys a scenario is that of another book, in words.
pub(super) fn changes(then: &LoadedScenario, now: &LoadedScenario) -> String {
    let (then, now) = compared(then, now);
    let (then, now) = (keys(&then), keys(&now));
    let value = |of: &[(String, String)], key: &str| {
        of.iter().find(|(other, _)| other == key).map_or("unset".to_owned(), |(_, value)| value.clone())
    };
    let lacks = |key: &String| now.iter().all(|(other, _)| other != key);
    let all = now.iter().map(|(key, _)| key).chain(then.iter().map(|(key, _)| key).filter(|key| lacks(key)));
    let mut told = Vec::new();
    for key in all {
        let (was, is) = (value(&then, key), value(&now, key));
        if was != is {
            told.push(format!("{key} was {was} and is {is}"));
        }
    }
    let more = told.len().saturating_sub(KEYS_MAX);
    told.truncate(KEYS_MAX);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
}

/// Each key with its section, and its value as it is written.
fn keys(effective: &str) -> Vec<(String, String)> {
    let mut section = "";
    let mut all = Vec::new();
    for line in effective.lines() {
        if let Some(title) = line.strip_prefix('[') {
            section = title.trim_end_matches(']');
        } else if let Some((key, value)) = line.split_once(" = ") {
            all.push((format!("{section}.{key}"), value.to_owned()));
        }
    }
    all
}

/// A book may be replaced only while nothing of it is open, since its orders mean what the old text said, and while no
/// limit halts it, since the new one would trade on at once. `machine`: the book as it stands.
pub(super) fn refuse_to_replace(
    machine: &dyn Machine,
    terms: &Terms,
    changes: &str,
    now: Timestamp,
) -> Result<(), DriverError> {
    let name = &terms.name;
    if let Some((halt, next_open)) = standing_halt(machine, terms, now) {
        let next = match next_open {
            Some(open) => format!("start it as it was, or start it changed after the session of {open} has opened"),
            None => "start it as it was, resume it with a reason on its page, end it, and change it then".to_owned(),
        };
        return Err(DriverError::Venue(format!(
            "{name}: {halt}. The scenario was changed since ({changes}), and another book would trade on without that halt; \
             {next}"
        )));
    }
    let is_held = machine.portfolio().positions().iter().any(|position| !position.quantity().is_zero());
    if is_held || !machine.gate().open().is_empty() {
        return Err(DriverError::Venue(format!(
            "{name}: the scenario was changed ({changes}) while a position or an order of its book is open; start it as it was \
             and flatten it first"
        )));
    }
    Ok(())
}

/// The halt of the book that still stands at `now`; with it the open that lifts a daily loss. The kill switch has a record
/// of its own.
fn standing_halt<'a>(machine: &'a dyn Machine, terms: &Terms, now: Timestamp) -> Option<(&'a Halt, Option<Timestamp>)> {
    let halts = machine.gate().watch().halts();
    let next_open = || terms.calendar.next_session(halts.session()).map(|session| session.open);
    halts.iter().find_map(|halt| match halt.cause {
        HaltCause::KillSwitch => None,
        HaltCause::DailyLoss => next_open().filter(|open| *open > now).map(|open| (halt, Some(open))),
        HaltCause::Drawdown | HaltCause::Manual => Some((halt, None)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::live::journal::{RawRow, RowKind};

    fn account_of(bodies: &[Value]) -> Option<AccountMark> {
        let mut pasts = PastReader::default();
        for (number, body) in (1..).zip(bodies) {
            let (time, body) = (Timestamp::MIN, body.to_string());
            let row = RawRow { number, time, wall: time, strategy: Some("a"), kind: RowKind::Session, body: &body };
            pasts.take(row).expect("a row of a session");
        }
        pasts.account().cloned()
    }

    /// Rows of earlier versions say no account; the first restart of this one does.
    #[test]
    fn a_journal_belongs_to_the_account_that_its_rows_say() {
        let began = json!({ "session": "began", "number": 1, "name": "a_1", "mode": "paper", "version": "0", "scenario": "",
                            "pace": 1, "venue_cash": null, "started_at": Timestamp::MIN });
        let with_account = |mut body: Value| {
            body["account"] = json!(AccountMark::of("PA1234"));
            body
        };
        let went_on = json!({ "session": "went_on", "version": "0" });
        assert_eq!(account_of(&[began.clone(), went_on.clone()]), None);
        let own = Some(AccountMark::of("PA1234"));
        assert_eq!(account_of(&[began.clone(), with_account(went_on.clone())]), own);
        assert_eq!(account_of(&[with_account(began.clone()), went_on, began]), own);

        let refused = |of: Option<&AccountMark>, keys| refuse_another_account(of, keys, Path::new("state/paper"));
        assert!(refused(None, "PA1234").is_ok() && refused(own.as_ref(), "PA1234").is_ok());
        let error = refused(own.as_ref(), "PB1234").expect_err("another account").to_string();
        assert!(error.starts_with("state/paper: this journal belongs to the account that ends in 1234"), "{error}");
        let kept = json!(own).to_string();
        assert!(!kept.contains("PA1234") && kept.contains("\"1234\""), "{kept}");
    }
}
