//! What the limits of `[risk]` did in a run: how much of each was used, what it refused, what it let through.
//!
//! Not here: deciding (risk), words (report::limits), the file (efficacy_file). "Used" is what the account came
//! to at the closes of its steps, as in `equity.csv`: prices may carry a position past a limit that holds
//! entries, and then the use is above the limit without a refusal. What nothing measured is `None`, never 0.
use super::efficacy_halts::{HaltUse, halt_uses, rows_of};
use super::efficacy_peaks::Peaks;
use super::spec::RiskSpec;
use super::{AccountRow, LoadedScenario, MarketData};
use crate::domain::{Money, Ratio, Timestamp};
use crate::engine::{Journal, OrderOutcome, RefusalRecord};
use crate::risk::{HaltCause, Refusal};

/// A limit of `[risk]` that has a number in a replay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LimitKind {
    /// `max_daily_loss`.
    DailyLoss,
    /// `max_drawdown`.
    Drawdown,
    /// `max_portfolio_heat`.
    PortfolioHeat,
    /// `max_gross_exposure`.
    GrossExposure,
    /// `max_position_size`.
    PositionSize,
    /// `max_correlated_exposure`.
    CorrelatedExposure,
    /// `max_open_positions`.
    OpenPositions,
    /// `max_order_notional`.
    OrderNotional,
    /// `max_orders_per_minute`.
    OrdersPerMinute,
    /// `price_collar`.
    PriceCollar,
}

/// What a limit is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitUnit {
    /// A share: of equity, of what a loss is measured against, of a price.
    Share,
    /// Dollars.
    Dollars,
    /// A number of things.
    Count,
}

/// An amount in the unit of its limit, and when it was reached.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reached {
    /// The amount.
    pub amount: f64,
    /// Open time of the bars it was reached on.
    pub time: Timestamp,
}

/// One limit in a run.
#[derive(Clone, PartialEq, Debug)]
pub struct LimitUse {
    /// Which.
    pub kind: LimitKind,
    /// Its value in the scenario.
    pub allowed: f64,
    /// The most that was used of it; `None` where the run had nothing to measure.
    pub most: Option<Reached>,
    /// Orders and changes it refused; for daily loss and drawdown, while halted by them.
    pub refused: usize,
    /// Orders it made smaller (`on_breach = "trim"`).
    pub trimmed: usize,
    /// When it first refused or trimmed.
    pub first: Option<Timestamp>,
    /// When it last did.
    pub last: Option<Timestamp>,
    /// The most that a refused or trimmed order would have come to.
    pub largest: Option<Reached>,
}

/// All limits of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Efficacy {
    /// In the order of [`LimitKind`].
    pub limits: Vec<LimitUse>,
    /// Every halt, in order of time.
    pub halts: Vec<HaltUse>,
    /// Closes of the run, and those at which some halt stood.
    pub steps: (usize, usize),
    /// Sessions of the run, and those with such a close.
    pub sessions: (usize, usize),
    /// Refusals by reasons that are none of `limits`, most frequent first.
    pub other: Vec<(&'static str, usize)>,
    /// Orders made smaller to what the account could pay.
    pub trimmed_otherwise: usize,
}

impl LimitKind {
    /// All, in the order of a report: losses, what is at stake, single orders.
    pub const ALL: [LimitKind; 10] = [
        LimitKind::DailyLoss,
        LimitKind::Drawdown,
        LimitKind::PortfolioHeat,
        LimitKind::GrossExposure,
        LimitKind::PositionSize,
        LimitKind::CorrelatedExposure,
        LimitKind::OpenPositions,
        LimitKind::OrderNotional,
        LimitKind::OrdersPerMinute,
        LimitKind::PriceCollar,
    ];

    /// The key in `[risk]`.
    pub const fn key(self) -> &'static str {
        match self {
            LimitKind::DailyLoss => "max_daily_loss",
            LimitKind::Drawdown => "max_drawdown",
            LimitKind::PortfolioHeat => "max_portfolio_heat",
            LimitKind::GrossExposure => "max_gross_exposure",
            LimitKind::PositionSize => "max_position_size",
            LimitKind::CorrelatedExposure => "max_correlated_exposure",
            LimitKind::OpenPositions => "max_open_positions",
            LimitKind::OrderNotional => "max_order_notional",
            LimitKind::OrdersPerMinute => "max_orders_per_minute",
            LimitKind::PriceCollar => "price_collar",
        }
    }

    /// What it is counted in.
    pub const fn unit(self) -> LimitUnit {
        match self {
            LimitKind::OrderNotional => LimitUnit::Dollars,
            LimitKind::OpenPositions | LimitKind::OrdersPerMinute => LimitUnit::Count,
            _ => LimitUnit::Share,
        }
    }

    /// The limit that `refusal` names; `None` where it is another rule's.
    pub const fn of(refusal: &Refusal) -> Option<LimitKind> {
        Some(match refusal {
            Refusal::Halted { cause: HaltCause::DailyLoss, .. } => LimitKind::DailyLoss,
            Refusal::Halted { cause: HaltCause::Drawdown, .. } => LimitKind::Drawdown,
            Refusal::PortfolioHeat { .. } => LimitKind::PortfolioHeat,
            Refusal::GrossExposure { .. } => LimitKind::GrossExposure,
            Refusal::PositionSize { .. } => LimitKind::PositionSize,
            Refusal::CorrelatedExposure { .. } => LimitKind::CorrelatedExposure,
            Refusal::OpenPositions { .. } => LimitKind::OpenPositions,
            Refusal::OrderNotional { .. } => LimitKind::OrderNotional,
            Refusal::OrderRate { .. } => LimitKind::OrdersPerMinute,
            Refusal::PriceCollar { .. } => LimitKind::PriceCollar,
            _ => return None,
        })
    }

    /// Its value in `risk`, in its unit.
    pub fn allowed(self, risk: &RiskSpec) -> f64 {
        let share = |ratio: Ratio| ratio.to_f64();
        match self {
            LimitKind::DailyLoss => share(risk.max_daily_loss),
            LimitKind::Drawdown => share(risk.max_drawdown),
            LimitKind::PortfolioHeat => share(risk.max_portfolio_heat),
            LimitKind::GrossExposure => share(risk.max_gross_exposure),
            LimitKind::PositionSize => share(risk.max_position_size),
            LimitKind::CorrelatedExposure => share(risk.max_correlated_exposure),
            LimitKind::OpenPositions => f64::from(risk.max_open_positions),
            LimitKind::OrderNotional => risk.max_order_notional.to_f64(),
            LimitKind::OrdersPerMinute => f64::from(risk.max_orders_per_minute),
            LimitKind::PriceCollar => share(risk.price_collar),
        }
    }
}

/// Sums up a finished run. `rows`: its account, as [`account_rows`](super::account_rows) gives it. Needs time
/// linear in the rows and, where a larger group of correlated symbols may have been held, in the pairs of it.
pub fn efficacy(loaded: &LoadedScenario, market: &MarketData, journal: &Journal, rows: &[AccountRow]) -> Efficacy {
    let spec = &loaded.spec;
    let peaks = Peaks::since(Timestamp::MIN, market, journal, rows, spec.account.cash);
    let limits = LimitKind::ALL.map(|kind| limit_use(kind, &spec.risk, journal, &peaks)).to_vec();
    let halts = halt_uses(market, journal, rows, &peaks);
    let mut halted = vec![false; rows.len()];
    for halt in &journal.halts {
        halted[rows_of(halt, rows)].fill(true);
    }
    let sessions = peaks.session_ends.iter().scan(0, |from, end| Some(std::mem::replace(from, end + 1)..end + 1));
    Efficacy {
        limits,
        halts,
        steps: (rows.len(), halted.iter().filter(|stands| **stands).count()),
        sessions: (
            peaks.session_ends.len(),
            sessions.filter(|session| halted[session.clone()].iter().any(|stands| *stands)).count(),
        ),
        other: other_refusals(journal),
        trimmed_otherwise: journal.trims.iter().filter(|trim| LimitKind::of(&trim.refusal).is_none()).count(),
    }
}

/// The most that a run reached of each limit at `from` or later, in the order of [`LimitKind::ALL`]; `None` where it
/// had nothing to measure. `rows`: as of [`efficacy`].
///
/// Of the values and prices of single orders only the largest of the whole run are on record; where they were before
/// `from`, they are `None`.
pub fn reached_since(
    from: Timestamp,
    loaded: &LoadedScenario,
    market: &MarketData,
    journal: &Journal,
    rows: &[AccountRow],
) -> [Option<f64>; 10] {
    let peaks = Peaks::since(from, market, journal, rows, loaded.spec.account.cash);
    LimitKind::ALL.map(|kind| most(kind, journal, &peaks).filter(|most| most.time >= from).map(|most| most.amount))
}

fn limit_use(kind: LimitKind, risk: &RiskSpec, journal: &Journal, peaks: &Peaks) -> LimitUse {
    let is_own = |record: &&RefusalRecord| LimitKind::of(&record.refusal) == Some(kind);
    let refused = || journal.refusals.iter().filter(is_own);
    let trimmed = || journal.trims.iter().filter(is_own);
    let allowed = kind.allowed(risk);
    let times = || refused().chain(trimmed()).map(|record| record.time);
    let would_be = refused()
        .chain(trimmed())
        .filter_map(|record| Some(Reached { amount: would_be(&record.refusal, allowed)?, time: record.time }));
    LimitUse {
        kind,
        allowed,
        most: most(kind, journal, peaks),
        refused: refused().count(),
        trimmed: trimmed().count(),
        first: times().min(),
        last: times().max(),
        largest: would_be.reduce(|most, next| if next.amount > most.amount { next } else { most }),
    }
}

/// What the order would have come to, in the unit of the limit whose value is `allowed`.
fn would_be(refusal: &Refusal, allowed: f64) -> Option<f64> {
    match refusal {
        // `have` is the limit's share of equity, so the ratio of both says what share `need` would be.
        Refusal::PositionSize { need, have }
        | Refusal::GrossExposure { need, have }
        | Refusal::PortfolioHeat { need, have }
        | Refusal::CorrelatedExposure { need, have } => need.fraction_of(*have).map(|times| times * allowed),
        Refusal::OrderNotional { need, .. } => Some(need.to_f64()),
        Refusal::OpenPositions { need, .. } | Refusal::OrderRate { need, .. } => Some(*need as f64),
        // The limit stands at the reference price ± the collar, so the price is not needed: its side is.
        Refusal::PriceCollar { need, have } => {
            let side = if need > have { 1.0 } else { -1.0 };
            let reference = have.to_f64() / (1.0 + side * allowed);
            (reference > 0.0).then(|| (need.to_f64() / reference - 1.0).abs())
        }
        _ => None,
    }
}

fn most(kind: LimitKind, journal: &Journal, peaks: &Peaks) -> Option<Reached> {
    let of_order = |(amount, time): (f64, Timestamp)| Reached { amount, time };
    match kind {
        LimitKind::DailyLoss => peaks.daily_loss,
        LimitKind::Drawdown => peaks.drawdown,
        LimitKind::PortfolioHeat => peaks.heat,
        LimitKind::GrossExposure => peaks.gross,
        LimitKind::PositionSize => peaks.position,
        LimitKind::CorrelatedExposure => peaks.group,
        LimitKind::OpenPositions => peaks.positions,
        LimitKind::OrderNotional => {
            journal.approved_most.notional.map(|(notional, time)| of_order((Money::to_f64(notional), time)))
        }
        LimitKind::OrdersPerMinute => orders_in_a_minute(journal, peaks.from),
        LimitKind::PriceCollar => journal.approved_most.collar.map(|(far, time)| of_order((far.to_f64(), time))),
    }
}

/// Most orders sent within 60 seconds at `from` or later; legs are part of their entry.
fn orders_in_a_minute(journal: &Journal, from: Timestamp) -> Option<Reached> {
    let is_sent = |outcome: OrderOutcome| matches!(outcome, OrderOutcome::Sent(_));
    let own = journal.orders.iter().filter(|order| order.leg == 0 && is_sent(order.outcome));
    let own = own.filter(|order| order.decided_at >= from);
    let sent: Vec<Timestamp> = own.map(|order| order.decided_at).collect();
    let mut from = 0;
    let counts = sent.iter().enumerate().map(|(at, time)| {
        while sent[from].plus_ns(60 * Timestamp::NS_PER_SECOND) <= *time {
            from += 1;
        }
        Reached { amount: (at + 1 - from) as f64, time: *time }
    });
    counts.reduce(|most, next| if next.amount > most.amount { next } else { most })
}

fn other_refusals(journal: &Journal) -> Vec<(&'static str, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for record in journal.refusals.iter().filter(|record| LimitKind::of(&record.refusal).is_none()) {
        *counts.entry(record.refusal.code()).or_insert(0) += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    // Stable: equal counts stay in the order of their names.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
