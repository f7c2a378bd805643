//! Which combinations run: the whole grid, and samples of it by every method.
use std::collections::BTreeSet;

use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::axis::axes;
use super::plan::Plan;
use super::sample::{Draws, EXAMINED_MAX};
use super::testing::scenario;
use crate::scenario::spec::{SampleMethod, SampleSpec};

const METHODS: [SampleMethod; 3] = [SampleMethod::Random, SampleMethod::LatinHypercube, SampleMethod::Sobol];

fn plan(sweep: &str) -> Result<Plan, String> {
    Plan::new(&scenario(&format!("[sweep]\n{sweep}\n"))).map_err(|errors| errors.to_string())
}

fn points(plan: &Plan) -> Vec<Vec<u16>> {
    (0..plan.len()).map(|position| plan.point(position).to_vec()).collect()
}

fn sampled(count: u32, method: SampleMethod, rest: &str) -> Plan {
    plan(&format!("{rest}\nsample = {{ count = {count}, method = \"{method}\" }}"))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

const TWO: &str =
    "\"stop.period\" = { from = 1, to = 40, step = 1 }\n\"stop.multiple\" = { from = 1, to = 30, step = 1 }";

#[test]
fn a_grid_is_in_the_order_of_the_file_with_the_last_key_fastest() {
    let plan = plan("\"stop.period\" = [5, 10]\n\"stop.multiple\" = [1, 2, 3]").expect("plan");
    let expected = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]];
    assert_eq!(points(&plan), expected);
    assert_eq!(plan.values(4).collect::<Vec<_>>(), [("stop.period", "10"), ("stop.multiple", "2")]);
    assert_eq!(plan.to_string(), "6 runs of 6 combinations over 2 keys");
}

#[test]
fn every_method_is_distinct_within_the_grid_allowed_and_repeatable() {
    let condition = "where = [\"stop.period > 2 * stop.multiple\"]";
    for method in METHODS {
        let rest = format!("{TWO}\n{condition}");
        let plan = sampled(150, method, &rest);
        let all = points(&plan);
        assert_eq!(all, points(&sampled(150, method, &rest)), "{method}: same seed, same points");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 150, "{method}: distinct");
        for point in &all {
            assert!(point[0] < 40 && point[1] < 30, "{method}: {point:?} is in the grid");
            assert!(point[0] + 1 > 2 * (point[1] + 1), "{method}: {point:?} fulfils `where`");
        }
        let reseeded = rest.clone()
            + &format!(
                "\nsample = {{ count = 150, method = \"{method}\" }}\n[walk_forward]\ntrain = \"3y\"\ntest = \"6m\"\n"
            );
        let text = format!("[sweep]\n{reseeded}");
        let mut other = scenario(&text);
        other.spec.scenario.seed = 8;
        assert_ne!(all, points(&Plan::new(&other).expect("plan")), "{method}: another seed, other points");
    }
}

#[test]
fn draws_go_on_until_there_are_enough_or_all_are_used() {
    for method in METHODS {
        for (wanted, expected) in [(1, 1), (1_199, 1_199), (1_200, 1_200), (5_000, 1_200)] {
            let all = points(&sampled(wanted, method, TWO));
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), expected, "{method}");
            assert_eq!(all.len(), expected, "{method}");
        }
    }
}

/// The draws are fixed numbers: a change of them is a change of every seeded sweep there is.
#[test]
fn the_first_points_of_a_seed_do_not_change() {
    let first = |method| points(&sampled(6, method, TWO));
    assert_eq!(METHODS.map(first), FIRST);
}
const FIRST: [[[u16; 2]; 6]; 3] = [
    [[39, 10], [29, 25], [26, 14], [3, 1], [5, 22], [32, 12]],
    [[35, 8], [30, 22], [10, 3], [24, 15], [17, 27], [1, 13]],
    [[39, 22], [19, 7], [9, 29], [29, 14], [24, 26], [4, 11]],
];

/// Each of n equal parts of each axis holds one of n draws, in every round of n.
#[test]
fn a_latin_hypercube_puts_one_draw_into_each_part() {
    let loaded = scenario(&format!("[sweep]\n{TWO}\n"));
    let axes = axes(&loaded).expect("axes");
    for count in [1, 7, 30, 40, 120] {
        let sample = SampleSpec { count, method: SampleMethod::LatinHypercube };
        let mut draws = Draws::new(sample, &axes, Xoshiro256PlusPlus::seed_from_u64(5));
        for _ in 0..3 {
            let mut point = [0u16; 2];
            let mut drawn = [Vec::new(), Vec::new()];
            for _ in 0..count {
                draws.next(&mut point);
                drawn.iter_mut().zip(point).for_each(|(axis, index)| axis.push(u32::from(index)));
            }
            for (axis, values) in drawn.iter_mut().zip([40, 30]) {
                axis.sort_unstable();
                for (part, index) in (0..count).zip(axis.iter()) {
                    // Part p covers values from ⌊p × values ÷ n⌋ to the one its end lies in.
                    let (low, high) = (part * values / count, ((part + 1) * values - 1) / count);
                    assert!((low..=high).contains(index), "{count} draws: part {part} has {index}");
                }
            }
        }
    }
}

#[test]
fn a_sobol_sample_of_a_power_of_two_is_even() {
    let rest = "\"stop.period\" = { from = 1, to = 64, step = 1 }\n\"stop.multiple\" = { from = 1, to = 64, step = 1 }";
    let all = points(&sampled(64, SampleMethod::Sobol, rest));
    for axis in 0..2 {
        assert_eq!(all.iter().map(|point| point[axis]).collect::<BTreeSet<_>>().len(), 64, "each value once");
    }
    let squares = all.iter().map(|point| (point[0] / 8, point[1] / 8)).collect::<BTreeSet<_>>();
    assert_eq!(squares.len(), 64, "each of 8 × 8 squares once");
}

const HUGE: &str = "\"stop.period\" = { from = 1, to = 10000, step = 1 }
\"stop.multiple\" = { from = \"0.1\", to = 1000, step = \"0.1\" }
\"account.cash\" = { from = 1000, to = 1000000, step = 1000 }
\"risk.max_drawdown\" = { from = \"0.01\", to = \"0.5\", step = \"0.0001\" }";

#[test]
fn a_grid_of_any_size_can_be_sampled() {
    for method in METHODS {
        let plan = sampled(300, method, &format!("{HUGE}\nwhere = [\"stop.period < 200\"]"));
        assert_eq!(plan.combinations(), 10_000 * 10_000 * 1_000 * 4_901);
        assert_eq!(points(&plan).iter().collect::<BTreeSet<_>>().len(), 300);
        assert!(points(&plan).iter().all(|point| point[0] < 199), "{method}");
    }
}

#[test]
fn too_many_runs_are_refused_with_their_number() {
    let error = |sweep: &str| plan(sweep).expect_err(sweep);
    let text = error(HUGE);
    assert!(text.contains("the sweep has 490100000000000 runs, allowed is 1000000"), "{text}");
    assert!(text.contains("draw some of them with sample = 500, or take wider steps"), "{text}");
    let text = error(&format!("{HUGE}\nwhere = [\"stop.period < 200\"]"));
    assert!(text.contains("the sweep would go through 490100000000000 combinations"), "{text}");
    let wide =
        "\"stop.period\" = { from = 1, to = 3000, step = 1 }\n\"stop.multiple\" = { from = 1, to = 1000, step = 1 }";
    let text = error(&format!("{wide}\nwhere = [\"stop.period > 1000\"]"));
    assert!(text.contains("the sweep has 2000000 runs, allowed is 1000000"), "{text}");
    let text = error(&format!("{HUGE}\nwhere = [\"stop.period < 0\"]\nsample = 5"));
    assert!(
        text.contains(&format!("found 0 of 5 combinations that sweep.where allows, in {EXAMINED_MAX} draws")),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the sizes, a sample has as many distinct allowed points as wanted or as there are.
    #[test]
    fn a_sample_is_complete(sizes in proptest::collection::vec(1u32..12, 1..4), count in 1u32..200, which in 0usize..3, bound in 1u32..13) {
        let keys = ["stop.period", "account.cash", "stop.exit_after_bars"];
        let lines: Vec<String> = keys.iter().zip(&sizes).map(|(key, size)| format!("\"{key}\" = {{ from = 1, to = {size}, step = 1 }}")).collect();
        let rest = format!("{}\nwhere = [\"stop.period <= {bound}\"]", lines.join("\n"));
        let all = points(&sampled(count, METHODS[which], &rest));
        let allowed = sizes.iter().skip(1).product::<u32>() * sizes[0].min(bound);
        prop_assert_eq!(all.len() as u32, count.min(allowed));
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        prop_assert!(all.iter().all(|point| u32::from(point[0]) < bound));
    }
}
