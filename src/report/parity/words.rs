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

/// Dollars with their sign, to the cent; less than a cent to its first digit.
pub(in crate::report) fn change(amount: Money) -> String {
    let dollars = amount.to_f64();
    if dollars.abs() >= 0.005 || amount == Money::ZERO {
        return N.dollars_cents(dollars, Sign::Always);
    }
    let sign = if amount < Money::ZERO { '-' } else { '+' };
    let written = (3..=DECIMALS_MAX).map(|decimals| format!("{:.decimals$}", dollars.abs()));
    let text = written.into_iter().find(|text| text.bytes().any(|digit| matches!(digit, b'1'..=b'9')));
    format!("{sign}${}", text.unwrap_or_else(|| amount.abs().to_string()))
}

/// Most decimals that are written before a number is shown as it is.
const DECIMALS_MAX: usize = 9;

/// Two amounts to the cent, or to the decimal that tells them apart, or as they are.
pub(super) fn dollars_apart(mine: Money, theirs: Money) -> (String, String) {
    let cents = |amount: Money| N.dollars_cents(amount.to_f64(), Sign::Negative);
    if mine == theirs || cents(mine) != cents(theirs) {
        return (cents(mine), cents(theirs));
    }
    let sign = if mine < Money::ZERO { "-" } else { "" };
    let write = |amount: Money, decimals: usize| format!("{sign}${:.decimals$}", amount.abs().to_f64());
    let apart = (3..=DECIMALS_MAX).map(|decimals| (write(mine, decimals), write(theirs, decimals)));
    apart
        .into_iter()
        .find(|(mine, theirs)| mine != theirs)
        .unwrap_or_else(|| (format!("${mine}"), format!("${theirs}")))
}

/// Two fractions in percent, to the decimal that tells them apart, two at least; as they are where none does.
pub(super) fn percent_apart(mine: &str, theirs: &str) -> (String, String) {
    let (Ok(left), Ok(right)) = (mine.parse::<f64>(), theirs.parse::<f64>()) else {
        return (mine.to_owned(), theirs.to_owned());
    };
    let write = |fraction: f64, decimals: usize| N.percent(fraction, decimals, Sign::Negative);
    let apart = (2..=DECIMALS_MAX).map(|decimals| (write(left, decimals), write(right, decimals)));
    apart.into_iter().find(|(left, right)| left != right).unwrap_or_else(|| (mine.to_owned(), theirs.to_owned()))
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
    let in_percent = |field: &FieldDifference| {
        let (replay, other) = percent_apart(&field.replay, &field.other);
        FieldDifference { name: field.name, replay, other }
    };
    let in_units = |field: &FieldDifference| match field.name {
        "equity" | "cash" | "gross_exposure" => dollars(field),
        "heat" | "drawdown" => in_percent(field),
        _ => field.clone(),
    };
    let fields: Vec<FieldDifference> = difference.nature.fields().iter().map(in_units).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_it_takes_to_tell_them_apart() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let apart = |mine: &str, theirs: &str| dollars_apart(money(mine), money(theirs));
        let two = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(apart("99264.57", "99275"), two("$99,264.57", "$99,275.00"));
        assert_eq!(apart("80.219650799825", "80.221682994605"), two("$80.220", "$80.222"));
        assert_eq!(apart("-80.2201", "-80.2204"), two("-$80.2201", "-$80.2204"));
        assert_eq!(apart("1.00000000000001", "1"), two("$1.00000000000001", "$1"));
        assert_eq!(apart("7", "7"), two("$7.00", "$7.00"));
        assert_eq!(change(money("0.00203219478")), "+$0.002");
        assert_eq!(change(money("-0.00000000000001")), "-$0.00000000000001");
        assert_eq!(change(money("-10.43")), "-$10.43");
        assert_eq!(percent_apart("0.03445225771899872", "0.0030555990119570347"), two("3.45%", "0.31%"));
        assert_eq!(percent_apart("0.5", "0.50000001"), two("50.000000%", "50.000001%"));
        assert_eq!(percent_apart("0.5", ""), two("0.5", ""));
    }
}
