//! The ways to people: e-mail, Slack, a webhook of one's own.
//!
//! Not here: which are set up (config), when they are tried (worker).
//! Invariants: (1) a try ends within [`TIME_MAX`]; (2) what it says of the other side is one short line without secrets.
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::email::Email;
use super::escape;
use super::http::Target;
use super::line::Outcome;
use super::signature::sign;
use super::text::Message;
use crate::domain::Timestamp;
use crate::execution::alpaca::Secret;
use crate::live::redact::Redactor;

/// Longest try, from finding the host to its last word.
pub const TIME_MAX: Duration = Duration::from_secs(10);
/// Longest word of the other side that is kept.
const SAID_CHARS_MAX: usize = 300;

/// A way that is set up.
pub enum Channel {
    /// Over SMTP.
    Email(Box<Email>),
    /// An incoming webhook of Slack, or of what speaks like it.
    Slack(Target),
    /// Signed JSON.
    Webhook {
        /// Where.
        target: Target,
        /// Signs it.
        secret: Secret,
    },
}

impl Channel {
    /// `email`, `slack` or `webhook`.
    pub fn name(&self) -> &'static str {
        match self {
            Channel::Email(_) => "email",
            Channel::Slack(_) => "slack",
            Channel::Webhook { .. } => "webhook",
        }
    }

    /// Where its messages go, as far as anyone may know.
    pub fn place(&self) -> String {
        match self {
            Channel::Email(email) => email.place(),
            Channel::Slack(target) | Channel::Webhook { target, .. } => target.place(),
        }
    }

    /// Tries once. `now`: the wall clock's time.
    pub async fn deliver(&self, message: &Message, now: Timestamp, redactor: &Redactor) -> Outcome {
        let trying = async {
            match self {
                Channel::Email(email) => email.send(message, now).await,
                Channel::Slack(target) => target.post(HeaderMap::new(), slack(message)).await,
                Channel::Webhook { target, secret } => {
                    let body = message.object().to_string().into_bytes();
                    let headers = headers(message, secret, now, &body);
                    target.post(headers, body).await
                }
            }
        };
        let said = |text: String| escape::line(&redactor.clean(&text), SAID_CHARS_MAX);
        match tokio::time::timeout(TIME_MAX, trying).await {
            Ok(Outcome::Delivered(text)) => Outcome::Delivered(said(text)),
            Ok(Outcome::Later { why, after }) => Outcome::Later { why: said(why), after },
            Ok(Outcome::Refused(why)) => Outcome::Refused(said(why)),
            Err(_) => Outcome::Later { why: format!("no answer within {} s", TIME_MAX.as_secs()), after: None },
        }
    }
}

/// Without markup and without previews of links.
fn slack(message: &Message) -> Vec<u8> {
    let body =
        json!({ "text": message.slack(), "mrkdwn": message.has_table(), "unfurl_links": false, "unfurl_media": false });
    body.to_string().into_bytes()
}

fn headers(message: &Message, secret: &Secret, now: Timestamp, body: &[u8]) -> HeaderMap {
    let seconds = now.ns().div_euclid(Timestamp::NS_PER_SECOND);
    let signature = sign(secret.reveal().as_bytes(), seconds, body);
    let pairs = [
        ("alphaflow-timestamp", seconds.to_string()),
        ("alphaflow-signature", signature),
        ("idempotency-key", message.key().to_owned()),
    ];
    let header = |(name, value): (&'static str, String)| {
        let value = HeaderValue::from_str(&value).expect("digits and letters");
        (HeaderName::from_static(name), value)
    };
    pairs.into_iter().map(header).collect()
}
