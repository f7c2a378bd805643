"""The account, positions, activities and history of equity."""
from datetime import timedelta
from decimal import Decimal

import requests
from alpaca.trading.enums import AccountStatus, PositionSide
from alpaca.trading.requests import GetPortfolioHistoryRequest

import market
from desk import Desk, is_uuid, number, refused


def test_account(desk):
    account = desk.trading.get_account()
    assert account.status is AccountStatus.ACTIVE and account.currency == "USD"
    assert account.multiplier == "2" and account.shorting_enabled
    assert not (account.trading_blocked or account.account_blocked or account.transfers_blocked)
    assert account.pattern_day_trader is not True and not account.daytrade_count
    assert is_uuid(account.id) and account.account_number


def test_account_numbers(desk):
    raw = desk.trading.get("/account")
    for name in ("cash", "equity", "portfolio_value", "last_equity"):
        assert number(raw[name]) == 100_000, name
    for name in ("buying_power", "regt_buying_power", "effective_buying_power"):
        assert number(raw[name]) == 200_000, name
    assert number(raw["non_marginable_buying_power"]) == 100_000
    for name in ("long_market_value", "short_market_value", "position_market_value", "initial_margin",
                 "maintenance_margin", "last_maintenance_margin", "accrued_fees"):
        assert number(raw[name]) == 0, name
    number(raw["options_buying_power"]), number(raw["sma"])
    for name in ("crypto_tier", "options_approved_level", "options_trading_level"):
        assert isinstance(raw[name], int), name
    assert raw["balance_asof"] <= "2024-07-02"


def test_account_follows_a_position(desk):
    desk.at("09:30")
    desk.hold(qty=100)
    raw = desk.trading.get("/account")
    bar = market.bar_at("AAPL", market.at(0, "09:30"))
    cash, value = 100_000 - 100 * bar.open, 100 * bar.close
    assert number(raw["cash"]) == cash and number(raw["long_market_value"]) == value
    assert number(raw["equity"]) == cash + value
    assert number(raw["buying_power"]) == 2 * (cash + value) - value
    assert number(raw["initial_margin"]) == value / 2
    assert number(raw["maintenance_margin"]) == value * Decimal("0.3")


def test_account_of_a_short(desk):
    desk.at("09:30")
    desk.sell(qty=100)
    desk.step()
    raw = desk.trading.get("/account")
    bar = market.bar_at("AAPL", market.at(0, "09:30"))
    assert number(raw["cash"]) == 100_000 + 100 * bar.open
    assert number(raw["short_market_value"]) == -100 * bar.close
    assert number(raw["equity"]) == 100_000 + 100 * (bar.open - bar.close)
    position = desk.trading.get_open_position("AAPL")
    assert position.side is PositionSide.SHORT and Decimal(position.qty) == -100
    assert Decimal(position.market_value) < 0 and Decimal(position.cost_basis) < 0


def test_buying_power_is_reserved_by_openers(desk):
    desk.at("09:30")
    order = desk.buy(qty=100, type="limit", limit_price="90")
    assert number(desk.trading.get("/account")["buying_power"]) == 200_000 - 9_000
    desk.trading.cancel_order_by_id(order["id"])
    assert number(desk.trading.get("/account")["buying_power"]) == 200_000
    desk.hold(qty=10)
    before = number(desk.trading.get("/account")["buying_power"])
    desk.sell(type="limit", limit_price="110")
    assert number(desk.trading.get("/account")["buying_power"]) == before, "closing orders reserve nothing"


def test_last_equity_is_that_of_the_previous_close(desk):
    desk.at("09:30")
    desk.hold(qty=100)
    desk.at("10:00", day=1)
    close = market.closed_by("AAPL", market.at(0, "16:00"))[-1].close
    raw = desk.trading.get("/account")
    assert number(raw["last_equity"]) == 100_000 + 100 * (close - 100)
    position = desk.trading.get_open_position("AAPL")
    now = market.closed_by("AAPL", market.at(1, "10:00"))[-1].close
    assert Decimal(position.lastday_price) == close and Decimal(position.current_price) == now
    assert abs(Decimal(position.change_today) - (now / close - 1)) < Decimal("0.000001")
    assert Decimal(position.unrealized_intraday_pl) == 100 * (now - close)


def test_positions(desk):
    desk.at("09:30")
    assert desk.trading.get_all_positions() == []
    refused(404, 40410000, "position", desk.trading.get_open_position, "AAPL")
    desk.hold(qty=10)
    desk.buy(qty=10)
    desk.step()
    [position] = desk.trading.get_all_positions()
    first, second = (market.bar_at("AAPL", market.at(0, clock)) for clock in ("09:30", "09:31"))
    cost = 10 * first.open + 10 * second.open
    assert Decimal(position.avg_entry_price) == cost / 20 and Decimal(position.cost_basis) == cost
    assert Decimal(position.qty) == 20 and position.side is PositionSide.LONG
    assert Decimal(position.current_price) == second.close
    assert Decimal(position.market_value) == 20 * second.close
    assert Decimal(position.unrealized_pl) == 20 * second.close - cost
    share = (20 * second.close - cost) / cost
    assert abs(Decimal(position.unrealized_plpc) - share) < Decimal("0.000001")
    assert position.asset_marginable and Decimal(position.qty_available) == 20
    assert desk.trading.get_open_position(position.asset_id) == desk.trading.get_open_position("AAPL") == position
    desk.sell(qty=5)
    desk.step()
    position = desk.trading.get_open_position("AAPL")
    assert Decimal(position.avg_entry_price) == cost / 20, "sales do not change it"


def test_shares_are_held_for_orders(desk):
    desk.at("09:30")
    desk.hold(qty=10)
    desk.sell(qty=4, type="limit", limit_price="110")
    position = desk.trading.get_open_position("AAPL")
    assert (Decimal(position.qty), Decimal(position.qty_available)) == (10, 6)


def test_activities(desk):
    desk.at("09:30")
    order = desk.buy("MSFT", 250)
    desk.step(3)
    desk.sell("MSFT", 250)
    desk.step(3)
    rows = desk.trading.get("/account/activities/FILL")
    assert [Decimal(row["qty"]) for row in rows] == [50, 100, 100, 50, 100, 100], "newest first"
    assert [row["type"] for row in rows] == ["fill", "partial_fill", "partial_fill"] * 2
    oldest = rows[-1]
    assert oldest["activity_type"] == "FILL" and oldest["symbol"] == "MSFT" and oldest["side"] == "buy"
    assert oldest["order_id"] == order["id"] and oldest["order_status"] == "partially_filled"
    assert (Decimal(oldest["cum_qty"]), Decimal(oldest["leaves_qty"])) == (100, 150)
    assert Decimal(oldest["price"]) == market.bar_at("MSFT", market.at(0, "09:30")).open
    stamps, uuids = zip(*(row["id"].split("::") for row in rows))
    assert len(set(uuids)) == 6 and all(is_uuid(value) for value in uuids)
    assert all(len(stamp) == 17 and stamp.startswith("20240702") for stamp in stamps)


def test_activities_are_filtered_and_paged(desk):
    desk.at("09:30")
    order = desk.buy("MSFT", 250)
    desk.step(3)
    desk.hold("AAPL", 1)
    get = desk.trading.get
    every = get("/account/activities")
    assert get("/account/activities", {"activity_types": "FILL"}) == every and len(every) == 4
    assert get("/account/activities", {"activity_types": "DIV"}) == []
    assert get("/account/activities", {"category": "non_trade_activity"}) == []
    assert get("/account/activities", {"category": "trade_activity"}) == every
    assert get("/account/activities", {"direction": "asc"}) == every[::-1]
    assert get("/account/activities", {"date": "2024-07-02"}) == every
    assert get("/account/activities", {"date": "2024-07-03"}) == []
    assert get("/account/activities", {"order_id": order["id"]}) == every[1:]
    after = {"after": market.text(market.at(0, "09:31"))}
    assert get("/account/activities", after) == every[:3]
    paged, token = [], None
    for _ in range(4):
        page = get("/account/activities", {"page_size": 1, **({"page_token": token} if token else {})})
        paged += page
        token = page[-1]["id"]
    assert paged == every
    assert get("/account/activities", {"page_token": token}) == []
    refused((400, 422), None, "", get, "/account/activities", {"page_size": 101})


def test_portfolio_history(desk):
    desk.at("09:30")
    desk.hold(qty=100)
    desk.at("16:00", day=2)
    history = desk.trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1M", timeframe="1D"))
    assert history.timeframe == "1D"
    assert len(history.timestamp) == len(history.equity) == len(history.profit_loss) == len(history.profit_loss_pct)
    closes = [market.closed_by("AAPL", market.at(day, clock))[-1].close
              for day, clock in ((0, "16:00"), (1, "13:00"), (2, "16:00"))]
    expected = [float(100_000 + 100 * (close - 100)) for close in closes]
    assert [round(value, 6) for value in history.equity[-3:]] == expected
    assert history.base_value == 100_000
    assert history.timestamp == sorted(history.timestamp)
    first = desk.trading.get_portfolio_history(GetPortfolioHistoryRequest(
        period="1M", timeframe="1D", date_end=market.DAYS[0]))
    assert [round(value, 6) for value in first.equity] == expected[:1], "up to that day, and with it"


def test_portfolio_history_within_a_day(desk):
    desk.at("09:30")
    desk.hold(qty=100)
    desk.at("10:30")
    raw = desk.trading.get("/account/portfolio/history", {"period": "1D", "timeframe": "5Min"})
    spans = {b - a for a, b in zip(raw["timestamp"], raw["timestamp"][1:])}
    assert spans == {300}
    last = market.closed_by("AAPL", market.at(0, "10:30"))[-1].close
    assert raw["equity"][-1] == float(100_000 + 100 * (last - 100))
    assert raw["timestamp"][-1] <= market.at(0, "10:30").timestamp()
    assert raw["cashflow"] == {} or isinstance(raw["cashflow"], dict)
    refused((400, 422), None, "", desk.trading.get, "/account/portfolio/history", {"timeframe": "7Min"})


def test_activities_tell_a_short_sale(desk):
    desk.at("09:30")
    desk.sell(qty=5)
    desk.step()
    [row] = desk.trading.get("/account/activities/FILL")
    assert row["side"] in ("sell", "sell_short") and Decimal(row["qty"]) == 5


def test_other_keys_are_refused(desk):
    other = Desk(desk.exchange, "AKNOBODY", "wrong")
    for call in (other.trading.get_account, other.trading.get_clock, other.trading.get_all_positions):
        assert "code" not in refused(401, None, "unauthorized", call)
    refused((401, 403), None, ("unauthorized", "forbidden"), other.raw_data.get, "/stocks/bars/latest",
            {"symbols": "AAPL"})
    without = requests.get(desk.exchange.url + "/v2/account", timeout=5)
    assert without.status_code == 401
    assert requests.post(desk.exchange.url + "/_control/reset", timeout=5).status_code == 401
    # On one connection, which goes on whatever was refused.
    for _ in range(20):
        assert other.send("POST", "/_control/step", {"bars": 1}).status_code == 401
        assert other.send("POST", "/v2/orders", {"symbol": "AAPL"}).status_code == 401
        assert other.send("GET", "/_control/state").status_code == 401
    assert desk.trading.get_clock().timestamp == market.at(0, "00:00"), "nothing has moved"


def test_fees_none_and_exact_cash(desk):
    desk.at("09:30")
    desk.hold(qty=7)
    desk.sell(qty=7)
    desk.step()
    first, second = (market.bar_at("AAPL", market.at(0, "09:30") + timedelta(minutes=minute)) for minute in (0, 1))
    assert desk.cash() == 100_000 + 7 * (second.open - first.open)
    assert desk.trading.get_all_positions() == [], "a flat position disappears"
