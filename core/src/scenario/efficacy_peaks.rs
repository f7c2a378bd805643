//! The most that a run used of each limit: one walk over its steps, with the books read again.
//!
//! Not here: limits (efficacy), halts (efficacy_halts). Shares are estimates: the exact comparison was the
//! gate's, at the moment of each order.
use std::collections::{BTreeMap, BTreeSet};

use super::account_rows::{Books, Held};
use super::efficacy::Reached;
use super::{AccountRow, MarketData};
use crate::domain::{Bar, Money, SymbolIndex, Timestamp};
use crate::engine::Journal;
use crate::market::Merge;
use crate::risk::{Correlations, HaltCause, SymbolSet};

/// The most of everything, where there was equity to measure it with, and what the account was worth where a loss is explained.
#[derive(Debug, Default)]
pub(super) struct Peaks {
    /// Loss since the close of the session before ÷ equity then.
    pub(super) daily_loss: Option<Reached>,
    /// Fall from the peak ÷ peak; a resume after a drawdown starts a new peak.
    pub(super) drawdown: Option<Reached>,
    /// What the stops left at risk ÷ equity.
    pub(super) heat: Option<Reached>,
    /// Value of all positions ÷ equity.
    pub(super) gross: Option<Reached>,
    /// Value of the largest position ÷ equity.
    pub(super) position: Option<Reached>,
    /// Value of the largest group of two or more correlated symbols ÷ equity.
    pub(super) group: Option<Reached>,
    /// Symbols held at once.
    pub(super) positions: Option<Reached>,
    /// What was held before a bar, at its open: for every bar at whose close a loss halted.
    pub(super) at_open: BTreeMap<Timestamp, Money>,
    /// Index of the last row of each session, as the daily loss counts them: what happens after the last bar of
    /// the core session is the next one's.
    pub(super) session_ends: Vec<usize>,
    /// What is reached before it does not count.
    pub(super) from: Timestamp,
}

/// Keeps the larger, the earlier of equals; nothing before `from`.
fn raise(most: &mut Option<Reached>, amount: Option<f64>, time: Timestamp, from: Timestamp) {
    let is_more = |amount: &f64| time >= from && most.is_none_or(|most| *amount > most.amount);
    if let Some(amount) = amount.filter(is_more) {
        *most = Some(Reached { amount, time });
    }
}

/// `amount` as a share of `whole`; unknown where there is nothing to share.
pub(super) fn share(amount: Money, whole: Money) -> Option<f64> {
    amount.fraction_of(whole).filter(|_| whole > Money::ZERO)
}

impl Peaks {
    /// Those of a run that started with `cash`, as far as they were reached at `from` or later.
    pub(super) fn since(
        from: Timestamp,
        market: &MarketData,
        journal: &Journal,
        rows: &[AccountRow],
        cash: Money,
    ) -> Peaks {
        let session_ends = session_ends(market, rows);
        let mut peaks = Peaks { session_ends, from, ..Peaks::default() };
        peaks.see_losses(journal, rows, cash);
        peaks.see_positions(market, journal, rows, cash);
        for row in rows {
            raise(&mut peaks.heat, row.heat.filter(|_| row.equity > Money::ZERO), row.time, from);
            raise(&mut peaks.gross, share(row.gross_exposure, row.equity), row.time, from);
        }
        peaks
    }

    fn see_losses(&mut self, journal: &Journal, rows: &[AccountRow], cash: Money) {
        let drawdowns = journal.halts.iter().filter(|halt| halt.cause == HaltCause::Drawdown);
        let resumed: BTreeSet<Timestamp> = drawdowns.filter_map(|halt| halt.until).collect();
        let (mut baseline, mut peak, mut ends) = (cash, cash, self.session_ends.iter().peekable());
        for (at, row) in rows.iter().enumerate() {
            peak = peak.max(row.equity);
            raise(&mut self.daily_loss, share(baseline - row.equity, baseline), row.time, self.from);
            raise(&mut self.drawdown, share(peak - row.equity, peak), row.time, self.from);
            if resumed.contains(&row.time) {
                peak = row.equity;
            }
            if ends.next_if(|end| **end == at).is_some() {
                baseline = row.equity;
            }
        }
        // What halted was looked at before the orders of that close filled, if they filled at it.
        for halt in &journal.halts {
            let most = match halt.cause {
                HaltCause::DailyLoss => &mut self.daily_loss,
                HaltCause::Drawdown => &mut self.drawdown,
                HaltCause::Manual | HaltCause::KillSwitch => continue,
            };
            raise(most, halt.loss.and_then(|loss| share(loss.lost, loss.of)), halt.from, self.from);
        }
        // A run that only gained has lost nothing, and that is known.
        self.daily_loss.iter_mut().for_each(|most| most.amount = most.amount.max(0.0));
    }

    fn see_positions(&mut self, market: &MarketData, journal: &Journal, rows: &[AccountRow], cash: Money) {
        let bars: Vec<&[Bar]> = market.bars.iter().map(Vec::as_slice).collect();
        let mut merge = Merge::new(&bars);
        let mut step = Vec::with_capacity(bars.len());
        let mut books = Books::new(bars.len(), journal, cash);
        let mut groups = Groups::new(bars.len(), journal);
        let mut ends = self.session_ends.iter().peekable();
        let losses = journal.halts.iter().filter(|halt| halt.loss.is_some());
        let noticed: BTreeSet<Timestamp> = losses.map(|halt| halt.from).collect();
        for (at, row) in rows.iter().enumerate() {
            // A step after the last bar has none.
            merge.next_step(&mut step);
            books.open(row.time);
            groups.open(row.time);
            if noticed.contains(&row.time) {
                let mut worth = books.cash + books.held.iter().map(Held::value).sum();
                for (symbol, index) in &step {
                    let (held, bar) = (&books.held[symbol.get()], &bars[symbol.get()][*index]);
                    worth += bar.open.notional(held.quantity) - held.value();
                }
                self.at_open.insert(row.time, worth);
            }
            books.trade(row.time);
            for (symbol, index) in &step {
                books.held[symbol.get()].close = bars[symbol.get()][*index].close;
                groups.had_bar[symbol.get()] = true;
            }
            let largest = books.held.iter().map(|held| held.value().abs()).max().unwrap_or_default();
            let count = books.held.iter().filter(|held| !held.quantity.is_zero()).count();
            raise(&mut self.position, share(largest, row.equity), row.time, self.from);
            raise(&mut self.positions, Some(count as f64), row.time, self.from);
            // No group is worth more than everything.
            let gross = share(row.gross_exposure, row.equity);
            if count > 1 && gross.is_some_and(|gross| self.group.is_none_or(|most| gross > most.amount)) {
                raise(
                    &mut self.group,
                    groups.largest(&books.held).and_then(|all| share(all, row.equity)),
                    row.time,
                    self.from,
                );
            }
            if ends.next_if(|end| **end == at).is_some() {
                groups.close_session(&books.held);
            }
        }
    }
}

/// The correlations as the gate knew them at each step.
struct Groups<'a> {
    journal: &'a Journal,
    correlations: Correlations,
    splits_seen: usize,
    had_bar: Vec<bool>,
}

impl<'a> Groups<'a> {
    fn new(symbols: usize, journal: &'a Journal) -> Groups<'a> {
        Groups { journal, correlations: Correlations::new(symbols), splits_seen: 0, had_bar: vec![false; symbols] }
    }

    fn open(&mut self, time: Timestamp) {
        while let Some(split) = self.journal.splits.get(self.splits_seen).filter(|split| split.time <= time) {
            self.correlations.split(split.symbol, split.ratio);
            self.splits_seen += 1;
        }
    }

    fn close_session(&mut self, held: &[Held]) {
        let closes = held.iter().zip(&mut self.had_bar);
        self.correlations.close_session(closes.map(|(held, had)| std::mem::take(had).then_some(held.close)));
    }

    /// Value of the largest group of two or more held symbols.
    fn largest(&self, held: &[Held]) -> Option<Money> {
        let symbols =
            || (0..held.len() as u16).map(SymbolIndex).filter(|symbol| !held[symbol.get()].quantity.is_zero());
        let mut exposed = SymbolSet::new(held.len());
        symbols().for_each(|symbol| exposed.insert(symbol));
        let worth = |symbol| {
            let mut all = Money::ZERO;
            let members = self.correlations.group(symbol, &exposed, |member| all += held[member.get()].value().abs());
            (members > 1).then_some(all)
        };
        symbols().filter_map(worth).max()
    }
}

fn session_ends(market: &MarketData, rows: &[AccountRow]) -> Vec<usize> {
    if market.sessions.is_empty() {
        return (0..rows.len()).collect();
    }
    let mut ends = Vec::with_capacity(market.sessions.len());
    let mut from = 0;
    for session in &market.sessions {
        let next = from + rows[from..].partition_point(|row| row.time <= session.last_bar);
        if next > from {
            ends.push(next - 1);
        }
        from = next;
    }
    // After the last session's close.
    if from < rows.len() {
        ends.push(rows.len() - 1);
    }
    ends
}
