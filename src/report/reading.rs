//! Phrases and figures charts and terminal read from the model in the same words.
//!
//! Not here: numbers of its own, and layout.
use super::chart::label;
use super::model::{Line, Measure, RefusalRow, ReportModel, TradeRow};

/// From this many sessions on a rate per year is worth saying.
const SESSIONS_FOR_A_YEAR: usize = 252;

/// The measure `key`; `None` when it is undefined or absent.
pub fn measure(measures: &[(&'static str, Measure)], key: &str) -> Option<f64> {
    measures.iter().find(|(name, _)| *name == key).and_then(|(_, measure)| measure.value())
}

/// The line the strategy is held against: the benchmark, else the symbols at equal weight.
pub fn reference<'m>(model: &'m ReportModel<'_>) -> &'m Line {
    model.benchmark.as_ref().unwrap_or(&model.hold)
}

/// Equity at the end; the starting equity when there is no bar.
pub fn final_equity(model: &ReportModel<'_>) -> f64 {
    model.equity.last().copied().unwrap_or(model.initial_equity)
}

/// Gain over the run as a fraction of the start; `None` when it started with nothing.
pub fn total_return(model: &ReportModel<'_>) -> Option<f64> {
    (model.initial_equity > 0.0).then(|| final_equity(model) / model.initial_equity - 1.0)
}

/// Growth a year, where the run is long enough to say so.
pub fn growth_a_year(model: &ReportModel<'_>) -> Option<f64> {
    measure(&model.measures, "cagr").filter(|_| model.session_ends.len() >= SESSIONS_FOR_A_YEAR)
}

/// "closes of 2,054 sessions": what a line over time is drawn through.
pub fn marks(model: &ReportModel<'_>) -> String {
    let sessions = label::plural(model.session_ends.len(), "session", "sessions");
    if model.timeframe.is_daily() { format!("closes of {sessions}") } else { format!("every bar of {sessions}") }
}

/// Round trips that ended.
pub fn closed<'m>(model: &'m ReportModel<'_>) -> impl Iterator<Item = &'m TradeRow> {
    model.trades.iter().filter(|trade| trade.exit_time.is_some())
}

/// "ma_crossover 10/30": the strategy with its parameters, where they are few.
pub fn strategy(model: &ReportModel<'_>) -> String {
    const PARAMETERS_MAX: usize = 3;
    let values: Vec<&str> = model.parameters.iter().map(|(_, value)| value.as_str()).collect();
    if values.is_empty() || values.len() > PARAMETERS_MAX {
        return model.strategy.clone();
    }
    if values.iter().all(|value| value.parse::<f64>().is_ok()) {
        return format!("{} {}", model.strategy, values.join("/"));
    }
    let named: Vec<String> = model.parameters.iter().map(|(key, value)| format!("{key} {value}")).collect();
    format!("{} ({})", model.strategy, named.join(", "))
}

/// Symbols joined by `separator`; beyond six the first five and how many more.
pub fn symbols(model: &ReportModel<'_>, separator: &str) -> String {
    named(&model.symbols, separator)
}

/// These symbols as [`symbols`] names those of a run.
pub fn named(named: &[String], separator: &str) -> String {
    const ALL_UP_TO: usize = 6;
    if named.len() <= ALL_UP_TO {
        return named.join(separator);
    }
    let shown = ALL_UP_TO - 1;
    format!("{} and {} more", named[..shown].join(separator), label::count(named.len() - shown))
}

/// How many times each text occurs, most often first, equal counts in order of appearance.
pub fn tally<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<(&'t str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match counts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// "38 portfolio heat, 2 buying power": refusals by reason.
pub fn refusals(rows: &[RefusalRow]) -> String {
    let counts = tally(rows.iter().map(|row| row.reason.as_str()));
    let named: Vec<String> =
        counts.iter().map(|(reason, count)| format!("{} {}", label::count(*count), reason.replace('_', " "))).collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_puts_the_most_frequent_first() {
        let counts = tally(["heat", "cash", "heat", "size"].into_iter());
        assert_eq!(counts, [("heat", 2), ("cash", 1), ("size", 1)]);
    }
}
