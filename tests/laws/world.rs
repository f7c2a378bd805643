//! Made-up markets and the scenarios that the laws are tried on.
use std::path::Path;

use alphaflow::domain::{Bar, Money, Price, Timeframe, Timestamp, Volume};
use alphaflow::engine::{Journal, SessionSpan};
use alphaflow::market::{Calendar, Length, SyntheticSpec, synthesize};
use alphaflow::scenario::{LoadedScenario, MarketData, Style, account_rows, parse, run};

/// The symbols of every market, in its order.
pub const SYMBOLS: [&str; 3] = ["SYN", "TWO", "TRI"];

/// A scenario in pieces, so that each law can change what it is about.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub timeframe: &'static str,
    pub account: &'static str,
    pub strategy: &'static str,
    pub sizing: &'static str,
    pub execution: &'static str,
    pub stop: &'static str,
    pub breach: &'static str,
}

const MA: &str = "name = \"ma_crossover\"\nparams = { fast_period = 3, slow_period = 8 }";
const MOMENTUM: &str = "name = \"momentum\"\nparams = { lookback_period = 4, momentum_threshold = 0.01 }";

/// Every sizing, stop, fill rule and cost that a scenario may ask for stands in one of these.
pub const CASES: &[Case] = &[
    Case {
        name: "crossover, ATR stop, bps",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: MA,
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.30\"",
        execution: "slippage = { kind = \"bps\", value = \"2\" }\ncommission = { kind = \"bps\", value = \"1\" }",
        stop: "[stop]\nkind = \"atr\"\nperiod = 5\nmultiple = \"1.5\"",
        breach: "reject",
    },
    Case {
        name: "trailing stop, cash fraction at the fill",
        timeframe: "1d",
        account: "cash = \"100000\"\ncash_check = \"fill\"",
        strategy: MA,
        sizing: "kind = \"cash_fraction\"\nvalue = \"0.60\"",
        execution: "commission = { kind = \"bps\", value = \"5\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.03\"\ntrail = true\nactive_from = \"next_bar\"",
        breach: "trim",
    },
    Case {
        name: "long and short, target, fees a share",
        timeframe: "1d",
        account: "cash = \"100000\"\nleverage = 2\nallow_short = true",
        strategy: "name = \"rsi_mean_reversion\"\nparams = { rsi_period = 3, oversold = 35, overbought = 65, direction = \"long_short\" }",
        sizing: "kind = \"fixed_shares\"\nvalue = 150",
        execution: "slippage = { kind = \"per_share\", value = \"0.01\" }\ncommission = { kind = \"per_share\", value = \"0.005\", min = \"1\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.04\"\n[take_profit]\nkind = \"r_multiple\"\nvalue = \"1.5\"",
        breach: "reject",
    },
    Case {
        name: "thin volume, trimmed, notional",
        timeframe: "1d",
        account: "cash = \"50000\"",
        strategy: MOMENTUM,
        sizing: "kind = \"notional\"\nvalue = \"40000\"\nif_short_of_cash = \"trim\"",
        execution: "participation = \"0.00002\"\nslippage = { kind = \"bps\", value = \"1\", applies_to = \"both\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.02\"",
        breach: "trim",
    },
    Case {
        name: "risk fraction, stop first at a due exit",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"donchian_breakout\"\nparams = { entry_lookback = 6, exit_lookback = 3 }",
        sizing: "kind = \"risk_fraction\"\nvalue = \"0.01\"",
        execution: "both_touched = \"target_first\"",
        stop: "[stop]\nkind = \"atr\"\nperiod = 4\nmultiple = \"1\"\nsmoothing = \"simple\"\nanchor = \"signal_close\"\ndue_exit = \"stop_first\"\n[take_profit]\nkind = \"percent\"\nvalue = \"0.03\"",
        breach: "reject",
    },
    Case {
        name: "volatility target, borrowed",
        timeframe: "1d",
        account: "cash = \"100000\"\nleverage = 4",
        strategy: MOMENTUM,
        sizing: "kind = \"volatility_target\"\nvalue = \"0.40\"",
        execution: "commission = { kind = \"bps\", value = \"1\" }",
        stop: "",
        breach: "reject",
    },
    Case {
        name: "fills at this close",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: MA,
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.25\"",
        execution: "market_fill = \"close\"\nslippage = { kind = \"bps\", value = \"3\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.03\"",
        breach: "reject",
    },
    Case {
        name: "fills at the next close, fractions of a share",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: MOMENTUM,
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.20\"\nfractional = true",
        execution: "market_fill = \"next_close\"\nvenue_rules = \"none\"",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.05\"",
        breach: "reject",
    },
    Case {
        name: "back to the mean",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"mean_reversion\"\nparams = { lookback_period = 6, z_score_threshold = 1.0 }",
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.30\"",
        execution: "slippage = { kind = \"bps\", value = \"2\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.06\"",
        breach: "trim",
    },
    Case {
        name: "several timeframes",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"multi_timeframe\"\nparams = { sma_period = 2, min_alignment = 0.6 }",
        sizing: "kind = \"cash_fraction\"\nvalue = \"0.50\"",
        execution: "commission = { kind = \"bps\", value = \"2\" }",
        stop: "",
        breach: "trim",
    },
    Case {
        name: "out of a channel",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"volatility_breakout\"\nparams = { lookback_period = 5, atr_period = 4, breakout_multiplier = 0.1, volume_confirmation = false }",
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.30\"",
        execution: "slippage = { kind = \"bps\", value = \"1\" }",
        stop: "[stop]\nkind = \"atr\"\nperiod = 5\nmultiple = \"2\"\ntrail = true",
        breach: "trim",
    },
    Case {
        name: "two averages apart",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"macd_trend\"\nparams = { fast_period = 3, slow_period = 7, signal_period = 3 }",
        sizing: "kind = \"fixed_shares\"\nvalue = 200",
        execution: "commission = { kind = \"per_share\", value = \"0.01\" }",
        stop: "",
        breach: "trim",
    },
    Case {
        name: "the strongest of all",
        timeframe: "1d",
        account: "cash = \"100000\"",
        strategy: "name = \"cross_sectional_momentum\"\nparams = { lookback_period = 10, top = 1, rebalance = \"week\" }",
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.30\"",
        execution: "commission = { kind = \"bps\", value = \"1\" }",
        stop: "",
        breach: "trim",
    },
    Case {
        name: "minutes, day orders over sessions",
        timeframe: "1m",
        account: "cash = \"100000\"",
        strategy: MA,
        sizing: "kind = \"equity_fraction\"\nvalue = \"0.30\"",
        execution: "participation = \"0.01\"\nslippage = { kind = \"bps\", value = \"1\" }",
        stop: "[stop]\nkind = \"percent\"\nvalue = \"0.002\"",
        breach: "reject",
    },
];

impl Case {
    pub fn is_daily(&self) -> bool {
        self.timeframe == "1d"
    }

    /// Orders may fill on the bar that decided them.
    pub fn fills_at_once(&self) -> bool {
        self.execution.contains("market_fill = \"close\"")
    }

    /// The scenario for `symbols`, with limits so wide that only the position size binds.
    pub fn load(&self, symbols: &[&str]) -> LoadedScenario {
        let text = format!(
            "[scenario]\nname = \"law\"\n[data]\ntimeframe = \"{}\"\npath = \"{{symbol}}.csv\"\nsymbols = {symbols:?}\n\
             [account]\n{}\n[strategy]\n{}\n[sizing]\n{}\n[execution]\n{}\n{}\n\
             [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"0.8\"\nmax_portfolio_heat = \"10\"\n\
             max_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
             max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"1000000000000\"\n\
             price_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"{}\"\n",
            self.timeframe, self.account, self.strategy, self.sizing, self.execution, self.stop, self.breach,
        );
        parse(Path::new("law.toml"), &text, &[])
            .unwrap_or_else(|errors| panic!("{}: {}\n{text}", self.name, errors.render(&Style::PLAIN)))
    }

    /// Bars of [`SYMBOLS`] for it: 160 days or 3 sessions of minutes, a few of them without volume.
    pub fn market(&self, seed: u64) -> MarketData {
        let bars = SYMBOLS.map(|symbol| series(symbol, self.timeframe, seed));
        market(bars.to_vec(), self.is_daily())
    }

    /// Equity at every step; rebuilding it holds it against what the run itself remembered.
    pub fn curve(&self, market: &MarketData, journal: &Journal) -> Vec<Money> {
        let start = self.load(&SYMBOLS[..1]).spec.account.cash;
        account_rows(market, journal, start).iter().map(|row| row.equity).collect()
    }

    pub fn run(&self, market: &MarketData) -> Journal {
        let loaded = self.load(&SYMBOLS[..market.bars.len()]);
        run(&loaded, market).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// A walk in cents. Every 17th bar traded nothing.
pub fn series(symbol: &str, timeframe: &str, seed: u64) -> Vec<Bar> {
    let timeframe: Timeframe = timeframe.parse().unwrap();
    let spec = SyntheticSpec {
        symbol: symbol.parse().unwrap(),
        seed,
        timeframe,
        from: "2013-10-07".parse().unwrap(),
        length: Length::Sessions(if timeframe.is_daily() { 160 } else { 3 }),
        start_price: "80".parse().unwrap(),
        annual_drift: 0.1,
        annual_volatility: 0.5,
        calendar: Calendar::xnys(),
    };
    let mut bars = synthesize(&spec).unwrap();
    bars.iter_mut().skip(8).step_by(17).for_each(|bar| bar.volume = Volume::ZERO);
    bars
}

/// A market of these bars; sessions by the calendar, as a scenario's are.
pub fn market(bars: Vec<Vec<Bar>>, daily: bool) -> MarketData {
    let sessions = if daily { Vec::new() } else { sessions(&bars) };
    MarketData { bars, sessions, ..MarketData::default() }
}

fn sessions(series: &[Vec<Bar>]) -> Vec<SessionSpan> {
    let first = series.iter().filter_map(|bars| bars.first()).map(|bar| bar.time).min().unwrap();
    let last = series.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max().unwrap();
    let day = |moment: Timestamp| Timestamp::from_days(moment.days()).unwrap();
    let minute = 60 * Timestamp::NS_PER_SECOND;
    let spans = Calendar::xnys().sessions(day(first), day(last));
    spans.map(|session| SessionSpan { start: session.open, last_bar: session.close.plus_ns(-minute) }).collect()
}

/// The times of all bars, each once, in order.
pub fn times(market: &MarketData) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = market.bars.iter().flatten().map(|bar| bar.time).collect();
    times.sort();
    times.dedup();
    times
}

/// The same market as it was when the bars of `until` had closed.
pub fn truncated(market: &MarketData, until: Timestamp, daily: bool) -> MarketData {
    let known = |bars: &Vec<Bar>| bars.iter().filter(|bar| bar.time <= until).copied().collect();
    self::market(market.bars.iter().map(known).collect(), daily)
}

/// Every price of the market times `factor`.
pub fn scaled(market: &MarketData, factor: i64) -> MarketData {
    let price = |price: Price| Price::from_units(price.units() * factor).unwrap();
    let bar = |bar: &Bar| Bar {
        open: price(bar.open),
        high: price(bar.high),
        low: price(bar.low),
        close: price(bar.close),
        ..*bar
    };
    let bars = market.bars.iter().map(|bars| bars.iter().map(bar).collect()).collect();
    self::market(bars, market.sessions.is_empty())
}
