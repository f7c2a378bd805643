//! The document of the kill switch: latched or clear, by whom, why, since when, and what led there.
//!
//! Not here: files and locks (kill_switch), the order of writing (latch_steps). Pure: a document and an order
//! give a document, so the model check runs these very lines.
//! Invariants: (1) a document says `latched` if and only if the last entry of its history is a halt; (2) `events`
//! grows with every entry, so no two documents of one file are alike; (3) text that is not wholly a document of
//! this version is a [`LatchFlaw`], never `clear`.
use serde::{Deserialize, Serialize};

use super::halts::present;
use super::{Halt, HaltCause, HaltedBy, Words};
use crate::domain::Timestamp;

/// The version of the document that this program writes, and the only one it reads.
pub const LATCH_VERSION: u64 = 1;
/// Most halts and resumes that a document keeps, the latest ones: more than anyone reads, and 100 of the longest
/// entries are below half of what is read of the file.
pub const LATCH_HISTORY_MAX: usize = 100;

/// The document of the kill switch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latch {
    version: u64,
    state: LatchState,
    /// Entries that the history has ever had.
    events: u64,
    /// The latest entries, oldest first.
    history: Vec<LatchEvent>,
}

/// Does the kill switch forbid entries?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatchState {
    /// Nobody has halted since the last resume.
    Clear,
    /// Somebody has.
    Latched(Latched),
}

/// A standing halt: the first order to halt since the last resume, with what later ones added.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latched {
    /// The moment of the halt.
    pub since: Timestamp,
    /// Who halted.
    pub by: HaltedBy,
    /// Why, where somebody said it.
    #[serde(deserialize_with = "present")]
    pub reason: Option<Words>,
    /// All positions are to be closed. A later halt adds it and none takes it away.
    pub flatten: bool,
}

/// An order to halt, as a person or a program gives it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaltOrder {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: HaltedBy,
    /// Why, where somebody says it.
    #[serde(deserialize_with = "present")]
    pub reason: Option<Words>,
    /// Are all positions to be closed?
    pub flatten: bool,
}

/// An order to resume. Its type proves the reason.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeOrder {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: HaltedBy,
    /// Why it is safe to go on.
    pub reason: Words,
}

/// An entry of the history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatchEvent {
    /// Somebody halted; the halt may have stood already.
    Halt(HaltOrder),
    /// Somebody resumed.
    Resume(ResumeOrder),
}

/// Why a text is not a document of the kill switch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LatchFlaw {
    /// Cut short, empty, or not what this program writes.
    #[error("it is not a whole record of the kill switch ({what})")]
    NotWhole {
        /// What the reader met, with its line.
        what: String,
    },
    /// Written by another version of the program.
    #[error("it has version {found}, this program reads {LATCH_VERSION}")]
    Version {
        /// The version it names.
        found: u64,
    },
    /// Each part is well formed and they contradict each other.
    #[error("it contradicts itself: {what}")]
    Contradiction {
        /// Which parts.
        what: &'static str,
    },
}

impl Latch {
    /// A clear document that nothing has happened to.
    pub const fn new() -> Latch {
        Latch { version: LATCH_VERSION, state: LatchState::Clear, events: 0, history: Vec::new() }
    }

    /// Latched or clear.
    pub fn state(&self) -> &LatchState {
        &self.state
    }

    /// The standing halt.
    pub fn latched(&self) -> Option<&Latched> {
        match &self.state {
            LatchState::Clear => None,
            LatchState::Latched(latched) => Some(latched),
        }
    }

    /// The latest halts and resumes, oldest first, [`LATCH_HISTORY_MAX`] at most.
    pub fn history(&self) -> &[LatchEvent] {
        &self.history
    }

    /// Latches; was it clear? Where it is latched already, the first halt stays, and flatten is added to it.
    pub fn halt(&mut self, order: HaltOrder) -> bool {
        self.enter(LatchEvent::Halt(order.clone()));
        let HaltOrder { at, by, reason, flatten } = order;
        match &mut self.state {
            LatchState::Latched(latched) => {
                latched.flatten |= flatten;
                false
            }
            state => {
                *state = LatchState::Latched(Latched { since: at, by, reason, flatten });
                true
            }
        }
    }

    /// Clears it and gives the halt that ends; where none stands, nothing changes and nothing is entered.
    pub fn resume(&mut self, order: ResumeOrder) -> Option<Latched> {
        let LatchState::Latched(latched) = std::mem::replace(&mut self.state, LatchState::Clear) else { return None };
        self.enter(LatchEvent::Resume(order));
        Some(latched)
    }

    fn enter(&mut self, event: LatchEvent) {
        if self.history.len() == LATCH_HISTORY_MAX {
            self.history.remove(0);
        }
        self.history.push(event);
        self.events = self.events.saturating_add(1);
    }

    /// The text of the file.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads the text of the file, all of it or nothing.
    pub fn decode(bytes: &[u8]) -> Result<Latch, LatchFlaw> {
        /// Another version may have any other keys.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version: found } = decode(bytes)?;
        if found != LATCH_VERSION {
            return Err(LatchFlaw::Version { found });
        }
        let latch: Latch = decode(bytes)?;
        let ends_halted = matches!(latch.history.last(), Some(LatchEvent::Halt(_)));
        if ends_halted != latch.latched().is_some() {
            return Err(LatchFlaw::Contradiction { what: "`state` is not what the last entry of `history` left" });
        }
        if latch.events < latch.history.len() as u64 {
            return Err(LatchFlaw::Contradiction { what: "`history` has more entries than `events` counts" });
        }
        Ok(latch)
    }
}

impl Default for Latch {
    fn default() -> Latch {
        Latch::new()
    }
}

impl Latched {
    /// The same as the gate names it.
    pub fn to_halt(&self) -> Halt {
        let Latched { since, by, reason, .. } = self.clone();
        Halt { cause: HaltCause::KillSwitch, since, by, reason }
    }
}

impl HaltOrder {
    /// The text of a note: a halt that is not in the document yet.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a note.
    pub fn decode(bytes: &[u8]) -> Result<HaltOrder, LatchFlaw> {
        decode(bytes)
    }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("text, whole numbers and lists are always JSON");
    text.push(b'\n');
    text
}

fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, LatchFlaw> {
    serde_json::from_slice(bytes).map_err(|error| LatchFlaw::NotWhole { what: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second).unwrap()
    }
    fn order(second: i64, flatten: bool) -> HaltOrder {
        HaltOrder { at: at(second), by: HaltedBy::Person(Words::fixed("ann")), reason: None, flatten }
    }
    fn resume(second: i64) -> ResumeOrder {
        let by = HaltedBy::Person(Words::fixed("bob"));
        ResumeOrder { at: at(second), by, reason: Words::fixed("prices are right again") }
    }
    fn text(latch: &Latch) -> String {
        String::from_utf8(latch.encode()).unwrap()
    }

    #[test]
    fn the_first_halt_stays_and_flatten_is_added() {
        let mut latch = Latch::new();
        assert!(latch.halt(order(1, false)));
        assert!(!latch.halt(order(2, true)));
        assert!(!latch.halt(order(3, false)));
        let standing = latch.latched().unwrap();
        assert_eq!((standing.since, standing.flatten), (at(1), true));
        assert_eq!(standing.to_halt().cause, HaltCause::KillSwitch);
        assert_eq!(latch.history().len(), 3);
        assert_eq!(latch.resume(resume(4)).map(|ended| ended.since), Some(at(1)));
        assert_eq!((latch.latched(), latch.history().len()), (None, 4));
        assert_eq!(latch.resume(resume(5)), None);
        assert_eq!(latch.history().len(), 4, "nothing was lifted, so nothing is entered");
        assert!(latch.halt(order(6, false)));
        assert_eq!(latch.latched().map(|standing| (standing.since, standing.flatten)), Some((at(6), false)));
    }

    #[test]
    fn the_file_is_written_like_this() {
        let mut latch = Latch::new();
        latch.halt(HaltOrder { reason: Some(Words::fixed("prices look wrong")), ..order(0, true) });
        let entry = |indent: &str, time: &str| {
            [
                "{",
                &format!("  \"{time}\": \"1970-01-01T00:00:00Z\","),
                "  \"by\": {",
                "    \"person\": \"ann\"",
                "  },",
                "  \"reason\": \"prices look wrong\",",
                "  \"flatten\": true",
                "}",
            ]
            .join(&format!("\n{indent}"))
        };
        let wanted = format!(
            "{{\n  \"version\": 1,\n  \"state\": {{\n    \"latched\": {}\n  }},\n  \"events\": 1,\n  \"history\": [\n    {{\n      \"halt\": {}\n    }}\n  ]\n}}\n",
            entry("    ", "since"),
            entry("      ", "at")
        );
        assert_eq!(text(&latch), wanted);
        assert!(text(&Latch::new()).contains("\"state\": \"clear\""));
    }

    #[test]
    fn what_is_not_a_whole_document_is_a_flaw() {
        let mut latch = Latch::new();
        latch.halt(order(1, false));
        latch.resume(resume(2));
        let whole = text(&latch);
        for cut in 0..whole.trim_end().len() {
            assert!(Latch::decode(&whole.as_bytes()[..cut]).is_err(), "{}", &whole[..cut]);
        }
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("\"version\": 1", "\"version\": \"1\""),
            ("\"version\": 1,", ""),
            ("\"clear\"", "\"open\""),
            ("\"state\": \"clear\",", ""),
            ("\"events\": 2,", ""),
            ("\"events\": 2", "\"events\": 1"),
            ("\"history\"", "\"histories\""),
            ("\"resume\"", "\"pause\""),
            ("prices are right again", "  "),
            ("\"events\": 2", "\"events\": 2, \"checked\": true"),
            ("\"flatten\": false", "\"flatten\": false, \"force\": true"),
            ("\"reason\": null,", ""),
        ] {
            let broken = whole.replace(from, to);
            assert_ne!(broken, whole, "{from}");
            assert!(Latch::decode(broken.as_bytes()).is_err(), "{broken}");
        }
        assert_eq!(Latch::decode(whole.replace(": 1,", ": 7,").as_bytes()), Err(LatchFlaw::Version { found: 7 }));
        assert!(Latch::decode(format!("{whole}{whole}").as_bytes()).is_err());
        assert!(Latch::decode(&[0; 64]).is_err());
    }

    #[test]
    fn a_state_that_was_changed_by_hand_is_a_contradiction() {
        let mut latch = Latch::new();
        latch.halt(order(1, false));
        let Latch { version, events, history, .. } = latch;
        let by_hand = Latch { version, state: LatchState::Clear, events, history };
        assert!(matches!(Latch::decode(&by_hand.encode()), Err(LatchFlaw::Contradiction { .. })));
    }

    #[test]
    fn the_longest_document_is_read_again() {
        let longest = Words::new(&"\u{10FFFF}".repeat(Words::CHARS_MAX)).unwrap();
        let by = HaltedBy::Person(longest.clone());
        let mut latch = Latch::new();
        for second in 0..2 * LATCH_HISTORY_MAX as i64 {
            latch.halt(HaltOrder { at: at(second), by: by.clone(), reason: Some(longest.clone()), flatten: true });
        }
        assert_eq!(latch.history().len(), LATCH_HISTORY_MAX);
        assert!(latch.encode().len() < 1 << 19, "{}", latch.encode().len());
        assert_eq!(Latch::decode(&latch.encode()), Ok(latch));
    }

    proptest! {
        // A document of a hundred entries is long, and most cases fill it.
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Whatever is ordered, the document reads back as itself, says latched after a halt and clear after a
        /// resume, and never looks like an earlier one.
        #[test]
        fn documents_follow_their_orders(orders in vec(any::<Option<bool>>(), 0..130)) {
            let (mut latch, mut is_latched, mut flatten) = (Latch::new(), false, false);
            let mut texts = std::collections::BTreeSet::from([latch.encode()]);
            for (second, order_to) in (0i64..).zip(orders) {
                let changes = order_to.is_some() || is_latched;
                match order_to {
                    Some(wanted) => {
                        flatten = wanted || (is_latched && flatten);
                        prop_assert_eq!(latch.halt(order(second, wanted)), !is_latched);
                        is_latched = true;
                    }
                    None => {
                        prop_assert_eq!(latch.resume(resume(second)).is_some(), is_latched);
                        is_latched = false;
                    }
                }
                prop_assert_eq!(latch.latched().map(|standing| standing.flatten), is_latched.then_some(flatten));
                let text = latch.encode();
                let read = Latch::decode(&text);
                prop_assert_eq!(read.as_ref(), Ok(&latch));
                prop_assert_eq!(texts.insert(text), changes);
            }
        }
    }
}
