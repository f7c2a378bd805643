//! Engines built by hand, for laws about what a run does not show in its record.
use alphaflow::domain::{Bar, LegActivation, Quantity, Tick};
use alphaflow::engine::{Engine, EngineConfig, ReplayInput, SessionSpan, Sizing, SizingKind, replay};
use alphaflow::execution::ReplayBackend;
use alphaflow::risk::{CashCheck, Limits, Margin, StopAnchor, StopKind, StopRule, TakeProfit};
use alphaflow::strategy::{CrossRule, MaCrossover, SignalRule};
use alphaflow::venue::{BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Slippage, VenueRules};

/// A crossover of 3 and 8 bars in every symbol, ten shares, a stop at 2 %, a tenth of a basis point.
pub struct Harness {
    pub engine: Engine<MaCrossover>,
    backend: ReplayBackend,
}

impl Harness {
    /// Nothing has happened yet to `symbols`.
    pub fn new(symbols: usize) -> Harness {
        let commission = Commission::Fraction("0.00001".parse().unwrap());
        let cash = "1000000".parse().unwrap();
        let config = EngineConfig {
            cash,
            symbols,
            sizing: Sizing { kind: SizingKind::FixedShares(Quantity::from_shares(10).unwrap()), fractional: false },
            stop: StopRule {
                kind: StopKind::Percent { share: "0.02".parse().unwrap() },
                anchor: StopAnchor::Fill,
                activation: LegActivation::EntryBar,
                trailing: false,
                tick: Tick::UsEquity,
                take_profit: TakeProfit::None,
            },
            limits: Limits { position_size_max: "1".parse().unwrap(), ..Limits::WIDE },
            margin: Margin { leverage: 1, allow_short: false, cash_check: CashCheck::Approval },
            commission,
            trim_to_cash: false,
        };
        let rules = VenueRules {
            market_fill: MarketFill::NextOpen,
            limit_fill: LimitFill::Touch,
            both_touched: BothTouched::StopFirst,
            due_exit: DueExit::ExitFirst,
            slippage: Slippage::None,
            slippage_on: CostScope::Both,
            commission,
            participation: "0.1".parse().unwrap(),
            tick: Tick::UsEquity,
            fractional: false,
            cash_check_at_fill: false,
            trim_to_cash: false,
            extended_hours: false,
            leverage: 1,
        };
        let strategy = MaCrossover::new(3, 8, CrossRule::NonZero, SignalRule::DEFAULT, symbols);
        Harness { engine: Engine::new(strategy, config), backend: ReplayBackend::new(rules, cash, symbols) }
    }

    /// Runs over every bar.
    pub fn replay(&mut self, bars: &[&[Bar]], sessions: &[SessionSpan]) {
        let input = ReplayInput { bars, sessions, extended: &[], actions: &[], market_fill: MarketFill::NextOpen };
        replay(&mut self.engine, &mut self.backend, &input).unwrap();
    }
}
