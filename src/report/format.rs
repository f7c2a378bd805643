//! Numbers and dates as people read them: one form for each kind, on every surface.
//!
//! Not here: numbers in files (`metrics.json`, CSV), which stay exact and plain. Laws: a value that
//! rounds to zero has no sign; what is not finite is `n/a`, never NaN.
use crate::domain::Timestamp;

/// Shown where a value is undefined; the reason stands beside it or on hover.
pub const UNDEFINED: &str = "n/a";

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How numbers are written on one surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    minus: char,
}

/// Does a positive value carry a `+`?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// `+` or `−`: changes, profits, returns.
    Always,
    /// `−` only: levels.
    Negative,
}

impl Numbers {
    /// HTML and PNG: the minus is U+2212, as wide as a digit.
    pub const TYPOGRAPHIC: Numbers = Numbers { minus: '\u{2212}' };
    /// Terminal and clipboard: the minus is `-`.
    pub const PLAIN: Numbers = Numbers { minus: '-' };

    /// `value` with `decimals` and thousands commas, `unit` before and after the digits.
    fn write(self, value: f64, decimals: usize, sign: Sign, before: &str, after: &str) -> String {
        if !value.is_finite() {
            return UNDEFINED.to_owned();
        }
        let digits = format!("{:.decimals$}", value.abs());
        let zero = digits.bytes().all(|byte| byte == b'0' || byte == b'.');
        let mut text = String::with_capacity(digits.len() + 8);
        match (zero, value < 0.0, sign) {
            (false, true, _) => text.push(self.minus),
            (false, false, Sign::Always) => text.push('+'),
            _ => {}
        }
        text.push_str(before);
        push_grouped(&mut text, &digits);
        text.push_str(after);
        text
    }

    /// A fraction as percent: `+94.7%`, `0.0%`.
    pub fn percent(self, fraction: f64, decimals: usize, sign: Sign) -> String {
        self.write(fraction * 100.0, decimals, sign, "", "%")
    }

    /// A fraction in percent without the unit, for a column that names it.
    pub fn percent_bare(self, fraction: f64, decimals: usize) -> String {
        self.write(fraction * 100.0, decimals, Sign::Always, "", "")
    }

    /// Dollars in prose and headlines: no cents from $10,000.
    pub fn dollars(self, usd: f64, sign: Sign) -> String {
        let decimals = if usd.abs() >= 9_999.5 { 0 } else { 2 };
        self.write(usd, decimals, sign, "$", "")
    }

    /// Whole dollars, for figures and labels that stand in for a sum.
    pub fn dollars_whole(self, usd: f64, sign: Sign) -> String {
        self.write(usd, 0, sign, "$", "")
    }

    /// Dollars and cents: tables, and whatever must tie.
    pub fn dollars_cents(self, usd: f64, sign: Sign) -> String {
        self.write(usd, 2, sign, "$", "")
    }

    /// Dollars on an axis: `$75k`, `$1.2M`, `$500`.
    pub fn dollars_axis(self, usd: f64) -> String {
        let (scaled, unit) = match usd.abs() {
            size if size >= 1e9 => (usd / 1e9, "B"),
            size if size >= 1e6 => (usd / 1e6, "M"),
            size if size >= 1e4 => (usd / 1e3, "k"),
            _ => (usd, ""),
        };
        // The fewest decimals that tell neighbouring ticks apart.
        let decimals = (0..=2).find(|places| is_whole(scaled * 10_f64.powi(*places))).unwrap_or(2) as usize;
        self.write(scaled, decimals, Sign::Negative, "$", unit)
    }

    /// A price without its `$`: two decimals, four below $1.
    pub fn price(self, usd: f64) -> String {
        self.write(usd, if usd.abs() < 1.0 { 4 } else { 2 }, Sign::Negative, "", "")
    }

    /// A ratio such as Sharpe's: `0.91`.
    pub fn ratio(self, value: f64) -> String {
        self.write(value, 2, Sign::Negative, "", "")
    }

    /// A multiple of the risk taken, without its unit: `+0.69`.
    pub fn multiple(self, value: f64) -> String {
        self.write(value, 2, Sign::Always, "", "")
    }

    /// How many times over: `5.9×`.
    pub fn times(self, value: f64) -> String {
        self.write(value, 1, Sign::Negative, "", "×")
    }

    /// A fraction in basis points: `1.1 bps`.
    pub fn basis_points(self, fraction: f64) -> String {
        self.write(fraction * 1e4, 1, Sign::Negative, "", " bps")
    }

    /// A whole number with thousands commas.
    pub fn count(self, value: f64) -> String {
        self.write(value, 0, Sign::Negative, "", "")
    }

    /// Shares: whole, or up to nine decimals with the zeros at the end cut off.
    pub fn shares(self, quantity: f64) -> String {
        if is_whole(quantity) {
            return self.count(quantity);
        }
        let text = self.write(quantity, 9, Sign::Negative, "", "");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Is `value` a whole number, to within rounding noise?
fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-9 * value.abs().max(1.0)
}

/// `digits` ("1234.50") with commas between thousands ("1,234.50").
fn push_grouped(text: &mut String, digits: &str) {
    let whole = digits.find('.').unwrap_or(digits.len());
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
}

/// The date in prose: `21 Dec 2012`.
pub fn date_in_prose(time: Timestamp) -> String {
    let date = time.utc_date();
    format!("{} {} {}", date.day(), month_name(date.month()), date.year())
}

/// The date in a table: `2012-12-21`.
pub fn date_in_table(time: Timestamp) -> String {
    time.utc_date().to_string()
}

/// The second that `time` is in: people need no nanoseconds.
pub fn to_the_second(time: Timestamp) -> Timestamp {
    time.plus_ns(-time.ns().rem_euclid(Timestamp::NS_PER_SECOND))
}

/// `Jan` for 1, …, `Dec` for 12; empty otherwise.
pub fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// A small number as a word, as in "the same four stocks"; digits from eleven.
pub fn number_in_words(count: usize) -> String {
    const WORDS: [&str; 11] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(count).map_or_else(|| Numbers::PLAIN.count(count as f64), |word| (*word).to_owned())
}

/// `1 session`, `35 sessions`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", Numbers::PLAIN.count(count as f64), if count == 1 { one } else { many })
}

/// A code such as `portfolio_heat` in words: `portfolio heat`.
pub fn code_in_words(code: &str) -> String {
    code.replace('_', " ").to_lowercase()
}

/// `text` with its first letter in upper case.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HTML: Numbers = Numbers::TYPOGRAPHIC;

    #[test]
    fn each_kind_has_its_form() {
        assert_eq!(HTML.percent(0.947, 1, Sign::Always), "+94.7%");
        assert_eq!(HTML.percent(-0.0059, 2, Sign::Always), "−0.59%");
        assert_eq!(HTML.percent(12.345, 1, Sign::Always), "+1,234.5%");
        assert_eq!(HTML.dollars(194_705.4, Sign::Negative), "$194,705");
        assert_eq!(HTML.dollars(9_999.996, Sign::Negative), "$10,000");
        assert_eq!(HTML.dollars(817.2, Sign::Negative), "$817.20");
        assert_eq!(HTML.dollars_cents(-616.31, Sign::Always), "−$616.31");
        assert_eq!(Numbers::PLAIN.dollars_cents(-616.31, Sign::Always), "-$616.31");
        assert_eq!(HTML.dollars_cents(123_456_789.0, Sign::Negative), "$123,456,789.00");
        assert_eq!(HTML.price(0.004), "0.0040");
        assert_eq!(HTML.price(27.45), "27.45");
        assert_eq!(HTML.times(5.9), "5.9×");
        assert_eq!(HTML.basis_points(0.00011), "1.1 bps");
        assert_eq!(HTML.multiple(0.69), "+0.69");
        assert_eq!(HTML.shares(1714.0), "1,714");
        assert_eq!(HTML.shares(0.125), "0.125");
    }

    #[test]
    fn axis_labels_are_short() {
        for (usd, text) in [(75e3, "$75k"), (1.2e6, "$1.2M"), (500.0, "$500"), (0.0, "$0"), (-20e3, "−$20k")] {
            assert_eq!(HTML.dollars_axis(usd), text);
        }
        assert_eq!(HTML.dollars_axis(12_500.0), "$12.5k");
        assert_eq!(HTML.dollars_axis(0.25), "$0.25");
    }

    #[test]
    fn zero_has_no_sign_and_nothing_is_nan() {
        assert_eq!(HTML.percent(-0.0004, 1, Sign::Always), "0.0%");
        assert_eq!(HTML.dollars_cents(0.004, Sign::Always), "$0.00");
        assert_eq!(HTML.ratio(-0.0), "0.00");
        assert_eq!(HTML.ratio(f64::NAN), "n/a");
        assert_eq!(HTML.ratio(f64::INFINITY), "n/a");
    }

    #[test]
    fn dates_and_words() {
        let time: Timestamp = "2012-12-21".parse().expect("time");
        assert_eq!(date_in_prose(time), "21 Dec 2012");
        assert_eq!(date_in_table(time), "2012-12-21");
        assert_eq!(number_in_words(4), "four");
        assert_eq!(number_in_words(12), "12");
        assert_eq!(counted(1, "session", "sessions"), "1 session");
        assert_eq!(capitalized(&code_in_words("portfolio_heat")), "Portfolio heat");
    }

    proptest! {
        /// What is written reads back as the value, rounded; and zero is never signed.
        #[test]
        fn text_reads_back(value in -1e9_f64..1e9) {
            let text = Numbers::PLAIN.dollars_cents(value, Sign::Always);
            let read: f64 = text.replace(['$', ',', '+'], "").parse().expect("a number");
            prop_assert!((read - value).abs() <= 0.005 + 1e-6);
            prop_assert!(read != 0.0 || !text.starts_with(['-', '+']), "{text}");
        }
    }
}
