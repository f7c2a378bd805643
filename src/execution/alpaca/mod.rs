//! Alpaca: approved orders as calls, answers and streams as events.
//!
//! Not here: what may be sent (risk), what a fill means (engine). The desk decides what to call and what an answer
//! means without input or output of its own; tasks of `http` and `stream` carry it over the wire.
mod account;
mod account_actions;
mod authorization;
mod backend;
mod bucket;
mod call;
mod carrier;
mod client_id;
mod decimal;
mod decode;
mod desk;
mod drill_wire;
mod emergency;
mod entry;
mod env_file;
mod finding;
mod heard;
pub mod history;
mod http;
mod keys;
mod ledger;
mod market_message;
mod mode;
mod port;
mod reader;
mod reader_json;
mod reader_msgpack;
mod refusal;
mod shutter;
mod stream;
#[cfg(test)]
mod tests_decode;
#[cfg(test)]
mod tests_kill;
#[cfg(test)]
mod tests_wire;
mod translate;
mod wire;

pub use account::{AccountSeen, AccountState, AskError, AssetState, OrderSeen, VenueClock, VenueReader};
pub use account_actions::{PaymentSeen, SplitSeen};
pub use authorization::{
    LiveAccount, LiveAuthorization, LiveEvidence, LiveRefusal, MissingEvidence, PREFLIGHT_AGE_MAX_NS, ParityRecord,
    PreflightRecord,
};
pub use backend::AlpacaBackend;
pub use bucket::Instant;
pub use call::{Call, Outcome, RateHeaders, StreamKind, StreamSignal, Urgency, Verb};
pub use carrier::{AlpacaWire, DataLine, WireError, WireEvent};
pub use client_id::{SessionName, SessionNameError};
pub use decode::{DecodeCounts, Decoder, Encoding};
pub use desk::{AlpacaDesk, DataState, DeskConfig, Lost, OutsideFill, Patience, StreamCommand};
pub use drill_wire::{DrillCount, DrillWire};
pub use emergency::{
    Begin, Emergency, EmergencyItem, EmergencyLine, EmergencyOrder, EmergencyPatience, EmergencyState, EmergencyVenue,
    Fate, Subject,
};
pub use entry::{Answer, Asked, Ending, Entry, LeftOutside};
pub use env_file::{EnvError, EnvFile, is_ignored_by_git};
pub use finding::Finding;
pub use heard::Heard;
pub use http::{ClientError, provide_cryptography};
pub use keys::{ApiKeys, KeyError, KeyKind, Secret, refuse_secrets_in};
pub use market_message::{
    Band, BarKind, Cancel, Conditions, Correction, MarketMessage, Print, Quote, QuoteSide, StreamBar, Subscription,
    Trade, TradingStatus,
};
pub use mode::{Feed, Live, LoopbackAddr, LoopbackError, Paper, PaperStandIn, Rehearsal, TradingMode};
pub use port::{AlpacaPort, Traffic};
pub use reader::DecodeError;
pub use shutter::{Bar as ShutterBar, Pass, Shutter};
pub use stream::LineCommand;
