//! What the model found, by hand and as small as it can be.
use alphaflow::domain::{
    ExitLegs, Fill, LegLevel, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize, Price,
    Quantity, Ratio, Side, SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{CashCheck, Gate, Limits, Margin, Refusal};

const NOW: Timestamp = Timestamp::from_ns(0);
const SHARE: SymbolIndex = SymbolIndex(0);

/// A gate over one share at $100, and an account of $100,000 in all that holds `held` shares of it.
struct Desk {
    gate: Gate,
    portfolio: Portfolio,
}

fn shares(shares: i64) -> Quantity {
    Quantity::from_shares(shares).unwrap()
}

fn dollars(dollars: i64) -> Money {
    Money::from_cents(dollars * 100)
}

fn order(side: Side, quantity: i64) -> OrderRequest {
    OrderRequest {
        symbol: SHARE,
        side,
        size: OrderSize::Shares(shares(quantity)),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Gtc,
        class: OrderClass::Simple,
        purpose: OrderPurpose::Entry,
        legs: ExitLegs::NONE,
        extended_hours: false,
    }
}

impl Desk {
    fn new(limits: Limits, allow_short: bool, held: i64) -> Desk {
        let margin = Margin { leverage: 1, allow_short, cash_check: CashCheck::Approval };
        let mut portfolio = Portfolio::with_cash(dollars(100_000), 1);
        let mut gate = Gate::new(limits, margin, 1, dollars(100_000));
        portfolio.mark(SHARE, "100".parse().unwrap());
        gate.mark(SHARE, NOW);
        let mut desk = Desk { gate, portfolio };
        if held != 0 {
            desk.fill(99, if held > 0 { Side::Buy } else { Side::Sell }, held.abs(), 0);
        }
        desk
    }

    fn ask(&mut self, id: u64, request: &OrderRequest) -> Result<Quantity, Refusal> {
        let passed = self.gate.review(OrderId(id), request, || Money::ZERO, &self.portfolio, NOW);
        passed.map(|order| order.quantity())
    }

    fn change(&mut self, id: u64, request: &OrderRequest, left: i64) -> Result<(), Refusal> {
        let asked = (request.kind, Some(shares(left)));
        self.gate.review_change(OrderId(id), request, asked, Money::ZERO, &self.portfolio, NOW).map(|_| ())
    }

    fn fill(&mut self, id: u64, side: Side, quantity: i64, left: i64) {
        let price: Price = "100".parse().unwrap();
        self.gate.post(OrderId(id), shares(quantity), shares(left));
        self.portfolio.apply(&Fill {
            order: OrderId(id),
            symbol: SHARE,
            side,
            quantity: shares(quantity),
            price,
            reference: price,
            fee: Money::ZERO,
            time: NOW,
            purpose: OrderPurpose::Entry,
        });
        self.gate.set_held(SHARE, self.portfolio.position(SHARE).quantity());
    }

    fn most(&mut self, request: &OrderRequest) -> Quantity {
        let affordable = |budget, price| Quantity::affordable(budget, price).unwrap_or(Quantity::MAX);
        self.gate.max_order(request, affordable, &self.portfolio, NOW)
    }
}

#[test]
fn what_fills_while_a_change_is_on_its_way_is_not_set_aside_again() {
    let mut desk = Desk::new(Limits::WIDE, false, 0);
    desk.ask(1, &order(Side::Buy, 10)).unwrap();
    desk.change(1, &order(Side::Buy, 10), 20).unwrap();
    assert_eq!(desk.gate.reserved(), dollars(2_000));
    desk.fill(1, Side::Buy, 5, 5);
    assert_eq!(desk.gate.reserved(), dollars(1_500));
    desk.gate.confirm_change(OrderId(1));
    assert_eq!(desk.gate.reserved(), dollars(1_500), "fifteen are left to fill");
}

#[test]
fn a_change_of_an_exit_is_for_no_more_than_is_held_by_then() {
    let mut desk = Desk::new(Limits::WIDE, false, 10);
    desk.ask(1, &order(Side::Sell, 5)).unwrap();
    desk.change(1, &order(Side::Sell, 5), 10).unwrap();
    // A stop fills.
    desk.fill(50, Side::Sell, 8, 0);
    desk.gate.confirm_change(OrderId(1));
    assert_eq!(desk.gate.open()[0].open, shares(2));
}

#[test]
fn an_exit_that_is_being_canceled_cannot_be_changed_to_its_shares_twice() {
    let mut desk = Desk::new(Limits::WIDE, false, 10);
    desk.ask(1, &order(Side::Sell, 10)).unwrap();
    desk.gate.call_off(OrderId(1));
    let refusal = desk.change(1, &order(Side::Sell, 10), 20);
    assert_eq!(refusal, Err(Refusal::ExceedsPosition { need: shares(20), have: shares(10) }));
}

#[test]
fn two_exits_for_the_same_shares_leave_nothing_and_not_less() {
    let mut desk = Desk::new(Limits::WIDE, false, 10);
    desk.ask(1, &order(Side::Sell, 10)).unwrap();
    desk.gate.call_off(OrderId(1));
    desk.ask(2, &order(Side::Sell, 10)).unwrap();
    assert_eq!(desk.ask(3, &order(Side::Buy, 5)), Ok(shares(5)), "no short comes of a purchase");
    // And it counts as what it can come to at the most: fifteen shares.
    let mut desk = Desk::new(Limits { gross_exposure_max: "0.015".parse().unwrap(), ..Limits::WIDE }, false, 10);
    for id in 1..4 {
        desk.ask(id, &order(Side::Sell, 10)).unwrap();
        desk.gate.call_off(OrderId(id));
    }
    assert_eq!(desk.ask(4, &order(Side::Buy, 5)), Ok(shares(5)));
}

#[test]
fn the_most_is_nothing_where_every_order_leaves_too_much_on_the_other_side() {
    let tight = |size: &str, heat: &str| Limits {
        position_size_max: size.parse().unwrap(),
        portfolio_heat_max: heat.parse().unwrap(),
        ..Limits::WIDE
    };
    // Ten shares are leaving, five may be held: five to turn round are right, as long as heat allows them.
    let mut desk = Desk::new(tight("0.005", "1"), true, 10);
    desk.ask(1, &order(Side::Sell, 10)).unwrap();
    assert_eq!(desk.most(&order(Side::Sell, 1)), shares(5));
    let mut desk = Desk::new(tight("0.005", "0.013"), true, 10);
    desk.ask(1, &order(Side::Sell, 10)).unwrap();
    assert_eq!(desk.most(&order(Side::Sell, 1)), Quantity::ZERO);
    for few in 1..4 {
        assert!(desk.ask(2, &order(Side::Sell, few)).is_err(), "{few}");
    }
}

#[test]
fn the_most_is_nothing_where_heat_is_over_its_limit_already() {
    let limits = Limits { portfolio_heat_max: Ratio::from_units(5_000_000), ..Limits::WIDE };
    let mut desk = Desk::new(limits, false, 10);
    // At risk are $1,000 of the ten shares; $500 are allowed. The order itself risks nothing.
    let stop = Some(LegLevel::At("100".parse().unwrap()));
    let request =
        OrderRequest { class: OrderClass::Oto, legs: ExitLegs { stop, ..ExitLegs::NONE }, ..order(Side::Buy, 1) };
    assert_eq!(desk.most(&request), Quantity::ZERO);
    let refusal = Refusal::PortfolioHeat { need: dollars(1_000), have: dollars(500) };
    assert_eq!(desk.ask(1, &request), Err(refusal));
}
