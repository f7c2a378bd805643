//! Splits and money without a trade, in sentences.
//!
//! Not here: orders and fills (tell).
use super::input::Input;
use super::machine::{Acted, Machine};
use super::tell::plain;
use super::terms::Terms;
use super::words::{price, shares, signed};
use crate::domain::{Money, SymbolIndex, Timestamp};
use crate::live::event::{EventKind, SessionEvent, Severity};

/// What a split, a dividend or a payment was for this book; nothing where it holds no share of it.
pub(super) fn event(
    input: &Input,
    acted: &Acted,
    machine: &dyn Machine,
    terms: &Terms,
    time: Timestamp,
) -> Option<SessionEvent> {
    let name = |symbol: &SymbolIndex| terms.symbols[symbol.get()];
    let (symbol, text) = match input {
        Input::Split { symbol, ratio, .. } => {
            let (held, _, cash) =
                acted.after_split.filter(|(held, _, cash)| !held.is_zero() || *cash != Money::ZERO)?;
            let rest = if cash == Money::ZERO {
                String::new()
            } else {
                format!(", and {} in cash for the rest", signed(cash))
            };
            let mark = price(machine.portfolio().position(*symbol).mark());
            let text = format!(
                "{} was split, {ratio} new for each old: {} shares at {mark} now{rest}. Its stops move with it.",
                name(symbol),
                shares(held)
            );
            (symbol, text)
        }
        Input::Dividend { symbol, amount, .. } => {
            let held = machine.portfolio().position(*symbol).quantity();
            if held.is_zero() {
                return None;
            }
            (
                symbol,
                format!("Dividend of {}: {} for {} shares.", name(symbol), signed(amount.notional(held)), shares(held)),
            )
        }
        Input::Paid { symbol, amount, .. } => {
            (symbol, format!("The venue has paid a dividend of {}: {}.", name(symbol), signed(*amount)))
        }
        _ => return None,
    };
    Some(plain(EventKind::Cash, Severity::Notice, terms, Some(name(symbol)), time, text))
}
