//! A gate and an account to hold against each other, for the tests of this room.
//!
//! Not here: rules. Three shares at $100 and $100,000 in all; limits are wide unless a test says otherwise.
use super::*;
use crate::domain::{
    ExitLegs, Fill, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price, Quantity,
    Ratio, Side, SymbolIndex, TimeInForce, Timestamp,
};
use crate::portfolio::Portfolio;

pub(super) const A: SymbolIndex = SymbolIndex(0);
pub(super) const B: SymbolIndex = SymbolIndex(1);
pub(super) const C: SymbolIndex = SymbolIndex(2);
/// The least there is of a share.
pub(super) const BILLIONTH: Quantity = Quantity::from_units(1);

pub(super) fn shares(shares: i64) -> Quantity {
    Quantity::from_shares(shares).expect("shares")
}
pub(super) fn dollars(dollars: i64) -> Money {
    Money::from_cents(dollars * 100)
}
pub(super) fn price(text: &str) -> Price {
    text.parse().expect("price")
}
pub(super) fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second).expect("time")
}

/// `quantity` shares of A at the market.
pub(super) fn order(side: Side, quantity: Quantity) -> OrderRequest {
    OrderRequest {
        symbol: A,
        side,
        size: OrderSize::Shares(quantity),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        class: OrderClass::Simple,
        purpose: OrderPurpose::Signal,
        legs: ExitLegs::NONE,
        extended_hours: false,
    }
}
pub(super) fn buy(quantity: i64) -> OrderRequest {
    order(Side::Buy, shares(quantity))
}
pub(super) fn sell(quantity: i64) -> OrderRequest {
    order(Side::Sell, shares(quantity))
}
pub(super) fn limit(text: &str) -> OrderKind {
    OrderKind::Limit { limit: price(text) }
}

/// Of a cash account without shorts, an account that may sell short, and one that is asked for money at the fill.
pub(super) const LONG_ONLY: Margin = Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval };
pub(super) const SHORTS: Margin = Margin { allow_short: true, ..LONG_ONLY };
pub(super) const AT_FILL: Margin = Margin { cash_check: CashCheck::Fill, ..LONG_ONLY };

pub(super) struct Desk {
    pub(super) gate: Gate,
    pub(super) portfolio: Portfolio,
    pub(super) now: Timestamp,
    pub(super) fee: Money,
    orders: u64,
}

impl Desk {
    pub(super) fn new(limits: Limits, margin: Margin) -> Desk {
        let (gate, portfolio) =
            (Gate::new(limits, margin, 3, dollars(100_000)), Portfolio::with_cash(dollars(100_000), 3));
        let mut desk = Desk { gate, portfolio, now: at(0), fee: Money::ZERO, orders: 0 };
        [A, B, C].into_iter().for_each(|symbol| desk.mark(symbol, "100"));
        desk
    }

    pub(super) fn mark(&mut self, symbol: SymbolIndex, text: &str) {
        self.portfolio.mark(symbol, price(text));
        self.gate.mark(symbol, self.now);
    }

    /// Orders are numbered from 1, refused ones too.
    pub(super) fn ask(&mut self, request: &OrderRequest) -> Result<ApprovedOrder, Refusal> {
        self.orders += 1;
        self.gate.review(OrderId(self.orders), request, || self.fee, &self.portfolio, self.now)
    }

    /// The number of an order that must pass.
    pub(super) fn pass(&mut self, request: &OrderRequest) -> OrderId {
        self.ask(request).unwrap_or_else(|refusal| panic!("{refusal}: {request:?}")).id()
    }

    /// The refusal of an order that must not pass.
    pub(super) fn refuse(&mut self, request: &OrderRequest) -> Refusal {
        self.ask(request).map(|_| request).expect_err("it is over a limit")
    }

    pub(super) fn change(
        &mut self,
        order: OrderId,
        request: &OrderRequest,
        to: (OrderKind, Option<Quantity>),
    ) -> Result<ApprovedChange, Refusal> {
        self.gate.review_change(order, request, to, self.fee, &self.portfolio, self.now)
    }

    /// A change that must pass.
    pub(super) fn pass_change(&mut self, order: OrderId, request: &OrderRequest, to: (OrderKind, Option<Quantity>)) {
        let passed = self.change(order, request, to).map(|_| ());
        assert_eq!(passed, Ok(()), "{request:?} to {to:?}");
    }

    /// A fill at the mark, of an order that leaves `left` shares to fill.
    pub(super) fn fill(&mut self, order: OrderId, request: &OrderRequest, quantity: Quantity, left: Quantity) {
        let at_mark = self.portfolio.position(request.symbol).mark();
        self.gate.post(order, quantity, left);
        self.portfolio.apply(&Fill {
            order,
            symbol: request.symbol,
            side: request.side,
            quantity,
            price: at_mark,
            reference: at_mark,
            fee: Money::ZERO,
            time: self.now,
            purpose: request.purpose,
        });
        self.gate.set_held(request.symbol, self.portfolio.position(request.symbol).quantity());
    }

    /// The account holds so many shares more, however it came to them.
    pub(super) fn hold(&mut self, symbol: SymbolIndex, quantity: i64) {
        let request = if quantity < 0 { sell(-quantity) } else { buy(quantity) };
        self.fill(OrderId(1_000), &OrderRequest { symbol, ..request }, shares(quantity.abs()), Quantity::ZERO);
    }

    pub(super) fn most(&mut self, request: &OrderRequest) -> Quantity {
        let affordable = |budget, price| Quantity::affordable(budget, price).unwrap_or(Quantity::MAX);
        self.gate.max_order(request, affordable, &self.portfolio, self.now)
    }

    /// `most` shares of `request` pass and a billionth more do not, for `code`; headroom says the same. Leaves
    /// the order open.
    pub(super) fn allows(&mut self, request: &OrderRequest, most: &str, code: &str) {
        let most: Quantity = most.parse().expect("shares");
        assert_eq!(self.most(request), most, "headroom of {request:?}");
        let refusal = self.refuse(&OrderRequest { size: OrderSize::Shares(most + BILLIONTH), ..*request });
        assert_eq!(refusal.code(), code, "{refusal}: {request:?}");
        if most > Quantity::ZERO {
            self.pass(&OrderRequest { size: OrderSize::Shares(most), ..*request });
        }
    }
}
