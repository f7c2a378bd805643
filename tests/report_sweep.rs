//! The page of a sweep as a file: self-contained, safe, whole without a script, and the same each time.
//!
//! Set `ALPHAFLOW_REPORT_OUT` to a folder to get the pages for looking at them in a browser.
use alphaflow::report::sweep::html::render;
use alphaflow::report::sweep::measure::SHOWN;
use alphaflow::report::sweep::model::{
    AllRuns, AxisView, DriftView, Fan, LimitHeld, RunEnd, RunView, ShockView, StressView, SweepModel, TestView,
    VerdictView, WalkForwardView, WindowView,
};
use alphaflow::scenario::LimitUnit;

/// Text that a stranger may have put into a scenario.
const HOSTILE: &str = "</script><script>alert(1)</script><b>\"'&";

fn axis(key: &str, values: Vec<String>) -> AxisView {
    AxisView { key: key.to_owned(), typed: values.clone(), values, own: Some(0) }
}

fn numbers(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|value| value.to_string()).collect()
}

/// A seeded number from 0 to 1.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as f64 / (1u64 << 31) as f64
}

/// A run with measures that hang on its point and on chance.
fn run(at: usize, point: Vec<u16>, state: &mut u64) -> RunView {
    let hill = 1.0 - (f64::from(point[0]) - 8.0).abs() / 30.0;
    let sharpe = hill + 0.6 * (draw(state) - 0.5);
    let invalid = at % 97 == 96;
    let value = |key: &str| match key {
        _ if invalid => None,
        "sharpe" => Some(sharpe),
        "cagr" | "total_return" => Some(sharpe / 10.0),
        "max_drawdown" => Some(-0.1 - 0.2 * (1.0 - hill)),
        "trades" => Some((50 + at % 300) as f64),
        "win_rate" => Some(0.4),
        "profit_factor" => (!at.is_multiple_of(11)).then_some(1.5),
        _ => None,
    };
    let mut equity = 1.0;
    let mut growth = Vec::new();
    for _ in 0..60 {
        equity *= 1.0 + 0.01 * sharpe + 0.03 * (draw(state) - 0.5);
        growth.push(equity);
    }
    RunView {
        run: at as u32,
        end: if invalid { RunEnd::Invalid } else { RunEnd::Done },
        reason: if invalid { format!("values do not go together {HOSTILE}") } else { String::new() },
        measures: SHOWN.iter().map(|shown| value(shown.key)).collect(),
        deflated_sharpe: (!invalid).then_some(0.9),
        halves: (!invalid).then_some((sharpe + 0.3 * draw(state), sharpe - 0.3 * draw(state))),
        growth: if invalid { Vec::new() } else { growth },
        point,
    }
}

/// A sweep of `axes` with so many runs of the grid.
fn sweep(axes: Vec<AxisView>, count: usize) -> SweepModel {
    let mut state = 7;
    let point = |at: usize| {
        let mut rest = at;
        let place = |axis: &AxisView| {
            let place = rest % axis.values.len();
            rest /= axis.values.len();
            place as u16
        };
        axes.iter().map(place).collect::<Vec<u16>>()
    };
    let mut runs: Vec<RunView> = (0..count).map(|at| run(at, point(at), &mut state)).collect();
    let objective: Vec<Option<f64>> = runs.iter().map(|run| run.measures[0]).collect();
    let points = runs.iter().flat_map(|run| run.point.clone()).collect();
    runs.sort_by(|a, b| b.measures[0].unwrap_or(f64::MIN).total_cmp(&a.measures[0].unwrap_or(f64::MIN)));
    let invalid = objective.iter().filter(|value| value.is_none()).count();
    let line = |end: f64| (1..=60).map(|block| 1.0 + (end - 1.0) * f64::from(block) / 60.0).collect::<Vec<f64>>();
    SweepModel {
        name: format!("sweep_{HOSTILE}"),
        scenario_file: "scenarios/a b.toml".to_owned(),
        without_studies: vec!["sweep={}".to_owned()],
        scope: "AAPL, daily, 3 Jan 2005 to 1 Mar 2013".to_owned(),
        program: "alphaflow 0.1.0".to_owned(),
        seed: 1,
        axes,
        conditions: vec![format!("a < b {HOSTILE}")],
        combinations: "20,000".to_owned(),
        sample: Some("a random sample".to_owned()),
        objective: "sharpe".to_owned(),
        objective_words: "Sharpe ratio".to_owned(),
        cash: 100_000.0,
        measure_keys: SHOWN.iter().map(|shown| shown.key).collect(),
        all: AllRuns {
            runs: count,
            done: count - invalid,
            invalid,
            failed: 0,
            reasons: (invalid > 0).then(|| ("values do not go together".to_owned(), invalid)).into_iter().collect(),
            objective,
            points,
        },
        runs,
        block_dates: (0..=60).map(|block| format!("{}-{:02}-15", 2005 + block / 12, 1 + block % 12)).collect(),
        fan: Some(Fan {
            runs: count - invalid,
            growth: [0.8, 1.0, 1.2, 1.5, 2.0].map(line),
            falls: [-0.3, -0.2, -0.1, -0.05, 0.0].map(|end| line(1.0 + end).iter().map(|value| value - 1.0).collect()),
        }),
        verdict: VerdictView {
            headline: "Not distinguishable from luck.".to_owned(),
            text: format!("Of {count} tries the best made a Sharpe ratio of 1.28. {HOSTILE}"),
            tests: vec![
                TestView {
                    name: "Deflated Sharpe".to_owned(),
                    here: Ok("12.4%".to_owned()),
                    wanted: "≥ 95%".to_owned(),
                    holds: Some(false),
                },
                TestView {
                    name: "Plateau".to_owned(),
                    here: Err("the best is not above zero".to_owned()),
                    wanted: "≥ 75%".to_owned(),
                    holds: None,
                },
            ],
            luck: Ok(0.52),
        },
        walk_forward: Some(walk_forward()),
        stress: Some(stress()),
    }
}

fn walk_forward() -> WalkForwardView {
    let text = |text: &str| text.to_owned();
    let window = |year: u32, test_return: f64| WindowView {
        train: (format!("{year}-01-03"), format!("{}-12-31", year + 2)),
        test: (format!("{}-01-02", year + 3), format!("{}-06-30", year + 3)),
        picked: vec![text("10"), text("40"), text("2")],
        in_train: Some(1.31),
        in_test: Some(0.4),
        test_return: Some(test_return),
    };
    WalkForwardView {
        text: text("Picked anew every half year, the strategy kept 31% of what it earned in training."),
        windows: vec![window(2005, 0.04), window(2006, -0.021)],
        efficiency: Ok(0.31),
        stitched: (0..24)
            .map(|month| (format!("{}-{:02}-28", 2008 + month / 12, 1 + month % 12), 100_000.0 + 900.0 * month as f64))
            .collect(),
        beside: vec![(text("holding"), (0..24).map(|month| 100_000.0 - 300.0 * f64::from(month)).collect())],
        drift: vec![DriftView {
            key: text("strategy.params.fast_period"),
            moves: 1,
            of: 1,
            mean_step: Some(2.0),
            range: (text("10"), text("25")),
        }],
    }
}

fn stress() -> StressView {
    StressView {
        text: "1 of 2 limits held in each of 5 runs. max_daily_loss was passed in 3 of 5.".to_owned(),
        limits: vec![
            LimitHeld {
                name: "max_daily_loss".to_owned(),
                unit: LimitUnit::Share,
                limit: Some(0.02),
                worst: Some(0.143),
                overshoot: 0.123,
                run: Some(7),
                shock: Some("stress.gap=-0.20".to_owned()),
                held: 0.4,
            },
            LimitHeld {
                name: "max_gross_exposure".to_owned(),
                unit: LimitUnit::Share,
                limit: Some(1.0),
                worst: Some(0.98),
                overshoot: 0.0,
                run: Some(3),
                shock: None,
                held: 1.0,
            },
        ],
        shocks: vec![ShockView {
            key: "stress.gap".to_owned(),
            value: "-0.20".to_owned(),
            runs: 5,
            total_return: Some((0.11, -0.2)),
            drawdown: Some((-0.2, -0.34)),
        }],
    }
}

fn grid() -> SweepModel {
    sweep(
        vec![
            axis("strategy.params.fast_period", numbers(5, 28)),
            axis("strategy.params.slow_period", numbers(40, 39)),
            axis("stop.multiple", numbers(1, 10)),
        ],
        600,
    )
}

fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("ALPHAFLOW_REPORT_OUT") {
        std::fs::write(std::path::Path::new(&folder).join(name), page).expect("write");
    }
}

fn data_of(page: &str) -> serde_json::Value {
    let start = page.find("id=\"data\">").expect("data") + 10;
    let end = start + page[start..].find("</script>").expect("end");
    serde_json::from_str(&page[start..end]).expect("JSON")
}

/// How many values a packed column holds: each ends with a digit under 32 or is a point.
fn packed(column: &serde_json::Value) -> usize {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = column["d"].as_str().expect("column");
    text.chars().filter(|digit| *digit == '.' || DIGITS.find(*digit).expect("digit") < 32).count()
}

#[test]
fn the_page_has_every_section_in_order_with_the_verdict_first() {
    let page = render(&grid());
    keep("sweep.html", &page);
    let order = ["verdict", "swept", "stress", "heat", "halves", "spread", "coords", "runs", "walk", "fan"];
    let places: Vec<usize> = order
        .iter()
        .map(|id| page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("{id} is missing")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    for text in [
        "Not distinguishable from luck.",
        "▲ fails",
        "the best is not above zero",
        "600 runs: a random sample of 20,000 combinations.",
        "efficiency 31%",
        "1 of 2 limits held in every run",
        "▲ overshot",
        "2005 to 2010, in two halves",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

/// One script, one style, both named by their hash; nothing is loaded; what a user wrote opens no tag.
#[test]
fn the_page_is_self_contained_and_safe() {
    let page = render(&grid());
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<script").count(), 2, "the code and the data");
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("<b>\"") && !page.contains(" style=\""));
    for loads in ["http://", "https://", "src=\"", "@import", "url(//"] {
        assert!(!page.contains(loads), "{loads}");
    }
    let data = data_of(&page);
    assert_eq!(data["reasons"][0], format!("values do not go together {HOSTILE}"));
}

#[test]
fn columns_are_as_long_as_the_runs() {
    let model = grid();
    let data = data_of(&render(&model));
    assert_eq!((data["n"].as_u64(), data["total"].as_u64()), (Some(600), Some(600)));
    let every = |name: &str| packed(&data[name]);
    assert_eq!([every("run"), every("end"), every("why"), every("first"), every("second")], [600; 5]);
    assert_eq!(every("spark"), 600 * data["sparks"].as_u64().expect("points") as usize);
    assert_eq!(every("spread"), model.all.done, "every run with a value");
    for axis in data["axes"].as_array().expect("axes") {
        assert_eq!(packed(&axis["at"]), 600);
    }
    let measures = data["measures"].as_array().expect("measures");
    assert!(measures.iter().all(|measure| packed(&measure["v"]) == 600));
    let keys: Vec<&str> = measures.iter().filter_map(|measure| measure["key"].as_str()).collect();
    assert!(
        !keys.contains(&"sortino") && keys.contains(&"deflated_sharpe"),
        "a measure no run has is left out: {keys:?}"
    );
    assert_eq!(data["lines"].as_array().map(Vec::len), Some(20));
    assert_eq!(data["fan"]["growth"].as_array().map(Vec::len), Some(5));
}

/// Without a script: the verdict and the best fifty.
#[test]
fn the_best_fifty_stand_without_a_script() {
    let page = render(&grid());
    let table = &page[page.find("<div class=\"rows\">").expect("rows")..];
    let table = &table[..table.find("</table>").expect("end")];
    assert_eq!(table.matches("<tr>").count(), 51, "a head and fifty rows");
    assert!(table.contains("<th scope=\"col\">fast_period</th>") && table.contains("<td>90.0%</td>"));
}

#[test]
fn same_model_same_bytes() {
    assert_eq!(render(&grid()), render(&grid()));
}

#[test]
fn odd_sweeps_have_a_page_too() {
    let mut none = sweep(Vec::new(), 0);
    (none.fan, none.walk_forward, none.stress) = (None, None, None);
    none.block_dates.clear();
    let page = render(&none);
    keep("sweep_none.html", &page);
    assert!(
        page.contains("No run has a Sharpe ratio.") && !page.contains("id=\"heat\"") && !page.contains("id=\"fan\"")
    );
    let single = sweep(vec![axis("stop.multiple", numbers(1, 12))], 12);
    let page = render(&single);
    keep("sweep_single.html", &page);
    assert!(page.contains("id=\"heat-x\"") && !page.contains("id=\"heat-y\""), "one axis has no upright one");
    let words = vec!["AAPL".to_owned(), "MSFT,IBM".to_owned(), HOSTILE.to_owned()];
    let mut named = sweep(vec![axis("data.symbols", words), axis("stop.multiple", numbers(1, 4))], 12);
    named.objective = "cagr".to_owned();
    named.all.objective.iter_mut().for_each(|value| *value = value.map(|value| value / 10.0));
    let page = render(&named);
    keep("sweep_named.html", &page);
    assert!(page.contains("&lt;/script&gt;"));
}

/// A page that does not carry every run says so where the runs are.
#[test]
fn a_page_of_the_best_says_of_how_many() {
    let mut model = grid();
    (model.all.runs, model.all.done) = (100_000, 99_000);
    let page = render(&model);
    assert!(page.contains("the best 600 of 100,000 runs"));
    assert_eq!(packed(&data_of(&page)["spread"]), 594, "the histogram counts every value there is");
}

/// Ten thousand runs: under six megabytes . The most that a page shows is twice as many.
#[test]
fn ten_thousand_runs_fit_a_page() {
    let page = render(&sweep(grid().axes, 10_000));
    keep("sweep_10000.html", &page);
    assert!(page.len() < 6 << 20, "{} bytes", page.len());
}
