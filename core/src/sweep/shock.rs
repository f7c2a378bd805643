//! The shock of one run of `[stress]`: what it does to the scenario and to the bars before the run.
//!
//! Not here: the run and what is kept of it (`stressed`), shocks that need a run to know where they hurt
//! (`shock_overnight`), reordered days (`shock_reorder`).
//! Invariants: (1) shocked bars are valid bars in order of time; (2) what is drawn follows from the scenario's seed,
//! and a larger share of missing bars leaves out the same bars and more; (3) what a shock cannot be made with is
//! refused with the reason, never made in part.
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::shock_reorder::reordered;
use super::shock_window::window_of;
use crate::domain::{Price, Ratio, Symbol, Tick, Timestamp};
use crate::scenario::spec::{BothTouched, Hours, ScenarioSpec, SlippageRule, StressSpec, StressWindow, VenueRules};
use crate::scenario::{LoadedScenario, MarketData};
use crate::strategy::Script;

/// Tells the draws of missing bars from others with the scenario's seed.
const STREAM: u64 = 0x6d69_7373_2062_6172; // "miss bar"

/// One shock; the value that changes nothing where the run has none of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shock {
    pub(super) gap: Ratio,
    pub(super) slippage_times: Ratio,
    pub(super) missing_bars: Ratio,
    pub(super) window: Option<StressWindow>,
    pub(super) frozen: u32,
    pub(super) reorder: u32,
}

/// The bars of a run and the moment from which on it is measured.
#[derive(Debug)]
pub(super) struct ShockedMarket {
    pub(super) market: MarketData,
    /// `Timestamp::MIN`: from its first bar.
    pub(super) from: Timestamp,
}

impl Shock {
    /// That of a run of a sweep.
    pub(super) fn of(spec: &ScenarioSpec) -> Shock {
        let none = StressSpec::default();
        let stress = spec.stress.as_ref().unwrap_or(&none);
        let first = |values: &[Ratio], neutral: Ratio| values.first().copied().unwrap_or(neutral);
        Shock {
            gap: first(&stress.gap, Ratio::ZERO),
            slippage_times: first(&stress.slippage_times, Ratio::ONE),
            missing_bars: first(&stress.missing_bars, Ratio::ZERO),
            window: stress.windows.first().copied(),
            frozen: stress.frozen.first().copied().unwrap_or(0),
            reorder: stress.reorder,
        }
    }

    /// Does it strike in the night of the largest exposure, which only a run can tell?
    pub(super) fn is_overnight(&self) -> bool {
        self.gap != Ratio::ZERO || self.frozen > 0
    }

    /// Why it cannot be made with this scenario, in one line.
    pub(super) fn refusal(&self, spec: &ScenarioSpec) -> Option<&'static str> {
        let moves_bars = self.missing_bars != Ratio::ZERO || self.window.is_some() || self.reorder > 0;
        if moves_bars && spec.strategy.name == Script::STRATEGY {
            return Some("order_script names its bars, so stress can neither leave out bars nor move them");
        }
        if (self.is_overnight() || self.reorder > 0) && spec.execution.both_touched == BothTouched::Finer {
            return Some("both_touched = \"finer\" reads bars that stress does not change; choose another reading");
        }
        if self.reorder == 0 {
            return None;
        }
        match spec.execution.slippage.rule {
            SlippageRule::Spread(_) => Some("stress.reorder does not go with slippage by the spread of each bar"),
            _ if spec.data.hours == Hours::Extended => Some("stress.reorder does not go with extended hours"),
            _ => None,
        }
    }

    /// The scenario with its slippage multiplied; no slippage stays none.
    ///
    /// Errors: slippage larger than a scenario may have.
    pub(super) fn scenario(&self, loaded: &LoadedScenario) -> Result<LoadedScenario, String> {
        let mut run = loaded.clone();
        run.spec.execution.slippage.rule = times(run.spec.execution.slippage.rule, self.slippage_times)?;
        Ok(run)
    }

    /// The bars as far as the shock does not depend on what the run holds; `None`: as they are.
    ///
    /// Errors: data that do not cover the window or cannot be reordered.
    pub(super) fn market(&self, loaded: &LoadedScenario, market: &MarketData) -> Result<Option<ShockedMarket>, String> {
        if self.window.is_none() && self.reorder == 0 && self.missing_bars == Ratio::ZERO {
            return Ok(None);
        }
        let spec = &loaded.spec;
        let mut shocked = match self.window {
            Some(window) => window_of(&spec.data, market, window)?,
            None => ShockedMarket { market: market.clone(), from: Timestamp::MIN },
        };
        if self.reorder > 0 {
            let seed = spec.scenario.seed;
            shocked.market = reordered(&shocked.market, shocked.from, (seed, self.reorder), tick(spec))?;
        }
        if self.missing_bars != Ratio::ZERO {
            leave_out(&mut shocked.market, &spec.data.symbols, self.missing_bars, spec.scenario.seed);
        }
        Ok(Some(shocked))
    }
}

/// The grid of prices of a scenario.
pub(super) fn tick(spec: &ScenarioSpec) -> Tick {
    match spec.execution.venue_rules {
        VenueRules::Alpaca => Tick::UsEquity,
        VenueRules::None => Tick::None,
    }
}

/// The nearest price on the grid (of two equally near the higher), above zero. A higher price never becomes a lower
/// one, so the prices of a bar keep their order.
pub(super) fn on_grid(price: Price, tick: Tick) -> Price {
    let (low, high) = (price.floor_to(tick), price.ceil_to(tick));
    let nearest = if price.units() - low.units() < high.units() - price.units() { low } else { high };
    if nearest == Price::ZERO {
        Price::ZERO.saturating_offset(tick.units_at(Price::ZERO))
    } else {
        nearest.min(Price::MAX)
    }
}

/// A whole number below `end`; the bias is `end` ÷ 2^64.
pub(super) fn below(random: &mut Xoshiro256PlusPlus, end: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(end)) >> 64) as u64
}

fn times(rule: SlippageRule, factor: Ratio) -> Result<SlippageRule, String> {
    /// Half the price, as the scenario's own.
    const FRACTION_MAX: Ratio = Ratio::from_units(500_000_000);
    /// Of spreads and of impacts, which are small shares of the price themselves.
    const SHARE_MAX: Ratio = Ratio::from_units(1_000_000_000_000);
    const PER_SHARE_MAX_USD: i64 = 1_000;
    let share = |value: Ratio, most: Ratio| {
        let product = i64::try_from(factor.multiply_nearest(value.units())).map(Ratio::from_units);
        let allowed = product.ok().filter(|product| *product <= most);
        allowed.ok_or_else(|| format!("slippage of {value} × {factor} is more than {most}, the most there may be"))
    };
    Ok(match rule {
        SlippageRule::None => SlippageRule::None,
        SlippageRule::Bps(value) => SlippageRule::Bps(share(value, FRACTION_MAX)?),
        SlippageRule::VolumeShare(value) => SlippageRule::VolumeShare(share(value, SHARE_MAX)?),
        SlippageRule::Spread(value) => SlippageRule::Spread(share(value, SHARE_MAX)?),
        SlippageRule::PerShare(dollars) => match dollars.scaled(factor) {
            product if product.units() <= PER_SHARE_MAX_USD * Price::UNITS_PER_USD => SlippageRule::PerShare(product),
            _ => {
                return Err(format!(
                    "slippage of {dollars} × {factor} is more than {PER_SHARE_MAX_USD} dollars a share"
                ));
            }
        },
    })
}

/// Leaves out each bar but the first of its symbol with the chance `share`.
fn leave_out(market: &mut MarketData, symbols: &[Symbol], share: Ratio, seed: u64) {
    for (bars, symbol) in market.bars.iter_mut().zip(symbols) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ STREAM ^ number_of(*symbol));
        let mut is_first = true;
        bars.retain(|_| {
            let draw = below(&mut random, Ratio::ONE.units() as u64) as i64;
            std::mem::take(&mut is_first) || draw >= share.units()
        });
    }
}

/// A number for a symbol, whatever its place in the scenario. Source: FNV-1a, 64 bits.
fn number_of(symbol: Symbol) -> u64 {
    symbol
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
