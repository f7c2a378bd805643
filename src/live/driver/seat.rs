//! How one scenario takes its seat: its book begins or goes on, and it is shown what it has missed.
//!
//! Not here: the session around it (open), which books may go on (books).
use std::path::Path;
use std::sync::Arc;

use super::actions::{is_booked, warm_up_needs_splits};
use super::books::{Course, as_it_began, changes, is_same_book, refuse_to_replace};
use super::clock::Clock;
use super::left_out::LeftOut;
use super::past_bars::{request, warm_up_from};
use super::{DriverError, Prepared, Seat, Setup, Venue};
use crate::domain::{Bar, Money, Symbol, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::history::read_bars;
use crate::execution::alpaca::{AccountSeen, AlpacaDesk, DeskConfig, Patience, SessionName, TradingMode};
use crate::live::AccountMark;
use crate::live::event::{EventKind, SessionEvent, Severity};
use crate::live::journal::{Durability, Row, RowKind};
use crate::live::session::{
    Assembler, Began, Input, Keeper, Machine, Past, PastReader, SessionRow, SharedJournal, ShownBar, Terms, Trader,
    desk_rows,
};

/// Calls a minute that Alpaca allows, less what is read around the desks.
const CALLS_A_MINUTE: u32 = 190;
/// The built-in exchange enforces no limit.
const CALLS_WITHOUT_LIMIT: u32 = 60_000_000;

/// The names of all sessions that the journal knows, and of those that may begin now.
pub(super) fn session_names(scenarios: &[Prepared], pasts: &PastReader) -> Vec<SessionName> {
    let known = pasts.names();
    let new = scenarios.iter().flat_map(|prepared| {
        let so_far = pasts.sessions_so_far(&prepared.loaded.spec.scenario.name);
        (1..=so_far + 1).filter_map(move |number| Terms::of(&prepared.loaded, number).ok())
    });
    let mut names: Vec<SessionName> = known.cloned().collect();
    for terms in new {
        if !names.contains(&terms.session) {
            names.push(terms.session);
        }
    }
    names
}

/// What one scenario needs to take its seat.
pub(super) struct Opening<'a, M> {
    pub(super) setup: &'a Setup<M>,
    pub(super) account: &'a AccountSeen,
    pub(super) clock: &'a Clock,
    /// Every session of this program on the account so far, and those that may begin now.
    pub(super) names: &'a [SessionName],
    /// When this process began a new account, if it did.
    pub(super) account_since: Option<Timestamp>,
}

impl<M: TradingMode> Opening<'_, M> {
    /// What becomes of a scenario, before anything is written.
    ///
    /// Errors: it was changed while its book is open or halted.
    pub(super) fn course(
        &self,
        prepared: &Prepared,
        pasts: &PastReader,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<Course, DriverError> {
        let past = pasts.sessions().get(&prepared.loaded.spec.scenario.name).filter(|past| self.is_here(past));
        let Some(past) = past else { return Ok(Course::Begins { instead: None }) };
        let then = as_it_began(past, prepared.loaded.path())?;
        if is_same_book(&then.loaded, &prepared.loaded) {
            return Ok(Course::GoesOn { then: Box::new(then) });
        }
        let changes = changes(&then.loaded, &prepared.loaded);
        let (machine, terms) = self.made_again(past, &then, machine_of)?;
        refuse_to_replace(machine.as_ref(), &terms, &changes, self.account.time)?;
        Ok(Course::Begins { instead: Some(changes) })
    }

    /// Is what it did on this account? An account that a process began has ended with it.
    fn is_here(&self, past: &Past) -> bool {
        !self.setup.is_new_account && past.began.account_since.is_none()
    }

    /// The engine of a book as the journal leaves it.
    fn made_again(
        &self,
        past: &Past,
        then: &Prepared,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<(Box<dyn Machine>, Terms), DriverError> {
        let terms = past.terms(&then.loaded)?;
        let machine = machine_of(then, Arc::new(terms.clone())).map_err(DriverError::Venue)?;
        let machine = past.prove(machine, &self.desk(&terms, past.began.started_at))?;
        Ok((machine, terms))
    }

    /// Books of this account that nobody named now.
    pub(super) fn left_out(
        &self,
        pasts: &PastReader,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Vec<LeftOut> {
        let others = pasts.sessions().iter().filter(|(_, past)| self.is_here(past));
        let of = |(name, past): (&String, &Past)| {
            let made = as_it_began(past, Path::new(name));
            let made = made.map(|then| (self.made_again(past, &then, machine_of), then));
            match made {
                Ok((Ok((machine, terms)), _)) => LeftOut::of(machine.as_ref(), &terms),
                Ok((Err(_), then)) => LeftOut::unknown(name, then.loaded.spec.data.symbols),
                Err(_) => LeftOut::unknown(name, Vec::new()),
            }
        };
        others.map(of).collect()
    }

    /// Seats a scenario; with it what people must know of its book.
    pub(super) async fn seat(
        &self,
        prepared: &Prepared,
        course: Course,
        pasts: &mut PastReader,
        keeper: &mut SharedJournal,
        machine_of: &impl Fn(&Prepared, Arc<Terms>) -> Result<Box<dyn Machine>, String>,
    ) -> Result<(Seat, Vec<SessionEvent>), DriverError> {
        let name = &prepared.loaded.spec.scenario.name;
        let (number, past) = (pasts.sessions_so_far(name) + 1, pasts.session(name));
        match (course, past) {
            (Course::GoesOn { then }, Some(past)) => {
                let terms = Arc::new(past.terms(&prepared.loaded)?);
                let machine = machine_of(&then, Arc::new(past.terms(&then.loaded)?)).map_err(DriverError::Venue)?;
                let began = (past.began.started_at, past.began.venue_cash);
                let mut trader = self.go_on(past, machine, terms, keeper)?;
                let told = self.give_limits(&mut trader, keeper)?;
                Ok((self.show_past(prepared, trader, (began, false), keeper).await?, told))
            }
            (course, _) => {
                let pace = if let Venue::Exchange { speed } = self.setup.venue { speed } else { 1 };
                let terms =
                    Terms::of(&prepared.loaded, number).map_err(|error| DriverError::Venue(error.to_string()))?;
                let terms = Arc::new(Terms { pace, ..terms });
                let machine = machine_of(prepared, Arc::clone(&terms)).map_err(DriverError::Venue)?;
                let trader = self.begin(prepared, machine, Arc::clone(&terms), number, keeper)?;
                let now = (self.account.time, Some(self.account.state.cash));
                let mut told = Vec::new();
                if let Course::Begins { instead: Some(changes) } = course {
                    let text = format!(
                        "A new book begins for {name}: {changes}. Its cash, its peak and what a day's loss is measured against \
                         begin anew."
                    );
                    told.push(self.event(&terms, text));
                }
                Ok((self.show_past(prepared, trader, (now, true), keeper).await?, told))
            }
        }
    }

    fn begin(
        &self,
        prepared: &Prepared,
        machine: Box<dyn Machine>,
        terms: Arc<Terms>,
        number: u32,
        keeper: &mut SharedJournal,
    ) -> Result<Trader, DriverError> {
        let started_at = self.account.time;
        let began = Began {
            number,
            name: terms.session.text().to_owned(),
            mode: M::NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: prepared.effective.clone(),
            pace: terms.pace,
            account_since: self.account_since,
            account: self.account_mark(),
            venue_cash: Some(self.account.state.cash),
            started_at,
        };
        self.keep_session(&terms, &SessionRow::Began(began), keeper)?;
        let desk = AlpacaDesk::new(self.desk(&terms, started_at), self.clock.instant());
        Ok(Trader::new(machine, desk, terms))
    }

    fn go_on(
        &self,
        past: Past,
        machine: Box<dyn Machine>,
        terms: Arc<Terms>,
        keeper: &mut SharedJournal,
    ) -> Result<Trader, DriverError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.keep_session(&terms, &SessionRow::WentOn { version, account: self.account_mark() }, keeper)?;
        let config = self.desk(&terms, past.began.started_at);
        let (trader, late) = past.go_on(machine, Arc::clone(&terms), config, self.clock.instant())?;
        let rows = desk_rows(&terms.name, &late, self.clock.moment());
        keeper.append(&rows, Durability::Flushed)?;
        Ok(trader)
    }

    /// What its sessions belong to; an account that ends with this process is none to come back to.
    fn account_mark(&self) -> Option<AccountMark> {
        (!self.setup.is_new_account).then(|| AccountMark::of(&self.account.state.number))
    }

    fn keep_session(&self, terms: &Terms, row: &SessionRow, keeper: &mut SharedJournal) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let body = serde_json::to_value(row).map_err(|error| DriverError::Venue(error.to_string()))?;
        let (strategy, kind) = (Some(terms.name.clone()), RowKind::Session);
        keeper.append(&[Row { time: at.time, wall: at.wall, strategy, kind, body }], Durability::Flushed)?;
        Ok(())
    }

    fn desk(&self, terms: &Terms, started_at: Timestamp) -> DeskConfig {
        let seats = u32::try_from(self.setup.scenarios.len().max(1)).unwrap_or(u32::MAX);
        let (calls, patience) = match self.setup.venue {
            Venue::Alpaca => (CALLS_A_MINUTE / seats, Patience::default()),
            // The clock of the data has its own pace.
            _ => (CALLS_WITHOUT_LIMIT, Patience { skew: u64::MAX, ..Patience::default() }),
        };
        terms.desk(calls, started_at, patience, self.siblings(terms))
    }

    /// All other sessions of this program on the account, those before it included.
    fn siblings(&self, terms: &Terms) -> Vec<SessionName> {
        self.names.iter().filter(|name| **name != terms.session).cloned().collect()
    }

    /// Shows what the scenario has missed: before its first session the warm-up, after a restart the gap.
    async fn show_past(
        &self,
        prepared: &Prepared,
        mut trader: Trader,
        (began, is_new): ((Timestamp, Option<Money>), bool),
        keeper: &mut SharedJournal,
    ) -> Result<Seat, DriverError> {
        let terms = Arc::new(trader.terms().clone());
        let unit_ns = match self.setup.venue {
            Venue::Alpaca => 60 * Timestamp::NS_PER_SECOND,
            _ => terms.bar_ns(),
        };
        let now = self.account.time;
        let shown = trader.machine().stamp();
        let from = if is_new { warm_up_from(&terms, now) } else { terms.next_stamp(shown) };
        let mut assembler = Assembler::new(Arc::clone(&terms), unit_ns, shown);
        for (symbol, bar) in self.past_bars(prepared, &terms, from, now).await? {
            if terms.span_of(bar.time).1 <= now {
                assembler.take(symbol, bar);
            }
        }
        let at = self.clock.moment();
        let last_due = terms.span_of(terms.stamp_at(now)).0;
        let mut actions = prepared.actions.iter().copied().peekable();
        while is_new && let Some(step) = assembler.ready(last_due, 0) {
            while warm_up_needs_splits(prepared) && actions.peek().is_some_and(|(from, _)| *from <= step.time) {
                if let Some((_, MarketAction::Split { symbol, ratio })) = actions.next()
                    && trader.machine().stamp() > Timestamp::MIN
                {
                    trader.give(Input::Split { symbol, ratio, time: step.time }, at, keeper)?;
                }
            }
            let bars = step.bars.iter().map(|(symbol, bar)| ShownBar::of(*symbol, bar)).collect();
            let input = Input::Bars { time: step.time, bars, late_ns: 0, warm_up: true };
            trader.give(input, at, keeper)?;
        }
        assembler.hold(self.setup.venue != Venue::Stepped);
        let shown = trader.machine().stamp();
        // What came before the first bar of a book is in its prices.
        let known = if shown == Timestamp::MIN { began.0.plus_ns(-Timestamp::NS_PER_DAY) } else { shown };
        let is_open = |(from, action): &&(Timestamp, MarketAction)| *from > known && !is_booked(&trader, *from, action);
        let actions = prepared.actions.iter().filter(is_open).copied().collect();
        let request =
            |symbol: &Symbol| request(prepared, &terms, self.setup.venue, self.setup.feed, *symbol, (now, now));
        let requests = terms.symbols.iter().map(request).collect();
        Ok(Seat { trader, assembler, actions, requests, asked_for: Timestamp::MIN, began })
    }

    /// Limits that are other ones than the book has had are an input, so that it is made again with what counted when.
    fn give_limits(&self, trader: &mut Trader, keeper: &mut SharedJournal) -> Result<Vec<SessionEvent>, DriverError> {
        let (had, risk) = (*trader.machine().gate().limits(), trader.terms().risk.clone());
        let limits = [
            ("max_daily_loss", had.daily_loss_max, risk.max_daily_loss),
            ("max_position_size", had.position_size_max, risk.max_position_size),
            ("max_portfolio_heat", had.portfolio_heat_max, risk.max_portfolio_heat),
        ];
        let others = limits.iter().filter(|(_, had, now)| had != now);
        let others: Vec<String> = others.map(|(limit, had, now)| format!("{limit} was {had} and is {now}")).collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let input = Input::Limits {
            daily_loss: risk.max_daily_loss,
            position_size: risk.max_position_size,
            portfolio_heat: risk.max_portfolio_heat,
        };
        let mut told = trader.give(input, self.clock.moment(), keeper)?;
        let (name, others) = (&trader.terms().name, others.join(", "));
        told.push(self.event(trader.terms(), format!("Limits of {name} have changed: {others}. Its book goes on.")));
        Ok(told)
    }

    /// Something that people must know of a book as the session begins.
    fn event(&self, terms: &Terms, text: String) -> SessionEvent {
        let (kind, severity, strategy) = (EventKind::Started, Severity::Warning, Some(terms.name.clone()));
        SessionEvent { row: 0, time: self.clock.time(), kind, severity, strategy, symbol: None, text, refused: None }
    }

    async fn past_bars(
        &self,
        prepared: &Prepared,
        terms: &Terms,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(Symbol, Bar)>, DriverError> {
        let mut all = Vec::new();
        if now <= from {
            return Ok(all);
        }
        for symbol in &terms.symbols {
            let request = request(prepared, terms, self.setup.venue, self.setup.feed, *symbol, (from, now));
            let bars = read_bars(&self.setup.history, &request).await;
            let bars = bars.map_err(|error| DriverError::Venue(error.to_string()))?;
            all.extend(bars.into_iter().map(|bar| (*symbol, bar)));
        }
        Ok(all)
    }
}
