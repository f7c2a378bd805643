"""Assets, clock, calendar, watchlists, configurations: what the exchange shows without orders."""
from datetime import date, datetime, timedelta

from alpaca.trading.enums import AssetClass, AssetExchange, AssetStatus, TradeConfirmationEmail
from alpaca.trading.models import AccountConfiguration
from alpaca.trading.requests import (
    CreateWatchlistRequest, GetAssetsRequest, GetCalendarRequest, UpdateWatchlistRequest)

import market
from desk import is_uuid, refused


def test_assets(desk):
    assets = desk.trading.get_all_assets()
    assert sorted(asset.symbol for asset in assets) == sorted(market.SYMBOLS), "every symbol and the benchmark"
    for asset in assets:
        assert asset.asset_class is AssetClass.US_EQUITY and asset.status is AssetStatus.ACTIVE
        assert asset.tradable and asset.marginable and asset.shortable and asset.easy_to_borrow
        assert asset.fractionable and asset.name is not None
    raw = desk.trading.get("/assets")[0]
    assert raw["borrow_status"] == "easy_to_borrow" and isinstance(raw["attributes"], list)
    assert isinstance(raw["margin_requirement_long"], str) and isinstance(raw["margin_requirement_short"], str)


def test_assets_filtered(desk):
    count = len(market.SYMBOLS)
    every = desk.trading.get_all_assets(GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=AssetClass.US_EQUITY))
    assert len(every) == count
    assert desk.trading.get_all_assets(GetAssetsRequest(status=AssetStatus.INACTIVE)) == []
    assert desk.trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO)) == []
    by_exchange = sum(len(desk.trading.get_all_assets(GetAssetsRequest(exchange=name)))
                      for name in AssetExchange if name is not AssetExchange.EMPTY)
    assert by_exchange == count, "each asset is on one exchange"


def test_one_asset(desk):
    asset = desk.trading.get_asset("AAPL")
    assert asset.symbol == "AAPL"
    assert desk.trading.get_asset(asset.id) == asset, "by its id"
    assert desk.trading.get_asset(asset.id.hex) == asset, "without hyphens"
    refused(404, 40410000, "asset not found", desk.trading.get_asset, "NOPE")
    refused(404, 40410000, "asset not found", desk.trading.get_asset, "00000000-0000-4000-8000-000000000000")


def test_ids_depend_on_the_scenario_only(desk):
    def ids():
        return desk.trading.get_account().id, [asset.id for asset in desk.trading.get_all_assets()]
    before = ids()
    desk.hold()
    desk.reset()
    assert ids() == before


def test_clock(desk):
    clock = desk.trading.get_clock()
    assert clock.timestamp == market.at(0, "00:00"), "00:00 New York of the first session"
    assert not clock.is_open
    assert (clock.next_open, clock.next_close) == (market.at(0, "09:30"), market.at(0, "16:00"))
    raw = desk.trading.get("/clock")
    assert all(raw[name].endswith("-04:00") for name in ("timestamp", "next_open", "next_close")), raw
    desk.at("09:29:59")
    assert not desk.trading.get_clock().is_open
    opens = desk.at("09:30")
    clock = desk.trading.get_clock()
    assert clock.is_open and clock.timestamp == opens
    assert (clock.next_open, clock.next_close) == (market.at(1, "09:30"), market.at(0, "16:00"))
    desk.at("16:00")
    clock = desk.trading.get_clock()
    assert not clock.is_open and clock.next_close == market.at(1, "13:00"), "the next day is half a day"
    desk.at("13:00", day=1)
    clock = desk.trading.get_clock()
    assert not clock.is_open and clock.next_open == market.at(2, "09:30"), "the holiday is skipped"


def test_calendar(desk):
    days = desk.trading.get_calendar(GetCalendarRequest(start=date(2024, 7, 1), end=date(2024, 7, 8)))
    assert [day.date for day in days] == [date(2024, 7, day) for day in (1, 2, 3, 5, 8)]
    hours = {day.date: (day.open, day.close) for day in days}
    assert hours[date(2024, 7, 2)] == (datetime(2024, 7, 2, 9, 30), datetime(2024, 7, 2, 16, 0))
    assert hours[date(2024, 7, 3)] == (datetime(2024, 7, 3, 9, 30), datetime(2024, 7, 3, 13, 0))


def test_calendar_on_the_wire(desk):
    raw = desk.trading.get("/calendar", {"start": "2024-07-02", "end": "2024-07-03"})
    assert [(day["open"], day["close"]) for day in raw] == [("09:30", "16:00"), ("09:30", "13:00")]
    assert [(day["session_open"], day["session_close"]) for day in raw] == [("0400", "2000"), ("0400", "1700")]
    assert [day["settlement_date"] for day in raw] == ["2024-07-03", "2024-07-05"], "one session later"
    older = desk.trading.get("/calendar", {"start": "2024-05-24", "end": "2024-05-24"})[0]
    assert older["settlement_date"] == "2024-05-29", "two sessions later before 2024-05-28"
    refused(400, None, "", desk.trading.get, "/calendar", {"start": "2024-13-01"})
    refused(400, None, "", desk.trading.get, "/calendar", {"start": "2024-07-03", "end": "2024-07-02"})
    weekend = desk.trading.get_calendar(GetCalendarRequest(start=date(2024, 7, 6), end=date(2024, 7, 7)))
    assert weekend == []


def test_configurations(desk):
    found = desk.trading.get_account_configurations()
    assert found.fractional_trading and not found.suspend_trade and not found.no_shorting
    assert found.max_margin_multiplier in ("1", "2", "4")
    changed = found.model_copy(update={"no_shorting": True, "trade_confirm_email": TradeConfirmationEmail.NONE})
    # alpaca-py sends the whole object, with nulls for what was removed.
    assert desk.trading.set_account_configurations(changed) == changed
    assert desk.trading.get_account_configurations() == changed
    refused((400, 422), None, "", desk.trading.patch, "/account/configurations", {"max_margin_multiplier": "3"})
    assert desk.trading.get_account_configurations() == changed, "nothing changed"
    desk.reset()
    assert desk.trading.get_account_configurations() == found


def test_configurations_are_obeyed(desk):
    found = desk.trading.get_account_configurations()
    desk.at("09:30")

    def set_to(**changes):
        desk.trading.set_account_configurations(AccountConfiguration(**{**found.model_dump(), **changes}))
    set_to(suspend_trade=True)
    assert desk.trading.get_account().trade_suspended_by_user
    refused(403, 40310000, "new orders are rejected by user request", desk.buy)
    set_to(no_shorting=True)
    refused(403, 40310000, "account is not allowed to short", desk.sell)
    set_to()
    assert desk.buy()["symbol"] == "AAPL"


def test_watchlists(desk):
    assert desk.trading.get_watchlists() == []
    made = desk.trading.create_watchlist(CreateWatchlistRequest(name="of mine", symbols=["AAPL", "F"]))
    assert made.name == "of mine" and [asset.symbol for asset in made.assets] == ["AAPL", "F"]
    assert made.account_id == desk.trading.get_account().id
    assert [listed.id for listed in desk.trading.get_watchlists()] == [made.id]
    longer = desk.trading.add_asset_to_watchlist_by_id(made.id, "MSFT")
    assert [asset.symbol for asset in longer.assets] == ["AAPL", "F", "MSFT"]
    shorter = desk.trading.remove_asset_from_watchlist_by_id(made.id, "F")
    assert [asset.symbol for asset in shorter.assets] == ["AAPL", "MSFT"]
    renamed = desk.trading.update_watchlist_by_id(made.id, UpdateWatchlistRequest(name="yours", symbols=["TSLA"]))
    assert (renamed.name, [asset.symbol for asset in renamed.assets]) == ("yours", ["TSLA"])
    assert desk.trading.get_watchlist_by_id(made.id).assets == renamed.assets
    assert desk.trading.get(f"/watchlists/{made.id.hex}")["id"] == str(made.id)
    by_name = desk.trading.get("/watchlists:by_name", {"name": "yours"})
    assert by_name["id"] == str(made.id)
    desk.trading.delete_watchlist_by_id(made.id)
    refused(404, 40410000, "", desk.trading.get_watchlist_by_id, made.id)
    desk.trading.create_watchlist(CreateWatchlistRequest(name="gone", symbols=[]))
    desk.reset()
    assert desk.trading.get_watchlists() == []


def test_watchlists_refuse(desk):
    desk.trading.create_watchlist(CreateWatchlistRequest(name="one", symbols=["AAPL"]))
    refused((404, 422), None, "", desk.trading.create_watchlist,
            CreateWatchlistRequest(name="two", symbols=["NOPE"]))
    refused(422, None, "", desk.trading.create_watchlist, CreateWatchlistRequest(name="one", symbols=[]))
    assert len(desk.trading.get_watchlists()) == 1


def test_every_id_is_a_uuid(desk):
    order = desk.hold()
    account = desk.trading.get("/account")
    assert all(is_uuid(value) for value in (order["id"], order["asset_id"], account["id"], order["client_order_id"]))


def test_market_wide_clock(desk):
    raw = desk.send("GET", "/v3/clock?markets=XNYS")
    assert raw.status_code == 200, raw.text
    assert "closed" in raw.text
    assert desk.trading.get_clock().timestamp + timedelta(hours=9, minutes=30) == market.at(0, "09:30")
