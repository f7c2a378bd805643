//! The sheet every chart is drawn on: title, axes, grid, names at line ends, footer.
//!
//! Not here: what a chart says (equity, drawdown, price). Points are (step index, value) in the
//! plot and pixels outside it. plotters places and draws; its backend is report::chart::surface.
use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::Cartesian2d;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::ChartError;
use super::axis::{Scale, TimeTick};
use super::raster::Canvas;
use super::surface::{EDGED, PLAIN, Surface, UNITS_PER_PIXEL};
use super::theme::{FOOT, HEIGHT, INK, INK2, INK3, LINE, LINE2, MARGIN, PLOT_BOTTOM, PLOT_TOP, TEXT, TITLE, WIDTH};
use crate::report::font::{FontError, Weight};
use crate::report::model::ReportModel;

type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;

/// What stands around the plot.
pub struct Head {
    /// The finding, one sentence without a full stop.
    pub title: String,
    /// What is shown.
    pub subtitle: String,
    /// Lower right corner.
    pub note: String,
    /// Pixels kept free at the right of the title and of the subtitle.
    pub reserved: (f32, f32),
}

/// A sheet under construction.
pub struct Frame {
    canvas: Rc<RefCell<Canvas>>,
    root: DrawingArea<Surface, Shift>,
    plot: DrawingArea<Surface, Plane>,
    scale: Scale,
    /// Right end of the plot, pixels.
    pub right: f32,
}

/// How a piece of text looks.
#[derive(Clone, Copy)]
pub struct Type {
    /// Pixels.
    pub size: u32,
    /// Regular or semibold.
    pub weight: Weight,
    /// Its colour.
    pub colour: RGBColor,
}

/// The line under the title.
const SUBTITLE: Type = Type { size: TEXT, weight: Weight::Regular, colour: INK2 };

/// A name at a line's end: one or two short lines of text around a height.
pub struct EndLabel {
    /// Where the line ends, pixels from the top.
    pub y: f32,
    /// Its text, top to bottom.
    pub lines: Vec<(String, Weight)>,
    /// The line's colour.
    pub colour: RGBColor,
}

/// Widest a name in the right margin may be, pixels.
pub const NAME_WIDTH: f32 = 230.0;
/// From the plot's right end to the labels.
const GUTTER: f32 = 17.0;
/// Least space between the names of two lines.
const BETWEEN_NAMES: f32 = 6.0;
/// From one line of an end label to the next.
const LEADING: f32 = 27.0;

impl Frame {
    /// A white sheet with a plot of `steps` (first and last index, with room) by `scale`;
    /// `labels` pixels are kept free for text at its right.
    pub fn new(steps: std::ops::Range<f64>, scale: Scale, labels: f32) -> Frame {
        let canvas = Rc::new(RefCell::new(Canvas::new(WIDTH, HEIGHT)));
        let root = Surface::new(Rc::clone(&canvas)).into_drawing_area();
        let right = (WIDTH as f32 - MARGIN - GUTTER - labels).floor();
        let x = units(MARGIN)..units(right);
        // Pixels count downwards, values upwards.
        let y = units(PLOT_BOTTOM)..units(PLOT_TOP);
        let plane = Plane::new(steps, scale.place(scale.low)..scale.place(scale.high), (x, y));
        let plot = root.apply_coord_spec(plane);
        Frame { canvas, root, plot, scale, right }
    }

    /// The picture as a PNG file.
    pub fn png(self) -> Result<Vec<u8>, ChartError> {
        let canvas = self.canvas.borrow();
        super::encode::png(canvas.pixels(), WIDTH as u32, HEIGHT as u32)
    }

    /// Columns of pixels in the plot.
    pub fn columns(&self) -> usize {
        (self.right - MARGIN) as usize
    }

    /// Title, subtitle and footer. Text that is too long ends in `…`.
    pub fn head(&self, model: &ReportModel<'_>, head: &Head) -> Result<(), ChartError> {
        let fingerprint: String = model.fingerprint.chars().take(12).collect();
        self.head_of(&format!("{}, {}, fingerprint {fingerprint}", model.program, model.name), head)
    }

    /// [`Frame::head`] of what is no run; `left`: lower left corner.
    pub fn head_of(&self, left: &str, head: &Head) -> Result<(), ChartError> {
        let wide = WIDTH as f32 - 2.0 * MARGIN;
        let title = Type { size: TITLE, weight: Weight::SemiBold, colour: INK };
        self.text(
            &self.fit(&head.title, title, wide - head.reserved.0),
            (MARGIN, 66.0),
            title,
            HPos::Left,
            VPos::Bottom,
        )?;
        self.text(
            &self.fit(&head.subtitle, SUBTITLE, wide - head.reserved.1),
            (MARGIN, 104.0),
            SUBTITLE,
            HPos::Left,
            VPos::Bottom,
        )?;
        let foot = Type { size: FOOT, weight: Weight::Regular, colour: INK3 };
        let room = wide - self.width(&head.note, foot) - 40.0;
        self.text(&self.fit(left, foot, room), (MARGIN, 878.0), foot, HPos::Left, VPos::Bottom)?;
        self.text(&head.note, (WIDTH as f32 - MARGIN, 878.0), foot, HPos::Right, VPos::Bottom)
    }

    /// Has the subtitle room as a whole?
    pub fn subtitle_fits(&self, head: &Head) -> bool {
        self.width(&head.subtitle, SUBTITLE) <= WIDTH as f32 - 2.0 * MARGIN - head.reserved.1
    }

    /// Hairlines at the ticks; `baseline` is drawn stronger.
    pub fn grid(&self, values: &[f64], times: &[TimeTick], baseline: Option<f64>) -> Result<(), ChartError> {
        for value in values.iter().filter(|v| Some(**v) != baseline) {
            self.horizontal(*value, LINE, 1.0)?;
        }
        for tick in times {
            let x = self.pixel((tick.step as f64, self.scale.high)).0.round() + 0.5;
            self.stroke(&[(x, PLOT_TOP), (x, PLOT_BOTTOM)], LINE, 1.0)?;
        }
        baseline.map_or(Ok(()), |value| self.horizontal(value, LINE2, 2.0))
    }

    fn horizontal(&self, value: f64, colour: RGBColor, width: f32) -> Result<(), ChartError> {
        // One pixel wide lines lie on pixels, two pixels wide ones between them: both are crisp.
        let y = self.pixel((0.0, value)).1.round() + if width < 1.5 { 0.5 } else { 0.0 };
        self.stroke(&[(MARGIN, y), (self.right, y)], colour, width)
    }

    /// Labels of the time axis; one that would touch its neighbour is left out.
    pub fn time_labels(&self, times: &[TimeTick]) -> Result<(), ChartError> {
        let mut free_from = 0.0;
        for tick in times {
            let weight = if tick.major { Weight::SemiBold } else { Weight::Regular };
            let style = Type { size: TEXT, weight, colour: INK3 };
            let half = self.width(&tick.text, style) / 2.0;
            let x =
                self.pixel((tick.step as f64, self.scale.high)).0.clamp(MARGIN + half, WIDTH as f32 - MARGIN - half);
            if x - half < free_from {
                continue;
            }
            free_from = x + half + 16.0;
            self.text(&tick.text, (x, 840.0), style, HPos::Center, VPos::Bottom)?;
        }
        Ok(())
    }

    /// Labels of the value axis, at the right; those that touch `taken` (top, bottom) are left out.
    pub fn value_labels(&self, ticks: &[(f64, String)], taken: &[(f32, f32)]) -> Result<(), ChartError> {
        // Half a line, and air: a tick that almost touches a name reads as part of it.
        const HALF: f32 = 19.0;
        let style = Type { size: TEXT, weight: Weight::Regular, colour: INK3 };
        for (value, text) in ticks {
            let y = self.pixel((0.0, *value)).1;
            if taken.iter().all(|(top, bottom)| y + HALF < *top || y - HALF > *bottom) {
                self.text(text, (self.right + GUTTER, y), style, HPos::Left, VPos::Center)?;
            }
        }
        Ok(())
    }

    /// Names at line ends, moved apart where they would touch; returns the heights they take.
    pub fn end_labels(&self, mut labels: Vec<EndLabel>) -> Result<Vec<(f32, f32)>, ChartError> {
        labels.sort_by(|a, b| a.y.total_cmp(&b.y));
        let height = |label: &EndLabel| label.lines.len() as f32 * LEADING;
        let mut tops: Vec<f32> = labels.iter().map(|label| label.y - height(label) / 2.0).collect();
        // Down past the one above, then up from the bottom edge.
        let mut free_from = PLOT_TOP - 20.0;
        for (top, label) in tops.iter_mut().zip(&labels) {
            *top = top.max(free_from);
            free_from = *top + height(label) + BETWEEN_NAMES;
        }
        let mut free_to = PLOT_BOTTOM + 10.0;
        for (top, label) in tops.iter_mut().zip(&labels).rev() {
            *top = top.min(free_to - height(label));
            free_to = *top - BETWEEN_NAMES;
        }
        let mut taken = Vec::new();
        for (top, label) in tops.into_iter().zip(&labels) {
            for (index, (text, weight)) in label.lines.iter().enumerate() {
                let style = Type { size: TEXT, weight: *weight, colour: label.colour };
                let y = top + (index as f32 + 0.5) * LEADING;
                self.text(
                    &self.fit(text, style, NAME_WIDTH),
                    (self.right + GUTTER, y),
                    style,
                    HPos::Left,
                    VPos::Center,
                )?;
            }
            taken.push((top, top + height(label)));
        }
        Ok(taken)
    }

    /// Where a point of the plot lies, pixels.
    pub fn pixel(&self, (step, value): (f64, f64)) -> (f32, f32) {
        let (x, y) = self.plot.map_coordinate(&(step, self.scale.place(value)));
        (x as f32 / UNITS_PER_PIXEL, y as f32 / UNITS_PER_PIXEL)
    }

    /// A line through points of the plot.
    pub fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f32) -> Result<(), ChartError> {
        let placed: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x, self.scale.place(*y))).collect();
        Ok(self.plot.draw(&PathElement::new(placed, stroke(colour, width)))?)
    }

    /// A tinted area whose edge runs through points of the plot.
    pub fn area(&self, points: &[(f64, f64)], colour: RGBColor, alpha: f64) -> Result<(), ChartError> {
        let placed: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x, self.scale.place(*y))).collect();
        Ok(self.plot.draw(&Polygon::new(placed, colour.mix(alpha)))?)
    }

    /// A line through pixels.
    pub fn stroke(&self, points: &[(f32, f32)], colour: RGBColor, width: f32) -> Result<(), ChartError> {
        let placed: Vec<(i32, i32)> = points.iter().map(|p| (units(p.0), units(p.1))).collect();
        Ok(self.root.draw(&PathElement::new(placed, stroke(colour, width)))?)
    }

    /// A filled polygon of pixels.
    pub fn polygon(&self, points: &[(f32, f32)], colour: RGBColor) -> Result<(), ChartError> {
        let placed: Vec<(i32, i32)> = points.iter().map(|p| (units(p.0), units(p.1))).collect();
        Ok(self.root.draw(&Polygon::new(placed, colour))?)
    }

    /// A filled rectangle from the upper left to the lower right pixel corner.
    pub fn rectangle(&self, from: (f32, f32), to: (f32, f32), colour: RGBColor, alpha: f64) -> Result<(), ChartError> {
        let corners = [(units(from.0), units(from.1)), (units(to.0), units(to.1))];
        Ok(self.root.draw(&Rectangle::new(corners, colour.mix(alpha).filled()))?)
    }

    /// A dot.
    pub fn dot(&self, at: (f32, f32), radius: f32, colour: RGBColor) -> Result<(), ChartError> {
        Ok(self.root.draw(&Circle::new((units(at.0), units(at.1)), units(radius), colour.filled()))?)
    }

    /// A dashed line through pixels: its width, dash and gap.
    pub fn dashes(
        &self,
        points: &[(f32, f32)],
        colour: RGBColor,
        (width, dash, gap): (f32, f32, f32),
    ) -> Result<(), ChartError> {
        let placed: Vec<(i32, i32)> = points.iter().map(|p| (units(p.0), units(p.1))).collect();
        // Round ends make a dash longer and a gap shorter by the width.
        let (dash, gap) = (units(dash - width), units(gap + width));
        Ok(self.root.draw(&DashedPathElement::new(placed, dash, gap, stroke(colour, width)))?)
    }

    /// One line of text; `v` says which edge of its capitals lies at `at`.
    pub fn text(&self, text: &str, at: (f32, f32), style: Type, h: HPos, v: VPos) -> Result<(), ChartError> {
        let style = text_style(style, PLAIN).pos(Pos::new(h, v));
        Ok(self.root.draw_text(text, &style, (units(at.0), units(at.1)))?)
    }

    /// [`Frame::text`] inside the plot: a white edge keeps lines and tints apart from the letters.
    pub fn text_over(&self, text: &str, at: (f32, f32), style: Type, h: HPos, v: VPos) -> Result<(), ChartError> {
        let style = text_style(style, EDGED).pos(Pos::new(h, v));
        Ok(self.root.draw_text(text, &style, (units(at.0), units(at.1)))?)
    }

    /// Width of a line of text, pixels.
    pub fn width(&self, text: &str, style: Type) -> f32 {
        // Only a broken typeface fails here, and drawing reports that.
        self.root
            .estimate_text_size(text, &text_style(style, PLAIN))
            .map_or(0.0, |size| size.0 as f32 / UNITS_PER_PIXEL)
    }

    /// `text` itself, or as much of it as fits `room` pixels with `…` behind.
    pub fn fit(&self, text: &str, style: Type, room: f32) -> String {
        if self.width(text, style) <= room {
            return text.to_owned();
        }
        let letters: Vec<char> = text.chars().collect();
        let cut = |count: usize| letters[..count].iter().collect::<String>().trim_end().to_owned() + "…";
        let lengths: Vec<usize> = (0..letters.len()).collect();
        let count = lengths.partition_point(|count| self.width(&cut(*count), style) <= room).saturating_sub(1);
        cut(count)
    }
}

/// Width of `text` before there is a frame, pixels.
pub fn measure(text: &str, weight: Weight) -> Result<f32, ChartError> {
    let typeface = crate::report::font::Typeface::new(weight, TEXT as f32).map_err(ChartError::Font)?;
    Ok(typeface.layout(text, TEXT as f32).1)
}

fn units(pixels: f32) -> i32 {
    (pixels * UNITS_PER_PIXEL).round() as i32
}

fn stroke(colour: RGBColor, width: f32) -> ShapeStyle {
    colour.stroke_width(units(width).unsigned_abs())
}

fn text_style(style: Type, family: &'static str) -> TextStyle<'static> {
    let weight = match style.weight {
        Weight::Regular => FontStyle::Normal,
        Weight::SemiBold => FontStyle::Bold,
    };
    let font = FontDesc::new(FontFamily::Name(family), f64::from(style.size), weight);
    TextStyle { font, color: style.colour.to_backend_color(), pos: Pos::new(HPos::Left, VPos::Bottom) }
}

impl From<DrawingAreaErrorKind<FontError>> for ChartError {
    fn from(error: DrawingAreaErrorKind<FontError>) -> ChartError {
        ChartError::Draw(format!("{error:?}"))
    }
}
