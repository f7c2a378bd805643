//! Looks at the account of a mode: cash, positions, the venue's clock. Nothing can be posted from here.
//!
//! Not here: orders and fills, which the desk reads for itself. What a session compares its books with.
use super::call::{Call, Outcome, Urgency, Verb};
use super::http::{Carrier, ClientError};
use super::keys::{ApiKeys, KeyError};
use super::mode::TradingMode;
use crate::domain::{Money, Quantity, Timestamp};

/// Reads the account of one mode.
pub struct AccountReader {
    carrier: Carrier,
}

/// The account as the venue shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountSeen {
    /// Its number.
    pub number: String,
    /// Cash.
    pub cash: Money,
    /// Cash and positions.
    pub equity: Money,
    /// What may be bought.
    pub buying_power: Money,
    /// Shares held, by the venue's name of the share.
    pub positions: Vec<(String, Quantity)>,
    /// The venue's clock.
    pub time: Timestamp,
    /// Is the core session on, as the venue says?
    pub is_open: bool,
}

/// Why there is no reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// The keys are not for the mode.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The machine cannot.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl AccountReader {
    /// One for the account of `keys`.
    ///
    /// Errors: keys of another mode; no certificates to verify the venue with.
    pub fn new<M: TradingMode>(mode: &M, keys: &ApiKeys) -> Result<AccountReader, ReaderError> {
        mode.admits(keys)?;
        Ok(AccountReader { carrier: Carrier::new(mode.addresses(), keys)? })
    }

    /// The venue's clock.
    ///
    /// Errors: in words.
    pub async fn time(&self) -> Result<(Timestamp, bool), String> {
        let clock = self.get("/v2/clock").await?;
        let time = clock["timestamp"].as_str().and_then(|text| text.parse().ok());
        let time = time.ok_or_else(|| "the clock of the venue says no time".to_owned())?;
        Ok((time, clock["is_open"].as_bool().unwrap_or(false)))
    }

    /// Account, positions and clock, one after the other.
    ///
    /// Errors: in words; then nothing is known.
    pub async fn account(&self) -> Result<AccountSeen, String> {
        let account = self.get("/v2/account").await?;
        let positions = self.get("/v2/positions").await?;
        let (time, is_open) = self.time().await?;
        let money = |name: &str| {
            let text = account[name].as_str();
            let money = text.and_then(|text| text.parse().ok());
            money.ok_or_else(|| format!("the account at the venue says no `{name}`"))
        };
        let rows = positions.as_array().ok_or("the venue's positions are no list")?;
        let position = |row: &serde_json::Value| {
            let symbol = row["symbol"].as_str()?.to_owned();
            let quantity: Quantity = row["qty"].as_str()?.parse().ok()?;
            Some((symbol, quantity))
        };
        let positions = rows.iter().map(position).collect::<Option<Vec<_>>>();
        Ok(AccountSeen {
            number: account["account_number"].as_str().unwrap_or_default().to_owned(),
            cash: money("cash")?,
            equity: money("equity")?,
            buying_power: money("buying_power")?,
            positions: positions.ok_or("a position at the venue has no symbol or no quantity")?,
            time,
            is_open,
        })
    }

    async fn get(&self, path: &str) -> Result<serde_json::Value, String> {
        let call = Call { id: 0, verb: Verb::Get, path: path.to_owned(), body: None, urgency: Urgency::Reading };
        match self.carrier.carry(&call).await {
            Outcome::Answered { status: 200, body, .. } => {
                serde_json::from_slice(&body).map_err(|_| format!("the answer to GET {path} cannot be read"))
            }
            Outcome::Answered { status, .. } => Err(format!("the venue answers GET {path} with {status}")),
            // A shutter holds back orders alone.
            Outcome::HeldBack => Err(format!("GET {path} was held back")),
            Outcome::NotSent(reason) | Outcome::Unknown(reason) => Err(format!("GET {path}: {reason}")),
        }
    }
}
