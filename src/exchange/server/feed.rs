//! Feeds of market data, their channels, and what one connection has subscribed to.
//!
//! Not here: messages of subscriptions (data_protocol), the data (exchange::data).
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::exchange::data::MessageKind;

/// A feed: one websocket path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Feed {
    /// `/v2/iex`
    Iex,
    /// `/v2/sip`: the same data here.
    Sip,
    /// `/v2/delayed_sip`: the same data here, not delayed.
    DelayedSip,
    /// `/v2/test`: the made-up symbol `FAKEPACA`, by wall clock.
    Test,
}

/// Every channel, in the order of an acknowledgement.
const CHANNELS: [MessageKind; 10] = [
    MessageKind::Trade,
    MessageKind::Quote,
    MessageKind::Bar,
    MessageKind::UpdatedBar,
    MessageKind::DailyBar,
    MessageKind::Status,
    MessageKind::Luld,
    MessageKind::Imbalance,
    MessageKind::Correction,
    MessageKind::CancelError,
];

/// The symbols of every channel, as they were asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Subscriptions {
    lists: [List; CHANNELS.len()],
}

/// Symbols in the order in which they were asked for, each once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct List {
    order: Vec<String>,
    all: BTreeSet<String>,
}

/// Why a subscription is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unsubscribable {
    /// Not what a subscription looks like, or not what a symbol looks like.
    Malformed,
    /// No channel of this feed.
    NoChannel,
    /// More symbols than a connection may name.
    TooMany,
}

/// Symbols that one connection may name over all channels: more than any scenario has.
const SYMBOLS_MAX: usize = 20_000;
/// The longest symbol that is looked at.
const SYMBOL_LENGTH_MAX: usize = 24;

impl Feed {
    /// Every feed.
    pub(super) const ALL: [Feed; 4] = [Feed::Iex, Feed::Sip, Feed::DelayedSip, Feed::Test];

    /// The feed of a path.
    pub(super) fn of_path(path: &str) -> Option<Feed> {
        Feed::ALL.into_iter().find(|feed| feed.path() == path)
    }

    /// Where it is.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Feed::Iex => "/v2/iex",
            Feed::Sip => "/v2/sip",
            Feed::DelayedSip => "/v2/delayed_sip",
            Feed::Test => "/v2/test",
        }
    }
}

impl Subscriptions {
    /// Adds what a message names; on an error nothing is added.
    pub(super) fn add(&mut self, message: &Map<String, Value>) -> Result<(), Unsubscribable> {
        let named = named(message)?;
        let mut next = self.clone();
        for (channel, symbols) in named {
            let own = &mut next.lists[channel];
            let new = symbols.into_iter().filter(|symbol| own.all.insert(symbol.clone()));
            own.order.extend(new);
        }
        if next.lists.iter().map(|list| list.order.len()).sum::<usize>() > SYMBOLS_MAX {
            return Err(Unsubscribable::TooMany);
        }
        *self = next;
        Ok(())
    }

    /// Takes away what a message names; on an error nothing is.
    pub(super) fn remove(&mut self, message: &Map<String, Value>) -> Result<(), Unsubscribable> {
        for (channel, symbols) in named(message)? {
            let own = &mut self.lists[channel];
            own.order.retain(|symbol| !symbols.contains(symbol));
            own.all = own.order.iter().cloned().collect();
        }
        Ok(())
    }

    /// Is this message wanted?
    pub(super) fn wants(&self, kind: MessageKind, symbol: &str) -> bool {
        let own = &self.of(kind).all;
        own.contains(symbol) || own.contains("*")
    }

    /// Is anything wanted?
    pub(super) fn is_empty(&self) -> bool {
        self.lists.iter().all(|list| list.order.is_empty())
    }

    /// Every channel's complete list.
    pub(super) fn acknowledgement(&self) -> Value {
        let mut all = Map::new();
        all.insert("T".to_owned(), "subscription".into());
        all.extend(CHANNELS.map(|channel| (channel.channel().to_owned(), self.of(channel).order.clone().into())));
        Value::Object(all)
    }

    fn of(&self, kind: MessageKind) -> &List {
        let source = if follows_trades(kind) { MessageKind::Trade } else { kind };
        let at = CHANNELS.iter().position(|channel| *channel == source).expect("every kind has a channel");
        &self.lists[at]
    }
}

/// Does its channel follow trades, whatever is asked for?
fn follows_trades(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Correction | MessageKind::CancelError)
}

/// The channels and symbols that a message names; corrections and cancel errors follow trades by themselves.
fn named(message: &Map<String, Value>) -> Result<Vec<(usize, Vec<String>)>, Unsubscribable> {
    let mut all = Vec::new();
    for (key, value) in message.iter().filter(|(key, _)| *key != "action") {
        let channel = CHANNELS.iter().position(|channel| channel.channel() == key);
        let channel = channel.ok_or(Unsubscribable::NoChannel)?;
        let symbols = match value {
            Value::Null => continue,
            Value::Array(symbols) => symbols,
            _ => return Err(Unsubscribable::Malformed),
        };
        let symbol = |value: &Value| {
            let text = value.as_str().filter(|text| is_symbol(text));
            text.map(str::to_owned).ok_or(Unsubscribable::Malformed)
        };
        let symbols = symbols.iter().map(symbol).collect::<Result<Vec<_>, _>>()?;
        if !follows_trades(CHANNELS[channel]) {
            all.push((channel, symbols));
        }
    }
    Ok(all)
}

fn is_symbol(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"./-_".contains(&byte);
    text == "*" || ((1..=SYMBOL_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn lists_grow_and_shrink_and_the_followers_follow() {
        let mut own = Subscriptions::default();
        assert!(own.is_empty());
        own.add(&message(r#"{"action": "subscribe", "trades": ["MSFT", "AAPL"], "bars": ["*"]}"#)).unwrap();
        own.add(&message(r#"{"action": "subscribe", "trades": ["AAPL", "IBM"], "quotes": null}"#)).unwrap();
        assert!(own.wants(MessageKind::Trade, "IBM") && !own.wants(MessageKind::Trade, "SPY"));
        assert!(own.wants(MessageKind::Bar, "SPY") && !own.wants(MessageKind::DailyBar, "SPY"));
        assert!(own.wants(MessageKind::Correction, "IBM"));
        own.remove(&message(r#"{"action": "unsubscribe", "trades": ["MSFT"], "bars": ["SPY"]}"#)).unwrap();
        let expected = r#"{"T":"subscription","trades":["AAPL","IBM"],"quotes":[],"bars":["*"],"updatedBars":[],"dailyBars":[],"statuses":[],"lulds":[],"imbalances":[],"corrections":["AAPL","IBM"],"cancelErrors":["AAPL","IBM"]}"#;
        assert_eq!(own.acknowledgement().to_string(), expected);
    }

    #[test]
    fn what_is_wrong_changes_nothing() {
        let mut own = Subscriptions::default();
        own.add(&message(r#"{"trades": ["AAPL"]}"#)).unwrap();
        let before = own.clone();
        for (text, why) in [
            (r#"{"trades": ["IBM"], "bars": ["aapl"]}"#, Unsubscribable::Malformed),
            (r#"{"trades": "IBM"}"#, Unsubscribable::Malformed),
            (r#"{"trades": [5]}"#, Unsubscribable::Malformed),
            (r#"{"trades": [""]}"#, Unsubscribable::Malformed),
            (r#"{"trades": ["IBM"], "news": ["*"]}"#, Unsubscribable::NoChannel),
        ] {
            assert_eq!(own.add(&message(text)), Err(why), "{text}");
            assert_eq!(own.remove(&message(text)), Err(why), "{text}");
        }
        let many: Vec<String> = (0..=SYMBOLS_MAX).map(|number| format!("S{number}")).collect();
        let many = serde_json::json!({ "quotes": many });
        assert_eq!(own.add(many.as_object().unwrap()), Err(Unsubscribable::TooMany));
        assert_eq!(own, before);
    }
}
