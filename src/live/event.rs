//! What a session says of itself: one sentence a happening, for page, log, e-mail and journal alike.
//!
//! Not here: who is told what (notify), where it is kept (journal).
use serde::{Deserialize, Serialize};

use crate::domain::{OrderId, Timestamp};

/// What kind of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The session began, or went on after a restart.
    Started,
    /// The session ended: in good order, or early, and then somebody must act.
    Stopped,
    /// It trades in another mode than the session before it on this account.
    ModeChange,
    /// An order was sent, or taken by the venue.
    Order,
    /// An order filled, in part or whole, that was neither a stop nor a take-profit.
    Fill,
    /// A protective stop, or a trailing one, sold.
    Stop,
    /// A take-profit sold.
    TakeProfit,
    /// An order was taken back or has run out.
    Canceled,
    /// The gate or the venue refused an order.
    Refusal,
    /// Many refusals within a minute.
    RefusalBurst,
    /// A limit halted trading: daily loss, drawdown.
    Halt,
    /// The kill switch was pressed, or finished something.
    Kill,
    /// A halt ended.
    Resume,
    /// A stream was lost or came back, or calls failed and work again.
    Connection,
    /// Our books and the venue's differ, or tie again.
    Reconciliation,
    /// An order or a position that this program did not make.
    Unauthorised,
    /// Money that moved without a trade: dividends, cash for a part of a share.
    Cash,
    /// The day in one sentence.
    DailySummary,
    /// Clock, disk, data, notifications.
    Health,
    /// Somebody signed in at the dashboard, or tried to.
    Login,
}

/// How much it matters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As usual.
    Info,
    /// Worth a look when there is time.
    Notice,
    /// Worth a look now.
    Warning,
    /// Somebody must act.
    Critical,
}

/// One happening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionEvent {
    /// The number of its row in the journal.
    pub row: u64,
    /// When, by the venue's clock.
    pub time: Timestamp,
    /// What kind.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// The scenario it belongs to; none where it is of the whole session.
    pub strategy: Option<String>,
    /// Which share, if any.
    pub symbol: Option<String>,
    /// One plain sentence; lines after the first, as a daily summary has, are a table.
    pub text: String,
    /// Of an order that was refused: which, and why in figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedOrder>,
}

/// A refused order, as `refusals.csv` has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefusedOrder {
    /// Our number.
    pub order: OrderId,
    /// The key of the reason: `buying_power`; where the venue refused it, that of its rule.
    pub reason: String,
    /// What the order needed, in the unit of the limit; none where there is no number.
    pub need: Option<String>,
    /// What there was, in the same unit.
    pub have: Option<String>,
}

impl SessionEvent {
    /// The sentence.
    pub fn sentence(&self) -> &str {
        self.text.split_once('\n').map_or(&self.text, |(sentence, _)| sentence)
    }

    /// The table below the sentence, if there is one.
    pub fn table(&self) -> Option<&str> {
        self.text.split_once('\n').map(|(_, table)| table)
    }
}
