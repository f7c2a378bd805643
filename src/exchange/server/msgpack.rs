//! MessagePack of clients and of control messages, as JSON values.
//!
//! Not here: market data, which has an encoder of its own (exchange::data).
//! Invariant: reading is bounded by the message: no length in it is believed before it is there.
use std::io::Read;

use rmp::Marker;
use rmp::decode::{read_f32, read_f64, read_int, read_marker};
use rmp::encode;
use serde_json::{Map, Number, Value};

/// Maps in lists in maps: a subscription needs two.
const DEPTH_MAX: usize = 8;

/// Reads one value that fills `bytes`; `None` if they are anything else.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = value(&mut rest, DEPTH_MAX)?;
    rest.is_empty().then_some(value)
}

fn value(rest: &mut &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut ahead = *rest;
    let marker = read_marker(&mut ahead).ok()?;
    match marker {
        Marker::Null | Marker::True | Marker::False => {
            *rest = ahead;
            Some(if marker == Marker::Null { Value::Null } else { Value::Bool(marker == Marker::True) })
        }
        Marker::F32 => Number::from_f64(f64::from(read_f32(rest).ok()?)).map(Value::Number),
        Marker::F64 => Number::from_f64(read_f64(rest).ok()?).map(Value::Number),
        Marker::FixStr(length) => text(rest, ahead, usize::from(length)),
        Marker::Str8 | Marker::Str16 | Marker::Str32 | Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
            let length = length(&mut ahead, marker)?;
            text(rest, ahead, length)
        }
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
            let length = length(&mut ahead, marker)?;
            *rest = ahead;
            (0..length).map(|_| value(rest, depth)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
            let length = length(&mut ahead, marker)?;
            *rest = ahead;
            let mut map = Map::new();
            for _ in 0..length {
                let Value::String(key) = value(rest, depth)? else { return None };
                map.insert(key, value(rest, depth)?);
            }
            Some(Value::Object(map))
        }
        _ => read_int::<i64, _>(rest).ok().map(Value::from),
    }
}

/// The length behind a marker, whatever it is the length of.
fn length(ahead: &mut &[u8], marker: Marker) -> Option<usize> {
    let bytes = match marker {
        Marker::FixArray(length) | Marker::FixMap(length) => return Some(usize::from(length)),
        Marker::Str8 | Marker::Bin8 => 1,
        Marker::Str16 | Marker::Bin16 | Marker::Array16 | Marker::Map16 => 2,
        _ => 4,
    };
    let mut number = [0; 4];
    ahead.read_exact(&mut number[4 - bytes..]).ok()?;
    usize::try_from(u32::from_be_bytes(number)).ok()
}

fn text<'a>(rest: &mut &'a [u8], ahead: &'a [u8], length: usize) -> Option<Value> {
    let (own, behind) = ahead.split_at_checked(length)?;
    *rest = behind;
    std::str::from_utf8(own).ok().map(Value::from)
}

/// Writes a value; keys keep their order.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, value);
    out
}

fn append(out: &mut Vec<u8>, value: &Value) {
    const WHY: &str = "a vector takes every byte";
    let length = |length: usize| u32::try_from(length).expect("control messages are small");
    match value {
        Value::Null => encode::write_nil(out).expect(WHY),
        Value::Bool(is) => encode::write_bool(out, *is).expect(WHY),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(encode::write_uint(out, number).expect(WHY)),
            (None, Some(number)) => drop(encode::write_sint(out, number).expect(WHY)),
            (None, None) => encode::write_f64(out, number.as_f64().unwrap_or(f64::NAN)).expect(WHY),
        },
        Value::String(text) => encode::write_str(out, text).expect(WHY),
        Value::Array(values) => {
            encode::write_array_len(out, length(values.len())).expect(WHY);
            values.iter().for_each(|value| append(out, value));
        }
        Value::Object(map) => {
            encode::write_map_len(out, length(map.len())).expect(WHY);
            for (key, value) in map {
                encode::write_str(out, key).expect(WHY);
                append(out, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let long: Vec<String> = (0..300).map(|number| format!("SYMBOL{number}")).collect();
        let value = serde_json::json!({
            "action": "subscribe", "trades": long, "none": null, "yes": true, "no": false, "small": 5,
            "below": -40_000, "large": 5_000_000_000u64, "half": 0.5, "text": "x".repeat(70_000), "map": {"a": [[]]},
        });
        assert_eq!(read(&write(&value)), Some(value));
    }

    #[test]
    fn broken_bytes_are_no_value() {
        let whole = write(&serde_json::json!({"action": "auth", "key": "k", "list": ["a", 1]}));
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        assert_eq!(read(&[whole.as_slice(), b"x"].concat()), None);
        // An array that says it has four billion elements, a key that is a number, lists without end.
        assert_eq!(read(&[0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
        assert_eq!(read(&[0x81, 0x01, 0x01]), None);
        assert_eq!(read(&[0x91; 100_000]), None);
        assert_eq!(read(&[0xa1, 0xff]), None);
    }
}
