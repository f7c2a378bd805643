"""Orders and the hours: outside the session, day's end, opening and closing auction, extended hours."""
from datetime import timedelta
from decimal import Decimal

from alpaca.trading.enums import OrderSide, OrderStatus, TimeInForce
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

import market
from desk import refused

MINUTE = timedelta(minutes=1)


def test_an_order_sent_while_closed_waits_for_the_open(desk):
    order = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY))
    assert order.status is OrderStatus.ACCEPTED
    desk.at("09:30")
    assert Decimal(desk.order(order).filled_qty) == 0, "at T the bar opening at T has not begun"
    desk.step()
    found = desk.order(order)
    assert found.status is OrderStatus.FILLED and Decimal(found.filled_avg_price) == 100
    assert market.at(0, "09:30") <= found.filled_at < market.at(0, "09:31")
    assert found.submitted_at < market.at(0, "09:30")


def test_an_order_sent_after_the_close_waits_for_the_next_session(desk):
    desk.at("16:00")
    order = desk.buy()
    assert order["status"] == "accepted"
    assert order["expires_at"].startswith("2024-07-03T17:00:00"), "the half day's close"
    desk.at("09:31", day=1)
    assert desk.status(order) == "filled"


def test_an_order_of_the_last_minute_waits_too(desk):
    now = desk.at("15:59")
    order = desk.buy()
    desk.step()
    found = desk.order(order["id"])
    assert found.status is OrderStatus.FILLED and now <= found.filled_at < now + MINUTE


def test_day_orders_expire_at_the_close(desk):
    desk.at("09:30")
    day = desk.buy(type="limit", limit_price="90")
    gtc = desk.buy(type="limit", limit_price="90", time_in_force="gtc")
    desk.at("15:56")
    assert desk.status(day) == "new"
    part = desk.buy("MSFT", 500)
    desk.at("16:00")
    found = desk.order(day["id"])
    assert found.status is OrderStatus.EXPIRED
    assert market.at(0, "16:00") <= found.expired_at < market.at(0, "16:30")
    assert desk.status(gtc) == "new"
    assert desk.json(part)["status"] == "expired"
    assert Decimal(desk.json(part)["filled_qty"]) == 400 == desk.position("MSFT"), "a tenth of four minutes"


def test_day_orders_expire_early_on_half_days(desk):
    desk.at("12:59", day=1)
    order = desk.buy(type="limit", limit_price="90")
    desk.at("13:00", day=1)
    assert desk.status(order) == "expired"


def test_the_open_auction(desk):
    whole = desk.buy(time_in_force="opg")
    away = desk.buy(time_in_force="opg", type="limit", limit_price="95")
    part = desk.buy("MSFT", 250, time_in_force="opg")
    assert whole["status"] == "accepted"
    desk.at("09:31")
    found = desk.order(whole["id"])
    assert found.status is OrderStatus.FILLED and Decimal(found.filled_avg_price) == 100
    assert desk.status(away) == "canceled", "what is left after the auction"
    assert desk.json(part)["status"] == "canceled" and desk.json(part)["filled_qty"] == "100"


def test_hours_of_the_open_auction(desk):
    desk.at("09:27:59")
    desk.buy(time_in_force="opg")
    words = "opg orders must be submitted after 7:00pm and before 9:28am"
    desk.at("09:28")
    refused(403, 40310000, words, desk.buy, time_in_force="opg")
    desk.at("12:00")
    refused(403, 40310000, words, desk.buy, time_in_force="opg")
    desk.at("18:59:59")
    refused(403, 40310000, words, desk.buy, time_in_force="opg")
    desk.at("19:00")
    order = desk.buy(time_in_force="opg")
    desk.at("09:31", day=1)
    assert Decimal(desk.json(order)["filled_avg_price"]) == market.bar_at("AAPL", market.at(1, "09:30")).open


def test_the_closing_auction(desk):
    desk.at("09:30")
    order = desk.buy(time_in_force="cls")
    away = desk.buy(time_in_force="cls", type="limit", limit_price="95")
    desk.at("15:59")
    assert desk.status(order) == "new"
    desk.at("16:00")
    found = desk.order(order["id"])
    close = market.closed_by("AAPL", market.at(0, "16:00"))[-1].close
    assert found.status is OrderStatus.FILLED and Decimal(found.filled_avg_price) == close
    assert market.at(0, "15:59") <= found.filled_at <= market.at(0, "16:00")
    assert desk.status(away) in ("canceled", "expired")


def test_hours_of_the_closing_auction(desk):
    desk.at("15:49:59")
    desk.buy(time_in_force="cls")
    desk.at("15:50")
    refused(403, 40310000, "cls orders must be submitted", desk.buy, time_in_force="cls")
    desk.at("18:59")
    refused(403, 40310000, "cls orders must be submitted", desk.buy, time_in_force="cls")
    desk.at("19:00")
    order = desk.buy(time_in_force="cls")
    desk.at("13:00", day=1)
    assert desk.status(order) == "filled"


def test_extended_hours(desk):
    order = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=90,
        extended_hours=True))
    assert order.extended_hours
    # The data have no bars outside the session, so nothing fills there; the order lives until 20:00.
    desk.at("16:00")
    assert desk.order(order).status is OrderStatus.NEW
    desk.at("20:00")
    assert desk.order(order).status is OrderStatus.EXPIRED


def test_gtc_limit_orders_may_have_extended_hours(desk):
    order = desk.buy(type="limit", limit_price="90", time_in_force="gtc", extended_hours=True)
    assert order["extended_hours"] is True
