"""Prices of the stand-in, by the clock of this machine: they fall a little every minute, until a test lets them rise.

Not here: orders (book), how it is asked (server). Nothing is drawn by chance; the same minute has the same bar.
"""
import datetime as dt
from decimal import Decimal

BASES = {"AAPL": 187.20, "MSFT": 402.55, "F": 12.10}
MINUTE = 60
# Prices fall from so many minutes before the start on, so that no mean is crossed upwards while nobody lets them rise.
FALLING_BEFORE = 30


def utc(seconds: float) -> str:
    """As the data host writes times."""
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z") if seconds % 1 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Market:
    """Two-sided prices of a few shares. `shifts`: dollars added to a share's price, for tests that need a fall."""

    def __init__(self, now):
        self.now = now
        self.shifts: dict[str, float] = {}
        self.falls_from = int(now() // MINUTE) - FALLING_BEFORE
        # The close of this minute crosses its mean of three minutes upwards, and prices rise without a fall from there.
        self.rises_from: int | None = None

    def close(self, symbol: str, minute: int) -> float:
        """Last price of a minute, counted from 1970."""
        base = BASES[symbol]
        turn = minute if self.rises_from is None else min(minute, self.rises_from)
        fallen = max(0, turn - self.falls_from) * 0.0002
        risen = 0.0 if self.rises_from is None or minute < self.rises_from else 0.002 + (minute - self.rises_from) * 0.0005
        return round(base * (1 - fallen + risen), 2)

    def last(self, symbol: str) -> Decimal:
        now = self.now()
        minute = int(now // MINUTE)
        part = now % MINUTE / MINUTE
        price = self.close(symbol, minute - 1) * (1 - part) + self.close(symbol, minute) * part
        return Decimal(f"{price + self.shifts.get(symbol, 0.0):.2f}")

    def quote(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Bid and ask, a cent to both sides."""
        last = self.last(symbol)
        return last - Decimal("0.01"), last + Decimal("0.01")

    def bar(self, symbol: str, minute: int) -> dict:
        first, last = self.close(symbol, minute - 1), self.close(symbol, minute)
        high, low = max(first, last) + 0.02, min(first, last) - 0.02
        volume = 9_000 + minute * 37 % 4_000
        return {"t": utc(minute * MINUTE), "o": first, "h": round(high, 2), "l": round(low, 2), "c": last, "v": volume,
                "n": volume // 60, "vw": round((first + last) / 2, 6)}

    def trade(self, symbol: str) -> dict:
        return {"t": utc(self.now()), "x": "V", "p": float(self.last(symbol)), "s": 100, "c": ["@"], "i": 52983525029461, "z": "C"}

    def shown_quote(self, symbol: str) -> dict:
        bid, ask = self.quote(symbol)
        return {"t": utc(self.now()), "ax": "V", "ap": float(ask), "as": 300, "bx": "V", "bp": float(bid), "bs": 200, "c": ["R"], "z": "C"}
