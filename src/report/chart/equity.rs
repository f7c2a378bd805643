//! `equity.png`: what the start became, against the benchmark.
//!
//! Not here: drawdown.
use super::ChartError;
use super::axis::{Scale, time_ticks};
use super::columns;
use super::frame::{EndLabel, Frame, Head, NAME_WIDTH, measure};
use super::label;
use super::theme::{BENCHMARK_LINE, INK, INK3, STRATEGY_LINE};
use crate::report::font::Weight;
use crate::report::model::ReportModel;
use crate::report::reading;

/// Most labels the time axis has room for.
pub(super) const TIME_LABELS: usize = 12;

/// The equity of the run and of what it is held against as a PNG file, 1600×900 pixels.
///
/// Errors: [`ChartError::Empty`] without a bar; otherwise only what plotters or the encoder say.
pub fn equity_png(model: &ReportModel<'_>) -> Result<Vec<u8>, ChartError> {
    if model.steps.is_empty() || model.equity.is_empty() {
        return Err(ChartError::Empty);
    }
    let reference = reading::reference(model);
    let scale = Scale::dollars(model.equity.iter().chain(&reference.values).copied().chain([model.initial_equity]));
    let (ticks, step) = scale.ticks();
    let ticks: Vec<(f64, String)> = ticks.iter().map(|t| (*t, label::axis_dollars(*t, step, scale.high))).collect();
    let lines = [
        ("Strategy", &model.equity, INK, STRATEGY_LINE, 5.5),
        (reference.name.as_str(), &reference.values, INK3, BENCHMARK_LINE, 4.5),
    ];
    let mut widest = 0.0f32;
    for (name, values, ..) in &lines {
        let last = label::dollars(values.last().copied().unwrap_or(model.initial_equity));
        widest = widest.max(measure(name, Weight::SemiBold)?).max(measure(&last, Weight::Regular)?);
    }
    for (_, text) in &ticks {
        widest = widest.max(measure(text, Weight::Regular)?);
    }
    let frame = Frame::new(0.0..(model.steps.len() - 1).max(1) as f64, scale, widest.min(NAME_WIDTH));
    let times = time_ticks(&model.steps, model.timeframe, TIME_LABELS);
    let values: Vec<f64> = ticks.iter().map(|t| t.0).collect();
    frame.grid(&values, &times, Some(model.initial_equity))?;
    frame.time_labels(&times)?;
    let mut names = Vec::new();
    // The strategy last, so that it lies on top.
    for (name, values, colour, width, dot) in lines.into_iter().rev() {
        for piece in columns::line(values, frame.columns()) {
            frame.line(&piece, colour, width)?;
        }
        let Some(last) = values.last() else { continue };
        let end = frame.pixel(((values.len() - 1) as f64, *last));
        frame.dot(end, dot, colour)?;
        let lines = vec![(name.to_owned(), Weight::SemiBold), (label::dollars(*last), Weight::Regular)];
        names.push(EndLabel { y: end.1, lines, colour });
    }
    let taken = frame.end_labels(names)?;
    frame.value_labels(&ticks, &taken)?;
    frame.head(model, &head(model, scale.log))?;
    frame.png()
}

fn head(model: &ReportModel<'_>, log: bool) -> Head {
    let (from, to) = (label::dollars(model.initial_equity), label::dollars(reading::final_equity(model)));
    let title = if model.trades.is_empty() {
        format!("No trade was made: {from} stayed {to}")
    } else if let Some(growth) = reading::growth_a_year(model) {
        format!("{from} became {to}, {} a year", label::percent(growth, 1, true))
    } else if let Some(gain) = reading::total_return(model) {
        format!("{from} became {to}, {}", label::percent(gain, 1, true))
    } else {
        format!("{from} became {to}")
    };
    let reference = &reading::reference(model).name;
    let against = match &model.benchmark {
        Some(_) => format!("against {reference}"),
        None => format!("{reference} in grey"),
    };
    let stop = model.stop.as_ref().map(|stop| format!(", {stop}")).unwrap_or_default();
    let log = if log { "; log scale" } else { "" };
    Head {
        title,
        subtitle: format!("{} on {}{stop}, {against}{log}", reading::strategy(model), reading::symbols(model, ", ")),
        note: format!("after costs, {}", reading::marks(model)),
        reserved: (0.0, 0.0),
    }
}
