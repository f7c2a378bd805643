//! What is on the account and not ours: orders and shares of other sessions, and those that nobody made.
//!
//! Not here: our own orders (observe), what is done about a stranger (live).
//! Invariants: (1) an order is foreign only when it rests by itself in the venue's list under a name that no session
//! gave: a leg's name is the venue's own, and the stream does not say whose leg it is; (2) a position is wrong only when
//! two readings, farther apart than the venue may lag, show the same difference, nothing was on its way, and orders and
//! fills were read between them.
use std::collections::BTreeSet;

use super::AlpacaDesk;
use super::known::Life;
use super::outside::Lost;
use super::reading::{Page, Unreadable};
use crate::domain::{Quantity, Symbol, SymbolIndex};
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::wire::{WireOrder, WirePosition};

/// A difference between the venue's shares and those of all sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Doubt {
    ours: Quantity,
    venue: Quantity,
    since_ms: u64,
    /// Since then orders, and after them fills, have been read.
    has_orders: bool,
    has_fills: bool,
    /// It is proved that shares are missing, and whoever keeps the books knows.
    is_lost: bool,
}

impl AlpacaDesk {
    /// The other sessions on the account hold so many shares of `symbol` together, below zero when short: to be told
    /// whenever that changes, of every share they trade. Positions at the venue are held against these and ours.
    pub fn set_siblings_shares(&mut self, symbol: Symbol, shares: Quantity) {
        self.siblings_shares.insert(symbol, shares);
    }

    /// Shares whose positions cannot be judged: they are, or may be, of sessions that are not running, whose orders fill
    /// unheard.
    pub fn set_beyond_judgement(&mut self, symbols: BTreeSet<Symbol>) {
        self.beyond_judgement = symbols;
    }

    /// The stream tells of an order that we do not know. It may be the leg of one whose answer is on its way, or of
    /// another session: what the list of open orders shows decides.
    pub(super) fn meet_stranger(&mut self, order: &WireOrder) {
        if !self.is_siblings(order) {
            self.note_outside(order);
            self.read_soon(Page::OpenOrders { after: String::new() });
            self.read_soon(Page::Positions);
        }
    }

    /// A list shows an order that is not ours; `tells`: one in which what rests by itself is shown by itself.
    pub(super) fn see_foreign(&mut self, order: &WireOrder, tells: bool) {
        if self.is_siblings(order) {
            return;
        }
        self.note_outside(order);
        let is_expected = self.expects_closings && order.kind.as_str() == "market";
        if tells && order.life() == Life::Open && !is_expected {
            self.find(Finding::ForeignOrder {
                id: order.id.as_str().to_owned(),
                symbol: order.symbol.as_str().to_owned(),
                client_id: order.client_order_id.as_str().to_owned(),
            });
        }
    }

    /// Is it of another session, by its name or by the order it hangs on or replaces? What hangs on it is remembered while it
    /// is open.
    fn is_siblings(&mut self, order: &WireOrder) -> bool {
        let name = order.client_order_id.as_str();
        let is_known = |id: &str| self.siblings_legs.contains(id);
        let is_named = self.config.siblings.iter().any(|sibling| sibling.read(name).is_some());
        let is_theirs = is_named || is_known(order.id.as_str()) || is_known(order.replaces.as_str());
        if is_theirs {
            for shown in std::iter::once(order).chain(order.legs.iter().flatten()) {
                // One that has ended is let go of: named once more, it only makes us look.
                match shown.life() {
                    Life::Open => drop(self.siblings_legs.insert(shown.id.as_str().to_owned())),
                    _ => drop(self.siblings_legs.remove(shown.id.as_str())),
                }
            }
        }
        is_theirs
    }

    /// Holds the venue's positions against those of all sessions, when nothing of ours is on its way that could explain a
    /// difference.
    pub(super) fn read_positions(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let positions: Vec<WirePosition> = serde_json::from_slice(body).map_err(|_| Unreadable)?;
        if self.lines.values().any(|line| line.is_busy()) || !self.tickets.is_empty() {
            self.doubted.clear();
            return Ok(());
        }
        let mut symbols: Vec<Symbol> = self.config.symbols.clone();
        symbols.extend(self.siblings_shares.keys());
        symbols.extend(positions.iter().filter_map(|position| position.symbol.as_str().parse::<Symbol>().ok()));
        symbols.sort_unstable();
        symbols.dedup();
        symbols.retain(|symbol| !self.beyond_judgement.contains(symbol));
        for symbol in symbols {
            let shown = positions.iter().find(|position| position.symbol.as_str() == symbol.as_str());
            let venue = shown.and_then(|position| position.qty.quantity()).unwrap_or(Quantity::ZERO);
            self.compare_position(symbol, venue);
        }
        Ok(())
    }

    fn compare_position(&mut self, symbol: Symbol, venue: Quantity) {
        let index = self.config.symbols.iter().position(|ours| *ours == symbol);
        let mine = index.map_or(Quantity::ZERO, |index| self.ledger.mirror.shares(SymbolIndex(index as u16)));
        let ours = mine + self.siblings_shares.get(&symbol).copied().unwrap_or_default();
        if ours == venue {
            self.doubted.remove(&symbol);
            return;
        }
        let now_ms = self.now.ms;
        let fresh = Doubt { ours, venue, since_ms: now_ms, has_orders: false, has_fills: false, is_lost: false };
        let doubt = *self.doubted.entry(symbol).or_insert(fresh);
        if (doubt.ours, doubt.venue) != (ours, venue) {
            self.doubted.insert(symbol, fresh);
        } else if doubt.has_fills && now_ms >= doubt.since_ms + self.config.patience.lookup {
            let has_shrunk =
                venue.abs() < ours.abs() && (venue.is_zero() || venue.closing_side() == ours.closing_side());
            match has_shrunk && !index.is_some_and(|index| self.is_splitting(SymbolIndex(index as u16))) {
                true if doubt.is_lost => {}
                true => {
                    self.lost.push(Lost { symbol, ours, venue });
                    self.doubted.insert(symbol, Doubt { is_lost: true, ..doubt });
                }
                false => self.find(Finding::Position { symbol, ours, venue }),
            }
        }
    }

    /// An order of others has filled: it may be what is missing.
    pub(super) fn doubt_again(&mut self, symbol: Symbol) {
        let doubt = self.doubted.get(&symbol).filter(|doubt| doubt.is_lost);
        if let Some(Doubt { ours, venue, .. }) = doubt.copied() {
            self.doubted.remove(&symbol);
            self.told.remove(&Finding::Position { symbol, ours, venue });
            self.read_soon(Page::Positions);
        }
    }

    /// All of a page was read: doubts that remain after it are not for want of it.
    pub(super) fn note_read(&mut self, page: &Page) {
        for doubt in self.doubted.values_mut() {
            doubt.has_orders |= matches!(page, Page::AllOrders { .. });
            doubt.has_fills |= doubt.has_orders && matches!(page, Page::Fills { .. });
        }
    }

    /// When positions are to be read again, since they were not as they should be; not while they are being read.
    pub(super) fn doubt_due(&self) -> Option<u64> {
        if self.is_to_be_read(&Page::Positions) {
            return None;
        }
        let told = |symbol: &Symbol, doubt: &Doubt| {
            let Doubt { ours, venue, .. } = *doubt;
            self.told.contains(&Finding::Position { symbol: *symbol, ours, venue })
        };
        let open = self.doubted.iter().filter(|(symbol, doubt)| !doubt.is_lost && !told(symbol, doubt));
        open.map(|(_, doubt)| doubt.since_ms + self.config.patience.lookup).min()
    }
}
