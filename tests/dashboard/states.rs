//! Scripted snapshots: every state of a session, every mode, and values at the edge of what a page can hold.
//!
//! Not here: who looks at them. The sums tie, but for the state whose name says that they do not. Times are of
//! 8 October 2013, so a picture of a page is the same whenever it is taken.
use alphaflow::domain::Timestamp;
use alphaflow::live::Snapshot;
use serde_json::{Value, json};

/// The states that have a name.
pub const STATES: [&str; 17] = [
    "trading",
    "empty",
    "starting",
    "halted",
    "halting",
    "daily_loss",
    "old",
    "closed",
    "stopped",
    "leaving",
    "before",
    "sold",
    "uneven",
    "books",
    "foreign",
    "many",
    "hostile",
];
/// The modes that have a name.
pub const MODES: [&str; 3] = ["rehearsal", "paper", "live"];
/// 14:47:32 in New York.
const NOW: &str = "2013-10-08T18:47:32Z";
/// Texts that would do harm where one is taken for markup, for SQL, for a log line, for an event of the stream, or for a
/// name that every object of a script has.
pub const HOSTILE: [&str; 8] = [
    "<b>bold</b><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "'; DROP TABLE journal; --",
    "{{mode}}\"><svg onload=document.title='owned'>",
    "line\r\n\r\nevent: update\r\ndata: {\"state\":{\"state\":\"stopped\"}}\r\n\r\n",
    "\u{202e}esrever \u{0} \u{1b}[2J",
    "__proto__",
    "constructor",
];

/// One position: strategy, symbol, shares, average, last, today, open result, stop, risk, age in ms.
type Row = (
    &'static str,
    &'static str,
    i64,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
);

const ROWS: [Row; 5] = [
    ("ma_crossover", "IBM", 52, "183.92", "179.16", "-148.20", "-247.52", "178.40", "39.52", 800),
    ("rsi_mean_rev", "SPY", 54, "166.29", "165.80", "-26.46", "-26.46", "164.62", "63.72", 100),
    ("ma_crossover", "AIG", 196, "48.97", "47.86", "-170.52", "-217.56", "47.16", "137.20", 400),
    ("momentum", "QQQ", 118, "78.71", "77.47", "-149.86", "-146.32", "76.15", "155.76", 200),
    ("donchian", "WM", 230, "40.49", "40.55", "-71.30", "13.80", "39.74", "186.30", 1600),
];

fn before(ms: i64) -> String {
    NOW.parse::<Timestamp>().unwrap().plus_ns(-ms * 1_000_000).to_string()
}

fn aged(value: impl Into<Value>, ms: i64) -> Value {
    json!({ "value": value.into(), "at": before(ms) })
}

/// The state of this name in this mode; `None` where there is none.
pub fn named(name: &str, mode: &str) -> Option<Snapshot> {
    if !MODES.contains(&mode) {
        return None;
    }
    let mut page = trading(mode);
    match name {
        "trading" => {}
        "empty" => empty(&mut page),
        "starting" => {
            empty(&mut page);
            page["state"] = json!({ "state": "starting", "what": "Reading 300 bars a symbol." });
        }
        "halted" => halted(&mut page, true),
        "halting" => halted(&mut page, false),
        "daily_loss" => daily_loss(&mut page),
        "old" => old(&mut page),
        "closed" => closed(&mut page),
        "stopped" => stopped(&mut page),
        "leaving" => leaving(&mut page),
        "before" => before_it_began(&mut page),
        "sold" => sold(&mut page),
        "uneven" => uneven(&mut page),
        "books" => {
            page["health"][3] = json!({ "name": "reconciliation", "is_well": false, "text": "Alpaca reports 62 shares of IBM, this session has 52.", "at": before(4000) });
            page["figures"]["today"]["value"] = json!("-610.00");
        }
        "foreign" => {
            let event = json!({ "row": 18443, "time": before(500), "kind": "unauthorised", "severity": "critical", "strategy": null, "symbol": "TSLA", "text": "Alpaca reports 10 shares of TSLA that this session did not buy." });
            page["events"].as_array_mut()?.insert(0, event);
        }
        "many" => many(&mut page),
        "hostile" => hostile(&mut page),
        _ => return None,
    }
    serde_json::from_value(page).ok()
}

fn trading(mode: &str) -> Value {
    let (venue, tail, speed) = match mode {
        "live" => ("Alpaca live", json!("4417"), Value::Null),
        "paper" => ("Alpaca paper", json!("07F2"), Value::Null),
        _ => ("Built-in exchange", Value::Null, json!("60×")),
    };
    json!({
        "version": 1,
        "time": NOW,
        "mode": { "mode": mode, "venue": venue, "account_tail": tail, "speed": speed, "pace": if mode == "rehearsal" { 60 } else { 1 } },
        "state": { "state": "trading" },
        "market": { "is_open": true, "next_open": "2013-10-09T13:30:00Z", "next_close": "2013-10-08T20:00:00Z" },
        "figures": {
            "equity": aged("103602.06", 300), "baseline": "104218.37", "is_baseline_start": false, "is_power_behind": false, "today": aged("-616.31", 300), "until_halt": "1468.06",
            "open_pnl": aged("-624.06", 300), "at_stops": aged("582.50", 300), "gross": aged("46118.38", 300),
            "buying_power": aged("39309.12", 300), "reserved": "18175.36",
        },
        "positions": ROWS.iter().map(position).collect::<Vec<_>>(),
        "closed": [{ "strategy": "momentum", "symbol": "BAC", "shares": "700", "entry": "13.81", "exit": "13.7386", "pnl": "-92.29", "today": "-49.97", "reason": "stop", "time": "2013-10-08T17:29:31Z" }],
        "orders": orders(),
        "refusals": [
            { "time": "2013-10-08T18:31:05Z", "strategy": "ma_crossover", "order": 91, "text": "JPM buy 176: correlated group would be 46.2%, allowed 38.0%." },
            { "time": "2013-10-08T17:30:00Z", "strategy": "momentum", "order": 84, "text": "BAC buy 670: price is 6 s old, allowed 5 s." },
            { "time": "2013-10-08T15:15:01Z", "strategy": "momentum", "order": 61, "text": "GS buy 79: largest position would be 12.4%, allowed 12.0%." },
        ],
        "limits": limits(),
        "strategies": [
            { "name": "ma_crossover", "rule": "ma_crossover 10 30 nonzero", "is_on": true, "last_bar": "2013-10-08T18:45:00Z", "equity": "26000.10", "today": "-318.72", "positions": 2 },
            { "name": "momentum", "rule": "momentum 20 0.02", "is_on": true, "last_bar": "2013-10-08T18:45:00Z", "equity": "25900.20", "today": "-199.83", "positions": 1 },
            { "name": "rsi_mean_rev", "rule": "rsi_mean_reversion 14 30 70", "is_on": true, "last_bar": "2013-10-08T18:45:00Z", "equity": "25901.30", "today": "-26.46", "positions": 1 },
            { "name": "donchian", "rule": "donchian_breakout 20 10", "is_on": true, "last_bar": "2013-10-07T20:00:00Z", "equity": "25800.46", "today": "-71.30", "positions": 1 },
        ],
        "events": events(),
        "health": [
            { "name": "trading_stream", "is_well": true, "text": "", "at": before(300) },
            { "name": "data_stream", "is_well": true, "text": "", "at": before(100) },
            { "name": "journal", "is_well": true, "text": "18,442 rows, chain whole", "at": null },
            { "name": "reconciliation", "is_well": true, "text": "", "at": before(4000) },
            { "name": "clock", "is_well": true, "text": "+3 ms", "at": null },
            { "name": "notifications", "is_well": true, "text": "e-mail, Slack", "at": null },
            { "name": "disk", "is_well": true, "text": "61 GB", "at": null },
        ],
        "charts": ROWS.iter().map(|row| chart(row.1, row.4, if row.1 == "SPY" { Some(("54", "166.29")) } else { None })).collect::<Vec<_>>(),
    })
}

fn position(row: &Row) -> Value {
    let (strategy, symbol, shares, average, last, today, pnl, stop, risk, age) = *row;
    json!({
        "strategy": strategy, "symbol": symbol, "shares": shares.to_string(), "average": average, "last": aged(last, age), "old_from": before(-65_000), "today": today,
        "open_pnl": pnl, "stop": stop, "stop_at_venue": true, "risk": risk,
        "since": if symbol == "SPY" { "2013-10-08T17:31:02Z" } else { "2013-10-07T14:31:00Z" },
    })
}

fn orders() -> Vec<Value> {
    let entry = |order: u64, symbol: &str, quantity: &str, price: &str| json!({ "strategy": "ma_crossover", "order": order, "symbol": symbol, "side": "buy", "quantity": quantity, "filled": "0", "kind": "limit", "price": price, "status": "new", "purpose": "entry", "since": "2013-10-08T18:40:00Z" });
    let stop = |(order, row): (usize, &Row)| json!({ "strategy": row.0, "order": order + 70, "symbol": row.1, "side": "sell", "quantity": row.2.to_string(), "filled": "0", "kind": "stop", "price": row.7, "status": "new", "purpose": "protects", "since": "2013-10-08T17:31:02Z" });
    let mut all = vec![entry(95, "MSFT", "278", "33.12"), entry(96, "GE", "380", "23.60")];
    all.extend(ROWS.iter().enumerate().map(stop));
    all
}

fn limits() -> Value {
    let limit = |key: &str, used: f64, allowed: f64, names: &[&str]| json!({ "strategy": "ma_crossover", "limit": key, "used": used, "allowed": allowed, "is_fraction": true, "names": names });
    json!([
        limit("max_daily_loss", 0.0059, 0.02, &[]),
        limit("max_drawdown", 0.0178, 0.15, &[]),
        limit("max_portfolio_heat", 0.0078, 0.01, &[]),
        limit("max_correlated_exposure", 0.355, 0.38, &["SPY", "QQQ", "IBM"]),
        limit("max_position_size", 0.091, 0.12, &["AIG"]),
        limit("max_gross_exposure", 0.621, 1.0, &[]),
        { "strategy": "ma_crossover", "limit": "max_orders_per_minute", "used": 1.0, "allowed": 10.0, "is_fraction": false, "names": [] },
        { "strategy": "momentum", "limit": "max_portfolio_heat", "used": 0.0016, "allowed": 0.01, "is_fraction": true, "names": [] },
    ])
}

fn events() -> Value {
    let event = |row: u64, time: &str, kind: &str, severity: &str, symbol: &str, text: &str| json!({ "row": row, "time": time, "kind": kind, "severity": severity, "strategy": "ma_crossover", "symbol": symbol, "text": text });
    json!([
        event(
            18442,
            "2013-10-08T18:31:05Z",
            "refusal",
            "notice",
            "JPM",
            "JPM buy 176: correlated group would be 46.2%, allowed 38.0%."
        ),
        event(
            17900,
            "2013-10-08T17:31:02Z",
            "fill",
            "info",
            "SPY",
            "SPY bought 54 at 166.29, 0.02 better than the quote; stop 164.62 accepted."
        ),
        event(
            17801,
            "2013-10-08T17:29:31Z",
            "stop",
            "notice",
            "BAC",
            "BAC stop 13.74 hit: sold 700 at 13.7386, −$92.29."
        ),
        event(
            16020,
            "2013-10-08T17:02:17Z",
            "connection",
            "warning",
            "",
            "Trade updates back after 2.1 s; nothing missed."
        ),
        event(
            12000,
            "2013-10-08T15:15:01Z",
            "refusal",
            "notice",
            "GS",
            "GS buy 79: largest position would be 12.4%, allowed 12.0%."
        ),
        event(
            3,
            "2013-10-08T13:30:00Z",
            "started",
            "info",
            "",
            "Market open; positions, orders and cash equal Alpaca’s."
        ),
    ])
}

/// A session of minutes that ends near `last`, the same every time.
fn chart(symbol: &str, last: &str, fill: Option<(&str, &str)>) -> Value {
    let last: f64 = last.parse().unwrap();
    let opens: Timestamp = "2013-10-08T13:30:00Z".parse().unwrap();
    let mut seed = symbol.bytes().fold(7u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(byte.into()));
    let mut draw = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as f64 / (1u64 << 31) as f64 - 0.5
    };
    let minutes = 317;
    let mut walk = vec![0.0];
    for _ in 0..minutes {
        let next = walk.last().unwrap() + draw() * 0.0009;
        walk.push(next);
    }
    let end = walk[minutes];
    let places = if last < 1.0 { 4 } else { 2 };
    let at = |minute: usize| last * (1.0 + walk[minute] - end + 0.008 * (1.0 - minute as f64 / minutes as f64));
    let text = |value: f64| format!("{:.places$}", value.max(0.0001));
    let bars: Vec<Value> = (0..minutes)
        .map(|minute| {
            let (open, close) = (at(minute), at(minute + 1));
            let (high, low) = (open.max(close) * (1.0 + 0.0003), open.min(close) * (1.0 - 0.0003));
            json!({ "time": opens.plus_ns(minute as i64 * 60_000_000_000), "open": text(open), "high": text(high), "low": text(low), "close": text(close) })
        })
        .collect();
    let fills: Vec<Value> = fill
        .iter()
        .map(|(quantity, price)| json!({ "time": "2013-10-08T17:31:02Z", "side": "buy", "quantity": quantity, "price": price, "reason": "entry" }))
        .collect();
    json!({ "symbol": symbol, "previous_close": text(at(0) * 1.002), "opens": opens, "closes": "2013-10-08T20:00:00Z", "bars": bars, "fills": fills })
}

fn empty(page: &mut Value) {
    for part in ["positions", "closed", "orders", "refusals"] {
        page[part] = json!([]);
    }
    for limit in page["limits"].as_array_mut().unwrap() {
        limit["used"] = json!(0.0);
    }
    for strategy in page["strategies"].as_array_mut().unwrap() {
        strategy["today"] = json!("0");
        strategy["last_bar"] = Value::Null;
    }
    page["events"] = json!([{ "row": 3, "time": "2013-10-08T13:24:12Z", "kind": "started", "severity": "info", "strategy": null, "symbol": null, "text": "Warm-up of 300 bars a symbol is done." }]);
    page["figures"] = json!({
        "equity": aged("100000", 300), "baseline": "100000", "is_baseline_start": true, "is_power_behind": false, "today": aged("0", 300), "until_halt": "2000", "open_pnl": aged("0", 300), "at_stops": aged("0", 300),
        "gross": aged("0", 300), "buying_power": aged("100000", 300), "reserved": "0",
    });
    for chart in page["charts"].as_array_mut().unwrap() {
        (chart["bars"], chart["fills"]) = (json!([]), json!([]));
    }
    page["charts"] = json!([page["charts"][1]]);
}

fn halted(page: &mut Value, is_done: bool) {
    let step = |ms: i64, done: bool, text: &str| json!({ "time": before(ms), "done": done, "text": text });
    page["state"] = json!({
        "state": "halted", "cause": "kill_switch", "by": "dashboard", "since": "2013-10-08T18:47:19Z", "stood_before": false, "done_before": false, "reason": "odd fills in AIG", "clears": null,
        "steps": [
            step(12997, true, "Latched on disk, entries refused."),
            step(12829, true, "MSFT entry canceled at Alpaca."),
            step(12816, is_done, if is_done { "GE entry canceled at Alpaca." } else { "GE not canceled yet: Alpaca did not answer in 2 s; trying again." }),
            step(12700, true, "5 protective stops still resting."),
        ],
    });
    let orders = page["orders"].as_array_mut().unwrap();
    orders[0]["status"] = json!("canceled");
    orders[1]["status"] = json!(if is_done { "canceled" } else { "pending_cancel" });
    page["figures"]["reserved"] = json!("0");
    page["figures"]["buying_power"] = aged("57484.48", 300);
}

fn daily_loss(page: &mut Value) {
    page["state"] = json!({
        "state": "halted", "cause": "daily_loss", "by": "limit", "since": "2013-10-08T15:02:40Z", "stood_before": false, "done_before": false, "reason": "−2.04%, limit −2.00%", "clears": "2013-10-09T13:30:00Z", "steps": [],
    });
    page["limits"][0]["used"] = json!(0.0204);
}

fn old(page: &mut Value) {
    page["state"] = json!({ "state": "prices_old", "since": before(36_000), "allowed_ms": 5000 });
    for position in page["positions"].as_array_mut().unwrap() {
        position["last"]["at"] = json!(before(41_000));
        position["old_from"] = json!(before(31_000));
    }
    for figure in ["equity", "today", "open_pnl", "at_stops", "gross"] {
        page["figures"][figure]["at"] = json!(before(41_000));
    }
    page["health"][1] =
        json!({ "name": "data_stream", "is_well": false, "text": "connected, no bar", "at": before(41_000) });
}

fn closed(page: &mut Value) {
    page["time"] = json!("2013-10-09T01:05:00Z");
    page["market"] =
        json!({ "is_open": false, "next_open": "2013-10-09T13:30:00Z", "next_close": "2013-10-09T20:00:00Z" });
}

/// It has ended in good order.
fn stopped(page: &mut Value) {
    page["state"] = json!({ "state": "stopped" });
    let event = json!({ "row": 18500, "time": before(100), "kind": "stopped", "severity": "info", "strategy": null, "symbol": null, "text": "The session has ended in good order; 5 positions and their stops stay at the venue." });
    page["events"].as_array_mut().unwrap().insert(0, event);
}

/// One position, whose exit rests; an exit that has filled is among the events, and its fill is not in buying power yet.
fn leaving(page: &mut Value) {
    let stop = page["orders"][3].clone();
    let mut exit = page["orders"][0].clone();
    for (field, value) in
        [("symbol", "SPY"), ("side", "sell"), ("quantity", "54"), ("kind", "market"), ("purpose", "exit")]
    {
        exit[field] = json!(value);
    }
    (exit["price"], exit["order"]) = (Value::Null, json!(101));
    page["orders"] = json!([exit, stop]);
    let event = json!({ "row": 18501, "time": before(100), "kind": "fill", "severity": "notice", "strategy": "momentum", "symbol": "QQQ", "text": "Sold 118 QQQ at 77.47, −$146.32." });
    page["events"].as_array_mut().unwrap().insert(0, event);
    page["figures"]["is_power_behind"] = json!(true);
    spy_alone(page);
    page["figures"]["today"]["value"] = json!("-76.43");
    (page["strategies"][0]["today"], page["strategies"][1]["today"]) = (json!("-49.97"), json!("-26.46"));
}

/// One position is open, that in SPY, of one of two strategies.
fn spy_alone(page: &mut Value) {
    page["positions"] = json!([page["positions"].as_array().unwrap().iter().find(|one| one["symbol"] == "SPY")]);
    for (figure, value) in [("open_pnl", "-26.46"), ("at_stops", "63.72"), ("gross", "8953.20")] {
        page["figures"][figure]["value"] = json!(value);
    }
    page["strategies"] = json!([page["strategies"][1], page["strategies"][2]]);
}

/// Halted since another day and session, which has done all that there was to do.
fn before_it_began(page: &mut Value) {
    halted(page, true);
    (page["state"]["stood_before"], page["state"]["done_before"]) = (json!(true), json!(true));
    page["state"]["since"] = json!("2013-10-04T15:30:10Z");
}

/// Nothing is held any more, and a trade was closed.
fn sold(page: &mut Value) {
    (page["positions"], page["orders"]) = (json!([]), json!([]));
    page["closed"][0]["strategy"] = json!("a_strategy_of_thirty_letters_a");
    let figures = &mut page["figures"];
    figures["today"]["value"] = json!("-49.97");
    for figure in ["open_pnl", "at_stops", "gross"] {
        figures[figure]["value"] = json!("0");
    }
    page["strategies"] = json!([page["strategies"][1]]);
    page["strategies"][0]["today"] = json!("-49.97");
}

/// Amounts whose cents, rounded one by one, do not make their sum.
fn uneven(page: &mut Value) {
    spy_alone(page);
    page["positions"][0]["today"] = json!("-2.9246");
    page["closed"][0]["today"] = json!("-153.8432");
    page["figures"]["today"]["value"] = json!("-156.7678");
    (page["strategies"][0]["today"], page["strategies"][1]["today"]) = (json!("-153.8432"), json!("-2.9246"));
}

/// Twenty rows, the smallest and the largest prices, a name of thirty letters, a short, one without a stop.
fn many(page: &mut Value) {
    let mut positions = page["positions"].as_array().unwrap().clone();
    for at in 0..12 {
        let symbol = format!("S{}{}", (b'A' + at as u8) as char, at);
        positions.push(json!({
            "strategy": "ma_crossover", "symbol": symbol, "shares": "100", "average": "50.00", "last": aged("51.25", 100 * i64::from(at)), "old_from": before(-65_000), "today": "125.00", "open_pnl": "125.00",
            "stop": format!("{}.00", 38 + at), "stop_at_venue": true, "risk": "200.00", "since": "2013-10-08T15:00:00Z",
        }));
    }
    positions.push(json!({ "strategy": "a_strategy_of_thirty_letters_a", "symbol": "TINY", "shares": "250000.123456789", "average": "0.0051", "last": aged("0.004", 100), "old_from": before(-65_000), "today": "-0.0004", "open_pnl": "-275.00", "stop": null, "stop_at_venue": false, "risk": "1000.00", "since": "2013-10-08T15:00:00Z" }));
    positions.push(json!({ "strategy": "momentum", "symbol": "BRK.A", "shares": "-712", "average": "173400.2525", "last": aged("173395.75", 100), "old_from": before(-65_000), "today": "3205.78", "open_pnl": "3205.78", "stop": "174000.00", "stop_at_venue": true, "risk": "430226.00", "since": "2013-10-08T15:00:00Z" }));
    positions.push(json!({ "strategy": "momentum", "symbol": "OPEN", "shares": "10", "average": "20.00", "last": { "value": null, "at": before(100) }, "old_from": before(-65_000), "today": null, "open_pnl": null, "stop": "19.00", "stop_at_venue": false, "risk": null, "since": "2013-10-08T15:00:00Z" }));
    page["positions"] = json!(positions);
    page["figures"] = json!({
        "equity": aged("123456789.99", 300), "baseline": "123452674.21", "is_baseline_start": false, "is_power_behind": false, "today": aged(Value::Null, 300), "until_halt": null, "open_pnl": aged(Value::Null, 300), "at_stops": aged("431000.25", 300),
        "gross": aged("123456789.00", 300), "buying_power": aged("123456789.004", 300), "reserved": "0.004",
    });
    page["limits"][2]["used"] = Value::Null;
    page["strategies"][0]["name"] = json!("a_strategy_of_thirty_letters_a");
    page["strategies"][0]["today"] = json!("123456789.00");
    let refusal = page["refusals"][0].clone();
    page["refusals"] = json!(
        (0..40)
            .map(|at| {
                let mut one = refusal.clone();
                one["order"] = json!(100 + at);
                one
            })
            .collect::<Vec<_>>()
    );
    let event = page["events"][1].clone();
    page["events"] = json!(
        (0..200)
            .map(|at| {
                let mut one = event.clone();
                one["row"] = json!(20_000 - at);
                one
            })
            .collect::<Vec<_>>()
    );
}

/// Harm in every text.
fn hostile(page: &mut Value) {
    let text = |at: usize| json!(HOSTILE[at % HOSTILE.len()]);
    page["mode"]["venue"] = text(0);
    page["mode"]["account_tail"] = text(1);
    page["mode"]["speed"] = text(2);
    page["state"] = json!({ "state": "halted", "cause": HOSTILE[0], "by": HOSTILE[1], "since": before(5000), "stood_before": false, "done_before": false, "reason": HOSTILE[4], "clears": null, "steps": [{ "time": before(4000), "done": false, "text": HOSTILE[3] }] });
    for (part, fields) in [
        ("positions", &["strategy", "symbol"][..]),
        ("closed", &["strategy", "symbol", "reason"]),
        ("orders", &["strategy", "symbol", "kind", "status"]),
        ("refusals", &["strategy", "text"]),
        ("limits", &["strategy", "limit"]),
        ("strategies", &["name", "rule"]),
        ("events", &["strategy", "symbol", "text"]),
        ("health", &["text"]),
        ("charts", &["symbol"]),
    ] {
        for (at, one) in page[part].as_array_mut().unwrap().iter_mut().enumerate() {
            for (more, field) in fields.iter().enumerate() {
                one[*field] = text(at + more);
            }
        }
    }
    page["limits"][0]["names"] = json!(HOSTILE);
    page["charts"][0]["fills"] =
        json!([{ "time": before(60_000), "side": "sell", "quantity": "1", "price": "179.16", "reason": HOSTILE[0] }]);
}
