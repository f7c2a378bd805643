//! What the session of a drill on paper may send: single shares, by a script, under limits of its own.
//!
//! Not here: when (mod), how it leaves (session).
use std::path::Path;

use crate::domain::{Bar, Price, Symbol, Timeframe, Timestamp, Volume};
use crate::live::drill::DrillError;
use crate::scenario::{LoadedScenario, parse};
use crate::strategy::{Script, ScriptContext, read_script};

/// Dearest share that a drill trades: a drill costs a spread, and a mistake of it the share.
pub(super) const PRICE_MAX_USD: i64 = 1_000;
/// Bars of the script, and one for the fills of the last.
const BARS: usize = 6;
/// Stops and resting entries stand this far below the market, in hundredths: a drill lasts minutes, and within those no listed
/// share falls so far.
const STOP: i64 = 80;
const ENTRY: i64 = 85;
const ITS_STOP: i64 = 70;
const CENT_UNITS: i64 = Price::UNITS_PER_USD / 100;
const NS_PER_MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

const SCENARIO: &str = r#"
[scenario]
name = "drill"
[data]
timeframe = "1m"
calendar = "24/7"
path = "{symbol}.csv"
symbols = ["SYMBOL"]
[account]
cash = "100000"
[strategy]
name = "order_script"
params = { file = "none.csv" }
[sizing]
kind = "fixed_shares"
value = "1"
[stop]
kind = "none"
[risk]
max_daily_loss = "0.1"
max_position_size = "0.1"
max_portfolio_heat = "0.1"
max_correlated_exposure = "0.1"
max_drawdown = "0.1"
max_gross_exposure = "0.1"
max_open_positions = 1
max_orders_per_minute = 10
max_order_notional = "1100"
price_collar = "0.3"
on_daily_loss = "halt"
on_breach = "reject"
"#;

/// A scenario, its script, and the bars it decides on.
#[derive(Clone)]
pub(super) struct DrillOrders {
    pub(super) loaded: LoadedScenario,
    pub(super) script: &'static Script,
    price: Price,
    from: Timestamp,
}

impl DrillOrders {
    /// Of a share that last traded at `price`. On bar 1 a share is bought with a stop; on bars 2, 3 and 4 an entry of one share
    /// is sent that rests. `now` names the day of the bars.
    ///
    /// Errors: the share is too dear, or too cheap for prices in cents.
    pub(super) fn new(symbol: Symbol, price: Price, now: Timestamp) -> Result<DrillOrders, DrillError> {
        let text = SCENARIO.replace("SYMBOL", symbol.as_str());
        let loaded = parse(Path::new("drill.toml"), &text, &[]);
        let loaded = loaded.map_err(|all| DrillError::Refused(format!("{symbol} names no share: {all:?}")))?;
        if !(2 * Price::UNITS_PER_USD..=PRICE_MAX_USD * Price::UNITS_PER_USD).contains(&price.units()) {
            return Err(DrillError::Refused(format!(
                "{symbol} last traded at ${price}; a drill takes a share between $2 and ${PRICE_MAX_USD}, so name another with --symbol"
            )));
        }
        // Bars are numbered minutes of the day, so that a drill at midnight has one day as well.
        let from = now.ns() - now.ns().rem_euclid(Timestamp::NS_PER_DAY) + 60 * NS_PER_MINUTE;
        let from = Timestamp::from_ns(from);
        let bars: Vec<Bar> = (0..=BARS).map(|number| bar(from, price, number)).collect();
        let context =
            ScriptContext { symbols: &[symbol], bars: &[bars], timeframe: Timeframe::Minute1, fractional: false };
        let script = read_script(&script_text(symbol, price, from), &context);
        let script = script.map_err(|error| DrillError::Session(format!("its script: {error}")))?;
        // One a drill, and a drill is the whole of its process.
        Ok(DrillOrders { loaded, script: Box::leak(Box::new(script)), price, from })
    }

    /// The bar of this number and its stamp: it stands at the price.
    pub(super) fn bar(&self, number: usize) -> (Timestamp, Bar) {
        let bar = bar(self.from, self.price, number);
        (bar.time, bar)
    }
}

fn bar(from: Timestamp, price: Price, number: usize) -> Bar {
    let minutes = i64::try_from(number).unwrap_or(i64::MAX / NS_PER_MINUTE);
    let volume = Volume::from_shares(1_000).unwrap_or(Volume::ZERO);
    Bar { time: from.plus_ns(minutes * NS_PER_MINUTE), open: price, high: price, low: price, close: price, volume }
}

fn script_text(symbol: Symbol, price: Price, from: Timestamp) -> String {
    let mut text =
        String::from("time,action,id,symbol,side,qty,type,limit_price,time_in_force,order_class,stop_loss\n");
    let mut submit = |number: usize, id: &str, kind: &str, limit: &str, stop: Price| {
        let time = bar(from, price, number).time;
        text.push_str(&format!("{time},submit,{id},{symbol},buy,1,{kind},{limit},gtc,oto,{stop}\n"));
    };
    submit(1, "held", "market", "", share_of(price, STOP));
    // An entry that brings a stop is no wash trade against the stop that rests.
    for (number, id) in [(2, "rests"), (3, "late"), (4, "again")] {
        submit(number, id, "limit", &share_of(price, ENTRY).to_string(), share_of(price, ITS_STOP));
    }
    text
}

/// So many hundredths of a price, in whole cents.
fn share_of(price: Price, hundredths: i64) -> Price {
    let units = price.units() / 100 * hundredths;
    Price::from_units(units / CENT_UNITS * CENT_UNITS).unwrap_or(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_sends_single_shares_far_from_the_market() {
        let now = "2026-11-24T15:00:00Z".parse().expect("a time");
        let (symbol, price) = ("F".parse().expect("F"), "12.345".parse().expect("price"));
        let orders = DrillOrders::new(symbol, price, now).expect("orders");
        let text = script_text(symbol, price, orders.from);
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows[0], "2026-11-24T01:01:00Z,submit,held,F,buy,1,market,,gtc,oto,9.87");
        assert_eq!(rows[1], "2026-11-24T01:02:00Z,submit,rests,F,buy,1,limit,10.49,gtc,oto,8.64");
        assert_eq!((rows.len(), orders.script.rows().len()), (4, 4));
        for dear in ["1.99", "1000.01"] {
            let error = DrillOrders::new(symbol, dear.parse().expect("price"), now).err().expect(dear);
            assert!(error.to_string().contains("name another with --symbol"), "{error}");
        }
    }
}
