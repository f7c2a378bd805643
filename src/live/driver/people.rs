//! What people bring to a session: commands, and word of who signed in at the dashboard, tried to, or left.
//!
//! Not here: what a command does (commands), who may sign in (dashboard).
//! Invariant: a sign-in is a row of the journal before anybody is told of it.
use serde_json::json;
use tokio::sync::mpsc;

use super::{Commanded, Driver, DriverError};
use crate::execution::alpaca::TradingMode;
use crate::live::dashboard::LoginNotice;
use crate::live::event::{EventKind, SessionEvent};
use crate::live::journal::{Durability, Row, RowKind};
use crate::live::session::Keeper;

/// Where people are heard.
#[derive(Debug)]
pub struct People {
    /// Commands, with where their answers go.
    pub commands: mpsc::Receiver<Commanded>,
    /// Sign-ins.
    pub logins: mpsc::Receiver<LoginNotice>,
}

impl<M: TradingMode> Driver<M> {
    /// Sign-ins that have come, without waiting.
    pub(super) fn take_waiting_logins(&mut self) -> Result<(), DriverError> {
        while let Ok(notice) = self.people.logins.try_recv() {
            self.login(notice)?;
        }
        Ok(())
    }

    /// A sign-in is kept and told as any event, in a row of its own kind.
    pub(super) fn login(&mut self, notice: LoginNotice) -> Result<(), DriverError> {
        let at = self.clock.moment();
        let LoginNotice { severity, text } = notice;
        let (kind, time) = (EventKind::Login, at.time);
        let event = SessionEvent { row: 0, time, kind, severity, strategy: None, symbol: None, text, refused: None };
        let row = Row { time, wall: at.wall, strategy: None, kind: RowKind::Login, body: json!(event) };
        let row = self.keeper.append(&[row], Durability::Buffered)?;
        self.told(vec![SessionEvent { row, ..event }])
    }
}
