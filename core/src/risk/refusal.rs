//! Why the gate said no: typed data, text only on screen.
use super::{Halt, HaltCause};
use crate::domain::{Money, OrderId, Price, Quantity, RejectReason, Side, Symbol, Timestamp};

/// A refusal of our own gate. Each names what the order needs and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More dollars than can be spent.
    #[error("order needs {need} but buying power is {have}")]
    BuyingPower {
        /// Price × quantity + fee.
        need: Money,
        /// Dollars that may be spent, after reserves.
        have: Money,
    },
    /// Positions that the account could not keep: it would get a margin call at once.
    #[error("insufficient buying power: positions would need {need} of maintenance margin, equity is {have}")]
    MaintenanceMargin {
        /// Requirement of all positions and pending entries, the order included.
        need: Money,
        /// Equity.
        have: Money,
    },
    /// A margin account too small for shorts.
    #[error("account is not allowed to short: that takes {need} of equity at the previous close, there was {have}")]
    MarginEquity {
        /// Least equity of a margin account.
        need: Money,
        /// Equity at the previous close.
        have: Money,
    },
    /// Too many day trades for so small a margin account, while that was a rule.
    #[error(
        "trade denied due to pattern day trading protection: after three day trades in five sessions an entry \
         takes {need} of equity at the previous close, there was {have}"
    )]
    PatternDayTrader {
        /// Least equity of a pattern day trader.
        need: Money,
        /// Equity at the previous close.
        have: Money,
    },
    /// Nobody lends the share.
    #[error("asset \"{symbol}\" cannot be sold short (account.hard_to_borrow)")]
    HardToBorrow {
        /// The share.
        symbol: Symbol,
    },
    /// Only whole shares are lent.
    #[error("fractional orders cannot be sold short: {need} shares, {have} are whole")]
    FractionalShort {
        /// Shares of the order.
        need: Quantity,
        /// The whole ones among them.
        have: Quantity,
    },
    /// The position would be too large.
    #[error("position would be {need}, allowed {have}")]
    PositionSize {
        /// |position + pending + order| × price.
        need: Money,
        /// `max_position_size` × equity.
        have: Money,
    },
    /// A short, where shorts are not allowed.
    #[error("position would be {need} shares; shorts are not allowed (account.allow_short)")]
    ShortBan {
        /// Shares after the order.
        need: Quantity,
    },
    /// An exit for more than is held and not already leaving.
    #[error("exit of {need} shares, but only {have} are held and not leaving already")]
    ExceedsPosition {
        /// Shares of the order.
        need: Quantity,
        /// Shares that can still leave.
        have: Quantity,
    },
    /// The size came to less than one share.
    #[error("{need} buys less than one share at {have}")]
    TooSmall {
        /// Dollars meant for the position.
        need: Money,
        /// Dollars one share costs.
        have: Money,
    },
    /// No price yet to measure the order with.
    #[error("no price of this symbol is known yet")]
    NoPrice,
    /// The scenario wants a stop whose distance is not known yet: the ATR is warming up, or zero.
    #[error("no distance of the stop is known yet")]
    NoStop,
    /// The scenario sizes by volatility, and there are no 20 sessions of it yet, or none moved.
    #[error("no volatility of this symbol is known yet")]
    NoVolatility,
    /// Entries are halted.
    #[error("halted by {} since {since}: {}", cause.words(), cause.lifted_by())]
    Halted {
        /// The strongest halt.
        cause: HaltCause,
        /// Since when.
        since: Timestamp,
    },
    /// The reference price is too old to measure anything with.
    #[error("price is {} s old, allowed {} s", seconds(*age_ns), seconds(*allowed_ns))]
    StalePrice {
        /// Nanoseconds since it was the price.
        age_ns: i64,
        /// `stale_after`.
        allowed_ns: i64,
    },
    /// A share in which no position is opened.
    #[error("no position is opened in {symbol} (risk.restricted_symbols)")]
    Restricted {
        /// The share.
        symbol: Symbol,
    },
    /// The same entry is open already.
    #[error("the same order is open already, as number {}", order.0)]
    Duplicate {
        /// The open one.
        order: OrderId,
    },
    /// Too many orders within a minute.
    #[error("it would be order {need} within a minute, allowed {have}")]
    OrderRate {
        /// Approvals of the last 60 seconds and this one.
        need: usize,
        /// `max_orders_per_minute`.
        have: usize,
    },
    /// A limit too far from the reference price.
    #[error("limit {need} is farther from the price than allowed, {have}")]
    PriceCollar {
        /// The limit of the order.
        need: Price,
        /// The farthest limit on that side: reference price ± `price_collar` of it.
        have: Price,
    },
    /// One order for too many dollars.
    #[error("order may come to {need}, allowed {have}")]
    OrderNotional {
        /// Dearest price × quantity.
        need: Money,
        /// `max_order_notional`.
        have: Money,
    },
    /// Too many symbols at once.
    #[error("it would be position {need}, allowed {have}")]
    OpenPositions {
        /// Symbols with a position or a pending entry, this one included.
        need: usize,
        /// `max_open_positions`.
        have: usize,
    },
    /// All positions together would be too large.
    #[error("gross exposure would be {need}, allowed {have}")]
    GrossExposure {
        /// Σ |position + pending| × price, the order included.
        need: Money,
        /// `max_gross_exposure` × equity.
        have: Money,
    },
    /// The stops would leave too much at risk.
    #[error("portfolio heat would be {need}, allowed {have}")]
    PortfolioHeat {
        /// Dollars lost if every stop is hit, the order included.
        need: Money,
        /// `max_portfolio_heat` × equity.
        have: Money,
    },
    /// Symbols that move together would be too large together.
    #[error("correlated group would be {need}, allowed {have}")]
    CorrelatedExposure {
        /// Value of the group, the order included.
        need: Money,
        /// `max_correlated_exposure` × equity.
        have: Money,
    },
    /// A bracket or an entry with one leg that would only shrink a position.
    #[error("{class} orders must be entry orders")]
    EntryClass {
        /// The class.
        class: &'static str,
    },
    /// An entry on the other side rests: if only one of both filled, no limit would have counted it.
    #[error("cannot open a {} while a {} order is open", opening(*side), opening(side.opposite()))]
    OppositeEntry {
        /// Of the order.
        side: Side,
    },
    /// A stop and a target for a position that is not there.
    #[error("oco orders must be exit orders")]
    ExitClass,
    /// A quantity that has filled already.
    #[error("the order cannot become {need} shares: {have} have filled")]
    BelowFilled {
        /// Shares wanted in all.
        need: Quantity,
        /// Shares filled.
        have: Quantity,
    },
    /// No such order, or it is closed already.
    #[error("the order to change is not open")]
    NotOpen,
    /// A change that the venue does not take: by its rules, so that it is not sent, or by its word.
    #[error(transparent)]
    Venue(#[from] RejectReason),
    /// An earlier change of it has not been answered.
    #[error("a change of the order is on its way")]
    ChangePending,
}

impl From<&Halt> for Refusal {
    fn from(halt: &Halt) -> Refusal {
        Refusal::Halted { cause: halt.cause, since: halt.since }
    }
}

/// Seconds, to the millisecond.
fn seconds(ns: i64) -> String {
    format!("{}", (ns / 1_000_000) as f64 / 1e3)
}

/// Alpaca's words for an entry on `side`.
fn opening(side: Side) -> &'static str {
    match side {
        Side::Buy => "long buy",
        Side::Sell => "short sell",
    }
}

impl Refusal {
    /// The name in `refusals.csv` and in counts.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::BuyingPower { .. } => "buying_power",
            Refusal::MaintenanceMargin { .. } => "maintenance_margin",
            Refusal::MarginEquity { .. } => "margin_equity",
            Refusal::PatternDayTrader { .. } => "pattern_day_trader",
            Refusal::HardToBorrow { .. } => "hard_to_borrow",
            Refusal::FractionalShort { .. } => "fractional_short",
            Refusal::PositionSize { .. } => "position_size",
            Refusal::ShortBan { .. } => "short_ban",
            Refusal::ExceedsPosition { .. } => "exceeds_position",
            Refusal::TooSmall { .. } => "too_small",
            Refusal::NoPrice => "no_price",
            Refusal::NoStop => "no_stop",
            Refusal::NoVolatility => "no_volatility",
            // By the cause, as a person asks; a manual halt has always been called just that.
            Refusal::Halted { cause: HaltCause::Manual, .. } => "halted",
            Refusal::Halted { cause, .. } => cause.name(),
            Refusal::StalePrice { .. } => "stale_price",
            Refusal::Restricted { .. } => "restricted_symbol",
            Refusal::Duplicate { .. } => "duplicate_order",
            Refusal::OrderRate { .. } => "orders_per_minute",
            Refusal::PriceCollar { .. } => "price_collar",
            Refusal::OrderNotional { .. } => "order_notional",
            Refusal::OpenPositions { .. } => "open_positions",
            Refusal::GrossExposure { .. } => "gross_exposure",
            Refusal::PortfolioHeat { .. } => "portfolio_heat",
            Refusal::CorrelatedExposure { .. } => "correlated_exposure",
            Refusal::EntryClass { .. } => "entry_class",
            Refusal::OppositeEntry { .. } => "opposite_entry",
            Refusal::ExitClass => "exit_class",
            Refusal::BelowFilled { .. } => "below_filled",
            Refusal::NotOpen => "not_open",
            Refusal::Venue(reason) => reason.rule(),
            Refusal::ChangePending => "change_pending",
        }
    }

    /// What the order needed, in the unit of the limit; `None` where there is no number.
    pub fn need(&self) -> Option<String> {
        self.numbers().map(|(need, _)| need)
    }

    /// What there was, in the same unit.
    pub fn have(&self) -> Option<String> {
        self.numbers().map(|(_, have)| have)
    }

    fn numbers(&self) -> Option<(String, String)> {
        match self {
            Refusal::BuyingPower { need, have }
            | Refusal::MaintenanceMargin { need, have }
            | Refusal::MarginEquity { need, have }
            | Refusal::PatternDayTrader { need, have }
            | Refusal::PositionSize { need, have }
            | Refusal::OrderNotional { need, have }
            | Refusal::GrossExposure { need, have }
            | Refusal::PortfolioHeat { need, have }
            | Refusal::CorrelatedExposure { need, have }
            | Refusal::TooSmall { need, have } => Some((need.to_string(), have.to_string())),
            Refusal::ExceedsPosition { need, have }
            | Refusal::FractionalShort { need, have }
            | Refusal::BelowFilled { need, have } => Some((need.to_string(), have.to_string())),
            Refusal::OrderRate { need, have } | Refusal::OpenPositions { need, have } => {
                Some((need.to_string(), have.to_string()))
            }
            Refusal::PriceCollar { need, have } => Some((need.to_string(), have.to_string())),
            Refusal::StalePrice { age_ns, allowed_ns } => Some((seconds(*age_ns), seconds(*allowed_ns))),
            Refusal::ShortBan { need } => Some((need.to_string(), Quantity::ZERO.to_string())),
            Refusal::HardToBorrow { .. }
            | Refusal::NoPrice
            | Refusal::NoStop
            | Refusal::NoVolatility
            | Refusal::Halted { .. }
            | Refusal::Restricted { .. }
            | Refusal::Duplicate { .. }
            | Refusal::EntryClass { .. }
            | Refusal::OppositeEntry { .. }
            | Refusal::ExitClass
            | Refusal::NotOpen
            | Refusal::Venue(_)
            | Refusal::ChangePending => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(dollars: i64) -> Money {
        Money::from_cents(dollars * 100)
    }

    /// What a file and a person read of a refusal: its name, what the order needs, what there is, the sentence.
    #[test]
    fn a_refusal_names_its_rule_and_both_numbers() {
        let (need, have) = (dollars(7), dollars(3));
        let (shares, fewer) = (Quantity::from_units(5_500_000_000), Quantity::ONE);
        let symbol: Symbol = "GME".parse().expect("symbol");
        let numbers = Some(("7", "3"));
        for (refusal, code, numbers, text) in [
            (Refusal::BuyingPower { need, have }, "buying_power", numbers, "order needs 7 but buying power is 3"),
            (Refusal::MaintenanceMargin { need, have }, "maintenance_margin", numbers, "need 7 of maintenance margin"),
            (Refusal::MarginEquity { need, have }, "margin_equity", numbers, "that takes 7 of equity"),
            (Refusal::PatternDayTrader { need, have }, "pattern_day_trader", numbers, "an entry takes 7 of equity"),
            (Refusal::PositionSize { need, have }, "position_size", numbers, "position would be 7, allowed 3"),
            (Refusal::OrderNotional { need, have }, "order_notional", numbers, "order may come to 7, allowed 3"),
            (Refusal::GrossExposure { need, have }, "gross_exposure", numbers, "would be 7, allowed 3"),
            (Refusal::PortfolioHeat { need, have }, "portfolio_heat", numbers, "would be 7, allowed 3"),
            (Refusal::CorrelatedExposure { need, have }, "correlated_exposure", numbers, "would be 7, allowed 3"),
            (Refusal::TooSmall { need, have }, "too_small", numbers, "7 buys less than one share at 3"),
            (
                Refusal::ExceedsPosition { need: shares, have: fewer },
                "exceeds_position",
                Some(("5.5", "1")),
                "only 1 are held",
            ),
            (
                Refusal::FractionalShort { need: shares, have: fewer },
                "fractional_short",
                Some(("5.5", "1")),
                "1 are whole",
            ),
            (Refusal::BelowFilled { need: shares, have: fewer }, "below_filled", Some(("5.5", "1")), "1 have filled"),
            (Refusal::OrderRate { need: 4, have: 2 }, "orders_per_minute", Some(("4", "2")), "order 4 within a minute"),
            (Refusal::OpenPositions { need: 4, have: 2 }, "open_positions", Some(("4", "2")), "position 4, allowed 2"),
            (
                Refusal::PriceCollar { need: Price::MAX, have: Price::ZERO },
                "price_collar",
                Some(("10000000", "0")),
                "farther from the price than allowed, 0",
            ),
            (
                Refusal::StalePrice { age_ns: 1_500_999_999, allowed_ns: 1_000_000_000 },
                "stale_price",
                Some(("1.5", "1")),
                "price is 1.5 s old, allowed 1 s",
            ),
            (Refusal::ShortBan { need: shares }, "short_ban", Some(("5.5", "0")), "shorts are not allowed"),
            (Refusal::HardToBorrow { symbol }, "hard_to_borrow", None, "asset \"GME\" cannot be sold short"),
            (Refusal::Restricted { symbol }, "restricted_symbol", None, "no position is opened in GME"),
            (Refusal::Duplicate { order: OrderId(12) }, "duplicate_order", None, "open already, as number 12"),
            (
                Refusal::OppositeEntry { side: Side::Buy },
                "opposite_entry",
                None,
                "cannot open a long buy while a short sell order is open",
            ),
            (
                Refusal::OppositeEntry { side: Side::Sell },
                "opposite_entry",
                None,
                "cannot open a short sell while a long buy order is open",
            ),
            (Refusal::EntryClass { class: "oto" }, "entry_class", None, "oto orders must be entry orders"),
            (Refusal::NoPrice, "no_price", None, "no price of this symbol"),
            (Refusal::NoStop, "no_stop", None, "no distance of the stop"),
            (Refusal::NoVolatility, "no_volatility", None, "no volatility"),
            (Refusal::ExitClass, "exit_class", None, "oco orders must be exit orders"),
            (Refusal::NotOpen, "not_open", None, "the order to change is not open"),
            (Refusal::ChangePending, "change_pending", None, "a change of the order is on its way"),
        ] {
            let found = (refusal.need(), refusal.have());
            let wanted = numbers.map(|(need, have)| (need.to_owned(), have.to_owned())).unzip();
            assert_eq!((refusal.code(), found), (code, wanted), "{refusal}");
            assert!(refusal.to_string().contains(text), "{refusal}");
        }
    }

    /// A halt is called by its cause; one by hand has always been called just that.
    #[test]
    fn a_halt_is_refused_by_the_name_of_its_cause() {
        for (cause, code, text) in [
            (HaltCause::DailyLoss, "daily_loss", "halted by daily loss since 1970-01-02"),
            (HaltCause::Drawdown, "drawdown", "halted by drawdown since 1970-01-02"),
            (HaltCause::Manual, "halted", "halted by hand since 1970-01-02"),
            (HaltCause::KillSwitch, "kill_switch", "halted by the kill switch since 1970-01-02"),
        ] {
            let since = Timestamp::from_seconds(86_400).expect("time");
            let halt = Halt { cause, since, by: super::super::HaltedBy::Script, reason: None };
            let refusal = Refusal::from(&halt);
            assert_eq!((refusal, refusal.code()), (Refusal::Halted { cause, since }, code));
            assert!(refusal.to_string().starts_with(text), "{refusal}");
            assert!(refusal.to_string().ends_with(cause.lifted_by()), "{refusal}");
        }
    }
}
