//! A split, in a sentence.
//!
//! Not here: money without a trade, that for a part of a share included, orders and fills (tell).
use super::input::Input;
use super::machine::{Acted, Machine};
use super::tell::plain;
use super::terms::Terms;
use super::words::{price, shares};
use crate::domain::{Money, Timestamp};
use crate::live::event::{EventKind, SessionEvent, Severity};

/// What a split was for this book; nothing where it holds no share of it.
pub(super) fn event(
    input: &Input,
    acted: &Acted,
    machine: &dyn Machine,
    terms: &Terms,
    time: Timestamp,
) -> Option<SessionEvent> {
    let Input::Split { symbol, ratio, .. } = input else { return None };
    let (held, _, _) = acted.after_split.filter(|(held, _, cash)| !held.is_zero() || *cash != Money::ZERO)?;
    let name = terms.symbols[symbol.get()];
    let mark = price(machine.portfolio().position(*symbol).mark());
    let held = shares(held);
    let text =
        format!("{name} was split, {ratio} new for each old: {held} shares at {mark} now. Its stops move with it.");
    Some(plain(EventKind::Cash, Severity::Notice, terms, Some(name), time, text))
}
