//! One message on each channel, out of no journal: what came of it, and how long it took.
//!
//! Not here: printing (cli), keeping (record).
use std::time::Instant;

use tokio::task::JoinSet;

use super::config::NotifyConfig;
use super::line::Outcome;
use super::record::{TestRecord, TestedChannel};
use super::text::Message;
use super::worker::wall;
use crate::domain::Timestamp;
use crate::live::{EventKind, SessionEvent, Severity};

/// Sends the message on all channels at once; a channel has ten seconds. `by`: who asks for it.
pub async fn test_channels(config: NotifyConfig, by: &str) -> TestRecord {
    let (at, settings) = (wall(), config.fingerprint().to_owned());
    let event = SessionEvent {
        row: 0,
        time: at,
        kind: EventKind::Health,
        severity: Severity::Info,
        strategy: None,
        symbol: None,
        text: format!("{by} tests the notifications of AlphaFlow. Nothing happened and nothing is to be done."),
        refused: None,
    };
    TestRecord { at, settings, channels: tell_directly(config, &event, at).await }
}

/// Tells `event` once on all channels at once, without the journal; a channel has ten seconds.
pub async fn tell_directly(config: NotifyConfig, event: &SessionEvent, at: Timestamp) -> Vec<TestedChannel> {
    let NotifyConfig { banner, session, channels, redactor, .. } = config;
    // Two such messages are two: the moment tells them apart.
    let message = Message::new(banner, &session, &at.to_string(), event, &redactor);
    let mut tries = JoinSet::new();
    for (number, channel) in channels.into_iter().enumerate() {
        let (message, redactor) = (message.clone(), redactor.clone());
        tries.spawn(async move {
            let began = Instant::now();
            let outcome = channel.deliver(&message, at, &redactor).await;
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let (delivered, text) = match outcome {
                Outcome::Delivered(said) => (true, said),
                Outcome::Later { why, .. } | Outcome::Refused(why) => (false, why),
            };
            (
                number,
                TestedChannel { channel: channel.name().to_owned(), place: channel.place(), delivered, took_ms, text },
            )
        });
    }
    let mut tested = tries.join_all().await;
    tested.sort_by_key(|(number, _)| *number);
    tested.into_iter().map(|(_, channel)| channel).collect()
}
