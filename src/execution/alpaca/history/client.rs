//! Reading calls on market data: repeated with patience, because reading changes nothing.
//!
//! Not here: what is read. Nothing can be posted from here.
use std::time::Duration;

use super::super::call::{Call, Outcome, RateHeaders, Urgency, Verb};
use super::super::http::{Carrier, ClientError};
use super::super::keys::ApiKeys;
use super::super::mode::sealed::Sealed;
use super::super::mode::{DATA_HOST, Paper, PaperStandIn, Rehearsal};
use super::error::FetchError;
use super::parts::DayEnd;
use crate::domain::Timestamp;

/// Tries of one page. The waits between them add up to a minute, in which a limit of calls a minute has passed.
const TRIES_MAX: u32 = 9;
/// The first wait; each one is twice the last. No jitter: this program sends one call at a time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait, whatever the venue asks for: its limit is counted by the minute.
const WAIT_MAX: Duration = Duration::from_secs(65);
/// How errors name a call for the clock.
const TIME: &str = "the time";
/// Letters of the venue's own words that are passed on.
const WORDS_MAX: usize = 200;

/// A reader of market data, of Alpaca or of the built-in exchange.
pub struct HistoryClient {
    carrier: Carrier,
    source: String,
    /// Its clock is that of the data, and a day's bar is complete at the close.
    is_exchange: bool,
    now: fn() -> Timestamp,
}

impl HistoryClient {
    /// Alpaca's market data, which keys of paper and of live accounts open alike. `now`: the time of day.
    pub fn alpaca(keys: &ApiKeys, now: fn() -> Timestamp) -> Result<HistoryClient, ClientError> {
        // Only the host of market data is ever called from here, and it is the same in every mode.
        let carrier = Carrier::new(Paper.addresses(), keys)?;
        Ok(HistoryClient { carrier, source: DATA_HOST.to_owned(), is_exchange: false, now })
    }

    /// The built-in exchange. Errors: keys of Alpaca, which have no business there.
    pub fn rehearsal(mode: Rehearsal, keys: &ApiKeys, now: fn() -> Timestamp) -> Result<HistoryClient, FetchError> {
        mode.admits(keys)?;
        let source = format!("http://{}", mode.0);
        Ok(HistoryClient { carrier: Carrier::new(mode.addresses(), keys)?, source, is_exchange: true, now })
    }

    /// What stands in for Alpaca paper on this machine. Errors: keys of an account.
    pub fn stand_in(mode: PaperStandIn, keys: &ApiKeys, now: fn() -> Timestamp) -> Result<HistoryClient, FetchError> {
        mode.admits(keys)?;
        let source = format!("http://{}", mode.0);
        Ok(HistoryClient { carrier: Carrier::new(mode.addresses(), keys)?, source, is_exchange: false, now })
    }

    /// Who is asked.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The time at the venue: that of the built-in exchange is the time of its data.
    pub async fn venue_time(&self) -> Result<Timestamp, FetchError> {
        if !self.is_exchange {
            return Ok((self.now)());
        }
        let body = self.get(TIME, "/v2/clock").await?;
        let clock: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let time = clock["timestamp"].as_str().and_then(|text| text.parse().ok());
        time.ok_or_else(|| self.unusable(TIME, "it says no time"))
    }

    /// When the bar of a day is complete there.
    pub(super) fn day_end(&self) -> DayEnd {
        if self.is_exchange { DayEnd::Close } else { DayEnd::Midnight }
    }

    /// The body of an answer of 200. `about`: what is asked for, in errors.
    pub(super) async fn get(&self, about: &str, path: &str) -> Result<Vec<u8>, FetchError> {
        let call = Call { id: 0, verb: Verb::Get, path: path.to_owned(), body: None, urgency: Urgency::Reading };
        let (mut wait, mut last) = (FIRST_WAIT, String::new());
        for attempt in 1..=TRIES_MAX {
            let asked = match self.carrier.carry(&call).await {
                Outcome::Answered { status: 200, body, rate } => {
                    // The next call would be refused; waiting here is cheaper for both sides.
                    if rate.remaining == Some(0) {
                        self.rest(self.until_reset(&rate).unwrap_or(FIRST_WAIT)).await;
                    }
                    return Ok(body);
                }
                Outcome::Answered { status: status @ (429 | 500..=599), body, rate } => {
                    last = format!("{status} {}", message(&body));
                    rate.retry_after_seconds
                        .map(|seconds| Duration::from_secs(u64::from(seconds)))
                        .or_else(|| if status == 429 { self.until_reset(&rate) } else { None })
                }
                Outcome::Answered { status, body, .. } => return Err(self.refused(about, status, message(&body))),
                Outcome::NotSent(reason) | Outcome::Unknown(reason) => {
                    last = reason;
                    None
                }
                Outcome::HeldBack => unreachable!("nothing holds a reading back"),
            };
            if attempt < TRIES_MAX {
                self.rest(asked.map_or(wait, |asked| asked.max(wait))).await;
                wait *= 2;
            }
        }
        let (about, source_name) = (about.to_owned(), self.source.clone());
        Err(FetchError::Exhausted { about, source_name, tries: TRIES_MAX, last })
    }

    /// How long until the venue counts anew, where it says so.
    fn until_reset(&self, rate: &RateHeaders) -> Option<Duration> {
        let reset = Timestamp::from_seconds(rate.reset_seconds?)?;
        let ns = reset.ns().saturating_sub((self.now)().ns());
        Some(Duration::from_nanos(u64::try_from(ns).unwrap_or(0)))
    }

    async fn rest(&self, time: Duration) {
        tokio::time::sleep(time.min(WAIT_MAX)).await;
    }

    fn refused(&self, about: &str, status: u16, message: String) -> FetchError {
        let (about, source_name) = (about.to_owned(), self.source.clone());
        match status {
            // Data calls may answer a bad key with 403, and a plan that does not allow the request too.
            401 => FetchError::Unauthorized { source_name, status, message },
            403 if !message.contains("subscription") => FetchError::Unauthorized { source_name, status, message },
            300..=399 => FetchError::Answer {
                about,
                source_name,
                what: format!("it redirects ({status}), which is not followed"),
            },
            _ => FetchError::Refused { about, source_name, status, message },
        }
    }

    pub(super) fn unusable(&self, about: &str, what: impl Into<String>) -> FetchError {
        FetchError::Answer { about: about.to_owned(), source_name: self.source.clone(), what: what.into() }
    }
}

/// The venue's words in an answer that is an error.
pub(in super::super) fn message(body: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let words = answer["message"].as_str().unwrap_or("without a reason");
    words.chars().filter(|letter| !letter.is_control()).take(WORDS_MAX).collect()
}
