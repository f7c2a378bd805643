//! Raw prices that split give the signals of split-adjusted ones, without looking ahead.
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use alphaflow::scenario::{account_rows, chart_lines, load, load_market, run};
use alphaflow::strategy::BuiltIn;
use proptest::prelude::*;

/// A scenario of daily bars without ticks: a split would move a level by half a cent.
pub fn scenario(strategy: &str, params: &str, symbols: &str, actions: &str, more: &str) -> String {
    format!(
        "[scenario]\nname = \"actions\"\n[data]\ntimeframe = \"1d\"\npath = \"{{symbol}}.csv\"\nsymbols = [{symbols}]\n\
         corporate_actions = \"{actions}\"\n[account]\ncash = \"100000000\"\n[strategy]\nname = \"{strategy}\"\n\
         params = {{ {params} }}\n[sizing]\nkind = \"equity_fraction\"\nvalue = \"0.1\"\nfractional = true\n\
         [execution]\nparticipation = \"1\"\nvenue_rules = \"none\"\n[risk]\nmax_daily_loss = \"1\"\n\
         max_position_size = \"1\"\nmax_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\n\
         max_gross_exposure = \"10\"\nmax_open_positions = 100\nmax_orders_per_minute = 1000\n\
         max_order_notional = \"10000000000\"\nprice_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n{more}"
    )
}

/// Every built-in strategy that forms an opinion, with look-backs short enough for a few months.
const STRATEGIES: [(&str, &str); 12] = [
    ("ma_crossover", "fast_period = 2, slow_period = 7"),
    ("ma_crossover", "fast_period = 3, slow_period = 9, reenter = \"fresh\", cross_rule = \"adjacent\""),
    ("rsi_mean_reversion", "rsi_period = 3, oversold = 40, overbought = 60"),
    ("momentum", "lookback_period = 4, momentum_threshold = \"0.01\""),
    ("mean_reversion", "lookback_period = 5, z_score_threshold = \"1\""),
    ("multi_timeframe", "sma_period = 2"),
    ("volatility_breakout", "lookback_period = 4, atr_period = 3, breakout_multiplier = \"0.3\""),
    ("quick_test", ""),
    ("donchian_breakout", "entry_lookback = 5, exit_lookback = 3"),
    ("macd_trend", "fast_period = 3, slow_period = 6, signal_period = 3"),
    ("buy_and_hold", ""),
    ("cross_sectional_momentum", "lookback_period = 5, top = 1, rebalance = \"week\""),
];

/// Those that compare whole numbers: exact for every ratio whose prices are.
const EXACT: [&str; 6] =
    ["ma_crossover", "momentum", "multi_timeframe", "quick_test", "buy_and_hold", "cross_sectional_momentum"];

/// Stops by ATR and by percent, fixed and trailing, with targets.
const STOPS: [&str; 3] = [
    "",
    "[stop]\nkind = \"atr\"\nperiod = 3\nmultiple = \"1.5\"\n[take_profit]\nkind = \"r_multiple\"\nvalue = \"2\"\n",
    "[stop]\nkind = \"percent\"\nvalue = \"0.05\"\ntrail = true\n",
];

/// A split: the bar that shows it, new shares, old shares.
type Split = (usize, i64, i64);

/// A bar in today's shares: cents that every ratio of a test divides, and shares.
#[derive(Debug, Clone, Copy)]
struct Day {
    cents: [i64; 4],
    shares: i64,
    is_there: bool,
}

fn series(days: usize) -> impl Strategy<Value = Vec<Day>> {
    let day = (-60i64..61, -80i64..81, 0i64..40, 0i64..40, 1i64..60, 0u8..12);
    prop::collection::vec(day, days..=days).prop_map(|moves| {
        let mut close = 3_000;
        let day = |(gap, turn, up, down, shares, there): (i64, i64, i64, i64, i64, u8)| {
            let open = (close + gap).max(200);
            close = (open + turn).max(200);
            let (high, low) = (open.max(close) + up, (open.min(close) - down).max(100));
            Day { cents: [open, high, low, close], shares: shares * 100_000, is_there: there > 0 }
        };
        moves.into_iter().map(day).collect()
    })
}

/// The raw file of a series that splits: before each split prices × ratio, volumes ÷ ratio.
fn raw(days: &[Day], splits: &[Split], dates: &[String]) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for (at, (day, date)) in days.iter().zip(dates).enumerate().filter(|(_, (day, _))| day.is_there) {
        // Hundredths of a cent hold a quarter of a cent.
        let later = || splits.iter().filter(|(on, ..)| *on > at);
        let scale = |units: i64| later().fold(units, |units, (_, new, old)| units * new / old);
        let shares = later().fold(day.shares, |shares, (_, new, old)| shares * old / new);
        let prices = day.cents.map(|cents| {
            let units = scale(cents * 100);
            format!("{}.{:04}", units / 10_000, units % 10_000)
        });
        writeln!(text, "{date},{},{shares}", prices.join(",")).unwrap();
    }
    text
}

fn actions(symbol: &str, splits: &[Split], dates: &[String]) -> String {
    let row = |(at, new, old): &Split| format!("{symbol},{},split,{}\n", dates[*at], *new as f64 / *old as f64);
    splits.iter().map(row).collect()
}

/// The sessions from 2013-01-02 on.
fn dates(count: usize) -> Vec<String> {
    let (from, to) = ("2013-01-02".parse().unwrap(), "2014-12-31".parse().unwrap());
    let sessions = alphaflow::market::Calendar::xnys().sessions(from, to);
    sessions.take(count).map(|session| session.date.to_string()[..10].to_owned()).collect()
}

/// Orders and fills of a run: time, side, symbol, why.
fn signals(folder: &Path, set: &[&str]) -> Vec<String> {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let loaded = load(&folder.join("run.toml"), &set).unwrap();
    let market = load_market(&loaded).unwrap();
    let journal = run(&loaded, &market).unwrap();
    // The curve rebuilt from the record must be that of the run: it asserts so.
    account_rows(&market, &journal, loaded.spec.account.cash);
    let order = |record: &alphaflow::engine::OrderRecord| {
        let (request, outcome) = (&record.request, record.outcome);
        let (side, purpose) = (request.side.name(), request.purpose.name());
        format!("{} {side} {} {purpose} {outcome:?}", record.decided_at, request.symbol.0)
    };
    let fill = |fill: &alphaflow::domain::Fill| format!("{} {} {}", fill.time, fill.side.name(), fill.symbol.0);
    journal.orders.iter().map(order).chain(journal.fills.iter().map(fill)).collect()
}

const DAYS: usize = 90;

/// Splits of one share: bar, new shares, old shares.
fn splits(ratios: &'static [(i64, i64)]) -> impl Strategy<Value = Vec<Split>> {
    prop::collection::btree_map(10..DAYS, prop::sample::select(ratios), 1..4)
        .prop_map(|map| map.into_iter().map(|(at, (new, old))| (at, new, old)).collect())
}

/// Runs every strategy of `ids` raw and adjusted; `two` shares or one.
fn raw_is_adjusted(
    ids: &[&str],
    (first, second): (&[Day], &[Day]),
    (ones, others): (&[Split], &[Split]),
    stop: &str,
) -> Result<(), TestCaseError> {
    let (folder, dates) = (tempfile::tempdir().unwrap(), dates(DAYS));
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("AAA.csv", &raw(first, ones, &dates));
    put("BBB.csv", &raw(second, others, &dates));
    let rows = format!("{}{}", actions("AAA", ones, &dates), actions("BBB", others, &dates));
    put("actions.csv", &format!("symbol,ex_date,kind,ratio_or_amount\n{rows}"));
    for (id, params) in STRATEGIES.iter().filter(|(id, _)| ids.contains(id)) {
        for symbols in ["\"AAA\"", "\"AAA\", \"BBB\""] {
            put("run.toml", &scenario(id, params, symbols, "actions.csv", stop));
            let (raw, adjusted) = (signals(folder.path(), &[]), signals(folder.path(), &["data.adjust=splits"]));
            prop_assert_eq!(&raw, &adjusted, "{} {} on {}\n{}", id, params, symbols, rows);
            // What comes from the first split on changes nothing before it.
            let cut = &dates[ones[0].0 - 1];
            let short = signals(folder.path(), &[&format!("data.end={cut}")]);
            let before = |signals: &[String]| -> Vec<String> {
                let known = signals.iter().filter(|signal| &signal[..10] < cut.as_str());
                // An order of the last days may not have come to its end yet.
                known.map(|signal| signal.split(" Sent").next().unwrap().to_owned()).collect()
            };
            prop_assert_eq!(before(&short), before(&raw), "{} {} cut at {}", id, params, cut);
        }
    }
    Ok(())
}

const POWERS: &[(i64, i64)] = &[(2, 1), (4, 1), (1, 2), (1, 4)];
const WHOLE: &[(i64, i64)] = &[(2, 1), (7, 1), (3, 1), (1, 2)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Powers of two: every strategy, with and without stops, to the last order.
    #[test]
    fn powers_of_two_are_exact(
        (first, second) in (series(DAYS), series(DAYS)),
        (ones, others) in (splits(POWERS), splits(POWERS)),
        stop in prop::sample::select(&STOPS[..]),
    ) {
        let all: Vec<&str> = STRATEGIES.iter().map(|(id, _)| *id).collect();
        raw_is_adjusted(&all, (&first, &second), (&ones, &others), stop)?;
    }

    /// Any whole ratio of prices that it divides: every strategy that compares whole numbers.
    #[test]
    fn whole_ratios_are_exact_where_numbers_are_whole(
        (first, second) in (series(DAYS), series(DAYS)),
        (ones, others) in (splits(WHOLE), splits(WHOLE)),
    ) {
        // Half a share of one in two must stay whole shares of volume and hundredths of a cent.
        raw_is_adjusted(&EXACT, (&first, &second), (&ones, &others), "")?;
    }
}

/// Lines of the report lie where the strategy saw them: no line crosses the jump of a split.
#[test]
fn lines_stay_with_the_price() {
    let folder = tempfile::tempdir().unwrap();
    let dates = dates(40);
    let days = vec![Day { cents: [3_000; 4], shares: 700_000, is_there: true }; 40];
    let splits = [(20, 7, 1)];
    fs::write(folder.path().join("AAA.csv"), raw(&days, &splits, &dates)).unwrap();
    let rows = actions("AAA", &splits, &dates);
    fs::write(folder.path().join("actions.csv"), format!("symbol,ex_date,kind,ratio_or_amount\n{rows}")).unwrap();
    for (id, params) in STRATEGIES {
        let toml = scenario(id, params, "\"AAA\"", "actions.csv", "");
        fs::write(folder.path().join("run.toml"), toml).unwrap();
        let loaded = load(&folder.path().join("run.toml"), &[]).unwrap();
        let market = load_market(&loaded).unwrap();
        for line in &chart_lines(&BuiltIn, &loaded, &market).unwrap()[0] {
            for (at, value) in line.values.iter().enumerate() {
                let price = if at < 20 { 210.0 } else { 30.0 };
                assert!(
                    value.is_none_or(|value| (value - price).abs() < 1e-6),
                    "{id} {} at {at}: {value:?}",
                    line.label
                );
            }
        }
    }
}
