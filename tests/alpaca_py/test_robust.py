"""Requests that no client should send: whatever comes is answered as the client's error, and the exchange goes on."""
import random
from urllib.parse import quote

PATHS = ["/v2/orders", "/v2/orders/{}", "/v2/positions", "/v2/positions/{}", "/v2/account/configurations",
         "/v2/account/activities", "/v2/account/activities/{}", "/v2/account/portfolio/history", "/v2/assets",
         "/v2/assets/{}", "/v2/calendar", "/v2/watchlists", "/v2/watchlists/{}", "/v2/watchlists/{}/{}",
         "/v2/watchlists:by_name", "/v2/orders:by_client_order_id", "/v2/stocks/bars", "/v2/stocks/{}/bars",
         "/v2/stocks/trades", "/v2/stocks/{}/quotes", "/v2/stocks/bars/latest", "/v2/stocks/snapshots",
         "/v2/stocks/auctions", "/v2/stocks/meta/conditions/{}", "/v1/corporate-actions", "/v3/clock",
         "/_control/state", "/stream", "/v2/iex", "/"]
KEYS = ["symbols", "limit", "start", "end", "timeframe", "sort", "page_token", "status", "direction", "after", "until",
        "nested", "qty", "percentage", "client_order_id", "name", "period", "activity_types", "date", "page_size",
        "types", "tape", "adjustment", "feed", "order_id", "before_order_id"]
FIELDS = ["symbol", "qty", "notional", "side", "type", "time_in_force", "limit_price", "stop_price", "trail_price",
          "trail_percent", "extended_hours", "client_order_id", "order_class", "take_profit", "stop_loss",
          "position_intent", "name", "trail", "max_margin_multiplier", "legs"]
WORDS = ["", "0", "-1", "10", "1.5", "1e400", "-1e-400", "NaN", "null", "AAPL", "AAPL,TSLA", "2024-07-02",
         "9999-12-31", "0000-00-00", "9" * 30, "0.0000000001", "9223372036", "all", "asc", "1Min", "12Month", "%00",
         "%ff", "a" * 300, "\u00e9", "[]", "{}", '"', "\\", "99.99", "buy", "sell", "limit", "gtc", "opg", "bracket",
         "oco", "1A", "1D", "FILL", "raw"]
WHOLES = [0, 1, -1, 10, 1.5, 99.5, 1e18, 1e-9, 1e300, 2**63, 2**70, None, True, [], {}, {"limit_price": "1e99"},
          {"stop_price": -1}]


def query(rng):
    return "&".join(f"{rng.choice(KEYS)}={quote(rng.choice(WORDS), safe='%')}" for _ in range(rng.randint(0, 4)))


def test_nothing_breaks_it(desk):
    rng = random.Random(1)
    desk.at("09:40")
    for count in range(600):
        path = rng.choice(PATHS)
        while "{}" in path:
            path = path.replace("{}", quote(rng.choice(WORDS), safe="%"), 1)
        method, body = rng.choice(["GET", "GET", "POST", "PATCH", "PUT", "DELETE"]), None
        if count % 2:
            method, path = "POST", "/v2/orders"
        if method in ("POST", "PATCH", "PUT"):
            body = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
            for _ in range(rng.randint(1, 4)):
                body[rng.choice(FIELDS)] = rng.choice(WORDS + WHOLES)
            body = body if rng.random() < 0.9 else rng.choice(["", "{", "[1", "\x00", '{"a":' * 50])
        said = f"{method} {path} {body}"
        answer = desk.send(method, f"{path}?{query(rng)}", body)
        assert answer.status_code < 500, f"{said}: {answer.status_code} {answer.text}"
        assert answer.status_code < 400 or answer.json()["message"], said
        if count % 50 == 0:
            desk.step()
    assert desk.trading.get_account().status.value == "ACTIVE"
