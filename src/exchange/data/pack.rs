//! Messages of the data stream as MessagePack, the way Alpaca packs them.
//!
//! Not here: sockets. Invariants: `T` is the first key of a map, times are extension −1, sizes, counts and ids are
//! integers, prices are 64-bit floats.
use rmp::encode::{ValueWriteError, write_array_len, write_ext_meta, write_f64, write_map_len, write_str, write_uint};

use super::message::{DataMessage, Field};
use crate::domain::{Timestamp, Volume};

/// MessagePack's number for a moment.
const TIMESTAMP: i8 = -1;
/// Seconds of the short form of a moment fit into so many bits.
const SHORT_SECONDS: i64 = 1 << 34;

/// The messages as a MessagePack array.
pub fn to_pack(messages: &[DataMessage]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + messages.len() * 96);
    write_all(&mut out, messages).expect("writing to memory cannot fail");
    out
}

type Written = Result<(), ValueWriteError<std::io::Error>>;

fn write_all(out: &mut Vec<u8>, messages: &[DataMessage]) -> Written {
    write_array_len(out, messages.len() as u32)?;
    for message in messages {
        write_map_len(out, message.fields.len() as u32 + 2)?;
        for text in ["T", message.kind.letter(), "S", message.symbol.as_str()] {
            write_str(out, text)?;
        }
        for (name, field) in &message.fields {
            write_str(out, name)?;
            write_field(out, field)?;
        }
    }
    Ok(())
}

fn write_field(out: &mut Vec<u8>, field: &Field) -> Written {
    match field {
        Field::Price(price) => write_f64(out, price.to_f64()),
        Field::Volume(volume) if volume.units() % Volume::UNITS_PER_SHARE == 0 => {
            write_uint(out, (volume.units() / Volume::UNITS_PER_SHARE).unsigned_abs()).map(|_| ())
        }
        Field::Volume(volume) => write_f64(out, volume.to_f64()),
        Field::Whole(whole) => write_uint(out, *whole).map(|_| ()),
        Field::Text(text) => write_str(out, text),
        Field::Texts(texts) => {
            write_array_len(out, texts.len() as u32)?;
            texts.iter().try_for_each(|text| write_str(out, text))
        }
        Field::Time(time) => write_time(out, *time),
    }
}

/// Source: the MessagePack specification, "Timestamp extension type".
fn write_time(out: &mut Vec<u8>, time: Timestamp) -> Written {
    let seconds = time.ns().div_euclid(Timestamp::NS_PER_SECOND);
    let rest = time.ns().rem_euclid(Timestamp::NS_PER_SECOND);
    if (0..SHORT_SECONDS).contains(&seconds) {
        write_ext_meta(out, 8, TIMESTAMP)?;
        out.extend((rest.unsigned_abs() << 34 | seconds.unsigned_abs()).to_be_bytes());
    } else {
        write_ext_meta(out, 12, TIMESTAMP)?;
        out.extend((rest as u32).to_be_bytes());
        out.extend(seconds.to_be_bytes());
    }
    Ok(())
}
