//! A set of symbols as bits.
//!
//! Not here: why a symbol is in it (the caller).
//! Invariant: no bit stands for a symbol that the run has not.
use crate::domain::SymbolIndex;

/// A set of a run's symbols. Its memory is taken once, by [`SymbolSet::new`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SymbolSet {
    words: Vec<u64>,
    symbols: usize,
}

impl SymbolSet {
    /// The empty set over `symbols` symbols.
    pub fn new(symbols: usize) -> SymbolSet {
        SymbolSet { words: vec![0; words_for(symbols)], symbols }
    }

    /// Puts `symbol` in; panics if the run has no such symbol.
    #[inline]
    pub fn insert(&mut self, symbol: SymbolIndex) {
        assert!(symbol.get() < self.symbols, "symbol {} of a set over {}", symbol.get(), self.symbols);
        self.words[word_of(symbol)] |= bit_of(symbol);
    }

    /// Takes `symbol` out; panics if the run has no such symbol.
    #[inline]
    pub fn remove(&mut self, symbol: SymbolIndex) {
        assert!(symbol.get() < self.symbols, "symbol {} of a set over {}", symbol.get(), self.symbols);
        self.words[word_of(symbol)] &= !bit_of(symbol);
    }

    /// Is `symbol` in it?
    #[inline]
    pub fn contains(&self, symbol: SymbolIndex) -> bool {
        self.words.get(word_of(symbol)).is_some_and(|word| word & bit_of(symbol) != 0)
    }

    /// Its bits, 64 symbols a word, the lowest bit first.
    #[inline]
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }
}

/// Words that hold a bit for each of `symbols` symbols.
pub(super) const fn words_for(symbols: usize) -> usize {
    symbols.div_ceil(u64::BITS as usize)
}

/// The word that holds the bit of `symbol`.
#[inline]
pub(super) const fn word_of(symbol: SymbolIndex) -> usize {
    symbol.get() / u64::BITS as usize
}

/// The bit of `symbol` in its word.
#[inline]
pub(super) const fn bit_of(symbol: SymbolIndex) -> u64 {
    1 << (symbol.get() % u64::BITS as usize)
}

/// The symbols whose bits are set in `bits`, which is word `word` of a set, in order.
#[inline]
pub(super) fn symbols_in(word: usize, mut bits: u64) -> impl Iterator<Item = SymbolIndex> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let at = word * u64::BITS as usize + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(SymbolIndex(at as u16))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// It holds what a set of the standard library holds, after any puts and takes.
        #[test]
        fn it_is_a_set(symbols in 1u16..200, steps in prop::collection::vec((any::<bool>(), any::<u16>()), 0..300)) {
            let (mut set, mut model) = (SymbolSet::new(usize::from(symbols)), BTreeSet::new());
            for (is_put, draw) in steps {
                let symbol = SymbolIndex(draw % symbols);
                match is_put {
                    true => {
                        set.insert(symbol);
                        model.insert(symbol);
                    }
                    false => {
                        set.remove(symbol);
                        model.remove(&symbol);
                    }
                }
                prop_assert_eq!(set.contains(symbol), is_put);
            }
            let listed = set.words().iter().enumerate().flat_map(|(word, bits)| symbols_in(word, *bits));
            prop_assert_eq!(listed.collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "symbol 3 of a set over 3")]
    fn a_symbol_that_the_run_has_not_cannot_be_put_in() {
        SymbolSet::new(3).insert(SymbolIndex(3));
    }

    #[test]
    #[should_panic(expected = "symbol 3 of a set over 3")]
    fn a_symbol_that_the_run_has_not_cannot_be_taken_out() {
        SymbolSet::new(3).remove(SymbolIndex(3));
    }

    #[test]
    fn a_symbol_that_the_run_has_not_is_not_in() {
        assert!(!SymbolSet::new(3).contains(SymbolIndex(3)) && !SymbolSet::new(3).contains(SymbolIndex(64)));
    }
}
