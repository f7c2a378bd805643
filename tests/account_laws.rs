//! Laws of the account's rules: the quiet path is the long way, money is conserved, no approval passes the
//! multiplier of the day, and a margin call leaves an account that meets its requirement.
#![allow(clippy::unwrap_used)]
use alphaflow::domain::{
    Bar, ExitLegs, Fill, LegActivation, Money, OrderClass, OrderId, OrderKind, OrderPurpose, OrderRequest, OrderSize,
    Price, Quantity, Ratio, Side, SymbolIndex, Tick, TimeInForce, Timestamp, Volume,
};
use alphaflow::engine::{
    AccountRules, Engine, EngineConfig, Journal, MarginRules, MarketAction, ReplayInput, SessionSpan, Settlement,
    Sizing, SizingKind, replay,
};
use alphaflow::execution::ReplayBackend;
use alphaflow::market::Calendar;
use alphaflow::portfolio::Portfolio;
use alphaflow::risk::{
    CashCheck, Gate, Holding, Limits, MaintenanceRate, Margin, Standing, StopAnchor, StopKind, StopRule, TakeProfit,
};
use alphaflow::strategy::{CrossRule, Direction, Intent, Intents, MaCrossover, Reenter, SignalRule, Strategy, View};
use alphaflow::venue::{BothTouched, Commission, CostScope, DueExit, LimitFill, MarketFill, Slippage, VenueRules};
use proptest::prelude::*;

fn ratio(text: &str) -> Ratio {
    text.parse().unwrap()
}

/// A strategy that is asked bar by bar.
struct BarByBar(MaCrossover);

impl Strategy for BarByBar {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.0.on_bar(symbol, bar, view, intents);
    }

    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.0.on_split(symbol, ratio);
    }
}

/// A strategy that enters and leaves as a row of numbers says.
struct Wild {
    wishes: Vec<u8>,
    at: usize,
}

impl Strategy for Wild {
    fn on_bar(&mut self, symbol: SymbolIndex, _: &Bar, _: &View<'_>, intents: &mut Intents) {
        let wish = self.wishes[self.at % self.wishes.len()];
        self.at += 1;
        match wish {
            0..=2 => intents.push(Intent::Enter { symbol, side: Side::Buy, weight: None }),
            3..=5 => intents.push(Intent::Enter { symbol, side: Side::Sell, weight: None }),
            6 => intents.push(Intent::Exit { symbol }),
            _ => {}
        }
    }
}

/// What the runs of one comparison have in common.
#[derive(Debug, Clone)]
struct World {
    bars: Vec<Vec<Bar>>,
    sessions: Vec<SessionSpan>,
    actions: Vec<(Timestamp, MarketAction)>,
    leverage: i64,
    allow_short: bool,
    cash: Money,
    size: Ratio,
    stop: StopKind,
    market_fill: MarketFill,
    rules: AccountRules,
}

/// A finished run: its record, our cash and the venue's, what each may spend of it.
struct Done {
    journal: Journal,
    cash: [Money; 2],
    settled: [Money; 2],
}

fn run<S: Strategy>(strategy: S, world: &World) -> Done {
    let symbols = world.bars.len();
    let commission = Commission::Fraction(ratio("0.0005"));
    let config = EngineConfig {
        cash: world.cash,
        symbols,
        sizing: Sizing { kind: SizingKind::EquityFraction(world.size), fractional: false },
        stop: StopRule {
            kind: world.stop,
            anchor: StopAnchor::Fill,
            activation: LegActivation::EntryBar,
            trailing: false,
            tick: Tick::None,
            take_profit: TakeProfit::None,
        },
        limits: Limits { position_size_max: ratio("4"), ..Limits::WIDE },
        margin: Margin { leverage: world.leverage, allow_short: world.allow_short, cash_check: CashCheck::Approval },
        commission,
        trim_to_cash: true,
    };
    let rules = VenueRules {
        market_fill: world.market_fill,
        limit_fill: LimitFill::Touch,
        both_touched: BothTouched::StopFirst,
        due_exit: DueExit::ExitFirst,
        slippage: Slippage::None,
        slippage_on: CostScope::Both,
        commission,
        participation: ratio("1"),
        tick: Tick::None,
        fractional: false,
        cash_check_at_fill: false,
        trim_to_cash: false,
        leverage: world.leverage,
        extended_hours: false,
    };
    let mut engine = Engine::new(strategy, config).with_account(world.rules.clone());
    let mut backend = ReplayBackend::new(rules, world.cash, symbols);
    let series: Vec<&[Bar]> = world.bars.iter().map(Vec::as_slice).collect();
    let (sessions, actions, market_fill) = (&world.sessions[..], &world.actions[..], world.market_fill);
    replay(&mut engine, &mut backend, &ReplayInput { bars: &series, sessions, extended: &[], actions, market_fill })
        .unwrap();
    assert!(engine.portfolio().is_conserved());
    let cash = [engine.portfolio().cash(), backend.venue().cash()];
    let settled = [engine.portfolio().settled_cash(), backend.venue().settled_cash()];
    Done { journal: engine.finish(), cash, settled }
}

const DAY: i64 = 86_400;
const BARS_A_SESSION: usize = 13;

/// Bars from a close of `start` cents on, half-hour ones in sessions of New York's hours or daily ones; `first`
/// is the day of the first, weekends are left out.
fn bars(moves: &[(i64, i64, i64)], start: i64, first: i64, daily: bool) -> Vec<Bar> {
    let price = |cents: i64| Price::from_units(cents * 10_000_000).unwrap();
    let mut close = start;
    let bar = |(at, &(gap, turn, wick)): (usize, &(i64, i64, i64))| {
        let (session, inside) = if daily { (at, None) } else { (at / BARS_A_SESSION, Some(at % BARS_A_SESSION)) };
        let day = first + session as i64 / 5 * 7 + session as i64 % 5;
        let seconds = day * DAY + inside.map_or(0, |bar| 52_200 + 1_800 * bar as i64);
        // In thousandths of the price.
        let open = (close + close * gap / 1_000).max(60);
        close = (open + open * turn / 1_000).max(60);
        Bar {
            time: Timestamp::from_seconds(seconds).unwrap(),
            open: price(open),
            high: price(open.max(close) + wick),
            low: price(open.min(close) - wick.min(20)),
            close: price(close),
            volume: Volume::from_shares(1_000_000_000).unwrap(),
        }
    };
    moves.iter().enumerate().map(bar).collect()
}

fn sessions(bars: &[Bar]) -> Vec<SessionSpan> {
    let span = |chunk: &[Bar]| SessionSpan {
        start: chunk[0].time,
        last_bar: chunk[0].time.plus_ns((BARS_A_SESSION as i64 - 1) * 1_800 * Timestamp::NS_PER_SECOND),
    };
    bars.chunks(BARS_A_SESSION).map(span).collect()
}

/// Mondays some days before the rules changed: 2017-08-28, 2024-05-20, 2026-05-25.
fn first_day() -> impl proptest::strategy::Strategy<Value = i64> {
    prop_oneof![Just(17_406i64), Just(19_863), Just(20_598)]
}

fn rules() -> impl proptest::strategy::Strategy<Value = (MarginRules, Settlement, Ratio, Ratio)> {
    let rate = || prop_oneof![Just(ratio("0")), Just(ratio("0.07")), Just(ratio("0.9"))];
    let margin = prop_oneof![3 => Just(MarginRules::Alpaca), 1 => Just(MarginRules::None)];
    (margin, prop_oneof![Just(Settlement::Instant), Just(Settlement::Dated)], rate(), rate())
}

fn world(
    bars: Vec<Vec<Bar>>,
    daily: bool,
    (leverage, allow_short, cash, size): (i64, bool, i64, i64),
    (margin, settlement, borrow_rate, margin_rate): (MarginRules, Settlement, Ratio, Ratio),
) -> World {
    let is_cash = leverage == 1 && !allow_short;
    World {
        sessions: if daily { Vec::new() } else { sessions(&bars[0]) },
        bars,
        actions: Vec::new(),
        leverage,
        allow_short,
        cash: Money::from_cents(cash * 100),
        size: Ratio::from_units(size * 100_000_000),
        stop: StopKind::Percent { share: ratio("0.2") },
        market_fill: MarketFill::NextOpen,
        rules: AccountRules {
            calendar: Calendar::xnys(),
            settlement: if is_cash { settlement } else { Settlement::Instant },
            margin,
            borrow_rate,
            margin_rate,
            restricted: Vec::new(),
            hard_to_borrow: Vec::new(),
        },
    }
}

fn account() -> impl proptest::strategy::Strategy<Value = (i64, bool, i64, i64)> {
    let cash = prop_oneof![Just(2_100i64), Just(26_000), Just(1_000_000)];
    (prop_oneof![Just(1i64), Just(2), Just(4)], any::<bool>(), cash, 3i64..39)
}

fn cash_of(done: &Done, start: Money) -> Money {
    let paid = |fill: &Fill| fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
    let fills: Money = done.journal.fills.iter().map(paid).sum();
    start - fills + done.journal.cash_events.iter().map(|event| event.amount).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Passing quiet bars changes nothing: not an order, a fill, a margin call, a night's fee, nor equity.
    #[test]
    fn passing_is_the_long_way(
        moves in proptest::collection::vec((-30i64..30, -60i64..60, 0i64..60), 1..400),
        (first, daily, start) in (first_day(), any::<bool>(), prop_oneof![Just(10_000i64), Just(480), Just(240)]),
        (account, rules) in (account(), rules()),
        (at_close, acts) in (any::<bool>(), proptest::collection::vec((0usize..400, any::<bool>()), 0..3)),
    ) {
        let bars = bars(&moves, start, first, daily);
        let mut actions: Vec<_> = acts.iter().filter(|(at, _)| *at < bars.len()).map(|(at, splits)| {
            let symbol = SymbolIndex(0);
            let action = match splits {
                true => MarketAction::Split { symbol, ratio: ratio("2") },
                false => MarketAction::Dividend { symbol, amount: "0.5".parse().unwrap() },
            };
            (bars[*at].time, action)
        }).collect();
        actions.sort_by_key(|(time, _)| *time);
        let market_fill = if at_close { MarketFill::Close } else { MarketFill::NextOpen };
        let world = World { actions, market_fill, ..world(vec![bars], daily, account, rules) };
        let signal = SignalRule { direction: Direction::LongShort, reenter: Reenter::Level, cooldown_bars: 0 };
        let strategy = || MaCrossover::new(2, 7, CrossRule::NonZero, signal, 1);
        let (short, long) = (run(strategy(), &world), run(BarByBar(strategy()), &world));
        prop_assert_eq!(cash_of(&short, world.cash), short.cash[0]);
        prop_assert_eq!(short.cash[0], short.cash[1]);
        prop_assert_eq!(short.settled[0], short.settled[1]);
        let (short, long) = (short.journal, long.journal);
        prop_assert_eq!(short.margin_calls, long.margin_calls);
        prop_assert_eq!(short.cash_events, long.cash_events);
        prop_assert_eq!(short.refusals, long.refusals);
        prop_assert_eq!(short.fills, long.fills);
        prop_assert_eq!(short.orders, long.orders);
        prop_assert_eq!(short.stops, long.stops);
        prop_assert_eq!(short.equity, long.equity);
    }

    /// Cash is the start less fills plus what came without them, the venue has the same, and after a margin
    /// call the account meets its requirement with what it keeps, or keeps nothing.
    #[test]
    fn a_call_leaves_what_can_be_kept(
        moves in proptest::collection::vec((prop_oneof![8 => -60i64..60, 1 => -500i64..500], proptest::array::uniform3((-10i64..10, -30i64..30, 0i64..60))), 2..80),
        (first, daily) in (first_day(), any::<bool>()),
        ((leverage, allow_short, cash, _), rules, size) in (account(), rules(), 3i64..12),
        (wishes, drift) in (proptest::collection::vec(prop_oneof![6 => 0u8..3, 1 => 0u8..9], 1..40), -60i64..60),
    ) {
        // They fall together.
        let of = |symbol: usize| -> Vec<_> {
            let own = moves.iter().map(|(all, own)| (all, own[symbol]));
            own.map(|(all, (gap, turn, wick))| (gap, turn + all + drift, wick)).collect()
        };
        let start = [10_000, 3_000, 700];
        let series: Vec<Vec<Bar>> = (0..3).map(|symbol| bars(&of(symbol), start[symbol], first, daily)).collect();
        let world = World { stop: StopKind::None, ..world(series, daily, (leverage, allow_short, cash, size), rules) };
        let done = run(Wild { wishes, at: 0 }, &world);
        prop_assert_eq!(done.cash[0], done.cash[1]);
        prop_assert_eq!(done.settled[0], done.settled[1]);
        prop_assert_eq!(cash_of(&done, world.cash), done.cash[0]);
        let times: Vec<Timestamp> = world.bars[0].iter().map(|bar| bar.time).collect();
        // Within a session of an account at four times the requirement is the smaller one.
        let rate = match world.leverage == 4 && !daily {
            true => MaintenanceRate::WithinSession,
            false => MaintenanceRate::Carried,
        };
        for call in &done.journal.margin_calls {
            let at = times.iter().position(|time| *time == call.time).unwrap();
            let Some(next) = times.get(at + 1) else { continue };
            prop_assert!(call.need > call.have || world.leverage == 4);
            let mut need = Money::ZERO;
            for (symbol, bars) in world.bars.iter().enumerate() {
                let kept = |fill: &&Fill| {
                    let leaves = matches!(fill.purpose, OrderPurpose::RiskHalt | OrderPurpose::Signal);
                    fill.symbol.get() == symbol && (fill.time <= call.time || (fill.time == *next && leaves))
                };
                let fills = done.journal.fills.iter().filter(kept);
                let shares = fills.fold(Quantity::ZERO, |held, fill| held + fill.quantity.signed(fill.side));
                need += rate.requirement(shares, bars[at].close);
            }
            prop_assert!(need <= call.have || need == Money::ZERO, "{call:?} keeps {need}");
        }
    }

    /// Whatever is asked in whatever order, an approved entry leaves gross exposure and reserves within the
    /// multiplier of the day times equity, and positions that could be kept.
    #[test]
    fn no_approval_passes_the_multiplier(
        (leverage, cash, within) in (prop_oneof![Just(1i64), Just(2), Just(4)], 1_000i64..60_000, any::<bool>()),
        date in prop_oneof![Just("2020-01-02"), Just("2026-06-03"), Just("2026-06-04")],
        asks in proptest::collection::vec((0u16..3, any::<bool>(), 1i64..2_000, any::<bool>(), 100i64..20_000), 1..60),
    ) {
        let start = Money::from_cents(cash * 100);
        let margin = Margin { leverage, allow_short: true, cash_check: CashCheck::Approval };
        let holding = if within { Holding::WithinSessions } else { Holding::Overnight };
        let standing = Standing::on_margin(&margin, holding, date.parse().unwrap(), start, 0);
        let limits = Limits { position_size_max: ratio("4"), ..Limits::WIDE };
        let mut gate = Gate::new(limits, margin, 3, start);
        gate.set_standing(standing);
        let mut portfolio = Portfolio::with_cash(start, 3);
        let now = Timestamp::from_ns(0);
        for (at, (symbol, buys, shares, fills, cents)) in asks.into_iter().enumerate() {
            let symbol = SymbolIndex(symbol);
            if portfolio.position(symbol).mark() == Price::ZERO {
                portfolio.mark(symbol, Price::from_units(cents * 10_000_000).unwrap());
            }
            let (id, quantity) = (OrderId(at as u64 + 1), Quantity::from_shares(shares).unwrap());
            let request = OrderRequest {
                symbol,
                side: if buys { Side::Buy } else { Side::Sell },
                size: OrderSize::Shares(quantity),
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                class: OrderClass::Simple,
                purpose: OrderPurpose::Entry,
                legs: ExitLegs::NONE,
                extended_hours: false,
            };
            let Ok(approved) = gate.review(id, &request, || Money::ZERO, &portfolio, now) else { continue };
            let most = Money::from_units(portfolio.equity().units() * i128::from(standing.leverage));
            if !approved.reduces() {
                // What an order turns round is leaving: should it stay, the order only shrinks it.
                let held = portfolio.position(symbol);
                let turns = held.quantity().closing_side() == Some(request.side);
                let leaving = if turns { held.value().abs() } else { Money::ZERO };
                prop_assert!(portfolio.gross_exposure() - leaving + gate.reserved() <= most);
            }
            if fills {
                let price = approved.reference();
                let (side, fee, purpose) = (request.side, Money::ZERO, OrderPurpose::Entry);
                portfolio.apply(&Fill { order: id, symbol, side, quantity, price, reference: price, fee, time: now, purpose });
                gate.post(id, quantity, Quantity::ZERO);
                gate.set_held(symbol, portfolio.position(symbol).quantity());
                let need: Money = portfolio.positions().iter()
                    .map(|position| MaintenanceRate::WithinSession.requirement(position.quantity(), position.mark()))
                    .sum();
                prop_assert!(need <= portfolio.equity(), "{need} of {}", portfolio.equity());
            }
        }
    }
}
