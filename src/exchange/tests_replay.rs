//! The same orders through a replay and through the exchange: the same fills, the same cash.
//!
//! What the two refuse differs in one place: the exchange holds shares for legs, a replay lets an exit void them. So
//! a script has either exits of its own, pairs among them, or entries with legs, and is left out where the stop of a
//! pair that waits for volume holds shares against another exit. What the gate of the replay refuses
//! is not sent to the exchange: a rehearsal has the same gate.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Exchange;
use super::orders::desk::{DAYS, Desk, bar, scenario, word};
use crate::domain::{Bar, Fill, Money, OrderPurpose, Side, SymbolIndex, Timeframe, Timestamp};
use crate::engine::{Journal, MarketAction, OrderRecord, SessionSpan};
use crate::market::{Calendar, Session};
use crate::scenario::{MarketData, run};
use crate::strategy::{ScriptContext, read_script};

const HEADER: &str = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,\
                      time_in_force,order_class,take_profit,stop_loss,notional";
const SYMBOLS: [&str; 2] = ["TST", "TWO"];
/// Bars of a quarter of an hour; the last of the second session is missing.
const QUARTERS: [&str; 8] = [
    "2024-01-02T14:30:00Z",
    "2024-01-02T20:30:00Z",
    "2024-01-02T20:45:00Z",
    "2024-01-03T14:30:00Z",
    "2024-01-03T14:45:00Z",
    "2024-01-03T20:30:00Z",
    "2024-01-04T14:30:00Z",
    "2024-01-04T14:45:00Z",
];

/// When bars are stamped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Times {
    Days,
    Quarters,
}

impl Times {
    fn all(self) -> [&'static str; 8] {
        if self == Times::Days { DAYS } else { QUARTERS }
    }

    fn timeframe(self) -> Timeframe {
        if self == Times::Days { Timeframe::Day1 } else { Timeframe::Minute15 }
    }

    fn setting(self) -> &'static str {
        if self == Times::Days { "data.timeframe=1d" } else { "data.timeframe=15m" }
    }

    /// Sessions as a replay wants them.
    fn sessions(self) -> Vec<SessionSpan> {
        if self == Times::Days {
            return Vec::new();
        }
        let [first, last] = [DAYS[0], DAYS[2]].map(|day| day.parse().expect("a date"));
        let bar_ns = self.timeframe().minutes() * 60 * Timestamp::NS_PER_SECOND;
        let span = |session: Session| SessionSpan { start: session.open, last_bar: session.close.plus_ns(-bar_ns) };
        Calendar::xnys().sessions(first, last).map(span).collect()
    }

    /// From when an action of the third day holds.
    fn third_day(self) -> Timestamp {
        let day = DAYS[2].parse().expect("a date");
        match self {
            Times::Days => day,
            Times::Quarters => Calendar::xnys().session(day).expect("a session").open,
        }
    }
}

/// A row of a script, and the same as a request.
#[derive(Clone, Debug)]
struct Row {
    bar: usize,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Submit { id: String, symbol: usize, fields: Vec<(&'static str, String)> },
    Cancel { id: String },
    Replace { id: String, limit: String },
}

/// Numbers that a row is made from.
type Seeds = (usize, usize, usize, usize, i64, i64, i64, usize, usize, i64);

fn any_seeds() -> impl Strategy<Value = Seeds> {
    (
        0..DAYS.len() - 1,
        0..10usize,
        0..2usize,
        0..7usize,
        -400..400i64,
        1..300i64,
        1..300i64,
        0..4usize,
        0..4usize,
        1..80i64,
    )
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The row that `seeds` make, given those before it.
fn row(number: usize, seeds: Seeds, has_legs: bool, before: &[Row]) -> Option<Row> {
    let (at_bar, action, symbol, kind, offset, up, down, time, class, shares) = seeds;
    let id = format!("E{number}");
    let known = |row: &&Row| row.bar < at_bar && matches!(&row.what, What::Submit { .. });
    let target = before.iter().filter(known).nth(shares as usize % before.len().max(1));
    if let (7..=9, Some(Row { what: What::Submit { id, fields, .. }, .. })) = (action, target) {
        let has = |wanted: &str| fields.iter().any(|(name, _)| *name == wanted);
        let what = match action {
            7 if has("limit_price") && !has("order_class") => {
                What::Replace { id: id.clone(), limit: dollars(6_000 + offset) }
            }
            _ => What::Cancel { id: id.clone() },
        };
        return Some(Row { bar: at_bar, what });
    }
    let price = 6_000 + offset;
    let mut fields = Vec::new();
    let is_sale = !has_legs && action % 2 == 1;
    fields.push(("side", if is_sale { "sell" } else { "buy" }.to_owned()));
    fields.push(("time_in_force", ["gtc", "day", "ioc", "fok"][time].to_owned()));
    let class = match (has_legs, class, is_sale) {
        (true, 0, _) => "bracket",
        (true, 1 | 2, _) => "oto",
        (false, 0, true) => "oco",
        _ => "",
    };
    let (target, guard) = (("take_profit", dollars(price + up)), ("stop_loss", dollars(price - down)));
    if class == "oco" {
        fields.extend([("order_class", class.to_owned()), target, guard, ("qty", shares.to_string())]);
        return Some(Row { bar: at_bar, what: What::Submit { id, symbol, fields } });
    }
    let kind = ["market", "market", "limit", "stop", "stop_limit", "trailing_stop", "notional"][kind];
    match kind {
        "notional" => fields.extend([("type", "market".to_owned()), ("notional", shares.to_string())]),
        _ => fields.extend([("type", kind.to_owned()), ("qty", shares.to_string())]),
    }
    if kind.contains("limit") {
        fields.push(("limit_price", dollars(price)));
    }
    if kind.starts_with("stop") {
        fields.push(("stop_price", dollars(price + up - down)));
    }
    if kind == "trailing_stop" {
        fields.push(("trail_price", dollars(down)));
    }
    match class {
        "bracket" => fields.extend([("order_class", class.to_owned()), target, guard]),
        "oto" => fields.extend([("order_class", class.to_owned()), if up % 2 == 0 { target } else { guard }]),
        _ => {}
    }
    Some(Row { bar: at_bar, what: What::Submit { id, symbol, fields } })
}

fn script(times: Times, rows: &[Row]) -> String {
    let line = |row: &Row| {
        let time = times.all()[row.bar];
        let (action, id, symbol, fields) = match &row.what {
            What::Submit { id, symbol, fields } => ("submit", id, SYMBOLS[*symbol], fields.clone()),
            What::Cancel { id } => ("cancel", id, "", Vec::new()),
            What::Replace { id, limit } => ("replace", id, "", vec![("limit_price", limit.clone())]),
        };
        let value = |name: &str| match name {
            "time" => time.to_owned(),
            "action" => action.to_owned(),
            "id" => id.clone(),
            "symbol" => symbol.to_owned(),
            _ => fields.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone()).unwrap_or_default(),
        };
        HEADER.split(',').map(value).collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

fn body(id: &str, symbol: usize, fields: &[(&'static str, String)]) -> Value {
    let mut body = json!({ "symbol": SYMBOLS[symbol], "client_order_id": id });
    for (name, value) in fields {
        match *name {
            "take_profit" => body[name] = json!({ "limit_price": value }),
            "stop_loss" => body[name] = json!({ "stop_price": value }),
            _ => body[name] = value.clone().into(),
        }
    }
    if body["order_class"] == "oco" {
        body["type"] = "limit".into();
    }
    body
}

/// Sends every row at the close of its bar; orders that were replaced are known by their last id. `None` where a leg
/// held the shares of an exit.
fn through_the_exchange(market: &MarketData, set: &[&str], rows: &[Row]) -> Option<Exchange> {
    let loaded = scenario(r#""TST", "TWO""#, set);
    let mut desk = Desk { exchange: Exchange::new(&loaded, market).expect("an exchange") };
    let mut ids: Vec<(String, String)> = Vec::new();
    for at_bar in 0..DAYS.len() {
        desk.step(1);
        for row in rows.iter().filter(|row| row.bar == at_bar) {
            let id_of = |id: &String| ids.iter().find(|(own, _)| own == id).map(|(_, order)| order.clone());
            match &row.what {
                What::Submit { id, symbol, fields } => {
                    let (status, order) = desk.post_bytes(body(id, *symbol, fields).to_string().as_bytes());
                    if status == 200 {
                        ids.push((id.clone(), word(&order["id"])));
                    } else if order.get("available").is_some() && has_live_leg(&desk.exchange, *symbol) {
                        return None;
                    }
                }
                What::Cancel { id } => {
                    id_of(id).map(|order| desk.delete(&format!("/v2/orders/{order}")));
                }
                What::Replace { id, limit } => {
                    let Some(order) = id_of(id) else { continue };
                    let (status, new) = desk.patch(&order, &json!({ "limit_price": limit }));
                    if status == 200 {
                        ids.iter_mut().filter(|(own, _)| own == id).for_each(|(_, order)| *order = word(&new["id"]));
                    }
                }
            }
        }
    }
    Some(desk.exchange)
}

fn has_live_leg(exchange: &Exchange, asset: usize) -> bool {
    let mut open = exchange.book.open().map(|at| exchange.book.get(at));
    open.any(|order| order.asset == asset && order.leg_of.is_some() && order.is_live)
}

/// Did the gate refuse the order or the change of this row?
fn is_refused(journal: &Journal, market: &MarketData, times: Times, row: &Row) -> bool {
    let (What::Submit { id, .. } | What::Replace { id, .. }) = &row.what else { return false };
    let script = market.script.as_ref().expect("a script");
    let labelled = |order: &OrderRecord| order.label.and_then(|label| script.id(label)) == Some(id.as_str());
    let own = journal.orders.iter().find(|order| labelled(order)).map(|order| order.id);
    let time = times.all()[row.bar].parse::<Timestamp>().expect("a time");
    journal.refusals.iter().any(|refusal| Some(refusal.order) == own && refusal.time == time)
}

/// Time, symbol, side, shares, price and fee.
fn told(fill: &Fill) -> String {
    let symbol = SYMBOLS[fill.symbol.get()];
    let Fill { quantity, price, fee, time, .. } = fill;
    format!("{time} {symbol} {} {quantity}@{price} fee {fee}", fill.side.name())
}

/// Bars, and what shares live through.
#[derive(Clone, Debug)]
struct World {
    times: Times,
    series: Vec<Vec<Bar>>,
    action: Option<MarketAction>,
}

fn compare(world: World, set: &[&str], rows: &[Row]) -> Result<usize, TestCaseError> {
    let set: Vec<&str> = set.iter().copied().chain([world.times.setting()]).collect();
    let loaded = scenario(r#""TST", "TWO""#, &set);
    let text = script(world.times, rows);
    let context = ScriptContext {
        symbols: &loaded.spec.data.symbols,
        bars: &world.series,
        timeframe: world.times.timeframe(),
        fractional: true,
    };
    let own = read_script(&text, &context).unwrap_or_else(|error| panic!("{}: {text}", error.what));
    let market = MarketData {
        bars: world.series.clone(),
        script: Some(own),
        sessions: world.times.sessions(),
        actions: world.action.iter().map(|action| (world.times.third_day(), *action)).collect(),
        ..MarketData::default()
    };
    let journal = run(&loaded, &market).unwrap_or_else(|error| panic!("{error:?}"));
    let sent: Vec<Row> = rows.iter().filter(|row| !is_refused(&journal, &market, world.times, row)).cloned().collect();
    let Some(exchange) = through_the_exchange(&market, &set, &sent) else { return Ok(0) };
    let theirs: Vec<String> = exchange.statement.executions.iter().map(|execution| told(&execution.fill)).collect();
    // What a delisting takes is a payment here.
    let ordered = journal.fills.iter().filter(|fill| fill.purpose != OrderPurpose::Delisted);
    let ours: Vec<String> = ordered.map(told).collect();
    prop_assert_eq!(&ours, &theirs, "{}\n{:#?}\n{:#?}", text, journal.refusals, journal.rejections);
    let paid = |fill: &Fill| match fill.side {
        Side::Buy => fill.notional() + fill.fee,
        Side::Sell => fill.fee - fill.notional(),
    };
    let received: Money = journal.cash_events.iter().map(|event| event.amount).sum();
    let cash = loaded.spec.account.cash + received - journal.fills.iter().map(paid).sum();
    prop_assert_eq!(word(&exchange.state()["cash"]), cash.to_string());
    Ok(ours.len())
}

fn any_action() -> impl Strategy<Value = Option<MarketAction>> {
    let symbol = SymbolIndex(0);
    let split = |ratio: &str| Some(MarketAction::Split { symbol, ratio: ratio.parse().expect("a ratio") });
    let dividend = MarketAction::Dividend { symbol, amount: "0.37".parse().expect("an amount") };
    let gone = MarketAction::Delisting { symbol, name: "TST".parse().expect("a symbol"), amount: None };
    proptest::sample::select(vec![None, None, split("2"), split("0.5"), split("1.5"), Some(dividend), Some(gone)])
}

fn any_world() -> impl Strategy<Value = World> {
    let any_bar = (-200..200i64, 0..200i64, 0..200i64, -200..200i64, 0..160i64);
    let any_bars = proptest::collection::vec(any_bar, DAYS.len());
    let any_times = prop_oneof![Just(Times::Days), Just(Times::Quarters)];
    (any_times, proptest::collection::vec(any_bars, 2), any_action()).prop_map(|(times, series, action)| {
        let bars = |steps: Vec<(i64, i64, i64, i64, i64)>| {
            let shaped = steps.into_iter().zip(times.all()).map(|((open, up, down, close, volume), time)| {
                let (open, close) = (6_000 + open, 6_000 + close);
                let (high, low) = (open.max(close) + up, open.min(close) - down);
                let prices = [open, high, low, close].map(dollars).join(" ");
                bar(time, &format!("{prices} {volume}"))
            });
            shaped.collect()
        };
        World { times, series: series.into_iter().map(bars).collect(), action }
    })
}

fn any_settings() -> impl Strategy<Value = Vec<&'static str>> {
    let one_of = |all: &'static [&'static str]| proptest::sample::select(all);
    let fills = one_of(&["execution.market_fill=next_open", "execution.market_fill=next_close"]);
    let reads = one_of(&[
        "execution.both_touched=stop_first",
        "execution.both_touched=target_first",
        "execution.both_touched=ohlc",
    ]);
    let parts = one_of(&["execution.participation=1", "execution.participation=0.3"]);
    let slips = one_of(&[
        "execution.slippage={ kind = \"none\" }",
        "execution.slippage={ kind = \"bps\", value = \"10\" }",
        "execution.slippage={ kind = \"volume_share\", value = \"0.1\" }",
    ]);
    let costs = one_of(&[
        "execution.commission={ kind = \"none\" }",
        "execution.commission={ kind = \"alpaca\" }",
        "execution.commission={ kind = \"per_share\", value = \"0.01\", min = \"1\", cap_bps = \"50\" }",
    ]);
    let shorts = one_of(&["account.allow_short=true", "account.allow_short=false"]);
    (fills, reads, parts, slips, costs, shorts).prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the orders, bars and rules of the scenario: fill by fill the exchange does what a replay does.
    #[test]
    fn the_exchange_fills_as_a_replay_does(
        world in any_world(),
        settings in any_settings(),
        has_legs in any::<bool>(),
        seeds in proptest::collection::vec(any_seeds(), 1..40),
    ) {
        let mut rows: Vec<Row> = Vec::new();
        for (number, seeds) in seeds.into_iter().enumerate() {
            rows.extend(row(number, seeds, has_legs, &rows));
        }
        compare(world, &settings, &rows)?;
    }
}

/// Scripts of the law above do fill: a law about no fills would hold as well.
#[test]
fn a_script_with_everything_fills() {
    let flat = |day: &&str| bar(day, "60 66 54 60 1000");
    let series = vec![DAYS.iter().map(flat).collect::<Vec<Bar>>(); 2];
    let submit = |id: &str, fields: &[(&'static str, &str)]| What::Submit {
        id: id.to_owned(),
        symbol: 0,
        fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    let rows = [
        (0, submit("E1", &[("side", "buy"), ("qty", "10"), ("type", "market"), ("time_in_force", "day")])),
        (
            1,
            submit(
                "E2",
                &[
                    ("side", "sell"),
                    ("qty", "4"),
                    ("order_class", "oco"),
                    ("take_profit", "70"),
                    ("stop_loss", "55"),
                    ("time_in_force", "gtc"),
                ],
            ),
        ),
        (
            2,
            submit(
                "E3",
                &[("side", "sell"), ("qty", "3"), ("type", "limit"), ("limit_price", "90"), ("time_in_force", "gtc")],
            ),
        ),
        (3, What::Replace { id: "E3".to_owned(), limit: "65".to_owned() }),
        (4, submit("E4", &[("side", "buy"), ("type", "market"), ("notional", "50"), ("time_in_force", "day")])),
    ];
    let rows: Vec<Row> = rows.into_iter().map(|(bar, what)| Row { bar, what }).collect();
    let world = World { times: Times::Days, series, action: None };
    assert_eq!(compare(world, &[], &rows).expect("the same fills"), 4);
}
