"""Faults on request, as alpaca-py lives through them."""
import time

import requests

import market
from desk import plain, refused, start, wait_until


def rule(route, kind, count=1, **fields):
    return {"route": route, "kind": kind, "count": count, **fields}


def test_alpaca_py_tries_again_after_429(desk):
    """Once, since it waits three seconds."""
    desk.at("09:30")
    desk.faults(rule("POST /v2/orders", "status", status=429))
    began = time.monotonic()
    order = desk.buy(client_order_id="tried twice")
    assert time.monotonic() - began >= 3, "it had to wait"
    assert desk.trading.get_order_by_client_id("tried twice").id.hex == order["id"].replace("-", "")
    assert len(desk.trading.get("/orders", {"status": "all"})) == 1


def test_statuses(desk):
    desk.faults(rule("GET /v2/account", "status", status=500), rule("GET /v2/positions", "status", status=503, count=2))
    refused(500, None, "", desk.trading.get_account)
    assert desk.trading.get_account().currency == "USD", "once only"
    for _ in range(2):
        refused(503, None, "", desk.trading.get_all_positions)
    assert desk.trading.get_all_positions() == []
    answer = desk.send("POST", "/_control/faults", {"seed": 1, "rules": [rule("GET /v2/clock", "status", status=429)]})
    assert answer.status_code == 200
    limited = desk.send("GET", "/v2/clock")
    assert limited.status_code == 429 and "rate limit exceeded" in limited.json()["message"]
    assert limited.headers["X-RateLimit-Limit"] == "200"


def broken(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except requests.ConnectionError:
        return
    raise AssertionError("the connection was not cut")


def test_drop_after_books(desk):
    desk.at("09:30")
    desk.faults(rule("POST /v2/orders", "drop_after"))
    broken(desk.buy, client_order_id="landed")
    refused(422, (40010001, 42210000), "client_order_id must be unique", desk.buy, client_order_id="landed")
    assert desk.trading.get_order_by_client_id("landed").symbol == "AAPL"


def test_drop_before_does_not(desk):
    desk.at("09:30")
    desk.faults(rule("POST /v2/orders", "drop_before"))
    broken(desk.buy, client_order_id="lost")
    refused(404, 40410000, "order not found", desk.trading.get_order_by_client_id, "lost")
    assert desk.buy(client_order_id="lost")["client_order_id"] == "lost"


def test_routes_with_ids(desk):
    desk.at("09:30")
    order = desk.buy(type="limit", limit_price="95")
    desk.faults(rule("DELETE /v2/orders/{id}", "drop_after"))
    broken(desk.trading.cancel_order_by_id, order["id"])
    assert desk.status(order) == "canceled"


def test_latency(desk):
    desk.faults(rule("GET /v2/account", "latency_ms", value=50))
    assert desk.trading.get_account().currency == "USD"
    with desk.updates() as updates:
        desk.faults(rule("/stream", "latency_ms", value=50))
        order = desk.buy()
        wait_until(lambda: updates.events(order), "late, but told")


def test_duplicated_events(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = desk.buy()
        desk.faults(rule("/stream", "duplicate"))
        desk.step()
        fills = [update for update in updates.of(order) if plain(update.event) == "fill"]
        assert len(fills) == 2 and fills[0] == fills[1], "with its execution id"
        assert desk.position() == 10


def test_reordered_events(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        first, second = desk.buy("AAPL"), desk.buy("TSLA")
        desk.faults(rule("/stream", "reorder"))
        desk.step()
        fills = [str(update.order.id) for update in updates.settled() if plain(update.event) == "fill"]
        assert sorted(fills) == sorted([first["id"], second["id"]])
        desk.reset()
        desk.at("09:30")
    with desk.updates() as updates:
        again = [desk.buy("AAPL"), desk.buy("TSLA")]
        desk.step()
        usual = [str(update.order.id) for update in updates.settled() if plain(update.event) == "fill"]
    by_symbol = {order["id"]: order["symbol"] for order in (first, second, *again)}
    assert [by_symbol[order] for order in fills] == [by_symbol[order] for order in usual][::-1]


def test_a_held_event_comes_with_the_end_of_the_request(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = desk.buy()
        desk.faults(rule("/stream", "reorder"))
        desk.step()
        assert updates.events(order)[-1] == "fill", "no later event had to come"


def test_swallowed_events(desk):
    with desk.updates() as updates:
        desk.at("09:30")
        order = desk.buy()
        seen = len(updates.events(order))
        desk.faults(rule("/stream", "halt_stream"))
        desk.step()
        assert len(updates.events(order)) == seen, "nobody was told"
        assert desk.status(order) == "filled", "REST knows"


def test_alpaca_py_connects_again(desk):
    """It waits about a second."""
    with desk.updates() as updates:
        desk.at("09:30")
        desk.buy()
        desk.faults(rule("/stream", "disconnect"))
        updates.listening.clear()
        desk.step()
        assert updates.listening.wait(10), "alpaca-py came back"
        desk.faults()
        order = desk.sell(qty=5)
        desk.step()
        assert updates.events(order)[-1] == "fill"


def test_data_stream_faults(desk):
    with desk.feed().wants("bars", "AAPL") as feed:
        feed.begin()
        desk.at("09:30")
        desk.faults(rule("/v2/iex", "halt_stream"))
        desk.step(2)
        assert [bar.timestamp for bar in feed.settled("bars")] == [market.at(0, "09:31")]


def test_duplicated_data(desk):
    with desk.feed().wants("bars", "AAPL") as feed:
        feed.begin()
        desk.at("09:30")
        desk.faults(rule("/v2/iex", "duplicate"))
        desk.step(2)
        times = [bar.timestamp for bar in feed.settled("bars")]
        assert times == [market.at(0, "09:30")] * 2 + [market.at(0, "09:31")]


def test_bad_rules_are_refused_and_change_nothing(desk):
    desk.faults(rule("GET /v2/account", "status", status=500))
    good = rule("GET /v2/clock", "status", status=500)
    for bad in (rule("GET /v2/clock", "explode"), {**good, "probability": 0.5}, {"route": "GET /v2/clock"},
                {"route": "nothing", "kind": "status", "status": 500, "count": 1},
                {"route": "GET /v2/clock", "kind": "status", "status": 500},
                {"route": "GET /v2/clock", "kind": "status", "count": 1},
                {"route": "GET /v2/clock", "kind": "status", "status": 500, "probability": 2},
                {"route": "GET /v2/clock", "kind": "latency_ms", "count": 1},
                {**good, "colour": "red"}, {**good, "count": -1}, 7):
        answer = desk.send("POST", "/_control/faults", {"seed": 1, "rules": [good, bad]})
        assert 400 <= answer.status_code < 500, f"{bad}: {answer.status_code}"
    assert desk.trading.get_clock().is_open is False, "none of them was taken"
    refused(500, None, "", desk.trading.get_account)


def test_faults_are_cleared(desk):
    desk.faults(rule("GET /v2/account", "status", status=500, count=100))
    refused(500, None, "", desk.trading.get_account)
    desk.faults()
    assert desk.trading.get_account().currency == "USD"
    desk.faults(rule("GET /v2/account", "status", status=500, count=100))
    desk.reset()
    assert desk.trading.get_account().currency == "USD"


def test_the_same_seed_gives_the_same_outcomes(desk):
    def outcomes(seed):
        desk.reset()
        desk.faults({"route": "GET /v2/clock", "kind": "status", "status": 500, "probability": 0.5}, seed=seed)
        return [desk.send("GET", "/v2/clock").status_code for _ in range(40)]
    first = outcomes(7)
    assert set(first) == {200, 500} and outcomes(7) == first and outcomes(8) != first


def test_control_calls_are_never_hit(desk):
    desk.faults(rule("GET /v2/clock", "drop_before", count=3))
    assert desk.state()["time"] and desk.step()["time"]


def test_a_data_stream_connects_again(desk):
    """It waits about a second, and finds its place free."""
    with desk.feed().wants("bars", "AAPL") as feed:
        start(feed)
        feed.acknowledged(1)
        desk.at("09:30")
        desk.faults(rule("/v2/iex", "disconnect"))
        desk.step()
        wait_until(lambda: len(feed.subscriptions) >= 2, "alpaca-py subscribed again", 10)
        desk.step()
        assert feed.settled("bars")[-1].timestamp == market.at(0, "09:31")
