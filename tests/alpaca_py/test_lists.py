"""Finding orders: by id, by the client's id, and lists with every filter."""
from alpaca.common.enums import Sort
from alpaca.trading.enums import OrderSide, QueryOrderStatus
from alpaca.trading.requests import GetOrderByIdRequest, GetOrdersRequest

from desk import refused

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def listed(desk, **filters):
    """The client ids of the orders that a filter finds, in the order of the answer."""
    return [order.client_order_id for order in desk.trading.get_orders(GetOrdersRequest(**filters))]


def several(desk):
    """Five simple orders, a minute apart: two filled, one canceled, two open."""
    desk.at("09:30")
    sent = [desk.buy(client_order_id="a", qty=10)]
    desk.step()
    sent.append(desk.sell(client_order_id="b", qty=5))
    desk.step()
    sent.append(desk.buy(client_order_id="c", type="limit", limit_price="95"))
    desk.trading.cancel_order_by_id(sent[-1]["id"])
    desk.step()
    sent.append(desk.buy(client_order_id="d", symbol="TSLA", type="limit", limit_price="150", qty=1))
    desk.step()
    sent.append(desk.sell(client_order_id="e", type="limit", limit_price="110", qty=5))
    return sent


def test_list_by_status(desk):
    several(desk)
    assert listed(desk) == ["e", "d"], "open ones, newest first"
    assert [order.client_order_id for order in desk.trading.get_orders()] == ["e", "d"]
    assert listed(desk, status=QueryOrderStatus.OPEN) == ["e", "d"]
    assert listed(desk, status=QueryOrderStatus.CLOSED) == ["c", "b", "a"]
    assert listed(desk, status=QueryOrderStatus.ALL) == ["e", "d", "c", "b", "a"]


def test_list_by_other_filters(desk):
    several(desk)
    every = QueryOrderStatus.ALL
    assert listed(desk, status=every, direction=Sort.ASC) == ["a", "b", "c", "d", "e"]
    assert listed(desk, status=every, direction=Sort.DESC, limit=2) == ["e", "d"]
    assert listed(desk, status=every, direction=Sort.ASC, limit=2) == ["a", "b"]
    assert listed(desk, status=every, symbols=["TSLA"]) == ["d"]
    assert listed(desk, status=every, symbols=["TSLA", "AAPL"]) == ["e", "d", "c", "b", "a"]
    assert listed(desk, status=every, symbols=["MSFT"]) == []
    assert listed(desk, status=every, side=OrderSide.SELL) == ["e", "b"]
    assert listed(desk, status=every, side=OrderSide.BUY) == ["d", "c", "a"]


def test_list_by_time(desk):
    several(desk)
    every = QueryOrderStatus.ALL
    at = {order.client_order_id: order.submitted_at
          for order in desk.trading.get_orders(GetOrdersRequest(status=every))}
    assert listed(desk, status=every, after=at["b"]) == ["e", "d", "c"], "exclusive"
    assert listed(desk, status=every, until=at["d"]) == ["c", "b", "a"], "exclusive"
    assert listed(desk, status=every, after=at["a"], until=at["e"], direction=Sort.ASC) == ["b", "c", "d"]


def test_list_by_cursor(desk):
    sent = several(desk)
    get = desk.trading.get
    after = get("/orders", {"status": "all", "after_order_id": sent[2]["id"], "direction": "asc"})
    assert [order["client_order_id"] for order in after] == ["d", "e"]
    before = get("/orders", {"status": "all", "before_order_id": sent[2]["id"]})
    assert [order["client_order_id"] for order in before] == ["b", "a"]
    refused(422, None, "", get, "/orders", {"before_order_id": sent[0]["id"], "after_order_id": sent[1]["id"]})


def test_list_refuses(desk):
    get = desk.trading.get
    for query in ({"status": "nothing"}, {"limit": 501}, {"limit": 0}, {"direction": "up"}, {"after": "yesterday"}):
        refused(422, None, "", get, "/orders", query)


def test_fifty_orders_unless_asked_for_more(desk):
    desk.at("09:30")
    for _ in range(60):
        desk.buy(qty=1, type="limit", limit_price="95")
    assert len(desk.trading.get_orders()) == 50
    assert len(desk.trading.get_orders(GetOrdersRequest(limit=500))) == 60


def test_lists_of_brackets(desk):
    desk.at("09:30")
    parent = desk.buy(order_class="bracket", time_in_force="gtc", client_order_id="p", type="limit",
                      limit_price="99", take_profit={"limit_price": "110"}, stop_loss={"stop_price": "90"})
    [nested] = desk.trading.get_orders(GetOrdersRequest(nested=True))
    assert len(nested.legs) == 2
    assert listed(desk) == ["p"], "held legs are hidden"
    desk.at("09:56")
    assert desk.status(parent) == "filled"
    flat = desk.trading.get_orders()
    assert [order.type.value for order in flat] == ["limit"], "the stop, still held, is hidden"
    assert str(flat[0].id) == parent["legs"][0]["id"]
    every = desk.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL))
    assert len(every) == 3
    [nested] = desk.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True))
    assert [str(leg.id) for leg in nested.legs] == [leg["id"] for leg in parent["legs"]]
    assert desk.trading.get_orders(GetOrdersRequest(nested=True)) == [], "with its parent, which is filled"


def test_one_order(desk):
    desk.at("09:30")
    order = desk.buy(client_order_id="with space & sign")
    by_id = desk.trading.get_order_by_id(order["id"])
    assert by_id == desk.trading.get_order_by_client_id("with space & sign")
    assert by_id == desk.trading.get_order_by_id(order["id"], GetOrderByIdRequest(nested=True))
    for written in (order["id"].replace("-", ""), order["id"].upper()):
        assert desk.trading.get(f"/orders/{written}")["id"] == order["id"], "apca writes ids without hyphens"
    refused(404, 40410000, f"order not found for {UNKNOWN}", desk.trading.get_order_by_id, UNKNOWN)
    refused(404, 40410000, "order not found", desk.trading.get_order_by_client_id, "nobody's")
    refused(422, 40010001, "order_id is missing", desk.trading.get, "/orders/abc")
