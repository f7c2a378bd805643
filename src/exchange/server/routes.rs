//! The paths of the exchange, as a rule of faults may name them.
//!
//! Not here: what is answered there (exchange). A rule for a path that does not exist would never fire, and a test that
//! relies on it would prove nothing. Invariant: the exchange answers every route of this list.
use super::faults::Segment;
use super::feed::Feed;
use crate::exchange::Method;

/// Methods and paths, by path; a part in braces is any one part.
const ROUTES: [(&str, &str); 56] = [
    ("GET", "/v1/corporate-actions"),
    ("GET", "/v2/account"),
    ("GET", "/v2/account/activities"),
    ("GET", "/v2/account/activities/{type}"),
    ("GET", "/v2/account/configurations"),
    ("PATCH", "/v2/account/configurations"),
    ("GET", "/v2/account/portfolio/history"),
    ("GET", "/v2/assets"),
    ("GET", "/v2/assets/{symbol}"),
    ("GET", "/v2/calendar"),
    ("GET", "/v2/clock"),
    ("GET", "/v2/corporate_actions/announcements"),
    ("GET", "/v2/corporate_actions/announcements/{id}"),
    ("GET", "/v2/orders"),
    ("POST", "/v2/orders"),
    ("DELETE", "/v2/orders"),
    ("GET", "/v2/orders/{id}"),
    ("PATCH", "/v2/orders/{id}"),
    ("DELETE", "/v2/orders/{id}"),
    ("GET", "/v2/orders:by_client_order_id"),
    ("GET", "/v2/positions"),
    ("DELETE", "/v2/positions"),
    ("GET", "/v2/positions/{symbol}"),
    ("DELETE", "/v2/positions/{symbol}"),
    ("GET", "/v2/stocks/auctions"),
    ("GET", "/v2/stocks/bars"),
    ("GET", "/v2/stocks/bars/latest"),
    ("GET", "/v2/stocks/meta/conditions/{what}"),
    ("GET", "/v2/stocks/meta/exchanges"),
    ("GET", "/v2/stocks/quotes"),
    ("GET", "/v2/stocks/quotes/latest"),
    ("GET", "/v2/stocks/snapshots"),
    ("GET", "/v2/stocks/trades"),
    ("GET", "/v2/stocks/trades/latest"),
    ("GET", "/v2/stocks/{symbol}/auctions"),
    ("GET", "/v2/stocks/{symbol}/bars"),
    ("GET", "/v2/stocks/{symbol}/bars/latest"),
    ("GET", "/v2/stocks/{symbol}/quotes"),
    ("GET", "/v2/stocks/{symbol}/quotes/latest"),
    ("GET", "/v2/stocks/{symbol}/snapshot"),
    ("GET", "/v2/stocks/{symbol}/trades"),
    ("GET", "/v2/stocks/{symbol}/trades/latest"),
    ("GET", "/v2/watchlists"),
    ("POST", "/v2/watchlists"),
    ("GET", "/v2/watchlists/{id}"),
    ("PUT", "/v2/watchlists/{id}"),
    ("POST", "/v2/watchlists/{id}"),
    ("DELETE", "/v2/watchlists/{id}"),
    ("DELETE", "/v2/watchlists/{id}/{symbol}"),
    ("GET", "/v2/watchlists:by_name"),
    ("PUT", "/v2/watchlists:by_name"),
    ("POST", "/v2/watchlists:by_name"),
    ("DELETE", "/v2/watchlists:by_name"),
    ("DELETE", "/v2/watchlists:by_name/{symbol}"),
    ("GET", "/v3/calendar/{market}"),
    ("GET", "/v3/clock"),
];

/// Paths of one method, those of websockets among them: their handshake is a request.
fn of_method(method: Method) -> impl Iterator<Item = &'static str> {
    let sockets = ["/stream"].into_iter().chain(Feed::ALL.into_iter().map(Feed::path));
    let own = ROUTES.into_iter().filter(move |(name, _)| *name == method.name()).map(|(_, path)| path);
    own.chain(sockets.filter(move |_| method == Method::Get))
}

/// Can a request of this method have a path that looks like this? `segments` are the parts behind the first slash.
///
/// Errors: the paths that such requests can have.
pub(super) fn check(method: Method, segments: &[Segment]) -> Result<(), String> {
    let is_like = |route: &&str| {
        let parts: Vec<&str> = route.trim_start_matches('/').split('/').collect();
        let fits = |(part, segment): (&&str, &Segment)| match segment {
            Segment::Any => true,
            Segment::Is(text) => part.starts_with('{') && !text.is_empty() || part == text,
        };
        parts.len() == segments.len() && parts.iter().zip(segments).all(fits)
    };
    match of_method(method).find(is_like) {
        Some(_) => Ok(()),
        None => Err(of_method(method).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::faults::FaultPlan;
    use super::*;
    use crate::exchange::testing::{days_of, scenario};
    use crate::exchange::{Exchange, Request};
    use crate::scenario::MarketData;

    fn is_known(exchange: &mut Exchange, method: Method, path: &str) -> bool {
        let answer = exchange.answer(&Request { method, path, query: "", body: b"" });
        !answer.body.is_some_and(|body| body.contains("endpoint not found"))
    }

    #[test]
    fn the_exchange_answers_every_route() {
        let market = MarketData { bars: vec![days_of("2013-10-07", "2013-10-09")], ..MarketData::default() };
        let mut exchange = Exchange::new(&scenario("1d", "", r#""AAPL""#), &market).expect("an exchange");
        let methods = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        for (name, route) in ROUTES {
            let method = methods.into_iter().find(|method| method.name() == name).expect("a method");
            let path = route.replace("{what}", "trade").replace(['{', '}'], "");
            assert!(is_known(&mut exchange, method, &path), "{name} {route}");
        }
        assert!(!is_known(&mut exchange, Method::Get, "/v2/x"));
    }

    #[test]
    fn a_rule_for_a_path_that_does_not_exist_is_refused_with_those_that_do() {
        let plan = |route: &str| {
            let rules = format!(r#"[{{"route": "{route}", "kind": "status", "status": 500, "count": 1}}]"#);
            FaultPlan::parse(rules.as_bytes())
        };
        for (method, route) in ROUTES {
            assert!(plan(&format!("{method} {route}")).is_ok(), "{method} {route}");
        }
        for good in ["GET /stream", "GET /v2/iex", "DELETE /v2/orders/0a1b", "GET /v2/stocks/AAPL/bars"] {
            assert!(plan(good).is_ok(), "{good}");
        }
        for bad in ["PATCH /v2/clock", "PATCH /v2/order/{id}", "PATCH /v2/orders/{id}/legs", "PATCH /v2/orders/"] {
            let error = plan(bad).expect_err(bad);
            let there =
                "no request with PATCH has this path; those that exist are /v2/account/configurations, /v2/orders/{id}";
            assert!(error.starts_with(&format!("rule 1: `route` is {bad:?}: {there}")), "{error}");
        }
    }
}
