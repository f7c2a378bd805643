//! Back-adjusted prices: history as if every split, and every dividend, had already happened.
//!
//! Not here: reading the actions; adjusting positions and orders when a split comes (engine).
//!
//! Formula, for a bar before the ex-dates of some actions: price × Π f, where a split of ratio r has
//! f = 1 ÷ r and a dividend a has f = 1 − a ÷ c, c the close of the last bar before its ex-date in shares of that day;
//! volume × Π r over the splits alone. Factors are kept to 1e-18, prices rounded half up to 1e-9 and
//! volumes to 1e-6. Source: CRSP Data Definitions, "factor to adjust price"; as LEAN's factor files.
use super::corporate_actions::{ActionKind, CorporateAction};
use crate::domain::{Bar, Price, Ratio, Timeframe, Timestamp, Volume};

/// One, in the factors' unit of 1e-18.
const ONE: u128 = 1_000_000_000_000_000_000;
/// Units of a ratio or a price in one.
const BILLION: u128 = 1_000_000_000;

/// Which actions to adjust for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Adjustment {
    /// Nothing: the prices that were traded.
    #[default]
    None,
    /// Splits.
    Splits,
    /// Splits and dividends.
    All,
}

impl std::str::FromStr for Adjustment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "splits" => Ok(Self::Splits),
            "all" => Ok(Self::All),
            _ => Err(format!("`{text}` is not an adjustment; use none, splits or all")),
        }
    }
}

/// Why a series cannot be adjusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustError {
    /// A dividend not below the price of the share.
    #[error("{action}: the share closed at ${close} before; check the amount, or use adjust = \"splits\"")]
    DividendAbovePrice {
        /// The action.
        action: CorporateAction,
        /// The raw close before the ex-date.
        close: Price,
    },
    /// An adjusted price or volume that no longer fits: above the largest, or rounded to nothing.
    #[error(
        "the bar of {date} cannot be adjusted: its price would leave 1e-9 to 10,000,000 dollars; check the splits or use adjust = \"none\""
    )]
    OutOfRange {
        /// The date of the bar.
        date: String,
    },
}

/// Adjusts an ordered series in place for the actions of its symbol, in order of date.
///
/// Actions outside the series change nothing. Errors: [`AdjustError`]; the bars are then half adjusted
/// and must be dropped.
pub fn adjust(bars: &mut [Bar], actions: &[CorporateAction], adjustment: Adjustment) -> Result<(), AdjustError> {
    // A raw bar: those before an ex-date are not adjusted yet when it is looked up.
    gather(bars, actions, adjustment, bar_before)
}

/// Adjusts `bars` by the factors of `raw`, the raw bars of the same share over a longer timeframe, so that
/// both stay on one scale. Errors: as [`adjust`].
pub fn adjust_as(
    bars: &mut [Bar],
    raw: &[Bar],
    actions: &[CorporateAction],
    adjustment: Adjustment,
) -> Result<(), AdjustError> {
    gather(bars, actions, adjustment, |_, ex_date| bar_before(raw, ex_date))
}

/// The last bar before `ex_date`, and whether a bar of that day or later shows what it did.
fn bar_before(bars: &[Bar], ex_date: Timestamp) -> Option<(Bar, bool)> {
    let start = bars.partition_point(|bar| bar.time < ex_date);
    start.checked_sub(1).map(|last| (bars[last], start < bars.len()))
}

fn gather(
    bars: &mut [Bar],
    actions: &[CorporateAction],
    adjustment: Adjustment,
    bar_before: impl Fn(&[Bar], Timestamp) -> Option<(Bar, bool)>,
) -> Result<(), AdjustError> {
    let mut factors = Factors { price: ONE, volume: ONE };
    // Newest first: each action holds for all bars before it, so the factors only gather.
    let mut end = bars.len();
    for day in actions.chunk_by(|a, b| a.ex_date == b.ex_date).rev() {
        let start = bars.partition_point(|bar| bar.time < day[0].ex_date);
        bars[start..end].iter_mut().try_for_each(|bar| factors.apply(bar))?;
        end = start;
        let Some((last, is_shown)) = bar_before(bars, day[0].ex_date) else { break };
        // In shares of this day, though a split between the two days had no bar to show it.
        let unseen = actions.iter().filter(|action| last.time < action.ex_date && action.ex_date < day[0].ex_date);
        let last = unseen.fold(last, |last, action| match action.kind {
            ActionKind::Split { ratio } => bar_after_split(&last, ratio),
            _ => last,
        });
        // An ex-date after the last bar has no bar that shows it.
        if !is_shown {
            continue;
        }
        for action in day {
            factors.add(action, last.close, adjustment)?;
        }
    }
    bars[..end].iter_mut().try_for_each(|bar| factors.apply(bar))
}

/// A bar in the unit of after a split into `ratio` new shares per old, rounded as [`adjust`] does: prices
/// ÷ ratio half up to 1e-9 and held inside those a bar can have, volume × ratio to 1e-6.
pub fn bar_after_split(bar: &Bar, ratio: Ratio) -> Bar {
    let price = |price: Price| {
        let units = ratio.divide_nearest(price.units()).clamp(1, i128::from(Price::MAX.units()));
        Price::ZERO.saturating_offset(units as i64)
    };
    let volume = i64::try_from(ratio.multiply_nearest(bar.volume.units())).unwrap_or(i64::MAX);
    Bar {
        time: bar.time,
        open: price(bar.open),
        high: price(bar.high),
        low: price(bar.low),
        close: price(bar.close),
        volume: Volume::from_units(volume).unwrap_or(bar.volume),
    }
}

struct Factors {
    price: u128,
    volume: u128,
}

impl Factors {
    fn add(&mut self, action: &CorporateAction, close: Price, adjustment: Adjustment) -> Result<(), AdjustError> {
        let too_far = || AdjustError::OutOfRange { date: action.ex_date.text(Timeframe::Day1) };
        match (action.kind, adjustment) {
            (ActionKind::Split { ratio }, Adjustment::Splits | Adjustment::All) => {
                let ratio = ratio.units() as u128; // above 0 by the door
                self.price = multiply_divide(self.price, BILLION, ratio).ok_or_else(too_far)?;
                self.volume = multiply_divide(self.volume, ratio, BILLION).ok_or_else(too_far)?;
            }
            (ActionKind::Dividend { amount }, Adjustment::All) => {
                let (amount, price) = (amount.units() as u128, close.units() as u128);
                let left = price.checked_sub(amount).filter(|left| *left > 0);
                let left = left.ok_or(AdjustError::DividendAbovePrice { action: *action, close })?;
                self.price = multiply_divide(self.price, left, price).ok_or_else(too_far)?;
            }
            (ActionKind::Split { .. }, Adjustment::None)
            | (ActionKind::Dividend { .. }, Adjustment::None | Adjustment::Splits)
            | (ActionKind::Delisting { .. } | ActionKind::Rename { .. }, _) => {}
        }
        Ok(())
    }

    fn apply(&self, bar: &mut Bar) -> Result<(), AdjustError> {
        if self.price == ONE && self.volume == ONE {
            return Ok(());
        }
        let adjusted = self.adjusted(bar);
        *bar = adjusted.ok_or_else(|| AdjustError::OutOfRange { date: date_text(bar.time) })?;
        Ok(())
    }

    fn adjusted(&self, bar: &Bar) -> Option<Bar> {
        let scale = |units: i64, factor| i64::try_from(multiply_divide(units as u128, factor, ONE)?).ok();
        let price = |price: Price| Price::from_units(scale(price.units(), self.price)?).filter(|p| *p > Price::ZERO);
        Some(Bar {
            time: bar.time,
            open: price(bar.open)?,
            high: price(bar.high)?,
            low: price(bar.low)?,
            close: price(bar.close)?,
            volume: Volume::from_units(scale(bar.volume.units(), self.volume)?)?,
        })
    }
}

fn date_text(time: Timestamp) -> String {
    time.text(Timeframe::Day1)
}

/// a × b ÷ c, rounded half up; `None` beyond 128 bits.
fn multiply_divide(a: u128, b: u128, c: u128) -> Option<u128> {
    Some(a.checked_mul(b)?.checked_add(c / 2)? / c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(date: &str, close: &str, volume: i64) -> Bar {
        let close: Price = close.parse().expect("price");
        Bar {
            time: date.parse().expect("date"),
            open: close,
            high: close,
            low: close,
            close,
            volume: Volume::from_shares(volume).expect("volume"),
        }
    }

    fn action(date: &str, kind: &str, value: &str) -> CorporateAction {
        let kind = match kind {
            "split" => ActionKind::Split { ratio: value.parse().expect("ratio") },
            _ => ActionKind::Dividend { amount: value.parse().expect("amount") },
        };
        CorporateAction { symbol: "AAPL".parse().expect("symbol"), ex_date: date.parse().expect("date"), kind, line: 2 }
    }

    fn closes(bars: &[Bar]) -> Vec<String> {
        bars.iter().map(|bar| bar.close.to_string()).collect()
    }

    fn history() -> (Vec<Bar>, Vec<CorporateAction>) {
        let bars = vec![
            bar("2014-06-04", "700", 100),
            bar("2014-06-05", "700", 100),
            bar("2014-06-06", "630", 100),
            bar("2014-06-09", "93", 700),
            bar("2014-06-10", "90", 700),
        ];
        let actions = vec![
            action("2014-06-01", "split", "3"),    // before the series
            action("2014-06-06", "dividend", "7"), // 1 %
            action("2014-06-09", "split", "7"),
            action("2014-06-09", "dividend", "6.3"), // 1 %, in old shares
            action("2015-01-01", "split", "2"),      // after the series
        ];
        (bars, actions)
    }

    #[test]
    fn splits_divide_prices_and_multiply_volumes_before_the_ex_date() {
        let (mut bars, actions) = history();
        adjust(&mut bars, &actions, Adjustment::Splits).expect("adjusted");
        assert_eq!(closes(&bars), ["100", "100", "90", "93", "90"]);
        assert!(bars.iter().all(|bar| bar.volume.to_string() == "700"));
    }

    #[test]
    fn all_takes_dividends_off_as_well() {
        let (mut bars, actions) = history();
        adjust(&mut bars, &actions, Adjustment::All).expect("adjusted");
        assert_eq!(closes(&bars), ["98.01", "98.01", "89.1", "93", "90"]);
        let (mut bars, actions) = history();
        let raw = bars.clone();
        adjust(&mut bars, &actions, Adjustment::None).expect("adjusted");
        assert_eq!(bars, raw);
    }

    #[test]
    fn what_cannot_be_adjusted_is_an_error() {
        let (mut bars, _) = history();
        let refused = adjust(&mut bars, &[action("2014-06-06", "dividend", "700")], Adjustment::All);
        let message = refused.expect_err("refused").to_string();
        assert!(message.contains("$700 on 2014-06-06: the share closed at $700"), "{message}");
        let refused = adjust(&mut bars, &[action("2014-06-06", "split", "0.00001")], Adjustment::All);
        let message = refused.expect_err("refused").to_string();
        assert!(message.contains("the bar of 2014-06-04 cannot be adjusted"), "{message}");
    }
}
