//! The wire of one session: its tasks and the channels to them, for one mode.
//!
//! Not here: what to say and what an answer means (the desk), who drives both.
//! Invariants: (1) sending never waits: a full channel gives the call back; (2) outcomes come before trade updates, and
//! both before market data, which can flood; (3) dropping the wire ends its tasks.
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use super::call::{Call, Outcome, StreamKind, StreamSignal};
use super::decode::Encoding;
use super::http::{Carrier, ClientError};
use super::keys::{ApiKeys, KeyError};
use super::mode::{Feed, TradingMode};
use super::shutter::Shutter;
use super::stream::{LineCommand, PING_TIME, StreamLine};

/// Calls and outcomes that wait in a channel: a minute of Alpaca's limit.
const CALLS_MAX: usize = 256;
/// Messages of a stream that wait; behind them the socket waits, and then the venue.
const SIGNALS_MAX: usize = 1_024;
/// A desk tells a stream a handful of things in a row.
const COMMANDS_MAX: usize = 16;

/// How market data comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataLine {
    /// From which tape.
    pub feed: Feed,
    /// In which notation.
    pub encoding: Encoding,
}

/// The wire of a session in mode `M`.
///
/// The room sends calls for approved orders, and a drill's to the built-in exchange alone; nobody outside can, so nothing
/// is posted to a market without an [`ApprovedOrder`](crate::risk::ApprovedOrder), which the backend takes by value:
/// ```compile_fail,E0624
/// use alphaflow::execution::alpaca::{AlpacaWire, Call, Paper};
/// fn post(wire: &AlpacaWire<Paper>, call: Call) {
///     let _ = wire.send(call);
/// }
/// ```
/// ```
/// use alphaflow::execution::alpaca::{AlpacaWire, Paper};
/// fn mode(wire: &AlpacaWire<Paper>) -> &Paper {
///     wire.mode()
/// }
/// ```
/// ```compile_fail,E0308
/// use alphaflow::{execution::ExecutionBackend, domain::OrderRequest};
/// fn send(backend: &mut impl ExecutionBackend, order: OrderRequest) {
///     backend.submit(order);
/// }
/// ```
/// ```
/// use alphaflow::{execution::ExecutionBackend, risk::ApprovedOrder};
/// fn send(backend: &mut impl ExecutionBackend, order: ApprovedOrder) {
///     backend.submit(order);
/// }
/// ```
#[derive(Debug)]
pub struct AlpacaWire<M: TradingMode> {
    mode: M,
    shutter: Shutter,
    calls: Sender<Call>,
    outcomes: Receiver<(u64, Outcome)>,
    trading: StreamEnd,
    data: StreamEnd,
    /// Dropped with the wire, and they with it.
    _tasks: JoinSet<()>,
}

/// Our end of a stream.
#[derive(Debug)]
struct StreamEnd {
    commands: Sender<LineCommand>,
    signals: Receiver<StreamSignal>,
}

/// What the wire brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireEvent {
    /// What became of a call.
    Outcome {
        /// The number of the call.
        call: u64,
        /// What became of it.
        outcome: Outcome,
    },
    /// What a stream brings.
    Signal {
        /// Which of the two.
        stream: StreamKind,
        /// What.
        signal: StreamSignal,
    },
}

/// Why there is no wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The keys are not for the mode.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The machine cannot.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl WireEvent {
    /// Does it tell of an order, unasked?
    pub fn is_update(&self) -> bool {
        const STREAM: &[u8] = br#""stream":"trade_updates""#;
        let WireEvent::Signal { stream: StreamKind::Trading, signal: StreamSignal::Message(bytes) } = self else {
            return false;
        };
        bytes.windows(STREAM.len()).any(|window| window == STREAM)
    }
}

impl<M: TradingMode> AlpacaWire<M> {
    /// Prepares the wire and starts its tasks on the runtime that this is called from; nothing is connected yet.
    ///
    /// Errors: keys of another mode; no certificates to verify the venue with.
    pub fn open(mode: M, keys: &ApiKeys, data: DataLine) -> Result<AlpacaWire<M>, WireError> {
        mode.admits(keys)?;
        let addresses = mode.addresses();
        let line = |kind: StreamKind, url: String| {
            let (encoding, keys) = (data.encoding, keys.duplicate());
            StreamLine { kind, url, encoding, keys, ping_time: PING_TIME }
        };
        let trading = line(StreamKind::Trading, addresses.trading_stream.clone());
        let data = line(StreamKind::Data, format!("{}/{}", addresses.data_stream, data.feed.name()));
        let shutter = Shutter::new();
        let carrier = Carrier::new(addresses, keys)?.behind(shutter.clone());
        let mut tasks = JoinSet::new();
        let (calls, calls_end) = channel(CALLS_MAX);
        let (outcomes_end, outcomes) = channel(CALLS_MAX);
        tasks.spawn(carrier.run(calls_end, outcomes_end));
        let mut start = |line: StreamLine| {
            let (commands, commands_end) = channel(COMMANDS_MAX);
            let (signals_end, signals) = channel(SIGNALS_MAX);
            tasks.spawn(line.run(commands_end, signals_end));
            StreamEnd { commands, signals }
        };
        let (trading, data) = (start(trading), start(data));
        Ok(AlpacaWire { mode, shutter, calls, outcomes, trading, data, _tasks: tasks })
    }

    /// The mode.
    pub fn mode(&self) -> &M {
        &self.mode
    }

    /// What stops orders between here and the socket; the kill switch closes it.
    pub fn shutter(&self) -> Shutter {
        self.shutter.clone()
    }

    /// Hands a call over. Gives it back when too many wait already.
    pub(in crate::execution::alpaca) fn send(&self, call: Call) -> Result<(), Call> {
        self.calls.try_send(call).map_err(|error| match error {
            TrySendError::Full(call) | TrySendError::Closed(call) => call,
        })
    }

    /// Tells a stream something. Gives it back when the stream has not yet heard what it was told before.
    pub fn tell(&self, stream: StreamKind, command: LineCommand) -> Result<(), LineCommand> {
        let end = match stream {
            StreamKind::Trading => &self.trading,
            StreamKind::Data => &self.data,
        };
        end.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(command) | TrySendError::Closed(command) => command,
        })
    }

    /// Waits for the next event. Canceling the wait loses nothing.
    pub async fn next(&mut self) -> WireEvent {
        const ALIVE: &str = "a task of the wire ends with the wire";
        tokio::select! {
            biased;
            outcome = self.outcomes.recv() => {
                let (call, outcome) = outcome.expect(ALIVE);
                WireEvent::Outcome { call, outcome }
            }
            signal = self.trading.signals.recv() => {
                WireEvent::Signal { stream: StreamKind::Trading, signal: signal.expect(ALIVE) }
            }
            signal = self.data.signals.recv() => {
                WireEvent::Signal { stream: StreamKind::Data, signal: signal.expect(ALIVE) }
            }
        }
    }
}
