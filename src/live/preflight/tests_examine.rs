//! The checklist over the built-in exchange: nothing missing, and each thing missing by itself.
use serde_json::json;

use super::testing::{NOW, SLACK, World, env_with, not_held};
use super::*;
use crate::exchange::server::Keys;
use crate::risk::{HaltOrder, HaltedBy, LatchFile, Words};

fn known() -> Keys {
    Keys::new("rehearsal".to_owned(), "rehearsal".to_owned())
}

/// What is found in `world` on an exchange of its own.
async fn found(world: &World) -> Examined {
    let server = world.exchange(known(), "[]").await;
    let address = LoopbackAddr::new(server.address()).expect("loopback");
    let examined = world.examine(PreflightMode::Rehearsal(address)).await;
    server.stop().await;
    examined
}

/// What does not hold, but for the port of the dashboard: something may listen there where tests run.
fn but_the_port(examined: &Examined) -> Vec<(&'static str, Verdict, &str)> {
    not_held(examined).into_iter().filter(|(name, _, _)| *name != "bind_address").collect()
}

#[tokio::test]
async fn nothing_is_missing() {
    let examined = found(&World::new()).await;
    assert_eq!(but_the_port(&examined), []);
    assert!(examined.has_passed());
    let number = examined.account.as_deref().expect("the exchange tells its account's number");
    let names: Vec<&str> = examined.items.iter().map(|item| item.item).collect();
    assert_eq!(
        names,
        [
            "env_file",
            "env_ignored",
            "keys",
            "program",
            "kill_switch",
            "disk",
            "time_zone",
            "journal",
            "bind_address",
            "dashboard_token",
            "scenarios",
            "stops",
            "limits",
            "backtest",
            "parity",
            "drill",
            "notifications",
            "account",
            "funds",
            "clock",
            "calendar",
            "assets"
        ]
    );
    assert!(examined.items.iter().all(|item| !item.text.contains(number)), "no text holds the whole number");
}

#[tokio::test]
async fn each_thing_that_is_missing_is_one_item() {
    type Break = fn(&mut World);
    let breaks: [(Break, &str, Verdict, &str); 20] = [
        (
            |w| {
                w.write("state/drill.json", &json!({"at": NOW.plus_ns(-31 * Timestamp::NS_PER_DAY), "version": env!("CARGO_PKG_VERSION"), "passed": true}))
            },
            "drill",
            Verdict::Warns,
            "more than 30 days ago; run `alphaflow drill`",
        ),
        (
            |w| w.write("state/drill.json", &json!({"at": NOW, "version": "0.0.1", "passed": true})),
            "drill",
            Verdict::Warns,
            "was of 0.0.1",
        ),
        (
            |w| w.write("state/drill.json", &json!({"at": NOW, "version": env!("CARGO_PKG_VERSION"), "passed": false})),
            "drill",
            Verdict::Warns,
            "did not pass",
        ),
        (|w| w.env = Ok(env_with(w.folder.path(), "")), "notifications", Verdict::Warns, "no channel is set up"),
        (|w| w.tested(NOW, false), "notifications", Verdict::Warns, "no message arrived over slack"),
        (|w| w.tested(NOW.plus_ns(1), true), "notifications", Verdict::Warns, "from the future"),
        (
            |w| w.env = Ok(env_with(w.folder.path(), &SLACK.replace("hidden", "other"))),
            "notifications",
            Verdict::Warns,
            "the settings have changed since the test",
        ),
        (|w| w.set(0, &["account.cash=4000"]), "backtest", Verdict::Fails, "of another scenario than"),
        (
            |w| {
                w.write("reports/one_rehearsal/parity.json", &json!({"identical": false, "session": {"program": super::record::PROGRAM, "other": "rehearsal", "scenario_sha256": crate::scenario::scenario_sha256(&w.scenarios[0].spec)}}))
            },
            "parity",
            Verdict::Fails,
            "differ; see its parity.html",
        ),
        (
            |w| {
                w.write("reports/one_rehearsal/parity.json", &json!({"identical": true, "session": {"program": super::record::PROGRAM, "other": "recorded session", "scenario_sha256": crate::scenario::scenario_sha256(&w.scenarios[0].spec)}}))
            },
            "parity",
            Verdict::Fails,
            "is of a recorded session, not of a rehearsal; run `alphaflow rehearse",
        ),
        (
            |w| w.env = Ok(env_with(w.folder.path(), "MAX_DRAWDOWN=0.1")),
            "limits",
            Verdict::Fails,
            "MAX_DRAWDOWN is no setting, so it limits nothing; it belongs into the scenario, as risk.max_drawdown",
        ),
        (
            |w| std::fs::remove_dir_all(w.reports().join("one_rehearsal")).expect("remove"),
            "parity",
            Verdict::Fails,
            "there is no parity report",
        ),
        (
            |w| std::fs::write(w.reports().join("one/run.json"), "{").expect("write"),
            "backtest",
            Verdict::Fails,
            "it is not JSON",
        ),
        (
            |w| {
                w.set(0, &["stop.kind=none"]);
                w.prove(0);
            },
            "stops",
            Verdict::Warns,
            "one without [stop]",
        ),
        (
            |w| {
                w.set(0, &["risk.max_daily_loss=0.03"]);
                w.prove(0);
            },
            "limits",
            Verdict::Warns,
            "max_daily_loss 0.03, wider than the checklist's 0.02",
        ),
        (
            |w| {
                w.set(0, &["risk.max_drawdown=1"]);
                w.prove(0);
            },
            "limits",
            Verdict::Warns,
            "can lose everything",
        ),
        (
            |w| {
                w.env = Ok(env_with(w.folder.path(), "MAX_DAILY_LOSS=10000"));
            },
            "limits",
            Verdict::Fails,
            "MAX_DAILY_LOSS is not a fraction",
        ),
        (
            |w| {
                w.env = Ok(env_with(w.folder.path(), "ALPHAFLOW_EXCHANGE_KEY=PKABCDEFGHIJKLMNOPQR"));
            },
            "keys",
            Verdict::Fails,
            "they are keys of a paper account",
        ),
        (
            |w| {
                let order =
                    HaltOrder { at: NOW, by: HaltedBy::Person(Words::fixed("ann")), reason: None, flatten: false };
                LatchFile::new(&w.state()).halt(&order).expect("halt");
            },
            "kill_switch",
            Verdict::Fails,
            "by ann since",
        ),
        (|w| w.scenarios.clear(), "scenarios", Verdict::Warns, "no scenario is named"),
    ];
    for (broken, item, verdict, text) in breaks {
        let mut world = World::new();
        let server = world.exchange(known(), "[]").await;
        let address = LoopbackAddr::new(server.address()).expect("loopback");
        broken(&mut world);
        let examined = world.examine(PreflightMode::Rehearsal(address)).await;
        server.stop().await;
        let all = but_the_port(&examined);
        let own = all.iter().find(|(name, _, _)| *name == item);
        let (_, found, words) = own.unwrap_or_else(|| panic!("{item} holds, but: {all:?}"));
        assert_eq!(*found, verdict, "{item}: {words}");
        assert!(words.contains(text), "{item}: {words}");
        let is_other = |(name, verdict, _): &&(&str, Verdict, &str)| *name != item && *verdict == Verdict::Fails;
        // A changed scenario needs both proofs anew, and without the right keys the venue is not asked.
        let follow: &[&str] = match item {
            "backtest" => &["parity"],
            "keys" => &["account", "clock", "assets"],
            _ => &[],
        };
        let others: Vec<&str> = all.iter().filter(is_other).map(|(name, _, _)| *name).collect();
        assert!(others.iter().all(|name| follow.contains(name)), "{item}: {others:?}");
        assert_eq!(examined.has_passed(), verdict == Verdict::Warns, "{item}");
    }
}

#[tokio::test]
async fn what_is_a_warning_on_paper_fails_with_money() {
    let world = World::new();
    std::fs::remove_file(world.state().join("drill.json")).expect("remove");
    std::fs::remove_file(world.state().join("notify.json")).expect("remove");
    let examined = world.examine(PreflightMode::Live).await;
    let verdict = |name: &str| examined.items.iter().find(|item| item.item == name).map(|item| item.verdict);
    for (name, wanted) in [
        ("drill", Some(Verdict::Fails)),
        ("notifications", Some(Verdict::Fails)),
        // The world's settings are for paper, and it has no keys of a live account.
        ("paper_flag", Some(Verdict::Fails)),
        ("keys", Some(Verdict::Fails)),
        ("capital", Some(Verdict::Fails)),
        ("account", Some(Verdict::Fails)),
        ("first_size", Some(Verdict::Holds)),
        ("money", Some(Verdict::Holds)),
    ] {
        assert_eq!(verdict(name), wanted, "{name}");
    }
    assert_eq!(examined.account, None);
}

#[tokio::test]
async fn without_an_answer_of_a_person_nothing_is_live() {
    let mut world = World::new();
    world.answers = Answers::default();
    let examined = world.examine(PreflightMode::Live).await;
    for question in &QUESTIONS {
        let item = examined.items.iter().find(|item| item.item == question.id).expect("every question is an item");
        assert_eq!(item.verdict, Verdict::Fails);
        assert!(item.text.contains(&format!("--yes {}", question.id)), "{}", item.text);
    }
}

#[tokio::test]
async fn wrong_keys_are_the_venues_to_refuse() {
    let world = World::new();
    let server = world.exchange(Keys::new("mine".to_owned(), "own".to_owned()), "[]").await;
    let address = LoopbackAddr::new(server.address()).expect("loopback");
    let examined = world.examine(PreflightMode::Rehearsal(address)).await;
    server.stop().await;
    let all = but_the_port(&examined);
    assert_eq!(all.iter().map(|(name, _, _)| *name).collect::<Vec<_>>(), ["account", "clock", "assets"]);
    assert!(
        all.iter().all(|(_, verdict, text)| *verdict == Verdict::Fails && text.contains("refuses the keys")),
        "{all:?}"
    );
    assert!(!examined.has_passed() && examined.account.is_none());
}

#[tokio::test]
async fn a_venue_that_does_not_answer_fails_only_what_it_was_asked() {
    let world = World::new();
    let rule =
        |route: &str, kind: &str, more: &str| format!(r#"{{"route": "{route}", "kind": "{kind}", "count": 9{more}}}"#);
    for (route, kind, more, item, text) in [
        ("GET /v2/account", "status", r#", "status": 503"#, "account", "is answered with 503"),
        ("GET /v2/account", "drop_before", "", "account", "has no answer"),
        ("GET /v2/clock", "status", r#", "status": 429"#, "clock", "is answered with 429"),
        ("GET /v2/assets/{id}", "status", r#", "status": 500"#, "assets", "is answered with 500"),
    ] {
        let server = world.exchange(known(), &format!(r#"{{"rules": [{}]}}"#, rule(route, kind, more))).await;
        let address = LoopbackAddr::new(server.address()).expect("loopback");
        let examined = world.examine(PreflightMode::Rehearsal(address)).await;
        server.stop().await;
        let all = but_the_port(&examined);
        assert_eq!(all.iter().map(|(name, _, _)| *name).collect::<Vec<_>>(), [item], "{all:?}");
        assert!(all[0].2.contains(text), "{all:?}");
    }
    let gone = world.examine(PreflightMode::Rehearsal("127.0.0.1:9".parse().expect("address"))).await;
    assert!(!gone.has_passed());
}

#[tokio::test]
async fn what_the_account_cannot_do_fails() {
    let mut world = World::new();
    world.add("two");
    let server = world.exchange(known(), "[]").await;
    let address = LoopbackAddr::new(server.address()).expect("loopback");
    // Two scenarios of 5,000 on an account of 5,000.
    let examined = world.examine(PreflightMode::Rehearsal(address)).await;
    let all = but_the_port(&examined);
    assert!(
        all.iter().any(|(name, verdict, text)| *name == "funds"
            && *verdict == Verdict::Fails
            && text.contains("count on $10,000.00")),
        "{all:?}"
    );
    // With a journal the books go on: the money may be in positions.
    world.write("state/rehearsal/journal.db", &json!(null));
    let examined = world.examine(PreflightMode::Rehearsal(address)).await;
    let funds = examined.items.iter().find(|item| item.item == "funds").expect("it was asked");
    assert!(funds.verdict == Verdict::Warns && funds.text.contains("go on from the journal"), "{funds:?}");
    world.scenarios.truncate(1);
    world.set(0, &["account.leverage=2", "account.allow_short=true", "data.symbols=[\"TEST\", \"NONE\"]"]);
    world.prove(0);
    let examined = world.examine(PreflightMode::Rehearsal(address)).await;
    server.stop().await;
    let all = but_the_port(&examined);
    let text = |wanted: &str| all.iter().find(|(name, _, _)| *name == wanted).map_or("", |(_, _, text)| text);
    assert!(
        text("funds").contains("one borrows 2 times, the account 1") && text("funds").contains("may not"),
        "{all:?}"
    );
    assert!(text("assets").contains("NONE is not known to the venue"), "{all:?}");
}

#[tokio::test]
async fn a_suspended_account_fails() {
    let world = World::new();
    let server = world.exchange(known(), "[]").await;
    let address = server.address();
    tokio::task::spawn_blocking(move || suspend(address)).await.expect("suspended");
    let examined = world.examine(PreflightMode::Rehearsal(LoopbackAddr::new(address).expect("loopback"))).await;
    server.stop().await;
    let all = but_the_port(&examined);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].0 == "account" && all[0].2.contains("trade_suspended_by_user"), "{all:?}");
}

/// What a person does on the broker's page.
fn suspend(address: std::net::SocketAddr) {
    use std::io::{Read, Write};
    let body = r#"{"suspend_trade": true}"#;
    let head = format!(
        "PATCH /v2/account/configurations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAPCA-API-KEY-ID: rehearsal\r\nAPCA-API-SECRET-KEY: rehearsal\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
