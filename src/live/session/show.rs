//! What a page shows of one scenario: positions with stops, orders, what was refused, limits used.
//!
//! Not here: the account, streams, halts (driver). Nothing here changes anything.
//! Invariant: sums tie: today's result is equity less the baseline.
use super::show_limits::limits;
use super::tell::{order_words, refusal_words};
use super::terms::Terms;
use super::trader::Trader;
use crate::domain::{Money, OrderPurpose, Price, Quantity, SymbolIndex, Timestamp};
use crate::engine::{OrderOutcome, OrderRecord};
use crate::live::snapshot::{Aged, ChartView, ClosedView, LimitView, OrderRole, OrderView, PositionView, RefusalView};

/// One scenario's part of a snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct BookView {
    /// Cash and positions.
    pub equity: Money,
    /// Equity at the close before the session at hand.
    pub baseline: Money,
    /// The same is the cash that the book began with.
    pub is_baseline_start: bool,
    /// Equity less the baseline.
    pub today: Money,
    /// What may still be lost today.
    pub until_halt: Money,
    /// Unrealised.
    pub open_pnl: Money,
    /// Lost if every stop is hit.
    pub at_stops: Money,
    /// Sum of the positions' values.
    pub gross: Money,
    /// Set aside for orders on their way.
    pub reserved: Money,
    /// When the oldest price that its figures hang on was true; now, where nothing is held.
    pub priced_at: Timestamp,
    /// When the last bar was shown that was to be had, and whether its successor is too late.
    pub newest: Newest,
    /// Open positions.
    pub positions: Vec<PositionView>,
    /// What was closed today.
    pub closed: Vec<ClosedView>,
    /// Orders at the venue or on their way.
    pub orders: Vec<OrderView>,
    /// Refused today.
    pub refusals: Vec<RefusalView>,
    /// Limits and how much of them is used.
    pub limits: Vec<LimitView>,
    /// Prices of the session.
    pub charts: Vec<ChartView>,
}

/// The newest price of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Newest {
    /// When it was true; `None` before the first bar.
    pub at: Option<Timestamp>,
    /// When the next one should be there.
    pub due: Timestamp,
    /// How late that may be, in nanoseconds of the market's clock.
    pub allowed_ns: i64,
}

impl Newest {
    /// Is the next one too late at `now`?
    pub fn is_old(&self, now: Timestamp) -> bool {
        now > self.due.plus_ns(self.allowed_ns)
    }
}

/// Refusals that a page shows.
const REFUSALS_MAX: usize = 50;

/// What a page shows of `trader` at `time`.
pub fn book_view(trader: &Trader, time: Timestamp) -> BookView {
    let (machine, terms) = (trader.machine(), trader.terms());
    let (portfolio, gate) = (machine.portfolio(), machine.gate());
    let equity = portfolio.equity();
    // That of the session at hand, as the results of its positions: the gate's own is that of the next session from the
    // close on.
    let baseline = trader.day.baseline().unwrap_or_else(|| gate.watch().losses().marks().baseline);
    let positions: Vec<PositionView> =
        (0..terms.symbols.len()).filter_map(|at| position(trader, SymbolIndex(at as u16))).collect();
    let sum = |of: fn(&PositionView) -> Option<Money>| positions.iter().filter_map(of).sum::<Money>();
    let (open_pnl, at_stops) = (sum(|position| position.open_pnl), sum(|position| position.risk));
    BookView {
        equity,
        baseline,
        is_baseline_start: baseline == terms.cash,
        today: equity - baseline,
        until_halt: (equity - gate.watch().losses().daily_floor()).max(Money::ZERO),
        open_pnl,
        at_stops,
        gross: portfolio.gross_exposure(),
        reserved: gate.reserved(),
        priced_at: positions.iter().map(|position| position.last.at).min().unwrap_or(time),
        newest: newest(machine.stamp(), terms, time),
        closed: trader.day.closed_views(terms),
        orders: orders(trader),
        refusals: refusals(trader),
        limits: limits(machine, terms, time),
        charts: trader.day.charts(terms),
        positions,
    }
}

/// The newest price of a scenario whose last bar is that of `stamp`.
pub(super) fn newest(stamp: Timestamp, terms: &Terms, time: Timestamp) -> Newest {
    let is_known = stamp > Timestamp::MIN;
    // Before the first bar of all, one is due when the first of the session at hand is.
    let first = || terms.calendar.session(time).map_or(time, |session| session.open.plus_ns(terms.bar_ns()));
    Newest {
        at: is_known.then(|| terms.span_of(stamp).1),
        due: if is_known { terms.next_due(stamp) } else { first() },
        allowed_ns: terms.allowed_late_ns(),
    }
}

fn position(trader: &Trader, symbol: SymbolIndex) -> Option<PositionView> {
    let (machine, terms) = (trader.machine(), trader.terms());
    let own = machine.portfolio().position(symbol);
    let shares = own.quantity();
    if shares.is_zero() {
        return None;
    }
    let stops = machine.gate().stops(symbol);
    let (average, last) = (own.average_price(), own.mark());
    let open_pnl = signed_value(last, shares) - signed_value(average, shares);
    let nearest = stops.iter().map(|stop| stop.level).min_by_key(|level| (level.units() - last.units()).abs());
    let covered: Quantity = stops.iter().fold(Quantity::ZERO, |sum, stop| sum + stop.shares);
    let bare = (shares.abs() - covered).max(Quantity::ZERO);
    let of_stops: Money = stops.iter().map(|stop| at_stop(last, stop.level, stop.shares, shares)).sum();
    let since = trader.day.last_fill(symbol);
    // Whoever holds a share has seen a bar of it; a price whose bar nobody remembers is as old as can be.
    let stamp = trader.day.priced(symbol);
    let priced_at = stamp.map_or(Timestamp::MIN, |stamp| terms.span_of(stamp).1);
    let old_from = stamp.map(|stamp| terms.next_due(stamp).plus_ns(terms.allowed_late_ns()));
    Some(PositionView {
        strategy: terms.name.clone(),
        symbol: terms.symbols[symbol.get()].to_string(),
        shares,
        average,
        last: Aged { value: Some(last), at: priced_at },
        old_from: old_from.unwrap_or(Timestamp::MIN),
        today: trader.day.open_result(symbol, machine),
        open_pnl: Some(open_pnl),
        stop: nearest,
        stop_at_venue: nearest.is_some() && bare.is_zero(),
        risk: Some(of_stops + last.notional(bare)),
        since: since.unwrap_or(priced_at),
    })
}

/// Dollars between the mark and a stop; none where the stop lies on the good side of the mark.
fn at_stop(last: Price, level: Price, covered: Quantity, held: Quantity) -> Money {
    let lost = match held < Quantity::ZERO {
        false => last.notional(covered) - level.notional(covered),
        true => level.notional(covered) - last.notional(covered),
    };
    lost.max(Money::ZERO)
}

fn signed_value(price: Price, shares: Quantity) -> Money {
    let value = price.notional(shares.abs());
    if shares < Quantity::ZERO { -value } else { value }
}

fn orders(trader: &Trader) -> Vec<OrderView> {
    let (machine, terms) = (trader.machine(), trader.terms());
    let resting = machine.orders().records().filter(|record| record.rests());
    resting.map(|record| order(record, &terms.name, terms)).collect()
}

fn order(record: &OrderRecord, strategy: &str, terms: &Terms) -> OrderView {
    let kind = record.request.kind;
    let status = match record.outcome {
        OrderOutcome::Sent(status) => status.name().replace('_', " "),
        OrderOutcome::Refused => "refused".to_owned(),
    };
    OrderView {
        strategy: strategy.to_owned(),
        order: record.id,
        symbol: terms.symbols[record.request.symbol.get()].to_string(),
        side: record.request.side,
        quantity: record.quantity,
        filled: record.filled,
        kind: kind.name().to_owned(),
        price: kind.stop().or(kind.limit()).filter(|price| *price > Price::ZERO),
        status,
        purpose: role(record),
        since: record.decided_at,
    }
}

fn role(record: &OrderRecord) -> OrderRole {
    match record.request.purpose {
        purpose if record.leg > 0 || purpose.protects() => OrderRole::Protects,
        OrderPurpose::Entry => OrderRole::Entry,
        _ => OrderRole::Exit,
    }
}

fn refusals(trader: &Trader) -> Vec<RefusalView> {
    let (machine, terms) = (trader.machine(), trader.terms());
    let today = terms.session_of(machine.stamp()).map_or(Timestamp::MIN, |session| session.date);
    let recent = machine.journal().refusals.iter().rev().take(REFUSALS_MAX).filter(|record| record.time >= today);
    let view = |record: &crate::engine::RefusalRecord| RefusalView {
        time: record.time,
        strategy: terms.name.clone(),
        order: record.order,
        text: format!(
            "{}: {}.",
            order_words(machine.orders().get(record.order), terms),
            refusal_words(&record.refusal)
        ),
    };
    recent.map(view).collect()
}
