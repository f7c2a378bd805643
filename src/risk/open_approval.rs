//! What the gate remembers of an approval until it is filled or voided.
//!
//! Not here: making approvals (gate).
use crate::domain::{Money, OrderId, OrderKind, OrderRequest, Price, Quantity, Side, SymbolIndex, Trail};

/// An approval that may still fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenApproval {
    /// Whose.
    pub order: OrderId,
    /// Which share.
    pub symbol: SymbolIndex,
    /// Bought or sold.
    pub side: Side,
    /// Shares not filled yet.
    pub open: Quantity,
    /// Dollars set aside for them.
    pub reserve: Money,
    /// It can only shrink the position.
    pub reduces: bool,
    /// Shares and dollars after a change that is on its way; until the venue answers, the larger of
    /// both counts.
    pub change: Option<(Quantity, Money)>,
}

impl OpenApproval {
    /// Order `order` for `quantity` shares of `request`; an exit sets nothing aside.
    pub fn new(order: OrderId, request: &OrderRequest, quantity: Quantity, reserve: Option<Money>) -> OpenApproval {
        OpenApproval {
            order,
            symbol: request.symbol,
            side: request.side,
            open: quantity,
            reserve: reserve.unwrap_or(Money::ZERO),
            reduces: reserve.is_none(),
            change: None,
        }
    }
}

/// `held` shares of `symbol` plus its open entries, as if filled: first without its open exits, which may
/// never fill or be taken back, then with them.
pub fn projected(open: &[OpenApproval], symbol: SymbolIndex, held: Quantity) -> [Quantity; 2] {
    open.iter().filter(|open| open.symbol == symbol).fold([held; 2], |[kept, left], open| {
        let filled = open.open.signed(open.side);
        [if open.reduces { kept } else { kept + filled }, left + filled]
    })
}

/// The dearest of the reference price and the prices an order names: what a share may come to cost. A
/// trailing stop names the one it starts from, which for a purchase is the dearest it can be.
pub fn reserve_price(kind: OrderKind, reference: Price) -> Price {
    let trailed = match kind {
        OrderKind::TrailingStop { trail: Trail::Price(price) } => reference.saturating_offset(price.units()),
        OrderKind::TrailingStop { trail: Trail::Fraction(fraction) } => reference.scaled(fraction.one_plus()),
        _ => reference,
    };
    trailed.max(kind.limit().unwrap_or(reference)).max(kind.stop().unwrap_or(reference))
}
