//! Assets, clock, calendar, watchlists, corporate actions: every shape and every error.
use serde_json::json;

use super::Method;
use super::testing::{World, days_of, scenario, sessions_of, time};
use crate::domain::{Bar, SymbolIndex};
use crate::engine::MarketAction;
use crate::market::Calendar;

fn two_shares() -> World {
    let loaded = scenario("1m", "", r#""MSFT", "AAPL""#);
    let bars = sessions_of("2013-10-07", "2013-10-08", 1);
    World::new(&loaded, vec![bars.clone(), bars], Vec::new())
}

#[test]
fn assets_are_the_symbols_of_the_scenario() {
    let mut world = two_shares();
    let all = world.got("/v2/assets");
    assert_eq!(all.as_array().expect("list").len(), 2);
    let own = world.got("/v2/assets/AAPL");
    assert_eq!(own, all[1]);
    let id = own["id"].as_str().expect("id").to_owned();
    let wanted = json!({
        "id": id, "class": "us_equity", "exchange": "NASDAQ", "symbol": "AAPL", "name": "AAPL", "cusip": null,
        "status": "active", "tradable": true, "marginable": true, "shortable": true, "easy_to_borrow": true,
        "borrow_status": "easy_to_borrow", "fractionable": true, "maintenance_margin_requirement": 30,
        "margin_requirement_long": "30", "margin_requirement_short": "30", "attributes": [],
    });
    assert_eq!(own, wanted);
    for name in [id.as_str(), "AAPL:NASDAQ", "AAPL:NASDAQ:us_equity", "AAPL%3ANASDAQ"] {
        assert_eq!(world.got(&format!("/v2/assets/{name}")), own, "{name}");
    }
    // The id of an asset depends on the scenario only.
    assert_eq!(two_shares().got("/v2/assets/AAPL")["id"], json!(id));
    assert_ne!(world.got("/v2/assets/MSFT")["id"], json!(id));
}

#[test]
fn assets_are_filtered() {
    let mut world = two_shares();
    for (query, count) in [
        ("status=active", 2),
        ("status=all", 2),
        ("status=inactive", 0),
        ("asset_class=us_equity&exchange=NASDAQ", 2),
        ("asset_class=crypto", 0),
        ("exchange=NYSE", 0),
        ("attributes=has_options,ipo", 0),
    ] {
        let found = world.got(&format!("/v2/assets?{query}"));
        assert_eq!(found.as_array().expect("list").len(), count, "{query}");
    }
    for (query, message) in [
        ("status=open", "invalid status: open"),
        ("asset_class=bond", "invalid asset_class: bond"),
        ("exchange=LSE", "invalid exchange: LSE"),
    ] {
        assert_eq!(world.refused(422, &format!("/v2/assets?{query}")), message);
    }
    for name in ["XYZ", "aapl", "AAPL:LSE", "AAPL:NASDAQ:crypto", "AAPL:NASDAQ:us_equity:1"] {
        let (status, body) = world.get(&format!("/v2/assets/{name}"));
        let wanted = json!({ "code": 40_410_000, "message": format!("asset not found for {name}") });
        assert_eq!((status, body), (404, wanted));
    }
}

#[test]
fn a_delisted_share_is_inactive_from_its_day_on() {
    let gone = MarketAction::Delisting { symbol: SymbolIndex(0), name: "AAPL".parse().expect("symbol"), amount: None };
    let loaded = scenario("1d", "", r#""AAPL""#);
    let actions = vec![(time("2013-10-09"), gone)];
    let mut world = World::new(&loaded, vec![days_of("2013-10-07", "2013-10-10")], actions);
    world.until("2013-10-09T03:59:59Z");
    assert_eq!(world.got("/v2/assets?status=active").as_array().expect("list").len(), 1);
    world.until("2013-10-09T04:00:00Z");
    let shown = world.got("/v2/assets/AAPL");
    assert_eq!((&shown["status"], &shown["tradable"]), (&json!("inactive"), &json!(false)));
    assert_eq!(world.got("/v2/assets?status=active"), json!([]));
}

#[test]
fn the_clock_stands_in_new_york() {
    let mut world = World::of_minutes("2013-11-27", "2013-11-29");
    let clock = |timestamp: &str, is_open: bool, next_open: &str, next_close: &str| {
        let (timestamp, next_open, next_close) =
            (format!("{timestamp}-05:00"), format!("{next_open}-05:00"), format!("{next_close}-05:00"));
        json!({ "timestamp": timestamp, "is_open": is_open, "next_open": next_open, "next_close": next_close })
    };
    let (first, second) = ("2013-11-27T09:30:00", "2013-11-29T09:30:00");
    assert_eq!(world.got("/v2/clock"), clock("2013-11-27T00:00:00", false, first, "2013-11-27T16:00:00"));
    world.until("2013-11-27T14:30:00Z");
    assert_eq!(world.got("/v2/clock"), clock(first, true, second, "2013-11-27T16:00:00"));
    // Thanksgiving lies between, and the day after it is a half day.
    world.until("2013-11-27T21:00:00Z");
    assert_eq!(world.got("/v2/clock"), clock("2013-11-27T16:00:00", false, second, "2013-11-29T13:00:00"));
    world.until("2013-11-29T17:59:59.5Z");
    let open = world.got("/v2/clock");
    assert_eq!(open, clock("2013-11-29T12:59:59.5", true, "2013-12-02T09:30:00", "2013-11-29T13:00:00"));
    // Behind the data the calendar goes on and the market stays shut.
    world.until("2013-12-03T15:00:00Z");
    let after = world.got("/v2/clock");
    assert_eq!(after, clock("2013-12-03T10:00:00", false, "2013-12-04T09:30:00", "2013-12-04T16:00:00"));
}

#[test]
fn the_clock_knows_its_phase() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-08");
    for (until, phase, phase_until, is_today) in [
        ("2013-10-07T04:00:00Z", "closed", "2013-10-07T04:00:00-04:00", true),
        ("2013-10-07T08:00:00Z", "pre", "2013-10-07T09:30:00-04:00", true),
        ("2013-10-07T13:30:00Z", "core", "2013-10-07T16:00:00-04:00", true),
        ("2013-10-07T20:00:00Z", "post", "2013-10-07T20:00:00-04:00", true),
        ("2013-10-08T00:00:00Z", "closed", "2013-10-08T04:00:00-04:00", true),
        ("2013-10-09T03:59:59Z", "closed", "2013-10-09T04:00:00-04:00", true),
        ("2013-10-09T04:00:00Z", "closed", "2013-10-09T04:00:00-04:00", false),
    ] {
        world.until(until);
        let clocks = world.got("/v3/clock?markets=NYSE");
        assert_eq!(clocks["clocks"].as_array().expect("list").len(), 1);
        let own = &clocks["clocks"][0];
        let found = (&own["phase"], &own["phase_until"], &own["is_market_day"]);
        assert_eq!(found, (&json!(phase), &json!(phase_until), &json!(is_today)), "{until}");
        assert_eq!(own["market"]["mic"], "XNYS");
    }
    assert_eq!(world.got("/v3/clock")["clocks"].as_array().expect("list").len(), 3);
    assert_eq!(world.got("/v3/clock?markets=XNAS")["clocks"][0]["market"]["acronym"], "NASDAQ");
    assert_eq!(world.refused(400, "/v3/clock?markets=NYSE,LSE"), "invalid market: LSE");
}

#[test]
fn the_calendar_has_half_days_and_settlement() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    let days = world.got("/v2/calendar?start=2013-11-27&end=2013-11-30");
    let day = |date: &str, close: &str, session_close: &str, settles: &str| {
        json!({
            "date": date, "open": "09:30", "close": close, "session_open": "0400", "session_close": session_close,
            "settlement_date": settles,
        })
    };
    // Three days at that time, over Thanksgiving.
    let wednesday = day("2013-11-27", "16:00", "2000", "2013-12-03");
    assert_eq!(days, json!([wednesday, day("2013-11-29", "13:00", "1700", "2013-12-04")]));
    let settled = |world: &mut World, date: &str| {
        world.got(&format!("/v2/calendar?start={date}&end={date}"))[0]["settlement_date"].clone()
    };
    assert_eq!(settled(&mut world, "2017-09-05"), "2017-09-07");
    assert_eq!(settled(&mut world, "2024-05-28"), "2024-05-29");
    let by_settlement = world.got("/v2/calendar?start=2013-12-03&end=2013-12-03&date_type=SETTLEMENT");
    assert_eq!(by_settlement, json!([wednesday]));
    assert_eq!(world.got("/v2/calendar?start=2013-11-27T00:00:00&end=2013-11-27")[0], wednesday);
}

#[test]
fn the_calendar_ends_where_alpacas_does() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    let all = world.got("/v2/calendar");
    let all = all.as_array().expect("list");
    assert_eq!((&all[0]["date"], &all[all.len() - 1]["date"]), (&json!("1970-01-02"), &json!("2029-12-31")));
    assert_eq!(world.got("/v2/calendar?start=2031-01-01&end=2031-12-31"), json!([]));
    assert_eq!(world.refused(400, "/v2/calendar?start=2013-11-27&end=2013-11-26"), "start must not be after end");
    assert!(world.refused(400, "/v2/calendar?start=yesterday").starts_with("invalid start: yesterday"));
    assert!(world.refused(400, "/v2/calendar?end=2013-02-30").starts_with("invalid end: 2013-02-30"));
    assert_eq!(world.refused(400, "/v2/calendar?date_type=HOLIDAY"), "invalid date_type: HOLIDAY");
}

#[test]
fn dates_the_calendar_does_not_know_are_told_when_they_come() {
    // Washington's birthday, a holiday: the data know better.
    let days: Vec<Bar> = ["1985-02-18", "1985-02-19"].map(|date| super::testing::wandering(time(date), 1)).to_vec();
    let mut world = World::new(&scenario("1d", "", r#""AAPL""#), vec![days], Vec::new());
    let told = |world: &mut World, date: &str| world.got(&format!("/v2/calendar?start={date}&end={date}"));
    assert_eq!(told(&mut world, "1987-07-03"), json!([]));
    world.until("1985-02-18T12:00:00Z");
    let wanted = json!([{
        "date": "1985-02-18", "open": "09:30", "close": "16:00", "session_open": "0930", "session_close": "1600",
        "settlement_date": "1985-02-25",
    }]);
    assert_eq!(told(&mut world, "1985-02-18"), wanted);
    assert_eq!(world.got("/v2/clock")["next_open"], "1985-02-18T09:30:00-05:00");
    world.until("1985-02-20T12:00:00Z");
    // Behind the data any weekday may be a session.
    assert_eq!(world.got("/v2/clock")["next_open"], "1985-02-21T09:30:00-05:00");
}

#[test]
fn the_calendar_of_a_market_has_every_part_of_its_days() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    let calendar = world.got("/v3/calendar/XNYS?start=2013-11-28&end=2013-11-29");
    let friday = json!({
        "date": "2013-11-29", "pre_start": "2013-11-29T04:00:00-05:00", "pre_end": "2013-11-29T09:30:00-05:00",
        "core_start": "2013-11-29T09:30:00-05:00", "core_end": "2013-11-29T13:00:00-05:00",
        "post_start": "2013-11-29T13:00:00-05:00", "post_end": "2013-11-29T17:00:00-05:00",
        "settlement_date": "2013-12-04",
    });
    assert_eq!(calendar["calendar"], json!([friday]));
    assert_eq!((&calendar["market"]["mic"], &calendar["market"]["acronym"]), (&json!("XNYS"), &json!("NYSE")));
    let week = world.got("/v3/calendar/NASDAQ?timezone=UTC");
    let week = week["calendar"].as_array().expect("list");
    let (first, last) = (&week[0], &week[week.len() - 1]);
    assert_eq!((&first["date"], &first["core_start"]), (&json!("2013-10-07"), &json!("2013-10-07T13:30:00Z")));
    assert_eq!((&last["date"], week.len()), (&json!("2013-10-14"), 6));
    assert_eq!(world.refused(400, "/v3/calendar/LSE"), "invalid market: LSE");
    assert_eq!(world.refused(400, "/v3/calendar/NYSE?start=2013-11-28&end=2013-11-27"), "start must not be after end");
    assert!(world.refused(400, "/v3/calendar/NYSE?timezone=CET").starts_with("invalid timezone: CET"));
}

#[test]
fn round_the_clock_every_day_is_a_session() {
    let bars: Vec<Bar> = (0..48)
        .map(|hour| super::testing::wandering(time("2024-01-06").plus_ns(hour * 3_600_000_000_000), hour))
        .collect();
    let loaded = scenario("1h", "calendar = \"24/7\"", r#""BTC/USD""#);
    let mut world = World::new(&loaded, vec![bars], Vec::new());
    world.until("2024-01-06T10:00:00Z");
    let wanted = json!({
        "timestamp": "2024-01-06T05:00:00-05:00", "is_open": true, "next_open": "2024-01-06T19:00:00-05:00",
        "next_close": "2024-01-06T19:00:00-05:00",
    });
    assert_eq!(world.got("/v2/clock"), wanted);
    let day = world.got("/v2/calendar?start=2024-01-06&end=2024-01-06");
    assert_eq!((&day[0]["open"], &day[0]["close"]), (&json!("00:00"), &json!("23:59")));
    assert_eq!(world.got("/v2/assets/BTC%2FUSD")["symbol"], "BTC/USD");
    assert_eq!(Calendar::always_open(), world.tape.calendar());
}

#[test]
fn watchlists_are_kept_by_id_and_by_name() {
    let mut world = two_shares();
    let made = world.send(Method::Post, "/v2/watchlists", "", r#"{"name": "my list", "symbols": ["AAPL", "AAPL"]}"#);
    let (status, list) = made.expect("a route");
    assert_eq!(status, 200);
    let id = list["id"].as_str().expect("id").to_owned();
    assert_eq!(list["created_at"], "2013-10-07T04:00:00Z");
    assert_eq!(list["assets"].as_array().expect("list").len(), 1);
    let account = super::ids::account_id("small");
    let head = json!([{
        "id": id, "account_id": account, "name": "my list", "created_at": "2013-10-07T04:00:00Z",
        "updated_at": "2013-10-07T04:00:00Z",
    }]);
    assert_eq!(world.got("/v2/watchlists"), head);
    assert_eq!(world.got(&format!("/v2/watchlists/{id}")), list);
    assert_eq!(world.got("/v2/watchlists:by_name?name=my+list"), list);

    world.until("2013-10-07T14:00:00Z");
    let by_name = |world: &mut World, method, body: &str| {
        world.send(method, "/v2/watchlists:by_name", "name=my%20list", body).expect("a route")
    };
    let (status, grown) = by_name(&mut world, Method::Post, r#"{"symbol": "MSFT"}"#);
    assert_eq!((status, &grown["updated_at"]), (200, &json!("2013-10-07T14:00:00Z")));
    let symbols = |list: &serde_json::Value| {
        let assets = list["assets"].as_array().expect("list").iter();
        assets.map(|asset| asset["symbol"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(symbols(&grown), ["AAPL", "MSFT"]);
    assert_eq!(by_name(&mut world, Method::Post, r#"{"symbol": "MSFT"}"#).0, 422);
    let (status, less) = world.send(Method::Delete, &format!("/v2/watchlists/{id}/AAPL"), "", "").expect("a route");
    assert_eq!((status, symbols(&less)), (200, vec!["MSFT".to_owned()]));
    let path = "/v2/watchlists:by_name/MSFT";
    assert_eq!(world.send(Method::Delete, path, "name=my list", "").expect("a route").0, 200);
    assert_eq!(world.send(Method::Delete, path, "name=my list", "").expect("a route").0, 404);
    let (_, renamed) = by_name(&mut world, Method::Put, r#"{"name": "yours", "symbols": ["MSFT"]}"#);
    assert_eq!((&renamed["name"], symbols(&renamed)), (&json!("yours"), vec!["MSFT".to_owned()]));
    let path = format!("/v2/watchlists/{id}");
    let (_, kept) = world.send(Method::Put, &path, "", r#"{"name": "yours"}"#).expect("a route");
    assert_eq!(symbols(&kept), ["MSFT"]);
    assert_eq!(world.send(Method::Delete, &path, "", ""), Some((204, serde_json::Value::Null)));
    assert_eq!(world.got("/v2/watchlists"), json!([]));
}

#[test]
fn what_a_watchlist_cannot_be_is_refused() {
    let mut world = two_shares();
    let mut post = |path: &str, body: &str| world.send(Method::Post, path, "name=a", body).expect("a route");
    assert_eq!(post("/v2/watchlists", r#"{"name": "a"}"#).0, 200);
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(65));
    for (path, body, status, code) in [
        ("/v2/watchlists", r#"{"name": "a"}"#, 422, 42_210_000),
        ("/v2/watchlists", r#"{"symbols": ["AAPL"]}"#, 422, 40_010_001),
        ("/v2/watchlists", long.as_str(), 422, 40_010_001),
        ("/v2/watchlists", r#"{"name": "b", "symbols": "AAPL"}"#, 422, 40_010_001),
        ("/v2/watchlists", r#"{"name": "b", "symbols": ["XYZ"]}"#, 404, 40_410_000),
        ("/v2/watchlists", "[]", 400, 40_010_001),
        ("/v2/watchlists/none", r#"{"symbol": "AAPL"}"#, 404, 40_410_000),
        ("/v2/watchlists:by_name", r#"{"symbol": "XYZ"}"#, 404, 40_410_000),
        ("/v2/watchlists:by_name", "{}", 422, 40_010_001),
    ] {
        let (found, answer) = post(path, body);
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{path} {body}: {answer}");
    }
    assert_eq!(world.refused(404, "/v2/watchlists:by_name?name=b"), "watchlist not found");
    assert_eq!(world.refused(404, "/v2/watchlists/none"), "watchlist not found");
    let deleted = world.send(Method::Delete, "/v2/watchlists/none/AAPL", "", "").expect("a route");
    assert_eq!(deleted.0, 404);
}

#[test]
fn configurations_have_their_route() {
    let mut world = two_shares();
    let path = "/v2/account/configurations";
    assert_eq!(world.got(path)["suspend_trade"], json!(false));
    let changed = world.send(Method::Patch, path, "", r#"{"suspend_trade": true}"#).expect("a route");
    assert_eq!(changed.0, 200);
    assert!(world.reading.configurations.suspend_trade);
    assert_eq!(world.got(path)["suspend_trade"], json!(true));
}

#[test]
fn other_routes_are_others() {
    let mut world = two_shares();
    for (method, path) in [
        (Method::Get, "/v2/orders"),
        (Method::Post, "/v2/clock"),
        (Method::Get, "/v2"),
        (Method::Get, "/v2/stocks"),
        (Method::Get, "/v2/stocks/AAPL/news"),
        (Method::Get, "/v2/stocks/AAPL/auctions/latest"),
        (Method::Patch, "/v2/watchlists"),
        (Method::Get, "/"),
    ] {
        assert_eq!(world.send(method, path, "", ""), None, "{path}");
    }
}

fn with_actions() -> World {
    let gone = MarketAction::Delisting {
        symbol: SymbolIndex(0),
        name: "AAPL".parse().expect("symbol"),
        amount: Some("12.5".parse().expect("price")),
    };
    let actions = vec![
        World::dividend("2013-10-08", "0.5"),
        World::split("2013-10-09", "7"),
        World::split("2013-10-10", "0.05"),
        (time("2013-10-11"), gone),
    ];
    World::new(&scenario("1d", "", r#""AAPL""#), vec![days_of("2013-10-07", "2013-10-11")], actions)
}

#[test]
fn corporate_actions_are_told_from_their_day_on() {
    let mut world = with_actions();
    let all = "/v1/corporate-actions?start=2013-01-01&end=2014-01-01";
    world.until("2013-10-08T03:59:59Z");
    assert_eq!(world.got(all), json!({ "corporate_actions": {}, "next_page_token": null }));
    world.until("2013-10-08T04:00:00Z");
    let told = world.got(all);
    let dividend = &told["corporate_actions"]["cash_dividends"][0];
    let id = dividend["id"].clone();
    let wanted = json!({
        "id": id, "symbol": "AAPL", "cusip": "", "rate": 0.5, "special": false, "foreign": false,
        "process_date": "2013-10-08", "ex_date": "2013-10-08", "record_date": "2013-10-08",
        "payable_date": "2013-10-08",
    });
    assert_eq!(dividend, &wanted);
    world.until("2013-10-11T12:00:00Z");
    let told = world.got(all)["corporate_actions"].clone();
    assert_eq!(told["forward_splits"][0]["new_rate"], json!(7.0));
    assert_eq!(told["forward_splits"][0]["old_rate"], json!(1.0));
    let reverse = &told["reverse_splits"][0];
    assert_eq!((&reverse["new_rate"], &reverse["old_rate"]), (&json!(1.0), &json!(20.0)));
    assert_eq!(told["cash_mergers"][0]["rate"], json!(12.5));
    assert_eq!(told["cash_mergers"][0]["acquiree_symbol"], "AAPL");
    // By default those of today.
    let today = world.got("/v1/corporate-actions")["corporate_actions"].clone();
    assert_eq!(today.as_object().expect("object").keys().collect::<Vec<_>>(), ["cash_mergers"]);
    let by_id = world.got(&format!("/v1/corporate-actions?ids={}", id.as_str().expect("id")));
    assert_eq!(by_id["corporate_actions"]["cash_dividends"][0], wanted);
}

#[test]
fn corporate_actions_are_filtered_and_paged() {
    let mut world = with_actions();
    world.until("2013-10-11T12:00:00Z");
    let range = "/v1/corporate-actions?start=2013-10-07&end=2013-10-11";
    let types = |world: &mut World, more: &str| {
        let told = world.got(&format!("{range}{more}"))["corporate_actions"].clone();
        told.as_object().expect("object").keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(types(&mut world, ""), "cash_dividends cash_mergers forward_splits reverse_splits");
    assert_eq!(types(&mut world, "&types=forward_split,cash_dividend"), "cash_dividends forward_splits");
    assert_eq!(types(&mut world, "&symbols=AAPL,MSFT&region=us"), types(&mut world, ""));
    for none in ["&symbols=MSFT", "&cusips=037833100", "&region=ca", "&types=spin_off"] {
        assert_eq!(types(&mut world, none), "", "{none}");
    }
    // One a page, forwards and backwards.
    for (sort, wanted) in [
        ("asc", ["cash_dividends", "forward_splits", "reverse_splits", "cash_mergers"]),
        ("desc", ["cash_mergers", "reverse_splits", "forward_splits", "cash_dividends"]),
    ] {
        let mut token = String::new();
        for (number, kind) in wanted.into_iter().enumerate() {
            let page = world.got(&format!("{range}&limit=1&sort={sort}{token}"));
            assert!(page["corporate_actions"][kind].is_array(), "{page}");
            token = page["next_page_token"].as_str().map_or(String::new(), |next| format!("&page_token={next}"));
            assert_eq!(token.is_empty(), number == 3);
        }
    }
    for (query, message) in [
        ("?limit=1001", "invalid limit: larger than the allowed maximum of 1000"),
        ("?limit=0", "invalid limit: 0"),
        ("?types=merger", "invalid types: merger"),
        ("?region=eu", "invalid region: eu"),
        ("?sort=up", "invalid sort: up"),
        ("?start=now", "invalid start: now"),
        ("?start=2013-10-11&end=2013-10-10", "end should not be before start"),
        ("?page_token=x", "invalid page_token"),
        ("?ids=a&symbols=AAPL", "ids cannot be used together with symbols"),
    ] {
        assert_eq!(world.refused(400, &format!("/v1/corporate-actions{query}")), message);
    }
}

#[test]
fn announcements_tell_the_same_actions() {
    let mut world = with_actions();
    world.until("2013-10-10T12:00:00Z");
    let path = "/v2/corporate_actions/announcements";
    let all = world.got(&format!("{path}?ca_types=dividend,split,merger&since=2013-10-01&until=2013-10-31"));
    let kinds: Vec<&str> =
        all.as_array().expect("list").iter().map(|one| one["ca_sub_type"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["cash", "stock_split", "reverse_split"]);
    let id = all[0]["id"].as_str().expect("id");
    let wanted = json!({
        "id": id, "corporate_action_id": id, "ca_type": "dividend", "ca_sub_type": "cash",
        "initiating_symbol": "AAPL", "initiating_original_cusip": "", "target_symbol": "AAPL",
        "target_original_cusip": "", "declaration_date": null, "ex_date": "2013-10-08", "record_date": "2013-10-08",
        "payable_date": "2013-10-08", "cash": "0.5", "old_rate": "1", "new_rate": "1",
    });
    assert_eq!(all[0], wanted);
    let newer = world.got("/v1/corporate-actions?start=2013-10-08&end=2013-10-08");
    assert_eq!(newer["corporate_actions"]["cash_dividends"][0]["id"], json!(id));
    assert_eq!(world.got(&format!("{path}/{id}")), wanted);
    assert_eq!(world.refused(404, &format!("{path}/none")), "announcement not found for none");
    let range = "since=2013-10-01&until=2013-10-31";
    for none in ["ca_types=split&symbol=MSFT", "ca_types=spinoff", "ca_types=split&cusip=037833100"] {
        assert_eq!(world.got(&format!("{path}?{none}&{range}")), json!([]), "{none}");
    }
    for (query, message) in [
        (range, "ca_types is required"),
        ("ca_types=bonus&since=2013-10-01&until=2013-10-31", "invalid ca_types: bonus"),
        ("ca_types=split&until=2013-10-31", "since is required"),
        ("ca_types=split&since=2013-10-01&until=soon", "invalid until: soon"),
        ("ca_types=split&since=2013-10-01&until=2014-01-01", "until must be 0 to 90 days after since"),
        ("ca_types=split&since=2013-10-01&until=2013-10-31&date_type=day", "invalid date_type: day"),
    ] {
        assert_eq!(world.refused(422, &format!("{path}?{query}")), message);
    }
}
