//! Bars on which nothing can happen: a run of them in one loop, with what they change in registers.
//!
//! Not here: what may happen on the others (replay), whether the strategy wants something (strategy).
//! Invariant: after a run of quiet bars everything is as if each had gone the long way.
use super::atr::AtrSource;
use super::core::Engine;
use super::equity_tape::Ride;
use super::loss_guard::LossGuard;
use crate::domain::{Bar, SymbolIndex, Timestamp};
use crate::strategy::Strategy;
use crate::venue::Band;

impl<S: Strategy> Engine<S> {
    /// Passes the first of `bars`, of the only symbol of a run, that open before `until`, stay inside
    /// `band` and make the strategy want nothing; returns how many. Strategy and account look at a bar
    /// together, while it is in registers.
    pub(super) fn pass_quiet(
        &mut self,
        symbol: SymbolIndex,
        bars: &[Bar],
        (band, until): (Band, Timestamp),
        bars_are_sessions: bool,
    ) -> usize {
        let band = self.within_margin(symbol, band);
        let (position, equity) = (self.portfolio.position(symbol), self.portfolio.equity());
        let (shares, mark) = (position.quantity(), position.mark());
        let mut ride = Ride::new(shares);
        let mut guard = LossGuard::of(self.gate.watch(), self.portfolio.cash(), shares, bars_are_sessions);
        let strategy = &mut self.strategy;
        let mut atr = self.atrs.get_mut(symbol.get());
        let own = match &mut atr {
            Some(AtrSource::Own(atr)) => Some(atr),
            _ => None,
        };
        let passed = match (own, &mut guard) {
            (None, None) if shares.is_zero() => {
                strategy.pass_quiet(symbol, bars, |bar| bar.time < until && band.is_quiet(bar))
            }
            (None, guard) => strategy.pass_quiet(symbol, bars, |bar| {
                bar.time < until
                    && band.is_quiet(bar)
                    && guard.as_mut().is_none_or(|guard| guard.passes(bar.close))
                    && {
                        ride.push(bar.close);
                        true
                    }
            }),
            (Some(atr), guard) => match (atr.steady(), guard) {
                (Some(mut wilder), None) => {
                    let passed = if shares.is_zero() {
                        strategy.pass_quiet(symbol, bars, |bar| {
                            bar.time < until && band.is_quiet(bar) && {
                                wilder.update(bar);
                                true
                            }
                        })
                    } else {
                        strategy.pass_quiet(symbol, bars, |bar| {
                            bar.time < until && band.is_quiet(bar) && {
                                wilder.update(bar);
                                ride.push(bar.close);
                                true
                            }
                        })
                    };
                    atr.put(wilder);
                    passed
                }
                (Some(mut wilder), Some(guard)) => {
                    let passed = strategy.pass_quiet(symbol, bars, |bar| {
                        bar.time < until && band.is_quiet(bar) && guard.passes(bar.close) && {
                            wilder.update(bar);
                            ride.push(bar.close);
                            true
                        }
                    });
                    atr.put(wilder);
                    passed
                }
                (None, guard) => strategy.pass_quiet(symbol, bars, |bar| {
                    bar.time < until
                        && band.is_quiet(bar)
                        && guard.as_mut().is_none_or(|guard| guard.passes(bar.close))
                        && {
                            atr.update(bar);
                            ride.push(bar.close);
                            true
                        }
                }),
            },
        };
        if let Some(AtrSource::Shared { seen, .. }) = atr {
            *seen += passed;
        }
        let Some(last) = bars[..passed].last() else { return 0 };
        let steps = passed as u64;
        if shares.is_zero() {
            debug_assert_eq!(equity, self.journal.equity.last(), "the last step is recorded before bars pass quietly");
            self.journal.equity.stay(steps);
        } else {
            self.journal.equity.ride((equity, mark), shares, &ride, steps, last.close);
            self.gate.watch_mut().raise_peak(ride.highest(equity, mark, shares));
        }
        self.portfolio.mark(symbol, last.close);
        self.gate.mark(symbol, last.time);
        if bars_are_sessions {
            self.gate.watch_mut().close_session(self.portfolio.equity());
        }
        debug_assert_eq!(self.portfolio.equity(), self.journal.equity.last(), "a position is valued one way");
        self.books[symbol.get()].bars_seen += steps;
        passed
    }

    /// Does the end of a session change anything?
    #[inline]
    pub(super) fn counts_sessions(&self) -> bool {
        !self.volatilities.is_empty() || self.is_halted_for_the_session()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EngineConfig, Journal, MarketAction, ReplayInput, SessionSpan, Sizing, SizingKind, replay};
    use super::*;
    use crate::domain::{LegActivation, Money, Price, Tick, Volume};
    use crate::execution::ReplayBackend;
    use crate::risk::{AtrSmoothing, CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
    use crate::strategy::{CrossRule, Intents, MaCrossover, SignalRule, Strategy as Rule, View};
    use crate::venue::{BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Slippage, VenueRules};
    use proptest::prelude::*;

    /// A strategy that is asked bar by bar.
    struct BarByBar(MaCrossover);

    impl Rule for BarByBar {
        fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
            self.0.on_bar(symbol, bar, view, intents);
        }

        fn on_split(&mut self, symbol: SymbolIndex, ratio: crate::domain::Ratio) {
            self.0.on_split(symbol, ratio);
        }
    }

    fn ratio(text: &str) -> crate::domain::Ratio {
        text.parse().expect("ratio")
    }

    /// What the runs of one comparison have in common.
    struct World {
        bars: Vec<Bar>,
        sessions: Vec<SessionSpan>,
        actions: Vec<(Timestamp, MarketAction)>,
        /// Of the stop, if there is one.
        smoothing: Option<AtrSmoothing>,
        sizing: SizingKind,
        trailing: bool,
        market_fill: MarketFill,
        due_exit: DueExit,
        exit_after_bars: u32,
    }

    fn run<S: Rule>(strategy: S, world: &World) -> Journal {
        let &World { smoothing, sizing, trailing, market_fill, due_exit, exit_after_bars, .. } = world;
        let commission = Commission::Fraction(ratio("0.0005"));
        let cash: Money = "100000".parse().expect("cash");
        let config = EngineConfig {
            cash,
            symbols: 1,
            sizing: Sizing { kind: sizing, fractional: false },
            stop: StopRule {
                kind: match smoothing {
                    Some(smoothing) => StopKind::Atr { period: 3, multiple: ratio("1.5"), smoothing },
                    None => StopKind::None,
                },
                anchor: StopAnchor::Fill,
                activation: LegActivation::EntryBar,
                trailing,
                tick: Tick::None,
                take_profit: TakeProfit::RMultiple(ratio("3")),
            },
            limits: Limits { position_size_max: ratio("1"), ..Limits::WIDE },
            margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
            commission,
            trim_to_cash: false,
        };
        let rules = VenueRules {
            market_fill,
            limit_fill: LimitFill::Touch,
            both_touched: BothTouched::StopFirst,
            due_exit,
            slippage: Slippage::None,
            slippage_on: CostScope::Both,
            commission,
            participation: ratio("0.1"),
            tick: Tick::None,
            fractional: false,
            cash_check_at_fill: false,
            trim_to_cash: false,
            extended_hours: false,
            leverage: 1,
        };
        let mut engine = Engine::new(strategy, config).with_time_stop(exit_after_bars);
        let mut backend = ReplayBackend::new(rules, cash, 1);
        let (bars, sessions, actions) = (&[&world.bars[..]], &world.sessions[..], &world.actions[..]);
        let input = ReplayInput { bars, sessions, extended: &[], actions, market_fill };
        replay(&mut engine, &mut backend, &input).expect("the venue and the engine agree");
        engine.finish()
    }

    fn bars(moves: &[(i64, i64, i64, i64)], step_seconds: i64) -> Vec<Bar> {
        let price = |cents: i64| Price::from_units(cents * 10_000_000).expect("price");
        let mut close = 10_000;
        let bar = |(at, (gap, turn, up, volume)): (usize, &(i64, i64, i64, i64))| {
            let open = (close + gap).max(100);
            close = (open + turn).max(100);
            Bar {
                time: Timestamp::from_seconds(at as i64 * step_seconds).expect("time"),
                open: price(open),
                high: price(open.max(close) + up),
                low: price((open.min(close) - up).max(50)),
                close: price(close),
                volume: Volume::from_shares(*volume).expect("volume"),
            }
        };
        moves.iter().enumerate().map(bar).collect()
    }

    proptest! {
        /// Passing quiet bars changes nothing: not an order, a fill, a stop, nor a step of equity.
        #[test]
        fn passing_is_the_long_way(
            moves in proptest::collection::vec((-150i64..150, -300i64..300, 0i64..80, 0i64..20_000), 1..700),
            (minutes, trailing, stop_first) in any::<(bool, bool, bool)>(),
            smoothing in prop_oneof![Just(None), Just(Some(AtrSmoothing::Simple)), Just(Some(AtrSmoothing::Wilder))],
            market_fill in prop_oneof![Just(MarketFill::NextOpen), Just(MarketFill::Close), Just(MarketFill::NextClose)],
            sizing in prop_oneof![
                Just(SizingKind::EquityFraction(ratio("0.5"))),
                Just(SizingKind::CashFraction(ratio("0.7"))),
                Just(SizingKind::VolatilityTarget(ratio("0.2"))),
            ],
            exit_after_bars in prop_oneof![Just(0u32), 1u32..4, 4u32..40],
            acts in proptest::collection::vec((0usize..700, prop_oneof![Just("2"), Just("1.5"), Just("0.1")], any::<bool>()), 0..4),
        ) {
            const SESSION: usize = 30;
            let bars = bars(&moves, if minutes { 60 } else { 86_400 });
            let of = |chunk: &[Bar]| SessionSpan { start: chunk[0].time, last_bar: chunk[chunk.len() - 1].time };
            let sessions: Vec<_> = if minutes { bars.chunks(SESSION).map(of).collect() } else { Vec::new() };
            let mut actions: Vec<_> = acts.iter().filter(|(at, ..)| *at < bars.len()).map(|(at, number, splits)| {
                let action = match splits {
                    true => MarketAction::Split { symbol: SymbolIndex(0), ratio: ratio(number) },
                    false => MarketAction::Dividend { symbol: SymbolIndex(0), amount: number.parse().expect("price") },
                };
                (bars[*at].time, action)
            }).collect();
            actions.sort_by_key(|(time, _)| *time);
            let due_exit = if stop_first { DueExit::StopFirst } else { DueExit::ExitFirst };
            let world = World { bars, sessions, actions, smoothing, sizing, trailing, market_fill, due_exit, exit_after_bars };
            let strategy = || MaCrossover::new(2, 7, CrossRule::NonZero, SignalRule::DEFAULT, 1);
            let short = run(strategy(), &world);
            let long = run(BarByBar(strategy()), &world);
            prop_assert_eq!(short.cash_events, long.cash_events);
            prop_assert_eq!(short.splits, long.splits);
            prop_assert_eq!(short.fills, long.fills);
            prop_assert_eq!(short.orders, long.orders);
            prop_assert_eq!(short.stops, long.stops);
            prop_assert_eq!(short.equity, long.equity);
        }
    }
}
