//! A case: bars, a script of orders, the rules in force; and its text, which is the files of a scenario.
//!
//! Not here: what happens to it (reference, engine), where cases come from (generate).
use std::fmt;

/// Dollars a share in billionths.
pub type Nano = i64;
/// Dollars in units of 1e-18: price × shares × 1e9.
pub type Attos = i128;

/// One cent.
pub const CENT: Nano = 10_000_000;
pub const DOLLAR: Nano = 100 * CENT;

/// The sessions of which a case takes the first so many; none is a short day.
const DAYS: [&str; 16] = [
    "2024-01-02",
    "2024-01-03",
    "2024-01-04",
    "2024-01-05",
    "2024-01-08",
    "2024-01-09",
    "2024-01-10",
    "2024-01-11",
    "2024-01-12",
    "2024-01-16",
    "2024-01-17",
    "2024-01-18",
    "2024-01-19",
    "2024-01-22",
    "2024-01-23",
    "2024-01-24",
];
/// The hourly bars of a session: its first, its second, its last (09:30, 10:30, 15:30 in New York).
const HOURS: [&str; 3] = ["14:30", "15:30", "20:30"];

pub const SYMBOLS: [&str; 2] = ["AAA", "BBB"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    pub fn sign(self) -> i64 {
        if self == Side::Buy { 1 } else { -1 }
    }
    pub fn opposite(self) -> Side {
        if self == Side::Buy { Side::Sell } else { Side::Buy }
    }
    pub fn word(self) -> &'static str {
        if self == Side::Buy { "buy" } else { "sell" }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    pub open: Nano,
    pub high: Nano,
    pub low: Nano,
    pub close: Nano,
    pub volume: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Market,
    Limit { limit: Nano },
    Stop { stop: Nano },
    StopLimit { stop: Nano, limit: Nano },
    TrailPrice { distance: Nano },
    TrailPercent { percent: i64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tif {
    Day,
    Gtc,
    Ioc,
    Fok,
    Opg,
    Cls,
}

impl Tif {
    pub fn word(self) -> &'static str {
        match self {
            Tif::Day => "day",
            Tif::Gtc => "gtc",
            Tif::Ioc => "ioc",
            Tif::Fok => "fok",
            Tif::Opg => "opg",
            Tif::Cls => "cls",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Simple,
    Bracket,
    Oco,
    Oto,
}

/// An order as a script writes it. An `oco` is a limit order at its `take_profit`.
#[derive(Clone, PartialEq, Debug)]
pub struct Ticket {
    pub id: String,
    pub symbol: usize,
    pub side: Side,
    pub shares: i64,
    pub kind: Kind,
    pub tif: Tif,
    pub class: Class,
    pub take_profit: Option<Nano>,
    pub stop_loss: Option<Nano>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Row {
    Submit(Ticket),
    Cancel {
        id: String,
    },
    Replace {
        id: String,
        shares: Option<i64>,
        limit: Option<Nano>,
        stop: Option<Nano>,
    },
    Halt,
    Resume,
    /// One symbol, or all.
    Flatten {
        id: String,
        symbol: Option<usize>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// `new` shares for every `old`.
    Split { new: i64, old: i64 },
    /// Dollars a share.
    Dividend { amount: Nano },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketFill {
    NextOpen,
    Close,
    NextClose,
}

/// What is taken for the order of prices inside a bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    StopFirst,
    TargetFirst,
    Ohlc,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slippage {
    None,
    Bps(i64),
    PerShare(Nano),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commission {
    None,
    Bps(i64),
    PerShare {
        rate: Nano,
        min: Nano,
        cap_bps: i64,
    },
    /// What Alpaca passes on, by the rates of January 2024.
    Alpaca,
}

/// What a scenario says about fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    pub market_fill: MarketFill,
    /// A limit must be passed, not only touched.
    pub limit_through: bool,
    pub reading: Reading,
    /// Most of a bar's volume an order may take, in percent.
    pub participation_percent: i64,
    pub slippage: Slippage,
    pub slippage_on_entries_only: bool,
    pub commission: Commission,
    /// `venue_rules = "alpaca"`: prices on Alpaca's grid, buy stops with its collar.
    pub alpaca: bool,
}

impl Rules {
    /// The plainest: what a shrunk case goes back to.
    pub const PLAIN: Rules = Rules {
        market_fill: MarketFill::NextOpen,
        limit_through: false,
        reading: Reading::StopFirst,
        participation_percent: 100,
        slippage: Slippage::None,
        slippage_on_entries_only: false,
        commission: Commission::None,
        alpaca: true,
    };
}

#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// Three bars a session instead of one.
    pub hourly: bool,
    /// By symbol and time; a symbol may miss a bar.
    pub bars: Vec<Vec<Option<Bar>>>,
    /// The time at whose close a row runs, in order.
    pub rows: Vec<(usize, Row)>,
    /// Symbol, the time before whose open it happens, what.
    pub events: Vec<(usize, usize, Event)>,
    pub rules: Rules,
}

impl Case {
    pub fn times(&self) -> usize {
        self.bars[0].len()
    }

    /// The stamp of a bar.
    pub fn stamp(&self, time: usize) -> String {
        if self.hourly { format!("{}T{}:00Z", self.day(time), HOURS[time % 3]) } else { DAYS[time].to_owned() }
    }

    pub fn day(&self, time: usize) -> &'static str {
        if self.hourly { DAYS[time / 3] } else { DAYS[time] }
    }

    /// Which session a time belongs to.
    pub fn session(&self, time: usize) -> usize {
        if self.hourly { time / 3 } else { time }
    }

    pub fn is_last_of_session(&self, time: usize) -> bool {
        !self.hourly || time % 3 == 2
    }

    pub fn bars_text(&self, symbol: usize) -> String {
        let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
        for (time, bar) in self.bars[symbol].iter().enumerate() {
            if let Some(Bar { open, high, low, close, volume }) = bar {
                let [open, high, low, close] = [open, high, low, close].map(|price| dollars(*price));
                text.push_str(&format!("{},{open},{high},{low},{close},{volume}\n", self.stamp(time)));
            }
        }
        text
    }

    pub fn script_text(&self) -> String {
        let mut text = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,\
                        time_in_force,order_class,take_profit,stop_loss\n"
            .to_owned();
        for (time, row) in &self.rows {
            text.push_str(&format!("{},{}\n", self.stamp(*time), row_text(row)));
        }
        text
    }

    pub fn events_text(&self) -> String {
        let mut text = "symbol,ex_date,kind,ratio_or_amount\n".to_owned();
        for (symbol, time, event) in &self.events {
            let what = match event {
                Event::Split { new, old } => format!("split,{}", dollars(new * DOLLAR / old)),
                Event::Dividend { amount } => format!("dividend,{}", dollars(*amount)),
            };
            text.push_str(&format!("{},{},{what}\n", SYMBOLS[*symbol], self.day(*time)));
        }
        text
    }

    pub fn scenario_text(&self) -> String {
        let rules = &self.rules;
        let market_fill = match rules.market_fill {
            MarketFill::NextOpen => "next_open",
            MarketFill::Close => "close",
            MarketFill::NextClose => "next_close",
        };
        let slippage = match rules.slippage {
            Slippage::None => "kind = \"none\"".to_owned(),
            Slippage::Bps(value) => format!("kind = \"bps\", value = \"{value}\""),
            Slippage::PerShare(value) => format!("kind = \"per_share\", value = \"{}\"", dollars(value)),
        };
        let commission = match rules.commission {
            Commission::None => "kind = \"none\"".to_owned(),
            Commission::Bps(value) => format!("kind = \"bps\", value = \"{value}\""),
            Commission::Alpaca => "kind = \"alpaca\"".to_owned(),
            Commission::PerShare { rate, min, cap_bps } => format!(
                "kind = \"per_share\", value = \"{}\", min = \"{}\", cap_bps = \"{cap_bps}\"",
                dollars(rate),
                dollars(min)
            ),
        };
        let reading = match rules.reading {
            Reading::StopFirst => "stop_first",
            Reading::TargetFirst => "target_first",
            Reading::Ohlc => "ohlc",
        };
        let timeframe = if self.hourly { "1h" } else { "1d" };
        let symbols = &SYMBOLS[..self.bars.len()];
        format!(
            "[scenario]\nname = \"oracle\"\n\n[data]\ntimeframe = \"{timeframe}\"\npath = \"{{symbol}}.csv\"\nsymbols = {symbols:?}\n\
             corporate_actions = \"actions.csv\"\n\n[account]\ncash = \"1000000000\"\nallow_short = true\n\n\
             [strategy]\nname = \"order_script\"\nparams = {{ file = \"orders.csv\" }}\n\n[sizing]\nkind = \"fixed_shares\"\nvalue = 1\n\n\
             [execution]\nmarket_fill = \"{market_fill}\"\nlimit_fill = \"{}\"\nboth_touched = \"{}\"\nparticipation = \"{}\"\n\
             slippage = {{ {slippage}, applies_to = \"{}\" }}\ncommission = {{ {commission} }}\nvenue_rules = \"{}\"\n\n\
             [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"1\"\nmax_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\n\
             max_drawdown = \"1\"\nmax_gross_exposure = \"10\"\nmax_open_positions = 100\nmax_orders_per_minute = 1000\n\
             max_order_notional = \"1000000000\"\nprice_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n",
            if rules.limit_through { "through" } else { "touch" },
            reading,
            dollars(rules.participation_percent * CENT),
            if rules.slippage_on_entries_only { "entry" } else { "both" },
            if rules.alpaca { "alpaca" } else { "none" },
        )
    }
}

fn row_text(row: &Row) -> String {
    let price = |price: &Option<Nano>| price.map_or(String::new(), dollars);
    match row {
        Row::Submit(ticket) => ticket_text(ticket),
        Row::Cancel { id } => format!("cancel,{id},,,,,,,,,,,,"),
        Row::Replace { id, shares, limit, stop } => {
            let shares = shares.map_or(String::new(), |shares| shares.to_string());
            format!("replace,{id},,,{shares},,{},{},,,,,,", price(limit), price(stop))
        }
        Row::Halt => "halt,,,,,,,,,,,,,".to_owned(),
        Row::Resume => "resume,,,,,,,,,,,,,".to_owned(),
        Row::Flatten { id, symbol } => {
            format!("flatten,{id},{},,,,,,,,,,,", symbol.map_or("", |symbol| SYMBOLS[symbol]))
        }
    }
}

fn ticket_text(ticket: &Ticket) -> String {
    let (kind, limit, stop, trail, percent) = match ticket.kind {
        _ if ticket.class == Class::Oco => ("", None, None, None, None),
        Kind::Market => ("market", None, None, None, None),
        Kind::Limit { limit } => ("limit", Some(limit), None, None, None),
        Kind::Stop { stop } => ("stop", None, Some(stop), None, None),
        Kind::StopLimit { stop, limit } => ("stop_limit", Some(limit), Some(stop), None, None),
        Kind::TrailPrice { distance } => ("trailing_stop", None, None, Some(distance), None),
        Kind::TrailPercent { percent } => ("trailing_stop", None, None, None, Some(percent)),
    };
    let class = match ticket.class {
        Class::Simple => "",
        Class::Bracket => "bracket",
        Class::Oco => "oco",
        Class::Oto => "oto",
    };
    let [limit, stop, trail, target, guard] =
        [limit, stop, trail, ticket.take_profit, ticket.stop_loss].map(|price| price.map_or(String::new(), dollars));
    let percent = percent.map_or(String::new(), |percent| percent.to_string());
    let (id, symbol, side, tif) = (&ticket.id, SYMBOLS[ticket.symbol], ticket.side.word(), ticket.tif.word());
    let shares = ticket.shares;
    format!(
        "submit,{id},{symbol},{side},{shares},{kind},{limit},{stop},{trail},{percent},{tif},{class},{target},{guard}"
    )
}

/// `60.5` for 60_500_000_000.
pub fn dollars(price: Nano) -> String {
    let (whole, part) = (price / DOLLAR, (price % DOLLAR).abs());
    match format!("{part:09}").trim_end_matches('0') {
        "" => whole.to_string(),
        decimals => format!("{}{}.{decimals}", if price < 0 && whole == 0 { "-" } else { "" }, whole),
    }
}

/// The files of the case, one after the other: what to put in a folder to see it again.
impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "--- micro.toml\n{}", self.scenario_text())?;
        for (symbol, name) in SYMBOLS[..self.bars.len()].iter().enumerate() {
            writeln!(out, "--- {name}.csv\n{}", self.bars_text(symbol))?;
        }
        if !self.events.is_empty() {
            writeln!(out, "--- actions.csv\n{}", self.events_text())?;
        }
        writeln!(out, "--- orders.csv\n{}", self.script_text())
    }
}

/// What came out of a case, here or there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    pub fills: Vec<Filled>,
    /// Name and status of every order, sorted by name.
    pub orders: Vec<(String, String)>,
    /// Name and code of every refusal of the gate.
    pub refusals: Vec<(String, String)>,
    pub cash: Attos,
    pub ambiguous_bars: u64,
}

/// One fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled {
    pub order: String,
    pub time: String,
    pub side: &'static str,
    pub shares: i64,
    pub price: Nano,
    pub fee: Attos,
}

impl fmt::Display for Filled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Filled { order, time, side, shares, price, fee } = self;
        write!(out, "{order} {time} {side} {shares} @ {} fee {fee}e-18", dollars(*price))
    }
}

/// A line a fill, a line an order, a line a refusal, cash.
impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fills.iter().try_for_each(|fill| writeln!(out, "  fill    {fill}"))?;
        self.orders.iter().try_for_each(|(name, status)| writeln!(out, "  order   {name} {status}"))?;
        self.refusals.iter().try_for_each(|(name, code)| writeln!(out, "  refused {name} {code}"))?;
        writeln!(
            out,
            "  cash    {}e-18\n  bars that cannot tell a stop from its target: {}",
            self.cash, self.ambiguous_bars
        )
    }
}
