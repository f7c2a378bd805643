//! Orders of tests in a few words.
use crate::domain::{
    ExitLegs, LegLevel, OrderClass, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity, Side,
    SymbolIndex, TimeInForce,
};

pub(super) fn price(text: &str) -> Price {
    text.parse().expect("price")
}

pub(super) fn shares(text: &str) -> Quantity {
    text.parse().expect("quantity")
}

pub(super) fn limit(text: &str) -> OrderKind {
    OrderKind::Limit { limit: price(text) }
}

pub(super) fn stop(text: &str) -> OrderKind {
    OrderKind::Stop { stop: price(text) }
}

/// A simple day order for ten shares.
pub(super) fn order(side: Side, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        symbol: SymbolIndex(0),
        side,
        size: OrderSize::Shares(shares("10")),
        kind,
        time_in_force: TimeInForce::Day,
        class: OrderClass::Simple,
        purpose: OrderPurpose::Manual,
        legs: ExitLegs::NONE,
        extended_hours: false,
    }
}

/// The same with legs; empty is none.
pub(super) fn with_legs(order: OrderRequest, class: OrderClass, target: &str, guard: &str) -> OrderRequest {
    let level = |text: &str| (!text.is_empty()).then(|| LegLevel::At(price(text)));
    OrderRequest { class, legs: ExitLegs { take_profit: level(target), stop: level(guard), ..ExitLegs::NONE }, ..order }
}
