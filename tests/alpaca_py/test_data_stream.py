"""The stream of market data: bars, trades, quotes and daily bars in MessagePack; logins and their errors."""
import json
from datetime import timedelta

import msgpack
from alpaca.data.requests import StockBarsRequest, StockQuotesRequest, StockTradesRequest
from alpaca.data.timeframe import TimeFrame
from websockets.sync.client import connect

import market
from desk import KEY, SECRET, Feed, Log, finish, plain, start, wait_for, wait_until

MINUTE = timedelta(minutes=1)


def test_bars(desk):
    with desk.feed().wants("bars", "AAPL", "TSLA") as feed:
        feed.begin()
        desk.at("09:30")
        assert feed.settled("bars") == []
        desk.step(3)
        found = feed.settled("bars")
        assert [(bar.symbol, bar.timestamp) for bar in found if bar.symbol == "AAPL"] == [
            ("AAPL", market.at(0, "09:30") + minute * MINUTE) for minute in range(3)]
        assert len(found) == 6 and [bar.timestamp for bar in found] == sorted(bar.timestamp for bar in found)
        for bar in found:
            ours = market.bar_at(bar.symbol, bar.timestamp)
            assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == tuple(float(value) for value in ours[1:])
            assert bar.trade_count >= 1 and bar.low <= bar.vwap <= bar.high


def test_bars_are_those_of_rest(desk):
    with desk.feed().wants("bars", "*") as feed:
        feed.begin()
        desk.at("09:36")
        streamed = feed.settled("bars")
        rest = desk.data.get_stock_bars(StockBarsRequest(
            symbol_or_symbols=market.SYMBOLS, timeframe=TimeFrame.Minute, start=market.at(0, "00:00"))).data
        for symbol in market.SYMBOLS:
            assert [bar for bar in streamed if bar.symbol == symbol] == rest[symbol]


def test_trades_and_quotes_are_those_of_rest(desk):
    with desk.feed().wants("trades", "AAPL").wants("quotes", "AAPL") as feed:
        feed.begin()
        desk.at("09:35")
        span = dict(symbol_or_symbols="AAPL", start=market.at(0, "00:00"))
        trades = desk.data.get_stock_trades(StockTradesRequest(**span)).data["AAPL"]
        quotes = desk.data.get_stock_quotes(StockQuotesRequest(**span)).data["AAPL"]
        assert feed.settled("trades") == trades and len(trades) >= 10, "the same ids, prices and times"
        assert feed.settled("quotes") == quotes and len(quotes) >= 5


def test_daily_bars(desk):
    with desk.feed().wants("daily_bars", "AAPL") as feed:
        feed.begin()
        now = desk.at("09:40")
        last = feed.settled("daily_bars")[-1]
        known = market.closed_by("AAPL", now)
        assert last.timestamp == market.at(0, "00:00") and last.volume == sum(bar.volume for bar in known)
        assert (last.open, last.close) == (float(known[0].open), float(known[-1].close))
        assert last.high == float(max(bar.high for bar in known))


def test_subscriptions_add_up_and_are_taken_back(desk):
    with desk.feed().wants("bars", "AAPL") as feed:
        feed.begin()
        assert feed.subscriptions[-1]["bars"] == ["AAPL"]
        feed.wants("trades", "TSLA")
        answer = feed.acknowledged(2)
        assert (answer["bars"], answer["trades"]) == (["AAPL"], ["TSLA"])
        assert answer["corrections"] == answer["cancelErrors"] == ["TSLA"], "they follow trades"
        assert answer["quotes"] == answer["dailyBars"] == []
        feed.wants("bars", "F")
        assert sorted(feed.acknowledged(3)["bars"]) == ["AAPL", "F"]
        feed.unsubscribe_bars("AAPL")
        assert feed.acknowledged(4)["bars"] == ["F"]
        feed.unsubscribe_trades("TSLA")
        assert feed.acknowledged(5)["trades"] == []
        desk.at("09:32")
        assert {bar.symbol for bar in feed.settled("bars")} == {"F"} and feed.settled("trades") == []


def test_a_symbol_that_is_not_there(desk):
    with desk.feed().wants("bars", "NOPE", "AAPL") as feed:
        feed.begin()
        desk.at("09:31")
        assert [bar.symbol for bar in feed.settled("bars")] == ["AAPL"]


def test_a_second_connection_is_refused(desk):
    with desk.feed().wants("bars", "AAPL") as first, desk.feed().wants("bars", "AAPL") as second:
        first.begin()
        with Log("alpaca.data.live.websocket") as log:
            start(second)
            log.has("connection limit exceeded")
        desk.at("09:31")
        assert len(first.settled("bars")) == 1 and not second.seen, "the first goes on"


def test_a_connection_that_left_makes_room(desk):
    for _ in range(3):
        with desk.feed().wants("bars", "AAPL") as feed:
            feed.begin()


def test_wrong_keys(desk):
    feed = Feed("AKNOBODY", "wrong", url_override=desk.exchange.stream_url + "/v2/iex").wants("bars", "AAPL")
    with Log("alpaca.data.live.websocket") as log:
        start(feed)
        log.has("auth failed")
    finish(feed)


def test_both_streams_at_once(desk):
    with desk.updates() as updates, desk.feed("/v2/sip").wants("bars", "AAPL") as feed:
        feed.begin()
        desk.at("09:30")
        desk.buy()
        desk.step()
        assert plain(updates.settled()[-1].event) == "fill" and len(feed.settled("bars")) == 1


def test_test_feed(desk):
    with desk.feed("/v2/test").wants("trades", "FAKEPACA").wants("quotes", "FAKEPACA") as feed:
        feed.begin()
        kinds = {"trades", "quotes"}
        wait_for(feed.arrived, lambda: kinds <= {kind for kind, _ in feed.seen}, "FAKEPACA flows by wall clock")
        assert all(message.symbol == "FAKEPACA" for _, message in feed.seen)
    assert not desk.trading.get_clock().is_open, "also while closed"


def raw(desk, path="/v2/iex", kind="application/json", keys=None):
    headers = {"Content-Type": kind}
    if keys:
        headers.update({"APCA-API-KEY-ID": keys[0], "APCA-API-SECRET-KEY": keys[1]})
    return connect(desk.exchange.stream_url + path, additional_headers=headers, open_timeout=5)


def heard(stream):
    frame = stream.recv(timeout=5)
    return json.loads(frame) if isinstance(frame, str) else msgpack.unpackb(frame)


def told(stream, message):
    stream.send(message if isinstance(message, str) else json.dumps(message))
    return heard(stream)


LOGIN = {"action": "auth", "key": KEY, "secret": SECRET}


def test_text_frames_of_json(desk):
    with raw(desk) as stream:
        assert heard(stream) == [{"T": "success", "msg": "connected"}], "the server speaks first"
        assert told(stream, LOGIN) == [{"T": "success", "msg": "authenticated"}]
        [answer] = told(stream, {"action": "subscribe", "bars": ["AAPL"], "trades": ["F"]})
        assert answer["T"] == "subscription" and answer["bars"] == ["AAPL"] and answer["cancelErrors"] == ["F"]
        for channel in ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections",
                        "cancelErrors"):
            assert isinstance(answer[channel], list), channel
        desk.at("09:31")
        bars = []
        while not bars:
            frame = stream.recv(timeout=5)
            assert isinstance(frame, str)
            bars = [message for message in json.loads(frame) if message["T"] == "b"]
        assert bars[0]["S"] == "AAPL" and bars[0]["t"] == "2024-07-02T13:30:00Z" and bars[0]["c"] == 100.2


def test_login_by_headers(desk):
    with raw(desk, keys=(KEY, SECRET)) as stream:
        messages = heard(stream)
        while not any(message.get("msg") == "authenticated" for message in messages):
            messages = heard(stream)
        [answer] = told(stream, {"action": "subscribe", "bars": ["*"]})
        assert answer["bars"] == ["*"]


def test_msgpack_begins_with_the_kind(desk):
    with raw(desk, kind="application/msgpack") as stream:
        heard(stream)
        stream.send(msgpack.packb(LOGIN))
        heard(stream)
        stream.send(msgpack.packb({"action": "subscribe", "bars": ["AAPL"], "trades": ["AAPL"]}))
        heard(stream)
        desk.at("09:31")
        kinds = set()
        while kinds != {"b", "t"}:
            for message in heard(stream):
                assert next(iter(message)) == "T" and isinstance(message["t"], msgpack.Timestamp)
                kinds.add(message["T"])
                if message["T"] == "t":
                    assert isinstance(message["s"], int) and isinstance(message["i"], int)


def test_errors(desk):
    def error(answer):
        [message] = answer
        assert message["T"] == "error"
        return message["code"], message["msg"]
    with raw(desk) as stream:
        heard(stream)
        assert error(told(stream, {"action": "subscribe", "bars": ["AAPL"]})) == (401, "not authenticated")
    with raw(desk) as stream:
        heard(stream)
        assert error(told(stream, {**LOGIN, "secret": "wrong"})) == (402, "auth failed")
    wait_until(lambda: login_works(desk), "a refused login leaves the place free")
    with raw(desk) as stream:
        heard(stream)
        told(stream, LOGIN)
        assert error(told(stream, LOGIN)) == (403, "already authenticated")
        assert error(told(stream, "{")) == (400, "invalid syntax")
        assert error(told(stream, {"action": "dance"})) == (400, "invalid syntax")
        [answer] = told(stream, {"action": "subscribe", "bars": ["AAPL"]})
        assert answer["bars"] == ["AAPL"], "an error changes nothing"
        with raw(desk) as second:
            heard(second)
            assert error(told(second, LOGIN)) == (406, "connection limit exceeded")


def login_works(desk):
    with raw(desk) as stream:
        heard(stream)
        return told(stream, LOGIN)[0]["T"] == "success"
