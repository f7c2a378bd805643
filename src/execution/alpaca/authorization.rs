//! The way to real money: one value that stands for all the evidence, and the only place that names the live host.
//!
//! Not here: gathering the evidence (preflight, parity report, the person's typing), trading.
//! Invariants: (1) an authorization exists only if every piece of evidence held at the moment it was asked for;
//! (2) built without the feature `live`, no value of it can exist and the host is not in the program.
//! Keep this file a leaf: a child module could build authorizations.
use std::fmt;

use super::call::Outcome;
use super::keys::ApiKeys;
#[cfg(feature = "live")]
use super::keys::KeyKind;
use crate::domain::{Money, Timestamp};
use crate::risk::LatchFile;

/// A preflight older than this says little about today: the checklist is of one trading day.
pub const PREFLIGHT_AGE_MAX_NS: i64 = 24 * 3_600 * Timestamp::NS_PER_SECOND;

/// The host of live trading.
#[cfg(feature = "live")]
const LIVE_HOST: &str = "https://api.alpaca.markets";

/// Permission to trade one live account with at most so much money.
///
/// It is made by [`LiveAuthorization::request`] alone. It cannot be written out by hand:
/// ```compile_fail,E0451
/// use alphaflow::execution::alpaca::LiveAuthorization;
/// fn forge(honest: LiveAuthorization) -> LiveAuthorization {
///     LiveAuthorization { capital_max: alphaflow::domain::Money::ZERO, ..honest }
/// }
/// ```
/// ```
/// use alphaflow::execution::alpaca::LiveAuthorization;
/// fn pass(honest: LiveAuthorization) -> LiveAuthorization {
///     honest
/// }
/// ```
/// It cannot be cloned, so one permission is one session:
/// ```compile_fail,E0599
/// use alphaflow::execution::alpaca::LiveAuthorization;
/// fn twice(authorization: &LiveAuthorization) -> LiveAuthorization {
///     authorization.clone()
/// }
/// ```
/// ```
/// use alphaflow::execution::alpaca::LiveAuthorization;
/// fn once(authorization: &LiveAuthorization) -> &LiveAuthorization {
///     authorization
/// }
/// ```
/// It has no default:
/// ```compile_fail,E0277
/// fn need<T: Default>() {}
/// need::<alphaflow::execution::alpaca::LiveAuthorization>();
/// ```
/// ```
/// fn need<T: Default>() {}
/// need::<String>();
/// ```
/// and it cannot come out of a file:
/// ```compile_fail,E0277
/// fn read(text: &str) -> alphaflow::execution::alpaca::LiveAuthorization {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// ```
/// fn read(text: &str) -> alphaflow::domain::Price {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
#[must_use = "an authorization is for one session; open it or let it go"]
#[derive(Debug)]
pub struct LiveAuthorization {
    account: String,
    capital_max: Money,
    keys: [u8; 32],
    /// Without the feature there is no value of this type.
    #[cfg(not(feature = "live"))]
    never: std::convert::Infallible,
}

/// A live account, as the live host itself described it. Nothing else makes one.
///
/// ```compile_fail,E0451
/// use alphaflow::execution::alpaca::LiveAccount;
/// let account = LiveAccount { number: "1".to_owned(), keys: [0; 32] };
/// ```
/// ```
/// use alphaflow::execution::alpaca::LiveAccount;
/// fn number(account: &LiveAccount) -> &str {
///     account.number()
/// }
/// ```
#[derive(Debug)]
pub struct LiveAccount {
    number: String,
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nothing is authorized without the feature"))]
    keys: [u8; 32],
}

/// Everything that live trading needs, as it was found.
#[derive(Debug)]
pub struct LiveEvidence<'a> {
    /// What was typed after `--mode`.
    pub mode: &'a str,
    /// `ALPACA_PAPER`; `None` where it is not set.
    pub paper: Option<&'a str>,
    /// What the live host said of the keys ([`LiveAccount::ask`]), or why it did not.
    pub account: Result<LiveAccount, String>,
    /// The account number that a person typed in this session.
    pub typed_account: Option<&'a str>,
    /// `LIVE_MAX_CAPITAL`, dollars.
    pub capital_max: Option<Money>,
    /// The last preflight for live trading; `None` without one.
    pub preflight: Option<PreflightRecord>,
    /// The parity report of the scenario; `None` without one.
    pub parity: Option<ParityRecord<'a>>,
    /// SHA-256 of the scenario that is to trade, as [`ParityRecord::scenario_sha256`] is made.
    pub scenario_sha256: &'a str,
    /// The kill switch, read anew.
    pub kill_switch: &'a LatchFile,
    /// The moment.
    pub now: Timestamp,
}

/// What a preflight found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreflightRecord {
    /// When it ended.
    pub at: Timestamp,
    /// Every item held.
    pub has_passed: bool,
    /// Why it is of something else than what is to trade: another account, scenario or version.
    pub mismatch: Option<&'static str>,
}

/// What a rehearsal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParityRecord<'a> {
    /// SHA-256 of the scenario that was rehearsed.
    pub scenario_sha256: &'a str,
    /// Replay and rehearsal gave the same orders, fills and equity.
    pub is_identical: bool,
}

/// Why there is no live trading: every piece of evidence that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRefusal {
    /// What is missing, in the order of the checklist; never empty.
    pub missing: Vec<MissingEvidence>,
}

/// A piece of evidence that is missing, said with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingEvidence {
    /// The program cannot trade live.
    #[error("this program was built without live trading; build it with the feature `live`")]
    Build,
    /// The command asks for another mode.
    #[error("--mode is `{found}`; real money needs --mode live")]
    Mode {
        /// As typed.
        found: String,
    },
    /// The environment says paper, or nothing.
    #[error("ALPACA_PAPER is {}; real money needs ALPACA_PAPER=false in .env", found.as_deref().map_or("not set".to_owned(), |found| format!("`{found}`")))]
    Paper {
        /// As found.
        found: Option<String>,
    },
    /// The live host did not accept the keys.
    #[error(
        "the live host did not confirm the account: {reason}; check ALPACA_API_KEY and ALPACA_SECRET_KEY of the live account"
    )]
    Account {
        /// Why.
        reason: String,
    },
    /// Nobody typed the number, or another one.
    #[error("the account number was {}; type the number that Alpaca shows for the live account", if *was_typed { "typed, but is another than the account's" } else { "not typed" })]
    AccountNumber {
        /// Something was typed.
        was_typed: bool,
    },
    /// No limit on the money.
    #[error("LIVE_MAX_CAPITAL is {}; set it in .env to the dollars that may be traded, above 0", found.map_or("not set".to_owned(), |found| format!("{found}")))]
    Capital {
        /// As found.
        found: Option<Money>,
    },
    /// No preflight, a failed one or an old one.
    #[error("{what}; run `alphaflow preflight --mode live`")]
    Preflight {
        /// What is wrong.
        what: &'static str,
    },
    /// No parity report, one with differences or one of another scenario.
    #[error("{what}; run `alphaflow rehearse` on the scenario as it is now")]
    Parity {
        /// What is wrong.
        what: &'static str,
    },
    /// Trading is halted.
    #[error("the kill switch is pressed since {since}; look into it, then run `alphaflow resume`")]
    Halted {
        /// Since when.
        since: Timestamp,
    },
    /// Nobody knows whether trading is halted.
    #[error("the kill switch cannot be read: {reason}")]
    KillSwitch {
        /// Why.
        reason: String,
    },
}

impl LiveAuthorization {
    /// Judges all evidence at once. Errors: every piece that is missing.
    pub fn request(evidence: LiveEvidence<'_>) -> Result<LiveAuthorization, LiveRefusal> {
        let missing = missing(&evidence);
        match (evidence.account, evidence.capital_max) {
            (Ok(account), Some(capital_max)) if missing.is_empty() => Self::grant(account, capital_max),
            _ => Err(LiveRefusal { missing }),
        }
    }

    #[cfg(feature = "live")]
    fn grant(account: LiveAccount, capital_max: Money) -> Result<LiveAuthorization, LiveRefusal> {
        Ok(LiveAuthorization { account: account.number, capital_max, keys: account.keys })
    }

    #[cfg(not(feature = "live"))]
    fn grant(_: LiveAccount, _: Money) -> Result<LiveAuthorization, LiveRefusal> {
        Err(LiveRefusal { missing: vec![MissingEvidence::Build] })
    }

    /// The number of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The most money that may be traded, dollars.
    pub fn capital_max(&self) -> Money {
        self.capital_max
    }

    /// Is it for the account that these keys open?
    pub(super) fn is_for(&self, keys: &ApiKeys) -> bool {
        self.keys == keys.fingerprint()
    }

    /// Scheme and host.
    #[cfg(feature = "live")]
    pub(super) fn host(&self) -> &'static str {
        LIVE_HOST
    }

    /// Scheme and host; there is none.
    #[cfg(not(feature = "live"))]
    pub(super) fn host(&self) -> &'static str {
        match self.never {}
    }
}

/// Scheme and host for what reads, cancels and closes; see `EmergencyVenue::live`.
#[cfg(feature = "live")]
pub(super) const fn exit_host() -> &'static str {
    LIVE_HOST
}

impl LiveAccount {
    /// Asks the live host whose keys these are: one reading call. Errors: why there is no usable account, in words
    /// without the keys.
    pub async fn ask(keys: &ApiKeys) -> Result<LiveAccount, String> {
        match read_live(keys, "/v2/account").await {
            Outcome::Answered { status: 200, body, .. } => LiveAccount::read(&body, keys),
            Outcome::Answered { status: status @ (401 | 403), .. } => Err(format!("it refuses the keys ({status})")),
            Outcome::Answered { status, .. } => Err(format!("it answers {status}")),
            Outcome::NotSent(reason) | Outcome::Unknown(reason) => Err(reason),
            Outcome::HeldBack => unreachable!("nothing holds a reading back"),
        }
    }

    /// The number of the account.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The account of an answer; it must be able to trade.
    fn read(body: &[u8], keys: &ApiKeys) -> Result<LiveAccount, String> {
        let answer: serde_json::Value =
            serde_json::from_slice(body).map_err(|_| "its answer is no account".to_owned())?;
        let number = answer["account_number"].as_str().filter(|number| !number.is_empty());
        let number = number.ok_or("its answer has no account number")?.to_owned();
        match answer["status"].as_str() {
            Some("ACTIVE") => {}
            status => return Err(format!("the account is {}, not ACTIVE", status.unwrap_or("of no known status"))),
        }
        for block in ["trading_blocked", "account_blocked", "trade_suspended_by_user"] {
            if answer[block].as_bool() != Some(false) {
                return Err(format!("the account is blocked ({block} is {})", answer[block]));
            }
        }
        Ok(LiveAccount { number, keys: keys.fingerprint() })
    }
}

/// One reading call on the live host, with keys of a live account. It can change nothing there, so it needs no
/// authorization: what is read is part of the evidence for one.
#[cfg(feature = "live")]
pub(super) async fn read_live(keys: &ApiKeys, path: &str) -> Outcome {
    match keys.kind() {
        KeyKind::Live => super::http::get_once(LIVE_HOST, keys, path).await,
        kind => Outcome::NotSent(format!("these are {kind}")),
    }
}

/// There is no live host in this program.
#[cfg(not(feature = "live"))]
pub(super) async fn read_live(_: &ApiKeys, _: &str) -> Outcome {
    Outcome::NotSent(MissingEvidence::Build.to_string())
}

/// What is missing, in the order of the checklist.
fn missing(evidence: &LiveEvidence<'_>) -> Vec<MissingEvidence> {
    let mut missing = Vec::new();
    if cfg!(not(feature = "live")) {
        missing.push(MissingEvidence::Build);
    }
    if evidence.mode != "live" {
        missing.push(MissingEvidence::Mode { found: evidence.mode.to_owned() });
    }
    if evidence.paper != Some("false") {
        missing.push(MissingEvidence::Paper { found: evidence.paper.map(str::to_owned) });
    }
    let number = match &evidence.account {
        Ok(account) => Some(account.number.as_str()),
        Err(reason) => {
            missing.push(MissingEvidence::Account { reason: reason.clone() });
            None
        }
    };
    if evidence.typed_account.is_none() || number.is_some_and(|number| evidence.typed_account != Some(number)) {
        missing.push(MissingEvidence::AccountNumber { was_typed: evidence.typed_account.is_some() });
    }
    if evidence.capital_max.is_none_or(|capital| capital <= Money::ZERO) {
        missing.push(MissingEvidence::Capital { found: evidence.capital_max });
    }
    missing.extend(missing_preflight(evidence).map(|what| MissingEvidence::Preflight { what }));
    missing.extend(missing_parity(evidence).map(|what| MissingEvidence::Parity { what }));
    match evidence.kill_switch.read(evidence.now) {
        Ok(latch) => missing.extend(latch.latched().map(|latched| MissingEvidence::Halted { since: latched.since })),
        Err(error) => missing.push(MissingEvidence::KillSwitch { reason: error.to_string() }),
    }
    missing
}

fn missing_preflight(evidence: &LiveEvidence<'_>) -> Option<&'static str> {
    let Some(preflight) = evidence.preflight else { return Some("there is no preflight") };
    let age_ns = evidence.now.ns().saturating_sub(preflight.at.ns());
    match preflight.has_passed {
        _ if preflight.mismatch.is_some() => preflight.mismatch,
        false => Some("the last preflight did not pass"),
        true if age_ns < 0 => Some("the last preflight is from the future"),
        true if age_ns > PREFLIGHT_AGE_MAX_NS => Some("the last preflight is older than 24 hours"),
        true => None,
    }
}

fn missing_parity(evidence: &LiveEvidence<'_>) -> Option<&'static str> {
    match evidence.parity {
        None => Some("there is no parity report of the scenario"),
        Some(parity) if parity.scenario_sha256 != evidence.scenario_sha256 || evidence.scenario_sha256.is_empty() => {
            Some("the scenario has changed since its parity report")
        }
        Some(parity) if !parity.is_identical => Some("replay and rehearsal of the scenario differ"),
        Some(_) => None,
    }
}

impl fmt::Display for LiveRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("live trading is refused:")?;
        self.missing.iter().try_for_each(|missing| write!(f, "\n  - {missing}"))
    }
}

impl std::error::Error for LiveRefusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{HaltOrder, HaltedBy, Words};

    const NOW: Timestamp = Timestamp::from_ns(2_000_000_000 * Timestamp::NS_PER_SECOND);
    const ACCOUNT: &str = r#"{"account_number":"987","status":"ACTIVE","trading_blocked":false,
        "account_blocked":false,"trade_suspended_by_user":false,"cash":"1"}"#;

    fn keys() -> ApiKeys {
        ApiKeys::new("AKABCDEFGHIJKLMNOPQR".to_owned(), "secret".to_owned()).expect("keys")
    }

    /// Evidence that lacks nothing.
    fn whole(kill_switch: &LatchFile) -> LiveEvidence<'_> {
        LiveEvidence {
            mode: "live",
            paper: Some("false"),
            account: LiveAccount::read(ACCOUNT.as_bytes(), &keys()),
            typed_account: Some("987"),
            capital_max: Some("5000".parse().expect("money")),
            preflight: Some(PreflightRecord { at: NOW, has_passed: true, mismatch: None }),
            parity: Some(ParityRecord { scenario_sha256: "ab", is_identical: true }),
            scenario_sha256: "ab",
            kill_switch,
            now: NOW,
        }
    }

    #[cfg(feature = "live")]
    #[test]
    fn all_evidence_together_is_an_authorization() {
        let folder = tempfile::tempdir().expect("folder");
        let switch = LatchFile::new(folder.path());
        let authorization = LiveAuthorization::request(whole(&switch)).expect("authorized");
        assert_eq!((authorization.account(), authorization.capital_max().to_string().as_str()), ("987", "5000"));
        assert!(authorization.is_for(&keys()));
        let others = ApiKeys::new("AKABCDEFGHIJKLMNOPQR".to_owned(), "other".to_owned()).expect("keys");
        assert!(!authorization.is_for(&others));
        assert!(authorization.host().starts_with("https://api."));
    }

    #[cfg(not(feature = "live"))]
    #[test]
    fn without_the_feature_no_evidence_is_enough() {
        let folder = tempfile::tempdir().expect("folder");
        let switch = LatchFile::new(folder.path());
        let refusal = LiveAuthorization::request(whole(&switch)).expect_err("refused");
        assert_eq!(refusal.missing, [MissingEvidence::Build]);
    }

    #[cfg(feature = "live")]
    type Break = fn(&mut LiveEvidence<'_>);

    #[cfg(feature = "live")]
    #[test]
    fn each_piece_alone_is_missed_with_what_to_do() {
        let folder = tempfile::tempdir().expect("folder");
        let switch = LatchFile::new(folder.path());
        let day = PREFLIGHT_AGE_MAX_NS;
        assert_eq!(day, 86_400_000_000_000);
        let breaks: [(Break, &str); 18] = [
            (|e| e.mode = "paper", "--mode is `paper`"),
            (|e| e.paper = None, "ALPACA_PAPER is not set"),
            (|e| e.paper = Some("true"), "ALPACA_PAPER is `true`"),
            (|e| e.paper = Some("False"), "ALPACA_PAPER is `False`"),
            (
                |e| e.account = Err("it refuses the keys (401)".to_owned()),
                "refuses the keys (401); check ALPACA_API_KEY",
            ),
            (|e| e.typed_account = None, "not typed"),
            (|e| e.typed_account = Some("98"), "another than the account's"),
            (|e| e.capital_max = None, "LIVE_MAX_CAPITAL is not set"),
            (|e| e.capital_max = Some(Money::ZERO), "LIVE_MAX_CAPITAL is 0"),
            (|e| e.preflight = None, "there is no preflight; run `alphaflow preflight --mode live`"),
            (|e| e.preflight = Some(PreflightRecord { at: NOW, has_passed: false, mismatch: None }), "did not pass"),
            (
                |e| e.preflight = Some(PreflightRecord { at: NOW.plus_ns(1), has_passed: true, mismatch: None }),
                "from the future",
            ),
            (
                |e| {
                    let at = NOW.plus_ns(-PREFLIGHT_AGE_MAX_NS - 1);
                    e.preflight = Some(PreflightRecord { at, has_passed: true, mismatch: None });
                },
                "older than 24 hours",
            ),
            (
                |e| {
                    let mismatch = Some("the last preflight is of another account");
                    e.preflight = Some(PreflightRecord { at: NOW, has_passed: true, mismatch });
                },
                "another account; run `alphaflow preflight --mode live`",
            ),
            (|e| e.parity = None, "no parity report"),
            (|e| e.scenario_sha256 = "cd", "has changed since its parity report; run `alphaflow rehearse`"),
            (
                |e| e.parity = Some(ParityRecord { scenario_sha256: "ab", is_identical: false }),
                "replay and rehearsal of the scenario differ",
            ),
            (
                |e| {
                    e.scenario_sha256 = "";
                    e.parity = Some(ParityRecord { scenario_sha256: "", is_identical: true });
                },
                "has changed",
            ),
        ];
        for (broken, text) in breaks {
            let mut evidence = whole(&switch);
            broken(&mut evidence);
            let refusal = LiveAuthorization::request(evidence).expect_err(text);
            assert_eq!(refusal.missing.len(), 1, "{refusal}");
            assert!(refusal.to_string().contains(text), "{refusal}");
        }
    }

    #[test]
    fn everything_missing_is_listed_at_once() {
        let folder = tempfile::tempdir().expect("folder");
        let switch = LatchFile::new(folder.path());
        let order = HaltOrder {
            at: NOW,
            by: HaltedBy::Person(Words::new("ann").expect("a name")),
            reason: None,
            flatten: false,
        };
        switch.halt(&order).expect("halt");
        let nothing = LiveEvidence {
            mode: "rehearsal",
            paper: None,
            account: Err("no answer".to_owned()),
            typed_account: None,
            capital_max: None,
            preflight: None,
            parity: None,
            scenario_sha256: "",
            kill_switch: &switch,
            now: NOW,
        };
        let refusal = LiveAuthorization::request(nothing).expect_err("refused");
        assert_eq!(refusal.missing.len(), 8 + usize::from(cfg!(not(feature = "live"))), "{refusal}");
        assert_eq!(refusal.to_string().lines().count(), 1 + refusal.missing.len());
        assert!(refusal.missing.contains(&MissingEvidence::Halted { since: NOW }));
        std::fs::write(switch.path(), "not a latch").expect("write");
        let refusal = LiveAuthorization::request(whole(&switch)).expect_err("refused");
        assert!(refusal.missing.iter().any(|missing| matches!(missing, MissingEvidence::KillSwitch { .. })));
    }

    #[test]
    fn an_account_must_be_able_to_trade() {
        let read = |text: &str| LiveAccount::read(text.as_bytes(), &keys()).map(|account| account.number);
        assert_eq!(read(ACCOUNT).as_deref(), Ok("987"));
        for (from, to, word) in [
            ("ACTIVE", "ONBOARDING", "ONBOARDING"),
            (r#""trading_blocked":false"#, r#""trading_blocked":true"#, "trading_blocked is true"),
            (r#""account_blocked":false"#, r#""x":false"#, "account_blocked is null"),
            ("987", "", "no account number"),
        ] {
            let refused = read(&ACCOUNT.replace(from, to)).expect_err(word);
            assert!(refused.contains(word), "{refused}");
        }
        assert!(read("<html>").is_err());
    }
}
