//! What a venue tells us.
use serde::{Deserialize, Serialize};

use super::{Fill, OrderId, OrderKind, Price, Quantity, RejectReason, SymbolIndex, Timestamp};

/// One answer of a venue. Answers are events, never return values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ExecutionEvent {
    /// The venue has the order.
    Accepted {
        /// Whose.
        order: OrderId,
    },
    /// An execution.
    Filled {
        /// The execution.
        fill: Fill,
        /// Shares of the order still to fill; none when it is done.
        remaining: Quantity,
    },
    /// Taken back.
    Canceled {
        /// Whose.
        order: OrderId,
    },
    /// Its time ran out.
    Expired {
        /// Whose.
        order: OrderId,
    },
    /// Refused by the venue.
    Rejected {
        /// Whose.
        order: OrderId,
        /// Why.
        reason: RejectReason,
    },
    /// A resting order was changed.
    Replaced {
        /// Whose.
        order: OrderId,
        /// Which share.
        symbol: SymbolIndex,
        /// Its prices now.
        kind: OrderKind,
        /// Shares it may still fill.
        remaining: Quantity,
        /// Since when.
        time: Timestamp,
    },
    /// A change was refused: the order stays as it was.
    ChangeRefused {
        /// Whose.
        order: OrderId,
        /// Why.
        reason: RejectReason,
    },
    /// It may fill another number of shares: its pair has filled or was changed, shares that it protects have
    /// left, or a split left it other whole shares than its own.
    Resized {
        /// Whose.
        order: OrderId,
        /// Shares it may still fill.
        remaining: Quantity,
    },
    /// A protective order went live or moved: where it stands now.
    LegLive {
        /// The leg.
        order: OrderId,
        /// Its entry.
        parent: OrderId,
        /// Which share.
        symbol: SymbolIndex,
        /// Where it stands.
        level: Price,
        /// Since when.
        time: Timestamp,
    },
}

impl ExecutionEvent {
    /// The order it is about.
    pub fn order(&self) -> OrderId {
        match self {
            ExecutionEvent::Filled { fill, .. } => fill.order,
            ExecutionEvent::Accepted { order }
            | ExecutionEvent::Canceled { order }
            | ExecutionEvent::Expired { order }
            | ExecutionEvent::Rejected { order, .. }
            | ExecutionEvent::Replaced { order, .. }
            | ExecutionEvent::ChangeRefused { order, .. }
            | ExecutionEvent::Resized { order, .. }
            | ExecutionEvent::LegLive { order, .. } => *order,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Money, OrderPurpose, Ratio, Side, Trail};

    fn any_event() -> impl Strategy<Value = ExecutionEvent> {
        use ExecutionEvent as E;
        let (order, time) = (any::<u64>().prop_map(OrderId), any::<i64>().prop_map(Timestamp::from_ns));
        let remaining = (0..i64::MAX).prop_map(Quantity::from_units);
        let level = (1..1_000_000_000_000_000i64).prop_map(|units| Price::from_units(units).expect("above 0"));
        let parts = (order, any::<u16>().prop_map(SymbolIndex), remaining, level, time, 0..12u8);
        parts.prop_map(|(order, symbol, remaining, level, time, which)| match which {
            0 => E::Accepted { order },
            1 => E::Canceled { order },
            2 => E::Expired { order },
            3 => E::Rejected { order, reason: RejectReason::NoShares { price: level } },
            4 => E::Resized { order, remaining },
            5 => E::LegLive { order, parent: OrderId(order.0 / 2), symbol, level, time },
            6 => E::Replaced { order, symbol, kind: OrderKind::Market, remaining, time },
            7 => {
                let kind = OrderKind::StopLimit { stop: level, limit: level };
                E::Replaced { order, symbol, kind, remaining, time }
            }
            8 => {
                let trail = Trail::Fraction(Ratio::ONE);
                E::Replaced { order, symbol, kind: OrderKind::TrailingStop { trail }, remaining, time }
            }
            _ => {
                let side = if which % 2 == 0 { Side::Buy } else { Side::Sell };
                let (purpose, fee) = (OrderPurpose::TakeProfit, Money::from_units(i128::from(time.ns()).abs()));
                let (quantity, price, reference) = (remaining, level, level);
                let fill = Fill { order, symbol, side, quantity, price, reference, fee, time, purpose };
                E::Filled { fill, remaining }
            }
        })
    }

    proptest! {
        /// What is written of an answer is read as the same answer, from text and from a value.
        #[test]
        fn an_answer_is_read_as_it_was_written(event in any_event()) {
            let value = serde_json::to_value(event).expect("JSON");
            let text = value.to_string();
            prop_assert_eq!(serde_json::from_str::<ExecutionEvent>(&text).expect("read"), event);
            prop_assert_eq!(serde_json::from_value::<ExecutionEvent>(value).expect("read"), event);
        }
    }
}
