//! Calls over HTTP: each goes out once, and what became of it is said exactly.
//!
//! Not here: what to call and when to call again (the desk), which host (mode).
//! Invariants: (1) certificates are verified and redirects are not followed, always; (2) an outcome is `NotSent` only if
//! no byte of the call can have left, and `Answered` only with the whole answer; (3) answers are bounded in size and time,
//! calls on their way and calls that wait are bounded in number; (4) keys go into headers only.
use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Response};
use tokio::sync::mpsc::{Receiver, Sender};

use super::call::{Call, Outcome, RateHeaders, Urgency, Verb};
use super::keys::ApiKeys;
use super::mode::sealed::Addresses;
use super::shutter::Shutter;

/// A connection that is not there by then is not coming.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Alpaca answers orders within a second; after this the desk looks the order up instead of waiting.
const CALL_TIME: Duration = Duration::from_secs(15);
/// Longest answer: the list of all 12,000 shares is about 8 MB, a page of 10,000 bars about 1 MB.
pub(super) const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Calls on their way at once. At 200 calls a minute more would only wait at the venue.
const IN_FLIGHT_MAX: usize = 8;
/// Of these, so many are kept for calls that shrink a position or protect it, should all others hang.
const RESERVED: usize = 2;
/// Calls that wait here; the desk holds back the rest.
const WAITING_MAX: usize = 256;
/// A connection is kept open so long: at one bar a minute it is still there at the next.
const IDLE_TIME: Duration = Duration::from_secs(90);

/// A way to the hosts of one mode.
pub(super) struct Carrier {
    client: Client,
    addresses: Addresses,
    shutter: Shutter,
}

/// Why there is no way to a venue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no connection can be prepared: {reason}; check the certificates of this machine (package ca-certificates)")]
pub struct ClientError {
    /// The words of the library.
    pub reason: String,
}

impl From<std::io::Error> for ClientError {
    fn from(error: std::io::Error) -> ClientError {
        ClientError { reason: error.to_string() }
    }
}

/// A client for one host or one mode. `base` decides: https is never left, http goes to loopback by type.
fn client(base: &str, keys: &ApiKeys) -> Result<Client, ClientError> {
    builder(base, keys, CALL_TIME)?.build().map_err(|error| ClientError { reason: words(&error) })
}

/// `call_time`: the longest that a call may take.
pub(super) fn builder(base: &str, keys: &ApiKeys, call_time: Duration) -> Result<ClientBuilder, ClientError> {
    provide_cryptography();
    let mut headers = HeaderMap::new();
    for (name, value) in [("apca-api-key-id", keys.id()), ("apca-api-secret-key", keys.secret())] {
        let mut value = HeaderValue::from_str(value).map_err(|error| ClientError { reason: error.to_string() })?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    let builder = Client::builder()
        .default_headers(headers)
        .user_agent(concat!("alphaflow/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .https_only(base.starts_with("https://"))
        .connect_timeout(CONNECT_TIME)
        .timeout(call_time)
        .pool_idle_timeout(IDLE_TIME)
        .pool_max_idle_per_host(IN_FLIGHT_MAX)
        .tcp_nodelay(true);
    // Without https there is nobody to verify: trusting no one, a rehearsal works where no certificates are installed.
    Ok(if base.starts_with("https://") { builder } else { builder.tls_certs_only([]) })
}

/// Names the cryptography that TLS uses in this process.
pub fn provide_cryptography() {
    // The second time it is there already, and that is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Carrier {
    /// A way to the hosts of `addresses`. Errors: the machine has no certificates to verify others with.
    pub(super) fn new(addresses: Addresses, keys: &ApiKeys) -> Result<Carrier, ClientError> {
        Ok(Carrier { client: client(&addresses.trading, keys)?, addresses, shutter: Shutter::new() })
    }

    /// The same behind a shutter that others hold, too.
    pub(super) fn behind(self, shutter: Shutter) -> Carrier {
        Carrier { shutter, ..self }
    }

    /// Carries one call, unless the shutter holds it back.
    pub(super) async fn carry(&self, call: &Call) -> Outcome {
        let Some(_pass) = self.shutter.pass(call) else { return Outcome::HeldBack };
        let base = if is_market_data(&call.path) { &self.addresses.data } else { &self.addresses.trading };
        carry(&self.client, base, call).await
    }

    /// Carries calls, the most urgent first, until nobody sends any more.
    pub(super) async fn run(self, mut calls: Receiver<Call>, outcomes: Sender<(u64, Outcome)>) {
        let (mut waiting, mut arrivals, mut is_open) = (BTreeMap::<(Urgency, u64), Call>::new(), 0u64, true);
        let mut in_flight = FuturesUnordered::new();
        loop {
            while let Some(next) = waiting.first_entry() {
                if in_flight.len() >= in_flight_max(next.key().0) {
                    break;
                }
                let call = next.remove();
                let carrier = &self;
                in_flight.push(async move { (call.id, carrier.carry(&call).await) });
            }
            tokio::select! {
                biased;
                Some(done) = in_flight.next(), if !in_flight.is_empty() => {
                    if outcomes.send(done).await.is_err() {
                        return;
                    }
                }
                call = calls.recv(), if is_open && waiting.len() < WAITING_MAX => match call {
                    Some(call) => {
                        arrivals += 1;
                        waiting.insert((call.urgency, arrivals), call);
                    }
                    None => is_open = false,
                },
                else => return,
            }
        }
    }
}

const fn in_flight_max(urgency: Urgency) -> usize {
    match urgency {
        Urgency::Reducing | Urgency::Protecting => IN_FLIGHT_MAX,
        Urgency::Asking | Urgency::Opening | Urgency::Reading => IN_FLIGHT_MAX - RESERVED,
    }
}

/// Does the path belong to the host of market data?
fn is_market_data(path: &str) -> bool {
    ["/v2/stocks", "/v1/corporate-actions", "/v1beta1/", "/v1beta3/"].iter().any(|face| path.starts_with(face))
}

/// One reading call on a host, with a client of its own.
#[cfg(feature = "live")]
pub(super) async fn get_once(base: &str, keys: &ApiKeys, path: &str) -> Outcome {
    let call = Call { id: 0, verb: Verb::Get, path: path.to_owned(), body: None, urgency: Urgency::Reading };
    match client(base, keys) {
        Ok(client) => carry(&client, base, &call).await,
        Err(error) => Outcome::NotSent(error.to_string()),
    }
}

/// Carries one call with a client.
pub(super) async fn carry(client: &Client, base: &str, call: &Call) -> Outcome {
    // A path that did not begin with a slash would become part of the host.
    if !call.path.starts_with('/') {
        return Outcome::NotSent(format!("`{}` is no path", call.path));
    }
    let method = match call.verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    };
    let mut request = client.request(method, format!("{base}{}", call.path));
    if let Some(body) = &call.body {
        request = request.header("content-type", "application/json").body(body.clone());
    }
    match request.send().await {
        // A connect error comes before the first byte, and a builder error before the connection.
        Err(error) if error.is_connect() || error.is_builder() => Outcome::NotSent(words(&error.without_url())),
        Err(error) => Outcome::Unknown(words(&error.without_url())),
        Ok(response) => answered(response).await,
    }
}

async fn answered(mut response: Response) -> Outcome {
    let (status, rate) = (response.status().as_u16(), rate(response.headers()));
    let too_long = || Outcome::Unknown(format!("status {status}, but an answer of more than {ANSWER_BYTES_MAX} bytes"));
    if response.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX as u64) {
        return too_long();
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Outcome::Answered { status, body, rate },
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => return too_long(),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => {
                return Outcome::Unknown(format!(
                    "status {status}, but no whole answer: {}",
                    words(&error.without_url())
                ));
            }
        }
    }
}

/// What the venue says of its limit; the names of headers have no case.
fn rate(headers: &HeaderMap) -> RateHeaders {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let count = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
    RateHeaders {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset_seconds: number("x-ratelimit-reset"),
        retry_after_seconds: count("retry-after"),
    }
}

/// An error with what caused it.
pub(super) fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
