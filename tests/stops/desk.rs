//! Runs wishes written by hand under any `[stop]`, through files, and reads the record.
use std::cell::RefCell;
use std::fs;

use alphaflow::domain::{Bar, Fill, Side, SymbolIndex, Timestamp};
use alphaflow::engine::{Journal, OrderRecord};
use alphaflow::scenario::{MarketData, load, load_market, round_trips, run_with};
use alphaflow::strategy::{BuiltIn, Catalog, Intent, Intents, Listed, ParamError, Params, Setup, StrategyInfo, View};

use super::DAYS;

/// What is wanted of the `symbol`-th share at the close of its `bar`-th bar.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub bar: usize,
    pub symbol: u16,
    pub what: Want,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Want {
    Buy,
    Short,
    Leave,
}

/// At the close of `bar` of the only share.
pub fn at(bar: usize, what: Want) -> Wish {
    Wish { bar, symbol: 0, what }
}

thread_local! {
    static WISHES: RefCell<Vec<Wish>> = const { RefCell::new(Vec::new()) };
}

/// Wants what it is told to.
struct Wishing {
    wishes: Vec<Wish>,
    seen: Vec<usize>,
}

impl Listed for Wishing {
    const INFO: StrategyInfo = StrategyInfo { id: "wishing", rule: "what the test says", params: &[], signals: false };

    fn build(_: &Params, setup: &Setup) -> Result<Self, ParamError> {
        Ok(Wishing { wishes: WISHES.with_borrow(Clone::clone), seen: vec![0; setup.symbols] })
    }
}

impl Wishing {
    fn wants(&self, symbol: SymbolIndex) -> impl Iterator<Item = Want> + '_ {
        let bar = self.seen[symbol.get()];
        let now = self.wishes.iter().filter(move |wish| (wish.bar, wish.symbol) == (bar, symbol.0));
        now.map(|wish| wish.what)
    }
}

impl alphaflow::strategy::Strategy for Wishing {
    fn on_bar(&mut self, symbol: SymbolIndex, _: &Bar, _: &View<'_>, intents: &mut Intents) {
        for want in self.wants(symbol) {
            intents.push(match want {
                Want::Buy => Intent::Enter { symbol, side: Side::Buy, weight: None },
                Want::Short => Intent::Enter { symbol, side: Side::Sell, weight: None },
                Want::Leave => Intent::Exit { symbol },
            });
        }
        self.seen[symbol.get()] += 1;
    }

    fn pass_quiet(&mut self, symbol: SymbolIndex, bars: &[Bar], mut follow: impl FnMut(&Bar) -> bool) -> usize {
        let mut passed = 0;
        while passed < bars.len() && self.wants(symbol).next().is_none() && follow(&bars[passed]) {
            self.seen[symbol.get()] += 1;
            passed += 1;
        }
        passed
    }
}

/// A run to be made.
#[derive(Clone, Default)]
pub struct Desk<'a> {
    /// Shares, each a day's `open high low close [volume]` a bar from the first of [`DAYS`] on; `-` is a day
    /// without one.
    pub bars: &'a [&'a [String]],
    pub wishes: &'a [Wish],
    /// Shares an entry is for.
    pub shares: u32,
    /// Rows `symbol,ex_date,kind,ratio_or_amount`; the shares are `A`, `B`, …
    pub actions: &'a str,
    /// Further settings, as `--set` takes them.
    pub set: &'a [&'a str],
    /// Bars are minutes of one session, not days.
    pub minutes: bool,
}

/// What came out of it.
pub struct Record {
    pub journal: Journal,
    pub market: MarketData,
    times: Vec<String>,
}

impl Desk<'_> {
    /// Stamps of the bars, in the order of their numbers.
    fn times(&self) -> Vec<String> {
        match self.minutes {
            true => (30..60).map(|minute| format!("2024-01-02T14:{minute}:00Z")).collect(),
            false => DAYS.iter().map(ToString::to_string).collect(),
        }
    }

    pub fn run(&self) -> Record {
        let times = self.times();
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        let names: Vec<String> = (0..self.bars.len()).map(|at| char::from(b'A' + at as u8).to_string()).collect();
        for (name, bars) in names.iter().zip(self.bars) {
            let row = |(time, bar): (&String, &String)| {
                let mut fields: Vec<&str> = bar.split_whitespace().collect();
                fields.resize(5.min(fields.len().max(4)), "");
                if fields.len() == 4 {
                    fields.push("1000000");
                }
                format!("{time},{}\n", fields.join(","))
            };
            let rows: String = times.iter().zip(bars.iter()).filter(|(_, bar)| *bar != "-").map(row).collect();
            put(&format!("{name}.csv"), format!("timestamp,open,high,low,close,volume\n{rows}"));
        }
        put("actions.csv", format!("symbol,ex_date,kind,ratio_or_amount\n{}\n", self.actions));
        put(
            "desk.toml",
            format!(
                "[scenario]\nname = \"desk\"\n[data]\ntimeframe = \"{}\"\npath = \"{{symbol}}.csv\"\nsymbols = {names:?}\n\
                 corporate_actions = \"actions.csv\"\n[account]\ncash = \"1000000\"\nallow_short = true\n\
                 [strategy]\nname = \"wishing\"\n[sizing]\nkind = \"fixed_shares\"\nvalue = {}\n\
                 [execution]\nparticipation = \"0.1\"\n[risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"1\"\n\
                 max_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\n\
                 max_gross_exposure = \"10\"\nmax_open_positions = 100\nmax_orders_per_minute = 1000\n\
                 max_order_notional = \"10000000\"\nprice_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n",
                if self.minutes { "1m" } else { "1d" },
                self.shares
            ),
        );
        WISHES.set(self.wishes.to_vec());
        let set: Vec<String> = self.set.iter().map(ToString::to_string).collect();
        let loaded = load(&folder.path().join("desk.toml"), &set).map_err(|errors| errors.to_string()).unwrap();
        let market = load_market(&loaded).map_err(|error| error.to_string()).unwrap();
        let journal = run_with(&BuiltIn.and::<Wishing>(), &loaded, &market).map_err(|error| error.to_string()).unwrap();
        folder.close().unwrap();
        Record { journal, market, times }
    }
}

impl Record {
    /// The number of the bar at `time`.
    fn bar(&self, time: Timestamp) -> usize {
        self.times.iter().position(|text| text.parse::<Timestamp>().unwrap() == time).unwrap()
    }

    /// `1 buy 100 @ 101 entry`: the number of the bar, and why.
    pub fn fills(&self) -> Vec<String> {
        self.journal.fills.iter().map(|fill| self.line(fill)).collect()
    }

    /// The same of one share.
    pub fn fills_of(&self, symbol: u16) -> Vec<String> {
        self.journal.fills.iter().filter(|fill| fill.symbol.0 == symbol).map(|fill| self.line(fill)).collect()
    }

    fn line(&self, fill: &Fill) -> String {
        let (side, purpose) = (fill.side.name(), fill.purpose.name());
        format!("{} {side} {} @ {} {purpose}", self.bar(fill.time), fill.quantity, fill.price)
    }

    /// Exit reasons of closed round trips, as the engine knows them.
    pub fn exits(&self) -> Vec<&'static str> {
        let (closed, _) = round_trips(&self.market, &self.journal);
        closed.iter().map(|trip| trip.exit_purpose.unwrap().name()).collect()
    }

    /// Shares held of a share after the bar of `at`, and all that its resting stops are for.
    pub fn held_and_covered(&self, symbol: u16, at: usize) -> (i64, i64) {
        let (until, of) = (self.times[at].parse().unwrap(), SymbolIndex(symbol));
        let mut splits = self.journal.splits.iter().filter(|split| split.symbol == of && split.time <= until);
        let (from, start) = splits.next_back().map_or((Timestamp::MIN, 0), |split| (split.time, split.kept.units()));
        let fills = self.journal.fills.iter().filter(|fill| fill.symbol == of && fill.time <= until);
        // Fills of the ex-date come after the split.
        let since = fills.filter(|fill| fill.time >= from);
        let held = since.fold(start, |held, fill| held + fill.quantity.signed(fill.side).units());
        let mut stops = std::collections::BTreeMap::new();
        for change in self.journal.stops.iter().filter(|change| change.symbol == of && change.time <= until) {
            stops.insert(change.order, change.level.map_or(0, |_| change.quantity.units()));
        }
        (held, stops.values().sum())
    }

    /// Every level a stop of the run has stood at, in order of time: `2 98.33`.
    pub fn levels(&self) -> Vec<String> {
        let mut levels: Vec<String> = Vec::new();
        for change in &self.journal.stops {
            let Some(level) = change.level else { continue };
            let line = format!("{} {level}", self.bar(change.time));
            let last = levels.last().and_then(|last| last.split_once(' '));
            if last.is_none_or(|(_, last)| last != level.to_string()) {
                levels.push(line);
            }
        }
        levels
    }

    /// `refused` or the venue's word, and why it was sent, for every order and leg.
    pub fn orders(&self) -> Vec<&OrderRecord> {
        self.journal.orders.iter().collect()
    }

    /// Codes of what the gate refused.
    pub fn refusals(&self) -> Vec<&'static str> {
        self.journal.refusals.iter().map(|record| record.refusal.code()).collect()
    }
}
