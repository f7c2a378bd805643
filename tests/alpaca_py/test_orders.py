"""Simple orders: every type, every time in force, notional and fractional; what they fill at."""
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, OrderType, PositionIntent, TimeInForce
from alpaca.trading.requests import (
    LimitOrderRequest, MarketOrderRequest, StopLimitOrderRequest, StopOrderRequest, TrailingStopOrderRequest)

import market
from desk import is_uuid, number, plain, refused

MINUTE = timedelta(minutes=1)
OPEN_STATUSES = (OrderStatus.NEW, OrderStatus.PENDING_NEW, OrderStatus.ACCEPTED)


def filled(desk, order, bar, price, qty=10):
    """Asserts that the order filled whole at this price, within this bar."""
    found = desk.order(order)
    assert found.status is OrderStatus.FILLED, f"{plain(found.status)} after {bar.time}"
    assert Decimal(found.filled_qty) == qty and Decimal(found.filled_avg_price) == price, found
    assert bar.time <= found.filled_at < bar.time + MINUTE, f"filled at {found.filled_at}, not in the bar {bar.time}"
    assert found.filled_at > found.submitted_at
    return found


def first(bars, holds):
    return next(bar for bar in bars if holds(bar))


def test_market_order(desk):
    now = desk.at("09:30")
    order = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, client_order_id="my own"))
    assert order.status in OPEN_STATUSES and order.client_order_id == "my own"
    assert order.type is OrderType.MARKET and order.order_type is OrderType.MARKET
    assert order.side is OrderSide.BUY and order.time_in_force is TimeInForce.DAY
    assert order.order_class is OrderClass.SIMPLE and order.legs is None
    assert Decimal(order.qty) == 10 and Decimal(order.filled_qty) == 0 and order.filled_avg_price is None
    assert order.asset_id == desk.trading.get_asset("AAPL").id and order.symbol == "AAPL"
    assert not order.extended_hours and order.notional is None and order.filled_at is None
    assert now <= order.submitted_at < now + MINUTE and now <= order.created_at
    assert desk.step()["time"] == market.text(now + MINUTE)
    bar = market.bar_at("AAPL", now)
    filled(desk, order, bar, bar.open)
    assert desk.position() == 10


def test_order_on_the_wire(desk):
    desk.at("09:30")
    raw = desk.buy(qty=1)
    for name in ("filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at", "replaced_by", "replaces",
                 "notional", "filled_avg_price", "limit_price", "stop_price", "trail_percent", "trail_price", "hwm",
                 "legs"):
        assert raw[name] is None, f"{name} is {raw[name]!r}"
    assert (raw["qty"], raw["filled_qty"]) == ("1", "0")
    assert raw["order_class"] in ("", "simple") and raw["asset_class"] == "us_equity"
    assert raw["type"] == raw["order_type"] == "market" and raw["extended_hours"] is False
    assert is_uuid(raw["id"]) and is_uuid(raw["client_order_id"])
    assert raw["expires_at"].startswith("2024-07-02T20:00:00"), "a day order ends with the session"
    limit = desk.buy(qty="2", type="limit", limit_price=90.5)
    assert number(limit["limit_price"]) == Decimal("90.5") and limit["qty"] == "2"


def test_symbols_may_be_written_otherwise(desk):
    desk.at("09:30")
    asset = desk.trading.get_asset("AAPL")
    for name in (str(asset.id), "AAPL:NASDAQ", "AAPL:NASDAQ:us_equity", "AAPL:ARCA"):
        assert desk.buy(name, 1)["symbol"] == "AAPL", name


def test_times_of_submission_grow_while_the_clock_stands(desk):
    desk.at("09:30")
    orders = [desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)) for _ in range(5)]
    times = [order.submitted_at for order in orders]
    assert all(later - earlier >= timedelta(microseconds=1) for earlier, later in zip(times, times[1:])), times
    assert times[-1] - times[0] < timedelta(seconds=1)


def test_limit_orders(desk):
    now = desk.at("09:30")
    low = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=98.5))
    desk.step()
    assert desk.order(low).status is OrderStatus.NEW and Decimal(desk.order(low).limit_price) == Decimal("98.5")
    bar = first(market.bars_from("AAPL", now), lambda bar: bar.low <= Decimal("98.5"))
    desk.until(bar.time)
    assert desk.order(low).status is OrderStatus.NEW, "not before the price is there"
    desk.step()
    filled(desk, low, bar, Decimal("98.5"))
    high = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.DAY, limit_price=101.33))
    bar = first(market.bars_from("AAPL", bar.time + MINUTE), lambda bar: bar.high >= Decimal("101.33"))
    desk.until(bar.time + MINUTE)
    filled(desk, high, bar, Decimal("101.33"))


def test_a_marketable_limit_fills_at_the_open(desk):
    now = desk.at("09:30")
    order = desk.buy(type="limit", limit_price="105")
    desk.step()
    bar = market.bar_at("AAPL", now)
    filled(desk, desk.order(order["id"]), bar, bar.open)


def test_stop_orders(desk):
    now = desk.at("09:30")
    up = desk.trading.submit_order(StopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, stop_price=101.1))
    bar = first(market.bars_from("AAPL", now), lambda bar: bar.high >= Decimal("101.1"))
    desk.until(bar.time)
    found = desk.order(up)
    assert found.status is OrderStatus.NEW and found.type is OrderType.STOP
    assert Decimal(found.stop_price) == Decimal("101.1")
    desk.step()
    filled(desk, up, bar, Decimal("101.1"))
    down = desk.trading.submit_order(StopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, stop_price=99.05))
    bar = first(market.bars_from("AAPL", bar.time + MINUTE), lambda bar: bar.low <= Decimal("99.05"))
    desk.until(bar.time + MINUTE)
    filled(desk, down, bar, Decimal("99.05"))


def test_a_stop_that_the_open_has_passed_fills_at_the_open(desk):
    desk.at("09:30")
    desk.hold("TSLA", 10)
    order = desk.sell("TSLA", 10, type="stop", stop_price="190", time_in_force="gtc")
    opens = desk.at("09:30", day=1)
    assert desk.status(order) == "new"
    desk.step()
    bar = market.bar_at("TSLA", opens)
    assert bar.open == 180
    filled(desk, desk.order(order["id"]), bar, bar.open)


def test_a_buy_stop_has_a_collar(desk):
    """From $50 it is a stop-limit 2.5 % above its stop: an open beyond that fills nothing until the price is back."""
    desk.at("10:00", day=1)
    order = desk.buy("TSLA", 10, type="stop", stop_price="203", time_in_force="gtc")
    opens = desk.at("09:31", day=2)
    assert market.bar_at("TSLA", opens - MINUTE).open == 210
    assert desk.status(order) == "new"
    worst = Decimal(203) * Decimal("1.025")
    bar = first(market.bars_from("TSLA", opens), lambda bar: bar.low <= worst - Decimal("0.01"))
    desk.until(bar.time + MINUTE)
    found = desk.order(order["id"])
    assert found.status is OrderStatus.FILLED
    assert worst - Decimal("0.01") <= Decimal(found.filled_avg_price) <= worst


def test_a_limit_that_the_open_has_passed_fills_at_the_open(desk):
    desk.at("15:00")
    order = desk.buy("TSLA", 10, type="limit", limit_price="190", time_in_force="gtc")
    opens = desk.at("09:30", day=1)
    desk.step()
    filled(desk, desk.order(order["id"]), market.bar_at("TSLA", opens), Decimal(180))


def test_stop_limit_orders(desk):
    now = desk.at("09:30")
    # Triggered from below and marketable then: it fills between stop and limit.
    up = desk.trading.submit_order(StopLimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, stop_price=100.7, limit_price=100.9))
    bar = first(market.bars_from("AAPL", now), lambda bar: bar.high >= Decimal("100.7"))
    desk.until(bar.time + MINUTE)
    found = desk.order(up)
    assert found.status is OrderStatus.FILLED
    assert Decimal("100.7") <= Decimal(found.filled_avg_price) <= Decimal("100.9")
    assert bar.time <= found.filled_at < bar.time + MINUTE


def test_a_stop_limit_jumped_over_waits_for_its_limit(desk):
    desk.at("09:30")
    desk.hold("TSLA", 10)
    order = desk.trading.submit_order(StopLimitOrderRequest(
        symbol="TSLA", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, stop_price=190, limit_price=185))
    opens = desk.at("09:31", day=1)
    assert desk.order(order).status is OrderStatus.NEW, "180 is beyond the limit"
    bar = first(market.bars_from("TSLA", opens), lambda bar: bar.high >= 185)
    desk.until(bar.time + MINUTE)
    filled(desk, order, bar, Decimal(185))


def trailed(bars, level_of, best):
    """The bar in which a sell stop that trails the best price by `level_of` is hit, and the price."""
    for bar in bars:
        level = level_of(best)
        if bar.low <= level:
            return bar, min(bar.open, level), best
        best = max(best, bar.high)
    raise AssertionError("never hit")


def test_trailing_stop_by_price(desk):
    desk.at("09:30")
    desk.hold()
    now = desk.at("09:35")
    last = market.closed_by("AAPL", now)[-1].close
    order = desk.trading.submit_order(TrailingStopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.DAY, trail_price=0.75))
    assert order.type is OrderType.TRAILING_STOP and Decimal(order.trail_price) == Decimal("0.75")
    assert Decimal(order.hwm) == last and Decimal(order.stop_price) == last - Decimal("0.75")
    desk.step(3)
    best = max([last] + [bar.high for bar in market.closed_by("AAPL", now + 3 * MINUTE) if bar.time >= now])
    found = desk.order(order)
    assert found.status is OrderStatus.NEW
    assert (Decimal(found.hwm), Decimal(found.stop_price)) == (best, best - Decimal("0.75")), "both move"
    bar, price, _ = trailed(market.bars_from("AAPL", now), lambda best: best - Decimal("0.75"), last)
    desk.until(bar.time + MINUTE)
    filled(desk, order, bar, price)


def test_trailing_stop_by_percent(desk):
    desk.at("09:30")
    desk.hold()
    now = desk.at("09:35")
    last = market.closed_by("AAPL", now)[-1].close
    order = desk.trading.submit_order(TrailingStopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, trail_percent=1))
    assert Decimal(order.trail_percent) == 1 and order.trail_price is None
    bar, price, _ = trailed(market.bars_from("AAPL", now), lambda best: best * Decimal("0.99"), last)
    desk.until(bar.time + MINUTE)
    found = desk.order(order)
    assert found.status is OrderStatus.FILLED and bar.time <= found.filled_at < bar.time + MINUTE
    assert abs(Decimal(found.filled_avg_price) - price) <= Decimal("0.01"), "rounded to the tick"


def test_trailing_stop_to_buy(desk):
    now = desk.at("09:50")
    order = desk.trading.submit_order(TrailingStopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, trail_price=0.5))
    lowest = market.closed_by("AAPL", now)[-1].close
    for bar in market.bars_from("AAPL", now):
        level = lowest + Decimal("0.5")
        if bar.high >= level:
            break
        lowest = min(lowest, bar.low)
    desk.until(bar.time + MINUTE)
    filled(desk, order, bar, max(bar.open, level))


def test_notional(desk):
    desk.at("09:30")
    desk.step(2)
    order = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", notional=1000, side=OrderSide.BUY, time_in_force=TimeInForce.DAY))
    assert order.qty is None and Decimal(order.notional) == 1000
    desk.step()
    bar = market.bar_at("AAPL", market.at(0, "09:32"))
    shares = (Decimal(1000) / bar.open).quantize(Decimal("1e-9"), ROUND_DOWN)
    filled(desk, order, bar, bar.open, shares)
    assert desk.position() == shares
    limit = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", notional=500, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=105))
    desk.step()
    assert desk.order(limit).status is OrderStatus.FILLED


def test_fractional(desk):
    desk.at("09:30")
    order = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=1.123456789, side=OrderSide.BUY, time_in_force=TimeInForce.DAY))
    desk.step()
    filled(desk, order, market.bar_at("AAPL", market.at(0, "09:30")), Decimal(100), Decimal("1.123456789"))
    limit = desk.buy(qty="0.5", type="limit", limit_price="105")
    stop = desk.buy(qty="0.5", type="stop", stop_price="100.3", symbol="AAPL")
    desk.step(2)
    assert desk.status(limit) == desk.status(stop) == "filled"
    desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=2.123456789, side=OrderSide.SELL, time_in_force=TimeInForce.DAY))
    desk.step()
    assert desk.position() == 0


def test_prices_below_a_dollar_have_four_decimals(desk):
    now = desk.at("09:30")
    order = desk.buy("F", 100, type="limit", limit_price="0.8005")
    desk.step()
    bar = market.bar_at("F", now)
    assert bar.open <= Decimal("0.8005")
    filled(desk, desk.order(order["id"]), bar, bar.open, 100)


def test_ioc(desk):
    desk.at("09:30")
    part = desk.buy("MSFT", 250, time_in_force="ioc")
    none = desk.buy("AAPL", 10, time_in_force="ioc", type="limit", limit_price="95")
    whole = desk.buy("AAPL", 10, time_in_force="ioc", type="limit", limit_price="105")
    desk.step()
    part, none, whole = (desk.order(order["id"]) for order in (part, none, whole))
    assert part.status is OrderStatus.CANCELED and Decimal(part.filled_qty) == 100, "a tenth of the volume"
    assert none.status is OrderStatus.CANCELED and Decimal(none.filled_qty) == 0
    assert whole.status is OrderStatus.FILLED and part.canceled_at is not None


def test_fok(desk):
    desk.at("09:30")
    too_large = desk.buy("MSFT", 101, time_in_force="fok")
    fits = desk.buy("MSFT", 100, time_in_force="fok")
    desk.step()
    assert desk.json(too_large)["status"] == "canceled" and desk.json(too_large)["filled_qty"] == "0"
    assert desk.json(fits)["status"] == "filled"


def test_an_order_takes_its_share_of_the_volume(desk):
    now = desk.at("09:30")
    order = desk.buy("MSFT", 250)
    for taken, status in ((100, "partially_filled"), (200, "partially_filled"), (250, "filled")):
        desk.step()
        found = desk.json(order)
        assert (found["status"], Decimal(found["filled_qty"])) == (status, taken)
    opens = [market.bar_at("MSFT", now + minute * MINUTE).open for minute in range(3)]
    average = (100 * opens[0] + 100 * opens[1] + 50 * opens[2]) / 250
    assert abs(Decimal(found["filled_avg_price"]) - average) < Decimal("0.0001")


def test_nothing_fills_where_nothing_trades(desk):
    desk.at("09:30")
    quiet = market.at(0, "09:30") + market.QUIET_MINUTE * MINUTE
    assert market.bar_at("MSFT", quiet).volume == 0
    desk.until(quiet)
    order = desk.buy("MSFT", 10)
    desk.step()
    assert desk.status(order) == "new"
    desk.step()
    bar = market.bar_at("MSFT", quiet + MINUTE)
    filled(desk, desk.order(order["id"]), bar, bar.open)


def test_gtc_rests_over_sessions(desk):
    desk.at("15:00")
    gtc = desk.buy(type="limit", limit_price="95", time_in_force="gtc")
    day = desk.buy(type="limit", limit_price="95")
    assert desk.json(gtc)["expires_at"] > desk.json(day)["expires_at"]
    desk.at("10:00", day=1)
    assert (desk.status(gtc), desk.status(day)) == ("new", "expired")


def test_position_intent(desk):
    desk.at("09:30")
    order = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY,
        position_intent=PositionIntent.BUY_TO_OPEN))
    assert order.position_intent is PositionIntent.BUY_TO_OPEN
    assert desk.order(order).position_intent is PositionIntent.BUY_TO_OPEN


def test_the_benchmark_can_be_traded(desk):
    now = desk.at("09:30")
    order = desk.buy("SPY", 3)
    desk.step()
    filled(desk, desk.order(order["id"]), market.bar_at("SPY", now), Decimal(500), 3)


def test_numbers_may_be_sent_as_numbers_or_text(desk):
    desk.at("09:30")
    for qty in (1, 1.0, "1", "1.000"):
        assert desk.trading.post("/orders", {"symbol": "AAPL", "qty": qty, "side": "buy", "type": "market",
                                             "time_in_force": "day"})["qty"] == "1"
    refused(422, None, "", desk.buy, qty="1.1234567891")
