//! A backend whose market is moved by the bars of a replay: the simulated venue at hand, or an exchange elsewhere.
//!
//! Not here: the loop over bars, which is the same for both (engine::replay).
use super::ExecutionBackend;
use crate::domain::{Bar, Fill, Money, Price, Quantity, Ratio, Symbol, SymbolIndex, Timestamp};
use crate::market::Calendar;
use crate::risk::Gate;
use crate::venue::{Band, MarketFill};

/// The backend cannot go on: the network, or an exchange that does not answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BackendFailure(pub String);

/// What the driver of a replay asks of its backend, in the order in which it asks at every bar time: `begin`, the
/// ends of sessions and corporate actions that lie before it, `trade`, `mark`, and then orders sent at the close.
pub trait ReplayMarket: ExecutionBackend + std::fmt::Debug {
    /// The prices between which nothing can happen to `symbol`.
    fn quiet_band(&self, symbol: SymbolIndex) -> Band;
    /// Can nothing happen to `symbol` on this bar?
    fn is_quiet(&self, symbol: SymbolIndex, bar: &Bar) -> bool;
    /// The first moment at which an order that is good until canceled ends.
    fn next_expiry(&self) -> Timestamp;
    /// Is there an order to which the end of a session matters?
    fn has_session_orders(&self) -> bool;
    /// The dearest of the levels at which orders of `symbol` rest.
    fn dearest_level(&self, symbol: SymbolIndex) -> Price;

    /// Can it go on?
    ///
    /// Errors: why not.
    fn check(&mut self) -> Result<(), BackendFailure>;

    /// The bars stamped `time` come next; nothing of them has happened.
    fn begin(&mut self, time: Timestamp);
    /// Orders that are good until canceled and end by `now` are gone.
    fn expire(&mut self, now: Timestamp);
    /// The core session begins or ends.
    fn set_core(&mut self, core: bool);
    /// A split before the open of `time`: shares kept, the mark after it, and cash paid for the rest.
    fn split(&mut self, symbol: SymbolIndex, ratio: Ratio, kept: (Quantity, Price, Money), time: Timestamp);
    /// Cash came in, or went out.
    fn receive(&mut self, amount: Money);
    /// The share is listed no more; its position was paid for by this fill.
    fn delist(&mut self, symbol: SymbolIndex, name: Symbol, paid: Option<Fill>);
    /// Cancels and changes that have arrived by the open of the bars at `now` take effect; were there any?
    fn deliver(&mut self, now: Timestamp) -> bool;
    /// Everything that fills on these bars, at their opens, inside and, where the rules say so, at their closes.
    fn trade(&mut self, step: &[(SymbolIndex, &Bar)], market_fill: MarketFill, ends_session: bool);
    /// The bars have closed.
    fn mark(&mut self, step: &[(SymbolIndex, &Bar)]);
    /// Orders from here on are sent at the close of the bars that opened at `now`.
    fn at_close(&mut self, now: Timestamp, in_session: bool);
    /// Answers of the venue may bring forth orders, too: they are sent at the close of the bars at `now` at the latest.
    fn at_answers(&mut self, now: Timestamp);
    /// Market orders sent at this very close fill there (`market_fill = "close"`).
    fn fill_at_this_close(&mut self, step: &[(SymbolIndex, &Bar)]);
    /// The session whose last bar opened at `last_bar` has closed.
    fn end_session(&mut self, last_bar: Timestamp);
    /// The hours around a session, whose last bar opened at `last_bar`, have ended.
    fn end_extended_hours(&mut self, last_bar: Timestamp);

    /// How much may be borrowed now.
    fn set_leverage(&mut self, leverage: i64);
    /// Sales settle by the sessions of this calendar.
    fn settle_by(&mut self, calendar: Calendar);
    /// What is due by `now` has settled.
    fn settle(&mut self, now: Timestamp);

    /// Is every open order approved for the shares it may still fill, and nothing else set aside? Asked by debug
    /// builds after every exchange of orders and answers.
    fn ties(&self, gate: &Gate) -> bool;
}
