//! Which column of a table holds what, by its name.
//!
//! Not here: the rows.
use std::path::Path;

use super::error::DataError;

/// The header that a bar file needs.
pub(super) const WANTED: &str = "timestamp,open,high,low,close,volume";

/// What a column of a bar file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// When the bar opens.
    Timestamp,
    /// A price: 0 open, 1 high, 2 low, 3 close.
    Price(usize),
    /// Shares traded.
    Volume,
    /// Something this program does not read, such as an adjusted close.
    Ignored,
}

/// The prices, in the order of [`Role::Price`].
pub(super) const PRICE_NAMES: [&str; 4] = ["open", "high", "low", "close"];

/// The roles that must be there, each with its name and the other names it goes by.
const NEEDED: [(Role, &str, &[&str]); 6] = [
    (Role::Timestamp, "timestamp", &["date", "time", "datetime", "t"]),
    (Role::Price(0), "open", &["o"]),
    (Role::Price(1), "high", &["h"]),
    (Role::Price(2), "low", &["l"]),
    (Role::Price(3), "close", &["c"]),
    (Role::Volume, "volume", &["vol", "v"]),
];

/// The role of each column, by name: case does not matter, order does not, other columns are ignored.
///
/// Errors: a role without a column, or with two.
pub(super) fn roles(path: &Path, names: &[String]) -> Result<Vec<Role>, DataError> {
    let mut roles = vec![Role::Ignored; names.len()];
    let mut missing = Vec::new();
    for (role, column, aliases) in NEEDED {
        let matches = |name: &String| {
            let name = name.trim().to_lowercase();
            name == column || aliases.contains(&name.as_str())
        };
        let mut found = (0..names.len()).filter(|index| matches(&names[*index]));
        match (found.next(), found.next()) {
            (Some(index), None) => roles[index] = role,
            (Some(first), Some(second)) => {
                let (first, second) = (names[first].clone(), names[second].clone());
                return Err(DataError::TwoColumns { path: path.to_owned(), column, first, second });
            }
            (None, _) => missing.push(column.to_owned()),
        }
    }
    if missing.is_empty() {
        return Ok(roles);
    }
    Err(DataError::Header { path: path.to_owned(), missing, found: names.to_vec(), wanted: WANTED })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles_of(header: &str) -> Result<Vec<Role>, String> {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        roles(Path::new("bars.csv"), &names).map_err(|error| error.to_string())
    }

    #[test]
    fn names_decide_and_order_does_not() {
        let yahoo = roles_of("Date,Open,High,Low,Close,Adj Close,Volume").expect("header");
        assert_eq!(yahoo[5], Role::Ignored);
        assert_eq!(yahoo[6], Role::Volume);
        let alpaca = roles_of("c,h,l,n,o,t,v,vw").expect("header");
        assert_eq!(alpaca[5], Role::Timestamp);
        assert_eq!(alpaca[0], Role::Price(3));
    }

    #[test]
    fn a_wrong_header_names_found_and_wanted() {
        let message = roles_of("timestamp,open,high,low,price").expect_err("wrong");
        assert!(message.contains("no column `close`, `volume`"), "{message}");
        assert!(message.contains("`price`") && message.contains(WANTED), "{message}");
        let message = roles_of("date,time,open,high,low,close,volume").expect_err("two");
        assert!(message.contains("both `date` and `time`"), "{message}");
    }
}
