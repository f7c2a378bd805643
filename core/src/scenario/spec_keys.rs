//! Every key a scenario may hold, in one table: type, range, default, meaning.
//!
//! Not here: rules between keys (`parse_check`).
//! Parsing, defaults, nearest names and the printed documentation all come from [`KEYS`].
use std::fmt;
use std::sync::LazyLock;

use super::spec::*;
use super::spec_choice::{CommissionName, SizingName, SlippageName, StopName, TakeProfitName};

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyInfo {
    /// Table and name, like `risk.max_drawdown`.
    pub path: &'static str,
    /// Which values it takes.
    pub kind: KeyKind,
    /// What holds when it is absent.
    pub presence: Presence,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// Which values a key takes.
#[derive(Debug, Clone, Copy)]
pub enum KeyKind {
    /// Text.
    Text,
    /// A path relative to the scenario file.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Whole(Bounds),
    /// One of these whole numbers.
    OneOf(&'static [i64]),
    /// A fraction, exact to nine decimals.
    Fraction(Bounds),
    /// Dollars.
    Dollars(Bounds),
    /// A number whose unit and range follow from `kind` in the same table.
    ByKind,
    /// A date or a UTC time.
    Time,
    /// A short span of clock time: `"5s"`, `"500ms"`, `"2m"`.
    Clock,
    /// A calendar span: `"3y"`, `"6m"`, `"8w"`, `"90d"`.
    Period,
    /// A ticker.
    Ticker,
    /// A list of tickers.
    Tickers,
    /// A list of fractions.
    Fractions(Bounds),
    /// A list of whole numbers.
    Wholes(Bounds),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of texts.
    Texts,
}

/// What holds when a key is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// An error; the text is an example of its line.
    Required(&'static str),
    /// This value, as TOML.
    Default(&'static str),
    /// Nothing: the feature is not used, or `kind` says whether it is needed.
    Optional,
}

/// A range of numbers and why it ends where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Lower end.
    pub low: Bound,
    /// Upper end.
    pub high: Bound,
    /// Why, for whoever is outside.
    pub why: &'static str,
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Belongs to the range.
    Including(i64),
    /// Does not.
    Excluding(i64),
}
use Bound::{Excluding, Including};
use KeyKind::*;
use Presence::{Default, Optional, Required};

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Including(low), Including(high)) => write!(f, "{low} to {high}"),
            (Excluding(low), Including(high)) => write!(f, "above {low}, up to {high}"),
            (Including(low), Excluding(high)) => write!(f, "{low} or more, below {high}"),
            (Excluding(low), Excluding(high)) => write!(f, "above {low}, below {high}"),
        }
    }
}

const fn above_zero(high: i64, why: &'static str) -> Bounds {
    Bounds { low: Excluding(0), high: Including(high), why }
}
const fn whole(low: i64, high: i64, why: &'static str) -> KeyKind {
    Whole(Bounds { low: Including(low), high: Including(high), why })
}
/// A limit of the gate: any fraction above zero, as wide as wanted.
const LIMIT: KeyKind =
    Fraction(above_zero(1_000_000, "a limit of 0 would refuse every order; a wide number is no limit"));

/// A rate of a lender.
const YEARLY: Bounds =
    Bounds { low: Including(0), high: Including(100), why: "a share a year: 0.08 is 8 %, and 100 is 10,000 %" };

const fn key(path: &'static str, kind: KeyKind, presence: Presence, doc: &'static str) -> KeyInfo {
    KeyInfo { path, kind, presence, doc }
}

/// Ranges of the numbers whose meaning follows from a `kind`.
pub(super) mod by_kind {
    use super::{Bound, Bounds, above_zero};

    pub(in super::super) const EQUITY_FRACTION: Bounds = above_zero(4, "no account lends more than 4 times its equity");
    pub(in super::super) const CASH_FRACTION: Bounds = above_zero(1, "there is no more cash than all of it");
    pub(in super::super) const FIXED_SHARES: Bounds =
        above_zero(1_000_000_000, "an order has at least part of a share");
    pub(in super::super) const NOTIONAL: Bounds =
        above_zero(1_000_000_000_000, "an order has a value, and sums stay exact up to here");
    pub(in super::super) const RISK_FRACTION: Bounds = above_zero(1, "a stop cannot lose more than all equity");
    pub(in super::super) const VOLATILITY: Bounds = above_zero(4, "0.20 is 20 % a year; 4 is far above any account's");
    pub(in super::super) const SLIPPAGE_BPS: Bounds = Bounds {
        low: Bound::Including(0),
        high: Bound::Including(5_000),
        why: "in basis points; 5000 is half the price",
    };
    pub(in super::super) const COMMISSION_BPS: Bounds = Bounds {
        low: Bound::Including(0),
        high: Bound::Including(10_000),
        why: "in basis points; 10000 is the whole value",
    };
    pub(in super::super) const PER_SHARE: Bounds =
        Bounds { low: Bound::Including(0), high: Bound::Including(1_000), why: "in dollars a share" };
    pub(in super::super) const SHARE: Bounds =
        Bounds { low: Bound::Including(0), high: Bound::Including(1), why: "a share of the whole" };
    pub(in super::super) const STOP_PERCENT: Bounds =
        Bounds { low: Bound::Excluding(0), high: Bound::Excluding(1), why: "a share of the price: 0.03 is 3 %" };
    pub(in super::super) const TARGET_PERCENT: Bounds = above_zero(100, "a share of the price: 0.03 is 3 %");
    pub(in super::super) const R_MULTIPLE: Bounds = above_zero(1_000, "a multiple of the distance to the stop");
}

/// Every key but those of `strategy.params` and the swept keys, in the order of the documentation.
pub const KEYS: &[KeyInfo] = &[
    key("scenario.name", Text, Required("name = \"sma_crossover_aapl\""), "name of the run and of its folder"),
    key("scenario.seed", whole(0, i64::MAX, "a seed is a whole number"), Default("1"), "seed of every random draw"),
    key(
        "data.timeframe",
        Word(&["1m", "5m", "15m", "30m", "1h", "1d"]),
        Required("timeframe = \"1d\""),
        "span of a bar",
    ),
    key("data.start", Time, Optional, "first bar, inclusive"),
    key("data.end", Time, Optional, "last bar, inclusive"),
    key("data.calendar", Word(CalendarKind::NAMES), Default("\"XNYS\""), "whose sessions the bars follow"),
    key("data.hours", Word(Hours::NAMES), Default("\"regular\""), "core session only, or 04:00 to 20:00 New York"),
    key("data.adjust", Word(Adjust::NAMES), Default("\"none\""), "which corporate actions change prices"),
    key("data.corporate_actions", Path, Optional, "CSV: symbol,ex_date,kind,ratio_or_amount"),
    key("data.path", Path, Required("path = \"../data/{symbol}_daily.csv\""), "bars, .csv or .parquet, with {symbol}"),
    key("data.symbols", Tickers, Required("symbols = [\"AAPL\"]"), "1 to 1000 symbols"),
    key("data.benchmark", Ticker, Optional, "what the result is held against"),
    key("data.finer_path", Path, Optional, "finer bars for both_touched = \"finer\""),
    key(
        "account.cash",
        Dollars(above_zero(1_000_000_000_000, "a run starts with money, and sums stay exact up to here")),
        Required("cash = \"100000\""),
        "starting cash",
    ),
    key(
        "account.leverage",
        OneOf(&[1, 2, 4]),
        Default("1"),
        "buying power as a multiple of equity; at Alpaca 4 holds within a session, 2 over night",
    ),
    key(
        "account.cash_check",
        Word(CashCheck::NAMES),
        Default("\"approval\""),
        "when a buy is tested against the money",
    ),
    key("account.allow_short", Switch, Default("false"), "may positions be negative"),
    key("account.settlement", Word(Settlement::NAMES), Default("\"instant\""), "when what a sale brings can be spent"),
    key(
        "account.borrow_rate",
        Fraction(YEARLY),
        Default("\"0\""),
        "what the lender of a share sold short takes a year, of its value",
    ),
    key("account.margin_rate", Fraction(YEARLY), Default("\"0\""), "interest a year on borrowed dollars"),
    key("account.hard_to_borrow", Tickers, Default("[]"), "symbols that cannot be sold short"),
    key("strategy.name", Text, Required("name = \"ma_crossover\""), "which strategy; see `alphaflow strategies`"),
    key("sizing.kind", Word(SizingName::NAMES), Required("kind = \"equity_fraction\""), "how shares are counted"),
    key("sizing.value", ByKind, Required("value = \"0.10\""), "meaning by kind"),
    key("sizing.fractional", Switch, Default("false"), "keep nine decimals of a share"),
    key("sizing.if_short_of_cash", Word(ShortOfCash::NAMES), Default("\"reject\""), "when the money does not reach"),
    key("execution.market_fill", Word(MarketFill::NAMES), Default("\"next_open\""), "price of a market order"),
    key("execution.limit_fill", Word(LimitFill::NAMES), Default("\"touch\""), "when a limit fills"),
    key(
        "execution.both_touched",
        Word(BothTouched::NAMES),
        Default("\"stop_first\""),
        "stop and target inside one bar",
    ),
    key("execution.slippage.kind", Word(SlippageName::NAMES), Default("\"none\""), "fill price against us"),
    key(
        "execution.slippage.value",
        ByKind,
        Optional,
        "bps, dollars a share, impact of a whole bar's volume, or share of the spread",
    ),
    key("execution.slippage.quotes", Path, Optional, "CSV of bid and ask by bar, with {symbol}, for kind = \"spread\""),
    key("execution.slippage.applies_to", Word(AppliesTo::NAMES), Default("\"both\""), "which fills pay it"),
    key("execution.commission.kind", Word(CommissionName::NAMES), Default("\"none\""), "what the broker takes"),
    key("execution.commission.value", ByKind, Optional, "bps, or dollars a share"),
    key(
        "execution.commission.min",
        Dollars(Bounds { low: Including(0), high: Including(1_000_000), why: "in dollars an order" }),
        Optional,
        "least an order pays over all its fills; beats cap_bps",
    ),
    key(
        "execution.commission.cap_bps",
        Fraction(by_kind::COMMISSION_BPS),
        Optional,
        "most an order pays, in bps of its value",
    ),
    key(
        "execution.participation",
        Fraction(above_zero(1, "an order cannot take more than the bar traded")),
        Default("\"0.10\""),
        "most of a bar's volume an order may take",
    ),
    key(
        "execution.latency_ms",
        whole(0, 3_600_000, "in milliseconds, up to an hour"),
        Default("0"),
        "between a decision and the venue",
    ),
    key("execution.venue_rules", Word(VenueRules::NAMES), Default("\"alpaca\""), "whose order rules hold"),
    key("stop.kind", Word(StopName::NAMES), Default("\"none\""), "the protective stop"),
    key("stop.period", whole(1, 10_000, "an ATR has at least one bar"), Default("14"), "bars of the ATR"),
    key(
        "stop.multiple",
        Fraction(above_zero(1_000, "a stop stands away from the price")),
        Default("\"2\""),
        "distance in ATRs",
    ),
    key("stop.value", ByKind, Optional, "kind = \"percent\": share of the anchor"),
    key("stop.smoothing", Word(Smoothing::NAMES), Default("\"wilder\""), "smoothing of the ATR"),
    key("stop.anchor", Word(Anchor::NAMES), Default("\"fill\""), "where the distance starts"),
    key("stop.active_from", Word(ActiveFrom::NAMES), Default("\"entry_bar\""), "first bar of the stop"),
    key("stop.due_exit", Word(DueExit::NAMES), Default("\"exit_first\""), "a stop touched on the bar of a due exit"),
    key("stop.trail", Switch, Default("false"), "the stop follows the price"),
    key(
        "stop.exit_after_bars",
        whole(0, 1_000_000, "a number of bars; 0 is no time stop, and a million one-minute bars are ten years"),
        Default("0"),
        "bars after which a position leaves, whatever its price; works with any kind",
    ),
    key("take_profit.kind", Word(TakeProfitName::NAMES), Default("\"none\""), "the target"),
    key("take_profit.value", ByKind, Optional, "share of the price, or multiple of the stop distance"),
    key("risk.max_daily_loss", LIMIT, Required("max_daily_loss = \"0.02\""), "loss since the previous close"),
    key("risk.max_position_size", LIMIT, Required("max_position_size = \"0.10\""), "one position's value"),
    key("risk.max_portfolio_heat", LIMIT, Required("max_portfolio_heat = \"0.25\""), "loss if every stop is hit"),
    key("risk.max_correlated_exposure", LIMIT, Required("max_correlated_exposure = \"0.15\""), "one correlated group"),
    key("risk.max_drawdown", LIMIT, Required("max_drawdown = \"0.15\""), "fall from the running peak"),
    key("risk.max_gross_exposure", LIMIT, Required("max_gross_exposure = \"1.0\""), "sum of position values"),
    key(
        "risk.max_open_positions",
        whole(1, 1_000_000, "0 would refuse every entry"),
        Required("max_open_positions = 10"),
        "positions at once",
    ),
    key(
        "risk.max_orders_per_minute",
        whole(1, 1_000_000, "0 would refuse every order"),
        Required("max_orders_per_minute = 30"),
        "orders in any minute",
    ),
    key(
        "risk.max_order_notional",
        Dollars(above_zero(1_000_000_000_000_000, "0 would refuse every order; a wide number is no limit")),
        Required("max_order_notional = \"25000\""),
        "dollars of one order",
    ),
    key(
        "risk.price_collar",
        LIMIT,
        Required("price_collar = \"0.10\""),
        "farthest a limit may stand from the reference price",
    ),
    key(
        "risk.on_daily_loss",
        Word(OnDailyLoss::NAMES),
        Required("on_daily_loss = \"halt\""),
        "what the daily-loss limit does",
    ),
    key("risk.on_breach", Word(OnBreach::NAMES), Required("on_breach = \"reject\""), "what happens beyond a limit"),
    key("risk.stale_after", Clock, Default("\"5s\""), "age at which a live price is too old"),
    key("risk.restricted_symbols", Tickers, Default("[]"), "symbols no position is opened in"),
    key("sweep.where", Texts, Optional, "conditions between swept keys"),
    key(
        "sweep.sample",
        whole(1, 1_000_000, "a sample has at least one run, and a sweep at most a million"),
        Optional,
        "seeded subset: a number, or { count = 500, method = \"random\" | \"latin_hypercube\" | \"sobol\" | \"tpe\" }",
    ),
    key("walk_forward.train", Period, Required("train = \"3y\""), "length of a training span"),
    key("walk_forward.test", Period, Required("test = \"6m\""), "length of the span tested after it"),
    key("walk_forward.anchored", Switch, Default("false"), "training always starts at the beginning"),
    key("walk_forward.objective", Word(Objective::NAMES), Default("\"sharpe\""), "what training maximises"),
    key(
        "stress.gap",
        Fractions(Bounds {
            low: Excluding(-1),
            high: Excluding(1),
            why: "a share of the price; -1 would be a price of 0 for a long position, 1 for a short one",
        }),
        Default("[]"),
        "overnight gaps of what is held, on the night of the largest exposure: \"-0.20\" costs a long and a short 20 %",
    ),
    key(
        "stress.slippage_times",
        Fractions(Bounds { low: Including(0), high: Including(1_000), why: "a factor on slippage" }),
        Default("[]"),
        "factors on slippage",
    ),
    key(
        "stress.missing_bars",
        Fractions(Bounds { low: Including(0), high: Excluding(1), why: "a share of all bars" }),
        Default("[]"),
        "shares of bars left out",
    ),
    key("stress.windows", Words(StressWindow::NAMES), Default("[]"), "spans of the past, each a run of its own"),
    key(
        "stress.frozen",
        Wholes(Bounds { low: Including(0), high: Including(1_000), why: "in sessions; 1000 are four years" }),
        Default("[]"),
        "sessions for which the price of what is held stands still, from the night of the largest exposure on",
    ),
    key(
        "stress.reorder",
        whole(0, 1_000, "a thousand orders of the days say what more would"),
        Default("0"),
        "runs on days in another order, drawn in blocks",
    ),
];

/// Every table, in the order of the documentation.
pub(super) const TABLES: &[&str] = &[
    "scenario",
    "data",
    "account",
    "strategy",
    "strategy.params",
    "sizing",
    "execution",
    "execution.slippage",
    "execution.commission",
    "stop",
    "take_profit",
    "risk",
    "sweep",
    "walk_forward",
    "stress",
];

/// Tables that may be absent, with no default in their place.
pub const STUDIES: &[&str] = &["sweep", "walk_forward", "stress"];

/// The entry of a key.
pub fn known_key(path: &str) -> Option<&'static KeyInfo> {
    /// Sorted by path: a sweep asks for every key of every run.
    static SORTED: LazyLock<Vec<&KeyInfo>> = LazyLock::new(|| {
        let mut keys: Vec<&KeyInfo> = KEYS.iter().collect();
        keys.sort_by_key(|info| info.path);
        keys
    });
    SORTED.binary_search_by(|info| info.path.cmp(path)).ok().map(|at| SORTED[at])
}

impl KeyInfo {
    /// The table the key stands in: `risk` of `risk.max_drawdown`.
    pub fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// Can a sweep vary it? A single value can, and so can a list of symbols; not what makes the sweep itself, nor
    /// the name of the scenario, which changes no run.
    pub fn can_vary(&self) -> bool {
        !STUDIES.contains(&self.table()) && self.path != "scenario.name"
    }

    /// Is its value text in the file, so that `--set` may leave out the quotes?
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Text | Path | Word(_) | Time | Clock | Period | Ticker)
    }
}
