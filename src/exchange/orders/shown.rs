//! An order as Alpaca shows it.
//!
//! Not here: lists of them (list).
use serde_json::{Map, Value};

use super::intent::Intent;
use super::record::{Record, Status};
use crate::domain::{OrderClass, OrderKind, Ratio, Timestamp, Trail};
use crate::exchange::assets::CLASS;
use crate::exchange::core::Exchange;

impl Exchange {
    /// The order, with its legs where `nested`.
    pub(in crate::exchange) fn shown(&self, at: usize, nested: bool) -> Value {
        let order = self.book.get(at);
        let mut legs = Value::Null;
        if nested && !order.legs.is_empty() {
            legs = order.legs.iter().map(|leg| self.shown(*leg, false)).collect();
        }
        let id_of = |at: Option<usize>| at.map(|at| self.book.get(at).id.clone());
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("id", order.id.clone().into());
        put("client_order_id", order.client_id.clone().into());
        put("created_at", order.times.submitted.to_string().into());
        put("updated_at", order.times.updated.to_string().into());
        put("submitted_at", order.times.submitted.to_string().into());
        put("filled_at", time(order.times.filled));
        put("expired_at", time(order.times.expired));
        put("expires_at", time(order.times.expires));
        put("canceled_at", time(order.times.canceled));
        put("failed_at", time(order.times.failed));
        put("replaced_at", time(order.times.replaced));
        put("replaced_by", id_of(order.replaced_by).into());
        put("replaces", id_of(order.replaces).into());
        put("asset_id", self.reading.assets.id(order.asset).into());
        put("symbol", self.tape().names()[order.asset].as_str().into());
        put("asset_class", CLASS.into());
        put("notional", text(order.notional));
        put("qty", text(order.notional.is_none().then_some(order.qty)));
        put("filled_qty", order.filled.to_string().into());
        put("filled_avg_price", text(order.average_price()));
        put("order_class", class(order).into());
        put("order_type", order.kind.name().into());
        put("type", order.kind.name().into());
        put("side", order.side.name().into());
        put("position_intent", Intent::of(order.side, order.opens).name().into());
        put("time_in_force", order.time_in_force.name().into());
        put("limit_price", text(order.kind.limit()));
        put("stop_price", text(order.kind.stop().or(order.trail.map(|(stop, _)| stop))));
        put("status", order.status.name().into());
        put("extended_hours", order.extended_hours.into());
        put("legs", legs);
        let (percent, dollars) = trail(order.kind);
        put("trail_percent", text(percent));
        put("trail_price", text(dollars));
        put("hwm", text(order.trail.map(|(_, best)| best)));
        put("ratio_qty", Value::Null);
        put("subtag", Value::Null);
        put("source", Value::Null);
        Value::Object(fields)
    }

    /// A new order in the answer to its own request: one that is at the market by now was on its way then.
    pub(in crate::exchange) fn shown_as_sent(&self, at: usize) -> Value {
        let mut shown = self.shown(at, true);
        if self.book.get(at).status == Status::New {
            shown["status"] = "pending_new".into();
        }
        shown
    }
}

fn time(time: Option<Timestamp>) -> Value {
    text(time)
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::String(value.to_string()))
}

/// The class as classic answers have it: none for an order on its own.
fn class(order: &Record) -> &'static str {
    if order.class == OrderClass::Simple { "" } else { order.class.name() }
}

/// Percent (5 is 5 %) or dollars.
fn trail(kind: OrderKind) -> (Option<Ratio>, Option<crate::domain::Price>) {
    match kind {
        OrderKind::TrailingStop { trail: Trail::Fraction(share) } => {
            (Some(Ratio::from_units(share.units().saturating_mul(100))), None)
        }
        OrderKind::TrailingStop { trail: Trail::Price(price) } => (None, Some(price)),
        _ => (None, None),
    }
}
