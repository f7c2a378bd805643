//! The decoder: the same messages in both notations, what is unknown, garbage.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode::{DecodeCounts, Decoder, Encoding};
use super::market_message::{BarKind, MarketMessage, Quote, StreamBar, Trade};
use super::reader::DecodeError;

const TIME: &str = "2024-01-02T14:30:00.123456789Z";

/// MessagePack as Alpaca writes it: times as the extension −1, the rest as in JSON.
fn msgpack(bytes: &mut Vec<u8>, value: &Value) {
    use rmp::encode::*;
    match value {
        Value::Null => write_nil(bytes).unwrap(),
        Value::Bool(value) => write_bool(bytes, *value).unwrap(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(write_uint(bytes, number).unwrap()),
            (None, Some(number)) => drop(write_sint(bytes, number).unwrap()),
            (None, None) => write_f64(bytes, number.as_f64().unwrap()).unwrap(),
        },
        Value::String(text) => match text.parse::<crate::domain::Timestamp>() {
            Ok(time) => {
                let (seconds, ns) = (time.ns().div_euclid(1_000_000_000), time.ns().rem_euclid(1_000_000_000));
                if ns == 0 && u32::try_from(seconds).is_ok() {
                    write_ext_meta(bytes, 4, -1).unwrap();
                    bytes.extend((seconds as u32).to_be_bytes());
                } else if (0..1 << 34).contains(&seconds) {
                    write_ext_meta(bytes, 8, -1).unwrap();
                    bytes.extend(((ns as u64) << 34 | seconds as u64).to_be_bytes());
                } else {
                    write_ext_meta(bytes, 12, -1).unwrap();
                    bytes.extend((ns as u32).to_be_bytes());
                    bytes.extend(seconds.to_be_bytes());
                }
            }
            Err(_) => write_str(bytes, text).unwrap(),
        },
        Value::Array(values) => {
            write_array_len(bytes, values.len() as u32).unwrap();
            values.iter().for_each(|value| msgpack(bytes, value));
        }
        Value::Object(map) => {
            write_map_len(bytes, map.len() as u32).unwrap();
            for (key, value) in map {
                write_str(bytes, key).unwrap();
                msgpack(bytes, value);
            }
        }
    }
}

/// What every message of the batch is, as text without its bytes, in both notations, which must agree.
fn decoded(batch: &Value) -> Vec<String> {
    let shown = |encoding: Encoding, bytes: &[u8]| {
        let mut messages = Vec::new();
        let mut decoder = Decoder::new(encoding);
        let outcome = decoder.decode(bytes, |message| {
            messages.push(match message {
                MarketMessage::Unknown { kind, .. } => format!("Unknown {kind}"),
                MarketMessage::Unreadable { kind, field, .. } => format!("Unreadable {kind} {field}"),
                other => format!("{other:?}"),
            });
        });
        outcome.expect("a batch");
        assert_eq!(decoder.counts().messages, messages.len() as u64);
        messages
    };
    let mut bytes = Vec::new();
    msgpack(&mut bytes, batch);
    let (json, msgpack) = (shown(Encoding::Json, batch.to_string().as_bytes()), shown(Encoding::MessagePack, &bytes));
    assert_eq!(json, msgpack);
    json
}

fn trade() -> Value {
    json!({"T":"t","S":"AAPL","i":96921,"x":"D","p":126.55,"s":1,"t":TIME,"c":["@","I"],"z":"C"})
}

fn quote() -> Value {
    json!({"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":100,"ax":"Q","ap":87.68,"as":400,"t":TIME,"c":["R"],"z":"C"})
}

fn bar(kind: &str) -> Value {
    json!({"T":kind,"S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":461,"vw":389.062639,
        "t":"2021-02-22T19:15:00Z"})
}

fn first(message: &Value) -> String {
    decoded(&json!([message])).remove(0)
}

#[test]
fn each_kind_is_read_in_both_notations() {
    let text = first(&trade());
    for part in [
        "Trade(Trade { symbol: AAPL, id: 96921, time: 2024-01-02T14:30:00.123456789Z, price: Price(126.55), size: Quantity(1)",
        "exchange: Some('D'), tape: Some('C')",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = first(&quote());
    assert!(
        text.contains("bid: Some(QuoteSide { price: Price(87.66), size: Quantity(100), exchange: Some('U') })"),
        "{text}"
    );
    for (name, kind) in [("b", "Ended"), ("u", "Updated"), ("d", "Day")] {
        let text = first(&bar(name));
        assert!(text.contains(&format!("kind: {kind}, symbol: SPY")) && text.contains("high: Price(389.13)"), "{text}");
    }
    let status = json!({"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"","t":TIME,"z":"C"});
    assert!(first(&status).contains("code: \"H\", message: \"Trading Halt\", reason_code: \"T12\""));
    let correction = json!({"T":"c","S":"EEM","x":"M","oi":52983525033527u64,"op":39.1582,"os":440000,"oc":[" ","7"],
        "ci":52983525034326u64,"cp":39.1809,"cs":440000,"cc":[" ","7"],"z":"B","t":TIME});
    assert!(
        first(&correction)
            .contains("corrected: Print { id: 52983525034326, price: Price(39.1809), size: Quantity(440000)")
    );
    let cancel = json!({"T":"x","S":"GOOGL","i":465,"x":"D","p":144.6,"s":300,"a":"C","z":"C","t":TIME});
    assert!(first(&cancel).contains("action: Some('C')"));
    let band = json!({"T":"l","S":"IONM","u":3.24,"d":2.65,"i":"B","t":TIME,"z":"C"});
    assert!(first(&band).contains("up: Price(3.24), down: Price(2.65), indicator: Some('B')"));
    assert_eq!(first(&json!({"T":"success","msg":"connected"})), "Success(\"connected\")");
    assert_eq!(
        first(&json!({"T":"error","code":406,"msg":"connection limit exceeded"})),
        "Error { code: 406, message: \"connection limit exceeded\" }"
    );
}

#[test]
fn a_subscription_lists_every_channel() {
    let message = json!({"T":"subscription","trades":["AAPL","A\"B"],"quotes":[],"bars":["*"],"newChannel":["X"]});
    let bytes = json!([message]).to_string();
    let mut seen = None;
    let read = |message: MarketMessage<'_>| {
        if let MarketMessage::Subscription(subscription) = message {
            seen = Some(subscription);
        }
    };
    Decoder::new(Encoding::Json).decode(bytes.as_bytes(), read).expect("a batch");
    let seen = seen.expect("a subscription");
    assert_eq!(seen.channel("trades"), ["AAPL", "A\"B"]);
    assert_eq!(seen.channel("bars"), ["*"]);
    assert_eq!((seen.channel("quotes").len(), seen.channel("newChannel").len(), seen.channels.len()), (0, 1, 4));
    decoded(&json!([message]));
}

#[test]
fn what_is_unknown_is_kept_and_counted() {
    let imbalance = json!({"T":"i","S":"INAQ","p":9.12,"z":"C","t":TIME});
    assert_eq!(first(&imbalance), "Unknown i");
    assert_eq!(first(&json!({"S":"AAPL"})), "Unknown ");
    // Unknown fields, also nested ones, are passed; the order of fields does not matter.
    let mut odd = json!({"new":{"a":[1,[2,{"b":"]}\"\\"}]]},"also":[[]],"c":null,"z":"C"});
    let trade = trade();
    for (key, value) in trade.as_object().expect("a map").iter().rev().filter(|(key, _)| *key != "c") {
        odd[key] = value.clone();
    }
    assert!(first(&odd).contains("price: Price(126.55)"), "{}", first(&odd));
    let mut decoder = Decoder::new(Encoding::Json);
    let batch = json!([imbalance, trade, {"T":"t"}]).to_string();
    let mut raw = Vec::new();
    let read = |message: MarketMessage<'_>| match message {
        MarketMessage::Unknown { raw: bytes, .. } | MarketMessage::Unreadable { raw: bytes, .. } => {
            raw.push(String::from_utf8(bytes.to_vec()).expect("text"));
        }
        _ => {}
    };
    decoder.decode(batch.as_bytes(), read).expect("a batch");
    assert_eq!(raw, [imbalance.to_string(), r#"{"T":"t"}"#.to_owned()]);
    assert_eq!(decoder.counts(), DecodeCounts { messages: 3, unknown: 1, unreadable: 1 });
}

#[test]
fn a_message_with_a_wrong_field_names_it() {
    for (key, value, field) in [
        ("S", json!("aapl"), "S"),
        ("S", json!(null), "S"),
        ("i", json!("x"), "i"),
        ("i", json!(1.5), "i"),
        ("p", json!(-1.0), "p"),
        ("p", json!("126.55"), "p"),
        ("p", json!(10_000_001), "p"),
        ("s", json!(1e300), "s"),
        ("t", json!(5), "t"),
        ("c", json!(5), "c"),
    ] {
        let mut message = trade();
        message[key] = value;
        assert_eq!(first(&message), format!("Unreadable t {field}"));
    }
    let mut crossed = bar("b");
    crossed["h"] = json!(1.0);
    assert_eq!(first(&crossed), "Unreadable b o, h, l and c together");
    let mut one_sided = quote();
    one_sided["bp"] = json!(0);
    assert!(first(&one_sided).contains("bid: None, ask: Some"));
}

#[test]
fn conditions_beyond_what_is_kept_are_counted() {
    let mut message = trade();
    message["c"] = json!(["@", "AB", "F", "T", "I", "X", "Y", "Z", 5]);
    let bytes = message.to_string();
    let mut seen = None;
    let read = |message: MarketMessage<'_>| {
        if let MarketMessage::Trade(Trade { conditions, .. }) = message {
            seen = Some(conditions);
        }
    };
    Decoder::new(Encoding::Json).decode(bytes.as_bytes(), read).expect("a message alone");
    let seen = seen.expect("a trade");
    assert_eq!((seen.codes(), seen.left_out()), (&b"@FTIXY"[..], 3));
}

#[test]
fn a_broken_batch_names_the_byte() {
    let fails = |encoding: Encoding, bytes: &[u8]| {
        let mut before = 0;
        let error = Decoder::new(encoding).decode(bytes, |_| before += 1).expect_err("broken");
        (error, before)
    };
    let whole = json!([trade(), trade()]).to_string();
    let (error, before) = fails(Encoding::Json, &whole.as_bytes()[..whole.len() - 5]);
    assert_eq!((error.at, before), (whole.len() - 5, 1));
    for (text, what) in [
        ("", "a map should begin here"),
        ("[", "the list or map is cut off"),
        ("[{}", "the list or map is cut off"),
        ("[{}{}]", "a comma should stand here"),
        ("[{}] x", "something follows the last value"),
        ("[{\"T\" 1}]", "a colon should stand here"),
        ("[{\"T\":}]", "a value should begin here"),
        ("[{\"T\":\"t", "the text is cut off"),
        ("[5]", "a map should begin here"),
        ("[{},]", "a map should begin here"),
    ] {
        assert_eq!(fails(Encoding::Json, text.as_bytes()).0.what, what, "{text}");
    }
    assert_eq!(fails(Encoding::Json, &[b'[', 0xff]).0, DecodeError { at: 1, what: "the bytes are not UTF-8" });
    assert_eq!(fails(Encoding::MessagePack, &[0x91, 0x81, 0xc1]).0.what, "no value begins with this byte");
    // A list that claims four billion elements.
    assert_eq!(fails(Encoding::MessagePack, &[0xdd, 0xff, 0xff, 0xff, 0xff]).0.at, 5);
    let many: serde_json::Map<String, Value> = (0..65).map(|number| (number.to_string(), json!(0))).collect();
    assert_eq!(fails(Encoding::Json, json!([many]).to_string().as_bytes()).0.what, "a map has more than 64 fields");
}

prop_compose! {
    fn any_cents()(cents in 1i64..999_999_999) -> f64 { cents as f64 / 100.0 }
}

proptest! {
    /// A trade comes back as it was written.
    #[test]
    fn trades_come_back(price in any_cents(), id in any::<u64>(), size in 0u64..9_000_000, ns in any::<i64>()) {
        let time = crate::domain::Timestamp::from_ns(ns);
        let mut message = trade();
        (message["p"], message["i"], message["s"], message["t"]) = (json!(price), json!(id), json!(size), json!(time.to_string()));
        let mut bytes = Vec::new();
        msgpack(&mut bytes, &message);
        for (encoding, bytes) in [(Encoding::Json, message.to_string().into_bytes()), (Encoding::MessagePack, bytes)] {
            let mut seen = None;
            Decoder::new(encoding).decode(&bytes, |message| {
                if let MarketMessage::Trade(trade) = message { seen = Some(trade) }
            }).expect("a message");
            let seen = seen.expect("a trade");
            prop_assert_eq!((seen.id, seen.time), (id, time));
            prop_assert_eq!(seen.price.to_string().parse::<f64>().unwrap(), price);
            prop_assert_eq!(seen.size.to_string(), size.to_string());
        }
    }

    /// Quotes and bars too.
    #[test]
    fn quotes_and_bars_come_back(low in any_cents(), up in 0.0f64..50.0) {
        let high = ((low + up) * 100.0).round() / 100.0;
        let mut message = bar("b");
        (message["l"], message["o"], message["h"], message["c"]) = (json!(low), json!(low), json!(high), json!(high));
        let mut second = quote();
        (second["bp"], second["ap"]) = (json!(low), json!(high));
        let batch = json!([message, second]);
        let mut seen = 0;
        Decoder::new(Encoding::Json).decode(batch.to_string().as_bytes(), |message| match message {
            MarketMessage::Bar(StreamBar { kind: BarKind::Ended, bar, .. }) => {
                assert_eq!((bar.low.to_string().parse(), bar.close.to_string().parse()), (Ok(low), Ok(high)));
                seen += 1;
            }
            MarketMessage::Quote(Quote { bid: Some(bid), ask: Some(ask), .. }) => {
                assert_eq!((bid.price.to_string().parse(), ask.price.to_string().parse()), (Ok(low), Ok(high)));
                seen += 1;
            }
            other => panic!("{other:?}"),
        }).expect("a batch");
        prop_assert_eq!(seen, 2);
        decoded(&batch);
    }

    /// Any bytes give messages or an error.
    #[test]
    fn garbage_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Decoder::new(Encoding::MessagePack).decode(&bytes, |_| {});
        let _ = Decoder::new(Encoding::Json).decode(&bytes, |_| {});
    }

    /// A good batch with a few bytes changed, cut or repeated.
    #[test]
    fn damage_is_no_panic(at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<proptest::sample::Index>()) {
        let batch = json!([trade(), quote(), bar("u"), {"T":"subscription","trades":["A"]}, {"T":"error","code":1,"msg":"a\nb"}]);
        let mut bytes = Vec::new();
        msgpack(&mut bytes, &batch);
        for (encoding, mut bytes) in [(Encoding::Json, batch.to_string().into_bytes()), (Encoding::MessagePack, bytes)] {
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let _ = Decoder::new(encoding).decode(&bytes, |_| {});
            bytes.truncate(cut.index(bytes.len()));
            let _ = Decoder::new(encoding).decode(&bytes, |_| {});
        }
    }
}
