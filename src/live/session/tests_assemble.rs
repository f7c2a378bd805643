//! Steps out of bars that come late, twice, in parts, or not at all.
use std::path::Path;
use std::sync::Arc;

use super::{Assembler, Step, Terms};
use crate::domain::{Bar, Price, Symbol, SymbolIndex, Timestamp, Volume};
use crate::scenario::{Style, parse};

const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;
const PATIENCE_NS: i64 = 3 * Timestamp::NS_PER_SECOND;

pub(super) fn terms(timeframe: &str) -> Arc<Terms> {
    let text = format!(
        "[scenario]\nname = \"steps\"\nseed = 1\n[data]\ntimeframe = \"{timeframe}\"\npath = \"{{symbol}}.csv\"\n\
         symbols = [\"AAA\", \"BBB\"]\n[account]\ncash = \"1000\"\n[strategy]\nname = \"buy_and_hold\"\n\
         [sizing]\nkind = \"equity_fraction\"\nvalue = \"0.2\"\n\
         [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"1\"\nmax_portfolio_heat = \"1\"\n\
         max_correlated_exposure = \"1\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"1\"\n\
         max_open_positions = 10\nmax_orders_per_minute = 10\nmax_order_notional = \"1000\"\n\
         price_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n"
    );
    let loaded =
        parse(Path::new("steps.toml"), &text, &[]).unwrap_or_else(|all| panic!("{}", all.render(&Style::PLAIN)));
    Arc::new(Terms::of(&loaded, 1).unwrap())
}

fn at(text: &str) -> Timestamp {
    format!("2024-03-05T{text}:00Z").parse().unwrap()
}

fn name(text: &str) -> Symbol {
    text.parse().unwrap()
}

fn bar(time: &str, cents: i64) -> Bar {
    let price = |cents: i64| Price::from_units(cents * Price::UNITS_PER_USD / 100).unwrap();
    let volume = Volume::from_shares(10).unwrap();
    Bar {
        time: at(time),
        open: price(cents),
        high: price(cents + 5),
        low: price(cents - 5),
        close: price(cents + 1),
        volume,
    }
}

fn shown(step: Option<Step>) -> Option<(Timestamp, Vec<u16>)> {
    step.map(|step| (step.time, step.bars.iter().map(|(symbol, _)| symbol.0).collect()))
}

#[test]
fn a_step_waits_for_all_shares_or_for_the_patience() {
    let mut own = Assembler::new(terms("1m"), MINUTE_NS, Timestamp::MIN);
    own.take(name("AAA"), bar("14:30", 100));
    let closes = at("14:31");
    assert_eq!(own.ready(closes, PATIENCE_NS), None);
    assert_eq!(own.due(PATIENCE_NS), Some(closes.plus_ns(PATIENCE_NS)));
    own.take(name("BBB"), bar("14:30", 200));
    assert_eq!(shown(own.ready(closes, PATIENCE_NS)), Some((at("14:30"), vec![0, 1])));
    own.take(name("BBB"), bar("14:31", 200));
    assert_eq!(own.ready(at("14:32"), PATIENCE_NS), None);
    assert_eq!(shown(own.ready(at("14:32").plus_ns(PATIENCE_NS), PATIENCE_NS)), Some((at("14:31"), vec![1])));
    // What comes for a step that was shown changes nothing.
    own.take(name("AAA"), bar("14:31", 100));
    assert_eq!((own.ready(at("14:40"), PATIENCE_NS), own.late()), (None, 1));
    // A share that nobody trades, and minutes outside the session, are no step.
    own.take(name("CCC"), bar("14:33", 100));
    own.take(name("AAA"), bar("13:00", 100));
    assert!(own.is_idle());
}

#[test]
fn a_later_bar_ends_the_wait_and_a_hold_does_not_end() {
    let mut own = Assembler::new(terms("1m"), MINUTE_NS, Timestamp::MIN);
    own.take(name("AAA"), bar("14:30", 100));
    own.hold(true);
    own.take(name("AAA"), bar("14:31", 100));
    assert_eq!(own.ready(at("14:40"), PATIENCE_NS), None);
    own.take(name("BBB"), bar("14:30", 200));
    own.hold(false);
    assert_eq!(shown(own.ready(at("14:31"), PATIENCE_NS)), Some((at("14:30"), vec![0, 1])));
    assert_eq!(own.ready(at("14:31"), PATIENCE_NS), None);
}

#[test]
fn minutes_become_longer_bars_with_their_corrections() {
    let mut own = Assembler::new(terms("5m"), MINUTE_NS, Timestamp::MIN);
    for share in ["AAA", "BBB"] {
        // A minute comes again, corrected; one is missing.
        for (time, cents) in [("14:30", 100), ("14:31", 120), ("14:31", 90), ("14:33", 110), ("14:34", 105)] {
            own.take(name(share), bar(time, cents));
        }
    }
    let step = own.ready(at("14:35"), PATIENCE_NS).unwrap();
    let cents = |price: Price| price.units() * 100 / Price::UNITS_PER_USD;
    let (symbol, whole) = step.bars[0];
    assert_eq!((step.time, symbol), (at("14:30"), SymbolIndex(0)));
    let seen = [whole.open, whole.high, whole.low, whole.close].map(cents);
    assert_eq!((seen, whole.volume), ([100, 115, 85, 106], Volume::from_shares(40).unwrap()));
}

#[test]
fn an_hour_begins_with_the_session_and_the_last_is_shorter() {
    let terms = terms("1h");
    assert_eq!(terms.stamp_at(at("15:29")), at("14:30"));
    assert_eq!(terms.next_stamp(at("14:30")), at("15:30"));
    assert_eq!(terms.span_of(at("20:30")), (at("20:30"), at("21:00")));
    assert!(terms.ends_session(at("20:30")) && !terms.ends_session(at("19:30")));
    assert_eq!(terms.next_stamp(at("20:30")), "2024-03-06T14:30:00Z".parse().unwrap());
    assert_eq!(terms.lateness_ns(at("14:30"), at("15:31")), MINUTE_NS);
    assert_eq!(terms.lateness_ns(at("14:30"), at("15:30")), 0);
}

#[test]
fn a_daily_bar_is_in_time_until_the_next_open() {
    let terms = terms("1d");
    let date: Timestamp = "2024-03-05T00:00:00Z".parse().unwrap();
    let open: Timestamp = "2024-03-06T14:30:00Z".parse().unwrap();
    assert_eq!(terms.span_of(date), (at("14:30"), at("21:00")));
    assert_eq!(terms.lateness_ns(date, open), 0);
    assert_eq!(terms.lateness_ns(date, open.plus_ns(1)), 1);
    assert_eq!(terms.stamp_at(at("15:00")), date);
    assert_eq!(terms.stamp_at(at("21:00")), "2024-03-06T00:00:00Z".parse().unwrap());
}
