//! What the account may do at present: by its size, its day trades, and the rules of the date.
//!
//! Not here: the dates of the rules (market::margin_dates), counting day trades (engine), holding an order to
//! all this (gate).
use super::{MaintenanceRate, Margin, Refusal};
use crate::domain::{Money, OrderRequest, OrderSize, Quantity, Symbol, SymbolIndex, Timestamp};
use crate::market::{DAY_TRADES_MAX, MARGIN_EQUITY_MIN, day_trader_equity_min, four_times_equity_min};

/// Do positions live within one session, or does every bar close one?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holding {
    /// Bars of minutes or hours: some positions end with their session.
    WithinSessions,
    /// Daily bars: whatever is held at a close is held overnight.
    Overnight,
}

/// What may be opened, until the gate is told otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Buying power ÷ equity.
    pub leverage: i64,
    /// Why nothing may be sold short.
    pub shorts: Option<Refusal>,
    /// Why nothing may be opened at all.
    pub entries: Option<Refusal>,
    /// What every position must keep; `None` in an account that borrows neither dollars nor shares.
    pub maintenance: Option<MaintenanceRate>,
}

/// Which shares may be bought or sold short, whatever the account may.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SymbolRules {
    /// Shares in which no position is opened.
    pub restricted: Vec<(SymbolIndex, Symbol)>,
    /// Shares that nobody lends.
    pub hard_to_borrow: Vec<(SymbolIndex, Symbol)>,
    /// Only whole shares are lent.
    pub whole_shares: bool,
}

impl Standing {
    /// Nothing but what the scenario says.
    pub fn plain(margin: &Margin) -> Standing {
        Standing { leverage: margin.leverage, shorts: None, entries: None, maintenance: None }
    }

    /// A margin account on the session of `date`, worth `equity` at the close before it, with `day_trades` in
    /// the last five sessions. Twice (or four times) the equity from $2,000 on, below it neither credit nor
    /// shorts; four times only within a session and from the equity of the date on; as long as there was a
    /// rule on pattern day traders, no entry after three day trades with less than $25,000. An account of
    /// leverage 1 borrows no dollars and keeps its own rules.
    pub fn on_margin(margin: &Margin, holding: Holding, date: Timestamp, equity: Money, day_trades: usize) -> Standing {
        let mut standing = Standing { maintenance: Some(MaintenanceRate::Carried), ..Standing::plain(margin) };
        if margin.leverage == 1 {
            return standing;
        }
        if equity < MARGIN_EQUITY_MIN {
            standing.leverage = 1;
            standing.shorts = Some(Refusal::MarginEquity { need: MARGIN_EQUITY_MIN, have: equity });
        } else if holding == Holding::Overnight || four_times_equity_min(date).is_none_or(|least| equity < least) {
            standing.leverage = margin.leverage.min(2);
        }
        if standing.leverage == 4 {
            standing.maintenance = Some(MaintenanceRate::WithinSession);
        }
        let least = day_trader_equity_min(date).filter(|least| day_trades >= DAY_TRADES_MAX && equity < *least);
        standing.entries = least.map(|need| Refusal::PatternDayTrader { need, have: equity });
        standing
    }
}

fn named(list: &[(SymbolIndex, Symbol)], symbol: SymbolIndex) -> Option<Symbol> {
    list.iter().find(|(index, _)| *index == symbol).map(|(_, name)| *name)
}

impl SymbolRules {
    /// The name of `symbol` if no position may be opened in it.
    pub fn restricted(&self, symbol: SymbolIndex) -> Option<Symbol> {
        named(&self.restricted, symbol)
    }

    /// Why `quantity` shares of `request` cannot be sold short. A share of the cash is rounded at its fill.
    pub fn short_refusal(&self, request: &OrderRequest, quantity: Quantity) -> Option<Refusal> {
        if let Some(symbol) = named(&self.hard_to_borrow, request.symbol) {
            return Some(Refusal::HardToBorrow { symbol });
        }
        let is_counted = matches!(request.size, OrderSize::Shares(_));
        let part = self.whole_shares && is_counted && quantity.whole() != quantity;
        part.then_some(Refusal::FractionalShort { need: quantity, have: quantity.whole() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::CashCheck;

    fn standing(leverage: i64, holding: Holding, date: &str, dollars: i64, day_trades: usize) -> Standing {
        let margin = Margin { leverage, allow_short: true, cash_check: CashCheck::Approval };
        let equity = Money::from_cents(dollars * 100);
        Standing::on_margin(&margin, holding, date.parse().expect("date"), equity, day_trades)
    }

    #[test]
    fn the_multiplier_follows_equity_and_date() {
        for (leverage, holding, date, dollars, wanted) in [
            (2, Holding::Overnight, "2020-01-02", 1_999, 1),
            (2, Holding::Overnight, "2020-01-02", 2_000, 2),
            (4, Holding::Overnight, "2020-01-02", 100_000, 2),
            (4, Holding::WithinSessions, "2020-01-02", 24_999, 2),
            (4, Holding::WithinSessions, "2020-01-02", 25_000, 4),
            (4, Holding::WithinSessions, "2026-06-03", 2_000, 2),
            (4, Holding::WithinSessions, "2026-06-04", 2_000, 4),
            (4, Holding::WithinSessions, "2026-06-04", 1_999, 1),
            (1, Holding::WithinSessions, "2020-01-02", 1_000, 1),
        ] {
            let found = standing(leverage, holding, date, dollars, 0);
            assert_eq!(found.leverage, wanted, "{leverage} on {date} with {dollars}");
            let rate = if wanted == 4 { MaintenanceRate::WithinSession } else { MaintenanceRate::Carried };
            assert_eq!(found.maintenance, Some(rate), "{leverage} on {date} with {dollars}");
            assert_eq!(found.shorts.is_some(), leverage > 1 && dollars < 2_000, "{leverage} on {date} with {dollars}");
        }
    }

    #[test]
    fn a_fourth_day_trade_is_refused_while_the_rule_stood() {
        for (leverage, date, dollars, day_trades, refused) in [
            (2, "2026-06-03", 24_999, 3, true),
            (2, "2026-06-03", 24_999, 2, false),
            (2, "2026-06-03", 25_000, 9, false),
            (2, "2026-06-04", 24_999, 9, false),
            (1, "2026-06-03", 24_999, 9, false),
        ] {
            let found = standing(leverage, Holding::Overnight, date, dollars, day_trades);
            assert_eq!(found.entries.is_some(), refused, "{leverage} on {date}, {dollars}, {day_trades}");
        }
    }
}
