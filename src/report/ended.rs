//! Positions in shares whose bars end before the run does: marked at a price that nobody offers any more.
//!
//! Not here: what the data gate finds before a run (market).
use super::gather::Finished;
use super::model::{ReportModel, WarningRow, WarningSource};
use crate::domain::{Timeframe, Timestamp};
use crate::portfolio::RoundTrip;

/// The first of them in a sentence.
pub(super) fn note(model: &ReportModel) -> Option<String> {
    let end = model.steps.last()?;
    let last_of = |symbol: &str| model.prices.iter().find(|panel| panel.symbol == symbol)?.bars.last();
    let open = model.trades.iter().filter(|trade| trade.exit_time.is_none());
    let (trade, last) = open
        .filter_map(|trade| Some((trade, last_of(&trade.symbol)?)))
        .find(|(_, last)| last.time.days() < end.days())?;
    let (last, end) = (last.time.text(Timeframe::Day1), end.text(Timeframe::Day1));
    Some(format!(
        "The bars of {} end on {last}, the run on {end}: its open position stays at the last close.",
        trade.symbol
    ))
}

/// A row for each position still open in a share without a bar on the last day of the run.
pub(super) fn ended_early(run: Finished<'_>) -> Vec<WarningRow> {
    let data = &run.loaded.spec.data;
    let Some(end) = run.market.bars.iter().filter_map(|bars| bars.last()).map(|bar| bar.time).max() else {
        return Vec::new();
    };
    let row = |trip: &RoundTrip| {
        let last = run.market.bars[trip.symbol.get()].last().filter(|last| last.time.days() < end.days())?;
        let symbol = data.symbols[trip.symbol.get()];
        let date = |time: Timestamp| time.text(Timeframe::Day1);
        let next = date(last.time.plus_ns(Timestamp::NS_PER_DAY));
        let path = run.loaded.path_for(symbol);
        Some(WarningRow {
            source: WarningSource::EndedEarly,
            file: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            line: None,
            message: format!(
                "the bars of {symbol} end on {}, the run on {}; the open position stays at the last close, {}. If the \
                 share was delisted, add the row {symbol},{next},delisting, to data.corporate_actions, with the dollars \
                 paid a share at its end (0 for none, nothing for the last close); if it got another name, the row \
                 {symbol},{next},rename, and that name",
                date(last.time),
                date(end),
                run.market.last_price(trip.symbol)
            ),
        })
    };
    run.trips.1.iter().filter_map(row).collect()
}
