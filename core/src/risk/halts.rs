//! What forbids entries: up to four halts at once, one a cause, and the state of trading they add up to.
//!
//! Not here: when a limit is reached (gate, engine), the file that keeps a kill switch (latch, kill_switch), orders.
//! Invariants: (1) a cause has at most one halt, the first; (2) nothing lifts a halt but what its cause names:
//! the next session lifts the daily loss and only it, a resume with a reason lifts all others and never it;
//! (3) what is read from JSON is all of it or an error: an unknown cause or field is never "active".
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::Words;
use crate::domain::{Money, Ratio, Timestamp};

/// What may be sent. Ordered by how much is forbidden.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TradingState {
    /// Whatever the limits allow.
    Active,
    /// A limit of the account is reached: only what shrinks a position; the strategy goes on managing what it
    /// holds.
    ReducingOnly,
    /// A person (or a script in a person's place) has stopped trading: only what shrinks a position.
    Halted,
}

/// What a halt came from. Ordered by what a refusal names first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltCause {
    /// `max_daily_loss` is reached.
    DailyLoss,
    /// `max_drawdown` is reached.
    Drawdown,
    /// A person or a script, for this session of the program.
    Manual,
    /// The kill switch, which outlives the program.
    KillSwitch,
}

/// Who halted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HaltedBy {
    /// A limit of the scenario.
    Limit {
        /// Dollars lost when it was noticed, which is more than allowed where the price jumped.
        lost: Money,
        /// Dollars the loss is measured against: the baseline of the day, the peak of the run.
        of: Money,
        /// The share of them that may be lost.
        limit: Ratio,
    },
    /// A row of an order script.
    Script,
    /// The person of this name.
    Person(Words),
    /// A record that cannot be read: whatever it says, it is not known to be clear.
    Unreadable,
}

/// One halt: who, why, when; what lifts it is its cause's.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// What it came from.
    pub cause: HaltCause,
    /// The moment of the halt.
    pub since: Timestamp,
    /// Who halted.
    pub by: HaltedBy,
    /// Why, where somebody said it. A halt needs no reason: stopping is the safe side.
    #[serde(deserialize_with = "present")]
    pub reason: Option<Words>,
}

/// A resume: who, why, when, and what it lifted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Resumed {
    /// Who resumed.
    pub by: HaltedBy,
    /// Why it is safe to go on.
    pub reason: Words,
    /// The moment of the resume.
    pub at: Timestamp,
    /// The halts that ended, the strongest first; empty where there was none to lift.
    pub lifted: Vec<Halt>,
}

/// The halts of an account at present.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Halts {
    /// The latest session that has begun: its start, or its date; [`Timestamp::MIN`] before the first.
    session: Timestamp,
    /// One place a cause, in the order of [`HaltCause::ALL`].
    places: [Option<Halt>; HaltCause::ALL.len()],
}

/// How [`Halts`] is written: a list, so that no cause is "absent by default".
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    session: Timestamp,
    halts: Vec<Halt>,
}

/// Why written halts are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two halts by {}; a cause has one at most", cause.name())]
struct Twice {
    cause: HaltCause,
}

/// An optional value whose key must be there: a file that was cut short says nothing by its silence.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

impl HaltCause {
    /// All causes, the weakest first.
    pub const ALL: [HaltCause; 4] =
        [HaltCause::DailyLoss, HaltCause::Drawdown, HaltCause::Manual, HaltCause::KillSwitch];

    /// The name in files: `daily_loss`, `drawdown`, `manual`, `kill_switch`.
    pub const fn name(self) -> &'static str {
        match self {
            HaltCause::DailyLoss => "daily_loss",
            HaltCause::Drawdown => "drawdown",
            HaltCause::Manual => "manual",
            HaltCause::KillSwitch => "kill_switch",
        }
    }

    /// The name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            HaltCause::DailyLoss => "daily loss",
            HaltCause::Drawdown => "drawdown",
            HaltCause::Manual => "hand",
            HaltCause::KillSwitch => "the kill switch",
        }
    }

    /// What may still be sent while it stands.
    pub const fn state(self) -> TradingState {
        match self {
            HaltCause::DailyLoss | HaltCause::Drawdown => TradingState::ReducingOnly,
            HaltCause::Manual | HaltCause::KillSwitch => TradingState::Halted,
        }
    }

    /// What ends it, in words.
    pub const fn lifted_by(self) -> &'static str {
        match self {
            HaltCause::DailyLoss => "the next session's open lifts it",
            HaltCause::Drawdown | HaltCause::Manual | HaltCause::KillSwitch => "a resume with a reason lifts it",
        }
    }

    /// Is it for a person to lift?
    const fn is_resumable(self) -> bool {
        !matches!(self, HaltCause::DailyLoss)
    }
}

impl Halts {
    /// No halt, before the first session. Allocates nothing.
    pub const fn none() -> Halts {
        Halts { session: Timestamp::MIN, places: [const { None }; HaltCause::ALL.len()] }
    }

    /// What may be sent at present.
    #[inline]
    pub fn state(&self) -> TradingState {
        self.strongest().map_or(TradingState::Active, |halt| halt.cause.state())
    }

    /// The halt that a refusal names: the kill switch, else a manual halt, else drawdown, else daily loss.
    #[inline]
    pub fn strongest(&self) -> Option<&Halt> {
        self.places.iter().rev().flatten().next()
    }

    /// The halt of `cause`.
    #[inline]
    pub fn get(&self, cause: HaltCause) -> Option<&Halt> {
        self.places[cause as usize].as_ref()
    }

    /// Every halt, the strongest first.
    pub fn iter(&self) -> impl Iterator<Item = &Halt> {
        self.places.iter().rev().flatten()
    }

    /// The latest session that has begun: its start, or its date; [`Timestamp::MIN`] before the first.
    pub fn session(&self) -> Timestamp {
        self.session
    }

    /// Adds `halt`; is it new? Where its cause has one already, that one stays as it is.
    pub fn halt(&mut self, halt: Halt) -> bool {
        let place = &mut self.places[halt.cause as usize];
        let is_new = place.is_none();
        if is_new {
            *place = Some(halt);
        }
        is_new
    }

    /// `session` (its start or its date, always the same of both) is the one that goes on now; gives the daily
    /// loss that it lifts. Nothing else is lifted.
    ///
    /// Said again, as after a restart in mid-session, or of an earlier session, it does nothing: a daily loss
    /// holds until a later session than its own begins. The session must be named before its losses are.
    pub fn begin_session(&mut self, session: Timestamp) -> Option<Halt> {
        if session <= self.session {
            return None;
        }
        self.session = session;
        self.places[HaltCause::DailyLoss as usize].take()
    }

    /// Lifts drawdown, manual halt and kill switch, and never a daily loss; says what it lifted. That there is a
    /// reason, and that it says something, is proved by its type.
    pub fn resume(&mut self, by: HaltedBy, reason: Words, now: Timestamp) -> Resumed {
        let mut lifted = Vec::new();
        for cause in HaltCause::ALL.into_iter().rev().filter(|cause| cause.is_resumable()) {
            lifted.extend(self.places[cause as usize].take());
        }
        Resumed { by, reason, at: now, lifted }
    }
}

impl TryFrom<Written> for Halts {
    type Error = Twice;

    fn try_from(written: Written) -> Result<Halts, Twice> {
        let mut halts = Halts { session: written.session, ..Halts::none() };
        for halt in written.halts {
            let cause = halt.cause;
            if !halts.halt(halt) {
                return Err(Twice { cause });
            }
        }
        Ok(halts)
    }
}

impl From<Halts> for Written {
    fn from(halts: Halts) -> Written {
        Written { session: halts.session, halts: halts.places.into_iter().rev().flatten().collect() }
    }
}

impl fmt::Display for HaltedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HaltedBy::Limit { .. } => f.write_str("its limit"),
            HaltedBy::Script => f.write_str("the order script"),
            HaltedBy::Person(name) => write!(f, "{name}"),
            HaltedBy::Unreadable => f.write_str("a record that cannot be read"),
        }
    }
}

/// All four in one line: what and who, since when, why, what lifts it.
impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "halted by {}", self.cause.words())?;
        if let HaltedBy::Limit { lost, of, limit } = &self.by {
            let percent = Ratio::from_units(limit.units().saturating_mul(100));
            write!(f, " since {}: lost {lost} of {of} dollars, allowed {percent} %", self.since)?;
        } else {
            write!(f, " ({}) since {}", self.by, self.since)?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}; {}", self.cause.lifted_by()),
            None => write!(f, "; {}", self.cause.lifted_by()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second).unwrap()
    }
    fn day(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn halt(cause: HaltCause, second: i64) -> Halt {
        Halt { cause, since: at(second), by: HaltedBy::Script, reason: None }
    }
    fn ann() -> HaltedBy {
        HaltedBy::Person(Words::fixed("ann"))
    }

    #[test]
    fn the_state_is_that_of_the_strongest() {
        let mut halts = Halts::none();
        assert_eq!((halts.state(), halts.strongest()), (TradingState::Active, None));
        for (cause, state) in HaltCause::ALL.into_iter().zip([
            TradingState::ReducingOnly,
            TradingState::ReducingOnly,
            TradingState::Halted,
            TradingState::Halted,
        ]) {
            assert!(halts.halt(halt(cause, 1)));
            assert_eq!((halts.state(), halts.strongest().map(|halt| halt.cause)), (state, Some(cause)));
        }
        let named: Vec<HaltCause> = halts.iter().map(|halt| halt.cause).collect();
        assert_eq!(named, HaltCause::ALL.into_iter().rev().collect::<Vec<_>>());
        assert!(TradingState::Active < TradingState::ReducingOnly && TradingState::ReducingOnly < TradingState::Halted);
    }

    #[test]
    fn the_first_halt_of_a_cause_stays() {
        let mut halts = Halts::none();
        assert!(halts.halt(halt(HaltCause::Manual, 1)));
        assert!(!halts.halt(halt(HaltCause::Manual, 2)));
        assert_eq!(halts.get(HaltCause::Manual).map(|halt| halt.since), Some(at(1)));
        assert_eq!(halts.get(HaltCause::KillSwitch), None);
    }

    #[test]
    fn a_session_lifts_the_daily_loss_of_an_earlier_one_and_nothing_else() {
        let mut halts = Halts::none();
        assert_eq!(halts.begin_session(day("2024-01-02")), None);
        for cause in HaltCause::ALL {
            halts.halt(halt(cause, 1));
        }
        assert_eq!(halts.begin_session(day("2024-01-02")), None, "a restart in mid-session");
        assert_eq!(halts.begin_session(day("2023-12-29")), None, "a clock that was set back");
        assert!(halts.get(HaltCause::DailyLoss).is_some());
        assert_eq!(halts.begin_session(day("2024-01-03")), Some(halt(HaltCause::DailyLoss, 1)));
        for cause in HaltCause::ALL {
            assert_eq!(halts.get(cause).is_some(), cause != HaltCause::DailyLoss, "{cause:?}");
        }
    }

    #[test]
    fn a_resume_lifts_all_but_the_daily_loss() {
        let mut halts = Halts::none();
        for cause in HaltCause::ALL {
            halts.halt(halt(cause, 1));
        }
        let resumed = halts.resume(ann(), Words::fixed("checked"), at(9));
        let lifted: Vec<HaltCause> = resumed.lifted.iter().map(|halt| halt.cause).collect();
        assert_eq!(lifted, [HaltCause::KillSwitch, HaltCause::Manual, HaltCause::Drawdown]);
        assert_eq!((resumed.by, resumed.reason, resumed.at), (ann(), Words::fixed("checked"), at(9)));
        assert_eq!(halts.state(), TradingState::ReducingOnly);
        assert_eq!(halts.resume(ann(), Words::fixed("again"), at(10)).lifted, []);
    }

    #[test]
    fn a_halt_says_who_why_when_and_what_lifts_it() {
        let limit = HaltedBy::Limit {
            lost: Money::from_cents(204_050),
            of: Money::from_cents(10_000_000),
            limit: "0.02".parse().unwrap(),
        };
        let since = day("2024-01-02T15:02:40Z");
        let loss = Halt { cause: HaltCause::DailyLoss, since, by: limit, reason: None };
        assert_eq!(
            loss.to_string(),
            "halted by daily loss since 2024-01-02T15:02:40Z: lost 2040.5 of 100000 dollars, allowed 2 %; \
             the next session's open lifts it"
        );
        let reason = Some(Words::fixed("prices look wrong"));
        let stopped = Halt { cause: HaltCause::KillSwitch, since, by: ann(), reason };
        assert_eq!(
            stopped.to_string(),
            "halted by the kill switch (ann) since 2024-01-02T15:02:40Z: prices look wrong; \
             a resume with a reason lifts it"
        );
        let silent = Halt { cause: HaltCause::Manual, since, by: HaltedBy::Script, reason: None };
        assert_eq!(
            silent.to_string(),
            "halted by hand (the order script) since 2024-01-02T15:02:40Z; a resume with a reason lifts it"
        );
    }

    #[test]
    fn what_is_not_wholly_understood_is_an_error() {
        let whole = r#"{"session":"2024-01-02T00:00:00Z","halts":[{"cause":"manual","since":"2024-01-02T15:00:00Z","by":{"person":"ann"},"reason":null}]}"#;
        let read = |text: &str| serde_json::from_str::<Halts>(text);
        let halts = read(whole).unwrap();
        assert_eq!(halts.state(), TradingState::Halted);
        assert_eq!(serde_json::to_string(&halts).unwrap(), whole);
        let session = "\"session\":\"2024-01-02T00:00:00Z\",";
        for (from, to) in [
            ("\"manual\"", "\"weather\""),
            ("\"manual\"", "null"),
            ("\"halts\"", "\"stops\""),
            ("{\"person\":\"ann\"}", "{\"person\":\" \"}"),
            ("{\"person\":\"ann\"}", "\"nobody\""),
            ("\"reason\":null", "\"why\":null"),
            (",\"reason\":null", ""),
            ("\"reason\":null", "\"reason\":null,\"flatten\":true"),
            ("2024-01-02T15:00:00Z", "yesterday"),
            (session, ""),
            (session, "\"version\":1,\"session\":\"2024-01-02T00:00:00Z\","),
        ] {
            let broken = whole.replace(from, to);
            assert_ne!(broken, whole, "{from}");
            assert!(read(&broken).is_err(), "{broken}");
        }
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "{}", &whole[..cut]);
        }
        let entry = &whole[whole.find("{\"cause\"").unwrap()..whole.len() - 2];
        let twice = whole.replace(entry, &format!("{entry},{entry}"));
        assert!(read(&twice).unwrap_err().to_string().contains("two halts by manual"));
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Halt(HaltCause),
        Session(i64),
        Resume,
        Restart,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0usize..4).prop_map(|cause| Step::Halt(HaltCause::ALL[cause])),
            2 => (0i64..6).prop_map(Step::Session),
            1 => Just(Step::Resume),
            1 => Just(Step::Restart),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order, the halts are those of a plain table of causes, and survive JSON.
        #[test]
        fn halts_are_a_table_of_causes(steps in vec(any_step(), 0..60)) {
            let (mut halts, mut table, mut latest) = (Halts::none(), BTreeMap::new(), i64::MIN);
            for (moment, step) in (0i64..).zip(steps) {
                match step {
                    Step::Halt(cause) => {
                        let is_new = !table.contains_key(&cause);
                        table.entry(cause).or_insert(moment);
                        prop_assert_eq!(halts.halt(halt(cause, moment)), is_new);
                    }
                    Step::Session(number) => {
                        let gone = (number > latest).then(|| table.remove(&HaltCause::DailyLoss)).flatten();
                        latest = latest.max(number);
                        let lifted = halts.begin_session(at(number)).map(|halt| halt.since);
                        prop_assert_eq!(lifted, gone.map(at));
                    }
                    Step::Resume => {
                        let gone = table.len() - usize::from(table.contains_key(&HaltCause::DailyLoss));
                        table.retain(|cause, _| *cause == HaltCause::DailyLoss);
                        prop_assert_eq!(halts.resume(ann(), Words::fixed("why"), at(moment)).lifted.len(), gone);
                    }
                    Step::Restart => {
                        halts = serde_json::from_str(&serde_json::to_string(&halts).unwrap()).unwrap();
                    }
                }
                for cause in HaltCause::ALL {
                    prop_assert_eq!(halts.get(cause).map(|halt| halt.since), table.get(&cause).copied().map(at));
                }
                prop_assert_eq!(halts.strongest().map(|halt| halt.cause), table.keys().next_back().copied());
                let state = table.keys().map(|cause| cause.state()).max().unwrap_or(TradingState::Active);
                prop_assert_eq!(halts.state(), state);
            }
        }
    }
}
