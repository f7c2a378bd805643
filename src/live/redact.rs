//! Takes the secrets of a `.env` out of any text that leaves: messages, logs, journal, errors.
//!
//! Not here: secrets by type, which no text can hold by mistake (`execution::alpaca::Secret`).
//! Invariants: (1) every setting is a secret unless its name is known to be public or its value is a word or number that
//! any text may hold; (2) a secret goes in each form in
//! which a text may carry it: as it is, escaped as JSON or as Rust does, percent-encoded; (3) `Debug` shows none.
use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::execution::alpaca::EnvFile;

/// What stands in the place of a secret.
const REDACTED: &str = "[secret]";
/// Shorter values are parts of many words: taking them out would spoil every text and hide nothing.
const LENGTH_MIN: usize = 4;
/// Under a name that does not speak of a secret, shorter values are words: `json`, `sip`.
const UNNAMED_LENGTH_MIN: usize = 8;
/// Names that speak of one.
const NAMED: &[&str] = &["KEY", "PASS", "SECRET", "TOKEN", "URL", "WEBHOOK"];
/// Settings whose values anyone may see.
const PUBLIC: &[&str] = &[
    "ALPACA_PAPER",
    // They open nothing but a simulation on this machine.
    "ALPHAFLOW_EXCHANGE_KEY",
    "ALPHAFLOW_EXCHANGE_SECRET",
    "EMAIL_FROM",
    "EMAIL_TO",
    "LIVE_MAX_CAPITAL",
    "LOG_LEVEL",
    "MAX_DAILY_LOSS",
    "MAX_PORTFOLIO_HEAT",
    "MAX_POSITION_SIZE",
    "SLACK_CA_FILE",
    "SMTP_CA_FILE",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_TLS",
    "SMTP_USERNAME",
    "WEBHOOK_CA_FILE",
];

/// Knows the secrets and takes them out.
pub struct Redactor {
    /// Longest first, so that no part of a longer one stays.
    secrets: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// Takes out the secrets of `env`.
    pub fn new(env: &EnvFile) -> Redactor {
        Redactor::of(env.settings().filter(|(name, value)| is_secret(name, value)).map(|(_, value)| value))
    }

    /// Takes out `secrets` and, where one is an address, its part after the host.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Redactor {
        let mut forms = Vec::new();
        for secret in secrets {
            for text in [Some(secret), path(secret)].into_iter().flatten() {
                forms.extend(spellings(text).into_iter().filter(|form| form.len() >= LENGTH_MIN));
            }
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.as_str().cmp(b.as_str())));
        forms.dedup();
        Redactor { secrets: forms }
    }

    /// `text` without secrets. Allocates only where one is found.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(clean.replace(secret.as_str(), REDACTED));
            }
        }
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor of {} forms", self.secrets.len())
    }
}

/// Is the value of this setting to be hidden? A number under any name could be a price in any text.
fn is_secret(name: &str, value: &str) -> bool {
    let is_number = || value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+'));
    if PUBLIC.contains(&name) {
        return false;
    }
    NAMED.iter().any(|word| name.contains(word)) || (value.len() >= UNNAMED_LENGTH_MIN && !is_number())
}

/// What follows the host of an address: a webhook's is as good as its password.
fn path(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split_once('/').map(|(_, path)| path)
}

/// A secret as texts may carry it.
fn spellings(secret: &str) -> [Zeroizing<String>; 4] {
    let json = serde_json::Value::from(secret).to_string();
    let rust = format!("{secret:?}");
    let inner = |quoted: String| Zeroizing::new(quoted[1..quoted.len() - 1].to_owned());
    let mut percent = String::with_capacity(secret.len());
    for byte in secret.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => percent.push(char::from(byte)),
            other => {
                let _ = write!(percent, "%{other:02X}");
            }
        }
    }
    [Zeroizing::new(secret.to_owned()), inner(json), inner(rust), Zeroizing::new(percent)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "pa\"ss\\w/ör d";

    #[test]
    fn every_form_of_a_secret_goes() {
        let redactor = Redactor::of([PASSWORD, "https://hooks.example/services/T0/B0/XyZ12345"]);
        for text in [
            PASSWORD.to_owned(),
            serde_json::json!({ "a": PASSWORD }).to_string(),
            format!("{:?}", Some(PASSWORD)),
            "user:pa%22ss%5Cw%2F%C3%B6r%20d@host".to_owned(),
            "error for https://hooks.example/services/T0/B0/XyZ12345: refused".to_owned(),
            "POST /services/T0/B0/XyZ12345 failed".to_owned(),
        ] {
            let clean = redactor.clean(&text);
            assert!(clean.contains(REDACTED), "{clean}");
            for part in ["ss\\w", "%22ss", "XyZ12345", "ör"] {
                assert!(!clean.contains(part), "{clean}");
            }
        }
        assert!(!format!("{redactor:?}").contains("XyZ"), "{redactor:?}");
    }

    #[test]
    fn a_secret_that_holds_another_goes_whole() {
        let redactor = Redactor::of(["abcd", "abcdefgh"]);
        assert_eq!(redactor.clean("x abcdefgh y abcd"), "x [secret] y [secret]");
        assert!(matches!(redactor.clean("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn short_values_stay_because_they_are_parts_of_words() {
        assert_eq!(Redactor::of(["abc", ""]).clean("abcabc"), "abcabc");
    }

    #[cfg(unix)]
    #[test]
    fn every_setting_of_a_file_is_a_secret_unless_it_is_known_not_to_be() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(".env");
        std::fs::write(
            &path,
            "SMTP_HOST=mail.example.com\nSMTP_PASSWORD=hunt\nOTHER_THING=unknown-value\nFORMAT=json\nPIECES=123456789\n\
             A_TOKEN=1234\nALPHAFLOW_EXCHANGE_KEY=rehearsal\n",
        )
        .expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
        let redactor = Redactor::new(&EnvFile::read(&path).expect("file"));
        let text = "mail.example.com hunt unknown-value json 123456789 1234 rehearsal";
        // The token is part of the number, and hiding a token comes first.
        assert_eq!(redactor.clean(text), "mail.example.com [secret] [secret] json [secret]56789 [secret] rehearsal");
    }
}
