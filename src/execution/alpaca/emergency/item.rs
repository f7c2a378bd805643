//! What an emergency did, item by item.
//!
//! Not here: doing it (the procedure).
use std::fmt;

use super::EmergencyOrder;
use crate::domain::Quantity;

/// An order or a position of the account, whoever made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmergencyItem {
    /// Which one.
    pub subject: Subject,
    /// What has become of it.
    pub fate: Fate,
}

/// What an item is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// An order.
    Order {
        /// The venue's name for it.
        id: String,
        /// `buy 10 AAPL limit`, once the venue has shown it.
        text: Option<String>,
    },
    /// A position.
    Position {
        /// Which share.
        symbol: String,
        /// Signed; nothing where it could not be read.
        shares: Option<Quantity>,
    },
}

/// What has become of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is to go, and the venue has not been asked or has not answered yet.
    Wanted,
    /// The venue has taken the cancel or the exit; it is not seen yet.
    Asked,
    /// It is gone, by the venue's own list; its last status where that is known.
    Gone(Option<String>),
    /// An order that stays: it can only close shares that are there.
    Kept,
    /// A position that stays, and how many of its shares orders that stay would close.
    Stays(Quantity),
    /// An exit for all of it is at the venue and waits for the open, where the venue says when.
    AtOpen(Option<String>),
    /// The venue refused, in its words; it is tried again.
    Refused(String),
}

impl EmergencyItem {
    /// Is nothing left to do about it, or nothing but waiting for the market to open?
    pub fn is_done(&self) -> bool {
        matches!(self.fate, Fate::Gone(_) | Fate::Kept | Fate::Stays(_))
    }
}

impl fmt::Display for EmergencyItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Order { id, text: None } => write!(f, "order {id}")?,
            Subject::Order { text: Some(text), .. } => write!(f, "order to {text}")?,
            Subject::Position { symbol, shares: None } => write!(f, "position in {symbol}")?,
            Subject::Position { symbol, shares: Some(shares) } => write!(f, "{shares} {symbol}")?,
        }
        let is_order = matches!(self.subject, Subject::Order { .. });
        match &self.fate {
            Fate::Wanted if is_order => f.write_str(": to be taken back"),
            Fate::Wanted => f.write_str(": to be closed"),
            Fate::Asked if is_order => f.write_str(": the cancel is at the venue"),
            Fate::Asked => f.write_str(": the exit is at the venue"),
            Fate::Gone(Some(status)) => write!(f, ": {status}"),
            Fate::Gone(None) if is_order => f.write_str(": no longer open"),
            Fate::Gone(None) => f.write_str(": closed"),
            Fate::Kept => f.write_str(": kept, it can only close what is held"),
            Fate::Stays(covered) if covered.is_zero() => f.write_str(": stays, and no order closes it"),
            Fate::Stays(covered) => write!(f, ": stays, with orders that close {covered} of it"),
            Fate::AtOpen(None) => f.write_str(": leaves at the next open"),
            Fate::AtOpen(Some(time)) => write!(f, ": leaves at the next open, {time}"),
            Fate::Refused(words) => write!(f, ": refused by the venue ({words}), tried again"),
        }
    }
}

/// The items, in the order in which they were met.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Items(Vec<EmergencyItem>);

impl Items {
    pub(super) fn all(&self) -> &[EmergencyItem] {
        &self.0
    }

    /// The order's fate, with the item made where it is new.
    pub(super) fn order(&mut self, id: &str, text: Option<String>, fate: Fate) {
        let is_it = |item: &&mut EmergencyItem| matches!(&item.subject, Subject::Order { id: own, .. } if own == id);
        match self.0.iter_mut().find(is_it) {
            Some(item) => {
                if let (Subject::Order { text: own, .. }, Some(_)) = (&mut item.subject, &text) {
                    *own = text;
                }
                item.fate = fate;
            }
            None => self.0.push(EmergencyItem { subject: Subject::Order { id: id.to_owned(), text }, fate }),
        }
    }

    /// The position's fate, likewise. `shares` are those it was first seen with.
    pub(super) fn position(&mut self, symbol: &str, shares: Option<Quantity>, fate: Fate) {
        let is_it =
            |item: &&mut EmergencyItem| matches!(&item.subject, Subject::Position { symbol: own, .. } if own == symbol);
        match self.0.iter_mut().find(is_it) {
            Some(item) => {
                if let Subject::Position { shares: own, .. } = &mut item.subject
                    && (own.is_none() || item.fate == Fate::Gone(None))
                {
                    *own = shares.or(*own);
                }
                item.fate = fate;
            }
            None => {
                let subject = Subject::Position { symbol: symbol.to_owned(), shares };
                self.0.push(EmergencyItem { subject, fate });
            }
        }
    }

    /// What was refused keeps its words while it is wanted again.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.0.iter().any(|item| {
            let own = match &item.subject {
                Subject::Order { id, .. } => id,
                Subject::Position { symbol, .. } => symbol,
            };
            own == name && matches!(item.fate, Fate::Refused(_))
        })
    }

    /// Everything that is not among these any more is gone.
    pub(super) fn gone_but(&mut self, orders: &[&str], positions: &[&str]) {
        for item in &mut self.0 {
            let is_there = match &item.subject {
                Subject::Order { id, .. } => orders.contains(&id.as_str()),
                Subject::Position { symbol, .. } => positions.contains(&symbol.as_str()),
            };
            if !is_there && !matches!(item.fate, Fate::Gone(_)) {
                item.fate = Fate::Gone(None);
            }
        }
    }

    /// Is there an order whose end or whose text is not known?
    pub(super) fn has_nameless(&self) -> bool {
        self.0.iter().any(|item| {
            matches!((&item.subject, &item.fate), (Subject::Order { .. }, Fate::Gone(None)))
                || matches!(&item.subject, Subject::Order { text: None, .. })
        })
    }

    /// How an order that was met before has ended.
    pub(super) fn ended(&mut self, id: &str, text: String, status: &str) {
        for item in &mut self.0 {
            if let Subject::Order { id: own, text: words } = &mut item.subject
                && own == id
            {
                *words = Some(text);
                item.fate = Fate::Gone(Some(status.to_owned()));
                return;
            }
        }
    }

    /// Is everything done, or at the venue to be done at the open?
    pub(super) fn only_waits(&self) -> bool {
        self.0.iter().all(|item| item.is_done() || matches!(item.fate, Fate::AtOpen(_)))
    }
}

impl fmt::Display for EmergencyOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EmergencyOrder::Cancel => "take back what opens",
            EmergencyOrder::Flatten => "take back every order and close every position",
        })
    }
}
