"""Bracket, one-cancels-other and one-triggers-other: shapes, statuses, fills, what the stream says and leaves out."""
from datetime import timedelta
from decimal import Decimal

from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, OrderType, TimeInForce
from alpaca.trading.requests import (
    GetOrderByIdRequest, LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest, StopLossRequest,
    TakeProfitRequest)

import market
from desk import contains, plain, refused

MINUTE = timedelta(minutes=1)
NESTED = GetOrderByIdRequest(nested=True)


def bracket(desk, target, stop, qty=10, **fields):
    """A bracket around an entry at market, as alpaca-py sends it."""
    options = dict(symbol="AAPL", qty=qty, side=OrderSide.BUY, time_in_force=TimeInForce.GTC,
                   order_class=OrderClass.BRACKET, take_profit=TakeProfitRequest(limit_price=target),
                   stop_loss=StopLossRequest(stop_price=stop))
    options.update(fields)
    request = LimitOrderRequest if "limit_price" in fields else MarketOrderRequest
    return desk.trading.submit_order(request(**options))


def legs_of(desk, parent):
    """Target and stop of a bracket, as they stand."""
    found = desk.trading.get_order_by_id(parent.id, NESTED)
    target = next(leg for leg in found.legs if leg.type is OrderType.LIMIT)
    stop = next(leg for leg in found.legs if leg.type is not OrderType.LIMIT)
    return target, stop


def statuses(*orders):
    return [order.status.value for order in orders]


def test_a_bracket_is_answered_with_its_legs(desk):
    desk.at("09:30")
    parent = bracket(desk, 101.5, 99)
    assert parent.order_class is OrderClass.BRACKET and len(parent.legs) == 2
    target, stop = parent.legs
    assert statuses(target, stop) == ["held", "held"]
    assert (target.type, stop.type) == (OrderType.LIMIT, OrderType.STOP)
    assert Decimal(target.limit_price) == Decimal("101.5") and Decimal(stop.stop_price) == 99
    for leg in parent.legs:
        assert leg.side is OrderSide.SELL and Decimal(leg.qty) == 10 and leg.legs is None
        assert leg.order_class is OrderClass.BRACKET and leg.symbol == "AAPL"
    assert len({parent.id, target.id, stop.id}) == 3


def test_life_of_a_bracket_by_its_target(desk):
    with desk.updates() as updates:
        now = desk.at("09:30")
        parent = bracket(desk, 101.5, 99)
        desk.step()
        target, stop = legs_of(desk, parent)
        assert statuses(desk.order(parent), target, stop) == ["filled", "new", "held"]
        bar = next(bar for bar in market.bars_from("AAPL", now) if bar.high >= Decimal("101.5"))
        desk.until(bar.time)
        assert desk.order(target).status is OrderStatus.NEW
        desk.step()
        target, stop = legs_of(desk, parent)
        assert statuses(target, stop) == ["filled", "canceled"]
        assert Decimal(target.filled_avg_price) == Decimal("101.5") and bar.time <= target.filled_at < bar.time + MINUTE
        assert desk.position() == 0
        assert updates.events(parent)[-1] == "fill" and contains(["new", "fill"], updates.events(parent))
        assert contains(["new", "fill"], updates.events(target))
        assert "canceled" not in updates.events(stop), "the real stream is silent about the stop"


def test_life_of_a_bracket_by_its_stop(desk):
    with desk.updates() as updates:
        now = desk.at("09:48")
        parent = bracket(desk, 103, 99)
        bar = next(bar for bar in market.bars_from("AAPL", now) if bar.low <= 99)
        desk.until(bar.time + MINUTE)
        target, stop = legs_of(desk, parent)
        assert statuses(target, stop) == ["replaced", "filled"]
        assert Decimal(stop.filled_avg_price) == 99 and desk.position() == 0
        sequence = [(plain(update.event), update.order.id) for update in updates.settled()]
        assert sequence.index(("replaced", target.id)) < sequence.index(("fill", stop.id))


def test_a_stop_is_live_on_the_bar_of_its_entry(desk):
    # The bar falls from 99.8 to 99.6 and 5 cents below.
    desk.at("09:51")
    parent = bracket(desk, 103, 99.7)
    desk.step()
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["filled", "replaced", "filled"]
    assert Decimal(stop.filled_avg_price) == Decimal("99.7")


def test_stop_and_target_in_one_bar(desk):
    # The bar rises from 100.2 to 100.4, with 5 cents around both.
    desk.at("09:31")
    parent = bracket(desk, 100.4, 100.16)
    desk.step()
    target, stop = legs_of(desk, parent)
    assert statuses(target, stop) == ["replaced", "filled"], "the stop"


def test_a_bracket_with_a_limit_entry(desk):
    now = desk.at("09:30")
    parent = bracket(desk, 101, 98, limit_price=99.5)
    desk.step(5)
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["new", "held", "held"]
    bar = next(bar for bar in market.bars_from("AAPL", now) if bar.low <= Decimal("99.5"))
    desk.until(bar.time + MINUTE)
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["filled", "new", "held"]


def test_legs_wait_a_bar_where_the_entry_filled_within_one(desk):
    # The bar at 09:52 falls from 99.6 to 99.4 and 5 cents below: it touches entry and stop.
    desk.at("09:50")
    parent = bracket(desk, 103, 99.4, limit_price=99.5)
    desk.at("09:53")
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["filled", "new", "held"]
    desk.step()
    target, stop = legs_of(desk, parent)
    assert statuses(target, stop) == ["replaced", "filled"]
    assert Decimal(stop.filled_avg_price) == market.bar_at("AAPL", market.at(0, "09:53")).open == Decimal("99.4")


def test_legs_of_an_entry_that_never_fills_end_with_it(desk):
    desk.at("15:58")
    parent = bracket(desk, 120, 80, limit_price=90, time_in_force=TimeInForce.DAY)
    desk.at("16:00")
    assert desk.order(parent).status is OrderStatus.EXPIRED
    assert all(leg.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED) for leg in legs_of(desk, parent))


def test_what_has_filled_stays_protected(desk):
    """An entry that is canceled with a part of it filled leaves its legs, over that part."""
    desk.at("09:30")
    parent = bracket(desk, 310, 290, symbol="MSFT", qty=300)
    desk.step()
    desk.trading.cancel_order_by_id(parent.id)
    desk.step()
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["canceled", "new", "held"]
    assert (Decimal(target.qty), Decimal(stop.qty), desk.position("MSFT")) == (100, 100, 100)


def test_a_bracket_with_a_stop_limit_leg(desk):
    desk.at("09:48")
    parent = bracket(desk, 103, 99, stop_loss=StopLossRequest(stop_price=99, limit_price=98.9))
    assert parent.legs[1].type is OrderType.STOP_LIMIT
    assert Decimal(parent.legs[1].limit_price) == Decimal("98.9")


def test_a_bracket_to_sell_short(desk):
    desk.at("09:30")
    parent = bracket(desk, 97, 101.1, side=OrderSide.SELL)
    bar = next(bar for bar in market.bars_from("AAPL", market.at(0, "09:30")) if bar.high >= Decimal("101.1"))
    desk.step()
    assert desk.position() == -10
    desk.until(bar.time + MINUTE)
    target, stop = legs_of(desk, parent)
    assert statuses(target, stop) == ["replaced", "filled"] and stop.side is OrderSide.BUY
    assert desk.position() == 0


def test_canceling_the_parent_cancels_the_legs(desk):
    desk.at("09:30")
    parent = bracket(desk, 101, 90, limit_price=95)
    desk.trading.cancel_order_by_id(parent.id)
    target, stop = legs_of(desk, parent)
    assert statuses(desk.order(parent), target, stop) == ["canceled"] * 3


def test_canceling_a_leg_cancels_the_other(desk):
    desk.at("09:30")
    for place in (0, 1):
        parent = bracket(desk, 105, 95)
        desk.step()
        desk.trading.cancel_order_by_id(legs_of(desk, parent)[place].id)
        assert statuses(*legs_of(desk, parent)) == ["canceled", "canceled"]
        assert desk.order(parent).status is OrderStatus.FILLED
    assert desk.position() == 20 and desk.trading.get_orders() == []


def test_legs_hold_their_shares(desk):
    desk.at("09:30")
    bracket(desk, 105, 95)
    desk.step()
    assert Decimal(desk.trading.get_open_position("AAPL").qty_available) == 0
    body = refused(403, 40310000, "insufficient qty available for order", desk.sell, qty=10, order_class="oco",
                   type="limit", take_profit={"limit_price": "106"}, stop_loss={"stop_price": "94"})
    assert (body["available"], body["existing_qty"], body["held_for_orders"]) == ("0", "10", "10")
    assert body["symbol"] == "AAPL" and "requested: 10, available: 0" in body["message"]
    refused(403, 40310000, "insufficient qty available for order", desk.trading.close_position, "AAPL")


def test_legs_are_replaced_by_their_id(desk):
    desk.at("09:30")
    parent = bracket(desk, 105, 95)
    desk.step()
    target, stop = legs_of(desk, parent)
    higher = desk.trading.replace_order_by_id(target.id, ReplaceOrderRequest(limit_price=101.5))
    assert higher.id != target.id and Decimal(higher.limit_price) == Decimal("101.5")
    lower = desk.trading.replace_order_by_id(stop.id, ReplaceOrderRequest(stop_price=96))
    assert lower.id != stop.id and Decimal(lower.stop_price) == 96
    assert statuses(desk.order(target), desk.order(stop)) == ["replaced", "replaced"]
    bar = next(bar for bar in market.bars_from("AAPL", market.at(0, "09:31")) if bar.high >= Decimal("101.5"))
    desk.until(bar.time + MINUTE)
    assert statuses(desk.order(higher), desk.order(lower)) == ["filled", "canceled"], "still one group"
    assert desk.position() == 0


def test_a_partly_filled_target_shrinks_the_stop(desk):
    desk.at("09:30")
    # MSFT gives 100 shares a minute: two minutes to buy, two to sell.
    parent = bracket(desk, 300.1, 290, symbol="MSFT", qty=200)
    desk.step(2)
    assert desk.order(parent).status is OrderStatus.FILLED
    for _ in range(10):
        desk.step()
        target, stop = legs_of(desk, parent)
        if target.status is OrderStatus.PARTIALLY_FILLED:
            break
    assert Decimal(target.filled_qty) == 100, target
    assert Decimal(stop.qty) - Decimal(stop.filled_qty or 0) == 100 and stop.status is OrderStatus.HELD
    desk.step()
    assert statuses(*legs_of(desk, parent)) == ["filled", "canceled"] and desk.position("MSFT") == 0


def test_oco(desk):
    desk.at("09:30")
    desk.hold()
    target = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, order_class=OrderClass.OCO,
        take_profit=TakeProfitRequest(limit_price=101.5), stop_loss=StopLossRequest(stop_price=99)))
    assert target.order_class is OrderClass.OCO and target.type is OrderType.LIMIT
    assert Decimal(target.limit_price) == Decimal("101.5"), "taken from take_profit"
    [stop] = target.legs
    assert stop.type is OrderType.STOP and Decimal(stop.stop_price) == 99
    assert statuses(desk.order(target), desk.order(stop)) == ["new", "held"]
    desk.at("09:40")
    assert statuses(desk.order(target), desk.order(stop)) == ["filled", "canceled"] and desk.position() == 0


def test_oco_by_its_stop(desk):
    desk.at("09:47")
    desk.hold()
    target = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.DAY, order_class=OrderClass.OCO,
        take_profit=TakeProfitRequest(limit_price=103), stop_loss=StopLossRequest(stop_price=99)))
    desk.at("09:58")
    [stop] = desk.trading.get_order_by_id(target.id, NESTED).legs
    assert statuses(desk.order(target), stop) == ["replaced", "filled"]
    assert Decimal(stop.filled_avg_price) == 99 and desk.position() == 0


def test_oto(desk):
    desk.at("09:48")
    parent = desk.trading.submit_order(MarketOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, order_class=OrderClass.OTO,
        stop_loss=StopLossRequest(stop_price=99)))
    assert parent.order_class is OrderClass.OTO
    [stop] = parent.legs
    assert stop.status is OrderStatus.HELD and stop.type is OrderType.STOP
    desk.step()
    assert desk.order(parent).status is OrderStatus.FILLED
    assert desk.order(stop).status in (OrderStatus.NEW, OrderStatus.HELD)
    desk.at("09:58")
    assert desk.order(stop).status is OrderStatus.FILLED and desk.position() == 0


def test_oto_with_a_target(desk):
    desk.at("09:30")
    parent = desk.trading.submit_order(LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, order_class=OrderClass.OTO,
        limit_price=100.1, take_profit=TakeProfitRequest(limit_price=101.5)))
    [target] = parent.legs
    assert target.status is OrderStatus.HELD and target.type is OrderType.LIMIT
    desk.step()
    assert desk.order(target).status is OrderStatus.NEW
    desk.at("09:40")
    assert desk.order(target).status is OrderStatus.FILLED and desk.position() == 0


def test_day_legs_expire_with_the_day(desk):
    desk.at("15:00")
    parent = bracket(desk, 120, 80, time_in_force=TimeInForce.DAY)
    desk.at("16:00")
    target, stop = legs_of(desk, parent)
    assert target.status is OrderStatus.EXPIRED and stop.status in (OrderStatus.EXPIRED, OrderStatus.CANCELED)
    assert desk.position() == 10


def test_gtc_legs_rest_over_night(desk):
    desk.at("15:00")
    parent = bracket(desk, 250, 190, symbol="TSLA")
    desk.at("09:31", day=1)
    target, stop = legs_of(desk, parent)
    assert statuses(target, stop) == ["replaced", "filled"]
    assert Decimal(stop.filled_avg_price) == 180, "the open that passed the stop"
