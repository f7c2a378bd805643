//! A comparison in sentences: the answer, what it rests on, and each difference.
//!
//! Not here: HTML, JSON, the terminal's colours. The minus is `-`; a page makes it typographic. Values of files stand
//! as in the files, dollars of the account to the cent unless they differ only beyond it.
use super::difference::{Difference, FieldDifference, Nature};
use super::model::{Counts, ParityReport, Subject, Totals};
use super::{Context, Side};
use crate::domain::{Money, Timestamp};
use crate::report::format::{Numbers, Sign, capitalized, code_in_words, counted, date_in_prose};

const N: Numbers = Numbers::PLAIN;
/// Fields of one row that a sentence names; the tables show all.
const FIELDS_NAMED: usize = 3;

/// The answer: "Rehearsal and replay are the same, order by order." or from where on they differ, and in what.
pub fn headline(report: &ParityReport<'_>) -> String {
    let Some(first) = report.first() else {
        return format!("{} and replay are the same, order by order.", capitalized(&report.context.other));
    };
    match first.time {
        Some(time) => {
            format!("They differ from {} on: {}", moment(report.context, time), lowered(&describe(report, first)))
        }
        None => format!("They differ: {}", lowered(&describe(report, first))),
    }
}

/// What stands behind the headline: the cause, how much differs, what it came to.
pub fn paragraph(report: &ParityReport<'_>) -> String {
    match report.first() {
        None => same(report),
        Some(first) => {
            let rest = report.differences_total - 1;
            let more = match rest {
                0 => "Nothing else differs.".to_owned(),
                _ => format!("{} after it.", counted(rest, "more difference", "more differences")),
            };
            format!("{} {more} {}", first.cause.text, sums(report))
        }
    }
}

fn same(report: &ParityReport<'_>) -> String {
    let of = |subject: Subject, one: &str, many: &str| {
        let count = report.counts.iter().find(|counts| counts.subject == subject).map_or(0, |counts| counts.same);
        counted(count, one, many)
    };
    let (totals, _) = report.totals;
    format!(
        "{}, {}, {}, {} and {} are the same to the byte. Fees come to {} on both sides, equity ends at {}.",
        of(Subject::Signals, "signal", "signals"),
        of(Subject::Orders, "order", "orders"),
        of(Subject::Refusals, "refusal", "refusals"),
        of(Subject::Fills, "fill", "fills"),
        of(Subject::Equity, "row of the account", "rows of the account"),
        N.dollars_cents(totals.fees.to_f64(), Sign::Negative),
        totals.equity.map_or_else(|| "nothing".to_owned(), |equity| N.dollars_cents(equity.to_f64(), Sign::Negative)),
    )
}

/// "Equity ends at $103,222.10 in the replay and at $103,201.00 in the rehearsal, -$21.10."
fn sums(report: &ParityReport<'_>) -> String {
    let (Totals { equity: mine, .. }, Totals { equity: theirs, .. }) = report.totals;
    match (mine, theirs) {
        (Some(mine), Some(theirs)) if mine == theirs => {
            format!("Equity ends at {} on both sides.", N.dollars_cents(mine.to_f64(), Sign::Negative))
        }
        (Some(mine), Some(theirs)) => {
            let (left, right) = dollars_apart(mine, theirs);
            format!(
                "Equity ends at {left} in the replay and at {right} in the {}: {}.",
                report.context.other,
                change(theirs - mine)
            )
        }
        _ => "One side has no row of the account.".to_owned(),
    }
}

/// What other prices cost: "24.0 bps worse, $5,512.10"; `None` where they are the same.
pub(in crate::report) fn price_cost(report: &ParityReport<'_>) -> Option<String> {
    let found = report.price_cost;
    let share = found.share().filter(|_| found.cost != Money::ZERO)?;
    let word = if found.cost > Money::ZERO { "worse" } else { "better" };
    let dollars = N.dollars_cents(found.cost.abs().to_f64(), Sign::Negative);
    Some(format!("{} {word}, {dollars}", N.basis_points(share.abs())))
}

/// Dollars with their sign, to the cent; less than a cent as it is.
pub(in crate::report) fn change(amount: Money) -> String {
    match amount.to_f64() {
        dollars if dollars.abs() >= 0.005 || amount == Money::ZERO => N.dollars_cents(dollars, Sign::Always),
        _ if amount < Money::ZERO => format!("-${}", amount.abs()),
        _ => format!("+${amount}"),
    }
}

/// Two amounts to the cent, or as they are where cents do not tell them apart.
pub(super) fn dollars_apart(mine: Money, theirs: Money) -> (String, String) {
    let cents = |amount: Money| N.dollars_cents(amount.to_f64(), Sign::Negative);
    match mine != theirs && cents(mine) == cents(theirs) {
        true => (format!("${mine}"), format!("${theirs}")),
        false => (cents(mine), cents(theirs)),
    }
}

/// A moment: the date of a daily bar, date and time in UTC for the rest.
pub(super) fn moment(context: &Context, time: Timestamp) -> String {
    if context.timeframe.is_daily() {
        return date_in_prose(time);
    }
    let text = time.to_string().replace('T', " ");
    format!("{} UTC", text.trim_end_matches('Z').trim_end_matches(":00"))
}

/// One difference as a sentence.
pub fn describe(report: &ParityReport<'_>, difference: &Difference) -> String {
    let (replay, other, name) = (report.replay, &*report.other, report.context.other.as_str());
    let alone = match difference.nature {
        Nature::OnlyReplay => "in the replay alone".to_owned(),
        Nature::OnlyOther => format!("in the {name} alone"),
        Nature::RowOrder(row) => {
            return format!("{} stand in another order from row {row} on.", capitalized(difference.subject.name()));
        }
        Nature::Numbers => return "The same orders carry other numbers.".to_owned(),
        Nature::Form => return format!("The file of {} is written in another form.", difference.subject.name()),
        Nature::Fields(_) => String::new(),
    };
    let fields = || listed(difference.nature.fields(), name);
    let order = difference.order.as_deref().unwrap_or_default();
    match (difference.subject, alone.is_empty()) {
        (Subject::Orders | Subject::Signals, is_both) => {
            let row = difference.at.replay.map(|row| wish(replay, row));
            let row = row.or_else(|| difference.at.other.map(|row| wish(other, row))).unwrap_or_default();
            match is_both {
                true => format!("Order {order}, {row}: {}.", fields()),
                false => format!("Order {order}, {row}, {alone}."),
            }
        }
        (Subject::Fills, false) => {
            let side = if difference.at.replay.is_some() { replay } else { other };
            let row = difference.at.replay.or(difference.at.other).unwrap_or_default();
            format!("Order {order}, {} filled {alone}.", execution(side, row))
        }
        (Subject::Fills, true) => {
            let what = difference.at.replay.map(|row| traded(replay, row)).unwrap_or_default();
            format!("Order {order}, {what}: {}.", fields())
        }
        (Subject::Refusals, false) => format!("Order {order} was refused {alone}."),
        (Subject::Refusals, true) => format!("Order {order} was refused otherwise: {}.", fields()),
        (Subject::Equity, false) => format!("The account has a row {alone}."),
        (Subject::Equity, true) => format!("The account: {}.", account(difference, name)),
        (Subject::Halts, false) => format!("Entries were halted {alone}."),
        (Subject::Halts, true) => format!("A halt: {}.", fields()),
    }
}

/// "price 100.1 in the replay and 100.12 in the rehearsal"
fn listed(fields: &[FieldDifference], other: &str) -> String {
    let one = |field: &FieldDifference| {
        let value = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        let (mine, theirs) = (value(&field.replay), value(&field.other));
        format!("{} {mine} in the replay and {theirs} in the {other}", code_in_words(field.name))
    };
    let mut text = fields.iter().take(FIELDS_NAMED).map(one).collect::<Vec<_>>().join(", ");
    if let Some(more) = fields.len().checked_sub(FIELDS_NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(", and {}", counted(more, "more value", "more values")));
    }
    text
}

/// Equity and cash of an account that differs, to the cent where that tells them apart.
fn account(difference: &Difference, other: &str) -> String {
    let dollars = |field: &FieldDifference| {
        let read = |text: &str| text.parse::<Money>().ok();
        let Some((mine, theirs)) = read(&field.replay).zip(read(&field.other)) else { return field.clone() };
        let (replay, other) = dollars_apart(mine, theirs);
        FieldDifference { name: field.name, replay, other }
    };
    let money = ["equity", "cash", "gross_exposure"];
    let in_dollars = |field: &FieldDifference| if money.contains(&field.name) { dollars(field) } else { field.clone() };
    let fields: Vec<FieldDifference> = difference.nature.fields().iter().map(in_dollars).collect();
    let leading: Vec<FieldDifference> =
        fields.iter().filter(|field| matches!(field.name, "equity" | "cash")).cloned().collect();
    listed(if leading.is_empty() { &fields } else { &leading }, other)
}

/// "AAPL buy 100 limit 101.5 day bracket"
pub(super) fn wish(side: &Side, row: usize) -> String {
    let text = |column: &str| side.orders.get(row, column);
    let mut words = [text("symbol"), text("side"), text("qty")].join(" ");
    words.push_str(&format!(" {}", code_in_words(text("type"))));
    for (name, column) in [("", "limit_price"), ("at ", "stop_price"), ("by ", "trail_price")] {
        if !text(column).is_empty() {
            words.push_str(&format!(" {name}{}", text(column)));
        }
    }
    if !text("trail_percent").is_empty() {
        words.push_str(&format!(" by {}%", text("trail_percent")));
    }
    words.push_str(&format!(" {}", text("time_in_force")));
    if text("order_class") != "simple" {
        words.push_str(&format!(" {}", text("order_class")));
    }
    words
}

/// "AAPL buy"
fn traded(side: &Side, row: usize) -> String {
    format!("{} {}", side.fills.get(row, "symbol"), side.fills.get(row, "side"))
}

/// "AAPL buy, 100 at 100.1"
fn execution(side: &Side, row: usize) -> String {
    format!("{}, {} at {}", traded(side, row), side.fills.get(row, "qty"), side.fills.get(row, "price"))
}

/// What is compared, as a row of the table of checks calls it.
pub(in crate::report) const fn subject_name(subject: Subject) -> &'static str {
    match subject {
        Subject::Signals => "Signals",
        Subject::Orders => "Orders, legs included",
        Subject::Refusals => "Refusals",
        Subject::Fills => "Fills and fees",
        Subject::Equity => "Account, row by row",
        Subject::Halts => "Halts",
    }
}

/// How a subject came out: "same", "3 differ, 1 only in the replay".
pub(in crate::report) fn verdict(counts: &Counts, other: &str) -> String {
    let part = |count: usize, text: String| (count > 0).then(|| format!("{} {text}", N.count(count as f64)));
    let parts = [
        part(counts.differ, if counts.differ == 1 { "differs" } else { "differ" }.to_owned()),
        part(counts.only_replay, "only in the replay".to_owned()),
        part(counts.only_other, format!("only in the {other}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "same".to_owned() } else { parts.join(", ") }
}

/// What was run, on one line: "AAPL, MSFT, hourly, 3 Jan 2012 to 31 Dec 2012".
pub(in crate::report) fn scope(report: &ParityReport<'_>) -> String {
    let context = report.context;
    let mut scope = match context.symbols.as_slice() {
        few if few.len() <= 8 => few.join(", "),
        many => format!("{} symbols from {} to {}", many.len(), many[0], many[many.len() - 1]),
    };
    scope.push_str(&format!(", {}", context.timeframe.adjective()));
    let side = if report.replay.equity.len() > 0 { report.replay } else { &*report.other };
    if let Some(last) = side.equity.len().checked_sub(1) {
        let date = |row: usize| date_in_prose(side.equity.time(row, "timestamp"));
        let (from, to) = (date(0), date(last));
        scope.push_str(&if from == to { format!(", {from}") } else { format!(", {from} to {to}") });
    }
    scope
}

/// The text with its first letter small, where it is a word of ours and no name.
fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
