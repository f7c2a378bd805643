//! A journal in memory that is cut off where a test says.
use alphaflow::live::journal::{Durability, Row};
use alphaflow::live::session::{KeepError, Keeper};

/// Rows, and where the power goes.
#[derive(Default)]
pub struct Disk {
    pub rows: Vec<Row>,
    pub appends: usize,
    /// The appends that fail, in order, and whether their rows are kept.
    pub crashes: Vec<Crash>,
}

/// An append that fails: its number, and whether its rows are kept.
pub type Crash = (usize, bool);

impl Keeper for Disk {
    fn append(&mut self, rows: &[Row], _durability: Durability) -> Result<u64, KeepError> {
        let fails = self.crashes.first().copied().filter(|(at, _)| *at == self.appends);
        self.appends += 1;
        if fails.is_none_or(|(_, keeps)| keeps) {
            self.rows.extend_from_slice(rows);
        }
        match fails {
            Some(_) => {
                self.crashes.remove(0);
                Err(KeepError("killed".to_owned()))
            }
            None => Ok(self.rows.len() as u64),
        }
    }
}
