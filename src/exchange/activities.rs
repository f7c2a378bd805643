//! `/v2/account/activities`: executions, dividends, splits and delistings as rows.
//!
//! Not here: when they happened (orders::events, actions).
use serde_json::{Value, json};

use super::Answer;
use super::core::Exchange;
use super::ids;
use super::orders::decimal;
use super::parameters::Parameters;
use super::refusal::Refused;
use super::reply::ok;
use super::statement::{Execution, Payment, PaymentKind};
use crate::domain::Timestamp;
use crate::market::new_york_date;

const PAGE_MAX: usize = 100;

/// Every type of Alpaca's, of which this exchange has four.
#[rustfmt::skip]
const KINDS: [&str; 39] = [
    "FILL", "TRANS", "MISC", "ACATC", "ACATS", "CFEE", "CGD", "CSD", "CSW", "DIV", "DIVCGL", "DIVCGS", "DIVFEE",
    "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "FEE", "INT", "INTNRA", "INTTW", "JNL", "JNLC", "JNLS", "MA",
    "NC", "OPASN", "OPCA", "OPCSH", "OPEXC", "OPEXP", "OPTRD", "PTC", "PTR", "REORG", "SPIN", "SPLIT", "FOPT",
];

/// One row, before it is written: a list has thousands, and a page shows a hundred.
#[derive(Clone, Copy)]
struct Row<'a> {
    time: Timestamp,
    what: What<'a>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Fill(&'a Execution),
    /// With its place.
    Payment(usize, &'a Payment),
}

impl What<'_> {
    /// Alpaca's word for such rows.
    fn kind(self) -> &'static str {
        match self {
            What::Fill(_) => "FILL",
            What::Payment(_, payment) => match payment.kind {
                PaymentKind::Dividend { .. } => "DIV",
                PaymentKind::Split { .. } => "SPLIT",
                PaymentKind::Delisting { .. } => "REORG",
            },
        }
    }
}

impl Exchange {
    /// `GET /v2/account/activities`, of one type where the path names it.
    pub(super) fn list_activities(&self, kind: Option<&str>, query: &Parameters) -> Answer {
        match self.chosen_activities(kind, query) {
            Ok(rows) => ok(&rows.into_iter().map(|row| self.shown_activity(&row)).collect()),
            Err(refused) => refused.answer(),
        }
    }

    fn chosen_activities(&self, kind: Option<&str>, query: &Parameters) -> Result<Vec<Row<'_>>, Refused> {
        let mut kinds = query.list("activity_types");
        let category = query.get("category");
        if category.is_some() && !kinds.is_empty() {
            return Err(Refused::syntax("category and activity_types exclude each other"));
        }
        kinds.extend(kind);
        // A list of a type that does not exist would look like an account where nothing has happened.
        if let Some(other) = kinds.iter().find(|kind| !KINDS.contains(kind)) {
            return Err(invalid("activity_types", other));
        }
        let wants_trades = match category {
            None => None,
            Some("trade_activity") => Some(true),
            Some("non_trade_activity") => Some(false),
            Some(other) => return Err(invalid("category", other)),
        };
        let oldest_first = match query.get("direction") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(other) => return Err(invalid("direction", other)),
        };
        let (after, until) = (moment(query, "after")?, moment(query, "until")?);
        let date = moment(query, "date")?;
        if date.is_some() && (after.is_some() || until.is_some()) {
            return Err(Refused::syntax("date excludes after and until"));
        }
        let size = match query.get("page_size") {
            None => PAGE_MAX,
            Some(text) => Some(decimal::<usize>("page_size", text)?)
                .filter(|size| (1..=PAGE_MAX).contains(size))
                .ok_or_else(|| invalid("page_size", text))?,
        };
        let order = query.get("order_id").map(|id| ids::canonical(id).unwrap_or_default());
        let mut rows = self.activities();
        rows.retain(|row| {
            let is_trade = matches!(row.what, What::Fill(_));
            let of_order = match row.what {
                What::Fill(execution) => order.as_ref().is_none_or(|id| self.book.get(execution.order).id == *id),
                What::Payment(..) => order.is_none(),
            };
            of_order
                && (kinds.is_empty() || kinds.contains(&row.what.kind()))
                && wants_trades.is_none_or(|trades| trades == is_trade)
                && after.is_none_or(|after| row.time > after)
                && until.is_none_or(|until| row.time < until)
                && date.is_none_or(|date| new_york_date(row.time) == date)
        });
        if !oldest_first {
            rows.reverse();
        }
        let from = match query.get("page_token") {
            None => 0,
            Some(token) => match rows.iter().position(|row| self.activity_id(row) == token) {
                Some(at) => at + 1,
                None => return Err(invalid("page_token", token)),
            },
        };
        Ok(rows.into_iter().skip(from).take(size).collect())
    }

    /// All rows, oldest first.
    fn activities(&self) -> Vec<Row<'_>> {
        let fills = self.statement.executions.iter();
        let fills = fills.map(|execution| Row { time: execution.time, what: What::Fill(execution) });
        let payments = self.statement.payments.iter().enumerate();
        let payments = payments.map(|(at, payment)| Row { time: payment.time, what: What::Payment(at, payment) });
        let mut rows: Vec<Row<'_>> = fills.chain(payments).collect();
        rows.sort_by_key(|row| row.time);
        rows
    }

    /// What a row is found by.
    fn activity_id(&self, row: &Row<'_>) -> String {
        match row.what {
            What::Fill(execution) => format!("{}::{}", compact(row.time), execution.id),
            What::Payment(at, _) => {
                let id = ids::uuid(&[&self.setup.name, "payment", &at.to_string()]);
                format!("{}::{id}", compact(row.time))
            }
        }
    }

    fn shown_activity(&self, row: &Row<'_>) -> Value {
        match row.what {
            What::Fill(execution) => self.shown_fill(&self.activity_id(row), execution),
            What::Payment(_, payment) => self.shown_payment(row, payment),
        }
    }

    fn shown_fill(&self, id: &str, execution: &Execution) -> Value {
        let Execution { fill, time, filled, left, status, is_short_sale, .. } = execution;
        json!({
            "id": id,
            "activity_type": "FILL",
            "transaction_time": time.to_string(),
            "type": if left.is_zero() { "fill" } else { "partial_fill" },
            "price": fill.price.to_string(),
            "qty": fill.quantity.to_string(),
            "side": if *is_short_sale { "sell_short" } else { fill.side.name() },
            "symbol": self.tape().names()[fill.symbol.get()].as_str(),
            "leaves_qty": left.to_string(),
            "cum_qty": filled.to_string(),
            "order_id": self.book.get(execution.order).id,
            "order_status": status.name(),
        })
    }

    fn shown_payment(&self, row: &Row<'_>, payment: &Payment) -> Value {
        let (a_share, description) = match payment.kind {
            PaymentKind::Dividend { a_share } => (Some(a_share), "cash dividend".to_owned()),
            PaymentKind::Split { ratio } => (None, format!("split into {ratio} new shares per old")),
            PaymentKind::Delisting { a_share } => (Some(a_share), "the share is listed no more".to_owned()),
        };
        json!({
            "id": self.activity_id(row),
            "activity_type": row.what.kind(),
            "activity_sub_type": null,
            "date": payment.date.utc_date().to_string(),
            "created_at": payment.time.to_string(),
            "net_amount": payment.amount.to_string(),
            "symbol": self.tape().names()[payment.symbol.get()].as_str(),
            "qty": payment.shares.to_string(),
            "per_share_amount": a_share.map(|price| price.to_string()),
            "price": null,
            "status": "executed",
            "currency": "USD",
            "cusip": null,
            "group_id": null,
            "description": description,
        })
    }
}

/// `YYYYMMDDHHMMSSmmm` in UTC.
fn compact(time: Timestamp) -> String {
    let zoned = time.to_jiff().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let (date, clock) = (zoned.date(), zoned.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{:03}",
        date.year(),
        date.month(),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

fn invalid(name: &str, value: &str) -> Refused {
    Refused::syntax(format!("invalid {name}: {value}"))
}

fn moment(query: &Parameters, name: &str) -> Result<Option<Timestamp>, Refused> {
    query.get(name).map(|text| text.parse().map_err(|_| invalid(name, text))).transpose()
}
