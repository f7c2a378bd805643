//! What a venue says of an account, its positions, its clock and its shares: reading calls.
//!
//! Not here: whether it is enough to trade (live::preflight), what a session compares it with (live::driver), orders and
//! fills, which the desk reads for itself, the permission to trade live (authorization).
//! Invariants: (1) nothing can be changed from here, so a live account may be read before it is authorized; (2) what an
//! answer does not say is an error, never a default; (3) no error shows a key.
use serde_json::Value;

use super::authorization::read_live;
use super::call::{Call, Outcome, Urgency, Verb};
use super::history::message;
use super::http::{Carrier, ClientError};
use super::keys::{ApiKeys, KeyError};
use super::mode::TradingMode;
use crate::domain::{Money, Price, Quantity, Symbol, Timestamp};

/// A reader of one account.
pub struct VenueReader {
    line: Line,
}

/// How the venue is reached.
enum Line {
    Carrier(Carrier),
    /// The live host, for as long as nobody is authorized there.
    Live(ApiKeys),
}

/// `GET /v2/account`, as far as it says what may be traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// The number that Alpaca shows; never empty.
    pub number: String,
    /// `ACTIVE`, or what keeps it from trading.
    pub status: String,
    /// The blocks that are on: `trading_blocked`, `account_blocked`, `trade_suspended_by_user`.
    pub blocks: Vec<&'static str>,
    /// Dollars in cash.
    pub cash: Money,
    /// Cash and positions, dollars.
    pub equity: Money,
    /// What may be spent now, dollars.
    pub buying_power: Money,
    /// Buying power ÷ equity that the account has: 1, 2 or 4.
    pub multiplier: u32,
    /// May it sell short?
    pub may_short: bool,
}

/// The account as a session looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSeen {
    /// What it is and has.
    pub state: AccountState,
    /// Shares held, by the venue's name of the share.
    pub positions: Vec<(String, Quantity)>,
    /// The venue's clock.
    pub time: Timestamp,
}

/// An order, or a leg of one, as far as a drill looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSeen {
    /// Which share, as the venue names it.
    pub symbol: String,
    /// It buys.
    pub buys: bool,
    /// It may still fill.
    pub is_open: bool,
}

/// `GET /v2/clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueClock {
    /// The venue's time.
    pub at: Timestamp,
    /// Is the core session on?
    pub is_open: bool,
    /// When the next one opens.
    pub next_open: Timestamp,
    /// When this one, or the next, closes.
    pub next_close: Timestamp,
}

/// `GET /v2/assets/{symbol}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetState {
    /// `status` is `active`, and it is tradable.
    pub is_tradable: bool,
    /// It may be bought on margin.
    pub is_marginable: bool,
    /// It may be sold short and is easy to borrow.
    pub is_shortable: bool,
    /// Parts of it are traded.
    pub is_fractionable: bool,
}

/// Why a venue did not say it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Keys of another mode.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// This machine cannot connect.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It refuses the keys.
    #[error(
        "the venue refuses the keys ({status}: {message}); compare ALPACA_API_KEY and ALPACA_SECRET_KEY with those that Alpaca shows, or make new ones"
    )]
    Unauthorized {
        /// The HTTP status.
        status: u16,
        /// The venue's words.
        message: String,
    },
    /// It answers something else.
    #[error("GET {path} is answered with {status} ({message}); run this again, or look at status.alpaca.markets")]
    Refused {
        /// What was asked.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The venue's words.
        message: String,
    },
    /// No whole answer came.
    #[error("GET {path} has no answer: {reason}; check the connection and run this again")]
    NoAnswer {
        /// What was asked.
        path: String,
        /// Why.
        reason: String,
    },
    /// The answer lacks something, or says something that cannot be.
    #[error("GET {path}: the answer's `{field}` is {found}; this program cannot judge the account by it")]
    Unusable {
        /// What was asked.
        path: String,
        /// The field.
        field: &'static str,
        /// As found.
        found: String,
    },
}

impl VenueReader {
    /// Reads at the venue of `mode`. Errors: keys of another mode, no certificates.
    pub fn new<M: TradingMode>(mode: &M, keys: &ApiKeys) -> Result<VenueReader, AskError> {
        mode.admits(keys)?;
        Ok(VenueReader { line: Line::Carrier(Carrier::new(mode.addresses(), keys)?) })
    }

    /// Reads a live account before live trading is authorized. Every call fails unless the keys are those of a live
    /// account and the program was built with live trading.
    pub fn before_live(keys: &ApiKeys) -> VenueReader {
        VenueReader { line: Line::Live(keys.duplicate()) }
    }

    /// The account. Errors: no answer, or one that does not say all.
    pub async fn account(&self) -> Result<AccountState, AskError> {
        const PATH: &str = "/v2/account";
        let answer = Answer { path: PATH.to_owned(), fields: self.get(PATH).await? };
        let block = |name: &'static str| answer.switch(name).map(|is_on| is_on.then_some(name));
        let blocks = ["trading_blocked", "account_blocked", "trade_suspended_by_user"].map(block);
        Ok(AccountState {
            number: answer.text("account_number")?.to_owned(),
            status: answer.text("status")?.to_owned(),
            blocks: blocks.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?,
            cash: answer.parsed("cash")?,
            equity: answer.parsed("equity")?,
            buying_power: answer.parsed("buying_power")?,
            multiplier: answer.parsed("multiplier")?,
            may_short: answer.switch("shorting_enabled")?,
        })
    }

    /// Shares held, in the venue's order. Errors: as of [`Self::account`]; a row that does not say whose and how many.
    pub async fn positions(&self) -> Result<Vec<(String, Quantity)>, AskError> {
        const PATH: &str = "/v2/positions";
        let rows = Answer { path: PATH.to_owned(), fields: self.get(PATH).await? };
        let Some(list) = rows.fields.as_array() else { return Err(rows.unusable("(list)")) };
        let shares = |row: &Value| {
            let row = rows.row(row);
            Ok((row.text("symbol")?.to_owned(), row.parsed("qty")?))
        };
        list.iter().map(shares).collect()
    }

    /// Orders and legs sent after a moment, 500 at most with their parents: a filled parent hides open legs from the list of open
    /// orders, so all are asked for. Errors: as of [`Self::account`]; a row that does not say what it is.
    pub async fn orders_since(&self, after: Timestamp) -> Result<Vec<OrderSeen>, AskError> {
        let after = Timestamp::from_ns(after.ns() - after.ns().rem_euclid(Timestamp::NS_PER_SECOND));
        self.orders(&format!("status=all&nested=true&limit=500&after={after}")).await
    }

    /// Orders that are open. Errors: as of [`Self::account`].
    pub async fn open_orders(&self) -> Result<Vec<OrderSeen>, AskError> {
        self.orders("status=open&nested=true&limit=500").await
    }

    async fn orders(&self, query: &str) -> Result<Vec<OrderSeen>, AskError> {
        const ENDED: [&str; 5] = ["filled", "canceled", "expired", "rejected", "replaced"];
        let path = format!("/v2/orders?{query}");
        let answer = Answer { fields: self.get(&path).await?, path };
        let rows = answer.fields.as_array().ok_or_else(|| answer.unusable("(list)"))?;
        let legs = rows.iter().flat_map(|row| row["legs"].as_array().into_iter().flatten());
        let seen = |row: &Value| {
            let row = answer.row(row);
            let (symbol, buys) = (row.text("symbol")?.to_owned(), row.text("side")? == "buy");
            Ok(OrderSeen { symbol, buys, is_open: !ENDED.contains(&row.text("status")?) })
        };
        rows.iter().chain(legs).map(seen).collect()
    }

    /// The last trade of a share on the free tape. Errors: as of [`Self::account`].
    pub async fn last_price(&self, symbol: Symbol) -> Result<Price, AskError> {
        let path = format!("/v2/stocks/{}/trades/latest?feed=iex", symbol.as_str().replace('/', "%2F"));
        let answer = Answer { fields: self.get(&path).await?, path };
        let price = answer.fields["trade"]["p"].as_number().and_then(|number| number.to_string().parse().ok());
        price.filter(|price: &Price| *price > Price::ZERO).ok_or_else(|| answer.unusable("trade"))
    }

    /// Account, positions and time, one after the other. Errors: as of [`Self::account`]; then nothing is known.
    pub async fn seen(&self) -> Result<AccountSeen, AskError> {
        let (state, positions) = (self.account().await?, self.positions().await?);
        Ok(AccountSeen { state, positions, time: self.time().await? })
    }

    /// The venue's time alone: an exchange whose data have ended says no next open. Errors: as of [`Self::account`].
    pub async fn time(&self) -> Result<Timestamp, AskError> {
        const PATH: &str = "/v2/clock";
        Answer { path: PATH.to_owned(), fields: self.get(PATH).await? }.parsed("timestamp")
    }

    /// The clock. Errors: as of [`Self::account`].
    pub async fn clock(&self) -> Result<VenueClock, AskError> {
        const PATH: &str = "/v2/clock";
        let answer = Answer { path: PATH.to_owned(), fields: self.get(PATH).await? };
        Ok(VenueClock {
            at: answer.parsed("timestamp")?,
            is_open: answer.switch("is_open")?,
            next_open: answer.parsed("next_open")?,
            next_close: answer.parsed("next_close")?,
        })
    }

    /// A share; `None` where the venue does not know it. Errors: as of [`Self::account`].
    pub async fn asset(&self, symbol: Symbol) -> Result<Option<AssetState>, AskError> {
        // Of the letters of a symbol, only the slash means something in a path.
        let path = format!("/v2/assets/{}", symbol.as_str().replace('/', "%2F"));
        let fields = match self.get(&path).await {
            Err(AskError::Refused { status: 404, .. }) => return Ok(None),
            answer => answer?,
        };
        let answer = Answer { path, fields };
        // `easy_to_borrow` is being replaced by `borrow_status`.
        let is_easy = match answer.fields["borrow_status"].as_str() {
            Some(status) => status == "easy_to_borrow",
            None => answer.switch("easy_to_borrow")?,
        };
        Ok(Some(AssetState {
            is_tradable: answer.text("status")? == "active" && answer.switch("tradable")?,
            is_marginable: answer.switch("marginable")?,
            is_shortable: answer.switch("shortable")? && is_easy,
            is_fractionable: answer.switch("fractionable")?,
        }))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, AskError> {
        let call = Call { id: 0, verb: Verb::Get, path: path.to_owned(), body: None, urgency: Urgency::Reading };
        let outcome = match &self.line {
            Line::Carrier(carrier) => carrier.carry(&call).await,
            Line::Live(keys) => read_live(keys, path).await,
        };
        let path = path.to_owned();
        match outcome {
            Outcome::Answered { status: 200, body, .. } => {
                let unusable = |_| AskError::Unusable { path, field: "(whole)", found: "no JSON".to_owned() };
                serde_json::from_slice(&body).map_err(unusable)
            }
            Outcome::Answered { status: status @ (401 | 403), body, .. } => {
                Err(AskError::Unauthorized { status, message: message(&body) })
            }
            Outcome::Answered { status, body, .. } => Err(AskError::Refused { path, status, message: message(&body) }),
            Outcome::NotSent(reason) | Outcome::Unknown(reason) => Err(AskError::NoAnswer { path, reason }),
            Outcome::HeldBack => Err(AskError::NoAnswer { path, reason: "the kill switch holds it back".to_owned() }),
        }
    }
}

/// The fields of an answer.
pub(super) struct Answer {
    pub(super) path: String,
    pub(super) fields: Value,
}

impl Answer {
    /// One row of a list.
    pub(super) fn row(&self, row: &Value) -> Answer {
        Answer { path: self.path.clone(), fields: row.clone() }
    }

    pub(super) fn unusable(&self, field: &'static str) -> AskError {
        // Longer than any number or time; what is longer is no answer to show.
        const SHOWN_MAX: usize = 60;
        let found = match &self.fields[field] {
            Value::Null => "not there".to_owned(),
            value => value.to_string().chars().filter(|letter| !letter.is_control()).take(SHOWN_MAX).collect(),
        };
        AskError::Unusable { path: self.path.clone(), field, found }
    }

    pub(super) fn text(&self, field: &'static str) -> Result<&str, AskError> {
        self.fields[field].as_str().filter(|text| !text.is_empty()).ok_or_else(|| self.unusable(field))
    }

    fn switch(&self, field: &'static str) -> Result<bool, AskError> {
        self.fields[field].as_bool().ok_or_else(|| self.unusable(field))
    }

    pub(super) fn parsed<T: std::str::FromStr>(&self, field: &'static str) -> Result<T, AskError> {
        self.text(field)?.parse().map_err(|_| self.unusable(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer { path: "/v2/account".to_owned(), fields: serde_json::from_str(text).expect("JSON") }
    }

    #[test]
    fn what_an_answer_does_not_say_is_an_error_and_no_default() {
        let answer =
            answer(r#"{"cash": "12.5", "multiplier": 2, "number": "", "trading_blocked": "false", "n": null}"#);
        assert_eq!(answer.parsed::<Money>("cash"), Ok("12.5".parse().expect("money")));
        for field in ["multiplier", "number", "trading_blocked", "n", "absent"] {
            assert!(answer.text(field).is_err() || answer.switch(field).is_err(), "{field}");
        }
        assert!(answer.switch("trading_blocked").is_err(), "the text `false` is no switch");
        let error = answer.parsed::<u32>("multiplier").expect_err("a number, where Alpaca sends text");
        assert_eq!(
            error.to_string(),
            "GET /v2/account: the answer's `multiplier` is 2; this program cannot judge the account by it"
        );
    }

    #[tokio::test]
    async fn a_live_account_is_read_with_live_keys_only() {
        let keys = ApiKeys::new("PKABCDEFGHIJKLMNOPQR".to_owned(), "secret".to_owned()).expect("keys");
        let error = VenueReader::before_live(&keys).account().await.expect_err("paper keys");
        let AskError::NoAnswer { reason, .. } = &error else { panic!("{error}") };
        let words = if cfg!(feature = "live") { "keys of a paper account" } else { "built without live trading" };
        assert!(reason.contains(words), "{reason}");
    }
}
