//! The two streams: connect, authenticate, listen, and notice when one is silent.
//!
//! Not here: sockets and keys (stream), bars, quotes and trades (decode), what an update means (observe).
use super::AlpacaDesk;
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::wire::{StreamMessage, read_message};
use crate::execution::alpaca::{Instant, StreamKind, StreamSignal};

/// What a stream's task is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamCommand {
    /// Make a connection; one that is there is dropped.
    Connect(StreamKind),
    /// Say who we are. The keys are the task's: the desk knows none.
    Authenticate(StreamKind),
    /// Say this.
    Say(StreamKind, String),
    /// Drop the connection.
    Close(StreamKind),
}

/// What the data stream says of itself, in whatever encoding it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DataState {
    /// It waits to hear who we are.
    Greeted,
    /// The keys were taken.
    Authenticated,
    /// It sends what was asked for.
    Subscribed,
    /// It will not.
    Failed {
        /// Its code.
        code: u32,
        /// Its words.
        message: String,
    },
    /// Anything else: it is alive.
    Alive,
}

/// How far a stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Down,
    Connecting,
    Authenticating,
    Asking,
    Ready,
}

/// One stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    stage: Stage,
    /// When it is connected again, a step must be answered, or its silence is looked into.
    due_ms: u64,
    tries: u32,
    is_probed: bool,
}

impl Stream {
    pub(super) fn down(due_ms: u64) -> Stream {
        Stream { stage: Stage::Down, due_ms, tries: 0, is_probed: false }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }
}

impl AlpacaDesk {
    /// Does the stream of trade updates send?
    pub fn is_listening(&self) -> bool {
        self.trading.is_ready()
    }

    /// Has a stream been told something that it has not answered?
    pub fn is_connecting(&self) -> bool {
        let is_asked =
            |stream: &Stream| matches!(stream.stage, Stage::Connecting | Stage::Authenticating | Stage::Asking);
        is_asked(&self.trading) || self.config.listens_to_bars && is_asked(&self.data)
    }

    /// Takes what a stream brings.
    pub fn on_signal(&mut self, kind: StreamKind, signal: StreamSignal, now: Instant) {
        self.now = Instant { ms: self.now.ms.max(now.ms), wall_ms: now.wall_ms };
        match signal {
            StreamSignal::Connected => self.connected(kind),
            StreamSignal::Lost(reason) => self.lost(kind, &reason),
            StreamSignal::Message(bytes) => {
                self.heard(kind);
                match kind {
                    StreamKind::Trading => self.trading_message(&bytes),
                    StreamKind::Data => read_states(&bytes).into_iter().for_each(|state| self.data_state(state)),
                }
            }
        }
        self.watch_streams();
        self.settle();
    }

    /// Takes what the data stream says of itself, where somebody else has decoded it.
    pub fn on_data_state(&mut self, state: DataState, now: Instant) {
        self.now = Instant { ms: self.now.ms.max(now.ms), wall_ms: now.wall_ms };
        self.heard(StreamKind::Data);
        self.data_state(state);
        self.watch_streams();
        self.settle();
    }

    fn stream(&mut self, kind: StreamKind) -> &mut Stream {
        match kind {
            StreamKind::Trading => &mut self.trading,
            StreamKind::Data => &mut self.data,
        }
    }

    fn step(&mut self, kind: StreamKind, stage: Stage) {
        let patience = &self.config.patience;
        let wait = if stage == Stage::Ready { patience.silence } else { patience.handshake };
        let due_ms = self.now.ms + wait;
        let stream = self.stream(kind);
        (stream.stage, stream.due_ms, stream.is_probed) = (stage, due_ms, false);
    }

    fn connected(&mut self, kind: StreamKind) {
        self.step(kind, Stage::Authenticating);
        if kind == StreamKind::Trading {
            // The data stream speaks first.
            self.commands.push_back(StreamCommand::Authenticate(kind));
        }
    }

    /// It is gone: again, later each time.
    fn lost(&mut self, kind: StreamKind, reason: &str) {
        let was_ready = self.stream(kind).is_ready();
        let tries = self.stream(kind).tries;
        let due_ms = self.now.ms + self.backoff.wait_ms(tries);
        *self.stream(kind) = Stream { stage: Stage::Down, due_ms, tries: tries + 1, is_probed: false };
        if kind == StreamKind::Trading {
            self.reconcile.undo();
        }
        if was_ready {
            // Each loss is told.
            self.findings.push(Finding::Stream(format!("the stream of {kind} was lost: {reason}")));
        }
    }

    fn drop_stream(&mut self, kind: StreamKind, reason: &str) {
        self.commands.push_back(StreamCommand::Close(kind));
        self.lost(kind, reason);
    }

    /// It has said something.
    pub(super) fn heard(&mut self, kind: StreamKind) {
        let due_ms = self.now.ms + self.config.patience.silence;
        let stream = self.stream(kind);
        if stream.is_ready() {
            (stream.due_ms, stream.is_probed) = (due_ms, false);
        }
    }

    fn trading_message(&mut self, bytes: &[u8]) {
        match (read_message(bytes), self.trading.stage) {
            (StreamMessage::Authorization { is_authorized: true }, Stage::Authenticating) => {
                self.step(StreamKind::Trading, Stage::Asking);
                let listen = r#"{"action":"listen","data":{"streams":["trade_updates"]}}"#.to_owned();
                self.commands.push_back(StreamCommand::Say(StreamKind::Trading, listen));
            }
            (StreamMessage::Authorization { is_authorized: false }, _) => {
                self.find(Finding::Unauthorized("the stream of trade updates".to_owned()));
                self.drop_stream(StreamKind::Trading, "it did not take the keys");
            }
            (StreamMessage::Listening { hears_updates: true }, Stage::Asking) => {
                self.step(StreamKind::Trading, Stage::Ready);
                self.trading.tries = 0;
                self.begin_reconcile();
            }
            (StreamMessage::Listening { hears_updates: false }, _) => {
                self.drop_stream(StreamKind::Trading, "it does not send trade updates");
            }
            (StreamMessage::Update(update), _) => self.on_update(*update),
            (StreamMessage::Failure(message), _) => self.drop_stream(StreamKind::Trading, &message),
            (StreamMessage::Unknown(text), _) => self.find(Finding::Unreadable(text)),
            (StreamMessage::Authorization { .. } | StreamMessage::Listening { .. }, _) => {}
        }
    }

    fn data_state(&mut self, state: DataState) {
        match (state, self.data.stage) {
            (DataState::Greeted, Stage::Authenticating) => {
                self.commands.push_back(StreamCommand::Authenticate(StreamKind::Data));
            }
            (DataState::Authenticated, Stage::Authenticating) => {
                self.step(StreamKind::Data, Stage::Asking);
                let names: Vec<&str> = self.config.symbols.iter().map(|symbol| symbol.as_str()).collect();
                let subscribe = serde_json::json!({ "action": "subscribe", "bars": names, "quotes": names });
                self.commands.push_back(StreamCommand::Say(StreamKind::Data, subscribe.to_string()));
            }
            (DataState::Subscribed, Stage::Asking) => {
                self.step(StreamKind::Data, Stage::Ready);
                self.data.tries = 0;
            }
            (DataState::Failed { code, message }, _) => {
                if matches!(code, 402 | 409 | 410 | 411) {
                    self.find(Finding::Unauthorized(format!("the stream of market data: {message}")));
                }
                self.drop_stream(StreamKind::Data, &message);
            }
            _ => {}
        }
    }

    /// Connects what is down, gives up what does not answer, looks into what is silent.
    pub(super) fn watch_streams(&mut self) {
        for kind in [StreamKind::Trading, StreamKind::Data] {
            if kind == StreamKind::Data && !self.config.listens_to_bars {
                continue;
            }
            let now_ms = self.now.ms;
            let Stream { stage, due_ms, is_probed, .. } = *self.stream(kind);
            if now_ms < due_ms {
                continue;
            }
            match stage {
                Stage::Down => {
                    self.step(kind, Stage::Connecting);
                    self.commands.push_back(StreamCommand::Connect(kind));
                }
                Stage::Connecting | Stage::Authenticating | Stage::Asking => {
                    self.drop_stream(kind, "it did not answer in time");
                }
                Stage::Ready if !is_probed => {
                    self.stream(kind).is_probed = true;
                    self.stream(kind).due_ms = now_ms + self.config.patience.silence;
                    self.reconcile.probe(kind);
                }
                Stage::Ready => {}
            }
        }
        self.watch_reading();
    }

    /// REST answers and the stream is silent: in session it is taken for dead, at other times there is nothing to say.
    pub(super) fn probed(&mut self, kind: StreamKind, is_open: bool) {
        if !self.stream(kind).is_probed {
            return;
        }
        let is_expected =
            is_open && (kind == StreamKind::Data || self.lines.values().any(|line| line.open().is_some()));
        match is_expected {
            true => self.drop_stream(kind, "it said nothing for too long"),
            false => self.heard(kind),
        }
        self.poll_soon();
    }

    /// When a stream is due.
    pub(super) fn stream_wake(&self) -> impl Iterator<Item = u64> + use<> {
        let data = Some(self.data.due_ms).filter(|_| self.config.listens_to_bars);
        [Some(self.trading.due_ms), data].into_iter().flatten()
    }
}

/// The control messages of a JSON batch of the data stream.
fn read_states(bytes: &[u8]) -> Vec<DataState> {
    let Ok(serde_json::Value::Array(messages)) = serde_json::from_slice(bytes) else { return vec![DataState::Alive] };
    let state = |message: &serde_json::Value| {
        let word = |name: &str| message.get(name).and_then(serde_json::Value::as_str).unwrap_or("");
        match (word("T"), word("msg")) {
            ("success", "connected") => DataState::Greeted,
            ("success", "authenticated") => DataState::Authenticated,
            ("subscription", _) => DataState::Subscribed,
            ("error", message_text) => DataState::Failed {
                code: message
                    .get("code")
                    .and_then(serde_json::Value::as_u64)
                    .and_then(|code| u32::try_from(code).ok())
                    .unwrap_or(0),
                message: message_text.to_owned(),
            },
            _ => DataState::Alive,
        }
    };
    messages.iter().map(state).collect()
}
