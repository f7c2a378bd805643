//! The proof of a strategy: reruns of its scenario in which something must not matter, and the first thing
//! that did.
//!
//! Not here: the words for people (report::proof), exit codes (cli).
//! The reruns, one after another, each a whole run through the gate:
//! (a) the same again: a difference is memory between runs; nothing else can be shown then;
//! (b) asked at every bar instead of passing quiet ones together: a difference is a broken `pass_quiet`;
//! (c) data that end at a cut, and (d) absurd data after it: whatever was decided by then must be the same;
//! (e) later starts: a strategy that has seen fewer bars is asked beside the one that trades, with the same
//! account at the same moment. Sizes, cash and positions of a run with another start differ for honest
//! reasons; what is wanted at the same moment, with the same in hand, differs only because the memory does.
//! Invariant: the same scenario and data give the same proof.
use super::prove_events::{Event, Moment, Sizes, Tally, moments, parting, symbol_of, tally, time_of, up_to};
use super::prove_futures::{Changed, Future};
use super::prove_runs::{Plan, times, watch};
use super::prove_witness::{Disguise, Log, Seen};
use super::spec::Adjust;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::Timestamp;
use crate::engine::Journal;
use crate::strategy::{Catalog, Intent};

/// Cuts spread evenly over a run.
const CUTS_EVEN: usize = 16;
/// Cuts at bars whose close sent an order, spread evenly over those.
const CUTS_AT_ORDERS: usize = 48;
/// Later starts, from a twelfth of the run on in steps of a twelfth: the last sees half of it.
const LATER_STARTS: usize = 6;
/// Fewer bars than this leave no room for cuts and starts.
const STEPS_MIN: usize = 24;

/// What a rerun had that the run had not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rerun {
    /// Nothing.
    Same,
    /// No bar was passed by `pass_quiet`.
    BarByBar,
    /// Another future after the bar of `cut`; [`Future::None`]: the data ended there.
    Cut {
        /// The last true bar.
        cut: Timestamp,
        /// What came after it.
        future: Future,
    },
    /// A strategy that saw the bars from `start` on only.
    LaterStart {
        /// Its first bar.
        start: Timestamp,
        /// Bars after which it should have agreed.
        bars: u64,
    },
    /// A strategy that had seen the bars before the run, too.
    EarlierStart {
        /// How many.
        earlier: u64,
        /// Bars of the run after which it should have agreed.
        bars: u64,
    },
}

/// Something that changed though it must not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The rerun that shows it.
    pub rerun: Rerun,
    /// Open time of the bar at whose close, or on which, it happened.
    pub time: Timestamp,
    /// What the run had; `None` for nothing.
    pub was: Option<Moment>,
    /// What the rerun had.
    pub became: Option<Moment>,
    /// How many reruns of this kind show a change.
    pub reruns: usize,
}

/// How much a strategy must have seen before it no longer matters where it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// Later starts that were tried.
    pub starts: usize,
    /// Bars after which all of them, and the earlier one, wanted what the run wanted; `None` where one did not
    /// within the first half of what it saw.
    pub bars: Option<u64>,
    /// Wishes of the run in the second halves of what they saw: the evidence.
    pub wishes_compared: u64,
    /// Wishes of the run within its own first `bars`.
    pub wishes_within: u64,
    /// The start with what came before it in the files.
    pub earlier: Option<Earlier>,
}

/// A strategy that had seen the bars before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// How many.
    pub bars: u64,
    /// Bars of the run after which the run wanted the same; `None` as in [`WarmUp::bars`].
    pub agrees_after: Option<u64>,
    /// Bars of the run at which it wanted something else.
    pub differing: u64,
}

/// What the reruns of a scenario showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Bar times of the run.
    pub steps: usize,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// What the run did, and every rerun was held against as far as it went.
    pub compared: Tally,
    /// Reruns, the watched one included.
    pub reruns: usize,
    /// Was it asked bar by bar, and did it pass bars otherwise?
    pub bar_by_bar: bool,
    /// Cuts.
    pub cuts: usize,
    /// Those of them at a bar whose close sent an order.
    pub cuts_at_orders: usize,
    /// `None` for an order script, which remembers no bar, and where the run does not repeat.
    pub warm_up: Option<WarmUp>,
    /// Does anything it wants depend on the bars it is shown? `None` where it wanted nothing after the middle
    /// of the run.
    pub looks_at_bars: Option<bool>,
    /// Bars at which it would want something else if every price were twice as high: a rule that looks at dollars.
    /// `None` where prices are raw; adjusted ones are not the dollars of their day.
    pub dollar_bars: Option<u64>,
    /// What changed, at most one of each kind of rerun: the earliest. Empty: the proof holds.
    pub changes: Vec<Change>,
}

impl Proof {
    /// Did nothing change that must not?
    pub fn holds(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Reruns the scenario with a strategy of `catalog` and says what changed. `earlier`: the same market with bars
/// before the run, if there are any.
///
/// Errors: as `run_with`; a run too short to be cut.
pub fn prove<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    earlier: Option<&MarketData>,
) -> Result<Proof, Box<Diagnostic>> {
    let steps = times(market);
    if steps.len() < STEPS_MIN {
        let what = format!("a run of {} bars is too short to be proved, least is {STEPS_MIN}", steps.len());
        return Err(Box::new(loaded.diagnostic("data.start", what).note("move start or end further out")));
    }
    let (log, journal) = watch(catalog, loaded, market, &[])?;
    let sizes = Sizes::of(loaded, &market.actions);
    let whole = moments(&log, &journal, &sizes, Timestamp::MAX);
    let court = Court { catalog, loaded, market, steps, log, journal, sizes, whole };
    let mut proof = Proof {
        steps: court.steps.len(),
        first: court.steps[0],
        last: court.steps[court.steps.len() - 1],
        compared: tally(&court.whole),
        reruns: 1,
        bar_by_bar: false,
        cuts: 0,
        cuts_at_orders: 0,
        warm_up: None,
        looks_at_bars: None,
        dollar_bars: None,
        changes: Vec::new(),
    };
    court.same_again(&mut proof)?;
    if proof.holds() {
        court.futures(&mut proof)?;
        if market.script.is_none() {
            court.beside(&mut proof, earlier)?;
        }
    }
    Ok(proof)
}

/// The run that is held against the others.
struct Court<'a, C> {
    catalog: &'a C,
    loaded: &'a LoadedScenario,
    market: &'a MarketData,
    steps: Vec<Timestamp>,
    log: Log,
    journal: Journal,
    sizes: Sizes,
    whole: Vec<Moment>,
}

impl<C: Catalog> Court<'_, C> {
    /// Holds a finished rerun against the run, both up to the bar of `until`.
    fn judge(&self, rerun: Rerun, until: Timestamp, other: &(Log, Journal), found: &mut Option<Change>) {
        let restates = matches!(rerun, Rerun::Cut { future, .. } if future.splits());
        let parted = if restates {
            let sizes = self.sizes.over_splits();
            let own = moments(&self.log, &self.journal, &sizes, until);
            parting(&own, &moments(&other.0, &other.1, &sizes, until))
        } else {
            parting(up_to(&self.whole, until), &moments(&other.0, &other.1, &self.sizes, until))
        };
        if let Some(parted) = parted {
            let time = time_of(&parted);
            let reruns = found.as_ref().map_or(1, |found| found.reruns + 1);
            let is_first = found.as_ref().is_none_or(|found| time < found.time);
            match found {
                Some(found) if !is_first => found.reruns = reruns,
                _ => *found = Some(Change { rerun, time, was: parted.0, became: parted.1, reruns }),
            }
        }
    }

    fn same_again(&self, proof: &mut Proof) -> Result<(), Box<Diagnostic>> {
        let again = watch(self.catalog, self.loaded, self.market, &[])?;
        let mut found = None;
        self.judge(Rerun::Same, Timestamp::MAX, &again, &mut found);
        proof.reruns += 1;
        proof.changes.extend(found);
        Ok(())
    }

    fn futures(&self, proof: &mut Proof) -> Result<(), Box<Diagnostic>> {
        let (cuts, at_orders) = self.cuts();
        let mut market = Changed::new(self.market);
        let (mut ended, mut poisoned) = (None, None);
        for cut in &cuts {
            for future in [Future::None].into_iter().chain(Future::POISONS) {
                let other = watch(self.catalog, self.loaded, market.after(*cut, future), &[])?;
                let found = if future == Future::None { &mut ended } else { &mut poisoned };
                self.judge(Rerun::Cut { cut: *cut, future }, *cut, &other, found);
                proof.reruns += 1;
            }
        }
        (proof.cuts, proof.cuts_at_orders) = (cuts.len(), at_orders);
        proof.changes.extend(ended.into_iter().chain(poisoned));
        Ok(())
    }

    /// Where to cut, in order, and how many of the cuts are at orders. None is at the last bar: it has no future.
    fn cuts(&self) -> (Vec<Timestamp>, usize) {
        let last = self.steps.len() - 1;
        let even = (1..=CUTS_EVEN).map(|at| self.steps[at * last / (CUTS_EVEN + 1)]);
        let mut decided: Vec<Timestamp> = self.log.wishes.iter().map(|(time, _)| *time).collect();
        decided.dedup();
        decided.retain(|time| *time < self.steps[last]);
        let chosen = decided.len().min(CUTS_AT_ORDERS);
        let at = |number: usize| decided[number * (decided.len() - 1) / (chosen - 1).max(1)];
        let mut cuts: Vec<Timestamp> = (0..chosen).map(at).chain(even).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let at_orders = cuts.iter().filter(|cut| decided.binary_search(cut).is_ok()).count();
        (cuts, at_orders)
    }

    /// One rerun, asked at every bar, with shadows that began later or earlier, or are shown other bars.
    fn beside(&self, proof: &mut Proof, earlier: Option<&MarketData>) -> Result<(), Box<Diagnostic>> {
        let count = self.steps.len();
        let first = self.steps[0];
        let half = count as u64 / 2;
        let plain = Disguise { start: first, still_after: Timestamp::MAX, is_doubled: false, late_after: half };
        let plan = |shown| Plan { shown, earlier: None };
        let later = |number: usize| {
            let at = number * count / (2 * LATER_STARTS);
            plan(Disguise { start: self.steps[at], late_after: (count - at) as u64 / 2, ..plain })
        };
        let mut plans: Vec<Plan<'_>> = (1..=LATER_STARTS).map(later).collect();
        let middle = self.steps[count / 2];
        plans.push(plan(Disguise { still_after: middle, late_after: half + 1, ..plain }));
        plans.push(plan(Disguise { is_doubled: true, ..plain }));
        let before = earlier.map(|earlier| times(earlier).iter().take_while(|time| **time < first).count() as u64);
        if before.is_some_and(|bars| bars > 0) {
            plans.push(Plan { shown: plain, earlier });
        }
        let other = watch(self.catalog, self.loaded, self.market, &plans)?;
        let mut found = None;
        self.judge(Rerun::BarByBar, Timestamp::MAX, &other, &mut found);
        proof.reruns += 1;
        proof.bar_by_bar = self.market.bars.len() == 1;
        proof.changes.extend(found);
        let (starts, rest) = other.0.shadows.split_at(LATER_STARTS);
        if let [blind, doubled, warmed @ ..] = rest {
            proof.looks_at_bars = (blind.late_wishes > 0).then_some(blind.late.is_some());
            proof.dollar_bars = (self.loaded.spec.data.adjust != Adjust::None).then_some(doubled.differing);
            let warmed = warmed.first().zip(before);
            self.warm_up(proof, (starts, &plans), warmed);
        }
        Ok(())
    }

    fn warm_up(&self, proof: &mut Proof, (starts, plans): (&[Seen], &[Plan<'_>]), warmed: Option<(&Seen, u64)>) {
        let settled = |seen: &Seen| seen.late.is_none().then_some(seen.differed_at);
        let all = starts.iter().chain(warmed.map(|(seen, _)| seen)).map(settled).collect::<Option<Vec<u64>>>();
        let bars = all.map(|all| all.into_iter().max().unwrap_or(0));
        let within = bars.and_then(|bars| self.steps.get(bars as usize)).copied().unwrap_or(Timestamp::MAX);
        proof.warm_up = Some(WarmUp {
            starts: starts.len(),
            bars,
            wishes_compared: starts.iter().map(|seen| seen.late_wishes).sum(),
            wishes_within: self.log.wishes.iter().filter(|(time, _)| *time < within).count() as u64,
            earlier: warmed.map(|(seen, bars)| Earlier {
                bars,
                agrees_after: settled(seen),
                differing: seen.differing,
            }),
        });
        let unsettled = starts.iter().zip(plans).filter_map(|(seen, plan)| {
            let rerun = Rerun::LaterStart { start: plan.shown.start, bars: plan.shown.late_after };
            changed(seen, rerun)
        });
        let all: Vec<Change> = unsettled.collect();
        let first = all.iter().min_by_key(|change| change.time);
        proof.changes.extend(first.map(|change| Change { reruns: all.len(), ..*change }));
        proof.changes.extend(warmed.and_then(|(seen, earlier)| {
            changed(seen, Rerun::EarlierStart { earlier, bars: self.steps.len() as u64 / 2 })
        }));
    }
}

/// The first late difference of a shadow.
fn changed(seen: &Seen, rerun: Rerun) -> Option<Change> {
    let (time, was, became) = seen.late?;
    let wish = |intent: Intent| Moment { time, symbol: symbol_of(&intent), event: Event::Wish(intent) };
    Some(Change { rerun, time, was: was.map(wish), became: became.map(wish), reruns: 1 })
}
