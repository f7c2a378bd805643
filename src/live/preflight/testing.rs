//! A small world for the tests of this room: a scenario on the built-in exchange, with a state that lacks nothing.
use std::path::{Path, PathBuf};

use serde_json::json;

use super::record::PROGRAM;
use super::{Answer, Answers, Examined, Preflight, PreflightMode, QUESTIONS, Verdict};
use crate::domain::{Timeframe, Timestamp};
use crate::exchange::Exchange;
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use crate::execution::alpaca::{EnvError, EnvFile};
use crate::live::notify::{Banner, NotifyConfig, TestRecord, TestedChannel};
use crate::market::{Calendar, Length, SyntheticSpec, csv_text, synthesize};
use crate::risk::Words;
use crate::scenario::{LoadedScenario, effective_toml, load, load_market, scenario_sha256};

/// The wall's clock of these tests.
pub(super) const NOW: Timestamp = Timestamp::from_ns(1_790_000_000 * Timestamp::NS_PER_SECOND);

pub(super) fn wall() -> Timestamp {
    NOW
}

/// A `.env` in `folder` that holds `text`.
pub(super) fn env_with(folder: &Path, text: &str) -> EnvFile {
    let path = folder.join(".env");
    std::fs::write(&path, text).expect("write");
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    EnvFile::read(&path).expect("an env file")
}

/// A channel for messages.
pub(super) const SLACK: &str = "SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T0/B0/hidden\n";

const SCENARIO: &str = r#"
[scenario]
name = "NAME"
[data]
timeframe = "1d"
path = "{symbol}.csv"
symbols = ["TEST"]
[account]
cash = "5000"
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = "1"
[stop]
kind = "percent"
value = "0.05"
[risk]
max_daily_loss = "0.02"
max_position_size = "0.10"
max_portfolio_heat = "0.25"
max_correlated_exposure = "0.15"
max_drawdown = "0.15"
max_gross_exposure = "1"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "5000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// A folder with a scenario, its bars, and everything that a preflight asks for.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) scenarios: Vec<LoadedScenario>,
    pub(super) env: Result<EnvFile, EnvError>,
    pub(super) answers: Answers,
}

impl World {
    /// Nothing is missing.
    pub(super) fn new() -> World {
        let folder = tempfile::tempdir().expect("folder");
        let spec = SyntheticSpec {
            symbol: "TEST".parse().expect("symbol"),
            seed: 1,
            timeframe: Timeframe::Day1,
            from: "2023-01-03".parse().expect("date"),
            length: Length::Sessions(5),
            start_price: "100".parse().expect("price"),
            annual_drift: 0.0,
            annual_volatility: 0.2,
            calendar: Calendar::xnys(),
        };
        let bars = synthesize(&spec).expect("bars");
        std::fs::write(folder.path().join("TEST.csv"), csv_text(Timeframe::Day1, &bars)).expect("write");
        let env = Ok(env_with(folder.path(), &format!("ALPACA_PAPER=true\n{SLACK}")));
        let mut world = World { folder, scenarios: Vec::new(), env, answers: Answers::default() };
        world.add("one");
        for question in &QUESTIONS {
            world.answers.give(question, Answer { by: Words::fixed("ann"), at: NOW });
        }
        world.write(
            "state/drill.json",
            &json!({"at": NOW, "version": env!("CARGO_PKG_VERSION"), "passed": true, "steps": []}),
        );
        world.tested(NOW, true);
        world
    }

    /// A test of messages with the settings as they are.
    pub(super) fn tested(&self, at: Timestamp, delivered: bool) {
        let env = self.env.as_ref().expect("settings");
        let config = NotifyConfig::from_env(env, Banner::Test, "none").expect("a channel");
        let settings = config.fingerprint().to_owned();
        let text = String::new();
        let channel = |(channel, place): (&str, String)| TestedChannel {
            channel: channel.to_owned(),
            place,
            delivered,
            took_ms: 1,
            text: text.clone(),
        };
        let channels = config.channels().map(channel).collect();
        TestRecord { at, settings, channels }.write(&self.state()).expect("written");
    }

    /// One more scenario, with its proofs.
    pub(super) fn add(&mut self, name: &str) {
        let path = self.folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, SCENARIO.replace("NAME", name)).expect("write");
        self.scenarios.push(load(&path, &[]).unwrap_or_else(|errors| panic!("{errors:?}")));
        self.prove(self.scenarios.len() - 1);
    }

    /// Puts a scenario in the place of one, as `--set` would; its proofs stay.
    pub(super) fn set(&mut self, at: usize, overrides: &[&str]) {
        let path = self.scenarios[at].path().to_owned();
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        self.scenarios[at] = load(&path, &overrides).unwrap_or_else(|errors| panic!("{errors:?}"));
    }

    /// Proofs of a scenario as it is.
    pub(super) fn prove(&self, at: usize) {
        let spec = &self.scenarios[at].spec;
        let name = &spec.scenario.name;
        let run = json!({"program": PROGRAM, "effective_scenario": effective_toml(spec)});
        self.write(&format!("reports/{name}/run.json"), &run);
        let session = json!({"program": PROGRAM, "other": "rehearsal", "scenario_sha256": scenario_sha256(spec)});
        self.write(&format!("reports/{name}_rehearsal/parity.json"), &json!({"identical": true, "session": session}));
    }

    pub(super) fn write(&self, name: &str, value: &serde_json::Value) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("folder")).expect("folder");
        std::fs::write(path, value.to_string()).expect("write");
    }

    pub(super) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(super) fn reports(&self) -> PathBuf {
        self.folder.path().join("reports")
    }

    /// The exchange of the first scenario, standing still.
    pub(super) async fn exchange(&self, keys: Keys, faults: &str) -> Server {
        let market = load_market(&self.scenarios[0]).unwrap_or_else(|error| panic!("{error:?}"));
        let exchange = Exchange::new(&self.scenarios[0], &market).unwrap_or_else(|error| panic!("{error:?}"));
        let faults = FaultPlan::parse(faults.as_bytes()).expect("faults");
        let options = ServerOptions { keys, pace: Pace::Step, faults, wall, drain_wait: ServerOptions::DRAIN_WAIT };
        Server::start(exchange, "127.0.0.1:0".parse().expect("address"), options).await.expect("it starts")
    }

    /// What a preflight of this world finds.
    pub(super) async fn examine(&self, mode: PreflightMode) -> Examined {
        let flight = Preflight {
            mode,
            env: &self.env,
            env_path: &self.folder.path().join(".env"),
            state: &self.state(),
            reports: &self.reports(),
            scenarios: &self.scenarios,
            answers: &self.answers,
            wall,
        };
        flight.examine().await
    }
}

/// The names of the items that do not hold, and what they say.
pub(super) fn not_held(examined: &Examined) -> Vec<(&'static str, Verdict, &str)> {
    let items = examined.items.iter().filter(|item| item.verdict != Verdict::Holds);
    items.map(|item| (item.item, item.verdict, item.text.as_str())).collect()
}
