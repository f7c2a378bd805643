//! Which venue a session talks to, as a type: the built-in exchange, Alpaca paper, Alpaca live.
//!
//! Not here: the live host (authorization), keys as such (keys), the wire.
//! Invariants: (1) a host follows from the mode alone, nothing configures it; (2) a rehearsal reaches loopback only;
//! (3) real money needs a [`LiveAuthorization`], by type.
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::authorization::LiveAuthorization;
use super::keys::{ApiKeys, KeyError, KeyKind};
use sealed::Addresses;

/// A kind of venue: the built-in exchange, Alpaca paper, Alpaca live, and what stands in for paper on this machine.
///
/// It cannot be implemented elsewhere, so no base URL can be set:
/// ```compile_fail,E0277
/// use alphaflow::execution::alpaca::TradingMode;
/// struct Elsewhere(&'static str);
/// fn need<M: TradingMode>() {}
/// need::<Elsewhere>();
/// ```
/// ```
/// use alphaflow::execution::alpaca::{Paper, TradingMode};
/// fn need<M: TradingMode>() {}
/// need::<Paper>();
/// ```
/// and Alpaca's own take none:
/// ```compile_fail,E0560
/// use alphaflow::execution::alpaca::Paper;
/// let paper = Paper { host: "https://example.com" };
/// ```
/// ```
/// use alphaflow::execution::alpaca::Paper;
/// let paper = Paper {};
/// ```
pub trait TradingMode: sealed::Sealed + fmt::Debug + Send + 'static {
    /// `rehearsal`, `paper` or `live`.
    const NAME: &'static str;
}

/// The built-in exchange on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsal(pub LoopbackAddr);

/// Alpaca paper: real prices, no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper;

/// A venue on this machine that answers as Alpaca paper does: all that paper does, without Alpaca. Only the host differs, and
/// it is loopback by type. Its keys begin with `PKSTANDIN`, so those of an account never go over its plain line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperStandIn(pub LoopbackAddr);

/// Alpaca live: money. There is no way to it but with an authorization:
/// ```compile_fail,E0061
/// use alphaflow::execution::alpaca::Live;
/// let live = Live::new();
/// ```
/// ```
/// use alphaflow::execution::alpaca::{Live, LiveAuthorization};
/// fn trade(authorization: LiveAuthorization) -> Live {
///     Live::new(authorization)
/// }
/// ```
#[derive(Debug)]
pub struct Live(LiveAuthorization);

/// A socket address on this machine: `127.0.0.0/8` or `::1`.
///
/// ```
/// use alphaflow::execution::alpaca::LoopbackAddr;
/// assert!("127.0.0.1:8765".parse::<LoopbackAddr>().is_ok());
/// assert!("192.0.2.1:8765".parse::<LoopbackAddr>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopbackAddr(SocketAddr);

/// Why text is no address of this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no loopback address with a port; a rehearsal stays on this machine, use 127.0.0.1:8765")]
pub struct LoopbackError {
    /// As found.
    pub text: String,
}

/// Which tape market data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// One exchange, free of charge: a small share of the volume.
    Iex,
    /// All exchanges, by subscription.
    Sip,
}

/// Market data calls of paper and live alike.
pub(super) const DATA_HOST: &str = "https://data.alpaca.markets";
const DATA_STREAM: &str = "wss://stream.data.alpaca.markets/v2";
const PAPER_HOST: &str = "https://paper-api.alpaca.markets";

pub(super) mod sealed {
    use super::{ApiKeys, KeyError};

    /// Where the four faces of a venue are.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Addresses {
        /// Scheme and host of trading calls.
        pub trading: String,
        /// Scheme and host of market data calls.
        pub data: String,
        /// The stream of trade updates.
        pub trading_stream: String,
        /// The stream of market data, but for the feed.
        pub data_stream: String,
    }

    /// What only this room may ask of a mode.
    pub trait Sealed {
        #[doc(hidden)]
        fn addresses(&self) -> Addresses;
        /// Errors: keys of another mode.
        #[doc(hidden)]
        fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError>;
    }
}

impl TradingMode for Rehearsal {
    const NAME: &'static str = "rehearsal";
}

impl sealed::Sealed for Rehearsal {
    fn addresses(&self) -> Addresses {
        of_this_machine(self.0)
    }

    /// Alpaca's own keys have no business on an unencrypted line.
    fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError> {
        match keys.kind() {
            KeyKind::Other => Ok(()),
            kind => Err(KeyError::WrongKind { mode: Self::NAME, kind }),
        }
    }
}

impl TradingMode for Paper {
    const NAME: &'static str = "paper";
}

impl sealed::Sealed for Paper {
    fn addresses(&self) -> Addresses {
        of_alpaca(PAPER_HOST)
    }

    fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError> {
        match keys.kind() {
            KeyKind::Paper => Ok(()),
            kind => Err(KeyError::WrongKind { mode: Self::NAME, kind }),
        }
    }
}

impl TradingMode for PaperStandIn {
    const NAME: &'static str = "paper";
}

impl sealed::Sealed for PaperStandIn {
    fn addresses(&self) -> Addresses {
        of_this_machine(self.0)
    }

    fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError> {
        match keys.are_of_stand_in() {
            true => Ok(()),
            false => Err(KeyError::NotOfStandIn),
        }
    }
}

impl Live {
    /// Live trading, as far as `authorization` goes.
    pub fn new(authorization: LiveAuthorization) -> Live {
        Live(authorization)
    }

    /// What was authorized.
    pub fn authorization(&self) -> &LiveAuthorization {
        &self.0
    }
}

impl TradingMode for Live {
    const NAME: &'static str = "live";
}

impl sealed::Sealed for Live {
    fn addresses(&self) -> Addresses {
        of_alpaca(self.0.host())
    }

    fn admits(&self, keys: &ApiKeys) -> Result<(), KeyError> {
        match keys.kind() {
            KeyKind::Live if self.0.is_for(keys) => Ok(()),
            KeyKind::Live => Err(KeyError::NotAuthorized),
            kind => Err(KeyError::WrongKind { mode: Self::NAME, kind }),
        }
    }
}

/// One port serves all four.
fn of_this_machine(address: LoopbackAddr) -> Addresses {
    let (http, socket) = (format!("http://{address}"), format!("ws://{address}"));
    Addresses {
        trading: http.clone(),
        data: http,
        trading_stream: format!("{socket}/stream"),
        data_stream: format!("{socket}/v2"),
    }
}

fn of_alpaca(trading: &str) -> Addresses {
    let socket = trading.replacen("https://", "wss://", 1);
    Addresses {
        trading: trading.to_owned(),
        data: DATA_HOST.to_owned(),
        trading_stream: format!("{socket}/stream"),
        data_stream: DATA_STREAM.to_owned(),
    }
}

impl LoopbackAddr {
    /// Errors: an address of another machine, or port 0.
    pub fn new(address: SocketAddr) -> Result<LoopbackAddr, LoopbackError> {
        if address.ip().is_loopback() && address.port() != 0 {
            Ok(LoopbackAddr(address))
        } else {
            Err(LoopbackError { text: address.to_string() })
        }
    }

    /// The address.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl fmt::Display for LoopbackAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for LoopbackAddr {
    type Err = LoopbackError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse().map_err(|_| LoopbackError { text: text.to_owned() })?;
        LoopbackAddr::new(address)
    }
}

impl Feed {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Feed::Iex => "iex",
            Feed::Sip => "sip",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;
    use super::*;

    fn keys(id: &str) -> ApiKeys {
        ApiKeys::new(id.to_owned(), "secret".to_owned()).expect("keys")
    }

    #[test]
    fn only_this_machine_is_a_rehearsal() {
        for good in ["127.0.0.1:1", "127.9.9.9:65535", "[::1]:8765"] {
            assert_eq!(good.parse::<LoopbackAddr>().expect(good).to_string(), good);
        }
        // A name may lead anywhere, also `localhost`.
        for bad in [
            "10.0.0.1:80",
            "0.0.0.0:80",
            "[::]:80",
            "localhost:80",
            "127.0.0.1",
            "127.0.0.1:0",
            "",
            "[::ffff:10.0.0.1]:80",
        ] {
            assert!(bad.parse::<LoopbackAddr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_follow_from_the_mode() {
        let rehearsal = Rehearsal("127.0.0.1:8765".parse().expect("address")).addresses();
        assert_eq!(rehearsal.trading, "http://127.0.0.1:8765");
        assert_eq!(rehearsal.data, rehearsal.trading);
        assert_eq!(rehearsal.trading_stream, "ws://127.0.0.1:8765/stream");
        let paper = Paper.addresses();
        assert_eq!(paper.trading, "https://paper-api.alpaca.markets");
        assert_eq!(paper.trading_stream, "wss://paper-api.alpaca.markets/stream");
        assert_eq!(paper.data_stream, "wss://stream.data.alpaca.markets/v2");
    }

    #[test]
    fn each_mode_takes_its_own_keys() {
        let rehearsal = Rehearsal("127.0.0.1:8765".parse().expect("address"));
        let (paper, live, other) = (keys("PKABCDEFGHIJKLMNOPQR"), keys("AKABCDEFGHIJKLMNOPQR"), keys("rehearsal"));
        assert!(rehearsal.admits(&other).is_ok() && Paper.admits(&paper).is_ok());
        for refused in [rehearsal.admits(&paper), rehearsal.admits(&live), Paper.admits(&live), Paper.admits(&other)] {
            assert!(matches!(refused, Err(KeyError::WrongKind { .. })));
        }
        let stand_in = PaperStandIn("127.0.0.1:8765".parse().expect("address"));
        assert_eq!(stand_in.addresses(), rehearsal.addresses());
        assert!(stand_in.admits(&keys("PKSTANDIN0000000000A")).is_ok());
        for refused in [&paper, &live, &other] {
            assert_eq!(stand_in.admits(refused), Err(KeyError::NotOfStandIn));
        }
        let text = Paper.admits(&live).expect_err("live keys").to_string();
        assert!(text.contains("begin with PK") && !text.contains("AKABCDEFGHIJKLMNOPQR"), "{text}");
    }
}
