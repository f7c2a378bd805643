//! Reading around: how the venue has everything, after every connection and now and then.
//!
//! Not here: single orders (calls), what an order shown means (observe).
//! After each connection of trade updates everything is read over REST while the stream's messages are taken as well:
//! both say what has happened, fills are counted by execution and ends are believed once, so their order does not matter.
use std::fmt;

use super::AlpacaDesk;
use super::calls::encoded;
use crate::domain::Timestamp;
use crate::execution::alpaca::finding::Finding;
use crate::execution::alpaca::wire::{WireClock, WireFill, WireOrder};
use crate::execution::alpaca::{StreamKind, Urgency};

/// Orders in one answer.
const ORDERS_MAX: usize = 500;
/// Fills in one answer.
const FILLS_MAX: usize = 100;
/// Readings of fills before a fill that is not among them is worked out.
const FILL_READINGS_MAX: u32 = 4;
/// Fills are read from this long before the last one, for those that the venue shows late: a minute.
const FILLS_MARGIN_NS: i64 = 60 * Timestamp::NS_PER_SECOND;
/// Orders are read from this long before the oldest open one.
const ORDERS_MARGIN_NS: i64 = Timestamp::NS_PER_SECOND;

/// One thing to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Page {
    Clock,
    Account,
    OpenOrders {
        after: String,
    },
    AllOrders {
        after: String,
    },
    Fills {
        token: String,
    },
    Positions,
    /// Open orders, now and then.
    Poll {
        after: String,
    },
    /// The clock, since a stream is silent.
    Probe(StreamKind),
}

/// How far the reading is.
#[derive(Clone, Debug)]
pub(super) struct Reconcile {
    /// What is still to be read, in order; the first may be on its way.
    pages: Vec<Page>,
    is_sent: bool,
    due_ms: u64,
    tries: u32,
    /// Everything was read since the stream was connected.
    has_read_all: bool,
    /// And what it raised was answered.
    is_done: bool,
    poll_due_ms: u64,
    is_polling: bool,
    probe: Option<(StreamKind, bool)>,
    fills_after: Timestamp,
    latest_fill: Timestamp,
    /// The first fill of the last reading that could not be counted yet: it is read again.
    untaken_fill: Timestamp,
    fill_readings: u32,
}

impl Reconcile {
    pub(super) fn new(started_at: Timestamp) -> Reconcile {
        Reconcile {
            pages: Vec::new(),
            is_sent: false,
            due_ms: 0,
            tries: 0,
            has_read_all: false,
            is_done: false,
            poll_due_ms: 0,
            is_polling: false,
            probe: None,
            fills_after: started_at,
            latest_fill: started_at,
            untaken_fill: Timestamp::MAX,
            fill_readings: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(super) fn is_idle(&self) -> bool {
        self.pages.is_empty()
    }

    /// The stream is gone: what it said meanwhile is not known.
    pub(super) fn undo(&mut self) {
        (self.has_read_all, self.is_done) = (false, false);
        self.pages.clear();
        self.is_sent = false;
    }

    pub(super) fn probe(&mut self, stream: StreamKind) {
        self.probe = self.probe.or(Some((stream, false)));
    }
}

impl AlpacaDesk {
    /// The stream of trade updates has just become ready: all is read.
    pub(super) fn begin_reconcile(&mut self) {
        self.reconcile.undo();
        let after = String::new();
        self.reconcile.pages = vec![
            Page::Clock,
            Page::Account,
            Page::OpenOrders { after: after.clone() },
            Page::AllOrders { after },
            Page::Fills { token: String::new() },
            Page::Positions,
        ];
        (self.reconcile.due_ms, self.reconcile.tries) = (self.now.ms, 0);
        self.reconcile.poll_due_ms = self.now.ms + self.config.patience.poll;
    }

    /// What is to be read next, how urgently and from when on.
    pub(super) fn wish_to_read(&self) -> impl Iterator<Item = (Urgency, u64, Page)> + use<> {
        let reconcile = &self.reconcile;
        let first = reconcile.pages.first().filter(|_| !reconcile.is_sent);
        let urgency = |page: &Page| if matches!(page, Page::Fills { .. }) { Urgency::Asking } else { Urgency::Reading };
        let next = first.map(|page| (urgency(page), reconcile.due_ms, page.clone()));
        let is_watching =
            reconcile.is_done && !reconcile.is_polling && self.lines.values().any(|line| line.open().is_some());
        let poll = is_watching.then(|| (Urgency::Reading, reconcile.poll_due_ms, Page::Poll { after: String::new() }));
        let probe = reconcile.probe.filter(|(_, is_sent)| !is_sent);
        let probe = probe.map(|(stream, _)| (Urgency::Reading, 0, Page::Probe(stream)));
        [next, poll, probe].into_iter().flatten()
    }

    pub(super) fn begin_reading(&mut self, page: &Page) {
        match page {
            Page::Poll { .. } => self.reconcile.is_polling = true,
            Page::Probe(stream) => self.reconcile.probe = Some((*stream, true)),
            _ => self.reconcile.is_sent = true,
        }
    }

    pub(super) fn path_of(&self, page: &Page) -> String {
        let orders = |status: &str, after: &str| {
            let from = if after.is_empty() { self.orders_from(status) } else { after.to_owned() };
            let from = if from.is_empty() { from } else { format!("&after={}", encoded(&from)) };
            format!("/v2/orders?status={status}&limit={ORDERS_MAX}&direction=asc&nested=true{from}")
        };
        match page {
            Page::Clock | Page::Probe(_) => "/v2/clock".to_owned(),
            Page::Account => "/v2/account".to_owned(),
            Page::Positions => "/v2/positions".to_owned(),
            Page::OpenOrders { after } => orders("open", after),
            Page::AllOrders { after } | Page::Poll { after } => orders("all", after),
            Page::Fills { token } => {
                // What filled before the oldest order that is remembered was counted long ago.
                let remembered =
                    self.ledger.remembers_from().map_or(Timestamp::MIN, |time| time.plus_ns(-FILLS_MARGIN_NS));
                let after = encoded(&self.reconcile.fills_after.max(remembered).to_string());
                let token = if token.is_empty() { String::new() } else { format!("&page_token={}", encoded(token)) };
                format!("/v2/account/activities/FILL?direction=asc&page_size={FILLS_MAX}&after={after}{token}")
            }
        }
    }

    /// Orders of every state are read from the oldest one of a family that may still be open: a leg is shown under its
    /// entry, however long ago that was sent and filled.
    fn orders_from(&self, status: &str) -> String {
        if status == "open" {
            return String::new();
        }
        let times = self.lines.values().flat_map(|line| line.at_venue.iter().chain(&line.former));
        let times = times.filter_map(|at| at.submitted_at.parse::<Timestamp>().ok());
        let oldest = times.min().or(self.ledger.remembers_from()).unwrap_or(self.config.started_at);
        oldest.plus_ns(-ORDERS_MARGIN_NS).to_string()
    }

    /// A page could not be read: again, later each time, but not much later.
    pub(super) fn read_failed(&mut self, page: Page) {
        let wait = self.backoff.wait_ms(self.reconcile.tries);
        // A fill that is missing may be what a stop waits for; and what nobody has told is known from here alone.
        let most = if self.bare.is_empty() { self.config.patience.lookup } else { self.config.patience.bare / 4 };
        let wait = wait.min(most);
        match page {
            Page::Poll { .. } => {
                self.reconcile.is_polling = false;
                self.reconcile.poll_due_ms = self.now.ms + self.config.patience.lookup;
            }
            // The network is down; the stream will notice, or is looked into again.
            Page::Probe(stream) => {
                self.reconcile.probe = None;
                self.heard(stream);
            }
            _ if self.reconcile.pages.first() == Some(&page) => {
                self.reconcile.is_sent = false;
                self.reconcile.tries += 1;
                self.reconcile.due_ms = self.now.ms + wait;
            }
            _ => {}
        }
    }

    pub(super) fn read(&mut self, page: Page, body: &[u8]) {
        match page {
            Page::Probe(stream) => {
                self.reconcile.probe = None;
                let is_open = serde_json::from_slice::<WireClock>(body).is_ok_and(|clock| clock.is_open);
                return self.probed(stream, is_open);
            }
            Page::Poll { after } => {
                self.reconcile.is_polling = false;
                let last = self.read_orders(body, true);
                self.reconcile.poll_due_ms = self.now.ms + self.config.patience.poll;
                self.read_soon(Page::Positions);
                if let Some(Some(last)) = last
                    && last != after
                {
                    self.reconcile.pages.push(Page::AllOrders { after: last });
                }
                return;
            }
            _ => {}
        }
        if self.reconcile.pages.first() != Some(&page) {
            // Of a connection that is gone.
            return;
        }
        let next = match &page {
            Page::Clock => Ok(self.read_clock(body)),
            Page::Account => Ok(None),
            Page::OpenOrders { after } | Page::AllOrders { after } => self.next_orders(&page, after, body),
            Page::Fills { token } => self.read_fills(token.is_empty(), body),
            Page::Positions => self.read_positions(body).map(|()| None),
            Page::Poll { .. } | Page::Probe(_) => Ok(None),
        };
        match next {
            Err(Unreadable) => {
                self.find(Finding::Unreadable(format!("{page}")));
                self.read_failed(page);
            }
            Ok(next) => {
                if next.is_none() {
                    self.note_read(&page);
                }
                self.reconcile.pages.remove(0);
                self.reconcile.pages.splice(0..0, next);
                (self.reconcile.is_sent, self.reconcile.tries, self.reconcile.due_ms) = (false, 0, self.now.ms);
                self.reconcile.has_read_all |= page == Page::Positions;
            }
        }
    }

    fn next_orders(&mut self, page: &Page, after: &str, body: &[u8]) -> Result<Option<Page>, Unreadable> {
        let last = self.read_orders(body, matches!(page, Page::OpenOrders { .. })).ok_or(Unreadable)?;
        let last = last.filter(|last| last != after);
        Ok(last.map(|after| match page {
            Page::OpenOrders { .. } => Page::OpenOrders { after },
            _ => Page::AllOrders { after },
        }))
    }

    /// `None` when it cannot be read; inside, from where to read on, if there is more.
    fn read_orders(&mut self, body: &[u8], tells_foreign: bool) -> Option<Option<String>> {
        let orders: Vec<WireOrder> = serde_json::from_slice(body).ok()?;
        let is_full = orders.len() >= ORDERS_MAX;
        let last = orders.last().map(|order| order.submitted_at.as_str().to_owned());
        for order in &orders {
            if self.is_ours(order) {
                self.observe(order);
            } else {
                self.see_foreign(order, tells_foreign);
            }
        }
        Some(last.filter(|last| is_full && !last.is_empty()))
    }

    fn read_clock(&mut self, body: &[u8]) -> Option<Page> {
        let clock: WireClock = serde_json::from_slice(body).ok()?;
        let time: Timestamp = clock.timestamp.as_str().parse().ok()?;
        let ms = (time.ns() / 1_000_000).saturating_sub(self.now.wall_ms);
        if ms.unsigned_abs() > self.config.patience.skew {
            self.find(Finding::Skew { ms });
        }
        None
    }

    fn read_fills(&mut self, is_first: bool, body: &[u8]) -> Result<Option<Page>, Unreadable> {
        let fills: Vec<WireFill> = serde_json::from_slice(body).map_err(|_| Unreadable)?;
        if is_first {
            self.reconcile.untaken_fill = Timestamp::MAX;
        }
        for fill in &fills {
            self.take_row(fill);
            if let Ok(time) = fill.transaction_time.as_str().parse::<Timestamp>() {
                self.note_row(fill, time);
            }
        }
        if fills.len() >= FILLS_MAX
            && let Some(last) = fills.last()
        {
            return Ok(Some(Page::Fills { token: last.id.as_str().to_owned() }));
        }
        self.clear_doubts();
        if self.lines.values().any(|line| line.has_gap()) {
            self.reconcile.fill_readings += 1;
            if self.reconcile.fill_readings >= FILL_READINGS_MAX {
                self.work_out_gaps();
                self.reconcile.fill_readings = 0;
            }
        } else {
            self.reconcile.fill_readings = 0;
            let read_until = self.reconcile.latest_fill.min(self.reconcile.untaken_fill);
            self.reconcile.fills_after = self.reconcile.fills_after.max(read_until.plus_ns(-FILLS_MARGIN_NS));
        }
        Ok(None)
    }

    /// All fills have been read: what was in doubt for long enough has no others.
    fn clear_doubts(&mut self) {
        let (now_ms, gap) = (self.now.ms, self.config.patience.gap);
        for at in self.lines.values_mut().flat_map(|line| &mut line.former) {
            at.doubted_since_ms = at.doubted_since_ms.filter(|since| since + gap > now_ms);
        }
    }

    /// A row was read; what could not be counted of it, since its entry's fill is missing, is to be read again.
    fn note_row(&mut self, row: &WireFill, time: Timestamp) {
        self.reconcile.latest_fill = self.reconcile.latest_fill.max(time);
        let (order, shares) = (row.order_id.as_str(), row.cum_qty.quantity().unwrap_or_default());
        let is_ours = self.ledger.linked(order).is_some();
        if is_ours && self.ledger.counted(order) < shares {
            self.reconcile.untaken_fill = self.reconcile.untaken_fill.min(time);
        }
    }

    /// Reads `page` after what is to be read before it, unless it is to be read already.
    pub(super) fn read_soon(&mut self, page: Page) {
        if !self.is_to_be_read(&page) {
            self.reconcile.pages.push(page);
        }
    }

    pub(super) fn is_to_be_read(&self, page: &Page) -> bool {
        self.reconcile.pages.contains(page)
    }

    /// Fills that have been missing for long enough are asked for; what was raised by reading all may be answered.
    pub(super) fn watch_reading(&mut self) {
        let now_ms = self.now.ms;
        if self.next_gap().is_some_and(|due_ms| due_ms <= now_ms) {
            let wait = match self.reconcile.fill_readings {
                0 => 0,
                readings => self.backoff.wait_ms(readings + 1),
            };
            self.reconcile.pages.push(Page::Fills { token: String::new() });
            self.reconcile.due_ms = now_ms + wait;
        }
        if self.doubt_due().is_some_and(|due_ms| due_ms <= now_ms) {
            // What the venue has filled without our hearing of it is taken in first.
            self.read_soon(Page::AllOrders { after: String::new() });
            self.read_soon(Page::Fills { token: String::new() });
            self.read_soon(Page::Positions);
        }
        let is_answered = |line: &super::Line| !line.has_gap() && line.ask.is_none();
        if self.reconcile.has_read_all && !self.reconcile.is_done && self.lines.values().all(is_answered) {
            self.reconcile.is_done = true;
        }
    }

    /// When a fill that is missing is to be asked for, unless fills are being read.
    pub(super) fn next_gap(&self) -> Option<u64> {
        let is_reading = self.reconcile.pages.iter().any(|page| matches!(page, Page::Fills { .. }));
        let ats = self.lines.values().flat_map(|line| line.at_venue.iter().chain(&line.former));
        let since = ats.flat_map(|at| [at.gap_since_ms, at.doubted_since_ms]).flatten();
        let since = since.min().filter(|_| !is_reading)?;
        Some(since + self.config.patience.gap)
    }

    pub(super) fn poll_soon(&mut self) {
        self.reconcile.poll_due_ms = self.now.ms;
    }
}

/// An answer is not what it should be.
pub(super) struct Unreadable;

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Page::Clock | Page::Probe(_) => "the clock",
            Page::Account => "the account",
            Page::OpenOrders { .. } => "the list of open orders",
            Page::AllOrders { .. } | Page::Poll { .. } => "the list of orders",
            Page::Fills { .. } => "the list of fills",
            Page::Positions => "the list of positions",
        })
    }
}
