"""Refusals: status, code and words of Alpaca, row by row of its catalogue."""
from decimal import Decimal

from alpaca.common.exceptions import APIError

import market
from desk import refused

FORM, RULE, RIGHT = 40010001, 42210000, 40310000


def body(**fields):
    """A good order with these fields changed; `None` leaves one out."""
    order = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    order.update(fields)
    return {name: value for name, value in order.items() if value is not None}


def rows(desk, *cases):
    """Each case: status, code, words, the fields that differ from a good order."""
    count = len(desk.trading.get("/orders", {"status": "all", "limit": 500}))
    wrong = []
    for status, code, words, fields in cases:
        try:
            refused(status, code, words, desk.trading.post, "/orders", body(**fields))
        except AssertionError as error:
            wrong.append(f"{fields}: {error}")
    assert not wrong, "\n".join(wrong)
    assert len(desk.trading.get("/orders", {"status": "all", "limit": 500})) == count, "nothing was booked"


def test_fields(desk):
    desk.at("09:30")
    rows(desk,
         (422, FORM, "qty or notional is required", {"qty": None}),
         ((400, 422), FORM, "only one of qty or notional is accepted", {"notional": "100"}),
         (422, FORM, "qty must be > 0", {"qty": "0"}),
         (422, FORM, "qty must be > 0", {"qty": "-1"}),
         (422, FORM, "invalid order type", {"type": "sometimes"}),
         (422, FORM, "invalid side", {"side": "hold"}),
         (422, FORM, "invalid time_in_force", {"time_in_force": "week"}),
         (422, None, "", {"type": None}),
         (422, None, "", {"side": None}),
         (422, None, "", {"symbol": None}),
         (422, None, "", {"order_class": "triangle"}),
         (422, FORM, "client_order_id must be no more than 128 characters", {"client_order_id": "x" * 129}))
    assert desk.buy(client_order_id="x" * 128)["client_order_id"] == "x" * 128


def test_prices_of_types(desk):
    desk.at("09:30")
    rows(desk,
         (422, FORM, "limit orders require a limit price", {"type": "limit"}),
         (422, FORM, "stop orders require a stop price", {"type": "stop"}),
         (422, FORM, "stop limit orders require both stop and limit price", {"type": "stop_limit", "stop_price": 101}),
         (422, FORM, "stop limit orders require both stop and limit price", {"type": "stop_limit", "limit_price": 101}),
         (422, FORM, "market orders require no stop or limit price", {"limit_price": 101}),
         (422, FORM, "market orders require no stop or limit price", {"stop_price": 101}),
         (422, FORM, "limit orders must not have stop_price", {"type": "limit", "limit_price": 99, "stop_price": 98}),
         (422, FORM, "trailing stop orders must specify one of trail_price or trail_percent",
          {"type": "trailing_stop"}),
         (422, FORM, "trailing stop orders must specify one of trail_price or trail_percent",
          {"type": "trailing_stop", "trail_price": 1, "trail_percent": 1}))


def test_sub_pennies(desk):
    desk.at("09:30")
    words = "invalid {} {}. sub-penny increment does not fulfill minimum pricing criteria"
    bracket = {"order_class": "bracket", "time_in_force": "gtc"}
    rows(desk,
         (422, RULE, words.format("limit_price", "90.123"), {"type": "limit", "limit_price": 90.123}),
         (422, RULE, words.format("stop_price", "101.123"), {"type": "stop", "stop_price": 101.123}),
         (422, RULE, "sub-penny increment", {"symbol": "F", "type": "limit", "limit_price": "0.80005"}),
         (422, RULE, words.format("take_profit.limit_price", "110.001"),
          {**bracket, "take_profit": {"limit_price": "110.001"}, "stop_loss": {"stop_price": "90"}}),
         (422, RULE, words.format("stop_loss.stop_price", "90.001"),
          {**bracket, "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90.001"}}))


def test_assets(desk):
    desk.at("09:30")
    rows(desk, (422, RULE, 'asset "NOPE" not found', {"symbol": "NOPE"}))


def test_client_order_ids_are_unique_for_ever(desk):
    desk.at("09:30")
    words = "client_order_id must be unique"
    order = desk.buy(client_order_id="once", type="limit", limit_price="95")
    refused(422, (FORM, RULE), words, desk.buy, client_order_id="once")
    desk.trading.cancel_order_by_id(order["id"])
    refused(422, (FORM, RULE), words, desk.buy, client_order_id="once")
    other = desk.buy(type="limit", limit_price="95")
    refused(422, (FORM, RULE), words, desk.trading.patch, f"/orders/{other['id']}",
            {"limit_price": "94", "client_order_id": "once"})
    desk.reset()
    desk.at("09:30")
    assert desk.buy(client_order_id="once")["client_order_id"] == "once"


def test_fractional_and_notional(desk):
    desk.at("09:30")
    rows(desk,
         (422, RULE, "fractional orders must be DAY orders", {"qty": "1.5", "time_in_force": "gtc"}),
         (422, RULE, "fractional orders must be DAY orders", {"qty": "1.5", "time_in_force": "ioc"}),
         (422, RULE, "fractional orders must be simple orders",
          {"qty": "1.5", "order_class": "bracket", "take_profit": {"limit_price": "110"},
           "stop_loss": {"stop_price": "90"}}),
         (422, RULE, "fractional orders must be market, limit, stop, or stop_limit orders",
          {"qty": "1.5", "type": "trailing_stop", "trail_price": "1"}),
         (422, RULE, "fractional orders cannot be sold short", {"qty": "1.5", "side": "sell"}),
         (422, RULE, "notional must be >= 1.00", {"qty": None, "notional": "0.99"}),
         (422, None, "", {"qty": None, "notional": "100", "time_in_force": "gtc"}),
         (422, None, "", {"qty": None, "notional": "100", "type": "trailing_stop", "trail_price": "1"}))


def test_types_and_times_in_force(desk):
    desk.at("09:30")
    stop = {"type": "stop", "stop_price": "101"}
    stop_limit = {"type": "stop_limit", "stop_price": "101", "limit_price": "101.5"}
    trail = {"type": "trailing_stop", "trail_price": "1"}
    rows(desk, *((422, None, "", {**prices, "time_in_force": time_in_force})
                 for prices in (stop, stop_limit, trail) for time_in_force in ("ioc", "fok", "cls")))


def test_extended_hours(desk):
    desk.at("09:30")
    words = ('only type="limit" is allowed for extended hours orders',
             "extended hours order must be DAY or GTC limit orders")
    limit = {"type": "limit", "limit_price": "99", "extended_hours": True}
    rows(desk,
         (422, (FORM, RULE), words, {"extended_hours": True}),
         (422, (FORM, RULE), words, {"type": "stop", "stop_price": "101", "extended_hours": True}),
         (422, (FORM, RULE), words, {**limit, "time_in_force": "ioc"}),
         (422, None, "", {**limit, "order_class": "bracket", "take_profit": {"limit_price": "110"},
                          "stop_loss": {"stop_price": "90"}}))


def test_buying_power(desk):
    desk.at("09:31")
    found = refused(403, RIGHT, "insufficient buying power", desk.buy, qty=2500)
    assert Decimal(found["buying_power"]) == 200_000 and Decimal(found["cost_basis"]) >= 250_000
    refused(403, RIGHT, "insufficient buying power", desk.buy, qty=2500, type="limit", limit_price="99")
    refused(403, RIGHT, "insufficient buying power", desk.sell, qty=2500)
    desk.buy(qty=1900, type="limit", limit_price="99")
    refused(403, RIGHT, "insufficient buying power", desk.buy, qty=200, type="limit", limit_price="99")


def test_buying_power_where_no_price_is_known_yet(desk):
    """Before the first bar an order at market has no price; what it costs is tested at its open at the latest."""
    desk.at("09:30")
    try:
        order = desk.buy(qty=2500)
    except APIError as error:
        assert error.status_code == 403
        return
    desk.step()
    assert desk.position() == 0 and desk.status(order) in ("rejected", "canceled")


def test_shares_that_are_not_there(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    found = refused(403, RIGHT, "insufficient qty available for order (requested: 11, available: 10)",
                    desk.sell, qty=11)
    assert (found["available"], found["existing_qty"], found["held_for_orders"], found["symbol"]) == (
        "10", "10", "0", "AAPL"), "an order does not turn a position round"
    desk.sell(qty=4, type="limit", limit_price="110")
    found = refused(403, RIGHT, "insufficient qty available for order (requested: 7, available: 6)",
                    desk.sell, qty=7, type="limit", limit_price="111")
    assert (found["available"], found["existing_qty"], found["held_for_orders"]) == ("6", "10", "4")
    desk.sell(qty=6, type="limit", limit_price="111")


def test_a_short_is_not_turned_round(desk):
    desk.at("09:30")
    desk.sell(qty=10)
    desk.step()
    refused(403, RIGHT, "insufficient qty available", desk.buy, qty=11)
    desk.buy(qty=10)
    desk.step()
    assert desk.position() == 0


def test_no_shorts_where_not_allowed(days):
    refused(403, RIGHT, "account is not allowed to short", days.sell, "ACME", 1)
    assert not days.trading.get_account().shorting_enabled


def test_brackets(desk):
    desk.at("09:30")
    desk.step()
    gtc = {"order_class": "bracket", "time_in_force": "gtc"}
    target, stop = {"take_profit": {"limit_price": "110"}}, {"stop_loss": {"stop_price": "90"}}
    rows(desk,
         (422, None, "take_profit.limit_price", {**gtc, **stop}),
         (422, None, "stop_loss.stop_price", {**gtc, **target}),
         (422, RULE, "take_profit.limit_price must be > stop_loss.stop_price",
          {**gtc, "take_profit": {"limit_price": "90"}, "stop_loss": {"stop_price": "95"}}),
         (422, RULE, "take_profit.limit_price must be < stop_loss.stop_price",
          {**gtc, "side": "sell", "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "105"}}),
         (422, RULE, ("base price", "stop price", "stop_price"),
          {**gtc, **target, "stop_loss": {"stop_price": "101"}}),
         (422, RULE, ("base price", "stop price", "stop_price"),
          {**gtc, **target, "type": "limit", "limit_price": "95", "stop_loss": {"stop_price": "95"}}),
         (422, None, "", {**gtc, **target, **stop, "time_in_force": "ioc"}),
         (422, None, "", {**gtc, **target, **stop, "type": "trailing_stop", "trail_price": "1"}),
         (422, None, "", {"order_class": "oto", "time_in_force": "gtc"}),
         (422, None, "", {"order_class": "oto", "time_in_force": "gtc", **target, **stop}),
         (422, RULE, "oco orders must be exit orders",
          {"order_class": "oco", "type": "limit", "side": "sell", "time_in_force": "gtc", **target, **stop}),
         (422, None, "", {"order_class": "mleg"}))


def test_brackets_enter_and_ocos_leave(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    target, stop = {"take_profit": {"limit_price": "90"}}, {"stop_loss": {"stop_price": "110"}}
    rows(desk,
         (422, RULE, "bracket orders must be entry orders",
          {"order_class": "bracket", "side": "sell", "time_in_force": "gtc", **target, **stop}),
         (422, None, "", {"order_class": "oco", "type": "market", "side": "sell", "time_in_force": "gtc",
                          "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}}),
         (422, None, "", {"order_class": "oco", "type": "limit", "side": "sell", "time_in_force": "gtc",
                          "take_profit": {"limit_price": "110"}}))


def test_bodies_that_are_no_orders(desk):
    for text in ("", "{", "[]", '"order"', '{"symbol": 1}'):
        answer = desk.send("POST", "/v2/orders", text, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), f"{text!r}: {answer.status_code}"
        assert answer.json()["message"]
    assert desk.trading.get("/orders", {"status": "all"}) == []


def test_paths_that_are_not_there(desk):
    for path in ("/nothing", "/orders/", "/account/nothing"):
        try:
            desk.trading.get(path)
        except APIError as error:
            assert error.status_code in (404, 405, 422), f"{path}: {error.status_code} {error}"
            assert error.message
    refused(404, 40410000, "endpoint not found", desk.trading.get, "/nothing")
    refused(404, 40410000, "not found", desk.trading.get, "/positions/NOPE")


def test_market_data(desk):
    get = desk.raw_data.get
    desk.at("09:35")
    good = {"symbols": "AAPL", "timeframe": "1Min", "start": market.text(market.at(0, "09:30"))}
    assert len(get("/stocks/bars", good)["bars"]["AAPL"]) == 5
    for change, words in (({"limit": 10_001}, "invalid limit: larger than the allowed maximum of 10000"),
                          ({"limit": 0}, "limit"), ({"timeframe": "7Years"}, "timeframe"), ({"timeframe": None}, ""),
                          ({"start": "soon"}, "start"), ({"adjustment": "some"}, "adjustment"),
                          ({"sort": "up"}, "sort"), ({"page_token": "???"}, "page_token"), ({"symbols": None}, ""),
                          ({"feed": "nobody"}, "feed"),
                          ({"end": market.text(market.at(0, "09:00"))}, "")):
        query = {name: value for name, value in {**good, **change}.items() if value is not None}
        refused(400, None, words, get, "/stocks/bars", query)
