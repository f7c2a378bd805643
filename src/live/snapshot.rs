//! Everything that a page shows of a session, at one moment.
//!
//! Not here: how it looks (dashboard), how it comes about (session). Sums here tie to the cent: positions and what was
//! closed today make today's result, strategy books make the account.
use serde::{Deserialize, Serialize};

use super::event::SessionEvent;
use crate::domain::{Money, OrderId, Price, Quantity, Side, Timestamp};

/// A number and the moment at which it was true.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Aged<T> {
    /// The number; `None` is unknown, never zero.
    pub value: Option<T>,
    /// When it was true, by the venue's clock.
    pub at: Timestamp,
}

/// A session at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Counts up with every change.
    pub version: u64,
    /// The venue's clock when this was taken.
    pub time: Timestamp,
    /// Where it trades.
    pub mode: ModeView,
    /// Is it trading?
    pub state: StateView,
    /// Is the market open?
    pub market: MarketView,
    /// The six figures.
    pub figures: Figures,
    /// Open positions, nearest to the stop first.
    pub positions: Vec<PositionView>,
    /// What was closed today.
    pub closed: Vec<ClosedView>,
    /// Orders that rest at the venue or are on their way.
    pub orders: Vec<OrderView>,
    /// Refused today, newest first.
    pub refusals: Vec<RefusalView>,
    /// Limits and how much of them is used.
    pub limits: Vec<LimitView>,
    /// Strategies and their books.
    pub strategies: Vec<StrategyView>,
    /// Newest first; the rest is in the journal.
    pub events: Vec<SessionEvent>,
    /// The health strip.
    pub health: Vec<HealthItem>,
    /// The session's prices, a share each.
    pub charts: Vec<ChartView>,
}

impl Snapshot {
    /// Nothing is known yet of a session in `mode`.
    pub fn before(mode: &str) -> Snapshot {
        let unknown = Aged { value: None, at: Timestamp::MIN };
        Snapshot {
            version: 0,
            time: Timestamp::MIN,
            mode: ModeView { mode: mode.to_owned(), venue: String::new(), account_tail: None, speed: None, pace: 1 },
            state: StateView::Starting { what: "the journal, and the account at the venue".to_owned() },
            market: MarketView { is_open: false, next_open: None, next_close: None },
            figures: Figures {
                equity: unknown,
                baseline: None,
                is_baseline_start: true,
                today: unknown,
                until_halt: None,
                open_pnl: unknown,
                at_stops: unknown,
                gross: unknown,
                buying_power: unknown,
                is_power_behind: false,
                reserved: Money::ZERO,
            },
            positions: Vec::new(),
            closed: Vec::new(),
            orders: Vec::new(),
            refusals: Vec::new(),
            limits: Vec::new(),
            strategies: Vec::new(),
            events: Vec::new(),
            health: Vec::new(),
            charts: Vec::new(),
        }
    }
}

/// Where a session trades, by the type of its backend.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModeView {
    /// `rehearsal`, `paper` or `live`.
    pub mode: String,
    /// The venue in words.
    pub venue: String,
    /// The account's last four characters, if the venue has told.
    pub account_tail: Option<String>,
    /// How fast the market replays, in a rehearsal: `60×`.
    pub speed: Option<String>,
    /// The venue's clock runs so many times as fast as the wall's; what is read by the wall's clock ages so much faster.
    pub pace: u32,
}

/// Is it trading?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StateView {
    /// It comes up: recovery, warm-up, reconciliation.
    Starting {
        /// What it waits for.
        what: String,
    },
    /// Entries may pass.
    Trading,
    /// The market is open, and the next bar is later than the scenario allows: prices are too old for entries.
    PricesOld {
        /// When it should have been there.
        since: Timestamp,
        /// How late it might have been, by the market's clock: `stale_after`.
        allowed_ms: u64,
    },
    /// Only orders that shrink positions pass.
    Halted(HaltView),
    /// It has ended in good order.
    Stopped,
}

/// A halt and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HaltView {
    /// `kill_switch`, `daily_loss`, `drawdown`, `manual`.
    pub cause: String,
    /// Who.
    pub by: String,
    /// Since when, by the venue's clock; by the wall's where it stood before the session.
    pub since: Timestamp,
    /// It stood when this session began.
    pub stood_before: bool,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// When it ends by itself; `None`: only `resume` ends it.
    pub clears: Option<Timestamp>,
    /// What it did, in order.
    pub steps: Vec<HaltStep>,
    /// An earlier session did that, and nothing is left to do: the venue of now was not asked.
    pub done_before: bool,
}

/// One thing that a halt did or is still doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HaltStep {
    /// When it last changed.
    pub time: Timestamp,
    /// It is done, as the venue says.
    pub done: bool,
    /// One plain sentence.
    pub text: String,
}

/// The exchange's hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarketView {
    /// Is the core session on?
    pub is_open: bool,
    /// When it opens next, if the calendar says.
    pub next_open: Option<Timestamp>,
    /// When it closes next, likewise.
    pub next_close: Option<Timestamp>,
}

/// The six figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Cash and positions.
    pub equity: Aged<Money>,
    /// Equity at the close before the session that is shown: what today is measured against.
    pub baseline: Option<Money>,
    /// No trade was made before that session: the baseline is the cash that the books began with.
    pub is_baseline_start: bool,
    /// Equity less the baseline.
    pub today: Aged<Money>,
    /// How much more may be lost today until entries stop.
    pub until_halt: Option<Money>,
    /// Unrealised.
    pub open_pnl: Aged<Money>,
    /// Lost if every stop is hit; positions without a stop count in full.
    pub at_stops: Aged<Money>,
    /// Sum of the positions' values.
    pub gross: Aged<Money>,
    /// What may still be bought.
    pub buying_power: Aged<Money>,
    /// Something was filled since that was read.
    pub is_power_behind: bool,
    /// Set aside for orders on their way.
    pub reserved: Money,
}

/// An open position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PositionView {
    /// The scenario.
    pub strategy: String,
    /// Which share.
    pub symbol: String,
    /// Shares; negative is short.
    pub shares: Quantity,
    /// Average price paid.
    pub average: Price,
    /// Last price.
    pub last: Aged<Price>,
    /// From here on that price is old while the market is open: the next one is later than the scenario allows.
    pub old_from: Timestamp,
    /// Result since the previous close or the entry today.
    pub today: Option<Money>,
    /// Unrealised.
    pub open_pnl: Option<Money>,
    /// Level of the nearest stop.
    pub stop: Option<Price>,
    /// It rests at the venue, as the venue says.
    pub stop_at_venue: bool,
    /// Lost if the stop is hit.
    pub risk: Option<Money>,
    /// Since when.
    pub since: Timestamp,
}

/// A position that was closed today.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClosedView {
    /// The scenario.
    pub strategy: String,
    /// Which share.
    pub symbol: String,
    /// Shares.
    pub shares: Quantity,
    /// Average entry price.
    pub entry: Price,
    /// Average exit price.
    pub exit: Price,
    /// Net of fees.
    pub pnl: Money,
    /// Result of today.
    pub today: Money,
    /// Why it was left, in the words of `trades.csv`.
    pub reason: String,
    /// When.
    pub time: Timestamp,
}

/// An order at the venue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderView {
    /// The scenario.
    pub strategy: String,
    /// Our number.
    pub order: OrderId,
    /// Which share.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// Shares ordered.
    pub quantity: Quantity,
    /// Shares filled.
    pub filled: Quantity,
    /// `market`, `limit`, `stop`, `stop_limit`, `trailing_stop`.
    pub kind: String,
    /// Where it stands, if anywhere.
    pub price: Option<Price>,
    /// In Alpaca's words, or `on its way`.
    pub status: String,
    /// What it is for; only an entry can be canceled.
    pub purpose: OrderRole,
    /// Since when.
    pub since: Timestamp,
}

/// What an order at the venue is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderRole {
    /// It opens or adds.
    Entry,
    /// It closes, because a strategy, a limit or a person wants out.
    Exit,
    /// A stop or a target of a position: closing the position is the way to be rid of it.
    Protects,
}

/// A refused order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefusalView {
    /// When.
    pub time: Timestamp,
    /// The scenario.
    pub strategy: String,
    /// Our number.
    pub order: OrderId,
    /// Order, limit, need, have, in one sentence.
    pub text: String,
}

/// A limit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LimitView {
    /// The scenario.
    pub strategy: String,
    /// Its key in `[risk]`.
    pub limit: String,
    /// What is used, in the unit of `allowed`; `None` is unknown.
    pub used: Option<f64>,
    /// What is allowed.
    pub allowed: f64,
    /// Both are fractions of equity; else counts.
    pub is_fraction: bool,
    /// Who uses it: the names of a correlated group, the largest position.
    pub names: Vec<String>,
}

/// A strategy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StrategyView {
    /// The scenario's name.
    pub name: String,
    /// The rule, with parameters.
    pub rule: String,
    /// It may enter.
    pub is_on: bool,
    /// The last bar it decided on.
    pub last_bar: Option<Timestamp>,
    /// Its book's equity.
    pub equity: Option<Money>,
    /// Its book's result today.
    pub today: Option<Money>,
    /// Open positions.
    pub positions: usize,
}

/// One part of the health strip.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HealthItem {
    /// `trading_stream`, `data_stream`, `journal`, `reconciliation`, `clock`, `notifications`, `disk`, `calls`.
    pub name: String,
    /// All is as it should be.
    pub is_well: bool,
    /// In a few words.
    pub text: String,
    /// When it was last heard of.
    pub at: Option<Timestamp>,
}

/// The session's prices of one share.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChartView {
    /// Which share.
    pub symbol: String,
    /// The close before the session.
    pub previous_close: Option<Price>,
    /// When the session shown opens.
    pub opens: Option<Timestamp>,
    /// When it closes.
    pub closes: Option<Timestamp>,
    /// Bars of the session, at most 390.
    pub bars: Vec<ChartBar>,
    /// Our fills of the session.
    pub fills: Vec<ChartFill>,
}

/// A bar of a chart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChartBar {
    /// Its open time.
    pub time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
}

/// A fill of ours on a chart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChartFill {
    /// When.
    pub time: Timestamp,
    /// Bought or sold.
    pub side: Side,
    /// Shares.
    pub quantity: Quantity,
    /// Dollars a share.
    pub price: Price,
    /// Why, in the words of `trades.csv`; `entry` for an entry.
    pub reason: String,
}
