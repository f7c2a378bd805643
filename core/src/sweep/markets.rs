//! The bars of a sweep, read once for all runs that need the same.
//!
//! Not here: reading them (scenario). Only axes that choose data make another market.
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::plan::Plan;
use crate::domain::Timestamp;
use crate::engine::{AtrColumn, Journal};
use crate::scenario::spec::{Smoothing, StopRule};
use crate::scenario::{LoadedScenario, MarketData, Yardsticks, atr_columns, load_market};

/// Markets kept at once: workers walk through the plan in order, so a few per worker are in use.
const MARKETS_MAX: usize = 16;

/// Bars, and what every run on them is measured against.
#[derive(Debug)]
pub struct SharedMarket {
    /// The bars.
    pub market: MarketData,
    /// Session ends, holding, benchmark.
    pub yardsticks: Yardsticks,
    /// The same bars with earlier ones, on which nothing is traded; `None` where there are none.
    led: Option<MarketData>,
    /// The ATRs of the stops that runs have asked for.
    atrs: Mutex<BTreeMap<AtrKey, Arc<[AtrColumn]>>>,
}

/// Period and smoothing.
type AtrKey = (u32, Smoothing);

/// Most kinds of ATR kept: of a million bars each is eight megabytes.
const ATRS_MAX: usize = 16;

impl SharedMarket {
    /// Takes `market`, which has a bar.
    pub fn new(market: MarketData) -> SharedMarket {
        let yardsticks = Yardsticks::of(&market);
        SharedMarket { market, yardsticks, led: None, atrs: Mutex::default() }
    }

    /// `traded` of `whole`, with the bars from `shown` on before them.
    fn cut(whole: &MarketData, shown: Timestamp, traded: &Range<Timestamp>) -> Result<SharedMarket, String> {
        let market = whole.cut(traded);
        if market.is_empty() {
            return Err("its data have no bar in this span".to_owned());
        }
        let led = (shown < traded.start).then(|| whole.cut(&(shown..traded.end)));
        Ok(SharedMarket { led, ..SharedMarket::new(market) })
    }

    /// What a run is shown, and the moment from which it trades.
    pub fn replayed(&self) -> (&MarketData, Timestamp) {
        let first = self.market.bars.iter().filter_map(|bars| bars.first()).map(|bar| bar.time).min();
        match &self.led {
            Some(led) => (led, first.unwrap_or(Timestamp::MIN)),
            None => (&self.market, Timestamp::MIN),
        }
    }

    /// The ATRs that the stop of `loaded` needs, computed by the first run that asks.
    pub fn atrs(&self, loaded: &LoadedScenario) -> Arc<[AtrColumn]> {
        let StopRule::Atr { period, smoothing, .. } = loaded.spec.stop.rule else { return Arc::default() };
        let mut atrs = self.atrs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = atrs.len() == ATRS_MAX;
        if let Some(known) = atrs.get(&(period, smoothing)) {
            return known.clone();
        }
        if is_full {
            return Arc::default();
        }
        atrs.entry((period, smoothing)).or_insert_with(|| atr_columns(loaded, self.replayed().0).into()).clone()
    }
}

type Slot = Arc<OnceLock<Result<SharedMarket, String>>>;

/// Slots by the places of their values on the axes, and these places, oldest first.
type Slots = (BTreeMap<Vec<u16>, Slot>, VecDeque<Vec<u16>>);

/// Markets by the values of the axes that choose data.
#[derive(Debug)]
pub struct Markets<'a> {
    /// Axes of the plan that choose data.
    choosing: Vec<usize>,
    /// The whole these are cut out of, the first moment that is shown, and the span that is traded.
    span: Option<(&'a Markets<'a>, Timestamp, Range<Timestamp>)>,
    slots: Mutex<Slots>,
    /// Records of finished runs, whose memory the next ones use.
    records: Mutex<Vec<Journal>>,
}

/// A market in use.
#[derive(Debug, Clone)]
pub struct InUse(Slot);

impl InUse {
    /// The market, or in one line why there is none.
    pub fn get(&self) -> Result<&SharedMarket, &str> {
        match self.0.get() {
            Some(Ok(shared)) => Ok(shared),
            Some(Err(reason)) => Err(reason),
            None => Err("its data were not read"),
        }
    }
}

impl<'a> Markets<'a> {
    /// None yet.
    pub fn of(plan: &Plan) -> Markets<'a> {
        let choosing = (0..plan.axes().len()).filter(|axis| chooses_data(plan.axes()[*axis].key())).collect();
        Markets { choosing, span: None, slots: Mutex::default(), records: Mutex::default() }
    }

    /// None yet; each will be the span `traded` of one of `whole`, shown from `shown` on.
    pub fn within(whole: &'a Markets<'a>, shown: Timestamp, traded: Range<Timestamp>) -> Markets<'a> {
        Markets {
            choosing: whole.choosing.clone(),
            span: Some((whole, shown, traded)),
            slots: Mutex::default(),
            records: Mutex::default(),
        }
    }

    /// The record of a finished run, if one is left.
    pub fn take_record(&self) -> Option<Journal> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// `record` is needed no more.
    pub fn give_back(&self, record: Journal) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// Does every run of the plan need the same?
    pub fn are_one(&self) -> bool {
        self.choosing.is_empty()
    }

    /// Are they spans of others?
    pub fn are_cut(&self) -> bool {
        self.span.is_some()
    }

    /// The market of the run at `position` of `plan`, whose scenario is `loaded`.
    pub fn for_run(&self, plan: &Plan, position: usize, loaded: &LoadedScenario) -> InUse {
        let key: Vec<u16> = self.choosing.iter().map(|axis| plan.point(position)[*axis]).collect();
        let slot = self.slot(key);
        slot.get_or_init(|| match &self.span {
            None => load_market(loaded).map(SharedMarket::new).map_err(|error| error.what.clone()),
            Some((whole, shown, traded)) => {
                let whole = whole.for_run(plan, position, loaded);
                SharedMarket::cut(&whole.get()?.market, *shown, traded)
            }
        });
        InUse(slot)
    }

    fn slot(&self, key: Vec<u16>) -> Slot {
        // A worker that panicked while it held the lock has left the map whole: it only ever inserts and removes.
        let mut guard = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let (slots, order) = &mut *guard;
        if let Some(slot) = slots.get(&key) {
            return slot.clone();
        }
        if order.len() == MARKETS_MAX
            && let Some(oldest) = order.pop_front()
        {
            slots.remove(&oldest);
        }
        order.push_back(key.clone());
        slots.entry(key).or_default().clone()
    }
}

/// Does this key of a scenario say what is read from files?
fn chooses_data(key: &str) -> bool {
    const OTHERS: [&str; 6] = [
        "execution.both_touched",
        "execution.slippage.kind",
        "execution.slippage.quotes",
        "execution.slippage.value",
        "strategy.name",
        "strategy.params.file",
    ];
    key.starts_with("data.") || OTHERS.contains(&key)
}
