"""Market data over REST: bars, trades, quotes, latest, snapshots; pages, timeframes, and never anything later."""
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from alpaca.common.enums import Sort
from alpaca.data.enums import Adjustment, DataFeed
from alpaca.data.requests import (
    StockBarsRequest, StockLatestBarRequest, StockLatestQuoteRequest, StockLatestTradeRequest, StockQuotesRequest,
    StockSnapshotRequest, StockTradesRequest)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

import market
from desk import refused

MINUTE = timedelta(minutes=1)
FAR = datetime(2029, 1, 1, tzinfo=timezone.utc)
DAWN = datetime(2020, 1, 1, tzinfo=timezone.utc)


def bars(desk, symbols="AAPL", timeframe=TimeFrame.Minute, start=DAWN, end=FAR, **fields):
    request = StockBarsRequest(symbol_or_symbols=symbols, timeframe=timeframe, start=start, end=end, **fields)
    return desk.data.get_stock_bars(request).data


def same(found, expected):
    """Asserts that bars of alpaca-py are these of ours."""
    shown = [(bar.timestamp, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in found]
    assert shown == [(bar.time, *(float(value) for value in bar[1:])) for bar in expected]


def joined(group):
    """The one bar that many make."""
    return market.Bar(group[0].time, group[0].open, max(bar.high for bar in group), min(bar.low for bar in group),
                      group[-1].close, sum(bar.volume for bar in group))


def test_bars(desk):
    now = desk.at("10:00")
    found = bars(desk)["AAPL"]
    same(found, market.closed_by("AAPL", now))
    assert found[-1].timestamp == now - MINUTE, "the bar opened one interval earlier is the last"
    for bar in found:
        assert bar.symbol == "AAPL" and bar.trade_count >= 1 and bar.low <= bar.vwap <= bar.high
    assert bars(desk, "AAPL", feed=DataFeed.SIP)["AAPL"] == found, "iex = sip"
    assert bars(desk, "AAPL", feed=DataFeed.IEX, currency="USD", asof="2024-07-02")["AAPL"] == found


def test_bars_of_several_symbols(desk):
    now = desk.at("10:00")
    found = bars(desk, ["TSLA", "AAPL", "NOPE"])
    assert sorted(found) == ["AAPL", "TSLA"], "what is not known is silently absent"
    for symbol in found:
        same(found[symbol], market.closed_by(symbol, now))
    raw = desk.raw_data.get("/stocks/bars", {"symbols": "TSLA,AAPL", "timeframe": "1Min", "limit": 40})
    assert list(raw["bars"]) == ["AAPL", "TSLA"] and len(raw["bars"]["TSLA"]) == 10, "sorted by symbol, then time"
    assert desk.data.get_stock_bars(StockBarsRequest(symbol_or_symbols="NOPE", timeframe=TimeFrame.Minute)).data == {}


def test_start_and_end_are_inclusive(desk):
    desk.at("10:00")
    first, last = market.at(0, "09:35"), market.at(0, "09:40")
    found = bars(desk, start=first, end=last)["AAPL"]
    assert [bar.timestamp for bar in found] == [first + minute * MINUTE for minute in range(6)]
    naive = bars(desk, start=first.replace(tzinfo=None), end=last.replace(tzinfo=None))["AAPL"]
    assert naive == found, "a time without zone is sent as UTC"
    whole_day = desk.raw_data.get("/stocks/bars", {"symbols": "AAPL", "timeframe": "1Min", "start": "2024-07-02",
                                                   "end": "2024-07-02"})
    assert len(whole_day["bars"].get("AAPL", [])) in (0, 30)


def test_default_start_is_the_current_day(desk):
    desk.at("10:00", day=1)
    found = desk.data.get_stock_bars(StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Minute)).data
    same(found["AAPL"], [bar for bar in market.closed_by("AAPL", market.at(1, "10:00"))
                         if bar.time >= market.at(1, "09:30")])


def test_limit_and_sort(desk):
    now = desk.at("10:00")
    every = market.closed_by("AAPL", now)
    same(bars(desk, limit=7)["AAPL"], every[:7])
    same(bars(desk, limit=7, sort=Sort.DESC)["AAPL"], every[:-8:-1])
    both = bars(desk, ["AAPL", "TSLA"], limit=33)
    assert (len(both["AAPL"]), len(both["TSLA"])) == (30, 3), "points over all symbols"


def test_pages_make_the_whole(desk):
    desk.at("12:00")
    for kind in ("bars", "trades", "quotes"):
        query = {"symbols": "AAPL,TSLA,F", "start": market.text(DAWN), "limit": 10_000}
        if kind == "bars":
            query["timeframe"] = "1Min"
        whole = desk.raw_data.get(f"/stocks/{kind}", query)
        while whole["next_page_token"]:
            more = desk.raw_data.get(f"/stocks/{kind}", {**query, "page_token": whole["next_page_token"]})
            whole["next_page_token"] = more["next_page_token"]
            for symbol, points in more[kind].items():
                whole[kind].setdefault(symbol, []).extend(points)
        pages, token, count = {}, None, 0
        while count == 0 or token:
            page = desk.raw_data.get(f"/stocks/{kind}", {**query, "limit": 97, "page_token": token})
            assert sum(len(points) for points in page[kind].values()) <= 97
            for symbol, points in page[kind].items():
                pages.setdefault(symbol, []).extend(points)
            token, count = page["next_page_token"], count + 1
        assert pages == whole[kind] and count > 2, kind


def test_one_symbol_in_the_path(desk):
    desk.at("10:00")
    raw = desk.raw_data.get("/stocks/AAPL/bars", {"timeframe": "1Min", "limit": 3})
    assert raw["symbol"] == "AAPL" and len(raw["bars"]) == 3 and raw["next_page_token"]
    bar = raw["bars"][0]
    assert set("tohlcv") <= set(bar) and {"n", "vw"} <= set(bar)
    assert bar["t"] == "2024-07-02T13:30:00Z" and all(isinstance(bar[key], (int, float)) for key in "ohlcv")
    for kind, one in (("bars", "bar"), ("trades", "trade"), ("quotes", "quote")):
        latest = desk.raw_data.get(f"/stocks/AAPL/{kind}/latest")
        assert latest["symbol"] == "AAPL" and latest[one]["t"]
    assert desk.raw_data.get("/stocks/AAPL/snapshot")["latestTrade"]["p"] > 0


def test_timeframes(desk):
    desk.at("11:07", day=2)
    minutes = market.closed_by("AAPL", market.at(2, "11:07"))
    for amount, unit in ((5, TimeFrameUnit.Minute), (15, TimeFrameUnit.Minute), (1, TimeFrameUnit.Hour),
                         (4, TimeFrameUnit.Hour), (1, TimeFrameUnit.Day), (1, TimeFrameUnit.Week),
                         (1, TimeFrameUnit.Month)):
        found = bars(desk, timeframe=TimeFrame(amount, unit))["AAPL"]
        stamps = [bar.timestamp for bar in found]
        assert stamps == sorted(set(stamps))
        groups = {}
        for bar in minutes:
            groups.setdefault(max(stamp for stamp in stamps if stamp <= bar.time), []).append(bar)
        same(found, [joined(groups[stamp])._replace(time=stamp) for stamp in stamps])
        length = {TimeFrameUnit.Minute: MINUTE, TimeFrameUnit.Hour: 60 * MINUTE}.get(unit)
        for stamp, group in groups.items():
            assert length is None or group[-1].time < stamp + amount * length
    daily = bars(desk, timeframe=TimeFrame.Day)["AAPL"]
    assert [bar.timestamp for bar in daily] == [market.at(day, "00:00") for day in range(3)], "midnight New York"
    assert bars(desk, timeframe=TimeFrame.Week)["AAPL"][0].timestamp.astimezone(market.NEW_YORK).weekday() == 0
    assert bars(desk, timeframe=TimeFrame.Month)["AAPL"][0].timestamp.astimezone(market.NEW_YORK).day == 1


def test_the_day_so_far(desk):
    now = desk.at("10:13")
    [day] = bars(desk, timeframe=TimeFrame.Day).get("AAPL", [None])
    same([day], [joined(market.closed_by("AAPL", now))._replace(time=market.at(0, "00:00"))])


def test_trades(desk):
    now = desk.at("09:40")
    found = desk.data.get_stock_trades(StockTradesRequest(symbol_or_symbols="AAPL", start=DAWN, end=FAR)).data["AAPL"]
    times = [trade.timestamp for trade in found]
    assert times == sorted(times) and len({trade.id for trade in found}) == len(found)
    for bar in market.closed_by("AAPL", now):
        inside = [trade for trade in found if bar.time <= trade.timestamp < bar.time + MINUTE]
        assert inside, "a bar with volume has trades"
        assert all(float(bar.low) <= trade.price <= float(bar.high) for trade in inside)
        assert inside[0].price == float(bar.open) and inside[-1].price == float(bar.close)
        assert all(trade.size > 0 for trade in inside) and sum(trade.size for trade in inside) <= bar.volume
    assert all(trade.timestamp < now for trade in found)
    assert found[0].exchange and found[0].tape and found[0].conditions is not None


def test_no_trades_where_nothing_trades(desk):
    quiet = market.at(0, "09:30") + market.QUIET_MINUTE * MINUTE
    desk.until(quiet + 2 * MINUTE)
    found = desk.data.get_stock_trades(StockTradesRequest(
        symbol_or_symbols="MSFT", start=quiet, end=quiet + MINUTE - timedelta(microseconds=1))).data
    assert found.get("MSFT", []) == []


def test_quotes(desk):
    now = desk.at("09:40")
    found = desk.data.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="AAPL", start=DAWN, end=FAR)).data["AAPL"]
    times = [quote.timestamp for quote in found]
    assert times == sorted(times) and times[-1] < now
    for quote in found:
        assert 0 < quote.bid_price <= quote.ask_price and quote.bid_size > 0 and quote.ask_size > 0
    last = market.closed_by("AAPL", now)[-1]
    assert found[-1].bid_price <= float(last.close) <= found[-1].ask_price, "around the close"


def test_latest(desk):
    symbols = ["AAPL", "TSLA"]
    assert desk.data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=symbols)) == {}, "before any"
    now = desk.at("09:45")
    found = desk.data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=symbols))
    for symbol in symbols:
        same([found[symbol]], market.closed_by(symbol, now)[-1:])
    trades = desk.data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=symbols))
    quotes = desk.data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbols))
    for symbol in symbols:
        close = float(market.closed_by(symbol, now)[-1].close)
        assert trades[symbol].price == close and trades[symbol].timestamp < now
        assert quotes[symbol].bid_price <= close <= quotes[symbol].ask_price
    assert desk.data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="NOPE")) == {}


def test_snapshots(desk):
    now = desk.at("10:00", day=1)
    found = desk.data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=["AAPL", "TSLA"]))
    assert sorted(found) == ["AAPL", "TSLA"]
    for symbol, snapshot in found.items():
        closed = market.closed_by(symbol, now)
        same([snapshot.minute_bar], closed[-1:])
        days = [[bar for bar in closed if market.at(day, "09:30") <= bar.time < market.at(day, "16:00")]
                for day in (0, 1)]
        same([snapshot.previous_daily_bar], [joined(days[0])._replace(time=market.at(0, "00:00"))])
        same([snapshot.daily_bar], [joined(days[1])._replace(time=market.at(1, "00:00"))])
        assert snapshot.latest_trade.price == float(closed[-1].close)
        assert snapshot.latest_quote.bid_price <= snapshot.latest_quote.ask_price
    assert "NOPE" not in desk.raw_data.get("/stocks/snapshots", {"symbols": "AAPL,NOPE"})


def test_snapshots_before_the_first_bar(desk):
    for clock in ("00:00", "09:30", "09:31"):
        desk.at(clock) if clock != "00:00" else None
        found = desk.data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=["AAPL"]))
        assert set(found) <= {"AAPL"}, "alpaca-py can read what is there"


def test_nothing_later_is_ever_shown(desk):
    """Asks for everything, far beyond the clock, at many times; nothing in any answer may lie after it."""
    for clock, day in (("00:00", 0), ("09:30", 0), ("09:31", 0), ("09:31:30", 0), ("12:34", 0), ("16:00", 0),
                       ("19:00", 0), ("09:30", 1), ("11:11", 1), ("13:00", 1), ("15:59", 2)):
        now = market.at(day, clock)
        if now > desk.trading.get_clock().timestamp:
            desk.until(now)
        known = market.closed_by("AAPL", now)
        lengths = {TimeFrame.Minute: MINUTE, TimeFrame(5, TimeFrameUnit.Minute): None, TimeFrame.Hour: None,
                   TimeFrame.Day: None, TimeFrame.Month: None}
        for timeframe in lengths:
            found = bars(desk, timeframe=timeframe).get("AAPL", [])
            assert sum(bar.volume for bar in found) == sum(bar.volume for bar in known), f"{clock} {timeframe.value}"
            assert all(bar.timestamp < now for bar in found)
            if known:
                assert max(bar.high for bar in found) == float(max(bar.high for bar in known))
                assert found[-1].close == float(known[-1].close)
        for get, request in ((desk.data.get_stock_trades, StockTradesRequest),
                             (desk.data.get_stock_quotes, StockQuotesRequest)):
            points = get(request(symbol_or_symbols="AAPL", start=DAWN, end=FAR)).data.get("AAPL", [])
            assert all(point.timestamp <= now for point in points), f"{clock} {request.__name__}"
        for get, request in ((desk.data.get_stock_latest_bar, StockLatestBarRequest),
                             (desk.data.get_stock_latest_trade, StockLatestTradeRequest),
                             (desk.data.get_stock_latest_quote, StockLatestQuoteRequest)):
            latest = get(request(symbol_or_symbols="AAPL")).get("AAPL")
            assert latest is None or latest.timestamp <= now


def test_within_a_bar_only_its_open_is_known(desk):
    desk.at("09:45")
    moment = market.at(0, "09:45") + timedelta(seconds=30)
    desk.until(moment)
    bar = market.bar_at("AAPL", market.at(0, "09:45"))
    trade = desk.data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert trade.price == float(bar.open) and trade.timestamp <= moment
    assert bars(desk)["AAPL"][-1].timestamp == bar.time - MINUTE


def test_raw_is_the_default_adjustment(desk):
    desk.at("10:00")
    assert bars(desk, adjustment=Adjustment.RAW) == bars(desk) == bars(desk, adjustment=Adjustment.ALL)


def test_names_of_conditions_and_exchanges(desk):
    exchanges = desk.raw_data.get("/stocks/meta/exchanges")
    conditions = desk.raw_data.get("/stocks/meta/conditions/trade", {"tape": "C"})
    assert all(isinstance(name, str) for name in [*exchanges.values(), *conditions.values()]) and exchanges
    desk.at("09:32")
    trade = desk.raw_data.get("/stocks/AAPL/trades/latest")["trade"]
    assert trade["x"] in exchanges and isinstance(trade["c"], list) and isinstance(trade["i"], int)


def test_rate_headers(desk):
    for path in ("/v2/account", "/v2/clock", "/v2/stocks/bars/latest?symbols=AAPL", "/v2/nothing", "/v2/orders/abc"):
        headers = desk.send("GET", path).headers
        assert headers["X-RateLimit-Limit"] == "200", f"{path}: {headers}"
        assert 0 <= int(headers["X-RateLimit-Remaining"]) <= 200 and int(headers["X-RateLimit-Reset"]) > 0
        assert headers["Content-Type"].startswith("application/json")


def test_wrong_symbols_in_data(desk):
    desk.at("10:00")
    refused((400, 404), None, "", desk.raw_data.get, "/stocks/a b/bars", {"timeframe": "1Min"})
    assert Decimal(str(desk.raw_data.get("/stocks/F/bars/latest")["bar"]["c"])) == market.closed_by(
        "F", market.at(0, "10:00"))[-1].close
