//! What pages see of a session: one snapshot after another, ten a second at most.
//!
//! Not here: what a scenario's part looks like (session::show), how a page draws it (dashboard).
use std::sync::Arc;

use super::{Driver, Seat};
use crate::domain::{Money, Ratio, Timestamp};
use crate::execution::alpaca::TradingMode;
use crate::live::session::{BookView, Newest, book_view};
use crate::live::snapshot::{
    Aged, Figures, HaltView, HealthItem, MarketView, ModeView, Snapshot, StateView, StrategyView,
};
use crate::report::format::{Numbers, Sign, UNDEFINED, counted};
use crate::risk::{HaltCause, HaltedBy};

/// Between two snapshots.
const EVERY_MS: u64 = 100;
const NS_PER_MS: i64 = 1_000_000;

impl<M: TradingMode> Driver<M> {
    /// Shows how things are, unless that was done a moment ago.
    pub(super) fn publish(&mut self) {
        let now_ms = self.clock.instant().ms;
        if now_ms < self.published_ms + EVERY_MS && self.version > 0 {
            return;
        }
        self.published_ms = now_ms;
        self.publish_now();
    }

    /// Shows how things are: what is seen last is how a session ended.
    pub(super) fn publish_now(&mut self) {
        self.version += 1;
        let snapshot = self.snapshot();
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    fn snapshot(&self) -> Snapshot {
        let time = self.clock.time();
        let books: Vec<BookView> = self.seats.iter().map(|seat| book_view(&seat.trader, time)).collect();
        let mut all = Snapshot {
            version: self.version,
            time,
            mode: self.mode_view(),
            state: self.state_view(&books, time),
            market: self.market_view(time),
            figures: figures(&books, time, (self.account_power(), self.is_account_behind())),
            positions: Vec::new(),
            closed: Vec::new(),
            orders: Vec::new(),
            refusals: Vec::new(),
            limits: Vec::new(),
            strategies: self.seats.iter().zip(&books).map(|(seat, book)| strategy(seat, book)).collect(),
            events: self.recent.iter().cloned().collect(),
            health: self.health(&books, time),
            charts: Vec::new(),
        };
        for book in books {
            all.positions.extend(book.positions);
            all.closed.extend(book.closed);
            all.orders.extend(book.orders);
            all.refusals.extend(book.refusals);
            all.limits.extend(book.limits);
            all.charts.extend(book.charts);
        }
        // Nearest to its stop first; what has none is the farthest from safety, and comes before all.
        all.positions.sort_by_key(|position| match (position.stop, position.last.value) {
            (Some(stop), Some(last)) if last.units() > 0 => {
                i128::from((last.units() - stop.units()).abs()) * 1_000_000 / i128::from(last.units())
            }
            _ => -1,
        });
        all.refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.time));
        all
    }

    fn mode_view(&self) -> ModeView {
        let (venue, speed) = match M::NAME {
            "rehearsal" => ("the built-in exchange", Some(self.speed_text.clone())),
            _ => ("Alpaca", None),
        };
        let number = self.account.as_ref().map(|account| account.state.number.as_str()).filter(|text| text.len() >= 4);
        let account_tail = number.and_then(|number| number.get(number.len() - 4..)).map(str::to_owned);
        ModeView { mode: M::NAME.to_owned(), venue: venue.to_owned(), account_tail, speed, pace: self.speed }
    }

    fn state_view(&self, books: &[BookView], time: Timestamp) -> StateView {
        let halts = self.seats.iter().filter_map(|seat| {
            let strongest = seat.trader.machine().gate().watch().halts().strongest();
            strongest.map(|halt| (seat, halt))
        });
        if let Some((seat, halt)) = halts.max_by_key(|(_, halt)| halt.cause) {
            let clears = (halt.cause == HaltCause::DailyLoss).then(|| next_open(seat, self.clock.time())).flatten();
            let (by, why) = match &halt.by {
                HaltedBy::Person(name) => (name.as_str().to_owned(), None),
                HaltedBy::Limit { lost, of, limit } => ("limit".to_owned(), Some(limit_words(*lost, *of, *limit))),
                other => (other.to_string(), None),
            };
            let reason = halt.reason.as_ref().map(|reason| reason.as_str().to_owned()).or(why);
            let cause = halt.cause.name().to_owned();
            let is_kill = halt.cause == HaltCause::KillSwitch;
            let steps = if is_kill { self.kill.steps() } else { Vec::new() };
            // The switch is dated by the wall's clock, and everything else on the page by the venue's.
            let stood_before = is_kill && halt.since < self.began;
            let since = self.halted_at.filter(|_| is_kill && !stood_before).unwrap_or(halt.since);
            let done_before = is_kill && self.kill.is_done_before();
            let halt = HaltView { cause, by, since, stood_before, reason, clears, steps, done_before };
            return StateView::Halted(halt);
        }
        if !self.is_ready() {
            return StateView::Starting { what: "both streams, and everything the venue has".to_owned() };
        }
        let late = self.seats.iter().zip(books).filter(|(seat, book)| is_open(seat, time) && book.newest.is_old(time));
        match late.map(|(_, book)| book.newest).min_by_key(|newest| newest.due) {
            Some(Newest { due, allowed_ns, .. }) => {
                let allowed_ms = u64::try_from(allowed_ns / NS_PER_MS).unwrap_or(0);
                StateView::PricesOld { since: due, allowed_ms }
            }
            None => StateView::Trading,
        }
    }

    fn market_view(&self, time: Timestamp) -> MarketView {
        let Some(seat) = self.seats.first() else {
            return MarketView { is_open: false, next_open: None, next_close: None };
        };
        let calendar = seat.trader.terms().calendar;
        let session = calendar.session(time).filter(|session| session.contains(time));
        let upcoming = calendar.session(time).filter(|session| time < session.open);
        let upcoming = upcoming.or_else(|| calendar.next_session(time));
        MarketView {
            is_open: session.is_some(),
            next_open: upcoming.map(|session| session.open),
            next_close: session.or(upcoming).map(|session| session.close),
        }
    }

    fn account_power(&self) -> Aged<Money> {
        match &self.account {
            Some(account) => Aged { value: Some(account.state.buying_power), at: account.time },
            None => Aged { value: None, at: Timestamp::MIN },
        }
    }

    fn health(&self, books: &[BookView], time: Timestamp) -> Vec<HealthItem> {
        let item = |name: &str, is_well: bool, text: String, at: Option<Timestamp>| HealthItem {
            name: name.to_owned(),
            is_well,
            text,
            at,
        };
        let listens = self.seats.iter().all(|seat| seat.trader.desk_ref().is_listening());
        let ready = self.is_ready();
        let word = |well: bool| if well { "connected" } else { "not connected" }.to_owned();
        let traffic = self.port.traffic();
        let late: u64 = self.seats.iter().map(|seat| seat.assembler.late()).sum();
        let late = usize::try_from(late).unwrap_or(usize::MAX);
        let tied = !self.differs();
        let compared = self.account.as_ref().map(|account| account.time);
        let newest = books.iter().filter_map(|book| book.newest.at).max();
        let mut items = vec![
            item("trading_stream", listens, word(listens), listens.then_some(time)),
            item("data_stream", !self.is_data_lost && ready, word(!self.is_data_lost && ready), newest),
            item("journal", true, format!("{} rows", self.keeper.rows()), None),
            item(
                "reconciliation",
                tied && ready,
                if tied { "books and account tie" } else { "a difference is open" }.to_owned(),
                compared,
            ),
            item(
                "calls",
                true,
                format!(
                    "{} sent, {} answered, {}",
                    traffic.calls,
                    traffic.outcomes,
                    counted(late, "late bar", "late bars")
                ),
                None,
            ),
        ];
        items.extend((self.health)());
        items
    }
}

/// `−2.04%, limit −2.00%`.
fn limit_words(lost: Money, of: Money, limit: Ratio) -> String {
    let percent = |fraction: f64| Numbers::TYPOGRAPHIC.percent(-fraction, 2, Sign::Negative);
    let lost = lost.fraction_of(of).map_or(UNDEFINED.to_owned(), percent);
    format!("{lost}, limit {}", percent(limit.to_f64()))
}

fn is_open(seat: &Seat, time: Timestamp) -> bool {
    seat.trader.terms().calendar.session(time).is_some_and(|session| session.contains(time))
}

fn next_open(seat: &Seat, time: Timestamp) -> Option<Timestamp> {
    seat.trader.terms().calendar.next_session(time).map(|session| session.open)
}

fn strategy(seat: &Seat, book: &BookView) -> StrategyView {
    let terms = seat.trader.terms();
    let stamp = seat.trader.machine().stamp();
    StrategyView {
        name: terms.name.clone(),
        rule: terms.rule.clone(),
        is_on: seat.trader.machine().gate().watch().halts().strongest().is_none(),
        last_bar: (stamp > Timestamp::MIN).then_some(stamp),
        equity: Some(book.equity),
        today: Some(book.today),
        positions: book.positions.len(),
    }
}

/// The six figures: sums over the books, so that they tie; buying power is the account's.
fn figures(books: &[BookView], time: Timestamp, (buying_power, is_power_behind): (Aged<Money>, bool)) -> Figures {
    let at = books.iter().map(|book| book.priced_at).min().unwrap_or(time);
    let sum = |of: fn(&BookView) -> Money| books.iter().map(of).sum::<Money>();
    let aged = |value: Money| Aged { value: Some(value), at };
    Figures {
        equity: aged(sum(|book| book.equity)),
        baseline: Some(sum(|book| book.baseline)),
        is_baseline_start: books.iter().all(|book| book.is_baseline_start),
        today: aged(sum(|book| book.today)),
        until_halt: books.iter().map(|book| book.until_halt).min(),
        open_pnl: aged(sum(|book| book.open_pnl)),
        at_stops: aged(sum(|book| book.at_stops)),
        gross: aged(sum(|book| book.gross)),
        buying_power,
        is_power_behind,
        reserved: sum(|book| book.reserved),
    }
}
