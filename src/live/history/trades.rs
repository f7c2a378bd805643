//! Fills and round trips of one book.
//!
//! Not here: what a round trip is (portfolio). A trip's times are those of the journal's rows.
use crate::domain::{Fill, Money, OrderId, OrderPurpose, Price, Quantity, Ratio, Side, Symbol, SymbolIndex, Timestamp};
use crate::portfolio::{CashEvent, CashReason, RoundTrip, RoundTrips};

/// A round trip, flat to flat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trade {
    /// The scenario.
    pub strategy: String,
    /// Which share.
    pub symbol: String,
    /// Bought first, or sold first.
    pub side: Side,
    /// Shares that entered.
    pub quantity: Quantity,
    /// The first fill.
    pub entry_time: Timestamp,
    /// Average price of the entries, dollars a share to nine decimals.
    pub entry_price: Price,
    /// The last fill; none while it is open.
    pub exit_time: Option<Timestamp>,
    /// Average price of the exits so far.
    pub exit_price: Option<Price>,
    /// Profit net of fees, with dividends; none while it is open, since the journal holds no price of now.
    pub pnl: Option<Money>,
    /// Fees of all its fills so far.
    pub fees: Money,
    /// Why it ended.
    pub exit_reason: Option<OrderPurpose>,
    /// Row of the journal in which its first fill stands.
    pub entry_row: u64,
    /// Row in which its last fill stands.
    pub exit_row: Option<u64>,
}

/// An execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FillLine {
    /// Row of the journal in which it stands.
    pub row: u64,
    /// When it was written, by the venue's clock.
    pub time: Timestamp,
    /// The scenario.
    pub strategy: String,
    /// Our number for the order.
    pub order: OrderId,
    /// Which share.
    pub symbol: String,
    /// Bought or sold.
    pub side: Side,
    /// Shares of this execution.
    pub quantity: Quantity,
    /// Dollars a share.
    pub price: Price,
    /// Dollars.
    pub fee: Money,
    /// Why the order was sent.
    pub purpose: OrderPurpose,
}

/// Builds both.
#[derive(Debug)]
pub(super) struct Trades {
    strategy: String,
    symbols: Vec<Symbol>,
    trips: Vec<Trips>,
    /// Entries of the desk whose fills the engine has not heard of yet.
    expected: Vec<(u64, Timestamp, Reported)>,
    fills: Vec<FillLine>,
    closed: Vec<Trade>,
}

/// Order, price and quantity of a fill in the desk's list.
pub(super) type Reported = (OrderId, Price, Quantity);

/// The round trips of one share.
#[derive(Debug)]
struct Trips {
    trips: RoundTrips,
    /// Shares held, signed.
    held: Quantity,
    entry_row: u64,
}

/// Where every share has round trips of its own.
const ONLY: SymbolIndex = SymbolIndex(0);

impl Trades {
    pub(super) fn new(strategy: &str, symbols: &[Symbol]) -> Trades {
        let trips = || Trips { trips: RoundTrips::for_symbols(1), held: Quantity::ZERO, entry_row: 0 };
        Trades {
            strategy: strategy.to_owned(),
            symbols: symbols.to_vec(),
            trips: symbols.iter().map(|_| trips()).collect(),
            expected: Vec::new(),
            fills: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// The desk has written a fill.
    pub(super) fn expect(&mut self, row: u64, time: Timestamp, reported: Reported) {
        self.expected.push((row, time, reported));
    }

    /// The engine has heard of one; `row` and `time` are those of its hearing.
    pub(super) fn fill(&mut self, row: u64, time: Timestamp, fill: Fill) {
        let reported = (fill.order, fill.price, fill.quantity);
        let found = self.expected.iter().position(|(.., other)| *other == reported);
        // A fill of our own image, as of a share that was delisted, has no entry: it stands where it was heard of.
        let (row, time) = found.map_or((row, time), |at| {
            let (row, time, _) = self.expected.remove(at);
            (row, time)
        });
        let symbol = self.symbols[fill.symbol.get()];
        self.fills.push(FillLine {
            row,
            time,
            strategy: self.strategy.clone(),
            order: fill.order,
            symbol: symbol.to_string(),
            side: fill.side,
            quantity: fill.quantity,
            price: fill.price,
            fee: fill.fee,
            purpose: fill.purpose,
        });
        let own = &mut self.trips[fill.symbol.get()];
        let signed = if fill.side == Side::Buy { fill.quantity } else { -fill.quantity };
        let (before, after) = (own.held, own.held + signed);
        own.held = after;
        own.trips.apply(&Fill { symbol: ONLY, time, ..fill });
        let begins = before.is_zero();
        if begins {
            own.entry_row = row;
        }
        if !begins && is_left(before, after) {
            self.close(fill.symbol, row);
            // What turns a position round ends one trip and begins the next.
            self.trips[fill.symbol.get()].entry_row = row;
        }
    }

    /// A split, with what is held after it and what was paid for a part of a share.
    pub(super) fn split(&mut self, time: Timestamp, symbol: SymbolIndex, ratio: Ratio, kept: Quantity, cash: Money) {
        let own = &mut self.trips[symbol.get()];
        let was_held = !own.held.is_zero();
        if cash != Money::ZERO {
            own.trips.receive(&CashEvent { time, symbol: ONLY, reason: CashReason::CashInLieu, amount: cash });
        }
        own.trips.split(ONLY, ratio, kept, time);
        own.held = kept;
        if was_held && kept.is_zero() {
            let row = own.entry_row;
            self.close(symbol, row);
        }
    }

    /// A dividend of `amount` a share.
    pub(super) fn dividend(&mut self, time: Timestamp, symbol: SymbolIndex, amount: Price) {
        let own = &mut self.trips[symbol.get()];
        let paid = amount.notional(own.held);
        own.trips.receive(&CashEvent { time, symbol: ONLY, reason: CashReason::Dividend, amount: paid });
    }

    /// Closed trips in the order they ended, open ones, and fills.
    pub(super) fn finish(mut self) -> (Vec<Trade>, Vec<Trade>, Vec<FillLine>) {
        let mut open = Vec::new();
        for at in 0..self.trips.len() {
            let trips = std::mem::take(&mut self.trips[at].trips);
            let (_, unfinished) = trips.finish();
            open.extend(unfinished.iter().map(|trip| self.trade(at, trip, None)));
        }
        (self.closed, open, self.fills)
    }

    /// The trip of `symbol` has ended in `row`.
    fn close(&mut self, symbol: SymbolIndex, row: u64) {
        let closed = self.trips[symbol.get()].trips.take_closed();
        let trades: Vec<Trade> = closed.iter().map(|trip| self.trade(symbol.get(), trip, Some(row))).collect();
        self.closed.extend(trades);
    }

    fn trade(&self, at: usize, trip: &RoundTrip, exit_row: Option<u64>) -> Trade {
        Trade {
            strategy: self.strategy.clone(),
            symbol: self.symbols[at].to_string(),
            side: trip.side,
            quantity: trip.quantity,
            entry_time: trip.entry_time,
            entry_price: average(trip.entry_notional, trip.quantity).unwrap_or_default(),
            exit_time: trip.exit_time,
            exit_price: average(trip.exit_notional, trip.exited),
            pnl: trip.exit_time.map(|_| trip.realised()),
            fees: trip.fees,
            exit_reason: trip.exit_purpose,
            entry_row: self.trips[at].entry_row,
            exit_row,
        }
    }
}

/// Has a position of `before` shares come to an end, if only to turn round?
fn is_left(before: Quantity, after: Quantity) -> bool {
    after.is_zero() || (before > Quantity::ZERO) != (after > Quantity::ZERO)
}

/// Dollars ÷ shares, rounded half up to a billionth; `None` without shares.
pub fn average(notional: Money, quantity: Quantity) -> Option<Price> {
    let quantity = i128::from(quantity.units());
    if quantity <= 0 {
        return None;
    }
    let units = (notional.units() + quantity / 2).div_euclid(quantity);
    i64::try_from(units).ok().and_then(Price::from_units)
}
