//! Market data over REST: every shape, every default, every error, pages.
use serde_json::{Value, json};

use super::super::testing::{World, bar, days_of, scenario, sessions_of, time};
use crate::domain::Timestamp;

/// The stamps of the bars, trades or quotes of a share.
fn stamps(points: &Value) -> Vec<&str> {
    points.as_array().expect("list").iter().map(|point| point["t"].as_str().expect("time")).collect()
}

#[test]
fn bars_have_alpacas_shape() {
    let loaded = scenario("1m", "", r#""AAPL""#);
    let first = bar(time("2013-10-07T13:30:00Z"), [10_000, 10_100, 9_950, 10_050], 2);
    let second = bar(time("2013-10-07T13:31:00Z"), [10_050, 10_050, 10_050, 10_050], 0);
    let mut world = World::new(&loaded, vec![vec![first, second]], Vec::new());
    world.until("2013-10-07T13:32:00Z");
    let shown = world.got("/v2/stocks/bars?symbols=AAPL&timeframe=1Min");
    let wanted = json!([
        { "o": 100, "h": 101, "l": 99.5, "c": 100.5, "v": 2, "n": 2, "vw": 100.25, "t": "2013-10-07T13:30:00Z" },
        { "o": 100.5, "h": 100.5, "l": 100.5, "c": 100.5, "v": 0, "n": 0, "vw": 100.5, "t": "2013-10-07T13:31:00Z" },
    ]);
    assert_eq!(shown, json!({ "bars": { "AAPL": wanted }, "next_page_token": null }));
    let single = world.got("/v2/stocks/AAPL/bars?timeframe=1Min");
    assert_eq!(single, json!({ "symbol": "AAPL", "bars": wanted, "next_page_token": null }));
    let latest = world.got("/v2/stocks/bars/latest?symbols=AAPL");
    assert_eq!(latest, json!({ "bars": { "AAPL": wanted[1] } }));
    assert_eq!(world.got("/v2/stocks/AAPL/bars/latest"), json!({ "symbol": "AAPL", "bar": wanted[1] }));
}

#[test]
fn trades_and_quotes_have_alpacas_shape() {
    let loaded = scenario("1m", "", r#""AAPL""#);
    let only = bar(time("2013-10-07T13:30:00Z"), [10_000, 10_000, 10_000, 10_000], 2);
    let mut world = World::new(&loaded, vec![vec![only]], Vec::new());
    world.until("2013-10-07T13:31:00Z");
    let trade = |id: u64, at: &str| json!({ "i": id, "x": "V", "p": 100, "s": 1, "c": ["@"], "t": format!("2013-10-07T13:30:{at}Z"), "z": "C" });
    let trades = json!([trade(1, "00"), trade(2, "59.999")]);
    let shown = world.got("/v2/stocks/trades?symbols=AAPL");
    assert_eq!(shown, json!({ "trades": { "AAPL": trades }, "next_page_token": null }));
    let single = world.got("/v2/stocks/AAPL/trades?sort=desc&limit=1");
    assert_eq!((&single["symbol"], &single["trades"]), (&json!("AAPL"), &json!([trades[1]])));
    assert!(single["next_page_token"].is_string());
    assert_eq!(world.got("/v2/stocks/AAPL/trades/latest"), json!({ "symbol": "AAPL", "trade": trades[1] }));
    assert_eq!(world.got("/v2/stocks/trades/latest?symbols=AAPL"), json!({ "trades": { "AAPL": trades[1] } }));
    let quote = json!({
        "ax": "V", "ap": 100.01, "as": 100, "bx": "V", "bp": 99.99, "bs": 100, "c": ["R"],
        "t": "2013-10-07T13:30:59.999Z", "z": "C",
    });
    assert_eq!(world.got("/v2/stocks/quotes?symbols=AAPL")["quotes"]["AAPL"][1], quote);
    assert_eq!(world.got("/v2/stocks/AAPL/quotes")["quotes"].as_array().expect("list").len(), 2);
    assert_eq!(world.got("/v2/stocks/quotes/latest?symbols=AAPL"), json!({ "quotes": { "AAPL": quote } }));
    assert_eq!(world.got("/v2/stocks/AAPL/quotes/latest"), json!({ "symbol": "AAPL", "quote": quote }));
}

#[test]
fn an_open_is_all_that_is_known_of_a_bar_that_goes_on() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    world.until("2013-10-07T13:30:30Z");
    assert_eq!(world.got("/v2/stocks/bars?symbols=AAPL&timeframe=1Min")["bars"], json!({}));
    assert_eq!(world.got("/v2/stocks/bars/latest?symbols=AAPL"), json!({ "bars": {} }));
    let trades = world.got("/v2/stocks/AAPL/trades");
    assert_eq!(stamps(&trades["trades"]), ["2013-10-07T13:30:00Z"]);
    assert_eq!(trades["trades"][0]["p"], 100);
    // The size says nothing about the volume.
    assert_eq!(trades["trades"][0]["s"], 1);
    let snapshot = world.got("/v2/stocks/snapshots?symbols=AAPL");
    let parts: Vec<&String> = snapshot["AAPL"].as_object().expect("object").keys().collect();
    assert_eq!(parts, ["latestTrade", "latestQuote"]);
    world.until("2013-10-07T13:31:00Z");
    let after = world.got("/v2/stocks/AAPL/trades");
    assert_eq!(after["trades"][0], trades["trades"][0], "what was said stays");
    assert!(after["trades"].as_array().expect("list").len() >= 4);
}

#[test]
fn before_the_first_bar_there_is_nothing() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    world.until("2013-10-07T13:30:00Z");
    for (path, key) in [("bars", "bar"), ("trades", "trade"), ("quotes", "quote")] {
        assert_eq!(world.got(&format!("/v2/stocks/{path}/latest?symbols=AAPL"))[path], json!({}));
        let message = world.refused(404, &format!("/v2/stocks/AAPL/{path}/latest"));
        assert_eq!(message, format!("no {key} found for AAPL"));
        let timeframe = if path == "bars" { "?timeframe=1Min" } else { "" };
        assert_eq!(world.got(&format!("/v2/stocks/AAPL/{path}{timeframe}"))[path], json!([]));
    }
    assert_eq!(world.got("/v2/stocks/snapshots?symbols=AAPL"), json!({}));
    assert_eq!(world.refused(404, "/v2/stocks/AAPL/snapshot"), "no snapshot found for AAPL");
    assert_eq!(world.got("/v2/stocks/AAPL/auctions")["auctions"], json!([]));
}

#[test]
fn a_snapshot_holds_the_latest_of_everything() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-08");
    world.until("2013-10-08T14:00:30Z");
    let own = world.got("/v2/stocks/AAPL/snapshot");
    assert_eq!(world.got("/v2/stocks/snapshots?symbols=AAPL,NONE")["AAPL"]["dailyBar"], own["dailyBar"]);
    assert_eq!(own["symbol"], "AAPL");
    assert_eq!(own["latestTrade"]["t"], "2013-10-08T14:00:00Z");
    assert_eq!(own["latestQuote"]["t"], "2013-10-08T14:00:00Z");
    assert_eq!(own["minuteBar"]["t"], "2013-10-08T13:59:00Z");
    assert_eq!(own["dailyBar"]["t"], "2013-10-08T04:00:00Z");
    let days = world.got("/v2/stocks/AAPL/bars?timeframe=1Day&start=2013-10-07");
    assert_eq!(json!([own["prevDailyBar"], own["dailyBar"]]), days["bars"]);
    // Daily data have no minutes.
    let mut world = World::of_days("2013-10-07", "2013-10-09");
    world.until("2013-10-08T20:00:00Z");
    let own = world.got("/v2/stocks/AAPL/snapshot");
    assert_eq!((&own["minuteBar"], &own["dailyBar"]["t"]), (&Value::Null, &json!("2013-10-08T04:00:00Z")));
    assert_eq!(own["prevDailyBar"]["t"], "2013-10-07T04:00:00Z");
}

#[test]
fn the_range_is_inclusive_and_today_by_default() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-08");
    world.until("2013-10-08T13:33:00Z");
    let mut get = |query: &str| {
        let shown = world.got(&format!("/v2/stocks/AAPL/bars?timeframe=1Min{query}"));
        stamps(&shown["bars"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let minutes = ["2013-10-08T13:30:00Z", "2013-10-08T13:31:00Z", "2013-10-08T13:32:00Z"];
    assert_eq!(get(""), minutes);
    assert_eq!(get("&start=2013-10-08T13:31:00Z&end=2013-10-08T13:31:00Z"), minutes[1..2]);
    assert_eq!(get("&start=2013-10-08T09:31:00-04:00&end=2013-10-08T13:31:59Z"), minutes[1..2]);
    // As alpaca-py sends it, encoded and not.
    assert_eq!(get("&start=2013-10-08T13%3A32%3A00%2B00%3A00"), minutes[2..]);
    assert_eq!(get("&start=2013-10-08T13:32:00+00:00"), minutes[2..]);
    assert_eq!(get("&sort=desc&limit=2"), [minutes[2], minutes[1]]);
    assert_eq!(get("&start=2013-10-07&end=2013-10-07").len(), 390);
    assert_eq!(get("&start=2013-10-07&limit=10000").len(), 393);
    // The clock is the end of everything.
    assert_eq!(get("&end=2030-01-01"), minutes);
    assert!(get("&start=2013-10-09").is_empty());
}

#[test]
fn timeframes_are_gathered_from_the_data_upward() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-11");
    world.until("2013-10-12T00:00:00Z");
    let mut get = |timeframe: &str| {
        let query = format!("/v2/stocks/AAPL/bars?start=2013-10-01&limit=10000&timeframe={timeframe}");
        world.got(&query)["bars"].as_array().expect("list").clone()
    };
    for (timeframe, count, first) in [
        ("1Min", 1_950, "2013-10-07T13:30:00Z"),
        ("5T", 390, "2013-10-07T13:30:00Z"),
        ("1Hour", 35, "2013-10-07T13:00:00Z"),
        ("2H", 20, "2013-10-07T12:00:00Z"),
        ("1Day", 5, "2013-10-07T04:00:00Z"),
        ("1Week", 1, "2013-10-07T04:00:00Z"),
        ("1Month", 1, "2013-10-01T04:00:00Z"),
    ] {
        let bars = get(timeframe);
        assert_eq!((bars.len(), &bars[0]["t"]), (count, &json!(first)), "{timeframe}");
        let sum = |key: &str| bars.iter().map(|bar| bar[key].as_u64().expect("whole")).sum::<u64>();
        let minutes = get("1Min");
        let all = |key: &str| minutes.iter().map(|bar| bar[key].as_u64().expect("whole")).sum::<u64>();
        assert_eq!((sum("v"), sum("n")), (all("v"), all("n")), "{timeframe}");
    }
    let mut coarse = World::of_days("2013-10-07", "2013-10-11");
    coarse.until("2013-10-12T00:00:00Z");
    for timeframe in ["1Min", "59Min", "23Hour"] {
        let finer = coarse.got(&format!("/v2/stocks/bars?symbols=AAPL&start=2013-10-01&timeframe={timeframe}"));
        assert_eq!(finer["bars"], json!({}), "{timeframe}");
    }
}

#[test]
fn a_day_that_goes_on_shows_what_has_closed_of_it() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    world.until("2013-10-07T13:32:30Z");
    let day = world.got("/v2/stocks/AAPL/bars?timeframe=1Day")["bars"][0].clone();
    let minutes = world.got("/v2/stocks/AAPL/bars?timeframe=1Min")["bars"].clone();
    assert_eq!(minutes.as_array().expect("list").len(), 2);
    assert_eq!((&day["o"], &day["c"]), (&minutes[0]["o"], &minutes[1]["c"]));
    let volume = |bar: &Value| bar["v"].as_u64().expect("whole");
    assert_eq!(volume(&day), volume(&minutes[0]) + volume(&minutes[1]));
}

#[test]
fn pages_joined_are_one_page() {
    let loaded = scenario("1m", "", r#""MSFT", "AAPL", "IBM""#);
    let bars = sessions_of("2013-10-07", "2013-10-07", 1);
    let some = bars.iter().step_by(100).copied().collect();
    let mut world = World::new(&loaded, vec![bars[..7].to_vec(), some, bars[..9].to_vec()], Vec::new());
    world.until("2013-10-07T21:00:00Z");
    for kind in ["bars", "trades", "quotes", "auctions"] {
        for sort in ["asc", "desc"] {
            let query = format!("/v2/stocks/{kind}?symbols=MSFT,IBM,AAPL,NONE&timeframe=1Min&sort={sort}");
            let whole = world.got(&format!("{query}&limit=10000"));
            assert_eq!(whole["next_page_token"], Value::Null);
            let all = whole[kind].as_object().expect("object");
            assert_eq!(all.keys().collect::<Vec<_>>(), ["AAPL", "IBM", "MSFT"]);
            let total: usize = all.values().map(|points| points.as_array().expect("list").len()).sum();
            for limit in [1, 2, 3, 4, 7, total, total + 1] {
                let (mut joined, mut token, mut pages) = (serde_json::Map::new(), String::new(), 0);
                loop {
                    let page = world.got(&format!("{query}&limit={limit}{token}"));
                    let mut on_page = 0;
                    for (symbol, points) in page[kind].as_object().expect("object") {
                        on_page += points.as_array().expect("list").len();
                        let own = joined.entry(symbol.clone()).or_insert_with(|| json!([]));
                        own.as_array_mut().expect("list").extend(points.as_array().expect("list").clone());
                    }
                    assert!(on_page <= limit);
                    pages += 1;
                    match page["next_page_token"].as_str() {
                        Some(next) => token = format!("&page_token={next}"),
                        None => break,
                    }
                }
                assert_eq!(&joined, all, "{kind} {sort} by {limit}");
                assert_eq!(pages, total.div_ceil(limit), "{kind} {sort} by {limit}");
            }
        }
    }
}

#[test]
fn prices_are_adjusted_for_what_has_happened() {
    let loaded = scenario("1d", "", r#""AAPL""#);
    let days = days_of("2013-10-07", "2013-10-10").into_iter().map(|day| bar(day.time, [10_000; 4], 70)).collect();
    let actions = vec![World::dividend("2013-10-09", "1"), World::split("2013-10-09", "2")];
    let mut world = World::new(&loaded, vec![days], actions);
    let mut closes = |until: &str, adjustment: &str| {
        world.until(until);
        let query = format!("/v2/stocks/AAPL/bars?timeframe=1Day&start=2013-10-01&adjustment={adjustment}");
        let bars = world.got(&query)["bars"].as_array().expect("list").clone();
        bars.iter()
            .map(|bar| (bar["c"].as_f64().expect("number"), bar["v"].as_i64().expect("whole")))
            .collect::<Vec<_>>()
    };
    let raw = [(100.0, 70), (100.0, 70)];
    let (night, morning) = ("2013-10-09T03:59:59Z", "2013-10-09T04:00:00Z");
    assert_eq!(closes(night, "all"), raw, "nothing has happened yet");
    // From its day on, also while no bar of that day is complete.
    assert_eq!(closes(morning, "split"), [(50.0, 140), (50.0, 140)]);
    assert_eq!(closes(morning, "raw"), raw);
    assert_eq!(closes(morning, "dividend"), [(99.0, 70), (99.0, 70)]);
    for both in ["all", "split,dividend", "dividend,split,spin-off"] {
        assert_eq!(closes(morning, both), [(49.5, 140), (49.5, 140)], "{both}");
    }
    let after = closes("2013-10-11T00:00:00Z", "all");
    assert_eq!(after, [(49.5, 140), (49.5, 140), (100.0, 70), (100.0, 70)]);
    assert_eq!(closes("2013-10-11T00:00:00Z", ""), [(100.0, 70); 4]);
}

#[test]
fn a_dividend_above_the_price_is_an_error_and_no_price() {
    let loaded = scenario("1d", "", r#""AAPL""#);
    let actions = vec![World::dividend("2013-10-09", "1000")];
    let mut world = World::new(&loaded, vec![days_of("2013-10-07", "2013-10-10")], actions);
    world.until("2013-10-10T00:00:00Z");
    let message = world.refused(500, "/v2/stocks/AAPL/bars?timeframe=1Day&start=2013-10-01&adjustment=dividend");
    assert!(message.contains("dividend of $1000 on 2013-10-09"), "{message}");
}

#[test]
fn minutes_are_adjusted_up_to_the_session_of_the_split() {
    let loaded = scenario("30m", "", r#""AAPL""#);
    let bars = sessions_of("2013-10-07", "2013-10-08", 30)
        .into_iter()
        .map(|bar| super::super::testing::bar(bar.time, [10_000; 4], 70));
    let mut world = World::new(&loaded, vec![bars.collect()], vec![World::split("2013-10-08T13:30:00Z", "4")]);
    world.until("2013-10-08T15:00:00Z");
    let bars = world.got("/v2/stocks/AAPL/bars?timeframe=1Day&start=2013-10-01&adjustment=split")["bars"].clone();
    assert_eq!((&bars[0]["c"], &bars[1]["c"]), (&json!(25), &json!(100)));
    // 13 half hours of 280 shares, 3 of 70.
    assert_eq!((&bars[0]["v"], &bars[1]["v"]), (&json!(13 * 280), &json!(3 * 70)));
}

#[test]
fn auctions_are_those_of_the_core_session() {
    let stamps = ["08:00", "13:30", "13:31", "19:59", "20:00"];
    let bars = stamps.map(|clock| time(&format!("2013-10-07T{clock}:00Z")));
    let bars = bars.iter().enumerate().map(|(number, at)| bar(*at, [10_000 + number as i64 * 100; 4], 9)).collect();
    let mut world = World::new(&scenario("1m", "hours = \"extended\"", r#""AAPL""#), vec![bars], Vec::new());
    world.until("2013-10-07T13:00:00Z");
    assert_eq!(world.got("/v2/stocks/auctions?symbols=AAPL")["auctions"], json!({}));
    world.until("2013-10-07T13:30:01Z");
    let open = json!({ "t": "2013-10-07T13:30:00Z", "x": "V", "p": 101.0, "s": 1, "c": "Q" });
    let day = world.got("/v2/stocks/AAPL/auctions");
    assert_eq!(day["auctions"], json!([{ "d": "2013-10-07", "o": [open], "c": [] }]));
    world.until("2013-10-07T21:00:00Z");
    let day = world.got("/v2/stocks/auctions?symbols=AAPL")["auctions"]["AAPL"][0].clone();
    assert_eq!(day["o"], json!([open]));
    let close = &day["c"][0];
    assert_eq!(
        (&close["p"], &close["t"], &close["c"]),
        (&json!(103.0), &json!("2013-10-07T19:59:59.999Z"), &json!("M"))
    );
    // Trades outside the core session say so.
    let trades = world.got("/v2/stocks/AAPL/trades?limit=1");
    assert_eq!(trades["trades"][0]["c"], json!(["@", "T"]));
}

#[test]
fn unknown_shares_are_silently_absent() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    world.until("2013-10-07T14:00:00Z");
    assert_eq!(world.got("/v2/stocks/trades?symbols=NONE,ZZZ")["trades"], json!({}));
    assert_eq!(world.got("/v2/stocks/NONE/trades")["trades"], json!([]));
    assert_eq!(world.got("/v2/stocks/trades/latest?symbols=NONE"), json!({ "trades": {} }));
    assert_eq!(world.got("/v2/stocks/snapshots?symbols=NONE"), json!({}));
    // A feed that exists and carries nothing of the data.
    for feed in ["otc", "boats", "overnight"] {
        assert_eq!(world.got(&format!("/v2/stocks/trades?symbols=AAPL&feed={feed}"))["trades"], json!({}));
    }
    let iex = world.got("/v2/stocks/trades?symbols=AAPL&feed=iex&currency=USD&asof=2013-10-07");
    assert_eq!(iex, world.got("/v2/stocks/trades?symbols=AAPL&feed=sip&asof=-"));
}

#[test]
fn bad_parameters_are_named() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    world.until("2013-10-07T14:00:00Z");
    for (query, message) in [
        ("timeframe=1Min", "symbols is required"),
        ("symbols=,&timeframe=1Min", "symbols is required"),
        ("symbols=aapl&timeframe=1Min", "invalid symbol: aapl"),
        ("symbols=AAPL", "timeframe is required"),
        ("symbols=AAPL&timeframe=2Day", "invalid timeframe: 2Day"),
        ("symbols=AAPL&timeframe=1Min&limit=10001", "invalid limit: larger than the allowed maximum of 10000"),
        ("symbols=AAPL&timeframe=1Min&limit=0", "invalid limit: 0"),
        ("symbols=AAPL&timeframe=1Min&limit=ten", "invalid limit: ten"),
        ("symbols=AAPL&timeframe=1Min&start=noon", "invalid start: noon; use RFC 3339 or YYYY-MM-DD"),
        ("symbols=AAPL&timeframe=1Min&end=2013-13-01", "invalid end: 2013-13-01; use RFC 3339 or YYYY-MM-DD"),
        (
            "symbols=AAPL&timeframe=1Min&start=2013-10-07T14:00:00Z&end=2013-10-07T13:00:00Z",
            "end should not be before start",
        ),
        ("symbols=AAPL&timeframe=1Min&sort=up", "invalid sort: up"),
        ("symbols=AAPL&timeframe=1Min&adjustment=some", "invalid adjustment: some"),
        ("symbols=AAPL&timeframe=1Min&feed=nyse", "invalid feed: nyse"),
        ("symbols=AAPL&timeframe=1Min&currency=EUR", "invalid currency: EUR; the data are in USD"),
        ("symbols=AAPL&timeframe=1Min&asof=today", "invalid asof: today"),
        ("symbols=AAPL&timeframe=1Min&page_token=@", "invalid page_token"),
    ] {
        let (status, body) = world.get(&format!("/v2/stocks/bars?{query}"));
        assert_eq!((status, &body["message"]), (400, &json!(message)), "{query}");
        assert_eq!(body["code"], json!(40_010_001));
    }
    // A token of another query.
    let token = super::request::token("MSFT", Timestamp::from_ns(0));
    let query = format!("/v2/stocks/bars?symbols=AAPL&timeframe=1Min&page_token={token}");
    assert_eq!(world.refused(400, &query), "invalid page_token");
}

#[test]
fn letters_are_explained() {
    let mut world = World::of_minutes("2013-10-07", "2013-10-07");
    let venues = world.got("/v2/stocks/meta/exchanges");
    assert_eq!(venues["V"], "IEX");
    assert_eq!(world.got("/v2/stocks/meta/conditions/trade?tape=C")["T"], "Form T");
    assert!(world.got("/v2/stocks/meta/conditions/quote?tape=A")["R"].is_string());
    assert_eq!(world.refused(400, "/v2/stocks/meta/conditions/trade"), "tape is required");
    assert_eq!(world.refused(400, "/v2/stocks/meta/conditions/quote?tape=X"), "invalid tape: X");
}
