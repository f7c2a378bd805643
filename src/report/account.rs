//! What the account's rules did to a run, in words: margin calls, a multiplier cut, what nights cost.
//!
//! Not here: the rules (market, risk), what happened (engine).
use std::collections::BTreeSet;

use super::format::{self, Numbers, Sign, counted};
use super::model::ReportModel;
use crate::domain::{Fill, Money, OrderId};
use crate::engine::Journal;
use crate::scenario::Forced;
use crate::scenario::spec::{ScenarioSpec, VenueRules};

/// "2 margin calls forced 3 exits; the first, on 5 Jan 2024, found $24,000 of equity where $34,200 was required."
pub(super) fn forced(journal: &Journal) -> Option<String> {
    let first = journal.margin_calls.first()?;
    let dollars = |amount: Money| Numbers::PLAIN.dollars_whole(amount.to_f64(), Sign::Negative);
    // An exit may fill in parts.
    let is_called =
        |fill: &&Fill| Forced::of(journal, &journal.orders[fill.order.0 as usize - 1]) == Some(Forced::MarginCall);
    let exits: BTreeSet<OrderId> = journal.fills.iter().filter(is_called).map(|fill| fill.order).collect();
    Some(format!(
        "{} forced {}; the first, on {}, found {} of equity where {} was required.",
        counted(journal.margin_calls.len(), "margin call", "margin calls"),
        counted(exits.len(), "exit", "exits"),
        format::date_in_prose(first.time),
        dollars(first.have),
        dollars(first.need),
    ))
}

/// A multiplier that the rules cut whatever the account is worth.
pub(super) fn multiplier_cut(spec: &ScenarioSpec) -> Option<String> {
    let is_alpaca = spec.execution.venue_rules == VenueRules::Alpaca;
    let is_cut = is_alpaca && spec.account.leverage == 4 && spec.data.timeframe.is_daily();
    is_cut.then(|| "Daily bars are held overnight: leverage 4 is 2 here.".to_owned())
}

/// What nights cost, by name, in dollars: what is not zero.
pub(super) fn nights(model: &ReportModel<'_>) -> Vec<(&'static str, f64)> {
    let parts = [("borrow fees", "borrow_fees"), ("margin interest", "margin_interest")];
    parts.into_iter().filter_map(|(name, key)| Some((name, model.measure(key).filter(|paid| *paid > 0.0)?))).collect()
}
