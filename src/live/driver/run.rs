//! The loop of a session whose market runs by itself.
//!
//! Not here: what is read beside it (jobs), commands (commands), a market that waits (stepped).
use std::time::Duration;

use super::{Driver, DriverError, Embedded};
use crate::domain::{Bar, Timestamp};
use crate::engine::MarketAction;
use crate::execution::alpaca::{BarKind, Outcome, StreamKind, StreamSignal, TradingMode, WireEvent};
use crate::live::session::{Input, ShownBar};
use crate::market::new_york_date;
use crate::venue::FillMoment;

/// How long it waits at most before it looks at the clock and the kill switch.
const LOOK: Duration = Duration::from_millis(20);
/// A fill this long after a bar began is one at its open, on the wall's clock: the first orders of a bar leave with it.
const OPENING_NS: i64 = 5 * Timestamp::NS_PER_SECOND;

impl<M: TradingMode> Driver<M> {
    /// Trades until somebody ends it, or the data of an exchange in this process do.
    ///
    /// Errors: the session must not go on.
    pub async fn run(&mut self, exchange: Option<&Embedded>) -> Result<(), DriverError> {
        loop {
            self.watch_latch()?;
            self.begin_bars_by_clock();
            self.turn()?;
            if !self.is_stopping() {
                self.show_ready(self.patience_ns)?;
                self.give_due_actions()?;
            }
            self.end_sessions()?;
            self.turn()?;
            self.begin_jobs()?;
            self.serve_folder()?;
            self.publish();
            if self.has_stopped() {
                return self.stopped();
            }
            if let Some(exchange) = exchange
                && !self.is_stopping()
                && exchange.is_over().await
                && self.is_quiet()
            {
                self.take_entries_back()?;
            }
            tokio::select! {
                biased;
                event = self.port.next() => self.take(event),
                Some(command) = self.people.commands.recv() => self.command(command)?,
                Some(notice) = self.people.logins.recv() => self.login(notice)?,
                Some(job) = self.jobs.join_next() => self.job_done(job)?,
                () = tokio::time::sleep(LOOK) => {}
            }
            self.on_time();
        }
    }

    /// Time has passed for every desk.
    pub(super) fn on_time(&mut self) {
        let now = self.clock.instant();
        self.await_splits();
        self.seats.iter_mut().for_each(|seat| seat.trader.desk().on_time(now));
    }

    /// Takes in what the wire has brought.
    pub(super) fn take(&mut self, event: WireEvent) {
        self.heard += u64::from(event.is_update());
        if let WireEvent::Signal { stream: StreamKind::Data, signal: StreamSignal::Lost(_) } = &event {
            self.is_data_lost = true;
            self.losses += 1;
            self.seats.iter_mut().for_each(|seat| seat.assembler.hold(true));
        }
        self.await_splits();
        let mut event = event;
        if let WireEvent::Outcome { outcome: Outcome::Answered { rate, .. }, .. } = &mut event
            && self.speed > 1
        {
            // The exchange's minute is none of ours: a wait for its end would last many of its minutes.
            rate.reset_seconds = None;
        }
        let now = self.clock.instant();
        let mut desks: Vec<_> = self.seats.iter_mut().map(|seat| seat.trader.desk()).collect();
        self.port.take(&mut desks, event, now);
        for bar in self.port.take_bars() {
            let of_venue = self.is_daily_of_venue;
            for seat in &mut self.seats {
                let is_daily = seat.trader.terms().timeframe.is_daily();
                let is_wanted = match bar.kind {
                    BarKind::Ended | BarKind::Updated => !is_daily || of_venue,
                    BarKind::Day => false,
                };
                if is_wanted {
                    // Daily bars of the exchange are stamped midnight New York, files by the date.
                    let time = if is_daily { new_york_date(bar.bar.time) } else { bar.bar.time };
                    seat.assembler.take(bar.symbol, Bar { time, ..bar.bar });
                }
            }
        }
    }

    /// Steps that are complete go to their engines.
    pub(super) fn show_ready(&mut self, patience_ns: i64) -> Result<(), DriverError> {
        // All books have decided on a bar before anything leaves: the exit of one goes before the entry of another.
        while self.show_step(patience_ns)? {
            self.turn()?;
        }
        Ok(())
    }

    /// Shows each engine its next step, where one is complete. Says whether there was any.
    fn show_step(&mut self, patience_ns: i64) -> Result<bool, DriverError> {
        let (now, mut was_shown) = (self.clock.time(), false);
        for at in 0..self.seats.len() {
            let Some(step) = self.seats[at].assembler.ready(now, patience_ns) else { continue };
            was_shown = true;
            let moment = self.clock.moment();
            self.seats[at].trader.forget_before(step.time, moment, &mut self.keeper)?;
            // Whatever was pressed before a decision holds for it.
            self.watch_latch()?;
            self.give_actions_of(at, step.time, true)?;
            let seat = &mut self.seats[at];
            let late_ns = seat.trader.terms().lateness_ns(step.time, now);
            let bars = step.bars.iter().map(|(symbol, bar)| ShownBar::of(*symbol, bar)).collect();
            self.give(at, Input::Bars { time: step.time, bars, late_ns, warm_up: false })?;
        }
        Ok(was_shown)
    }

    /// Gives an input to the engine of one scenario.
    pub(super) fn give(&mut self, seat: usize, input: Input) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let told = self.seats[seat].trader.give(input, at, &mut self.keeper)?;
        self.told(told)
    }

    /// Fills from here on happened on the bar of this stamp.
    pub(super) fn begin_bars(&mut self, stamp: Timestamp, moment: FillMoment) {
        self.seats.iter_mut().for_each(|seat| seat.trader.begin_bar(stamp, moment));
    }

    fn begin_bars_by_clock(&mut self) {
        let (now, opening_ns) = (self.clock.time(), OPENING_NS.saturating_mul(i64::from(self.speed)));
        for seat in &mut self.seats {
            let stamp = seat.trader.terms().stamp_at(now);
            let opens = seat.trader.terms().span_of(stamp).0;
            let is_opening = now < opens.plus_ns(opening_ns);
            seat.trader.begin_bar(stamp, if is_opening { FillMoment::Open } else { FillMoment::Within });
        }
    }

    /// Sessions whose last interval had no bar end by the clock.
    fn end_sessions(&mut self) -> Result<(), DriverError> {
        let now = self.clock.time();
        for at in 0..self.seats.len() {
            let seat = &self.seats[at];
            let Some(start) = seat.trader.machine().session() else { continue };
            let session = seat.trader.terms().session_of(start);
            let is_over = session.is_some_and(|session| now >= session.close.plus_ns(2 * self.patience_ns));
            if is_over && seat.assembler.due(0).is_none() {
                self.give(at, Input::SessionEnds { start })?;
            }
        }
        Ok(())
    }

    /// Splits and dividends of a day come when it has begun in New York and all bars before it were shown.
    fn give_due_actions(&mut self) -> Result<(), DriverError> {
        let now = self.clock.time();
        for at in 0..self.seats.len() {
            let (terms, assembler) = (self.seats[at].trader.terms(), &self.seats[at].assembler);
            let stamp = terms.stamp_at(now);
            if terms.calendar.start_of_day(stamp) <= now && assembler.is_idle() {
                self.give_actions_of(at, stamp, false)?;
            }
        }
        Ok(())
    }

    /// Splits and dividends that come before the open of `stamp`.
    pub(super) fn give_actions(&mut self, stamp: Timestamp) -> Result<(), DriverError> {
        (0..self.seats.len()).try_for_each(|at| self.give_actions_of(at, stamp, true))
    }

    /// `is_before_bars`: bars in new shares are about to be shown, so nothing can wait any more.
    fn give_actions_of(&mut self, at: usize, stamp: Timestamp, is_before_bars: bool) -> Result<(), DriverError> {
        while let Some((from, action)) = self.seats[at].actions.first().copied()
            && from <= stamp
            && (is_before_bars || self.is_shown(at, &action, stamp))
        {
            self.seats[at].actions.remove(0);
            match action {
                MarketAction::Split { symbol, ratio } => self.give(at, Input::Split { symbol, ratio, time: stamp })?,
                MarketAction::Dividend { symbol, amount } => {
                    self.give(at, Input::Dividend { symbol, amount, time: stamp })?;
                }
                MarketAction::Delisting { name, .. } => {
                    return Err(DriverError::Venue(format!("{name} is delisted; take it out of the scenario")));
                }
            }
        }
        Ok(())
    }
}
