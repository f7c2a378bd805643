//! E-mail: one conversation a message, over TLS or to this machine.
//!
//! Not here: what it says (text), when again (line).
//! Invariants: (1) certificates are verified, always; (2) without TLS nothing leaves this machine; where STARTTLS is
//! wanted and not offered, neither name, password nor message is sent; (3) headers are made of single lines.
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, SUBMISSION_PORT, SUBMISSIONS_PORT};

use super::line::Outcome;
use super::text::Message;
use crate::domain::Timestamp;
use crate::execution::alpaca::Secret;

/// How the conversation is kept private.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Privacy {
    /// From the first byte.
    Tls,
    /// From a command on, before anything is said.
    StartTls,
    /// Not at all: only to this machine.
    Plain,
}

/// A mail server and whom to write to.
pub struct Email {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) privacy: Privacy,
    /// `None` for [`Privacy::Plain`].
    pub(super) tls: Option<TlsParameters>,
    pub(super) login: Option<(String, Secret)>,
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
}

/// Where a try ended.
enum Fault {
    /// The server or the way to it.
    Smtp(Stage, Error),
    /// The message could not be made of our own text.
    Message(String),
}

/// How far the conversation had come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Login,
    Message,
}

impl Privacy {
    /// The port where such servers listen, where nothing is said.
    pub fn default_port(self) -> u16 {
        match self {
            Privacy::Tls => SUBMISSIONS_PORT,
            Privacy::StartTls => SUBMISSION_PORT,
            Privacy::Plain => 25,
        }
    }
}

impl Email {
    /// Server and receivers.
    pub fn place(&self) -> String {
        let to: Vec<String> = self.to.iter().map(|to| to.email.to_string()).collect();
        format!("{} by {}:{}", to.join(", "), self.host, self.port)
    }

    /// Sends `message` once; `now` is its date.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Outcome {
        match self.converse(message, now).await {
            Ok(said) => Outcome::Delivered(said),
            Err(Fault::Message(why)) => Outcome::Refused(why),
            Err(Fault::Smtp(stage, error)) => {
                let why = match stage {
                    Stage::Connecting => format!("connecting: {}", words(&error)),
                    Stage::Login => format!("signing in: {}", words(&error)),
                    Stage::Message => words(&error),
                };
                // A server that does not take this name, or a login, will not take the next message either.
                let is_its_own = stage == Stage::Message && error.is_permanent();
                if is_its_own { Outcome::Refused(why) } else { Outcome::Later { why, after: None } }
            }
        }
    }

    async fn converse(&self, message: &Message, now: Timestamp) -> Result<String, Fault> {
        let mail = self.mail(message, now).map_err(Fault::Message)?;
        let at = |stage: Stage| move |error: Error| Fault::Smtp(stage, error);
        let hello = ClientId::default();
        let wrapper = self.tls.clone().filter(|_| self.privacy == Privacy::Tls);
        let server = (self.host.as_str(), self.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(server, None, &hello, wrapper, None);
        let mut connection = connecting.await.map_err(at(Stage::Connecting))?;
        if let (Privacy::StartTls, Some(tls)) = (self.privacy, &self.tls) {
            connection.starttls(tls.clone(), &hello).await.map_err(at(Stage::Connecting))?;
        }
        if let Some((name, password)) = &self.login {
            let credentials = Credentials::new(name.clone(), password.reveal().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(at(Stage::Login))?;
        }
        let answer = connection.send(mail.envelope(), &mail.formatted()).await.map_err(at(Stage::Message))?;
        // It has the message; whether it hears our leaving is no matter.
        let _ = connection.quit().await;
        Ok(format!("{}: {}", answer.code(), answer.message().collect::<Vec<&str>>().join(" ")))
    }

    fn mail(&self, message: &Message, now: Timestamp) -> Result<lettre::Message, String> {
        let domain = self.from.email.domain();
        let seconds = u64::try_from(now.ns() / Timestamp::NS_PER_SECOND).unwrap_or(0);
        let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        let generated = HeaderName::new_from_ascii_str("Auto-Submitted");
        let builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(message.subject())
            .date(date)
            .message_id(Some(format!("<alphaflow.{}@{domain}>", message.key())))
            // So that no answering machine answers. RFC 3834.
            .raw_header(HeaderValue::new(generated, "auto-generated".to_owned()));
        let builder = self.to.iter().fold(builder, |builder, to| builder.to(to.clone()));
        builder
            .multipart(MultiPart::alternative_plain_html(message.plain(), message.html()))
            .map_err(|error| format!("the message cannot be made: {error}"))
    }
}

/// The library's words; a server's many lines become one later.
fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::notify::testing::event;
    use crate::live::notify::text::Banner;
    use crate::live::redact::Redactor;
    use crate::live::{EventKind, Severity};

    #[test]
    fn an_e_mail_holds_both_parts_and_no_header_of_somebody_else() {
        let address = |text: &str| text.parse::<Mailbox>().expect(text);
        let email = Email {
            host: "127.0.0.1".to_owned(),
            port: 25,
            privacy: Privacy::Plain,
            tls: None,
            login: None,
            from: address("AlphaFlow <bot@example.com>"),
            to: vec![address("me@example.org"), address("you@example.org")],
        };
        let text = "Sold 52 IBM, −$248.56 <now>.\r\nBcc: thief@example.net\r\n\r\nBcc: thief@example.net";
        let event = event(7, EventKind::Fill, Severity::Info, text);
        let message = Message::new(Banner::Live, "s", "j", &event, &Redactor::of([]));
        let mail = email.mail(&message, Timestamp::from_ns(1_764_153_600 * Timestamp::NS_PER_SECOND)).expect("a mail");
        let text = String::from_utf8(mail.formatted()).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split_once(':').map(|(name, _)| name))
            .collect();
        let wanted = ["From", "Subject", "Date", "Message-ID", "Auto-Submitted", "To", "MIME-Version", "Content-Type"];
        assert_eq!(names.len(), wanted.len(), "{head}");
        assert!(wanted.iter().all(|name| names.contains(name)), "{head}");
        assert!(head.contains("Date: Wed, 26 Nov 2025 10:40:00 +0000"), "{head}");
        assert!(head.contains(&format!("Message-ID: <alphaflow.{}@example.com>", message.key())), "{head}");
        assert!(body.contains("text/plain; charset=utf-8") && body.contains("text/html; charset=utf-8"), "{body}");
        assert_eq!(mail.envelope().to().len(), 2);
    }
}
