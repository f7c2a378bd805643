//! What the account itself may do, session by session: settlement, the margin of the day, day trades.
//!
//! Not here: what it costs to hold (financing), what happens when it holds too much (margin), whether one
//! order passes (risk::gate). A run that uses none of it has no [`Desk`] and pays one comparison a session.
use super::core::Engine;
use super::replay::ReplayInput;
use crate::domain::{Fill, Money, Quantity, Ratio, Side, Symbol, SymbolIndex, Timestamp};
use crate::execution::ReplayMarket;
use crate::market::{Calendar, DAY_TRADE_SESSIONS, DAY_TRADES_MAX, next_session_date, settlement_date};
use crate::risk::{Holding, MaintenanceRate, Margin, Standing, SymbolRules};
use crate::strategy::Strategy;

/// When what a sale brings can be spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settlement {
    /// At once.
    Instant,
    /// When it settles, by the cycle of the trade date.
    Dated,
}

/// Whose rules a margin account follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarginRules {
    /// Nobody's: buying power is leverage × equity, and nothing is ever called.
    None,
    /// Alpaca's, which are FINRA's.
    Alpaca,
}

/// `[account]` beyond cash and limits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountRules {
    /// Whose sessions count.
    pub calendar: Calendar,
    /// When what a sale brings can be spent.
    pub settlement: Settlement,
    /// Whose margin rules hold.
    pub margin: MarginRules,
    /// What the lender of a share takes a year, of its value.
    pub borrow_rate: Ratio,
    /// Interest a year on borrowed dollars.
    pub margin_rate: Ratio,
    /// Shares in which no position is opened.
    pub restricted: Vec<(SymbolIndex, Symbol)>,
    /// Shares that nobody lends.
    pub hard_to_borrow: Vec<(SymbolIndex, Symbol)>,
}

/// What is kept of the account between bars.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) rules: AccountRules,
    pub(super) holding: Holding,
    /// It borrows dollars or shares under rules that say how much.
    pub(super) is_margin: bool,
    /// The session whose rules hold: orders sent after a close are for the next.
    session: Timestamp,
    /// Equity at the last close of a session.
    last_equity: Money,
    /// By symbol: the day its position was last opened or added to, until a day trade is counted.
    opened_on: Vec<i32>,
    /// Days of day trades, one entry each.
    day_trades: Vec<i32>,
    /// Something was opened in this session.
    has_opened: bool,
    /// The session has just closed, and positions have not been looked at since.
    pub(super) at_close: bool,
    /// That session opened something with four times its equity at hand: twice is the most to keep.
    pub(super) halves: bool,
    /// Nights before this day are paid.
    pub(super) paid_until: i32,
    /// A night costs something.
    pub(super) is_charged: bool,
}

/// No day of any bar.
const NEVER: i32 = i32::MIN;

impl AccountRules {
    /// Do they change anything for an account of this `margin`?
    fn matter(&self, margin: &Margin) -> bool {
        let is_margin = self.margin == MarginRules::Alpaca && (margin.leverage > 1 || margin.allow_short);
        let costs = self.borrow_rate > Ratio::ZERO || self.margin_rate > Ratio::ZERO;
        is_margin || costs || self.settlement == Settlement::Dated || !self.hard_to_borrow.is_empty()
    }
}

impl Desk {
    /// What every position must keep now: a quarter within a session at four times equity, else 30 %.
    pub(super) fn rate(&self, standing: &Standing) -> MaintenanceRate {
        match standing.maintenance {
            Some(rate) if !self.at_close => rate,
            _ => MaintenanceRate::Carried,
        }
    }

    /// Day trades in the five sessions that end with the one at hand; not counted beyond those that matter.
    fn day_trades(&self) -> usize {
        let is_recent = |day: &&i32| {
            let apart = match Timestamp::from_days(**day) {
                Some(date) if **day < self.session.days() => {
                    self.rules.calendar.sessions_between(date, self.session) + 1
                }
                _ => 0,
            };
            apart < DAY_TRADE_SESSIONS
        };
        self.day_trades.iter().rev().take_while(is_recent).take(DAY_TRADES_MAX).count()
    }

    /// A fill that leaves `held` shares: was a position that this session opened shrunk? Both ways of a
    /// round trip in one session are one day trade, however many fills they take.
    fn count(&mut self, fill: &Fill, held: Quantity) -> bool {
        let day = fill.time.days();
        let before = held - fill.quantity.signed(fill.side);
        let closes = before.closing_side() == Some(fill.side);
        let opened_on = &mut self.opened_on[fill.symbol.get()];
        let is_day_trade = closes && *opened_on == day;
        if is_day_trade {
            self.day_trades.push(day);
            *opened_on = NEVER;
        }
        let opens = !closes || fill.quantity > before.abs();
        if opens {
            *opened_on = day;
            self.has_opened = true;
        }
        is_day_trade
    }
}

impl<S: Strategy> Engine<S> {
    /// The same engine under these rules; rules that change nothing cost nothing.
    pub fn with_account(mut self, rules: AccountRules) -> Engine<S> {
        let margin = self.config.margin;
        let is_alpaca = rules.margin == MarginRules::Alpaca;
        let whole_shares = is_alpaca && rules.matter(&margin);
        let (restricted, hard_to_borrow) = (rules.restricted.clone(), rules.hard_to_borrow.clone());
        self.gate.set_symbol_rules(SymbolRules { restricted, hard_to_borrow, whole_shares });
        if !rules.matter(&margin) {
            return self;
        }
        self.account = Some(Box::new(Desk {
            rules,
            holding: Holding::Overnight,
            is_margin: is_alpaca && (margin.leverage > 1 || margin.allow_short),
            session: Timestamp::MIN,
            last_equity: self.portfolio.equity(),
            opened_on: vec![NEVER; self.config.symbols],
            day_trades: Vec::new(),
            has_opened: false,
            at_close: false,
            halves: false,
            paid_until: NEVER,
            is_charged: false,
        }));
        self
    }

    /// Does the run use any account rule?
    #[inline]
    pub(super) fn has_account(&self) -> bool {
        self.account.is_some()
    }

    /// The replay begins: the first session's rules hold, here and at the venue.
    pub(super) fn open_account(&mut self, input: &ReplayInput<'_>, venue: &mut impl ReplayMarket) {
        if self.account.is_none() {
            return;
        }
        let first = input.bars.iter().filter_map(|bars| bars.first()).map(|bar| bar.time).min();
        let holding = if input.sessions.is_empty() { Holding::Overnight } else { Holding::WithinSessions };
        self.begin_account(first.unwrap_or(Timestamp::MIN), holding);
        if let Some(desk) = self.account.as_deref().filter(|desk| desk.rules.settlement == Settlement::Dated) {
            venue.settle_by(desk.rules.calendar);
        }
        venue.set_leverage(self.gate.standing().leverage);
    }

    /// The rules of the session of `first` hold.
    pub(super) fn begin_account(&mut self, first: Timestamp, holding: Holding) {
        let Some(desk) = &mut self.account else { return };
        (desk.session, desk.holding) = (first, holding);
        self.take_standing();
    }

    /// The session that began at `start` is noticed at `now`.
    pub(super) fn begin_session(&mut self, start: Timestamp, now: Timestamp) {
        self.begin_trading(start, now);
        if let Some(desk) = &mut self.account {
            desk.session = now;
            self.take_standing();
        }
    }

    /// The session of `now` has closed: orders from here on are for the next.
    #[inline]
    pub(super) fn close_account(&mut self, now: Timestamp, venue: &mut impl ReplayMarket) {
        if self.account.is_some() {
            self.close_desk(now);
            venue.set_leverage(self.gate.standing().leverage);
        }
    }

    pub(super) fn close_desk(&mut self, now: Timestamp) {
        let (equity, leverage) = (self.portfolio.equity(), self.gate.standing().leverage);
        let Some(desk) = &mut self.account else { return };
        desk.session = next_session_date(desk.rules.calendar, now);
        desk.last_equity = equity;
        desk.at_close = true;
        desk.halves = leverage == 4 && desk.has_opened;
        desk.has_opened = false;
        self.take_standing();
    }

    /// Tells the gate what the account may do now.
    fn take_standing(&mut self) {
        let margin = self.config.margin;
        if let Some(desk) = self.account.as_deref().filter(|desk| desk.is_margin) {
            let trades = desk.day_trades();
            self.gate.set_standing(Standing::on_margin(&margin, desk.holding, desk.session, desk.last_equity, trades));
        }
    }

    /// A fill has been booked and leaves `held` shares.
    #[inline]
    pub(super) fn account_filled(&mut self, fill: &Fill, held: Quantity) {
        if self.account.is_some() {
            self.desk_filled(fill, held);
        }
    }

    #[cold]
    fn desk_filled(&mut self, fill: &Fill, held: Quantity) {
        let Some(desk) = &mut self.account else { return };
        if desk.rules.settlement == Settlement::Dated && fill.side == Side::Sell {
            let date = settlement_date(desk.rules.calendar, fill.time);
            self.portfolio.hold_back(date, fill.notional() - fill.fee);
        }
        if desk.count(fill, held) {
            self.take_standing();
        }
        self.plan_account(fill.time);
    }
}
