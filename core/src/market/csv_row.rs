//! One line of a bar file to a [`Bar`].
//!
//! Not here: files, blocks, order between bars. Two ways: [`RowReader::fast`] for a line as programs
//! print it, and [`RowReader::exact`] for every other line and for the reason of each refusal.
//! Invariant: where the fast way answers, the exact one answers the same.
use std::borrow::Cow;

use super::civil::{days_from_civil, month_length};
use super::csv_header::{PRICE_NAMES, Role};
use super::error::Fault;
use super::number::{NumberKind, parse_any, parse_plain};
use crate::domain::{Bar, Price, Timeframe, Timestamp, Volume};

/// Reads lines under one header.
pub(super) struct RowReader<'a> {
    roles: &'a [Role],
    timeframe: Timeframe,
    /// The date read last and its day: minutes of one day share it.
    date_text: [u8; 10],
    date_ns: i64,
}

impl<'a> RowReader<'a> {
    /// A reader for the columns of a header.
    pub(super) fn new(roles: &'a [Role], timeframe: Timeframe) -> Self {
        Self { roles, timeframe, date_text: [0; 10], date_ns: 0 }
    }

    /// The timeframe of the file.
    pub(super) fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// The bar of the line that starts at `start`, and where the next line starts; `None` says only
    /// that the exact way must look.
    #[inline]
    pub(super) fn fast(&mut self, bytes: &[u8], start: usize) -> Option<(Bar, usize)> {
        let mut at = start;
        let mut time = 0;
        let mut prices = [0; 4];
        let mut volume = 0;
        for (index, role) in self.roles.iter().enumerate() {
            if index > 0 {
                if bytes.get(at) != Some(&b',') {
                    return None;
                }
                at += 1;
            }
            match *role {
                Role::Timestamp => (time, at) = self.fast_time(bytes, at)?,
                Role::Price(slot) => (prices[slot], at) = parse_plain::<9>(bytes, at)?,
                Role::Volume => (volume, at) = parse_plain::<6>(bytes, at)?,
                Role::Ignored => at = end_of_field(bytes, at)?,
            }
        }
        let next = match bytes.get(at) {
            None => at,
            Some(b'\n') => at + 1,
            Some(b'\r') if matches!(bytes.get(at + 1), None | Some(b'\n')) => at + 2,
            Some(_) => return None,
        };
        let bar = assemble(time, prices, volume)?.checked().ok()?;
        Some((bar, next))
    }

    #[inline]
    fn fast_time(&mut self, bytes: &[u8], start: usize) -> Option<(i64, usize)> {
        let date = bytes.get(start..start + 10)?;
        if date != self.date_text {
            self.date_ns = date_ns(date).ok()?;
            self.date_text.copy_from_slice(date);
        }
        let at = start + 10;
        let separator = bytes.get(at).copied().unwrap_or(b'\n');
        if self.timeframe.is_daily() {
            return matches!(separator, b',' | b'\n' | b'\r').then_some((self.date_ns, at));
        }
        let time = bytes.get(at..at + 9)?;
        if !matches!(separator, b'T' | b' ') || time[3] != b':' || time[6] != b':' {
            return None;
        }
        let (hour, minute, second) = (two(time, 1)?, two(time, 4)?, two(time, 7)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let of_day = (hour * 3_600 + minute * 60 + second) * Timestamp::NS_PER_SECOND;
        let at = at + 9;
        let (offset, end) = match bytes.get(at).copied().unwrap_or(b'\n') {
            b'Z' => (0, at + 1),
            b',' | b'\n' | b'\r' => (0, at),
            b'+' | b'-' => (fast_offset(bytes.get(at..at + 6)?)?, at + 6),
            _ => return None,
        };
        self.date_ns.checked_add(of_day - offset).map(|time| (time, end))
    }

    /// The bar of a line without its end; `None` for a blank one. Errors: every [`Fault`] of a row.
    pub(super) fn exact(&self, line: &[u8]) -> Result<Option<Bar>, Fault> {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            return Ok(None);
        }
        let fields = split_fields(&line).ok_or(Fault::Quote)?;
        if fields.len() != self.roles.len() {
            return Err(Fault::FieldCount { found: fields.len(), wanted: self.roles.len() });
        }
        let mut time = 0;
        let mut prices = [0; 4];
        let mut volume = 0;
        for (field, role) in fields.iter().zip(self.roles) {
            match *role {
                Role::Timestamp => time = exact_time(field, self.timeframe)?,
                Role::Price(slot) => prices[slot] = parse_any(field, PRICE_NAMES[slot], NumberKind::Price)?,
                Role::Volume => volume = parse_any(field, "volume", NumberKind::Volume)?,
                Role::Ignored => {}
            }
        }
        let bar = assemble(time, prices, volume).expect("each number was held to its range above");
        Ok(Some(bar.checked()?))
    }
}

#[inline]
fn assemble(time: i64, prices: [i64; 4], volume: i64) -> Option<Bar> {
    let [open, high, low, close] = prices;
    Some(Bar {
        time: Timestamp::from_ns(time),
        open: Price::from_units(open)?,
        high: Price::from_units(high)?,
        low: Price::from_units(low)?,
        close: Price::from_units(close)?,
        volume: Volume::from_units(volume)?,
    })
}

/// Where an unquoted field ends.
#[inline]
fn end_of_field(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b',' | b'\n' | b'\r' => break,
            b'"' => return None,
            _ => at += 1,
        }
    }
    Some(at)
}

#[inline]
fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// `+05:30` in nanoseconds.
fn fast_offset(text: &[u8]) -> Option<i64> {
    let (hour, minute) = (two(text, 1)?, two(text, 4)?);
    if text[3] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let seconds = hour * 3_600 + minute * 60;
    Some(if text[0] == b'-' { -seconds } else { seconds } * Timestamp::NS_PER_SECOND)
}

/// Midnight UTC of `YYYY-MM-DD`.
fn date_ns(text: &[u8]) -> Result<i64, Fault> {
    let value = || String::from_utf8_lossy(text).into_owned();
    let parts = || {
        let dashes = text.len() == 10 && text[4] == b'-' && text[7] == b'-';
        dashes.then_some(())?;
        Some((two(text, 0)? * 100 + two(text, 2)?, two(text, 5)?, two(text, 8)?))
    };
    let (year, month, day) = parts().ok_or_else(|| Fault::BadTime { value: value() })?;
    let (year, month, day) = (year as i32, month as u32, day as u32); // at most four digits
    if !(1..=12).contains(&month) || day == 0 || day > month_length(year, month) {
        return Err(Fault::ImpossibleTime { value: value() });
    }
    Timestamp::from_days(days_from_civil(year, month, day))
        .map(Timestamp::ns)
        .ok_or_else(|| Fault::TimeOutOfRange { value: value() })
}

/// Any accepted time: a date, RFC 3339, or a date and time without zone, which is read as UTC.
///
/// In a daily file the time of day must be midnight as written, in whatever zone: the date counts.
pub(super) fn exact_time(text: &str, timeframe: Timeframe) -> Result<i64, Fault> {
    let text = text.trim();
    let value = || text.to_owned();
    if text.is_empty() {
        return Err(Fault::NoValue { column: "timestamp" });
    }
    let bytes = text.as_bytes();
    let date = date_ns(&bytes[..bytes.len().min(10)]).map_err(|fault| match fault {
        Fault::BadTime { .. } => Fault::BadTime { value: value() },
        Fault::ImpossibleTime { .. } => Fault::ImpossibleTime { value: value() },
        _ => Fault::TimeOutOfRange { value: value() },
    })?;
    if bytes.len() == 10 {
        return if timeframe.is_daily() { Ok(date) } else { Err(Fault::DateOnly { value: value(), timeframe }) };
    }
    let (of_day, offset) = time_of_day(&bytes[10..]).ok_or_else(|| Fault::BadTime { value: value() })?;
    if !(0..Timestamp::NS_PER_DAY).contains(&of_day) {
        return Err(Fault::ImpossibleTime { value: value() });
    }
    if timeframe.is_daily() {
        return if of_day == 0 { Ok(date) } else { Err(Fault::NotMidnight { value: value() }) };
    }
    date.checked_add(of_day - offset).ok_or_else(|| Fault::TimeOutOfRange { value: value() })
}

/// `T13:30:00.5-04:00`: nanoseconds of the day (a whole day when impossible) and of the offset.
fn time_of_day(text: &[u8]) -> Option<(i64, i64)> {
    if text.len() < 9 || !matches!(text[0], b'T' | b't' | b' ') || text[3] != b':' || text[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(text, 1)?, two(text, 4)?, two(text, 7)?);
    let (mut rest, mut fraction) = (&text[9..], 0);
    if let Some(after) = rest.strip_prefix(b".") {
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = std::str::from_utf8(&after[..digits.min(9)]).ok()?;
        fraction = format!("{kept:0<9}").parse().ok()?;
        (digits > 0).then_some(())?;
        rest = &after[digits..];
    }
    let offset = match rest {
        b"" | b"Z" | b"z" => 0,
        [b'+' | b'-', ..] if rest.len() == 6 => fast_offset(rest)?,
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return Some((Timestamp::NS_PER_DAY, offset));
    }
    Some(((hour * 3_600 + minute * 60 + second) * Timestamp::NS_PER_SECOND + fraction, offset))
}

/// The fields of a line: quotes around a field are taken off, doubled quotes inside are one.
/// `None` when a quote stays open.
pub(super) fn split_fields(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let Some(quoted) = rest.trim_start().strip_prefix('"') else {
            let (field, after) = rest.split_once(',').map_or((rest, None), |(field, after)| (field, Some(after)));
            fields.push(Cow::Borrowed(field));
            match after {
                Some(after) => rest = after,
                None => return Some(fields),
            }
            continue;
        };
        let (field, after) = quoted_field(quoted)?;
        fields.push(Cow::Owned(field));
        match after.trim_start().strip_prefix(',') {
            Some(after) => rest = after,
            None => return after.trim().is_empty().then_some(fields),
        }
    }
}

/// What stands before the closing quote, and what after it.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROLES: [Role; 6] =
        [Role::Timestamp, Role::Price(0), Role::Price(1), Role::Price(2), Role::Price(3), Role::Volume];

    fn time(text: &str, timeframe: Timeframe) -> Result<String, String> {
        exact_time(text, timeframe).map(|ns| Timestamp::from_ns(ns).to_string()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn times_in_every_accepted_form() {
        for text in [
            "2013-10-07T13:30:00Z",
            "2013-10-07 13:30:00",
            "2013-10-07T13:30:00",
            "2013-10-07T09:30:00-04:00",
            "2013-10-07 13:30:00+00:00",
            "2013-10-07T13:30:00.000Z",
            " 2013-10-07T13:30:00z ",
        ] {
            assert_eq!(time(text, Timeframe::Minute1), Ok("2013-10-07T13:30:00Z".into()), "{text}");
        }
        for text in ["2013-10-07", "2013-10-07 00:00:00", "2013-10-07T00:00:00Z", "2013-10-07 00:00:00-04:00"] {
            assert_eq!(time(text, Timeframe::Day1), Ok("2013-10-07T00:00:00Z".into()), "{text}");
        }
        assert_eq!(time("2013-10-07T13:30:00.25Z", Timeframe::Minute1), Ok("2013-10-07T13:30:00.25Z".into()));
    }

    #[test]
    fn times_that_are_none_say_why() {
        let refusal = |text: &str, timeframe| time(text, timeframe).expect_err(text);
        assert!(refusal("2013-02-30", Timeframe::Day1).contains("impossible"));
        assert!(refusal("2013-13-01", Timeframe::Day1).contains("impossible"));
        assert!(refusal("2013-10-07T24:30:00Z", Timeframe::Minute1).contains("impossible"));
        assert!(refusal("10/07/2013", Timeframe::Day1).contains("not a time"));
        assert!(refusal("2013-10-07T13:30", Timeframe::Minute1).contains("not a time"));
        assert!(refusal("2013-10-07T13:30:00 EST", Timeframe::Minute1).contains("not a time"));
        assert!(refusal("2013-1é-07", Timeframe::Day1).contains("not a time"));
        assert!(refusal("9999-12-31", Timeframe::Day1).contains("1678 to 2261"));
        assert!(refusal("2013-10-07T13:30:00Z", Timeframe::Day1).contains("time of day"));
        assert!(refusal("2013-10-07", Timeframe::Minute1).contains("1m bars need a time of day"));
        assert!(refusal("", Timeframe::Day1).contains("empty"));
    }

    #[test]
    fn quotes_are_taken_off() {
        let fields = |line| split_fields(line).map(|fields| fields.join("|"));
        assert_eq!(fields(r#""2013-10-07", "1,5" ,x"y,"a""b","#), Some(r#"2013-10-07|1,5|x"y|a"b|"#.into()));
        assert_eq!(fields(r#"a,"b"#), None);
        assert_eq!(fields(r#"a,"b"c"#), None);
    }

    proptest! {
        /// Where the fast way answers, the exact way answers the same; and on plain lines it answers.
        #[test]
        fn fast_equals_exact(
            days in -20_000i32..40_000, seconds in 0i64..86_400, zone in prop::sample::select(vec!["Z", "", "-04:00"]),
            low in 1i64..1_000_000, spread in 0i64..100, volume in 0i64..1_000_000_000, plain in any::<bool>(),
        ) {
            let date = Timestamp::from_days(days).expect("in range");
            let stamp = date.plus_ns(seconds * Timestamp::NS_PER_SECOND).to_string();
            let cents = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
            let high = cents(low + spread);
            let (low, shares) = (cents(low), if plain { volume.to_string() } else { format!("{volume}e0") });
            let line = format!("{}{zone},{low},{high},{low},{high},{shares}", stamp.trim_end_matches('Z'));
            let mut reader = RowReader::new(&ROLES, Timeframe::Minute1);
            let exact = reader.exact(line.as_bytes()).expect("a good line").expect("not blank");
            let fast = reader.fast(line.as_bytes(), 0);
            prop_assert_eq!(fast.is_some(), plain);
            if let Some((bar, end)) = fast {
                prop_assert_eq!((bar, end), (exact, line.len()));
            }
        }
        /// No bytes make either way panic, and they never contradict each other.
        #[test]
        fn any_bytes_are_survived(line in "[-0-9T:Z,.\" eé]{0,60}", daily in any::<bool>()) {
            let timeframe = if daily { Timeframe::Day1 } else { Timeframe::Minute1 };
            let mut reader = RowReader::new(&ROLES, timeframe);
            let fast = reader.fast(line.as_bytes(), 0).map(|(bar, _)| bar);
            let exact = reader.exact(line.as_bytes());
            if let Some(bar) = fast {
                prop_assert_eq!(exact, Ok(Some(bar)));
            }
        }
    }
}
