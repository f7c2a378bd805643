//! The messages of the data stream, as bars open and close.
//!
//! Not here: who wants them (the server), how they look (message, pack). Bars of the data's own timeframe are told in
//! the place of minute bars; the day so far is told whenever a bar has closed.
use super::bars::{DataBar, day_of_last, own};
use super::message::{self, DataMessage, MessageKind};
use super::prints::{Print, Prints};
use super::quotes::Quote;
use crate::domain::{Bar, Symbol};
use crate::exchange::Tape;

/// What there is to say when the bars of a step have begun: a trade at each open and the quote around it.
///
/// The same whenever it is asked from then on.
pub fn opened(tape: &Tape, step: usize) -> Vec<DataMessage> {
    let times = tape.step(step);
    let mut messages = Vec::new();
    for (asset, bar) in tape.bars_of(step) {
        for print in Prints::of_bar(bar, place(tape, asset, bar), times).opening().all() {
            messages.extend(ticks(tape.names()[asset], print));
        }
    }
    messages
}

/// What there is to say when the bars of a step are complete: the rest of their trades and quotes in order of time,
/// then the bars, then the days so far.
///
/// The same whenever it is asked from then on.
pub fn closed(tape: &Tape, step: usize) -> Vec<DataMessage> {
    let times = tape.step(step);
    let mut prints: Vec<(Symbol, Print)> = Vec::new();
    let (mut bars, mut days) = (Vec::new(), Vec::new());
    for (asset, bar) in tape.bars_of(step) {
        let (symbol, place) = (tape.names()[asset], place(tape, asset, bar));
        let all = Prints::of_bar(bar, place, times);
        let told = all.opening().all().len();
        prints.extend(all.all()[told..].iter().map(|print| (symbol, *print)));
        let message = |kind, bar: &DataBar| DataMessage { kind, symbol, fields: message::bar(bar) };
        bars.push(message(MessageKind::Bar, &own(tape, bar)));
        let until_now = tape.closed(asset).get(..=place).unwrap_or_default();
        days.extend(day_of_last(tape, until_now).map(|day| message(MessageKind::DailyBar, &day)));
    }
    prints.sort_by_key(|(_, print)| print.time);
    prints.iter().flat_map(|(symbol, print)| ticks(*symbol, print)).chain(bars).chain(days).collect()
}

/// The place of a bar among those of its asset.
fn place(tape: &Tape, asset: usize, bar: &Bar) -> usize {
    tape.closed(asset).partition_point(|own| own.time < bar.time)
}

/// A trade and the quote around it; the quote first, since a trade happens within one.
fn ticks(symbol: Symbol, print: &Print) -> [DataMessage; 2] {
    let quote = message::quote(&Quote::around(print));
    [
        DataMessage { kind: MessageKind::Quote, symbol, fields: quote },
        DataMessage { kind: MessageKind::Trade, symbol, fields: message::trade(print) },
    ]
}
