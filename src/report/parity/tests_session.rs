//! What only a session that traded can be: halted, closed by hand, late, restarted, not alone at its venue.
use super::testing::{Rows, context, finding, rows};
use super::*;
use crate::scenario::HaltSpan;

/// A side of a session that was halted so; its halt named.
fn halted(rows: &Rows, cause: &str, from: &str) -> Side {
    let halts = Some(vec![HaltSpan { cause: cause.to_owned(), from: from.to_owned(), until: None }]);
    let files = crate::scenario::SessionFiles { halts, ..rows.files() };
    Side::of_files(std::path::Path::new("session"), files, Some(Vec::new())).expect("whole rows")
}

/// Rule, text and evidence of the first difference.
fn first(other: &Side, findings: Vec<Finding>) -> (String, String, Vec<String>) {
    let (replay, context) = (rows().side(), Context { findings, ..context() });
    let report = ParityReport::of(&replay, other, &context);
    let cause = &report.first().expect("a difference").cause;
    (cause.rule.name().to_owned(), cause.text.clone(), cause.evidence.clone())
}

/// The session of [`rows`] without the entry in MSFT, which ended as `row` says; of one that was sent the stop ends with it.
fn without_entry(row: &str) -> Rows {
    let mut rows = rows();
    rows.orders[4] = row.to_owned();
    match row.contains(",canceled,") {
        true => rows.orders[5] = rows.orders[5].replace("accepted", "canceled"),
        false => rows.orders.truncate(5),
    }
    rows.fills.pop();
    rows
}

const AT: &str = "2013-10-07T13:33:00Z";
const HALT: &str = "halted by the kill switch, ann: a test";

#[test]
fn a_halt_explains_what_it_refused_and_what_it_took_back() {
    let refused = "5,refused,kill_switch,2013-10-07T13:33:00Z,MSFT,buy,40,0,limit,33.5,,day,oto,entry,,,,false";
    let halt = || finding("2013-10-07T13:31:00Z", FindingKind::Halt, None, None, HALT);
    let (rule, text, evidence) = first(&without_entry(refused).side(), vec![halt()]);
    assert_eq!((rule.as_str(), evidence), ("halted", vec![HALT.to_owned()]));
    assert_eq!(text, "Entries were halted in the rehearsal, so order 5 was refused there.");
    // Once it has been lifted it refuses nothing.
    let resumed = finding("2013-10-07T13:32:00Z", FindingKind::Resume, None, None, "resumed by ann: enough");
    assert_eq!(first(&without_entry(refused).side(), vec![halt(), resumed]).0, "gate_refused");
    // What rested then is named by its number.
    let canceled = refused.replace("refused,kill_switch", "canceled,");
    let taken = finding(AT, FindingKind::Halt, Some("5"), None, HALT);
    let (rule, text, _) = first(&without_entry(&canceled).side(), vec![taken]);
    assert_eq!((rule.as_str(), text.as_str()), ("halted", "A halt took order 5 back in the rehearsal."));
    let other = finding(AT, FindingKind::Halt, Some("3"), None, HALT);
    assert_eq!(first(&without_entry(&canceled).side(), vec![other]).0, "ended_unfilled");
    // The halt itself, which no replay has.
    let at_halt = finding(AT, FindingKind::Halt, None, None, HALT);
    assert_eq!(first(&halted(&rows(), "kill_switch", AT), vec![at_halt]).0, "halted");
    assert_eq!(first(&halted(&rows(), "kill_switch", AT), vec![]).0, "unknown");
    assert_eq!(first(&halted(&rows(), "daily_loss", AT), vec![halt()]).0, "unknown");
}

#[test]
fn a_hand_explains_the_exit_that_nobody_else_wanted() {
    let mut other = rows();
    other
        .orders
        .push("7,filled,,2013-10-07T13:34:00Z,MSFT,sell,40,40,market,,,gtc,simple,kill_switch,,,,false".to_owned());
    other.fills.push("7,2013-10-07T13:35:00Z,MSFT,sell,40,33.6,0".to_owned());
    let hand = |symbol| finding("2013-10-07T13:34:00Z", FindingKind::ByHand, None, Some(symbol), "closed by hand");
    let (rule, text, _) = first(&other.side(), vec![hand("MSFT")]);
    assert_eq!((rule.as_str(), text.as_str()), ("by_hand", "Somebody closed the position in MSFT in the rehearsal."));
    assert_eq!(first(&other.side(), vec![hand("AAPL")]).0, "unknown");
    let halt = finding("2013-10-07T13:34:00Z", FindingKind::Halt, None, None, HALT);
    assert_eq!(first(&other.side(), vec![halt]).0, "halted");
    let late = finding("2013-10-07T13:35:00Z", FindingKind::ByHand, None, Some("MSFT"), "closed by hand");
    assert_eq!(first(&other.side(), vec![late]).0, "unknown", "it came after");
}

#[test]
fn a_bar_that_came_too_late_explains_a_stale_price_and_nothing_else() {
    let stale = "5,refused,stale_price,2013-10-07T13:33:00Z,MSFT,buy,40,0,limit,33.5,,day,oto,entry,,,,false";
    let late = |time| finding(time, FindingKind::LateBar, None, None, "the bar was shown 400 seconds after it was due");
    assert_eq!(first(&without_entry(stale).side(), vec![late(AT)]).0, "late_bar");
    assert_eq!(first(&without_entry(stale).side(), vec![late("2013-10-07T13:32:00Z")]).0, "gate_refused");
    let heat = stale.replace("stale_price", "portfolio_heat");
    assert_eq!(first(&without_entry(&heat).side(), vec![late(AT)]).0, "gate_refused");
}

#[test]
fn a_break_and_strangers_are_named() {
    let canceled = "5,canceled,,2013-10-07T13:33:00Z,MSFT,buy,40,0,limit,33.5,,day,oto,entry,,,,false";
    let taken = finding(AT, FindingKind::Restart, Some("5"), None, "the session took its entries back to end");
    assert_eq!(first(&without_entry(canceled).side(), vec![taken]).0, "restarted");
    let rejected = canceled.replace("canceled,", "rejected,insufficient qty");
    let foreign = |symbol| {
        let text = "the venue holds 7 shares of MSFT, our orders come to 0";
        finding("2013-10-07T13:31:00Z", FindingKind::Foreign, None, Some(symbol), text)
    };
    assert_eq!(first(&without_entry(&rejected).side(), vec![foreign("MSFT")]).0, "foreign");
    assert_eq!(first(&without_entry(&rejected).side(), vec![foreign("AAPL")]).0, "venue_refused");
}

/// The exit of a close at which a limit on losses halts: whose it is hangs on when the venue answers.
#[test]
fn a_loss_halt_that_was_answered_later_is_named() {
    let exit = |purpose: &str| {
        let mut rows = rows();
        rows.orders[2] = rows.orders[2].replace("simple,signal", &format!("simple,{purpose}"));
        rows
    };
    let at = "2013-10-07T13:32:00Z";
    let (replay, context) = (halted(&exit("risk_halt"), "daily_loss", at), context());
    let rule = |other: &Side| {
        let report = ParityReport::of(&replay, other, &context);
        report.first().expect("a difference").cause.rule.name()
    };
    assert_eq!(rule(&halted(&exit("signal"), "daily_loss", at)), "halt_answered");
    assert_eq!(rule(&halted(&exit("signal"), "drawdown", at)), "unknown", "another halt");
    assert_eq!(rule(&halted(&exit("time_stop"), "daily_loss", at)), "unknown", "no exit of theirs");
}

/// A fill that was told after its bar: the account of the session counts it with the next.
#[test]
fn a_fill_that_was_told_late_explains_the_account_of_its_bar() {
    let mut other = rows();
    other.equity[4] = "2013-10-07T13:34:00Z,10049.98,10049.98,0,0,0".to_owned();
    let told = |time| finding(time, FindingKind::LateEvent, Some("5"), Some("MSFT"), "told after that bar had closed");
    let (rule, _, evidence) = first(&other.side(), vec![told("2013-10-07T13:34:00Z")]);
    assert_eq!((rule.as_str(), evidence[0].as_str()), ("late_event", "told after that bar had closed"));
    assert_eq!(first(&other.side(), vec![told("2013-10-07T13:33:00Z")]).0, "unknown");
}
