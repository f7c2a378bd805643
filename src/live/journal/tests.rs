//! The journal as a whole: what is written is read, and what was tampered with is found.
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::head_file::head_path;
use super::*;

/// Texts that have broken programs before.
const HOSTILE: [&str; 6] = [
    "'; DROP TABLE journal; --",
    "\"); DELETE FROM journal; --",
    "<script>alert(1)</script><b>",
    "line\nbreak\r\u{1b}[2J\u{0}end",
    "{\"row\":1,\"hash\":\"\"}",
    "\u{202e}ünïcödé 🚀 ${jndi:x} %s %n",
];

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let strategy = proptest::option::of(prop_oneof![
        any::<String>(),
        Just(String::new()),
        proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned)
    ]);
    let kind = proptest::sample::select(&RowKind::ALL[..]);
    (any::<i64>(), any::<i64>(), strategy, kind, any_value()).prop_map(|(time, wall, strategy, kind, body)| Row {
        time: Timestamp::from_ns(time),
        wall: Timestamp::from_ns(wall),
        strategy,
        kind,
        body,
    })
}

pub(super) fn row(body: Value) -> Row {
    let time = Timestamp::from_ns(1_790_000_000_000_000_000);
    Row { time, wall: time.plus_ns(7), strategy: Some("a".to_owned()), kind: RowKind::Event, body }
}

/// A journal in a folder of its own, closed.
fn written(rows: &[Row]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/paper/journal.db");
    Journal::open(&path).unwrap().append(rows, Durability::Flushed).unwrap();
    (folder, path)
}

fn read_all(journal: &JournalReader) -> Result<Vec<Row>, JournalError> {
    let mut rows = Vec::new();
    journal.read(1, |number, row| {
        assert_eq!(number, rows.len() as u64 + 1);
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

fn audit(path: &Path) -> Audit {
    JournalReader::open(path).unwrap().audit(None).unwrap()
}

/// Changes the rows behind the triggers' back, and leaves the schema as it was.
fn tamper(path: &Path, change: impl FnOnce(&Connection)) {
    let connection = Connection::open(path).unwrap();
    let mut triggers: Vec<(String, String)> = Vec::new();
    {
        let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        triggers.extend(rows.map(Result::unwrap));
    }
    triggers.iter().for_each(|(name, _)| connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    change(&connection);
    triggers.iter().for_each(|(_, sql)| connection.execute_batch(sql).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What was written in any pieces, with restarts between them, is read in order, and the chain holds.
    #[test]
    fn what_is_written_is_read(
        pieces in proptest::collection::vec((proptest::collection::vec(any_row(), 0..6), any::<bool>(), any::<bool>()), 1..6)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let (mut all, mut journal) = (Vec::new(), None);
        for (rows, is_flushed, restarts) in &pieces {
            let durability = if *is_flushed { Durability::Flushed } else { Durability::Buffered };
            let open = journal.get_or_insert_with(|| Journal::open(&path).unwrap());
            let before = all.len() as u64;
            all.extend(rows.iter().cloned());
            prop_assert_eq!(open.append(rows, durability).unwrap(), before + 1..all.len() as u64 + 1);
            prop_assert_eq!(open.head().0, all.len() as u64);
            if *restarts {
                journal = None;
            }
        }
        drop(journal);
        let reader = JournalReader::open(&path).unwrap();
        prop_assert_eq!(read_all(&reader).unwrap(), all);
        let audit = reader.audit(None).unwrap();
        prop_assert!(audit.holds(), "{:?}", audit.findings);
        prop_assert_eq!(audit.head.row, audit.rows);
    }

    /// One bit of one value of one row: that row is named, and no other.
    #[test]
    fn a_flipped_bit_is_found(
        rows in proptest::collection::vec(any_row(), 2..8), at in any::<Index>(), column in 0..6usize, place in any::<Index>(),
        bit in 0..8u32
    ) {
        let (_folder, path) = written(&rows);
        let (number, last) = (at.index(rows.len()) as u64 + 1, rows.len() as u64);
        let name = ["time", "wall", "strategy", "kind", "body", "hash"][column];
        tamper(&path, |connection| {
            if column < 2 {
                let sql = format!("UPDATE journal SET {name} = ({name} | ?2) - ({name} & ?2) WHERE row = ?1");
                connection.execute(&sql, (number as i64, 1i64 << (place.index(8) as u32 * 8 + bit))).unwrap();
                return;
            }
            let sql = format!("SELECT CAST({name} AS BLOB) FROM journal WHERE row = ?1");
            let bytes: Option<Vec<u8>> = connection.query_row(&sql, [number as i64], |row| row.get(0)).unwrap();
            let mut bytes = bytes.unwrap_or_default();
            match bytes.len() {
                0 => bytes.push(b'x'),
                length => bytes[place.index(length)] ^= 1 << bit,
            }
            let kind = if name == "hash" { "BLOB" } else { "TEXT" };
            let sql = format!("UPDATE journal SET {name} = CAST(?2 AS {kind}) WHERE row = ?1");
            connection.execute(&sql, (number as i64, bytes)).unwrap();
        });
        let audit = audit(&path);
        prop_assert_eq!(&audit.findings[0], &Finding::Changed { first: number, last: number });
        // The head file knows the last hash, too.
        prop_assert_eq!(audit.findings.len(), if name == "hash" && number == last { 2 } else { 1 });
    }

    /// A row that is gone, with the numbers left as they are or closed up; two rows that have changed places.
    #[test]
    fn what_is_gone_or_moved_is_found(
        rows in proptest::collection::vec(any_row(), 3..8), first in any::<Index>(), second in any::<Index>()
    ) {
        let last = rows.len() as i64;
        let (one, other) = (first.index(rows.len()) as i64 + 1, second.index(rows.len()) as i64 + 1);
        let (_folder, path) = written(&rows);
        tamper(&path, |connection| {
            connection.execute("DELETE FROM journal WHERE row = ?1", [one]).unwrap();
        });
        let gone = audit(&path);
        let number = one as u64;
        match one == last {
            true => {
                let lost = matches!(gone.findings[..], [Finding::Lost { last, by: Noted::HeadFile, .. }] if last == number - 1);
                prop_assert!(lost, "{:?}", gone.findings);
            }
            false => prop_assert_eq!(&gone.findings[..], &[Finding::Missing { first: number, last: number }]),
        }
        tamper(&path, |connection| {
            for row in one + 1..=last {
                connection.execute("UPDATE journal SET row = row - 1 WHERE row = ?1", [row]).unwrap();
            }
        });
        let closed_up = audit(&path);
        prop_assert!(!closed_up.holds());
        if one < last {
            let found = matches!(closed_up.findings[0], Finding::Changed { first, .. } if first == number);
            prop_assert!(found, "{:?}", closed_up.findings);
        }

        prop_assume!(one != other);
        let (_folder, path) = written(&rows);
        tamper(&path, |connection| {
            for (from, to) in [(one, 0), (other, one), (0, other)] {
                connection.execute("UPDATE journal SET row = ?2 WHERE row = ?1", [from, to]).unwrap();
            }
        });
        let found = matches!(audit(&path).findings[0], Finding::Changed { first, .. } if first == one.min(other) as u64);
        prop_assert!(found);
    }

    /// One bit anywhere in the file: the rows are what they were, or somebody hears of it. Nothing panics.
    #[test]
    fn a_flipped_bit_of_the_file_is_harmless_or_found(
        rows in proptest::collection::vec(any_row(), 1..6), place in any::<Index>(), bit in 0..8u32
    ) {
        let (_folder, path) = written(&rows);
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        let Ok(reader) = JournalReader::open(&path) else { return Ok(()) };
        if reader.audit(None).is_ok_and(|audit| audit.holds()) {
            prop_assert_eq!(read_all(&reader).unwrap(), rows);
        }
    }
}

#[test]
fn an_identity_that_was_changed_is_found() {
    let (_folder, path) = written(&[row(json!(1)), row(json!(2))]);
    for change in ["chain = 2", "schema = 2", "made = made + 1", "id = 'x'"] {
        let copy = path.with_file_name("copy.db");
        fs::copy(&path, &copy).unwrap();
        fs::copy(head_path(&path), head_path(&copy)).unwrap();
        tamper(&copy, |connection| {
            connection.execute(&format!("UPDATE identity SET {change}"), []).unwrap();
        });
        assert_eq!(audit(&copy).findings, [Finding::Changed { first: 1, last: 1 }], "{change}");
    }
}

#[test]
fn a_schema_that_was_changed_is_found() {
    let (_folder, path) = written(&[row(json!(1))]);
    let change = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let found = |name: &str, what| vec![Finding::Schema { name: name.to_owned(), what }];
    change("DROP TRIGGER journal_delete");
    assert_eq!(audit(&path).findings, found("journal_delete", "is missing"));
    change("CREATE TRIGGER journal_delete BEFORE DELETE ON journal BEGIN SELECT 1; END");
    assert_eq!(audit(&path).findings, found("journal_delete", "was changed"));
    change("DROP TRIGGER journal_delete; CREATE TABLE more (x)");
    assert_eq!(audit(&path).findings.last(), found("more", "is none of this program's").last());
}

/// Who can write the journal can write the head file; a head that was noted elsewhere still tells.
#[test]
fn a_head_noted_elsewhere_shows_what_the_head_file_cannot() {
    let rows: Vec<Row> = (0..5).map(|number| row(json!({ "number": number }))).collect();
    let (_folder, path) = written(&rows);
    let noted = audit(&path).head;
    let shorter = {
        let (_other, other) = written(&rows[..3]);
        tamper(&path, |connection| {
            connection.execute("DELETE FROM journal WHERE row > 3", []).unwrap();
        });
        fs::read_to_string(head_path(&other)).unwrap()
    };
    assert!(matches!(audit(&path).findings[..], [Finding::Lost { last: 3, .. }]));
    // Another journal's head is no head of this one.
    fs::write(head_path(&path), &shorter).unwrap();
    assert!(matches!(audit(&path).findings[..], [Finding::Other { .. }]));
    fs::write(head_path(&path), format!("{}\n", audit(&path).head)).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    assert!(reader.audit(None).unwrap().holds(), "nothing on the machine can tell");
    let found = reader.audit(Some(noted)).unwrap().findings;
    assert_eq!(found, [Finding::Lost { last: 3, noted, by: Noted::Argument }]);
    let mut other = noted;
    (other.row, other.hash[0]) = (3, other.hash[0] ^ 1);
    assert!(matches!(reader.audit(Some(other)).unwrap().findings[..], [Finding::Other { by: Noted::Argument, .. }]));

    fs::remove_file(head_path(&path)).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    assert!(matches!(reader.audit(None).unwrap().findings[..], [Finding::NoHead { .. }]));
    let head = reader.audit(None).unwrap().head;
    assert!(reader.audit(Some(head)).unwrap().holds(), "a copy without its head file, against a noted head");
    assert!(matches!(Journal::open(&path).unwrap_err(), JournalError::HeadFile { .. }));
    fs::write(head_path(&path), format!("{head}\n")).unwrap();
    assert_eq!(Journal::open(&path).unwrap().head().0, 3, "accepted by a person");
    fs::write(head_path(&path), "3:half a li").unwrap();
    assert!(matches!(audit(&path).findings[..], [Finding::NoHead { .. }]));
    assert!(matches!(Journal::open(&path).unwrap_err(), JournalError::HeadFile { .. }));
}

#[test]
fn many_findings_are_counted_and_neighbours_are_one() {
    let rows: Vec<Row> = (0..2 * FINDINGS_MAX as i64 + 40).map(|number| row(json!(number))).collect();
    let (_folder, path) = written(&rows);
    tamper(&path, |connection| {
        connection.execute("UPDATE journal SET wall = wall + 1 WHERE row BETWEEN 5 AND 9", []).unwrap();
        connection.execute("UPDATE journal SET wall = wall + 1 WHERE row > 9 AND row % 2 = 1", []).unwrap();
    });
    let audit = audit(&path);
    assert_eq!(audit.findings[0], Finding::Changed { first: 5, last: 9 });
    assert_eq!(audit.findings[0].to_string().split(':').next(), Some("rows 5 to 9 were changed or moved"));
    assert_eq!((audit.findings.len(), audit.more), (FINDINGS_MAX, 16));
}

/// Every line is JSON, whatever is in a row; the bodies are there byte for byte.
#[test]
fn an_export_has_a_line_a_row() {
    let rows: Vec<Row> =
        HOSTILE.iter().map(|text| Row { strategy: Some((*text).to_owned()), ..row(json!({ "text": text })) }).collect();
    let (_folder, path) = written(&rows);
    let export = || {
        let mut out = Vec::new();
        let audit = JournalReader::open(&path).unwrap().export(None, (&mut out, &path)).unwrap();
        let text = String::from_utf8(out).unwrap();
        (audit, text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line)).collect::<Vec<_>>())
    };
    let (audit, lines) = export();
    assert!(audit.holds());
    assert_eq!(lines.len(), 1 + rows.len());
    assert_eq!((&lines[0]["journal"], &lines[0]["chain"]), (&json!(audit.id), &json!(1)));
    for (number, (line, row)) in lines[1..].iter().zip(&rows).enumerate() {
        assert_eq!(
            (&line["row"], &line["body"], &line["strategy"]),
            (&json!(number + 1), &row.body, &json!(row.strategy))
        );
        assert_eq!(line["time"], json!(row.time));
    }
    tamper(&path, |connection| {
        connection.execute("UPDATE journal SET body = '{}\n' || body WHERE row = 2", []).unwrap();
    });
    let (audit, lines) = export();
    assert_eq!(audit.findings, [Finding::Changed { first: 2, last: 2 }]);
    assert_eq!(lines.len(), 1 + rows.len());
    assert!(lines[2]["body"].is_null() && lines[2]["damaged_body"].as_str().unwrap().starts_with("{}\n{"));
}

#[test]
fn readers_see_one_moment_while_a_session_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    assert!(matches!(JournalReader::open(&path), Err(JournalError::Absent { .. })));
    let mut journal = Journal::open(&path).unwrap();
    journal.append(&[row(json!(1))], Durability::Flushed).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    journal.append(&[row(json!(2)), row(json!(3))], Durability::Flushed).unwrap();
    assert_eq!(read_all(&reader).unwrap().len(), 1);
    let earlier = reader.audit(None).unwrap();
    assert!(earlier.holds(), "{:?}", earlier.findings);
    drop(reader);
    let later = audit(&path);
    assert!(later.holds() && later.rows == 3);
    assert_eq!(journal.head(), (3, later.head.to_string()[2..].to_owned()));
    // Nothing is written through a reader.
    let reader = JournalReader::open(&path).unwrap();
    assert!(reader.connection.execute("INSERT INTO identity VALUES (2, 1, 1, 1, '')", []).is_err());
}

/// A session looks at every row before it goes on, not only at the last ones.
#[test]
fn who_goes_on_finds_what_an_audit_finds() {
    let rows: Vec<Row> = (0..1_500).map(|at| row(json!(at))).collect();
    let (_folder, path) = written(&rows);
    let read = |path: &Path| {
        let mut bodies = Vec::new();
        let outcome = Journal::open(path).unwrap().read_whole(|row| bodies.push(row.body.to_owned()));
        outcome.map(|()| bodies)
    };
    let whole: Vec<String> = (0..1_500).map(|at| at.to_string()).collect();
    assert_eq!(read(&path).unwrap(), whole);
    tamper(&path, |connection| {
        connection.execute("UPDATE journal SET body = '999' WHERE row = 5", []).unwrap();
        connection.execute("UPDATE journal SET kind = 'none' WHERE row = 7", []).unwrap();
    });
    let error = read(&path).unwrap_err().to_string();
    let first = audit(&path).findings[0].to_string();
    assert!(first.starts_with("row 5 was changed or moved"), "{first}");
    assert!(error.contains(&format!("the journal does not hold: {first} (and 1 more); nothing is traded")), "{error}");
    assert!(error.contains("bring back the journal that was there"), "{error}");
}
