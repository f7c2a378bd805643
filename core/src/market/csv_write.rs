//! Bars into CSV, exactly: what is read back is what was written.
//!
//! Not here: rounding; a price prints all its decimals and no trailing zero.
use std::io::{self, Write};
use std::path::Path;

use super::civil::civil_from_days;
use super::csv_header::WANTED;
use super::error::DataError;
use super::file;
use crate::domain::{Bar, Price, Timeframe, Timestamp, Volume};

/// Bytes gathered before they are written.
const BLOCK_BYTES: usize = 1 << 20;
/// Longest line: 30 of time, 4 × 18 of price, 20 of volume, separators.
const LINE_BYTES_MAX: usize = 160;

/// A column of numbers beside the bars, such as an indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtraColumn {
    /// Its header; no comma, quote or line break.
    pub name: String,
    /// One value a bar; `None` where it is undefined.
    pub values: Vec<Option<f64>>,
}

/// Writes bars under the header `timestamp,open,high,low,close,volume`; the file appears whole or not.
///
/// Errors: [`DataError::Write`], with the system's words (no such folder, no permission, disk full).
pub fn write_csv(path: &Path, timeframe: Timeframe, bars: &[Bar]) -> Result<(), DataError> {
    write_csv_with(path, timeframe, bars, &[])
}

/// [`write_csv`] with more columns to the right; where one is undefined its cell is empty. Numbers are the
/// shortest decimals that read back the same.
pub fn write_csv_with(path: &Path, timeframe: Timeframe, bars: &[Bar], extra: &[ExtraColumn]) -> Result<(), DataError> {
    file::replace(path, |file| {
        let mut text = Vec::with_capacity(BLOCK_BYTES + LINE_BYTES_MAX);
        header(&mut text, extra);
        let mut dates = DateText::new();
        for (row, bar) in bars.iter().enumerate() {
            line(&mut text, timeframe, bar, &mut dates);
            cells(&mut text, extra, row)?;
            if text.len() >= BLOCK_BYTES {
                file.write_all(&text)?;
                text.clear();
            }
        }
        file.write_all(&text)
    })
}

/// The text that [`write_csv`] writes.
pub fn csv_text(timeframe: Timeframe, bars: &[Bar]) -> Vec<u8> {
    let mut text = Vec::with_capacity((bars.len() + 1) * LINE_BYTES_MAX / 2);
    header(&mut text, &[]);
    let mut dates = DateText::new();
    for bar in bars {
        line(&mut text, timeframe, bar, &mut dates);
        text.push(b'\n');
    }
    text
}

fn header(text: &mut Vec<u8>, extra: &[ExtraColumn]) {
    text.extend_from_slice(WANTED.as_bytes());
    for column in extra {
        text.push(b',');
        text.extend_from_slice(column.name.as_bytes());
    }
    text.push(b'\n');
}

/// The cells of one row right of the bar, and the end of the line.
fn cells(text: &mut Vec<u8>, extra: &[ExtraColumn], row: usize) -> io::Result<()> {
    for column in extra {
        text.push(b',');
        if let Some(value) = column.values.get(row).copied().flatten() {
            write!(text, "{value}")?;
        }
    }
    text.push(b'\n');
    Ok(())
}

fn line(text: &mut Vec<u8>, timeframe: Timeframe, bar: &Bar, dates: &mut DateText) {
    dates.write(text, timeframe, bar.time);
    for price in [bar.open, bar.high, bar.low, bar.close] {
        text.push(b',');
        decimal(text, price.units() as u64, Price::UNITS_PER_USD as u64);
    }
    text.push(b',');
    decimal(text, bar.volume.units() as u64, Volume::UNITS_PER_SHARE as u64);
}

/// The text of the date written last: minutes of one day share it.
struct DateText {
    days: i32,
    text: Vec<u8>,
}

impl DateText {
    fn new() -> Self {
        Self { days: i32::MIN, text: Vec::new() }
    }

    fn write(&mut self, text: &mut Vec<u8>, timeframe: Timeframe, time: Timestamp) {
        if time.days() != self.days {
            let (year, month, day) = civil_from_days(time.days());
            self.days = time.days();
            self.text = format!("{year:04}-{month:02}-{day:02}").into_bytes();
        }
        let of_day = time.ns().rem_euclid(Timestamp::NS_PER_DAY);
        if timeframe.is_daily() {
            return text.extend_from_slice(&self.text);
        }
        if of_day % Timestamp::NS_PER_SECOND != 0 {
            return text.extend_from_slice(time.to_string().as_bytes());
        }
        text.extend_from_slice(&self.text);
        let seconds = of_day / Timestamp::NS_PER_SECOND;
        for (mark, number) in [(b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            text.extend_from_slice(&[mark, b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
        }
        text.push(b'Z');
    }
}

/// `units` ÷ `unit` as a decimal, with no trailing zero. `unit` is a power of ten.
fn decimal(text: &mut Vec<u8>, units: u64, unit: u64) {
    let (whole, mut fraction) = (units / unit, units % unit);
    integer(text, whole);
    if fraction == 0 {
        return;
    }
    text.push(b'.');
    let mut scale = unit;
    while fraction > 0 {
        scale /= 10;
        text.push(b'0' + (fraction / scale) as u8);
        fraction %= scale;
    }
}

fn integer(text: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return text.extend_from_slice(&digits[at..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The same text as the domain's own, for every price, volume and time.
        #[test]
        fn text_equals_the_domains(units in 0..=Price::MAX.units(), volume in 0..=i64::MAX, ns in any::<i64>()) {
            let price = Price::from_units(units).expect("in range");
            let volume = Volume::from_units(volume).expect("not negative");
            let bar = Bar { time: Timestamp::from_ns(ns), open: price, high: price, low: price, close: price, volume };
            for timeframe in [Timeframe::Minute1, Timeframe::Day1] {
                let text = String::from_utf8(csv_text(timeframe, &[bar])).expect("ASCII");
                let wanted = format!("{},{price},{price},{price},{price},{volume}", bar.time.text(timeframe));
                prop_assert_eq!(text.lines().nth(1), Some(wanted.as_str()));
            }
        }
    }
}
