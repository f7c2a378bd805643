//! What the venue does not take, asked with what its books and its account know.
//!
//! Not here: the rules (refusal), what becomes of an order that is taken (simulated).
use super::order::VenueOrder;
use super::refusal::{Resting, Standing, Terms, Trading, account, form};
use super::simulated::{SimulatedVenue, Submission};
use crate::domain::{
    LegLevel, OrderClass, OrderKind, OrderRequest, OrderSize, Quantity, RejectReason, SymbolIndex, Tick, TimeInForce,
};

impl SimulatedVenue {
    /// Why the venue refuses the order, if it does.
    ///
    /// Whether shorts are allowed and what can be paid is the gate's to say: it has reserves of its own. Shares
    /// that leave at the next open count as gone, so that an entry may turn the position round there. Those of
    /// an exit that waits for its price do not where Alpaca's rules hold: it may never fill, and two exits for
    /// the same shares would end as a position on the other side.
    pub(super) fn admit(&self, submission: &Submission<'_>) -> Result<(), RejectReason> {
        let request = submission.request;
        if let Some(symbol) = self.inactive(request.symbol) {
            return Err(RejectReason::AssetNotActive { symbol });
        }
        let book = &self.books[request.symbol.get()];
        let held = self.account.shares(request.symbol);
        let closes = held.closing_side() == Some(request.side);
        let is_clear = match closes {
            // Only the position's own legs rest, and they close it as well.
            true => {
                let is_leg = |order: &VenueOrder| order.side == request.side && !order.is_approved();
                !request.legs.any() && submission.quantity <= held.abs() && book.iter().all(is_leg)
            }
            false => book.is_empty(),
        };
        if is_clear && is_everyday(request, self.rules.tick) {
            // Nothing to trade against, nothing to be wrong.
            debug_assert_eq!(self.by_the_rules(submission), Ok(()));
            return Ok(());
        }
        self.by_the_rules(submission)
    }

    fn by_the_rules(&self, submission: &Submission<'_>) -> Result<(), RejectReason> {
        let (request, tick) = (submission.request, self.rules.tick);
        let book = &self.books[request.symbol.get()];
        let terms = Terms { tick, extended_hours: self.rules.extended_hours, new_york_minute: None };
        form(request, &terms)?;
        let leaves = |order: &VenueOrder| tick == Tick::None || leaves_at_market(order);
        let position = self.without(self.account.shares(request.symbol), request.symbol, leaves);
        let staying = self.without(position, request.symbol, |order| !leaves(order));
        let standing = Standing {
            trading: Trading::Open,
            position,
            held_for_orders: (position.abs() - staying.abs() + self.held_by_legs(request)).min(position.abs()),
            may_short: true,
            market: submission.last,
            tick,
            funds: None,
            resting: book
                .iter()
                .filter(|order| !is_held(order) && !self.is_being_canceled(order.id))
                .map(|order| Resting { id: order.id, side: order.side, kind: order.kind, opens: !order.reduce_only }),
        };
        account(request, wanted(submission), &standing)
    }

    /// Shares that legs hold against `request`: none against an exit that leaves at the market, which voids them.
    fn held_by_legs(&self, request: &OrderRequest) -> Quantity {
        let leaves_now = request.kind == OrderKind::Market
            && !matches!(request.time_in_force, TimeInForce::Opg | TimeInForce::Cls)
            && request.class == OrderClass::Simple;
        if leaves_now || self.rules.tick == Tick::None {
            return Quantity::ZERO;
        }
        self.held_by_legs_of(request.symbol, request.side)
    }

    /// `held` shares of `symbol` without those that the open exits take which are `meant`.
    fn without(&self, held: Quantity, symbol: SymbolIndex, meant: impl Fn(&VenueOrder) -> bool) -> Quantity {
        let exits = self.books[symbol.get()].iter().filter(|order| {
            order.reduce_only && order.is_approved() && !self.is_being_canceled(order.id) && meant(order)
        });
        let leaving = exits.fold(Quantity::ZERO, |sum, order| sum + order.remaining.min(held.abs() - sum));
        match held.closing_side() {
            Some(side) => held + leaving.signed(side),
            None => held,
        }
    }
}

/// A market order for whole shares whose legs, if any, are measured from its fill: the rules of form have
/// nothing against it. Nor against one price known before, where prices need no grid: there is no other for it
/// to be on the wrong side of.
fn is_everyday(request: &OrderRequest, tick: Tick) -> bool {
    let legs = &request.legs;
    let is_known = |level: Option<LegLevel>| usize::from(matches!(level, Some(LegLevel::At(_))));
    let is_whole = matches!(request.size, OrderSize::Shares(quantity) if quantity.is_whole());
    is_whole
        && request.kind == OrderKind::Market
        && (request.class == OrderClass::Simple || legs.any() && request.class != OrderClass::Oco)
        && matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc)
        && !request.extended_hours
        && legs.stop_limit.is_none()
        && is_known(legs.stop) + is_known(legs.take_profit) <= usize::from(tick == Tick::None)
}

/// Shares of an order; of one in dollars, those it comes to at the price it names, or where its share stands.
fn wanted(submission: &Submission<'_>) -> Quantity {
    let kind = submission.request.kind;
    match submission.request.size {
        OrderSize::Notional(amount) => {
            Quantity::most_for(amount, kind.limit().or(kind.stop()).unwrap_or(submission.last))
        }
        OrderSize::Shares(_) | OrderSize::CashFraction { .. } => submission.quantity,
    }
}

/// Is it a market order, or a stop that has become one?
fn leaves_at_market(order: &VenueOrder) -> bool {
    order.kind == OrderKind::Market || order.triggered && order.kind.limit().is_none()
}

/// Does it wait for its pair to go? Alpaca keeps the stop of a pair until it triggers.
fn is_held(order: &VenueOrder) -> bool {
    order.is_stop() && order.sibling.is_some()
}
