//! Orders asked for: one by its id or its client's name, or many by filters.
//!
//! Not here: what an order looks like (shown).
use serde_json::Value;

use super::record::{Record, Status};
use crate::domain::{Side, Timestamp};
use crate::exchange::Answer;
use crate::exchange::assets::CLASS;
use crate::exchange::core::Exchange;
use crate::exchange::parameters::Parameters;
use crate::exchange::refusal::Refused;
use crate::exchange::reply::ok;

/// Orders in a list where the request says nothing, and at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// Which orders by their life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Open,
    Closed,
    All,
}

/// What a list is asked for.
struct Filter {
    wanted: Wanted,
    limit: usize,
    after: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Places between which orders lie, exclusive: after the first, before the second.
    between: (Option<usize>, Option<usize>),
    oldest_first: bool,
    nested: bool,
    assets: Option<Vec<usize>>,
    side: Option<Side>,
    /// No class that was asked for is here.
    is_elsewhere: bool,
}

impl Exchange {
    /// `GET /v2/orders`.
    pub(in crate::exchange) fn list_orders(&self, query: &Parameters) -> Answer {
        match self.filter(query) {
            Ok(filter) => ok(&self.listed(&filter)),
            Err(refused) => refused.answer(),
        }
    }

    /// `GET /v2/orders/{id}`.
    pub(in crate::exchange) fn order_by_id(&self, id: &str, query: &Parameters) -> Answer {
        match self.find_order(id).and_then(|at| Ok((at, flag(query, "nested")?))) {
            Ok((at, nested)) => ok(&self.shown(at, nested)),
            Err(refused) => refused.answer(),
        }
    }

    /// `GET /v2/orders:by_client_order_id`: with its legs.
    pub(in crate::exchange) fn order_by_client_id(&self, query: &Parameters) -> Answer {
        let id = query.get("client_order_id").unwrap_or_default();
        match self.book.by_client_id(id) {
            Some(at) => ok(&self.shown(at, true)),
            None => Refused::not_found(format!("order not found for {id}")).answer(),
        }
    }

    fn filter(&self, query: &Parameters) -> Result<Filter, Refused> {
        let wanted = match query.get("status") {
            None | Some("open") => Wanted::Open,
            Some("closed") => Wanted::Closed,
            Some("all") => Wanted::All,
            Some(other) => return Err(invalid("status", other)),
        };
        let cursor = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(id) => self.find_order(id).map(Some),
        };
        let between = (cursor("after_order_id")?, cursor("before_order_id")?);
        let (after, until) = (moment(query, "after")?, moment(query, "until")?);
        let has_cursor = between.0.is_some() || between.1.is_some();
        if between.0.is_some() && between.1.is_some() || has_cursor && (after.is_some() || until.is_some()) {
            let what = "before_order_id and after_order_id exclude each other, and after and until";
            return Err(Refused::syntax(what));
        }
        let symbols = query.list("symbols");
        let found = symbols.iter().filter_map(|name| self.reading.assets.find(self.tape(), name)).collect();
        let classes = query.list("asset_class");
        Ok(Filter {
            wanted,
            limit: limit(query)?,
            after,
            until,
            between,
            oldest_first: match query.get("direction") {
                None | Some("desc") => false,
                Some("asc") => true,
                Some(other) => return Err(invalid("direction", other)),
            },
            nested: flag(query, "nested")?,
            assets: (!symbols.is_empty()).then_some(found),
            side: match query.get("side") {
                None => None,
                Some("buy") => Some(Side::Buy),
                Some("sell") => Some(Side::Sell),
                Some(other) => return Err(invalid("side", other)),
            },
            is_elsewhere: !classes.is_empty() && !classes.contains(&CLASS),
        })
    }

    fn listed(&self, filter: &Filter) -> Value {
        let all = self.book.all();
        let places: Box<dyn Iterator<Item = usize>> = match filter.oldest_first {
            true => Box::new(0..all.len()),
            false => Box::new((0..all.len()).rev()),
        };
        let chosen = places.filter(|at| filter.holds(*at, &all[*at])).take(filter.limit);
        chosen.map(|at| self.shown(at, filter.nested)).collect()
    }
}

impl Filter {
    fn holds(&self, at: usize, order: &Record) -> bool {
        let submitted = order.times.submitted;
        let is_shown = match self.nested {
            // Under the order it is a leg of.
            true => order.leg_of.is_none(),
            // Of a group only what is at the market.
            false => order.status != Status::Held || self.wanted == Wanted::All,
        };
        let by_life = match self.wanted {
            Wanted::Open => order.status.is_open(),
            Wanted::Closed => !order.status.is_open(),
            Wanted::All => true,
        };
        is_shown
            && by_life
            && !self.is_elsewhere
            && self.after.is_none_or(|after| submitted > after)
            && self.until.is_none_or(|until| submitted < until)
            && self.between.0.is_none_or(|after| at > after)
            && self.between.1.is_none_or(|before| at < before)
            && self.assets.as_ref().is_none_or(|assets| assets.contains(&order.asset))
            && self.side.is_none_or(|side| order.side == side)
    }
}

fn invalid(name: &str, value: &str) -> Refused {
    Refused::syntax(format!("invalid {name}: {value}"))
}

fn limit(query: &Parameters) -> Result<usize, Refused> {
    let Some(text) = query.get("limit") else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Refused::syntax(format!("invalid limit: {text}; allowed is 1 to {LIMIT_MAX}")))
}

/// Clients write booleans in their own language's way.
fn flag(query: &Parameters, name: &str) -> Result<bool, Refused> {
    match query.get(name).map(str::to_ascii_lowercase).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(invalid(name, other)),
    }
}

fn moment(query: &Parameters, name: &str) -> Result<Option<Timestamp>, Refused> {
    query.get(name).map(|text| text.parse().map_err(|_| invalid(name, text))).transpose()
}
