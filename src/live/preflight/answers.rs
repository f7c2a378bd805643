//! What only a person can know: statements of the checklist, who confirmed them, and for how long that counts.
//!
//! Not here: asking (ask), whether a preflight passes (examine).
//! Invariants: (1) an answer is a yes with a name and a date; there is no recorded no; (2) an answer from the future or
//! past its time is none; (3) a file that cannot be read whole gives no answers, and an error.
use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::documents::{read_json, write_json};
use super::record::RecordError;
use super::{Item, PreflightMode};
use crate::domain::Timestamp;
use crate::risk::Words;

/// The file of answers in the folder of the state.
pub const ANSWERS_FILE: &str = "answers.json";

/// A statement that a person confirms.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name, as after `--yes`.
    pub id: &'static str,
    /// The statement.
    pub statement: &'static str,
    /// Days for which an answer counts.
    pub days: i64,
}

/// Everything that is asked before live trading, in order; nothing is asked before paper.
pub const QUESTIONS: [Question; 14] = [
    question(
        "broker_password",
        QUARTER,
        "The broker's password is long, used nowhere else and kept in a password manager.",
    ),
    question("broker_two_factor", QUARTER, "Signing in at the broker takes a second factor."),
    question(
        "keys_unseen",
        MONTH,
        "Nobody else has seen the keys of the live account; keys that were seen have been replaced.",
    ),
    question("disk_encryption", QUARTER, "The disk of this machine is encrypted."),
    question(
        "firewall",
        QUARTER,
        "A firewall keeps other machines away from this one, and nobody else uses this login.",
    ),
    question("updates", MONTH, "This release and this system have the security updates of the last month."),
    question(
        "paper_results",
        MONTH,
        "At least two weeks on paper had: half of the trades won or more, a profit, average win above average loss, stops and limits kept, no crash.",
    ),
    question(
        "dashboard_seen",
        QUARTER,
        "On paper every page of the dashboard was opened, the banner said PAPER, and the emergency stop was used.",
    ),
    question("notifications_seen", MONTH, "Messages about trades, stops and halts arrived where somebody reads them."),
    question("trading_plan", QUARTER, "It is written down what is traded, with how much, and at which loss it ends."),
    question(
        "recovery_plan",
        QUARTER,
        "It is written down what to do when this machine, the network or the broker fails, and the folder of the state is backed up.",
    ),
    question(
        "watching",
        MONTH,
        "Somebody watches the first 30 minutes, looks three times a day after that, and can reach the broker by telephone.",
    ),
    question("money", MONTH, "The money may be lost without harm."),
    question(
        "reviews",
        WEEK,
        "Trades and refusals of the last week, and the limits of the last quarter, have been looked through.",
    ),
];

const WEEK: i64 = 7;
const MONTH: i64 = 31;
const QUARTER: i64 = 92;

const fn question(id: &'static str, days: i64, statement: &'static str) -> Question {
    Question { id, statement, days }
}

/// A yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Who.
    pub by: Words,
    /// When.
    pub at: Timestamp,
}

/// Every yes so far, by question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Answer>);

impl Question {
    /// The question of this name.
    pub fn named(id: &str) -> Option<&'static Question> {
        QUESTIONS.iter().find(|question| question.id == id)
    }
}

impl Answers {
    /// Those in the folder `state`; none where there is no file. Errors: a file that cannot be read whole.
    pub fn read(state: &Path) -> Result<Answers, RecordError> {
        let path = state.join(ANSWERS_FILE);
        let Some(value) = read_json(&path).map_err(|what| RecordError { path: path.clone(), what })? else {
            return Ok(Answers::default());
        };
        serde_json::from_value(value).map_err(|error| RecordError { path, what: error.to_string() })
    }

    /// Writes them. Errors: what the disk says.
    pub fn write(&self, state: &Path) -> Result<(), RecordError> {
        write_json(&state.join(ANSWERS_FILE), &serde_json::json!(self.0))
    }

    /// Takes a yes in, the newest of a question.
    pub fn give(&mut self, question: &Question, answer: Answer) {
        self.0.insert(question.id.to_owned(), answer);
    }

    /// The yes to a question that counts at `now`.
    pub fn counting(&self, question: &Question, now: Timestamp) -> Option<&Answer> {
        let answer = self.0.get(question.id)?;
        let age = now.ns().saturating_sub(answer.at.ns());
        (0..=question.days * Timestamp::NS_PER_DAY).contains(&age).then_some(answer)
    }

    /// Questions that the mode asks and that no yes counts for.
    pub fn open(&self, mode: PreflightMode, now: Timestamp) -> Vec<&'static Question> {
        asked(mode).iter().filter(|question| self.counting(question, now).is_none()).collect()
    }
}

/// What a mode asks: before money everything, before anything else nothing.
fn asked(mode: PreflightMode) -> &'static [Question] {
    if mode == PreflightMode::Live { &QUESTIONS } else { &[] }
}

/// The items of the questions.
pub(super) fn examine(mode: PreflightMode, answers: &Answers, now: Timestamp) -> Vec<Item> {
    let item = |question: &'static Question| {
        let Question { id, statement, days } = question;
        Item::of(
            id,
            match answers.counting(question, now) {
                Some(answer) => Ok(format!("{statement} Confirmed by {} on {}.", answer.by, answer.at.utc_date())),
                None => Err(format!(
                    "{statement} Not confirmed within {days} days; confirm it on a terminal or with --yes {id}."
                )),
            },
        )
    };
    asked(mode).iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ns(1_790_000_000 * Timestamp::NS_PER_SECOND);

    fn yes(at: Timestamp) -> Answer {
        Answer { by: Words::fixed("ann"), at }
    }

    #[test]
    fn a_yes_counts_for_its_days_and_comes_back_from_the_disk() {
        let folder = tempfile::tempdir().expect("folder");
        let question = Question::named("firewall").expect("it is asked");
        let mut answers = Answers::read(folder.path()).expect("no file is no answers");
        assert_eq!(answers.open(PreflightMode::Live, NOW).len(), QUESTIONS.len());
        assert!(answers.open(PreflightMode::Paper, NOW).is_empty());
        answers.give(question, yes(NOW));
        answers.write(folder.path()).expect("written");
        assert_eq!(Answers::read(folder.path()).expect("read"), answers);
        let end = NOW.plus_ns(question.days * Timestamp::NS_PER_DAY);
        assert!(answers.counting(question, NOW).is_some() && answers.counting(question, end).is_some());
        assert!(answers.counting(question, end.plus_ns(1)).is_none(), "past its time");
        assert!(answers.counting(question, NOW.plus_ns(-1)).is_none(), "from the future");
        assert_eq!(answers.open(PreflightMode::Live, NOW).len(), QUESTIONS.len() - 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_no_answers() {
        let folder = tempfile::tempdir().expect("folder");
        for bad in
            ["", "[]", "{\"firewall\": true}", "{\"firewall\": {\"by\": \"\", \"at\": \"2026-01-01T00:00:00Z\"}}"]
        {
            std::fs::write(folder.path().join(ANSWERS_FILE), bad).expect("write");
            let text = Answers::read(folder.path()).expect_err(bad).to_string();
            assert!(text.contains(ANSWERS_FILE), "{text}");
        }
    }

    #[test]
    fn names_are_unique_and_every_statement_is_one_sentence_or_more() {
        let names: std::collections::BTreeSet<_> = QUESTIONS.iter().map(|question| question.id).collect();
        assert_eq!(names.len(), QUESTIONS.len());
        assert!(QUESTIONS.iter().all(|question| question.statement.ends_with('.') && question.days > 0));
    }
}
