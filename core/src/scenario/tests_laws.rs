//! Laws: nothing panics, and what is written is what was read.
use std::path::Path;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::effective::effective_toml;
use super::parse::read;
use super::parse_source::Source;
use super::spec::*;
use super::tests_values::{FULL, LEAST};
use crate::domain::{Money, Price, Quantity, Ratio, Symbol, Timeframe, Timestamp};

fn any_choice<C: Choice + std::fmt::Debug>() -> impl Strategy<Value = C> {
    select(C::ALL)
}

fn share(most: i64) -> impl Strategy<Value = Ratio> {
    (1..=most).prop_map(Ratio::from_units)
}

fn symbol() -> impl Strategy<Value = Symbol> {
    "[A-Z][A-Z0-9]{0,4}(\\.[AB])?".prop_map(|text| text.parse().expect("symbol"))
}

fn param_value() -> impl Strategy<Value = ParamValue> {
    let scalar = prop_oneof![
        any::<i64>().prop_map(ParamValue::Int),
        (-1e9..1e9f64).prop_map(|value| ParamValue::Float(format!("{value:.3}"))),
        any::<bool>().prop_map(ParamValue::Bool),
        any::<String>().prop_map(ParamValue::Text),
    ];
    scalar.prop_recursive(2, 8, 4, |inner| vec(inner, 0..4).prop_map(ParamValue::List))
}

fn data() -> impl Strategy<Value = DataSpec> {
    let symbols = btree_set(symbol(), 1..5).prop_map(|symbols| symbols.into_iter().collect::<Vec<_>>()).prop_shuffle();
    let days = (option::of(0..10_000i32), option::of(10_000..20_000i32));
    let path = "[a-z ./\\\\\"é]{0,10}\\{symbol\\}[a-z]{0,5}\\.(csv|parquet)";
    (select(&Timeframe::ALL[..]), days, any_choice(), any_choice::<Adjust>(), path, symbols, option::of(symbol()))
        .prop_map(|(timeframe, (start, end), calendar, adjust, path, symbols, benchmark)| {
            let bound = |day: i32| {
                let moment = Timestamp::from_days(day).expect("in range");
                match day % 2 == 0 || timeframe.is_daily() {
                    true => TimeBound::Date(moment.utc_date()),
                    false => TimeBound::Moment(moment.plus_ns(48_600_000_000_000)),
                }
            };
            let corporate_actions = (adjust != Adjust::None).then(|| "actions.csv".to_owned());
            let (start, end) = (start.map(bound), end.map(bound));
            let has_hours = calendar == CalendarKind::Xnys && !timeframe.is_daily() && symbols.len() > 2;
            DataSpec {
                timeframe,
                start,
                end,
                calendar,
                hours: if has_hours { Hours::Extended } else { Hours::Regular },
                adjust,
                corporate_actions,
                path,
                symbols,
                benchmark,
                finer_path: None,
            }
        })
}

fn sizing() -> impl Strategy<Value = SizingSpec> {
    let rule = prop_oneof![
        share(4_000_000_000).prop_map(SizingRule::EquityFraction),
        share(1_000_000_000).prop_map(SizingRule::CashFraction),
        (1..1_000_000i64).prop_map(|units| SizingRule::FixedShares(Quantity::from_units(units))),
        (1..i128::pow(10, 28)).prop_map(|units| SizingRule::Notional(Money::from_units(units))),
        share(1_000_000_000).prop_map(SizingRule::RiskFraction),
        share(4_000_000_000).prop_map(SizingRule::VolatilityTarget),
    ];
    (rule, any_choice()).prop_map(|(rule, if_short_of_cash)| SizingSpec { rule, fractional: true, if_short_of_cash })
}

fn execution() -> impl Strategy<Value = ExecutionSpec> {
    let price = |most: i64| (0..most).prop_map(|units| Price::from_units(units).expect("price"));
    let slippage = prop_oneof![
        Just(SlippageRule::None),
        share(500_000_000).prop_map(SlippageRule::Bps),
        price(10_000_000).prop_map(SlippageRule::PerShare),
        share(1_000_000_000).prop_map(SlippageRule::VolumeShare),
        share(1_000_000_000).prop_map(SlippageRule::Spread),
    ];
    let per_share = (price(10_000_000), 0..1_000i64, option::of(share(1_000_000_000)))
        .prop_map(|(value, cents, cap)| CommissionSpec::PerShare { value, min: Money::from_cents(cents), cap });
    let commission = prop_oneof![
        Just(CommissionSpec::None),
        Just(CommissionSpec::Alpaca),
        share(1_000_000_000).prop_map(CommissionSpec::Bps),
        per_share,
    ];
    let fills = (
        any_choice(),
        any_choice(),
        select(&[BothTouched::StopFirst, BothTouched::TargetFirst, BothTouched::Ohlc][..]),
    );
    (fills, slippage, any_choice(), commission, share(1_000_000_000), 0..3_600_000u32, any_choice()).prop_map(
        |(
            (market_fill, limit_fill, both_touched),
            rule,
            applies_to,
            commission,
            participation,
            latency_ms,
            venue_rules,
        )| {
            // Quotes go with raw prices, and the data may be adjusted: the model's spread only.
            let slippage = SlippageSpec { rule, quotes: None, applies_to };
            ExecutionSpec {
                market_fill,
                limit_fill,
                both_touched,
                slippage,
                commission,
                participation,
                latency_ms,
                venue_rules,
            }
        },
    )
}

fn stop() -> impl Strategy<Value = StopSpec> {
    let atr = (1..=10_000u32, share(1_000_000_000_000), any_choice())
        .prop_map(|(period, multiple, smoothing)| StopRule::Atr { period, multiple, smoothing });
    let rule = prop_oneof![Just(StopRule::None), atr, share(999_999_999).prop_map(StopRule::Percent)];
    (rule, any_choice(), any_choice(), any_choice(), any::<bool>(), 0..=1_000_000u32).prop_map(
        |(rule, anchor, active_from, due_exit, trail, exit_after_bars)| StopSpec {
            rule,
            anchor,
            active_from,
            due_exit,
            trail,
            exit_after_bars,
        },
    )
}

fn risk() -> impl Strategy<Value = RiskSpec> {
    let limits = vec(share(1_000_000_000_000_000), 7);
    let counts = (1..=1_000_000u32, 1..=1_000_000u32, 1..i128::pow(10, 28), 1..=86_400_000u64);
    (limits, counts, any_choice(), any_choice(), btree_set(symbol(), 0..3)).prop_map(
        |(limits, (positions, orders, notional, stale_after_ms), on_daily_loss, on_breach, restricted)| RiskSpec {
            max_daily_loss: limits[0],
            max_position_size: limits[1],
            max_portfolio_heat: limits[2],
            max_correlated_exposure: limits[3],
            max_drawdown: limits[4],
            max_gross_exposure: limits[5],
            max_open_positions: positions,
            max_orders_per_minute: orders,
            max_order_notional: Money::from_units(notional),
            price_collar: limits[6],
            on_daily_loss,
            on_breach,
            stale_after_ms,
            restricted_symbols: restricted.into_iter().collect(),
        },
    )
}

fn sweep() -> impl Strategy<Value = SweepSpec> {
    let range = (-1_000_000i64..1_000_000, 0..1_000i64, 1..1_000_000i64).prop_map(|(from, steps, step)| {
        let [from, to, step] = [from, from + steps * step, step].map(Ratio::from_units);
        AxisValues::Range { from, to, step }
    });
    let values = prop_oneof![vec(param_value(), 1..4).prop_map(AxisValues::List), range];
    let key = prop_oneof![Just("stop.multiple".to_owned()), "strategy\\.params\\.[a-z]{1,8}"];
    let axes = vec((key, values).prop_map(|(key, values)| SweepAxis { key, values }), 0..3).prop_map(|mut axes| {
        let mut seen = std::collections::BTreeSet::new();
        axes.retain(|axis| seen.insert(axis.key.clone()));
        axes
    });
    let sample = (1..=1_000_000u32, any_choice()).prop_map(|(count, method)| SampleSpec { count, method });
    (axes, vec(any::<String>(), 0..3), option::of(sample)).prop_map(|(axes, conditions, sample)| SweepSpec {
        axes,
        conditions,
        sample,
    })
}

fn walk_forward() -> impl Strategy<Value = WalkForwardSpec> {
    let units = select(&[PeriodUnit::Years, PeriodUnit::Months, PeriodUnit::Weeks, PeriodUnit::Days][..]);
    let period = (1..=9_999u32, units).prop_map(|(count, unit)| Period { count, unit });
    (period.clone(), period, any::<bool>(), any_choice())
        .prop_map(|(train, test, anchored, objective)| WalkForwardSpec { train, test, anchored, objective })
}

fn stress() -> impl Strategy<Value = StressSpec> {
    let some = || vec(share(999_999_999), 0..3);
    let windows = vec(select(StressWindow::ALL), 0..3);
    (some(), some(), some(), windows, vec(0..=1_000u32, 0..3), 0..=1_000u32).prop_map(
        |(gap, slippage_times, missing_bars, windows, frozen, reorder)| StressSpec {
            gap,
            slippage_times,
            missing_bars,
            windows,
            frozen,
            reorder,
        },
    )
}

fn account() -> impl Strategy<Value = AccountSpec> {
    let rates = (share(100_000_000_000), share(100_000_000_000));
    (
        1..i128::pow(10, 28),
        select(&[1u32, 2, 4][..]),
        any_choice(),
        any::<bool>(),
        any_choice(),
        rates,
        btree_set(symbol(), 0..3),
    )
        .prop_map(
            |(units, leverage, cash_check, allow_short, settlement, (borrow_rate, margin_rate), hard_to_borrow)| {
                let is_margin = leverage > 1 || allow_short;
                AccountSpec {
                    cash: Money::from_units(units),
                    leverage,
                    cash_check,
                    allow_short,
                    settlement: if is_margin { Settlement::Instant } else { settlement },
                    borrow_rate,
                    margin_rate,
                    hard_to_borrow: hard_to_borrow.into_iter().collect(),
                }
            },
        )
}

fn spec() -> impl Strategy<Value = ScenarioSpec> {
    let scenario =
        ("[a-zé0-9][a-zA-Z0-9_é -]{0,20}[a-z]", 0..=i64::MAX as u64).prop_map(|(name, seed)| HeadSpec { name, seed });
    let params =
        vec((prop_oneof!["[a-z_]{1,8}".boxed(), any::<String>().boxed()], param_value()), 0..5).prop_map(|params| {
            let mut seen = std::collections::BTreeSet::new();
            let params = params.into_iter().filter(|(name, _)| seen.insert(name.clone()));
            params.map(|(name, value)| Param { name, value }).collect::<Vec<_>>()
        });
    let strategy = ("[a-z_]{1,12}", params).prop_map(|(name, params)| StrategySpec { name, params });
    let target = prop_oneof![
        Just(TakeProfitSpec::None),
        share(100_000_000_000).prop_map(TakeProfitSpec::Percent),
        share(1_000_000_000_000).prop_map(TakeProfitSpec::RMultiple),
    ];
    let studies = (option::of(sweep()), option::of(walk_forward()), option::of(stress()));
    let rules = (sizing(), execution(), stop(), target, risk());
    (scenario, data(), account(), strategy, rules, studies).prop_map(
        |(scenario, data, account, strategy, (sizing, mut execution, mut stop, take_profit, risk), studies)| {
            if data.timeframe.is_daily() || execution.market_fill == MarketFill::Close {
                execution.latency_ms = 0;
            }
            let needs_stop = matches!(take_profit, TakeProfitSpec::RMultiple(_))
                || matches!(sizing.rule, SizingRule::RiskFraction(_));
            if needs_stop && !stop.is_set() {
                stop.rule = StopRule::Percent(Ratio::from_units(1));
            }
            let (sweep, walk_forward, stress) = studies;
            ScenarioSpec {
                scenario,
                data,
                account,
                strategy,
                sizing,
                execution,
                stop,
                take_profit,
                risk,
                sweep,
                walk_forward,
                stress,
            }
        },
    )
}

fn reread(text: &str, overrides: &[String]) -> Result<ScenarioSpec, String> {
    let source = Source::new(Path::new("a.toml"), text, overrides);
    read(&source).map(|(spec, _)| spec).map_err(|errors| errors.to_string())
}

/// Text that is almost a scenario: one line of the specification's file damaged.
fn damaged() -> impl Strategy<Value = String> {
    (0..FULL.len(), 0..FULL.len(), "[\\[\\]{}=\",.#a-z0-9\\n é-]{0,12}").prop_map(|(a, b, noise)| {
        let (from, to) = (a.min(b), (a.max(b)).min(a.min(b) + 20));
        let (from, to) = (FULL.floor_char_boundary(from), FULL.floor_char_boundary(to));
        format!("{}{noise}{}", &FULL[..from], &FULL[to..])
    })
}

proptest! {
    /// Writing and reading again changes nothing, for every scenario there can be.
    #[test]
    fn effective_text_round_trips(spec in spec()) {
        let text = effective_toml(&spec);
        match reread(&text, &[]) {
            Ok(again) => {
                prop_assert_eq!(effective_toml(&again), text);
                prop_assert_eq!(again, spec);
            }
            Err(errors) => prop_assert!(false, "{}\n{}", errors, text),
        }
    }

    /// Arbitrary text is refused or read, never a panic; the errors name the file and stay printable.
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), overrides in vec(any::<String>(), 0..3)) {
        if let Err(errors) = reread(&text, &overrides) {
            prop_assert!(errors.starts_with("error "));
            prop_assert!(errors.chars().all(|character| character == '\n' || !character.is_control()));
        }
    }

    #[test]
    fn damaged_scenarios_never_panic(text in damaged(), key in select(vec!["stop.kind", "data", "sweep.x", "risk.stale_after"]), value in any::<String>()) {
        if let Err(errors) = reread(&text, &[format!("{key}={value}")]) {
            prop_assert!(errors.starts_with("error "));
        }
    }

    /// Any value at any key is taken or refused with the key's name.
    #[test]
    fn any_value_at_any_key(key in select(super::spec_keys::KEYS.iter().map(|info| info.path).collect::<Vec<_>>()), value in any::<String>()) {
        if let Err(errors) = reread(LEAST, &[format!("{key}={value}")]) {
            prop_assert!(errors.starts_with("error "));
        }
    }
}

#[test]
fn hostile_sizes_are_refused_quickly() {
    let deep = format!("a = {}", "[".repeat(50_000));
    let wide: String = (0..30_000).map(|number| format!("k{number}=1\n")).collect();
    for text in [deep.as_str(), &wide[..200_000], "\"\" = 1\n[\"\"]\n", "a.b.c = { d = [{ e = 1 }] }"] {
        assert!(reread(text, &[]).is_err());
    }
}
