"""The control calls: step, state, reset."""
from decimal import Decimal

import market
from desk import refused


def test_step_by_bars(desk):
    first = desk.step()
    assert first == {"time": "2024-07-02T13:31:00Z", "is_open": True, "done": False}, "closed hours are skipped"
    assert desk.step(4)["time"] == "2024-07-02T13:35:00Z"
    last = desk.step(385)
    assert (last["time"], last["is_open"], last["done"]) == ("2024-07-02T20:00:00Z", False, False)
    assert desk.step()["time"] == "2024-07-03T13:31:00Z"


def test_step_until(desk):
    answer = desk.control("step", {"until": "2024-07-02T13:30:00Z"})
    assert (answer["time"], answer["is_open"]) == ("2024-07-02T13:30:00Z", True)
    assert desk.control("step", {"until": "2024-07-02T13:30:30Z"})["time"] == "2024-07-02T13:30:30Z"
    assert desk.control("step", {"until": "2024-07-02T18:00:00-04:00"})["time"] == "2024-07-02T22:00:00Z"
    assert desk.trading.get_clock().timestamp == market.at(0, "18:00")


def test_steps_from_within_a_bar(desk):
    desk.at("09:30:30")
    assert desk.step()["time"] == "2024-07-02T13:31:00Z", "ends the bar that has begun"
    same = desk.control("step", {"until": "2024-07-02T13:31:00Z"})
    assert same["time"] == "2024-07-02T13:31:00Z", "now is not past"
    desk.until(market.at(0, "09:31"))
    order = desk.buy()
    desk.at("09:31:20")
    assert desk.status(order) == "filled", "at the open, which has been"
    late = desk.buy()
    desk.at("09:31:40")
    assert desk.status(late) == "new", "the next open is that of 09:32"
    desk.at("09:32:10")
    assert desk.status(late) == "filled"


def test_steps_that_are_refused_change_nothing(desk):
    desk.at("10:00")
    for body in ({"until": "2024-07-02T13:59:00Z"}, {"until": "soon"}, {"bars": -1}, {"bars": 0}, {"bars": "x"},
                 {"bars": 1.5}, {}, {"bars": 1, "until": "2024-07-02T15:00:00Z"}, {"steps": 1}, "{", "[]"):
        answer = desk.send("POST", "/_control/step", body)
        assert 400 <= answer.status_code < 500, f"{body}: {answer.status_code} {answer.text}"
    assert desk.trading.get_clock().timestamp == market.at(0, "10:00")


def test_the_end(desk):
    answer = desk.step(10_000)
    assert answer["done"] and not answer["is_open"] and answer["time"] == "2024-07-05T20:00:00Z"
    assert desk.step()["done"], "a further step is no error"
    assert desk.trading.get_account().status.value == "ACTIVE"


def test_state(desk):
    start = desk.state()
    assert set(start) >= {"time", "prices", "orders", "fills", "positions", "cash", "counters"}
    assert Decimal(start["cash"]) == 100_000 and start["orders"] == start["fills"] == start["positions"] == []
    desk.at("09:30")
    order = desk.hold(qty=10)
    state = desk.state()
    assert state["time"] == "2024-07-02T13:31:00Z" and Decimal(state["cash"]) == 99_000
    assert isinstance(state["cash"], str)
    [booked], [fill], [position] = state["orders"], state["fills"], state["positions"]
    assert booked["id"] == order["id"]
    assert Decimal(str(fill["qty"])) == 10 and Decimal(str(fill["price"])) == 100
    assert position["symbol"] == "AAPL" and Decimal(str(position["qty"])) == 10
    assert Decimal(str(state["prices"]["AAPL"])) == Decimal("100.2")


def test_reset(desk):
    desk.at("09:30")
    order = desk.hold()
    desk.reset()
    assert desk.trading.get_clock().timestamp == market.at(0, "00:00")
    assert desk.trading.get_all_positions() == [] and desk.trading.get("/orders", {"status": "all"}) == []
    assert desk.trading.get("/account/activities") == [] and desk.cash() == 100_000
    refused(404, 40410000, "order not found", desk.trading.get_order_by_id, order["id"])


def test_the_same_requests_give_the_same_fills(desk):
    def session():
        desk.reset()
        desk.at("09:30")
        for qty in (100, 250):
            desk.buy("MSFT", qty, type="limit", limit_price="300.02")
        desk.buy(qty=10, order_class="bracket", time_in_force="gtc", take_profit={"limit_price": "101"},
                 stop_loss={"stop_price": "98"})
        desk.step(60)
        rows = desk.trading.get("/account/activities/FILL")
        return [(row["transaction_time"], row["symbol"], row["qty"], row["price"]) for row in rows], desk.cash()
    assert session() == session()


def test_unknown_control_calls(desk):
    assert desk.send("POST", "/_control/nothing", {}).status_code == 404
    assert desk.send("GET", "/_control/step").status_code in (404, 405)
