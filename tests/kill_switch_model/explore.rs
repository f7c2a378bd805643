//! Every state that a machine can reach, breadth first, so that the first way to a wrong one is a shortest.
//!
//! Not here: machines. States are compared whole, not by a hash of them: "exhaustive" has no "almost".
use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::hash::Hash;

/// Something that moves in steps, each of which may go several ways.
pub trait Machine {
    type State: Clone + Eq + Hash;
    type Action: Display;

    /// Where it may begin.
    fn starts(&self) -> Vec<Self::State>;
    /// Every step from `state`.
    fn steps(&self, state: &Self::State) -> Vec<(Self::Action, Self::State)>;
    /// What is wrong with `state`.
    fn wrong(&self, state: &Self::State) -> Option<&'static str>;
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Different states, all of them unless something is wrong.
    pub states: usize,
    /// What is wrong, and the steps that lead there.
    pub wrong: Option<(&'static str, Vec<String>)>,
}

/// Walks through all states, or to the first wrong one. More than `states_max` fail the test: the machine has grown
/// beyond what a test may take.
pub fn explore<M: Machine>(machine: &M, states_max: usize) -> Found {
    let mut numbers: HashMap<M::State, usize> = HashMap::new();
    let mut parents: Vec<(usize, Option<M::Action>)> = Vec::new();
    let mut queue = VecDeque::new();
    let mut next: Vec<(usize, Option<M::Action>, M::State)> =
        machine.starts().into_iter().map(|state| (0, None, state)).collect();
    loop {
        for (parent, action, state) in next.drain(..) {
            if numbers.contains_key(&state) {
                continue;
            }
            let number = parents.len();
            parents.push((parent, action));
            if let Some(what) = machine.wrong(&state) {
                return Found { states: parents.len(), wrong: Some((what, way(&parents, number))) };
            }
            assert!(number < states_max, "more than {states_max} states");
            numbers.insert(state.clone(), number);
            queue.push_back((number, state));
        }
        let Some((number, state)) = queue.pop_front() else {
            return Found { states: parents.len(), wrong: None };
        };
        next.extend(machine.steps(&state).into_iter().map(|(action, state)| (number, Some(action), state)));
    }
}

fn way<A: Display>(parents: &[(usize, Option<A>)], mut number: usize) -> Vec<String> {
    let mut steps = Vec::new();
    while let (parent, Some(action)) = &parents[number] {
        steps.push(action.to_string());
        number = *parent;
    }
    steps.reverse();
    steps
}
