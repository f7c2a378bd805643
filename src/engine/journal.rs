//! What a run leaves behind: everything reports and files are made of.
use super::approved_most::ApprovedMost;
use super::equity_tape::EquityTape;
use super::orders::OrderRecord;
use crate::domain::{Fill, Money, OrderId, Price, Quantity, Ratio, RejectReason, SymbolIndex, Timestamp};
use crate::portfolio::CashEvent;
use crate::risk::{HaltCause, Loss, Refusal};

/// A protective stop appeared, moved, came to be for more or fewer shares, or went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopChange {
    /// The bar it happened on.
    pub time: Timestamp,
    /// Which share.
    pub symbol: SymbolIndex,
    /// The stop.
    pub order: OrderId,
    /// Where it stands now; `None` when it is gone.
    pub level: Option<Price>,
    /// Shares it is still for.
    pub quantity: Quantity,
}

/// What a split left of a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SplitRecord {
    /// The bar before whose open it happened.
    pub time: Timestamp,
    /// Which share.
    pub symbol: SymbolIndex,
    /// New shares per old.
    pub ratio: Ratio,
    /// Shares held afterwards.
    pub kept: Quantity,
}

/// One refusal of the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefusalRecord {
    /// Open time of the bar whose close decided the order.
    pub time: Timestamp,
    /// The order.
    pub order: OrderId,
    /// Why not.
    pub refusal: Refusal,
}

/// One halt of entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HaltRecord {
    /// What it came from.
    pub cause: HaltCause,
    /// Open time of the bar at whose close it began.
    pub from: Timestamp,
    /// The loss that reached its limit; `None` for a halt that somebody asked for.
    pub loss: Option<Loss>,
    /// It closes every position, too (`on_daily_loss = "flatten"`).
    pub flattens: bool,
    /// The step that lifted it; `None` where it stood at the end.
    pub until: Option<Timestamp>,
}

/// One margin call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarginCall {
    /// Open time of the bar at whose close the account was found short.
    pub time: Timestamp,
    /// Requirement of what no market exit was taking away already.
    pub need: Money,
    /// Equity.
    pub have: Money,
}

/// The record of a run. Equity, cash, exposure and heat of every step follow from it and the bars.
#[derive(Debug)]
pub struct Journal {
    /// What is remembered of the equity curve.
    pub equity: EquityTape,
    /// Executions in the order they happened.
    pub fills: Vec<Fill>,
    /// Orders by number.
    pub orders: Vec<OrderRecord>,
    /// What the gate refused.
    pub refusals: Vec<RefusalRecord>,
    /// Limits that made an order smaller, by the order that was sent instead.
    pub trims: Vec<RefusalRecord>,
    /// The largest entries that the gate approved.
    pub approved_most: ApprovedMost,
    /// What the venue refused after all.
    pub rejections: Vec<(OrderId, RejectReason)>,
    /// Protective stops over time.
    pub stops: Vec<StopChange>,
    /// Changes of cash without a fill.
    pub cash_events: Vec<CashEvent>,
    /// Times the account could not keep what it held.
    pub margin_calls: Vec<MarginCall>,
    /// Positions after splits.
    pub splits: Vec<SplitRecord>,
    /// Steps after the last bar, at which a share that was delisted was still paid for.
    pub late_steps: Vec<Timestamp>,
    /// When entries were halted, and until when.
    pub halts: Vec<HaltRecord>,
    /// Bars that could not tell a stop from a target.
    pub ambiguous_bars: u64,
    /// Fills that paid a modelled spread for want of a quote.
    pub quotes_missing: u64,
    /// Bars inside which an entry filled and that could not tell whether its stop or target came after.
    pub unclear_entry_bars: u64,
    /// Bars that finer bars should have told and did not, and the first of them.
    pub unread_bars: (u64, Option<Timestamp>),
    /// Lowest and highest equity at the end among all readings of such bars; `None` where nothing was
    /// undecided.
    pub final_equity_band: Option<(Money, Money)>,
}

/// Room made at once for fills and stops: a year of ten trades a day.
const RECORDS_AT_ONCE: usize = 4_096;

impl Journal {
    /// Nothing yet, of an account with `cash`.
    pub(super) fn new(cash: Money) -> Journal {
        Journal {
            equity: EquityTape::new(cash),
            fills: Vec::with_capacity(RECORDS_AT_ONCE),
            orders: Vec::new(),
            refusals: Vec::new(),
            trims: Vec::new(),
            approved_most: ApprovedMost::default(),
            rejections: Vec::new(),
            stops: Vec::with_capacity(RECORDS_AT_ONCE),
            cash_events: Vec::new(),
            margin_calls: Vec::new(),
            splits: Vec::new(),
            late_steps: Vec::new(),
            halts: Vec::new(),
            ambiguous_bars: 0,
            quotes_missing: 0,
            unclear_entry_bars: 0,
            unread_bars: (0, None),
            final_equity_band: None,
        }
    }

    /// Lets go of every list, but for halts that stand: who goes on for months reads them as they grow.
    pub(super) fn forget(&mut self) {
        self.fills.clear();
        self.refusals.clear();
        self.trims.clear();
        self.rejections.clear();
        self.stops.clear();
        self.cash_events.clear();
        self.margin_calls.clear();
        self.splits.clear();
        self.late_steps.clear();
        self.halts.retain(|halt| halt.until.is_none());
    }

    /// The same lists emptied, for the next run of an account with `cash`: who runs many keeps the memory.
    pub(super) fn emptied(mut self, cash: Money) -> Journal {
        self.equity = EquityTape::new(cash);
        self.fills.clear();
        self.orders.clear();
        self.refusals.clear();
        self.trims.clear();
        self.approved_most = ApprovedMost::default();
        self.rejections.clear();
        self.stops.clear();
        self.cash_events.clear();
        self.margin_calls.clear();
        self.splits.clear();
        self.late_steps.clear();
        self.halts.clear();
        (self.ambiguous_bars, self.quotes_missing, self.unclear_entry_bars) = (0, 0, 0);
        (self.unread_bars, self.final_equity_band) = ((0, None), None);
        self
    }
}
