//! Splits that a venue announces, and money that it has moved without a trade: reading calls.
//!
//! Not here: what books make of them (live::driver), executions, which the desk reads for itself.
//! Invariants: (1) what an answer does not say is an error, never a default; (2) all pages are read.
use serde_json::Value;

use super::account::{Answer, AskError, VenueReader};
use crate::domain::{Money, Ratio, Symbol, Timestamp};

/// Pages of one list at most: more than an account of years has.
const PAGES_MAX: usize = 200;

/// A split as it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitSeen {
    /// Which share.
    pub symbol: Symbol,
    /// New shares per old, rounded up to a billionth, so that whole shares stay whole.
    pub ratio: Ratio,
    /// Its ex-date, as a date in files.
    pub ex_date: Timestamp,
}

/// Money that moved without a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentSeen {
    /// The venue's name of the row; it is never used again.
    pub id: String,
    /// `DIV`, `FEE`, `CSD` and others.
    pub kind: String,
    /// Which share, where it is about one.
    pub symbol: Option<String>,
    /// Dollars; negative is paid by the account.
    pub amount: Money,
    /// It stands: it is neither canceled nor the correction of another row.
    pub is_executed: bool,
}

impl PaymentSeen {
    /// A dividend, or what is kept back from one.
    pub fn is_dividend(&self) -> bool {
        self.kind.starts_with("DIV")
    }
}

impl VenueReader {
    /// Splits of `symbols` whose ex-date lies within `days`, both included, in the order of dates.
    ///
    /// Errors: as of [`Self::account`]; a split without a share, rates or a date.
    pub async fn splits(&self, symbols: &[Symbol], days: (Timestamp, Timestamp)) -> Result<Vec<SplitSeen>, AskError> {
        let names: Vec<&str> = symbols.iter().map(|symbol| symbol.as_str()).collect();
        let names = names.join(",").replace('/', "%2F");
        let (start, end) = (days.0.utc_date(), days.1.utc_date());
        let base = format!(
            "/v1/corporate-actions?symbols={names}&types=forward_split,reverse_split&start={start}&end={end}&limit=1000"
        );
        let (mut all, mut token) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page = self.answer(&format!("{base}{token}")).await?;
            let actions =
                page.fields["corporate_actions"].as_object().ok_or_else(|| page.unusable("corporate_actions"))?;
            for rows in ["forward_splits", "reverse_splits"].iter().filter_map(|kind| actions.get(*kind)?.as_array()) {
                for row in rows {
                    all.push(split(&page.row(row))?);
                }
            }
            match page.fields["next_page_token"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => token = format!("&page_token={}", next.replace('=', "%3D").replace('+', "%2B")),
                None => break,
            }
        }
        // A list that is asked for the shares of one account may hold those of others, too.
        all.retain(|split: &SplitSeen| symbols.contains(&split.symbol));
        all.sort_by_key(|split| (split.ex_date, split.symbol));
        Ok(all)
    }

    /// Money that has moved without a trade since a moment, oldest first.
    ///
    /// Errors: as of [`Self::account`]; a row without a name, a kind or an amount.
    pub async fn payments(&self, after: Timestamp) -> Result<Vec<PaymentSeen>, AskError> {
        let after = Timestamp::from_ns(after.ns() - after.ns().rem_euclid(Timestamp::NS_PER_SECOND));
        let base =
            format!("/v2/account/activities?category=non_trade_activity&direction=asc&page_size=100&after={after}");
        let (mut all, mut token) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page = self.answer(&format!("{base}{token}")).await?;
            let rows = page.fields.as_array().ok_or_else(|| page.unusable("(list)"))?;
            for row in rows {
                let row = page.row(row);
                let status = row.fields["status"].as_str();
                all.push(PaymentSeen {
                    id: row.text("id")?.to_owned(),
                    kind: row.text("activity_type")?.to_owned(),
                    symbol: row.fields["symbol"].as_str().filter(|name| !name.is_empty()).map(str::to_owned),
                    amount: row.parsed("net_amount")?,
                    is_executed: status.is_none_or(|status| status == "executed"),
                });
            }
            // A page may be shorter than what was asked for; only an empty one is the last.
            let Some(last) = all.last().filter(|_| !rows.is_empty()) else { break };
            token = format!("&page_token={}", last.id);
        }
        Ok(all)
    }

    async fn answer(&self, path: &str) -> Result<Answer, AskError> {
        Ok(Answer { path: path.to_owned(), fields: self.get(path).await? })
    }
}

fn split(row: &Answer) -> Result<SplitSeen, AskError> {
    let rate = |name: &'static str| {
        let text = match &row.fields[name] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(row.unusable(name)),
        };
        let rate: Option<Ratio> = text.parse().ok();
        rate.filter(|rate| *rate > Ratio::ZERO).ok_or_else(|| row.unusable(name))
    };
    let (new, old) = (i128::from(rate("new_rate")?.units()), i128::from(rate("old_rate")?.units()));
    let units = (new * i128::from(Ratio::ONE.units()) + old - 1) / old;
    let ratio = i64::try_from(units).ok().map(Ratio::from_units).ok_or_else(|| row.unusable("new_rate"))?;
    Ok(SplitSeen { symbol: row.parsed("symbol")?, ratio, ex_date: row.parsed("ex_date")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<SplitSeen, AskError> {
        split(&Answer { path: "/v1/corporate-actions".to_owned(), fields: serde_json::from_str(text).expect("JSON") })
    }

    #[test]
    fn a_split_says_its_rates_as_the_venue_does() {
        let seen = of(r#"{"symbol": "F", "new_rate": 4, "old_rate": 1.0, "ex_date": "2026-11-24", "due_bill": null}"#);
        let seen = seen.expect("a split");
        assert_eq!(
            (seen.ratio.to_string(), seen.ex_date.utc_date().to_string()),
            ("4".to_owned(), "2026-11-24".to_owned())
        );
        let third =
            of(r#"{"symbol": "F", "new_rate": "1", "old_rate": "3", "ex_date": "2026-11-24"}"#).expect("a split");
        // Nine old shares are three new ones, not two and a rest.
        assert_eq!(i128::from(third.ratio.units()) * 9 / i128::from(Ratio::ONE.units()), 3);
        for broken in [
            r#"{"symbol": "F", "new_rate": 0, "old_rate": 1, "ex_date": "2026-11-24"}"#,
            r#"{"symbol": "F", "new_rate": 2, "ex_date": "2026-11-24"}"#,
            r#"{"symbol": "F", "new_rate": 2, "old_rate": 1, "ex_date": "soon"}"#,
        ] {
            assert!(of(broken).is_err(), "{broken}");
        }
    }
}
