//! Made-up minutes of a few sessions, the scenario they belong to, and the clock that leaps over closed hours.
//!
//! Not here: what is traded (strategy), what goes wrong (faults).
use std::path::Path;

use alphaflow::domain::{Bar, Price, Ratio, Tick, Timestamp, Volume};
use alphaflow::engine::{EngineConfig, Sizing, SizingKind};
use alphaflow::market::Calendar;
use alphaflow::risk::{CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::scenario::{LoadedScenario, MarketData, Style, parse, venue_rules};
use alphaflow::venue::VenueRules;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

pub const SYMBOLS: usize = 2;
const NAMES: [&str; SYMBOLS] = ["AAA", "BBB"];
const NS_PER_MS: i64 = 1_000_000;
const MINUTE_MS: u64 = 60_000;
const CENT: i64 = Price::UNITS_PER_USD / 100;
/// Minutes of a session, XNYS.
const SESSION_MINUTES: i64 = 390;
/// The clock leaps where no bar comes for longer than this.
const LEAP_MS: u64 = 4 * MINUTE_MS;

/// Numbers below an end, from a seed.
#[derive(Debug)]
pub struct Chance(Xoshiro256PlusPlus);

impl Chance {
    pub fn new(seed: u64, use_of_it: u64) -> Chance {
        Chance(Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ use_of_it))
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    /// In `per_mille` of a thousand cases.
    pub fn hits(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// One bar time: where it lies on the simulated clock.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub stamp: Timestamp,
    pub opens_ms: u64,
    pub closes_ms: u64,
    pub ends_session: bool,
}

/// All that a seed decides before anything happens.
pub struct Setting {
    pub loaded: LoadedScenario,
    pub market: MarketData,
    pub config: EngineConfig,
    pub steps: Vec<Step>,
    /// Leaps of the clock on the wall: from this simulated millisecond on it is this late.
    leaps: Vec<(u64, i64)>,
}

impl Setting {
    pub fn new(seed: u64) -> Setting {
        let mut chance = Chance::new(seed, 1);
        let loaded = scenario(&mut chance);
        let rules = venue_rules(&loaded.spec);
        let times = times(&mut chance);
        let bars: Vec<Vec<Bar>> = NAMES.iter().map(|_| walk(&times, &mut chance)).collect();
        let config = engine_config(&loaded, &rules, &mut chance);
        let market = MarketData { bars, ..MarketData::default() };
        let (steps, leaps) = on_the_clock(&times);
        Setting { loaded, market, config, steps, leaps }
    }

    /// The clock on the wall, which is the exchange's.
    pub fn wall_ms(&self, ms: u64) -> i64 {
        let at = self.leaps.partition_point(|(from, _)| *from <= ms).max(1) - 1;
        let (from, wall) = self.leaps[at];
        wall + (ms as i64 - from as i64)
    }

    pub fn time(&self, ms: u64) -> Timestamp {
        Timestamp::from_ns(self.wall_ms(ms) * NS_PER_MS)
    }

    pub fn bars_of(&self, step: usize) -> impl Iterator<Item = (usize, &Bar)> {
        self.market.bars.iter().map(move |bars| &bars[step]).enumerate()
    }

    /// The moments at which the exchange's clock leaps.
    pub fn leaps_ms(&self) -> impl Iterator<Item = u64> + '_ {
        self.leaps.iter().map(|(from, _)| *from)
    }
}

fn scenario(chance: &mut Chance) -> LoadedScenario {
    let account = chance.of(&["leverage = 1", "leverage = 1", "leverage = 2\nallow_short = true"]);
    let commission = chance.of(&[
        "{ kind = \"none\" }",
        "{ kind = \"bps\", value = \"2\" }",
        // No least fee an order: a stop that is armed again is another order for the venue, which charges it anew.
        "{ kind = \"per_share\", value = \"0.005\" }",
    ]);
    let participation = chance.of(&["1", "0.30", "0.10", "0.03"]);
    let slippage = chance.of(&["{ kind = \"none\" }", "{ kind = \"bps\", value = \"1.5\" }"]);
    let text = format!(
        "[scenario]\nname = \"simulation\"\nseed = 1\n[data]\ntimeframe = \"1m\"\npath = \"{{symbol}}.csv\"\n\
         symbols = {NAMES:?}\n[account]\ncash = \"200000\"\n{account}\n[strategy]\nname = \"buy_and_hold\"\n\
         [sizing]\nkind = \"equity_fraction\"\nvalue = \"0.2\"\n[execution]\nparticipation = \"{participation}\"\n\
         commission = {commission}\nslippage = {slippage}\n\
         [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"10\"\nmax_portfolio_heat = \"10\"\n\
         max_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
         max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"1000000000000\"\n\
         price_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n"
    );
    parse(Path::new("simulation.toml"), &text, &[]).unwrap_or_else(|errors| panic!("{}", errors.render(&Style::PLAIN)))
}

fn engine_config(loaded: &LoadedScenario, rules: &VenueRules, chance: &mut Chance) -> EngineConfig {
    let share = |per_mille: i64| Ratio::from_units(per_mille * Ratio::ONE.units() / 1_000);
    let kind = match chance.below(4) {
        0 => StopKind::None,
        _ => StopKind::Percent { share: share(chance.of(&[4, 8, 15])) },
    };
    let take_profit = match (kind, chance.below(2)) {
        (StopKind::None, _) | (_, 0) => TakeProfit::None,
        _ => TakeProfit::RMultiple(share(1_500)),
    };
    let stop = StopRule {
        kind,
        anchor: chance.of(&[StopAnchor::Fill, StopAnchor::Fill, StopAnchor::SignalClose]),
        trailing: kind != StopKind::None && take_profit == TakeProfit::None && chance.below(2) == 0,
        tick: Tick::UsEquity,
        take_profit,
        ..StopRule::NONE
    };
    let account = &loaded.spec.account;
    EngineConfig {
        cash: account.cash,
        symbols: SYMBOLS,
        sizing: Sizing { kind: SizingKind::EquityFraction(share(150)), fractional: false },
        stop,
        limits: Limits::WIDE,
        margin: Margin {
            leverage: account.leverage.into(),
            allow_short: account.allow_short,
            cash_check: CashCheck::Approval,
        },
        commission: rules.commission,
        trim_to_cash: false,
    }
}

/// The minutes that have bars, and whether each ends its session: the first and the last of two sessions, and the
/// first of one that goes on.
fn times(chance: &mut Chance) -> Vec<(Timestamp, bool)> {
    let day = |text: &str| text.parse::<Timestamp>().unwrap();
    let sessions = Calendar::xnys().sessions(day("2024-03-05T00:00:00Z"), day("2024-03-07T00:00:00Z"));
    let mut times = Vec::new();
    for (at, session) in sessions.enumerate() {
        let first = 5 + chance.below(6) as i64;
        let last = if at == 2 { 0 } else { 1 + chance.below(4) as i64 };
        for minute in (0..first).chain(SESSION_MINUTES - last..SESSION_MINUTES) {
            let time = session.open.plus_ns(minute * 60 * Timestamp::NS_PER_SECOND);
            times.push((time, minute == SESSION_MINUTES - 1));
        }
    }
    times
}

/// A walk in cents, with gaps between sessions and minutes in which nothing trades.
fn walk(times: &[(Timestamp, bool)], chance: &mut Chance) -> Vec<Bar> {
    let mut close = 6_000 + chance.below(6_000) as i64;
    let reach = 10 + chance.below(80);
    let mut after_close = false;
    let signed = |reach: u64, chance: &mut Chance| chance.below(2 * reach + 1) as i64 - reach as i64;
    let mut bars = Vec::new();
    for &(time, ends_session) in times {
        let gap = if after_close { 4 * reach } else { reach / 4 };
        let open = close + signed(gap, chance);
        close = (open + signed(reach, chance)).max(2_000);
        let high = open.max(close) + chance.below(reach / 2 + 1) as i64;
        let low = open.min(close) - chance.below(reach / 2 + 1) as i64;
        let volume = if chance.below(15) == 0 { 0 } else { 300 + chance.below(4_000) as i64 };
        let price = |cents: i64| Price::from_units(cents * CENT).unwrap();
        let volume = Volume::from_shares(volume).unwrap();
        bars.push(Bar { time, open: price(open), high: price(high), low: price(low), close: price(close), volume });
        after_close = ends_session;
    }
    bars
}

/// Bars one after another on the simulated clock; where none comes for long, the clock on the wall leaps to a minute
/// before the next, two minutes after the one before.
fn on_the_clock(times: &[(Timestamp, bool)]) -> (Vec<Step>, Vec<(u64, i64)>) {
    let wall = |time: Timestamp| time.ns() / NS_PER_MS;
    let mut leaps = vec![(0, wall(times[0].0) - MINUTE_MS as i64)];
    let mut steps: Vec<Step> = Vec::new();
    for &(stamp, ends_session) in times {
        let (from, began) = leaps[leaps.len() - 1];
        let mut opens_ms = from + (wall(stamp) - began) as u64;
        if let Some(before) = steps.last().filter(|before| opens_ms > before.closes_ms + LEAP_MS) {
            let leap_ms = before.closes_ms + 2 * MINUTE_MS;
            leaps.push((leap_ms, wall(stamp) - MINUTE_MS as i64));
            opens_ms = leap_ms + MINUTE_MS;
        }
        steps.push(Step { stamp, opens_ms, closes_ms: opens_ms + MINUTE_MS, ends_session });
    }
    (steps, leaps)
}
