//! Laws of order scripts: whatever a script asks on whatever bars, the books tie and the gate holds.
#![allow(clippy::unwrap_used)]
mod micro;

use std::collections::BTreeMap;

use micro::{Micro, Outcome, run_micro};
use proptest::prelude::*;

const DAYS: [&str; 10] = [
    "2024-01-02",
    "2024-01-03",
    "2024-01-04",
    "2024-01-05",
    "2024-01-08",
    "2024-01-09",
    "2024-01-10",
    "2024-01-11",
    "2024-01-12",
    "2024-01-16",
];

/// Open, high, low, close and volume in whole dollars and shares.
type Day = (i64, i64, i64, i64, i64);

fn day() -> impl Strategy<Value = Day> {
    (50i64..70, 50i64..70, 0i64..4, 0i64..4, prop_oneof![Just(0i64), 100i64..2_000])
        .prop_map(|(open, close, up, down, volume)| (open, open.max(close) + up, open.min(close) - down, close, volume))
}

fn bars(days: &[Day]) -> String {
    let row = |(time, (open, high, low, close, volume)): (&&str, &Day)| {
        format!("{time},{open},{high},{low},{close},{volume}")
    };
    DAYS.iter().zip(days).map(row).collect::<Vec<_>>().join("\n")
}

/// What a row asks, before it has a time and an id.
#[derive(Debug, Clone)]
enum Ask {
    Submit(String),
    /// Cancel or replace the order so many submissions back, or a leg of it.
    Cancel(usize, &'static str),
    Replace(usize, String),
    Plain(&'static str),
}

fn submit() -> impl Strategy<Value = Ask> {
    let side = prop_oneof![Just("buy"), Just("sell")];
    let qty = prop_oneof![Just("max".to_owned()), (1i64..400).prop_map(|qty| qty.to_string())];
    let tif = prop_oneof![Just("gtc"), Just("day"), Just("ioc"), Just("fok"), Just("opg"), Just("cls")];
    let prices = (50i64..70, 50i64..70, 1i64..5, 1i64..8, 1i64..8);
    (side, qty, tif, 0usize..8, prices, prop_oneof![Just("AAA"), Just("BBB")]).prop_map(
        |(side, qty, tif, shape, (limit, stop, trail, win, lose), symbol)| {
            let rests = if matches!(tif, "gtc" | "day") { tif } else { "gtc" };
            let way = if side == "buy" { 1 } else { -1 };
            let (target, guard) = (limit + way * win, limit - way * lose);
            let tail = match shape {
                0 => format!("market,,,,,{tif},,,"),
                1 => format!("limit,{limit},,,,{tif},,,"),
                2 => format!("stop,,{stop},,,{rests},,,"),
                3 => format!("stop_limit,{limit},{stop},,,{rests},,,"),
                4 => format!("trailing_stop,,,{trail},,{rests},,,"),
                5 => format!("limit,{limit},,,,{rests},bracket,{target},{guard}"),
                6 => format!("limit,{limit},,,,{rests},oto,,{guard}"),
                _ => format!(",,,,,{rests},oco,{guard},{target}"),
            };
            Ask::Submit(format!("{symbol},{side},{qty},{tail}"))
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let part = prop_oneof![2 => Just(""), 1 => Just(".stop")];
    let replace = prop_oneof![
        (1i64..400).prop_map(|qty| format!(",,{qty},,,,,,,,,")),
        (50i64..70).prop_map(|limit| format!(",,,,{limit},,,,,,,")),
        (50i64..70).prop_map(|stop| format!(",,,,,{stop},,,,,,")),
    ];
    let plain = prop_oneof![
        Just("halt,,,,,,,,,,,,,"),
        Just("resume,,,,,,,,,,,,,"),
        Just("flatten,,,,,,,,,,,,,"),
        Just("flatten,,AAA,,,,,,,,,,,"),
    ];
    prop_oneof![
        12 => submit(),
        2 => (1usize..5, part).prop_map(|(back, part)| Ask::Cancel(back, part)),
        3 => (1usize..5, replace).prop_map(|(back, fields)| Ask::Replace(back, fields)),
        2 => plain.prop_map(Ask::Plain),
    ]
}

/// Rows that a reader accepts: ids are numbered, and a change names an order that has what is changed.
fn script(asks: &[(usize, Ask)]) -> String {
    let mut asks = asks.to_vec();
    asks.sort_by_key(|(day, _)| *day);
    let mut sent: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (day, ask) in &asks {
        let back = |back: usize| sent.len().checked_sub(back).map(|at| (at, sent[at].as_str()));
        let row = match ask {
            Ask::Submit(fields) => {
                sent.push(fields.clone());
                Some(format!("submit,E{},{fields}", sent.len() - 1))
            }
            Ask::Cancel(by, part) => back(*by)
                .filter(|(_, order)| part.is_empty() || order.contains(",oco,") || order.contains(",oto,"))
                .map(|(at, _)| format!("cancel,E{at}{part},,,,,,,,,,,,")),
            Ask::Replace(by, fields) => back(*by)
                .filter(|(_, order)| {
                    let (is_limit, is_stop) =
                        (order.contains("limit,"), order.contains("stop,,") || order.contains("stop_limit,"));
                    let price = |at: usize| !fields.split(',').nth(at).unwrap().is_empty();
                    (!price(4) || is_limit || order.contains(",oco,"))
                        && (!price(5) || is_stop && !order.contains("trailing"))
                })
                .map(|(at, _)| format!("replace,E{at},{fields}")),
            Ask::Plain(fields) => Some((*fields).to_owned()),
        };
        rows.extend(row.map(|row| format!("{},{row}", DAYS[*day])));
    }
    rows.join("\n")
}

/// A fill out of its text.
struct Filled {
    order: String,
    day: usize,
    /// Negative is sold.
    shares: i64,
    price: f64,
}

fn fills(outcome: &Outcome) -> Vec<Filled> {
    let read = |fill: &String| {
        let words: Vec<&str> = fill.split(' ').collect();
        let day = DAYS.iter().position(|day| *day == words[1]).unwrap();
        let shares: i64 = words[3].parse().unwrap();
        let shares = if words[2] == "buy" { shares } else { -shares };
        Filled { order: words[0].to_owned(), day, shares, price: words[5].parse().unwrap() }
    };
    outcome.fills.iter().map(read).collect()
}

/// The day on which the script sent `order` (or the order whose leg it is), and its symbol; none for the
/// exits of a flatten.
fn sent(script: &str, order: &str) -> Option<(usize, String)> {
    let id = order.split('.').next().unwrap();
    let fields = script.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let mut rows = fields.filter(|fields| fields[1] == "submit" && fields[2] == id);
    rows.next().map(|fields| (DAYS.iter().position(|day| *day == fields[0]).unwrap(), fields[3].to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The run ends (the venue and the engine agree on every order, the books tie at every bar); nothing
    /// fills on the bar that sent it but for `market_fill = "close"`, beyond the bar's prices or its share
    /// of the volume; refused orders never fill.
    #[test]
    fn whatever_a_script_asks_the_books_tie(
        series in proptest::collection::vec((day(), day()), DAYS.len()),
        asks in proptest::collection::vec((0usize..9, ask()), 1..30),
        split in proptest::option::of(prop_oneof![Just("2"), Just("1.5"), Just("0.25"), Just("0.004")]),
        (shorts, thin, check_at_fill, trim, dividend) in any::<(bool, bool, bool, bool, bool)>(),
        leverage in prop_oneof![Just(1), Just(2), Just(4)],
        holes in proptest::collection::vec(1usize..DAYS.len(), 0..4),
        market_fill in prop_oneof![2 => Just("next_open"), 1 => Just("close"), 1 => Just("next_close")],
    ) {
        let (left, right): (Vec<Day>, Vec<Day>) = series.into_iter().unzip();
        // The share that splits has no bar on some days, perhaps on the very ex-date.
        let holed = bars(&left).lines().enumerate().filter(|(at, _)| !holes.contains(at)).map(|(_, row)| row).collect::<Vec<_>>().join("\n");
        let bars = [("AAA", holed), ("BBB", bars(&right))];
        let text = script(&asks);
        let mut actions = split.map_or(String::new(), |ratio| format!("AAA,2024-01-08,split,{ratio}\n"));
        if dividend {
            actions.push_str("AAA,2024-01-08,dividend,1.5\nBBB,2024-01-05,dividend,0.25");
        }
        let set = vec![
            format!("account.allow_short={shorts}"),
            format!("account.cash_check={}", if check_at_fill { "fill" } else { "approval" }),
            format!("execution.participation={}", if thin { "0.1" } else { "1" }),
            format!("execution.market_fill={market_fill}"),
            format!("account.leverage={leverage}"),
            format!("sizing.if_short_of_cash={}", if trim { "trim" } else { "reject" }),
            format!("risk.on_breach={}", if trim { "trim" } else { "reject" }),
        ];
        let micro = Micro { bars: &bars, script: text.clone(), actions: &actions, set, ..Micro::default() };
        let outcome = run_micro(&micro).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(outcome.equity.len(), DAYS.len());
        let refused: Vec<&str> =
            outcome.orders.iter().filter_map(|order| order.split_once(" refused").map(|(id, _)| id)).collect();
        let mut taken: BTreeMap<(String, usize), i64> = BTreeMap::new();
        for fill in fills(&outcome) {
            let what = format!("{} on day {}\n{text}", fill.order, fill.day);
            prop_assert!(!refused.contains(&fill.order.as_str()), "refused: {what}");
            let Some((day, symbol)) = sent(&text, &fill.order) else { continue };
            prop_assert!(day < fill.day || (market_fill == "close" && day == fill.day), "too early: {what}");
            let (_, high, low, _, volume) = if symbol == "AAA" { left[fill.day] } else { right[fill.day] };
            prop_assert!(low as f64 <= fill.price && fill.price <= high as f64, "beyond the bar: {what}");
            let shares = taken.entry((fill.order, fill.day)).or_default();
            *shares += fill.shares.abs();
            prop_assert!(*shares <= if thin { volume / 10 } else { volume }, "more than its share: {what}");
        }
    }

    /// Where the price stands still, no script gets a position past `max_position_size`, nor all of them past
    /// what the account may borrow, whatever rests, fills in part, waits or is changed.
    #[test]
    fn no_script_gets_past_the_limits(
        volumes in proptest::collection::vec(prop_oneof![Just(0i64), 100i64..2_000, Just(1_000_000)], DAYS.len()),
        asks in proptest::collection::vec((0usize..9, ask()), 1..40),
        leverage in prop_oneof![Just(1i64), Just(2)],
        (shorts, thin, trim) in any::<(bool, bool, bool)>(),
        size in prop_oneof![Just(0.3f64), Just(0.8), Just(3.0)],
    ) {
        let still: Vec<Day> = volumes.iter().map(|volume| (60, 60, 60, 60, *volume)).collect();
        let series = [("AAA", bars(&still)), ("BBB", bars(&still))];
        let text = script(&asks);
        let set = vec![
            format!("account.allow_short={shorts}"),
            format!("account.leverage={leverage}"),
            format!("execution.participation={}", if thin { "0.1" } else { "1" }),
            format!("risk.max_position_size={size}"),
            format!("risk.on_breach={}", if trim { "trim" } else { "reject" }),
        ];
        let micro = Micro { bars: &series, script: text.clone(), set, ..Micro::default() };
        let outcome = run_micro(&micro).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let mut held: BTreeMap<String, i64> = BTreeMap::new();
        for fill in fills(&outcome) {
            // The exits of a flatten only shrink.
            let Some((_, symbol)) = sent(&text, &fill.order) else { break };
            *held.entry(symbol).or_default() += fill.shares;
            let gross: i64 = held.values().map(|shares| shares.abs() * 60).sum();
            prop_assert!(gross <= leverage * 100_000, "{} leads to {gross}\n{text}", fill.order);
            let largest = held.values().map(|shares| shares.abs() * 60).max().unwrap_or(0);
            prop_assert!(largest as f64 <= size * 100_000.0, "{} leads to {largest}\n{text}", fill.order);
        }
    }

    /// While halted, every fill shrinks the position and none flips it.
    #[test]
    fn halted_only_reductions_fill(
        series in proptest::collection::vec(day(), DAYS.len()),
        asks in proptest::collection::vec((0usize..9, ask()), 1..30),
        at in 1usize..7,
    ) {
        let one = |(day, ask): &(usize, Ask)| match ask {
            Ask::Submit(fields) => (*day, Ask::Submit(fields.replace("BBB", "AAA"))),
            Ask::Plain("resume,,,,,,,,,,,,,") => (*day, Ask::Plain("halt,,,,,,,,,,,,,")),
            other => (*day, other.clone()),
        };
        let mut asks: Vec<(usize, Ask)> = asks.iter().map(one).collect();
        asks.push((at, Ask::Plain("halt,,,,,,,,,,,,,")));
        let text = script(&asks);
        let bars = [("AAA", bars(&series))];
        let outcome = run_micro(&Micro { bars: &bars, script: text.clone(), ..Micro::default() })
            .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let mut held = 0i64;
        for Filled { order, day, shares, .. } in fills(&outcome) {
            let after = held + shares;
            prop_assert!(held.signum() * after.signum() >= 0, "{order} flips {held} by {shares}\n{text}");
            prop_assert!(day <= at || after.abs() < held.abs(), "{order} on day {day}: {held} by {shares}\n{text}");
            held = after;
        }
    }
}

/// Alpaca's words for how an order stands at the end of a run, and ours for one that was not sent.
const WORDS: [&str; 8] = ["new", "held", "partially_filled", "filled", "canceled", "expired", "rejected", "refused"];

/// Rows of the whole language: those of [`ask`], legs that live for a day, and orders in dollars.
fn any_ask() -> impl Strategy<Value = Ask> {
    let dollars = (prop_oneof![Just("buy"), Just("sell")], prop_oneof![Just("day"), Just("gtc")], 1i64..20_000)
        .prop_map(|(side, time_in_force, cents)| {
            Ask::Submit(format!("AAA,{side},,market,,,,,{time_in_force},,,|{}.{:02}", cents / 100, cents % 100))
        });
    prop_oneof![6 => ask(), 1 => dollars]
}

/// A fill with parts of shares.
struct Part {
    order: String,
    day: usize,
    shares: f64,
    price: f64,
}

fn parts(outcome: &Outcome) -> Vec<Part> {
    let read = |fill: &String| {
        let words: Vec<&str> = fill.split(' ').collect();
        let day = DAYS.iter().position(|day| *day == words[1]).unwrap();
        Part { order: words[0].to_owned(), day, shares: words[3].parse().unwrap(), price: words[5].parse().unwrap() }
    };
    outcome.fills.iter().map(read).collect()
}

/// Fields of the row that sent `order`, or the order whose leg it is.
fn sent_as<'a>(script: &'a str, order: &str) -> Option<Vec<&'a str>> {
    let id = order.split('.').next().unwrap();
    let mut rows = script.lines().map(|row| row.split(',').collect::<Vec<_>>());
    rows.find(|fields| fields[1] == "submit" && fields[2] == id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Over the whole language, with Alpaca's rules: what is refused never fills; nothing fills beyond the bar
    /// or its share of the volume, nor after its time in force, nor a stop above its level; the legs of an
    /// entry sell no more than it bought, and a pair no more than it is for. That statuses follow the table of
    /// transitions is an error of the run, should they not.
    #[test]
    fn orders_live_and_die_by_the_rules(
        series in proptest::collection::vec((day(), day()), DAYS.len()),
        asks in proptest::collection::vec((0usize..9, any_ask()), 1..25),
        (thin, shorts, rules) in any::<(bool, bool, bool)>(),
    ) {
        let (left, right): (Vec<Day>, Vec<Day>) = series.into_iter().unzip();
        let bars = [("AAA", bars(&left)), ("BBB", bars(&right))];
        let wide = |row: &str| match row.split_once('|') {
            Some((row, dollars)) => format!("{row},{dollars},"),
            None => format!("{row},,"),
        };
        let text = script(&asks).lines().map(wide).collect::<Vec<_>>().join("\n");
        let set = vec![
            format!("account.allow_short={shorts}"),
            format!("execution.participation={}", if thin { "0.1" } else { "1" }),
            format!("execution.venue_rules={}", if rules { "alpaca" } else { "none" }),
        ];
        let micro = Micro { bars: &bars, script: text.clone(), columns: ",notional,extended_hours", set, ..Micro::default() };
        let outcome = run_micro(&micro).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let changed = |id: &str| text.lines().any(|row| row.contains(&format!(",replace,{id},")));
        let mut by_order: BTreeMap<String, f64> = BTreeMap::new();
        for Part { order, day, shares, price } in parts(&outcome) {
            let Some(fields) = sent_as(&text, &order) else { continue };
            let what = format!("{order} on day {day} of\n{text}");
            let (open, high, low, _, volume) = if fields[3] == "AAA" { left[day] } else { right[day] };
            prop_assert!(low as f64 <= price && price <= high as f64, "beyond the bar: {what}");
            prop_assert!(shares <= (if thin { volume / 10 } else { volume }) as f64, "more than its share: {what}");
            let sent_on = DAYS.iter().position(|day| *day == fields[0]).unwrap();
            let lives_a_day = !matches!(fields[11], "gtc" | "");
            prop_assert!(!lives_a_day || day == sent_on + 1, "after its time: {what}");
            let (plain, is_first) = (!order.contains('.') && !changed(&order), !by_order.contains_key(&order));
            if plain && is_first && fields[6] == "stop" && fields[4] == "sell" {
                let stop: f64 = fields[8].parse().unwrap();
                prop_assert!(price <= stop, "a stop too good: {what}");
                prop_assert!(open as f64 > stop || price <= open as f64, "better than a market order: {what}");
            }
            *by_order.entry(order).or_default() += shares;
        }
        let filled = |id: &str| by_order.get(id).copied().unwrap_or(0.0);
        for (order, quantity) in outcome.orders.iter().zip(&outcome.quantities) {
            let (id, rest) = order.split_once(' ').unwrap();
            let status = rest.split(' ').next().unwrap();
            prop_assert!(WORDS.contains(&status), "{order}");
            prop_assert!(!matches!(status, "refused" | "rejected") || filled(id) == 0.0, "{order} fills\n{text}");
            let numbers: Vec<f64> = quantity.split(' ').filter_map(|word| word.parse().ok()).collect();
            let [done, whole] = numbers[..] else { return Err(TestCaseError::fail(quantity.clone())) };
            prop_assert!(done <= whole && (status != "filled" || done == whole), "{order}: {quantity}\n{text}");
        }
        for row in text.lines().map(|row| row.split(',').collect::<Vec<_>>()) {
            let id = row[2];
            let legs = filled(&format!("{id}.stop")) + filled(&format!("{id}.take_profit"));
            if matches!(row[12], "bracket" | "oto") {
                prop_assert!(legs <= filled(id), "{id}: its legs sell {legs}\n{text}");
            } else if row[12] == "oco" && !changed(id) && row[5] != "max" {
                let most: f64 = row[5].parse().unwrap();
                prop_assert!(filled(id) + legs <= most, "{id}: both sell {}\n{text}", filled(id) + legs);
            }
        }
    }
}
