//! What is asked for: bars of one share over a span of time.
//!
//! Not here: pages of the answer (page), cutting the span (parts).
use super::super::mode::Feed;
use crate::domain::{Symbol, Timeframe, Timestamp};

/// How prices of the past are restated by the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// As they were traded.
    Raw,
    /// For splits.
    Split,
    /// For splits and dividends.
    All,
}

/// Bars of one share, first and last moment included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarsRequest {
    /// The share.
    pub symbol: Symbol,
    /// The span of a bar.
    pub timeframe: Timeframe,
    /// The first moment at which a bar may begin.
    pub start: Timestamp,
    /// The last.
    pub end: Timestamp,
    /// Of which tape.
    pub feed: Feed,
    /// How restated.
    pub adjustment: Adjustment,
}

/// Bars of a page: the most that Alpaca gives.
const PAGE_BARS: usize = 10_000;

impl Adjustment {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Adjustment::Raw => "raw",
            Adjustment::Split => "split",
            Adjustment::All => "all",
        }
    }
}

impl BarsRequest {
    /// Path and query of the page after `token`, of the first one without.
    pub(super) fn path(&self, token: Option<&str>) -> String {
        let timeframe = match self.timeframe {
            Timeframe::Minute1 => "1Min",
            Timeframe::Minute5 => "5Min",
            Timeframe::Minute15 => "15Min",
            Timeframe::Minute30 => "30Min",
            Timeframe::Hour1 => "1Hour",
            Timeframe::Day1 => "1Day",
        };
        let BarsRequest { symbol, start, end, .. } = self;
        let (feed, adjustment) = (self.feed.name(), self.adjustment.name());
        let mut path = format!(
            "/v2/stocks/bars?symbols={symbol}&timeframe={timeframe}&start={start}&end={end}&limit={PAGE_BARS}\
             &adjustment={adjustment}&feed={feed}&sort=asc"
        );
        if let Some(token) = token {
            path.push_str("&page_token=");
            path.push_str(&encoded(token));
        }
        path
    }
}

/// Percent-encoded but for letters, digits and `-._~` (RFC 3986).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
