//! Orders as they are wanted.
use serde::{Deserialize, Serialize};

use super::{Money, Price, Quantity, Ratio, SymbolIndex};

/// Our number for an order, counted from 1 in the order of approval.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OrderId(pub u64);

/// Buy or sell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Take shares.
    Buy,
    /// Give shares, owned or borrowed.
    Sell,
}

/// What a change wants of an order's prices; `None` leaves one as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NewPrices {
    /// The limit.
    pub limit: Option<Price>,
    /// The stop.
    pub stop: Option<Price>,
    /// How far a trailing stop stays behind.
    pub trail: Option<Trail>,
}

/// How an order wants its price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At whatever the market offers.
    Market,
    /// At `limit` or better.
    Limit {
        /// The worst acceptable price.
        limit: Price,
    },
    /// Becomes a market order when the price touches `stop`.
    Stop {
        /// The trigger.
        stop: Price,
    },
    /// Becomes a limit order when the price touches `stop`.
    StopLimit {
        /// The trigger.
        stop: Price,
        /// The worst acceptable price after it.
        limit: Price,
    },
    /// A stop that follows the best price so far.
    TrailingStop {
        /// How far behind it stays.
        trail: Trail,
    },
}

/// How far a trailing stop stays behind the best price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    /// A fixed number of dollars.
    Price(Price),
    /// A fraction of the best price.
    Fraction(Ratio),
}

/// How long an order lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session's close.
    Day,
    /// Until canceled.
    Gtc,
    /// What can fill at once; the rest is canceled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// In the opening auction only.
    Opg,
    /// In the closing auction only.
    Cls,
}

/// How orders hang together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderClass {
    /// On its own.
    Simple,
    /// An entry with a stop and a target.
    Bracket,
    /// A stop and a target; one fills, the other goes.
    Oco,
    /// An entry with one exit.
    Oto,
}

/// Why an order was sent: names the exit in `trades.csv`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderPurpose {
    /// Opens or adds.
    Entry,
    /// The strategy wants out.
    Signal,
    /// The protective stop.
    Stop,
    /// The profit target.
    TakeProfit,
    /// The trailing stop.
    Trail,
    /// The position has been held for as many bars as it may be.
    TimeStop,
    /// A risk limit closes the position.
    RiskHalt,
    /// A person closes the position.
    KillSwitch,
    /// Exactly as a script or a person wrote it.
    Manual,
    /// The share is no longer listed: the venue takes the position and pays for it.
    Delisted,
}

/// How many shares an order is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OrderSize {
    /// So many; fixed at approval.
    Shares(Quantity),
    /// So many dollars: at the fill, the shares they buy at its price, to nine decimals, rounded down.
    Notional(Money),
    /// This fraction of cash, measured at the fill after any close at the same open.
    CashFraction {
        /// Share of the cash.
        fraction: Ratio,
        /// Most dollars it may come to, whatever the cash is by then. The gate writes it; nothing before.
        most: Money,
    },
}

/// From when a protective order can fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LegActivation {
    /// On the bar of the entry's fill, if the entry filled at its open.
    EntryBar,
    /// From the bar after the entry's fill.
    NextBar,
}

/// Where a protective order stands once its entry has filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegLevel {
    /// At this price, known before.
    At(Price),
    /// So many billionths of a dollar from the fill price, on the losing side for a stop and the
    /// winning side for a target.
    FromFill {
        /// Distance in billionths of a dollar, above 0.
        distance_units: i64,
    },
    /// This fraction of the fill price away from it.
    FractionFromFill(Ratio),
}

/// The exits that become live when an entry fills, sized to what has filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExitLegs {
    /// The protective stop.
    pub stop: Option<LegLevel>,
    /// The stop follows the best price, at its first distance.
    pub trailing: bool,
    /// The limit of a stop-limit leg, absolute.
    pub stop_limit: Option<Price>,
    /// The profit target.
    pub take_profit: Option<LegLevel>,
    /// From when they can fill.
    pub activation: LegActivation,
    /// How long they live: as their entry, where a script wrote it; the stop of a strategy's own position
    /// until canceled.
    pub time_in_force: TimeInForce,
}

impl ExitLegs {
    /// No protection.
    pub const NONE: ExitLegs = ExitLegs {
        stop: None,
        trailing: false,
        stop_limit: None,
        take_profit: None,
        activation: LegActivation::EntryBar,
        time_in_force: TimeInForce::Gtc,
    };

    /// Is there any leg?
    pub const fn any(&self) -> bool {
        self.stop.is_some() || self.take_profit.is_some()
    }
}

/// An order as somebody wants it, before risk has seen it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Which share.
    pub symbol: SymbolIndex,
    /// Buy or sell.
    pub side: Side,
    /// How many.
    pub size: OrderSize,
    /// How it wants its price.
    pub kind: OrderKind,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// How it hangs together with others.
    pub class: OrderClass,
    /// Why it is sent.
    pub purpose: OrderPurpose,
    /// What becomes live when it fills.
    pub legs: ExitLegs,
    /// It may fill outside the core session, 09:30 to 16:00 in New York.
    pub extended_hours: bool,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// `buy` or `sell`.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

impl OrderPurpose {
    /// Is it an exit of our own, at market?
    pub const fn leaves(self) -> bool {
        matches!(
            self,
            OrderPurpose::Signal | OrderPurpose::TimeStop | OrderPurpose::RiskHalt | OrderPurpose::KillSwitch
        )
    }

    /// Does it end a position as a stop, by price or by time?
    pub const fn is_stop(self) -> bool {
        self.protects() || matches!(self, OrderPurpose::TimeStop)
    }

    /// Is it a stop that protects a position where it rests?
    pub const fn protects(self) -> bool {
        matches!(self, OrderPurpose::Stop | OrderPurpose::Trail)
    }
}

impl OrderKind {
    /// The limit, where it has one.
    pub const fn limit(self) -> Option<Price> {
        match self {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => None,
        }
    }

    /// The fixed stop, where it has one.
    pub const fn stop(self) -> Option<Price> {
        match self {
            OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => Some(stop),
            OrderKind::Market | OrderKind::Limit { .. } | OrderKind::TrailingStop { .. } => None,
        }
    }

    /// The same kind with other prices; one that the kind does not have changes nothing.
    pub const fn with(self, new: NewPrices) -> OrderKind {
        const fn or(new: Option<Price>, old: Price) -> Price {
            match new {
                Some(price) => price,
                None => old,
            }
        }
        match (self, new.trail) {
            (OrderKind::Limit { limit }, _) => OrderKind::Limit { limit: or(new.limit, limit) },
            (OrderKind::Stop { stop }, _) => OrderKind::Stop { stop: or(new.stop, stop) },
            (OrderKind::StopLimit { stop, limit }, _) => {
                OrderKind::StopLimit { stop: or(new.stop, stop), limit: or(new.limit, limit) }
            }
            (OrderKind::TrailingStop { .. }, Some(trail)) => OrderKind::TrailingStop { trail },
            (OrderKind::Market | OrderKind::TrailingStop { .. }, _) => self,
        }
    }

    /// Alpaca's word for the kind.
    pub const fn name(self) -> &'static str {
        match self {
            OrderKind::Market => "market",
            OrderKind::Limit { .. } => "limit",
            OrderKind::Stop { .. } => "stop",
            OrderKind::StopLimit { .. } => "stop_limit",
            OrderKind::TrailingStop { .. } => "trailing_stop",
        }
    }
}

/// Names as Alpaca writes them, for a fieldless enum.
macro_rules! names {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in files, as Alpaca writes it where Alpaca has one.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

names!(TimeInForce { Day => "day", Gtc => "gtc", Ioc => "ioc", Fok => "fok", Opg => "opg", Cls => "cls" });
names!(OrderClass { Simple => "simple", Bracket => "bracket", Oco => "oco", Oto => "oto" });
names!(OrderPurpose {
    Entry => "entry", Signal => "signal", Stop => "stop", TakeProfit => "take_profit", Trail => "trail",
    TimeStop => "time_stop",
    RiskHalt => "risk_halt", KillSwitch => "kill_switch", Manual => "manual", Delisted => "delisted",
});
