"""The data that the exchange replays for this suite, and what they say must happen.

Not here: clients and processes (desk.py). Prices are exact (Decimal), so that a test can name the fill it expects:
it looks the bar up here and applies the rule of the specification itself. Nothing is taken from the exchange.
"""
import csv
from collections import namedtuple
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
# A whole session, a half day before a holiday, and the session after it.
DAYS = [date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 5)]
MINUTES = {DAYS[0]: 390, DAYS[1]: 210, DAYS[2]: 390}
# The year's holidays of New York that lie among the daily bars.
HOLIDAYS = {date(2024, 5, 27), date(2024, 6, 19), date(2024, 7, 4)}
SPLIT_DATE, DIVIDEND_DATE = date(2024, 6, 10), date(2024, 7, 15)

Bar = namedtuple("Bar", "time open high low close volume")

RISK = """
[risk]
max_daily_loss = "1"
max_position_size = "10"
max_portfolio_heat = "10"
max_correlated_exposure = "10"
max_drawdown = "1"
max_gross_exposure = "10"
max_open_positions = 100
max_orders_per_minute = 1000
max_order_notional = "10000000"
price_collar = "1"
on_daily_loss = "halt"
on_breach = "reject"
"""
MINUTE_SCENARIO = """[scenario]
name = "minutes"
seed = 1
[data]
timeframe = "1m"
path = "{symbol}.csv"
symbols = ["AAPL", "MSFT", "TSLA", "F"]
benchmark = "SPY"
[account]
cash = "100000"
leverage = 2
allow_short = true
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = 1
[execution]
participation = "0.10"
""" + RISK
DAILY_SCENARIO = """[scenario]
name = "days"
seed = 1
[data]
timeframe = "1d"
path = "{symbol}_daily.csv"
symbols = ["ACME"]
corporate_actions = "corporate_actions.csv"
[account]
cash = "100000"
leverage = 1
allow_short = false
[strategy]
name = "buy_and_hold"
[sizing]
kind = "fixed_shares"
value = 1
[execution]
slippage = { kind = "bps", value = "10" }
commission = { kind = "alpaca" }
participation = "0.10"
""" + RISK
ACTIONS = f"symbol,ex_date,kind,ratio_or_amount\nACME,{SPLIT_DATE},split,2\nACME,{DIVIDEND_DATE},dividend,0.50\n"


def at(day, clock):
    """The moment `clock` ("09:30" or "09:30:15") of New York on a date or on the day of that index, in UTC."""
    day = DAYS[day] if isinstance(day, int) else day
    parts = [int(part) for part in clock.split(":")]
    local = datetime(day.year, day.month, day.day, *parts, tzinfo=NEW_YORK)
    return local.astimezone(timezone.utc)


def text(moment):
    """A moment as the control calls read it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def wave(minute):
    """Cents away from the middle: up by 20 a minute for ten minutes, down for twenty, up for ten."""
    at_period = minute % 40
    return 20 * (at_period if at_period <= 10 else 20 - at_period if at_period <= 30 else at_period - 40)


def path(symbol, day, minute):
    """The price in units of 0.0001 where a minute of a day begins."""
    if symbol == "AAPL":
        return 1_000_000 + 100 * wave(minute)
    if symbol == "MSFT":
        return 3_000_000 + 100 * minute
    if symbol == "TSLA":
        # Opens a tenth lower on the second day and climbs to 201, then opens at 210 and falls.
        return [2_000_000 + 1_000 * (minute % 10), 1_800_000 + 1_000 * minute, 2_100_000 - 500 * minute][day]
    if symbol == "F":
        return 8_000 + 10 * (minute % 20)
    return 5_000_000 + 500 * (minute % 30)


# MSFT trades little, and in this minute of the first day not at all.
QUIET_MINUTE = 50


def minutes(symbol):
    """Every bar of a symbol."""
    bars = []
    for index, day in enumerate(DAYS):
        for minute in range(MINUTES[day]):
            time = at(day, "09:30") + timedelta(minutes=minute)
            first, last = path(symbol, index, minute), path(symbol, index, minute + 1)
            around = 10 if symbol == "F" else 500
            high, low = max(first, last) + around, min(first, last) - around
            volume = 1_000 if symbol == "MSFT" else 10_000_000
            if symbol == "MSFT" and index == 0 and minute == QUIET_MINUTE:
                high, low, last, volume = first, first, first, 0
            prices = (Decimal(value) / 10_000 for value in (first, high, low, last))
            bars.append(Bar(time, *prices, volume))
    return bars


def daily():
    """The daily bars of ACME, raw: 100 and more, half as much from the split on."""
    bars, day, count = [], date(2024, 5, 20), 0
    while day <= date(2024, 8, 2):
        if day.weekday() < 5 and day not in HOLIDAYS:
            middle = Decimal(100) + Decimal(count % 8)
            middle = middle / 2 if day >= SPLIT_DATE else middle
            step = Decimal("0.5") if count % 2 else Decimal("-0.25")
            bars.append(Bar(day, middle, middle + 1, middle - 1, middle + step, 5_000_000))
            count += 1
        day += timedelta(days=1)
    return bars


def write(folder):
    """Puts data and scenarios into a folder; gives the paths of the two scenarios."""
    folder = Path(folder)
    for symbol in SYMBOLS:
        write_bars(folder / f"{symbol}.csv", BARS[symbol], text)
    write_bars(folder / "ACME_daily.csv", DAILY, date.isoformat)
    (folder / "corporate_actions.csv").write_text(ACTIONS)
    (folder / "minutes.toml").write_text(MINUTE_SCENARIO)
    (folder / "days.toml").write_text(DAILY_SCENARIO)
    return folder / "minutes.toml", folder / "days.toml"


def write_bars(file, bars, stamp):
    with open(file, "w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["timestamp", "open", "high", "low", "close", "volume"])
        rows.writerows([stamp(bar.time), *bar[1:]] for bar in bars)


def bars_from(symbol, moment):
    """The bars of a symbol that begin at this moment or later."""
    return [bar for bar in BARS[symbol] if bar.time >= moment]


def bar_at(symbol, moment):
    """The bar of a symbol that begins at this moment."""
    return BY_TIME[symbol][moment]


def closed_by(symbol, moment):
    """The bars of a symbol that are complete at this moment."""
    return [bar for bar in BARS[symbol] if bar.time + timedelta(minutes=1) <= moment]


SYMBOLS = ["AAPL", "MSFT", "TSLA", "F", "SPY"]
BARS = {symbol: minutes(symbol) for symbol in SYMBOLS}
BY_TIME = {symbol: {bar.time: bar for bar in bars} for symbol, bars in BARS.items()}
DAILY = daily()
