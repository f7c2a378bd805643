//! The way between a desk and an exchange in one program without a network: every call is answered at once.
//!
//! Not here: sockets (sockets), faults (tests).
use super::{BarSeen, Reach};
use crate::domain::{Bar, SymbolIndex, Timestamp};
use crate::exchange::{Exchange, Method, Published, Request};
use crate::execution::BackendFailure;
use crate::execution::alpaca::{
    AlpacaDesk, Call, Instant, Outcome, RateHeaders, StreamCommand, StreamKind, StreamSignal, Verb,
};

const NS_PER_MS: i64 = 1_000_000;
/// Waits of the desk in a row that bring nothing, each for what it asked to be woken for: more are a defect.
const WAITS_MAX: usize = 10_000;

/// A desk beside its exchange. The desk's clock moves only when nothing else does.
#[derive(Debug)]
pub struct MemoryReach {
    desk: AlpacaDesk,
    exchange: Exchange,
    now: Instant,
    listens: bool,
}

impl MemoryReach {
    /// Both before anything has happened; the desk must have been made at the beginning of [`Instant`]s.
    pub fn new(desk: AlpacaDesk, exchange: Exchange) -> MemoryReach {
        let now = Instant { ms: 0, wall_ms: exchange.tape().now().ns() / NS_PER_MS };
        MemoryReach { desk, exchange, now, listens: false }
    }

    /// The exchange, to be compared.
    pub fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// What the exchange has published since goes to the desk, if it listens.
    fn hear(&mut self) -> bool {
        let mut has_heard = false;
        for published in self.exchange.take_published() {
            if let (Published::Update(data), true) = (published, self.listens) {
                let message = serde_json::json!({ "stream": "trade_updates", "data": data });
                self.signal(StreamSignal::Message(message.to_string().into_bytes()));
                has_heard = true;
            }
        }
        has_heard
    }

    fn signal(&mut self, signal: StreamSignal) {
        self.desk.on_signal(StreamKind::Trading, signal, self.now);
    }

    fn obey(&mut self, command: StreamCommand) {
        let message = |text: &str| StreamSignal::Message(text.as_bytes().to_vec());
        match command {
            StreamCommand::Connect(StreamKind::Trading) => self.signal(StreamSignal::Connected),
            StreamCommand::Authenticate(StreamKind::Trading) => self.signal(message(
                r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#,
            )),
            StreamCommand::Say(StreamKind::Trading, _) => {
                self.listens = true;
                self.signal(message(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#));
            }
            StreamCommand::Close(StreamKind::Trading) => self.listens = false,
            StreamCommand::Connect(StreamKind::Data)
            | StreamCommand::Authenticate(StreamKind::Data)
            | StreamCommand::Say(StreamKind::Data, _)
            | StreamCommand::Close(StreamKind::Data) => {}
        }
    }

    /// Everything that can happen without waiting; did anything?
    fn turn(&mut self) -> bool {
        let mut has_moved = self.hear();
        for command in self.desk.take_commands().collect::<Vec<_>>() {
            self.obey(command);
            has_moved = true;
        }
        if let Some(call) = self.desk.next_call() {
            let outcome = answered(&mut self.exchange, &call);
            self.desk.on_outcome(call.id, outcome, self.now);
            self.hear();
            has_moved = true;
        }
        has_moved
    }
}

impl Reach for MemoryReach {
    fn desk(&mut self) -> &mut AlpacaDesk {
        &mut self.desk
    }

    fn settle(&mut self) -> Result<(), BackendFailure> {
        for _ in 0..WAITS_MAX {
            if self.turn() {
                continue;
            }
            if self.desk.is_quiet() && self.desk.is_ready() {
                // Nobody reads it again: a rehearsal that is cut off begins anew.
                self.desk.take_log();
                return Ok(());
            }
            let wake_ms = self.desk.wake_at().unwrap_or(self.now.ms).max(self.now.ms + 1);
            self.now = Instant { ms: wake_ms, wall_ms: self.exchange.tape().now().ns() / NS_PER_MS };
            self.desk.on_time(self.now);
        }
        Err(BackendFailure(
            "the desk does not come to rest at the exchange; this is a defect of the program".to_owned(),
        ))
    }

    fn advance(&mut self, until: Timestamp) -> Result<(), BackendFailure> {
        self.exchange.advance(until);
        self.now.wall_ms = self.exchange.tape().now().ns() / NS_PER_MS;
        self.desk.on_time(self.now);
        Ok(())
    }

    fn bars(&mut self, _step: &[(SymbolIndex, &Bar)]) -> Result<Vec<BarSeen>, BackendFailure> {
        Ok(Vec::new())
    }
}

/// A call as the exchange reads it, and its answer as the desk does.
pub fn answered(exchange: &mut Exchange, call: &Call) -> Outcome {
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let method = match call.verb {
        Verb::Get => Method::Get,
        Verb::Post => Method::Post,
        Verb::Patch => Method::Patch,
        Verb::Delete => Method::Delete,
    };
    let body = call.body.as_deref().unwrap_or_default().as_bytes();
    let answer = exchange.answer(&Request { method, path, query, body });
    let body = answer.body.unwrap_or_default().into_bytes();
    Outcome::Answered { status: answer.status, body, rate: RateHeaders::default() }
}
