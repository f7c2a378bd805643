//! Random scenarios under tight limits: those of `tests/realism_laws`, and stretches of quiet bars.
//!
//! Not here: what must hold of their runs (laws, walk).
use std::fmt::Write;

use alphaflow::domain::{Timeframe, Timestamp};
use alphaflow::market::Calendar;

use super::draw;

/// Name and text of each file; `scenario.toml` is one of them.
pub type Files = Vec<(String, String)>;

/// A stream of numbers (SplitMix64, Steele and others 2014).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both included.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next() as usize % all.len()]
    }
}

/// Limits of which about a third are tight.
fn limits(stream: &mut Stream) -> String {
    let mut share = |low: i64, high: i64| match stream.within(0, 2) {
        0 => format!("0.{:03}", stream.within(low, high)),
        _ => "90".to_owned(),
    };
    let (daily, drawdown) = (share(2, 30), share(5, 60));
    let (position, gross) = (share(50, 500), share(200, 990));
    let (heat, group, collar) = (share(5, 300), share(50, 600), share(2, 30));
    let mut whole = |low: i64, high: i64| if stream.within(0, 3) == 0 { stream.within(low, high) } else { 1_000 };
    let (positions, rate, notional) = (whole(1, 2), whole(1, 4), whole(2, 60) * 1_000);
    format!(
        "[risk]\nmax_daily_loss = \"{daily}\"\nmax_position_size = \"{position}\"\nmax_portfolio_heat = \"{heat}\"\n\
         max_correlated_exposure = \"{group}\"\nmax_drawdown = \"{drawdown}\"\nmax_gross_exposure = \"{gross}\"\n\
         max_open_positions = {positions}\nmax_orders_per_minute = {rate}\nmax_order_notional = \"{notional}\"\n\
         price_collar = \"{collar}\"\non_daily_loss = \"{}\"\non_breach = \"{}\"\n",
        stream.of(&["halt", "flatten"]),
        stream.of(&["reject", "trim"]),
    )
}

/// The scenario that `tests/realism_laws` draws of `seed`, with tight limits. Nothing fills at the close that
/// decides it: what equity was when losses were looked at would not be in the record.
pub fn drawn(seed: u64) -> Files {
    let mut stream = Stream(seed ^ 0x1f2e_3d4c);
    let mut files = draw::case(seed).files;
    let (_, scenario) = files.iter_mut().find(|(name, _)| name == "scenario.toml").unwrap();
    let before =
        scenario.split("[risk]").next().unwrap().replace("market_fill = \"close\"", "market_fill = \"next_open\"");
    *scenario = before + &limits(&mut stream);
    // Somebody looks at what a script has halted or lost, and takes it up again, more often than there.
    if let Some((_, script)) = files.iter_mut().find(|(name, _)| name == "orders.csv") {
        let mut rows = script.lines();
        let header = rows.next().unwrap();
        let resumed = |row: &str| match stream.within(0, 3) {
            0 => format!("{row}\n{},resume,,,,,,,,,,,,,,,\n", row.split(',').next().unwrap()),
            _ => format!("{row}\n"),
        };
        let rows: String = rows.map(resumed).collect();
        *script = format!("{header}\n{rows}");
    }
    files
}

/// One share, a strategy that lets quiet bars pass together, and a stop or none: minutes of a session, minutes
/// with the hours around it, or days.
pub fn quiet(seed: u64) -> Files {
    let mut stream = Stream(seed ^ 0x5a5a_0f0f);
    let (timeframe, extended) = stream.of(&[("1m", false), ("1m", true), ("5m", true), ("1d", false)]);
    let hours = if extended { "extended" } else { "regular" };
    let stop = stream.of(&[
        "",
        "[stop]\nkind = \"percent\"\nvalue = \"0.01\"\n",
        "[stop]\nkind = \"atr\"\nperiod = 5\nmultiple = \"3\"\n",
        "[stop]\nkind = \"atr\"\nperiod = 5\nmultiple = \"4\"\ntrail = true\n",
    ]);
    let (fast, slow) = stream.of(&[(3, 8), (5, 20), (10, 40)]);
    let (direction, shorts) = stream.of(&[("long_only", false), ("long_short", true)]);
    let size = stream.of(&["0.4", "0.9"]);
    let text = format!(
        "[scenario]\nname = \"quiet\"\nseed = 1\n[data]\ntimeframe = \"{timeframe}\"\npath = \"{{symbol}}.csv\"\n\
         symbols = [\"AAA\"]\nhours = \"{hours}\"\n[account]\ncash = \"100000\"\nallow_short = {shorts}\n\
         [strategy]\nname = \"ma_crossover\"\n\
         params = {{ fast_period = {fast}, slow_period = {slow}, direction = \"{direction}\" }}\n\
         [sizing]\nkind = \"equity_fraction\"\nvalue = \"{size}\"\n[execution]\nparticipation = \"1\"\n\
         commission = {{ kind = \"bps\", value = \"1\" }}\n{stop}{}",
        limits(&mut stream)
    );
    vec![
        ("AAA.csv".to_owned(), bars(&mut stream, timeframe.parse().unwrap(), extended)),
        ("scenario.toml".to_owned(), text),
    ]
}

/// A walk that wanders far enough within a session to reach limits, with gaps over night.
fn bars(stream: &mut Stream, timeframe: Timeframe, extended: bool) -> String {
    let is_daily = timeframe == Timeframe::Day1;
    let start: Timestamp = "2024-03-04".parse().unwrap();
    let sessions = Calendar::xnys().sessions(start, start.plus_ns(300 * Timestamp::NS_PER_DAY));
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    let mut close = stream.within(4_000, 20_000);
    for session in sessions.take(if is_daily { 180 } else { 4 }) {
        let hours = if extended { session.extended() } else { session };
        let step_ns = timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
        let bars = if is_daily { 1 } else { (hours.close.ns() - hours.open.ns()) / step_ns };
        for at in 0..bars {
            let time = match is_daily {
                true => Timestamp::from_days(session.open.days()).unwrap(),
                false => hours.open.plus_ns(at * step_ns),
            };
            let gap = if at == 0 { stream.within(-20, 20) } else { 0 };
            let far = if is_daily { 20 } else { stream.of(&[1, 1, 2, 6]) };
            let open = (close + close * gap / 1_000).max(100);
            close = (open + open * stream.within(-far, far) / 1_000).max(100);
            let (high, low) = (open.max(close) + stream.within(0, 9), open.min(close) - stream.within(0, 9));
            // Now and then a minute without a trade has no bar, be it the last of its session.
            if is_daily || stream.within(0, 49) > 0 {
                let [open, high, low, close] =
                    [open, high, low, close].map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
                let _ = writeln!(text, "{},{open},{high},{low},{close},1000000", time.text(timeframe));
            }
        }
    }
    text
}
