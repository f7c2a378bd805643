//! A matrix of returns out of a CSV file: one column a trial, one row an observation, whoever made it.
//!
//! Not here: statistics (metric). Accepted: a header with a name for every column, then numbers; a first column `date`
//! or `timestamp` is skipped. A return is a fraction (0.01 is 1 %), oldest row first. What is missing or no finite
//! number is an error: a filled-in zero would be a return that nobody made.
use std::path::{Path, PathBuf};

use super::Diagnostic;
use super::data_error::at_line;
use super::series::text_of;

/// Names of a first column that is no trial, in lower case.
const TIMES: [&str; 2] = ["date", "timestamp"];

/// The trials as read. Invariants: two trials or more of equal length, every return finite, none the same gain on
/// every row.
#[derive(Debug, Clone, PartialEq)]
pub struct Trials {
    /// The file.
    pub path: PathBuf,
    /// Name of each trial.
    pub names: Vec<String>,
    /// Returns of each trial, oldest first.
    pub returns: Vec<Vec<f64>>,
}

impl Trials {
    /// Returns of each trial.
    pub fn observations(&self) -> usize {
        self.returns.first().map_or(0, Vec::len)
    }
}

/// Reads the matrix at `path`. Errors: with line, value and remedy; the first one only.
pub fn read_trials(path: &Path) -> Result<Trials, Box<Diagnostic>> {
    let text = text_of(path)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let refused = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Box::new(at_line(path, line, format!("not CSV: {error}")))
    };
    let Some(header) = records.next() else {
        let empty = Diagnostic::of_file(path, "the file is empty");
        return Err(Box::new(empty.note("it needs a header with a name for every trial, and rows of returns")));
    };
    let (first, names) = names_of(path, &header.map_err(refused)?)?;
    let mut returns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for record in records {
        let record = record.map_err(refused)?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| Box::new(at_line(path, line, what));
        if record.len() != first + names.len() {
            let (have, need) = (record.len(), first + names.len());
            return Err(wrong(format!(
                "{have} values, but the header names {need} columns; fill in the row or remove it"
            )));
        }
        for ((text, name), column) in record.iter().skip(first).zip(&names).zip(&mut returns) {
            column.push(value_of(name, text.trim()).map_err(wrong)?);
        }
    }
    if returns[0].is_empty() {
        return Err(Box::new(Diagnostic::of_file(path, "the file has a header but no rows")));
    }
    still(path, &names, &returns)?;
    Ok(Trials { path: path.to_owned(), names, returns })
}

/// Columns to skip, and the names of the trials.
fn names_of(path: &Path, header: &csv::StringRecord) -> Result<(usize, Vec<String>), Box<Diagnostic>> {
    let fail = |what: String| Err(Box::new(at_line(path, 1, what)));
    let first = usize::from(header.get(0).is_some_and(|name| TIMES.contains(&name.trim().to_lowercase().as_str())));
    let names: Vec<String> = header.iter().skip(first).map(|name| name.trim().to_owned()).collect();
    if names.len() < 2 {
        let count = if names.is_empty() { "no column" } else { "one column" };
        return fail(format!("{count} of returns, but luck among trials needs two or more; add the other trials"));
    }
    if let Some(place) = names.iter().position(String::is_empty) {
        let column = first + place + 1;
        return fail(format!("column {column} has no name; name it, or remove it if it only counts the rows"));
    }
    // Whole numbers may name trials; `0.0123` is a return whose header is missing.
    let fraction = |name: &&String| name.parse::<f64>().is_ok_and(|value| !value.is_finite() || value.fract() != 0.0);
    if let Some(value) = names.iter().find(fraction) {
        return fail(format!("`{value}` is no name of a trial; add a header line with a name for every column"));
    }
    Ok((first, names))
}

fn value_of(name: &str, text: &str) -> Result<f64, String> {
    if text.is_empty() {
        return Err(format!("{name} is empty; every trial needs a return on every row, 0 where it did nothing"));
    }
    let value: f64 = text.parse().map_err(|_| format!("{name} `{text}` is not a number; write it like 0.0123"))?;
    if !value.is_finite() {
        return Err(format!("{name} `{text}` is not finite; every trial needs a return on every row"));
    }
    Ok(value)
}

/// No trial with the same gain on every row: it has no deviation, so its Sharpe ratio is no number.
fn still(path: &Path, names: &[String], returns: &[Vec<f64>]) -> Result<(), Box<Diagnostic>> {
    let constant = |column: &&Vec<f64>| column[0] != 0.0 && column.iter().all(|value| *value == column[0]);
    match returns.iter().position(|column| constant(&column)) {
        Some(place) if returns[place].len() > 1 => {
            let (name, value) = (&names[place], returns[place][0]);
            let what = format!("{name} is {value} on every row, so its Sharpe ratio is undefined; remove the column");
            Err(Box::new(Diagnostic::of_file(path, what)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(text: &str) -> Result<Trials, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("t.csv");
        fs::write(&path, text).expect("write");
        read_trials(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "t.csv"))
    }

    #[test]
    fn a_first_column_of_times_is_skipped() {
        for header in ["date,a,b", "Timestamp, a ,b", "\u{feff}date,a,b"] {
            let trials = read(&format!("{header}\n2013-10-07,0.01, -0.02\n2013-10-08,0,1e-3\n")).expect("trials");
            assert_eq!((trials.names, trials.returns[0].len()), (vec!["a".into(), "b".into()], 2));
            assert_eq!(trials.returns, [[0.01, 0.0], [-0.02, 0.001]]);
        }
        let numbered = read("0,1,2\n0.1,0.2,0.3\n").expect("pandas names columns by number");
        assert_eq!((numbered.names[2].as_str(), numbered.returns.len()), ("2", 3));
    }

    #[test]
    fn each_refusal_names_line_value_and_remedy() {
        for (text, expected) in [
            ("", "error t.csv: the file is empty"),
            ("a,b\n", "error t.csv: the file has a header but no rows"),
            ("a\n0.1\n", "error t.csv:1: one column of returns, but luck among trials needs two or more"),
            ("date\n2013-10-07\n", "error t.csv:1: no column of returns"),
            (",a,b\n0,0.1,0.2\n", "error t.csv:1: column 1 has no name"),
            ("0.01,0.02\n0.02,0.01\n", "error t.csv:1: `0.01` is no name of a trial; add a header"),
            ("a,b\n0.1,0.2\n0.1\n", "error t.csv:3: 1 values, but the header names 2 columns; fill in"),
            ("a,b\n0.1,0.2,0.3\n", "error t.csv:2: 3 values, but the header names 2 columns"),
            ("date,a,b\n2013-10-07,0.1,x\n", "error t.csv:2: b `x` is not a number; write it like 0.0123"),
            ("a,b\n0.1,1%\n", "error t.csv:2: b `1%` is not a number"),
            ("a,b\n0.1,NaN\n", "error t.csv:2: b `NaN` is not finite"),
            ("a,b\n-inf,0.1\n", "error t.csv:2: a `-inf` is not finite"),
            ("a,b\n0.1,\n", "error t.csv:2: b is empty; every trial needs a return on every row, 0 where it"),
            ("a,b\n0.1,0.2\n0.1,0.3\n", "error t.csv: a is 0.1 on every row"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(read("a,b\n0,0.2\n0,0.3\n").is_ok(), "a trial that never traded is one");
    }
}
