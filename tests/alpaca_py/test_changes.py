"""Replace, cancel, close: what clients do with orders and positions that are there."""
from datetime import timedelta
from decimal import Decimal

from alpaca.trading.enums import OrderStatus, TimeInForce
from alpaca.trading.requests import ClosePositionRequest, ReplaceOrderRequest

import market
from desk import contains, is_uuid, plain, refused

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def resting(desk, **fields):
    return desk.buy(**{"type": "limit", "limit_price": "95", "client_order_id": None, **fields})


def test_replace(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        old = resting(desk, client_order_id="first")
        new = desk.trading.replace_order_by_id(old["id"], ReplaceOrderRequest(
            qty=7, limit_price=96.5, time_in_force=TimeInForce.GTC, client_order_id="second"))
        assert str(new.id) != old["id"] and str(new.replaces) == old["id"] and new.client_order_id == "second"
        assert (Decimal(new.qty), Decimal(new.limit_price)) == (7, Decimal("96.5"))
        assert new.time_in_force is TimeInForce.GTC and new.symbol == "AAPL"
        before = desk.order(old["id"])
        assert before.status is OrderStatus.REPLACED and before.replaced_by == new.id
        assert before.replaced_at is not None and Decimal(before.limit_price) == 95 and Decimal(before.qty) == 10
        assert desk.order(new).status is OrderStatus.NEW
        [replaced] = [update for update in updates.of(old) if plain(update.event) == "replaced"]
        assert Decimal(replaced.order.limit_price) == 95 and replaced.order.replaced_by == new.id
        assert updates.events(new)[-1] == "new"


def test_replace_carries_over_what_is_not_named(desk):
    desk.at("09:30")
    old = resting(desk, time_in_force="gtc")
    new = desk.trading.replace_order_by_id(old["id"], ReplaceOrderRequest(limit_price=94))
    assert Decimal(new.qty) == 10 and new.time_in_force is TimeInForce.GTC and new.side.value == "buy"
    assert is_uuid(new.client_order_id) and new.client_order_id != old["client_order_id"]
    newer = desk.trading.replace_order_by_id(new.id, ReplaceOrderRequest(qty=3))
    assert Decimal(newer.limit_price) == 94
    chain = desk.order(desk.order(old["id"]).replaced_by)
    assert chain.replaced_by == newer.id


def test_the_replacement_fills(desk):
    now = desk.at("09:30")
    old = resting(desk)
    new = desk.trading.replace_order_by_id(old["id"], ReplaceOrderRequest(limit_price=105))
    desk.step()
    found = desk.order(new)
    assert found.status is OrderStatus.FILLED
    assert Decimal(found.filled_avg_price) == market.bar_at("AAPL", now).open and desk.position() == 10


def test_replace_a_stop_and_a_trail(desk):
    desk.at("09:30")
    desk.hold()
    stop = desk.sell(qty=4, type="stop", stop_price="95")
    moved = desk.trading.replace_order_by_id(stop["id"], ReplaceOrderRequest(stop_price=96))
    assert Decimal(moved.stop_price) == 96
    trail = desk.sell(qty=3, type="trailing_stop", trail_price="3")
    moved = desk.trading.replace_order_by_id(trail["id"], ReplaceOrderRequest(trail=2))
    assert Decimal(moved.trail_price) == 2 and moved.trail_percent is None
    assert Decimal(moved.stop_price) == Decimal(moved.hwm) - 2


def test_replace_refuses(desk):
    early = desk.buy(type="limit", limit_price="95")
    words = "unable to replace order, order isn't sent to exchange yet"
    refused(422, 40010001, words, desk.trading.patch, f"/orders/{early['id']}", {"limit_price": "94"})
    desk.at("09:30")
    order = resting(desk)
    replace = desk.trading.patch
    refused((403, 422), (40310000, 42210000), "order parameters are not changed", replace,
            f"/orders/{order['id']}", {"limit_price": "95"})
    refused(422, None, "", replace, f"/orders/{order['id']}", {"stop_price": "94"})
    refused(422, None, "", replace, f"/orders/{order['id']}", {"trail": "1"})
    refused(422, None, "", replace, f"/orders/{order['id']}", {"qty": "0"})
    refused(422, 42210000, "sub-penny", replace, f"/orders/{order['id']}", {"limit_price": "94.123"})
    refused(403, 40310000, "insufficient buying power", replace, f"/orders/{order['id']}", {"qty": "100000"})
    refused(404, 40410000, "order not found", replace, f"/orders/{UNKNOWN}", {"limit_price": "94"})
    refused(422, 40010001, "order_id is missing", replace, "/orders/abc", {"limit_price": "94"})
    assert desk.json(order)["status"] == "new" and desk.json(order)["limit_price"] == "95"


def test_replace_refuses_what_is_over(desk):
    desk.at("09:30")
    filled, canceled, old = desk.hold(), resting(desk), resting(desk)
    desk.trading.cancel_order_by_id(canceled["id"])
    desk.trading.replace_order_by_id(old["id"], ReplaceOrderRequest(limit_price=94))
    for order, state in ((filled, "filled"), (canceled, "canceled"), (old, "replaced")):
        refused(422, (42210000, 40010001), (f'order is already in "{state}" state', "order is not open"),
                desk.trading.patch, f"/orders/{order['id']}", {"limit_price": "93"})


def test_notional_orders_are_never_replaced(desk):
    desk.at("09:30")
    order = desk.buy(qty=None, notional="500", type="limit", limit_price="95")
    refused(422, None, "", desk.trading.patch, f"/orders/{order['id']}", {"limit_price": "94"})
    assert desk.status(order) == "new"


def test_cancel(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = resting(desk)
        answer = desk.send("DELETE", f"/v2/orders/{order['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
        found = desk.order(order["id"])
        assert found.status is OrderStatus.CANCELED and found.canceled_at is not None
        assert contains(["new", "canceled"], updates.events(order))
        again = resting(desk)
        assert desk.trading.cancel_order_by_id(again["id"]) is None


def test_cancel_refuses(desk):
    desk.at("09:30")
    filled, canceled = desk.hold(), resting(desk)
    desk.trading.cancel_order_by_id(canceled["id"])
    for order, state in ((filled, "filled"), (canceled, "canceled")):
        refused(422, 42210000, f'order is already in "{state}" state', desk.trading.cancel_order_by_id, order["id"])
    refused(404, 40410000, f"order not found for {UNKNOWN}", desk.trading.cancel_order_by_id, UNKNOWN)
    refused(422, 40010001, "order_id is missing", desk.trading.delete, "/orders/abc")


def test_cancel_while_closed(desk):
    order = resting(desk)
    assert order["status"] == "accepted"
    desk.trading.cancel_order_by_id(order["id"])
    assert desk.status(order) in ("canceled", "pending_cancel")
    desk.at("09:31")
    assert desk.status(order) == "canceled"


def test_a_partly_filled_order_keeps_what_it_has(desk):
    desk.at("09:30")
    order = desk.buy("MSFT", 250)
    desk.step()
    desk.trading.cancel_order_by_id(order["id"])
    desk.step()
    found = desk.json(order)
    assert (found["status"], found["filled_qty"]) == ("canceled", "100") and desk.position("MSFT") == 100


def test_cancel_all(desk):
    desk.at("09:30")
    assert desk.trading.cancel_orders() == []
    orders = [resting(desk), resting(desk, symbol="TSLA", limit_price="150"), resting(desk, symbol="F",
                                                                                      limit_price="0.5")]
    answer = desk.send("DELETE", "/v2/orders")
    assert answer.status_code == 207
    assert sorted(row["id"] for row in answer.json()) == sorted(order["id"] for order in orders)
    assert all(row["status"] == 200 for row in answer.json())
    assert all(desk.status(order) == "canceled" for order in orders)
    resting(desk)
    [cancel] = desk.trading.cancel_orders()
    assert cancel.status == 200 and desk.trading.get_orders() == []


def test_close_a_position(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    order = desk.trading.close_position("AAPL")
    assert order.type.value == "market" and order.side.value == "sell" and Decimal(order.qty) == 10
    assert order.time_in_force is TimeInForce.DAY
    desk.step()
    assert desk.order(order).status is OrderStatus.FILLED and desk.trading.get_all_positions() == []
    refused(404, 40410000, "position", desk.trading.close_position, "AAPL")


def test_close_a_part(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    order = desk.trading.close_position("AAPL", ClosePositionRequest(qty="3"))
    assert Decimal(order.qty) == 3
    desk.step()
    order = desk.trading.close_position(desk.trading.get_asset("AAPL").id, ClosePositionRequest(percentage="50"))
    assert Decimal(order.qty) == Decimal("3.5")
    desk.step()
    assert desk.position() == Decimal("3.5")
    for query in ({"qty": "4"}, {"qty": "0"}, {"qty": "-1"}, {"percentage": "0"}, {"percentage": "101"}):
        refused((403, 422), None, "", desk.trading.delete, "/positions/AAPL", query)
    assert desk.position() == Decimal("3.5")


def test_close_a_short(desk):
    desk.at("09:30")
    desk.sell(qty=10)
    desk.step()
    order = desk.trading.close_position("AAPL")
    assert order.side.value == "buy" and Decimal(order.qty) == 10
    desk.step()
    assert desk.position() == 0


def test_close_all(desk):
    desk.at("09:30")
    desk.hold("AAPL", 10)
    desk.hold("TSLA", 5)
    closes = desk.trading.close_all_positions()
    assert sorted(close.symbol for close in closes) == ["AAPL", "TSLA"]
    assert all(close.status == 200 and close.body.type.value == "market" for close in closes)
    desk.step()
    assert desk.trading.get_all_positions() == [] and desk.trading.close_all_positions() == []


def test_close_all_with_held_shares(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    leg = desk.sell(qty=10, type="limit", limit_price="110")
    answer = desk.send("DELETE", "/v2/positions")
    assert answer.status_code == 207
    [row] = answer.json()
    assert row["status"] == 403 and row["body"]["code"] == 40310000 and row["body"]["held_for_orders"] == "10"
    assert row["body"]["available"] == "0" and row["body"]["existing_qty"] == "10"
    [close] = desk.trading.close_all_positions()
    assert close.status == 403 and close.body.held_for_orders == 10
    [close] = desk.trading.close_all_positions(cancel_orders=True)
    assert close.status == 200
    desk.step()
    assert desk.status(leg) == "canceled" and desk.trading.get_all_positions() == []


def test_close_all_cancels_brackets(desk):
    desk.at("09:30")
    desk.buy(order_class="bracket", time_in_force="gtc", take_profit={"limit_price": "110"},
             stop_loss={"stop_price": "90"})
    desk.step()
    desk.trading.close_all_positions(cancel_orders=True)
    desk.step()
    assert desk.trading.get_all_positions() == [] and desk.trading.get_orders() == []


def test_close_while_the_market_is_closed(desk):
    desk.at("15:00")
    desk.hold()
    desk.at("16:30")
    order = desk.trading.close_position("AAPL")
    assert order.status is OrderStatus.ACCEPTED
    opens = desk.at("09:30", day=1)
    desk.until(opens + timedelta(minutes=1))
    assert Decimal(desk.order(order).filled_avg_price) == market.bar_at("AAPL", opens).open
