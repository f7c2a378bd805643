//! `prove`: honest strategies pass, and each way to cheat is found by the rerun that is made for it.
#![allow(clippy::unwrap_used)]
mod cheats;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use alphaflow::domain::{Bar, Timestamp};
use alphaflow::market::{Calendar, Length, SyntheticSpec, synthesize};
use alphaflow::report::proof::Proved;
use alphaflow::report::terminal::{Screen, proof as text_of};
use alphaflow::scenario::{
    Event, Future, LoadedScenario, MarketData, Proof, Rerun, Style, load, load_earlier, load_market, parse, prove,
};
use alphaflow::strategy::{BuiltIn, Catalog};
use cheats::*;

#[allow(dead_code, reason = "its main is not called here")]
#[path = "../../examples/my_strategy.rs"]
mod my_strategy;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The proof of a file of the repository, with the bars that its files hold before it.
fn proved<C: Catalog>(catalog: &C, path: &Path, overrides: &[&str]) -> Proof {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let loaded = load(path, &overrides).unwrap_or_else(|errors| panic!("{}", errors.render(&Style::PLAIN)));
    let market = load_market(&loaded).unwrap();
    let earlier = load_earlier(&loaded).unwrap();
    prove(catalog, &loaded, &market, earlier.as_ref()).unwrap()
}

/// A scenario of one made-up share, for strategies that trade no other.
fn alone(strategy: &str) -> (LoadedScenario, MarketData) {
    let text = format!(
        "[scenario]\nname = \"alone\"\n[data]\ntimeframe = \"1d\"\npath = \"SYN.csv\"\nsymbols = [\"SYN\"]\n\
         [account]\ncash = \"100000\"\n[strategy]\n{strategy}\n[sizing]\nkind = \"equity_fraction\"\nvalue = \"0.5\"\n\
         [execution]\nslippage = {{ kind = \"bps\", value = \"1\" }}\n[stop]\nkind = \"percent\"\nvalue = \"0.2\"\n\
         [risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"0.8\"\nmax_portfolio_heat = \"10\"\n\
         max_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
         max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\n\
         price_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n"
    );
    let loaded = parse(Path::new("alone.toml"), &text, &[])
        .unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(&Style::PLAIN)));
    (loaded, MarketData { bars: vec![bars(400)], ..MarketData::default() })
}

fn bars(sessions: u64) -> Vec<Bar> {
    let spec = SyntheticSpec {
        symbol: "SYN".parse().unwrap(),
        seed: 3,
        timeframe: "1d".parse().unwrap(),
        from: "2013-10-07".parse().unwrap(),
        length: Length::Sessions(sessions),
        start_price: "80".parse().unwrap(),
        annual_drift: 0.0,
        annual_volatility: 0.4,
        calendar: Calendar::xnys(),
    };
    synthesize(&spec).unwrap()
}

fn caught<C: Catalog>(catalog: &C, id: &str) -> (LoadedScenario, Proof) {
    let (loaded, market) = alone(&format!("name = \"{id}\""));
    let proof = prove(catalog, &loaded, &market, None).unwrap();
    (loaded, proof)
}

fn has(proof: &Proof, is: impl Fn(&Rerun) -> bool) -> bool {
    proof.changes.iter().any(|change| is(&change.rerun))
}

#[test]
fn every_scenario_of_the_repository_holds() {
    let entries = fs::read_dir(root().join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    assert!(paths.len() >= 10, "{paths:?}");
    let (one, other) = paths.split_at(paths.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| one.iter().for_each(|path| scenario_holds(path)));
        other.iter().for_each(|path| scenario_holds(path));
    });
}

fn scenario_holds(path: &Path) {
    let name = path.display();
    // A week of minutes shows as much as a month.
    let week: &[&str] = if name.to_string().contains("intraday") { &["data.end=2024-01-09"] } else { &[] };
    let proof = proved(&BuiltIn, path, week);
    assert!(proof.holds(), "{name}: {:?}", proof.changes);
    assert!(proof.cuts >= 16 && proof.cuts_at_orders > 0 && proof.compared.wishes > 0, "{name}: {proof:?}");
    assert_eq!(proof.reruns, 2 + 5 * proof.cuts + usize::from(proof.warm_up.is_some()), "{name}");
    match proof.warm_up {
        None => assert!(name.to_string().contains("order_script"), "{name}"),
        Some(warm_up) => {
            assert!(warm_up.bars.is_some_and(|bars| bars < 250), "{name}: {warm_up:?}");
            assert!(warm_up.wishes_compared > 0, "{name}");
            assert!(matches!(proof.dollar_bars, None | Some(0)), "{name}: {proof:?}");
            assert_eq!(proof.looks_at_bars, Some(!name.to_string().contains("buy_and_hold")), "{name}");
        }
    }
}

#[test]
fn every_built_in_strategy_holds_alone_with_its_defaults() {
    for info in BuiltIn.infos().iter().filter(|info| info.id != "order_script") {
        // What breaks out by two ATR on twice the volume is rare in made-up bars.
        let often = "params = { breakout_multiplier = 0.1, volume_confirmation = false }";
        let params = if info.id == "volatility_breakout" { often } else { "" };
        let (loaded, mut market) = alone(&format!("name = \"{}\"\n{params}", info.id));
        // The mean of twenty months takes two years to be there.
        market.bars = vec![bars(if info.id == "multi_timeframe" { 1_500 } else { 700 })];
        let proof = prove(&BuiltIn, &loaded, &market, None).unwrap();
        assert!(proof.holds(), "{}: {:?}", info.id, proof.changes);
        assert!(proof.bar_by_bar && proof.compared.wishes > 0, "{}", info.id);
    }
}

#[test]
fn ones_own_strategy_holds_with_the_bars_before_it() {
    let proof = proved(&BuiltIn.and::<my_strategy::AboveMean>(), &root().join("examples/my_strategy.toml"), &[]);
    assert!(proof.holds(), "{:?}", proof.changes);
    let warm_up = proof.warm_up.unwrap();
    let earlier = warm_up.earlier.unwrap();
    assert!(earlier.bars > 700 && earlier.differing > 0, "{earlier:?}");
    // A mean of 100 bars, then five closes above it.
    assert!((99..=110).contains(&earlier.agrees_after.unwrap()), "{earlier:?}");
}

/// Raw prices: the shares split in June 2000, before the run, and in February 2005, within it.
#[test]
fn a_split_is_no_reason_to_differ() {
    let raw = ["data.adjust=none", "data.start=2004-01-02", "data.symbols=[\"AAPL\"]"];
    let proof = proved(&BuiltIn, &root().join("scenarios/ma_crossover_tech4.toml"), &raw);
    assert!(proof.holds(), "{:?}", proof.changes);
    let warm_up = proof.warm_up.unwrap();
    assert!(warm_up.earlier.is_some_and(|earlier| earlier.bars > 900), "{warm_up:?}");
    assert!(warm_up.bars.is_some_and(|bars| bars <= 60), "{warm_up:?}");
}

/// AAPL cost more than ten dollars on every day; in shares of after its split it did not.
#[test]
fn a_rule_in_dollars_is_doubted_where_prices_are_adjusted() {
    let catalog = BuiltIn.and::<Dear>();
    let proof = |adjust: &str| {
        let adjust = format!("data.adjust={adjust}");
        let changed = [&adjust, "data.symbols=[\"AAPL\"]", "data.start=2003-01-02", "strategy.name=dear"];
        proved(&catalog, &root().join("scenarios/buy_and_hold_tech5.toml"), &changed)
    };
    let (adjusted, raw) = (proof("splits"), proof("none"));
    assert!(adjusted.holds() && raw.holds(), "{:?} {:?}", adjusted.changes, raw.changes);
    assert!(adjusted.dollar_bars.is_some_and(|bars| bars > 100), "{adjusted:?}");
    assert_eq!(raw.dollar_bars, None);
}

#[test]
fn a_peek_at_the_next_bar_is_caught_by_other_futures() {
    let (loaded, proof) = caught(&BuiltIn.and::<Peeks>(), "peeks");
    assert!(has(&proof, |rerun| matches!(rerun, Rerun::Cut { future: Future::None, .. })));
    assert!(has(&proof, |rerun| matches!(rerun, Rerun::Cut { future, .. } if *future != Future::None)));
    let change = proof.changes[0];
    let Rerun::Cut { cut, .. } = change.rerun else { panic!("{change:?}") };
    // The wish is of the last bar that was true: the one after it is what it knew.
    assert_eq!((change.time, change.became), (cut, None));
    assert!(matches!(change.was.unwrap().event, Event::Wish(_)), "{change:?}");
    assert!(change.reruns > 10, "{change:?}");
    let text = text_of(&Proved { spec: &loaded.spec, proof: &proof }, std::time::Duration::ZERO, &Screen::PIPE);
    let day = change.time.text(loaded.spec.data.timeframe);
    let expected = [
        "Orders changed that must not.\n".to_owned(),
        format!("changed an order, the earliest at {day}\n"),
        format!("  became        nothing in the rerun whose data end at {day}\n"),
        "the strategy knows them".to_owned(),
    ];
    for expected in expected {
        assert!(text.contains(&expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");
}

#[test]
fn a_measure_of_the_whole_series_is_caught_by_other_futures() {
    let (_, proof) = caught(&BuiltIn.and::<FullSample>(), "full_sample");
    assert!(has(&proof, |rerun| matches!(rerun, Rerun::Cut { future: Future::None, .. })), "{proof:?}");
    assert!(has(&proof, |rerun| matches!(rerun, Rerun::Cut { future, .. } if *future != Future::None)), "{proof:?}");
}

#[test]
fn a_memory_as_long_as_the_run_is_caught_by_later_starts_only() {
    let (loaded, mut market) = alone("name = \"long_memory\"");
    market.bars = vec![bars(1_500)];
    let proof = prove(&BuiltIn.and::<LongMemory>(), &loaded, &market, None).unwrap();
    let [change] = proof.changes[..] else { panic!("{:?}", proof.changes) };
    let Rerun::LaterStart { start, bars } = change.rerun else { panic!("{change:?}") };
    assert!(start < change.time && bars > 90, "{change:?}");
    assert_eq!(proof.warm_up.unwrap().bars, None);
}

/// The warm start is told apart from the cold one, too.
#[test]
fn a_long_memory_is_caught_by_an_earlier_start() {
    let (loaded, mut whole) = alone("name = \"long_memory\"");
    whole.bars = vec![bars(1_500)];
    let run = MarketData { bars: vec![whole.bars[0][500..].to_vec()], ..MarketData::default() };
    let proof = prove(&BuiltIn.and::<LongMemory>(), &loaded, &run, Some(&whole)).unwrap();
    assert!(has(&proof, |rerun| matches!(rerun, Rerun::EarlierStart { earlier: 500, bars: 500 })), "{proof:?}");
    assert_eq!(proof.warm_up.unwrap().earlier.unwrap().bars, 500);
}

#[test]
fn what_is_kept_between_runs_is_caught_by_the_same_run_again() {
    let (_, counts) = caught(&BuiltIn.and::<Counts>(), "counts");
    let (_, remembers) = caught(&BuiltIn.and::<Remembers>(), "remembers");
    for proof in [counts, remembers] {
        let [change] = proof.changes[..] else { panic!("{:?}", proof.changes) };
        assert_eq!(change.rerun, Rerun::Same);
        // Nothing else is tried on a run that does not repeat.
        assert_eq!((proof.reruns, proof.cuts, proof.warm_up), (2, 0, None));
    }
}

#[test]
fn a_bar_passed_that_should_not_be_is_caught_by_asking_at_every_bar() {
    let (_, proof) = caught(&BuiltIn.and::<Sleeps>(), "sleeps");
    assert!(has(&proof, |rerun| *rerun == Rerun::BarByBar), "{proof:?}");
}

/// What no rerun can change is not found, and the proof says that it may be there.
#[test]
fn data_of_ones_own_are_beyond_the_proof_which_says_so() {
    let (loaded, market) = alone("name = \"elsewhere\"");
    let known: Vec<(Timestamp, i64)> = market.bars[0].iter().map(|bar| (bar.time, bar.close.units())).collect();
    OWN_COPY.lock().unwrap().extend(known);
    let proof = prove(&BuiltIn.and::<Elsewhere>(), &loaded, &market, None).unwrap();
    assert!(proof.holds(), "{:?}", proof.changes);
    assert_eq!(proof.looks_at_bars, Some(false));
    let text = text_of(&Proved { spec: &loaded.spec, proof: &proof }, std::time::Duration::ZERO, &Screen::PIPE);
    assert!(text.contains("! what it wants does not depend on the bars it is shown"), "{text}");
}

#[test]
fn the_same_scenario_gives_the_same_proof() {
    let (loaded, market) = alone("name = \"quick_test\"");
    let proof = || prove(&BuiltIn, &loaded, &market, None).unwrap();
    assert_eq!(proof(), proof());
}

#[test]
fn a_run_too_short_is_refused() {
    let (loaded, mut market) = alone("name = \"quick_test\"");
    market.bars[0].truncate(23);
    let error = prove(&BuiltIn, &loaded, &market, None).unwrap_err().render(&Style::PLAIN);
    assert!(error.contains("a run of 23 bars is too short to be proved, least is 24"), "{error}");
}
