//! A desk and the wire that carries what it says: the execution backend at Alpaca.
//!
//! Not here: what to say (desk), sockets (http, stream), which host (mode), who waits for what (the session's driver).
//! Invariants: (1) what must be on the disk is handed to the keeper before any call leaves; (2) nothing here waits but
//! [`AlpacaBackend::next`].
use std::collections::VecDeque;
use std::io;

use super::call::{Call, StreamKind, StreamSignal};
use super::carrier::{AlpacaWire, WireEvent};
use super::decode::{Decoder, Encoding};
use super::desk::{AlpacaDesk, DataState, StreamCommand};
use super::entry::Entry;
use super::market_message::{MarketMessage, StreamBar};
use super::mode::TradingMode;
use super::shutter::Shutter;
use super::{Instant, LineCommand};
use crate::domain::{ExecutionEvent, OrderId};
use crate::execution::ExecutionBackend;
use crate::risk::{ApprovedChange, ApprovedOrder};

/// The backend of a session in mode `M`.
#[derive(Debug)]
pub struct AlpacaBackend<M: TradingMode> {
    desk: AlpacaDesk,
    wire: AlpacaWire<M>,
    decoder: Decoder,
    /// What the wire had no room for.
    calls: VecDeque<Call>,
    commands: VecDeque<(StreamKind, LineCommand)>,
    /// Bars that the data stream has brought.
    bars: Vec<StreamBar>,
    traffic: Traffic,
}

/// What has gone over the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Calls that left.
    pub calls: u64,
    /// Outcomes that came.
    pub outcomes: u64,
    /// Messages of the stream of trade updates, those about the stream itself included.
    pub trading_messages: u64,
    /// Messages of the stream of market data, likewise; a message may hold a batch.
    pub data_messages: u64,
}

impl<M: TradingMode> AlpacaBackend<M> {
    /// Joins both. `data`: the notation that the wire was opened with.
    pub fn new(desk: AlpacaDesk, wire: AlpacaWire<M>, data: Encoding) -> AlpacaBackend<M> {
        AlpacaBackend {
            desk,
            wire,
            decoder: Decoder::new(data),
            calls: VecDeque::new(),
            commands: VecDeque::new(),
            bars: Vec::new(),
            traffic: Traffic::default(),
        }
    }

    /// The mode it trades in.
    pub fn mode(&self) -> &M {
        self.wire.mode()
    }

    /// What stops orders between the desk and the socket; the kill switch closes it.
    pub fn shutter(&self) -> Shutter {
        self.wire.shutter()
    }

    /// The desk, to look at.
    pub fn desk_ref(&self) -> &AlpacaDesk {
        &self.desk
    }

    /// The desk.
    pub fn desk(&mut self) -> &mut AlpacaDesk {
        &mut self.desk
    }

    /// Is an answer or a step of a stream on its way, or something that has not left?
    pub fn is_awaiting(&self) -> bool {
        let is_answered = self.traffic.calls == self.traffic.outcomes;
        !is_answered || !self.calls.is_empty() || !self.commands.is_empty() || self.desk.is_connecting()
    }

    /// What has gone over the wire.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The bars that have come since this was last asked.
    pub fn take_bars(&mut self) -> Vec<StreamBar> {
        std::mem::take(&mut self.bars)
    }

    /// Hands over to the wire what may leave now. `keep` gets what must be on the disk before it does.
    ///
    /// Errors: as `keep`; nothing that it was to keep has left then.
    pub fn send(&mut self, mut keep: impl FnMut(&[Entry]) -> io::Result<()>) -> io::Result<()> {
        for command in self.desk.take_commands() {
            self.commands.push_back(match command {
                StreamCommand::Connect(kind) => (kind, LineCommand::Connect),
                StreamCommand::Authenticate(kind) => (kind, LineCommand::Authenticate),
                StreamCommand::Close(kind) => (kind, LineCommand::Close),
                StreamCommand::Say(kind, text) => {
                    (kind, LineCommand::Send(serde_json::from_str(&text).expect("the desk says JSON")))
                }
            });
        }
        while let Some((kind, command)) = self.commands.pop_front() {
            if let Err(command) = self.wire.tell(kind, command) {
                self.commands.push_front((kind, command));
                break;
            }
        }
        while let Some(call) = self.calls.pop_front().or_else(|| self.desk.next_call()) {
            let log = self.desk.take_log();
            if !log.is_empty() {
                keep(&log)?;
            }
            if let Err(call) = self.wire.send(call) {
                self.calls.push_front(call);
                return Ok(());
            }
            self.traffic.calls += 1;
        }
        let log = self.desk.take_log();
        if log.is_empty() { Ok(()) } else { keep(&log) }
    }

    /// Waits for what comes next. Canceling the wait loses nothing.
    pub async fn next(&mut self) -> WireEvent {
        self.wire.next().await
    }

    /// Takes in what has come.
    pub fn take(&mut self, event: WireEvent, now: Instant) {
        match event {
            WireEvent::Outcome { call, outcome } => {
                self.traffic.outcomes += 1;
                self.desk.on_outcome(call, outcome, now);
            }
            WireEvent::Signal { stream: StreamKind::Data, signal: StreamSignal::Message(bytes) } => {
                self.traffic.data_messages += 1;
                self.take_data(&bytes, now);
            }
            WireEvent::Signal { stream, signal } => {
                self.traffic.trading_messages += u64::from(matches!(signal, StreamSignal::Message(_)));
                self.desk.on_signal(stream, signal, now);
            }
        }
    }

    fn take_data(&mut self, batch: &[u8], now: Instant) {
        let (desk, bars) = (&mut self.desk, &mut self.bars);
        let mut is_told = false;
        let mut tell = |state: DataState| {
            is_told = true;
            desk.on_data_state(state, now);
        };
        let decoded = self.decoder.decode(batch, |message| match message {
            MarketMessage::Success(word) if word == "connected" => tell(DataState::Greeted),
            MarketMessage::Success(word) if word == "authenticated" => tell(DataState::Authenticated),
            MarketMessage::Subscription(_) => tell(DataState::Subscribed),
            MarketMessage::Error { code, message } => {
                tell(DataState::Failed { code: u32::try_from(code).unwrap_or(u32::MAX), message: message.into_owned() })
            }
            MarketMessage::Bar(bar) => bars.push(bar),
            _ => {}
        });
        if decoded.is_err() {
            // What was before the damage has been taken; a new connection begins anew.
            self.commands.push_back((StreamKind::Data, LineCommand::Close));
        } else if !is_told {
            self.desk.on_data_state(DataState::Alive, now);
        }
    }
}

impl<M: TradingMode> ExecutionBackend for AlpacaBackend<M> {
    fn submit(&mut self, order: ApprovedOrder) {
        self.desk.submit(order);
    }

    fn cancel(&mut self, order: OrderId) {
        self.desk.cancel(order);
    }

    fn replace(&mut self, change: ApprovedChange) {
        self.desk.replace(change);
    }

    fn poll(&mut self, answers: &mut Vec<ExecutionEvent>) {
        self.desk.poll(answers);
    }
}
