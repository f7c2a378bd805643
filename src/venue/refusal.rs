//! What the venue does not take, in Alpaca's words.
//!
//! Not here: limits of our own (risk), what the account can pay at a fill (matching).
use crate::domain::{LegLevel, OrderClass, OrderKind, OrderRequest, Price, RejectReason, Tick, TimeInForce};

/// Why the venue refuses `request`, if it does; `tick` is its grid of prices.
pub(super) fn refusal(request: &OrderRequest, tick: Tick) -> Option<RejectReason> {
    let (kind, time_in_force) = (request.kind, request.time_in_force);
    let rests = matches!(time_in_force, TimeInForce::Day | TimeInForce::Gtc);
    let takes_any = matches!(kind, OrderKind::Market | OrderKind::Limit { .. }) && request.class == OrderClass::Simple;
    if !rests && !takes_any {
        let kind = if request.class == OrderClass::Simple { kind.name() } else { request.class.name() };
        return Some(RejectReason::TimeInForce { kind, time_in_force: time_in_force.name() });
    }
    if tick == Tick::None {
        return None;
    }
    let fixed = |level: Option<LegLevel>| match level {
        Some(LegLevel::At(price)) => Some(price),
        _ => None,
    };
    let legs = request.legs;
    let prices = [kind.limit(), kind.stop(), fixed(legs.stop), legs.stop_limit, fixed(legs.take_profit)];
    let off_grid = |price: &Price| price.floor_to(tick) != *price;
    prices.into_iter().flatten().find(off_grid).map(|price| RejectReason::SubPenny { price })
}
