//! Why two rows differ, as far as the rows and the findings show it; else: unknown.
//!
//! Not here: finding differences. Every rule names the evidence that it holds for, and holds for nothing else: what
//! merely happened on the same bar is listed as noticed and never called a cause.
use super::compare::Draft;
use super::difference::{Nature, Place};
use super::model::{Pairs, Subject};
use super::{Context, FindingKind, Side};
use crate::domain::Timestamp;

mod account;
mod fill;
mod order;
mod session;

/// What explains a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// The session saw another bar than the one that was replayed.
    BarDiffers,
    /// The venue refused the order on one side.
    VenueRefused,
    /// Our gate refused the order on one side.
    GateRefused,
    /// Entries were halted in the session, by a person or by the session itself.
    Halted,
    /// A limit on losses halted at this close, and the venue's answers came before the decision on one side alone.
    HaltAnswered,
    /// A person closed the position or took the order back.
    ByHand,
    /// The session was shown the bar too late to open anything on it.
    LateBar,
    /// The session took the order back as its process ended, and went on later.
    Restarted,
    /// The venue showed orders or shares that no order of the session accounts for, and refused.
    Foreign,
    /// The order ended on one side before it had filled.
    EndedUnfilled,
    /// The order was still open on one side when its session ended.
    StillOpen,
    /// The order filled in other parts.
    PartialFill,
    /// An event came after the bar it belongs to.
    LateEvent,
    /// No stream told the fill; it was found by asking, on another bar.
    FillRecovered,
    /// It filled on another bar.
    AnotherBar,
    /// The same order on the same bar filled at the venue's own price.
    VenuePrice,
    /// Price and shares agree; the fee does not.
    Fee,
    /// The entry of this leg filled otherwise, and the leg follows it.
    EntryFill,
    /// The venue refused to move the stop.
    StopNotMoved,
    /// A stop or a target stands elsewhere, or for other shares.
    StopDiffers,
    /// The fills of this bar differ by exactly this amount.
    FillsDiffer,
    /// A dividend, interest or another payment without a fill came on one side alone.
    Payment,
    /// Something that is held was marked at another price.
    Mark,
    /// One side has no bar at that moment.
    NoBar,
    /// The account differs at the close at which the halt was decided.
    AccountDiffers,
    /// The same rows in another order.
    RowOrder,
    /// The same orders under other numbers.
    Numbers,
    /// The same rows in another form.
    Form,
    /// Nothing that was compared or noticed shows it.
    Unknown,
}

impl Rule {
    /// Its word in `parity.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::BarDiffers => "bar_differs",
            Rule::VenueRefused => "venue_refused",
            Rule::GateRefused => "gate_refused",
            Rule::Halted => "halted",
            Rule::HaltAnswered => "halt_answered",
            Rule::ByHand => "by_hand",
            Rule::LateBar => "late_bar",
            Rule::Restarted => "restarted",
            Rule::Foreign => "foreign",
            Rule::EndedUnfilled => "ended_unfilled",
            Rule::StillOpen => "still_open",
            Rule::PartialFill => "partial_fill",
            Rule::LateEvent => "late_event",
            Rule::FillRecovered => "fill_recovered",
            Rule::AnotherBar => "another_bar",
            Rule::VenuePrice => "venue_price",
            Rule::Fee => "fee",
            Rule::EntryFill => "entry_fill",
            Rule::StopNotMoved => "stop_not_moved",
            Rule::StopDiffers => "stop_differs",
            Rule::FillsDiffer => "fills_differ",
            Rule::Payment => "payment",
            Rule::Mark => "mark",
            Rule::NoBar => "no_bar",
            Rule::AccountDiffers => "account_differs",
            Rule::RowOrder => "row_order",
            Rule::Numbers => "numbers",
            Rule::Form => "form",
            Rule::Unknown => "unknown",
        }
    }
}

/// Why, and what shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The rule that holds.
    pub rule: Rule,
    /// A sentence in plain words; the minus is `-`.
    pub text: String,
    /// What shows it: rows by file and value, findings in their own words.
    pub evidence: Vec<String>,
    /// What else was noticed on the same bar, in its own words: no cause.
    pub noticed: Vec<String>,
}

/// One of two sides and how a sentence calls it.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) side: &'a Side,
    pub(super) name: &'a str,
    pub(super) is_replay: bool,
}

/// All that a rule may look at.
pub(super) struct Scene<'a> {
    pub(super) replay: &'a Side,
    pub(super) other: &'a Side,
    pub(super) context: &'a Context,
    pub(super) pairs: &'a Pairs,
    /// The first bar with a difference between fills or orders.
    first_order: Option<Timestamp>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        replay: &'a Side,
        other: &'a Side,
        context: &'a Context,
        pairs: &'a Pairs,
        drafts: &[Draft],
    ) -> Scene<'a> {
        let of_orders = drafts.iter().filter(|draft| matches!(draft.subject, Subject::Orders | Subject::Fills));
        Scene { replay, other, context, pairs, first_order: of_orders.filter_map(|draft| draft.time).min() }
    }

    pub(super) fn sides(&self) -> [Named<'a>; 2] {
        [
            Named { side: self.replay, name: "replay", is_replay: true },
            Named { side: self.other, name: &self.context.other, is_replay: false },
        ]
    }

    /// The side that has the row, then the one that lacks it.
    fn alone(&self, nature: &Nature) -> Option<(Named<'a>, Named<'a>)> {
        let [replay, other] = self.sides();
        match nature {
            Nature::OnlyReplay => Some((replay, other)),
            Nature::OnlyOther => Some((other, replay)),
            _ => None,
        }
    }

    /// Did the other session see another bar of `symbol` at `time`?
    fn bar(&self, symbol: &str, time: Timestamp) -> Option<Cause> {
        let found = self.context.bar_differs(symbol, time)?;
        let text = format!("The {} saw another bar of {symbol} than the one that was replayed.", self.context.other);
        Some(cause(Rule::BarDiffers, text, vec![found.text.clone()]))
    }

    /// A finding of `kind` that names this order, as a cause.
    fn found(&self, kind: FindingKind, order: &str, rule: Rule, text: &str) -> Option<Cause> {
        let evidence: Vec<String> = self.context.of_order(kind, order).map(|found| found.text.clone()).collect();
        (!evidence.is_empty()).then(|| cause(rule, text.to_owned(), evidence))
    }
}

fn cause(rule: Rule, text: String, evidence: Vec<String>) -> Cause {
    Cause { rule, text, evidence, noticed: Vec::new() }
}

/// The cause of a difference. `is_first`: nothing differs before it.
pub(super) fn explain(scene: &Scene<'_>, draft: &Draft, is_first: bool) -> Cause {
    let found = match (&draft.nature, draft.subject) {
        (Nature::RowOrder(row), _) => Some(cause(
            Rule::RowOrder,
            "Every row is there on both sides; from here on they stand in another order.".to_owned(),
            vec![format!("row {row} of the file is the first that differs")],
        )),
        (Nature::Numbers, _) => Some(cause(
            Rule::Numbers,
            "Every order is there on both sides; they are numbered otherwise.".to_owned(),
            vec!["orders.csv: the ids differ and no other cell does".to_owned()],
        )),
        (Nature::Form, _) => Some(cause(
            Rule::Form,
            "Every row is the same; the bytes of the file differ in line ends or quotes.".to_owned(),
            vec!["the sha256 of the file differs and no cell does".to_owned()],
        )),
        (_, Subject::Fills) => session::explain(scene, draft).or_else(|| fill::explain(scene, draft)),
        (_, Subject::Orders | Subject::Signals | Subject::Refusals) => {
            session::explain(scene, draft).or_else(|| order::explain(scene, draft))
        }
        (_, Subject::Equity) => account::explain(scene, draft),
        (_, Subject::Halts) => session::halt(scene, draft).or_else(|| account::halt(scene, draft)),
    };
    let mut cause = found.unwrap_or_else(|| unknown(is_first));
    cause.noticed = noticed(scene.context, draft, &cause);
    cause
}

fn unknown(is_first: bool) -> Cause {
    let text = match is_first {
        true => {
            "The cause is unknown: nothing that was compared differs before it, and nothing that was noticed explains it."
        }
        false => "Not explained by itself; an earlier difference may have led to it.",
    };
    cause(Rule::Unknown, text.to_owned(), Vec::new())
}

/// What else was noticed on the bar of a difference.
fn noticed(context: &Context, draft: &Draft, cause: &Cause) -> Vec<String> {
    let of_bar = context.findings.iter().filter(|found| Some(found.time) == draft.time);
    let others = of_bar.filter(|found| !cause.evidence.contains(&found.text));
    others.map(|found| found.text.clone()).collect()
}

/// Rows of the fills of `order` on one side.
fn fills_of(side: &Side, order: &str) -> Vec<usize> {
    (0..side.fills.len()).filter(|row| side.fills.get(*row, "order") == order).collect()
}

/// Both rows, where both are there.
fn both(at: Place) -> Option<(usize, usize)> {
    at.replay.zip(at.other)
}
