//! A proof on the terminal: what was tried, what changed, what remains to doubt.
//!
//! Not here: the words for one change (report::proof), the clock (cli).
use std::time::Duration;

use super::screen::{Ink, Screen};
use super::spent::duration;
use super::{LABEL, N, fact, headed, warning};
use crate::report::format::{counted, date_in_table};
use crate::report::proof::{Proved, meaning};
use crate::report::reading;
use crate::scenario::{Change, Future, Proof, Rerun, WarmUp};

/// The proof of a scenario; ends with a line break. `spent`: what its reruns took.
pub fn proof(proved: &Proved<'_>, spent: Duration, screen: &Screen) -> String {
    let proof = proved.proof;
    let mut parts = vec![heading(proved, screen), answer(proof, screen), checks(proved, screen)];
    parts.extend(proof.changes.iter().map(|change| changed(proved, change, screen)));
    parts.push(doubts(proof).iter().map(|text| warning(text, screen)).collect());
    parts.push(runs(proof, spent, screen));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn heading(proved: &Proved<'_>, screen: &Screen) -> String {
    let Proved { spec, proof } = proved;
    let symbols: Vec<String> = spec.data.symbols.iter().map(ToString::to_string).collect();
    let (first, last) = (date_in_table(proof.first), date_in_table(proof.last));
    let timeframe = spec.data.timeframe.adjective();
    headed(&spec.scenario.name, &format!("{}, {timeframe}, {first} to {last}", reading::named(&symbols, " ")), screen)
}

fn answer(proof: &Proof, screen: &Screen) -> String {
    let (ink, text) = match (proof.holds(), proof.compared.wishes) {
        (true, 0) => (Ink::Plain, "Nothing was wanted, so nothing could change."),
        (true, _) => (Ink::Plain, "No order that was decided changed in any rerun."),
        (false, _) => (Ink::Loss, "Orders changed that must not."),
    };
    format!("{}\n", screen.wrap(&[(ink, text)], 0, 0))
}

/// One line a kind of rerun that shows nothing wrong; those that do come after.
fn checks(proved: &Proved<'_>, screen: &Screen) -> String {
    let proof = proved.proof;
    let failed = |of: fn(&Rerun) -> bool| proof.changes.iter().any(|change| of(&change.rerun));
    let mut out = String::new();
    let mut say = |label: &str, text: String| out.push_str(&fact(screen, label, &text));
    if failed(|rerun| matches!(rerun, Rerun::Same)) {
        return out;
    }
    say("Same again", format!("the same {}", compared(proof)));
    let cuts = format!(
        "{}, {} of them at the bar that sent an order",
        counted(proof.cuts, "cut", "cuts"),
        N.count(proof.cuts_at_orders as f64)
    );
    if !failed(|rerun| matches!(rerun, Rerun::Cut { future: Future::None, .. })) {
        say("Data that end", format!("{cuts}: all before each is the same"));
    }
    if !failed(|rerun| matches!(rerun, Rerun::Cut { future, .. } if *future != Future::None)) {
        let futures = "prices times ten, a tenth, reversed and still, false volumes, dividends and splits";
        say("False futures", format!("{futures} after each cut: all before it is the same"));
    }
    if proof.bar_by_bar && !failed(|rerun| matches!(rerun, Rerun::BarByBar)) {
        say("Bar by bar", "asked at every bar, it wants the same".to_owned());
    }
    if let Some(warm_up) = &proof.warm_up {
        say("Warm-up", warmed(warm_up));
    }
    out
}

/// "153 wishes, 231 orders, 198 fills, 12 refusals".
fn compared(proof: &Proof) -> String {
    let compared = &proof.compared;
    let parts = [
        counted(compared.wishes, "wish", "wishes"),
        counted(compared.orders, "order", "orders"),
        counted(compared.refusals, "refusal", "refusals"),
        counted(compared.fills, "fill", "fills"),
    ];
    parts.join(", ")
}

fn warmed(warm_up: &WarmUp) -> String {
    let earlier = match warm_up.earlier {
        Some(earlier) => format!(" and one earlier, by {},", counted(earlier.bars as usize, "bar", "bars")),
        None => String::new(),
    };
    let tried = format!("{} later starts{earlier}", warm_up.starts);
    let needed = match warm_up.bars {
        Some(0) => format!("none: {tried} want the same"),
        Some(bars) => format!("{}: after as many, {tried} want the same", counted(bars as usize, "bar", "bars")),
        None => format!("of {tried} not all come to want the same"),
    };
    let compared = counted(warm_up.wishes_compared as usize, "wish", "wishes");
    let missing = if warm_up.earlier.is_none() { "; no bars before the run to begin earlier with" } else { "" };
    format!("{needed}; {compared} compared{missing}")
}

fn changed(proved: &Proved<'_>, change: &Change, screen: &Screen) -> String {
    let head = match change.rerun {
        Rerun::Same => "Not the same",
        Rerun::BarByBar => "Bar by bar",
        Rerun::Cut { .. } => "Looks ahead",
        Rerun::LaterStart { .. } | Rerun::EarlierStart { .. } => "Not stable",
    };
    let reruns = counted(change.reruns, "rerun", "reruns");
    let mut out =
        fact(screen, head, &format!("{reruns} changed an order, the earliest at {}", proved.time(change.time)));
    out.push_str(&fact(screen, "  was", &proved.what(change.was)));
    out.push_str(&fact(screen, "  became", &format!("{} {}", proved.what(change.became), proved.whence(change.rerun))));
    out.push_str(&fact(screen, "", meaning(change.rerun)));
    out
}

fn doubts(proof: &Proof) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Some(warm_up) = proof.warm_up.filter(|_| proof.compared.wishes > 0) {
        let first = |bars: u64| if bars == 1 { "bar".to_owned() } else { format!("{} bars", N.count(bars as f64)) };
        if let Some(bars) = warm_up.bars.filter(|_| warm_up.wishes_within > 0 && warm_up.earlier.is_none()) {
            let wishes = counted(warm_up.wishes_within as usize, "wish", "wishes");
            let verb = if warm_up.wishes_within == 1 { "falls" } else { "fall" };
            doubts.push(format!(
                "{wishes} of the run {verb} into its own warm-up, its first {}: with data that begin sooner it could \
                 be otherwise",
                first(bars)
            ));
        }
        if let Some(earlier) = warm_up.earlier.filter(|earlier| earlier.differing > 0) {
            let last = match earlier.agrees_after {
                Some(last) => format!(", the last of them its bar {}", N.count(last as f64)),
                None => String::new(),
            };
            doubts.push(format!(
                "with the {} that its files hold before it, the run would want something else at {}{last}",
                counted(earlier.bars as usize, "bar", "bars"),
                counted(earlier.differing as usize, "bar", "bars"),
            ));
        }
        if warm_up.wishes_compared == 0 && warm_up.bars.is_some() {
            doubts.push(
                "no wish falls into the second half of what a later start sees: the warm-up is not shown".to_owned(),
            );
        }
    }
    if let Some(bars) = proof.dollar_bars.filter(|bars| *bars > 0) {
        doubts.push(format!(
            "at {} it would want something else were every price twice as high, as one more split would have left it: \
             it looks at dollars, and adjusted prices are not those of their day",
            counted(bars as usize, "bar", "bars")
        ));
    }
    if proof.looks_at_bars == Some(false) {
        doubts.push(
            "what it wants does not depend on the bars it is shown: a fixed rule, or one that reads its data \
             elsewhere, and there no rerun changes them"
                .to_owned(),
        );
    }
    doubts
}

fn runs(proof: &Proof, spent: Duration, screen: &Screen) -> String {
    let left = format!(
        "{:LABEL$}{} of {}",
        "reruns",
        N.count(proof.reruns as f64),
        counted(proof.steps, "bar time", "bar times")
    );
    let right = duration(spent);
    let gap = (screen.width() - 1).saturating_sub(left.chars().count() + right.chars().count()).max(2);
    format!("{left}{}{}\n", " ".repeat(gap), screen.set(Ink::Dim, &right))
}
