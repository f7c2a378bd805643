//! Fingerprints: sha256 over the text of a run's fills, and over a scenario.
//!
//! Not here: the files of a run (`folder`). A sweep takes one of every run, so the text is put together by hand;
//! it is the text that the domain prints.
use sha2::{Digest, Sha256};

use super::effective::effective_toml;
use super::spec::ScenarioSpec;
use crate::domain::{Fill, Symbol, Timeframe, Timestamp};
use crate::engine::Journal;

/// Text is hashed in pieces of so many bytes.
const BUFFER: usize = 1 << 14;

/// sha256 over time, symbol, side, quantity, price and fee of all fills, in order.
pub fn fingerprint(journal: &Journal, symbols: &[Symbol], timeframe: Timeframe) -> String {
    let mut hash = FillsHash::new(timeframe);
    hash.take(&journal.fills, symbols);
    hash.finish()
}

/// The [`fingerprint`] of fills that come bit by bit: what was taken need not be kept.
#[derive(Clone, Debug)]
pub struct FillsHash {
    hash: Sha256,
    times: Times,
    text: Vec<u8>,
}

impl FillsHash {
    /// Of no fill yet; `timeframe` says how times are written.
    pub fn new(timeframe: Timeframe) -> FillsHash {
        let times = Times { timeframe, day: i32::MIN, date: Vec::new() };
        FillsHash { hash: Sha256::new(), times, text: Vec::with_capacity(BUFFER + 256) }
    }

    /// Takes the next fills; `symbols` names their shares.
    pub fn take(&mut self, fills: &[Fill], symbols: &[Symbol]) {
        let FillsHash { hash, times, text } = self;
        for fill in fills {
            let Fill { time, side, quantity, price, fee, .. } = fill;
            times.push(text, *time);
            text.push(b',');
            text.extend(symbols[fill.symbol.get()].as_str().bytes());
            text.push(b',');
            text.extend(side.name().bytes());
            for (value, decimals) in
                [(i128::from(quantity.units()), 9), (i128::from(price.units()), 9), (fee.units(), 18)]
            {
                text.push(b',');
                push_exact(text, value, decimals);
            }
            text.push(b'\n');
            if text.len() >= BUFFER {
                hash.update(&*text);
                text.clear();
            }
        }
        hash.update(&*text);
        text.clear();
    }

    /// The hash of what was taken.
    pub fn finish(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// sha256 over the whole effective scenario, every default written out: what a rehearsal, a preflight and a session
/// mean by "the same scenario". Comments and the order of keys do not count; data files do not either.
pub fn scenario_sha256(spec: &ScenarioSpec) -> String {
    Sha256::digest(effective_toml(spec)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes times as `Timestamp::text` does; most fills are on the day of the one before.
#[derive(Clone, Debug)]
struct Times {
    timeframe: Timeframe,
    day: i32,
    date: Vec<u8>,
}

impl Times {
    fn push(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        if time.days() != self.day {
            self.day = time.days();
            self.date = time.utc_date().to_string().into_bytes();
        }
        let of_day = time.ns().rem_euclid(Timestamp::NS_PER_DAY);
        let (seconds, rest) = (of_day / Timestamp::NS_PER_SECOND, of_day % Timestamp::NS_PER_SECOND);
        if self.timeframe.is_daily() {
            out.extend(&self.date);
        } else if rest != 0 {
            out.extend(time.text(self.timeframe).bytes());
        } else {
            out.extend(&self.date);
            for (mark, part) in [(b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
                out.extend([mark, b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
            }
            out.push(b'Z');
        }
    }
}

/// Writes `value` × 10^-`decimals` as the domain prints it: no digit lost, no trailing zero.
fn push_exact(out: &mut Vec<u8>, value: i128, decimals: u32) {
    if value < 0 {
        out.push(b'-');
    }
    // 64 bits divide ten times faster than 128, and hold nearly every number of a fill.
    let (whole, mut fraction) = match u64::try_from(value.unsigned_abs()) {
        Ok(value) => (u128::from(value / 10u64.pow(decimals)), value % 10u64.pow(decimals)),
        Err(_) => {
            let unit = 10u128.pow(decimals);
            (value.unsigned_abs() / unit, (value.unsigned_abs() % unit) as u64)
        }
    };
    match u64::try_from(whole) {
        Ok(whole) => push_digits(out, whole, 1),
        Err(_) => out.extend(whole.to_string().bytes()),
    }
    if fraction != 0 {
        let mut width = decimals as usize;
        // Most fees have few decimals: nine zeros go at once.
        while fraction.is_multiple_of(1_000_000_000) {
            fraction /= 1_000_000_000;
            width -= 9;
        }
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        out.push(b'.');
        push_digits(out, fraction, width);
    }
}

/// Writes `number` with zeros in front up to `width` digits.
fn push_digits(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend(&digits[at.min(digits.len() - width)..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Money, Price, Quantity};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_the_domain_prints_them(
            money in prop_oneof![any::<i64>().prop_map(i128::from), -(1i128 << 100)..1i128 << 100, Just(0)],
            units in prop_oneof![any::<i64>(), 0i64..3_000_000_000],
        ) {
            let written = |value: i128, decimals: u32| {
                let mut out = Vec::new();
                push_exact(&mut out, value, decimals);
                String::from_utf8(out).expect("text")
            };
            prop_assert_eq!(written(money, 18), Money::from_units(money).to_string());
            prop_assert_eq!(written(units.into(), 9), Quantity::from_units(units).to_string());
            if let Some(price) = Price::from_units(units) {
                prop_assert_eq!(written(units.into(), 9), price.to_string());
            }
        }

        #[test]
        fn times_are_written_as_the_domain_prints_them(
            ns in prop_oneof![any::<i64>(), (-9_000_000_000i64..9_000_000_000).prop_map(|seconds| seconds * 1_000_000_000)],
            daily: bool,
        ) {
            let timeframe = if daily { Timeframe::Day1 } else { Timeframe::Minute1 };
            let mut times = Times { timeframe, day: i32::MIN, date: Vec::new() };
            let mut out = Vec::new();
            times.push(&mut out, Timestamp::from_ns(ns));
            prop_assert_eq!(String::from_utf8(out).expect("text"), Timestamp::from_ns(ns).text(timeframe));
        }
    }
}
