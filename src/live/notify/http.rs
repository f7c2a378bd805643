//! One POST to a webhook, bounded in time and size.
//!
//! Not here: what is posted (slack, webhook), when again (line).
//! Invariants: (1) certificates are verified and redirects are not followed, always; (2) without TLS only to this
//! machine; (3) no address appears in an error: it is as good as a password.
use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, StatusCode, Url};

use super::line::Outcome;
use crate::execution::alpaca::provide_cryptography;

/// Most bytes of an answer that are looked at: Slack answers with a word.
const ANSWER_BYTES_MAX: usize = 1 << 10;
/// Longest address.
const ADDRESS_CHARS_MAX: usize = 2_048;

/// An address that may be posted to, and the way there.
pub struct Target {
    client: Client,
    url: Url,
}

/// Why there is no way.
pub type Fault = String;

impl Target {
    /// Checks `address`. `roots`: the only authorities to trust; `None`: this machine's.
    pub fn new(address: &str, roots: Option<Vec<Certificate>>) -> Result<Target, Fault> {
        if address.chars().count() > ADDRESS_CHARS_MAX {
            return Err(format!("is longer than {ADDRESS_CHARS_MAX} characters; copy it again"));
        }
        let url = Url::parse(address).map_err(|error| format!("is no address ({error}); it begins with https://"))?;
        let is_local = url.host_str().is_some_and(is_loopback);
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            "http" => return Err("begins with http://, which anyone on the way can read; use https://".to_owned()),
            _ => return Err("does not begin with https://; copy it again".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("has a name, a password or a fragment (#…), which a webhook does not; copy it again".to_owned());
        }
        provide_cryptography();
        let builder = Client::builder()
            .user_agent(concat!("alphaflow/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .https_only(url.scheme() == "https")
            .pool_max_idle_per_host(0);
        let builder = match (roots, url.scheme()) {
            (Some(roots), _) => builder.tls_certs_only(roots),
            (None, "https") => builder,
            // Nobody to verify: it works where no certificates are installed.
            (None, _) => builder.tls_certs_only([]),
        };
        let client = builder.build().map_err(|error| format!("cannot be reached from here: {}", words(error)))?;
        Ok(Target { client, url })
    }

    /// Host and port.
    pub fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Posts a JSON text once.
    pub async fn post(&self, headers: HeaderMap, body: Vec<u8>) -> Outcome {
        let request = self.client.post(self.url.clone()).headers(headers).body(body);
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json; charset=utf-8");
        match request.send().await {
            Ok(response) => judge(response).await,
            Err(error) => Outcome::Later { why: words(error), after: None },
        }
    }
}

/// Is `host` this machine, whoever answers for names?
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn judge(mut response: Response) -> Outcome {
    let status = response.status();
    let after = asked(response.headers());
    let mut answer = Vec::new();
    while answer.len() < ANSWER_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(bytes)) => answer.extend_from_slice(&bytes[..bytes.len().min(ANSWER_BYTES_MAX - answer.len())]),
            // The status has been said; the rest is only words.
            Ok(None) | Err(_) => break,
        }
    }
    let said = match String::from_utf8_lossy(&answer).trim() {
        "" => status.to_string(),
        answer => format!("{status}: {answer}"),
    };
    match status {
        status if status.is_success() => Outcome::Delivered(said),
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Outcome::Refused(said),
        status if status.is_redirection() => {
            Outcome::Later { why: format!("{said}; redirects are not followed, set the address it leads to"), after }
        }
        _ => Outcome::Later { why: said, after },
    }
}

/// What a server that is busy asks for, in seconds; dates are not read.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// The error and its causes, without the address.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
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

    #[test]
    fn without_tls_only_to_this_machine() {
        for good in ["https://hooks.example.com/a/b", "http://127.0.0.1:8080/x", "http://[::1]:1/"] {
            assert!(Target::new(good, Some(Vec::new())).is_ok(), "{good}");
        }
        for (bad, word) in [
            ("http://hooks.example.com/secretpath", "http://"),
            ("http://localhost.example.com/secretpath", "http://"),
            ("http://127.0.0.1.example.com/secretpath", "http://"),
            ("http://0.0.0.0/secretpath", "http://"),
            ("ftp://example.com/secretpath", "https://"),
            ("hooks.example.com/secretpath", "no address"),
            ("https://user:secretpath@example.com/", "password"),
            ("https://example.com/#secretpath", "fragment"),
        ] {
            let fault = Target::new(bad, Some(Vec::new())).err().expect(bad);
            assert!(fault.contains(word) && !fault.contains("secretpath"), "{bad}: {fault}");
        }
        let long = format!("https://example.com/{}", "x".repeat(ADDRESS_CHARS_MAX));
        assert!(Target::new(&long, Some(Vec::new())).is_err());
    }

    #[test]
    fn a_busy_server_is_heard() {
        let headers = |value: &'static str| HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a header"))]);
        assert_eq!(asked(&headers("30")), Some(Duration::from_secs(30)));
        assert_eq!(asked(&headers("Wed, 21 Oct 2015 07:28:00 GMT")), None);
        assert_eq!(asked(&headers("-1")), None);
        assert_eq!(asked(&HeaderMap::new()), None);
    }
}
