//! The door: what every request passes before it is looked at, and what every answer carries.
//!
//! Not here: sizes of heads and connections (connection), sign-in (access). Against pages of other origins: the names
//! of the host are listed (a rebound name is refused), `Origin` and `Sec-Fetch-Site` must be ours, and a change needs
//! the token of the session besides its cookie. No answer allows another origin anything.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Pass;
use super::connection::Holder;
use super::house::{House, count, locked};
use super::reply::Refused;

/// Scripts, styles, fonts and pictures come from here and nowhere else; no text becomes HTML or code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";
/// What every answer carries.
const HEADERS: [(HeaderName, &str); 9] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];
/// The route that is never counted: stopping does not wait behind other requests.
const HALT: &str = "/api/v1/halt";
/// Largest body: a reason of 500 characters and a few names.
pub(super) const BODY_BYTES_MAX: usize = 16 << 10;
/// How long a request may take, its body included.
const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// The header that proves that a page of ours asks.
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Who {
    /// A browser that is signed in.
    Person {
        /// Its session.
        pass: Pass,
        /// The cookie it came with, to end the session by.
        cookie: String,
    },
    /// A script with its token.
    Script,
}

impl Who {
    /// The name in the journal.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Who::Person { .. } => "dashboard",
            Who::Script => "script",
        }
    }
}

/// Checks a request, has it answered, and dresses the answer.
pub(super) async fn guard(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    count(&house.counters.requests);
    let checked = enter(&house, &mut request);
    let is_stranger = request.extensions().get::<Who>().is_none();
    let mut answered = match checked {
        Ok(()) => match tokio::time::timeout(REQUEST_WAIT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refused::new(
                StatusCode::REQUEST_TIMEOUT,
                "the request was not complete and answered within 10 s; send it again",
            )
            .into_response(),
        },
        Err(refused) => refused.into_response(),
    };
    if answered.status().is_client_error() {
        count(&house.counters.refused);
        if is_stranger {
            // Whoever is refused at the door does not keep a connection, of which there are few.
            answered.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    dressed(answered)
}

/// Lets signed-in browsers and scripts pass, and asks browsers for proof at every change.
pub(super) async fn signed_in(request: Request, next: Next) -> Response {
    match admit(&request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

fn admit(request: &Request) -> Result<(), Refused> {
    match request.extensions().get::<Who>() {
        None => Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            "sign in at /login, or send the scripts' token as a bearer token",
        )),
        Some(Who::Script) => Ok(()),
        Some(Who::Person { .. }) if is_reading(request.method()) => Ok(()),
        Some(Who::Person { pass, .. }) => {
            let given = one(request.headers(), &CSRF);
            let is_ours =
                given.is_some_and(|given| super::tokens::Hash::of(given).equals(&super::tokens::Hash::of(&pass.csrf)));
            if !is_ours {
                return Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    "the X-CSRF-Token header is missing or not this session's; load the page again",
                ));
            }
            if !request.headers().contains_key(header::ORIGIN) {
                return Err(Refused::new(StatusCode::FORBIDDEN, "a change by a browser needs its Origin header"));
            }
            Ok(())
        }
    }
}

fn is_reading(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn enter(house: &House, request: &mut Request) -> Result<(), Refused> {
    check_host(house, request)?;
    check_site(house, request)?;
    check_length(request.headers())?;
    let who = who(house, request.headers())?;
    let now = house.now();
    let bucket = if who.is_some() { &house.owners } else { &house.strangers };
    let is_stop = who.is_some() && request.method() == Method::POST && request.uri().path() == HALT;
    if !is_stop && !locked(bucket).take(now) {
        return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait a second"));
    }
    if let Some(who) = who {
        if let Some(holder) = request.extensions().get::<Holder>() {
            holder.is_known_now();
        }
        request.extensions_mut().insert(who);
    }
    Ok(())
}

/// The names under which this dashboard is reached. A name that an attacker points at 127.0.0.1 is none of them.
fn is_our_host(house: &House, host: &str) -> bool {
    let port = house.address.port();
    let name = match host.strip_suffix(&format!(":{port}")) {
        Some(name) => name,
        None if port == 80 => host,
        None => return false,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

fn check_host(house: &House, request: &Request) -> Result<(), Refused> {
    let named = one(request.headers(), &header::HOST).is_some_and(|host| is_our_host(house, host));
    let target = request.uri().authority().is_none_or(|target| is_our_host(house, target.as_str()));
    if named && target {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::FORBIDDEN,
        format!("this host name is not this dashboard's; open http://127.0.0.1:{}/", house.address.port()),
    ))
}

fn check_site(house: &House, request: &Request) -> Result<(), Refused> {
    let headers = request.headers();
    let elsewhere = || Refused::new(StatusCode::FORBIDDEN, "the request comes from a page of another origin");
    if headers.contains_key(header::ORIGIN) {
        let origin = one(headers, &header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
        if !origin.is_some_and(|host| is_our_host(house, host)) {
            return Err(elsewhere());
        }
    }
    let is_page = request.method() == Method::GET && matches!(request.uri().path(), "/" | "/login");
    // Into a tab, never into a frame.
    let is_tab = !headers.contains_key(&SEC_FETCH_DEST) || one(headers, &SEC_FETCH_DEST) == Some("document");
    let is_visit = is_page && is_tab && one(headers, &SEC_FETCH_MODE) == Some("navigate");
    match headers.contains_key(&SEC_FETCH_SITE).then(|| one(headers, &SEC_FETCH_SITE)) {
        None | Some(Some("same-origin")) => Ok(()),
        // Typed, or out of a bookmark: only reading.
        Some(Some("none")) if is_reading(request.method()) => Ok(()),
        // A link elsewhere may lead here; the page itself holds nothing.
        Some(_) if is_visit => Ok(()),
        Some(_) => Err(elsewhere()),
    }
}

/// A body that says that it is too large is not waited for; one that does not say is cut where it is read.
fn check_length(headers: &HeaderMap) -> Result<(), Refused> {
    let length = one(headers, &header::CONTENT_LENGTH).map_or(Ok(0), str::parse::<usize>);
    if length.is_ok_and(|length| length <= BODY_BYTES_MAX) {
        return Ok(());
    }
    Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, super::body::TOO_LARGE))
}

/// Who asks; `None` is a stranger. A wrong or doubled credential is refused, never taken for none.
fn who(house: &House, headers: &HeaderMap) -> Result<Option<Who>, Refused> {
    if headers.contains_key(header::AUTHORIZATION) {
        let token = one(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if token.is_some_and(|token| house.options.tokens.is_script(token)) {
            return Ok(Some(Who::Script));
        }
        if !locked(&house.strangers).take(house.now()) {
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens; wait a second"));
        }
        house.wrong_bearer();
        return Err(Refused::new(StatusCode::UNAUTHORIZED, "the bearer token is not ALPHAFLOW_TOKEN of .env"));
    }
    let Some(cookie) = cookie(house, headers) else { return Ok(None) };
    Ok(house.pass(&cookie).map(|pass| Who::Person { pass, cookie }))
}

/// The session's cookie. Two of them are none: one of both was put there by somebody else.
pub(super) fn cookie(house: &House, headers: &HeaderMap) -> Option<String> {
    let name = house.cookie_name();
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = values.by_ref().filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    let first = ours.next()?;
    ours.next().is_none().then_some(first)
}

/// The value of a header that is there once and is text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.to_str().ok()).flatten()
}

fn dressed(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
