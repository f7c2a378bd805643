//! Several series by time.
//!
//! Not here: what a bar means to the engine.
use crate::domain::{Bar, SymbolIndex, Timestamp};

/// Walks several ordered series together: one step for each distinct time.
#[derive(Debug, Clone)]
pub struct Merge<'a> {
    series: Vec<&'a [Bar]>,
    next: Vec<usize>,
}

impl<'a> Merge<'a> {
    /// A walk over series in the order of their symbols, at most 65,536.
    pub fn new(series: &[&'a [Bar]]) -> Merge<'a> {
        Merge { series: series.to_vec(), next: vec![0; series.len()] }
    }

    /// The next time and, in `out`, the bars of that time: symbol and index in its series, in the
    /// order of the symbols. `None` at the end. What was in `out` is dropped; its room is kept.
    pub fn next_step(&mut self, out: &mut Vec<(SymbolIndex, usize)>) -> Option<Timestamp> {
        out.clear();
        let mut earliest: Option<Timestamp> = None;
        for (symbol, (series, next)) in self.series.iter().zip(&self.next).enumerate() {
            let Some(bar) = series.get(*next) else { continue };
            let symbol = (SymbolIndex(symbol as u16), *next);
            match earliest {
                Some(time) if bar.time > time => {}
                Some(time) if bar.time == time => out.push(symbol),
                _ => {
                    earliest = Some(bar.time);
                    out.clear();
                    out.push(symbol);
                }
            }
        }
        for (symbol, _) in out.iter() {
            self.next[symbol.get()] += 1;
        }
        earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Volume};
    use proptest::prelude::*;

    fn series(times: &[i64]) -> Vec<Bar> {
        let price = Price::from_units(1).expect("in range");
        let bar = |ns: &i64| Bar {
            time: Timestamp::from_ns(*ns),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
        };
        times.iter().map(bar).collect()
    }

    #[test]
    fn steps_hold_all_bars_of_a_time_in_symbol_order() {
        let (a, b, c) = (series(&[1, 3]), series(&[]), series(&[1, 2]));
        let mut merge = Merge::new(&[&a, &b, &c]);
        let mut step = Vec::new();
        let mut steps = Vec::new();
        while let Some(time) = merge.next_step(&mut step) {
            steps.push((time.ns(), step.iter().map(|(symbol, index)| (symbol.0, *index)).collect::<Vec<_>>()));
        }
        assert_eq!(steps, [(1, vec![(0, 0), (2, 0)]), (2, vec![(2, 1)]), (3, vec![(0, 1)])]);
        assert!(step.is_empty());
    }

    proptest! {
        /// Every bar comes exactly once, and time never runs back.
        #[test]
        fn every_bar_once_in_order(sets in prop::collection::vec(prop::collection::btree_set(0i64..50, 0..20), 0..5)) {
            let all: Vec<Vec<Bar>> =
                sets.iter().map(|set| series(&set.iter().copied().collect::<Vec<_>>())).collect();
            let slices: Vec<&[Bar]> = all.iter().map(Vec::as_slice).collect();
            let mut merge = Merge::new(&slices);
            let (mut step, mut seen, mut last) = (Vec::new(), 0, Timestamp::MIN);
            while let Some(time) = merge.next_step(&mut step) {
                prop_assert!(time > last && !step.is_empty());
                prop_assert!(step.iter().all(|(symbol, index)| slices[symbol.get()][*index].time == time));
                prop_assert!(step.is_sorted());
                last = time;
                seen += step.len();
            }
            prop_assert_eq!(seen, slices.iter().map(|slice| slice.len()).sum::<usize>());
        }
    }
}
