//! A scenario as values: everything that decides a run, every default filled in.
//!
//! Not here: reading it (`parse`), writing it (`effective`), what the values do (the rooms below).
//! Invariant: a [`ScenarioSpec`] made by `parse` is within the ranges of `spec_keys` and makes sense
//! as a whole; no room checks it again. Fields carry the names of the keys in the file.
use crate::domain::{Money, Price, Quantity, Ratio, Symbol};

pub use super::spec_choice::{
    ActiveFrom, Adjust, Anchor, AppliesTo, BothTouched, CalendarKind, CashCheck, Choice, DueExit, Hours, LimitFill,
    MarketFill, Objective, OnBreach, OnDailyLoss, SampleMethod, Settlement, ShortOfCash, Smoothing, VenueRules,
};
pub use super::spec_data::{DataSpec, TimeBound};
pub use super::spec_study::{
    AxisValues, Period, PeriodUnit, SampleSpec, StressSpec, SweepAxis, SweepSpec, WalkForwardSpec,
};
pub use super::spec_windows::StressWindow;

/// One run, or one family of runs, on one set of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioSpec {
    /// `[scenario]`
    pub scenario: HeadSpec,
    /// `[data]`
    pub data: DataSpec,
    /// `[account]`
    pub account: AccountSpec,
    /// `[strategy]`
    pub strategy: StrategySpec,
    /// `[sizing]`
    pub sizing: SizingSpec,
    /// `[execution]`
    pub execution: ExecutionSpec,
    /// `[stop]`
    pub stop: StopSpec,
    /// `[take_profit]`
    pub take_profit: TakeProfitSpec,
    /// `[risk]`
    pub risk: RiskSpec,
    /// `[sweep]`; it makes many runs of one scenario, so `check_strategy` refuses it.
    pub sweep: Option<SweepSpec>,
    /// `[walk_forward]`; likewise.
    pub walk_forward: Option<WalkForwardSpec>,
    /// `[stress]`; likewise, except in a run of a sweep, where it is the shock of this run.
    pub stress: Option<StressSpec>,
}

/// `[scenario]`: the run's name and the seed of everything random in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadSpec {
    /// Also the name of the run folder: no path separator, no control character.
    pub name: String,
    /// Seed of every draw.
    pub seed: u64,
}

/// `[account]`: what the run starts with and may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpec {
    /// Starting cash in dollars, above 0.
    pub cash: Money,
    /// Buying power is this times equity: 1, 2 or 4.
    pub leverage: u32,
    /// When a buy is tested against the money.
    pub cash_check: CashCheck,
    /// May positions be negative?
    pub allow_short: bool,
    /// When what a sale brings can be spent.
    pub settlement: Settlement,
    /// What the lender of a share takes a year, as a share of its value: 0 to 100.
    pub borrow_rate: Ratio,
    /// Interest a year on borrowed dollars: 0 to 100.
    pub margin_rate: Ratio,
    /// Symbols that nobody lends; they need not be among the scenario's.
    pub hard_to_borrow: Vec<Symbol>,
}

/// `[strategy]`: which rule decides, with which parameters. The registry checks both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategySpec {
    /// Id in the registry.
    pub name: String,
    /// As written, in the order of the file.
    pub params: Vec<Param>,
}

/// One parameter of a strategy, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ParamValue,
}

/// The value of a strategy parameter, before the registry gives it a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamValue {
    /// A whole number.
    Int(i64),
    /// A finite number with a point or an exponent, as written (without underscores).
    Float(String),
    /// `true` or `false`.
    Bool(bool),
    /// Quoted text.
    Text(String),
    /// A list of these.
    List(Vec<ParamValue>),
}

/// `[sizing]`: how many shares a signal asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizingSpec {
    /// `kind` and `value`.
    pub rule: SizingRule,
    /// Keep nine decimals of a share instead of whole shares.
    pub fractional: bool,
    /// What happens when the money does not reach.
    pub if_short_of_cash: ShortOfCash,
}

/// `sizing.kind` with its `value`; formulas in spec §10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizingRule {
    /// Share of equity at the signal's close, above 0 up to 4.
    EquityFraction(Ratio),
    /// Share of cash at the fill, above 0 up to 1.
    CashFraction(Ratio),
    /// Shares, above 0; whole unless `fractional`.
    FixedShares(Quantity),
    /// Dollars, above 0.
    Notional(Money),
    /// Share of equity lost if the stop is hit, above 0 up to 1.
    RiskFraction(Ratio),
    /// Wanted annual volatility, above 0 up to 4.
    VolatilityTarget(Ratio),
}

/// `[execution]`: how orders fill and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionSpec {
    /// Price of a market order.
    pub market_fill: MarketFill,
    /// When a limit fills.
    pub limit_fill: LimitFill,
    /// Stop and target inside one bar.
    pub both_touched: BothTouched,
    /// Distance of a fill from its reference price, against us.
    pub slippage: SlippageSpec,
    /// What the broker takes.
    pub commission: CommissionSpec,
    /// Most of a bar's volume an order may take, above 0 up to 1.
    pub participation: Ratio,
    /// Milliseconds between a decision and the venue.
    pub latency_ms: u32,
    /// Whose order rules hold.
    pub venue_rules: VenueRules,
}

/// `execution.slippage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlippageSpec {
    /// `kind` and `value`.
    pub rule: SlippageRule,
    /// With kind `spread`: the file of quotes, with `{symbol}`; without it the spread is estimated.
    pub quotes: Option<String>,
    /// Which fills pay it.
    pub applies_to: AppliesTo,
}

/// `execution.slippage.kind` with its `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlippageRule {
    /// None.
    None,
    /// A share of the price: 5 bps are 0.0005 here. 0 to 0.5.
    Bps(Ratio),
    /// Dollars a share.
    PerShare(Price),
    /// Price impact of taking a whole bar's volume, as a share of the price. 0 to 1.
    VolumeShare(Ratio),
    /// Share of the whole spread paid beyond the trade price. 0 to 1.
    Spread(Ratio),
}

/// `execution.commission`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommissionSpec {
    /// None.
    None,
    /// A share of the value traded: 5 bps are 0.0005 here. 0 to 1.
    Bps(Ratio),
    /// By the share.
    PerShare {
        /// Dollars a share.
        value: Price,
        /// Least an order pays over all its fills, in dollars; beats `cap`.
        min: Money,
        /// Most an order pays, as a share of its value (`cap_bps` ÷ 10,000); `None`: no cap.
        cap: Option<Ratio>,
    },
    /// No commission; the fees of the SEC and FINRA by date, summed by day.
    Alpaca,
}

/// `[stop]`: the protective stop of every position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopSpec {
    /// How far from the anchor.
    pub rule: StopRule,
    /// Where the distance starts.
    pub anchor: Anchor,
    /// First bar of the stop (and of the target).
    pub active_from: ActiveFrom,
    /// A stop touched on the bar of a due exit.
    pub due_exit: DueExit,
    /// Does the stop follow the price?
    pub trail: bool,
    /// Bars after which a position leaves, with any kind of stop; 0: it may stay.
    pub exit_after_bars: u32,
}

/// `stop.kind` with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRule {
    /// No stop.
    None,
    /// `multiple` × ATR(`period`) of the signal bar.
    Atr {
        /// Bars, 1 to 10,000.
        period: u32,
        /// Above 0 up to 1,000.
        multiple: Ratio,
        /// Smoothing of the ATR.
        smoothing: Smoothing,
    },
    /// Share of the anchor, above 0 and below 1.
    Percent(Ratio),
}

/// `[take_profit]`: the target of every position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeProfitSpec {
    /// No target.
    None,
    /// Share of the entry price, above 0 up to 100.
    Percent(Ratio),
    /// Multiple of the distance to the stop, above 0 up to 1,000; there is a stop.
    RMultiple(Ratio),
}

/// `[risk]`: the limits of the gate. Fractions are of equity and above 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskSpec {
    /// Loss since the previous session's close.
    pub max_daily_loss: Ratio,
    /// One position's value.
    pub max_position_size: Ratio,
    /// What is lost if every stop is hit.
    pub max_portfolio_heat: Ratio,
    /// Value of one group of correlated symbols.
    pub max_correlated_exposure: Ratio,
    /// Fall from the running peak of equity.
    pub max_drawdown: Ratio,
    /// Σ |position value|.
    pub max_gross_exposure: Ratio,
    /// Positions at once, at least 1.
    pub max_open_positions: u32,
    /// Orders in any minute, at least 1.
    pub max_orders_per_minute: u32,
    /// Dollars of one order, above 0.
    pub max_order_notional: Money,
    /// Farthest a limit may stand from the reference price, as a share of it.
    pub price_collar: Ratio,
    /// What else the daily-loss limit does.
    pub on_daily_loss: OnDailyLoss,
    /// What happens to an order beyond a limit.
    pub on_breach: OnBreach,
    /// Age at which a live reference price is too old, in milliseconds.
    pub stale_after_ms: u64,
    /// Symbols nothing is bought or sold short in.
    pub restricted_symbols: Vec<Symbol>,
}

impl StrategySpec {
    /// The value of a parameter; `None` when the scenario does not set it.
    pub fn param(&self, name: &str) -> Option<&ParamValue> {
        self.params.iter().find(|param| param.name == name).map(|param| &param.value)
    }
}

impl StopSpec {
    /// Is there a stop?
    pub fn is_set(&self) -> bool {
        self.rule != StopRule::None
    }
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParamValue::Int(value) => value.fmt(f),
            ParamValue::Float(text) | ParamValue::Text(text) => f.write_str(text),
            ParamValue::Bool(value) => value.fmt(f),
            ParamValue::List(values) => {
                f.write_str(&values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}
