"""Exchanges of their own: at full speed to the end, at a pace, with other keys, with faults from a file."""
import json
import os
import subprocess
import threading
from datetime import timedelta

import market
from desk import Desk, Exchange, refused, wait_for, wait_until

END = market.at(2, "16:00")


def test_full_speed_to_the_end(binary, scenario):
    exchange = Exchange(binary, scenario, speed="max")
    try:
        desk = Desk(exchange)
        with desk.feed().wants("bars", "AAPL", "TSLA") as feed:
            feed.begin()
            last = [END - timedelta(minutes=1)] * 2
            wait_for(feed.arrived, lambda: [bar.timestamp for _, bar in feed.seen[-2:]] == last, "the last bars", 30)
            found = [bar for bar in feed.settled("bars") if bar.symbol == "AAPL"]
            times = [bar.timestamp for bar in found]
            known = [bar.time for bar in market.BARS["AAPL"]]
            assert times == known, "every bar, in order, none twice"
        wait_until(lambda: desk.trading.get_clock().timestamp >= END, "the clock stands at the end")
        assert not desk.trading.get_clock().is_open
        assert desk.send("POST", "/_control/step", {"bars": 1}).status_code >= 400, "only with --speed step"
        assert desk.trading.get_account().currency == "USD", "it stays up"
    finally:
        assert exchange.stop() == 0


def test_a_pace(binary, scenario):
    exchange = Exchange(binary, scenario, speed="60")
    try:
        desk = Desk(exchange)
        with desk.feed().wants("bars", "AAPL") as feed:
            feed.begin()
            wait_for(feed.arrived, lambda: len(feed.seen) >= 2, "closed hours pass within a second", 30)
            times = [bar.timestamp for bar in feed.settled("bars")]
            assert times[:2] == [market.at(0, "09:30"), market.at(0, "09:31")]
        assert market.at(0, "09:32") <= desk.trading.get_clock().timestamp < market.at(0, "10:00")
    finally:
        assert exchange.stop() == 0


def test_other_keys(binary, scenario):
    environment = {**os.environ, "ALPHAFLOW_EXCHANGE_KEY": "AKOTHER", "ALPHAFLOW_EXCHANGE_SECRET": "of mine"}
    exchange = Exchange(binary, scenario, environment=environment)
    try:
        assert Desk(exchange, "AKOTHER", "of mine").trading.get_account().currency == "USD"
        refused(401, None, "unauthorized", Desk(exchange).trading.get_account)
    finally:
        assert exchange.stop() == 0


def test_faults_from_a_file(binary, scenario, folder):
    rules = {"seed": 1, "rules": [{"route": "GET /v2/account", "kind": "status", "status": 500, "count": 1}]}
    (folder / "faults.json").write_text(json.dumps(rules))
    exchange = Exchange(binary, scenario, "--faults", str(folder / "faults.json"))
    try:
        desk = Desk(exchange)
        refused(500, None, "", desk.trading.get_account)
        assert desk.trading.get_account().currency == "USD"
    finally:
        assert exchange.stop() == 0


def test_the_same_ids_in_another_process(desk, binary, scenario):
    exchange = Exchange(binary, scenario)
    try:
        other = Desk(exchange)
        assert other.trading.get_account().id == desk.trading.get_account().id
        assert other.trading.get("/assets") == desk.trading.get("/assets")
    finally:
        assert exchange.stop() == 0


def test_bad_starts(binary, scenario, folder):
    (folder / "bad.toml").write_text("[scenario]\nname = 1\n")
    (folder / "bad.json").write_text('{"rules": [{"route": "GET /v2/clock", "kind": "explode", "count": 1}]}')
    port = ["--listen", "127.0.0.1:0"]
    for arguments in ([str(scenario), "--listen", "0.0.0.0:0"], [str(folder / "bad.toml"), *port],
                      [str(folder / "none.toml"), *port], [str(scenario), *port, "--speed", "slowly"],
                      [str(scenario), *port, "--faults", str(folder / "bad.json")]):
        ended = subprocess.run([binary, "exchange", *arguments], capture_output=True, text=True, timeout=10)
        assert ended.returncode == 2, f"{arguments[-3:]}: {ended.returncode} {ended.stderr}"
        assert ended.stderr and not ended.stdout


def test_many_clients_at_once(desk):
    """Eight threads with a client each: every order is booked once, under its own id."""
    desk.at("09:30")
    problems, count = [], 10

    def trade(number):
        try:
            client = Desk(desk.exchange)
            for at in range(count):
                client.buy(qty=1, type="limit", limit_price="95", client_order_id=f"{number}-{at}")
        except Exception as error:
            problems.append(error)
    threads = [threading.Thread(target=trade, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    orders = desk.trading.get("/orders", {"limit": 500})
    assert not problems and len({order["client_order_id"] for order in orders}) == 8 * count
    times = [order["submitted_at"] for order in orders]
    assert len(set(times)) == len(times)
