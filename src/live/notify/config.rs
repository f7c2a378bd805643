//! Which channels a `.env` sets up: each setting checked once, each problem said with name, value and remedy.
//!
//! Not here: the file (`EnvFile`), delivering (channel).
//! Invariants: (1) a channel is set up whole or not at all: one of its settings alone is an error that names the others;
//! (2) no error holds a secret.
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate as MailCertificate, CertificateStore, TlsParameters};
use sha2::{Digest, Sha256};

use super::channel::Channel;
use super::email::{Email, Privacy};
use super::escape::is_unsafe;
use super::http::{Target, is_loopback};
use super::text::Banner;
use crate::execution::alpaca::{EnvFile, Secret, provide_cryptography};
use crate::live::redact::Redactor;

/// All settings of this room.
pub const NAMES: [&str; 13] = [
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_TLS",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "SMTP_CA_FILE",
    "EMAIL_FROM",
    "EMAIL_TO",
    "SLACK_WEBHOOK_URL",
    "SLACK_CA_FILE",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "WEBHOOK_CA_FILE",
];
/// More receivers are a list, which a mail server keeps better.
const RECEIVERS_MAX: usize = 10;
/// A file of authorities is a few KB; a whole system's is 200 KB.
const AUTHORITIES_BYTES_MAX: u64 = 1 << 20;
/// Shorter secrets can be guessed from one signed message.
const SECRET_LENGTH_MIN: usize = 16;

/// Channels, and what their messages begin with.
pub struct NotifyConfig {
    pub(super) banner: Banner,
    pub(super) session: String,
    pub(super) channels: Vec<Channel>,
    pub(super) redactor: Arc<Redactor>,
    fingerprint: String,
}

/// What is wrong with the settings, one fault a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The faults, in the order of the settings.
    pub faults: Vec<ConfigFault>,
}

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {name}{} {fault}", value.as_deref().map_or(String::new(), |value| format!(" = `{value}`")))]
pub struct ConfigFault {
    /// File and line, or the environment.
    pub place: String,
    /// The setting.
    pub name: &'static str,
    /// Its value, where it is no secret.
    pub value: Option<String>,
    /// What is wrong and what to do.
    pub fault: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl NotifyConfig {
    /// The channels that `env` sets up; none is no error. `session`: its name, as messages show it.
    pub fn from_env(env: &EnvFile, banner: Banner, session: &str) -> Result<NotifyConfig, ConfigError> {
        provide_cryptography();
        let mut reader = Reader { env, faults: Vec::new() };
        let email = reader.email();
        let slack = reader.slack();
        let webhook = reader.webhook();
        if !reader.faults.is_empty() {
            return Err(ConfigError { faults: reader.faults });
        }
        Ok(NotifyConfig {
            banner,
            session: session.to_owned(),
            channels: [email, slack, webhook].into_iter().flatten().collect(),
            redactor: Arc::new(Redactor::new(env)),
            fingerprint: fingerprint(env),
        })
    }

    /// What takes the secrets of the same `.env` out of texts.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// The channels by name and place.
    pub fn channels(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.channels.iter().map(|channel| (channel.name(), channel.place()))
    }

    /// Changes whenever a setting of a channel does, but for passwords: a test counts for the settings it was made with.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Debug for NotifyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifyConfig").field("channels", &self.channels().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// A password short enough to be guessed must not be guessed from its hash, so passwords are left out.
fn fingerprint(env: &EnvFile) -> String {
    let mut hash = Sha256::new();
    for name in NAMES.iter().filter(|name| !matches!(**name, "SMTP_PASSWORD" | "WEBHOOK_SECRET")) {
        let value = env.get(name).unwrap_or_default();
        hash.update(value.len().to_le_bytes());
        hash.update(value);
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads settings and gathers what is wrong with them.
struct Reader<'a> {
    env: &'a EnvFile,
    faults: Vec<ConfigFault>,
}

impl<'a> Reader<'a> {
    /// The value of a setting, where it is set to anything.
    fn text(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.env.get(name).filter(|value| !value.is_empty())?;
        if value.chars().any(is_unsafe) || value.trim() != value {
            self.fault(name, None, "holds a line break, a control character, or a blank at an end; write it anew");
            return None;
        }
        Some(value)
    }

    fn is_set(&self, name: &str) -> bool {
        self.env.get(name).is_some_and(|value| !value.is_empty())
    }

    /// A setting that must be there because `other` is.
    fn needed(&mut self, name: &'static str, other: &str, example: &str) -> Option<&'a str> {
        if !self.is_set(name) {
            self.fault(name, None, &format!("is not set, but {other} is; write `{name}={example}`, or remove {other}"));
        }
        self.text(name)
    }

    fn fault(&mut self, name: &'static str, value: Option<&str>, fault: &str) {
        let (place, value) = (self.env.place(name), value.map(str::to_owned));
        self.faults.push(ConfigFault { place, name, value, fault: fault.to_owned() });
    }

    fn email(&mut self) -> Option<Channel> {
        let own = |name: &&str| name.starts_with("SMTP_") || name.starts_with("EMAIL_");
        let other = NAMES.into_iter().filter(own).find(|name| self.is_set(name))?;
        let host = self.needed("SMTP_HOST", other, "mail.example.com");
        let from =
            self.needed("EMAIL_FROM", other, "alphaflow@example.com").and_then(|text| self.mailbox("EMAIL_FROM", text));
        let to = self.needed("EMAIL_TO", other, "you@example.com").and_then(|text| self.receivers(text));
        let port = self.port();
        let privacy = self.privacy(port)?;
        let login = self.login();
        let roots = self.authorities("SMTP_CA_FILE");
        let (host, from, to) = (host?, from?, to?);
        if privacy == Privacy::Plain && !is_loopback(host) {
            let fault = "is not this machine, and with SMTP_TLS=none anyone on the way reads along; write SMTP_TLS=tls \
                         or starttls (to this machine: SMTP_HOST=127.0.0.1)";
            self.fault("SMTP_HOST", Some(host), fault);
            return None;
        }
        let tls = match privacy {
            Privacy::Plain => None,
            Privacy::Tls | Privacy::StartTls => Some(self.tls(host, roots?)?),
        };
        let port = port.unwrap_or(privacy.default_port());
        Some(Channel::Email(Box::new(Email { host: host.to_owned(), port, privacy, tls, login, from, to })))
    }

    fn port(&mut self) -> Option<u16> {
        let text = self.text("SMTP_PORT")?;
        let port = text.parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            self.fault(
                "SMTP_PORT",
                Some(text),
                "is no port; write 465 (with SMTP_TLS=tls) or 587 (with SMTP_TLS=starttls)",
            );
        }
        port
    }

    /// As said, else as the port says: 465 is TLS from the first byte, and so is nothing at all.
    fn privacy(&mut self, port: Option<u16>) -> Option<Privacy> {
        match self.text("SMTP_TLS") {
            Some("tls") => Some(Privacy::Tls),
            Some("starttls") => Some(Privacy::StartTls),
            Some("none") => Some(Privacy::Plain),
            Some(other) => {
                self.fault("SMTP_TLS", Some(other), "is none of tls, starttls, none");
                None
            }
            None if port.is_none_or(|port| port == Privacy::Tls.default_port()) => Some(Privacy::Tls),
            None => Some(Privacy::StartTls),
        }
    }

    fn login(&mut self) -> Option<(String, Secret)> {
        match (self.text("SMTP_USERNAME"), self.text("SMTP_PASSWORD")) {
            (Some(name), Some(password)) => Some((name.to_owned(), Secret::new(password.to_owned()))),
            (Some(_), None) => {
                self.needed("SMTP_PASSWORD", "SMTP_USERNAME", "…");
                None
            }
            (None, Some(_)) => {
                self.needed("SMTP_USERNAME", "SMTP_PASSWORD", "…");
                None
            }
            (None, None) => None,
        }
    }

    fn mailbox(&mut self, name: &'static str, text: &str) -> Option<Mailbox> {
        let mailbox = text.parse::<Mailbox>();
        if mailbox.is_err() {
            self.fault(name, Some(text), "is no e-mail address; write name@example.com or `Name <name@example.com>`");
        }
        mailbox.ok()
    }

    fn receivers(&mut self, text: &str) -> Option<Vec<Mailbox>> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > RECEIVERS_MAX {
            let fault = format!("names {} receivers, allowed are {RECEIVERS_MAX}; use a mailing list", parts.len());
            self.fault("EMAIL_TO", None, &fault);
            return None;
        }
        parts.into_iter().map(|part| self.mailbox("EMAIL_TO", part)).collect()
    }

    fn tls(&mut self, host: &str, roots: Option<Vec<u8>>) -> Option<TlsParameters> {
        let builder = TlsParameters::builder(host.to_owned());
        let builder = match roots.map(|pem| MailCertificate::from_pem(&pem)) {
            None => Ok(builder),
            Some(roots) => {
                roots.map(|roots| builder.certificate_store(CertificateStore::None).add_root_certificate(roots))
            }
        };
        let tls = builder.and_then(|builder| builder.build());
        tls.map_err(|error| {
            self.fault("SMTP_HOST", Some(host), &format!("cannot be reached over TLS from here: {error}"))
        })
        .ok()
    }

    fn slack(&mut self) -> Option<Channel> {
        if !self.is_set("SLACK_WEBHOOK_URL") {
            if self.is_set("SLACK_CA_FILE") {
                self.needed("SLACK_WEBHOOK_URL", "SLACK_CA_FILE", "https://hooks.slack.com/…");
            }
            return None;
        }
        self.target("SLACK_WEBHOOK_URL", "SLACK_CA_FILE").map(Channel::Slack)
    }

    fn webhook(&mut self) -> Option<Channel> {
        let names = ["WEBHOOK_URL", "WEBHOOK_SECRET", "WEBHOOK_CA_FILE"];
        let other = names.into_iter().find(|name| self.is_set(name))?;
        let secret = self.needed("WEBHOOK_SECRET", other, "…");
        self.needed("WEBHOOK_URL", other, "https://example.com/…")?;
        let target = self.target("WEBHOOK_URL", "WEBHOOK_CA_FILE");
        let secret = secret?;
        if secret.len() < SECRET_LENGTH_MIN {
            let fault = format!(
                "has {} characters, needed are {SECRET_LENGTH_MIN}; make one with `openssl rand -hex 32`",
                secret.len()
            );
            self.fault("WEBHOOK_SECRET", None, &fault);
            return None;
        }
        Some(Channel::Webhook { target: target?, secret: Secret::new(secret.to_owned()) })
    }

    fn target(&mut self, name: &'static str, file: &'static str) -> Option<Target> {
        let address = self.text(name)?;
        let roots = match self.authorities(file)? {
            None => None,
            Some(pem) => match reqwest::Certificate::from_pem_bundle(&pem) {
                Ok(roots) => Some(roots),
                Err(_) => {
                    self.fault(file, self.env.get(file), NO_CERTIFICATE);
                    return None;
                }
            },
        };
        Target::new(address, roots).map_err(|fault| self.fault(name, None, &fault)).ok()
    }

    /// The text of a file of authorities: `Some(None)` where the setting is not set, `None` after a fault.
    fn authorities(&mut self, name: &'static str) -> Option<Option<Vec<u8>>> {
        if !self.is_set(name) {
            return Some(None);
        }
        let text = self.text(name)?;
        let folder = self.env.path().parent().unwrap_or(Path::new(""));
        match read_authorities(&folder.join(text)) {
            Ok(pem) => Some(Some(pem)),
            Err(fault) => {
                self.fault(name, Some(text), &fault);
                None
            }
        }
    }
}

const NO_CERTIFICATE: &str = "holds no certificate in PEM form; it begins with -----BEGIN CERTIFICATE-----";

fn read_authorities(path: &Path) -> Result<Vec<u8>, String> {
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(AUTHORITIES_BYTES_MAX + 1).read_to_end(&mut pem));
    read.map_err(|error| format!("cannot be read: {error}; paths are relative to the folder of the .env"))?;
    if pem.len() as u64 > AUTHORITIES_BYTES_MAX {
        return Err("is larger than 1 MiB; it holds other things than certificates".to_owned());
    }
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(pem),
        _ => Err(NO_CERTIFICATE.to_owned()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn config(text: &str) -> Result<NotifyConfig, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, text).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
        let certificate = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/loopback.pem");
        std::fs::copy(certificate, folder.path().join("ca.pem")).expect("copy");
        let env = EnvFile::read(&path).expect("a .env");
        let shown = |error: ConfigError| error.to_string().replace(&folder.path().display().to_string(), "");
        NotifyConfig::from_env(&env, Banner::Paper, "s").map_err(shown)
    }

    const MAIL: &str =
        "SMTP_HOST=mail.example.com\nEMAIL_FROM=a@example.com\nEMAIL_TO=b@example.com\nSMTP_CA_FILE=ca.pem\n";

    fn email(more: &str) -> (u16, Privacy) {
        let config = config(&format!("{MAIL}{more}")).expect(more);
        let Some(Channel::Email(email)) = config.channels.first() else { panic!("{more}: no e-mail") };
        (email.port, email.privacy)
    }

    #[test]
    fn nothing_set_is_no_channel_and_no_error() {
        let config = config("SMTP_HOST=\nSLACK_WEBHOOK_URL=\nALPACA_PAPER=true\n").expect("no channel");
        assert_eq!(config.channels().count(), 0);
    }

    #[test]
    fn privacy_follows_the_port_and_is_never_none_by_itself() {
        assert_eq!(email(""), (465, Privacy::Tls));
        assert_eq!(email("SMTP_PORT=465"), (465, Privacy::Tls));
        assert_eq!(email("SMTP_PORT=587"), (587, Privacy::StartTls));
        assert_eq!(email("SMTP_PORT=25"), (25, Privacy::StartTls));
        assert_eq!(email("SMTP_TLS=starttls"), (587, Privacy::StartTls));
        assert_eq!(email("SMTP_PORT=2525\nSMTP_TLS=tls"), (2525, Privacy::Tls));
    }

    #[test]
    fn all_three_channels_are_set_up_and_debug_shows_no_secret() {
        let text = format!(
            "{MAIL}SMTP_USERNAME=u\nSMTP_PASSWORD=hunter22\nSLACK_WEBHOOK_URL=http://127.0.0.1:1/services/hidden\n\
             WEBHOOK_URL=http://[::1]:2/hidden\nWEBHOOK_SECRET=0123456789abcdef\n"
        );
        let config = config(&text).expect("a config");
        let shown = format!("{config:?}");
        assert_eq!(
            config.channels().collect::<Vec<_>>(),
            [
                ("email", "b@example.com by mail.example.com:465".to_owned()),
                ("slack", "127.0.0.1:1".to_owned()),
                ("webhook", "[::1]:2".to_owned()),
            ]
        );
        for secret in ["hunter22", "hidden", "0123456789abcdef"] {
            assert!(!shown.contains(secret), "{shown}");
            assert!(config.redactor().clean(&format!("x {secret} y")).contains("[secret]"), "{secret}");
        }
    }

    #[test]
    fn each_problem_names_setting_and_remedy_and_no_secret() {
        for (text, words) in [
            ("SMTP_HOST=mail.example.com", vec!["EMAIL_FROM is not set, but SMTP_HOST is", "EMAIL_TO is not set"]),
            ("EMAIL_TO=b@example.com", vec!["SMTP_HOST is not set, but EMAIL_TO is; write `SMTP_HOST="]),
            (&format!("{MAIL}SMTP_TLS=none"), vec!["SMTP_HOST = `mail.example.com` is not this machine"]),
            (&format!("{MAIL}SMTP_TLS=ssl"), vec!["SMTP_TLS = `ssl` is none of"]),
            (&format!("{MAIL}SMTP_PORT=0"), vec!["SMTP_PORT = `0` is no port"]),
            (&format!("{MAIL}SMTP_PASSWORD=hidden"), vec!["SMTP_USERNAME is not set, but SMTP_PASSWORD is"]),
            (&format!("{MAIL}SMTP_USERNAME=u"), vec!["SMTP_PASSWORD is not set"]),
            (&MAIL.replace("b@example.com", "b@example.com, c"), vec!["EMAIL_TO = `c` is no e-mail address"]),
            (&MAIL.replace("a@example.com", "\"a@example.com\\nBcc: x@y.z\""), vec!["EMAIL_FROM holds a line break"]),
            (&MAIL.replace("b@example.com", &["b@example.com"; 11].join(",")), vec!["11 receivers, allowed are 10"]),
            (&MAIL.replace("ca.pem", "none.pem"), vec!["SMTP_CA_FILE = `none.pem` cannot be read"]),
            (&MAIL.replace("ca.pem", ".env"), vec!["SMTP_CA_FILE = `.env` holds no certificate"]),
            ("SLACK_WEBHOOK_URL=http://hooks.slack.com/hidden", vec!["SLACK_WEBHOOK_URL begins with http://"]),
            ("SLACK_CA_FILE=ca.pem", vec!["SLACK_WEBHOOK_URL is not set, but SLACK_CA_FILE is"]),
            ("WEBHOOK_URL=https://example.com/hidden", vec!["WEBHOOK_SECRET is not set, but WEBHOOK_URL is"]),
            ("WEBHOOK_SECRET=hidden-hidden-hidden", vec!["WEBHOOK_URL is not set, but WEBHOOK_SECRET is"]),
            (
                "WEBHOOK_URL=http://127.0.0.1:1/\nWEBHOOK_SECRET=hidden",
                vec!["WEBHOOK_SECRET has 6 characters, needed are 16"],
            ),
        ] {
            let error = config(text).err().unwrap_or_else(|| panic!("{text}: taken"));
            assert!(words.iter().all(|word| error.contains(word)), "{text}:\n{error}");
            assert!(!error.contains("hidden"), "{error}");
            // What is set is named with its line.
            let is_placed = |line: &str| {
                line.starts_with("/.env:") && (line.contains(" is not set") == line.starts_with("/.env: "))
            };
            assert!(error.lines().all(is_placed), "{error}");
        }
    }

    #[test]
    fn the_fingerprint_follows_the_settings_but_not_the_passwords() {
        let of = |text: &str| config(&format!("{MAIL}{text}")).expect(text).fingerprint().to_owned();
        let login = "SMTP_USERNAME=u\nSMTP_PASSWORD=";
        assert_eq!(of(&format!("{login}one1")), of(&format!("{login}two2")));
        assert_ne!(of(""), of("SMTP_PORT=2525"));
        assert_ne!(of(""), of(&format!("{login}one1")));
    }
}
