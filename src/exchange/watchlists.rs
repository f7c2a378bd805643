//! `/v2/watchlists`: lists of assets that a client keeps with the exchange.
//!
//! Not here: what an asset looks like. A name belongs to one list; a list holds an asset once.
use serde_json::{Map, Value, json};

use super::assets::{Assets, not_found};
use super::ids;
use super::parameters::Parameters;
use super::reply::{NOT_FOUND, SYNTAX, UNPROCESSABLE, done, ok, refuse};
use super::{Answer, Method, Tape};
use crate::domain::Timestamp;

/// Alpaca's longest name of a list.
const NAME_LENGTH_MAX: usize = 64;
/// More lists than any client keeps; a bound on memory.
const LISTS_MAX: usize = 1_000;

/// The lists of the account.
#[derive(Clone, Default, Debug)]
pub(super) struct Watchlists {
    lists: Vec<Watchlist>,
    /// Lists ever made: no id comes twice.
    made: u64,
}

#[derive(Clone, Debug)]
struct Watchlist {
    id: String,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    assets: Vec<usize>,
}

/// What the lists are seen against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The scenario's name.
    pub(super) scenario: &'a str,
    /// What can be in a list.
    pub(super) assets: &'a Assets,
    /// The clock and the symbols.
    pub(super) tape: &'a Tape,
}

impl Watchlists {
    /// Answers a request below `/v2/watchlists`; `path` is what follows `v2`. `None` for no route of this room.
    pub(super) fn answer(
        &mut self,
        context: Context,
        (method, path): (Method, &[String]),
        query: &Parameters,
        body: &[u8],
    ) -> Option<Answer> {
        let (head, rest) = path.split_first()?;
        let answer = match (head.as_str(), rest) {
            ("watchlists", []) => match method {
                Method::Get => Ok(self.list(context)),
                Method::Post => self.create(context, body),
                _ => return None,
            },
            ("watchlists", [id]) => {
                let place = self.place_of(id);
                self.of_one(context, place, method, body)?
            }
            ("watchlists:by_name", []) => {
                let place = self.named(query.get("name").unwrap_or_default());
                self.of_one(context, place, method, body)?
            }
            ("watchlists", [id, symbol]) if method == Method::Delete => {
                let place = self.place_of(id);
                self.remove(context, place, symbol)
            }
            ("watchlists:by_name", [symbol]) if method == Method::Delete => {
                let place = self.named(query.get("name").unwrap_or_default());
                self.remove(context, place, symbol)
            }
            _ => return None,
        };
        Some(answer.unwrap_or_else(|refused| refused))
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        let id = ids::canonical(id)?;
        self.lists.iter().position(|list| list.id == id)
    }

    /// What can be done with one list; `None` for what cannot.
    fn of_one(
        &mut self,
        context: Context,
        place: Option<usize>,
        method: Method,
        body: &[u8],
    ) -> Option<Result<Answer, Answer>> {
        let Some(place) = place else { return Some(Err(no_list())) };
        Some(match method {
            Method::Get => Ok(ok(&self.lists[place].shown(context))),
            Method::Put => self.replace(context, place, body),
            Method::Post => self.add(context, place, body),
            Method::Delete => {
                self.lists.remove(place);
                Ok(done())
            }
            Method::Patch => return None,
        })
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.lists.iter().position(|list| list.name == name)
    }

    /// All lists, without what is in them.
    fn list(&self, context: Context) -> Answer {
        ok(&self.lists.iter().map(|list| Value::Object(list.head(context))).collect())
    }

    fn create(&mut self, context: Context, body: &[u8]) -> Result<Answer, Answer> {
        let fields = object(body)?;
        let name = self.new_name(&fields, None)?.ok_or_else(|| invalid("watchlist name is required"))?;
        let assets = assets_of(context, &fields)?.unwrap_or_default();
        if self.lists.len() == LISTS_MAX {
            return Err(invalid(format!("at most {LISTS_MAX} watchlists are kept; delete one")));
        }
        self.made += 1;
        let id = ids::uuid(&[context.scenario, "watchlist", &self.made.to_string()]);
        let now = context.tape.now();
        self.lists.push(Watchlist { id, name, created_at: now, updated_at: now, assets });
        let list = &self.lists[self.lists.len() - 1];
        Ok(ok(&list.shown(context)))
    }

    /// Another name, other assets, or both.
    fn replace(&mut self, context: Context, place: usize, body: &[u8]) -> Result<Answer, Answer> {
        let fields = object(body)?;
        let name = self.new_name(&fields, Some(place))?;
        let assets = assets_of(context, &fields)?;
        let list = &mut self.lists[place];
        list.name = name.unwrap_or_else(|| list.name.clone());
        list.assets = assets.unwrap_or_else(|| list.assets.clone());
        list.updated_at = context.tape.now();
        Ok(ok(&list.shown(context)))
    }

    fn add(&mut self, context: Context, place: usize, body: &[u8]) -> Result<Answer, Answer> {
        let fields = object(body)?;
        let symbol = fields.get("symbol").and_then(Value::as_str).ok_or_else(|| invalid("symbol is required"))?;
        let asset = context.assets.find(context.tape, symbol).ok_or_else(|| not_found(symbol))?;
        let list = &mut self.lists[place];
        if list.assets.contains(&asset) {
            return Err(refuse(422, UNPROCESSABLE, format!("duplicate symbol: {symbol}")));
        }
        list.assets.push(asset);
        list.updated_at = context.tape.now();
        Ok(ok(&list.shown(context)))
    }

    fn remove(&mut self, context: Context, place: Option<usize>, symbol: &str) -> Result<Answer, Answer> {
        let list = place.map(|place| &mut self.lists[place]).ok_or_else(no_list)?;
        let asset = context.assets.find(context.tape, symbol).ok_or_else(|| not_found(symbol))?;
        let held = list.assets.iter().position(|own| *own == asset);
        list.assets.remove(held.ok_or_else(|| refuse(404, NOT_FOUND, format!("{symbol} is not in the watchlist")))?);
        list.updated_at = context.tape.now();
        Ok(ok(&list.shown(context)))
    }

    /// The name that a body gives a list; another list must not have it.
    fn new_name(&self, fields: &Map<String, Value>, own: Option<usize>) -> Result<Option<String>, Answer> {
        let Some(value) = fields.get("name").filter(|value| !value.is_null()) else { return Ok(None) };
        let name = value.as_str().filter(|name| !name.is_empty() && name.chars().count() <= NAME_LENGTH_MAX);
        let name = name.ok_or_else(|| invalid(format!("watchlist name must be 1 to {NAME_LENGTH_MAX} characters")))?;
        match self.named(name) {
            Some(other) if Some(other) != own => Err(refuse(422, UNPROCESSABLE, "watchlist name must be unique")),
            _ => Ok(Some(name.to_owned())),
        }
    }
}

impl Watchlist {
    fn head(&self, context: Context) -> Map<String, Value> {
        let head = json!({
            "id": self.id,
            "account_id": ids::account_id(context.scenario),
            "name": self.name,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        });
        head.as_object().cloned().unwrap_or_default()
    }

    fn shown(&self, context: Context) -> Value {
        let mut shown = self.head(context);
        let assets = self.assets.iter().map(|asset| context.assets.shown(context.tape, *asset));
        shown.insert("assets".to_owned(), assets.collect());
        Value::Object(shown)
    }
}

fn no_list() -> Answer {
    refuse(404, NOT_FOUND, "watchlist not found")
}

fn invalid(message: impl Into<String>) -> Answer {
    refuse(422, SYNTAX, message)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Answer> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(refuse(400, SYNTAX, "request body is no JSON object")),
    }
}

/// The assets that a body names, each once; `None` where it does not say.
fn assets_of(context: Context, fields: &Map<String, Value>) -> Result<Option<Vec<usize>>, Answer> {
    let Some(value) = fields.get("symbols").filter(|value| !value.is_null()) else { return Ok(None) };
    let symbols = value.as_array().ok_or_else(|| invalid("symbols must be a list"))?;
    let mut assets = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        let text = symbol.as_str().ok_or_else(|| invalid("symbols must be text"))?;
        let asset = context.assets.find(context.tape, text).ok_or_else(|| not_found(text))?;
        if !assets.contains(&asset) {
            assets.push(asset);
        }
    }
    Ok(Some(assets))
}
