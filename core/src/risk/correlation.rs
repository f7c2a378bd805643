//! Which shares move together: correlation of daily returns, and the connected groups it makes.
//!
//! Not here: what a group is worth and what it may be worth (gate), which symbols have exposure (gate), when a
//! session closes (engine), correlation as an indicator (indicator).
//! Invariants: (1) what is not known counts as correlated; (2) an answer depends on the closes alone: not on
//! the order of the symbols, nor on what was asked before; (3) nothing is allocated after `new`.
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use super::symbol_set::{SymbolSet, bit_of, symbols_in, word_of, words_for};
use crate::domain::{Price, Ratio, SymbolIndex};

/// Daily returns looked back.
const SESSIONS: usize = 60;
/// |ρ| from which two shares count as one risk. A share that falls when another rises belongs to it too: who
/// is long one and short the other holds the risk twice.
const CORRELATED: f64 = 0.7;
/// |ρ| this close to the limit is at it, and at the limit is correlated: a float cannot tell them apart.
const TIE: f64 = 1e-9;
/// A deviation of daily returns up to this is none: prices are on a grid of 1e-9 dollars, so for a share at a dollar
/// it is nothing but their rounding, and the correlation of roundings says nothing.
const FLAT: f64 = 1e-9;

/// One float a session, oldest first.
type Series = [f64; SESSIONS];

/// Which of a run's symbols move together.
///
/// Two symbols are correlated when |ρ| of their simple daily returns, session close to session close, over the
/// last 60 sessions is 0.7 or more; also when ρ is unknown, which is so when either had no return in one of the
/// 60 (no bar in it or in the session before) or has no deviation. ρ is Pearson's r with sample moments: each
/// series less its mean, divided by the root of its sum of squares; ρ is the sum of the products (the factors
/// n − 1 cancel). Source: Pearson (1895), "Note on regression and inheritance in the case of two parents",
/// Proc. R. Soc. 58, 240–242; computed in two passes, as `numpy.corrcoef` does.
///
/// `close_session` only stores returns. A pair is computed when it is first asked for after that, and kept
/// until the next. For n symbols it holds 120 floats each and two matrices of n × n bits; for one symbol,
/// which is never a group, nothing.
#[derive(Debug, Clone)]
pub struct Correlations {
    history: History,
    cache: RefCell<Cache>,
}

/// What has happened.
#[derive(Debug, Clone)]
struct History {
    /// The last session's close of each symbol in dollars and today's shares; NaN without a bar in it.
    closes: Vec<f64>,
    /// The last 60 returns of each symbol, a ring over `sessions`; NaN where there is none.
    returns: Vec<Series>,
    /// Sessions closed.
    sessions: u64,
}

/// What has been worked out of it since the last session closed.
#[derive(Clone)]
struct Cache {
    /// Sessions closed when the symbol's direction was computed and its row of pairs emptied.
    as_of: Vec<u64>,
    /// Returns less their mean, scaled to length 1; NaN where there is no such thing.
    directions: Vec<Series>,
    /// Pairs that are correlated or have not been computed: what nobody has asked yet is not known to be apart.
    /// One row of bits a symbol, each of `words` words.
    joined: Vec<u64>,
    /// Pairs that have been computed.
    known: Vec<u64>,
    words: usize,
    /// Memory of a walk: symbols with exposure that it has not reached.
    left: Vec<u64>,
    /// Memory of a walk: symbols it has reached.
    members: Vec<SymbolIndex>,
}

impl fmt::Debug for Cache {
    /// Nothing: it holds what somebody asked for, and two of one history are alike whoever has looked.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cache")
    }
}

impl Correlations {
    /// No session has closed yet: all of `symbols` count as correlated.
    pub fn new(symbols: usize) -> Correlations {
        let symbols = if symbols < 2 { 0 } else { symbols };
        let words = words_for(symbols);
        Correlations {
            history: History {
                closes: vec![f64::NAN; symbols],
                returns: vec![[f64::NAN; SESSIONS]; symbols],
                sessions: 0,
            },
            cache: RefCell::new(Cache {
                as_of: vec![0; symbols],
                directions: vec![[f64::NAN; SESSIONS]; symbols],
                joined: vec![u64::MAX; symbols * words],
                known: vec![0; symbols * words],
                words,
                left: vec![0; words],
                members: Vec::with_capacity(symbols),
            }),
        }
    }

    /// A session has closed. `closes`: the last close of every symbol, in the order of their indices; `None` for
    /// one that had no bar in the session. Symbols for which `closes` has no item had none.
    pub fn close_session(&mut self, closes: impl IntoIterator<Item = Option<Price>>) {
        let slot = self.history.oldest();
        let closes = closes.into_iter().chain(std::iter::repeat(None));
        let symbols = self.history.returns.iter_mut().zip(&mut self.history.closes);
        for ((returns, last), close) in symbols.zip(closes) {
            let close = close.map_or(f64::NAN, Price::to_f64);
            returns[slot] = close / *last - 1.0;
            *last = close;
        }
        self.history.sessions += 1;
    }

    /// A split of `symbol` into `ratio` new shares per old, before the next session's open, where prices are
    /// raw: it is no return.
    pub fn split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        if let Some(close) = self.history.closes.get_mut(symbol.get()) {
            *close /= ratio.to_f64();
        }
    }

    /// Do `a` and `b` count as one risk? A symbol does with itself.
    pub fn are_correlated(&self, a: SymbolIndex, b: SymbolIndex) -> bool {
        a == b || self.cache.borrow_mut().is_correlated(&self.history, a, b)
    }

    /// Visits every symbol of the connected group of `symbol` among `exposed`, each once, `symbol` itself first
    /// whether it is in `exposed` or not; returns how many they are, where 1 is no group.
    ///
    /// `exposed` is over as many symbols as this.
    pub fn group(&self, symbol: SymbolIndex, exposed: &SymbolSet, mut visit: impl FnMut(SymbolIndex)) -> usize {
        if self.history.closes.is_empty() {
            visit(symbol);
            return 1;
        }
        // Taken out, so that `visit` may ask questions of its own.
        let members = {
            let mut cache = self.cache.borrow_mut();
            cache.walk(&self.history, symbol, exposed);
            std::mem::take(&mut cache.members)
        };
        members.iter().for_each(|member| visit(*member));
        let count = members.len();
        self.cache.borrow_mut().members = members;
        count
    }
}

impl History {
    /// Where the oldest return is, in whose place that of the next session goes.
    fn oldest(&self) -> usize {
        (self.sessions % SESSIONS as u64) as usize
    }

    /// The direction of the last 60 returns of `symbol`; NaN when there are fewer or they do not deviate.
    fn direction(&self, symbol: SymbolIndex) -> Series {
        let (newer, older) = self.returns[symbol.get()].split_at(self.oldest());
        let mut series = [0.0; SESSIONS];
        series[..older.len()].copy_from_slice(older);
        series[older.len()..].copy_from_slice(newer);
        let mean = series.iter().sum::<f64>() / SESSIONS as f64;
        series.iter_mut().for_each(|value| *value -= mean);
        let squares: f64 = series.iter().map(|value| value * value).sum();
        if squares <= FLAT * FLAT * SESSIONS as f64 {
            return [f64::NAN; SESSIONS];
        }
        // A return that is not there is NaN, and so are the mean and with it all of the direction.
        let length = squares.sqrt();
        series.iter_mut().for_each(|value| *value /= length);
        series
    }
}

impl Cache {
    /// Brings `symbol` up to the last closed session: nothing older is believed.
    #[inline]
    fn refresh(&mut self, history: &History, symbol: SymbolIndex) {
        if self.as_of[symbol.get()] != history.sessions {
            self.renew(history, symbol);
        }
    }

    #[cold]
    fn renew(&mut self, history: &History, symbol: SymbolIndex) {
        let row = self.row(symbol);
        self.directions[symbol.get()] = history.direction(symbol);
        self.joined[row.clone()].fill(u64::MAX);
        self.known[row].fill(0);
        self.as_of[symbol.get()] = history.sessions;
    }

    #[inline]
    fn row(&self, symbol: SymbolIndex) -> Range<usize> {
        let start = symbol.get() * self.words;
        start..start + self.words
    }

    /// Works out those pairs of `symbol`, which is up to date, with `others` in word `word` that nobody asked for
    /// yet; returns the correlated ones of `others`.
    #[inline]
    fn correlated(&mut self, history: &History, symbol: SymbolIndex, word: usize, others: u64) -> u64 {
        let at = symbol.get() * self.words + word;
        let unknown = others & !self.known[at];
        if unknown != 0 {
            self.compute(history, symbol, word, unknown);
        }
        others & self.joined[at]
    }

    #[cold]
    fn compute(&mut self, history: &History, symbol: SymbolIndex, word: usize, others: u64) {
        for other in symbols_in(word, others) {
            self.refresh(history, other);
            let rho = rho(&self.directions[symbol.get()], &self.directions[other.get()]);
            let is_correlated = rho.is_none_or(|rho| rho.abs() >= CORRELATED - TIE);
            self.keep(symbol, other, is_correlated);
            self.keep(other, symbol, is_correlated);
        }
    }

    fn keep(&mut self, symbol: SymbolIndex, other: SymbolIndex, is_correlated: bool) {
        let at = symbol.get() * self.words + word_of(other);
        self.known[at] |= bit_of(other);
        if !is_correlated {
            self.joined[at] &= !bit_of(other);
        }
    }

    fn is_correlated(&mut self, history: &History, symbol: SymbolIndex, other: SymbolIndex) -> bool {
        self.refresh(history, symbol);
        self.correlated(history, symbol, word_of(other), bit_of(other)) != 0
    }

    /// Fills `members` with the connected group of `symbol` among `exposed`.
    fn walk(&mut self, history: &History, symbol: SymbolIndex, exposed: &SymbolSet) {
        self.left.copy_from_slice(exposed.words());
        self.left[word_of(symbol)] &= !bit_of(symbol);
        self.members.clear();
        self.members.push(symbol);
        let mut at = 0;
        while let Some(&member) = self.members.get(at) {
            at += 1;
            self.refresh(history, member);
            let row = &self.joined[self.row(member)];
            let (mut candidates, mut rest) = (0, 0);
            for (left, joined) in self.left.iter().zip(row) {
                candidates |= left & joined;
                rest |= left;
            }
            if rest == 0 {
                return;
            }
            if candidates != 0 {
                self.reach(history, member);
            }
        }
    }

    /// Moves the symbols that are correlated with `member` from `left` to `members`.
    fn reach(&mut self, history: &History, member: SymbolIndex) {
        let row = self.row(member).start;
        for word in 0..self.words {
            let candidates = self.left[word] & self.joined[row + word];
            if candidates != 0 {
                let reached = self.correlated(history, member, word, candidates);
                self.left[word] &= !reached;
                self.members.extend(symbols_in(word, reached));
            }
        }
    }
}

/// ρ of two directions; `None` when either is none. Summed in four lanes, in the same order for (a, b) and
/// (b, a) and for every pair.
fn rho(a: &Series, b: &Series) -> Option<f64> {
    const LANES: usize = 4;
    const _: () = assert!(SESSIONS.is_multiple_of(LANES));
    let mut lanes = [0.0; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    (!sum.is_nan()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    const A: SymbolIndex = SymbolIndex(0);
    const B: SymbolIndex = SymbolIndex(1);

    fn rho_of(correlations: &Correlations, a: SymbolIndex, b: SymbolIndex) -> Option<f64> {
        rho(&correlations.history.direction(a), &correlations.history.direction(b))
    }

    /// Closes of one share whose returns are `returns`, the first of them $1,000,000: roundings to 1e-9 dollars
    /// are nothing there.
    fn path(returns: impl IntoIterator<Item = f64>) -> Vec<Option<Price>> {
        let start = 1e6;
        let steps = returns.into_iter().scan(start, |close, value| {
            *close *= 1.0 + value;
            Some(*close)
        });
        std::iter::once(start).chain(steps).map(|close| Some(Price::from_f64(close).expect("price"))).collect()
    }

    fn of_paths(paths: &[Vec<Option<Price>>]) -> Correlations {
        let mut correlations = Correlations::new(paths.len());
        for session in 0..paths[0].len() {
            correlations.close_session(paths.iter().map(|path| path[session]));
        }
        correlations
    }

    /// Up and down by 1 % in turn, and by pairs: the two are at right angles, and so is any mixture of them.
    fn turns(session: usize) -> f64 {
        if session.is_multiple_of(2) { 0.01 } else { -0.01 }
    }

    fn pairs(session: usize) -> f64 {
        if session.is_multiple_of(4) || session % 4 == 1 { 0.01 } else { -0.01 }
    }

    /// Returns with ρ = `rho` to [`turns`].
    fn mixture(rho: f64) -> impl Iterator<Item = f64> {
        (0..SESSIONS).map(move |session| rho * turns(session) + (1.0 - rho * rho).sqrt() * pairs(session))
    }

    #[test]
    fn at_just_under_and_just_over_the_limit() {
        for (wanted, is_correlated) in [
            (0.0, false),
            (0.699_999, false),
            (0.699_999_998, false),
            (0.7, true),
            (0.700_001, true),
            (0.999, true),
            (-0.699_999, false),
            (-0.699_999_998, false),
            (-0.7, true),
            (-0.999, true),
        ] {
            let correlations = of_paths(&[path((0..SESSIONS).map(turns)), path(mixture(wanted))]);
            let found = rho_of(&correlations, A, B).expect("sixty returns each");
            assert!((found - wanted).abs() < 1e-10, "{found} for {wanted}");
            assert_eq!(correlations.are_correlated(A, B), is_correlated, "{wanted}");
            assert_eq!(correlations.are_correlated(B, A), is_correlated, "{wanted}");
        }
    }

    /// Two shares at right angles are unknown, so correlated, until both have sixty returns: 61 closes.
    #[test]
    fn sixty_returns_are_needed_and_every_one_of_them() {
        let whole = [path((0..SESSIONS).map(turns)), path((0..SESSIONS).map(pairs))];
        let mut correlations = Correlations::new(2);
        for session in 0..=SESSIONS {
            assert!(correlations.are_correlated(A, B), "{session} sessions");
            correlations.close_session(whole.iter().map(|path| path[session]));
        }
        assert!(!correlations.are_correlated(A, B));
        // A session without a bar has no return, and the one after it has none either: 61 sessions later the
        // last of the two is forgotten.
        correlations.close_session([whole[0][1], None]);
        for session in 1..=SESSIONS + 1 {
            assert!(correlations.are_correlated(A, B), "{session} sessions after the gap");
            correlations.close_session(whole.iter().map(|path| path[session % 60]));
        }
        assert!(!correlations.are_correlated(A, B));
    }

    #[test]
    fn what_has_no_deviation_is_unknown() {
        let quiet = |size: f64| path((0..SESSIONS).map(move |session| 1e-4 + size * pairs(session)));
        for (size, is_correlated) in [(0.0, true), (0.99e-7, true), (1.01e-7, false)] {
            let correlations = of_paths(&[path((0..SESSIONS).map(turns)), quiet(size)]);
            assert_eq!(correlations.are_correlated(A, B), is_correlated, "deviation {}", size * 0.01);
            assert_eq!(rho_of(&correlations, A, B).is_none(), is_correlated, "deviation {}", size * 0.01);
        }
        let flat = of_paths(&[vec![Some(Price::MAX); SESSIONS + 1], vec![Some(Price::MAX); SESSIONS + 1]]);
        assert!(flat.are_correlated(A, B));
    }

    #[test]
    fn a_close_of_nothing_is_no_close() {
        let mut worthless = path((0..SESSIONS).map(pairs));
        worthless[20] = Some(Price::ZERO);
        let correlations = of_paths(&[path((0..SESSIONS).map(turns)), worthless]);
        assert!(correlations.are_correlated(A, B));
    }

    #[test]
    fn missing_closes_are_sessions_without_a_bar() {
        let whole = [path((0..SESSIONS).map(turns)), path((0..SESSIONS).map(pairs))];
        let mut correlations = of_paths(&whole);
        correlations.close_session([whole[0][1]]);
        assert!(correlations.are_correlated(A, B));
    }

    #[test]
    fn a_split_is_no_return() {
        let (plain, other) = (path((0..SESSIONS).map(pairs)), path((0..SESSIONS).map(turns)));
        let expected = rho_of(&of_paths(&[other.clone(), plain.clone()]), A, B);
        for ratio in ["2", "0.125", "3"] {
            let ratio: Ratio = ratio.parse().expect("ratio");
            let mut correlations = Correlations::new(2);
            for session in 0..=SESSIONS {
                let mut close = plain[session].expect("close").to_f64();
                if session == 30 {
                    correlations.split(B, ratio);
                }
                if session >= 30 {
                    close /= ratio.to_f64();
                }
                correlations.close_session([other[session], Price::from_f64(close)]);
            }
            let found = rho_of(&correlations, A, B);
            assert!((found.expect("known") - expected.expect("known")).abs() < 1e-10, "{ratio}: {found:?}");
        }
    }

    /// A chain 0 - 1 - 2 whose ends are not correlated, and 3 apart: who holds the middle decides.
    #[test]
    fn a_group_is_connected_through_what_is_exposed() {
        let angle = |degrees: f64| mixture(degrees.to_radians().cos());
        let paths = [path(angle(0.0)), path(angle(40.0)), path(angle(80.0)), path(angle(130.0))];
        let correlations = of_paths(&paths);
        let group = |symbol: u16, exposed: &[u16]| {
            let (mut set, mut members) = (SymbolSet::new(4), Vec::new());
            exposed.iter().for_each(|symbol| set.insert(SymbolIndex(*symbol)));
            let count = correlations.group(SymbolIndex(symbol), &set, |member| members.push(member.0));
            assert_eq!(count, members.len());
            assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), count, "once each: {members:?}");
            assert_eq!(members[0], symbol);
            members.sort_unstable();
            members
        };
        assert_eq!(group(0, &[0, 1, 2, 3]), [0, 1, 2]);
        assert_eq!(group(2, &[0, 1]), [0, 1, 2]);
        assert_eq!(group(1, &[0, 2]), [0, 1, 2]);
        assert_eq!(group(0, &[0, 2, 3]), [0]);
        assert_eq!(group(3, &[0, 1, 2]), [3]);
        assert_eq!(group(3, &[]), [3]);
    }

    /// One question works out a pair for both of its sides, and nothing else; a session later it is not believed.
    #[test]
    fn a_pair_is_kept_until_the_next_session() {
        let paths = [path((0..SESSIONS).map(turns)), path(mixture(0.9)), path(mixture(0.0))];
        let mut correlations = of_paths(&paths);
        let kept = |correlations: &Correlations| {
            let cache = correlations.cache.borrow();
            let now = cache.as_of.iter().map(|session| *session == correlations.history.sessions).collect::<Vec<_>>();
            (cache.known.clone(), now)
        };
        assert_eq!(kept(&correlations), (vec![0, 0, 0], vec![false, false, false]));
        assert!(correlations.are_correlated(A, B));
        assert_eq!(kept(&correlations), (vec![0b010, 0b001, 0], vec![true, true, false]));
        correlations.close_session(paths.iter().map(|path| path[0]));
        assert_eq!(kept(&correlations).1, [false, false, false]);
    }

    #[test]
    fn a_visit_may_ask_questions() {
        let paths = [path((0..SESSIONS).map(turns)), path(mixture(0.9)), path(mixture(0.0))];
        let correlations = of_paths(&paths);
        let mut everyone = SymbolSet::new(3);
        (0..3).for_each(|symbol| everyone.insert(SymbolIndex(symbol)));
        let mut inner = Vec::new();
        let count = correlations.group(A, &everyone, |member| {
            inner.push(correlations.group(member, &everyone, |_| {}));
            assert!(correlations.are_correlated(A, member));
        });
        assert_eq!((count, inner), (2, vec![2, 2]));
    }

    #[test]
    fn one_symbol_is_no_group_and_holds_nothing() {
        let mut correlations = Correlations::new(1);
        correlations.close_session([Some(Price::MAX)]);
        correlations.split(A, Ratio::ONE);
        let mut members = Vec::new();
        assert_eq!(correlations.group(A, &SymbolSet::new(1), |member| members.push(member)), 1);
        assert_eq!(members, [A]);
        assert!(correlations.are_correlated(A, A) && correlations.history.returns.is_empty());
    }

    type Days = BTreeMap<String, Price>;

    fn closes(path: &Path) -> Days {
        let text = fs::read_to_string(path).expect("bars");
        let row = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].to_owned(), fields[4].parse().expect("close"))
        };
        text.lines().skip(1).map(row).collect()
    }

    /// Compares every row of a golden table with ρ of the closes in `folder`.
    fn agrees(folder: &Path, prefix: &str, symbols: &[&str]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let golden = fs::read_to_string(root.join(format!("tests/golden/correlations_{prefix}.csv"))).expect("golden");
        let actions = fs::read_to_string(folder.join("corporate_actions.csv")).expect("actions");
        let splits: Vec<Vec<&str>> =
            actions.lines().map(|line| line.split(',').collect()).filter(|row: &Vec<_>| row[2] == "split").collect();
        let days: Vec<Days> =
            symbols.iter().map(|symbol| closes(&folder.join(format!("{prefix}_{symbol}_daily.csv")))).collect();
        let index = |name: &str| symbols.iter().position(|symbol| *symbol == name).map(|at| SymbolIndex(at as u16));
        let dates: BTreeSet<&String> = days.iter().flat_map(BTreeMap::keys).collect();
        let mut rows = golden.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).peekable();
        let mut correlations = Correlations::new(symbols.len());
        for date in dates {
            for split in splits.iter().filter(|split| split[1] == date) {
                index(split[0]).into_iter().for_each(|symbol| correlations.split(symbol, split[3].parse().unwrap()));
            }
            correlations.close_session(days.iter().map(|closes| closes.get(date).copied()));
            while let Some(row) = rows.next_if(|row| row[0] == date) {
                let (a, b) = (index(row[1]).expect("symbol"), index(row[2]).expect("symbol"));
                let wanted = (!row[3].is_empty()).then(|| row[3].parse::<f64>().expect("rho"));
                let found = rho_of(&correlations, a, b);
                let is_close = found.unwrap_or(0.0) - wanted.unwrap_or(0.0);
                assert!(found.is_some() == wanted.is_some() && is_close.abs() < 1e-11, "{row:?}: {found:?}");
                assert_eq!(correlations.are_correlated(a, b), wanted.is_none_or(|rho| rho.abs() >= 0.7), "{row:?}");
            }
        }
        assert_eq!(rows.next(), None);
    }

    /// Against numpy and scipy, made by `tests/golden/correlations.py`.
    #[test]
    fn it_is_the_correlation_of_numpy() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        agrees(&data, "bokeh", &["AAPL", "FB", "GOOG", "IBM", "MSFT"]);
    }

    /// The same for nine shares, with holes, listings and splits; only where `../shared` (or
    /// `ALPHAFLOW_SHARED`) is.
    #[test]
    fn it_is_the_correlation_of_numpy_over_holes_and_splits() {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        let shared = std::env::var_os("ALPHAFLOW_SHARED").map_or_else(beside, PathBuf::from);
        if !shared.join("data").is_dir() {
            eprintln!("skipped: ../shared/data is not here");
            return;
        }
        agrees(&shared.join("data"), "lean", &["SPY", "AAPL", "IBM", "AIG", "QQQ", "EEM", "GOOGL", "USO", "BNO"]);
    }
}
