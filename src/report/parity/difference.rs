//! One difference: of what, when, how, and why.
//!
//! Not here: finding it (outcome, equity), its cause (cause).
use super::Cause;
use super::model::Subject;
use crate::domain::Timestamp;

/// A value that is not the same on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldDifference {
    /// The column.
    pub name: &'static str,
    /// The replay's value, as in its file.
    pub replay: String,
    /// The other side's.
    pub other: String,
}

/// How two rows differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Nature {
    /// Both are there; these columns differ.
    Fields(Vec<FieldDifference>),
    /// Only the replay has it.
    OnlyReplay,
    /// Only the other side has it.
    OnlyOther,
    /// The same rows stand in another order from this row of the file on, counted from 1.
    RowOrder(usize),
    /// The same orders carry other numbers.
    Numbers,
    /// The same rows are written in another form: line ends, quotes.
    Form,
}

impl Nature {
    /// Its word in `parity.json`.
    pub const fn name(&self) -> &'static str {
        match self {
            Nature::Fields(_) => "fields",
            Nature::OnlyReplay => "only_replay",
            Nature::OnlyOther => "only_other",
            Nature::RowOrder(_) => "row_order",
            Nature::Numbers => "numbers",
            Nature::Form => "form",
        }
    }

    /// The difference in this column.
    pub fn field(&self, name: &str) -> Option<&FieldDifference> {
        match self {
            Nature::Fields(fields) => fields.iter().find(|field| field.name == name),
            _ => None,
        }
    }

    /// The columns that differ.
    pub(super) fn fields(&self) -> &[FieldDifference] {
        match self {
            Nature::Fields(fields) => fields,
            _ => &[],
        }
    }
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Of what.
    pub subject: Subject,
    /// The order it is about; `None` for the account, halts and files.
    pub order: Option<String>,
    /// Which of the order's fills or refusals, from 1; 0 for the order itself and what belongs to no order.
    pub ordinal: usize,
    /// The bar it happened on; `None` where the rows do not tell.
    pub time: Option<Timestamp>,
    /// How many rows it stands for: more than one where an account stays different.
    pub rows: usize,
    /// How the rows differ; of several, the first.
    pub nature: Nature,
    /// Why, as far as the evidence shows.
    pub cause: Cause,
    /// The rows it was found in.
    pub(super) at: Place,
}

/// Rows of both sides that a difference was found in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) replay: Option<usize>,
    pub(super) other: Option<usize>,
}
