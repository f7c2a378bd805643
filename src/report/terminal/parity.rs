//! The summary that `rehearse` prints: the answer, its cause, what was compared, what it came to, where to look.
//!
//! Not here: asking what the terminal can show (cli), any number that is not in the report.
use super::screen::{Ink, Screen};
use super::{LABEL, N, fact, headed, warning};
use crate::domain::Money;
use crate::report::format::{Sign, capitalized};
use crate::report::parity::{
    Difference, FileCheck, ParityReport, change, describe, headline, paragraph, price_cost, scope, subject_name,
    verdict,
};

/// Differences that are listed; the page has the rest.
const SHOWN: usize = 5;
/// Columns of the names of what was compared.
const NAMES: usize = 22;
/// Columns of a count or a sum.
const NUMBERS: usize = 15;
/// Digits of a hash that tell two files apart.
const HASH_SHOWN: usize = 16;

/// The summary of a comparison, ends with a line break. `places`: what to open, and its path.
pub fn parity_summary(report: &ParityReport<'_>, places: &[(&str, String)], screen: &Screen) -> String {
    let context = report.context;
    let name = format!("{}, {} and replay", context.scenario, context.other);
    let (headline, paragraph) = (headline(report), paragraph(report));
    let answer = [(Ink::Strong, headline.as_str()), (Ink::Plain, " "), (Ink::Plain, &paragraph)];
    let places: String =
        places.iter().map(|(name, path)| format!("{name:<LABEL$}{}\n", screen.set(Ink::Plain, path))).collect();
    let mut parts = vec![
        headed(&name, &scope(report), screen),
        format!("{}\n", screen.wrap(&answer, 0, 0)),
        evidence(report, screen),
        table(report, screen),
        later(report, screen),
        noticed(report, screen),
        places + &files(report, screen),
    ];
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// What shows the cause of the first difference.
fn evidence(report: &ParityReport<'_>, screen: &Screen) -> String {
    let Some(first) = report.first() else { return String::new() };
    let shown = first.cause.evidence.iter().map(|text| fact(screen, "Shown by", text));
    shown.chain(first.cause.noticed.iter().map(|text| fact(screen, "Also noticed", text))).collect()
}

/// Rows and sums of both sides.
fn table(report: &ParityReport<'_>, screen: &Screen) -> String {
    let other = &report.context.other;
    // The name of the other side is a heading of its column.
    let width = NUMBERS.max(other.chars().count() + 2);
    let row = |name: &str, mine: &str, theirs: &str| format!("{name:<NAMES$}{mine:>NUMBERS$}{theirs:>width$}");
    let line = |row: &str, said: &str, is_same: bool| {
        let (ink, from) = (if is_same { Ink::Dim } else { Ink::Warn }, NAMES + NUMBERS + width + 2);
        format!("{}  {}\n", screen.set(Ink::Plain, row), screen.wrap(&[(ink, said)], from, from))
    };
    let mut text = format!("{}\n", screen.set(Ink::Dim, &row("", "replay", other)));
    for counts in &report.counts {
        let number = |count: usize| N.count(count as f64);
        let row = row(subject_name(counts.subject), &number(counts.replay), &number(counts.other));
        text.push_str(&line(&row, &verdict(counts, other), counts.is_same()));
    }
    let (mine, theirs) = &report.totals;
    for (name, mine, theirs) in [
        ("Equity at the end", mine.equity, theirs.equity),
        ("Cash at the end", mine.cash, theirs.cash),
        ("Fees", Some(mine.fees), Some(theirs.fees)),
    ] {
        let dollars = |amount: Option<Money>| {
            amount.map_or_else(|| "none".to_owned(), |amount| N.dollars_cents(amount.to_f64(), Sign::Negative))
        };
        let said = match mine.zip(theirs) {
            Some((mine, theirs)) if mine != theirs => change(theirs - mine),
            _ if mine == theirs => "same".to_owned(),
            _ => "not on both sides".to_owned(),
        };
        text.push_str(&line(&row(name, &dollars(mine), &dollars(theirs)), &said, mine == theirs));
    }
    if let Some(said) = price_cost(report) {
        let fills = N.count(report.price_cost.fills as f64);
        text.push_str(&line(&row("Prices of fills", &fills, &fills), &said, false));
    }
    text
}

/// The differences after the first.
fn later(report: &ParityReport<'_>, screen: &Screen) -> String {
    let told = |difference: &Difference| {
        let time = difference.time.map_or_else(String::new, |time| format!("{} ", time.text(report.context.timeframe)));
        warning(&format!("{time}{} {}", describe(report, difference), difference.cause.text), screen)
    };
    let mut text: String = report.differences.iter().skip(1).take(SHOWN).map(told).collect();
    if let Some(more) = report.differences_total.checked_sub(SHOWN + 1).filter(|more| *more > 0) {
        text.push_str(&format!("  {} more in the page\n", N.count(more as f64)));
    }
    text
}

/// How much was noticed on the way, by kind.
fn noticed(report: &ParityReport<'_>, screen: &Screen) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for finding in &report.context.findings {
        match kinds.iter_mut().find(|(kind, _)| *kind == finding.kind.name()) {
            Some((_, count)) => *count += 1,
            None => kinds.push((finding.kind.name(), 1)),
        }
    }
    let listed: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", kind.replace('_', " "))).collect();
    if listed.is_empty() { String::new() } else { fact(screen, "Noticed", &listed.join(", ")) }
}

/// The files of the other side by their hashes, and of both where they differ.
fn files(report: &ParityReport<'_>, screen: &Screen) -> String {
    let short = |hash: &str| hash.get(..HASH_SHOWN).unwrap_or(hash).to_owned();
    let line = |file: &FileCheck| {
        let hashes = match file.is_same() {
            true => format!("{}  same on both sides", short(&file.replay)),
            false => {
                format!("{} in the replay, {} in the {}", short(&file.replay), short(&file.other), report.context.other)
            }
        };
        fact(screen, &capitalized(file.name.trim_end_matches(".csv")), &hashes)
    };
    report.files.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::parity::testing::{context, finding, rows};
    use crate::report::parity::{Context, FindingKind};

    fn places() -> [(&'static str, String); 2] {
        [("report", "reports/two/parity.html".to_owned()), ("for programs", "reports/two/parity.json".to_owned())]
    }

    #[test]
    fn the_summary_of_a_parity_on_a_pipe() {
        let (replay, other, context) = (rows().side(), rows().side(), context());
        let text = parity_summary(&ParityReport::of(&replay, &other, &context), &places(), &Screen::PIPE);
        let golden = "\
two_shares, rehearsal and replay   AAPL, MSFT, 1-minute, 7 Oct 2013

Rehearsal and replay are the same, order by order. 4 signals, 6 orders, 1
refusal, 3 fills and 6 rows of the account are the same to the byte. Fees come
to $0.02 on both sides, equity ends at $10,053.98.

                               replay      rehearsal
Signals                             4              4  same
Orders, legs included               6              6  same
Refusals                            1              1  same
Fills and fees                      3              3  same
Account, row by row                 6              6  same
Halts                               0              0  same
Equity at the end          $10,053.98     $10,053.98  same
Cash at the end             $8,709.98      $8,709.98  same
Fees                            $0.02          $0.02  same

report          reports/two/parity.html
for programs    reports/two/parity.json
Orders          e95f880693fbfe66 same on both sides
Fills           a5410181ac8eaca9 same on both sides
Refusals        683872a5d820f207 same on both sides
Equity          1b30ba30cb43acc2 same on both sides
";
        assert_eq!(text, golden, "\n{text}");
    }

    #[test]
    fn the_summary_of_a_difference_names_its_cause_before_anything_else() {
        let whole = rows();
        let mut apart = whole.with(|rows| &mut rows.fills, ",100.1,", ",100.12,");
        apart.orders[4] = apart.orders[4].replace("5,filled", "5,expired").replace(",40,40,", ",40,0,");
        apart.fills.pop();
        let (replay, other) = (whole.side(), apart.side());
        let text = "the bar that opened at 13:31 was seen with open 100.12, replayed with 100.1";
        let bar = finding("2013-10-07T13:31:00Z", FindingKind::BarDiffers, None, Some("AAPL"), text);
        let again = finding("2013-10-07T13:31:00Z", FindingKind::Reconnect, None, None, "trade updates came back");
        let context = Context { findings: vec![bar, again], ..context() };
        let text = parity_summary(&ParityReport::of(&replay, &other, &context), &places(), &Screen::PIPE);
        let golden = "\
two_shares, rehearsal and replay   AAPL, MSFT, 1-minute, 7 Oct 2013

They differ from 2013-10-07 13:31 UTC on: order 1, AAPL buy: price 100.1 in the
replay and 100.12 in the rehearsal. The rehearsal saw another bar of AAPL than
the one that was replayed. The rehearsal filled 2.0 bps worse. 1 more difference
after it. Equity ends at $10,053.98 on both sides.

Shown by        the bar that opened at 13:31 was seen with open 100.12, replayed
                with 100.1
Also noticed    trade updates came back

                               replay      rehearsal
Signals                             4              4  same
Orders, legs included               6              6  1 differs
Refusals                            1              1  same
Fills and fees                      3              2  1 differs, 1 only in the
                                                      replay
Account, row by row                 6              6  same
Halts                               0              0  same
Equity at the end          $10,053.98     $10,053.98  same
Cash at the end             $8,709.98      $8,709.98  same
Fees                            $0.02          $0.02  same
Prices of fills                     2              2  1.0 bps worse, $2.00

! 2013-10-07T13:34:00Z Order 5, MSFT buy, 40 at 33.5 filled in the replay alone.
  In the rehearsal order 5 expired before it had filled whole: 0 of 40 shares
  filled there, 40 in the replay.

Noticed         bar differs 1, reconnect 1

report          reports/two/parity.html
for programs    reports/two/parity.json
Orders          e95f880693fbfe66 in the replay, 3dd261897cf3962b in the
                rehearsal
Fills           a5410181ac8eaca9 in the replay, 1a2fb9af1850087b in the
                rehearsal
Refusals        683872a5d820f207 same on both sides
Equity          1b30ba30cb43acc2 same on both sides
";
        assert_eq!(text, golden, "\n{text}");
    }

    #[test]
    fn a_long_name_of_the_other_side_stands_apart_over_its_column() {
        let (replay, other) = (rows().side(), rows().side());
        let context = Context { other: "recorded session".to_owned(), ..context() };
        let text = parity_summary(&ParityReport::of(&replay, &other, &context), &places(), &Screen::PIPE);
        let table = "                               replay  recorded session\nSignals                             4                 4  same\n";
        assert!(text.contains(table), "{text}");
    }
}
