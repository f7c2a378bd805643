//! The audit: does every row still carry the hash that it was written with, and is the end still there?
//!
//! Not here: how hashes are made (chain), exit codes and printing (cli).
//! What it proves: no row up to a head that was noted elsewhere has been changed, taken, put in, or moved since. Without
//! such a head it proves that the journal agrees with itself and with its head file, which whoever writes the one can
//! write anew with the other.
use std::fmt;

use rusqlite::ErrorCode;
use rusqlite::types::ValueRef;

use super::chain::{Hash, hex, link};
use super::head_file::head_path;
use super::reader::JournalReader;
use super::reading::{Stored, each_stored};
use super::{Head, JournalError, schema};
use crate::domain::Timestamp;

/// Findings that are kept; the rest is counted.
pub const FINDINGS_MAX: usize = 1_000;

/// Something that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// Rows from `first` to `last` carry other hashes than follow from what they say and from the rows before them.
    Changed {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// Rows from `first` to `last` are not there, and later ones are.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// A row holds a value that no journal writes.
    Unreadable {
        /// Its number as it is stored.
        row: i64,
        /// The column.
        column: &'static str,
    },
    /// A row comes after one with the same number or a higher one.
    Order {
        /// Its number as it is stored.
        row: i64,
    },
    /// Rows at the end are not there.
    Lost {
        /// The last row that is there.
        last: u64,
        /// What was noted.
        noted: Head,
        /// Who noted it.
        by: Noted,
    },
    /// The row of a noted number is another one.
    Other {
        /// What was noted.
        noted: Head,
        /// Who noted it.
        by: Noted,
        /// The hash that it carries, hexadecimal.
        found: String,
    },
    /// Nothing can be said of the end.
    NoHead {
        /// Why.
        why: String,
    },
    /// A table or trigger is not as this program makes it.
    Schema {
        /// Which.
        name: String,
        /// What is the matter with it.
        what: &'static str,
    },
    /// SQLite cannot read on.
    Damaged {
        /// The last row before it.
        after: u64,
        /// In SQLite's words.
        what: String,
    },
}

/// Where a head was noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Noted {
    /// In the file beside the journal.
    HeadFile,
    /// By whoever asks.
    Argument,
}

/// What an audit came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audit {
    /// The journal's own id.
    pub id: String,
    /// Rows that were read.
    pub rows: u64,
    /// Venue's time of the first row.
    pub first: Option<Timestamp>,
    /// Venue's time of the last row.
    pub last: Option<Timestamp>,
    /// Number and hash of the last row.
    pub head: Head,
    /// What the head file says, if it could be read.
    pub head_file: Option<Head>,
    /// What does not hold, in the order of rows; [`FINDINGS_MAX`] at most.
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub more: u64,
}

impl Audit {
    /// Does the journal hold?
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Where the walk along the chain stands.
struct Walk<'a> {
    audit: Audit,
    noted: &'a [(Head, Noted)],
    /// The hash that follows for the last row; another one than the row's where that was changed.
    followed: Hash,
    /// The last row's hash may be built on: nothing is missing before the next.
    is_linked: bool,
}

impl JournalReader {
    /// Looks at every row. `noted` is a head that somebody wrote down earlier.
    pub fn audit(&self, noted: Option<Head>) -> Result<Audit, JournalError> {
        self.audit_each(noted, |_| Ok(()))
    }

    /// The same; `each` gets every row that can be read.
    pub(super) fn audit_each(
        &self,
        argument: Option<Head>,
        mut each: impl FnMut(&Stored<'_>) -> Result<(), JournalError>,
    ) -> Result<Audit, JournalError> {
        let (head_file, problem) = match &self.head_file {
            Ok(head) => (*head, None),
            Err(problem) => (None, Some(problem.clone())),
        };
        let identity = schema::identity(&self.path, &self.connection)?;
        let mut noted: Vec<(Head, Noted)> = Vec::new();
        noted.extend(head_file.map(|head| (head, Noted::HeadFile)));
        noted.extend(argument.map(|head| (head, Noted::Argument)));
        let genesis = Head { row: 0, hash: identity.genesis() };
        let mut walk = Walk {
            audit: Audit {
                id: identity.id,
                rows: 0,
                first: None,
                last: None,
                head: genesis,
                head_file,
                findings: Vec::new(),
                more: 0,
            },
            noted: &noted,
            followed: genesis.hash,
            is_linked: true,
        };
        self.compare_schema(&mut walk)?;
        walk.compare_noted(genesis);
        let outcome = each_stored(&self.path, &self.connection, 0, |number, stored| {
            if let Some(stored) = walk.step(number, stored) {
                each(&stored)?;
            }
            Ok(())
        });
        match outcome {
            Err(JournalError::Sqlite { source, .. })
                if source.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) =>
            {
                walk.find(Finding::Damaged { after: walk.audit.head.row, what: source.to_string() });
            }
            outcome => outcome?,
        }
        walk.compare_end();
        let is_unproved = head_file.is_none() && argument.is_none() && walk.audit.head.row > 0;
        if let Some(why) = problem {
            walk.find(Finding::NoHead { why });
        } else if is_unproved {
            let why = format!("{} is missing", head_path(&self.path).display());
            walk.find(Finding::NoHead { why });
        }
        Ok(walk.audit)
    }

    /// Tables and triggers against those of a journal that is made anew.
    fn compare_schema(&self, walk: &mut Walk<'_>) -> Result<(), JournalError> {
        let failed = |source| JournalError::sqlite(&self.path, source);
        let fresh = rusqlite::Connection::open_in_memory().map_err(failed)?;
        let steps = &schema::STEPS[..self.version as usize];
        steps.iter().try_for_each(|step| fresh.execute_batch(step)).map_err(failed)?;
        let (wanted, found) = (objects(&fresh).map_err(failed)?, objects(&self.connection).map_err(failed)?);
        for object in &wanted {
            match found.iter().find(|other| other.0 == object.0) {
                Some(other) if other == object => {}
                Some(_) => walk.find(Finding::Schema { name: object.0.clone(), what: "was changed" }),
                None => walk.find(Finding::Schema { name: object.0.clone(), what: "is missing" }),
            }
        }
        for (name, ..) in found.iter().filter(|other| wanted.iter().all(|object| object.0 != other.0)) {
            walk.find(Finding::Schema { name: name.clone(), what: "is none of this program's" });
        }
        Ok(())
    }
}

/// Name, type and text of everything in the schema.
fn objects(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut statement = connection.prepare("SELECT name, type, sql FROM sqlite_schema ORDER BY name")?;
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let read = |row: &rusqlite::Row<'_>| Ok((text(row.get_ref(0)?), text(row.get_ref(1)?), text(row.get_ref(2)?)));
    statement.query_map([], read)?.collect()
}

impl Walk<'_> {
    /// Takes the next row; gives it back if it can be read at all.
    fn step<'a>(&mut self, number: i64, stored: Result<Stored<'a>, &'static str>) -> Option<Stored<'a>> {
        self.audit.rows += 1;
        let before = self.audit.head;
        let Some(row) = u64::try_from(number).ok().filter(|row| *row > 0) else {
            self.find(Finding::Unreadable { row: number, column: "row" });
            return None;
        };
        if row <= before.row {
            self.find(Finding::Order { row: number });
            return None;
        }
        if row > before.row + 1 {
            self.find(Finding::Missing { first: before.row + 1, last: row - 1 });
            self.is_linked = false;
        }
        let (stored, hash) = match stored.and_then(|stored| Ok((stored, stored.hash().ok_or("hash")?))) {
            Ok(read) => read,
            Err(column) => {
                self.find(Finding::Unreadable { row: number, column });
                self.audit.head.row = row;
                self.is_linked = false;
                return None;
            }
        };
        let follows = link(&before.hash, &stored.fields);
        // Where only the hash of the row before was changed, this row still carries what followed from the old one.
        if self.is_linked && follows != hash && link(&self.followed, &stored.fields) != hash {
            self.find(Finding::Changed { first: row, last: row });
        }
        self.followed = if self.is_linked { follows } else { hash };
        self.is_linked = true;
        self.audit.head = Head { row, hash };
        let time = Timestamp::from_ns(stored.fields.time);
        self.audit.first.get_or_insert(time);
        self.audit.last = Some(time);
        self.compare_noted(self.audit.head);
        Some(stored)
    }

    /// A row whose number was noted.
    fn compare_noted(&mut self, head: Head) {
        for (noted, by) in self.noted.iter().filter(|(noted, _)| noted.row == head.row && noted.hash != head.hash) {
            self.find(Finding::Other { noted: *noted, by: *by, found: hex(&head.hash) });
        }
    }

    /// Rows that were noted and are beyond the end.
    fn compare_end(&mut self) {
        let last = self.audit.head.row;
        for (noted, by) in self.noted.iter().filter(|(noted, _)| noted.row > last) {
            self.find(Finding::Lost { last, noted: *noted, by: *by });
        }
    }

    fn find(&mut self, finding: Finding) {
        if let (Some(Finding::Changed { last, .. }), Finding::Changed { first, last: end }) =
            (self.audit.findings.last_mut(), &finding)
            && *last + 1 == *first
        {
            *last = *end;
        } else if self.audit.findings.len() < FINDINGS_MAX {
            self.audit.findings.push(finding);
        } else {
            self.audit.more += 1;
        }
    }
}

impl Finding {
    /// In one word, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Finding::Changed { .. } => "changed",
            Finding::Missing { .. } => "missing",
            Finding::Unreadable { .. } => "unreadable",
            Finding::Order { .. } => "order",
            Finding::Lost { .. } => "lost",
            Finding::Other { .. } => "other",
            Finding::NoHead { .. } => "no_head",
            Finding::Schema { .. } => "schema",
            Finding::Damaged { .. } => "damaged",
        }
    }
}

/// `row 5`, `rows 5 to 7`, with what they do.
fn rows(first: u64, last: u64, one: &str, many: &str) -> String {
    if first == last { format!("row {first} {one}") } else { format!("rows {first} to {last} {many}") }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Noted::HeadFile => "the head file",
            Noted::Argument => "--head",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Changed { first: 1, last: 1 } => {
                f.write_str("row 1 or the journal's identity was changed: the hash does not follow")
            }
            Finding::Changed { first, last } => {
                let does = "was changed or moved: its hash does not follow from the row before";
                let do_ = "were changed or moved: their hashes do not follow from the rows before them";
                f.write_str(&rows(*first, *last, does, do_))
            }
            Finding::Missing { first, last } => f.write_str(&rows(*first, *last, "is missing", "are missing")),
            Finding::Unreadable { row, column } => {
                write!(f, "row {row} was changed: its column `{column}` holds what no journal writes")
            }
            Finding::Order { row } => write!(f, "row {row} is out of order, or there twice"),
            Finding::Lost { last, noted, by } => {
                let rows = rows(last + 1, noted.row, "is missing at the end", "are missing at the end");
                write!(f, "{rows}: {by} has noted {noted}")
            }
            Finding::Other { noted, by, found } => {
                write!(f, "row {} is another one: {by} has noted {noted}, it carries {found}", noted.row)
            }
            Finding::NoHead { why } => write!(f, "rows at the end may be missing unseen: {why}"),
            Finding::Schema { name, what } => write!(f, "`{name}` in the schema {what}"),
            Finding::Damaged { after, what } => write!(f, "the file is damaged after row {after}: {what}"),
        }
    }
}
