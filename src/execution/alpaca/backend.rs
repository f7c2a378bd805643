//! A desk with a wire of its own: the execution backend at Alpaca.
//!
//! Not here: what to say (desk), how one wire serves desks (port), who waits for what (whoever drives it).
use std::io;

use super::Instant;
use super::carrier::{AlpacaWire, WireEvent};
use super::decode::Encoding;
use super::desk::AlpacaDesk;
use super::entry::Entry;
use super::market_message::StreamBar;
use super::mode::TradingMode;
use super::port::{AlpacaPort, Traffic};
use super::shutter::Shutter;
use crate::domain::{ExecutionEvent, OrderId};
use crate::execution::ExecutionBackend;
use crate::risk::{ApprovedChange, ApprovedOrder};

/// The backend of a session in mode `M`.
#[derive(Debug)]
pub struct AlpacaBackend<M: TradingMode> {
    desk: AlpacaDesk,
    port: AlpacaPort<M>,
}

impl<M: TradingMode> AlpacaBackend<M> {
    /// Joins both. `data`: the notation that the wire was opened with.
    pub fn new(desk: AlpacaDesk, wire: AlpacaWire<M>, data: Encoding) -> AlpacaBackend<M> {
        let symbols = desk.symbols().to_vec();
        AlpacaBackend { desk, port: AlpacaPort::new(wire, data, symbols) }
    }

    /// The mode it trades in.
    pub fn mode(&self) -> &M {
        self.port.mode()
    }

    /// What stops orders between the desk and the socket; the kill switch closes it.
    pub fn shutter(&self) -> Shutter {
        self.port.shutter()
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
        self.port.is_awaiting() || self.desk.is_connecting()
    }

    /// What has gone over the wire.
    pub fn traffic(&self) -> Traffic {
        self.port.traffic()
    }

    /// The bars that have come since this was last asked.
    pub fn take_bars(&mut self) -> Vec<StreamBar> {
        self.port.take_bars()
    }

    /// Hands over to the wire what may leave now. `keep` gets what must be on the disk before it does.
    ///
    /// Errors: as `keep`; nothing that it was to keep has left then.
    pub fn send(&mut self, mut keep: impl FnMut(&[Entry]) -> io::Result<()>) -> io::Result<()> {
        self.port.send(&mut [&mut self.desk], |_, log| keep(log))
    }

    /// Waits for what comes next. Canceling the wait loses nothing.
    pub async fn next(&mut self) -> WireEvent {
        self.port.next().await
    }

    /// Takes in what has come.
    pub fn take(&mut self, event: WireEvent, now: Instant) {
        self.port.take(&mut [&mut self.desk], event, now);
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
