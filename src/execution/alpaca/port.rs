//! One wire for the desks of several strategies on one account.
//!
//! Not here: what to say (desk), sockets (http, stream), which host (mode), who waits for what (the session's driver).
//! Every desk hears both streams. The first one leads: what it wants of a stream is done, and all live through it with
//! it; of the others only a wish to drop the connection is.
//! Before a desk's next call it learns of the others' orders, which its own could trade with.
//! Invariants: (1) what must be on the disk is handed to the keeper before any call leaves; (2) an outcome reaches the
//! desk whose call it was; (3) nothing here waits but [`AlpacaPort::next`].
use std::collections::{BTreeMap, VecDeque};
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
use crate::domain::Symbol;

/// The wire of a session in mode `M`, shared by its desks.
#[derive(Debug)]
pub struct AlpacaPort<M: TradingMode> {
    wire: AlpacaWire<M>,
    decoder: Decoder,
    /// All shares of all desks, each once.
    symbols: Vec<Symbol>,
    /// What the wire had no room for.
    calls: VecDeque<Call>,
    commands: VecDeque<(StreamKind, LineCommand)>,
    /// Whose call a number is, and its number there.
    owners: BTreeMap<u64, (usize, u64)>,
    calls_made: u64,
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

impl<M: TradingMode> AlpacaPort<M> {
    /// Nothing is connected yet. `data`: the notation that the wire was opened with.
    pub fn new(wire: AlpacaWire<M>, data: Encoding, symbols: Vec<Symbol>) -> AlpacaPort<M> {
        AlpacaPort {
            wire,
            decoder: Decoder::new(data),
            symbols,
            calls: VecDeque::new(),
            commands: VecDeque::new(),
            owners: BTreeMap::new(),
            calls_made: 0,
            bars: Vec::new(),
            traffic: Traffic::default(),
        }
    }

    /// The mode it trades in.
    pub fn mode(&self) -> &M {
        self.wire.mode()
    }

    /// What stops orders between the desks and the socket; the kill switch closes it.
    pub fn shutter(&self) -> Shutter {
        self.wire.shutter()
    }

    /// All shares of all desks.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Is an answer on its way, or something that has not left?
    pub fn is_awaiting(&self) -> bool {
        self.traffic.calls != self.traffic.outcomes || !self.calls.is_empty() || !self.commands.is_empty()
    }

    /// What has gone over the wire.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The bars that have come since this was last asked.
    pub fn take_bars(&mut self) -> Vec<StreamBar> {
        std::mem::take(&mut self.bars)
    }

    /// Drops the connection of a stream; the desks make it anew.
    pub fn drop_stream(&mut self, kind: StreamKind) {
        self.commands.push_back((kind, LineCommand::Close));
    }

    /// Hands over to the wire what may leave now. `keep` gets what must be on the disk before it does, by desk.
    ///
    /// Errors: as `keep`; nothing that it was to keep has left then.
    pub fn send(
        &mut self,
        desks: &mut [&mut AlpacaDesk],
        mut keep: impl FnMut(usize, &[Entry]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.command(desks);
        let mut at = 0;
        let mut idle = 0;
        while idle < desks.len() {
            if desks.len() > 1 {
                let others = desks.iter().enumerate().filter(|(other, _)| *other != at);
                let crossings = others.flat_map(|(_, desk)| desk.crossings()).collect();
                desks[at].set_crossings(crossings);
            }
            let call = desks[at].next_call();
            let log = desks[at].take_log();
            if !log.is_empty() {
                keep(at, &log)?;
            }
            match call {
                Some(call) => {
                    idle = 0;
                    self.calls_made += 1;
                    self.owners.insert(self.calls_made, (at, call.id));
                    self.calls.push_back(Call { id: self.calls_made, ..call });
                }
                None => idle += 1,
            }
            at = (at + 1) % desks.len();
        }
        while let Some(call) = self.calls.pop_front() {
            if let Err(call) = self.wire.send(call) {
                self.calls.push_front(call);
                return Ok(());
            }
            self.traffic.calls += 1;
        }
        Ok(())
    }

    /// What the streams' tasks are to do.
    fn command(&mut self, desks: &mut [&mut AlpacaDesk]) {
        for (at, desk) in desks.iter_mut().enumerate() {
            for command in desk.take_commands() {
                let leads = at == 0;
                let command = match command {
                    StreamCommand::Close(kind) => (kind, LineCommand::Close),
                    _ if !leads => continue,
                    StreamCommand::Connect(kind) => (kind, LineCommand::Connect),
                    StreamCommand::Authenticate(kind) => (kind, LineCommand::Authenticate),
                    StreamCommand::Say(StreamKind::Data, _) => {
                        let names: Vec<&str> = self.symbols.iter().map(|symbol| symbol.as_str()).collect();
                        let all = serde_json::json!({
                            "action": "subscribe", "bars": names, "updatedBars": names, "quotes": names,
                        });
                        (StreamKind::Data, LineCommand::Send(all))
                    }
                    StreamCommand::Say(kind, text) => {
                        (kind, LineCommand::Send(serde_json::from_str(&text).expect("the desk says JSON")))
                    }
                };
                self.commands.push_back(command);
            }
        }
        while let Some((kind, command)) = self.commands.pop_front() {
            if let Err(command) = self.wire.tell(kind, command) {
                self.commands.push_front((kind, command));
                break;
            }
        }
    }

    /// Waits for what comes next. Canceling the wait loses nothing.
    pub async fn next(&mut self) -> WireEvent {
        self.wire.next().await
    }

    /// Takes in what has come.
    pub fn take(&mut self, desks: &mut [&mut AlpacaDesk], event: WireEvent, now: Instant) {
        match event {
            WireEvent::Outcome { call, outcome } => {
                self.traffic.outcomes += 1;
                if let Some((at, call)) = self.owners.remove(&call) {
                    desks[at].on_outcome(call, outcome, now);
                }
            }
            WireEvent::Signal { stream: StreamKind::Data, signal: StreamSignal::Message(bytes) } => {
                self.traffic.data_messages += 1;
                self.take_data(desks, &bytes, now);
            }
            WireEvent::Signal { stream, signal } => {
                self.traffic.trading_messages += u64::from(matches!(signal, StreamSignal::Message(_)));
                desks.iter_mut().for_each(|desk| desk.on_signal(stream, signal.clone(), now));
            }
        }
    }

    fn take_data(&mut self, desks: &mut [&mut AlpacaDesk], batch: &[u8], now: Instant) {
        let bars = &mut self.bars;
        let mut is_told = false;
        let mut tell = |state: DataState| {
            is_told = true;
            desks.iter_mut().for_each(|desk| desk.on_data_state(state.clone(), now));
        };
        let decoded = self.decoder.decode(batch, |message| match message {
            MarketMessage::Success(word) if word == "connected" => tell(DataState::Greeted),
            MarketMessage::Success(word) if word == "authenticated" => tell(DataState::Authenticated),
            MarketMessage::Subscription(_) => tell(DataState::Subscribed),
            MarketMessage::Error { code, message } => {
                tell(DataState::Failed {
                    code: u32::try_from(code).unwrap_or(u32::MAX),
                    message: message.into_owned(),
                });
            }
            MarketMessage::Bar(bar) => bars.push(bar),
            _ => {}
        });
        if decoded.is_err() {
            // What was before the damage has been taken; a new connection begins anew.
            self.commands.push_back((StreamKind::Data, LineCommand::Close));
        } else if !is_told {
            desks.iter_mut().for_each(|desk| desk.on_data_state(DataState::Alive, now));
        }
    }
}
