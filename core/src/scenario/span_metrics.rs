//! The measures of a run over the last part of it, with the part before as its run-up.
//!
//! Not here: whole runs (`metrics`). What would need the trades to be cut at the beginning of the span, such as
//! fees or the profit factor, is left out: unknown, not zero.
use super::marks::{Marks, SessionEnds};
use super::metrics::{Inputs, Metrics, of_returns, track_record};
use super::{LoadedScenario, MarketData, held_equally, round_trips};
use crate::domain::Timestamp;
use crate::engine::Journal;

/// Measures a run from its first session at or after `from` on, against its equity at the end of the session
/// before; gives the account at the session ends of the span. `trades`: round trips closed within it.
pub fn measure_span(
    loaded: &LoadedScenario,
    market: &MarketData,
    journal: &Journal,
    from: Timestamp,
) -> (Metrics, Marks) {
    let (timeframe, cash) = (loaded.spec.data.timeframe, loaded.spec.account.cash);
    let ends = SessionEnds::of(market);
    let mut marks = Marks::of(market, &ends, journal, cash);
    let before = marks.times.partition_point(|time| *time < from);
    let eve = before.checked_sub(1).and_then(|at| marks.times.get(at).copied());
    let start = before.checked_sub(1).and_then(|at| marks.equity.get(at).copied()).unwrap_or(cash);
    marks.times.drain(..before);
    marks.equity.drain(..before);
    let first = market.bars.iter().flatten().map(|bar| bar.time).filter(|time| *time >= from).min();
    marks.first = first;
    let last = marks.times.last().copied();
    let span = last.zip(first).map_or(0, |(last, first)| last.ns() - first.ns());
    let dollars: Vec<f64> = marks.equity.iter().map(|equity| equity.to_f64()).collect();
    let inputs = Inputs::new(start.to_f64(), &dollars, &marks.times, span);
    let mut out = Metrics::default();
    let text = |time: Option<Timestamp>| time.map_or(serde_json::Value::Null, |time| time.text(timeframe).into());
    out.put("start", text(first));
    out.put("end", text(last));
    out.put("sessions", marks.times.len());
    out.put("bars", market.bars.iter().flatten().filter(|bar| bar.time >= from).count());
    out.put("initial_equity", start.to_f64());
    out.put("final_equity", marks.last(start).to_f64());
    of_returns(&mut out, &inputs);
    let closed = round_trips(market, journal).0;
    out.put("trades", closed.iter().filter(|trip| trip.exit_time.is_some_and(|time| time >= from)).count());
    out.put("refusals", journal.refusals.iter().filter(|record| record.time >= from).count());
    out.put("halts", journal.halts.iter().filter(|halt| halt.from >= from).count());
    if let Some((from, until)) = eve.or(first).zip(last) {
        let held = held_equally(market, &[from, until], 1.0);
        out.put("buy_and_hold_return", held[1] / held[0] - 1.0);
    }
    track_record(&mut out, &inputs);
    (out, marks)
}
