//! Strategies that must not pass a proof, each wrong in one way, and one that a proof cannot see through.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use alphaflow::domain::{Bar, Side, SymbolIndex, Timestamp};
use alphaflow::strategy::*;

const ONLY: SymbolIndex = SymbolIndex(0);

/// Long while `up`, out when not; the wishes that make it so.
fn follow(up: bool, view: &View<'_>, intents: &mut Intents) {
    let book = view.book(ONLY);
    match (up, book.holding()) {
        (true, Holding::Flat) if book.entries_pending == 0 => {
            intents.push(Intent::Enter { symbol: ONLY, side: Side::Buy, weight: None });
        }
        (false, Holding::Long) if book.exits_pending == 0 => intents.push(Intent::Exit { symbol: ONLY }),
        _ => {}
    }
}

/// A strategy without parameters.
macro_rules! listed {
    ($strategy:ident, $id:literal, $build:expr) => {
        impl Listed for $strategy {
            const INFO: StrategyInfo = StrategyInfo { id: $id, rule: "for tests", params: &[], signals: false };

            fn build(_params: &Params, _setup: &Setup) -> Result<Self, ParamError> {
                Ok($build)
            }
        }
    };
}

/// Looks at the bar after the one that has closed, which `pass_quiet` shows: long if the next close is higher.
pub struct Peeks {
    next: Option<Bar>,
}
listed!(Peeks, "peeks", Peeks { next: None });

impl Strategy for Peeks {
    fn pass_quiet(&mut self, _symbol: SymbolIndex, bars: &[Bar], _follow: impl FnMut(&Bar) -> bool) -> usize {
        self.next = bars.get(1).copied();
        0
    }

    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        if let Some(next) = self.next {
            follow(next.close > bar.close, view, intents);
        }
    }
}

/// Holds every close against the highest of the whole series.
pub struct FullSample {
    highest: Option<i64>,
}
listed!(FullSample, "full_sample", FullSample { highest: None });

impl Strategy for FullSample {
    fn pass_quiet(&mut self, _symbol: SymbolIndex, bars: &[Bar], _follow: impl FnMut(&Bar) -> bool) -> usize {
        self.highest.get_or_insert(bars.iter().map(|bar| bar.close.units()).max().unwrap_or(0));
        0
    }

    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let highest = self.highest.unwrap_or(bar.close.units());
        follow(bar.close.units() * 10 < highest * 8, view, intents);
    }
}

/// An exponential average of two thousand bars: over a shorter run its first close counts most.
pub struct LongMemory {
    average: Option<f64>,
}
listed!(LongMemory, "long_memory", LongMemory { average: None });

impl Strategy for LongMemory {
    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let close = bar.close.to_f64();
        let average = self.average.get_or_insert(close);
        *average += (close - *average) * 2.0 / 2_001.0;
        follow(close > *average, view, intents);
    }
}

/// Buys what costs at least ten dollars.
pub struct Dear;
listed!(Dear, "dear", Dear);

impl Strategy for Dear {
    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        follow(bar.close.units() >= 10_000_000_000, view, intents);
    }
}

static BUILT: AtomicU64 = AtomicU64::new(0);

/// Trades by how often it has been built in this process.
pub struct Counts {
    built: u64,
    bars: u64,
}
listed!(Counts, "counts", Counts { built: BUILT.fetch_add(1, Ordering::SeqCst), bars: 0 });

impl Strategy for Counts {
    fn on_bar(&mut self, _symbol: SymbolIndex, _bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.bars += 1;
        follow((self.bars + self.built) % 10 < 5, view, intents);
    }
}

static REMEMBERED: Mutex<BTreeMap<Timestamp, i64>> = Mutex::new(BTreeMap::new());

/// Writes the bars of the first run down and looks at the next close in the second.
pub struct Remembers;
listed!(Remembers, "remembers", Remembers);

impl Strategy for Remembers {
    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let mut known = REMEMBERED.lock().unwrap();
        known.insert(bar.time, bar.close.units());
        let next = known.range(bar.time..).nth(1).map(|(_, close)| *close);
        follow(next.is_some_and(|next| next > bar.close.units()), view, intents);
    }
}

/// Passes bars on which it wants something.
pub struct Sleeps {
    bars: u64,
}
listed!(Sleeps, "sleeps", Sleeps { bars: 0 });

impl Strategy for Sleeps {
    fn pass_quiet(&mut self, _symbol: SymbolIndex, bars: &[Bar], mut follow: impl FnMut(&Bar) -> bool) -> usize {
        let passed = bars.iter().take(7).take_while(|bar| follow(bar)).count();
        self.bars += passed as u64;
        passed
    }

    fn on_bar(&mut self, _symbol: SymbolIndex, _bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.bars += 1;
        follow(self.bars % 10 < 5, view, intents);
    }
}

/// The closes that [`Elsewhere`] knows, whatever it is shown.
pub static OWN_COPY: Mutex<BTreeMap<Timestamp, i64>> = Mutex::new(BTreeMap::new());

/// Reads the next close from a copy of the data of its own, as from a file.
pub struct Elsewhere;
listed!(Elsewhere, "elsewhere", Elsewhere);

impl Strategy for Elsewhere {
    fn on_bar(&mut self, _symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let known = OWN_COPY.lock().unwrap();
        let mut from_now = known.range(bar.time..).map(|(_, close)| *close);
        let (now, next) = (from_now.next(), from_now.next());
        follow(next > now, view, intents);
    }
}
