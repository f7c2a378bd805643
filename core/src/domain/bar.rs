//! One bar of prices.
use super::{Price, Timestamp, Volume};

/// Open, high, low, close and volume of one symbol over one timeframe, stamped by its open time.
///
/// Invariant of a checked bar: 0 < low ≤ open, close ≤ high. It is known only at its close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// When the bar opens; for daily bars midnight UTC of the session's date.
    pub time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares traded.
    pub volume: Volume,
}

/// What is wrong with a bar's numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// A price of zero.
    #[error("{field} is zero; a price must be above 0")]
    ZeroPrice {
        /// The column.
        field: &'static str,
    },
    /// High below low.
    #[error("high {high} is below low {low}")]
    HighBelowLow {
        /// The high.
        high: Price,
        /// The low.
        low: Price,
    },
    /// Open or close outside the range of the bar.
    #[error("{field} {price} lies outside the bar's range {low} to {high}")]
    OutsideRange {
        /// The column.
        field: &'static str,
        /// Its price.
        price: Price,
        /// The low.
        low: Price,
        /// The high.
        high: Price,
    },
}

impl Bar {
    /// The bar itself if its prices fit together.
    #[inline]
    pub fn checked(self) -> Result<Bar, BarError> {
        let Bar { open, high, low, close, .. } = self;
        // One test for the common case; the causes are looked for only when it fails.
        if low > Price::ZERO && low <= open && low <= close && open <= high && close <= high {
            return Ok(self);
        }
        Err(self.fault())
    }

    #[cold]
    fn fault(self) -> BarError {
        let Bar { open, high, low, close, .. } = self;
        for (field, price) in [("open", open), ("high", high), ("low", low), ("close", close)] {
            if price == Price::ZERO {
                return BarError::ZeroPrice { field };
            }
        }
        if high < low {
            return BarError::HighBelowLow { high, low };
        }
        let (field, price) = if open < low || open > high { ("open", open) } else { ("close", close) };
        BarError::OutsideRange { field, price, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(open: &str, high: &str, low: &str, close: &str) -> Result<Bar, BarError> {
        let price = |text: &str| text.parse().expect("price");
        Bar {
            time: Timestamp::from_ns(0),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Volume::ZERO,
        }
        .checked()
    }

    #[test]
    fn prices_must_fit_together() {
        assert!(bar("10", "11", "9", "10").is_ok());
        assert!(bar("10", "10", "10", "10").is_ok());
        assert!(matches!(bar("10", "11", "0", "10"), Err(BarError::ZeroPrice { field: "low" })));
        assert!(matches!(bar("10", "9", "11", "10"), Err(BarError::HighBelowLow { .. })));
        assert!(matches!(bar("12", "11", "9", "10"), Err(BarError::OutsideRange { field: "open", .. })));
        assert!(matches!(bar("10", "11", "9", "8"), Err(BarError::OutsideRange { field: "close", .. })));
    }
}
