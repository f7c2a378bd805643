//! The body of a new order, or of a change of one, read.
//!
//! Not here: whether the order is taken (admit).
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::intent::Intent;
use crate::domain::{
    ExitLegs, Money, OrderClass, OrderPurpose, OrderRequest, Price, Quantity, Ratio, RejectReason, Side, Symbol,
    SymbolIndex, TimeInForce,
};
use crate::exchange::core::Exchange;
use crate::exchange::refusal::Refused;
use crate::exchange::reply::{SYNTAX, UNPROCESSABLE};
use crate::venue::refusal::{OrderFields, OrderType, fields};

/// Longest name of a client for an order.
const CLIENT_ID_LENGTH_MAX: usize = 128;

/// An order as a client wants it.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) struct Wanted {
    /// The client's name for it; made up without one.
    pub(in crate::exchange) client_id: Option<String>,
    /// Its place on the tape.
    pub(in crate::exchange) asset: usize,
    /// What it is.
    pub(in crate::exchange) request: OrderRequest,
    /// What it is meant to do, if the client says so.
    pub(in crate::exchange) intent: Option<Intent>,
}

/// The fields of a body; null is absent.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads it. Errors: no JSON object.
    pub(super) fn read(bytes: &[u8]) -> Result<Body, Refused> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Body(fields)),
            _ => Err(Refused::new(400, Some(SYNTAX), "request body format is invalid")),
        }
    }

    fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A text; empty is absent. Errors: it is none.
    pub(super) fn text(&self, field: &str) -> Result<Option<&str>, Refused> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(Refused::syntax(format!("invalid {field}: {other}"))),
        }
    }

    /// A number, written as a number or as text. Errors: it is none, or has more digits than such numbers have.
    pub(super) fn number<T: FromStr>(&self, field: &str) -> Result<Option<T>, Refused> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) => decimal(field, text).map(Some),
            Some(Value::Number(number)) => decimal(field, &number.to_string()).map(Some),
            Some(other) => Err(Refused::syntax(format!("invalid {field}: {other}"))),
        }
    }

    /// A price above zero under a name that may be another than its field's.
    pub(super) fn price(&self, field: &str, name: &str) -> Result<Option<Price>, Refused> {
        let Some(price) = self.number::<Ratio>(field).map_err(|error| self.too_fine(field, name).unwrap_or(error))?
        else {
            return Ok(None);
        };
        match Price::from_units(price.units()).filter(|price| *price > Price::ZERO) {
            Some(price) => Ok(Some(price)),
            None if price.units() <= 0 => Err(Refused::syntax(format!("{name} must be > 0"))),
            None => Err(Refused::syntax(format!("invalid {name}: {price}"))),
        }
    }

    /// A price with more than nine decimals is off every grid.
    fn too_fine(&self, field: &str, name: &str) -> Option<Refused> {
        let text = match self.value(field)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        text.parse::<rust_decimal::Decimal>().ok()?;
        let rule = "sub-penny increment does not fulfill minimum pricing criteria";
        Some(Refused::new(422, Some(UNPROCESSABLE), format!("invalid {name} {text}. {rule}")))
    }

    fn flag(&self, field: &str) -> Result<bool, Refused> {
        match self.value(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(Refused::syntax(format!("invalid {field}: {other}"))),
        }
    }

    fn object(&self, field: &str) -> Result<Body, Refused> {
        match self.value(field) {
            None => Ok(Body(Map::new())),
            Some(Value::Object(fields)) => Ok(Body(fields.clone())),
            Some(other) => Err(Refused::syntax(format!("invalid {field}: {other}"))),
        }
    }

    /// The client's name for the order. Errors: it is too long.
    pub(super) fn client_id(&self) -> Result<Option<String>, Refused> {
        let id = self.text("client_order_id")?;
        if id.is_some_and(|id| id.chars().count() > CLIENT_ID_LENGTH_MAX) {
            return Err(Refused::plain(&RejectReason::ClientOrderIdLength));
        }
        Ok(id.map(str::to_owned))
    }

    /// Errors: a word that is none.
    pub(super) fn time_in_force(&self) -> Result<Option<TimeInForce>, Refused> {
        use TimeInForce::{Cls, Day, Fok, Gtc, Ioc, Opg};
        let find = |word: &str| [Day, Gtc, Ioc, Fok, Opg, Cls].into_iter().find(|time| time.name() == word);
        let unknown = || Refused::plain(&RejectReason::TimeInForceWord);
        self.text("time_in_force")?.map(|word| find(word).ok_or_else(unknown)).transpose()
    }

    fn side(&self) -> Result<Side, Refused> {
        match self.text("side")? {
            Some("buy") => Ok(Side::Buy),
            Some("sell") => Ok(Side::Sell),
            _ => Err(Refused::plain(&RejectReason::Side)),
        }
    }

    fn order_type(&self) -> Result<OrderType, Refused> {
        match self.text("type")? {
            Some("market") => Ok(OrderType::Market),
            Some("limit") => Ok(OrderType::Limit),
            Some("stop") => Ok(OrderType::Stop),
            Some("stop_limit") => Ok(OrderType::StopLimit),
            Some("trailing_stop") => Ok(OrderType::TrailingStop),
            _ => Err(Refused::plain(&RejectReason::OrderType)),
        }
    }

    fn class(&self) -> Result<OrderClass, Refused> {
        match self.text("order_class")? {
            None | Some("simple") => Ok(OrderClass::Simple),
            Some("bracket") => Ok(OrderClass::Bracket),
            Some("oco") => Ok(OrderClass::Oco),
            Some("oto") => Ok(OrderClass::Oto),
            Some(other) => Err(Refused::syntax(format!("invalid order_class: {other}"))),
        }
    }

    fn intent(&self) -> Result<Option<Intent>, Refused> {
        let unknown = |word: &str| Refused::syntax(format!("invalid position_intent: {word}"));
        self.text("position_intent")?.map(|word| Intent::read(word).ok_or_else(|| unknown(word))).transpose()
    }

    /// A percentage as a fraction: `5` is 0.05.
    pub(super) fn percent(&self, field: &str) -> Result<Option<Ratio>, Refused> {
        const HUNDRED: i64 = 100;
        let Some(percent) = self.number::<Ratio>(field)? else { return Ok(None) };
        match percent.units() {
            units if units <= 0 => Err(Refused::syntax(format!("{field} must be > 0"))),
            // The stop of a sale would stand at nothing.
            units if units >= HUNDRED * Ratio::ONE.units() => {
                Err(Refused::syntax(format!("{field} must be < {HUNDRED}, and {percent} is not")))
            }
            units if units % HUNDRED != 0 => Err(Refused::syntax(format!("invalid {field}: {percent}"))),
            units => Ok(Some(Ratio::from_units(units / HUNDRED))),
        }
    }

    /// Shares of an order.
    pub(super) fn qty(&self) -> Result<Option<Quantity>, Refused> {
        self.number("qty")?.map(|shares| at_most("qty", shares, SHARES_MAX)).transpose()
    }

    fn order_fields(&self, time_in_force: TimeInForce) -> Result<OrderFields, Refused> {
        let (target, guard) = (self.object("take_profit")?, self.object("stop_loss")?);
        let (order_type, class) = (self.order_type()?, self.class()?);
        let limit_price = self.price("limit_price", "limit_price")?;
        let take_profit = target.price("limit_price", "take_profit.limit_price")?;
        let is_pair = class == OrderClass::Oco;
        if is_pair && order_type != OrderType::Limit {
            return Err(Refused::plain(&RejectReason::OrderType));
        }
        Ok(OrderFields {
            qty: self.qty()?,
            notional: self.number("notional")?.map(|amount| at_most("notional", amount, DOLLARS_MAX)).transpose()?,
            order_type,
            time_in_force,
            limit_price,
            stop_price: self.price("stop_price", "stop_price")?,
            trail_price: self.price("trail_price", "trail_price")?,
            trail_percent: self.percent("trail_percent")?,
            class,
            take_profit: if is_pair { take_profit.or(limit_price) } else { take_profit },
            stop_loss: guard.price("stop_price", "stop_loss.stop_price")?,
            stop_loss_limit: guard.price("limit_price", "stop_loss.limit_price")?,
        })
    }
}

/// Most shares of an order: no company has so many, and what they cost at any price can still be added up.
const SHARES_MAX: Quantity = Quantity::from_units(1_000_000_000 * Quantity::ONE.units());
/// Most dollars of an order, for the same reason.
const DOLLARS_MAX: Money = Money::from_cents(100_000_000_000_000);

/// `value`, where it is no more than the exchange can count. Errors: it is more.
fn at_most<T: PartialOrd + Display>(field: &str, value: T, most: T) -> Result<T, Refused> {
    if value <= most { Ok(value) } else { Err(Refused::syntax(format!("{field} must be <= {most}, not {value}"))) }
}

/// Reads the value of a field or parameter. Errors: it is no such number.
pub(in crate::exchange) fn decimal<T: FromStr>(field: &str, text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Refused::syntax(format!("invalid {field}: {text}")))
}

impl Exchange {
    /// Reads a new order. Errors: the first field that is missing, or is not what it should be.
    pub(super) fn read_order(&self, bytes: &[u8]) -> Result<Wanted, Refused> {
        let body = Body::read(bytes)?;
        let client_id = body.client_id()?;
        let Some(name) = body.text("symbol")? else { return Err(Refused::syntax("symbol is required")) };
        let side = body.side()?;
        let Some(time_in_force) = body.time_in_force()? else {
            return Err(Refused::plain(&RejectReason::TimeInForceWord));
        };
        let order_fields = body.order_fields(time_in_force)?;
        let read = fields(&order_fields).map_err(|reason| Refused::plain(&reason))?;
        let asset = self.reading.assets.find(&self.tape, name).ok_or_else(|| unknown_asset(name))?;
        let request = OrderRequest {
            symbol: SymbolIndex(asset as u16),
            side,
            size: read.size,
            kind: read.kind,
            time_in_force,
            class: order_fields.class,
            purpose: OrderPurpose::Manual,
            legs: ExitLegs { activation: self.setup.activation, ..read.legs },
            extended_hours: body.flag("extended_hours")?,
        };
        Ok(Wanted { client_id, asset, request, intent: body.intent()? })
    }
}

fn unknown_asset(name: &str) -> Refused {
    match name.parse::<Symbol>() {
        Ok(symbol) => Refused::plain(&RejectReason::AssetNotFound { symbol }),
        Err(_) => Refused::new(422, Some(UNPROCESSABLE), format!("asset \"{name}\" not found")),
    }
}
