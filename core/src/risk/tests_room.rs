//! Room that exits make for what is approved at the same moment, and what is said of the orders that rely on it.
//!
//! Not here: the limits (tests_measure), what is at stake (tests_exposure). A hundred shares of A are held and sixty
//! of them are leaving.
use super::testing::*;
use super::*;
use crate::domain::{Money, OrderId, OrderKind, OrderRequest, OrderSize, Quantity, TimeInForce};

fn leaving(limits: Limits, margin: Margin, exit: &OrderRequest) -> (Desk, OrderId) {
    let mut desk = Desk::new(limits, margin);
    desk.hold(A, 100);
    let order = desk.pass(exit);
    (desk, order)
}

/// All positions together may be worth `share` of the $100,000 there are.
fn gross(share: &str) -> Limits {
    Limits { gross_exposure_max: ratio(share), ..Limits::WIDE }
}

fn room(desk: &mut Desk) -> Quantity {
    desk.most(&OrderRequest { symbol: C, ..buy(1) })
}

#[test]
fn an_approval_says_whether_it_relies_on_exits_of_its_moment() {
    let tight = Limits { position_size_max: ratio("0.06"), ..gross("0.2") };
    let of_cash = OrderSize::CashFraction { fraction: ratio("0.05"), most: Money::ZERO };
    let sixty = OrderSize::Shares(shares(60));
    for (limits, margin, size, wanted) in [
        (gross("0.1"), AT_FILL, sixty, Ok((true, None))),
        (gross("0.1"), AT_FILL, OrderSize::Shares(shares(60) + BILLIONTH), Err("gross_exposure")),
        (gross("0.1"), LONG_ONLY, sixty, Err("gross_exposure")),
        // It passes beside what is held as well.
        (gross("0.16"), AT_FILL, sixty, Ok((false, None))),
        (gross("0.16"), AT_FILL, OrderSize::Notional(dollars(6_000)), Ok((false, None))),
        // Beside it a share of the cash may come to less.
        (gross("0.16"), AT_FILL, of_cash, Ok((true, Some(12_000)))),
        (gross("0.16"), LONG_ONLY, of_cash, Ok((false, Some(6_000)))),
        (tight, AT_FILL, of_cash, Ok((false, Some(6_000)))),
    ] {
        let (mut desk, _) = leaving(limits, margin, &sell(60));
        let found = desk.ask(&OrderRequest { symbol: B, size, ..buy(1) });
        let found = found.map(|order| match order.request().size {
            OrderSize::CashFraction { most, .. } => (order.relies_on_exits(), Some(most)),
            _ => (order.relies_on_exits(), None),
        });
        let wanted = wanted.map(|(relies, most)| (relies, most.map(dollars)));
        assert_eq!(found.map_err(|refusal| refusal.code()), wanted, "{limits:?} {margin:?} {size:?}");
    }
    let (mut desk, _) = leaving(gross("0.1"), AT_FILL, &sell(60));
    assert!(!desk.ask(&sell(40)).expect("an exit").relies_on_exits(), "an exit needs no room");
}

#[test]
fn only_what_leaves_at_the_next_open_makes_room() {
    use TimeInForce::{Cls, Day, Fok, Gtc, Ioc, Opg};
    let stop = OrderKind::Stop { stop: price("90") };
    for (kind, time_in_force, most) in [
        (OrderKind::Market, Day, 60),
        (OrderKind::Market, Gtc, 60),
        (OrderKind::Market, Ioc, 0),
        (OrderKind::Market, Fok, 0),
        (OrderKind::Market, Opg, 0),
        (OrderKind::Market, Cls, 0),
        (limit("100"), Day, 0),
        (stop, Gtc, 0),
    ] {
        let (mut desk, _) = leaving(gross("0.1"), AT_FILL, &OrderRequest { kind, time_in_force, ..sell(60) });
        assert_eq!(room(&mut desk), shares(most), "{kind:?} {time_in_force:?}");
    }
}

#[test]
fn room_is_of_its_moment_and_of_what_still_leaves() {
    let desk = || leaving(gross("0.1"), AT_FILL, &sell(60));
    let (mut later, _) = desk();
    assert_eq!(room(&mut later), shares(60));
    later.now = later.now.plus_ns(1);
    assert_eq!(room(&mut later), Quantity::ZERO);
    assert_eq!(later.refuse(&OrderRequest { symbol: B, ..buy(1) }).code(), "gross_exposure");
    // A change of it, however small, may put it behind what relied on it.
    let (mut changed, exit) = desk();
    changed.pass_change(exit, &sell(60), (OrderKind::Market, Some(shares(59))));
    assert_eq!(room(&mut changed), Quantity::ZERO);
    let (mut voided, exit) = desk();
    voided.gate.void(exit);
    assert_eq!(room(&mut voided), Quantity::ZERO);
    // Nothing of it is left to leave: the position was sold by another order.
    let (mut sold, _) = desk();
    sold.hold(A, -50);
    assert_eq!(room(&mut sold), shares(100), "fifty are gone and the last fifty leave");
    sold.hold(A, -50);
    assert_eq!(room(&mut sold), shares(100));
    assert!(!sold.ask(&OrderRequest { symbol: B, ..buy(100) }).expect("there is room").relies_on_exits());
}

#[test]
fn a_change_of_an_entry_relies_on_no_exit() {
    let (mut desk, _) = leaving(gross("0.1"), AT_FILL, &sell(60));
    let request = OrderRequest { symbol: B, kind: limit("90"), ..buy(10) };
    let entry = desk.pass(&request);
    let refusal = desk.change(entry, &request, (limit("90"), Some(shares(20)))).err();
    assert_eq!(refusal.map(|refusal| refusal.code()), Some("gross_exposure"));
    assert_eq!(room(&mut desk), shares(50), "and takes none away");
}
