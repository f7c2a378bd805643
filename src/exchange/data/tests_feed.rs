//! Laws of trades, quotes and messages: inside the bar, no look-ahead, REST and stream alike, MessagePack like JSON.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{World, bar, scenario, sessions_of, time, wandering};
use super::super::{BarStep, Moment};
use super::prints::Prints;
use super::quotes::Quote;
use super::{DataMessage, Field, MessageKind, closed, opened, test_messages, to_json, to_pack};
use crate::domain::{Bar, Price, Timestamp, Volume};
use crate::market::{Calendar, Resampler, Span};

fn any_bar() -> impl Strategy<Value = Bar> {
    let prices = (1i64..2_000_000, 0i64..2_000_000, 0i64..2_000_000, 0i64..2_000_000);
    (prices, 0i64..12_000_000).prop_map(|((low, range, open, close), volume)| {
        let unit = 100_000; // hundredths of a cent
        let price = |units: i64| Price::from_units(units * unit + 7).expect("price");
        Bar {
            time: time("2013-10-07T13:30:00Z"),
            open: price(low + open % (range + 1)),
            high: price(low + range),
            low: price(low),
            close: price(low + close % (range + 1)),
            volume: Volume::from_units(volume).expect("volume"),
        }
    })
}

fn step(seconds: i64) -> BarStep {
    let opens = time("2013-10-07T13:30:00Z");
    let closes = opens.plus_ns(seconds * Timestamp::NS_PER_SECOND);
    BarStep { stamp: opens, opens, closes, is_core: true, ends_session: false }
}

proptest! {
    /// Trades lie inside the bar's time and range; open first, close last, high and low touched; whole shares that sum
    /// to the bar's; quotes stand around them.
    #[test]
    fn trades_are_those_of_the_bar(bar in any_bar(), place in 0usize..1_000, seconds in 1i64..30_000) {
        let step = step(seconds);
        let prints = Prints::of_bar(&bar, place, step);
        let all = prints.all();
        let shares = bar.volume.units() / Volume::UNITS_PER_SHARE;
        prop_assert!(all.len() <= 8);
        prop_assert_eq!(all.len() as i64, shares.min(all.len() as i64));
        prop_assert_eq!(all.iter().map(|print| print.size).sum::<i64>(), shares);
        prop_assert!(all.iter().all(|print| print.size > 0 && bar.low <= print.price && print.price <= bar.high));
        prop_assert!(all.windows(2).all(|pair| pair[0].time < pair[1].time && pair[0].id + 1 == pair[1].id));
        prop_assert!(all.iter().all(|print| step.opens <= print.time && print.time < step.closes));
        prop_assert!(all.last().is_none_or(|last| last.price == bar.close));
        if shares > 1 {
            prop_assert_eq!((all[0].price, all[0].time, all[0].size), (bar.open, step.opens, 1));
        }
        if shares > 3 {
            prop_assert!(all.len() >= 4);
            let touched = |level: Price| all.iter().any(|print| print.price == level);
            prop_assert!(touched(bar.high) && touched(bar.low));
        }
        for print in all {
            let quote = Quote::around(print);
            prop_assert!(quote.bid < print.price && print.price < quote.ask);
            prop_assert_eq!(quote.time, print.time);
        }
    }

    /// What is said of a bar that goes on depends on its open alone.
    #[test]
    fn an_opening_trade_knows_nothing_else(one in any_bar(), other in any_bar()) {
        let shares = |bar: Bar| Volume::from_units(bar.volume.units() + 2 * Volume::UNITS_PER_SHARE).expect("volume");
        let one = Bar { volume: shares(one), ..one };
        let other = Bar { volume: shares(other), open: one.open, ..other };
        let opening = |bar: &Bar| Prints::of_bar(bar, 5, step(60)).opening().all().to_vec();
        prop_assert_eq!(opening(&one), opening(&other));
    }

    /// MessagePack holds what JSON holds.
    #[test]
    fn packed_is_written(bar in any_bar(), ns in any::<i64>(), id in any::<u64>()) {
        let fields = vec![
            ("p", Field::Price(bar.open)), ("v", Field::Volume(bar.volume)), ("i", Field::Whole(id)),
            ("t", Field::Time(Timestamp::from_ns(ns))), ("x", Field::Text("V")), ("c", Field::Texts(&["@", "T"])),
        ];
        let symbol = "BRK.B".parse().expect("symbol");
        let message = |kind| DataMessage { kind, symbol, fields: fields.clone() };
        let kinds = [
            MessageKind::Trade, MessageKind::Quote, MessageKind::Bar, MessageKind::UpdatedBar, MessageKind::DailyBar,
            MessageKind::Status, MessageKind::Correction, MessageKind::CancelError, MessageKind::Luld,
            MessageKind::Imbalance,
        ];
        let messages = kinds.map(message);
        let written: Value = serde_json::from_str(&to_json(&messages)).expect("JSON");
        let packed = to_pack(&messages);
        let mut rest = packed.as_slice();
        let read = unpacked(&mut rest);
        prop_assert!(rest.is_empty());
        prop_assert_eq!(numbers_as_floats(written.clone()), numbers_as_floats(read));
        let letters: Vec<&str> = written.as_array().expect("list").iter().map(|one| one["T"].as_str().expect("text")).collect();
        prop_assert_eq!(letters, ["t", "q", "b", "u", "d", "s", "c", "x", "l", "i"]);
    }
}

proptest! {
    // Every case is a tape of thousands of bars.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// At no clock does anything depend on what comes after it: a tape without a future says the same.
    #[test]
    fn nothing_after_the_clock_is_told(minute in 0i64..1_600, second in 0i64..60, minutes in prop::sample::select(vec![1i64, 5, 30])) {
        let until = time("2013-10-07T12:00:00Z").plus_ns((minute * 60 + second) * Timestamp::NS_PER_SECOND);
        let name = format!("{minutes}m");
        let loaded = scenario(&name, "", r#""AAPL""#);
        let bars = sessions_of("2013-10-07", "2013-10-08", minutes);
        // Another future: bars that have not closed keep their open alone.
        let ends = |bar: &Bar| bar.time.plus_ns(minutes * 60 * Timestamp::NS_PER_SECOND);
        let changed = |bar: &Bar| match ends(bar) <= until {
            true => *bar,
            false => {
                let far = bar.open.saturating_offset(50 * Price::UNITS_PER_USD);
                let open = if bar.time < until { bar.open } else { far };
                Bar { open, high: far, low: open, close: far, volume: Volume::from_shares(9_999).expect("volume"), ..*bar }
            }
        };
        let other = bars.iter().map(changed).collect();
        let (mut one, mut other) = (World::new(&loaded, vec![bars], Vec::new()), World::new(&loaded, vec![other], Vec::new()));
        let told = |world: &mut World| {
            world.until(&until.to_string());
            let all = "symbols=AAPL&start=2013-01-01&end=2014-01-01&limit=10000";
            [
                format!("/v2/stocks/bars?timeframe={minutes}Min&{all}"),
                format!("/v2/stocks/bars?timeframe=1Day&{all}"),
                format!("/v2/stocks/bars?timeframe=1Week&sort=desc&{all}"),
                format!("/v2/stocks/trades?{all}"),
                format!("/v2/stocks/trades?sort=desc&{all}"),
                format!("/v2/stocks/quotes?{all}"),
                format!("/v2/stocks/auctions?{all}"),
                "/v2/stocks/snapshots?symbols=AAPL".to_owned(),
                "/v2/stocks/bars/latest?symbols=AAPL".to_owned(),
                "/v2/clock".to_owned(),
            ]
            .map(|target| world.got(&target))
        };
        let first = told(&mut one);
        prop_assert_eq!(&first, &told(&mut other));
        for trade in first[3]["trades"]["AAPL"].as_array().into_iter().flatten() {
            prop_assert!(time(trade["t"].as_str().expect("time")) <= until);
        }
    }

    /// Gathered bars are those of the room of markets, where buckets begin at the same moments.
    #[test]
    fn gathering_is_resampling(gaps in prop::collection::vec(0usize..400, 0..60), timeframe in 0usize..5) {
        let (name, span) = [
            ("5Min", Span::Minute5), ("15Min", Span::Minute15), ("30Min", Span::Minute30), ("1Day", Span::Day1),
            ("1Week", Span::Week1),
        ][timeframe];
        let mut bars = sessions_of("2013-10-07", "2013-10-15", 1);
        for gap in gaps {
            bars.remove(gap * 7 % bars.len());
        }
        let mut resampler = Resampler::new(crate::domain::Timeframe::Minute1, span, Calendar::xnys()).expect("longer");
        let wanted: Vec<Bar> = bars.iter().flat_map(|bar| resampler.push(bar)).flatten().collect();
        let mut world = World::new(&scenario("1m", "", r#""AAPL""#), vec![bars], Vec::new());
        world.until("2013-10-16T00:00:00Z");
        let query = format!("/v2/stocks/AAPL/bars?timeframe={name}&start=2013-10-01&limit=10000");
        let found = world.got(&query)["bars"].as_array().expect("list").clone();
        // The last may still be growing there.
        prop_assert!(found.len() == wanted.len() || found.len() == wanted.len() + 1);
        for (found, wanted) in found.iter().zip(&wanted) {
            let of = |price: Price| price.to_f64();
            let prices = ["o", "h", "l", "c"].map(|key| found[key].as_f64().expect("number"));
            prop_assert_eq!(prices, [of(wanted.open), of(wanted.high), of(wanted.low), of(wanted.close)]);
            prop_assert_eq!(found["v"].as_i64(), Some(wanted.volume.units() / Volume::UNITS_PER_SHARE));
            let mean = found["vw"].as_f64().expect("number");
            prop_assert!(of(wanted.low) <= mean && mean <= of(wanted.high));
            if span <= Span::Minute30 {
                prop_assert_eq!(time(found["t"].as_str().expect("time")), wanted.time);
            }
        }
    }
}

/// What MessagePack holds, as JSON; asserts that `T` is the first key of every map.
fn unpacked(from: &mut &[u8]) -> Value {
    use rmp::Marker;
    use rmp::decode::{read_ext_meta, read_f64, read_int, read_str_from_slice};
    let marker = Marker::from_u8(from[0]);
    match marker {
        Marker::FixArray(_) | Marker::Array16 => {
            let length = rmp::decode::read_array_len(from).expect("list");
            (0..length).map(|_| unpacked(from)).collect()
        }
        Marker::FixMap(_) => {
            let length = rmp::decode::read_map_len(from).expect("map");
            let pairs: Vec<(String, Value)> =
                (0..length).map(|_| (unpacked(from).as_str().expect("a key").to_owned(), unpacked(from))).collect();
            assert_eq!(pairs[0].0, "T");
            Value::Object(pairs.into_iter().collect())
        }
        Marker::F64 => json!(read_f64(from).expect("float")),
        Marker::FixExt8 | Marker::Ext8 => {
            let meta = read_ext_meta(from).expect("extension");
            let (data, rest) = from.split_at(meta.size as usize);
            *from = rest;
            assert_eq!(meta.typeid, -1);
            json!(moment(data).to_string())
        }
        Marker::FixStr(_) | Marker::Str8 => {
            let (text, rest) = read_str_from_slice(*from).expect("text");
            *from = rest;
            json!(text)
        }
        _ => json!(read_int::<u64, _>(from).expect("whole")),
    }
}

fn moment(data: &[u8]) -> Timestamp {
    let (ns, seconds) = match data.len() {
        8 => {
            let bits = u64::from_be_bytes(data.try_into().expect("eight"));
            ((bits >> 34) as i64, (bits & ((1 << 34) - 1)) as i64)
        }
        _ => {
            let ns = u32::from_be_bytes(data[..4].try_into().expect("four"));
            (i64::from(ns), i64::from_be_bytes(data[4..].try_into().expect("eight")))
        }
    };
    let all = i128::from(seconds) * i128::from(Timestamp::NS_PER_SECOND) + i128::from(ns);
    Timestamp::from_ns(i64::try_from(all).expect("in range"))
}

fn numbers_as_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(all) => all.into_iter().map(numbers_as_floats).collect(),
        Value::Object(all) => Value::Object(all.into_iter().map(|(key, one)| (key, numbers_as_floats(one))).collect()),
        other => other,
    }
}

/// Everything that the stream says while time passes.
fn streamed(world: &mut World, until: &str) -> Vec<DataMessage> {
    let until = time(until);
    let mut said = Vec::new();
    while let Some(moment) = world.tape.pass(until) {
        match moment {
            Moment::BarOpen(step) => said.extend(opened(&world.tape, step)),
            Moment::BarClose(step) => said.extend(closed(&world.tape, step)),
            _ => {}
        }
    }
    said
}

/// The messages of a kind and share, without the keys that only the stream has.
fn of_kind(said: &[DataMessage], kind: MessageKind, symbol: &str) -> Vec<Value> {
    let own = said.iter().filter(|message| message.kind == kind && message.symbol.as_str() == symbol);
    own.map(|message| {
        let written: Value = serde_json::from_str(&to_json(std::slice::from_ref(message))).expect("JSON");
        let mut fields = written[0].as_object().expect("object").clone();
        assert_eq!((fields.remove("T"), fields.remove("S")), (Some(json!(kind.letter())), Some(json!(symbol))));
        Value::Object(fields)
    })
    .collect()
}

#[test]
fn the_stream_says_what_rest_says() {
    let loaded = scenario("1m", "", r#""AAPL", "MSFT""#);
    let bars = sessions_of("2013-10-07", "2013-10-08", 1);
    let mut thin: Vec<Bar> = bars.iter().step_by(3).copied().collect();
    for (number, bar) in thin.iter_mut().enumerate() {
        bar.volume = Volume::from_shares(number as i64 % 7).expect("volume");
    }
    let mut world = World::new(&loaded, vec![bars, thin], Vec::new());
    let said = streamed(&mut world, "2013-10-08T15:00:00.5Z");
    // It does not matter whether more has happened by the time it is said.
    let steps = (0..).take_while(|step| world.tape.step(*step).opens < world.tape.now());
    let later = steps.flat_map(|step| {
        let complete = world.tape.step(step).closes <= world.tape.now();
        let rest = if complete { closed(&world.tape, step) } else { Vec::new() };
        opened(&world.tape, step).into_iter().chain(rest)
    });
    assert!(said.iter().eq(later.collect::<Vec<_>>().iter()));
    for symbol in ["AAPL", "MSFT"] {
        for (kind, path) in [(MessageKind::Trade, "trades"), (MessageKind::Quote, "quotes"), (MessageKind::Bar, "bars")]
        {
            let query = format!("/v2/stocks/{symbol}/{path}?start=2013-10-07&limit=10000&timeframe=1Min");
            let shown = world.got(&query)[path].as_array().expect("list").clone();
            assert!(shown.len() > 150, "{symbol} {path}");
            assert_eq!(of_kind(&said, kind, symbol), shown, "{symbol} {path}");
        }
        // A bar's count, volume and mean price are those of its trades.
        let bars = of_kind(&said, MessageKind::Bar, symbol);
        let trades = of_kind(&said, MessageKind::Trade, symbol);
        let at = |one: &Value| time(one["t"].as_str().expect("time"));
        for bar in &bars {
            let inside =
                |trade: &&Value| at(bar) <= at(trade) && at(trade) < at(bar).plus_ns(60 * Timestamp::NS_PER_SECOND);
            let own: Vec<&Value> = trades.iter().filter(inside).collect();
            let size = |trade: &Value| trade["s"].as_f64().expect("number");
            let shares: f64 = own.iter().map(|trade| size(trade)).sum();
            assert_eq!((bar["n"].as_u64(), bar["v"].as_f64()), (Some(own.len() as u64), Some(shares)), "{bar}");
            let value: f64 = own.iter().map(|trade| size(trade) * trade["p"].as_f64().expect("number")).sum();
            let mean = if own.is_empty() { bar["c"].as_f64().expect("number") } else { value / shares };
            assert!((bar["vw"].as_f64().expect("number") - mean).abs() < 1e-8, "{bar}");
        }
        // The day so far, each time a bar has closed: the last is the one REST shows.
        let days = of_kind(&said, MessageKind::DailyBar, symbol);
        assert_eq!(days.len(), of_kind(&said, MessageKind::Bar, symbol).len());
        let shown = world.got(&format!("/v2/stocks/{symbol}/bars?timeframe=1Day&start=2013-10-07"));
        assert_eq!(days.last(), Some(&shown["bars"][1]));
    }
    // In order of time, and every trade within a quote that came before it.
    let times: Vec<Timestamp> = said
        .iter()
        .filter(|message| message.kind == MessageKind::Trade)
        .filter_map(|message| {
            message.fields.iter().find_map(|(_, field)| match field {
                Field::Time(time) => Some(*time),
                _ => None,
            })
        })
        .collect();
    assert!(times.is_sorted());
    assert_eq!(said[0].kind, MessageKind::Quote);
}

#[test]
fn coarse_data_say_their_own_bars() {
    let mut world = World::of_days("2013-10-07", "2013-10-08");
    let said = streamed(&mut world, "2013-10-09T00:00:00Z");
    let bars = of_kind(&said, MessageKind::Bar, "AAPL");
    assert_eq!(
        bars.iter().map(|bar| bar["t"].clone()).collect::<Vec<_>>(),
        ["2013-10-07T04:00:00Z", "2013-10-08T04:00:00Z"]
    );
    assert_eq!(of_kind(&said, MessageKind::DailyBar, "AAPL"), bars);
    let first = &of_kind(&said, MessageKind::Trade, "AAPL")[0];
    assert_eq!(first["t"], "2013-10-07T13:30:00Z");
}

#[test]
fn a_bar_without_volume_has_no_trades() {
    let quiet = bar(time("2013-10-07T13:30:00Z"), [10_000; 4], 0);
    let mut world = World::new(&scenario("1m", "", r#""AAPL""#), vec![vec![quiet]], Vec::new());
    let said = streamed(&mut world, "2013-10-07T13:31:00Z");
    assert_eq!(said.iter().map(|message| message.kind).collect::<Vec<_>>(), [MessageKind::Bar, MessageKind::DailyBar]);
    assert_eq!(to_json(&[]), "[]");
    assert_eq!(to_pack(&[]), [0x90]);
}

#[test]
fn parts_of_shares_and_of_cents_are_kept() {
    let mut odd = wandering(time("2013-10-07T13:30:00Z"), 3);
    (odd.volume, odd.close, odd.low) = (
        Volume::from_units(2_500_000).expect("volume"),
        Price::from_units(1_230_000_007).expect("price"),
        Price::from_units(1).expect("price"),
    );
    let mut world = World::new(&scenario("1m", "", r#""AAPL""#), vec![vec![odd]], Vec::new());
    world.until("2013-10-07T13:31:00Z");
    let shown = world.got("/v2/stocks/AAPL/bars/latest")["bar"].clone();
    assert_eq!((&shown["v"], &shown["c"], &shown["l"]), (&json!(2.5), &json!(1.230000007), &json!(0.000000001)));
}

#[test]
fn the_test_feed_depends_on_the_second_alone() {
    let noon = time("2024-01-06T12:00:00Z").ns() / Timestamp::NS_PER_SECOND;
    let letters = |second: i64| test_messages(second).iter().map(|one| one.kind.letter()).collect::<String>();
    assert_eq!((letters(noon + 1), letters(noon)), ("qt".to_owned(), "qtbd".to_owned()));
    assert_eq!(test_messages(noon), test_messages(noon));
    let said: Vec<DataMessage> = (noon - 60..=noon).flat_map(test_messages).collect();
    let trades = of_kind(&said, MessageKind::Trade, "FAKEPACA");
    let minute = &of_kind(&said, MessageKind::Bar, "FAKEPACA")[1];
    assert_eq!(
        (&minute["t"], &minute["o"], &minute["c"]),
        (&json!("2024-01-06T11:59:00Z"), &trades[0]["p"], &trades[59]["p"])
    );
    let sum: u64 = trades[..60].iter().map(|trade| trade["s"].as_u64().expect("whole")).sum();
    assert_eq!((&minute["v"], &minute["n"]), (&json!(sum), &json!(60)));
    let day = &of_kind(&said, MessageKind::DailyBar, "FAKEPACA")[1];
    assert_eq!(day["t"], "2024-01-06T00:00:00Z");
    assert_ne!(trades[0]["p"], trades[1]["p"]);
}
