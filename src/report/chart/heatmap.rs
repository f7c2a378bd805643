//! `heatmap.png`: the objective of a sweep over two of its keys, or over one, with the best run marked.
//!
//! Not here: which runs stand in a cell (report::sweep::grid). The value stands in every cell that has room for it, so
//! there is no bar of colours.
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::ChartError;
use super::axis::Scale;
use super::frame::{Frame, Head, Type, measure};
use super::theme::{INK, INK2, INK3, LINE2, MARGIN, PLOT_BOTTOM, PLOT_TOP, STRATEGY_LINE, TEXT, WHITE, WIDTH};
use crate::report::font::Weight;
use crate::report::format::{Numbers, counted};
use crate::report::sweep::grid::{Grid, grid};
use crate::report::sweep::measure::{Form, find};
use crate::report::sweep::model::SweepModel;

const N: Numbers = Numbers::TYPOGRAPHIC;
/// From low to high; magnitude, never sign.
const RAMP: [RGBColor; 6] = [
    RGBColor(0xf4, 0xf8, 0xfc),
    RGBColor(0xc9, 0xde, 0xf2),
    RGBColor(0x8d, 0xb8, 0xe0),
    RGBColor(0x45, 0x85, 0xc4),
    RGBColor(0x0a, 0x4f, 0x99),
    RGBColor(0x05, 0x2a, 0x55),
];
/// Steps of the ramp: a file has 256 colours, and text needs its share of them.
const SHADES: f64 = 60.0;
const BLACK: RGBColor = RGBColor(0, 0, 0);
/// Highest a cell may be: a grid of two rows is no pair of towers.
const CELL_HEIGHT_MAX: f32 = 120.0;
const LABEL: Type = Type { size: TEXT, weight: Weight::Regular, colour: INK3 };
const NAME: Type = Type { size: TEXT, weight: Weight::SemiBold, colour: INK2 };

/// The picture of a sweep, 1600×900 pixels.
///
/// Errors: [`ChartError::Empty`] where nothing was swept or no run has a value of the objective; otherwise only what
/// plotters or the encoder say.
pub fn heatmap_png(model: &SweepModel) -> Result<Vec<u8>, ChartError> {
    let grid = grid(model).ok_or(ChartError::Empty)?;
    let winner = grid.winner.ok_or(ChartError::Empty)?;
    match grid.upright {
        Some(upright) => cells(model, &grid, upright, winner),
        None => line(model, &grid, winner.0),
    }
}

fn form(model: &SweepModel) -> Form {
    find(&model.objective).map_or(Form::Ratio, |shown| shown.form)
}

fn range(grid: &Grid) -> (f64, f64) {
    grid.cells.iter().flatten().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// Where the cells stand.
struct Place {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Place {
    fn of(grid: &Grid) -> Result<Place, ChartError> {
        let mut widest = 0.0_f32;
        for row in &grid.rows {
            widest = widest.max(measure(row, Weight::Regular)?);
        }
        let left = MARGIN + widest + 16.0;
        let room = PLOT_BOTTOM - 30.0 - PLOT_TOP - 26.0;
        Ok(Place {
            left,
            top: PLOT_TOP + 26.0,
            width: (WIDTH as f32 - MARGIN - left) / grid.columns.len() as f32,
            height: (room / grid.rows.len() as f32).min(CELL_HEIGHT_MAX),
        })
    }

    /// Upper left and lower right corner, `gap` left free; row 0 is the lowest. Whole pixels: half ones at every edge
    /// would take the colours of the text.
    fn cell(&self, grid: &Grid, (column, row): (usize, usize), gap: f32) -> ((f32, f32), (f32, f32)) {
        let down = grid.rows.len() - 1 - row;
        let x = |column: usize| (self.left + column as f32 * self.width).round();
        let y = |down: usize| (self.top + down as f32 * self.height).round();
        ((x(column), y(down)), (x(column + 1) - gap, y(down + 1) - gap))
    }
}

fn cells(model: &SweepModel, grid: &Grid, upright: usize, winner: (usize, usize)) -> Result<Vec<u8>, ChartError> {
    let frame = Frame::new(0.0..1.0, Scale { low: 0.0, high: 1.0, log: false }, 0.0);
    let (place, form) = (Place::of(grid)?, form(model));
    let (low, high) = range(grid);
    let span = if high > low { high - low } else { 1.0 };
    let gap = if place.width > 12.0 && place.height > 12.0 { 2.0 } else { 0.0 };
    // One size for all, so that no cell shouts.
    let widest =
        grid.cells.iter().flatten().map(|value| frame.width(&form.write(Some(*value), N), LABEL)).fold(0.0, f32::max);
    let has_text = widest + 12.0 <= place.width && place.height >= 28.0;
    for row in 0..grid.rows.len() {
        for column in 0..grid.columns.len() {
            let (from, to) = place.cell(grid, (column, row), gap);
            let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
            let Some(value) = grid.cells[row * grid.columns.len() + column] else {
                frame.text("–", middle, Type { colour: LINE2, ..LABEL }, HPos::Center, VPos::Center)?;
                continue;
            };
            let colour = ramp(if high > low { (value - low) / span } else { 0.5 });
            frame.rectangle(from, to, colour, 1.0)?;
            if has_text {
                let style = Type { colour: on(colour), ..LABEL };
                frame.text(&form.write(Some(value), N), middle, style, HPos::Center, VPos::Center)?;
            }
        }
    }
    let (from, to) = place.cell(grid, winner, gap);
    outline(&frame, from, to)?;
    labels(&frame, model, grid, &place)?;
    let name = format!("{} ↑", model.axes[upright].short());
    frame.text(&name, (MARGIN, PLOT_TOP + 8.0), NAME, HPos::Left, VPos::Bottom)?;
    frame.head_of(&foot(model), &head(model, grid))?;
    frame.png()
}

/// A frame around the best cell, white inside so that it shows on dark cells.
fn outline(frame: &Frame, from: (f32, f32), to: (f32, f32)) -> Result<(), ChartError> {
    let ring = |inset: f32| {
        let (left, top, right, bottom) = (from.0 + inset, from.1 + inset, to.0 - inset, to.1 - inset);
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    };
    frame.stroke(&ring(3.0), WHITE, 2.0)?;
    frame.stroke(&ring(0.0), INK, 5.0)
}

/// Values beside the rows and under the columns, as many as have room; the name of the level axis.
fn labels(frame: &Frame, model: &SweepModel, grid: &Grid, place: &Place) -> Result<(), ChartError> {
    let every = |room: f32, size: f32| ((size / room).ceil() as usize).max(1);
    for (row, text) in grid.rows.iter().enumerate().step_by(every(place.height, 28.0)) {
        let (from, to) = place.cell(grid, (0, row), 0.0);
        let y = (from.1 + to.1) / 2.0;
        frame.text(text, (place.left - 16.0, y), LABEL, HPos::Right, VPos::Center)?;
    }
    let widest = grid.columns.iter().map(|text| frame.width(text, LABEL)).fold(0.0, f32::max);
    let (_, (_, bottom)) = place.cell(grid, (0, 0), 0.0);
    for (column, text) in grid.columns.iter().enumerate().step_by(every(place.width, widest + 14.0)) {
        let x = place.left + (column as f32 + 0.5) * place.width;
        frame.text(text, (x, bottom + 30.0), LABEL, HPos::Center, VPos::Bottom)?;
    }
    let middle = (place.left + WIDTH as f32 - MARGIN) / 2.0;
    let name = model.axes[grid.level].short();
    frame.text(name, (middle, bottom + 60.0), NAME, HPos::Center, VPos::Bottom)
}

/// The objective over a single axis, the best run marked.
fn line(model: &SweepModel, grid: &Grid, winner: usize) -> Result<Vec<u8>, ChartError> {
    let (low, high) = range(grid);
    let room = if high > low { (high - low) * 0.08 } else { high.abs().max(1.0) * 0.1 };
    let scale = Scale { low: low - room, high: high + room, log: false };
    let (ticks, step) = scale.ticks();
    let ticks: Vec<(f64, String)> = ticks.iter().map(|tick| (*tick, tick_text(form(model), *tick, step))).collect();
    let mut widest = 0.0_f32;
    for (_, text) in &ticks {
        widest = widest.max(measure(text, Weight::Regular)?);
    }
    let frame = Frame::new(-0.5..grid.columns.len() as f64 - 0.5, scale, widest);
    let levels: Vec<f64> = ticks.iter().map(|tick| tick.0).collect();
    frame.grid(&levels, &[], levels.iter().copied().find(|level| *level == 0.0))?;
    frame.value_labels(&ticks, &[])?;
    let points: Vec<(f64, f64)> =
        grid.cells.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at as f64, value))).collect();
    frame.line(&points, INK, STRATEGY_LINE)?;
    if points.len() <= 60 {
        points.iter().try_for_each(|point| frame.dot(frame.pixel(*point), 5.0, INK))?;
    }
    let best = frame.pixel((winner as f64, high));
    frame.dot(best, 11.0, INK)?;
    frame.dot(best, 6.0, WHITE)?;
    let width = frame.width(grid.columns.iter().max_by_key(|text| text.len()).map_or("", String::as_str), LABEL) + 14.0;
    let one = frame.pixel((1.0, high)).0 - frame.pixel((0.0, high)).0;
    for (column, text) in grid.columns.iter().enumerate().step_by(((width / one).ceil() as usize).max(1)) {
        frame.text(text, (frame.pixel((column as f64, high)).0, 836.0), LABEL, HPos::Center, VPos::Bottom)?;
    }
    let name = format!("{} →", model.axes[grid.level].short());
    frame.text(&name, (MARGIN, PLOT_TOP + 2.0), NAME, HPos::Left, VPos::Bottom)?;
    frame.head_of(&foot(model), &head(model, grid))?;
    frame.png()
}

fn tick_text(form: Form, tick: f64, step: f64) -> String {
    match form {
        Form::Change | Form::Share => super::label::axis_percent(tick, step),
        Form::Dollars => super::label::axis_dollars(tick, step, tick),
        Form::Ratio | Form::Count => super::label::ratio(tick, super::label::decimals_of_step(step)),
    }
}

fn foot(model: &SweepModel) -> String {
    format!("{}, sweep {}", model.program, model.name)
}

fn head(model: &SweepModel, grid: &Grid) -> Head {
    let name = find(&model.objective).map_or(model.objective.as_str(), |shown| shown.name);
    let (_, high) = range(grid);
    let best = form(model).write(Some(high), N);
    let shown: Vec<usize> = grid.upright.into_iter().chain([grid.level]).collect();
    let axes: Vec<&str> = shown.iter().map(|axis| model.axes[*axis].short()).collect();
    let others: Vec<&str> = model
        .axes
        .iter()
        .enumerate()
        .filter(|(at, axis)| !shown.contains(at) && axis.values.len() > 1)
        .map(|(_, axis)| axis.short())
        .collect();
    let mut parts = Vec::new();
    if !others.is_empty() {
        parts.push(format!("Highest over {}", others.join(", ")));
    }
    if !model.scope.is_empty() {
        parts.push(model.scope.clone());
    }
    parts.push(model.verdict.headline.trim_end_matches('.').to_owned());
    Head {
        title: format!("{name} by {}: {best} at best", axes.join(" and ")),
        subtitle: parts.join(". "),
        note: format!(
            "{}: best of {}",
            if grid.upright.is_some() { "outlined" } else { "ringed" },
            counted(model.all.runs, "run", "runs")
        ),
        reserved: (0.0, 0.0),
    }
}

/// The colour at a share of the ramp.
fn ramp(share: f64) -> RGBColor {
    let at = (share.clamp(0.0, 1.0) * SHADES).round() / SHADES * (RAMP.len() - 1) as f64;
    let below = (at.floor() as usize).min(RAMP.len() - 2);
    let part = at - below as f64;
    let mix = |a: u8, b: u8| (f64::from(a) * (1.0 - part) + f64::from(b) * part).round() as u8;
    let (a, b) = (RAMP[below], RAMP[below + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Black or white, whichever contrasts more (WCAG 2, relative luminance).
fn on(colour: RGBColor) -> RGBColor {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.039_28 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let light = 0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2);
    if light > 0.179 { BLACK } else { WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::testing::small;

    #[test]
    fn the_ramp_ends_where_it_should_and_text_is_read_on_it() {
        assert_eq!((ramp(0.0), ramp(1.0), ramp(2.0)), (RAMP[0], RAMP[5], RAMP[5]));
        assert_eq!((on(ramp(0.0)), on(ramp(1.0))), (BLACK, WHITE));
    }

    #[test]
    fn same_sweep_same_bytes_and_no_axis_no_picture() {
        let mut model = small();
        let file = heatmap_png(&model).expect("picture");
        assert_eq!(file, heatmap_png(&model).expect("picture"));
        let heads = head(&model, &grid(&model).expect("grid"));
        assert_eq!(heads.title, "Sharpe by fast_period and slow_period: 1.30 at best");
        assert_eq!(
            heads.subtitle,
            "Highest over multiple. AAPL, daily, 3 Jan 2005 to 1 Mar 2013. Do not pick the winner"
        );
        model.axes.clear();
        assert!(matches!(heatmap_png(&model), Err(ChartError::Empty)));
    }
}
