//! `risk.png`: heat and gross exposure over time, against their limits, with the spans in which entries were halted.
//!
//! Not here: what the limits did otherwise (report::limits). Both panels share the time axis; each has its own
//! values, drawn on its part of one plot whose own scale runs from 0 to 1.
use std::ops::Range;

use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Scale, time_ticks};
use super::equity::TIME_LABELS;
use super::frame::{EndLabel, Frame, Head, Type, measure};
use super::label;
use super::theme::{INK, INK2, INK3, LOSS, MARGIN, STOP_LINE, TEXT};
use super::{ChartError, columns};
use crate::report::font::Weight;
use crate::report::format::Numbers;
use crate::report::limits;
use crate::report::model::ReportModel;
use crate::report::reading;
use crate::scenario::LimitKind;

/// A limit so many times the highest value is not drawn: the line would lie flat.
const LIMIT_SHOWN_TIMES: f64 = 4.0;

/// Least width of a band, pixels.
const BAND_LEAST: f32 = 4.0;

/// One line over time with its limit, and where it is drawn.
struct Panel<'a> {
    name: &'static str,
    values: &'a [f64],
    limit: Option<f64>,
    /// Top of its values.
    high: f64,
    /// Its part of the plot.
    place: Range<f64>,
}

impl<'a> Panel<'a> {
    fn new(model: &'a ReportModel<'_>, kind: LimitKind, place: Range<f64>) -> Panel<'a> {
        let (name, values) = match kind {
            LimitKind::PortfolioHeat => ("Heat, lost if every stop is hit, of equity", &model.heat[..]),
            _ => ("Gross exposure, of equity", &model.exposure[..]),
        };
        let limit = model.efficacy.limits.iter().find(|limit| limit.kind == kind).map(|limit| limit.allowed);
        let most = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let limit = limit.filter(|limit| most > 0.0 && *limit <= most * LIMIT_SHOWN_TIMES);
        let high = (most.max(limit.unwrap_or(0.0)) * 1.08).max(0.01);
        Panel { name, values, limit, high, place }
    }

    /// Where `value` stands on the plot.
    fn at(&self, value: f64) -> f64 {
        self.place.start + value / self.high * (self.place.end - self.place.start)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let (ticks, step) = Scale { low: 0.0, high: self.high, log: false }.ticks();
        ticks.iter().map(|tick| (self.at(*tick), label::axis_percent(*tick, step))).collect()
    }

    /// The step of the highest value, and it.
    fn most(&self) -> Option<(usize, f64)> {
        let values = self.values.iter().copied().enumerate().filter(|(_, value)| *value > 0.0);
        values.reduce(|most, next| if next.1 > most.1 { next } else { most })
    }

    fn draw(&self, frame: &Frame, model: &ReportModel<'_>) -> Result<(), ChartError> {
        let placed: Vec<f64> = self.values.iter().map(|value| self.at(*value)).collect();
        for piece in columns::line(&placed, frame.columns()) {
            let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
            let foot = self.place.start;
            let closed: Vec<(f64, f64)> =
                [(first.0, foot)].into_iter().chain(piece.iter().copied()).chain([(last.0, foot)]).collect();
            frame.area(&closed, INK3, 0.16)?;
            frame.line(&piece, INK, 2.0)?;
        }
        if let Some(limit) = self.limit {
            let y = frame.pixel((0.0, self.at(limit))).1;
            frame.dashes(&[(MARGIN, y), (frame.right, y)], LOSS, STOP_LINE)?;
        }
        let title = Type { size: TEXT, weight: Weight::SemiBold, colour: INK2 };
        let top = frame.pixel((0.0, self.place.end)).1;
        frame.text(self.name, (MARGIN, top - 26.0), title, HPos::Left, VPos::Center)?;
        self.draw_most(frame, model)
    }

    /// A dot at the highest value, and beside it what it was and when.
    fn draw_most(&self, frame: &Frame, model: &ReportModel<'_>) -> Result<(), ChartError> {
        let Some((step, value)) = self.most() else { return Ok(()) };
        let at = frame.pixel((step as f64, self.at(value)));
        let date = model.steps.get(step).map(|time| label::prose_date(*time)).unwrap_or_default();
        let text = format!("{}, {date}", label::percent(value, 1, false));
        let style = Type { size: TEXT, weight: Weight::SemiBold, colour: INK };
        let width = frame.width(&text, style);
        let left = if at.0 + 16.0 + width < frame.right { at.0 + 14.0 } else { at.0 - 14.0 - width };
        // Clear of the limit's line, which may be just above or below.
        let limit = self.limit.map(|limit| frame.pixel((0.0, self.at(limit))).1);
        let lower = limit.is_some_and(|limit| (limit - at.1).abs() < 16.0);
        frame.dot(at, 5.0, INK)?;
        frame.text_over(&text, (left, if lower { at.1 + 28.0 } else { at.1 }), style, HPos::Left, VPos::Center)
    }
}

/// Heat and gross exposure of the run as a PNG file, 1600×900 pixels.
///
/// Errors: [`ChartError::Empty`] without a bar; otherwise only what plotters or the encoder say.
pub fn risk_png(model: &ReportModel<'_>) -> Result<Vec<u8>, ChartError> {
    if model.steps.is_empty() || model.exposure.is_empty() {
        return Err(ChartError::Empty);
    }
    let panels = [
        Panel::new(model, LimitKind::PortfolioHeat, 0.54..0.94),
        Panel::new(model, LimitKind::GrossExposure, 0.0..0.43),
    ];
    let ticks: Vec<(f64, String)> = panels.iter().flat_map(Panel::ticks).collect();
    let named = |panel: &Panel<'_>| {
        panel.limit.map(|limit| [("limit".to_owned(), Weight::SemiBold), (percent(limit), Weight::Regular)])
    };
    let mut widest = 0.0f32;
    for (text, weight) in panels.iter().filter_map(named).flatten() {
        widest = widest.max(measure(&text, weight)?);
    }
    for (_, text) in &ticks {
        widest = widest.max(measure(text, Weight::Regular)?);
    }
    let scale = Scale { low: 0.0, high: 1.0, log: false };
    let frame = Frame::new(0.0..(model.steps.len() - 1).max(1) as f64, scale, widest);
    let times = time_ticks(&model.steps, model.timeframe, TIME_LABELS);
    halted(model, &frame, &panels)?;
    frame.grid(&ticks.iter().map(|tick| tick.0).collect::<Vec<f64>>(), &times, None)?;
    frame.time_labels(&times)?;
    panels.iter().try_for_each(|panel| panel.draw(&frame, model))?;
    let labels = panels.iter().filter_map(|panel| {
        let y = frame.pixel((0.0, panel.at(panel.limit?))).1;
        Some(EndLabel { y, lines: named(panel)?.to_vec(), colour: LOSS })
    });
    let taken = frame.end_labels(labels.collect())?;
    frame.value_labels(&ticks, &taken)?;
    frame.head(model, &head(model))?;
    frame.png()
}

/// Tints the spans in which entries were halted, each at least four pixels wide and with a bar on top, so that
/// it is no grid line.
fn halted(model: &ReportModel<'_>, frame: &Frame, panels: &[Panel<'_>]) -> Result<(), ChartError> {
    for halt in &model.efficacy.halts {
        let from = model.steps.partition_point(|step| *step < halt.from);
        let to = halt.until.map_or(model.steps.len(), |until| model.steps.partition_point(|step| *step < until));
        let x = |step: usize| frame.pixel((step as f64, 0.0)).0.min(frame.right);
        let left = x(from).min(frame.right - BAND_LEAST);
        let right = x(to).max(left + BAND_LEAST);
        let (widened, top) = ((8.0 - (right - left)).max(0.0) / 2.0, frame.pixel((0.0, panels[0].place.end)).1);
        frame.rectangle((left - widened, top - 10.0), (right + widened, top - 3.0), INK, 1.0)?;
        // A narrow band needs more ink to be seen.
        let tint = if right - left < 16.0 { 0.3 } else { 0.16 };
        for panel in panels {
            let y = |place: f64| frame.pixel((0.0, place)).1;
            let (top, bottom) = (y(panel.place.end), y(panel.place.start));
            frame.rectangle((left, top), (right, bottom), INK3, tint)?;
        }
    }
    Ok(())
}

fn percent(share: f64) -> String {
    let decimals = if (share * 100.0 - (share * 100.0).round()).abs() < 1e-9 { 0 } else { 2 };
    label::percent(share, decimals, false)
}

fn head(model: &ReportModel<'_>) -> Head {
    let limit = |kind: LimitKind| model.efficacy.limits.iter().find(|limit| limit.kind == kind);
    let most = |kind: LimitKind| {
        let limit = limit(kind)?;
        Some((label::percent(limit.most?.amount, 1, false), percent(limit.allowed)))
    };
    let title = match (model.efficacy.halts.len(), most(LimitKind::PortfolioHeat)) {
        (0, Some((most, allowed))) => {
            format!("Heat came to {most} at most, allowed {allowed}; entries were never halted")
        }
        (0, None) => "Entries were never halted".to_owned(),
        (count, _) => {
            format!("Entries were halted {}, {}", limits::times(count), limits::time_halted(&model.efficacy))
        }
    };
    let mut shown = "Dashed: the limits of [risk]".to_owned();
    if !model.efficacy.halts.is_empty() {
        shown.push_str("; ■ on top and grey: entries halted");
    }
    let hidden = [LimitKind::PortfolioHeat, LimitKind::GrossExposure].into_iter().filter_map(|kind| {
        let limit = limit(kind)?;
        let most = limit.most.map_or(0.0, |most| most.amount);
        let text = limits::amount(kind, limit.allowed, Numbers::TYPOGRAPHIC);
        let name = limits::name(kind).to_lowercase();
        (most <= 0.0 || limit.allowed > most * LIMIT_SHOWN_TIMES)
            .then(|| format!("; {name} limit {text}, out of sight"))
    });
    hidden.for_each(|text| shown.push_str(&text));
    Head { title, subtitle: shown, note: reading::marks(model), reserved: (0.0, 0.0) }
}
