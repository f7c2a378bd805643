"""A stand-in for Alpaca's paper host and its market data, on one port of this machine.

Written from Alpaca's public documentation alone, so that it checks what the program makes of Alpaca's words, not of its own.
Not here: orders and money (book), prices (market), what is tried (run).
"""
import asyncio
import base64
import datetime as dt
import json
import time

import msgpack
from aiohttp import WSMsgType, web

from book import Book, Refused, seconds, stamp
from market import BASES, MINUTE, Market, utc

KEY, SECRET = "PKSTANDIN00000000A1B", "paperVenueSecret0123456789abcdefghijklmn"
PAGE_BARS = 400
NEW_YORK = dt.timezone(dt.timedelta(hours=-5))


def json_answer(value, status: int = 200, remaining: int = 191, reset_s: int = 42) -> web.Response:
    headers = {"X-Ratelimit-Limit": "200", "X-Ratelimit-Remaining": str(remaining), "X-Ratelimit-Reset": str(int(time.time()) + reset_s),
               "X-Request-Id": "2d0e1a0c8ffb4c0e9c0ed2d7a4b0b6b3"}
    return web.json_response(value, status=status, headers=headers)


class Server:
    """Both hosts. `is_open`: what the clock says."""

    def __init__(self, cash: str = "100000"):
        self.now = time.time
        self.market = Market(self.now)
        self.book = Book(self.market, self.now, self._tell, cash)
        self.is_open = True
        self.listeners: set[web.WebSocketResponse] = set()
        self.data: dict[web.WebSocketResponse, tuple[bool, dict[str, set[str]]]] = {}
        self.actions: dict[str, list[dict]] = {}
        # Answers of this many calls of a path to come: 429.
        self.busy: dict[str, int] = {}
        self.calls: list[str] = []
        self.background: list[asyncio.Task] = []

    async def start(self) -> str:
        app = web.Application(middlewares=[self._guard])
        app.add_routes([
            web.get("/v2/account", self._account), web.get("/v2/clock", self._clock), web.get("/v2/calendar", self._calendar),
            web.get("/v2/assets/{symbol}", self._asset), web.get("/v2/orders", self._orders), web.post("/v2/orders", self._post),
            web.delete("/v2/orders", self._cancel_all), web.get("/v2/orders:by_client_order_id", self._named),
            web.get("/v2/orders/{id}", self._order), web.patch("/v2/orders/{id}", self._patch), web.delete("/v2/orders/{id}", self._cancel),
            web.get("/v2/positions", self._positions), web.get("/v2/positions/{symbol}", self._position),
            web.delete("/v2/positions/{symbol}", self._close), web.get("/v2/account/activities", self._activities),
            web.get("/v2/account/activities/{kind}", self._activities), web.get("/v2/account/configurations", self._configuration),
            web.get("/v2/stocks/bars", self._bars), web.get("/v2/stocks/{symbol}/bars", self._bars),
            web.get("/v2/stocks/{what}/latest", self._latest), web.get("/v2/stocks/{symbol}/{what}/latest", self._latest),
            web.get("/v1/corporate-actions", self._corporate_actions),
            web.get("/stream", self._stream), web.get("/v2/iex", self._feed),
        ])
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.background = [asyncio.ensure_future(self.book.run()), asyncio.ensure_future(self._minutes()), asyncio.ensure_future(self._quotes())]
        return "127.0.0.1:%d" % site._server.sockets[0].getsockname()[1]

    async def stop(self):
        for task in self.background:
            task.cancel()
        for socket in [*self.listeners, *self.data]:
            await socket.close()
        await self.runner.cleanup()

    # Who may ask, and how errors look.

    @web.middleware
    async def _guard(self, request: web.Request, handler):
        route = f"{request.method} {request.path}"
        self.calls.append(route)
        if request.path not in ("/stream", "/v2/iex"):
            key, secret = request.headers.get("APCA-API-KEY-ID"), request.headers.get("APCA-API-SECRET-KEY")
            if key is None:
                return web.Response(status=401, text="<html><head><title>401 Authorization Required</title></head></html>", content_type="text/html")
            if (key, secret) != (KEY, SECRET):
                return json_answer({"message": "unauthorized."}, 401)
        if self.busy.get(route, 0):
            self.busy[route] -= 1
            return json_answer({"message": "rate limit exceeded"}, 429, remaining=0, reset_s=2)
        try:
            return await handler(request)
        except Refused as refused:
            return json_answer(refused.body, refused.status)

    # The account.

    async def _account(self, _):
        return json_answer(self.book.account())

    async def _configuration(self, _):
        return json_answer({"fractional_trading": True, "max_margin_multiplier": "2", "no_shorting": False, "suspend_trade": False,
                            "trade_confirm_email": "all", "ptp_no_exception_entry": False, "max_options_trading_level": None})

    async def _clock(self, _):
        local = dt.datetime.fromtimestamp(self.now(), NEW_YORK)
        day = dt.timedelta(days=1)
        close = local.replace(hour=16, minute=0, second=0, microsecond=0)
        return json_answer({"timestamp": local.isoformat(), "is_open": self.is_open, "next_open": (close + day).replace(hour=9, minute=30).isoformat(),
                            # A drill begins with no close within ten minutes, whenever the tests run.
                            "next_close": (close + day if local + dt.timedelta(minutes=20) >= close else close).isoformat()})

    async def _calendar(self, request):
        today = dt.datetime.fromtimestamp(self.now(), NEW_YORK).strftime("%Y-%m-%d")
        return json_answer([{"date": today, "open": "09:30", "close": "16:00", "session_open": "0400", "session_close": "2000", "settlement_date": today}])

    async def _asset(self, request):
        symbol = request.match_info["symbol"]
        if symbol not in BASES:
            raise Refused(404, 40410000, f"asset not found for {symbol}")
        return json_answer({
            "id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415", "class": "us_equity", "exchange": "NASDAQ", "symbol": symbol,
            "name": f"{symbol} Inc. Common Stock", "status": "active", "tradable": True, "marginable": True,
            "maintenance_margin_requirement": 30, "margin_requirement_long": "30", "margin_requirement_short": "30", "shortable": True,
            "easy_to_borrow": True, "borrow_status": "easy_to_borrow", "fractionable": True, "cusip": "037833100",
            "attributes": ["fractional_eh_enabled", "has_options", "overnight_tradable"],
        })

    async def _activities(self, request):
        return json_answer(self.book.listed_activities(request.query, request.match_info.get("kind")))

    async def _positions(self, _):
        return json_answer(self.book.positions())

    async def _position(self, request):
        for row in self.book.positions():
            if row["symbol"] == request.match_info["symbol"]:
                return json_answer(row)
        raise Refused(404, 40410000, "position does not exist")

    async def _close(self, request):
        return json_answer(self.book.close(request.match_info["symbol"], request.query).shown(digits=9))

    # Orders.

    async def _orders(self, request):
        return json_answer(self.book.listed(request.query))

    async def _post(self, request):
        try:
            body = await request.json()
        except json.JSONDecodeError:
            raise Refused(400, 40010000, "request body format is invalid") from None
        return json_answer(self.book.submit(body).shown(digits=9))

    async def _order(self, request):
        return json_answer(self.book.find(request.match_info["id"]).shown())

    async def _named(self, request):
        return json_answer(self.book.named(request.query["client_order_id"]).shown())

    async def _patch(self, request):
        return json_answer(self.book.replace(request.match_info["id"], await request.json()).shown(digits=9))

    async def _cancel(self, request):
        self.book.cancel(request.match_info["id"])
        return web.Response(status=204)

    async def _cancel_all(self, _):
        rows = []
        for order in [order for order in self.book.everything() if order.is_open and order.status != "held"]:
            try:
                self.book.cancel(order.id)
                rows.append({"id": order.id, "status": 200})
            except Refused as refused:
                rows.append({"id": order.id, "status": refused.status, "body": refused.body})
        return json_answer(rows, 207)

    # Market data of the past and of now.

    async def _bars(self, request):
        query = request.query
        symbols = [request.match_info["symbol"]] if "symbol" in request.match_info else query["symbols"].split(",")
        if query.get("feed", "iex") == "sip":
            return json_answer({"message": "subscription does not permit querying recent SIP data"}, 403)
        step = {"1Min": MINUTE, "1Day": 86_400}.get(query["timeframe"])
        if step is None:
            return json_answer({"message": f"invalid timeframe: {query['timeframe']}"}, 400)
        start, end = seconds(query.get("start", utc(self.now() - 86_400))), seconds(query.get("end", utc(self.now())))
        limit = min(int(query.get("limit", 1000)), PAGE_BARS)
        rows = [(symbol, bar) for symbol in sorted(symbols) if symbol in BASES for bar in self._of_past(symbol, step, start, end)]
        done = int(base64.b64decode(query["page_token"])) if query.get("page_token") else 0
        page = rows[done:done + limit]
        token = base64.b64encode(str(done + limit).encode()).decode() if done + limit < len(rows) else None
        if "symbol" in request.match_info:
            return json_answer({"symbol": symbols[0], "bars": [bar for _, bar in page] or None, "next_page_token": token})
        bars: dict[str, list] = {}
        for symbol, bar in page:
            bars.setdefault(symbol, []).append(bar)
        return json_answer({"bars": bars, "next_page_token": token, "currency": "USD"})

    def _of_past(self, symbol: str, step: int, start: float, end: float):
        if step == MINUTE:
            first = -int(-start // MINUTE)
            for minute in range(first, int(min(end, self.now()) // MINUTE) + 1):
                # A small tape has holes.
                if minute % 11 != 5:
                    yield self.market.bar(symbol, minute)
            return
        day = dt.datetime.fromtimestamp(start, NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
        while day.timestamp() <= min(end, self.now()):
            if day.timestamp() >= start and day.weekday() < 5:
                bar = self.market.bar(symbol, int(day.timestamp() // MINUTE))
                yield {**bar, "t": utc(day.timestamp())}
            day += dt.timedelta(days=1)

    async def _latest(self, request):
        what = request.match_info["what"]
        show = {"quotes": self.market.shown_quote, "trades": self.market.trade,
                "bars": lambda symbol: self.market.bar(symbol, int(self.now() // MINUTE) - 1)}[what]
        if "symbol" in request.match_info:
            symbol = request.match_info["symbol"]
            if symbol not in BASES:
                return json_answer({"message": f"invalid symbol: {symbol}"}, 400)
            return json_answer({"symbol": symbol, what[:-1]: show(symbol)})
        symbols = [symbol for symbol in request.query["symbols"].split(",") if symbol in BASES]
        return json_answer({what: {symbol: show(symbol) for symbol in symbols}})

    async def _corporate_actions(self, request):
        wanted = [name for name in request.query.get("types", "").split(",") if name]
        symbols = [name for name in request.query.get("symbols", "").split(",") if name]
        start, end = request.query.get("start", "0"), request.query.get("end", "9")
        found = {}
        for kind, rows in self.actions.items():
            rows = [row for row in rows if (not symbols or row["symbol"] in symbols) and start <= row["ex_date"] <= end]
            if rows and (not wanted or kind[:-1] in wanted):
                found[kind] = rows
        return json_answer({"corporate_actions": found, "next_page_token": None})

    # Trade updates: JSON in binary frames.

    def _tell(self, data: dict):
        frame = json.dumps({"stream": "trade_updates", "data": data}).encode()
        for socket in list(self.listeners):
            asyncio.ensure_future(self._send(socket, frame))

    async def _send(self, socket, frame: bytes):
        try:
            await socket.send_bytes(frame)
        except (ConnectionError, RuntimeError):
            self.listeners.discard(socket)

    async def _stream(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        is_known = False
        async for message in socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            asked = json.loads(message.data)
            data = asked.get("data") or {}
            if asked.get("action") in ("auth", "authenticate"):
                pair = (data.get("key_id", asked.get("key")), data.get("secret_key", asked.get("secret")))
                is_known = pair == (KEY, SECRET)
                answer = {"stream": "authorization", "data": {"action": "authenticate", "status": "authorized" if is_known else "unauthorized"}}
            elif asked.get("action") == "listen" and is_known:
                streams = [name for name in data.get("streams", []) if name == "trade_updates"]
                (self.listeners.add if streams else self.listeners.discard)(socket)
                answer = {"stream": "listening", "data": {"streams": streams}}
            else:
                answer = {"stream": "authorization", "data": {"action": "listen", "status": "unauthorized"}}
            await socket.send_bytes(json.dumps(answer).encode())
        self.listeners.discard(socket)
        return socket

    def cut(self):
        """Ends every connection to trade updates without a word."""
        for socket in list(self.listeners):
            self.listeners.discard(socket)
            socket._req.transport.close()

    # Market data as it happens.

    async def _feed(self, request):
        is_packed = request.headers.get("Content-Type", "") == "application/msgpack"
        socket = web.WebSocketResponse(compress=True)
        await socket.prepare(request)
        await self._say(socket, is_packed, [{"T": "success", "msg": "connected"}])
        channels: dict[str, set[str]] = {name: set() for name in ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds")}
        is_known = (request.headers.get("APCA-API-KEY-ID"), request.headers.get("APCA-API-SECRET-KEY")) == (KEY, SECRET)
        if is_known:
            await self._say(socket, is_packed, [{"T": "success", "msg": "authenticated"}])
        async for message in socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            asked = msgpack.unpackb(message.data) if is_packed and message.type == WSMsgType.BINARY else json.loads(message.data)
            if asked["action"] == "auth":
                if is_known:
                    await self._say(socket, is_packed, [{"T": "error", "code": 403, "msg": "already authenticated"}])
                    continue
                is_known = (asked.get("key"), asked.get("secret")) == (KEY, SECRET)
                answer = {"T": "success", "msg": "authenticated"} if is_known else {"T": "error", "code": 402, "msg": "auth failed"}
                await self._say(socket, is_packed, [answer])
            elif not is_known:
                await self._say(socket, is_packed, [{"T": "error", "code": 401, "msg": "not authenticated"}])
            elif len(set(asked.get("trades", [])) | set(asked.get("quotes", []))) > 30:
                await self._say(socket, is_packed, [{"T": "error", "code": 405, "msg": "symbol limit exceeded"}])
            else:
                for name, symbols in asked.items():
                    if name in channels:
                        (channels[name].update if asked["action"] == "subscribe" else channels[name].difference_update)(symbols)
                shown = {name: sorted(symbols) for name, symbols in channels.items()}
                await self._say(socket, is_packed, [{"T": "subscription", **shown, "corrections": shown["trades"], "cancelErrors": shown["trades"]}])
                self.data[socket] = (is_packed, channels)
        self.data.pop(socket, None)
        return socket

    async def _say(self, socket, is_packed: bool, batch: list[dict]):
        try:
            if not is_packed:
                return await socket.send_str(json.dumps(batch))
            packed = [{key: msgpack.Timestamp.from_datetime(dt.datetime.fromtimestamp(seconds(value), dt.timezone.utc)) if key == "t" else value
                       for key, value in message.items()} for message in batch]
            await socket.send_bytes(msgpack.packb(packed))
        except (ConnectionError, RuntimeError):
            self.data.pop(socket, None)

    async def _publish(self, channel: str, kind: str, show):
        for socket, (is_packed, channels) in list(self.data.items()):
            batch = [{"T": kind, "S": symbol, **show(symbol)} for symbol in sorted(BASES) if symbol in channels[channel] or "*" in channels[channel]]
            if batch:
                # A kind of message that no client knows yet comes along.
                await self._say(socket, is_packed, [*batch, {"T": "zz", "S": batch[0]["S"], "new": True}])

    async def _minutes(self):
        """A minute's bar right after the minute, and again half a minute later as late trades have changed it."""
        while True:
            await asyncio.sleep(MINUTE - self.now() % MINUTE + 0.15)
            minute = int(self.now() // MINUTE) - 1
            await self._publish("bars", "b", lambda symbol: self.market.bar(symbol, minute))

    async def _quotes(self):
        while True:
            await asyncio.sleep(1)
            await self._publish("quotes", "q", self.market.shown_quote)


__all__ = ["KEY", "SECRET", "Server", "stamp"]
