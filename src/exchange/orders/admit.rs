//! Is an order taken? What the account knows, put to the rules of the venue.
//!
//! Not here: the rules (venue::refusal), reading the order (read).
use super::intent::Intent;
use super::read::Wanted;
use super::record::{Record, Status};
use crate::domain::{
    LegLevel, Money, OrderClass, OrderKind, OrderRequest, OrderSize, Price, Quantity, RejectReason, Side, SymbolIndex,
    Timestamp,
};
use crate::exchange::core::Exchange;
use crate::exchange::refusal::Refused;
use crate::market::Calendar;
use crate::risk::reserve_price;
use crate::venue::Occasion;
use crate::venue::refusal::{AssetStatus, Funds, Resting, Standing, Terms, Trading, account, asset, form};

/// How an order is taken.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Admission {
    /// It opens a position or adds to one.
    pub(super) opens: bool,
    /// Shares, or an estimate for dollars.
    pub(super) quantity: Quantity,
    /// Where its share stands; `None` where nobody knows yet.
    pub(super) price: Option<Price>,
    /// It can be paid only with what the exits before it bring.
    pub(super) relies_on_exits: bool,
}

/// What an order finds of its share.
struct Found {
    /// The position it meets: none where all of it is leaving at the market.
    position: Quantity,
    held_for_orders: Quantity,
    /// Value of the position that leaves before the order fills.
    leaving: Money,
}

impl Exchange {
    /// How `wanted` is taken. Errors: the first rule it breaks.
    pub(super) fn admit(&self, wanted: &Wanted) -> Result<Admission, Refused> {
        let Wanted { ref request, asset, intent, .. } = *wanted;
        let refused = |reason: RejectReason| self.refused(&reason, asset);
        self.admit_form(request, intent).map_err(refused)?;
        let price = self.last_price(asset);
        let quantity = estimate(request, price);
        let found = self.find(request, asset, intent);
        let opens = found.position.closing_side() != Some(request.side);
        self.admit_asset(wanted, opens).map_err(refused)?;
        let need = self.cost(request, quantity, price);
        let have = self.buying_power() + found.leaving;
        let checks_at_fill = self.setup.rules.cash_check_at_fill;
        let standing = Standing {
            trading: if self.reading.configurations.suspend_trade { Trading::Suspended } else { Trading::Open },
            position: found.position,
            held_for_orders: found.held_for_orders,
            may_short: self.may_short(),
            market: price.unwrap_or_else(|| stand_in(request)),
            tick: self.setup.rules.tick,
            funds: (!checks_at_fill).then_some(Funds { cost_basis: need, buying_power: have }),
            resting: self.at_market(asset),
        };
        account(request, quantity, &standing).map_err(refused)?;
        self.admit_intent(intent, request.side, opens).map_err(refused)?;
        Ok(Admission { opens, quantity, price, relies_on_exits: checks_at_fill && opens && need > have })
    }

    fn admit_form(&self, request: &OrderRequest, intent: Option<Intent>) -> Result<(), RejectReason> {
        if let Some(intent) = intent.filter(|intent| Intent::of(request.side, true).name()[..3] != intent.name()[..3]) {
            let inferred = request.side.name();
            return Err(RejectReason::IntentMismatch { inferred, specified: intent.name() });
        }
        let terms =
            Terms { tick: self.setup.rules.tick, extended_hours: true, new_york_minute: self.new_york_minute() };
        form(request, &terms)
    }

    /// The minute of the day in New York, where the exchange keeps its hours.
    fn new_york_minute(&self) -> Option<u16> {
        let keeps_hours = self.tape.calendar().name() == Calendar::xnys().name();
        let day = self.tape.day().filter(|_| keeps_hours)?;
        let since_midnight = self.tape.now().ns() - day.midnight.ns();
        let minutes = since_midnight / (60 * Timestamp::NS_PER_SECOND);
        // On days without a session the clock goes on from the last one's.
        u16::try_from(minutes % (24 * 60)).ok()
    }

    fn admit_asset(&self, wanted: &Wanted, opens: bool) -> Result<(), RejectReason> {
        let symbol = self.tape.names()[wanted.asset];
        let is_gone = self.book.delisted.contains(&SymbolIndex(wanted.asset as u16));
        let fractionable = self.reading.configurations.fractional_trading;
        let status =
            if is_gone { AssetStatus::Inactive } else { AssetStatus::Tradable { fractionable, shortable: true } };
        let request = &wanted.request;
        asset(symbol, status, request, opens && request.side == Side::Sell)?;
        let has_price = self.last_price(wanted.asset).is_some();
        let trails = matches!(request.kind, OrderKind::TrailingStop { .. });
        if trails && !has_price { Err(RejectReason::NoPriceYet { symbol }) } else { Ok(()) }
    }

    fn admit_intent(&self, intent: Option<Intent>, side: Side, opens: bool) -> Result<(), RejectReason> {
        let own = Intent::of(side, opens);
        match intent.filter(|intent| *intent != own) {
            Some(other) => Err(RejectReason::IntentMismatch { inferred: own.name(), specified: other.name() }),
            None => Ok(()),
        }
    }

    /// The last price of an asset, in today's shares.
    pub(in crate::exchange) fn last_price(&self, asset: usize) -> Option<Price> {
        let mark = self.ledger.position(SymbolIndex(asset as u16)).mark();
        (mark > Price::ZERO).then_some(mark)
    }

    /// Shares of the position that open orders take: those of a group once.
    pub(in crate::exchange) fn held_for_orders(&self, asset: usize) -> Quantity {
        let held = self.ledger.position(SymbolIndex(asset as u16)).quantity().abs();
        let mut groups: Vec<(usize, Quantity)> = Vec::new();
        for at in self.book.open() {
            let order = self.book.get(at);
            if order.asset != asset || order.opens || order.waits_for_entry() {
                continue;
            }
            let group = order.leg_of.unwrap_or(at);
            match groups.iter_mut().find(|(own, _)| *own == group) {
                Some((_, shares)) => *shares = (*shares).max(order.remaining()),
                None => groups.push((group, order.remaining())),
            }
        }
        groups.iter().fold(Quantity::ZERO, |sum, (_, shares)| sum + (*shares).min(held - sum))
    }

    /// The position as `request` meets it. Where all of it is on its way out at the market, an order on the same
    /// side opens the other one, if the account may be short and its sender does not say that it is to close.
    fn find(&self, request: &OrderRequest, asset: usize, intent: Option<Intent>) -> Found {
        let symbol = SymbolIndex(asset as u16);
        let position = self.ledger.position(symbol);
        let held = position.quantity();
        let kept = Found { position: held, held_for_orders: self.held_for_orders(asset), leaving: Money::ZERO };
        let is_to_close = intent == Some(Intent::of(request.side, false));
        if held.closing_side() != Some(request.side) || !self.setup.allow_short || is_to_close {
            return kept;
        }
        let exits = self.book.open().map(|at| self.book.get(at)).filter(|order| order.asset == asset && !order.opens);
        let at_market = exits.filter(|order| self.is_at_market(order));
        let leaving = at_market.fold(Quantity::ZERO, |sum, order| sum + order.remaining().min(held.abs() - sum));
        match leaving == held.abs() {
            true => {
                Found { position: Quantity::ZERO, held_for_orders: Quantity::ZERO, leaving: position.value().abs() }
            }
            false => kept,
        }
    }

    fn is_at_market(&self, order: &Record) -> bool {
        let symbol = SymbolIndex(order.asset as u16);
        self.venue.resting(symbol, order.at_venue).is_some_and(|resting| resting.is_at_market)
    }

    /// Orders of the asset that could trade with a new one, as the venue has them: not those that are held.
    fn at_market(&self, asset: usize) -> impl Iterator<Item = Resting> + Clone + '_ {
        let open = self.book.open().map(|at| self.book.get(at));
        let others = open.filter(move |order| order.asset == asset && order.status != Status::Held);
        others.map(move |order| {
            let resting = self.venue.resting(SymbolIndex(asset as u16), order.at_venue);
            let kind = resting.map_or(order.kind, |resting| resting.kind);
            Resting { id: order.at_venue, side: order.side, kind, opens: order.opens }
        })
    }

    /// Dollars an order may come to, its fee included; nothing where nobody knows a price.
    fn cost(&self, request: &OrderRequest, quantity: Quantity, price: Option<Price>) -> Money {
        let to_reserve = |price| self.price_to_reserve(request.side, request.kind, price);
        let Some(dearest) = price.map(to_reserve).or(request.kind.limit()) else {
            return if let OrderSize::Notional(amount) = request.size { amount } else { Money::ZERO };
        };
        let amount = match request.size {
            OrderSize::Notional(amount) => amount,
            OrderSize::Shares(_) | OrderSize::CashFraction { .. } => dearest.notional(quantity),
        };
        amount + self.fee(request.side, dearest, quantity)
    }

    fn fee(&self, side: Side, price: Price, quantity: Quantity) -> Money {
        let time = self.last_stamp.max(Timestamp::from_ns(0));
        self.setup.rules.commission.fee(Occasion { side, time }, price, quantity)
    }

    /// What is set aside a share whose price is `price`: of a purchase its limit, as the venue does it, else the
    /// dearest it may come to. Where cash is tested at the fill, an order relies on exits when it does in a replay.
    pub(in crate::exchange) fn price_to_reserve(&self, side: Side, kind: OrderKind, price: Price) -> Price {
        match kind.limit() {
            Some(limit) if side == Side::Buy && !self.setup.rules.cash_check_at_fill => limit,
            _ => reserve_price(kind, price),
        }
    }

    /// Dollars set aside for an open order.
    pub(in crate::exchange) fn reserve_of(&self, at: usize) -> Money {
        let order = self.book.get(at);
        if !order.opens || !order.status.is_open() || order.leg_of.is_some() {
            return Money::ZERO;
        }
        let remaining = order.remaining();
        let amount = match order.notional.filter(|_| order.filled.is_zero()) {
            Some(amount) => amount,
            None => order.reserve.notional(remaining),
        };
        let occasion = Occasion { side: order.side, time: order.sent };
        amount + self.setup.rules.commission.fee(occasion, order.reserve, remaining)
    }

    /// Dollars that may be spent: multiplier × equity − gross exposure − what is set aside.
    pub(in crate::exchange) fn buying_power(&self) -> Money {
        let most = Money::from_units(self.ledger.equity().units().saturating_mul(i128::from(self.multiplier())));
        let reserved: Money = self.book.open().map(|at| self.reserve_of(at)).sum();
        most - self.ledger.gross_exposure() - reserved
    }

    /// May positions be negative?
    pub(in crate::exchange) fn may_short(&self) -> bool {
        self.setup.allow_short && !self.reading.configurations.no_shorting
    }

    /// Buying power ÷ equity.
    pub(in crate::exchange) fn multiplier(&self) -> i64 {
        self.setup.rules.leverage.min(i64::from(self.reading.configurations.max_margin_multiplier))
    }

    /// Checks a change that leaves an open order with `remaining` shares of `kind`: shares that are held, dollars
    /// that may be spent.
    pub(super) fn admit_change(&self, at: usize, remaining: Quantity, kind: OrderKind) -> Result<(), RejectReason> {
        let order = self.book.get(at);
        let held = self.ledger.position(SymbolIndex(order.asset as u16)).quantity().abs();
        if !order.opens {
            let own = order.remaining().min(held);
            let (held_for_orders, requested) = (self.held_for_orders(order.asset) - own, remaining);
            let available = held - held_for_orders;
            let reason = RejectReason::InsufficientQty { requested, available, existing_qty: held, held_for_orders };
            return if order.waits_for_entry() || requested <= available { Ok(()) } else { Err(reason) };
        }
        let price = self.last_price(order.asset);
        let to_reserve = |price| self.price_to_reserve(order.side, kind, price);
        let dearest = price.map_or(kind.limit().unwrap_or(Price::ZERO), to_reserve);
        let need = dearest.notional(remaining) + self.fee(order.side, dearest, remaining);
        let have = self.buying_power() + self.reserve_of(at);
        let is_paid = need <= have || self.setup.rules.cash_check_at_fill;
        if is_paid { Ok(()) } else { Err(RejectReason::BuyingPower { need, have }) }
    }
}

/// The smallest part of a share.
const LEAST: Quantity = Quantity::from_units(1);

/// The shares of an order; of one in dollars, those it comes to where its share stands, or one where nobody knows.
fn estimate(request: &OrderRequest, price: Option<Price>) -> Quantity {
    let at = request.kind.limit().or(request.kind.stop()).or(price);
    match request.size {
        OrderSize::Shares(quantity) => quantity,
        OrderSize::Notional(amount) | OrderSize::CashFraction { most: amount, .. } => {
            at.map_or(Quantity::ONE, |price| Quantity::most_for(amount, price).max(LEAST))
        }
    }
}

/// A price that no leg of the order contradicts, for where nobody knows one.
pub(super) fn stand_in(request: &OrderRequest) -> Price {
    const CENT: i64 = Price::UNITS_PER_USD / 100;
    let Some(LegLevel::At(stop)) = request.legs.stop else { return Price::ZERO };
    let protects_long = (request.side == Side::Buy) != (request.class == OrderClass::Oco);
    stop.saturating_offset(if protects_long { CENT } else { -CENT })
}
