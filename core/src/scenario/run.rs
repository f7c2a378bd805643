//! One deterministic run: a loaded scenario and its bars in, everything that happened out.
//!
//! Not here: files (folder), statistics (summary), anything drawn.
use super::band::final_equity_band;
use super::spec::{self, ScenarioSpec};
use super::with_strategy::with_strategy;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Bar, LegActivation, Symbol, SymbolIndex, Tick, Timestamp};
use crate::engine::{
    AccountRules, AtrColumn, Engine, EngineConfig, Journal, MarginRules, MarketAction, ReplayError, ReplayInput,
    Settlement, Sizing, SizingKind, replay,
};
use crate::execution::{Latency, ReplayBackend, ReplayMarket};
use crate::risk::{
    AtrSmoothing, BreachRule, CashCheck, LimitCaps, Limits, LossRule, Margin, StopAnchor, StopKind, StopRule,
    TakeProfit,
};
use crate::strategy::{
    BuiltIn, Catalog, Choice, Listed, ListedVisitor, OrderScript, ParamError, Params, Script, Setup, Strategy,
};
use crate::venue::{
    BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Reading, Slippage, TradeDate, Undecided,
    VenueRules,
};

/// Runs the scenario on `market` with a built-in strategy.
///
/// Errors: as [`run_with`].
pub fn run(loaded: &LoadedScenario, market: &MarketData) -> Result<Journal, Box<Diagnostic>> {
    run_with(&BuiltIn, loaded, market)
}

/// Runs the scenario on `market` with a strategy of `catalog`.
///
/// Errors: an unknown strategy or a wrong parameter, placed in the scenario file.
pub fn run_with<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
) -> Result<Journal, Box<Diagnostic>> {
    let mut journal = replay_as(catalog, loaded, market, None)?;
    journal.final_equity_band =
        final_equity_band(&journal, |reading| replay_as(catalog, loaded, market, Some(reading)))?;
    Ok(journal)
}

/// One of many runs: as [`run_with`], but the profit band of undecided bars is not asked for, the record is
/// written into the memory of an `earlier` one, and `atrs` are those of its stop that were computed before, if any.
///
/// Errors: as [`run_with`].
pub fn run_again<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    earlier: Option<Journal>,
    atrs: &[AtrColumn],
) -> Result<Journal, Box<Diagnostic>> {
    run_from(catalog, loaded, (market, Timestamp::MIN), (earlier, atrs))
}

/// As [`run_again`], but nothing is traded on the bars of `market` that open before `from`: the strategy, its
/// stops and the limits see them, and what it wants there is dropped. The account begins flat at `from`.
///
/// Errors: as [`run_with`].
pub fn run_from<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    (market, from): (&MarketData, Timestamp),
    (earlier, atrs): (Option<Journal>, &[AtrColumn]),
) -> Result<Journal, Box<Diagnostic>> {
    let series = series(market);
    replay_in(catalog, loaded, market, Run { earlier, atrs, from, ..Run::of(loaded, market, &series) })
}

/// The ATRs that the stop of this scenario needs, one a symbol of `market`, for [`run_again`]; none if it needs none
/// or if a share splits during the run.
pub fn atr_columns(loaded: &LoadedScenario, market: &MarketData) -> Vec<AtrColumn> {
    let splits = market.actions.iter().any(|(_, action)| matches!(action, MarketAction::Split { .. }));
    let kind = stop_rule(&loaded.spec).kind;
    let columns = market.bars.iter().filter(|_| !splits).map(|bars| AtrColumn::of(bars, kind));
    columns.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// One replay, its bars read as the scenario says or in another way.
fn replay_as<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    reading: Option<Reading>,
) -> Result<Journal, Box<Diagnostic>> {
    let series = series(market);
    replay_in(catalog, loaded, market, Run { reading, ..Run::of(loaded, market, &series) })
}

/// Runs the scenario with a strategy of `catalog` on a backend of the caller's, whose market follows the bars of
/// `market`. What the venue itself counts, such as undecided bars, is not in the record.
///
/// Errors: as [`run_with`]; the backend cannot go on.
pub fn run_on<C: Catalog, B: ReplayMarket>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    backend: &mut B,
) -> Result<Journal, Box<Diagnostic>> {
    let series = series(market);
    let visitor = OnBackend { run: Run::of(loaded, market, &series), backend };
    let outcome = match &market.script {
        Some(script) => visitor.replay(OrderScript::new(script)),
        None => with_strategy(catalog, loaded, visitor)?,
    };
    outcome.map_err(|error| unfinished(loaded, error))
}

/// A run on a backend of the caller's.
struct OnBackend<'a, B> {
    run: Run<'a>,
    backend: &'a mut B,
}

impl<B: ReplayMarket> OnBackend<'_, B> {
    fn replay<S: Strategy>(self, strategy: S) -> Result<Journal, ReplayError> {
        let input = self.run.input();
        let mut engine = self.run.engine(strategy);
        replay(&mut engine, self.backend, &input)?;
        Ok(engine.finish())
    }
}

impl<B: ReplayMarket> ListedVisitor for OnBackend<'_, B> {
    type Output = Result<Journal, ReplayError>;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError> {
        Ok(self.replay(S::build(params, setup)?))
    }
}

fn replay_in<C: Catalog>(
    catalog: &C,
    loaded: &LoadedScenario,
    market: &MarketData,
    visitor: Run<'_>,
) -> Result<Journal, Box<Diagnostic>> {
    let outcome = match &market.script {
        Some(script) => visitor.replay_script(script),
        None => with_strategy(catalog, loaded, visitor)?,
    };
    outcome.map_err(|error| unfinished(loaded, error))
}

/// One replay with a strategy that is there already, its bars read as the scenario says.
pub(super) fn replay_with<S: Strategy>(
    loaded: &LoadedScenario,
    market: &MarketData,
    strategy: S,
) -> Result<Journal, Box<Diagnostic>> {
    Run::of(loaded, market, &series(market)).replay(strategy).map_err(|error| unfinished(loaded, error))
}

pub(super) struct Run<'a> {
    pub(super) config: EngineConfig,
    pub(super) rules: VenueRules,
    pub(super) account: AccountRules,
    pub(super) exit_after_bars: u32,
    pub(super) market: &'a MarketData,
    /// The bars of `market` by symbol.
    pub(super) series: &'a [&'a [Bar]],
    /// How bars are read, unless as the rules say.
    pub(super) reading: Option<Reading>,
    pub(super) latency: Option<Latency>,
    /// What the strategy wants before this moment is dropped.
    pub(super) from: Timestamp,
    /// A finished record whose memory may be used.
    pub(super) earlier: Option<Journal>,
    pub(super) atrs: &'a [AtrColumn],
}

impl ListedVisitor for Run<'_> {
    type Output = Result<Journal, ReplayError>;

    fn visit<S: Listed>(self, params: &Params, setup: &Setup) -> Result<Self::Output, ParamError> {
        Ok(self.replay(S::build(params, setup)?))
    }

    fn visit_built_in(self, choice: &Choice<'_>) -> Option<Result<Self::Output, ParamError>> {
        choice.take_built_in(self)
    }
}

impl<'a> Run<'a> {
    pub(super) fn of(loaded: &LoadedScenario, market: &'a MarketData, series: &'a [&'a [Bar]]) -> Run<'a> {
        let (config, rules) = (engine_config(&loaded.spec), venue_rules(&loaded.spec));
        let (account, latency) = (account_rules(&loaded.spec), latency(&loaded.spec));
        let (exit_after_bars, from) = (loaded.spec.stop.exit_after_bars, Timestamp::MIN);
        Run {
            config,
            rules,
            account,
            exit_after_bars,
            market,
            series,
            reading: None,
            latency,
            from,
            earlier: None,
            atrs: &[],
        }
    }

    /// Compiled here once, as [`ListedVisitor::visit_built_in`] tells.
    fn replay_script(self, script: &Script) -> Result<Journal, ReplayError> {
        self.replay(OrderScript::new(script))
    }

    fn replay<S: Strategy>(self, strategy: S) -> Result<Journal, ReplayError> {
        let (mut engine, mut backend, input) = self.prepared(strategy);
        replay(&mut engine, &mut backend, &input)?;
        Ok(record(engine, &backend))
    }

    /// What a replay is made of, before its first bar.
    pub(super) fn prepared<S: Strategy>(self, strategy: S) -> (Engine<S>, ReplayBackend, ReplayInput<'a>) {
        let (backend, input) = (self.backend(), self.input());
        (self.engine(strategy), backend, input)
    }

    pub(super) fn engine<S: Strategy>(self, strategy: S) -> Engine<S> {
        let engine = match self.earlier {
            Some(journal) => Engine::recycling(journal, strategy, self.config),
            None => Engine::new(strategy, self.config),
        };
        let engine = engine.with_account(self.account).with_time_stop(self.exit_after_bars);
        engine.with_atr_columns(self.atrs).trading_from(self.from)
    }

    fn backend(&self) -> ReplayBackend {
        let mut backend = ReplayBackend::new(self.rules, self.config.cash, self.config.symbols);
        if let Some(latency) = self.latency {
            backend = backend.with_latency(latency);
        }
        if let Some(spreads) = &self.market.spreads {
            backend.venue_mut().set_spreads(spreads.clone());
        }
        backend.venue_mut().take_finer(self.market.finer.clone());
        self.reading.into_iter().for_each(|reading| backend.venue_mut().read_as(reading));
        backend
    }

    fn input(&self) -> ReplayInput<'a> {
        ReplayInput {
            bars: self.series,
            sessions: &self.market.sessions,
            extended: &self.market.extended,
            actions: &self.market.actions,
            market_fill: self.rules.market_fill,
        }
    }
}

/// The record of a finished replay; panics unless engine and venue agree on the money.
pub(super) fn record<S: Strategy>(engine: Engine<S>, backend: &ReplayBackend) -> Journal {
    let (ours, theirs) = (engine.portfolio(), backend.venue());
    assert_eq!(ours.cash(), theirs.cash(), "our cash and the venue's");
    assert_eq!(ours.settled_cash(), theirs.settled_cash(), "our settled cash and the venue's");
    assert!(ours.is_conserved(), "equity is cash plus positions");
    let Undecided { ambiguous_bars, unclear_entry_bars, unread_bars, unread_first } = theirs.undecided();
    let (unread_bars, quotes_missing) = ((unread_bars, unread_first), theirs.quotes_missing());
    Journal { ambiguous_bars, unclear_entry_bars, unread_bars, quotes_missing, ..engine.finish() }
}

pub(super) fn series(market: &MarketData) -> Vec<&[Bar]> {
    market.bars.iter().map(Vec::as_slice).collect()
}

/// A run that ended early: what of the input did it, or that nothing of it did.
pub(super) fn unfinished(loaded: &LoadedScenario, error: ReplayError) -> Box<Diagnostic> {
    Box::new(match error {
        ReplayError::Venue(_) => {
            Diagnostic::new("defect", format!("{error}; this is a defect of the program, not of the scenario"))
        }
        ReplayError::Backend(_) => Diagnostic::new("stopped", error.to_string()),
        ReplayError::SplitTooLarge { symbol, .. } => {
            let what = format!("{}: {error}", loaded.spec.data.symbols[symbol.get()]);
            loaded.diagnostic("data.corporate_actions", what).note("check the split in the file, or size smaller")
        }
        ReplayError::SplitTooDear { symbol, .. } => {
            let what = format!("{}: {error}", loaded.spec.data.symbols[symbol.get()]);
            let remedy = "check the split in the file, or move the price of the order that is meant";
            loaded.diagnostic("data.corporate_actions", what).note(remedy)
        }
    })
}

fn latency(spec: &ScenarioSpec) -> Option<Latency> {
    const NS_PER_MS: i64 = Timestamp::NS_PER_SECOND / 1_000;
    let way_ns = i64::from(spec.execution.latency_ms) * NS_PER_MS;
    let bar_ns = spec.data.timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    (way_ns > 0).then_some(Latency { way_ns, bar_ns })
}

fn tick(spec: &ScenarioSpec) -> Tick {
    match spec.execution.venue_rules {
        spec::VenueRules::Alpaca => Tick::UsEquity,
        spec::VenueRules::None => Tick::None,
    }
}

/// How the time of a bar names the date of its trades.
pub(super) fn trade_date(spec: &ScenarioSpec) -> TradeDate {
    if spec.data.timeframe.is_daily() { TradeDate::Stamp } else { TradeDate::NewYork }
}

fn commission(spec: &ScenarioSpec) -> Commission {
    match spec.execution.commission {
        spec::CommissionSpec::None => Commission::None,
        spec::CommissionSpec::Bps(value) => Commission::Fraction(value),
        spec::CommissionSpec::PerShare { value, min, cap } => Commission::PerShare { rate: value, min, cap },
        spec::CommissionSpec::Alpaca => Commission::Alpaca(trade_date(spec)),
    }
}

fn engine_config(spec: &ScenarioSpec) -> EngineConfig {
    let kind = match spec.sizing.rule {
        spec::SizingRule::EquityFraction(value) => SizingKind::EquityFraction(value),
        spec::SizingRule::CashFraction(value) => SizingKind::CashFraction(value),
        spec::SizingRule::FixedShares(value) => SizingKind::FixedShares(value),
        spec::SizingRule::Notional(value) => SizingKind::Notional(value),
        spec::SizingRule::RiskFraction(value) => SizingKind::RiskFraction(value),
        spec::SizingRule::VolatilityTarget(value) => SizingKind::VolatilityTarget(value),
    };
    EngineConfig {
        cash: spec.account.cash,
        symbols: spec.data.symbols.len(),
        sizing: Sizing { kind, fractional: spec.sizing.fractional },
        stop: stop_rule(spec),
        limits: limits(&spec.risk),
        margin: Margin {
            leverage: spec.account.leverage.into(),
            allow_short: spec.account.allow_short,
            cash_check: match spec.account.cash_check {
                spec::CashCheck::Approval => CashCheck::Approval,
                spec::CashCheck::Fill => CashCheck::Fill,
            },
        },
        commission: commission(spec),
        trim_to_cash: spec.sizing.if_short_of_cash == spec::ShortOfCash::Trim,
    }
}

/// `[risk]` with each limit no wider than `caps` allow: what a session at a broker trades by.
pub fn capped(risk: &spec::RiskSpec, caps: LimitCaps) -> spec::RiskSpec {
    let limits = limits(risk).stricter(caps);
    spec::RiskSpec {
        max_daily_loss: limits.daily_loss_max,
        max_position_size: limits.position_size_max,
        max_portfolio_heat: limits.portfolio_heat_max,
        ..risk.clone()
    }
}

fn limits(risk: &spec::RiskSpec) -> Limits {
    Limits {
        daily_loss_max: risk.max_daily_loss,
        position_size_max: risk.max_position_size,
        portfolio_heat_max: risk.max_portfolio_heat,
        correlated_exposure_max: risk.max_correlated_exposure,
        drawdown_max: risk.max_drawdown,
        gross_exposure_max: risk.max_gross_exposure,
        open_positions_max: risk.max_open_positions as usize,
        orders_per_minute_max: risk.max_orders_per_minute as usize,
        order_notional_max: risk.max_order_notional,
        price_collar: risk.price_collar,
        // The reference of a replay is the last close.
        stale_after_ns: None,
        on_daily_loss: match risk.on_daily_loss {
            spec::OnDailyLoss::Halt => LossRule::Halt,
            spec::OnDailyLoss::Flatten => LossRule::Flatten,
        },
        on_breach: match risk.on_breach {
            spec::OnBreach::Reject => BreachRule::Reject,
            spec::OnBreach::Trim => BreachRule::Trim,
        },
    }
}

/// Those of `listed` that the run has.
fn symbols_of(spec: &ScenarioSpec, listed: &[Symbol]) -> Vec<(SymbolIndex, Symbol)> {
    let symbols = (0u16..).map(SymbolIndex).zip(spec.data.symbols.iter().copied());
    symbols.filter(|(_, symbol)| listed.contains(symbol)).collect()
}

fn account_rules(spec: &ScenarioSpec) -> AccountRules {
    AccountRules {
        calendar: super::data::data_calendar(&spec.data),
        settlement: match spec.account.settlement {
            spec::Settlement::Instant => Settlement::Instant,
            spec::Settlement::Dated => Settlement::Dated,
        },
        margin: match spec.execution.venue_rules {
            spec::VenueRules::Alpaca => MarginRules::Alpaca,
            spec::VenueRules::None => MarginRules::None,
        },
        borrow_rate: spec.account.borrow_rate,
        margin_rate: spec.account.margin_rate,
        restricted: symbols_of(spec, &spec.risk.restricted_symbols),
        hard_to_borrow: symbols_of(spec, &spec.account.hard_to_borrow),
    }
}

fn stop_rule(spec: &ScenarioSpec) -> StopRule {
    let kind = match spec.stop.rule {
        spec::StopRule::None => StopKind::None,
        spec::StopRule::Percent(share) => StopKind::Percent { share },
        spec::StopRule::Atr { period, multiple, smoothing } => {
            let smoothing = match smoothing {
                spec::Smoothing::Wilder => AtrSmoothing::Wilder,
                spec::Smoothing::Simple => AtrSmoothing::Simple,
            };
            StopKind::Atr { period: period as usize, multiple, smoothing }
        }
    };
    StopRule {
        kind,
        anchor: match spec.stop.anchor {
            spec::Anchor::Fill => StopAnchor::Fill,
            spec::Anchor::SignalClose => StopAnchor::SignalClose,
        },
        activation: match spec.stop.active_from {
            spec::ActiveFrom::EntryBar => LegActivation::EntryBar,
            spec::ActiveFrom::NextBar => LegActivation::NextBar,
        },
        trailing: spec.stop.trail,
        tick: tick(spec),
        take_profit: match spec.take_profit {
            spec::TakeProfitSpec::None => TakeProfit::None,
            spec::TakeProfitSpec::Percent(share) => TakeProfit::Percent(share),
            spec::TakeProfitSpec::RMultiple(multiple) => TakeProfit::RMultiple(multiple),
        },
    }
}

/// How the simulated market of this scenario fills, charges and refuses.
pub fn venue_rules(spec: &ScenarioSpec) -> VenueRules {
    let execution = &spec.execution;
    VenueRules {
        market_fill: match execution.market_fill {
            spec::MarketFill::NextOpen => MarketFill::NextOpen,
            spec::MarketFill::Close => MarketFill::Close,
            spec::MarketFill::NextClose => MarketFill::NextClose,
        },
        limit_fill: match execution.limit_fill {
            spec::LimitFill::Touch => LimitFill::Touch,
            spec::LimitFill::Through => LimitFill::Through,
        },
        both_touched: match execution.both_touched {
            spec::BothTouched::StopFirst => BothTouched::StopFirst,
            spec::BothTouched::TargetFirst => BothTouched::TargetFirst,
            spec::BothTouched::Ohlc => BothTouched::Ohlc,
            spec::BothTouched::Finer => BothTouched::Finer,
        },
        due_exit: match spec.stop.due_exit {
            spec::DueExit::ExitFirst => DueExit::ExitFirst,
            spec::DueExit::StopFirst => DueExit::StopFirst,
        },
        slippage: match execution.slippage.rule {
            spec::SlippageRule::None => Slippage::None,
            spec::SlippageRule::Bps(value) => Slippage::Fraction(value),
            spec::SlippageRule::PerShare(value) => Slippage::PerShare(value),
            spec::SlippageRule::VolumeShare(value) => Slippage::VolumeShare(value),
            spec::SlippageRule::Spread(value) => Slippage::Spread(value),
        },
        slippage_on: match execution.slippage.applies_to {
            spec::AppliesTo::Both => CostScope::Both,
            spec::AppliesTo::Entry => CostScope::Entry,
        },
        commission: commission(spec),
        participation: execution.participation,
        tick: tick(spec),
        fractional: spec.sizing.fractional,
        cash_check_at_fill: spec.account.cash_check == spec::CashCheck::Fill,
        trim_to_cash: spec.sizing.if_short_of_cash == spec::ShortOfCash::Trim,
        extended_hours: spec.data.hours == spec::Hours::Extended,
        leverage: spec.account.leverage.into(),
    }
}
