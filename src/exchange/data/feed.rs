//! The messages of the data stream, as bars open and close.
//!
//! Not here: who wants them (the server), how they look (message, pack). Bars of the data's own timeframe are told in
//! the place of minute bars; the day so far is told whenever a bar has closed.
use super::bars::{days, own};
use super::message::{self, DataMessage, MessageKind};
use super::prints::{Print, Prints};
use super::quotes::Quote;
use crate::domain::Symbol;
use crate::exchange::Tape;

/// What there is to say when the bars of a step have begun: a trade at each open and the quote around it.
pub fn opened(tape: &Tape, step: usize) -> Vec<DataMessage> {
    let times = tape.step(step);
    let mut messages = Vec::new();
    for (asset, bar) in tape.bars_of(step) {
        let place = tape.closed(asset).len();
        for print in Prints::of_bar(bar, place, times).opening().all() {
            messages.extend(ticks(tape.names()[asset], print));
        }
    }
    messages
}

/// What there is to say when the bars of a step are complete: the rest of their trades and quotes in order of time,
/// then the bars, then the days so far.
pub fn closed(tape: &Tape, step: usize) -> Vec<DataMessage> {
    let times = tape.step(step);
    let mut prints: Vec<(Symbol, Print)> = Vec::new();
    let mut bars = Vec::new();
    for (asset, bar) in tape.bars_of(step) {
        let symbol = tape.names()[asset];
        let place = tape.closed(asset).partition_point(|own| own.time < bar.time);
        let all = Prints::of_bar(bar, place, times);
        let told = all.opening().all().len();
        prints.extend(all.all()[told..].iter().map(|print| (symbol, *print)));
        bars.push(DataMessage { kind: MessageKind::Bar, symbol, fields: message::bar(&own(tape, bar)) });
    }
    prints.sort_by_key(|(_, print)| print.time);
    let day = |(asset, _)| {
        let [day, _] = days(tape, asset);
        let fields = message::bar(&day?);
        Some(DataMessage { kind: MessageKind::DailyBar, symbol: tape.names()[asset], fields })
    };
    let days = tape.bars_of(step).filter_map(day);
    prints.iter().flat_map(|(symbol, print)| ticks(*symbol, print)).chain(bars).chain(days).collect()
}

/// A trade and the quote around it; the quote first, since a trade happens within one.
fn ticks(symbol: Symbol, print: &Print) -> [DataMessage; 2] {
    let quote = message::quote(&Quote::around(print));
    [
        DataMessage { kind: MessageKind::Quote, symbol, fields: quote },
        DataMessage { kind: MessageKind::Trade, symbol, fields: message::trade(print) },
    ]
}
