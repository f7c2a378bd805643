//! An order as the venue shows it.
//!
//! Not here: whose it is (the desk).
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::read::{Strange, Text};

/// Documented fields that nothing here depends on.
const UNUSED: &[&str] = &[
    "created_at",
    "updated_at",
    "filled_at",
    "expired_at",
    "canceled_at",
    "failed_at",
    "replaced_at",
    "cancel_requested_at",
    "expires_at",
    "asset_id",
    "asset_class",
    "order_class",
    "order_type",
    "time_in_force",
    "extended_hours",
    "position_intent",
    "ratio_qty",
    "subtag",
    "source",
    "notional",
    "trail_percent",
    "trail_price",
    "hwm",
    // Of requests; a venue may show again what it was sent.
    "advanced_instructions",
    "take_profit",
    "stop_loss",
    "trail",
];

/// An order.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(in super::super) struct WireOrder {
    /// The venue's name for it.
    #[serde(default)]
    pub(in super::super) id: Text,
    #[serde(default)]
    pub(in super::super) client_order_id: Text,
    #[serde(default)]
    pub(in super::super) submitted_at: Text,
    #[serde(default)]
    pub(in super::super) symbol: Text,
    #[serde(default)]
    pub(in super::super) side: Text,
    #[serde(default, rename = "type")]
    pub(in super::super) kind: Text,
    #[serde(default)]
    pub(in super::super) status: Text,
    #[serde(default)]
    pub(in super::super) qty: Text,
    #[serde(default)]
    pub(in super::super) filled_qty: Text,
    #[serde(default)]
    pub(in super::super) filled_avg_price: Text,
    #[serde(default)]
    pub(in super::super) limit_price: Text,
    #[serde(default)]
    pub(in super::super) stop_price: Text,
    #[serde(default)]
    pub(in super::super) replaces: Text,
    #[serde(default)]
    pub(in super::super) replaced_by: Text,
    #[serde(default)]
    pub(in super::super) legs: Option<Vec<WireOrder>>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

/// Where an order is in its life at the venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum WireLife {
    /// It may still fill.
    Open,
    /// All of it has filled.
    Filled,
    /// Taken back, by whomever.
    Canceled,
    /// Its time ran out.
    Expired,
    /// Refused after it was taken.
    Rejected,
    /// Another stands in its place, or a stop that came to its price has ended it.
    Replaced,
}

impl WireOrder {
    /// Where it is; a word that nobody knows is an order that may still fill.
    pub(in super::super) fn life(&self) -> WireLife {
        match self.status.as_str() {
            "filled" => WireLife::Filled,
            "canceled" => WireLife::Canceled,
            "expired" => WireLife::Expired,
            "rejected" => WireLife::Rejected,
            "replaced" => WireLife::Replaced,
            _ => WireLife::Open,
        }
    }

    /// Is it a limit order, as targets are?
    pub(in super::super) fn is_target(&self) -> bool {
        self.kind.as_str() == "limit"
    }

    /// What of it the reference does not know.
    pub(in super::super) fn strange(&self) -> Strange {
        let mut strange = Strange::default();
        strange.fields("an order", &self.extra, UNUSED);
        const STATUSES: &[&str] = &[
            "new",
            "partially_filled",
            "filled",
            "done_for_day",
            "canceled",
            "expired",
            "replaced",
            "pending_cancel",
            "pending_replace",
            "pending_review",
            "accepted",
            "pending_new",
            "accepted_for_bidding",
            "stopped",
            "rejected",
            "suspended",
            "calculated",
            "held",
        ];
        if !STATUSES.contains(&self.status.as_str()) {
            strange.word("order status", self.status.as_str());
        }
        self.legs.iter().flatten().for_each(|leg| strange.0.extend(leg.strange().0));
        strange
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_documents_name_is_nothing_strange() {
        let text = r#"{"id":"a","status":"new","source":null,"subtag":"x","expires_at":"2026-01-05T21:00:00Z",
            "advanced_instructions":{"algorithm":"VWAP","start_time":null},"take_profit":{"limit_price":"9"},
            "stop_loss":{"stop_price":"7","limit_price":null},"legs":[{"status":"held","advanced_instructions":null}]}"#;
        let order: WireOrder = serde_json::from_str(text).expect("an order");
        assert_eq!(order.strange(), Strange::default());
    }

    #[test]
    fn nothing_is_required_and_nothing_is_lost() {
        let order: WireOrder =
            serde_json::from_str(r#"{"id":"a","status":"frozen","qty":2,"legs":[{"shiny":1}],"new":{}}"#)
                .expect("json");
        assert_eq!((order.life(), order.qty.quantity()), (WireLife::Open, "2".parse().ok()));
        let expected =
            ["field `new` of an order", "order status `frozen`", "field `shiny` of an order", "order status ``"];
        assert_eq!(order.strange().0, expected);
        assert_eq!(serde_json::from_str::<WireOrder>("{\"legs\":null}").expect("json").legs, None);
    }
}
