//! What is read beside the trading: the account, and bars that were missed.
//!
//! Not here: orders and fills (the desks read them). A job runs in a task of its own and waits for nobody.
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;

use super::actions::{ActionsRead, WAITING_MS};
use super::{Driver, DriverError};
use crate::domain::{Bar, Money, Quantity, Symbol, Timestamp};
use crate::execution::alpaca::history::{BarsRequest, HistoryClient, read_bars};
use crate::execution::alpaca::{AccountSeen, AskError, TradingMode};
use crate::live::event::{EventKind, SessionEvent, Severity};

/// The account is compared with our books so often.
const ACCOUNT_MS: u64 = 30_000;
/// Where it has changed since, or the venue's clock has leapt, it is read again this long after the last time, by the
/// venue's clock: each reading is two calls of the two hundred a minute. The least is by the wall's.
const ACCOUNT_AGAIN_MS: u64 = 3_000;
const ACCOUNT_LEAST_MS: u64 = 500;
/// After the close, Alpaca's bar of the day is asked for this much later, and again every minute until it is there: the
/// free plan shows nothing younger than a quarter of an hour.
const DAY_BAR_AFTER_NS: i64 = 16 * 60 * Timestamp::NS_PER_SECOND;
const DAY_BAR_AGAIN_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// A gap that could not be read is read again after so many seconds; then its bars are given up, and trading goes on.
const GAP_AGAIN_S: [u64; 5] = [1, 2, 4, 8, 16];

/// Sentences that are remembered so that they are not said again: far more than a day has.
const NOTICED_MAX: usize = 1_000;

/// What a job has brought.
#[derive(Debug)]
pub(super) enum Job {
    /// The account, and how many fills the books had when it was asked for.
    Account(Result<AccountSeen, AskError>, u64),
    /// Splits and payments.
    Actions(Result<ActionsRead, AskError>),
    /// Bars of the past for a scenario. Of a gap they name the loss of the data stream that they were asked for after: its
    /// steps are held until then, and longer where the stream was lost once more meanwhile.
    Bars { seat: usize, bars: Result<Vec<(Symbol, Bar)>, String>, until: Timestamp, gap: Option<u64> },
}

impl<M: TradingMode> Driver<M> {
    /// Begins what is due.
    pub(super) fn begin_jobs(&mut self) -> Result<(), DriverError> {
        let now_ms = self.clock.instant().ms;
        let is_ready = self.is_ready();
        if is_ready && self.account_asked_ms.is_none_or(|asked| now_ms >= asked + self.account_gap_ms()) {
            self.account_asked_ms = Some(now_ms);
            let (reader, fills) = (Arc::clone(&self.reader), self.fills());
            self.jobs.spawn(async move { Job::Account(reader.seen().await, fills) });
        }
        if is_ready && std::mem::take(&mut self.is_data_lost) {
            for seat in 0..self.seats.len() {
                let from = self.seats[seat].assembler.shown();
                self.ask_history(seat, from, Some(self.losses));
            }
        }
        if is_ready {
            self.ask_actions();
        }
        if !self.is_daily_of_venue {
            self.ask_day_bars();
        }
        if is_ready && !std::mem::replace(&mut self.was_ready, is_ready) {
            let text = "Both streams are ready; orders, fills and positions at the venue have been read.";
            let time = self.clock.time();
            let (kind, severity, text) = (EventKind::Connection, Severity::Info, text.to_owned());
            self.say(SessionEvent { row: 0, time, kind, severity, strategy: None, symbol: None, text, refused: None })?;
        }
        self.was_ready = is_ready;
        Ok(())
    }

    fn account_gap_ms(&self) -> u64 {
        let usual = if self.awaits_split() { WAITING_MS } else { ACCOUNT_MS };
        let age_ns =
            self.account.as_ref().map_or(0, |account| self.clock.time().ns().saturating_sub(account.time.ns()));
        let usual_ns = i64::try_from(ACCOUNT_MS).unwrap_or(i64::MAX).saturating_mul(1_000_000 * i64::from(self.speed));
        let again = (ACCOUNT_AGAIN_MS / u64::from(self.speed.max(1))).max(ACCOUNT_LEAST_MS);
        if self.is_account_behind() || age_ns > 2 * usual_ns { usual.min(again) } else { usual }
    }

    /// Was something filled since the account was read?
    pub(super) fn is_account_behind(&self) -> bool {
        self.fills() != self.account_fills
    }

    /// Fills of all books so far.
    fn fills(&self) -> u64 {
        self.seats.iter().map(|seat| seat.trader.filled()).sum()
    }

    /// Alpaca's bars of the day come from history, after the close.
    fn ask_day_bars(&mut self) {
        let now = self.clock.time();
        for at in 0..self.seats.len() {
            let (terms, shown) = (self.seats[at].trader.terms(), self.seats[at].assembler.shown());
            let last = terms.calendar.session(now).filter(|session| session.close.plus_ns(DAY_BAR_AFTER_NS) <= now);
            let last = last.or_else(|| terms.calendar.previous_session(now));
            let is_due = terms.timeframe.is_daily() && last.is_some_and(|session| session.date > shown);
            if is_due && self.seats[at].asked_for.plus_ns(DAY_BAR_AGAIN_NS) <= now {
                self.seats[at].asked_for = now;
                self.ask_history(at, shown.plus_ns(Timestamp::NS_PER_DAY), None);
            }
        }
    }

    fn ask_history(&mut self, seat: usize, from: Timestamp, gap: Option<u64>) {
        let (history, reader, at_hand) = (Arc::clone(&self.history), Arc::clone(&self.reader), self.clock.time());
        let start = if from == Timestamp::MIN { at_hand.plus_ns(-Timestamp::NS_PER_DAY) } else { from };
        let mut requests: Vec<BarsRequest> =
            self.seats[seat].requests.iter().map(|request| BarsRequest { start, ..*request }).collect();
        // The bars of the day are asked for again by themselves.
        let waits_s: &[u64] = if gap.is_some() { &GAP_AGAIN_S } else { &[] };
        self.jobs.spawn(async move {
            let mut waits_s = waits_s.iter();
            loop {
                // The clock at hand is looked at now and then; bars that have ended since are of the gap, too.
                let until = reader.time().await.map_or(at_hand, |time| time.max(at_hand));
                requests.iter_mut().for_each(|request| request.end = until);
                let bars = read_all(&history, &requests).await;
                match waits_s.next().filter(|_| bars.is_err()) {
                    Some(seconds) => tokio::time::sleep(Duration::from_secs(*seconds)).await,
                    None => return Job::Bars { seat, bars, until, gap },
                }
            }
        });
    }

    /// Takes in what a job has brought.
    pub(super) fn job_done(&mut self, job: Result<Job, JoinError>) -> Result<(), DriverError> {
        match job {
            Err(error) => Err(DriverError::Venue(format!("a task has failed: {error}; this is a defect"))),
            Ok(Job::Account(Ok(seen), fills)) => {
                self.account_fills = fills;
                self.compare(seen)
            }
            Ok(Job::Account(Err(error), _)) => {
                self.notice(EventKind::Connection, Severity::Warning, &error.to_string())
            }
            Ok(Job::Actions(read)) => self.actions_read(read),
            Ok(Job::Bars { seat, bars: Ok(bars), until, gap }) => {
                let (has_own_bars, losses) = (self.is_daily_of_venue, self.losses);
                let seat = &mut self.seats[seat];
                let terms = seat.trader.terms().clone();
                for (symbol, bar) in bars {
                    let ends = match terms.timeframe.is_daily() || has_own_bars {
                        true => terms.span_of(bar.time).1,
                        false => bar.time.plus_ns(60 * Timestamp::NS_PER_SECOND),
                    };
                    if ends <= until {
                        seat.assembler.take(symbol, bar);
                    }
                }
                if gap == Some(losses) {
                    seat.assembler.hold(false);
                }
                Ok(())
            }
            Ok(Job::Bars { seat, bars: Err(error), gap, .. }) => {
                if gap == Some(self.losses) {
                    self.seats[seat].assembler.hold(false);
                }
                let text = format!("Bars of the past could not be read: {error}");
                self.notice(EventKind::Health, Severity::Warning, &text)
            }
        }
    }

    /// Says something, once until it changes.
    pub(super) fn notice(&mut self, kind: EventKind, severity: Severity, text: &str) -> Result<(), DriverError> {
        if self.noticed.len() >= NOTICED_MAX {
            // What still holds is said once more, by the next look at the account.
            self.noticed.clear();
        }
        let is_difference = matches!(kind, EventKind::Reconciliation | EventKind::Unauthorised);
        if !self.noticed.insert((is_difference && severity == Severity::Critical, text.to_owned())) {
            return Ok(());
        }
        let time = self.clock.time();
        let text = text.to_owned();
        self.say(SessionEvent { row: 0, time, kind, severity, strategy: None, symbol: None, text, refused: None })
    }

    /// Is a difference between the books and the account open?
    pub(super) fn differs(&self) -> bool {
        self.noticed.iter().any(|(is_difference, _)| *is_difference)
    }

    /// Holds the account against the sum of the books.
    fn compare(&mut self, seen: AccountSeen) -> Result<(), DriverError> {
        if !self.is_quiet() {
            // Something is on its way that could explain a difference.
            self.account = Some(seen);
            return Ok(());
        }
        let mut texts = Vec::new();
        for (name, venue) in &seen.positions {
            let ours = self.shares_of(name);
            match (ours, self.absent(name)) {
                (None, None) => texts.push((
                    (EventKind::Unauthorised, Severity::Critical),
                    format!("The account holds {venue} shares of {name} that this program did not buy."),
                )),
                (Some(ours), None) if ours != *venue => texts.push((
                    (EventKind::Reconciliation, Severity::Critical),
                    format!("The account holds {venue} shares of {name}, the books come to {ours}."),
                )),
                (ours, Some(absent)) => {
                    let books = absent.shares.map(|shares| shares + ours.unwrap_or_default());
                    if books != Some(*venue) {
                        let text = absent.words(name, *venue, books);
                        texts.push(((EventKind::Reconciliation, Severity::Warning), text));
                    }
                }
                (Some(_), None) => {}
            }
        }
        let is_shown = |name: &str| seen.positions.iter().any(|(shown, _)| shown == name);
        for name in self.port.symbols().iter().map(Symbol::as_str).filter(|name| !is_shown(name)) {
            if self.absent(name).is_some() {
                continue;
            }
            if let Some(ours) = self.shares_of(name).filter(|ours| !ours.is_zero()) {
                let text = format!("The account holds no share of {name}, the books come to {ours}.");
                texts.push(((EventKind::Reconciliation, Severity::Critical), text));
            }
        }
        if let Some(text) = self.cash_difference(seen.state.cash) {
            texts.push(((EventKind::Reconciliation, Severity::Critical), text));
        }
        let is_tied = texts.iter().all(|((_, severity), _)| *severity < Severity::Critical);
        self.account = Some(seen);
        if is_tied {
            self.tied_at = super::wall();
        }
        if is_tied && self.differs() {
            self.noticed.clear();
            return self.notice(EventKind::Reconciliation, Severity::Info, "The books and the account tie again.");
        }
        if !is_tied {
            self.ask_actions_soon();
        }
        texts.iter().try_for_each(|((kind, severity), text)| self.notice(*kind, *severity, text))
    }

    /// Shares that the books of all scenarios come to; `None` where none trades it.
    fn shares_of(&self, name: &str) -> Option<Quantity> {
        let mut sum = None;
        for seat in &self.seats {
            let symbol: Symbol = name.parse().ok()?;
            if let Some(index) = seat.trader.terms().index_of(symbol) {
                let held = seat.trader.machine().portfolio().position(index).quantity();
                sum = Some(sum.unwrap_or(Quantity::ZERO) + held);
            }
        }
        sum
    }

    /// Cash moved by our trades since the beginning, at the venue and in the books; only where the venue charges as we
    /// count, which the built-in exchange does.
    fn cash_difference(&self, cash: Money) -> Option<String> {
        let start = self.cash_at_start.filter(|_| self.is_daily_of_venue)?;
        let flow: Money =
            self.seats.iter().map(|seat| seat.trader.machine().portfolio().cash() - seat.trader.terms().cash).sum();
        let venue = cash - start;
        (venue != flow).then(|| format!("Cash moved by ${venue} at the venue, and by ${flow} in the books."))
    }
}

/// All bars of all requests, or why not.
async fn read_all(history: &HistoryClient, requests: &[BarsRequest]) -> Result<Vec<(Symbol, Bar)>, String> {
    let mut all = Vec::new();
    for request in requests {
        let bars = read_bars(history, request).await.map_err(|error| error.to_string())?;
        all.extend(bars.into_iter().map(|bar| (request.symbol, bar)));
    }
    Ok(all)
}
