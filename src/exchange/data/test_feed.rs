//! `/v2/test`: a share that does not exist and trades round the clock, for trying out a connection.
//!
//! Not here: the wall clock, which is an argument. The same second gives the same messages.
use super::bars::DataBar;
use super::message::{self, DataMessage, MessageKind};
use super::prints::{Print, Totals};
use super::quotes::Quote;
use crate::domain::{Price, Symbol, Timestamp, Volume};

/// The only symbol of the test feed.
pub const TEST_SYMBOL: &str = "FAKEPACA";

const SECONDS_PER_MINUTE: i64 = 60;
/// Prices go up a cent a second for as long as this, and then down again.
const HALF_WAVE_SECONDS: i64 = 450;
/// The lowest price, in cents.
const LOWEST_CENTS: i64 = 13_000;

/// What there is to say in this second since 1970: a quote and a trade; at a whole minute the bar of the one before
/// and the day so far, which begins at midnight UTC.
pub fn test_messages(second: i64) -> Vec<DataMessage> {
    let symbol: Symbol = TEST_SYMBOL.parse().expect("a symbol");
    let print = print(second);
    let message = |kind, fields| DataMessage { kind, symbol, fields };
    let mut messages = vec![
        message(MessageKind::Quote, message::quote(&Quote::around(&print))),
        message(MessageKind::Trade, message::trade(&print)),
    ];
    if second.rem_euclid(SECONDS_PER_MINUTE) == 0 {
        let day = (second - 1).div_euclid(86_400) * 86_400;
        messages.push(message(MessageKind::Bar, message::bar(&bar(second - SECONDS_PER_MINUTE, second))));
        messages.push(message(MessageKind::DailyBar, message::bar(&bar(day, second))));
    }
    messages
}

fn print(second: i64) -> Print {
    let time = Timestamp::from_seconds(second).unwrap_or_default();
    Print { id: second.unsigned_abs(), time, price: price(second), size: 1 + second.rem_euclid(9), is_core: true }
}

fn price(second: i64) -> Price {
    let way = second.rem_euclid(2 * HALF_WAVE_SECONDS);
    let cents = LOWEST_CENTS + way.min(2 * HALF_WAVE_SECONDS - way);
    Price::ZERO.saturating_offset(cents * (Price::UNITS_PER_USD / 100))
}

/// The bar of the trades from one second on and before another.
fn bar(from: i64, until: i64) -> DataBar {
    let prints = || (from..until).map(print);
    let prices = || prints().map(|print| print.price);
    let totals = |print: Print| {
        let (price, shares) = (i128::from(print.price.units()), i128::from(print.size));
        Totals { trades: 1, value: price * shares, shares }
    };
    DataBar {
        time: Timestamp::from_seconds(from).unwrap_or_default(),
        open: price(from),
        high: prices().max().unwrap_or_default(),
        low: prices().min().unwrap_or_default(),
        close: price(until - 1),
        volume: Volume::from_shares(prints().map(|print| print.size).sum()).unwrap_or_default(),
        totals: prints().map(totals).fold(Totals::default(), Totals::plus),
    }
}
