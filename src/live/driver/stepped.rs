//! A rehearsal whose market waits: the exchange's clock moves when nothing is on its way and everything is at rest.
//!
//! Not here: a market that runs by itself (run). So a session at full speed trades as a backtest does, whatever the
//! machine: an order that was decided at a close is at the exchange before the next bar opens.
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;

use super::{Driver, DriverError, wall};
use crate::domain::{Symbol, Timestamp};
use crate::exchange::server::{FaultPlan, Keys, Pace, Server, ServerOptions};
use crate::exchange::{Exchange, Moment};
use crate::execution::alpaca::{LoopbackAddr, Rehearsal, TradingMode, provide_cryptography};
use crate::venue::FillMoment;

/// Waits in a row that bring nothing: more are a defect.
const WAITS_MAX: usize = 100_000;
/// Nothing on this machine takes so long.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// A bar's open has passed this much later.
const JUST_AFTER_NS: i64 = 1_000;
/// The keys of an exchange that lives as long as one session.
const KEY: &str = "rehearsal";

/// An exchange in this process.
#[derive(Debug)]
pub struct Embedded {
    server: Server,
    control: reqwest::Client,
}

impl Embedded {
    /// Starts it on a free port, inside the runtime that this is called from.
    ///
    /// Errors: no port; no memory.
    pub async fn start(exchange: Exchange, pace: Pace) -> Result<Embedded, DriverError> {
        let options = ServerOptions {
            keys: Keys::new(KEY, KEY),
            pace,
            faults: FaultPlan::default(),
            wall,
            drain_wait: ServerOptions::DRAIN_WAIT,
        };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(exchange, listen, options).await;
        let server = server.map_err(|error| DriverError::Venue(error.to_string()))?;
        provide_cryptography();
        let control = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIME).build();
        let control = control.map_err(|error| DriverError::Venue(error.to_string()))?;
        Ok(Embedded { server, control })
    }

    /// The mode that trades on it.
    ///
    /// Errors: none that can happen: it listens on loopback.
    pub fn mode(&self) -> Result<Rehearsal, DriverError> {
        let address = LoopbackAddr::new(self.server.address());
        address.map(Rehearsal).map_err(|error| DriverError::Venue(error.to_string()))
    }

    /// Its key and secret.
    pub const fn key() -> &'static str {
        KEY
    }

    /// Looks at it.
    pub async fn look<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        self.server.look(look).await
    }

    /// Has the last bar passed, and everything that follows it?
    pub async fn is_over(&self) -> bool {
        self.look(|exchange| exchange.tape().is_done() && exchange.tape().next().is_none()).await
    }

    async fn next(&self) -> Option<Next> {
        self.look(|exchange| {
            let tape = exchange.tape();
            let (time, moment) = tape.next()?;
            let stamp = match moment {
                Moment::BarOpen(step) | Moment::BarClose(step) => Some(tape.step(step).stamp),
                _ => None,
            };
            let bars = match moment {
                Moment::BarClose(step) => tape.bars_of(step).map(|(asset, _)| tape.names()[asset]).collect(),
                _ => Vec::new(),
            };
            Some(Next { time, moment, stamp, bars })
        })
        .await
    }

    async fn advance(&self, until: Timestamp) -> Result<(), DriverError> {
        let url = format!("http://{}/_control/step", self.server.address());
        let call = self.control.post(url).header("apca-api-key-id", KEY).header("apca-api-secret-key", KEY);
        let call = call.body(json!({ "until": until.to_string() }).to_string());
        let answer = call.send().await.and_then(reqwest::Response::error_for_status);
        answer.map(drop).map_err(|error| DriverError::Venue(format!("the exchange takes no step: {error}")))
    }
}

/// What happens next on the tape.
struct Next {
    time: Timestamp,
    moment: Moment,
    stamp: Option<Timestamp>,
    /// Shares whose bars close.
    bars: Vec<Symbol>,
}

impl<M: TradingMode> Driver<M> {
    /// Trades until the data are at an end, or somebody ends it.
    ///
    /// Errors: the session must not go on.
    pub async fn run_stepped(&mut self, exchange: &Embedded) -> Result<(), DriverError> {
        loop {
            self.settle(exchange).await?;
            self.take_waiting_commands()?;
            self.take_waiting_logins()?;
            self.watch_latch()?;
            self.serve_folder()?;
            self.settle(exchange).await?;
            self.publish();
            let next = if self.is_stopping() { None } else { exchange.next().await };
            let Some(next) = next else { break };
            self.pass(&next, exchange).await?;
        }
        self.take_entries_back()?;
        self.settle(exchange).await?;
        self.stopped()
    }

    async fn pass(&mut self, next: &Next, exchange: &Embedded) -> Result<(), DriverError> {
        let Next { time, moment, stamp, bars } = next;
        match (moment, stamp) {
            (Moment::BarOpen(_), Some(stamp)) => {
                self.begin_bars(*stamp, FillMoment::Open);
                self.advance(exchange, *time).await?;
                self.read_actions().await?;
                self.give_actions(*stamp)?;
                self.settle(exchange).await?;
                self.advance(exchange, time.plus_ns(JUST_AFTER_NS)).await?;
                self.begin_bars(*stamp, FillMoment::Within);
            }
            (Moment::BarClose(_), Some(stamp)) => {
                self.advance(exchange, *time).await?;
                for symbol in bars {
                    self.await_bar(*symbol, *stamp, exchange).await?;
                }
                self.show_ready(0)?;
            }
            _ => self.advance(exchange, *time).await?,
        }
        Ok(())
    }

    async fn advance(&mut self, exchange: &Embedded, until: Timestamp) -> Result<(), DriverError> {
        exchange.advance(until).await?;
        self.clock.set_venue(until);
        self.on_time();
        self.settle(exchange).await
    }

    async fn await_bar(&mut self, symbol: Symbol, stamp: Timestamp, exchange: &Embedded) -> Result<(), DriverError> {
        let lacks = |driver: &Self| {
            driver
                .seats
                .iter()
                .any(|seat| seat.trader.terms().index_of(symbol).is_some() && seat.assembler.lacks(symbol, stamp))
        };
        while lacks(self) {
            self.wait().await?;
            self.settle(exchange).await?;
        }
        Ok(())
    }

    /// Everything that is on its way arrives, and what follows from it, until all is at rest.
    async fn settle(&mut self, exchange: &Embedded) -> Result<(), DriverError> {
        for _ in 0..WAITS_MAX {
            self.turn()?;
            while self.is_awaiting() || self.is_owed(exchange).await {
                self.wait().await?;
                self.turn()?;
            }
            if self.is_quiet() {
                return Ok(());
            }
            let now_ms = self.clock.instant().ms;
            let wake_ms = self.seats.iter_mut().filter_map(|seat| seat.trader.desk().wake_at()).min();
            self.clock.leap_to(wake_ms.unwrap_or(now_ms).max(now_ms + 1));
            self.on_time();
        }
        let what = "the desk does not come to rest at the exchange; this is a defect of the program";
        Err(DriverError::Venue(what.to_owned()))
    }

    async fn wait(&mut self) -> Result<(), DriverError> {
        let next = tokio::time::timeout(ANSWER_TIME, self.port.next()).await;
        let event = next.map_err(|_| DriverError::Venue(format!("the exchange is silent for {ANSWER_TIME:?}")))?;
        self.take(event);
        Ok(())
    }

    fn is_awaiting(&self) -> bool {
        self.port.is_awaiting() || self.seats.iter().any(|seat| seat.trader.desk_ref().is_connecting())
    }

    /// Updates that the exchange has sent and that have not come yet.
    async fn is_owed(&self, exchange: &Embedded) -> bool {
        let listens = self.seats.iter().any(|seat| seat.trader.desk_ref().is_listening());
        listens && self.heard < exchange.look(Exchange::updates).await
    }
}
