//! Laws of the readings and of the way to the venue, whatever a script asks on whatever bars.
#![allow(clippy::unwrap_used)]
mod micro;

use std::collections::BTreeMap;

use micro::{Micro, Outcome, run_micro};
use proptest::prelude::*;

const DAYS: [&str; 6] = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"];

/// Open, high, low, close in whole dollars, and volume.
type Bar = (i64, i64, i64, i64, i64);

fn bar(volume: impl Strategy<Value = i64>) -> impl Strategy<Value = Bar> {
    (52i64..68, 52i64..68, 0i64..6, 0i64..6, volume)
        .prop_map(|(open, close, up, down, volume)| (open, open.max(close) + up, open.min(close) - down, close, volume))
}

fn table<'a>(times: impl IntoIterator<Item = &'a str>, bars: &[Bar]) -> String {
    let row =
        |(time, (open, high, low, close, volume)): (&str, &Bar)| format!("{time},{open},{high},{low},{close},{volume}");
    times.into_iter().zip(bars).map(row).collect::<Vec<_>>().join("\n")
}

/// A row of a script without its time and id, or one that names the order so many submissions back.
#[derive(Debug, Clone)]
enum Ask {
    Submit(String),
    Change(usize, &'static str, String),
    Plain(&'static str),
}

/// Which shapes of orders are asked for: all, or those that a bar of one dollar tells whole.
#[derive(Clone, Copy, PartialEq)]
enum Shapes {
    All,
    WithoutStopLimits,
}

fn submit(shapes: Shapes) -> impl Strategy<Value = Ask> {
    let side = prop_oneof![3 => Just("buy"), 2 => Just("sell")];
    let qty = prop_oneof![6 => (1i64..300).prop_map(|qty| qty.to_string()), 1 => Just("max".to_owned())];
    (side, qty, 0usize..8, 50i64..70, 50i64..70, (1i64..5, 1i64..8, 1i64..8)).prop_map(
        move |(side, qty, shape, limit, stop, (trail, win, lose))| {
            let way = if side == "buy" { 1 } else { -1 };
            let (target, guard) = (limit + way * win, limit - way * lose);
            let tail = match shape {
                0 => "market,,,,,gtc,,,".to_owned(),
                3 if shapes == Shapes::All => format!("stop_limit,{limit},{stop},,,gtc,,,"),
                1 | 3 => format!("limit,{limit},,,,day,,,"),
                2 => format!("stop,,{stop},,,gtc,,,"),
                4 => format!("trailing_stop,,,{trail},,gtc,,,"),
                5 => format!("limit,{limit},,,,gtc,bracket,{target},{guard}"),
                6 => format!("market,,,,,gtc,bracket,{},{}", 60 + way * win, 60 - way * lose),
                _ => format!(",,,,,gtc,oco,{guard},{target}"),
            };
            Ask::Submit(format!("TST,{side},{qty},{tail}"))
        },
    )
}

fn ask(shapes: Shapes) -> impl Strategy<Value = Ask> {
    let replace = prop_oneof![
        (1i64..300).prop_map(|qty| format!(",,{qty},,,,,,,,,")),
        (50i64..70).prop_map(|limit| format!(",,,,{limit},,,,,,,")),
    ];
    let plain = prop_oneof![Just("halt,,,,,,,,,,,,,"), Just("resume,,,,,,,,,,,,,"), Just("flatten,,,,,,,,,,,,,"),];
    prop_oneof![
        12 => submit(shapes),
        2 => (1usize..4).prop_map(|back| Ask::Change(back, "cancel", ",,,,,,,,,,,".to_owned())),
        4 => (1usize..4, replace).prop_map(|(back, fields)| Ask::Change(back, "replace", fields)),
        1 => plain.prop_map(Ask::Plain),
    ]
}

/// Rows that a reader accepts: a limit is changed only where there is one.
fn script(times: &[String], asks: &[(usize, Ask)]) -> String {
    let mut asks = asks.to_vec();
    asks.sort_by_key(|(at, _)| *at);
    let (mut sent, mut rows) = (Vec::<String>::new(), Vec::new());
    for (at, ask) in &asks {
        let row = match ask {
            Ask::Submit(fields) => {
                sent.push(fields.clone());
                Some(format!("submit,E{},{fields}", sent.len() - 1))
            }
            Ask::Change(back, action, fields) => sent
                .len()
                .checked_sub(*back)
                .filter(|at| fields.split(',').nth(4) == Some("") || sent[*at].contains("limit,"))
                .map(|at| format!("{action},E{at},{fields}")),
            Ask::Plain(fields) => Some((*fields).to_owned()),
        };
        rows.extend(row.map(|row| format!("{},{row}", times[*at])));
    }
    rows.join("\n")
}

fn days() -> Vec<String> {
    DAYS.map(str::to_owned).to_vec()
}

fn play(bars: &[Bar], text: &str, set: &[&str], finer: Option<String>) -> Outcome {
    let mut set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let header = "timestamp,open,high,low,close,volume";
    let files: Vec<(&str, String)> =
        finer.map(|rows| ("fine.csv", format!("{header}\n{rows}\n"))).into_iter().collect();
    if !files.is_empty() {
        set.extend(["execution.both_touched=finer".to_owned(), "data.finer_path=fine.csv".to_owned()]);
    }
    let series = [("TST", table(DAYS, bars))];
    run_micro(&Micro { bars: &series, script: text.to_owned(), set, files: &files, ..Micro::default() })
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Order, time, shares and price of a fill.
fn fill(text: &str) -> (String, String, i64, f64) {
    let words: Vec<&str> = text.split(' ').collect();
    (words[0].to_owned(), words[1].to_owned(), words[3].parse().unwrap(), words[5].parse().unwrap())
}

/// The minutes of a day whose price goes from its open along the corners a dollar at a time.
fn steps(day: &str, bar: &Bar) -> String {
    let (open, high, low, close, _) = *bar;
    let rises_first = high - open < open - low || (high - open == open - low && close < open);
    let corners = if rises_first { [high, low, close] } else { [low, high, close] };
    let (mut at, mut minutes) = (open, vec![(open, open)]);
    for corner in corners {
        while at != corner {
            let next = at + (corner - at).signum();
            minutes.push((at, next));
            at = next;
        }
    }
    minutes.push((close, close));
    let row = |(minute, (from, to)): (usize, &(i64, i64))| {
        let time = format!("{day}T{}:{:02}:00Z", 14 + (30 + minute) / 60, (30 + minute) % 60);
        format!("{time},{from},{},{},{to},1000", from.max(to), from.min(to))
    };
    minutes.iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Under every reading a fill lies in its bar, the exits of an entry sell no more than it bought, and the
    /// run lies in its band.
    #[test]
    fn readings_keep_the_laws_of_a_bar(
        bars in proptest::collection::vec(bar(prop_oneof![1 => Just(0i64), 4 => 100i64..2_000]), DAYS.len()),
        asks in proptest::collection::vec((0usize..5, ask(Shapes::All)), 1..20),
        reading in prop_oneof![1 => Just("stop_first"), 1 => Just("target_first"), 3 => Just("ohlc")],
        (thin, through) in any::<(bool, bool)>(),
    ) {
        let text = script(&days(), &asks);
        let both_touched = format!("execution.both_touched={reading}");
        let participation = if thin { "execution.participation=0.1" } else { "execution.participation=1" };
        let limit_fill = if through { "execution.limit_fill=through" } else { "execution.limit_fill=touch" };
        let run = play(&bars, &text, &[&both_touched, participation, limit_fill], None);
        let mut filled: BTreeMap<String, i64> = BTreeMap::new();
        for (order, time, shares, price) in run.fills.iter().map(|text| fill(text)) {
            let (_, high, low, _, _) = bars[DAYS.iter().position(|day| *day == time).unwrap()];
            prop_assert!(low as f64 <= price && price <= high as f64, "{order} at {price}\n{text}\n{run:#?}");
            *filled.entry(order).or_default() += shares;
        }
        for (entry, bought) in filled.iter().filter(|(order, _)| !order.contains('.')) {
            let of = |leg: &str| filled.get(&format!("{entry}.{leg}")).copied().unwrap_or(0);
            let legs = of("stop") + of("take_profit");
            let is_pair = text.lines().any(|row| row.contains(&format!(",{entry},")) && row.contains(",oco,"));
            // The target of a pair is the order itself: both sell one position.
            prop_assert!(if is_pair { of("take_profit") == 0 } else { legs <= *bought }, "{entry}\n{text}\n{run:#?}");
        }
        let [low, own, high] = run.band.each_ref().map(|usd| usd.parse::<f64>().unwrap());
        prop_assert!(low <= own && own <= high);
        prop_assert!(low == high || run.ambiguous_bars + run.unclear_entry_bars > 0);
    }

    /// The siblings of a pair that one bar holds whole never both fill.
    #[test]
    fn siblings_never_both_fill(
        bars in proptest::collection::vec(bar(Just(1_000_000)), DAYS.len()),
        asks in proptest::collection::vec((0usize..5, ask(Shapes::All)), 1..20),
        reading in prop_oneof![1 => Just("stop_first"), 1 => Just("target_first"), 3 => Just("ohlc")],
    ) {
        let text = script(&days(), &asks);
        let run = play(&bars, &text, &[&format!("execution.both_touched={reading}")], None);
        let orders: Vec<String> = run.fills.iter().map(|text| fill(text).0).collect();
        for stop in orders.iter().filter_map(|order| order.strip_suffix(".stop")) {
            let is_pair = text.lines().any(|row| row.contains(&format!(",{stop},")) && row.contains(",oco,"));
            let sibling = if is_pair { stop.to_owned() } else { format!("{stop}.take_profit") };
            prop_assert!(!orders.contains(&sibling), "{stop}\n{text}\n{run:#?}");
        }
    }

    /// A bar whose path is known is the path: walking it fills what its finer bars fill, a dollar at a time.
    #[test]
    fn a_known_path_is_its_finer_bars(
        bars in proptest::collection::vec(bar(Just(1_000_000)), DAYS.len()),
        asks in proptest::collection::vec((0usize..5, ask(Shapes::WithoutStopLimits)), 1..20),
    ) {
        let text = script(&days(), &asks);
        // Without collars: they lie between whole dollars, where one finer bar holds two levels.
        let rules = "execution.venue_rules=none";
        let walked = play(&bars, &text, &["execution.both_touched=ohlc", rules], None);
        let minutes = DAYS.iter().zip(&bars).map(|(day, bar)| steps(day, bar)).collect::<Vec<_>>().join("\n");
        let through = play(&bars, &text, &[rules], Some(minutes));
        prop_assert_eq!(&through.fills, &walked.fills, "{}", text);
        prop_assert_eq!(&through.orders, &walked.orders, "{}", text);
        prop_assert_eq!(through.unread_bars.0, 0);
    }

    /// One finer bar that is the bar itself says no more than the bar: stop first.
    #[test]
    fn one_finer_bar_a_bar_is_stop_first(
        bars in proptest::collection::vec(bar(prop_oneof![1 => Just(0i64), 4 => 100i64..2_000]), DAYS.len()),
        asks in proptest::collection::vec((0usize..5, ask(Shapes::All)), 1..20),
        thin in any::<bool>(),
    ) {
        let text = script(&days(), &asks);
        let set = [if thin { "execution.participation=0.1" } else { "execution.participation=1" }];
        let whole = play(&bars, &text, &set, None);
        // A second minute without volume says that the file holds minutes.
        let minutes = DAYS.iter().zip(&bars).map(|(day, (open, high, low, close, volume))| {
            format!("{day}T14:30:00Z,{open},{high},{low},{close},{volume}\n{day}T14:31:00Z,{close},{close},{close},{close},0")
        });
        let mut through = play(&bars, &text, &set, Some(minutes.collect::<Vec<_>>().join("\n")));
        prop_assert_eq!(through.unread_bars.0, 0);
        through.files = whole.files.clone();
        prop_assert_eq!(through, whole, "{}", text);
    }

    /// With a way to the venue nothing fills before its order has arrived, what is refused never fills, and
    /// the gate and the venue agree at every bar whatever is asked and however it splits.
    #[test]
    fn nothing_fills_before_it_has_arrived(
        bars in proptest::collection::vec(bar(prop_oneof![1 => Just(0i64), 4 => 100i64..2_000]), 16),
        asks in proptest::collection::vec((0usize..15, ask(Shapes::All)), 1..30),
        latency_ms in prop_oneof![Just(0i64), Just(250), Just(60_000), Just(60_001), Just(150_000), Just(3_600_000)],
        reading in prop_oneof![Just("stop_first"), Just("ohlc")],
        split in proptest::option::of(prop_oneof![Just("2"), Just("0.25")]),
        leverage in prop_oneof![Just(1), Just(4)],
        thin in any::<bool>(),
    ) {
        // The last eight minutes of one session, the first eight of the next.
        let minutes = |from: usize, hour: usize, day: u32| (0..8).map(move |at| format!("2024-01-0{day}T{hour}:{:02}:00Z", from + at));
        let times: Vec<String> = minutes(52, 20, 2).chain(minutes(30, 14, 3)).collect();
        let text = script(&times, &asks);
        let series = [("TST", table(times.iter().map(String::as_str), &bars))];
        let actions = split.map_or(String::new(), |ratio| format!("TST,2024-01-03,split,{ratio}"));
        let set = vec![
            format!("execution.latency_ms={latency_ms}"),
            format!("account.leverage={leverage}"),
            "risk.max_position_size=4".to_owned(),
            format!("execution.both_touched={reading}"),
            format!("execution.participation={}", if thin { "0.1" } else { "1" }),
        ];
        let micro = Micro { bars: &series, script: text.clone(), timeframe: "1m", actions: &actions, set, ..Micro::default() };
        let run = run_micro(&micro).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let second = |time: &str| time.parse::<alphaflow::domain::Timestamp>().unwrap().ns() / 1_000_000;
        for (order, time, _, _) in run.fills.iter().map(|text| fill(text)) {
            let id = order.split('.').next().unwrap().to_owned();
            let Some(row) = text.lines().find(|row| row.split(',').nth(2) == Some(id.as_str())) else { continue };
            let arrival = second(row.split(',').next().unwrap()) + 60_000 + latency_ms;
            prop_assert!(second(&time) >= arrival, "{order} at {time}\n{text}");
        }
    }
}
