//! The pages: two documents, their style, scripts, pictures and typeface, all inside the program.
//!
//! Not here: any number (the scripts fetch them). What is put into a document is the mode, the venue, the address and
//! where the token stands, each escaped; the dashboard's scripts are for those who are signed in.
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::access::NotIn;
use super::body::{Given, Named, Nothing};
use super::guard::{Who, cookie};
use super::house::{House, count, locked};
use super::reply::{Refused, json as as_json, with_type};
use super::tokens::TokenPlace;
use crate::live::Severity;
use crate::report::font;

const LOGIN: &str = include_str!("assets/login.html");
const DASHBOARD: &str = include_str!("assets/dashboard.html");
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// What everybody may load: the sign-in page needs it.
const OPEN: [(&str, &str, &str); 7] = [
    ("base.css", "text/css; charset=utf-8", include_str!("assets/base.css")),
    ("login.js", SCRIPT, include_str!("assets/login.js")),
    ("theme.js", SCRIPT, include_str!("assets/theme.js")),
    ("rehearsal.svg", "image/svg+xml", include_str!("assets/rehearsal.svg")),
    ("paper.svg", "image/svg+xml", include_str!("assets/paper.svg")),
    ("live.svg", "image/svg+xml", include_str!("assets/live.svg")),
    ("unknown.svg", "image/svg+xml", include_str!("assets/unknown.svg")),
];
/// What only the dashboard loads.
const INSIDE: [(&str, &str, &str); 12] = [
    ("dashboard.css", "text/css; charset=utf-8", include_str!("assets/dashboard.css")),
    ("dashboard.js", SCRIPT, include_str!("assets/dashboard.js")),
    ("format.js", SCRIPT, include_str!("assets/format.js")),
    ("dom.js", SCRIPT, include_str!("assets/dom.js")),
    ("head.js", SCRIPT, include_str!("assets/head.js")),
    ("panels.js", SCRIPT, include_str!("assets/panels.js")),
    ("positions.js", SCRIPT, include_str!("assets/positions.js")),
    ("chart.js", SCRIPT, include_str!("assets/chart.js")),
    ("chart_draw.js", SCRIPT, include_str!("assets/chart_draw.js")),
    ("chart_view.js", SCRIPT, include_str!("assets/chart_view.js")),
    ("dialogs.js", SCRIPT, include_str!("assets/dialogs.js")),
    ("link.js", SCRIPT, include_str!("assets/link.js")),
];

/// What signs in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInBody {
    token: String,
}

/// What a mode is called, and what its money is.
fn band(mode: &str) -> (&'static str, &'static str, &'static str) {
    match mode {
        "rehearsal" => ("rehearsal", "REHEARSAL", "No money, replayed market"),
        "paper" => ("paper", "PAPER", "Simulated money"),
        "live" => ("live", "LIVE", "REAL MONEY"),
        // Not known is not harmless.
        _ => ("unknown", "UNKNOWN", "Take it for real money"),
    }
}

fn filled(house: &House, template: &str) -> Response {
    let mode = house.snapshot().mode.clone();
    let (class, word, money) = band(&mode.mode);
    let place = match house.options.tokens.place() {
        TokenPlace::Env => "The token is DASHBOARD_TOKEN in .env.",
        TokenPlace::File(_) => "The token is in the file dashboard_token of the session’s state folder.",
    };
    let values = [
        ("{{mode}}", class.to_owned()),
        ("{{word}}", word.to_owned()),
        ("{{money}}", money.to_owned()),
        ("{{venue}}", escaped(&mode.venue)),
        ("{{address}}", house.address.to_string()),
        ("{{place}}", place.to_owned()),
        ("{{version}}", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    // One pass, so that a value that looks like a mark stays text.
    let (mut html, mut rest) = (String::with_capacity(template.len() + 512), template);
    while let Some(at) = rest.find("{{") {
        html.push_str(&rest[..at]);
        rest = &rest[at..];
        match values.iter().find(|(mark, _)| rest.starts_with(mark)) {
            Some((mark, value)) => {
                html.push_str(value);
                rest = &rest[mark.len()..];
            }
            None => {
                html.push_str("{{");
                rest = &rest[2..];
            }
        }
    }
    html.push_str(rest);
    with_type(StatusCode::OK, "text/html; charset=utf-8", html.into())
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn to(path: &'static str) -> Response {
    let mut response = with_type(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", path.into());
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response
}

/// The dashboard, or the way to the sign-in.
pub(super) async fn dashboard(State(house): State<Arc<House>>, who: Option<Extension<Who>>) -> Response {
    if who.is_some() { filled(&house, DASHBOARD) } else { to("/login") }
}

/// The sign-in page.
pub(super) async fn login(State(house): State<Arc<House>>) -> Response {
    filled(&house, LOGIN)
}

/// A file of the pages.
pub(super) async fn asset(Named(name): Named, who: Option<Extension<Who>>) -> Response {
    match name.as_str() {
        "inter-400.ttf" => return with_type(StatusCode::OK, "font/ttf", font::regular().into()),
        "inter-600.ttf" => return with_type(StatusCode::OK, "font/ttf", font::semibold().into()),
        _ => {}
    }
    let inside = INSIDE.iter().filter(|_| who.is_some());
    match OPEN.iter().chain(inside).find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => with_type(StatusCode::OK, kind, (*text).into()),
        None if who.is_some() => Refused::new(StatusCode::NOT_FOUND, "there is no such file").into_response(),
        None => Refused::new(StatusCode::UNAUTHORIZED, "sign in at /login").into_response(),
    }
}

/// Opens a session for whoever has the token.
pub(super) async fn sign_in(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Given(SignInBody { token }): Given<SignInBody>,
) -> Result<Response, Refused> {
    if !headers.contains_key(header::ORIGIN) && headers.contains_key("sec-fetch-site") {
        return Err(Refused::new(StatusCode::FORBIDDEN, "a sign-in by a browser needs its Origin header"));
    }
    let old = cookie(&house, &headers);
    let signed_in = locked(&house.access).sign_in(&house.options.tokens, token.trim(), old.as_deref(), house.now());
    let signed_in = signed_in.map_err(|why| refusal(&house, &why))?;
    house.notice(Severity::Notice, "Signed in at the dashboard.");
    let mut response = as_json(StatusCode::OK, &json!({ "csrf": signed_in.csrf }));
    set_cookie(&house, &mut response, &signed_in.cookie, super::access::SESSION_SECONDS);
    Ok(response)
}

fn refusal(house: &House, why: &NotIn) -> Refused {
    match why {
        NotIn::Wrong { tries_left } => {
            count(&house.counters.wrong_tokens);
            house.notice(Severity::Warning, format!("A wrong token at the dashboard, {tries_left} tries left."));
            let tries = if *tries_left == 1 { "try" } else { "tries" };
            Refused::new(StatusCode::UNAUTHORIZED, format!("Wrong token. {tries_left} {tries} left, then a 60 s wait."))
        }
        NotIn::Shut { seconds } => {
            count(&house.counters.wrong_tokens);
            let text = format!("Sign-in at the dashboard is shut for {seconds} s after five wrong tokens.");
            house.notice(Severity::Warning, text);
            refusal(house, &NotIn::Wait { seconds: *seconds })
        }
        NotIn::Wait { seconds } => {
            Refused::new(StatusCode::TOO_MANY_REQUESTS, format!("Five wrong tokens. Wait {seconds} s, then try again."))
        }
        NotIn::NoRandomness => Refused::new(StatusCode::INTERNAL_SERVER_ERROR, super::random::NoRandomness.to_string()),
    }
}

/// Ends the session.
pub(super) async fn sign_out(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(Nothing {}): Given<Nothing>,
) -> Result<Response, Refused> {
    if let Who::Person { cookie, .. } = &who
        && locked(&house.access).sign_out(cookie)
    {
        house.notice(Severity::Info, "Signed out of the dashboard.");
    }
    let mut response = as_json(StatusCode::OK, &json!({ "signed_in": false }));
    set_cookie(&house, &mut response, "", 0);
    Ok(response)
}

/// HttpOnly: no script reads it. SameSite=Strict: no other page's request carries it. Without a domain it is this
/// host's alone. `Secure` would keep it from some browsers, as loopback has no TLS.
fn set_cookie(house: &House, response: &mut Response, value: &str, seconds: i64) {
    let text = format!("{}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict", house.cookie_name());
    // Hexadecimal digits and a port: always a header's value.
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
