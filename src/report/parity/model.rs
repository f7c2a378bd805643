//! What a comparison found: counts, sums, files, and the differences in the order in which they came.
//!
//! Not here: finding it (compare), words (words, page, json). Invariants: (1) identical means that all four files have
//! the same bytes on both sides and that the halts, where both sides name them, are the same; (2) there is a first
//! difference unless identical.
use std::borrow::Cow;

use super::align::Pair;
use super::{Context, Difference, Side};
use crate::domain::Money;

/// Most differences that a report names; the rest is counted.
pub const DIFFERENCES_MAX: usize = 1_000;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// Orders that were decided, entries and exits, as they were wanted.
    Signals,
    /// Orders and what became of them, legs included.
    Orders,
    /// What our gate refused.
    Refusals,
    /// Executions.
    Fills,
    /// The account at every step.
    Equity,
    /// Times in which entries were halted.
    Halts,
}

impl Subject {
    /// All of them, in the order of the report.
    pub const ALL: [Subject; 6] =
        [Subject::Signals, Subject::Orders, Subject::Refusals, Subject::Fills, Subject::Equity, Subject::Halts];

    /// Its word in `parity.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Subject::Signals => "signals",
            Subject::Orders => "orders",
            Subject::Refusals => "refusals",
            Subject::Fills => "fills",
            Subject::Equity => "equity",
            Subject::Halts => "halts",
        }
    }
}

/// How many rows of one subject agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Of what.
    pub subject: Subject,
    /// Rows of the replay.
    pub replay: usize,
    /// Rows of the other side.
    pub other: usize,
    /// Rows that are the same on both.
    pub same: usize,
    /// Rows that are on both and differ.
    pub differ: usize,
    /// Rows of the replay alone.
    pub only_replay: usize,
    /// Rows of the other side alone.
    pub only_other: usize,
}

impl Counts {
    /// Nothing differs.
    pub fn is_same(&self) -> bool {
        self.differ == 0 && self.only_replay == 0 && self.only_other == 0
    }

    pub(super) fn of(subject: Subject, pairs: &[Pair]) -> Counts {
        let count = |kept: &dyn Fn(&Pair) -> bool| pairs.iter().filter(|pair| kept(pair)).count();
        let same = count(&Pair::is_same);
        let (only_replay, only_other) = (count(&|pair| pair.other.is_none()), count(&|pair| pair.replay.is_none()));
        let differ = pairs.len() - same - only_replay - only_other;
        Counts {
            subject,
            replay: pairs.len() - only_other,
            other: pairs.len() - only_replay,
            same,
            differ,
            only_replay,
            only_other,
        }
    }
}

/// One file on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileCheck {
    /// Its name in a run folder.
    pub name: &'static str,
    /// SHA-256 on the side of the replay.
    pub replay: String,
    /// SHA-256 on the other side.
    pub other: String,
}

impl FileCheck {
    /// The same bytes?
    pub fn is_same(&self) -> bool {
        self.replay == self.other
    }
}

/// What it came to on one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// Equity at the last step; `None` without a step.
    pub equity: Option<Money>,
    /// Cash there.
    pub cash: Option<Money>,
    /// Σ of all fees.
    pub fees: Money,
}

impl Totals {
    pub(super) fn of(side: &Side) -> Totals {
        let (equity, cash) = side.last().unzip();
        Totals { equity, cash, fees: side.fees() }
    }
}

/// What other prices cost: over the fills that are on both sides, for the shares of the replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriceCost {
    /// How many fills.
    pub fills: usize,
    /// Dollars that the other side's prices cost more; negative where they were better.
    pub cost: Money,
    /// Dollars traded, at the replay's prices.
    pub traded: Money,
}

impl PriceCost {
    pub(super) fn of(replay: &Side, other: &Side, fills: &[Pair]) -> PriceCost {
        let none = PriceCost { fills: 0, cost: Money::ZERO, traded: Money::ZERO };
        let (left, right) = (&replay.fills, &other.fills);
        let both = fills.iter().filter_map(|pair| pair.replay.zip(pair.other));
        let alike = both.filter(|(mine, theirs)| left.get(*mine, "side") == right.get(*theirs, "side"));
        let add = |sum: PriceCost, (mine, theirs): (usize, usize)| {
            let shares = left.shares(mine, "qty");
            let value = left.price(mine, "price").notional(shares);
            let more = right.price(theirs, "price").notional(shares) - value;
            let cost = if left.get(mine, "side") == "buy" { more } else { -more };
            let (cost, traded) = (sum.cost.checked_add(cost)?, sum.traded.checked_add(value.abs())?);
            Some(PriceCost { fills: sum.fills + 1, cost, traded })
        };
        // Prices that no share has would not add up; they are told as differences.
        alike.into_iter().try_fold(none, add).unwrap_or(none)
    }

    /// The cost as a share of what was traded; `None` where nothing was.
    pub fn share(&self) -> Option<f64> {
        self.cost.fraction_of(self.traded)
    }
}

/// The rows of the sides, paired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pairs {
    pub(super) orders: Vec<Pair>,
    pub(super) refusals: Vec<Pair>,
    pub(super) fills: Vec<Pair>,
    pub(super) equity: Vec<Pair>,
    /// Rows are places in the lists of halts; column 0 is the cause, 1 the begin, 2 the end. `None`: not compared.
    pub(super) halts: Option<Vec<Pair>>,
}

/// A comparison, finished.
#[derive(Clone, PartialEq, Debug)]
pub struct ParityReport<'a> {
    /// The replay.
    pub(super) replay: &'a Side,
    /// The session it is held against, its orders under the numbers of the replay.
    pub(super) other: Cow<'a, Side>,
    /// What else is known.
    pub context: &'a Context,
    /// All is the same, to the byte.
    pub identical: bool,
    /// By subject; without the halts where a side does not name them.
    pub counts: Vec<Counts>,
    /// The first order of the replay that has another number on the other side; `None` where numbers agree.
    pub renumbered_from: Option<String>,
    /// By file.
    pub files: Vec<FileCheck>,
    /// Of the replay and of the other side.
    pub totals: (Totals, Totals),
    /// What other prices cost.
    pub price_cost: PriceCost,
    /// The first [`DIFFERENCES_MAX`], in the order in which they came. What belongs together is told once: an order
    /// that one side lacks with its legs, fills and refusals, all fills of an order, an account that stays different.
    pub differences: Vec<Difference>,
    /// How many there are in all.
    pub differences_total: usize,
    pub(super) pairs: Pairs,
}

impl ParityReport<'_> {
    /// The one that all else may follow from; `None` where nothing differs.
    pub fn first(&self) -> Option<&Difference> {
        self.differences.first()
    }
}
