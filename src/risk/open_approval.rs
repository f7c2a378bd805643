//! What the gate remembers of an approval until it is filled or voided.
//!
//! Not here: making approvals (gate).
use crate::domain::{Money, OrderId, OrderKind, OrderRequest, OrderSize, Price, Quantity, Side, SymbolIndex, Trail};

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
    /// Its cancel is on its way: should it fill first, what it takes is gone for every other exit.
    pub is_called_off: bool,
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
            is_called_off: false,
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

/// The shares an order comes to at `price`, with `cash` dollars in the account; of one in dollars, to nine
/// decimals.
pub(super) fn shares_at(size: OrderSize, price: Price, cash: Money) -> Quantity {
    let affordable = |budget: Money| Quantity::affordable(budget, price).unwrap_or(Quantity::MAX);
    match size {
        OrderSize::Shares(quantity) => quantity,
        OrderSize::Notional(amount) => affordable(amount),
        OrderSize::CashFraction { fraction, .. } => affordable(cash.share(fraction)),
    }
}

/// The dollars an entry of `quantity` shares may come to, its `fee` included, with `cash` in the account.
pub(super) fn reserve_for(request: &OrderRequest, quantity: Quantity, price: Price, fee: Money, cash: Money) -> Money {
    match request.size {
        OrderSize::Shares(_) => reserve_price(request.kind, price).notional(quantity) + fee,
        // The price does not matter: it buys fewer shares when they are dearer.
        OrderSize::Notional(amount) => amount + fee,
        // The whole fraction is set aside; the fee comes out of it.
        OrderSize::CashFraction { fraction, .. } => cash.share(fraction),
    }
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
