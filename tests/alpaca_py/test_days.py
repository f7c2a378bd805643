"""Daily bars with a split, a dividend, fees and slippage: what changes with the date."""
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_DOWN, Decimal

from alpaca.data.enums import Adjustment, CorporateActionsType
from alpaca.data.requests import CorporateActionsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame

import market

DAWN = datetime(2020, 1, 1, tzinfo=timezone.utc)
FAR = datetime(2029, 1, 1, tzinfo=timezone.utc)
BY_DATE = {bar.time: bar for bar in market.DAILY}
SLIPPAGE = Decimal("0.001")


def midnight(days, day):
    """Moves to 00:00 of a date."""
    days.until(market.at(day, "00:00"))


def bars(days, **fields):
    request = StockBarsRequest(symbol_or_symbols="ACME", timeframe=TimeFrame.Day, start=DAWN, end=FAR, **fields)
    return days.data.get_stock_bars(request).data.get("ACME", [])


def actions(days, **fields):
    request = CorporateActionsRequest(symbols=["ACME"], start=date(2024, 1, 1), end=date(2024, 12, 31), **fields)
    return days.actions.get_corporate_actions(request).data


def test_a_daily_bar_ends_with_the_session(days):
    assert days.trading.get_clock().timestamp == market.at(market.DAILY[0].time, "00:00")
    assert days.step()["time"] == market.text(market.at(market.DAILY[0].time, "16:00"))
    assert [bar.close for bar in bars(days)] == [float(market.DAILY[0].close)]
    assert bars(days)[0].timestamp == market.at(market.DAILY[0].time, "00:00"), "midnight New York"


def test_an_order_fills_at_the_open_with_slippage(days):
    order = days.buy("ACME", 100)
    days.step()
    found = days.trading.get_order_by_id(order["id"])
    price, bar = Decimal(found.filled_avg_price), market.DAILY[0]
    assert abs(price - bar.open * (1 + SLIPPAGE)) <= Decimal("0.01")
    assert market.at(bar.time, "09:30") <= found.filled_at < market.at(bar.time, "16:00")
    assert days.cash() == 100_000 - 100 * price, "a purchase has no fee"


def test_a_notional_order_is_sized_at_its_fill_price(days):
    order = days.buy("ACME", None, notional="1000")
    days.step()
    found = days.json(order)
    price = Decimal(found["filled_avg_price"])
    assert price > market.DAILY[0].open
    assert Decimal(found["filled_qty"]) == (1000 / price).quantize(Decimal("1e-9"), ROUND_DOWN)


def test_sales_pay_the_fees_of_the_day(days):
    days.buy("ACME", 100)
    days.step()
    before = days.cash()
    order = days.sell("ACME", 100)
    days.step()
    price = Decimal(days.json(order)["filled_avg_price"])
    assert abs(price - market.DAILY[1].open * (1 - SLIPPAGE)) <= Decimal("0.01")
    # $8 per million until 2024-05-22 or $27.80 from then, and $0.000166 a share.
    fees = before + 100 * price - days.cash()
    assert Decimal("0.05") < fees < Decimal("0.5"), fees


def test_no_bars_ahead(days):
    for count in (0, 1, 5, 20):
        days.step(count) if count else None
        now = days.trading.get_clock().timestamp
        known = [bar for bar in market.DAILY if market.at(bar.time, "16:00") <= now]
        assert [bar.close for bar in bars(days)] == [float(bar.close) for bar in known]


def test_a_split(days):
    midnight(days, date(2024, 6, 6))
    days.buy("ACME", 100)
    rest = days.buy("ACME", 10, type="limit", limit_price="80", time_in_force="gtc")
    days.step()
    before = days.trading.get_open_position("ACME")
    midnight(days, market.SPLIT_DATE)
    days.until(market.at(market.SPLIT_DATE, "09:30"))
    after = days.trading.get_open_position("ACME")
    assert (Decimal(before.qty), Decimal(after.qty)) == (100, 200)
    assert abs(Decimal(after.avg_entry_price) * 2 - Decimal(before.avg_entry_price)) < Decimal("0.0001")
    order = days.json(rest)
    assert (Decimal(order["qty"]), Decimal(order["limit_price"])) == (20, 40)


def test_bars_are_adjusted_for_what_has_happened_only(days):
    midnight(days, market.SPLIT_DATE)
    raw = bars(days, adjustment=Adjustment.RAW)
    expected = [float(bar.close) for bar in market.DAILY if bar.time < market.SPLIT_DATE]
    assert [bar.close for bar in raw] == expected
    days.until(market.at(market.SPLIT_DATE, "16:00"))
    adjusted = bars(days, adjustment=Adjustment.SPLIT)
    assert [bar.close for bar in adjusted[:-1]] == [round(close / 2, 4) for close in expected]
    assert [bar.volume for bar in adjusted[:-1]] == [10_000_000] * len(expected)
    assert adjusted[-1].close == float(BY_DATE[market.SPLIT_DATE].close)
    assert [bar.close for bar in bars(days)[:-1]] == expected, "raw is the default"


def test_before_a_split_nothing_is_adjusted(days):
    midnight(days, date(2024, 6, 7))
    assert bars(days, adjustment=Adjustment.SPLIT) == bars(days, adjustment=Adjustment.RAW)
    assert bars(days, adjustment=Adjustment.ALL) == bars(days, adjustment=Adjustment.RAW)


def test_a_dividend(days):
    midnight(days, date(2024, 7, 11))
    days.buy("ACME", 100)
    days.step()
    before = days.cash()
    days.until(market.at(market.DIVIDEND_DATE, "09:30"))
    assert days.cash() - before == 50
    [row] = days.trading.get("/account/activities/DIV")
    assert row["activity_type"] == "DIV" and row["symbol"] == "ACME" and Decimal(row["net_amount"]) == 50
    assert row["date"] == "2024-07-15" and Decimal(row["per_share_amount"]) == Decimal("0.5")
    mixed = days.trading.get("/account/activities", {"activity_types": "FILL,DIV"})
    assert {entry["activity_type"] for entry in mixed} == {"FILL", "DIV"}


def test_corporate_actions(days):
    midnight(days, date(2024, 6, 7))
    assert not any(actions(days).values()), "nothing after the clock"
    days.until(market.at(market.SPLIT_DATE, "16:00"))
    [split] = actions(days)["forward_splits"]
    assert split.symbol == "ACME" and split.ex_date == market.SPLIT_DATE
    assert (split.new_rate, split.old_rate) == (2, 1)
    days.until(market.at(market.DIVIDEND_DATE, "16:00"))
    [dividend] = actions(days, types=[CorporateActionsType.CASH_DIVIDEND])["cash_dividends"]
    assert dividend.rate == 0.5 and dividend.ex_date == market.DIVIDEND_DATE and not dividend.special
    assert "forward_splits" not in actions(days, types=[CorporateActionsType.CASH_DIVIDEND])
    assert len(actions(days)) == 2
    other = days.actions.get_corporate_actions(CorporateActionsRequest(symbols=["OTHER"], start=date(2024, 1, 1)))
    assert not any(other.data.values())


def test_a_cash_account(days):
    account = days.trading.get_account()
    assert account.multiplier == "1" and Decimal(account.buying_power) == 100_000
    days.buy("ACME", 500)
    days.step()
    assert Decimal(days.trading.get("/account")["buying_power"]) == days.cash()


def test_a_daily_bracket(days):
    """The first bar reaches from 99 to 101: the stop of a bracket entered at its open is hit on it."""
    order = days.buy("ACME", 100, order_class="bracket", time_in_force="gtc", type="limit", limit_price="101",
                     take_profit={"limit_price": "120"}, stop_loss={"stop_price": "99.5"})
    days.step()
    target, stop = days.json(order, nested=True)["legs"]
    assert (target["status"], stop["status"]) == ("replaced", "filled")
    assert abs(Decimal(stop["filled_avg_price"]) - Decimal("99.5") * (1 - SLIPPAGE)) <= Decimal("0.01")


def test_the_end_of_the_data(days):
    answer = days.step(1000)
    assert answer["done"] and answer["time"] == market.text(market.at(market.DAILY[-1].time, "16:00"))
    again = days.step()
    assert again["done"], "a further step is no error"
    assert len(bars(days)) == len(market.DAILY)
    assert datetime.fromisoformat(again["time"]) - market.at(market.DAILY[-1].time, "16:00") >= timedelta(0)
