//! Account, positions, activities, history and state, from outside.
use serde_json::{Value, json};

use super::orders::desk::{DAYS, Desk, FLAT, word};
use crate::domain::SymbolIndex;
use crate::engine::MarketAction;

const FIRST: SymbolIndex = SymbolIndex(0);

fn texts(value: &Value, fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| word(&value[field])).collect()
}

#[test]
fn the_account_is_what_the_scenario_says() {
    let mut desk = Desk::daily(&[FLAT; 3], &["account.leverage=2", "account.allow_short=true"]);
    let account = desk.get("/v2/account");
    let fields =
        ["cash", "equity", "portfolio_value", "buying_power", "multiplier", "status", "currency", "shorting_enabled"];
    assert_eq!(texts(&account, &fields), ["100000", "100000", "100000", "200000", "2", "ACTIVE", "USD", "true"]);
    assert_eq!(
        texts(&account, &["pattern_day_trader", "daytrade_count", "daytrading_buying_power"]),
        ["false", "0", "0"]
    );
    assert_eq!(account["created_at"], "2024-01-02T05:00:00Z");
    let again = Desk::daily(&[FLAT; 3], &[]).get("/v2/account");
    assert_eq!((&account["id"], &account["account_number"]), (&again["id"], &again["account_number"]));
}

#[test]
fn the_account_follows_its_positions() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 61", "62 64 62 64", FLAT], &["account.leverage=2"]);
    desk.step(1);
    desk.send("buy 1000 market");
    desk.step(2);
    let fields = [
        "cash",
        "equity",
        "last_equity",
        "balance_asof",
        "long_market_value",
        "short_market_value",
        "position_market_value",
        "initial_margin",
        "maintenance_margin",
        "buying_power",
        "non_marginable_buying_power",
        "last_maintenance_margin",
    ];
    let wanted = [
        "40000",
        "104000",
        "104000",
        "2024-01-04",
        "64000",
        "0",
        "64000",
        "32000",
        "19200",
        "144000",
        "40000",
        "19200",
    ];
    assert_eq!(texts(&desk.get("/v2/account"), &fields), wanted);
    // After its open and before the close of the next bar, yesterday's equity is the last.
    desk.until("2024-01-05T14:30:00.000001Z");
    assert_eq!(texts(&desk.get("/v2/account"), &["equity", "last_equity"]), ["100000", "104000"]);
}

#[test]
fn a_position_shows_what_it_cost_and_what_it_is_worth() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 60", "60 66 60 66", FLAT], &[]);
    desk.step(1);
    assert_eq!(
        desk.get_refused("/v2/positions/TST"),
        (404, json!({ "code": 40410000, "message": "position does not exist" }))
    );
    assert_eq!(desk.get_refused("/v2/positions/IBM").0, 404);
    desk.send("buy 10 market");
    desk.step(1);
    desk.send("sell 4 limit limit_price=70 time_in_force=gtc");
    desk.send("buy 10 limit limit_price=60");
    desk.step(1);
    let position = desk.get("/v2/positions/TST");
    let fields = [
        "qty",
        "qty_available",
        "side",
        "avg_entry_price",
        "cost_basis",
        "market_value",
        "current_price",
        "lastday_price",
        "change_today",
        "unrealized_pl",
        "unrealized_plpc",
        "unrealized_intraday_pl",
        "unrealized_intraday_plpc",
        "exchange",
        "asset_class",
    ];
    let wanted = [
        "20",
        "16",
        "long",
        "60",
        "1200",
        "1320",
        "66",
        "60",
        "0.1",
        "120",
        "0.1",
        "120",
        "0.1",
        "NASDAQ",
        "us_equity",
    ];
    assert_eq!(texts(&position, &fields), wanted);
    let by_id = desk.get(&format!("/v2/positions/{}", word(&position["asset_id"])));
    assert_eq!(by_id, position);
    assert_eq!(desk.get("/v2/positions"), json!([position]));
}

#[test]
fn a_short_is_negative() {
    let mut desk = Desk::daily(&[FLAT; 3], &["account.allow_short=true"]);
    desk.step(1);
    desk.send("sell 10 market");
    desk.step(1);
    let fields = ["qty", "qty_available", "side", "cost_basis", "market_value", "unrealized_pl"];
    assert_eq!(texts(&desk.get("/v2/positions/TST"), &fields), ["-10", "-10", "short", "-600", "-600", "0"]);
    assert_eq!(desk.get("/v2/account/activities/FILL")[0]["side"], "sell_short");
    let account = desk.get("/v2/account");
    assert_eq!(
        texts(&account, &["cash", "equity", "short_market_value", "buying_power"]),
        ["100600", "100000", "-600", "99400"]
    );
}

#[test]
fn positions_are_closed_whole_in_part_and_all_together() {
    let mut desk = Desk::daily(&[FLAT; 8], &[]);
    desk.step(1);
    desk.send("buy 10 market");
    desk.step(1);
    for (query, wanted) in [("?qty=2", "2"), ("?percentage=25", "2")] {
        let (status, order) = desk.delete(&format!("/v2/positions/TST{query}"));
        assert_eq!((status, word(&order["qty"])), (200, wanted.to_owned()), "{order}");
        assert_eq!(
            texts(&order, &["side", "type", "time_in_force", "position_intent"]),
            ["sell", "market", "day", "sell_to_close"]
        );
        desk.step(1);
    }
    for query in ["?qty=1&percentage=5", "?qty=0", "?qty=x", "?percentage=101", "?percentage=0"] {
        assert_eq!(desk.delete(&format!("/v2/positions/TST{query}")).0, 422, "{query}");
    }
    assert_eq!(desk.delete("/v2/positions/TST?qty=7").0, 403);
    desk.send("sell 6 limit order_class=oco tp=70 sl=50 time_in_force=gtc");
    let (status, items) = desk.delete("/v2/positions");
    assert_eq!((status, &items[0]["status"]), (207, &json!(403)));
    assert_eq!(texts(&items[0]["body"], &["code", "available", "held_for_orders"]), ["40310000", "0", "6"]);
    let (status, items) = desk.delete("/v2/positions?cancel_orders=true");
    assert_eq!((status, word(&items[0]["body"]["qty"])), (207, "6".to_owned()));
    desk.step(1);
    assert_eq!(desk.get("/v2/positions"), json!([]));
    assert_eq!(desk.delete("/v2/positions").1, json!([]));
}

#[test]
fn activities_are_rows_in_pages() {
    let dividend = MarketAction::Dividend { symbol: FIRST, amount: "0.5".parse().expect("amount") };
    let actions = vec![(DAYS[2].parse().expect("time"), dividend)];
    let mut desk = Desk::with_actions(&[FLAT, "60 61 59 60 6", FLAT, FLAT], &[], actions);
    desk.step(1);
    let sent = desk.send("buy 10 market time_in_force=gtc");
    desk.step(3);
    let rows = desk.get("/v2/account/activities");
    let kinds = |rows: &Value| -> Vec<String> {
        rows.as_array().expect("rows").iter().map(|row| word(&row["activity_type"])).collect()
    };
    assert_eq!(kinds(&rows), ["FILL", "DIV", "FILL"]);
    let fields = ["type", "qty", "cum_qty", "leaves_qty", "price", "side", "order_status", "symbol"];
    assert_eq!(texts(&rows[2], &fields), ["partial_fill", "6", "6", "4", "60", "buy", "partially_filled", "TST"]);
    assert_eq!(texts(&rows[0], &fields), ["fill", "4", "10", "0", "60", "buy", "filled", "TST"]);
    assert!(word(&rows[2]["id"]).starts_with("20240103143000000::"), "{rows}");
    assert_eq!(texts(&rows[1], &["net_amount", "qty", "per_share_amount", "date"]), ["3", "6", "0.5", "2024-01-04"]);
    assert_eq!(kinds(&desk.get("/v2/account/activities/DIV")), ["DIV"]);
    assert_eq!(kinds(&desk.get("/v2/account/activities?activity_types=FILL,CSD")), ["FILL", "FILL"]);
    assert_eq!(kinds(&desk.get("/v2/account/activities?category=non_trade_activity")), ["DIV"]);
    assert_eq!(kinds(&desk.get("/v2/account/activities?date=2024-01-03")), ["FILL"]);
    assert_eq!(kinds(&desk.get(&format!("/v2/account/activities?order_id={}", word(&sent["id"])))), ["FILL", "FILL"]);
    let token = word(&rows[0]["id"]);
    let page = desk.get(&format!("/v2/account/activities?page_size=1&page_token={token}"));
    assert_eq!(page, json!([rows[1]]));
    let ascending = desk.get("/v2/account/activities?direction=asc&after=2024-01-03T23:00:00Z");
    assert_eq!(kinds(&ascending), ["DIV", "FILL"]);
    assert_eq!(desk.get("/v2/account/activities?activity_types=JNLC,FOPT"), json!([]));
    let queries = [
        "page_size=101",
        "direction=x",
        "page_token=x",
        "category=trade_activity&activity_types=FILL",
        "activity_types=FILL,FILLS",
        "date=2024-01-03&after=2024-01-02",
    ];
    for query in queries {
        assert_eq!(desk.get_refused(&format!("/v2/account/activities?{query}")).0, 422, "{query}");
    }
}

#[test]
fn a_split_restates_positions_and_orders_before_its_day() {
    let split = MarketAction::Split { symbol: FIRST, ratio: "2".parse().expect("ratio") };
    let actions = vec![(DAYS[2].parse().expect("time"), split)];
    let mut desk = Desk::with_actions(&[FLAT, FLAT, "30 30 26 27", FLAT], &[], actions);
    desk.step(1);
    let sent = desk.send("buy 11 market order_class=bracket tp=70 sl=54 time_in_force=gtc");
    desk.step(1);
    desk.until("2024-01-04T05:00:00Z");
    let position = desk.get("/v2/positions/TST");
    assert_eq!(
        texts(&position, &["qty", "avg_entry_price", "current_price", "lastday_price"]),
        ["22", "30", "30", "30"]
    );
    let legs = desk.order(&sent["id"])["legs"].clone();
    assert_eq!(texts(&legs[0], &["qty", "limit_price"]), ["22", "35"]);
    assert_eq!(texts(&legs[1], &["qty", "stop_price"]), ["22", "27"]);
    desk.step(1);
    assert_eq!(texts(&desk.order(&legs[1]["id"]), &["filled_qty", "filled_avg_price"]), ["22", "27"]);
    assert_eq!(desk.get("/v2/account")["cash"], (100_000 - 11 * 60 + 22 * 27).to_string());
}

#[test]
fn a_share_that_is_delisted_is_paid_for() {
    let gone = MarketAction::Delisting { symbol: FIRST, name: "TST".parse().expect("symbol"), amount: None };
    let actions = vec![(DAYS[2].parse().expect("time"), gone)];
    let mut desk = Desk::with_actions(&[FLAT; 4], &[], actions);
    desk.step(1);
    desk.send("buy 10 market");
    let resting = desk.send("buy 10 limit limit_price=50 time_in_force=gtc");
    desk.step(2);
    assert_eq!(desk.get("/v2/positions"), json!([]));
    assert_eq!(desk.get("/v2/account")["cash"], "100000");
    assert_eq!(desk.life(&resting["id"]), "canceled 0 of 10");
    assert_eq!(desk.refused("buy 1 market").2, "asset \"TST\" is not active");
    assert_eq!(texts(&desk.get("/v2/account/activities/REORG")[0], &["qty", "net_amount"]), ["-10", "600"]);
}

#[test]
fn equity_over_time() {
    let mut desk = Desk::daily(&[FLAT, "60 61 59 60", "60 66 60 66", "66 66 63 63"], &[]);
    assert_eq!(desk.get("/v2/account/portfolio/history")["equity"], json!([]));
    desk.step(1);
    desk.send("buy 100 market");
    desk.step(3);
    let history = desk.get("/v2/account/portfolio/history?timeframe=1D");
    assert_eq!(history["equity"], json!([100_000.0, 100_000.0, 100_600.0, 100_300.0]));
    assert_eq!(history["profit_loss"], json!([0.0, 0.0, 600.0, 300.0]));
    assert_eq!((&history["base_value"], &history["timeframe"]), (&json!(100_000.0), &json!("1D")));
    assert_eq!(history["timestamp"][0], json!(1_704_171_600));
    let daily = desk.get("/v2/account/portfolio/history?timeframe=1D&pnl_reset=per_day");
    assert_eq!(daily["profit_loss"], json!([0.0, 0.0, 600.0, -300.0]));
    for all in ["period=1000A", "period=1M&end=1677-09-22", "period=1000A&end=2262-04-11", "start=1677-09-22"] {
        let whole = desk.get(&format!("/v2/account/portfolio/history?timeframe=1D&{all}"));
        assert_eq!(whole["timeframe"], "1D", "{all}: the span has no bounds but those of time");
    }
    let last = desk.get("/v2/account/portfolio/history?period=1D&timeframe=1D");
    assert_eq!((&last["equity"], &last["base_value"]), (&json!([100_300.0]), &json!(100_600.0)));
    assert_eq!(last["profit_loss"], json!([-300.0]));
    for query in ["timeframe=2H", "period=5X", "period=0D", "pnl_reset=x", "period=1A&timeframe=1Min", "start=x"] {
        assert_eq!(desk.get_refused(&format!("/v2/account/portfolio/history?{query}")).0, 422, "{query}");
    }
}

#[test]
fn the_state_shows_everything_at_a_glance() {
    let mut desk = Desk::daily(&[FLAT; 3], &["execution.commission={ kind = \"bps\", value = \"10\" }"]);
    assert_eq!(desk.exchange.state()["prices"], json!({ "TST": null }));
    desk.step(1);
    let sent = desk.send("buy 10 market client_order_id=mine");
    desk.step(1);
    let state = desk.exchange.state();
    assert_eq!(texts(&state, &["time", "cash"]), ["2024-01-03T21:00:00Z", "99399.4"]);
    assert_eq!(state["prices"], json!({ "TST": "60" }));
    let fields = ["order_id", "client_order_id", "symbol", "side", "qty", "price", "fee", "bar"];
    let wanted = [&word(&sent["id"]), "mine", "TST", "buy", "10", "60", "0.6", "2024-01-03T00:00:00Z"];
    assert_eq!(texts(&state["fills"][0], &fields), wanted);
    assert_eq!(state["positions"][0]["qty"], "10");
    assert_eq!(state["orders"][0]["status"], "filled");
    assert_eq!(state["counters"], json!({ "orders": 1, "open_orders": 0, "fills": 1, "updates": 3, "bar_times": 2 }));
}

#[test]
fn the_benchmark_is_traded_too() {
    let loaded = super::orders::desk::scenario(r#""TST""#, &["data.benchmark=SPY"]);
    let bars = |text: &str| DAYS[..3].iter().map(|day| super::orders::desk::bar(day, text)).collect::<Vec<_>>();
    let market = crate::scenario::MarketData {
        bars: vec![bars(FLAT)],
        benchmark: Some(bars("400 410 390 400")),
        benchmark_actions: vec![(
            DAYS[2].parse().expect("time"),
            MarketAction::Dividend { symbol: SymbolIndex(u16::MAX), amount: "1".parse().expect("amount") },
        )],
        ..crate::scenario::MarketData::default()
    };
    let mut desk = Desk { exchange: super::Exchange::new(&loaded, &market).expect("an exchange") };
    desk.step(1);
    desk.send("buy 3 market symbol=SPY");
    desk.step(2);
    assert_eq!(texts(&desk.get("/v2/positions")[0], &["symbol", "qty", "avg_entry_price"]), ["SPY", "3", "400"]);
    assert_eq!(desk.get("/v2/account")["cash"], "98803");
}

#[test]
fn an_order_that_a_split_left_between_two_ticks_is_still_changed() {
    let split = MarketAction::Split { symbol: FIRST, ratio: "2".parse().expect("ratio") };
    let actions = vec![(DAYS[2].parse().expect("time"), split)];
    let mut desk = Desk::with_actions(&[FLAT, FLAT, "30 30 30 30", FLAT], &[], actions);
    desk.step(1);
    let sent = desk.send("buy 2 stop_limit stop_price=61.63 limit_price=61.7 time_in_force=gtc");
    desk.step(2);
    let (status, new) = desk.patch(&word(&sent["id"]), &json!({ "limit_price": "31" }));
    assert_eq!(
        (status, texts(&new, &["qty", "stop_price", "limit_price"])),
        (200, ["4", "30.815", "31"].map(str::to_owned).to_vec())
    );
}
