//! What can be traded: the symbols of the scenario and its benchmark.
//!
//! Not here: whether an order for one is taken. Ids depend on the scenario only.
use serde_json::{Value, json};

use super::ids;
use super::parameters::Parameters;
use super::reply::{NOT_FOUND, UNPROCESSABLE, ok, refuse};
use super::{Answer, Tape};
use crate::domain::Timestamp;

/// Where every asset is listed: the data do not say.
pub(super) const EXCHANGE: &str = "NASDAQ";
/// What every asset is.
pub(super) const CLASS: &str = "us_equity";
const CLASSES: [&str; 3] = [CLASS, "us_option", "crypto"];
const EXCHANGES: [&str; 13] =
    ["AMEX", "ARCA", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "OTC", "ASCX", "FTXU", "CBSE", "GNSS", "ERSX", "CRYPTO"];

/// The assets of a scenario, in the order of the tape.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    ids: Vec<String>,
    /// No longer listed from this date on.
    gone: Vec<Option<Timestamp>>,
}

impl Assets {
    /// `gone` names the date of an asset's delisting.
    pub(super) fn new(scenario: &str, tape: &Tape, gone: Vec<Option<Timestamp>>) -> Assets {
        let ids = tape.names().iter().map(|name| ids::uuid(&[scenario, "asset", name.as_str()])).collect();
        Assets { ids, gone }
    }

    /// The id of an asset by its place on the tape.
    pub(super) fn id(&self, asset: usize) -> &str {
        &self.ids[asset]
    }

    /// The place of what a request calls `AAPL`, `AAPL:NYSE`, `AAPL:NYSE:us_equity`, or by its id. Any exchange will do:
    /// a client knows where a share is listed, the data do not.
    pub(super) fn find(&self, tape: &Tape, text: &str) -> Option<usize> {
        let mut parts = text.split(':');
        let symbol = parts.next().unwrap_or_default();
        let (exchange, class) = (parts.next().unwrap_or(EXCHANGE), parts.next().unwrap_or(CLASS));
        if !EXCHANGES.contains(&exchange) || class != CLASS || parts.next().is_some() {
            return None;
        }
        let by_id = || ids::canonical(text).and_then(|id| self.ids.iter().position(|own| *own == id));
        tape.index_of(symbol).or_else(by_id)
    }

    /// The asset as Alpaca shows it.
    pub(super) fn shown(&self, tape: &Tape, asset: usize) -> Value {
        let symbol = tape.names()[asset].as_str();
        let is_listed = self.gone[asset].is_none_or(|date| tape.day().is_none_or(|day| day.date < date));
        json!({
            "id": self.ids[asset],
            "class": CLASS,
            "exchange": EXCHANGE,
            "symbol": symbol,
            "name": symbol,
            "cusip": null,
            "status": if is_listed { "active" } else { "inactive" },
            "tradable": is_listed,
            "marginable": true,
            "shortable": true,
            "easy_to_borrow": true,
            "borrow_status": "easy_to_borrow",
            "fractionable": true,
            "maintenance_margin_requirement": 30,
            "margin_requirement_long": "30",
            "margin_requirement_short": "30",
            "attributes": [],
        })
    }

    /// `GET /v2/assets`.
    pub(super) fn list(&self, tape: &Tape, query: &Parameters) -> Answer {
        let status = query.get("status");
        let class = query.get("asset_class").unwrap_or(CLASS);
        let exchange = query.get("exchange");
        if let Some(status) = status.filter(|status| !["active", "inactive", "all"].contains(status)) {
            return refuse(422, UNPROCESSABLE, format!("invalid status: {status}"));
        }
        if !CLASSES.contains(&class) {
            return refuse(422, UNPROCESSABLE, format!("invalid asset_class: {class}"));
        }
        if let Some(exchange) = exchange.filter(|exchange| !EXCHANGES.contains(exchange)) {
            return refuse(422, UNPROCESSABLE, format!("invalid exchange: {exchange}"));
        }
        // No asset has an attribute, so whoever asks for one gets none.
        let is_wanted =
            class == CLASS && exchange.is_none_or(|own| own == EXCHANGE) && query.list("attributes").is_empty();
        let places = (0..self.ids.len()).filter(|_| is_wanted);
        let shown = places.map(|asset| self.shown(tape, asset));
        let status = status.filter(|status| *status != "all");
        ok(&shown.filter(|asset| status.is_none_or(|status| asset["status"] == status)).collect())
    }

    /// `GET /v2/assets/{symbol or id}`.
    pub(super) fn one(&self, tape: &Tape, text: &str) -> Answer {
        match self.find(tape, text) {
            Some(asset) => ok(&self.shown(tape, asset)),
            None => not_found(text),
        }
    }
}

/// 404: nothing is called that.
pub(super) fn not_found(text: &str) -> Answer {
    refuse(404, NOT_FOUND, format!("asset not found for {text}"))
}
