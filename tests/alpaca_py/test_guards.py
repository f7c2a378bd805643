"""Protection against trading with oneself, and openers that stand against each other."""
from desk import refused

RIGHT = 40310000
WASH = ("potential wash trade detected", "opposite side market/stop order exists")


def test_resting_limit_against_market_and_stop(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    resting = desk.buy(qty=1, type="limit", limit_price="95")
    found = refused(403, RIGHT, WASH, desk.sell, qty=1)
    assert found["existing_order_id"] == resting["id"] and found["reject_reason"]
    refused(403, RIGHT, WASH, desk.sell, qty=1, type="stop", stop_price="96")
    refused(403, RIGHT, WASH, desk.sell, qty=1, type="limit", limit_price="94.99")
    refused(403, RIGHT, WASH, desk.sell, qty=1, type="limit", limit_price="95")
    refused(403, RIGHT, WASH, desk.sell, qty=1, type="stop_limit", stop_price="96", limit_price="95")
    desk.sell(qty=1, type="limit", limit_price="95.01")
    desk.sell(qty=1, type="stop_limit", stop_price="97", limit_price="96")


def test_resting_sell_limit(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=10, type="limit", limit_price="105")
    refused(403, RIGHT, WASH, desk.buy, qty=1)
    refused(403, RIGHT, WASH, desk.buy, qty=1, type="limit", limit_price="105")
    refused(403, RIGHT, WASH, desk.buy, qty=1, type="stop", stop_price="104")
    desk.buy(qty=1, type="limit", limit_price="104.99")


def test_resting_stop_against_everything_simple(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=5, type="stop", stop_price="90")
    for fields in ({}, {"type": "limit", "limit_price": "80"}, {"type": "stop", "stop_price": "105"},
                   {"type": "stop_limit", "stop_price": "105", "limit_price": "106"}):
        refused(403, RIGHT, WASH, desk.buy, qty=1, **fields)


def test_resting_market_order(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=5)
    refused(403, RIGHT, WASH, desk.buy, qty=1, type="limit", limit_price="80")
    desk.step()
    desk.buy(qty=1, type="limit", limit_price="80")


def test_other_symbols_do_not_matter(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.buy("TSLA", qty=1, type="limit", limit_price="150")
    desk.sell(qty=5)


def test_advanced_classes_are_exempt(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.buy(qty=1, type="limit", limit_price="95")
    legs = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}}
    desk.sell(qty=3, order_class="oco", type="limit", time_in_force="gtc", **legs)
    desk.sell(qty=3, type="trailing_stop", trail_price="5")
    desk.buy(qty=1, order_class="bracket", time_in_force="gtc", **legs)
    desk.buy(qty=1, order_class="oto", time_in_force="gtc", stop_loss={"stop_price": "90"})


def test_legs_count_as_resting_orders(desk):
    desk.at("09:30")
    desk.buy(order_class="bracket", time_in_force="gtc", take_profit={"limit_price": "110"},
             stop_loss={"stop_price": "90"})
    desk.step()
    refused(403, RIGHT, WASH, desk.buy, qty=1)


def test_openers_against_each_other(desk):
    desk.at("09:30")
    order = desk.buy(qty=1, type="limit", limit_price="95")
    refused(403, RIGHT, "cannot open a short sell while a long buy order is open", desk.sell, qty=1, type="limit",
            limit_price="105")
    desk.trading.cancel_order_by_id(order["id"])
    desk.sell(qty=1, type="limit", limit_price="105")
    refused(403, RIGHT, "cannot open a long buy while a short sell order is open", desk.buy, qty=1, type="limit",
            limit_price="95")


def test_a_short_may_stand_behind_an_exit_at_market(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    refused(403, RIGHT, "insufficient qty available", desk.sell, qty=15)
    desk.sell(qty=10)
    desk.sell(qty=5)
    desk.step()
    assert desk.position() == -5


def test_no_short_stands_behind_an_exit_at_a_limit(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=10, type="limit", limit_price="110")
    refused(403, RIGHT, "insufficient qty available", desk.sell, qty=5, type="limit", limit_price="111")


def test_no_new_notional_orders_beside_closing_ones(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=10, type="limit", limit_price="110")
    refused((403, 422), None, "unable to open new notional orders while having open closing position orders",
            desk.buy, qty=None, notional="100", type="limit", limit_price="95")
