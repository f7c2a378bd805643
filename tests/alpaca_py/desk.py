"""A running exchange and the clients of alpaca-py pointed at it.

Not here: what must happen (test_*.py), the data (market.py). alpaca-py is used as it was installed; its streams are
watched by subclasses that change nothing of what they do.
"""
import asyncio
import json
import logging
import os
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import requests
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.live import StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.stream import TradingStream

import market

KEY = SECRET = "rehearsal"
# What must come comes at once; this only bounds how long a test that fails takes.
WAIT_S = 5


class Exchange:
    """`alphaflow exchange` on a port of its own; `url` is what its first line says."""

    def __init__(self, binary, scenario, *options, speed="step", environment=None):
        self.scenario = Path(scenario).name
        command = [binary, "exchange", str(scenario), "--listen", "127.0.0.1:0", "--speed", speed, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        timer = threading.Timer(20, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line.startswith("listening on http://127.0.0.1:"):
            self.stop()
            raise AssertionError(f"the first line is {line!r}, not `listening on http://127.0.0.1:PORT`")
        self.url = line.split()[-1]
        self.stream_url = self.url.replace("http://", "ws://")

    def stop(self):
        """Ends the process as Ctrl-C would and gives its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Desk:
    """The REST clients of alpaca-py at one exchange, and its control calls."""

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.exchange = exchange
        self.scenario, self.is_daily = exchange.scenario, exchange.scenario == "days.toml"
        self.key, self.secret = key, secret
        self.trading = TradingClient(key, secret, url_override=exchange.url)
        self.data = StockHistoricalDataClient(key, secret, url_override=exchange.url)
        self.raw_data = StockHistoricalDataClient(key, secret, url_override=exchange.url, raw_data=True)
        self.actions = CorporateActionsClient(key, secret, url_override=exchange.url)
        self.session = requests.Session()
        self.session.headers.update({"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret})

    # Control calls.

    def send(self, method, path, body=None, **options):
        """A request without alpaca-py; `body` is sent as JSON, or as it is where it is text."""
        if isinstance(body, str):
            options["data"] = body
        elif body is not None:
            options["json"] = body
        return self.session.request(method, self.exchange.url + path, timeout=20, **options)

    def control(self, name, body=None):
        answer = self.send("POST", f"/_control/{name}", {} if body is None else body)
        assert answer.status_code == 200, f"{name} {body}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else None

    def reset(self):
        self.control("reset")

    def step(self, bars=1):
        return self.control("step", {"bars": bars})

    def until(self, moment):
        return self.control("step", {"until": market.text(moment)})

    def at(self, clock, day=0):
        """Moves time to a time of New York on a day of the data; gives the moment."""
        moment = market.at(day, clock)
        self.until(moment)
        return moment

    def faults(self, *rules, seed=1):
        self.control("faults", {"seed": seed, "rules": list(rules)})

    def state(self):
        return self.send("GET", "/_control/state").json()

    # Short words for what tests do most.

    def order(self, order):
        """The order as it stands now; `order` is one or its id."""
        return self.trading.get_order_by_id(getattr(order, "id", order))

    def buy(self, symbol="AAPL", qty=10, **fields):
        """A simple order to buy, at market where nothing else is said, sent as a plain body."""
        body = {"symbol": symbol, "qty": None if qty is None else str(qty), "side": "buy",
                "type": "market", "time_in_force": "day"}
        body.update(fields)
        return self.trading.post("/orders", {name: value for name, value in body.items() if value is not None})

    def sell(self, symbol="AAPL", qty=10, **fields):
        return self.buy(symbol, qty, side="sell", **fields)

    def hold(self, symbol="AAPL", qty=10):
        """Buys at market and lets a bar pass."""
        order = self.buy(symbol, qty)
        self.step()
        assert self.status(order) == "filled"
        return order

    def status(self, order):
        return self.json(order)["status"]

    def json(self, order, nested=False):
        """The order as the wire shows it."""
        identity = order["id"] if isinstance(order, dict) else getattr(order, "id", order)
        return self.trading.get(f"/orders/{identity}", {"nested": nested} if nested else None)

    def cash(self):
        return Decimal(self.trading.get("/account")["cash"])

    def position(self, symbol="AAPL"):
        """The signed quantity held."""
        for row in self.trading.get("/positions"):
            if row["symbol"] == symbol:
                return Decimal(row["qty"])
        return Decimal(0)

    @contextmanager
    def updates(self, **options):
        """A TradingStream that listens to trade updates."""
        stream = Updates(self.key, self.secret, url_override=self.exchange.stream_url + "/stream", **options)
        with running(stream):
            yield stream

    def feed(self, path="/v2/iex", **options):
        """A StockDataStream, to be told by `wants` what to listen to, then started by `begin`."""
        return Feed(self.key, self.secret, url_override=self.exchange.stream_url + path, **options)


class Updates(TradingStream):
    """What alpaca-py's handler was given, in order."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seen, self.listening, self.arrived = [], threading.Event(), threading.Condition()
        self.subscribe_trade_updates(self.take)

    async def take(self, update):
        with self.arrived:
            self.seen.append(update)
            self.arrived.notify_all()

    async def _dispatch(self, message):
        await super()._dispatch(message)
        if message.get("stream") == "listening":
            self.streams = message["data"]["streams"]
            self.listening.set()

    def begin(self):
        start(self)
        assert self.listening.wait(WAIT_S), "no answer to listen"

    def settled(self):
        """All updates that the server had sent before this call."""
        fence(self)
        with self.arrived:
            return list(self.seen)

    def of(self, order):
        """The settled updates of one order."""
        identity = str(order["id"] if isinstance(order, dict) else order.id)
        return [update for update in self.settled() if str(update.order.id) == identity]

    def events(self, order):
        return [plain(update.event) for update in self.of(order)]


class Feed(StockDataStream):
    """Data messages by kind, as alpaca-py's handlers were given them, and what the server said of subscriptions."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seen, self.subscriptions, self.errors = [], [], []
        self.arrived = threading.Condition()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        finish(self)

    def wants(self, kind, *symbols):
        """Subscribes a handler that keeps what it is given under this kind."""

        async def keep(message):
            with self.arrived:
                self.seen.append((kind, message))
                self.arrived.notify_all()

        getattr(self, f"subscribe_{kind}")(keep, *symbols)
        return self

    async def _dispatch(self, message):
        await super()._dispatch(message)
        kept = {"subscription": self.subscriptions, "error": self.errors}.get(message.get("T"))
        if kept is not None:
            with self.arrived:
                kept.append(message)
                self.arrived.notify_all()

    def begin(self):
        start(self)
        self.acknowledged(1)
        return self

    def acknowledged(self, count):
        """Waits until the server has answered that many changes of subscriptions; gives the last answer."""
        wait_for(self.arrived, lambda: len(self.subscriptions) >= count, "no answer to subscribe")
        return self.subscriptions[-1]

    def settled(self, kind):
        fence(self)
        with self.arrived:
            return [message for own, message in self.seen if own == kind]


def start(stream):
    """Runs a stream of alpaca-py in a thread, as its documentation does."""
    stream.thread = threading.Thread(target=stream.run, daemon=True)
    stream.thread.start()


@contextmanager
def running(stream):
    stream.begin()
    try:
        yield stream
    finally:
        finish(stream)


def finish(stream):
    """Stops a stream at once: `stop` alone is noticed with the next message or after five seconds."""
    if stream._loop is None or not stream.thread.is_alive():
        return

    async def stop():
        await stream.stop_ws()
        await stream.close()

    try:
        asyncio.run_coroutine_threadsafe(stop(), stream._loop).result(WAIT_S)
    except (RuntimeError, TimeoutError):
        pass
    stream.thread.join(WAIT_S)


def fence(stream):
    """Returns when every message that was written before has been handled.

    A pong comes behind them on the same connection; then the queue of the connection is emptied.
    """

    async def pass_through():
        socket = stream._ws
        await asyncio.wait_for(await socket.ping(), WAIT_S)
        while socket.messages:
            await asyncio.sleep(0.001)
        # The message that was taken last may still be with its handler.
        await asyncio.sleep(0.003)

    asyncio.run_coroutine_threadsafe(pass_through(), stream._loop).result(2 * WAIT_S)


def wait_for(condition, holds, complaint, seconds=WAIT_S):
    with condition:
        assert condition.wait_for(holds, seconds), complaint


def wait_until(holds, complaint, seconds=WAIT_S):
    """Polls what only a request can tell."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)


class Log(logging.Handler):
    """What alpaca-py logs meanwhile, since its streams only log a refused login."""

    def __init__(self, name):
        super().__init__()
        self.name_of_logger, self.lines, self.arrived = name, [], threading.Condition()

    def emit(self, record):
        with self.arrived:
            self.lines.append(record.getMessage())
            self.arrived.notify_all()

    def __enter__(self):
        logging.getLogger(self.name_of_logger).addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger(self.name_of_logger).removeHandler(self)

    def has(self, words):
        wait_for(self.arrived, lambda: any(words in line for line in self.lines), f"alpaca-py did not log {words!r}")


def quiet_logs():
    """alpaca-py logs every reconnect with its traceback; the tests read what they need by `Log`."""
    for name in ("alpaca.trading.stream", "alpaca.data.live.websocket"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def without_proxy():
    """Loopback is reached directly."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def plain(value):
    """The word of an enumeration of alpaca-py, or the text itself."""
    return getattr(value, "value", value)


def number(value):
    """A number of the wire, which is a decimal string without exponent."""
    assert isinstance(value, str), f"{value!r} is not a string"
    assert "e" not in value.lower(), f"{value} has an exponent"
    assert not (value.endswith(".0") or value.endswith(".")), f"{value} is not a plain whole number"
    return Decimal(value)


def refused(status, code, words, call, *arguments, **options):
    """Asserts that a call of alpaca-py is refused so; gives the body.

    `status` and `code` are a value or a tuple of those that the reference allows; `words` must be in the message.
    """
    try:
        result = call(*arguments, **options)
    except APIError as error:
        said = f"{error.status_code} {error}"
        statuses = status if isinstance(status, tuple) else (status,)
        assert error.status_code in statuses, f"status is not {status}: {said}"
        body = json.loads(str(error))
        if code is not None:
            codes = code if isinstance(code, tuple) else (code,)
            assert body.get("code") in codes, f"code is not {code}: {said}"
        options_of_words = words if isinstance(words, tuple) else (words,)
        message = body.get("message", "")
        assert any(word.lower() in message.lower() for word in options_of_words), f"message lacks {words!r}: {said}"
        return body
    raise AssertionError(f"was not refused: {result}")


def is_uuid(value):
    try:
        return str(uuid.UUID(str(value))) == str(value).lower()
    except ValueError:
        return False


def contains(expected, seen):
    """Is `expected` a subsequence of `seen`?"""
    rest = iter(seen)
    return all(any(word == other for other in rest) for word in expected)
