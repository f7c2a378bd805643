//! Halts by limits, for commands of other processes: which of them stand in a session that runs, and a resume for them.
//!
//! Not here: the latch (risk), which a resume ends by itself. What a session leaves here says what holds; nothing is decided
//! by it. A resume is asked for in a file that the session takes away when it takes the resume, and answers in another.
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::record::{Claim, read, write};
use crate::domain::Timestamp;
use crate::live::Done;
use crate::risk::{Halt, ResumeOrder};

const LIMITS: &str = "limits.json";
const RESUME: &str = "resume.json";
const ANSWER: &str = "resume.done";
/// Between two looks for an answer.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// A limit forbids a scenario to open or add.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LimitHalt {
    /// The scenario.
    pub strategy: String,
    /// Which limit, since when, and what lifts it.
    pub halt: Halt,
}

/// What a session answered to a resume.
#[derive(Serialize, Deserialize)]
struct Answer {
    /// Of the resume.
    at: Timestamp,
    done: Done,
}

/// A session writes down which of its scenarios a limit halts.
pub fn show_limits(state: &Path, mode: &str, halts: &[LimitHalt]) -> io::Result<()> {
    write(&state.join(mode), LIMITS, &halts)
}

/// The same of the last session; of one that does not run it says nothing.
pub fn limits(state: &Path, mode: &str) -> Vec<LimitHalt> {
    read(&state.join(mode), LIMITS).unwrap_or_default()
}

/// Asks the session that runs to resume, and gives its answer; `None` where it gave none within `limit`, and then it does not
/// take it any more. Errors: the folder cannot be written.
pub fn ask_to_resume(state: &Path, mode: &str, order: &ResumeOrder, limit: Duration) -> io::Result<Option<Done>> {
    let folder = state.join(mode);
    write(&folder, RESUME, order)?;
    let end = Instant::now() + limit;
    while Instant::now() < end {
        match read::<Answer>(&folder, ANSWER) {
            Some(Answer { at, done }) if at == order.at => return Ok(Some(done)),
            _ => thread::sleep(LOOK_PAUSE),
        }
    }
    remove(&folder, RESUME)?;
    Ok(None)
}

/// A resume that a command has asked for, once.
pub fn take_resume(state: &Path, mode: &str) -> Option<ResumeOrder> {
    let folder = state.join(mode);
    // Looked for many times a second, and hardly ever there.
    if !folder.join(RESUME).exists() {
        return None;
    }
    let order = read(&folder, RESUME);
    // One that cannot be taken away would be taken twice.
    remove(&folder, RESUME).ok().and(order)
}

/// Answers the resume of the moment `at`.
pub fn answer_resume(state: &Path, mode: &str, at: Timestamp, done: Done) -> io::Result<()> {
    write(&state.join(mode), ANSWER, &Answer { at, done })
}

impl Claim {
    /// What an earlier life has left is not about this one.
    pub(super) fn forget_limits(folder: &Path) -> io::Result<()> {
        [LIMITS, RESUME, ANSWER].iter().try_for_each(|name| remove(folder, name))
    }
}

fn remove(folder: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{HaltedBy, Words};

    #[test]
    fn a_resume_is_taken_once_and_not_after_its_time() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join("paper")).expect("folder");
        let by = HaltedBy::Person(Words::fixed("ann"));
        let order = ResumeOrder { at: Timestamp::MIN, by, reason: Words::fixed("checked") };
        let unanswered = ask_to_resume(folder.path(), "paper", &order, Duration::ZERO).expect("written");
        assert!(unanswered.is_none());
        assert_eq!(take_resume(folder.path(), "paper"), None, "nobody waits for it any more");
        let answered = thread::scope(|scope| {
            let asks = scope.spawn(|| ask_to_resume(folder.path(), "paper", &order, Duration::from_secs(20)));
            let taken = loop {
                match take_resume(folder.path(), "paper") {
                    None => thread::sleep(LOOK_PAUSE),
                    Some(taken) => break taken,
                }
            };
            assert_eq!((&taken, take_resume(folder.path(), "paper")), (&order, None));
            let done = Done { taken: true, text: "Resumed.".to_owned(), items: Vec::new() };
            answer_resume(folder.path(), "paper", taken.at, done).expect("written");
            asks.join().expect("no panic").expect("written")
        });
        assert_eq!(answered.map(|done| done.text).as_deref(), Some("Resumed."));
    }
}
