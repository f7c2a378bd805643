//! A journal as JSON lines: the first says whose it is, then one line a row.
//!
//! Not here: the hashes (chain): the body stands in its line byte for byte as it was hashed.
use std::io::Write;
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::json;

use super::chain::{Identity, hex};
use super::reader::JournalReader;
use super::reading::Stored;
use super::schema::identity;
use super::verify::Audit;
use super::{Head, JournalError};
use crate::domain::Timestamp;

impl JournalReader {
    /// Writes all rows that can be read, and looks at them as an audit does. `file`: how errors call what is written.
    pub fn export(&self, noted: Option<Head>, (out, file): (&mut impl Write, &Path)) -> Result<Audit, JournalError> {
        let failed = |source| JournalError::Io { path: file.to_owned(), what: "the export cannot be written", source };
        write_identity(&identity(&self.path, &self.connection)?, out).map_err(failed)?;
        let audit = self.audit_each(noted, |stored| write_row(stored, out).map_err(failed))?;
        out.flush().map_err(failed)?;
        Ok(audit)
    }
}

fn write_identity(identity: &Identity, out: &mut impl Write) -> std::io::Result<()> {
    let Identity { chain, schema, made, id } = identity;
    let genesis = hex(&identity.genesis());
    writeln!(out, "{}", json!({ "journal": id, "chain": chain, "schema": schema, "made": made, "hash": genesis }))
}

fn write_row(stored: &Stored<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let fields = &stored.fields;
    let text = |bytes| String::from_utf8_lossy(bytes);
    let start = json!({
        "row": fields.row,
        "time": Timestamp::from_ns(fields.time),
        "wall": Timestamp::from_ns(fields.wall),
        "strategy": fields.strategy.map(text),
        "kind": text(fields.kind),
        "hash": hex(stored.hash),
    });
    let start = start.to_string();
    let start = start.trim_end_matches('}');
    // A line of JSON stays one, whatever somebody has put into a body.
    let is_json = serde_json::from_slice::<IgnoredAny>(fields.body).is_ok() && !fields.body.contains(&b'\n');
    match std::str::from_utf8(fields.body) {
        Ok(body) if is_json => writeln!(out, "{start},\"body\":{body}}}"),
        _ => writeln!(out, "{start},\"damaged_body\":{}}}", json!(text(fields.body))),
    }
}
