//! Records as evidence: what counts, and what no longer does.
use super::testing::{NOW, World, env_with};
use super::*;
use crate::execution::alpaca::{ApiKeys, LiveAuthorization, MissingEvidence, PREFLIGHT_AGE_MAX_NS};

const ACCOUNT: &str = "987654321";

/// A world with a passed preflight for live trading of `account`.
fn passed(account: &str) -> World {
    let mut world = World::new();
    world.env = Ok(env_with(world.folder.path(), "ALPACA_PAPER=false\nLIVE_MAX_CAPITAL=5000\n"));
    let items = vec![Item::holds("keys", "fine")];
    let examined = Examined { mode: "live", at: NOW, account: Some(account.to_owned()), items };
    write_record(&world.state(), &examined, &world.scenarios).expect("written");
    world
}

/// What is missing for live trading in `world`, but for the account, which no test can ask.
fn missing(world: &World, account: Option<&str>, now: Timestamp) -> Vec<String> {
    let request = LiveRequest {
        mode: "live",
        env: world.env.as_ref().expect("env"),
        state: &world.state(),
        reports: &world.reports(),
        scenarios: &world.scenarios,
        now,
    };
    let records = LiveRecords::read(&request, account);
    let evidence = evidence(&request, &records, Err("not asked".to_owned()), Some(ACCOUNT));
    let refusal = LiveAuthorization::request(evidence).expect_err("no live account was asked");
    let is_other =
        |missing: &&MissingEvidence| !matches!(missing, MissingEvidence::Account { .. } | MissingEvidence::Build);
    refusal.missing.iter().filter(is_other).map(ToString::to_string).collect()
}

#[test]
fn a_passed_preflight_lacks_nothing_but_the_account() {
    let mut world = passed(ACCOUNT);
    assert_eq!(missing(&world, Some(ACCOUNT), NOW), Vec::<String>::new());
    assert_eq!(missing(&world, Some(ACCOUNT), NOW.plus_ns(PREFLIGHT_AGE_MAX_NS)), Vec::<String>::new());
    // Two scenarios are traded with one permission, if both were looked at and rehearsed.
    world.add("two");
    world.env = Ok(env_with(world.folder.path(), "ALPACA_PAPER=false\nLIVE_MAX_CAPITAL=10000\n"));
    let examined =
        Examined { mode: "live", at: NOW, account: Some(ACCOUNT.to_owned()), items: vec![Item::holds("keys", "")] };
    write_record(&world.state(), &examined, &world.scenarios).expect("written");
    assert_eq!(missing(&world, Some(ACCOUNT), NOW), Vec::<String>::new());
    world.scenarios.truncate(1);
    assert_eq!(missing(&world, Some(ACCOUNT), NOW), Vec::<String>::new(), "one of those that were looked at");
}

#[test]
fn a_record_counts_only_for_what_it_was_made_for() {
    type Break = fn(&mut World);
    let breaks: [(Break, &str); 8] = [
        (|w| std::fs::remove_file(w.state().join(PREFLIGHT_FILE)).expect("remove"), "there is no preflight"),
        (|w| std::fs::write(w.state().join(PREFLIGHT_FILE), "{\"live\": {}}").expect("write"), "there is no preflight"),
        (
            |w| {
                let items = vec![Item::fails("keys", "no")];
                let examined = Examined { mode: "live", at: NOW, account: Some(ACCOUNT.to_owned()), items };
                write_record(&w.state(), &examined, &w.scenarios).expect("written");
            },
            "the last preflight did not pass",
        ),
        (
            |w| {
                // What passes on paper is no evidence for money, and does not replace it either.
                let live = recorded(&w.state(), "live").expect("read").expect("there is one");
                let items = vec![Item::holds("keys", "")];
                let examined = Examined { mode: "paper", at: NOW, account: None, items };
                write_record(&w.state(), &examined, &w.scenarios).expect("written");
                assert_eq!(recorded(&w.state(), "live").expect("read"), Some(live));
                let path = w.state().join(PREFLIGHT_FILE);
                let text = std::fs::read_to_string(&path).expect("read").replace("\"live\"", "\"other\"");
                std::fs::write(&path, text).expect("write");
            },
            "there is no preflight",
        ),
        (
            |w| {
                let path = w.state().join(PREFLIGHT_FILE);
                let text = std::fs::read_to_string(&path).expect("read");
                std::fs::write(&path, text.replace(super::record::PROGRAM, "alphaflow 0.0.1")).expect("write");
            },
            "of another version",
        ),
        (
            |w| {
                w.set(0, &["stop.value=0.04"]);
                w.prove(0);
            },
            "of other scenarios, or they have changed since",
        ),
        (
            |w| w.env = Ok(env_with(w.folder.path(), "ALPACA_PAPER=false\nLIVE_MAX_CAPITAL=4999.99\n")),
            "cash is more than LIVE_MAX_CAPITAL",
        ),
        (
            |w| w.env = Ok(env_with(w.folder.path(), "ALPACA_PAPER=false\nLIVE_MAX_CAPITAL=lots\n")),
            "LIVE_MAX_CAPITAL is not set",
        ),
    ];
    for (broken, text) in breaks {
        let mut world = passed(ACCOUNT);
        broken(&mut world);
        let missing = missing(&world, Some(ACCOUNT), NOW);
        assert!(missing.len() == 1 && missing[0].contains(text), "{text}: {missing:?}");
    }
    let stale = missing(&passed(ACCOUNT), Some(ACCOUNT), NOW.plus_ns(PREFLIGHT_AGE_MAX_NS + 1));
    assert!(stale.len() == 1 && stale[0].contains("older than 24 hours"), "{stale:?}");
    let other = missing(&passed("123456789"), Some(ACCOUNT), NOW);
    assert!(other.len() == 1 && other[0].contains("of another account"), "{other:?}");
}

#[test]
fn every_scenario_needs_its_own_parity_report() {
    let mut world = passed(ACCOUNT);
    let whole = |world: &World| missing(world, Some(ACCOUNT), NOW).join("\n");
    world.add("two");
    std::fs::remove_dir_all(world.reports().join("two_rehearsal")).expect("remove");
    assert!(whole(&world).contains("there is no parity report"), "{}", whole(&world));
    world.prove(1);
    world.set(1, &["stop.value=0.04"]);
    assert!(whole(&world).contains("changed since its parity report"), "{}", whole(&world));
    world.scenarios.clear();
    assert!(whole(&world).contains("changed since its parity report"), "nothing to trade is nothing to permit");
}

#[tokio::test]
async fn keys_of_a_paper_account_are_never_authorized() {
    let world = passed(ACCOUNT);
    let request = LiveRequest {
        mode: "live",
        env: world.env.as_ref().expect("env"),
        state: &world.state(),
        reports: &world.reports(),
        scenarios: &world.scenarios,
        now: NOW,
    };
    let keys = ApiKeys::new("PKABCDEFGHIJKLMNOPQR".to_owned(), "secret".to_owned()).expect("keys");
    let refusal = authorize(&request, &keys, Some(ACCOUNT)).await.expect_err("paper keys");
    let reason = refusal.missing.iter().find(|missing| matches!(missing, MissingEvidence::Account { .. }));
    let words = if cfg!(feature = "live") { "keys of a paper account" } else { "built without live trading" };
    assert!(reason.expect("the account").to_string().contains(words), "{refusal}");
    // The rest of the evidence is whole.
    assert_eq!(refusal.missing.len(), 1 + usize::from(cfg!(not(feature = "live"))), "{refusal}");
}

#[test]
fn the_record_holds_no_whole_number() {
    let world = passed(ACCOUNT);
    let text = std::fs::read_to_string(world.state().join(PREFLIGHT_FILE)).expect("read");
    assert!(text.contains("4321") && !text.contains(ACCOUNT), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(world.state().join(PREFLIGHT_FILE)).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
