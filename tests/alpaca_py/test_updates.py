"""The stream of trade updates: logins, frames, sequences, fields."""
import json
from datetime import timedelta
from decimal import Decimal

from alpaca.trading.enums import OrderStatus
from websockets.sync.client import connect

import market
from desk import KEY, SECRET, Log, Updates, contains, finish, is_uuid, plain, start, wait_until


def test_market_order(desk):
    with desk.updates() as updates:
        assert updates.streams == ["trade_updates"]
        desk.at("09:30")
        order = desk.buy()
        assert set(updates.events(order)) <= {"accepted", "pending_new", "new"}
        desk.step()
        events = updates.events(order)
        assert contains(["new", "fill"], events) and events[-1] == "fill" and events.count("fill") == 1
        fill = updates.of(order)[-1]
        assert (fill.qty, fill.price, fill.position_qty) == (10, 100, 10)
        assert fill.order.status is OrderStatus.FILLED and Decimal(fill.order.filled_qty) == 10
        assert fill.order.symbol == "AAPL" and fill.order.client_order_id == order["client_order_id"]
        assert market.at(0, "09:30") <= fill.timestamp < market.at(0, "09:31")


def test_partial_fills(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = desk.buy("MSFT", 250)
        desk.step(3)
        assert [event for event in updates.events(order) if "fill" in event] == ["partial_fill", "partial_fill", "fill"]
        fills = [update for update in updates.of(order) if update.execution_id and "fill" in plain(update.event)]
        assert [update.qty for update in fills] == [100, 100, 50], "of this execution only"
        assert [Decimal(update.order.filled_qty) for update in fills] == [100, 200, 250], "cumulative"
        assert [update.position_qty for update in fills] == [100, 200, 250]
        assert len({update.execution_id for update in fills}) == 3
        opens = [bar.open for bar in market.bars_from("MSFT", market.at(0, "09:30"))[:3]]
        assert [Decimal(str(update.price)) for update in fills] == opens
        assert fills[0].order.status is OrderStatus.PARTIALLY_FILLED
        rows = desk.trading.get("/account/activities/FILL")
        assert {row["id"].split("::")[1] for row in rows} == {str(update.execution_id) for update in fills}


def test_position_after_sales(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        desk.hold(qty=10)
        for qty in (4, 6):
            desk.sell(qty=qty)
            desk.step()
        desk.sell(qty=5)
        desk.step()
        fills = [update for update in updates.settled() if plain(update.event) == "fill"]
        assert [update.position_qty for update in fills] == [10, 6, 0, -5]


def test_off_hours(desk):
    with desk.updates() as updates:
        order = desk.buy()
        assert updates.events(order) == ["accepted"]
        desk.at("09:31")
        events = updates.events(order)
        assert events[0] == "accepted" and events[-1] == "fill" and set(events) <= {
            "accepted", "pending_new", "new", "fill"}


def test_resting_limit_and_cancel(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = desk.buy(type="limit", limit_price="95")
        desk.trading.cancel_order_by_id(order["id"])
        events = [event for event in updates.events(order) if event not in ("pending_new", "accepted")]
        assert events in (["new", "canceled"], ["new", "pending_cancel", "canceled"])
        last = updates.of(order)[-1]
        assert last.order.status is OrderStatus.CANCELED and last.order.canceled_at is not None
        assert last.price is None and last.qty is None


def test_day_end(desk):
    with desk.updates() as updates:
        desk.at("15:58")
        order = desk.buy(type="limit", limit_price="90")
        desk.at("16:00")
        assert updates.events(order)[-1] == "expired"
        assert updates.of(order)[-1].order.expired_at is not None


def test_ioc_and_fok(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        ioc = desk.buy("MSFT", 250, time_in_force="ioc")
        fok = desk.buy("MSFT", 250, time_in_force="fok")
        desk.step()
        early = ("accepted", "pending_new")
        assert [event for event in updates.events(ioc) if event not in early] == ["new", "partial_fill", "canceled"]
        assert [event for event in updates.events(fok) if event not in early] == ["new", "canceled"]


def test_replace(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        old = desk.buy(type="limit", limit_price="95")
        new = desk.trading.patch(f"/orders/{old['id']}", {"limit_price": "94"})
        assert contains(["new", "replaced"], updates.events(old)) and updates.events(old)[-1] == "replaced"
        assert "new" in updates.events(new)
        replaced = updates.of(old)[-1]
        assert replaced.order.status is OrderStatus.REPLACED and str(replaced.order.replaced_by) == new["id"]
        assert Decimal(replaced.order.limit_price) == 95, "the old order with its old price"


def test_life_of_a_bracket(desk):
    with desk.updates() as updates:
        desk.at("09:48")
        parent = desk.buy(order_class="bracket", time_in_force="gtc", take_profit={"limit_price": "103"},
                          stop_loss={"stop_price": "99"})
        target, stop = (leg["id"] for leg in parent["legs"])
        desk.at("09:58")
        names = {parent["id"]: "parent", target: "target", stop: "stop"}
        seen = [(names[str(update.order.id)], plain(update.event)) for update in updates.settled()]
        seen = [pair for pair in seen if pair[1] not in ("accepted", "pending_new", "held")]
        assert seen in ([("parent", "new"), ("parent", "fill"), ("target", "new"), ("target", "replaced"),
                         ("stop", "fill")],
                        [("parent", "new"), ("parent", "fill"), ("target", "new"), ("target", "replaced"),
                         ("stop", "new"), ("stop", "fill")]), seen


def test_an_order_that_the_venue_rejects_later(desk):
    """What an order at market costs is not known before the first bar; its open finds that the money is not there."""
    with desk.updates() as updates:
        order = desk.buy(qty=2500)
        desk.at("09:31")
        assert updates.events(order)[-1] == "rejected" and desk.status(order) == "rejected"
        assert updates.of(order)[-1].order.failed_at is not None and desk.position() == 0


def test_events_come_in_order_of_time(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        for symbol, qty in (("AAPL", 10), ("MSFT", 200), ("TSLA", 3)):
            desk.buy(symbol, qty)
        desk.buy(type="limit", limit_price="99")
        desk.step(30)
        times = [update.timestamp for update in updates.settled()]
        assert times == sorted(times) and len(times) > 8
        ids = [update.execution_id for update in updates.settled() if "fill" in plain(update.event)]
        assert len(ids) == len(set(ids)) == 5


def test_two_streams_are_told_the_same(desk):
    with desk.updates() as first, desk.updates() as second:
        desk.at("09:30")
        desk.hold()
        assert first.settled() == second.settled() and len(first.settled()) >= 2


def socket(desk, path="/stream"):
    return connect(desk.exchange.stream_url + path, open_timeout=5)


def talk(stream, message):
    """Sends and gives the answer, which is a binary frame of JSON."""
    stream.send(message if isinstance(message, (str, bytes, list)) else json.dumps(message))
    return answer(stream)


def answer(stream):
    frame = stream.recv(timeout=5)
    assert isinstance(frame, bytes), "paper sends binary frames"
    return json.loads(frame)


AUTHORIZED = {"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}


def test_both_ways_to_log_in(desk):
    # alpaca-trade-api 3.2.0, the library before alpaca-py, ends the path with a slash.
    for path, login in (("/stream", {"action": "authenticate", "data": {"key_id": KEY, "secret_key": SECRET}}),
                        ("/stream/", {"action": "auth", "key": KEY, "secret": SECRET})):
        with socket(desk, path) as stream:
            assert talk(stream, login) == AUTHORIZED
            assert talk(stream, LISTEN) == {"stream": "listening", "data": {"streams": ["trade_updates"]}}


def test_frames_may_be_text_or_binary_or_in_fragments(desk):
    login = json.dumps({"action": "auth", "key": KEY, "secret": SECRET})
    for message in (login, login.encode(), [login[:9], login[9:20], login[20:]],
                    [login[:9].encode(), login[9:].encode()]):
        with socket(desk) as stream:
            assert talk(stream, message) == AUTHORIZED


def test_listening(desk):
    with socket(desk) as stream:
        denied = talk(stream, LISTEN)
        assert denied["stream"] == "authorization"
        assert (denied["data"]["status"], denied["data"]["action"]) == ("unauthorized", "listen")
    with socket(desk) as stream:
        talk(stream, {"action": "auth", "key": KEY, "secret": SECRET})
        both = {"action": "listen", "data": {"streams": ["trade_updates", "account_updates", "nothing"]}}
        granted = talk(stream, both)["data"]["streams"]
        assert "trade_updates" in granted and "nothing" not in granted
        assert talk(stream, {"action": "listen", "data": {"streams": []}})["data"]["streams"] == []
        desk.at("09:30")
        desk.hold()
        assert talk(stream, LISTEN)["data"]["streams"] == ["trade_updates"], "nothing came in between"
        desk.sell()
        update = answer(stream)
        assert update["stream"] == "trade_updates"
        data = update["data"]
        assert data["event"] in ("accepted", "pending_new", "new") and data["timestamp"] and data["order"]["id"]


def test_fields_on_the_wire(desk):
    with socket(desk) as stream:
        talk(stream, {"action": "auth", "key": KEY, "secret": SECRET})
        talk(stream, LISTEN)
        desk.at("09:30")
        desk.buy()
        desk.step()
        while True:
            data = answer(stream)["data"]
            assert data["timestamp"] and isinstance(data["order"], dict)
            if data["event"] == "fill":
                break
        assert (data["qty"], data["price"], data["position_qty"]) == ("10", "100", "10")
        assert is_uuid(data["execution_id"]) and data["order"]["filled_avg_price"] == "100"
        assert data["order"]["status"] == "filled"


def test_wrong_keys(desk):
    with Log("alpaca.trading.stream") as log:
        with socket(desk) as stream:
            denied = talk(stream, {"action": "authenticate", "data": {"key_id": "AKNOBODY", "secret_key": "wrong"}})
            assert denied["data"]["status"] == "unauthorized"
        updates = Updates("AKNOBODY", "wrong", url_override=desk.exchange.stream_url + "/stream")
        start(updates)
        log.has("failed to authenticate")
        finish(updates)
        assert not updates.seen


def test_a_stream_that_left_is_gone(desk):
    with desk.updates() as first:
        pass
    with desk.updates() as second:
        desk.at("09:30")
        desk.hold()
        wait_until(lambda: second.settled(), "the new stream is told")
    assert not first.seen and second.seen[0].timestamp - market.at(0, "09:30") < timedelta(minutes=1)
