//! What a proof showed, in words and as JSON: `backtest --prove`.
//!
//! Not here: the reruns (scenario), how it stands on the terminal (terminal::proof).
use serde_json::{Value, json};

use super::format::counted;
use crate::domain::{OrderKind, Price, Quantity, Side, Symbol, SymbolIndex, Timeframe, Timestamp};
use crate::engine::{OrderOutcome, OrderRecord};
use crate::scenario::{Change, Event, Future, Moment, Proof, Rerun, ScenarioSpec, WarmUp};
use crate::strategy::Intent;

/// A proof and the scenario it is of.
#[derive(Debug, Clone, Copy)]
pub struct Proved<'a> {
    /// The scenario.
    pub spec: &'a ScenarioSpec,
    /// What its reruns showed.
    pub proof: &'a Proof,
}

impl Proved<'_> {
    /// The whole proof as one object.
    pub fn to_json(&self) -> Value {
        let Proof { steps, compared, reruns, bar_by_bar, cuts, cuts_at_orders, looks_at_bars, dollar_bars, .. } =
            self.proof;
        let warm_up = self.proof.warm_up.map(|warm_up| {
            let WarmUp { starts, bars, wishes_compared, wishes_within, earlier } = warm_up;
            json!({
                "later_starts": starts,
                "bars": bars,
                "wishes_compared": wishes_compared,
                "wishes_within": wishes_within,
                "earlier_bars": earlier.map_or(0, |earlier| earlier.bars),
                "earlier_agrees_after": earlier.and_then(|earlier| earlier.agrees_after),
                "earlier_differing": earlier.map(|earlier| earlier.differing),
            })
        });
        json!({
            "scenario": self.spec.scenario.name,
            "holds": self.proof.holds(),
            "start": self.time(self.proof.first),
            "end": self.time(self.proof.last),
            "steps": steps,
            "reruns": reruns,
            "compared": {
                "wishes": compared.wishes,
                "orders": compared.orders,
                "refusals": compared.refusals,
                "fills": compared.fills,
                "stop_changes": compared.stop_changes,
            },
            "cuts": cuts,
            "cuts_at_orders": cuts_at_orders,
            "poisons": Future::POISONS.map(Future::name),
            "bar_by_bar": bar_by_bar,
            "warm_up": warm_up,
            "looks_at_bars": looks_at_bars,
            "dollar_bars": dollar_bars,
            "changes": self.proof.changes.iter().map(|change| self.change(change)).collect::<Vec<_>>(),
        })
    }

    fn change(&self, change: &Change) -> Value {
        let (name, cut) = match change.rerun {
            Rerun::Same => ("same", None),
            Rerun::BarByBar => ("bar_by_bar", None),
            Rerun::Cut { cut, future: Future::None } => ("cut", Some(cut)),
            Rerun::Cut { cut, future } => (future.name(), Some(cut)),
            Rerun::LaterStart { start, .. } => ("later_start", Some(start)),
            Rerun::EarlierStart { .. } => ("earlier_start", None),
        };
        let symbol = change.was.or(change.became).and_then(|moment| moment.symbol);
        json!({
            "rerun": name,
            "at": cut.map(|cut| self.time(cut)),
            "time": self.time(change.time),
            "symbol": symbol.map(|symbol| self.symbol(symbol).to_string()),
            "was": self.what(change.was),
            "became": self.what(change.became),
            "reruns": change.reruns,
            "meaning": meaning(change.rerun),
        })
    }

    /// A time as the scenario's files write it.
    pub fn time(&self, time: Timestamp) -> String {
        time.text(self.timeframe())
    }

    /// The timeframe of its bars.
    pub fn timeframe(&self) -> Timeframe {
        self.spec.data.timeframe
    }

    fn symbol(&self, symbol: SymbolIndex) -> Symbol {
        self.spec.data.symbols[symbol.get()]
    }

    /// "wish to buy AAPL", "buy 120 AAPL at the market", "nothing".
    pub fn what(&self, moment: Option<Moment>) -> String {
        let Some(Moment { event, symbol, .. }) = moment else { return "nothing".to_owned() };
        let share = symbol.map_or("all".to_owned(), |symbol| self.symbol(symbol).to_string());
        match event {
            Event::Wish(intent) => wish(&intent, &share),
            Event::Order(record) => order(&record, &share),
            Event::Refused(refusal) => format!("{share} refused: {refusal}"),
            Event::Filled(fill) => {
                let did = if fill.side == Side::Buy { "bought" } else { "sold" };
                format!("{did} {} {share} at {}", fill.quantity, fill.price)
            }
            Event::StopMoved(stop) => match stop.level {
                Some(level) => format!("stop of {share} at {level}"),
                None => format!("stop of {share} gone"),
            },
        }
    }

    /// "in the rerun whose data end on 2008-10-10".
    pub fn whence(&self, rerun: Rerun) -> String {
        match rerun {
            Rerun::Same => "in the same run made again".to_owned(),
            Rerun::BarByBar => "in the run that is asked at every bar".to_owned(),
            Rerun::Cut { cut, future } => {
                let cut = self.time(cut);
                match future {
                    Future::None => format!("in the rerun whose data end at {cut}"),
                    Future::TenTimes => format!("where every price after {cut} is ten times as high"),
                    Future::Tenth => format!("where every price after {cut} is a tenth"),
                    Future::Reversed => format!("where the bars after {cut} come in reverse order"),
                    Future::Still => format!("where the price stands still after {cut}"),
                }
            }
            Rerun::LaterStart { start, bars } => {
                let bars = counted(bars as usize, "bar", "bars");
                format!("for a strategy that began at {}, more than {bars} before", self.time(start))
            }
            Rerun::EarlierStart { earlier, .. } => {
                let earlier = counted(earlier as usize, "bar", "bars");
                format!("for a strategy that had seen the {earlier} before the run")
            }
        }
    }
}

fn wish(intent: &Intent, share: &str) -> String {
    match intent {
        Intent::Enter { side, weight: None, .. } => format!("wish to {} {share}", side.name()),
        Intent::Enter { side, weight: Some(weight), .. } => {
            format!("wish to {} {share} for {weight} of equity", side.name())
        }
        Intent::Exit { .. } => format!("wish to leave {share}"),
        Intent::Submit(order) => format!("wish to send a {} order in {share}", order.request.kind.name()),
        Intent::Cancel { .. } => "wish to cancel an order".to_owned(),
        Intent::Replace { .. } => "wish to change an order".to_owned(),
        Intent::Halt => "wish to halt".to_owned(),
        Intent::Resume => "wish to resume".to_owned(),
        Intent::Flatten { .. } => format!("wish to flatten {share}"),
    }
}

fn order(record: &OrderRecord, share: &str) -> String {
    let request = &record.request;
    let level = |price: Price| price.to_string();
    let how = match request.kind {
        OrderKind::Market => "at the market".to_owned(),
        OrderKind::Limit { limit } => format!("at {} or better", level(limit)),
        OrderKind::Stop { stop } => format!("with a stop at {}", level(stop)),
        OrderKind::StopLimit { stop, limit } => {
            format!("with a stop at {} and a limit at {}", level(stop), level(limit))
        }
        OrderKind::TrailingStop { .. } => "with a trailing stop".to_owned(),
    };
    let size = if record.quantity == Quantity::ZERO { String::new() } else { format!("{} ", record.quantity) };
    let fate = if record.outcome == OrderOutcome::Refused { ", refused" } else { "" };
    let part = if record.leg > 0 { " (leg)" } else { "" };
    format!("{} {size}{share} {how}{part}{fate}", request.side.name())
}

/// What such a change usually means.
pub fn meaning(rerun: Rerun) -> &'static str {
    match rerun {
        Rerun::Same => {
            "The strategy keeps something between runs: a static variable, a clock, random numbers that the \
             scenario's seed does not decide, a file it writes. Until the run repeats, nothing else can be shown."
        }
        Rerun::BarByBar => {
            "pass_quiet passes a bar on which on_bar wants something, leaves another state behind than on_bar \
             does, or uses the later bars it is shown. Return 0 from it and the run is right, only slower."
        }
        Rerun::Cut { .. } => {
            "The order was decided before the bars that changed it had closed: the strategy knows them. Usual \
             causes: the later bars that pass_quiet shows, used for more than passing them; a maximum, mean or \
             deviation over the whole series; an index that is one bar too far."
        }
        Rerun::LaterStart { .. } | Rerun::EarlierStart { .. } => {
            "What the strategy wants depends on the day its data begin. Usual causes: an average with a memory \
             as long as the run, such as an EMA of many bars; a highest or lowest price of all time; a count of \
             bars since the first. Live trading begins on another day and would trade otherwise."
        }
    }
}
