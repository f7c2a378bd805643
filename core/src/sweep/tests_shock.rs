//! Shocks, each by hand on a few bars, and the laws that hold for all of them.
use proptest::prelude::*;

use super::limits_held::StressHeld;
use super::markets::SharedMarket;
use super::plan::Plan;
use super::row::{Row, RunStatus};
use super::shock::{Shock, on_grid};
use super::shock_overnight::struck;
use super::shock_reorder::{BLOCK, reordered};
use super::shock_window::{check_windows, window_of};
use super::stressed::{NO_SLIPPAGE, NOTHING_HELD, stressed_row};
use super::testing::changed;
use crate::domain::{Bar, Price, Ratio, Side, SymbolIndex, Tick, Timestamp, Volume};
use crate::engine::{MarketAction, SessionSpan};
use crate::market::Calendar;
use crate::scenario::spec::{ScenarioSpec, SlippageRule, StressWindow};
use crate::scenario::{LimitKind, LoadedScenario, MarketData, Night};
use crate::strategy::BuiltIn;

/// Buys for half of the account at the second open and keeps it.
const HELD: [&str; 6] = [
    "strategy={ name = \"buy_and_hold\" }",
    "stop.kind=none",
    "sizing.value=0.5",
    "risk.max_position_size=0.6",
    "risk.max_portfolio_heat=1",
    "risk.max_order_notional=60000",
];

fn price(text: &str) -> Price {
    text.parse().expect("price")
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("ratio")
}

fn day(number: i32) -> Timestamp {
    Timestamp::from_days(15_000 + number).expect("day")
}

fn bar(time: Timestamp, level: &str) -> Bar {
    let level = price(level);
    let volume = Volume::from_shares(10_000_000).expect("volume");
    Bar { time, open: level, high: level, low: level, close: level, volume }
}

fn market(levels: &[&str]) -> MarketData {
    let bars = levels.iter().zip(0..).map(|(level, number)| bar(day(number), level)).collect();
    MarketData { bars: vec![bars], ..MarketData::default() }
}

fn calm() -> Shock {
    Shock {
        gap: Ratio::ZERO,
        slippage_times: Ratio::ONE,
        missing_bars: Ratio::ZERO,
        window: None,
        frozen: 0,
        reorder: 0,
    }
}

/// All rows of a stress test over `market`.
fn rows(plan: &Plan, market: MarketData) -> Vec<Row> {
    let shared = SharedMarket::new(market);
    let row = |position: usize| {
        let run = plan.scenario(&BuiltIn, position).expect("run");
        let values = plan.values(position).map(|(_, value)| value.to_owned()).collect();
        stressed_row(&BuiltIn, position, values, &run, &shared)
    };
    (0..plan.len()).map(row).collect()
}

fn plan(stress: &str, overrides: &[&str]) -> Plan {
    let loaded = changed(&format!("[stress]\n{stress}\n"), overrides);
    Plan::new(&loaded).unwrap_or_else(|errors| panic!("{errors}"))
}

fn near(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-12), "{found:?} is not {wanted}");
}

/// 500 shares at 100 dollars, and a night in which they lose a fifth: 10,000 dollars of 100,000, where a day may
/// lose 2 %.
#[test]
fn a_gap_passes_the_daily_loss_limit_by_what_it_takes() {
    let plan = plan("gap = [\"-0.2\"]", &HELD);
    let rows = rows(&plan, market(&["100"; 6]));
    near(rows[0].measure("total_return"), 0.0);
    near(rows[1].measure("total_return"), -0.1);
    assert_eq!((rows[0].status, rows[1].status, rows[1].reason.as_str()), (RunStatus::Done, RunStatus::Done, ""));
    let held = StressHeld::of(&plan, &rows).expect("stress");
    let limit = |kind: LimitKind| held.limits.iter().find(|limit| limit.kind == kind).expect("limit");
    let loss = limit(LimitKind::DailyLoss);
    let worst = loss.worst.as_ref().expect("worst");
    assert_eq!((loss.measured, loss.held, worst.run, worst.shock.as_str()), (2, 1, 1, "stress.gap=-0.2"));
    near(Some(worst.reached), 0.1);
    near(Some(worst.overshoot()), 0.08);
    // A fall of a tenth is within the 15 % of max_drawdown.
    let fall = limit(LimitKind::Drawdown);
    assert_eq!((fall.measured, fall.held), (2, 2));
    near(fall.worst.as_ref().map(super::limits_held::Worst::overshoot), 0.0);
    assert_eq!(
        held.in_words(),
        "7 of 8 limits held in each of 2 runs. max_daily_loss was passed in 1 of 2: run 1 reached 10.00% where 2.00% \
         is allowed (shock: stress.gap=-0.2)."
    );
    let effect = &held.shocks[1];
    assert_eq!((effect.key.as_str(), effect.value.as_str(), effect.runs), ("stress.gap", "-0.2", 1));
    let (median, worst) = effect.total_return.expect("returns");
    near(Some(median), -0.1);
    near(Some(worst), -0.1);
    let line = "stress.gap,-0.2,max_daily_loss,share,1,0,0.02,0.1,0.08,1,stress.gap=-0.2\n";
    assert!(held.to_csv().contains(line), "{}", held.to_csv());
}

/// The gap comes where the account has most at stake, not where it has most dollars.
#[test]
fn the_night_is_that_of_the_largest_exposure() {
    let plan = plan("gap = [\"-0.5\"]", &HELD);
    // Half of the account until the price doubles; then 100,000 of 150,000, and from then on the same.
    let rows = rows(&plan, market(&["100", "100", "100", "200", "200", "200"]));
    near(rows[1].measure("total_return"), 0.0);
    near(rows[1].reached[0], 50_000.0 / 150_000.0);
}

#[test]
fn the_price_steps_down_for_a_long_and_up_for_a_short() {
    let mut market = market(&["100", "100", "101.57", "0.99"]);
    market.bars.push(market.bars[0].clone());
    market.bars.push(market.bars[0].clone());
    let held = vec![(SymbolIndex(0), Side::Buy), (SymbolIndex(1), Side::Sell)];
    let night = Night { after: day(1), next: day(2), held, exposure: 1.0 };
    let shock = Shock { gap: ratio("-0.2"), ..calm() };
    let after = struck(&market, &night, &shock, Tick::UsEquity);
    let closes = |symbol: usize| after.bars[symbol].iter().map(|bar| bar.close.to_string()).collect::<Vec<_>>();
    // 81.256 and 121.884 to the cent; under a dollar the grid is a hundredth of a cent.
    assert_eq!(closes(0), ["100", "100", "81.26", "0.792"]);
    assert_eq!(closes(1), ["100", "100", "121.88", "1.19"]);
    assert_eq!(after.bars[2], market.bars[2]);
    let exact = struck(&market, &night, &shock, Tick::None);
    assert_eq!(exact.bars[0][2].close, price("81.256"));
}

#[test]
fn a_frozen_price_stands_still_without_volume_and_a_gap_waits_for_its_end() {
    let mut market = market(&["100", "100", "90", "40", "35", "30"]);
    // Two new shares for each on the second still day: the frozen price is halved with them.
    market.actions = vec![(day(3), MarketAction::Split { symbol: SymbolIndex(0), ratio: ratio("2") })];
    let night = Night { after: day(1), next: day(2), held: vec![(SymbolIndex(0), Side::Buy)], exposure: 1.0 };
    let after = struck(&market, &night, &Shock { frozen: 2, gap: ratio("-0.1"), ..calm() }, Tick::UsEquity);
    let shown: Vec<(String, bool)> =
        after.bars[0].iter().map(|bar| (bar.close.to_string(), bar.volume.is_zero())).collect();
    let wanted = [("100", false), ("100", false), ("100", true), ("50", true), ("31.5", false), ("27", false)];
    assert_eq!(shown, wanted.map(|(text, still)| (text.to_owned(), still)));
    // Longer than the data: still to the end.
    let longer = struck(&market, &night, &Shock { frozen: 99, ..calm() }, Tick::UsEquity);
    assert_eq!(longer.bars[0][5].close, price("50"));
}

#[test]
fn a_run_that_holds_nothing_says_so_and_is_as_without_the_shock() {
    // Two falling averages never cross upwards.
    let plan = plan("gap = [\"-0.2\"]\nfrozen = [2]", &[]);
    let falling: Vec<String> = (0..60).map(|day| (200 - day).to_string()).collect();
    let rows = rows(&plan, market(&falling.iter().map(String::as_str).collect::<Vec<_>>()));
    let reasons: Vec<&str> = rows.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["", NOTHING_HELD, NOTHING_HELD, NOTHING_HELD]);
    assert!(rows.iter().all(|row| row.status == RunStatus::Done && row.fingerprint == rows[0].fingerprint));
    assert!(rows.iter().all(|row| row.measures == rows[0].measures && row.reached == rows[0].reached));
    let words = StressHeld::of(&plan, &rows).expect("stress").in_words();
    let said = "All 6 limits held in each of 4 runs. Of 3 runs it is to be said: nothing was held overnight.";
    assert_eq!(words, said);
}

#[test]
fn slippage_of_every_kind_is_multiplied() {
    let rule = |kind: &str, factor: &str| {
        let slippage = format!("execution.slippage={kind}");
        let loaded = changed("", &[&slippage]);
        let shock = Shock { slippage_times: ratio(factor), ..calm() };
        shock.scenario(&loaded).map(|run| run.spec.execution.slippage.rule)
    };
    let of = |kind: &str| rule(&format!("{{ kind = \"{kind}\", value = \"0.5\" }}"), "5").expect("rule");
    assert_eq!(of("bps"), SlippageRule::Bps(ratio("0.00025")));
    assert_eq!(of("per_share"), SlippageRule::PerShare(price("2.5")));
    assert_eq!(of("volume_share"), SlippageRule::VolumeShare(ratio("2.5")));
    assert_eq!(of("spread"), SlippageRule::Spread(ratio("2.5")));
    assert_eq!(rule("{ kind = \"none\" }", "5"), Ok(SlippageRule::None));
    assert_eq!(
        rule("{ kind = \"bps\", value = \"1000\" }", "6"),
        Err("slippage of 0.1 × 6 is more than 0.5, the most there may be".to_owned())
    );
    rule("{ kind = \"per_share\", value = \"2\" }", "501").expect_err("beyond a thousand dollars");
}

#[test]
fn slippage_that_is_none_stays_none_and_the_row_says_so() {
    let none = rows(&plan("slippage_times = [5]", &HELD), market(&["100"; 4]));
    assert_eq!((none[0].reason.as_str(), none[1].reason.as_str()), ("", NO_SLIPPAGE));
    assert_eq!(none[0].measures, none[1].measures);
    let paid = [&HELD[..], &["execution.slippage={ kind = \"per_share\", value = \"0.1\" }"]].concat();
    let paid = rows(&plan("slippage_times = [5]", &paid), market(&["100"; 4]));
    near(paid[0].measure("slippage"), 50.0);
    near(paid[1].measure("slippage"), 250.0);
}

#[test]
fn missing_bars_are_drawn_by_symbol_and_more_of_them_are_the_same_and_others() {
    let loaded = |symbols: &str| changed("", &[&format!("data.symbols={symbols}")]);
    let levels = vec!["100"; 2_000];
    let left = |loaded: &LoadedScenario, share: &str| {
        let mut market = market(&levels);
        market.bars = vec![market.bars[0].clone(); loaded.spec.data.symbols.len()];
        let shock = Shock { missing_bars: ratio(share), ..calm() };
        shock.market(loaded, &market).expect("market").expect("changed").market.bars
    };
    let both = left(&loaded("AAPL,IBM"), "0.25");
    let other_way = left(&loaded("IBM,AAPL"), "0.25");
    assert_eq!((&both[0], &both[1]), (&other_way[1], &other_way[0]));
    assert_ne!(both[0], both[1]);
    // 500 of 2,000 on average, with a deviation of 19.
    assert!(both.iter().all(|bars| (1_400..1_600).contains(&bars.len())), "{}", both[0].len());
    let most = left(&loaded("AAPL,IBM"), "0.999");
    assert!(most.iter().zip(&both).all(|(few, more)| few.iter().all(|bar| more.contains(bar))));
    assert!(most.iter().all(|bars| bars[0].time == day(0)), "the first bar stays");
    let reseeded = left(&changed("", &["scenario.seed=8", "data.symbols=AAPL,IBM"]), "0.25");
    assert_ne!(both, reseeded);
}

/// Days of the calendar; 100 dollars, from 2010 on 80, from the flash crash on 76.
fn years() -> MarketData {
    let date = |text: &str| text.parse::<Timestamp>().expect("date");
    let sessions = Calendar::xnys().sessions(date("2008-01-01"), date("2010-12-31"));
    let level = |time: Timestamp| match time {
        time if time < date("2010-01-01") => "100",
        time if time < date("2010-05-06") => "80",
        _ => "76",
    };
    let bars = sessions.map(|session| bar(session.date, level(session.date))).collect();
    MarketData { bars: vec![bars], ..MarketData::default() }
}

#[test]
fn a_window_has_a_run_up_and_is_measured_by_itself() {
    let plan = plan("windows = [\"2010-05-06\"]", &HELD);
    let cut = window_of(&plan.base().spec.data, &years(), StressWindow::FlashCrash).expect("window");
    let before = cut.market.bars[0].iter().filter(|bar| bar.time < cut.from).count();
    assert_eq!((before, cut.market.bars[0].len()), (250, 261));
    let rows = rows(&plan, years());
    let window = &rows[1];
    assert_eq!((window.span.0.as_str(), window.span.1.as_str()), ("2010-05-06", "2010-05-20"));
    // 500 shares at 100 dollars, down to 80 before the window: 90,000 dollars on its eve, 88,000 in it.
    near(window.measure("initial_equity"), 90_000.0);
    near(window.measure("total_return"), -2_000.0 / 90_000.0);
    near(window.measure("buy_and_hold_return"), -0.05);
    assert_eq!((window.measure("sessions"), window.measure("trades")), (Some(11.0), Some(0.0)));
    assert_eq!(window.measure("profit_factor"), None);
    let held = StressHeld::of(&plan, &rows).expect("stress");
    let about = held.shocks.iter().find_map(|shock| shock.about.as_deref()).expect("about");
    assert!(held.shocks[0].about.is_none() && about.starts_with("2010-05-06 to 2010-05-20: the day"), "{about}");
    // The loss of January is before it; the peak that a drawdown is measured from is not forgotten.
    near(window.reached[0], 2_000.0 / 90_000.0);
    near(window.reached[1], 0.12);
}

#[test]
fn a_window_outside_the_data_is_an_error_that_names_what_they_cover() {
    let plan = plan("windows = [\"2010-05-06\", \"2000\"]", &HELD);
    let error = check_windows(&plan, &years()).expect_err("outside").to_string();
    let what = "stress.windows: 2000 is 2000-03-10 to 2002-10-09, and the bars of AAPL cover 2008-01-02 to 2010-12-31";
    assert!(error.contains(what) && error.contains("swept.toml:33"), "{error}");
    let rows = rows(&plan, years());
    assert_eq!((rows[2].status, rows[2].reason.as_str()), (RunStatus::Failed, what));
    let held = StressHeld::of(&plan, &rows).expect("stress");
    assert_eq!((held.runs, held.unfinished, held.notes.len()), (2, 1, 0));
    let words = held.in_words();
    assert!(words.ends_with(" 1 run ended early: what would have been reached is unknown."), "{words}");
}

/// Every session brings the return it had, all symbols the same days, and each order of them is another.
#[test]
fn reordered_days_keep_their_returns_and_their_company() {
    let level = |number: i32| (100 + (number * number) % 37).to_string();
    let levels: Vec<String> = (0..100).map(level).collect();
    let mut market = market(&levels.iter().map(String::as_str).collect::<Vec<_>>());
    let twice = |bar: &Bar| super::shock_overnight::with_prices(bar, |price| price.scaled(ratio("2")));
    market.bars.push(market.bars[0].iter().map(twice).collect());
    let made = |number| reordered(&market, Timestamp::MIN, (7, number), Tick::None).expect("days");
    let (one, other) = (made(1), made(2));
    assert_eq!(one.bars, made(1).bars);
    assert_ne!(one.bars[0], other.bars[0]);
    let returns = |bars: &[Bar]| -> Vec<f64> {
        bars.windows(2).map(|pair| pair[1].close.to_f64() / pair[0].close.to_f64()).collect()
    };
    let (own, drawn, company) = (returns(&market.bars[0]), returns(&one.bars[0]), returns(&one.bars[1]));
    assert!(drawn.iter().zip(&company).all(|(a, b)| (a - b).abs() < 1e-9), "the same days");
    // The first day has no day before it, so its return is that of its own bar.
    let is_own = |change: &&f64| own.iter().any(|own| (own - **change).abs() < 1e-9) || (**change - 1.0).abs() < 1e-9;
    assert_eq!(drawn.iter().filter(is_own).count(), drawn.len());
    // A block of days stays together.
    let follows = |pair: &&[f64]| own.windows(2).any(|two| two.iter().zip(*pair).all(|(a, b)| (a - b).abs() < 1e-9));
    let together = drawn.windows(2).filter(follows).count();
    assert!(together >= drawn.len() - drawn.len() / BLOCK * 3, "{together} of {}", drawn.len());
    let times = |bars: &[Bar]| bars.iter().map(|bar| bar.time).collect::<Vec<_>>();
    assert_eq!(times(&one.bars[0]), times(&market.bars[0]));
}

#[test]
fn a_short_day_has_no_room_for_the_afternoon_of_a_long_one() {
    let hour = |day_number: i32, hour: i64| day(day_number).plus_ns(hour * 3_600 * Timestamp::NS_PER_SECOND);
    let span = |number: i32, hours: i64| SessionSpan { start: hour(number, 14), last_bar: hour(number, 13 + hours) };
    // Every third session has two hours, the others four.
    let hours = |number: i32| if number % 3 == 0 { 2 } else { 4 };
    let bars = (0..30).flat_map(|number| (0..hours(number)).map(move |at| bar(hour(number, 14 + at), "10"))).collect();
    let sessions: Vec<SessionSpan> = (0..30).map(|number| span(number, hours(number))).collect();
    let market = MarketData { bars: vec![bars], sessions, ..MarketData::default() };
    let made = reordered(&market, Timestamp::MIN, (1, 1), Tick::UsEquity).expect("days");
    for span in &market.sessions {
        let of_day: Vec<&Bar> =
            made.bars[0].iter().filter(|bar| span.start <= bar.time && bar.time <= span.last_bar).collect();
        assert!(of_day.len() >= 2 && of_day[0].time == span.start);
    }
    let inside = |bar: &Bar| market.sessions.iter().any(|span| span.start <= bar.time && bar.time <= span.last_bar);
    assert!(made.bars[0].iter().all(inside) && is_valid(&made));
}

#[test]
fn what_cannot_be_shocked_is_refused() {
    let refused = |shock: Shock, overrides: &[&str]| shock.refusal(&changed("", overrides).spec);
    let spread = "execution.slippage={ kind = \"spread\", value = \"0.5\" }";
    assert!(refused(Shock { reorder: 1, ..calm() }, &[spread]).is_some());
    assert_eq!(refused(Shock { gap: ratio("-0.1"), ..calm() }, &[spread]), None);
    let script = changed("", &[]).spec;
    let strategy = crate::scenario::spec::StrategySpec { name: "order_script".to_owned(), params: Vec::new() };
    let script = ScenarioSpec { strategy, ..script };
    assert!(Shock { missing_bars: ratio("0.1"), ..calm() }.refusal(&script).is_some());
    assert_eq!(Shock { frozen: 5, ..calm() }.refusal(&script), None);
    let mut split = market(&["100"; 30]);
    split.actions = vec![(day(3), MarketAction::Split { symbol: SymbolIndex(0), ratio: ratio("2") })];
    let reason = reordered(&split, Timestamp::MIN, (1, 1), Tick::None).expect_err("split");
    assert!(reason.contains("data.adjust"), "{reason}");
    reordered(&market(&["1"]), Timestamp::MIN, (1, 1), Tick::None).expect_err("one session");
}

fn is_valid(market: &MarketData) -> bool {
    market.bars.iter().all(|bars| {
        bars.iter().all(|bar| bar.checked().is_ok()) && bars.windows(2).all(|pair| pair[0].time < pair[1].time)
    })
}

/// Valid bars on some of sixty days.
fn any_bars() -> impl Strategy<Value = Vec<Bar>> {
    let prices = (1..2_000_000_000_000i64, 0..=1_000_000_000i64, 0..=1_000_000_000i64, 0..=1_000_000_000i64);
    let of_day = |time: Timestamp, (low, high, open, close): (i64, i64, i64, i64)| {
        let high = low + high;
        let at = |units: i64| Price::from_units(units).expect("price");
        let within = |share: i64| at(low + share % (high - low + 1));
        let volume = Volume::from_shares(open % 3).expect("volume");
        Bar { time, open: within(open), high: at(high), low: at(low), close: within(close), volume }
    };
    prop::collection::vec(prop::option::weighted(0.8, prices), 3..60).prop_map(move |days| {
        let days = days.into_iter().zip(0..).filter_map(|(prices, number)| Some((day(number), prices?)));
        days.map(|(time, prices)| of_day(time, prices)).collect()
    })
}

proptest! {
    /// Shocked bars are valid bars in order of time, whatever the shocks and the bars.
    #[test]
    fn shocked_bars_are_bars(
        (one, two) in (any_bars(), any_bars()),
        (gap, missing) in (-999_999_999i64..999_999_999, 0..1_000_000_000i64),
        (frozen, number, at, on_cents) in (0u32..9, 1u32..50, 0usize..100, any::<bool>()),
    ) {
        prop_assume!(one.len() > 1 && !two.is_empty());
        let tick = if on_cents { Tick::UsEquity } else { Tick::None };
        let market = MarketData { bars: vec![one, two], ..MarketData::default() };
        let reordered = reordered(&market, Timestamp::MIN, (3, number), tick).expect("days");
        prop_assert!(is_valid(&reordered));
        let loaded = changed("", &["data.symbols=AAPL,IBM"]);
        let gone = Shock { missing_bars: Ratio::from_units(missing), ..calm() }.market(&loaded, &market).expect("market");
        prop_assert!(gone.is_none_or(|gone| is_valid(&gone.market) && gone.market.bars.iter().all(|bars| !bars.is_empty())));
        let next = market.bars[0][at % (market.bars[0].len() - 1) + 1].time;
        let after = next.plus_ns(-1);
        let held = vec![(SymbolIndex(0), Side::Buy), (SymbolIndex(1), Side::Sell)];
        let shock = Shock { gap: Ratio::from_units(gap), frozen, ..calm() };
        let struck = struck(&market, &Night { after, next, held, exposure: 1.0 }, &shock, tick);
        prop_assert!(is_valid(&struck));
        for (bars, own) in struck.bars.iter().zip(&market.bars) {
            prop_assert_eq!(bars.len(), own.len());
            let before = own.partition_point(|bar| bar.time < next);
            prop_assert_eq!(&bars[..before], &own[..before]);
        }
    }

    /// The grid takes the nearest price above zero and keeps the order of any two.
    #[test]
    fn the_grid_keeps_the_order_of_prices(a in 0..Price::MAX.units(), b in 0..3_000_000_000i64) {
        let at = |units: i64| on_grid(Price::from_units(units).expect("price"), Tick::UsEquity);
        let (low, high) = (a, (a + b).min(Price::MAX.units()));
        prop_assert!(at(low) <= at(high) && at(low) > Price::ZERO);
        let (far, step) = ((at(low).units() - low).abs(), Tick::UsEquity.units_at(Price::from_units(low).expect("price")));
        prop_assert!(far * 2 <= step || low < step, "{low} became {}", at(low));
    }
}
